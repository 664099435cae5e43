"""Hidden tests of the notebook linear_classifiers.

Oracles: torch, in float64, with its own losses and autograd; scikit-learn for accuracies; for
central differences the exact ones of a polynomial.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import torch
from numpy.random import Generator
from sklearn.metrics import accuracy_score
from torch.nn import functional

from autograder.grading.student import Counted, Fresh, Student, StudentError
from autograder.hidden import (
    PermutingFrom,
    close,
    follows,
    hidden,
    holds,
    parts,
    raises,
    replay,
    seed,
    unchanged,
)
from course_utils.reference import linear_classifiers as reference

# For matrices this small, waiting for other threads takes torch twenty times as long.
torch.set_num_threads(1)


def _classifier(rng: Generator, n: int, d: int, num_classes: int) -> tuple[Any, Any, Any, Any]:
    """Draw W, b, X and labels."""
    W, b = rng.normal(size=(num_classes, d)), rng.normal(size=num_classes)
    return W, b, rng.normal(size=(n, d)), _drawn(rng, n, num_classes)


def _drawn(rng: Generator, n: int, num_classes: int) -> Any:
    """Draw labels; one class, if there are more than two, has no example."""
    with_examples = num_classes - 1 if num_classes > 2 else num_classes
    return rng.permutation(num_classes)[rng.integers(0, with_examples, n)]


def _on_a_grid(rng: Generator, n: int, d: int, num_classes: int) -> tuple[Any, Any, Any, Any]:
    """Draw W, b, X and labels whose scores single precision holds, too.

    No two scores of an example are equal, nor do they differ by 1.
    """
    W = rng.integers(-6, 7, (num_classes, d)) / 4.0
    X = rng.integers(-4, 5, (n, d)) / 2.0
    b = rng.integers(-8, 9, num_classes) / 8.0 + np.arange(num_classes) / 64.0
    return W, b, X, rng.integers(0, num_classes, n)


def _scores(W: Any, b: Any, X: Any) -> Any:
    return functional.linear(*map(torch.as_tensor, (X, W, b))).numpy()


def _slopes(loss: Any, W: Any, b: Any, X: Any, labels: Any) -> tuple[float, Any, Any]:
    """Return a loss of scores and labels, and its gradients."""
    weights, bias = (torch.tensor(values, dtype=torch.float64) for values in (W, b))
    weights.requires_grad_()
    bias.requires_grad_()
    examples = torch.tensor(X, dtype=torch.float64)
    value = loss(functional.linear(examples, weights, bias), torch.tensor(labels))
    dW, db = torch.autograd.grad(value, (weights, bias))
    return value.item(), dW.numpy(), db.numpy()


def _softmax(*problem: Any) -> tuple[float, Any, Any]:
    return _slopes(functional.cross_entropy, *problem)


def _hinge(*problem: Any) -> tuple[float, Any, Any]:
    # What torch divides by the number of classes is a sum here.
    def loss(scores: Any, labels: Any) -> Any:
        return scores.shape[1] * functional.multi_margin_loss(scores, labels)

    return _slopes(loss, *problem)


# --- linear_scores --------------------------------------------------------------------------------


@hidden("linear_scores", points=1.5, says="as many examples as classes, and more or fewer of them")
def scores_of_many_shapes(student: Student, rng: Generator) -> None:
    for sizes in ((4, 4, 4), (3, 5, 3), (9, 4, 6), (2, 7, 5), (1_103, 3, 5)):
        W, b, X, _ = _classifier(rng, *sizes)
        close(student.linear_scores(W, b, X), _scores(W, b, X))


@hidden(
    "linear_scores",
    points=0.5,
    says="a single example, a single class; W, b and X stay as they were",
)
def scores_of_one(student: Student, rng: Generator) -> None:
    for sizes in ((1, 6, 4), (7, 3, 1), (5, 1, 2), (3, 3, 3)):
        W, b, X, _ = _classifier(rng, *sizes)
        close(unchanged(student.linear_scores, W, b, X), _scores(W, b, X))


@replay("linear_scores")
def printed(linear_scores: Any) -> None:
    W = (np.arange(12.0).reshape(4, 3) * 5 % 13 - 6) / 4
    b = np.array([0.5, -1.25, 2.0, 0.25])
    for n in (4, 2):
        X = (np.arange(3.0 * n).reshape(n, 3) * 7 % 11 - n) / 2
        # Nothing is printed as -0.0.
        print(n, (np.round(linear_scores(W, b, X), 4) + 0.0).tolist())


# --- softmax_loss ---------------------------------------------------------------------------------

_SIZES = ((9, 4, 3), (5, 6, 7), (6, 3, 6))
"""Examples, numbers of an example, classes."""


@hidden("softmax_loss", points=3, says="the loss of random examples, of few and of many classes")
@follows(linear_scores=reference.linear_scores)
def softmax_values(student: Student, rng: Generator) -> None:
    for sizes in (*_SIZES, (1, 3, 2), (40, 3, 300)):
        problem = _classifier(rng, *sizes)
        close(parts(student.softmax_loss(*problem), 3)[0], _softmax(*problem)[0])


@hidden("softmax_loss", points=3, says="the gradient with respect to W")
@follows(linear_scores=reference.linear_scores)
def softmax_weights(student: Student, rng: Generator) -> None:
    for sizes in _SIZES:
        problem = _classifier(rng, *sizes)
        close(parts(student.softmax_loss(*problem), 3)[1], _softmax(*problem)[1])


@hidden("softmax_loss", points=1.5, says="the gradient with respect to b")
@follows(linear_scores=reference.linear_scores)
def softmax_biases(student: Student, rng: Generator) -> None:
    for sizes in _SIZES:
        problem = _classifier(rng, *sizes)
        close(parts(student.softmax_loss(*problem), 3)[2], _softmax(*problem)[2])


@hidden("softmax_loss", points=1.5, says="scores of up to 10,000, positive and negative")
@follows(linear_scores=reference.linear_scores)
def softmax_of_large_scores(student: Student, rng: Generator) -> None:
    n, num_classes = 5, 4
    # All scores of an example are nearly the same; of the last problem, far from one another.
    large = [9_990.0, -9_990.0, 0.0, 40.0, -7_000.0]
    for levels in ([9_000.0] * n, [-9_000.0] * n, [708.0] * n, large, None):
        scores = rng.integers(-3, 4, (n, num_classes)).astype(np.float64)
        if levels is None:
            scores += rng.permuted(np.tile([9_000.0, -9_000.0, 0.0, 30.0], (n, 1)), axis=1)
        else:
            scores += np.array(levels)[:, np.newaxis]
        problem = _with_scores(rng, scores)
        close(parts(student.softmax_loss(*problem), 3), _softmax(*problem))


@hidden("softmax_loss", points=0.5, says="labels that are less and less likely")
@follows(linear_scores=reference.linear_scores)
def softmax_of_the_unlikely(student: Student, rng: Generator) -> None:
    # From 708 behind the best score on a probability has ever fewer digits, from 746 on none.
    behind = np.array([600.0, 712.0, 728.0, 744.0, 760.0])
    scores = np.zeros((5, 4))
    scores[np.arange(5), np.arange(5) % 4] = -behind
    W, b, X, _ = _with_scores(rng, scores)
    labels = np.arange(5) % 4
    close(parts(student.softmax_loss(W, b, X, labels), 3), _softmax(W, b, X, labels), rtol=1e-6)


def _with_scores(rng: Generator, scores: Any) -> tuple[Any, Any, Any, Any]:
    """Draw W, b, X and labels that have given scores, whole numbers, without rounding."""
    n, num_classes = scores.shape
    b = rng.integers(-3, 4, num_classes).astype(np.float64)
    stretch = rng.choice([-2.0, -1.0, 1.0, 2.0], n)
    return ((scores - b) / stretch[:, np.newaxis]).T.copy(), b, np.diag(stretch), _labels(rng, n)


def _labels(rng: Generator, n: int) -> Any:
    return rng.permutation(np.arange(n) % 4)


@hidden("softmax_loss", points=0.5, says="loss and gradients; W, b, X and labels stay as they were")
@follows(linear_scores=reference.linear_scores)
def softmax_untouched(student: Student, rng: Generator) -> None:
    problem = _classifier(rng, 8, 5, 4)
    close(parts(unchanged(student.softmax_loss, *problem), 3), _softmax(*problem))


# --- multiclass_hinge_loss ------------------------------------------------------------------------


@hidden(
    "multiclass_hinge_loss",
    points=3,
    says="the loss of random examples, of few and of many classes",
)
@follows(linear_scores=reference.linear_scores)
def hinge_values(student: Student, rng: Generator) -> None:
    for sizes in (*_SIZES, (1, 3, 2), (40, 3, 300)):
        problem = _on_a_grid(rng, *sizes)
        close(parts(student.multiclass_hinge_loss(*problem), 3)[0], _hinge(*problem)[0])


@hidden("multiclass_hinge_loss", points=3, says="the gradient with respect to W")
@follows(linear_scores=reference.linear_scores)
def hinge_weights(student: Student, rng: Generator) -> None:
    for sizes in _SIZES:
        problem = _on_a_grid(rng, *sizes)
        close(parts(student.multiclass_hinge_loss(*problem), 3)[1], _hinge(*problem)[1])


@hidden("multiclass_hinge_loss", points=1.5, says="the gradient with respect to b")
@follows(linear_scores=reference.linear_scores)
def hinge_biases(student: Student, rng: Generator) -> None:
    for sizes in _SIZES:
        problem = _on_a_grid(rng, *sizes)
        close(parts(student.multiclass_hinge_loss(*problem), 3)[2], _hinge(*problem)[2])


@hidden("multiclass_hinge_loss", points=0.5, says="terms that are exactly 0, and equal scores")
@follows(linear_scores=reference.linear_scores)
def hinge_kinks(student: Student, rng: Generator) -> None:
    n, num_classes = 12, 5
    # Whole numbers: some of the other scores are equal to the label's, some exactly 1 less.
    scores = rng.integers(-2, 2, (n, num_classes)).astype(np.float64)
    labels = rng.integers(0, num_classes, n)
    margins = scores - scores[np.arange(n), labels][:, np.newaxis] + 1.0
    for i, c in np.argwhere(margins == 0.0):
        # By the contract a term of 0 has no slope; a little below 0 torch agrees.
        scores[i, c] -= 1e-9
    given = np.round(scores)
    X, b, nothing = np.eye(n), np.zeros(num_classes), np.zeros((num_classes, n))
    close(parts(student.multiclass_hinge_loss(given.T.copy(), b, X, labels), 3),
          _hinge(scores.T.copy(), b, X, labels))  # fmt: skip
    close(parts(student.multiclass_hinge_loss(nothing, b, X, labels), 3),
          _hinge(nothing, b, X, labels))  # fmt: skip
    many = rng.integers(0, 200, n)
    W, b = np.zeros((200, n)), np.zeros(200)
    close(parts(student.multiclass_hinge_loss(W, b, X, many), 3), _hinge(W, b, X, many))


@hidden("multiclass_hinge_loss", points=1.5, says="labels that win by far, by less than 1, or lose")
@follows(linear_scores=reference.linear_scores)
def hinge_sides(student: Student, rng: Generator) -> None:
    for lead in (1_000.0, 0.5, -30.0):
        W, b, X, labels = _on_a_grid(rng, 6, 7, 4)
        # Each example has a number of its own, by which its label's score is raised.
        X[:, :6] = np.eye(6)
        scores = _scores(W, b, X)
        rivals = np.where(np.arange(4) == labels[:, np.newaxis], -np.inf, scores).max(axis=1)
        W[labels, np.arange(6)] += rivals - scores[np.arange(6), labels] + lead
        close(parts(student.multiclass_hinge_loss(W, b, X, labels), 3), _hinge(W, b, X, labels))


@hidden(
    "multiclass_hinge_loss",
    points=0.5,
    says="loss and gradients; W, b, X and labels stay as they were",
)
@follows(linear_scores=reference.linear_scores)
def hinge_untouched(student: Student, rng: Generator) -> None:
    problem = _on_a_grid(rng, 8, 5, 4)
    close(parts(unchanged(student.multiclass_hinge_loss, *problem), 3), _hinge(*problem))


# --- regularization -------------------------------------------------------------------------------


def _penalty(W: Any, weight_decay: float, kind: str) -> tuple[float, Any]:
    weights = torch.tensor(W, requires_grad=True)
    size = weights.pow(2).sum() if kind == "l2" else weights.abs().sum()
    value = weight_decay * size
    (gradient,) = torch.autograd.grad(value, weights)
    return value.item(), gradient.numpy()


def _weights(rng: Generator, *shape: int) -> Any:
    """Draw weights that are clearly not 0."""
    return rng.choice([-1.0, 1.0], shape) * rng.uniform(0.1, 2.0, shape)


@hidden("regularization", points=1, says="kind l2, named and by default")
def squares(student: Student, rng: Generator) -> None:
    for shape, named in (((3, 5), ("l2",)), ((4, 2), ()), ((1, 6), ("l2",))):
        W, weight_decay = _weights(rng, *shape), rng.uniform(0.1, 0.4)
        close(student.regularization(W, weight_decay, *named), _penalty(W, weight_decay, "l2"))


@hidden("regularization", points=1, says="kind l1, weights of both signs")
def magnitudes(student: Student, rng: Generator) -> None:
    for shape, size in (((3, 5), 1.0), ((4, 2), 1e-13), ((1, 6), 1e6)):
        W, weight_decay = size * _weights(rng, *shape), rng.uniform(0.1, 0.4)
        close(student.regularization(W, weight_decay, "l1"), _penalty(W, weight_decay, "l1"))


@hidden("regularization", points=0.5, says="weights of 0, a lambda of 0; W stays as it was")
def zeros(student: Student, rng: Generator) -> None:
    W = _weights(rng, 4, 3)
    W[rng.permutation(4)[:2], rng.permutation(3)[:2]] = 0.0
    for kind in ("l2", "l1"):
        for weight_decay in (0.0, rng.uniform(1.1, 3.0)):
            found = unchanged(student.regularization, W, weight_decay, kind)
            close(found, _penalty(W, weight_decay, kind))


@hidden("regularization", points=0.5, says="a kind that is neither of the two is refused")
def other_kinds(student: Student, rng: Generator) -> None:
    W = _weights(rng, 2, 3)
    for kind, weight_decay in (("l3", 0.1), ("none", 0.2), ("", 0.3), ("l0", 0.0)):
        raises("ValueError", student.regularization, W, weight_decay, kind)


# --- numerical_gradient ---------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cubic:
    """The sum of a x^3, plus the square of the sum of c x."""

    a: Any
    c: Any

    def __call__(self, x: Any) -> float:
        return float((self.a * x**3).sum() + (self.c * x).sum() ** 2)

    def differences(self, x: Any, step: float) -> Any:
        """Return the central differences, multiplied out."""
        return self.a * (3.0 * x**2 + step**2) + 2.0 * self.c * (self.c * x).sum()


@dataclass(frozen=True)
class _Wave:
    """A function of all numbers together, and no polynomial."""

    w: Any

    def __call__(self, x: Any) -> float:
        return float(self._value(torch.as_tensor(x, dtype=torch.float64)))

    def gradient(self, x: Any) -> Any:
        """Return the exact gradient."""
        place = torch.tensor(x, requires_grad=True)
        return torch.autograd.grad(self._value(place), place)[0].numpy()

    def _value(self, x: Any) -> Any:
        return torch.logsumexp((torch.as_tensor(self.w) * torch.sin(2.0 * x)).flatten(), 0)


@hidden("numerical_gradient", points=2, says="large steps, arrays of one, two and three axes")
def large_steps(student: Student, rng: Generator) -> None:
    for shape in ((5,), (3, 4), (2, 1, 3)):
        function = _Cubic(_weights(rng, *shape), _weights(rng, *shape))
        x, step = rng.normal(size=shape), rng.uniform(0.4, 0.9)
        found = student.numerical_gradient(Counted(function), x, step)
        close(found, function.differences(x, step))


@hidden("numerical_gradient", points=0.5, says="a small step, and the exact gradient")
def small_step(student: Student, rng: Generator) -> None:
    function, x = _Wave(_weights(rng, 4, 3)), rng.normal(size=(4, 3))
    found = student.numerical_gradient(Counted(function), x, rng.uniform(1e-5, 1e-4))
    close(found, function.gradient(x))
    # Slopes far below 1.
    small = _Cubic(1e-9 * _weights(rng, 2, 3), 1e-6 * _weights(rng, 2, 3))
    x, step = _weights(rng, 2, 3), rng.uniform(0.2, 0.4)
    found = student.numerical_gradient(Counted(small), x, step)
    close(found, small.differences(x, step), atol=1e-14)


@hidden("numerical_gradient", points=0.5, says="the step that you take when none is named")
def usual_step(student: Student, rng: Generator) -> None:
    # Here the third derivative tells what the step was.
    function = _Cubic(1e9 * _weights(rng, 2, 3), _weights(rng, 2, 3))
    x = 1e-5 * _weights(rng, 2, 3)
    close(student.numerical_gradient(Counted(function), x), function.differences(x, 1e-5))


@hidden("numerical_gradient", points=1, says="the gradient; the array given stays as it was")
def place_untouched(student: Student, rng: Generator) -> None:
    shape = (3, 5)
    function = _Cubic(_weights(rng, *shape), _weights(rng, *shape))
    x, step = rng.normal(size=shape), rng.uniform(0.4, 0.9)
    found = unchanged(student.numerical_gradient, Counted(function), x, step)
    close(found, function.differences(x, step))


# --- train_linear ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Loss:
    """The cross-entropy, which remembers the batches it was asked about."""

    batches: list[tuple[Any, Any]] = field(default_factory=list, repr=False, compare=False)

    def __call__(self, W: Any, b: Any, X: Any, labels: Any) -> tuple[float, Any, Any]:
        self.batches.append((X, labels))
        return _softmax(W, b, X, labels)


def _trained(
    X: Any,
    labels: Any,
    num_classes: int,
    rng: Generator,
    learning_rate: float = 0.1,
    weight_decay: float = 0.0,
    batch_size: int = 100,
    epochs: int = 10,
) -> tuple[Any, Any, Any]:
    """Return W, b and the history. The penalty is a part of what torch differentiates."""
    W = torch.zeros((num_classes, X.shape[1]), dtype=torch.float64, requires_grad=True)
    b = torch.zeros(num_classes, dtype=torch.float64, requires_grad=True)
    history = []
    for _ in range(epochs):
        for batch in np.array_split(rng.permutation(len(X)), range(batch_size, len(X), batch_size)):
            scores = functional.linear(torch.tensor(X[batch]), W, b)
            value = functional.cross_entropy(scores, torch.tensor(labels[batch]))
            value = value + weight_decay * W.square().sum()
            dW, db = torch.autograd.grad(value, (W, b))
            with torch.no_grad():
                W -= learning_rate * dW
                b -= learning_rate * db
            history.append(value.item())
    return W.detach().numpy(), b.detach().numpy(), np.array(history)


def _examples(rng: Generator, n: int, d: int, num_classes: int) -> tuple[Any, Any, int]:
    """Draw examples whose labels have to do with them; every class is there."""
    labels = rng.permutation(np.arange(n) % num_classes)
    X = rng.normal(size=(num_classes, d))[labels] + rng.normal(size=(n, d))
    return X, labels, num_classes


def _training(
    student: Student, rng: Generator, n: int, *, classes_more: int = 0, **options: Any
) -> tuple[Any, Any]:
    """Train on n examples of three classes; return what the student's function gives, and the due.

    Of `classes_more` further classes there are no examples.
    """
    X, labels, num_classes = _examples(rng, n, 4, 3)
    examples, generator = (X, labels, num_classes + classes_more), seed(rng)
    found = student.train_linear(Counted(_Loss()), *examples, generator, **options)
    return parts(found, 3), _trained(*examples, generator.generator(), **options)


@hidden("train_linear", points=1.5, says="W and b after some epochs, without weight decay")
@follows(regularization=reference.regularization)
def plain_training(student: Student, rng: Generator) -> None:
    options: dict[str, Any] = {"learning_rate": rng.uniform(0.1, 0.3), "batch_size": 5, "epochs": 3}
    found, expected = _training(student, rng, 15, **options)
    close(found[:2], expected[:2])


@hidden("train_linear", points=1.5, says="W and b with weight decay")
@follows(regularization=reference.regularization)
def decayed_training(student: Student, rng: Generator) -> None:
    options: dict[str, Any] = {
        "learning_rate": rng.uniform(0.1, 0.3),
        "weight_decay": rng.uniform(0.1, 0.3),
    }
    found, expected = _training(student, rng, 16, **options, batch_size=4, epochs=3)
    close(found[:2], expected[:2])


@hidden(
    "train_linear",
    points=2,
    says="a smaller last batch; fewer examples than a batch may have; classes without examples",
)
@follows(regularization=reference.regularization)
def ragged_training(student: Student, rng: Generator) -> None:
    options: dict[str, Any] = {
        "learning_rate": rng.uniform(0.1, 0.3),
        "weight_decay": rng.uniform(0.1, 0.3),
    }
    for n, batch_size, classes_more in ((14, 4, 0), (14, 4, 2), (6, 100, 0)):
        options |= {"batch_size": batch_size, "epochs": 3}
        found, expected = _training(student, rng, n, classes_more=classes_more, **options)
        close(found[:2], expected[:2])


@hidden("train_linear", points=1, says="the history of the loss, with weight decay")
@follows(regularization=reference.regularization)
def loss_history(student: Student, rng: Generator) -> None:
    options: dict[str, Any] = {
        "learning_rate": rng.uniform(0.1, 0.3),
        "weight_decay": rng.uniform(0.1, 0.3),
    }
    for n, epochs in ((11, 2), (8, 1)):
        found, expected = _training(student, rng, n, **options, batch_size=4, epochs=epochs)
        close(found[2], expected[2])


@dataclass(frozen=True)
class _Diverging:
    """A loss that is no number any more once W has moved far enough."""

    def __call__(self, W: Any, b: Any, X: Any, labels: Any) -> tuple[float, Any, Any]:
        far = float(np.abs(W).max())
        return (np.inf if far > 2.5 else far), -np.ones_like(W), np.zeros_like(b)


@hidden("train_linear", points=0.5, says="a training that diverges")
@follows(regularization=reference.regularization)
def diverging_training(student: Student, rng: Generator) -> None:
    X, labels, num_classes = _examples(rng, 12, 3, 3)
    found = student.train_linear(
        Counted(_Diverging()), X, labels, num_classes, seed(rng), 1.0, 0.0, 4, 2
    )
    # Each of the six updates adds 1 to every weight, whatever the loss is.
    history = np.array([0.0, 1.0, 2.0, np.inf, np.inf, np.inf])
    close(parts(found, 3), (np.full((3, 3), 6.0), np.zeros(3), history))


@hidden("train_linear", points=1, says="the batches that the loss is asked about")
@follows(regularization=reference.regularization)
def batches(student: Student, rng: Generator) -> None:
    X, labels, num_classes = _examples(rng, 14, 3, 4)
    # The first number of an example is its name.
    X[:, 0] = np.arange(14)
    loss, generator = _Loss(), seed(rng)
    options = 0.01, 0.1, 4, 3
    unchanged(student.train_linear, Counted(loss), X, labels, num_classes, generator, *options)
    orders = generator.generator()
    due = [
        sorted(map(int, batch))
        for _ in range(3)
        for batch in np.array_split(orders.permutation(14), (4, 8, 12))
    ]
    asked = [_names(batch, labels) for batch in loss.batches]
    # Whoever asks about a batch once more learns nothing wrong.
    kept = [names for i, names in enumerate(asked) if i == 0 or names != asked[i - 1]]
    holds(kept == due, "The batches are not those that the generator's permutations give")
    # Who asks for something else, shuffling indices say, gets nothing here, and is not counted.
    asked_for = Fresh(PermutingFrom(generator), ("permutation",))
    with suppress(StudentError):
        student.train_linear(Counted(_Loss()), X, labels, num_classes, asked_for, *options)
        holds(asked_for.made.count <= 3, "It asks for more than one permutation an epoch")


def _names(batch: tuple[Any, Any], labels: Any) -> list[int]:
    """Return which examples a batch has, after making sure that their labels are theirs."""
    names = batch[0][:, 0].round().astype(int)
    holds(np.array_equal(labels[names], batch[1]), "Examples and labels of a batch do not match")
    return sorted(names.tolist())


@hidden("train_linear", points=0.5, says="everything left to its default")
@follows(regularization=reference.regularization)
def default_training(student: Student, rng: Generator) -> None:
    found, expected = _training(student, rng, 130)
    close(found, expected)


# --- search_hyper_parameters ----------------------------------------------------------------------


@dataclass(frozen=True)
class _Fit:
    """Trains nothing: W and b are drawn, and depend on all that a training depends on.

    Parameters
    ----------
    number : other classifiers for another number.
    classes : how many there are.
    matters : what makes a difference: the two parameters, one of them, or their product.
    broken : what is not finite after a training with this pair: W, one number of it, or b.
    """

    number: int
    classes: int
    matters: Literal["both", "learning_rate", "weight_decay", "product"] = "both"
    broken: tuple[tuple[float, float, str], ...] = ()
    asked: list[tuple[float, float]] = field(default_factory=list, repr=False, compare=False)

    def __call__(
        self, X: Any, labels: Any, learning_rate: float, weight_decay: float
    ) -> tuple[Any, Any]:
        pair = float(learning_rate), float(weight_decay)
        self.asked.append(pair)
        rng = np.random.default_rng(self._key(X, labels, *pair))
        W, b, _, _ = _on_a_grid(rng, 1, X.shape[1], self.classes)
        for *where, what in self.broken:
            if np.allclose(where, pair, atol=0.0):
                _break(W, b, what)
        return W, b

    def _key(self, X: Any, labels: Any, learning_rate: float, weight_decay: float) -> list[int]:
        kept = {
            "both": (learning_rate, weight_decay),
            "learning_rate": (learning_rate,),
            "weight_decay": (weight_decay,),
            "product": (1000.0 * learning_rate * weight_decay,),
        }[self.matters]
        places = np.arange(1, len(X) + 1)
        sums = np.abs(8.0 * X).sum(axis=1) @ places, labels @ places
        return [self.number, *map(int, sums), *(round(1e6 * value) for value in kept)]


def _break(W: Any, b: Any, what: str) -> None:
    if what == "W":
        W[:] = np.nan
    elif what == "an entry":
        W[-1, 0] = np.inf
    else:
        b[0] = np.inf


def _searched(
    fit: _Fit,
    training: tuple[Any, Any],
    validation: tuple[Any, Any],
    rates: list[float],
    decays: list[float],
) -> tuple[float, float, Any]:
    X, labels = validation
    table = np.zeros((len(rates), len(decays)))
    best = -1.0, 0.0, 0.0
    for i, rate in enumerate(rates):
        for j, decay in enumerate(decays):
            W, b = fit(*training, rate, decay)
            if np.isfinite([*W.flat, *b]).all():
                table[i, j] = accuracy_score(labels, _scores(W, b, X).argmax(axis=1))
            if table[i, j] > best[0]:
                best = table[i, j], rate, decay
    return best[1], best[2], table


def _sets(rng: Generator, num_classes: int) -> tuple[Any, Any]:
    """Draw examples for training and others for validation, 37 and 450."""
    return tuple(_on_a_grid(rng, n, 3, num_classes)[2:] for n in (37, 450))  # type: ignore[return-value]


def _parameters(rng: Generator) -> tuple[list[float], list[float]]:
    """Draw learning rates and weight decays, in no order."""
    rates = rng.permutation(10.0 ** -np.arange(1, 5)) * rng.integers(1, 9)
    decays = rng.permutation(10.0 ** -np.arange(1, 4)) * rng.integers(1, 9)
    return rates.tolist(), decays.tolist()


def _fit(rng: Generator, num_classes: int, **options: Any) -> _Fit:
    return _Fit(int(rng.integers(2**31)), num_classes, **options)


@hidden("search_hyper_parameters", points=1.75, says="the choice, and the accuracies of all pairs")
@follows(linear_scores=reference.linear_scores)
def searched(student: Student, rng: Generator) -> None:
    for num_classes in (4, 3):
        sets, parameters = _sets(rng, num_classes), _parameters(rng)
        fit = _fit(rng, num_classes)
        found = student.search_hyper_parameters(Counted(fit), *sets, *parameters)
        close(found, _searched(fit, *sets, *parameters))


@hidden("search_hyper_parameters", points=0.75, says="pairs that are equally good")
@follows(linear_scores=reference.linear_scores)
def equally_good(student: Student, rng: Generator) -> None:
    for matters in ("learning_rate", "weight_decay", "product"):
        sets, (rates, decays) = _sets(rng, 3), map(sorted, _parameters(rng))
        # The two pairs whose product no other pair has cannot be the best.
        broken = (rates[0], decays[0], "W"), (rates[-1], decays[-1], "W")
        fit = _fit(rng, 3, matters=matters, broken=broken)
        found = student.search_hyper_parameters(Counted(fit), *sets, rates, decays)
        close(found, _searched(fit, *sets, rates, decays))


@hidden("search_hyper_parameters", points=0.25, says="pairs that differ by one example")
@follows(linear_scores=reference.linear_scores)
def hardly_better(student: Student, rng: Generator) -> None:
    # The weight is the learning rate: it is right about 200 + i of 450 examples.
    training, rates = (np.ones((2, 1)), np.array([0, 1])), [float(i) for i in range(1, 5)]
    X = np.where(np.arange(450) < 200, 1e3, -1e3)
    X[200:204] = [-1.5, -2.5, -3.5, -4.5]
    examples = X[:, np.newaxis], np.zeros(450, np.int64)
    order = rng.permutation(450)
    validation = examples[0][order], examples[1][order]
    found = student.search_hyper_parameters(
        Counted(_Threshold()), training, validation, rates, [0.5]
    )
    table = (200.0 + np.arange(4.0))[:, np.newaxis] / 450.0
    close(found, (4.0, 0.5, table))


@dataclass(frozen=True)
class _Threshold:
    """Trains nothing: what is above minus the learning rate is of class 0."""

    def __call__(
        self, X: Any, labels: Any, learning_rate: float, weight_decay: float
    ) -> tuple[Any, Any]:
        return np.array([[1.0], [0.0]]), np.array([learning_rate, 0.0])


@hidden("search_hyper_parameters", points=0.75, says="trainings that diverged")
@follows(linear_scores=reference.linear_scores)
def diverged(student: Student, rng: Generator) -> None:
    (rates, decays), (training, (X, labels)) = _parameters(rng), _sets(rng, 4)
    # Who always says 0 is right more often than anybody.
    labels[rng.permutation(450)[:400]] = 0
    pairs = [(rates[i], decays[j]) for i, j in ((0, 1), (1, 0), (2, 2), (3, 1))]
    whats = rng.permutation(["W", "W", "an entry", "b"]).tolist()
    broken = tuple((*pair, what) for pair, what in zip(pairs, whats, strict=True))
    everything = tuple((rate, decay, "W") for rate in rates for decay in decays)
    for chosen in (broken, everything):
        fit = _fit(rng, 4, broken=chosen)
        sets = training, (X, labels)
        found = student.search_hyper_parameters(Counted(fit), *sets, rates, decays)
        close(found, _searched(fit, *sets, rates, decays))


@hidden("search_hyper_parameters", points=0.5, says="every pair is tried once, a lone pair as well")
@follows(linear_scores=reference.linear_scores)
def tried_once(student: Student, rng: Generator) -> None:
    sets, (rates, decays) = _sets(rng, 3), _parameters(rng)
    for some in (rates, rates[:1]):
        fit = _fit(rng, 3)
        found = student.search_hyper_parameters(Counted(fit), *sets, some, decays[:2])
        asked = sorted(fit.asked)
        close(found, _searched(fit, *sets, some, decays[:2]))
        due = sorted((rate, decay) for rate in some for decay in decays[:2])
        once = len(asked) == len(due) and np.allclose(asked, due, atol=0.0)
        holds(once, "It does not try every pair once")
