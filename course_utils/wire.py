"""Values cross, objects do not: the encoding between a student's process and a checker.

A value becomes a tree that JSON can hold and a list of byte buffers. Nothing but the kinds below
crosses; there is no pickle, and what arrives is a plain value whatever the sender's object could
do. Both directions are bounded in size, depth and count, so that a message costs its reader no
more than a second and a small multiple of its size.

    None, bool, int, float, complex, str, numpy scalars and arrays, torch tensors (on the CPU),
    scipy sparse matrices (as COO), tuples, lists, dicts, iterators (their first items),
    `Rng` (becomes a numpy Generator), `Operator` (becomes a callable), `Outline` (becomes a tensor
    without values, and is what such a tensor becomes), `Named`, `Handle`, `Lent`.
"""

import base64
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from math import prod
from typing import Any

import numpy as np

from course_utils.operators import Operator

MAX_BYTES = 64 * 2**20
MAX_NODES = 100_000
MAX_DEPTH = 32
MAX_ITEMS = 10_000
"""Items taken from an iterator."""
MAX_SIDE = 2**62
"""The longest side of a sparse matrix, and the largest number of its entries."""

_MOST_BITS = 4096
_MOST_DIGITS = 1100
_LONGEST_IN_TREE = 1000
"""Characters of a string that is not a buffer of its own: JSON may need six bytes for each."""
_MOST_ALIKE = 16
"""Keys of one dict with the same hash; more would make looking one of them up slow."""

_DTYPES = {
    name: np.dtype(name)
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
}

_OUTLINED = (*_DTYPES, "bfloat16")


class WireError(ValueError):
    """A value that does not cross, with one sentence saying why."""


@dataclass(frozen=True)
class Rng:
    """A random generator, by its seed; on the other side a `numpy.random.Generator`."""

    seed: int

    def generator(self) -> np.random.Generator:
        """Return a fresh generator."""
        return np.random.default_rng(self.seed)


@dataclass(frozen=True)
class Outline:
    """A tensor without its values; on the other side one on torch's device "meta".

    Parameters
    ----------
    shape : as many sides as you like, of any length: nothing is stored.
    dtype : torch's name, without "torch.".
    """

    shape: tuple[int, ...]
    dtype: str = "float32"

    def tensor(self) -> Any:
        """Return a tensor of torch's device "meta"."""
        import torch

        return torch.empty(self.shape, dtype=getattr(torch, self.dtype), device="meta")


@dataclass(frozen=True)
class Named:
    """A function or class on the student's side, by the name that it has there.

    Parameters
    ----------
    name : what the student, or the module of the function that is called, calls it; one that begins
        with "course_utils." is the course's own.
    keywords : arguments by name that it is given with every call.
    """

    name: str
    keywords: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Handle:
    """An object that stays on the student's side."""

    number: int


@dataclass(frozen=True)
class Lent:
    """What stays on the checker's side, and the student's code can only call.

    A function, or an object with `methods`, the first of which has this number, the others the
    numbers that follow.
    """

    number: int
    methods: tuple[str, ...] = ()


@dataclass(frozen=True)
class Items:
    """What came out of an iterator: its first items, and whether that was all of them."""

    items: tuple[Any, ...]
    complete: bool

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)


@dataclass(frozen=True)
class Message:
    """An encoded value."""

    tree: Any
    buffers: list[bytes]

    def to_text(self) -> str:
        """Return the message as one line of JSON."""
        buffers = [base64.b64encode(buffer).decode("ascii") for buffer in self.buffers]
        return json.dumps({"tree": self.tree, "buffers": buffers})

    @classmethod
    def from_text(cls, text: str) -> "Message":
        """Read what `to_text` wrote.

        Raises
        ------
        WireError
            If the text is something else.
        """
        if len(text) > 4 * MAX_BYTES or too_many_parts(text, 8 * MAX_NODES):
            raise WireError("not a message: too long")
        try:
            document = json.loads(text)
            buffers = [base64.b64decode(buffer, validate=True) for buffer in document["buffers"]]
            return cls(document["tree"], buffers)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise WireError(f"not a message: {type(error).__name__}") from None

    def to_frames(self) -> list[bytes]:
        """Return the message as the parts of a ZeroMQ message: the tree, and the buffers."""
        return [json.dumps(self.tree).encode(), *self.buffers]

    @classmethod
    def from_frames(cls, frames: Sequence[bytes]) -> "Message":
        """Read what `to_frames` wrote; whoever received it has bounded its bytes.

        Raises
        ------
        WireError
            If the frames are something else.
        """
        try:
            text = frames[0].decode("utf-8")
            if too_many_parts(text, 8 * MAX_NODES):
                raise WireError("not a message: too long")
            return cls(json.loads(text), list(frames[1:]))
        except (ValueError, IndexError, RecursionError) as error:
            raise WireError(f"not a message: {type(error).__name__}") from None


def too_many_parts(text: str, most: int) -> bool:
    """Tell whether a JSON text would become far more in memory than it is: brackets and commas."""
    if len(text) <= most:
        return False
    if text.count('"') > 3 * most:
        return True
    bare = _STRING.sub("", text)
    return sum(map(bare.count, "[{,")) > most


# From any quote on it matches, be it to the end: no part of a text is looked at twice.
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)


def encode(value: Any) -> Message:
    """Turn a value into a message.

    Raises
    ------
    WireError
        If something in the value is of no kind that crosses, or it is too large.
    """
    encoder = _Encoder()
    return Message(encoder.node(value, 0), encoder.buffers)


def decode(message: Message, *, trusted: bool = False) -> Any:
    """Turn a message back into a value.

    Parameters
    ----------
    trusted : whether `Rng` and `Operator` are made usable (a generator, a callable). On the
        student's side only: a checker takes plain values.

    Raises
    ------
    WireError
        If the message is malformed or too large.
    """
    decoder = _Decoder(message.buffers, trusted)
    try:
        return decoder.node(message.tree, 0)
    except WireError:
        raise
    except (TypeError, ValueError, IndexError, KeyError, OverflowError) as error:
        raise WireError(f"malformed message: {type(error).__name__}") from None


def through(value: Any, *, trusted: bool = False) -> Any:
    """Send a value over the wire within one process."""
    return decode(Message.from_text(encode(value).to_text()), trusted=trusted)


class _Encoder:
    def __init__(self) -> None:
        self.buffers: list[bytes] = []
        self.nodes = 0
        self.bytes = 0

    def node(self, value: Any, depth: int) -> list[Any]:
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise WireError(f"a value nested deeper than {MAX_DEPTH} levels does not cross")
        if self.nodes > MAX_NODES:
            raise WireError(f"a value of more than {MAX_NODES} parts does not cross")
        plain = self._plain(value)
        return plain if plain is not None else self._container(value, depth)

    def _plain(self, value: Any) -> list[Any] | None:
        # Exact types: a subclass can carry tricks, so it is looked at by what it is made of.
        kind = type(value)
        if value is None:
            return ["none"]
        if kind is bool:
            return ["bool", value]
        if kind is int:
            return ["int", self._digits(value)]
        if kind is float:
            return ["float", value.hex()]
        if kind is complex:
            return ["complex", value.real.hex(), value.imag.hex()]
        if kind is str:
            self._count(4 * len(value))
            return self._string(value)
        if isinstance(value, np.generic):
            return ["scalar", *self._array(np.ndarray.__array__(np.asarray(value)))]
        if isinstance(value, np.ndarray):
            return ["array", *self._array(value)]
        if kind is Rng:
            return ["rng", self._digits(value.seed)]
        if kind is Handle:
            return ["handle", value.number]
        if kind is Lent:
            return ["lent", value.number, list(value.methods)]
        return None

    def _string(self, value: str) -> list[Any]:
        try:
            content = value.encode()
        except UnicodeEncodeError:
            raise WireError("a string with half a surrogate pair does not cross") from None
        if len(value) <= _LONGEST_IN_TREE:
            return ["str", value]
        self.buffers.append(content)
        return ["text", len(self.buffers) - 1]

    def _container(self, value: Any, depth: int) -> list[Any]:
        kind = type(value)
        if kind is tuple or kind is list:
            return [kind.__name__, [self.node(item, depth + 1) for item in value]]
        if kind is dict:
            if not all(map(_is_key, value)):
                raise WireError("a dict with keys that are no plain values does not cross")
            return [
                "dict",
                [[self.node(k, depth + 1), self.node(v, depth + 1)] for k, v in value.items()],
            ]
        if kind is Operator:
            return ["operator", value.name, self.node(dict(value.parameters), depth + 1)]
        if kind is Outline:
            return self._outline(value.shape, value.dtype)
        if kind is Named:
            return ["named", value.name, self.node(dict(value.keywords), depth + 1)]
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.Tensor):
            if value.device.type == "meta":
                return self._outline(tuple(value.shape), str(value.dtype).removeprefix("torch."))
            return ["tensor", *self._array(value.detach().cpu().numpy())]
        sparse = sys.modules.get("scipy.sparse")
        if sparse is not None and sparse.issparse(value):
            coo = value.tocoo()
            if len(coo.shape) != 2:
                raise WireError("a sparse array that is no matrix does not cross")
            parts = (tuple(coo.shape), coo.data, coo.row, coo.col)
            return ["sparse", [self.node(part, depth + 1) for part in parts]]
        if kind is Items:
            return ["items", value.complete, [self.node(item, depth + 1) for item in value.items]]
        if isinstance(value, Iterator):
            items = list(islice(value, MAX_ITEMS + 1))
            complete = len(items) <= MAX_ITEMS
            return ["items", complete, [self.node(i, depth + 1) for i in items[:MAX_ITEMS]]]
        return self._subclass(value, depth)

    def _subclass(self, value: Any, depth: int) -> list[Any]:
        """Named tuples, ordered dicts, int enums and the like cross as what they are made of."""
        for base in (tuple, list, dict):
            if isinstance(value, base):
                return self.node(base(value), depth)
        if isinstance(value, str):
            return self.node(str.__str__(value), depth)
        if isinstance(value, int):
            return self.node(int.__int__(value), depth)
        if isinstance(value, float):
            return self.node(float.__float__(value), depth)
        raise WireError(f"an object of type {kind_name(value)} does not cross")

    def _outline(self, shape: tuple[int, ...], dtype: str) -> list[Any]:
        if dtype not in _OUTLINED or not _is_outline(list(shape)):
            raise WireError(f"a tensor of shape {shape} and dtype {dtype} does not cross")
        self.nodes += len(shape)
        return ["outline", dtype, list(shape)]

    def _array(self, array: Any) -> list[Any]:
        name = array.dtype.name
        if name not in _DTYPES:
            raise WireError(f"an array of dtype {name} does not cross")
        if array.ndim > MAX_DEPTH:
            raise WireError(f"an array of more than {MAX_DEPTH} axes does not cross")
        self.nodes += array.ndim
        self._count(array.size * array.itemsize)
        plain = np.ndarray.astype(
            array.view(np.ndarray), _DTYPES[name].newbyteorder("<"), order="C"
        )
        self.buffers.append(plain.tobytes())
        return [name, list(array.shape), len(self.buffers) - 1]

    def _count(self, size: int) -> None:
        self.bytes += size
        if self.bytes > MAX_BYTES:
            raise WireError(f"a value of more than {MAX_BYTES >> 20} MiB does not cross")

    def _digits(self, number: int) -> str:
        if number.bit_length() > _MOST_BITS:
            raise WireError(f"an integer of more than {_MOST_BITS} bits does not cross")
        return hex(number)


class _Decoder:
    def __init__(self, buffers: list[bytes], trusted: bool) -> None:
        if sum(len(buffer) for buffer in buffers) > MAX_BYTES:
            raise WireError(f"a message of more than {MAX_BYTES >> 20} MiB is not read")
        self.buffers = buffers
        self.trusted = trusted
        self.nodes = 0
        self.bytes = 0

    def node(self, tree: Any, depth: int) -> Any:
        self._part()
        if depth > MAX_DEPTH:
            raise WireError("malformed message: too deep")
        if type(tree) is not list or not tree or type(tree[0]) is not str:
            raise WireError("malformed message: a node is a list that begins with its kind")
        kind, *rest = tree
        read = getattr(self, f"_read_{kind}", None) if kind.isidentifier() else None
        if read is None:
            raise WireError("malformed message: unknown kind")
        return read(depth + 1, *rest)

    def _part(self, count: int = 1) -> None:
        self.nodes += count
        if self.nodes > MAX_NODES:
            raise WireError("malformed message: too many parts")

    def _size(self, size: int) -> None:
        # What is made is counted, not what was sent: a message can name one buffer many times.
        self.bytes += size
        if self.bytes > MAX_BYTES:
            raise WireError(f"malformed message: a value of more than {MAX_BYTES >> 20} MiB")

    def _read_none(self, _: int) -> None:
        return None

    def _read_bool(self, _: int, value: Any) -> bool:
        return bool(_typed(value, bool))

    def _read_int(self, _: int, digits: Any) -> int:
        number = int(self._digits(digits), 16)
        if number.bit_length() > _MOST_BITS:
            raise WireError("malformed message: an integer is too long")
        return number

    def _read_float(self, _: int, digits: Any) -> float:
        return float.fromhex(self._digits(digits))

    def _read_complex(self, _: int, real: Any, imaginary: Any) -> complex:
        return complex(*(float.fromhex(self._digits(digits)) for digits in (real, imaginary)))

    def _digits(self, digits: Any) -> str:
        if len(_typed(digits, str)) > _MOST_DIGITS:
            raise WireError("malformed message: a number is too long")
        return str(digits)

    def _read_str(self, _: int, value: Any) -> str:
        self._size(4 * len(_typed(value, str)))
        if not _is_text(value):
            raise WireError("malformed message: a string with half a surrogate pair")
        return str(value)

    def _read_text(self, _: int, index: Any) -> str:
        value = self._buffer(index).decode()
        self._size(4 * len(value))
        return value

    def _buffer(self, index: Any) -> bytes:
        number: int = _typed(index, int)
        if not 0 <= number < len(self.buffers):
            raise WireError("malformed message: no such buffer")
        return self.buffers[number]

    def _read_array(self, _: int, dtype: Any, shape: Any, index: Any) -> Any:
        if _typed(dtype, str) not in _DTYPES:
            raise WireError("malformed message: unknown dtype")
        if not all(type(side) is int and side >= 0 for side in _typed(shape, list)):
            raise WireError("malformed message: a shape is a list of counts")
        if len(shape) > MAX_DEPTH:
            raise WireError("malformed message: too many axes")
        buffer = self._buffer(index)
        self._part(len(shape))
        self._size(len(buffer))
        # A byte of a bool can be neither 0 nor 1; what numpy makes of that is not defined.
        stored = _DTYPES["uint8" if dtype == "bool" else dtype].newbyteorder("<")
        array = np.frombuffer(buffer, stored)
        return array.reshape(shape).astype(_DTYPES[dtype])

    def _read_scalar(self, _: int, dtype: Any, shape: Any, index: Any) -> Any:
        if shape != []:
            raise WireError("malformed message: a scalar has no shape")
        return self._read_array(_, dtype, shape, index)[()]

    def _read_tensor(self, _: int, dtype: Any, shape: Any, index: Any) -> Any:
        import torch

        return torch.from_numpy(self._read_array(_, dtype, shape, index))

    def _read_outline(self, _: int, dtype: Any, shape: Any) -> Any:
        if _typed(dtype, str) not in _OUTLINED or not _is_outline(_typed(shape, list)):
            raise WireError("malformed message: no tensor has this shape and dtype")
        self._part(len(shape))
        outline = Outline(tuple(shape), dtype)
        return outline.tensor() if self.trusted else outline

    def _read_named(self, depth: int, name: Any, keywords: Any) -> Named:
        values = _typed(self.node(keywords, depth), dict)
        if not all(type(key) is str for key in values):
            raise WireError("malformed message: keywords without names")
        return Named(self._read_str(depth, name), values)

    def _read_sparse(self, depth: int, parts: Any) -> Any:
        from scipy.sparse import coo_array

        shape, data, *places = (self.node(part, depth) for part in _typed(parts, list))
        if not (_is_matrix_shape(shape) and len(places) == 2 and _is_line(data, "biufc")):
            raise WireError("malformed message: no sparse matrix")
        # Scipy does not look at a size that overflows, and it indexes with signed numbers.
        for place, side in zip(places, shape, strict=True):
            if not _is_line(place, "i") or place.size != data.size:
                raise WireError("malformed message: no sparse matrix")
            if place.size and not 0 <= place.min() <= place.max() < side:
                raise WireError("malformed message: an entry outside of its matrix")
        return coo_array((data, tuple(places)), shape=shape)

    def _read_tuple(self, depth: int, items: Any) -> tuple[Any, ...]:
        return tuple(self.node(item, depth) for item in _typed(items, list))

    def _read_list(self, depth: int, items: Any) -> list[Any]:
        return [self.node(item, depth) for item in _typed(items, list)]

    def _read_dict(self, depth: int, pairs: Any) -> dict[Any, Any]:
        keys = [self.node(k, depth) for k, _ in _typed(pairs, list)]
        if not all(map(_is_key, keys)):
            raise WireError("malformed message: a key of a kind that is none")
        alike = Counter(map(hash, keys))
        if max(alike.values(), default=0) > _MOST_ALIKE:
            raise WireError("malformed message: keys that are made to collide")
        read = {key: self.node(v, depth) for key, (_, v) in zip(keys, pairs, strict=True)}
        if len(read) != len(pairs):
            raise WireError("malformed message: a key that is there twice")
        return read

    def _read_items(self, depth: int, complete: Any, items: Any) -> Any:
        values = tuple(self.node(item, depth) for item in _typed(items, list))
        return iter(values) if self.trusted else Items(values, _typed(complete, bool))

    def _read_rng(self, depth: int, digits: Any) -> Any:
        rng = Rng(self._read_int(depth, digits))
        return rng.generator() if self.trusted else rng

    def _read_operator(self, depth: int, name: Any, parameters: Any) -> Any:
        values = _typed(self.node(parameters, depth), dict)
        if not all(type(key) is str and _is_number(value) for key, value in values.items()):
            raise WireError("malformed message: an operator's parameters are numbers by name")
        operator = Operator(self._read_str(depth, name), values)
        return operator.function() if self.trusted else operator

    def _read_handle(self, _: int, number: Any) -> Handle:
        return Handle(self._reference(number))

    def _read_lent(self, depth: int, number: Any, methods: Any) -> Lent:
        names = tuple(self._read_str(depth, name) for name in _typed(methods, list))
        self._part(len(names))
        if not all(map(str.isidentifier, names)):
            raise WireError("malformed message: a method's name that is none")
        return Lent(self._reference(number), names)

    def _reference(self, number: Any) -> int:
        if not 0 <= _typed(number, int) < 2**63:
            raise WireError("malformed message: no such object")
        return int(number)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, (bool, int, float, complex, np.generic))


def _is_key(value: Any) -> bool:
    """Tell whether a value can be a key; others are equal or not in ways of their own."""
    if isinstance(value, tuple):
        return all(map(_is_key, value))
    return value is None or isinstance(value, str) or _is_number(value)


def _is_matrix_shape(value: Any) -> bool:
    if not isinstance(value, tuple) or len(value) != 2:
        return False
    rows, columns = value
    counts = type(rows) is int and type(columns) is int and rows >= 0 and columns >= 0
    return counts and max(rows, columns, rows * columns) <= MAX_SIDE


def _is_outline(shape: list[Any]) -> bool:
    if not all(type(side) is int and 0 <= side <= MAX_SIDE for side in shape):
        return False
    return len(shape) <= MAX_DEPTH and prod(max(side, 1) for side in shape) <= MAX_SIDE >> 4


def _is_line(value: Any, kinds: str) -> bool:
    return isinstance(value, np.ndarray) and value.ndim == 1 and value.dtype.kind in kinds


def _typed(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise WireError(f"malformed message: expected {kind.__name__}")
    return value


def kind_name(value: Any) -> str:
    """Return the name of a value's type as a reader would say it."""
    kind = type(value)
    if kind is Items:
        return "iterator"
    plain = kind.__module__ in ("builtins", "numpy", "__main__")
    return kind.__name__ if plain else f"{kind.__module__}.{kind.__name__}"
