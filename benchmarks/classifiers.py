"""How fast neighbours and losses of the reference are, next to scikit-learn, scipy and torch.

    python benchmarks/classifiers.py [--repeats 2] [--only softmax] [--threads 1] [--json FILE]

Vectors of 3,072 random numbers from 0 to 1, as many as a picture of CIFAR-10 has, go through

- `l2_distances` and `predict_labels`  and `KNeighborsClassifier(k, algorithm="brute")`, fit and
  predict, with all its checks of what it is given,
- `l1_distances`                       and `scipy.spatial.distance.cdist(..., "cityblock")`,
- `softmax_loss`, with its gradients   and torch's `cross_entropy(linear(X, W, b))` with `grad`,
- `multiclass_hinge_loss`              and torch's `multi_margin_loss`, without a bar,

with 10 classes for the losses. Ours is the form of `course_utils.reference.fast` where there is one
(for neighbours that is `nearest_labels`), and the plain one beside it; the hinge loss has the plain
form only. Ours and the peer take turns, and the best time of each counts, so that a change of the
machine's speed hits both. Both get the same arrays, of the same type, and the same number of
threads. Before each turn there is a pause: threads of a library that wait for work go on running
for a while, which would be charged to the other side. The plain form is timed once if that takes
long, and not at all ("-") where it would take most of the run.

The bar is for the ratio of CPU times, which other work on the machine hardly lengthens, and for one
thread. With more, threads that wait for one another count as busy, the longer the more others work
on the machine, and OpenBLAS waits longer than OpenMP. `--threads 2` shows how well two are used: on
a machine that does nothing else, by the ratio of wall times.

Memory is the peak of what ours allocates, result included and arguments not, by tracemalloc in the
first turn. It knows numpy's arrays, but not the buffers of a few MiB inside the libraries; of the
peers, which are written in C++, it would see nothing.

The results are compared in the same run. Labels: the share of queries with another label than the
peer's must be 0. There are two classes and k is odd, so that no vote is a tie; scikit-learn would
give it to the smallest label. Distances, losses and gradients: the largest difference, as a share
of the largest number.

In single precision the work is not all the same, and more may differ. Scikit-learn and scipy
convert float32 to float64 and compute with that. Ours computes in float32, as torch does; the
contracts of the reference speak of float64 only.
"""

import argparse
import json
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from circumstances import circumstances, in_a_line
from scipy.spatial.distance import cdist
from sklearn.neighbors import KNeighborsClassifier
from torch.nn import functional

from course_utils.reference import fast, linear_classifiers, nearest_neighbors
from course_utils.types import Loss

threadpool_limits: Any = import_module("threadpoolctl").threadpool_limits  # untyped

NUMBERS, CLASSES = 3072, 10

SEEDS = {"queries": 1, "examples": 2, "labels": 3, "inputs of a loss": 1, "the rest of a loss": 2}
"""Where each of the arrays comes from; the rest are weights, biases and labels."""

CLOSE = {"float64": 1e-12, "float32": 1e-5}
"""Largest difference of distances, losses and gradients, as a share of the largest number."""

OTHER_LABELS = {"float64": 0.0, "float32": 0.01}
"""Largest share of queries with another label: float32 may swap examples at nearly one distance."""

LEAST_SECONDS = 2.0
"""For so long at least a form and its peer take turns."""

TURN = 0.1
"""Seconds of a turn: within it, what is short is done several times."""

LONG = 0.2
"""Seconds from which on a plain form is timed once only."""

PAUSE = 0.05
"""Seconds between turns: longer than OpenBLAS or OpenMP let idle threads run."""

Form = Callable[[], Any]


@dataclass(frozen=True)
class Task:
    """What is computed, by ours and the peer, of given arrays.

    Parameters
    ----------
    forms : "ours" and "peer", and "plain" if that is something else; each returns its result.
    bar : largest ratio of CPU times that passes; None if there is none.
    difference : says how much two results differ.
    tolerance : largest difference from the plain form, and from the peer.
    """

    forms: dict[str, Form]
    bar: float | None
    difference: Callable[[Any, Any], float]
    tolerance: float


@dataclass(frozen=True)
class Row:
    """What was measured of a task; CPU and wall times in seconds, memory in MiB."""

    task: str
    size: str
    dtype: str
    cpu: dict[str, float]
    wall: dict[str, float]
    bar: float | None
    memory: float
    difference: dict[str, float]
    tolerance: float

    @property
    def ratio(self) -> float:
        """Our CPU time by the peer's."""
        return self.cpu["ours"] / self.cpu["peer"]

    @property
    def wall_ratio(self) -> float:
        """Our wall time by the peer's."""
        return self.wall["ours"] / self.wall["peer"]

    def failures(self) -> list[str]:
        """Return what is not as it must be."""
        return [
            *(["FAILS"] if self.bar is not None and self.ratio > self.bar else []),
            *(
                f"DIFFERS FROM {form.upper()}"
                for form, difference in self.difference.items()
                if not difference <= self.tolerance
            ),
        ]


# --- The tasks ------------------------------------------------------------------------------------


def tasks() -> list[tuple[str, str, str, Callable[[str], Task]]]:
    """Return what is measured: a name, a size, a type, and what makes a task of the type."""
    both = ["float64", "float32"]
    table: list[tuple[str, str, list[str], Callable[[str], Task]]] = [
        ("neighbours k = 1", "500 x 5000", both, partial(neighbours, 500, 5_000, 1, True)),
        ("neighbours k = 5", "500 x 5000", both, partial(neighbours, 500, 5_000, 5, True)),
        ("neighbours k = 5", "1000 x 50000", both[:1], partial(neighbours, 1000, 50_000, 5, True)),
        ("neighbours k = 5", "1000 x 50000", both[1:], partial(neighbours, 1000, 50_000, 5, False)),
        ("L1 distances", "200 x 2000", both, partial(l1, 200, 2_000, True)),
        ("L1 distances", "500 x 5000", both[:1], partial(l1, 500, 5_000, False)),
        ("softmax loss", "500", both, partial(softmax, 500)),
        ("softmax loss", "5000", both, partial(softmax, 5_000)),
        ("hinge loss", "500", both[:1], partial(hinge, 500)),
        ("hinge loss", "5000", both[:1], partial(hinge, 5_000)),
    ]
    return [(name, size, dtype, make) for name, size, types, make in table for dtype in types]


def vectors(n: int, dtype: str, name: str) -> Any:
    """Return n vectors of numbers from 0 to 1, by the seed of a name."""
    return np.random.default_rng(SEEDS[name]).random((n, NUMBERS), np.dtype(dtype).type)


def neighbours(n: int, m: int, k: int, plain: bool, dtype: str) -> Task:
    queries, examples = vectors(n, dtype, "queries"), vectors(m, dtype, "examples")
    labels = np.random.default_rng(SEEDS["labels"]).integers(0, 2, m)

    def in_two_steps() -> Any:
        distances = nearest_neighbors.l2_distances(queries, examples)
        return nearest_neighbors.predict_labels(distances, labels, k)

    def peer() -> Any:
        return KNeighborsClassifier(k, algorithm="brute").fit(examples, labels).predict(queries)

    return Task(
        {
            **({"plain": in_two_steps} if plain else {}),
            "ours": lambda: fast.nearest_labels(queries, examples, labels, k),
            "peer": peer,
        },
        1.2,
        lambda found, wanted: float((found != wanted).mean()),
        OTHER_LABELS[dtype],
    )


def l1(n: int, m: int, plain: bool, dtype: str) -> Task:
    queries, examples = vectors(n, dtype, "queries"), vectors(m, dtype, "examples")
    forms: dict[str, Form] = {
        "ours": lambda: fast.l1_distances(queries, examples),
        "peer": lambda: cdist(queries, examples, "cityblock"),
    }
    if plain:
        forms["plain"] = lambda: nearest_neighbors.l1_distances(queries, examples)
    return Task(forms, 1.5, largest_difference, CLOSE[dtype])


def softmax(n: int, dtype: str) -> Task:
    plain, quick = linear_classifiers.softmax_loss, fast.softmax_loss
    return loss({"plain": plain, "ours": quick}, functional.cross_entropy, 1.5, n, dtype)


def hinge(n: int, dtype: str) -> Task:
    def theirs(scores: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        # The mean over the classes too, where ours is the sum.
        return CLASSES * functional.multi_margin_loss(scores, labels)

    return loss({"ours": linear_classifiers.multiclass_hinge_loss}, theirs, None, n, dtype)


def loss(
    ours: dict[str, Loss],
    theirs: Callable[..., torch.Tensor],
    bar: float | None,
    n: int,
    dtype: str,
) -> Task:
    X = vectors(n, dtype, "inputs of a loss")
    rng = np.random.default_rng(SEEDS["the rest of a loss"])
    W = rng.normal(0.0, 0.01, (CLASSES, NUMBERS)).astype(dtype)
    b = rng.normal(0.0, 0.01, CLASSES).astype(dtype)
    labels = rng.integers(0, CLASSES, n)
    their_X, their_labels = torch.from_numpy(X), torch.from_numpy(labels)
    weights = [torch.from_numpy(w).requires_grad_() for w in (W, b)]

    def peer() -> Any:
        value = theirs(functional.linear(their_X, *weights), their_labels)
        dW, db = torch.autograd.grad(value, weights)
        return value.item(), dW.numpy(), db.numpy()

    return Task(
        {form: partial(function, W, b, X, labels) for form, function in ours.items()}
        | {"peer": peer},
        bar,
        lambda found, wanted: max(map(largest_difference, found, wanted)),
        CLOSE[dtype],
    )


def largest_difference(found: Any, wanted: Any) -> float:
    """Return the largest difference, as a share of the largest number."""
    return float(np.abs(np.asarray(found) - wanted).max() / np.abs(wanted).max())


# --- Measuring ------------------------------------------------------------------------------------


def turn(form: Form) -> tuple[float, float, Any]:
    """Return the best CPU and wall time of a form, done several times if short, and a result."""
    time.sleep(PAUSE)
    cpu = wall = np.inf
    first = time.perf_counter()
    while cpu == np.inf or time.perf_counter() - first < TURN:
        result = None  # for the memory: not two at once
        begin, begin_cpu = time.perf_counter(), time.process_time()
        result = form()
        cpu = min(cpu, time.process_time() - begin_cpu)
        wall = min(wall, time.perf_counter() - begin)
    return cpu, wall, result


def measured(name: str, size: str, dtype: str, task: Task, repeats: int) -> Row:
    """Time the forms of a task in turns, and compare what they give."""
    cpu, wall = dict.fromkeys(task.forms, np.inf), dict.fromkeys(task.forms, np.inf)
    results: dict[str, Any] = {}
    memory = 0.0
    begin, turns = time.process_time(), 0
    while turns < repeats or time.process_time() - begin < LEAST_SECONDS:
        for form in task.forms:
            if form != "plain" or turns == 0 or cpu[form] < LONG:
                if form == "ours" and turns == 0:
                    tracemalloc.start()
                seconds, elapsed, results[form] = turn(task.forms[form])
                cpu[form], wall[form] = min(cpu[form], seconds), min(wall[form], elapsed)
                if tracemalloc.is_tracing():
                    memory = tracemalloc.get_traced_memory()[1] / 2**20
                    tracemalloc.stop()
        turns += 1
    others = [form for form in task.forms if form != "ours"]
    difference = {form: task.difference(results["ours"], results[form]) for form in others}
    return Row(name, size, dtype, cpu, wall, task.bar, memory, difference, task.tolerance)


HEAD = (
    f"{'':39}{'CPU seconds':^24}{'':12}{'wall seconds':^16}{'':6}{'ours':>7}{'differs from':>17}\n"
    f"{'task':17}{'size':14}{'type':8}{'plain':>8}{'ours':>8}{'peer':>8}{'ratio':>7}{'bar':>5}"
    f"{'ours':>8}{'peer':>8}{'ratio':>6}{'MiB':>7}{'plain':>9}{'peer':>8}{'at most':>8}"
)


def line(row: Row) -> str:
    """Return a line of the table."""
    cells = [
        f"{row.task:17}{row.size:14}{row.dtype:8}",
        *(number(row.cpu.get(form), "8.4f") for form in ("plain", "ours", "peer")),
        f"{row.ratio:7.2f}{number(row.bar, '5.1f')}",
        f"{row.wall['ours']:8.4f}{row.wall['peer']:8.4f}{row.wall_ratio:6.2f}{row.memory:7.1f}",
        number(row.difference.get("plain"), "9.0e"),
        f"{row.difference['peer']:8.0e}{row.tolerance:8.0e}",
        f"  {', '.join(row.failures()) or ('passes' if row.bar else 'no bar')}",
    ]
    return "".join(cells)


def number(value: float | None, form: str) -> str:
    """Return a number, or a dash in its place."""
    width = form.split(".")[0]
    return f"{'-':>{width}}" if value is None else format(value, form)


def main() -> None:
    """Measure, print the table, and exit with 1 if a bar or a tolerance is missed."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("--repeats", type=int, default=2, help="turns at least")
    parser.add_argument("--only", default="", help="tasks whose name has this in it")
    parser.add_argument("--threads", type=int, default=1, help="of every library")
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    options = parser.parse_args()
    found = circumstances("numpy", "scipy", "scikit-learn", "torch")
    found["machine"]["threads"] = str(options.threads)
    print(in_a_line(found))
    print(HEAD, flush=True)
    rows = []
    torch.set_num_threads(options.threads)
    with threadpool_limits(options.threads):
        for name, size, dtype, make in tasks():
            if options.only in name:
                rows.append(measured(name, size, dtype, make(dtype), options.repeats))
                print(line(rows[-1]), flush=True)
    if options.json is not None:
        table = [
            asdict(row)
            | {"ratio": row.ratio, "wall_ratio": row.wall_ratio, "failures": row.failures()}
            for row in rows
        ]
        document = {**found, "seeds": SEEDS, "repeats": options.repeats, "tasks": table}
        options.json.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    sys.exit(any(row.failures() for row in rows))


if __name__ == "__main__":
    main()
