"""What the benchmarks of deep networks share: their data, the first weights, and the hardware.

Both have a reduced form for a CPU, with small pictures in place of CIFAR-10.
"""

import argparse
import platform
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from circumstances import circumstances
from numpy.typing import NDArray
from torch import nn

from course_utils import datasets
from course_utils.batches import DeviceDataset
from course_utils.curves import ARCHIVE
from course_utils.datasets import Dataset
from course_utils.devices import choose_device, seed_everything
from course_utils.reference.deep_networks import CifarResNet, PlainBlock, ResidualBlock

KINDS = {"plain": PlainBlock, "residual": ResidualBlock}


def halved(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Average images (N, H, W, C) down to half of their sides."""
    count, height, width, channels = images.shape
    cells = images.reshape(count, height // 2, 2, width // 2, 2, channels)
    halves: NDArray[np.uint8] = np.rint(cells.mean(axis=(2, 4))).astype(np.uint8)
    return halves


def small_pictures() -> Dataset:
    """Return the data of the reduced forms: 1,000 and 500 patches of 16 x 16 pixels."""
    data = datasets.photo_patches(1000, 500)
    return replace(
        data,
        name="photo_patches, 16 x 16",
        train_images=halved(data.train_images),
        test_images=halved(data.test_images),
    )


def network(kind: str, depth: int, width: int, seed: int) -> nn.Module:
    """Return an untrained network whose first weights are those of He et al.

    Variance 2 / inputs (with m inputs to a neuron), biases 0, shortcuts "A".
    """
    seed_everything(seed)
    made = CifarResNet((depth - 2) // 6, KINDS[kind], width=width)
    for layer in made.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return made


def parser(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options that say on what data and where a benchmark runs."""
    made = argparse.ArgumentParser(description=description.split("\n")[0])
    made.add_argument("--reduced", action="store_true", help="small, for a CPU")
    made.add_argument("--folder", type=Path, default=None, help="an unpacked CIFAR-10")
    made.add_argument("--source", default="", help="what that folder holds, in a few words")
    made.add_argument("--device", default="", help="cuda, mps or cpu; without it, the best")
    made.add_argument("--seeds", type=int, default=3, help="0, 1, ...")
    made.add_argument("--json", type=Path, default=None, help="write what was measured here")
    return made


def prepared(options: argparse.Namespace) -> tuple[DeviceDataset, dict[str, Any]]:
    """Return the data on their device, and what a file of figures says of them and the machine."""
    if options.reduced and options.folder:
        raise SystemExit("The reduced form has pictures of its own: leave out --folder.")
    if bool(options.folder) != bool(options.source):
        raise SystemExit(
            "Say with --source what the images in --folder are, such as 'JPEG copies of its "
            "images': nothing compares them with the published ones."
        )
    if options.reduced:
        torch.set_num_threads(1)
    device = choose_device(options.device or "cpu" * options.reduced).device
    images = small_pictures() if options.reduced else datasets.cifar10(options.folder)
    data = DeviceDataset(images, device)
    return data, {
        **circumstances("numpy", "torch"),
        "hardware": hardware(device),
        "data": repr(images),
        "source": "scikit-image" if options.reduced else options.source or ARCHIVE,
    }


def hardware(device: torch.device) -> str:
    """Return the name of what computes."""
    if device.type == "cuda":
        return str(torch.cuda.get_device_name(device))
    cpus = Path("/proc/cpuinfo")
    lines = cpus.read_text("utf-8", "replace").splitlines() if cpus.exists() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    threads = torch.get_num_threads()
    name = next(named, platform.processor() or platform.machine())
    return f"{name}, {threads} thread{'s' * (threads != 1)}"
