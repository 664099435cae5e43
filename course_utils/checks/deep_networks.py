"""Visible examples of the notebook deep_networks.

torch is imported in the examples: a check of another notebook does without it.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from course_utils import rehearsal
from course_utils.checks import Complaint, example, in_words, must_raise

# --- Networks with fixed parameters ---------------------------------------------------------------


def _network(made: Any, kind: str = "Module") -> Any:
    """Return a network after making sure that it is one."""
    from torch import nn

    if not isinstance(getattr(made, "_made", made), getattr(nn, kind)):
        raise Complaint(f"You return {in_words(made)}, expected a nn.{kind}.")
    return made


def _on_meta(make: Callable[..., Any], *arguments: Any, kind: str = "Module") -> Any:
    """Make a network whose tensors have shapes and no values."""
    import torch

    with torch.device("meta"):
        return _network(make(*arguments), kind)


def _shape_after(network: Any, *shape: int) -> tuple[int, ...]:
    """Return the shape of what a network on "meta" makes of a tensor of a shape."""
    import torch

    found = network(torch.zeros(shape, device="meta"))
    if not isinstance(found, torch.Tensor):
        raise Complaint(f"Called with a tensor it returns {in_words(found)}, expected a tensor.")
    return tuple(found.shape)


def _parts(network: Any) -> dict[str, Any]:
    """Return the shapes of the parameters of a network, in words."""
    return {
        f"The shape of {name}": " x ".join(map(str, value.shape))
        for name, value in sorted(network.named_parameters())
    }


def _count(network: Any) -> int:
    return sum(value.numel() for value in network.parameters())


def _filled(
    network: Any, gains: Mapping[str, float] | None = None, *, training: bool = False
) -> Any:
    """Give parameters and averages fixed values, made of their names."""
    import torch

    for name, value in network.state_dict().items():
        if not value.is_floating_point():
            continue
        layer, _, kind = name.rpartition(".")
        rng = np.random.default_rng(list(name.encode()))
        numbers = rng.normal(0.0, 0.3, tuple(value.shape))
        if kind == "running_var" or (kind == "weight" and value.dim() == 1):
            numbers = 1.0 + abs(numbers)
        elif kind == "weight":
            size = np.sqrt(2.0 / np.prod(value.shape[1:]))
            numbers *= (gains or {}).get(layer, 1.0) * size / 0.3
        with torch.no_grad():
            value.copy_(torch.as_tensor(numbers))
    network.train(training)
    return network


def _images(*shape: int, mean: float = 0.0) -> Any:
    import torch

    rng = np.random.default_rng(len(shape) + sum(shape))
    return torch.as_tensor(rng.normal(mean, 1.0, shape), dtype=torch.float32)


def _out_of(network: Any, X: Any) -> Any:
    """Return what a network makes of images, after making sure that it is a tensor."""
    import torch

    with torch.no_grad():
        found = network(X)
    if not isinstance(found, torch.Tensor):
        raise Complaint(f"Called with a tensor it returns {in_words(found)}, expected a tensor.")
    return found


def _in_order(network: Any, *names: str) -> dict[str, Any]:
    """Return the names of layers, a key for each, so that the first wrong one is named."""
    found = [name for name, _ in network.named_children()]
    return {f"Layer {i}": name for i, name in enumerate(found, 1)} | {
        "The number of layers": len(found)
    }


def _gradients(network: Any, X: Any) -> dict[str, Any]:
    """Return which parameters get a gradient, and the gradient of the sum of the outputs by X."""
    import torch

    names = sorted(name for name, _ in network.named_parameters())
    slopes = torch.ones_like(_out_of(network, X))
    found = rehearsal.gradients(getattr(network, "_made", network), X, slopes, names)
    reached = {f"That a gradient reaches {name}": found[name] is not None for name in names}
    return {**reached, "The gradient by X": found["X"]}


# --- local_response_norm --------------------------------------------------------------------------


def _line(*values: float) -> Any:
    """Return one place of one example with these channels."""
    import torch

    return torch.tensor(values).reshape(1, -1, 1, 1)


@example(
    "local_response_norm",
    "channels 1, 2, 3, 4 at a single place; n = 3, k = 1, alpha = 1, beta = 1",
)
def three_channels(local_response_norm: Any) -> Any:
    return local_response_norm(_line(1.0, 2.0, 3.0, 4.0), 3, 1.0, 1.0, 1.0)


@example("local_response_norm", "channels 100, 0, -50, 20, 0, 10, 80 at a place; as in the paper")
def papers_constants(local_response_norm: Any) -> Any:
    return local_response_norm(_line(100.0, 0.0, -50.0, 20.0, 0.0, 10.0, 80.0))


@example("local_response_norm", "two examples of 3 channels, 2 x 3 places, float64; n = 7")
def few_channels(local_response_norm: Any) -> Any:
    X = _images(2, 3, 2, 3).double()
    found = local_response_norm(X, 7, 0.5, 0.25, 0.5)
    return {"The result": found, "The dtype": str(getattr(found, "dtype", None))}


@example("local_response_norm", "the gradient of the sum by X: channels 3, 1, 2; all constants 1")
def gradient_by_x(local_response_norm: Any) -> Any:
    import torch

    slopes = torch.ones(1, 3, 1, 1)
    return rehearsal.gradients(
        lambda X: local_response_norm(X, 3, 1.0, 1.0, 1.0), _line(3.0, 1.0, 2.0), slopes
    )


@example("local_response_norm", "the shape for 6 channels of 3 x 4 places, on the device meta")
def shape_on_meta(local_response_norm: Any) -> Any:
    return _shape_after(local_response_norm, 2, 6, 3, 4)


# --- alexnet --------------------------------------------------------------------------------------


@example("alexnet", "alexnet: the layers, on the device meta")
def alexnet_layers(alexnet: Any, layer_table: Any) -> Any:
    return _in_order(_on_meta(alexnet, kind="Sequential"))


@example("alexnet", "alexnet: the shapes of all parameters, and of the scores of 2 images")
def alexnet_shapes(alexnet: Any, layer_table: Any) -> Any:
    network = _on_meta(alexnet)
    return {**_parts(network), "The scores' shape": _shape_after(network, 2, 3, 224, 224)}


@example("alexnet", "alexnet(10, shrink=16): fixed parameters, one image, in evaluation mode")
def alexnet_scores(alexnet: Any, layer_table: Any) -> Any:
    network = _filled(_network(alexnet(10, shrink=16)), {"conv1": 40.0, "conv2": 3.0})
    scores = _out_of(network, _images(1, 3, 224, 224))
    return {"The number of parameters": _count(network), "The scores": scores}


def _drops(network: Any) -> dict[str, bool]:
    """Return whether the dropouts do what they should."""
    import torch

    found = {}
    for name in ("drop6", "drop7"):
        layer = getattr(getattr(network, "_made", network), name)
        torch.manual_seed(0)
        share = float((layer.train()(torch.ones(1, 1000)) == 0.0).float().mean())
        found[f"That {name} drops about half of what comes in, in training"] = 0.4 < share < 0.6
    return found


@example("alexnet", "alexnet(10, shrink=16): the dropouts")
def alexnet_drops(alexnet: Any, layer_table: Any) -> Any:
    return _drops(_network(alexnet(10, shrink=16)))


_CHAIN: list[rehearsal.Layer] = [
    ("conv", "Conv2d", (3, 4, 5), {"stride": 2, "bias": False}),
    ("act", "ReLU", (), {}),
    ("pool", "MaxPool2d", (2,), {}),
    ("flat", "Flatten", (), {}),
    ("scores", "Linear", (4 * 4 * 3, 5), {}),
]


@example(
    "alexnet", "layer_table: Conv2d(3, 4, 5, 2), ReLU, MaxPool2d(2), Flatten, Linear; 3 x 19 x 16"
)
def table_on_meta(alexnet: Any, layer_table: Any) -> Any:
    return rehearsal.table(layer_table, _CHAIN, (3, 19, 16))


@example("alexnet", "layer_table: the same network on the CPU")
def table_on_cpu(alexnet: Any, layer_table: Any) -> Any:
    return rehearsal.table(layer_table, _CHAIN, (3, 19, 16), "cpu")


# --- vgg19 ----------------------------------------------------------------------------------------


@example("vgg19", "the layers, on the device meta")
def vgg_layers(vgg19: Any) -> Any:
    return _in_order(_on_meta(vgg19, kind="Sequential"))


@example("vgg19", "the shapes of all parameters, and of the scores of 2 images")
def vgg_shapes(vgg19: Any) -> Any:
    network = _on_meta(vgg19)
    return {**_parts(network), "The scores' shape": _shape_after(network, 2, 3, 224, 224)}


@example("vgg19", "vgg19(10, shrink=64): fixed parameters, one image, in evaluation mode")
def vgg_scores(vgg19: Any) -> Any:
    network = _filled(_network(vgg19(10, shrink=64)))
    scores = _out_of(network, _images(1, 3, 224, 224))
    return {"The number of parameters": _count(network), "The scores": scores}


@example("vgg19", "vgg19(10, shrink=64): the dropouts")
def vgg_drops(vgg19: Any) -> Any:
    return _drops(_network(vgg19(10, shrink=64)))


# --- inception_block ------------------------------------------------------------------------------

_WIDTHS = (3, 1, 2, 4, 5, 3, 2)


@example("inception_block", "InceptionBlock(192, 64, 96, 128, 16, 32, 32): all shapes")
def inception_shapes(inception: Any) -> Any:
    block = _on_meta(inception, 192, 64, 96, 128, 16, 32, 32)
    try:
        shape = _shape_after(block, 2, 192, 28, 14)
    except NotImplementedError:
        raise  # it is a RuntimeError as well
    except RuntimeError as error:
        # Shapes that do not fit say which of them.
        said = str(error).splitlines()[0].rstrip(": .")
        raise Complaint(f"It raises RuntimeError: {said}.") from None
    return {**_parts(block), "The output's shape": shape}


@example("inception_block", "InceptionBlock(3, 1, 2, 4, 5, 3, 2): fixed parameters, 4 x 3 places")
def inception_outputs(inception: Any) -> Any:
    return _out_of(_filled(_network(inception(*_WIDTHS))), _images(1, 3, 4, 3))


@example("inception_block", "the same block: images with values below 0 alone, 3 x 3 places")
def inception_of_negatives(inception: Any) -> Any:
    return _out_of(_filled(_network(inception(*_WIDTHS))), _images(1, 3, 3, 3, mean=-6.0))


@example("inception_block", "the same block: which parameters get a gradient; that of X")
def inception_gradients(inception: Any) -> Any:
    return _gradients(_filled(_network(inception(*_WIDTHS))), _images(1, 3, 4, 3, mean=1.0))


# --- residual_blocks ------------------------------------------------------------------------------


@example("residual_blocks", "PlainBlock(16, 32, 2): all shapes")
def plain_shapes(plain: Any, residual: Any) -> Any:
    block = _on_meta(plain, 16, 32, 2)
    return {**_parts(block), "The output's shape": _shape_after(block, 2, 16, 9, 14)}


@example("residual_blocks", "PlainBlock(2, 2): fixed parameters, evaluation mode")
def plain_outputs(plain: Any, residual: Any) -> Any:
    return _out_of(_filled(_network(plain(2, 2))), _images(1, 2, 3, 3))


@example("residual_blocks", "PlainBlock(2, 3, 2): fixed parameters, evaluation mode")
def plain_with_stride(plain: Any, residual: Any) -> Any:
    return _out_of(_filled(_network(plain(2, 3, 2))), _images(1, 2, 5, 4))


def _in_training(block: Any, X: Any) -> dict[str, Any]:
    out = _out_of(_filled(_network(block), training=True), X)
    averages = {n: v for n, v in block.named_buffers() if n.endswith(("mean", "var"))}
    return {"The output": out, **averages}


@example("residual_blocks", "PlainBlock(2, 2): training mode, and the running averages afterwards")
def plain_in_training(plain: Any, residual: Any) -> Any:
    return _in_training(plain(2, 2), _images(2, 2, 3, 2))


@example("residual_blocks", "ResidualBlock(2, 2): all shapes; fixed parameters, evaluation mode")
def identity(plain: Any, residual: Any) -> Any:
    return _shapes_and_output(residual, 2, 2)


@example("residual_blocks", 'ResidualBlock(2, 2, 1, "B"): all shapes; as with option A')
def identity_of_option_b(plain: Any, residual: Any) -> Any:
    return _shapes_and_output(residual, 2, 2, 1, "B")


def _shapes_and_output(residual: Any, *arguments: Any) -> dict[str, Any]:
    outline = _on_meta(residual, *arguments)
    block = _filled(residual(*arguments))
    out = _out_of(block, _images(1, arguments[0], 5, 4))
    shape = _shape_after(outline, 2, arguments[0], 5, 4)
    return {**_parts(outline), "The output": out, "The output's shape, on meta": shape}


@example("residual_blocks", 'ResidualBlock(2, 4, 2, "A"): all shapes; evaluation mode')
def option_a(plain: Any, residual: Any) -> Any:
    return _shapes_and_output(residual, 2, 4, 2, "A")


@example("residual_blocks", "ResidualBlock(2, 4, 2): as with option A")
def option_a_unless_told(plain: Any, residual: Any) -> Any:
    return _shapes_and_output(residual, 2, 4, 2)


@example("residual_blocks", "ResidualBlock(2, 2, 2), option A: a stride alone")
def option_a_of_stride(plain: Any, residual: Any) -> Any:
    return _shapes_and_output(residual, 2, 2, 2)


@example("residual_blocks", "ResidualBlock(2, 5, 3), option A: a stride of 3")
def option_a_of_large_stride(plain: Any, residual: Any) -> Any:
    return _shapes_and_output(residual, 2, 5, 3)


@example("residual_blocks", "ResidualBlock(4, 3), option A: fewer channels come out")
def option_a_of_fewer(plain: Any, residual: Any) -> Any:
    return _shapes_and_output(residual, 4, 3)


@example("residual_blocks", 'ResidualBlock(2, 4, 2, "B"): all shapes; evaluation mode')
def option_b(plain: Any, residual: Any) -> Any:
    return _shapes_and_output(residual, 2, 4, 2, "B")


@example("residual_blocks", 'ResidualBlock(2, 2, 2, "B"): a stride alone')
def option_b_of_stride(plain: Any, residual: Any) -> Any:
    return _shapes_and_output(residual, 2, 2, 2, "B")


@example("residual_blocks", 'ResidualBlock(2, 3, 1, "B"): training mode, and the averages')
def option_b_in_training(plain: Any, residual: Any) -> Any:
    return _in_training(residual(2, 3, 1, "B"), _images(2, 2, 3, 2))


@example("residual_blocks", "ResidualBlock(2, 2): which parameters get a gradient; that of X")
def gradients_of_identity(plain: Any, residual: Any) -> Any:
    return _gradients(_filled(_network(residual(2, 2))), _images(1, 2, 3, 3))


@example("residual_blocks", 'ResidualBlock(2, 2, 1, "C") raises a ValueError')
def no_such_option(plain: Any, residual: Any) -> Any:
    return must_raise("ValueError", residual, 2, 2, 1, "C")


# --- cifar_resnet ---------------------------------------------------------------------------------


@example("cifar_resnet", "n = 1, blocks that are convolutions: all shapes")
def net_shapes(cifar_resnet: Any) -> Any:
    network = _on_meta(cifar_resnet, 1, rehearsal.block)
    return {**_parts(network), "The scores' shape": _shape_after(network, 2, 3, 32, 32)}


@example("cifar_resnet", "n = 3: the blocks that are asked for, as (inputs, outputs, stride)")
def net_blocks(cifar_resnet: Any) -> Any:
    asked: list[tuple[int, int, int]] = []

    def block(inputs: int, outputs: int, stride: int) -> Any:
        asked.append((inputs, outputs, stride))
        return rehearsal.block(inputs, outputs, stride)

    _on_meta(cifar_resnet, 3, block)
    # Nobody says in which order they are made.
    return {f"Block {number}": widths for number, widths in enumerate(sorted(asked), 1)}


@example("cifar_resnet", "n = 1 and 3, width 2, 4 classes: fixed parameters, evaluation mode")
def net_scores(cifar_resnet: Any) -> Any:
    found = {}
    for n in (1, 3):
        network = _filled(_network(cifar_resnet(n, rehearsal.block, 4, width=2)))
        found[f"The scores, n = {n}"] = _out_of(network, _images(2, 3, 9, 12))
    return found


@example("cifar_resnet", "n = 1, width 2, 4 classes: training mode")
def net_in_training(cifar_resnet: Any) -> Any:
    network = cifar_resnet(1, rehearsal.block, 4, width=2)
    return _in_training(network, _images(2, 3, 8, 8))


# --- train_epoch ----------------------------------------------------------------------------------


def _batches(*sizes: int) -> list[tuple[Any, Any]]:
    rng = np.random.default_rng(len(sizes))
    return [(rng.normal(size=(n, 2, 4, 4)), rng.integers(0, 3, n)) for n in sizes]


def _trained(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "The loss": found["loss"],
        "That the network is in training mode afterwards": found["training"],
        **{name: found["weights"][name] for name in ("fc.weight", "fc.bias", "bn.running_mean")},
    }


@example("train_epoch", "one batch of 4 images")
def one_batch(train_epoch: Any) -> Any:
    return _trained(rehearsal.epoch(train_epoch, _batches(4), momentum=0.0))


@example("train_epoch", "batches of 4, 4 and 1 images, yielded one after the other")
def three_batches(train_epoch: Any) -> Any:
    return _trained(rehearsal.epoch(train_epoch, _batches(4, 4, 1)))


@example("train_epoch", "two batches: when precision is asked for what")
def precision_asked(train_epoch: Any) -> Any:
    found = rehearsal.epoch(train_epoch, _batches(4, 3), half=True)
    asked = found["asked"]
    told = {
        "network": "The images go through the network outside of `with precision:`.",
        "scores": "The loss is computed outside of `with precision:`.",
    }
    if out := rehearsal.outside(asked):
        raise Complaint(told[out])
    if asked.count("enter") < 2:
        raise Complaint("The code enters `with precision:` less often than once a batch.")
    events = [event for event in asked if event in ("network", "scale", "step")]
    return {"The order of events": " ".join(events)}


@example("train_epoch", "two batches, precision.scale multiplies the loss by 64")
def scaled_loss(train_epoch: Any) -> Any:
    return _trained(rehearsal.epoch(train_epoch, _batches(4, 4), loss_scale=64.0))


@example("train_epoch", "two batches on another device than the network")
def moved_batches(train_epoch: Any) -> Any:
    return _trained(rehearsal.epoch(train_epoch, _batches(3, 4), elsewhere=True))


# --- degradation ----------------------------------------------------------------------------------

_TRAINING = {
    ("plain", 20): (0.25, 0.125, 0.15625),
    ("plain", 56): (0.5, 0.375, 0.28125),
    ("residual", 20): (0.1875, 0.25, 0.125),
    ("residual", 56): (0.0625, 0.125, 0.109375),
    ("plain", 32): (0.375, 0.1875, 0.3125),
    ("plain", 44): (0.4375, 0.21875, 0.25),
    ("residual", 32): (0.15625, 0.125, 0.21875),
    ("residual", 44): (0.125, 0.28125, 0.0625),
}
"""The training errors of three seeds."""


def _run(kind: str, depth: int, seed: int, /) -> tuple[float, float]:
    if (kind, depth) not in _TRAINING or seed not in range(3):
        raise Complaint(f"There is nothing to be trained as run({kind!r}, {depth}, {seed}).")
    return _TRAINING[kind, depth][seed], 0.5 + depth / 256.0 + seed / 64.0


@example("degradation", "training errors of 20 and 56 layers, three seeds")
def usual(degradation: Any) -> Any:
    return degradation(_run)


@example("degradation", "32 and 44 layers, seeds 2 and 0")
def other_depths(degradation: Any) -> Any:
    return degradation(_run, (32, 44), [2, 0])


@example("degradation", "how often networks are trained, two seeds")
def trained_how_often(degradation: Any) -> Any:
    calls: list[Sequence[Any]] = []

    def run(kind: str, depth: int, seed: int, /) -> tuple[float, float]:
        calls.append((kind, depth, seed))
        return _run(kind, depth, seed)

    found = degradation(run, (20, 56), (0, 1))
    return {"The result": found, "How often run is called": len(calls)}
