"""Hidden tests: plain functions of a `student` and a random generator.

    @hidden("cross_correlate", points=2, says="a grey image and a rectangular kernel")
    def grey(student, rng):
        image, kernel = rng.random((17, 23)), rng.normal(size=(3, 5))
        close(student.cross_correlate(image, kernel), ndimage.correlate(image, kernel))

A test that returns gives its points; one that raises `Wrong` (through the helpers below) or a
`StudentError` gives none, `Partly` a share of them, and the sentence is shown to the student.
`says` is shown in any case: it describes the situation and no values. Expected values come from
independent oracles.

A module per notebook. A replay is the body of a function that prints values:

    @replay("moving_average")
    def printed(moving_average): ...
"""

import inspect
import textwrap
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from functools import wraps
from importlib import import_module
from typing import Any

import numpy as np

from autograder.grading.student import Function, Raised, Student, StudentError
from course_utils.compare import ATOL, RTOL, difference
from course_utils.wire import Rng

Test = Callable[[Student, np.random.Generator], None]


class Wrong(Exception):
    """The student's result is wrong; the text is a sentence that gives nothing hidden away.

    `got` and `expected` are for instructors alone, where there are such.
    """

    def __init__(self, sentence: str, got: Any = None, expected: Any = None) -> None:
        super().__init__(sentence)
        self.got = got
        self.expected = expected


class Partly(Wrong):
    """The student's result is worth a share of the points, from 0 to 1."""

    def __init__(self, sentence: str, share: float) -> None:
        super().__init__(sentence)
        self.share = min(max(float(share), 0.0), 1.0)


@dataclass(frozen=True)
class HiddenTest:
    """One hidden test of a question."""

    question: str
    name: str
    points: float
    says: str
    run: Test


@dataclass(frozen=True)
class Replay:
    """Code that prints values of the student's functions, to be compared by nbval."""

    question: str
    functions: tuple[str, ...]
    source: str


_TESTS: dict[str, list[HiddenTest]] = {}
_REPLAYS: dict[str, Replay] = {}


def hidden(question: str, *, points: float, says: str) -> Callable[[Test], Test]:
    """Register a function as a hidden test of a question."""

    def register(run: Test) -> Test:
        _TESTS.setdefault(question, []).append(
            HiddenTest(question, run.__name__, points, says, run)
        )
        return run

    return register


def follows(**functions: Callable[..., Any]) -> Callable[[Test], Test]:
    """Run a test that fails once more with the student's earlier answers replaced by right ones.

    An answer that builds on another is right if it is right itself, or would be if that were. One
    that gets a share of the points as it is keeps that share.
    Stands between `hidden` and the test:

        @hidden("convolve", points=2, says="kernels that are not symmetric")
        @follows(cross_correlate=reference.cross_correlate)
        def convolved(student, rng): ...
    """

    def repeated(run: Test) -> Test:
        @wraps(run)
        def test(student: Student, rng: np.random.Generator) -> None:
            again, calls = deepcopy(rng), len(student.calls)
            # One that never returns would take this answer's time as well.
            if student.carrier.unanswered.isdisjoint(functions):
                try:
                    return run(student, rng)
                except (Wrong, StudentError) as error:
                    if isinstance(error, Partly) and error.share > 0.0:
                        raise
                    # A mistake is recognised by what the answer says when those before are right.
                    del student.calls[calls:]
            return run(student.given(**functions), again)

        test.builds_on = tuple(functions)  # type: ignore[attr-defined]
        return test

    return repeated


def replay(question: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register the body of a function as the replay of a question.

    The parameters are the student's functions; the body uses them and what the notebook imports.
    """

    def register(function: Callable[..., None]) -> Callable[..., None]:
        lines = inspect.getsource(function).split("\n")
        signature_end = next(i for i, line in enumerate(lines) if line.rstrip().endswith(":"))
        body = textwrap.dedent("\n".join(lines[signature_end + 1 :])).strip()
        names = tuple(inspect.signature(function).parameters)
        _REPLAYS[question] = Replay(question, names, body)
        return function

    return register


def load(notebook: str) -> None:
    """Load the hidden tests of a notebook.

    Raises
    ------
    ModuleNotFoundError
        If the notebook has none.
    """
    import_module(f"{__name__}.{notebook}")


def registered(notebook: str) -> set[str]:
    """Return the questions that the hidden tests of a notebook are about."""
    home = f"{__name__}.{notebook}"
    return {q for q, tests in _TESTS.items() if any(t.run.__module__ == home for t in tests)}


def tests_of(question: str) -> list[HiddenTest]:
    """Return the hidden tests of a question, of the notebooks loaded so far."""
    return list(_TESTS.get(question, ()))


def builds_on(question: str) -> tuple[str, ...]:
    """Return the earlier answers that a question may use, of the notebooks loaded so far."""
    named = [getattr(test.run, "builds_on", ()) for test in tests_of(question)]
    return tuple(sorted({name for names in named for name in names}))


def replay_of(question: str) -> Replay | None:
    """Return the replay of a question, if it has one."""
    return _REPLAYS.get(question)


# --- What a test says of a result -----------------------------------------------------------------


def close(got: Any, expected: Any, *, rtol: float = RTOL, atol: float = ATOL) -> None:
    """Raise `Wrong` unless a result equals the expected one to a tolerance.

    The sentence names the kind of difference (type, shape, dtype, values) but no hidden value.
    """
    sentence = difference(got, expected, rtol=rtol, atol=atol)
    if sentence is not None:
        kind = sentence.split(":")[0].rstrip(".")
        if kind.startswith("You return nothing"):
            raise Wrong("It returns nothing (None)", got, expected)
        # What a student's result looks like is the student's to choose, and so no safe text.
        raise Wrong(kind if kind in _TOLD else "Values differ", got, expected)


_TOLD = (
    *("The type is wrong", "The shape is wrong", "The dtype is wrong", "The length is wrong"),
    *("The keys are wrong", "Values differ"),
)


def holds(condition: Any, sentence: str) -> None:
    """Raise `Wrong` with a sentence unless a condition holds."""
    if not bool(condition):
        raise Wrong(sentence)


def parts(found: Any, count: int) -> Any:
    """Return a result after making sure that it is a tuple of so many parts."""
    holds(isinstance(found, tuple) and len(found) == count, f"It does not return {count} values")
    return found


def fits(got: Any, like: Any) -> Any:
    """Return a result after making sure that it is a float array of the shape of `like`."""
    if not isinstance(got, np.ndarray) or got.shape != like.shape or got.dtype.kind != "f":
        close(got, np.asarray(like, dtype=np.float64), atol=np.inf)
    holds(np.isfinite(got).all(), "It returns values that are not finite")
    return got


def unchanged(function: Function, *arguments: Any, **keywords: Any) -> Any:
    """Call a function and return its value; raise `Wrong` if it changed an argument."""
    value, after = function.watched(*arguments, **keywords)
    _are_as_before(arguments, after)
    return value


def carried_out(function: Function, *arguments: Any) -> None:
    """Call a function for what it does; raise `Wrong` if it changed an argument."""
    _are_as_before(arguments, function.carry_out_watched(*arguments))


def _are_as_before(arguments: Sequence[Any], after: Sequence[Any]) -> None:
    for old, new in zip(arguments, after, strict=True):
        if isinstance(old, np.ndarray):
            holds(
                isinstance(new, np.ndarray) and np.array_equal(old, new, equal_nan=True),
                "It changes the array it is given",
            )
        elif hasattr(old, "numpy"):
            holds(
                difference(new, old, rtol=0.0, atol=0.0) is None,
                "It changes the tensor it is given",
            )


def raises(kind: str, function: Callable[..., Any], *arguments: Any) -> None:
    """Raise `Wrong` unless a call raises an exception of the type called `kind`."""
    try:
        function(*arguments)
    except Raised as error:
        holds(kind in error.kinds, f"{error} where a {kind} is due")
        return
    raise Wrong(f"It raises nothing where a {kind} is due")


def remembered(oracle: Callable[..., Any]) -> Callable[..., Any]:
    """Let a slow oracle for arrays work once for equal arguments: everybody's inputs are the same.

    What it returns is shared and cannot be written to.
    """
    answers: dict[tuple[Any, ...], Any] = {}

    @wraps(oracle)
    def answer(*arguments: Any) -> Any:
        key = tuple(map(_key, arguments))
        if key not in answers:
            if len(answers) >= _MOST_REMEMBERED:
                answers.clear()
            value = oracle(*arguments)
            value.setflags(write=False)
            answers[key] = value
        return answers[key]

    return answer


_MOST_REMEMBERED = 100


def _key(argument: Any) -> Any:
    if isinstance(argument, np.ndarray):
        return argument.shape, argument.dtype.str, argument.tobytes()
    return argument


class Permuting:
    """Permutes as a generator does, and counts how often it is asked."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self.count = 0

    def permutation(self, x: Any, axis: int = 0) -> Any:
        """See `numpy.random.Generator.permutation`."""
        self.count += 1
        return self._rng.permutation(x, axis)


@dataclass(frozen=True)
class PermutingFrom:
    """Makes a `Permuting` that begins with a seed. To be lent as a `Fresh`."""

    number: Rng

    def __call__(self) -> Permuting:
        """Make it."""
        return Permuting(self.number.generator())


def seed(rng: np.random.Generator) -> Rng:
    """Draw a generator to hand to the student."""
    return Rng(int(rng.integers(2**63)))
