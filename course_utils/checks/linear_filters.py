"""Visible examples of the notebook linear_filters."""

from typing import Any

import numpy as np

from course_utils.checks import example, raised
from course_utils.operators import Operator

# Small integers on purpose: a student can do these by hand.
IMAGE = np.array([[1, 2, 4, 3, 0], [0, 5, 1, 2, 2], [3, 1, 0, 4, 1], [2, 2, 6, 1, 3]], float)
TALL = np.outer([0.25, 0.0, 0.0, 0.5, 0.25], [0.0, 0.5, 1.5])
KERNEL = np.array([[0.0, 0.0, 0.0], [-0.5, 0.0, 0.5], [0.0, 0.25, 0.0]])


def _rounded(value: Any) -> float:
    return round(float(value), 2) + 0.0


@example("add_gaussian_noise", "a grey image of value 0.1, sigma 0.35", atol=0.02)
def dark_image(add_gaussian_noise: Any) -> Any:
    image = np.full((200, 200), 0.1)
    noise = add_gaussian_noise(image, 0.35, np.random.default_rng(1)) - image
    return {
        "the mean of the noise": _rounded(noise.mean()),
        "the standard deviation of the noise": _rounded(noise.std()),
    }


@example("add_gaussian_noise", "a colour image, sigma 0.2", atol=0.03)
def colour_image(add_gaussian_noise: Any) -> Any:
    image = np.full((120, 90, 3), 0.5)
    noise = add_gaussian_noise(image, 0.2, np.random.default_rng(2)) - image
    channels = np.corrcoef(noise.reshape(-1, 3).T)
    neighbours = np.corrcoef(noise[:, 1:, 0].ravel(), noise[:, :-1, 0].ravel())
    return {
        "the shape": noise.shape,
        "the standard deviation of the noise": _rounded(noise.std()),
        "the share of the noise within one sigma": _rounded((np.abs(noise) < 0.2).mean()),
        "the correlation between red and green noise": _rounded(channels[0, 1]),
        "the correlation between neighbouring pixels' noise": _rounded(neighbours[0, 1]),
    }


@example("add_gaussian_noise", "the same seed twice, then another seed")
def seeds(add_gaussian_noise: Any) -> Any:
    image = np.full((6, 5), 0.5)
    first, again, other = (
        add_gaussian_noise(image, 0.3, np.random.default_rng(seed)) for seed in (7, 7, 8)
    )
    return {
        "equal seeds give equal noise": bool(np.array_equal(first, again)),
        "different seeds give different noise": not np.array_equal(first, other),
    }


@example("moving_average", "a single 9 among zeros, size 3")
def lone_outlier(moving_average: Any) -> Any:
    return moving_average(np.array([0.0, 0.0, 0.0, 9.0, 0.0, 0.0]), 3)


@example("moving_average", "the values 1, 2, 4, 8, 16, size 5")
def ends(moving_average: Any) -> Any:
    return moving_average(np.array([1.0, 2.0, 4.0, 8.0, 16.0]), 5)


@example("moving_average", "an even size, which has no centre")
def even_size(moving_average: Any) -> Any:
    return raised(moving_average, np.arange(6.0), 4)


@example("cross_correlate", "a 4 x 5 image and a 3 x 3 kernel that is not symmetric")
def small_image(cross_correlate: Any) -> Any:
    return cross_correlate(IMAGE.copy(), KERNEL.copy(), "edge")


@example("cross_correlate", "a kernel of one row and five columns, border 'symmetric'")
def one_row(cross_correlate: Any) -> Any:
    return cross_correlate(IMAGE.copy(), np.array([[1.0, 0.0, 2.0, 0.0, 0.0]]), "symmetric")


@example("cross_correlate", "a 5 x 3 kernel and no padding named: 'symmetric' is the default")
def default_padding(cross_correlate: Any) -> Any:
    return cross_correlate(IMAGE.copy(), TALL.copy())


@example("cross_correlate", "a colour image")
def colour(cross_correlate: Any) -> Any:
    channels = np.stack([IMAGE, IMAGE[::-1], 10 - IMAGE], axis=-1)
    return cross_correlate(channels, KERNEL.copy(), "constant")


@example("cross_correlate", "a kernel with an even side, which has no centre")
def even_side(cross_correlate: Any) -> Any:
    return raised(cross_correlate, IMAGE.copy(), np.ones((3, 4)), "edge")


def _about(function: Any, *operators: Operator) -> dict[str, Any]:
    return {
        operator.name: function(operator.function(), (6, 8), np.random.default_rng(3))
        for operator in operators
    }


@example("lsi", "is_linear on operators that are linear, and on some that are not")
def linear(is_linear: Any, is_shift_invariant: Any) -> Any:
    return _about(
        is_linear,
        *(Operator("mean"), Operator("mirror"), Operator("fade_columns")),
        *(Operator("median"), Operator("brighten"), Operator("absolute")),
    )


@example("lsi", "is_shift_invariant on operators that are, and on some that are not")
def shift_invariant(is_linear: Any, is_shift_invariant: Any) -> Any:
    return _about(
        is_shift_invariant,
        *(Operator("mean"), Operator("median"), Operator("square")),
        *(Operator("mirror"), Operator("fade_columns"), Operator("fade_rows")),
    )
