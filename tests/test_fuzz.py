"""Mutated input gives a value or a clean error; what the fuzzer once found stays mended.

`python benchmarks/fuzz.py` does the same for as long as one likes.
"""

import base64
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from autograder.grading import rebuild as rebuilder
from autograder.grading.rebuild import Unreadable, cells_of, read_submission, rebuild
from course_utils import forbidden, wire
from course_utils.agent import Agent
from course_utils.compare import difference
from course_utils.forbidden import inspect_cells
from course_utils.operators import Operator
from course_utils.wire import Items, Message, WireError, decode, encode

sys.path.append(str(Path(__file__).resolve().parent.parent / "benchmarks"))
import fuzz

SEED = 20_240_601
COUNTS = {"wire": 6000, "text": 8000, "reader": 400, "file": 5000, "source": 400, "page": 300}


@pytest.mark.parametrize("target", COUNTS)
def test_mutations_give_a_value_or_a_clean_error(target: str) -> None:
    counts, findings = fuzz.run({target: 1}, SEED, count=COUNTS[target])
    assert not findings, "\n".join(map(str, findings))
    # Some of the mutations must get past the first check, or nothing is tried.
    assert len(counts[target]) > 1


def test_the_fuzzer_notices_what_may_not_happen(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(chance: fuzz.Chance) -> str:
        raise KeyError("escaped")

    monkeypatch.setitem(fuzz.TARGETS, "wire", broken)
    _, findings = fuzz.run({"wire": 1}, SEED, count=3)
    assert [finding.what.split()[0] for finding in findings] == ["KeyError"]


# --- The wire -------------------------------------------------------------------------------------


def node(value: Any) -> Any:
    return encode(value).tree


def refused(tree: Any, *buffers: bytes) -> None:
    with pytest.raises(WireError, match="malformed"):
        decode(Message(tree, list(buffers)))


def test_a_buffer_named_many_times_counts_every_time() -> None:
    refused(["list", [["array", "uint8", [2**20], 0]] * 1000], bytes(2**20))


def test_keys_that_collide_are_refused() -> None:
    start = time.process_time()
    pairs = [[["int", hex(n * (2**61 - 1))], ["none"]] for n in range(40_000)]
    refused(["dict", pairs])
    reals = [float(10**6 * 1_000_003 - 1_000_003 * n).hex() for n in range(40_000)]
    refused(
        ["dict", [[["complex", real, float(n).hex()], ["none"]] for n, real in enumerate(reals)]]
    )
    assert time.process_time() - start < 2


@pytest.mark.parametrize(
    "key",
    [
        node((1, [2])),
        ["tuple", [["handle", 1], ["lent", 0]]],
        ["items", True, []],
        ["tensor", "float64", [], 0],
        ["operator", "scale", ["dict", []]],
    ],
)
def test_keys_are_plain_values(key: Any) -> None:
    refused(["dict", [[key, ["none"]]]], bytes(8))


@pytest.mark.parametrize(
    "tree",
    [
        ["dict", [[["int", "0x1"], ["none"]], [["bool", True], ["none"]]]],
        ["str", "\ud800"],
        ["operator", "\ud800", ["dict", []]],
        ["operator", "scale", ["list", []]],
        ["operator", "scale", ["dict", [[["str", "factor"], ["list", []]]]]],
        ["handle", 2**70],
        ["handle", True],
        ["lent", -1],
        ["int", "0x" + "f" * 1025],
        ["float", "0x" + "f" * 2000],
        ["scalar", "float64", [1], 0],
        ["array", "float64", [0] * 33, 0],
        ["array", "float64", [2**62, 2**62, 0], 0],
    ],
)
def test_nodes_that_are_nearly_right_are_refused(tree: Any) -> None:
    refused(tree, bytes(8))


@pytest.mark.parametrize(
    "shape", [(10**18, 10**18), (-1, 4), (2**63, 1), (4, 4, 4), (4,), 4, (4.0, 4.0), (True, True)]
)
def test_shapes_of_sparse_matrices_are_counts(shape: Any) -> None:
    places = np.array([0, 0], "int32")
    parts = [node(shape), *(["array", name, [2], i] for i, name in enumerate(("float64", "int32")))]
    refused(["sparse", [*parts, ["array", "int32", [2], 1]]], bytes(16), places.tobytes())


def test_bools_are_true_or_false() -> None:
    read = decode(Message(["array", "bool", [2], 0], [b"\x00\x02"]))
    assert read.tolist() == [False, True]
    assert read.view("uint8").tolist() == [0, 1]


def test_a_text_that_would_become_millions_of_objects_is_not_read() -> None:
    for inside in ("[],", '{"":1},', '"a",', "1.5,"):
        text = '{"tree": [' + inside * (2**23 // len(inside)) + '0], "buffers": []}'
        with pytest.raises(WireError, match="too long"):
            Message.from_text(text)


def test_what_is_encoded_can_be_read() -> None:
    """The limits of reading are not below those of writing."""
    for value in (
        '[{,"\\\x00' * 1_000_000,
        "\U0001f600" * (wire.MAX_BYTES // 16),
        [np.zeros((1,) * 30)] * 300,
        [1.5] * (wire.MAX_NODES - 1),
        {f"{n}": None for n in range(wire.MAX_NODES // 2 - 1)},
    ):
        assert difference(wire.through(value), value) is None


def test_an_agent_answers_whatever_an_object_does() -> None:
    class Kind(type):
        def __getattribute__(cls, name: str) -> Any:
            raise SystemExit

    class Odd(Exception, metaclass=Kind):
        def __str__(self) -> str:
            return "\ud800" * 5000

    class Listed(list[int]):
        def __iter__(self) -> Any:
            raise SystemExit

    def raises() -> None:
        raise Odd

    functions = {"raises": raises, "listed": lambda: Listed([1]), "half": lambda: "\ud800"}
    agent = Agent(functions, lambda message: message)
    for name, outcome in (("raises", "raised"), ("listed", "refused"), ("half", "refused")):
        request = encode({"do": "call", "name": name, "arguments": [], "keywords": {}})
        assert decode(agent.answer(request))["outcome"] == outcome


# --- Comparing ------------------------------------------------------------------------------------

HUGE = 2**4000


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (HUGE, 1.0),
        (HUGE, 1j),
        (HUGE, HUGE + 1),
        (np.float32(1), HUGE),
        (np.complex64(1), HUGE),
        ({1j: 1}, {HUGE: 1}),
        (dict.fromkeys((float("nan"),), 1), {float("nan"): 1}),
        (np.array(True), 1.0),
        (np.zeros((0, 3)), np.zeros((3, 0))),
        ("x" * 10**6, "y" * 10**6),
        (dict.fromkeys(range(50000), 0), dict.fromkeys(range(1, 50001), 0)),
        (Items((1,), complete=False), Items((1,), complete=True)),
        (Operator("scale", {"factor": np.float64(1)}), Operator("scale", {})),
    ],
)
def test_any_two_values_can_be_compared(one: Any, other: Any) -> None:
    for got, expected in ((one, other), (other, one)):
        sentence = difference(got, expected)
        assert sentence is not None
        assert len(sentence) < 1000
        assert sentence.endswith(".")


def test_huge_numbers_are_equal_to_themselves() -> None:
    assert difference(HUGE, HUGE) is None
    assert difference(float("inf"), np.inf) is None
    assert difference(complex(1e308, 1e308), complex(1e308, 1.0000001e308)) is None
    assert difference(complex(1e308, 1e308), complex(-1e308, 1e308)) is not None


# Numpy finds everything close to a complex number whose absolute value overflows; we do not.
COMPLEX = st.complex_numbers(max_magnitude=1e300)
NUMBERS = st.floats() | st.integers(-(2**60), 2**60) | COMPLEX | st.floats(-2, 2)


@given(NUMBERS, NUMBERS, st.sampled_from([0.0, 1e-9, 1e-6, 1.0]), st.sampled_from([0.0, 0.5]))
def test_numbers_are_as_close_as_numpy_finds_them(
    one: complex, other: complex, nudge: float, atol: float
) -> None:
    with np.errstate(all="ignore"):
        for got in (one, other, other * (1 + nudge)):
            expected = bool(np.isclose(np.asarray(got), np.asarray(other), 1e-6, atol, True))
            assert (difference(got, other, rtol=1e-6, atol=atol) is None) == expected


def test_tensors_are_compared_like_arrays() -> None:
    torch = pytest.importorskip("torch")
    one, other = torch.arange(6.0), torch.arange(6.0) + torch.eye(6)[2]
    assert difference(one, one.clone()) is None
    assert difference(one, one.double()) is None
    assert "index 2 you return 2, expected 3" in str(difference(one, other))
    assert "shape is wrong" in str(difference(one, one.reshape(2, 3)))
    assert "dtype is wrong" in str(difference(one, one.int()))
    assert "expected a torch.Tensor" in str(difference(one.numpy(), one))
    assert difference(torch.tensor(2), torch.tensor(2)) is None
    assert "you return 2, expected 3" in str(difference(torch.tensor(2), torch.tensor(3)))


def test_sparse_matrices_are_compared_without_filling_them_up() -> None:
    def matrix(value: float, size: int = 10**9) -> Any:
        places = (np.array([0, 5, 5]), np.array([3, 7, 7]))
        return sparse.coo_array(([1.0, value, 1.0], places), shape=(size, size))

    assert difference(matrix(2.0), matrix(2.0)) is None
    assert difference(wire.through(matrix(2.0)), matrix(2.0)) is None
    assert difference(matrix(2.0), matrix(4.0)) == (
        "Values differ: at row 5, column 7 you return 3, expected 5."
    )
    assert "shape is wrong" in str(difference(matrix(2.0), matrix(2.0, size=10**8)))
    empty = sparse.coo_array((10**9, 10**9))
    assert "you return 0, expected 3" in str(difference(empty, matrix(2.0)))


def test_the_worst_of_many_values_is_named() -> None:
    expected = np.zeros(10**6)
    got = expected.copy()
    got[[3, 700_000, 900_000]] = [1.0, 5.0, -2.0]
    assert difference(got, expected) == ("Values differ: at index 700000 you return 5, expected 0.")
    got[800_000] = np.nan
    assert "index 800000" in str(difference(got, expected))


# --- Submissions ----------------------------------------------------------------------------------


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    with path.open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(Unreadable, match=r"n.ipynb holds 1024 MB, of which at most 32 are read"):
        read_submission(path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_only_ordinary_files_are_read(tmp_path: Path) -> None:
    whole, link, pipe = (tmp_path / f"{name}.ipynb" for name in ("whole", "link", "pipe"))
    whole.write_text('{"cells": []}')
    link.symlink_to(whole)
    os.mkfifo(pipe)
    assert read_submission(whole) == []
    for path, sentence in (
        (link, "is a link"),
        (pipe, "no ordinary file"),
        (tmp_path, "no ordinary file"),
        (Path("/dev/zero"), "no ordinary file"),
        (tmp_path / "none.ipynb", "cannot be read: No such file"),
    ):
        with pytest.raises(Unreadable, match=sentence):
            read_submission(path)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"cells": [' + "[]," * 600_000 + "0]}", "more parts than can be read"),
        ('{"cells": ["' + "\\u0000" * 1_600_000 + '"]}', "more parts than can be read"),
        ('{"cells": [' + "9" * 5000 + "]}", "not valid JSON"),
        ('{"cells": ' + "[" * 100_000, "not valid JSON"),
        ("[" * 10**7, "more parts than can be read"),
    ],
)
def test_a_file_that_would_take_much_memory_is_refused(
    text: str, sentence: str, tmp_path: Path
) -> None:
    path = tmp_path / "n.ipynb"
    path.write_text(text)
    with pytest.raises(Unreadable, match=sentence):
        read_submission(path)


def test_a_byte_order_mark_and_constants_do_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    path.write_bytes(b"\xef\xbb\xbf" + b'{"cells": [{"x": NaN, "y": -Infinity, "cells": 1e999}]}')
    assert len(read_submission(path)) == 1


def handed_in(*cells: Any) -> rebuilder.Rebuilt:
    rebuilt = rebuild(fuzz.released(), cells_of({"cells": list(cells)}))
    nbformat.validate(rebuilt.notebook)
    nbformat.writes(rebuilt.notebook).encode()
    return rebuilt


def cell(source: Any, name: str = "own", kind: Any = "code", **more: Any) -> dict[str, Any]:
    return {"cell_type": kind, "id": name, "metadata": {}, "source": source, **more}


def test_half_a_surrogate_pair_can_be_written() -> None:
    rebuilt = handed_in(cell("a = '\ud800\x00'", "f_answer"), cell(["b\udcff"]))
    assert {c.source for c in rebuilt.notebook.cells} >= {"a = '?\x00'", "b?"}


def test_strange_kinds_of_cells_are_not_repeated() -> None:
    kinds: list[Any] = [[[[[]]]], {"x": "y" * 10**6}, "z" * 10**6, None]
    for kind in kinds:
        rebuilt = handed_in(cell("x", "f_answer", kind))
        assert "f: the answer cell had become a strange cell." in rebuilt.remarks


def test_a_thousand_cells_of_ones_own_are_too_many() -> None:
    rebuilt = handed_in(*(cell(f"x = {n}") for n in range(1000)))
    own = [c for c in rebuilt.notebook.cells if c.metadata.get("added")]
    assert len(own) == rebuilder.MOST_OWN_CELLS
    assert "Of your own cells 500 were left out" in rebuilt.remarks[0]
    rebuilt = handed_in(*(cell(str(n) + "x" * 90_000) for n in range(9)), cell("y" * 10**7))
    assert sum(len(c.source) for c in rebuilt.notebook.cells) < 600_000
    assert "Of your own cells 5 were left out" in rebuilt.remarks[0]


def test_an_answer_of_megabytes_is_not_taken() -> None:
    rebuilt = handed_in(cell("x" * 10**7, "f_answer"))
    assert rebuilt.remarks[0] == (
        "f: the answer is longer than 100000 characters, so it was not taken."
    )


def test_pieces_that_nest_too_deeply_are_copies() -> None:
    for deep in ("-" * 50_000 + "1", "(" * 150 + ")" * 150, "x\x00"):
        rebuilt = handed_in(cell(f"a = {deep}", "f_answer"), cell(f"b = {deep}", "f_answer"))
        assert "f: " in rebuilt.remarks[0]


def test_only_pictures_stay_of_attachments() -> None:
    png = base64.b64encode(b"\x89PNG\r\n\x1a\nrest").decode()
    large = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(6 * 2**20)).decode()
    attachments = {
        "\ud800": {"image/png": [png[:4], png[4:]], "text/html": "<b>"},
        "html": {"image/png": base64.b64encode(b"<html>").decode()},
        "large": {"image/png": large},
        "odd": {"image/png": "\ud800", "image/jpeg": png},
        **{f"p{n}": {"image/png": png} for n in range(100)},
    }
    rebuilt = handed_in(cell("words", "why", "markdown", attachments=attachments))
    (kept,) = [c.attachments for c in rebuilt.notebook.cells if "attachments" in c]
    assert len(kept) == rebuilder.MOST_PICTURES
    assert kept["?"] == {"image/png": png}
    assert not {"html", "large", "odd"} & set(kept)


# --- Sources --------------------------------------------------------------------------------------

NAMES = [f"a{n}" for n in range(5000)]
F = "import scipy\ndef f(x):\n    return scipy.fft.fft(x)"


@pytest.mark.parametrize(
    "source",
    [
        "%time x\n" * 2000,
        "a?\n" * 1000 + "a," * 20_000,
        "x = 1" + "+1" * 5000,
        "x = " + "-" * 60_000 + "1",
        "a" + ".b" * 10_000,
        "if a: b\n" + "elif c: d\n" * 5000,
        "x = " + "9" * 5000,
        "y = 1\n" * 20_000,
        "lambda:" * 5000 + "x",
    ],
)
def test_a_cell_that_cannot_be_followed_is_named(source: str) -> None:
    start = time.process_time()
    findings = inspect_cells([source, F], "f", ("scipy",))
    assert "scipy.fft.fft" in findings.forbidden
    assert findings.dynamic == (forbidden.UNCLEAR,)
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    "source",
    [
        "f = 1" + "+1" * 300,
        "if a: b\n" + "elif c: d\n" * 300,
        "f = " + "=".join(NAMES) + "= (" + ",".join(NAMES) + ")",
        "f = " + "".join(f"lambda x{n}: " for n in range(240)) + "x",
        "from numpy import *\n" * 1000 + "f = (" + ",".join(NAMES) + ")",
        "x = '\ud800'",
        "x = 1\x00",
        "  indented\n not",
    ],
)  # fmt: skip
def test_deep_and_long_cells_are_followed_in_time(source: str) -> None:
    start = time.process_time()
    assert inspect_cells([source], "f", ("scipy",)).dynamic == ()
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    "cell",
    [
        "%%time\nfrom scipy.ndimage import correlate as c",
        "%%capture out\nimport scipy.ndimage\nc = scipy.ndimage.correlate",
        "import scipy.ndimage\n%time c = scipy.ndimage.correlate",
        "from scipy.ndimage.filters import *",
    ],
)
def test_what_a_magic_or_a_star_brings_is_found(cell: str) -> None:
    assert inspect_cells([cell, "def f(x):\n    return c(x)"], "f", ("scipy",)).forbidden


def test_no_module_of_a_students_choice_is_imported() -> None:
    """Importing `numpy.f2py.__main__` runs a program and ends the process."""
    code = (
        "from course_utils.forbidden import inspect_cells\n"
        "cells = ['from numpy.f2py.__main__ import *', 'def f(): g()']\n"
        "print(inspect_cells(cells, 'f', ['scipy']).forbidden)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "()\n"), done.stderr


def test_of_keys_those_are_named_that_differ() -> None:
    many = {f"a long name, number {i}": i for i in range(50)}
    fewer = {name: i for name, i in many.items() if i != 31} | {"another": 31}
    sentence = "Missing: a long name, number 31. Not expected: another."
    assert difference(fewer, many) == sentence
