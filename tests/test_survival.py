"""A kernel that dies or hangs costs what made it die, and nothing else."""

import textwrap
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import nbformat
import pytest

from autograder import gradebook
from autograder.course import Course
from autograder.grade import Order, grade
from autograder.grading import boxes, jobs
from autograder.grading.kernel import Experience, Session
from autograder.sandbox import doctor
from autograder.sandbox.kernels import Way
from tests.conftest import SANDBOX

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = "a1_filtering/1_linear_filters.ipynb"


def lost(report: Any) -> dict[str, float]:
    """Return what the questions of the notebook got that did not get all their points."""
    text = Course.at(ROOT).notebooks[0]
    graded = {question.grade_id for question in text.questions if question.kind != "question"}
    return {
        score.question: score.awarded
        for score in report.scores
        if score.question in graded and score.awarded < score.points
    }


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("import os; os._exit(1)", "The call ended the Python process"),
        ("while True:\n            pass", "The call took longer than 4 s"),
    ],
)
def test_a_dead_kernel_costs_its_question_only(body: str, sentence: str, course_copy: Path) -> None:
    source = nbformat.read(ROOT / "source" / NOTEBOOK, as_version=4)
    for one in source.cells:
        if one.id == "moving_average_answer":
            # The lengths of the signals that the notebook itself tries.
            tried = "(5, 6, 60, 61, 480)"
            one.source = (
                f"def moving_average(s, size):\n    if len(s) not in {tried}:\n        {body}\n"
                "    return s\n"
            )
    path = course_copy / "submitted" / "student-01" / NOTEBOOK
    path.parent.mkdir(parents=True)
    nbformat.write(source, path)
    settings = course_copy / "assignments" / "a1_filtering" / "assignment.yml"
    limits = "limits:\n  cell_seconds: 12\n  call_seconds: 4\n"
    settings.write_text(settings.read_text().split("limits:")[0] + limits)
    assignment = Course.at(course_copy).assignment("a1_filtering")
    grade(assignment, Order(student="student-01", way=None if SANDBOX else "none"), lambda *_: None)
    report = gradebook.report(assignment, "student-01")
    assert lost(report) == {"moving_average": 0, "moving_average_replay": 0}
    verdicts = {v.question: v for v in report.verdicts["1_linear_filters"]}
    assert verdicts["moving_average"].findings[0].sentence == sentence


def test_what_runs_after_hidden_calls_shows_nothing(
    course_copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call could choose when to die, and a cell that runs again could print the time."""
    notebook = nbformat.read(
        ROOT / "examples" / "submissions" / "student-01" / NOTEBOOK, as_version=4
    )
    for cell in notebook.cells:
        if cell.id == "moving_average_answer":
            cell.source += "\nkept, calls = moving_average, []\n" + textwrap.dedent("""
                def moving_average(signal, size):
                    calls.append(1)
                    if len(signal) not in (5, 6, 60, 61, 480):
                        import os

                        os._exit(1)
                    return kept(signal, size)
                """)
    notebook.cells.append(
        nbformat.v4.new_code_cell("import os; print(os.urandom(8).hex())", id="own")
    )
    shown: list[Any] = []
    run_notebook = Session.run_notebook

    def watched(session: Session, experience: Experience) -> None:
        run_notebook(session, experience)
        shown.append([cell.get("outputs") for cell in session._notebook.cells][-1])

    monkeypatch.setattr(Session, "run_notebook", watched)
    path = course_copy / "submitted" / "student-01" / NOTEBOOK
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    text = Course.at(course_copy).notebooks[0]
    way: Way = doctor.best() or "none"
    job = jobs.job(text, "student-01", jobs.submitted(text, path), "")
    with boxes.kernels(text.assignment, way) as starter:
        result = jobs.carry_out(job, text, starter)
    assert len(shown) > 1
    assert result.notebook["cells"][-1]["outputs"] == shown[0]
    assert shown[0] != shown[1]


def report_of(
    course: Path,
    own: list[str],
    limits: str = "",
    changed: Mapping[str, str] = MappingProxyType({}),
    above: Mapping[str, list[str]] = MappingProxyType({}),
) -> Any:
    """Grade the perfect sample with own cells at its end, or above answers, and answers changed."""
    notebook = nbformat.read(
        ROOT / "examples" / "submissions" / "student-01" / NOTEBOOK, as_version=4
    )
    for cell in notebook.cells:
        cell.source = changed.get(cell.id, cell.source)
    for name, sources in above.items():
        place = next(i for i, cell in enumerate(notebook.cells) if cell.id == name)
        notebook.cells[place:place] = [
            nbformat.v4.new_code_cell(source, id=f"above-{i}") for i, source in enumerate(sources)
        ]
    notebook.cells += [
        nbformat.v4.new_code_cell(source, id=f"own-{i}") for i, source in enumerate(own)
    ]
    path = course / "submitted" / "student-01" / NOTEBOOK
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    settings = course / "assignments" / "a1_filtering" / "assignment.yml"
    if limits:
        settings.write_text(f"{settings.read_text().split('limits:')[0]}limits: {limits}\n")
    assignment = Course.at(course).assignment("a1_filtering")
    grade(assignment, Order(student="student-01", way=None if SANDBOX else "none"), lambda *_: None)
    return gradebook.report(assignment, "student-01")


def test_many_deadly_cells_of_ones_own_cost_no_points(course_copy: Path) -> None:
    report = report_of(course_copy, ["import os; os._exit(1)"] * 4)
    assert lost(report) == {}
    said = "3 times a cell took too long or ended Python; in the end only the answers were run."
    assert report.remarks[0] == said


def test_an_answer_blamed_for_what_others_did_is_run_again(course_copy: Path) -> None:
    """A cell can end Python while later ones run: those are bystanders."""
    late = "import os, threading\nthreading.Timer(0.1, os._exit, [1]).start()"
    perfect = nbformat.read(
        ROOT / "examples" / "submissions" / "student-01" / NOTEBOOK, as_version=4
    )
    lsi = next(cell.source for cell in perfect.cells if cell.id == "lsi_answer")
    report = report_of(
        course_copy,
        ["import time; time.sleep(1)"] * 3,
        above={"lsi_answer": [late]},
        changed={"lsi_answer": f"import time\ntime.sleep(0.5)\n{lsi}"},
    )
    assert lost(report) == {}


# In the proportion of the course's own limits, and faster.
SHORT = "{cell_seconds: 6, call_seconds: 2, notebook_seconds: 60}"


def test_many_endless_cells_of_ones_own_cost_no_points(course_copy: Path) -> None:
    """Together they would take as long as the whole notebook may."""
    report = report_of(course_copy, ["while True: pass"] * 10, SHORT)
    assert lost(report) == {}
    said = "Own cells and checks took very long; in the end each got a second."
    assert report.remarks[0] == said


# Many cells use the answer, and a cell that is stopped has had a second at least.
TWICE_AS_LONG = "{cell_seconds: 12, call_seconds: 4, notebook_seconds: 120}"


def test_an_endless_answer_that_is_tried_costs_its_question_only(course_copy: Path) -> None:
    endless = (
        "def cross_correlate(image, kernel, padding='symmetric'):\n    while True:\n        pass"
    )
    tried = "cross_correlate(np.zeros((5, 5)), np.ones((3, 3)))"
    answers = {"cross_correlate_answer": endless}
    report = report_of(course_copy, [tried] * 2, TWICE_AS_LONG, answers)
    assert lost(report) == {"cross_correlate": 0}
    sentences = [
        finding.sentence
        for verdict in report.verdicts["1_linear_filters"]
        for finding in verdict.findings
        if verdict.question == "cross_correlate"
    ]
    assert sentences[0] == "The call took longer than 4 s"
    assert sentences[-1] == "Not tried, since calls before it took too long"


def test_a_cell_that_is_stopped_keeps_what_it_has_defined(course_copy: Path) -> None:
    """Also in the kernels after one that was lost."""
    late = "def helper(image):\n    return image\n\nwhile True:\n    pass"
    deadly = "def moving_average(signal, size):\n    import os\n\n    os._exit(1)"
    uses = "import numpy as np\n\ndef add_gaussian_noise(image, sigma, rng):\n"
    uses += "    return helper(image) + rng.normal(0.0, sigma, image.shape)"
    answers = {"moving_average_answer": deadly, "add_gaussian_noise_answer": uses}
    report = report_of(course_copy, [late], SHORT, answers)
    assert lost(report) == {"moving_average": 0, "moving_average_replay": 0}


def test_what_was_printed_before_leaves_room_for_a_replay(course_copy: Path) -> None:
    piece = "import sys\nfor _ in range(40):\n    print('x' * 100_000)\n    sys.stdout.flush()"
    report = report_of(course_copy, [piece] * 12)
    assert lost(report) == {}
