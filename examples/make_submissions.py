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
NOTEBOOK = Path("a1_filtering", "1_linear_filters.ipynb")
SECOND = NOTEBOOK.with_name("2_nonlinear_filters.ipynb")
SAMPLES: dict[str, Callable[[Any, dict[str, str]], Any]] = {}
SECONDS: dict[str, Callable[[Any, dict[str, str]], Any]] = {}
"""What they hand in of the second notebook; who is not here hands in the perfect answers."""


def sample(student: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function that turns a release and the perfect answers into a submission."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        SAMPLES[student] = function
        return function

    return register


def second(*students: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register what students do with the second notebook."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        SECONDS.update(dict.fromkeys(students, function))
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


@sample("student-01")
def perfect(notebook: Any, answers: dict[str, str]) -> Any:
    return fill(notebook, answers)


@sample("student-02")
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


@sample("student-03")
def kernel_flipped(notebook: Any, answers: dict[str, str]) -> Any:
    edit = ("np.ndenumerate(kernel)", "np.ndenumerate(kernel[::-1, ::-1])")
    return fill(notebook, changed(answers, "cross_correlate_answer", edit))


@sample("student-04")
def noise_clipped(notebook: Any, answers: dict[str, str]) -> Any:
    edit = (
        "return image + rng.normal(0.0, sigma, image.shape)",
        "return np.clip(image + rng.normal(0.0, sigma, image.shape), 0.0, 1.0)",
    )
    return fill(notebook, changed(answers, "add_gaussian_noise_answer", edit))


@sample("student-05")
def linearity_by_scaling(notebook: Any, answers: dict[str, str]) -> Any:
    edit = (
        "operator(a * x + b * y), a * operator(x) + b * operator(y)",
        "operator(a * x), a * operator(x)",
    )
    return fill(notebook, changed(answers, "lsi_answer", edit))


@sample("student-06")
def half_done(notebook: Any, answers: dict[str, str]) -> Any:
    done = ("add_gaussian_noise_answer", "moving_average_answer")
    return fill(notebook, {name: answers[name] for name in done})


@sample("student-07")
def untouched(notebook: Any, answers: dict[str, str]) -> Any:
    return notebook


@sample("student-08")
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


@sample("student-09")
def syntax_error(notebook: Any, answers: dict[str, str]) -> Any:
    edit = ("height, width = image.shape[:2]", "height, width = image.shape[:2")
    return fill(notebook, changed(answers, "cross_correlate_answer", edit))


@sample("student-10")
def no_notebook(notebook: Any, answers: dict[str, str]) -> Any:
    return {"readme.txt": "Sorry, my laptop died. Notebook follows by mail.\n"}


@sample("student-11")
def not_json(notebook: Any, answers: dict[str, str]) -> Any:
    return {NOTEBOOK.name: nbformat.writes(fill(notebook, answers))[:4000]}


@sample("student-12")
def renamed(notebook: Any, answers: dict[str, str]) -> Any:
    return {"1_linear_filters (final).ipynb": nbformat.writes(fill(notebook, answers)) + "\n"}


@sample("student-13")
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


@sample("student-14")
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


@sample("student-15")
def answer_copied(notebook: Any, answers: dict[str, str]) -> Any:
    notebook = fill(notebook, answers)
    cells = notebook.cells
    place = next(i for i, c in enumerate(cells) if c.id == "moving_average_answer")
    copy = deepcopy(cells[place])
    copy.id, copy.source = "copy-of-it", copy.source.replace("edge", "reflect")
    cells.insert(place + 1, copy)
    return notebook


@second("student-02")
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


@second("student-03")
def sums_not_normalised(notebook: Any, answers: dict[str, str]) -> Any:
    edit = ("return (result / total).reshape(image.shape)", "return result.reshape(image.shape)")
    return fill(notebook, changed(answers, "bilateral_answer", edit))


@second("student-05")
def mean_for_the_challenge(notebook: Any, answers: dict[str, str]) -> Any:
    edit = (
        "return non_local_means(noisy, patch_size=5, search_size=15, h=0.1)",
        "return median_filter(noisy, 3)",
    )
    return fill(notebook, changed(answers, "denoise_answer", edit))


@second("student-07")
def untouched_again(notebook: Any, answers: dict[str, str]) -> Any:
    return notebook


@second("student-06", "student-10", "student-11")
def not_handed_in(notebook: Any, answers: dict[str, str]) -> Any:
    return None


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
    first, again = (
        (
            nbformat.read(ROOT / "release" / name, as_version=4),
            perfect_answers(nbformat.read(ROOT / "source" / name, as_version=4)),
        )
        for name in (NOTEBOOK, SECOND)
    )
    folder = ROOT / "examples" / "submissions"
    shutil.rmtree(folder, ignore_errors=True)
    for student, make in SAMPLES.items():
        made = make(deepcopy(first[0]), dict(first[1]))
        files = made if "cells" not in made else {NOTEBOOK.name: nbformat.writes(made) + "\n"}
        more = SECONDS.get(student, fill)(deepcopy(again[0]), dict(again[1]))
        if more is not None:
            files = {**files, SECOND.name: nbformat.writes(more) + "\n"}
        place = folder / student / NOTEBOOK.parent
        place.mkdir(parents=True)
        for name, text in files.items():
            (place / name).write_text(text, "utf-8")
    print(json.dumps(sorted(SAMPLES)))


if __name__ == "__main__":
    main()
