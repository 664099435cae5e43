"""Blind answers to the notebook multilayer_networks: right ones in unusual style, and wrong ones.

Numbers that are missing were wrong ones that are right by the contract (chain_forward 4, layers 6,
mlp 7, train 7), differ where two functions are the same and their inputs nearly are (chain_backward 8), or
go wrong in what stays on the student's side, where the visible checks alone look: chain_backward 3,
mlp 4, minibatches 1, 3 and 4.
"""

import copy
import functools
import itertools
import math

import numpy as np

# --- Right ones, for the answers that build on them -----------------------------------------------


class Linear:
    """The right layer."""

    def __init__(self, W, b):
        self.W = np.array(W, dtype=np.float64)
        self.b = np.array(b, dtype=np.float64)

    def forward(self, X):
        self._X = X
        return X @ self.W.T + self.b

    def backward(self, slopes):
        self.dW = slopes.T @ self._X
        self.db = slopes.sum(axis=0)
        return slopes @ self.W

    def update(self, learning_rate):
        self.W = self.W - learning_rate * self.dW
        self.b = self.b - learning_rate * self.db


class ReLU:
    """The right rectifier."""

    def forward(self, X):
        self._active = X > 0
        return np.maximum(X, 0.0)

    def backward(self, slopes):
        return slopes * self._active

    def update(self, learning_rate):
        pass


def softmax_cross_entropy(scores, labels):
    """Return the right loss and its derivatives."""
    n = len(scores)
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    slopes = np.exp(log_p)
    slopes[np.arange(n), labels] -= 1.0
    return float(-log_p[np.arange(n), labels].mean()), slopes / n


# --- chain_forward --------------------------------------------------------------------------------


class chain_forward__right_1:
    """Folds the chain with itertools.accumulate over pairs (total input, output)."""

    @staticmethod
    def chain_forward(x, w, b, functions):
        def neuron(before, link):
            weight, bias, function = link
            total = float(weight) * before[1] + bias
            return total, float(function(total))

        biases = itertools.chain([float(b)], itertools.repeat(0.0))
        links = zip(w, biases, functions)
        pairs = list(itertools.accumulate(links, neuron, initial=(math.nan, float(x))))[1:]
        a, f = np.array(pairs, dtype=np.float64).T.copy()
        return a, f


class chain_forward__right_2:
    """One array of 2K numbers in turn, of which the results are every other one, as views."""

    @staticmethod
    def chain_forward(x, w, b, functions):
        both = np.empty(2 * len(w) + 1)
        both[0] = x
        for k, function in enumerate(functions):
            both[2 * k + 1] = both[2 * k] * w[k] + (0.0 if k else b)
            both[2 * k + 2] = function(float(both[2 * k + 1]))
        return both[1::2], both[2::2]


class chain_forward__wrong_1:
    """Makes the outputs with np.full(K + 1, x): whole numbers, cut off, if x is an int."""

    @staticmethod
    def chain_forward(x, w, b, functions):
        K = len(w)
        a = np.zeros(K)
        signals = np.full(K + 1, x)
        for k in range(K):
            a[k] = w[k] * signals[k]
            if k == 0:
                a[k] += b
            signals[k + 1] = functions[k](a[k])
        return a, signals[1:]


class chain_forward__wrong_2:
    """Collects the outputs in a list: np.array(list) is int64 if the functions return ints."""

    @staticmethod
    def chain_forward(x, w, b, functions):
        totals, outputs = [], []
        total = w[0] * x + b
        for k, function in enumerate(functions):
            if k > 0:
                total = w[k] * outputs[-1]
            totals.append(total)
            outputs.append(function(total))
        return np.array(totals), np.array(outputs)


class chain_forward__wrong_3:
    """Takes the functions out of the caller's list with pop(0); a tuple raises AttributeError."""

    @staticmethod
    def chain_forward(x, w, b, functions):
        a, f = np.zeros(len(w)), np.zeros(len(w))
        signal, bias = x, b
        for k, weight in enumerate(w):
            a[k] = weight * signal + bias
            f[k] = signal = functions.pop(0)(a[k])
            bias = 0.0
        return a, f


class chain_forward__wrong_5:
    """Gives each function the whole array a, not a number, and picks entry k afterwards."""

    @staticmethod
    def chain_forward(x, w, b, functions):
        a, f = np.zeros(len(w)), np.zeros(len(w))
        a[0] = w[0] * x + b
        f[0] = functions[0](a)[0]
        for k in range(1, len(w)):
            a[k] = w[k] * f[k - 1]
            f[k] = functions[k](a)[k]
        return a, f


class chain_forward__wrong_6:
    """Knows the first neuron by its input being x: adds b again where another output equals x."""

    @staticmethod
    def chain_forward(x, w, b, functions):
        a, f = np.empty(len(w)), np.empty(len(w))
        signal = x
        for k in range(len(w)):
            a[k] = w[k] * signal
            if signal == x:
                a[k] += b
            f[k] = functions[k](a[k])
            signal = f[k]
        return a, f


class chain_forward__wrong_7:
    """Stops where an output is 0 and leaves the rest 0, as if f(0) were always 0."""

    @staticmethod
    def chain_forward(x, w, b, functions):
        a, f = np.zeros(len(w)), np.zeros(len(w))
        signal, bias = x, b
        for k in range(len(w)):
            a[k] = w[k] * signal + bias
            f[k] = functions[k](a[k])
            signal, bias = f[k], 0.0
            if signal == 0.0:
                break
        return a, f


# --- chain_backward -------------------------------------------------------------------------------


class chain_backward__right_1:
    """Asks for all local derivatives first, then takes one cumulative product from the end."""

    @staticmethod
    def chain_backward(x, y, w, a, f, derivatives):
        local = np.array([float(d(float(at))) for d, at in zip(derivatives, a)])
        # The link from dL/da_{k+1} to dL/da_k, and of the last neuron that from the loss.
        links = local * np.append(w[1:], f[-1] - y)
        by_a = np.cumprod(links[::-1])[::-1]
        return by_a * np.concatenate([[float(x)], f[:-1]]), float(by_a[0])


class chain_backward__right_2:
    """Goes back over zipped and reversed iterators, collects in a list and turns it round."""

    @staticmethod
    def chain_backward(x, y, w, a, f, derivatives):
        found, passed = [], float(f[-1]) - y
        inputs = [x, *f[:-1].tolist()]
        for weight, total, came_in, slope in zip(
            w[::-1], a[::-1], inputs[::-1], list(derivatives)[::-1]
        ):
            here = passed * slope(total)
            found.append(here * came_in)
            passed = here * weight
        return np.array(found[::-1], dtype=np.float64), here


class chain_backward__wrong_1:
    """Takes dL/db as dL/dw_1 divided by x: NaN where x is 0."""

    @staticmethod
    def chain_backward(x, y, w, a, f, derivatives):
        by_w = np.zeros(len(w))
        slope = f[-1] - y
        for k in range(len(w) - 1, -1, -1):
            slope = slope * derivatives[k](a[k])
            by_w[k] = slope * (f[k - 1] if k > 0 else x)
            slope = slope * w[k]
        return by_w, by_w[0] / x


class chain_backward__wrong_2:
    """Divides the whole product by those in front of a neuron: NaN where a factor is 0."""

    @staticmethod
    def chain_backward(x, y, w, a, f, derivatives):
        local = np.array([d(total) for d, total in zip(derivatives, a)])
        whole = (f[-1] - y) * np.prod(local) * np.prod(w)
        in_front = np.cumprod(w) * np.append(1.0, np.cumprod(local)[:-1])
        by_a = whole / in_front
        return by_a * np.append(x, f[:-1]), float(by_a[0])


class chain_backward__wrong_4:
    """Takes the derivatives off the caller's list with pop(); a tuple raises AttributeError."""

    @staticmethod
    def chain_backward(x, y, w, a, f, derivatives):
        by_w = np.zeros(len(w))
        slope = f[-1] - y
        for k in reversed(range(len(w))):
            by_a = slope * derivatives.pop()(a[k])
            by_w[k] = by_a * (f[k - 1] if k else x)
            slope = by_a * w[k]
        return by_w, by_a


class chain_backward__wrong_5:
    """Puts the inputs into np.full(K, x): f_k is cut off to a whole number if x is an int."""

    @staticmethod
    def chain_backward(x, y, w, a, f, derivatives):
        K = len(w)
        inputs = np.full(K, x)
        inputs[1:] = f[:-1]
        by_a = np.zeros(K)
        slope = f[-1] - y
        for k in range(K - 1, -1, -1):
            by_a[k] = slope * derivatives[k](a[k])
            slope = by_a[k] * w[k]
        return by_a * inputs, by_a[0]


class chain_backward__wrong_6:
    """Gives each derivative the whole array a, not a number, and picks entry k afterwards."""

    @staticmethod
    def chain_backward(x, y, w, a, f, derivatives):
        by_w = np.zeros(len(w))
        slope = f[-1] - y
        for k in range(len(w) - 1, -1, -1):
            by_a = slope * derivatives[k](a)[k]
            by_w[k] = by_a * (f[k - 1] if k > 0 else x)
            slope = by_a * w[k]
        return by_w, by_a


class chain_backward__wrong_7:
    """Stops where dL/da_k is nearly 0 and leaves the rest 0, whatever weights are in front."""

    @staticmethod
    def chain_backward(x, y, w, a, f, derivatives):
        by_w, by_b = np.zeros(len(w)), 0.0
        slope = f[-1] - y
        for k in range(len(w) - 1, -1, -1):
            by_a = slope * derivatives[k](a[k])
            if abs(by_a) < 1e-6:
                break
            by_w[k] = by_a * (f[k - 1] if k > 0 else x)
            slope = by_a * w[k]
            if k == 0:
                by_b = by_a
        return by_w, by_b


# --- layers ---------------------------------------------------------------------------------------


class layers__right_1:
    """Weights and bias in one matrix, W and b are views of it; outputs kept instead of inputs."""

    class Linear:
        def __init__(self, W, b):
            self._all = np.column_stack([W, b]).astype(np.float64)
            self._slopes_of_all = np.zeros_like(self._all)

        @property
        def W(self):
            return self._all[:, :-1]

        @W.setter
        def W(self, values):
            self._all[:, :-1] = values

        @property
        def b(self):
            return self._all[:, -1]

        @b.setter
        def b(self, values):
            self._all[:, -1] = values

        @property
        def dW(self):
            return self._slopes_of_all[:, :-1]

        @property
        def db(self):
            return self._slopes_of_all[:, -1]

        def forward(self, X):
            self._inputs = np.column_stack([X, np.ones(len(X))])
            return self._inputs @ self._all.T

        def backward(self, slopes):
            self._slopes_of_all = slopes.T @ self._inputs
            return slopes @ self.W

        def update(self, learning_rate):
            self._all -= learning_rate * self._slopes_of_all

    class ReLU:
        def forward(self, X):
            self._Y = 0.5 * (X + np.abs(X))
            return self._Y.copy()

        def backward(self, slopes):
            return np.where(self._Y > 0.0, slopes, 0.0)

        def update(self, learning_rate):
            """Do nothing."""

    class Sigmoid:
        def forward(self, X):
            self._X = X.copy()
            return np.exp(-np.logaddexp(0.0, -X))

        def backward(self, slopes):
            X = self._X
            return slopes * np.exp(-np.logaddexp(0.0, -X) - np.logaddexp(0.0, X))

        def update(self, learning_rate):
            """Do nothing."""


class layers__right_2:
    """Way back as a function made by forward; slots, einsum, steps in place; tanh for sigmoid."""

    class Linear:
        __slots__ = ("W", "b", "dW", "db", "_back")

        def __init__(self, W, b):
            self.W, self.b = W.copy(), b.copy()

        def forward(self, X):
            def back(slopes):
                self.dW = np.einsum("ij,ik->jk", slopes, X)
                self.db = np.einsum("ij->j", slopes)
                return np.einsum("ij,jk->ik", slopes, self.W)

            self._back = back
            return np.einsum("ik,jk->ij", X, self.W) + self.b

        def backward(self, slopes):
            return self._back(slopes)

        def update(self, learning_rate):
            self.W -= learning_rate * self.dW
            self.b -= learning_rate * self.db

    class ReLU:
        def forward(self, X):
            self._back = functools.partial(np.multiply, np.heaviside(X, 0.0))
            return np.clip(X, 0.0, None)

        def backward(self, slopes):
            return self._back(slopes)

        def update(self, learning_rate):
            return None

    class Sigmoid:
        def forward(self, X):
            half = np.tanh(0.5 * X)
            self._back = lambda slopes: slopes * (1.0 - half * half) / 4.0
            return 0.5 + 0.5 * half

        def backward(self, slopes):
            return self._back(slopes)

        def update(self, learning_rate):
            return None


class layers__wrong_1:
    """Linear keeps the caller's W and b, no copies; only its steps make new arrays."""

    class Linear:
        def __init__(self, W, b):
            self.W = np.asarray(W)
            self.b = np.asarray(b)

        def forward(self, X):
            self.X = X
            return X @ self.W.T + self.b

        def backward(self, slopes):
            self.dW = slopes.T @ self.X
            self.db = slopes.sum(axis=0)
            return slopes @ self.W

        def update(self, learning_rate):
            self.W = self.W - learning_rate * self.dW
            self.b = self.b - learning_rate * self.db

    class ReLU:
        def forward(self, X):
            self.on = X > 0
            return X * self.on

        def backward(self, slopes):
            return slopes * self.on

        def update(self, learning_rate):
            pass

    class Sigmoid:
        def forward(self, X):
            small = np.exp(-np.abs(X))
            self.Y = np.where(X >= 0, 1.0, small) / (1.0 + small)
            return self.Y

        def backward(self, slopes):
            return slopes * self.Y * (1.0 - self.Y)

        def update(self, learning_rate):
            pass


class layers__wrong_2:
    """Linear remembers its inputs in the class: two Linear layers share what the last one saw."""

    class Linear:
        X = None

        def __init__(self, W, b):
            self.W = W.copy()
            self.b = b.copy()

        def forward(self, X):
            type(self).X = X
            return X @ self.W.T + self.b

        def backward(self, slopes):
            self.dW = slopes.T @ self.X
            self.db = slopes.sum(axis=0)
            return slopes @ self.W

        def update(self, learning_rate):
            self.W -= learning_rate * self.dW
            self.b -= learning_rate * self.db

    class ReLU:
        def forward(self, X):
            self.on = X > 0
            return X * self.on

        def backward(self, slopes):
            return slopes * self.on

        def update(self, learning_rate):
            pass

    class Sigmoid:
        def forward(self, X):
            small = np.exp(-np.abs(X))
            self.Y = np.where(X >= 0, 1.0, small) / (1.0 + small)
            return self.Y

        def backward(self, slopes):
            return slopes * self.Y * (1.0 - self.Y)

        def update(self, learning_rate):
            pass


class layers__wrong_3:
    """Linear's update has momentum: the first step is right, the second one too long."""

    class Linear:
        def __init__(self, W, b):
            self.W = W.copy()
            self.b = b.copy()
            self.vW = np.zeros_like(W)
            self.vb = np.zeros_like(b)

        def forward(self, X):
            self.X = X
            return X @ self.W.T + self.b

        def backward(self, slopes):
            self.dW = slopes.T @ self.X
            self.db = slopes.sum(axis=0)
            return slopes @ self.W

        def update(self, learning_rate):
            self.vW = 0.9 * self.vW + self.dW
            self.vb = 0.9 * self.vb + self.db
            self.W = self.W - learning_rate * self.vW
            self.b = self.b - learning_rate * self.vb

    class ReLU:
        def forward(self, X):
            self.on = X > 0
            return X * self.on

        def backward(self, slopes):
            return slopes * self.on

        def update(self, learning_rate):
            pass

    class Sigmoid:
        def forward(self, X):
            small = np.exp(-np.abs(X))
            self.Y = np.where(X >= 0, 1.0, small) / (1.0 + small)
            return self.Y

        def backward(self, slopes):
            return slopes * self.Y * (1.0 - self.Y)

        def update(self, learning_rate):
            pass


class layers__wrong_4:
    """Linear clips dW and db to +-100, against exploding gradients."""

    class Linear:
        def __init__(self, W, b):
            self.W = W.copy()
            self.b = b.copy()

        def forward(self, X):
            self.X = X
            return X @ self.W.T + self.b

        def backward(self, slopes):
            self.dW = np.clip(slopes.T @ self.X, -100.0, 100.0)
            self.db = np.clip(slopes.sum(axis=0), -100.0, 100.0)
            return slopes @ self.W

        def update(self, learning_rate):
            self.W -= learning_rate * self.dW
            self.b -= learning_rate * self.db

    class ReLU:
        def forward(self, X):
            self.on = X > 0
            return X * self.on

        def backward(self, slopes):
            return slopes * self.on

        def update(self, learning_rate):
            pass

    class Sigmoid:
        def forward(self, X):
            small = np.exp(-np.abs(X))
            self.Y = np.where(X >= 0, 1.0, small) / (1.0 + small)
            return self.Y

        def backward(self, slopes):
            return slopes * self.Y * (1.0 - self.Y)

        def update(self, learning_rate):
            pass


class layers__wrong_5:
    """Linear squeezes its outputs: (n,) for one output, (outputs,) for one example."""

    class Linear:
        def __init__(self, W, b):
            self.W = W.copy()
            self.b = b.copy()

        def forward(self, X):
            self.X = X
            return np.squeeze(X @ self.W.T + self.b)

        def backward(self, slopes):
            slopes = slopes.reshape(len(self.X), -1)
            self.dW = slopes.T @ self.X
            self.db = slopes.sum(axis=0)
            return slopes @ self.W

        def update(self, learning_rate):
            self.W -= learning_rate * self.dW
            self.b -= learning_rate * self.db

    class ReLU:
        def forward(self, X):
            self.on = X > 0
            return X * self.on

        def backward(self, slopes):
            return slopes * self.on

        def update(self, learning_rate):
            pass

    class Sigmoid:
        def forward(self, X):
            small = np.exp(-np.abs(X))
            self.Y = np.where(X >= 0, 1.0, small) / (1.0 + small)
            return self.Y

        def backward(self, slopes):
            return slopes * self.Y * (1.0 - self.Y)

        def update(self, learning_rate):
            pass


class layers__wrong_7:
    """Linear takes a bias that is all 0 for no bias, and never updates it."""

    class Linear:
        def __init__(self, W, b):
            self.W = W.copy()
            self.b = b.copy()
            self.has_bias = bool(b.any())

        def forward(self, X):
            self.X = X
            Y = X @ self.W.T
            return Y + self.b if self.has_bias else Y

        def backward(self, slopes):
            self.dW = slopes.T @ self.X
            self.db = slopes.sum(axis=0)
            return slopes @ self.W

        def update(self, learning_rate):
            self.W -= learning_rate * self.dW
            if self.has_bias:
                self.b -= learning_rate * self.db

    class ReLU:
        def forward(self, X):
            self.on = X > 0
            return X * self.on

        def backward(self, slopes):
            return slopes * self.on

        def update(self, learning_rate):
            pass

    class Sigmoid:
        def forward(self, X):
            small = np.exp(-np.abs(X))
            self.Y = np.where(X >= 0, 1.0, small) / (1.0 + small)
            return self.Y

        def backward(self, slopes):
            return slopes * self.Y * (1.0 - self.Y)

        def update(self, learning_rate):
            pass


class layers__wrong_8:
    """ReLU and Sigmoid remember in the class: two of a kind share what the last one saw."""

    class Linear:
        def __init__(self, W, b):
            self.W = W.copy()
            self.b = b.copy()

        def forward(self, X):
            self.X = X
            return X @ self.W.T + self.b

        def backward(self, slopes):
            self.dW = slopes.T @ self.X
            self.db = slopes.sum(axis=0)
            return slopes @ self.W

        def update(self, learning_rate):
            self.W -= learning_rate * self.dW
            self.b -= learning_rate * self.db

    class ReLU:
        @classmethod
        def forward(cls, X):
            cls.on = X > 0
            return X * cls.on

        @classmethod
        def backward(cls, slopes):
            return slopes * cls.on

        def update(self, learning_rate):
            pass

    class Sigmoid:
        @classmethod
        def forward(cls, X):
            small = np.exp(-np.abs(X))
            cls.Y = np.where(X >= 0, 1.0, small) / (1.0 + small)
            return cls.Y

        @classmethod
        def backward(cls, slopes):
            return slopes * cls.Y * (1.0 - cls.Y)

        def update(self, learning_rate):
            pass


class layers__wrong_9:
    """Sigmoid is exactly 0 or 1, with slope 0, beyond +-10, where it should be near that."""

    class Linear:
        def __init__(self, W, b):
            self.W = W.copy()
            self.b = b.copy()

        def forward(self, X):
            self.X = X
            return X @ self.W.T + self.b

        def backward(self, slopes):
            self.dW = slopes.T @ self.X
            self.db = slopes.sum(axis=0)
            return slopes @ self.W

        def update(self, learning_rate):
            self.W -= learning_rate * self.dW
            self.b -= learning_rate * self.db

    class ReLU:
        def forward(self, X):
            self.on = X > 0
            return X * self.on

        def backward(self, slopes):
            return slopes * self.on

        def update(self, learning_rate):
            pass

    class Sigmoid:
        def forward(self, X):
            self.X = X
            safe = np.clip(X, -10.0, 10.0)
            Y = 1.0 / (1.0 + np.exp(-safe))
            return np.where(X > 10.0, 1.0, np.where(X < -10.0, 0.0, Y))

        def backward(self, slopes):
            Y = self.forward(self.X)
            return slopes * Y * (1.0 - Y)

        def update(self, learning_rate):
            pass


# --- softmax_cross_entropy ------------------------------------------------------------------------


class softmax_cross_entropy__right_1:
    """Works example by example with np.logaddexp.reduce, which subtracts the largest itself."""

    @staticmethod
    def softmax_cross_entropy(scores, labels):
        slopes = np.zeros(scores.shape)
        losses = []
        for row, label, into in zip(scores, labels, slopes):
            level = np.logaddexp.reduce(row)
            losses.append(level - row[label])
            into[:] = np.exp(row - level)
            into[label] -= 1.0
            into /= len(scores)
        return float(np.mean(losses)), slopes


class softmax_cross_entropy__right_2:
    """Works with the gaps to the label's score; one-hot as a comparison, the sum as a product."""

    @staticmethod
    def softmax_cross_entropy(scores, labels):
        n, C = scores.shape
        gaps = scores - np.take_along_axis(scores, labels[:, None], axis=1)
        top = np.maximum(gaps.max(axis=1, keepdims=True), 0.0)
        log_sum = top + np.log(np.exp(gaps - top) @ np.ones((C, 1)))
        one_hot = np.arange(C)[None, :] == labels[:, None]
        return log_sum.mean(), (np.exp(gaps - log_sum) - one_hot) / n


class softmax_cross_entropy__wrong_1:
    """Where p is rounded to 0, takes s_y minus the largest score and leaves out log of the sum."""

    @staticmethod
    def softmax_cross_entropy(scores, labels):
        n = len(scores)
        shifted = scores - scores.max(axis=1, keepdims=True)
        e = np.exp(shifted)
        p = e / e.sum(axis=1, keepdims=True)
        rows = np.arange(n)
        p_label = p[rows, labels]
        safe = np.where(p_label > 0, p_label, 1.0)
        losses = np.where(p_label > 0, -np.log(safe), -shifted[rows, labels])
        p[rows, labels] -= 1.0
        return losses.mean(), p / n


class softmax_cross_entropy__wrong_2:
    """Subtracts the largest score only if a score is beyond +-1000: exp(800) overflows."""

    @staticmethod
    def softmax_cross_entropy(scores, labels):
        n = len(scores)
        s = scores
        if np.abs(scores).max() > 1000.0:
            s = scores - scores.max(axis=1, keepdims=True)
        log_sum = np.log(np.exp(s).sum(axis=1, keepdims=True))
        rows = np.arange(n)
        L = (log_sum[:, 0] - s[rows, labels]).mean()
        slopes = np.exp(s - log_sum)
        slopes[rows, labels] -= 1.0
        return L, slopes / n


class softmax_cross_entropy__wrong_3:
    """Picks the labels' scores with np.choose, which knows no more than 64 classes."""

    @staticmethod
    def softmax_cross_entropy(scores, labels):
        n, C = scores.shape
        shifted = scores - scores.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        L = -np.choose(labels, log_p.T).mean()
        return L, (np.exp(log_p) - np.eye(C)[labels]) / n


class softmax_cross_entropy__wrong_4:
    """Keeps the labels as int8: from class 128 on they become others."""

    @staticmethod
    def softmax_cross_entropy(scores, labels):
        n = len(scores)
        small = labels.astype(np.int8)
        shifted = scores - scores.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        slopes = np.exp(log_p)
        slopes[np.arange(n), small] -= 1.0
        return -log_p[np.arange(n), small].mean(), slopes / n


class softmax_cross_entropy__wrong_5:
    """Averages the loss over the examples whose loss is above 0 alone (NaN if there are none)."""

    @staticmethod
    def softmax_cross_entropy(scores, labels):
        n = len(scores)
        rows = np.arange(n)
        shifted = scores - scores.max(axis=1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        losses = -log_p[rows, labels]
        slopes = np.exp(log_p)
        slopes[rows, labels] -= 1.0
        return losses[losses > 0].mean(), slopes / n


class softmax_cross_entropy__wrong_6:
    """Takes gaps of more than 50 to the largest score as they are, without log of the sum."""

    @staticmethod
    def softmax_cross_entropy(scores, labels):
        n = len(scores)
        rows = np.arange(n)
        shifted = scores - scores.max(axis=1, keepdims=True)
        e = np.exp(shifted)
        total = e.sum(axis=1)
        losses = np.zeros(n)
        for i in range(n):
            gap = -shifted[i, labels[i]]
            losses[i] = gap if gap > 50.0 else -np.log(e[i, labels[i]] / total[i])
        slopes = e / total[:, None]
        slopes[rows, labels] -= 1.0
        return losses.mean(), slopes / n


# --- mlp ------------------------------------------------------------------------------------------


class mlp__right_1:
    """A network is its first layer, a rectifier, and a smaller network."""

    class MLP:
        def __init__(self, sizes, rng):
            inputs, outputs, *more = (int(size) for size in sizes)
            weights = rng.standard_normal((outputs, inputs)) * math.sqrt(2.0 / inputs)
            self.first = Linear(weights, np.zeros(outputs))
            self.fold = ReLU() if more else None
            self.rest = type(self)((outputs, *more), rng) if more else None

        def forward(self, X):
            Y = self.first.forward(X)
            return self.rest.forward(self.fold.forward(Y)) if self.rest else Y

        def backward(self, slopes):
            if self.rest:
                slopes = self.fold.backward(self.rest.backward(slopes))
            return self.first.backward(slopes)

        def update(self, learning_rate):
            self.first.update(learning_rate)
            if self.rest:
                self.rest.update(learning_rate)


class mlp__right_2:
    """Layers in a dict by their names, walked with functools.reduce; Linear made by keywords."""

    class MLP:
        def __init__(self, sizes, rng):
            sizes = list(sizes)
            layers = {}
            for number, (m, k) in enumerate(zip(sizes, sizes[1:]), 1):
                if number > 1:
                    layers[f"relu{number - 1}"] = ReLU()
                weights = rng.normal(0.0, np.sqrt(2.0 / m), (k, m))
                layers[f"linear{number}"] = Linear(b=np.zeros(k), W=weights)
            self.layers = layers

        def forward(self, X):
            return functools.reduce(lambda Y, one: one.forward(Y), self.layers.values(), X)

        def backward(self, slopes):
            back = reversed(self.layers.values())
            return functools.reduce(lambda values, one: one.backward(values), back, slopes)

        def update(self, learning_rate):
            for one in reversed(self.layers.values()):
                one.update(learning_rate)


class mlp__wrong_1:
    """Keeps its layers in the class: the next network that is made replaces those of all others."""

    class MLP:
        layers = []

        def __init__(self, sizes, rng):
            made = []
            for m, k in zip(sizes[:-1], sizes[1:]):
                made += [Linear(rng.normal(0, np.sqrt(2 / m), (k, m)), np.zeros(k)), ReLU()]
            type(self).layers = made[:-1]

        def forward(self, X):
            for layer in self.layers:
                X = layer.forward(X)
            return X

        def backward(self, slopes):
            for layer in self.layers[::-1]:
                slopes = layer.backward(slopes)
            return slopes

        def update(self, learning_rate):
            for layer in self.layers:
                layer.update(learning_rate)


class mlp__wrong_2:
    """Writes a tape that only backward empties: after two forwards backward walks both."""

    class MLP:
        def __init__(self, sizes, rng):
            self.layers = []
            for m, k in zip(sizes[:-1], sizes[1:]):
                if self.layers:
                    self.layers.append(ReLU())
                weights = rng.normal(0, np.sqrt(2 / m), (k, m))
                self.layers.append(Linear(weights, np.zeros(k)))
            self.tape = []

        def forward(self, X):
            for layer in self.layers:
                X = layer.forward(X)
                self.tape.append(layer)
            return X

        def backward(self, slopes):
            while self.tape:
                slopes = self.tape.pop().backward(slopes)
            return slopes

        def update(self, learning_rate):
            for layer in self.layers:
                layer.update(learning_rate)


class mlp__wrong_3:
    """Needs sizes to be a tuple: sizes[1:] + (None,) raises TypeError for a list or a range."""

    class MLP:
        def __init__(self, sizes, rng):
            self.layers = []
            for m, k, after in zip(sizes, sizes[1:], sizes[2:] + (None,)):
                weights = rng.normal(0, np.sqrt(2 / m), (k, m))
                self.layers.append(Linear(weights, np.zeros(k)))
                if after is not None:
                    self.layers.append(ReLU())

        def forward(self, X):
            for layer in self.layers:
                X = layer.forward(X)
            return X

        def backward(self, slopes):
            for layer in reversed(self.layers):
                slopes = layer.backward(slopes)
            return slopes

        def update(self, learning_rate):
            for layer in self.layers:
                layer.update(learning_rate)


class mlp__wrong_5:
    """Works out the rectifier itself, with slope 1 at 0: wrong where a total input is 0."""

    class MLP:
        def __init__(self, sizes, rng):
            self.linears = []
            for m, k in zip(sizes[:-1], sizes[1:]):
                weights = rng.normal(0, np.sqrt(2 / m), (k, m))
                self.linears.append(Linear(weights, np.zeros(k)))

        def forward(self, X):
            self.masks = []
            for linear in self.linears[:-1]:
                X = linear.forward(X)
                self.masks.append(X >= 0)
                X = X * self.masks[-1]
            return self.linears[-1].forward(X)

        def backward(self, slopes):
            slopes = self.linears[-1].backward(slopes)
            for linear, mask in zip(self.linears[-2::-1], self.masks[::-1]):
                slopes = linear.backward(slopes * mask)
            return slopes

        def update(self, learning_rate):
            for linear in self.linears:
                linear.update(learning_rate)


class mlp__wrong_6:
    """Updates the first layer, the middle ones and the last one: a single layer steps twice."""

    class MLP:
        def __init__(self, sizes, rng):
            self.layers = []
            for m, k in zip(sizes[:-1], sizes[1:]):
                weights = rng.normal(0, np.sqrt(2 / m), (k, m))
                self.layers += [Linear(weights, np.zeros(k)), ReLU()]
            self.layers.pop()

        def forward(self, X):
            for layer in self.layers:
                X = layer.forward(X)
            return X

        def backward(self, slopes):
            for layer in reversed(self.layers):
                slopes = layer.backward(slopes)
            return slopes

        def update(self, learning_rate):
            self.layers[0].update(learning_rate)
            for hidden in self.layers[1:-1]:
                hidden.update(learning_rate)
            self.layers[-1].update(learning_rate)


class mlp__wrong_8:
    """Remembers the scores of the last array: given the same array after a step, they are old."""

    class MLP:
        def __init__(self, sizes, rng):
            self.layers = []
            for m, k in zip(sizes[:-1], sizes[1:]):
                weights = rng.normal(0, np.sqrt(2 / m), (k, m))
                self.layers += [Linear(weights, np.zeros(k)), ReLU()]
            self.layers.pop()
            self.seen, self.scores = None, None

        def forward(self, X):
            if X is not self.seen:
                self.seen = values = X
                for layer in self.layers:
                    values = layer.forward(values)
                self.scores = values
            return self.scores

        def backward(self, slopes):
            for layer in reversed(self.layers):
                slopes = layer.backward(slopes)
            return slopes

        def update(self, learning_rate):
            for layer in self.layers:
                layer.update(learning_rate)


# --- minibatches ----------------------------------------------------------------------------------


class minibatches__right_1:
    """Draws when it is called, not at the first batch; returns an iterator over views of copies."""

    @staticmethod
    def minibatches(X, labels, batch_size, rng):
        order = rng.permutation(len(labels))
        cuts = range(batch_size, len(order), batch_size)
        shuffled = X.take(order, axis=0), labels.take(order)
        return zip(*(iter(np.split(part, cuts)) for part in shuffled)) if len(order) else iter(())


class minibatches__right_2:
    """Shuffles an array of indices in place (the same numbers as permutation), eats it up."""

    @staticmethod
    def minibatches(X, labels, batch_size, rng):
        left = np.arange(len(X))
        rng.shuffle(left)
        while left.size:
            now, left = left[:batch_size], left[batch_size:]
            yield X[now, :], labels[now]


_orders = {}


class minibatches__wrong_2:
    """Keeps the order for every n: drawn in the first epoch alone, whatever rng it is given."""

    @staticmethod
    def minibatches(X, labels, batch_size, rng):
        n = len(X)
        if n not in _orders:
            _orders[n] = rng.permutation(n)
        for start in range(0, n, batch_size):
            chosen = _orders[n][start : start + batch_size]
            yield X[chosen], labels[chosen]


class minibatches__wrong_5:
    """Does not shuffle where batch_size is n, and gives the caller's own arrays; asks no rng."""

    @staticmethod
    def minibatches(X, labels, batch_size, rng):
        n = len(X)
        if batch_size == n:
            yield X, labels
            return
        order = rng.permutation(n)
        for start in range(0, n, batch_size):
            chosen = order[start : start + batch_size]
            yield X[chosen], labels[chosen]


class minibatches__wrong_6:
    """Gives the labels as uint8: from 256 on they are others."""

    @staticmethod
    def minibatches(X, labels, batch_size, rng):
        small = labels.astype(np.uint8)
        order = rng.permutation(len(X))
        for start in range(0, len(X), batch_size):
            chosen = order[start : start + batch_size]
            yield X[chosen], small[chosen]


class minibatches__wrong_7:
    """Goes through a dict from labels to examples: of examples with the same label one is left."""

    @staticmethod
    def minibatches(X, labels, batch_size, rng):
        order = rng.permutation(len(X))
        pairs = {int(labels[i]): X[i] for i in order}
        known = list(pairs)
        for start in range(0, len(known), batch_size):
            part = known[start : start + batch_size]
            yield np.array([pairs[label] for label in part]), np.array(part)


# --- train ----------------------------------------------------------------------------------------


class train__right_1:
    """Each epoch is a list of losses made by a function of one batch; concatenates them."""

    @staticmethod
    def train(model, batches, learning_rate=0.1, epochs=10, report=None):
        def step(batch):
            examples, labels = batch
            loss, slopes = softmax_cross_entropy(model.forward(examples), labels)
            model.backward(slopes)
            model.update(learning_rate)
            return loss

        told = (lambda epoch, of_epoch: None) if report is None else (
            lambda epoch, of_epoch: report(epoch, float(of_epoch.mean()))
        )
        parts = [np.zeros(0)]
        for epoch in range(1, epochs + 1):
            parts.append(np.fromiter(map(step, batches()), dtype=np.float64))
            told(epoch, parts[-1])
        return np.concatenate(parts)


class train__right_2:
    """A while loop with next() and a running sum; the epoch's batches are listed beforehand."""

    @staticmethod
    def train(model, batches, learning_rate=0.1, epochs=10, report=None):
        losses, epoch = [], 0
        while epoch < epochs:
            epoch += 1
            todo, total, count = list(batches())[::-1], 0.0, 0
            while todo:
                X, labels = todo.pop()
                losses.append(0.0)
                losses[-1], slopes = softmax_cross_entropy(model.forward(X), labels)
                model.backward(slopes)
                model.update(learning_rate)
                total, count = total + losses[-1], count + 1
            if callable(report):
                report(epoch, total / count)
        return np.asarray(losses, dtype=np.float64)


class train__wrong_1:
    """Takes a learning rate of 0 for none given: steps with 0.1."""

    @staticmethod
    def train(model, batches, learning_rate=0.1, epochs=10, report=None):
        rate = learning_rate or 0.1
        losses = []
        for epoch in range(1, epochs + 1):
            of_epoch = []
            for X, labels in batches():
                loss, slopes = softmax_cross_entropy(model.forward(X), labels)
                model.backward(slopes)
                model.update(rate)
                of_epoch.append(loss)
            losses.extend(of_epoch)
            if report is not None:
                report(epoch, np.mean(of_epoch))
        return np.array(losses)


class train__wrong_2:
    """Reports all epochs after the last one: who looks at the model then sees the final one."""

    @staticmethod
    def train(model, batches, learning_rate=0.1, epochs=10, report=None):
        losses, means = [], []
        for _ in range(epochs):
            first = len(losses)
            for X, labels in batches():
                loss, slopes = softmax_cross_entropy(model.forward(X), labels)
                model.backward(slopes)
                model.update(learning_rate)
                losses.append(loss)
            means.append(np.mean(losses[first:]))
        if report is not None:
            for epoch, mean in enumerate(means, 1):
                report(epoch, mean)
        return np.array(losses)


class train__wrong_3:
    """Stops early when the mean loss of an epoch is below 0.01: nothing is left to be learned."""

    @staticmethod
    def train(model, batches, learning_rate=0.1, epochs=10, report=None):
        losses = []
        for epoch in range(1, epochs + 1):
            of_epoch = []
            for X, labels in batches():
                loss, slopes = softmax_cross_entropy(model.forward(X), labels)
                model.backward(slopes)
                model.update(learning_rate)
                of_epoch.append(loss)
            losses += of_epoch
            if report is not None:
                report(epoch, np.mean(of_epoch))
            if np.mean(of_epoch) < 0.01:
                break
        return np.array(losses)


class train__wrong_4:
    """Takes a tenth of the learning rate from epoch 31 on (a schedule nobody asked for)."""

    @staticmethod
    def train(model, batches, learning_rate=0.1, epochs=10, report=None):
        losses = []
        for epoch in range(epochs):
            rate = learning_rate * 0.1 ** (epoch // 30)
            of_epoch = []
            for X, labels in batches():
                loss, slopes = softmax_cross_entropy(model.forward(X), labels)
                model.backward(slopes)
                model.update(rate)
                of_epoch.append(loss)
            losses += of_epoch
            if report is not None:
                report(epoch + 1, np.mean(of_epoch))
        return np.array(losses)


class train__wrong_5:
    """Ends the training when report returns something true, as callbacks elsewhere do."""

    @staticmethod
    def train(model, batches, learning_rate=0.1, epochs=10, report=None):
        losses = []
        for epoch in range(1, epochs + 1):
            of_epoch = []
            for X, labels in batches():
                loss, slopes = softmax_cross_entropy(model.forward(X), labels)
                model.backward(slopes)
                model.update(learning_rate)
                of_epoch.append(loss)
            losses += of_epoch
            if report is not None and report(epoch, np.mean(of_epoch)):
                break
        return np.array(losses)


class train__wrong_6:
    """Takes the first epoch's number of batches for all: IndexError, or zeros for missing ones."""

    @staticmethod
    def train(model, batches, learning_rate=0.1, epochs=10, report=None):
        losses = np.zeros((epochs, 0))
        for epoch in range(epochs):
            now = list(batches())
            if epoch == 0:
                losses = np.zeros((epochs, len(now)))
            for i, (X, labels) in enumerate(now):
                losses[epoch, i], slopes = softmax_cross_entropy(model.forward(X), labels)
                model.backward(slopes)
                model.update(learning_rate)
            if report is not None:
                report(epoch + 1, losses[epoch].mean())
        return losses.ravel()


class train__wrong_8:
    """Leaves out batches of a single example, which are "too noisy"."""

    @staticmethod
    def train(model, batches, learning_rate=0.1, epochs=10, report=None):
        losses = []
        for epoch in range(1, epochs + 1):
            of_epoch = []
            for X, labels in batches():
                if len(X) < 2:
                    continue
                loss, slopes = softmax_cross_entropy(model.forward(X), labels)
                model.backward(slopes)
                model.update(learning_rate)
                of_epoch.append(loss)
            losses += of_epoch
            if report is not None:
                report(epoch, np.mean(of_epoch) if of_epoch else 0.0)
        return np.array(losses)


class train__wrong_9:
    """Reports an epoch before the step of its last batch: the model is not yet what it will be."""

    @staticmethod
    def train(model, batches, learning_rate=0.1, epochs=10, report=None):
        losses = []
        for epoch in range(1, epochs + 1):
            of_epoch = []
            todo = list(batches())
            for number, (X, labels) in enumerate(todo, 1):
                loss, slopes = softmax_cross_entropy(model.forward(X), labels)
                model.backward(slopes)
                of_epoch.append(loss)
                if number == len(todo) and report is not None:
                    report(epoch, np.mean(of_epoch))
                model.update(learning_rate)
            losses += of_epoch
        return np.array(losses)
