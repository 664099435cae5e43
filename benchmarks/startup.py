"""How long a student waits: the import of course_utils, and Run All of every notebook.

    python benchmarks/startup.py

The peer of the import is numpy, which course_utils needs anyway; the peer of Run All is an empty
notebook. Medians of five runs.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).resolve().parent.parent


def seconds(work: Callable[[], object], runs: int = 5) -> float:
    """Return the median time of a piece of work, after one run to warm up."""
    work()
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times)


def python(code: str) -> Callable[[], object]:
    """Return a function that runs code in a fresh Python."""
    return lambda: subprocess.run([sys.executable, "-c", code], check=True)


def run_all(notebook: nbformat.NotebookNode) -> None:
    """Run a notebook in a fresh kernel."""
    NotebookClient(nbformat.from_dict(notebook), timeout=120, kernel_name="python3").execute()


def main() -> None:
    """Print the table."""
    bare = seconds(python("pass"))
    numpy = seconds(python("import numpy")) - bare
    for what in ("import course_utils", "from course_utils import check, demo, images, plots"):
        took = seconds(python(what)) - bare
        print(f"{what:55} {took:6.3f} s   {took / numpy:5.2f} of numpy's {numpy:.3f} s")
    empty = seconds(lambda: run_all(new_notebook(cells=[new_code_cell("1")])), 3)
    for path in sorted(p for wing in ("release", "source") for p in (ROOT / wing).rglob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        took = seconds(lambda notebook=notebook: run_all(notebook), 3)  # type: ignore[misc]
        ratio = f"{took / empty:5.2f} of an empty one's {empty:.2f} s"
        print(f"Run All of {path.relative_to(ROOT)!s:44} {took:6.2f} s   {ratio}")


if __name__ == "__main__":
    main()
