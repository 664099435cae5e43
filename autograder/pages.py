"""Feedback pages and the class page, written when what they show has changed."""

import hashlib
import json
from collections.abc import Collection
from pathlib import Path

from autograder import feedback, gradebook
from autograder.course import Assignment
from autograder.files import write_text
from autograder.gradebook import Report
from autograder.grading.jobs import FOLDER
from autograder.submissions import students

_NOT_GRADED = "It could not be graded this time, for a reason that is not yours."


def write_pages(
    assignment: Assignment, failed: Collection[str] = (), *, anew: bool = False
) -> list[Report]:
    """Write the pages of everybody who handed in something, and return what they are about.

    Parameters
    ----------
    failed : the students whose submission could not be graded, which their pages say.
    anew : write all pages, not only those that have changed.
    """
    reports = gradebook.reports(assignment, students(assignment))
    record = assignment.course.root / FOLDER / assignment.name / "pages.json"
    before = {} if anew else _read(record)
    after = {}
    for report in reports:
        if report.student in failed:
            report.remarks.append(_NOT_GRADED)
        after[report.student] = _digest(assignment, report)
        if before.get(report.student) != after[report.student] or not _there(assignment, report):
            feedback.write_feedback(assignment, report)
    feedback.write_class_page(assignment, reports)
    write_text(record, json.dumps(after, indent=1))
    return reports


def _there(assignment: Assignment, report: Report) -> bool:
    folder = assignment.course.root / "feedback" / report.student / assignment.name
    return all((folder / f"{text.stem}.html").exists() for text in assignment.notebooks)


def _digest(assignment: Assignment, report: Report) -> str:
    """Return a digest of all that a page is made from."""
    digest = hashlib.sha256(report.model_dump_json().encode())
    folder = assignment.course.root / "autograded" / report.student / assignment.name
    for text in assignment.notebooks:
        path = folder / f"{text.stem}.ipynb"
        digest.update(path.read_bytes() if path.exists() else b"")
    for path in sorted((Path(__file__).parent / "templates").iterdir()):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(record: Path) -> dict[str, str]:
    try:
        found = json.loads(record.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
