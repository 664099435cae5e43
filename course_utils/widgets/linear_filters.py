"""Widgets of the notebook linear_filters."""

from collections.abc import Callable

import ipywidgets
import numpy as np
from PIL import ImageDraw

from course_utils import drawing
from course_utils.drawing import BLUE, GRID, INK, ORANGE
from course_utils.types import Image
from course_utils.widgets import Explorer

_CELL = 34
_GAP = 46
_TOP = 30


class SlidingWindow(Explorer):
    """A window that slides over a small grid of numbers and fills the grid of their means.

    Beyond the border the grid is continued with its outermost values.

    Parameters
    ----------
    grid : (H, W), a few rows and columns, values from 0 to 255.
    """

    def __init__(self, grid: Image) -> None:
        from scipy.ndimage import uniform_filter

        self._grid = np.asarray(grid, dtype=np.float64)
        self._means = {n: uniform_filter(self._grid, n, mode="nearest") for n in (1, 3, 5)}
        self._font = drawing.font()
        step = ipywidgets.IntSlider(
            value=0,
            min=0,
            max=self._grid.size - 1,
            description="Step",
            tooltip="Which pixel the window is at, row by row",
            continuous_update=True,
        )
        size = ipywidgets.Dropdown(
            options=[("1 x 1", 1), ("3 x 3", 3), ("5 x 5", 5)],
            value=3,
            description="Window",
            tooltip="Size of the window",
        )
        super().__init__(self._show, step=step, size=size)

    def _show(self, step: int, size: int) -> tuple[bytes, str]:
        row, column = divmod(step, self._grid.shape[1])
        mean = self._means[size][row, column]
        half = size // 2
        padded = np.pad(self._grid, half, mode="edge")
        window = padded[row : row + size, column : column + size]
        values, counts = np.unique(window, return_counts=True)
        terms = " + ".join(
            f"{count} x {value:g}" for value, count in zip(values, counts, strict=True)
        )
        text = (
            f"Row {row}, column {column}: ({terms}) / {size * size} = ?"
            f"<details><summary>Show the mean</summary>{mean:.1f}</details>"
        )
        return self._draw_grids(step, size), text

    def _draw_grids(self, step: int, size: int) -> bytes:
        rows, columns = self._grid.shape
        width = 2 * columns * _CELL + _GAP + 2
        picture = drawing.canvas(width, _TOP + rows * _CELL + 2)
        draw = ImageDraw.Draw(picture)
        right = columns * _CELL + _GAP
        draw.text((0, 6), "image", fill=INK, font=self._font)
        draw.text((right, 6), f"mean of {size} x {size}", fill=INK, font=self._font)
        for index in range(rows * columns):
            row, column = divmod(index, columns)
            self._cell(draw, 0, row, column, self._grid[row, column], "g")
            if index < step:
                self._cell(draw, right, row, column, self._means[size][row, column], ".0f")
            else:
                draw.rectangle(_box(right, row, column, 1), outline=GRID)
        row, column = divmod(step, columns)
        half = size // 2
        window = _box(0, row - half, column - half, size)
        draw.rectangle(window, outline=BLUE, width=3)
        target = _box(right, row, column, 1)
        draw.rectangle(target, outline=ORANGE, width=3)
        centre = ((target[0] + target[2]) / 2, (target[1] + target[3]) / 2)
        draw.text(centre, "?", fill=INK, font=self._font, anchor="mm")
        return drawing.png(picture)

    def _cell(
        self, draw: ImageDraw.ImageDraw, left: int, row: int, column: int, value: float, form: str
    ) -> None:
        # Grey levels as on the slide; the darkest stay light enough for dark numbers.
        level = int(148 + (drawing.WHITE - 148) * (value / max(float(self._grid.max()), 1.0)))
        box = _box(left, row, column, 1)
        draw.rectangle(box, fill=level, outline=GRID)
        centre = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        draw.text(centre, format(value, form), fill=INK, font=self._font, anchor="mm")


def _box(left: int, row: int, column: int, size: int) -> tuple[int, int, int, int]:
    x, y = left + column * _CELL, _TOP + row * _CELL
    return x, y, x + size * _CELL, y + size * _CELL


Noise = Callable[[Image, float, np.random.Generator], Image]


class NoiseExplorer(Explorer):
    """A picture with noise of a kind and an amount, and what became of its grey levels.

    Parameters
    ----------
    image : (H, W) in [0, 1].
    gaussian, salt_and_pepper : add noise; take the image, an amount from 0 to 1, and a generator.
    """

    def __init__(self, image: Image, gaussian: Noise, salt_and_pepper: Noise) -> None:
        self._image = image
        kind = ipywidgets.Dropdown(
            options=[("Gaussian", gaussian), ("salt and pepper", salt_and_pepper)],
            description="Noise",
            tooltip="Which kind of noise is added",
        )
        amount = ipywidgets.FloatSlider(
            value=0.15,
            min=0.0,
            max=0.6,
            step=0.05,
            description="Amount",
            tooltip="sigma of the Gaussian noise, or the share of the pixels hit",
        )
        # An answer that is not written is noticed now, whichever of the two it is.
        salt_and_pepper(image, 0.1, np.random.default_rng(0))
        super().__init__(self._show, kind=kind, amount=amount)

    def _show(self, kind: Noise, amount: float) -> tuple[bytes, str]:
        noisy = kind(self._image, amount, np.random.default_rng(0))
        levels = np.linspace(-0.5, 1.5, 81)
        middles = (levels[1:] + levels[:-1]) / 2
        lines = {}
        for name, image in (("without noise", self._image), ("with noise", noisy)):
            counts, _ = np.histogram(image, levels)
            lines[name] = middles, 100.0 * counts / image.size
        size = 360, self._image.shape[0]
        histogram = drawing.chart(lines, size, (-0.5, 1.5), (0.0, 20.0), "value")
        titles = "noisy image", "percent of the pixels with a value"
        outside = float(((noisy < 0) | (noisy > 1)).mean())
        error = float(np.sqrt(np.mean((noisy - self._image) ** 2)))
        text = (
            f"Root mean squared error {error:.3f}. Beyond [0, 1]: {outside:.0%} of the pixels, "
            "which the display cuts off."
        )
        return drawing.beside([drawing.photo(noisy), histogram], titles), text


class MeanFilter(Explorer):
    """The mean over a window of N x N pixels, from none to the whole picture.

    Beyond the border the picture goes on with its outermost pixels.

    Parameters
    ----------
    image : (H, W) in [0, 1].
    """

    def __init__(self, image: Image) -> None:
        self._image = image
        size = ipywidgets.SelectionSlider(
            options=[1, 3, 11, 25, 55, 175, 511],
            value=3,
            description="N",
            tooltip="The side of the window in pixels",
        )
        super().__init__(self._show, size=size)

    def _show(self, size: int) -> tuple[bytes, str]:
        from scipy.ndimage import uniform_filter

        filtered = uniform_filter(self._image, size, mode="nearest")
        pictures = [drawing.photo(self._image), drawing.photo(filtered)]
        text = (
            f"Every pixel is the mean of {size} x {size} = {size * size} pixels. Independent noise "
            f"falls to 1/{size} of its standard deviation."
        )
        return drawing.beside(pictures, ("image", f"mean, N = {size}")), text


class BoxAgainstGaussian(Explorer):
    """A box and a Gaussian of the same spread, on a picture and as frequency responses.

    Parameters
    ----------
    image : (H, W) in [0, 1].
    """

    def __init__(self, image: Image) -> None:
        self._image = image
        size = ipywidgets.IntSlider(
            value=9,
            min=3,
            max=31,
            step=2,
            description="N",
            tooltip="The side of the box in pixels; the Gaussian is as wide",
        )
        super().__init__(self._show, size=size)

    def _show(self, size: int) -> tuple[bytes, str]:
        from scipy.ndimage import gaussian_filter, uniform_filter

        # The standard deviation of N numbers in a row.
        sigma = float(np.sqrt((size**2 - 1) / 12))
        boxed = uniform_filter(self._image, size, mode="reflect")
        smooth = gaussian_filter(self._image, sigma, mode="reflect")
        frequency = np.linspace(0.0, 0.5, 201)
        places = np.arange(size) - size // 2
        box = np.cos(2 * np.pi * np.outer(frequency, places)).mean(axis=1)
        gaussian = np.exp(-2 * (np.pi * frequency * sigma) ** 2)
        lines = {"box": (frequency, box), "Gaussian": (frequency, gaussian)}
        width = 2 * self._image.shape[1] + 12
        label = "frequency in cycles per pixel"
        response = drawing.chart(lines, (width, 220), (0.0, 0.5), (-0.25, 1.0), label)
        pictures = [drawing.photo(boxed), drawing.photo(smooth), response]
        titles = f"box, N = {size}", f"Gaussian, sigma {sigma:.2f}", "factor of a wave"
        text = (
            f"The box's first zero is at 1/{size} = {1 / size:.3f}; between it and {2 / size:.3f} "
            "waves are turned upside down. The Gaussian has no zero."
        )
        return drawing.beside(pictures, titles, columns=2), text
