"""Perceptrons: the forward pass, losses, derivatives, and learning by going downhill."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from course_utils.reference import forbids, part_of
from course_utils.types import Counts, Function, Signal, Signs, Vectors

# --- The forward pass -----------------------------------------------------------------------------


@forbids("scipy", "sklearn", "torch")
@part_of("perceptron_forward")
def total_input(X: Vectors, w: Signal) -> Signal:
    """Return the total input of a perceptron, for every example.

    a = w_0 + w_1 x_1 + ... + w_d x_d. The bias w_0 is the weight of an input that is always 1.

    Parameters
    ----------
    X : (n, d) float64, one example a row. Not modified.
    w : (d + 1,) float64, the bias first. Not modified.

    Returns
    -------
    (n,) float64.

    Notes
    -----
    D. E. Rumelhart, G. E. Hinton, R. J. Williams, Nature 323, 1986, equation 1.
    """
    return X @ w[1:] + w[0]


@forbids("scipy", "sklearn", "torch")
@part_of("perceptron_forward")
def perceptron_forward(X: Vectors, w: Signal, activation: Function) -> Signal:
    """Return the output of a perceptron, for every example.

    y = f(a), with a the total input and f the activation function.

    Parameters
    ----------
    X, w : as for `total_input`. Not modified.
    activation : f; takes and returns (n,) float64, entry by entry.

    Returns
    -------
    (n,) float64.
    """
    return activation(total_input(X, w))


@forbids("scipy", "sklearn", "torch")
def sigmoid(a: Signal) -> Signal:
    """Return the logistic sigmoid, entry by entry.

    f(a) = 1 / (1 + exp(-a)).

    Parameters
    ----------
    a : float64 of any shape. Not modified.

    Returns
    -------
    float64, a's shape, in [0, 1]. Never NaN, also at +-1000.

    Notes
    -----
    Rumelhart et al., 1986, equation 2.
    """
    # exp of a number that is not above 0 cannot overflow.
    small = np.exp(-np.abs(a))
    return np.where(a >= 0.0, 1.0, small) / (1.0 + small)


# --- Losses ---------------------------------------------------------------------------------------


@forbids("scipy", "sklearn", "torch")
@part_of("losses")
def l1_loss(y_hat: Signal, y: Signal) -> Signal:
    """Return the L1 loss of every prediction: |y_hat - y|.

    Parameters
    ----------
    y_hat, y : (n,) float64, what was predicted and what is true. Not modified.

    Returns
    -------
    (n,) float64, one loss for every example.
    """
    return np.abs(y_hat - y)


@forbids("scipy", "sklearn", "torch")
@part_of("losses")
def l2_loss(y_hat: Signal, y: Signal) -> Signal:
    """Return the L2 loss (squared error) of every prediction: (y_hat - y)^2.

    Parameters and result as for `l1_loss`.
    """
    return (y_hat - y) ** 2


@forbids("scipy", "sklearn", "torch")
@part_of("losses")
def zero_one_loss(y_hat: Signal, y: Signal) -> Signal:
    """Return the zero-one loss of every prediction: 1 where y_hat and y differ, otherwise 0.

    Parameters and result as for `l1_loss`; the result is float64.
    """
    return (y_hat != y).astype(np.float64)


@forbids("scipy", "sklearn", "torch")
@part_of("losses")
def hinge_loss(y_hat: Signal, y: Signs) -> Signal:
    """Return the hinge loss of every prediction: max(0, 1 - y y_hat).

    Parameters
    ----------
    y_hat : (n,) float64, any numbers. Not modified.
    y : (n,) int64, labels -1 and +1. Not modified.

    Returns
    -------
    (n,) float64, one loss for every example.
    """
    return np.maximum(0.0, 1.0 - y * y_hat)


@forbids("scipy", "sklearn", "torch")
@part_of("loss_derivatives")
def l1_derivative(y_hat: Signal, y: Signal) -> Signal:
    """Return the derivative of the L1 loss with respect to y_hat; 0 where y_hat = y.

    Parameters
    ----------
    y_hat, y : (n,) float64. Not modified.

    Returns
    -------
    (n,) float64, one derivative for every example.
    """
    return np.sign(y_hat - y)


@forbids("scipy", "sklearn", "torch")
@part_of("loss_derivatives")
def l2_derivative(y_hat: Signal, y: Signal) -> Signal:
    """Return the derivative of the L2 loss, (y_hat - y)^2, with respect to y_hat.

    Parameters and result as for `l1_derivative`.
    """
    return 2.0 * (y_hat - y)


@forbids("scipy", "sklearn", "torch")
@part_of("loss_derivatives")
def hinge_derivative(y_hat: Signal, y: Signs) -> Signal:
    """Return the derivative of the hinge loss with respect to y_hat; 0 where y y_hat = 1.

    Parameters
    ----------
    y_hat : (n,) float64, any numbers. Not modified.
    y : (n,) int64, labels -1 and +1. Not modified.

    Returns
    -------
    (n,) float64, one derivative for every example.
    """
    return np.where(y * y_hat < 1.0, -y, 0).astype(np.float64)


@forbids("scipy", "torch", "numpy.gradient")
def numerical_derivative(
    function: Callable[[Any], float], w: Signal, knob: int, step: float = 1e-5
) -> float:
    """Return how much a function changes when one of its knobs is turned, for each unit of turning.

    df/dw_i is about (f(w + step e_i) - f(w - step e_i)) / (2 step), with i the knob and e_i 1 in
    place i and 0 elsewhere. The function is called twice.

    Parameters
    ----------
    function : takes (d,) float64, returns a number.
    w : (d,) float64, where the knobs stand. Not modified.
    knob : i, which of them is turned, from 0.
    step : by how much, greater than 0.

    Returns
    -------
    A number.
    """
    turn = np.zeros_like(w)
    turn[knob] = step
    return float((function(w + turn) - function(w - turn)) / (2.0 * step))


# --- The two smallest perceptrons -----------------------------------------------------------------


@forbids("scipy", "sklearn", "torch")
@part_of("smallest_perceptron")
def smallest_gradient(w: float, x: float, y: float) -> float:
    """Return dL/dw of the smallest perceptron, y_hat = w x, for one example.

    L = 1/2 (y - y_hat)^2.

    Parameters
    ----------
    w, x, y : the weight, the input, and the true output; numbers.

    Returns
    -------
    A number.
    """
    return -(y - w * x) * x


@forbids("scipy", "sklearn", "torch")
@part_of("smallest_perceptron")
def train_smallest(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    """Train the smallest perceptron by gradient descent, one example after the other.

    In every epoch, for every example in order: predict, take the gradient, and step against it,
    w <- w - learning_rate dL/dw.

    Parameters
    ----------
    x, y : (n,) float64, inputs and true outputs, n at least 1. Not modified.
    w : the weight to begin with, a number.
    learning_rate : 0 or more.
    epochs : how often all examples are gone through, 0 or more.

    Returns
    -------
    (epochs * n + 1,) float64: the weight at the beginning, and after every update.
    """
    path = [w]
    for _ in range(epochs):
        for x_i, y_i in zip(x, y, strict=True):
            path.append(path[-1] - learning_rate * smallest_gradient(path[-1], x_i, y_i))
    return np.array(path)


@forbids("scipy", "sklearn", "torch")
@part_of("second_smallest_perceptron")
def second_smallest_gradient(w: Signal, x: Signal, y: float) -> Signal:
    """Return the gradient of the second smallest perceptron, y_hat = w_1 x_1 + w_2 x_2.

    L = 1/2 (y - y_hat)^2, for one example.

    Parameters
    ----------
    w, x : (2,) float64, weights and inputs. Not modified.
    y : the true output, a number.

    Returns
    -------
    (2,) float64: dL/dw_1 and dL/dw_2.
    """
    return -(y - w @ x) * x


@forbids("scipy", "sklearn", "torch")
@part_of("second_smallest_perceptron")
def train_second_smallest(
    X: Vectors,
    y: Signal,
    w: Signal,
    rng: np.random.Generator,
    learning_rate: float = 0.1,
    epochs: int = 1,
) -> tuple[Signal, Signal]:
    """Train the second smallest perceptron by gradient descent, one random example at a time.

    Every epoch goes through all examples once, in the order `rng.permutation(n)`. For every
    example, w <- w - learning_rate dL/dw.

    Parameters
    ----------
    X : (n, 2) float64, one example a row. Not modified.
    y : (n,) float64, true outputs. Not modified.
    w : (2,) float64, the weights to begin with. Not modified.
    rng : asked for one permutation an epoch, and for nothing else.
    learning_rate : 0 or more.
    epochs : 0 or more.

    Returns
    -------
    The weights at the end, (2,) float64, and the loss L of every example, taken before its update
    and in the order of the updates, (epochs * n,) float64.
    """
    losses = []
    for _ in range(epochs):
        for i in rng.permutation(len(X)):
            losses.append(0.5 * (y[i] - w @ X[i]) ** 2)
            w = w - learning_rate * second_smallest_gradient(w, X[i], y[i])
    return w.copy(), np.array(losses)


# --- Counting, and the first rule for learning ----------------------------------------------------


@forbids("torch")
def count_parameters(sizes: Sequence[int]) -> tuple[int, int, int]:
    """Count neurons, weights and parameters of a network of fully connected layers.

    Every neuron has a weight for each output of the layer before it, and a bias. Inputs are no
    neurons.

    Parameters
    ----------
    sizes : how many inputs there are, and how many neurons in each layer after them; at least two
        numbers. Not modified.

    Returns
    -------
    The number of neurons, of weights, and of all parameters, weights and biases.

    Examples
    --------
    Three inputs, four neurons, two neurons: 6, 20 and 26.
    """
    neurons = sum(sizes[1:])
    weights = sum(before * after for before, after in pairwise(sizes))
    return neurons, weights, weights + neurons


@forbids("scipy", "sklearn", "torch")
def perceptron_rule(X: Vectors, y: Signs, epochs: int = 100) -> tuple[Signal, Counts]:
    """Train a perceptron with a threshold by Rosenblatt's rule.

    The weights begin at 0. Every epoch goes through the examples in order. An example is a mistake
    if its total input a does not have the sign of its label, y a <= 0; then
    w <- w + y (1, x_1, ..., x_d). An epoch without a mistake is the last one.

    Parameters
    ----------
    X : (n, d) float64, one example a row. Not modified.
    y : (n,) int64, labels -1 and +1. Not modified.
    epochs : how many there are at most, at least 1.

    Returns
    -------
    w, (d + 1,) float64, the bias first; and the number of mistakes in every epoch, int64, as many
    numbers as there were epochs.

    Notes
    -----
    F. Rosenblatt, The perceptron, Psychological Review 65, 1958.
    """
    w = np.zeros(X.shape[1] + 1)
    mistakes: list[int] = []
    while len(mistakes) < epochs and (not mistakes or mistakes[-1] > 0):
        mistakes.append(0)
        for x, label in zip(X, y, strict=True):
            if label * (w[0] + w[1:] @ x) <= 0.0:
                w = w + label * np.append(1.0, x)
                mistakes[-1] += 1
    return w, np.array(mistakes)
