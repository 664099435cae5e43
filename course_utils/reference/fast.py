"""Faster forms of the filters, distances, votes and losses that take long, beside the plain ones.

The plain forms, in the modules of the exercises, say what is computed; the forms here take the same
arguments, raise the same errors and are tested against them. Medians and votes are equal;
correlations, distances, the loss and its gradients agree to rounding (`EXACT`).
`bilateral_filter` and `non_local_means` take their weights in single precision and agree to `CLOSE`
of the largest value: in double precision numpy's exponential is four times as slow, and alone takes
about as long as the whole filter may.

All work on an image is passes over arrays. What makes the difference is how many there are, and
where the arrays lie:

- Colours are planes. In (C, H, W) the values of a pass lie side by side; in (H, W, C) numpy has
  to step over the other channels, or to sum three values at a time.
- The planes, continued beyond the border, are read as one long row of values, every row of the
  image behind the one before. What is q rows down and r columns to the right is then always the
  same number of steps ahead, and a shifted image is a slice without gaps. Windows that run over
  the end of a row give values that mean nothing; these lie in the border and are cut off.
- The long row is worked off in blocks, so that what one pass has written is still in the
  processor's cache when the next one reads it. Windows lie ahead of the place that gets their
  result: it can take the place of the value there, which no later block reads.
- The weight of two pixels is the same both ways: it is computed once and serves both.

Of the tables of distances only as much is made at a time as fits into the cache (`l1_distances`) or
a bounded memory (`nearest_labels`), and of the sorted examples only the first k (`predict_labels`).
The scores and the gradient of a loss (`softmax_loss`) read the same examples: a few at a time.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache, reduce
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from course_utils.types import (
    Bias,
    Distances,
    Image,
    Kernel,
    Labels,
    Padding,
    Signal,
    Vectors,
    Weights,
)

EXACT = 1e-12
"""Largest difference from the plain form, as a share of the sum of the sizes of what is added up.

Of correlations these are |weight| |value|, of L1 distances |I1| + |I2|, of the squares of L2
distances |I1|^2 + |I2|^2, of a loss of scores |W| |X| + |b| + log C, of its gradients |X| or 1.
"""

CLOSE = 1e-6
"""Largest difference from the plain weighted means, as a share of the largest value."""

_Planes: TypeAlias = NDArray[np.float64]
"""(C, H, W) float64, contiguous."""

_Singles: TypeAlias = NDArray[np.float32]
"""(n,) float32."""

_BLOCK = 1 << 15
"""Values in a pass: enough to outweigh the call, few enough for the cache."""

_ROWS = 32
"""Examples of a loss at a time. OpenBLAS is best at this number: with 40, say, the loss of
3,072 numbers and ten classes takes a fifth to a third longer, with half of it a tenth."""

_TABLE = 1 << 24
"""Distances in memory at once, 128 MiB: enough rows for a product of matrices at full speed."""


def cross_correlate(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    """Return what `linear_filters.cross_correlate` returns.

    O(h w) operations a value for h x w weights, in two passes a weight.
    """
    if kernel.shape[0] % 2 == 0 or kernel.shape[1] % 2 == 0:
        raise ValueError(f"kernel sides must be odd, got {kernel.shape}")
    planes = _padded_planes(image, kernel.shape[0] // 2, kernel.shape[1] // 2, padding)
    flat, steps = planes.reshape(-1), _steps(planes, *kernel.shape)
    for start, stop in _blocks(0, flat.size - steps[-1]):
        flat[start:stop] = _weighted_sum(flat[start : stop + steps[-1]], steps, kernel.ravel())
    return _cropped(planes, image)


def filter_separable(image: Image, kernel: Signal, padding: Padding = "symmetric") -> Image:
    """Return what `linear_filters.filter_separable` returns.

    O(n) operations a value for n weights, in two passes a weight along each axis.
    """
    size = len(kernel)
    if size % 2 == 0:
        raise ValueError(f"kernel sides must be odd, got {(1, size)}")
    planes = _padded_planes(image, size // 2, size // 2, padding)
    flat, down, across = planes.reshape(-1), _steps(planes, size, 1), _steps(planes, 1, size)
    reach = down[-1] + across[-1]
    for start, stop in _blocks(0, flat.size - reach):
        columns = _weighted_sum(flat[start : stop + reach], down, kernel)
        flat[start:stop] = _weighted_sum(columns, across, kernel)
    return _cropped(planes, image)


def _padded_planes(image: Image, rows: int, columns: int, padding: Padding) -> _Planes:
    """Continue an image beyond its border, and take its channels apart."""
    planes = np.moveaxis(image.reshape(*image.shape[:2], -1), -1, 0)
    border = [(0, 0), (rows, rows), (columns, columns)]
    return np.ascontiguousarray(np.pad(planes, border, mode=padding))


def _cropped(planes: _Planes, image: Image) -> Image:
    """Put the upper left of planes together to an image, as large as a given one."""
    height, width = image.shape[:2]
    return np.stack(list(planes[:, :height, :width]), axis=-1).reshape(image.shape)


def _steps(planes: _Planes, height: int, width: int) -> list[int]:
    """Return how far ahead of its upper left corner the values of a window lie."""
    return [q * planes.shape[2] + r for q, r in np.ndindex(height, width)]


def _blocks(start: int, stop: int, length: int = _BLOCK) -> Iterator[tuple[int, int]]:
    """Cut a range into blocks."""
    for first in range(start, stop, length):
        yield first, min(first + length, stop)


def _weighted_sum(values: Signal, steps: Sequence[int], weights: Signal) -> Signal:
    """Add up what lies some steps ahead of every value, with weights, wherever that is inside."""
    count = len(values) - steps[-1]
    total = values[:count] * weights[0]
    product = np.empty_like(total)
    for step, weight in zip(steps[1:], weights[1:], strict=True):
        np.multiply(values[step : step + count], weight, out=product)
        total += product
    return total


def median_filter(image: Image, size: int) -> Image:
    """Return what `nonlinear_filters.median_filter` returns.

    The n = size^2 values of a window go through a sorting network. Its comparisons do not depend
    on the values, so each is one or two passes for all windows of a block at once. There are
    O(n log(n)^2) of them; without what the middle does not need, 113 for 5 x 5 values.
    """
    radius = _radius(size)
    planes = _padded_planes(image, radius, radius, "reflect")
    flat, steps = planes.reshape(-1), _steps(planes, size, size)
    # As many arrays as a window has values are in use at once, so each of them is shorter.
    for start, stop in _blocks(0, flat.size - steps[-1], max(4 * _BLOCK // size**2, 1024)):
        flat[start:stop] = _median([flat[start + s : stop + s].copy() for s in steps])
    return _cropped(planes, image)


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


@lru_cache(maxsize=8)
def _median_network(count: int) -> list[tuple[int, int, bool, bool]]:
    """Return the comparisons that bring the median of some values to the middle place.

    Each is of the values at places i < j, and says whether the lower one is needed at i, and
    whether the higher one is needed at j.

    Notes
    -----
    Batcher's merge exchange: D. E. Knuth, The Art of Computer Programming, vol. 3, 5.2.2,
    algorithm M, whose letters these are.
    """
    top = 1 << max(0, (count - 1).bit_length() - 1)
    comparisons, p = [], top
    while p > 0:
        q, r, d = top, 0, p
        while d > 0:
            comparisons += [(i, i + d) for i in range(count - d) if i & p == r]
            d, q, r = q - p, q // 2, p
        p //= 2
    needed, kept = {count // 2}, []
    for i, j in reversed(comparisons):
        if i in needed or j in needed:
            kept.append((i, j, i in needed, j in needed))
            needed |= {i, j}
    return kept[::-1]


def bilateral_filter(
    image: Image, sigma_position: float, sigma_color: float, size: int = 11
) -> Image:
    """Return what `nonlinear_filters.bilateral_filter` returns.

    O(size^2) operations a pixel, a weight and its exponential for every second place of a window.
    """
    radius = _radius(size)
    q, r = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    position = (q**2 + r**2) / (2.0 * sigma_position**2)
    return _mean_of_alike(image, 0, position, np.sqrt(2.0) * sigma_color)


def non_local_means(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    """Return what `nonlinear_filters.non_local_means` returns.

    O(search_size^2 log(patch_size)) operations a pixel.
    """
    near, search = _radius(patch_size), _radius(search_size)
    channels = image.shape[2] if image.ndim == 3 else 1
    position = np.zeros((2 * search + 1, 2 * search + 1))
    return _mean_of_alike(image, near, position, h * patch_size * np.sqrt(channels))


def _radius(size: int) -> int:
    """Return how far a window of odd size reaches to every side."""
    if size % 2 == 0:
        raise ValueError(f"size must be odd, got {size}")
    return size // 2


def _mean_of_alike(image: Image, near: int, position: Kernel, unit: float) -> Image:
    """Average all pixels around every pixel, with weights by how much their patches are alike.

    The weight of the pixels i and j is exp(-position - d / unit^2), with d the sum of the squared
    differences of their patches, which reach `near` pixels to every side. `position` has an entry
    for every place of j around i; it is the same both ways, and 0 in the middle.

    What is averaged is y_j - y_i, which serves both pixels, with opposite signs. Single precision
    is exact enough for it and for the weights. It is not for their sums: hundreds of additions,
    all rounded the same way, would show.
    """
    search = len(position) // 2
    border = near + search
    planes = _padded_planes(image, border, border, "reflect")
    channels, _, width = planes.shape
    flat = (planes / unit).astype(np.float32).reshape(channels, -1)
    position = position.astype(np.float32)
    # Of the pixel itself the weight is 1 and the difference 0.
    total, change = np.ones(flat.shape[1]), np.zeros(flat.shape)
    # From the middle of a patch to its corners; from the last pixel of the image on, there is
    # nothing ahead that counts.
    reach = near * (width + 1)
    last = (border + image.shape[0] - 1) * width + border + image.shape[1]
    ahead = [
        (q, r) for q in range(search + 1) for r in range(-search, search + 1) if (q, r) > (0, 0)
    ]
    for start, stop in _blocks(reach, last):
        around = flat[:, start - reach : stop + reach]
        for q, r in ahead:
            step = q * width + r
            here, there = slice(start, stop), slice(start + step, stop + step)
            difference = flat[:, start - reach + step : stop + reach + step] - around
            unlike = _patch_sums(reduce(np.add, difference**2), 2 * near + 1, width)
            weights = np.exp(-position[search + q, search + r] - unlike)
            pull = difference[:, reach : reach + stop - start] * weights
            total[here] += weights
            total[there] += weights
            change[:, here] += pull
            change[:, there] -= pull
    mean = planes + (change / total * unit).reshape(planes.shape)
    return _cropped(mean[:, border:, border:], image)


def _patch_sums(values: _Singles, size: int, width: int) -> _Singles:
    """Return the sums over all patches of a long row, each at its upper left corner."""
    return _window_sums(_window_sums(values, size, width), size, 1)


def _window_sums(values: _Singles, count: int, step: int) -> _Singles:
    """Add up `count` values, one every `step` places, by sums of half as many."""
    if count == 1:
        return values
    half = count // 2
    halves = _window_sums(values, half, step)
    sums = halves[: -half * step] + halves[half * step :]
    if count % 2:
        sums = sums[:-step]
        sums += values[2 * half * step :]
    return sums


def l1_distances(queries: Vectors, examples: Vectors) -> Distances:
    """Return what `nearest_neighbors.l1_distances` returns.

    |a - b| = 2 max(a, b) - a - b, and the sums of all a and of all b are the same for many
    distances: O(n m d) operations in two passes. A few examples at a time meet all queries, so that
    they and the maxima stay in the cache.
    """
    (n, d), m = queries.shape, len(examples)
    distances = np.empty((n, m))
    # A call costs as much as some thousand values.
    rows = max(1, 4 * _BLOCK // max(d, 1))
    kind = np.result_type(queries, examples)
    # A product with ones is a sum, by the fast routines for products.
    ones, spare = np.ones(d, kind), np.empty((rows, d), kind)
    with np.errstate():
        # With a longer buffer numpy copies the query into it for every example. The end of
        # `errstate` brings the former length back.
        np.setbufsize(16)
        for start, stop in _blocks(0, m, rows):
            block, larger = examples[start:stop], spare[: stop - start]
            for query, row in zip(queries, distances, strict=True):
                np.maximum(block, query, out=larger)
                row[start:stop] = np.vecdot(larger, ones)
    distances *= 2.0
    distances -= np.vecdot(queries, ones)[:, np.newaxis]
    distances -= np.vecdot(examples, ones)
    return np.maximum(distances, 0.0, out=distances)


def l2_distances(queries: Vectors, examples: Vectors) -> Distances:
    """Return what `nearest_neighbors.l2_distances` returns.

    O(n m d) operations in one product of matrices. No memory beside the result but a copy of the
    queries: all passes are made in place.
    """
    table = (-2.0 * queries) @ examples.T
    table += np.vecdot(queries, queries)[:, np.newaxis]
    table += np.vecdot(examples, examples)
    np.maximum(table, 0.0, out=table)
    return np.sqrt(table, out=table)


def predict_labels(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    """Return what `nearest_neighbors.predict_labels` returns.

    O(m) operations a query to find the k-th distance, and O(c log c) to sort the c examples that
    are not farther: k, or more where several are as far as that. Memory for one query at a time.
    """
    if not 1 <= k <= len(labels):
        raise ValueError(f"k must be from 1 to {len(labels)}, got {k}")
    winners = np.empty(len(distances), labels.dtype)
    for i, row in enumerate(distances):
        # All that are as far as the k-th stay in, in their order: of equal ones the first count.
        candidates = np.flatnonzero(~(row > np.partition(row, k - 1)[k - 1]))
        order = np.argsort(row[candidates], kind="stable")[:k]
        nearest = labels[candidates[order]]
        votes = (nearest[:, np.newaxis] == nearest).sum(axis=1)
        winners[i] = nearest[votes.argmax()]
    return winners


def nearest_labels(queries: Vectors, examples: Vectors, labels: Labels, k: int = 1) -> Labels:
    """Return what `predict_labels` returns for the L2 distances of queries to examples.

    As many queries at a time as have `_TABLE` distances, one at least: 128 MiB, and a few rows.
    """
    rows = max(1, _TABLE // max(len(examples), 1))
    return np.concatenate(
        [
            predict_labels(l2_distances(queries[start:stop], examples), labels, k)
            for start, stop in _blocks(0, max(len(queries), 1), rows)
        ]
    )


def softmax_loss(W: Weights, b: Bias, X: Vectors, labels: Labels) -> tuple[float, Weights, Bias]:
    """Return what `linear_classifiers.softmax_loss` returns.

    Of one example at least. O(n d C) operations in two products of matrices. Both are of the same
    few examples, which are still in the cache for the second one.
    """
    if len(labels) != len(X):
        raise IndexError(f"there must be a label for each of {len(X)} examples, got {len(labels)}")
    kind = np.result_type(W, X, b, 0.0)
    loss, dW, db = 0.0, np.zeros(W.shape, kind), np.zeros(b.shape, kind)
    for start, stop in _blocks(0, len(X), _ROWS):
        rows, own = X[start:stop], (labels[start:stop], np.arange(stop - start))
        # Examples lie side by side: a pass over them is one over long rows, for every class.
        scores = (W @ rows.T).astype(kind, copy=False)
        scores += b[:, np.newaxis]
        scores -= scores.max(axis=0)
        loss -= float(scores[own].sum())
        p = np.exp(scores, out=scores)
        total = p.sum(axis=0)
        loss += float(np.log(total).sum())
        p /= total
        p[own] -= 1.0
        dW += p @ rows
        db += p.sum(axis=1)
    return loss / len(X), dW / len(X), db / len(X)
