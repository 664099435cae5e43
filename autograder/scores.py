"""Verdicts in nbgrader's terms: scores and comments of its gradebook, metadata of its notebooks."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbformat import from_dict
from nbgrader.utils import compute_checksum

from autograder.course import Assignment
from autograder.errors import CourseError
from autograder.files import write_text
from autograder.grading.jobs import Result, result_file
from autograder.grading.verdicts import Verdict, in_words

RECORD = "grading"
"""The key in a graded notebook's metadata that holds verdicts and remarks."""


def graded_notebook(result: Result) -> Any:
    """Return a graded notebook with its verdicts in the metadata."""
    notebook = from_dict(result.notebook)
    notebook.metadata[RECORD] = record(result)
    return notebook


def record(result: Result) -> dict[str, Any]:
    """Return what a graded notebook's metadata say about its grading."""
    return {
        "verdicts": [verdict.model_dump() for verdict in result.verdicts],
        "remarks": result.remarks,
        "key": result.key,
    }


def holds(path: Path, result: Result) -> bool:
    """Tell whether a file is the graded notebook of a result."""
    try:
        metadata = json.loads(path.read_bytes())["metadata"]
    except (OSError, ValueError, KeyError):
        return False
    return bool(metadata.get(RECORD) == json.loads(json.dumps(record(result))))


def graded(path: Path) -> Any:
    """Read a graded notebook. It is our own file: validating it would take longer than using it.

    Raises
    ------
    CourseError
        If it has been damaged.
    """
    try:
        notebook = nbformat.v4.reads(path.read_text("utf-8"))
        verdicts_in(notebook)
        remarks = notebook.metadata.get(RECORD, {}).get("remarks", [])
        if not all(isinstance(remark, str) for remark in remarks):
            raise TypeError("a remark is no text")
        for cell in notebook.cells:
            _ = (cell.cell_type, cell.source, cell.metadata.get("nbgrader"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise CourseError(
            f"{path} is damaged; `course grade {path.parent.name} --force` makes it anew."
        ) from None
    return notebook


def verdicts_in(notebook: Any) -> list[Verdict]:
    """Return the verdicts in a graded notebook's metadata."""
    record = notebook["metadata"].get(RECORD, {})
    return [Verdict.model_validate(verdict) for verdict in record.get("verdicts", [])]


def save_scores(
    row: Any, notebook: Any, verdicts: Iterable[Verdict], seen: Mapping[str, str]
) -> None:
    """Put a notebook's verdicts into the gradebook's row of it, to be committed by the caller.

    What a person has given or written stays. Written answers wait for a person, unless nothing was
    written. What a person has given points to waits again only if the answer, or the tests' points,
    are no longer those that the person saw; nbgrader lets it wait after every grading.

    Parameters
    ----------
    seen : the answers that the gradebook's scores are about until now; see `answers_seen`.
    """
    answers = _digests(notebook)
    by_name = {verdict.question: verdict for verdict in verdicts}
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    for grade in row.grades:
        verdict, before = by_name.get(grade.name), grade.auto_score
        if verdict is not None:
            grade.auto_score = verdict.awarded
            noted = bool(verdict.note)
        else:
            grade.auto_score = 0.0 if _is_untouched(cells[grade.name]) else None
            noted = grade.auto_score is None
        if grade.manual_score is None:
            grade.needs_manual_grade = noted
        else:
            name = grade.name.removesuffix("_replay")
            same = answers.get(name) == seen.get(name) and grade.auto_score == before
            grade.needs_manual_grade = grade.needs_manual_grade or not same
    for comment in row.comments:
        verdict = by_name.get(comment.name.removesuffix("_answer"))
        if verdict is not None:
            comment.auto_comment = in_words(verdict)
        else:
            comment.auto_comment = "No response." if _is_untouched(cells[comment.name]) else None


def answers_seen(assignment: Assignment, student: str, stem: str) -> dict[str, str]:
    """Return digests of the answers that the gradebook's scores are about, by question.

    A person who reads in the formgrader sees these answers. What is not known counts as not seen.
    """
    try:
        found = json.loads(_seen_file(assignment, student, stem).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def remember_answers(assignment: Assignment, student: str, stem: str, notebook: Any) -> None:
    """Note the answers of a graded notebook, after its scores have been committed.

    In this order an interruption can only make a person read once too often.
    """
    text = json.dumps(_digests(notebook), indent=1)
    write_text(_seen_file(assignment, student, stem), text + "\n")


def _seen_file(assignment: Assignment, student: str, stem: str) -> Path:
    return result_file(assignment, student, stem).with_suffix(".seen.json")


def _digests(notebook: Any) -> dict[str, str]:
    """Return a digest of each answer, by question."""
    return {
        cell.metadata.nbgrader.grade_id.removesuffix("_answer"): hashlib.sha256(
            json.dumps([cell.source, cell.get("attachments")], sort_keys=True).encode()
        ).hexdigest()
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }


def save_nothing(row: Any) -> None:
    """Give a notebook that was not handed in no points."""
    for grade in row.grades:
        grade.auto_score = 0.0
        grade.needs_manual_grade = False


def _is_untouched(cell: Any) -> bool:
    """Tell whether a cell is as it was released."""
    return bool(cell.metadata.nbgrader.get("checksum") == compute_checksum(cell))
