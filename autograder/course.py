"""The course on disk: assignments, their notebooks, and the questions the text asks for."""

import ast
import difflib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from autograder.errors import CourseError

Kind = Literal["exercise", "question", "replay"]
KINDS: tuple[Kind, ...] = ("exercise", "question", "replay")


class Limits(BaseModel):
    """What a submitted notebook may use.

    Parameters
    ----------
    cell_seconds : time of one cell.
    call_seconds : time of one hidden call.
    notebook_seconds : time of everything together, after which what is left counts as failed.
    memory_mb : memory of all processes together.
    """

    model_config = ConfigDict(extra="forbid")
    cell_seconds: float = Field(default=60.0, gt=0)
    call_seconds: float = Field(default=20.0, gt=0)
    notebook_seconds: float = Field(default=600.0, gt=0)
    memory_mb: int = Field(default=4096, ge=256)


class AssignmentFile(BaseModel):
    """The contents of `assignment.yml`."""

    model_config = ConfigDict(extra="forbid")
    title: str
    due: datetime
    notebooks: dict[str, float]
    limits: Limits = Limits()


class SampleAnswer(BaseModel):
    """A calibrated answer to a written question: what it says and what it is worth."""

    model_config = ConfigDict(extra="forbid")
    points: list[float]
    """For each criterion."""
    answer: str
    because: str


class Criterion(BaseModel):
    """One thing to look for in a written answer."""

    model_config = ConfigDict(extra="forbid")
    points: float
    looks_for: str
    also: str = ""
    """What is not needed and costs nothing."""


class Rubric(BaseModel):
    """How a written question is graded by hand."""

    model_config = ConfigDict(extra="forbid")
    criteria: list[Criterion]
    samples: list[SampleAnswer]


@dataclass(frozen=True)
class Question:
    """A question as the text notebook asks for it.

    Parameters
    ----------
    name : its name; of a replay, the name of the exercise whose functions it uses.
    kind : exercise (coded), question (written), replay (graded by nbval).
    points : what it is worth.
    place : file and line, for messages.
    """

    name: str
    kind: Kind
    points: float
    place: str

    @property
    def grade_id(self) -> str:
        """The name in the gradebook."""
        return f"{self.name}_replay" if self.kind == "replay" else self.name


@dataclass(frozen=True)
class Cell:
    """A cell of a text notebook."""

    kind: Literal["code", "markdown", "raw"]
    source: str
    question: Question | None
    place: str


@dataclass(frozen=True)
class NotebookText:
    """A text notebook: a percent script in `assignments/`."""

    assignment: "Assignment"
    stem: str
    path: Path

    @property
    def name(self) -> str:
        """The notebook's name: its file's stem without the number."""
        return self.stem.split("_", 1)[1]

    @cached_property
    def cells(self) -> list[Cell]:
        """The cells of the text.

        Raises
        ------
        CourseError
            If the text is broken.
        """
        return list(_cells(self.path))

    @property
    def questions(self) -> list[Question]:
        """The questions, in order."""
        return [cell.question for cell in self.cells if cell.question is not None]

    @property
    def exercises(self) -> list[Question]:
        """The coded questions, in order."""
        return [question for question in self.questions if question.kind == "exercise"]

    def repeatable(self, question: str) -> Question:
        """Return a question of this notebook, by its name in the gradebook, to grade it again.

        Raises
        ------
        CourseError
            If a person grades it.
        """
        asked = next(q for q in self.questions if q.grade_id == question)
        if asked.kind == "question":
            raise CourseError(f"{question} is graded by hand; there is nothing to repeat.")
        return asked

    @cached_property
    def reference(self) -> ModuleType:
        """The module with the reference solutions."""
        return room("course_utils.reference", self.name, self.path)

    def functions(self, question: str) -> dict[str, Callable[..., Any]]:
        """Return the reference functions (or classes) that a question asks for, by name."""
        found = {
            name: value
            for name, value in vars(self.reference).items()
            if callable(value)
            and getattr(value, "__module__", "") == self.reference.__name__
            and not name.startswith("_")
            and getattr(value, "question", name) == question
            and not getattr(value, "given", False)
        }
        return dict(sorted(found.items(), key=lambda item: inspect.getsourcelines(item[1])[1]))

    def replay_points(self, question: str) -> float:
        """Return the points of an exercise's replay, 0 if it has none."""
        return sum(q.points for q in self.questions if q.kind == "replay" and q.name == question)


@dataclass(frozen=True)
class Assignment:
    """An assignment: a folder in `assignments/`."""

    course: "Course"
    name: str
    file: AssignmentFile
    rubrics: dict[str, Rubric]
    notebooks: list[NotebookText] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        """Where its text is."""
        return self.course.root / "assignments" / self.name

    def check_built(self) -> None:
        """Make sure that the build has been here.

        Raises
        ------
        CourseError
            If it has not.
        """
        for wing in ("source", "release"):
            if not (self.course.root / wing / self.name).is_dir():
                raise CourseError(f"{wing}/{self.name} is missing; run `course build`.")


@dataclass(frozen=True)
class Course:
    """A course: the folder that contains `assignments/`."""

    root: Path

    @classmethod
    def at(cls, root: Path) -> "Course":
        """Return the course in a folder.

        Raises
        ------
        CourseError
            If the folder is no course.
        """
        if not (root / "assignments").is_dir():
            raise CourseError(
                f"{root.resolve()} is no course: it has no folder assignments. "
                "Go to the course's folder, or name it with --root."
            )
        return cls(root.resolve())

    @cached_property
    def assignments(self) -> list[Assignment]:
        """All assignments, in order of their names."""
        folders = sorted(p for p in (self.root / "assignments").iterdir() if p.is_dir())
        return [self._assignment(folder) for folder in folders if folder.name[0] not in "._"]

    @cached_property
    def notebooks(self) -> list[NotebookText]:
        """All notebooks of all assignments."""
        return [notebook for assignment in self.assignments for notebook in assignment.notebooks]

    def assignment(self, name: str) -> Assignment:
        """Return the assignment called `name`.

        Raises
        ------
        CourseError
            If there is none.
        """
        for assignment in self.assignments:
            if assignment.name == name:
                return assignment
        known = ", ".join(a.name for a in self.assignments) or "none"
        raise CourseError(f"There is no assignment {name}; there are: {known}.")

    def find(self, question: str) -> NotebookText:
        """Return the notebook that asks a question, given its name or its name in the gradebook.

        Raises
        ------
        CourseError
            If none does.
        """
        for notebook in self.notebooks:
            if any(question in (q.name, q.grade_id) for q in notebook.questions):
                return notebook
        known = [q.grade_id for n in self.notebooks for q in n.questions]
        raise CourseError(
            f"There is no question {question}. "
            + (nearest(question, known) or f"The texts in {self.root / 'assignments'} name them.")
        )

    def _assignment(self, folder: Path) -> Assignment:
        file = _read(AssignmentFile, folder / "assignment.yml")
        rubrics = _read_rubrics(folder / "rubric.yml")
        assignment = Assignment(self, folder.name, file, rubrics)
        for stem in file.notebooks:
            path = folder / f"{stem}.py"
            if not re.fullmatch(r"\d+_[a-z][a-z0-9_]*", stem):
                raise CourseError(
                    f"{folder / 'assignment.yml'}: a notebook is called like 1_linear_filters, "
                    f"not {stem}."
                )
            if not path.is_file():
                raise CourseError(
                    f"{folder / 'assignment.yml'} names {stem}, but {path} is missing."
                )
            assignment.notebooks.append(NotebookText(assignment, stem, path))
        unlisted = sorted(
            p.stem for p in folder.glob("[0-9]*_*.py") if p.stem not in file.notebooks
        )
        if unlisted:
            raise CourseError(
                f"{folder / 'assignment.yml'} does not name the notebook {unlisted[0]}."
            )
        return assignment


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a question that names the most similar of some words, "" if none is similar."""
    similar = difflib.get_close_matches(word, list(known), n=1)
    return f"Did you mean {similar[0]}?" if similar else ""


def room(wing: str, notebook: str, place: Path) -> ModuleType:
    """Import a notebook's module of a package.

    Raises
    ------
    CourseError
        If there is none, or it does not load.
    """
    name = f"{wing}.{notebook}"
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise CourseError(f"{name} imports {error.name}, which is not installed.") from None
        file = name.replace(".", "/") + ".py"
        raise CourseError(f"{place}: the notebook {notebook} needs {file}.") from None
    except Exception as error:  # anything a broken file can raise
        raise CourseError(f"{name} does not load: {type(error).__name__}: {error}") from error


def _read(model: type[BaseModel], path: Path) -> Any:
    try:
        return model.model_validate(_yaml(path))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise CourseError(f"{path}: {where}: {first['msg']}.") from None


def _read_rubrics(path: Path) -> dict[str, Rubric]:
    if not path.exists():
        return {}
    document = _yaml(path) or {}
    if not isinstance(document, dict):
        raise CourseError(f"{path}: expected the names of written questions at the top.")
    try:
        return {name: Rubric.model_validate(body) for name, body in document.items()}
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise CourseError(f"{path}: {where}: {first['msg']}.") from None


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError:
        raise CourseError(f"{path} is missing.") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        first = str(error).split("\n")[0]
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark is not None else ""
        raise CourseError(f"{path}{line} is not valid YAML: {first}.") from None


def _cells(path: Path) -> Iterator[Cell]:
    try:
        text = path.read_text("utf-8")
        import jupytext  # half a second that grading can spend while kernels start

        notebook = jupytext.reads(text, fmt="py:percent")
    except (OSError, ValueError, SyntaxError) as error:
        raise CourseError(f"{path} cannot be read: {error}.") from None
    # Jupytext knows no lines; every cell begins with a marker, so the n-th is the n-th cell's.
    lines = [i for i, line in enumerate(text.split("\n"), 1) if re.match(r"# %%(\s|$)", line)]
    if len(lines) != len(notebook.cells):
        raise CourseError(f"{path}: text before the first '# %%' line; begin with a cell.")
    for line, cell in zip(lines, notebook.cells, strict=True):
        place = f"{path}:{line}"
        if cell.cell_type == "code":
            _parse_code(cell.source, path, line)
        yield Cell(cell.cell_type, cell.source, _question(dict(cell.metadata), place), place)


def _parse_code(source: str, path: Path, line: int) -> None:
    plain = re.sub(r"(?m)^\s*[%!].*$", "pass", source)
    try:
        ast.parse(plain)
    except SyntaxError as error:
        raise CourseError(f"{path}:{line + (error.lineno or 1)}: {error.msg}.") from None


def _question(metadata: dict[str, Any], place: str) -> Question | None:
    kinds = [kind for kind in KINDS if kind in metadata]
    unknown = set(metadata) - set(KINDS) - {"points", "lines_to_next_cell"}
    if unknown:
        raise CourseError(f"{place}: unknown key {sorted(unknown)[0]} in the cell's marker.")
    if not kinds:
        return None
    if len(kinds) > 1:
        raise CourseError(f"{place}: a cell is one of {', '.join(KINDS)}, not several.")
    name, points = metadata[kinds[0]], metadata.get("points")
    if not isinstance(name, str) or not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        raise CourseError(f"{place}: {name!r} is not a name like cross_correlate.")
    if not isinstance(points, (int, float)) or isinstance(points, bool) or points <= 0:
        raise CourseError(f"{place}: {name} needs points, a number above 0.")
    return Question(name, kinds[0], float(points), place)
