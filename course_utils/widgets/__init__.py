"""Things to play with: a picture, a few controls, and a caption that says in words what is seen.

Pictures are `ipywidgets.Image` fed with PNG bytes: fast, offline, and steady under Run All (an
Output widget with inline plots stalls headless runs now and then). A module per notebook.
"""

import base64
import html
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import ipywidgets


class Pictured(ipywidgets.VBox):
    """A picture with a caption below it.

    Where no widgets are shown (feedback, a page on the web), the picture of the moment is.

    Parameters
    ----------
    above : widgets that stand above the picture.
    """

    def __init__(self, *above: ipywidgets.Widget) -> None:
        # At its own size: a stretched picture would not fit the window.
        layout = {"max_width": "100%", "align_self": "flex-start"}
        self.picture = ipywidgets.Image(format="png", layout=layout)
        self.caption = ipywidgets.HTML()
        super().__init__([*above, self.picture, self.caption])

    def _say(self, text: str) -> None:
        self.caption.value = f'<span aria-live="polite">{text}</span>'
        self._text = text

    def _plain(self) -> str:
        """Return what is said where there is neither a widget nor a picture."""
        return " ".join(re.sub(r"<[^>]*>", " ", self._text).split())

    def _repr_mimebundle_(self, **keywords: Any) -> Any:
        bundle = super()._repr_mimebundle_(**keywords)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            data["image/png"] = base64.b64encode(self.picture.value).decode("ascii")
            data["text/plain"] = f"[{type(self).__name__}: {self._plain()}]"
        return bundle


class Explorer(Pictured):
    """Controls above a picture and its caption.

    Parameters
    ----------
    draw : makes PNG bytes and a caption of the controls' values, given by name.
    controls : widgets with a `value` and a `description`, by name.
    """

    def __init__(
        self, draw: Callable[..., tuple[bytes, str]], **controls: ipywidgets.Widget
    ) -> None:
        self._draw = draw
        self._controls = controls
        # What does not fit into a line of the window goes into the next one.
        row = ipywidgets.HBox(list(controls.values()), layout={"flex_flow": "row wrap"})
        super().__init__(row)
        for control in controls.values():
            control.observe(self._on_move, names="value")
        self._update()

    def _update(self) -> None:
        values = {name: control.value for name, control in self._controls.items()}
        self.picture.value, text = self._draw(**values)
        self._say(text)

    def _on_move(self, _: Any) -> None:
        # What is raised here would be shown nowhere: the cell has long been run.
        try:
            self._update()
        except Exception as error:  # noqa: BLE001  the student's function can raise anything
            said = html.escape(f"{type(error).__name__}: {error}")
            self._say(f"With these values your function raises {said}")


def rounded_up(number: float) -> float:
    """Return a round number, and one with round fifths, that is not below a number."""
    if not 0.0 < number < math.inf:
        return 1.0
    unit = 10.0 ** math.floor(math.log10(number))
    steps = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0)
    return next((step * unit for step in steps if step * unit >= number), 10.0 * unit)


@dataclass
class _Curve:
    """What has been reported of one training."""

    name: str
    measure: Callable[[], float] | None
    start: float = field(default_factory=perf_counter)
    seconds: float = 0.0
    losses: list[float] = field(default_factory=list)
    measured: list[float] = field(default_factory=list)


class LiveCurves(Pictured):
    """The loss of one training after the other, epoch by epoch, while they run.

    It shows itself when the first curve begins, and is drawn anew after an epoch, but not more
    often than four times a second: that takes a fiftieth of the time. The last picture stays in
    the notebook's file.

    Parameters
    ----------
    epochs : how many each training has, at least 1.
    description : what there is to see, in words that are true however the training goes.
    measured : the name of a share, between 0 and 1, that is measured after every epoch and shown
        beside the loss, such as "test accuracy"; empty if there is none.
    """

    _SECONDS = 0.25
    _SIZE = (440, 280)

    def __init__(self, epochs: int, description: str, measured: str = "") -> None:
        self._epochs, self._description, self._measured = epochs, description, measured
        self._curves: list[_Curve] = []
        self._drawn = 0.0
        self._shown: Any = None
        super().__init__()
        self._text = ""

    def curve(
        self, name: str, measure: Callable[[], float] | None = None, seconds: float = 0.0
    ) -> Callable[[int, float], None]:
        """Begin a curve and return what is to be called after each of its epochs.

        Parameters
        ----------
        name : what the curve is called.
        measure : returns what `measured` names.
        seconds : how long it has been trained before, if its first epochs are told afterwards.

        Returns
        -------
        A function of the epoch's number, from 1, and its loss.
        """
        curve = _Curve(name, measure, perf_counter() - seconds)
        self._curves.append(curve)
        self._draw()
        if self._shown is None:
            from IPython.display import display

            self._shown = display(self, display_id=True)

        def report(epoch: int, loss: float) -> None:
            curve.losses.append(loss)
            if curve.measure is not None:
                curve.measured.append(curve.measure())
            curve.seconds = perf_counter() - curve.start
            if epoch >= self._epochs:
                self._draw()
                if self._shown is not None:
                    self._shown.update(self)  # so that the file has this picture, not the first
            elif perf_counter() - self._drawn >= self._SECONDS:
                self._draw()

        return report

    def _plain(self) -> str:
        # Not what the caption says: that differs from run to run in its last digits.
        return self._description

    def _draw(self) -> None:
        from course_utils import drawing

        wide, high = self._SIZE
        if not self._measured:
            wide *= 2
        top = self._top()
        losses = {one.name: self._line(one.losses) for one in self._curves}
        across = (0.0, float(self._epochs))
        charts = [drawing.chart(losses, (wide, high), across, (0.0, top), "epoch")]
        titles = ["mean loss of an epoch's batches"]
        if self._measured:
            shares = {one.name: self._line(one.measured) for one in self._curves if one.measure}
            least = min((share for one in self._curves for share in one.measured), default=0.0)
            # Whoever is nearly always right differs only near the top.
            bottom = min(max(math.floor(10.0 * least) / 10.0, 0.0), 0.9)
            charts.append(drawing.chart(shares, (wide, high), across, (bottom, 1.0), "epoch"))
            titles.append(self._measured)
        self.picture.value = drawing.beside(charts, titles)
        self._say("<br>".join(self._words(one) for one in self._curves))
        self._drawn = perf_counter()

    def _line(self, values: list[float]) -> Any:
        import numpy as np

        # What is no number is beyond the top as well.
        y = np.nan_to_num(np.array(values, np.float64), nan=np.inf, posinf=np.inf)
        return np.arange(1.0, len(y) + 1), y

    def _top(self) -> float:
        """Return a round number above the losses, of which those that diverge are cut off."""
        import numpy as np

        losses = np.array([loss for one in self._curves for loss in one.losses])
        firsts = [one.losses[0] for one in self._curves if one.losses]
        bounds = [2.0 * first for first in firsts if np.isfinite(first)]
        finite = losses[np.isfinite(losses)]
        if not len(finite):
            return 1.0
        return rounded_up(min(float(finite.max()), max(bounds, default=np.inf)))

    def _words(self, curve: _Curve) -> str:
        done = len(curve.losses)
        name = html.escape(curve.name)
        if not done:
            return f"{name}: epoch 0 of {self._epochs}."
        said = f"loss {curve.losses[-1]:.3g}"
        if curve.measured:
            said += f", {html.escape(self._measured)} {curve.measured[-1]:.1%}"
        if done >= self._epochs:
            return f"{name}: {said} after {done} epochs, which took {curve.seconds:.1f} s."
        left = curve.seconds / done * (self._epochs - done)
        return f"{name}: epoch {done} of {self._epochs}, {said}, about {left:.0f} s left."
