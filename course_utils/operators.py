"""Image operators with names, so that a hidden test can hand one over without sending code.

`Operator(name, parameters)` crosses the wire (`course_utils.wire`) and becomes a callable on the
other side. Where nothing else is said the image is continued periodically, so that shifting means
`numpy.roll`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from course_utils.types import Image, ImageOperator

_TABLE: dict[str, Callable[..., Image]] = {}


def _operator(function: Callable[..., Image]) -> Callable[..., Image]:
    _TABLE[function.__name__] = function
    return function


@dataclass(frozen=True)
class Operator:
    """An image operator by name.

    Parameters
    ----------
    name : one of `names()`.
    parameters : numbers the operator is made with, by name.
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self, image: Image) -> Image:
        """Apply the operator to an image of any shape; the image is not modified."""
        return self.function()(image)

    def function(self) -> ImageOperator:
        """Return the operator as a plain function.

        Raises
        ------
        ValueError
            If there is no operator of that name.
        """
        if self.name not in _TABLE:
            raise ValueError(f"there is no operator {self.name!r}; there are {', '.join(names())}")
        return partial(_TABLE[self.name], **self.parameters)


def describe(name: str) -> str:
    """Return in a few words what the operator called `name` does."""
    return str(_TABLE[name].__doc__).split("\n")[0].rstrip(".").replace("`", "")


def names() -> list[str]:
    """Return the names of all operators."""
    return sorted(_TABLE)


@_operator
def mean(image: Image, size: int = 3) -> Image:
    """Mean of a window of `size` by `size` pixels."""
    from scipy.ndimage import uniform_filter

    return np.asarray(uniform_filter(image, size, mode="wrap"))


@_operator
def mean_mirrored(image: Image, size: int = 3) -> Image:
    """Mean of a window of `size` by `size` pixels, the image mirrored at its border."""
    from scipy.ndimage import uniform_filter

    return np.asarray(uniform_filter(image, size, mode="reflect"))


@_operator
def gaussian(image: Image, sigma: float = 1.0) -> Image:
    """Gaussian of standard deviation `sigma` pixels."""
    from scipy.ndimage import gaussian_filter

    return np.asarray(gaussian_filter(image, sigma, mode="wrap"))


@_operator
def median(image: Image, size: int = 3) -> Image:
    """Median of a window of `size` by `size` pixels."""
    from scipy.ndimage import median_filter

    return np.asarray(median_filter(image, size, mode="wrap"))


@_operator
def maximum(image: Image, size: int = 3) -> Image:
    """Brightest pixel of a window of `size` by `size` pixels."""
    from scipy.ndimage import maximum_filter

    return np.asarray(maximum_filter(image, size, mode="wrap"))


@_operator
def brightness_change(image: Image) -> Image:
    """Right neighbour minus left neighbour, halved."""
    return 0.5 * (np.roll(image, -1, axis=1) - np.roll(image, 1, axis=1))


@_operator
def brighten(image: Image, amount: float = 0.1) -> Image:
    """Add the same amount to every pixel."""
    return image + amount


@_operator
def scale(image: Image, factor: float = 2.0) -> Image:
    """Multiply every pixel by the same factor."""
    return factor * image


@_operator
def square(image: Image) -> Image:
    """Square every pixel."""
    return image**2


@_operator
def absolute(image: Image) -> Image:
    """Drop every pixel's sign."""
    return np.asarray(np.abs(image))


@_operator
def saturate(image: Image, limit: float = 1.0) -> Image:
    """Cut every pixel to [-limit, limit]."""
    return np.asarray(np.clip(image, -limit, limit))


@_operator
def double_by_corner(image: Image) -> Image:
    """Double every pixel if the one in the upper left corner is brighter than 0.5."""
    return image * (2.0 if image[0, 0] > 0.5 else 1.0)


@_operator
def fade_columns(image: Image) -> Image:
    """Darken from left to right, like a badly lit page; rows do not matter."""
    return image * np.linspace(1.0, 0.0, image.shape[1])


@_operator
def fade_rows(image: Image) -> Image:
    """Darken from top to bottom; columns do not matter."""
    return np.asarray(image * np.linspace(1.0, 0.0, image.shape[0])[:, np.newaxis])


@_operator
def checkerboard(image: Image) -> Image:
    """Keep the pixels whose row and column add up to an even number, blacken the others."""
    rows, columns = np.indices(image.shape[:2])
    return np.asarray(image * ((rows + columns) % 2 == 0))


@_operator
def mirror(image: Image) -> Image:
    """Swap left and right."""
    return image[:, ::-1].copy()


@_operator
def sort_pixels(image: Image) -> Image:
    """Put all pixels in order of brightness, whatever their place."""
    return np.sort(image, axis=None).reshape(image.shape)
