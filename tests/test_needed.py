"""Which released cells a student's code needs."""

from nbformat.v4 import new_code_cell

from autograder.grading.needed import needed

RELEASED = {
    "setup": "import numpy as np\ncamera = np.zeros(3)",
    "data": "small = camera[::2]",
    "show": "plot(small)",
    "change": "counts = []\n",
    "append": "counts.append(1)",
    "magic": "%matplotlib inline",
}


def run(*own: str) -> set[str]:
    cells = [new_code_cell(source, id=name) for name, source in RELEASED.items()]
    cells += [new_code_cell(source, id=f"own-{i}") for i, source in enumerate(own)]
    return needed(cells, [f"own-{i}" for i in range(len(own))])


def test_functions_alone_need_imports_and_what_is_no_python() -> None:
    assert run("def f(small):\n    counts = small\n    return counts") == {"setup", "magic"}


def test_what_a_needed_cell_mentions_is_needed() -> None:
    assert run("f(counts)") == {"setup", "magic", "change", "append"}


def test_a_variable_that_a_function_looks_up() -> None:
    assert "data" in run("def f(x):\n    return small + x")
    assert "show" in run("class A:\n    size = len(small)")
    assert "show" in run("g = lambda: [small for _ in range(3)]")


def test_code_that_can_reach_anything_gets_everything() -> None:
    for source in (
        "globals()['small']",
        "eval('small')",
        "%timeit small",
        "import sys; sys.x",
        "(",
    ):
        assert run(source) == set(RELEASED), source
