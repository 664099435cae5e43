"""Widgets of the notebook perceptrons."""

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import ipywidgets
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from course_utils import drawing, plots
from course_utils.types import Counts, Image, Signal, Signs, Vectors
from course_utils.widgets import Explorer, rounded_up

Range = tuple[float, float]
"""The values at the two sides of an axis."""


# --- Planes with axes -----------------------------------------------------------------------------

_SIDE = 75
"""How many values of a map there are along each axis."""
_ZOOM = 4


def _grid(x_range: Range, y_range: Range) -> Vectors:
    """Return the places of a map, (_SIDE * _SIDE, 2), row by row from the top."""
    shares = (np.arange(_SIDE) + 0.5) / _SIDE
    x, y = (low + shares * (high - low) for low, high in (x_range, y_range))
    return np.stack(np.meshgrid(x, y[::-1]), axis=-1).reshape(-1, 2)


def _pixels(points: Vectors, x_range: Range, y_range: Range) -> Vectors:
    """Return where points of the plane are on a map, in pixels."""
    (left, right), (bottom, top) = x_range, y_range
    x = (points[:, 0] - left) / (right - left)
    y = (top - points[:, 1]) / (top - bottom)
    return np.column_stack([x, y]) * _SIDE * _ZOOM


def _around(points: Signal) -> Range:
    """Return a range with some room at both sides of the points."""
    room = 0.15 * float(np.ptp(points))
    return float(points.min()) - room, float(points.max()) + room


def _ticks(over: Range) -> list[tuple[str, float]]:
    """Return round numbers within a range, and where they are, from 0 to 1."""
    low, high = over
    step = next(step for step in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0) if high - low <= 7.5 * step)
    places = range(int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9)) + 1)
    return [(f"{i * step:.3g}", (i * step - low) / (high - low)) for i in places]


def _with_axes(
    map_of: Pillow.Image, x_range: Range, y_range: Range, labels: tuple[str, str]
) -> Pillow.Image:
    """Put ticks and labels around a map."""
    left, right, top, bottom = 44, 14, 20, 40
    framed = drawing.canvas(left + map_of.width + right, top + map_of.height + bottom)
    draw = ImageDraw.Draw(framed)
    font, small, below = drawing.font(12), drawing.font(11), top + map_of.height
    for tick, share in _ticks(x_range):
        across = left + share * map_of.width
        draw.line([(across, below), (across, below + 4)], drawing.INK)
        draw.text((across, below + 7), tick, drawing.INK, small, anchor="mt")
    for tick, share in _ticks(y_range):
        down = below - share * map_of.height
        draw.line([(left - 4, down), (left, down)], drawing.INK)
        draw.text((left - 7, down), tick, drawing.INK, small, anchor="rm")
    draw.rectangle((left - 1, top - 1, left + map_of.width, below), outline=drawing.GRID)
    middle = left + map_of.width / 2
    draw.text((middle, framed.height - 2), labels[0], drawing.INK, font, anchor="mb")
    draw.text((left, 2), labels[1], drawing.INK, font, anchor="lt")
    if map_of.mode == "RGB":
        framed = drawing.in_color(framed).convert("RGB")
    framed.paste(map_of, (left, top))
    return framed


# --- Diagrams -------------------------------------------------------------------------------------


def perceptron_diagram(inputs: int = 3) -> plots.Picture:
    """Draw a perceptron: inputs, weights, total input, activation function, output."""
    figure = plots.new_figure(6.4, 2.6)
    axes = figure.subplots()
    heights = np.linspace(1.5, -1.5, inputs + 1)
    on_line = {"boxstyle": "square,pad=0.15", "facecolor": "white", "edgecolor": "none"}
    for i, height in enumerate(heights.tolist()):
        end = 1.88, 0.16 * height
        axes.annotate("", end, (0.16, height), arrowprops={"arrowstyle": "->", "lw": 1.2})
        name = f"$x_{i}$" if i else "$1$"
        axes.text(0.0, height, name, ha="center", va="center", fontsize=13)
        # At two fifths of the way.
        along, up = 0.16 + 0.4 * (end[0] - 0.16), height + 0.4 * (end[1] - height)
        axes.text(along, up, f"$w_{i}$", ha="center", va="center", fontsize=12, bbox=on_line)
    around = {"boxstyle": "circle,pad=0.45", "facecolor": "#eeeeee", "edgecolor": "black"}
    for place, symbol in ((2.1, r"$\Sigma$"), (3.3, "$f$")):
        axes.text(place, 0.0, symbol, ha="center", va="center", fontsize=14, bbox=around)
    for place, symbol in ((2.7, "$a$"), (3.86, r"$\hat{y}$")):
        axes.text(place, 0.12, symbol, ha="center", va="bottom", fontsize=13)
    for start, stop in ((2.34, 3.06), (3.54, 4.2)):
        axes.annotate("", (stop, 0.0), (start, 0.0), arrowprops={"arrowstyle": "->", "lw": 1.2})
    axes.set(xlim=(-0.3, 4.4), ylim=(-1.9, 1.9))
    axes.axis("off")
    return plots.finish(
        figure,
        f"A perceptron: an input that is always 1 and {inputs} others, each with an arrow and a "
        "weight into a sum; the total input a goes through f and comes out as the output.",
    )


_MOST_DRAWN = 100
"""Inputs and neurons of a network whose edges can still be told apart."""


def network_diagram(sizes: Sequence[int]) -> plots.Picture:
    """Draw a network of fully connected layers: inputs as squares, neurons as circles.

    Raises
    ------
    ValueError
        If there is too much to see anything.
    """
    if sum(sizes) > _MOST_DRAWN:
        raise ValueError(f"a network is drawn with up to {_MOST_DRAWN} inputs and neurons")
    figure = plots.new_figure(6.4, 3.0)
    axes = figure.subplots()
    places = [
        [(2.0 * layer, 0.5 * (size - 1) - i) for i in range(size)]
        for layer, size in enumerate(sizes)
    ]
    for before, after in pairwise(places):
        for start in before:
            for end in after:
                axes.plot(*zip(start, end, strict=True), color="#999999", lw=1.0, zorder=1)
    last = len(sizes) - 1
    for layer, column in enumerate(places):
        marker, color = ("s", plots.COLORS[0]) if layer == 0 else ("o", plots.COLORS[1])
        x, y = zip(*column, strict=True)
        axes.scatter(x, y, s=260, marker=marker, color=color, edgecolor="black", zorder=2)
        name = "input" if layer == 0 else "output" if layer == last else "hidden"
        lowest = -0.5 * (max(sizes) - 1) - 0.75
        axes.text(2.0 * layer, lowest, f"{name} layer", ha="center", va="top", fontsize=11)
    axes.set(xlim=(-0.8, 2.0 * last + 0.8), ylim=(-0.5 * max(sizes) - 0.8, 0.5 * max(sizes)))
    axes.axis("off")
    numbers = ", ".join(map(str, sizes))
    return plots.finish(
        figure,
        f"A network with layers of {numbers}: inputs are squares, neurons circles, and an edge "
        "joins every pair of neighbouring layers' members.",
    )


# --- The widgets ----------------------------------------------------------------------------------

Rule = Callable[[Vectors, Signs, int], tuple[Signal, Counts]]


class PerceptronLine(Explorer):
    """The line of a perceptron with a threshold, update by update.

    Parameters
    ----------
    rule : learns weights; takes (X, y, epochs) and returns (d + 1,) weights, the bias first, and
        the mistakes of every epoch.
    data : X, (n, 2), and labels -1 and +1, by name.
    updates : how many are shown at most.
    """

    def __init__(
        self, rule: Rule, data: Mapping[str, tuple[Vectors, Signs]], updates: int = 30
    ) -> None:
        self._data = data
        self._paths = {name: _path(rule, X, y, updates) for name, (X, y) in data.items()}
        slider = ipywidgets.IntSlider(
            value=0, max=updates, description="updates", tooltip="How often w has been changed"
        )
        super().__init__(self._show, updates=slider)

    def _show(self, updates: int) -> tuple[bytes, str]:
        pictures, told = [], []
        for name, (X, y) in self._data.items():
            path = self._paths[name]
            w, last = path[min(updates, len(path) - 1)]
            pictures.append(self._plane(X, y, w, last))
            wrong = int((y * (w[0] + X @ w[1:]) <= 0.0).sum())
            numbers = ", ".join(f"{weight:.3g}" for weight in w.tolist())
            done = min(updates, len(path) - 1)
            ends = "" if wrong else " The line rests."
            told.append(
                f"{name}: after {_counted(done, 'update')} w = ({numbers}); mistakes among the "
                f"{len(y)} points: {wrong}.{ends}"
            )
        words = "<br>".join(told) + (
            "<br>The ground has the colour of what is decided there, and is white where w is 0; a "
            "ring marks the point of the last update."
        )
        return drawing.beside(pictures, list(self._data)), words

    def _plane(self, X: Vectors, y: Signs, w: Signal, last: int | None) -> Pillow.Image:
        ranges = _around(X[:, 0]), _around(X[:, 1])
        total = w[0] + _grid(*ranges) @ w[1:]
        sides = np.where(total > 0.0, 1, 0).reshape(_SIDE, _SIDE)
        # Weights of 0 have no line.
        shown = drawing.pale(sides) if w.any() else np.ones((_SIDE, _SIDE, 3))
        picture = drawing.photo(shown, _ZOOM)
        for i, (x, down) in enumerate(_pixels(X, *ranges).tolist()):
            drawing.mark(picture, (x, down), int(y[i] > 0), ring=i == last)
        return _with_axes(picture, *ranges, ("x_1", "x_2"))


def _path(rule: Rule, X: Vectors, y: Signs, updates: int) -> list[tuple[Signal, int | None]]:
    """Return the weights after each update, and which example caused it.

    One epoch over the first t examples of a data set that is written down again and again is as
    good as t steps of many epochs.
    """
    path: list[tuple[Signal, int | None]] = [(np.zeros(X.shape[1] + 1), None)]
    quiet = 0
    for t in range(1, 20 * len(X) + 1):
        order = np.arange(t) % len(X)
        w, mistakes = rule(X[order], y[order], 1)
        if int(np.sum(mistakes)) < len(path):
            quiet += 1
        else:
            path.append((np.asarray(w, np.float64), (t - 1) % len(X)))
            quiet = 0
        if quiet == len(X) or len(path) > updates:
            break
    return path


class KnobMachine(Explorer):
    """A perceptron as a machine with three knobs: its loss, and what each knob does to it.

    Parameters
    ----------
    output : of the perceptron, (n,); takes (n, 2) examples and (3,) weights, the bias first.
    loss : of every example; takes outputs and true outputs.
    derivative : of a function with respect to a knob; takes the function, (3,) weights, the knob.
    X, y : (n, 2) examples and their true outputs, 0 and 1.
    """

    _TURN = 0.1
    _BAR = 110

    def __init__(
        self,
        output: Callable[[Vectors, Signal], Signal],
        loss: Callable[[Signal, Signal], Signal],
        derivative: Callable[[Callable[[Signal], float], Signal, int], float],
        X: Vectors,
        y: Signal,
    ) -> None:
        self._output, self._loss, self._derivative = output, loss, derivative
        self._X, self._y = X, y
        self._ranges = _around(X[:, 0]), _around(X[:, 1])
        self._before: tuple[Signal, Signal, float] | None = None
        corners = np.stack(np.meshgrid(*([-2.0, 0.0, 2.0],) * 3), axis=-1).reshape(-1, 3)
        steepest = max(float(np.abs(self._slopes(w)).max()) for w in corners)
        self._steepest = rounded_up(1.2 * steepest)
        knobs = {
            name: ipywidgets.FloatSlider(
                value=value,
                min=-5.0,
                max=5.0,
                step=0.1,
                description=name,
                tooltip=f"The knob {name}: " + ("the bias" if name == "w_0" else "a weight"),
            )
            for name, value in (("w_0", 0.0), ("w_1", 0.5), ("w_2", -0.5))
        }
        super().__init__(self._show, **knobs)

    def _mean_loss(self, w: Signal) -> float:
        return float(np.mean(self._loss(self._output(self._X, w), self._y)))

    def _slopes(self, w: Signal) -> Signal:
        return np.array([self._derivative(self._mean_loss, w, knob) for knob in range(len(w))])

    def _show(self, **knobs: float) -> tuple[bytes, str]:
        w, names = np.array(list(knobs.values())), list(knobs)
        loss, slopes = self._mean_loss(w), self._slopes(w)
        knob = int(np.abs(slopes).argmax())
        way = -float(np.sign(slopes[knob])) or 1.0
        turned = w.copy()
        turned[knob] += way * self._TURN
        text = (
            f"Loss {loss:.4f}. The knob with the largest slope is {names[knob]}. Turned by "
            f"{way * self._TURN:+g}, it should change the loss by {slopes[knob]:+.4f} times "
            f"{way * self._TURN:+g} = {way * self._TURN * slopes[knob]:+.5f}; "
            f"it would change it by {self._mean_loss(turned) - loss:+.5f}."
        )
        if self._before is not None:
            text += "<br>" + self._what_it_did(w, loss, names)
        self._before = w, slopes, loss
        pictures = [self._plane(w), self._bars(names, w, slopes, loss)]
        return drawing.beside(pictures, ("output: black 0, white 1", "slopes dL/dw")), text

    def _what_it_did(self, w: Signal, loss: float, names: Sequence[str]) -> str:
        assert self._before is not None
        old, slopes, old_loss = self._before
        turns = w - old
        moved = ", ".join(f"{names[i]} by {turns[i]:+.2g}" for i in np.flatnonzero(turns).tolist())
        return (
            f"Your last turn, {moved or 'of nothing'}: the slope before it promised "
            f"{float(turns @ slopes):+.4f}, the loss changed by {loss - old_loss:+.4f}."
        )

    def _plane(self, w: Signal) -> Pillow.Image:
        outputs = np.reshape(self._output(_grid(*self._ranges), w), (_SIDE, _SIDE))
        picture = drawing.photo(outputs, _ZOOM)
        for (x, down), label in zip(
            _pixels(self._X, *self._ranges).tolist(), self._y.tolist(), strict=True
        ):
            drawing.mark(picture, (x, down), int(label > 0), ring=False)
        return _with_axes(picture, *self._ranges, ("x_1", "x_2"))

    def _bars(self, names: Sequence[str], w: Signal, slopes: Signal, loss: float) -> Pillow.Image:
        picture = drawing.canvas(380, 300)
        draw = ImageDraw.Draw(picture)
        font, small, middle = drawing.font(), drawing.font(11), 200
        left, right = middle - self._BAR, middle + self._BAR
        draw.line([(middle, 24), (middle, 186)], drawing.GRID)
        for i, name in enumerate(names):
            y = 45 + 60 * i
            draw.text((4, y), f"{name} = {w[i]:+.1f}", drawing.INK, font, anchor="lm")
            share = float(np.clip(slopes[i] / self._steepest, -1.0, 1.0))
            end = middle + share * self._BAR
            color = drawing.ORANGE if share > 0 else drawing.BLUE
            draw.rectangle((min(middle, end), y - 10, max(middle, end), y + 10), fill=color)
            draw.text((picture.width - 2, y), f"{slopes[i]:+.4f}", drawing.INK, font, anchor="rm")
        for x, value in ((left, -self._steepest), (middle, 0.0), (right, self._steepest)):
            draw.text((x, 192), f"{value:.2g}", drawing.INK, small, anchor="mt")
        draw.text((4, 250), "loss", drawing.INK, font, anchor="lm")
        draw.rectangle((left, 240, left + 2 * self._BAR * min(loss, 1.0), 260), fill=drawing.GREEN)
        draw.rectangle((left, 240, right, 260), outline=drawing.GRID)
        draw.text((picture.width - 2, 250), f"{loss:.4f}", drawing.INK, font, anchor="rm")
        for x, text in ((left, "0"), (right, "1")):
            draw.text((x, 266), text, drawing.INK, small, anchor="mt")
        return picture


class DescentExplorer(Explorer):
    """Gradient descent on a loss of two weights: the path on the map, and the loss.

    Parameters
    ----------
    loss : of (2,) weights.
    gradient : of (2,) weights, (2,).
    start : (2,), where the path begins.
    w_1, w_2 : what the map shows.
    rates : the smallest and the largest step size, as powers of ten.
    """

    _LONG = 200
    """Steps after which it is clear where a step size leads."""
    _STEPS = 60

    def __init__(
        self,
        loss: Callable[[Signal], float],
        gradient: Callable[[Signal], Signal],
        start: Signal,
        w_1: Range,
        w_2: Range,
        rates: Range = (-3.0, 0.0),
    ) -> None:
        self._loss, self._gradient, self._start = loss, gradient, start
        self._ranges = w_1, w_2
        values = np.array([loss(w) for w in _grid(w_1, w_2)]).reshape(_SIDE, _SIDE)
        self._least, self._most = float(values.min()), float(values.max())
        self._map = self._levels(values)
        rate = ipywidgets.FloatLogSlider(
            value=10.0 ** (rates[0] + 1.0),
            min=rates[0],
            max=rates[1],
            step=0.05,
            description="step size",
            tooltip="eta, the learning rate",
        )
        steps = ipywidgets.IntSlider(
            value=20,
            min=1,
            max=self._STEPS,
            description="steps",
            tooltip="How many steps are taken",
        )
        super().__init__(self._show, rate=rate, steps=steps)

    def _levels(self, values: Image) -> Image:
        """Return grey levels in bands, one a contour line apart; the lowest is the darkest."""
        side = _SIDE * _ZOOM
        smooth = Pillow.fromarray(values.astype(np.float32)).resize((side, side))
        share = (np.asarray(smooth, np.float64) - self._least) / (self._most - self._least or 1.0)
        return 0.35 + 0.65 * np.floor(12.0 * np.sqrt(np.clip(share, 0.0, 1.0))) / 12.0

    def _show(self, rate: float, steps: int) -> tuple[bytes, str]:
        path = self._path(rate)
        shown = path[: steps + 1]
        losses = np.array([self._loss(w) for w in shown])
        picture = drawing.photo(self._map)
        places = _pixels(shown, *self._ranges)
        # Nothing comes back from far outside, where Pillow cannot draw.
        near = np.abs(places).max(axis=1) < _FAR
        places = places[: int(near.sum()) + 1]
        draw = ImageDraw.Draw(picture)
        draw.line(places.ravel().tolist(), fill=drawing.ORANGE, width=2)
        for x, y in places[1:].tolist():
            draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=drawing.ORANGE)
        drawing.mark(picture, tuple(places[0].tolist()), 0, ring=False)
        chart = drawing.chart(
            {"loss": (np.arange(float(len(losses))), losses)},
            (360, picture.height + 60),
            (0.0, float(steps)),
            (0.0, rounded_up(1.2 * float(losses[0]))),
            "step",
        )
        framed = _with_axes(picture, *self._ranges, ("w_1", "w_2"))
        titles = ("loss over the weights, dark is low", "loss, cut at the top")
        return drawing.beside([framed, chart], titles), self._say_how(rate, path, losses)

    def _path(self, rate: float) -> Vectors:
        """Take many steps, until they leave all bounds."""
        path = [np.asarray(self._start, np.float64)]
        far = 1e6 * (np.abs(self._start).max() + 1.0)
        while len(path) <= self._LONG and np.abs(path[-1]).max() < far:
            path.append(path[-1] - rate * np.asarray(self._gradient(path[-1])))
        return np.array(path)

    def _say_how(self, rate: float, path: Vectors, losses: Signal) -> str:
        moves = np.diff(path, axis=0)
        lengths = np.linalg.norm(moves, axis=1)
        first = moves[:10]
        back = int(((first[1:] * first[:-1]).sum(axis=1) < 0.0).sum())
        middle = float(lengths[len(lengths) // 2])
        growth = float(lengths[-1]) / middle if middle > 1e-9 * lengths[0] else 0.0
        if not lengths[0]:
            how = "It stands still: the gradient is 0"
        elif growth > 1.001 or len(lengths) < self._LONG:
            how = "It diverges: the steps become longer and longer"
        elif growth > 0.999:
            how = "It does not arrive: the steps hardly change their length"
        elif lengths[self._STEPS] > 0.02 * lengths[0]:
            share = lengths[self._STEPS] / lengths[0]
            how = f"It converges slowly: the step after {self._STEPS} is {share:.0%} of the first"
        else:
            how = "It converges: the steps become shorter and shorter"
        verb = "turn" if back > 1 else "turns"
        turned = f"{back or 'none'} of the first {len(first)} {verb} back on the one before it"
        if back >= _MANY:
            turned = f"they oscillate, {back} of the first {len(first)} turning back"
        last = len(losses) - 1
        return (
            f"Step size {rate:.3g}. {how}; {turned}. After {_counted(last, 'step')} the weights "
            f"are ({path[last, 0]:.4g}, {path[last, 1]:.4g}), and the loss has gone from "
            f"{losses[0]:.4g} to {losses[-1]:.4g}."
        )


_FAR = 10_000.0
"""Pixels from a map beyond which a path is not drawn any further."""

_MANY = 5
"""Steps of ten that turn back when the path goes to and fro."""


def _counted(number: int, thing: str) -> str:
    return f"{number} {thing}{'s' * (number != 1)}"
