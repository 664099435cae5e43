"""Known answers to the exercises of linear_classifiers: misconceptions, and other right ways."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.variants import in_single_precision, right, wrong
from course_utils.reference import linear_classifiers as reference
from course_utils.types import Bias, Labels, Loss, Scores, Vectors, Weights

Gradients = tuple[float, Weights, Bias]


def _in_singles(W: Weights, b: Bias, X: Vectors) -> tuple[Any, Any, Any]:
    return W.astype(np.float32), b.astype(np.float32), X.astype(np.float32)


# --- linear_scores --------------------------------------------------------------------------------


@wrong(
    "linear_scores",
    hint="Your result is (C, n): a class a row. Row i must hold the scores of example i.",
)
def a_class_a_row(W: Weights, b: Bias, X: Vectors) -> Scores:
    return W @ X.T + b[:, np.newaxis]


@wrong("linear_scores", hint="You forget the bias: f(x, W) = W x + b.")
def no_bias(W: Weights, b: Bias, X: Vectors) -> Scores:
    return X @ W.T


@wrong(
    "linear_scores",
    hint="You add b[i] to all scores of example i. There is a bias for every class: b[c] belongs to "
    "column c.",
)
def bias_of_an_example(W: Weights, b: Bias, X: Vectors) -> Scores:
    return X @ W.T + b[:, np.newaxis]


@wrong(
    "linear_scores",
    hint="You multiply with W as it is. Its rows are the classes: a row of X meets a row of W, and "
    "so W must be transposed.",
)
def weights_not_transposed(W: Weights, b: Bias, X: Vectors) -> Scores:
    return X @ W + b


@wrong(
    "linear_scores",
    hint="You multiply entry by entry. A score is the sum of such products, over the numbers of an "
    "example.",
)
def entry_by_entry(W: Weights, b: Bias, X: Vectors) -> Scores:
    rows = np.resize(np.arange(len(W)), len(X))
    return X * W[rows] + b[rows][:, np.newaxis]


@wrong(
    "linear_scores",
    hint="You return the class with the highest score. The scores of all classes are due.",
)
def winning_class(W: Weights, b: Bias, X: Vectors) -> Any:
    return (X @ W.T + b).argmax(axis=1)


@wrong(
    "linear_scores",
    hint="You turn the scores into probabilities. They are due as they are; the loss does the rest.",
)
def probabilities(W: Weights, b: Bias, X: Vectors) -> Scores:
    powers = np.exp(_shifted(X @ W.T + b))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


@wrong("linear_scores", hint="You add the bias twice.")
def bias_twice(W: Weights, b: Bias, X: Vectors) -> Scores:
    return X @ W.T + 2.0 * b


@wrong(
    "linear_scores",
    hint="You add the same number, the mean of b, to all scores. Class c has its own bias, b[c].",
)
def mean_bias(W: Weights, b: Bias, X: Vectors) -> Scores:
    return X @ W.T + b.mean()


@wrong("linear_scores", hint="You subtract the bias. It is added: W x + b.")
def bias_subtracted(W: Weights, b: Bias, X: Vectors) -> Scores:
    return X @ W.T - b


@wrong(
    "linear_scores",
    hint="You add the bias to the weights, and so multiply it with the example. Multiply first, "
    "then add: W x + b.",
)
def bias_among_the_weights(W: Weights, b: Bias, X: Vectors) -> Scores:
    return X @ (W + b[:, np.newaxis]).T


@wrong(
    "linear_scores",
    hint="You give all examples the scores of the first one. Every row of X has a row of scores.",
)
def first_example_for_all(W: Weights, b: Bias, X: Vectors) -> Scores:
    return np.tile(W @ X[0] + b, (len(X), 1))


@right("linear_scores")
def score_by_score(W: Weights, b: Bias, X: Vectors) -> Scores:
    scores = np.zeros((X.shape[0], W.shape[0]))
    for i in range(X.shape[0]):
        for c in range(W.shape[0]):
            scores[i, c] = sum(w * x for w, x in zip(W[c], X[i], strict=True)) + b[c]
    return scores


@wrong(
    "linear_scores",
    hint="You multiply W @ X, as if every column of X were an example. An example is a row: X @ W.T.",
)
def examples_as_columns(W: Weights, b: Bias, X: Vectors) -> Scores:
    return W @ X + b


@right("linear_scores")
def sum_over_an_index(W: Weights, b: Bias, X: Vectors) -> Scores:
    return np.asarray(np.einsum("cd,nd->nc", W, X) + b[np.newaxis])


@right("linear_scores")
def bias_as_one_more_weight(W: Weights, b: Bias, X: Vectors) -> Scores:
    extended = np.hstack([X, np.ones((len(X), 1))])
    return extended @ np.column_stack([W, b]).T


@right("linear_scores")
def classes_first(W: Weights, b: Bias, X: Vectors) -> Scores:
    return (W.dot(X.T) + b.reshape(-1, 1)).T


@right("linear_scores")
def example_by_example(W: Weights, b: Bias, X: Vectors) -> Scores:
    return np.array([W @ x + b for x in X])


in_single_precision("linear_scores", reference.linear_scores)


# --- What both losses share -----------------------------------------------------------------------


def _shifted(scores: Scores) -> Scores:
    return np.asarray(scores - scores.max(axis=1, keepdims=True))


def _averaged(losses: Any, slopes: Any, X: Vectors) -> Gradients:
    """Return loss and gradients made of those of single examples, which depend on the scores."""
    return float(np.mean(losses)), slopes.T @ X / len(X), slopes.mean(axis=0)


# --- softmax_loss ---------------------------------------------------------------------------------


def _log_probabilities(W: Weights, b: Bias, X: Vectors) -> Scores:
    scores = _shifted(X @ W.T + b)
    return np.asarray(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)))


def _of_probabilities(p: Any, X: Vectors, labels: Labels) -> Gradients:
    """Return the loss and its gradients as they follow from some kind of probabilities."""
    rows = np.arange(len(X))
    return _averaged(-np.log(p[rows, labels]), p - np.eye(p.shape[1])[labels], X)


def _own(p: Any, labels: Labels) -> Any:
    return p[np.arange(len(labels)), labels]


@wrong(
    "softmax_loss",
    hint="You take exp of the scores as they are: it overflows, or all of them are 0, and 0 / 0 is "
    "NaN. Subtract the largest score of the example first, which changes no probability.",
    minor=True,
)
def nothing_subtracted(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    powers = np.exp(X @ W.T + b)
    return _of_probabilities(powers / powers.sum(axis=1, keepdims=True), X, labels)


@wrong(
    "softmax_loss",
    hint="You subtract the largest of all scores. Where an example's own scores are far below it, "
    "their exp is 0. Every example needs its own maximum.",
    minor=True,
)
def largest_of_all_subtracted(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    scores = X @ W.T + b
    powers = np.exp(scores - scores.max())
    return _of_probabilities(powers / powers.sum(axis=1, keepdims=True), X, labels)


_MEAN_SUBTRACTED = (
    "You subtract the mean of an example's scores. A score that is far above the mean overflows all "
    "the same: subtract the largest."
)


@wrong("softmax_loss", hint=_MEAN_SUBTRACTED, minor=True)
def mean_subtracted(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    scores = X @ W.T + b
    powers = np.exp(scores - scores.mean(axis=1, keepdims=True))
    return _of_probabilities(powers / powers.sum(axis=1, keepdims=True), X, labels)


@wrong("softmax_loss", hint=_MEAN_SUBTRACTED, minor=True)
def mean_subtracted_and_logarithms(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    scores = X @ W.T + b
    scores = scores - scores.mean(axis=1, keepdims=True)
    log_p = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return _averaged(-_own(log_p, labels), np.exp(log_p) - np.eye(len(b))[labels], X)


@wrong(
    "softmax_loss",
    hint="You subtract from every class its largest score among the examples, and that changes the "
    "probabilities. Subtract from every example its largest score (axis=1).",
)
def largest_of_the_class_subtracted(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    scores = X @ W.T + b
    powers = np.exp(scores - scores.max(axis=0))
    return _of_probabilities(powers / powers.sum(axis=1, keepdims=True), X, labels)


@wrong(
    "softmax_loss",
    hint="You take the logarithm of a probability that is rounded to 0, and get infinity. Calculate "
    "log p itself: s_y minus the logarithm of the sum of all exp(s_j).",
    minor=True,
)
def logarithm_of_zero(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    return _of_probabilities(np.exp(_log_probabilities(W, b, X)), X, labels)


@wrong(
    "softmax_loss",
    hint="You add a small number to the probability so as not to take log 0. That caps the loss: "
    "calculate log p itself, s_y minus the logarithm of the sum of all exp(s_j).",
    minor=True,
)
def small_number_in_the_logarithm(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    _, dW, db = reference.softmax_loss(W, b, X, labels)
    p = np.exp(_own(_log_probabilities(W, b, X), labels))
    return float(-np.log(p + 1e-12).mean()), dW, db


@wrong(
    "softmax_loss",
    hint="You return the sum of the losses with the mean's gradients. L is the mean, too: divide by "
    "the number of examples.",
)
def softmax_value_summed(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.softmax_loss(W, b, X, labels)
    return value * len(X), dW, db


@wrong(
    "softmax_loss",
    hint="Your gradients are those of the sum. L is a mean: divide them by the number of examples, "
    "as you did with the loss.",
)
def softmax_gradients_summed(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.softmax_loss(W, b, X, labels)
    return value, dW * len(X), db * len(X)


@wrong(
    "softmax_loss",
    hint="You add the examples up and do not divide by their number. L is the mean, and so are its "
    "gradients.",
)
def softmax_all_summed(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.softmax_loss(W, b, X, labels)
    return value * len(X), dW * len(X), db * len(X)


@wrong(
    "softmax_loss",
    hint="You divide the gradients by the number of examples twice.",
)
def softmax_divided_twice(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.softmax_loss(W, b, X, labels)
    return value, dW / len(X), db / len(X)


@wrong(
    "softmax_loss",
    hint="You divide by the number of examples times the number of classes. The mean is one over "
    "examples alone.",
)
def softmax_mean_over_classes(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.softmax_loss(W, b, X, labels)
    return value / len(b), dW / len(b), db / len(b)


@wrong(
    "softmax_loss",
    hint="You normalise over the examples (axis=0). The probabilities of one example's classes sum "
    "to 1 (axis=1).",
)
def sum_over_examples(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    scores = X @ W.T + b
    powers = np.exp(scores - scores.max(axis=0))
    return _of_probabilities(powers / powers.sum(axis=0), X, labels)


@wrong(
    "softmax_loss",
    hint="You take the probability of the class with the highest score. The loss is about the "
    "label, p_y.",
)
def predicted_class_for_the_label(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    predicted = _log_probabilities(W, b, X).argmax(axis=1)
    return reference.softmax_loss(W, b, X, predicted)


@wrong(
    "softmax_loss",
    hint="The sign of your gradients is wrong: dL_i/ds_c = p_c - [c = y].",
)
def softmax_uphill(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.softmax_loss(W, b, X, labels)
    return value, -dW, -db


@wrong(
    "softmax_loss",
    hint="Your loss has the wrong sign: log p is never above 0, and L_i = -log p_y.",
)
def sign_of_the_loss(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.softmax_loss(W, b, X, labels)
    return -value, dW, db


@wrong(
    "softmax_loss",
    hint="Your gradients are those of p_c alone: subtract 1 at the label, p_c - [c = y].",
)
def label_not_subtracted(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    log_p = _log_probabilities(W, b, X)
    return _averaged(-_own(log_p, labels), np.exp(log_p), X)


@wrong(
    "softmax_loss",
    hint="You subtract 1 in the columns of all labels for every example: slopes[:, labels]. Each "
    "row has its own label: slopes[np.arange(n), labels].",
)
def all_labels_subtracted(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    log_p = _log_probabilities(W, b, X)
    slopes = np.exp(log_p)
    slopes[:, labels] -= 1.0
    return _averaged(-_own(log_p, labels), slopes, X)


@wrong(
    "softmax_loss",
    hint="Your gradients reach the label's score alone, by the derivative p (1 - p). p_y depends on "
    "all scores of the example: dL_i/ds_c = p_c - [c = y], for every c.",
)
def label_alone(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    log_p = _log_probabilities(W, b, X)
    hits = np.eye(len(b))[labels]
    return _averaged(-_own(log_p, labels), hits * (np.exp(log_p) - 1.0), X)


@wrong(
    "softmax_loss",
    hint="You multiply the slopes by p (1 - p), as if every class had a sigmoid of its own. Softmax "
    "and logarithm together have the slope p_c - [c = y].",
)
def slope_of_sigmoids(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    log_p = _log_probabilities(W, b, X)
    p = np.exp(log_p)
    return _averaged(-_own(log_p, labels), (p - np.eye(len(b))[labels]) * p * (1.0 - p), X)


@wrong(
    "softmax_loss",
    hint="You take the logarithm to base 10. L_i = -log p_y is the natural one, np.log.",
)
def base_ten(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.softmax_loss(W, b, X, labels)
    return value / math.log(10.0), dW, db


@wrong(
    "softmax_loss",
    hint="You take the logarithm to base 2. L_i = -log p_y is the natural one, np.log.",
)
def base_two(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.softmax_loss(W, b, X, labels)
    return value / math.log(2.0), dW, db


@wrong(
    "softmax_loss",
    hint="You average 1 - p_y where -log p_y is due.",
)
def no_logarithm(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    _, dW, db = reference.softmax_loss(W, b, X, labels)
    return float(1.0 - np.exp(_own(_log_probabilities(W, b, X), labels)).mean()), dW, db


@wrong(
    "softmax_loss",
    hint="You take the logarithm of the mean of the p_y. L is the mean of their logarithms.",
)
def logarithm_of_the_mean(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    _, dW, db = reference.softmax_loss(W, b, X, labels)
    return float(-np.log(np.exp(_own(_log_probabilities(W, b, X), labels)).mean())), dW, db


@wrong(
    "softmax_loss",
    hint="Your dL/dW is (d, C). It has the shape of W, (C, d): a class a row.",
)
def softmax_transposed(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.softmax_loss(W, b, X, labels)
    return value, dW.T.copy(), db


@wrong(
    "softmax_loss",
    hint="Your dL/db sums over the classes, which gives 0 for every example. Sum over the examples, "
    "axis=0: there is one number a class.",
    minor=True,
)
def softmax_bias_by_example(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, _ = reference.softmax_loss(W, b, X, labels)
    slopes = np.exp(_log_probabilities(W, b, X)) - np.eye(len(b))[labels]
    return value, dW, slopes.sum(axis=1) / len(X)


@wrong(
    "softmax_loss",
    hint="You average in dL/db once more: the slopes are divided by n already. Add them up.",
    minor=True,
)
def softmax_bias_averaged(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.softmax_loss(W, b, X, labels)
    return value, dW, db / len(X)


@wrong(
    "softmax_loss",
    hint="Your dL/db is 0. The bias takes part in the scores, and so it has a gradient: the sum of "
    "the slopes over the examples.",
    minor=True,
)
def softmax_bias_at_rest(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.softmax_loss(W, b, X, labels)
    return value, dW, np.zeros_like(db)


@wrong(
    "softmax_loss",
    hint="Your scores are without the bias: they are W x + b.",
)
def softmax_without_bias(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    return reference.softmax_loss(W, np.zeros_like(b), X, labels)


@wrong(
    "softmax_loss",
    hint="You add a penalty of large weights. There is none in L; it comes in later, in training.",
)
def softmax_with_penalty(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.softmax_loss(W, b, X, labels)
    return value + float((W**2).sum()), dW + 2.0 * W, db


@wrong(
    "softmax_loss",
    hint="You write the gradient into the W that you were given: `dW = W` makes no copy. Begin with "
    "np.zeros_like(W).",
    minor=True,
)
def softmax_written_into_weights(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, W[:], db = reference.softmax_loss(W, b, X, labels)
    return value, W, db


@wrong(
    "softmax_loss",
    hint="Your matrix of ones and zeros has as many columns as the largest label says. It needs one "
    "for each of the C classes, whether the batch has an example of it or not.",
)
def classes_that_are_there(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    log_p = _log_probabilities(W, b, X)
    ones = np.eye(int(labels.max()) + 1)[labels]
    return _averaged(-_own(log_p, labels), np.exp(log_p) - ones, X)


@right("softmax_loss")
def examples_taken_from_their_class(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    scores = np.einsum("cd,nd->nc", W, X) + b
    top = np.amax(scores, axis=1, keepdims=True)
    powers = np.exp(scores - top)
    total = powers.sum(axis=1, keepdims=True)
    p = np.divide(powers, total, out=powers)
    losses = np.log(total) + top - np.take_along_axis(scores, labels[:, np.newaxis], axis=1)
    dW = np.tensordot(p, X, axes=(0, 0))
    np.subtract.at(dW, labels, X)
    db = p.sum(axis=0) - np.bincount(labels, minlength=len(b))
    return losses.mean(), dW / len(X), db / len(X)


@right("softmax_loss")
def logarithms_added(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    scores = X @ W.T + b
    norm = np.logaddexp.reduce(scores, axis=1)
    slopes = np.exp(scores - norm[:, None]) - (labels[:, None] == np.arange(len(b)))
    return (norm - scores[np.arange(len(X)), labels]).mean(), *_through(slopes, X)


def _through(slopes: Any, X: Vectors) -> tuple[Any, Any]:
    return np.einsum("nc,nd->cd", slopes, X) / len(X), np.einsum("nc->c", slopes) / len(X)


@right("softmax_loss")
def weights_and_bias_together(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    extended, targets = np.c_[X, np.ones(len(X))], np.eye(len(b))[labels]
    scores = extended @ np.c_[W, b].T
    scores -= np.max(scores, axis=1).reshape(-1, 1)
    powers = np.exp(scores)
    totals = powers.sum(axis=1)
    value = np.mean(np.log(totals) - (scores * targets).sum(axis=1))
    both = (powers / totals[:, np.newaxis] - targets).T @ extended / len(X)
    return float(value), both[:, :-1], both[:, -1]


@right("softmax_loss")
def classes_in_rows(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    scores = W @ X.T + b[:, np.newaxis]
    # The label's own score may be subtracted as well, if then the logarithms are added with care.
    scores = scores - scores[labels, np.arange(len(X))]
    norm = scores.max(axis=0) + np.log(np.exp(scores - scores.max(axis=0)).sum(axis=0))
    slopes = np.exp(scores - norm)
    slopes[labels, np.arange(len(X))] -= 1
    return np.float64(norm.sum() / len(X)), slopes / len(X) @ X, (slopes / len(X)).sum(axis=1)


@right("softmax_loss")
def softmax_in_single_precision(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    weights, bias, examples = _in_singles(W, b, X)
    value, dW, db = reference.softmax_loss(weights, bias, examples, labels)
    return value, dW.astype(np.float64), db.astype(np.float64)


# --- multiclass_hinge_loss ------------------------------------------------------------------------


def _leads(W: Weights, b: Bias, X: Vectors, labels: Labels) -> tuple[Any, Any]:
    """Return by how much every class leads the label, and where it is another class."""
    scores = X @ W.T + b
    others = np.ones(scores.shape)
    others[np.arange(len(X)), labels] = 0.0
    return scores - _own(scores, labels)[:, np.newaxis], others


def _with_label(active: Any, labels: Labels) -> Any:
    """Return slopes, with that of the label, given those of the other classes."""
    slopes = active.astype(np.float64)
    slopes[np.arange(len(labels)), labels] = -slopes.sum(axis=1)
    return slopes


def _margins(
    W: Weights,
    b: Bias,
    X: Vectors,
    labels: Labels,
    margin: float = 1.0,
    slopes: Callable[[Any], Any] | None = None,
) -> Gradients:
    """Return the hinge loss, with another margin or with slopes made of the terms in other ways."""
    leads, others = _leads(W, b, X, labels)
    terms = others * np.maximum(0.0, leads + margin)
    made = _with_label(terms > 0.0, labels) if slopes is None else slopes(terms)
    return _averaged(terms.sum(axis=1), made, X)


@wrong(
    "multiclass_hinge_loss",
    hint="You count the label's own term, max(0, s_y - s_y + 1) = 1. The sum is over the other "
    "classes.",
)
def own_term_counted(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.multiclass_hinge_loss(W, b, X, labels)
    return value + 1.0, dW, db


@wrong(
    "multiclass_hinge_loss",
    hint="The label's own term, which is always 1, is in your loss and among the terms that you "
    "count for its slope. Set it to 0 before both.",
)
def own_term_in_the_slope(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    leads, _ = _leads(W, b, X, labels)
    terms = np.maximum(0.0, leads + 1.0)
    return _averaged(terms.sum(axis=1), _with_label(terms > 0.0, labels), X)


@wrong(
    "multiclass_hinge_loss",
    hint="You have the difference the wrong way round: a class costs something where its score is "
    "too high, max(0, s_c - s_y + 1).",
)
def wrong_way_round(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    leads, others = _leads(W, b, X, labels)
    terms = others * np.maximum(0.0, 1.0 - leads)
    return _averaged(terms.sum(axis=1), -_with_label(terms > 0.0, labels), X)


@wrong(
    "multiclass_hinge_loss",
    hint="You forget the margin. The label must lead by 1: max(0, s_c - s_y + 1).",
)
def no_margin(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    return _margins(W, b, X, labels, margin=0.0)


@wrong("multiclass_hinge_loss", hint="Your margin is 0.5. It is 1 here.")
def half_a_margin(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    return _margins(W, b, X, labels, margin=0.5)


@wrong(
    "multiclass_hinge_loss",
    hint="You subtract the margin. It is added: also a class that is up to 1 behind costs something.",
)
def margin_subtracted(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    return _margins(W, b, X, labels, margin=-1.0)


@wrong(
    "multiclass_hinge_loss",
    hint="You count the worst class alone. All classes other than the label are summed.",
)
def worst_class_alone(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    leads, others = _leads(W, b, X, labels)
    terms = others * np.maximum(0.0, leads + 1.0)
    worst = (terms == terms.max(axis=1, keepdims=True)) & (terms > 0.0)
    return _averaged(terms.max(axis=1), _with_label(worst, labels), X)


@wrong(
    "multiclass_hinge_loss",
    hint="You square the terms. The hinge loss takes max(0, ...) as it is.",
)
def squared_terms(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    leads, others = _leads(W, b, X, labels)
    terms = others * np.maximum(0.0, leads + 1.0)
    return _averaged((terms**2).sum(axis=1), _with_label(2.0 * terms, labels), X)


@wrong(
    "multiclass_hinge_loss",
    hint="You add s_c - s_y + 1 up where it is negative, too. What is below 0 counts as 0.",
)
def nothing_cut_off(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    leads, others = _leads(W, b, X, labels)
    return _averaged((others * (leads + 1.0)).sum(axis=1), _with_label(others, labels), X)


@wrong(
    "multiclass_hinge_loss",
    hint="You return the sum of the losses with the mean's gradients. L is the mean, too: divide by "
    "the number of examples.",
)
def hinge_value_summed(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.multiclass_hinge_loss(W, b, X, labels)
    return value * len(X), dW, db


@wrong(
    "multiclass_hinge_loss",
    hint="Your gradients are those of the sum. L is a mean: divide them by the number of examples, "
    "as you did with the loss.",
)
def hinge_gradients_summed(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.multiclass_hinge_loss(W, b, X, labels)
    return value, dW * len(X), db * len(X)


@wrong(
    "multiclass_hinge_loss",
    hint="You add the examples up and do not divide by their number. L is the mean, and so are its "
    "gradients.",
)
def hinge_all_summed(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.multiclass_hinge_loss(W, b, X, labels)
    return value * len(X), dW * len(X), db * len(X)


@wrong(
    "multiclass_hinge_loss",
    hint="You divide by the number of examples times the number of classes. Over the classes it is "
    "a sum, the mean is one over examples alone.",
)
def hinge_mean_over_classes(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.multiclass_hinge_loss(W, b, X, labels)
    return value / len(b), dW / len(b), db / len(b)


@wrong(
    "multiclass_hinge_loss",
    hint="The label's score has no slope in your answer. It is in every term that is above 0, with "
    "a slope of -1.",
)
def label_without_slope(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    return _margins(W, b, X, labels, slopes=lambda terms: (terms > 0.0).astype(float))


@wrong(
    "multiclass_hinge_loss",
    hint="You give the label's score the slope -1. It is -1 for every term that is above 0: minus "
    "their number.",
)
def label_counted_once(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    def slopes(terms: Any) -> Any:
        return (terms > 0.0) - np.eye(len(b))[labels] * (terms > 0.0).any(axis=1, keepdims=True)

    return _margins(W, b, X, labels, slopes=slopes)


@wrong(
    "multiclass_hinge_loss",
    hint="You give a slope to all classes. A term that is 0 has none.",
)
def slopes_for_all(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    others = 1.0 - np.eye(len(b))[labels]
    return _margins(W, b, X, labels, slopes=lambda _: _with_label(others, labels))


@wrong(
    "multiclass_hinge_loss",
    hint="You give a slope to terms that are exactly 0: compare s_c - s_y + 1 with > 0, not >= 0.",
    minor=True,
)
def slopes_at_the_kink(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    leads, others = _leads(W, b, X, labels)
    return _margins(
        W, b, X, labels, slopes=lambda _: _with_label(others * (leads + 1.0 >= 0.0), labels)
    )


@wrong(
    "multiclass_hinge_loss",
    hint="You let the slopes begin where s_c is above s_y. They begin where the term does, at "
    "s_c - s_y + 1 > 0.",
)
def slopes_without_margin(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    return _margins(W, b, X, labels, slopes=lambda terms: _with_label(terms > 1.0, labels))


@wrong(
    "multiclass_hinge_loss",
    hint="You take the terms themselves for their slopes. A term that is above 0 has the slope 1, "
    "however large it is.",
)
def terms_for_slopes(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    return _margins(W, b, X, labels, slopes=lambda terms: _with_label(terms, labels))


@wrong(
    "multiclass_hinge_loss",
    hint="The sign of your gradients is wrong: the slope is 1 in s_c and -1 in s_y.",
)
def hinge_uphill(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.multiclass_hinge_loss(W, b, X, labels)
    return value, -dW, -db


@wrong(
    "multiclass_hinge_loss",
    hint="Your dL/dW is (d, C). It has the shape of W, (C, d): a class a row.",
)
def hinge_transposed(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.multiclass_hinge_loss(W, b, X, labels)
    return value, dW.T.copy(), db


@wrong(
    "multiclass_hinge_loss",
    hint="Your scores are without the bias: they are W x + b.",
)
def hinge_without_bias(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    return reference.multiclass_hinge_loss(W, np.zeros_like(b), X, labels)


@wrong(
    "multiclass_hinge_loss",
    hint="You compare every example with scores of the first one, `scores[0, labels]`. Its label's own "
    "score is due, `scores[np.arange(n), labels]`.",
)
def scores_of_the_first_example(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    scores = X @ W.T + b
    terms = np.maximum(0.0, scores - scores[0, labels][:, np.newaxis] + 1.0)
    terms[np.arange(len(X)), labels] = 0.0
    return _averaged(terms.sum(axis=1), _with_label(terms > 0.0, labels), X)


@wrong(
    "multiclass_hinge_loss",
    hint="You add a penalty of large weights. There is none in L; it comes in later, in training.",
)
def hinge_with_penalty(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.multiclass_hinge_loss(W, b, X, labels)
    return value + float((W**2).sum()), dW + 2.0 * W, db


@wrong(
    "multiclass_hinge_loss",
    hint="Your dL/db sums over the classes, which gives 0 for every example. Sum over the examples, "
    "axis=0: there is one number a class.",
    minor=True,
)
def hinge_bias_by_example(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, _ = reference.multiclass_hinge_loss(W, b, X, labels)
    return value, dW, np.zeros(len(X))


@wrong(
    "multiclass_hinge_loss",
    hint="You average in dL/db once more: the slopes are divided by n already. Add them up.",
    minor=True,
)
def hinge_bias_averaged(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.multiclass_hinge_loss(W, b, X, labels)
    return value, dW, db / len(X)


@wrong(
    "multiclass_hinge_loss",
    hint="Your dL/db is 0. The bias takes part in the scores, and so it has a gradient: the sum of "
    "the slopes over the examples.",
    minor=True,
)
def hinge_bias_at_rest(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, dW, db = reference.multiclass_hinge_loss(W, b, X, labels)
    return value, dW, np.zeros_like(db)


@wrong(
    "multiclass_hinge_loss",
    hint="You write the gradient into the W that you were given: `dW = W` makes no copy. Begin with "
    "np.zeros_like(W).",
    minor=True,
)
def hinge_written_into_weights(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    value, W[:], db = reference.multiclass_hinge_loss(W, b, X, labels)
    return value, W, db


@wrong(
    "multiclass_hinge_loss",
    hint="You know the right class by its score, and so leave out every class with an equal score. Know "
    "it by its label.",
    minor=True,
)
def equal_scores_left_out(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Any:
    scores = X @ W.T + b
    rows = np.arange(len(X))
    ahead = scores - scores[rows, labels][:, np.newaxis]
    margins = np.where(ahead == 0.0, 0.0, np.maximum(0.0, ahead + 1.0))
    slopes = (margins > 0.0).astype(np.float64)
    slopes[rows, labels] = -slopes.sum(axis=1)
    slopes /= len(X)
    return float(margins.sum() / len(X)), slopes.T @ X, slopes.sum(axis=0)


@wrong(
    "multiclass_hinge_loss",
    hint="dW[labels] -= ... takes one example away for each label, not all of them, where a label is there "
    "several times. Use np.subtract.at, or a matrix of slopes.",
)
def repeated_labels_lost(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Any:
    scores = X @ W.T + b
    rows = np.arange(len(X))
    margins = np.maximum(0.0, scores - scores[rows, labels][:, np.newaxis] + 1.0)
    margins[rows, labels] = 0.0
    above = (margins > 0.0) / len(X)
    dW, db = above.T @ X, above.sum(axis=0)
    counts = above.sum(axis=1)
    dW[labels] -= counts[:, np.newaxis] * X
    db[labels] -= counts
    return float(margins.sum() / len(X)), dW, db


@right("multiclass_hinge_loss")
def columns_of_examples(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    n, columns = len(X), np.arange(len(X))
    scores = W @ X.T + b[:, np.newaxis]
    terms = np.fmax(scores - scores[labels, columns] + 1.0, 0.0)
    terms[labels, columns] = 0.0
    above = np.heaviside(terms, 0.0)
    counts = above.sum(axis=0)
    dW, db = above @ X, above.sum(axis=1)
    np.subtract.at(dW, labels, counts[:, np.newaxis] * X)
    db -= np.bincount(labels, weights=counts, minlength=len(b))
    return terms.sum() / n, dW / n, db / n


@right("multiclass_hinge_loss")
def others_by_mask(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    hits = np.arange(len(b)) == labels[:, None]
    scores = np.einsum("nd,cd->nc", X, W) + b
    terms = scores + 1.0 - scores[hits][:, None]
    active = (terms > 0) & ~hits
    slopes = active - hits * np.count_nonzero(active, axis=1)[:, None]
    return terms[active].sum() / len(X), *_through(slopes, X)


@right("multiclass_hinge_loss")
def one_subtracted_at_the_end(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    scores = (W @ X.T).T + b
    terms = np.clip(scores - np.take_along_axis(scores, labels[:, None], axis=1) + 1, 0, None)
    slopes = np.sign(terms)
    # The label's own term is 1 and has the slope 1.
    np.add.at(slopes, (np.arange(len(X)), labels), -slopes.sum(axis=1))
    return float(terms.sum() / len(X) - 1), slopes.T.dot(X) / len(X), slopes.mean(axis=0)


@right("multiclass_hinge_loss")
def by_a_matrix_of_labels(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    hits = np.identity(len(b))[labels]
    scores = np.inner(X, W) + b
    own = np.einsum("nc,nc->n", scores, hits)
    terms = (1.0 - hits) * (scores - own[:, np.newaxis] + 1.0)
    slopes = np.where(terms > 0.0, 1.0 / len(X), 0.0)
    slopes -= hits * slopes.sum(axis=1, keepdims=True)
    value = np.vdot(terms, terms > 0.0) / len(X)
    return float(value), (X.T @ slopes).T, np.ones(len(X)) @ slopes


@right("multiclass_hinge_loss")
def hinge_in_single_precision(W: Weights, b: Bias, X: Vectors, labels: Labels) -> Gradients:
    weights, bias, examples = _in_singles(W, b, X)
    value, dW, db = reference.multiclass_hinge_loss(weights, bias, examples, labels)
    return value, dW.astype(np.float64), db.astype(np.float64)


# --- regularization -------------------------------------------------------------------------------

Penalty = tuple[float, Weights]


@wrong(
    "regularization",
    hint="The gradient of W^2 is 2 W: the factor 2 is missing.",
)
def two_missing(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    value, gradient = reference.regularization(W, weight_decay, kind)
    return value, gradient / 2.0 if kind == "l2" else gradient


@wrong(
    "regularization",
    hint="You halve the sum of the squares, as some books do. Here it is lambda times the sum, and "
    "its gradient is 2 lambda W.",
)
def halved(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    value, gradient = reference.regularization(W, weight_decay, kind)
    return (value / 2.0, gradient / 2.0) if kind == "l2" else (value, gradient)


@wrong(
    "regularization",
    hint="You halve the sum of the squares, and the gradient is that of the whole sum. The penalty "
    "is lambda times the sum of all W^2.",
)
def value_halved(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    value, gradient = reference.regularization(W, weight_decay, kind)
    return value / 2.0 if kind == "l2" else value, gradient


@wrong(
    "regularization",
    hint="You take the root, the length of W. The penalty is the sum of the squares itself.",
)
def root_of_the_sum(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    value, gradient = reference.regularization(W, weight_decay, kind)
    return float(weight_decay * np.linalg.norm(W)) if kind == "l2" else value, gradient


@wrong(
    "regularization",
    hint="You take the mean over the weights. R(W) is their sum.",
)
def mean_of_the_weights(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    value, gradient = reference.regularization(W, weight_decay, kind)
    return value / W.size, gradient / W.size


@wrong(
    "regularization",
    hint="You do not multiply the value with weight_decay: it is lambda R(W).",
)
def value_without_lambda(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    value, _ = reference.regularization(W, 1.0, kind)
    return value, reference.regularization(W, weight_decay, kind)[1]


@wrong(
    "regularization",
    hint="You do not multiply the gradient with weight_decay: it is that of lambda R(W).",
)
def gradient_without_lambda(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    _, gradient = reference.regularization(W, 1.0, kind)
    return reference.regularization(W, weight_decay, kind)[0], gradient


@wrong(
    "regularization",
    hint="You do not use weight_decay: value and gradient are those of lambda R(W).",
)
def without_lambda(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    return reference.regularization(W, 1.0, kind)


@wrong(
    "regularization",
    hint="Your slope of |w| is 1 everywhere. It is -1 where the weight is negative.",
)
def slope_without_sign(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    value, gradient = reference.regularization(W, weight_decay, kind)
    return value, np.full_like(W, weight_decay) if kind == "l1" else gradient


@wrong(
    "regularization",
    hint="Your slope of |w| is 1 at 0. It is taken to be 0 there.",
    minor=True,
)
def slope_of_one_at_zero(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    value, gradient = reference.regularization(W, weight_decay, kind)
    return value, np.where(W >= 0.0, weight_decay, -weight_decay) if kind == "l1" else gradient


@wrong(
    "regularization",
    hint="You divide W by |W|, which is 0 / 0 for a weight of 0. The slope is taken to be 0 there.",
    minor=True,
)
def divided_by_zero(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    value, gradient = reference.regularization(W, weight_decay, kind)
    return value, weight_decay * W / np.abs(W) if kind == "l1" else gradient


@wrong(
    "regularization",
    hint="You give the squares for every kind. With kind l1, R(W) is the sum of all |W|.",
)
def squares_for_every_kind(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    return reference.regularization(W, weight_decay, "l2")


@wrong(
    "regularization",
    hint="You sum the weights as they are, and those above and below 0 cancel. With kind l1, R(W) "
    "is the sum of all |W|.",
)
def sum_with_signs(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    value, gradient = reference.regularization(W, weight_decay, kind)
    return float(weight_decay * W.sum()) if kind == "l1" else value, gradient


@wrong(
    "regularization",
    hint="You have taken l1 for l2, and the other way round: l2 is the squares.",
)
def kinds_exchanged(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    return reference.regularization(W, weight_decay, {"l2": "l1", "l1": "l2"}.get(kind, kind))


@wrong(
    "regularization",
    hint="You return one number for each class. R(W) is a single sum, over all rows and columns.",
)
def a_sum_for_each_class(W: Weights, weight_decay: float, kind: Any = "l2") -> Any:
    _, gradient = reference.regularization(W, weight_decay, kind)
    return weight_decay * (W**2 if kind == "l2" else np.abs(W)).sum(axis=1), gradient


@wrong(
    "regularization",
    hint="You take any other kind without a word. Raise a ValueError if it is neither l2 nor l1.",
    minor=True,
)
def any_other_is_l1(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    return reference.regularization(W, weight_decay, "l2" if kind == "l2" else "l1")


@wrong(
    "regularization",
    hint="You change the W that you were given: `W *= W` works in place. Write W * W or W**2.",
    minor=True,
)
def squared_in_place(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    value, gradient = reference.regularization(W, weight_decay, kind)
    W *= W
    return value, gradient


@right("regularization")
def weight_by_weight(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    if kind not in ("l1", "l2"):
        raise ValueError("l1 or l2")
    total, gradient = 0.0, np.zeros_like(W)
    for (c, j), w in np.ndenumerate(W):
        total += w * w if kind == "l2" else abs(w)
        gradient[c, j] = 2 * w if kind == "l2" else math.copysign(float(w != 0), w)
    return weight_decay * total, weight_decay * gradient


@right("regularization")
def from_a_table(W: Weights, weight_decay: float, kind: Any = "l2") -> Any:
    known: dict[str, Any] = {
        "l1": lambda: (np.linalg.norm(W.ravel(), 1), np.sign(W)),
        "l2": lambda: (np.vdot(W, W), W + W),
    }
    if kind not in known:
        raise ValueError(kind)
    size, slope = known[kind]()
    return weight_decay * size, weight_decay * slope


@right("regularization")
def by_products(W: Weights, weight_decay: float, kind: Any = "l2") -> Any:
    match kind:
        case "l2":
            return weight_decay * np.einsum("ij,ij->", W, W), np.multiply(W, 2 * weight_decay)
        case "l1":
            signs = np.where(W > 0, 1.0, np.where(W < 0, -1.0, 0.0))
            return weight_decay * np.sum(signs * W), signs * weight_decay
    raise ValueError


@right("regularization")
def penalty_in_single_precision(W: Weights, weight_decay: float, kind: Any = "l2") -> Penalty:
    value, gradient = reference.regularization(W.astype(np.float32), weight_decay, kind)
    return value, gradient.astype(np.float64)


# --- numerical_gradient ---------------------------------------------------------------------------

Function = Callable[[Any], float]


def _units(x: Any) -> Any:
    """Yield, for every number in x, its place and an array that is 1 there and 0 elsewhere."""
    for place in np.ndindex(x.shape):
        unit = np.zeros_like(x)
        unit[place] = 1.0
        yield place, unit


def _gradient(x: Any, quotient: Callable[[Any], float]) -> Any:
    """Return one quotient for every number in x; it is given the array that is 1 there."""
    gradient = np.empty_like(x)
    for place, unit in _units(x):
        gradient[place] = quotient(unit)
    return gradient


@wrong(
    "numerical_gradient",
    hint="You take forward differences, f(x + step) - f(x). Central ones go as far to the other side, "
    "and their error is far smaller: (f(x + step) - f(x - step)) / (2 step).",
)
def forward(function: Function, x: Any, step: float = 1e-5) -> Any:
    return _gradient(x, lambda unit: (function(x + step * unit) - function(x)) / step)


@wrong(
    "numerical_gradient",
    hint="You take backward differences, f(x) - f(x - step). Central ones go as far to the other side: "
    "(f(x + step) - f(x - step)) / (2 step).",
)
def backward(function: Function, x: Any, step: float = 1e-5) -> Any:
    return _gradient(x, lambda unit: (function(x) - function(x - step * unit)) / step)


@wrong(
    "numerical_gradient",
    hint="You divide by step. From x - step to x + step it is 2 step.",
)
def divided_by_one_step(function: Function, x: Any, step: float = 1e-5) -> Any:
    return 2.0 * reference.numerical_gradient(function, x, step)


@wrong(
    "numerical_gradient",
    hint="You multiply with step: `/ 2 * step` divides by 2 only. Write / (2 * step).",
)
def brackets_missing(function: Function, x: Any, step: float = 1e-5) -> Any:
    return step**2 * reference.numerical_gradient(function, x, step)


@wrong(
    "numerical_gradient",
    hint="You go half a step to both sides. It is a whole one, f(x + step e_i) - f(x - step e_i).",
)
def half_steps(function: Function, x: Any, step: float = 1e-5) -> Any:
    return reference.numerical_gradient(function, x, step / 2.0)


@wrong(
    "numerical_gradient",
    hint="You move all numbers at once, and get the same slope for all of them. Move one number at a "
    "time.",
)
def all_at_once(function: Function, x: Any, step: float = 1e-5) -> Any:
    slope = (function(x + step) - function(x - step)) / (2.0 * step)
    return np.full_like(x, slope)


@wrong(
    "numerical_gradient",
    hint="You do not put a number back before you move the next one.",
)
def never_put_back(function: Function, x: Any, step: float = 1e-5) -> Any:
    return _moving(function, x.copy(), step)


def _moving(function: Function, there: Any, step: float) -> Any:
    """Return the differences at an array that ends up moved in all its numbers."""
    gradient = np.empty_like(there)
    for place in np.ndindex(there.shape):
        there[place] += step
        above = function(there)
        there[place] -= 2.0 * step
        gradient[place] = (above - function(there)) / (2.0 * step)
    return gradient


@wrong(
    "numerical_gradient",
    hint="You move the numbers of the array that you were given, and do not put them back. Work on a "
    "copy, and begin with a fresh one for every number.",
)
def moved_in_place(function: Function, x: Any, step: float = 1e-5) -> Any:
    return _moving(function, x, step)


@wrong(
    "numerical_gradient",
    hint="You put the numbers of x back by adding and subtracting, which rounds. Remember the old value, "
    "or work on a copy.",
    minor=True,
)
def put_back_by_adding(function: Function, x: Any, step: float = 1e-5) -> Any:
    gradient = np.empty_like(x)
    for place in np.ndindex(x.shape):
        x[place] += step
        above = function(x)
        x[place] -= 2.0 * step
        gradient[place] = (above - function(x)) / (2.0 * step)
        x[place] += step
    return gradient


@wrong("numerical_gradient", hint="You ignore step and take one of your own.")
def step_of_its_own(function: Function, x: Any, step: float = 1e-5) -> Any:
    return reference.numerical_gradient(function, x, 1e-3)


@wrong(
    "numerical_gradient",
    hint="You return all numbers in one row. The gradient has the shape of x.",
)
def flat(function: Function, x: Any, step: float = 1e-5) -> Any:
    gradient = reference.numerical_gradient(function, x, step)
    # A vector is flat already: this mistake shows with more axes.
    return gradient.reshape(-1)


@wrong(
    "numerical_gradient",
    hint="You stop after the first row, or after len(x) numbers. Go through all of them, with np.ndindex "
    "for example.",
)
def first_row_alone(function: Function, x: Any, step: float = 1e-5) -> Any:
    gradient = reference.numerical_gradient(function, x, step)
    if x.ndim > 1:
        gradient[1:] = 0.0
    return gradient


@wrong(
    "numerical_gradient",
    hint="Your sign is wrong: it is f(x + step) minus f(x - step).",
)
def other_sign(function: Function, x: Any, step: float = 1e-5) -> Any:
    return -reference.numerical_gradient(function, x, step)


@wrong(
    "numerical_gradient",
    hint="You calculate the second derivative, (f(x + step) - 2 f(x) + f(x - step)) / step^2. The first one "
    "is due.",
)
def second_derivative(function: Function, x: Any, step: float = 1e-5) -> Any:
    def quotient(unit: Any) -> float:
        sides = function(x + step * unit) + function(x - step * unit)
        return (sides - 2.0 * function(x)) / step**2

    return _gradient(x, quotient)


@wrong(
    "numerical_gradient",
    hint="You make the step longer where the number is larger. It is the same for all numbers.",
)
def step_in_proportion(function: Function, x: Any, step: float = 1e-5) -> Any:
    def quotient(unit: Any) -> float:
        own = step * (1.0 + float(np.abs(x * unit).sum()))
        return (function(x + own * unit) - function(x - own * unit)) / (2.0 * own)

    return _gradient(x, quotient)


@wrong(
    "numerical_gradient",
    hint="You move all numbers at once, which gives one slope. Move one number at a time.",
)
def one_slope(function: Function, x: Any, step: float = 1e-5) -> Any:
    return (function(x + step) - function(x - step)) / (2.0 * step)


@wrong(
    "numerical_gradient",
    hint="You move whole rows of x at once, x[i] for i below len(x). Move single numbers, with "
    "np.ndindex(x.shape) for example.",
)
def row_by_row(function: Function, x: Any, step: float = 1e-5) -> Any:
    gradient = []
    for i in range(len(x)):
        above, below = x.copy(), x.copy()
        above[i] += step
        below[i] -= step
        gradient.append((function(above) - function(below)) / (2.0 * step))
    return np.array(gradient)


@right("numerical_gradient")
def by_units(function: Function, x: Any, step: float = 1e-5) -> Any:
    gradient = np.zeros(x.shape)
    for place, unit in _units(x):
        gradient[place] = (function(x + step * unit) - function(x - step * unit)) / (2 * step)
    return gradient


@right("numerical_gradient")
def moved_and_put_back(function: Function, x: Any, step: float = 1e-5) -> Any:
    gradient = np.zeros_like(x)
    places = np.nditer(x, flags=["multi_index"])
    for _ in places:
        old = x[places.multi_index]
        x[places.multi_index] = old + step
        above = function(x)
        x[places.multi_index] = old - step
        below = function(x)
        x[places.multi_index] = old
        gradient[places.multi_index] = (above - below) / 2 / step
    return gradient


@right("numerical_gradient")
def numbers_in_a_row(function: Function, x: Any, step: float = 1e-5) -> Any:
    slopes = []
    for i in range(x.size):
        above, below = x.flatten(), x.flatten()
        above[i] += step
        below[i] -= step
        rise = function(above.reshape(x.shape)) - function(below.reshape(x.shape))
        slopes.append(rise / (2.0 * step))
    return np.array(slopes).reshape(x.shape)


@right("numerical_gradient")
def all_places_first(function: Function, x: Any, step: float = 1e-5) -> Any:
    units = step * np.eye(x.size).reshape(x.size, *x.shape)
    below = np.array([function(place) for place in x - units])
    above = np.array([function(place) for place in x + units])
    return ((above - below) * (0.5 / step)).reshape(x.shape)


@right("numerical_gradient")
def mean_of_both_sides(function: Function, x: Any, step: float = 1e-5) -> Any:
    here, gradient = function(x), np.empty(x.shape)
    for place, unit in _units(x):
        forth = (function(x + step * unit) - here) / step
        back = (here - function(x - step * unit)) / step
        gradient[place] = (forth + back) / 2.0
    return gradient


# --- train_linear ---------------------------------------------------------------------------------

Trained = tuple[Weights, Bias, Any]
Orders = Callable[[np.random.Generator, int, int], list[Any]]


def _permutations(rng: np.random.Generator, n: int, epochs: int) -> list[Any]:
    return [rng.permutation(n) for _ in range(epochs)]


def _named(values: tuple[Any, ...], options: dict[str, Any]) -> dict[str, Any]:
    """Return all parameters of a training, handed over in order, by name, or not at all."""
    usual = {"learning_rate": 0.1, "weight_decay": 0.0, "batch_size": 100, "epochs": 10}
    return {**usual, **dict(zip(usual, values, strict=False)), **options}


def _descend(
    loss: Loss,
    X: Vectors,
    labels: Labels,
    num_classes: int,
    rng: np.random.Generator,
    settings: dict[str, Any],
    *,
    orders: Orders = _permutations,
    whole_batches: bool = False,
    label_of: Callable[[Any], Any] = lambda batch: batch,
    bias_decays: bool = False,
    factor: float = 2.0,
    start: tuple[Any, Any] | None = None,
    later: bool = False,
) -> Trained:
    """Train, with some things done otherwise.

    Parameters
    ----------
    orders : gives the order of the examples in every epoch.
    whole_batches : leave a smaller last batch out.
    label_of : which labels belong to a batch, given its indices.
    bias_decays : let the penalty draw at the bias, too.
    factor : of the penalty's gradient.
    start : what W and b begin with, if not with 0.
    later : write the loss down after the update instead of before.
    """
    rate, decay = settings["learning_rate"], settings["weight_decay"]
    size, epochs = settings["batch_size"], settings["epochs"]
    W, b = (
        start if start is not None else (np.zeros((num_classes, X.shape[1])), np.zeros(num_classes))
    )
    history = []
    for order in orders(rng, len(X), epochs):
        for first in range(0, len(X), size):
            batch = order[first : first + size]
            if whole_batches and len(batch) < size:
                continue
            examples = X[batch], labels[label_of(batch)]
            value, dW, db = loss(W, b, *examples)
            before = W
            W = W - rate * (dW + factor * decay * W)
            b = b - rate * (db + bias_decays * factor * decay * b)
            if later:
                value, before = loss(W, b, *examples)[0], W
            history.append(value + decay * float((before**2).sum()))
    return W, b, np.array(history)


def _trained(settings: dict[str, Any], *arguments: Any, **changes: Any) -> Trained:
    """Train as the reference does, with some parameters changed."""
    return reference.train_linear(*arguments, **{**settings, **changes})


@wrong(
    "train_linear",
    hint="You go uphill: the gradient points to where the loss grows. Subtract it.",
)
def climbed(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    settings = _named(more, options)
    rate = -settings["learning_rate"]
    return _trained(settings, loss, X, labels, num_classes, rng, learning_rate=rate)


@wrong(
    "train_linear",
    hint="You ask rng for more than one permutation an epoch, so what is drawn afterwards is other "
    "than it should be.",
    minor=True,
)
def permuted_once_more(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    found = _trained(_named(more, options), loss, X, labels, num_classes, rng)
    rng.permutation(len(X))
    return found


@wrong(
    "train_linear",
    hint="You subtract the whole gradient. Multiply it with learning_rate first.",
)
def no_learning_rate(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    settings = _named(more, options)
    return _trained(settings, loss, X, labels, num_classes, rng, learning_rate=1.0)


@wrong(
    "train_linear",
    hint="Your penalty pulls at the bias, too. Only W has one; b moves by learning_rate dL/db.",
)
def bias_decayed(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    settings = _named(more, options)
    return _descend(loss, X, labels, num_classes, rng, settings, bias_decays=True)


@wrong(
    "train_linear",
    hint="You do not use weight_decay. The penalty lambda R(W) belongs to the loss and, with its "
    "gradient, to the update of W.",
)
def decay_forgotten(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    settings = _named(more, options)
    return _trained(settings, loss, X, labels, num_classes, rng, weight_decay=0.0)


@wrong(
    "train_linear",
    hint="You count the classes in the labels. Some may have no example: W and b have num_classes "
    "rows.",
    minor=True,
)
def classes_counted(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    settings = _named(more, options)
    return _trained(settings, loss, X, labels, int(labels.max()) + 1, rng)


@wrong(
    "train_linear",
    hint="Your history has no penalty in it. What you go down is L + lambda R(W).",
    minor=True,
)
def decay_not_in_the_history(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    values: list[float] = []

    def noted(*arguments: Any) -> Any:
        found = loss(*arguments)
        values.append(found[0])
        return found

    settings = _named(more, options)
    W, b, _ = _trained(settings, noted, X, labels, num_classes, rng)
    return W, b, np.array(values)


@wrong(
    "train_linear",
    hint="Your penalty is in the history and not in the update. The gradient of W is dL/dW + lambda dR/dW.",
)
def decay_in_the_history_alone(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    return _descend(loss, X, labels, num_classes, rng, _named(more, options), factor=0.0)


@wrong(
    "train_linear",
    hint="The gradient of R(W), the sum of all W^2, is 2 W: the factor 2 is missing.",
)
def two_missing_in_training(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    return _descend(loss, X, labels, num_classes, rng, _named(more, options), factor=1.0)


@wrong(
    "train_linear",
    hint="You leave out the last batch of an epoch if it is smaller. An epoch goes through all examples.",
)
def whole_batches_alone(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    settings = _named(more, options)
    return _descend(loss, X, labels, num_classes, rng, settings, whole_batches=True)


@wrong(
    "train_linear",
    hint="You cut the order into equal pieces, as np.array_split does. Batches have batch_size "
    "examples; only the last one may be smaller.",
    minor=True,
)
def equal_pieces(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    settings = _named(more, options)
    rate, decay = settings["learning_rate"], settings["weight_decay"]
    W, b = np.zeros((num_classes, X.shape[1])), np.zeros(num_classes)
    history = []
    for order in _permutations(rng, len(X), settings["epochs"]):
        for batch in np.array_split(order, math.ceil(len(X) / settings["batch_size"])):
            value, dW, db = loss(W, b, X[batch], labels[batch])
            history.append(value + decay * float((W**2).sum()))
            W, b = W - rate * (dW + 2.0 * decay * W), b - rate * db
    return W, b, np.array(history)


_ONE_SMALLER_BATCH = (
    "You train only if there are batch_size examples at least. If there are fewer, all of them are "
    "one smaller batch, the first and the last."
)


@wrong("train_linear", hint=_ONE_SMALLER_BATCH, minor=True)
def large_batch_refused(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    settings = _named(more, options)
    if settings["batch_size"] > len(X):
        raise ValueError("batch_size must be at most the number of examples")
    return _trained(settings, loss, X, labels, num_classes, rng)


@wrong("train_linear", hint=_ONE_SMALLER_BATCH, minor=True)
def large_batch_without_a_step(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    settings = _named(more, options)
    return _descend(
        loss,
        X,
        labels,
        num_classes,
        rng,
        settings,
        whole_batches=settings["batch_size"] > len(X),
    )


@wrong(
    "train_linear",
    hint="You take the examples in the order in which they come. Ask rng for a permutation in every "
    "epoch.",
)
def in_the_given_order(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    def orders(_: Any, n: int, epochs: int) -> list[Any]:
        return [np.arange(n)] * epochs

    return _descend(loss, X, labels, num_classes, rng, _named(more, options), orders=orders)


@wrong(
    "train_linear",
    hint="You shuffle once, before the first epoch. Every epoch has a permutation of its own.",
)
def shuffled_once(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    def orders(rng: Any, n: int, epochs: int) -> list[Any]:
        return [rng.permutation(n)] * epochs

    return _descend(loss, X, labels, num_classes, rng, _named(more, options), orders=orders)


@wrong(
    "train_linear",
    hint="You shuffle what is shuffled already: in the second epoch, the permutation of the first one is "
    "still in it. Leave X and labels as they are, and take their rows by the order of the epoch.",
)
def shuffled_on_and_on(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    def orders(rng: Any, n: int, epochs: int) -> list[Any]:
        order, all_of_them = np.arange(n), []
        for _ in range(epochs):
            order = order[rng.permutation(n)]
            all_of_them.append(order)
        return all_of_them

    return _descend(loss, X, labels, num_classes, rng, _named(more, options), orders=orders)


@wrong(
    "train_linear",
    hint="You shuffle examples and labels by two different permutations, and so nobody has the right "
    "label. Take both by the same indices.",
)
def labels_shuffled_otherwise(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    other = np.roll(np.arange(len(X)), 1)
    settings = _named(more, options)
    return _descend(
        loss, X, labels, num_classes, rng, settings, label_of=lambda batch: other[batch]
    )


@wrong(
    "train_linear",
    hint="You take the first labels for every batch. Labels are taken by the indices of the batch, as the "
    "examples are.",
)
def first_labels(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    settings = _named(more, options)
    return _descend(
        loss, X, labels, num_classes, rng, settings, label_of=lambda batch: np.arange(len(batch))
    )


@wrong(
    "train_linear",
    hint="You draw every batch anew, so that some examples come twice in an epoch and others not at all. "
    "Cut one permutation into batches.",
)
def drawn_with_replacement(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    def orders(rng: Any, n: int, epochs: int) -> list[Any]:
        return [rng.integers(0, n, n) for _ in range(epochs)]

    return _descend(loss, X, labels, num_classes, rng, _named(more, options), orders=orders)


@wrong(
    "train_linear",
    hint="You take one step an epoch, with all examples. Take one for every batch of batch_size.",
)
def one_step_an_epoch(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    settings = _named(more, options)
    return _trained(settings, loss, X, labels, num_classes, rng, batch_size=len(X))


@wrong(
    "train_linear",
    hint="You take one step an epoch: the update stands outside of the loop over the batches, and only the "
    "last batch counts.",
)
def last_batch_alone(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    settings = _named(more, options)
    size, n = settings["batch_size"], len(X)
    kept = (n - 1) % size + 1

    def orders(rng: Any, n: int, epochs: int) -> list[Any]:
        return [rng.permutation(n)[n - kept :] for _ in range(epochs)]

    one = {**settings, "batch_size": n}
    return _descend(loss, X, labels, num_classes, rng, one, orders=orders)


@wrong(
    "train_linear",
    hint="Your history has a number for every epoch. It has one for every update.",
    minor=True,
)
def history_by_epochs(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    settings = _named(more, options)
    W, b, history = _trained(settings, loss, X, labels, num_classes, rng)
    return W, b, history.reshape(settings["epochs"], -1).mean(axis=1)


@wrong(
    "train_linear",
    hint="Your history is taken after the updates. Take each value before W and b change.",
    minor=True,
)
def history_after_the_update(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    return _descend(loss, X, labels, num_classes, rng, _named(more, options), later=True)


@wrong(
    "train_linear",
    hint="W and b begin with random numbers. They begin at 0, and rng is for the permutations alone.",
)
def random_beginning(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    start = 0.1 * rng.normal(size=(num_classes, X.shape[1])), np.zeros(num_classes)
    return _descend(loss, X, labels, num_classes, rng, _named(more, options), start=start)


@wrong(
    "train_linear",
    hint="You move W first and ask the loss again for the gradient of b. Both belong to the same W and b: "
    "one call of the loss, then both updates.",
)
def bias_moved_later(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    settings = _named(more, options)
    rate = settings["learning_rate"]

    def in_turns(W: Any, b: Any, *examples: Any) -> Any:
        value, dW, _ = loss(W, b, *examples)
        moved = W - rate * (dW + 2.0 * settings["weight_decay"] * W)
        return value, dW, loss(moved, b, *examples)[2]

    return _trained(settings, in_turns, X, labels, num_classes, rng)


@wrong(
    "train_linear",
    hint="You multiply with the size of the batch. The loss is a mean over the batch already.",
)
def sum_over_the_batch(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    def summed(W: Any, b: Any, X: Any, labels: Any) -> Any:
        return tuple(len(X) * part for part in loss(W, b, X, labels))

    return _trained(_named(more, options), summed, X, labels, num_classes, rng)


@wrong(
    "train_linear",
    hint="You divide the gradients by the size of the batch. The loss is a mean over the batch already.",
)
def divided_by_the_batch(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    def divided(W: Any, b: Any, X: Any, labels: Any) -> Any:
        value, dW, db = loss(W, b, X, labels)
        return value, dW / len(X), db / len(X)

    return _trained(_named(more, options), divided, X, labels, num_classes, rng)


@wrong(
    "train_linear",
    hint="You train for one epoch too many. range(epochs) has `epochs` numbers, beginning with 0.",
)
def one_epoch_too_many(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    settings = _named(more, options)
    epochs = settings["epochs"] + 1
    return _trained(settings, loss, X, labels, num_classes, rng, epochs=epochs)


@wrong(
    "train_linear",
    hint="You train for one epoch too few: range(1, epochs) leaves one out.",
)
def one_epoch_too_few(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    settings = _named(more, options)
    epochs = settings["epochs"] - 1
    return _trained(settings, loss, X, labels, num_classes, rng, epochs=epochs)


@wrong(
    "train_linear",
    hint="b stays at 0 in your training. It is moved as W is, by learning_rate dL/db.",
)
def bias_not_trained(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    def without(W: Any, b: Any, X: Any, labels: Any) -> Any:
        value, dW, db = loss(W, b, X, labels)
        return value, dW, np.zeros_like(db)

    return _trained(_named(more, options), without, X, labels, num_classes, rng)


@wrong(
    "train_linear",
    hint="You move W by the data first, and take the penalty of what has become of it. Both gradients "
    "belong to the W before the update.",
)
def penalty_of_the_moved(
    loss: Loss, X: Vectors, labels: Labels, num_classes: int, rng: Any, *values: Any, **options: Any
) -> Trained:
    settings = _named(values, options)
    rate, decay = settings["learning_rate"], settings["weight_decay"]
    W, b = np.zeros((num_classes, X.shape[1])), np.zeros(num_classes)
    history = []
    for order in _permutations(rng, len(X), settings["epochs"]):
        for first in range(0, len(X), settings["batch_size"]):
            batch = order[first : first + settings["batch_size"]]
            value, dW, db = loss(W, b, X[batch], labels[batch])
            history.append(value + decay * float((W**2).sum()))
            W, b = W - rate * dW, b - rate * db
            W = W - rate * 2.0 * decay * W
    return W, b, np.array(history)


@wrong(
    "train_linear",
    hint="You shuffle the arrays that you are given. Leave them as they are, and take their rows by "
    "the order of the epoch.",
    minor=True,
)
def examples_moved(
    loss: Loss, X: Vectors, labels: Labels, num_classes: int, rng: Any, *values: Any, **options: Any
) -> Trained:
    found = reference.train_linear(loss, X, labels, num_classes, rng, *values, **options)
    X[:] = np.roll(X, 1, axis=0)
    return found


@right("train_linear")
def with_while(
    loss: Loss,
    X: Any,
    labels: Any,
    num_classes: int,
    rng: Any,
    learning_rate: float = 0.1,
    weight_decay: float = 0.0,
    batch_size: int = 100,
    epochs: int = 10,
) -> Trained:
    W, b = np.zeros((num_classes, X.shape[1])), np.zeros((num_classes,))
    values, epoch = np.empty(0), 0
    while epoch < epochs:
        rest = rng.permutation(len(labels))
        while rest.size:
            batch, rest = rest[:batch_size], rest[batch_size:]
            value, dW, db = loss(W.copy(), b.copy(), X[batch], labels[batch])
            values = np.append(values, value + weight_decay * np.sum(W * W))
            W -= learning_rate * dW + 2 * learning_rate * weight_decay * W
            b -= learning_rate * db
        epoch += 1
    return W, b, values


@right("train_linear")
def all_batches_first(
    loss: Loss,
    X: Any,
    labels: Any,
    num_classes: int,
    rng: Any,
    learning_rate: float = 0.1,
    weight_decay: float = 0.0,
    batch_size: int = 100,
    epochs: int = 10,
) -> Trained:
    cuts = np.arange(batch_size, len(X), batch_size)
    batches = [part for _ in range(epochs) for part in np.split(rng.permutation(len(X)), cuts)]
    W, b = np.zeros((num_classes, X.shape[1])), np.zeros(num_classes)
    history = np.zeros(len(batches))
    for step, batch in enumerate(batches):
        history[step], dW, db = loss(W, b, X[batch], labels[batch])
        history[step] += weight_decay * np.square(W).sum()
        W = (1 - 2 * learning_rate * weight_decay) * W - learning_rate * dW
        b = b - learning_rate * db
    return W, b, history


@right("train_linear")
def shuffled_copies(
    loss: Loss,
    X: Any,
    labels: Any,
    num_classes: int,
    rng: Any,
    learning_rate: float = 0.1,
    weight_decay: float = 0.0,
    batch_size: int = 100,
    epochs: int = 10,
) -> Trained:
    n = X.shape[0]
    W, b, history = np.zeros((num_classes, X.shape[1])), np.zeros(num_classes), []
    for _ in range(epochs):
        order = rng.permutation(n)
        shuffled, named = X[order], labels[order]
        for k in range(math.ceil(n / batch_size)):
            part = slice(k * batch_size, min(n, (k + 1) * batch_size))
            value, dW, db = loss(W, b, shuffled[part], named[part])
            penalty, dR = reference.regularization(W, weight_decay, "l2")
            dW += dR
            history += [value + penalty]
            W, b = W - learning_rate * dW, b - learning_rate * db
    return W, b, np.asarray(history)


@right("train_linear")
def training_in_single_precision(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    start = np.zeros((num_classes, X.shape[1]), np.float32), np.zeros(num_classes, np.float32)

    def rounded(*arguments: Any) -> Any:
        value, dW, db = loss(*arguments)
        return value, dW.astype(np.float32), db.astype(np.float32)

    settings, examples = _named(more, options), X.astype(np.float32)
    W, b, history = _descend(rounded, examples, labels, num_classes, rng, settings, start=start)
    return W.astype(np.float64), b.astype(np.float64), history


@right("train_linear")
def sorted_batches(
    loss: Loss, X: Any, labels: Any, num_classes: int, rng: Any, *more: Any, **options: Any
) -> Trained:
    def sorted_first(W: Any, b: Any, X: Any, labels: Any) -> Any:
        # To a mean, the order within a batch is all the same.
        order = np.argsort(labels)
        return loss(W, b, X[order], labels[order])

    return _trained(_named(more, options), sorted_first, X, labels, num_classes, rng)


# --- search_hyper_parameters ----------------------------------------------------------------------

Fit = Callable[..., tuple[Weights, Bias]]
Examples = tuple[Vectors, Labels]
Chosen = tuple[Any, Any, Any]


def _share(W: Weights, b: Bias, examples: Examples) -> float:
    """Return the share of examples that are classified right; NaN and infinity are not noticed."""
    X, labels = examples
    return float(np.mean((X @ W.T + b).argmax(axis=1) == labels))


def _accuracy(W: Weights, b: Bias, examples: Examples) -> float:
    finite = np.isfinite(W).all() and np.isfinite(b).all()
    return _share(W, b, examples) if finite else 0.0


def _table(
    fit: Fit,
    training: Examples,
    validation: Examples,
    pairs: tuple[Any, Any],
    accuracy: Callable[[Weights, Bias, Examples], float] = _accuracy,
) -> Any:
    rates, decays = pairs
    return np.array(
        [[accuracy(*fit(*training, r, d), validation) for d in decays] for r in rates], float
    )


def _best(table: Any, rates: Any, decays: Any) -> Chosen:
    row, column = np.unravel_index(np.argmax(table), table.shape)
    return rates[row], decays[column], table


@wrong(
    "search_hyper_parameters",
    hint="You measure the accuracy on the training examples. Choose by the validation examples, which "
    "the training has not seen.",
)
def measured_in_training(
    fit: Fit, training: Any, validation: Any, rates: Any, decays: Any
) -> Chosen:
    return _best(_table(fit, training, training, (rates, decays)), rates, decays)


@wrong(
    "search_hyper_parameters",
    hint="You train on the validation examples. Train on the training examples, and keep the others for "
    "the choice.",
)
def trained_on_validation(
    fit: Fit, training: Any, validation: Any, rates: Any, decays: Any
) -> Chosen:
    return _best(_table(fit, validation, validation, (rates, decays)), rates, decays)


@wrong(
    "search_hyper_parameters",
    hint="You train on training and validation examples together. Then the validation says nothing: who "
    "has seen the examples knows them.",
)
def trained_on_both(fit: Fit, training: Any, validation: Any, rates: Any, decays: Any) -> Chosen:
    both = tuple(map(np.concatenate, zip(training, validation, strict=True)))
    return _best(_table(fit, both, validation, (rates, decays)), rates, decays)  # type: ignore[arg-type]


@wrong(
    "search_hyper_parameters",
    hint="You have exchanged the two sets: train on the training examples, choose by the validation "
    "examples.",
)
def sets_exchanged(fit: Fit, training: Any, validation: Any, rates: Any, decays: Any) -> Chosen:
    return _best(_table(fit, validation, training, (rates, decays)), rates, decays)


@wrong(
    "search_hyper_parameters",
    hint="Of equally good pairs you choose the last one. The first one wins: compare with >, not >=.",
    minor=True,
)
def last_of_the_best(fit: Fit, training: Any, validation: Any, rates: Any, decays: Any) -> Chosen:
    table = _table(fit, training, validation, (rates, decays))
    row, column = np.argwhere(table == table.max())[-1]
    return rates[row], decays[column], table


@wrong(
    "search_hyper_parameters",
    hint="Of equally good pairs you choose the first one column by column. The order is that of the table "
    "row by row: the learning rates outside, the weight decays inside.",
    minor=True,
)
def first_by_columns(fit: Fit, training: Any, validation: Any, rates: Any, decays: Any) -> Chosen:
    table = _table(fit, training, validation, (rates, decays))
    column, row = np.unravel_index(table.T.argmax(), table.T.shape)
    return rates[row], decays[column], table


@wrong(
    "search_hyper_parameters",
    hint="Your table is transposed: a row belongs to a learning rate, a column to a weight decay.",
)
def table_transposed(fit: Fit, training: Any, validation: Any, rates: Any, decays: Any) -> Chosen:
    rate, decay, table = _searched(fit, training, validation, rates, decays)
    return rate, decay, table.T.copy()


def _searched(fit: Fit, *arguments: Any) -> Chosen:
    return reference.search_hyper_parameters(fit, *arguments)


@wrong(
    "search_hyper_parameters",
    hint="You return the places of the best pair in the table. Its learning rate and weight decay are due.",
)
def places_returned(fit: Fit, training: Any, validation: Any, rates: Any, decays: Any) -> Chosen:
    table = _searched(fit, training, validation, rates, decays)[2]
    row, column = np.unravel_index(table.argmax(), table.shape)
    return int(row), int(column), table


@wrong(
    "search_hyper_parameters",
    hint="To argmax, scores of NaN look like class 0. Look whether W and b are finite, and count the "
    "accuracy as 0 if not.",
    minor=True,
)
def diverged_is_class_zero(
    fit: Fit, training: Any, validation: Any, rates: Any, decays: Any
) -> Chosen:
    return _best(_table(fit, training, validation, (rates, decays), _share), rates, decays)


@wrong(
    "search_hyper_parameters",
    hint="A training that diverged has the accuracy NaN in your table, and NaN wins in argmax. Its accuracy "
    "is 0.",
    minor=True,
)
def diverged_wins(fit: Fit, training: Any, validation: Any, rates: Any, decays: Any) -> Chosen:
    def accuracy(W: Any, b: Any, examples: Any) -> float:
        finite = np.isfinite(W).all() and np.isfinite(b).all()
        return _share(W, b, examples) if finite else math.nan

    return _best(_table(fit, training, validation, (rates, decays), accuracy), rates, decays)


@wrong(
    "search_hyper_parameters",
    hint="You look at W alone. A training has diverged as well if b is not finite.",
    minor=True,
)
def only_weights_looked_at(
    fit: Fit, training: Any, validation: Any, rates: Any, decays: Any
) -> Chosen:
    def accuracy(W: Any, b: Any, examples: Any) -> float:
        return _share(W, b, examples) if np.isfinite(W).all() else 0.0

    return _best(_table(fit, training, validation, (rates, decays), accuracy), rates, decays)


@wrong(
    "search_hyper_parameters",
    hint="You look for NaN alone. A training has diverged as well if a number is infinite.",
    minor=True,
)
def only_nan_looked_for(
    fit: Fit, training: Any, validation: Any, rates: Any, decays: Any
) -> Chosen:
    def accuracy(W: Any, b: Any, examples: Any) -> float:
        return 0.0 if np.isnan(W).any() or np.isnan(b).any() else _share(W, b, examples)

    return _best(_table(fit, training, validation, (rates, decays), accuracy), rates, decays)


@wrong(
    "search_hyper_parameters",
    hint="You choose the pair with the lowest accuracy. The highest is the best.",
)
def lowest_wins(fit: Fit, training: Any, validation: Any, rates: Any, decays: Any) -> Chosen:
    table = _table(fit, training, validation, (rates, decays))
    return (*_best(-table, rates, decays)[:2], table)


@wrong(
    "search_hyper_parameters",
    hint="You fill the table with errors and choose the largest. It holds accuracies.",
)
def errors_in_the_table(
    fit: Fit, training: Any, validation: Any, rates: Any, decays: Any
) -> Chosen:
    return _best(1.0 - _table(fit, training, validation, (rates, decays)), rates, decays)


@wrong(
    "search_hyper_parameters",
    hint="You return the weight decay first. The order is learning rate, weight decay, table.",
)
def decay_first(fit: Fit, training: Any, validation: Any, rates: Any, decays: Any) -> Chosen:
    rate, decay, table = _searched(fit, training, validation, rates, decays)
    return decay, rate, table


@wrong(
    "search_hyper_parameters",
    hint="You call fit with the weight decay before the learning rate. It takes (X, labels, learning_rate, "
    "weight_decay).",
)
def fitted_the_wrong_way(
    fit: Fit, training: Any, validation: Any, rates: Any, decays: Any
) -> Chosen:
    def exchanged(X: Any, labels: Any, rate: float, decay: float) -> Any:
        return fit(X, labels, decay, rate)

    return _searched(exchanged, training, validation, rates, decays)


@wrong(
    "search_hyper_parameters",
    hint="You look for the best learning rate first, then for the best weight decay with that one. The two "
    "depend on each other: try every pair.",
)
def one_after_the_other(
    fit: Fit, training: Any, validation: Any, rates: Any, decays: Any
) -> Chosen:
    table = np.zeros((len(rates), len(decays)))
    for i, rate in enumerate(rates):
        table[i, 0] = _accuracy(*fit(*training, rate, decays[0]), validation)
    row = int(table[:, 0].argmax())
    for j, decay in enumerate(decays[1:], 1):
        table[row, j] = _accuracy(*fit(*training, rates[row], decay), validation)
    return _best(table, rates, decays)


@wrong(
    "search_hyper_parameters",
    hint="You pair the first learning rate with the first weight decay, the second with the second. Every "
    "learning rate is tried with every weight decay.",
)
def only_the_diagonal(fit: Fit, training: Any, validation: Any, rates: Any, decays: Any) -> Chosen:
    table = np.zeros((len(rates), len(decays)))
    for i, (rate, decay) in enumerate(zip(rates, decays, strict=False)):
        table[i, i] = _accuracy(*fit(*training, rate, decay), validation)
    return _best(table, rates, decays)


@wrong(
    "search_hyper_parameters",
    hint="You choose the learning rate and the weight decay that are best on average. The best pair is due: "
    "the largest number of the table.",
)
def best_on_average(fit: Fit, training: Any, validation: Any, rates: Any, decays: Any) -> Chosen:
    table = _table(fit, training, validation, (rates, decays))
    return rates[table.mean(axis=1).argmax()], decays[table.mean(axis=0).argmax()], table


@wrong(
    "search_hyper_parameters",
    hint="Your scores are without the bias: they are W x + b.",
)
def searched_without_bias(
    fit: Fit, training: Any, validation: Any, rates: Any, decays: Any
) -> Chosen:
    def accuracy(W: Any, b: Any, examples: Any) -> float:
        return 0.0 if not np.isfinite(b).all() else _accuracy(W, np.zeros_like(b), examples)

    return _best(_table(fit, training, validation, (rates, decays), accuracy), rates, decays)


@wrong(
    "search_hyper_parameters",
    hint="You take the argmax over the examples. Every example has its class with the highest score: the "
    "argmax over the columns, axis=1.",
)
def best_example_of_a_class(
    fit: Fit, training: Any, validation: Any, rates: Any, decays: Any
) -> Chosen:
    def accuracy(W: Any, b: Any, examples: Any) -> float:
        X, labels = examples
        return float(np.mean((X @ W.T + b).argmax(axis=0) == labels))

    return _best(_table(fit, training, validation, (rates, decays), accuracy), rates, decays)


@wrong(
    "search_hyper_parameters",
    hint="Your table holds numbers of examples. An accuracy is their share: divide by the number of "
    "validation examples.",
)
def hits_counted(fit: Fit, training: Any, validation: Any, rates: Any, decays: Any) -> Chosen:
    rate, decay, table = _searched(fit, training, validation, rates, decays)
    return rate, decay, table * len(validation[1])


@wrong(
    "search_hyper_parameters",
    hint="You train every pair more than once. Keep W and b of the call: a training takes long.",
    minor=True,
)
def trained_twice(fit: Fit, training: Any, validation: Any, rates: Any, decays: Any) -> Chosen:
    def again(*arguments: Any) -> Any:
        return fit(*arguments)[0], fit(*arguments)[1]

    return _searched(again, training, validation, rates, decays)


@right("search_hyper_parameters")
def best_so_far(
    fit: Fit,
    training: Any,
    validation: Any,
    learning_rates: Any,
    weight_decays: Any,
) -> Chosen:
    X, labels = validation
    table = np.full((len(learning_rates), len(weight_decays)), 0.0)
    best: Chosen = (-1.0, None, None)
    for place in np.ndindex(*table.shape):
        rate, decay = learning_rates[place[0]], weight_decays[place[1]]
        W, b = fit(X=training[0], labels=training[1], learning_rate=rate, weight_decay=decay)
        if not (np.isnan(W).any() or np.isinf(W).any() or not np.all(np.isfinite(b))):
            hits = sum(int(np.argmax(W @ x + b) == y) for x, y in zip(X, labels, strict=True))
            table[place] = hits / len(labels)
        if table[place] > best[0]:
            best = table[place], rate, decay
    return best[1], best[2], table


@right("search_hyper_parameters")
def sum_of_all_is_finite(
    fit: Fit, training: Any, validation: Any, learning_rates: Any, weight_decays: Any
) -> Chosen:
    def accuracy(pair: tuple[float, float]) -> float:
        W, b = fit(*training, *pair)
        if not math.isfinite(np.abs(W).sum() + np.abs(b).sum()):
            return 0
        return float(
            np.average(np.argmax(W @ validation[0].T + b[:, None], axis=0) == validation[1])
        )

    pairs = [(rate, decay) for rate in learning_rates for decay in weight_decays]
    accuracies = {pair: accuracy(pair) for pair in pairs}
    best = max(pairs, key=lambda pair: accuracies[pair])
    shape = len(learning_rates), len(weight_decays)
    return *best, np.array([*accuracies.values()], dtype=float).reshape(shape)


@right("search_hyper_parameters")
def columns_first(
    fit: Fit, training: Any, validation: Any, learning_rates: Any, weight_decays: Any
) -> Chosen:
    columns = []
    for decay in weight_decays:
        fitted = [fit(*training, rate, decay) for rate in learning_rates]
        columns.append([_accuracy(W, b, validation) for W, b in fitted])
    table = np.array(columns, dtype=np.float64).T
    row = int(np.argmax(table.max(axis=1)))
    return learning_rates[row], weight_decays[int(np.argmax(table[row]))], table


@right("search_hyper_parameters")
def with_the_earlier_answer(
    fit: Fit, training: Any, validation: Any, learning_rates: Any, weight_decays: Any
) -> Chosen:
    grid = np.array(np.meshgrid(learning_rates, weight_decays, indexing="ij")).reshape(2, -1).T
    shares = np.zeros(len(grid))
    for k, (rate, decay) in enumerate(grid):
        W, b = fit(training[0], training[1], rate, decay)
        scores = reference.linear_scores(W, b, validation[0])
        # A number that is not finite leaves no score of its class finite.
        if np.isfinite([scores.sum(), W.sum(), b.sum()]).all():
            shares[k] = np.count_nonzero(scores.argmax(1) == validation[1]) / scores.shape[0]
    rate, decay = grid[shares.argmax()]
    return rate, decay, shares.reshape(len(learning_rates), -1)


@right("search_hyper_parameters")
def scores_in_single_precision(
    fit: Fit, training: Any, validation: Any, learning_rates: Any, weight_decays: Any
) -> Chosen:
    def rounded(*arguments: Any) -> Any:
        W, b = fit(*arguments)
        return W.astype(np.float32), b.astype(np.float32)

    sets = training, (validation[0].astype(np.float32), validation[1])
    return _searched(rounded, *sets, learning_rates, weight_decays)
