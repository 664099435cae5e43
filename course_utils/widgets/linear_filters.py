"""Widgets of the notebook linear_filters."""

import io

import ipywidgets
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from course_utils.types import Image
from course_utils.widgets import Explorer

_CELL = 34
_GAP = 46
_TOP = 30
_INK = (26, 26, 26)
_BLUE = (0, 114, 178)
_ORANGE = (213, 94, 0)


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
        self._font = ImageFont.load_default(13)
        step = ipywidgets.IntSlider(
            value=34,
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
        picture = Pillow.new("RGB", (width, _TOP + rows * _CELL + 2), "white")
        draw = ImageDraw.Draw(picture)
        right = columns * _CELL + _GAP
        draw.text((0, 6), "image", fill=_INK, font=self._font)
        draw.text((right, 6), f"mean of {size} x {size}", fill=_INK, font=self._font)
        for index in range(rows * columns):
            row, column = divmod(index, columns)
            self._cell(draw, 0, row, column, self._grid[row, column], "g")
            if index < step:
                self._cell(draw, right, row, column, self._means[size][row, column], ".0f")
            else:
                draw.rectangle(_box(right, row, column, 1), outline=(190, 190, 190))
        row, column = divmod(step, columns)
        half = size // 2
        window = _box(0, row - half, column - half, size)
        draw.rectangle(window, outline=_BLUE, width=3)
        target = _box(right, row, column, 1)
        draw.rectangle(target, outline=_ORANGE, width=3)
        centre = ((target[0] + target[2]) / 2, (target[1] + target[3]) / 2)
        draw.text(centre, "?", fill=_INK, font=self._font, anchor="mm")
        buffer = io.BytesIO()
        picture.save(buffer, "png")
        return buffer.getvalue()

    def _cell(
        self, draw: ImageDraw.ImageDraw, left: int, row: int, column: int, value: float, form: str
    ) -> None:
        # Grey levels as on the slide; the darkest stay light enough for dark numbers.
        level = int(150 + 105 * (value / max(float(self._grid.max()), 1.0)))
        box = _box(left, row, column, 1)
        draw.rectangle(box, fill=(level, level, level), outline=(190, 190, 190))
        centre = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        draw.text(centre, format(value, form), fill=_INK, font=self._font, anchor="mm")


def _box(left: int, row: int, column: int, size: int) -> tuple[int, int, int, int]:
    x, y = left + column * _CELL, _TOP + row * _CELL
    return x, y, x + size * _CELL, y + size * _CELL
