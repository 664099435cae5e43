"""Builds the students' wheel: `course_utils` without `reference`, and nothing of the autograder."""

import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

from autograder.errors import CourseError

_LEFT_OUT = ("reference", "__pycache__")

_PYPROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "course-utils"
version = "{version}"
description = "What the notebooks of the course import"
requires-python = "{python}"
dependencies = {dependencies}

[tool.setuptools.packages.find]
include = ["course_utils*"]

[tool.setuptools.package-data]
course_utils = ["py.typed", "*.json", "checks/*.json"]

[tool.setuptools.data-files]
"etc/jupyter/labconfig" = ["page_config.json"]
"""

# nbgrader shows its instructors' panels to everybody; students keep Validate and nothing else.
_HIDDEN_PANELS = ("formgrader", "create-assignment", "course-list")
_PAGE_CONFIG = {
    "disabledExtensions": {f"@jupyter/nbgrader:{panel}": True for panel in _HIDDEN_PANELS}
}


def students_library(root: Path, destination: Path) -> Path:
    """Put what the students' wheel holds into a folder, ready for Python's path; return it.

    The one place that says what students get of `course_utils`.
    """
    shutil.copytree(
        root / "course_utils",
        destination / "course_utils",
        ignore=shutil.ignore_patterns(*_LEFT_OUT),
    )
    return destination


def build_wheel(root: Path, destination: Path) -> Path:
    """Build the wheel from the checkout in `root` and return its path.

    Raises
    ------
    CourseError
        If building fails.
    """
    project = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["project"]
    destination.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="course-wheel-") as scratch:
        staging = Path(scratch)
        students_library(root, staging)
        text = _PYPROJECT.format(
            version=project["version"],
            python=project["requires-python"],
            dependencies=project["dependencies"],
        )
        (staging / "pyproject.toml").write_text(text, "utf-8")
        (staging / "page_config.json").write_text(json.dumps(_PAGE_CONFIG, indent=1), "utf-8")
        options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet"]
        done = subprocess.run(
            [sys.executable, "-m", "pip", "wheel", *options, "-w", str(staging), str(staging)],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise CourseError(f"The wheel cannot be built: {done.stderr.strip().splitlines()[-1]}")
        (wheel,) = staging.glob("*.whl")
        return Path(shutil.copy(wheel, destination / wheel.name))
