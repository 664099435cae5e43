"""Recognises a mistake: which known wrong answer says the same to the same calls."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from typing import Any

from autograder import variants
from autograder.grading.student import Call, InProcess, Lending, Raised, Student, StudentError
from course_utils.compare import difference
from course_utils.wire import encode


def recognise(
    question: str, calls: list[Call], all_calls: list[Call], functions: Mapping[str, Any]
) -> variants.Variant | None:
    """Return the wrong variant that answers the calls of a failed test as the student did.

    Of several, one that does so in the question's other tests as well is preferred.

    Parameters
    ----------
    functions : the reference's functions of the question.
    """
    if not calls:
        return None
    asked = [_Asked(call, _digest(call)) for call in calls]
    alike = [v for v in variants.wrong_of(question) if _alike(v, asked, functions)]
    if len(alike) < 2:
        return alike[0] if alike else None
    asked = [_Asked(call, _digest(call)) for call in all_calls]
    return next((v for v in alike if _alike(v, asked, functions)), alike[0])


@dataclass(frozen=True)
class _Asked:
    """A call that the student answered, and a digest of what was asked, if there is one."""

    call: Call
    digest: bytes | None


def _digest(call: Call) -> bytes | None:
    lending = Lending()
    message = encode(lending.lend([list(call.arguments), dict(call.keywords)]))
    lent = [counted.function for counted in lending.functions]
    if not all(map(is_dataclass, lent)):
        return None  # nothing says which function that was
    digest = hashlib.sha256(json.dumps([message.tree, repr(lent)]).encode())
    for buffer in message.buffers:
        digest.update(buffer)
    return digest.digest()


def _alike(
    variant: variants.Variant, asked: Sequence[_Asked], functions: Mapping[str, Any]
) -> bool:
    namespace = {**functions, variant.function: variant.implementation}
    return all(_same(one, namespace) for one in asked)


def _same(asked: _Asked, namespace: Mapping[str, Any]) -> bool:
    call = asked.call
    known = _memory.answer(asked, namespace)
    if known is None or known.raised or call.raised:
        return known is not None and known.raised == call.raised
    if difference(known.result, call.result) is not None:
        return False
    return call.after is None or difference(known.after, call.after) is None


@dataclass(frozen=True)
class _Answer:
    """What a known function gives back: a value and its arguments afterwards, or an exception."""

    result: Any = None
    after: Any = None
    raised: str = ""


class _Memory:
    """What known functions have said: everybody's hidden inputs are the same."""

    def __init__(self) -> None:
        self._answers: dict[tuple[Callable[..., Any], bytes], _Answer | None] = {}
        self._bytes = 0

    def answer(self, asked: _Asked, namespace: Mapping[str, Any]) -> _Answer | None:
        """Return what a namespace's function says; None if that can be compared with nothing."""
        function = namespace.get(asked.call.name)
        if asked.digest is None or function is None:
            return _called(asked.call, namespace)
        key = (function, asked.digest)
        if key not in self._answers:
            self._keep(key, _called(asked.call, namespace))
        return self._answers[key]

    def _keep(self, key: tuple[Callable[..., Any], bytes], answer: _Answer | None) -> None:
        if self._bytes > _MOST_BYTES:
            self._answers.clear()
            self._bytes = 0
        self._bytes += 1000 + _size(answer)
        self._answers[key] = answer


_MOST_BYTES = 64 * 2**20
_memory = _Memory()


def _called(call: Call, namespace: Mapping[str, Any]) -> _Answer | None:
    try:
        function = getattr(Student(InProcess(namespace)), call.name)
        result, after = function.watched(*call.arguments, **call.keywords)
    except Raised as error:
        return _Answer(raised=error.kind)
    except StudentError:
        return None
    return _Answer(result, after)


def _size(value: Any) -> int:
    if isinstance(value, _Answer):
        return _size(value.result) + _size(value.after)
    if isinstance(value, (list, tuple)):
        return sum(map(_size, value))
    return int(getattr(value, "nbytes", 100))
