"""Linear classifiers: scores, losses with their gradients, training, choosing parameters."""

from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from course_utils.reference import LOOPS, forbids
from course_utils.types import Bias, Labels, Loss, Scores, Signal, Vectors, Weights


@forbids("scipy", "sklearn", "torch")
def linear_scores(W: Weights, b: Bias, X: Vectors) -> Scores:
    """Return the scores of all classes for all examples.

    f(x, W) = W x + b, for every row x of X.

    Parameters
    ----------
    W : (C, d) float64. Not modified.
    b : (C,) float64. Not modified.
    X : (n, d) float64, one example a row. Not modified.

    Returns
    -------
    (n, C) float64: row i holds the scores of example i.

    Notes
    -----
    O(n d C) operations, one product of matrices.
    """
    return X @ W.T + b


@forbids(*LOOPS, "scipy", "sklearn", "torch")
def softmax_loss(W: Weights, b: Bias, X: Vectors, labels: Labels) -> tuple[float, Weights, Bias]:
    """Return the mean softmax (cross-entropy) loss of a linear classifier, and its gradients.

    With the scores s of example i, p_c = exp(s_c) / sum over j of exp(s_j), and y its label,
    L_i = -log p_y. L is the mean of all L_i; there is no regularisation in it.

    Parameters
    ----------
    W, b, X : as for `linear_scores`. Not modified.
    labels : (n,) int64 in [0, C). Not modified.

    Returns
    -------
    L, a number; dL/dW, (C, d) float64; dL/db, (C,) float64. All finite for scores of any size up to
    1e4, positive or negative.

    Notes
    -----
    O(n d C) operations, for all examples and classes at once, without a loop.
    dL_i/ds_c = p_c - [c = y].
    """
    scores = linear_scores(W, b, X)
    # A common number added to all scores changes no probability; so no exponential overflows.
    scores = scores - scores.max(axis=1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    rows = np.arange(len(X))
    slopes = np.exp(log_p)
    slopes[rows, labels] -= 1.0
    slopes /= len(X)
    return float(-log_p[rows, labels].mean()), slopes.T @ X, slopes.sum(axis=0)


@forbids(*LOOPS, "scipy", "sklearn", "torch")
def multiclass_hinge_loss(
    W: Weights, b: Bias, X: Vectors, labels: Labels
) -> tuple[float, Weights, Bias]:
    """Return the mean multiclass hinge loss of a linear classifier, and its gradients.

    With the scores s of example i, and y its label, L_i = sum over c other than y of
    max(0, s_c - s_y + 1). L is the mean of all L_i; there is no regularisation in it.

    Parameters
    ----------
    W, b, X : as for `linear_scores`. Not modified.
    labels : (n,) int64 in [0, C). Not modified.

    Returns
    -------
    L, a number; dL/dW, (C, d) float64; dL/db, (C,) float64.

    Notes
    -----
    J. Weston, C. Watkins, Support vector machines for multi-class pattern recognition, ESANN 1999.

    O(n d C) operations, for all examples and classes at once, without a loop. Where a term is above
    0, its slope is 1 in s_c and -1 in s_y; where it is 0, its slope is 0.
    """
    scores = linear_scores(W, b, X)
    rows = np.arange(len(X))
    margins = np.maximum(0.0, scores - scores[rows, labels][:, np.newaxis] + 1.0)
    margins[rows, labels] = 0.0
    slopes = (margins > 0.0).astype(np.float64)
    slopes[rows, labels] = -slopes.sum(axis=1)
    slopes /= len(X)
    return float(margins.sum(axis=1).mean()), slopes.T @ X, slopes.sum(axis=0)


@forbids("scipy", "sklearn", "torch")
def regularization(
    W: Weights, weight_decay: float, kind: Literal["l2", "l1"] = "l2"
) -> tuple[float, Weights]:
    """Return the penalty of large weights, and its gradient.

    lambda R(W), with lambda = weight_decay and R(W) the sum of all W^2 ("l2") or of all |W| ("l1").

    Parameters
    ----------
    W : (C, d) float64. Not modified. The bias is not in it, and has no penalty.
    weight_decay : 0 or more.
    kind : "l2" or "l1".

    Returns
    -------
    lambda R(W), a number, and its gradient, (C, d) float64. The slope of |w| at 0 is taken to be 0.

    Raises
    ------
    ValueError
        If kind is neither of the two.
    """
    if kind == "l2":
        return float(weight_decay * (W**2).sum()), 2.0 * weight_decay * W
    if kind == "l1":
        return float(weight_decay * np.abs(W).sum()), weight_decay * np.sign(W)
    raise ValueError(f'kind must be "l2" or "l1", got {kind!r}')


@forbids("scipy", "torch", "numpy.gradient")
def numerical_gradient(function: Callable[[Any], float], x: Any, step: float = 1e-5) -> Any:
    """Return the gradient of a function of many numbers, by central differences.

    df/dx_i = (f(x + step e_i) - f(x - step e_i)) / (2 step), with e_i 1 in place i and 0 elsewhere.

    Parameters
    ----------
    function : takes an array of x's shape, returns a number. It does not change its argument.
    x : float64 of any shape. Not modified.
    step : greater than 0.

    Returns
    -------
    float64, x's shape.

    Notes
    -----
    Two calls of the function for each number in x: for looking whether a gradient is right, never
    for training.
    """
    gradient = np.empty_like(x)
    for place in np.ndindex(x.shape):
        there = x.copy()
        there[place] = x[place] + step
        above = function(there)
        there[place] = x[place] - step
        gradient[place] = (above - function(there)) / (2.0 * step)
    return gradient


@forbids("scipy", "sklearn", "torch")
def train_linear(
    loss: Loss,
    X: Vectors,
    labels: Labels,
    num_classes: int,
    rng: np.random.Generator,
    learning_rate: float = 0.1,
    weight_decay: float = 0.0,
    batch_size: int = 100,
    epochs: int = 10,
) -> tuple[Weights, Bias, Signal]:
    """Train a linear classifier by stochastic gradient descent on minibatches.

    W and b begin at 0. Every epoch goes through all examples once, in the order
    `rng.permutation(n)`, in batches of batch_size; the last one of an epoch may be smaller. For
    every batch, with L its loss, R(W) the sum of all W^2 and lambda = weight_decay,

    W <- W - learning_rate (dL/dW + lambda dR/dW),  b <- b - learning_rate dL/db.

    Parameters
    ----------
    loss : takes (W, b, X, labels) of a batch; returns L, dL/dW and dL/db.
    X : (n, d) float64. Not modified.
    labels : (n,) int64 in [0, num_classes). Not modified.
    num_classes : C.
    rng : asked for one permutation an epoch, and for nothing else.
    learning_rate, weight_decay : 0 or more.
    batch_size, epochs : at least 1.

    Returns
    -------
    W, (C, d) float64; b, (C,) float64; and the values of L + lambda R(W), each taken before the
    update, (number of updates,) float64.

    Notes
    -----
    H. Robbins, S. Monro, A stochastic approximation method, 1951.
    """
    W, b = np.zeros((num_classes, X.shape[1])), np.zeros(num_classes)
    history = []
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch_size):
            batch = order[start : start + batch_size]
            value, dW, db = loss(W, b, X[batch], labels[batch])
            penalty, dR = regularization(W, weight_decay)
            history.append(value + penalty)
            W = W - learning_rate * (dW + dR)
            b = b - learning_rate * db
    return W, b, np.array(history)


@forbids("scipy", "sklearn", "torch")
def search_hyper_parameters(
    fit: Callable[[Vectors, Labels, float, float], tuple[Weights, Bias]],
    training: tuple[Vectors, Labels],
    validation: tuple[Vectors, Labels],
    learning_rates: Sequence[float],
    weight_decays: Sequence[float],
) -> tuple[float, float, Vectors]:
    """Choose learning rate and weight decay by the accuracy on validation examples.

    Every pair is tried once: `fit` trains on the training examples, and the accuracy is the share
    of the validation examples whose label has the highest score.

    Parameters
    ----------
    fit : takes (X, labels, learning_rate, weight_decay), returns W and b.
    training, validation : X, (n, d) float64, and labels, (n,) int64.
    learning_rates, weight_decays : what to try, at least one of each.

    Returns
    -------
    The best learning rate, the best weight decay, and the accuracies of all pairs,
    (len(learning_rates), len(weight_decays)) float64. Of equally good pairs the first one wins, in
    the order of the table, row by row. A training that diverged (W or b not finite) has accuracy 0.
    """
    accuracies = np.zeros((len(learning_rates), len(weight_decays)))
    X, labels = validation
    for i, learning_rate in enumerate(learning_rates):
        for j, weight_decay in enumerate(weight_decays):
            W, b = fit(*training, learning_rate, weight_decay)
            if np.isfinite(W).all() and np.isfinite(b).all():
                accuracies[i, j] = (linear_scores(W, b, X).argmax(axis=1) == labels).mean()
    row, column = np.unravel_index(accuracies.argmax(), accuracies.shape)
    return learning_rates[int(row)], weight_decays[int(column)], accuracies
