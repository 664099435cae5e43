"""Looks whether this machine can run the notebooks, and says what to do if not."""

import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

_PYTHON = (3, 11)
_NEEDS = {
    "ipywidgets": "8.1",
    "jupyterlab": "4.4",
    "matplotlib": "3.9",
    "numpy": "2.0",
    "pooch": "1.8",
    "scikit-image": "0.24",
    "scikit-learn": "1.5",
    "scipy": "1.13",
    "torch": "2.4",
}
"""The oldest versions that will do; a test keeps them equal to pyproject.toml's."""


@dataclass(frozen=True)
class Report:
    """What is wrong with this machine, a sentence each."""

    problems: tuple[str, ...]

    def __repr__(self) -> str:
        if not self.problems:
            return "This machine has everything the notebook needs."
        lines = "\n".join(f"- {problem}" for problem in self.problems)
        return (
            f"This machine is not ready:\n{lines}\n"
            "Set it up as the README says (`make demo`, or `conda env create -f environment.yml`), "
            "start JupyterLab from that environment, and run this cell again."
        )


def check() -> Report:
    """Compare Python and the installed packages with what the notebooks need."""
    problems = []
    if sys.version_info < _PYTHON:
        found = ".".join(map(str, sys.version_info[:2]))
        problems.append(f"Python {found} is too old, {'.'.join(map(str, _PYTHON))} is needed.")
    for package, needed in _NEEDS.items():
        try:
            found = version(package)
        except PackageNotFoundError:
            problems.append(f"{package} is not installed.")
            continue
        if _numbers(found) < _numbers(needed):
            problems.append(f"{package} {found} is too old, {needed} is needed.")
    return Report(tuple(problems))


def _numbers(text: str) -> tuple[int, ...]:
    parts = text.split("+")[0].split(".")
    return tuple(int("".join(c for c in part if c.isdigit()) or 0) for part in parts[:3])
