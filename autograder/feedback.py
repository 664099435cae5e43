"""Writes feedback pages and the class page: one HTML file each, nothing loaded from elsewhere.

A feedback page goes where nbgrader's own would (`feedback/<student>/<assignment>/`), so that
`nbgrader release_feedback` hands it out. Nothing a student wrote is ever more than text on it,
and pictures only as the bytes of a PNG or JPEG.
"""

import base64
import binascii
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, PackageLoader, StrictUndefined
from pydantic import BaseModel

from autograder.build import write_text
from autograder.course import Assignment, NotebookText
from autograder.gradebook import Report
from autograder.grading.rebuild import ADDED
from autograder.grading.verdicts import Verdict

_ANSI = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_LONGEST_OUTPUT = 4000


class Output(BaseModel):
    """An output of a student's cell: text, or a picture as a data address."""

    text: str = ""
    picture: str = ""


class Part(BaseModel):
    """A cell of the student's on a feedback page."""

    title: str
    source: str
    outputs: list[Output]
    verdicts: list[Verdict]
    awarded: float | None = None
    points: float | None = None
    comment: str = ""


def write_feedback(assignment: Assignment, report: Report) -> list[Path]:
    """Write the feedback pages of a graded submission and return their paths."""
    pages = []
    for text in assignment.notebooks:
        relative = Path(report.student) / assignment.name / f"{text.stem}.html"
        path = assignment.course.root / "feedback" / relative
        page = _template("feedback.html").render(
            title=assignment.file.title,
            notebook=text.stem,
            report=report,
            remarks=report.remarks,
            parts=_parts(assignment, text, report),
        )
        write_text(path, page)
        pages.append(path)
    return pages


def write_class_page(assignment: Assignment, reports: Sequence[Report]) -> Path:
    """Write the page with everybody's points and where the class lost them; return its path."""
    questions = [q for text in assignment.notebooks for q in text.questions]
    shares = {}
    for question in questions:
        scores = [s for report in reports for s in report.scores if s.question == question.grade_id]
        got = [score.awarded for score in scores if not score.by_hand]
        shares[question.grade_id] = sum(got) / len(got) / question.points if got else None
    path = assignment.course.root / "feedback" / f"{assignment.name}.html"
    page = _template("class.html").render(
        title=assignment.file.title,
        assignment=assignment.name,
        questions=questions,
        reports=reports,
        shares=shares,
        mistakes=common_mistakes(reports),
        pages={report.student: _first_page(assignment, report) for report in reports},
    )
    write_text(path, page)
    return path


def _first_page(assignment: Assignment, report: Report) -> str:
    """Return the address of a student's first feedback page, relative to the class page."""
    stems = [text.stem for text in assignment.notebooks if text.stem in report.verdicts]
    return f"{report.student}/{assignment.name}/{stems[0]}.html" if stems else ""


def common_mistakes(reports: Sequence[Report]) -> list[tuple[int, str, str, str]]:
    """Return (students, question, mistake, hint) of the recognised mistakes, commonest first."""
    seen: dict[tuple[str, str, str], set[str]] = {}
    for report in reports:
        for verdicts in report.verdicts.values():
            for verdict in verdicts:
                for finding in verdict.findings:
                    if finding.mistake:
                        key = (verdict.question, finding.mistake, finding.hint)
                        seen.setdefault(key, set()).add(report.student)
    counted = [(len(students), *key) for key, students in seen.items()]
    return sorted(counted, key=lambda row: (-row[0], row[1], row[2]))


def _template(name: str) -> Any:
    environment = Environment(
        loader=PackageLoader("autograder", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _parts(assignment: Assignment, text: NotebookText, report: Report) -> list[Part]:
    """Return the student's own cells of a notebook, each with what it was given."""
    path = assignment.course.root / "autograded" / report.student / assignment.name
    path /= f"{text.stem}.ipynb"
    if text.stem not in report.verdicts or not path.exists():
        return []
    verdicts = {verdict.question: verdict for verdict in report.verdicts[text.stem]}
    scores = {score.question: score for score in report.scores}
    parts = []
    for cell in nbformat.read(path, as_version=4).cells:
        keys = cell.metadata.get("nbgrader", {})
        name = str(keys.get("grade_id", "")).removesuffix("_answer")
        if keys.get("solution"):
            mine = [v for v in (verdicts.get(name), verdicts.get(f"{name}_replay")) if v]
            # A written answer has no verdict; its points are the gradebook's.
            score = scores.get(name)
            by_hand = not mine and score is not None and score.by_hand
            parts.append(
                Part(
                    title=name,
                    source=cell.source,
                    outputs=_outputs(cell),
                    verdicts=mine,
                    awarded=sum(v.awarded for v in mine)
                    if score is None or mine
                    else score.awarded,
                    points=sum(v.points for v in mine) if score is None or mine else score.points,
                    comment="To be read by a person."
                    if by_hand
                    else score.comment
                    if score
                    else "",
                )
            )
        elif cell.metadata.get(ADDED) and cell.cell_type == "code":
            parts.append(Part(title="", source=cell.source, outputs=_outputs(cell), verdicts=[]))
    return parts


def _outputs(cell: Any) -> list[Output]:
    shown = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        if output.output_type == "stream":
            shown.append(Output(text=_cleaned(output.get("text", ""))))
        elif output.output_type == "error":
            shown.append(Output(text=_cleaned(f"{output.ename}: {output.evalue}")))
        elif picture := _picture(data):
            shown.append(Output(picture=picture))
        elif "text/plain" in data:
            shown.append(Output(text=_cleaned(data["text/plain"])))
    return shown


def _cleaned(text: Any) -> str:
    plain = _ANSI.sub("", text if isinstance(text, str) else "".join(map(str, text)))
    if len(plain) > _LONGEST_OUTPUT:
        return f"{plain[:_LONGEST_OUTPUT]}\n[... {len(plain) - _LONGEST_OUTPUT} more characters]"
    return plain


_MAGIC = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


def _picture(data: Any) -> str:
    for mime, magic in _MAGIC.items():
        try:
            content = base64.b64decode(data.get(mime, ""), validate=False)
        except (binascii.Error, TypeError, ValueError):
            continue
        if content.startswith(magic) and len(content) < 5 * 2**20:
            return f"data:{mime};base64,{base64.b64encode(content).decode('ascii')}"
    return ""
