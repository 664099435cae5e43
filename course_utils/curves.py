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

Errors: TypeAlias = tuple[Sequence[float], Sequence[float]]
"""Training error and test error after every epoch, shares from 0 to 1."""


@dataclass(frozen=True, eq=False)
class Measured:
    """The curves of the degradation experiment, and how they were measured.

    Parameters
    ----------
    about : two sentences: of what, how, when, and with what.
    reduced : whether the experiment was smaller than the paper's.
    depths : of the shallower and of the deeper networks.
    seeds : of the trainings, the same for all networks.
    runs : errors by kind ("plain" or "residual"), depth and seed.
    """

    about: str
    reduced: bool
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
        drawn = pictured(panels, f"Errors of the networks over the epochs. {self.about}")
        assert isinstance(drawn, plots.Picture)
        return drawn

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
        found["reduced"],
        tuple(sorted({depth for _, depth, _ in runs})),
        tuple(sorted({seed for _, _, seed in runs})),
        runs,
    )


def _about(found: Mapping[str, Any]) -> str:
    """Return what was measured, how, when, and with what."""
    protocol, machine = found["protocol"], found["machine"]
    seeds = sorted({run["seed"] for run in found["runs"]})
    what = (
        "The reduced experiment: narrow networks and small pictures, not those of the paper"
        if found["reduced"]
        else "The experiment of the paper"
    )
    return (
        f"{what}. {found['data'].partition(', 10 classes')[0]}; {protocol['width']} channels in "
        f"the first stage, batches of {protocol['batch_size']}, learning rate "
        f"{protocol['learning_rate']:g}, divided by 10 after epochs "
        f"{' and '.join(map(str, protocol['milestones']))} of {protocol['epochs']}; seeds "
        f"{', '.join(map(str, seeds))}. Measured on {found['date']} on {found['hardware']}, with "
        f"torch {machine['torch']}."
    )


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
