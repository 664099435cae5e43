"""Forbidden calls are found under any alias, and nothing honest is taken for one."""

import pytest

from autograder.grading.side_doors import carried, rigged
from course_utils.forbidden import inspect_cells, inspect_function

BANS = ("scipy", "numpy.convolve")

FORBIDDEN = {
    "whole library": ["import scipy.ndimage\ndef f(x):\n    return scipy.ndimage.correlate(x, x)"],
    "alias": ["from scipy import ndimage as nd\ndef f(x):\n    return nd.correlate(x, x)"],
    "name": ["from scipy.ndimage import correlate\ndef f(x):\n    return correlate(x, x)"],
    "renamed": ["from scipy.ndimage import correlate as c\ndef f(x):\n    return c(x, x)"],
    "other cell": ["import numpy as np", "def f(x):\n    return np.convolve(x, x)"],
    "inside": ["def f(x):\n    import scipy\n    return scipy.ndimage.correlate(x, x)"],
    "inside, from": ["def f(x):\n    from scipy.ndimage import correlate as c\n    return c(x, x)"],
    "through a helper": [
        "import numpy as np\ndef helper(x):\n    return np.convolve(x, x)",
        "def f(x):\n    return helper(x)",
    ],
    "through a value": ["import numpy as np\ng = np.convolve", "def f(x):\n    return g(x, x)"],
    "through a local value": [
        "import numpy as np\ndef f(x):\n    g = np.convolve\n    return g(x, x)"
    ],
    "through a class": [
        "from scipy import ndimage\nclass Tool:\n    def run(self, x):\n"
        "        return ndimage.correlate(x, x)",
        "def f(x):\n    return Tool().run(x)",
    ],
    "through a lambda": ["import numpy as np\nf = lambda x: np.convolve(x, x)"],
    "star": ["from scipy.ndimage import *\ndef f(x):\n    return correlate(x, x)"],
    "beside a magic": ["%matplotlib inline\nimport scipy\ndef f(x):\n    return scipy.fft.fft(x)"],
    "beside a shell line": ["import scipy\nfiles = !ls\ndef f(x):\n    return scipy.fft.fft(x)"],
    "under another name of numpy's": [
        "import numpy as np\ndef f(x):\n    return np.ma.convolve(x, x)"
    ],
    "through a loop": [
        "import numpy as np\nfor g in [np.convolve]:\n    pass",
        "def f(x):\n    return g(x, x)",
    ],
    "decorated": [
        "import scipy\ndef wrap(g):\n    return scipy.ndimage.correlate\n@wrap\ndef f(x):\n"
        "    return x"
    ],
}

HONEST = {
    "an experiment defined before the answer": [
        "from scipy import ndimage\ndef f(x):\n    return ndimage.correlate(x, x)",
        "def f(x):\n    return x",
    ],
    "two stars": [
        "from numpy import *\nfrom scipy.ndimage import *",
        "def f(x):\n    return pad(x, 1)",
    ],
    "an import replaced by a function": [
        "from scipy.ndimage import correlate",
        "def correlate(x):\n    return x",
        "def f(x):\n    return correlate(x)",
    ],
    "a local name of another function": [
        "from scipy import ndimage\ndef benchmark(x):\n    out = ndimage.correlate(x, x)",
        "out = 3",
        "def f(x):\n    return x + out",
    ],
    "elsewhere": [
        "from scipy import ndimage\nprint(ndimage.correlate([1.0], [1.0]))",
        "def f(x):\n    return x",
    ],
    "a parameter of the same name": [
        "from scipy import signal\nsignal.windows",
        "def f(signal):\n    return signal + 1",
    ],
    "a local of the same name": [
        "from scipy import ndimage\nout = ndimage.correlate([1.0], [1.0])",
        "def f(x):\n    out = x + 1\n    return out",
    ],
    "a word": ["def f(x):\n    'unlike scipy or np.convolve'\n    return x"],
    "another function of the library": ["import numpy as np\ndef f(x):\n    return np.pad(x, 1)"],
    "broken cells": ["def f(:", "def f(x):\n    return x"],
}


@pytest.mark.parametrize("cells", FORBIDDEN.values(), ids=FORBIDDEN)
def test_forbidden_calls_are_found(cells: list[str]) -> None:
    assert inspect_cells(cells, "f", BANS).forbidden


@pytest.mark.parametrize("cells", HONEST.values(), ids=HONEST)
def test_honest_code_is_left_alone(cells: list[str]) -> None:
    assert inspect_cells(cells, "f", BANS).forbidden == ()


@pytest.mark.parametrize(
    "way",
    [
        "__import__('scipy')",
        "importlib.import_module('scipy')",
        "eval('scipy')",
        "exec('import scipy')",
        "getattr(np, 'convolve')",
        "sys.modules['scipy']",
        "globals()['scipy']",
    ],
)
def test_dynamic_ways_are_flagged(way: str) -> None:
    cells = ["import importlib, sys\nimport numpy as np", f"def f(x):\n    return {way}"]
    findings = inspect_cells(cells, "f", BANS)
    assert findings.dynamic
    assert not findings.forbidden


@pytest.mark.parametrize("cells", FORBIDDEN.values(), ids=FORBIDDEN)
def test_live_functions_are_looked_at_as_well(cells: list[str]) -> None:
    """As in a notebook: source comes from linecache, names from the live namespace."""
    import linecache

    namespace: dict[str, object] = {"__name__": "__main__"}
    for number, cell in enumerate(cells):
        cell = cell.replace("%matplotlib inline\n", "").replace("files = !ls\n", "")
        name = f"<cell-{hash(cell)}-{number}>"
        linecache.cache[name] = (len(cell), None, cell.splitlines(keepends=True), name)
        exec(compile(cell, name, "exec"), namespace)
    assert inspect_function(namespace["f"], BANS).forbidden


SETUP = "import numpy as np"
CALLS_IT = "def f(x):\n    return {}(x)"


@pytest.mark.parametrize(
    ("cell", "by"),
    [
        ("class H: pass\nH.c = np.convolve", "H.c"),
        ("np.helper = lambda *a: np.convolve(*a)", "np.helper"),
        ("def g(*a):\n    return np.convolve(*a)\nnp.helper = g", "np.helper"),
        ("d = {}\nd['c'] = np.convolve", "d['c']"),
        ("l = []\nl.append(np.convolve)", "l[0]"),
        ("setattr(np, 'c', np.convolve)", "np.c"),
        ("def g():\n    global c\n    c = np.convolve\ng()", "c"),
        ("if (c := np.convolve) and True:\n    pass", "c"),
        ("match np.convolve:\n    case c:\n        pass", "c"),
        ("exec('c = np.' + 'convolve')", "c"),
        ("import pickle\nc = pickle.loads(b'')", "c"),
        ("%load helper.py", "c"),
        ("%%writefile mine.py\nx = 1", "__import__('mine').c"),
        ("from numpy import convolve as v\nclass H: pass\nH.c = v", "H.c"),
    ],
)
def test_what_is_carried_along_is_told(cell: str, by: str) -> None:
    cells = [cell, CALLS_IT.format(by)]
    findings = inspect_cells(cells, "f", ["numpy.convolve"])
    told = carried(cells, "f", ["numpy.convolve"], [SETUP])
    assert findings.forbidden or findings.dynamic or told


@pytest.mark.parametrize(
    "cell",
    [
        "import scipy.ndimage as nd\nprint(nd.uniform_filter(x, 3), np.convolve(x, x))",
        "mine = f(x)\nd = {}\nd['difference'] = mine - np.convolve(x, x)",
        "def compare(x):\n    return np.convolve(x, x) - f(x)\nprint(compare(x))",
        "demo(np.convolve, x)\nplots.curves(x, {'a': f(x)})",
        "%time f(x)",
        "import pickle\npickle.loads(pickle.dumps(f(x)))",
        "import no_such_module_here",
        "l = []\nl.append(np.zeros(3))\nnp.set_printoptions(precision=3)",
    ],
)
def test_experiments_trouble_nobody(cell: str) -> None:
    cells = [cell, CALLS_IT.format("abs")]
    assert carried(cells, "f", ["numpy.convolve", "scipy"], [SETUP]) == ""


def test_answers_that_one_may_build_on_are_looked_at_for_themselves() -> None:
    cells = [
        "from scipy import ndimage\ndef g(x):\n    return ndimage.correlate(x, x)",
        "def f(x):\n    return g(x)",
    ]
    assert inspect_cells(cells, "f", BANS).forbidden
    assert not inspect_cells(cells, "f", BANS, ["g"]).forbidden
    assert inspect_cells(cells, "g", BANS, ["g"]).forbidden


def test_a_quote_that_nobody_closes_is_told() -> None:
    """Python's tokenizer needs the square of such a line's length."""
    cells = ["import numpy \\" + '\\"' * 20_000, "def f(x):\n    return x"]
    assert inspect_cells(cells, "f", BANS).dynamic


def test_long_code_is_told_or_followed() -> None:
    chain = "\n".join(f"a{i} = a{i + 1}" for i in range(3000)) + "\na3000 = np.convolve\nd[0] = a0"
    assert carried([chain], "f", ["numpy.convolve"], [SETUP]) == "a0"
    assert carried([chain] * 20, "f", ["numpy.convolve"], [SETUP]) == "more than can be followed"


def test_two_definitions_are_told_if_one_is_forbidden() -> None:
    library = "def f(x):\n    return np.convolve(x, x)"
    assert carried([library, "def f(x):\n    return x"], "f", ["numpy.convolve"], [SETUP])
    assert not carried(["def f(x):\n    return 1", "def f(x):\n    return x"], "f", ["scipy"])


def test_what_the_course_shows_is_no_part_of_an_answer() -> None:
    cells = [
        "from course_utils import images, operators\nfrom course_utils.types import Image\n",
        "def median_filter(image: Image, size: int) -> Image:\n"
        "    return operators.median(image, size)\n",
    ]
    found = inspect_cells(cells, "median_filter", ()).forbidden
    assert found == ("course_utils.operators.median", "course_utils.operators")
    slopes = [
        "from course_utils.gradients import _slopes\n"
        "def numerical_gradient(function, x, step=1e-5):\n"
        "    return _slopes(lambda: function(x), x, np.arange(x.size), step)\n",
    ]
    found = inspect_cells(slopes, "numerical_gradient", ()).forbidden
    assert "course_utils.gradients._slopes" in found


LOOPS = {
    "for": "def f(x):\n    for row in x:\n        row += 1\n    return x",
    "while": "def f(x):\n    while x < 1:\n        x += 1\n    return x",
    "a list": "def f(x):\n    return [row for row in x]",
    "a generator": "def f(x):\n    return sum(row for row in x)",
    "in a helper": "def g(x):\n    return {row: 1 for row in x}\ndef f(x):\n    return g(x)",
}


@pytest.mark.parametrize("source", LOOPS.values(), ids=LOOPS)
def test_loops_can_be_forbidden(source: str) -> None:
    assert inspect_cells([source], "f", ("a loop",)).forbidden == ("a loop",)
    assert not inspect_cells([source], "f", BANS).forbidden


def test_a_loop_elsewhere_is_none_of_the_answers() -> None:
    cells = [
        "for i in range(3):\n    print(i)",
        "def g(x):\n    return [x]\ndef f(x):\n    return x",
    ]
    assert not inspect_cells([*cells, "while False:\n    pass"], "f", ("a loop",)).forbidden


@pytest.mark.parametrize(
    "cell",
    [
        "from course_utils import rehearsal\nrehearsal.epoch = print",
        "import course_utils.rehearsal as r\nr.epoch = print",
        "import course_utils\ncourse_utils.agent.Agent.answer = None",
        "import sys\nsys.modules['course_utils.wire'].encode = None",
    ],
)
def test_whoever_names_the_machinery_is_noticed(cell: str) -> None:
    assert rigged(["x = 1", cell]).startswith("course_utils.")


def test_the_rest_of_the_course_may_be_named() -> None:
    cell = "from course_utils import check, plots\nfrom course_utils.training import fit\nagent = 1"
    assert rigged([cell]) == ""
