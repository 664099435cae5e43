"""Pictures to work on: the ones inside scikit-image and scikit-learn, so nothing is downloaded.

Every function returns a new array of float64 in [0, 1], (H, W) for grey and (H, W, 3) for colour.
"""

import numpy as np

from course_utils.types import Image

_SKIMAGE_GREY = ("brick", "camera", "coins", "grass", "gravel", "moon", "page", "text")
_SKIMAGE_COLOR = ("astronaut", "chelsea", "coffee", "rocket", "retina")
_SKLEARN_COLOR = ("china", "flower")

NAMES = tuple(sorted(_SKIMAGE_GREY + _SKIMAGE_COLOR + _SKLEARN_COLOR))
"""The pictures that `load` knows."""


def load(name: str) -> Image:
    """Return the picture called `name`, one of `NAMES`.

    Raises
    ------
    ValueError
        If there is no such picture.
    """
    if name in _SKLEARN_COLOR:
        from sklearn.datasets import load_sample_image

        pixels = load_sample_image(f"{name}.jpg")
    elif name in NAMES:
        from skimage import data

        pixels = getattr(data, name)()
    else:
        raise ValueError(f"there is no picture {name!r}; there are {', '.join(NAMES)}")
    return np.asarray(pixels, dtype=np.float64) / 255.0


def shrink(image: Image, factor: int) -> Image:
    """Average blocks of `factor` by `factor` pixels; rows and columns left over are dropped."""
    height, width = (side // factor for side in image.shape[:2])
    blocks = image[: height * factor, : width * factor].reshape(
        height, factor, width, factor, *image.shape[2:]
    )
    return np.asarray(blocks.mean(axis=(1, 3)))


def lecture_grid() -> Image:
    """Return the lecture's 10 by 10 example: values 5 and 50, one lone 50 and one lone 0.

    The values are grey levels between 0 and 255, as on the slide; everything else here is in
    [0, 1].
    """
    grid = np.full((10, 10), 5.0)
    grid[4:, :7] = 50.0
    grid[4, 7] = 50.0
    grid[2, 7] = 50.0
    grid[5, 3] = 0.0
    return grid


def fan(height: int = 120, width: int = 480) -> Image:
    """Return vertical stripes that get finer from left to right, from 0 to 0.3 cycles per pixel.

    Returns
    -------
    (height, width) float64 in [0, 1].
    """
    column = np.arange(width)
    stripes = 0.5 + 0.5 * np.cos(2 * np.pi * 0.5 * 0.3 * column**2 / width)
    return np.tile(stripes, (height, 1))


def noisy_step(size: int = 60, seed: int = 0) -> Image:
    """Return a 1D step from 0.2 to 0.8 with salt and pepper on about one sample in seven.

    Returns
    -------
    (size,) float64.
    """
    rng = np.random.default_rng(seed)
    signal = np.where(np.arange(size) < size // 2, 0.2, 0.8)
    outliers = rng.random(size) < 0.15
    return np.where(outliers, rng.integers(0, 2, size).astype(np.float64), signal)
