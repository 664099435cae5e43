"""Reads and writes files so that nothing is ever half-written."""

import os
import tempfile
from pathlib import Path
from typing import Any

import nbformat

from autograder.errors import CourseError


def read_notebook(path: Path) -> Any:
    """Read a notebook.

    Raises
    ------
    CourseError
        If the file is missing or no notebook.
    """
    try:
        notebook = nbformat.read(path, as_version=4)
        nbformat.validate(notebook)
    except FileNotFoundError:
        raise CourseError(f"{path} is missing; run `course build`.") from None
    except (OSError, ValueError, nbformat.ValidationError, AttributeError, TypeError) as error:
        first = str(error).split("\n")[0]
        raise CourseError(f"{path} is no notebook: {first}") from None
    return notebook


def write_text(path: Path, text: str) -> None:
    """Write a file in one go: a reader sees the old text or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(prefix=".draft-", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def writable(folder: Path) -> Path:
    """Return a folder after making sure that it can be written to.

    Raises
    ------
    CourseError
        If it cannot.
    """
    if not os.access(folder, os.W_OK):
        raise CourseError(f"The folder {folder} cannot be written to; change its permissions.")
    return folder
