"""The degradation experiment: plain and residual networks of 20 and of 56 layers.

    python benchmarks/degradation.py --device cuda --json course_utils/curves.json

trains plain-20, plain-56, ResNet-20 and ResNet-56 on CIFAR-10, three seeds each, as He et al. did,
and writes the curves that the notebook `deep_networks` shows. That takes a GPU. Where there is
none,

    python benchmarks/degradation.py --reduced --json course_utils/curves.json

trains narrower networks of the same depths on small pictures, in minutes on one thread of a CPU.
Curves say of themselves whether they are the paper's experiment: they are if protocol and data are.

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
another copy of CIFAR-10 in the same layout, and `--source` says what it is; without a folder it is
downloaded or taken from the cache.

The file is written when all networks are trained, not before. Each training is kept in the folder
`--checkpoints` after every epoch: a run that was interrupted goes on when it is called again, and
what is finished is not trained again. (After a change of the code, delete the folder.)
"""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from cifar_networks import KINDS, network, parser, prepared
from circumstances import ROOT, in_a_line

from course_utils.batches import DeviceDataset
from course_utils.checkpoints import CheckpointError
from course_utils.reference.deep_networks import train_epoch
from course_utils.training import fit

DEPTHS = (20, 56)


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


def trained(
    kind: str, depth: int, seed: int, data: DeviceDataset, protocol: Protocol, checkpoints: Path
) -> dict[str, Any]:
    """Train a network, or what is left to train, and return its curves: a number an epoch.

    The seconds are those of training, without the measuring.
    """
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
        checkpoint=checkpoints / f"{kind}-{depth}-{seed}.pt",
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
        "seconds": round(sum(history.seconds), 1),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Train all networks, print their final errors, and write the curves down."""
    asked = parser(__doc__ or "")
    asked.add_argument("--epochs", type=int, default=None)
    asked.add_argument(
        "--checkpoints",
        type=Path,
        default=ROOT / "build" / "degradation",
        help="keep trainings here, and go on from them",
    )
    options = asked.parse_args(arguments)
    protocol = REDUCED if options.reduced else FULL
    if options.epochs is not None:
        protocol = replace(protocol, epochs=options.epochs)
    kept = options.checkpoints / f"{'reduced' if options.reduced else 'full'}-{protocol.epochs}"
    data, document = prepared(options)
    document["protocol"] = {**asdict(protocol), "milestones": protocol.milestones}
    print(f"{in_a_line(document)}, {document['hardware']}\n{protocol}\n{data}", flush=True)
    try:
        document["runs"] = [
            told(trained(kind, depth, seed, data, protocol, kept))
            for seed in range(options.seeds)
            for depth in DEPTHS
            for kind in KINDS
        ]
    except CheckpointError as error:
        sys.exit(str(error))
    if options.json is not None:
        options.json.write_text(_text(document), "utf-8")


def told(run: dict[str, Any]) -> dict[str, Any]:
    """Print what came out of a training, and return it."""
    print(
        f"{run['kind']}-{run['depth']}, seed {run['seed']}: training error "
        f"{run['train_error'][-1]:.2%}, test error {run['test_error'][-1]:.2%}, "
        f"{run['seconds']:.0f} s",
        flush=True,
    )
    return run


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
