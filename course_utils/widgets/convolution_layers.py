"""Widgets of the notebook convolution_layers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import accumulate, pairwise, product
from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

from course_utils import drawing
from course_utils.drawing import BLUE, GREEN, GRID, INK, ORANGE, PALE, WHITE
from course_utils.types import Bias, Image, Indices, Kernel, Kernels, Volume
from course_utils.widgets import Explorer

Flags = NDArray[np.bool_]

# --- Grids of numbers -----------------------------------------------------------------------------

_CELL = 30


class _Grid:
    """A grid of numbers somewhere in a picture.

    Parameters
    ----------
    picture : where it is drawn.
    corner : of the grid, (x, y) in pixels; its title stands above.
    shape : rows and columns.
    title : what it shows.
    """

    def __init__(
        self, picture: Pillow.Image, corner: tuple[int, int], shape: tuple[int, int], title: str
    ) -> None:
        self._draw = ImageDraw.Draw(picture)
        self._left, self._top = corner
        self._draw.text((self._left, self._top - 8), title, INK, drawing.font(), anchor="ls")
        for place in product(*map(range, shape)):
            self._draw.rectangle(self.box(*place), fill=WHITE, outline=GRID)

    def box(self, row: int, column: int, rows: int = 1, columns: int = 1) -> tuple[int, ...]:
        """Return the sides of some cells in pixels."""
        x, y = self._left + column * _CELL, self._top + row * _CELL
        return x, y, x + columns * _CELL, y + rows * _CELL

    def write(self, row: int, column: int, text: str, ground: int = WHITE) -> None:
        """Write into a cell, on a grey ground."""
        left, top, right, bottom = self.box(row, column)
        self._draw.rectangle((left, top, right, bottom), fill=ground, outline=GRID)
        middle = ((left + right) / 2, (top + bottom) / 2)
        size = 13 if len(text) <= 3 else 11
        self._draw.text(middle, text, INK, drawing.font(size), anchor="mm")

    def frame(self, row: int, column: int, rows: int, columns: int, color: int) -> None:
        """Draw a frame around some cells."""
        self._draw.rectangle(self.box(row, column, rows, columns), outline=color, width=3)

    def cross(self, row: int, column: int) -> None:
        """Mark a cell with a cross in its corner, beside what is written in it."""
        left, top, _, _ = self.box(row, column)
        for start, end in (((3, 3), (8, 8)), ((3, 8), (8, 3))):
            ends = [(left + x, top + y) for x, y in (start, end)]
            self._draw.line(ends, fill=ORANGE, width=2)

    def ring(self, row: int, column: int) -> None:
        """Mark a cell with a ring around what is written in it."""
        left, top, right, bottom = self.box(row, column)
        self._draw.ellipse((left + 3, top + 3, right - 3, bottom - 3), outline=ORANGE, width=2)


def _starts(places: int, side: int, window: int, stride: int) -> list[int]:
    """Return where windows begin along a side, and check that all of them fit."""
    starts = [place * stride for place in range(places)]
    if any(start + window > side for start in starts):
        raise ValueError(f"{places} windows of {window} with stride {stride} do not fit {side}")
    return starts


def _from_to(start: int, count: int) -> str:
    return f"{start}" if count == 1 else f"{start} to {start + count - 1}"


def _number(value: float) -> str:
    return f"{float(value) + 0.0:.3g}"  # 0 is added so that there is no -0


def _follow(slider: ipywidgets.IntSlider, last: int) -> None:
    """Let a slider end at a place; a value beyond it becomes the last one."""
    if slider.max != last:
        slider.max = last


# --- Convolution, step by step --------------------------------------------------------------------


class ConvolutionSteps(Explorer):
    """A window that slides over a padded input, with a stride, and fills the output.

    Entries of the padded input that no window covers are marked.

    Parameters
    ----------
    grid : (H, W), a few rows and columns of whole numbers.
    kernels : (k, k) each, whole numbers, by name.
    """

    _WIDEST = 11

    def __init__(self, grid: Image, kernels: Mapping[str, Kernel]) -> None:
        self._grid, self._kernels = np.asarray(grid, np.float64), kernels
        self._step = ipywidgets.IntSlider(
            value=0,
            min=0,
            max=self._grid.size,
            description="step",
            tooltip="Which place the window is at, row by row",
        )
        stride = ipywidgets.Dropdown(
            options=[1, 2, 3], value=1, description="stride", tooltip="How far the window moves"
        )
        padding = ipywidgets.Dropdown(
            options=[0, 1, 2], value=0, description="padding", tooltip="How many zeros are around"
        )
        kernel = ipywidgets.Dropdown(
            options=list(kernels), description="kernel", tooltip="What the window holds"
        )
        for menu in (stride, padding, kernel):
            menu.layout.width = "190px"
        super().__init__(self._show, step=self._step, stride=stride, padding=padding, kernel=kernel)

    def _show(self, step: int, stride: int, padding: int, kernel: str) -> tuple[bytes, str]:
        from scipy.signal import correlate2d

        padded, weights = np.pad(self._grid, padding), self._kernels[kernel]
        output = correlate2d(padded, weights, mode="valid")[::stride, ::stride]
        _follow(self._step, output.size - 1)
        step = min(step, output.size - 1)
        place = divmod(step, output.shape[1])
        row, column = (index * stride for index in place)
        high, wide = weights.shape
        window = padded[row : row + high, column : column + wide]
        inside = [
            f"{_number(x)} x {_signed(w)}"
            for x, w in zip(window.flat, weights.flat, strict=True)
            if x != 0 and w != 0
        ]
        covered = _covered(padded.shape, output.shape, weights.shape, stride)
        rows, columns = output.shape
        text = (
            f"Step {step} of {output.size - 1}: the window is at rows {_from_to(row, high)} and "
            f"columns {_from_to(column, wide)} of the padded input, and gives row {place[0]}, "
            f"column {place[1]} of the output: {' + '.join(inside) or '0'} = ?"
            f"<details><summary>Show the sum</summary>{_number(output[place])}</details>"
            f"The output has {rows} x {columns} entries. {_uncovered(covered)}"
        )
        return self._drawn(step, stride, padding, weights, output, covered), text

    def _drawn(
        self,
        step: int,
        stride: int,
        padding: int,
        kernel: Kernel,
        output: Image,
        covered: Flags,
    ) -> bytes:
        padded, (high, wide) = np.pad(self._grid, padding), kernel.shape
        rows, columns = _shape(output)
        place = divmod(step, columns)
        left, top, gap = 1, 28, 24
        second = left + self._WIDEST * _CELL + gap
        third = second + 5 * _CELL + gap
        # One size for all choices, so that nothing below jumps.
        side = self._WIDEST * _CELL
        picture = drawing.canvas(third + side + 2, top + side + 2)
        title = f"input, {padded.shape[0]} x {padded.shape[1]}"
        title += " with its padding" if padding else ""
        one = _Grid(picture, (left, top), _shape(padded), title)
        for here in _places(padded):
            within = all(
                padding <= i < padding + n for i, n in zip(here, self._grid.shape, strict=True)
            )
            one.write(*here, _number(padded[here]), WHITE if within else PALE)
            if not covered[here]:
                one.cross(*here)
        one.frame(place[0] * stride, place[1] * stride, high, wide, BLUE)
        two = _Grid(picture, (second, top), _shape(kernel), "kernel")
        for here in _places(kernel):
            two.write(*here, _number(kernel[here]))
        two.frame(0, 0, high, wide, BLUE)
        three = _Grid(picture, (third, top), _shape(output), f"output, {rows} x {columns}")
        for index, value in enumerate(output.flat[:step]):
            three.write(*divmod(index, columns), _number(value))
        three.write(*place, "?")
        three.frame(*place, 1, 1, ORANGE)
        return drawing.png(picture)


def _shape(grid: NDArray[Any]) -> tuple[int, int]:
    rows, columns = grid.shape
    return rows, columns


def _places(grid: NDArray[Any]) -> Iterator[tuple[int, int]]:
    rows, columns = grid.shape
    return product(range(rows), range(columns))


def _signed(number: float) -> str:
    return f"({number:g})" if number < 0 else f"{number:g}"


def _covered(
    shape: Sequence[int], places: Sequence[int], window: Sequence[int], stride: int
) -> Flags:
    """Say which entries are in some window."""
    along = []
    for side, count, length in zip(shape, places, window, strict=True):
        one = np.zeros(side, bool)
        for start in _starts(count, side, length, stride):
            one[start : start + length] = True
        along.append(one)
    return np.logical_and.outer(*along)


def _uncovered(covered: Flags) -> str:
    """Say how many entries are in no window."""
    count = int((~covered).sum())
    if not count:
        return "Every entry of the padded input is in a window."
    are = "entry is" if count == 1 else "entries are"
    return f"{count} {are} in no window, and marked with a cross: no output depends on them."


# --- The column of outputs at one place -----------------------------------------------------------

Neuron = Callable[[Volume, Volume, float], float]


class OutputColumn(Explorer):
    """Several neurons that look at the same region of a picture: one column of the output.

    Parameters
    ----------
    neuron_response : takes a region, weights and a bias, returns a number.
    picture : (3, H, W) in [0, 1].
    W : (D, 3, k, k), the weights of D neurons.
    b : (D,), their biases.
    names : of the neurons.
    """

    _ROW = 46

    def __init__(
        self,
        neuron_response: Neuron,
        picture: Volume,
        W: Kernels,
        b: Bias,
        names: Sequence[str],
    ) -> None:
        self._neuron, self._picture = neuron_response, picture
        self._W, self._b, self._names = W, b, names
        _, height, width = picture.shape
        size = W.shape[-1]
        row = ipywidgets.IntSlider(
            value=(height - size) // 2,
            min=0,
            max=height - size,
            description="row",
            tooltip="The first row of the region",
        )
        column = ipywidgets.IntSlider(
            value=(width - size) // 2,
            min=0,
            max=width - size,
            description="column",
            tooltip="The first column of the region",
        )
        super().__init__(self._show, row=row, column=column)

    def _show(self, row: int, column: int) -> tuple[bytes, str]:
        size = self._W.shape[-1]
        region = self._picture[:, row : row + size, column : column + size]
        found = [
            float(self._neuron(region.copy(), weights.copy(), float(bias)))
            for weights, bias in zip(self._W, self._b, strict=True)
        ]
        told = ", ".join(
            f"{name} {value + 0.0:+.2f}" for name, value in zip(self._names, found, strict=True)
        )
        text = (
            f"The region: rows {_from_to(row, size)}, columns {_from_to(column, size)}, all "
            f"{len(region)} channels, {region.size} numbers. The column of outputs at row {row}, "
            f"column {column}, {len(found)} x 1 x 1: {told}."
        )
        return self._drawn(row, column, region, found), text

    def _drawn(self, row: int, column: int, region: Volume, found: list[float]) -> bytes:
        size = self._W.shape[-1]
        image = self._picture.transpose(1, 2, 0)
        times = drawing.zoom(image, 260)
        top, gap = 28, 28
        second = image.shape[1] * times + gap
        third = second + 24 * size + gap
        fourth = third + self._ROW + 168
        wide, high = fourth + 260, top + max(image.shape[0] * times, self._ROW * len(found))
        picture = drawing.canvas(wide, high + 2)
        draw = ImageDraw.Draw(picture)
        titles = {0: "input", second: "the region", third: "neurons", fourth: "column of outputs"}
        for left, title in titles.items():
            draw.text((left, top - 8), title, INK, drawing.font(), anchor="ls")
        zero, reach = fourth + 160, 90
        largest = max(0.5, *map(abs, found)) if all(np.isfinite(found)) else np.inf
        for index, (name, value) in enumerate(zip(self._names, found, strict=True)):
            upper = top + index * self._ROW
            middle = upper + self._ROW // 2
            draw.text((third + 52, middle - 8), name, INK, drawing.font(), anchor="lm")
            bias = f"bias {self._b[index] + 0.0:g}"
            draw.text((third + 52, middle + 9), bias, INK, drawing.font(11), anchor="lm")
            cell = (fourth, upper, fourth + 62, upper + self._ROW)
            draw.rectangle(cell, fill=WHITE, outline=INK)
            draw.text((fourth + 31, middle), f"{value + 0.0:+.2f}", INK, drawing.font(), "mm")
            if np.isfinite(largest):
                end = zero + reach * value / largest
                bar = (min(zero, end), middle - 9, max(zero, end), middle + 9)
                draw.rectangle(bar, fill=BLUE if value >= 0 else ORANGE)
        draw.line([(zero, top), (zero, top + self._ROW * len(found))], fill=INK)
        colored = drawing.in_color(picture).convert("RGB")
        colored.paste(drawing.photo(image, times), (0, top))
        colored.paste(drawing.photo(region.transpose(1, 2, 0), 24), (second, top))
        for index, weights in enumerate(self._W):
            # Mid-grey is a weight of 0, and each neuron's largest weight is full.
            shown = 0.5 + 0.5 * weights / (np.abs(weights).max() or 1.0)
            tile = drawing.photo(shown.transpose(1, 2, 0), 40 // size)
            colored.paste(tile, (third, top + index * self._ROW + 3))
        marks = ImageDraw.Draw(colored)
        color = drawing.color_in(colored, ORANGE)
        sides = [column, row, column + size, row + size]
        corner = [times * side for side in sides]
        frame = (corner[0] - 2, top + corner[1] - 2, corner[2] + 1, top + corner[3] + 1)
        marks.rectangle(frame, outline=color, width=3)
        around = (second - 2, top - 2, second + 24 * size + 1, top + 24 * size + 1)
        marks.rectangle(around, outline=color, width=3)
        return drawing.png(colored)


# --- Pooling --------------------------------------------------------------------------------------

PoolForward = Callable[[Volume, int, int], tuple[Volume, Indices]]
PoolBackward = Callable[[Volume, Indices, tuple[int, int, int, int], int, int], Volume]


class PoolingIndices(Explorer):
    """Max pooling on a small grid: the indices that are stored, and where the slopes go back to.

    Parameters
    ----------
    max_pool_forward : takes a volume, size and stride, returns the maxima and the indices.
    max_pool_backward : takes slopes, indices, the input's shape, size and stride, returns dL/dX.
    grid : (H, W) whole numbers.
    slopes : dL/dY for as many windows as there can be, (H, W); the first ones are used.
    """

    def __init__(
        self,
        max_pool_forward: PoolForward,
        max_pool_backward: PoolBackward,
        grid: Image,
        slopes: Image,
    ) -> None:
        self._forward, self._backward = max_pool_forward, max_pool_backward
        self._grid = np.asarray(grid, np.float64)
        self._slopes = np.asarray(slopes, np.float64)
        self._window = ipywidgets.IntSlider(
            value=0,
            min=0,
            max=self._grid.size,
            description="window",
            tooltip="The window whose slope was sent back last, row by row",
        )
        size = ipywidgets.Dropdown(
            options=[2, 3], value=2, description="size", tooltip="The side of the window"
        )
        stride = ipywidgets.Dropdown(
            options=[1, 2, 3], value=2, description="stride", tooltip="How far the window moves"
        )
        for menu in (size, stride):
            menu.layout.width = "190px"
        super().__init__(self._show, window=self._window, size=size, stride=stride)

    def _show(self, window: int, size: int, stride: int) -> tuple[bytes, str]:
        X = self._grid[np.newaxis, np.newaxis]
        Y, indices = self._forward(X.copy(), size, stride)
        pooled, stored = np.asarray(Y)[0, 0], np.asarray(indices)[0, 0]
        rows, columns = _shape(pooled)
        for side, places in zip(self._grid.shape, (rows, columns), strict=True):
            _starts(places, side, size, stride)
        _follow(self._window, pooled.size - 1)
        window = min(window, pooled.size - 1)
        slopes = self._slopes[:rows, :columns]
        sent = slopes.copy()
        sent.flat[window + 1 :] = 0.0
        shape = (1, 1, *_shape(self._grid))
        found = self._backward(sent[np.newaxis, np.newaxis], np.array(indices), shape, size, stride)
        dX = np.asarray(found)[0, 0]
        row, column = divmod(window, columns)
        index = int(stored[row, column])
        down, along = divmod(index, size)
        there = row * stride + down, column * stride + along
        slope = _number(slopes[row, column])
        text = (
            f"Window {window} of {pooled.size - 1}, rows {_from_to(row * stride, size)} and "
            f"columns {_from_to(column * stride, size)} of the input. Forward: the largest entry "
            f"is {_number(pooled[row, column])}, in row {down}, column {along} of the window, and "
            f"{down} x {size} + {along} = {index} is stored. Backward: the slope {slope} goes to "
            f"row {there[0]}, column {there[1]} of the input"
        )
        if all(0 <= i < n for i, n in zip(there, dX.shape, strict=True)):
            before = dX[there] - slopes[row, column]
            if before:
                text += f", where {_number(before)} was already: together {_number(dX[there])}"
        counted = int(np.count_nonzero(dX))
        text += f". So far {counted} of {dX.size} entries have a slope."
        return self._drawn(window, size, stride, pooled, stored, slopes, dX), text

    def _drawn(
        self,
        window: int,
        size: int,
        stride: int,
        pooled: Image,
        stored: NDArray[np.int64],
        slopes: Image,
        dX: Image,
    ) -> bytes:
        rows, columns = _shape(pooled)
        place = divmod(window, columns)
        wide, top, gap = self._grid.shape[1] * _CELL, 28, 24
        lefts = [1 + i * (wide + gap) for i in range(4)]
        picture = drawing.canvas(lefts[-1] + wide + 2, top + self._grid.shape[0] * _CELL + 2)
        one = _Grid(picture, (lefts[0], top), _shape(self._grid), "input X")
        for here in _places(self._grid):
            one.write(*here, _number(self._grid[here]))
        for here in _places(pooled):
            down, along = divmod(int(stored[here]), size)
            one.ring(here[0] * stride + down, here[1] * stride + along)
        one.frame(place[0] * stride, place[1] * stride, size, size, BLUE)
        two = _Grid(picture, (lefts[1], top), (rows, columns), "output Y; index")
        three = _Grid(picture, (lefts[2], top), (rows, columns), "slopes dL/dY")
        for here in _places(pooled):
            two.write(*here, f"{_number(pooled[here])}; {stored[here]}")
            sent = here[0] * columns + here[1] <= window
            three.write(*here, _number(slopes[here]), WHITE if sent else PALE)
        two.frame(*place, 1, 1, BLUE)
        three.frame(*place, 1, 1, GREEN)
        four = _Grid(picture, (lefts[3], top), _shape(dX), "dL/dX so far")
        for here in _places(dX):
            four.write(*here, _number(dX[here]), WHITE if dX[here] else PALE)
        down, along = divmod(int(stored[place]), size)
        four.frame(place[0] * stride + down, place[1] * stride + along, 1, 1, GREEN)
        return drawing.png(picture)


# --- Receptive field ------------------------------------------------------------------------------


class ReceptiveField(Explorer):
    """The region of the input that a neuron sees, by the number of layers, kernel and stride.

    Parameters
    ----------
    picture : (H, W, 3) or (H, W) in [0, 1], the input.
    """

    _SIZE = (560, 300)
    _DOT = 7.0
    """Pixels from neuron to neuron from which on they are drawn one by one."""

    def __init__(self, picture: Image) -> None:
        self._picture = picture
        layers = ipywidgets.IntSlider(
            value=3, min=1, max=6, description="layers", tooltip="How many layers there are"
        )
        kernel = ipywidgets.Dropdown(
            options=[("1 x 1", 1), ("2 x 2", 2), ("3 x 3", 3), ("5 x 5", 5), ("7 x 7", 7)],
            value=3,
            description="kernel",
            tooltip="The kernel of every layer",
        )
        stride = ipywidgets.Dropdown(
            options=[1, 2], value=1, description="stride", tooltip="The stride of every layer"
        )
        for menu in (kernel, stride):
            menu.layout.width = "190px"
        super().__init__(self._show, layers=layers, kernel=kernel, stride=stride)

    def _show(self, layers: int, kernel: int, stride: int) -> tuple[bytes, str]:
        # By how many places of the input two neighbours of a layer are apart, from the input on.
        apart = [stride**layer for layer in range(layers + 1)]
        terms = [(kernel - 1) * step for step in apart[:-1]]
        sees = list(accumulate(terms, initial=1))
        seen = sees[-1]
        side = min(self._picture.shape[:2])
        text = (
            f"A neuron of layer {layers} sees {seen} x {seen} places of the input: "
            f"1 + {' + '.join(map(str, terms))} = {seen}."
        )
        if seen > side:
            text += f" That is more than the picture, {side} x {side}, has."
        if stride > 1:
            text += f" Its neighbour sees a region that lies {apart[-1]} places further."
        elif kernel > 1:
            text += (
                f" With C channels everywhere, {_layers(layers)} of {kernel} x {kernel} have "
                f"{layers * kernel**2} C^2 weights; one layer that sees as much, {seen} x {seen}, "
                f"has {seen**2} C^2."
            )
        pictures = [self._cone(layers, kernel, apart), self._framed(seen)]
        titles = ("from the side: every row is a layer", "what it sees of the input")
        return drawing.beside(pictures, titles), text

    def _cone(self, layers: int, kernel: int, apart: list[int]) -> Pillow.Image:
        """Draw, layer below layer, all neurons that one neuron depends on."""
        wide, high = self._SIZE
        picture = drawing.canvas(wide, high)
        draw = ImageDraw.Draw(picture)
        stride = apart[1]
        counts = [1]  # from the last layer to the input
        for _ in range(layers):
            counts.append((counts[-1] - 1) * stride + kernel)
        counts.reverse()
        left, right, top, bottom = 70, wide - 10, 18, high - 18
        scale = (right - left) / max(counts[0], 9)
        middle = (left + right) / 2
        down = [bottom - layer * (bottom - top) / layers for layer in range(layers + 1)]

        def across(layer: int, number: float) -> float:
            return middle + (number - (counts[layer] - 1) / 2) * apart[layer] * scale

        for lower, upper in pairwise(range(layers + 1)):
            few = apart[lower] * scale >= self._DOT
            for number in range(counts[upper]) if few else (0, counts[upper] - 1):
                for first in range(kernel) if few else (0, kernel - 1):
                    start = across(upper, number), down[upper]
                    end = across(lower, number * stride + first), down[lower]
                    draw.line([start, end], fill=GRID)
        for layer, count in enumerate(counts):
            name = "input" if layer == 0 else f"layer {layer}"
            draw.text((4, down[layer]), name, INK, drawing.font(12), anchor="lm")
            color = ORANGE if layer in (0, layers) else BLUE
            y = down[layer]
            if apart[layer] * scale >= self._DOT or count == 1:
                for number in range(count):
                    x = across(layer, number)
                    draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=color)
            else:
                ends = across(layer, 0), across(layer, count - 1)
                draw.rectangle((ends[0], y - 3, ends[1], y + 3), fill=color)
        return picture

    def _framed(self, seen: int) -> Pillow.Image:
        """Show the picture with the region in its middle."""
        times = drawing.zoom(self._picture, self._SIZE[1])
        picture = drawing.photo(self._picture, times)
        if picture.mode != "RGB":
            picture = drawing.in_color(picture).convert("RGB")
        color = drawing.color_in(picture, ORANGE)
        height, width = self._picture.shape[:2]
        x, y, length = (width - seen) // 2 * times, (height - seen) // 2 * times, seen * times
        if seen <= min(height, width):
            ends = min(x + length, picture.width - 1), min(y + length, picture.height - 1)
            ImageDraw.Draw(picture).rectangle((x, y, *ends), outline=color, width=3)
        return picture


def _layers(count: int) -> str:
    return "one layer" if count == 1 else f"{count} layers"
