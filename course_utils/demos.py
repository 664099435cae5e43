"""Runs the student's own functions in cells that show something.

A cell that needs an exercise nobody has written yet says so in one line instead of failing, so
that Run All reaches the end of an untouched notebook.
"""

import html
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Waiting:
    """Stands for a result that is not there yet, and says which exercise it waits for."""

    exercise: str
    because: str = ""

    def __repr__(self) -> str:
        return f"This cell waits for the exercise {self.exercise}{self.because}."

    def _repr_html_(self) -> str:
        return f"<em>{html.escape(repr(self))}</em>"


def demo(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    """Call a student's function, or say that it is not written yet.

    Returns
    -------
    What the function returns; a `Waiting` if the function is not written yet, returns None, or is
    given a `Waiting` itself.
    """
    for argument in (*arguments, *keywords.values()):
        if isinstance(argument, Waiting):
            return argument
    name = getattr(function, "__name__", "this function")
    try:
        result = function(*arguments, **keywords)
    except NotImplementedError as error:
        if not is_unwritten(error):
            raise
        return Waiting(unwritten(error) or name)
    return Waiting(name, ", which returns nothing (None) so far") if result is None else result


def is_unwritten(error: BaseException) -> bool:
    """Say whether an exception is that of a function nobody has written yet.

    It says nothing beside its name. torch's own ones do, such as of a network without `forward`.
    """
    return isinstance(error, NotImplementedError) and not str(error)


def unwritten(error: NotImplementedError) -> str:
    """Return the name of the function or class that raises the error; empty if it has none."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    qualified = frames[-1].f_code.co_qualname if frames else ""
    name = qualified.split(".<locals>.")[-1].split(".")[0]
    return "" if name.startswith("<") else name
