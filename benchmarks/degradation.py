"""The degradation experiment: plain and residual networks of 20 and of 56 layers.

    python benchmarks/degradation.py --device cuda --json course_utils/curves.json

trains plain-20, plain-56, ResNet-20 and ResNet-56 on CIFAR-10, three seeds each, as He et al. did,
and writes the curves that the notebook `deep_networks` shows. That takes a GPU. Where there is
none,

    python benchmarks/degradation.py --reduced --json course_utils/curves.json

trains narrower networks of the same depths on small pictures, in minutes on one thread of a CPU.
Such curves say of themselves that they are reduced.

The networks and `train_epoch` are those of the reference, the loop around them is the students',
`course_utils.training.fit`. All errors are measured after an epoch, in evaluation mode, on images
that are not augmented.

- Full: K. He, X. Zhang, S. Ren, J. Sun, Deep residual learning for image recognition, 2015,
  section 4.2: batches of 128, a learning rate of 0.1 that is divided by 10 after 32,000 and 48,000
  of 64,000 steps (epochs 82, 123 and 164), momentum 0.9, weight decay 0.0001, shifts by up to 4
  pixels and mirroring, shortcuts "A", first weights of variance 2 / inputs (with m inputs to a
  neuron), a network's biases 0.
- Reduced: `photo_patches`, of which 1,000 are for training, averaged down to 16 x 16 pixels; a
  first stage of 8 channels in place of 16; batches of 50, 30 epochs, the learning rate divided
  after a half and three quarters of them, shifts by up to 2 pixels. The learning rate is 0.01: in
  the 600 steps that there are, a ResNet of 56 layers does not recover from its first steps with
  0.1. (He et al. begin with 0.01 where they have 110 layers.)

With `--epochs` the learning rate is divided after the same shares of the training. `--folder` names
another copy of CIFAR-10 in the same layout; without it, it is downloaded or taken from the cache.
The file is written after every training, so that an interrupted run leaves what it has.
"""

import argparse
import json
import platform
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from circumstances import circumstances, in_a_line
from numpy.typing import NDArray
from torch import nn

from course_utils import datasets
from course_utils.batches import DeviceDataset
from course_utils.datasets import Dataset
from course_utils.devices import choose_device, seed_everything
from course_utils.reference.deep_networks import (
    CifarResNet,
    PlainBlock,
    ResidualBlock,
    train_epoch,
)
from course_utils.training import fit

DEPTHS = (20, 56)
KINDS = {"plain": PlainBlock, "residual": ResidualBlock}


@dataclass(frozen=True)
class Protocol:
    """How every network is trained."""

    width: int
    batch_size: int
    epochs: int
    pad: int
    learning_rate: float = 0.1
    momentum: float = 0.9
    weight_decay: float = 1e-4

    @property
    def milestones(self) -> tuple[int, int]:
        """The epochs after which the learning rate is divided by 10."""
        return self.epochs // 2, 3 * self.epochs // 4


FULL = Protocol(width=16, batch_size=128, epochs=164, pad=4)
REDUCED = Protocol(width=8, batch_size=50, epochs=30, pad=2, learning_rate=0.01)


def halved(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Average images (N, H, W, C) down to half of their sides."""
    count, height, width, channels = images.shape
    cells = images.reshape(count, height // 2, 2, width // 2, 2, channels)
    halves: NDArray[np.uint8] = np.rint(cells.mean(axis=(2, 4))).astype(np.uint8)
    return halves


def small_pictures() -> Dataset:
    """Return the data of the reduced experiment."""
    data = datasets.photo_patches(1000, 500)
    return replace(
        data,
        name="photo_patches, 16 x 16",
        train_images=halved(data.train_images),
        test_images=halved(data.test_images),
    )


def network(kind: str, depth: int, width: int, seed: int) -> nn.Module:
    """Return an untrained network whose first weights are those of the paper."""
    seed_everything(seed)
    made = CifarResNet((depth - 2) // 6, KINDS[kind], width=width)
    for layer in made.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return made


def trained(
    kind: str, depth: int, seed: int, data: DeviceDataset, protocol: Protocol
) -> dict[str, Any]:
    """Train a network and return its curves: a number an epoch."""
    begin = time.perf_counter()
    history = fit(
        network(kind, depth, protocol.width, seed),
        data,
        train_epoch,
        epochs=protocol.epochs,
        batch_size=protocol.batch_size,
        learning_rate=protocol.learning_rate,
        momentum=protocol.momentum,
        weight_decay=protocol.weight_decay,
        milestones=protocol.milestones,
        pad=protocol.pad,
        seed=seed,
        measure=("train", "test"),
        name=f"{kind}-{depth}, seed {seed}",
        quiet=True,
    )
    return {
        "kind": kind,
        "depth": depth,
        "seed": seed,
        "losses": [round(loss, 4) for loss in history.losses],
        "train_error": [round(1.0 - share, 5) for share in history.train_accuracy],
        "test_error": [round(1.0 - share, 5) for share in history.test_accuracy],
        "seconds": round(time.perf_counter() - begin, 1),
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


def main() -> None:
    """Train all networks, print their final errors, and write the curves down."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--reduced", action="store_true", help="small, for a CPU")
    parser.add_argument("--folder", type=Path, default=None, help="an unpacked CIFAR-10")
    parser.add_argument("--device", default="", help="cuda, mps or cpu; without it, the best")
    parser.add_argument("--epochs", type=int, default=None)
    parser.add_argument("--seeds", type=int, default=3, help="0, 1, ...")
    parser.add_argument("--json", type=Path, default=None, help="write the curves here")
    options = parser.parse_args()
    if options.reduced and options.folder:
        parser.error("the reduced experiment has pictures of its own: leave out --folder")
    protocol = REDUCED if options.reduced else FULL
    if options.epochs is not None:
        protocol = replace(protocol, epochs=options.epochs)
    if options.reduced:
        torch.set_num_threads(1)
    device = choose_device(options.device or "cpu" * options.reduced).device
    data = DeviceDataset(
        small_pictures() if options.reduced else datasets.cifar10(options.folder), device
    )
    document: dict[str, Any] = {
        **circumstances("numpy", "torch"),
        "hardware": hardware(device),
        "reduced": options.reduced,
        "data": repr(data.data),
        "protocol": {**asdict(protocol), "milestones": protocol.milestones},
        "runs": [],
    }
    print(f"{in_a_line(document)}, {document['hardware']}\n{protocol}\n{data}", flush=True)
    for seed in range(options.seeds):
        for depth in DEPTHS:
            for kind in KINDS:
                run = trained(kind, depth, seed, data, protocol)
                document["runs"].append(run)
                print(
                    f"{kind}-{depth}, seed {seed}: training error {run['train_error'][-1]:.2%}, "
                    f"test error {run['test_error'][-1]:.2%}, {run['seconds']:.0f} s",
                    flush=True,
                )
                if options.json is not None:
                    options.json.write_text(_text(document), "utf-8")


def _text(document: dict[str, Any]) -> str:
    """Return JSON with a line for every list of numbers."""
    head = {key: value for key, value in document.items() if key != "runs"}
    runs = (
        ",\n".join(f'   "{key}": {json.dumps(value)}' for key, value in run.items())
        for run in document["runs"]
    )
    body = ",\n".join(f"  {{\n{run}\n  }}" for run in runs)
    return json.dumps(head, indent=1)[:-2] + f',\n "runs": [\n{body}\n ]\n}}\n'


if __name__ == "__main__":
    main()
