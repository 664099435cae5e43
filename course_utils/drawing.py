"""Pictures for widgets, drawn with Pillow: a tenth of the time that a plot takes.

Everything is dark ink on white, legible on light and dark themes.
"""

import io
from collections.abc import Mapping, Sequence

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from course_utils.types import Image, Signal

INK = (26, 26, 26)
GRID = (190, 190, 190)
COLORS = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167))
"""Okabe and Ito's, told apart by colour-blind readers."""

_TITLE = 26
_GAP = 12


def font(size: int = 13) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Return the font of all labels."""
    return ImageFont.load_default(size)


def png(picture: Pillow.Image) -> bytes:
    """Return a picture as the bytes of a PNG."""
    buffer = io.BytesIO()
    # Hardly larger than with more effort, and several times as fast.
    picture.save(buffer, "png", compress_level=1)
    return buffer.getvalue()


def zoom(image: Image, width: int) -> int:
    """Return how many times an image fits into a width in pixels, at least 1."""
    return max(1, width // int(image.shape[1]))


def photo(image: Image, times: int = 1) -> Pillow.Image:
    """Return an image, grey or colour, as a picture; values beyond [0, 1] are cut for display."""
    pixels = np.clip(image, 0.0, 1.0) * 255.0 + 0.5
    picture = Pillow.fromarray(pixels.astype(np.uint8))
    if times > 1:
        size = picture.width * times, picture.height * times
        picture = picture.resize(size, Pillow.Resampling.NEAREST)
    return picture


def beside(pictures: Sequence[Pillow.Image], titles: Sequence[str], columns: int = 0) -> bytes:
    """Put pictures beside each other, in so many columns, each under its title."""
    columns = columns or len(pictures)
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    width = max(sum(p.width + _GAP for p in row) for row in rows) - _GAP
    height = sum(max(p.height for p in row) + _TITLE + _GAP for row in rows) - _GAP
    # All grey, it has a third of the bytes.
    mode, ink = ("L", INK[0]) if all(p.mode == "L" for p in pictures) else ("RGB", INK)
    canvas = Pillow.new(mode, (width, height), "white")
    draw = ImageDraw.Draw(canvas)
    top, names = 0, iter(titles)
    for row in rows:
        left = 0
        for picture in row:
            draw.text((left + 2, top + 5), next(names, ""), fill=ink, font=font())
            canvas.paste(picture, (left, top + _TITLE))
            left += picture.width + _GAP
        top += max(p.height for p in row) + _TITLE + _GAP
    return png(canvas)


def chart(
    lines: Mapping[str, tuple[Signal, Signal]],
    size: tuple[int, int],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    x_label: str = "",
) -> Pillow.Image:
    """Draw curves over named axes.

    Parameters
    ----------
    lines : x and y of every curve, by name.
    size : width and height in pixels.
    x_range, y_range : the values at the sides.
    """
    width, height = size
    left, right, top, bottom = 40, width - 8, 8, height - 34
    canvas = Pillow.new("RGB", size, "white")
    draw = ImageDraw.Draw(canvas)

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - x_range[0]) / (x_range[1] - x_range[0])
        up = (y - y_range[0]) / (y_range[1] - y_range[0])
        return left + across * (right - left), bottom - np.clip(up, 0.0, 1.0) * (bottom - top)

    for tick in np.linspace(*y_range, 6):
        draw.line([place(x_range[0], tick), place(x_range[1], tick)], fill=(225, 225, 225))
        draw.text((left - 4, place(0, tick)[1]), f"{tick:.3g}", INK, font(11), anchor="rm")
    for tick in np.linspace(*x_range, 6):
        draw.text((place(tick, 0)[0], bottom + 4), f"{tick:.3g}", INK, font(11), anchor="mt")
    draw.text(((left + right) / 2, height - 2), x_label, INK, font(12), anchor="mb")
    draw.rectangle((left, top, right, bottom), outline=GRID)
    if y_range[0] < 0 < y_range[1]:
        draw.line([place(x_range[0], 0), place(x_range[1], 0)], fill=GRID)
    for index, (name, (x, y)) in enumerate(lines.items()):
        color = COLORS[index % len(COLORS)]
        draw.line([place(a, b) for a, b in zip(x, y, strict=True)], fill=color, width=2)
        draw.text((right - 6, top + 6 + 16 * index), name, color, font(12), anchor="ra")
    return canvas
