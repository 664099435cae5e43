"""Widgets of the notebook nearest_neighbors."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import ipywidgets
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from course_utils import drawing, plots
from course_utils.demos import Waiting
from course_utils.types import Distances, Image, Labels, Vectors
from course_utils.widgets import Explorer


class Classifier(Protocol):
    """What learns from examples and labels queries."""

    def train(self, examples: Vectors, labels: Labels) -> None:
        """Learn from (m, d) examples and (m,) labels."""

    def predict(self, queries: Vectors) -> Labels:
        """Return a label for each of (n, d) queries."""


class DistanceMatrix(Explorer):
    """The distances of some pictures to some others, and the two that belong to one of them.

    Parameters
    ----------
    queries, examples : (n, H, W, 3) and (m, H, W, 3) in [0, 1].
    distances : (n, m), from queries to examples.
    """

    def __init__(self, queries: Image, examples: Image, distances: Distances) -> None:
        self._queries, self._examples, self._distances = queries, examples, distances
        row, column = (
            ipywidgets.IntSlider(
                value=0, max=side - 1, description=name, tooltip=f"The {name} of the matrix"
            )
            for name, side in zip(("row", "column"), distances.shape, strict=True)
        )
        super().__init__(self._show, row=row, column=column)

    def _show(self, row: int, column: int) -> tuple[bytes, str]:
        distances = self._distances
        times = 330 // max(distances.shape)
        least, most = float(distances.min()), float(distances.max())
        matrix = drawing.photo((distances - least) / (most - least or 1.0), times)
        draw = ImageDraw.Draw(matrix)
        wide, high = (side * times - 1 for side in distances.shape[::-1])
        draw.rectangle((0, row * times, wide, (row + 1) * times - 1), outline=drawing.BLUE, width=2)
        draw.rectangle(
            (column * times, 0, (column + 1) * times - 1, high), outline=drawing.ORANGE, width=2
        )
        pair = [drawing.photo(one, 5) for one in (self._queries[row], self._examples[column])]
        nearest = int(distances[row].argmin())
        text = (
            f"Distance of query {row} to example {column}: {distances[row, column]:.2f}. "
            f"Nearest to this query is example {nearest}, at {distances[row, nearest]:.2f}. "
            f"White is {most:.2f}, black {least:.2f}."
        )
        titles = ("distances", f"query {row} (blue)", f"example {column} (orange)")
        return drawing.beside([matrix, *pair], titles), text


class DecisionRegions(Explorer):
    """What 1, 3 and 5 neighbours make of a few points in the plane, one of which can be moved.

    Parameters
    ----------
    points : (n, 2) in [0, 1].
    labels : (n,), from 0 to 2.
    classifier : makes a classifier of a number of neighbours.
    """

    _KS = (1, 3, 5)
    _SIDE = 75
    _ZOOM = 4

    def __init__(
        self, points: Vectors, labels: Labels, classifier: Callable[[int], Classifier]
    ) -> None:
        self._points, self._labels = points.copy(), labels
        self._classifier = classifier
        self._chosen = 0
        chosen = ipywidgets.IntSlider(
            value=0, max=len(points) - 1, description="point", tooltip="Which point is moved"
        )
        x, y = (
            ipywidgets.FloatSlider(
                value=value, max=1.0, step=0.02, description=name, tooltip=f"Its {name}"
            )
            for name, value in zip("xy", points[0].tolist(), strict=True)
        )
        super().__init__(self._show, chosen=chosen, x=x, y=y)

    def _show(self, chosen: int, x: float, y: float) -> tuple[bytes, str]:
        if chosen != self._chosen:
            self._chosen = chosen
            self._put_sliders(*self._points[chosen].tolist())
        else:
            self._points[chosen] = x, y
        centres = (np.arange(self._SIDE) + 0.5) / self._SIDE
        plane = np.stack(np.meshgrid(centres, centres[::-1]), axis=-1).reshape(-1, 2)
        regions = []
        for k in self._KS:
            classifier = self._classifier(k)
            classifier.train(self._points.copy(), self._labels.copy())
            regions.append(np.reshape(classifier.predict(plane), (self._SIDE, self._SIDE)))
        changed = [float(np.mean(one != regions[0])) for one in regions[1:]]
        text = (
            f"Point {chosen} (with a ring), class {self._labels[chosen]}. Compared with k = 1, "
            f"k = 3 decides otherwise on {changed[0]:.0%} of the plane, k = 5 on {changed[1]:.0%}."
        )
        titles = [f"k = {k}" for k in self._KS]
        return drawing.beside([self._picture(one) for one in regions], titles), text

    def _put_sliders(self, x: float, y: float) -> None:
        """Move the sliders to a point without moving the point."""
        for name, value in (("x", x), ("y", y)):
            control = self._controls[name]
            control.unobserve(self._on_move, names="value")
            control.value = value
            control.observe(self._on_move, names="value")

    def _picture(self, regions: Labels) -> Pillow.Image:
        picture = drawing.photo(drawing.pale(regions), self._ZOOM)
        for index, (point, label) in enumerate(zip(self._points, self._labels, strict=True)):
            centre = point[0] * picture.width, (1.0 - point[1]) * picture.height
            drawing.mark(picture, centre, int(label), ring=index == self._chosen)
        return picture


class DeceptiveImages(Explorer):
    """An image and what some changes make of it, each as strong as one likes.

    Parameters
    ----------
    image : (H, W, 3) in [0, 1].
    changed : (H, W, 3) images by the name of the change, of strength 1.
    """

    def __init__(self, image: Image, changed: Mapping[str, Image]) -> None:
        self._image, self._changed = image, changed
        sliders = {
            name: ipywidgets.FloatSlider(
                value=1.0, max=2.0, step=0.1, description=name, tooltip=f"How strongly it is {name}"
            )
            for name in changed
        }
        super().__init__(self._show, **sliders)

    def _show(self, **strengths: float) -> tuple[bytes, str]:
        made = [
            self._image + strength * (self._changed[name] - self._image)
            for name, strength in strengths.items()
        ]
        distances = [float(np.linalg.norm(one - self._image)) for one in made]
        zoom = drawing.zoom(self._image, 220)
        pictures = [drawing.photo(one, zoom) for one in (self._image, *made)]
        told = (f"{name} {d:.2f}" for name, d in zip(strengths, distances, strict=True))
        return (
            drawing.beside(pictures, ("original", *strengths)),
            f"L2 distance from the original: {', '.join(told)}.",
        )


def nearest_of(
    queries: Image, examples: Image, distances: Distances, titles: Sequence[str], count: int = 6
) -> plots.Picture | Waiting:
    """Show the examples nearest to each query, a row for each.

    Parameters
    ----------
    queries, examples : (n, H, W, 3) and (m, H, W, 3) in [0, 1].
    distances : (n, m).
    titles : of the n queries.
    """
    order = np.argsort(distances, axis=1)[:, :count]
    shown, names = [], []
    for query, nearest, title, row in zip(queries, order, titles, distances, strict=True):
        shown += [query, *examples[nearest]]
        names += [title, *(f"{row[j]:.2f}" for j in nearest)]
    words = f"{len(queries)} queries, and the {count} nearest examples of each, with distances."
    return plots.side_by_side(*shown, titles=names, columns=count + 1, description=words)
