"""The build: what it makes, and what it refuses with file and line."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from autograder import build, scaffold
from autograder.course import Course, NotebookText
from autograder.errors import CourseError
from tests.conftest import copy_of_one_assignment

ROOT = Path(__file__).resolve().parent.parent
TEXT = "assignments/a1_filtering/1_linear_filters.py"
NOTEBOOK = "a1_filtering/1_linear_filters.ipynb"


def test_the_notebooks_are_what_the_text_makes() -> None:
    done = course_command(ROOT, "build", "--check")
    assert done.returncode == 0, done.stderr


def test_check_notices_changes_and_strays(course_copy: Path) -> None:
    (course_copy / "release" / "a1_filtering" / "9_old.ipynb").write_text("{}")
    for wing in ("source", "release"):
        path = course_copy / wing / NOTEBOOK
        path.write_text(path.read_text().replace("A camera measures light", "A camera sees light"))
    second = NOTEBOOK.replace("1_linear", "2_nonlinear")
    notebook = nbformat.read(course_copy / "source" / second, as_version=4)
    notebook.metadata["authors"] = [{"name": "Jane"}]
    nbformat.write(notebook, course_copy / "source" / second)
    assert build.check(Course.at(course_copy)) == [
        "release/a1_filtering/9_old.ipynb",
        f"source/{NOTEBOOK}",
        f"release/{NOTEBOOK}",
        f"source/{second}",
    ]


def test_check_refuses_an_error_in_source(course_copy: Path) -> None:
    path = course_copy / "source" / NOTEBOOK
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[1].outputs = [
        nbformat.v4.new_output("error", ename="ValueError", evalue="no", traceback=[])
    ]
    nbformat.write(notebook, path)
    with pytest.raises(CourseError, match="shows an error: ValueError: no"):
        build.check(Course.at(course_copy))


def edited(folder: Path, file: str, *edits: tuple[str, str]) -> Course:
    path = folder / file
    text = path.read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new, 1)
    path.write_text(text)
    return Course.at(folder)


MARK = '# %% exercise="cross_correlate" points=8'
REFUSALS: dict[str, tuple[str, tuple[str, str], str]] = {
    "unknown exercise": (TEXT, (MARK, MARK.replace("cross_", "krass_")), r"\.py:\d+: unknown ex"),
    "points do not add up": (TEXT, (MARK, MARK.replace("8", "9")), r"\.py:\d+: .* worth 9 points"),
    "points of the notebook": (
        "assignments/a1_filtering/assignment.yml",
        ("1_linear_filters: 50", "1_linear_filters: 51"),
        "add up to 50 points, but .*assignment.yml says 51",
    ),
    "a name used twice": (TEXT, (MARK, f"{MARK}\n\n{MARK}"), r"\.py:\d+: the name .* is used at"),
    "no points": (TEXT, (MARK, MARK.split(" points")[0]), r"\.py:\d+: .* needs points"),
    "a strange key": (TEXT, (MARK, MARK + ' colour="red"'), r"\.py:\d+: unknown key colour"),
    "two kinds": (TEXT, (MARK, MARK + ' replay="cross_correlate"'), r"\.py:\d+: a cell is one of"),
    "no name": (TEXT, (MARK, '# %% exercise="Cross!" points=8'), r"\.py:\d+: 'Cross!' is not a n"),
    "no rubric": (
        "assignments/a1_filtering/rubric.yml",
        ("ringing:", "humming:"),
        r"\.py:\d+: ringing has no rubric",
    ),
    "criteria do not add up": (
        "assignments/a1_filtering/rubric.yml",
        ("- points: 0.5", "- points: 1.5"),
        r"\.py:\d+: frames_or_filters is worth 4 points, but its criteria",
    ),
    "a sample with too few points": (
        "assignments/a1_filtering/rubric.yml",
        ("points: [0, 0, 0, 0, 0.5, 0.25, 0, 0]", "points: [0, 0, 0, 0, 0.5]"),
        r"rubric.yml: sample 4 of where_nlm_fails needs points for each of the 8 criteria",
    ),
    "no model answer": (
        "assignments/a1_filtering/rubric.yml",
        (
            "points: [0.5, 0.5, 0.5, 0.5, 1, 1, 0.5, 0.5]",
            "points: [0.5, 0.5, 0.5, 0.5, 1, 1, 0, 0]",
        ),
        r"rubric.yml: no sample of ringing has all points",
    ),
    "a function nobody asks for": (
        TEXT,
        (MARK, '# %% replay="cross_correlate" points=8'),
        "cross_correlate has no replay",
    ),
    "broken Python": (TEXT, ("import numpy as np", "import numpy as"), r"\.py:\d+: .*syntax"),
    "broken YAML": (
        "assignments/a1_filtering/assignment.yml",
        ("title: Filtering", "title: [Filtering"),
        r"assignment.yml, line \d+ is not valid YAML",
    ),
    "a missing setting": (
        "assignments/a1_filtering/assignment.yml",
        ("title: Filtering\n", ""),
        "assignment.yml: title: Field required",
    ),
    "a notebook that is not there": (
        "assignments/a1_filtering/assignment.yml",
        ("2_nonlinear_filters: 50", "2_nonlinear_filters: 50\n  3_more: 3"),
        "names 3_more, but",
    ),
}


@pytest.mark.parametrize(("file", "edit", "sentence"), REFUSALS.values(), ids=REFUSALS)
def test_refusals(file: str, edit: tuple[str, str], sentence: str, course_copy: Path) -> None:
    with pytest.raises(CourseError, match=sentence):
        build.check_course(edited(course_copy, file, edit))


@pytest.mark.parametrize(
    ("room", "sentence"),
    [
        ("autograder.hidden", "has no hidden tests in autograder/hidden/linear_filters.py"),
        ("course_utils.checks", "has no check in course_utils/checks/linear_filters.py"),
        ("autograder.variants", "has no wrong variants in autograder/variants/linear_filters.py"),
    ],
)
def test_an_exercise_without_a_room_is_refused(
    room: str, sentence: str, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    from autograder import hidden, variants
    from course_utils import checks

    registry: dict[str, dict[str, Any]] = {
        "autograder.hidden": hidden._TESTS,
        "course_utils.checks": checks._EXAMPLES,
        "autograder.variants": variants._WRONG,
    }
    monkeypatch.delitem(registry[room], "cross_correlate")
    with pytest.raises(CourseError, match=r"1_linear_filters\.py:\d+: cross_correlate " + sentence):
        build.check_course(course)


@pytest.mark.parametrize("function", ["is_liner", ""])
def test_a_variant_of_a_function_that_nobody_asks_for_is_refused(
    function: str, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    from autograder import variants

    monkeypatch.setitem(variants._WRONG, "lsi", variants.wrong_of("lsi"))

    @variants.wrong("lsi", hint="Try more.", function=function)
    def careless(system: Any) -> bool:
        return True

    said = (
        f"autograder/variants/linear_filters.py: careless answers {function or 'lsi'}; "
        "lsi has is_linear and is_shift_invariant. Name one of them with function=."
    )
    with pytest.raises(CourseError, match=f"^{re.escape(said)}$"):
        build.check_course(course)


def test_a_failing_source_is_refused_and_changes_nothing(course_copy: Path) -> None:
    before = (course_copy / "source" / NOTEBOOK).read_bytes()
    course = edited(course_copy, TEXT, ("environment.check()", "environment.check()\n1 / 0"))
    with pytest.raises(CourseError, match=r"\.py:\d+: the source notebook fails: ZeroDivision"):
        build.build(course, lambda _: None)
    assert (course_copy / "source" / NOTEBOOK).read_bytes() == before
    assert not list(course_copy.glob(".build-*"))


def leak(change: Callable[[Any], None]) -> None:
    notebook = nbformat.read(ROOT / "release" / NOTEBOOK, as_version=4)
    change(notebook)
    text = Course.at(ROOT).find("cross_correlate")
    build.check_release(notebook, text)


def cell(notebook: Any, name: str) -> Any:
    return next(one for one in notebook.cells if one.id == name)


LEAKS: dict[str, tuple[Callable[[Any], None], str]] = {
    "an answer": (
        lambda n: cell(n, "lsi_answer").update(source="x, y = rng.standard_normal((2, *shape))"),
        "a line of a solution",
    ),
    "a mark": (lambda n: cell(n, "lsi").update(source="### BEGIN HIDDEN TESTS"), "a mark of nbg"),
    "a hidden test": (
        lambda n: cell(n, "lsi").update(source="from autograder.grading import grade"),
        "the word autograder",
    ),
    "the reference": (
        lambda n: cell(n, "lsi").update(source="from course_utils.reference import x"),
        "the reference",
    ),
    "a model answer": (
        lambda n: cell(n, "ringing").update(
            source="The Gaussian's response is positive and only falls. Low waves stay, high ones "
            "go, none is"
        ),
        "a line of a solution",
    ),
    "somebody's folder": (
        lambda n: cell(n, "lsi").update(source="open('/' 'home/jane/x') # /Users/jane/x"),
        "a path of somebody's machine",
    ),
    "an output": (
        lambda n: cell(n, "lsi").update(outputs=[nbformat.v4.new_output("stream", text="x")]),
        "has outputs",
    ),
    "a timing": (
        lambda n: cell(n, "lsi").metadata.update(execution={"t": 1}),
        "metadata execution",
    ),
    "an author": (lambda n: n.metadata.update(authors=[{"name": "Jane"}]), "the metadata authors"),
}


@pytest.mark.parametrize(("change", "sentence"), LEAKS.values(), ids=LEAKS)
def test_leaks_into_the_release_are_refused(change: Callable[[Any], None], sentence: str) -> None:
    with pytest.raises(CourseError, match=sentence):
        leak(change)


def test_the_release_as_it_is_does_not_leak() -> None:
    leak(lambda _: None)


def test_ids_and_names_are_those_of_the_questions() -> None:
    notebook = nbformat.read(ROOT / "release" / NOTEBOOK, as_version=4)
    graded = [c.metadata.nbgrader.grade_id for c in notebook.cells if "nbgrader" in c.metadata]
    assert graded == [c.id for c in notebook.cells if "nbgrader" in c.metadata]
    assert graded[-1] == "ringing"
    assert {"cross_correlate", "cross_correlate_answer", "moving_average_replay"} <= set(graded)


@pytest.mark.parametrize("text", [pytest.param(t, id=t.name) for t in Course.at(ROOT).notebooks])
def test_the_untouched_release_runs_to_its_last_cell(text: NotebookText) -> None:
    """As Run All does in JupyterLab: test cells may fail, no other cell does."""
    path = ROOT / "release" / text.assignment.name / f"{text.stem}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute()
    assert notebook.cells[-1].outputs
    code = [one for one in notebook.cells if one.cell_type == "code"]
    waiting = [one.id for one in code if "waits for the exercise" in str(one.outputs)]
    assert {one.id for one in code if "demo(" in one.source} <= set(waiting)
    failing = [one.id for one in code if build._error(one)]
    assert failing == [question.name for question in text.exercises]


# --- Scaffolds ------------------------------------------------------------------------------------


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout of its own, rooms included."""
    copy_of_one_assignment(tmp_path)
    for name in ("course_utils", "autograder"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def course_command(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "autograder.cli", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={**__import__("os").environ, "PYTHONPATH": str(folder)},
    )


def test_new_notebook_and_exercise_run_at_once(checkout: Path) -> None:
    made = course_command(checkout, "new", "notebook", "stereo", "--in", "a1_filtering")
    assert made.returncode == 0, made.stderr
    made = course_command(
        checkout, "new", "exercise", "disparity", "--in", "stereo", "--points", "3"
    )
    assert made.returncode == 0, made.stderr
    assert "3_stereo is worth 7 points now, and a1_filtering 107." in made.stdout
    assert f"says {scaffold.MARK}." in made.stdout
    assert "`course build`" in made.stdout
    written = [checkout / line.strip() for line in made.stdout.split("\n") if line[:2] == "  "]
    rooms = {path.parent.name: path.read_text() for path in written if path.suffix == ".py"}
    assert set(rooms) == {"a1_filtering", "reference", "checks", "hidden", "variants"}
    # Those of the exercise that the notebook came with, and those of the new one.
    assert all(text.count(f"{scaffold.MARK}:") >= 2 for text in rooms.values())
    table = checkout / "proof.json"
    proven = course_command(checkout, "proof", "disparity", "--json", str(table))
    assert proven.returncode == 0, proven.stderr
    (question,) = json.loads(table.read_text())
    assert question["good"]
    assert question["points"] == 3
    built = course_command(checkout, "build")
    assert built.returncode == 0, built.stderr
    notebook = nbformat.read(checkout / "release" / "a1_filtering" / "3_stereo.ipynb", as_version=4)
    assert "disparity" in [one.id for one in notebook.cells]
    again = course_command(checkout, "new", "exercise", "disparity", "--in", "stereo")
    assert again.returncode == 1
    assert "The name disparity is taken" in again.stderr


@pytest.mark.parametrize("text", [pytest.param(t, id=t.name) for t in Course.at(ROOT).notebooks])
def test_a_new_exercise_stands_before_the_last_words(text: NotebookText, tmp_path: Path) -> None:
    path = tmp_path / text.path.name
    path.write_text(scaffold._with_exercise(text, "disparity", 4))
    before, after = text.cells, NotebookText(text.assignment, text.stem, path).cells
    sources = [(one.source, one.question and one.question.name) for one in after]
    place = next(n for n, (_, name) in enumerate(sources) if name == "disparity")
    assert sources[place - 1][0].startswith("## Disparity")
    assert [(one.source, one.question and one.question.name) for one in before] == (
        sources[: place - 1] + sources[place + 1 :]
    )
    # Behind every question; of what comes last, nothing but words and the progress.
    assert not any(one.question for one in after[place + 1 :])
    assert [one.kind for one in after[place + 1 :]] in (["code"], ["markdown", "code"])
    assert after[-1].source.startswith("progress(")


@pytest.mark.parametrize(
    "name", ["", "Upper", "1st", "a-b", "a b", "../x", "x__y", "cross_correlate"]
)
def test_strange_names_are_refused(name: str) -> None:
    with pytest.raises(CourseError):
        scaffold.exercise(Course.at(ROOT), name, "linear_filters", 4)


def test_to_change_a_hint_one_file_is_opened() -> None:
    """The hint of a mistake is written in one place; the rest is made from it."""
    hint = "Your kernel runs backwards. H(q, r) meets"
    written = [
        str(path.relative_to(ROOT))
        for wing in ("autograder", "course_utils", "assignments")
        for path in (ROOT / wing).rglob("*.py")
        if hint in path.read_text("utf-8")
    ]
    assert written == ["autograder/variants/linear_filters.py"]


def marked(source: str) -> str:
    import ast

    definition = ast.parse(source).body[0]
    assert isinstance(definition, ast.FunctionDef)
    return build._marked_function(source, definition)


@pytest.mark.parametrize(
    "body",
    [
        "    # the trick\n    return 1",
        "    @cache\n    def inner():\n        return 1\n    return inner()",
        "\n    x = 1\n\n    return x",
    ],
)
def test_all_behind_the_docstring_is_the_answers(body: str) -> None:
    source = f'def f():\n    """Do it."""\n{body}'
    head, _, region = marked(source).partition(build.BEGIN_SOLUTION)
    assert head.strip() == 'def f():\n    """Do it."""'
    assert body.strip() in region


def test_answers_are_marked_whole(course: Course) -> None:
    text = course.find("cross_correlate")
    source = build.answer_source(text, "cross_correlate")
    assert source.startswith("# Write this without scipy")
    region = re.search(r"### BEGIN SOLUTION\n(.*)### END SOLUTION$", source, re.DOTALL)
    assert region is not None
    assert "def _pad(" in region[1]
    assert "@forbids" not in source
