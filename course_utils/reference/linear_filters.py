"""Noise, averages, correlation, and what makes an operator linear and shift-invariant."""

import numpy as np

from course_utils.reference import forbids, part_of
from course_utils.types import Image, ImageOperator, Kernel, Padding, Signal


@forbids("scipy", "skimage", "torch")
def add_gaussian_noise(image: Image, sigma: float, rng: np.random.Generator) -> Image:
    """Add independent Gaussian noise to every value of an image.

    noisy(x, y) = I(x, y) + v(x, y), with v(x, y) normally distributed with mean 0 and standard
    deviation sigma.

    Parameters
    ----------
    image : (H, W) or (H, W, C) float64. Not modified.
    sigma : standard deviation of the noise, at least 0, in the image's units.
    rng : the source of all randomness; equal generators give equal noise.

    Returns
    -------
    float64, the image's shape. Not clipped: values may leave [0, 1].
    """
    return image + rng.normal(0.0, sigma, image.shape)


@forbids("scipy", "skimage", "torch", "numpy.convolve", "numpy.correlate")
def moving_average(signal: Signal, size: int) -> Signal:
    """Replace every value by the mean of the `size` values around it.

    mean(i) = 1/N sum of X(i - j) over j from -(N - 1)/2 to (N - 1)/2, with N = size.

    Parameters
    ----------
    signal : (n,) float64, n at least 1. Not modified. Beyond its ends the signal goes on with its
        first and its last value (numpy calls that "edge").
    size : odd, at least 1; may be larger than the signal.

    Returns
    -------
    (n,) float64.

    Raises
    ------
    ValueError
        If the size is even.
    """
    if size % 2 == 0:
        raise ValueError(f"size must be odd, got {size}")
    padded = np.pad(signal, size // 2, mode="edge")
    return np.lib.stride_tricks.sliding_window_view(padded, size).mean(axis=1)


@forbids("scipy", "skimage", "torch", "numpy.convolve", "numpy.correlate")
def cross_correlate(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    """Weigh every neighbourhood of an image with a kernel.

    G(i, j) = sum over q, r of H(q, r) I(i + q, j + r), with H(0, 0) the kernel's centre.

    Parameters
    ----------
    image : (H, W) or (H, W, C) float64. Not modified; channels are filtered one by one.
    kernel : (h, w) float64, both sides odd.
    padding : how the image is continued beyond its border, by numpy.pad's names: "constant" (with
        zeros), "reflect", "symmetric", "edge" or "wrap".

    Returns
    -------
    float64, the image's shape.

    Raises
    ------
    ValueError
        If one of the kernel's sides is even.

    Notes
    -----
    In the array, H(0, 0) is kernel[h // 2, w // 2]. One loop over the kernel's entries is fast
    enough: well under 0.1 s for 512 x 512 pixels and 7 x 7 entries.
    """
    if kernel.shape[0] % 2 == 0 or kernel.shape[1] % 2 == 0:
        raise ValueError(f"kernel sides must be odd, got {kernel.shape}")
    padded = _pad(image, kernel.shape, padding)
    height, width = image.shape[:2]
    result = np.zeros_like(image)
    for (q, r), weight in np.ndenumerate(kernel):
        result += weight * padded[q : q + height, r : r + width]
    return result


def _pad(image: Image, size: tuple[int, ...], padding: Padding) -> Image:
    """Continue an image so that a window of `size` fits around every pixel."""
    rows, columns = size[0] // 2, size[1] // 2
    border = [(rows, rows), (columns, columns)] + [(0, 0)] * (image.ndim - 2)
    return np.pad(image, border, mode=padding)


@part_of("lsi")
def is_linear(
    operator: ImageOperator, shape: tuple[int, int], rng: np.random.Generator, trials: int = 20
) -> bool:
    """Tell by random trials whether an operator is linear.

    Linear means F(a x + b y) = a F(x) + b F(y) for all images x, y and all numbers a, b.

    Parameters
    ----------
    operator : makes an image of an image of the same shape.
    shape : (H, W) of the images to try.
    rng : draws the images and the numbers, from the standard normal distribution.
    trials : how many random (x, y, a, b) to try, at least 1; one that disagrees is enough.

    Returns
    -------
    True if every trial agrees in every pixel to within rounding (numpy.allclose), else False.
    """
    for _ in range(trials):
        x, y = rng.standard_normal((2, *shape))
        a, b = rng.standard_normal(2)
        if not np.allclose(operator(a * x + b * y), a * operator(x) + b * operator(y)):
            return False
    return True


@part_of("lsi")
def is_shift_invariant(
    operator: ImageOperator, shape: tuple[int, int], rng: np.random.Generator, trials: int = 20
) -> bool:
    """Tell by random trials whether an operator is shift-invariant.

    Shift-invariant means F(T(x)) = T(F(x)) for all images x and all shifts T. Shifts are
    periodic: what leaves the image on one side comes back on the other (numpy.roll).

    Parameters
    ----------
    operator : makes an image of an image of the same shape.
    shape : (H, W) of the images to try.
    rng : draws the images (standard normal) and the shifts (any number of rows and columns).
    trials : how many random (x, T) to try, at least 1; one that disagrees is enough.

    Returns
    -------
    True if every trial agrees in every pixel to within rounding (numpy.allclose), else False.
    """
    for _ in range(trials):
        x = rng.standard_normal(shape)
        shift = rng.integers(shape)
        if not np.allclose(
            operator(np.roll(x, shift, axis=(0, 1))), np.roll(operator(x), shift, axis=(0, 1))
        ):
            return False
    return True
