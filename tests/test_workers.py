"""Worker processes: what they return, and what becomes of a job that takes its worker along."""

import os
import signal
from pathlib import Path

import pytest

from autograder.course import Course
from autograder.grading import jobs, workers
from autograder.grading.jobs import Job, Result
from autograder.plain import plain


def job(student: str) -> Job:
    return Job(assignment="a", stem="1_n", student=student, notebook={}, remarks=[], key=student)


def done(wanted: Job) -> Result:
    return Result(key=wanted.key, notebook={}, verdicts=[], remarks=[str(os.getpid())])


def test_jobs_are_shared_out_and_come_back() -> None:
    students = [f"s{number}" for number in range(20)]
    with workers.at_work([job(student) for student in students], done, 3, 60) as outcomes:
        results = {found.student: result for found, result in outcomes}
    assert sorted(results) == sorted(students)
    processes = {result.remarks[0] for result in results.values() if isinstance(result, Result)}
    assert 1 <= len(processes) <= 3
    assert str(os.getpid()) not in processes


def test_a_job_that_ends_its_worker_costs_itself(tmp_path: Path) -> None:
    def work(wanted: Job) -> Result:
        if wanted.student == "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
        if wanted.student == "greedy":
            bytearray(3 * 2**30)
        if wanted.student == "unlucky" and not (tmp_path / "once").exists():
            (tmp_path / "once").touch()
            os._exit(1)
        return done(wanted)

    students = ["a", "deadly", "b", "unlucky", "greedy", "c"]
    with workers.at_work([job(student) for student in students], work, 2, 60) as outcomes:
        results = {found.student: result for found, result in outcomes}
    assert results["deadly"] == workers.DIED
    assert results["greedy"] == "The grader failed (MemoryError: )."
    assert all(isinstance(results[student], Result) for student in ("a", "b", "c", "unlucky"))


def test_a_job_that_never_ends_costs_itself() -> None:
    def work(wanted: Job) -> Result:
        while wanted.student == "endless":
            signal.pause()
        return done(wanted)

    students = ["a", "endless", "b", "c"]
    with workers.at_work([job(student) for student in students], work, 2, 1.5) as outcomes:
        results = {found.student: result for found, result in outcomes}
    assert results.pop("endless") == workers.DIED
    assert all(isinstance(result, Result) for result in results.values())


def test_leaving_early_ends_the_workers() -> None:
    def work(wanted: Job) -> Result:
        signal.pause()
        return done(wanted)

    with pytest.raises(KeyboardInterrupt), workers.at_work([job("a")], work, 1, 60):
        raise KeyboardInterrupt
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)


def test_no_points_for_a_notebook_that_cannot_be_graded(course: Course) -> None:
    text = course.notebooks[0]
    result = jobs.refused(job("a"), text, workers.DIED)
    automatic = [q.grade_id for q in text.questions if q.kind != "question"]
    assert [verdict.question for verdict in result.verdicts] == automatic
    assert sum(verdict.awarded for verdict in result.verdicts) == 0
    assert result.remarks == [workers.DIED]


def test_words_are_made_fit_for_a_terminal() -> None:
    assert plain("\x1b[2J\x07 \udcff\n\u202e<b>ä") == "?[2J? ? ?<b>ä"
    assert len(plain("x" * 1000)) == 200
