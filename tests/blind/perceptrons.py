"""Blind answers to the exercises of 1_perceptrons: right ones in unusual styles, and wrong ones.

Numbers that are missing were wrong ones that are right: perceptron_forward 1 (the activation is
called number by number), sigmoid 1 and numerical_derivative 1 (off by less than the tolerance).
"""

import itertools
import math
from collections import namedtuple
from functools import reduce

import numpy as np


# --- perceptron_forward ---------------------------------------------------------------------------


class perceptron_forward__right_1:
    """Puts a column of ones before X, sums by einsum; the forward pass repeats that itself."""

    @staticmethod
    def total_input(X, w):
        return np.einsum("ij,j->i", np.insert(X, 0, 1.0, axis=1), w)

    @staticmethod
    def perceptron_forward(X, w, activation):
        return activation(np.einsum("ij,j->i", np.insert(X, 0, 1.0, axis=1), w))


class perceptron_forward__right_2:
    """Adds one input after the other to n copies of the bias."""

    @staticmethod
    def total_input(X, w):
        start = np.full(len(X), w[0])
        return reduce(lambda a, pair: a + pair[0] * pair[1], zip(w[1:], X.T), start)

    @staticmethod
    def perceptron_forward(X, w, activation):
        start = np.full(len(X), w[0])
        return activation(reduce(lambda a, pair: a + pair[0] * pair[1], zip(w[1:], X.T), start))


def _total(X, w):
    return X @ w[1:] + w[0]


class perceptron_forward__wrong_2:
    """Written for one or two inputs, as in the examples: further inputs are ignored."""

    @staticmethod
    def total_input(X, w):
        if X.shape[1] == 1:
            return w[0] + w[1] * X[:, 0]
        return w[0] + w[1] * X[:, 0] + w[2] * X[:, 1]

    @staticmethod
    def perceptron_forward(X, w, activation):
        return activation(perceptron_forward__wrong_2.total_input(X, w))


class perceptron_forward__wrong_3:
    """Clips the total input to [-20, 20] before the activation, for fear of exp's overflow."""

    @staticmethod
    def total_input(X, w):
        return _total(X, w)

    @staticmethod
    def perceptron_forward(X, w, activation):
        return activation(np.clip(_total(X, w), -20.0, 20.0))


class perceptron_forward__wrong_4:
    """Squeezes X; a single example with several inputs is taken for examples with one input."""

    @staticmethod
    def total_input(X, w):
        x = np.atleast_1d(np.squeeze(X))
        return w[0] + w[1] * x if x.ndim == 1 else _total(x, w)

    @staticmethod
    def perceptron_forward(X, w, activation):
        return activation(perceptron_forward__wrong_4.total_input(X, w))


class perceptron_forward__wrong_5:
    """Rounds the total input to two decimals."""

    @staticmethod
    def total_input(X, w):
        return np.round(_total(X, w), 2)

    @staticmethod
    def perceptron_forward(X, w, activation):
        return activation(np.round(_total(X, w), 2))


class perceptron_forward__wrong_6:
    """total_input is right; the forward pass makes its own sum, with two inputs at most."""

    @staticmethod
    def total_input(X, w):
        return _total(X, w)

    @staticmethod
    def perceptron_forward(X, w, activation):
        return activation(w[0] + X[:, :2] @ w[1:3])


class perceptron_forward__wrong_7:
    """The forward pass turns the output into 0 and 1 if the first one is 0 or 1 (a decision)."""

    @staticmethod
    def total_input(X, w):
        return _total(X, w)

    @staticmethod
    def perceptron_forward(X, w, activation):
        out = activation(_total(X, w))
        return np.round(out) if len(out) and out[0] in (0.0, 1.0) else out


# --- sigmoid --------------------------------------------------------------------------------------


class sigmoid__right_1:
    """exp(-log(1 + exp(-a))), the logarithm by logaddexp."""

    @staticmethod
    def sigmoid(a):
        return np.asarray(np.exp(-np.logaddexp(0.0, -a)))


class sigmoid__right_2:
    """Half of one plus tanh(a / 2)."""

    @staticmethod
    def sigmoid(a):
        return np.asarray(0.5 + 0.5 * np.tanh(0.5 * a))


class sigmoid__right_3:
    """The formula as it stands; an overflow to infinity gives the right 0."""

    @staticmethod
    def sigmoid(a):
        with np.errstate(over="ignore"):
            return np.asarray(np.reciprocal(1.0 + np.exp(np.negative(a))))


def _logistic(a):
    e = np.exp(-np.abs(a))
    return np.where(a >= 0, 1.0, e) / (1.0 + e)


class sigmoid__wrong_2:
    """Loops over one or two axes; fails with none or with three."""

    @staticmethod
    def sigmoid(a):
        def one(v):
            return 1.0 / (1.0 + math.exp(-v)) if v >= 0 else math.exp(v) / (1.0 + math.exp(v))

        if a.ndim == 1:
            return np.array([one(v) for v in a], dtype=np.float64)
        return np.array([[one(v) for v in row] for row in a], dtype=np.float64).reshape(a.shape)


class sigmoid__wrong_3:
    """np.vectorize with an integer 1 for large a: if that comes first, all become integers."""

    @staticmethod
    def sigmoid(a):
        def one(v):
            if v > 30:
                return 1
            if v < -30:
                return 0.0
            return 1.0 / (1.0 + math.exp(-v))

        return np.vectorize(one)(a)


class sigmoid__wrong_4:
    """Squeezes the result: axes of length 1 are lost."""

    @staticmethod
    def sigmoid(a):
        return np.squeeze(_logistic(np.atleast_1d(a)))


class sigmoid__wrong_5:
    """If any entry is beyond 500, all become 0 or 1, also those near 0."""

    @staticmethod
    def sigmoid(a):
        if np.abs(a).max() > 500.0:
            return np.where(a > 0, 1.0, 0.0)
        return 1.0 / (1.0 + np.exp(-a))


class sigmoid__wrong_6:
    """Chooses the formula by the mean of a: a NaN at +1000 if smaller numbers outweigh it."""

    @staticmethod
    def sigmoid(a):
        with np.errstate(all="ignore"):
            if a.mean() >= 0.0:
                return 1.0 / (1.0 + np.exp(-a))
            return np.exp(a) / (1.0 + np.exp(a))


# --- losses ---------------------------------------------------------------------------------------


class losses__right_1:
    """Larger of both differences, a product, casts by where, half of m + |m|."""

    @staticmethod
    def l1_loss(y_hat, y):
        return np.maximum(y_hat - y, y - y_hat)

    @staticmethod
    def l2_loss(y_hat, y):
        return y_hat * y_hat - 2.0 * y_hat * y + y * y

    @staticmethod
    def zero_one_loss(y_hat, y):
        return 1.0 - np.equal(y_hat, y)

    @staticmethod
    def hinge_loss(y_hat, y):
        m = 1.0 - y * y_hat
        return 0.5 * (m + np.abs(m))


class losses__right_2:
    """One example after the other, in plain Python."""

    @staticmethod
    def l1_loss(y_hat, y):
        return np.fromiter((abs(p - t) for p, t in zip(y_hat, y)), np.float64, len(y))

    @staticmethod
    def l2_loss(y_hat, y):
        return np.fromiter(((p - t) ** 2 for p, t in zip(y_hat, y)), np.float64, len(y))

    @staticmethod
    def zero_one_loss(y_hat, y):
        return np.fromiter((float(p != t) for p, t in zip(y_hat, y)), np.float64, len(y))

    @staticmethod
    def hinge_loss(y_hat, y):
        return np.fromiter((max(0.0, 1.0 - t * p) for p, t in zip(y_hat, y)), np.float64, len(y))


class losses__wrong_1:
    """The zero-one loss takes numbers that are close (np.isclose) for equal."""

    @staticmethod
    def zero_one_loss(y_hat, y):
        return np.where(np.isclose(y_hat, y), 0.0, 1.0)

    @staticmethod
    def l1_loss(y_hat, y):
        return np.abs(y_hat - y)

    @staticmethod
    def l2_loss(y_hat, y):
        return (y_hat - y) ** 2

    @staticmethod
    def hinge_loss(y_hat, y):
        return np.maximum(0.0, 1.0 - y * y_hat)


class losses__wrong_2:
    """The hinge loss clips y_hat to [-1, 1] first: no more than 2, however wrong it is."""

    @staticmethod
    def l1_loss(y_hat, y):
        return np.abs(y_hat - y)

    @staticmethod
    def l2_loss(y_hat, y):
        return (y_hat - y) ** 2

    @staticmethod
    def zero_one_loss(y_hat, y):
        return (y_hat != y).astype(np.float64)

    @staticmethod
    def hinge_loss(y_hat, y):
        return 1.0 - y * np.clip(y_hat, -1.0, 1.0)


class losses__wrong_3:
    """The L2 loss is a Huber loss: a square up to an error of 3, a line beyond."""

    @staticmethod
    def l1_loss(y_hat, y):
        return np.abs(y_hat - y)

    @staticmethod
    def zero_one_loss(y_hat, y):
        return (y_hat != y).astype(np.float64)

    @staticmethod
    def hinge_loss(y_hat, y):
        return np.maximum(0.0, 1.0 - y * y_hat)

    @staticmethod
    def l2_loss(y_hat, y):
        d = np.abs(y_hat - y)
        return np.where(d <= 3.0, d**2, 6.0 * d - 9.0)


class losses__wrong_4:
    """Of a single example a number is returned, not an array of one."""

    @staticmethod
    def l1_loss(y_hat, y):
        return np.squeeze(np.abs(y_hat - y))

    @staticmethod
    def l2_loss(y_hat, y):
        return np.squeeze((y_hat - y) ** 2)

    @staticmethod
    def zero_one_loss(y_hat, y):
        return np.squeeze(np.where(y_hat == y, 0.0, 1.0))

    @staticmethod
    def hinge_loss(y_hat, y):
        return np.squeeze(np.maximum(0.0, 1.0 - y * y_hat))


class losses__wrong_5:
    """The zero-one loss compares numbers rounded to one decimal."""

    @staticmethod
    def l1_loss(y_hat, y):
        return np.abs(y_hat - y)

    @staticmethod
    def l2_loss(y_hat, y):
        return (y_hat - y) ** 2

    @staticmethod
    def hinge_loss(y_hat, y):
        return np.maximum(0.0, 1.0 - y * y_hat)

    @staticmethod
    def zero_one_loss(y_hat, y):
        return (np.round(y_hat, 1) != np.round(y, 1)).astype(np.float64)


class losses__wrong_6:
    """The L1 loss is capped at 10, so that an outlier does not weigh too much."""

    @staticmethod
    def l2_loss(y_hat, y):
        return (y_hat - y) ** 2

    @staticmethod
    def zero_one_loss(y_hat, y):
        return (y_hat != y).astype(np.float64)

    @staticmethod
    def hinge_loss(y_hat, y):
        return np.maximum(0.0, 1.0 - y * y_hat)

    @staticmethod
    def l1_loss(y_hat, y):
        return np.clip(np.abs(y_hat - y), 0.0, 10.0)


class losses__wrong_7:
    """The zero-one loss takes an error below 0.2 for right."""

    @staticmethod
    def l1_loss(y_hat, y):
        return np.abs(y_hat - y)

    @staticmethod
    def l2_loss(y_hat, y):
        return (y_hat - y) ** 2

    @staticmethod
    def hinge_loss(y_hat, y):
        return np.maximum(0.0, 1.0 - y * y_hat)

    @staticmethod
    def zero_one_loss(y_hat, y):
        return np.where(np.abs(y_hat - y) < 0.2, 0.0, 1.0)


# --- loss_derivatives -----------------------------------------------------------------------------


class loss_derivatives__right_1:
    """Counts comparisons, adds the difference to itself, uses heaviside for the hinge."""

    @staticmethod
    def l1_derivative(y_hat, y):
        return np.greater(y_hat, y).astype(np.float64) - np.less(y_hat, y)

    @staticmethod
    def l2_derivative(y_hat, y):
        d = y_hat - y
        return d + d

    @staticmethod
    def hinge_derivative(y_hat, y):
        return -y * np.heaviside(1.0 - y * y_hat, 0.0)


class loss_derivatives__right_2:
    """Quotients and filled arrays."""

    @staticmethod
    def l1_derivative(y_hat, y):
        d = y_hat - y
        return np.divide(d, np.abs(d), out=np.zeros(len(d)), where=d != 0.0)

    @staticmethod
    def l2_derivative(y_hat, y):
        return 2.0 * np.subtract(y_hat, y)

    @staticmethod
    def hinge_derivative(y_hat, y):
        out = np.zeros(len(y))
        inside = np.flatnonzero(y * y_hat < 1.0)
        out[inside] = -y[inside]
        return out


class loss_derivatives__wrong_1:
    """The L1 derivative is d / (|d| + 1e-8) against 0 / 0: 1/2 where the error is 1e-8."""

    @staticmethod
    def l2_derivative(y_hat, y):
        return 2.0 * (y_hat - y)

    @staticmethod
    def hinge_derivative(y_hat, y):
        return np.where(y * y_hat < 1.0, -1.0 * y, 0.0)

    @staticmethod
    def l1_derivative(y_hat, y):
        d = y_hat - y
        return d / (np.abs(d) + 1e-8)


class loss_derivatives__wrong_2:
    """The hinge derivative is 0 at the kink for y = 1, but 1 at the kink for y = -1."""

    @staticmethod
    def l1_derivative(y_hat, y):
        return np.sign(y_hat - y)

    @staticmethod
    def l2_derivative(y_hat, y):
        return 2.0 * (y_hat - y)

    @staticmethod
    def hinge_derivative(y_hat, y):
        up = np.where(y_hat < 1.0, -1.0, 0.0)
        down = np.where(y_hat < -1.0, 0.0, 1.0)
        return np.where(y == 1, up, down)


class loss_derivatives__wrong_3:
    """The hinge derivative vanishes where y y_hat is below -1, as if the loss were capped at 2."""

    @staticmethod
    def l1_derivative(y_hat, y):
        return np.sign(y_hat - y)

    @staticmethod
    def l2_derivative(y_hat, y):
        return 2.0 * (y_hat - y)

    @staticmethod
    def hinge_derivative(y_hat, y):
        m = y * y_hat
        return np.where((m >= -1.0) & (m < 1.0), -1.0 * y, 0.0)


class loss_derivatives__wrong_4:
    """The L2 derivative is clipped to [-10, 10] (gradient clipping)."""

    @staticmethod
    def l1_derivative(y_hat, y):
        return np.sign(y_hat - y)

    @staticmethod
    def hinge_derivative(y_hat, y):
        return np.where(y * y_hat < 1.0, -1.0 * y, 0.0)

    @staticmethod
    def l2_derivative(y_hat, y):
        return np.clip(2.0 * (y_hat - y), -10.0, 10.0)


class loss_derivatives__wrong_5:
    """The L1 derivative is measured with steps of 1e-3: no sign within 1e-3 of the kink."""

    @staticmethod
    def l2_derivative(y_hat, y):
        return 2.0 * (y_hat - y)

    @staticmethod
    def hinge_derivative(y_hat, y):
        return np.where(y * y_hat < 1.0, -1.0 * y, 0.0)

    @staticmethod
    def l1_derivative(y_hat, y):
        h = 1e-3
        return (np.abs(y_hat + h - y) - np.abs(y_hat - h - y)) / (2.0 * h)


class loss_derivatives__wrong_6:
    """Kinks are found by np.isclose: 0 also near them, further off for large numbers."""

    @staticmethod
    def l2_derivative(y_hat, y):
        return 2.0 * (y_hat - y)

    @staticmethod
    def l1_derivative(y_hat, y):
        return np.where(np.isclose(y_hat, y), 0.0, np.sign(y_hat - y))

    @staticmethod
    def hinge_derivative(y_hat, y):
        m = y * y_hat
        return np.where((m < 1.0) & ~np.isclose(m, 1.0), -1.0 * y, 0.0)


class loss_derivatives__wrong_7:
    """The hinge derivative is the forward difference at the kink: 1 there for y = -1."""

    @staticmethod
    def l1_derivative(y_hat, y):
        return np.sign(y_hat - y)

    @staticmethod
    def l2_derivative(y_hat, y):
        return 2.0 * (y_hat - y)

    @staticmethod
    def hinge_derivative(y_hat, y):
        h = 1e-7
        after = np.maximum(0.0, 1.0 - y * (y_hat + h))
        return np.round((after - np.maximum(0.0, 1.0 - y * y_hat)) / h)


# --- numerical_derivative -------------------------------------------------------------------------


class numerical_derivative__right_1:
    """Chooses the turned knob by comparing places; looks to the left first."""

    @staticmethod
    def numerical_derivative(function, w, knob, step=1e-5):
        here = np.arange(len(w)) == knob
        left = function(np.where(here, w - step, w))
        return 0.5 * (function(np.where(here, w + step, w)) - left) / step


class numerical_derivative__right_2:
    """One copy of w, whose knob is set to one place and then to the other."""

    @staticmethod
    def numerical_derivative(function, w, knob, step=1e-5):
        turned = np.array(w)
        total = 0.0
        for sign in (1.0, -1.0):
            turned[knob] = w[knob] + sign * step
            total += sign * float(function(turned))
        return total / (2.0 * step)


class numerical_derivative__right_3:
    """A function of the turn alone, made by a closure."""

    @staticmethod
    def numerical_derivative(function, w, knob, step=1e-5):
        direction = np.eye(len(w))[knob]
        values = [function(w + turn * direction) for turn in (step, -step)]
        return (values[0] - values[1]) / (step + step)


def _turned(w, knob, by):
    turned = w.copy()
    turned[knob] += by
    return turned


class numerical_derivative__wrong_2:
    """Gives the function a list, not an array."""

    @staticmethod
    def numerical_derivative(function, w, knob, step=1e-5):
        right, left = list(w), list(w)
        right[knob] += step
        left[knob] -= step
        return (function(right) - function(left)) / (2 * step)


class numerical_derivative__wrong_3:
    """Returns how much the function changes without its sign."""

    @staticmethod
    def numerical_derivative(function, w, knob, step=1e-5):
        change = abs(function(_turned(w, knob, step)) - function(_turned(w, knob, -step)))
        return change / (2 * step)


class numerical_derivative__wrong_4:
    """Turns every knob that stands where the meant one stands (w == w[knob])."""

    @staticmethod
    def numerical_derivative(function, w, knob, step=1e-5):
        e = (w == w[knob]).astype(np.float64)
        return (function(w + step * e) - function(w - step * e)) / (2 * step)


class numerical_derivative__wrong_5:
    """Rounds the result to six decimals, since the rest is rounding."""

    @staticmethod
    def numerical_derivative(function, w, knob, step=1e-5):
        change = function(_turned(w, knob, step)) - function(_turned(w, knob, -step))
        return round(float(change / (2 * step)), 6)


class numerical_derivative__wrong_6:
    """Never turns by more than 1, whatever step says."""

    @staticmethod
    def numerical_derivative(function, w, knob, step=1e-5):
        step = min(step, 1.0)
        change = function(_turned(w, knob, step)) - function(_turned(w, knob, -step))
        return change / (2 * step)


class numerical_derivative__wrong_7:
    """Does not turn a knob below 0: w - step is cut at 0 if w is positive (weights as settings)."""

    @staticmethod
    def numerical_derivative(function, w, knob, step=1e-5):
        left = _turned(w, knob, -step)
        if w[knob] > 0:
            left[knob] = max(left[knob], 0.0)
        return (function(_turned(w, knob, step)) - function(left)) / (2 * step)


# --- smallest_perceptron --------------------------------------------------------------------------


class smallest_perceptron__right_1:
    """Accumulates over the repeated examples."""

    @staticmethod
    def smallest_gradient(w, x, y):
        return x * (w * x - y)

    @staticmethod
    def train_smallest(x, y, w=0.0, learning_rate=0.1, epochs=1):
        samples = itertools.chain.from_iterable(itertools.repeat(list(zip(x, y)), epochs))
        path = itertools.accumulate(
            samples, lambda v, s: v - learning_rate * s[0] * (v * s[0] - s[1]), initial=float(w)
        )
        return np.array(list(path), dtype=np.float64)


class smallest_perceptron__right_2:
    """Uses that an update is affine in w: (1 - eta x^2) w + eta x y."""

    @staticmethod
    def smallest_gradient(w, x, y):
        return w * x**2 - x * y

    @staticmethod
    def train_smallest(x, y, w=0.0, learning_rate=0.1, epochs=1):
        factors = np.tile(1.0 - learning_rate * x**2, epochs)
        terms = np.tile(learning_rate * x * y, epochs)
        path = np.empty(len(factors) + 1)
        path[0] = w
        for k in range(len(factors)):
            path[k + 1] = factors[k] * path[k] + terms[k]
        return path


def _slope(w, x, y):
    return -(y - w * x) * x


class smallest_perceptron__wrong_1:
    """Training ends where a gradient is 0: the path is too short, other examples are passed over."""

    @staticmethod
    def smallest_gradient(w, x, y):
        return _slope(w, x, y)

    @staticmethod
    def train_smallest(x, y, w=0.0, learning_rate=0.1, epochs=1):
        path = [w]
        for _ in range(epochs):
            for x_i, y_i in zip(x, y):
                gradient = _slope(w, x_i, y_i)
                if gradient == 0:
                    return np.array(path, dtype=np.float64)
                w = w - learning_rate * gradient
                path.append(w)
        return np.array(path, dtype=np.float64)


class smallest_perceptron__wrong_2:
    """A learning rate of 0 counts as not given: 0.1 is taken."""

    @staticmethod
    def smallest_gradient(w, x, y):
        return _slope(w, x, y)

    @staticmethod
    def train_smallest(x, y, w=0.0, learning_rate=0.1, epochs=1):
        learning_rate = learning_rate or 0.1
        path = [w]
        for _ in range(epochs):
            for x_i, y_i in zip(x, y):
                path.append(path[-1] - learning_rate * _slope(path[-1], x_i, y_i))
        return np.array(path, dtype=np.float64)


class smallest_perceptron__wrong_3:
    """Gradients are clipped to [-100, 100], so that nothing explodes."""

    @staticmethod
    def smallest_gradient(w, x, y):
        return _slope(w, x, y)

    @staticmethod
    def train_smallest(x, y, w=0.0, learning_rate=0.1, epochs=1):
        path = [w]
        for _ in range(epochs):
            for x_i, y_i in zip(x, y):
                path.append(path[-1] - learning_rate * np.clip(_slope(path[-1], x_i, y_i), -100, 100))
        return np.array(path, dtype=np.float64)


class smallest_perceptron__wrong_4:
    """Shrinks the distance to y / x by 1 - eta x^2, as in section 8: NaN for an example x = 0."""

    @staticmethod
    def smallest_gradient(w, x, y):
        return _slope(w, x, y)

    @staticmethod
    def train_smallest(x, y, w=0.0, learning_rate=0.1, epochs=1):
        path = [w]
        with np.errstate(all="ignore"):
            for _ in range(epochs):
                for x_i, y_i in zip(x, y):
                    best = y_i / x_i
                    path.append(best + (1.0 - learning_rate * x_i**2) * (path[-1] - best))
        return np.array(path, dtype=np.float64)


class smallest_perceptron__wrong_5:
    """Takes an update below 1e-4 for the end of training: w stays there for the rest of the path."""

    @staticmethod
    def smallest_gradient(w, x, y):
        return _slope(w, x, y)

    @staticmethod
    def train_smallest(x, y, w=0.0, learning_rate=0.1, epochs=1):
        path = np.full(epochs * len(x) + 1, float(w))
        for k in range(epochs * len(x)):
            i = k % len(x)
            step = learning_rate * _slope(path[k], x[i], y[i])
            path[k + 1 :] = path[k] - step
            if abs(step) < 1e-4:
                break
        return path


class smallest_perceptron__wrong_6:
    """Examples with x = 0 are left out of the path: they teach nothing."""

    @staticmethod
    def smallest_gradient(w, x, y):
        return _slope(w, x, y)

    @staticmethod
    def train_smallest(x, y, w=0.0, learning_rate=0.1, epochs=1):
        path = [w]
        for _ in range(epochs):
            for x_i, y_i in zip(x, y):
                if x_i == 0:
                    continue
                path.append(path[-1] - learning_rate * _slope(path[-1], x_i, y_i))
        return np.array(path, dtype=np.float64)


class smallest_perceptron__wrong_7:
    """smallest_gradient takes inputs beyond 100 for 100, against too large steps."""

    @staticmethod
    def smallest_gradient(w, x, y):
        return -(y - w * x) * float(np.clip(x, -100.0, 100.0))

    @staticmethod
    def train_smallest(x, y, w=0.0, learning_rate=0.1, epochs=1):
        path = [w]
        for _ in range(epochs):
            for x_i, y_i in zip(x, y):
                path.append(path[-1] - learning_rate * _slope(path[-1], x_i, y_i))
        return np.array(path, dtype=np.float64)


# --- second_smallest_perceptron -------------------------------------------------------------------


class second_smallest_perceptron__right_1:
    """All orders are drawn first, one an epoch; losses are filled in by their number."""

    @staticmethod
    def second_smallest_gradient(w, x, y):
        return np.multiply(np.dot(x, w) - y, x)

    @staticmethod
    def train_second_smallest(X, y, w, rng, learning_rate=0.1, epochs=1):
        n = len(y)
        orders = [rng.permutation(n) for _ in range(epochs)]
        w = np.array(w, dtype=np.float64)
        losses = np.zeros(epochs * n)
        for k, i in enumerate(itertools.chain(*orders)):
            error = X[i] @ w - y[i]
            losses[k] = error * error / 2.0
            w -= learning_rate * error * X[i]
        return w, losses


class second_smallest_perceptron__right_2:
    """The two weights are plain numbers; a generator yields the losses."""

    @staticmethod
    def second_smallest_gradient(w, x, y):
        error = w[0] * x[0] + w[1] * x[1] - y
        return np.array([error * x[0], error * x[1]])

    @staticmethod
    def train_second_smallest(X, y, w, rng, learning_rate=0.1, epochs=1):
        knobs = [float(w[0]), float(w[1])]

        def run():
            for _ in range(epochs):
                for i in rng.permutation(X.shape[0]).tolist():
                    x_1, x_2 = X[i].tolist()
                    error = float(y[i]) - knobs[0] * x_1 - knobs[1] * x_2
                    yield 0.5 * error**2
                    knobs[0] += learning_rate * error * x_1
                    knobs[1] += learning_rate * error * x_2

        losses = np.fromiter(run(), np.float64)
        return np.array(knobs), losses


def _gradient_of_two(w, x, y):
    return -(y - w @ x) * x


def _updates(X, y, w, order, learning_rate, losses):
    for i in order:
        losses.append(0.5 * (y[i] - w @ X[i]) ** 2)
        w = w - learning_rate * _gradient_of_two(w, X[i], y[i])
    return w


class second_smallest_perceptron__wrong_1:
    """Makes its own generator, default_rng(0), and never asks the one it is given."""

    @staticmethod
    def second_smallest_gradient(w, x, y):
        return _gradient_of_two(w, x, y)

    @staticmethod
    def train_second_smallest(X, y, w, rng, learning_rate=0.1, epochs=1):
        rng = np.random.default_rng(0)
        losses = []
        for _ in range(epochs):
            w = _updates(X, y, w, rng.permutation(len(X)), learning_rate, losses)
        return w, np.array(losses)


class second_smallest_perceptron__wrong_2:
    """Joins the losses of the epochs: an exception if there is no epoch."""

    @staticmethod
    def second_smallest_gradient(w, x, y):
        return _gradient_of_two(w, x, y)

    @staticmethod
    def train_second_smallest(X, y, w, rng, learning_rate=0.1, epochs=1):
        parts = []
        for _ in range(epochs):
            losses = []
            w = _updates(X, y, w, rng.permutation(len(X)), learning_rate, losses)
            parts.append(np.array(losses))
        return w, np.concatenate(parts)


class second_smallest_perceptron__wrong_3:
    """A learning rate of 0 counts as not given: 0.1 is taken."""

    @staticmethod
    def second_smallest_gradient(w, x, y):
        return _gradient_of_two(w, x, y)

    @staticmethod
    def train_second_smallest(X, y, w, rng, learning_rate=0.1, epochs=1):
        losses = []
        for _ in range(epochs):
            w = _updates(X, y, w, rng.permutation(len(X)), learning_rate or 0.1, losses)
        return w, np.array(losses)


class second_smallest_perceptron__wrong_4:
    """Draws the next order at the end of each epoch: one permutation more than there are epochs."""

    @staticmethod
    def second_smallest_gradient(w, x, y):
        return _gradient_of_two(w, x, y)

    @staticmethod
    def train_second_smallest(X, y, w, rng, learning_rate=0.1, epochs=1):
        losses = []
        order = rng.permutation(len(X))
        for _ in range(epochs):
            w = _updates(X, y, w, order, learning_rate, losses)
            order = rng.permutation(len(X))
        return w, np.array(losses)


class second_smallest_perceptron__wrong_5:
    """Ends training when the summed loss of an epoch is not below that of the epoch before."""

    @staticmethod
    def second_smallest_gradient(w, x, y):
        return _gradient_of_two(w, x, y)

    @staticmethod
    def train_second_smallest(X, y, w, rng, learning_rate=0.1, epochs=1):
        losses, before = [], np.inf
        for _ in range(epochs):
            w = _updates(X, y, w, rng.permutation(len(X)), learning_rate, losses)
            now = sum(losses[-len(X) :])
            if now >= before:
                break
            before = now
        return w, np.array(losses, dtype=np.float64)


class second_smallest_perceptron__wrong_6:
    """Passes over examples whose loss is below 1e-6: neither an update nor an entry for them."""

    @staticmethod
    def second_smallest_gradient(w, x, y):
        return _gradient_of_two(w, x, y)

    @staticmethod
    def train_second_smallest(X, y, w, rng, learning_rate=0.1, epochs=1):
        losses = []
        for _ in range(epochs):
            for i in rng.permutation(len(X)):
                loss = 0.5 * (y[i] - w @ X[i]) ** 2
                if loss < 1e-6:
                    continue
                losses.append(loss)
                w = w - learning_rate * _gradient_of_two(w, X[i], y[i])
        return w, np.array(losses, dtype=np.float64)


class second_smallest_perceptron__wrong_7:
    """Draws orders for the first two epochs; the later ones repeat the second order."""

    @staticmethod
    def second_smallest_gradient(w, x, y):
        return _gradient_of_two(w, x, y)

    @staticmethod
    def train_second_smallest(X, y, w, rng, learning_rate=0.1, epochs=1):
        losses, order = [], None
        for epoch in range(epochs):
            if epoch < 2:
                order = rng.permutation(len(X))
            w = _updates(X, y, w, order, learning_rate, losses)
        return w, np.array(losses, dtype=np.float64)


# --- count_parameters -----------------------------------------------------------------------------


class count_parameters__right_1:
    """Adds up the layers by recursion."""

    @staticmethod
    def count_parameters(sizes):
        first, second, *rest = sizes
        neurons, weights = second, first * second
        if rest:
            n, w, _ = count_parameters__right_1.count_parameters([second, *rest])
            neurons, weights = neurons + n, weights + w
        return neurons, weights, neurons + weights


class count_parameters__right_2:
    """A scalar product of the sizes with themselves, one place on, as Python integers."""

    @staticmethod
    def count_parameters(sizes):
        array = np.array(sizes, dtype=object)
        weights = int(array[:-1].dot(array[1:]))
        parameters = int((array[:-1] + 1).dot(array[1:]))
        return parameters - weights, weights, parameters


_Counts = namedtuple("_Counts", "neurons weights parameters")


class count_parameters__right_3:
    """A named tuple, which is a tuple."""

    @staticmethod
    def count_parameters(sizes):
        weights = sum(map(int.__mul__, sizes[:-1], sizes[1:]))
        neurons = sum(sizes) - sizes[0]
        return _Counts(neurons, weights, weights + neurons)


class count_parameters__wrong_1:
    """Finds the layer before by index(): wrong if two layers are of the same size."""

    @staticmethod
    def count_parameters(sizes):
        neurons = sum(sizes[1:])
        weights = sum(sizes[sizes.index(size) - 1] * size for size in sizes[1:])
        return neurons, weights, neurons + weights


class count_parameters__wrong_2:
    """Neurons are the sizes unlike the first: a layer as wide as the input is not counted."""

    @staticmethod
    def count_parameters(sizes):
        neurons = sum(size for size in sizes if size != sizes[0])
        weights = sum(a * b for a, b in zip(sizes, sizes[1:]))
        return neurons, weights, neurons + weights


class count_parameters__wrong_3:
    """Multiplies in int32: overflow from 2^31 weights on."""

    @staticmethod
    def count_parameters(sizes):
        array = np.array(sizes, dtype=np.int32)
        with np.errstate(all="ignore"):
            weights = int((array[:-1] * array[1:]).sum(dtype=np.int32))
        neurons = int(array[1:].sum())
        return neurons, weights, neurons + weights


class count_parameters__wrong_4:
    """A dict of neighbours: of two layers of the same size, the later one replaces the earlier."""

    @staticmethod
    def count_parameters(sizes):
        following = dict(zip(sizes, sizes[1:]))
        neurons = sum(following.values())
        weights = sum(a * b for a, b in following.items())
        return neurons, weights, neurons + weights


class count_parameters__wrong_5:
    """Three layers after the inputs at most; further ones are ignored."""

    @staticmethod
    def count_parameters(sizes):
        n = [*sizes, 0, 0, 0][:4]
        neurons = n[1] + n[2] + n[3]
        weights = n[0] * n[1] + n[1] * n[2] + n[2] * n[3]
        return neurons, weights, neurons + weights


class count_parameters__wrong_6:
    """A set of layers: equal layers (same inputs, same neurons) are counted once."""

    @staticmethod
    def count_parameters(sizes):
        layers = set(zip(sizes, sizes[1:]))
        neurons = sum(b for _, b in layers)
        weights = sum(a * b for a, b in layers)
        return neurons, weights, neurons + weights


# --- perceptron_rule ------------------------------------------------------------------------------


class perceptron_rule__right_1:
    """Rows y (1, x): a mistake is a row with a scalar product of 0 or less, and is added to w."""

    @staticmethod
    def perceptron_rule(X, y, epochs=100):
        rows = y[:, None] * np.insert(X, 0, 1.0, axis=1)
        w, counts = np.zeros(rows.shape[1]), []
        while len(counts) < epochs and 0 not in counts[-1:]:
            counts.append(0)
            for row in rows:
                if not row @ w > 0.0:
                    w += row
                    counts[-1] += 1
        return w, np.array(counts, dtype=np.int64)


class perceptron_rule__right_2:
    """One long list of steps, epochs told apart by the number of the step."""

    @staticmethod
    def perceptron_rule(X, y, epochs=100):
        n, w = len(y), np.zeros(X.shape[1] + 1)
        counts = np.zeros(epochs, dtype=np.int64)
        for k in range(epochs * n):
            i, epoch = k % n, k // n
            if np.sign(w[0] + X[i] @ w[1:]) != y[i]:
                w = w + y[i] * np.concatenate([[1.0], X[i]])
                counts[epoch] += 1
            if i == n - 1 and not counts[epoch]:
                return w, counts[: epoch + 1]
        return w, counts


def _rosenblatt(X, y, epochs, is_mistake):
    w, counts = np.zeros(X.shape[1] + 1), []
    for _ in range(epochs):
        count = 0
        for x, label in zip(X, y):
            if is_mistake(label, w[0] + x @ w[1:]):
                w[0] += label
                w[1:] += label * x
                count += 1
        counts.append(count)
        if count == 0:
            break
    return w, np.array(counts, dtype=np.int64)


class perceptron_rule__wrong_1:
    """Counts an example as a mistake until y a is at least 1, the margin of the hinge loss."""

    @staticmethod
    def perceptron_rule(X, y, epochs=100):
        return _rosenblatt(X, y, epochs, lambda label, a: label * a < 1.0)


class perceptron_rule__wrong_2:
    """Ends in the middle of an epoch when all are right, and adds a 0 even beyond `epochs`."""

    @staticmethod
    def perceptron_rule(X, y, epochs=100):
        Z = np.column_stack([np.ones(len(X)), X])
        w, counts = np.zeros(Z.shape[1]), []
        for _ in range(epochs):
            count = 0
            for z, label in zip(Z, y):
                if label * (z @ w) <= 0:
                    w = w + label * z
                    count += 1
                if (y * (Z @ w) > 0).all():
                    return w, np.array([*counts, count, 0], dtype=np.int64)
            counts.append(count)
        return w, np.array(counts, dtype=np.int64)


class perceptron_rule__wrong_3:
    """Returns the weights of the best epoch (fewest mistakes), not those at the end."""

    @staticmethod
    def perceptron_rule(X, y, epochs=100):
        w, best, fewest, counts = np.zeros(X.shape[1] + 1), None, np.inf, []
        for _ in range(epochs):
            count = 0
            for x, label in zip(X, y):
                if label * (w[0] + x @ w[1:]) <= 0:
                    w = w + label * np.r_[1.0, x]
                    count += 1
            counts.append(count)
            if count <= fewest:
                best, fewest = w, count
            if count == 0:
                break
        return best, np.array(counts, dtype=np.int64)


class perceptron_rule__wrong_4:
    """Rounds the total input to two decimals: small ones of the right sign count as 0."""

    @staticmethod
    def perceptron_rule(X, y, epochs=100):
        return _rosenblatt(X, y, epochs, lambda label, a: label * np.round(a, 2) <= 0)


class perceptron_rule__wrong_5:
    """Never more than 100 epochs, also if more are allowed."""

    @staticmethod
    def perceptron_rule(X, y, epochs=100):
        return _rosenblatt(X, y, min(epochs, 100), lambda label, a: label * a <= 0)


class perceptron_rule__wrong_6:
    """Goes through each different example once an epoch: repeated ones are left out."""

    @staticmethod
    def perceptron_rule(X, y, epochs=100):
        pairs = dict.fromkeys((tuple(x), label) for x, label in zip(X.tolist(), y.tolist()))
        points = np.array([x for x, _ in pairs], dtype=np.float64)
        labels = np.array([label for _, label in pairs])
        return _rosenblatt(points, labels, epochs, lambda label, a: label * a <= 0)


class perceptron_rule__wrong_7:
    """The rule goes through examples whose inputs have been made whole numbers."""

    @staticmethod
    def perceptron_rule(X, y, epochs=100):
        return _rosenblatt(X.astype(np.int64), y, epochs, lambda label, a: label * a <= 0)
