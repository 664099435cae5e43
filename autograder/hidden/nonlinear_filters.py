"""Hidden tests of the notebook nonlinear_filters.

Oracles: scipy.ndimage for the median, skimage.metrics for the PSNR; for the bilateral filter and
non-local means, whose implementations in libraries approximate, the definition pixel by pixel.
"""

import json
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.random import Generator
from scipy import ndimage, special
from skimage import metrics

from autograder.grading.student import Student
from autograder.hidden import (
    Partly,
    close,
    fits,
    follows,
    hidden,
    holds,
    raises,
    remembered,
    replay,
    unchanged,
)
from course_utils import images
from course_utils.reference import fast
from course_utils.reference import nonlinear_filters as reference


@hidden("psnr", points=1.5, says="images of many shapes and ranges")
def ratios(student: Student, rng: Generator) -> None:
    for shape, data_range in (((9, 14), 1.0), ((6, 5, 3), 1.0), ((8, 7), rng.uniform(2.0, 300.0))):
        clean, estimate = data_range * rng.random((2, *shape))
        expected = metrics.peak_signal_noise_ratio(clean, estimate, data_range=data_range)
        close(unchanged(student.psnr, clean, estimate, data_range), float(expected))
    # An estimate may leave the range, and be very good.
    clean = rng.random((8, 6))
    for spread in (2.0, 1e-9):
        estimate = clean + rng.normal(0.0, spread, clean.shape)
        expected = metrics.peak_signal_noise_ratio(clean, estimate, data_range=1.0)
        close(student.psnr(clean, estimate), float(expected))


@hidden("psnr", points=0.75, says="images of bytes")
def byte_ratios(student: Student, rng: Generator) -> None:
    clean, estimate = rng.integers(0, 256, (2, 12, 9), dtype=np.uint8)
    expected = metrics.peak_signal_noise_ratio(clean, estimate, data_range=255)
    close(student.psnr(clean, estimate, 255), float(expected))


@hidden("psnr", points=0.75, says="equal images, black against white, different shapes")
def limits(student: Student, rng: Generator) -> None:
    image = rng.random((7, 8))
    found = student.psnr(image, image.copy())
    holds(isinstance(found, (float, np.floating)) and found == np.inf, "It is not infinite there")
    close(student.psnr(np.zeros((4, 5)), np.ones((4, 5))), 0.0)
    for shape in ((7, 1), (1, 8), (8, 7)):
        raises("ValueError", student.psnr, image, rng.random(shape))


@hidden("median_filter", points=2, says="grey images and windows of many sizes")
def medians(student: Student, rng: Generator) -> None:
    for size in (1, 3, 5, 2 * int(rng.integers(3, 6)) + 1):
        image = rng.random((14, 17))
        expected = ndimage.median_filter(image, size, mode="mirror")
        close(unchanged(student.median_filter, image, size), expected)
    small = rng.normal(size=(3, 4))
    close(student.median_filter(small, 7), ndimage.median_filter(small, 7, mode="mirror"))


@hidden("median_filter", points=1.5, says="colour images")
def color_medians(student: Student, rng: Generator) -> None:
    for size in (3, 5):
        image = rng.random((11, 9, size))
        expected = ndimage.median_filter(image, (size, size, 1), mode="mirror")
        close(student.median_filter(image, size), expected)


@hidden("median_filter", points=0.5, says="an even size is refused")
def even_window(student: Student, rng: Generator) -> None:
    for size in (2, 2 * int(rng.integers(2, 5))):
        raises("ValueError", student.median_filter, rng.random((9, 9)), size)


@replay("median_filter")
def printed(median_filter: Any) -> None:
    waves = np.round(2.0 + np.sin(np.arange(96.0) ** 1.7).reshape(8, 12), 3)
    for size in (3, 5):
        print(size, np.round(median_filter(waves, size)[::3, ::2], 4).tolist())


@hidden("bilateral", points=2, says="bilateral_weights of grey windows")
def weights_of_windows(student: Student, rng: Generator) -> None:
    for n, least in ((1, 0.7), (3, 0.7), (7, 0.7), (9, 0.7), (5, 2.5)):
        window = rng.random((n, n))
        sigmas = rng.uniform(least, least + 0.3), rng.uniform(0.1, 0.5)
        close(
            unchanged(student.bilateral_weights, window, *sigmas),
            _bilateral_weights(window[..., np.newaxis], *sigmas),
        )


@hidden("bilateral", points=1.5, says="bilateral_weights of colour windows")
def weights_of_colors(student: Student, rng: Generator) -> None:
    for n, channels in ((3, 3), (5, 2)):
        window = rng.random((n, n, channels))
        sigmas = rng.uniform(0.7, 3.0), rng.uniform(0.3, 0.6)
        close(student.bilateral_weights(window, *sigmas), _bilateral_weights(window, *sigmas))


@hidden("bilateral", points=2.5, says="bilateral_filter on grey images")
def bilateral_grey(student: Student, rng: Generator) -> None:
    for size in (3, 2 * int(rng.integers(3, 5)) + 1):
        image = rng.random((12, 15))
        sigmas = rng.uniform(0.8, 3.0), rng.uniform(0.1, 0.5)
        close(unchanged(student.bilateral_filter, image, *sigmas, size),
              _bilateral(image, *sigmas, size))  # fmt: skip
    image = rng.random((13, 16))
    close(student.bilateral_filter(image, 2.5, 0.3), _bilateral(image, 2.5, 0.3, 11))


@hidden("bilateral", points=2.5, says="bilateral_filter on colour images")
def bilateral_color(student: Student, rng: Generator) -> None:
    for size, channels in ((3, 3), (5, 4)):
        image = rng.random((11, 9, channels))
        sigmas = rng.uniform(0.8, 3.0), rng.uniform(0.3, 0.6)
        close(student.bilateral_filter(image, *sigmas, size), _bilateral(image, *sigmas, size))


@hidden("bilateral", points=0.5, says="an even size is refused")
def even_bilateral(student: Student, rng: Generator) -> None:
    for size in (2, 2 * int(rng.integers(2, 5))):
        raises("ValueError", student.bilateral_filter, rng.random((9, 9)), 2.0, 0.2, size)


@hidden("extract_patches", points=2, says="patches of grey images")
def grey_patches(student: Student, rng: Generator) -> None:
    for shape, size in (((7, 9), 3), ((8, 6), 5), ((3, 4), 9), ((5, 4), 1)):
        image = rng.random(shape)
        close(unchanged(student.extract_patches, image, size), _patches(image, size, 0))


@hidden("extract_patches", points=2.5, says="patches of colour images")
def color_patches(student: Student, rng: Generator) -> None:
    for shape, size in (((6, 7, 3), 3), ((4, 5, 2), 5)):
        image = rng.random(shape)
        close(student.extract_patches(image, size), _patches(image, size, 0))


@hidden("extract_patches", points=0.5, says="an even size is refused")
def even_patch(student: Student, rng: Generator) -> None:
    for size in (2, 2 * int(rng.integers(2, 5))):
        raises("ValueError", student.extract_patches, rng.random((9, 9)), size)


@hidden("patch_weights", points=2, says="grey patches")
def grey_weights(student: Student, rng: Generator) -> None:
    for m, n in ((6, 3), (11, 5), (1, 3)):
        patch, others, h = rng.random((n, n)), rng.random((m, n, n)), rng.uniform(0.2, 0.6)
        expected = _patch_weights(patch, others, h)
        close(unchanged(student.patch_weights, patch, others, h), expected)


@hidden("patch_weights", points=1.5, says="colour patches")
def color_weights(student: Student, rng: Generator) -> None:
    for channels in (3, 2):
        patch, others = rng.random((5, 5, channels)), rng.random((8, 5, 5, channels))
        h = rng.uniform(0.2, 0.6)
        close(student.patch_weights(patch, others, h), _patch_weights(patch, others, h))


@hidden("patch_weights", points=1.5, says="patches that are all far away")
def far_patches(student: Student, rng: Generator) -> None:
    # Of all exp(-d / h^2) none is a number above 0, and no two weights differ by much.
    patch, h = rng.random((3, 3)), rng.uniform(0.04, 0.07)
    distances = 64.0 + h**2 * rng.uniform(0.0, 3.0, 7)
    others = patch + np.sqrt(distances)[:, np.newaxis, np.newaxis]
    close(student.patch_weights(patch, others, h), _patch_weights(patch, others, h))
    # Some much farther than others. (A new array: what a call was given is looked at again.)
    others = others + np.where(np.arange(7) < 2, 0.0, 3.0)[:, np.newaxis, np.newaxis]
    close(student.patch_weights(patch, others, h), _patch_weights(patch, others, h))


_EARLIER: dict[str, Callable[..., Any]] = {
    "extract_patches": reference.extract_patches,
    "patch_weights": reference.patch_weights,
}


@hidden("non_local_means", points=3.5, says="grey images, patches and search windows of many sizes")
@follows(**_EARLIER)
def similar_grey(student: Student, rng: Generator) -> None:
    for patch_size, search_size in ((3, 5), (5, 3), (1, 7), (3, 1)):
        # Noisy values may leave [0, 1].
        image, h = 2.0 * rng.random((9, 11)) - 0.5, rng.uniform(0.3, 0.8)
        expected = _non_local_means(image, patch_size, search_size, h)
        close(unchanged(student.non_local_means, image, patch_size, search_size, h), expected)


@hidden("non_local_means", points=3, says="colour images")
@follows(**_EARLIER)
def similar_color(student: Student, rng: Generator) -> None:
    for channels in (3, 4):
        image, h = rng.random((8, 7, channels)), rng.uniform(0.15, 0.4)
        close(student.non_local_means(image, 3, 5, h), _non_local_means(image, 3, 5, h))


@hidden("non_local_means", points=1.5, says="sizes and h left to their defaults")
@follows(**_EARLIER)
def similar_by_default(student: Student, rng: Generator) -> None:
    image = 0.3 * rng.random((13, 12))
    close(student.non_local_means(image), _non_local_means(image, 7, 21, 0.1))


@hidden("non_local_means", points=1, says="even sizes are refused")
@follows(**_EARLIER)
def even_sizes(student: Student, rng: Generator) -> None:
    image = rng.random((9, 9))
    for sizes in ((4, 5), (3, 6), (2, 4)):
        raises("ValueError", student.non_local_means, image, *sizes, 0.2)
    fits(student.non_local_means(image, 1, 1, 0.2), image)


FLOOR_SIGMA = 0.8
"""Of the Gaussian filter that gives no points, in pixels: the best for these pictures and noise."""
TOP = 0.95
"""The share of what well-tuned non-local means gain over that filter that gives all points."""


@hidden("denoise", points=5, says="the PSNR on rendered scenes and on collages of pictures")
@follows(
    bilateral_weights=reference.bilateral_weights,
    bilateral_filter=fast.bilateral_filter,
    non_local_means=fast.non_local_means,
    **_EARLIER,
)
def above_the_gaussian(student: Student, rng: Generator) -> None:
    # `benchmarks/denoise.py` measures floor and top; both are taken on the same pictures as the
    # answer, so that it does not matter which ones are drawn.
    gains, tops = [], []
    for clean, noisy, floor, best in _pictures(json.dumps(rng.bit_generator.state)):
        estimate = fits(unchanged(student.denoise, noisy), noisy)
        gains.append(_psnr(clean, estimate) - floor)
        tops.append(best - floor)
    gain, top = float(np.mean(gains)), TOP * float(np.mean(tops))
    if gain < top:
        side = "above" if gain > 0.0 else "below"
        sentence = (
            f"{abs(gain):.2f} dB {side} a Gaussian filter; all points from {top:.2f} dB above"
        )
        raise Partly(sentence, gain / top)


@lru_cache(maxsize=4)
def _pictures(state: str) -> list[tuple[Any, Any, float, float]]:
    """Return clean and noisy pictures with the PSNR of floor and top; everybody's are the same.

    `state` is that of the generator which draws them, as JSON.
    """
    rng = np.random.default_rng()
    rng.bit_generator.state = json.loads(state)
    pictures = []
    for make in (images.scene, images.collage) * 4:
        clean = make(rng, 96)
        noisy = clean + rng.normal(0.0, 0.1, clean.shape)
        floor = _psnr(clean, ndimage.gaussian_filter(noisy, FLOOR_SIGMA))
        best = _psnr(clean, fast.non_local_means(noisy, 5, 15, 0.1))
        pictures.append((clean, noisy, floor, best))
    return pictures


def _psnr(clean: Any, estimate: Any) -> float:
    return float(metrics.peak_signal_noise_ratio(clean, estimate, data_range=1.0))


# --- Definitions, pixel by pixel ------------------------------------------------------------------


def _places(n: int, beyond: int) -> Any:
    """Return which of n rows stands at -beyond, ..., n - 1 + beyond when they are reflected."""
    k = np.abs(np.arange(-beyond, n + beyond)) % max(2 * (n - 1), 1)
    return np.minimum(k, 2 * (n - 1) - k)


def _patches(image: Any, size: int, beyond: int) -> Any:
    """Return the patches around all pixels, and around those up to `beyond` outside."""
    rows = _places(image.shape[0], beyond + size // 2)
    columns = _places(image.shape[1], beyond + size // 2)
    height, width = (side + 2 * beyond for side in image.shape[:2])
    patches = np.empty((height, width, size, size, *image.shape[2:]))
    for i in range(height):
        for j in range(width):
            patches[i, j] = image[np.ix_(rows[i : i + size], columns[j : j + size])]
    return patches


def _bilateral_weights(window: Any, sigma_position: float, sigma_color: float) -> Any:
    n = len(window)
    weights = np.empty((n, n))
    for q in range(n):
        for r in range(n):
            far = np.hypot(q - n // 2, r - n // 2) / sigma_position
            unlike = np.linalg.norm(window[q, r] - window[n // 2, n // 2]) / sigma_color
            weights[q, r] = np.exp(-0.5 * far**2) * np.exp(-0.5 * unlike**2)
    return weights / weights.sum()


@remembered
def _bilateral(image: Any, sigma_position: float, sigma_color: float, size: int) -> Any:
    colors = image.reshape(*image.shape[:2], -1)
    windows = _patches(colors, size, 0)
    result = np.empty_like(colors)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            weights = _bilateral_weights(windows[i, j], sigma_position, sigma_color)
            result[i, j] = np.einsum("qr,qrc->c", weights, windows[i, j])
    return result.reshape(image.shape)


def _patch_weights(patch: Any, others: Any, h: float) -> Any:
    exponents = np.array([-metrics.mean_squared_error(patch, other) / h**2 for other in others])
    return special.softmax(exponents)


@remembered
def _non_local_means(image: Any, patch_size: int, search_size: int, h: float) -> Any:
    colors = image.reshape(*image.shape[:2], -1)
    search = search_size // 2
    patches = _patches(colors, patch_size, search)
    middle = patch_size // 2
    result = np.empty_like(colors)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            found = patches[i : i + search_size, j : j + search_size]
            squares = (found - found[search, search]) ** 2
            weights = np.exp(-squares.mean(axis=(2, 3, 4)) / h**2)
            values = found[:, :, middle, middle]
            result[i, j] = np.einsum("qr,qrc->c", weights, values) / weights.sum()
    return result.reshape(image.shape)
