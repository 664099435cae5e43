"""Training a small network: the loss, the step, the loop, the accuracy."""

import torch
from torch import Tensor, nn

from course_utils.reference import forbids, given


@forbids(
    "torch.nn.functional.cross_entropy",
    "torch.nn.functional.nll_loss",
    "torch.nn.CrossEntropyLoss",
    "torch.nn.NLLLoss",
    "sklearn",
)
def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the mean softmax cross-entropy.

    L = 1/N sum over n of log(sum over c of exp(z(n, c))) - z(n, y(n)).

    Parameters
    ----------
    logits : (N, C) float32, of any size: 1000 and -1000 are ordinary logits.
    labels : (N,) int64 in [0, C).

    Returns
    -------
    float32 tensor without axes.
    """
    right = logits[torch.arange(len(labels)), labels]
    return (torch.logsumexp(logits, dim=1) - right).mean()


@forbids("torch.optim")
def momentum_step(
    parameter: Tensor, gradient: Tensor, velocity: Tensor, learning_rate: float, momentum: float
) -> tuple[Tensor, Tensor]:
    """Take one step of gradient descent with momentum.

    v <- mu v + g, then p <- p - eta v.

    Parameters
    ----------
    parameter, gradient, velocity : p, g and v, floating-point tensors of one shape.
    learning_rate, momentum : eta and mu.

    Returns
    -------
    The new parameter and the new velocity.
    """
    velocity = momentum * velocity + gradient
    return parameter - learning_rate * velocity, velocity


@given
def network(hidden: int, seed: int) -> nn.Sequential:
    """Return an untrained network: two inputs, `hidden` tanh units, two logits."""
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, 2))


def train(
    points: Tensor, labels: Tensor, hidden: int, epochs: int, learning_rate: float, seed: int
) -> tuple[list[float], Tensor]:
    """Train `network(hidden, seed)` with torch.optim.SGD and a momentum of 0.9.

    Parameters
    ----------
    points : (N, 2) float32. Every step uses all of them.
    labels : (N,) int64, 0 or 1.
    hidden : number of hidden units.
    epochs : number of steps, at least 1.
    learning_rate : of SGD.
    seed : of the network's first weights.

    Returns
    -------
    The mean cross-entropy before each step, `epochs` floats; and the (N, 2) logits of the points
    after the last step, without a gradient attached.
    """
    model = network(hidden, seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    losses = []
    for _ in range(epochs):
        loss = nn.functional.cross_entropy(model(points), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, model(points).detach()


def accuracy(logits: Tensor, labels: Tensor) -> float:
    """Return the share of points whose largest logit is that of their label.

    Parameters
    ----------
    logits : (N, C) float32.
    labels : (N,) int64 in [0, C).

    Returns
    -------
    float in [0, 1].
    """
    return (logits.argmax(dim=1) == labels).double().mean().item()
