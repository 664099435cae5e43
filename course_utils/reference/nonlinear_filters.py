"""Filters that look at what they average: median, bilateral, non-local means."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_utils.reference import forbids, part_of
from course_utils.types import Image, Kernel, Patch, Patches, Signal


@forbids("skimage", "torch", "scipy")
def psnr(clean: Image, estimate: Image, data_range: float = 1.0) -> float:
    """Return the peak signal-to-noise ratio of an estimate, in decibels.

    PSNR = 10 log10(R^2 / MSE), with R = data_range and MSE the mean of (clean - estimate)^2 over
    all pixels and channels.

    Parameters
    ----------
    clean, estimate : (H, W) or (H, W, C), equal in shape, float64 or uint8. Not modified.
    data_range : the largest possible difference of two values: 1 for values in [0, 1], 255 for
        bytes.

    Returns
    -------
    A number; infinity, without a warning, if the two are equal.

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    if clean.shape != estimate.shape:
        raise ValueError(f"the shapes differ: {clean.shape} and {estimate.shape}")
    error = np.mean(np.subtract(clean, estimate, dtype=np.float64) ** 2)
    if error == 0:
        return float("inf")
    return float(10.0 * np.log10(data_range**2 / error))


@forbids("scipy", "skimage", "torch", "cv2", "PIL")
def median_filter(image: Image, size: int) -> Image:
    """Replace every value by the median of the window around it.

    Parameters
    ----------
    image : (H, W) or (H, W, C) float64. Not modified; channels are filtered one by one. Beyond its
        border the image is reflected, the border pixels not repeated (numpy calls that "reflect").
    size : side of the window, odd, at least 1.

    Returns
    -------
    float64, the image's shape.

    Raises
    ------
    ValueError
        If the size is even.

    Notes
    -----
    Of n = size^2 values the median is found in O(n); all windows together are n times as large as
    the image. For 512 x 512 pixels and a window of 5 x 5 about half a second is enough.
    """
    padded = _reflected(image, _radius(size))
    windows = sliding_window_view(padded, (size, size), axis=(0, 1))
    return np.asarray(np.median(windows, axis=(-2, -1)))


def _radius(size: int) -> int:
    """Return how far a window of odd size reaches to every side."""
    if size % 2 == 0:
        raise ValueError(f"size must be odd, got {size}")
    return size // 2


def _reflected(image: Image, radius: int) -> Image:
    """Continue an image by reflection, so many pixels to every side."""
    border = [(radius, radius)] * 2 + [(0, 0)] * (image.ndim - 2)
    return np.pad(image, border, mode="reflect")


@part_of("bilateral")
@forbids("scipy", "skimage", "torch", "cv2")
def bilateral_weights(window: Patch, sigma_position: float, sigma_color: float) -> Kernel:
    """Return the weights with which the bilateral filter averages a window.

    w_ij is proportional to exp(-|s_i - s_j|^2 / (2 sigma_position^2)) times
    exp(-|y_i - y_j|^2 / (2 sigma_color^2)), with i the pixel in the middle of the window.

    Parameters
    ----------
    window : (n, n) or (n, n, C) float64, n odd. Not modified. |y_i - y_j|^2 of two colours is the
        sum of the squared differences of their channels.
    sigma_position : greater than 0, in pixels.
    sigma_color : greater than 0, in the window's units.

    Returns
    -------
    (n, n) float64, one weight a pixel; they sum to 1.

    Notes
    -----
    O(n^2 C) operations, well under a millisecond for 11 x 11 pixels.
    """
    radius = len(window) // 2
    q, r = np.ogrid[-radius : radius + 1, -radius : radius + 1]
    position = np.exp(-(q**2 + r**2) / (2.0 * sigma_position**2))
    colors = window.reshape(*window.shape[:2], -1)
    distance = ((colors - colors[radius, radius]) ** 2).sum(axis=-1)
    weights = position * np.exp(-distance / (2.0 * sigma_color**2))
    return np.asarray(weights / weights.sum())


@part_of("bilateral")
@forbids("scipy", "skimage", "torch", "cv2")
def bilateral_filter(
    image: Image, sigma_position: float, sigma_color: float, size: int = 11
) -> Image:
    """Average every window with weights that fall with the distance in position and in colour.

    x_i = sum over j of w_ij y_j, with the weights of `bilateral_weights`.

    Parameters
    ----------
    image : (H, W) or (H, W, C) float64. Not modified. All channels of a pixel share one weight.
        Beyond its border the image is reflected, as for `median_filter`.
    sigma_position, sigma_color : see `bilateral_weights`.
    size : side of the window, odd, at least 1.

    Returns
    -------
    float64, the image's shape.

    Raises
    ------
    ValueError
        If the size is even.

    Notes
    -----
    O(size^2 C) operations a pixel. A loop over the size^2 places of the window, each time for all
    pixels at once, takes about half a second for 256 x 256 pixels and a window of 11 x 11; a loop
    over the pixels takes minutes.
    """
    radius = _radius(size)
    colors = image.reshape(*image.shape[:2], -1)
    padded = _reflected(colors, radius)
    height, width = image.shape[:2]
    total, result = np.zeros((height, width, 1)), np.zeros_like(colors)
    for q, r in np.ndindex(size, size):
        neighbors = padded[q : q + height, r : r + width]
        position = ((q - radius) ** 2 + (r - radius) ** 2) / (2.0 * sigma_position**2)
        color = ((neighbors - colors) ** 2).sum(axis=-1, keepdims=True) / (2.0 * sigma_color**2)
        weights = np.exp(-position - color)
        total += weights
        result += weights * neighbors
    return (result / total).reshape(image.shape)


@forbids("skimage", "torch", "sklearn", "scipy")
def extract_patches(image: Image, size: int) -> Patches:
    """Return the patch around every pixel of an image.

    Parameters
    ----------
    image : (H, W) or (H, W, C) float64. Not modified. Beyond its border the image is reflected, as
        for `median_filter`.
    size : side of a patch, odd, at least 1.

    Returns
    -------
    (H, W, size, size) or (H, W, size, size, C) float64: [i, j] is the patch with pixel (i, j) in
    its middle. May be a view that cannot be written to.

    Raises
    ------
    ValueError
        If the size is even.

    Notes
    -----
    A view takes no time to speak of; copies take O(size^2 C) operations a pixel, under 0.1 s for
    256 x 256 pixels and a size of 7.
    """
    padded = _reflected(image, _radius(size))
    windows = sliding_window_view(padded, (size, size), axis=(0, 1))
    # numpy appends the window's axes behind the channels.
    return np.moveaxis(windows, 2, -1) if image.ndim == 3 else windows


@forbids("scipy", "skimage", "torch")
def patch_weights(patch: Patch, others: Patches, h: float) -> Signal:
    """Return the weights of patches by how much they look like a given one.

    w_j is proportional to exp(-d_j / h^2), with d_j the mean squared difference between the patch
    and the j-th of the others, over all pixels and channels.

    Parameters
    ----------
    patch : (n, n) or (n, n, C) float64. Not modified.
    others : (m, n, n) or (m, n, n, C) float64, m at least 1. Not modified.
    h : greater than 0, in the patches' units.

    Returns
    -------
    (m,) float64; the weights sum to 1, even if every exp(-d_j / h^2) alone is too small for a
    floating-point number.

    Notes
    -----
    O(m n^2 C) operations, about a millisecond for the 441 patches of 7 x 7 pixels of a search
    window.
    """
    distances = ((others - patch) ** 2).reshape(len(others), -1).mean(axis=1)
    # A common factor cancels out; with this one the largest weight is 1 before they are normalised.
    weights = np.exp(-(distances - distances.min()) / h**2)
    return np.asarray(weights / weights.sum())


@forbids("scipy", "skimage", "torch", "cv2", "sklearn")
def non_local_means(
    image: Image, patch_size: int = 7, search_size: int = 21, h: float = 0.1
) -> Image:
    """Average the pixels around every pixel by how much their patches look alike.

    x_i = sum over j of w_ij y_j, with w_ij = exp(-d_ij / h^2) / Z_i. The sum is over the
    search_size x search_size pixels j around i; d_ij is the mean squared difference of the patches
    of i and j, over all their pixels and channels; Z_i makes the weights sum to 1.

    Parameters
    ----------
    image : (H, W) or (H, W, C) float64. Not modified. All channels of a pixel share one weight.
        Beyond its border the image is reflected, as for `median_filter`, as far as windows and the
        patches in them reach.
    patch_size, search_size : odd, at least 1.
    h : greater than 0, in the image's units.

    Returns
    -------
    float64, the image's shape.

    Raises
    ------
    ValueError
        If one of the sizes is even.

    Notes
    -----
    A. Buades, B. Coll, J.-M. Morel, A non-local algorithm for image denoising, CVPR 2005.

    For every place of the search window the squared differences of all pixels come at once, and
    their means over patches by two passes: O(search_size^2 patch_size) operations a pixel. For
    128 x 128 pixels about two seconds are enough; a loop over pixels and places takes minutes.
    """
    patch, search = _radius(patch_size), _radius(search_size)
    colors = image.reshape(*image.shape[:2], -1)
    height, width = image.shape[:2]
    # Rows and columns of the image with a patch around every pixel, and of everything around it.
    rows, columns = height + 2 * patch, width + 2 * patch
    padded = _reflected(colors, patch + search)
    here = padded[search : search + rows, search : search + columns]
    total, result = np.zeros((height, width, 1)), np.zeros_like(colors)
    for q, r in np.ndindex(search_size, search_size):
        there = padded[q : q + rows, r : r + columns]
        distances = _patch_means(((there - here) ** 2).mean(axis=-1), patch_size)
        weights = np.exp(-distances / h**2)[..., np.newaxis]
        total += weights
        result += weights * there[patch : patch + height, patch : patch + width]
    return (result / total).reshape(image.shape)


def _patch_means(values: Image, size: int) -> Image:
    """Return the means over all patches that lie inside, by a pass down and a pass across."""
    down = sliding_window_view(values, size, axis=0).mean(axis=-1)
    return np.asarray(sliding_window_view(down, size, axis=1).mean(axis=-1))


@forbids("scipy", "skimage", "torch", "cv2", "sklearn", "pywt", "PIL")
def denoise(noisy: Image) -> Image:
    """Take the noise out of an image as well as you can.

    Parameters
    ----------
    noisy : (H, W) float64: an image with values in [0, 1] plus independent Gaussian noise of
        standard deviation 0.1, not clipped. Not modified.

    Returns
    -------
    (H, W) float64, as near to the image without noise as possible.

    Notes
    -----
    Images of 96 x 96 pixels; five seconds for each are plenty.
    """
    return non_local_means(noisy, patch_size=5, search_size=15, h=0.1)
