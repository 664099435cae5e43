"""Known answers to the exercises of multilayer_networks: misconceptions, and other right ways."""

# ruff: noqa: D101, D102, N802

import functools
import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from autograder.variants import right, survivor, wrong
from course_utils.reference import multilayer_networks as reference
from course_utils.reference.multilayer_networks import (
    MLP,
    Linear,
    ReLU,
    Sigmoid,
    softmax_cross_entropy,
)
from course_utils.types import Batches, Bias, Labels, Scores, Signal, Vectors, Weights

Functions = Sequence[Callable[[float], float]]
Chain = tuple[Signal, Signal]
Slopes = tuple[Signal, float]


# --- chain_forward --------------------------------------------------------------------------------


def _chained(
    x: float, w: Signal, b: float, functions: Functions, step: Callable[..., tuple[float, float]]
) -> Chain:
    """Run a chain whose neurons work by `step`: of k, the value before, w, b, to a and f."""
    a, f = np.empty(len(w)), np.empty(len(w))
    value = x
    for k, activation in enumerate(functions):
        a[k], f[k] = step(k, value, w[k], b, activation)
        value = f[k]
    return a, f


@wrong(
    "chain_forward",
    hint="You add b in every neuron. It is the bias of the first one alone: a_1 = w_1 x + b, then "
    "a_k = w_k f_{k-1}.",
)
def bias_in_every_neuron(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    def step(k: int, value: float, weight: float, b: float, activation: Any) -> Any:
        a = weight * value + b
        return a, activation(a)

    return _chained(x, w, b, functions, step)


@wrong("chain_forward", hint="You leave out the bias: a_1 = w_1 x + b.")
def no_bias(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    return reference.chain_forward(x, w, 0.0, functions)


@wrong(
    "chain_forward",
    hint="You add the bias to the first neuron's output. It belongs to the total input, before the "
    "activation function: a_1 = w_1 x + b.",
)
def bias_after_the_activation(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    def step(k: int, value: float, weight: float, b: float, activation: Any) -> Any:
        a = weight * value
        return a, activation(a) + (b if k == 0 else 0.0)

    return _chained(x, w, b, functions, step)


@wrong(
    "chain_forward",
    hint="You multiply the bias with the first weight, too: w_1 (x + b). The total input is w_1 x + b.",
)
def bias_before_the_weight(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    def step(k: int, value: float, weight: float, b: float, activation: Any) -> Any:
        a = weight * (value + b if k == 0 else value)
        return a, activation(a)

    return _chained(x, w, b, functions, step)


@wrong(
    "chain_forward",
    hint="You add the bias to the last neuron. It is the first one's: a_1 = w_1 x + b.",
)
def bias_of_the_last(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    def step(k: int, value: float, weight: float, b: float, activation: Any) -> Any:
        a = weight * value + (b if k == len(w) - 1 and k > 0 else 0.0)
        return a, activation(a)

    return _chained(x, w, b, functions, step)


@wrong(
    "chain_forward",
    hint="You never call the activation functions. The output of neuron k is f_k = f_k(a_k).",
)
def no_activations(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    return _chained(x, w, b, functions, lambda k, v, weight, b, _: (weight * v + b * (k == 0),) * 2)


@wrong(
    "chain_forward",
    hint="You hand on a_{k-1}, the total input of the neuron before. What arrives is its output: "
    "a_k = w_k f_{k-1}.",
)
def total_inputs_handed_on(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    a = np.cumprod(w) * x + b * np.cumprod([1.0, *w[1:]])
    return a, np.array([activation(value) for activation, value in zip(functions, a, strict=True)])


@wrong(
    "chain_forward",
    hint="You give every neuron the input x. Only the first one sees it; the others take the output "
    "of the neuron before, f_{k-1}.",
)
def input_for_all(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    return _chained(
        x, w, b, functions, lambda k, _, weight, b, g: (a := weight * x + b * (k == 0), g(a))
    )


@wrong(
    "chain_forward",
    hint="You apply the activation functions from the last to the first. The first of them is the "
    "first neuron's.",
)
def functions_backwards(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    return reference.chain_forward(x, w, b, functions[::-1])


@wrong(
    "chain_forward",
    hint="You go through the weights from the last to the first. w_1 is the first neuron's.",
)
def weights_backwards(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    return reference.chain_forward(x, w[::-1].copy(), b, functions)


@wrong(
    "chain_forward",
    hint="You use the first activation function in all neurons. Neuron k has its own, functions[k].",
)
def one_function_for_all(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    return reference.chain_forward(x, w, b, [functions[0]] * len(w))


@wrong(
    "chain_forward",
    hint="Your last neuron has no activation function: y_hat is f_K = f_K(a_K), not a_K.",
)
def last_without_activation(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    a, f = reference.chain_forward(x, w, b, functions)
    f[-1] = a[-1]
    return a, f


@wrong("chain_forward", hint="You return f and a. The total inputs, a, come first.")
def outputs_first(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    return reference.chain_forward(x, w, b, functions)[::-1]


@wrong(
    "chain_forward",
    hint="You return one number. The way back needs all total inputs and all outputs: return a and "
    "f, two arrays of K numbers.",
)
def output_alone(x: float, w: Signal, b: float, functions: Functions) -> Any:
    return float(reference.chain_forward(x, w, b, functions)[1][-1])


@wrong(
    "chain_forward",
    hint="Your f begins with the input x. It holds the outputs of the K neurons, f_1 to f_K.",
)
def input_among_the_outputs(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    a, f = reference.chain_forward(x, w, b, functions)
    return a, np.array([x, *f])


@wrong(
    "chain_forward",
    hint="Your arrays hold whole numbers, so what is put into them is cut off. Make them with "
    "np.empty(K) or np.zeros(K), without int.",
)
def whole_numbers(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    a, f = np.zeros(len(w), int), np.zeros(len(w), int)
    value = x
    for k, activation in enumerate(functions):
        a[k] = w[k] * value + (b if k == 0 else 0.0)
        value = f[k] = activation(float(a[k]))
    return a, f


@wrong(
    "chain_forward",
    hint="You take the weight of the neuron before. The total input of neuron k is w_k f_{k-1}, and "
    "w_1 x + b for the first.",
)
def weight_before(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    return reference.chain_forward(x, np.array([w[0], *w[:-1]]), b, functions)


@wrong(
    "chain_forward",
    hint="For the first neuron you take f[k - 1] with k = 0: that is the last entry, which is still "
    "0. What arrives there is x.",
)
def last_output_for_the_input(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    return reference.chain_forward(0.0, w, b, functions)


@wrong("chain_forward", hint="You return lists. Arrays are due: np.array(a), np.array(f).")
def lists_returned(x: float, w: Signal, b: float, functions: Functions) -> Any:
    a, f = reference.chain_forward(x, w, b, functions)
    return a.tolist(), f.tolist()


@wrong(
    "chain_forward",
    hint="The type of your array comes from its first numbers: where they are whole, what is put "
    "into it is cut off. Make it with np.empty(K) or np.zeros(K).",
    minor=True,
)
def type_of_the_input(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    a, f = np.zeros(len(w)), np.full(len(w) + 1, x)
    for k, activation in enumerate(functions):
        a[k] = w[k] * f[k] + (b if k == 0 else 0.0)
        f[k + 1] = activation(float(a[k]))
    return a, f[1:]


@wrong(
    "chain_forward",
    hint="Where the functions return whole numbers, np.array makes an array of whole numbers. f is "
    "float64: np.array(f, dtype=float).",
    minor=True,
)
def type_of_the_outputs(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    a, f = [w[0] * x + b], [functions[0](w[0] * x + b)]
    for weight, activation in zip(w[1:], functions[1:], strict=True):
        a.append(weight * f[-1])
        f.append(activation(a[-1]))
    return np.array(a, dtype=float), np.array(f)


@wrong(
    "chain_forward",
    hint="The functions come in any sequence, here in a tuple, which has no methods to change it. "
    "Index it, and leave it as it is.",
    minor=True,
)
def functions_taken_out(x: float, w: Signal, b: float, functions: Any) -> Chain:
    a, f = np.empty(len(w)), np.empty(len(w))
    value = x
    for k in range(len(w)):
        a[k] = w[k] * value + (b if k == 0 else 0.0)
        value = f[k] = functions.pop(0)(a[k])
    return a, f


@right("chain_forward")
def lists_first(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    a, f = [w[0] * x + b], [functions[0](w[0] * x + b)]
    for weight, activation in zip(w[1:], functions[1:], strict=True):
        a.append(weight * f[-1])
        f.append(activation(a[-1]))
    return np.array(a), np.array(f, dtype=float)


@right("chain_forward")
def recursive_chain(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    if len(w) == 0:
        return np.array([]), np.array([])
    total = float(w[0]) * x + b
    output = float(functions[0](total))
    a, f = recursive_chain(output, w[1:], 0.0, functions[1:])
    return np.append(total, a), np.append(output, f)


@right("chain_forward")
def accumulated_pairs(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    biases = [b] + [0.0] * (len(w) - 1)

    def neuron(before: tuple[float, float], parts: Any) -> tuple[float, float]:
        weight, bias, activation = parts
        total = weight * before[1] + bias
        return total, activation(total)

    pairs = itertools.accumulate(
        zip(w, biases, functions, strict=True), neuron, initial=(math.nan, x)
    )
    a, f = np.array(list(pairs)[1:]).T
    return a, f


@right("chain_forward")
def bias_as_a_start(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    table = np.zeros((2, w.size))
    for k in range(w.size):
        table[0, k] = np.dot([w[k], b], [x, 1.0]) if k == 0 else w[k] * table[1, k - 1]
        table[1, k] = functions[k](float(table[0, k]))
    return table[0], table[1]


@right("chain_forward")
def chain_in_single_precision(x: float, w: Signal, b: float, functions: Functions) -> Chain:
    start, bias = (float(np.float32(value)) for value in (x, b))
    a, f = reference.chain_forward(start, w.astype(np.float32), bias, functions)
    return a.astype(np.float32), f.astype(np.float32)


# --- chain_backward -------------------------------------------------------------------------------


def _back(
    x: float,
    y: float,
    w: Signal,
    a: Signal,
    f: Signal,
    derivatives: Functions,
    *,
    start: Callable[[], float] | None = None,
    local: Callable[[int], float] | None = None,
    factor: Callable[[int], float] | None = None,
    weight: Callable[[int], float] | None = None,
) -> tuple[Signal, Signal]:
    """Go back through a chain and return all dL/dw_k and dL/da_k; parts of it can be others."""
    dw, da = np.empty(len(w)), np.empty(len(w))
    dL_df = start() if start else f[-1] - y
    for k in reversed(range(len(w))):
        da[k] = dL_df * (local(k) if local else derivatives[k](a[k]))
        dw[k] = da[k] * (factor(k) if factor else f[k - 1] if k > 0 else x)
        dL_df = da[k] * (weight(k) if weight else w[k])
    return dw, da


@wrong(
    "chain_backward",
    hint="The sign is wrong: L = 1/2 (y - y_hat)^2, so dL/dy_hat is y_hat - y.",
)
def chain_uphill(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions) -> Slopes:
    dw, db = reference.chain_backward(x, y, w, a, f, d)
    return -dw, -db


@wrong(
    "chain_backward",
    hint="Your derivatives contain a step size. It belongs to the update, w <- w - eta dL/dw, and "
    "not to dL/dw.",
)
def step_size_in_the_gradient(
    x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions
) -> Slopes:
    dw, db = reference.chain_backward(x, y, w, a, f, d)
    return 0.1 * dw, 0.1 * db


@wrong(
    "chain_backward",
    hint="You have a factor of 2. In L = 1/2 (y - y_hat)^2 the 1/2 cancels it.",
)
def factor_two(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions) -> Slopes:
    dw, db = reference.chain_backward(x, y, w, a, f, d)
    return 2.0 * dw, 2.0 * db


@wrong(
    "chain_backward",
    hint="You begin with the loss itself. Begin with its derivative, dL/dy_hat = y_hat - y.",
)
def loss_for_its_derivative(
    x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions
) -> Slopes:
    dw, da = _back(x, y, w, a, f, d, start=lambda: float((y - f[-1]) ** 2 / 2.0))
    return dw, float(da[0])


@wrong(
    "chain_backward",
    hint="You leave out the derivatives of the activation functions. Between dL/df_k and dL/da_k "
    "stands df_k/da_k.",
)
def no_local_derivatives(
    x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions
) -> Slopes:
    dw, da = _back(x, y, w, a, f, d, local=lambda _: 1.0)
    return dw, float(da[0])


@wrong(
    "chain_backward",
    hint="You take the activation function's derivative in the last neuron alone. Every neuron on "
    "the way back has its own.",
)
def last_local_derivative_alone(
    x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions
) -> Slopes:
    last = len(w) - 1
    dw, da = _back(x, y, w, a, f, d, local=lambda k: d[k](a[k]) if k == last else 1.0)
    return dw, float(da[0])


@wrong(
    "chain_backward",
    hint="You leave out the derivative of the last activation function: y_hat is f_K(a_K), and "
    "dL/da_K = dL/df_K df_K/da_K.",
)
def no_derivative_of_the_last(
    x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions
) -> Slopes:
    last = len(w) - 1
    dw, da = _back(x, y, w, a, f, d, local=lambda k: d[k](a[k]) if k < last else 1.0)
    return dw, float(da[0])


@wrong(
    "chain_backward",
    hint="You take the local derivative at the neuron's output, f_k. df_k/da_k is taken at its total "
    "input: derivatives[k](a[k]).",
)
def derivative_at_the_output(
    x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions
) -> Slopes:
    dw, da = _back(x, y, w, a, f, d, local=lambda k: d[k](f[k]))
    return dw, float(da[0])


@wrong(
    "chain_backward",
    hint="You take neuron k's derivative at the total input of the neuron before. It is "
    "derivatives[k](a[k]): function and total input of the same neuron.",
)
def derivative_at_the_neuron_before(
    x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions
) -> Slopes:
    dw, da = _back(x, y, w, a, f, d, local=lambda k: d[k](a[max(k - 1, 0)]))
    return dw, float(da[0])


@wrong(
    "chain_backward",
    hint="You go back with the derivatives in forward order: neuron k needs derivatives[k].",
)
def derivatives_backwards(
    x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions
) -> Slopes:
    dw, da = _back(x, y, w, a, f, d, local=lambda k: d[-1 - k](a[k]))
    return dw, float(da[0])


@wrong(
    "chain_backward",
    hint="You take f (1 - f) for every derivative, as if all activation functions were sigmoids. "
    "df_k/da_k is derivatives[k](a[k]).",
)
def all_sigmoids(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions) -> Slopes:
    dw, da = _back(x, y, w, a, f, d, local=lambda k: float(f[k] * (1.0 - f[k])))
    return dw, float(da[0])


@wrong(
    "chain_backward",
    hint="You multiply with the neuron's own output. What w_k is multiplied with is what comes in: "
    "da_k/dw_k = f_{k-1}, and x for the first.",
)
def own_output(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions) -> Slopes:
    dw, da = _back(x, y, w, a, f, d, factor=lambda k: float(f[k]))
    return dw, float(da[0])


@wrong(
    "chain_backward",
    hint="You multiply with the total input of the neuron before. w_k is multiplied with its output: "
    "da_k/dw_k = f_{k-1}.",
)
def total_input_before(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions) -> Slopes:
    dw, da = _back(x, y, w, a, f, d, factor=lambda k: float(a[k - 1]) if k else x)
    return dw, float(da[0])


@wrong(
    "chain_backward",
    hint="You multiply with x for all weights. Only w_1 meets x; w_k meets f_{k-1}.",
)
def input_of_all(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions) -> Slopes:
    dw, da = _back(x, y, w, a, f, d, factor=lambda _: x)
    return dw, float(da[0])


@wrong(
    "chain_backward",
    hint="For the first weight you multiply with f_K, the output: f[k - 1] with k = 0 is the last. "
    "The first weight meets x.",
)
def output_for_the_input(
    x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions
) -> Slopes:
    dw, da = _back(x, y, w, a, f, d, factor=lambda k: float(f[k - 1]))
    return dw, float(da[0])


@wrong(
    "chain_backward",
    hint="You leave out the weights on the way back: a_k = w_k f_{k-1}, so da_k/df_{k-1} = w_k.",
)
def weights_forgotten(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions) -> Slopes:
    dw, da = _back(x, y, w, a, f, d, weight=lambda _: 1.0)
    return dw, float(da[0])


@wrong(
    "chain_backward",
    hint="You go back from neuron k with the weight of the neuron before. The way from a_k to "
    "f_{k-1} is w_k.",
)
def weight_of_the_neuron_before(
    x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions
) -> Slopes:
    dw, da = _back(x, y, w, a, f, d, weight=lambda k: w[max(k - 1, 0)])
    return dw, float(da[0])


@wrong(
    "chain_backward",
    hint="Your dL/db is dL/da_K, of the last neuron. b is in the first one: dL/db = dL/da_1, with "
    "all weights and derivatives on the way.",
)
def bias_of_the_last_neuron(
    x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions
) -> Slopes:
    dw, da = _back(x, y, w, a, f, d)
    return dw, float(da[-1]) if len(w) > 1 else float(da[-1] * w[0])


@wrong(
    "chain_backward",
    hint="Your dL/db is dL/da_1 times w_1, which is dL/dx. a_1 = w_1 x + b, so da_1/db = 1.",
)
def slope_of_the_input(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions) -> Slopes:
    dw, da = _back(x, y, w, a, f, d)
    return dw, float(da[0] * w[0])


@wrong(
    "chain_backward",
    hint="Your dL/db is dL/dw_1. The weight is multiplied with x, the bias with nothing: dL/db = "
    "dL/da_1.",
)
def bias_like_a_weight(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions) -> Slopes:
    dw, _ = _back(x, y, w, a, f, d)
    return dw, float(dw[0])


@wrong(
    "chain_backward",
    hint="Your dL/dw runs from the last weight to the first. You compute it in that order, and "
    "dL/dw_1 must come first.",
)
def last_weight_first(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions) -> Slopes:
    dw, db = reference.chain_backward(x, y, w, a, f, d)
    return dw[::-1].copy(), db


@wrong(
    "chain_backward",
    hint="You update the weights and return them. The derivatives are due.",
)
def weights_updated(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions) -> Slopes:
    dw, db = reference.chain_backward(x, y, w, a, f, d)
    return w - dw, db


@wrong(
    "chain_backward",
    hint="The values are right, but you work out every derivative from the loss on. What stands left "
    "of df_k/da_k has been computed for the neuron behind: keep dL/da_k, and use it again.",
    minor=True,
)
def from_scratch(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions) -> Slopes:
    def of_total_input(k: int) -> float:
        slope = f[-1] - y
        for j in range(len(w) - 1, k, -1):
            slope *= d[j](a[j]) * w[j]
        return float(slope * d[k](a[k]))

    dw = [of_total_input(k) * (f[k - 1] if k else x) for k in range(len(w))]
    return np.array(dw), of_total_input(0)


@wrong(
    "chain_backward",
    hint="The values are right, but you go through the local derivatives twice. Keep what you had "
    "the first time; dL/db is dL/da_1, which you had for dL/dw_1.",
    minor=True,
)
def bias_from_scratch(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions) -> Slopes:
    dw, _ = _back(x, y, w, a, f, d)
    return dw, float(_back(x, y, w, a, f, d)[1][0])


@wrong(
    "chain_backward",
    hint="The values are right, but you ask for every local derivative twice, for dL/dw_k and for "
    "the way on. Keep dL/da_k in a variable and use it for both.",
    minor=True,
)
def asked_twice(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions) -> Slopes:
    dw = np.empty(len(w))
    dL_df = f[-1] - y
    for k in reversed(range(len(w))):
        dw[k] = dL_df * d[k](a[k]) * (f[k - 1] if k > 0 else x)
        dL_da = dL_df * d[k](a[k])
        dL_df = dL_da * w[k]
    return dw, float(dL_da)


@wrong(
    "chain_backward",
    hint="The derivatives come in any sequence, here in a tuple, which has no methods to change it. "
    "Index it, and leave it as it is.",
    minor=True,
)
def derivatives_taken_out(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Any) -> Slopes:
    dw, da = _back(x, y, w, a, f, d, local=lambda k: d.pop()(a[k]))
    return dw, float(da[0])


@right("chain_backward")
def local_derivatives_first(
    x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions
) -> Slopes:
    local = [derivative(value) for derivative, value in zip(d, a, strict=True)]
    slopes = [(f[-1] - y) * local[-1]]
    for k in range(len(w) - 2, -1, -1):
        slopes.insert(0, slopes[0] * w[k + 1] * local[k])
    inputs = [x, *f[:-1]]
    return np.array([s * i for s, i in zip(slopes, inputs, strict=True)]), slopes[0]


@right("chain_backward")
def running_product(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions) -> Slopes:
    local = np.array([d[k](float(a[k])) for k in range(a.size)])
    factors = local * np.append(w[1:], -(y - f[-1]))
    slopes = np.cumprod(factors[::-1])[::-1]
    return slopes * np.concatenate([[x], f[:-1]]), slopes[0]


@right("chain_backward")
def recursive_slopes(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions) -> Slopes:
    def slope(k: int) -> list[float]:
        if k == len(w) - 1:
            return [-(y - f[k]) * d[k](a[k])]
        behind = slope(k + 1)
        return [behind[0] * w[k + 1] * d[k](a[k]), *behind]

    of_total_inputs = slope(0)
    before = np.roll(f, 1)
    before[0] = x
    return np.multiply(of_total_inputs, before), of_total_inputs[0]


@right("chain_backward")
def remembered_slopes(x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions) -> Slopes:
    @functools.cache
    def of_total_input(k: int) -> Any:
        behind = f[-1] - y if k == len(w) - 1 else of_total_input(k + 1) * w[k + 1]
        return behind * d[k](a[k])

    dw = np.zeros_like(w)
    dw[0] = of_total_input(0) * x
    for k in range(1, len(w)):
        dw[k] = of_total_input(k) * f[k - 1]
    return dw, of_total_input(0)


@right("chain_backward")
def slopes_in_single_precision(
    x: float, y: float, w: Signal, a: Signal, f: Signal, d: Functions
) -> Slopes:
    singles: list[Any] = [values.astype(np.float32) for values in (w, a, f)]
    dw, db = reference.chain_backward(x, y, singles[0], singles[1], singles[2], d)
    return dw.astype(np.float32), float(np.float32(db))


# --- layers: Linear -------------------------------------------------------------------------------

linear = functools.partial(wrong, "layers", function="Linear")


@linear(hint="Linear forgets the bias: Y = X W^T + b.")
class NoBias(Linear):
    def forward(self, X: Vectors) -> Vectors:
        return super().forward(X) - self.b


@linear(
    hint="Linear's forward reads a copy of W that is made beforehand: whoever writes into W changes "
    "nothing. Transpose W in forward: X @ self.W.T.",
    minor=True,
)
class TransposedBeforehand(Linear):
    def __init__(self, W: Vectors, b: Signal) -> None:
        super().__init__(W, b)
        self.transposed = self.W.T.copy()

    def forward(self, X: Vectors) -> Vectors:
        self.X = X
        return X @ self.transposed + self.b

    def update(self, learning_rate: float) -> None:
        super().update(learning_rate)
        self.transposed = self.W.T.copy()


@linear(
    hint="Linear multiplies with W as it is. Its rows belong to the outputs; a row of X meets a row "
    "of W: X @ W.T.",
)
class NotTransposed(Linear):
    def forward(self, X: Vectors) -> Vectors:
        self.X = X
        return X @ self.W + self.b


@linear(
    hint="Linear's outputs are a column for every example. They are a row: X @ W.T, (n, outputs).",
)
class ExamplesAsColumns(Linear):
    def forward(self, X: Vectors) -> Vectors:
        self.X = X
        return self.W @ X.T + self.b[:, np.newaxis]


@linear(
    hint="Linear's dW is (inputs, outputs). It has the shape of W, (outputs, inputs): slopes.T @ X.",
)
class TransposedDW(Linear):
    def backward(self, slopes: Vectors) -> Vectors:
        dX = super().backward(slopes)
        self.dW = self.dW.T.copy()
        return dX


@linear(
    hint="Linear divides dW and db by the number of examples. That is done already: the loss is a "
    "mean, and slopes are its derivatives. Here it is a sum over the examples.",
)
class MeanAgain(Linear):
    def backward(self, slopes: Vectors) -> Vectors:
        dX = super().backward(slopes)
        self.dW, self.db = self.dW / len(slopes), self.db / len(slopes)
        return dX


@linear(
    hint="Linear's db is the mean of the slopes. Every example adds to the loss through b: it is "
    "their sum, slopes.sum(axis=0).",
)
class MeanDb(Linear):
    def backward(self, slopes: Vectors) -> Vectors:
        dX = super().backward(slopes)
        self.db = slopes.mean(axis=0)
        return dX


@linear(
    hint="Linear's db is summed over the outputs (axis=1), a number for every example. There is one "
    "for every output: sum over the examples (axis=0).",
)
class DbOverTheWrongAxis(Linear):
    def backward(self, slopes: Vectors) -> Vectors:
        dX = super().backward(slopes)
        self.db = slopes.sum(axis=1)
        return dX


@linear(
    hint="Linear's db is one number, the sum of all slopes. There is one for every output: "
    "slopes.sum(axis=0).",
)
class DbOfAll(Linear):
    def backward(self, slopes: Vectors) -> Vectors:
        dX = super().backward(slopes)
        self.db = np.full(len(self.b), slopes.sum())
        return dX


@linear(
    hint="Linear's db is (1, outputs), with keepdims. It has the shape of b, (outputs,): "
    "slopes.sum(axis=0).",
)
class DbWithAnAxisMore(Linear):
    def backward(self, slopes: Vectors) -> Vectors:
        dX = super().backward(slopes)
        self.db = slopes.sum(axis=0, keepdims=True)
        return dX


@linear(
    hint="Linear keeps W transposed. Its attribute W, and dW, have the shape of the W that it is "
    "given, (outputs, inputs); transpose where you multiply.",
)
class StoredTransposed:
    def __init__(self, W: Weights, b: Bias) -> None:
        self.W, self.b = W.T.copy(), b.copy()

    def forward(self, X: Vectors) -> Vectors:
        self.X = X
        return X @ self.W + self.b

    def backward(self, slopes: Vectors) -> Vectors:
        self.dW, self.db = self.X.T @ slopes, slopes.sum(axis=0)
        return slopes @ self.W.T

    def update(self, learning_rate: float) -> None:
        self.W -= learning_rate * self.dW
        self.b -= learning_rate * self.db


@linear(
    hint="Linear keeps the very arrays it was given, and shares them with the caller: its steps "
    "change the caller's, and the other way round. Copy them: W.copy(), b.copy().",
    minor=True,
)
class NotCopied(Linear):
    def __init__(self, W: Weights, b: Bias) -> None:
        self.W, self.b = W, b


@linear(
    hint="Linear's db is (n, outputs), the slopes as they are. b is added to every row: db is the "
    "sum over the rows.",
)
class DbOfEveryExample(Linear):
    def backward(self, slopes: Vectors) -> Vectors:
        dX = super().backward(slopes)
        self.db = slopes.copy()
        return dX


@linear(
    hint="Linear adds the derivatives of every backward to those before. They are new every time: "
    "set dW and db, do not add.",
)
class Accumulated(Linear):
    def __init__(self, W: Weights, b: Bias) -> None:
        super().__init__(W, b)
        self.sums = np.zeros_like(W), np.zeros_like(b)

    def backward(self, slopes: Vectors) -> Vectors:
        dX = super().backward(slopes)
        self.sums = self.sums[0] + self.dW, self.sums[1] + self.db
        self.dW, self.db = self.sums
        return dX


@linear(
    hint="Linear keeps the X of its first forward. backward is about the last one: set self.X every "
    "time.",
)
class FirstInputKept(Linear):
    def forward(self, X: Vectors) -> Vectors:
        kept = getattr(self, "X", X)
        Y = super().forward(X)
        self.X = kept
        return Y


@linear(
    hint="Linear's dL/dX is the slopes times W^T. An input reaches all outputs through its column of "
    "W: slopes @ W.",
)
class DxTransposed(Linear):
    def backward(self, slopes: Vectors) -> Vectors:
        super().backward(slopes)
        return slopes @ self.W.T


@linear(
    hint="Linear hands the slopes of its outputs on as they are. Those of its inputs are due: "
    "slopes @ W.",
)
class SlopesHandedOn(Linear):
    def backward(self, slopes: Vectors) -> Vectors:
        super().backward(slopes)
        return slopes


@linear(hint="Linear's backward returns dW. It returns dL/dX, for the layer before; dW is kept.")
class DwReturned(Linear):
    def backward(self, slopes: Vectors) -> Any:
        super().backward(slopes)
        return self.dW


@linear(hint="Linear's backward returns nothing. The layer before needs dL/dX.")
class NothingReturned(Linear):
    def backward(self, slopes: Vectors) -> Any:
        super().backward(slopes)


@linear(
    hint="Linear's dW is taken of W instead of X. dY/dW is the input: slopes.T @ X.",
)
class DwOfTheWeights(Linear):
    def backward(self, slopes: Vectors) -> Vectors:
        dX = super().backward(slopes)
        self.dW = slopes.sum(axis=0)[:, np.newaxis] * self.W
        return dX


@linear(
    hint="Linear steps uphill: W <- W + learning_rate dW makes the loss larger. Subtract.",
    minor=True,
)
class Uphill(Linear):
    def update(self, learning_rate: float) -> None:
        super().update(-learning_rate)


@linear(
    hint="Linear's update forgets the step size: W <- W - learning_rate dW.",
    minor=True,
)
class NoStepSize(Linear):
    def update(self, learning_rate: float) -> None:
        super().update(1.0)


@linear(hint="Linear's update changes W and forgets b.", minor=True)
class BiasNotUpdated(Linear):
    def update(self, learning_rate: float) -> None:
        kept = self.b.copy()
        super().update(learning_rate)
        self.b = kept


@linear(
    hint="Linear's update puts the step in the place of W and b. It is added to them: W <- W - "
    "learning_rate dW.",
    minor=True,
)
class StepForTheWeights(Linear):
    def update(self, learning_rate: float) -> None:
        self.W, self.b = -learning_rate * self.dW, -learning_rate * self.db


@linear(
    hint="Linear's update divides the step by the learning rate. It is multiplied with it: W <- W - "
    "learning_rate dW.",
    minor=True,
)
class DividedStep(Linear):
    def update(self, learning_rate: float) -> None:
        super().update(1.0 / learning_rate)


@linear(
    hint="Linear's update sets dW and db to 0 and keeps W and b: you changed names inside of the "
    "method. Set self.W and self.b.",
    minor=True,
)
class NothingUpdated(Linear):
    def update(self, learning_rate: float) -> None:
        """Do nothing."""


@right("layers", function="Linear")
class ExampleByExample:
    def __init__(self, W: Weights, b: Bias) -> None:
        self.W = np.array(W)
        self.b = np.array(b)

    def forward(self, X: Vectors) -> Vectors:
        self.seen = X.copy()
        return np.array([[self.b[j] + sum(w * x for w, x in zip(row, example, strict=True))
                          for j, row in enumerate(self.W)] for example in X])  # fmt: skip

    def backward(self, slopes: Vectors) -> Vectors:
        dX = np.zeros(self.seen.shape)
        self.dW, self.db = np.zeros(self.W.shape), np.zeros(self.b.shape)
        for i in range(slopes.shape[0]):
            for j in range(slopes.shape[1]):
                self.dW[j] += slopes[i, j] * self.seen[i]
                self.db[j] += slopes[i, j]
                dX[i] += slopes[i, j] * self.W[j]
        return dX

    def update(self, learning_rate: float) -> None:
        self.W = self.W - learning_rate * self.dW
        self.b = self.b - learning_rate * self.db


@right("layers", function="Linear")
class OneMatrix:
    """The bias is one more column of the weights, of an input that is always 1."""

    def __init__(self, W: Weights, b: Bias) -> None:
        self.matrix = np.column_stack([W, b])
        self.slopes = np.zeros_like(self.matrix)

    @property
    def W(self) -> Weights:
        return self.matrix[:, :-1]

    @property
    def b(self) -> Bias:
        return self.matrix[:, -1]

    @property
    def dW(self) -> Weights:
        return self.slopes[:, :-1]

    @property
    def db(self) -> Bias:
        return self.slopes[:, -1]

    def forward(self, X: Vectors) -> Vectors:
        self.inputs = np.hstack([X, np.ones((len(X), 1))])
        return self.inputs @ self.matrix.T

    def backward(self, slopes: Vectors) -> Vectors:
        self.slopes[:] = (self.inputs.T @ slopes).T
        return (slopes @ self.matrix)[:, :-1]

    def update(self, learning_rate: float) -> None:
        self.matrix -= learning_rate * self.slopes


@right("layers", function="Linear")
class Einstein:
    def __init__(self, W: Weights, b: Bias) -> None:
        self.W, self.b = W + 0.0, b + 0.0

    def forward(self, X: Vectors) -> Vectors:
        self.cache = (X,)
        return np.einsum("ni,oi->no", X, self.W) + self.b[None, :]

    def backward(self, slopes: Vectors) -> Vectors:
        (X,) = self.cache
        self.dW = np.einsum("no,ni->oi", slopes, X)
        self.db = np.einsum("no->o", slopes)
        return np.einsum("no,oi->ni", slopes, self.W)

    def update(self, learning_rate: float = 0.1) -> "Einstein":
        for name in ("W", "b"):
            step = learning_rate * getattr(self, f"d{name}")
            setattr(self, name, getattr(self, name) - step)
        return self


@right("layers", function="Linear")
class SingleLinear(Linear):
    """Computes in single precision, and keeps its parameters so."""

    def __init__(self, W: Weights, b: Bias) -> None:
        super().__init__(W.astype(np.float32), b.astype(np.float32))

    def forward(self, X: Vectors) -> Vectors:
        return super().forward(X.astype(np.float32))

    def backward(self, slopes: Vectors) -> Vectors:
        return super().backward(slopes.astype(np.float32))


# --- layers: ReLU ---------------------------------------------------------------------------------

relu = functools.partial(wrong, "layers", function="ReLU", minor=True)


@relu(
    hint="ReLU hands all slopes on. Where the input was not above 0, the output did not depend on it: "
    "the slope there is 0.",
)
class AllSlopesHandedOn(ReLU):
    def backward(self, slopes: Vectors) -> Vectors:
        return slopes


@relu(
    hint="ReLU's backward looks at the signs of the slopes. What counts is where the inputs of the "
    "last forward were above 0: keep that.",
)
class MaskOfSlopes(ReLU):
    def backward(self, slopes: Vectors) -> Vectors:
        return np.maximum(slopes, 0.0)


@relu(
    hint="ReLU's backward returns its own derivative, 0 or 1. By the chain rule it is multiplied with "
    "the slopes that come in.",
)
class MaskReturned(ReLU):
    def backward(self, slopes: Vectors) -> Vectors:
        return self.active.astype(float)


@relu(
    hint="ReLU's slope at 0 is 1 here. By the contract it is 0: compare with > and not >=.",
)
class SlopeAtZero(ReLU):
    def forward(self, X: Vectors) -> Vectors:
        self.active = X >= 0.0
        return np.maximum(X, 0.0)


@relu(hint="ReLU lets a little of the negative inputs through. They become 0.")
class Leaky(ReLU):
    def forward(self, X: Vectors) -> Vectors:
        super().forward(X)
        return np.where(X > 0.0, X, 0.1 * X)


@relu(hint="ReLU returns magnitudes. Negative inputs become 0.")
class Magnitudes(ReLU):
    def forward(self, X: Vectors) -> Vectors:
        super().forward(X)
        return np.abs(X)


@relu(
    hint="ReLU's forward changes the array it is given. np.maximum(X, 0) makes a new one.",
)
class ChangedInputs(ReLU):
    def forward(self, X: Vectors) -> Vectors:
        self.active = X > 0.0
        X[X < 0.0] = 0.0
        return X


@relu(
    hint="ReLU's backward changes the slopes it is given. Multiply, which makes a new array.",
)
class ChangedSlopes(ReLU):
    def backward(self, slopes: Vectors) -> Vectors:
        slopes[~self.active] = 0.0
        return slopes


@relu(
    hint="ReLU keeps which inputs were above 0 in its first forward. backward is about the last one.",
)
class FirstMaskKept(ReLU):
    def forward(self, X: Vectors) -> Vectors:
        kept = getattr(self, "active", X > 0.0)
        Y = super().forward(X)
        self.active = kept
        return Y


@relu(
    hint="ReLU's backward multiplies with the outputs. Above 0 its derivative is 1, whatever the "
    "input is.",
)
class TimesTheOutputs(ReLU):
    def forward(self, X: Vectors) -> Vectors:
        self.Y = super().forward(X)
        return self.Y

    def backward(self, slopes: Vectors) -> Vectors:
        return slopes * self.Y


@relu(hint="ReLU hands the slopes on where the inputs were negative. It is the other way round.")
class MaskTurnedRound(ReLU):
    def backward(self, slopes: Vectors) -> Vectors:
        return slopes * ~self.active


@right("layers", function="ReLU")
class MaskOfOutputs:
    def forward(self, X: Vectors) -> Vectors:
        self.outputs = X * (X > 0)
        return self.outputs

    def backward(self, slopes: Vectors) -> Vectors:
        return np.where(self.outputs > 0, slopes, 0.0)

    def update(self, learning_rate: float) -> None:
        pass


@right("layers", function="ReLU")
class CopiedAndCut:
    def forward(self, X: Vectors) -> Vectors:
        self.below = X <= 0
        Y = X.copy()
        Y[self.below] = 0
        return Y

    def backward(self, slopes: Vectors) -> Vectors:
        dX = np.array(slopes)
        dX[self.below] = 0
        return dX

    def update(self, learning_rate: float) -> None:
        return None


@right("layers", function="ReLU")
class HalfOfTheSum:
    def forward(self, X: Vectors) -> Vectors:
        self.sign = (np.sign(X) + 1.0) // 2.0 * np.sign(X)
        return (X + np.abs(X)) / 2.0

    def backward(self, slopes: Vectors) -> Vectors:
        return np.einsum("ij,ij->ij", slopes, self.sign)

    def update(self, *_: Any, **__: Any) -> None:
        return


# --- layers: Sigmoid ------------------------------------------------------------------------------

sigmoid = functools.partial(wrong, "layers", function="Sigmoid", minor=True)


@sigmoid(
    hint="Sigmoid's backward puts the inputs into Y (1 - Y). Y is the output: keep it in forward.",
)
class DerivativeOfTheInputs(Sigmoid):
    def forward(self, X: Vectors) -> Vectors:
        Y = super().forward(X)
        self.Y = X
        return Y


@sigmoid(
    hint="Sigmoid's backward applies the sigmoid once more before it takes Y (1 - Y). Y is the "
    "output of forward, as it was.",
)
class SigmoidTwice(Sigmoid):
    def forward(self, X: Vectors) -> Vectors:
        Y = super().forward(X)
        self.Y = 1.0 / (1.0 + np.exp(-Y))
        return Y


@sigmoid(
    hint="Sigmoid's backward takes the derivative at the slopes. It is taken at the inputs of the "
    "last forward, and multiplied with the slopes.",
)
class DerivativeOfTheSlopes(Sigmoid):
    def backward(self, slopes: Vectors) -> Vectors:
        Y = 1.0 / (1.0 + np.exp(-slopes))
        return Y * (1.0 - Y)


@sigmoid(hint="Sigmoid's derivative is Y (1 - Y); yours is Y.")
class OneMinusForgotten(Sigmoid):
    def backward(self, slopes: Vectors) -> Vectors:
        return slopes * self.Y


@sigmoid(
    hint="Sigmoid's backward returns Y (1 - Y) alone. By the chain rule it is multiplied with the "
    "slopes that come in.",
)
class SlopesForgotten(Sigmoid):
    def backward(self, slopes: Vectors) -> Vectors:
        return self.Y * (1.0 - self.Y)


@sigmoid(hint="Sigmoid hands the slopes on as they are. Multiply them with Y (1 - Y).")
class DerivativeForgotten(Sigmoid):
    def backward(self, slopes: Vectors) -> Vectors:
        return slopes


@sigmoid(
    hint="Sigmoid computes exp(x) / (1 + exp(x)), which is infinity / infinity, NaN, for large x. "
    "Take exp of -|x|, which is never large.",
)
class NanAtLargeInputs(Sigmoid):
    def forward(self, X: Vectors) -> Vectors:
        self.Y = np.exp(X) / (1.0 + np.exp(X))
        return self.Y


@sigmoid(
    hint="Sigmoid's backward computes exp(-x) / (1 + exp(-x))^2, which is NaN for large negative x. "
    "Y (1 - Y) is the same and always finite.",
)
class NanInBackward(Sigmoid):
    def forward(self, X: Vectors) -> Vectors:
        self.X = X
        return super().forward(X)

    def backward(self, slopes: Vectors) -> Vectors:
        powers = np.exp(-self.X)
        return slopes * powers / (1.0 + powers) ** 2


@sigmoid(hint="Sigmoid has the sign of its input wrong: 1 / (1 + exp(-x)).")
class TurnedRound(Sigmoid):
    def forward(self, X: Vectors) -> Vectors:
        return super().forward(-X)


@sigmoid(hint="Sigmoid computes tanh. It is 1 / (1 + exp(-x)), between 0 and 1.")
class Tanh(Sigmoid):
    def forward(self, X: Vectors) -> Vectors:
        self.Y = np.tanh(X)
        return self.Y


@sigmoid(
    hint="Sigmoid keeps the outputs of its first forward. backward is about the last one.",
)
class FirstOutputsKept(Sigmoid):
    def forward(self, X: Vectors) -> Vectors:
        kept = getattr(self, "Y", None)
        Y = super().forward(X)
        self.Y = Y if kept is None else kept
        return Y


@sigmoid(
    hint="Sigmoid divides by the sum over the outputs, as softmax does. Every entry is on its own: "
    "1 / (1 + exp(-x)).",
)
class LikeSoftmax(Sigmoid):
    def forward(self, X: Vectors) -> Vectors:
        powers = np.exp(X - X.max(axis=1, keepdims=True))
        self.Y = powers / powers.sum(axis=1, keepdims=True)
        return self.Y


@right("layers", function="Sigmoid")
class ByTanh:
    def forward(self, X: Vectors) -> Vectors:
        self.X = X
        return (1.0 + np.tanh(X / 2.0)) / 2.0

    def backward(self, slopes: Vectors) -> Vectors:
        return slopes * (1.0 - np.tanh(self.X / 2.0) ** 2) / 4.0

    def update(self, learning_rate: float) -> None:
        pass


@right("layers", function="Sigmoid")
class TwoCases:
    def forward(self, X: Vectors) -> Vectors:
        self.out = np.zeros_like(X)
        above = X >= 0
        self.out[above] = 1 / (1 + np.exp(-X[above]))
        self.out[~above] = np.exp(X[~above]) / (1 + np.exp(X[~above]))
        return self.out.copy()

    def backward(self, slopes: Vectors) -> Vectors:
        return (self.out - self.out**2) * slopes

    def update(self, learning_rate: float) -> None:
        return None


@right("layers", function="Sigmoid")
class WithAWarning:
    """The exponential overflows to infinity, and 1 / infinity is 0: right, with a warning."""

    def forward(self, X: Vectors) -> Vectors:
        self.Y = 1.0 / (1.0 + np.exp(-X))
        return self.Y

    def backward(self, slopes: Vectors) -> Vectors:
        return self.Y * (1.0 - self.Y) * slopes

    def update(self, learning_rate: float) -> None:
        pass


survivor(
    "layers",
    "Sigmoid: X >= 0.0 -> X > 0.0",
    because="At 0 both cases are the same: exp(-0) is 1.",
)


# --- softmax_cross_entropy ------------------------------------------------------------------------

Loss = tuple[float, Scores]


def _log_probabilities(scores: Scores) -> Scores:
    shifted = scores - scores.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def _own(p: Any, labels: Labels) -> Any:
    return p[np.arange(len(labels)), labels]


def _of_probabilities(p: Any, labels: Labels) -> Loss:
    """Return loss and derivatives as they follow from some kind of probabilities."""
    hits = np.eye(p.shape[1])[labels]
    return float(-np.log(_own(p, labels)).mean()), (p - hits) / len(p)


@wrong(
    "softmax_cross_entropy",
    hint="You take exp of the scores as they are: it overflows, or all of them are 0, and 0 / 0 is "
    "NaN. Subtract the largest score of the example first, which changes no probability.",
    minor=True,
)
def nothing_subtracted(scores: Scores, labels: Labels) -> Loss:
    powers = np.exp(scores)
    return _of_probabilities(powers / powers.sum(axis=1, keepdims=True), labels)


@wrong(
    "softmax_cross_entropy",
    hint="You subtract the largest of all scores. Where an example's own scores are far below it, "
    "their exp is 0. Every example needs its own maximum.",
    minor=True,
)
def largest_of_all_subtracted(scores: Scores, labels: Labels) -> Loss:
    powers = np.exp(scores - scores.max())
    return _of_probabilities(powers / powers.sum(axis=1, keepdims=True), labels)


@wrong(
    "softmax_cross_entropy",
    hint="You subtract from every class its largest score among the examples, and that changes the "
    "probabilities. Subtract from every example its largest score (axis=1).",
)
def largest_of_the_class_subtracted(scores: Scores, labels: Labels) -> Loss:
    powers = np.exp(scores - scores.max(axis=0))
    return _of_probabilities(powers / powers.sum(axis=1, keepdims=True), labels)


@wrong(
    "softmax_cross_entropy",
    hint="You take the logarithm of a probability that is rounded to 0, and get infinity. Calculate "
    "log p itself: s_y minus the logarithm of the sum of all exp(s_j).",
    minor=True,
)
def logarithm_of_zero(scores: Scores, labels: Labels) -> Loss:
    return _of_probabilities(np.exp(_log_probabilities(scores)), labels)


@wrong(
    "softmax_cross_entropy",
    hint="You add a small number to the probability so as not to take log 0. That caps the loss: "
    "calculate log p itself, s_y minus the logarithm of the sum of all exp(s_j).",
    minor=True,
)
def small_number_in_the_logarithm(scores: Scores, labels: Labels) -> Loss:
    _, slopes = reference.softmax_cross_entropy(scores, labels)
    p = np.exp(_own(_log_probabilities(scores), labels))
    return float(-np.log(p + 1e-12).mean()), slopes


@wrong(
    "softmax_cross_entropy",
    hint="Your loss is the sum over the examples. L is their mean: divide by their number.",
)
def loss_summed(scores: Scores, labels: Labels) -> Loss:
    loss, slopes = reference.softmax_cross_entropy(scores, labels)
    return loss * len(scores), slopes


@wrong(
    "softmax_cross_entropy",
    hint="Your derivatives are those of the sum. L is a mean: divide them by the number of examples, "
    "as you did with the loss.",
)
def slopes_summed(scores: Scores, labels: Labels) -> Loss:
    loss, slopes = reference.softmax_cross_entropy(scores, labels)
    return loss, slopes * len(scores)


@wrong(
    "softmax_cross_entropy",
    hint="You do not divide by the number of examples. L is the mean, and so are its derivatives.",
)
def all_summed(scores: Scores, labels: Labels) -> Loss:
    loss, slopes = reference.softmax_cross_entropy(scores, labels)
    return loss * len(scores), slopes * len(scores)


@wrong(
    "softmax_cross_entropy",
    hint="You divide the loss by the number of examples and of classes. L is a mean over examples "
    "alone; with one-hot labels all other terms are 0, and np.mean counts them.",
)
def loss_averaged_over_classes(scores: Scores, labels: Labels) -> Loss:
    loss, slopes = reference.softmax_cross_entropy(scores, labels)
    return loss / scores.shape[1], slopes


@wrong(
    "softmax_cross_entropy",
    hint="Your one-hot matrix has a column for every class up to the largest label. There are as "
    "many classes as scores of an example: scores.shape[1].",
)
def columns_up_to_the_largest_label(scores: Scores, labels: Labels) -> Loss:
    log_p = _log_probabilities(scores)
    hits = np.eye(labels.max() + 1)[labels]
    return float(-_own(log_p, labels).mean()), (np.exp(log_p) - hits) / len(scores)


@wrong(
    "softmax_cross_entropy",
    hint="You divide the derivatives by the number of examples and of classes. L is a mean over "
    "examples alone.",
)
def mean_over_classes(scores: Scores, labels: Labels) -> Loss:
    loss, slopes = reference.softmax_cross_entropy(scores, labels)
    return loss, slopes / scores.shape[1]


@wrong(
    "softmax_cross_entropy",
    hint="You normalise over the examples (axis=0). The probabilities of one example's classes sum "
    "to 1 (axis=1).",
)
def sum_over_examples(scores: Scores, labels: Labels) -> Loss:
    powers = np.exp(scores - scores.max(axis=0))
    return _of_probabilities(powers / powers.sum(axis=0), labels)


@wrong(
    "softmax_cross_entropy",
    hint="The sign of your derivatives is wrong: dL_i/ds_c = p_c - [c = y].",
)
def softmax_uphill(scores: Scores, labels: Labels) -> Loss:
    loss, slopes = reference.softmax_cross_entropy(scores, labels)
    return loss, -slopes


@wrong(
    "softmax_cross_entropy",
    hint="Your loss has the wrong sign: log p is never above 0, and L_i = -log p_y.",
)
def sign_of_the_loss(scores: Scores, labels: Labels) -> Loss:
    loss, slopes = reference.softmax_cross_entropy(scores, labels)
    return -loss, slopes


@wrong(
    "softmax_cross_entropy",
    hint="Your derivatives are the probabilities. Subtract 1 at the label: p_c - [c = y].",
)
def label_not_subtracted(scores: Scores, labels: Labels) -> Loss:
    log_p = _log_probabilities(scores)
    return float(-_own(log_p, labels).mean()), np.exp(log_p) / len(scores)


@wrong(
    "softmax_cross_entropy",
    hint="You subtract the label, a number, from the probabilities. Subtract 1 in the label's column: "
    "p_c - [c = y].",
)
def index_for_one_hot(scores: Scores, labels: Labels) -> Loss:
    log_p = _log_probabilities(scores)
    slopes = (np.exp(log_p) - labels[:, np.newaxis]) / len(scores)
    return float(-_own(log_p, labels).mean()), slopes


@wrong(
    "softmax_cross_entropy",
    hint="You subtract 1 in the columns of all labels for every example: slopes[:, labels]. Each row "
    "has its own label: slopes[np.arange(n), labels].",
)
def all_labels_subtracted(scores: Scores, labels: Labels) -> Loss:
    log_p = _log_probabilities(scores)
    slopes = np.exp(log_p)
    slopes[:, labels] -= 1.0
    return float(-_own(log_p, labels).mean()), slopes / len(scores)


@wrong(
    "softmax_cross_entropy",
    hint="Your derivatives reach the label's score alone. p_y depends on all scores of the example: "
    "dL_i/ds_c = p_c - [c = y], for every c.",
)
def label_alone(scores: Scores, labels: Labels) -> Loss:
    loss, slopes = reference.softmax_cross_entropy(scores, labels)
    return loss, slopes * np.eye(scores.shape[1])[labels]


@wrong(
    "softmax_cross_entropy",
    hint="You multiply the derivatives by p (1 - p), as if every class had a sigmoid of its own. "
    "Softmax and logarithm together have the derivative p_c - [c = y].",
)
def slope_of_sigmoids(scores: Scores, labels: Labels) -> Loss:
    loss, slopes = reference.softmax_cross_entropy(scores, labels)
    p = np.exp(_log_probabilities(scores))
    return loss, slopes * p * (1.0 - p)


@wrong(
    "softmax_cross_entropy",
    hint="You average over all scores of the labels: scores[:, labels] has n columns. Each row has "
    "its own label: [np.arange(n), labels].",
)
def every_row_with_every_label(scores: Scores, labels: Labels) -> Loss:
    _, slopes = reference.softmax_cross_entropy(scores, labels)
    return float(-_log_probabilities(scores)[:, labels].mean()), slopes


@wrong(
    "softmax_cross_entropy",
    hint="You take the logarithm to base 2. L_i = -log p_y is the natural one, np.log.",
)
def base_two(scores: Scores, labels: Labels) -> Loss:
    loss, slopes = reference.softmax_cross_entropy(scores, labels)
    return loss / math.log(2.0), slopes


@wrong(
    "softmax_cross_entropy",
    hint="You return the probabilities where the derivative of the loss is due, and the loss of the "
    "predicted class. The loss is about the label, -log p_y.",
)
def predicted_class_for_the_label(scores: Scores, labels: Labels) -> Loss:
    return reference.softmax_cross_entropy(scores, scores.argmax(axis=1))


@wrong(
    "softmax_cross_entropy",
    hint="You return one number. Two things are due: the loss, and its derivatives.",
)
def softmax_loss_alone(scores: Scores, labels: Labels) -> Any:
    return reference.softmax_cross_entropy(scores, labels)[0]


@right("softmax_cross_entropy")
def softmax_row_by_row(scores: Scores, labels: Labels) -> Loss:
    n = scores.shape[0]
    loss, slopes = 0.0, np.zeros(scores.shape)
    for i in range(n):
        largest = max(scores[i])
        powers = [math.exp(s - largest) for s in scores[i]]
        loss += (math.log(sum(powers)) - (scores[i, labels[i]] - largest)) / n
        for c in range(scores.shape[1]):
            slopes[i, c] = (powers[c] / sum(powers) - (c == labels[i])) / n
    return loss, slopes


@right("softmax_cross_entropy")
def one_hot_labels(scores: Scores, labels: Labels) -> Loss:
    targets = np.zeros_like(scores)
    np.put_along_axis(targets, labels[:, np.newaxis], 1.0, axis=1)
    total = np.logaddexp.reduce(scores, axis=1, keepdims=True)
    slopes = (np.exp(scores - total) - targets) / targets.sum()
    return float(((total - scores) * targets).sum() / len(labels)), slopes


@right("softmax_cross_entropy")
def softmax_by_takes(scores: Scores, labels: Labels) -> Loss:
    moved = (scores.T - scores.max(1)).T
    powers = np.exp(moved)
    sums = np.einsum("nc->n", powers)
    own = np.take_along_axis(moved, labels.reshape(-1, 1), 1).ravel()
    slopes = powers / sums[:, None]
    np.subtract.at(slopes, (np.arange(len(labels)), labels), 1)
    return np.average(np.log(sums) - own), np.true_divide(slopes, len(labels))


@right("softmax_cross_entropy")
def softmax_in_single_precision(scores: Scores, labels: Labels) -> Loss:
    loss, slopes = reference.softmax_cross_entropy(scores.astype(np.float32), labels)
    return float(np.float32(loss)), slopes.astype(np.float32)


# --- mlp ------------------------------------------------------------------------------------------

network = functools.partial(wrong, "mlp", function="MLP")
Sizes = Sequence[int]


class _Built(MLP):
    """An MLP of which parts can be others."""

    def __init__(self, sizes: Sizes, rng: np.random.Generator) -> None:
        self.layers: list[Any] = []
        for inputs, outputs in itertools.pairwise(sizes):
            W = self.weights(rng, inputs, outputs)
            self.layers += [Linear(W, self.biases(rng, outputs)), *self.between()]
        self.end()

    def weights(self, rng: np.random.Generator, inputs: int, outputs: int) -> Any:
        return rng.normal(0.0, np.sqrt(2.0 / inputs), (outputs, inputs))

    def biases(self, rng: np.random.Generator, outputs: int) -> Any:
        return np.zeros(outputs)

    def between(self) -> list[Any]:
        return [ReLU()]

    def end(self) -> None:
        self.layers.pop()


@network(
    hint="A ReLU follows your last layer, too: it cuts off negative scores, and their slopes. The "
    "last Linear layer is the end.",
)
class ReluAtTheEnd(_Built):
    def end(self) -> None:
        pass


@network(
    hint="There is nothing between your Linear layers, so they are one linear layer together. A ReLU "
    "stands between every two.",
)
class NoRelu(_Built):
    def between(self) -> list[Any]:
        return []

    def end(self) -> None:
        pass


@network(hint="You use Sigmoid between the layers. ReLU is due.")
class SigmoidsBetween(_Built):
    def between(self) -> list[Any]:
        return [Sigmoid()]


@network(
    hint="There is a ReLU after your first Linear layer alone. It stands between every two.",
)
class OneRelu(_Built):
    def between(self) -> list[Any]:
        return [ReLU()] if len(self.layers) == 1 else []

    def end(self) -> None:
        if len(self.layers) == 2:
            self.layers.pop()


@network(
    hint="There is no ReLU in front of your last Linear layer. It stands between every two.",
)
class NoReluBeforeTheLast(_Built):
    def end(self) -> None:
        self.layers.pop()
        if len(self.layers) > 1:
            del self.layers[-2]


@network(
    hint="If `ReLU` stands in your list without brackets, that is the class. `ReLU()` makes a layer.",
)
class ReluWithoutBrackets(_Built):
    def between(self) -> list[Any]:
        return [ReLU]


@network(
    hint="All your layers share one ReLU object, which remembers the inputs of its last forward "
    "alone. Make a new one for each place.",
)
class SharedRelu(_Built):
    def between(self) -> list[Any]:
        self.relu = getattr(self, "relu", None) or ReLU()
        return [self.relu]


@network(
    hint="The standard deviation of your weights is 2 / inputs. That is the variance: take the root, "
    "rng.normal(0, np.sqrt(2 / inputs), ...).",
)
class VarianceForDeviation(_Built):
    def weights(self, rng: np.random.Generator, inputs: int, outputs: int) -> Any:
        return rng.normal(0.0, 2.0 / inputs, (outputs, inputs))


@network(
    hint="The standard deviation of your weights is sqrt(2) / inputs. The root is of all of it: "
    "np.sqrt(2 / inputs).",
)
class RootOfTwoAlone(_Built):
    def weights(self, rng: np.random.Generator, inputs: int, outputs: int) -> Any:
        return rng.normal(0.0, np.sqrt(2.0) / inputs, (outputs, inputs))


@network(
    hint="The standard deviation of your weights is sqrt(2 / (inputs + outputs)), which is made for "
    "other functions than ReLU. It is sqrt(2 / inputs).",
)
class InputsAndOutputs(_Built):
    def weights(self, rng: np.random.Generator, inputs: int, outputs: int) -> Any:
        return rng.normal(0.0, np.sqrt(2.0 / (inputs + outputs)), (outputs, inputs))


@network(
    hint="The shapes do not fit. Linear takes W as (outputs, inputs), a row for every output, and b "
    "as (outputs,).",
)
class ColumnsForOutputs(_Built):
    def weights(self, rng: np.random.Generator, inputs: int, outputs: int) -> Any:
        return rng.normal(0.0, np.sqrt(2.0 / inputs), (inputs, outputs))


@network(hint="The size of your weights depends on the outputs. It is sqrt(2 / inputs).")
class OutputsForInputs(_Built):
    def weights(self, rng: np.random.Generator, inputs: int, outputs: int) -> Any:
        return rng.normal(0.0, np.sqrt(2.0 / outputs), (outputs, inputs))


@network(hint="Your weights have the standard deviation sqrt(1 / inputs). It is sqrt(2 / inputs).")
class OneForTwo(_Built):
    def weights(self, rng: np.random.Generator, inputs: int, outputs: int) -> Any:
        return rng.normal(0.0, np.sqrt(1.0 / inputs), (outputs, inputs))


@network(
    hint="Your weights have the standard deviation 1. It is sqrt(2 / inputs), so that the values "
    "neither grow nor fade from layer to layer.",
)
class UnitWeights(_Built):
    def weights(self, rng: np.random.Generator, inputs: int, outputs: int) -> Any:
        return rng.normal(size=(outputs, inputs))


@network(
    hint="You draw the weights as (inputs, outputs) and transpose them. Draw them in W's shape, "
    "(outputs, inputs): the same numbers then stand where they must.",
)
class DrawnTransposed(_Built):
    def weights(self, rng: np.random.Generator, inputs: int, outputs: int) -> Any:
        return rng.normal(0.0, np.sqrt(2.0 / inputs), (inputs, outputs)).T


@network(hint="Your weights begin at 0. All neurons of a layer then learn the same; draw them.")
class ZeroWeights(_Built):
    def weights(self, rng: np.random.Generator, inputs: int, outputs: int) -> Any:
        return np.zeros((outputs, inputs))


@network(hint="You draw the biases as well. They begin at 0, and rng is asked for weights alone.")
class DrawnBiases(_Built):
    def biases(self, rng: np.random.Generator, outputs: int) -> Any:
        return rng.normal(0.0, 0.1, outputs)


@network(
    hint="You draw your weights with a generator of your own. Use the one that is given, rng.",
)
class OwnGenerator(_Built):
    def __init__(self, sizes: Sizes, rng: np.random.Generator) -> None:
        super().__init__(sizes, np.random.default_rng(0))


@network(hint="You draw the weights from the last layer to the first. Begin with the first.")
class DrawnBackwards(_Built):
    def __init__(self, sizes: Sizes, rng: np.random.Generator) -> None:
        pairs = list(itertools.pairwise(sizes))
        drawn = [self.weights(rng, *pair) for pair in reversed(pairs)]
        self.layers = []
        for W in reversed(drawn):
            self.layers += [Linear(W, np.zeros(len(W))), ReLU()]
        self.layers.pop()


@network(
    hint="backward goes through the layers in the order of forward. The slopes come from the end: "
    "begin with the last layer.",
)
class ForwardOrder(MLP):
    def backward(self, slopes: Scores) -> None:
        for layer in self.layers:
            slopes = layer.backward(slopes)


@network(
    hint="backward gives every layer the slopes of the scores. Each one takes what the layer behind "
    "it returned: slopes = layer.backward(slopes).",
)
class SameSlopesForAll(MLP):
    def backward(self, slopes: Scores) -> None:
        for layer in reversed(self.layers):
            layer.backward(slopes)


@network(
    hint="backward turns self.layers round for good: the next forward begins with the last layer. "
    "Go through reversed(self.layers), which leaves the list as it is.",
)
class ReversedForGood(MLP):
    def backward(self, slopes: Scores) -> None:
        self.layers.reverse()
        for layer in self.layers:
            slopes = layer.backward(slopes)


@network(
    hint="backward passes by the ReLU layers. Their slopes are factors of the chain rule as well.",
)
class ReluLeftOut(MLP):
    def backward(self, slopes: Scores) -> None:
        for layer in self.layers[::-2]:
            slopes = layer.backward(slopes)


@network(
    hint="Your network never changes: update asks no layer to update itself.",
    minor=True,
)
class NeverUpdated(MLP):
    def update(self, learning_rate: float) -> None:
        """Do nothing."""


@network(hint="update reaches the last layer alone. Every layer makes its step.", minor=True)
class LastUpdated(MLP):
    def update(self, learning_rate: float) -> None:
        self.layers[-1].update(learning_rate)


@network(
    hint="update steps in every layer twice: with the gradient of before, that is too far.",
    minor=True,
)
class UpdatedTwice(MLP):
    def update(self, learning_rate: float) -> None:
        super().update(learning_rate)
        super().update(learning_rate)


@network(
    hint="update passes -learning_rate on. The layers step against their derivatives themselves.",
    minor=True,
)
class NegativeRate(MLP):
    def update(self, learning_rate: float) -> None:
        super().update(-learning_rate)


@network(
    hint="The layers step before all slopes are computed: those that come next are of weights that "
    "have changed. First all of backward, then update.",
)
class SteppedOnTheWay(MLP):
    rate = 0.1

    def backward(self, slopes: Scores) -> None:
        for layer in reversed(self.layers):
            layer.backward(slopes)
            layer.update(self.rate)
            slopes = layer.backward(slopes)


@right("mlp", function="MLP")
class OwnArrays:
    """No layer objects: lists of weights, biases and what forward has seen."""

    def __init__(self, sizes: Sizes, rng: np.random.Generator) -> None:
        self.W = [
            np.sqrt(2.0 / inputs) * rng.standard_normal((outputs, inputs))
            for inputs, outputs in itertools.pairwise(sizes)
        ]
        self.b = [np.zeros(outputs) for outputs in sizes[1:]]

    def forward(self, X: Vectors) -> Scores:
        self.seen = [X]
        last = len(self.W) - 1
        for k, (W, b) in enumerate(zip(self.W, self.b, strict=True)):
            Y = np.einsum("ni,oi->no", self.seen[-1], W) + b
            self.seen.append(Y if k == last else np.where(Y > 0.0, Y, 0.0))
        return self.seen[-1]

    def backward(self, slopes: Scores) -> Vectors:
        self.slopes: list[Any] = []
        for k in range(len(self.W) - 1, -1, -1):
            self.slopes.insert(0, (slopes.T @ self.seen[k], slopes.sum(axis=0)))
            slopes = slopes @ self.W[k]
            if k > 0:
                slopes = slopes * (self.seen[k] > 0.0)
        return slopes

    def update(self, learning_rate: float) -> None:
        for k, (dW, db) in enumerate(self.slopes):
            self.W[k] = self.W[k] - learning_rate * dW
            self.b[k] = self.b[k] - learning_rate * db


@right("mlp", function="MLP")
class NetworkInNetwork:
    """A first layer, and behind it a smaller network."""

    def __init__(self, sizes: Sizes, rng: np.random.Generator) -> None:
        scale = (2.0 / sizes[0]) ** 0.5
        self.first = Linear(rng.normal(scale=scale, size=(sizes[1], sizes[0])), np.zeros(sizes[1]))
        self.behind = NetworkInNetwork(sizes[1:], rng) if len(sizes) > 2 else None
        self.relu = ReLU()

    def forward(self, X: Vectors) -> Scores:
        Y = self.first.forward(X)
        return Y if self.behind is None else self.behind.forward(self.relu.forward(Y))

    def backward(self, slopes: Scores) -> Vectors:
        if self.behind is not None:
            slopes = self.relu.backward(self.behind.backward(slopes))
        return self.first.backward(slopes)

    def update(self, learning_rate: float) -> None:
        self.first.update(learning_rate)
        if self.behind is not None:
            self.behind.update(learning_rate)


@right("mlp", function="MLP")
class TwoLists:
    def __init__(self, sizes: Sizes, rng: np.random.Generator) -> None:
        shapes = list(zip(sizes[1:], sizes[:-1], strict=True))
        self.linear = [
            Linear(rng.normal(0, np.sqrt(2 / shape[1]), shape), np.zeros(shape[0]))
            for shape in shapes
        ]
        self.relus = [ReLU() for _ in shapes[1:]]

    def forward(self, X: Vectors) -> Scores:
        for layer, relu in zip(self.linear, self.relus, strict=False):
            X = relu.forward(layer.forward(X))
        return self.linear[-1].forward(X)

    def backward(self, slopes: Scores) -> Vectors:
        slopes = self.linear[-1].backward(slopes)
        for layer, relu in zip(self.linear[-2::-1], self.relus[::-1], strict=True):
            slopes = layer.backward(relu.backward(slopes))
        return slopes

    def update(self, learning_rate: float) -> None:
        for layer in self.linear:
            layer.update(learning_rate)


@right("mlp", function="MLP")
class Reduced:
    """The layers by number, and a fold over them."""

    def __init__(self, sizes: Sizes, rng: np.random.Generator) -> None:
        self.by_number: dict[int, Any] = {}
        for k in range(len(sizes) - 1):
            if k > 0:
                self.by_number[len(self.by_number)] = ReLU()
            W = rng.normal(loc=0.0, scale=math.sqrt(2.0 / sizes[k]), size=(sizes[k + 1], sizes[k]))
            self.by_number[len(self.by_number)] = Linear(W, np.zeros(sizes[k + 1]))

    def forward(self, X: Vectors) -> Any:
        return functools.reduce(lambda x, layer: layer.forward(x), self.by_number.values(), X)

    def backward(self, slopes: Scores) -> Any:
        layers = [*self.by_number.values()][::-1]
        return functools.reduce(lambda s, layer: layer.backward(s), layers, slopes)

    def update(self, learning_rate: float) -> None:
        for number in self.by_number:
            self.by_number[number].update(learning_rate)


@right("mlp", function="MLP")
class SinglePrecision(MLP):
    def forward(self, X: Vectors) -> Scores:
        return super().forward(X.astype(np.float32)).astype(np.float32)

    def backward(self, slopes: Scores) -> None:
        super().backward(slopes.astype(np.float32))


# --- minibatches ----------------------------------------------------------------------------------

Some = Iterator[tuple[Vectors, Labels]]


def _in_order(X: Vectors, labels: Labels, size: int, order: Any) -> Some:
    for start in range(0, len(order), size):
        batch = order[start : start + size]
        yield X[batch], labels[batch]


@wrong(
    "minibatches",
    hint="You leave out the last examples where they do not fill a batch. They are a smaller batch.",
)
def rest_dropped(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Some:
    whole = len(X) // batch_size * batch_size
    return _in_order(X, labels, batch_size, rng.permutation(len(X))[:whole])


@wrong(
    "minibatches",
    hint="You fill the last batch with examples that have been there already. It holds what is left.",
)
def rest_filled_up(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Some:
    order = rng.permutation(len(X))
    return _in_order(X, labels, batch_size, np.append(order, order[: -len(X) % batch_size]))


@wrong(
    "minibatches",
    hint="You ask rng for more than one permutation, so what is drawn after this epoch is other than "
    "it should be.",
    minor=True,
)
def permuted_once_more(
    X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator
) -> Some:
    yield from _in_order(X, labels, batch_size, rng.permutation(len(X)))
    rng.permutation(len(X))


@wrong(
    "minibatches",
    hint="You draw every batch from all examples, so some come twice and some never. Cut one "
    "permutation into pieces.",
)
def drawn_again(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Some:
    for start in range(0, len(X), batch_size):
        batch = rng.integers(0, len(X), min(batch_size, len(X) - start))
        yield X[batch], labels[batch]


@wrong(
    "minibatches",
    hint="Each of your batches is the beginning of a permutation of its own, so some examples come "
    "twice and some never. One permutation is due, cut into pieces.",
)
def permuted_for_every_batch(
    X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator
) -> Some:
    for start in range(0, len(X), batch_size):
        batch = rng.permutation(len(X))[: min(batch_size, len(X) - start)]
        yield X[batch], labels[batch]


@wrong(
    "minibatches",
    hint="Your examples come in the order in which they lie. Their order is rng.permutation(n).",
)
def not_shuffled(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Some:
    return _in_order(X, labels, batch_size, np.arange(len(X)))


@wrong(
    "minibatches",
    hint="You shuffle the examples and not their labels. Take both by the same indices.",
)
def labels_stay(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Some:
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        yield X[order[start : start + batch_size]], labels[start : start + batch_size]


@wrong(
    "minibatches",
    hint="You shuffle examples and labels by two permutations. One is due, for both.",
)
def two_permutations(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Some:
    one, other = rng.permutation(len(X)), rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        part = slice(start, start + batch_size)
        yield X[one[part]], labels[other[part]]


@wrong(
    "minibatches",
    hint="You shuffle the batches; each of them still holds neighbours. Permute the examples, then "
    "cut.",
)
def batches_shuffled(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Some:
    starts = np.arange(0, len(X), batch_size)
    for start in rng.permutation(starts):
        yield X[start : start + batch_size], labels[start : start + batch_size]


@wrong(
    "minibatches",
    hint="You cut the examples into batch_size batches. batch_size says how many examples are in one.",
)
def number_of_batches(
    X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator
) -> Some:
    for batch in np.array_split(rng.permutation(len(X)), batch_size):
        yield X[batch], labels[batch]


@wrong(
    "minibatches",
    hint="You cut the examples into batches of about the same size. Each has batch_size examples, "
    "and the last one what is left.",
)
def even_batches(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Some:
    for batch in np.array_split(rng.permutation(len(X)), -(-len(X) // batch_size)):
        yield X[batch], labels[batch]


@wrong(
    "minibatches",
    hint="Your batches overlap or leave gaps: the next one begins where this one ends, at start + "
    "batch_size.",
)
def overlapping(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Some:
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        batch = order[start : start + batch_size + 1]
        yield X[batch], labels[batch]


@wrong(
    "minibatches",
    hint="Every batch has one example too few: order[start : start + batch_size] leaves out the end "
    "already.",
)
def one_too_few(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Some:
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        batch = order[start : start + max(batch_size - 1, 1)]
        yield X[batch], labels[batch]


@wrong(
    "minibatches",
    hint="You draw the order with a generator of your own, and it is the same in every epoch. Use the "
    "one that is given, rng.",
)
def always_the_same(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Some:
    return _in_order(X, labels, batch_size, np.random.default_rng(0).permutation(len(X)))


@wrong(
    "minibatches",
    hint="You sort the order again inside of a batch. Take the next batch_size indices as they are.",
)
def sorted_batches(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Some:
    order = rng.permutation(len(X))
    for start in range(0, len(X), batch_size):
        batch = np.sort(order[start : start + batch_size])
        yield X[batch], labels[batch]


@wrong(
    "minibatches",
    hint="You shuffle the arrays you are given. They belong to the caller: index them by a "
    "permutation, which makes copies.",
)
def arrays_shuffled(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Some:
    order = rng.permutation(len(X))
    X[:], labels[:] = X[order], labels[order]
    return _in_order(X, labels, batch_size, np.arange(len(X)))


@wrong(
    "minibatches",
    hint="You give the labels first. A batch is a pair of examples and labels, in this order.",
)
def labels_first(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Any:
    for examples, own in reference.minibatches(X, labels, batch_size, rng):
        yield own, examples


@wrong(
    "minibatches",
    hint="It never ends. Leave the loop when all examples have been used.",
)
def without_an_end(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Some:
    order, start = rng.permutation(len(X)), 0
    while True:
        batch = order[start : start + batch_size]
        yield X[batch], labels[batch]
        start += batch_size


@wrong(
    "minibatches",
    hint="You return all examples in random order. Cut them into pieces of batch_size, and yield one "
    "pair after the other.",
)
def one_large_batch(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Any:
    order = rng.permutation(len(X))
    return X[order], labels[order]


@wrong(
    "minibatches",
    hint="You return the first batch alone. `return` in a loop ends it; `yield` gives one batch after "
    "the other.",
)
def first_batch(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Any:
    return next(reference.minibatches(X, labels, batch_size, rng))


@right("minibatches")
def list_of_batches(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Any:
    order = rng.permutation(X.shape[0])
    batches = []
    while len(order):
        batches.append((X[order[:batch_size]], labels[order[:batch_size]]))
        order = order[batch_size:]
    return batches


@right("minibatches")
def split_by_numpy(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Any:
    order = rng.permutation(len(labels))
    cuts = range(batch_size, len(labels), batch_size)
    parts = np.array_split(X[order], cuts), np.array_split(labels[order], cuts)
    return zip(*parts, strict=True)


@right("minibatches")
def expression(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Any:
    order = rng.permutation(len(X)).tolist()
    indices = (order[i : i + batch_size] for i in range(0, len(order), batch_size))
    return ((X[some], labels[some]) for some in indices)


@right("minibatches")
def shuffled_indices(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Some:
    order = np.arange(len(X))
    rng.shuffle(order)  # what permutation does
    count = math.ceil(len(X) / batch_size)
    for k in range(count):
        some = order[k * batch_size : min((k + 1) * batch_size, len(X))]
        yield X.take(some, axis=0), labels.take(some)


@right("minibatches")
def list_of_lists(X: Vectors, labels: Labels, batch_size: int, rng: np.random.Generator) -> Any:
    batches: list[list[list[Any]]] = []
    for index in rng.permutation(len(X)):
        if not batches or len(batches[-1][0]) == batch_size:
            batches.append([[], []])
        batches[-1][0].append(X[index])
        batches[-1][1].append(labels[index])
    return [[np.array(examples), np.array(own)] for examples, own in batches]


# --- train ----------------------------------------------------------------------------------------

Report = Callable[[int, float], object] | None


def _step(model: Any, X: Vectors, labels: Labels, learning_rate: float) -> float:
    loss, slopes = softmax_cross_entropy(model.forward(X), labels)
    model.backward(slopes)
    model.update(learning_rate)
    return loss


def _loop(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float,
    epochs: int,
    report: Report,
    step: Callable[..., float] = _step,
) -> Signal:
    """Train with steps of another kind."""
    losses: list[float] = []
    for epoch in range(1, epochs + 1):
        first = len(losses)
        losses += [step(model, X, labels, learning_rate) for X, labels in batches()]
        if report is not None:
            report(epoch, float(np.mean(losses[first:])))
    return np.array(losses)


@wrong(
    "train",
    hint="You take the losses after the update. They are those that the derivatives come from, taken "
    "before it; no further forward is needed.",
)
def loss_after_the_update(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    def step(model: Any, X: Vectors, labels: Labels, learning_rate: float) -> float:
        _step(model, X, labels, learning_rate)
        return softmax_cross_entropy(model.forward(X), labels)[0]

    return _loop(model, batches, learning_rate, epochs, report, step)


@wrong(
    "train",
    hint="You update before backward: the step goes along the derivatives of the batch before. First "
    "backward, then update.",
)
def update_before_backward(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    def step(model: Any, X: Vectors, labels: Labels, learning_rate: float) -> float:
        loss, slopes = softmax_cross_entropy(model.forward(X), labels)
        model.update(learning_rate)
        model.backward(slopes)
        return loss

    return _loop(model, batches, learning_rate, epochs, report, step)


@wrong(
    "train",
    hint="You never call model.backward: model.update then steps along derivatives that have nothing "
    "to do with the batch.",
)
def no_backward(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    def step(model: Any, X: Vectors, labels: Labels, learning_rate: float) -> float:
        loss, _ = softmax_cross_entropy(model.forward(X), labels)
        model.update(learning_rate)
        return loss

    return _loop(model, batches, learning_rate, epochs, report, step)


@wrong("train", hint="You never call model.update: the network does not learn.")
def no_update(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    def step(model: Any, X: Vectors, labels: Labels, learning_rate: float) -> float:
        loss, slopes = softmax_cross_entropy(model.forward(X), labels)
        model.backward(slopes)
        return loss

    return _loop(model, batches, learning_rate, epochs, report, step)


@wrong(
    "train",
    hint="You update once an epoch, after all batches. Every batch is followed by a step.",
)
def one_update_an_epoch(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    losses: list[float] = []
    for epoch in range(1, epochs + 1):
        first = len(losses)
        for X, labels in batches():
            loss, slopes = softmax_cross_entropy(model.forward(X), labels)
            model.backward(slopes)
            losses.append(loss)
        model.update(learning_rate)
        if report is not None:
            report(epoch, float(np.mean(losses[first:])))
    return np.array(losses)


@wrong(
    "train",
    hint="You hand -learning_rate to update. The model steps against its derivatives itself; you go "
    "uphill.",
)
def train_uphill(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    return _loop(model, batches, -learning_rate, epochs, report)


@wrong(
    "train",
    hint="You do not use the learning rate you are given: model.update(learning_rate).",
)
def own_learning_rate(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    return _loop(model, batches, 1.0, epochs, report)


@wrong(
    "train",
    hint="You put the learning rate into the slopes and into the update: the step is too small by "
    "that factor. It belongs to the update alone.",
)
def learning_rate_twice(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    def step(model: Any, X: Vectors, labels: Labels, learning_rate: float) -> float:
        loss, slopes = softmax_cross_entropy(model.forward(X), labels)
        model.backward(learning_rate * slopes)
        model.update(learning_rate)
        return loss

    return _loop(model, batches, learning_rate, epochs, report, step)


@wrong(
    "train",
    hint="You divide the slopes by the number of examples. softmax_cross_entropy has done that.",
)
def divided_again(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    def step(model: Any, X: Vectors, labels: Labels, learning_rate: float) -> float:
        loss, slopes = softmax_cross_entropy(model.forward(X), labels)
        model.backward(slopes / len(X))
        model.update(learning_rate)
        return loss

    return _loop(model, batches, learning_rate, epochs, report, step)


@wrong(
    "train",
    hint="You ask for the batches once, before the loop over the epochs: all epochs see the same "
    "ones in the same order. Call batches() at the beginning of every epoch.",
)
def batches_asked_once(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    kept = list(batches()) if epochs else []
    return _loop(model, lambda: kept, learning_rate, epochs, report)


@wrong(
    "train",
    hint="batches is a function. Call it at the beginning of every epoch: for X, labels in batches().",
)
def batches_not_called(
    model: Any,
    batches: Any,
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    return _loop(model, lambda: batches, learning_rate, epochs, report)


@wrong(
    "train",
    hint="You train for one epoch too few: range(1, epochs) ends in front of epochs.",
)
def one_epoch_too_few(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    return _loop(model, batches, learning_rate, epochs - 1, report)


@wrong(
    "train",
    hint="You train for one epoch, whatever epochs says.",
)
def one_epoch(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    return _loop(model, batches, learning_rate, min(epochs, 1), report)


@wrong(
    "train",
    hint="You take only the first batch of every epoch: something ends the loop over the batches.",
)
def first_batch_of_every_epoch(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    return _loop(model, lambda: list(batches())[:1], learning_rate, epochs, report)


@wrong(
    "train",
    hint="You report after every batch. Report once an epoch, when it is over.",
    minor=True,
)
def report_of_every_batch(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    losses: list[float] = []
    for epoch in range(1, epochs + 1):
        for X, labels in batches():
            losses.append(_step(model, X, labels, learning_rate))
            if report is not None:
                report(epoch, losses[-1])
    return np.array(losses)


@wrong(
    "train",
    hint="You number the epochs from 0. The first report says 1.",
    minor=True,
)
def epochs_from_zero(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    def earlier(epoch: int, loss: float) -> None:
        if report is not None:
            report(epoch - 1, loss)

    return _loop(model, batches, learning_rate, epochs, earlier)


@wrong(
    "train",
    hint="You report the loss of the epoch's last batch. Report the mean of all its batches.",
    minor=True,
)
def last_loss_reported(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    losses: list[float] = []
    for epoch in range(1, epochs + 1):
        losses += [_step(model, X, labels, learning_rate) for X, labels in batches()]
        if report is not None:
            report(epoch, losses[-1])
    return np.array(losses)


@wrong(
    "train",
    hint="You report the sum of the epoch's losses. Report their mean.",
    minor=True,
)
def sum_reported(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    losses: list[float] = []
    for epoch in range(1, epochs + 1):
        own = [_step(model, X, labels, learning_rate) for X, labels in batches()]
        losses += own
        if report is not None:
            report(epoch, sum(own))
    return np.array(losses)


@wrong(
    "train",
    hint="You weigh the losses with the sizes of their batches. Report the plain mean of the losses "
    "of the epoch's batches.",
    minor=True,
)
def weighted_mean_reported(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    losses: list[float] = []
    for epoch in range(1, epochs + 1):
        own = [(_step(model, X, labels, learning_rate), len(X)) for X, labels in batches()]
        losses += [loss for loss, _ in own]
        if report is not None:
            report(epoch, sum(loss * n for loss, n in own) / sum(n for _, n in own))
    return np.array(losses)


@wrong(
    "train",
    hint="You hand the loss to report first. The epoch's number comes first: report(epoch, loss).",
    minor=True,
)
def report_turned_round(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Any = None,
) -> Signal:
    turned = None if report is None else lambda epoch, loss: report(loss, epoch)
    return _loop(model, batches, learning_rate, epochs, turned)


@wrong(
    "train",
    hint="You report the mean of all losses so far. Report that of the epoch alone.",
    minor=True,
)
def mean_so_far_reported(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    losses: list[float] = []
    for epoch in range(1, epochs + 1):
        losses += [_step(model, X, labels, learning_rate) for X, labels in batches()]
        if report is not None:
            report(epoch, float(np.mean(losses)))
    return np.array(losses)


@wrong(
    "train",
    hint="You do not call report at the end of every epoch. Call it inside of the loop over the "
    "epochs, behind that over the batches.",
    minor=True,
)
def nothing_reported(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    return _loop(model, batches, learning_rate, epochs, None)


@wrong(
    "train",
    hint="You call report even if there is none. Its default is None, which cannot be called.",
)
def report_that_is_none(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Any = None,
) -> Signal:
    losses: list[float] = []
    for epoch in range(1, epochs + 1):
        own = [_step(model, X, labels, learning_rate) for X, labels in batches()]
        losses += own
        report(epoch, float(np.mean(own)))
    return np.array(losses)


@wrong(
    "train",
    hint="You return a loss for every epoch. There is one for every batch.",
)
def loss_of_every_epoch(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    means: list[float] = []

    def keep(epoch: int, loss: float) -> None:
        means.append(loss)
        if report is not None:
            report(epoch, loss)

    _loop(model, batches, learning_rate, epochs, keep)
    return np.array(means)


@wrong("train", hint="You return the last loss alone. Return those of all batches.")
def last_loss(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Any:
    losses = _loop(model, batches, learning_rate, epochs, report)
    return float(losses[-1]) if len(losses) else 0.0


@wrong(
    "train",
    hint="You return the losses of the last epoch alone: the list is emptied in every epoch.",
)
def losses_of_the_last_epoch(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    own: list[float] = []
    for epoch in range(1, epochs + 1):
        own = [_step(model, X, labels, learning_rate) for X, labels in batches()]
        if report is not None:
            report(epoch, float(np.mean(own)))
    return np.array(own)


@wrong(
    "train",
    hint="There is no `return` at the end. Return the losses of all batches, an array.",
)
def nothing_returned(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Any:
    _loop(model, batches, learning_rate, epochs, report)


@wrong("train", hint="You return a list. An array is due: np.array(losses).")
def list_returned(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Any:
    return _loop(model, batches, learning_rate, epochs, report).tolist()


@right("train")
def loops_with_append(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    history = []
    for epoch in range(epochs):
        total, count = 0.0, 0
        for batch in batches():
            scores = model.forward(batch[0])
            loss, slopes = softmax_cross_entropy(scores, batch[1])
            model.backward(slopes)
            model.update(learning_rate)
            history.append(loss)
            total, count = total + loss, count + 1
        if report:
            report(epoch + 1, total / count)
    return np.asarray(history, dtype=np.float64)


@right("train")
def own_loss(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    """Train with the softmax loss written out again."""

    def step(model: Any, X: Vectors, labels: Labels, learning_rate: float) -> float:
        log_p = _log_probabilities(model.forward(X))
        model.backward((np.exp(log_p) - np.eye(log_p.shape[1])[labels]) / len(X))
        model.update(learning_rate=learning_rate)
        return float(-_own(log_p, labels).mean())

    return _loop(model, batches, learning_rate, epochs, report, step)


@right("train")
def epoch_by_epoch(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    rows = [np.zeros(0)]
    for epoch in range(1, epochs + 1):
        rows.append(np.array([_step(model, *b, learning_rate) for b in list(batches())]))
        _ = report is not None and report(epoch, rows[-1].mean())
    return np.concatenate(rows)


@right("train")
def recursive_training(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    if epochs == 0:
        return np.array([])
    before = recursive_training(model, batches, learning_rate, epochs - 1, report)
    iterator, own = iter(batches()), np.array([])
    while (batch := next(iterator, None)) is not None:
        own = np.append(own, _step(model, batch[0], batch[1], learning_rate))
    if report is not None:
        report(epoch := epochs, np.sum(own) / own.size)
        del epoch
    return np.hstack([before, own])


@right("train")
def training_in_single_precision(
    model: Any,
    batches: Callable[[], Batches],
    learning_rate: float = 0.1,
    epochs: int = 10,
    report: Report = None,
) -> Signal:
    def step(model: Any, X: Vectors, labels: Labels, learning_rate: float) -> float:
        scores = model.forward(X.astype(np.float32)).astype(np.float32)
        loss, slopes = softmax_cross_entropy(scores, labels)
        model.backward(slopes)
        model.update(learning_rate)
        return float(np.float32(loss))

    return _loop(model, batches, learning_rate, epochs, report, step)
