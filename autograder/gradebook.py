"""Drives nbgrader: registers assignments, grades submissions, reads scores.

There is one writer of the gradebook, nbgrader itself, whichever command it was started by.
"""

import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from pydantic import BaseModel
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from traitlets.config import Config

from autograder.build import writable
from autograder.course import Assignment
from autograder.errors import CourseError
from autograder.grading import seeds
from autograder.grading.verdicts import Verdict
from autograder.nbgrader_hooks import RECORD, adopt, configure, notebooks_in


class Score(BaseModel):
    """What a student has for a question, by the gradebook."""

    question: str
    points: float
    awarded: float
    by_hand: bool
    comment: str = ""
    """What a person wrote about it."""


class Report(BaseModel):
    """A graded submission: scores by the gradebook, sentences by the checker."""

    student: str
    assignment: str
    scores: list[Score]
    verdicts: dict[str, list[Verdict]]
    """By notebook; a notebook that was not handed in is missing."""
    remarks: list[str]

    @property
    def total(self) -> float:
        """The points so far."""
        return sum(score.awarded for score in self.scores)

    @property
    def waiting(self) -> list[str]:
        """The questions that a person has to read."""
        return [score.question for score in self.scores if score.by_hand]


def generate(root: Path, assignment: str, db_url: str) -> None:
    """Let nbgrader make the release of an assignment and register it in a gradebook.

    Raises
    ------
    CourseError
        If nbgrader refuses.
    """
    with _nbgrader(root, db_url, assignment) as (directory, config):
        converter = GenerateAssignment(coursedir=directory, config=config)
        converter.force = True
        converter.create_assignment = True
        converter.start()


def register(assignment: Assignment, *, anew: bool = False) -> None:
    """Make sure that the gradebook knows an assignment as it is now, and that grading can begin.

    Raises
    ------
    CourseError
        If the gradebook belongs to something else, or the assignment was changed after it was
        graded.
    """
    root = writable(assignment.course.root)
    seeds.course_secret(root)
    for wing in ("source", "release"):
        if not (root / wing / assignment.name).is_dir():
            raise CourseError(f"{wing}/{assignment.name} is missing; run `course build`.")
    wanted = _wanted(assignment)
    known = _known(root, assignment)
    if known == wanted and not anew:
        return
    if known is not None and known != wanted and _graded(root, assignment):
        added = sorted(set(wanted) ^ set(known)) or ["points"]
        raise CourseError(
            f"{_db(root)} has grades for another version of {assignment.name} "
            f"({added[0]} differs); keep that gradebook elsewhere, or remove the assignment with "
            f"`nbgrader db assignment remove {assignment.name} --force`."
        )
    generate(root, assignment.name, _db_url(root))
    with open_gradebook(root) as gradebook:
        gradebook.update_or_create_assignment(
            assignment.name, duedate=assignment.file.due.astimezone().isoformat()
        )


def _wanted(assignment: Assignment) -> dict[str, float]:
    return {
        f"{text.stem}/{question.grade_id}": question.points
        for text in assignment.notebooks
        for question in text.questions
    }


def _known(root: Path, assignment: Assignment) -> dict[str, float] | None:
    """Return the graded cells that the gradebook has of an assignment, None if it has none."""
    ours = {known.name for known in assignment.course.assignments}
    with open_gradebook(root) as gradebook:
        there = [known.name for known in gradebook.assignments]
        if there and not ours & set(there):
            raise CourseError(
                f"{_db(root)} belongs to another course: it knows {there[0]} and nothing of this "
                "one. Move it away to begin a new one."
            )
        try:
            found = gradebook.find_assignment(assignment.name)
        except MissingEntry:
            return None
        return {
            f"{notebook.name}/{cell.name}": cell.max_score
            for notebook in found.notebooks
            for cell in notebook.grade_cells
        }


def _graded(root: Path, assignment: Assignment) -> bool:
    with open_gradebook(root) as gradebook:
        return bool(gradebook.find_assignment(assignment.name).submissions)


def submissions(assignment: Assignment) -> list[str]:
    """Return the students who handed something in for an assignment.

    Raises
    ------
    CourseError
        If nobody did.
    """
    folder = assignment.course.root / "submitted"
    students = sorted(
        path.parent.name
        for path in folder.glob(f"*/{assignment.name}")
        # What archives leave behind is nobody.
        if path.is_dir() and path.parent.name[0] not in "._"
    )
    if not students:
        raise CourseError(
            f"There is nothing to grade: no folder {folder}/<student>/{assignment.name}. "
            "Collect the submissions first (`nbgrader collect`, or copy them there)."
        )
    return students


def autograde(assignment: Assignment, student: str) -> None:
    """Grade one submission and write it into the gradebook, if there is something to grade.

    Raises
    ------
    CourseError
        If the submission could not be graded for a reason that is not its own.
    """
    root = assignment.course.root
    adopt(assignment.course, assignment.name, root / "submitted" / student / assignment.name)
    if _nothing_to_grade(assignment, student):
        return
    with _nbgrader(root, _db_url(root), assignment.name, student) as (directory, config):
        converter = Autograde(coursedir=directory, config=config)
        converter.force = True
        converter.start()


def _nothing_to_grade(assignment: Assignment, student: str) -> str:
    """Return why nbgrader cannot grade a submission, empty if it can."""
    if re.search(r"[*?\[\]]", student):
        return "The name of the student's folder contains one of * ? [ ]; rename the folder."
    folder = assignment.course.root / "submitted" / student / assignment.name
    stems = [text.stem for text in assignment.notebooks]
    found = notebooks_in(folder)
    if any(path.stem in stems for path in found):
        return ""
    wanted = ", ".join(f"{stem}.ipynb" for stem in stems)
    if found:
        names = ", ".join(path.name for path in found)
        return f"None of the files is a notebook of this assignment (found {names}, not {wanted})."
    inside = sorted(path.relative_to(folder) for path in folder.rglob("*.ipynb"))
    deeper = [path for path in inside if not any(part[0] in "._" for part in path.parts)]
    if deeper:
        return (
            f"The notebook lies in a folder of its own ({deeper[0]}); move it up and grade again."
        )
    return f"{wanted} was not handed in: the folder holds no notebook."


def report(assignment: Assignment, student: str) -> Report:
    """Read what the gradebook and the graded notebooks say about a submission."""
    root = assignment.course.root
    if not _db(root).exists():
        raise CourseError(f"There is no gradebook yet; run `course grade {assignment.name}`.")
    verdicts: dict[str, list[Verdict]] = {}
    reason = _nothing_to_grade(assignment, student)
    remarks = [reason] if reason else []
    for text in assignment.notebooks:
        path = root / "autograded" / student / assignment.name / f"{text.stem}.ipynb"
        submitted = root / "submitted" / student / assignment.name / f"{text.stem}.ipynb"
        if not submitted.exists() and not reason:
            remarks.append(f"{text.stem}.ipynb was not handed in.")
        elif path.exists():
            record = nbformat.read(path, as_version=4).metadata.get(RECORD, {})
            verdicts[text.stem] = [Verdict.model_validate(v) for v in record.get("verdicts", [])]
            remarks += record.get("remarks", [])
    return Report(
        student=student,
        assignment=assignment.name,
        scores=_scores(assignment, student),
        verdicts=verdicts,
        remarks=remarks,
    )


def _scores(assignment: Assignment, student: str) -> list[Score]:
    order = {q.grade_id: q for text in assignment.notebooks for q in text.questions}
    awarded: dict[str, tuple[float, bool]] = {}
    comments: dict[str, str] = {}
    with open_gradebook(assignment.course.root) as gradebook:
        try:
            submission = gradebook.find_submission(assignment.name, student)
        except MissingEntry:
            submission = None
        for notebook in submission.notebooks if submission is not None else []:
            for comment in notebook.comments:
                if comment.manual_comment:
                    comments[comment.name.removesuffix("_answer")] = comment.manual_comment
            for grade in notebook.grades:
                # Without an automatic score only a written answer waits for a person.
                written = order[grade.name].kind == "question"
                by_hand = grade.needs_manual_grade and (written or grade.auto_score is not None)
                awarded[grade.name] = (float(grade.score or 0.0), bool(by_hand))
    return [
        Score(
            question=name,
            points=question.points,
            awarded=awarded.get(name, (0.0, False))[0],
            by_hand=awarded.get(name, (0.0, False))[1],
            comment=comments.get(name, ""),
        )
        for name, question in order.items()
    ]


@contextmanager
def open_gradebook(root: Path) -> Iterator[Any]:
    """Open the course's gradebook.

    Raises
    ------
    CourseError
        If the file is no gradebook, or cannot be written.
    """
    path = _db(root)
    try:
        with _quiet(root), Gradebook(_db_url(root)) as gradebook:
            yield gradebook
    except SQLAlchemyError as error:
        first = str(getattr(error, "orig", error)).split("\n")[0]
        raise CourseError(
            f"{path} cannot be used as a gradebook ({first}); "
            "restore it from a backup, or move it away to begin a new one."
        ) from None


def _db(root: Path) -> Path:
    return root / "gradebook.db"


def _db_url(root: Path) -> str:
    return f"sqlite:///{_db(root)}"


LOG = ".nbgrader.log"


@contextmanager
def _nbgrader(
    root: Path, db_url: str, assignment: str, student: str = "*"
) -> Iterator[tuple[Any, Any]]:
    """Set nbgrader up for a folder; its log goes to a file there."""
    config = Config()
    configure(config)
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.db_url = db_url
    config.CourseDirectory.assignment_id = assignment
    config.CourseDirectory.student_id = student
    with _quiet(root):
        try:
            yield CourseDirectory(config=config), config
        except NbGraderException as error:
            raise CourseError(f"nbgrader stopped; {root / LOG} says why.") from error


@contextmanager
def _quiet(root: Path) -> Iterator[None]:
    """Send what nbgrader logs to a file, and let it find `alembic` on the PATH."""
    path = os.environ.get("PATH", "")
    here = str(Path(sys.executable).parent)
    if here not in path.split(os.pathsep):
        os.environ["PATH"] = os.pathsep.join([here, path])
    logger = logging.getLogger("traitlets")
    handler = logging.FileHandler(root / LOG, mode="a", encoding="utf-8", delay=True)
    handler.handleError = lambda record: None  # type: ignore[method-assign]  # a full disk, say
    before = logger.handlers[:], logger.level, logger.propagate
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(action="ignore", category=SAWarning):
            yield
    finally:
        handler.close()
        logger.handlers, logger.propagate = before[0], before[2]
        logger.setLevel(before[1])
