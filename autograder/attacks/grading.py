"""Grades the throwaway course, by `course grade` or by stock nbgrader."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from autograder.attacks.processes import children, end_left_over, memory_of_group
from autograder.attacks.throwaway import LIMITS, World
from autograder.errors import CourseError


@dataclass
class Batch:
    """How a run of the grader ended."""

    finished: bool = True
    terminal: str = ""
    failed: set[str] = field(default_factory=set)
    left_over: list[str] = field(default_factory=list)
    memory: int = 0
    """The most memory that the grader and its workers took together, in MB."""
    points: dict[str, dict[str, float]] = field(default_factory=dict)
    """By student, of stock nbgrader."""


def _environment(world: World) -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    canary = world.canaries["the environment of the grader"]
    own = {"PATH": path, "TMPDIR": str(world.scratch / "tmp"), "COURSE_CANARY": canary}
    return {**os.environ, **own}


def grade(world: World, arguments: Sequence[str], _: Callable[[str], None]) -> Batch:
    """Grade all submissions by `course grade`."""
    command = [sys.executable, "-m", "autograder.cli", "grade", world.assignment.name]
    command += ["--root", str(world.course.root), *arguments]
    count = len(list((world.course.root / "submitted").iterdir()))
    code, batch = ended(world, command, world.course.root, 180 + 45 * count)
    named = re.search(r"Not graded: (.*)", batch.terminal)
    batch.failed = set(re.split(r",\s*", named[1].strip(" ."))) if named else set()
    batch.finished = code == 0 or (code == 1 and named is not None)
    return batch


def ended(world: World, command: list[str], folder: Path, seconds: float) -> tuple[int, Batch]:
    """Run a command to its end, and end what it leaves behind; the code is -1 if it took too long.

    What it prints goes to a file: a process left behind could hold a pipe open.
    """
    before = children()
    with (world.scratch / "terminal.txt").open("w+b") as terminal:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=_environment(world),
            stdin=subprocess.DEVNULL,
            stdout=terminal,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        most, end = 0, time.monotonic() + seconds
        try:
            while (code := process.poll()) is None and time.monotonic() < end:
                most = max(most, memory_of_group(process.pid))
                time.sleep(0.1)
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        left_over = end_left_over(before, world.run)
        terminal.seek(0)
        printed = terminal.read(4 * 2**20).decode("utf-8", "replace")
    return -1 if code is None else code, Batch(terminal=printed, left_over=left_over, memory=most)


# --- Stock nbgrader -------------------------------------------------------------------------------

_STOCK_SECONDS = 90


_NBGRADER = (sys.executable, "-m", "nbgrader")


def prepare_stock(world: World) -> None:
    """Let stock nbgrader make a release; nothing of this course's configuration is left."""
    root = world.course.root
    (root / "nbgrader_config.py").write_text("", "utf-8")
    shutil.rmtree(root / "release")
    made = [*_NBGRADER, "generate_assignment", world.assignment.name, "--force", "--create"]
    code, batch = ended(world, made, root, 120)
    if code != 0:
        raise CourseError(f"nbgrader made no release: {batch.terminal.strip()[-300:]}")


def grade_stock(world: World, _: Sequence[str], tell: Callable[[str], None]) -> Batch:
    """Grade with stock nbgrader, one student at a time, so that one death does not end it all."""
    root, assignment = world.course.root, world.assignment.name
    book, total = root / "gradebook.db", Batch()
    fresh = book.read_bytes()
    timeout = f"--ExecutePreprocessor.timeout={LIMITS['cell_seconds']:g}"
    for folder in sorted((root / "submitted").iterdir()):
        tell(f"nbgrader autograde {folder.name}")
        # Each gets a gradebook of its own: what one attack does to it is not the next one's.
        book.write_bytes(fresh)
        command = [*_NBGRADER, "autograde", assignment, "--student", folder.name, timeout]
        code, batch = ended(world, command, root, _STOCK_SECONDS)
        marker = world.words(folder.name)["marker"]
        total.left_over += [f"{text} ({marker})" for text in batch.left_over]
        if code != 0:
            total.failed.add(folder.name)
        with suppress(Exception):  # whatever it has made of the gradebook
            total.points[folder.name] = _stock_points(world, folder.name)
    return total


def _stock_points(world: World, student: str) -> dict[str, float]:
    """Read a student's points from the gradebook of stock nbgrader."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{world.course.root / 'gradebook.db'}") as book:
        submission = book.find_submission(world.assignment.name, student)
        return {
            grade.name: float(grade.score or 0.0)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }
