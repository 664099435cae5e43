"""Recognises a mistake: which known wrong answer says the same to the same calls."""

import contextlib
import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from typing import Any

from autograder import variants
from autograder.grading.student import (
    Call,
    Function,
    InProcess,
    Lending,
    Missing,
    NotAttempted,
    Raised,
    Remote,
    Student,
    StudentError,
    Unanswered,
    is_of_lending,
)
from course_utils.compare import difference
from course_utils.wire import Handle, Named, encode


def recognise(
    question: str,
    calls: Sequence[Call],
    passed: Sequence[Call],
    all_calls: Sequence[Call],
    functions: Mapping[str, Any],
) -> variants.Variant | None:
    """Return the wrong variant that answers the calls of a failed test as the student did.

    One that does so in all of the question's tests is taken; else, since there may be two mistakes,
    one that does so in the failed test and in those that passed, if all such have the same hint.
    Where the failed test ended with an exception, all that do so in all tests must have that.
    There is none where the reference answers as the student did: then it is not the values.

    Parameters
    ----------
    calls, passed, all_calls : of the failed test, of the tests that passed, and of all tests.
    functions : the reference's functions of the question.
    """
    if not calls or any(call.raised in _NO_ANSWER for call in calls):
        return None
    asked = _asked(calls)
    if all(_same(one, functions, functions) for one in asked):
        return None
    known, every = variants.wrong_of(question), _asked(all_calls)
    alike = (v for v in known if _alike(v, every, functions))
    first = next(alike, None)
    if first is not None:
        # An exception says little of what it comes from.
        return _only([first, *alike]) if calls[-1].raised else first
    some = _asked([*calls, *passed])
    return _only([v for v in known if _alike(v, some, functions)])


def _only(found: Sequence[variants.Variant]) -> variants.Variant | None:
    """Return the first variant, if all have the same hint."""
    return found[0] if len({v.hint for v in found}) == 1 else None


_NO_ANSWER = {kind.__name__ for kind in (StudentError, NotAttempted, Missing, Unanswered)}
"""What is recorded of calls that give neither a value nor an exception: no variant is like that."""


def _weight(call: Call) -> int:
    return _size([*call.arguments, *call.keywords.values()])


@dataclass(frozen=True)
class _Asked:
    """A call that the student answered, and a digest of what was asked, if there is one."""

    call: Call
    digest: bytes | None


def _asked(calls: Sequence[Call]) -> list[_Asked]:
    # Small calls first: they tell most variants apart, and some large ones take seconds.
    return [_Asked(call, _digest(call)) for call in sorted(calls, key=_weight)]


def _digest(call: Call) -> bytes | None:
    lending = Lending()
    message = encode(lending.lend(_in_full(call)))
    lent = lending.sources
    if not all(map(is_dataclass, lent)):
        return None  # nothing says which function that was
    digest = hashlib.sha256(json.dumps([message.tree, repr(lent)]).encode())
    for buffer in message.buffers:
        digest.update(buffer)
    return digest.digest()


def _in_full(call: Call) -> list[Any]:
    past = [_in_full(before) for before in call.history]
    return [call.name, list(call.arguments), dict(call.keywords), call.device, call.do, past]


def _alike(
    variant: variants.Variant, asked: Sequence[_Asked], functions: Mapping[str, Any]
) -> bool:
    namespace = {**functions, variant.function: variant.implementation}
    return all(_same(one, namespace, functions) for one in asked)


def _same(asked: _Asked, namespace: Mapping[str, Any], functions: Mapping[str, Any]) -> bool:
    call = asked.call
    known = _memory.answer(asked, namespace)
    if known is None:
        return False
    if known.raised or call.raised:
        if known.raised != call.raised:
            return False
        # Many mistakes raise exceptions of one type; what these say tells them apart. Where an
        # exception is due, everybody has words of their own.
        due = _memory.answer(asked, functions)
        is_due = due is not None and bool(due.raised)
        return is_due or known.message == call.message or is_of_lending(call.message)
    if difference(known.result, call.result) is not None:
        return False
    return call.after is None or difference(known.after, call.after) is None


@dataclass(frozen=True)
class _Answer:
    """What a known function gives back: a value and its arguments afterwards, or an exception."""

    result: Any = None
    after: Any = None
    raised: str = ""
    message: str = ""


class _Memory:
    """What known functions have said: everybody's hidden inputs are the same."""

    def __init__(self) -> None:
        self._answers: dict[_Key, _Answer | None] = {}
        self._bytes = 0

    def answer(self, asked: _Asked, namespace: Mapping[str, Any]) -> _Answer | None:
        """Return what a namespace's function says; None if that can be compared with nothing."""
        functions = tuple(map(namespace.get, sorted(_names(asked.call))))
        if asked.digest is None or not any(functions):
            return _called(asked.call, namespace)
        key = (functions, asked.digest)
        if key not in self._answers:
            self._keep(key, _called(asked.call, namespace))
        return self._answers[key]

    def _keep(self, key: "_Key", answer: _Answer | None) -> None:
        if self._bytes > _MOST_BYTES:
            self._answers.clear()
            self._bytes = 0
        self._bytes += 1000 + _size(answer)
        self._answers[key] = answer


_Key = tuple[tuple[Callable[..., Any] | None, ...], bytes]


def _names(call: Call) -> set[str]:
    """Return the names of the functions that a call is about."""
    values = [*call.arguments, *call.keywords.values()]
    named = {value.name for value in values if isinstance(value, Named)}
    return {call.name, *named}.union(*map(_names, call.history))


_MOST_BYTES = 64 * 2**20
_memory = _Memory()


def _called(call: Call, namespace: Mapping[str, Any]) -> _Answer | None:
    if _has_handles(call):
        return None
    try:
        student = Student(InProcess(namespace))
        called_on = _made_again(call.history, student.on(call.device))
        if isinstance(called_on, Remote):
            match call.do:
                case "get":
                    return _Answer(called_on.get(call.name))
                case "outline":
                    return _Answer(vars(called_on.outline()))
                case "load":
                    called_on.load(*call.arguments)
                    return _Answer()
        if call.do == "carry_out":
            doing = _function(called_on, call).carry_out_watched
            return _Answer(after=doing(*call.arguments, **call.keywords))
        result, after = _function(called_on, call).watched(*call.arguments, **call.keywords)
    except Raised as error:
        return _Answer(raised=error.kind, message=error.message)
    except StudentError:
        return None
    return _Answer(result, after)


def _made_again(history: Sequence[Call], student: Student) -> Student | Remote:
    """Make an object once more and do with it what was done before; none: return the student."""
    if not history:
        return student
    made, *before = history
    maker = _function(_made_again(made.history, student.on(made.device)), made)
    thing = maker.make(*made.arguments, **made.keywords)
    for call in before:
        with contextlib.suppress(StudentError):  # compared where that call itself is
            if call.do == "load":
                thing.load(*call.arguments)
            elif call.do == "carry_out":
                _function(thing, call).carry_out(*call.arguments, **call.keywords)
            else:
                _function(thing, call)(*call.arguments, **call.keywords)
    return thing


def _function(called_on: Student | Remote, call: Call) -> Function:
    if isinstance(called_on, Remote):
        return Function(called_on.student, call.name, called_on.handle, called_on.history)
    return Function(called_on, call.name)


def _has_handles(call: Call) -> bool:
    """Say whether a call is about objects on the student's side other than its own."""
    values = [*call.arguments, *call.keywords.values()]
    return any(map(_is_handle, values)) or any(map(_has_handles, call.history))


def _is_handle(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_is_handle, value))
    return isinstance(value, Handle)


def _size(value: Any) -> int:
    if isinstance(value, _Answer):
        return _size(value.result) + _size(value.after)
    if isinstance(value, (list, tuple)):
        return sum(map(_size, value))
    return int(getattr(value, "nbytes", 100))
