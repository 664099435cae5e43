"""Widgets of the notebook deep_networks."""

from collections.abc import Mapping, Sequence
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

import ipywidgets
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw

from course_utils import drawing
from course_utils.types import Labels, Signal
from course_utils.widgets import Explorer

if TYPE_CHECKING:
    from torch import Tensor, nn

Rows: TypeAlias = Sequence[tuple[str, tuple[int, ...], int]]
"""For every layer its name, the shape of its output, and its number of parameters."""


class LayerShapes(Explorer):
    """What comes out of every layer of a network, what it has to learn, and what it computes.

    Layers that neither have parameters nor change the shape are left out. A convolution multiplies
    each of its weights with a number at every place of its output, a fully connected layer once;
    so the products are the parameters times the places. (Biases, which are only added, are counted
    with them: they are few.)

    Parameters
    ----------
    tables : the rows of `layer_table`, by the network's name.
    """

    _WIDE, _TALL, _BARS = 940, 170, 80
    _LEFT = 70

    def __init__(self, tables: Mapping[str, Rows]) -> None:
        self._tables = {name: _telling(rows) for name, rows in tables.items()}
        first = next(iter(self._tables))
        network = ipywidgets.Dropdown(
            options=list(self._tables),
            value=first,
            description="network",
            tooltip="Which network's layers are drawn",
        )
        self._layer = ipywidgets.IntSlider(
            value=1,
            min=1,
            max=len(self._tables[first]),
            description="layer",
            tooltip="The layer that is described in words",
        )
        super().__init__(self._show, network=network, layer=self._layer)

    def _show(self, network: str, layer: int) -> tuple[bytes, str]:
        rows = self._tables[network]
        layer = min(layer, len(rows))
        if self._layer.max != len(rows):
            self._layer.max = len(rows)
        products = [count * _places(shape) for _, shape, count in rows]
        return self._drawn(rows, products, layer - 1), _in_words(network, rows, products, layer - 1)

    def _drawn(self, rows: Rows, products: Sequence[int], chosen: int) -> bytes:
        picture = drawing.canvas(self._WIDE, self._TALL + 2 * self._BARS + 96)
        draw = ImageDraw.Draw(picture)
        pitch = (self._WIDE - self._LEFT) / len(rows)
        middle = 14 + self._TALL / 2
        floors = (self._TALL + 46 + self._BARS, self._TALL + 82 + 2 * self._BARS)
        left = self._LEFT + chosen * pitch
        draw.rectangle((left, 4, left + pitch - 2, floors[1] + 4), fill=drawing.PALE)
        for number, (_, shape, _) in enumerate(rows):
            centre = self._LEFT + (number + 0.5) * pitch - 1
            high = self._TALL * np.sqrt((shape[1] if len(shape) > 1 else 1) / _LARGEST)
            wide = max(2.0, (pitch - 8) * np.log2(shape[0]) / np.log2(_MOST))
            box = (centre - wide / 2, middle - high / 2, centre + wide / 2, middle + high / 2)
            draw.rectangle(box, fill=_color(rows[number]), outline=drawing.INK)
        for floor, values, what in zip(
            floors, ([row[2] for row in rows], products), ("parameters", "products"), strict=True
        ):
            self._bars(draw, rows, values, floor, what, pitch)
        _word(draw, (4, middle), "shapes")
        return drawing.png(picture)

    def _bars(
        self,
        draw: Any,
        rows: Rows,
        values: Sequence[int],
        floor: int,
        what: str,
        pitch: float,
    ) -> None:
        most = max(max(values), 1)
        draw.line([(self._LEFT, floor), (self._WIDE, floor)], fill=drawing.GRID)
        for number, value in enumerate(values):
            left = self._LEFT + number * pitch + 4
            top = floor - self._BARS * value / most
            draw.rectangle((left, top, left + pitch - 10, floor), fill=_color(rows[number]))
        _word(draw, (4, floor - self._BARS / 2 - 8), what)
        _word(draw, (4, floor - self._BARS / 2 + 8), f"to {_short(most)}")


_LARGEST, _MOST = 224, 4096
"""The sides and the channels that are drawn as large as there is room."""


def _telling(rows: Rows) -> Rows:
    """Return the layers that have parameters or change the shape."""
    before: tuple[int, ...] = ()
    kept = []
    for name, shape, count in rows:
        if count or shape != before:
            kept.append((name, tuple(shape), count))
        before = shape
    return kept


def _places(shape: tuple[int, ...]) -> int:
    return prod(shape[1:])


def _color(row: tuple[str, tuple[int, ...], int]) -> int:
    _, shape, count = row
    if not count:
        return drawing.GRID
    return drawing.BLUE if len(shape) > 1 else drawing.ORANGE


def _short(number: float) -> str:
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= unit:
            return f"{number / unit:.3g} {name}"
    return f"{number:g}"


def _word(draw: Any, place: tuple[float, float], text: str) -> None:
    draw.text(place, text, drawing.INK, drawing.font(12), anchor="lm")


def _in_words(network: str, rows: Rows, products: Sequence[int], chosen: int) -> str:
    name, shape, count = rows[chosen]
    total, work = sum(row[2] for row in rows), sum(products)
    size = " x ".join(map(str, shape))
    said = f"{network}, {name}: its output is {size}."
    if count:
        said += (
            f" {count:,} of {total:,} parameters ({count / max(total, 1):.1%}), and about "
            f"{_short(products[chosen])} of {_short(work)} products for an image "
            f"({products[chosen] / max(work, 1):.1%})."
        )
    else:
        said += " It has no parameters."
    return said + (
        "<br>Blue: convolution layers. Orange: fully connected layers. Grey: no parameters. The "
        "height of a shape is the root of its rows, its width the logarithm of its channels."
    )


class GradientNorms(Explorer):
    """How large the gradients of a network's layers are before it is trained.

    Parameters
    ----------
    norms : by what was done to the networks, by their depth, and by their kind: the length of the
        loss's gradient by the weights of every layer, from the first to the last; above 0.
    """

    _SIZE = (310, 280)

    def __init__(self, norms: Mapping[str, Mapping[int, Mapping[str, Signal]]]) -> None:
        self._norms = {
            setting: {
                depth: {kind: np.log10(np.asarray(line, np.float64)) for kind, line in of.items()}
                for depth, of in depths.items()
            }
            for setting, depths in norms.items()
        }
        depths = list(next(iter(self._norms.values())))
        depth = ipywidgets.SelectionSlider(
            options=depths,
            value=depths[-1],
            description="layers",
            tooltip="How many layers the networks have",
        )
        super().__init__(self._show, depth=depth)

    def _show(self, depth: int) -> tuple[bytes, str]:
        charts = [self._chart(setting, depth) for setting in self._norms]
        said = "<br>".join(
            f"{depth} layers, {setting}. "
            + "; ".join(
                f"{kind}: {_power(line[0])} at the first layer, {_power(line[-1])} at the last, "
                f"{_power(line.min())} at the least"
                for kind, line in depths[depth].items()
            )
            + "."
            for setting, depths in self._norms.items()
        )
        return drawing.beside(charts, list(self._norms)), said

    def _chart(self, setting: str, depth: int) -> Pillow.Image:
        lines = self._norms[setting][depth]
        # The same axis for all depths.
        every = [line for of in self._norms[setting].values() for line in of.values()]
        bottom = np.floor(min(line.min() for line in every))
        top = np.ceil(max(line.max() for line in every))
        return drawing.chart(
            {kind: (np.arange(1.0, len(line) + 1), line) for kind, line in lines.items()},
            self._SIZE,
            (0.0, float(max(len(line) for line in lines.values()))),
            (bottom, max(top, bottom + 1.0)),
            "layer, from image to scores",
            "log10 of the gradient's length",
        )


def _power(logarithm: float) -> str:
    number = 10.0**logarithm
    if not 1e-3 <= number < 1e4:
        return f"10^{logarithm:.1f}"
    return f"{number:.2g}" if number < 100.0 else f"{number:.0f}"


class FeatureMaps(Explorer):
    """What the channels behind a layer of a trained network say about a picture.

    Parameters
    ----------
    network : maps images to scores. It is called once, in evaluation mode, and is afterwards in
        the mode in which it was.
    layers : the layers that can be looked at, by name; their outputs are (N, C, H, W).
    images : (N, H, W, 3) uint8, the pictures as they are.
    inputs : (N, 3, H, W), the same as the network wants them.
    labels : (N,), their classes.
    class_names : what the labels mean.
    """

    _PHOTO = 192

    def __init__(
        self,
        network: "nn.Module",
        layers: Mapping[str, "nn.Module"],
        images: NDArray[np.uint8],
        inputs: "Tensor",
        labels: Labels,
        class_names: Sequence[str],
    ) -> None:
        self._maps, self._shares = _looked_at(network, layers, inputs)
        self._images, self._labels, self._names = images, labels, class_names
        layer = ipywidgets.Dropdown(
            options=list(layers),
            value=next(iter(layers)),
            description="behind",
            tooltip="The layer whose output is shown",
        )
        picture = ipywidgets.IntSlider(
            value=1,
            min=1,
            max=len(images),
            description="picture",
            tooltip="Which test picture the network looks at",
        )
        super().__init__(self._show, layer=layer, picture=picture)

    def _show(self, layer: str, picture: int) -> tuple[bytes, str]:
        maps = self._maps[layer][picture - 1]
        channels, height, width = maps.shape
        # One scale for all channels and pictures, so that dark ones are dark.
        top = float(self._maps[layer].max()) or 1.0
        side, columns = (96, 4) if channels <= 8 else (64, 8)
        rows = -(-channels // columns)
        step = side + 6
        mosaic = drawing.canvas(columns * step, rows * step)
        for number, one in enumerate(maps):
            times = max(1, side // width)
            shown = drawing.photo(np.sqrt(np.clip(one / top, 0.0, 1.0)), times)
            mosaic.paste(shown, (number % columns * step, number // columns * step))
        image = self._images[picture - 1] / 255.0
        photo = drawing.photo(image, drawing.zoom(image, self._PHOTO))
        shares = self._shares[picture - 1]
        answer, truth = int(shares.argmax()), int(self._labels[picture - 1])
        strongest = int(maps.mean(axis=(1, 2)).argmax())
        text = (
            f"Picture {picture} of {len(self._images)}, {self._names[truth]}: the network says "
            f"{self._names[answer]} ({shares[answer]:.0%}). Behind {layer}: {channels} channels "
            f"of {height} x {width}; {float((maps <= 0.0).mean()):.0%} of the numbers are 0; "
            f"channel {strongest + 1} is the strongest. Black is 0, white the largest number of "
            "all pictures, brightness the square root between them."
        )
        return drawing.beside([photo, mosaic], ["the picture", f"channels behind {layer}"]), text

    def _plain(self) -> str:
        # Not what the caption says: a network that was trained elsewhere says something else.
        return "a picture, and what the channels behind a layer of a trained network make of it"


def _looked_at(
    network: "nn.Module", layers: Mapping[str, "nn.Module"], inputs: "Tensor"
) -> tuple[dict[str, NDArray[np.float64]], NDArray[np.float64]]:
    """Return what comes out of layers, after a ReLU, and the probabilities of the classes."""
    import torch

    found: dict[str, NDArray[np.float64]] = {}

    def keep(name: str) -> Any:
        def hook(_: Any, __: Any, output: "Tensor") -> None:
            found[name] = output.clamp(min=0).double().cpu().numpy()

        return hook

    hooks = [layer.register_forward_hook(keep(name)) for name, layer in layers.items()]
    modes = [(layer, layer.training) for layer in network.modules()]
    network.eval()
    try:
        with torch.no_grad():
            shares = network(inputs).softmax(dim=1).double().cpu().numpy()
    finally:
        for hook in hooks:
            hook.remove()
        for layer, training in modes:
            layer.training = training
    return found, shares
