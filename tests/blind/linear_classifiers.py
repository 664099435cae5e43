from itertools import product

import numpy as np


def _scores(W, b, X):
    return X @ W.T + b


def _chain(slopes, X):
    """From dL/ds (n, C) to dL/dW, dL/db."""
    return slopes.T @ X, slopes.sum(axis=0)


def _accuracy(W, b, X, labels):
    return float(np.mean(_scores(W, b, X).argmax(axis=1) == labels))


# ---------------------------------------------------------------- linear_scores


class linear_scores__right_1:
    """The bias is one more column of W, for one more number 1 in every example."""

    @staticmethod
    def linear_scores(W, b, X):
        longer_W = np.column_stack([W, b])
        longer_X = np.column_stack([X, np.ones(len(X))])
        return np.einsum("nd,cd->nc", longer_X, longer_W, optimize=True)


class linear_scores__wrong_1:
    """One class alone gives (n,) instead of (n, 1), as sklearn's decision_function does."""

    @staticmethod
    def linear_scores(W, b, X):
        if W.shape[0] == 1:
            return X @ W[0] + b[0]
        return (W @ X.T + b[:, None]).T


class linear_scores__wrong_3:
    """Works in blocks of about 256 examples, and leaves out those after the last whole block."""

    @staticmethod
    def linear_scores(W, b, X):
        n = len(X)
        blocks = max(1, n // 256)
        size = n // blocks
        scores = np.zeros((n, len(W)))
        for k in range(blocks):
            rows = slice(k * size, (k + 1) * size)
            scores[rows] = X[rows] @ W.T + b
        return scores


# ---------------------------------------------------------------- softmax_loss


class softmax_loss__right_1:
    """Works with logarithms: the normaliser comes from logaddexp, p from exp(log p)."""

    @staticmethod
    def softmax_loss(W, b, X, labels):
        s = _scores(W, b, X)
        log_p = s - np.logaddexp.reduce(s, axis=1, keepdims=True)
        right = labels[:, None] == np.arange(len(b))
        slopes = (np.exp(log_p) - right) / len(X)
        dW, db = _chain(slopes, X)
        return -float(log_p[right].mean()), dW, db


class softmax_loss__wrong_1:
    """Takes log p and helps only where p is exactly 0: a p below 1e-308 has lost its digits."""

    @staticmethod
    def softmax_loss(W, b, X, labels):
        n = len(X)
        rows = np.arange(n)
        s = _scores(W, b, X)
        s = s - s.max(axis=1, keepdims=True)
        e = np.exp(s)
        p = e / e.sum(axis=1, keepdims=True)
        chosen = p[rows, labels]
        safe = np.where(chosen > 0, chosen, 1.0)
        loss = np.where(chosen > 0, -np.log(safe), -s[rows, labels]).mean()
        p[rows, labels] -= 1
        dW, db = _chain(p / n, X)
        return float(loss), dW, db


class softmax_loss__wrong_2:
    """Keeps the labels in uint8 to save memory: from 256 classes on they wrap around."""

    @staticmethod
    def softmax_loss(W, b, X, labels):
        small = labels.astype(np.uint8)
        rows = np.arange(len(X))
        s = _scores(W, b, X)
        s = s - s.max(axis=1, keepdims=True)
        log_p = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
        slopes = np.exp(log_p)
        slopes[rows, small] -= 1
        dW, db = _chain(slopes / len(X), X)
        return -float(log_p[rows, small].mean()), dW, db


class softmax_loss__wrong_3:
    """Shifts only rows with a score beyond 709, where exp overflows; but their sum does earlier."""

    @staticmethod
    def softmax_loss(W, b, X, labels):
        n = len(X)
        rows = np.arange(n)
        s = _scores(W, b, X)
        large = np.abs(s).max(axis=1) > 709.0
        s[large] -= s[large].max(axis=1, keepdims=True)
        e = np.exp(s)
        total = e.sum(axis=1, keepdims=True)
        loss = np.mean(np.log(total[:, 0]) - s[rows, labels])
        p = e / total
        p[rows, labels] -= 1
        dW, db = _chain(p / n, X)
        return float(loss), dW, db


# ---------------------------------------------------------------- multiclass_hinge_loss


class multiclass_hinge_loss__right_1:
    """The right class is left out by a margin of minus infinity; the slopes are one matrix."""

    @staticmethod
    def multiclass_hinge_loss(W, b, X, labels):
        right = np.eye(len(b), dtype=bool)[labels]
        s = _scores(W, b, X)
        missing = np.where(right, -np.inf, s - s[right][:, None] + 1.0)
        pulls = (missing > 0).astype(np.float64)
        slopes = pulls - right * pulls.sum(axis=1, keepdims=True)
        dW, db = _chain(slopes / len(X), X)
        return float(np.maximum(missing, 0.0).sum() / len(X)), dW, db


class multiclass_hinge_loss__wrong_1:
    """Exactly on the kink (a term of exactly 0) it still pulls: >= instead of >."""

    @staticmethod
    def multiclass_hinge_loss(W, b, X, labels):
        n = len(X)
        s = _scores(W, b, X)
        margins = s - s[np.arange(n), labels][:, None] + 1
        margins[np.arange(n), labels] = -1
        pulls = (margins >= 0).astype(float)
        loss = (margins * pulls).sum() / n
        pulls[np.arange(n), labels] = -pulls.sum(axis=1)
        dW, db = _chain(pulls / n, X)
        return float(loss), dW, db


class multiclass_hinge_loss__wrong_2:
    """Recognises the right class by its score, so a class with an equal score is left out too."""

    @staticmethod
    def multiclass_hinge_loss(W, b, X, labels):
        n = len(X)
        s = _scores(W, b, X)
        difference = s - s[np.arange(n), labels][:, None]
        margins = np.where(difference == 0, 0.0, np.maximum(0.0, difference + 1))
        pulls = (margins > 0).astype(float)
        pulls[np.arange(n), labels] = -pulls.sum(axis=1)
        dW, db = _chain(pulls / n, X)
        return float(margins.sum() / n), dW, db


class multiclass_hinge_loss__wrong_3:
    """Counts the terms above 0 in int8, which wraps with more than 129 classes."""

    @staticmethod
    def multiclass_hinge_loss(W, b, X, labels):
        n = len(X)
        rows = np.arange(n)
        s = _scores(W, b, X)
        margins = np.maximum(0, s - s[rows, labels].reshape(-1, 1) + 1)
        margins[rows, labels] = 0
        slopes = (margins > 0).astype(np.int8)
        slopes[rows, labels] = -slopes.sum(axis=1)
        dW, db = _chain(slopes, X)
        return float(margins.sum() / n), dW / n, db / n


# ---------------------------------------------------------------- numerical_gradient


class numerical_gradient__right_1:
    """Every moved point is built anew from a row of the unit matrix."""

    @staticmethod
    def numerical_gradient(function, x, step=1e-5):
        def moved(i, by):
            flat = np.array(x, dtype=np.float64, order="C").reshape(-1)
            flat[i] += by
            return flat.reshape(np.shape(x))

        slopes = [
            (function(moved(i, step)) - function(moved(i, -step))) / (2 * step)
            for i in range(np.size(x))
        ]
        return np.array(slopes, dtype=np.float64).reshape(np.shape(x))


class numerical_gradient__wrong_3:
    """Rounds the noise of the differences away, to nine decimals, and small slopes with it."""

    @staticmethod
    def numerical_gradient(function, x, step=1e-5):
        gradient = np.zeros(x.shape)
        for place in np.ndindex(x.shape):
            up, down = x.copy(), x.copy()
            up[place] += step
            down[place] -= step
            gradient[place] = (function(up) - function(down)) / (2 * step)
        return np.round(gradient, 9)


# ---------------------------------------------------------------- regularization


class regularization__right_1:
    """A table of pairs (penalty, slope) instead of branches."""

    @staticmethod
    def regularization(W, weight_decay, kind="l2"):
        table = {
            "l2": (lambda w: np.vdot(w, w), lambda w: w + w),
            "l1": (lambda w: np.linalg.norm(w.ravel(), 1), np.sign),
        }
        try:
            penalty, slope = table[kind]
        except KeyError:
            raise ValueError(f"kind is 'l2' or 'l1', not {kind!r}") from None
        return float(weight_decay * penalty(W)), weight_decay * slope(W)


class regularization__wrong_1:
    """Leaves early for a weight decay of 0, before it looks at kind: no ValueError then."""

    @staticmethod
    def regularization(W, weight_decay, kind="l2"):
        if weight_decay == 0:
            return 0.0, np.zeros_like(W)
        if kind == "l2":
            return float(weight_decay * (W**2).sum()), 2 * weight_decay * W
        if kind == "l1":
            return float(weight_decay * np.abs(W).sum()), weight_decay * np.sign(W)
        raise ValueError("kind must be l2 or l1")


class regularization__wrong_2:
    """`kind in ("l1")` is a search in a string: "l", "1" and "" pass for l1."""

    @staticmethod
    def regularization(W, weight_decay, kind="l2"):
        if kind in ("l1"):
            return float(weight_decay * np.abs(W).sum()), weight_decay * np.sign(W)
        if kind in ("l2"):
            return float(weight_decay * np.square(W).sum()), 2 * weight_decay * W
        raise ValueError(kind)


class regularization__wrong_3:
    """The slope of |w| is W / |W| with a small number against 0 / 0: wrong for tiny weights."""

    @staticmethod
    def regularization(W, weight_decay, kind="l2"):
        if kind == "l2":
            return float(weight_decay * np.sum(W * W)), 2 * weight_decay * W
        if kind == "l1":
            size = np.abs(W)
            return float(weight_decay * size.sum()), weight_decay * W / (size + 1e-12)
        raise ValueError(f"unknown kind {kind}")


# ---------------------------------------------------------------- train_linear


class train_linear__right_1:
    """Batches by np.split at multiples of the batch size; weights are replaced, never changed."""

    @staticmethod
    def train_linear(
        loss,
        X,
        labels,
        num_classes,
        rng,
        learning_rate=0.1,
        weight_decay=0.0,
        batch_size=100,
        epochs=10,
    ):
        n, d = X.shape
        W, b = np.zeros((num_classes, d)), np.zeros(num_classes)
        cuts = range(batch_size, n, batch_size)
        history = []
        for _ in range(epochs):
            for batch in np.split(rng.permutation(n), cuts):
                value, dW, db = loss(W, b, X[batch], labels[batch])
                history.append(value + weight_decay * np.vdot(W, W))
                W = W - learning_rate * (dW + 2 * weight_decay * W)
                b = b - learning_rate * db
        return W, b, np.array(history, dtype=np.float64)


class train_linear__wrong_1:
    """array_split makes batches of nearly equal size, not full ones and a smaller last one."""

    @staticmethod
    def train_linear(
        loss,
        X,
        labels,
        num_classes,
        rng,
        learning_rate=0.1,
        weight_decay=0.0,
        batch_size=100,
        epochs=10,
    ):
        n, d = X.shape
        W, b = np.zeros((num_classes, d)), np.zeros(num_classes)
        parts = -(-n // batch_size)
        history = []
        for _ in range(epochs):
            for batch in np.array_split(rng.permutation(n), parts):
                value, dW, db = loss(W, b, X[batch], labels[batch])
                history.append(value + weight_decay * np.sum(W**2))
                W = W - learning_rate * (dW + 2 * weight_decay * W)
                b = b - learning_rate * db
        return W, b, np.array(history)


class train_linear__wrong_3:
    """Gives up when the loss is no longer finite, so the history is shorter than promised."""

    @staticmethod
    def train_linear(
        loss,
        X,
        labels,
        num_classes,
        rng,
        learning_rate=0.1,
        weight_decay=0.0,
        batch_size=100,
        epochs=10,
    ):
        n, d = X.shape
        W, b = np.zeros((num_classes, d)), np.zeros(num_classes)
        history = []
        for _ in range(epochs):
            order = rng.permutation(n)
            for start in range(0, n, batch_size):
                batch = order[start : start + batch_size]
                value, dW, db = loss(W, b, X[batch], labels[batch])
                history.append(value + weight_decay * np.sum(W**2))
                if not np.isfinite(history[-1]):
                    return W, b, np.array(history)
                W = W - learning_rate * (dW + 2 * weight_decay * W)
                b = b - learning_rate * db
        return W, b, np.array(history)


# ---------------------------------------------------------------- search_hyper_parameters


class search_hyper_parameters__right_1:
    """Fills the table through itertools.product and lets argmax break the ties."""

    @staticmethod
    def search_hyper_parameters(fit, training, validation, learning_rates, weight_decays):
        X_val, y_val = validation
        pairs = list(product(learning_rates, weight_decays))
        shares = np.zeros(len(pairs))
        for k, (rate, decay) in enumerate(pairs):
            W, b = fit(*training, rate, decay)
            if np.isfinite(W).all() and np.isfinite(b).all():
                hits = np.count_nonzero(_scores(W, b, X_val).argmax(axis=1) == y_val)
                shares[k] = hits / len(y_val)
        rate, decay = pairs[int(shares.argmax())]
        return rate, decay, shares.reshape(len(learning_rates), len(weight_decays))


class search_hyper_parameters__wrong_2:
    """The best so far begins at accuracy 0 and no pair: if all have accuracy 0, it returns None."""

    @staticmethod
    def search_hyper_parameters(fit, training, validation, learning_rates, weight_decays):
        best, best_rate, best_decay = 0.0, None, None
        table = np.zeros((len(learning_rates), len(weight_decays)))
        for i, rate in enumerate(learning_rates):
            for j, decay in enumerate(weight_decays):
                W, b = fit(*training, rate, decay)
                if not (np.all(np.isfinite(W)) and np.all(np.isfinite(b))):
                    continue
                table[i, j] = _accuracy(W, b, *validation)
                if table[i, j] > best:
                    best, best_rate, best_decay = table[i, j], rate, decay
        return best_rate, best_decay, table


class search_hyper_parameters__wrong_3:
    """Compares the accuracies rounded to whole percents, so a pair that is better by less loses."""

    @staticmethod
    def search_hyper_parameters(fit, training, validation, learning_rates, weight_decays):
        table = np.zeros((len(learning_rates), len(weight_decays)))
        for i, rate in enumerate(learning_rates):
            for j, decay in enumerate(weight_decays):
                W, b = fit(*training, rate, decay)
                if np.isfinite(W).all() and np.isfinite(b).all():
                    table[i, j] = _accuracy(W, b, *validation)
        i, j = np.unravel_index(table.round(2).argmax(), table.shape)
        return learning_rates[i], weight_decays[j], table


class linear_scores__wrong_4:
    """Computes W X^T and brings it to the shape (n, C) by reshape instead of by transposing."""

    @staticmethod
    def linear_scores(W, b, X):
        scores = W @ X.T + b[:, None]
        return scores.reshape(len(X), len(W))


class numerical_gradient__wrong_4:
    """Does not put a number back before moving the next: all earlier ones stay at x - step."""

    @staticmethod
    def numerical_gradient(function, x, step=1e-5):
        moved = np.array(x, dtype=np.float64)
        gradient = np.zeros(moved.shape)
        for place in np.ndindex(moved.shape):
            moved[place] += step
            above = function(moved)
            moved[place] -= 2 * step
            below = function(moved)
            gradient[place] = (above - below) / (2 * step)
        return gradient


class numerical_gradient__wrong_5:
    """Ignores the argument step: h is written into the function as 1e-5."""

    @staticmethod
    def numerical_gradient(function, x, step=1e-5):
        h = 1e-5
        x = np.asarray(x, dtype=np.float64)
        gradient = np.zeros(x.shape)
        for place in np.ndindex(x.shape):
            plus, minus = x.copy(), x.copy()
            plus[place] += h
            minus[place] -= h
            gradient[place] = (function(plus) - function(minus)) / (2 * h)
        return gradient


class train_linear__wrong_4:
    """Shuffles the already shuffled examples: from epoch 2 on the order is a product of permutations."""

    @staticmethod
    def train_linear(
        loss,
        X,
        labels,
        num_classes,
        rng,
        learning_rate=0.1,
        weight_decay=0.0,
        batch_size=100,
        epochs=10,
    ):
        n, d = X.shape
        W, b = np.zeros((num_classes, d)), np.zeros(num_classes)
        losses = []
        for _ in range(epochs):
            order = rng.permutation(n)
            X, labels = X[order], labels[order]
            for start in range(0, n, batch_size):
                stop = start + batch_size
                value, dW, db = loss(W, b, X[start:stop], labels[start:stop])
                losses.append(value + weight_decay * np.sum(W**2))
                W = W - learning_rate * (dW + weight_decay * 2 * W)
                b = b - learning_rate * db
        return W, b, np.array(losses)


class search_hyper_parameters__wrong_4:
    """Goes through the pairs column by column, so of equally good pairs the first of a column wins."""

    @staticmethod
    def search_hyper_parameters(fit, training, validation, learning_rates, weight_decays):
        X, labels = validation
        accuracies = np.zeros((len(learning_rates), len(weight_decays)))
        best, chosen = -1.0, (learning_rates[0], weight_decays[0])
        for j, decay in enumerate(weight_decays):
            for i, rate in enumerate(learning_rates):
                W, b = fit(training[0], training[1], rate, decay)
                if np.all(np.isfinite(W)) and np.all(np.isfinite(b)):
                    accuracies[i, j] = np.mean(np.argmax(X @ W.T + b, axis=1) == labels)
                if accuracies[i, j] > best:
                    best, chosen = accuracies[i, j], (rate, decay)
        return chosen[0], chosen[1], accuracies
