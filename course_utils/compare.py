"""Says in one sentence how a result differs from what was expected.

The order of diagnosis is type, shape, dtype, values; of several differing values the worst is
named.
"""

from collections.abc import Mapping, Sequence
from numbers import Number
from typing import Any

import numpy as np

from course_utils.wire import Items, kind_name

RTOL = 1e-6
ATOL = 1e-8


def difference(
    got: Any, expected: Any, *, rtol: float = RTOL, atol: float = ATOL, name: str = ""
) -> str | None:
    """Return a sentence on how `got` differs from `expected`, or None if it does not.

    Numbers count as equal within `atol + rtol * |expected|`. A float may be a Python or a numpy
    number of any precision, a bool likewise; a list is not a tuple and not an array. The sentence
    speaks of what the student's function returns, or of the thing called `name`.
    """
    if isinstance(expected, np.ndarray) and expected.ndim > 0:
        return _array_difference(got, expected, rtol, atol)
    if isinstance(expected, (bool, np.bool_)):
        return _bool_difference(got, bool(expected), name)
    if isinstance(expected, (Number, np.generic, np.ndarray)):
        number: Any = expected
        return _number_difference(got, number, rtol, atol, name)
    if isinstance(expected, Mapping):
        return _mapping_difference(got, expected, rtol, atol)
    if isinstance(expected, (tuple, list, Items)):
        return _sequence_difference(got, expected, rtol, atol)
    if hasattr(expected, "tocoo"):
        if not hasattr(got, "tocoo"):
            return _type_sentence("a sparse matrix", got)
        return _array_difference(got.toarray(), expected.toarray(), rtol, atol)
    if type(got) is not type(expected):
        return _type_sentence(_article(kind_name(expected)), got)
    return None if got == expected else _values(repr(got), repr(expected), name)


def _values(got: str, expected: str, name: str) -> str:
    if name:
        return f"{name} is {got}, expected {expected}."
    return f"Values differ: you return {got}, expected {expected}."


def _array_difference(got: Any, expected: Any, rtol: float, atol: float) -> str | None:
    if not isinstance(got, np.ndarray) or got.ndim == 0:
        return _type_sentence("an array", got)
    if got.shape != expected.shape:
        return f"The shape is wrong: you return {got.shape}, expected {expected.shape}."
    if not _same_kind(got.dtype, expected.dtype):
        return f"The dtype is wrong: you return {got.dtype}, expected {expected.dtype}."
    if got.dtype.kind == "f" and got.dtype.itemsize < 8:
        # Computed in single precision: right, and less exact.
        rtol, atol = max(rtol, 1e-4), max(atol, 1e-5)
    with np.errstate(all="ignore"):
        close = np.isclose(got, expected, rtol=rtol, atol=atol, equal_nan=True)
        if close.all():
            return None
        distance = np.abs(np.subtract(got, expected, dtype=np.result_type(got, expected, float)))
    distance = np.where(close, -1.0, np.where(np.isnan(distance), np.inf, distance))
    worst = np.unravel_index(int(np.argmax(distance)), got.shape)
    return (
        f"Values differ: at {_place(worst, got.shape)} you return {_number(got[worst])}, "
        f"expected {_number(expected[worst])}."
    )


def _same_kind(got: np.dtype[Any], expected: np.dtype[Any]) -> bool:
    groups = ("b", "iu", "f", "c")
    return any(got.kind in group and expected.kind in group for group in groups)


def _bool_difference(got: Any, expected: bool, name: str) -> str | None:
    if not isinstance(got, (bool, np.bool_)):
        return _type_sentence("True or False", got)
    return None if bool(got) is expected else _values(str(bool(got)), str(expected), name)


def _number_difference(got: Any, expected: Any, rtol: float, atol: float, name: str) -> str | None:
    if isinstance(got, (bool, np.bool_)) or not (
        isinstance(got, (Number, np.generic)) or (isinstance(got, np.ndarray) and got.ndim == 0)
    ):
        return _type_sentence("a number", got)
    with np.errstate(all="ignore"):
        if np.isclose(np.asarray(got), expected, rtol=rtol, atol=atol, equal_nan=True):
            return None
    return _values(_number(got), _number(expected), name)


def _mapping_difference(
    got: Any, expected: Mapping[Any, Any], rtol: float, atol: float
) -> str | None:
    if not isinstance(got, Mapping):
        return _type_sentence("a dict", got)
    if set(got) != set(expected):
        there, wanted = (", ".join(sorted(map(str, keys))) for keys in (got, expected))
        return f"The keys are wrong: you return {there}, expected {wanted}."
    for key, value in expected.items():
        sentence = difference(got[key], value, rtol=rtol, atol=atol, name=str(key))
        if sentence is not None:
            return sentence
    return None


def _sequence_difference(
    got: Any, expected: "Sequence[Any] | Items", rtol: float, atol: float
) -> str | None:
    if type(got) is not type(expected):
        return _type_sentence(_article(_SEQUENCES[type(expected)]), got)
    got, expected = list(got), list(expected)
    if len(got) != len(expected):
        return f"The length is wrong: you return {len(got)} items, expected {len(expected)}."
    for index, (one, other) in enumerate(zip(got, expected, strict=True)):
        sentence = difference(one, other, rtol=rtol, atol=atol)
        if sentence is not None:
            return f"Item {index}: {sentence[:1].lower()}{sentence[1:]}"
    return None


_SEQUENCES: dict[type, str] = {tuple: "tuple", list: "list", Items: "iterator"}


def _type_sentence(expected: str, got: Any) -> str:
    if got is None:
        return f"You return nothing (None), expected {expected}."
    return f"The type is wrong: you return {_article(kind_name(got))}, expected {expected}."


def _article(noun: str) -> str:
    return f"{'an' if noun[0].lower() in 'aeiou' else 'a'} {noun}"


_AXES = {1: ("index",), 2: ("row", "column"), 3: ("row", "column", "channel")}


def _place(index: Sequence[Any], shape: tuple[int, ...]) -> str:
    names = _AXES.get(len(shape))
    if names is None:
        return f"index {tuple(int(i) for i in index)}"
    return ", ".join(f"{name} {int(i)}" for name, i in zip(names, index, strict=True))


def _number(value: Any) -> str:
    if isinstance(value, (np.bool_, bool, np.integer, int)):
        return str(value.item() if isinstance(value, np.generic) else value)
    if np.iscomplexobj(value):
        return f"{complex(value):.6g}"
    return f"{float(value):.6g}"
