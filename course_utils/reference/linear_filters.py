"""Noise, averages, correlation, and what makes an operator linear and shift-invariant."""

import numpy as np
from scipy.sparse import csr_array

from course_utils.reference import forbids, part_of
from course_utils.types import Frames, Image, ImageOperator, Kernel, Padding, Signal


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


@forbids("scipy", "skimage", "torch")
def add_salt_and_pepper(image: Image, amount: float, rng: np.random.Generator) -> Image:
    """Turn some pixels of an image white and as many black.

    About a share `amount` of the pixels is hit, wherever chance has it: one half becomes 1 (salt),
    the other half 0 (pepper).

    Parameters
    ----------
    image : (H, W) or (H, W, C) float64 in [0, 1]. Not modified. A pixel of a colour image changes
        as a whole: all its channels become 1, or all become 0.
    amount : share of the pixels that are hit, in [0, 1].
    rng : the source of all randomness; equal generators give equal noise.

    Returns
    -------
    float64, the image's shape.
    """
    hit = rng.random(image.shape[:2])
    noisy = image.copy()
    noisy[hit < amount] = 1.0
    noisy[hit < amount / 2] = 0.0
    return noisy


@forbids("scipy", "skimage", "torch")
def average_frames(frames: Frames) -> Image:
    """Average pictures of the same scene.

    mean(x, y) = 1/n sum of I_k(x, y) over k. If the noise of the frames is independent, with
    standard deviation sigma, the noise of their mean has sigma / sqrt(n).

    Parameters
    ----------
    frames : (n, H, W) or (n, H, W, C), n at least 1, float64 in [0, 1] or uint8 in [0, 255]. Not
        modified.

    Returns
    -------
    float64, the shape of one frame, in the frames' units.

    Raises
    ------
    ValueError
        If there is no frame.
    """
    if len(frames) == 0:
        raise ValueError("there are no frames to average")
    return np.asarray(frames.mean(axis=0, dtype=np.float64))


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

    Notes
    -----
    O(size) operations a value as it stands, O(1) with a running sum; for 10,000 values and a size
    of 11 either takes a few milliseconds.
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
    kernel : (h, w) float64, both sides odd; may be larger than the image. Not modified.
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
    In the array, H(0, 0) is kernel[h // 2, w // 2]. O(h w) operations a pixel: one loop over the
    kernel's entries is fast enough, well under 0.1 s for 512 x 512 pixels and 7 x 7 entries.
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


@forbids("scipy", "skimage", "torch", "numpy.convolve", "numpy.correlate")
def convolve(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    """Convolve an image with a kernel: cross-correlate it with the kernel turned by 180 degrees.

    G(i, j) = sum over q, r of H(q, r) I(i - q, j - r), with H(0, 0) the kernel's centre.

    Parameters
    ----------
    image : (H, W) or (H, W, C) float64. Not modified; channels are filtered one by one.
    kernel : (h, w) float64, both sides odd; may be larger than the image. Not modified.
    padding : how the image is continued beyond its border; see `cross_correlate`.

    Returns
    -------
    float64, the image's shape.

    Raises
    ------
    ValueError
        If one of the kernel's sides is even.

    Notes
    -----
    As many operations as a cross-correlation, in the same time.
    """
    return cross_correlate(image, kernel[::-1, ::-1], padding)


@part_of("kernels")
@forbids("scipy", "skimage", "torch")
def box_kernel(size: int) -> Kernel:
    """Return the kernel of the mean filter.

    H(q, r) = 1 / N^2, with N = size.

    Parameters
    ----------
    size : odd, at least 1.

    Returns
    -------
    (size, size) float64; the entries sum to 1.

    Raises
    ------
    ValueError
        If the size is even or less than 1.
    """
    if size < 1 or size % 2 == 0:
        raise ValueError(f"size must be odd and at least 1, got {size}")
    return np.full((size, size), 1.0 / size**2)


@part_of("kernels")
@forbids("scipy", "skimage", "torch")
def gaussian_kernel(sigma: float, truncate: float = 3.0) -> Kernel:
    """Return the kernel of the Gaussian filter.

    H(q, r) = 1/Z exp(-(q^2 + r^2) / (2 sigma^2)) for |q|, |r| at most k.

    Parameters
    ----------
    sigma : standard deviation in pixels, greater than 0.
    truncate : the radius k of the kernel in standard deviations: k = int(truncate * sigma + 0.5).

    Returns
    -------
    (2k + 1, 2k + 1) float64; the entries sum to 1 (that is what Z is for).

    Raises
    ------
    ValueError
        If sigma is not greater than 0.
    """
    if sigma <= 0:
        raise ValueError(f"sigma must be greater than 0, got {sigma}")
    radius = int(truncate * sigma + 0.5)
    places = np.arange(-radius, radius + 1)
    profile = np.exp(-(places**2) / (2.0 * sigma**2))
    profile /= profile.sum()
    return np.outer(profile, profile)


@forbids("scipy", "skimage", "torch", "numpy.convolve", "numpy.correlate", "numpy.outer")
def filter_separable(image: Image, kernel: Signal, padding: Padding = "symmetric") -> Image:
    """Cross-correlate an image with the product of a kernel with itself, in two passes.

    H(q, r) = h(q) h(r), so that G(i, j) = sum over q of h(q) (sum over r of h(r) I(i + q, j + r)).

    Parameters
    ----------
    image : (H, W) or (H, W, C) float64. Not modified; channels are filtered one by one.
    kernel : (n,) float64, n odd; the same for rows and columns. May be much longer than the image:
        n^2 entries need not fit into memory. Not modified.
    padding : how the image is continued beyond its border; see `cross_correlate`.

    Returns
    -------
    float64, the image's shape.

    Raises
    ------
    ValueError
        If the kernel has an even number of entries.

    Notes
    -----
    2 n multiplications a pixel instead of n^2: with n = 25 well under 0.1 s for 512 x 512 pixels.
    """
    along_rows = cross_correlate(image, kernel[np.newaxis, :], padding)
    return cross_correlate(along_rows, kernel[:, np.newaxis], padding)


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


@forbids("scipy.ndimage", "scipy.signal", "skimage", "torch")
def correlation_matrix(
    kernel: Kernel, shape: tuple[int, int], padding: Padding = "symmetric"
) -> csr_array:
    """Return the matrix A of a cross-correlation: A @ image.ravel() is the filtered image.

    Row i W + j of A holds the weights H(q, r) of the pixels (i + q, j + r). Where these lie beyond
    the border, their weight goes to the pixel that the border rule puts there, if there is one.

    Parameters
    ----------
    kernel : (h, w) float64, both sides odd; may be larger than the images. Not modified.
    shape : (H, W) of the images.
    padding : how images are continued beyond their border; see `cross_correlate`.

    Returns
    -------
    sparse (H W, H W) float64 of at most H W h w entries.

    Raises
    ------
    ValueError
        If one of the kernel's sides is even.

    Notes
    -----
    O(H W h w) operations: for 100 x 100 pixels and 5 x 5 weights well under a second if no Python
    loop runs over the pixels.
    """
    if kernel.shape[0] % 2 == 0 or kernel.shape[1] % 2 == 0:
        raise ValueError(f"kernel sides must be odd, got {kernel.shape}")
    height, width = shape
    # Whatever the border rule does to values, it does to the numbers of pixels; 0 is no pixel.
    numbers = np.arange(1.0, height * width + 1).reshape(shape)
    padded = _pad(numbers, kernel.shape, padding).astype(np.intp) - 1
    columns = np.stack(
        [padded[q : q + height, r : r + width].ravel() for q, r in np.ndindex(*kernel.shape)]
    )
    rows = np.broadcast_to(np.arange(height * width), columns.shape)
    weights = np.broadcast_to(kernel.reshape(-1, 1), columns.shape)
    inside = columns >= 0
    entries = (weights[inside], (rows[inside], columns[inside]))
    return csr_array(entries, shape=(height * width, height * width))
