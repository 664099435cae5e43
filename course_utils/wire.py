"""Values cross, objects do not: the encoding between a student's process and a checker.

A value becomes a tree that JSON can hold and a list of byte buffers. Nothing but the kinds below
crosses; there is no pickle, and what arrives is a plain value whatever the sender's object could
do. Both directions are bounded in size, depth and count.

    None, bool, int, float, complex, str, numpy scalars and arrays, torch tensors (on the CPU),
    scipy sparse matrices (as COO), tuples, lists, dicts, iterators (their first items),
    `Rng` (becomes a numpy Generator), `Operator` (becomes a callable), `Handle`.
"""

import base64
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np

from course_utils.operators import Operator

MAX_BYTES = 256 * 2**20
MAX_NODES = 100_000
MAX_DEPTH = 32
MAX_ITEMS = 10_000
"""Items taken from an iterator."""

_DTYPES = {
    name: np.dtype(name)
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
}


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
class Handle:
    """An object that stays on the student's side."""

    number: int


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
        try:
            document = json.loads(text)
            buffers = [base64.b64decode(buffer, validate=True) for buffer in document["buffers"]]
            return cls(document["tree"], buffers)
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise WireError(f"not a message: {type(error).__name__}") from None


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
            return ["str", value]
        if isinstance(value, np.generic):
            return ["scalar", *self._array(np.ndarray.__array__(np.asarray(value)))]
        if isinstance(value, np.ndarray):
            return ["array", *self._array(value)]
        if kind is Rng:
            return ["rng", self._digits(value.seed)]
        if kind is Handle:
            return ["handle", value.number]
        return None

    def _container(self, value: Any, depth: int) -> list[Any]:
        kind = type(value)
        if kind is tuple or kind is list:
            return [kind.__name__, [self.node(item, depth + 1) for item in value]]
        if kind is dict:
            return [
                "dict",
                [[self.node(k, depth + 1), self.node(v, depth + 1)] for k, v in value.items()],
            ]
        if kind is Operator:
            return ["operator", value.name, self.node(dict(value.parameters), depth + 1)]
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.Tensor):
            return ["tensor", *self._array(value.detach().cpu().numpy())]
        sparse = sys.modules.get("scipy.sparse")
        if sparse is not None and sparse.issparse(value):
            coo = value.tocoo()
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

    def _array(self, array: Any) -> list[Any]:
        name = array.dtype.name
        if name not in _DTYPES:
            raise WireError(f"an array of dtype {name} does not cross")
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
        if number.bit_length() > 4096:
            raise WireError("an integer of more than 4096 bits does not cross")
        return hex(number)


class _Decoder:
    def __init__(self, buffers: list[bytes], trusted: bool) -> None:
        if sum(len(buffer) for buffer in buffers) > MAX_BYTES:
            raise WireError(f"a message of more than {MAX_BYTES >> 20} MiB is not read")
        self.buffers = buffers
        self.trusted = trusted
        self.nodes = 0

    def node(self, tree: Any, depth: int) -> Any:
        self.nodes += 1
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            raise WireError("malformed message: too deep or too many parts")
        if type(tree) is not list or not tree or type(tree[0]) is not str:
            raise WireError("malformed message: a node is a list that begins with its kind")
        kind, *rest = tree
        read = getattr(self, f"_read_{kind}", None) if kind.isidentifier() else None
        if read is None:
            raise WireError("malformed message: unknown kind")
        return read(depth + 1, *rest)

    def _read_none(self, _: int) -> None:
        return None

    def _read_bool(self, _: int, value: Any) -> bool:
        return bool(_typed(value, bool))

    def _read_int(self, _: int, digits: Any) -> int:
        if len(_typed(digits, str)) > 1100:
            raise WireError("malformed message: an integer is too long")
        return int(digits, 16)

    def _read_float(self, _: int, digits: Any) -> float:
        return float.fromhex(_typed(digits, str))

    def _read_complex(self, _: int, real: Any, imaginary: Any) -> complex:
        return complex(float.fromhex(_typed(real, str)), float.fromhex(_typed(imaginary, str)))

    def _read_str(self, _: int, value: Any) -> str:
        return str(_typed(value, str))

    def _read_array(self, _: int, dtype: Any, shape: Any, index: Any) -> Any:
        if _typed(dtype, str) not in _DTYPES:
            raise WireError("malformed message: unknown dtype")
        if not all(type(side) is int and side >= 0 for side in _typed(shape, list)):
            raise WireError("malformed message: a shape is a list of counts")
        if len(shape) > MAX_DEPTH or not 0 <= _typed(index, int) < len(self.buffers):
            raise WireError("malformed message: no such array")
        array = np.frombuffer(self.buffers[index], _DTYPES[dtype].newbyteorder("<"))
        return array.reshape(shape).astype(_DTYPES[dtype])

    def _read_scalar(self, _: int, dtype: Any, shape: Any, index: Any) -> Any:
        return self._read_array(_, dtype, shape, index)[()]

    def _read_tensor(self, _: int, dtype: Any, shape: Any, index: Any) -> Any:
        import torch

        return torch.from_numpy(self._read_array(_, dtype, shape, index))

    def _read_sparse(self, depth: int, parts: Any) -> Any:
        from scipy.sparse import coo_array

        shape, data, row, column = (self.node(part, depth) for part in _typed(parts, list))
        return coo_array((data, (row, column)), shape=shape)

    def _read_tuple(self, depth: int, items: Any) -> tuple[Any, ...]:
        return tuple(self.node(item, depth) for item in _typed(items, list))

    def _read_list(self, depth: int, items: Any) -> list[Any]:
        return [self.node(item, depth) for item in _typed(items, list)]

    def _read_dict(self, depth: int, pairs: Any) -> dict[Any, Any]:
        return {self.node(k, depth): self.node(v, depth) for k, v in _typed(pairs, list)}

    def _read_items(self, depth: int, complete: Any, items: Any) -> Any:
        values = tuple(self.node(item, depth) for item in _typed(items, list))
        return iter(values) if self.trusted else Items(values, _typed(complete, bool))

    def _read_rng(self, depth: int, digits: Any) -> Any:
        rng = Rng(self._read_int(depth, digits))
        return rng.generator() if self.trusted else rng

    def _read_operator(self, depth: int, name: Any, parameters: Any) -> Any:
        operator = Operator(_typed(name, str), self.node(parameters, depth))
        return operator.function() if self.trusted else operator

    def _read_handle(self, _: int, number: Any) -> Handle:
        return Handle(_typed(number, int))


def _typed(value: Any, kind: type) -> Any:
    if type(value) is not kind:
        raise WireError(f"malformed message: expected {kind.__name__}")
    return value


def kind_name(value: Any) -> str:
    """Return the name of a value's type as a reader would say it."""
    kind = type(value)
    plain = kind.__module__ in ("builtins", "numpy", "__main__")
    return kind.__name__ if plain else f"{kind.__module__}.{kind.__name__}"
