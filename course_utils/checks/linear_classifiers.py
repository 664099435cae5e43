"""Visible examples of the notebook linear_classifiers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.checks import Complaint, example, must_raise, named

# Four classes, three examples. With log 2 for a factor, probabilities are simple fractions.
_LOG_2 = np.log(2.0)
_W = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0], [1.0, 1.0]])
_B = np.array([0.0, 1.0, 0.0, -1.0])
_X = np.array([[1.0, 0.0], [0.0, 1.0], [1.0, 2.0]])
_LABELS = np.array([2, 0, 3])


# --- linear_scores --------------------------------------------------------------------------------


@example("linear_scores", "three examples of three numbers, three classes")
def square(linear_scores: Any) -> Any:
    weights = np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0], [2.0, 0.0, 1.0]])
    examples = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0], [2.0, 2.0, 0.0]])
    return linear_scores(weights, np.array([10.0, 20.0, 60.0]), examples)


@example("linear_scores", "three examples of two numbers, four classes")
def three_examples(linear_scores: Any) -> Any:
    return linear_scores(_W.copy(), _B.copy(), _X.copy())


@example("linear_scores", "a single example")
def single_example(linear_scores: Any) -> Any:
    return linear_scores(_W.copy(), _B.copy(), np.array([[3.0, -2.0]]))


# --- The two losses -------------------------------------------------------------------------------


def _loss(found: Any) -> dict[str, Any]:
    return named(found, "L", "dL/dW", "dL/db")


@example("softmax_loss", "three examples whose probabilities are ninths, eighths and thirtieths")
def likely_by_powers_of_two(softmax_loss: Any) -> Any:
    return _loss(softmax_loss(_LOG_2 * _W, _LOG_2 * _B, _X.copy(), _LABELS.copy()))


@example("softmax_loss", "an example with scores of about 10,000, then one of about -10,000")
def large_scores(softmax_loss: Any) -> Any:
    apart = np.array([[-2.0], [0.0], [-1.0]])
    found = {}
    for level in (10_000.0, -9_990.0):
        arguments = apart + level, np.zeros(3), np.ones((1, 1)), np.array([2])
        for part, value in _loss(softmax_loss(*arguments)).items():
            found[f"{part} of scores of about {level:,g}"] = value
    return found


@example("softmax_loss", "two examples in one call, with scores of about 10,000 and -10,000")
def large_and_small_scores(softmax_loss: Any) -> Any:
    arguments = np.array([[9_998.0], [9_999.0]]), np.zeros(2), np.array([[1.0], [-1.0]])
    return _loss(softmax_loss(*arguments, np.array([0, 0])))


@example("softmax_loss", "a label whose score is 20,000 below the other's")
def hopeless(softmax_loss: Any) -> Any:
    weights = np.array([[10_000.0], [-10_000.0]])
    return _loss(softmax_loss(weights, np.zeros(2), np.ones((1, 1)), np.array([1])))


@example("multiclass_hinge_loss", "three examples of two numbers, four classes")
def three_margins(multiclass_hinge_loss: Any) -> Any:
    bias = np.array([0.0, 0.75, -0.5, 0.125])
    return _loss(multiclass_hinge_loss(_W.copy(), bias, _X.copy(), _LABELS.copy()))


@example("multiclass_hinge_loss", "two examples, one that wins by 2 and one that wins by 0.5")
def winners(multiclass_hinge_loss: Any) -> Any:
    weights, examples = np.array([[2.0, 0.0], [0.0, 0.5]]), np.eye(2)
    return _loss(multiclass_hinge_loss(weights, np.zeros(2), examples, np.array([0, 1])))


@example("multiclass_hinge_loss", "a label that leads one class by exactly 1, the other by 0.5")
def exactly_one(multiclass_hinge_loss: Any) -> Any:
    weights = np.array([[2.0, 0.0], [1.0, 0.5], [1.5, 1.0]])
    return _loss(multiclass_hinge_loss(weights, np.zeros(3), np.array([[1.0, 0.0]]), np.array([0])))


@example("multiclass_hinge_loss", "a single example, whose label loses to two classes of three")
def single_loser(multiclass_hinge_loss: Any) -> Any:
    weights = np.array([[1.0, -1.0], [4.0, 1.0], [2.0, 0.0]])
    arguments = weights, np.array([0.5, 0.0, 0.25]), np.array([[1.0, 2.0]]), np.array([0])
    return _loss(multiclass_hinge_loss(*arguments))


@example("multiclass_hinge_loss", "W and b all 0, ten classes, three examples of two of them")
def at_the_beginning(multiclass_hinge_loss: Any) -> Any:
    examples = np.array([[1.0, 2.0], [0.0, 4.0], [-1.0, 3.0]])
    labels = np.array([7, 2, 7])
    return _loss(multiclass_hinge_loss(np.zeros((10, 2)), np.zeros(10), examples, labels))


# --- regularization -------------------------------------------------------------------------------

_PENALIZED = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])


def _penalty(found: Any) -> dict[str, Any]:
    return named(found, "lambda R(W)", "its gradient")


@example("regularization", "six weights, lambda 3, no kind named: l2 is the default")
def sum_of_squares(regularization: Any) -> Any:
    return _penalty(regularization(_PENALIZED.copy(), 3.0))


@example("regularization", "six weights, lambda 3, kind l1")
def sum_of_magnitudes(regularization: Any) -> Any:
    return _penalty(regularization(_PENALIZED.copy(), 3.0, "l1"))


@example("regularization", "kind l0, which is neither of the two")
def otherin_words(regularization: Any) -> Any:
    return must_raise("ValueError", regularization, _PENALIZED.copy(), 3.0, "l0")


# --- numerical_gradient ---------------------------------------------------------------------------


@example("numerical_gradient", "x1^3 + 2 x2^3 + x1 x2 + ..., six numbers in two rows, step 1")
def whole_steps(numerical_gradient: Any) -> Any:
    factors = np.array([[1.0, 2.0, -1.0], [3.0, 1.0, -2.0]])

    def function(x: Any) -> float:
        return float((factors * x**3).sum() + x[0, 0] * x[0, 1] + x[1, 0] * x[1, 2])

    return numerical_gradient(function, np.array([[1.0, 0.0, 2.0], [-1.0, 3.0, 1.0]]), 1.0)


@example("numerical_gradient", "10^10 (x1^3 + x2^3) at 0 and 0.00001, and no step named")
def usual_step(numerical_gradient: Any) -> Any:
    return numerical_gradient(lambda x: float(1e10 * (x**3).sum()), np.array([0.0, 1e-5]))


@example("numerical_gradient", "x1^2 + x2^2 + x3^2 at 0.1, 0.2, 0.3, step 0.01")
def paraboloid(numerical_gradient: Any) -> Any:
    return numerical_gradient(lambda x: float((x**2).sum()), np.array([0.1, 0.2, 0.3]), 0.01)


# --- train_linear ---------------------------------------------------------------------------------


def _pull(W: Any, b: Any, X: Any, labels: Any) -> tuple[float, Any, Any]:
    """Pull W to the batch's sums of every class, divided by its size, and b to the classes' shares.

    Not a loss to classify with, but one to calculate by hand.
    """
    hits = (labels[:, np.newaxis] == np.arange(len(b))).astype(float)
    far, off = W - hits.T @ X / len(X), b - hits.mean(axis=0)
    sums = W.sum(axis=1)
    value = ((far**2).sum() + (off**2).sum()) / 2.0 + b @ sums
    return float(value), far + b[:, np.newaxis], off + sums


def _trained(
    train_linear: Any, n: int, number: int, num_classes: int = 2, **options: Any
) -> dict[str, Any]:
    """Train on some of six examples, all of them of class 0 or 1."""
    examples = np.array([[2, 0], [0, 1], [4, 1], [1, 3], [3, 5], [6, 2]], float)[:n]
    labels = np.array([0, 1, 1, 0, 1, 0])[:n]
    rng = np.random.default_rng(number)
    found = train_linear(_pull, examples, labels, num_classes, rng, **options)
    return named(found, "W", "b", "history")


@example("train_linear", "one step with all four examples, learning_rate 0.5")
def one_step(train_linear: Any) -> Any:
    return _trained(train_linear, 4, 3, learning_rate=0.5, batch_size=4, epochs=1)


@example("train_linear", "two epochs of two batches each, learning_rate 0.5")
def two_epochs(train_linear: Any) -> Any:
    return _trained(train_linear, 4, 0, learning_rate=0.5, batch_size=2, epochs=2)


@example("train_linear", "six examples in batches of four, learning_rate 0.5")
def smaller_last_batch(train_linear: Any) -> Any:
    return _trained(train_linear, 6, 2, learning_rate=0.5, batch_size=4, epochs=1)


@example("train_linear", "two steps with weight_decay 0.25, learning_rate 0.5")
def two_decayed_steps(train_linear: Any) -> Any:
    options: dict[str, Any] = {"learning_rate": 0.5, "weight_decay": 0.25}
    return _trained(train_linear, 6, 4, **options, batch_size=6, epochs=2)


@example("train_linear", "six examples of two classes, num_classes 4")
def classes_without_examples(train_linear: Any) -> Any:
    options = {"learning_rate": 0.5, "batch_size": 3, "epochs": 1}
    return _trained(train_linear, 6, 6, num_classes=4, **options)


@example("train_linear", "six examples, everything left to its default: ten steps")
def all_defaults(train_linear: Any) -> Any:
    return _trained(train_linear, 6, 5)


@example("train_linear", "two epochs of four examples: how rng goes on afterwards")
def nothing_else_drawn(train_linear: Any) -> Any:
    X, labels = np.array([[2.0, 0.0], [0.0, 1.0], [4.0, 1.0], [1.0, 3.0]]), np.array([0, 1, 1, 0])
    rng, other = np.random.default_rng(8), np.random.default_rng(8)
    found = train_linear(_pull, X, labels, 2, rng, batch_size=3, epochs=2)
    for _ in range(2):
        other.permutation(4)
    if rng.random() != other.random():
        raise Complaint("rng is asked for something else than one permutation an epoch.")
    return named(found, "W", "b", "history")


# --- search_hyper_parameters ----------------------------------------------------------------------

_TRAINING = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 1, 1, 1])


class _Threshold:
    """Fits x > t for class 1, with t = mean of x + learning_rate weight_decay^2."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(
        self, X: Any, labels: Any, learning_rate: float, weight_decay: float
    ) -> tuple[Any, Any]:
        self.calls += 1
        threshold = X.mean() + learning_rate * weight_decay**2
        W, b = np.array([[0.0], [1.0]]), np.array([0.0, -threshold])
        if learning_rate == 1000.0:
            W[:] = np.nan
        if learning_rate == 500.0:
            b[0] = np.inf
        if learning_rate == 700.0:
            W[1] = np.inf
        return W, b


def _chosen(
    search: Any, fit: Callable[..., Any], labels: list[int], rates: list[float], decays: list[float]
) -> dict[str, Any]:
    """Choose by some of the validation examples 1, 2, 3, ..."""
    validation = np.arange(1.0, 1.0 + len(labels))[:, np.newaxis], np.array(labels)
    found = search(fit, tuple(map(np.copy, _TRAINING)), validation, rates, decays)
    return named(found, "The learning rate", "The weight decay", "The table of accuracies")


@example("search_hyper_parameters", "two learning rates, three weight decays, x > t for class 1")
def six_pairs(search_hyper_parameters: Any) -> Any:
    fit = _Threshold()
    found = _chosen(search_hyper_parameters, fit, [0, 0, 0, 1, 1, 1], [0.5, 8.0], [0.5, 1.5, 1.6])
    return {**found, "How often it trains": fit.calls}


@example("search_hyper_parameters", "three pairs that are equally good")
def three_best(search_hyper_parameters: Any) -> Any:
    labels = [0, 0, 0, 1, 1, 1]
    return _chosen(search_hyper_parameters, _Threshold(), labels, [1.0, 2.0], [1.0, 1.4, 1.1])


@example("search_hyper_parameters", "a training that ends with a W of NaN; most labels are 0")
def not_a_number(search_hyper_parameters: Any) -> Any:
    labels = [0, 0, 0, 0, 0, 1]
    return _chosen(search_hyper_parameters, _Threshold(), labels, [1000.0, 1.0], [0.2, 1.4])


@example("search_hyper_parameters", "trainings that end with an infinite number in b, and in W")
def infinite(search_hyper_parameters: Any) -> Any:
    labels = [0, 0, 0, 0, 0, 1]
    return _chosen(search_hyper_parameters, _Threshold(), labels, [1.0, 500.0, 700.0], [0.2, 1.4])
