"""How fast the convolution layer of the reference is, forward and back, next to torch.

    python benchmarks/convnets.py [--repeats 9] [--threads 1] [--json FILE]

Two layers of 3 x 3 kernels, stride 1, padding 1: 32 kernels on (64, 3, 32, 32) numbers, as at the
beginning of a network for CIFAR-10, and 128 kernels on (16, 64, 16, 16), as in the middle of it.

- forward: `conv2d_fast`, and `torch.nn.functional.conv2d` on the CPU without gradients;
- backward: `conv2d_backward`, and `torch.autograd.grad` of inputs, weights and biases, with the
  graph kept from one call to the next;
- the loop version, one output after the other, with `neuron_response`: as many of the outputs as
  take about a second are computed, and the time of all is what they take times their share.

Both get the same arrays of the same type and the same number of threads, and their results must
agree: the largest difference, as a share of the largest number. They take turns of many calls. The
times are medians of turns; the ratio is the median of those of turns next to each other, so that a
change of the machine's speed hits both. Before each turn there is a pause: threads of a library
that wait for work go on running for a while, which would be charged to the other side. The bars are
for CPU times, which other work on the machine lengthens less than wall times, and for float32, the
type in which torch trains.
"""

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from importlib import import_module
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from circumstances import circumstances, in_a_line
from torch.nn import functional
from turns import turn

from course_utils.reference import convolution_layers as layers

threadpool_limits: Any = import_module("threadpoolctl").threadpool_limits  # untyped

LAYERS = (((64, 3, 32, 32), 32), ((16, 64, 16, 16), 128))
"""Shapes of inputs, and numbers of kernels."""
KERNEL, PADDING = 3, 1
BARS = {"forward": 2.0, "backward": 3.0}
CLOSE = {"float64": 1e-12, "float32": 2e-5}
"""Largest difference, as a share of the largest number."""

SEED = 1
TURN = 0.3
"""Seconds of a turn: many calls."""
LOOP_SECONDS = 1.0

Call = Callable[[], Any]


@dataclass(frozen=True)
class Row:
    """What was measured of one layer and way; times in milliseconds a call, one number a turn."""

    way: str
    shape: tuple[int, ...]
    kernels: int
    dtype: str
    bar: float | None
    difference: float
    loop: float | None
    cpu: dict[str, list[float]] = field(default_factory=dict)
    wall: dict[str, list[float]] = field(default_factory=dict)

    @property
    def ratio(self) -> float:
        """Our CPU time by that of torch's turn next to it."""
        pairs = zip(self.cpu["ours"], self.cpu["torch"], strict=True)
        return statistics.median(ours / theirs for ours, theirs in pairs)

    @property
    def by_loop(self) -> float | None:
        """How many times as fast as the loop version we are."""
        return None if self.loop is None else self.loop / statistics.median(self.cpu["ours"])

    def failures(self) -> list[str]:
        """Return what is not as it must be."""
        return [
            *(["FAILS"] if self.bar is not None and self.ratio > self.bar else []),
            *([] if self.difference <= CLOSE[self.dtype] else ["DIFFERS FROM TORCH"]),
        ]


# --- The two sides --------------------------------------------------------------------------------


def forms(
    way: str, shape: tuple[int, int, int, int], kernels: int, dtype: str
) -> tuple[Call, Call, float | None]:
    """Return our call and torch's, with equal arguments, and the loop version's milliseconds."""
    rng = np.random.default_rng(SEED)
    X = rng.normal(size=shape).astype(dtype)
    W = rng.normal(size=(kernels, shape[1], KERNEL, KERNEL)).astype(dtype)
    b = rng.normal(size=kernels).astype(dtype)
    slopes = rng.normal(size=(shape[0], kernels, *shape[2:])).astype(dtype)
    their_X, their_W, their_b, their_slopes = map(torch.from_numpy, (X, W, b, slopes))

    if way == "backward":
        leaves = [tensor.requires_grad_() for tensor in (their_X, their_W, their_b)]
        their_Y = functional.conv2d(leaves[0], leaves[1], leaves[2], padding=PADDING)

        def backward() -> Any:
            found = torch.autograd.grad(their_Y, leaves, their_slopes, retain_graph=True)
            return [tensor.numpy() for tensor in found]

        return lambda: layers.conv2d_backward(slopes, X, W, 1, PADDING), backward, None
    return (
        lambda: (layers.conv2d_fast(X, W, b, 1, PADDING),),
        lambda: (functional.conv2d(their_X, their_W, their_b, padding=PADDING).numpy(),),
        looped(X, W, b),
    )


def looped(X: Any, W: Any, b: Any) -> float:
    """Return how many milliseconds of CPU a loop over all outputs takes, from a share of them."""
    padded = np.pad(X, ((0, 0), (0, 0), (PADDING, PADDING), (PADDING, PADDING)))
    n, rows, columns = len(X), int(X.shape[2]), int(X.shape[3])
    done = 0
    begin = time.process_time()
    for image, kernel, row, column in product(range(n), range(len(W)), range(rows), range(columns)):
        region = padded[image, :, row : row + KERNEL, column : column + KERNEL]
        layers.neuron_response(region, W[kernel], b[kernel])
        done += 1
        if time.process_time() - begin > LOOP_SECONDS:
            break
    return 1e3 * (time.process_time() - begin) * (n * len(W) * rows * columns / done)


def largest_difference(found: Any, wanted: Any) -> float:
    """Return the largest difference, as a share of the largest number."""
    return float(np.abs(np.asarray(found) - wanted).max() / np.abs(wanted).max())


# --- Measuring ------------------------------------------------------------------------------------


def measured(
    way: str, shape: tuple[int, int, int, int], kernels: int, dtype: str, repeats: int
) -> Row:
    """Compare both sides, then time them in turns."""
    ours, theirs, loop = forms(way, shape, kernels, dtype)
    difference = max(map(largest_difference, ours(), theirs()))
    bar = BARS[way] if dtype == "float32" else None
    row = Row(way, shape, kernels, dtype, bar, difference, loop)
    for _ in range(repeats):
        for side, call in (("ours", ours), ("torch", theirs)):
            cpu, wall = turn(call, TURN)
            row.cpu.setdefault(side, []).append(cpu)
            row.wall.setdefault(side, []).append(wall)
    return row


HEAD = (
    f"{'':44}{'CPU ms a call':^16}{'':12}{'wall ms':^16}{'times as':>10}\n"
    f"{'way':10}{'inputs':18}{'kernels':8}{'type':8}{'ours':>8}{'torch':>8}{'ratio':>7}{'bar':>5}"
    f"{'ours':>8}{'torch':>8}{'fast as loop':>13}{'differs':>9}{'at most':>8}"
)


def line(row: Row) -> str:
    """Return a line of the table."""
    cpu, wall = (
        "".join(f"{statistics.median(times[side]):8.2f}" for side in ("ours", "torch"))
        for times in (row.cpu, row.wall)
    )
    bar = f"{'-':>5}" if row.bar is None else f"{row.bar:5.1f}"
    by_loop = f"{'-':>13}" if row.by_loop is None else f"{row.by_loop:13.0f}"
    verdict = ", ".join(row.failures()) or ("passes" if row.bar else "no bar")
    return (
        f"{row.way:10}{', '.join(map(str, row.shape)):18}{row.kernels:7} {row.dtype:8}{cpu}"
        f"{row.ratio:7.2f}{bar}{wall}{by_loop}{row.difference:9.0e}{CLOSE[row.dtype]:8.0e}  "
        f"{verdict}"
    )


def main() -> None:
    """Measure, print the table, and exit with 1 if a bar or a tolerance is missed."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("--repeats", type=int, default=9, help="turns of each side")
    parser.add_argument("--threads", type=int, default=1, help="of every library")
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    options = parser.parse_args()
    found = circumstances("numpy", "torch")
    document = {
        **found,
        "threads": options.threads,
        "load": os.getloadavg()[0],
        "seed": SEED,
        "repeats": options.repeats,
    }
    print(in_a_line(found))
    print(f"{options.threads} thread(s), load {document['load']:.1f}")
    print(HEAD, flush=True)
    rows = []
    torch.set_num_threads(options.threads)
    with threadpool_limits(options.threads):
        for (shape, kernels), way, dtype in product(LAYERS, BARS, ("float32", "float64")):
            rows.append(measured(way, shape, kernels, dtype, options.repeats))
            print(line(rows[-1]), flush=True)
    if options.json is not None:
        table = [
            asdict(row)
            | {"ratio": row.ratio, "times as fast as loop": row.by_loop, "failures": row.failures()}
            for row in rows
        ]
        options.json.write_text(json.dumps(document | {"layers": table}, indent=1) + "\n", "utf-8")
    sys.exit(any(row.failures() for row in rows))


if __name__ == "__main__":
    main()
