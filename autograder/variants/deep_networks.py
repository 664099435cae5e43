"""Known answers to the exercises of deep_networks: misconceptions, and other right ways."""

# ruff: noqa: D101, D102

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from autograder.variants import right, survivor, wrong
from course_utils.reference import deep_networks as reference
from course_utils.reference.deep_networks import (
    CifarResNet,
    InceptionBlock,
    PlainBlock,
    ResidualBlock,
)

relu = functional.relu

# --- local_response_norm --------------------------------------------------------------------------


def _sums(squares: Tensor, before: int, behind: int) -> Tensor:
    """Sum over the channels from so many before to so many behind each."""
    padded = functional.pad(squares, (0, 0, 0, 0, before, behind))
    return padded.unfold(1, before + behind + 1, 1).sum(dim=-1)


@wrong(
    "local_response_norm",
    hint="You divide alpha by n, as torch does. In the paper the sum of squares is multiplied by "
    "alpha as it is.",
)
def torchs_alpha(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    return reference.local_response_norm(X, n, k, alpha / n, beta)


@wrong(
    "local_response_norm",
    hint="No gradient reaches X. The function stands between layers that are trained: do without "
    "torch.no_grad() and .detach().",
    minor=True,
)
def without_gradient(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    with torch.no_grad():
        return reference.local_response_norm(X, n, k, alpha, beta)


@wrong(
    "local_response_norm",
    hint="You detach the divisor. It depends on X too, and the gradient has to know it.",
    minor=True,
)
def divisor_detached(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    return X / (k + alpha * _sums(X.detach() ** 2, n // 2, n // 2)) ** beta


@wrong(
    "local_response_norm",
    hint="You make a tensor without saying where. It belongs where X is: device=X.device, or "
    "X.new_zeros(...).",
    minor=True,
)
def zeros_without_device(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    beyond = torch.zeros(X.shape[0], n // 2, *X.shape[2:], dtype=X.dtype)
    windows = torch.cat([beyond, X**2, beyond], dim=1).unfold(1, n, 1)
    return X / (k + alpha * windows.sum(dim=-1)) ** beta


@wrong(
    "local_response_norm",
    hint="You take the sum over neighbouring places. It runs over neighbouring channels, at every "
    "place by itself.",
)
def over_places(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    sums = functional.avg_pool2d(X**2, n, 1, n // 2) * n * n
    return X / (k + alpha * sums) ** beta


@wrong(
    "local_response_norm",
    hint="Your sum runs over all channels. It runs over the n channels around i that exist.",
)
def all_channels(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    return X / (k + alpha * (X**2).sum(dim=1, keepdim=True)) ** beta


@wrong(
    "local_response_norm",
    hint="Your window has n - 1 channels: the last one is left out. The end of a slice does not "
    "belong to it; write i + n // 2 + 1.",
)
def last_left_out(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    sums = _sums(X**2, n // 2, n // 2)
    beyond = functional.pad(X**2, (0, 0, 0, 0, 0, n // 2))[:, n // 2 :]
    return X / (k + alpha * (sums - beyond)) ** beta


@wrong(
    "local_response_norm",
    hint="Your window begins at channel i. It is centred: from i - (n - 1) / 2 to i + (n - 1) / 2.",
)
def not_centred(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    return X / (k + alpha * _sums(X**2, 0, n - 1)) ** beta


@wrong(
    "local_response_norm",
    hint="Your window reaches n channels to either side. It has n channels, the own one in their "
    "middle.",
)
def twice_as_wide(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    return X / (k + alpha * _sums(X**2, n, n)) ** beta


@wrong(
    "local_response_norm",
    hint="Your windows go round: the first channel counts as a neighbour of the last. At the ends "
    "the sum runs over fewer channels.",
)
def going_round(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    sums = sum((X.roll(shift, dims=1) ** 2 for shift in range(-(n // 2), n // 2 + 1)), 0.0 * X)
    return X / (k + alpha * sums) ** beta


@wrong(
    "local_response_norm",
    hint="You continue the channels at the ends by repeating the outermost one. Channels that do "
    "not exist add nothing.",
)
def ends_repeated(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    places = torch.arange(-(n // 2), X.shape[1] + n // 2).clamp(0, X.shape[1] - 1)
    return X / (k + alpha * (X[:, places] ** 2).unfold(1, n, 1).sum(dim=-1)) ** beta


@wrong(
    "local_response_norm",
    hint="You sum the activations, not their squares.",
)
def not_squared(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    return X / (k + alpha * _sums(X, n // 2, n // 2)) ** beta


@wrong(
    "local_response_norm",
    hint="You take the mean of the squares, over the channels that exist. It is their sum.",
)
def mean_of_those_there(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    counts = _sums(torch.ones_like(X), n // 2, n // 2)
    return X / (k + alpha * _sums(X**2, n // 2, n // 2) / counts) ** beta


@wrong(
    "local_response_norm",
    hint="You leave out k. Without it silent channels would be made loud.",
)
def no_k(X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75) -> Tensor:
    return X / (1.0 + alpha * _sums(X**2, n // 2, n // 2)) ** beta


@wrong(
    "local_response_norm",
    hint="You take the power beta of the sum alone. The brackets are around k + alpha * sum.",
)
def power_of_the_sum(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    return X / (k + alpha * _sums(X**2, n // 2, n // 2) ** beta)


@wrong("local_response_norm", hint="You multiply by the power where you should divide by it.")
def multiplied(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    return X * (k + alpha * _sums(X**2, n // 2, n // 2)) ** beta


@wrong("local_response_norm", hint="You leave out beta: the divisor is a power.")
def no_power(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    return X / (k + alpha * _sums(X**2, n // 2, n // 2))


@wrong(
    "local_response_norm",
    hint="You take square roots: beta is 0.75, and any other number that is given.",
)
def square_root(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    return X / (k + alpha * _sums(X**2, n // 2, n // 2)).sqrt()


@wrong(
    "local_response_norm",
    hint="Your sum leaves out the channel itself. It runs over the neighbours and channel i.",
)
def without_itself(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    return X / (k + alpha * (_sums(X**2, n // 2, n // 2) - X**2)) ** beta


@wrong(
    "local_response_norm",
    hint="You use the paper's constants whatever is given: n, k, alpha and beta are arguments.",
)
def constants_fixed(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    return reference.local_response_norm(X)


@wrong(
    "local_response_norm",
    hint="You go through the channels one after the other and write into X: the later ones see "
    "neighbours that have been divided already, and the caller's X is changed. Write into a copy.",
)
def in_place(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    for i in range(X.shape[1]):
        window = X[:, max(i - n // 2, 0) : i + n // 2 + 1]
        X[:, i] /= (k + alpha * (window**2).sum(dim=1)) ** beta
    return X


@wrong(
    "local_response_norm",
    hint="i - n // 2 is below 0 for the first channels, and a slice from -1 begins at the end. "
    "Begin at max(i - n // 2, 0).",
)
def slices_from_behind(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    out = X.clone()
    for i in range(X.shape[1]):
        window = X[:, i - n // 2 : i + n // 2 + 1]
        out[:, i] /= (k + alpha * (window**2).sum(dim=1)) ** beta
    return out


@wrong(
    "local_response_norm",
    hint="You change the caller's X. Make a new tensor.",
)
def divides_in_place(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    return X.div_((k + alpha * _sums(X**2, n // 2, n // 2)) ** beta)


@wrong(
    "local_response_norm",
    hint="What you return has another dtype than X. A new tensor takes it over: "
    "torch.zeros_like(X).",
    minor=True,
)
def always_single(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    return reference.local_response_norm(X, n, k, alpha, beta).float()


@right("local_response_norm")
def slices(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    rows = []
    for i in range(X.shape[1]):
        window = X[:, max(i - n // 2, 0) : i + n // 2 + 1]
        rows.append(X[:, i] / (k + alpha * window.square().sum(1)).pow(beta))
    return torch.stack(rows, dim=1)


@right("local_response_norm")
def differences_of_sums(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    reach = n // 2
    sums = torch.zeros_like(X)
    for shift in range(-reach, reach + 1):
        low, high = max(0, shift), min(X.shape[1], X.shape[1] + shift)
        if low < high:
            sums[:, low - shift : high - shift] += X[:, low:high] ** 2
    return X * (k + alpha * sums) ** -beta


@right("local_response_norm")
def by_pooling(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    squares = functional.pad(X.square().unsqueeze(1), (0, 0, 0, 0, n // 2, n // 2))
    sums = n * functional.avg_pool3d(squares, (n, 1, 1), stride=1).squeeze(1)
    return X / (k + alpha * sums).pow(beta)


@right("local_response_norm")
def by_convolution(
    X: Tensor, n: int = 5, k: float = 2.0, alpha: float = 1e-4, beta: float = 0.75
) -> Tensor:
    ones = torch.ones(1, 1, n, 1, 1, dtype=X.dtype)
    sums = functional.conv3d(X[:, None] ** 2, ones, padding=(n // 2, 0, 0))[:, 0]
    return X / (k + alpha * sums) ** beta


# --- alexnet --------------------------------------------------------------------------------------


def _changed(network: nn.Sequential, **layers: nn.Module | None) -> nn.Sequential:
    """Return a network with other layers in the place of some, or without them."""
    kept = OrderedDict(network.named_children())
    kept.update({name: layer for name, layer in layers.items() if layer is not None})
    for name, layer in layers.items():
        if layer is None:
            del kept[name]
    return nn.Sequential(kept)


def _conv_like(conv: Any, **changes: Any) -> nn.Conv2d:
    """Return a convolution layer that differs from another in some arguments."""
    arguments = {
        "in_channels": conv.in_channels,
        "out_channels": conv.out_channels,
        "kernel_size": conv.kernel_size,
        "stride": conv.stride,
        "padding": conv.padding,
        "groups": conv.groups,
        "bias": conv.bias is not None,
    }
    return nn.Conv2d(**{**arguments, **changes})


def _ordered(network: nn.Sequential, names: Sequence[str]) -> nn.Sequential:
    layers = dict(network.named_children())
    return nn.Sequential(OrderedDict((name, layers[name]) for name in names))


@wrong(
    "alexnet",
    hint="Your convolution layers have no groups: conv2, conv4 and conv5 have two of them, so that "
    "each kernel sees half of the channels.",
)
def no_groups(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network: Any = reference.alexnet(num_classes, shrink)
    convs = {
        name: _conv_like(getattr(network, name), groups=1) for name in ("conv2", "conv4", "conv5")
    }
    return _changed(network, **convs)


@wrong(
    "alexnet",
    hint="conv3 has groups in your network. It sees all channels; only conv2, conv4 and conv5 have "
    "two groups.",
)
def groups_everywhere(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network: Any = reference.alexnet(num_classes, shrink)
    return _changed(network, conv3=_conv_like(network.conv3, groups=2))


@wrong(
    "alexnet",
    hint="What comes to fc6 has 5 x 5 places in your network, not 6 x 6. Look at the paddings: conv1 "
    "and conv2 have 2, the others 1. 224 does not fit: (224 + 2 * 2 - 11) / 4 + 1 is 55.",
)
def conv1_without_padding(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network: Any = reference.alexnet(num_classes, shrink)
    fc6 = nn.Linear(network.conv5.out_channels * 25, 4096 // shrink)
    return _changed(network, conv1=_conv_like(network.conv1, padding=0), fc6=fc6)


@wrong(
    "alexnet",
    hint="What comes to fc6 has 5 x 5 places in your network, not 6 x 6. Look at the paddings: conv1 "
    "and conv2 have 2, the others 1. 224 does not fit: (224 + 2 * 2 - 11) / 4 + 1 is 55.",
)
def conv2_without_padding(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network: Any = reference.alexnet(num_classes, shrink)
    fc6 = nn.Linear(network.conv5.out_channels * 25, 4096 // shrink)
    return _changed(network, conv2=_conv_like(network.conv2, padding=0), fc6=fc6)


@wrong(
    "alexnet",
    hint="Your pools look at 2 x 2 places. AlexNet's overlap: 3 x 3 places with stride 2.",
)
def small_pools(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    pools = {name: nn.MaxPool2d(2) for name in ("pool1", "pool2", "pool5")}
    return _changed(reference.alexnet(num_classes, shrink), **pools)


@wrong("alexnet", hint="Your pools take the mean. AlexNet's take the maximum.")
def average_pools(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    pools = {name: nn.AvgPool2d(3, 2) for name in ("pool1", "pool2", "pool5")}
    return _changed(reference.alexnet(num_classes, shrink), **pools)


@wrong(
    "alexnet",
    hint="Your norms have torch's k = 1. The paper's is 2: nn.LocalResponseNorm(5, alpha=5e-4, "
    "beta=0.75, k=2.0).",
)
def torchs_k(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    norms = {name: nn.LocalResponseNorm(5, alpha=5e-4) for name in ("norm1", "norm2")}
    return _changed(reference.alexnet(num_classes, shrink), **norms)


@wrong(
    "alexnet",
    hint="Your norms have alpha = 1e-4. torch divides alpha by n, so that the paper's 1e-4 is torch's "
    "5e-4.",
)
def papers_alpha(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    norms = {name: nn.LocalResponseNorm(5, alpha=1e-4, k=2.0) for name in ("norm1", "norm2")}
    return _changed(reference.alexnet(num_classes, shrink), **norms)


@wrong(
    "alexnet",
    hint="You normalise batches (nn.BatchNorm2d). That came three years later; AlexNet's norm is "
    "nn.LocalResponseNorm.",
)
def batch_norms(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network: Any = reference.alexnet(num_classes, shrink)
    return _changed(
        network,
        norm1=nn.BatchNorm2d(network.conv1.out_channels),
        norm2=nn.BatchNorm2d(network.conv2.out_channels),
    )


@wrong(
    "alexnet",
    hint="Your pools stand in front of the norms. The order is conv1, relu1, norm1, pool1.",
)
def pool_before_norm(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network = reference.alexnet(num_classes, shrink)
    names = [name for name, _ in network.named_children()]
    for i in (2, 6):
        names[i], names[i + 1] = names[i + 1], names[i]
    return _ordered(network, names)


@wrong(
    "alexnet",
    hint="There is a pool behind conv3 or conv4 too many, or one too few: pools stand behind "
    "conv1, conv2 and conv5.",
)
def four_pools(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network = reference.alexnet(num_classes, shrink)
    layers = OrderedDict[str, nn.Module]()
    for name, layer in network.named_children():
        layers[name] = layer
        if name == "relu3":
            layers["pool3"] = nn.MaxPool2d(3, 2, padding=1)
    layers["fc6"] = nn.Linear(256 // shrink * 9, 4096 // shrink)
    return nn.Sequential(layers)


@wrong(
    "alexnet",
    hint="There is no ReLU behind your convolution layers.",
)
def convs_without_relu(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    names = ["relu1", "relu2", "relu3", "relu4", "relu5"]
    return _changed(reference.alexnet(num_classes, shrink), **dict.fromkeys(names))


@wrong(
    "alexnet",
    hint="There is no ReLU behind fc6 and fc7. Two linear layers one behind the other are a single "
    "one.",
)
def full_without_relu(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return _changed(reference.alexnet(num_classes, shrink), relu6=None, relu7=None)


@wrong(
    "alexnet",
    hint="There is a ReLU behind fc8: scores may be below 0.",
)
def scores_through_relu(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return _changed(reference.alexnet(num_classes, shrink), relu8=nn.ReLU())


@wrong(
    "alexnet",
    hint="You return probabilities. The network ends with the scores; the loss takes the softmax.",
)
def ends_with_softmax(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return _changed(reference.alexnet(num_classes, shrink), softmax=nn.Softmax(dim=1))


@wrong("alexnet", hint="There are no dropouts: drop6 and drop7.", minor=True)
def no_dropouts(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return _changed(reference.alexnet(num_classes, shrink), drop6=None, drop7=None)


@wrong(
    "alexnet",
    hint="Your dropouts do not drop half: nn.Dropout(0.5).",
    minor=True,
)
def small_dropouts(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network = reference.alexnet(num_classes, shrink)
    return _changed(network, drop6=nn.Dropout(0.2), drop7=nn.Dropout(0.2))


@wrong(
    "alexnet",
    hint="Your dropouts stand behind fc6 and fc7. AlexNet has them in front: drop6, fc6, relu6, "
    "drop7, fc7, relu7.",
    minor=True,
)
def dropouts_behind(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network = reference.alexnet(num_classes, shrink)
    names = [name for name, _ in network.named_children()][:-7]
    return _ordered(network, [*names, "fc6", "relu6", "drop6", "fc7", "relu7", "drop7", "fc8"])


@wrong("alexnet", hint="Your layers have no biases; all of AlexNet's have.")
def no_biases(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network: Any = reference.alexnet(num_classes, shrink)
    for layer in network:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            layer.register_parameter("bias", None)
    return network


@wrong(
    "alexnet",
    hint="Your network is torchvision's, a later one with a single tower: 64, 192, 384, 256 and 256 "
    "kernels. The paper's has 96, 256, 384, 384 and 256.",
)
def one_tower(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network: Any = reference.alexnet(num_classes, shrink)
    widths = [3, *(width // shrink for width in (64, 192, 384, 256, 256))]
    convs = {
        f"conv{i}": _conv_like(
            getattr(network, f"conv{i}"),
            in_channels=widths[i - 1],
            out_channels=widths[i],
            groups=1,
        )
        for i in range(1, 6)
    }
    return _changed(network, **convs)


@wrong(
    "alexnet",
    hint="Your layers have numbers for names. Give an OrderedDict to nn.Sequential, or use "
    "add_module(name, layer).",
)
def no_names(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return nn.Sequential(*reference.alexnet(num_classes, shrink))


@wrong(
    "alexnet", hint="You do not use shrink: all numbers of kernels, and 4096, are divided by it."
)
def shrink_ignored(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return reference.alexnet(num_classes)


@wrong("alexnet", hint="You leave 4096 as it is. shrink divides it, too.")
def full_not_shrunk(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network = reference.alexnet(num_classes, shrink)
    return _changed(
        network,
        fc6=nn.Linear(256 // shrink * 36, 4096),
        fc7=nn.Linear(4096, 4096),
        fc8=nn.Linear(4096, num_classes),
    )


@wrong("alexnet", hint="The number of scores is num_classes; you have 1000, or another number.")
def always_a_thousand(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return reference.alexnet(1000, shrink)


@wrong("alexnet", hint="You return nothing: `return` is missing.")
def nothing_returned(num_classes: int = 1000, shrink: int = 1) -> Any:
    reference.alexnet(num_classes, shrink)


@right("alexnet")
def one_after_the_other(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network = nn.Sequential()
    channels = 3
    for number, (width, size, stride, padding, groups) in enumerate(
        ((96, 11, 4, 2, 1), (256, 5, 1, 2, 2), (384, 3, 1, 1, 1), (384, 3, 1, 1, 2),
         (256, 3, 1, 1, 2)), 1,
    ):  # fmt: skip
        outputs = width // shrink
        conv = nn.Conv2d(channels, outputs, size, stride, padding, groups=groups)
        network.add_module(f"conv{number}", conv)
        network.add_module(f"relu{number}", nn.ReLU(inplace=True))
        if number < 3:
            network.add_module(f"norm{number}", nn.LocalResponseNorm(5, 5e-4, 0.75, 2.0))
        if number in (1, 2, 5):
            network.add_module(f"pool{number}", nn.MaxPool2d(kernel_size=3, stride=2))
        channels = outputs
    network.add_module("flatten", nn.Flatten())
    size = channels * 36
    for number in (6, 7):
        network.add_module(f"drop{number}", nn.Dropout())
        network.add_module(f"fc{number}", nn.Linear(size, 4096 // shrink))
        network.add_module(f"relu{number}", nn.ReLU())
        size = 4096 // shrink
    network.add_module("fc8", nn.Linear(size, num_classes))
    return network


class _Drop(nn.Module):
    def forward(self, X: Tensor) -> Tensor:
        return functional.dropout(X, 0.5, self.training)


@right("alexnet")
class AlexNet(nn.Sequential):
    def __init__(self, num_classes: int = 1000, shrink: int = 1) -> None:
        layers = OrderedDict(reference.alexnet(num_classes, shrink).named_children())
        layers["drop6"] = _Drop()
        layers["pool5"] = nn.AdaptiveMaxPool2d(6)
        super().__init__(layers)
        for layer in self:
            if isinstance(layer, nn.Conv2d):
                nn.init.kaiming_normal_(layer.weight)


for _change in ("1 -> 2", "1 -> 0"):
    survivor(
        "alexnet",
        f"layer_table: {_change}",
        because="how many images go through the network is left out of the shapes",
    )


Table = list[tuple[str, tuple[int, ...], int]]


def _rows(network: nn.Sequential, shape: tuple[int, int, int]) -> Any:
    """Yield name, layer, inputs and outputs of all layers."""
    device = next(network.parameters()).device
    X = torch.zeros(1, *shape, device=device)
    with torch.no_grad():
        for name, layer in network.named_children():
            Y = layer(X)
            yield name, layer, X, Y
            X = Y


def _numbers(layer: nn.Module) -> int:
    return sum(parameter.numel() for parameter in layer.parameters())


@wrong(
    "alexnet",
    function="layer_table",
    hint="Your shapes begin with the axis of examples. What is asked for is the shape for one image, "
    "without it.",
)
def with_examples(network: nn.Sequential, shape: tuple[int, int, int]) -> Table:
    return [(name, tuple(Y.shape), _numbers(layer)) for name, layer, _, Y in _rows(network, shape)]


@wrong(
    "alexnet",
    function="layer_table",
    hint="Your shapes are those of what comes in. A row says what comes out of the layer.",
)
def shapes_of_inputs(network: nn.Sequential, shape: tuple[int, int, int]) -> Table:
    rows = _rows(network, shape)
    return [(name, tuple(X.shape[1:]), _numbers(layer)) for name, layer, X, _ in rows]


@wrong(
    "alexnet",
    function="layer_table",
    hint="You count the weights alone. Biases are parameters, too.",
)
def biases_not_counted(network: nn.Sequential, shape: tuple[int, int, int]) -> Table:
    rows = _rows(network, shape)
    return [
        (n, tuple(Y.shape[1:]), layer.weight.numel() if hasattr(layer, "weight") else 0)
        for n, layer, _, Y in rows
    ]


@wrong(
    "alexnet",
    function="layer_table",
    hint="You count tensors: len(list(layer.parameters())) is 2 for a layer with a bias. Sum their "
    "numel().",
)
def tensors_counted(network: nn.Sequential, shape: tuple[int, int, int]) -> Table:
    rows = _rows(network, shape)
    return [(n, tuple(Y.shape[1:]), len(list(layer.parameters()))) for n, layer, _, Y in rows]


@wrong(
    "alexnet",
    function="layer_table",
    hint="You add up the parameters from row to row. Each row has those of its own layer.",
)
def counts_added_up(network: nn.Sequential, shape: tuple[int, int, int]) -> Table:
    table, total = [], 0
    for name, layer, _, Y in _rows(network, shape):
        total += _numbers(layer)
        table.append((name, tuple(Y.shape[1:]), total))
    return table


@wrong(
    "alexnet",
    function="layer_table",
    hint="Your names are those of the classes. network.named_children() yields the layers' names.",
)
def names_of_classes(network: nn.Sequential, shape: tuple[int, int, int]) -> Table:
    rows = _rows(network, shape)
    return [(type(layer).__name__, tuple(Y.shape[1:]), _numbers(layer)) for _, layer, _, Y in rows]


@wrong(
    "alexnet",
    function="layer_table",
    hint="You leave out layers without parameters. Pools and ReLUs have rows, too.",
)
def layers_left_out(network: nn.Sequential, shape: tuple[int, int, int]) -> Table:
    table = reference.layer_table(network, shape)
    return [row for row in table if row[2]]


@wrong(
    "alexnet",
    function="layer_table",
    hint="Every layer gets the image in your table. It gets what comes out of the layer before.",
)
def image_for_all(network: nn.Sequential, shape: tuple[int, int, int]) -> Table:
    device = next(network.parameters()).device
    X = torch.zeros(1, *shape, device=device)
    return [
        (name, tuple(layer(X).shape[1:]), _numbers(layer))
        for name, layer in network.named_children()
    ]


@wrong(
    "alexnet",
    function="layer_table",
    hint="Your image is on the CPU wherever the network is. Make it on the device of the network's "
    "parameters.",
    minor=True,
)
def image_on_the_cpu(network: nn.Sequential, shape: tuple[int, int, int]) -> Table:
    X, table = torch.zeros(1, *shape, device="cpu"), []
    for name, layer in network.named_children():
        X = layer(X)
        table.append((name, tuple(X.shape[1:]), _numbers(layer)))
    return table


@wrong(
    "alexnet",
    function="layer_table",
    hint="Your image is on meta wherever the network is. Make it on the device of the network's "
    "parameters.",
)
def image_on_meta(network: nn.Sequential, shape: tuple[int, int, int]) -> Table:
    X, table = torch.zeros(1, *shape, device="meta"), []
    for name, layer in network.named_children():
        X = layer(X)
        table.append((name, tuple(X.shape[1:]), _numbers(layer)))
    return table


@wrong(
    "alexnet",
    function="layer_table",
    hint="Your rows are lists or dicts. A row is a tuple of name, shape and number of parameters.",
    minor=True,
)
def rows_as_lists(network: nn.Sequential, shape: tuple[int, int, int]) -> Any:
    return [list(row) for row in reference.layer_table(network, shape)]


@wrong(
    "alexnet",
    function="layer_table",
    hint="The number of parameters stands before the shape in your rows. The order is name, shape, "
    "number.",
)
def count_before_shape(network: nn.Sequential, shape: tuple[int, int, int]) -> Any:
    return [(name, count, out) for name, out, count in reference.layer_table(network, shape)]


@wrong(
    "alexnet",
    function="layer_table",
    hint="Your shape is that of the last axes alone, or a number of numbers: give (C, H, W), or (K,) "
    "for a line.",
)
def sizes_for_shapes(network: nn.Sequential, shape: tuple[int, int, int]) -> Any:
    return [
        (name, int(np.prod(out)), count)
        for name, out, count in reference.layer_table(network, shape)
    ]


@right("alexnet", function="layer_table")
def with_hooks(network: nn.Sequential, shape: tuple[int, int, int]) -> Table:
    outs: list[Any] = []
    hooks = [
        layer.register_forward_hook(lambda _, __, Y: outs.append(Y.shape[1:])) for layer in network
    ]
    network(torch.empty(2, *shape, device=next(network.parameters()).device))
    for hook in hooks:
        hook.remove()
    return [
        (name, tuple(out), sum(value.numel() for value in layer.parameters()))
        for (name, layer), out in zip(network.named_children(), outs, strict=True)
    ]


@right("alexnet", function="layer_table")
def of_a_copy(network: nn.Sequential, shape: tuple[int, int, int]) -> Any:
    X, table = torch.empty((1, *shape), device="meta"), []
    for name, layer in copy.deepcopy(network).to("meta").named_children():
        X = layer(X)
        table.append((name, X.shape[1:], _numbers(layer)))
    return table


# --- vgg19 ----------------------------------------------------------------------------------------


def _vgg(
    num_classes: int,
    shrink: int,
    counts: Sequence[int] = (2, 2, 4, 4, 4),
    kernels: Sequence[int] = (64, 128, 256, 512, 512),
) -> nn.Sequential:
    """Return a network with other numbers of layers and kernels."""
    layers = OrderedDict[str, nn.Module]()
    inputs, full = 3, 4096 // shrink
    for stage, (width, count) in enumerate(zip(kernels, counts, strict=True), 1):
        for number in range(1, count + 1):
            layers[f"conv{stage}_{number}"] = nn.Conv2d(inputs, width // shrink, 3, padding=1)
            layers[f"relu{stage}_{number}"] = nn.ReLU()
            inputs = width // shrink
        layers[f"pool{stage}"] = nn.MaxPool2d(2)
    layers["flatten"] = nn.Flatten()
    for number, size in ((6, inputs * 49), (7, full)):
        layers[f"fc{number}"] = nn.Linear(size, full)
        layers[f"relu{number}"] = nn.ReLU()
        layers[f"drop{number}"] = nn.Dropout()
    layers["fc8"] = nn.Linear(full, num_classes)
    return nn.Sequential(layers)


@wrong(
    "vgg19",
    hint="You have thirteen convolution layers, three in each of the last stages: that is VGG-16. "
    "VGG-19 has four there.",
)
def vgg16(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return _vgg(num_classes, shrink, (2, 2, 3, 3, 3))


@wrong(
    "vgg19",
    hint="The stages have 2, 2, 4, 4 and 4 layers: sixteen, which together with the three fully "
    "connected ones are 19.",
)
def nineteen_convolutions(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return _vgg(num_classes, shrink, (3, 4, 4, 4, 4))


@wrong(
    "vgg19",
    hint="The kernels double in your last stage, too. It has 512 of them, as many as the one before.",
)
def doubled_to_the_end(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return _vgg(num_classes, shrink, kernels=(64, 128, 256, 512, 1024))


@wrong(
    "vgg19",
    hint="The number of kernels changes at the end of a stage in your network. The first layer of a "
    "stage has as many kernels as the others of that stage.",
)
def widened_late(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network: Any = reference.vgg19(num_classes, shrink)
    layers: dict[str, nn.Module] = {}
    for stage, narrow in ((2, 64), (3, 128), (4, 256)):
        layers[f"conv{stage}_1"] = nn.Conv2d(narrow // shrink, narrow // shrink, 3, padding=1)
        layers[f"conv{stage}_2"] = nn.Conv2d(narrow // shrink, 2 * narrow // shrink, 3, padding=1)
    return _changed(network, **layers)


@wrong(
    "vgg19",
    hint="The kernels have no padding, so rows and columns get fewer with every layer. With 3 x 3 "
    "kernels and padding 1 they stay.",
)
def vgg_without_padding(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network = reference.vgg19(num_classes, shrink)
    convs = {
        name: _conv_like(layer, padding=0)
        for name, layer in network.named_children()
        if isinstance(layer, nn.Conv2d)
    }
    return _changed(network, **convs)


@wrong(
    "vgg19",
    hint="Your pools look at 3 x 3 places, as AlexNet's do. VGG's do not overlap: 2 x 2 places with "
    "stride 2.",
)
def overlapping_pools(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    pools = {f"pool{stage}": nn.MaxPool2d(3, 2, padding=1) for stage in range(1, 6)}
    return _changed(reference.vgg19(num_classes, shrink), **pools)


@wrong("vgg19", hint="Your pools take the mean. VGG's take the maximum.")
def vgg_average_pools(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    pools = {f"pool{stage}": nn.AvgPool2d(2) for stage in range(1, 6)}
    return _changed(reference.vgg19(num_classes, shrink), **pools)


@wrong(
    "vgg19",
    hint="There is no pool behind your last stage. Every stage has one: 224 is halved five times, "
    "to 7.",
)
def four_vgg_pools(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network = reference.vgg19(num_classes, shrink)
    fc6 = nn.Linear(512 // shrink * 196, 4096 // shrink)
    return _changed(network, pool5=None, fc6=fc6)


@wrong("vgg19", hint="There is a ReLU behind every convolution layer, not one for a whole stage.")
def relu_by_stage(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network = reference.vgg19(num_classes, shrink)
    names = [
        name for name, _ in network.named_children() if name.startswith("relu") and "_" in name
    ]
    last = {"relu1_2", "relu2_2", "relu3_4", "relu4_4", "relu5_4"}
    return _changed(network, **{name: None for name in names if name not in last})


@wrong(
    "vgg19",
    hint="There is no ReLU behind fc6 and fc7. Two linear layers one behind the other are a single "
    "one.",
)
def vgg_full_without_relu(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return _changed(reference.vgg19(num_classes, shrink), relu6=None, relu7=None)


@wrong(
    "vgg19",
    hint="You have batch normalisation. VGG-19 as published has none.",
)
def vgg_batch_norms(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    layers = OrderedDict[str, nn.Module]()
    for name, layer in reference.vgg19(num_classes, shrink).named_children():
        layers[name] = layer
        if isinstance(layer, nn.Conv2d):
            layers[name.replace("conv", "bn")] = nn.BatchNorm2d(layer.out_channels)
    return nn.Sequential(layers)


@wrong(
    "vgg19",
    hint="Your dropouts stand in front of fc6 and fc7, as AlexNet's do. Here the order is fc6, "
    "relu6, drop6, fc7, relu7, drop7.",
    minor=True,
)
def vgg_dropouts_in_front(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network = reference.vgg19(num_classes, shrink)
    names = [name for name, _ in network.named_children()][:-7]
    return _ordered(network, [*names, "drop6", "fc6", "relu6", "drop7", "fc7", "relu7", "fc8"])


@wrong("vgg19", hint="There are no dropouts: drop6 and drop7.", minor=True)
def vgg_no_dropouts(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return _changed(reference.vgg19(num_classes, shrink), drop6=None, drop7=None)


@wrong("vgg19", hint="Your dropouts do not drop half: nn.Dropout(0.5).", minor=True)
def vgg_small_dropouts(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network = reference.vgg19(num_classes, shrink)
    return _changed(network, drop6=nn.Dropout(0.1), drop7=nn.Dropout(0.1))


@wrong("vgg19", hint="Your layers have no biases; all of VGG's have.")
def vgg_no_biases(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network: Any = reference.vgg19(num_classes, shrink)
    for layer in network:
        if isinstance(layer, (nn.Conv2d, nn.Linear)):
            layer.register_parameter("bias", None)
    return network


@wrong(
    "vgg19",
    hint="You count stages and layers from 0. The first is conv1_1.",
)
def counted_from_zero(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    def earlier(name: str) -> str:
        for kind in ("conv", "relu", "pool"):
            rest = name.removeprefix(kind)
            if rest != name and (kind == "pool" or "_" in rest):
                return kind + "_".join(str(int(part) - 1) for part in rest.split("_"))
        return name

    layers = reference.vgg19(num_classes, shrink).named_children()
    return nn.Sequential(OrderedDict((earlier(name), layer) for name, layer in layers))


@wrong("vgg19", hint="Your layers have numbers for names. Give an OrderedDict to nn.Sequential.")
def vgg_no_names(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return nn.Sequential(*reference.vgg19(num_classes, shrink))


@wrong("vgg19", hint="You do not use shrink: all numbers of kernels, and 4096, are divided by it.")
def vgg_shrink_ignored(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return reference.vgg19(num_classes)


@wrong("vgg19", hint="You leave 4096 as it is. shrink divides it, too.")
def vgg_full_not_shrunk(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network = reference.vgg19(num_classes, shrink)
    return _changed(
        network,
        fc6=nn.Linear(512 // shrink * 49, 4096),
        fc7=nn.Linear(4096, 4096),
        fc8=nn.Linear(4096, num_classes),
    )


@wrong("vgg19", hint="The number of scores is num_classes; you have 1000, or another number.")
def vgg_always_a_thousand(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return reference.vgg19(1000, shrink)


@wrong(
    "vgg19",
    hint="You return probabilities. The network ends with the scores; the loss takes the softmax.",
)
def vgg_ends_with_softmax(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return _changed(reference.vgg19(num_classes, shrink), softmax=nn.Softmax(dim=1))


@right("vgg19")
def from_a_plan(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    network, inputs, stage, number = nn.Sequential(), 3, 1, 1
    plan = "64 64 M 128 128 M 256 256 256 256 M 512 512 512 512 M 512 512 512 512 M"
    for entry in plan.split(" "):
        if entry == "M":
            network.add_module(f"pool{stage}", nn.MaxPool2d(2, stride=2))
            stage, number = stage + 1, 1
            continue
        outputs = int(entry) // shrink
        network.add_module(f"conv{stage}_{number}", nn.Conv2d(inputs, outputs, 3, padding="same"))
        network.add_module(f"relu{stage}_{number}", nn.ReLU(inplace=True))
        inputs, number = outputs, number + 1
    full = 4096 // shrink
    for name, layer in (
        ("flatten", nn.Flatten()),
        ("fc6", nn.Linear(inputs * 49, full)),
        ("relu6", nn.ReLU()),
        ("drop6", nn.Dropout()),
        ("fc7", nn.Linear(full, full)),
        ("relu7", nn.ReLU()),
        ("drop7", nn.Dropout()),
        ("fc8", nn.Linear(full, num_classes)),
    ):
        network.add_module(name, layer)
    return network


@right("vgg19")
def from_pairs(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return nn.Sequential(OrderedDict(list(_vgg(num_classes, shrink).named_children())))


@right("vgg19")
def with_adaptive_pool(num_classes: int = 1000, shrink: int = 1) -> nn.Sequential:
    return _changed(_vgg(num_classes, shrink), pool5=nn.AdaptiveMaxPool2d((7, 7)))


# --- inception_block ------------------------------------------------------------------------------


class _Inception(InceptionBlock):
    """The block, its ways one by one."""

    def ways(self, X: Tensor) -> list[Tensor]:
        pooled = functional.max_pool2d(X, 3, 1, 1)
        return [
            relu(self.one(X)),
            relu(self.three(relu(self.reduce3(X)))),
            relu(self.five(relu(self.reduce5(X)))),
            relu(self.project(pooled)),
        ]

    def forward(self, X: Tensor) -> Tensor:
        return torch.cat(self.ways(X), dim=1)


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="The ways come in another order. It is 1 x 1, 3 x 3, 5 x 5, pool.",
)
class PoolFirst(_Inception):
    def ways(self, X: Tensor) -> list[Tensor]:
        ways = super().ways(X)
        return [ways[3], *ways[:3]]


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="5 x 5 comes before 3 x 3 in your output. The order is 1 x 1, 3 x 3, 5 x 5, pool.",
)
class FivesFirst(_Inception):
    def ways(self, X: Tensor) -> list[Tensor]:
        one, three, five, project = super().ways(X)
        return [one, five, three, project]


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="Your pool has stride 2, or torch's default, which is its size. With stride 1 and padding 1 "
    "rows and columns stay.",
)
class PoolWithStride(_Inception):
    def ways(self, X: Tensor) -> list[Tensor]:
        return [*super().ways(X)[:3], relu(self.project(functional.max_pool2d(X, 3, 2, 1)))]


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="Your pool has no padding: its output has two rows and columns fewer, and does not fit to "
    "the others.",
)
class PoolWithoutPadding(_Inception):
    def ways(self, X: Tensor) -> list[Tensor]:
        return [*super().ways(X)[:3], relu(self.project(functional.max_pool2d(X, 3, 1)))]


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="Your pool takes the mean. It takes the maximum.",
)
class AveragePool(_Inception):
    def ways(self, X: Tensor) -> list[Tensor]:
        pooled = functional.avg_pool2d(X, 3, 1, 1)
        return [*super().ways(X)[:3], relu(self.project(pooled))]


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="You pad with zeros before you pool, and a 0 beats every value below it. The padding of a "
    "max pool counts as minus infinity: let the pool do it.",
)
class PaddedWithZeros(_Inception):
    def ways(self, X: Tensor) -> list[Tensor]:
        pooled = functional.max_pool2d(functional.pad(X, (1, 1, 1, 1)), 3, 1)
        return [*super().ways(X)[:3], relu(self.project(pooled))]


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="There is a ReLU in front of your pool. ReLUs stand behind convolutions alone.",
)
class ReluBeforePool(_Inception):
    def ways(self, X: Tensor) -> list[Tensor]:
        pooled = functional.max_pool2d(relu(X), 3, 1, 1)
        return [*super().ways(X)[:3], relu(self.project(pooled))]


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="No gradient goes back through your pool. Do without torch.no_grad() and .detach().",
    minor=True,
)
class PoolDetached(_Inception):
    def ways(self, X: Tensor) -> list[Tensor]:
        pooled = functional.max_pool2d(X.detach(), 3, 1, 1)
        return [*super().ways(X)[:3], relu(self.project(pooled))]


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="There is no ReLU between the 1 x 1 kernels that reduce and the larger ones behind them. "
    "Two convolutions without one are a single convolution.",
)
class NoReluAfterReduce(_Inception):
    def ways(self, X: Tensor) -> list[Tensor]:
        one, _, _, project = super().ways(X)
        three, five = self.three(self.reduce3(X)), self.five(self.reduce5(X))
        return [one, relu(three), relu(five), project]


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="There is no ReLU behind the last convolution of each way.",
)
class NoReluAtTheEnd(_Inception):
    def ways(self, X: Tensor) -> list[Tensor]:
        pooled = functional.max_pool2d(X, 3, 1, 1)
        three, five = self.three(relu(self.reduce3(X))), self.five(relu(self.reduce5(X)))
        return [self.one(X), three, five, self.project(pooled)]


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="There is no ReLU behind the 1 x 1 kernels after the pool.",
)
class ProjectWithoutRelu(_Inception):
    def ways(self, X: Tensor) -> list[Tensor]:
        return [*super().ways(X)[:3], self.project(functional.max_pool2d(X, 3, 1, 1))]


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="The first way has no ReLU: behind every convolution stands one.",
)
class OneWithoutRelu(_Inception):
    def ways(self, X: Tensor) -> list[Tensor]:
        return [self.one(X), *super().ways(X)[1:]]


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="The 1 x 1 kernels stand before the pool in your last way. They stand behind it.",
)
class ProjectBeforePool(_Inception):
    def ways(self, X: Tensor) -> list[Tensor]:
        return [*super().ways(X)[:3], functional.max_pool2d(relu(self.project(X)), 3, 1, 1)]


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="There are no 1 x 1 kernels behind your pool: all channels of the input are handed on.",
)
class NoProject(_Inception):
    def __init__(self, *widths: int) -> None:
        super().__init__(*widths)
        del self.project

    def ways(self, X: Tensor) -> list[Tensor]:
        one, three = relu(self.one(X)), relu(self.three(relu(self.reduce3(X))))
        five = relu(self.five(relu(self.reduce5(X))))
        return [one, three, five, functional.max_pool2d(X, 3, 1, 1)]


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="Your larger kernels see all channels of the input. The 1 x 1 kernels in front of them "
    "reduce these first: reduce3 and reduce5.",
)
class NothingReduced(_Inception):
    def __init__(self, *widths: int) -> None:
        super().__init__(*widths)
        inputs, _, _, threes, _, fives, _ = widths
        self.three = nn.Conv2d(inputs, threes, 3, padding=1)
        self.five = nn.Conv2d(inputs, fives, 5, padding=2)

    def ways(self, X: Tensor) -> list[Tensor]:
        one, project = relu(self.one(X)), relu(self.project(functional.max_pool2d(X, 3, 1, 1)))
        return [one, relu(self.three(X)), relu(self.five(X)), project]


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="The 5 x 5 kernels have padding 1 in your block: rows and columns get fewer. They need 2.",
)
class FiveWithPaddingOne(_Inception):
    def __init__(self, *widths: int) -> None:
        super().__init__(*widths)
        self.five = nn.Conv2d(widths[4], widths[5], 5, padding=1)


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="The larger kernels have no padding in your block: rows and columns get fewer. 3 x 3 kernels "
    "need 1, 5 x 5 kernels need 2.",
)
class NoPadding(_Inception):
    def __init__(self, *widths: int) -> None:
        super().__init__(*widths)
        self.three = nn.Conv2d(widths[2], widths[3], 3)
        self.five = nn.Conv2d(widths[4], widths[5], 5)


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="The numbers before and behind the larger kernels are exchanged: reduce3 comes out of the "
    "1 x 1 kernels, threes out of the 3 x 3 kernels.",
)
class WidthsExchanged(_Inception):
    def __init__(self, *widths: int) -> None:
        inputs, ones, reduce3, threes, reduce5, fives, project = widths
        super().__init__(inputs, ones, threes, reduce3, fives, reduce5, project)


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="You give the 5 x 5 kernels the channels that were reduced for the 3 x 3 kernels.",
)
class OneReduction(_Inception):
    def __init__(self, *widths: int) -> None:
        super().__init__(*widths)
        self.five = nn.Conv2d(widths[2], widths[5], 5, padding=2)

    def ways(self, X: Tensor) -> list[Tensor]:
        reduced = relu(self.reduce3(X))
        project = relu(self.project(functional.max_pool2d(X, 3, 1, 1)))
        return [relu(self.one(X)), relu(self.three(reduced)), relu(self.five(reduced)), project]


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="You put the ways behind each other along another axis than that of the channels, dim 1.",
)
class AlongRows(_Inception):
    def forward(self, X: Tensor) -> Tensor:
        return torch.cat(self.ways(X), dim=2)


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="Your convolution layers have no biases. In this network, without batch normalisation, all "
    "have.",
)
class NoBiases(_Inception):
    def __init__(self, *widths: int) -> None:
        super().__init__(*widths)
        for layer in self.children():
            layer.register_parameter("bias", None)


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="You have batch normalisation. This version of the network has none.",
)
class WithBatchNorm(_Inception):
    def __init__(self, *widths: int) -> None:
        super().__init__(*widths)
        self.bn = nn.BatchNorm2d(widths[1] + widths[3] + widths[5] + widths[6])

    def forward(self, X: Tensor) -> Tensor:
        return self.bn(super().forward(X))


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="Your layers have other names. They are one, reduce3, three, reduce5, five and project.",
)
class OtherNames(nn.Module):
    def __init__(self, *widths: int) -> None:
        super().__init__()
        block = _Inception(*widths)
        self.way1, self.way2 = block.one, nn.Sequential(block.reduce3, nn.ReLU(), block.three)
        self.way3 = nn.Sequential(block.reduce5, nn.ReLU(), block.five)
        self.way4 = nn.Sequential(nn.MaxPool2d(3, 1, 1), block.project)

    def forward(self, X: Tensor) -> Tensor:
        return relu(torch.cat([way(X) for way in (self.way1, self.way2, self.way3, self.way4)], 1))


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="Your forward returns the four ways, not yet put together: torch.cat(ways, dim=1).",
)
class NotPutTogether(_Inception):
    def forward(self, X: Tensor) -> Any:
        return self.ways(X)


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="The gradient does not reach the reducing layers: you take their values out of the graph "
    "(detach, .data, torch.no_grad).",
)
class Detached(_Inception):
    def ways(self, X: Tensor) -> list[Tensor]:
        one, _, _, project = super().ways(X)
        three = relu(self.three(relu(self.reduce3(X)).detach()))
        five = relu(self.five(relu(self.reduce5(X)).detach()))
        return [one, three, five, project]


@wrong(
    "inception_block",
    function="InceptionBlock",
    hint="A ReLU with inplace=True changes the X that the caller still has: apply it to what the "
    "layers return alone.",
)
class InputThroughRelu(_Inception):
    def forward(self, X: Tensor) -> Tensor:
        return super().forward(relu(X, inplace=True))


@right("inception_block", function="InceptionBlock")
class InceptionOfModules(nn.Module):
    def __init__(
        self,
        inputs: int,
        ones: int,
        reduce3: int,
        threes: int,
        reduce5: int,
        fives: int,
        project: int,
    ) -> None:
        super().__init__()
        self.project = nn.Conv2d(inputs, project, kernel_size=1)
        self.one = nn.Conv2d(inputs, ones, kernel_size=1)
        self.reduce3 = nn.Conv2d(inputs, reduce3, kernel_size=1)
        self.reduce5 = nn.Conv2d(inputs, reduce5, kernel_size=1)
        self.three = nn.Conv2d(reduce3, threes, kernel_size=3, padding="same")
        self.five = nn.Conv2d(reduce5, fives, kernel_size=5, padding="same")
        self.pool = nn.MaxPool2d(3, stride=1, padding=1)
        self.relu = nn.ReLU()

    def forward(self, X: Tensor) -> Tensor:
        three = self.relu(self.three(self.relu(self.reduce3(X))))
        five = self.relu(self.five(self.relu(self.reduce5(X))))
        pool = self.relu(self.project(self.pool(X)))
        return torch.cat([self.relu(self.one(X)), three, five, pool], dim=1)


@right("inception_block", function="InceptionBlock")
class InceptionWithOneRelu(_Inception):
    def forward(self, X: Tensor) -> Tensor:
        three, five = self.reduce3(X).relu(), self.reduce5(X).relu()
        pooled = functional.max_pool2d(X, 3, 1, 1)
        return torch.hstack(
            (self.one(X), self.three(three), self.five(five), self.project(pooled))
        ).relu()


@right("inception_block", function="InceptionBlock")
class InceptionInPlace(_Inception):
    def ways(self, X: Tensor) -> list[Tensor]:
        pooled = functional.pad(X, (1, 1, 1, 1), value=float("-inf"))
        pooled = pooled.unfold(2, 3, 1).unfold(3, 3, 1).amax(dim=(-1, -2))
        ways = [
            self.one(X),
            self.three(self.reduce3(X).relu_()),
            self.five(self.reduce5(X).clamp(min=0.0)),
            self.project(pooled),
        ]
        return [functional.relu_(way) for way in ways]


# --- residual_blocks ------------------------------------------------------------------------------


class _Plain(PlainBlock):
    """The block, its branch open to changes."""


@wrong(
    "residual_blocks",
    function="PlainBlock",
    hint="There is no ReLU at the end of your plain block: Y = ReLU(bn2(...)).",
    minor=True,
)
class PlainWithoutLastRelu(_Plain):
    def forward(self, X: Tensor) -> Tensor:
        return self._branch(X)


@wrong(
    "residual_blocks",
    function="PlainBlock",
    hint="There is no ReLU between the two layers of your plain block.",
    minor=True,
)
class PlainWithoutMiddleRelu(_Plain):
    def forward(self, X: Tensor) -> Tensor:
        return relu(self.bn2(self.conv2(self.bn1(self.conv1(X)))))


@wrong(
    "residual_blocks",
    function="PlainBlock",
    hint="Your ReLU stands in front of the batch normalisation. The order is convolution, "
    "normalisation, ReLU.",
    minor=True,
)
class PlainReluBeforeNorm(_Plain):
    def forward(self, X: Tensor) -> Tensor:
        return self.bn2(relu(self.conv2(self.bn1(relu(self.conv1(X))))))


@wrong(
    "residual_blocks",
    function="PlainBlock",
    hint="In your plain block normalisation and ReLU come before the convolution. That order belongs "
    "to a later paper; here it is convolution, normalisation, ReLU.",
    minor=True,
)
class PlainPreActivated(_Plain):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, stride)
        self.bn1 = nn.BatchNorm2d(inputs)

    def forward(self, X: Tensor) -> Tensor:
        return self.conv2(relu(self.bn2(self.conv1(relu(self.bn1(X))))))


@wrong(
    "residual_blocks",
    function="PlainBlock",
    hint="The convolutions of your plain block have biases. The normalisation behind them takes any "
    "constant away again: bias=False.",
    minor=True,
)
class PlainWithBiases(_Plain):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, stride)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)


@wrong(
    "residual_blocks",
    function="PlainBlock",
    hint="Your plain block has no batch normalisation: bn1 and bn2.",
    minor=True,
)
class PlainWithoutNorms(_Plain):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, stride)
        del self.bn1, self.bn2

    def forward(self, X: Tensor) -> Tensor:
        return relu(self.conv2(relu(self.conv1(X))))


@wrong(
    "residual_blocks",
    function="PlainBlock",
    hint="Both layers of your plain block share one normalisation. Each has its own, with its own "
    "averages.",
    minor=True,
)
class PlainWithSharedNorm(_Plain):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, stride)
        self.bn2 = self.bn1

    def forward(self, X: Tensor) -> Tensor:
        return relu(self.bn1(self.conv2(relu(self.bn1(self.conv1(X))))))


@wrong(
    "residual_blocks",
    function="PlainBlock",
    hint="The stride of your plain block is in the second convolution. It belongs to the first.",
    minor=True,
)
class PlainStrideInSecond(_Plain):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs)
        self.conv2.stride = (stride, stride)


@wrong(
    "residual_blocks",
    function="PlainBlock",
    hint="Both convolutions of your plain block have the stride. Only the first has it.",
    minor=True,
)
class PlainStrideInBoth(_Plain):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, stride)
        self.conv2.stride = (stride, stride)


@wrong(
    "residual_blocks",
    function="PlainBlock",
    hint="Your plain block does not use its stride.",
    minor=True,
)
class PlainWithoutStride(_Plain):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs)


@wrong(
    "residual_blocks",
    function="PlainBlock",
    hint="The convolutions of your plain block have no padding: rows and columns get fewer. 3 x 3 "
    "kernels keep them with padding 1.",
    minor=True,
)
class PlainWithoutPadding(_Plain):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, stride)
        self.conv1.padding = self.conv2.padding = (0, 0)


@wrong(
    "residual_blocks",
    function="PlainBlock",
    hint="The first convolution of your plain block leaves the number of channels as it is, and the "
    "second changes it. Both layers have `outputs` kernels.",
    minor=True,
)
class PlainWidenedLate(_Plain):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, stride)
        self.conv1 = nn.Conv2d(inputs, inputs, 3, stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(inputs)
        self.conv2 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)


@wrong(
    "residual_blocks",
    function="PlainBlock",
    hint="Your normalisation takes the batch's mean and variance in evaluation, too. There it takes "
    "the running averages: leave nn.BatchNorm2d as torch makes it.",
    minor=True,
)
class PlainWithoutAverages(_Plain):
    def forward(self, X: Tensor) -> Tensor:
        def norm(bn: nn.BatchNorm2d, Y: Tensor) -> Tensor:
            return functional.batch_norm(Y, None, None, bn.weight, bn.bias, True)

        return relu(norm(self.bn2, self.conv2(relu(norm(self.bn1, self.conv1(X))))))


@wrong(
    "residual_blocks",
    function="PlainBlock",
    hint="Your normalisation takes the running averages in training, too. There it takes the batch's "
    "own mean and variance.",
    minor=True,
)
class PlainAlwaysAveraged(_Plain):
    def forward(self, X: Tensor) -> Tensor:
        def norm(bn: nn.BatchNorm2d, Y: Tensor) -> Tensor:
            mean, var = bn.running_mean, bn.running_var
            return functional.batch_norm(Y, mean, var, bn.weight, bn.bias, False)

        return relu(norm(self.bn2, self.conv2(relu(norm(self.bn1, self.conv1(X))))))


@wrong(
    "residual_blocks",
    function="PlainBlock",
    hint="Your normalisations have a momentum of their own. Leave nn.BatchNorm2d as torch makes it.",
    minor=True,
)
class PlainOtherMomentum(_Plain):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, stride)
        self.bn1.momentum = self.bn2.momentum = 0.9


@wrong(
    "residual_blocks",
    function="PlainBlock",
    hint="There is a shortcut in your plain block. It is the block without one.",
    minor=True,
)
class PlainWithShortcut(ResidualBlock):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, stride)


@right("residual_blocks", function="PlainBlock")
class PlainOfModules(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)

    def forward(self, X: Tensor) -> Tensor:
        X = self.relu(self.bn1(self.conv1(X)))
        return self.relu(self.bn2(self.conv2(X)))


@right("residual_blocks", function="PlainBlock")
class PlainAsChain(nn.Sequential):
    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(
            OrderedDict[str, nn.Module](
                conv1=nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
                bn1=nn.BatchNorm2d(outputs),
                relu1=nn.ReLU(),
                conv2=nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
                bn2=nn.BatchNorm2d(outputs),
                relu2=nn.ReLU(),
            )
        )


class _Residual(ResidualBlock):
    """The block, its shortcut open to changes."""

    def carried(self, X: Tensor) -> Tensor:
        if hasattr(self, "projection"):
            return self.projection(X)
        return self.padded(X)

    def padded(self, X: Tensor) -> Tensor:
        seen = X[:, :, :: self.stride, :: self.stride]
        return functional.pad(seen, (0, 0, 0, 0, 0, self.more))

    def forward(self, X: Tensor) -> Tensor:
        return relu(self._branch(X) + self.carried(X))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="You apply the last ReLU before the sum. It comes behind it: Y = ReLU(F(X) + S(X)).",
)
class ReluBeforeSum(_Residual):
    def forward(self, X: Tensor) -> Tensor:
        return relu(self._branch(X)) + self.carried(X)


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="There is no ReLU behind the sum: Y = ReLU(F(X) + S(X)).",
)
class NoReluBehindSum(_Residual):
    def forward(self, X: Tensor) -> Tensor:
        return self._branch(X) + self.carried(X)


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="You apply a ReLU before the sum and one behind it. Only the one behind it belongs there: "
    "else F could add, and never take away.",
)
class ReluBeforeAndBehind(_Residual):
    def forward(self, X: Tensor) -> Tensor:
        return relu(relu(self._branch(X)) + self.carried(X))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="Your residual block has no shortcut: what comes in is added to F(X).",
)
class NoShortcut(_Residual):
    def forward(self, X: Tensor) -> Tensor:
        return relu(self._branch(X))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="You leave the shortcut out where shapes differ. There it is of option A or B.",
)
class ShortcutWhereItFits(_Residual):
    def forward(self, X: Tensor) -> Tensor:
        fits = self.stride == 1 and self.more == 0
        return relu(self._branch(X) + X) if fits else relu(self._branch(X))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="You subtract the shortcut. F(X) and S(X) are added.",
)
class Subtracted(_Residual):
    def forward(self, X: Tensor) -> Tensor:
        return relu(self._branch(X) - self.carried(X))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="You put X behind F(X) as further channels. They are added, number by number.",
)
class Concatenated(_Residual):
    def forward(self, X: Tensor) -> Tensor:
        return relu(torch.cat([self._branch(X), self.carried(X)], dim=1))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="Your shortcut begins behind the first convolution. It begins with X, what comes into the "
    "block.",
)
class ShortcutFromTheMiddle(_Residual):
    def forward(self, X: Tensor) -> Tensor:
        Y = relu(self.bn1(self.conv1(X)))
        return relu(self.bn2(self.conv2(Y)) + Y)


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="You add the shortcut before the second normalisation. It is added behind it.",
)
class SumBeforeNorm(_Residual):
    def forward(self, X: Tensor) -> Tensor:
        Y = self.conv2(relu(self.bn1(self.conv1(X))))
        return relu(self.bn2(Y + self.carried(X)))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="Your shortcut goes through a ReLU. It hands on X as it is, values below 0 too.",
)
class ShortcutThroughRelu(_Residual):
    def forward(self, X: Tensor) -> Tensor:
        return relu(self._branch(X) + relu(self.carried(X)))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="You take the mean of F(X) and S(X). They are added.",
)
class Averaged(_Residual):
    def forward(self, X: Tensor) -> Tensor:
        return relu(0.5 * (self._branch(X) + self.carried(X)))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="There is no ReLU between the two layers of F.",
)
class NoReluInBranch(_Residual):
    def _branch(self, X: Tensor) -> Tensor:
        return self.bn2(self.conv2(self.bn1(self.conv1(X))))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="In your residual block normalisation and ReLU come before the convolutions. That order "
    "belongs to a later paper; here the ReLU comes behind the sum.",
)
class PreActivated(_Residual):
    def __init__(self, inputs: int, outputs: int, stride: int = 1, shortcut: str = "A") -> None:
        super().__init__(inputs, outputs, stride, shortcut)
        self.bn1 = nn.BatchNorm2d(inputs)

    def forward(self, X: Tensor) -> Tensor:
        branch = self.conv2(relu(self.bn2(self.conv1(relu(self.bn1(X))))))
        return branch + self.carried(X)


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="Your residual block has no batch normalisation: bn1 and bn2.",
)
class ResidualWithoutNorms(_Residual):
    def __init__(self, inputs: int, outputs: int, stride: int = 1, shortcut: str = "A") -> None:
        super().__init__(inputs, outputs, stride, shortcut)
        del self.bn1, self.bn2

    def _branch(self, X: Tensor) -> Tensor:
        return self.conv2(relu(self.conv1(X)))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="The convolutions of your residual block have biases: bias=False.",
)
class ResidualWithBiases(_Residual):
    def __init__(self, inputs: int, outputs: int, stride: int = 1, shortcut: str = "A") -> None:
        super().__init__(inputs, outputs, stride, shortcut)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="You put the channels of zeros on both sides. X's own channels come first, the zeros behind "
    "them.",
    minor=True,
)
class ZerosOnBothSides(_Residual):
    def padded(self, X: Tensor) -> Tensor:
        seen = X[:, :, :: self.stride, :: self.stride]
        before = self.more // 2 if self.more > 0 else 0
        return functional.pad(seen, (0, 0, 0, 0, before, self.more - before))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="You put the channels of zeros in front. They come behind X's own.",
    minor=True,
)
class ZerosInFront(_Residual):
    def padded(self, X: Tensor) -> Tensor:
        seen = X[:, :, :: self.stride, :: self.stride]
        return functional.pad(seen, (0, 0, 0, 0, self.more, 0))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="With option A you repeat X's channels. The further channels are zeros.",
    minor=True,
)
class ChannelsRepeated(_Residual):
    def padded(self, X: Tensor) -> Tensor:
        seen = X[:, :, :: self.stride, :: self.stride]
        outputs = seen.shape[1] + self.more
        return seen.repeat(1, -(-outputs // seen.shape[1]), 1, 1)[:, :outputs]


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="With option A you average neighbouring places. It takes every stride-th row and column of "
    "X, as they are.",
    minor=True,
)
class PlacesAveraged(_Residual):
    def padded(self, X: Tensor) -> Tensor:
        seen = functional.avg_pool2d(X, self.stride, ceil_mode=True)
        return functional.pad(seen, (0, 0, 0, 0, 0, self.more))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="With option A you take the largest of neighbouring places. It takes every stride-th row and "
    "column of X, as they are.",
    minor=True,
)
class PlacesPooled(_Residual):
    def padded(self, X: Tensor) -> Tensor:
        seen = functional.max_pool2d(X, self.stride, ceil_mode=True)
        return functional.pad(seen, (0, 0, 0, 0, 0, self.more))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="Your option A leaves out the last row and column of an odd number. It takes every stride-th "
    "one of X, from the first on, as they are.",
    minor=True,
)
class PooledRoundingDown(_Residual):
    def padded(self, X: Tensor) -> Tensor:
        seen = functional.avg_pool2d(X, self.stride)
        return functional.pad(seen, (0, 0, 0, 0, 0, self.more))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="No gradient goes back along your shortcut, which is what it is for. Do without .detach() and "
    "torch.no_grad().",
    minor=True,
)
class ShortcutDetached(_Residual):
    def forward(self, X: Tensor) -> Tensor:
        return relu(self._branch(X) + self.carried(X.detach()))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="You make the channels of zeros without saying where. They belong where X is: "
    "device=X.device, or X.new_zeros(...).",
    minor=True,
)
class ZerosWithoutDevice(_Residual):
    def padded(self, X: Tensor) -> Tensor:
        seen = X[:, :, :: self.stride, :: self.stride]
        if self.more <= 0:
            return seen[:, : seen.shape[1] + self.more]
        zeros = torch.zeros(len(X), self.more, *seen.shape[2:], dtype=X.dtype)
        return torch.cat([seen, zeros], dim=1)


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="With option A you add X as it is, whatever its shape. It takes every stride-th row and column "
    "of X, and channels of zeros behind its own.",
    minor=True,
)
class AddsXAsItIs(_Residual):
    def padded(self, X: Tensor) -> Tensor:
        return X


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="Your option A takes every stride-th row of X, but all columns. It takes every stride-th one "
    "of both.",
    minor=True,
)
class RowsAlone(_Residual):
    def padded(self, X: Tensor) -> Tensor:
        return functional.pad(X[:, :, :: self.stride], (0, 0, 0, 0, 0, self.more))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="Your option A takes every second row and column whatever the stride is.",
    minor=True,
)
class EverySecondPlace(_Residual):
    def padded(self, X: Tensor) -> Tensor:
        step = 2 if self.stride > 1 else 1
        return functional.pad(X[:, :, ::step, ::step], (0, 0, 0, 0, 0, self.more))


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="Your option A fails where outputs are fewer than inputs. There it hands on the first "
    "channels alone.",
    minor=True,
)
class NeverFewer(_Residual):
    def padded(self, X: Tensor) -> Tensor:
        seen = X[:, :, :: self.stride, :: self.stride]
        zeros = torch.zeros(len(X), self.more, *seen.shape[2:])
        return torch.cat([seen, zeros], dim=1)


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="Option A looks only at the number of channels in your block: with a stride rows and columns "
    "of X are left out, too, where the channels stay.",
    minor=True,
)
class StrideWithMoreAlone(_Residual):
    def padded(self, X: Tensor) -> Tensor:
        return super().padded(X) if self.more else X


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="Your block has a projection whatever the shortcut is. Option A has no parameters.",
    minor=True,
)
class AlwaysProjects(_Residual):
    def __init__(self, inputs: int, outputs: int, stride: int = 1, shortcut: str = "A") -> None:
        if shortcut not in ("A", "B"):
            raise ValueError(shortcut)
        super().__init__(inputs, outputs, stride, "B")


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="Your block does not use `shortcut`: with option B there is a projection.",
    minor=True,
)
class NeverProjects(_Residual):
    def __init__(self, inputs: int, outputs: int, stride: int = 1, shortcut: str = "A") -> None:
        if shortcut not in ("A", "B"):
            raise ValueError(shortcut)
        super().__init__(inputs, outputs, stride, "A")


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="Your option B projects where the shapes are equal, too. There the shortcut is X itself, "
    "without parameters.",
    minor=True,
)
class ProjectsEverywhere(_Residual):
    def __init__(self, inputs: int, outputs: int, stride: int = 1, shortcut: str = "A") -> None:
        super().__init__(inputs, outputs, stride, shortcut)
        if shortcut == "B":
            self.projection = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="Your option B projects only where the number of channels changes. With a stride it is "
    "needed as well.",
    minor=True,
)
class ProjectsForChannelsAlone(_Residual):
    def __init__(self, inputs: int, outputs: int, stride: int = 1, shortcut: str = "A") -> None:
        super().__init__(inputs, outputs, stride, shortcut)
        if inputs == outputs and hasattr(self, "projection"):
            del self.projection


class _Projecting(_Residual):
    """The block, its projection open to changes."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, shortcut: str = "A") -> None:
        super().__init__(inputs, outputs, stride, shortcut)
        if hasattr(self, "projection"):
            self.projection = nn.Sequential(*self.layers(inputs, outputs, stride))

    def layers(self, inputs: int, outputs: int, stride: int) -> list[nn.Module]:
        raise NotImplementedError


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="There is no batch normalisation behind your projection.",
    minor=True,
)
class ProjectionWithoutNorm(_Projecting):
    def layers(self, inputs: int, outputs: int, stride: int) -> list[nn.Module]:
        return [nn.Conv2d(inputs, outputs, 1, stride, bias=False)]


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="Your projection has a bias: bias=False.",
    minor=True,
)
class ProjectionWithBias(_Projecting):
    def layers(self, inputs: int, outputs: int, stride: int) -> list[nn.Module]:
        return [nn.Conv2d(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs)]


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="Your projection ends with a ReLU. The ReLU comes behind the sum.",
    minor=True,
)
class ProjectionWithRelu(_Projecting):
    def layers(self, inputs: int, outputs: int, stride: int) -> list[nn.Module]:
        conv = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
        return [conv, nn.BatchNorm2d(outputs), nn.ReLU()]


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="Your projection has kernels of 3 x 3. They are 1 x 1: a mixture of channels, place by "
    "place.",
    minor=True,
)
class LargeProjection(_Projecting):
    def layers(self, inputs: int, outputs: int, stride: int) -> list[nn.Module]:
        conv = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        return [conv, nn.BatchNorm2d(outputs)]


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="Your projection has no stride, so that it does not fit to F(X).",
    minor=True,
)
class ProjectionWithoutStride(_Projecting):
    def layers(self, inputs: int, outputs: int, stride: int) -> list[nn.Module]:
        return [nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs)]


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="You accept every shortcut. Raise ValueError unless it is A or B.",
    minor=True,
)
class AnyShortcut(_Residual):
    def __init__(self, inputs: int, outputs: int, stride: int = 1, shortcut: str = "A") -> None:
        super().__init__(inputs, outputs, stride, "B" if shortcut == "B" else "A")


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="The default of `shortcut` is A.",
    minor=True,
)
class DefaultIsB(_Residual):
    def __init__(self, inputs: int, outputs: int, stride: int = 1, shortcut: str = "B") -> None:
        super().__init__(inputs, outputs, stride, shortcut)


@wrong(
    "residual_blocks",
    function="ResidualBlock",
    hint="You change X: `X += ...` and ReLUs with inplace=True write into the caller's tensor.",
    minor=True,
)
class ChangesInput(_Residual):
    def forward(self, X: Tensor) -> Tensor:
        branch = self._branch(X)
        if not hasattr(self, "projection") and self.stride == 1 and not self.more:
            X += branch
            return X.relu_()
        return relu(branch + self.carried(X))


class _Shortcut(nn.Module):
    """Option A by zeros that are put behind."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.inputs, self.outputs, self.stride = inputs, outputs, stride

    def forward(self, X: Tensor) -> Tensor:
        # A pool of one place is that place.
        seen = functional.avg_pool2d(X, 1, self.stride)
        if self.outputs <= self.inputs:
            return seen[:, : self.outputs]
        zeros = torch.zeros(len(X), self.outputs - self.inputs, *seen.shape[2:])
        return torch.cat([seen, zeros.to(seen.device)], dim=1)


@right("residual_blocks", function="ResidualBlock")
class ResidualOfModules(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int = 1, shortcut: str = "A") -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        if shortcut == "A":
            self.shortcut: nn.Module = _Shortcut(inputs, outputs, stride)
        elif shortcut != "B":
            raise ValueError("A or B")
        elif stride == 1 and inputs == outputs:
            self.shortcut = nn.Identity()
        else:
            self.shortcut = nn.Sequential()
            self.projection = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, X: Tensor) -> Tensor:
        Y = relu(self.bn1(self.conv1(X)), inplace=True)
        Y = self.bn2(self.conv2(Y))
        shortcut = self.projection if hasattr(self, "projection") else self.shortcut
        Y += shortcut(X)
        return relu(Y, inplace=True)


@right("residual_blocks", function="ResidualBlock")
class ResidualWithNone(PlainBlock):
    def __init__(self, inputs: int, outputs: int, stride: int = 1, shortcut: str = "A") -> None:
        super().__init__(inputs, outputs, stride)
        if shortcut not in {"A", "B"}:
            raise ValueError
        self.projection = None
        if shortcut == "B" and (inputs, stride) != (outputs, 1):
            self.projection = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, X: Tensor) -> Tensor:
        Y = self.bn2(self.conv2(self.bn1(self.conv1(X)).relu()))
        if self.projection is not None:
            return (Y + self.projection(X)).relu()
        step = self.conv1.stride[0]
        seen, padded = X[:, :, ::step, ::step], torch.zeros_like(Y)
        shared = min(X.shape[1], Y.shape[1])
        padded[:, :shared] = seen[:, :shared]
        return (Y + padded).clamp_min(0.0)


# --- cifar_resnet ---------------------------------------------------------------------------------

Block = Callable[[int, int, int], nn.Module]


def _stages(
    n: int, block: Block, width: int, strides: Sequence[int] = (1, 2, 2), widths: Any = (1, 2, 4)
) -> list[nn.Sequential]:
    """Return three stages with other strides or widths."""
    stages, inputs = [], width
    for stride, factor in zip(strides, widths, strict=True):
        outputs = width * factor
        blocks = [block(inputs, outputs, stride)]
        blocks += [block(outputs, outputs, 1) for _ in range(n - 1)]
        stages.append(nn.Sequential(*blocks))
        inputs = outputs
    return stages


class _Net(CifarResNet):
    """The network, open to changes."""

    def __init__(self, n: int, block: Block, num_classes: int = 10, width: int = 16) -> None:
        super().__init__(n, block, num_classes, width)
        self.change(n, block, num_classes, width)

    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        """Do otherwise."""

    def first(self, X: Tensor) -> Tensor:
        return relu(self.bn(self.conv(X)))

    def last(self, X: Tensor) -> Tensor:
        return self.fc(X.mean(dim=(2, 3)))

    def forward(self, X: Tensor) -> Tensor:
        return self.last(self.stage3(self.stage2(self.stage1(self.first(X)))))


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="All three of your stages have stride 2. The first keeps rows and columns.",
)
class StridesEverywhere(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        self.stage1, self.stage2, self.stage3 = _stages(n, block, width, (2, 2, 2))


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="None of your stages has a stride. The first block of the second and of the third stage has "
    "stride 2.",
)
class StridesNowhere(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        self.stage1, self.stage2, self.stage3 = _stages(n, block, width, (1, 1, 1))


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="All blocks of a stage have stride 2 in your network. Only the first of the second and of "
    "the third stage has it.",
)
class StrideInEveryBlock(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        def stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
            more = [block(outputs, outputs, stride) for _ in range(n - 1)]
            return nn.Sequential(block(inputs, outputs, stride), *more)

        self.stage2 = stage(width, 2 * width, 2)
        self.stage3 = stage(2 * width, 4 * width, 2)


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="The last block of a stage has the stride and the further channels in your network. It is "
    "the first one.",
)
class StrideInLastBlock(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        def stage(inputs: int, outputs: int) -> nn.Sequential:
            more = [block(inputs, inputs, 1) for _ in range(n - 1)]
            return nn.Sequential(*more, block(inputs, outputs, 2))

        if n > 1:
            self.stage2, self.stage3 = stage(width, 2 * width), stage(2 * width, 4 * width)
        else:
            self.stage1, self.stage2 = stage(width, width), stage(width, 2 * width)
            self.stage3 = nn.Sequential(block(2 * width, 4 * width, 1))


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="Your stages have n + 1 blocks: the first, and n more. They have n.",
)
class OneBlockMore(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        self.stage1, self.stage2, self.stage3 = _stages(n + 1, block, width)


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="Your stages have 2 n blocks. n blocks of two layers are 2 n layers.",
)
class TwiceTheBlocks(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        self.stage1, self.stage2, self.stage3 = _stages(2 * n, block, width)


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="Your network has four stages. This one, for small images, has three.",
)
class FourStages(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        more = (block(8 * width, 8 * width, 1) for _ in range(n - 1))
        self.stage4 = nn.Sequential(block(4 * width, 8 * width, 2), *more)
        self.fc = nn.Linear(8 * width, num_classes)

    def last(self, X: Tensor) -> Tensor:
        return super().last(self.stage4(X))


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="All your stages have as many channels. They double: width, 2 width, 4 width.",
)
class SameWidth(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        stages = _stages(n, block, width, widths=(1, 1, 1))
        self.stage1, self.stage2, self.stage3 = stages
        self.fc = nn.Linear(width, num_classes)


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="Your first stage doubles the channels already. They are width, 2 width, 4 width.",
)
class DoubledTooEarly(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        stages = _stages(n, block, width, widths=(2, 4, 8))
        self.stage1, self.stage2, self.stage3 = stages
        self.fc = nn.Linear(8 * width, num_classes)


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="You make one block and use it n times: all places of a stage share its weights. Call "
    "`block` once for each.",
)
class OneBlockRepeated(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        for stage in (self.stage1, self.stage2, self.stage3):
            for number in range(2, n):
                stage[number] = stage[1]


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="You take ResidualBlock whatever `block` is.",
)
class BlockIgnored(_Net):
    def __init__(self, n: int, block: Block, num_classes: int = 10, width: int = 16) -> None:
        super().__init__(n, ResidualBlock, num_classes, width)


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="There is no ReLU behind your first layer: conv, bn, ReLU.",
)
class FirstWithoutRelu(_Net):
    def first(self, X: Tensor) -> Tensor:
        return self.bn(self.conv(X))


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="There is no batch normalisation behind your first convolution: bn.",
)
class FirstWithoutNorm(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        del self.bn

    def first(self, X: Tensor) -> Tensor:
        return relu(self.conv(X))


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="Your first convolution has a bias: bias=False.",
)
class FirstWithBias(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        self.conv = nn.Conv2d(3, width, 3, padding=1)


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="Your network begins as the one for large images does, with 7 x 7 kernels or a pool. For "
    "small images it is a 3 x 3 convolution, and no pool.",
)
class LargeFirstKernels(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        self.conv = nn.Conv2d(3, width, 7, stride=2, padding=3, bias=False)

    def first(self, X: Tensor) -> Tensor:
        return functional.max_pool2d(super().first(X), 3, 2, 1)


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="There is a pool behind your first layer. This network has none: rows and columns are halved "
    "by strides.",
)
class PoolBehindFirst(_Net):
    def first(self, X: Tensor) -> Tensor:
        return functional.max_pool2d(super().first(X), 3, 2, 1)


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="Your first convolution has no padding: rows and columns get fewer.",
)
class FirstWithoutPadding(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        self.conv = nn.Conv2d(3, width, 3, bias=False)


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="You take the maximum over all places. It is the mean.",
)
class MaximumOfPlaces(_Net):
    def last(self, X: Tensor) -> Tensor:
        return self.fc(X.amax(dim=(2, 3)))


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="You sum over all places. It is the mean, so that larger images do not give larger scores.",
)
class SumOfPlaces(_Net):
    def last(self, X: Tensor) -> Tensor:
        return self.fc(X.sum(dim=(2, 3)))


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="Your mean runs over one of the two axes of places, or over the channels: X.mean(dim=(2, 3)) "
    "leaves examples and channels.",
)
class MeanOfOneAxis(_Net):
    def last(self, X: Tensor) -> Tensor:
        return self.fc(X.mean(dim=2).mean(dim=0, keepdim=True).transpose(1, 2)).mean(dim=1)


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="Your last pool looks at 8 x 8 places: that is all of them for images of 32 x 32 alone. Take "
    "the mean over all places, as many as there are.",
)
class FixedPool(_Net):
    def last(self, X: Tensor) -> Tensor:
        return self.fc(functional.avg_pool2d(X, 8).flatten(1))


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="You take no mean over the places: the linear layer sees all of them. It has 4 width inputs.",
)
class NoGlobalPool(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        self.fc = nn.Linear(4 * width * 64, num_classes)

    def last(self, X: Tensor) -> Tensor:
        return self.fc(X.flatten(1))


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="Your network ends with a softmax. It returns the scores; the loss takes the softmax.",
)
class EndsWithSoftmax(_Net):
    def last(self, X: Tensor) -> Tensor:
        return super().last(X).softmax(dim=1)


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="There is a ReLU behind your last layer: scores may be below 0.",
)
class ScoresThroughRelu(_Net):
    def last(self, X: Tensor) -> Tensor:
        return relu(super().last(X))


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="The number of scores is num_classes; you have 10, or another number.",
)
class AlwaysTen(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        self.fc = nn.Linear(4 * width, 10)


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="You do not use `width`.",
)
class WidthIgnored(_Net):
    def __init__(self, n: int, block: Block, num_classes: int = 10, width: int = 16) -> None:
        super().__init__(n, block, num_classes)


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="Your blocks are in a list of Python's, which hides their parameters from the network. Put "
    "them into a nn.Sequential.",
)
class HiddenInAList(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        stages = [self.stage1, self.stage2, self.stage3]
        del self.stage1, self.stage2, self.stage3
        self.stages = stages

    def forward(self, X: Tensor) -> Tensor:
        X = self.first(X)
        for stage in self.stages:
            X = stage(X)
        return self.last(X)


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="Your stages have other names. They are stage1, stage2 and stage3.",
)
class StagesInAList(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        stages = [self.stage1, self.stage2, self.stage3]
        del self.stage1, self.stage2, self.stage3
        self.stages = nn.ModuleList(stages)

    def forward(self, X: Tensor) -> Tensor:
        X = self.first(X)
        for stage in self.stages:
            X = stage(X)
        return self.last(X)


@wrong(
    "cifar_resnet",
    function="CifarResNet",
    hint="Your forward leaves a stage out, or goes through them in another order.",
)
class StageLeftOut(_Net):
    def forward(self, X: Tensor) -> Tensor:
        X = self.stage2(self.first(X))
        return self.last(self.stage3(X))


@right("cifar_resnet", function="CifarResNet")
class NetOfModules(nn.Module):
    def __init__(self, n: int, block: Block, num_classes: int = 10, width: int = 16) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        inputs = width
        for number in range(3):
            stage, outputs = nn.Sequential(), width * 2**number
            for i in range(n):
                stride = 2 if number and not i else 1
                stage.add_module(str(i), block(inputs, outputs, stride))
                inputs = outputs
            setattr(self, f"stage{number + 1}", stage)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(inputs, num_classes)
        nn.init.zeros_(self.fc.bias)

    def forward(self, X: Tensor) -> Tensor:
        X = self.relu(self.bn(self.conv(X)))
        for number in range(1, 4):
            X = getattr(self, f"stage{number}")(X)
        return self.fc(torch.flatten(self.pool(X), 1))


@right("cifar_resnet", function="CifarResNet")
class NetOfLists(_Net):
    def change(self, n: int, block: Block, num_classes: int, width: int) -> None:
        stages = [nn.ModuleList(stage) for stage in (self.stage1, self.stage2, self.stage3)]
        self.lists = len(stages)
        for number, stage in enumerate(stages, 1):
            setattr(self, f"stage{number}", stage)

    def forward(self, X: Tensor) -> Tensor:
        X = self.first(X)
        for number in range(1, self.lists + 1):
            for block in getattr(self, f"stage{number}"):
                X = block(X)
        return self.fc(functional.avg_pool2d(X, X.shape[2:])[:, :, 0, 0])


@right("cifar_resnet", function="CifarResNet")
class NetAsChain(nn.Sequential):
    def __init__(self, n: int, block: Block, num_classes: int = 10, width: int = 16) -> None:
        layers = dict(reference.CifarResNet(n, block, num_classes, width).named_children())
        super().__init__(
            OrderedDict[str, nn.Module](
                conv=layers["conv"],
                bn=layers["bn"],
                relu=nn.ReLU(),
                stage1=layers["stage1"],
                stage2=layers["stage2"],
                stage3=layers["stage3"],
                pool=nn.AdaptiveAvgPool2d(1),
                flatten=nn.Flatten(),
                fc=layers["fc"],
            )
        )


# --- train_epoch ----------------------------------------------------------------------------------

Batches = Iterable[tuple[Tensor, Tensor]]


class _Loop:
    """A training epoch, step by step; each step is open to changes."""

    def __call__(self, model: Any, batches: Batches, optimizer: Any, precision: Any) -> Any:
        self.model, self.optimizer, self.precision = model, optimizer, precision
        self.total: Any = 0.0
        self.count = self.batches = 0
        self.begin()
        for images, labels in self.all_of(batches):
            images, labels = self.moved(images, labels)
            self.batch(images, labels)
        return self.end()

    def begin(self) -> None:
        self.model.train()

    def all_of(self, batches: Batches) -> Batches:
        return batches

    def moved(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        return images.to(self.precision.device), labels.to(self.precision.device)

    def batch(self, images: Tensor, labels: Tensor) -> None:
        loss = self.forward(images, labels)
        self.backward(loss)
        self.note(loss, images, labels)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        with self.precision:
            return self.loss(self.model(images), labels)

    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        return functional.cross_entropy(scores, labels)

    def backward(self, loss: Tensor) -> None:
        self.optimizer.zero_grad()
        self.precision.scale(loss).backward()
        self.precision.step(self.optimizer)

    def note(self, loss: Tensor, images: Tensor, labels: Tensor) -> None:
        self.total += loss.item() * len(labels)
        self.count += len(labels)
        self.batches += 1

    def end(self) -> Any:
        return self.total / self.count


def _looping(loop: type[_Loop], name: str) -> Callable[..., Any]:
    """Return a function that trains as a loop does, new each time."""

    def train_epoch(
        model: nn.Module, batches: Batches, optimizer: torch.optim.Optimizer, precision: Any
    ) -> Any:
        return loop()(model, batches, optimizer, precision)

    train_epoch.__name__ = name
    return train_epoch


def _wrong_loop(
    name: str, hint: str, *, minor: bool = False
) -> Callable[[type[_Loop]], type[_Loop]]:
    def register(loop: type[_Loop]) -> type[_Loop]:
        wrong("train_epoch", hint=hint, minor=minor)(_looping(loop, name))
        return loop

    return register


def _right_loop(name: str) -> Callable[[type[_Loop]], type[_Loop]]:
    def register(loop: type[_Loop]) -> type[_Loop]:
        right("train_epoch")(_looping(loop, name))
        return loop

    return register


@_wrong_loop(
    "precision_around_all",
    "You enter precision once, around all batches. Weights are rounded once then, and not again after "
    "a step: enter it for every batch.",
    minor=True,
)
class _PrecisionAroundAll(_Loop):
    def __call__(self, model: Any, batches: Batches, optimizer: Any, precision: Any) -> Any:
        with precision:
            return super().__call__(model, batches, optimizer, precision)

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return self.loss(self.model(images), labels)


@_wrong_loop(
    "nothing_of_precision",
    "You do not use precision: not around the forward pass and the loss, nor its methods scale and "
    "step.",
)
class _NothingOfPrecision(_Loop):
    def moved(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        return images, labels

    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return self.loss(self.model(images), labels)

    def backward(self, loss: Tensor) -> None:
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


@_right_loop("log_softmax_by_hand")
class _LogSoftmaxByHand(_Loop):
    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        return -functional.log_softmax(scores, 1)[torch.arange(len(labels)), labels].mean()


@_wrong_loop(
    "never_zeroed",
    "You never call optimizer.zero_grad(): every backward adds to the gradients of all batches before.",
)
class _NeverZeroed(_Loop):
    def backward(self, loss: Tensor) -> None:
        self.precision.scale(loss).backward()
        self.precision.step(self.optimizer)


@_wrong_loop(
    "zeroed_once",
    "You call optimizer.zero_grad() once, before the loop. Every batch needs it: backward adds to "
    "what is there.",
)
class _ZeroedOnce(_NeverZeroed):
    def begin(self) -> None:
        super().begin()
        self.optimizer.zero_grad()


@_wrong_loop(
    "zeroed_before_the_step",
    "You call optimizer.zero_grad() between backward and the step: the optimizer finds no gradients.",
)
class _ZeroedBeforeTheStep(_Loop):
    def backward(self, loss: Tensor) -> None:
        self.precision.scale(loss).backward()
        self.optimizer.zero_grad()
        self.precision.step(self.optimizer)


@_wrong_loop(
    "zeroed_after_the_step",
    "You call optimizer.zero_grad() behind the step only: the first batch is added to whatever "
    "gradients the parameters had before. Call it before backward.",
)
class _ZeroedAfterTheStep(_NeverZeroed):
    def backward(self, loss: Tensor) -> None:
        super().backward(loss)
        self.optimizer.zero_grad()


@_wrong_loop(
    "mean_of_batch_means",
    "You take the mean of the batches' losses. A small last batch counts as much as the others then; "
    "weigh each loss with its number of examples.",
)
class _MeanOfBatchMeans(_Loop):
    def note(self, loss: Tensor, images: Tensor, labels: Tensor) -> None:
        self.total += loss.item()
        self.count += 1


@_wrong_loop(
    "sum_of_losses",
    "You return the sum of all losses: divide by the number of examples.",
)
class _SumOfLosses(_Loop):
    def end(self) -> Any:
        return self.total


@_wrong_loop(
    "divided_by_batches",
    "You weigh each loss with its number of examples and divide by the number of batches. Divide by "
    "the number of all examples.",
)
class _DividedByBatches(_Loop):
    def end(self) -> Any:
        return self.total / self.batches


@_wrong_loop(
    "divided_by_examples",
    "You add up the batches' mean losses and divide by the number of examples. A batch's mean loss "
    "counts as often as it has examples.",
)
class _DividedByExamples(_Loop):
    def note(self, loss: Tensor, images: Tensor, labels: Tensor) -> None:
        self.total += loss.item()
        self.count += len(labels)


@_wrong_loop("last_loss", "You return the last batch's loss. It is the mean over the epoch.")
class _LastLoss(_Loop):
    def note(self, loss: Tensor, images: Tensor, labels: Tensor) -> None:
        self.total, self.count = loss.item(), 1


@_wrong_loop(
    "loss_after_the_step",
    "You compute the loss that you return after the step. Each example's loss is the one before the "
    "step of its batch, which you have already.",
)
class _LossAfterTheStep(_Loop):
    def note(self, loss: Tensor, images: Tensor, labels: Tensor) -> None:
        with torch.no_grad():
            super().note(self.forward(images, labels), images, labels)


@_wrong_loop(
    "second_forward",
    "The images go through the network twice a batch. Once is enough: keep the loss. Twice also "
    "moves the running averages of batch normalisation twice.",
)
class _SecondForward(_Loop):
    def batch(self, images: Tensor, labels: Tensor) -> None:
        self.note(self.forward(images, labels).detach(), images, labels)
        self.backward(self.forward(images, labels))


@_wrong_loop(
    "sum_for_mean",
    'Your loss is the sum over the examples of a batch (reduction="sum"). It is their mean.',
)
class _SumForMean(_Loop):
    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        return functional.cross_entropy(scores, labels, reduction="sum")

    def note(self, loss: Tensor, images: Tensor, labels: Tensor) -> None:
        self.total += loss.item()
        self.count += len(labels)


@_wrong_loop(
    "not_in_training_mode",
    "The network is not in training mode: call model.train() first. Batch normalisation then uses the "
    "batch's mean and variance, and dropouts drop.",
)
class _NotInTrainingMode(_Loop):
    def begin(self) -> None:
        pass


@_wrong_loop(
    "in_evaluation_mode",
    "The network is not in training mode: call model.train() first. Batch normalisation then uses the "
    "batch's mean and variance, and dropouts drop.",
)
class _InEvaluationMode(_Loop):
    def begin(self) -> None:
        self.model.eval()


@_wrong_loop(
    "left_in_evaluation_mode",
    "You leave the network in evaluation mode. The contract says: in training mode.",
)
class _LeftInEvaluationMode(_Loop):
    def end(self) -> Any:
        self.model.eval()
        return super().end()


@_wrong_loop(
    "softmax_first",
    "You take the softmax of the scores before cross_entropy, which takes it itself.",
)
class _SoftmaxFirst(_Loop):
    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        return functional.cross_entropy(scores.softmax(dim=1), labels)


@_wrong_loop(
    "no_softmax",
    "Your loss takes the scores for logarithms of probabilities: nll_loss alone has no softmax. Use "
    "cross_entropy.",
)
class _NoSoftmax(_Loop):
    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        return functional.nll_loss(scores, labels)


@_wrong_loop(
    "smoothed_labels",
    "Your loss smooths the labels. It is the plain softmax cross-entropy.",
)
class _SmoothedLabels(_Loop):
    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        return functional.cross_entropy(scores, labels, label_smoothing=0.1)


@_wrong_loop(
    "outside_of_precision",
    "You do not use `with precision:`, so that everything is computed in float32. The forward pass and "
    "the loss belong into it.",
    minor=True,
)
class _OutsideOfPrecision(_Loop):
    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        return self.loss(self.model(images), labels)


@_wrong_loop(
    "loss_outside_of_precision",
    "Only the scores are computed within `with precision:`. The loss belongs into it, too: outside it "
    "is computed in half precision, like the scores.",
    minor=True,
)
class _LossOutsideOfPrecision(_Loop):
    def forward(self, images: Tensor, labels: Tensor) -> Tensor:
        with self.precision:
            scores = self.model(images)
        return self.loss(scores, labels)


@_wrong_loop(
    "optimizer_steps_itself",
    "You call optimizer.step(). precision.step(optimizer) scales the gradients back first.",
    minor=True,
)
class _OptimizerSteps(_Loop):
    def backward(self, loss: Tensor) -> None:
        self.optimizer.zero_grad()
        self.precision.scale(loss).backward()
        self.optimizer.step()


@_wrong_loop(
    "unscaled_loss",
    "You call backward on the loss itself. It is to be called on precision.scale(loss): "
    "precision.step divides the gradients by the scale again.",
    minor=True,
)
class _UnscaledLoss(_Loop):
    def backward(self, loss: Tensor) -> None:
        self.optimizer.zero_grad()
        loss.backward()
        self.precision.step(self.optimizer)


@_wrong_loop(
    "neither_scaled_nor_stepped",
    "You call loss.backward() and optimizer.step(). With precision.scale(loss).backward() and "
    "precision.step(optimizer) the loop works in half precision as well.",
    minor=True,
)
class _WithoutScale(_Loop):
    def backward(self, loss: Tensor) -> None:
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()


@_wrong_loop(
    "scaled_loss_returned",
    "You return the scaled loss. What precision.scale returns is for backward alone.",
    minor=True,
)
class _ScaledLossReturned(_Loop):
    def batch(self, images: Tensor, labels: Tensor) -> None:
        loss = self.precision.scale(self.forward(images, labels))
        self.optimizer.zero_grad()
        loss.backward()
        self.precision.step(self.optimizer)
        self.note(loss, images, labels)


@_wrong_loop(
    "stepped_twice",
    "The optimizer steps twice a batch: precision.step(optimizer) is called in place of "
    "optimizer.step().",
)
class _SteppedTwice(_Loop):
    def backward(self, loss: Tensor) -> None:
        super().backward(loss)
        self.optimizer.step()


@_wrong_loop(
    "one_step_an_epoch",
    "The optimizer steps once, after all batches. Every batch has a step of its own.",
)
class _OneStep(_Loop):
    def begin(self) -> None:
        super().begin()
        self.optimizer.zero_grad()

    def backward(self, loss: Tensor) -> None:
        self.precision.scale(loss).backward()

    def end(self) -> Any:
        self.precision.step(self.optimizer)
        return super().end()


@_wrong_loop(
    "not_moved",
    "Images and labels are to be on precision.device, both of them. images.to(device) returns the "
    "moved tensor and leaves `images` where it is: images = images.to(device).",
    minor=True,
)
class _NotMoved(_Loop):
    def moved(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        return images, labels


@_wrong_loop(
    "labels_not_moved",
    "Images and labels are to be on precision.device, both of them. images.to(device) returns the "
    "moved tensor and leaves `images` where it is: images = images.to(device).",
    minor=True,
)
class _LabelsNotMoved(_Loop):
    def moved(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        return images.to(self.precision.device), labels


@_wrong_loop(
    "moved_and_dropped",
    "Images and labels are to be on precision.device, both of them. images.to(device) returns the "
    "moved tensor and leaves `images` where it is: images = images.to(device).",
    minor=True,
)
class _MovedAndDropped(_Loop):
    def moved(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        images.to(self.precision.device)
        labels.to(self.precision.device)
        return images, labels


@_wrong_loop(
    "length_asked_for",
    "You ask for len(batches), or go through them twice. They are yielded one after the other, once: "
    "count as you go.",
)
class _LengthAskedFor(_Loop):
    def all_of(self, batches: Any) -> Batches:
        self.length = len(batches)
        return batches


@_wrong_loop(
    "last_batch_left_out",
    "You leave out the last batch, or all that are smaller than the first. They count, too.",
)
class _LastLeftOut(_Loop):
    def all_of(self, batches: Batches) -> Batches:
        kept = list(batches)
        return [pair for pair in kept if len(pair[1]) == len(kept[0][1])]


@_wrong_loop(
    "first_batch_only",
    "You return within the loop, after the first batch. The epoch ends behind it.",
)
class _FirstOnly(_Loop):
    def all_of(self, batches: Batches) -> Batches:
        return [next(iter(batches))]


@_wrong_loop(
    "no_step",
    "The optimizer never steps: precision.step(optimizer) is missing.",
)
class _NoStep(_Loop):
    def backward(self, loss: Tensor) -> None:
        self.optimizer.zero_grad()
        self.precision.scale(loss).backward()


@_wrong_loop(
    "tensor_returned",
    "You return a tensor. Fetch the number from it once, at the end: float(...) or .item().",
)
class _TensorReturned(_Loop):
    def note(self, loss: Tensor, images: Tensor, labels: Tensor) -> None:
        self.total = self.total + loss.detach() * len(labels)
        self.count += len(labels)


@_wrong_loop("loss_not_returned", "You return nothing; the mean loss is due.")
class _NothingReturned(_Loop):
    def end(self) -> Any:
        return None


@_wrong_loop(
    "accuracy_returned",
    "You return the share of images that are classified right. The mean loss is due.",
)
class _Accuracy(_Loop):
    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        self.total += float((scores.argmax(dim=1) == labels).sum())
        return super().loss(scores, labels)

    def note(self, loss: Tensor, images: Tensor, labels: Tensor) -> None:
        self.count += len(labels)


@right("train_epoch")
def written_out(
    model: nn.Module, batches: Batches, optimizer: torch.optim.Optimizer, precision: Any
) -> float:
    model.train(True)
    losses, sizes = [], []
    criterion = nn.CrossEntropyLoss()
    for batch in batches:
        optimizer.zero_grad(set_to_none=False)
        x, y = (part.to(precision.device, non_blocking=True) for part in batch)
        with precision:
            out = model(x)
            loss = criterion(out, y)
        scaled = precision.scale(loss)
        scaled.backward()
        precision.step(optimizer)
        losses.append(loss.detach())
        sizes.append(y.shape[0])
    weights = torch.tensor(sizes, dtype=torch.float64)
    return float((torch.stack(losses).double() * weights).sum() / weights.sum())


@_right_loop("backward_within_precision")
class _BackwardInside(_Loop):
    def batch(self, images: Tensor, labels: Tensor) -> None:
        with self.precision:
            log_p = functional.log_softmax(self.model(images), dim=1)
            loss = functional.nll_loss(log_p, labels)
            self.backward(loss)
        self.note(loss, images, labels)


@_right_loop("zeroed_by_the_network")
class _ZeroedByTheNetwork(_Loop):
    def moved(self, images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        device = next(self.model.parameters()).device
        return images.to(device), labels.to(device)

    def backward(self, loss: Tensor) -> None:
        self.model.zero_grad()
        self.precision.scale(loss).backward()
        self.precision.step(self.optimizer)


@_right_loop("each_loss_by_itself")
class _EachLoss(_Loop):
    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        each = functional.cross_entropy(scores, labels, reduction="none")
        self.total += each.sum().item()
        return each.mean()

    def note(self, loss: Tensor, images: Tensor, labels: Tensor) -> None:
        self.count += images.size(0)


# --- degradation ----------------------------------------------------------------------------------

Run = Callable[[str, int, int], tuple[float, float]]
Depths = tuple[int, int]
KINDS = ("plain", "residual")


def _mean(run: Run, kind: str, depth: int, seeds: Sequence[int], which: int = 0) -> float:
    return sum(run(kind, depth, seed)[which] for seed in seeds) / len(seeds)


@wrong(
    "degradation",
    hint="You compare test errors. The second number that run returns could as well rise by "
    "overfitting; degradation is seen in the first, the training error.",
)
def test_errors(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    return {
        k: _mean(run, k, depths[1], seeds, 1) - _mean(run, k, depths[0], seeds, 1) for k in KINDS
    }


@wrong(
    "degradation",
    hint="Your sign is turned round: the deeper network's error comes first, so that above 0 means "
    "that deeper is worse.",
)
def sign_turned(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    return {k: -v for k, v in reference.degradation(run, depths, seeds).items()}


@wrong(
    "degradation",
    hint="You take the absolute difference. Where the deeper network is better, the number is below "
    "0.",
)
def absolute(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    return {k: abs(v) for k, v in reference.degradation(run, depths, seeds).items()}


@wrong(
    "degradation",
    hint="You cut off what is below 0. A deeper network may be better.",
)
def never_below_zero(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    return {k: max(v, 0.0) for k, v in reference.degradation(run, depths, seeds).items()}


@wrong("degradation", hint="You divide the errors by each other. Subtract them.")
def ratio(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    return {k: _mean(run, k, depths[1], seeds) / _mean(run, k, depths[0], seeds) for k in KINDS}


@wrong(
    "degradation",
    hint="You divide the difference by the shallower network's error. The difference itself is due.",
)
def relative(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    shallow = {k: _mean(run, k, depths[0], seeds) for k in KINDS}
    return {k: _mean(run, k, depths[1], seeds) / shallow[k] - 1.0 for k in KINDS}


@wrong(
    "degradation",
    hint="You take the largest error of the seeds. Take their mean.",
)
def largest_of_seeds(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    def error(kind: str, depth: int) -> float:
        return max(run(kind, depth, seed)[0] for seed in seeds)

    return {k: error(k, depths[1]) - error(k, depths[0]) for k in KINDS}


@wrong(
    "degradation",
    hint="You take the smallest error of the seeds, the lucky run. Take their mean.",
)
def best_of_seeds(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    def error(kind: str, depth: int) -> float:
        return min(run(kind, depth, seed)[0] for seed in seeds)

    return {k: error(k, depths[1]) - error(k, depths[0]) for k in KINDS}


@wrong("degradation", hint="You take the median of the seeds. Take their mean.", minor=True)
def median_of_seeds(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    def error(kind: str, depth: int) -> float:
        return float(np.median([run(kind, depth, seed)[0] for seed in seeds]))

    return {k: error(k, depths[1]) - error(k, depths[0]) for k in KINDS}


@wrong("degradation", hint="You use the first seed alone. Take the mean over all of them.")
def first_seed(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    return reference.degradation(run, depths, seeds[:1])


@wrong("degradation", hint="You sum over the seeds: divide by their number.")
def summed(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    return {k: v * len(seeds) for k, v in reference.degradation(run, depths, seeds).items()}


@wrong(
    "degradation",
    hint="The two depths have different seeds in your comparison. What differs is to be the depth "
    "alone.",
)
def other_seeds_for_deep(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    more = [seed + len(seeds) for seed in seeds]
    return {k: _mean(run, k, depths[1], more) - _mean(run, k, depths[0], seeds) for k in KINDS}


@wrong(
    "degradation",
    hint="You count the seeds from 0: range(len(seeds)). They are what `seeds` says.",
)
def seeds_counted(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    return reference.degradation(run, depths, range(len(seeds)))


@wrong("degradation", hint="You use 20 and 56 whatever `depths` says.")
def depths_fixed(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    return reference.degradation(run, (20, 56), seeds)


@wrong(
    "degradation",
    hint="You compare plain with residual networks. Compare two depths of the same kind.",
)
def kinds_compared(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    def gap(depth: int) -> float:
        return _mean(run, "plain", depth, seeds) - _mean(run, "residual", depth, seeds)

    return {"plain": gap(depths[1]), "residual": gap(depths[0])}


@wrong("degradation", hint="The two kinds are exchanged in what you return.")
def kinds_exchanged(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    found = reference.degradation(run, depths, seeds)
    return {"plain": found["residual"], "residual": found["plain"]}


@wrong(
    "degradation",
    hint="You subtract the training error from the test error. That shows overfitting; degradation "
    "compares the training errors of two depths.",
)
def overfitting(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    def gap(kind: str) -> float:
        pairs = [run(kind, depths[1], seed) for seed in seeds]
        return sum(test - training for training, test in pairs) / len(seeds)

    return {kind: gap(kind) for kind in KINDS}


@wrong(
    "degradation",
    hint="You train every network twice, where once is enough. A run takes long: keep what it returns.",
    minor=True,
)
def trained_twice(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    reference.degradation(run, depths, seeds)
    return reference.degradation(run, depths, seeds)


@wrong(
    "degradation",
    hint="You train every network twice, where once is enough. A run takes long: keep what it returns.",
    minor=True,
)
def trained_for_each_error(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    def error(kind: str, depth: int) -> float:
        errors = [(run(kind, depth, s)[0], run(kind, depth, s)[1]) for s in seeds]
        return sum(training for training, _ in errors) / len(seeds)

    return {k: error(k, depths[1]) - error(k, depths[0]) for k in KINDS}


@wrong("degradation", hint="You return a tuple or a list. It is a dict with plain and residual.")
def as_a_tuple(run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)) -> Any:
    return tuple(reference.degradation(run, depths, seeds).values())


@wrong("degradation", hint="You leave out the residual networks: both kinds are due.")
def plain_alone(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    shallow, deep = depths
    return {"plain": _mean(run, "plain", deep, seeds) - _mean(run, "plain", shallow, seeds)}


@wrong("degradation", hint="Shares from 0 to 1 are due, not percent.")
def in_percent(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    return {k: 100.0 * v for k, v in reference.degradation(run, depths, seeds).items()}


@right("degradation")
def with_arrays(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    errors = np.array([[[run(k, d, s)[0] for s in seeds] for d in depths] for k in KINDS])
    gaps = np.diff(errors.mean(axis=2), axis=1)[:, 0]
    return dict(zip(KINDS, gaps, strict=True))


@right("degradation")
def with_a_table(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    table = {(k, d): [run(k, d, s)[0] for s in seeds] for k in KINDS for d in depths}
    means = {place: sum(errors) / len(errors) for place, errors in table.items()}
    return {k: means[k, depths[-1]] - means[k, depths[0]] for k in KINDS}


@right("degradation")
def seed_by_seed(
    run: Run, depths: Depths = (20, 56), seeds: Sequence[int] = (0, 1, 2)
) -> dict[str, float]:
    found = {"residual": 0.0, "plain": 0.0}
    for kind in found:
        for seed in seeds:
            training, _ = run(kind, depths[1], seed)
            found[kind] += training
            training, _ = run(kind, depths[0], seed)
            found[kind] -= training
        found[kind] /= len(seeds)
    return found
