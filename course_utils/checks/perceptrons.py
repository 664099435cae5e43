"""Visible examples of the notebook perceptrons."""

from collections.abc import Callable
from typing import Any

import numpy as np

from course_utils.checks import example, named

# --- perceptron_forward ---------------------------------------------------------------------------

_X = np.array([[1.0, 2.0], [3.0, -1.0], [0.0, 0.0], [2.0, 4.0]])
_W = np.array([3.0, 1.0, -2.0])


@example("perceptron_forward", "total_input of four examples, (0, 0) among them")
def four_totals(total_input: Any, perceptron_forward: Any) -> Any:
    return total_input(_X.copy(), _W.copy())


@example("perceptron_forward", "total_input of as many examples as there are inputs")
def square(total_input: Any, perceptron_forward: Any) -> Any:
    return total_input(np.array([[1.0, 2.0], [4.0, 0.0]]), np.array([5.0, 2.0, -1.0]))


@example("perceptron_forward", "total_input of a single example with a single input")
def single_input(total_input: Any, perceptron_forward: Any) -> Any:
    return total_input(np.array([[4.0]]), np.array([2.0, 0.5]))


@example("perceptron_forward", "total_input of a single example with three inputs")
def three_inputs(total_input: Any, perceptron_forward: Any) -> Any:
    return total_input(np.array([[1.0, -2.0, 4.0]]), np.array([2.0, 3.0, 1.0, 0.5]))


@example("perceptron_forward", "four examples, f(a) = a^2 + 1")
def squared(total_input: Any, perceptron_forward: Any) -> Any:
    return perceptron_forward(_X.copy(), _W.copy(), lambda a: a * a + 1.0)


@example(
    "perceptron_forward", "two examples of three inputs, f(a) = 1 if a is above 5, otherwise 0"
)
def threshold(total_input: Any, perceptron_forward: Any) -> Any:
    X, w = np.array([[1.0, 2.0, -1.0], [4.0, 0.0, 3.0]]), np.array([4.0, 2.0, -1.0, 1.0])
    return perceptron_forward(X, w, lambda a: np.where(a > 5.0, 1.0, 0.0))


# --- sigmoid --------------------------------------------------------------------------------------


@example("sigmoid", "0, log 3, -log 3, log 9 in two rows: 1/2, 3/4, 1/4, 9/10")
def simple_fractions(sigmoid: Any) -> Any:
    return sigmoid(np.array([[0.0, np.log(3.0)], [-np.log(3.0), np.log(9.0)]]))


@example("sigmoid", "three numbers in a row")
def in_a_row(sigmoid: Any) -> Any:
    return sigmoid(np.array([-2.0, 1.0, 8.0]))


@example("sigmoid", "an array with three axes, (2, 1, 2)")
def with_three_axes(sigmoid: Any) -> Any:
    return sigmoid(np.array([[[-3.0, 0.5]], [[2.0, -1.0]]]))


@example("sigmoid", "-1000, -20, 20, 1000")
def far_out(sigmoid: Any) -> Any:
    return sigmoid(np.array([-1000.0, -20.0, 20.0, 1000.0]))


# --- losses ---------------------------------------------------------------------------------------

_PREDICTED = np.array([2.5, -1.0, -0.5, 3.0, -4.0, 12.0])
_TRUE = np.array([1.0, -1.0, 1.5, 3.0625, -1.0, 0.5])

_SCORES = np.array([2.0, 0.5, -1.0, 1.0, 0.5, -3.0, 0.0, -0.25, -1.0, 3.0])
_SIGNS = np.array([1, 1, 1, 1, -1, -1, 1, -1, -1, -1])


@example("losses", "the L1 loss of six predictions; the second is right")
def absolute(l1_loss: Any, l2_loss: Any, zero_one_loss: Any, hinge_loss: Any) -> Any:
    return l1_loss(_PREDICTED.copy(), _TRUE.copy())


@example("losses", "the L2 loss of six predictions; the second is right")
def squares(l1_loss: Any, l2_loss: Any, zero_one_loss: Any, hinge_loss: Any) -> Any:
    return l2_loss(_PREDICTED.copy(), _TRUE.copy())


@example("losses", "the zero-one loss of six predictions; the second is right")
def right_or_wrong(l1_loss: Any, l2_loss: Any, zero_one_loss: Any, hinge_loss: Any) -> Any:
    return zero_one_loss(_PREDICTED.copy(), _TRUE.copy())


@example("losses", "the zero-one loss of labels -1 and +1")
def right_or_wrong_labels(l1_loss: Any, l2_loss: Any, zero_one_loss: Any, hinge_loss: Any) -> Any:
    return zero_one_loss(np.array([1.0, -1.0, -1.0]), np.array([1.0, 1.0, -1.0]))


@example("losses", "the hinge loss of ten predictions; the labels are -1 and +1")
def hinges(l1_loss: Any, l2_loss: Any, zero_one_loss: Any, hinge_loss: Any) -> Any:
    return hinge_loss(_SCORES.copy(), _SIGNS.copy())


@example("losses", "all four losses of a single prediction, 0.5 where y = 1")
def lone_prediction(l1_loss: Any, l2_loss: Any, zero_one_loss: Any, hinge_loss: Any) -> Any:
    y_hat, y = np.array([0.5]), np.array([1.0])
    return {
        "The L1 loss": l1_loss(y_hat, y),
        "The L2 loss": l2_loss(y_hat, y),
        "The zero-one loss": zero_one_loss(y_hat, y),
        "The hinge loss": hinge_loss(y_hat, np.array([1])),
    }


# --- loss_derivatives -----------------------------------------------------------------------------


@example("loss_derivatives", "the slopes of the L1 loss for six predictions; the second is right")
def absolute_slopes(l1_derivative: Any, l2_derivative: Any, hinge_derivative: Any) -> Any:
    return l1_derivative(_PREDICTED.copy(), _TRUE.copy())


@example("loss_derivatives", "the slopes of the L2 loss for six predictions; the second is right")
def square_slopes(l1_derivative: Any, l2_derivative: Any, hinge_derivative: Any) -> Any:
    return l2_derivative(_PREDICTED.copy(), _TRUE.copy())


@example("loss_derivatives", "the slopes of the hinge loss for ten predictions; y y_hat = 1 twice")
def hinge_slopes(l1_derivative: Any, l2_derivative: Any, hinge_derivative: Any) -> Any:
    return hinge_derivative(_SCORES.copy(), _SIGNS.copy())


# --- numerical_derivative -------------------------------------------------------------------------


def _counted(
    numerical_derivative: Any, function: Callable[[Any], float], *arguments: Any
) -> dict[str, Any]:
    calls = []

    def counted(w: Any) -> float:
        calls.append(1)
        return function(w)

    found = numerical_derivative(counted, *arguments)
    return {"df/dw_i": found, "The number of calls of the function": len(calls)}


@example("numerical_derivative", "f = w_0^3 + 10 w_1^2 + 9 w_2 at (2, 3, 4), knob 0, step 1: 13")
def first_knob(numerical_derivative: Any) -> Any:
    def function(w: Any) -> float:
        return float(w[0] ** 3 + 10.0 * w[1] ** 2 + 9.0 * w[2])

    return _counted(numerical_derivative, function, np.array([2.0, 3.0, 4.0]), 0, 1.0)


@example("numerical_derivative", "f = w_0 w_1^2 + w_2^3 at (-3, 1, -3), knobs 1 and 2, step 0.5")
def later_knobs(numerical_derivative: Any) -> Any:
    def function(w: Any) -> float:
        return float(w[0] * w[1] ** 2 + w[2] ** 3)

    found = [numerical_derivative(function, np.array([-3.0, 1.0, -3.0]), i, 0.5) for i in (1, 2)]
    return {"df/dw_1": found[0], "df/dw_2": found[1]}


@example("numerical_derivative", "f = 10^10 w_0^3 at 0, and no step named")
def usual_step(numerical_derivative: Any) -> Any:
    return numerical_derivative(lambda w: float(1e10 * w[0] ** 3), np.array([0.0]), 0)


# --- smallest_perceptron --------------------------------------------------------------------------


@example("smallest_perceptron", "the gradient at w = 0, x = 2, y = 3")
def gradient_at_zero(smallest_gradient: Any, train_smallest: Any) -> Any:
    return smallest_gradient(0.0, 2.0, 3.0)


@example(
    "smallest_perceptron", "the gradient at w = 2, x = -3, y = -10, then at w = 3, x = 2, y = 2"
)
def gradient_elsewhere(smallest_gradient: Any, train_smallest: Any) -> Any:
    found = [smallest_gradient(*numbers) for numbers in ((2.0, -3.0, -10.0), (3.0, 2.0, 2.0))]
    return {"dL/dw at w = 2": found[0], "dL/dw at w = 3": found[1]}


@example("smallest_perceptron", "three examples, w = 1, learning_rate 0.5, one epoch")
def one_epoch(smallest_gradient: Any, train_smallest: Any) -> Any:
    x, y = np.array([1.0, 2.0, -1.0]), np.array([3.0, 2.0, 1.0])
    return train_smallest(x, y, 1.0, 0.5)


@example("smallest_perceptron", "two examples, w = 1, learning_rate 0.25, three epochs")
def three_epochs(smallest_gradient: Any, train_smallest: Any) -> Any:
    x, y = np.array([1.0, 2.0]), np.array([5.0, 6.0])
    return train_smallest(x, y, w=1.0, learning_rate=0.25, epochs=3)


@example("smallest_perceptron", "two examples, everything left to its default")
def all_defaults(smallest_gradient: Any, train_smallest: Any) -> Any:
    return train_smallest(np.array([2.0, 1.0]), np.array([4.0, 3.0]))


@example("smallest_perceptron", "two examples, learning_rate 0: the weight stays where it is")
def no_step(smallest_gradient: Any, train_smallest: Any) -> Any:
    return train_smallest(np.array([2.0, 1.0]), np.array([4.0, 3.0]), 0.5, 0.0)


@example("smallest_perceptron", "no epochs at all")
def no_epochs(smallest_gradient: Any, train_smallest: Any) -> Any:
    return train_smallest(np.array([2.0, 1.0]), np.array([4.0, 3.0]), w=0.5, epochs=0)


# --- second_smallest_perceptron -------------------------------------------------------------------


@example("second_smallest_perceptron", "the gradient at w = (0, 0), x = (2, 5), y = 3")
def gradient_at_origin(second_smallest_gradient: Any, train_second_smallest: Any) -> Any:
    return second_smallest_gradient(np.zeros(2), np.array([2.0, 5.0]), 3.0)


@example("second_smallest_perceptron", "the gradient at w = (1, 2), x = (3, -1), y = 4")
def gradient_of_two(second_smallest_gradient: Any, train_second_smallest: Any) -> Any:
    return second_smallest_gradient(np.array([1.0, 2.0]), np.array([3.0, -1.0]), 4.0)


_PAIRS = np.array([[1.0, 2.0], [0.0, 1.0], [2.0, -1.0]])
_SUMS = np.array([4.0, 1.0, 3.0])


def _trained(
    train: Any, number: int, n: int = 3, w: tuple[float, float] = (0.0, 0.0), **options: Any
) -> dict[str, Any]:
    """Train with some of the examples."""
    rng = np.random.default_rng(number)
    found = train(_PAIRS[:n].copy(), _SUMS[:n].copy(), np.array(w), rng, **options)
    return named(found, "The weights", "The losses")


@example("second_smallest_perceptron", "a single example, w = (1, -1), learning_rate 0.5")
def one_step(second_smallest_gradient: Any, train_second_smallest: Any) -> Any:
    return _trained(train_second_smallest, 0, 1, (1.0, -1.0), learning_rate=0.5)


@example("second_smallest_perceptron", "three examples in the order 1, 2, 0; learning_rate 0.25")
def one_shuffled_epoch(second_smallest_gradient: Any, train_second_smallest: Any) -> Any:
    return _trained(train_second_smallest, 5, learning_rate=0.25)


@example("second_smallest_perceptron", "three epochs, in the orders 1, 2, 0; 0, 2, 1; 2, 1, 0")
def three_orders(second_smallest_gradient: Any, train_second_smallest: Any) -> Any:
    return _trained(train_second_smallest, 5, learning_rate=0.25, epochs=3)


@example("second_smallest_perceptron", "no epochs: the weights as they were, and no losses")
def no_epochs_of_two(second_smallest_gradient: Any, train_second_smallest: Any) -> Any:
    return _trained(train_second_smallest, 0, w=(1.0, 0.0), epochs=0)


@example("second_smallest_perceptron", "three examples, learning_rate and epochs not named")
def usual_step_size(second_smallest_gradient: Any, train_second_smallest: Any) -> Any:
    return _trained(train_second_smallest, 0, w=(1.0, 0.0))


# --- count_parameters -----------------------------------------------------------------------------


def _counts(found: Any) -> dict[str, Any]:
    return named(
        found, "The number of neurons", "The number of weights", "The number of parameters"
    )


@example("count_parameters", "three inputs, four neurons, two neurons: 6, 20 and 26")
def of_the_lecture(count_parameters: Any) -> Any:
    return _counts(count_parameters((3, 4, 2)))


@example("count_parameters", "a single perceptron with five inputs")
def single_perceptron(count_parameters: Any) -> Any:
    return _counts(count_parameters([5, 1]))


@example("count_parameters", "sizes 2, 5, 3, 3, 3, 7")
def five_layers(count_parameters: Any) -> Any:
    return _counts(count_parameters((2, 5, 3, 3, 3, 7)))


# --- perceptron_rule ------------------------------------------------------------------------------

_CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])


def _learned(found: Any) -> dict[str, Any]:
    return named(found, "w", "The numbers of mistakes")


@example("perceptron_rule", "two examples with one input")
def two_numbers(perceptron_rule: Any) -> Any:
    return _learned(perceptron_rule(np.array([[0.0], [2.0]]), np.array([-1, 1])))


@example("perceptron_rule", "AND: +1 if both inputs are 1")
def both(perceptron_rule: Any) -> Any:
    return _learned(perceptron_rule(_CORNERS.copy(), np.array([-1, -1, -1, 1])))


@example("perceptron_rule", "AND, at most three epochs")
def too_few_epochs(perceptron_rule: Any) -> Any:
    return _learned(perceptron_rule(_CORNERS.copy(), np.array([-1, -1, -1, 1]), 3))


@example("perceptron_rule", "XOR: +1 if one input is 1 and the other is 0; five epochs")
def exclusive(perceptron_rule: Any) -> Any:
    return _learned(perceptron_rule(_CORNERS.copy(), np.array([-1, 1, 1, -1]), 5))


@example("perceptron_rule", "examples with a total input of 0, some of each label")
def totals_of_zero(perceptron_rule: Any) -> Any:
    X = np.array([[2.0, 1.0], [-1.0, 0.0], [1.0, -2.0], [0.0, -1.0]])
    return _learned(perceptron_rule(X, np.array([1, -1, 1, -1])))


@example("perceptron_rule", "examples with fractions; some totals of the right sign are small")
def small_totals(perceptron_rule: Any) -> Any:
    X = np.array([[0.5, 0.25], [-0.25, 0.5], [0.25, -0.75], [-0.5, -0.25]])
    return _learned(perceptron_rule(X, np.array([1, 1, -1, -1])))


@example("perceptron_rule", "XOR, the number of epochs left to its default")
def usual_epochs(perceptron_rule: Any) -> Any:
    _, mistakes = perceptron_rule(_CORNERS.copy(), np.array([-1, 1, 1, -1]))
    return {"How many epochs there were": len(mistakes)}
