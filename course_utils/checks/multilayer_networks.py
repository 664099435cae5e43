"""Visible examples of the notebook multilayer_networks."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np

from course_utils.checks import Complaint, example, in_words, named

# --- chain_forward --------------------------------------------------------------------------------


@example(
    "chain_forward",
    "x = 3, w = 0.5, 2, -3, b = 1; f1 = a^2, f2 = a - 10, f3 = 2 a, as in the lecture",
)
def three_neurons(chain_forward: Any) -> Any:
    functions = [lambda a: a**2, lambda a: a - 10.0, lambda a: 2.0 * a]
    return named(chain_forward(3.0, np.array([0.5, 2.0, -3.0]), 1.0, functions), "a", "f")


@example("chain_forward", "one neuron: x = 1.5, w = 2, b = -1; f = 1 where a > 0, else 0")
def one_neuron(chain_forward: Any) -> Any:
    return named(chain_forward(1.5, np.array([2.0]), -1.0, [lambda a: int(a > 0.0)]), "a", "f")


@example(
    "chain_forward",
    "five neurons: x = 2, b = 1, all weights 1; each f multiplies by 2; functions in a tuple",
)
def five_neurons(chain_forward: Any) -> Any:
    functions: tuple[Callable[[float], float], ...] = (lambda a: 2.0 * a,) * 5
    return named(chain_forward(2, np.ones(5), 1, functions), "a", "f")


# --- chain_backward -------------------------------------------------------------------------------

# x = 2, b = 0; f1 = a^2, f2 = (a + 2)^2 / 16, f3 = a^2 / 6. The derivatives at a are 6, -2 and 4.
_W = np.array([1.5, -2.0, 0.75])
_A = np.array([3.0, -18.0, 12.0])
_F = np.array([9.0, 16.0, 24.0])


class _Counted:
    """A derivative that writes down in a common list that it is asked for."""

    def __init__(self, derivative: Callable[[float], float], asked: list[Any]) -> None:
        self.derivative = derivative
        self.asked = asked

    def __call__(self, a: float) -> float:
        self.asked.append(self)
        return self.derivative(a)


def _slopes(
    chain_backward: Any,
    numbers: Sequence[Any],
    *derivatives: Callable[[float], float],
    within: type = list,
) -> dict[str, Any]:
    x, y, *arrays = numbers
    found = chain_backward(x, y, *map(np.copy, arrays), within(derivatives))
    return named(found, "dL/dw", "dL/db")


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


@example(
    "chain_backward",
    "x = 1, y = 5, w = 2, 0.75, b = 0; f1 = f2 = a^2, the same function twice, in a tuple",
)
def one_function_twice(chain_backward: Any) -> Any:
    numbers = 1, 5, np.array([2.0, 0.75]), np.array([2.0, 3.0]), np.array([4.0, 9.0])
    return _slopes(chain_backward, numbers, _first, _first, within=tuple)


@example("chain_backward", "the three neurons again, counting what is asked of the derivatives")
def asked_once(chain_backward: Any) -> Any:
    asked: list[Any] = []
    counted = [_Counted(derivative, asked) for derivative in (_first, _second, _third)]
    found = _slopes(chain_backward, (2.0, 21.0, _W, _A, _F), *counted)
    if len(asked) == 6 and all(asked[i] is asked[i + 1] for i in (0, 2, 4)):
        raise Complaint("Each local derivative is asked for twice, directly one after the other.")
    calls = np.array([asked.count(one) for one in counted])
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


@example("layers", "Linear: the outputs after the caller has put 0 into its own W and b")
def linear_keeps_its_own(linear: Any, relu: Any, sigmoid: Any) -> Any:
    W, b = (values.copy() for values in _SQUARE)
    layer = linear(W, b)
    W[:], b[:] = 0.0, 0.0
    return {"Y": layer.forward(_X.copy())}


@example("layers", "Linear: the outputs after somebody has written 5 into W and b of the layer")
def linear_written_into(linear: Any, relu: Any, sigmoid: Any) -> Any:
    layer = _made(linear, *_SQUARE)
    layer.W[0, 1], layer.b[1] = 5.0, 5.0
    return {"Y": layer.forward(_X.copy())}


@example("layers", "Linear: one step with learning_rate 0.5, and the outputs after it")
def linear_update(linear: Any, relu: Any, sigmoid: Any) -> Any:
    layer = _made(linear, *_SQUARE)
    layer.forward(_X.copy())
    layer.backward(_SLOPES.copy())
    layer.update(0.5)
    return {"W": layer.W, "b": layer.b, "Y": layer.forward(_X.copy())}


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
    return named(found, "L", "dL/dscores")


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


def _stepped(network: Any, slopes: Any, steps: int = 1) -> dict[str, Any]:
    """Return the scores before a step and after each."""
    found = {"The scores": network.forward(_THREE.copy())}
    for number in range(1, steps + 1):
        network.backward(slopes.copy())
        network.update(0.5)
        found[f"The scores after step {number}"] = network.forward(_THREE.copy())
    return found


@example("mlp", "sizes (3, 3, 3, 3): three layers before and after a step of 0.5; default_rng(3)")
def three_layers(mlp: Any) -> Any:
    return _stepped(mlp((3, 3, 3, 3), np.random.default_rng(3)), _THREE_SLOPES)


@example("mlp", "sizes (3, 3, 3, 3): before, and after each of two steps of 0.5; default_rng(4)")
def two_steps(mlp: Any) -> Any:
    return _stepped(mlp((3, 3, 3, 3), np.random.default_rng(4)), _THREE_SLOPES, 2)


@example("mlp", "sizes 3, 6, 4, 2, in a list: before and after a step of 0.5; default_rng(5)")
def growing_and_shrinking(mlp: Any) -> Any:
    return _stepped(mlp([3, 6, 4, 2], np.random.default_rng(5)), _THREE_SLOPES[:, :2])


@example("mlp", "sizes (3, 3, 3), default_rng(6): rng, sizes and scores after all has been called")
def nothing_else_drawn(mlp: Any) -> Any:
    rng, other, sizes = np.random.default_rng(6), np.random.default_rng(6), [3, 3, 3]
    network = mlp(sizes, rng)
    other.normal(size=18)
    if rng.random() != other.random():
        raise Complaint("rng is asked for something else than the weights: it goes on differently.")
    if sizes != [3, 3, 3]:
        raise Complaint("MLP changes the list of sizes that it is given.")
    X = _THREE.copy()
    before = network.forward(X)
    network.backward(_THREE_SLOPES.copy())
    network.update(0.5)
    return {"The scores": before, "The scores of the same array after a step": network.forward(X)}


# --- minibatches ----------------------------------------------------------------------------------


_MOST = 100
"""Minibatches that are looked at; there are never so many."""


def _examples(n: int) -> tuple[Any, Any]:
    """Return some of eight examples, 0 10, 1 11, 2 12, ..., and their labels."""
    return np.arange(n)[:, np.newaxis] + np.array([0.0, 10.0]), np.array([3, 1, 0, 2, 5, 4, 7, 6])[
        :n
    ]


def _batches(minibatches: Any, n: int, batch_size: int, number: int) -> Any:
    """Return the minibatches of some examples in a list."""
    X, labels = _examples(n)
    found = minibatches(X, labels, batch_size, np.random.default_rng(number))
    _refuse_single_pair(found, n, batch_size)
    batches = list(islice(found, _MOST))
    if len(batches) == _MOST:
        raise Complaint(f"It goes on and on: there are {_MOST} minibatches, and no end.")
    for batch in batches:
        if not isinstance(batch, (tuple, list)) or len(batch) != 2:
            raise Complaint(
                f"A minibatch is {in_words(batch)}; a pair of examples and their labels is due."
            )
    same = all(map(np.array_equal, (X, labels), _examples(n)))
    return {
        "The minibatches": [tuple(batch) for batch in batches],
        "That X and labels stay as they are": same,
    }


def _refuse_single_pair(found: Any, n: int, batch_size: int) -> None:
    """Complain of what is no row of minibatches."""
    if found is None:
        raise Complaint("You return nothing (None), expected minibatches one after the other.")
    if not isinstance(found, (Iterator, list, tuple)):
        raise Complaint(f"You return {in_words(found)}, expected minibatches one after the other.")
    if isinstance(found, tuple) and len(found) == 2 and isinstance(found[1], np.ndarray):
        many = len(found[1])
        what = {n: "all examples", batch_size: "one minibatch"}.get(many, f"{many} examples")
        raise Complaint(f"You return a single pair, {what} and labels; expected a row of pairs.")


@example("minibatches", "six examples, 0 10 to 5 15, in batches of two, default_rng(4)")
def whole_batches(minibatches: Any) -> Any:
    return _batches(minibatches, 6, 2, 4)


@example("minibatches", "seven examples in batches of three, default_rng(5)")
def smaller_last_batch(minibatches: Any) -> Any:
    return _batches(minibatches, 7, 3, 5)


@example("minibatches", "five examples, batch_size 8, default_rng(6)")
def all_in_one(minibatches: Any) -> Any:
    return _batches(minibatches, 5, 8, 6)


@example(
    "minibatches", "six examples in batches of two, default_rng(7): rng, X and labels meanwhile"
)
def nothing_else_touched(minibatches: Any) -> Any:
    (X, labels), rng, other = _examples(6), np.random.default_rng(7), np.random.default_rng(7)
    found = []
    for batch in islice(minibatches(X, labels, 2, rng), _MOST):
        if not all(map(np.array_equal, (X, labels), _examples(6))):
            raise Complaint("Between two minibatches X and labels are not as they were.")
        found.append(tuple(batch))
    other.permutation(6)
    if rng.random() != other.random():
        raise Complaint("rng is asked for something else than one permutation, or for none.")
    return {"The minibatches": found}


# --- train ----------------------------------------------------------------------------------------


class _Model:
    """A model with one weight w, 0 at first. The scores of an example x are w x and 0."""

    def __init__(self) -> None:
        self.w = 0.0
        self.slope = 0.5
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

    def update(self, learning_rate: float, *more: Any) -> None:
        if more:
            raise Complaint("You hand more than the learning rate to model.update.")
        self.calls.append("update")
        self.w -= learning_rate * self.slope


class _Epochs:
    """Two minibatches an epoch, of five numbers x in another order every time."""

    def __init__(self) -> None:
        self.asked = 0

    def __iter__(self) -> Iterator[Any]:
        raise Complaint("You go through `batches` itself, a function: it has not been called.")

    def __call__(self) -> Iterator[tuple[Any, Any]]:
        self.asked += 1
        x, labels = (np.roll(values, self.asked) for values in (_NUMBERS, _CLASSES))
        for part in (slice(0, 3), slice(3, 5)):
            yield x[part, np.newaxis], labels[part]


_NUMBERS = np.array([1.0, -2.0, 3.0, -1.0, 2.0])
_CLASSES = np.array([0, 1, 0, 0, 1])


def _losses(found: Any, model: Any) -> Any:
    """Return what `train` returned; complain of the model."""
    if found is model:
        raise Complaint("You return the model, expected the losses, an array.")
    return found


@example(
    "train",
    "scores w x and 0, five numbers x in two batches, three epochs, learning_rate 0.4, a report",
)
def three_epochs(train: Any) -> Any:
    model = _Model()
    found = train(model, _Epochs(), 0.4, 3, lambda *_: None)
    return {"The losses": _losses(found, model), "The weight w": model.w}


@example("train", "the same without a report, counting what is asked of the model and of batches")
def what_is_asked(train: Any) -> Any:
    model, batches = _Model(), _Epochs()
    train(model, batches, learning_rate=0.4, epochs=3)
    return {
        "What is called of the model": ", ".join(model.calls),
        "How often the batches are asked for": batches.asked,
    }


@example("train", "the same with a report, looking at what it says")
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
