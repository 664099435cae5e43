"""Known answers to the exercises of two_moons: misconceptions, and other right ways."""

import torch
from torch import Tensor, nn

from autograder.variants import right, wrong
from course_utils.reference import two_moons as reference

Pair = tuple[Tensor, Tensor]
Trained = tuple[list[float], Tensor]


# --- cross_entropy --------------------------------------------------------------------------------


@wrong("cross_entropy", hint="You add the losses of the points up. Take their mean.")
def summed(logits: Tensor, labels: Tensor) -> Tensor:
    return reference.cross_entropy(logits, labels) * len(labels)


@wrong("cross_entropy", hint="You return minus the probability. Take its logarithm.")
def without_log(logits: Tensor, labels: Tensor) -> Tensor:
    return -logits.softmax(dim=1)[torch.arange(len(labels)), labels].mean()


@wrong("cross_entropy", hint="The sign is turned round: a loss falls as the right logit grows.")
def negative(logits: Tensor, labels: Tensor) -> Tensor:
    return -reference.cross_entropy(logits, labels)


@wrong("cross_entropy", hint="Your softmax runs over the points. It runs over the classes, dim=1.")
def over_points(logits: Tensor, labels: Tensor) -> Tensor:
    return -logits.log_softmax(dim=0)[torch.arange(len(labels)), labels].mean()


@wrong("cross_entropy", hint="You count in bits. Use the natural logarithm.")
def in_bits(logits: Tensor, labels: Tensor) -> Tensor:
    return reference.cross_entropy(logits, labels) / torch.log(torch.tensor(2.0))


@wrong("cross_entropy", hint="You take the mean over all classes. Only the label's logit counts.")
def all_classes(logits: Tensor, labels: Tensor) -> Tensor:
    return -logits.log_softmax(dim=1).mean()


@wrong(
    "cross_entropy",
    hint="exp of a large logit is infinite. Subtract the largest logit of the point first.",
    minor=True,
)
def overflowing(logits: Tensor, labels: Tensor) -> Tensor:
    powers = logits.exp()
    return -(powers / powers.sum(dim=1, keepdim=True))[range(len(labels)), labels].log().mean()


@right("cross_entropy")
def by_log_softmax(logits: Tensor, labels: Tensor) -> Tensor:
    return -logits.log_softmax(dim=1).gather(1, labels[:, None]).mean()


@right("cross_entropy")
def point_by_point(logits: Tensor, labels: Tensor) -> Tensor:
    total = torch.zeros(())
    for row, label in zip(logits, labels, strict=True):
        shifted = row - row.max()
        total = total + shifted.exp().sum().log() - shifted[label]
    return total / len(labels)


@right("cross_entropy")
def by_one_hot(logits: Tensor, labels: Tensor) -> Tensor:
    chosen = nn.functional.one_hot(labels, logits.shape[1]) * logits
    return (logits.logsumexp(dim=1) - chosen.sum(dim=1)).mean()


# --- momentum_step --------------------------------------------------------------------------------


@wrong("momentum_step", hint="You weigh the gradient with 1 - momentum. It counts in full.")
def damped(p: Tensor, g: Tensor, v: Tensor, learning_rate: float, momentum: float) -> Pair:
    v = momentum * v + (1.0 - momentum) * g
    return p - learning_rate * v, v


@wrong("momentum_step", hint="You put the learning rate into the velocity. Here it is outside.")
def rate_inside(p: Tensor, g: Tensor, v: Tensor, learning_rate: float, momentum: float) -> Pair:
    v = momentum * v + learning_rate * g
    return p - v, v


@wrong("momentum_step", hint="You step with the old velocity. Renew the velocity first.")
def old_velocity(p: Tensor, g: Tensor, v: Tensor, learning_rate: float, momentum: float) -> Pair:
    return p - learning_rate * v, momentum * v + g


@wrong("momentum_step", hint="You climb. The step goes against the velocity.")
def uphill(p: Tensor, g: Tensor, v: Tensor, learning_rate: float, momentum: float) -> Pair:
    v = momentum * v + g
    return p + learning_rate * v, v


@wrong("momentum_step", hint="You step with the gradient alone and leave the velocity unused.")
def unused(p: Tensor, g: Tensor, v: Tensor, learning_rate: float, momentum: float) -> Pair:
    return p - learning_rate * g, momentum * v + g


@wrong("momentum_step", hint="This is Nesterov's step, which looks one step ahead.")
def nesterov(p: Tensor, g: Tensor, v: Tensor, learning_rate: float, momentum: float) -> Pair:
    v = momentum * v + g
    return p - learning_rate * (g + momentum * v), v


@right("momentum_step")
def in_place(p: Tensor, g: Tensor, v: Tensor, learning_rate: float, momentum: float) -> Pair:
    v.mul_(momentum).add_(g)
    p.sub_(v, alpha=learning_rate)
    return p, v


@right("momentum_step")
def written_out(p: Tensor, g: Tensor, v: Tensor, learning_rate: float, momentum: float) -> Pair:
    return p - learning_rate * momentum * v - learning_rate * g, momentum * v + g


# --- train ----------------------------------------------------------------------------------------


def _trained(
    points: Tensor,
    labels: Tensor,
    hidden: int,
    epochs: int,
    learning_rate: float,
    seed: int,
    *,
    momentum: float = 0.9,
    forget: bool = True,
    reduction: str = "mean",
) -> Trained:
    model = reference.network(hidden, seed)
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=momentum)
    losses = []
    for _ in range(epochs):
        if forget:
            optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(points), labels, reduction=reduction)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses, model(points).detach()


@wrong("train", hint="The gradients of all steps add up. Call zero_grad in every step.")
def never_forgets(
    points: Tensor, labels: Tensor, hidden: int, epochs: int, learning_rate: float, seed: int
) -> Trained:
    return _trained(points, labels, hidden, epochs, learning_rate, seed, forget=False)


@wrong("train", hint="The optimiser has no momentum. It is 0.9.")
def without_momentum(
    points: Tensor, labels: Tensor, hidden: int, epochs: int, learning_rate: float, seed: int
) -> Trained:
    return _trained(points, labels, hidden, epochs, learning_rate, seed, momentum=0.0)


@wrong("train", hint="You add the losses of the points up. Take their mean.")
def summed_losses(
    points: Tensor, labels: Tensor, hidden: int, epochs: int, learning_rate: float, seed: int
) -> Trained:
    return _trained(points, labels, hidden, epochs, learning_rate, seed, reduction="sum")


@wrong("train", hint="You stop one epoch too early.")
def one_short(
    points: Tensor, labels: Tensor, hidden: int, epochs: int, learning_rate: float, seed: int
) -> Trained:
    return _trained(points, labels, hidden, epochs - 1, learning_rate, seed)


@wrong("train", hint="Your losses are those after the steps. Note the loss before each step.")
def losses_afterwards(
    points: Tensor, labels: Tensor, hidden: int, epochs: int, learning_rate: float, seed: int
) -> Trained:
    losses, _ = _trained(points, labels, hidden, epochs + 1, learning_rate, seed)
    return losses[1:], _trained(points, labels, hidden, epochs, learning_rate, seed)[1]


@wrong("train", hint="Your logits are those before the last step. Compute them anew after it.")
def old_logits(
    points: Tensor, labels: Tensor, hidden: int, epochs: int, learning_rate: float, seed: int
) -> Trained:
    losses, _ = _trained(points, labels, hidden, epochs, learning_rate, seed)
    return losses, _trained(points, labels, hidden, epochs - 1, learning_rate, seed)[1]


@right("train")
def without_an_optimizer(
    points: Tensor, labels: Tensor, hidden: int, epochs: int, learning_rate: float, seed: int
) -> Trained:
    model = reference.network(hidden, seed)
    velocities = [torch.zeros_like(parameter) for parameter in model.parameters()]
    losses = []
    for _ in range(epochs):
        loss = nn.CrossEntropyLoss()(model(points), labels)
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        with torch.no_grad():
            for p, g, v in zip(model.parameters(), gradients, velocities, strict=True):
                v.mul_(0.9).add_(g)
                p.sub_(learning_rate * v)
        losses.append(float(loss))
    with torch.no_grad():
        return losses, model(points)


# --- accuracy -------------------------------------------------------------------------------------


@wrong("accuracy", hint="You return the share of mistakes. Return the share of right answers.")
def error_rate(logits: Tensor, labels: Tensor) -> float:
    return 1.0 - reference.accuracy(logits, labels)


@wrong("accuracy", hint="You return per cent. Return a share between 0 and 1.")
def per_cent(logits: Tensor, labels: Tensor) -> float:
    return 100.0 * reference.accuracy(logits, labels)


@wrong("accuracy", hint="You return how many are right. Divide by the number of points.")
def count(logits: Tensor, labels: Tensor) -> float:
    return float((logits.argmax(dim=1) == labels).sum())


@wrong("accuracy", hint="You look for the smallest logit. The largest one is the network's answer.")
def smallest(logits: Tensor, labels: Tensor) -> float:
    return reference.accuracy(-logits, labels)


@wrong("accuracy", hint="You return a tensor. Return a float, with item().")
def as_tensor(logits: Tensor, labels: Tensor) -> Tensor:
    return (logits.argmax(dim=1) == labels).double().mean()


@right("accuracy")
def by_counting(logits: Tensor, labels: Tensor) -> float:
    return sum(int(row.argmax() == label) for row, label in zip(logits, labels, strict=True)) / len(
        labels
    )
