"""Throws mutated input at everything that reads what students send, and reports what escapes.

    python benchmarks/fuzz.py --seconds 60 --seed 1
    python benchmarks/fuzz.py --count 1000000 --only wire
    python benchmarks/fuzz.py --only reader --trial 4711 --seed 1      # one trial again

A trial is made from its seed, target and number alone, so any of them can be run again. What may
come of one is a value, or the one exception that the target names; any other exception, more than
a second of processor time, or more than 300 MB of memory is a finding, and the exit status is 1.
"""

import argparse
import json
import math
import random
import resource
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
import numpy as np
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder import markup
from autograder.grading.rebuild import Unreadable, cells_of, read_submission, rebuild
from course_utils.compare import difference
from course_utils.forbidden import inspect_cells
from course_utils.operators import Operator
from course_utils.wire import Handle, Items, Lent, Message, Rng, WireError, decode, encode

SECONDS = 1.0
MEGABYTES = 300

Chance = random.Random


@dataclass(frozen=True)
class Finding:
    """A trial that did what none may."""

    target: str
    trial: int
    what: str
    shown: str

    def __str__(self) -> str:
        return f"{self.target} {self.trial}: {self.what}\n    {self.shown}"


class Unsound(Exception):
    """What came out is not what may come out."""


def timed(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a function, which may not take long."""
    start = time.process_time()
    try:
        return function(*arguments)
    finally:
        seconds = time.process_time() - start
        if seconds > SECONDS:
            raise Unsound(f"{function.__name__} took {seconds:.1f} s")


# --- Junk -----------------------------------------------------------------------------------------

_STRINGS = [
    *("", "a", "none", "float64", "object", "V8", "f8,i4", "int", "array", "0x1.8p+1", "nan"),
    "inf",
    *("-0x1p+2000", "0x" + "f" * 1024, "0x" + "f" * 1100, "9" * 5000, "1_0", "١٢", "\ud800"),
    "\x00",
    *("\U0001f600", "e\u0301", "\u202e", "__class__", "node", "x" * 3000, "os.system", "scale"),
    *("</script>", "image/png", "code", "markdown", "raw", "cells", "\ufeff", "\udcff.ipynb"),
]
_NUMBERS = [
    *(0, 1, -1, 2, 7, 255, 256, 2**31, 2**32, 2**53 + 1, 2**62, 2**63 - 1, 2**63, 2**64, -(2**63)),
    *(10**18, 10**400, -(10**4000), 1.5, -0.0, 1e308, 5e-324, math.nan, math.inf, -math.inf),
]


def junk(chance: Chance, depth: int = 0) -> Any:
    """Make some JSON value that is probably not what is expected."""
    kind = chance.randrange(8 if depth < 3 else 5)
    if kind == 0:
        return chance.choice([None, True, False])
    if kind in (1, 2):
        return chance.choice(_NUMBERS)
    if kind in (3, 4):
        return chance.choice(_STRINGS)
    items = [junk(chance, depth + 1) for _ in range(chance.randrange(4))]
    if kind == 5:
        return {chance.choice(_STRINGS): item for item in items}
    return items


def spot(chance: Chance, holder: list[Any], deeper: float = 0.8) -> tuple[Any, Any]:
    """Return a container in a JSON value, and one of its keys."""
    container: Any = holder
    key: Any = chance.randrange(len(holder))
    while isinstance(container[key], (list, dict)) and container[key] and chance.random() < deeper:
        container = container[key]
        keys = list(container) if isinstance(container, dict) else range(len(container))
        key = chance.choice(keys)
    return container, key


def mutate(chance: Chance, tree: Any, make: Callable[[Chance], Any], deeper: float = 0.8) -> Any:
    """Change a JSON value in a few places; `make` makes what is put there."""
    holder = [tree]
    for _ in range(chance.choice([1, 1, 1, 2, 3])):
        container, key = spot(chance, holder, deeper)
        how = chance.randrange(8)
        if how < 5 or container is holder:
            container[key] = make(chance)
        elif how == 5:
            other, name = spot(chance, holder)
            container[key] = json.loads(json.dumps(other[name]))
        elif how == 6:
            del container[key]
        elif isinstance(container, list):
            container[key:key] = [container[key]] * chance.choice([1, 2, 20])
    if chance.random() < 0.02:
        container, key = spot(chance, holder)
        for _ in range(chance.choice([1, 5, 40, 2000])):
            container[key] = [container[key]]
    return holder[0]


def mutate_bytes(chance: Chance, content: bytes) -> bytes:
    """Change some bytes of a file."""
    changed = bytearray(content)
    for _ in range(chance.choice([1, 1, 2, 5, 20])):
        place = chance.randrange(len(changed) + 1)
        how = chance.randrange(5)
        if how == 0:
            changed[place : place + 1] = bytes([chance.randrange(256)])
        elif how == 1:
            changed[place : place + chance.randrange(30)] = b""
        elif how == 2:
            changed[place:place] = changed[place : place + chance.randrange(200)]
        elif how == 3:
            changed[place:place] = chance.choice(_PIECES)
        else:
            del changed[place:]
    return bytes(changed)


_PIECES = [
    *(b'[]{}",:0', b"NaN", b"-Infinity", b"1e999", b'"\\ud800"', b"\xff\xfe", b"\xef\xbb\xbf"),
    *(b"9" * 5000, b"[" * 2000, b'{"a":' * 500, b'"cells":[],', b"\\u0000", b"\x00", b"null"),
    *(b'\\"' * 300_000, b"\\\\" * 300_000, b'"' + b'\\"' * 300_000 + b'"', b'","' * 200_000),
]
"""The last four are long: what reads strings must not need the square of their length."""


# --- The wire -------------------------------------------------------------------------------------


@lru_cache
def values() -> list[Any]:
    """Return values of every kind that crosses."""
    import torch
    from scipy import sparse

    rng = np.random.default_rng(0)
    matrix = sparse.random_array((4, 5), density=0.4, rng=0, format="coo")
    plain = [
        *(None, True, 0, -7, 2**4000, 1.5, math.nan, math.inf, 2 - 1j, "text", "", (), [], {}),
        "\U0001f600" * 1001,
        *(np.float32(1.5), np.int8(3), np.bool_(True), np.complex64(1j), np.float64("nan")),
        *(np.array(2.0), np.array(True), np.zeros(0), np.zeros((0, 3))),
        np.arange(12).reshape(3, 4),
        *(rng.random((3, 4)), rng.random(5) + 1j, np.eye(3, dtype=bool), np.full(3, np.inf)),
        *(np.array([2**64 - 1], "uint64"), np.array([1, 2], "float16"), matrix),
        *(torch.arange(6.0).reshape(2, 3), torch.tensor(3), torch.tensor([True])),
        *(Items((1, 2.0), complete=True), Items((), complete=False), Rng(7), Handle(3), Lent(0)),
        Lent(1, ("forward", "backward")),
        Operator("scale", {"factor": 2.0}),
    ]
    nested = [
        (1, [2.0, (np.ones(2), {"a": None, 1: (True, "b"), (2, 3): [matrix]})]),
        {"outcome": "returned", "value": rng.random((2, 2)), "arguments": [np.ones(3), None]},
        {"outcome": "raised", "type": "ValueError", "types": ["ValueError"], "message": ""},
        {math.nan: 1, 0.5: 2, None: 3, 1j: 4, 2**4000: 5},
        [[[[[[[["deep"]]]]]]]],
    ]
    return plain + nested


@lru_cache
def _messages() -> list[tuple[str, list[bytes]]]:
    """Return trees and buffers of the values; the first three buffers are free for other nodes."""
    messages = [encode(value) for value in values()]
    return [(json.dumps(_shifted(made.tree)), made.buffers) for made in messages]


def _shifted(tree: Any) -> Any:
    if not isinstance(tree, list):
        return tree
    if tree and tree[0] in ("array", "scalar", "tensor", "text"):
        return [*tree[:-1], tree[-1] + 3]
    return [_shifted(item) for item in tree]


_KINDS = [
    *("none", "bool", "int", "float", "complex", "str", "array", "scalar", "tensor", "sparse"),
    *("tuple", "list", "dict", "items", "rng", "operator", "handle", "lent", "text"),
]
_DTYPES = ["bool", "int8", "uint64", "float16", "float64", "complex128", "object", "float128", "S"]


def node(chance: Chance) -> Any:
    """Make a node of a message's tree: often well formed, sometimes with something wrong in it."""
    how = chance.randrange(12)
    if how == 0:
        return junk(chance)
    if how == 1:
        return [chance.choice(_KINDS), *(junk(chance) for _ in range(chance.randrange(4)))]
    if how in (2, 3):
        return _array_node(chance)
    if how in (4, 5):
        return _sparse_node(chance)
    if how == 6:
        return ["dict", [[node(chance), node(chance)] for _ in range(chance.randrange(4))]]
    if how == 7:
        return [chance.choice(["int", "rng"]), hex(chance.choice([0, -1, 2**64, 2**4095, 2**4399]))]
    if how == 8 and chance.random() < 0.5:
        return ["text", chance.choice([0, 1, 2, 3, -1, 10**6, None])]
    if how == 8:
        return [chance.choice(["float", "complex"]), *chance.choices(_STRINGS, k=2)]
    return json.loads(chance.choice(_messages())[0])


def _array_node(chance: Chance, kind: str = "") -> Any:
    kind = kind or chance.choice(["array", "array", "scalar", "tensor"])
    if chance.random() < 0.5:
        fitting = [("float64", [2]), ("float32", [2, 2]), ("uint8", [4, 1, 4]), ("complex128", [])]
        dtype, shape = chance.choice([*fitting, ("bool", [16]), ("int64", [2]), ("float16", [8])])
        return [kind, dtype, shape, 0]
    sides: list[float] = [0, 1, 2, 3, 4, 10**18, 2**63, -1, 2.0]
    sizes = chance.choices(sides, [4, 4, 9, 4, 4, 1, 1, 1, 1], k=chance.choice([0, 1, 1, 2, 33]))
    return [kind, chance.choice(_DTYPES), sizes, chance.choice([0, 0, 1, 2, 3, -1, 10**6])]


def _sparse_node(chance: Chance) -> Any:
    sides = chance.choices(
        [0, 1, 4, 5, 2**31, 10**9, 10**18, 2**63, -1], k=chance.choice([2, 2, 3])
    )
    shape = ["tuple", [["int", hex(side)] for side in sides]]
    parts = [_array_node(chance, "array") for _ in range(3)]
    if chance.random() < 0.8:
        parts = [["array", chance.choice(["float64", "complex128", "bool"]), [2], 0]]
        parts += [["array", "int32", [2], chance.choice([1, 2])] for _ in range(2)]
    return ["sparse", [shape, *parts]]


def _buffers(chance: Chance, buffers: list[bytes]) -> list[bytes]:
    indices = np.array([0, chance.choice([0, 1, 3, -1])], "<i4").tobytes()
    buffers = [
        np.array([0.5, chance.choice([math.nan, 0.5])]).tobytes(),
        indices,
        indices,
        *buffers,
    ]
    if chance.random() < 0.2:
        index = chance.randrange(len(buffers))
        buffer = buffers[index]
        buffers[index] = chance.choice([b"", buffer[:-1], buffer * 3, bytes([255]) * len(buffer)])
    return buffers


def _large(chance: Chance) -> Message:
    """Make a message that is as expensive as a small one can be."""
    how = chance.randrange(8)
    megabyte = bytes(2**20)
    if how == 0:
        return Message(["list", [["array", "uint8", [2**20], 0]] * 99_000], [megabyte])
    if how == 1:
        keys = [["complex", float(10**6 * 1000003 - 1000003 * i).hex(), float(i).hex()]
                for i in range(40_000)]  # fmt: skip
        return Message(["dict", [[key, ["none"]] for key in keys]], [])
    if how == 2:
        keys = [["int", hex(i * (2**61 - 1))] for i in range(40_000)]
        return Message(["dict", [[key, ["none"]] for key in keys]], [])
    if how == 3:
        return Message(["array", chance.choice(["uint8", "float64", "complex64"]), [-1], 0], [])
    if how == 4:
        return Message(["str", chance.choice(["x", "\U0001f600"]) * 2**23], [])
    if how == 5:
        return Message(["list", [["int", "0x" + "f" * 1024]] * 99_000], [])
    if how == 6:
        return Message(["array", "uint8", [4, 2**20], 0], [megabyte * 4])
    return Message(["tuple", [["list", [["none"]] * 300]] * 300], [])


def message(chance: Chance) -> Message:
    """Make a mutated message."""
    if chance.random() < 0.0005:
        return _large(chance)
    text, buffers = chance.choice(_messages())
    holder = [json.loads(text)]
    for _ in range(chance.choice([1, 1, 2, 3])):
        container, key = spot(chance, holder)
        if isinstance(container[key], list) and container[key][:1] and _is_kind(container[key][0]):
            container[key] = node(chance)
    tree = mutate(chance, holder[0], node) if chance.random() < 0.4 else holder[0]
    return Message(tree, _buffers(chance, buffers))


def _is_kind(value: Any) -> bool:
    return isinstance(value, str) and value in _KINDS


def try_wire(chance: Chance) -> str:
    """Decode a mutated message and compare what it holds with other values, both ways."""
    made = message(chance)
    try:
        value = timed(decode, made)
    except WireError as error:
        _sound(str(error))
        return "WireError"
    others = [*chance.sample(values(), 3), _decoded_before(chance), decode(made)]
    for other in others:
        for one, two in ((value, other), (other, value)):
            _sound(timed(difference, one, two))
    _SEEN[chance.randrange(len(_SEEN))] = value
    return "value"


_SEEN: list[Any] = [None] * 16


def _decoded_before(chance: Chance) -> Any:
    return chance.choice(_SEEN)


def _sound(sentence: Any) -> None:
    if sentence is None:
        return
    if not isinstance(sentence, str) or not 0 < len(sentence) < 2000:
        raise Unsound(f"no sentence: {repr(sentence)[:100]}")
    sentence.encode()


@lru_cache
def _encoded() -> list[Message]:
    return [encode(value) for value in values()]


def try_text(chance: Chance) -> str:
    """Read a message from a text with wrong characters."""
    text = mutate_bytes(chance, chance.choice(_encoded()).to_text().encode())
    return _read(chance, Message.from_text, text.decode("utf-8", "replace"))


def try_frames(chance: Chance) -> str:
    """Read a message from what a kernel sends, with wrong bytes or frames."""
    frames = chance.choice(_encoded()).to_frames()
    if chance.random() < 0.8:
        frames[0] = mutate_bytes(chance, frames[0])
    if chance.random() < 0.3:
        frames = [frames[0], *_buffers(chance, frames[1:])]
    return _read(chance, Message.from_frames, frames)


def _read(chance: Chance, read: Callable[[Any], Message], sent: Any) -> str:
    try:
        value = timed(decode, timed(read, sent))
    except WireError as error:
        _sound(str(error))
        return "WireError"
    _sound(difference(value, chance.choice(values())))
    return "value"


# --- The reader of submissions --------------------------------------------------------------------


@lru_cache
def released() -> Any:
    """Return a small released notebook with one cell of each kind."""

    def keys(name: str, **more: Any) -> dict[str, Any]:
        return {"nbgrader": {"grade_id": name, "schema_version": 3, "task": False, **more}}

    cells = [
        new_markdown_cell("# Text", id="text"),
        new_code_cell("import numpy as np", id="imports"),
        new_code_cell(
            "def f(x):\n    pass", id="f_answer", metadata=keys("f_answer", solution=True)
        ),
        new_code_cell("check.f(f)", id="f", metadata=keys("f", grade=True, points=2)),
        new_markdown_cell("Why?", id="why", metadata=keys("why", grade=True, solution=True)),
    ]
    return new_notebook(cells=cells)


@lru_cache
def _submission() -> str:
    document = json.loads(nbformat.writes(released()))
    document["cells"][2]["source"] = ["def f(x):\n", "    return np.sum(x)"]
    document["cells"][4]["source"] = "Because $x^2$ ![p](attachment:p.png)"
    document["cells"][4]["attachments"] = {"p.png": {"image/png": _PNG}}
    own = {"cell_type": "code", "id": "own", "metadata": {}, "source": "y = 1", "outputs": []}
    document["cells"].insert(3, own)
    return json.dumps(document)


_PNG = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
    "gg=="
)


def try_reader(chance: Chance) -> str:
    """Rebuild a mutated notebook, and write what comes of it."""
    document = mutate(chance, json.loads(_submission()), _cell_junk, 0.95)
    try:
        cells = timed(cells_of, document)
    except Unreadable as error:
        _sound(str(error))
        return "Unreadable"
    rebuilt = timed(rebuild, released(), cells)
    for remark in rebuilt.remarks:
        _sound(remark)
    nbformat.validate(rebuilt.notebook)
    nbformat.writes(rebuilt.notebook).encode()
    names = {cell.id for cell in rebuilt.notebook.cells}
    if not {cell.id for cell in released().cells} <= names:
        raise Unsound("a released cell is missing")
    return "value"


def _cell_junk(chance: Chance) -> Any:
    how = chance.randrange(6)
    if how == 0:
        return source(chance)
    if how == 1:
        names = ["f_answer", "why", "f", "text", "added-1", "own", "\ud800", ""]
        return chance.choice(
            [chance.choice(names), {"nbgrader": {"grade_id": chance.choice(names)}}]
        )
    if how == 2:
        return [source(chance), *(junk(chance) for _ in range(3))]
    if how == 3:
        mime = chance.choice(["image/png", "image/jpeg", "text/html", "image/svg+xml"])
        return {chance.choice(_STRINGS): {mime: chance.choice([_PNG, [_PNG], "AAAA", "\ud800", 3])}}
    return junk(chance)


def try_file(chance: Chance) -> str:
    """Read a file that is a notebook with some bytes changed."""
    path = Path(_folder()) / "n.ipynb"
    path.write_bytes(mutate_bytes(chance, _submission().encode()))
    try:
        cells = timed(read_submission, path)
    except Unreadable as error:
        _sound(str(error))
        return "Unreadable"
    nbformat.writes(timed(rebuild, released(), cells).notebook).encode()
    return "value"


@lru_cache
def _folder() -> str:
    return _FOLDER.name


_FOLDER = TemporaryDirectory(prefix="fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)


# --- Sources --------------------------------------------------------------------------------------

_CODE = [
    "import numpy as np\nfrom scipy import ndimage as nd\ndef f(x):\n    return nd.correlate(x, x)",
    "from numpy import *\nfrom scipy.ndimage import *\ndef f(x):\n    return correlate(x, pad(x))",
    "class A:\n    def g(self):\n        global h\n        h = lambda y, *, z=1: [a for a in y]"
    "\ndef f(x):\n    with A() as a:\n        return a.g()(x)",
    "%matplotlib inline\nfiles = !ls\n?f\nf??\n%time f = np.convolve\n/f x\n,f x y\n!a \\\n b",
    "%%time -o\nimport scipy.signal as s\nf = s.convolve",
    "In [1]: f = 3\n   ...: g = f\nOut[1]: 4",
    ">>> def f(x):\n...     return f'{x!r:{x}}' if (y := x) else (yield)\n",
    "async def f(x):\n    async for a in x:\n        await a\n    try:\n        pass\n"
    "    except* E as e:\n        del e\n    match x:\n        case [f]:\n            b",
]
_TOKENS = [
    *("(", ")", "[", "]", "{", "}", ":", "=", ":=", "\n", "\n    ", "\t", "\\\n", "'", '"', "'''"),
    *("#", "%", "%%", "!", "?", ";", ",", "/", "@", "*", "**", ".", "...", "->", "\x00", "\ud800"),
    *("\r", "\x0c", "\ufeff", "lambda x:", "f'{", "}'", "def f(", "class f:", "import ", "from . "),
    *("from numpy.f2py.__main__ import *\n", "numpy", "global f\n", "del f\n", "if x:\n"),
    "else:\n",
    *("9" * 5000, "0x", "1e", "é", "𝒻", "get_ipython()", "print\u00a0(x)", "%time "),
    "# -*- coding: x",
]
_DEEP = [
    *("(", "[", "-", "not ", "lambda:", "a.", "f(", "a[", "1+", "2**", "x if y else ", "if x:\n "),
    *("if a: b\nelif c:", "a=", "a,", "a;", "%time x\n", "a?\n", "f'{", "\\\n", "{**", "@f\n"),
    *("a<", '\\"', '"\\""', " ", "\n", "# "),
]


def source(chance: Chance) -> str:
    """Make a source that is nearly a program."""
    return edited(chance, _CODE, _TOKENS, _DEEP)


def edited(chance: Chance, texts: list[str], marks: list[str], repeated: list[str]) -> str:
    """Return one of some texts with pieces put in, cut out, and rarely repeated very often."""
    text = chance.choice(texts)
    for _ in range(chance.choice([1, 1, 2, 4, 8])):
        place = chance.randrange(len(text) + 1)
        how = chance.randrange(6)
        if how < 3:
            put, gone = chance.choice(marks), chance.randrange(3)
        elif how == 3:
            put, gone = "", chance.randrange(16)
        elif how == 4:
            put, gone = chance.choice(texts), 0
        else:
            put, gone = chance.choice(repeated), 0
            times = [50, 600, 5000, 500_000 // len(put)]
            put *= chance.choices(times, [30, 30, 30, 1])[0] if chance.random() < 0.05 else 0
        text = text[:place] + put + text[place + gone :]
    return text


def try_source(chance: Chance) -> str:
    """Look for forbidden calls in nearly a program."""
    cells = [source(chance) for _ in range(chance.choice([1, 1, 2]))]
    found = timed(inspect_cells, cells, "f", ("scipy", "numpy.convolve"))
    return "forbidden" if found.forbidden else "dynamic" if found.dynamic else "nothing"


# --- Pages ----------------------------------------------------------------------------------------

_WRITTEN = [
    "# A\n\n*b* **c** `d` ~~e~~\n\n1. f\n   - g\n\n> h\n\n|i|j|\n|-|-:|\n|k|$x^2$|\n\n***\n\n    l",
    "$x^2$ $$\\frac{a}{\\sqrt[3]{b}}$$\n\n$$\n\\sum_{i=1}^{n} \\left( x_i \\right)\n$$\n",
    "\\begin{align}\na &= \\text{b} \\\\\nc &= \\begin{matrix}1&2\\\\3\\end{matrix}\n\\end{align}",
    "[a](https://b.example 'c') ![d](attachment:p.png) <https://e.example> [f][g]\n\n[g]: /h 'i'\n",
    "<script>alert(1)</script> <img src=x onerror=alert(1)> <!-- --> <![CDATA[ ]]> &lt;b&gt; &#60;",
    "$\\href{javascript:alert(1)}{x} \\text{<script>} \\style{a:url(b)}{c} \\class{d}{e}$",
    "```html\n<b>\n```\n\n~~~\n$a$\n~~~\n",
]
_MARKS = [
    *("<", ">", "&", "'", '"', "`", "$", "$$", "\\", "{", "}", "[", "]", "(", ")", "!", "*", "_"),
    "|",
    *("#", "~~", "-", "\n", "\n\n", "\t", "    ", "\x00", "\ud800", "\u202e", "\x1b]8;;x\x07"),
    "\r",
    *("\\frac", "\\text{", "\\left(", "^", "_{", "\\begin{align}", "\\end{align}", "&lt;"),
    "&#x3c;",
    *("</p>", "</code>", "</math>", "<style>", "<svg onload=x>", "javascript:", "attachment:p.png"),
    *("\\def\\a{\\a\\a}\\a", "\\hspace{99em}", "\\color{red}", 'src="', "](", "-->", "]]>"),
    "|-|\n",
]


def try_page(chance: Chance) -> str:
    """Show a mutated answer, and an output, on a page."""
    text = edited(chance, _WRITTEN, _MARKS, _MARKS)
    html = timed(markup.markdown, text, {"p.png": f"data:image/png;base64,{_PNG}"})
    html += timed(markup.equation, text[: markup.LONGEST_EQUATION])
    _Harmless(html).close()
    html.encode()
    return "mathml" if "<math" in html else "html"


class _Harmless(HTMLParser):
    """Raises `Unsound` where HTML has what no student's text may become."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        if tag not in markup.TAGS | markup.MATHML or names & {"href", "style", "class", "id"}:
            raise Unsound(f"element {tag} with {sorted(names)}")
        if any(name.startswith("on") or name.startswith("xlink") for name in names):
            raise Unsound(f"element {tag} with {sorted(names)}")
        if not str(dict(attrs).get("src", "data:image/png;base64,")).startswith("data:image/png;"):
            raise Unsound(f"element {tag} loads {dict(attrs)['src']}")

    def handle_comment(self, data: str) -> None:
        raise Unsound(f"a comment: {data[:80]}")


# --- Running --------------------------------------------------------------------------------------

TARGETS: dict[str, Callable[[Chance], str]] = {
    "wire": try_wire,
    "text": try_text,
    "frames": try_frames,
    "reader": try_reader,
    "file": try_file,
    "source": try_source,
    "page": try_page,
}
SHARES = {"wire": 20, "text": 3, "frames": 5, "reader": 1, "file": 2, "source": 2, "page": 2}
"""How many trials of each target are run in turn."""


def trial(target: str, number: int, seed: int) -> tuple[str, Finding | None]:
    """Run one trial and return what came of it, and a finding if it may not."""
    chance = random.Random(f"{seed} {target} {number}")
    memory = _peak()
    try:
        outcome = TARGETS[target](chance)
    except Exception as error:  # noqa: BLE001  anything that escapes is what is looked for
        last = traceback.extract_tb(error.__traceback__)[-1]
        what = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
        return "finding", Finding(target, number, what, str(error)[:200])
    megabytes = _peak() - memory
    if megabytes > MEGABYTES:
        return outcome, Finding(target, number, "too much memory", f"{megabytes} MB")
    return outcome, None


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def run(
    targets: dict[str, int], seed: int, *, count: int = 0, seconds: float = 0.0, first: int = 0
) -> tuple[dict[str, dict[str, int]], list[Finding]]:
    """Run trials of targets in turn, a number of them or for some time.

    Returns
    -------
    counts : by target and outcome.
    findings : one of each kind and place.
    """
    counts: dict[str, dict[str, int]] = {target: {} for target in targets}
    findings: dict[tuple[str, str], Finding] = {}
    values()
    end, done, turn = time.monotonic() + seconds, 0, first
    while (done < count) if count else (time.monotonic() < end):
        for target, share in targets.items():
            for number in range(turn * share, (turn + 1) * share):
                outcome, finding = trial(target, number, seed)
                counts[target][outcome] = counts[target].get(outcome, 0) + 1
                if finding is not None:
                    findings.setdefault((target, finding.what), finding)
                done += 1
        turn += 1
    return counts, list(findings.values())


def main() -> None:
    """Run the fuzzer and print what it found."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--count", type=int, default=0, help="run this many trials instead")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=TARGETS, default="")
    parser.add_argument("--trial", type=int, default=-1, help="run this trial of a target again")
    options = parser.parse_args()
    if options.trial >= 0:
        print(
            TARGETS[options.only](random.Random(f"{options.seed} {options.only} {options.trial}"))
        )
        return
    # What takes all memory is then a MemoryError, and so a finding.
    resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, resource.RLIM_INFINITY))
    targets = {options.only: 1} if options.only else SHARES
    start = time.monotonic()
    counts, findings = run(targets, options.seed, count=options.count, seconds=options.seconds)
    for target, outcomes in counts.items():
        said = ", ".join(f"{number:,} {outcome}" for outcome, number in sorted(outcomes.items()))
        print(f"{target:8}{sum(outcomes.values()):>12,}  ({said})")
    total = sum(sum(outcomes.values()) for outcomes in counts.values())
    print(f"{total:,} trials in {time.monotonic() - start:.0f} s, seed {options.seed}, "
          f"peak {_peak()} MB, {len(findings)} kinds of findings")  # fmt: skip
    for finding in findings:
        print(finding)
    sys.exit(bool(findings))


if __name__ == "__main__":
    main()
