"""Carries out jobs in worker processes; the process that asked stays the only one that writes."""

import ctypes
import multiprocessing
import resource
import signal
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from typing import Any

from autograder.course import Assignment
from autograder.errors import CourseError
from autograder.grading.jobs import Job, Result

Work = Callable[[Job], Result]
_TRIES = 2
DIED = "The grading process did not survive this notebook."
"""What is said of a job that took its worker with it, or never came back from it."""

_MOST_MEMORY = 2 * 2**30
"""Bytes of a worker. ZeroMQ takes in a message of any number of parts before it can be looked at:
a kernel that sends one without end costs the worker that listens, and not the machine."""


Outcome = tuple[Job, Result | str]


@contextmanager
def at_work(
    jobs: Sequence[Job], work: Work, workers: int, seconds: float
) -> Iterator[Iterator[Outcome]]:
    """Carry out jobs; give each with its result, or a sentence why there is none, as they come.

    The workers are forked from this process at once, and end with the `with` statement or with
    this process. One that dies is replaced, and its job tried once more. One that takes longer
    than `seconds` for a job, which its own limits should have ended, is ended and replaced.
    """
    waiting = deque((job, 1) for job in jobs)
    crew = [_Worker(work) for _ in range(min(workers, len(waiting)))]
    try:
        _hand_out(crew, waiting)
        yield _outcomes(crew, waiting, work, seconds)
    finally:
        for worker in crew:
            worker.end()


_Waiting = deque[tuple[Job, int]]


def _hand_out(crew: "list[_Worker]", waiting: _Waiting) -> None:
    for worker in crew:
        if worker.task is None and waiting:
            worker.begin(*waiting.popleft())


def _outcomes(
    crew: "list[_Worker]", waiting: _Waiting, work: Work, seconds: float
) -> Iterator[Outcome]:
    while busy := {worker.connection: worker for worker in crew if worker.task}:
        for worker in busy.values():
            worker.end_if_older(seconds)
        for connection in wait(busy, timeout=1.0):
            worker = busy[connection]  # type: ignore[index]
            assert worker.task is not None
            job, tries = worker.task
            try:
                result: Result | str = worker.result()
            except EOFError:
                worker.end()
                crew[crew.index(worker)] = _Worker(work)
                if tries < _TRIES and not worker.overdue:
                    waiting.append((job, tries + 1))
                    continue
                result = DIED
            # The next job first: whoever takes the result may be slow.
            _hand_out(crew, waiting)
            yield job, result
        _hand_out(crew, waiting)


class _Worker:
    """A worker process and the job it has."""

    def __init__(self, work: Work) -> None:
        context = multiprocessing.get_context("fork")
        self.connection, theirs = context.Pipe()
        self.task: tuple[Job, int] | None = None
        self.overdue = False
        self._began = 0.0
        self._process = context.Process(
            target=_serve, args=(theirs, self.connection, work), daemon=True
        )
        self._process.start()
        theirs.close()

    def begin(self, job: Job, tries: int) -> None:
        """Hand over a job."""
        self.task = (job, tries)
        self._began = time.monotonic()
        with suppress(OSError):  # it has died: reading its result tells
            self.connection.send(job)

    def result(self) -> Result | str:
        """Return the result of the job.

        Raises
        ------
        EOFError
            If the process has died.
        """
        try:
            result: Result | str = self.connection.recv()
        except OSError:
            raise EOFError from None
        self.task = None
        return result

    def end_if_older(self, seconds: float) -> None:
        """End the process if its job takes longer; reading the result then says that it died."""
        if time.monotonic() - self._began > seconds:
            self.overdue = True
            self._process.kill()

    def end(self) -> None:
        """End the process; a kernel that it runs ends with it."""
        self._process.kill()
        self._process.join()
        self.connection.close()


def longest(assignment: Assignment) -> float:
    """Return the seconds after which a worker is ended: far more than its own limits allow."""
    return 2 * assignment.file.limits.notebook_seconds + 120


def alone(job: Job, work: Work, seconds: float) -> Result:
    """Carry out one job in a process of its own and return its result.

    Raises
    ------
    CourseError
        If there is none.
    """
    with at_work([job], work, 1, seconds) as outcomes:
        _, result = next(outcomes)
    if isinstance(result, str):
        raise CourseError(f"{job.student}: {result}")
    return result


def limit_memory() -> None:
    """Bound the memory of this process, which listens to kernels; theirs is bounded elsewhere."""
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = _MOST_MEMORY if hard == resource.RLIM_INFINITY else min(_MOST_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, hard))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _serve(
    connection: "Connection[Any, Any]", other_end: "Connection[Any, Any]", work: Work
) -> None:
    other_end.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interruption is for the one who asked
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)
    limit_memory()
    while True:
        try:
            job = connection.recv()
        except EOFError:
            return
        try:
            answer: Result | str = work(job)
        except CourseError as error:
            answer = str(error)
        except Exception as error:  # noqa: BLE001  one submission never costs the others
            answer = f"The grader failed ({type(error).__name__}: {error})."
        connection.send(answer)
