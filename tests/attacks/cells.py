"""Cells: notebooks that were taken apart, relabelled, or never were what they claim."""

import json
from copy import deepcopy

from autograder.attacks import Submission, attack

from .answers import NOTHING, NOTHING_FOR, WRONG, cheat


@attack(deserves={"cross_correlate": 0}, sample=True)
def answer_twice(s: Submission) -> None:
    """Hands in two different answers to a question and lets the grader choose."""
    cell = deepcopy(s.cell("cross_correlate_answer"))
    cell.id, cell.source = "another", s.source(WRONG["cross_correlate"])
    s.notebook.cells.insert(0, cell)


@attack()
def answer_twice_the_same(s: Submission) -> None:
    """Hands in the same right answer twice, which does no harm."""
    cell = deepcopy(s.cell("cross_correlate_answer"))
    cell.id = "another"
    s.notebook.cells.append(cell)


@attack(deserves={"cross_correlate": 0})
def answer_deleted(s: Submission) -> None:
    """Deletes an answer and its test, so that there is nothing that could fail."""
    for name in ("cross_correlate_answer", "cross_correlate"):
        s.notebook.cells.remove(s.cell(name))


@attack()
def tests_deleted(s: Submission) -> None:
    """Deletes all tests; the answers are right."""
    for name in ("add_gaussian_noise", "moving_average", "cross_correlate", "lsi"):
        s.notebook.cells.remove(s.cell(name))


@cheat()
def tests_edited(s: Submission) -> None:
    """Writes `pass` into locked cells and keeps their names."""
    s.cell("cross_correlate").source = "pass"
    s.cell("moving_average_replay").source = "print('as expected')"


@attack()
def answers_retyped(s: Submission) -> None:
    """Turns answers into text and raw cells; they still are answers."""
    s.cell("cross_correlate_answer").cell_type = "markdown"
    s.cell("lsi_answer").cell_type = "raw"
    s.cell("ringing").cell_type = "code"


@attack()
def cells_reversed(s: Submission) -> None:
    """Hands in all cells in reverse order."""
    s.notebook.cells.reverse()


@attack()
def names_exchanged(s: Submission) -> None:
    """Exchanges the names of two answers; run one after the other, they define what is due."""
    one, other = s.cell("cross_correlate_answer"), s.cell("lsi_answer")
    one.source, other.source = other.source, one.source


@attack(deserves={"cross_correlate": 0})
def wrong_answer_under_many_names(s: Submission) -> None:
    """Adds cells that claim to be tests, answers and replays of other questions."""
    for name in ("cross_correlate", "cross_correlate_answer", "moving_average_replay", "lsi"):
        cell = deepcopy(s.cell("cross_correlate_answer"))
        cell.id = f"claims-{name}"
        cell.metadata["nbgrader"]["grade_id"] = name
        cell.source = s.source(WRONG["cross_correlate"]) + f"# {name}"
        s.notebook.cells.append(cell)


@attack()
def metadata_gone(s: Submission) -> None:
    """Loses all metadata, of cells and of the notebook; the cells' ids are left."""
    for cell in s.notebook.cells:
        cell.metadata = {}
    s.notebook.metadata = {}


@attack()
def metadata_of_the_wrong_kind(s: Submission) -> None:
    """Has lists, numbers and nothing where a notebook has dictionaries."""
    s.cell("cross_correlate").metadata = []
    s.cell("lsi").metadata = None
    s.cell("moving_average").metadata["nbgrader"] = 5
    s.cell("add_gaussian_noise").metadata["nbgrader"]["grade_id"] = ["lsi"]
    s.notebook.metadata["kernelspec"] = 3
    s.notebook.cells += [3, None, [], {}, {"cell_type": 3}, {"source": [1, {}]}, {"id": []}]


@cheat()
def another_kernel(s: Submission) -> None:
    """Asks for another kernel: a shell, a program of its own, another language."""
    s.notebook.metadata["kernelspec"] = {
        "name": "../../evil",
        "display_name": "x",
        "language": "sh",
    }
    s.notebook.metadata["language_info"] = {"name": "bash", "nbconvert_exporter": "os"}
    s.put("kernel.json", '{"argv": ["touch", "{{marker}}"], "display_name": "x"}')


@attack()
def strange_ids(s: Submission) -> None:
    """Gives own cells ids that are paths, markup, long, empty, or those of other cells."""
    for name in ("../../../etc/passwd", "<b>", "x" * 100_000, "", "lsi", "a\x00b", "added-1"):
        s.last(f"x = {name[:5]!r}")
        s.notebook.cells[-1].id = name


@attack()
def half_characters_in_sources(s: Submission) -> None:
    """Has half of a surrogate pair, which no file in UTF-8 can hold, in answers and cells."""
    s.cell("lsi_answer").source += "\nHALF = '\ud800'\n"
    s.cell("ringing").source += "\udfff"
    s.last("half = '\udc00'")
    s.markdown("\ud83d")


@attack()
def null_characters(s: Submission) -> None:
    """Has null and control characters in its own cells."""
    s.last("x = 'a\x00b'")
    s.last("\x0c\x1b\x08\ufeffx = 1")
    s.markdown("\x00")


@cheat()
def other_languages(s: Submission) -> None:
    """Has cells in other languages, and an answer that is one."""
    for magic in ("%%javascript", "%%html", "%%bash", "%%perl", "%%latex", "%%svg", "%%cython"):
        s.last(f"{magic}\n<script>1</script>")
    s.answer("cross_correlate", "%%javascript\nIPython.notebook.kernel.execute('1')")


@attack(deserves=NOTHING)
def empty_file(s: Submission) -> None:
    """Hands in an empty file."""
    s.notebook = None
    s.put(s.file, b"")


@attack(deserves=NOTHING)
def broken_json(s: Submission) -> None:
    """Hands in the first half of a notebook."""
    text = json.dumps(s.notebook)
    s.notebook = None
    s.put(s.file, text[: len(text) // 2])


@attack(deserves=NOTHING)
def deep_json(s: Submission) -> None:
    """Hands in lists that are nested a hundred thousand deep."""
    s.notebook = None
    s.put(s.file, '{"cells": ' + "[" * 100_000)


@attack(deserves=NOTHING)
def not_utf8(s: Submission) -> None:
    """Hands in bytes that are no text."""
    s.notebook = None
    s.put(s.file, bytes(range(256)) * 100)


@attack(deserves=NOTHING)
def no_notebook_at_all(s: Submission) -> None:
    """Hands in a JSON document that is no notebook."""
    s.notebook = None
    s.put(s.file, '{"cells": {"0": {"source": "x"}}, "nbformat": 4}')


@attack(deserves=NOTHING)
def another_assignment(s: Submission) -> None:
    """Hands in a notebook of another course under the right name."""
    for cell in s.notebook.cells:
        cell.id = f"other-{s.notebook.cells.index(cell)}"
        cell.metadata = {"nbgrader": {"grade_id": cell.id, "grade": True, "points": 100}}
        cell.source = "x = 1"


@attack()
def other_formats(s: Submission) -> None:
    """Claims to be of a format version that does not exist."""
    s.notebook.nbformat, s.notebook.nbformat_minor = 99, -1


@attack(deserves=NOTHING)
def old_format(s: Submission) -> None:
    """Hands in the format of ten years ago, whose cells lie in worksheets."""
    cells = [{**cell, "input": cell["source"]} for cell in s.notebook.cells]
    document = {
        "worksheets": [{"cells": cells}],
        "nbformat": 3,
        "nbformat_minor": 0,
        "metadata": {},
    }
    s.notebook = None
    s.put(s.file, json.dumps(document))


@attack()
def long_metadata(s: Submission) -> None:
    """Carries twenty megabytes of metadata and attachments nobody asked for."""
    s.cell("ringing").metadata["x"] = "x" * 10_000_000
    s.cell("ringing").attachments = {"x.png": {"image/png": "eA==" * 2_500_000}}


@attack()
def numbers_that_are_none(s: Submission) -> None:
    """Has NaN, infinities and very long numbers where JSON allows them or does not."""
    s.notebook.metadata["x"] = [float("nan"), float("inf"), 10**4000, 1e308]
    s.cell("lsi").execution_count = float("nan")


@cheat(at_most=True)
def released_cells_sabotaged(s: Submission) -> None:
    """Changes released cells that come before the tests: imports, data, helpers."""
    for cell in s.notebook.cells:
        if cell.cell_type == "code" and "nbgrader" not in cell.metadata:
            cell.source = "check = demo = plots = None\nimport sys\nsys.modules['numpy'] = None"


@attack(deserves=NOTHING_FOR["moving_average"])
def answer_defines_others_later(s: Submission) -> None:
    """Redefines another question's function by a wrong one in a later cell of its own."""
    s.last(WRONG["moving_average"])
