"""How well networks do on the digits: accuracy over seeds, and the threshold of the hidden test.

    python benchmarks/digits.py --seeds 30 --json benchmarks/results/digits.json

Every network is trained on the 1,300 training images of `course_utils.datasets.digits` with the
same learning rate, batch size and number of epochs, those of the hidden test of `train` unless
others are named, once for every seed, and tested on the 497 test images. A seed makes the first
weights and then the order of all minibatches.

- `reference` is what the exercises ask for: `MLP`, `minibatches` and `train`.
- `float32` is the same in single precision.
- `sigmoid` has `Sigmoid` layers in the place of the `ReLU`s, in a chain made by hand, and weights
  of variance 1 / inputs.
- `torch` is `nn.Sequential` with the weights that torch begins with, and SGD.
- `softmax regression` has no hidden layer: what a network is to be better than.

The threshold is the mean of the reference less four standard deviations: honest answers with other
random numbers are above it but for about 3 in 100,000, if accuracies are distributed normally.
"""

import argparse
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from circumstances import circumstances
from torch import nn
from torch.nn import functional

from autograder.hidden import multilayer_networks as graded
from course_utils import datasets
from course_utils.reference import multilayer_networks as networks
from course_utils.types import Labels, Scores, Vectors

threadpool_limits: Any = import_module("threadpoolctl").threadpool_limits  # untyped

DEVIATIONS = 4.0


@dataclass(frozen=True)
class Protocol:
    """How a network is trained."""

    sizes: tuple[int, ...]
    batch_size: int
    learning_rate: float
    epochs: int


Predict = Callable[[Vectors], Scores]
Fit = Callable[[Protocol, Vectors, Labels, int], Predict]


# --- Networks -------------------------------------------------------------------------------------


class Chain:
    """Layers one after the other, with the methods of an `MLP`."""

    def __init__(self, layers: list[Any]) -> None:
        self.layers = layers

    def forward(self, X: Vectors) -> Scores:
        """Return the scores of examples."""
        for layer in self.layers:
            X = layer.forward(X)
        return X

    def backward(self, slopes: Scores) -> Vectors:
        """Pass the derivatives of the scores back."""
        for layer in reversed(self.layers):
            slopes = layer.backward(slopes)
        return slopes

    def update(self, learning_rate: float) -> None:
        """Let every layer step against its derivatives."""
        for layer in self.layers:
            layer.update(learning_rate)


def trained(
    model: Any, protocol: Protocol, X: Vectors, labels: Labels, rng: np.random.Generator
) -> Predict:
    """Train a model with the functions of the reference; return what gives its scores."""

    def batches() -> Any:
        return networks.minibatches(X, labels, protocol.batch_size, rng)

    networks.train(model, batches, protocol.learning_rate, protocol.epochs)
    return lambda inputs: model.forward(inputs)


def reference(protocol: Protocol, X: Vectors, labels: Labels, seed: int) -> Predict:
    rng = np.random.default_rng(seed)
    return trained(networks.MLP(protocol.sizes, rng), protocol, X, labels, rng)


def float32(protocol: Protocol, X: Vectors, labels: Labels, seed: int) -> Predict:
    rng = np.random.default_rng(seed)
    model = networks.MLP(protocol.sizes, rng)
    for layer in model.layers[::2]:
        layer.W, layer.b = layer.W.astype(np.float32), layer.b.astype(np.float32)
    return trained(model, protocol, X.astype(np.float32), labels, rng)


def sigmoid(protocol: Protocol, X: Vectors, labels: Labels, seed: int) -> Predict:
    rng = np.random.default_rng(seed)
    layers: list[Any] = []
    for inputs, outputs in pairwise(protocol.sizes):
        W = rng.normal(0.0, np.sqrt(1.0 / inputs), (outputs, inputs))
        layers += [networks.Linear(W, np.zeros(outputs)), networks.Sigmoid()]
    return trained(Chain(layers[:-1]), protocol, X, labels, rng)


def softmax_regression(protocol: Protocol, X: Vectors, labels: Labels, seed: int) -> Predict:
    rng = np.random.default_rng(seed)
    ends = (protocol.sizes[0], protocol.sizes[-1])
    return trained(networks.MLP(ends, rng), protocol, X, labels, rng)


def by_torch(protocol: Protocol, X: Vectors, labels: Labels, seed: int) -> Predict:
    torch.manual_seed(seed)
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(protocol.sizes):
        layers += [nn.Linear(inputs, outputs, dtype=torch.float64), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=protocol.learning_rate)
    inputs_, targets = torch.from_numpy(X), torch.from_numpy(labels)
    for _ in range(protocol.epochs):
        order = torch.randperm(len(X))
        for start in range(0, len(X), protocol.batch_size):
            batch = order[start : start + protocol.batch_size]
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(inputs_[batch]), targets[batch])
            loss.backward()
            optimizer.step()

    def predict(inputs: Vectors) -> Scores:
        with torch.no_grad():
            return model(torch.from_numpy(inputs)).numpy()  # type: ignore[no-any-return]

    return predict


NETWORKS: dict[str, Fit] = {
    "reference": reference,
    "float32": float32,
    "sigmoid": sigmoid,
    "torch": by_torch,
    "softmax regression": softmax_regression,
}


# --- Measuring ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """What a network reached: a share of right test images, and CPU seconds, for every seed."""

    accuracies: list[float]
    training: list[float]
    seconds: list[float]

    def record(self) -> dict[str, Any]:
        """Return all figures of the row."""
        shares = np.array(self.accuracies)
        mean, spread = float(shares.mean()), float(shares.std(ddof=1))
        return {
            "mean": round(mean, 5),
            "standard_deviation": round(spread, 5),
            "least": round(float(shares.min()), 5),
            "most": round(float(shares.max()), 5),
            "threshold": round(mean - DEVIATIONS * spread, 5),
            "mean_on_training_images": round(float(np.mean(self.training)), 5),
            "cpu_seconds_to_train": round(float(np.median(self.seconds)), 4),
            "accuracies": [round(share, 5) for share in self.accuracies],
        }


def measured(fit: Fit, protocol: Protocol, seeds: int) -> Row:
    """Train a network with every seed, and test it."""
    data = datasets.digits()
    X, labels = datasets.as_vectors(data.train_images), data.train_labels
    X_test = datasets.as_vectors(data.test_images)
    row = Row([], [], [])
    for seed in range(seeds):
        begin = time.process_time()
        predict = fit(protocol, X, labels, seed)
        row.seconds.append(time.process_time() - begin)
        row.training.append(float(np.mean(predict(X).argmax(axis=1) == labels)))
        row.accuracies.append(float(np.mean(predict(X_test).argmax(axis=1) == data.test_labels)))
    return row


def main() -> None:
    """Measure, print the table, and write it down."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, default=30, help="0, 1, ... (at least 2)")
    parser.add_argument("--sizes", type=int, nargs="+", default=graded.SIZES)
    parser.add_argument("--batch-size", type=int, default=graded.BATCH_SIZE)
    parser.add_argument("--learning-rate", type=float, default=graded.LEARNING_RATE)
    parser.add_argument("--epochs", type=int, default=graded.EPOCHS)
    parser.add_argument("--only", default="", help="networks whose name has this in it")
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    options = parser.parse_args()
    if options.seeds < 2:
        parser.error("a spread needs at least two seeds")
    protocol = Protocol(
        tuple(options.sizes), options.batch_size, options.learning_rate, options.epochs
    )
    document: dict[str, Any] = {
        **circumstances("numpy", "scikit-learn", "torch"),
        "threads": 1,
        "load": round(os.getloadavg()[0], 1),
        "seeds": list(range(options.seeds)),
        "protocol": vars(protocol),
        "deviations": DEVIATIONS,
        "networks": {},
    }
    print(f"{protocol}, seeds 0 to {options.seeds - 1}, load {document['load']}")
    torch.set_num_threads(1)
    with threadpool_limits(1):
        for name, fit in NETWORKS.items():
            if options.only not in name:
                continue
            record = measured(fit, protocol, options.seeds).record()
            document["networks"][name] = record
            print(
                f"{name:20}{record['mean']:8.2%} +- {record['standard_deviation']:.2%}, "
                f"{record['least']:.2%} to {record['most']:.2%}, "
                f"threshold {record['threshold']:.2%}; training images "
                f"{record['mean_on_training_images']:.2%}; {record['cpu_seconds_to_train']:.2f} s",
                flush=True,
            )
    if options.json is not None:
        options.json.write_text(json.dumps(document, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
