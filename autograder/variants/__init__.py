"""Known answers to every exercise: wrong ones, each a misconception with its hint, and right ones.

    @wrong("cross_correlate", hint="Your kernel runs backwards. ...")
    def flipped(image, kernel, padding="symmetric"): ...

    @right("cross_correlate")
    def windows(image, kernel, padding="symmetric"): ...

A variant is put in the place of the function it answers (the question's, or the one named by
`function`); the question's other functions are the reference's. Wrong variants are the course's
only recogniser of mistakes: the build records what they return on the visible examples, and the
checker compares them with a failing answer. A module per notebook.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from typing import Any

import numpy as np

Function = Callable[..., Any]


@dataclass(frozen=True)
class Variant:
    """A known answer to a question.

    Parameters
    ----------
    name : the misconception, or the style.
    question, function : the question, and which of its functions this is.
    hint : what to tell a student who made this mistake; empty for a right variant.
    minor : whether it may keep more than half of the points.
    """

    name: str
    question: str
    function: str
    implementation: Function
    hint: str = ""
    minor: bool = False


_WRONG: dict[str, list[Variant]] = {}
_RIGHT: dict[str, list[Variant]] = {}
_SURVIVORS: dict[str, dict[str, str]] = {}


def wrong(
    question: str, *, hint: str, function: str = "", minor: bool = False
) -> Callable[[Function], Function]:
    """Register a function as a wrong answer to a question."""

    def register(implementation: Function) -> Function:
        name = implementation.__name__
        _WRONG.setdefault(question, []).append(
            Variant(name, question, function or question, implementation, hint, minor)
        )
        return implementation

    return register


def right(question: str, *, function: str = "") -> Callable[[Function], Function]:
    """Register a function as a right answer to a question."""

    def register(implementation: Function) -> Function:
        name = implementation.__name__
        _RIGHT.setdefault(question, []).append(
            Variant(name, question, function or question, implementation)
        )
        return implementation

    return register


def in_single_precision(question: str, reference: Function) -> None:
    """Register the reference, computing in single precision, as a right answer."""

    @wraps(reference)
    def answer(*values: Any, **named: Any) -> Any:
        singles = [v.astype(np.float32) if isinstance(v, np.ndarray) else v for v in values]
        return reference(*singles, **named).astype(np.float64)

    answer.__name__ = f"{reference.__name__}_in_single_precision"
    right(question, function=reference.__name__)(answer)


def survivor(question: str, change: str, *, because: str) -> None:
    """Explain why an operator mutant of the reference keeps full marks.

    `change` is the mutant's description as `course proof` prints it.
    """
    _SURVIVORS.setdefault(question, {})[change] = because


def load(notebook: str) -> None:
    """Load the variants of a notebook.

    Raises
    ------
    ModuleNotFoundError
        If the notebook has none.
    """
    import_module(f"{__name__}.{notebook}")


def registered(notebook: str) -> set[str]:
    """Return the questions that the variants of a notebook answer."""
    home = f"{__name__}.{notebook}"
    known = [variant for group in (_WRONG, _RIGHT) for one in group.values() for variant in one]
    return {v.question for v in known if v.implementation.__module__ == home}


def wrong_of(question: str) -> list[Variant]:
    """Return the wrong variants of a question."""
    return list(_WRONG.get(question, ()))


def right_of(question: str) -> list[Variant]:
    """Return the right variants of a question."""
    return list(_RIGHT.get(question, ()))


def survivors_of(question: str) -> dict[str, str]:
    """Return the explained mutants of a question and the explanations."""
    return dict(_SURVIVORS.get(question, {}))
