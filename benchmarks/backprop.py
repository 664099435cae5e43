"""How fast a training step of the reference's MLP is, next to torch.

    python benchmarks/backprop.py [--repeats 9] [--only 3072] [--threads 1] [--json FILE]

A training step is the scores of a minibatch, the softmax loss, the derivatives by all weights and
one step against them: `MLP.forward`, `softmax_cross_entropy`, `MLP.backward` and `MLP.update` of
`course_utils.reference.multilayer_networks`, which read as they are explained; and, with torch on
the CPU, `nn.Sequential`, `cross_entropy`, `backward` and `SGD`. Both begin with the same weights,
get the same batches of the same type, and take them in turn.

Before anything is timed, both take the same steps. Their losses, and the weights after the last
step, must agree: the largest difference, as a share of the largest number.

Ours and torch take turns of many steps. Times are the medians of the turns; the ratio is the median
of those of turns next to each other, so that a change of the machine's speed hits both. Before each
turn there is a pause: threads of a library that wait for work go on running for a while, which
would be charged to the other side. The bar is for CPU times, which other work on the machine
lengthens less than wall times, and for float32, the type that torch trains in; in float64 there is
none.
"""

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from circumstances import circumstances, in_a_line
from torch import nn
from torch.nn import functional
from turns import turn

from course_utils.reference import multilayer_networks as networks

threadpool_limits: Any = import_module("threadpoolctl").threadpool_limits  # untyped

SIZES = ((64, 256, 256, 10), (3072, 512, 10))
BATCH, BATCHES = 128, 8
RATE = 0.01
BAR, AIM = 1.5, 1.0

COMPARED = 20
"""Steps that both take before anything is timed."""
CLOSE = {"float64": 1e-12, "float32": 2e-5}
"""Largest difference of losses and of weights, as a share of the largest number."""

TURN = 0.5
"""Seconds of a turn: many steps."""

Batch = tuple[Any, Any]
Step = Callable[[Batch], Any]


@dataclass(frozen=True)
class Row:
    """What was measured of one size; times in milliseconds a step, one number a turn."""

    sizes: tuple[int, ...]
    dtype: str
    bar: float | None
    difference: float
    cpu: dict[str, list[float]] = field(default_factory=dict)
    wall: dict[str, list[float]] = field(default_factory=dict)

    def cpu_of(self, side: str) -> float:
        """Return the median of CPU times."""
        return statistics.median(self.cpu[side])

    def wall_of(self, side: str) -> float:
        """Return the median of wall times."""
        return statistics.median(self.wall[side])

    @property
    def ratio(self) -> float:
        """The median of our CPU time by that of torch's turn next to it."""
        pairs = zip(self.cpu["ours"], self.cpu["torch"], strict=True)
        return statistics.median(ours / theirs for ours, theirs in pairs)

    def failures(self) -> list[str]:
        """Return what is not as it must be."""
        return [
            *(["FAILS"] if self.bar is not None and self.ratio > self.bar else []),
            *([] if self.difference <= CLOSE[self.dtype] else ["DIFFERS FROM TORCH"]),
        ]

    def verdict(self) -> str:
        """Say in a few words how it came out."""
        reached = "passes, aim reached" if self.ratio <= AIM else "passes"
        return ", ".join(self.failures()) or (reached if self.bar else "no bar")


# --- The two sides --------------------------------------------------------------------------------


def batches(sizes: tuple[int, ...], dtype: str) -> list[Batch]:
    """Return minibatches of numbers from 0 to 1, and labels."""
    rng = np.random.default_rng(1)
    return [
        (rng.random((BATCH, sizes[0]), np.dtype(dtype).type), rng.integers(0, sizes[-1], BATCH))
        for _ in range(BATCHES)
    ]


def start(sizes: tuple[int, ...], dtype: str) -> Any:
    """Return the MLP of the reference with weights of a type; the same every time."""
    model = networks.MLP(sizes, np.random.default_rng(0))
    for layer in linear(model):
        layer.W, layer.b = layer.W.astype(dtype), layer.b.astype(dtype)
    return model


def linear(model: Any) -> list[Any]:
    """Return the layers with weights."""
    return [layer for layer in model.layers if isinstance(layer, networks.Linear)]


def our_step(model: Any) -> Step:
    """Return what takes a step with our MLP and returns the loss before it."""

    def step(batch: Batch) -> float:
        X, labels = batch
        loss, slopes = networks.softmax_cross_entropy(model.forward(X), labels)
        model.backward(slopes)
        model.update(RATE)
        return loss

    return step


def in_torch(model: Any) -> nn.Sequential:
    """Return the same network, with weights of its own."""
    layers: list[nn.Module] = []
    for layer in linear(model):
        theirs = nn.Linear(layer.W.shape[1], layer.W.shape[0])
        theirs.weight = nn.Parameter(torch.tensor(layer.W))
        theirs.bias = nn.Parameter(torch.tensor(layer.b))
        layers += [theirs, nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def their_step(model: nn.Sequential) -> Step:
    """Return what takes a step with torch and returns the loss before it."""
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE)

    def step(batch: Batch) -> float:
        X, labels = batch
        optimizer.zero_grad()
        loss = functional.cross_entropy(model(X), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def sides(
    sizes: tuple[int, ...], dtype: str
) -> tuple[dict[str, Step], dict[str, list[Batch]], Callable[[], list[tuple[Any, Any]]]]:
    """Return the steps of both sides, their batches, and what gives the weights of both."""
    ours = start(sizes, dtype)
    theirs = in_torch(ours)
    data = batches(sizes, dtype)

    def weights() -> list[tuple[Any, Any]]:
        mine = [values for layer in linear(ours) for values in (layer.W, layer.b)]
        return list(zip(mine, (p.detach().numpy() for p in theirs.parameters()), strict=True))

    return (
        {"ours": our_step(ours), "torch": their_step(theirs)},
        {
            "ours": data,
            "torch": [(torch.from_numpy(X), torch.from_numpy(labels)) for X, labels in data],
        },
        weights,
    )


def largest_difference(found: Any, wanted: Any) -> float:
    """Return the largest difference, as a share of the largest number."""
    return float(np.abs(np.asarray(found) - wanted).max() / np.abs(wanted).max())


def difference(sizes: tuple[int, ...], dtype: str) -> float:
    """Return how much losses and last weights of both sides differ after the same steps."""
    steps, data, weights = sides(sizes, dtype)
    losses = {
        side: [step(data[side][i % BATCHES]) for i in range(COMPARED)]
        for side, step in steps.items()
    }
    # Steps that do nothing would agree as well.
    if not min(losses["torch"][-BATCHES:]) < max(losses["torch"][:BATCHES]):
        raise RuntimeError("torch does not learn: there is nothing to compare with")
    return max(
        largest_difference(losses["ours"], losses["torch"]),
        *(largest_difference(one, other) for one, other in weights()),
    )


# --- Measuring ------------------------------------------------------------------------------------


def epoch(step: Step, data: list[Batch]) -> None:
    """Take a step on every batch."""
    for batch in data:
        step(batch)


def measured(sizes: tuple[int, ...], dtype: str, repeats: int) -> Row:
    """Compare both sides, then time them in turns."""
    row = Row(sizes, dtype, BAR if dtype == "float32" else None, difference(sizes, dtype))
    steps, data, _ = sides(sizes, dtype)
    for _ in range(repeats):
        for side, step in steps.items():
            cpu, wall = turn(partial(epoch, step, data[side]), TURN)
            row.cpu.setdefault(side, []).append(cpu / len(data[side]))
            row.wall.setdefault(side, []).append(wall / len(data[side]))
    return row


HEAD = (
    f"{'':27}{'CPU ms a step':^16}{'':12}{'wall ms':^16}\n"
    f"{'sizes':19}{'type':8}{'ours':>8}{'torch':>8}{'ratio':>7}{'bar':>5}"
    f"{'ours':>8}{'torch':>8}{'differs':>9}{'at most':>8}"
)


def line(row: Row) -> str:
    """Return a line of the table."""
    cpu = "".join(f"{row.cpu_of(side):8.3f}" for side in ("ours", "torch"))
    wall = "".join(f"{row.wall_of(side):8.3f}" for side in ("ours", "torch"))
    bar = f"{'-':>5}" if row.bar is None else f"{row.bar:5.1f}"
    return (
        f"{', '.join(map(str, row.sizes)):19}{row.dtype:8}{cpu}"
        f"{row.ratio:7.2f}{bar}{wall}"
        f"{row.difference:9.0e}{CLOSE[row.dtype]:8.0e}  {row.verdict()}"
    )


def main() -> None:
    """Measure, print the table, and exit with 1 if a bar or a tolerance is missed."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("--repeats", type=int, default=9, help="turns of each side")
    parser.add_argument("--only", default="", help="sizes that have this in them")
    parser.add_argument("--threads", type=int, default=1, help="of every library")
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    options = parser.parse_args()
    found = circumstances("numpy", "torch")
    document = {
        **found,
        "threads": options.threads,
        "load": os.getloadavg()[0],
        "seeds": {"weights": 0, "batches": 1},
        "batch": BATCH,
        "repeats": options.repeats,
    }
    print(in_a_line(found))
    print(f"{options.threads} thread(s), batches of {BATCH}, load {document['load']:.1f}")
    print(HEAD, flush=True)
    rows = []
    torch.set_num_threads(options.threads)
    with threadpool_limits(options.threads):
        for sizes in SIZES:
            for dtype in ("float32", "float64"):
                if options.only in ", ".join(map(str, sizes)):
                    rows.append(measured(sizes, dtype, options.repeats))
                    print(line(rows[-1]), flush=True)
    if options.json is not None:
        table = [asdict(row) | {"ratio": row.ratio, "failures": row.failures()} for row in rows]
        options.json.write_text(json.dumps(document | {"sizes": table}, indent=1) + "\n", "utf-8")
    sys.exit(any(row.failures() for row in rows))


if __name__ == "__main__":
    main()
