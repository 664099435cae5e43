"""Makes the submissions that the benchmark of grading hands in: right answers and typical others.

A sample turns a release and the perfect answers into a submission, as in
`examples/make_submissions.py`, whose functions are used. No two submissions are alike: each says in
its answers whose it is, so nothing can be graded once for two.
"""

import importlib.util
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Make = Callable[[Any, dict[str, str]], Any]


@dataclass(frozen=True)
class Sample:
    """A way to answer.

    Parameters
    ----------
    make : makes a submission of a release and of the perfect answers.
    wrong : the questions that must lose points; all others get full marks.
    """

    make: Make
    wrong: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Submission:
    """A submission, with the questions that must lose points."""

    student: str
    notebook: Any
    wrong: frozenset[str]


def submissions(
    samples: list[Sample], release: Any, answers: dict[str, str], count: int, run: str
) -> Iterator[Submission]:
    """Yield so many submissions, different from those of every other run."""
    for number in range(count):
        student = f"student-{number + 1:03}"
        sample = samples[number % len(samples)]
        notebook = sample.make(deepcopy(release), dict(answers))
        for cell in notebook.cells:
            keys = cell.metadata.get("nbgrader", {})
            if keys.get("solution") and cell.cell_type == "code":
                cell.source = f"# {student} in {run}\n{cell.source}"
        yield Submission(student, notebook, sample.wrong)


def examples(code: Path) -> Any:
    """Load `examples/make_submissions.py` of a checkout."""
    path = code / "examples" / "make_submissions.py"
    spec = importlib.util.spec_from_file_location("make_submissions", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def linear_filters(known: Any) -> list[Sample]:
    """Return the ways to answer the notebook linear_filters; `known` are the examples."""

    def edited(name: str, *edits: tuple[str, str]) -> Make:
        return lambda notebook, answers: known.fill(notebook, known.changed(answers, name, *edits))

    scaled = edited(
        "add_gaussian_noise_answer",
        ("rng.normal(0.0, sigma, image.shape)", "sigma * rng.standard_normal(image.shape)"),
    )
    averaged = edited(
        "moving_average_answer",
        (
            "np.lib.stride_tricks.sliding_window_view(padded, size).mean(axis=1)",
            "sum(padded[k : k + len(signal)] for k in range(size)) / size",
        ),
    )
    printing = edited(
        "cross_correlate_answer",
        (
            "    result = np.zeros_like(image)",
            "    result = np.zeros_like(image)\n    print(height)",
        ),
    )
    windowed = edited(
        "cross_correlate_answer",
        (
            "    result = np.zeros_like(image)\n",
            "    windows = np.lib.stride_tricks.sliding_window_view(padded, kernel.shape, (0, 1))\n"
            '    return np.einsum("ij...qr,qr->ij...", windows, kernel)\n'
            "    result = np.zeros_like(image)\n",
        ),
    )
    return [
        Sample(known.perfect),
        Sample(known.other_style),
        Sample(known.kernel_flipped, frozenset({"cross_correlate"})),
        Sample(known.own_cells),
        Sample(scaled),
        Sample(known.linearity_by_scaling, frozenset({"lsi"})),
        Sample(averaged),
        Sample(printing),
        Sample(known.noise_clipped, frozenset({"add_gaussian_noise"})),
        Sample(windowed),
    ]


def two_moons(known: Any) -> list[Sample]:
    """Return the ways to answer the notebook two_moons; `known` are the examples."""

    def edited(name: str, *edits: tuple[str, str]) -> Make:
        return lambda notebook, answers: known.fill(notebook, known.changed(answers, name, *edits))

    def experiments(notebook: Any, answers: dict[str, str]) -> Any:
        notebook = known.fill(notebook, answers)
        known.after(notebook, "train", "train(points, labels, 8, 100, 0.3, 1)[0][-1]")
        known.after(notebook, "cross_entropy", "1 / 0  # what happens?")
        return notebook

    by_hand = edited(
        "train_answer",
        (
            "    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)\n",
            "",
        ),
        (
            "    losses = []\n",
            "    losses = []\n    velocities = [torch.zeros_like(p) for p in model.parameters()]\n",
        ),
        ("        optimizer.zero_grad()\n", "        model.zero_grad()\n"),
        (
            "        optimizer.step()\n",
            "        with torch.no_grad():\n"
            "            for p, v in zip(model.parameters(), velocities):\n"
            "                v.mul_(0.9).add_(p.grad)\n"
            "                p.sub_(learning_rate * v)\n",
        ),
    )
    softmaxed = edited(
        "cross_entropy_answer",
        (
            "(torch.logsumexp(logits, dim=1) - right).mean()",
            "-logits.log_softmax(dim=1)[torch.arange(len(labels)), labels].mean()",
        ),
    )
    summed = edited("cross_entropy_answer", (" - right).mean()", " - right).sum()"))
    printing = edited(
        "train_answer",
        (
            "        losses.append(loss.item())\n",
            "        losses.append(loss.item())\n        print(losses[-1])\n",
        ),
    )
    return [
        Sample(known.perfect),
        Sample(by_hand),
        Sample(summed, frozenset({"cross_entropy"})),
        Sample(experiments),
        Sample(softmaxed),
        Sample(
            edited("train_answer", ("        optimizer.zero_grad()\n", "")), frozenset({"train"})
        ),
        Sample(
            edited(
                "momentum_step_answer",
                ("momentum * velocity + gradient", "gradient + momentum * velocity"),
            )
        ),
        Sample(printing),
        Sample(
            edited("accuracy_answer", (".mean().item()", ".mean().item() * 100")),
            frozenset({"accuracy"}),
        ),
        Sample(
            edited("accuracy_answer", (".double().mean().item()", ".sum().item() / len(labels)"))
        ),
    ]


def deep_networks(known: Any) -> list[Sample]:
    """Return the ways to answer the notebook deep_networks; `known` are the examples."""
    return [
        Sample(known.perfect),
        Sample(known.networks_in_another_style),
        Sample(known.relu_before_the_sum, frozenset({"residual_blocks"})),
        Sample(known.gradients_piled_up, frozenset({"train_epoch"})),
        Sample(known.normalisation_of_a_library, frozenset({"local_response_norm"})),
    ]
