"""Derivatives: the checker for notebooks, and the reference against it and against torch.autograd.

Everything is in float64. The curve of a training is the same, bit for bit, for the same seed.
"""

import copy
import html
import os
import re
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from torch.nn import functional

from course_utils.gradients import Comparison, compare
from course_utils.reference import multilayer_networks as networks
from course_utils.reference import perceptrons
from course_utils.types import Labels, Scores, Signal, Vectors

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)
FAR = 1e-3
"""No kink is nearer than that: farther than the steps of the differences."""

seeds = st.integers(0, 2**32 - 1)
sizes = st.integers(1, 6)
scales = st.sampled_from([0.01, 0.3, 1.0, 3.0])


def generator(draw: st.DrawFn) -> np.random.Generator:
    return np.random.default_rng(draw(seeds))


def leaf(values: Any) -> torch.Tensor:
    """Return a tensor in double precision by which torch differentiates."""
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def by_torch(value: torch.Tensor, *leaves: torch.Tensor) -> list[Any]:
    """Return the derivatives of a sum of numbers, as arrays."""
    return [gradient.numpy() for gradient in torch.autograd.grad(value.sum(), leaves)]


def assert_equal(found: Any, wanted: Any) -> None:
    """Compare derivatives that differ by rounding only."""
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.dtype == np.float64
    assert found.shape == wanted.shape
    largest = max(np.abs(wanted).max(initial=0.0), 1e-300)
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-12 * largest)


def assert_agrees(comparison: Comparison) -> None:
    """A right gradient agrees, and no kink is needed to excuse it."""
    assert comparison.agree, repr(comparison)
    assert not any(row.kinks for row in comparison.rows), repr(comparison)


# --- The checker ----------------------------------------------------------------------------------


def cubes(w: Signal) -> Callable[[], float]:
    """Return a smooth loss of w: the sum of cubes and of neighbours' products."""
    return lambda: float((w**3).sum() + (w[..., 1:] * w[..., :-1]).sum())


def slopes_of_cubes(w: Signal) -> Signal:
    slopes = 3.0 * w**2
    slopes[..., 1:] += w[..., :-1]
    slopes[..., :-1] += w[..., 1:]
    return slopes


@st.composite
def points(draw: st.DrawFn) -> Any:
    """Draw an array, of one to three axes, possibly not contiguous."""
    shape = draw(st_numpy.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=4))
    w = generator(draw).normal(0.0, draw(scales), shape)
    return np.moveaxis(w.copy(), range(w.ndim), range(w.ndim)[::-1]) if draw(st.booleans()) else w


@EXAMPLES
@given(points())
def test_a_right_gradient_agrees_and_parameters_are_put_back(w: Signal) -> None:
    before, gradient = w.copy(), slopes_of_cubes(w)
    kept = gradient.copy()
    comparison = compare(cubes(w), {"w": w}, {"w": gradient})
    assert_agrees(comparison)
    assert comparison.rows[0].tried == w.size
    assert w.tobytes() == before.tobytes()
    assert gradient.tobytes() == kept.tobytes()


@EXAMPLES
@given(points(), st.data(), st.floats(1e-3, 10.0), st.sampled_from([-1.0, 1.0]))
def test_a_wrong_entry_is_named_with_both_values(
    w: Signal, data: st.DataObject, by: float, sign: float
) -> None:
    gradient = slopes_of_cubes(w)
    place = tuple(data.draw(st.integers(0, side - 1)) for side in w.shape)
    right = gradient[place]
    gradient[place] += sign * by
    comparison = compare(cubes(w), {"w": w}, {"w": gradient})
    (row,) = comparison.rows
    assert not comparison.agree
    assert row.place == place
    assert row.gradient == gradient[place]
    assert row.difference == pytest.approx(right, rel=1e-6, abs=1e-7)
    assert f"w[{', '.join(map(str, place))}]" in repr(comparison)
    assert f"{gradient[place]:.6g}" in repr(comparison)


WRONG: dict[str, tuple[Callable[[Signal], Any], str]] = {
    "sign": (lambda right: -right, "-1 times the difference in all entries tried"),
    "sum for mean": (lambda right: 32.0 * right, "32 times the difference in all"),
    "forgotten": (np.zeros_like, "the gradient is 0 in all entries tried"),
    "little more": (lambda right: right * 1.0001, "1 times the difference in all"),
    "in a wrong order": (lambda right: np.roll(right, 1), "4 of 4 entries tried"),
    "not a number": (lambda right: np.where(right < 0.0, np.nan, right), "no finite number"),
    "infinite": (lambda right: np.where(right < 0.0, np.inf, right), "no finite number"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_gradients_differ_and_say_what_they_look_like(name: str) -> None:
    w = np.array([0.5, -1.0, 2.0, 0.7])
    make, remark = WRONG[name]
    comparison = compare(lambda: float((w**2).sum()), {"w": w}, {"w": make(2.0 * w)})
    assert not comparison.agree
    assert remark in comparison.rows[0].verdict
    if remark == "no finite number":
        assert comparison.rows[0].place == (1,)
        assert comparison.rows[0].difference == pytest.approx(-2.0)


def test_a_single_entry_tells_no_factor() -> None:
    w = np.array([0.0, 3.0])
    (row,) = compare(lambda: float(w @ w), {"w": w}, {"w": 3.0 * w}).rows
    assert row.verdict == "differs; 1 of 2 entries tried"


def test_a_loss_of_a_copy_is_found_out() -> None:
    W, b = np.ones((2, 3)), np.zeros(2)
    layer, X = networks.Linear(W, b), np.array([[1.0, 2.0, 3.0]])

    def loss() -> float:
        return float((layer.forward(X) ** 2).sum())

    layer.forward(X)
    layer.backward(2.0 * layer.forward(X))
    gradients = {"W": layer.dW, "b": layer.db}
    comparison = compare(loss, {"W": W, "b": layer.b}, gradients)
    assert [row.agrees for row in comparison.rows] == [False, True]
    assert "does it use this array, or a copy?" in comparison.rows[0].verdict
    assert compare(loss, {"W": layer.W, "b": layer.b}, gradients).agree


def test_nothing_equals_nothing() -> None:
    w, none = np.array([0.0, -3.0]), np.zeros((0, 4))
    comparison = compare(lambda: 2.0, {"w": w, "none": none}, {"w": 0.0 * w, "none": none})
    assert comparison.agree
    assert "nan" not in repr(comparison)
    assert comparison.rows[1].verdict == "agrees; it has no entries"


def test_small_derivatives_are_not_taken_for_zero() -> None:
    w = np.array([1e-3, 2e-3])
    assert compare(lambda: float(w @ w) / 1e3, {"w": w}, {"w": 2e-3 * w}).agree
    assert not compare(lambda: float(w @ w) / 1e3, {"w": w}, {"w": 0.0 * w}).agree


def test_large_losses_are_rounded_and_right_gradients_agree_all_the_same() -> None:
    w = np.array([1e-4, 2.0])
    comparison = compare(lambda: 1e6 + float(w @ w), {"w": w}, {"w": 2.0 * w})
    assert_agrees(comparison)
    assert not compare(lambda: 1e6 + float(w @ w), {"w": w}, {"w": 2.1 * w}).agree


@pytest.mark.parametrize("slope", [0.05, -0.9, 0.9])
def test_what_is_bent_is_no_kink(slope: float) -> None:
    # The sides are at -1 and 1 for a step of 1e-5, at -0.1 and 0.1 for one of 1e-6.
    w = np.array([0.0])
    assert_agrees(compare(lambda: float(1e5 * w[0] ** 2), {"w": w}, {"w": 0.0 * w}))
    assert not compare(lambda: float(1e5 * w[0] ** 2), {"w": w}, {"w": 0.0 * w + slope}).agree


@pytest.mark.parametrize("slope", [0.0, 0.25, 0.5, 1.0])
def test_at_a_kink_any_slope_between_is_right(slope: float) -> None:
    w = np.array([[1.0, 0.0], [-1.0, 2.0]])
    gradient = np.where(w == 0.0, slope, np.where(w > 0.0, 1.0, 0.0))
    comparison = compare(lambda: float(np.maximum(w, 0.0).sum()), {"w": w}, {"w": gradient})
    assert comparison.agree
    if slope != 0.5:
        assert comparison.rows[0].kinks == 1
        assert comparison.rows[0].place != (0, 1)
        assert "at a kink in w[0, 1]: any slope from 0 (left) to 1 (right)" in repr(comparison)


@pytest.mark.parametrize("slope", [-0.01, 1.01, -1.0, np.nan])
def test_at_a_kink_other_slopes_are_wrong(slope: float) -> None:
    w = np.array([1.0, 0.0])
    gradient = np.array([1.0, slope])
    comparison = compare(lambda: float(np.maximum(w, 0.0).sum()), {"w": w}, {"w": gradient})
    assert not comparison.agree
    assert comparison.rows[0].place == (1,)


def test_if_all_agree_the_largest_is_shown() -> None:
    w = np.array([1.0, -3.0, 2.0])
    (row,) = compare(lambda: float((w**2).sum()), {"w": w}, {"w": 2.0 * w}).rows
    assert row.agrees
    assert (row.where, row.gradient) == ("w[1]", -6.0)


def test_kinks_near_by_do_not_matter() -> None:
    w = np.array([3e-6, -3e-6])
    comparison = compare(
        lambda: float(np.maximum(w, 0.0).sum()), {"w": w}, {"w": np.array([1.0, 0.0])}
    )
    assert_agrees(comparison)


def test_of_large_arrays_some_entries_are_tried() -> None:
    W, calls = np.random.default_rng(0).normal(size=(50, 60)), 0

    def loss() -> float:
        nonlocal calls
        calls += 1
        return float((W**2).sum())

    found = [compare(loss, {"W": W}, {"W": 2.0 * W}, most=20, seed=seed) for seed in (0, 0, 1)]
    assert calls < 3 * (2 * 20 + 10)
    assert found[0].rows[0].tried == 20
    assert "20 of 3000" in repr(found[0])
    assert "drawn with seed 0" in str(found[0])
    assert repr(found[0]) == repr(found[1]) != repr(found[2])
    assert found[0].rows[0].where != found[2].rows[0].where
    # They are from all over the array.
    gradient = np.where(np.arange(50)[:, None] < 25, 2.0, 3.0) * W
    assert not compare(loss, {"W": W}, {"W": gradient}, most=20).agree
    # What is not tried is not seen, but for what is no number.
    gradient = 2.0 * W
    gradient[49, 59] = np.nan
    assert compare(loss, {"W": W}, {"W": gradient}, most=1).rows[0].place == (49, 59)


def test_numbers_stand_for_arrays_without_axes() -> None:
    b = np.array(3.0)
    comparison = compare(lambda: float(b**2), {"b": b}, {"b": 6.0})
    assert comparison.agree
    assert comparison.rows[0].where == "b"
    assert not compare(lambda: float(b**2), {"b": b}, {"b": 5}).agree


def test_a_gradient_that_the_loss_writes_into_counts_as_it_was() -> None:
    w, gradient = np.array([1.0, 2.0]), np.array([2.0, 4.0])

    def loss() -> float:
        gradient[:] = 2.0 * w + 7.0
        return float(w @ w)

    assert compare(loss, {"w": w}, {"w": gradient}).agree


def test_an_infinite_loss_beside_a_place_is_said() -> None:
    w = np.array([1.0, 0.0])
    comparison = compare(lambda: float(-1e-300 if w[1] >= 0 else np.inf), {"w": w}, {"w": 0 * w})
    assert not comparison.agree
    assert "the loss beside it is no finite number" in repr(comparison)
    # A wall within reach of the first step, and not of the second.
    near = np.array([1.0 - 5e-6])
    wall = compare(
        lambda: float(near[0] if near[0] < 1.0 else np.inf), {"w": near}, {"w": 1 + 0 * near}
    )
    assert_agrees(wall)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("after", range(1, 9))
def test_parameters_are_put_back_when_the_loss_raises(after: int) -> None:
    w, v = np.array([1.0, -0.0]), np.array([[3.0]])
    before, calls = (w.tobytes(), v.tobytes()), 0

    def loss() -> float:
        nonlocal calls
        calls += 1
        if calls == after:
            raise ZeroDivisionError("in the loss")
        return float(w @ w)

    with pytest.raises(ZeroDivisionError, match="in the loss"):
        compare(loss, {"w": w, "v": v}, {"w": 2 * w, "v": 0 * v})
    assert (w.tobytes(), v.tobytes()) == before


def test_a_loss_that_trains_is_refused_and_parameters_are_put_back() -> None:
    w = np.array([1.0, 2.0])

    def loss() -> float:
        w[0] *= 0.5
        return float(w @ w)

    with pytest.raises(ValueError, match="changes its parameters; it must only compute"):
        compare(loss, {"w": w}, {"w": 2 * w})
    assert w.tolist() == [1.0, 2.0]


def test_a_random_loss_is_refused() -> None:
    w, rng = np.array([1.0, 2.0]), np.random.default_rng(0)
    with pytest.raises(ValueError, match="must not draw random numbers"):
        compare(lambda: float(w @ w + rng.random()), {"w": w}, {"w": 2 * w})


ONE = np.ones(2)
READ_ONLY = np.broadcast_to(np.ones(1), (2,))
REFUSED: list[tuple[Any, Any, Any, type[Exception], str]] = [
    (3.0, {"w": ONE}, {"w": ONE}, TypeError, "loss must be a function .* a float"),
    (lambda: None, {"w": ONE}, {"w": ONE}, TypeError, "one number, it is None"),
    (lambda: "3", {"w": ONE}, {"w": ONE}, TypeError, "one number, it is a str"),
    (lambda: True, {"w": ONE}, {"w": ONE}, TypeError, "one number, it is a bool"),
    (lambda: 1j, {"w": ONE}, {"w": ONE}, TypeError, "one number, it is a complex"),
    (lambda: (1.0, ONE), {"w": ONE}, {"w": ONE}, TypeError, "a tuple of 2 things: return its"),
    (lambda: ONE, {"w": ONE}, {"w": ONE}, TypeError, r"an array of shape \(2,\)"),
    (lambda: np.float32(1), {"w": ONE}, {"w": ONE}, TypeError, "loss is float32; .* rounding"),
    (lambda: leaf(1.0), {"w": ONE}, {"w": ONE}, TypeError, "it is a Tensor"),
    (lambda: np.nan, {"w": ONE}, {"w": ONE}, ValueError, "The loss is nan: there is nothing"),
    (lambda: 1.0, [ONE], {"w": ONE}, TypeError, "parameters must be a dict .* this is a list"),
    (lambda: 1.0, {"w": ONE}, ONE, TypeError, "gradients must be a dict .* this is an? ndarray"),
    (lambda: 1.0, {}, {}, ValueError, "no parameters to compare"),
    (lambda: 1.0, {"w": ONE, "b": ONE}, {"w": ONE}, ValueError, "no gradient named 'b'"),
    (lambda: 1.0, {"w": ONE}, {"w": ONE, "v": ONE}, ValueError, "no parameter named 'v'"),
    (lambda: 1.0, {"w": [1.0]}, {"w": ONE}, TypeError, "parameter 'w' must be an array"),
    (lambda: 1.0, {"w": ONE}, {"w": [1.0, 1.0]}, TypeError, "gradient 'w' must be an array"),
    (lambda: 1.0, {"w": ONE}, {"w": None}, TypeError, "gradient 'w' .* this is None"),
    (lambda: 1.0, {"w": ONE}, {"w": ONE[:1]}, ValueError, r"shape \(1,\), .* shape \(2,\)"),
    (lambda: 1.0, {"w": ONE}, {"w": 1.0}, ValueError, r"shape \(\), .* shape \(2,\)"),
    (lambda: 1.0, {"w": ONE}, {"w": ONE == 1}, TypeError, "must hold numbers, not bool"),
    (lambda: 1.0, {"w": ONE.astype(np.float32)}, {"w": ONE}, TypeError, "float32; .* rounding"),
    (lambda: 1.0, {"w": ONE.astype(int)}, {"w": ONE}, TypeError, "int64; it must be float64"),
    (lambda: 1.0, {"w": READ_ONLY}, {"w": ONE}, ValueError, "read-only"),
]


@pytest.mark.parametrize(("loss", "parameters", "gradients", "kind", "sentence"), REFUSED)
def test_what_is_wrong_is_said_in_a_sentence(
    loss: Any, parameters: Any, gradients: Any, kind: type[Exception], sentence: str
) -> None:
    with pytest.raises(kind, match=sentence) as caught:
        compare(loss, parameters, gradients)
    assert str(caught.value).endswith(".")


def test_at_least_one_entry_must_be_tried() -> None:
    with pytest.raises(ValueError, match="most must be at least 1, it is 0"):
        compare(lambda: 1.0, {"w": ONE}, {"w": ONE}, most=0)


def test_an_unwritten_exercise_is_left_to_the_demo() -> None:
    def unwritten() -> float:
        raise NotImplementedError

    with pytest.raises(NotImplementedError):
        compare(unwritten, {"w": ONE}, {"w": ONE})


def test_a_comparison_shows_rich_and_plain() -> None:
    w, v = np.array([1.0, 2.0]), np.array([1.0])
    comparison = compare(lambda: float(w @ w), {"<w>": w, "v": v}, {"<w>": w, "v": 0 * v})
    plain, rich = repr(comparison), comparison._repr_html_()
    assert plain.startswith("Gradients differ from central differences in 1 of 2 arrays, most at ")
    assert "0.5 times the difference" in plain
    assert [line.split()[0] for line in plain.split("\n")[2:]] == ["2", "1"]
    assert rich.count('<th scope="col"') == 5
    assert "<w>" not in rich
    assert "&lt;w&gt;[" in rich
    # What the signs say is in words as well.
    words = html.unescape(re.sub("<[^>]*>", " ", rich))
    assert words.count("✗") == words.count("differs;") == 1
    assert words.count("✓") == words.count("agrees") == 1
    assert str(compare(lambda: 1.0, {"v": v}, {"v": 0 * v})).startswith("All gradients agree")


def test_importing_the_checker_is_cheap() -> None:
    code = (
        "import sys, course_utils.gradients;"
        "print([m for m in ('torch', 'matplotlib', 'scipy', 'sklearn') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# --- Losses and their derivatives -----------------------------------------------------------------


@st.composite
def predictions(draw: st.DrawFn) -> tuple[Signal, Signal]:
    """Draw predictions and truths of which no two are nearly equal."""
    values = st_numpy.arrays(np.float64, draw(st.integers(1, 8)), elements=st.floats(-100.0, 100.0))
    y_hat = draw(values)
    y = draw(st_numpy.arrays(np.float64, y_hat.shape, elements=st.floats(-100.0, 100.0)))
    assume(np.abs(y_hat - y).min() > FAR)
    return y_hat, y


LOSSES: dict[str, tuple[Callable[..., Signal], Callable[..., Signal], Any]] = {
    "l1": (perceptrons.l1_loss, perceptrons.l1_derivative, lambda p, y: (p - y).abs()),
    "l2": (perceptrons.l2_loss, perceptrons.l2_derivative, lambda p, y: (p - y) ** 2),
}


@pytest.mark.parametrize("name", LOSSES)
@EXAMPLES
@given(predictions())
def test_derivatives_of_l1_and_l2(name: str, drawn: tuple[Signal, Signal]) -> None:
    y_hat, y = drawn
    loss, derivative, theirs = LOSSES[name]
    slopes = derivative(y_hat, y)
    p = leaf(y_hat)
    assert_equal(slopes, by_torch(theirs(p, torch.from_numpy(y)), p)[0])
    assert_agrees(compare(lambda: float(loss(y_hat, y).sum()), {"y_hat": y_hat}, {"y_hat": slopes}))


@EXAMPLES
@given(predictions(), seeds)
def test_the_derivative_of_the_hinge_loss(drawn: tuple[Signal, Signal], seed: int) -> None:
    y_hat, _ = drawn
    y = np.random.default_rng(seed).choice([-1, 1], y_hat.size)
    assume(np.abs(1.0 - y * y_hat).min() > FAR)
    slopes = perceptrons.hinge_derivative(y_hat, y)
    p = leaf(y_hat)
    theirs = torch.clamp(1.0 - torch.from_numpy(y) * p, min=0.0)
    assert_equal(slopes, by_torch(theirs, p)[0])
    comparison = compare(
        lambda: float(perceptrons.hinge_loss(y_hat, y).sum()), {"p": y_hat}, {"p": slopes}
    )
    assert_agrees(comparison)


def test_derivatives_at_kinks_are_0() -> None:
    y_hat, y = np.array([1.0, -1.0]), np.array([1, -1])
    for loss, derivative in (
        (perceptrons.l1_loss, perceptrons.l1_derivative),
        (perceptrons.hinge_loss, perceptrons.hinge_derivative),
    ):
        slopes = derivative(y_hat, y)
        assert slopes.tolist() == [0.0, 0.0]

        def total(loss: Any = loss) -> float:
            return float(loss(y_hat, y).sum())

        assert compare(total, {"p": y_hat}, {"p": slopes}).agree


@st.composite
def sigmoid_inputs(draw: st.DrawFn) -> Signal:
    return draw(st_numpy.arrays(np.float64, sizes, elements=st.floats(-30.0, 30.0)))


@EXAMPLES
@given(sigmoid_inputs())
def test_sigmoids_are_torchs(a: Signal) -> None:
    theirs = torch.sigmoid(torch.from_numpy(a)).numpy()
    assert_equal(perceptrons.sigmoid(a), theirs)
    assert_equal(networks.Sigmoid().forward(a[None])[0], theirs)


# --- The two smallest perceptrons -----------------------------------------------------------------

numbers = st.floats(-10.0, 10.0)


@EXAMPLES
@given(numbers, numbers, numbers)
def test_the_gradient_of_the_smallest_perceptron(w: float, x: float, y: float) -> None:
    found = perceptrons.smallest_gradient(w, x, y)
    knob = leaf(w)
    assert_equal(np.float64(found), by_torch(0.5 * (y - knob * x) ** 2, knob)[0])
    moved = np.array(w)
    assert_agrees(compare(lambda: float(0.5 * (y - moved * x) ** 2), {"w": moved}, {"w": found}))


@EXAMPLES
@given(
    st_numpy.arrays(np.float64, 2, elements=numbers),
    st_numpy.arrays(np.float64, 2, elements=numbers),
    numbers,
)
def test_the_gradient_of_the_second_smallest_perceptron(w: Signal, x: Signal, y: float) -> None:
    found = perceptrons.second_smallest_gradient(w, x, y)
    knobs = leaf(w)
    theirs = 0.5 * (y - knobs[0] * x[0] - knobs[1] * x[1]) ** 2
    np.testing.assert_allclose(found, by_torch(theirs, knobs)[0], rtol=1e-10, atol=1e-9)
    assert_agrees(compare(lambda: float(0.5 * (y - w @ x) ** 2), {"w": w}, {"w": found}))


@EXAMPLES
@given(seeds, st.integers(1, 8), st.integers(0, 3), st.floats(0.0, 0.3))
def test_training_the_smallest_perceptron_is_torchs_sgd(
    seed: int, n: int, epochs: int, rate: float
) -> None:
    rng = np.random.default_rng(seed)
    x, y, w = rng.normal(size=n), rng.normal(size=n), float(rng.normal())
    knob = leaf(w)
    optimizer = torch.optim.SGD([knob], lr=rate)
    wanted = [w]
    for i in list(range(n)) * epochs:
        optimizer.zero_grad()
        (0.5 * (y[i] - knob * x[i]) ** 2).backward()
        optimizer.step()
        wanted.append(knob.item())
    assert_equal(perceptrons.train_smallest(x, y, w, rate, epochs), wanted)


@EXAMPLES
@given(seeds, st.integers(1, 8), st.integers(0, 3), st.floats(0.0, 0.3))
def test_training_the_second_smallest_perceptron_is_torchs_sgd(
    seed: int, n: int, epochs: int, rate: float
) -> None:
    rng = np.random.default_rng(seed)
    X, y, w = rng.normal(size=(n, 2)), rng.normal(size=n), rng.normal(size=2)
    knobs = leaf(w)
    optimizer = torch.optim.SGD([knobs], lr=rate)
    losses = []
    order = np.random.default_rng(seed)
    for _ in range(epochs):
        for i in order.permutation(n):
            optimizer.zero_grad()
            loss = 0.5 * (y[i] - knobs @ torch.from_numpy(X[i])) ** 2
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    found = perceptrons.train_second_smallest(X, y, w, np.random.default_rng(seed), rate, epochs)
    assert_equal(found[0], knobs.detach().numpy())
    np.testing.assert_allclose(found[1], losses, rtol=1e-8, atol=1e-14)


# --- Chains ---------------------------------------------------------------------------------------

ACTIVATIONS: dict[str, tuple[Callable[[float], float], Callable[[float], float], Any]] = {
    "sigmoid": (
        lambda a: 1.0 / (1.0 + np.exp(-a)),
        lambda a: float(np.exp(-abs(a)) / (1.0 + np.exp(-abs(a))) ** 2),
        torch.sigmoid,
    ),
    "tanh": (np.tanh, lambda a: float(1.0 - np.tanh(a) ** 2), torch.tanh),
    "relu": (lambda a: max(a, 0.0), lambda a: float(a > 0.0), torch.relu),
    "sine": (np.sin, np.cos, torch.sin),
    "identity": (lambda a: a, lambda _: 1.0, lambda a: a),
}


@EXAMPLES
@given(st.lists(st.sampled_from(sorted(ACTIVATIONS)), min_size=1, max_size=6), seeds, scales)
def test_chains(names: list[str], seed: int, scale: float) -> None:
    rng = np.random.default_rng(seed)
    w, (x, y) = rng.normal(0.0, scale + 1.0, len(names)), rng.normal(0.0, scale, 2)
    b = np.array(rng.normal(0.0, scale))
    functions = [ACTIVATIONS[name][0] for name in names]
    a, f = networks.chain_forward(x, w, float(b), functions)
    # A ReLU that is off gives 0, and the next neuron stands at 0 whatever is turned.
    kinks = [abs(a[k]) for k, name in enumerate(names) if name == "relu" and a[k] != 0.0]
    assume(min(kinks, default=1.0) > FAR)
    derivatives = [ACTIVATIONS[name][1] for name in names]
    dw, db = networks.chain_backward(x, y, w, a, f, derivatives)

    weights, bias = leaf(w), leaf(b)
    value: Any = x
    for k, name in enumerate(names):
        value = ACTIVATIONS[name][2](weights[k] * value + (bias if k == 0 else 0.0))
    theirs = by_torch(0.5 * (y - value) ** 2, weights, bias)
    assert f[-1] == pytest.approx(value.item(), rel=1e-12)
    assert_equal(dw, theirs[0])
    assert_equal(np.float64(db), theirs[1])

    def loss() -> float:
        y_hat = networks.chain_forward(x, w, float(b), functions)[1][-1]
        return float(0.5 * (y - y_hat) ** 2)

    assert_agrees(compare(loss, {"w": w, "b": b}, {"w": dw, "b": db}))


# --- Layers and networks --------------------------------------------------------------------------


@st.composite
def layers(draw: st.DrawFn) -> tuple[Any, Any, Vectors, Vectors]:
    """Draw a layer, its inputs and the slopes of its outputs, and the layer's form in torch."""
    rng, scale = generator(draw), draw(scales)
    n, inputs = draw(sizes), draw(sizes)
    X = rng.normal(0.0, scale, (n, inputs))
    kind = draw(st.sampled_from(["linear", "relu", "sigmoid"]))
    if kind == "linear":
        outputs = draw(sizes)
        W, b = rng.normal(0.0, scale, (outputs, inputs)), rng.normal(0.0, scale, outputs)
        slopes = rng.normal(size=(n, outputs))
        return networks.Linear(W, b), functional.linear, X, slopes
    slopes = rng.normal(size=X.shape)
    if kind == "sigmoid":
        return networks.Sigmoid(), torch.sigmoid, X, slopes
    X[np.abs(X) < FAR] = FAR * 2.0
    return networks.ReLU(), torch.relu, X, slopes


@EXAMPLES
@given(layers())
def test_layers(drawn: tuple[Any, Any, Vectors, Vectors]) -> None:
    layer, theirs, X, slopes = drawn
    outputs = layer.forward(X)
    found = {"X": layer.backward(slopes)}
    moved = {"X": X}
    if isinstance(layer, networks.Linear):
        found |= {"W": layer.dW, "b": layer.db}
        moved |= {"W": layer.W, "b": layer.b}
    leaves = [leaf(value) for value in moved.values()]
    value = theirs(*leaves)
    assert_equal(outputs, value.detach().numpy())
    wanted = by_torch(value * torch.from_numpy(slopes), *leaves)
    for one, other in zip(found.values(), wanted, strict=True):
        assert_equal(one, other)
    assert_agrees(compare(lambda: float((layer.forward(X) * slopes).sum()), moved, found))
    layer.update(0.25)
    if isinstance(layer, networks.Linear):
        assert_equal(layer.W, leaves[1].detach().numpy() - 0.25 * wanted[1])
        assert_equal(layer.b, leaves[2].detach().numpy() - 0.25 * wanted[2])


@st.composite
def scored(draw: st.DrawFn, largest: float = 30.0) -> tuple[Scores, Labels]:
    n, classes = draw(sizes), draw(sizes)
    scores = draw(st_numpy.arrays(np.float64, (n, classes), elements=st.floats(-largest, largest)))
    return scores, generator(draw).integers(0, classes, n)


@EXAMPLES
@given(scored())
def test_softmax_cross_entropy(drawn: tuple[Scores, Labels]) -> None:
    scores, labels = drawn
    loss, slopes = networks.softmax_cross_entropy(scores, labels)
    theirs = leaf(scores)
    value = functional.cross_entropy(theirs, torch.from_numpy(labels))
    assert loss == pytest.approx(value.item(), rel=1e-10, abs=1e-15)
    np.testing.assert_allclose(slopes, by_torch(value, theirs)[0], rtol=1e-10, atol=1e-15)
    comparison = compare(
        lambda: networks.softmax_cross_entropy(scores, labels)[0], {"s": scores}, {"s": slopes}
    )
    assert_agrees(comparison)


@EXAMPLES
@given(scored(1e4))
def test_softmax_cross_entropy_of_large_scores(drawn: tuple[Scores, Labels]) -> None:
    scores, labels = drawn
    loss, slopes = networks.softmax_cross_entropy(scores, labels)
    theirs = leaf(scores)
    value = functional.cross_entropy(theirs, torch.from_numpy(labels))
    assert loss == pytest.approx(value.item(), rel=1e-10, abs=1e-12)
    np.testing.assert_allclose(slopes, by_torch(value, theirs)[0], rtol=1e-10, atol=1e-13)


def parameters_of(model: Any) -> dict[str, Signal]:
    """Return the weights and biases of all `Linear` layers."""
    linear = [layer for layer in model.layers if isinstance(layer, networks.Linear)]
    return {f"{p}{k}": getattr(layer, p) for k, layer in enumerate(linear, 1) for p in ("W", "b")}


def gradients_of(model: Any) -> dict[str, Signal]:
    """Return the derivatives by the weights and biases of all `Linear` layers."""
    linear = [layer for layer in model.layers if isinstance(layer, networks.Linear)]
    return {
        f"{p}{k}": getattr(layer, f"d{p}") for k, layer in enumerate(linear, 1) for p in ("W", "b")
    }


def in_torch(X: torch.Tensor, weights: list[torch.Tensor]) -> torch.Tensor:
    """Return the scores of an MLP of given weights and biases."""
    for k in range(0, len(weights), 2):
        X = functional.linear(X if k == 0 else torch.relu(X), weights[k], weights[k + 1])
    return X


@st.composite
def problems(draw: st.DrawFn) -> tuple[Any, Vectors, Labels]:
    """Draw an MLP with biases that are not 0, examples, and labels."""
    shape = draw(st.lists(sizes, min_size=2, max_size=5))
    rng = generator(draw)
    model = networks.MLP(shape, rng)
    for name, values in parameters_of(model).items():
        if name.startswith("b"):
            values[...] = rng.normal(size=values.shape)
    n = draw(sizes)
    return model, rng.normal(0.0, draw(scales), (n, shape[0])), rng.integers(0, shape[-1], n)


@EXAMPLES
@given(problems())
def test_networks(drawn: tuple[Any, Vectors, Labels]) -> None:
    model, X, labels = drawn
    _, slopes = networks.softmax_cross_entropy(model.forward(X), labels)
    # The Linear layers before a ReLU give its inputs.
    totals = [layer.forward(layer.X) for layer in model.layers[:-1:2]]
    assume(min((np.abs(a).min() for a in totals), default=1.0) > FAR)
    model.backward(slopes)
    found, moved = gradients_of(model), parameters_of(model)
    leaves = [leaf(values) for values in moved.values()]
    scores = in_torch(torch.from_numpy(X), leaves)
    assert_equal(model.forward(X), scores.detach().numpy())
    wanted = by_torch(functional.cross_entropy(scores, torch.from_numpy(labels)), *leaves)
    for one, other in zip(found.values(), wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-14)
    assert_agrees(
        compare(
            lambda: networks.softmax_cross_entropy(model.forward(X), labels)[0],
            moved,
            found,
            most=30,
        )
    )


@pytest.mark.parametrize("layer", [0, 1, 2])
@pytest.mark.parametrize("name", ["W", "b"])
def test_a_mistake_in_any_layer_is_seen(layer: int, name: str) -> None:
    rng = np.random.default_rng(1)
    model = networks.MLP((3, 4, 4, 2), rng)
    for which, values in parameters_of(model).items():
        values += 0.1 * which.startswith("b")
    X, labels = rng.normal(size=(6, 3)), rng.integers(0, 2, 6)
    model.backward(networks.softmax_cross_entropy(model.forward(X), labels)[1])
    gradients = gradients_of(model)
    key = f"{name}{layer + 1}"
    gradients[key] = gradients[key] * 0.9
    comparison = compare(
        lambda: networks.softmax_cross_entropy(model.forward(X), labels)[0],
        parameters_of(model),
        gradients,
    )
    assert [row.name for row in comparison.rows if not row.agrees] == [key]


# --- Training -------------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None, derandomize=True)
@given(problems(), st.integers(1, 3), st.integers(0, 3), seeds)
def test_training_a_network_is_torchs_sgd(
    drawn: tuple[Any, Vectors, Labels], batch: int, epochs: int, seed: int
) -> None:
    model, X, labels = drawn
    leaves = [leaf(values) for values in parameters_of(model).values()]
    optimizer = torch.optim.SGD(leaves, lr=0.1)
    losses, rng = [], np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch):
            rows = order[start : start + batch]
            optimizer.zero_grad()
            loss = functional.cross_entropy(
                in_torch(torch.from_numpy(X[rows]), leaves), torch.from_numpy(labels[rows])
            )
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    rng, ours = np.random.default_rng(seed), copy.deepcopy(model)
    found = networks.train(ours, lambda: networks.minibatches(X, labels, batch, rng), 0.1, epochs)
    np.testing.assert_allclose(found, losses, rtol=1e-7, atol=1e-12)
    for one, other in zip(parameters_of(ours).values(), leaves, strict=True):
        np.testing.assert_allclose(one, other.detach().numpy(), rtol=1e-7, atol=1e-10)


_CURVE = """
import sys
import numpy as np
from course_utils import datasets
from course_utils.reference.multilayer_networks import MLP, minibatches, train
data = datasets.digits()
X, labels = datasets.as_vectors(data.train_images), data.train_labels
rng = np.random.default_rng(int(sys.argv[1]))
model = MLP((64, 32, 10), rng)
losses = train(model, lambda: minibatches(X, labels, 32, rng), 0.1, 3)
weights = [values for layer in model.layers[::2] for values in (layer.W, layer.b)]
assert losses.size == 3 * 41 and np.isfinite(losses).all() and losses[-1] < losses[0]
sys.stdout.write(b"".join(a.tobytes() for a in (losses, *weights)).hex())
"""


def curve(seed: int) -> str:
    """Train in a process of its own; return the bytes of all losses and of the last weights."""
    done = subprocess.run(
        [sys.executable, "-c", _CURVE, str(seed)],
        env={**os.environ, "COURSE_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_a_seed_gives_a_curve_bit_for_bit() -> None:
    once, again, other = curve(5), curve(5), curve(6)
    numbers = 3 * 41 + 64 * 32 + 32 + 32 * 10 + 10
    assert len(once) == numbers * 8 * 2
    assert once == again
    assert once != other
