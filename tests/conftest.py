import shutil
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


@pytest.fixture
def course_copy(tmp_path: Path) -> Path:
    """A course folder of its own: text, built notebooks, nbgrader's settings."""
    for name in ("assignments", "source", "release"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course folder in which `course grade` has graded the sample submissions."""
    from autograder import cli

    root = tmp_path_factory.mktemp("graded")
    for name in ("assignments", "source", "release"):
        shutil.copytree(ROOT / name, root / name)
    shutil.copytree(ROOT / "examples" / "submissions", root / "submitted")
    shutil.copy(ROOT / "nbgrader_config.py", root)
    cli.grade("a1_filtering", no_sandbox=not SANDBOX, root=root)
    return root
