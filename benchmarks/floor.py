"""Executes cells in one warm process, one notebook after the other: what grading cannot go below.

    python floor.py TASK.json RESULT.json

A task is `{pass: [[[cell, source], ...], ...]}`: for each pass, notebooks with their code cells.
The first notebook of a pass is run once before, to warm up. Cells run in IPython's own shell with
the backend for plots that a kernel has, so figures are drawn and results are formatted.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any


class Drawing:
    """Adds up the time that matplotlib takes to draw figures."""

    def __init__(self) -> None:
        from matplotlib.backend_bases import FigureCanvasBase

        self.seconds = 0.0
        original = FigureCanvasBase.print_figure

        def timed(*arguments: Any, **keywords: Any) -> Any:
            begin = time.perf_counter()
            try:
                return original(*arguments, **keywords)
            finally:
                self.seconds += time.perf_counter() - begin

        setattr(FigureCanvasBase, "print_figure", timed)  # noqa: B010  mypy forbids the plain way


def run(shell: Any, cells: list[list[str]]) -> tuple[dict[str, float], dict[str, str]]:
    """Run a notebook; return the seconds and the errors of its cells."""
    from IPython.utils.capture import capture_output

    seconds: dict[str, float] = {}
    errors: dict[str, str] = {}
    for name, source in cells:
        begin = time.perf_counter()
        with capture_output():
            result = shell.run_cell(source, store_history=True)
        seconds[name] = time.perf_counter() - begin
        error = result.error_in_exec or result.error_before_exec
        if error is not None:
            errors[name] = f"{type(error).__name__}: {str(error)[:200]}"
    return seconds, errors


def main() -> None:
    """Run the task of the command line."""
    os.environ["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
    from IPython.core.interactiveshell import InteractiveShell

    InteractiveShell.history_length = 0
    shell = InteractiveShell.instance()
    shell.history_manager.enabled = False
    drawing = Drawing()
    task, result = map(Path, sys.argv[1:])
    found: dict[str, Any] = {}
    for name, notebooks in json.loads(task.read_text("utf-8")).items():
        run(shell, notebooks[0])
        found[name] = []
        for cells in notebooks:
            shell.reset(new_session=True)
            drawn = drawing.seconds
            cpu, wall = time.process_time(), time.perf_counter()
            seconds, errors = run(shell, cells)
            found[name].append(
                {
                    "wall": time.perf_counter() - wall,
                    "cpu": time.process_time() - cpu,
                    "drawing": drawing.seconds - drawn,
                    "cells": seconds,
                    "errors": errors,
                }
            )
    result.write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main()
