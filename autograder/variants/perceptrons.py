"""Known answers to the exercises of perceptrons: misconceptions, and other right ways."""

import math
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from autograder.variants import in_single_precision, right, survivor, wrong
from course_utils.reference import perceptrons as reference
from course_utils.types import Function, Signal, Signs, Vectors

Rng = np.random.Generator

_EQUALLY_MANY = "Every example has one output or label: there is nothing to be strict about."


# --- perceptron_forward: total_input --------------------------------------------------------------

total = partial(wrong, "perceptron_forward", function="total_input")


@total(hint="Your total_input has no bias: w_0, the first of the weights, is added.")
def no_bias(X: Vectors, w: Signal) -> Signal:
    return X @ w[1:]


@total(
    hint="Your total_input takes the last of w for the bias. The bias is the first, w[0]; the "
    "inputs have the weights w[1:]."
)
def bias_at_the_end(X: Vectors, w: Signal) -> Signal:
    return X @ w[:-1] + w[-1]


@total(
    hint="Your total_input gives x_1 the weight w[0], which is the bias. The inputs have the weights "
    "w[1:]."
)
def weights_from_the_bias_on(X: Vectors, w: Signal) -> Signal:
    return X @ w[:-1] + w[0]


@total(
    hint="Your total_input subtracts the bias. It is added; a threshold is what would be subtracted, "
    "and its sign is the opposite one."
)
def bias_for_a_threshold(X: Vectors, w: Signal) -> Signal:
    return X @ w[1:] - w[0]


@total(hint="Your total_input multiplies the sum with the bias. The bias is added.")
def multiplied_with_the_bias(X: Vectors, w: Signal) -> Signal:
    return (X @ w[1:]) * w[0]


@total(
    hint="Your total_input adds the bias to every input, before the weights. It is added once, to "
    "the sum of w_1 x_1 to w_d x_d."
)
def bias_among_the_inputs(X: Vectors, w: Signal) -> Signal:
    return (X + w[0]) @ w[1:]


@total(
    hint="Your total_input adds the bias to every product w_i x_i. It is added once an example, after "
    "the sum.",
)
def bias_in_every_product(X: Vectors, w: Signal) -> Signal:
    return (X * w[1:] + w[0]).sum(axis=1)


@total(hint="Your total_input adds the bias twice.")
def bias_twice(X: Vectors, w: Signal) -> Signal:
    return X @ w[1:] + 2.0 * w[0]


@total(
    hint="Your total_input adds up all examples. Each has its own sum: one number for each row of X.",
)
def one_for_all(X: Vectors, w: Signal) -> Any:
    return float((X * w[1:]).sum() + w[0])


@total(hint="Your total_input returns products w_i x_i. Their sum is due, for every example.")
def products(X: Vectors, w: Signal) -> Any:
    return X * w[1:] + w[0]


@total(
    hint="Your total_input multiplies weights and X the wrong way round, as if every column of X were "
    "an example. An example is a row: X @ w[1:].",
)
def columns_as_examples(X: Vectors, w: Signal) -> Signal:
    return w[1:] @ X + w[0]


@total(hint="Your total_input returns the mean of the products. Their sum is due.")
def mean_of_the_products(X: Vectors, w: Signal) -> Signal:
    return (X * w[1:]).mean(axis=1) + w[0]


@total(
    hint="Your total_input is (n, 1), a column. One axis is due, (n,): multiply with the vector "
    "w[1:] itself.",
)
def a_column(X: Vectors, w: Signal) -> Any:
    return X @ w[1:, np.newaxis] + w[0]


_ONE_WEIGHT_MORE = (
    "w has one number more than X has columns: the bias w_0, whose input is 1. Multiply X with w[1:] "
    "and add w[0], or put a column of ones, (n, 1), before X."
)


@total(hint=_ONE_WEIGHT_MORE)
def all_weights_for_the_inputs(X: Vectors, w: Signal) -> Signal:
    return X @ w


@total(hint=_ONE_WEIGHT_MORE)
def a_row_of_ones(X: Vectors, w: Signal) -> Signal:
    return np.hstack([np.ones(len(X)), X]) @ w


@total(hint=_ONE_WEIGHT_MORE)
def ones_inserted_anywhere(X: Vectors, w: Signal) -> Any:
    return np.insert(X, 0, 1.0) @ w


@total(
    hint="Your total_input adds up over the examples (axis 0). Each row of X has its own sum: axis 1."
)
def sum_over_the_examples(X: Vectors, w: Signal) -> Signal:
    return (X * w[1:]).sum(axis=0) + w[0]


@total(hint="Your total_input returns a list. An array is due: np.array(...).")
def list_of_totals(X: Vectors, w: Signal) -> Any:
    return reference.total_input(X, w).tolist()


@right("perceptron_forward", function="total_input")
def with_a_column_of_ones(X: Vectors, w: Signal) -> Signal:
    return np.hstack([np.ones((X.shape[0], 1)), X]) @ w


@right("perceptron_forward", function="total_input")
def sum_in_loops(X: Vectors, w: Signal) -> Signal:
    totals = np.zeros(len(X))
    for i, x in enumerate(X):
        totals[i] = w[0]
        for j in range(len(x)):
            totals[i] += w[j + 1] * x[j]
    return totals


@right("perceptron_forward", function="total_input")
def sum_by_einsum(X: Vectors, w: Signal) -> Signal:
    return np.einsum("nd,d->n", X, w[1:]) + w[0]


@right("perceptron_forward", function="total_input")
def sum_of_products(X: Vectors, w: Signal) -> Signal:
    return w[0] + (w[None, 1:] * X).sum(1)


in_single_precision("perceptron_forward", reference.total_input)


# --- perceptron_forward: the output ---------------------------------------------------------------


@wrong(
    "perceptron_forward",
    hint="Your perceptron_forward returns the total input a. The output is f(a).",
)
def no_activation(X: Vectors, w: Signal, activation: Function) -> Signal:
    return reference.total_input(X, w)


@wrong(
    "perceptron_forward",
    hint="Your perceptron_forward always takes a threshold at 0. f is given: activation(a).",
)
def always_a_threshold(X: Vectors, w: Signal, activation: Function) -> Signal:
    return (reference.total_input(X, w) > 0.0).astype(float)


@wrong(
    "perceptron_forward",
    hint="Your perceptron_forward always takes the sigmoid. f is given: activation(a).",
)
def always_a_sigmoid(X: Vectors, w: Signal, activation: Function) -> Signal:
    return reference.sigmoid(reference.total_input(X, w))


@wrong(
    "perceptron_forward",
    hint="Your perceptron_forward applies f to the inputs. f takes the total input: first the sum, "
    "then f.",
)
def activation_of_the_inputs(X: Vectors, w: Signal, activation: Function) -> Signal:
    return activation(X) @ w[1:] + w[0]


@wrong(
    "perceptron_forward",
    hint="Your perceptron_forward applies f to every product w_i x_i. f takes their sum, with the "
    "bias.",
)
def activation_of_the_products(X: Vectors, w: Signal, activation: Function) -> Signal:
    return activation(X * w[1:]).sum(axis=1) + w[0]


@wrong(
    "perceptron_forward",
    hint="Your perceptron_forward applies f to the weights. f takes the total input.",
)
def activation_of_the_weights(X: Vectors, w: Signal, activation: Function) -> Signal:
    return reference.total_input(X, activation(w))


@wrong(
    "perceptron_forward",
    hint="Your perceptron_forward adds the bias to f's result. The bias is a part of the total input, "
    "on which f acts.",
)
def bias_after_the_activation(X: Vectors, w: Signal, activation: Function) -> Signal:
    return activation(X @ w[1:]) + w[0]


@wrong(
    "perceptron_forward",
    hint="Your perceptron_forward leaves the bias out of what f is applied to. Use total_input(X, w).",
)
def output_without_bias(X: Vectors, w: Signal, activation: Function) -> Signal:
    return activation(X @ w[1:])


@wrong(
    "perceptron_forward",
    hint="Your perceptron_forward takes the last of w for the bias. The bias is the first; use "
    "total_input(X, w).",
)
def output_with_the_last_as_bias(X: Vectors, w: Signal, activation: Function) -> Signal:
    return activation(X @ w[:-1] + w[-1])


@wrong("perceptron_forward", hint="Your perceptron_forward applies f twice.")
def activation_twice(X: Vectors, w: Signal, activation: Function) -> Signal:
    return activation(activation(reference.total_input(X, w)))


@wrong(
    "perceptron_forward",
    hint="Your perceptron_forward multiplies f's result with the total input. The output is f(a) "
    "alone.",
)
def times_the_total(X: Vectors, w: Signal, activation: Function) -> Signal:
    a = reference.total_input(X, w)
    return a * activation(a)


@wrong(
    "perceptron_forward",
    hint="Your perceptron_forward gives all examples the output of the first. Every row of X has its "
    "own.",
)
def first_output_for_all(X: Vectors, w: Signal, activation: Function) -> Signal:
    return np.repeat(activation(reference.total_input(X[:1], w)), len(X))


@wrong(
    "perceptron_forward",
    hint="Your perceptron_forward returns a list. An array is due: np.array(...), or f(a) as it is.",
)
def list_of_outputs(X: Vectors, w: Signal, activation: Function) -> Any:
    return activation(reference.total_input(X, w)).tolist()


@right("perceptron_forward")
def output_one_by_one(X: Vectors, w: Signal, activation: Function) -> Signal:
    return np.array([activation(np.array([w[0] + x @ w[1:]]))[0] for x in X])


@right("perceptron_forward")
def output_of_numbers(X: Vectors, w: Signal, activation: Function) -> Signal:
    outputs = np.zeros(X.shape[0])
    for i in range(X.shape[0]):
        outputs[i] = activation(w[0] + np.dot(w[1:], X[i]))
    return outputs


@right("perceptron_forward")
def output_of_a_column(X: Vectors, w: Signal, activation: Function) -> Signal:
    return activation(X @ w[1:, None] + w[0]).reshape(-1)


@right("perceptron_forward")
def output_in_single_precision(X: Vectors, w: Signal, activation: Function) -> Signal:
    singles: Any = X.astype(np.float32), w.astype(np.float32)
    return activation(reference.total_input(*singles)).astype(np.float64)


# --- sigmoid --------------------------------------------------------------------------------------


@wrong(
    "sigmoid",
    hint="Your sigmoid falls where it should rise: the exponent is -a, 1 / (1 + exp(-a)).",
)
def falling(a: Signal) -> Signal:
    return 1.0 - reference.sigmoid(a)


@wrong("sigmoid", hint="You return exp(a) or 1 / exp(-a). The denominator is 1 + exp(-a).")
def one_missing(a: Signal) -> Signal:
    return np.exp(a)


@wrong("sigmoid", hint="You return exp(-a). It belongs into a denominator, 1 / (1 + exp(-a)).")
def exponential_alone(a: Signal) -> Signal:
    return np.exp(-a)


@wrong("sigmoid", hint="Brackets are missing: 1 / 1 + exp(-a) is 1 + exp(-a).")
def brackets_missing(a: Signal) -> Signal:
    return 1.0 / 1.0 + np.exp(-a)


@wrong(
    "sigmoid",
    hint="You subtract exp(-a) from 1 in the denominator. It is added, 1 + exp(-a).",
)
def minus_for_plus(a: Signal) -> Signal:
    return 1.0 / (1.0 - np.exp(-a))


@wrong(
    "sigmoid",
    hint="Your sigmoid is never below 1/2: where a is below 0, you return what is due at -a. There it is "
    "exp(a) / (1 + exp(a)).",
)
def folded(a: Signal) -> Signal:
    return 1.0 / (1.0 + np.exp(-np.abs(a)))


@wrong("sigmoid", hint="You return the derivative f (1 - f). The sigmoid f itself is due.")
def derivative_for_the_value(a: Signal) -> Signal:
    return reference.sigmoid(a) * (1.0 - reference.sigmoid(a))


@wrong(
    "sigmoid",
    hint="You return tanh(a), which goes from -1 to 1. The logistic sigmoid goes from 0 to 1.",
)
def hyperbolic_tangent(a: Signal) -> Signal:
    return np.tanh(a)


@wrong(
    "sigmoid",
    hint="You return a step from 0 to 1. The sigmoid is a smooth one, 1 / (1 + exp(-a)).",
)
def a_step(a: Signal) -> Signal:
    return np.where(a >= 0.0, 1.0, 0.0)


@wrong(
    "sigmoid",
    hint="You divide by the sum over all entries, which is the softmax. Every entry has its own "
    "denominator, 1 + exp(-a).",
)
def softmax(a: Signal) -> Signal:
    powers = np.exp(a - a.max())
    return powers / powers.sum()


@wrong("sigmoid", hint="You return log(1 + exp(a)). The sigmoid is that function's derivative.")
def softplus(a: Signal) -> Signal:
    return np.logaddexp(0.0, a)


@wrong(
    "sigmoid",
    hint="You return log(a / (1 - a)), the inverse. The sigmoid is 1 / (1 + exp(-a)).",
)
def inverse(a: Signal) -> Signal:
    return np.log(a / (1.0 - a))


@wrong(
    "sigmoid",
    hint="math.exp takes a single number. np.exp takes an array, entry by entry.",
)
def of_a_single_number(a: Any) -> Any:
    return 1.0 / (1.0 + math.exp(-a))


@wrong(
    "sigmoid",
    hint="exp(a) overflows to infinity for large a, and infinity / infinity is NaN. Let exp only see "
    "numbers that are not above 0.",
    minor=True,
)
def overflowing(a: Signal) -> Signal:
    return np.exp(a) / (1.0 + np.exp(a))


@wrong(
    "sigmoid",
    hint="math.exp raises an OverflowError above 709. Let exp only see numbers that are not above 0.",
    minor=True,
)
def raising(a: Signal) -> Signal:
    return np.array([1.0 / (1.0 + math.exp(-x)) for x in a.flat]).reshape(a.shape)


@wrong(
    "sigmoid",
    hint="You cut a off so early that it shows: at 20 the sigmoid is within 3e-9 of 1.",
    minor=True,
)
def cut_off(a: Signal) -> Signal:
    return 1.0 / (1.0 + np.exp(-np.clip(a, -6.0, 6.0)))


@wrong(
    "sigmoid",
    hint="An array has no single truth value, as if, and, max want it. np.where chooses entry by entry.",
)
def chosen_for_all(a: Any) -> Any:
    return 1.0 / (1.0 + np.exp(-a)) if a >= 0.0 else np.exp(a) / (1.0 + np.exp(a))


@wrong(
    "sigmoid",
    hint="Your sigmoid works for one axis alone. a can have any shape: np.exp and np.where take it as it "
    "is.",
)
def along_one_axis(a: Any) -> Any:
    f = np.zeros(len(a))
    for i in range(len(a)):
        f[i] = reference.sigmoid(a[i])
    return f


@wrong(
    "sigmoid",
    hint="You return a row, whatever the shape of a. The result has a's shape.",
)
def flattened(a: Signal) -> Signal:
    return reference.sigmoid(a).ravel()


@wrong(
    "sigmoid",
    hint="You write into the array that you are given (np.negative(a, out=a), a *= -1). Make a new "
    "one.",
    minor=True,
)
def in_place(a: Signal) -> Signal:
    f = reference.sigmoid(a)
    a *= -1.0
    return f


@right("sigmoid")
def by_the_formula(a: Signal) -> Signal:
    # exp(1000) is infinite, which numpy warns of, and 1 / infinity is 0, which is right.
    return 1 / (1 + np.exp(-a))


@right("sigmoid")
def by_tanh(a: Signal) -> Signal:
    return (1.0 + np.tanh(a / 2.0)) / 2.0


@right("sigmoid")
def by_masks(a: Signal) -> Signal:
    f = np.empty_like(a)
    above = a >= 0
    f[above] = 1.0 / (1.0 + np.exp(-a[above]))
    powers = np.exp(a[~above])
    f[~above] = powers / (powers + 1.0)
    return f


@right("sigmoid")
def by_logarithms(a: Signal) -> Signal:
    return np.exp(-np.logaddexp(0.0, -a))


@right("sigmoid")
def clipped(a: Signal) -> Signal:
    return 1.0 / (1.0 + np.exp(-np.clip(a, -500.0, 500.0)))


@right("sigmoid")
def one_by_one(a: Signal) -> Signal:
    def f(x: float) -> float:
        return 1.0 / (1.0 + math.exp(-x)) if x > 0.0 else math.exp(x) / (1.0 + math.exp(x))

    return np.array([f(x) for x in a.ravel()]).reshape(a.shape)


in_single_precision("sigmoid", reference.sigmoid)

survivor(
    "sigmoid",
    "sigmoid: a >= 0.0 -> a > 0.0",
    because="At 0, exp(-|a|) is 1, and both branches are 1.",
)


# --- losses ---------------------------------------------------------------------------------------

loss_l1 = partial(wrong, "losses", function="l1_loss")
loss_l2 = partial(wrong, "losses", function="l2_loss")
loss_01 = partial(wrong, "losses", function="zero_one_loss")
loss_hinge = partial(wrong, "losses", function="hinge_loss")


@loss_l1(hint="Your l1_loss can be negative. It is the absolute value of the difference.")
def l1_signed(y_hat: Signal, y: Signal) -> Signal:
    return y_hat - y


@loss_l1(hint="Your l1_loss is squared. That is the L2 loss; L1 is the absolute value.")
def l1_squared(y_hat: Signal, y: Signal) -> Signal:
    return (y_hat - y) ** 2


@loss_l1(hint="Your l1_loss is a mean over the examples. One loss for each of them is due.")
def l1_mean(y_hat: Signal, y: Signal) -> Any:
    return np.abs(y_hat - y).mean()


@loss_l1(hint="Your l1_loss is a sum over the examples. One loss for each of them is due.")
def l1_sum(y_hat: Signal, y: Signal) -> Any:
    return np.abs(y_hat - y).sum()


@loss_l1(
    hint="Your l1_loss takes absolute values first, and then the difference. Take that of the "
    "difference."
)
def l1_of_magnitudes(y_hat: Signal, y: Signal) -> Signal:
    return np.abs(np.abs(y_hat) - np.abs(y))


@loss_l1(hint="Your l1_loss is divided by y. It is the distance itself, |y_hat - y|.")
def l1_relative(y_hat: Signal, y: Signal) -> Signal:
    return np.abs((y_hat - y) / y)


@loss_l2(hint="Your l2_loss lacks its square, as on one of the slides: it is (y_hat - y)^2.")
def l2_without_square(y_hat: Signal, y: Signal) -> Signal:
    return y_hat - y


@loss_l2(hint="Your l2_loss is |y_hat - y|, the L1 loss. Square the difference and take no root.")
def l2_rooted(y_hat: Signal, y: Signal) -> Signal:
    return np.sqrt((y_hat - y) ** 2)


@loss_l2(
    hint="Your l2_loss has a factor 1/2. The perceptrons below have it in their L; the L2 loss here "
    "is (y_hat - y)^2."
)
def l2_halved(y_hat: Signal, y: Signal) -> Signal:
    return 0.5 * (y_hat - y) ** 2


@loss_l2(
    hint="In Python, ^ is no power (it is the exclusive or of whole numbers). A square is ** 2."
)
def l2_with_a_hat(y_hat: Any, y: Any) -> Any:
    return (y_hat - y) ^ 2


@loss_l2(hint="Your l2_loss is a mean over the examples. One loss for each of them is due.")
def l2_mean(y_hat: Signal, y: Signal) -> Any:
    return ((y_hat - y) ** 2).mean()


@loss_l2(hint="Your l2_loss is a sum over the examples. One loss for each of them is due.")
def l2_sum(y_hat: Signal, y: Signal) -> Any:
    return (y_hat - y) @ (y_hat - y)


@loss_l2(hint="Your l2_loss is a difference of squares. Subtract first, and then square.")
def l2_of_squares(y_hat: Signal, y: Signal) -> Signal:
    return y_hat**2 - y**2


@loss_l2(hint="Your l2_loss doubles the difference. Squaring is ** 2, not * 2.")
def l2_doubled(y_hat: Signal, y: Signal) -> Signal:
    return 2.0 * (y_hat - y)


@loss_01(
    hint="Your zero_one_loss is 1 where the prediction is right. The slide has it so, but a loss is 1 "
    "where y_hat and y differ."
)
def zero_one_inverted(y_hat: Signal, y: Signal) -> Signal:
    return (y_hat == y).astype(np.float64)


@loss_01(hint="Your zero_one_loss is made of True and False. float64 is due: .astype(float).")
def zero_one_of_bools(y_hat: Signal, y: Signal) -> Any:
    return y_hat != y


@loss_01(
    hint="Your zero_one_loss is made of whole numbers. float64 is due: .astype(float).", minor=True
)
def zero_one_of_ints(y_hat: Signal, y: Signal) -> Any:
    return (y_hat != y).astype(int)


_ONE_TRUTH_VALUE = (
    "if, and, max and min want a single truth value, and there is one for every example. Compare entry "
    "by entry: np.where, np.maximum, or the comparison itself, as an array."
)


@loss_01(hint=_ONE_TRUTH_VALUE)
def zero_one_by_if(y_hat: Any, y: Any) -> Any:
    return 1.0 if y_hat != y else 0.0


@loss_01(
    hint="Your zero_one_loss is the share of the examples that are wrong. One loss for each of them is "
    "due."
)
def zero_one_mean(y_hat: Signal, y: Signal) -> Any:
    return (y_hat != y).mean()


@loss_01(
    hint="Your zero_one_loss forgives small differences. It is 1 wherever y_hat and y differ at all."
)
def zero_one_rounded(y_hat: Signal, y: Signal) -> Signal:
    return (np.abs(y_hat - y) > 0.5).astype(np.float64)


@loss_01(
    hint="Your zero_one_loss compares signs alone. It is 1 wherever y_hat and y differ, also if they "
    "have the same sign."
)
def zero_one_of_signs(y_hat: Signal, y: Signal) -> Signal:
    return (np.sign(y_hat) != np.sign(y)).astype(np.float64)


@loss_01(
    hint="Your zero_one_loss takes the sign of y_hat first. Compare y_hat itself with y: turning it into "
    "a decision is not this function's business."
)
def zero_one_of_decisions(y_hat: Signal, y: Signal) -> Signal:
    return (np.sign(y_hat) != y).astype(np.float64)


@loss_01(
    hint="Your zero_one_loss is 1 only where y_hat is above y. Below is as wrong: y_hat and y differ."
)
def zero_one_above(y_hat: Signal, y: Signal) -> Signal:
    return (y_hat > y).astype(np.float64)


@loss_01(
    hint="Your zero_one_loss is the difference, at most 1. It is 1 wherever y_hat and y differ, by "
    "however little."
)
def zero_one_capped(y_hat: Signal, y: Signal) -> Signal:
    return np.minimum(np.abs(y_hat - y), 1.0)


@loss_hinge(
    hint="Your hinge_loss takes the labels for 0 and 1 and turns them into 2 y - 1. They are -1 and "
    "+1 already."
)
def hinge_of_zero_and_one(y_hat: Signal, y: Signs) -> Signal:
    return np.maximum(0.0, 1.0 - (2 * y - 1) * y_hat)


@loss_hinge(
    hint="Your hinge_loss lets examples labelled -1 have no loss but 1, as if their label were 0. "
    "The labels are -1 and +1: 1 - y y_hat."
)
def hinge_of_the_positive(y_hat: Signal, y: Signs) -> Signal:
    return np.maximum(0.0, 1.0 - np.maximum(y, 0) * y_hat)


@loss_hinge(hint="Your hinge_loss falls below 0. It is the larger of 0 and 1 - y y_hat.")
def hinge_without_maximum(y_hat: Signal, y: Signs) -> Signal:
    return 1.0 - y * y_hat


@loss_hinge(hint="Your hinge_loss adds y y_hat to 1. Subtract it: 1 - y y_hat.")
def hinge_added(y_hat: Signal, y: Signs) -> Signal:
    return np.maximum(0.0, 1.0 + y * y_hat)


@loss_hinge(
    hint="Your hinge_loss has no margin: max(0, -y y_hat) is 0 as soon as the sign is right. It is "
    "max(0, 1 - y y_hat)."
)
def hinge_without_margin(y_hat: Signal, y: Signs) -> Signal:
    return np.maximum(0.0, -y * y_hat)


@loss_hinge(hint="Your hinge_loss does not use the labels. It is max(0, 1 - y y_hat).")
def hinge_without_labels(y_hat: Signal, y: Signs) -> Signal:
    return np.maximum(0.0, 1.0 - y_hat)


@loss_hinge(hint="Your hinge_loss takes the smaller of 0 and 1 - y y_hat. Take the larger.")
def hinge_with_minimum(y_hat: Signal, y: Signs) -> Signal:
    return np.minimum(0.0, 1.0 - y * y_hat)


@loss_hinge(hint="Your hinge_loss is squared. It is max(0, 1 - y y_hat) itself.")
def hinge_squared(y_hat: Signal, y: Signs) -> Signal:
    return np.maximum(0.0, 1.0 - y * y_hat) ** 2


@loss_hinge(
    hint="Your hinge_loss is an absolute value. Who wins by more than 1 has no loss: "
    "max(0, 1 - y y_hat)."
)
def hinge_absolute(y_hat: Signal, y: Signs) -> Signal:
    return np.abs(1.0 - y * y_hat)


@loss_hinge(hint="Your hinge_loss is a mean over the examples. One loss for each of them is due.")
def hinge_mean(y_hat: Signal, y: Signs) -> Any:
    return np.maximum(0.0, 1.0 - y * y_hat).mean()


@loss_hinge(
    hint="Your hinge_loss takes the largest of all with np.max. np.maximum compares entry by entry."
)
def hinge_of_the_worst(y_hat: Signal, y: Signs) -> Any:
    return max(0.0, float(np.max(1.0 - y * y_hat)))


@loss_hinge(hint=_ONE_TRUTH_VALUE)
def hinge_by_python_maximum(y_hat: Any, y: Any) -> Any:
    return max(0.0, 1.0 - y * y_hat)


@loss_hinge(
    hint="np.max takes one array, and its second argument is an axis. np.maximum compares two, entry by "
    "entry."
)
def hinge_by_np_max(y_hat: Any, y: Any) -> Any:
    return np.max(0, 1.0 - y * y_hat)


@loss_hinge(
    hint="Your hinge_loss is 0 as soon as the sign is right. There is a loss until y y_hat is 1: "
    "max(0, 1 - y y_hat)."
)
def hinge_of_the_wrong_alone(y_hat: Signal, y: Signs) -> Signal:
    return np.where(y * y_hat > 0.0, 0.0, np.maximum(0.0, 1.0 - y * y_hat))


@loss_hinge(
    hint="Your hinge_loss takes the sign of y_hat first. How large y_hat is counts: max(0, 1 - y y_hat)."
)
def hinge_of_decisions(y_hat: Signal, y: Signs) -> Signal:
    return np.maximum(0.0, 1.0 - y * np.sign(y_hat))


@loss_hinge(
    hint="Your hinge_loss has the distance |y_hat - y| in it. It is the product that counts: "
    "max(0, 1 - y y_hat)."
)
def hinge_of_distances(y_hat: Signal, y: Signs) -> Signal:
    return np.maximum(0.0, 1.0 - np.abs(y_hat - y))


@right("losses", function="l1_loss")
def l1_by_cases(y_hat: Signal, y: Signal) -> Signal:
    return np.where(y_hat > y, y_hat - y, y - y_hat)


@right("losses", function="l1_loss")
def l1_by_maximum(y_hat: Signal, y: Signal) -> Signal:
    return np.maximum(y_hat, y) - np.minimum(y_hat, y)


@right("losses", function="l1_loss")
def l1_by_a_root(y_hat: Signal, y: Signal) -> Signal:
    return np.sqrt((y_hat - y) ** 2)


@right("losses", function="l2_loss")
def l2_by_a_product(y_hat: Signal, y: Signal) -> Signal:
    return (y - y_hat) * (y - y_hat)


@right("losses", function="l2_loss")
def l2_in_a_loop(y_hat: Signal, y: Signal) -> Signal:
    return np.array([math.pow(p - t, 2) for p, t in zip(y_hat, y, strict=True)])


@right("losses", function="zero_one_loss")
def zero_one_by_where(y_hat: Signal, y: Signal) -> Signal:
    return np.where(y_hat == y, 0.0, 1.0)


@right("losses", function="zero_one_loss")
def zero_one_in_a_loop(y_hat: Signal, y: Signal) -> Signal:
    losses = np.zeros(len(y))
    for i in range(len(y)):
        if y_hat[i] != y[i]:
            losses[i] = 1
    return losses


@right("losses", function="hinge_loss")
def hinge_by_where(y_hat: Signal, y: Signs) -> Signal:
    missing = 1 - y_hat * y
    return np.where(missing > 0, missing, 0)


@right("losses", function="hinge_loss")
def hinge_in_a_loop(y_hat: Signal, y: Signs) -> Signal:
    return np.array([max(0.0, 1.0 - t * p) for p, t in zip(y_hat, y, strict=True)])


@right("losses", function="hinge_loss")
def hinge_by_clip(y_hat: Signal, y: Signs) -> Signal:
    missing = np.ones_like(y_hat)
    missing -= y * y_hat
    return missing.clip(min=0.0)


for _loss in (reference.l1_loss, reference.l2_loss, reference.zero_one_loss, reference.hinge_loss):
    in_single_precision("losses", _loss)


# --- loss_derivatives -----------------------------------------------------------------------------

slope_l1 = partial(wrong, "loss_derivatives", function="l1_derivative")
slope_l2 = partial(wrong, "loss_derivatives", function="l2_derivative")
slope_hinge = partial(wrong, "loss_derivatives", function="hinge_derivative")


@slope_l1(
    hint="The sign of your l1_derivative is wrong. With respect to y_hat the loss rises where y_hat is "
    "above y; you have the derivative with respect to y."
)
def l1_slope_by_y(y_hat: Signal, y: Signal) -> Signal:
    return np.sign(y - y_hat)


@slope_l1(hint="Your l1_derivative is the L1 loss itself. Its slope is 1, -1 or 0.")
def l1_value(y_hat: Signal, y: Signal) -> Signal:
    return np.abs(y_hat - y)


@slope_l1(hint="Your l1_derivative is the difference. The slope of |y_hat - y| is its sign.")
def l1_difference(y_hat: Signal, y: Signal) -> Signal:
    return y_hat - y


@slope_l1(
    hint="Your l1_derivative is never negative. Where y_hat is below y, a larger y_hat lowers the "
    "loss: -1."
)
def l1_slope_of_one(y_hat: Signal, y: Signal) -> Signal:
    return (y_hat != y).astype(np.float64)


@slope_l1(
    hint="Your l1_derivative is 0 where y_hat is below y. There the loss falls with y_hat: -1."
)
def l1_half_of_the_slope(y_hat: Signal, y: Signal) -> Signal:
    return (y_hat > y).astype(np.float64)


@slope_l1(
    hint="Your l1_derivative is divided by the number of examples. Each derivative is that of its own "
    "loss."
)
def l1_slope_of_the_mean(y_hat: Signal, y: Signal) -> Signal:
    return np.sign(y_hat - y) / len(y)


@slope_l1(
    hint="Your l1_derivative is 0 / 0, NaN, where y_hat = y. The slope is 0 there.",
    minor=True,
)
def l1_slope_not_a_number(y_hat: Signal, y: Signal) -> Signal:
    return (y_hat - y) / np.abs(y_hat - y)


@slope_l1(hint="Your l1_derivative is 1 where y_hat = y. The slope is 0 there.", minor=True)
def l1_slope_of_one_at_the_kink(y_hat: Signal, y: Signal) -> Signal:
    return np.where(y_hat >= y, 1.0, -1.0)


@slope_l1(hint="Your l1_derivative is -1 where y_hat = y. The slope is 0 there.", minor=True)
def l1_slope_below_at_the_kink(y_hat: Signal, y: Signal) -> Signal:
    return np.where(y_hat > y, 1.0, -1.0)


@slope_l1(hint="Your l1_derivative is made of whole numbers. float64 is due: .astype(float).")
def l1_slope_of_ints(y_hat: Signal, y: Signal) -> Any:
    return np.sign(y_hat - y).astype(int)


@slope_l1(
    hint="Your l1_derivative is the sign of y_hat. The sign of y_hat - y is due: the loss falls until "
    "y_hat is y."
)
def l1_slope_without_y(y_hat: Signal, y: Signal) -> Signal:
    return np.sign(y_hat)


@slope_l2(hint="The factor 2 is missing in your l2_derivative: 2 (y_hat - y).")
def two_missing(y_hat: Signal, y: Signal) -> Signal:
    return y_hat - y


@slope_l2(
    hint="The sign of your l2_derivative is wrong: 2 (y_hat - y). You have the derivative with respect "
    "to y."
)
def l2_slope_by_y(y_hat: Signal, y: Signal) -> Signal:
    return 2.0 * (y - y_hat)


@slope_l2(
    hint="Your l2_derivative is y - y_hat: that is without the factor 2, and its sign is that of the "
    "derivative with respect to y. It is 2 (y_hat - y)."
)
def two_missing_by_y(y_hat: Signal, y: Signal) -> Signal:
    return y - y_hat


@slope_l2(hint="Your l2_derivative is the loss itself. Its slope is 2 (y_hat - y).")
def l2_value(y_hat: Signal, y: Signal) -> Signal:
    return (y_hat - y) ** 2


@slope_l2(hint="Your l2_derivative is never negative. It is 2 (y_hat - y), not its magnitude.")
def l2_slope_magnitude(y_hat: Signal, y: Signal) -> Signal:
    return 2.0 * np.abs(y_hat - y)


@slope_l2(hint="Your l2_derivative is 2 y_hat. The true y belongs into it: 2 (y_hat - y).")
def l2_slope_without_y(y_hat: Signal, y: Signal) -> Signal:
    return 2.0 * y_hat


@slope_l2(hint="Your l2_derivative is 2 (y_hat - y)^2. The exponent falls by 1: 2 (y_hat - y).")
def l2_exponent_kept(y_hat: Signal, y: Signal) -> Signal:
    return 2.0 * (y_hat - y) ** 2


@slope_l2(
    hint="Your l2_derivative is divided by the number of examples. Each derivative is that of its own "
    "loss."
)
def l2_slope_of_the_mean(y_hat: Signal, y: Signal) -> Signal:
    return 2.0 * (y_hat - y) / len(y)


@slope_hinge(
    hint="The sign of your hinge_derivative is wrong: where y y_hat is below 1, the loss 1 - y y_hat "
    "has slope -y."
)
def hinge_uphill(y_hat: Signal, y: Signs) -> Signal:
    return np.where(y * y_hat < 1.0, y, 0.0)


@slope_hinge(
    hint="Your hinge_derivative is that with respect to y, -y_hat. With respect to y_hat it is -y."
)
def hinge_slope_by_y(y_hat: Signal, y: Signs) -> Signal:
    return np.where(y * y_hat < 1.0, -y_hat, 0.0)


@slope_hinge(
    hint="Your hinge_derivative is -y everywhere. Who wins by more than 1 has the loss 0, and so the "
    "slope 0."
)
def hinge_slope_everywhere(y_hat: Signal, y: Signs) -> Signal:
    return -y.astype(np.float64)


@slope_hinge(
    hint="Your hinge_derivative is 0 where there is a loss, and -y where there is none. The condition "
    "is y y_hat < 1."
)
def hinge_condition_turned(y_hat: Signal, y: Signs) -> Signal:
    return np.where(y * y_hat > 1.0, -y, 0.0)


@slope_hinge(
    hint="Your hinge_derivative is 0 as soon as the sign is right. There is a loss until y y_hat is 1."
)
def hinge_slope_without_margin(y_hat: Signal, y: Signs) -> Signal:
    return np.where(y * y_hat < 0.0, -y, 0.0)


@slope_hinge(
    hint="Your hinge_derivative is -1 for all labels. It is -y: where y = -1, the loss rises with y_hat."
)
def hinge_slope_of_minus_one(y_hat: Signal, y: Signs) -> Signal:
    return np.where(y * y_hat < 1.0, -1.0, 0.0)


@slope_hinge(
    hint="Your hinge_derivative looks at y_hat < 1, without the label. The condition is y y_hat < 1."
)
def hinge_condition_without_label(y_hat: Signal, y: Signs) -> Signal:
    return np.where(y_hat < 1.0, -y, 0.0)


@slope_hinge(
    hint="Your hinge_derivative is right where y = +1, and 0 where y = -1, as if that label were 0."
)
def hinge_slope_of_the_positive(y_hat: Signal, y: Signs) -> Signal:
    return np.where((y > 0) & (y_hat < 1.0), -1.0, 0.0)


@slope_hinge(hint="Your hinge_derivative is the loss itself. Its slope is -y or 0.")
def hinge_value(y_hat: Signal, y: Signs) -> Signal:
    return np.maximum(0.0, 1.0 - y * y_hat)


@slope_hinge(
    hint="Your hinge_derivative keeps y_hat. Where y y_hat is below 1, the loss is 1 - y y_hat, a line in "
    "y_hat: its slope is -y."
)
def hinge_slope_times_prediction(y_hat: Signal, y: Signs) -> Signal:
    return np.where(y * y_hat < 1.0, -y * y_hat, 0.0)


@slope_hinge(
    hint="Your hinge_derivative is made of whole numbers, as y is. float64 is due: .astype(float)."
)
def hinge_slope_of_ints(y_hat: Signal, y: Signs) -> Any:
    return np.where(y * y_hat < 1.0, -y, 0)


@slope_hinge(
    hint="Your hinge_derivative is -y where y y_hat = 1. There the slope is 0: the condition is <, not "
    "<=.",
    minor=True,
)
def hinge_slope_at_the_kink(y_hat: Signal, y: Signs) -> Signal:
    return np.where(y * y_hat <= 1.0, -y, 0.0)


@right("loss_derivatives", function="l1_derivative")
def l1_slope_by_cases(y_hat: Signal, y: Signal) -> Signal:
    return (y_hat > y).astype(float) - (y_hat < y)


@right("loss_derivatives", function="l1_derivative")
def l1_slope_in_a_loop(y_hat: Signal, y: Signal) -> Signal:
    slopes = np.zeros(len(y))
    for i, difference in enumerate(y_hat - y):
        if difference:
            slopes[i] = difference / abs(difference)
    return slopes


@right("loss_derivatives", function="l2_derivative")
def l2_slope_by_sums(y_hat: Signal, y: Signal) -> Signal:
    return -2 * y + 2 * y_hat


@right("loss_derivatives", function="l2_derivative")
def l2_slope_of_magnitude(y_hat: Signal, y: Signal) -> Signal:
    # The chain rule, with |.| inside of the square.
    return 2.0 * np.abs(y_hat - y) * np.sign(y_hat - y)


@right("loss_derivatives", function="hinge_derivative")
def hinge_slope_by_product(y_hat: Signal, y: Signs) -> Signal:
    return np.asarray(-1.0 * y * (1 - y * y_hat > 0))


@right("loss_derivatives", function="hinge_derivative")
def hinge_slope_by_mask(y_hat: Signal, y: Signs) -> Signal:
    slopes = -y.astype(np.float64)
    slopes[reference.hinge_loss(y_hat, y) == 0.0] = 0.0
    return slopes


@right("loss_derivatives", function="hinge_derivative")
def hinge_slope_in_a_loop(y_hat: Signal, y: Signs) -> Signal:
    return np.array([float(-t) if t * p < 1 else 0.0 for p, t in zip(y_hat, y, strict=True)])


for _slope in (reference.l1_derivative, reference.l2_derivative, reference.hinge_derivative):
    in_single_precision("loss_derivatives", _slope)


# --- numerical_derivative -------------------------------------------------------------------------

Machine = Callable[[Any], float]


def _turned(w: Signal, knob: int, by: float) -> Signal:
    turned = w.copy()
    turned[knob] += by
    return turned


@wrong(
    "numerical_derivative",
    hint="You take the forward difference, f(w + step e_i) - f(w) over step. The central one looks at "
    "both sides: f(w + step e_i) - f(w - step e_i) over 2 step.",
)
def forward(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    return (function(_turned(w, knob, step)) - function(w)) / step


@wrong(
    "numerical_derivative",
    hint="You take the backward difference, f(w) - f(w - step e_i) over step. The central one looks at "
    "both sides: f(w + step e_i) - f(w - step e_i) over 2 step.",
)
def backward(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    return (function(w) - function(_turned(w, knob, -step))) / step


@wrong(
    "numerical_derivative",
    hint="You divide by step. The two places are 2 step apart: the result is twice too large.",
)
def divided_by_one_step(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    return 2.0 * reference.numerical_derivative(function, w, knob, step)


@wrong(
    "numerical_derivative",
    hint="You return a difference of two values. Divide it by how far apart the places are, 2 step.",
)
def not_divided(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    return function(_turned(w, knob, step)) - function(_turned(w, knob, -step))


@wrong("numerical_derivative", hint="You divide by 2 alone. The places are 2 step apart.")
def divided_by_two(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    return (function(_turned(w, knob, step)) - function(_turned(w, knob, -step))) / 2.0


@wrong(
    "numerical_derivative",
    hint="Brackets are missing: / 2 * step multiplies with step. Divide by (2 * step).",
)
def multiplied_with_the_step(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    return (function(_turned(w, knob, step)) - function(_turned(w, knob, -step))) / 2.0 * step


@wrong(
    "numerical_derivative",
    hint="You turn the knob by half a step to each side. Turn it by a whole step, and divide by 2 step.",
)
def half_a_step(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    return reference.numerical_derivative(function, w, knob, step / 2.0)


@wrong(
    "numerical_derivative",
    hint="The sign is wrong: you subtract the value on the right from the one on the left.",
)
def turned_round(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    return -reference.numerical_derivative(function, w, knob, step)


@wrong(
    "numerical_derivative",
    hint="You turn the knob before the one that is meant: knobs are counted from 0.",
)
def counted_from_one(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    return reference.numerical_derivative(function, w, knob - 1, step)


@wrong(
    "numerical_derivative",
    hint="You turn the knob after the one that is meant: w here is [w_0, w_1, ...], and its first "
    "entry is knob 0.",
)
def the_next_knob(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    return reference.numerical_derivative(function, w, knob + 1, step)


@wrong("numerical_derivative", hint="You always turn the first knob. Turn the one named by knob.")
def always_the_first(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    return reference.numerical_derivative(function, w, 0, step)


@wrong(
    "numerical_derivative",
    hint="You turn all knobs at once (w + step). Only knob i is turned; the others stay where they are.",
)
def all_knobs(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    return float((function(w + step) - function(w - step)) / (2.0 * step))


@wrong(
    "numerical_derivative",
    hint="You set the knob to step and to -step. It is turned by step from where it stands.",
)
def set_to_the_step(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    there, back = w.copy(), w.copy()
    there[knob], back[knob] = step, -step
    return float((function(there) - function(back)) / (2.0 * step))


@wrong(
    "numerical_derivative",
    hint="All other knobs are 0 in your calls. They stay where they are in w.",
)
def others_at_zero(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    lone = np.zeros_like(w)
    lone[knob] = w[knob]
    return reference.numerical_derivative(function, lone, knob, step)


@wrong(
    "numerical_derivative",
    hint="You turn the knob by a share of its value, step times w_i. Turn it by step.",
)
def relative_step(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    by = abs(w[knob]) * step
    return (function(_turned(w, knob, by)) - function(_turned(w, knob, -by))) / (2.0 * by)


@wrong(
    "numerical_derivative",
    hint="You never use step. Turn the knob by the step that you are given.",
)
def step_ignored(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    return reference.numerical_derivative(function, w, knob, 1e-5)


@wrong(
    "numerical_derivative",
    hint="You return the derivatives with respect to all knobs. The one named by knob is due, a number.",
)
def all_derivatives(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> Any:
    return np.array([reference.numerical_derivative(function, w, i, step) for i in range(len(w))])


@wrong(
    "numerical_derivative",
    hint="You calculate the derivatives with respect to all knobs and return one of them. Two calls of "
    "the function are enough, however many knobs there are.",
    minor=True,
)
def all_calculated(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    found = [reference.numerical_derivative(function, w, i, step) for i in range(len(w))]
    return found[knob]


@wrong(
    "numerical_derivative",
    hint="You turn a knob of w itself. Make a copy, or turn it back.",
    minor=True,
)
def left_turned(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    w[knob] += step
    there = function(w)
    w[knob] -= 2.0 * step
    return (there - function(w)) / (2.0 * step)


@wrong(
    "numerical_derivative",
    hint="Your two values are the same. Did you write there = w? That is another name for the same "
    "array, not a copy: w.copy() is one.",
)
def two_names_for_w(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    there = w
    there[knob] += step
    back = w
    back[knob] -= step
    return (function(there) - function(back)) / (2.0 * step)


@wrong(
    "numerical_derivative",
    hint="Your turn is made of whole numbers, and loses the fraction of step. Make it of floats.",
)
def whole_turn(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    turn = np.zeros(len(w), dtype=int)
    turn[knob] = step
    return (function(w + turn) - function(w - turn)) / (2.0 * step)


@wrong(
    "numerical_derivative",
    hint="The function takes all knobs, an array as long as w, with one of them turned.",
)
def one_knob_alone(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    return (function(w[knob] + step) - function(w[knob] - step)) / (2.0 * step)


@wrong(
    "numerical_derivative",
    hint="You return an array with one number in it. The number itself is due: float(...).",
)
def array_of_one(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> Any:
    return np.array([reference.numerical_derivative(function, w, knob, step)])


@right("numerical_derivative")
def turned_copies(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    return (function(_turned(w, knob, step)) - function(_turned(w, knob, -step))) / (2 * step)


@right("numerical_derivative")
def turned_and_set_back(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    before = w[knob]
    w[knob] = before + step
    there = function(w)
    w[knob] = before - step
    back = function(w)
    w[knob] = before
    return (there - back) / (2 * step)


@right("numerical_derivative")
def by_a_row_of_the_identity(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> Any:
    e = np.eye(len(w))[knob]
    return np.subtract(function(w + step * e), function(w - step * e)) / 2 / step


@right("numerical_derivative")
def by_comparison(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    turn = step * (np.arange(w.size) == knob)
    return 0.5 * function(w + turn) / step - 0.5 * function(w - turn) / step


@right("numerical_derivative")
def in_a_list(function: Machine, w: Signal, knob: int, step: float = 1e-5) -> float:
    values = []
    for sign in (1, -1):
        knobs = w.tolist()
        knobs[knob] += sign * step
        values.append(function(np.array(knobs)))
    return float(np.diff(values[::-1])[0] / (2 * step))


# --- smallest_perceptron: the gradient ------------------------------------------------------------

slope = partial(wrong, "smallest_perceptron", function="smallest_gradient")


@slope(hint="The sign of your smallest_gradient is wrong: dL/dw = -(y - w x) x.")
def smallest_uphill(w: float, x: float, y: float) -> float:
    return (y - w * x) * x


@slope(
    hint="The inner derivative is missing in your smallest_gradient: w x has the derivative x, "
    "dL/dw = -(y - w x) x."
)
def input_missing(w: float, x: float, y: float) -> float:
    return -(y - w * x)


@slope(
    hint="Your smallest_gradient multiplies with w, which is dL/dx. With respect to w, the inner "
    "derivative is x."
)
def slope_by_x(w: float, x: float, y: float) -> float:
    return -(y - w * x) * w


@slope(
    hint="Your smallest_gradient is twice too large: the factor 1/2 in L cancels the 2 of the square."
)
def half_forgotten(w: float, x: float, y: float) -> float:
    return -2.0 * (y - w * x) * x


@slope(
    hint="Your smallest_gradient is half of what it should be. The square's derivative brings a 2, "
    "which cancels the 1/2 in L."
)
def two_forgotten(w: float, x: float, y: float) -> float:
    return -0.5 * (y - w * x) * x


@slope(hint="Your smallest_gradient returns the loss L. Its derivative with respect to w is due.")
def smallest_loss(w: float, x: float, y: float) -> float:
    return 0.5 * (y - w * x) ** 2


@slope(
    hint="Your smallest_gradient keeps the square. The exponent falls by 1: dL/dw = -(y - w x) x."
)
def square_kept(w: float, x: float, y: float) -> float:
    return -((y - w * x) ** 2) * x


@slope(
    hint="Your smallest_gradient has a step size in it. A gradient has none; it comes with the update."
)
def step_size_in_the_gradient(w: float, x: float, y: float) -> float:
    return -0.1 * (y - w * x) * x


@slope(hint="Your smallest_gradient returns a magnitude. The sign says which way is downhill.")
def magnitude_of_the_gradient(w: float, x: float, y: float) -> float:
    return abs((y - w * x) * x)


@slope(hint="Your smallest_gradient forgets the prediction: dL/dw = -(y - w x) x, not -y x.")
def prediction_forgotten(w: float, x: float, y: float) -> float:
    return -y * x


@slope(hint="Your smallest_gradient multiplies with y. The inner derivative, that of w x, is x.")
def times_the_output(w: float, x: float, y: float) -> float:
    return -(y - w * x) * y


@slope(
    hint="Your smallest_gradient returns the weight after an update. The gradient alone is due; the "
    "training takes the step."
)
def weight_after_the_step(w: float, x: float, y: float) -> float:
    return w + (y - w * x) * x


@right("smallest_perceptron", function="smallest_gradient")
def step_by_step(w: float, x: float, y: float) -> float:
    y_hat = w * x
    outer = y_hat - y
    return outer * x


@right("smallest_perceptron", function="smallest_gradient")
def multiplied_out(w: float, x: float, y: float) -> float:
    return w * x**2 - x * y


@right("smallest_perceptron", function="smallest_gradient")
def by_central_differences(w: float, x: float, y: float) -> float:
    # The central difference of a parabola is its derivative.
    def loss(w: float) -> float:
        return 0.5 * (y - w * x) ** 2

    return loss(w + 0.5) - loss(w - 0.5)


@right("smallest_perceptron", function="smallest_gradient")
def gradient_in_single_precision(w: float, x: float, y: float) -> float:
    w_, x_, y_ = map(np.float32, (w, x, y))
    return float((w_ * x_ - y_) * x_)


# --- smallest_perceptron: the training ------------------------------------------------------------

Step = Callable[[float, float, float], float]


def _path(
    x: Signal, y: Signal, w: float, epochs: int, update: Step, *, again: bool = False
) -> Signal:
    """Return the weights on a way: the update takes weight, input and output.

    Parameters
    ----------
    again : begin every epoch with the first weight.
    """
    path = [w]
    for _ in range(epochs):
        now = w if again else path[-1]
        for x_i, y_i in zip(x, y, strict=True):
            now = update(now, x_i, y_i)
            path.append(now)
    return np.array(path)


@wrong(
    "smallest_perceptron",
    function="train_smallest",
    hint="Your train_smallest goes uphill: the gradient points to where the loss grows. Subtract it, "
    "w - learning_rate dL/dw.",
)
def added_gradient(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    return reference.train_smallest(x, y, w, -learning_rate, epochs)


@wrong(
    "smallest_perceptron",
    function="train_smallest",
    hint="Your train_smallest subtracts the whole gradient, as the lecture's first rules do. Multiply it "
    "with learning_rate first.",
)
def step_size_missing(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    return reference.train_smallest(x, y, w, 1.0, epochs)


@wrong(
    "smallest_perceptron",
    function="train_smallest",
    hint="Your train_smallest always steps with 0.1. Use the learning_rate that you are given.",
)
def step_size_fixed(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    return reference.train_smallest(x, y, w, 0.1, epochs)


@wrong(
    "smallest_perceptron",
    function="train_smallest",
    hint="Your train_smallest goes through the examples once, whatever epochs is.",
)
def one_epoch_alone(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    return reference.train_smallest(x, y, w, learning_rate, 1)


@wrong(
    "smallest_perceptron",
    function="train_smallest",
    hint="Your train_smallest always begins at 0. Begin with the w that you are given.",
)
def always_from_zero(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    return reference.train_smallest(x, y, 0.0, learning_rate, epochs)


@wrong(
    "smallest_perceptron",
    function="train_smallest",
    hint="Your train_smallest begins every epoch with the first weight. Go on from where the last epoch "
    "ended.",
)
def begun_again(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    def update(w: float, x: float, y: float) -> float:
        return w - learning_rate * reference.smallest_gradient(w, x, y)

    return _path(x, y, w, epochs, update, again=True)


@wrong(
    "smallest_perceptron",
    function="train_smallest",
    hint="Your train_smallest takes all gradients of an epoch at the weight with which it began. Take "
    "each at the weight as it is after the example before.",
)
def gradients_of_the_beginning(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    path = [w]
    for _ in range(epochs):
        start = path[-1]
        for x_i, y_i in zip(x, y, strict=True):
            slope = reference.smallest_gradient(start, x_i, y_i)
            path.append(path[-1] - learning_rate * slope)
    return np.array(path)


@wrong(
    "smallest_perceptron",
    function="train_smallest",
    hint="Your train_smallest takes one step an epoch, with the gradients of all examples. Take one for "
    "every example.",
)
def one_step_an_epoch(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    path = [w]
    for _ in range(epochs):
        path.append(path[-1] + learning_rate * float(np.sum((y - path[-1] * x) * x)))
    return np.array(path)


@wrong(
    "smallest_perceptron",
    function="train_smallest",
    hint="The weight at the beginning is missing in what your train_smallest returns: there are "
    "epochs * n + 1 weights.",
)
def beginning_left_out(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    return reference.train_smallest(x, y, w, learning_rate, epochs)[1:]


@wrong(
    "smallest_perceptron",
    function="train_smallest",
    hint="Your train_smallest writes a weight down before each update, and so the last one is missing.",
)
def end_left_out(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    path = reference.train_smallest(x, y, w, learning_rate, epochs)
    return path[:-1] if epochs else path


@wrong(
    "smallest_perceptron",
    function="train_smallest",
    hint="Your train_smallest returns the last weight alone. All of them are due, from the beginning on.",
)
def last_weight_alone(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Any:
    return float(reference.train_smallest(x, y, w, learning_rate, epochs)[-1])


@wrong(
    "smallest_perceptron",
    function="train_smallest",
    hint="Your train_smallest writes a weight down after each epoch. One after each update is due.",
)
def one_weight_an_epoch(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    return reference.train_smallest(x, y, w, learning_rate, epochs)[:: len(x)]


@wrong(
    "smallest_perceptron",
    function="train_smallest",
    hint="Your train_smallest returns a list. An array is due.",
)
def a_list(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Any:
    return reference.train_smallest(x, y, w, learning_rate, epochs).tolist()


@wrong(
    "smallest_perceptron",
    function="train_smallest",
    hint="Your train_smallest goes through the examples backwards. Take them in order.",
)
def backwards_through_the_examples(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    return reference.train_smallest(x[::-1], y[::-1], w, learning_rate, epochs)


@wrong(
    "smallest_perceptron",
    function="train_smallest",
    hint="Your train_smallest takes every example several times before it goes on to the next. An epoch "
    "goes through all of them once.",
    minor=True,
)
def loops_exchanged(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    stretched = np.repeat(x, epochs), np.repeat(y, epochs)
    return reference.train_smallest(*stretched, w, learning_rate, 1)


@wrong(
    "smallest_perceptron",
    function="train_smallest",
    hint="Your train_smallest adds up the gradients of all examples so far. Each step is made with the "
    "gradient of its own example alone.",
)
def gradients_added_up(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    path, slope = [w], 0.0
    for _ in range(epochs):
        for x_i, y_i in zip(x, y, strict=True):
            slope += reference.smallest_gradient(path[-1], x_i, y_i)
            path.append(path[-1] - learning_rate * slope)
    return np.array(path)


@wrong(
    "smallest_perceptron",
    function="train_smallest",
    hint="Your train_smallest divides the step size by the number of examples. Every example has a whole "
    "step of its own.",
)
def step_size_shared(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    return reference.train_smallest(x, y, w, learning_rate / len(x), epochs)


@right("smallest_perceptron", function="train_smallest")
def filled_array(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    path = np.empty(epochs * len(x) + 1)
    path[0] = w
    for k in range(epochs * len(x)):
        i = k % len(x)
        error = y[i] - path[k] * x[i]
        path[k + 1] = path[k] + learning_rate * error * x[i]
    return path


@right("smallest_perceptron", function="train_smallest")
def appended_arrays(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    path = np.array([w])
    for _ in range(epochs):
        for i in range(x.shape[0]):
            w -= learning_rate * reference.smallest_gradient(w=w, x=float(x[i]), y=float(y[i]))
            path = np.append(path, w)
    return path


@right("smallest_perceptron", function="train_smallest")
def contracted(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    # Every update is a line in w.
    factors, shifts = 1.0 - learning_rate * x * x, learning_rate * x * y
    path = [w]
    for factor, shift in [*zip(factors, shifts, strict=True)] * epochs:
        path += [factor * path[-1] + shift]
    return np.asarray(path, dtype=float)


@right("smallest_perceptron", function="train_smallest")
def epoch_by_epoch(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    pieces = [np.array([w])]
    for _ in range(epochs):
        piece = reference.train_smallest(x, y, float(pieces[-1][-1]), learning_rate)
        pieces.append(piece[1:])
    return np.concatenate(pieces)


@right("smallest_perceptron", function="train_smallest")
def path_in_single_precision(
    x: Signal, y: Signal, w: float = 0.0, learning_rate: float = 0.1, epochs: int = 1
) -> Signal:
    def update(w: Any, x: Any, y: Any) -> Any:
        return w + np.float32(learning_rate) * (y - w * x) * x

    singles = x.astype(np.float32), y.astype(np.float32)
    return _path(*singles, np.float32(w), epochs, update).astype(np.float64)  # type: ignore[arg-type]


survivor("smallest_perceptron", "train_smallest: True -> False", because=_EQUALLY_MANY)


# --- second_smallest_perceptron: the gradient -----------------------------------------------------

pair = partial(wrong, "second_smallest_perceptron", function="second_smallest_gradient")


@pair(
    hint="Your second_smallest_gradient has x_1 in both of its numbers. dL/dw_2 is -(y - y_hat) x_2: "
    "the second column differentiates with respect to w_2."
)
def first_input_twice(w: Signal, x: Signal, y: float) -> Signal:
    return -(y - w @ x) * np.array([x[0], x[0]])


@pair(hint="The sign of your second_smallest_gradient is wrong: -(y - y_hat) x.")
def pair_uphill(w: Signal, x: Signal, y: float) -> Signal:
    return (y - w @ x) * x


@pair(
    hint="In your second_smallest_gradient each weight has a prediction of its own, w_i x_i. There is "
    "one, y_hat = w_1 x_1 + w_2 x_2, for both."
)
def prediction_of_each(w: Signal, x: Signal, y: float) -> Signal:
    return -(y - w * x) * x


@pair(
    hint="Your second_smallest_gradient multiplies with w. The derivative of w_i x_i with respect to "
    "w_i is x_i."
)
def pair_by_x(w: Signal, x: Signal, y: float) -> Signal:
    return -(y - w @ x) * w


@pair(
    hint="Your second_smallest_gradient exchanges the inputs: dL/dw_1 has x_1, and dL/dw_2 has x_2."
)
def inputs_exchanged(w: Signal, x: Signal, y: float) -> Signal:
    return -(y - w @ x) * x[::-1]


@pair(hint="The inputs are missing in your second_smallest_gradient: dL/dw_i = -(y - y_hat) x_i.")
def inputs_missing(w: Signal, x: Signal, y: float) -> Signal:
    return -(y - w @ x) * np.ones(2)


@pair(
    hint="Your second_smallest_gradient is twice too large: the factor 1/2 in L cancels the 2 of the "
    "square."
)
def pair_half_forgotten(w: Signal, x: Signal, y: float) -> Signal:
    return -2.0 * (y - w @ x) * x


@pair(
    hint="Your second_smallest_gradient has a step size in it. A gradient has none; it comes with the "
    "update."
)
def pair_with_a_step_size(w: Signal, x: Signal, y: float) -> Signal:
    return -0.1 * (y - w @ x) * x


@pair(
    hint="Your second_smallest_gradient returns one number, the sum over both weights. The gradient has "
    "two, (2,)."
)
def summed_up(w: Signal, x: Signal, y: float) -> Any:
    return float((-(y - w @ x) * x).sum())


@pair(
    hint="Your second_smallest_gradient steps with w_1 before it takes dL/dw_2. Both are derivatives at "
    "the same w."
)
def second_after_a_step(w: Signal, x: Signal, y: float) -> Signal:
    first = -(y - w @ x) * x[0]
    moved = w - 0.1 * np.array([first, 0.0])
    return np.array([first, -(y - moved @ x) * x[1]])


@pair(
    hint="Your second_smallest_gradient keeps the square. The exponent falls by 1: -(y - y_hat) x."
)
def pair_square_kept(w: Signal, x: Signal, y: float) -> Signal:
    return -((y - w @ x) ** 2) * x


@pair(hint="The inputs are missing in your second_smallest_gradient: dL/dw_i = -(y - y_hat) x_i.")
def inputs_missing_in_a_number(w: Signal, x: Signal, y: float) -> Any:
    return float(-(y - w @ x))


@pair(hint="Your second_smallest_gradient returns a tuple. An array is due: np.array([...]).")
def gradient_in_a_tuple(w: Signal, x: Signal, y: float) -> Any:
    first, second = reference.second_smallest_gradient(w, x, y)
    return float(first), float(second)


@pair(
    hint="Your second_smallest_gradient writes into x or w. Leave them as they are.",
    minor=True,
)
def gradient_in_place(w: Signal, x: Signal, y: float) -> Signal:
    error = y - w @ x
    x *= -error
    return x.copy()


@right("second_smallest_perceptron", function="second_smallest_gradient")
def two_numbers(w: Signal, x: Signal, y: float) -> Signal:
    y_hat = w[0] * x[0] + w[1] * x[1]
    return np.array([-(y - y_hat) * x[0], -(y - y_hat) * x[1]])


@right("second_smallest_perceptron", function="second_smallest_gradient")
def pair_by_einsum(w: Signal, x: Signal, y: float) -> Signal:
    return np.einsum("i,j,j->i", x, x, w) - y * x


@right("second_smallest_perceptron", function="second_smallest_gradient")
def pair_by_differences(w: Signal, x: Signal, y: float) -> Signal:
    def loss(w: Any) -> float:
        return 0.5 * float(y - w @ x) ** 2

    return np.array([reference.numerical_derivative(loss, w, i, 0.5) for i in range(2)])


@right("second_smallest_perceptron", function="second_smallest_gradient")
def pair_by_a_product(w: Signal, x: Signal, y: float) -> Signal:
    return np.multiply(np.dot(x, w) - y, x)


in_single_precision("second_smallest_perceptron", reference.second_smallest_gradient)


# --- second_smallest_perceptron: the training -----------------------------------------------------

train = partial(wrong, "second_smallest_perceptron", function="train_second_smallest")
Walk = tuple[Any, Any]
Orders = Callable[[Rng, int, int], Any]


def _permutations(rng: Rng, n: int, epochs: int) -> list[Any]:
    return [rng.permutation(n) for _ in range(epochs)]


def _walk(
    X: Vectors,
    y: Signal,
    w: Signal,
    rng: Rng,
    learning_rate: float,
    epochs: int,
    *,
    orders: Orders = _permutations,
    later: bool = False,
    again: bool = False,
    first_first: bool = False,
) -> Walk:
    """Train, with some things done otherwise.

    Parameters
    ----------
    orders : gives the order of the examples in every epoch.
    later : write the loss down after the update instead of before.
    again : begin every epoch with the first weights.
    first_first : move w_1 before the gradient of w_2 is taken.
    """
    losses, start = [], w
    for order in orders(rng, len(X), epochs):
        w = start if again else w
        for i in order:
            loss = 0.5 * (y[i] - w @ X[i]) ** 2
            step = learning_rate * reference.second_smallest_gradient(w, X[i], y[i])
            if first_first:
                moved = w - step * [1.0, 0.0]
                step[1] = learning_rate * reference.second_smallest_gradient(moved, X[i], y[i])[1]
            w = w - step
            losses.append(0.5 * (y[i] - w @ X[i]) ** 2 if later else loss)
    return w.copy(), np.array(losses)


@train(
    hint="Your train_second_smallest goes uphill: subtract the gradient, w - learning_rate dL/dw. One of "
    "the lecture's rules has a plus there."
)
def pair_climbing(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    return _walk(X, y, w, rng, -learning_rate, epochs)


@train(
    hint="Your train_second_smallest subtracts the whole gradient. Multiply it with learning_rate first."
)
def pair_without_step_size(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    return _walk(X, y, w, rng, 1.0, epochs)


@train(
    hint="Your train_second_smallest always steps with 0.1. Use the learning_rate that you are given."
)
def pair_step_size_fixed(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    return _walk(X, y, w, rng, 0.1, epochs)


@train(
    hint="Your train_second_smallest moves w_1 before it takes the gradient of w_2. Both belong to the "
    "same w: first the gradient, then the step."
)
def one_weight_first(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    return _walk(X, y, w, rng, learning_rate, epochs, first_first=True)


@train(
    hint="Your train_second_smallest takes the examples in the order in which they come. The order of an "
    "epoch is rng.permutation(n)."
)
def in_the_given_order(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    def orders(_: Rng, n: int, epochs: int) -> Any:
        return [np.arange(n)] * epochs

    return _walk(X, y, w, rng, learning_rate, epochs, orders=orders)


@train(
    hint="Your train_second_smallest shuffles once, before the first epoch. Every epoch has a "
    "permutation of its own.",
)
def shuffled_once(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    def orders(rng: Rng, n: int, epochs: int) -> Any:
        return [rng.permutation(n)] * epochs

    return _walk(X, y, w, rng, learning_rate, epochs, orders=orders)


@train(
    hint="Your train_second_smallest draws every example anew, so that some come twice in an epoch and "
    "others not at all. Go through rng.permutation(n)."
)
def drawn_with_replacement(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    def orders(rng: Rng, n: int, epochs: int) -> Any:
        return [[rng.integers(n) for _ in range(n)] for _ in range(epochs)]

    return _walk(X, y, w, rng, learning_rate, epochs, orders=orders)


@train(
    hint="Your train_second_smallest takes one random example an epoch. An epoch goes through all of "
    "them."
)
def one_example_an_epoch(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    def orders(rng: Rng, n: int, epochs: int) -> Any:
        return [rng.permutation(n)[:1] for _ in range(epochs)]

    return _walk(X, y, w, rng, learning_rate, epochs, orders=orders)


@train(
    hint="Your train_second_smallest shuffles the inputs and not the outputs, and so nobody has the right "
    "y. Take both by the same index."
)
def outputs_in_another_order(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    losses = []
    for _ in range(epochs):
        for k, i in enumerate(rng.permutation(len(X))):
            losses.append(0.5 * (y[k] - w @ X[i]) ** 2)
            w = w - learning_rate * reference.second_smallest_gradient(w, X[i], y[k])
    return w, np.array(losses)


@train(
    hint="Your train_second_smallest goes through the examples once, whatever epochs is.",
)
def pair_one_epoch_alone(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    return _walk(X, y, w, rng, learning_rate, 1)


@train(
    hint="Your train_second_smallest begins every epoch with the first weights. Go on from where the last "
    "epoch ended.",
)
def pair_begun_again(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    return _walk(X, y, w, rng, learning_rate, epochs, again=True)


@train(
    hint="Your train_second_smallest takes one gradient for all examples of an epoch. Take a step for "
    "every example, with the gradient at the w of that moment."
)
def one_gradient_an_epoch(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    losses: list[float] = []
    for _ in range(epochs):
        errors = (y - X @ w)[rng.permutation(len(X))]
        losses += list(0.5 * errors**2)
        w = w + learning_rate * X.T @ (y - X @ w)
    return w, np.array(losses)


@train(
    hint="The losses of your train_second_smallest are taken after the updates. Take each before its "
    "update.",
    minor=True,
)
def losses_after_the_updates(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    return _walk(X, y, w, rng, learning_rate, epochs, later=True)


@train(
    hint="The losses of your train_second_smallest lack their square, as on one of the slides: "
    "L = 1/2 (y - y_hat)^2.",
    minor=True,
)
def losses_without_square(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    losses = []
    for _ in range(epochs):
        for i in rng.permutation(len(X)):
            losses.append(0.5 * (y[i] - w @ X[i]))
            w = w - learning_rate * reference.second_smallest_gradient(w, X[i], y[i])
    return w, np.array(losses)


@train(
    hint="The factor 1/2 is missing in the losses of your train_second_smallest.",
    minor=True,
)
def losses_without_half(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    w, losses = _walk(X, y, w, rng, learning_rate, epochs)
    return w, 2.0 * losses


@train(
    hint="The losses of your train_second_smallest are one for each epoch. There is one for every update.",
    minor=True,
)
def losses_by_epochs(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    w, losses = _walk(X, y, w, rng, learning_rate, epochs)
    return w, losses.reshape(epochs, len(X)).mean(axis=1)


@train(
    hint="The losses of your train_second_smallest lie in the order of the examples. They are due in the "
    "order of the updates.",
    minor=True,
)
def losses_by_examples(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    losses = np.zeros((epochs, len(X)))
    for epoch in range(epochs):
        for i in rng.permutation(len(X)):
            losses[epoch, i] = 0.5 * (y[i] - w @ X[i]) ** 2
            w = w - learning_rate * reference.second_smallest_gradient(w, X[i], y[i])
    return w, losses.ravel()


@train(
    hint="Your train_second_smallest returns the losses first. The weights come first, then the losses.",
)
def losses_first(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    return _walk(X, y, w, rng, learning_rate, epochs)[::-1]


@train(
    hint="Your train_second_smallest moves the weights that it is given (w -= ...). Begin with a copy, "
    "or write w = w - ....",
    minor=True,
)
def weights_in_place(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    losses = []
    for _ in range(epochs):
        for i in rng.permutation(len(X)):
            losses.append(0.5 * (y[i] - w @ X[i]) ** 2)
            w -= learning_rate * reference.second_smallest_gradient(w, X[i], y[i])
    return w, np.array(losses)


_SHUFFLED_IN_PLACE = (
    "Your train_second_smallest shuffles the arrays that it is given: they stay changed, and an x no "
    "longer belongs to its y. Take both by the same index, from rng.permutation(n)."
)


@train(hint=_SHUFFLED_IN_PLACE)
def inputs_shuffled_in_place(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    def orders(rng: Rng, n: int, epochs: int) -> Any:
        for _ in range(epochs):
            rng.shuffle(X)
            yield range(n)

    return _walk(X, y, w, rng, learning_rate, epochs, orders=orders)


@train(hint=_SHUFFLED_IN_PLACE)
def both_shuffled_in_place(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    def orders(rng: Rng, n: int, epochs: int) -> Any:
        for _ in range(epochs):
            rng.shuffle(X)
            rng.shuffle(y)
            yield range(n)

    return _walk(X, y, w, rng, learning_rate, epochs, orders=orders)


@train(
    hint="Your train_second_smallest has orders of its own: those of rng.choice, say. The order of each "
    "epoch is rng.permutation(n)."
)
def chosen_without_replacement(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    def orders(rng: Rng, n: int, epochs: int) -> Any:
        return [rng.choice(n, n, replace=False) for _ in range(epochs)]

    return _walk(X, y, w, rng, learning_rate, epochs, orders=orders)


@train(
    hint="Your train_second_smallest makes a generator of its own. Ask the rng that you are given."
)
def own_generator(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    return _walk(X, y, w, np.random.default_rng(0), learning_rate, epochs)


@train(
    hint="Your train_second_smallest records the errors y - y_hat. The losses are due, "
    "1/2 (y - y_hat)^2.",
    minor=True,
)
def errors_for_losses(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    errors = []
    for _ in range(epochs):
        for i in rng.permutation(len(X)):
            errors.append(y[i] - w @ X[i])
            w = w - learning_rate * reference.second_smallest_gradient(w, X[i], y[i])
    return w.copy(), np.array(errors)


@train(
    hint="Your train_second_smallest returns the losses as a list. An array is due: np.array(losses).",
    minor=True,
)
def losses_in_a_list(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    w, losses = _walk(X, y, w, rng, learning_rate, epochs)
    return w, losses.tolist()


@right("second_smallest_perceptron", function="train_second_smallest")
def shuffled_indices(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    w, losses = w.copy(), np.zeros(0)
    for _ in range(epochs):
        order = np.arange(len(X))
        rng.shuffle(order)
        for i in order:
            error = y[i] - np.sum(w * X[i])
            losses = np.append(losses, error**2 / 2)
            w += learning_rate * error * X[i]
    return w, losses


@right("second_smallest_perceptron", function="train_second_smallest")
def two_names(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    w_1, w_2 = w
    losses = np.empty((epochs, len(y)))
    for epoch in range(epochs):
        for k, i in enumerate(rng.permutation(len(y))):
            (x_1, x_2), error = X[i], y[i] - w_1 * X[i, 0] - w_2 * X[i, 1]
            losses[epoch, k] = 0.5 * error * error
            w_1, w_2 = w_1 + learning_rate * error * x_1, w_2 + learning_rate * error * x_2
    return np.array([w_1, w_2]), losses.reshape(-1)


@right("second_smallest_perceptron", function="train_second_smallest")
def shuffled_pairs(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    losses = []
    weights = np.array(w, dtype=float)
    for _ in range(epochs):
        order = rng.permutation(X.shape[0])
        for x_i, y_i in zip(X[order], y[order], strict=True):
            losses += [0.5 * (y_i - x_i @ weights) ** 2]
            weights = weights - learning_rate * reference.second_smallest_gradient(
                w=weights, x=x_i, y=float(y_i)
            )
    return weights, np.array(losses, dtype=np.float64)


@right("second_smallest_perceptron", function="train_second_smallest")
def orders_drawn_before(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    order = [i for _ in range(epochs) for i in rng.permutation(len(X))]
    return _walk(X, y, w, rng, learning_rate, 1, orders=lambda *_: [order])


@right("second_smallest_perceptron", function="train_second_smallest")
def walk_in_single_precision(
    X: Any, y: Any, w: Any, rng: Rng, learning_rate: float = 0.1, epochs: int = 1
) -> Walk:
    X, y, w = (values.astype(np.float32) for values in (X, y, w))
    weights, losses = _walk(X, y, w, rng, learning_rate, epochs)
    return weights.astype(np.float64), losses.astype(np.float64)


# --- count_parameters -----------------------------------------------------------------------------

Counts = tuple[Any, Any, Any]


@wrong(
    "count_parameters", hint="You count the inputs as neurons. They calculate nothing: sizes[1:]."
)
def inputs_as_neurons(sizes: Sequence[int]) -> Counts:
    _, weights, parameters = reference.count_parameters(sizes)
    return sum(sizes), weights, parameters


@wrong(
    "count_parameters",
    hint="You count the inputs as neurons and give each of them a bias. They calculate nothing: neurons "
    "and biases begin with sizes[1].",
)
def inputs_with_biases(sizes: Sequence[int]) -> Counts:
    weights = reference.count_parameters(sizes)[1]
    return sum(sizes), weights, weights + sum(sizes)


@wrong(
    "count_parameters",
    hint="Inputs have no bias. The parameters are the weights, and a bias for each neuron.",
)
def biases_of_inputs(sizes: Sequence[int]) -> Counts:
    neurons, weights, _ = reference.count_parameters(sizes)
    return neurons, weights, weights + sum(sizes)


@wrong(
    "count_parameters",
    hint="The biases are missing in your number of parameters: every neuron has one.",
)
def biases_forgotten(sizes: Sequence[int]) -> Counts:
    neurons, weights, _ = reference.count_parameters(sizes)
    return neurons, weights, weights


@wrong(
    "count_parameters",
    hint="You count one bias for each layer. Every neuron has its own.",
)
def a_bias_for_each_layer(sizes: Sequence[int]) -> Counts:
    neurons, weights, _ = reference.count_parameters(sizes)
    return neurons, weights, weights + len(sizes) - 1


@wrong(
    "count_parameters",
    hint="You count the constant input 1 of each layer as a neuron. It only stands for the biases.",
)
def biases_as_neurons(sizes: Sequence[int]) -> Counts:
    neurons, weights, parameters = reference.count_parameters(sizes)
    return neurons + len(sizes) - 1, weights, parameters


@wrong(
    "count_parameters",
    hint="You count the biases among the weights. The weights are the edges alone.",
)
def biases_among_the_weights(sizes: Sequence[int]) -> Counts:
    neurons, _, parameters = reference.count_parameters(sizes)
    return neurons, parameters, parameters


@wrong(
    "count_parameters",
    hint="You count the biases among the weights, and then once more.",
)
def biases_counted_twice(sizes: Sequence[int]) -> Counts:
    neurons, _, parameters = reference.count_parameters(sizes)
    return neurons, parameters, parameters + neurons


@wrong(
    "count_parameters",
    hint="You multiply all sizes. Weights connect neighbouring layers: add up the products of neighbours.",
)
def product_of_all(sizes: Sequence[int]) -> Counts:
    neurons, weights = sum(sizes[1:]), math.prod(sizes)
    return neurons, weights, weights + neurons


@wrong(
    "count_parameters",
    hint="You add the sizes of two layers. Between them there are as many weights as their product.",
)
def sums_of_neighbours(sizes: Sequence[int]) -> Counts:
    neurons = sum(sizes[1:])
    weights = sum(before + after for before, after in pairwise(sizes))
    return neurons, weights, weights + neurons


@wrong(
    "count_parameters",
    hint="You leave the weights of the last layer out. Every layer after the inputs has weights.",
)
def last_layer_forgotten(sizes: Sequence[int]) -> Counts:
    neurons = sum(sizes[1:])
    weights = sum(before * after for before, after in pairwise(sizes[:-1]))
    return neurons, weights, weights + neurons


@wrong(
    "count_parameters",
    hint="You leave the weights of the first layer out. The inputs are connected, too.",
)
def first_layer_forgotten(sizes: Sequence[int]) -> Counts:
    neurons = sum(sizes[1:])
    weights = sum(before * after for before, after in pairwise(sizes[1:]))
    return neurons, weights, weights + neurons


@wrong(
    "count_parameters",
    hint="You do not count the neurons of the last layer. The outputs are neurons as well, with a bias "
    "each.",
)
def outputs_forgotten(sizes: Sequence[int]) -> Counts:
    weights = reference.count_parameters(sizes)[1]
    return sum(sizes[1:-1]), weights, weights + sum(sizes[1:-1])


@wrong(
    "count_parameters",
    hint="You count the hidden neurons alone. The outputs are neurons as well: sizes[1:].",
)
def hidden_neurons_alone(sizes: Sequence[int]) -> Counts:
    _, weights, parameters = reference.count_parameters(sizes)
    return sum(sizes[1:-1]), weights, parameters


@wrong(
    "count_parameters",
    hint="The biases of the output layer are missing in your number of parameters: every neuron has one.",
)
def biases_of_hidden_layers(sizes: Sequence[int]) -> Counts:
    neurons, weights, _ = reference.count_parameters(sizes)
    return neurons, weights, weights + sum(sizes[1:-1])


@wrong(
    "count_parameters",
    hint="You connect every layer with all layers after it. Layers are connected with the next one alone.",
)
def all_layers_connected(sizes: Sequence[int]) -> Counts:
    neurons = sum(sizes[1:])
    weights = sum(sizes[i] * sum(sizes[i + 1 :]) for i in range(len(sizes)))
    return neurons, weights, weights + neurons


@wrong(
    "count_parameters",
    hint="You count layers instead of neurons. Add up their sizes.",
)
def layers_for_neurons(sizes: Sequence[int]) -> Counts:
    _, weights, parameters = reference.count_parameters(sizes)
    return len(sizes) - 1, weights, parameters


@wrong(
    "count_parameters",
    hint="The order of your numbers is another one: neurons, weights, parameters.",
)
def parameters_first(sizes: Sequence[int]) -> Counts:
    return reference.count_parameters(sizes)[::-1]


@right("count_parameters")
def counted_in_a_loop(sizes: Sequence[int]) -> Counts:
    neurons = weights = 0
    for layer in range(1, len(sizes)):
        neurons += sizes[layer]
        weights += sizes[layer - 1] * sizes[layer]
    return neurons, weights, neurons + weights


@right("count_parameters")
def counted_with_arrays(sizes: Sequence[int]) -> Counts:
    layers = np.array(sizes)
    weights = layers[:-1] @ layers[1:]
    return layers[1:].sum(), weights, weights + layers[1:].sum()


@right("count_parameters")
def counted_with_the_bias_as_an_input(sizes: Sequence[int]) -> Counts:
    parameters = sum((a + 1) * b for a, b in pairwise(sizes))
    neurons = sum(sizes) - sizes[0]
    return neurons, parameters - neurons, parameters


@right("count_parameters")
def counted_in_matrices(sizes: Sequence[int]) -> Counts:
    # Matrices of one number, which take no memory.
    W = [np.broadcast_to(0.0, (after, before)) for before, after in pairwise(sizes)]
    neurons = sum(matrix.shape[0] for matrix in W)
    weights = sum(matrix.size for matrix in W)
    return neurons, weights, weights + neurons


@right("count_parameters")
def counted_recursively(sizes: Sequence[int]) -> Counts:
    if len(sizes) < 2:
        return 0, 0, 0
    neurons, weights, parameters = counted_recursively(sizes[1:])
    first, second = sizes[0], sizes[1]
    return neurons + second, weights + first * second, parameters + (first + 1) * second


# --- perceptron_rule ------------------------------------------------------------------------------

Learned = tuple[Any, Any]
_MOST_EPOCHS = 1000


def _learned(
    X: Vectors,
    y: Signs,
    epochs: int,
    *,
    mistake: Callable[[float, int], bool] = lambda a, label: label * a <= 0.0,
    update: Callable[[Any, int], Any] = lambda x, label: label * x,
    order: Callable[[int], Any] = range,
    stop: bool = True,
    again: bool = False,
    batch: bool = False,
    start: float = 0.0,
) -> Learned:
    """Train by the rule, with some things done otherwise.

    Parameters
    ----------
    mistake : says whether a total input is one, given the label.
    update : what is added to w; it takes (1, x_1, ..., x_d) and the label.
    order : the indices of an epoch.
    stop : end with an epoch without mistakes.
    again : begin every epoch at 0.
    batch : look for the mistakes of an epoch with the weights with which it began.
    start : the weights to begin with.
    """
    inputs = np.hstack([np.ones((len(X), 1)), X])
    w = np.full(inputs.shape[1], start)
    mistakes: list[int] = []
    for _ in range(epochs):
        before = w = np.zeros_like(w) if again else w
        count = 0
        for i in order(len(X)):
            if mistake(float((before if batch else w) @ inputs[i]), y[i]):
                w = w + update(inputs[i], y[i])
                count += 1
        mistakes.append(count)
        if stop and count == 0:
            break
    return w, np.array(mistakes)


@wrong(
    "perceptron_rule",
    hint="A total input of 0 counts as right in your rule (< for <=). With weights of 0 there is no "
    "mistake then, and nothing is learned.",
)
def zero_is_right(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, mistake=lambda a, label: label * a < 0.0)


@wrong(
    "perceptron_rule",
    hint="A total input of 0 counts as -1 in your rule. It is a mistake whatever the label is: "
    "y a <= 0.",
)
def zero_is_negative(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, mistake=lambda a, label: (1 if a > 0.0 else -1) != label)


@wrong(
    "perceptron_rule",
    hint="A total input of 0 counts as +1 in your rule. It is a mistake whatever the label is: "
    "y a <= 0.",
)
def zero_is_positive(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, mistake=lambda a, label: (1 if a >= 0.0 else -1) != label)


@wrong(
    "perceptron_rule",
    hint="Your rule updates the weights for examples that are right already. Only mistakes change them.",
)
def every_example_updates(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    inputs = np.hstack([np.ones((len(X), 1)), X])
    w = np.zeros(inputs.shape[1])
    mistakes: list[int] = []
    while len(mistakes) < epochs and (not mistakes or mistakes[-1]):
        mistakes.append(0)
        for x, label in zip(inputs, y, strict=True):
            mistakes[-1] += int(label * (w @ x) <= 0.0)
            w = w + label * x
    return w, np.array(mistakes)


@wrong(
    "perceptron_rule",
    hint="Your rule treats every example as a mistake. Only where y a <= 0 are the weights changed, and "
    "only that is counted.",
)
def everything_is_a_mistake(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, mistake=lambda a, label: True)


@wrong(
    "perceptron_rule",
    hint="Your rule asks for a margin, as the hinge loss does (y a < 1). A mistake is y a <= 0.",
)
def with_a_margin(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, mistake=lambda a, label: label * a < 1.0)


def _by_errors(
    X: Vectors,
    y: Signs,
    epochs: int,
    error: Callable[[float, int], float],
    mistake: Callable[[float, int], bool] = lambda a, label: label * a <= 0.0,
    start: Any = 0.0,
) -> Learned:
    """Train with updates error (1, x_1, ..., x_d), for mistakes alone."""
    inputs = np.hstack([np.ones((len(X), 1)), X])
    w = np.zeros(inputs.shape[1]) + start
    mistakes: list[int] = []
    while len(mistakes) < epochs and (not mistakes or mistakes[-1]):
        mistakes.append(0)
        for x, label in zip(inputs, y, strict=True):
            a = float(w @ x)
            if mistake(a, label):
                w = w + error(a, label) * x
                mistakes[-1] += 1
    return w, np.array(mistakes)


@wrong(
    "perceptron_rule",
    hint="Your update is (y - a) (1, x_1, ..., x_d), the step of the squared error. Rosenblatt's does not "
    "depend on how large a is: y (1, x_1, ..., x_d).",
)
def delta_rule(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _by_errors(X, y, epochs, lambda a, label: label - a)


@wrong(
    "perceptron_rule",
    hint="Your update has the factor y minus the decision, which is 2 or -2, or is 0 where a is 0 and the "
    "decision happens to be right. Add y (1, x_1, ..., x_d).",
)
def update_by_decisions(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _by_errors(X, y, epochs, lambda a, label: label - (1 if a > 0.0 else -1))


@wrong(
    "perceptron_rule",
    hint="Your update is (y - sign(a)) (1, x_1, ..., x_d): twice too large, except where a is 0. Add "
    "y (1, x_1, ..., x_d).",
)
def update_by_signs(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _by_errors(X, y, epochs, lambda a, label: float(label - np.sign(a)))


@wrong(
    "perceptron_rule",
    hint="Your decisions are 0 and 1, and the labels -1 and +1: an example labelled -1 is never right.",
)
def decisions_of_zero_and_one(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    def decision(a: float) -> int:
        return 1 if a > 0.0 else 0

    return _by_errors(
        X, y, epochs, lambda a, label: label - decision(a), lambda a, label: decision(a) != label
    )


@wrong("perceptron_rule", hint="Your weights begin at random. They begin at 0.")
def begun_at_random(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    start = np.random.default_rng(0).normal(size=X.shape[1] + 1)
    return _by_errors(X, y, epochs, lambda a, label: label, start=start)


_NUMBERS_OF_THE_UPDATE = (
    "w has d + 1 numbers and an x has d: the constant 1 comes before it, np.append(1.0, x). (Times a "
    "whole number, a list is repeated, [1, *x] as well: make it an array.)"
)


@wrong("perceptron_rule", hint=_NUMBERS_OF_THE_UPDATE)
def list_times_label(X: Any, y: Any, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, update=lambda x, label: int(label) * x.tolist())


@wrong("perceptron_rule", hint=_NUMBERS_OF_THE_UPDATE)
def update_without_the_constant(X: Any, y: Any, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, update=lambda x, label: label * x[1:])


@wrong(
    "perceptron_rule",
    hint="Your numbers of mistakes are floats. Whole numbers are due: np.zeros makes floats unless told "
    "dtype=int.",
    minor=True,
)
def mistakes_as_floats(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    w, mistakes = _learned(X, y, epochs)
    return w, mistakes.astype(np.float64)


@wrong(
    "perceptron_rule",
    hint="Your numbers of mistakes are added up from epoch to epoch. Each epoch has its own.",
)
def mistakes_so_far(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    w, mistakes = _learned(X, y, epochs)
    return w, np.cumsum(mistakes)


@wrong(
    "perceptron_rule",
    hint="You stop one epoch too late: there are at most `epochs` of them.",
    minor=True,
)
def one_epoch_too_many(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs + 1)


@wrong(
    "perceptron_rule",
    hint="Your rule updates when an example is right, and not when it is a mistake.",
)
def right_ones_update(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, mistake=lambda a, label: label * a >= 0.0)


@wrong(
    "perceptron_rule",
    hint="Your update forgets the label. It adds y (1, x_1, ..., x_d): a mistake with label -1 is "
    "subtracted.",
)
def label_forgotten(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, update=lambda x, _: x)


@wrong(
    "perceptron_rule",
    hint="The sign of your update is wrong: w <- w + y (1, x_1, ..., x_d).",
)
def pushed_away(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, update=lambda x, label: -label * x)


@wrong(
    "perceptron_rule",
    hint="Your update is twice as large as it should be: (y - y_hat) is 2 or -2 for a mistake. Add "
    "y (1, x_1, ..., x_d).",
)
def twice_the_update(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, update=lambda x, label: 2.0 * label * x)


@wrong(
    "perceptron_rule",
    hint="Your update has a step size. Rosenblatt's rule here has none: w <- w + y (1, x_1, ..., x_d).",
)
def with_a_step_size(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, update=lambda x, label: 0.1 * label * x)


@wrong(
    "perceptron_rule",
    hint="Your bias never changes. It is the weight of an input that is always 1: add y to it.",
)
def bias_never_moves(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, update=lambda x, label: label * x * (np.arange(len(x)) > 0))


@wrong(
    "perceptron_rule",
    hint="Your total input has no bias in it, though the update changes the bias.",
)
def total_without_bias(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    w = np.zeros(X.shape[1] + 1)
    mistakes: list[int] = []
    while len(mistakes) < epochs and (not mistakes or mistakes[-1]):
        mistakes.append(0)
        for x, label in zip(X, y, strict=True):
            if label * (w[1:] @ x) <= 0.0:
                w = w + label * np.append(1.0, x)
                mistakes[-1] += 1
    return w, np.array(mistakes)


@wrong(
    "perceptron_rule",
    hint="The bias is the last of your weights. It comes first: w_0 is the weight of the constant 1.",
)
def learned_bias_last(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    w, mistakes = _learned(X, y, epochs)
    return np.roll(w, -1), mistakes


@wrong(
    "perceptron_rule",
    hint="Your rule takes all mistakes of an epoch with the weights of its beginning. Change them after "
    "every mistake, before you look at the next example.",
)
def one_update_an_epoch(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, batch=True)


@wrong(
    "perceptron_rule",
    hint="Every epoch of yours begins at 0. The weights go on from one epoch to the next.",
)
def weights_reset(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, again=True)


@wrong(
    "perceptron_rule",
    hint="You go through the examples backwards. Take them in order.",
)
def examples_backwards(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, order=lambda n: range(n)[::-1])


@wrong(
    "perceptron_rule",
    hint="You shuffle the examples. Take them in order.",
)
def examples_shuffled(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, order=np.random.default_rng(0).permutation)


@wrong(
    "perceptron_rule",
    hint="You go through all epochs although one was without a mistake. That one is the last.",
)
def never_done(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, stop=False)


@wrong(
    "perceptron_rule",
    hint="The last epoch, the one without a mistake, is missing in your numbers. It counts as well: 0.",
)
def last_epoch_missing(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    w, mistakes = _learned(X, y, epochs)
    return w, mistakes[mistakes > 0]


@wrong(
    "perceptron_rule",
    hint="You stop at the first example that is right. An epoch goes through all examples, and one "
    "without a mistake is the last.",
)
def stopped_at_the_first_right_one(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    inputs = np.hstack([np.ones((len(X), 1)), X])
    w, mistakes = np.zeros(inputs.shape[1]), []
    for _ in range(epochs):
        count = 0
        for x, label in zip(inputs, y, strict=True):
            if label * (w @ x) > 0.0:
                break
            w = w + label * x
            count += 1
        mistakes.append(count)
        if count == 0:
            break
    return w, np.array(mistakes)


@wrong(
    "perceptron_rule",
    hint="You do not stop after `epochs` epochs. There are at most so many: where no plane separates the "
    "examples, the rule never ends by itself.",
)
def no_limit(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, _MOST_EPOCHS)


@wrong(
    "perceptron_rule",
    hint="You stop one epoch too early: there may be `epochs` of them.",
)
def one_epoch_too_few(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs - 1)


@wrong(
    "perceptron_rule",
    hint="You stop when the mistakes do not become fewer. Go on until an epoch has none.",
)
def stopped_when_no_better(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    due = _learned(X, y, epochs)[1]
    worse = [k + 1 for k in range(1, len(due)) if due[k] >= due[k - 1]]
    return _learned(X, y, min([len(due), *worse]))


@wrong(
    "perceptron_rule",
    hint="Your bias grows by 1 with every mistake. Its input is 1, but the label counts: add y.",
)
def bias_without_label(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, update=lambda x, label: np.append(1.0, label * x[1:]))


@wrong(
    "perceptron_rule",
    hint="Your weights begin at 1. They begin at 0.",
)
def begun_with_ones(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    return _learned(X, y, epochs, start=1.0)


@wrong(
    "perceptron_rule",
    hint="You return one number of mistakes for all epochs. Each epoch has its own.",
)
def mistakes_added_up(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    w, mistakes = _learned(X, y, epochs)
    return w, int(mistakes.sum())


@wrong(
    "perceptron_rule",
    hint="You return shares of the examples. The numbers of mistakes are due.",
)
def shares_of_mistakes(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    w, mistakes = _learned(X, y, epochs)
    return w, mistakes / len(X)


@wrong(
    "perceptron_rule",
    hint="You count the mistakes that are left after an epoch. Count those that it meets, each of which "
    "changes the weights.",
)
def mistakes_left_over(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    inputs = np.hstack([np.ones((len(X), 1)), X])
    w, mistakes = np.zeros(inputs.shape[1]), []
    for _ in range(epochs):
        for x, label in zip(inputs, y, strict=True):
            if label * (w @ x) <= 0.0:
                w = w + label * x
        mistakes.append(int((y * (inputs @ w) <= 0.0).sum()))
        if mistakes[-1] == 0:
            break
    return w, np.array(mistakes)


@wrong(
    "perceptron_rule",
    hint="Your numbers of mistakes are a list. An array of whole numbers is due: np.array(mistakes).",
)
def mistakes_in_a_list(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    w, mistakes = _learned(X, y, epochs)
    return w, mistakes.tolist()


@right("perceptron_rule")
def with_totals_of_before(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    w = np.zeros(1 + X.shape[1])
    history = []
    for _ in range(epochs):
        errors = 0
        for i in range(len(X)):
            a = reference.total_input(X[i : i + 1], w)[0]
            if np.sign(a) != y[i]:
                w[0] += y[i]
                w[1:] += y[i] * X[i]
                errors += 1
        history.append(errors)
        if errors == 0:
            break
    return w, np.array(history)


@right("perceptron_rule")
def with_signed_examples(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    signed = np.column_stack([np.ones(len(X)), X]) * y[:, np.newaxis]
    w, mistakes = np.zeros(signed.shape[1]), np.zeros(epochs, dtype=np.int64)
    for epoch in range(epochs):
        for row in signed:
            if not w @ row > 0:
                w, mistakes[epoch] = w + row, mistakes[epoch] + 1
        if mistakes[epoch] == 0:
            return w, mistakes[: epoch + 1]
    return w, mistakes


@right("perceptron_rule")
def with_weight_and_bias(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    b, w = 0.0, [0.0] * X.shape[1]
    mistakes: list[int] = []
    done = False
    while not done and len(mistakes) < epochs:
        wrong_ones = []
        for i, (x, label) in enumerate(zip(X.tolist(), y.tolist(), strict=True)):
            if _dot(w, x, b) * label <= 0:
                b += label
                w = [p + label * q for p, q in zip(w, x, strict=True)]
                wrong_ones.append(i)
        mistakes.append(len(wrong_ones))
        done = not wrong_ones
    return np.array([b, *w]), np.array(mistakes, dtype=int)


def _dot(w: list[float], x: list[float], b: float) -> float:
    return b + sum(p * q for p, q in zip(w, x, strict=True))


@right("perceptron_rule")
def with_counts_of_examples(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    # The weights are sums of examples: the dual form.
    inputs = np.insert(X, 0, 1.0, axis=1)
    products, times, mistakes = inputs @ inputs.T, np.zeros(len(X)), []
    for _ in range(epochs):
        before = times.sum()
        for i in range(len(X)):
            times[i] += y[i] * (products[i] @ (times * y)) <= 0.0
        mistakes.append(int(times.sum() - before))
        if not mistakes[-1]:
            break
    return (times * y) @ inputs, np.array(mistakes)


@right("perceptron_rule")
def rule_in_single_precision(X: Vectors, y: Signs, epochs: int = 100) -> Learned:
    w, mistakes = reference.perceptron_rule(X.astype(np.float32), y, epochs)
    return w.astype(np.float32).astype(np.float64), mistakes


survivor("perceptron_rule", "perceptron_rule: True -> False", because=_EQUALLY_MANY)
