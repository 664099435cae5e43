"""Pictures for widgets, drawn with Pillow: a third of the time that a plot takes.

Everything is dark ink on white, legible on light and dark themes. A picture has one byte a pixel: a
grey level from 0 to `WHITE`, or one of a few colours. That is a third of the bytes to encode.
"""

import io
import zlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from course_utils.types import Image, Labels, Signal

WHITE = 251
INK, GRID, PALE = 26, 187, 221
BLUE, ORANGE, GREEN, PINK = range(WHITE + 1, WHITE + 5)
COLORS = (BLUE, ORANGE, GREEN, PINK)

# Okabe and Ito's colours, told apart by colour-blind readers.
_RGB = ((0, 114, 178), (213, 94, 0), (0, 158, 115), (204, 121, 167))
_PALETTE = [round(level * 255 / WHITE) for level in range(WHITE + 1) for _ in range(3)]
_PALETTE += [channel for color in _RGB for channel in color]

_TITLE = 26
_GAP = 12


@cache
def font(size: int = 13) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    """Return the font of all labels."""
    return ImageFont.load_default(size)


def canvas(width: int, height: int) -> Pillow.Image:
    """Return an empty picture."""
    return Pillow.new("L", (width, height), WHITE)


def png(picture: Pillow.Image) -> bytes:
    """Return a picture as the bytes of a PNG."""
    buffer = io.BytesIO()
    if picture.mode == "L":
        picture = in_color(picture)
    # Hardly larger than with more effort, and several times as fast.
    picture.save(buffer, "png", compress_level=1, compress_type=zlib.Z_RLE)
    return buffer.getvalue()


def in_color(picture: Pillow.Image) -> Pillow.Image:
    """Return a picture with the colours that its numbers stand for."""
    colored = picture.copy()
    colored.putpalette(_PALETTE)
    return colored


def color_in(picture: Pillow.Image, color: int) -> int | tuple[int, int, int]:
    """Return one of the colours as a picture of its mode wants it."""
    return color if picture.mode == "L" else _RGB[COLORS.index(color)]


def zoom(image: Image, width: int) -> int:
    """Return how many times an image fits into a width in pixels, at least 1."""
    return max(1, width // int(image.shape[1]))


def photo(image: Image, times: int = 1) -> Pillow.Image:
    """Return an image as a picture; values beyond [0, 1] are cut for display.

    A colour image (H, W, 3) becomes a picture of mode RGB, for `beside` alone.
    """
    most = WHITE if image.ndim == 2 else 255
    picture = Pillow.fromarray((np.clip(image, 0.0, 1.0) * most + 0.5).astype(np.uint8))
    if times > 1:
        size = picture.width * times, picture.height * times
        picture = picture.resize(size, Pillow.Resampling.NEAREST)
    return picture


def pale(classes: Labels) -> Image:
    """Return an image (H, W, 3) with a pale colour for each of up to four classes (H, W)."""
    colors = np.array(_RGB) / 255
    return np.asarray(0.3 * colors[classes] + 0.7)


def mark(picture: Pillow.Image, centre: tuple[float, float], shape: int, *, ring: bool) -> None:
    """Draw a point, (x, y) in pixels; each of up to three shapes has a colour of its own."""
    x, y = centre
    color = color_in(picture, COLORS[shape])
    draw = ImageDraw.Draw(picture)
    if shape == 0:
        draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=color)
    elif shape == 1:
        draw.rectangle((x - 5, y - 5, x + 5, y + 5), fill=color)
    else:
        draw.polygon([(x, y - 7), (x - 6, y + 5), (x + 6, y + 5)], fill=color)
    if ring:
        ink = INK if picture.mode == "L" else (INK, INK, INK)
        draw.ellipse((x - 10, y - 10, x + 10, y + 10), outline=ink, width=2)


def beside(pictures: Sequence[Pillow.Image], titles: Sequence[str], columns: int = 0) -> bytes:
    """Put pictures beside each other, in so many columns, each under its title."""
    columns = columns or len(pictures)
    rows = [pictures[i : i + columns] for i in range(0, len(pictures), columns)]
    width = max(sum(p.width + _GAP for p in row) for row in rows) - _GAP
    height = sum(max(p.height for p in row) + _TITLE + _GAP for row in rows) - _GAP
    joined = canvas(width, height)
    draw = ImageDraw.Draw(joined)
    places: list[tuple[Pillow.Image, tuple[int, int]]] = []
    top, names = 0, iter(titles)
    for row in rows:
        left = 0
        for picture in row:
            draw.text((left + 2, top + 5), next(names, ""), fill=INK, font=font())
            places.append((picture, (left, top + _TITLE)))
            left += picture.width + _GAP
        top += max(p.height for p in row) + _TITLE + _GAP
    if any(picture.mode == "RGB" for picture in pictures):
        joined = in_color(joined).convert("RGB")
    for picture, place in places:
        joined.paste(picture if picture.mode == joined.mode else in_color(picture), place)
    return png(joined)


def chart(
    lines: Mapping[str, tuple[Signal, Signal]],
    size: tuple[int, int],
    x_range: tuple[float, float],
    y_range: tuple[float, float],
    x_label: str = "",
    y_label: str = "",
) -> Pillow.Image:
    """Draw curves over named axes, with their names above.

    Parameters
    ----------
    lines : x and y of every curve, by name.
    size : width and height in pixels.
    x_range, y_range : the values at the sides.
    x_label, y_label : what they mean.
    """
    width, height = size
    made = canvas(width, height)
    draw = ImageDraw.Draw(made)
    left, right, bottom = 58 if y_label else 40, width - 12, height - 34
    top = _legend(draw, list(lines), left, right)

    def across(x: Any) -> Any:
        return left + (x - x_range[0]) / (x_range[1] - x_range[0]) * (right - left)

    def up(y: Any) -> Any:
        share = np.clip((y - y_range[0]) / (y_range[1] - y_range[0]), 0.0, 1.0)
        return bottom - share * (bottom - top)

    for tick in _ticks(*y_range):
        draw.line([(left, up(tick)), (right, up(tick))], fill=PALE)
        draw.text((left - 4, up(tick)), f"{tick:.3g}", INK, font(11), anchor="rm")
    for tick in _ticks(*x_range):
        draw.text((across(tick), bottom + 4), f"{tick:.3g}", INK, font(11), anchor="mt")
    draw.text(((left + right) / 2, height - 2), x_label, INK, font(12), anchor="mb")
    if y_label:
        turned = canvas(bottom - top, 18)
        ImageDraw.Draw(turned).text((turned.width / 2, 9), y_label, INK, font(12), anchor="mm")
        made.paste(turned.transpose(Pillow.Transpose.ROTATE_90), (2, top))
    draw.rectangle((left, top, right, bottom), outline=GRID)
    if y_range[0] < 0 < y_range[1]:
        draw.line([(left, up(0.0)), (right, up(0.0))], fill=GRID)
    for index, (x, y) in enumerate(lines.values()):
        points = np.column_stack([across(x), up(y)])
        draw.line(points.ravel().tolist(), fill=COLORS[index % len(COLORS)], width=2)
    return made


def _legend(draw: ImageDraw.ImageDraw, names: Sequence[str], left: float, right: float) -> int:
    """Write the curves' names, as many in a row as fit, and return where the rows end."""
    x, middle = left, 12
    for index, name in enumerate(names):
        wide = 22 + font(12).getlength(name)
        if x > left and x + wide > right:
            x, middle = left, middle + 18
        draw.line([(x, middle), (x + 16, middle)], COLORS[index % len(COLORS)], 3)
        # Letters are blended with the ground, which greys can be and colours cannot.
        draw.text((x + 22, middle), name, INK, font(12), anchor="lm")
        x += wide + 16
    return middle + 12


def _ticks(low: float, high: float) -> list[float]:
    """Return a few round numbers of a range."""
    from matplotlib.ticker import MaxNLocator

    slack = 1e-9 * (high - low)
    ticks = MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    # -0 would be written with its sign.
    return [float(tick) + 0.0 for tick in ticks if low - slack <= tick <= high + slack]
