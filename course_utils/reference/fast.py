"""Faster forms of the filters that take longest: the same results to within rounding.

The plain forms in `linear_filters` and `nonlinear_filters` say what is computed, and the
forms here are tested against them: medians are equal, all else agrees to 1e-12 of the largest
value. They take the same arguments and raise the same errors. All of numpy's work on an image is
passes over arrays; what makes the difference is how many there are and where the arrays lie.

- Colours are planes. (C, H, W) keeps the values of a pass side by side, while with (H, W, C) a
  sum over channels visits three values at a time.
- An image continued beyond its border is read as one long row of pixels, the next row of the
  image behind the last. A pixel q rows down and r columns to the right is then a fixed number of
  places ahead, and a shifted image is a slice without gaps. Windows that run over the end of a
  row give values that nobody asked for; they lie in the border and are cut off.
- The long row is worked off in blocks, so that what one pass has written is still in the
  processor's cache when the next one reads it.
- The weight between two pixels is the same both ways: it is computed once and used for both.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from course_utils.types import Image, Kernel, Padding, Signal

Planes = NDArray[np.float64]
"""(C, H, W) float64, contiguous."""

_BLOCK = 1 << 14
"""Values a pass works on: long enough to forget the calls, short enough for the cache."""


def cross_correlate(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    """Return what `linear_filters.cross_correlate` returns.

    O(h w) operations a value for h x w weights, in two passes a weight.
    """
    if kernel.shape[0] % 2 == 0 or kernel.shape[1] % 2 == 0:
        raise ValueError(f"kernel sides must be odd, got {kernel.shape}")
    planes = _padded_planes(image, kernel.shape[0] // 2, kernel.shape[1] // 2, padding)
    width = planes.shape[2]
    steps = [q * width + r for q, r in np.ndindex(*kernel.shape)]
    return _cropped(_weighted_sum(planes, steps, kernel.ravel()), image)


def filter_separable(image: Image, kernel: Signal, padding: Padding = "symmetric") -> Image:
    """Return what `linear_filters.filter_separable` returns.

    O(n) operations a value for n weights, in two passes a weight along each axis.
    """
    if len(kernel) % 2 == 0:
        raise ValueError(f"kernel sides must be odd, got {(1, len(kernel))}")
    planes = _padded_planes(image, len(kernel) // 2, len(kernel) // 2, padding)
    across = _weighted_sum(planes, range(len(kernel)), kernel)
    down = [q * planes.shape[2] for q in range(len(kernel))]
    return _cropped(_weighted_sum(across, down, kernel), image)


def median_filter(image: Image, size: int) -> Image:
    """Return what `nonlinear_filters.median_filter` returns.

    The n = size^2 values of a window go through a sorting network: a fixed order of comparisons,
    so that each is one pass over a block for all windows at once. O(n log(n)^2) operations a value.
    """
    planes = _padded_planes(image, *_radii(size), "reflect")
    flat, width = planes.ravel(), planes.shape[2]
    steps = [q * width + r for q, r in np.ndindex(size, size)]
    result = np.empty_like(flat)
    # All values of a window are at hand at once, hence the shorter blocks.
    for start, stop in _blocks(flat.size - steps[-1], max(_BLOCK * 8 // size**2, 1024)):
        values = [flat[start + step : stop + step].copy() for step in steps]
        result[start:stop] = _median(values)
    return _cropped(result.reshape(planes.shape), image)


def bilateral_filter(
    image: Image, sigma_position: float, sigma_color: float, size: int = 11
) -> Image:
    """Return what `nonlinear_filters.bilateral_filter` returns.

    O(size^2) operations a pixel, half of those of the plain form.
    """
    radius, _ = _radii(size)
    q, r = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    position = (q**2 + r**2) / (2.0 * sigma_position**2)
    return _similar_mean(image, 1, position, 2.0 * sigma_color**2)


def non_local_means(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    """Return what `nonlinear_filters.non_local_means` returns.

    O(search_size^2 log(patch_size)) operations a pixel.
    """
    if patch_size % 2 == 0 or search_size % 2 == 0:
        raise ValueError(f"sizes must be odd, got {patch_size} and {search_size}")
    channels = image.size // (image.shape[0] * image.shape[1])
    position = np.zeros((search_size, search_size))
    return _similar_mean(image, patch_size, position, h**2 * patch_size**2 * channels)


def _radii(size: int) -> tuple[int, int]:
    if size % 2 == 0:
        raise ValueError(f"size must be odd, got {size}")
    return size // 2, size // 2


def _padded_planes(image: Image, rows: int, columns: int, padding: Padding) -> Planes:
    """Continue an image beyond its border, and take its channels apart."""
    planes = np.moveaxis(image.reshape(*image.shape[:2], -1), -1, 0)
    return np.pad(planes, [(0, 0), (rows, rows), (columns, columns)], mode=padding)


def _cropped(planes: Planes, image: Image) -> Image:
    """Return planes without what is right of and below an image, in the image's shape."""
    height, width = image.shape[:2]
    inside = np.moveaxis(planes[:, :height, :width], 0, -1)
    return np.ascontiguousarray(inside).reshape(image.shape)


def _blocks(count: int, length: int = _BLOCK) -> Iterator[tuple[int, int]]:
    """Cut `count` places into blocks."""
    for start in range(0, count, length):
        yield start, min(start + length, count)


def _weighted_sum(planes: Planes, steps: Sequence[int], weights: Signal) -> Planes:
    """Add up, for every place, the values some steps ahead with their weights."""
    flat, result = planes.ravel(), np.zeros(planes.size)
    product = np.empty(_BLOCK)
    for start, stop in _blocks(flat.size - max(steps)):
        for step, weight in zip(steps, weights, strict=True):
            some = product[: stop - start]
            np.multiply(flat[start + step : stop + step], weight, out=some)
            result[start:stop] += some
    return result.reshape(planes.shape)


def _median(values: list[Signal]) -> Signal:
    """Return the median of an odd number of arrays, place by place. They are written to."""
    spare = np.empty_like(values[0])
    for i, j, low, high in _median_network(len(values)):
        if low and high:
            np.minimum(values[i], values[j], out=spare)
            np.maximum(values[i], values[j], out=values[j])
            values[i], spare = spare, values[i]
        elif low:
            np.minimum(values[i], values[j], out=values[i])
        else:
            np.maximum(values[i], values[j], out=values[j])
    return values[len(values) // 2]


@lru_cache
def _median_network(count: int) -> list[tuple[int, int, bool, bool]]:
    """Return the comparisons that bring the median of some values into the middle.

    Each is of the values in places i < j, and says whether the lower one must go to i, and whether
    the higher one must go to j; what does not matter for the middle is left out. The network is
    Batcher's merge exchange (D. E. Knuth, The Art of Computer Programming, volume 3, 5.2.2,
    algorithm M).
    """
    comparisons = []
    top = 1 << max(count - 1, 1).bit_length() - 1
    p = top
    while p:
        q, r, d = top, 0, p
        while True:
            comparisons += [(i, i + d) for i in range(count - d) if i & p == r]
            if q == p:
                break
            d, q, r = q - p, q // 2, p
        p //= 2
    needed, kept = {count // 2}, []
    for i, j in reversed(comparisons):
        if i in needed or j in needed:
            kept.append((i, j, i in needed, j in needed))
            needed |= {i, j}
    return kept[::-1]


def _similar_mean(image: Image, patch: int, position: Kernel, scale: float) -> Image:
    """Average all pixels around every pixel, weighed by how alike the patches around them are.

    The weight of the pixels i and j is exp(-position - d / scale), with d the sum of the squared
    differences of their patches, over all their values. `position`, with one entry for every place
    of j around i, is the same both ways and 0 in the middle.
    """
    near, search = patch // 2, len(position) // 2
    planes = _padded_planes(image, near + search, near + search, "reflect") / np.sqrt(scale)
    channels, _, width = planes.shape
    flat = planes.reshape(channels, -1)
    # A patch is found by its upper left corner; its middle lies some steps ahead.
    middle, end = near * (width + 1), 2 * near * (width + 1)
    # Sums of the weights and of the weighted differences; a pixel's own are 1 and 0.
    total, change = np.ones(flat.shape[1]), np.zeros_like(flat)
    ahead = [(q, r) for q in range(search + 1) for r in range(-search, search + 1) if (q, r) > (0, 0)]
    # No pixel of the image, or partner before it, lies behind this.
    last = (search + image.shape[0] - 1) * width + search + image.shape[1]
    for start, stop in _blocks(last):
        here, difference, square = _slice(flat, start, stop + end), None, None
        difference, square = np.empty_like(here), np.empty_like(here)
        weights = np.empty(stop-start)
        middles = difference[:, middle : middle + stop - start]
        for q, r in ahead:
            step = q * width + r
            np.subtract(flat[:, start + step : stop + end + step], here, out=difference)
            np.multiply(difference, difference, out=square)
            sums = _patch_sums(np.add.reduce(square, axis=0) if channels > 1 else square[0], patch, width)
            np.subtract(-position[search + q, search + r], sums, out=weights)
            np.exp(weights, out=weights)
            total[start:stop] += weights
            total[start + step : stop + step] += weights
            middles *= weights
            change[:, start:stop] += middles
            change[:, start + step : stop + step] -= middles
    corner = search*(width+1)
    mean = flat.copy()
    mean = np.zeros_like(flat)
    n = last - corner
    mean[:, :n] = flat[:, corner + middle : last + middle] + change[:, corner:last] / total[corner:last]
    return _cropped(mean.reshape(planes.shape)* np.sqrt(scale), image)

def _slice(flat, start, stop):
    return flat[:, start:stop]

def _patch_sums(values: Signal, size: int, width: int) -> Signal:
    """Return the sums over patches, each at the place of its upper left corner."""
    return _sums(_sums(values, size, width), size, 1)


def _sums(values: Signal, count: int, step: int) -> Signal:
    """Add up `count` values, one every `step` places, by sums of half as many."""
    if count == 1:
        return values
    half = count // 2
    halves = _sums(values, half, step)
    sums = halves[: len(halves) - half * step] + halves[half * step :]
    if count % 2:
        sums = sums[:-step]
        sums += values[2 * half * step :]
    return sums
