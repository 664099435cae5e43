"""Repeats a verdict and shows an instructor the failing inputs, what came back, what was due."""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from autograder import hidden, variants
from autograder.course import Course, NotebookText, Question, nearest
from autograder.errors import CourseError
from autograder.grading import boxes, jobs, replays, seeds
from autograder.grading.grader import Sessions, forbidden_calls, missing, replayed
from autograder.grading.student import Call
from autograder.grading.verdicts import Finding, Trial, Verdict, try_all, with_hint
from autograder.hidden import Wrong
from autograder.plain import plain
from autograder.sandbox.kernels import Way
from autograder.submissions import submission
from course_utils.compare import difference

_LONGEST = 12


def explain(course: Course, student: str, question: str, way: Way | None) -> Iterator[str]:
    """Run a question again on what a student handed in, and yield lines to print.

    The hidden inputs are those of the verdict on record, whatever the course's secret is now.

    Raises
    ------
    CourseError
        If there is no such question or submission.
    """
    text = course.find(question)
    asked = text.repeatable(question)
    _check_student(course, student)
    found = submission(text.assignment, student)
    if text.stem not in found.notebooks:
        raise CourseError(found.reason or f"{student} did not hand in {text.stem}.ipynb.")
    notebook = found.notebooks[text.stem]
    rebuilt = jobs.submitted(text, notebook.path, notebook.remarks)
    seed = _seed(text, student, question) if asked.kind == "exercise" else None
    yield f"{student}, {question}" + (f", seed {seed:x}" if seed is not None else "")
    yield from rebuilt.remarks
    refused, note = forbidden_calls(text, asked, rebuilt)
    if note:
        yield note
    if refused:
        yield f"Refused without a test: {refused}"
        return
    hidden.load(text.name)
    variants.load(text.name)
    with (
        boxes.kernels(text.assignment, boxes.choose_way(way)) as starter,
        Sessions(starter, rebuilt.notebook, text) as sessions,
    ):
        if seed is None:
            yield from _replay(asked, *replayed(asked, sessions, jobs.source(text)))
            return
        sessions.run_once()
        trials = try_all(question, sessions, seed, missing(rebuilt, asked))
        for trial in trials:
            finding = with_hint(question, trial, trials, text.functions(question))
            yield from _outcome(finding)
            yield from _came_from(trial)


def _check_student(course: Course, student: str) -> None:
    folder = course.root / "submitted"
    known = sorted(path.name for path in folder.glob("*") if path.is_dir())
    if student not in known:
        said = f"There is no student {student}: {folder} has no such folder."
        raise CourseError(f"{said} {nearest(student, known)}".rstrip())


def _seed(text: NotebookText, student: str, question: str) -> int:
    kept = jobs.kept(text.assignment, student, text.stem)
    verdicts: list[Verdict] = kept.verdicts if kept is not None else []
    for verdict in verdicts:
        if verdict.question == question and verdict.seed:
            return int(verdict.seed, 16)
    secret = seeds.course_secret(text.assignment.course.root)
    return seeds.seed(secret, text.assignment.name, question)


def _replay(question: Question, printed: list[Any], expected: list[Any]) -> Iterator[str]:
    finding = replays.finding(printed, expected, question.points)
    yield from _outcome(finding)
    if finding.awarded < finding.points:
        yield from _outputs("printed", printed)
        yield from _outputs("expected", expected)


def _outputs(title: str, outputs: list[Any]) -> Iterator[str]:
    yield f"  {title}:"
    lines = [line for output in outputs for line in _said(output).splitlines()]
    yield from _indented(map(plain, lines or ["nothing"]), 4)


def _said(output: Any) -> str:
    if output.get("output_type") == "error":
        return f"{output.get('ename')}: {output.get('evalue')}".rstrip(": ")
    return str(output.get("text", "")) if output.get("name") == "stdout" else ""


def _outcome(finding: Finding) -> Iterator[str]:
    yield ""
    yield f"{finding.awarded:g} of {finding.points:g}  {finding.says}"
    if finding.sentence:
        yield f"  {finding.sentence}"
    if finding.hint:
        yield f"  It looks like {finding.mistake}: {finding.hint}"


def _came_from(trial: Trial) -> Iterator[str]:
    if trial.error is None:
        return
    if trial.calls:
        yield from _call(trial.calls[-1], f"  call {len(trial.calls)}, the last of this test")
    if isinstance(trial.error, Wrong) and trial.error.expected is not None:
        differs = difference(trial.error.got, trial.error.expected)
        if differs is not None:
            yield f"  {plain(differs)}"
        if not trial.calls or difference(trial.error.got, trial.calls[-1].result) is not None:
            yield from _value("  got", trial.error.got)
        yield from _value("  expected", trial.error.expected)


def _call(call: Call, title: str) -> Iterator[str]:
    yield f"{title}:"
    yield from (f"    {line}" for line in _in_python(call))
    for number, argument in enumerate(call.arguments, 1):
        yield from _value(f"    argument {number}", argument)
    for name, value in call.keywords.items():
        yield from _value(f"    {name}", value)
    if call.raised:
        yield f"    ended with {plain(call.raised)}"
    else:
        yield from _value("    returned", call.result)


def _in_python(call: Call) -> Iterator[str]:
    """Yield a call as Python text, after what made and changed the object it was made of."""
    if not call.history:
        yield f"{call.name}({_given(call)})"
        return
    made, *before = call.history
    *first, last = _in_python(made)
    yield from first
    yield f"it = {last}"
    for one in (*before, call):
        match one.do:
            case "load":
                names = list(one.arguments[0])
                more = f" and {len(names) - 3} more" if len(names) > 3 else ""
                yield f"# the values of {plain(', '.join(names[:3]))}{more} are set"
            case "get":
                yield f"it.{one.name}"
            case "outline":
                yield "# its parameters and layers are looked at"
            case _ if one.name == "__call__":
                yield f"it({_given(one)})"
            case _:
                yield f"it.{one.name}({_given(one)})"


def _given(call: Call) -> str:
    named = [f"{name}={_short(value)}" for name, value in call.keywords.items()]
    return ", ".join([*map(_short, call.arguments), *named])


def _short(value: Any) -> str:
    """Return a value as it is written in a call; of an array, shape and dtype."""
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return f"<{type(value).__name__} {tuple(value.shape)} {value.dtype}>"
    return plain(repr(value), 60)


def _value(title: str, value: Any) -> Iterator[str]:
    if isinstance(value, np.ndarray):
        yield f"{title}: array {value.shape} {value.dtype}"
        with np.printoptions(precision=5, suppress=True, threshold=200, edgeitems=3):
            lines = str(value).split("\n")
    else:
        lines = repr(value)[:2000].split("\n")
        if len(lines) == 1:
            yield f"{title}: {lines[0]}"
            return
        yield f"{title}:"
    yield from _indented(lines, len(title) - len(title.lstrip()) + 2)


def _indented(lines: Iterable[str], width: int) -> Iterator[str]:
    shown = list(lines)
    yield from (" " * width + line for line in shown[:_LONGEST])
    if len(shown) > _LONGEST:
        yield f"{' ' * width}... {len(shown) - _LONGEST} more lines"
