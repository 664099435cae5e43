"""Hidden tests of the notebook perceptrons.

Oracles: torch, in float64, with its own losses, layers and autograd; scipy for the sigmoid; for
central differences the exact ones of a polynomial; for Rosenblatt's rule scikit-learn's perceptron
and a loop in fractions. Where a threshold decides, numbers are ones that single precision
holds, too.
"""

from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise, product
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from scipy import special
from sklearn.linear_model import Perceptron
from torch.nn import functional

from autograder.grading.student import Counted, Fresh, Student, StudentError
from autograder.hidden import (
    PermutingFrom,
    close,
    follows,
    hidden,
    holds,
    parts,
    replay,
    seed,
    unchanged,
)
from course_utils.reference import perceptrons as reference

# For arrays this small, waiting for other threads takes torch twenty times as long.
torch.set_num_threads(1)


def _on_a_grid(rng: Generator, *shape: int, most: int = 8) -> Any:
    """Draw quarters that are not 0, of magnitude up to `most` quarters."""
    return rng.choice([-1.0, 1.0], shape) * rng.integers(1, most + 1, shape) / 4.0


# --- perceptron_forward ---------------------------------------------------------------------------


def _totals(X: Any, w: Any) -> Any:
    weights = torch.tensor(w)
    return functional.linear(torch.tensor(X), weights[None, 1:], weights[:1])[:, 0].numpy()


@dataclass(frozen=True)
class _Activation:
    """An activation function that is nobody else's: bends, curves, decides, or is 0 at first."""

    kind: str
    number: float

    def __call__(self, a: Any) -> Any:
        if self.kind == "bend":
            return self.number * np.tanh(a / 3.0) + 0.2 * a
        if self.kind == "curve":
            return (a - self.number) ** 2 + 1.0
        if self.kind == "ramp":
            return 0.3 * np.maximum(a - self.number, 0.0)
        return np.where(np.asarray(a) > self.number, 2.0, -1.0)


def _perceptron(rng: Generator, n: int, d: int) -> tuple[Any, Any]:
    """Draw X and w; the bias is none of the weights, nor is it 0."""
    w = _on_a_grid(rng, d + 1)
    w[0] = rng.choice([-1.0, 1.0]) * (rng.integers(9, 13) / 4.0)
    return _on_a_grid(rng, n, d), w


_SIZES = ((4, 4), (6, 3), (3, 4), (2, 7), (50, 2))


@hidden("perceptron_forward", points=1.5, says="total_input of examples of many shapes")
def totals(student: Student, rng: Generator) -> None:
    for sizes in _SIZES:
        X, w = _perceptron(rng, *sizes)
        close(student.total_input(X, w), _totals(X, w))


@hidden(
    "perceptron_forward",
    points=1,
    says="total_input of a single example, of a single input; X and w stay as they were",
)
def totals_of_one(student: Student, rng: Generator) -> None:
    for sizes in ((1, 4), (5, 1), (1, 1), (7, 3)):
        X, w = _perceptron(rng, *sizes)
        close(unchanged(student.total_input, X, w), _totals(X, w))


@hidden(
    "perceptron_forward",
    points=1.5,
    says="the output, for activation functions of many kinds, also for large inputs",
)
@follows(total_input=reference.total_input)
def outputs(student: Student, rng: Generator) -> None:
    for sizes, scale in zip(_SIZES[:3], (1.0, 64.0, 1.0), strict=True):
        X, w = _perceptron(rng, *sizes)
        X *= scale
        # The first example's total is the smallest: there the ramp begins, at exactly 0.
        X = np.roll(X, -_totals(X, w).argmin(), axis=0)
        for kind in ("bend", "curve", "threshold", "ramp"):
            # Halfway between two totals that sixteenths can give.
            number = rng.integers(-8, 9) / 4.0 + 1.0 / 32.0
            activation = _Activation(kind, _totals(X, w).min() if kind == "ramp" else number)
            found = student.perceptron_forward(X, w, Counted(activation))
            close(found, activation(_totals(X, w)))


@hidden(
    "perceptron_forward",
    points=1,
    says="the output for a single example, for a single input; X and w stay as they were",
)
@follows(total_input=reference.total_input)
def outputs_of_one(student: Student, rng: Generator) -> None:
    for sizes in ((1, 4), (5, 1), (1, 1), (7, 3)):
        X, w = _perceptron(rng, *sizes)
        activation = _Activation("curve", rng.integers(2, 9) / 4.0)
        found = unchanged(student.perceptron_forward, X, w, Counted(activation))
        close(found, activation(_totals(X, w)))


# --- sigmoid --------------------------------------------------------------------------------------


@hidden("sigmoid", points=1.5, says="arrays of one, two and three axes")
def of_many_shapes(student: Student, rng: Generator) -> None:
    for shape in ((9,), (3, 4), (2, 1, 3), (1,)):
        a = rng.choice([-1.0, 1.0], shape) * rng.uniform(0.3, 4.0, shape)
        close(student.sigmoid(a), special.expit(a))


@hidden("sigmoid", points=1, says="numbers far from 0, up to +-1000, and 0")
def far_from_zero(student: Student, rng: Generator) -> None:
    near = rng.uniform(0.3, 4.0, 3)
    far = np.concatenate([[88.0, 90.0, 709.0, 711.0, 745.0, 1000.0], rng.uniform(5.0, 900.0, 6)])
    both = rng.permutation(np.concatenate([near, -near, far, -far, [0.0, 0.0]]))
    # In the last one, the mean is below 0.
    for a in (both, both.reshape(4, 8), far, -far, np.concatenate([far, -far - 1.0])):
        close(student.sigmoid(a), special.expit(a))


@hidden("sigmoid", points=0.5, says="the array given stays as it was")
def numbers_untouched(student: Student, rng: Generator) -> None:
    a = rng.choice([-1.0, 1.0], (3, 5)) * rng.uniform(0.3, 4.0, (3, 5))
    close(unchanged(student.sigmoid, a), special.expit(a))


# --- losses ---------------------------------------------------------------------------------------


def _torch_losses(y_hat: Any, y: Any) -> dict[str, Any]:
    """Return the losses of regression."""
    predicted, true = torch.tensor(y_hat), torch.tensor(y)
    return {
        "l1_loss": functional.l1_loss(predicted, true, reduction="none").numpy(),
        "l2_loss": functional.mse_loss(predicted, true, reduction="none").numpy(),
    }


def _hinge(y_hat: Any, signs: Any) -> Any:
    """Return the hinge loss: what is missing to a margin of 1."""
    predicted = torch.tensor(y_hat)
    ranked = predicted, torch.zeros_like(predicted), torch.tensor(signs)
    return functional.margin_ranking_loss(*ranked, margin=1.0, reduction="none").numpy()


def _regression(rng: Generator, n: int, scale: float = 1.0) -> tuple[Any, Any]:
    """Draw predictions and what is true: too much and too little, of one sign and of two.

    None is right, and no difference is 1 or 2. `scale` is by how much all numbers are larger.
    """
    signs = scale * rng.choice([-1.0, 1.0]) * np.resize([1.0, 1.0, -1.0, -1.0], n)
    y_hat = signs * rng.integers(1, 9, n) / 4.0
    return y_hat, y_hat - signs * np.resize([2.25, -0.25, 0.75, -1.5, 3.5, -2.25], n)


def _classification(rng: Generator, n: int) -> tuple[Any, Any]:
    """Draw predictions and signs: some win by far, some by less than 1, some lose."""
    leads = np.resize([3.25, 0.25, -0.5, 0.75, -2.25, 1.5], n) + rng.integers(0, 2, n) / 16.0
    signs = rng.permutation(np.resize([1, -1], n))
    order = rng.permutation(n)
    return (signs * leads)[order], signs[order]


_NUMBERS = (12, 7)
"""How many predictions there are."""
_SCALES = ((12, 1.0), (7, 32.0))
"""How many there are, and by how much the numbers are larger than usual."""
_LITTLE = 2.0**-20
"""A difference that single precision still holds, of numbers up to 8."""


@hidden("losses", points=0.75, says="the L1 loss of small and of large errors")
def absolute_losses(student: Student, rng: Generator) -> None:
    for n, scale in _SCALES:
        pair = _regression(rng, n, scale)
        close(student.l1_loss(*pair), _torch_losses(*pair)["l1_loss"])


@hidden("losses", points=0.75, says="the L2 loss of small and of large errors")
def squared_losses(student: Student, rng: Generator) -> None:
    for n, scale in _SCALES:
        pair = _regression(rng, n, scale)
        close(student.l2_loss(*pair), _torch_losses(*pair)["l2_loss"])


@hidden(
    "losses",
    points=0.75,
    says="the zero-one loss, of labels and of other numbers, however little they differ",
)
def zero_one_losses(student: Student, rng: Generator) -> None:
    for n in _NUMBERS:
        for off_by in ([-0.25, 0.25, -2.0, 3.5], [-_LITTLE, _LITTLE]):
            y_hat, y, expected = _some_right(rng, n, off_by)
            close(student.zero_one_loss(y_hat, y), expected)
        y_hat = rng.permutation(np.resize([1.0, -1.0], n))
        flips = rng.permutation(np.resize([1.0, -1.0, 1.0], n))
        close(student.zero_one_loss(y_hat, y_hat * flips), (1.0 - flips) / 2.0)


def _some_right(rng: Generator, n: int, off_by: list[float]) -> tuple[Any, Any, Any]:
    """Draw predictions, what is true, and 1 where they differ; every third is right."""
    y = _on_a_grid(rng, n)
    wrong = rng.permutation(np.resize([1.0, 0.0, 1.0], n))
    return y + wrong * rng.choice(off_by, n), y, wrong


@hidden("losses", points=0.75, says="the hinge loss, of labels -1 and +1")
def hinge_losses(student: Student, rng: Generator) -> None:
    for n in _NUMBERS:
        pair = _classification(rng, n)
        close(student.hinge_loss(*pair), _hinge(*pair))


@hidden(
    "losses",
    points=1,
    says="all four: exact hits, a single prediction; y_hat and y stay as they were",
)
def losses_at_edges(student: Student, rng: Generator) -> None:
    for n in (9, 1):
        pair = _regression(rng, n)
        # Of nine, the first four are right.
        pair[1][: n // 2] = pair[0][: n // 2]
        for name, expected in _torch_losses(*pair).items():
            close(unchanged(getattr(student, name), *pair), expected)
    for off_by in ([0.25, 1.0], [-1.0, 5.0]):
        y_hat, y, expected = _some_right(rng, 8, off_by)
        close(unchanged(student.zero_one_loss, y_hat, y), expected)
    lone = _on_a_grid(rng, 1)
    close(student.zero_one_loss(lone, lone + 0.25), np.ones(1))
    y_hat, signs = _classification(rng, 9)
    y_hat[:2], signs[:2] = [1.0, -1.0], [1, -1]
    y_hat[2:7] = [0.0, 0.0, 3.25 * signs[4], -0.5 * signs[5], 0.25 * signs[6]]
    for pair in ((y_hat, signs), (y_hat[-1:], signs[-1:]), (np.array([0.25]), np.array([-1]))):
        close(unchanged(student.hinge_loss, *pair), _hinge(*pair))


@replay("losses")
def printed(l1_loss: Any, l2_loss: Any, zero_one_loss: Any, hinge_loss: Any) -> None:
    # Quarters: their squares have four decimals, and nothing is rounded.
    y_hat = np.array([1.75, -0.5, 2.0, -3.25, 0.25, 4.5])
    y = np.array([1.25, 1.0, 2.0, -2.75, -1.75, 0.75])
    signs = np.array([1, -1, 1, 1, -1, 1])
    hits = np.where(signs > 0, y, y_hat)
    for name, losses in (
        ("L1", l1_loss(y_hat, y)),
        ("L2", l2_loss(y_hat, y)),
        ("zero-one", zero_one_loss(y_hat, hits)),
        ("hinge", hinge_loss(y_hat, signs)),
    ):
        # Nothing is printed as -0.0.
        print(name, (np.round(losses, 4) + 0.0).tolist())


# --- loss_derivatives -----------------------------------------------------------------------------


def _slopes(loss: Any, y_hat: Any, y: Any) -> Any:
    """Return the derivative of a loss with respect to each prediction, by autograd.

    Torch's own losses have slope 0 at their kinks, as is due.
    """
    predicted = torch.tensor(y_hat, requires_grad=True)
    value = loss(predicted, torch.tensor(y)).sum()
    return torch.autograd.grad(value, predicted)[0].numpy()


def _l1(y_hat: Any, y: Any) -> Any:
    return functional.l1_loss(y_hat, y, reduction="sum")


def _l2(y_hat: Any, y: Any) -> Any:
    return functional.mse_loss(y_hat, y, reduction="sum")


def _margins(y_hat: Any, y: Any) -> Any:
    return functional.relu(1.0 - y * y_hat)


def _differences(loss: Any, y_hat: Any, y: Any) -> Any:
    """Return central differences of a loss; its kinks are more than a step away."""
    there, back, true = (torch.tensor(values) for values in (y_hat + 0.125, y_hat - 0.125, y))
    pairs = zip(there, back, true, strict=True)
    return np.array([float(loss(p, t) - loss(q, t)) / 0.25 for p, q, t in pairs])


def _same_slopes(found: Any, loss: Any, pair: tuple[Any, Any]) -> None:
    close(found, _slopes(loss, *pair))
    close(found, _differences(loss, *pair))


@hidden("loss_derivatives", points=1.25, says="the derivative of the L1 loss")
def slopes_of_l1(student: Student, rng: Generator) -> None:
    for n, scale in _SCALES:
        pair = _regression(rng, n, scale)
        _same_slopes(student.l1_derivative(*pair), _l1, pair)


@hidden("loss_derivatives", points=1.25, says="the derivative of the L2 loss")
def slopes_of_l2(student: Student, rng: Generator) -> None:
    for n, scale in _SCALES:
        pair = _regression(rng, n, scale)
        _same_slopes(student.l2_derivative(*pair), _l2, pair)


@hidden("loss_derivatives", points=1.25, says="the derivative of the hinge loss")
def slopes_of_hinge(student: Student, rng: Generator) -> None:
    for n in _NUMBERS:
        pair = _classification(rng, n)
        _same_slopes(student.hinge_derivative(*pair), _margins, pair)


@hidden(
    "loss_derivatives",
    points=1.25,
    says="all three: at and near kinks, for a single prediction; y_hat and y stay as they were",
)
def slopes_at_edges(student: Student, rng: Generator) -> None:
    for n in (9, 1):
        pair = _regression(rng, n)
        # Of nine, the first four are right.
        pair[1][: n // 2] = pair[0][: n // 2]
        for name, loss in (("l1_derivative", _l1), ("l2_derivative", _l2)):
            close(unchanged(getattr(student, name), *pair), _slopes(loss, *pair))
    y_hat, signs = _classification(rng, 9)
    y_hat[:2], signs[:2] = [1.0, -1.0], [1, -1]
    y_hat[2:7] = [0.0, 0.0, 3.25 * signs[4], -0.5 * signs[5], 0.25 * signs[6]]
    for pair in ((y_hat, signs), (y_hat[-1:], signs[-1:]), (np.array([0.25]), np.array([-1]))):
        close(unchanged(student.hinge_derivative, *pair), _slopes(_margins, *pair))
    off_by = np.resize([_LITTLE, -_LITTLE], 8)
    y = _on_a_grid(rng, 8)
    close(student.l1_derivative(y + off_by, y), np.sign(off_by))
    signs = np.resize([1, 1, -1, -1], 8)
    pair = signs * (1.0 + off_by), signs
    close(student.hinge_derivative(*pair), _slopes(_margins, *pair))


# --- numerical_derivative -------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cubic:
    """The sum of a w^3, plus the square of the sum of c w."""

    a: tuple[float, ...]
    c: tuple[float, ...]

    def __call__(self, w: Any) -> float:
        a, c = np.array(self.a), np.array(self.c)
        return float((a * w**3).sum() + (c * w).sum() ** 2)

    def difference(self, w: Any, knob: int, step: float) -> float:
        """Return the central difference, multiplied out: nothing is subtracted here."""
        a, c = self.a[knob], self.c[knob]
        slope = 3.0 * a * w[knob] ** 2 + 2.0 * c * (np.array(self.c) * w).sum()
        return float(slope + a * step**2)


@dataclass(frozen=True)
class _Wave:
    """A function of all numbers together, and no polynomial."""

    factors: tuple[float, ...]

    def __call__(self, w: Any) -> float:
        return float(self._value(torch.as_tensor(w, dtype=torch.float64)))

    def slopes(self, w: Any) -> Any:
        """Return the exact gradient."""
        place = torch.tensor(w, requires_grad=True)
        return torch.autograd.grad(self._value(place), place)[0].numpy()

    def _value(self, w: Any) -> Any:
        return torch.logsumexp(torch.tensor(self.factors, dtype=torch.float64) * torch.sin(w), 0)


def _factors(rng: Generator, d: int, most: int = 8) -> tuple[float, ...]:
    return tuple(_on_a_grid(rng, d, most=most).tolist())


def _cubic(rng: Generator, d: int, size: float = 1.0) -> _Cubic:
    return _Cubic(tuple(size * a for a in _factors(rng, d)), _factors(rng, d))


@hidden(
    "numerical_derivative",
    points=1.5,
    says="large steps, each of the knobs in turn; slopes that are small",
)
def large_steps(student: Student, rng: Generator) -> None:
    for d in (4, 1):
        function, w = _cubic(rng, d), _on_a_grid(rng, d)
        for knob in range(d):
            step = float(rng.choice([0.25, 0.75]))
            found = student.numerical_derivative(Counted(function), w, knob, step)
            close(found, function.difference(w, knob, step))
    # A step from one side of 0 to the other, two knobs that stand alike, and a slope that is not 0.
    function = _Cubic(tuple(1e-7 * a for a in _factors(rng, 3)), (0.0, 0.0, 0.0))
    w, step = np.abs(_on_a_grid(rng, 3)), 3.0
    w[2] = w[1]
    found = student.numerical_derivative(Counted(function), w, 1, step)
    close(found, function.difference(w, 1, step), atol=0.0)


@hidden("numerical_derivative", points=0.5, says="a small step, and the exact derivative")
def small_step(student: Student, rng: Generator) -> None:
    for knob in (0, 2, 4):
        function, w = _Wave(_factors(rng, 5)), rng.normal(size=5)
        found = student.numerical_derivative(Counted(function), w, knob, rng.uniform(1e-5, 1e-4))
        close(found, float(function.slopes(w)[knob]))


@hidden("numerical_derivative", points=0.5, says="the step that you take when none is named")
def usual_step(student: Student, rng: Generator) -> None:
    # Here the third derivative tells what the step was.
    function, w = _cubic(rng, 3, 1e9), 1e-5 * _on_a_grid(rng, 3)
    for knob in (0, 2):
        found = student.numerical_derivative(Counted(function), w, knob)
        close(found, function.difference(w, knob, 1e-5))


@hidden("numerical_derivative", points=1, says="the derivative; the array given stays as it was")
def knobs_untouched(student: Student, rng: Generator) -> None:
    # Who turns a knob of w itself, and turns it back, meets the same number: these are not rounded.
    function, w = _cubic(rng, 5), _on_a_grid(rng, 5)
    for knob in (1, 4):
        found = unchanged(student.numerical_derivative, Counted(function), w, knob, 0.25)
        close(found, function.difference(w, knob, 0.25))


@hidden("numerical_derivative", points=0.5, says="two calls of the function, however many knobs")
def called_twice(student: Student, rng: Generator) -> None:
    function, w = _cubic(rng, 20), _on_a_grid(rng, 20)
    counted = Counted(function)
    found = student.numerical_derivative(counted, w, 7, 0.25)
    close(found, function.difference(w, 7, 0.25))
    holds(counted.calls <= 2, "It calls the function more than twice")


# --- smallest_perceptron --------------------------------------------------------------------------


def _loss(w: Any, x: Any, y: float) -> float:
    """Return half the squared error of an example."""
    predicted, true = torch.tensor(np.dot(w, x)), torch.tensor(y, dtype=torch.float64)
    return functional.mse_loss(predicted, true).item() / 2.0


def _central_difference(w: Any, x: Any, y: float, turn: Any) -> float:
    """Return how much the loss changes from half a turn back to half a turn on.

    It is a parabola in each weight: this is its derivative, whatever the size of the step.
    """
    return _loss(w + turn / 2.0, x, y) - _loss(w - turn / 2.0, x, y)


def _slope(w: float, x: float, y: float) -> float:
    """Return dL/dw of half the squared error, by autograd."""
    weight = torch.tensor(w, dtype=torch.float64, requires_grad=True)
    value = functional.mse_loss(weight * x, torch.tensor(y, dtype=torch.float64)) / 2.0
    return float(torch.autograd.grad(value, weight)[0])


def _walked(x: Any, y: Any, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1) -> Any:
    """Return the weights on the way, with torch's gradients."""
    path = [w]
    for x_i, y_i in list(zip(x.tolist(), y.tolist(), strict=True)) * epochs:
        path.append(path[-1] - learning_rate * _slope(path[-1], x_i, y_i))
    return np.array(path)


def _line(rng: Generator, n: int) -> tuple[Any, Any]:
    """Draw inputs and outputs near a line; all inputs are different, and steps do not overshoot."""
    x = rng.choice([-1.0, 1.0], n) * rng.permutation(np.linspace(0.4, 1.6, n))
    return x, rng.choice([-1.0, 1.0]) * rng.uniform(1.0, 3.0) * x + rng.uniform(0.2, 0.8, n)


@hidden(
    "smallest_perceptron",
    points=2,
    says="the gradient, for predictions too high and too low, also for large inputs",
)
def smallest_gradients(student: Student, rng: Generator) -> None:
    for scale in (1.0, 1.0, 1.0, 1.0, 512.0):
        w, x, error = (float(value) for value in _on_a_grid(rng, 3, most=12))
        x, error = scale * x, scale * error
        # It predicts too much, and too little.
        for y in (w * x - error, w * x + error):
            found = student.smallest_gradient(w, x, y)
            close(found, _slope(w, x, y))
            close(found, _central_difference(w, x, y, 1.0))


@hidden("smallest_perceptron", points=1, says="the gradient where w, x, y or the loss is 0")
def smallest_gradients_at_zero(student: Student, rng: Generator) -> None:
    w, x, y = (float(value) for value in _on_a_grid(rng, 3, most=12))
    problems = [(0.0, x, y), (0.0, x, -y), (w, 0.0, y), (w, x, 0.0), (w, x, w * x)]
    for numbers in problems:
        close(student.smallest_gradient(*numbers), _slope(*numbers))


@hidden("smallest_perceptron", points=1.5, says="the weights of one epoch and of several")
@follows(smallest_gradient=reference.smallest_gradient)
def smallest_training(student: Student, rng: Generator) -> None:
    for n, epochs in ((6, 1), (5, 4)):
        options = rng.uniform(0.5, 2.0), rng.uniform(0.1, 0.3), epochs
        x, y = _line(rng, n)
        close(student.train_smallest(x, y, *options), _walked(x, y, *options))


@hidden("smallest_perceptron", points=0.5, says="everything left to its default, and each by name")
@follows(smallest_gradient=reference.smallest_gradient)
def smallest_defaults(student: Student, rng: Generator) -> None:
    named: list[dict[str, Any]] = [
        {},
        {"epochs": 3},
        {"w": rng.uniform(0.5, 2.0)},
        {"learning_rate": rng.uniform(0.2, 0.4)},
    ]
    for options in named:
        x, y = _line(rng, 5)
        close(student.train_smallest(x, y, **options), _walked(x, y, **options))


@hidden(
    "smallest_perceptron",
    points=0.5,
    says="steps that are too large, of size 0, of a single example, of an input of 0",
)
@follows(smallest_gradient=reference.smallest_gradient)
def smallest_steps(student: Student, rng: Generator) -> None:
    # The error is multiplied by -2 in every step.
    x, y, w = np.array([2.0]), _on_a_grid(rng, 1), rng.uniform(2.5, 4.0)
    for rate, epochs in ((0.75, 6), (0.0, 3), (0.25, 2)):
        close(student.train_smallest(x, y, w, rate, epochs), _walked(x, y, w, rate, epochs))
    x, y = _line(rng, 4)
    close(student.train_smallest(x, y, w, 0.0, 2), np.full(9, w))
    x[1] = 0.0
    close(student.train_smallest(x, y, w, 0.2, 1), _walked(x, y, w, 0.2, 1))


@hidden("smallest_perceptron", points=0.5, says="no epochs; x and y stay as they were")
@follows(smallest_gradient=reference.smallest_gradient)
def smallest_untouched(student: Student, rng: Generator) -> None:
    x, y = _line(rng, 5)
    w = rng.uniform(0.5, 2.0)
    close(unchanged(student.train_smallest, x, y, w, 0.25, 2), _walked(x, y, w, 0.25, 2))
    close(student.train_smallest(x, y, w, 0.25, 0), np.array([w]))


# --- second_smallest_perceptron -------------------------------------------------------------------


def _gradient(w: Any, x: Any, y: float) -> Any:
    """Return the gradient of half the squared error, by autograd."""
    weights = torch.tensor(w, requires_grad=True)
    loss = functional.mse_loss(torch.dot(weights, torch.tensor(x)), torch.tensor(y)) / 2.0
    return torch.autograd.grad(loss, weights)[0].numpy()


def _descended(
    X: Any, y: Any, w: Any, rng: Generator, learning_rate: float = 0.1, epochs: int = 1
) -> tuple[Any, Any]:
    """Return the weights at the end, with torch's gradients, and the losses on the way."""
    losses = []
    for _ in range(epochs):
        for i in rng.permutation(len(X)):
            losses.append(_loss(w, X[i], y[i]))
            w = w - learning_rate * _gradient(w, X[i], y[i])
    return w, np.array(losses)


def _plane(rng: Generator, n: int) -> tuple[Any, Any]:
    """Draw examples and outputs near a plane. The two inputs of an example differ."""
    X = rng.choice([-1.0, 1.0], (n, 2)) * rng.uniform([0.2, 0.9], [0.7, 1.4], (n, 2))
    weights = rng.choice([-1.0, 1.0], 2) * rng.uniform(1.0, 2.0, 2)
    return X, X @ weights + rng.choice([-1.0, 1.0], n) * rng.uniform(0.2, 0.6, n)


def _start(rng: Generator) -> Any:
    return rng.choice([-1.0, 1.0], 2) * rng.uniform(0.4, 1.2, 2)


def _order_matters(n: int, number: Any) -> bool:
    """Say whether the first two orders differ, and are not the given one, nor it backwards."""
    rng = number.generator()
    orders = [rng.permutation(n).tolist() for _ in range(2)]
    forwards = list(range(n))
    return orders[0] != orders[1] and all(o not in (forwards, forwards[::-1]) for o in orders)


def _shuffling(rng: Generator, n: int) -> Any:
    """Draw a generator to hand to the student whose permutations can be told from others."""
    number = seed(rng)
    while n > 2 and not _order_matters(n, number):
        number = seed(rng)
    return number


@hidden(
    "second_smallest_perceptron",
    points=2,
    says="the gradient, for predictions too high and too low",
)
def gradients_of_two(student: Student, rng: Generator) -> None:
    for _ in range(6):
        w, x = _start(rng), rng.choice([-1.0, 1.0], 2) * rng.uniform([0.3, 1.5], [1.2, 2.5])
        size = rng.uniform(4.0, 6.0)
        for y in (size, -size):
            found = student.second_smallest_gradient(w, x, y)
            close(found, _gradient(w, x, y))
            close(found, np.array([_central_difference(w, x, y, turn) for turn in np.eye(2)]))


@hidden(
    "second_smallest_perceptron",
    points=1,
    says="the gradient where a weight, an input or the loss is 0; w and x stay as they were",
)
def gradients_of_two_at_zero(student: Student, rng: Generator) -> None:
    w, x, y = _on_a_grid(rng, 2), np.array([0.75, -2.5]), 5.25
    problems = [
        (np.zeros(2), x, y),
        (w * [1.0, 0.0], x, y),
        (w, x * [0.0, 1.0], y),
        (w, x * [1.0, 0.0], -y),
        (w, x, float(w @ x)),
        (w, x, y),
    ]
    for problem in problems:
        close(unchanged(student.second_smallest_gradient, *problem), _gradient(*problem))


@hidden("second_smallest_perceptron", points=1, says="the weights after one epoch and several")
@follows(second_smallest_gradient=reference.second_smallest_gradient)
def trained_weights(student: Student, rng: Generator) -> None:
    for n, epochs in ((6, 1), (5, 3)):
        X, y = _plane(rng, n)
        w, number = _start(rng), _shuffling(rng, n)
        options = rng.uniform(0.1, 0.3), epochs
        found = parts(student.train_second_smallest(X, y, w, number, *options), 2)
        close(found[0], _descended(X, y, w, number.generator(), *options)[0])


@hidden("second_smallest_perceptron", points=1, says="the losses, one for each update")
@follows(second_smallest_gradient=reference.second_smallest_gradient)
def trained_losses(student: Student, rng: Generator) -> None:
    for n, epochs in ((6, 1), (5, 3)):
        X, y = _plane(rng, n)
        w, number = _start(rng), _shuffling(rng, n)
        options = rng.uniform(0.1, 0.3), epochs
        found = parts(student.train_second_smallest(X, y, w, number, *options), 2)
        close(found[1], _descended(X, y, w, number.generator(), *options)[1])


@hidden(
    "second_smallest_perceptron",
    points=0.5,
    says="everything left to its default, and each by name",
)
@follows(second_smallest_gradient=reference.second_smallest_gradient)
def trained_by_default(student: Student, rng: Generator) -> None:
    named: list[dict[str, Any]] = [
        {},
        {"epochs": 2},
        {"learning_rate": rng.uniform(0.2, 0.4)},
    ]
    for options in named:
        X, y = _plane(rng, 5)
        w, number = _start(rng), _shuffling(rng, 5)
        found = student.train_second_smallest(X, y, w, number, **options)
        close(parts(found, 2), _descended(X, y, w, number.generator(), **options))


@hidden(
    "second_smallest_perceptron",
    points=0.5,
    says="a single example, no step, no loss; one permutation an epoch; all stays as it was",
)
@follows(second_smallest_gradient=reference.second_smallest_gradient)
def trained_at_edges(student: Student, rng: Generator) -> None:
    for n, rate, epochs in ((1, 0.25, 3), (4, 0.0, 3), (5, 0.25, 2)):
        X, y = _plane(rng, n)
        w, number = _start(rng), _shuffling(rng, n)
        if rate == 0.0:
            # The loss of this example is 0, and stays so.
            y[0] = w @ X[0]
        found = unchanged(student.train_second_smallest, X, y, w, number, rate, epochs)
        close(parts(found, 2), _descended(X, y, w, number.generator(), rate, epochs))
    X, y = _plane(rng, 3)
    w = _start(rng)
    weights, losses = parts(student.train_second_smallest(X, y, w, seed(rng), 0.25, 0), 2)
    close(weights, w)
    holds(np.size(losses) == 0, "There are losses without epochs")
    # Who asks for something else, shuffling indices say, gets nothing here, and is not counted.
    asked = Fresh(PermutingFrom(seed(rng)), ("permutation",))
    with suppress(StudentError):
        student.train_second_smallest(X, y, w, asked, 0.25, 2)
        holds(asked.made.count <= 2, "It asks for more than one permutation an epoch")


# --- count_parameters -----------------------------------------------------------------------------


def _counted(sizes: Any) -> tuple[int, int, int]:
    """Count what torch's layers have; on the device `meta` they take no memory."""
    layers = [torch.nn.Linear(*pair, device="meta") for pair in pairwise(sizes)]
    neurons = sum(layer.bias.numel() for layer in layers)
    weights = sum(layer.weight.numel() for layer in layers)
    return neurons, weights, sum(p.numel() for layer in layers for p in layer.parameters())


def _sizes(rng: Generator, count: int) -> list[int]:
    """Draw sizes from 2 on that are all different."""
    return rng.permutation(np.arange(2, 2 + 2 * count))[:count].tolist()  # type: ignore[no-any-return]


@hidden("count_parameters", points=1.5, says="networks of two and more layers")
def counts_of_layers(student: Student, rng: Generator) -> None:
    for count in (3, 4, 6):
        sizes = _sizes(rng, count)
        close(student.count_parameters(tuple(sizes)), _counted(sizes))


@hidden("count_parameters", points=1, says="a single layer, a single neuron, layers of one neuron")
def counts_of_one(student: Student, rng: Generator) -> None:
    a, b, c = _sizes(rng, 3)
    for sizes in ((a, b), (c, 1), (1, 1), (a, 1, b, 1, c), (b, c, c, c, a)):
        close(student.count_parameters(sizes), _counted(sizes))


@hidden("count_parameters", points=1.5, says="large networks, also of many layers; sizes as a list")
def counts_of_many(student: Student, rng: Generator) -> None:
    for inputs, outputs, times in ((784, 10, 1), (9216, 1000, 1), (4096, 10, 200)):
        first, last = (int(size) for size in rng.integers(3500, 4097, 2))
        # The last network has more weights than a number of 32 bits can say.
        sizes = [inputs, *[first] * times, last, outputs]
        # A tolerance in proportion would forgive the biases of a layer.
        close(student.count_parameters(sizes), _counted(sizes), rtol=0.0, atol=0.5)


# --- perceptron_rule ------------------------------------------------------------------------------


def _rosenblatt(X: Any, y: Any, epochs: int = 100) -> tuple[Any, Any]:
    """Return weights and mistakes, calculated without rounding."""
    examples = [[Fraction(1), *map(Fraction, row)] for row in X.tolist()]
    w, mistakes = [Fraction(0)] * (X.shape[1] + 1), []
    for _ in range(epochs):
        wrong = 0
        for inputs, label in zip(examples, y.tolist(), strict=True):
            total = sum(p * q for p, q in zip(w, inputs, strict=True))
            if total == 0 or (total > 0) != (label > 0):
                w = [p + label * q for p, q in zip(w, inputs, strict=True)]
                wrong += 1
        mistakes.append(wrong)
        if wrong == 0:
            break
    return np.array(w, np.float64), np.array(mistakes)


def _separable(rng: Generator, n: int, d: int, least: int = 3) -> tuple[Any, Any]:
    """Draw examples that a plane separates, and that take some epochs to learn, not too many."""
    while True:
        X, w = _on_a_grid(rng, n, d), _on_a_grid(rng, d + 1)
        totals = X @ w[1:] + w[0]
        y = np.where(totals > 0.0, 1, -1)
        epochs = len(_rosenblatt(X, y)[1])
        if np.abs(totals).min() > 0.1 and np.ptp(y) > 0 and least <= epochs <= 30:
            return X, y


def _exclusive(rng: Generator) -> tuple[Any, Any]:
    """Draw the corners of a rectangle, in any order; opposite ones have the same label."""
    first, second = _on_a_grid(rng, 2), rng.integers(1, 9, 2) / 4.0
    corners = np.array(list(product((0, 1), repeat=2)))
    order = rng.permutation(4)
    labels = rng.choice([-1, 1]) * np.array([1, -1, -1, 1])
    return (first + corners * second)[order], labels[order]


@hidden("perceptron_rule", points=1.5, says="examples that a plane separates")
@follows(total_input=reference.total_input)
def separated(student: Student, rng: Generator) -> None:
    for *sizes, first in ((8, 2, 1), (12, 3, -1), (7, 5, 1)):
        X, y = _separable(rng, *sizes)
        # The first example, whose total input is 0, has either label.
        y *= first * y[0]
        due = _rosenblatt(X, y)
        close(student.perceptron_rule(X, y, len(due[1]) + 5), due)
        # With fewer epochs it ends before it is done.
        close(student.perceptron_rule(X, y, len(due[1]) - 1), _rosenblatt(X, y, len(due[1]) - 1))


@hidden("perceptron_rule", points=0.5, says="some examples come twice; compared with scikit-learn")
@follows(total_input=reference.total_input)
def compared_with_a_library(student: Student, rng: Generator) -> None:
    for n, d, epochs in ((9, 2, 4), (15, 4, 6)):
        X, y = _on_a_grid(rng, n, d), rng.permutation(np.resize([1, -1, -1], n))
        X, y = np.vstack([X, X[::2]]), np.concatenate([y, y[::2]])
        library = Perceptron(max_iter=epochs, tol=None, shuffle=False).fit(X, y)
        w, _ = parts(student.perceptron_rule(X, y, epochs), 2)
        close(w, np.concatenate([library.intercept_, library.coef_[0]]))


@hidden("perceptron_rule", points=1, says="XOR, on which it never ends by itself")
@follows(total_input=reference.total_input)
def never_separated(student: Student, rng: Generator) -> None:
    for epochs in (1, 7, 12, 110):
        X, y = _exclusive(rng)
        # What all four corners add to the weights can be nothing.
        while not _rosenblatt(X, y, epochs)[0].all():
            X, y = _exclusive(rng)
        close(student.perceptron_rule(X, y, epochs), _rosenblatt(X, y, epochs))


@hidden(
    "perceptron_rule", points=1, says="examples whose total input is 0, or near it, of both labels"
)
@follows(total_input=reference.total_input)
def totals_of_zero(student: Student, rng: Generator) -> None:
    for near, *labels in product((0.0, 2.0**-10), (1, -1), (1, -1)):
        x, more = _on_a_grid(rng, 2), _on_a_grid(rng, 4, 2)
        x[0] = rng.choice([-2.0, -1.0, -0.5, 0.5, 1.0, 2.0])
        # Before the first example all weights are 0; after it the second's total is 1 - 1 or a
        # little more, times the first label.
        X = np.vstack([x, [(near - 1.0) / x[0], 0.0], more])
        y = np.array([*labels, *rng.choice([-1, 1], 4)])
        close(student.perceptron_rule(X, y, 4), _rosenblatt(X, y, 4))


@hidden(
    "perceptron_rule",
    points=1,
    says="a single example, a single input, 100 epochs by default; X and y stay as they were",
)
@follows(total_input=reference.total_input)
def rule_at_edges(student: Student, rng: Generator) -> None:
    for sizes in ((6, 1), (9, 2)):
        X, y = _separable(rng, *sizes)
        close(unchanged(student.perceptron_rule, X, y), _rosenblatt(X, y))
    X, y = _on_a_grid(rng, 1, 3), rng.choice([-1, 1], 1)
    close(student.perceptron_rule(X, y), _rosenblatt(X, y))
    X, y = _exclusive(rng)
    close(student.perceptron_rule(X, y), _rosenblatt(X, y))
