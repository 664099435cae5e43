"""Multilayer networks: the chain rule, backpropagation, and training on minibatches.

The backward rule of every layer stands beside its forward rule. Slopes are derivatives of the loss:
`backward` is given those of a layer's outputs and returns those of its inputs.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from course_utils.reference import forbids, part_of
from course_utils.types import Batches, Bias, Labels, Scores, Signal, Vectors, Weights

# --- A chain of neurons ---------------------------------------------------------------------------


@forbids("scipy", "sklearn", "torch")
def chain_forward(
    x: float, w: Signal, b: float, functions: Sequence[Callable[[float], float]]
) -> tuple[Signal, Signal]:
    """Return all that a chain of K neurons computes on the way from its input to its output.

    a_1 = w_1 x + b, f_1 = f_1(a_1), then a_k = w_k f_{k-1} and f_k = f_k(a_k). The output y_hat is
    f_K; for K = 3 it is f_3(w_3 f_2(w_2 f_1(w_1 x + b))).

    Parameters
    ----------
    x : the input, a number.
    w : (K,) float64, one weight a neuron, K at least 1. Not modified.
    b : the bias of the first neuron, a number; the others have none.
    functions : the K activation functions, each takes and returns a number. Not modified.

    Returns
    -------
    a, (K,) float64, the total inputs; f, (K,) float64, the outputs, of which the last one is y_hat.
    """
    a, f = np.empty(len(w)), np.empty(len(w))
    value = x
    for k, activation in enumerate(functions):
        a[k] = w[k] * value + (b if k == 0 else 0.0)
        value = f[k] = activation(a[k])
    return a, f


@forbids("scipy", "sklearn", "torch")
def chain_backward(
    x: float,
    y: float,
    w: Signal,
    a: Signal,
    f: Signal,
    derivatives: Sequence[Callable[[float], float]],
) -> tuple[Signal, float]:
    """Return the derivatives of the loss by all parameters of a chain: backpropagation.

    L = 1/2 (y - y_hat)^2 with y_hat = f_K. From the last neuron to the first, what has been
    computed is used again: each of the K local derivatives is asked for once.

    Parameters
    ----------
    x, y : input and true output, numbers.
    w : (K,) float64, the weights. Not modified.
    a, f : (K,) float64, what `chain_forward` returned. Not modified.
    derivatives : of the K activation functions; each takes a_k and returns df_k/da_k, numbers. Not
        modified.

    Returns
    -------
    dL/dw, (K,) float64, and dL/db, a number.
    """
    dw = np.empty(len(w))
    dL_df = f[-1] - y
    for k in reversed(range(len(w))):
        dL_da = dL_df * derivatives[k](a[k])
        dw[k] = dL_da * (f[k - 1] if k > 0 else x)
        dL_df = dL_da * w[k]
    return dw, float(dL_da)


# --- Layers ---------------------------------------------------------------------------------------


@forbids("scipy", "sklearn", "torch")
@part_of("layers")
class Linear:
    """A fully connected layer: every output is a weighted sum of all inputs, and a bias.

    Y = X W^T + b, for every row of X.

    Parameters
    ----------
    W : (outputs, inputs) float64. Not modified: the layer keeps weights of its own.
    b : (outputs,) float64. Not modified.

    Attributes
    ----------
    W, b : the weights and biases of now: the arrays that `forward` reads, so that whoever writes
        into them changes the layer.
    dW, db : the derivatives of the loss by W and b, of W's and b's shapes, after `backward`.
    """

    def __init__(self, W: Weights, b: Bias) -> None:
        self.W, self.b = W.copy(), b.copy()

    def forward(self, X: Vectors) -> Vectors:
        """Return the outputs, (n, outputs), of the inputs X, (n, inputs). X is not modified.

        It may be kept as it is: nobody changes it before `backward`.
        """
        self.X = X
        return X @ self.W.T + self.b

    def backward(self, slopes: Vectors) -> Vectors:
        """Take dL/dY, (n, outputs), set dW and db, and return dL/dX, (n, inputs).

        Of the last `forward`. dW and db are not added to those before; slopes is not modified.
        """
        self._set_derivatives(slopes)
        return slopes @ self.W

    def _set_derivatives(self, slopes: Vectors) -> None:
        """Take dL/dY and set dW and db: all that is asked of a network's first layer."""
        self.dW, self.db = slopes.T @ self.X, slopes.sum(axis=0)

    def update(self, learning_rate: float) -> None:
        """Step against the derivatives: W <- W - learning_rate dW, and b likewise."""
        self.W -= learning_rate * self.dW
        self.b -= learning_rate * self.db


@forbids("scipy", "sklearn", "torch")
@part_of("layers")
class ReLU:
    """The rectifier, Y = max(0, X), entry by entry. Its slope at 0 is 0."""

    def forward(self, X: Vectors) -> Vectors:
        """Return the outputs, of the shape of the inputs X. X is not modified."""
        self.active = X > 0.0
        return np.maximum(X, 0.0)

    def backward(self, slopes: Vectors) -> Vectors:
        """Take dL/dY and return dL/dX, of the last `forward`. slopes is not modified."""
        return slopes * self.active

    def update(self, learning_rate: float) -> None:
        """Do nothing: there are no parameters."""


@forbids("scipy", "sklearn", "torch")
@part_of("layers")
class Sigmoid:
    """The logistic sigmoid, Y = 1 / (1 + exp(-X)), entry by entry. Never NaN, also at +-1000."""

    def forward(self, X: Vectors) -> Vectors:
        """Return the outputs, of the shape of the inputs X. X is not modified."""
        small = np.exp(-np.abs(X))
        self.Y = np.where(X >= 0.0, 1.0, small) / (1.0 + small)
        return self.Y

    def backward(self, slopes: Vectors) -> Vectors:
        """Take dL/dY and return dL/dX, of the last `forward`. slopes is not modified."""
        return slopes * self.Y * (1.0 - self.Y)

    def update(self, learning_rate: float) -> None:
        """Do nothing: there are no parameters."""


@forbids("scipy", "sklearn", "torch")
def softmax_cross_entropy(scores: Scores, labels: Labels) -> tuple[float, Scores]:
    """Return the mean softmax (cross-entropy) loss of scores, and its derivatives.

    With p_c = exp(s_c) / sum over j of exp(s_j), and y the label, L_i = -log p_y for an example;
    L is the mean over the n examples.

    Parameters
    ----------
    scores : (n, C) float64, n at least 1, any numbers up to +-1e4. Not modified.
    labels : (n,) int64 in [0, C). Not modified.

    Returns
    -------
    L, a number, and dL/dscores, (n, C) float64; all finite.
    """
    rows = np.arange(len(scores))
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    slopes = np.exp(log_p)
    slopes[rows, labels] -= 1.0
    return float(-log_p[rows, labels].mean()), slopes / len(scores)


# --- Networks -------------------------------------------------------------------------------------


@forbids("scipy", "sklearn", "torch")
@part_of("mlp")
class MLP:
    """A multilayer perceptron: `Linear` layers, and a `ReLU` between every two of them.

    The outputs of the last `Linear` layer are the scores; nothing follows it. The weights of each
    layer are `rng.normal(0, sqrt(2 / inputs), (outputs, inputs))`, drawn from the first layer to
    the last when the network is made; biases begin at 0. It uses its layers by their methods alone.

    Parameters
    ----------
    sizes : how many inputs there are, and how many outputs each `Linear` layer has; at least two
        numbers. Not modified.
    rng : asked for the weights, and for nothing else.

    Attributes
    ----------
    layers : the layers, from the first to the last. The notebook looks at them to show what is in
        them; the hidden tests do not.

    Notes
    -----
    K. He et al., Delving deep into rectifiers, ICCV 2015, for the size of the first weights.
    """

    def __init__(self, sizes: Sequence[int], rng: np.random.Generator) -> None:
        self.layers: list[Any] = []
        for inputs, outputs in pairwise(sizes):
            W = rng.normal(0.0, np.sqrt(2.0 / inputs), (outputs, inputs))
            self.layers += [Linear(W, np.zeros(outputs)), ReLU()]
        self.layers.pop()

    def forward(self, X: Vectors) -> Scores:
        """Return the scores, (n, sizes[-1]), of examples X, (n, sizes[0]). X is not modified."""
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def backward(self, slopes: Scores) -> None:
        """Take dL/dscores of the last `forward`, and pass it back through all layers.

        Nothing need be returned: dL/dX is of no use to training, which cannot change the examples.
        slopes is not modified.
        """
        first, *behind = self.layers
        for layer in reversed(behind):
            slopes = layer.backward(slopes)
        # Of three products of matrices dL/dX would be one, and examples can be long.
        first._set_derivatives(slopes)

    def update(self, learning_rate: float) -> None:
        """Let every layer step against its derivatives."""
        for layer in self.layers:
            layer.update(learning_rate)


@forbids("scipy", "sklearn", "torch")
def minibatches(
    X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator
) -> Iterator[tuple[Vectors, Labels]]:
    """Yield all examples once, in random order, a minibatch at a time; a list of them will do.

    The order is `rng.permutation(n)`. Each batch holds the next batch_size examples of it; the last
    one holds what is left, which may be fewer.

    Parameters
    ----------
    X : (n, d) float64, one example a row, n at least 1. Not modified.
    labels : (n,) int64. Not modified.
    batch_size : at least 1; it may be larger than n.
    rng : asked for one permutation, and for nothing else.

    Yields
    ------
    Examples, (m, d) float64, and their labels, (m,) int64.
    """
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        batch = order[start : start + batch_size]
        yield X[batch], labels[batch]


@forbids("scipy", "sklearn", "torch")
def train(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Callable[[int, float], object] | None = None,
) -> Signal:
    """Train a network by stochastic gradient descent on minibatches.

    For every batch of every epoch: the scores of its examples (`model.forward`), their
    `softmax_cross_entropy`, the derivatives (`model.backward`), and one step against them
    (`model.update`).

    Parameters
    ----------
    model : has the methods of an `MLP`; nothing else of it is used.
    batches : asked once an epoch; returns the epoch's minibatches, each a pair of examples,
        (m, d) float64, and labels, (m,) int64: at least one, in a list or from an iterator.
    learning_rate : 0 or more.
    epochs : 0 or more.
    report : if there is one, it is called after every epoch with the epoch's number, from 1, and
        the mean of its batches' losses.

    Returns
    -------
    The loss of every batch, taken before the update, (number of updates,) float64.
    """
    losses: list[float] = []
    for epoch in range(1, epochs + 1):
        first = len(losses)
        for X, labels in batches():
            loss, slopes = softmax_cross_entropy(model.forward(X), labels)
            model.backward(slopes)
            model.update(learning_rate)
            losses.append(loss)
        if report is not None:
            report(epoch, float(np.mean(losses[first:])))
    return np.array(losses)
