"""Training and test error of plain and residual networks, epoch by epoch: measured and drawn.

`degradation()` returns what `benchmarks/degradation.py` measured and left in `curves.json`, for
whoever cannot wait for it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from course_utils import plots
from course_utils.demos import Waiting

if TYPE_CHECKING:
    from course_utils.plots import Picture

ARCHIVE = "the published archive"
"""How a file of curves names CIFAR-10 as it was published, and not another copy of it."""

PAPER: Mapping[str, tuple[Any, str]] = {
    "width": (16, "16 channels in the first stage"),
    "batch_size": (128, "batches of 128"),
    "epochs": (164, "164 epochs"),
    "pad": (4, "shifts by up to 4 pixels"),
    "learning_rate": (0.1, "a learning rate of 0.1"),
    "momentum": (0.9, "a momentum of 0.9"),
    "weight_decay": (1e-4, "a weight decay of 0.0001"),
}
"""The protocol of He et al., 2015, section 4.2: a value for each setting, and in words."""

Errors: TypeAlias = tuple[Sequence[float], Sequence[float]]
"""Training error and test error after every epoch, shares from 0 to 1."""


@dataclass(frozen=True, eq=False)
class Measured:
    """The curves of the degradation experiment, and how they were measured.

    Parameters
    ----------
    about : of what, how, when, and with what, in a few sentences.
    as_in_the_paper : whether protocol and data are those of He et al.
    depths : of the shallower and of the deeper networks.
    seeds : of the trainings, the same for all networks.
    runs : errors by kind ("plain" or "residual"), depth and seed.
    """

    about: str
    as_in_the_paper: bool
    depths: tuple[int, ...]
    seeds: tuple[int, ...]
    runs: Mapping[tuple[str, int, int], Errors]

    def run(self, kind: str, depth: int, seed: int) -> tuple[float, float]:
        """Return the training error and the test error at the end of a training.

        Raises
        ------
        KeyError
            If there was no such training.
        """
        if (kind, depth, seed) not in self.runs:
            raise KeyError(
                f"no {kind} network of {depth} layers was trained with seed {seed}: there are "
                f"depths {self.depths} and seeds {self.seeds}"
            )
        train, test = self.runs[kind, depth, seed]
        return train[-1], test[-1]

    def picture(self) -> "Picture":
        """Draw all curves: plain networks on the left, residual ones on the right."""
        panels = {
            f"{kind} networks": {
                f"{depth} layers": [self.runs[kind, depth, seed] for seed in self.seeds]
                for depth in self.depths
            }
            for kind in ("plain", "residual")
        }
        drawn = pictured(panels, f"{self._seen()} {self.about}")
        assert isinstance(drawn, plots.Picture)
        return drawn

    def _seen(self) -> str:
        """Return in words what there is to see: from how many curves, and where they end."""
        train, _ = next(iter(self.runs.values()))
        said = [
            f"Errors over {len(train)} epochs, on training images dashed, on test images solid; "
            "plain networks on the left, residual ones on the right."
        ]
        for kind in ("plain", "residual"):
            ends = [
                100.0 * np.mean([self.run(kind, depth, seed) for seed in self.seeds], axis=0)
                for depth in self.depths
            ]
            each = (
                f"{train:.1f} % of training and {test:.1f} % of test images with {depth} layers"
                for depth, (train, test) in zip(self.depths, ends, strict=True)
            )
            more = ends[-1][0] - ends[0][0]
            said.append(
                f"At the end {kind} networks are wrong on {', on '.join(each)}: the deeper one's "
                f"training error is {abs(more):.1f} points {'larger' if more > 0 else 'smaller'}."
            )
        if len(self.seeds) > 1:
            said.append(
                f"(Means of {len(self.seeds)} trainings; pale, from the least to the most.)"
            )
        return " ".join(said)

    def __repr__(self) -> str:
        return self.about


@cache
def degradation() -> Measured:
    """Return the curves of plain and residual networks of two depths, as they were measured."""
    found = json.loads(Path(__file__).with_name("curves.json").read_text("utf-8"))
    runs = {
        (run["kind"], run["depth"], run["seed"]): (run["train_error"], run["test_error"])
        for run in found["runs"]
    }
    return Measured(
        _about(found),
        not _other_than_the_paper(found),
        tuple(sorted({depth for _, depth, _ in runs})),
        tuple(sorted({seed for _, _, seed in runs})),
        runs,
    )


def _other_than_the_paper(found: Mapping[str, Any]) -> list[str]:
    """Return what the paper had and a measured experiment had not, in words."""
    published = found["data"].startswith("cifar10: 50,000 training and 10,000 test images")
    original = published and found.get("source") == ARCHIVE
    protocol = found["protocol"]
    return [
        *([] if original else ["CIFAR-10 as it was published"]),
        *(words for name, (value, words) in PAPER.items() if protocol[name] != value),
    ]


def _about(found: Mapping[str, Any]) -> str:
    """Return what was measured, how, when, and with what."""
    protocol, machine = found["protocol"], found["machine"]
    seeds = sorted({run["seed"] for run in found["runs"]})
    others = _other_than_the_paper(found)
    what = "The experiment of the paper"
    if any(protocol[name] < PAPER[name][0] for name in ("width", "epochs")):
        what = f"A reduced experiment; that of the paper has {_listed(others)}"
    elif others:
        what = f"Not the experiment of the paper, which has {_listed(others)}"
    name, _, counts = found["data"].partition(", 10 classes")[0].partition(": ")
    if name == "cifar10":
        name = f"CIFAR-10 ({found.get('source', 'a copy')})"
    return (
        f"{what}. {name}: {counts}; {protocol['width']} channels in "
        f"the first stage, batches of {protocol['batch_size']}, learning rate "
        f"{protocol['learning_rate']:g}, divided by 10 after epochs "
        f"{' and '.join(map(str, protocol['milestones']))} of {protocol['epochs']}; seeds "
        f"{', '.join(map(str, seeds))}. Measured on {found['date']} on {found['hardware']}, with "
        f"torch {machine['torch']}."
    )


def _listed(words: Sequence[str]) -> str:
    """Return words with commas, and an "and" before the last."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last


def pictured(
    panels: Mapping[str, Mapping[str, Sequence[Errors]] | Waiting], description: str
) -> "Picture | Waiting":
    """Draw errors over epochs: training error dashed, test error solid.

    Of several trainings of one network the mean is drawn, and pale, from the least to the most.

    Parameters
    ----------
    panels : by title, and in each by name, the trainings of a network, all equally long.
    description : the alternative text: what there is to see.
    """
    for panel in panels.values():
        if isinstance(panel, Waiting):
            return panel
    figure = plots.new_figure(4.4 * len(panels), 3.4)
    every = np.ravel(figure.subplots(1, len(panels), sharey=True))
    for axes, (title, networks) in zip(every, panels.items(), strict=True):
        assert not isinstance(networks, Waiting)
        for color, (name, trainings) in zip(plots.COLORS, networks.items(), strict=False):
            for part, style in ((0, "--"), (1, "-")):
                errors = 100.0 * np.array([training[part] for training in trainings])
                epochs = np.arange(1, errors.shape[1] + 1)
                label = f"{name}, {('training', 'test')[part]}"
                axes.plot(epochs, errors.mean(axis=0), style, color=color, label=label)
                if len(errors) > 1:
                    low, high = errors.min(axis=0), errors.max(axis=0)
                    axes.fill_between(epochs, low, high, color=color, alpha=0.15, linewidth=0)
        axes.set(title=title, xlabel="epoch", ylim=(0, 100))
        axes.grid(color="#dddddd", linewidth=0.6)
        axes.set_axisbelow(True)
        axes.legend(frameon=False, fontsize=8, loc="best")
    every[0].set_ylabel("error in %")
    return plots.finish(figure, description)
