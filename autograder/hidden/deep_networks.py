"""Hidden tests of the notebook deep_networks.

Networks stay on the student's side. What they consist of, and the shapes of what they return, are
asked for on torch's device "meta", where nothing is stored; what they compute is asked of networks
with few channels, whose parameters are drawn here and loaded by name.

Oracles: torch's functions, called one after the other as the papers say.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor
from torch.nn import functional

from autograder.grading.student import (
    Counted,
    Function,
    Outlined,
    Remote,
    Student,
    StudentError,
)
from autograder.hidden import Wrong, close, hidden, holds, raises, replay, unchanged
from course_utils import rehearsal
from course_utils.wire import Named, Outline

# For networks this small, waiting for other threads takes torch twenty times as long.
torch.set_num_threads(1)

Shapes = dict[str, tuple[int, ...]]
"""Of all parameters and buffers, by name."""
State = dict[str, Tensor]


# --- Networks on the student's side ---------------------------------------------------------------

_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def _conv_shapes(
    name: str, inputs: int, outputs: int, size: int, *, groups: int = 1, bias: bool = True
) -> Shapes:
    shapes: Shapes = {f"{name}.weight": (outputs, inputs // groups, size, size)}
    return {**shapes, f"{name}.bias": (outputs,)} if bias else shapes


def _linear_shapes(name: str, inputs: int, outputs: int) -> Shapes:
    return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}


def _norm_shapes(name: str, channels: int) -> Shapes:
    lines = ("weight", "bias", "running_mean", "running_var")
    return {
        **{f"{name}.{line}": (channels,) for line in lines},
        f"{name}.num_batches_tracked": (),
    }


def _shapes(outline: Outlined) -> Shapes:
    return {name: part.shape for name, part in {**outline.parameters, **outline.buffers}.items()}


def _consists_of(outline: Outlined, shapes: Shapes) -> None:
    """Raise `Wrong` unless a network has these parameters and buffers and no others."""
    found = _shapes(outline)
    for name, shape in shapes.items():
        kind = "buffer" if name.endswith(_BUFFERS) else "parameter"
        holds(name in found, f"There is no {kind} {_said(name)}")
        holds(found[name] == shape, f"The {kind} {_said(name)} has another shape")
    holds(len(found) == len(shapes), "It has parameters or buffers beside those that are due")
    trained = set(outline.trained) == set(outline.parameters)
    holds(trained, "There are parameters that no gradient reaches: they are not trained")


def _said(name: str) -> str:
    """Return a parameter's name as one would write it: layers of a chain have numbers."""
    return re.sub(r"\.(\d+)(?=\.)", r"[\1]", name)


def _is_chain(outline: Outlined, names: Sequence[str]) -> None:
    """Raise `Wrong` unless a network consists of layers with these names in this order."""
    found = [name for name, _ in outline.layers]
    for number, name in enumerate(names):
        holds(found[number : number + 1] == [name], f"Layer {number + 1} is not called {name}")
    holds(len(found) == len(names), f"There are more layers than the {len(names)} that are due")


def _gives(network: Remote, shape: Sequence[int], due: Sequence[int]) -> None:
    """Raise `Wrong` unless a network on "meta" makes of images of a shape what it should."""
    found = network(Outline(tuple(shape)))
    holds(isinstance(found, Outline), "It returns no tensor")
    holds(found.shape == tuple(due), "The shape of what it returns is wrong")


def _drawn(rng: Generator, shapes: Shapes, gains: Mapping[str, float] | None = None) -> State:
    """Draw a state with which numbers keep their size from layer to layer.

    `gains` are factors of the weights of some layers.
    """
    state: State = {}
    for name, shape in shapes.items():
        layer, _, kind = name.rpartition(".")
        if kind == "num_batches_tracked":
            values: Any = 0
        elif kind == "running_var" or (kind == "weight" and len(shape) == 1):
            values = rng.uniform(0.5, 1.5, shape)
        elif kind == "weight":
            gain = (gains or {}).get(layer, 1.0)
            values = rng.normal(0.0, gain * math.sqrt(2.0 / math.prod(shape[1:])), shape)
        else:
            values = rng.normal(0.0, 0.3, shape)
        dtype = torch.int64 if kind == "num_batches_tracked" else torch.float32
        state[name] = torch.as_tensor(values, dtype=dtype)
    return state


def _loaded(network: Remote, state: State, *, training: bool = False) -> Remote:
    """Load a state into a network, after making sure that it has the parameters for it."""
    _consists_of(network.outline(), {name: tuple(value.shape) for name, value in state.items()})
    # A copy: what is computed with the state here changes its averages.
    network.load({name: value.clone() for name, value in state.items()})
    (network.train if training else network.eval).carry_out()
    return network


def _images(rng: Generator, *shape: int, mean: float = 0.0) -> Tensor:
    return torch.as_tensor(rng.normal(mean, 1.0, shape), dtype=torch.float32)


def _alike(got: Any, due: Tensor) -> None:
    """Raise `Wrong` unless a tensor is as due, as far as single precision goes."""
    close(got, due, rtol=3e-4, atol=3e-4 * float(due.abs().max()))


def _gradients_reach(
    network: Remote, X: Tensor, names: Sequence[str], compute: Callable[[Tensor, State], Tensor],
    state: State, rng: Generator,
) -> None:  # fmt: skip
    """Raise `Wrong` unless the derivatives by X and by some parameters are right.

    The call is not recorded: what a known mistake would do cannot be asked in it.
    """
    leaves = {name: state[name].clone().requires_grad_() for name in names}
    count = len(network.student.calls)
    try:
        _differentiated(
            network.student, network, X, lambda X: compute(X, {**state, **leaves}), leaves, rng
        )
    finally:
        del network.student.calls[count:]


def _differentiated(
    student: Student, compute: Any, X: Tensor, due: Callable[[Tensor], Tensor], leaves: State,
    rng: Generator,
) -> None:  # fmt: skip
    """Raise `Wrong` unless derivatives by X and `leaves` of something of the student's are right.

    `compute` is a network, or names a function.
    """
    leaf = X.clone().requires_grad_()
    outputs = due(leaf)
    slopes = torch.as_tensor(rng.normal(size=outputs.shape), dtype=X.dtype)
    expected = torch.autograd.grad(outputs, [leaf, *leaves.values()], slopes)
    found = student.using("rehearsal.gradients")(compute, X, slopes, list(leaves))
    for name, slope in zip(("X", *leaves), expected, strict=True):
        holds(isinstance(found[name], Tensor), f"No gradient reaches {_said(name)}")
        _alike(found[name], slope)


def _in_double(
    network: Remote, X: Tensor, state: State, compute: Callable[[Tensor, State], Tensor]
) -> None:
    """Raise `Wrong` unless a network that is made float64 computes in float64."""
    network.double.carry_out()
    exact = {name: value.double() for name, value in state.items()}
    found = network(X.double())
    holds(isinstance(found, Tensor), "It returns no tensor")
    holds(found.dtype == torch.float64, "Of float64 it makes another dtype")
    close(found, compute(X.double(), exact), rtol=1e-9, atol=1e-9 * float(found.abs().max()))


# --- What torch computes --------------------------------------------------------------------------


def _conv(X: Tensor, state: State, name: str, **how: Any) -> Tensor:
    bias = state.get(f"{name}.bias")
    return functional.conv2d(X, state[f"{name}.weight"], bias, **how)


def _linear(X: Tensor, state: State, name: str) -> Tensor:
    return functional.linear(X, state[f"{name}.weight"], state[f"{name}.bias"])


def _batch_norm(X: Tensor, state: State, name: str, training: bool = False) -> Tensor:
    """Return what batch normalisation makes of X; in training it updates the averages in place."""
    weight, bias, mean, var = (
        state[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
    )
    return functional.batch_norm(X, mean, var, weight, bias, training, 0.1, 1e-5)


def _at(state: State, prefix: str) -> State:
    """Return the part of a state that belongs to a layer. It shares memory with the whole."""
    return {n.removeprefix(prefix): v for n, v in state.items() if n.startswith(prefix)}


# --- local_response_norm --------------------------------------------------------------------------


def _normed(X: Tensor, n: int, k: float, alpha: float, beta: float) -> Tensor:
    return functional.local_response_norm(X, n, alpha * n, beta, k)


def _activations(rng: Generator, *shape: int) -> Tensor:
    """Draw activations so large that the sum of squares counts beside k."""
    return torch.as_tensor(rng.normal(0.0, 60.0, shape), dtype=torch.float32)


@hidden("local_response_norm", points=1.5, says="the paper's constants, activations of AlexNet")
def papers_constants(student: Student, rng: Generator) -> None:
    for shape in ((2, 16, 5, 7), (1, 9, 3, 4), (3, 5, 1, 1)):
        X = _activations(rng, *shape)
        _alike(unchanged(student.local_response_norm, X), _normed(X, 5, 2.0, 1e-4, 0.75))


@hidden("local_response_norm", points=1, says="other windows, k, alpha and beta")
def other_constants(student: Student, rng: Generator) -> None:
    for n in (3, 1, 7, 5):
        X = _images(rng, 2, 10, 4, 3)
        k, alpha, beta = (float(rng.uniform(*ends)) for ends in ((0.5, 3), (0.1, 0.5), (0.3, 1.5)))
        due = _normed(X, n, k, alpha, beta)
        _alike(unchanged(student.local_response_norm, X, n, k, alpha, beta), due)
    # A divisor far below 1.
    X = _images(rng, 2, 6, 3, 4)
    _alike(student.local_response_norm(X, 3, 0.02, 0.001, 0.75), _normed(X, 3, 0.02, 0.001, 0.75))


@hidden("local_response_norm", points=1, says="windows wider than all channels; the dtype of X")
def wide_windows(student: Student, rng: Generator) -> None:
    for channels, n in ((3, 5), (1, 3), (4, 9), (2, 7)):
        X = _images(rng, 2, channels, 3, 5).double()
        found = unchanged(student.local_response_norm, X, n, 1.0, 0.3, 0.6)
        due = _normed(X, n, 1.0, 0.3, 0.6)
        if isinstance(found, Tensor):
            holds(found.dtype == X.dtype, "What it returns has another dtype than X")
        close(found, due, rtol=1e-9, atol=1e-9)
    # Not all that is right can be computed in half precision on a CPU.
    found = student.local_response_norm(Outline((2, 6, 3, 4), "float16"))
    is_half = isinstance(found, Outline) and found.dtype == "float16"
    holds(is_half, "What it returns has another dtype than X")


@hidden("local_response_norm", points=0.5, says="the gradient by X")
def gradient_of_norm(student: Student, rng: Generator) -> None:
    named = Named("local_response_norm")
    for shape in ((2, 7, 3, 4), (1, 3, 2, 2)):
        X = _activations(rng, *shape)
        _differentiated(student, named, X, lambda X: _normed(X, 5, 2.0, 1e-4, 0.75), {}, rng)


# --- alexnet --------------------------------------------------------------------------------------

_ALEXNET_LAYERS = (
    *("conv1", "relu1", "norm1", "pool1", "conv2", "relu2", "norm2", "pool2"),
    *("conv3", "relu3", "conv4", "relu4", "conv5", "relu5", "pool5"),
    *("flatten", "drop6", "fc6", "relu6", "drop7", "fc7", "relu7", "fc8"),
)


def _alexnet_shapes(num_classes: int, shrink: int = 1) -> Shapes:
    one, two, three, four, five, full = (w // shrink for w in (96, 256, 384, 384, 256, 4096))
    return {
        **_conv_shapes("conv1", 3, one, 11),
        **_conv_shapes("conv2", one, two, 5, groups=2),
        **_conv_shapes("conv3", two, three, 3),
        **_conv_shapes("conv4", three, four, 3, groups=2),
        **_conv_shapes("conv5", four, five, 3, groups=2),
        **_linear_shapes("fc6", 36 * five, full),
        **_linear_shapes("fc7", full, full),
        **_linear_shapes("fc8", full, num_classes),
    }


def _alexnet(X: Tensor, state: State) -> Tensor:
    """Return the scores; in evaluation, where nothing is dropped."""
    for name, how in (
        ("conv1", {"stride": 4, "padding": 2}),
        ("conv2", {"padding": 2, "groups": 2}),
        ("conv3", {"padding": 1}),
        ("conv4", {"padding": 1, "groups": 2}),
        ("conv5", {"padding": 1, "groups": 2}),
    ):
        X = functional.relu(_conv(X, state, name, **how))
        if name in ("conv1", "conv2"):
            X = _normed(X, 5, 2.0, 1e-4, 0.75)
        if name in ("conv1", "conv2", "conv5"):
            X = functional.max_pool2d(X, 3, 2)
    X = X.flatten(1)
    for name in ("fc6", "fc7"):
        X = functional.relu(_linear(X, state, name))
    return _linear(X, state, "fc8")


# So large that the norms do something.
_LOUD = {"conv1": 40.0, "conv2": 3.0}


def _drops_half(network: Remote, name: str) -> None:
    """Raise `Wrong` unless a layer sets half of what comes in to 0, and that in training alone."""
    layer = network.get_submodule.make(name)
    ones = torch.ones(1, 100_000)
    layer.train.carry_out()
    found = layer(ones)
    holds(isinstance(found, Tensor) and found.shape == ones.shape, f"{name} is no dropout")
    # 100,000 coins: fewer than 48,750 or more than 51,250 heads come once in 10^14 throws.
    is_half = 48_750 < int((found == 0.0).sum()) < 51_250
    holds(is_half, f"{name} does not drop half of what comes in")
    close(found[found != 0.0], torch.full_like(found[found != 0.0], 2.0))
    layer.eval.carry_out()
    close(layer(ones), ones)


@hidden("alexnet", points=1, says="the layers of AlexNet, their parameters, and its dropouts")
def alexnet_layers(student: Student, rng: Generator) -> None:
    for num_classes, shrink in ((1000, 1), (int(rng.integers(11, 99)), 2), (7, 16)):
        network = student.on("meta").alexnet.make(num_classes, shrink)
        outline = network.outline()
        _is_chain(outline, _ALEXNET_LAYERS)
        _consists_of(outline, _alexnet_shapes(num_classes, shrink))
        _gives(network, (2, 3, 224, 224), (2, num_classes))
    network = student.alexnet.make(10, shrink=16)
    for name in ("drop6", "drop7"):
        _drops_half(network, name)


@hidden("alexnet", points=1.5, says="the scores of AlexNet with few channels and given parameters")
def alexnet_scores(student: Student, rng: Generator) -> None:
    for shrink in (16, 8):
        num_classes = int(rng.integers(11, 30))
        state = _drawn(rng, _alexnet_shapes(num_classes, shrink), _LOUD)
        network = _loaded(student.alexnet.make(num_classes, shrink=shrink), state)
        X = _images(rng, 2, 3, 224, 224)
        _alike(unchanged(Function(student, "__call__", network.handle, network.history), X),
               _alexnet(X, state))  # fmt: skip


_CHAINS: tuple[tuple[tuple[int, int, int], list[rehearsal.Layer]], ...] = (
    (
        (3, 21, 17),
        [
            ("conv1", "Conv2d", (3, 8, 5), {"stride": 2}),
            ("act", "ReLU", (), {}),
            ("pool", "MaxPool2d", (2,), {}),
            ("conv2", "Conv2d", (8, 6, 3), {"padding": 1, "groups": 2, "bias": False}),
            ("flat", "Flatten", (), {}),
            ("scores", "Linear", (6 * 4 * 3, 5), {}),
        ],
    ),
    ((4, 6, 9), [("only", "Conv2d", (4, 2, 1), {})]),
    (
        (2, 6, 7),
        [
            ("first", "Conv2d", (2, 4, 3), {}),
            (
                "block",
                "Sequential",
                (),
                {
                    "layers": [
                        ("conv", "Conv2d", (4, 5, 2), {}),
                        ("norm", "BatchNorm2d", (5,), {}),
                    ]
                },
            ),
            ("flat", "Flatten", (), {}),
        ],
    ),
    (
        (2, 5, 8),
        [
            ("norm", "LocalResponseNorm", (3,), {}),
            ("first", "Conv2d", (2, 7, 3), {}),
            ("slope", "PReLU", (7,), {}),
            ("mean", "AdaptiveAvgPool2d", (1,), {}),
            ("flat", "Flatten", (), {}),
        ],
    ),
)


@hidden("alexnet", points=1.5, says="layer_table: names, shapes and parameters of other networks")
def tables(student: Student, rng: Generator) -> None:
    for shape, layers in _CHAINS:
        due, X = [], torch.zeros(1, *shape)
        for name, layer in rehearsal.chain(layers).named_children():
            X = layer(X)
            count = sum(math.prod(part.shape) for part in layer.parameters())
            due.append((name, tuple(X.shape)[1:], count))
        for device in ("meta", "cpu"):
            named = Named("layer_table")
            close(student.using("rehearsal.table")(named, layers, shape, device), due)


@replay("alexnet")
def printed(alexnet: Any, layer_table: Any) -> None:
    import torch

    network = alexnet(5, shrink=16).eval()
    for name, shape, count in layer_table(network, (3, 224, 224)):
        print(name, tuple(shape), count)
    # Waves of so many lengths that no two parameters are alike.
    for number, parameter in enumerate(network.parameters()):
        wave = torch.cos(torch.arange(float(parameter.numel())) * (1.3 + number))
        parameter.data = wave.reshape(parameter.shape) * (8.0 / parameter.shape[-1])
    image = torch.sin(torch.arange(3.0 * 224 * 224) * 0.37).reshape(1, 3, 224, 224)
    with torch.no_grad():
        scores = network(image)[0]
    print(*(f"{float(score):.2g}" for score in scores))


# --- vgg19 ----------------------------------------------------------------------------------------

_STAGES = ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))


def _vgg_convs(shrink: int = 1) -> list[tuple[str, int, int]]:
    """Return name, inputs and outputs of the sixteen convolution layers."""
    convs, inputs = [], 3
    for stage, (kernels, count) in enumerate(_STAGES):
        for layer in range(count):
            convs.append((f"conv{stage + 1}_{layer + 1}", inputs, kernels // shrink))
            inputs = kernels // shrink
    return convs


def _vgg_shapes(num_classes: int, shrink: int = 1) -> Shapes:
    full, last = 4096 // shrink, 512 // shrink
    shapes: Shapes = {}
    for name, inputs, outputs in _vgg_convs(shrink):
        shapes.update(_conv_shapes(name, inputs, outputs, 3))
    return {
        **shapes,
        **_linear_shapes("fc6", 49 * last, full),
        **_linear_shapes("fc7", full, full),
        **_linear_shapes("fc8", full, num_classes),
    }


def _vgg_layers() -> list[str]:
    names = []
    for stage, (_, count) in enumerate(_STAGES, 1):
        for layer in range(1, count + 1):
            names += [f"conv{stage}_{layer}", f"relu{stage}_{layer}"]
        names.append(f"pool{stage}")
    return [*names, "flatten", "fc6", "relu6", "drop6", "fc7", "relu7", "drop7", "fc8"]


def _vgg(X: Tensor, state: State) -> Tensor:
    last = {f"conv{stage}_{count}" for stage, (_, count) in enumerate(_STAGES, 1)}
    for name, _, _ in _vgg_convs():
        X = functional.relu(_conv(X, state, name, padding=1))
        if name in last:
            X = functional.max_pool2d(X, 2, 2)
    X = X.flatten(1)
    for name in ("fc6", "fc7"):
        X = functional.relu(_linear(X, state, name))
    return _linear(X, state, "fc8")


@hidden("vgg19", points=1.5, says="the layers of VGG-19, their parameters, and its dropouts")
def vgg_layers(student: Student, rng: Generator) -> None:
    # One number of scores that could be divided as well.
    for num_classes, shrink in ((1000, 1), (4 * int(rng.integers(11, 99)), 4), (7, 64)):
        network = student.on("meta").vgg19.make(num_classes, shrink)
        outline = network.outline()
        _is_chain(outline, _vgg_layers())
        _consists_of(outline, _vgg_shapes(num_classes, shrink))
        _gives(network, (2, 3, 224, 224), (2, num_classes))
    network = student.vgg19.make(10, shrink=64)
    for name in ("drop6", "drop7"):
        _drops_half(network, name)


@hidden("vgg19", points=2.5, says="the scores of VGG-19 with few channels and given parameters")
def vgg_scores(student: Student, rng: Generator) -> None:
    for shrink in (32, 16):
        num_classes = int(rng.integers(11, 30))
        state = _drawn(rng, _vgg_shapes(num_classes, shrink))
        network = _loaded(student.vgg19.make(num_classes, shrink=shrink), state)
        # Another one, of the same sizes, has parameters of its own.
        other = _drawn(rng, _vgg_shapes(num_classes, shrink))
        _loaded(student.vgg19.make(num_classes, shrink=shrink), other)
        X = _images(rng, 1, 3, 224, 224)
        _alike(network(X), _vgg(X, state))


# --- inception_block ------------------------------------------------------------------------------

Widths = tuple[int, int, int, int, int, int, int]
"""What an inception block is made with."""


def _inception_shapes(widths: Widths) -> Shapes:
    inputs, ones, reduce3, threes, reduce5, fives, project = widths
    return {
        **_conv_shapes("one", inputs, ones, 1),
        **_conv_shapes("reduce3", inputs, reduce3, 1),
        **_conv_shapes("three", reduce3, threes, 3),
        **_conv_shapes("reduce5", inputs, reduce5, 1),
        **_conv_shapes("five", reduce5, fives, 5),
        **_conv_shapes("project", inputs, project, 1),
    }


def _inception(X: Tensor, state: State) -> Tensor:
    def layer(name: str, X: Tensor, padding: int = 0) -> Tensor:
        return functional.relu(_conv(X, state, name, padding=padding))

    return torch.cat(
        [
            layer("one", X),
            layer("three", layer("reduce3", X), 1),
            layer("five", layer("reduce5", X), 2),
            layer("project", functional.max_pool2d(X, 3, 1, 1)),
        ],
        dim=1,
    )


def _widths(rng: Generator) -> Widths:
    """Draw seven different widths: none is taken for another."""
    return tuple(int(width) for width in 2 + rng.permutation(8)[:7])  # type: ignore[return-value]


@hidden("inception_block", points=1, says="the layers of the block, their names and parameters")
def inception_layers(student: Student, rng: Generator) -> None:
    for widths in (
        (192, 64, 96, 128, 16, 32, 32),
        (832, 384, 192, 384, 48, 128, 128),
        (9, 2, 4, 3, 4, 5, 6),
        _widths(rng),
    ):
        block = student.on("meta").InceptionBlock.make(*widths)
        _consists_of(block.outline(), _inception_shapes(widths))
        outputs = widths[1] + widths[3] + widths[5] + widths[6]
        _gives(block, (2, widths[0], 28, 14), (2, outputs, 28, 14))


def _inception_alike(
    student: Student,
    rng: Generator,
    shape: tuple[int, int, int],
    mean: float,
    widths: Widths | None = None,
) -> None:
    widths = widths or _widths(rng)
    state = _drawn(rng, _inception_shapes(widths))
    block = _loaded(student.InceptionBlock.make(*widths), state)
    batch, *sides = shape
    X = _images(rng, batch, widths[0], *sides, mean=mean)
    _alike(unchanged(Function(student, "__call__", block.handle, block.history), X),
           _inception(X, state))  # fmt: skip
    _gradients_reach(block, X, ["one.weight", "reduce3.weight", "five.bias", "project.weight"],
                     _inception, state, rng)  # fmt: skip
    _in_double(block, X, state, _inception)


@hidden("inception_block", points=3.5, says="what comes out, with given parameters")
def inception_outputs(student: Student, rng: Generator) -> None:
    for shape in ((2, 9, 6), (3, 5, 8)):
        _inception_alike(student, rng, shape, mean=0.5)
    # Two layers of the same sizes are two layers.
    _inception_alike(student, rng, (2, 4, 5), 0.5, (6, 2, 4, 3, 4, 5, 2))


@hidden("inception_block", points=1.5, says="images with values below 0 alone; a single place")
def inception_of_negatives(student: Student, rng: Generator) -> None:
    for shape in ((2, 4, 7), (1, 1, 1), (1, 1, 5)):
        _inception_alike(student, rng, shape, mean=-6.0)
    _inception_alike(student, rng, (2, 5, 4), mean=-600.0)


# --- residual_blocks ------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Block:
    """A block, and what is due of it."""

    kind: str
    inputs: int
    outputs: int
    stride: int = 1
    shortcut: str = ""

    @property
    def arguments(self) -> tuple[Any, ...]:
        """What it is made with."""
        more = (self.shortcut,) if self.shortcut else ()
        return (self.inputs, self.outputs, self.stride, *more)

    @property
    def projects(self) -> bool:
        """Whether its shortcut has parameters."""
        return self.shortcut == "B" and (self.stride != 1 or self.inputs != self.outputs)

    @property
    def shapes(self) -> Shapes:
        """Of its parameters and buffers."""
        shapes = {
            **_conv_shapes("conv1", self.inputs, self.outputs, 3, bias=False),
            **_norm_shapes("bn1", self.outputs),
            **_conv_shapes("conv2", self.outputs, self.outputs, 3, bias=False),
            **_norm_shapes("bn2", self.outputs),
        }
        if self.projects:
            shapes |= _conv_shapes("projection.0", self.inputs, self.outputs, 1, bias=False)
            shapes |= _norm_shapes("projection.1", self.outputs)
        return shapes

    def of(self, X: Tensor, state: State, *, training: bool = False) -> Tensor:
        """Return what it makes of X; in training the state's averages are updated in place."""
        Y = _conv(X, state, "conv1", stride=self.stride, padding=1)
        Y = functional.relu(_batch_norm(Y, state, "bn1", training))
        Y = _batch_norm(_conv(Y, state, "conv2", padding=1), state, "bn2", training)
        if self.kind == "ResidualBlock":
            Y = Y + self._carried(X, state, training)
        return functional.relu(Y)

    def _carried(self, X: Tensor, state: State, training: bool) -> Tensor:
        if self.projects:
            X = _conv(X, state, "projection.0", stride=self.stride)
            return _batch_norm(X, state, "projection.1", training)
        X = X[:, :, :: self.stride, :: self.stride]
        carried = X.new_zeros(X.shape[0], self.outputs, *X.shape[2:])
        most = min(self.inputs, self.outputs)
        carried[:, :most] = X[:, :most]
        return carried


def _block_alike(
    student: Student,
    rng: Generator,
    block: _Block,
    *,
    training: bool = False,
    shapes: Sequence[tuple[int, int, int]] = ((3, 7, 6), (2, 4, 5)),
) -> None:
    state = _drawn(rng, block.shapes)
    made = _loaded(getattr(student, block.kind).make(*block.arguments), state, training=training)
    for shape in shapes:
        batch, *sides = shape
        X = _images(rng, batch, block.inputs, *sides, mean=0.2)
        call = Function(student, "__call__", made.handle, made.history)
        _alike(unchanged(call, X), block.of(X, state, training=training))
    if training:
        _averages_alike(made, state)
    else:
        names = ["conv1.weight", "bn2.bias", *(["projection.0.weight"] if block.projects else [])]
        _gradients_reach(made, X, names, block.of, state, rng)


def _averages_alike(network: Remote, state: State) -> None:
    for name, value in state.items():
        if name.endswith(_BUFFERS[:2]):
            _alike(network.get_buffer(name), value)


@hidden("residual_blocks", points=0.5, says="PlainBlock: its layers, their names and parameters")
def plain_layers(student: Student, rng: Generator) -> None:
    for block in (_Block("PlainBlock", 16, 32, 2), _Block("PlainBlock", 64, 64)):
        made = student.on("meta").PlainBlock.make(*block.arguments)
        _consists_of(made.outline(), block.shapes)
        side = 14 // block.stride
        _gives(made, (2, block.inputs, 14, 14), (2, block.outputs, side, side))


@hidden("residual_blocks", points=1.5, says="PlainBlock: what comes out, with given parameters")
def plain_outputs(student: Student, rng: Generator) -> None:
    for widths in ((3, 3, 1), (3, 5, 2), (4, 2, 1), (2, 3, 3)):
        _block_alike(student, rng, _Block("PlainBlock", *widths))


@hidden("residual_blocks", points=1, says="both blocks in training: the batch is normalised")
def blocks_in_training(student: Student, rng: Generator) -> None:
    _block_alike(student, rng, _Block("PlainBlock", 3, 4, 2), training=True)
    _block_alike(student, rng, _Block("ResidualBlock", 3, 3), training=True)
    _block_alike(student, rng, _Block("ResidualBlock", 3, 4, 2, "B"), training=True)


@hidden("residual_blocks", points=1.5, says="ResidualBlock: the shortcut that hands on X itself")
def identities(student: Student, rng: Generator) -> None:
    for shortcut in ("", "A", "B"):
        _block_alike(student, rng, _Block("ResidualBlock", 4, 4, 1, shortcut))


@hidden("residual_blocks", points=1.5, says="ResidualBlock: shortcuts of option A")
def padded_shortcuts(student: Student, rng: Generator) -> None:
    for widths in ((3, 6, 2), (4, 5, 1), (3, 3, 2), (2, 7, 3), (5, 3, 2), (4, 2, 1)):
        _block_alike(student, rng, _Block("ResidualBlock", *widths, "A"))
    _block_alike(student, rng, _Block("ResidualBlock", 2, 5, 2))
    made = student.on("meta").ResidualBlock.make(16, 32, 2, "A")
    _gives(made, (2, 16, 14, 14), (2, 32, 7, 7))
    made.bfloat16.carry_out()
    found = made(Outline((2, 16, 14, 14), "bfloat16"))
    is_half = isinstance(found, Outline) and found.dtype == "bfloat16"
    holds(is_half, "What it returns has another dtype than X")


@hidden("residual_blocks", points=1.5, says="ResidualBlock: shortcuts of option B")
def projected_shortcuts(student: Student, rng: Generator) -> None:
    for widths in ((3, 6, 2), (4, 5, 1), (3, 3, 2), (2, 4, 3), (5, 3, 1)):
        _block_alike(student, rng, _Block("ResidualBlock", *widths, "B"))
    # Of a single place nothing shows the stride, and the projection is there all the same.
    single = _Block("ResidualBlock", 3, 3, 2, "B")
    _block_alike(student, rng, single, shapes=((3, 1, 1),))


@hidden("residual_blocks", points=0.5, says="ResidualBlock: a shortcut that is neither A nor B")
def other_shortcuts(student: Student, rng: Generator) -> None:
    student.ResidualBlock.make(3, 4, 2, "A")
    for shortcut in ("C", "a", "", "AB"):
        raises("ValueError", student.ResidualBlock.carry_out, 3, 4, 2, shortcut)
        raises("ValueError", student.ResidualBlock.carry_out, 3, 3, 1, shortcut)


# --- cifar_resnet ---------------------------------------------------------------------------------

Places = list[tuple[str, int, int, int]]
"""Of all blocks of a network: the beginning of their parameters' names, inputs, outputs, stride."""


@dataclass(frozen=True)
class _Net:
    """A network for small images, and what is due of it."""

    n: int
    num_classes: int = 10
    width: int = 16

    @property
    def places(self) -> Places:
        """Where its blocks are."""
        places, inputs = [], self.width
        for stage in range(3):
            outputs = self.width * 2**stage
            for number in range(self.n):
                stride = 2 if stage > 0 and number == 0 else 1
                places.append((f"stage{stage + 1}.{number}.", inputs, outputs, stride))
                inputs = outputs
        return places

    def shapes(self, block: Callable[[int, int, int], Shapes]) -> Shapes:
        """Return the shapes of its parameters and buffers, given those of a block."""
        shapes = {
            **_conv_shapes("conv", 3, self.width, 3, bias=False),
            **_norm_shapes("bn", self.width),
        }
        for prefix, *widths in self.places:
            shapes |= {f"{prefix}{name}": shape for name, shape in block(*widths).items()}
        return shapes | _linear_shapes("fc", 4 * self.width, self.num_classes)

    def of(
        self, X: Tensor, state: State, block: Callable[[int, Tensor], Tensor], training: bool
    ) -> Tensor:
        """Return the scores, given what the block of a number makes of its inputs."""
        X = functional.relu(_batch_norm(_conv(X, state, "conv", padding=1), state, "bn", training))
        for number in range(len(self.places)):
            X = block(number, X)
        return _linear(functional.adaptive_avg_pool2d(X, 1).flatten(1), state, "fc")

    def make(self, student: Student, block: Named) -> Remote:
        """Make the student's."""
        if self.width == 16 and self.num_classes == 10:
            return student.CifarResNet.make(self.n, block)
        return student.CifarResNet.make(self.n, block, self.num_classes, width=self.width)


_CONVOLUTION = Named("course_utils.rehearsal.block")


def _of_convolutions(net: _Net) -> Shapes:
    def shapes(inputs: int, outputs: int, _: int) -> Shapes:
        return {"weight": (outputs, inputs, 3, 3), "bias": (outputs,)}

    return net.shapes(shapes)


def _convolved(net: _Net, training: bool = False) -> Callable[[Tensor, State], Tensor]:
    """Return what computes the scores of a network whose blocks are convolutions."""

    def scores(X: Tensor, state: State) -> Tensor:
        def block(number: int, X: Tensor) -> Tensor:
            prefix, _, _, stride = net.places[number]
            return _conv(X, state, prefix.rstrip("."), stride=stride, padding=1)

        return net.of(X, state, block, training)

    return scores


@hidden("cifar_resnet", points=1, says="the layers of the network, with blocks that we have made")
def net_layers(student: Student, rng: Generator) -> None:
    for net in (_Net(3), _Net(1), _Net(2, int(rng.integers(11, 99)), 6), _Net(1, 5, 20)):
        made = net.make(student.on("meta"), _CONVOLUTION)
        outline = made.outline()
        _consists_of(outline, _of_convolutions(net))
        _gives(made, (2, 3, 32, 32), (2, net.num_classes))


def _net_alike(student: Student, rng: Generator, net: _Net, *, training: bool = False) -> None:
    state = _drawn(rng, _of_convolutions(net))
    made = _loaded(net.make(student, _CONVOLUTION), state, training=training)
    for batch, *sides in ((3, 12, 12), (1, 9, 14)):
        X = _images(rng, batch, 3, *sides)
        call = Function(student, "__call__", made.handle, made.history)
        _alike(unchanged(call, X), _convolved(net, training)(X, state))
    if training:
        _averages_alike(made, state)
    else:
        names = ["conv.weight", "bn.weight", "stage2.0.weight", "fc.bias"]
        _gradients_reach(made, X, names, _convolved(net), state, rng)
        _in_double(made, X, state, _convolved(net))


@hidden("cifar_resnet", points=2, says="the scores, with blocks that we have made")
def net_scores(student: Student, rng: Generator) -> None:
    for net in (_Net(3, 4, 2), _Net(1, 10, 4), _Net(2, 7, 3)):
        _net_alike(student, rng, net)


@hidden("cifar_resnet", points=1, says="the scores in training, with blocks that we have made")
def net_in_training(student: Student, rng: Generator) -> None:
    for net in (_Net(3, 7, 2), _Net(1, 5, 4)):
        _net_alike(student, rng, net, training=True)


@dataclass(frozen=True)
class _Own:
    """The student's own blocks of a kind, and networks of them."""

    student: Student
    kind: str
    shortcut: str

    @property
    def keywords(self) -> dict[str, str]:
        """What is said beside the numbers of channels and the stride."""
        return {"shortcut": self.shortcut} if self.shortcut == "B" else {}

    def due(self, *widths: int) -> _Block:
        """Return what is due of a block."""
        inputs, outputs, stride = widths
        return _Block(self.kind, inputs, outputs, stride, self.shortcut)

    def make(self, *widths: int, device: str = "") -> Remote:
        """Make a block."""
        maker = getattr(self.student.on(device), self.kind)
        return maker.make(*widths, **self.keywords)  # type: ignore[no-any-return]

    def shapes(self, *widths: int) -> Shapes:
        """Return the shapes of what a block consists of, whatever that is."""
        return _shapes(self.make(*widths, device="meta").outline())

    def network(self, net: _Net, device: str = "") -> Remote:
        """Make a network of such blocks."""
        return net.make(self.student.on(device), Named(self.kind, self.keywords))


_KINDS = (("PlainBlock", ""), ("ResidualBlock", "A"), ("ResidualBlock", "B"))


def _right_or_follows(
    student: Student, compare: Callable[[], None], compare_with_own: Callable[[], None]
) -> None:
    """Compare a network with what is due, or else with what is due given the student's own blocks.

    If these do not even work, `compare_with_own` finds nothing to compare with.
    """
    count = len(student.calls)
    try:
        compare()
    except (Wrong, StudentError):
        calls = student.calls[count:]
        try:
            compare_with_own()
        except (Wrong, StudentError):
            # A mistake of the network is recognised by what it does with blocks that are right.
            student.calls[count:] = calls
        else:
            del student.calls[count:]
            return
        raise


@hidden("cifar_resnet", points=1, says="networks of 20 to 110 layers with your own blocks")
def depths(student: Student, rng: Generator) -> None:
    _net_alike(student, rng, _Net(3, 3, 2))
    for kind, shortcut in _KINDS:
        own = _Own(student, kind, shortcut)
        # The depths of table 6; one is enough of the others.
        for n in (3, 5, 7, 9, 18) if shortcut == "A" else (3,):
            _right_or_follows(
                student, partial(_deep, own, _Net(n)), partial(_deep_of_own, own, _Net(n))
            )


def _deep(own: _Own, net: _Net) -> None:
    made = own.network(net, "meta")
    _consists_of(made.outline(), net.shapes(lambda *widths: own.due(*widths).shapes))
    _gives(made, (2, 3, 32, 32), (2, 10))


def _deep_of_own(own: _Own, net: _Net) -> None:
    try:
        shapes = net.shapes(own.shapes)
    except StudentError:
        return
    _consists_of(own.network(net, "meta").outline(), shapes)


@hidden("cifar_resnet", points=1, says="the scores with your own blocks")
def own_blocks(student: Student, rng: Generator) -> None:
    _net_alike(student, rng, _Net(3, 3, 2))
    for kind, shortcut in _KINDS:
        own = _Own(student, kind, shortcut)
        net, X, number = _Net(3, 5, 2), _images(rng, 2, 3, 12, 9), int(rng.integers(2**31))
        _right_or_follows(
            student,
            partial(_scores, own, net, X, number),
            partial(_scores_of_own, own, net, X, number),
        )


def _scores(own: _Own, net: _Net, X: Tensor, number: int) -> None:
    shapes = net.shapes(lambda *widths: own.due(*widths).shapes)
    state = _drawn(np.random.default_rng(number), shapes)
    made = _loaded(own.network(net), state)

    def block(number: int, X: Tensor) -> Tensor:
        prefix, *widths = net.places[number]
        return own.due(*widths).of(X, _at(state, prefix))

    _alike(made(X), net.of(X, state, block, training=False))


_MOST_OF_OWN = 10**6
"""Numbers that are drawn for blocks of a student's own making."""


def _scores_of_own(own: _Own, net: _Net, X: Tensor, number: int) -> None:
    try:
        shapes = net.shapes(own.shapes)
        holds(sum(map(math.prod, shapes.values())) <= _MOST_OF_OWN, "The blocks are too large")
        state = _drawn(np.random.default_rng(number), shapes)
        blocks = [own.make(*widths) for _, *widths in net.places]
        for block, (prefix, *_) in zip(blocks, net.places, strict=True):
            block.load(_at(state, prefix))
            block.eval.carry_out()
        due = net.of(X, state, lambda number, X: blocks[number](X), training=False)
    except StudentError:
        return
    _alike(_loaded(own.network(net), state)(X), due)


# --- train_epoch ----------------------------------------------------------------------------------

Arrays = tuple[Any, Any]
"""Images (B, 2, H, W) and labels (B,), from 0 to 2."""


def _network_shapes() -> Shapes:
    return {
        **_conv_shapes("conv", 2, 4, 3),
        **_norm_shapes("bn", 4),
        **_linear_shapes("fc", 4, 3),
    }


@dataclass(frozen=True)
class _Epoch:
    """Some batches, a network and an optimizer; and what is due of an epoch of training."""

    batches: list[Arrays]
    weights: State
    learning_rate: float
    momentum: float

    def asked(self, student: Student, **options: Any) -> dict[str, Any]:
        """Let the student's function train, and return what came of it."""
        return student.using("rehearsal.epoch")(  # type: ignore[no-any-return]
            Named("train_epoch"),
            self.batches,
            weights={name: value.numpy() for name, value in self.weights.items()},
            learning_rate=self.learning_rate,
            momentum=self.momentum,
            **options,
        )

    def due(self, half: bool = False) -> tuple[float, dict[str, Any]]:
        """Return the mean loss and the weights after the epoch."""
        state = {name: value.clone() for name, value in self.weights.items()}
        trained = [name for name in state if not name.endswith(_BUFFERS)]
        moving = {name: torch.zeros_like(state[name]) for name in trained}
        losses: list[float] = []
        for images, labels in self.batches:
            X = torch.as_tensor(images, dtype=torch.float32)
            leaves = {name: state[name].clone().requires_grad_() for name in trained}
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=half):
                each = self._losses(X, torch.as_tensor(labels), {**state, **leaves})
            slopes = torch.autograd.grad(each.mean(), list(leaves.values()))
            for name, slope in zip(trained, slopes, strict=True):
                moving[name] = self.momentum * moving[name] + slope
                state[name] = state[name] - self.learning_rate * moving[name]
            state["bn.num_batches_tracked"] += 1
            losses += each.tolist()
        return math.fsum(losses) / len(losses), {n: v.numpy() for n, v in state.items()}

    @staticmethod
    def _losses(X: Tensor, labels: Tensor, state: State) -> Tensor:
        X = functional.relu(_batch_norm(_conv(X, state, "conv", padding=1), state, "bn", True))
        scores = _linear(functional.adaptive_avg_pool2d(X, 1).flatten(1), state, "fc")
        return functional.cross_entropy(scores, labels, reduction="none")


def _epoch(rng: Generator, *sizes: int, momentum: float = 0.9) -> _Epoch:
    """Draw an epoch with batches of these sizes."""
    batches = [(rng.normal(size=(n, 2, 4, 5)), rng.integers(0, 3, n)) for n in sizes]
    state = _drawn(rng, _network_shapes(), {"fc": 1.5})
    return _Epoch(batches, state, float(rng.uniform(0.2, 0.5)), momentum)


def _trained_alike(epoch: _Epoch, found: Any, *, half: bool = False) -> None:
    loss, weights = epoch.due(half)
    # One digit of bfloat16 more or less makes this much.
    tolerance = {"rtol": 2e-2, "atol": 2e-2} if half else {"rtol": 2e-4, "atol": 2e-4}
    close(found["loss"], loss, **tolerance)
    close(found["weights"], weights, **tolerance)
    holds(found["training"], "The network is not left in training mode")


@hidden("train_epoch", points=1, says="a single batch: the loss, and the weights after the step")
def single_batch(student: Student, rng: Generator) -> None:
    for size, momentum in ((6, 0.0), (4, 0.9)):
        epoch = _epoch(rng, size, momentum=momentum)
        _trained_alike(epoch, epoch.asked(student))
    # Scores that are thousands, and so are losses and gradients.
    epoch = _epoch(rng, 5, momentum=0.0)
    epoch.weights["fc.weight"] *= 3000.0
    _trained_alike(epoch, epoch.asked(student))
    # What is no number is not hidden.
    epoch = _epoch(rng, 4)
    epoch.batches[0][0][1] = np.nan
    holds(math.isnan(epoch.asked(student)["loss"]), "A loss that is no number is told as one")


@hidden("train_epoch", points=2, says="several batches, of which the last is smaller")
def several_batches(student: Student, rng: Generator) -> None:
    for sizes, momentum in (((5, 5, 2), 0.9), ((4, 4, 4, 4, 1), 0.0), ((1, 3, 7), 0.5)):
        epoch = _epoch(rng, *sizes, momentum=momentum)
        _trained_alike(epoch, epoch.asked(student))


@hidden("train_epoch", points=1, says="forward pass and loss within precision; bfloat16")
def within_precision(student: Student, rng: Generator) -> None:
    for half in (False, True):
        epoch = _epoch(rng, 5, 4)
        found = epoch.asked(student, half=half)
        asked = found["asked"]
        out = rehearsal.outside(asked)
        holds(out != "network", "The images go through the network outside of precision")
        holds(out != "scores", "The loss is computed outside of precision")
        told = {
            "network": "The images go through the network",
            "scale": "precision.scale is called",
            "step": "precision.step is called",
        }
        for event, sentence in told.items():
            holds(asked.count(event) == 2, f"{sentence} more or less often than once a batch")
        plain = [event for event in asked if event in told]
        holds(plain == [*told, *told], "The network, scale and step are not called in this order")
        holds(asked.count("enter") >= 2, "It enters precision less often than once a batch")
        _trained_alike(epoch, found, half=half)


@hidden("train_epoch", points=1, says="losses that precision scales, and gradients it scales back")
def scaled_losses(student: Student, rng: Generator) -> None:
    for loss_scale in (64.0, 0.125):
        epoch = _epoch(rng, 4, 4, 3)
        found = epoch.asked(student, loss_scale=loss_scale)
        _trained_alike(epoch, found)
        # Without both, nothing is scaled, and all is as it should be by chance.
        for method in ("scale", "step"):
            is_asked = found["asked"].count(method) == 3
            holds(is_asked, f"precision.{method} is called more or less often than once a batch")


@hidden("train_epoch", points=1, says="batches on another device than the network")
def moved_batches(student: Student, rng: Generator) -> None:
    for sizes in ((4, 3), (5,)):
        epoch = _epoch(rng, *sizes)
        _trained_alike(epoch, epoch.asked(student, elsewhere=True))


# --- degradation ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Runs:
    """What trains networks: errors that are drawn by kind, depth and seed."""

    number: int
    depths: tuple[int, int]
    seeds: tuple[int, ...]
    most: float = 0.95

    def __call__(self, kind: str, depth: int, seed: int, /) -> tuple[float, float]:
        if kind not in ("plain", "residual"):
            raise ValueError("there is no such kind")
        rng = np.random.default_rng([self.number, kind == "plain", depth, seed])
        training, test = rng.uniform(0.05, self.most, 2)
        return float(training), float(test)

    def due(self) -> dict[str, float]:
        """Return by how much the training errors rise."""
        shallow, deep = (
            {k: np.mean([self(k, depth, s)[0] for s in self.seeds]) for k in ("plain", "residual")}
            for depth in self.depths
        )
        return {kind: float(deep[kind] - shallow[kind]) for kind in deep}


def _degraded(student: Student, runs: _Runs, *arguments: Any, **keywords: Any) -> int:
    """Compare what is found, and return how often a network was trained."""
    run = Counted(runs, largest=10**6)
    found = student.degradation(run, *arguments, **keywords)
    close(found, runs.due(), rtol=1e-9, atol=1e-9)
    return run.calls


@hidden("degradation", points=2, says="networks of 20 and 56 layers, three seeds")
def usual_depths(student: Student, rng: Generator) -> None:
    # In the last two, differences are small.
    for most in (0.95, 0.95, 0.95, 0.07, 0.07):
        _degraded(student, _Runs(int(rng.integers(2**31)), (20, 56), (0, 1, 2), most))


@hidden("degradation", points=1.5, says="other depths, other seeds, a single seed")
def other_depths(student: Student, rng: Generator) -> None:
    for depths, count in (((8, 32), 4), ((20, 110), 1), ((14, 20), 2)):
        seeds = tuple(int(seed) for seed in rng.choice(1000, count, replace=False))
        runs = _Runs(int(rng.integers(2**31)), depths, seeds)
        _degraded(student, runs, depths, seeds)
        _degraded(student, runs, seeds=list(seeds), depths=depths)


@hidden("degradation", points=1.5, says="no network is trained more often than needed")
def trained_once(student: Student, rng: Generator) -> None:
    for depths, seeds in (((20, 56), (0, 1, 2)), ((8, 14), (5,)), ((20, 32), (3, 1))):
        runs = _Runs(int(rng.integers(2**31)), depths, seeds)
        calls = _degraded(student, runs, depths, seeds)
        holds(calls <= 4 * len(seeds), "It trains networks more often than needed")
