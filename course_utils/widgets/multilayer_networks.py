"""Widgets of the notebook multilayer_networks."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, Protocol

import ipywidgets
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from course_utils import drawing
from course_utils.types import Labels, Scores, Signal, Vectors
from course_utils.widgets import Explorer, rounded_up

Activations = Sequence[Callable[[float], float]]
ChainForward = Callable[[float, Signal, float, Activations], tuple[Signal, Signal]]
ChainBackward = Callable[[float, float, Signal, Signal, Signal, Activations], tuple[Signal, float]]


class Network(Protocol):
    """What is asked of a network that is to be looked at."""

    def forward(self, X: Vectors, /) -> Scores:
        """Return the scores of examples."""


class FlowingChain(Explorer):
    """The chain of three sigmoid neurons: values flow forward, derivatives flow back.

    Parameters
    ----------
    chain_forward : takes x, w, b and the activation functions, returns all a and all f.
    chain_backward : takes x, y, w, a, f and the functions' derivatives, returns dL/dw and dL/db.
    """

    _STEPS = 8
    _SIZE = (940, 292)
    _LINE = 112
    """How far below the upper side the chain runs."""
    _PLACES = (40, 250, 470, 690, 890)
    """How far from the left side its nodes are: x, three neurons, L."""

    def __init__(self, chain_forward: ChainForward, chain_backward: ChainBackward) -> None:
        self._forward, self._backward = chain_forward, chain_backward
        step = ipywidgets.IntSlider(
            value=self._STEPS,
            min=0,
            max=self._STEPS,
            description="step",
            tooltip="How far: four steps forward, from neuron to neuron, then four steps back",
        )
        numbers = {
            name: ipywidgets.FloatSlider(
                value=value,
                min=least,
                max=most,
                step=0.05,
                description=name,
                tooltip=tip,
                layout={"width": "230px"},
                style={"description_width": "30px"},
            )
            for name, value, least, most, tip in (
                ("x", 1.0, -2.0, 2.0, "The input"),
                ("y", 1.0, 0.0, 1.0, "The true output"),
                ("w1", 0.5, -4.0, 4.0, "The weight of the first neuron"),
                ("w2", -1.5, -4.0, 4.0, "The weight of the second neuron"),
                ("w3", 3.0, -4.0, 4.0, "The weight of the third neuron"),
                ("b", 0.25, -4.0, 4.0, "The bias of the first neuron"),
            )
        }
        super().__init__(self._show, step=step, **numbers)

    def _show(
        self, step: int, x: float, y: float, w1: float, w2: float, w3: float, b: float
    ) -> tuple[bytes, str]:
        from scipy.special import expit

        def slope(a: float) -> float:
            return float(expit(a) * expit(-a))

        w = np.array([w1, w2, w3])
        a, f = self._forward(x, w, b, [expit] * 3)
        dw, db = self._backward(x, y, w, a, f, [slope] * 3)
        flow = _Flow(x, y, w, b, a, f, np.asarray(dw), float(db), [slope(one) for one in a])
        return drawing.png(self._drawn(step, flow)), _sentence(step, flow)

    def _drawn(self, step: int, flow: "_Flow") -> Pillow.Image:
        picture = drawing.canvas(*self._SIZE)
        draw = ImageDraw.Draw(picture)
        line, places = self._LINE, self._PLACES
        back = step - 4  # 1 at the loss, 2 at the third neuron, 4 at the first
        for k in range(4):
            start, end = places[k] + 30, places[k + 1] - 34
            color = drawing.BLUE if step > k else drawing.GRID
            _arrow(draw, (start, line - 7), (end, line - 7), color)
            if back > 3 - k:
                _arrow(draw, (end, line + 7), (start, line + 7), drawing.ORANGE)
        for k, place in enumerate(places):
            _node(draw, (place, line), k, reached=step >= k)
        for k in range(3):
            middle = (places[k] + places[k + 1]) // 2
            _words(draw, (middle, line - 22), f"w{k + 1} = {flow.w[k]:g}")
            if k == 0:
                _words(draw, (middle, line - 40), f"b = {flow.b:g}")
        _words(draw, (places[0], line - 44), f"x = {flow.x:g}")
        _words(draw, (places[4], line - 44), f"y = {flow.y:g}")
        for k in range(3):
            if step > k:
                values = [f"a{k + 1} = {flow.a[k]:.3f}", f"f{k + 1} = {flow.f[k]:.3f}"]
                now = step == k + 1
                _box(draw, (places[k + 1], line - 78), values, drawing.BLUE, thick=now)
        if step > 3:
            value = [f"L = {flow.loss:.3g}"]
            _box(draw, (places[4], line - 78), value, drawing.BLUE, thick=step == 4)
        for k in range(3):
            # The derivatives of neuron k are there from this step on.
            begins = 7 - k
            if step > begins:
                now = step == begins + 1
                middle = (places[k] + places[k + 1]) // 2
                local = [f"f{k + 1}(1 - f{k + 1}) = {flow.local[k]:.3g}"]
                _words(draw, (places[k + 1], line + 48), local[0])
                reused = step == begins + 2
                passed = [f"dL/da{k + 1} = {_slope(flow.by_a(k))}"]
                color = drawing.GREEN if reused else drawing.ORANGE
                _box(draw, (places[k + 1], line + 76), passed, color, thick=now or reused)
                if reused:
                    _words(draw, (places[k + 1], line + 104), "used again")
                found = [f"dL/dw{k + 1} = {_slope(flow.dw[k])}"]
                if k == 0:
                    found.append(f"dL/db = {_slope(flow.db)}")
                _box(draw, (middle, line + 132), found, drawing.ORANGE, thick=now)
        if step > 4:
            value = [f"dL/df3 = {_slope(flow.by_output)}"]
            _box(draw, (places[4] - 26, line + 76), value, drawing.ORANGE, thick=step == 5)
        return picture


class _Flow:
    """The numbers of a chain: the student's, and what follows from them."""

    def __init__(
        self,
        x: float,
        y: float,
        w: Signal,
        b: float,
        a: Signal,
        f: Signal,
        dw: Signal,
        db: float,
        local: list[float],
    ) -> None:
        self.x, self.y, self.w, self.b = x, y, w, b
        self.a, self.f, self.dw, self.db, self.local = a, f, dw, db, local
        self.loss = 0.5 * (y - float(f[-1])) ** 2
        self.by_output = float(f[-1]) - y

    def by_a(self, k: int) -> float:
        """Return dL/da of neuron k, from 0: what its weight's derivative has beside its input."""
        return self.db if k == 0 else float(self.dw[k] / self.f[k - 1])


def _sentence(step: int, flow: _Flow) -> str:
    """Say what happens in a step, with its numbers."""
    w, f, a = flow.w, flow.f, flow.a
    if step == 0:
        return (
            "Step 0 of 8: nothing is computed yet. x, w1, w2, w3 and b are known; so is y, which "
            "only the loss looks at."
        )
    if step <= 3:
        k = step - 1
        before = f"w1 x + b = {w[0]:g} * {flow.x:g} + {_factor(flow.b)}"
        if k > 0:
            before = f"w{step} f{k} = {w[k]:g} * {f[k - 1]:.3f}"
        return (
            f"Step {step} of 8, forward at neuron {step}: a{step} = {before} = {a[k]:.3f}, and "
            f"f{step} is the sigmoid of it, {f[k]:.3f}."
            + (" This is the output y_hat." if step == 3 else "")
        )
    if step == 4:
        return (
            f"Step 4 of 8, the loss: L = 1/2 (y - y_hat)^2 with y = {flow.y:g} and y_hat = "
            f"{f[2]:.3f}, which is {flow.loss:.3g}."
        )
    if step == 5:
        return (
            f"Step 5 of 8, back at the loss: dL/df3 = -(y - y_hat) = {_slope(flow.by_output)}. "
            "Everything that follows has this factor."
        )
    if step == 6:
        return (
            f"Step 6 of 8, back at neuron 3: dL/da3 = dL/df3 * f3(1 - f3) = "
            f"{_slope(flow.by_output)} * {flow.local[2]:.3g} = {_slope(flow.by_a(2))}, and dL/dw3 "
            f"= dL/da3 * f2 = {_slope(flow.by_a(2))} * {f[1]:.3g} = {_slope(flow.dw[2])}."
        )
    k = 8 - step
    here, later, came = k + 1, k + 2, flow.x if k == 0 else float(f"{f[k - 1]:.3g}")
    text = (
        f"Step {step} of 8, back at neuron {here}: dL/da{later} = {_slope(flow.by_a(k + 1))} has "
        f"been computed in step {step - 1} and is used again. dL/da{here} = dL/da{later} * "
        f"w{later} * f{here}(1 - f{here}) = {_slope(flow.by_a(k + 1))} * {_factor(w[k + 1])} * "
        f"{flow.local[k]:.3g} = {_slope(flow.by_a(k))}, and dL/dw{here} = dL/da{here} * "
        f"{'x' if k == 0 else f'f{k}'} = {_slope(flow.by_a(k))} * {_factor(came)} = "
        f"{_slope(flow.dw[k])}."
    )
    return text + (f" The bias has input 1: dL/db = {_slope(flow.db)}." if k == 0 else "")


def _slope(number: float) -> str:
    return f"{float(number) + 0.0:+.3g}"  # 0 is added so that there is no -0


def _factor(number: float) -> str:
    return f"({number:g})" if number < 0 else f"{number:g}"


def _words(draw: Any, centre: tuple[float, float], text: str, size: int = 13) -> None:
    draw.text(centre, text, drawing.INK, drawing.font(size), anchor="mm")


def _arrow(draw: Any, start: tuple[int, int], end: tuple[int, int], color: int) -> None:
    draw.line([start, end], fill=color, width=2)
    (x, y), way = end, 1 if end[0] > start[0] else -1
    draw.polygon([(x + 3 * way, y), (x - 7 * way, y - 5), (x - 7 * way, y + 5)], fill=color)


def _node(draw: Any, centre: tuple[int, int], number: int, *, reached: bool) -> None:
    x, y = centre
    color = drawing.INK if reached else drawing.GRID
    around = (x - 28, y - 28, x + 28, y + 28)
    draw.ellipse(around, fill=drawing.WHITE, outline=color, width=2)
    if number in (0, 4):
        _words(draw, centre, "x" if number == 0 else "L", 15)
        return
    draw.line([(x, y - 27), (x, y + 27)], fill=color, width=2)
    _words(draw, (x - 13, y), f"a{number}")
    _words(draw, (x + 13, y), f"f{number}")


def _box(draw: Any, centre: tuple[int, int], lines: list[str], color: int, *, thick: bool) -> None:
    """Write lines in a frame; a thick one says that this is what the step is about."""
    wide = max(draw.textlength(line, drawing.font(13)) for line in lines) / 2 + 8
    high = 9 * len(lines) + 4
    x, y = centre
    frame = (x - wide, y - high, x + wide, y + high)
    draw.rectangle(frame, fill=drawing.WHITE, outline=color, width=4 if thick else 1)
    for number, line in enumerate(lines):
        _words(draw, (x, y + 18 * (number - (len(lines) - 1) / 2)), line)


class DecisionBoundary(Explorer):
    """Which class a network gives every point of the plane, while it is trained.

    Parameters
    ----------
    points, labels : the examples, (n, 2) and (n,), of two classes.
    snapshots : the network after so many epochs; copies, which are only asked for scores.
    losses : of every epoch, from the first.
    """

    _SIDE = 80
    _ZOOM = 5

    def __init__(
        self,
        points: Vectors,
        labels: Labels,
        snapshots: Mapping[int, Network],
        losses: Sequence[float],
    ) -> None:
        self._points, self._labels = points, labels
        self._snapshots, self._losses = snapshots, np.asarray(losses, np.float64)
        self._reach = float(np.abs(points).max()) * 1.1
        self._answers = cache(self._computed_answers)
        epoch = ipywidgets.SelectionSlider(
            options=list(snapshots),
            value=list(snapshots)[-1],
            description="epoch",
            tooltip="After how many epochs of training",
        )
        super().__init__(self._show, epoch=epoch)

    def _computed_answers(self, epoch: int) -> tuple[Labels, float]:
        """Return the classes of all places of the picture, and the share of right examples."""
        half = self._reach * (1.0 - 1.0 / self._SIDE)
        along = np.linspace(-half, half, self._SIDE)
        places = np.stack(np.meshgrid(along, along[::-1]), axis=-1).reshape(-1, 2)
        network = self._snapshots[epoch]
        classes = network.forward(places).argmax(axis=1).reshape(self._SIDE, self._SIDE)
        right = network.forward(self._points).argmax(axis=1) == self._labels
        return classes, float(right.mean())

    def _show(self, epoch: int) -> tuple[bytes, str]:
        classes, right = self._answers(epoch)
        picture = drawing.photo(drawing.pale(classes), self._ZOOM)
        scale = picture.width / (2.0 * self._reach)
        for (x, y), label in zip(self._points, self._labels, strict=True):
            place = (x + self._reach) * scale, (self._reach - y) * scale
            drawing.mark(picture, place, int(label), ring=False)
        top = rounded_up(float(self._losses.max()))
        epochs = np.arange(1.0, len(self._losses) + 1)
        chart = drawing.chart(
            {"loss": (epochs, self._losses), "shown": (np.full(2, epoch), np.array([0.0, top]))},
            (400, picture.height),
            (0.0, float(len(epochs))),
            (0.0, top),
            "epoch",
        )
        loss = f"the mean loss of its batches was {self._losses[epoch - 1]:.3f}"
        if epoch == 0:
            loss = "no batch has been seen"
        text = (
            f"After epoch {epoch}: {right:.1%} of the points lie where the network gives their own "
            f"class (pale blue is that of the discs, pale orange that of the squares); {loss}."
        )
        return drawing.beside([picture, chart], ("the plane, and the points", "training")), text
