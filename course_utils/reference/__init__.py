"""The reference solutions, the only place where an exercise is implemented.

A module per notebook. The decorators below tell the build what an exercise is:

    @forbids("scipy", "numpy.convolve")   library calls an answer must not use; "a loop" is one, too
    @part_of("lsi")                       one of several functions of a question; without it, the
                                          function's name is the question's
    @given                                a helper that students see

Functions whose names begin with an underscore are private helpers and go into the answer.
"""

from collections.abc import Callable
from typing import Any, TypeVar

F = TypeVar("F", bound=Callable[..., Any])


LOOPS = (
    *("a loop", "map", "filter", "itertools", "functools.reduce", "numpy.vectorize"),
    *("numpy.frompyfunc", "numpy.apply_along_axis", "numpy.fromiter", "numpy.fromfunction"),
)
"""What an answer for all examples at once does without: `@forbids(*LOOPS, "scipy")`."""


def forbids(*libraries: str) -> Callable[[F], F]:
    """Name libraries and functions (by dotted name) that an answer must not call.

    "a loop" stands for `for`, `while` and comprehensions.
    """

    def mark(function: F) -> F:
        function.forbids = libraries  # type: ignore[attr-defined]
        return function

    return mark


def part_of(question: str) -> Callable[[F], F]:
    """Make a function one of several that `question` asks for."""

    def mark(function: F) -> F:
        function.question = question  # type: ignore[attr-defined]
        return function

    return mark


def given(function: F) -> F:
    """Show a helper to students instead of leaving it to them."""
    function.given = True  # type: ignore[attr-defined]
    return function
