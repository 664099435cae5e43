"""How well the classifiers of assignment 2 do on `photo_patches`, as the notebooks use them.

    python benchmarks/photo_patches.py [--seeds 5] [--json FILE]

For every seed, which draws the patches, the split and the batches: the nearest neighbour by L2, and
softmax and hinge regression as in the notebook linear_classifiers: 500 training patches are held
out to choose learning rate and weight decay among the notebook's pairs, then all are trained on for
twenty epochs.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from circumstances import circumstances, in_a_line

from course_utils import datasets
from course_utils.reference import fast, linear_classifiers, nearest_neighbors
from course_utils.types import Bias, Labels, Loss, Vectors, Weights

SOFTMAX_RATES = (0.001, 0.01, 0.1, 1.0, 10.0)
HINGE_RATES = (0.001, 0.003, 0.01, 0.03, 0.1)
DECAYS = (0.0, 0.01, 0.1, 1.0)
HELD_OUT, BATCH, EPOCHS = 500, 100, 20


def neighbor(seed: int) -> tuple[float, dict[str, Any]]:
    """Return the test accuracy of the nearest neighbour."""
    data = datasets.photo_patches(seed=seed)
    X, X_test = map(datasets.as_vectors, (data.train_images, data.test_images))
    found = fast.nearest_labels(X_test, X, data.train_labels, 1)
    return float(np.mean(found == data.test_labels)), {}


def linear(loss: Loss, rates: tuple[float, ...]) -> Callable[[int], tuple[float, dict[str, Any]]]:
    """Return what gives the test accuracy of a linear classifier chosen by validation."""

    def run(seed: int) -> tuple[float, dict[str, Any]]:
        data = datasets.photo_patches(seed=seed)
        X, X_test = map(datasets.as_vectors, (data.train_images, data.test_images))
        y = data.train_labels
        train, held = nearest_neighbors.split(len(X), HELD_OUT, np.random.default_rng(seed))
        mean = X[train].mean(axis=0)
        X, X_test = X - mean, X_test - mean

        def fit(inputs: Vectors, labels: Labels, rate: float, decay: float) -> tuple[Weights, Bias]:
            rng = np.random.default_rng(seed)
            with np.errstate(all="ignore"):  # some pairs diverge
                W, b, _ = linear_classifiers.train_linear(
                    loss, inputs, labels, 10, rng, rate, decay, BATCH, EPOCHS
                )
            return W, b

        rate, decay, shares = linear_classifiers.search_hyper_parameters(
            fit, (X[train], y[train]), (X[held], y[held]), rates, DECAYS
        )
        W, b = fit(X, y, rate, decay)
        found = linear_classifiers.linear_scores(W, b, X_test).argmax(axis=1)
        chosen = {"learning rate": rate, "weight decay": decay, "held out": float(shares.max())}
        return float(np.mean(found == data.test_labels)), chosen

    return run


METHODS: dict[str, Callable[[int], tuple[float, dict[str, Any]]]] = {
    "nearest neighbour, L2": neighbor,
    "softmax": linear(linear_classifiers.softmax_loss, SOFTMAX_RATES),
    "hinge": linear(linear_classifiers.multiclass_hinge_loss, HINGE_RATES),
}


def main() -> None:
    """Measure everything, print the table, and write it."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("--seeds", type=int, default=5, help="draws of patches, and trainings")
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    options = parser.parse_args()
    found = circumstances("numpy", "scikit-learn", "scikit-image")
    print(in_a_line(found), flush=True)
    rows: list[dict[str, Any]] = []
    for name, run in METHODS.items():
        for seed in range(options.seeds):
            begin = time.perf_counter()
            accuracy, details = run(seed)
            seconds = time.perf_counter() - begin
            rows.append(
                {"what": name, "seed": seed, "accuracy": accuracy, "seconds": seconds, **details}
            )
            print(f"{name:24}seed {seed}{accuracy:9.1%}{seconds:8.1f} s   {details}", flush=True)
        mean = np.mean([row["accuracy"] for row in rows if row["what"] == name])
        print(f"{name:24}mean  {mean:9.1%}", flush=True)
    if options.json is not None:
        document = {**found, "rows": rows}
        options.json.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
