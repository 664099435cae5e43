"""Scaffolds an exercise or a notebook: something that builds, proves and grades, to be rewritten.

The example exercise doubles a number. Every place to be rewritten says so with the word of `MARK`.
"""

import builtins
import keyword
import math
import re
from pathlib import Path

from autograder.course import Course, NotebookText
from autograder.errors import CourseError
from autograder.files import write_text

MARK = "Rewrite"

_TEXT = """
# %% [markdown]
# ## {title}
#
# Rewrite: the idea in a few sentences, with the equation $y = 2 x$.

# %% exercise="{name}" points={points:g}
"""

_REFERENCE = '''

def {name}(x: float) -> float:
    """Double a number. Rewrite: the contract in full.

    y = 2 x.

    Parameters
    ----------
    x : any finite number.

    Returns
    -------
    float.
    """
    # Rewrite: the solution.
    return 2.0 * x
'''

_CHECK = """

@example("{name}", "the number 3")
def {name}_of_three({name}: Any) -> Any:
    # Rewrite: a small example, named in the line above the function.
    return {name}(3.0)
"""

_HIDDEN = """

@hidden("{name}", points={points:g}, says="numbers of many sizes")
def {name}_of_numbers(student: Student, rng: Generator) -> None:
    for x in rng.normal(0.0, 10.0, 20):
        # Rewrite: compare with an independent oracle; say above, for the student, what is tried.
        close(student.{name}(float(x)), float(x) + float(x))
"""

_VARIANTS = """

# Rewrite: mistakes that students make, six or more, each with its hint.
@wrong("{name}", hint="You halve the number; double it.")
def {name}_halved(x: float) -> float:
    return 0.5 * x


@wrong("{name}", hint="You square the number; double it.")
def {name}_squared(x: float) -> float:
    return x * x


@wrong("{name}", hint="You return the number as it is; double it.")
def {name}_unchanged(x: float) -> float:
    return x


@wrong("{name}", hint="You lose the sign of the number.")
def {name}_without_sign(x: float) -> float:
    return abs(2.0 * x)


@wrong("{name}", hint="You cut the decimals off.")
def {name}_cut(x: float) -> float:
    return float(int(2.0 * x))


@wrong("{name}", hint="You add 2 instead of multiplying by it.")
def {name}_plus_two(x: float) -> float:
    return x + 2.0


# Rewrite: right answers of another kind, three or more.
@right("{name}")
def {name}_by_adding(x: float) -> float:
    return x + x


@right("{name}")
def {name}_by_dividing(x: float) -> float:
    return x / 0.5


@right("{name}")
def {name}_by_summing(x: float) -> float:
    return sum([x, x])
"""

# What the first cell of a notebook imports.
_TAKEN = {
    "np",
    "check",
    "demo",
    "environment",
    "images",
    "operators",
    "plots",
    "progress",
    "widgets",
}

_ROOMS = {
    "course_utils/reference": '"""Reference solutions of the notebook {notebook}."""\n',
    "course_utils/checks": (
        '"""Visible examples of the notebook {notebook}."""\n\n'
        "from typing import Any\n\nfrom course_utils.checks import example\n"
    ),
    "autograder/hidden": (
        '"""Hidden tests of the notebook {notebook}."""\n\n'
        "from numpy.random import Generator\n\n"
        "from autograder.grading.student import Student\n"
        "from autograder.hidden import close, hidden\n"
    ),
    "autograder/variants": (
        '"""Known answers to the exercises of {notebook}."""\n'
        "\nfrom autograder.variants import right, wrong\n"
    ),
}

_PARTS = {
    "course_utils/reference": _REFERENCE,
    "course_utils/checks": _CHECK,
    "autograder/hidden": _HIDDEN,
    "autograder/variants": _VARIANTS,
}

_OPENING = """# %% [markdown]
# # {title}
#
# Rewrite: what this notebook is about.
#
# **You will be able to**
#
# - Rewrite: do what.
#
# **Time to plan:** three to five hours. **You hand in** this notebook under its own name.
#
# **Use of AI tools:** you may ask them about ideas; the code and the answers you hand in are your
# own.

# %%
import numpy as np

from course_utils import check, environment, progress

environment.check()
"""

_CLOSING = """
# %% [markdown]
# ## How far you are
#
# Run all cells (Run, Restart Kernel and Run All Cells) before you hand in, so that what you see is
# what is graded.

# %%
progress("{notebook}")
"""


def exercise(course: Course, name: str, notebook: str, points: float) -> list[Path]:
    """Add an exercise to every room of a notebook and return the files written.

    Raises
    ------
    CourseError
        If the name is no name or is taken, or there is no such notebook.
    """
    _check_name(course, name)
    text = _notebook(course, notebook)
    if not (math.isfinite(points) and points > 0):
        raise CourseError(f"{name} needs points above 0.")
    changes = {
        course.root / wing / f"{notebook}.py": part.format(name=name, points=points)
        for wing, part in _PARTS.items()
    }
    for path in changes:
        if not path.is_file():
            raise CourseError(f"{path} is missing; every notebook has one.")
    total = sum(question.points for question in text.questions) + points
    settings = text.assignment.folder / "assignment.yml"
    _write_all(
        {path: path.read_text("utf-8").rstrip("\n") + "\n" + part for path, part in changes.items()}
        | {
            text.path: _with_exercise(text, name, points),
            settings: _with_points(settings.read_text("utf-8"), text.stem, total),
        }
    )
    return [text.path, *changes, settings]


def notebook(course: Course, name: str, assignment: str) -> list[Path]:
    """Make a notebook with one exercise, called `<name>_example`; return the files written.

    Raises
    ------
    CourseError
        If the name is no name or is taken, or there is no such assignment.
    """
    _check_name(course, name)
    home = course.assignment(assignment)
    stem = f"{len(home.notebooks) + 1}_{name}"
    question, points = f"{name}_example", 4.0
    title = name.replace("_", " ").capitalize()
    settings = home.folder / "assignment.yml"
    text = (
        _OPENING.format(title=title)
        + _TEXT.format(title="1. " + title, name=question, points=points)
        + _CLOSING.format(notebook=name)
    )
    files = {
        home.folder / f"{stem}.py": text,
        settings: _with_points(settings.read_text("utf-8"), stem, points),
    }
    for wing, opening in _ROOMS.items():
        part = _PARTS[wing].format(name=question, points=points)
        files[course.root / wing / f"{name}.py"] = opening.format(notebook=name) + part
    taken = [path for path in files if path.exists() and path != settings]
    if taken:
        raise CourseError(f"{taken[0]} exists already.")
    _write_all(files)
    return list(files)


def _check_name(course: Course, name: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name):
        raise CourseError(f"{name!r} is not a name like cross_correlate.")
    if keyword.iskeyword(name) or hasattr(builtins, name) or name in _TAKEN:
        raise CourseError(f"{name} means something else in Python or in the notebooks.")
    for text in course.notebooks:
        if name == text.name or any(name == question.name for question in text.questions):
            raise CourseError(f"The name {name} is taken, in {text.path}.")


def _notebook(course: Course, name: str) -> NotebookText:
    for text in course.notebooks:
        if text.name == name:
            return text
    known = ", ".join(text.name for text in course.notebooks)
    raise CourseError(f"There is no notebook {name}; there are: {known}.")


def _with_exercise(text: NotebookText, name: str, points: float) -> str:
    """Put the new section before the cell that shows the progress and the words before it."""
    source = text.path.read_text("utf-8").rstrip("\n") + "\n"
    part = _TEXT.format(title=name.replace("_", " ").capitalize(), name=name, points=points)
    cells = re.split(r"(?m)^(?=# %%(?:\s|$))", source)
    shows = [n for n, cell in enumerate(cells) if re.search(r"(?m)^progress\(", cell)]
    if not shows:
        return source + part
    words = cells[shows[-1] - 1].startswith("# %% [markdown]\n")
    place = shows[-1] - words
    return "".join(cells[:place]) + part.lstrip("\n") + "\n" + "".join(cells[place:])


def _with_points(settings: str, stem: str, points: float) -> str:
    """Change or add the points of a notebook in the text of `assignment.yml`."""
    line = f"  {stem}: {points:g}"
    changed, count = re.subn(rf"(?m)^  {stem}:.*$", line, settings)
    if count:
        return changed
    return re.sub(r"(?m)^notebooks:\n((?:  .*\n)*)", rf"notebooks:\n\g<1>{line}\n", settings)


def _write_all(files: dict[Path, str]) -> None:
    """Write files one by one; if one fails, put back what was there."""
    before = {path: path.read_text("utf-8") if path.exists() else None for path in files}
    try:
        for path, text in files.items():
            write_text(path, text)
    except BaseException:
        for path, old in before.items():
            if old is None:
                path.unlink(missing_ok=True)
            else:
                write_text(path, old)
        raise
