"""Visible examples of the notebook linear_filters."""

from typing import Any

import numpy as np

from course_utils.checks import Complaint, array_like, example, must_raise
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


@example("add_salt_and_pepper", "a grey image from 0.2 to 0.8, amount 0.3")
def grey_image(add_salt_and_pepper: Any) -> Any:
    image = np.tile(np.linspace(0.2, 0.8, 150), (200, 1))
    noisy = array_like(add_salt_and_pepper(image.copy(), 0.3, np.random.default_rng(3)), image)
    white, black = noisy == 1.0, noisy == 0.0
    hit = white | black
    left, right = hit[:, :75], hit[:, 75:]
    return {
        "That all values lie between 0 and 1": bool(noisy.min() >= 0.0 and noisy.max() <= 1.0),
        "That all other pixels are as they were": bool((noisy == image)[~hit].all()),
        "The share of white pixels": _about(white.mean(), 0.15, 0.015),
        "The share of black pixels": _about(black.mean(), 0.15, 0.015),
        "The share of pixels hit among the dark ones": _about(left.mean(), 0.3, 0.02),
        "The share of pixels hit among the bright ones": _about(right.mean(), 0.3, 0.02),
        "The correlation between the hits of a pixel and its right neighbour": _about(
            _correlation(1.0 * hit[:, 1:], 1.0 * hit[:, :-1]), 0.0, 0.04
        ),
    }


@example("add_salt_and_pepper", "a colour image of value 0.5, amount 0.4")
def whole_pixels(add_salt_and_pepper: Any) -> Any:
    image = np.full((90, 80, 3), 0.5)
    noisy = array_like(add_salt_and_pepper(image.copy(), 0.4, np.random.default_rng(4)), image)
    changed = noisy != 0.5
    hit = noisy[changed.any(axis=2)]
    return {
        "That a pixel changes in all channels or in none": bool(
            (changed.any(axis=2) == changed.all(axis=2)).all()
        ),
        "That a pixel that is hit is black or white": bool((hit == hit[:, :1]).all()),
        "The share of pixels hit": _about(changed.any(axis=2).mean(), 0.4, 0.03),
    }


@example("add_salt_and_pepper", "the same seed twice, then another seed; amounts 0 and 1")
def salt_seeds(add_salt_and_pepper: Any) -> Any:
    image = np.full((9, 8), 0.5)
    first, again, other = (
        add_salt_and_pepper(image, 0.5, np.random.default_rng(seed)) for seed in (7, 7, 8)
    )
    none, all_of_them = (
        add_salt_and_pepper(image, amount, np.random.default_rng(7)) for amount in (0.0, 1.0)
    )
    return {
        "That equal seeds give equal noise": bool(np.array_equal(first, again)),
        "That different seeds give different noise": not np.array_equal(first, other),
        "That amount 0 changes nothing": bool(np.array_equal(none, image)),
        "The share of pixels hit with amount 1": float((all_of_them != 0.5).mean()),
    }


@example("average_frames", "three pictures of 2 x 2 pixels")
def three_frames(average_frames: Any) -> Any:
    frames = np.array([[[0, 3], [6, 1]], [[3, 3], [0, 1]], [[6, 0], [0, 4]]], float)
    return average_frames(frames)


@example("average_frames", "two pictures of 8 bits, as a camera gives them")
def bytes_of_a_camera(average_frames: Any) -> Any:
    return average_frames(np.array([[[200, 10]], [[100, 13]]], np.uint8))


@example("average_frames", "two colour pictures of one row")
def colour_frames(average_frames: Any) -> Any:
    return average_frames(np.arange(12.0).reshape(2, 1, 2, 3))


@example("average_frames", "no picture at all")
def no_frames(average_frames: Any) -> Any:
    return must_raise("ValueError", average_frames, np.zeros((0, 2, 2)))


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


@example("cross_correlate", "a 4 x 5 image and a 3 x 3 kernel, border 'wrap'")
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


@example("convolve", "a lone bright pixel and a 3 x 3 kernel that is not symmetric")
def lone_pixel(convolve: Any) -> Any:
    image = np.zeros((5, 6))
    image[2, 3] = 1.0
    return convolve(image, KERNEL.copy(), "constant")


@example("convolve", "a 4 x 5 image, a 5 x 3 kernel, border 'edge'")
def tall_kernel(convolve: Any) -> Any:
    return convolve(IMAGE.copy(), TALL.copy(), "edge")


@example("convolve", "a colour image and no padding named")
def colour_convolved(convolve: Any) -> Any:
    channels = np.stack([IMAGE, IMAGE[::-1], 10 - IMAGE], axis=-1)
    return convolve(channels, KERNEL.copy())


@example("convolve", "a colour image, border 'wrap'")
def colour_wrapped(convolve: Any) -> Any:
    channels = np.stack([IMAGE, 10 - IMAGE], axis=-1)
    return convolve(channels, KERNEL.copy(), "wrap")


@example("convolve", "a kernel with one even side, 3 x 4")
def no_centre(convolve: Any) -> Any:
    return must_raise("ValueError", convolve, IMAGE.copy(), np.ones((3, 4)), "edge")


@example("kernels", "box_kernel of sizes 1 and 5")
def boxes(box_kernel: Any, gaussian_kernel: Any) -> Any:
    return {f"box_kernel({size})": box_kernel(size) for size in (1, 5)}


@example("kernels", "gaussian_kernel with sigma 1.4, and with sigma 1 and truncate 2")
def gaussians(box_kernel: Any, gaussian_kernel: Any) -> Any:
    return {
        "gaussian_kernel(1.4)": gaussian_kernel(1.4),
        "gaussian_kernel(1.0, 2.0)": gaussian_kernel(1.0, 2.0),
    }


@example("kernels", "gaussian_kernel with sigma 1.5: the radius is int(4.5 + 0.5)")
def radius(box_kernel: Any, gaussian_kernel: Any) -> Any:
    return {"The number of rows of the kernel": len(gaussian_kernel(1.5))}


@example("kernels", "box_kernel of an even size")
def even_box(box_kernel: Any, gaussian_kernel: Any) -> Any:
    return must_raise("ValueError", box_kernel, 4)


@example("kernels", "box_kernel of size -3")
def negative_box(box_kernel: Any, gaussian_kernel: Any) -> Any:
    return must_raise("ValueError", box_kernel, -3)


@example("kernels", "gaussian_kernel with a sigma of 0")
def no_spread(box_kernel: Any, gaussian_kernel: Any) -> Any:
    return must_raise("ValueError", gaussian_kernel, 0.0)


@example("filter_separable", "a 4 x 5 image and the kernel 1, 2, 0, border 'edge'")
def two_passes(filter_separable: Any) -> Any:
    return filter_separable(IMAGE.copy(), np.array([1.0, 2.0, 0.0]), "edge")


@example(
    "filter_separable", "a colour image of 4 x 5 pixels and the kernel 1, 2, 0, border 'constant'"
)
def two_passes_in_colour(filter_separable: Any) -> Any:
    channels = np.stack([IMAGE, IMAGE[::-1], 10 - IMAGE], axis=-1)
    return filter_separable(channels, np.array([1.0, 2.0, 0.0]), "constant")


@example("filter_separable", "five entries and no padding named")
def two_passes_by_default(filter_separable: Any) -> Any:
    return filter_separable(IMAGE.copy(), np.array([1.0, 0.0, 0.0, 2.0, 4.0]))


@example("filter_separable", "an image of 2 x 2 pixels and a kernel of 120,001 entries")
def long_separable(filter_separable: Any) -> Any:
    kernel = np.zeros(120_001)
    kernel[[0, 60_000, 60_001]] = 0.5, 0.25, 1.0
    return filter_separable(IMAGE[:2, :2].copy(), kernel, "edge")


@example("filter_separable", "a kernel of four entries, which has no centre")
def four_entries(filter_separable: Any) -> Any:
    return must_raise("ValueError", filter_separable, IMAGE.copy(), np.ones(4), "edge")


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


@example("lsi", "generators that are equal, and that are not, on an operator that does nothing")
def generators(is_linear: Any, is_shift_invariant: Any) -> Any:
    found = {}
    for function, name in ((is_linear, "is_linear"), (is_shift_invariant, "is_shift_invariant")):
        first, again, other = (_tried(function, number) for number in (7, 7, 8))
        found[f"That {name} tries something"] = len(first) > 0
        found[f"That {name} tries the same images with an equal generator"] = _same(first, again)
        found[f"That {name} tries other images with another generator"] = not _same(first, other)
    return found


def _tried(function: Any, number: int) -> list[Any]:
    images: list[Any] = []

    def does_nothing(image: Any) -> Any:
        images.append(np.array(image))
        return image

    function(does_nothing, (4, 6), np.random.default_rng(number), 4)
    return images


def _same(one: list[Any], other: list[Any]) -> bool:
    return len(one) == len(other) and all(map(np.array_equal, one, other))


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


@example("lsi", "is_shift_invariant on operators that double every other row, column, or pixel")
def every_other(is_linear: Any, is_shift_invariant: Any) -> Any:
    found = {}
    for name, weights in (("row", (1, 0)), ("column", (0, 1)), ("pixel of a chessboard", (1, 1))):

        def doubled(image: Any, weights: tuple[int, int] = weights) -> Any:
            return image * (1 + np.tensordot(weights, np.indices(image.shape), 1) % 2)

        answer = is_shift_invariant(doubled, (6, 8), np.random.default_rng(5), 40)
        found[f"is_shift_invariant of doubling every other {name}"] = answer
    return found


@example("correlation_matrix", "images of 2 x 3 pixels and the kernel 1, 0, 2, border 'edge'")
def small_matrix_edge(correlation_matrix: Any) -> Any:
    return _dense(correlation_matrix(np.array([[1.0, 0.0, 2.0]]), (2, 3), "edge"), 6)


@example("correlation_matrix", "images of 2 x 3 pixels and the kernel 1, 0, 2, border 'constant'")
def small_matrix(correlation_matrix: Any) -> Any:
    return _dense(correlation_matrix(np.array([[1.0, 0.0, 2.0]]), (2, 3), "constant"), 6)


@example("correlation_matrix", "A times a 4 x 5 image, a 3 x 3 kernel, no padding named")
def matrix_at_work(correlation_matrix: Any) -> Any:
    return (_dense(correlation_matrix(KERNEL.copy(), (4, 5)), 20) @ IMAGE.ravel()).reshape(4, 5)


@example("correlation_matrix", "A times a 4 x 5 image, a 5 x 3 kernel, border 'wrap'")
def matrix_wrapped(correlation_matrix: Any) -> Any:
    matrix = _dense(correlation_matrix(TALL.copy(), (4, 5), "wrap"), 20)
    return (matrix @ IMAGE.ravel()).reshape(4, 5)


@example("correlation_matrix", "a kernel with one even side, 3 x 4")
def matrix_without_centre(correlation_matrix: Any) -> Any:
    return must_raise("ValueError", correlation_matrix, np.ones((3, 4)), (5, 5), "edge")


def _dense(matrix: Any, size: int) -> Any:
    """Return a sparse matrix as an array, small as it is."""
    from scipy.sparse import issparse

    if not issparse(matrix):
        raise Complaint(f"It returns a {type(matrix).__name__} where a sparse matrix is due.")
    if matrix.shape != (size, size):
        raise Complaint(f"The shape is wrong: {matrix.shape}, expected ({size}, {size}).")
    return matrix.toarray()
