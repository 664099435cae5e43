"""Drives nbgrader: registers assignments, grades submissions, reads scores.

Whoever grades, in whatever process, this is the only one that writes the gradebook.
"""

import json
import logging
import os
import shutil
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbformat.v4 import new_notebook
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import GenerateAssignment
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import AssignLatePenalties
from pydantic import BaseModel
from sqlalchemy.exc import SAWarning, SQLAlchemyError
from traitlets.config import Config, PyFileConfigLoader

from autograder.course import Assignment
from autograder.errors import CourseError
from autograder.files import writable, write_text
from autograder.grading import seeds
from autograder.grading.boxes import released_files
from autograder.grading.jobs import Result
from autograder.grading.verdicts import Verdict
from autograder.nbgrader_hooks import configure
from autograder.scores import (
    RECORD,
    answers_seen,
    graded,
    graded_notebook,
    holds,
    remember_answers,
    save_nothing,
    save_scores,
    verdicts_in,
)
from autograder.submissions import Submission, submission, time_of


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
    assignment.check_built()
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


def write(
    gradebook: Any, assignment: Assignment, found: Submission, results: Mapping[str, Result]
) -> None:
    """Write a graded submission into the gradebook, then its notebooks into `autograded/`.

    Parameters
    ----------
    gradebook : what `open_gradebook` gives.
    results : by notebook; one that was not handed in is missing and gets no points.
    """
    root, name, student = assignment.course.root, assignment.name, found.student
    gradebook.update_or_create_student(student)
    row = gradebook.update_or_create_submission(name, student, timestamp=time_of(found.timestamp))
    notebooks = {stem: graded_notebook(result) for stem, result in results.items()}
    for notebook_row in row.notebooks:
        if notebook_row.name in notebooks:
            result = results[notebook_row.name]
            seen = answers_seen(assignment, student, notebook_row.name)
            save_scores(notebook_row, notebooks[notebook_row.name], result.verdicts, seen)
        else:
            save_nothing(notebook_row)
    gradebook.db.commit()
    for stem, notebook in notebooks.items():
        remember_answers(assignment, student, stem, notebook)
    folder = root / "autograded" / student / name
    for path in released_files(assignment):
        if path.is_file():
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / path.name)
    stamp = folder / "timestamp.txt"
    if row.timestamp is not None:
        # By it nbgrader knows a newer submission.
        write_text(stamp, found.timestamp + "\n")
    else:
        stamp.unlink(missing_ok=True)
    for stem, notebook in notebooks.items():
        if row.total_seconds_late > 0 or row.late_submission_penalty:
            _penalise(gradebook, root, row, stem)
        text = json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True)
        write_text(folder / f"{stem}.ipynb", text + "\n")


def _penalise(gradebook: Any, root: Path, row: Any, stem: str) -> None:
    """Let nbgrader's late penalties, as the course has configured them, apply to a notebook."""
    config = _config(root, row.assignment.name, row.student.id)
    names = {"notebook": stem, "assignment": row.assignment.name, "student": row.student.id}
    resources = {"nbgrader": {**names, "db_url": _db_url(root)}}
    AssignLatePenalties(config=config).preprocess(new_notebook(), resources)
    gradebook.db.expire_all()


def is_written(
    row: Any, assignment: Assignment, found: Submission, results: Mapping[str, Result]
) -> bool:
    """Tell whether all that `write` writes of a submission is there already."""
    folder = assignment.course.root / "autograded" / found.student / assignment.name
    if row is None or row.timestamp != time_of(found.timestamp):
        return False
    # The graded notebooks are written last.
    if not all(holds(folder / f"{stem}.ipynb", result) for stem, result in results.items()):
        return False
    awarded = {
        verdict.question: verdict.awarded
        for result in results.values()
        for verdict in result.verdicts
    }
    there = {
        grade.name: grade.auto_score for notebook in row.notebooks for grade in notebook.grades
    }
    return all(there.get(question) == points for question, points in awarded.items())


def reports(assignment: Assignment, students: Sequence[str]) -> list[Report]:
    """Read what the gradebook and the graded notebooks say about submissions.

    Raises
    ------
    CourseError
        If there is no gradebook.
    """
    if not _db(assignment.course.root).exists():
        raise CourseError(f"There is no gradebook yet; run `course grade {assignment.name}`.")
    with open_gradebook(assignment.course.root) as gradebook:
        rows = submission_rows(gradebook, assignment)
        return [_report(assignment, student, rows.get(student)) for student in students]


def report(assignment: Assignment, student: str) -> Report:
    """Read what there is about one submission; see `reports`."""
    return reports(assignment, [student])[0]


def submission_rows(gradebook: Any, assignment: Assignment) -> dict[str, Any]:
    """Return the gradebook's rows of an assignment's submissions, by student."""
    try:
        found = gradebook.find_assignment(assignment.name)
    except MissingEntry:
        return {}
    return {row.student.id: row for row in found.submissions}


def _report(assignment: Assignment, student: str, row: Any) -> Report:
    found = submission(assignment, student)
    verdicts: dict[str, list[Verdict]] = {}
    remarks = [found.reason] if found.reason else []
    for text in assignment.notebooks:
        path = assignment.course.root / "autograded" / student / assignment.name
        path /= f"{text.stem}.ipynb"
        if text.stem not in found.notebooks and not found.reason:
            remarks.append(f"{text.stem}.ipynb was not handed in.")
        elif path.exists():
            notebook = graded(path)
            verdicts[text.stem] = verdicts_in(notebook)
            remarks += notebook.metadata.get(RECORD, {}).get("remarks", [])
    return Report(
        student=student,
        assignment=assignment.name,
        scores=_scores(assignment, row),
        verdicts=verdicts,
        remarks=remarks + _to_read_again(row),
    )


def _to_read_again(row: Any) -> list[str]:
    """Return a remark on everything that is not what a person has given points to."""
    return [
        f"{grade.name}: this has changed since a person gave it {grade.manual_score:g} of "
        f"{grade.max_score:g} points; it waits to be read again."
        for notebook in (row.notebooks if row is not None else [])
        for grade in notebook.grades
        if grade.manual_score is not None and grade.needs_manual_grade
    ]


def _scores(assignment: Assignment, row: Any) -> list[Score]:
    order = {q.grade_id: q for text in assignment.notebooks for q in text.questions}
    awarded: dict[str, tuple[float, bool]] = {}
    comments: dict[str, str] = {}
    for notebook in row.notebooks if row is not None else []:
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
    config = _config(root, assignment, student)
    config.CourseDirectory.db_url = db_url
    with _quiet(root):
        try:
            yield CourseDirectory(config=config), config
        except NbGraderException as error:
            raise CourseError(f"nbgrader stopped; {root / LOG} says why.") from error


def _config(root: Path, assignment: str, student: str) -> Any:
    """Return nbgrader's settings: those of the course's own file, and the checker in any case."""
    config = Config()
    if (root / _SETTINGS).exists():
        try:
            config = PyFileConfigLoader(_SETTINGS, path=str(root)).load_config()
        except Exception as error:  # noqa: BLE001  it is a program, and can fail in any way
            reason = f"{type(error).__name__}: {error}"
            raise CourseError(f"{root / _SETTINGS} cannot be used: {reason}.") from None
    configure(config)
    config.CourseDirectory.root = str(root)
    config.CourseDirectory.assignment_id = assignment
    config.CourseDirectory.student_id = student
    return config


_SETTINGS = "nbgrader_config.py"


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
