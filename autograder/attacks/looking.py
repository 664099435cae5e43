"""Looks at what is left of a run: points, pages, outputs, files, sockets."""

import html
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat

from autograder.attacks.damage import below
from autograder.attacks.entries import CHECKOUT, Attack
from autograder.attacks.grading import Batch
from autograder.attacks.outcomes import Outcome
from autograder.attacks.throwaway import World, perfect
from autograder.course import NotebookText

_LARGEST_PAGE = 20 * 2**20
_MOST_MEMORY = 2000
"""MB that the grader and its workers may take together, whatever students send."""


class Look:
    """Looks at what is left of a run."""

    def __init__(self, world: World, batch: Batch, damage: list[str], *, stock: bool) -> None:
        self._world = world
        self._batch = batch
        self._damage = dict.fromkeys(damage)
        self._heard = dict.fromkeys(world.traps.heard)
        self._hidden = {} if stock else _hidden_lines(world.text)
        self._stock = stock

    def at(self, entry: Attack) -> Outcome:
        """Return what came of one entry."""
        given, told, said = self._given(entry.student)
        deserved = {q.grade_id: q.points for q in self._world.text.questions}
        # What a person has to read has no points yet.
        deserved |= {q.grade_id: 0.0 for q in self._world.text.questions if q.kind == "question"}
        deserved |= entry.deserves
        marker = self._world.words(entry.student)["marker"]
        leaked = self._leaked(entry) + self._of(self._heard, marker, "reached a socket: ")
        return Outcome(
            name=entry.name,
            theme=entry.theme,
            tries=entry.tries,
            honest=entry.honest,
            deserved=deserved,
            given=given,
            leaked=leaked,
            damaged=self._of(self._damage, marker) + self._of_folder(entry.student),
            graded=self._graded(entry.student) and bool(given),
            told=told,
            said=said,
            must_tell=entry.noted and (entry.honest or not self._stock),
            at_most=entry.at_most,
            keeps=entry.keeps,
        )

    def at_the_rest(self) -> Outcome:
        """Return what cannot be said of one entry: the class page, the terminal, leftovers."""
        shown = self._batch.terminal
        leaked = [what for what, text in self._world.canaries.items() if text in shown]
        if re.search(r"[\x00-\x08\x0b-\x0c\x0e-\x1f\x7f]", shown):
            leaked.append("control characters on the terminal")
        page = self._world.course.root / "feedback" / f"{self._world.assignment.name}.html"
        leaked += _active(_text(page))
        leaked += [f"reached a socket: {text[:80]!r}" for text in self._heard]
        finished = self._batch.finished
        damaged = list(self._damage)
        if self._batch.memory > _MOST_MEMORY:
            damaged.append(f"the grader took {self._batch.memory} MB of memory")
        if not finished:
            damaged.append(self._last_words())
        return Outcome(
            name="batch",
            theme="batch",
            tries="What cannot be laid at one submission's door.",
            honest=False,
            deserved={},
            given={},
            leaked=leaked,
            damaged=damaged,
            graded=finished,
        )

    def _last_words(self) -> str:
        return f"the grader ended with: {self._batch.terminal.strip()[-600:]}"

    def _of(self, pile: dict[str, None], marker: str, prefix: str = "") -> list[str]:
        """Take what belongs to a marker from a pile, so that it is told once."""
        mine = [text for text in pile if re.search(re.escape(marker) + r"(?![\w-])", text)]
        for text in mine:
            del pile[text]
        return [prefix + text[:200] for text in mine]

    def _of_folder(self, student: str) -> list[str]:
        """Take the damage in a student's own folder from the pile."""
        place = f"course/submitted/{student}/"
        mine = [text for text in self._damage if text.startswith(place)]
        for text in mine:
            del self._damage[text]
        return mine

    def _graded(self, student: str) -> bool:
        return self._batch.finished and student not in self._batch.failed

    def _given(self, student: str) -> tuple[dict[str, float], list[str], list[str]]:
        from autograder import gradebook

        try:
            if self._stock:
                return self._batch.points.get(student, {}), [], []
            report = gradebook.report(self._world.assignment, student)
        except Exception as error:  # noqa: BLE001  whatever an attack has done to the gradebook
            return {}, [f"{type(error).__name__}: {error}"], []
        verdicts = [verdict for group in report.verdicts.values() for verdict in group]
        notes = [verdict.note for verdict in verdicts if verdict.note]
        said = [
            f"{verdict.question}: {finding.sentence}"
            for verdict in verdicts
            for finding in verdict.findings
            if finding.sentence
        ]
        given = {score.question: score.awarded for score in report.scores}
        mine = {question.grade_id for question in self._world.text.questions}
        told = list(dict.fromkeys([*report.remarks, *notes]))
        return {name: points for name, points in given.items() if name in mine}, told, said

    def _leaked(self, entry: Attack) -> list[str]:
        """Return what a student's pages and outputs show that they must not."""
        own = self._own_words(entry.student)
        pages = [_text(path) for path in self._files(entry.student, "feedback")]
        kept = self._files(entry.student, "autograded")
        shown = "\n".join([*map(html.unescape, pages), *map(_shown, kept)])
        secrets_ = {text: what for what, text in self._world.canaries.items()}
        secrets_ |= {text: f"{text!r}" for text in entry.forbidden}
        found = [
            f"shows {what}"
            for text, what in {**secrets_, **self._hidden}.items()
            if text in shown and text not in own
        ]
        if re.search(rf"{self._world.run}-(?!{re.escape(entry.student)})\w", shown):
            found.append("shows the work of another attack")
        if self._stock:
            # Stock nbgrader's own pages load scripts; that is no attack's doing.
            return found
        sizes = (path.stat().st_size for path in self._files(entry.student, "feedback"))
        if any(size > _LARGEST_PAGE for size in sizes):
            found.append("a feedback page of more than 20 MB")
        return found + [what for page in pages for what in _active(page)]

    def _own_words(self, student: str) -> str:
        """Return the text of a submission that a student has written."""
        words = []
        folder = self._world.folder(student)
        for path in [] if folder.is_symlink() else folder.glob("*.ipynb"):
            if path.is_file() and not path.is_symlink() and path.stat().st_size < 2**26:
                text = path.read_text("utf-8", "replace")
                with suppress(ValueError, RecursionError):
                    text += "\n".join(_strings(json.loads(text)))
                words.append(text)
        return "\n".join(words)

    def _files(self, student: str, wing: str) -> list[Path]:
        folder = self._world.course.root / wing / student
        return [path for path in below(folder) if path.is_file()] if folder.is_dir() else []


def _text(path: Path) -> str:
    if not path.is_file() or path.stat().st_size > 4 * _LARGEST_PAGE:
        return ""
    return path.read_text("utf-8", "replace")


def _shown(path: Path) -> str:
    """Return what a graded notebook shows beside its cells' sources; of other files, all."""
    text = _text(path)
    if path.suffix != ".ipynb":
        return text
    try:
        notebook = json.loads(text)
        outputs = [cell.get("outputs", []) for cell in notebook["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return text
    # Once as JSON, once as text: a secret could stand in either.
    strings = list(_strings([outputs, notebook.get("metadata", {})]))
    return "\n".join(strings)


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield str(key)
            yield from _strings(item)
    elif isinstance(value, list):
        if value and all(isinstance(item, str) for item in value):
            yield "".join(value)
        else:
            for item in value:
                yield from _strings(item)


def _hidden_lines(text: NotebookText) -> dict[str, str]:
    """Return lines of the hidden tests, the variants and the reference that stand nowhere else."""
    public = _public_text(text)
    found = {}
    for wing, what in (
        ("autograder/hidden", "the hidden tests"),
        ("course_utils/reference", "the reference"),
    ):
        path = CHECKOUT / wing / f"{text.name}.py"
        for line in path.read_text("utf-8").split("\n") if path.is_file() else []:
            bare = line.strip()
            if len(bare) > 24 and not bare.startswith("#") and bare not in public:
                found[bare] = f"a line of {what}: {bare}"
    return found


def _public_text(text: NotebookText) -> str:
    """Return what students have anyway: the release, the package, the answers they write."""
    place = Path(text.assignment.name, f"{text.stem}.ipynb")
    released = nbformat.read(text.assignment.course.root / "release" / place, as_version=4)
    package = CHECKOUT / "course_utils"
    files = [path for path in package.rglob("*.py") if "reference" not in path.parts]
    return "\n".join(
        [
            *(cell.source for cell in released.cells),
            *(cell.source for cell in perfect(text).cells),
            *(path.read_text("utf-8") for path in files),
        ]
    )


class _ActiveContent(HTMLParser):
    """Finds what a page would run or load."""

    TAGS = frozenset(("script", "iframe", "object", "embed", "base", "form", "applet", "frame"))

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, None] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one tag."""
        if tag in self.TAGS:
            self.found[f"active content: <{tag}>"] = None
        for name, value in attrs:
            address = (value or "").strip().lower()
            loads = name in ("src", "href", "xlink:href", "action", "srcset", "data")
            if name.startswith("on"):
                self.found[f"active content: {name}="] = None
            elif loads and re.match(r"javascript:|data:(?!image/(png|jpeg))|\w+://|//", address):
                self.found[f"active content: {name}={address[:40]}"] = None


def _active(page: str) -> list[str]:
    parser = _ActiveContent()
    parser.feed(page)
    return list(parser.found)
