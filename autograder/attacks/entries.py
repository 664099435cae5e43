"""The corpus: what an entry is, and where entries are found."""

import functools
import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from textwrap import dedent
from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell

from autograder.course import Course, NotebookText
from autograder.errors import CourseError

_PLACE = Path("tests", "attacks")
CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass
class Submission:
    """A submission in the making: the released notebook with perfect answers, in a folder.

    In sources, words like `{{marker}}` are replaced: `course`, `other`, `outside`, `socket`,
    `abstract`, `tcp`, `udp`, `student` name the places an insider knows; `marker` is a text that
    nobody else writes.

    Parameters
    ----------
    notebook : what is written to `file` in the end; None if the entry writes its files itself.
    folder : the submission's folder, there and empty.
    file : the notebook's file name.
    words : what the words in double braces stand for.
    """

    notebook: Any
    folder: Path
    file: str
    words: Mapping[str, str]

    def source(self, text: str) -> str:
        """Return source code without indentation, its words replaced."""
        return self._worded(dedent(text).strip("\n"))

    def _worded(self, text: str) -> str:
        for word, value in self.words.items():
            text = text.replace("{{" + word + "}}", value)
        return text

    def cell(self, name: str) -> Any:
        """Return a cell by its name."""
        return next(cell for cell in self.notebook.cells if cell.id == name)

    def answer(self, question: str, text: str) -> None:
        """Replace an answer."""
        self.cell(f"{question}_answer").source = self.source(text)

    def edit(self, question: str, old: str, new: str) -> None:
        """Replace a part of an answer."""
        cell = self.cell(f"{question}_answer")
        if old not in cell.source:
            raise CourseError(f"{question}: the answer no longer contains {old!r}.")
        cell.source = cell.source.replace(old, self._worded(new.lstrip("\n")))

    def first(self, text: str) -> None:
        """Add a code cell before all others."""
        self._insert(0, text)

    def last(self, text: str) -> None:
        """Add a code cell behind all others."""
        self._insert(len(self.notebook.cells), text)

    def behind(self, name: str, text: str) -> None:
        """Add a code cell behind the cell called `name`."""
        self._insert(self.notebook.cells.index(self.cell(name)) + 1, text)

    def above(self, question: str, text: str) -> None:
        """Add a code cell above an answer."""
        self._insert(self.notebook.cells.index(self.cell(f"{question}_answer")), text)

    def markdown(self, text: str) -> None:
        """Add a text cell behind all others."""
        made = new_markdown_cell(self.source(text), id=f"own-{len(self.notebook.cells)}")
        self.notebook.cells.append(made)

    def _insert(self, place: int, text: str) -> None:
        made = new_code_cell(self.source(text), id=f"own-{len(self.notebook.cells)}")
        self.notebook.cells.insert(place, made)

    def put(self, name: str, content: str | bytes) -> Path:
        """Write a file into the submission's folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, str):
            content = self._worded(content).encode("utf-8", "surrogatepass")
        path.write_bytes(content)
        return path

    def write(self) -> None:
        """Write the notebook, whatever is in it."""
        if self.notebook is not None:
            text = json.dumps(self.notebook, ensure_ascii=True, indent=1)
            (self.folder / self.file).write_text(text + "\n", "ascii")


Change = Callable[[Submission], None]


@dataclass(frozen=True)
class Attack:
    """An entry of the corpus; see `Outcome` for what its fields mean.

    Parameters
    ----------
    deserves : points of the questions that do not deserve all of theirs.
    forbidden : texts that must appear nowhere in what is shown or printed.
    bomb : whether it belongs into a sandbox only: it could take the machine along, or look where it
        has no business.
    sample : whether it belongs to the sample for CI.
    """

    name: str
    theme: str
    tries: str
    change: Change
    deserves: Mapping[str, float] = field(default_factory=dict)
    forbidden: tuple[str, ...] = ()
    honest: bool = False
    noted: bool = False
    at_most: bool = False
    keeps: tuple[str, ...] = ()
    bomb: bool = False
    sample: bool = False

    @property
    def student(self) -> str:
        """The student who hands it in."""
        return self.name.replace("_", "-")


_REGISTER: list[Attack] = []


def attack(**fields: Any) -> Callable[[Change], Change]:
    """Register a function as an attack; its module is the theme, its docstring says what it tries.

    Parameters
    ----------
    fields : those of `Attack` from `deserves` on.
    """

    def register(change: Change) -> Change:
        name = getattr(change, "__name__", "")
        theme = change.__module__.rpartition(".")[2]
        tries = " ".join((change.__doc__ or "").split())
        _REGISTER.append(Attack(name, theme, tries, change, **fields))
        return change

    return register


def corpus(course: Course) -> list[Attack]:
    """Return all attacks and honest oddities, in order of their names.

    Raises
    ------
    CourseError
        If there is no corpus.
    """
    return list(_loaded(_corpus_folder(course))[1])


def target(course: Course) -> NotebookText:
    """Return the notebook that the corpus attacks."""
    name = str(_loaded(_corpus_folder(course))[0].NOTEBOOK)
    return next(text for text in course.notebooks if text.name == name)


def sample(course: Course) -> list[str]:
    """Return the names of a few quick attacks, at least one of every theme."""
    return [entry.name for entry in corpus(course) if entry.sample]


def _corpus_folder(course: Course) -> Path:
    for root in (course.root, CHECKOUT):
        if (root / _PLACE / "__init__.py").is_file():
            return root / _PLACE
    raise CourseError(f"There are no attacks: neither {course.root} nor the checkout has {_PLACE}.")


@functools.cache
def _loaded(folder: Path) -> tuple[Any, tuple[Attack, ...]]:
    name = f"course_attacks_{hashlib.sha256(os.fsencode(folder)).hexdigest()[:8]}"
    spec = spec_from_file_location(
        name, folder / "__init__.py", submodule_search_locations=[str(folder)]
    )
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    _REGISTER.clear()
    spec.loader.exec_module(module)
    names = [entry.name for entry in _REGISTER]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise CourseError(f"{folder}: two attacks are called {twice[0]}.")
    return module, tuple(sorted(_REGISTER, key=lambda entry: entry.name))


def chosen_from(course: Course, names: Sequence[str], *, contained: bool) -> list[Attack]:
    """Return the entries of these names, all if there are none; bombs only if they are contained.

    Raises
    ------
    CourseError
        If there is no entry of such a name.
    """
    known = corpus(course)
    missing = sorted(set(names) - {entry.name for entry in known})
    if missing:
        raise CourseError(f"There is no attack {missing[0]}.")
    chosen = [entry for entry in known if not names or entry.name in names]
    return [entry for entry in chosen if contained or not entry.bomb]
