"""Grades one submitted notebook: a pure function of the submission, the tests and the secret."""

import re
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from autograder import hidden, variants
from autograder.course import NotebookText, Question
from autograder.grading import replays, seeds, side_doors
from autograder.grading.channels import KernelGone
from autograder.grading.kernel import Session, error_output, experience, session
from autograder.grading.rebuild import ADDED, Rebuilt, code_cells
from autograder.grading.verdicts import Finding, Verdict, judge, refuse
from autograder.plain import plain
from autograder.sandbox.kernels import Starter
from course_utils import forbidden
from course_utils.agent import CallBack
from course_utils.wire import Message


@dataclass
class Graded:
    """A graded notebook: with its outputs, the verdicts, and remarks for people."""

    notebook: Any
    verdicts: list[Verdict]
    remarks: list[str] = field(default_factory=list)


def grade_notebook(
    text: NotebookText,
    rebuilt: Rebuilt,
    source: Any,
    secret: bytes,
    starter: Starter,
    questions: Collection[str] = (),
) -> Graded:
    """Run a rebuilt notebook and judge every question that is graded automatically.

    Parameters
    ----------
    source : the instructor's notebook, which holds the replays and their expected outputs.
    secret : the course's secret, from which the hidden inputs come.
    starter : starts the kernels that the notebook runs in.
    questions : the grade ids to judge; all if there are none.
    """
    hidden.load(text.name)
    variants.load(text.name)
    verdicts: list[Verdict] = []
    with Sessions(starter, rebuilt.notebook, text) as sessions:
        for question in text.questions:
            if questions and question.grade_id not in questions:
                continue
            if question.kind == "exercise":
                verdicts.append(_exercise(text, question, rebuilt, sessions, secret))
            elif question.kind == "replay":
                verdicts.append(_replay(text, question, rebuilt, sessions, source))
        sessions.run_once()
        remarks = [*rebuilt.remarks, *sessions.remarks()]
    verdicts = _with_doubts(text, verdicts)
    remarks += _to_look_at(verdicts)
    own = [cell.source for cell in rebuilt.notebook.cells if _is_own(cell)]
    if part := side_doors.rigged(own):
        remarks.append(f"The code names {part}, with which hidden calls are made; look what for.")
    return Graded(rebuilt.notebook, verdicts, remarks)


_DEATHS_UNTIL_BARE = 3
_MOST_DEATHS = 10
_LOST_CALLS = 2
"""As many calls' time a question may lose with calls that take too long."""


class Sessions:
    """A kernel with the notebook run; a fresh one when a cell or a question has cost the last.

    A `Carrier` of the student's calls, to be used in a `with` statement.
    """

    def __init__(self, starter: Starter, notebook: Any, text: NotebookText) -> None:
        self._starter = starter
        self._notebook = notebook
        self._limits = text.assignment.file.limits
        self._answers = {name for q in text.exercises for name in text.functions(q.name)}
        self._deadline = time.monotonic() + self._limits.notebook_seconds
        self._stack = ExitStack()
        self._session: Session | None = None
        spare = (cell.id for cell in notebook.cells if self._is_spare(cell))
        self._experience = experience(self._limits, spare)
        self._deaths = 0
        self.unanswered: set[str] = set()
        self._lost_calls = 0
        self._lost_seconds = 0.0
        self._asked = False
        self._called = False
        self._seconds = 0.0

    def __enter__(self) -> "Sessions":
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def current(self) -> Session | None:
        """Return a session that can be asked, None if the notebook has used up its chances.

        A cell that ended the kernel is left out of the next one, so that it costs no more than
        itself; one that took too long gets less time. After some deaths only answers are run: those
        blamed so far may have been bystanders of something that ends Python later. After very many,
        or when the notebook's time is over, there are no more kernels.
        """
        while self._session is None or not self._session.alive:
            if self._spent():
                return None
            self._stack.close()
            self._asked = False
            # What a later run shows is kept nowhere: it could tell what the calls before it were.
            notebook = deepcopy(self._notebook) if self._called else self._notebook
            begin = time.monotonic()
            self._session = self._stack.enter_context(
                session(self._starter, notebook, self._limits, self._experience, self._deadline)
            )
            self._seconds = time.monotonic() - begin
            if not self._session.alive:
                self._deaths += 1
                if self._deaths == _DEATHS_UNTIL_BARE:
                    self._experience.left_out = set(self._experience.spare)
        return self._session

    def _spent(self) -> bool:
        if self._session is None:
            return False
        return self._deaths >= _MOST_DEATHS or time.monotonic() >= self._deadline

    def ask(self, request: Message, call_back: CallBack) -> Message:
        """See `Carrier.ask`."""
        if self._lost_seconds >= _LOST_CALLS * self._limits.call_seconds:
            raise KernelGone("Not tried, since calls before it took too long")
        running = self.current()
        self._called = True
        if running is not None:
            begin = time.monotonic()
            try:
                return running.ask(request, call_back)
            except KernelGone:
                self._lost_calls += 1
                self._lost_seconds += time.monotonic() - begin
                raise
        if self._deaths >= _MOST_DEATHS:
            raise KernelGone("Cells of the notebook take too long or end Python, again and again")
        raise KernelGone(f"The notebook's {self._limits.notebook_seconds:g} s were over")

    def cpu_seconds(self) -> float:
        """See `Carrier.cpu_seconds`."""
        running = self.current()
        return 0.0 if running is None else running.cpu_seconds()

    def judged(self, judge: Callable[[], Verdict]) -> Verdict:
        """Judge a question; once more if it lost a kernel in which others had been judged before.

        Whatever ended that kernel could have been a call for another question. From then on every
        question has a kernel of its own.
        """
        if self._lost_calls and self._asked and self._has_time():
            self._renew()
        self.current()
        shared, lost = self._asked, self._lost_calls
        self._asked = True
        self._lost_seconds = 0.0
        verdict = judge()
        if shared and self._lost_calls > lost and self._has_time():
            self._renew()
            self._lost_seconds = 0.0
            verdict = _better(verdict, judge())
        self._asked = True
        return verdict

    def run_once(self) -> None:
        """Run the notebook if nothing has run it yet."""
        if self._session is None:
            self.current()

    def _has_time(self) -> bool:
        """Tell whether the notebook can well be run again, and others after it."""
        return time.monotonic() + 4 * self._seconds < self._deadline

    def _is_spare(self, cell: Any) -> bool:
        """Tell whether answers can do without a cell: an own one, a check, a use of an answer."""
        role = cell.metadata.get("nbgrader", {})
        if cell.metadata.get(ADDED) or role.get("locked"):
            return True
        return not role and not self._answers.isdisjoint(re.findall(r"\w+", cell.source))

    def _renew(self) -> None:
        if self._session is not None:
            self._session.alive = False

    def run(self, source: str) -> list[Any]:
        """Run code after the notebook and return its outputs, an error if there is no kernel."""
        running = self.current()
        self._called = True
        if running is None:
            return [error_output("TimeoutError", "there was no time left for it")]
        outputs = running.run(source)
        self._lost_calls += not running.alive
        return outputs

    def remarks(self) -> list[str]:
        """Say in words what was left out."""
        remarks = []
        if self._deaths >= _DEATHS_UNTIL_BARE:
            remarks.append(
                f"{self._deaths} times a cell took too long or ended Python; in the end only the "
                "answers were run."
            )
        elif self._experience.left_out:
            count = len(self._experience.left_out)
            cells, were = ("cell", "was") if count == 1 else ("cells", "were")
            remarks.append(f"{count} {cells} that took too long or ended Python {were} left out.")
        if self._experience.spare_seconds <= 0:
            remarks.append("Own cells and checks took very long; in the end each got a second.")
        if time.monotonic() >= self._deadline:
            remarks.append(f"The time limit of {self._limits.notebook_seconds:g} s was reached.")
        return remarks


def _better(one: Verdict, other: Verdict) -> Verdict:
    """Return a verdict with the better finding of each hidden test, the later if they are equal."""
    pairs = zip(one.findings, other.findings, strict=True)
    findings = [a if a.awarded > b.awarded else b for a, b in pairs]
    return other.model_copy(update={"findings": findings})


def _exercise(
    text: NotebookText, question: Question, rebuilt: Rebuilt, sessions: Sessions, secret: bytes
) -> Verdict:
    sentence, note = forbidden_calls(text, question, rebuilt)
    if sentence:
        return refuse(question.name, sentence)
    seed = seeds.seed(secret, text.assignment.name, question.name)
    functions = text.functions(question.name)

    def verdict() -> Verdict:
        sentence = missing(rebuilt, question)
        return judge(question.name, sessions, seed, functions, note=note, missing=sentence)

    return sessions.judged(verdict)


def missing(rebuilt: Rebuilt, question: Question) -> str:
    """Return what to say if a function is not there: how the answer cell failed, if it did."""
    for cell in rebuilt.notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == f"{question.name}_answer":
            for output in cell.get("outputs", []):
                if output.output_type == "error":
                    first = plain(str(output.evalue).strip().split("\n")[0])
                    kind = plain(output.ename)
                    return f"The answer cell stops with {kind}: {first}".rstrip(": .")
    return "There is no such function"


def forbidden_calls(text: NotebookText, question: Question, rebuilt: Rebuilt) -> tuple[str, str]:
    """Return why a question is refused, and what a person should look at."""
    cells = code_cells(rebuilt.notebook)
    own = [cell.source for cell in rebuilt.notebook.cells if _is_own(cell)]
    note = ""
    for name, function in text.functions(question.name).items():
        forbids = getattr(function, "forbids", ())
        findings = forbidden.inspect_cells(cells, name, forbids, hidden.builds_on(question.name))
        if findings.forbidden:
            return forbidden.sentence(findings), note
        if findings.dynamic:
            note = f"{question.name}: {name} uses {findings.dynamic[0]}; look what it reaches."
        elif forbids and (carried := side_doors.carried(own, name, forbids, cells)):
            note = f"{question.name}: the code names {carried}; look whether {name} uses it."
    return "", note


def _is_own(cell: Any) -> bool:
    """Tell whether a cell holds code that the student has written."""
    answer = cell.metadata.get("nbgrader", {}).get("solution")
    return cell.cell_type == "code" and bool(answer or cell.metadata.get(ADDED))


def _replay(
    text: NotebookText, question: Question, rebuilt: Rebuilt, sessions: Sessions, source: Any
) -> Verdict:
    def verdict() -> Verdict:
        finding = replays.finding(*replayed(question, sessions, source), question.points)
        return Verdict(question=question.grade_id, points=question.points, findings=[finding])

    sentence, _ = forbidden_calls(text, question, rebuilt)
    if sentence:
        finding = Finding(says=replays.SAYS, points=question.points, awarded=0.0, sentence=sentence)
        return Verdict(question=question.grade_id, points=question.points, findings=[finding])
    return sessions.judged(verdict)


def replayed(question: Question, sessions: Sessions, source: Any) -> tuple[list[Any], list[Any]]:
    """Run a replay; return what it printed, and what the instructor's notebook printed."""
    replay = hidden.replay_of(question.name)
    assert replay is not None
    roles = [(cell, cell.metadata.get("nbgrader", {})) for cell in source.cells]
    reference = next(cell for cell, role in roles if role.get("grade_id") == question.grade_id)
    return sessions.run(replays.muted(replay)), reference.outputs


def _to_look_at(verdicts: Sequence[Verdict]) -> list[str]:
    """Return what a person should know: notes, forbidden calls, cells that do not run."""
    notes = [verdict.note for verdict in verdicts if verdict.note]
    for verdict in verdicts:
        sentences = {finding.sentence for finding in verdict.findings}
        if len(sentences) == 1 and next(iter(sentences)).startswith(("The answer", "It uses")):
            notes.append(f"{verdict.question}: {sentences.pop().rstrip('.')}.")
    return notes


def _with_doubts(text: NotebookText, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Note replays that look as if their results, the same for everybody, had been known."""
    awarded = {verdict.question: verdict.awarded for verdict in verdicts}
    known = {
        question.grade_id: f"{question.name}: the replay is as expected, but no hidden test is "
        "passed; look whether its results are written down."
        for question in text.questions
        if question.kind == "replay"
        and awarded.get(question.grade_id)
        and awarded.get(question.name) == 0
    }
    return [
        verdict.model_copy(update={"note": known.get(verdict.question, verdict.note)})
        for verdict in verdicts
    ]
