"""What the notebooks of the course import.

Importing this package is cheap (no torch, no matplotlib): the names below load their modules when
they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from course_utils.checks import check, progress
    from course_utils.demos import demo

__all__ = ["check", "demo", "progress"]

_HOME = {"check": "checks", "progress": "checks", "demo": "demos"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
