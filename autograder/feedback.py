"""Writes feedback pages and the class page: one HTML file each, nothing loaded from elsewhere.

A feedback page goes where nbgrader's own would (`feedback/<student>/<assignment>/`), so that
`nbgrader release_feedback` hands it out. What a student wrote or printed becomes text, pictures and
equations there, by `autograder.markup`, and never anything that acts; its size is bounded.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, PackageLoader, StrictUndefined

from autograder import markup
from autograder.course import Assignment, NotebookText, Question
from autograder.files import write_text
from autograder.gradebook import Report, Score
from autograder.grading.rebuild import ADDED
from autograder.grading.verdicts import Verdict
from autograder.scores import graded
from autograder.submissions import misplaced

LONGEST_TEXT = 4_000
"""Characters shown of one output."""
MOST_OUTPUTS = 30
"""Outputs shown of one cell."""
MOST_CHARACTERS = 500_000
MOST_PICTURE_BYTES = 20 * 2**20
"""Shown on one page, of all outputs and pictures together."""


@dataclass(frozen=True)
class Output:
    """An output of a student's cell: what it is, and text, a data address or safe HTML."""

    kind: Literal["text", "picture", "html", "note"]
    content: str


@dataclass(frozen=True)
class Part:
    """A cell of the student's on a feedback page, with what it was given.

    Parameters
    ----------
    title : the question's name, empty for a cell of the student's own.
    asked, answer : the question and the written answer as safe HTML; of code there is a `source`.
    awarded : None for an answer that nobody has read yet.
    """

    title: str
    outputs: list[Output]
    verdicts: list[Verdict] = field(default_factory=list)
    source: str = ""
    asked: str = ""
    answer: str = ""
    awarded: float | None = 0.0
    points: float = 0.0
    comments: list[str] = field(default_factory=list)

    @property
    def lacks_points(self) -> bool:
        """Whether it was given less than it is worth."""
        return self.awarded is not None and self.awarded < self.points


def write_feedback(assignment: Assignment, report: Report) -> list[Path]:
    """Write the feedback pages of a graded submission and return their paths."""
    pages = []
    for text in assignment.notebooks:
        relative = Path(report.student) / assignment.name / f"{text.stem}.html"
        path = assignment.course.root / "feedback" / relative
        page = _template("feedback.html").render(
            title=assignment.file.title,
            notebook=text.stem,
            notebooks=[one.stem for one in assignment.notebooks],
            report=report,
            remarks=_for_the_student(report),
            parts=_parts(assignment, text, report),
        )
        write_text(path, markup.visible(page))
        pages.append(path)
    return pages


def write_class_page(assignment: Assignment, reports: Sequence[Report]) -> Path:
    """Write the page with everybody's points and where the class lost them; return its path."""
    questions = [q for text in assignment.notebooks for q in text.questions]
    path = assignment.course.root / "feedback" / f"{assignment.name}.html"
    page = _template("class.html").render(
        title=assignment.file.title,
        assignment=assignment.name,
        questions=questions,
        reports=reports,
        shares={question.grade_id: _share(question, reports) for question in questions},
        mistakes=common_mistakes(reports),
        misplaced=misplaced(assignment.course),
        rubrics={q.name: assignment.rubrics[q.name] for q in questions if q.kind == "question"},
        pages={report.student: _first_page(assignment, report) for report in reports},
    )
    write_text(path, markup.visible(page))
    return path


def _share(question: Question, reports: Sequence[Report]) -> float | None:
    """Return the share of a question's points that the class got, None before all are given."""
    scores = [s for report in reports for s in report.scores if s.question == question.grade_id]
    # Code that a person looks at has points already; a question that is new has none.
    if not scores or (question.kind == "question" and any(score.by_hand for score in scores)):
        return None
    return sum(score.awarded for score in scores) / len(scores) / question.points


def _first_page(assignment: Assignment, report: Report) -> str:
    """Return the address of a student's first feedback page, relative to the class page."""
    stems = [text.stem for text in assignment.notebooks if text.stem in report.verdicts]
    return f"{report.student}/{assignment.name}/{stems[0]}.html" if stems else ""


def common_mistakes(reports: Sequence[Report]) -> list[tuple[list[str], str, str, str]]:
    """Return (students, question, mistake, hint) of the recognised mistakes, commonest first."""
    seen: dict[tuple[str, str, str], set[str]] = {}
    for report in reports:
        for verdicts in report.verdicts.values():
            for verdict in verdicts:
                for finding in verdict.findings:
                    if finding.mistake:
                        key = (verdict.question, finding.mistake, finding.hint)
                        seen.setdefault(key, set()).add(report.student)
    rows = [(sorted(students), *key) for key, students in seen.items()]
    return sorted(rows, key=lambda row: (-len(row[0]), row[1], row[2]))


@cache
def _template(name: str) -> Any:
    environment = Environment(
        loader=PackageLoader("autograder", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name)


def _for_the_student(report: Report) -> list[str]:
    """Return the remarks without the notes that are for a person who grades."""
    notes = {verdict.note for verdicts in report.verdicts.values() for verdict in verdicts}
    return [remark for remark in report.remarks if remark not in notes]


def _parts(assignment: Assignment, text: NotebookText, report: Report) -> list[Part]:
    """Return the student's own cells of a notebook, each with what it was given."""
    path = assignment.course.root / "autograded" / report.student / assignment.name
    path /= f"{text.stem}.ipynb"
    if text.stem not in report.verdicts or not path.exists():
        return []
    cells = graded(path).cells
    asked = {cell.get("id"): cell.source for cell in cells if not cell.metadata.get(ADDED)}
    verdicts = {verdict.question: verdict for verdict in report.verdicts[text.stem]}
    scores = {score.question: score for score in report.scores}
    room = _Room()
    parts = []
    for cell in cells:
        keys = cell.metadata.get("nbgrader", {})
        name = str(keys.get("grade_id", "")).removesuffix("_answer")
        if keys.get("solution") and cell.cell_type == "markdown":
            parts.append(_written(cell, name, asked.get(f"{name}_text", ""), scores[name], room))
        elif keys.get("solution"):
            ids = [n for n in (name, f"{name}_replay") if n in verdicts]
            mine = _each_hint_once([verdicts[n] for n in ids])
            given = [scores[n] for n in ids if n in scores]
            parts.append(_coded(cell, name, mine, given, room))
        elif cell.metadata.get(ADDED) and cell.cell_type == "code":
            parts.append(Part("", room.outputs(cell), source=room.text(cell.source)))
    return parts


def _each_hint_once(verdicts: list[Verdict]) -> list[Verdict]:
    """Return verdicts about a question, each hint only where it comes first."""
    shown = {""}
    kept = []
    for verdict in verdicts:
        findings = []
        for finding in verdict.findings:
            again = finding.hint in shown
            findings.append(finding.model_copy(update={"hint": ""}) if again else finding)
            shown.add(finding.hint)
        kept.append(verdict.model_copy(update={"findings": findings}))
    return kept


def _coded(
    cell: Any, name: str, verdicts: list[Verdict], scores: list[Score], room: "_Room"
) -> Part:
    """Return an exercise: the student's code, its outputs and the verdicts about it."""
    found = sum(verdict.awarded for verdict in verdicts)
    awarded = sum(score.awarded for score in scores) if scores else found
    changed = f"The tests gave {found:g}; a person has changed that."
    return Part(
        title=name,
        source=room.text(cell.source, most=MOST_CHARACTERS),
        outputs=room.outputs(cell),
        verdicts=verdicts,
        awarded=awarded,
        points=sum(verdict.points for verdict in verdicts),
        comments=[
            *([changed] if abs(awarded - found) > 1e-9 else []),
            *(score.comment for score in scores if score.comment),
        ],
    )


def _written(cell: Any, name: str, asked: str, score: Score, room: "_Room") -> Part:
    """Return a written answer below its question; its points are the gradebook's."""
    waiting = "A person still reads this." if score.by_hand else ""
    without_heading = re.sub(r"\A#+ .*\n+", "", asked)
    return Part(
        title=name,
        outputs=[],
        asked=markup.markdown(without_heading, {}) if asked else "",
        answer=markup.markdown(cell.source, room.pictures(cell.get("attachments"))),
        awarded=None if score.by_hand else score.awarded,
        points=score.points,
        comments=[text for text in (waiting, score.comment) if text],
    )


_DISPLAY = re.compile(r"<IPython\.core\.display\.\w+ object>")
"""What stands for HTML and JavaScript where there is no text."""


class _Room:
    """What still fits on a page."""

    def __init__(self) -> None:
        self._characters = MOST_CHARACTERS
        self._bytes = MOST_PICTURE_BYTES

    def text(self, value: Any, *, most: int = LONGEST_TEXT) -> str:
        """Return what fits of a text, and how much there is beside that."""
        whole = _string(value)
        # A few times as much as can be shown: some of it will not be visible.
        beginning = markup.printed(whole[: 4 * most])
        fitting = beginning[: min(most, self._characters)]
        self._characters -= len(fitting)
        left_out = len(beginning) - len(fitting) + max(0, len(whole) - 4 * most)
        return fitting + f"\n[... {left_out} more characters]" * bool(left_out)

    def picture(self, bundle: Any) -> str:
        """Return the picture in a bundle of MIME types, empty if there is none that fits."""
        address = markup.picture(bundle)
        if len(address) > self._bytes:
            return ""
        self._bytes -= len(address)
        return address

    def pictures(self, attachments: Any) -> dict[str, str]:
        """Return the pictures pasted into a cell, by name."""
        bundles = attachments if isinstance(attachments, Mapping) else {}
        found = {str(name): self.picture(bundle) for name, bundle in bundles.items()}
        return {name: address for name, address in found.items() if address}

    def outputs(self, cell: Any) -> list[Output]:
        """Return what fits of a cell's outputs, and how many there are beside that."""
        outputs = _joined(cell.get("outputs", []))
        shown = [one for output in outputs[:MOST_OUTPUTS] if (one := self._output(output))]
        if len(outputs) > MOST_OUTPUTS:
            shown.append(Output("note", f"{len(outputs) - MOST_OUTPUTS} more outputs left out."))
        return shown

    def _output(self, output: Mapping[str, Any]) -> Output | None:
        kind, data = output.get("output_type"), output.get("data")
        if kind == "stream":
            return Output("text", self.text(output.get("text")))
        if kind == "error":
            name, value = (_string(output.get(key)) for key in ("ename", "evalue"))
            return Output("text", self.text(f"{name}: {value}"))
        return self._displayed(data) if isinstance(data, Mapping) else None

    def _displayed(self, data: Mapping[str, Any]) -> Output | None:
        address = self.picture(data)
        if address:
            return Output("picture", address)
        if "image/png" in data or "image/jpeg" in data:
            return Output("note", "A picture left out: too large for this page, or broken.")
        equation = self._equation(data.get("text/latex"))
        if equation:
            return Output("html", equation)
        for kind in ("text/markdown", "text/plain", "text/latex"):
            text = _string(data.get(kind))
            if _DISPLAY.fullmatch(text):
                return Output("note", "An output that acts or moves is not shown here.")
            if text:
                return Output("text", self.text(text))
        return None

    def _equation(self, latex: Any) -> str:
        html = markup.displayed(_string(latex)[: 2 * markup.LONGEST_EQUATION])
        if len(html) > self._characters:
            return ""
        self._characters -= len(html)
        return html


def _joined(outputs: Iterable[Any]) -> list[Mapping[str, Any]]:
    """Return outputs, with what was printed in pieces put together."""
    joined: list[Mapping[str, Any]] = []
    for name, group in groupby(outputs, _stream):
        pieces = list(group)
        if name:
            text = "".join(_string(piece.get("text")) for piece in pieces)
            joined.append({"output_type": "stream", "text": text})
        else:
            joined += pieces
    return joined


def _stream(output: Any) -> str:
    """Return the name of the stream that an output was printed to, empty if it was not."""
    return str(output.get("name")) if output.get("output_type") == "stream" else ""


def _string(value: Any) -> str:
    return value if isinstance(value, str) else ""
