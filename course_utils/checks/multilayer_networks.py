"""Visible examples of the notebook multilayer_networks."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from course_utils.checks import Complaint, example


def _named(found: Any, *names: str) -> dict[str, Any]:
    """Return the parts of a tuple by their names.

    Raises
    ------
    Complaint
        If it is no tuple of so many parts.
    """
    if not isinstance(found, tuple) or len(found) != len(names):
        raise Complaint(f"A tuple of {len(names)} is due: {', '.join(names)}.")
    return dict(zip(names, found, strict=True))


# --- chain_forward --------------------------------------------------------------------------------


@example(
    "chain_forward",
    "x = 3, w = 0.5, 2, -3, b = 1; f1 = a^2, f2 = a - 10, f3 = 2 a, as in the lecture",
)
def three_neurons(chain_forward: Any) -> Any:
    functions = [lambda a: a**2, lambda a: a - 10.0, lambda a: 2.0 * a]
    return _named(chain_forward(3.0, np.array([0.5, 2.0, -3.0]), 1.0, functions), "a", "f")


@example("chain_forward", "one neuron: x = 1.5, w = 2, b = -1; f = a^2")
def one_neuron(chain_forward: Any) -> Any:
    return _named(chain_forward(1.5, np.array([2.0]), -1.0, [lambda a: a**2]), "a", "f")


@example("chain_forward", "five neurons: x = 2, b = 1, all weights 1; each f multiplies by 2")
def five_neurons(chain_forward: Any) -> Any:
    functions: list[Callable[[float], float]] = [lambda a: 2.0 * a] * 5
    return _named(chain_forward(2.0, np.ones(5), 1.0, functions), "a", "f")


# --- chain_backward -------------------------------------------------------------------------------

# x = 2, b = 0; f1 = a^2, f2 = (a + 2)^2 / 16, f3 = a^2 / 6. The derivatives at a are 6, -2 and 4.
_W = np.array([1.5, -2.0, 0.75])
_A = np.array([3.0, -18.0, 12.0])
_F = np.array([9.0, 16.0, 24.0])


class _Counted:
    """A derivative that counts how often it is asked for."""

    def __init__(self, derivative: Callable[[float], float]) -> None:
        self.derivative = derivative
        self.calls = 0

    def __call__(self, a: float) -> float:
        self.calls += 1
        return self.derivative(a)


def _slopes(
    chain_backward: Any, numbers: Sequence[Any], *derivatives: Callable[[float], float]
) -> dict[str, Any]:
    x, y, *arrays = numbers
    found = chain_backward(x, y, *map(np.copy, arrays), list(derivatives))
    return _named(found, "dL/dw", "dL/db")


def _first(a: float) -> float:
    return 2.0 * a


def _second(a: float) -> float:
    return (a + 2.0) / 8.0


def _third(a: float) -> float:
    return a / 3.0


@example(
    "chain_backward",
    "x = 2, y = 21, w = 1.5, -2, 0.75; f1 = a^2, f2 = (a + 2)^2 / 16, f3 = a^2 / 6",
)
def three_slopes(chain_backward: Any) -> Any:
    return _slopes(chain_backward, (2.0, 21.0, _W, _A, _F), _first, _second, _third)


@example("chain_backward", "one neuron: x = 3, y = 5, w = 2, b = 0; f = a^2")
def one_slope(chain_backward: Any) -> Any:
    numbers = 3.0, 5.0, np.array([2.0]), np.array([6.0]), np.array([36.0])
    return _slopes(chain_backward, numbers, _first)


@example("chain_backward", "the three neurons again, counting what is asked of the derivatives")
def asked_once(chain_backward: Any) -> Any:
    counted = [_Counted(derivative) for derivative in (_first, _second, _third)]
    found = _slopes(chain_backward, (2.0, 21.0, _W, _A, _F), *counted)
    calls = np.array([one.calls for one in counted])
    return {**found, "How often each local derivative is asked for": calls}


# --- layers ---------------------------------------------------------------------------------------

_SQUARE = np.array([[1.0, 2.0], [0.0, 3.0]]), np.array([10.0, 20.0])
_X = np.array([[1.0, 0.0], [2.0, -1.0]])
_SLOPES = np.array([[1.0, 2.0], [-3.0, 1.0]])


def _made(layer: Any, *arguments: Any) -> Any:
    return layer(*(argument.copy() for argument in arguments))


@example("layers", "Linear: W = 1 2, 0 3, b = 10 20, two examples: 1 0 and 2 -1")
def linear_forward(linear: Any, relu: Any, sigmoid: Any) -> Any:
    return {"Y": _made(linear, *_SQUARE).forward(_X.copy())}


@example("layers", "Linear: the same W, b and examples; slopes 1 2 and -3 1")
def linear_backward(linear: Any, relu: Any, sigmoid: Any) -> Any:
    layer = _made(linear, *_SQUARE)
    layer.forward(_X.copy())
    dX = layer.backward(_SLOPES.copy())
    return {"dL/dX": dX, "dW": layer.dW, "db": layer.db}


@example("layers", "Linear: two inputs, four outputs, three examples")
def linear_of_other_shape(linear: Any, relu: Any, sigmoid: Any) -> Any:
    W = np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0], [-1.0, 3.0]])
    layer = linear(W, np.array([0.0, 1.0, 2.0, 3.0]))
    Y = layer.forward(np.array([[1.0, 2.0], [0.0, -1.0], [3.0, 1.0]]))
    dX = layer.backward(np.array([[1.0, 0.0, 2.0, 0.0], [0.0, 1.0, 0.0, -1.0], [3.0, 0, 0, 1.0]]))
    return {"Y": Y, "dL/dX": dX, "dW": layer.dW, "db": layer.db}


@example("layers", "Linear: forward twice, with other examples, then backward twice")
def linear_again(linear: Any, relu: Any, sigmoid: Any) -> Any:
    layer = _made(linear, *_SQUARE)
    layer.forward(_X[:, ::-1].copy())
    layer.forward(_X.copy())
    layer.backward(10.0 * _SLOPES)
    dX = layer.backward(_SLOPES.copy())
    return {"dL/dX": dX, "dW": layer.dW, "db": layer.db}


@example("layers", "Linear: one step with learning_rate 0.5, and the outputs after it")
def linear_update(linear: Any, relu: Any, sigmoid: Any) -> Any:
    W, b = (values.copy() for values in _SQUARE)
    layer = linear(W, b)
    layer.forward(_X.copy())
    layer.backward(_SLOPES.copy())
    layer.update(0.5)
    same = np.array_equal(W, _SQUARE[0]) and np.array_equal(b, _SQUARE[1])
    return {
        "W": layer.W,
        "b": layer.b,
        "Y": layer.forward(_X.copy()),
        "That Linear leaves the W and b which it was given as they are": same,
    }


_INPUTS = np.array([[2.0, -1.0, 0.5], [-3.0, 4.0, -2.0]])
_BACK = np.array([[1.0, -2.0, -3.0], [4.0, 5.0, -6.0]])


@example("layers", "ReLU: 2 -1 0.5 and -3 4 -2")
def relu_forward(linear: Any, relu: Any, sigmoid: Any) -> Any:
    return {"Y": relu().forward(_INPUTS.copy())}


@example("layers", "ReLU: the same inputs; slopes 1 -2 -3 and 4 5 -6")
def relu_backward(linear: Any, relu: Any, sigmoid: Any) -> Any:
    layer = relu()
    layer.forward(_INPUTS.copy())
    return {"dL/dX": layer.backward(_BACK.copy())}


@example("layers", "ReLU: another forward with -2 1 -0.5 and 3 -4 2, then backward; an update")
def relu_again(linear: Any, relu: Any, sigmoid: Any) -> Any:
    layer = relu()
    layer.forward(_INPUTS.copy())
    layer.forward(-_INPUTS)
    layer.update(0.5)
    return {"dL/dX": layer.backward(_BACK.copy())}


@example("layers", "ReLU: inputs of 0")
def relu_at_zero(linear: Any, relu: Any, sigmoid: Any) -> Any:
    layer = relu()
    Y = layer.forward(np.array([[0.0, 1.0, -1.0]]))
    return {"Y": Y, "dL/dX": layer.backward(np.array([[2.0, 3.0, 4.0]]))}


_ODDS = np.log([[1.0, 3.0, 9.0], [1.0 / 3.0, 4.0, 1.0 / 9.0]])


@example("layers", "Sigmoid: log 1, log 3, log 9 and log 1/3, log 4, log 1/9; slopes as for ReLU")
def sigmoid_both_ways(linear: Any, relu: Any, sigmoid: Any) -> Any:
    layer = sigmoid()
    Y = layer.forward(_ODDS.copy())
    return {"Y": Y, "dL/dX": layer.backward(_BACK.copy())}


@example("layers", "Sigmoid: another forward with the negative inputs, then backward; an update")
def sigmoid_again(linear: Any, relu: Any, sigmoid: Any) -> Any:
    layer = sigmoid()
    layer.forward(_ODDS.copy())
    layer.forward(2.0 * _ODDS)
    layer.update(0.5)
    return {"dL/dX": layer.backward(_BACK.copy())}


@example("layers", "Sigmoid: 1000, -1000 and 0")
def sigmoid_of_large_inputs(linear: Any, relu: Any, sigmoid: Any) -> Any:
    layer = sigmoid()
    Y = layer.forward(np.array([[1000.0, -1000.0, 0.0]]))
    return {"Y": Y, "dL/dX": layer.backward(np.array([[1.0, 2.0, 4.0]]))}


# --- softmax_cross_entropy ------------------------------------------------------------------------


def _loss(found: Any) -> dict[str, Any]:
    return _named(found, "L", "dL/dscores")


@example("softmax_cross_entropy", "three examples whose p are eighths, tenths and fifteenths")
def simple_fractions(softmax_cross_entropy: Any) -> Any:
    scores = np.log([[1.0, 1.0, 4.0, 2.0], [1.0, 5.0, 1.0, 3.0], [2.0, 8.0, 4.0, 1.0]])
    return _loss(softmax_cross_entropy(scores, np.array([2, 0, 3])))


@example("softmax_cross_entropy", "one example of two classes, both as likely")
def single_example(softmax_cross_entropy: Any) -> Any:
    return _loss(softmax_cross_entropy(np.array([[3.0, 3.0]]), np.array([1])))


@example("softmax_cross_entropy", "an example with scores of about 10,000, then one of -10,000")
def large_scores(softmax_cross_entropy: Any) -> Any:
    found = {}
    for level in (9_998.0, -9_998.0):
        scores = np.array([[-2.0, 0.0, -1.0]]) + level
        for part, value in _loss(softmax_cross_entropy(scores, np.array([2]))).items():
            found[f"{part} of scores of about {level:,g}"] = value
    return found


@example(
    "softmax_cross_entropy", "two examples in one call, with scores of about 10,000 and -10,000"
)
def large_and_small_scores(softmax_cross_entropy: Any) -> Any:
    scores = np.array([[9_998.0, 9_999.0], [-9_998.0, -9_999.0]])
    return _loss(softmax_cross_entropy(scores, np.array([0, 0])))


@example("softmax_cross_entropy", "a label whose score is 20,000 below the other's")
def hopeless(softmax_cross_entropy: Any) -> Any:
    return _loss(softmax_cross_entropy(np.array([[10_000.0, -10_000.0]]), np.array([1])))


# --- mlp ------------------------------------------------------------------------------------------

_THREE = np.array([[1.0, 0.0, -1.0], [2.0, 1.0, 0.5]])
_THREE_SLOPES = np.array([[1.0, -1.0, 0.5], [0.0, 2.0, -1.0]])


@example("mlp", "sizes (3, 5): one Linear layer; its weights are drawn by default_rng(1)")
def one_layer(mlp: Any) -> Any:
    return {"The scores": mlp((3, 5), np.random.default_rng(1)).forward(_THREE.copy())}


@example("mlp", "sizes (3, 3, 3): two layers, default_rng(2)")
def two_layers(mlp: Any) -> Any:
    return {"The scores": mlp((3, 3, 3), np.random.default_rng(2)).forward(_THREE.copy())}


@example("mlp", "sizes (3, 3, 3, 3): forward and backward of three layers, default_rng(3)")
def three_layers(mlp: Any) -> Any:
    network = mlp((3, 3, 3, 3), np.random.default_rng(3))
    scores = network.forward(_THREE.copy())
    return {"The scores": scores, "dL/dX": network.backward(_THREE_SLOPES.copy())}


@example("mlp", "sizes (3, 6, 4, 3): both ways, a step of 0.5, both ways again; default_rng(4)")
def one_step(mlp: Any) -> Any:
    network = mlp((3, 6, 4, 3), np.random.default_rng(4))
    network.forward(_THREE.copy())
    dX = network.backward(_THREE_SLOPES.copy())
    network.update(0.5)
    after = network.forward(_THREE.copy())
    again = network.backward(_THREE_SLOPES.copy())
    return {
        "dL/dX": dX,
        "The scores after the step": after,
        "dL/dX after the step": again,
    }


# --- minibatches ----------------------------------------------------------------------------------


def _batches(minibatches: Any, n: int, batch_size: int, number: int) -> Any:
    """Return the minibatches of some of eight examples, 0 10, 1 11, 2 12, ..., in a list."""
    X = np.arange(n)[:, np.newaxis] + np.array([0.0, 10.0])
    labels = np.array([3, 1, 0, 2, 5, 4, 7, 6])[:n]
    before = X.copy(), labels.copy()
    found = minibatches(X, labels, batch_size, np.random.default_rng(number))
    batches = list(found)
    for batch in batches:
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            raise Complaint("Every minibatch is a pair of examples and their labels.")
    same = np.array_equal(X, before[0]) and np.array_equal(labels, before[1])
    return {
        "The minibatches": [tuple(batch) for batch in batches],
        "That X and labels stay as they are": same,
    }


@example("minibatches", "six examples, 0 10 to 5 15, in batches of two, default_rng(4)")
def whole_batches(minibatches: Any) -> Any:
    return _batches(minibatches, 6, 2, 4)


@example("minibatches", "seven examples in batches of three, default_rng(5)")
def smaller_last_batch(minibatches: Any) -> Any:
    return _batches(minibatches, 7, 3, 5)


@example("minibatches", "five examples, batch_size 8, default_rng(6)")
def all_in_one(minibatches: Any) -> Any:
    return _batches(minibatches, 5, 8, 6)


# --- train ----------------------------------------------------------------------------------------


class _Model:
    """A model with one weight w, 0 at first. The scores of an example x are w x and 0."""

    def __init__(self) -> None:
        self.w = 0.0
        self.slope = 0.0
        self.x: Any = np.zeros(0)
        self.calls: list[str] = []

    def forward(self, X: Any) -> Any:
        self.calls.append("forward")
        self.x = X[:, 0]
        return np.stack([self.w * self.x, 0.0 * self.x], axis=1)

    def backward(self, slopes: Any) -> Any:
        self.calls.append("backward")
        self.slope = float(slopes[:, 0] @ self.x)
        return self.w * slopes[:, :1]

    def update(self, learning_rate: float) -> None:
        self.calls.append("update")
        self.w -= learning_rate * self.slope


class _Epochs:
    """Two minibatches an epoch, of five numbers x in another order every time."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self) -> Iterator[tuple[Any, Any]]:
        self.asked += 1
        x, labels = (np.roll(values, self.asked) for values in (_NUMBERS, _CLASSES))
        for part in (slice(0, 3), slice(3, 5)):
            yield x[part, np.newaxis], labels[part]


_NUMBERS = np.array([1.0, -2.0, 3.0, -1.0, 2.0])
_CLASSES = np.array([0, 1, 0, 0, 1])


@example("train", "scores w x and 0, five numbers x in two batches, two epochs, learning_rate 0.4")
def two_epochs(train: Any) -> Any:
    model = _Model()
    return {"The losses": train(model, _Epochs(), 0.4, 2), "The weight w": model.w}


@example("train", "the same, counting what is asked of the model and of batches")
def what_is_asked(train: Any) -> Any:
    model, batches = _Model(), _Epochs()
    train(model, batches, learning_rate=0.4, epochs=2)
    return {
        "What is called of the model": ", ".join(model.calls),
        "How often the batches are asked for": batches.asked,
    }


@example("train", "the same for three epochs, with a report")
def reported(train: Any) -> Any:
    reports: list[tuple[int, float]] = []
    found = train(_Model(), _Epochs(), 0.4, 3, report=lambda *said: reports.append(said))
    return {
        "The numbers of the epochs that are reported": np.array([float(n) for n, _ in reports]),
        "The losses that are reported": np.array([float(loss) for _, loss in reports]),
        "The losses": found,
    }


@example("train", "learning rate and epochs left to their defaults; then no epochs at all")
def all_defaults(train: Any) -> Any:
    model = _Model()
    found = train(model, _Epochs())
    none = train(_Model(), _Epochs(), 0.1, 0)
    return {"The losses": found, "The weight w": model.w, "The losses of no epochs": none}
