"""Widgets of the notebook linear_classifiers."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import ipywidgets
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from course_utils import drawing
from course_utils.types import Image, Loss, Scores, Signal, Weights
from course_utils.widgets import Explorer


class ClassTemplates(Explorer):
    """The rows of W as pictures, while they are trained.

    Parameters
    ----------
    weights : W, (C, H * W * 3), after so many updates.
    shape : (H, W, 3) of the pictures that the classifier sees.
    names : of the C classes.
    """

    def __init__(
        self, weights: Mapping[int, Weights], shape: tuple[int, int, int], names: Sequence[str]
    ) -> None:
        self._weights, self._shape, self._names = weights, shape, names
        updates = ipywidgets.SelectionSlider(
            options=list(weights),
            value=list(weights)[-1],
            description="updates",
            tooltip="After how many updates of W",
        )
        super().__init__(self._show, updates=updates)

    def _show(self, updates: int) -> tuple[bytes, str]:
        templates = [_as_picture(row, self._shape) for row in self._weights[updates]]
        largest = float(np.abs(self._weights[updates]).max())
        columns = -(-len(templates) // 2)
        pictures = [drawing.photo(one, 4) for one in templates]
        text = (
            f"W after {updates} updates; its largest weight is {largest:.3g}. Each template is "
            "scaled by itself: mid-grey is 0."
        )
        return drawing.beside(pictures, self._names, columns=columns), text


def _as_picture(weights: Signal, shape: tuple[int, int, int]) -> Image:
    largest = float(np.abs(weights).max()) or 1.0
    return (0.5 + 0.5 * weights / largest).reshape(shape)


class LossOfTwoScores(Explorer):
    """The loss of one example of two classes, as a function of their scores.

    Parameters
    ----------
    losses : by name; each takes (W, b, X, labels).
    """

    _SCORES = np.linspace(-4.0, 4.0, 33)
    _ZOOM = 8

    def __init__(self, losses: Mapping[str, Loss]) -> None:
        self._losses = losses
        self._map = cache(self._computed_map)
        loss = ipywidgets.Dropdown(
            options=list(losses), description="loss", tooltip="Which loss is shown"
        )
        right, other = (
            ipywidgets.FloatSlider(
                value=value,
                min=-4.0,
                max=4.0,
                step=0.25,
                description=name,
                tooltip=f"The score of the {name} class",
            )
            for name, value in (("right", 0.0), ("other", 1.0))
        )
        super().__init__(self._show, loss=loss, right=right, other=other)

    def _at(self, loss: str, right: float, other: float) -> tuple[float, Signal]:
        """Return the loss and its slopes: with an example of zeros the bias is the scores."""
        nothing, label = np.zeros((2, 1)), np.zeros(1, np.int64)
        value, _, slopes = self._losses[loss](
            nothing, np.array([right, other]), np.zeros((1, 1)), label
        )
        return float(value), np.asarray(slopes)

    def _computed_map(self, loss: str) -> Scores:
        rows = [[self._at(loss, r, o)[0] for r in self._SCORES] for o in self._SCORES[::-1]]
        return np.array(rows)

    def _show(self, loss: str, right: float, other: float) -> tuple[bytes, str]:
        values = self._map(loss)
        value, slopes = self._at(loss, right, other)
        picture = drawing.photo(values / values.max(), self._ZOOM)
        step = self._SCORES[1] - self._SCORES[0]
        x, y = ((score - self._SCORES[0]) / step + 0.5 for score in (right, other))
        drawing.mark(picture, (x * self._ZOOM, picture.height - y * self._ZOOM), 1, ring=False)
        along = np.array([self._at(loss, score, other)[0] for score in self._SCORES])
        chart = drawing.chart(
            {f"other = {other:g}": (self._SCORES, along)},
            (360, picture.height),
            (-4.0, 4.0),
            (0.0, float(values.max())),
            "score of the right class",
        )
        text = (
            f"Right class {right:g}, other class {other:g}: loss {value:.3f}, slope "
            f"{slopes[0]:+.3f} in the right score and {slopes[1]:+.3f} in the other. "
            f"Black is 0, white {values.max():.1f}."
        )
        titles = ("right score to the right, other score up", "the row of the map, as a curve")
        return drawing.beside([picture, chart], titles), text


class AccuracyMap(Explorer):
    """The validation accuracy of every pair of learning rate and weight decay.

    Parameters
    ----------
    learning_rates, weight_decays : what was tried.
    found : the best of each, and the accuracies, (len(learning_rates), len(weight_decays)).
    history : the loss before every update, of a pair.
    """

    _CELL = 56

    def __init__(
        self,
        learning_rates: Sequence[float],
        weight_decays: Sequence[float],
        found: tuple[float, float, Scores],
        history: Callable[[float, float], Signal],
    ) -> None:
        self._rates, self._decays = list(learning_rates), list(weight_decays)
        self._accuracies, self._history = found[2], cache(history)
        rate, decay = (
            ipywidgets.SelectionSlider(options=options, value=best, description=name, tooltip=tip)
            for options, best, name, tip in (
                (self._rates, found[0], "rate", "The learning rate: a row"),
                (self._decays, found[1], "decay", "lambda, the weight decay: a column"),
            )
        )
        super().__init__(self._show, rate=rate, decay=decay)

    def _show(self, rate: float, decay: float) -> tuple[bytes, str]:
        place = self._rates.index(rate), self._decays.index(decay)
        losses = self._history(rate, decay)
        # What is no number is beyond the top as well.
        shown = np.where(np.isnan(losses), np.inf, losses)
        chart = drawing.chart(
            {"loss": (np.arange(1.0, len(shown) + 1), shown)},
            (360, 260),
            (0.0, float(len(shown))),
            (0.0, max(2.0 * float(losses[0]), 0.1)),
            "update",
        )
        ends = f"Loss: {losses[0]:.3g} at first, {losses[-1]:.3g} last."
        if not np.isfinite(losses).all():
            last = int(np.argmin(np.isfinite(losses)))
            ends = f"It diverges: after {last} updates the loss is beyond all numbers."
        text = (
            f"Learning rate {rate:g}, lambda {decay:g}: {self._accuracies[place]:.1%} of the "
            f"validation examples are right. {ends}"
        )
        titles = ("accuracy: rates down, lambdas across", "training")
        return drawing.beside([self._table(place), chart], titles), text

    def _table(self, chosen: tuple[int, int]) -> Pillow.Image:
        side, margin = self._CELL, 64
        rows, columns = self._accuracies.shape
        picture = drawing.canvas(margin + columns * side, margin // 2 + rows * side)
        draw = ImageDraw.Draw(picture)
        least, most = float(self._accuracies.min()), float(self._accuracies.max())
        for j, decay in enumerate(self._decays):
            above = margin + (j + 0.5) * side, margin / 4
            draw.text(above, f"{decay:g}", drawing.INK, drawing.font(11), anchor="mm")
        for i, rate in enumerate(self._rates):
            beside = margin - 6.0, margin / 2 + (i + 0.5) * side
            draw.text(beside, f"{rate:g}", drawing.INK, drawing.font(11), anchor="rm")
            for j, accuracy in enumerate(self._accuracies[i].tolist()):
                share = (accuracy - least) / (most - least or 1.0)
                left, top = margin + j * side, margin // 2 + i * side
                box = (left, top, left + side - 1, top + side - 1)
                draw.rectangle(box, fill=round(70 + share * (drawing.WHITE - 70)))
                if (i, j) == chosen:
                    draw.rectangle(box, outline=drawing.ORANGE, width=4)
                ink = drawing.INK if share > 0.4 else drawing.WHITE
                middle = left + side / 2, top + side / 2
                draw.text(middle, f"{accuracy:.0%}", ink, drawing.font(13), anchor="mm")
        return picture
