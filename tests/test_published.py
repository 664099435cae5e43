"""The reference's deep networks have the shapes and counts that the papers give."""

from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

from course_utils.reference import deep_networks as reference

IMAGE = (3, 224, 224)


def on_meta(make: Any) -> Any:
    with torch.device("meta"):
        return make()


def shapes(network: nn.Sequential) -> dict[str, tuple[int, ...]]:
    return {name: shape for name, shape, _ in reference.layer_table(network, IMAGE)}


def count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def test_alexnet() -> None:
    """Sizes of Krizhevsky et al., 2012, figure 2; the count is the sum over its two groups."""
    network = on_meta(reference.alexnet)
    assert count(network) == 60_965_224
    found = shapes(network)
    due: dict[str, tuple[int, ...]] = {}
    due |= {"conv1": (96, 55, 55), "conv2": (256, 27, 27), "conv3": (384, 13, 13)}
    due |= {"conv4": (384, 13, 13), "conv5": (256, 13, 13), "pool5": (256, 6, 6)}
    due |= {"fc6": (4096,), "fc7": (4096,), "fc8": (1000,)}
    assert {name: found[name] for name in due} == due
    kernels = [layer for layer in network if isinstance(layer, nn.Conv2d)]
    assert [layer.groups for layer in kernels] == [1, 2, 1, 2, 2]


def test_vgg19() -> None:
    """Simonyan and Zisserman, 2014, table 1, column E, and table 2: 144 million."""
    network = on_meta(reference.vgg19)
    assert count(network) == 143_667_240
    kinds = [type(layer) for layer in network]
    assert (kinds.count(nn.Conv2d), kinds.count(nn.Linear)) == (16, 3)
    assert shapes(network)["pool5"] == (512, 7, 7)


def test_googlenet() -> None:
    """Szegedy et al., 2014, table 1: the size of the output of every row."""
    network = on_meta(partial(reference.googlenet, reference.InceptionBlock))
    found = shapes(network)
    due: dict[str, tuple[int, ...]] = {
        "conv1": (64, 112, 112),
        "pool1": (64, 56, 56),
        "conv2": (192, 56, 56),
        "pool2": (192, 28, 28),
        "inception3a": (256, 28, 28),
        "inception3b": (480, 28, 28),
        "pool3": (480, 14, 14),
        "inception4a": (512, 14, 14),
        "inception4b": (512, 14, 14),
        "inception4c": (512, 14, 14),
        "inception4d": (528, 14, 14),
        "inception4e": (832, 14, 14),
        "pool4": (832, 7, 7),
        "inception5a": (832, 7, 7),
        "inception5b": (1024, 7, 7),
        "average": (1024, 1, 1),
        "fc": (1000,),
    }
    assert {name: found[name] for name in due} == due
    assert count(network) == 6_998_552
    # Table 1 counts in thousands; in some rows what its own channels give is up to 8 % off.
    parameters = {name: number for name, _, number in reference.layer_table(network, IMAGE)}
    table = {"inception3a": 159, "inception3b": 380, "inception4a": 364, "inception4b": 437}
    table |= {"inception4c": 463, "inception4d": 580, "inception4e": 840, "inception5a": 1072}
    table |= {"inception5b": 1388}
    for name, thousands in table.items():
        assert parameters[name] == pytest.approx(1024 * thousands, rel=0.1), name


@pytest.mark.parametrize(
    ("depth", "millions"), [(20, "0.27"), (32, "0.46"), (44, "0.66"), (56, "0.85"), (110, "1.7")]
)
@pytest.mark.parametrize("block", [reference.PlainBlock, reference.ResidualBlock])
def test_networks_for_cifar(depth: int, millions: str, block: Any) -> None:
    """He et al., 2015, section 4.2 and table 6; shortcuts A have no parameters."""
    network = on_meta(partial(reference.CifarResNet, (depth - 2) // 6, block))
    assert f"{count(network) / 1e6:.{len(millions) - 2}f}" == millions
    weighted = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert len(weighted) == depth
    sizes = []
    for stage in (network.stage1, network.stage2, network.stage3):
        stage.register_forward_hook(lambda _, __, Y: sizes.append(tuple(Y.shape[1:])))
    assert network(torch.empty(2, 3, 32, 32, device="meta")).shape == (2, 10)
    assert sizes == [(16, 32, 32), (32, 16, 16), (64, 8, 8)]


def test_option_b_adds_its_projections() -> None:
    block = partial(reference.ResidualBlock, shortcut="B")
    with_b = on_meta(partial(reference.CifarResNet, 3, block))
    plain = on_meta(partial(reference.CifarResNet, 3, reference.PlainBlock))
    assert count(with_b) - count(plain) == 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64
