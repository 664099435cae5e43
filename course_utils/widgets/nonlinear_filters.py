"""Widgets of the notebook nonlinear_filters."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets
import numpy as np
from PIL import Image as Pillow
from PIL import ImageDraw

from course_utils import drawing, plots
from course_utils.drawing import BLUE
from course_utils.types import Image, Kernel, Patch, Patches, Signal
from course_utils.widgets import Explorer

Median = Callable[[Image, int], Image]
Bilateral = Callable[[Image, float, float, int], Image]
BilateralWeights = Callable[[Patch, float, float], Kernel]
PatchWeights = Callable[[Patch, Patches, float], Signal]


def _decibels(clean: Image, estimate: Image) -> float:
    from skimage.metrics import peak_signal_noise_ratio

    return float(peak_signal_noise_ratio(clean, estimate, data_range=1.0))


class MeanOrMedian(Explorer):
    """A picture with noise of a kind and an amount, and what mean and median make of it.

    Parameters
    ----------
    clean : (H, W) in [0, 1].
    median_filter : takes an image and an odd size.
    """

    def __init__(self, clean: Image, median_filter: Median) -> None:
        self._clean = clean
        self._median = median_filter
        kind = ipywidgets.Dropdown(
            options=["salt and pepper", "Gaussian"],
            description="Noise",
            tooltip="Which kind of noise is added",
        )
        amount = ipywidgets.FloatSlider(
            value=0.2,
            min=0.0,
            max=0.6,
            step=0.05,
            description="Amount",
            tooltip="The share of the pixels hit, or sigma of the Gaussian noise",
        )
        size = ipywidgets.SelectionSlider(
            options=[3, 5, 7], description="N", tooltip="The side of the window in pixels"
        )
        super().__init__(self._show, kind=kind, amount=amount, size=size)

    def _show(self, kind: str, amount: float, size: int) -> tuple[bytes, str]:
        from scipy.ndimage import uniform_filter

        noisy = _with_noise(self._clean, kind, amount)
        mean = uniform_filter(noisy, size, mode="mirror")
        median = self._median(noisy, size)
        titles = "noisy", f"mean, N = {size}", f"median, N = {size}"
        levels = [_decibels(self._clean, image) for image in (noisy, mean, median)]
        text = ", ".join(f"{name}: {db:.1f} dB" for name, db in zip(titles, levels, strict=True))
        zoom = drawing.zoom(noisy, 340)
        pictures = [drawing.photo(image, zoom) for image in (noisy, mean, median)]
        return drawing.beside(pictures, titles), text


def _with_noise(clean: Image, kind: str, amount: float) -> Image:
    from skimage.util import random_noise

    if kind == "Gaussian":
        return np.asarray(random_noise(clean, "gaussian", rng=0, clip=False, var=amount**2))
    return np.asarray(random_noise(clean, "s&p", rng=0, amount=amount))


class BilateralExplorer(Explorer):
    """The bilateral filter with two widths to choose.

    Parameters
    ----------
    clean, noisy : (H, W), small enough to be filtered while one waits.
    bilateral_filter : takes an image, the widths for position and colour, and a size.
    """

    def __init__(self, clean: Image, noisy: Image, bilateral_filter: Bilateral) -> None:
        self._clean, self._noisy = clean, noisy
        self._filter = bilateral_filter
        position = ipywidgets.FloatSlider(
            value=2.0,
            min=0.5,
            max=4.0,
            step=0.5,
            description="position",
            tooltip="sigma_position in pixels",
        )
        color = ipywidgets.SelectionSlider(
            options=[0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.7, 1.0, 2.0],
            value=0.1,
            description="color",
            tooltip="sigma_color, in the image's units",
        )
        super().__init__(self._show, position=position, color=color)

    def _show(self, position: float, color: float) -> tuple[bytes, str]:
        # Beyond twice the width hardly any weight is left.
        size = 2 * int(np.ceil(2 * position)) + 1
        filtered = self._filter(self._noisy, position, color, size)
        zoom = drawing.zoom(filtered, 300)
        pictures = [drawing.photo(image, zoom) for image in (self._noisy, filtered)]
        before, after = (_decibels(self._clean, image) for image in (self._noisy, filtered))
        text = (
            f"sigma_position {position:g}, sigma_color {color:g}, windows of {size} x {size}: "
            f"{after:.1f} dB, before {before:.1f} dB."
        )
        return drawing.beside(pictures, ("noisy", "filtered")), text


class WeightInspector(Explorer):
    """The weights with which one pixel is averaged: by the bilateral filter, and by patches.

    Parameters
    ----------
    image : (H, W).
    bilateral_weights : takes a window and the widths for position and colour.
    patches : (H, W, n, n), the patch around every pixel.
    patch_weights : takes a patch, others, and h.
    """

    _REACH = 10

    def __init__(
        self,
        image: Image,
        bilateral_weights: BilateralWeights,
        patches: Patches,
        patch_weights: PatchWeights,
    ) -> None:
        self._image, self._patches = image, patches
        self._bilateral, self._by_patches = bilateral_weights, patch_weights
        height, width = image.shape
        row, column = (
            ipywidgets.IntSlider(
                value=start,
                min=self._REACH,
                max=side - self._REACH - 1,
                description=name,
                tooltip=f"The {name} of the pixel",
            )
            for name, start, side in (("row", 130, height), ("column", 39, width))
        )
        color, h = (
            ipywidgets.FloatSlider(
                value=start, min=0.05, max=0.5, step=0.05, description=name, tooltip=tip
            )
            for name, start, tip in (
                ("color", 0.25, "sigma_color of the bilateral filter"),
                ("h", 0.15, "h of the patches' weights"),
            )
        )
        super().__init__(self._show, row=row, column=column, color=color, h=h)

    def _show(self, row: int, column: int, color: float, h: float) -> tuple[bytes, str]:
        reach, n = self._REACH, self._patches.shape[2]
        window = np.s_[row - reach : row + reach + 1, column - reach : column + reach + 1]
        bilateral = self._bilateral(self._image[window], 5.0, color)
        others = self._patches[window].reshape(-1, n, n)
        found = self._by_patches(self._patches[row, column], others, h)
        weights = np.reshape(found, bilateral.shape)
        zoom = 9
        closer = drawing.photo(self._image[window], zoom)
        for side in (1, n):
            first = (reach - side // 2) * zoom
            closer = _framed(closer, (first, first), side * zoom)
        place = _framed(drawing.photo(self._image), (row - reach, column - reach), 2 * reach + 1)
        heats = [drawing.photo(w / w.max(), zoom) for w in (bilateral, weights)]
        titles = (
            "where (blue)",
            "window of 21 x 21, patch",
            "weights, bilateral",
            f"weights, patches of {n} x {n}",
        )
        shares = [
            f"{name} averages over {1 / float((w**2).sum()):.0f} pixels"
            for name, w in (("the bilateral filter", bilateral), ("non-local means", weights))
        ]
        text = (
            f"Pixel ({row}, {column}), as if all weights were equal: {shares[0]}, {shares[1]}. "
            "White is the largest weight of each picture, black is 0."
        )
        return drawing.beside([place, closer, *heats], titles, columns=2), text


def _framed(picture: Pillow.Image, corner: tuple[int, int], side: int) -> Pillow.Image:
    """Draw a square; `corner` is the row and column of its upper left pixel in the picture."""
    framed = picture.copy()
    top, left = corner
    box = (left, top, left + side - 1, top + side - 1)
    ImageDraw.Draw(framed).rectangle(box, outline=BLUE, width=2)
    return framed


class BeforeAfter(Explorer):
    """Two of several pictures of the same scene, one left and one right of a border that slides.

    Parameters
    ----------
    names : of the pictures.
    pictures : (H, W) or (H, W, 3), all of one shape.
    """

    def __init__(self, names: Sequence[str], *pictures: Image) -> None:
        self._pictures = dict(zip(names, pictures, strict=True))
        left, right = (
            ipywidgets.Dropdown(
                options=list(names),
                value=value,
                description=side,
                tooltip=f"The picture on the {side}",
            )
            for side, value in (("left", names[1]), ("right", names[-1]))
        )
        border = ipywidgets.IntSlider(
            value=50,
            min=0,
            max=100,
            description="border",
            tooltip="Where the border is, in percent",
        )
        super().__init__(self._show, left=left, right=right, border=border)

    def _show(self, left: str, right: str, border: int) -> tuple[bytes, str]:
        one, other = self._pictures[left], self._pictures[right]
        zoom = drawing.zoom(one, 520)
        column = round(one.shape[1] * border / 100)
        joined = np.concatenate([one[:, :column], other[:, column:]], axis=1)
        picture = drawing.photo(joined, zoom)
        x = min(column * zoom, picture.width - 2)
        color = drawing.color_in(picture, drawing.ORANGE)
        ImageDraw.Draw(picture).line([(x, 0), (x, picture.height)], fill=color, width=2)
        text = f"Left of the border: {left}. Right of it: {right}."
        return drawing.beside([picture], [f"{left} | {right}"]), text


def most_alike(
    image: Image, patches: Patches, pixel: tuple[int, int], count: int = 10
) -> plots.Picture:
    """Show where the patches lie that look most like that of a pixel.

    Parameters
    ----------
    image : (H, W).
    patches : (H, W, n, n), the patch around every pixel.
    pixel : row and column.
    count : how many patches to show.
    """
    distances = ((patches - patches[pixel]) ** 2).sum(axis=(2, 3))
    order = np.argsort(distances, axis=None)[: count + 1]
    n = patches.shape[2]
    figure = plots.new_figure(4.5, 4.5)
    axes = figure.subplots()
    axes.imshow(np.clip(image, 0.0, 1.0), cmap="gray", vmin=0.0, vmax=1.0)
    for place in order[::-1]:
        row, column = np.unravel_index(place, image.shape)
        is_itself = (row, column) == pixel
        color = plots.COLORS[0] if is_itself else plots.COLORS[1]
        corner = (column - n / 2, row - n / 2)
        axes.add_patch(_square(corner, n, color))
    axes.set_xticks([])
    axes.set_yticks([])
    return plots.finish(
        figure, f"A patch in blue, and the {count} patches that look most like it in orange."
    )


def _square(corner: tuple[float, float], side: int, color: str) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle(corner, side, side, fill=False, edgecolor=color, linewidth=1.8)
