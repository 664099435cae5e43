"""Says in one sentence how a result differs from what was expected.

The order of diagnosis is type, shape, dtype, values; of several differing values the worst is
named. Whatever crosses the wire can be compared with whatever else does: there is an answer, never
an exception, the sentence is short, and memory stays a small multiple of the values' own.
"""

import cmath
import sys
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from numbers import Number
from typing import Any

import numpy as np

from course_utils.wire import Items, kind_name

# As much as computing in single precision costs: that is right, and less exact.
RTOL = 1e-4
ATOL = 1e-5

_BLOCK = 2**18
"""Numbers compared at a time."""
_LONGEST = 200
"""Characters shown of a value."""


def difference(
    got: Any, expected: Any, *, rtol: float = RTOL, atol: float = ATOL, name: str = ""
) -> str | None:
    """Return a sentence on how `got` differs from `expected`, or None if it does not.

    Numbers count as equal within `atol + rtol * |expected|`. A float may be a Python or a numpy
    number of any precision, a bool likewise; a list is not a tuple and not an array. The sentence
    speaks of what the student's function returns, or of the thing called `name`.
    """
    got, expected = _scalar(got), _scalar(expected)
    if isinstance(expected, np.ndarray):
        return _array_difference(got, expected, rtol, atol)
    if isinstance(expected, (bool, np.bool_)):
        return _bool_difference(got, bool(expected), name)
    if isinstance(expected, (Number, np.generic)):
        return _number_difference(got, expected, rtol, atol, name)
    if isinstance(expected, Mapping):
        return _mapping_difference(got, expected, rtol, atol)
    if isinstance(expected, (tuple, list, Items)):
        return _sequence_difference(got, expected, rtol, atol)
    if hasattr(expected, "tocoo"):
        return _sparse_difference(got, expected, rtol, atol)
    if _is_tensor(expected):
        return _tensor_difference(got, expected, rtol, atol, name)
    if type(got) is not type(expected):
        return _type_sentence(_article(kind_name(expected)), got)
    return None if _same(got, expected) else _values(_shown(got), _shown(expected), name)


def _scalar(value: Any) -> Any:
    """Return the number in an array without axes; any other value as it is."""
    return value[()] if isinstance(value, np.ndarray) and value.ndim == 0 else value


def _same(got: Any, expected: Any) -> bool:
    try:
        return bool(got == expected)
    except (ValueError, TypeError, RuntimeError, OverflowError):
        return False


def _shown(value: Any) -> str:
    """Return a value as text, the beginning of it if it is long."""
    text = repr(value[:_LONGEST]) if isinstance(value, str) else repr(value)
    return _cut(text)


def _values(got: str, expected: str, name: str) -> str:
    if name:
        return f"{name} is {got}, expected {expected}."
    return f"Values differ: you return {got}, expected {expected}."


def _array_difference(got: Any, expected: Any, rtol: float, atol: float) -> str | None:
    if not isinstance(got, np.ndarray):
        return _type_sentence("an array", got)
    sentence = _shape_or_dtype(got, expected)
    if sentence is not None:
        return sentence
    worst = _worst(got.reshape(-1), expected.reshape(-1), rtol, atol)
    if worst is None:
        return None
    return _at(np.unravel_index(worst, got.shape), got.shape, got.flat[worst], expected.flat[worst])


def _shape_or_dtype(got: Any, expected: Any) -> str | None:
    if got.shape != expected.shape:
        return f"The shape is wrong: you return {got.shape}, expected {expected.shape}."
    if not _same_kind(got.dtype, expected.dtype):
        return f"The dtype is wrong: you return {got.dtype}, expected {expected.dtype}."
    return None


def _at(place: Sequence[Any], shape: tuple[int, ...], got: Any, expected: Any) -> str:
    return (
        f"Values differ: at {_place(place, shape)} you return {_number(got)}, "
        f"expected {_number(expected)}."
    )


def _worst(got: Any, expected: Any, rtol: float, atol: float) -> int | None:
    """Return where two lines of numbers differ most, None where they are equal."""
    worst, largest = None, -1.0
    for start in range(0, got.size, _BLOCK):
        one, other = got[start : start + _BLOCK], expected[start : start + _BLOCK]
        with np.errstate(all="ignore"):
            close = np.isclose(one, other, rtol=rtol, atol=atol, equal_nan=True)
            if close.all():
                continue
            distance = np.abs(np.subtract(one, other, dtype=np.result_type(one, other, float)))
        distance = np.where(close, -1.0, np.where(np.isnan(distance), np.inf, distance))
        place = int(np.argmax(distance))
        if distance[place] > largest:
            worst, largest = start + place, float(distance[place])
    return worst


def _sparse_difference(got: Any, expected: Any, rtol: float, atol: float) -> str | None:
    if not hasattr(got, "tocoo"):
        return _type_sentence("a sparse matrix", got)
    sentence = _shape_or_dtype(got, expected)
    if sentence is not None:
        return sentence
    # Entry by entry: a matrix that is small on the wire can be larger than any memory.
    (ours, here), (theirs, there) = _entries(got), _entries(expected)
    places = np.union1d(here, there)
    one, other = np.zeros(places.size, ours.dtype), np.zeros(places.size, theirs.dtype)
    one[np.searchsorted(places, here)] = ours
    other[np.searchsorted(places, there)] = theirs
    worst = _worst(one, other, rtol, atol)
    if worst is None:
        return None
    place = np.unravel_index(int(places[worst]), expected.shape)
    return _at(place, expected.shape, one[worst], other[worst])


def _entries(matrix: Any) -> tuple[Any, Any]:
    """Return the values of a sparse matrix and their places, counted row by row."""
    coo = matrix.tocoo(copy=True)
    coo.sum_duplicates()
    return coo.data, coo.row.astype(np.int64) * coo.shape[-1] + coo.col


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def _tensor_difference(got: Any, expected: Any, rtol: float, atol: float, name: str) -> str | None:
    if not _is_tensor(got):
        return _type_sentence("a torch.Tensor", got)
    one, other = (value.detach().cpu().numpy() for value in (got, expected))
    sentence = _shape_or_dtype(one, other)
    if sentence is not None or one.ndim > 0:
        return sentence or _array_difference(one, other, rtol, atol)
    return difference(one, other, rtol=rtol, atol=atol, name=name)


def _same_kind(got: np.dtype[Any], expected: np.dtype[Any]) -> bool:
    groups = ("b", "iu", "f", "c")
    return any(got.kind in group and expected.kind in group for group in groups)


def _bool_difference(got: Any, expected: bool, name: str) -> str | None:
    if not isinstance(got, (bool, np.bool_)):
        return _type_sentence("True or False", got)
    return None if bool(got) is expected else _values(str(bool(got)), str(expected), name)


def _number_difference(got: Any, expected: Any, rtol: float, atol: float, name: str) -> str | None:
    if isinstance(got, (bool, np.bool_)) or not isinstance(got, (Number, np.generic)):
        return _type_sentence("a number", got)
    if _numbers_close(got, expected, rtol, atol):
        return None
    return _values(_number(got), _number(expected), name)


def _numbers_close(got: Any, expected: Any, rtol: float, atol: float) -> bool:
    try:
        one, other = complex(got), complex(expected)
    except (TypeError, ValueError, OverflowError):
        # An integer that no float holds is equal to itself alone.
        return _same(got, expected)
    if one == other or (cmath.isnan(one) and cmath.isnan(other)):
        return True
    if not cmath.isfinite(other):
        return False
    try:
        return abs(one - other) <= atol + rtol * abs(other)
    except OverflowError:
        # The magnitude of a number whose parts are floats can be none.
        return abs(one / 4 - other / 4) <= atol / 4 + rtol * abs(other / 4)


def _mapping_difference(
    got: Any, expected: Mapping[Any, Any], rtol: float, atol: float
) -> str | None:
    if not isinstance(got, Mapping):
        return _type_sentence("a dict", got)
    if not _same(set(got), set(expected)):
        parts = {"Missing": set(expected) - set(got), "Not expected": set(got) - set(expected)}
        return " ".join(f"{what}: {_keys(keys)}." for what, keys in parts.items() if keys)
    for key, value in expected.items():
        name = _cut(str(key))
        sentence = difference(got[key], value, rtol=rtol, atol=atol, name=name)
        if sentence is not None and name.startswith("That ") and isinstance(got[key], bool):
            is_so, must = ("", "must not") if got[key] else ("not ", "must")
            return f"It is {is_so}so, and {must} be, that {name.removeprefix('That ')}."
        if sentence is not None:
            named = sentence.startswith(name)
            return sentence if named else f"{name}: {sentence[:1].lower()}{sentence[1:]}"
    return None


def _keys(keys: Iterable[Any]) -> str:
    shown = sorted(_cut(str(key)) for key in islice(keys, _LONGEST))
    return _cut(", ".join(shown))


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _sequence_difference(got: Any, expected: Any, rtol: float, atol: float) -> str | None:
    if type(got) is not type(expected):
        return _type_sentence(_article(_SEQUENCES.get(type(expected), kind_name(expected))), got)
    if isinstance(expected, Items) and got.complete != expected.complete:
        ending = "goes on" if expected.complete else "ends"
        return f"The length is wrong: your iterator {ending} after {len(got.items)} items."
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
        return _cut(str(value.item() if isinstance(value, np.generic) else value))
    try:
        if np.iscomplexobj(value):
            return f"{complex(value):.6g}"
        return f"{float(value):.6g}"
    except (TypeError, ValueError, OverflowError):
        return _shown(value)
