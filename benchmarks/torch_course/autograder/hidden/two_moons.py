"""Hidden tests of the notebook two_moons. Oracles: torch, scikit-learn, and backpropagation."""

from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from sklearn.datasets import make_moons
from sklearn.metrics import accuracy_score
from torch import Tensor

from autograder.grading.student import Student
from autograder.hidden import close, hidden, holds, replay
from course_utils.reference.two_moons import network

# Students compute in single precision.
RTOL, ATOL = 1e-4, 1e-5


def _array(value: Any) -> Any:
    holds(isinstance(value, Tensor), "It returns no tensor")
    return value.numpy()


def _tensor(values: NDArray[Any]) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))


def _problem(rng: Generator, n: int, classes: int, spread: float) -> tuple[Tensor, Tensor]:
    logits = _tensor(rng.normal(0.0, spread, (n, classes)))
    return logits, torch.from_numpy(rng.integers(0, classes, n))


@hidden("cross_entropy", points=2, says="logits of ordinary size, of two and more classes")
def ordinary(student: Student, rng: Generator) -> None:
    for classes in (2, 5, 11):
        logits, labels = _problem(rng, int(rng.integers(6, 30)), classes, 2.0)
        expected = torch.nn.functional.cross_entropy(logits, labels).numpy()
        close(_array(student.cross_entropy(logits, labels)), expected, rtol=RTOL, atol=ATOL)


@hidden("cross_entropy", points=1, says="very large logits")
def large(student: Student, rng: Generator) -> None:
    logits, labels = _problem(rng, 20, 4, 900.0)
    expected = torch.nn.functional.cross_entropy(logits, labels).numpy()
    close(_array(student.cross_entropy(logits, labels)), expected, rtol=RTOL, atol=ATOL)


@hidden("momentum_step", points=2, says="several steps, compared with torch's optimiser")
def steps(student: Student, rng: Generator) -> None:
    rate, momentum = rng.uniform(0.05, 0.3), rng.uniform(0.3, 0.9)
    theirs = torch.nn.Parameter(_tensor(rng.normal(size=(3, 4))))
    optimizer = torch.optim.SGD([theirs], lr=rate, momentum=momentum)
    parameter, velocity = theirs.detach().clone(), torch.zeros(3, 4)
    for _ in range(5):
        gradient = _tensor(rng.normal(size=(3, 4)))
        theirs.grad = gradient.clone()
        optimizer.step()
        pair = student.momentum_step(parameter, gradient, velocity, rate, momentum)
        holds(isinstance(pair, tuple) and len(pair) == 2, "It does not return two tensors")
        parameter, velocity = (torch.from_numpy(_array(part)) for part in pair)
        expected = optimizer.state[theirs]["momentum_buffer"].numpy()
        close(_array(parameter), theirs.detach().numpy(), rtol=RTOL, atol=ATOL)
        close(_array(velocity), expected, rtol=RTOL, atol=ATOL)


@replay("momentum_step")
def printed(momentum_step: Any) -> None:
    import torch

    place, velocity = torch.tensor([4.0, -2.0], dtype=torch.float64), torch.zeros(2).double()
    for step in range(6):
        place, velocity = momentum_step(place, place * place.new_tensor([1, 9]), velocity, 0.1, 0.7)
        print(step, np.round(place.numpy(), 4).tolist(), np.round(velocity.numpy(), 4).tolist())


def _trained(
    points: NDArray[Any],
    labels: NDArray[Any],
    hidden_units: int,
    epochs: int,
    rate: float,
    seed: int,
) -> tuple[list[float], NDArray[Any]]:
    """Train by hand, in double precision, with the gradients written out."""
    first = network(hidden_units, seed).state_dict().values()
    weights = [value.numpy().astype(np.float64) for value in first]
    velocities = [np.zeros_like(weight) for weight in weights]
    n, losses = len(points), []
    for epoch in range(epochs + 1):
        a, b, c, d = weights
        active = np.tanh(points @ a.T + b)
        logits = active @ c.T + d
        if epoch == epochs:
            break
        shifted = logits - logits.max(axis=1, keepdims=True)
        chances = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
        losses.append(float(-np.log(chances[np.arange(n), labels]).mean()))
        error = (chances - np.eye(2)[labels]) / n
        inner = (error @ c) * (1.0 - active**2)
        gradients = (inner.T @ points, inner.sum(axis=0), error.T @ active, error.sum(axis=0))
        velocities = [0.9 * v + g for v, g in zip(velocities, gradients, strict=True)]
        weights = [w - rate * v for w, v in zip(weights, velocities, strict=True)]
    return losses, logits


def _run(student: Student, rng: Generator) -> tuple[Any, tuple[list[float], NDArray[Any]]]:
    points, labels = make_moons(60, noise=0.1, random_state=int(rng.integers(2**31)))
    points = points.astype(np.float32)
    settings = int(rng.integers(5, 12)), 25, rng.uniform(0.05, 0.2), int(rng.integers(10_000))
    given = torch.from_numpy(points), torch.from_numpy(labels.astype(np.int64))
    pair = student.train(*given, *settings)
    holds(isinstance(pair, tuple) and len(pair) == 2, "It does not return losses and logits")
    return pair, _trained(points.astype(np.float64), labels, *settings)


@hidden("train", points=1.5, says="the loss before every step")
def losses(student: Student, rng: Generator) -> None:
    got, expected = _run(student, rng)
    close(got[0], expected[0], rtol=1e-3, atol=1e-4)


@hidden("train", points=1.5, says="the logits after the last step")
def logits(student: Student, rng: Generator) -> None:
    got, expected = _run(student, rng)
    close(_array(got[1]), expected[1], rtol=1e-3, atol=1e-3)


@hidden("accuracy", points=1, says="compared with scikit-learn")
def share(student: Student, rng: Generator) -> None:
    for classes in (2, 3, 7):
        guess, labels = _problem(rng, int(rng.integers(20, 60)), classes, 1.0)
        expected = float(accuracy_score(labels.numpy(), guess.numpy().argmax(axis=1)))
        close(student.accuracy(guess, labels), expected)
