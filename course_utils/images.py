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


def scene(rng: np.random.Generator, size: int = 128) -> Image:
    """Return a rendered scene: shaded shapes, stripes, dots and thin lines on a shaded ground.

    Returns
    -------
    (size, size) float64 in [0, 1]; equal generators give equal scenes.
    """
    y, x = np.mgrid[0:size, 0:size] / size
    image = _shade(rng, x, y)
    for _ in range(int(rng.integers(6, 10))):
        centre, radius = rng.uniform(0.1, 0.9, 2), rng.uniform(0.08, 0.28)
        angle = rng.uniform(0, np.pi)
        u = (x - centre[0]) * np.cos(angle) + (y - centre[1]) * np.sin(angle)
        v = (y - centre[1]) * np.cos(angle) - (x - centre[0]) * np.sin(angle)
        match int(rng.integers(4)):
            case 0:  # a disc
                inside = np.hypot(u, v) < radius
            case 1:  # a rectangle
                inside = (np.abs(u) < radius) & (np.abs(v) < radius * rng.uniform(0.3, 1))
            case 2:  # a thin line
                inside = (np.abs(u) < 1.5 * radius) & (np.abs(v) < rng.uniform(0.006, 0.015))
            case _:  # a ring
                inside = np.abs(np.hypot(u, v) - radius) < rng.uniform(0.01, 0.03)
        image = np.where(inside, _surface(rng, x, y, u, v), image)
    return np.asarray(np.clip(image, 0.0, 1.0))


def _shade(rng: np.random.Generator, x: Image, y: Image) -> Image:
    """Return a grey level that changes slowly from one side to another."""
    slope = rng.uniform(-0.3, 0.3, 2)
    return np.asarray(rng.uniform(0.15, 0.85) + slope[0] * (x - 0.5) + slope[1] * (y - 0.5))


def _surface(rng: np.random.Generator, x: Image, y: Image, u: Image, v: Image) -> Image:
    """Return a shaded surface; one of three is striped, one of six has dots."""
    surface, kind = _shade(rng, x, y), rng.integers(6)
    waves = 2 * np.pi * rng.uniform(12, 30)
    if kind < 2:
        surface = surface + rng.uniform(0.1, 0.3) * np.sign(np.sin(waves * u))
    elif kind == 2:
        surface = surface + rng.uniform(0.2, 0.4) * (np.sin(waves * u) * np.sin(waves * v) > 0.5)
    return surface


def collage(rng: np.random.Generator, size: int = 128) -> Image:
    """Return a new picture made of two: warped, blended along a soft edge, with a new tone curve.

    Returns
    -------
    (size, size) float64 in [0, 1]; equal generators give equal pictures.
    """
    from scipy.ndimage import gaussian_filter

    one, other = (
        _warped(load(str(name)), rng, size) for name in rng.choice(_MATERIAL, 2, replace=False)
    )
    share = gaussian_filter(rng.standard_normal((size, size)), size / 8, mode="wrap")
    share = 1 / (1 + np.exp(-6 * (share - np.median(share)) / share.std()))
    blended = share * one + (1 - share) * other
    return np.asarray(np.clip(blended, 0.0, 1.0) ** rng.uniform(0.7, 1.4))


_MATERIAL = (
    "astronaut",
    "brick",
    "camera",
    "chelsea",
    "china",
    "coffee",
    "coins",
    "flower",
    "rocket",
)


def _warped(image: Image, rng: np.random.Generator, size: int) -> Image:
    """Return a turned, scaled and slightly bent part of a picture, in grey."""
    from scipy.ndimage import map_coordinates

    grey = image.mean(axis=2) if image.ndim == 3 else image
    height, width = grey.shape
    angle, scale = rng.uniform(0, 2 * np.pi), rng.uniform(0.8, 1.6)
    y, x = np.mgrid[0:size, 0:size] - size / 2
    y, x = (
        y + 4 * np.sin(2 * np.pi * x / size * rng.uniform(0.5, 2) + rng.uniform(0, 6)),
        x + 4 * np.sin(2 * np.pi * y / size * rng.uniform(0.5, 2) + rng.uniform(0, 6)),
    )
    centre = rng.uniform(0.3, 0.7) * height, rng.uniform(0.3, 0.7) * width
    rows = centre[0] + scale * (y * np.cos(angle) + x * np.sin(angle))
    columns = centre[1] + scale * (x * np.cos(angle) - y * np.sin(angle))
    return np.asarray(map_coordinates(grey, [rows, columns], order=1, mode="mirror"))
