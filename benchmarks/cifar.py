"""How well the classifiers of assignment 2 do on CIFAR-10, with the course's own functions.

    python benchmarks/cifar.py [--folder cifar-10-batches-bin] [--seeds 3] [--json FILE]

Without a folder CIFAR-10 is taken from the cache, or downloaded. A folder may hold another copy of
it in the same layout; which one it was is said with the figures.

- Nearest neighbours, L2 and L1 on pixels in [0, 1]: 5,000 training images against 500 test images,
  drawn anew for every seed, with k = 1, and with the k that five-fold cross-validation on the 5,000
  chooses; all 50,000 against all 10,000 with k = 1, and with the k that is best on 5,000 held out.
- Softmax and hinge regression on pixels with the mean subtracted: learning rate and weight decay by
  `search_hyper_parameters` on 5,000 held out (one seed, few epochs), then trained on all 50,000,
  once for every seed, tested on the 10,000.

The published figures beside them are for the original images, by others, with other settings.
"""

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from circumstances import circumstances, in_a_line

from course_utils import datasets
from course_utils.datasets import Dataset
from course_utils.reference import fast, linear_classifiers, nearest_neighbors
from course_utils.types import Bias, Labels, Loss, Vectors, Weights

CANDIDATES = (1, 3, 5, 7, 9, 11, 15, 21)
HELD_OUT = 5_000
SEARCH = 0
"""The seed of the split, and of the trainings, by which parameters are chosen."""

DECAYS = (0.0, 0.001, 0.01, 0.1)

BATCH = 200
ROWS = 250
"""Queries at a time: their distances to 50,000 examples are 100 MB."""


@dataclass(frozen=True)
class Row:
    """A figure: the share of test images that are labelled correctly."""

    what: str
    accuracy: float
    seconds: float
    published: str = ""
    details: dict[str, Any] = field(default_factory=dict)


def measured(what: str, published: str, run: Callable[[], tuple[float, dict[str, Any]]]) -> Row:
    """Run something that returns an accuracy and details, print and return the row."""
    begin = time.perf_counter()
    accuracy, details = run()
    row = Row(what, accuracy, time.perf_counter() - begin, published, details)
    said = ", ".join(f"{name} {value}" for name, value in details.items())
    print(f"{what:44}{accuracy:8.2%}{row.seconds:9.1f} s   {published:30}{said}", flush=True)
    return row


# --- Nearest neighbours ---------------------------------------------------------------------------


def small_neighbors(data: Dataset, seed: int) -> list[Row]:
    """Measure 5,000 examples and 500 queries: one neighbour, and the best number by folds."""
    rng = np.random.default_rng(seed)
    train, test = rng.permutation(len(data.train_labels))[:5000], rng.permutation(10_000)[:500]
    X, labels = datasets.as_vectors(data.train_images[train]), data.train_labels[train]
    X_test, y_test = datasets.as_vectors(data.test_images[test]), data.test_labels[test]

    def one(distances: Callable[[Vectors, Vectors], Any]) -> tuple[float, dict[str, Any]]:
        found = fast.predict_labels(distances(X_test, X), labels, 1)
        return float(np.mean(found == y_test)), {"seed": seed}

    def best() -> tuple[float, dict[str, Any]]:
        folds = nearest_neighbors.k_folds(labels, 5, rng)
        table = fast.l2_distances(X, X)
        k, shares = nearest_neighbors.choose_k(table, labels, folds, CANDIDATES)
        found = fast.nearest_labels(X_test, X, labels, k)
        details = {"seed": seed, "k": k, "by folds": round(float(shares.max()), 4)}
        return float(np.mean(found == y_test)), details

    rough = "about 27 % (public courses)"
    return [
        measured("L2, 5,000/500, k = 1", rough, lambda: one(fast.l2_distances)),
        measured("L2, 5,000/500, k by five folds", "above 28 % (public courses)", best),
        measured("L1, 5,000/500, k = 1", "", lambda: one(fast.l1_distances)),
    ]


def votes(
    queries: Vectors, examples: Vectors, labels: Labels, candidates: tuple[int, ...]
) -> dict[int, Labels]:
    """Return the labels of queries for several numbers of neighbours."""
    found: dict[int, list[Labels]] = {k: [] for k in candidates}
    for start in range(0, len(queries), ROWS):
        table = fast.l2_distances(queries[start : start + ROWS], examples)
        for k in candidates:
            found[k].append(fast.predict_labels(table, labels, k))
    return {k: np.concatenate(parts) for k, parts in found.items()}


def all_neighbors(data: Dataset) -> list[Row]:
    """Measure all examples and queries."""
    X, labels = datasets.as_vectors(data.train_images), data.train_labels
    X_test = datasets.as_vectors(data.test_images)

    def one() -> tuple[float, dict[str, Any]]:
        found = fast.nearest_labels(X_test, X, labels, 1)
        return float(np.mean(found == data.test_labels)), {}

    def best() -> tuple[float, dict[str, Any]]:
        train, held = nearest_neighbors.split(len(X), HELD_OUT, np.random.default_rng(SEARCH))
        guesses = votes(X[held], X[train], labels[train], CANDIDATES)
        shares = {k: float(np.mean(guess == labels[held])) for k, guess in guesses.items()}
        k = max(shares, key=lambda k: shares[k])
        found = fast.nearest_labels(X_test, X, labels, k)
        accuracy = float(np.mean(found == data.test_labels))
        return accuracy, {"seed": SEARCH, "k": k, "held out": round(shares[k], 4)}

    return [
        measured("L2, 50,000/10,000, k = 1", "above 33 % (public courses)", one),
        measured("L2, 50,000/10,000, k by 5,000 held out", "", best),
    ]


# --- Linear classifiers ---------------------------------------------------------------------------


def linear(
    data: Dataset, loss: Loss, rates: tuple[float, ...], name: str, published: str, seeds: int
) -> list[Row]:
    """Choose learning rate and weight decay on examples held out, train on all, and test."""
    X, labels = datasets.as_vectors(data.train_images), data.train_labels
    mean = X.mean(axis=0)
    X -= mean
    X_test = datasets.as_vectors(data.test_images) - mean
    chosen: list[float] = []

    def fit(
        inputs: Vectors, y: Labels, rate: float, decay: float, seed: int = SEARCH, epochs: int = 5
    ) -> tuple[Weights, Bias]:
        rng = np.random.default_rng(seed)
        W, b, _ = linear_classifiers.train_linear(
            loss, inputs, y, 10, rng, rate, decay, BATCH, epochs
        )
        return W, b

    def search() -> tuple[float, dict[str, Any]]:
        train, held = nearest_neighbors.split(len(X), HELD_OUT, np.random.default_rng(SEARCH))
        rate, decay, shares = linear_classifiers.search_hyper_parameters(
            fit, (X[train], labels[train]), (X[held], labels[held]), rates, DECAYS
        )
        chosen.extend((rate, decay))
        chosen_by = {"seed": SEARCH, "learning rate": rate, "weight decay": decay}
        return float(shares.max()), chosen_by

    rows = [measured(f"{name}, search (5 epochs, held-out share)", "", search)]

    def trained(seed: int) -> Callable[[], tuple[float, dict[str, Any]]]:
        def run() -> tuple[float, dict[str, Any]]:
            W, b = fit(X, labels, chosen[0], chosen[1], seed, 20)
            scores = linear_classifiers.linear_scores(W, b, X_test)
            return float(np.mean(scores.argmax(axis=1) == data.test_labels)), {"seed": seed}

        return run

    rows += [
        measured(f"{name}, 20 epochs, seed {seed}", published, trained(seed))
        for seed in range(seeds)
    ]
    return rows


def main() -> None:
    """Measure everything, print the table, and write it."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("--folder", type=Path, default=None, help="a copy of the data set")
    parser.add_argument("--seeds", type=int, default=3, help="draws, and trainings")
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    options = parser.parse_args()
    data = datasets.cifar10(folder=options.folder)
    found = circumstances("numpy", "scikit-learn")
    source = "a copy in a folder" if options.folder else "the published archive"
    print(f"CIFAR-10: {source}. {in_a_line(found)}", flush=True)
    published = "about 39 % (public courses)"
    rows = [
        *(row for seed in range(options.seeds) for row in small_neighbors(data, seed)),
        *linear(
            data,
            fast.softmax_loss,
            (1.0, 0.3, 0.1, 0.03, 0.01),
            "softmax",
            published,
            options.seeds,
        ),
        *linear(
            data,
            linear_classifiers.multiclass_hinge_loss,
            (0.03, 0.01, 0.003, 0.001),
            "hinge",
            published,
            options.seeds,
        ),
        *all_neighbors(data),
    ]
    if options.json is not None:
        document = {**found, "data": source, "rows": [asdict(row) for row in rows]}
        options.json.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
