"""The visible checks: `check.cross_correlate(cross_correlate)`.

A check runs examples. An example is a plain function that calls the student's function and
returns what is to be compared; what the reference returns there, and what typical mistakes
return, is recorded by the build in `<notebook>.json` beside this file. So a check can say what is
wrong, and which mistake it looks like, without containing a solution.
"""

import html
import json
import re
import sys
import textwrap
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from importlib import import_module, resources
from numbers import Number
from pkgutil import iter_modules
from typing import Any, Literal

import numpy as np

from course_utils import forbidden
from course_utils.compare import ATOL, RTOL, difference
from course_utils.demos import is_unwritten, unwritten
from course_utils.plots import html_table
from course_utils.wire import Message, WireError, decode, kind_name, through

State = Literal["passed", "not yet", "not attempted"]


@dataclass(frozen=True)
class Example:
    """A visible example of a question.

    Parameters
    ----------
    question, name : which example this is.
    shows : the situation in a few words, for the student.
    run : calls the functions of the question and returns what is to be compared.
    rtol, atol : tolerances of the comparison.
    """

    question: str
    name: str
    shows: str
    run: Callable[..., Any]
    rtol: float
    atol: float


_EXAMPLES: dict[str, list[Example]] = {}


def example(
    question: str, shows: str, *, rtol: float = RTOL, atol: float = ATOL
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function as an example of a question.

    The function takes the question's functions in the order of the reference module.
    """

    def register(run: Callable[..., Any]) -> Callable[..., Any]:
        _EXAMPLES.setdefault(question, []).append(
            Example(question, run.__name__, shows, run, rtol, atol)
        )
        return run

    return register


def examples(question: str) -> list[Example]:
    """Return the examples of a question, in the order in which they are checked."""
    _load_rooms()
    return list(_EXAMPLES.get(question, ()))


class Complaint(Exception):
    """Raised by an example that finds something wrong itself; the text is what to say."""


def registered(notebook: str) -> set[str]:
    """Return the questions that the examples of a notebook are about."""
    home = f"{__name__}.{notebook}"
    return {q for q, known in _EXAMPLES.items() if any(e.run.__module__ == home for e in known)}


def must_raise(kind: str, function: Callable[..., Any], *arguments: Any) -> bool:
    """Return True if a call raises an exception of the type called `kind`. For use in examples.

    Raises
    ------
    Complaint
        If it raises nothing, or something else.
    """
    try:
        function(*arguments)
    except Exception as error:
        if is_unwritten(error):
            raise
        if kind in [base.__name__ for base in type(error).__mro__]:
            return True
        raise Complaint(f"It raises {type(error).__name__} where a {kind} is due.") from None
    raise Complaint(f"It raises nothing where a {kind} is due.")


def array_like(value: Any, like: Any) -> Any:
    """Return a value that is an array of the kind and shape of `like`. For use in examples.

    Raises
    ------
    Complaint
        If it is something else.
    """
    sentence = difference(value, like, atol=np.inf)
    if sentence is not None:
        raise Complaint(sentence)
    return value


def named(found: Any, *names: str) -> dict[str, Any]:
    """Return the parts of a tuple by their names. For use in examples.

    Raises
    ------
    Complaint
        If it is no tuple of so many parts.
    """
    due = ", ".join(f"{name[:1].lower()}{name[1:]}" if " " in name else name for name in names)
    due = f"expected a tuple of {len(names)}: {due}."
    if not isinstance(found, tuple):
        raise Complaint(f"You return {in_words(found)}, {due}")
    if len(found) != len(names):
        raise Complaint(f"You return a tuple of {len(found)}, {due}")
    return dict(zip(names, found, strict=True))


def in_words(value: Any) -> str:
    """Return in a few words what a value is."""
    if value is None:
        return "nothing (None)"
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape}"
    if isinstance(value, (Number, np.generic)):
        return "a number"
    kind = kind_name(value)
    return f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"


@dataclass(frozen=True)
class Outcome:
    """What a check found.

    Parameters
    ----------
    question : the question's name.
    state : passed, not yet, or not attempted.
    sentence : what is wrong, or what was found to be right.
    hint : the misconception it looks like, if one was recognised.
    calls : what was called, in Python, to be tried again by hand.
    """

    question: str
    state: State
    sentence: str
    hint: str = ""
    calls: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.question}: {self.state}. {self.sentence} {self.hint}".rstrip()

    def __repr__(self) -> str:
        return "\n".join([textwrap.fill(str(self), 100), *self.calls])

    def _repr_html_(self) -> str:
        color, sign = _LOOKS[self.state]
        hint = f"<br>{html.escape(self.hint)}" if self.hint else ""
        return (
            f'<div style="border-left: 4px solid {color}; padding: 0.3em 0.8em">'
            f"<b>{sign} {html.escape(self.question)}: {self.state}.</b> "
            f"{html.escape(self.sentence)}{hint}{self._calls_as_html()}</div>"
        )

    def _calls_as_html(self) -> str:
        return f"<pre>{html.escape(chr(10).join(self.calls))}</pre>" if self.calls else ""


_LOOKS: dict[State, tuple[str, str]] = {
    "passed": ("#009E73", "&#10003;"),
    "not yet": ("#D55E00", "&#10007;"),
    "not attempted": ("#888888", "&#9675;"),
}


class NotYet(AssertionError):
    """Raised by a check that did not pass; shows itself as the outcome alone, without traceback."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(str(outcome))
        self.outcome = outcome

    def _render_traceback_(self) -> list[str]:
        return [repr(self.outcome)]


@dataclass
class Checks:
    """All checks of the course, by the name of the question."""

    _outcomes: dict[str, Outcome] = field(default_factory=dict)

    def __getattr__(self, question: str) -> Callable[..., Outcome]:
        if question.startswith("_") or question not in recorded():
            close = get_close_matches(question, recorded(), n=1)
            meant = f"; did you mean {close[0]!r}?" if close else ""
            raise AttributeError(f"there is no check {question!r}{meant}")

        def check_question(*functions: Callable[..., Any]) -> Outcome:
            outcome = run_check(question, functions)
            self._outcomes[question] = outcome
            if outcome.state != "passed":
                raise NotYet(outcome)
            return outcome

        check_question.__name__ = question
        check_question.__doc__ = f"Check your answer to {question} on the visible examples."
        return check_question

    def __dir__(self) -> list[str]:
        return sorted(recorded())

    def outcome(self, question: str) -> Outcome:
        """Return the last outcome of a question in this session."""
        return self._outcomes.get(question) or Outcome(question, "not attempted", "Not checked.")


check = Checks()


@dataclass(frozen=True)
class Progress:
    """The state of a notebook's exercises, as far as the visible checks can tell."""

    outcomes: tuple[tuple[Outcome, float], ...]
    by_hand: Mapping[str, float]
    later: Mapping[str, float]

    @property
    def points(self) -> float:
        """Points of the exercises whose visible check passed in this session."""
        return sum(points for outcome, points in self.outcomes if outcome.state == "passed")

    @property
    def total(self) -> float:
        """Points of all exercises with a check."""
        return sum(points for _, points in self.outcomes)

    def _summary(self) -> str:
        parts = [f"{self.points:g} of {self.total:g} points pass their visible checks"]
        for what, questions in (
            ("graded when you have handed in", self.later),
            ("read by a person", self.by_hand),
        ):
            if questions:
                named = ", ".join(f"{name} ({worth:g})" for name, worth in questions.items())
                parts.append(f"{what}: {named}")
        return "; ".join(parts) + ". Hidden tests look closer."

    def __repr__(self) -> str:
        rows = [f"{o.state:14}{p:3g}  {o.question}" for o, p in self.outcomes]
        return "\n".join([self._summary(), *rows])

    def _repr_html_(self) -> str:
        rows = [
            [
                f'<span style="color: {_LOOKS[o.state][0]}">{_LOOKS[o.state][1]}</span> '
                f"{html.escape(o.question)}",
                f"{points:g}",
                o.state,
            ]
            for o, points in self.outcomes
        ]
        table = html_table(["Exercise", "Points", "Check"], rows)
        return f"<p>{html.escape(self._summary())}</p>{table}"


def progress(notebook: str) -> Progress:
    """Return how far the exercises of a notebook are, by the checks run in this session.

    Raises
    ------
    ValueError
        If there is no such notebook.
    """
    room = _room(notebook)
    if room is None:
        raise ValueError(f"there is no notebook {notebook!r}; there are {', '.join(rooms())}")
    outcomes = tuple(
        (check.outcome(q), float(data["points"])) for q, data in room["checks"].items()
    )
    return Progress(outcomes, room["by_hand"], room["later"])


def run_check(question: str, functions: tuple[Callable[..., Any], ...]) -> Outcome:
    """Run the visible examples of a question on a student's functions."""
    record = recorded()[question]
    names = list(record["functions"])
    if len(functions) != len(names) or not all(callable(f) for f in functions):
        call = f"check.{question}({', '.join(names)})"
        return Outcome(question, "not yet", f"Call it with your functions: {call}.")
    for function, name in zip(functions, names, strict=True):
        forbids, builds_on = record["functions"][name], record["builds_on"]
        findings = forbidden.inspect_function(function, forbids, builds_on)
        if findings.forbidden:
            return Outcome(question, "not yet", forbidden.sentence(findings))
    ruled_out: set[str] = set()
    for one in examples(question):
        recording = record["examples"][one.name]
        outcome = _run_example(one, recording, functions, ruled_out)
        if outcome is not None:
            return outcome
        # Whoever passes this example does not make the mistakes that it shows.
        ruled_out.update(mistake["name"] for mistake in recording["mistakes"])
    count = len(examples(question))
    return Outcome(question, "passed", f"{count} of {count} visible examples agree.")


def _run_example(
    one: Example,
    record: Mapping[str, Any],
    functions: tuple[Callable[..., Any], ...],
    ruled_out: set[str],
) -> Outcome | None:
    watched = [_Watched(function) for function in functions]
    observation = _observed(one, watched)
    if isinstance(observation, Unwritten):
        if observation.calls:
            todo = f"It calls {observation.calls}, which is not written yet: write that one first."
            return Outcome(one.question, "not yet", todo)
        todo = f"Write {observation.function} in the cell above."
        return Outcome(one.question, "not attempted", todo)
    sentence = _complaint(one, observation, decode(Message.from_text(record["expected"])))
    if sentence is None:
        return None
    alike = [
        mistake
        for mistake in record["mistakes"]
        if mistake["name"] not in ruled_out and _agrees(one, observation, mistake)
    ]
    hint = _hint(one, alike, functions)
    calls = _shown_calls(call for w in watched for call in w.calls)
    return Outcome(one.question, "not yet", f"Tried: {one.shows}. {sentence}", hint, calls)


@dataclass(frozen=True)
class Unwritten:
    """An example met a function nobody has written yet, or one that calls such a function."""

    function: str
    calls: str = ""


@dataclass(frozen=True)
class Told:
    """An example found something wrong itself."""

    sentence: str


@dataclass(frozen=True)
class Raised:
    """An example met an exception; `where` is the line of a notebook's cell, if it was one."""

    kind: str
    message: str
    where: str = ""


@dataclass(frozen=True)
class Mutated:
    """An example gave the right result and changed an argument on the way."""

    value: Any


def observe(one: Example, functions: tuple[Callable[..., Any], ...]) -> Any:
    """Run an example and return its value, sent over the wire; or what stood in the way."""
    return _observed(one, [_Watched(function) for function in functions])


def _observed(one: Example, watched: "list[_Watched]") -> Any:
    try:
        value = through(one.run(*watched))
    except NotImplementedError as error:
        if not is_unwritten(error):
            return _raised(error)
        raising = unwritten(error)
        if raising in [w.name for w in watched]:
            return Unwritten(raising)
        function = next((w.name for w in watched if w.unwritten), "your answer")
        return Unwritten(function, raising)
    except Complaint as error:
        return Told(str(error))
    except WireError as error:
        return Raised("TypeError", str(error))
    except Exception as error:  # noqa: BLE001  whatever a student's code raises is the finding
        return _raised(error)
    return Mutated(value) if any(w.mutated for w in watched) else value


def _raised(error: Exception) -> Raised:
    # Where an object is in memory says nothing, and is never the same.
    message = re.sub(r" at 0x[0-9a-f]+", "", str(error).split("\n")[0][:300])
    return Raised(type(error).__name__, message, _where(error))


def _where(error: Exception) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    in_cells = [frame for frame in frames if "ipykernel_" in frame.filename]
    if not in_cells:
        return ""
    return f"in line {in_cells[-1].lineno} of its cell, {(in_cells[-1].line or '').strip()!r}"


def _complaint(one: Example, observation: Any, expected: Any) -> str | None:
    if isinstance(observation, Told):
        return observation.sentence
    if isinstance(observation, Raised):
        said = f"It raises {observation.kind}: {observation.message}".rstrip(": .")
        return f"{said}{f', {observation.where}' if observation.where else ''}."
    value = observation.value if isinstance(observation, Mutated) else observation
    sentence = difference(value, expected, rtol=one.rtol, atol=one.atol)
    if sentence is None and isinstance(observation, Mutated):
        return "The result is right, but your function changes the array it is given."
    return sentence


def _hint(
    one: Example, alike: Sequence[Mapping[str, Any]], functions: tuple[Callable[..., Any], ...]
) -> str:
    """Return the hint of the mistakes that look alike in an example.

    If they have several, those count that look alike in the most examples of all; if that leaves no
    single hint, there is none: better no hint than a wrong one.
    """
    hints = {str(mistake["hint"]) for mistake in alike}
    if len(hints) > 1:
        shared = _shared_examples(one.question, alike, functions)
        most = max(shared)
        hints = {str(m["hint"]) for m, n in zip(alike, shared, strict=True) if n == most}
    return hints.pop() if len(hints) == 1 else ""


def _shared_examples(
    question: str, mistakes: Sequence[Mapping[str, Any]], functions: tuple[Callable[..., Any], ...]
) -> list[int]:
    """Return for every mistake in how many examples it does what the student's functions do."""
    shared = [0] * len(mistakes)
    for one in examples(question):
        record = recorded()[question]["examples"][one.name]
        # What is not recorded is no mistake in this example.
        showing = {mistake["name"]: mistake for mistake in record["mistakes"]}
        observation = observe(one, functions)
        right = _complaint(one, observation, decode(Message.from_text(record["expected"]))) is None
        for i, mistake in enumerate(mistakes):
            shows = showing.get(mistake["name"])
            shared[i] += right if shows is None else _agrees(one, observation, shows)
    return shared


def _agrees(one: Example, observation: Any, mistake: Mapping[str, Any]) -> bool:
    """Say whether a recorded mistake gives the same observation as the student's function."""
    if isinstance(observation, Told):
        return mistake.get("told") == observation.sentence
    if isinstance(observation, Raised):
        return mistake.get("raises") == f"{observation.kind}: {observation.message}"
    mutates = isinstance(observation, Mutated)
    if "value" not in mistake or mistake.get("mutates", False) != mutates:
        return False
    known = decode(Message.from_text(mistake["value"]))
    value = observation.value if mutates else observation
    return difference(value, known, rtol=one.rtol, atol=one.atol) is None


_MOST_CALLS = 2
_MOST_NUMBERS = 72


def _shown_calls(calls: Iterable[str]) -> tuple[str, ...]:
    """Return the calls of an example as indented Python, none if they are too many to read."""
    shown = list(calls)
    if len(shown) > _MOST_CALLS or not all(shown):
        return ()
    return tuple(textwrap.indent(call, "  ") for call in shown)


def _python(
    function: str, arguments: Sequence[Any], keywords: Mapping[str, Any], before: str = ""
) -> str:
    """Return a call as Python text; none if a value is too large to read or has no such text."""
    values = [*arguments, *keywords.values()]
    if not all(
        isinstance(v, (np.ndarray, int, float, str, tuple)) or _is_tensor(v) for v in values
    ):
        return ""
    sizes = [value.size for value in values if isinstance(value, np.ndarray)]
    if sum(sizes) + sum(value.numel() for value in values if _is_tensor(value)) > _MOST_NUMBERS:
        return ""
    names = [""] * len(arguments) + [f"{name}=" for name in keywords]
    texts = [_value_text(name, value) for name, value in zip(names, values, strict=True)]
    if not any("\n" in text for text in texts):
        return f"{before}{function}({', '.join(texts)})"
    return f"{before}{function}(\n" + textwrap.indent(",\n".join(texts), "    ") + ")"


def _is_tensor(value: Any) -> bool:
    """Say whether a value is a tensor of torch's that has values."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(value, torch.Tensor):
        return False
    return bool(value.device.type != "meta")


def _value_text(name: str, value: Any) -> str:
    if _is_tensor(value):
        before = f"{name}torch.tensor("
        plain = str(value.dtype) in ("torch.float32", "torch.int64")
        numbers = np.array2string(value.detach().cpu().numpy(), separator=", ", prefix=before)
        return before + numbers + (")" if plain else f", dtype={value.dtype})")
    if not isinstance(value, np.ndarray):
        return f"{name}{value!r}"
    before = f"{name}np.array("
    dtype = "" if value.dtype == np.float64 else f", np.{value.dtype}"
    return before + np.array2string(value, separator=", ", prefix=before) + f"{dtype})"


class _Watched:
    """A function or class that remembers its calls, and whether it changed an argument."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self.name = getattr(function, "__name__", "your answer")
        self.mutated = False
        self.unwritten = False
        self._lines: list[list[str]] = []

    @property
    def calls(self) -> list[str]:
        """Calls in Python, of an object with its methods; empty for one not to be shown."""
        return ["\n".join(lines) if all(lines) else "" for lines in self._lines]

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        lines: list[str] = []
        self._lines.append(lines)
        makes = isinstance(self._function, type)
        lines.append(_python(self.name, arguments, keywords, f"{_OBJECT} = " * makes))
        result = self.watch(self._function, arguments, keywords)
        return _WatchedObject(result, self, lines) if makes else result

    def watch(self, call: Callable[..., Any], arguments: Any, keywords: Any) -> Any:
        """Call a function, or a method of an object, and look at its arguments afterwards."""
        values = [*arguments, *keywords.values()]
        before = [_copied(value) for value in values]
        try:
            result = call(*arguments, **keywords)
        except NotImplementedError as error:
            self.unwritten = is_unwritten(error)
            raise
        for old, new in zip(before, values, strict=True):
            if old is not None and not _same(old, new):
                self.mutated = True
        return result


def _copied(value: Any) -> Any:
    """Return a copy of an array or a tensor, None of anything else."""
    if _is_tensor(value):
        return value.detach().clone()
    return value.copy() if isinstance(value, np.ndarray) else None


def _same(old: Any, new: Any) -> bool:
    if _is_tensor(old):
        return difference(new, old, rtol=0.0, atol=0.0) is None
    return np.array_equal(old, new, equal_nan=old.dtype.kind in "fc")


_OBJECT = "made"


class _WatchedObject:
    """An object of a watched class: calls of its methods are remembered as well."""

    def __init__(self, made: Any, watched: _Watched, lines: list[str]) -> None:
        self._made, self._watched, self._lines = made, watched, lines

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        self._lines.append(_python(_OBJECT, arguments, keywords))
        return self._watched.watch(self._made, arguments, keywords)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._made, name)
        if not callable(value):
            return value

        def method(*arguments: Any, **keywords: Any) -> Any:
            self._lines.append(_python(f"{_OBJECT}.{name}", arguments, keywords))
            return self._watched.watch(value, arguments, keywords)

        return method


def rooms() -> list[str]:
    """Return the names of the notebooks that have checks."""
    return sorted(module.name for module in iter_modules(__path__))


@cache
def _load_rooms() -> None:
    for name in rooms():
        import_module(f"{__name__}.{name}")


def _room(notebook: str) -> Any:
    if notebook not in rooms():
        return None
    return json.loads(resources.files(__name__).joinpath(f"{notebook}.json").read_text("utf-8"))


@cache
def recorded() -> dict[str, Any]:
    """Return the recorded data of all questions with a check, by question."""
    data: dict[str, Any] = {}
    for name in rooms():
        if resources.files(__name__).joinpath(f"{name}.json").is_file():
            data.update(_room(name)["checks"])
    return data
