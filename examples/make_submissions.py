"""Makes the sample submissions of this folder from the release and from the reference's answers.

    python examples/make_submissions.py

A sample is the released notebook as a student might hand it in. Most are the perfect answers with
one small change, so that they follow when an exercise changes. What each must get is in
`expected.yml`; the tests grade them all.
"""

import json
import re
import shutil
import sys
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {
    "linear_filters": Path("a1_filtering", "1_linear_filters.ipynb"),
    "nonlinear_filters": Path("a1_filtering", "2_nonlinear_filters.ipynb"),
    "nearest_neighbors": Path("a2_classifiers", "1_nearest_neighbors.ipynb"),
    "linear_classifiers": Path("a2_classifiers", "2_linear_classifiers.ipynb"),
    "perceptrons": Path("a3_backprop", "1_perceptrons.ipynb"),
    "multilayer_networks": Path("a3_backprop", "2_multilayer_networks.ipynb"),
    "convolution_layers": Path("a4_convnets", "1_convolution_layers.ipynb"),
    "deep_networks": Path("a4_convnets", "2_deep_networks.ipynb"),
}
Sample = Callable[[Any, dict[str, str]], Any]
SAMPLES: dict[tuple[str, str], Sample] = {}
"""What is handed in, by notebook and student: a notebook, or files by name."""


def sample(notebook: str, *students: str) -> Callable[[Sample], Sample]:
    """Register a function that turns a release and the perfect answers into a submission."""

    def register(function: Sample) -> Sample:
        SAMPLES.update({(notebook, student): function for student in students})
        return function

    return register


def fill(notebook: Any, answers: dict[str, str]) -> Any:
    """Put answers into a notebook by the name of the answer cell."""
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in answers:
            cell.source = answers[name]
    return notebook


def changed(answers: dict[str, str], name: str, *edits: tuple[str, str]) -> dict[str, str]:
    """Return answers with replacements made in one of them."""
    source = answers[name]
    for old, new in edits:
        if old not in source:
            sys.exit(f"{name}: the answer no longer contains {old!r}; adapt the sample.")
        source = source.replace(old, new)
    return {**answers, name: source}


def after(notebook: Any, name: str, source: str) -> None:
    """Insert a code cell after the cell called `name`."""
    names = [cell.metadata.get("nbgrader", {}).get("grade_id", cell.id) for cell in notebook.cells]
    notebook.cells.insert(names.index(name) + 1, new_code_cell(source, id=f"own-{len(names)}"))


@sample("linear_filters", "student-01")
@sample("nonlinear_filters", *(f"student-{n:02}" for n in (1, 4, 8, 9, 12, 13, 14, 15)))
@sample("nearest_neighbors", "student-01")
@sample("linear_classifiers", "student-01", "student-08")
@sample("perceptrons", "student-01")
@sample("multilayer_networks", "student-01")
@sample("convolution_layers", "student-01")
@sample("deep_networks", "student-01")
def perfect(notebook: Any, answers: dict[str, str]) -> Any:
    return fill(notebook, answers)


@sample("linear_filters", "student-02")
def other_style(notebook: Any, answers: dict[str, str]) -> Any:
    mine = {
        "add_gaussian_noise_answer": """\
def add_gaussian_noise(image, sigma, rng):
    noise = sigma * rng.standard_normal(image.size)
    return image + noise.reshape(image.shape)
""",
        "moving_average_answer": """\
def moving_average(signal, size):
    if not size % 2:
        raise ValueError('even size')
    n = len(signal)
    half = size // 2
    out = []
    for i in range(n):
        total = 0.0
        for j in range(i - half, i + half + 1):
            total += signal[min(max(j, 0), n - 1)]
        out.append(total / size)
    return np.array(out)
""",
        "cross_correlate_answer": """\
def cross_correlate(image, kernel, padding='symmetric'):
    kh, kw = kernel.shape
    if kh % 2 == 0 or kw % 2 == 0:
        raise ValueError('even kernel')
    if image.ndim == 3:
        channels = [cross_correlate(image[:, :, c], kernel, padding) for c in range(image.shape[2])]
        return np.stack(channels, axis=2)
    p = np.pad(image, ((kh // 2, kh // 2), (kw // 2, kw // 2)), mode=padding)
    out = np.empty(image.shape)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            out[i, j] = (p[i:i + kh, j:j + kw] * kernel).sum()
    return out
""",
        "lsi_answer": """\
def is_linear(operator, shape, rng, trials=20):
    worst = 0.0
    for _ in range(trials):
        x, y = rng.normal(size=shape), rng.normal(size=shape)
        a, b = rng.normal(), rng.normal()
        worst = max(worst, abs(operator(a * x + b * y) - a * operator(x) - b * operator(y)).max())
    return worst < 1e-8


def is_shift_invariant(operator, shape, rng, trials=20):
    for _ in range(trials):
        x = rng.normal(size=shape)
        dy, dx = int(rng.integers(1, shape[0])), int(rng.integers(1, shape[1]))
        before = operator(np.roll(np.roll(x, dy, axis=0), dx, axis=1))
        behind = np.roll(np.roll(operator(x), dy, axis=0), dx, axis=1)
        if not np.allclose(before, behind):
            return False
    return True
""",
    }
    return fill(notebook, {**answers, **mine})


@sample("linear_filters", "student-03")
def kernel_flipped(notebook: Any, answers: dict[str, str]) -> Any:
    edit = ("np.ndenumerate(kernel)", "np.ndenumerate(kernel[::-1, ::-1])")
    return fill(notebook, changed(answers, "cross_correlate_answer", edit))


@sample("linear_filters", "student-04")
def noise_clipped(notebook: Any, answers: dict[str, str]) -> Any:
    edit = (
        "return image + rng.normal(0.0, sigma, image.shape)",
        "return np.clip(image + rng.normal(0.0, sigma, image.shape), 0.0, 1.0)",
    )
    return fill(notebook, changed(answers, "add_gaussian_noise_answer", edit))


@sample("linear_filters", "student-05")
def linearity_by_scaling(notebook: Any, answers: dict[str, str]) -> Any:
    edit = (
        "operator(a * x + b * y), a * operator(x) + b * operator(y)",
        "operator(a * x), a * operator(x)",
    )
    return fill(notebook, changed(answers, "lsi_answer", edit))


@sample("linear_filters", "student-06")
def half_done(notebook: Any, answers: dict[str, str]) -> Any:
    done = ("add_gaussian_noise_answer", "moving_average_answer")
    return fill(notebook, {name: answers[name] for name in done})


@sample("linear_filters", "student-07")
@sample("nonlinear_filters", "student-07")
@sample("nearest_neighbors", "student-07")
@sample("linear_classifiers", "student-07")
@sample("perceptrons", "student-07")
@sample("multilayer_networks", "student-07")
@sample("convolution_layers", "student-07")
@sample("deep_networks", "student-07")
def untouched(notebook: Any, answers: dict[str, str]) -> Any:
    return notebook


@sample("linear_filters", "student-08")
def forbidden_call(notebook: Any, answers: dict[str, str]) -> Any:
    library = """\
from scipy import ndimage as nd

def cross_correlate(image, kernel, padding="symmetric"):
    if kernel.shape[0] % 2 == 0 or kernel.shape[1] % 2 == 0:
        raise ValueError("even")
    mode = {"symmetric": "reflect", "reflect": "mirror", "edge": "nearest"}.get(padding, padding)
    weights = kernel if image.ndim == 2 else kernel[:, :, None]
    return nd.correlate(image, weights, mode=mode)
"""
    return fill(notebook, {**answers, "cross_correlate_answer": library})


@sample("linear_filters", "student-09")
def syntax_error(notebook: Any, answers: dict[str, str]) -> Any:
    edit = ("height, width = image.shape[:2]", "height, width = image.shape[:2")
    return fill(notebook, changed(answers, "cross_correlate_answer", edit))


@sample("linear_filters", "student-10")
def no_notebook(notebook: Any, answers: dict[str, str]) -> Any:
    return {"readme.txt": "Sorry, my laptop died. Notebook follows by mail.\n"}


@sample("linear_filters", "student-11")
def not_json(notebook: Any, answers: dict[str, str]) -> Any:
    return {"1_linear_filters.ipynb": nbformat.writes(fill(notebook, answers))[:4000]}


@sample("linear_filters", "student-12")
def renamed(notebook: Any, answers: dict[str, str]) -> Any:
    return {"1_linear_filters (final).ipynb": nbformat.writes(fill(notebook, answers)) + "\n"}


@sample("linear_filters", "student-13")
def warnings_and_stderr(notebook: Any, answers: dict[str, str]) -> Any:
    edit = (
        "padded = _pad(image, kernel.shape, padding)",
        "warnings.warn('slow for large kernels')\n"
        "    print('filtering', image.shape, file=sys.stderr)\n"
        "    padded = _pad(image, kernel.shape, padding)",
    )
    answers = changed(answers, "cross_correlate_answer", edit)
    debug = ("padded = np.pad(", "print('size', size)\n    padded = np.pad(")
    answers = changed(answers, "moving_average_answer", debug)
    answers["cross_correlate_answer"] = (
        "import sys\nimport warnings\n\n" + answers["cross_correlate_answer"]
    )
    notebook = fill(notebook, answers)
    after(
        notebook,
        "cross_correlate",
        "from tqdm import tqdm\n\nfor size in tqdm((3, 5, 7)):\n"
        "    cross_correlate(camera, np.ones((size, size)) / size**2)",
    )
    return notebook


@sample("linear_filters", "student-14")
def own_cells(notebook: Any, answers: dict[str, str]) -> Any:
    edit = ("padded = _pad(image, kernel.shape, padding)", "padded = widen(image, kernel, padding)")
    answers = changed(answers, "cross_correlate_answer", edit)
    head, _, helper = answers["cross_correlate_answer"].partition("\n\n\ndef _pad")
    answers["cross_correlate_answer"] = head + "\n"
    notebook = fill(notebook, answers)
    # A helper in a cell of its own, an import added to the first cell, and a failing experiment.
    body = "def _pad" + helper.rstrip() + "\n\n\ndef widen(image, kernel, padding):\n"
    after(notebook, "moving_average", body + "    return _pad(image, kernel.shape, padding)")
    after(notebook, "lsi", "1 / 0  # what happens?")
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    first.source = "import math\n" + first.source
    return notebook


@sample("linear_filters", "student-15")
def answer_copied(notebook: Any, answers: dict[str, str]) -> Any:
    notebook = fill(notebook, answers)
    cells = notebook.cells
    place = next(i for i, c in enumerate(cells) if c.id == "moving_average_answer")
    copy = deepcopy(cells[place])
    copy.id, copy.source = "copy-of-it", copy.source.replace("edge", "reflect")
    cells.insert(place + 1, copy)
    return notebook


@sample("nonlinear_filters", "student-02")
def other_style_again(notebook: Any, answers: dict[str, str]) -> Any:
    mine = {
        "psnr_answer": """\
def psnr(clean, estimate, data_range=1.0):
    if clean.shape != estimate.shape:
        raise ValueError('shapes')
    rmse = np.sqrt(((clean.astype(float) - estimate.astype(float)) ** 2).mean())
    return np.inf if rmse == 0 else 20 * np.log10(data_range / rmse)
""",
        "median_filter_answer": """\
def median_filter(image, size):
    if size % 2 == 0:
        raise ValueError('even size')
    if image.ndim == 3:
        return np.dstack([median_filter(image[..., c], size) for c in range(image.shape[2])])
    padded = np.pad(image, size // 2, mode='reflect')
    out = np.zeros(image.shape)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            out[i, j] = np.sort(padded[i:i + size, j:j + size], axis=None)[size * size // 2]
    return out
""",
        "patch_weights_answer": """\
def patch_weights(patch, others, h):
    d = np.array([np.mean((o - patch) ** 2) for o in others])
    w = np.exp((d.min() - d) / h ** 2)
    return w / w.sum()
""",
    }
    return fill(notebook, {**answers, **mine})


@sample("nonlinear_filters", "student-03")
def sums_not_normalised(notebook: Any, answers: dict[str, str]) -> Any:
    edit = ("return (result / total).reshape(image.shape)", "return result.reshape(image.shape)")
    return fill(notebook, changed(answers, "bilateral_answer", edit))


@sample("nonlinear_filters", "student-05")
def mean_for_the_challenge(notebook: Any, answers: dict[str, str]) -> Any:
    edit = (
        "return non_local_means(noisy, patch_size=5, search_size=15, h=0.1)",
        "return median_filter(noisy, 3)",
    )
    return fill(notebook, changed(answers, "denoise_answer", edit))


@sample("nearest_neighbors", "student-02")
def neighbours_in_another_style(notebook: Any, answers: dict[str, str]) -> Any:
    mine = {
        "l1_distances_answer": """\
def l1_distances(queries, examples):
    return np.abs(queries[:, None, :] - examples[None, :, :]).sum(axis=2)
""",
        "predict_labels_answer": """\
def predict_labels(distances, labels, k=1):
    if k < 1 or k > len(labels):
        raise ValueError('k')
    out = []
    for row in distances:
        nearest = sorted(range(len(labels)), key=lambda j: row[j])[:k]
        votes = {}
        for j in nearest:
            votes[labels[j]] = votes.get(labels[j], 0) + 1
        # max takes the first of equals, and a dict keeps the order
        out.append(max(votes, key=votes.get))
    return np.array(out, dtype=int)
""",
        "k_nearest_neighbors_answer": """\
class KNearestNeighbors:
    def __init__(self, k=1):
        self.neighbours = k
        self.memory = None

    def train(self, examples, labels):
        if len(examples) != len(labels) or len(examples) < self.neighbours:
            raise ValueError('sizes')
        self.memory = (examples, labels)

    def predict(self, queries):
        if self.memory is None:
            raise RuntimeError('not trained')
        examples, labels = self.memory
        answers = [
            predict_labels(l2_distances(one[None], examples), labels, self.neighbours)
            for one in queries
        ]
        return np.concatenate(answers)
""",
        "hog_descriptor_answer": """\
def hog_descriptor(image):
    h, w = image.shape
    gx, gy = np.zeros((h, w)), np.zeros((h, w))
    for j in range(1, w - 1):
        gx[:, j] = image[:, j + 1] - image[:, j - 1]
    for i in range(1, h - 1):
        gy[i] = image[i + 1] - image[i - 1]
    size = np.sqrt(gx**2 + gy**2)
    angle = np.rad2deg(np.arctan2(gy, gx)) % 180
    cells = np.zeros((h // 8, w // 8, 9))
    for i in range(h // 8 * 8):
        for j in range(w // 8 * 8):
            cells[i // 8, j // 8, int(angle[i, j] / 20) % 9] += size[i, j] / 64
    parts = []
    for i in range(h // 8 - 1):
        for j in range(w // 8 - 1):
            v = cells[i:i + 2, j:j + 2].ravel()
            v = np.minimum(v / np.sqrt(v @ v + 1e-10), 0.2)
            parts.append(v / np.sqrt(v @ v + 1e-10))
    return np.concatenate(parts)
""",
    }
    return fill(notebook, {**answers, **mine})


@sample("nearest_neighbors", "student-03")
def ties_by_label(notebook: Any, answers: dict[str, str]) -> Any:
    edit = ("winner = votes.argmax(axis=1)", "winner = (votes - 1e-6 * nearest).argmax(axis=1)")
    return fill(notebook, changed(answers, "predict_labels_answer", edit))


@sample("nearest_neighbors", "student-04")
def everybody_votes(notebook: Any, answers: dict[str, str]) -> Any:
    edit = ("rest = np.setdiff1d(np.arange(len(labels)), fold)", "rest = np.arange(len(labels))")
    return fill(notebook, changed(answers, "choose_k_answer", edit))


@sample("nearest_neighbors", "student-08")
def with_a_loop(notebook: Any, answers: dict[str, str]) -> Any:
    loop = """\
def l2_distances(queries, examples):
    return np.array([np.sqrt(((examples - one) ** 2).sum(axis=1)) for one in queries])
"""
    return fill(notebook, {**answers, "l2_distances_answer": loop})


@sample("linear_classifiers", "student-02")
def losses_in_another_style(notebook: Any, answers: dict[str, str]) -> Any:
    mine = {
        "softmax_loss_answer": """\
def softmax_loss(W, b, X, labels):
    n = len(X)
    Y = np.eye(len(b))[labels]
    S = W @ X.T + b[:, None]
    S = S - S.max(axis=0)
    total = np.exp(S).sum(axis=0)
    loss = (np.log(total) - (S * Y.T).sum(axis=0)).mean()
    G = (np.exp(S) / total - Y.T) / n
    return loss, G @ X, G @ np.ones(n)
""",
        "train_linear_answer": """\
def train_linear(loss, X, labels, num_classes, rng, learning_rate=0.1, weight_decay=0.0,
                 batch_size=100, epochs=10):
    W = np.zeros((num_classes, X.shape[1]))
    b = np.zeros(num_classes)
    values = []
    for epoch in range(epochs):
        p = rng.permutation(len(X))
        Xp, yp = X[p], labels[p]
        k = 0
        while k < len(X):
            L, gW, gb = loss(W, b, Xp[k:k + batch_size], yp[k:k + batch_size])
            values.append(L + weight_decay * np.sum(W * W))
            W, b = W - learning_rate * (gW + 2 * weight_decay * W), b - learning_rate * gb
            k += batch_size
    return W, b, np.array(values)
""",
    }
    return fill(notebook, {**answers, **mine})


@sample("linear_classifiers", "student-03")
def gradient_not_divided(notebook: Any, answers: dict[str, str]) -> Any:
    return fill(notebook, changed(answers, "softmax_loss_answer", ("    slopes /= len(X)\n", "")))


@sample("linear_classifiers", "student-04")
def bias_decays(notebook: Any, answers: dict[str, str]) -> Any:
    edit = ("learning_rate * db", "learning_rate * (db + 2 * weight_decay * b)")
    return fill(notebook, changed(answers, "train_linear_answer", edit))


@sample("perceptrons", "student-02")
def perceptrons_in_another_style(notebook: Any, answers: dict[str, str]) -> Any:
    mine = {
        "perceptron_forward_answer": """\
def total_input(X, w):
    return np.column_stack([np.ones(len(X)), X]) @ w


def perceptron_forward(X, w, activation):
    a = total_input(X, w)
    return activation(a)
""",
        "sigmoid_answer": """\
def sigmoid(a):
    return 0.5 * (1 + np.tanh(a / 2))
""",
        "second_smallest_perceptron_answer": """\
def second_smallest_gradient(w, x, y):
    error = y - (w[0] * x[0] + w[1] * x[1])
    return np.array([-error * x[0], -error * x[1]])


def train_second_smallest(X, y, w, rng, learning_rate=0.1, epochs=1):
    w1, w2 = w
    losses = np.zeros(epochs * len(X))
    n = 0
    for epoch in range(epochs):
        for i in rng.permutation(len(X)):
            x1, x2 = X[i]
            error = y[i] - w1 * x1 - w2 * x2
            losses[n] = error ** 2 / 2
            w1, w2 = w1 + learning_rate * error * x1, w2 + learning_rate * error * x2
            n += 1
    return np.array([w1, w2]), losses
""",
        "perceptron_rule_answer": """\
def perceptron_rule(X, y, epochs=100):
    ones = np.hstack([np.ones((len(X), 1)), X])
    w = np.zeros(ones.shape[1])
    history = []
    for epoch in range(epochs):
        wrong = 0
        for i in range(len(X)):
            if y[i] * ones[i].dot(w) <= 0:
                w += y[i] * ones[i]
                wrong += 1
        history.append(wrong)
        if wrong == 0:
            break
    return w, np.array(history)
""",
    }
    return fill(notebook, {**answers, **mine})


@sample("perceptrons", "student-03")
def uphill(notebook: Any, answers: dict[str, str]) -> Any:
    edit = ("return -(y - w * x) * x", "return (y - w * x) * x")
    return fill(notebook, changed(answers, "smallest_perceptron_answer", edit))


@sample("perceptrons", "student-04")
def undecided_is_right(notebook: Any, answers: dict[str, str]) -> Any:
    return fill(notebook, changed(answers, "perceptron_rule_answer", ("<= 0.0", "< 0.0")))


@sample("perceptrons", "student-08")
def sigmoid_of_a_library(notebook: Any, answers: dict[str, str]) -> Any:
    library = """\
from scipy.special import expit

def sigmoid(a):
    return expit(a)
"""
    return fill(notebook, {**answers, "sigmoid_answer": library})


@sample("multilayer_networks", "student-02")
def network_without_layers(notebook: Any, answers: dict[str, str]) -> Any:
    mine = {
        "chain_backward_answer": """\
def chain_backward(x, y, w, a, f, derivatives):
    slopes = [derivative(a_k) for derivative, a_k in zip(derivatives, a)]

    def back(k, dL_df):
        before = x if k == 0 else f[k - 1]
        dL_da = dL_df * slopes[k]
        if k == 0:
            return [dL_da * before], dL_da
        dw, db = back(k - 1, dL_da * w[k])
        return dw + [dL_da * before], db

    dw, db = back(len(w) - 1, f[-1] - y)
    return np.array(dw), float(db)
""",
        "mlp_answer": """\
class MLP:
    def __init__(self, sizes, rng):
        self.Ws = []
        self.bs = []
        for i in range(len(sizes) - 1):
            scale = (2.0 / sizes[i]) ** 0.5
            self.Ws.append(scale * rng.standard_normal((sizes[i + 1], sizes[i])))
            self.bs.append(np.zeros(sizes[i + 1]))

    def forward(self, X):
        self.inputs = []
        for i, (W, b) in enumerate(zip(self.Ws, self.bs)):
            if i > 0:
                X = np.maximum(X, 0)
            self.inputs.append(X)
            X = X @ W.T + b
        return X

    def backward(self, slopes):
        self.dWs = [None] * len(self.Ws)
        self.dbs = [None] * len(self.Ws)
        for i in range(len(self.Ws) - 1, -1, -1):
            self.dWs[i] = slopes.T @ self.inputs[i]
            self.dbs[i] = slopes.sum(axis=0)
            slopes = slopes @ self.Ws[i]
            if i > 0:
                slopes = slopes * (self.inputs[i] > 0)
        return slopes

    def update(self, learning_rate):
        for i in range(len(self.Ws)):
            self.Ws[i] = self.Ws[i] - learning_rate * self.dWs[i]
            self.bs[i] = self.bs[i] - learning_rate * self.dbs[i]
""",
        "minibatches_answer": """\
def minibatches(X, labels, batch_size, rng):
    order = rng.permutation(len(labels))
    pieces = np.split(order, range(batch_size, len(order), batch_size))
    return [(X[piece], labels[piece]) for piece in pieces]
""",
    }
    return fill(notebook, {**answers, **mine})


@sample("multilayer_networks", "student-03")
def biases_averaged(notebook: Any, answers: dict[str, str]) -> Any:
    edit = ("slopes.sum(axis=0)", "slopes.mean(axis=0)")
    return fill(notebook, changed(answers, "layers_answer", edit))


@sample("multilayer_networks", "student-04")
def nothing_used_again(notebook: Any, answers: dict[str, str]) -> Any:
    from_scratch = """\
def chain_backward(x, y, w, a, f, derivatives):
    def by_total_input(k):
        product = (f[-1] - y) * derivatives[-1](a[-1])
        for j in range(len(w) - 1, k, -1):
            product = product * w[j] * derivatives[j - 1](a[j - 1])
        return product

    outputs = [x, *f]
    return np.array([by_total_input(k) * outputs[k] for k in range(len(w))]), by_total_input(0)
"""
    return fill(notebook, {**answers, "chain_backward_answer": from_scratch})


@sample("multilayer_networks", "student-08")
def gradients_of_a_library(notebook: Any, answers: dict[str, str]) -> Any:
    library = """\
import torch

def softmax_cross_entropy(scores, labels):
    s = torch.tensor(scores, requires_grad=True)
    loss = torch.nn.functional.cross_entropy(s, torch.tensor(labels))
    loss.backward()
    return loss.item(), s.grad.numpy()
"""
    return fill(notebook, {**answers, "softmax_cross_entropy_answer": library})


@sample("convolution_layers", "student-02")
def layers_in_another_style(notebook: Any, answers: dict[str, str]) -> Any:
    mine = {
        "conv2d_forward_answer": """\
def conv2d_forward(X, W, b, stride=1, padding=0):
    N, C, H, width = X.shape
    out, _, kh, kw = W.shape
    P = np.zeros((N, C, H + 2 * padding, width + 2 * padding))
    P[:, :, padding:padding + H, padding:padding + width] = X
    H_out = (H + 2 * padding - kh) // stride + 1
    W_out = (width + 2 * padding - kw) // stride + 1
    Y = np.zeros((N, out, H_out, W_out))
    for r in range(H_out):
        for c in range(W_out):
            region = P[:, :, r * stride:r * stride + kh, c * stride:c * stride + kw]
            for o in range(out):
                Y[:, o, r, c] = (region * W[o]).sum(axis=(1, 2, 3)) + b[o]
    return Y
""",
        "conv2d_fast_answer": """\
def conv2d_fast(X, W, b, stride=1, padding=0):
    P = np.pad(X, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    windows = np.lib.stride_tricks.sliding_window_view(P, W.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    Y = np.einsum("nirchw,oihw->norc", windows, W, optimize=True)
    return Y + b.reshape(1, -1, 1, 1)
""",
        "max_pool_forward_answer": """\
def max_pool_forward(X, size=2, stride=2):
    windows = np.lib.stride_tricks.sliding_window_view(X, (size, size), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    flat = windows.reshape(windows.shape[:4] + (-1,))
    indices = np.argmax(flat, axis=4)
    return np.take_along_axis(flat, indices[..., None], axis=4)[..., 0], indices
""",
        "average_pool_answer": """\
def average_pool(X, size=2, stride=2):
    rows = (X.shape[2] - size) // stride + 1
    columns = (X.shape[3] - size) // stride + 1
    total = 0
    for i in range(size):
        for j in range(size):
            total = total + X[:, :, i::stride, j::stride][:, :, :rows, :columns]
    return total / size ** 2
""",
    }
    return fill(notebook, {**answers, **mine})


@sample("convolution_layers", "student-03")
def kernel_turned(notebook: Any, answers: dict[str, str]) -> Any:
    edit = ("np.tensordot(windows, W,", "np.tensordot(windows, W[:, :, ::-1, ::-1],")
    return fill(notebook, changed(answers, "conv2d_forward_answer", edit))


@sample("convolution_layers", "student-04")
def right_but_slow(notebook: Any, answers: dict[str, str]) -> Any:
    slow = """\
def conv2d_fast(X, W, b, stride=1, padding=0):
    P = np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    N, _, H, width = P.shape
    out, _, kh, kw = W.shape
    Y = np.empty((N, out, (H - kh) // stride + 1, (width - kw) // stride + 1), X.dtype)
    for n, o, r, c in np.ndindex(Y.shape):
        region = P[n, :, r * stride:r * stride + kh, c * stride:c * stride + kw]
        Y[n, o, r, c] = np.sum(region * W[o]) + b[o]
    return Y
"""
    return fill(notebook, {**answers, "conv2d_fast_answer": slow})


@sample("convolution_layers", "student-08")
def convolution_of_a_library(notebook: Any, answers: dict[str, str]) -> Any:
    library = """\
import torch

def conv2d_fast(X, W, b, stride=1, padding=0):
    X, W, b = torch.tensor(X), torch.tensor(W), torch.tensor(b)
    return torch.nn.functional.conv2d(X, W, b, stride, padding).numpy()
"""
    return fill(notebook, {**answers, "conv2d_fast_answer": library})


@sample("deep_networks", "student-02")
def networks_in_another_style(notebook: Any, answers: dict[str, str]) -> Any:
    mine = {
        "local_response_norm_answer": """\
def local_response_norm(X, n=5, k=2.0, alpha=1e-4, beta=0.75):
    C = X.shape[1]
    channels = []
    for i in range(C):
        near = X[:, max(0, i - n // 2):min(C, i + n // 2 + 1)]
        channels.append(X[:, i] / (k + alpha * near.pow(2).sum(dim=1)) ** beta)
    return torch.stack(channels, dim=1)
""",
        "vgg19_answer": """\
def vgg19(num_classes=1000, shrink=1):
    net = nn.Sequential()
    channels = 3
    for s, (width, depth) in enumerate([(64, 2), (128, 2), (256, 4), (512, 4), (512, 4)]):
        for l in range(depth):
            layer = nn.Conv2d(channels, width // shrink, kernel_size=3, padding="same")
            net.add_module(f"conv{s + 1}_{l + 1}", layer)
            net.add_module(f"relu{s + 1}_{l + 1}", nn.ReLU(inplace=True))
            channels = width // shrink
        net.add_module(f"pool{s + 1}", nn.MaxPool2d(2, 2))
    net.add_module("flatten", nn.Flatten())
    features = channels * 49
    for i in (6, 7):
        net.add_module(f"fc{i}", nn.Linear(features, 4096 // shrink))
        net.add_module(f"relu{i}", nn.ReLU(inplace=True))
        net.add_module(f"drop{i}", nn.Dropout())
        features = 4096 // shrink
    net.add_module("fc8", nn.Linear(features, num_classes))
    return net
""",
        "train_epoch_answer": """\
def train_epoch(model, batches, optimizer, precision):
    model.train()
    criterion = nn.CrossEntropyLoss(reduction="sum")
    losses, n = [], 0
    for X, y in batches:
        X = X.to(precision.device)
        y = y.to(precision.device)
        for parameter in model.parameters():
            parameter.grad = None
        with precision:
            loss = criterion(model(X), y)
        precision.scale(loss / len(y)).backward()
        precision.step(optimizer)
        losses.append(loss.detach())
        n += len(y)
    return float(torch.stack(losses).sum()) / n
""",
    }
    return fill(notebook, {**answers, **mine})


@sample("deep_networks", "student-03")
def relu_before_the_sum(notebook: Any, answers: dict[str, str]) -> Any:
    edits = (
        (
            "functional.relu(self._branch(X) + self.projection(X))",
            "functional.relu(self._branch(X)) + self.projection(X)",
        ),
        (
            "functional.relu(self._branch(X) + functional.pad(seen, (0, 0, 0, 0, 0, self.more)))",
            "functional.relu(self._branch(X)) + functional.pad(seen, (0, 0, 0, 0, 0, self.more))",
        ),
    )
    return fill(notebook, changed(answers, "residual_blocks_answer", *edits))


@sample("deep_networks", "student-04")
def gradients_piled_up(notebook: Any, answers: dict[str, str]) -> Any:
    edit = ("        optimizer.zero_grad()\n", "")
    return fill(notebook, changed(answers, "train_epoch_answer", edit))


@sample("deep_networks", "student-08")
def normalisation_of_a_library(notebook: Any, answers: dict[str, str]) -> Any:
    library = """\
def local_response_norm(X, n=5, k=2.0, alpha=1e-4, beta=0.75):
    return nn.LocalResponseNorm(n, alpha=n * alpha, beta=beta, k=k)(X)
"""
    return fill(notebook, {**answers, "local_response_norm_answer": library})


def perfect_answers(source: Any) -> dict[str, str]:
    """Return the answers of an instructor's notebook, without nbgrader's marks."""
    answers = {}
    for cell in source.cells:
        keys = cell.metadata.get("nbgrader", {})
        if keys.get("solution"):
            lines = cell.source.split("\n")
            kept = [line for line in lines if not re.match(r"\s*### (BEGIN|END) SOLUTION", line)]
            answers[keys["grade_id"]] = "\n".join(kept)
    return answers


def main() -> None:
    """Write every sample."""
    folder = ROOT / "examples" / "submissions"
    shutil.rmtree(folder, ignore_errors=True)
    for name, place in FOLDERS.items():
        release = nbformat.read(ROOT / "release" / place, as_version=4)
        answers = perfect_answers(nbformat.read(ROOT / "source" / place, as_version=4))
        for (notebook, student), make in SAMPLES.items():
            if notebook != name:
                continue
            made = make(deepcopy(release), dict(answers))
            files = made if "cells" not in made else {place.name: nbformat.writes(made) + "\n"}
            for file, text in files.items():
                path = folder / student / place.parent / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, "utf-8")
    print(json.dumps(sorted({student for _, student in SAMPLES})))


if __name__ == "__main__":
    main()
