"""Pictures and curves for the notebooks: white cards, legible on light and dark themes.

A plot is drawn on a bare `matplotlib.figure.Figure` (no pyplot, no state) and shown as an `img`
with alternative text. Given a `Waiting` instead of data, a plot shows that line.
"""

import base64
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.demos import Waiting

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Okabe and Ito's colours, told apart by colour-blind readers.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


@dataclass(frozen=True)
class Picture:
    """A figure and its description; drawn when it is shown."""

    figure: "Figure"
    description: str

    @cached_property
    def png(self) -> bytes:
        """The figure as the bytes of a PNG."""
        from PIL import Image

        buffer = io.BytesIO()
        self.figure.savefig(buffer, format="rgba")
        width, height = (int(side) for side in self.figure.bbox.size)
        picture = Image.frombytes("RGBA", (width, height), buffer.getvalue()).convert("RGB")
        if not np.ptp(np.asarray(picture), axis=2).any():
            picture = picture.convert("L")  # about half of the bytes
        buffer = io.BytesIO()
        picture.save(buffer, "png")
        return buffer.getvalue()

    def __repr__(self) -> str:
        return f"[picture: {self.description}]"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        data = base64.b64encode(self.png).decode("ascii")
        alt = html.escape(self.description, quote=True)
        return {
            "text/plain": repr(self),
            "text/html": f'<img src="data:image/png;base64,{data}" alt="{alt}" '
            'style="max-width: 100%; border-radius: 4px; background: white">',
        }


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure of `width` by `height` inches that looks the same on every theme."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained", facecolor="white", dpi=90)


def finish(figure: "Figure", description: str) -> Picture:
    """Make a picture of a figure; `description` becomes its alternative text."""
    return Picture(figure, description)


def side_by_side(
    *pictures: Any,
    titles: Sequence[str] = (),
    description: str = "",
    columns: int = 0,
    ticks: Mapping[str, float] | None = None,
    xlabel: str = "",
) -> Picture | Waiting:
    """Show images, grey or colour, beside each other or in so many columns.

    0 is black, 1 is white; values beyond are cut for display only. `ticks` names columns of pixels,
    `xlabel` says what they stand for.
    """
    waiting = _first_waiting(pictures)
    if waiting is not None:
        return waiting
    columns = columns or len(pictures)
    rows = -(-len(pictures) // columns)
    height, width = pictures[0].shape[:2]
    wide = 7.0 if columns == 1 else 3.2 if columns <= _LARGE else 1.35
    figure = new_figure(wide * columns, rows * (wide * height / width + 0.35 + 0.4 * bool(ticks)))
    for index, (image, axes) in enumerate(
        zip(pictures, np.ravel(figure.subplots(rows, columns)), strict=True)
    ):
        axes.imshow(np.clip(image, 0.0, 1.0), cmap="gray", vmin=0.0, vmax=1.0)
        axes.set_xticks(list((ticks or {}).values()), list(ticks or {}))
        axes.set_yticks([])
        axes.set_xlabel(xlabel)
        if index < len(titles):
            axes.set_title(titles[index], fontsize=11 if columns <= _LARGE else 8)
    return finish(figure, description or "Images side by side: " + ", ".join(titles))


_LARGE = 4
"""Columns up to which images are shown large."""


def signed(image: Any) -> Any:
    """Map an image with negative values to [0, 1] for display: zero becomes mid-grey."""
    largest = float(np.abs(image).max()) or 1.0
    return 0.5 + 0.5 * image / largest


def curves(
    x: Any,
    lines: Mapping[str, Any],
    *,
    xlabel: str,
    ylabel: str,
    title: str = "",
    description: str = "",
    logarithmic: bool = False,
) -> Picture | Waiting:
    """Plot one or more curves over the same x, each with a name.

    With `logarithmic` both axes are: a power of x becomes a straight line, its exponent the slope.
    """
    waiting = _first_waiting(lines.values())
    if waiting is not None:
        return waiting
    figure = new_figure(7.0, 3.2)
    axes = figure.subplots()
    styles = ("-", "--", "-.", ":")
    for index, (name, line) in enumerate(lines.items()):
        color = COLORS[index % len(COLORS)]
        axes.plot(x, line, styles[index % len(styles)], color=color, label=name, linewidth=1.8)
    if logarithmic:
        axes.set(xscale="log", yscale="log")
        if len(x) <= _FEW:
            axes.set_xticks(x, [f"{value:g}" for value in x], minor=False)
            axes.set_xticks([], minor=True)
    axes.set(xlabel=xlabel, ylabel=ylabel, title=title)
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    if len(lines) > 1:
        figure.legend(frameon=False, loc="outside upper center", ncols=len(lines))
    names = ", ".join(lines)
    return finish(figure, description or f"{ylabel} over {xlabel}: {names}.")


_FEW = 8
"""Points of a logarithmic plot that are named on its axis."""


def html_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return an HTML table of plain headings and of cells that are HTML already."""
    left = ' style="text-align: left"'
    head = "".join(f'<th scope="col"{left}>{html.escape(cell)}</th>' for cell in header)
    body = "".join(
        "<tr>" + "".join(f"<td{left}>{cell}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


@dataclass(frozen=True)
class Table:
    """A small table, as text and as HTML."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __repr__(self) -> str:
        table = [self.header, *self.rows]
        widths = [max(len(row[i]) for row in table) for i in range(len(self.header))]
        lines = ("  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) for r in table)
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        return html_table(self.header, [[html.escape(cell) for cell in row] for row in self.rows])


def table(header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Table | Waiting:
    """Show rows of values under a header."""
    waiting = _first_waiting(cell for row in rows for cell in row)
    if waiting is not None:
        return waiting
    return Table(tuple(header), tuple(tuple(str(cell) for cell in row) for row in rows))


def size_of(difference: float, rounding: float = 1e-8) -> str:
    """Return the size of a difference; of what is rounding, only that it is below a number."""
    if difference < rounding:
        return f"below {rounding:.0e}"
    return f"{difference:.0e}"


def _first_waiting(values: Any) -> Waiting | None:
    return next((value for value in values if isinstance(value, Waiting)), None)
