"""Visible examples of the notebook linear_filters."""

from typing import Any

import numpy as np

from course_utils.checks import array_like, example, must_raise
from course_utils.operators import Operator

# Small integers on purpose: a student can do these by hand.
IMAGE = np.array([[1, 2, 4, 3, 0], [0, 5, 1, 2, 2], [3, 1, 0, 4, 1], [2, 2, 6, 1, 3]], float)
TALL = np.outer([0.25, 0.0, 0.0, 0.5, 0.25], [0.0, 0.5, 1.5])
KERNEL = np.array([[0.0, 0.0, 0.0], [-0.5, 0.0, 0.5], [0.0, 0.25, 0.0]])


def _about(value: Any, target: float, tolerance: float) -> float:
    """Return the target if a statistic is as near to it as chance leaves it, else the statistic."""
    return target if abs(value - target) < tolerance else round(float(value), 2)


def _correlation(one: Any, other: Any) -> float:
    spread = float(one.std() * other.std())
    return float(((one - one.mean()) * (other - other.mean())).mean() / spread) if spread else 1.0


@example("add_gaussian_noise", "a colour image of value 0.5, sigma 0.2")
def colour_image(add_gaussian_noise: Any) -> Any:
    image = np.full((120, 90, 3), 0.5)
    noisy = add_gaussian_noise(image.copy(), 0.2, np.random.default_rng(2))
    noise = array_like(noisy, image) - image
    pairs = {
        "red and green": (noise[..., 0], noise[..., 1]),
        "a pixel and its right neighbour": (noise[:, 1:], noise[:, :-1]),
        "a pixel and its lower neighbour": (noise[1:], noise[:-1]),
    }
    return {
        **{
            f"The correlation between the noise of {name}": _about(_correlation(*pair), 0.0, 0.07)
            for name, pair in pairs.items()
        },
        "That the noise sums to exactly 0": bool(abs(noise.mean()) < 1e-12),
        "The mean of the noise": _about(noise.mean(), 0.0, 0.02),
        "The standard deviation of the noise": _about(noise.std(), 0.2, 0.01),
        "The share of the noise within one sigma": _about((abs(noise) < 0.2).mean(), 0.68, 0.03),
    }


@example("add_gaussian_noise", "a grey image, black on the left and white on the right, sigma 0.35")
def dark_and_bright(add_gaussian_noise: Any) -> Any:
    image = np.repeat([[0.0, 1.0]], 100, axis=1) * np.ones((150, 1))
    noisy = add_gaussian_noise(image.copy(), 0.35, np.random.default_rng(1))
    noise = array_like(noisy, image) - image
    return {
        f"The {what} of the noise in the {side} half": _about(statistic(half), target, 0.025)
        for side, half in (("black", noise[:, :100]), ("white", noise[:, 100:]))
        for what, statistic, target in (
            ("mean", np.mean, 0.0),
            ("standard deviation", np.std, 0.35),
        )
    }


@example("add_gaussian_noise", "the same seed twice, then another seed")
def seeds(add_gaussian_noise: Any) -> Any:
    image = np.full((6, 5), 0.5)
    first, again, other = (
        add_gaussian_noise(image, 0.3, np.random.default_rng(seed)) for seed in (7, 7, 8)
    )
    return {
        "That equal seeds give equal noise": bool(np.array_equal(first, again)),
        "That different seeds give different noise": not np.array_equal(first, other),
    }


@example("moving_average", "a single 9 among zeros, size 3")
def lone_outlier(moving_average: Any) -> Any:
    return moving_average(np.array([0.0, 0.0, 0.0, 9.0, 0.0, 0.0]), 3)


@example("moving_average", "the values 1, 2, 4, 8, 16, size 5")
def ends(moving_average: Any) -> Any:
    return moving_average(np.array([1.0, 2.0, 4.0, 8.0, 16.0]), 5)


@example("moving_average", "an even size, which has no centre")
def even_size(moving_average: Any) -> Any:
    return must_raise("ValueError", moving_average, np.arange(6.0), 4)


@example("cross_correlate", "a 4 x 5 image and a 3 x 3 kernel that is not symmetric")
def small_image(cross_correlate: Any) -> Any:
    return cross_correlate(IMAGE.copy(), KERNEL.copy(), "edge")


@example("cross_correlate", "the same with border 'wrap'")
def wrapped(cross_correlate: Any) -> Any:
    return cross_correlate(IMAGE.copy(), KERNEL.copy(), "wrap")


@example("cross_correlate", "a kernel of one row and five columns, border 'symmetric'")
def one_row(cross_correlate: Any) -> Any:
    return cross_correlate(IMAGE.copy(), np.array([[1.0, 0.0, 2.0, 0.0, 0.0]]), "symmetric")


@example("cross_correlate", "a 5 x 3 kernel and no padding named: 'symmetric' is the default")
def default_padding(cross_correlate: Any) -> Any:
    return cross_correlate(IMAGE.copy(), TALL.copy())


@example("cross_correlate", "a colour image, border 'constant'")
def colour(cross_correlate: Any) -> Any:
    channels = np.stack([IMAGE, IMAGE[::-1], 10 - IMAGE], axis=-1)
    return cross_correlate(channels, KERNEL.copy(), "constant")


@example("cross_correlate", "a kernel of 4 x 4, which has no centre")
def even_sides(cross_correlate: Any) -> Any:
    return must_raise("ValueError", cross_correlate, IMAGE.copy(), np.ones((4, 4)), "edge")


@example("cross_correlate", "kernels with one even side, 3 x 4 and 4 x 3")
def one_even_side(cross_correlate: Any) -> Any:
    return [
        must_raise("ValueError", cross_correlate, IMAGE.copy(), np.ones(shape), "edge")
        for shape in ((3, 4), (4, 3))
    ]


def _judged(function: Any, name: str, yes: list[Operator], no: list[Operator]) -> dict[str, Any]:
    """Let a function judge operators for several seeds; one wrong verdict counts."""
    verdicts = {}
    for operators, combine in ((yes, all), (no, any)):
        for operator in operators:
            given = [
                function(operator.function(), (6, 8), np.random.default_rng(seed))
                for seed in (3, 4, 5)
            ]
            odd = [verdict for verdict in given if not isinstance(verdict, (bool, np.bool_))]
            verdict = odd[0] if odd else combine(given)
            verdicts[f"{name} of the operator {operator.name}"] = verdict
    return verdicts


@example("lsi", "is_linear on operators that are linear, and on some that are not")
def linear(is_linear: Any, is_shift_invariant: Any) -> Any:
    return _judged(
        is_linear,
        "is_linear",
        yes=[Operator("mean"), Operator("mirror"), Operator("fade_columns")],
        no=[
            *(Operator("median"), Operator("brighten"), Operator("absolute")),
            *(Operator("sort_pixels"), Operator("saturate", {"limit": 2.5})),
            Operator("double_by_corner"),
        ],
    )


@example("lsi", "is_shift_invariant on operators that are, and on some that are not")
def shift_invariant(is_linear: Any, is_shift_invariant: Any) -> Any:
    return _judged(
        is_shift_invariant,
        "is_shift_invariant",
        yes=[Operator("mean"), Operator("median"), Operator("square")],
        no=[
            *(Operator("mirror"), Operator("fade_columns"), Operator("fade_rows")),
            *(Operator("checkerboard"), Operator("mean_mirrored")),
        ],
    )
