"""Known answers to the exercises of nonlinear_filters: misconceptions, and other right ways."""

import math
from statistics import median
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from autograder.variants import in_single_precision, right, survivor, wrong
from course_utils.reference import nonlinear_filters as reference
from course_utils.types import Image, Kernel, Patch, Patches, Signal


def _refuse_even(*sizes: int) -> None:
    if any(size % 2 == 0 for size in sizes):
        raise ValueError("sizes must be odd")


def _border(image: Image, radius: int, mode: Any = "reflect") -> Image:
    """Continue an image by so many pixels, by some border rule."""
    return np.pad(image, [(radius, radius)] * 2 + [(0, 0)] * (image.ndim - 2), mode=mode)


def _planes(image: Image) -> Any:
    """Return a colour image, of one channel if the image is grey."""
    return image.reshape(*image.shape[:2], -1)


_ANY_NEGATIVE = "numpy takes every negative number for the side that follows from the others."
_PLANES_ONLY = "A grey image gets an axis for its one channel first, so there always is just one."


# --- psnr -----------------------------------------------------------------------------------------


def _refuse_other_shape(clean: Image, estimate: Image) -> None:
    if clean.shape != estimate.shape:
        raise ValueError("the shapes differ")


def _mse(clean: Image, estimate: Image) -> float:
    _refuse_other_shape(clean, estimate)
    return float(np.mean((clean.astype(float) - estimate.astype(float)) ** 2))


def _decibels(ratio: float) -> float:
    return 10.0 * math.log10(ratio)


@wrong(
    "psnr",
    hint="You subtract bytes from bytes: below 0 they begin at 255 again. Subtract as float64.",
    minor=True,
)
def bytes_below_zero(clean: Image, estimate: Image, data_range: float = 1.0) -> float:
    _refuse_other_shape(clean, estimate)
    error = np.mean((clean - estimate) ** 2)
    return float("inf") if error == 0 else float(10.0 * np.log10(data_range**2 / error))


@wrong(
    "psnr",
    hint="You take 20 log10 of R^2 / MSE. It is 10 log10 of R^2 / MSE, or 20 log10 of R / RMSE.",
)
def twice_the_decibels(clean: Image, estimate: Image, data_range: float = 1.0) -> float:
    return 2.0 * reference.psnr(clean, estimate, data_range)


@wrong("psnr", hint="You take the natural logarithm. Decibels need log10.")
def natural_logarithm(clean: Image, estimate: Image, data_range: float = 1.0) -> float:
    return reference.psnr(clean, estimate, data_range) * math.log(10.0)


@wrong("psnr", hint="You forget the square of R: it is 10 log10(R^2 / MSE).")
def range_not_squared(clean: Image, estimate: Image, data_range: float = 1.0) -> float:
    error = _mse(clean, estimate)
    return float("inf") if error == 0 else _decibels(data_range / error)


@wrong(
    "psnr",
    hint="You ignore data_range: 1 stands in your formula where R^2 is due.",
)
def range_ignored(clean: Image, estimate: Image, data_range: float = 1.0) -> float:
    error = _mse(clean, estimate)
    return float("inf") if error == 0 else _decibels(1.0 / error)


@wrong(
    "psnr",
    hint="You take the largest value of the clean image for R. R is data_range, the largest "
    "difference that is possible.",
)
def peak_of_the_image(clean: Image, estimate: Image, data_range: float = 1.0) -> float:
    error, peak = _mse(clean, estimate), max(float(clean.max()), 1e-9)
    return float("inf") if error == 0 else _decibels(peak**2 / error)


@wrong("psnr", hint="You take the mean of |clean - estimate|. The MSE is the mean of the squares.")
def mean_absolute_error(clean: Image, estimate: Image, data_range: float = 1.0) -> float:
    _refuse_other_shape(clean, estimate)
    error = np.mean(np.abs(clean.astype(float) - estimate.astype(float)))
    return float("inf") if error == 0 else _decibels(data_range**2 / error)


@wrong(
    "psnr", hint="You take the root of the MSE and not of R^2: it is R^2 / MSE, or (R / root)^2."
)
def root_left_in(clean: Image, estimate: Image, data_range: float = 1.0) -> float:
    error = math.sqrt(_mse(clean, estimate))
    return float("inf") if error == 0 else _decibels(data_range / error)


@wrong("psnr", hint="You add the squares up and do not divide by their number.")
def sum_of_squares(clean: Image, estimate: Image, data_range: float = 1.0) -> float:
    error = _mse(clean, estimate) * clean.size
    return float("inf") if error == 0 else _decibels(data_range**2 / error)


@wrong(
    "psnr",
    hint="You average over rows and columns only, and so divide by the pixels instead of by all "
    "values of all channels.",
    minor=True,
)
def channels_added(clean: Image, estimate: Image, data_range: float = 1.0) -> float:
    error = _mse(clean, estimate) * (clean.shape[2] if clean.ndim == 3 else 1)
    return float("inf") if error == 0 else _decibels(data_range**2 / error)


@wrong("psnr", hint="Your sign is wrong: the smaller the error, the larger the PSNR.")
def upside_down(clean: Image, estimate: Image, data_range: float = 1.0) -> float:
    return -reference.psnr(clean, estimate, data_range)


@wrong(
    "psnr",
    hint="You divide by an MSE of 0. Look at that case first, and return infinity.",
    minor=True,
)
def divided_by_zero(clean: Image, estimate: Image, data_range: float = 1.0) -> float:
    return _decibels(data_range**2 / _mse(clean, estimate))


@wrong(
    "psnr",
    hint="You add a small number to the MSE so as not to divide by 0. That makes the PSNR of equal "
    "images a number, and it is infinite.",
    minor=True,
)
def never_zero(clean: Image, estimate: Image, data_range: float = 1.0) -> float:
    return _decibels(data_range**2 / (_mse(clean, estimate) + 1e-12))


@wrong(
    "psnr",
    hint="numpy repeats a row or a column to make shapes fit. Compare the shapes yourself.",
    minor=True,
)
def shapes_made_to_fit(clean: Image, estimate: Image, data_range: float = 1.0) -> float:
    error = np.mean((clean.astype(float) - estimate.astype(float)) ** 2)
    return float("inf") if error == 0 else _decibels(data_range**2 / float(error))


@right("psnr")
def by_root(clean: Image, estimate: Image, data_range: float = 1.0) -> float:
    root = math.sqrt(_mse(clean, estimate))
    return math.inf if root == 0 else 20.0 * math.log10(data_range / root)


@right("psnr")
def difference_of_logarithms(clean: Image, estimate: Image, data_range: float = 1.0) -> Any:
    _refuse_other_shape(clean, estimate)
    flat = (clean.astype(np.float64) - estimate).ravel()
    if not flat.any():
        return np.float64(np.inf)
    return 20 * np.log10(data_range) - 10 * np.log10(flat @ flat / flat.size)


@right("psnr")
def one_value_after_the_other(clean: Image, estimate: Image, data_range: float = 1.0) -> float:
    _refuse_other_shape(clean, estimate)
    pairs = zip(clean.ravel().tolist(), estimate.ravel().tolist(), strict=True)
    error = math.fsum((x - y) ** 2 for x, y in pairs) / clean.size
    return 10.0 * math.log10(data_range**2 / error) if error else math.inf


survivor(
    "psnr",
    "psnr: 0 -> -1",
    because="numpy divides by 0 to infinity as well. It warns, which only the visible check hears.",
)


# --- median_filter --------------------------------------------------------------------------------


def _windows(image: Image, size: int, mode: Any = "reflect") -> Any:
    """Return the windows (H, W[, C], size, size) of an image."""
    _refuse_even(size)
    return sliding_window_view(_border(image, size // 2, mode), (size, size), axis=(0, 1))


@wrong(
    "median_filter",
    hint="You take the median of rows, and then of these medians. The median of medians is not the "
    "median of all.",
)
def median_of_medians(image: Image, size: int) -> Image:
    return np.asarray(np.median(np.median(_windows(image, size), axis=-1), axis=-1))


@wrong("median_filter", hint="You take the mean of the window, not its median.")
def mean_of_the_window(image: Image, size: int) -> Image:
    return np.asarray(_windows(image, size).mean(axis=(-2, -1)))


@wrong("median_filter", hint="You take the middle of smallest and largest value of the window.")
def middle_of_extremes(image: Image, size: int) -> Image:
    windows = _windows(image, size)
    return np.asarray((windows.max(axis=(-2, -1)) + windows.min(axis=(-2, -1))) / 2)


@wrong(
    "median_filter",
    hint="You return the image as it came: the value in the middle of a window is its own pixel. Sort "
    "the values first, then take the one in the middle.",
)
def not_sorted(image: Image, size: int) -> Image:
    return _windows(image, size)[..., size // 2, size // 2].copy()


@wrong(
    "median_filter",
    hint="Of the sorted values you take the one beside the middle. Of n values, n odd, it is number "
    "n // 2, counted from 0.",
)
def beside_the_middle(image: Image, size: int) -> Image:
    values = np.sort(_windows(image, size).reshape(*image.shape, -1), axis=-1)
    return values[..., max(size**2 // 2 - 1, 0)].copy()


@wrong(
    "median_filter",
    hint="You take the median of all channels together. Channels are filtered one by one.",
    minor=True,
)
def channels_together(image: Image, size: int) -> Image:
    if image.ndim == 2:
        return reference.median_filter(image, size)
    mixed = np.median(_windows(image, size), axis=(-3, -2, -1))
    return np.repeat(mixed[..., np.newaxis], image.shape[2], axis=2)


@wrong(
    "median_filter",
    hint="The image is continued with zeros in your answer. It goes on by reflection, 'reflect'.",
)
def zeros_around(image: Image, size: int) -> Image:
    return np.asarray(np.median(_windows(image, size, "constant"), axis=(-2, -1)))


@wrong(
    "median_filter",
    hint="You repeat the border pixels, as 'symmetric' and 'edge' do. 'reflect' does not repeat them.",
)
def border_repeated(image: Image, size: int) -> Image:
    return np.asarray(np.median(_windows(image, size, "symmetric"), axis=(-2, -1)))


@wrong(
    "median_filter",
    hint="You repeat the border pixels, as 'symmetric' and 'edge' do. 'reflect' does not repeat them.",
)
def edge_around(image: Image, size: int) -> Image:
    return np.asarray(np.median(_windows(image, size, "edge"), axis=(-2, -1)))


@wrong(
    "median_filter",
    hint="Your window reaches `size` pixels to every side. It is `size` pixels wide altogether.",
)
def size_as_radius(image: Image, size: int) -> Image:
    _refuse_even(size)
    return reference.median_filter(image, 2 * size + 1)


@wrong(
    "median_filter",
    hint="Your window is one pixel off: it must lie around the pixel, size // 2 to every side.",
)
def window_off_by_one(image: Image, size: int) -> Image:
    return np.roll(reference.median_filter(image, size), 1, axis=1)


@wrong(
    "median_filter",
    hint="You write medians into the image while later windows still need the old values. Write "
    "into a new array.",
)
def medians_of_medians_in_place(image: Image, size: int) -> Image:
    _refuse_even(size)
    padded = _border(image, size // 2)
    radius = size // 2
    for i, j in np.ndindex(*image.shape[:2]):
        window = padded[i : i + size, j : j + size]
        padded[i + radius, j + radius] = np.median(window, axis=(0, 1))
    return padded[radius : radius + image.shape[0], radius : radius + image.shape[1]].copy()


@wrong(
    "median_filter",
    hint="You take an even size without a word. An even window has no centre: raise a ValueError.",
    minor=True,
)
def even_median_taken(image: Image, size: int) -> Image:
    return reference.median_filter(image, size + 1 - size % 2)


@right("median_filter")
def sorted_windows(image: Image, size: int) -> Image:
    values = _windows(image, size).reshape(*image.shape, -1)
    return np.sort(values, axis=-1)[..., size**2 // 2].copy()


@right("median_filter")
def medians_pixel_by_pixel(image: Image, size: int) -> Image:
    if size % 2 != 1:
        raise ValueError("even")
    if image.ndim == 3:
        planes = [medians_pixel_by_pixel(image[:, :, c], size) for c in range(image.shape[2])]
        return np.dstack(planes)
    padded = np.pad(image, size // 2, mode="reflect")
    rows = [
        [median(padded[i : i + size, j : j + size].ravel().tolist()) for j in range(image.shape[1])]
        for i in range(image.shape[0])
    ]
    return np.array(rows)


@right("median_filter")
def medians_of_shifted_copies(image: Image, size: int) -> Image:
    _refuse_even(size)
    padded = _border(image, size // 2)
    height, width = image.shape[:2]
    copies = [padded[q : q + height, r : r + width] for q, r in np.ndindex(size, size)]
    return np.asarray(np.median(copies, axis=0))


in_single_precision("median_filter", reference.median_filter)


# --- bilateral ------------------------------------------------------------------------------------


def _weighted(
    image: Image,
    size: int,
    weigh: Any,
    *,
    mode: Any = "reflect",
    normalise: bool = True,
) -> Image:
    """Average windows, with weights made of places and of differences to the middle."""
    _refuse_even(size)
    colors = _planes(image)
    padded = _border(colors, size // 2, mode)
    height, width = image.shape[:2]
    total, result = np.zeros((height, width, 1)), np.zeros_like(colors)
    for q, r in np.ndindex(size, size):
        neighbors = padded[q : q + height, r : r + width]
        weights = weigh(q - size // 2, r - size // 2, neighbors - colors)
        total = total + weights
        result = result + weights * neighbors
    return (result / total if normalise else result).reshape(image.shape)


def _bell(square: Any, sigma: float) -> Any:
    return np.exp(-square / (2.0 * sigma**2))


def _joint(differences: Any) -> Any:
    return (differences**2).sum(axis=-1, keepdims=True)


@wrong(
    "bilateral",
    function="bilateral_filter",
    hint="You weigh every channel by its own difference. All channels of a pixel share one weight, "
    "by the distance of the whole colours.",
    minor=True,
)
def channels_weighed_alone(
    image: Image, sigma_position: float, sigma_color: float, size: int = 11
) -> Image:
    def weigh(q: int, r: int, differences: Any) -> Any:
        return _bell(q**2 + r**2, sigma_position) * _bell(differences**2, sigma_color)

    return _weighted(image, size, weigh)


@wrong(
    "bilateral",
    function="bilateral_filter",
    hint="You do not divide by the sum of the weights.",
)
def weights_not_normalised(
    image: Image, sigma_position: float, sigma_color: float, size: int = 11
) -> Image:
    def weigh(q: int, r: int, differences: Any) -> Any:
        return _bell(q**2 + r**2, sigma_position) * _bell(_joint(differences), sigma_color)

    return _weighted(image, size, weigh, normalise=False)


@wrong(
    "bilateral",
    function="bilateral_filter",
    hint="Your weights depend on the place alone: that is a Gaussian filter. Multiply with the "
    "weight of the colour.",
)
def gaussian_alone(
    image: Image, sigma_position: float, sigma_color: float, size: int = 11
) -> Image:
    return _weighted(image, size, lambda q, r, differences: _bell(q**2 + r**2, sigma_position))


@wrong(
    "bilateral",
    function="bilateral_filter",
    hint="Your weights depend on the colour alone. Multiply with the weight of the position.",
)
def color_alone(image: Image, sigma_position: float, sigma_color: float, size: int = 11) -> Image:
    return _weighted(image, size, lambda q, r, d: _bell(_joint(d), sigma_color))


@wrong(
    "bilateral",
    function="bilateral_filter",
    hint="You add the weights of position and colour. They are multiplied: a neighbour must be "
    "both near and alike.",
)
def weights_added(image: Image, sigma_position: float, sigma_color: float, size: int = 11) -> Image:
    def weigh(q: int, r: int, differences: Any) -> Any:
        return _bell(q**2 + r**2, sigma_position) + _bell(_joint(differences), sigma_color)

    return _weighted(image, size, weigh)


@wrong(
    "bilateral",
    function="bilateral_filter",
    hint="You have taken sigma_position for sigma_color, and the other way round.",
)
def sigmas_swapped(
    image: Image, sigma_position: float, sigma_color: float, size: int = 11
) -> Image:
    return reference.bilateral_filter(image, sigma_color, sigma_position, size)


@wrong(
    "bilateral",
    function="bilateral_filter",
    hint="The 2 of 2 sigma^2 is missing.",
)
def two_forgotten(image: Image, sigma_position: float, sigma_color: float, size: int = 11) -> Image:
    half = math.sqrt(0.5)
    return reference.bilateral_filter(image, half * sigma_position, half * sigma_color, size)


@wrong(
    "bilateral",
    function="bilateral_filter",
    hint="You divide by 2 sigma. It is 2 sigma^2: sigma is the standard deviation.",
)
def sigma_not_squared(
    image: Image, sigma_position: float, sigma_color: float, size: int = 11
) -> Image:
    roots = math.sqrt(sigma_position), math.sqrt(sigma_color)
    return reference.bilateral_filter(image, *roots, size)


@wrong(
    "bilateral",
    function="bilateral_filter",
    hint="You take the mean of the channels' squared differences. |y_i - y_j|^2 is their sum.",
    minor=True,
)
def channels_averaged(
    image: Image, sigma_position: float, sigma_color: float, size: int = 11
) -> Image:
    def weigh(q: int, r: int, differences: Any) -> Any:
        alike = _bell((differences**2).mean(axis=-1, keepdims=True), sigma_color)
        return _bell(q**2 + r**2, sigma_position) * alike

    return _weighted(image, size, weigh)


@wrong(
    "bilateral",
    function="bilateral_filter",
    hint="You use |s_i - s_j| and |y_i - y_j| where their squares are due.",
)
def distances_not_squared(
    image: Image, sigma_position: float, sigma_color: float, size: int = 11
) -> Image:
    def weigh(q: int, r: int, differences: Any) -> Any:
        near = _bell(math.hypot(q, r), sigma_position)
        return near * _bell(np.sqrt(_joint(differences)), sigma_color)

    return _weighted(image, size, weigh)


@wrong(
    "bilateral",
    function="bilateral_filter",
    hint="You leave the pixel in the middle out of its own average. Its weight is 1 before the "
    "weights are normalised.",
)
def middle_left_out(
    image: Image, sigma_position: float, sigma_color: float, size: int = 11
) -> Image:
    def weigh(q: int, r: int, differences: Any) -> Any:
        if q == r == 0:
            return np.full((*differences.shape[:2], 1), 1e-300)
        return _bell(q**2 + r**2, sigma_position) * _bell(_joint(differences), sigma_color)

    return _weighted(image, size, weigh)


@wrong(
    "bilateral",
    function="bilateral_filter",
    hint="The image goes on by another rule than 'reflect' in your answer: with zeros.",
)
def bilateral_zeros(
    image: Image, sigma_position: float, sigma_color: float, size: int = 11
) -> Image:
    def weigh(q: int, r: int, differences: Any) -> Any:
        return _bell(q**2 + r**2, sigma_position) * _bell(_joint(differences), sigma_color)

    return _weighted(image, size, weigh, mode="constant")


@wrong(
    "bilateral",
    function="bilateral_filter",
    hint="You repeat the border pixels ('symmetric'). 'reflect' does not repeat them.",
)
def bilateral_symmetric(
    image: Image, sigma_position: float, sigma_color: float, size: int = 11
) -> Image:
    def weigh(q: int, r: int, differences: Any) -> Any:
        return _bell(q**2 + r**2, sigma_position) * _bell(_joint(differences), sigma_color)

    return _weighted(image, size, weigh, mode="symmetric")


@wrong(
    "bilateral",
    function="bilateral_filter",
    hint="Your window reaches `size` pixels to every side. It is `size` pixels wide altogether.",
)
def bilateral_radius(
    image: Image, sigma_position: float, sigma_color: float, size: int = 11
) -> Image:
    _refuse_even(size)
    return reference.bilateral_filter(image, sigma_position, sigma_color, 2 * size + 1)


@wrong(
    "bilateral",
    function="bilateral_filter",
    hint="You take an even size without a word. An even window has no centre: raise a ValueError.",
    minor=True,
)
def bilateral_even(
    image: Image, sigma_position: float, sigma_color: float, size: int = 11
) -> Image:
    return reference.bilateral_filter(image, sigma_position, sigma_color, size + 1 - size % 2)


@wrong(
    "bilateral",
    function="bilateral_weights",
    hint="You take the mean of the channels' squared differences. |y_i - y_j|^2 is their sum.",
    minor=True,
)
def mean_over_channels(window: Patch, sigma_position: float, sigma_color: float) -> Kernel:
    channels = _planes(window).shape[2]
    return reference.bilateral_weights(window, sigma_position, sigma_color * math.sqrt(channels))


@wrong(
    "bilateral",
    function="bilateral_weights",
    hint="You use |s_i - s_j| and |y_i - y_j| where their squares are due.",
    minor=True,
)
def roots_in_the_exponents(window: Patch, sigma_position: float, sigma_color: float) -> Kernel:
    n = len(window)
    q, r = np.indices((n, n)) - n // 2
    unlike = np.linalg.norm(_planes(window) - _planes(window)[n // 2, n // 2], axis=-1)
    weights = _bell(np.hypot(q, r), sigma_position) * _bell(unlike, sigma_color)
    return np.asarray(weights / weights.sum())


@wrong(
    "bilateral",
    function="bilateral_weights",
    hint="The weights do not sum to 1: divide by their sum.",
    minor=True,
)
def weights_as_they_are(window: Patch, sigma_position: float, sigma_color: float) -> Kernel:
    weights = reference.bilateral_weights(window, sigma_position, sigma_color)
    return weights / weights[len(window) // 2, len(window) // 2]


@wrong(
    "bilateral",
    function="bilateral_weights",
    hint="You compare every pixel with the mean of the window. Compare with the pixel in the middle.",
    minor=True,
)
def against_the_mean(window: Patch, sigma_position: float, sigma_color: float) -> Kernel:
    changed = _planes(window).copy()
    n = len(window)
    mean = changed.mean(axis=(0, 1))
    position = reference.bilateral_weights(np.ones((n, n)), sigma_position, sigma_color)
    weights = position * _bell(((changed - mean) ** 2).sum(axis=-1), sigma_color)
    return np.asarray(weights / weights.sum())


@wrong(
    "bilateral",
    function="bilateral_weights",
    hint="You measure positions from the upper left corner. They count from the pixel in the middle.",
    minor=True,
)
def from_the_corner(window: Patch, sigma_position: float, sigma_color: float) -> Kernel:
    n = len(window)
    q, r = np.indices((n, n))
    distance = ((_planes(window) - _planes(window)[n // 2, n // 2]) ** 2).sum(axis=-1)
    weights = _bell(q**2 + r**2, sigma_position) * _bell(distance, sigma_color)
    return np.asarray(weights / weights.sum())


@wrong(
    "bilateral",
    function="bilateral_weights",
    hint="You return a weight for every channel. All channels of a pixel share one weight.",
    minor=True,
)
def a_weight_for_each_channel(window: Patch, sigma_position: float, sigma_color: float) -> Kernel:
    if window.ndim == 2:
        return reference.bilateral_weights(window, sigma_position, sigma_color)
    planes = np.moveaxis(window, -1, 0)
    return np.dstack([reference.bilateral_weights(p, sigma_position, sigma_color) for p in planes])


@wrong(
    "bilateral",
    function="bilateral_weights",
    hint="The 2 of 2 sigma^2 is missing.",
    minor=True,
)
def two_forgotten_in_weights(window: Patch, sigma_position: float, sigma_color: float) -> Kernel:
    half = math.sqrt(0.5)
    return reference.bilateral_weights(window, half * sigma_position, half * sigma_color)


@wrong(
    "bilateral",
    function="bilateral_weights",
    hint="You divide by 2 sigma. It is 2 sigma^2: sigma is the standard deviation.",
    minor=True,
)
def sigma_not_squared_in_weights(
    window: Patch, sigma_position: float, sigma_color: float
) -> Kernel:
    roots = math.sqrt(sigma_position), math.sqrt(sigma_color)
    return reference.bilateral_weights(window, *roots)


@wrong(
    "bilateral",
    function="bilateral_weights",
    hint="You add the weights of position and colour. They are multiplied: a neighbour must be both "
    "near and alike.",
    minor=True,
)
def added_in_weights(window: Patch, sigma_position: float, sigma_color: float) -> Kernel:
    n = len(window)
    q, r = np.indices((n, n)) - n // 2
    distance = ((_planes(window) - _planes(window)[n // 2, n // 2]) ** 2).sum(axis=-1)
    weights = _bell(q**2 + r**2, sigma_position) + _bell(distance, sigma_color)
    return np.asarray(weights / weights.sum())


@right("bilateral", function="bilateral_filter")
def pixel_after_pixel(
    image: Image, sigma_position: float, sigma_color: float, size: int = 11
) -> Image:
    if size % 2 == 0:
        raise ValueError("even")
    patches = reference.extract_patches(_planes(image), size)
    result = np.empty(_planes(image).shape)
    for i, j in np.ndindex(*image.shape[:2]):
        weights = reference.bilateral_weights(patches[i, j], sigma_position, sigma_color)
        result[i, j] = np.tensordot(weights, patches[i, j], 2)
    return result.reshape(image.shape)


@right("bilateral", function="bilateral_filter")
def all_windows_at_once(
    image: Image, sigma_position: float, sigma_color: float, size: int = 11
) -> Image:
    windows = reference.extract_patches(_planes(image), size)
    middle = size // 2
    difference = windows - windows[:, :, middle : middle + 1, middle : middle + 1]
    places = np.arange(size) - middle
    profile = np.exp(-0.5 * (places / sigma_position) ** 2)
    weights = np.outer(profile, profile) * np.exp(
        -0.5 * np.square(difference / sigma_color).sum(axis=-1)
    )
    averages = np.einsum("ijqr,ijqrc->ijc", weights, windows) / weights.sum((2, 3))[..., None]
    return np.asarray(averages.reshape(image.shape))


@right("bilateral", function="bilateral_weights")
def weights_in_a_loop(window: Patch, sigma_position: float, sigma_color: float) -> Kernel:
    n = window.shape[0]
    weights = np.zeros((n, n))
    for q in range(n):
        for r in range(n):
            far = (q - n // 2) ** 2 + (r - n // 2) ** 2
            unlike = np.sum((window[q, r] - window[n // 2, n // 2]) ** 2)
            weights[q, r] = math.exp(-far / (2 * sigma_position**2) - unlike / (2 * sigma_color**2))
    return weights / np.sum(weights)


in_single_precision("bilateral", reference.bilateral_filter)

survivor("bilateral", "bilateral_weights: 1 -> 2 (#3)", because=_ANY_NEGATIVE)
survivor("bilateral", "bilateral_filter: 1 -> 2", because=_ANY_NEGATIVE)
survivor("bilateral", "_reflected: [(0, 0)] * (image.ndim - 2) -> [(0, 0)]", because=_PLANES_ONLY)


# --- extract_patches ------------------------------------------------------------------------------


def _patches(image: Image, size: int, mode: Any = "reflect") -> Patches:
    windows = _windows(image, size, mode)
    return np.moveaxis(windows, 2, -1) if image.ndim == 3 else windows


@wrong(
    "extract_patches",
    hint="The channels stand before the patch's rows and columns: numpy's sliding_window_view puts "
    "the window behind all axes. Move the channels to the end.",
    minor=True,
)
def channels_before_the_window(image: Image, size: int) -> Patches:
    return _windows(image, size)


@wrong(
    "extract_patches",
    hint="Rows and columns of your patches are swapped.",
)
def patches_transposed(image: Image, size: int) -> Patches:
    return _patches(image, size).swapaxes(2, 3)


@wrong(
    "extract_patches",
    hint="Your patches begin at their pixel. The pixel belongs in the middle: continue the image "
    "by size // 2 on every side.",
)
def patch_from_its_corner(image: Image, size: int) -> Patches:
    _refuse_even(size)
    border = [(0, size - 1)] * 2 + [(0, 0)] * (image.ndim - 2)
    padded = np.pad(image, border, mode="reflect")
    windows = sliding_window_view(padded, (size, size), axis=(0, 1))
    return np.moveaxis(windows, 2, -1) if image.ndim == 3 else windows


@wrong(
    "extract_patches",
    hint="You return no patches for pixels near the border. Continue the image by reflection first.",
)
def no_patches_at_the_border(image: Image, size: int) -> Patches:
    _refuse_even(size)
    side = min(size, *image.shape[:2])
    windows = sliding_window_view(image, (side, side), axis=(0, 1))
    return np.moveaxis(windows, 2, -1) if image.ndim == 3 else windows


@wrong(
    "extract_patches",
    hint="The image is continued with zeros in your answer. It goes on by reflection, 'reflect'.",
)
def patches_of_zeros(image: Image, size: int) -> Patches:
    return _patches(image, size, "constant")


@wrong(
    "extract_patches",
    hint="You repeat the border pixels ('symmetric'). 'reflect' does not repeat them.",
)
def patches_symmetric(image: Image, size: int) -> Patches:
    return _patches(image, size, "symmetric")


@wrong(
    "extract_patches",
    hint="You return all patches in one long row, (H W, size, size). Their pixel's row and column "
    "are the first two axes.",
)
def one_long_row(image: Image, size: int) -> Patches:
    patches = _patches(image, size)
    return patches.reshape(-1, *patches.shape[2:])


@wrong(
    "extract_patches",
    hint="You return each patch as one long row of numbers. Keep its rows and columns.",
)
def patches_flattened(image: Image, size: int) -> Patches:
    patches = _patches(image, size)
    return patches.reshape(*patches.shape[:2], -1)


@wrong(
    "extract_patches",
    hint="You cut patches that do not overlap. There is a patch for every pixel.",
)
def tiles(image: Image, size: int) -> Patches:
    return _patches(image, size)[::size, ::size]


@wrong(
    "extract_patches",
    hint="You average the channels. A patch of a colour image has its channels, as the last axis.",
)
def grey_patches_of_colors(image: Image, size: int) -> Patches:
    return _patches(image.mean(axis=2) if image.ndim == 3 else image[::-1, ::-1], size)


@wrong(
    "extract_patches",
    hint="You take an even size without a word. An even patch has no middle: raise a ValueError.",
    minor=True,
)
def even_patches_taken(image: Image, size: int) -> Patches:
    return reference.extract_patches(image, size + 1 - size % 2)


@right("extract_patches")
def cut_one_by_one(image: Image, size: int) -> Patches:
    if size % 2 == 0:
        raise ValueError("even")
    padded = _border(image, size // 2)
    height, width = image.shape[:2]
    rows = [[padded[i : i + size, j : j + size] for j in range(width)] for i in range(height)]
    return np.array(rows)


@right("extract_patches")
def by_strides(image: Image, size: int) -> Patches:
    _refuse_even(size)
    padded = np.ascontiguousarray(_border(image, size // 2))
    down, across, *rest = padded.strides
    height, width, *channels = image.shape
    shape = (height, width, size, size, *channels)
    return as_strided(padded, shape, (down, across, down, across, *rest)).copy()


@right("extract_patches")
def filled_place_by_place(image: Image, size: int) -> Patches:
    _refuse_even(size)
    padded = _border(image, size // 2)
    height, width = image.shape[:2]
    patches = np.empty((height, width, size, size, *image.shape[2:]))
    for q, r in np.ndindex(size, size):
        patches[:, :, q, r] = padded[q : q + height, r : r + width]
    return patches


# --- patch_weights --------------------------------------------------------------------------------


def _distances(patch: Patch, others: Patches) -> Any:
    return ((others - patch) ** 2).reshape(len(others), -1).mean(axis=1)


def _normalised(exponents: Any) -> Signal:
    weights = np.exp(exponents - exponents.max())
    return np.asarray(weights / weights.sum())


@wrong(
    "patch_weights",
    hint="Your weights are all too small for floating-point numbers and their sum is 0. Subtract "
    "the smallest distance from all: the factor cancels out.",
    minor=True,
)
def zero_by_zero(patch: Patch, others: Patches, h: float) -> Signal:
    weights = np.exp(-_distances(patch, others) / h**2)
    with np.errstate(all="ignore"):
        return np.asarray(weights / weights.sum())


@wrong(
    "patch_weights",
    hint="You add a small number to the sum of the weights so as not to divide by 0. Then the "
    "weights of patches that are far away do not sum to 1.",
    minor=True,
)
def a_little_more(patch: Patch, others: Patches, h: float) -> Signal:
    weights = np.exp(-_distances(patch, others) / h**2)
    return np.asarray(weights / (weights.sum() + 1e-12))


@wrong("patch_weights", hint="The weights do not sum to 1: divide by their sum.")
def not_normalised(patch: Patch, others: Patches, h: float) -> Signal:
    return np.asarray(np.exp(-_distances(patch, others) / h**2))


@wrong(
    "patch_weights",
    hint="You add the squared differences up. Take their mean, so that h means the same for patches "
    "of every size.",
)
def summed_not_averaged(patch: Patch, others: Patches, h: float) -> Signal:
    return _normalised(-_distances(patch, others) * patch.size / h**2)


@wrong(
    "patch_weights",
    hint="You divide by 2 h^2. Here it is h^2.",
)
def two_too_many(patch: Patch, others: Patches, h: float) -> Signal:
    return _normalised(-_distances(patch, others) / (2 * h**2))


@wrong("patch_weights", hint="You divide by h. It is h^2.")
def h_not_squared(patch: Patch, others: Patches, h: float) -> Signal:
    return _normalised(-_distances(patch, others) / h)


@wrong(
    "patch_weights",
    hint="You average the differences' absolute values. Average their squares.",
)
def absolute_differences(patch: Patch, others: Patches, h: float) -> Signal:
    distances = np.abs(others - patch).reshape(len(others), -1).mean(axis=1)
    return _normalised(-distances / h**2)


@wrong(
    "patch_weights",
    hint="You take the square root of the mean: exp(-d / h^2) needs the mean squared difference.",
)
def root_mean_square(patch: Patch, others: Patches, h: float) -> Signal:
    return _normalised(-np.sqrt(_distances(patch, others)) / h**2)


@wrong(
    "patch_weights",
    hint="You compare the patches' middle pixels only. Compare all of their pixels: that is what "
    "patches are for.",
)
def middle_pixels(patch: Patch, others: Patches, h: float) -> Signal:
    middle = len(patch) // 2
    differences = others[:, middle, middle] - patch[middle, middle]
    return _normalised(-(differences.reshape(len(others), -1) ** 2).mean(axis=1) / h**2)


@wrong(
    "patch_weights",
    hint="You compare the patches' means only. Patches with equal means can look very different.",
)
def mean_of_patches(patch: Patch, others: Patches, h: float) -> Signal:
    differences = others.reshape(len(others), -1).mean(axis=1) - patch.mean()
    return _normalised(-(differences**2) / h**2)


@wrong("patch_weights", hint="The sign is missing: weights fall with the distance, exp(-d / h^2).")
def growing_weights(patch: Patch, others: Patches, h: float) -> Signal:
    return _normalised(_distances(patch, others) / h**2)


@wrong(
    "patch_weights",
    hint="You average over rows and columns and add the channels up. Average over the channels, too.",
    minor=True,
)
def patch_channels_added(patch: Patch, others: Patches, h: float) -> Signal:
    channels = patch.shape[2] if patch.ndim == 3 else 1
    return _normalised(-_distances(patch, others) * channels / h**2)


@right("patch_weights")
def by_logarithms(patch: Patch, others: Patches, h: float) -> Signal:
    exponents = -_distances(patch, others) / h**2
    return np.asarray(np.exp(exponents - np.logaddexp.reduce(exponents)))


@right("patch_weights")
def one_patch_after_the_other(patch: Patch, others: Patches, h: float) -> Signal:
    exponents = [-float(np.mean(np.square(other - patch))) / h**2 for other in others]
    weights = [math.exp(exponent - max(exponents)) for exponent in exponents]
    return np.array([weight / sum(weights) for weight in weights])


@right("patch_weights")
def compared_with_the_nearest(patch: Patch, others: Patches, h: float) -> Signal:
    rows = others.reshape(len(others), -1) - patch.ravel()
    squares = np.einsum("ij,ij->i", rows, rows) / patch.size
    weights: Signal = np.exp((squares.min() - squares) / h**2)
    return weights / weights.sum()


survivor("patch_weights", "patch_weights: 1 -> 2", because=_ANY_NEGATIVE)


# --- non_local_means ------------------------------------------------------------------------------


def _similar(
    image: Image,
    patch_size: int,
    search_size: int,
    exponent: Any,
    *,
    mode: Any = "reflect",
    middle: bool = True,
    normalise: bool = True,
    last: int = 0,
) -> Image:
    """Average search windows, with weights made of the squared differences of patches."""
    _refuse_even(patch_size, search_size)
    colors = _planes(image)
    height, width = image.shape[:2]
    search = search_size // 2
    padded = _border(colors, search + patch_size // 2, mode)
    windows = sliding_window_view(padded, (patch_size, patch_size), axis=(0, 1))
    patches = np.moveaxis(windows, 2, -1)
    here = patches[search : search + height, search : search + width]
    total, result = np.zeros((height, width, 1)), np.zeros_like(colors)
    for q, r in np.ndindex(last or search_size, last or search_size):
        there = patches[q : q + height, r : r + width]
        weights = np.exp(-exponent(there - here))
        weights = weights.reshape(height, width, -1)
        if not middle and q == r == search:
            weights = np.full_like(weights, 1e-300)
        total = total + weights
        result = result + weights * there[:, :, patch_size // 2, patch_size // 2]
    return (result / total if normalise else result).reshape(image.shape)


def _means(h: float) -> Any:
    return lambda differences: (differences**2).mean(axis=(2, 3, 4)) / h**2


@wrong(
    "non_local_means",
    hint="You do not divide by the sum of the weights.",
)
def averages_not_normalised(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    return _similar(image, patch_size, search_size, _means(h), normalise=False)


@wrong(
    "non_local_means",
    hint="You add the squared differences up. Take their mean, so that h means the same for patches "
    "of every size.",
)
def patches_summed(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    return _similar(image, patch_size, search_size, lambda d: (d**2).sum(axis=(2, 3, 4)) / h**2)


@wrong(
    "non_local_means",
    hint="You compare single pixels. Compare patches.",
)
def pixels_compared(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    _refuse_even(patch_size)
    return reference.non_local_means(image, 1, search_size, h)


@wrong(
    "non_local_means",
    hint="You leave the pixel itself out of its average. Its weight is 1 before the weights are "
    "normalised.",
)
def itself_left_out(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    return _similar(image, patch_size, search_size, _means(h), middle=False)


@wrong(
    "non_local_means",
    hint="Your search window is one pixel too narrow: it reaches search_size // 2 to every side, "
    "both ends included.",
)
def search_window_short(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    _refuse_even(patch_size, search_size)
    return reference.non_local_means(image, patch_size, max(search_size - 2, 1), h)


@wrong(
    "non_local_means",
    hint="Your search window reaches `search_size` pixels to every side. It is `search_size` pixels "
    "wide altogether.",
)
def search_size_as_radius(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    _refuse_even(search_size)
    return reference.non_local_means(image, patch_size, 2 * search_size + 1, h)


@wrong(
    "non_local_means",
    hint="You have swapped the sizes of patch and search window.",
)
def sizes_swapped(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    return reference.non_local_means(image, search_size, patch_size, h)


@wrong(
    "non_local_means",
    hint="You continue the differences beyond the border. Continue the image, by half the search "
    "window and half a patch together, and take differences from there.",
)
def differences_continued(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    _refuse_even(patch_size, search_size)
    colors = _planes(image)
    height, width = image.shape[:2]
    padded = _border(colors, search_size // 2)
    total, result = np.zeros((height, width, 1)), np.zeros_like(colors)
    for q, r in np.ndindex(search_size, search_size):
        there = padded[q : q + height, r : r + width]
        squares = ((there - colors) ** 2).mean(axis=2)
        weights = np.exp(-_windows(squares, patch_size).mean(axis=(-2, -1)) / h**2)[..., None]
        total += weights
        result += weights * there
    return (result / total).reshape(image.shape)


@wrong(
    "non_local_means",
    hint="You cut the search window off at the border. It goes on where the image does, by "
    "reflection.",
)
def search_window_cut(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    _refuse_even(patch_size, search_size)
    colors = _planes(image)
    height, width = image.shape[:2]
    patches = _patches(colors, patch_size)
    reach = search_size // 2
    result = np.empty_like(colors)
    for i, j in np.ndindex(height, width):
        near = np.s_[max(i - reach, 0) : i + reach + 1, max(j - reach, 0) : j + reach + 1]
        weights = np.exp(-((patches[near] - patches[i, j]) ** 2).mean(axis=(2, 3, 4)) / h**2)
        result[i, j] = np.tensordot(weights, colors[near], 2) / weights.sum()
    return result.reshape(image.shape)


@wrong("non_local_means", hint="You divide by 2 h^2. Here it is h^2.")
def twice_h_squared(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    return reference.non_local_means(image, patch_size, search_size, math.sqrt(2.0) * h)


@wrong("non_local_means", hint="You divide by h. It is h^2.")
def h_as_it_is(image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1) -> Image:
    return reference.non_local_means(image, patch_size, search_size, math.sqrt(h))


@wrong(
    "non_local_means",
    hint="You weigh every channel by its own patches. All channels of a pixel share one weight.",
    minor=True,
)
def channels_by_themselves(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    return _similar(image, patch_size, search_size, lambda d: (d**2).mean(axis=(2, 3)) / h**2)


@wrong(
    "non_local_means",
    hint="You add the channels up where their mean is due.",
    minor=True,
)
def similar_channels_added(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    channels = _planes(image).shape[2]
    return reference.non_local_means(image, patch_size, search_size, h / math.sqrt(channels))


@wrong(
    "non_local_means",
    hint="The image is continued with zeros in your answer. It goes on by reflection, 'reflect'.",
)
def search_in_zeros(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    return _similar(image, patch_size, search_size, _means(h), mode="constant")


@wrong(
    "non_local_means",
    hint="You repeat the border pixels ('symmetric'). 'reflect' does not repeat them.",
)
def search_symmetric(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    return _similar(image, patch_size, search_size, _means(h), mode="symmetric")


@wrong(
    "non_local_means",
    hint="You return the image as it came, or nearly so: the pixel itself has all the weight. Is it "
    "exp(-d / h^2), with d the mean of the squares?",
)
def all_weight_on_itself(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    return reference.non_local_means(image, patch_size, search_size, 1e-3)


@wrong(
    "non_local_means",
    hint="Your search window ends one place too early, below and to the right: range(-k, k) leaves "
    "out k.",
)
def last_place_left_out(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    _refuse_even(patch_size, search_size)
    return _similar(image, patch_size, search_size, _means(h), last=search_size - 1)


@wrong(
    "non_local_means",
    hint="You take even sizes without a word. Even windows have no centre: raise a ValueError.",
    minor=True,
)
def even_sizes_taken(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    odd = patch_size + 1 - patch_size % 2, search_size + 1 - search_size % 2
    return reference.non_local_means(image, *odd, h)


@right("non_local_means")
def all_patches_compared(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    return _similar(image, patch_size, search_size, _means(h))


@right("non_local_means")
def pixel_by_pixel_with_patch_weights(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    if patch_size % 2 == 0 or search_size % 2 == 0:
        raise ValueError("even")
    colors = _planes(image)
    search = search_size // 2
    patches = reference.extract_patches(_border(colors, search + patch_size), patch_size)
    patches = patches[patch_size:-patch_size, patch_size:-patch_size]
    result = np.empty(colors.shape)
    for i, j in np.ndindex(*image.shape[:2]):
        found = patches[i : i + search_size, j : j + search_size]
        others = found.reshape(-1, *found.shape[2:])
        weights = reference.patch_weights(patches[i + search, j + search], others, h)
        result[i, j] = weights @ others[:, patch_size // 2, patch_size // 2]
    return result.reshape(image.shape)


@right("non_local_means")
def by_summed_areas(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    if patch_size % 2 == 0 or search_size % 2 == 0:
        raise ValueError("even")
    colors = _planes(image)
    height, width, channels = colors.shape
    search, patch = search_size // 2, patch_size // 2
    padded = _border(colors, search + patch)
    rows, columns = height + 2 * patch, width + 2 * patch
    here = padded[search : search + rows, search : search + columns]
    total, result = np.zeros((height, width)), np.zeros_like(colors)
    for q in range(search_size):
        for r in range(search_size):
            there = padded[q : q + rows, r : r + columns]
            areas = np.zeros((rows + 1, columns + 1))
            areas[1:, 1:] = ((there - here) ** 2).sum(axis=2).cumsum(axis=0).cumsum(axis=1)
            sums = areas[patch_size:, patch_size:] - areas[:-patch_size, patch_size:]
            sums += areas[:-patch_size, :-patch_size] - areas[patch_size:, :-patch_size]
            weights = np.exp(-sums / (patch_size**2 * channels) / h**2)
            total += weights
            result += weights[..., None] * there[patch : patch + height, patch : patch + width]
    return (result / total[..., None]).reshape(image.shape)


survivor("non_local_means", "non_local_means: 1 -> 2", because=_ANY_NEGATIVE)
survivor(
    "non_local_means", "_reflected: [(0, 0)] * (image.ndim - 2) -> [(0, 0)]", because=_PLANES_ONLY
)


in_single_precision("non_local_means", reference.non_local_means)


# --- denoise --------------------------------------------------------------------------------------


@wrong(
    "denoise", hint="You return the image as it came, or nearly so: almost no noise is taken out."
)
def as_it_came(noisy: Image) -> Image:
    return noisy.copy()


@wrong(
    "denoise",
    hint="You only clip the values. That takes out the noise beyond 0 and 1 and leaves the rest.",
)
def only_clipped(noisy: Image) -> Image:
    return np.clip(noisy, 0.0, 1.0)


@wrong("denoise", hint="A mean filter blurs the edges. Average what looks alike.")
def mean_filter(noisy: Image) -> Image:
    return np.asarray(_windows(noisy, 3).mean(axis=(-2, -1)))


@wrong("denoise", hint="A median filter is made for outliers. This noise is Gaussian.")
def small_median(noisy: Image) -> Image:
    return reference.median_filter(noisy, 3)


@wrong(
    "denoise",
    hint="Your h is far too small: patches with noise never look alike enough, and nothing is "
    "averaged.",
)
def h_too_small(noisy: Image) -> Image:
    return reference.non_local_means(noisy, 5, 15, 0.05)


@wrong(
    "denoise",
    hint="Your h is far too large: patches that show different things are averaged, and all is "
    "blurred.",
)
def h_too_large(noisy: Image) -> Image:
    return reference.non_local_means(noisy, 5, 15, 0.5)


@wrong(
    "denoise",
    hint="A bilateral filter compares single pixels, which are noisy themselves. Patches tell more.",
    minor=True,
)
def bilateral(noisy: Image) -> Image:
    return reference.bilateral_filter(noisy, 1.5, 0.3, 9)


@right("denoise")
def larger_search_window(noisy: Image) -> Image:
    return reference.non_local_means(noisy, 5, 17, 0.1)


@right("denoise")
def mean_of_two_patch_sizes(noisy: Image) -> Image:
    return np.mean([reference.non_local_means(noisy, size, 17, 0.1) for size in (3, 5)], axis=0)


@right("denoise")
def noise_taken_off_the_distances(noisy: Image) -> Image:
    radius, reach = 2, 10
    height, width = noisy.shape
    padded = np.pad(noisy, radius + reach, mode="reflect")
    rows, columns = height + 2 * radius, width + 2 * radius
    here = padded[reach : reach + rows, reach : reach + columns]
    total, result = np.zeros(noisy.shape), np.zeros(noisy.shape)
    for q, r in np.ndindex(2 * reach + 1, 2 * reach + 1):
        there = padded[q : q + rows, r : r + columns]
        squares = sliding_window_view((there - here) ** 2, (5, 5)).mean(axis=(-2, -1))
        # Two noisy patches of the same thing differ by twice the variance of the noise.
        weights = np.exp(-np.maximum(squares - 2 * 0.1**2, 0.0) / 0.055**2)
        total += weights
        result += weights * there[radius : radius + height, radius : radius + width]
    return result / total
