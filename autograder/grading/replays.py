"""Replay questions: values printed by the student's functions, compared by nbval.

The code that prints runs where the student's code runs; the comparison, and the reference's
output, stay here. nbval's own comparison of outputs is used, outside any kernel.
"""

import contextlib
import io
import textwrap
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from nbformat.v4 import new_output

from autograder.grading.student import Raised
from autograder.grading.verdicts import Finding
from autograder.hidden import Replay

SAYS = "the values that your function prints, compared with ours"


def agree(printed: list[Any], expected: list[Any]) -> bool:
    """Compare two lists of cell outputs as nbval does."""
    from nbval.plugin import IPyNbCell, coalesce_streams  # brings pytest: a quarter of a second

    # nbval compares within a pytest item; this is all of one that the comparison needs.
    item = SimpleNamespace(
        parent=SimpleNamespace(skip_compare=_SKIPPED),
        colors=SimpleNamespace(OKBLUE="", FAIL="", ENDC=""),
        comparison_traceback=[],
        sanitize=lambda text: text,
        format_output_compare=lambda *_: None,
    )
    return bool(
        IPyNbCell.compare_outputs(item, coalesce_streams(printed), coalesce_streams(expected))
    )


_SKIPPED = ("metadata", "traceback", "text/latex", "prompt_number", "output_type", "name",
            "execution_count")  # fmt: skip


def muted(replay: Replay) -> str:
    """Return code that prints the replay's values, and nothing the student's functions print."""
    names = ", ".join(replay.functions)
    calls = ", ".join(f"_muted({name})" for name in replay.functions)
    return f"""\
def _muted(function):
    import contextlib, io
    def call(*arguments, **keywords):
        with contextlib.redirect_stdout(io.StringIO()):
            return function(*arguments, **keywords)
    return call

def _replay({names}):
{textwrap.indent(replay.source, "    ")}

_replay({calls})
"""


_ENDED = {"DeadKernel": "It ends the Python process", "TimeoutError": "It takes too long"}


def finding(printed: list[Any], expected: list[Any], points: float) -> Finding:
    """Compare the outputs of a replay and say what came of it."""
    errors = [output for output in printed if output.get("output_type") == "error"]
    # What a library writes to stderr (a warning, a progress bar) or displays costs nothing.
    said = [output for output in printed if output.get("name") == "stdout"]
    if errors and errors[0].get("ename") == "NotImplementedError" and not errors[0].get("evalue"):
        sentence = "Not attempted"
    elif errors and errors[0].get("ename") in _ENDED:
        sentence = _ENDED[errors[0]["ename"]]
    elif errors:
        # As of any hidden call, the name of an exception could carry hidden inputs.
        kind = str(errors[0].get("ename"))
        sentence = str(Raised(kind, [kind]))
    elif not said:
        sentence = "Nothing was printed"
    elif agree(said, expected):
        return Finding(says=SAYS, points=points, awarded=points)
    else:
        sentence = "Values differ"
    return Finding(says=SAYS, points=points, awarded=0.0, sentence=sentence)


def finding_in_process(
    replay: Replay, namespace: Mapping[str, Any], functions: Mapping[str, Any], points: float
) -> Finding:
    """Run a replay in this process on the given functions and on the reference's."""
    return finding(_run(replay, namespace), _run(replay, functions), points)


def _run(replay: Replay, namespace: Mapping[str, Any]) -> list[Any]:
    import numpy

    printed = io.StringIO()
    names = {"np": numpy, **{name: namespace[name] for name in replay.functions}}
    outputs = []
    try:
        with contextlib.redirect_stdout(printed):
            exec(muted(replay), names)
    except Exception as error:  # noqa: BLE001  what the function raises is the output
        outputs.append(new_output("error", ename=type(error).__name__, evalue="", traceback=[]))
    if printed.getvalue():
        outputs.insert(0, new_output("stream", name="stdout", text=printed.getvalue()))
    return outputs
