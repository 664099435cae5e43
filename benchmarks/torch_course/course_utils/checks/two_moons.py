"""Visible examples of the notebook two_moons. Torch is imported when an example runs."""

from typing import Any

from course_utils.checks import Complaint, example
from course_utils.wire import kind_name

LOGITS = [[2.0, -1.0, 0.5], [0.0, 0.0, 0.0], [-3.0, 1.0, 4.0], [0.5, 0.25, -1.0]]
LABELS = [0, 2, 1, 1]
POINTS = [[0.0, 1.0], [1.0, 0.5], [-1.0, 0.25], [0.5, -1.0], [1.5, 0.0], [0.0, -0.5]]


def _tensor(values: Any, kind: str = "float32") -> Any:
    import torch

    return torch.tensor(values, dtype=getattr(torch, kind))


def _array(value: Any) -> Any:
    """Return the values of a tensor; complain about anything else."""
    import torch

    if not isinstance(value, torch.Tensor):
        name = "nothing (None)" if value is None else f"an object of type {kind_name(value)}"
        raise Complaint(f"The type is wrong: you return {name}, expected a tensor.")
    if value.requires_grad:
        raise Complaint("The tensor has a gradient attached; detach it.")
    return value.numpy()


@example("cross_entropy", "four points and three classes", rtol=1e-4)
def small_logits(cross_entropy: Any) -> Any:
    return _array(cross_entropy(_tensor(LOGITS), _tensor(LABELS, "int64")))


@example("cross_entropy", "logits of 1000 and -1000", rtol=1e-4)
def large_logits(cross_entropy: Any) -> Any:
    logits = [[1000.0, -1000.0], [-1000.0, -998.0]]
    return _array(cross_entropy(_tensor(logits), _tensor([0, 0], "int64")))


@example("momentum_step", "one step from a velocity that is not zero", rtol=1e-4)
def one_step(momentum_step: Any) -> Any:
    place, gradient, velocity = (
        _tensor(v) for v in ([1.0, 2.0, -1.0], [0.5, -1.0, 0.0], [2.0, 0.0, 1.0])
    )
    after = momentum_step(place, gradient, velocity, 0.1, 0.5)
    return {"parameter": _array(after[0]), "velocity": _array(after[1])}


@example("train", "six points, four hidden units, three epochs", rtol=1e-4, atol=1e-5)
def three_epochs(train: Any) -> Any:
    labels = _tensor([0, 0, 0, 1, 1, 1], "int64")
    losses, logits = train(_tensor(POINTS), labels, 4, 3, 0.5, 0)
    return {"losses": losses, "logits": _array(logits)}


@example("accuracy", "four points, two of them right")
def half_right(accuracy: Any) -> Any:
    return accuracy(_tensor(LOGITS), _tensor([0, 2, 2, 1], "int64"))
