"""A throwaway course full of canaries, and traps that nobody must reach."""

import functools
import secrets
import selectors
import shutil
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import nbformat
import yaml

from autograder.attacks.entries import Change, Submission, target
from autograder.build import BEGIN_SOLUTION, END_SOLUTION
from autograder.course import Assignment, Course, NotebookText

LIMITS = {
    "cell_seconds": 12.0,
    "call_seconds": 5.0,
    "notebook_seconds": 240.0,
    "memory_mb": 1000,
}
"""Limits of the throwaway course: a loop without end should not hold up the others for long, and a
bomb not fill a small machine."""

FIRST, LAST = "a-bystander", "zz-bystander"


@dataclass(frozen=True)
class World:
    """A throwaway course with its canaries.

    Parameters
    ----------
    run : a text that is part of every marker of this run.
    scratch : the folder of everything; `course` and `outside` are in it.
    canaries : texts that nobody must see, each with what it is.
    """

    run: str
    scratch: Path
    course: Course
    text: NotebookText
    outside: Path
    canaries: dict[str, str]
    traps: "Traps"

    @property
    def assignment(self) -> Assignment:
        """The assignment that is handed in."""
        return self.text.assignment

    def folder(self, student: str) -> Path:
        """Return the folder of a submission."""
        return self.course.root / "submitted" / student / self.assignment.name

    def words(self, student: str) -> dict[str, str]:
        """Return what an attacker may know."""
        other = LAST if student == FIRST else FIRST
        return {
            "course": str(self.course.root),
            "other": str(self.folder(other) / f"{self.text.stem}.ipynb"),
            "outside": str(self.outside / "private.txt"),
            "socket": str(self.traps.path),
            "abstract": self.traps.abstract,
            "tcp": str(self.traps.tcp),
            "udp": str(self.traps.udp),
            "student": student,
            "assignment": self.assignment.name,
            "marker": f"{self.run}-{student}",
        }


@contextmanager
def throwaway_course(course: Course) -> Iterator[World]:
    """Make a throwaway course with canaries and traps, and remove it afterwards."""
    text = target(course)
    run = f"attack{secrets.token_hex(4)}"
    with ExitStack() as stack:
        scratch = Path(tempfile.mkdtemp(prefix="course-attacks-"))
        stack.callback(shutil.rmtree, scratch, ignore_errors=True)
        # Open to every user of the machine: what keeps students out must be the sandbox.
        scratch.chmod(0o755)
        root, outside = scratch / "course", scratch / "outside"
        outside.mkdir()
        (scratch / "tmp").mkdir()
        for wing in ("assignments", "source", "release"):
            shutil.copytree(course.root / wing, root / wing)
        shutil.copy(course.root / "nbgrader_config.py", root)
        _keep_only(text, root)
        (root / "submitted").mkdir()
        canaries = {
            "the course's secret": secrets.token_hex(32),
            "a file outside the course": f"outside-{secrets.token_hex(8)}",
            "the work of another student": f"bystander-{secrets.token_hex(8)}",
            "the environment of the grader": f"environment-{secrets.token_hex(8)}",
        }
        (root / "course_secret").write_text(canaries["the course's secret"] + "\n", "ascii")
        (outside / "private.txt").write_text(canaries["a file outside the course"], "ascii")
        made = Course.at(root)
        here = next(t for t in made.notebooks if t.name == text.name)
        traps = stack.enter_context(Traps(outside / "socket"))
        yield World(run, scratch, made, here, outside, canaries, traps)


def _keep_only(text: NotebookText, root: Path) -> None:
    """Leave one notebook in the assignment, and shorten its limits."""
    name = text.assignment.name
    for other in text.assignment.notebooks:
        if other.stem != text.stem:
            (root / "assignments" / name / f"{other.stem}.py").unlink()
            for wing in ("source", "release"):
                (root / wing / name / f"{other.stem}.ipynb").unlink()
    path = root / "assignments" / name / "assignment.yml"
    settings = yaml.safe_load(path.read_text("utf-8"))
    settings["notebooks"] = {text.stem: settings["notebooks"][text.stem]}
    settings["limits"] = {**settings.get("limits", {}), **LIMITS}
    settings["due"] = str(settings["due"])
    path.write_text(yaml.safe_dump(settings, sort_keys=False), "utf-8")


def perfect(text: NotebookText) -> Any:
    """Return the released notebook with the answers of the instructor's."""
    return deepcopy(_filled_in(text.assignment.course.root, text.assignment.name, text.stem))


@functools.cache
def _filled_in(root: Path, assignment: str, stem: str) -> Any:
    place = Path(assignment, f"{stem}.ipynb")
    released = nbformat.read(root / "release" / place, as_version=4)
    source = nbformat.read(root / "source" / place, as_version=4)
    answers = {
        cell.id: _without_marks(cell.source)
        for cell in source.cells
        if cell.metadata.get("nbgrader", {}).get("solution")
    }
    for cell in released.cells:
        cell.source = answers.get(cell.id, cell.source)
    return released


def _without_marks(source: str) -> str:
    marks = (BEGIN_SOLUTION, END_SOLUTION)
    return "\n".join(line for line in source.split("\n") if line.strip() not in marks)


def hand_in(world: World, student: str, change: Change) -> None:
    """Write a submission: the perfect answers, changed."""
    folder = world.folder(student)
    folder.mkdir(parents=True)
    file = f"{world.text.stem}.ipynb"
    submission = Submission(perfect(world.text), folder, file, world.words(student))
    change(submission)
    submission.write()
    for text in world.assignment.notebooks:
        if text.name != world.text.name:
            nbformat.write(perfect(text), folder / f"{text.stem}.ipynb")


def bystander(world: World) -> Change:
    """Return what makes a perfect submission that of a bystander."""
    canary = world.canaries["the work of another student"]

    def change(s: Submission) -> None:
        """Is honest, and has something that others would like to have."""
        s.last(f"mine = '{canary}'")
        s.put("notes.txt", canary)

    return change


# --- Traps ----------------------------------------------------------------------------------------


class Traps:
    """Listeners that nobody must reach: TCP, UDP, a socket in a folder, an abstract one."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.abstract = f"trap-{secrets.token_hex(8)}"
        self.heard: list[str] = []
        self._stop = threading.Event()
        self._sockets = [self._tcp(), self._udp(), *self._unix()]
        self.tcp = int(self._sockets[0].getsockname()[1])
        self.udp = int(self._sockets[1].getsockname()[1])

    def _tcp(self) -> socket.socket:
        return socket.create_server(("127.0.0.1", 0))

    def _udp(self) -> socket.socket:
        made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        made.bind(("127.0.0.1", 0))
        return made

    def _unix(self) -> Iterator[socket.socket]:
        addresses: list[str] = [str(self.path)]
        if sys.platform == "linux":
            addresses.append("\0" + self.abstract)
        for address in addresses:
            made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            made.bind(address)
            made.listen()
            yield made
        self.path.chmod(0o777)

    def __enter__(self) -> "Traps":
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        for one in self._sockets:
            one.close()

    def _listen(self) -> None:
        with selectors.DefaultSelector() as selector:
            for one in self._sockets:
                selector.register(one, selectors.EVENT_READ)
            while not self._stop.is_set():
                for key, _ in selector.select(0.2):
                    self.heard.append(_read(cast(socket.socket, key.fileobj)))


def _read(listener: socket.socket) -> str:
    with suppress(OSError):
        if listener.type == socket.SOCK_DGRAM:
            return listener.recv(4096).decode("utf-8", "replace")
        connection, _ = listener.accept()
        with closing(connection):
            connection.settimeout(1.0)
            return connection.recv(4096).decode("utf-8", "replace")
    return ""
