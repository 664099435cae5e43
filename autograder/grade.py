"""Grades an assignment: jobs to workers, results to the gradebook, pages for people.

Everything can be interrupted at any moment and run again: a result is kept as soon as it is there,
the gradebook is written one submission at a time, and what is unchanged is not done again.
"""

import fcntl
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from autograder.course import Assignment
from autograder.errors import CourseError
from autograder.files import writable
from autograder.grading import boxes, jobs, workers
from autograder.grading.jobs import Job, Result
from autograder.sandbox.kernels import Starter, Way
from autograder.submissions import Submission, students, submission


@dataclass(frozen=True)
class Order:
    """What to grade, and how.

    Parameters
    ----------
    student : only this one's submission.
    question : grade this question again, whatever was kept; leave the others.
    force : grade everything again.
    workers : processes to grade with.
    way : how students' code is run; the best way that this machine gives if it is None.
    """

    student: str = ""
    question: str = ""
    force: bool = False
    workers: int = 0
    way: Way | None = None

    @property
    def crew(self) -> int:
        """The number of workers, by default as many as there are processors."""
        return self.workers or len(os.sched_getaffinity(0))


@dataclass(frozen=True)
class Change:
    """A score that is not what it was before."""

    student: str
    question: str
    before: float
    after: float


@dataclass
class Graded:
    """What came of grading.

    Parameters
    ----------
    executed : the notebooks that were run, as student/notebook; the others were unchanged.
    written : the students whose scores or pages are new.
    failed : why a student's submission could not be graded.
    """

    executed: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)


Progress = Callable[[int, int, str], None]
"""Is told how far the work is: what is done, of how many, and which was the last."""


def grade(assignment: Assignment, order: Order, progress: Progress) -> Graded:
    """Grade the submissions of an assignment and write their scores.

    Raises
    ------
    CourseError
        If there is nothing to grade, somebody else is grading, or there is no sandbox.
    """
    with _alone(assignment):
        return _Run(assignment, order, progress).go()


@contextmanager
def _alone(assignment: Assignment) -> Iterator[None]:
    """Make sure that nobody else grades in this folder."""
    folder = writable(assignment.course.root) / jobs.FOLDER
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CourseError(
                f"Another `course grade` is at work in {assignment.course.root}; wait for it."
            ) from None
        yield


class _Run:
    def __init__(self, assignment: Assignment, order: Order, progress: Progress) -> None:
        self.assignment = assignment
        self.order = order
        self.progress = progress
        self.outcome = Graded()
        self.texts = {text.stem: text for text in assignment.notebooks}
        self.keys: dict[str, str] = {}
        self.results: dict[str, dict[str, Result]] = {}
        self.open: dict[str, int] = {}

    def go(self) -> Graded:
        self.assignment.check_built()
        found = self._found()
        boxed = self.order.way != "none"
        self.keys = {s: jobs.tests_key(text, boxed=boxed) for s, text in self.texts.items()}
        pending = [job for item in found.values() for job in self._jobs(item)]
        for job in pending:
            self.open[job.student] = self.open.get(job.student, 0) + 1
        with ExitStack() as stack:
            starter = self._starter(stack) if pending else None

            def work(job: Job) -> Result:
                assert starter is not None
                return jobs.carry_out(job, self.texts[job.stem], starter)

            # While the starter makes itself ready; what is loaded here, no worker has to load.
            jobs.prepare(self.texts[stem] for stem in {job.stem for job in pending})
            seconds = workers.longest(self.assignment)
            outcomes = stack.enter_context(workers.at_work(pending, work, self.order.crew, seconds))
            # Jobs and results are large: each is forgotten as soon as it is done with.
            count = len(pending)
            pending.clear()
            # Nbgrader takes a while to import: meanwhile the workers are at work.
            from autograder import gradebook as book

            book.register(self.assignment)
            gradebook = stack.enter_context(book.open_gradebook(self.assignment.course.root))
            rows = book.submission_rows(gradebook, self.assignment)
            writer = _Writer(self, book, gradebook, rows)
            for student in found:
                if student not in self.open:
                    writer.write(found[student])
            for done, (job, result) in enumerate(outcomes, 1):
                self._take(job, result)
                if self.open[job.student] == 0 and job.student not in self.outcome.failed:
                    writer.write(found[job.student])
                self.progress(done, count, job.student)
        return self.outcome

    def _starter(self, stack: ExitStack) -> Starter:
        way = boxes.choose_way(self.order.way)
        self.progress(0, 1, "")
        return stack.enter_context(boxes.kernels(self.assignment, way))

    def _found(self) -> dict[str, Submission]:
        names = students(self.assignment)
        if self.order.student:
            if self.order.student not in names:
                raise CourseError(
                    f"{self.order.student} handed in nothing for {self.assignment.name}."
                )
            names = [self.order.student]
        if self.order.question:
            self._check_question(self.order.question)
        return {name: submission(self.assignment, name) for name in names}

    def _check_question(self, name: str) -> None:
        text = self.assignment.course.find(name)
        if text.stem not in self.texts:
            asks = text.assignment.name
            raise CourseError(f"{asks} asks {name}, not {self.assignment.name}; grade that one.")
        text.repeatable(name)

    def _jobs(self, found: Submission) -> Iterator[Job]:
        """Yield what has to be done for a submission; remember what need not be."""
        self.results[found.student] = {}
        for stem, notebook in found.notebooks.items():
            rebuilt = jobs.submitted(self.texts[stem], notebook.path, notebook.remarks)
            job = jobs.job(self.texts[stem], found.student, rebuilt, self.keys[stem])
            kept = jobs.kept(self.assignment, found.student, stem)
            if kept is not None:
                self.results[found.student][stem] = kept
            if kept is None or kept.key != job.key or self.order.force:
                yield job
            elif self.order.question and self._asks(stem, self.order.question):
                yield job.model_copy(update={"questions": (self.order.question,)})

    def _asks(self, stem: str, question: str) -> bool:
        return any(q.grade_id == question for q in self.texts[stem].questions)

    def _take(self, job: Job, result: Result | str) -> None:
        self.open[job.student] -= 1
        if result == workers.DIED:
            result = jobs.refused(job, self.texts[job.stem], workers.DIED)
        if isinstance(result, str):
            self.outcome.failed[job.student] = result
            return
        before = self.results[job.student].get(job.stem)
        if job.questions and before is not None:
            result = _merged(before, result)
        self._note_changes(job.student, before, result)
        jobs.keep(self.assignment, job.student, job.stem, result)
        self.results[job.student][job.stem] = result
        self.outcome.executed.append(f"{job.student}/{job.stem}")

    def _note_changes(self, student: str, before: Result | None, after: Result) -> None:
        old = {verdict.question: verdict.awarded for verdict in before.verdicts} if before else {}
        for verdict in after.verdicts:
            was = old.get(verdict.question)
            if was is not None and was != verdict.awarded:
                self.outcome.changes.append(Change(student, verdict.question, was, verdict.awarded))


@dataclass(frozen=True)
class _Writer:
    """Writes what a run has found out, if the gradebook does not say it already."""

    run: _Run
    book: Any
    gradebook: Any
    rows: dict[str, Any]

    def write(self, found: Submission) -> None:
        results = self.run.results.pop(found.student)
        row = self.rows.pop(found.student, None)
        if results and not self._is_written(found, results, row):
            self.book.write(self.gradebook, self.run.assignment, found, results)
            self.run.outcome.written.append(found.student)

    def _is_written(self, found: Submission, results: Mapping[str, Result], row: Any) -> bool:
        return found.student not in self.run.open and bool(
            self.book.is_written(row, self.run.assignment, found, results)
        )


def _merged(before: Result, after: Result) -> Result:
    """Put the new verdicts of some questions beside the old ones of the others."""
    new = {verdict.question: verdict for verdict in after.verdicts}
    verdicts = [new.get(verdict.question, verdict) for verdict in before.verdicts]
    return before.model_copy(update={"verdicts": verdicts})
