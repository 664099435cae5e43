"""What students handed in: which folders, which notebooks, and what is odd about them.

Everything in `submitted/` is somebody else's: it is read with care and never written to, but for
the copy of a renamed notebook that plain nbgrader needs.
"""

import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import cast

from autograder.course import Assignment, Course, nearest
from autograder.errors import CourseError
from autograder.files import write_text
from autograder.grading.jobs import FOLDER
from autograder.grading.rebuild import Unreadable, read_submission
from autograder.plain import plain


@dataclass(frozen=True)
class Found:
    """A notebook of a submission, by the name it should have."""

    path: Path
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Submission:
    """What a student handed in for an assignment.

    Parameters
    ----------
    notebooks : by the name they should have.
    reason : why there is nothing to grade, empty if there is.
    timestamp : what is in the file that `nbgrader collect` leaves.
    """

    student: str
    folder: Path
    notebooks: dict[str, Found]
    reason: str = ""
    timestamp: str = ""


def students(assignment: Assignment) -> list[str]:
    """Return the students who handed something in.

    Raises
    ------
    CourseError
        If nobody did.
    """
    folder = assignment.course.root / "submitted"
    names = sorted(
        path.parent.name
        for path in folder.glob(f"*/{assignment.name}")
        # What archives leave behind is nobody.
        if path.is_dir() and path.parent.name[0] not in "._"
    )
    if not names:
        collect = "Collect the submissions first (`nbgrader collect`, or copy them there)."
        raise CourseError(
            f"There is nothing to grade: no folder {folder}/<student>/{assignment.name}. "
            + (misplaced(assignment.course) or [collect])[0]
        )
    return names


def misplaced(course: Course) -> list[str]:
    """Return a sentence on everything in `submitted/` that lies where nothing is graded."""
    sentences = list(_loose(course, course.root / "submitted", "<student>/"))
    names = [assignment.name for assignment in course.assignments]
    for student in _folders(course.root / "submitted"):
        sentences += _loose(course, student, "")
        for folder in _folders(student):
            if folder.name not in names:
                place = plain(folder.relative_to(course.root))
                hint = nearest(folder.name, names) or f"There are: {', '.join(names)}."
                sentences.append(f"{place} is not graded: no assignment has this name. {hint}")
    return sentences


def _loose(course: Course, folder: Path, within: str) -> Iterator[str]:
    for path in notebooks_in(folder):
        homes = [
            a.name for a in course.assignments for text in a.notebooks if text.stem == path.stem
        ]
        place, home = plain(path.relative_to(course.root)), homes[0] if homes else "<assignment>"
        right = f"{plain(folder.relative_to(course.root))}/{within}{home}/"
        yield f"{place} is not graded: it belongs into {right}; move it there and grade again."


def _folders(folder: Path) -> list[Path]:
    """Return the folders in a folder, without links and what archives leave behind."""
    paths = sorted(path for path in folder.glob("*") if path.name[0] not in "._")
    return [path for path in paths if path.is_dir() and not path.is_symlink()]


def submission(assignment: Assignment, student: str) -> Submission:
    """Look at what a student handed in."""
    folder = assignment.course.root / "submitted" / student / assignment.name
    stems = [text.stem for text in assignment.notebooks]
    if re.search(r"[*?\[\]]", student):
        reason = (
            "A folder with one of * ? [ ] in its name is not graded; the student's folder needs "
            "another name."
        )
        return Submission(student, folder, {}, reason)
    if folder.is_symlink() or folder.parent.is_symlink():
        return Submission(student, folder, {}, "The submission is a link to another folder.")
    there = notebooks_in(folder)
    notebooks = {stem: found for stem in stems if (found := _find(assignment, folder, stem, there))}
    reason = "" if notebooks else _nothing(folder, there, stems)
    return Submission(student, folder, notebooks, reason, timestamp(folder))


def _find(assignment: Assignment, folder: Path, stem: str, there: list[Path]) -> Found | None:
    path = folder / f"{stem}.ipynb"
    if path in there and not _is_our_copy(assignment, path):
        return Found(path)
    other = _renamed(assignment, folder, stem, there)
    if other is None:
        return None
    return Found(other, [f"The notebook was handed in as {plain(other.name)}."])


def notebooks_in(folder: Path) -> list[Path]:
    """Return the notebooks of a submission's folder, without what archives and editors leave."""
    return [path for path in sorted(folder.glob("*.ipynb")) if not path.name.startswith(".")]


def _renamed(assignment: Assignment, folder: Path, stem: str, there: list[Path]) -> Path | None:
    """Return the one notebook of another name that holds answers to this one's questions."""
    texts = {text.stem: text for text in assignment.notebooks}
    names = {f"{question.name}_answer" for question in texts[stem].exercises}
    others = [path for path in there if path.stem not in texts and _holds_answers(path, names)]
    return others[0] if len(others) == 1 else None


def _holds_answers(path: Path, names: set[str]) -> bool:
    try:
        return any(cell.name in names for cell in read_submission(path))
    except Unreadable:
        return False


def _nothing(folder: Path, there: list[Path], stems: list[str]) -> str:
    missing = "there is " + " and ".join(f"no {stem}.ipynb" for stem in stems)
    if there:
        names = plain(", ".join(path.name for path in there))
        return f"None of the files is a notebook of this assignment (found {names}; {missing})."
    inside = sorted(path.relative_to(folder) for path in _below(folder) if path.suffix == ".ipynb")
    deeper = [path for path in inside if not any(part[0] in "._" for part in path.parts)]
    if deeper:
        place = plain(deeper[0])
        return (
            f"The notebook lies in a folder of its own ({place}), where it is not graded; it "
            "belongs directly into the folder of the assignment."
        )
    return f"No notebook was handed in: {missing}."


_MOST_FILES = 10_000


def _below(folder: Path) -> Iterator[Path]:
    """Yield the files below a folder, not following links, up to a number."""
    count = 0
    for where, _, names in os.walk(folder):
        for name in names:
            count += 1
            if count > _MOST_FILES:
                return
            yield Path(where) / name


def timestamp(folder: Path) -> str:
    """Return what a submission's timestamp says, "" if it is no short and ordinary file."""
    try:
        path = folder / "timestamp.txt"
        if stat.S_ISREG(path.lstat().st_mode) and path.stat().st_size < 200:
            return path.read_text("utf-8").strip()
    except (OSError, ValueError):
        return ""
    return ""


def time_of(stamp: str) -> datetime | None:
    """Return the time in a submission's timestamp, None if there is none that can be read."""
    from nbgrader.utils import parse_utc  # a second that grading can spend while kernels run

    try:
        return cast(datetime, parse_utc(stamp)) if stamp else None
    except (ValueError, OverflowError):
        return None


# --- The copy that plain nbgrader needs -----------------------------------------------------------


def copy_renamed(assignment: Assignment, student: str) -> list[Path]:
    """Copy renamed notebooks to the names they should have; return the copies.

    A copy made for an earlier grading is made anew, or goes if it is no longer needed.
    """
    folder = assignment.course.root / "submitted" / student / assignment.name
    for text in assignment.notebooks:
        path = folder / f"{text.stem}.ipynb"
        if _is_our_copy(assignment, path):
            path.unlink()
    made = []
    for stem, found in submission(assignment, student).notebooks.items():
        path = folder / f"{stem}.ipynb"
        if found.path != path:
            content = found.path.read_bytes()
            write_text(path, content.decode("utf-8", "replace"))
            write_text(_record(assignment, path), json.dumps({"sha256": _digest(path)}))
            made.append(path)
    return made


def _record(assignment: Assignment, path: Path) -> Path:
    student = path.parent.parent.name
    return assignment.course.root / FOLDER / assignment.name / student / f"{path.stem}.copy.json"


def _is_our_copy(assignment: Assignment, path: Path) -> bool:
    """Tell whether a notebook is a copy that we have made, and not a later submission."""
    record = _record(assignment, path)
    if not record.exists() or path.is_symlink() or not path.is_file():
        return False
    try:
        return bool(json.loads(record.read_text("utf-8"))["sha256"] == _digest(path))
    except (OSError, ValueError, KeyError, TypeError):
        return False  # a damaged record says nothing; then the notebook counts as handed in


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
