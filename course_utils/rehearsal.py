"""Rehearses functions that work on torch's objects: makes those, calls, says what came of it.

What is handed over and what comes back are plain values, arrays and numbers. Importing this module
is cheap: torch is imported when it is first used.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch

    Modules = torch.nn.Sequential

Layer = tuple[str, str, tuple[Any, ...], dict[str, Any]]
"""A layer of a chain: its name, its class in `torch.nn`, and what the class is called with."""


# --- Chains of layers -----------------------------------------------------------------------------


def table(
    layer_table: Callable[..., Any],
    layers: Sequence[Layer],
    shape: tuple[int, int, int],
    device: str = "meta",
) -> Any:
    """Return what `layer_table` says of a chain of layers on a device, and of an image's shape.

    The parameters of the last layer are not to be trained; they count all the same.
    """
    import torch

    with torch.device(device):
        network = chain(layers)
    network[-1].requires_grad_(False)
    return layer_table(network, shape)


def chain(layers: Sequence[Layer]) -> "Modules":
    """Make a `nn.Sequential` of named layers: `chain([("conv1", "Conv2d", (3, 8, 5), {})])`.

    A layer of the kind "Sequential" is a chain itself, of the `layers` among its keywords.
    """
    from torch import nn

    network = nn.Sequential()
    for name, kind, arguments, keywords in layers:
        is_chain = kind == "Sequential"
        layer = chain(**keywords) if is_chain else getattr(nn, kind)(*arguments, **keywords)
        network.add_module(name, layer)
    return network


def block(inputs: int, outputs: int, stride: int, /) -> "torch.nn.Module":
    """Make a block of a network: here a 3 x 3 convolution alone, with padding 1 and a bias."""
    from torch import nn

    return nn.Conv2d(inputs, outputs, 3, stride, padding=1)


def gradients(
    compute: Callable[..., Any],
    X: "torch.Tensor",
    slopes: "torch.Tensor",
    names: Sequence[str] = (),
) -> dict[str, Any]:
    """Return the derivatives of the sum of slopes times outputs, by X and by some parameters.

    Parameters
    ----------
    compute : makes outputs, of the shape of `slopes`, of X; with `names`, a network.
    names : of its parameters.

    Returns
    -------
    By name, and of X by "X". None where no gradient arrives.
    """
    import torch

    leaf = X.detach().clone().requires_grad_()
    leaves = {"X": leaf, **{name: compute.get_parameter(name) for name in names}}  # type: ignore[attr-defined]
    outputs = compute(leaf)
    if not (isinstance(outputs, torch.Tensor) and outputs.requires_grad):
        return dict.fromkeys(leaves)
    found = torch.autograd.grad(outputs, list(leaves.values()), slopes, allow_unused=True)
    return dict(zip(leaves, found, strict=True))


# --- An epoch of training -------------------------------------------------------------------------

NETWORK: list[Layer] = [
    ("conv", "Conv2d", (2, 4, 3), {"padding": 1}),
    ("bn", "BatchNorm2d", (4,), {}),
    ("relu", "ReLU", (), {}),
    ("pool", "AdaptiveAvgPool2d", (1,), {}),
    ("flatten", "Flatten", (), {}),
    ("fc", "Linear", (4, 3), {}),
]
"""The network that is trained: images of 2 channels, 3 classes."""


def epoch(
    train_epoch: Callable[..., Any],
    batches: Sequence[tuple[Any, Any]],
    *,
    weights: Mapping[str, Any] | None = None,
    learning_rate: float = 0.1,
    momentum: float = 0.9,
    loss_scale: float = 1.0,
    half: bool = False,
    elsewhere: bool = False,
) -> dict[str, Any]:
    """Let `train_epoch` train a small network for one epoch, and return what came of it.

    The network, `NETWORK`, has batch normalisation, is in evaluation mode, and has gradients from
    before, all 1. The optimizer is `torch.optim.SGD`; the last layer is a group of its own in it.

    Parameters
    ----------
    train_epoch : trains (model, batches, optimizer, precision) and returns the mean loss.
    batches : images (B, 2, H, W) and labels (B,) from 0 to 2, as arrays. They are yielded one after
        the other, once.
    weights : the state of the network by name, as arrays; some fixed numbers if there is none.
    learning_rate, momentum : of the optimizer.
    loss_scale : what `precision.scale` multiplies a loss with. `precision.step` divides the
        gradients by it again, as one does with float16.
    half : whether `precision` computes in bfloat16.
    elsewhere : whether the batches are on another device than the network. This is imitated: until
        they are moved, nothing can be computed with them.

    Returns
    -------
    By name: "loss", what `train_epoch` returns; "weights", the network's state after it, as arrays;
    "training", whether the network is in training mode; "asked", in order, when `precision` was
    entered and left ("enter", "exit") and asked for its methods ("scale", "step"), when images went
    through the network ("network"), and when its scores were first used ("scores").
    """
    import torch

    network = chain(NETWORK)
    network.load_state_dict(_weights(network) if weights is None else _tensors(weights))
    network.eval()
    for parameter in network.parameters():
        parameter.grad = torch.ones_like(parameter)
    precision = _Rehearsed(loss_scale, half)
    network.register_forward_pre_hook(lambda *_: precision.asked.append("network"))
    network.register_forward_hook(lambda *out: _scores().of(out[-1], precision.asked))
    *others, last = network.children()
    groups = [
        {"params": [p for layer in some for p in layer.parameters()]} for some in (others, [last])
    ]
    optimizer = torch.optim.SGD(groups, learning_rate, momentum)
    loss = train_epoch(network, _yielded(batches, elsewhere), optimizer, precision)
    return {
        "loss": loss,
        "weights": {name: value.numpy().copy() for name, value in network.state_dict().items()},
        "training": all(layer.training for layer in network.modules()),
        "asked": precision.asked,
    }


def outside(asked: Sequence[str]) -> str:
    """Return what `epoch` saw outside of `precision` that belongs inside.

    That is "network", "scores" (if they are first used outside), or nothing, "".
    """
    inside, new = 0, False
    for event in asked:
        inside += {"enter": 1, "exit": -1}.get(event, 0)
        if event == "network":
            new = True
        if not inside and (event == "network" or (event == "scores" and new)):
            return event
        new = new and event != "scores"
    return ""


class _Rehearsed:
    """A precision that writes down what is asked of it."""

    def __init__(self, loss_scale: float, half: bool) -> None:
        import torch

        self.device = torch.device("cpu")
        self.asked: list[str] = []
        self._loss_scale = loss_scale
        self._half = half
        self._contexts: list[Any] = []

    def __enter__(self) -> "_Rehearsed":
        import torch

        self.asked.append("enter")
        context = torch.autocast("cpu", dtype=torch.bfloat16, enabled=self._half)
        self._contexts.append(context)
        context.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self.asked.append("exit")
        self._contexts.pop().__exit__(*error)

    def scale(self, loss: "torch.Tensor") -> "torch.Tensor":
        """Return the loss, scaled."""
        self.asked.append("scale")
        return loss * self._loss_scale

    def step(self, optimizer: "torch.optim.Optimizer") -> None:
        """Let the optimizer step, with the gradients scaled back."""
        self.asked.append("step")
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None:
                    parameter.grad /= self._loss_scale
        optimizer.step()


def _weights(network: "Modules") -> dict[str, "torch.Tensor"]:
    """Return some fixed state of a network."""
    rng = np.random.default_rng(0)
    state = {
        name: rng.normal(0.0, 0.5, tuple(value.shape))
        for name, value in network.state_dict().items()
    }
    return _tensors({**state, "bn.running_var": np.ones(4), "bn.num_batches_tracked": np.array(0)})


def _tensors(weights: Mapping[str, Any]) -> dict[str, "torch.Tensor"]:
    import torch

    return {name: torch.as_tensor(np.asarray(value)) for name, value in weights.items()}


def _yielded(batches: Sequence[tuple[Any, Any]], elsewhere: bool) -> Iterator[tuple[Any, Any]]:
    import torch

    for images, labels in batches:
        pair = (
            torch.tensor(np.asarray(images), dtype=torch.float32),
            torch.tensor(np.asarray(labels), dtype=torch.int64),
        )
        yield tuple(map(_elsewhere().of, pair)) if elsewhere else pair


@cache
def _elsewhere() -> Any:
    """Return the class of tensors that are on another device: all they can do is move."""
    import torch

    plain: Any = torch.Tensor
    able = [plain.to, plain.size, plain.dim, plain.numel, plain.__len__]
    able += [plain.shape.__get__, plain.dtype.__get__, plain.ndim.__get__]

    class Elsewhere(torch.Tensor):
        """A tensor that says it is on a GPU."""

        @classmethod
        def of(cls, tensor: torch.Tensor) -> "Elsewhere":
            """Return a tensor as one of these."""
            return tensor.as_subclass(cls)

        @classmethod
        def __torch_function__(
            cls, function: Any, types: Any, arguments: Any = (), keywords: Any = None
        ) -> Any:
            if function == plain.device.__get__:
                return torch.device("cuda:0")
            if function == plain.cpu:
                raise RuntimeError("they are moved to the CPU, and not to precision.device")
            if function not in able:
                raise RuntimeError("the images or labels are on another device than the network")
            with torch._C.DisableTorchFunctionSubclass():
                found = function(*arguments, **(keywords or {}))
                return found.as_subclass(torch.Tensor) if isinstance(found, cls) else found

    return Elsewhere


@cache
def _scores() -> Any:
    """Return the class of tensors that write down when they are first used."""
    import torch

    looks = [torch.Tensor.shape.__get__, torch.Tensor.dtype.__get__, torch.Tensor.device.__get__]  # type: ignore[attr-defined]

    class Scores(torch.Tensor):
        """What a network returns."""

        asked: list[str]

        @classmethod
        def of(cls, tensor: torch.Tensor, asked: list[str]) -> "Scores":
            """Return a tensor as one of these."""
            scores = tensor.as_subclass(cls)
            scores.asked = asked
            return scores

        @classmethod
        def __torch_function__(
            cls, function: Any, types: Any, arguments: Any = (), keywords: Any = None
        ) -> Any:
            def plain(value: Any) -> Any:
                if isinstance(value, (list, tuple)):
                    return type(value)(map(plain, value))
                if not isinstance(value, cls):
                    return value
                if function not in looks:
                    value.asked.append("scores")
                with torch._C.DisableTorchFunctionSubclass():
                    return value.as_subclass(torch.Tensor)

            # Other arguments have their own say.
            named = {name: plain(value) for name, value in (keywords or {}).items()}
            return function(*map(plain, arguments), **named)

    return Scores
