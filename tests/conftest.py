import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder import hidden, variants
from autograder.course import Course
from autograder.sandbox import doctor

ROOT = Path(__file__).resolve().parent.parent
SANDBOX = doctor.best() is not None
"""Whether this machine gives a sandbox; what it shows is for tests/test_sandbox.py."""


@pytest.fixture(scope="session")
def course() -> Course:
    """The course of this checkout, its tests and variants loaded."""
    course = Course.at(ROOT)
    for notebook in course.notebooks:
        hidden.load(notebook.name)
        variants.load(notebook.name)
    return course


LONG = {
    *("test_attacks", "test_browser", "test_grading", "test_survival", "test_proof", "test_build"),
    "test_no_shipped_function_passes_a_hidden_test",
}
"""Files, and a test, that take long: first, so that in the end no worker waits for one of them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put long tests first."""
    items.sort(key=lambda item: LONG.isdisjoint({item.path.stem, item.name.split("[")[0]}))


Made = Callable[[str, Callable[[Path], None]], Path]


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Makes a file or a folder of a name, once for all workers of pytest-xdist."""
    base = tmp_path_factory.getbasetemp()
    common = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base

    def made(name: str, make: Callable[[Path], None]) -> Path:
        path, done = common / name, common / f"{name}.done"
        with (common / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            try:
                if not done.exists():
                    make(path)
                    done.touch()
            finally:
                # Closing is not enough: a process forked meanwhile may have the file open, too.
                fcntl.flock(lock, fcntl.LOCK_UN)
        return path

    return made


@pytest.fixture
def course_copy(tmp_path: Path) -> Path:
    """A course folder of its own: text, built notebooks, nbgrader's settings."""
    copy_of_one_assignment(tmp_path)
    return tmp_path


def copy_of_one_assignment(folder: Path) -> None:
    """Copy a course with its first assignment: what is tried there takes no longer with more."""
    for name in ("assignments", "source", "release"):
        shutil.copytree(ROOT / name / "a1_filtering", folder / name / "a1_filtering")
    shutil.copy(ROOT / "nbgrader_config.py", folder)


@pytest.fixture(scope="session")
def graded(made_once: Made) -> Path:
    """A course folder in which `course grade` has graded the sample submissions."""
    from autograder import cli

    def grade(root: Path) -> None:
        for name in ("assignments", "source", "release"):
            shutil.copytree(ROOT / name, root / name)
        shutil.copytree(ROOT / "examples" / "submissions", root / "submitted")
        shutil.copy(ROOT / "nbgrader_config.py", root)
        for assignment in Course.at(root).assignments:
            cli.grade(assignment.name, no_sandbox=not SANDBOX, root=root)

    return made_once("graded", grade)
