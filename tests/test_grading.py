"""The round trip: sample submissions through `course grade` and through plain nbgrader."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
import pytest
import yaml
from nbformat.v4 import new_output

from autograder import cli, gradebook, scores
from autograder.course import Course
from autograder.errors import CourseError
from autograder.explain import _call, explain
from autograder.grade import Graded, Order, grade
from autograder.grading import jobs, replays
from autograder.grading.grader import _with_doubts
from autograder.grading.rebuild import Unreadable, cells_of, code_cells, read_submission, rebuild
from autograder.grading.student import Call
from autograder.grading.verdicts import Finding, Verdict
from autograder.sandbox import doctor
from autograder.sandbox.kernels import Way
from autograder.submissions import submission
from tests.conftest import SANDBOX

ROOT = Path(__file__).resolve().parent.parent
EXPECTED: dict[str, Any] = yaml.safe_load((ROOT / "examples" / "expected.yml").read_text())
SAMPLES = [(name, who) for name, students in EXPECTED.items() for who in sorted(students)]
NOTEBOOK = "a1_filtering/1_linear_filters.ipynb"


def written(assignment: str) -> list[str]:
    texts = Course.at(ROOT).assignment(assignment).notebooks
    return [q.name for text in texts for q in text.questions if q.kind == "question"]


def test_the_samples_are_what_their_script_makes(tmp_path: Path) -> None:
    before = _contents(ROOT / "examples" / "submissions")
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    for wing in ("source", "release"):
        shutil.copytree(ROOT / wing, tmp_path / wing)
    script = tmp_path / "examples" / "make_submissions.py"
    subprocess.run([sys.executable, str(script)], check=True, capture_output=True)
    assert _contents(tmp_path / "examples" / "submissions") == before
    samples = (ROOT / "examples" / "submissions").glob("*/*")
    assert set(SAMPLES) == {(path.name, path.parent.name) for path in samples}


def _contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize(("assignment", "student"), SAMPLES)
def test_every_sample_gets_what_it_deserves(assignment: str, student: str, graded: Path) -> None:
    report = gradebook.report(Course.at(graded).assignment(assignment), student)
    expected = EXPECTED[assignment][student]
    by_hand = {score.question: score.awarded for score in report.scores}
    assert {by_hand.pop(question) for question in written(assignment)} == {0}
    automatic = [score for score in report.scores if score.question in by_hand]
    if "only" in expected:
        assert {s.question: s.awarded for s in automatic if s.awarded} == expected["only"]
    else:
        lacking = {s.question: s.awarded for s in automatic if s.awarded < s.points}
        assert lacking == expected["lacks"]
    if "says" in expected:
        assert expected["says"] in " ".join(report.remarks)
    else:
        assert report.remarks == []


@pytest.mark.parametrize(("assignment", "student"), SAMPLES)
def test_feedback_tells_and_hides(assignment: str, student: str, graded: Path) -> None:
    first = Course.at(graded).assignment(assignment).notebooks[0]
    page = (graded / "feedback" / student / assignment / f"{first.stem}.html").read_text()
    expected = EXPECTED[assignment][student]
    assert expected.get("tells", expected.get("says", "of 100 points")) in page
    for secret in ("ndimage.correlate(image", "BEGIN HIDDEN"):
        assert secret not in page
    other = r"\d_[a-z_]+\.html[\"']"
    assert not re.search(rf"(?:src|href)=[\"'](?!data:|#|{other})", page), (
        "something is loaded from elsewhere"
    )
    assert "<script" not in page


def test_what_is_written_waits_for_a_person(graded: Path) -> None:
    assignment = Course.at(graded).assignment("a1_filtering")
    assert gradebook.report(assignment, "student-01").waiting == written("a1_filtering")
    assert gradebook.report(assignment, "student-07").waiting == []


def test_the_class_page_counts_mistakes(graded: Path) -> None:
    page = (graded / "feedback" / "a1_filtering.html").read_text()
    assert "flipped" in page
    for student in EXPECTED["a1_filtering"]:
        assert student in page


def test_plain_nbgrader_gives_the_same_scores(graded: Path, tmp_path: Path) -> None:
    for name in ("assignments", "source", "release"):
        shutil.copytree(graded / name, tmp_path / name)
    shutil.copy(graded / "nbgrader_config.py", tmp_path)
    shutil.copy(graded / "course_secret", tmp_path)
    # One of each kind; the whole class goes through the same code.
    students = ["student-02", "student-03", "student-05", "student-11", "student-12"]
    for student in students:
        shutil.copytree(
            ROOT / "examples" / "submissions" / student, tmp_path / "submitted" / student
        )
    gradebook.register(Course.at(tmp_path).assignment("a1_filtering"))
    command = [sys.executable, "-m", "nbgrader", "autograde", "a1_filtering"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    for student in students:
        ours = gradebook.report(Course.at(graded).assignment("a1_filtering"), student)
        theirs = gradebook.report(Course.at(tmp_path).assignment("a1_filtering"), student)
        assert theirs == ours


def test_plain_nbgrader_takes_nothing_but_notebooks(graded: Path, tmp_path: Path) -> None:
    for name in ("assignments", "source", "release"):
        shutil.copytree(graded / name, tmp_path / name)
    shutil.copy(graded / "nbgrader_config.py", tmp_path)
    folder = tmp_path / "submitted" / "student-02" / "a1_filtering"
    shutil.copytree(ROOT / "examples" / "submissions" / "student-02" / "a1_filtering", folder)
    (tmp_path / "private.txt").write_text("nobody's business")
    (folder / "helpful.txt").symlink_to(tmp_path / "private.txt")
    (folder / "timestamp.txt").symlink_to("/dev/zero")
    os.mkfifo(folder / "pipe")
    (tmp_path / "submitted" / "linked").mkdir()
    (tmp_path / "submitted" / "linked" / "a1_filtering").symlink_to(folder)
    gradebook.register(Course.at(tmp_path).assignment("a1_filtering"))
    command = [sys.executable, "-m", "nbgrader", "autograde", "a1_filtering"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr[-2000:]
    taken = {path.name for path in (tmp_path / "autograded").rglob("*") if path.is_file()}
    released = {path.name for path in (tmp_path / "release" / "a1_filtering").iterdir()}
    assert taken == released
    linked = gradebook.report(Course.at(tmp_path).assignment("a1_filtering"), "linked")
    assert linked.total == 0
    assert "The submission is a link to another folder." in linked.remarks
    # By its time nbgrader knows a newer submission.
    for day, options, executed in ((1, ["--force"], True), (1, [], False), (2, [], True)):
        (folder / "timestamp.txt").unlink()
        (folder / "timestamp.txt").write_text(f"2027-09-0{day} 12:00:00 UTC")
        done = subprocess.run(
            [*command, *options], cwd=tmp_path, capture_output=True, text=True, timeout=100
        )
        assert ("Skipping existing" not in done.stderr) == executed, done.stderr[-2000:]


def test_the_formgraders_button_gives_the_same_scores(graded: Path, tmp_path: Path) -> None:
    for name in ("assignments", "source", "release"):
        shutil.copytree(graded / name, tmp_path / name)
    for name in ("nbgrader_config.py", "course_secret"):
        shutil.copy(graded / name, tmp_path)
    student = "student-03"
    shutil.copytree(ROOT / "examples" / "submissions" / student, tmp_path / "submitted" / student)
    gradebook.register(Course.at(tmp_path).assignment("a1_filtering"))
    # As the server does it: within a running event loop.
    program = """
import asyncio
from nbgrader.apps import NbGrader
from nbgrader.apps.api import NbGraderAPI
app = NbGrader()
app.initialize([])
async def press():
    return NbGraderAPI(app.coursedir, parent=app).autograde("a1_filtering", "student-03")
result = asyncio.run(press())
assert result["success"], result
"""

    def press() -> gradebook.Report:
        command = [sys.executable, "-c", program]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr[-2000:]
        return gradebook.report(Course.at(tmp_path).assignment("a1_filtering"), student)

    ours = gradebook.report(Course.at(graded).assignment("a1_filtering"), student)
    assert press() == ours
    # What a person has read since is not to be read again.
    read_by_a_person(tmp_path, student, "ringing", 3.0)
    again = press()
    assert again.waiting == [name for name in ours.waiting if name != "ringing"]
    assert again.total == ours.total + 3


def read_by_a_person(root: Path, student: str, question: str, points: float) -> None:
    """Give points as the formgrader does."""
    with gradebook.open_gradebook(root) as book:
        grade = book.find_grade(question, "1_linear_filters", "a1_filtering", student)
        grade.manual_score, grade.needs_manual_grade = points, False
        book.db.commit()


def test_what_a_person_has_read_waits_again_only_if_it_has_changed(course_copy: Path) -> None:
    assignment = Course.at(course_copy).assignment("a1_filtering")
    folder = course_copy / "submitted" / "anna" / "a1_filtering"
    folder.mkdir(parents=True)
    shutil.copy(ROOT / "release" / NOTEBOOK, folder)
    gradebook.register(assignment)
    answers = {"ringing": "Because.", "lsi_answer": "x = 1"}
    found = submission(assignment, "anna")

    def graded(lsi: float = 4.0, **changed: str) -> gradebook.Report:
        answers.update(changed)
        notebook = released()
        for name, text in answers.items():
            cell(notebook, name)["source"] = text
        findings = [Finding(says="signals", points=4.0, awarded=lsi)]
        verdict = Verdict(question="lsi", points=4.0, findings=findings)
        result = jobs.Result(
            key=f"{lsi}{answers}", notebook=notebook, verdicts=[verdict], remarks=[]
        )
        with gradebook.open_gradebook(course_copy) as book:
            gradebook.write(book, assignment, found, {"1_linear_filters": result})
        return gradebook.report(assignment, "anna")

    changed = (
        "{}: this has changed since a person gave it {} of {} points; it waits to be read again."
    )
    assert graded().waiting == ["ringing"]
    read_by_a_person(course_copy, "anna", "ringing", 3.0)
    read_by_a_person(course_copy, "anna", "lsi", 1.0)
    again = graded()
    assert (again.waiting, again.total) == ([], 4)
    assert not any("has changed" in remark for remark in again.remarks)
    # A new answer is read again, and stays to be read whatever is graded meanwhile.
    for _ in range(2):
        again = graded(ringing="Because of the sidelobes.")
        assert (again.waiting, again.total) == (["ringing"], 4)
        assert changed.format("ringing", 3, 5) in again.remarks
    read_by_a_person(course_copy, "anna", "ringing", 5.0)
    assert graded().waiting == []
    # So is code, and what the tests say of it.
    again = graded(lsi_answer="x = 2")
    assert (again.waiting, changed.format("lsi", 1, 4) in again.remarks) == (["lsi"], True)
    read_by_a_person(course_copy, "anna", "lsi", 1.0)
    assert graded().waiting == []
    assert graded(lsi=3.0).waiting == ["lsi"]


@pytest.mark.skipif(not SANDBOX, reason="this machine gives no sandbox")
@pytest.mark.parametrize("way", ["bubblewrap", "none"])
def test_other_ways_give_the_same_scores(way: Way, graded: Path, course_copy: Path) -> None:
    if way == "bubblewrap" and not doctor.examine_cold().works:
        pytest.skip("no bubblewrap")
    students = ["student-01", "student-03"]
    for student in students:
        sample = ROOT / "examples" / "submissions" / student
        shutil.copytree(sample, course_copy / "submitted" / student)
    shutil.copy(graded / "course_secret", course_copy)
    assignment = Course.at(course_copy).assignment("a1_filtering")
    done = grade(assignment, Order(way=way, workers=2), lambda *_: None)
    stems = [text.stem for text in assignment.notebooks]
    assert sorted(done.executed) == [f"{s}/{stem}" for s in students for stem in stems]
    ours = gradebook.reports(Course.at(graded).assignment("a1_filtering"), students)
    assert gradebook.reports(assignment, students) == ours


def test_what_is_unchanged_is_not_graded_again(course_copy: Path) -> None:
    samples = ROOT / "examples" / "submissions"
    for student in ("student-01", "student-07"):
        path = course_copy / "submitted" / student / NOTEBOOK
        path.parent.mkdir(parents=True)
        shutil.copy(samples / student / NOTEBOOK, path)
    assignment = Course.at(course_copy).assignment("a1_filtering")
    way: Way | None = None if SANDBOX else "none"

    def graded(**order: Any) -> Graded:
        return grade(assignment, Order(way=way, **order), lambda *_: None)

    assert len(graded().executed) == 2
    again = graded()
    assert (again.executed, again.written, again.changes) == ([], [], [])
    assert graded(student="student-01", force=True).executed == ["student-01/1_linear_filters"]
    asked = graded(question="lsi")
    assert (len(asked.executed), asked.changes) == (2, [])
    # Metadata and outputs are no answers.
    path = course_copy / "submitted" / "student-07" / NOTEBOOK
    document = json.loads(path.read_text())
    document["metadata"]["mine"] = True
    path.write_text(json.dumps(document))
    assert graded().executed == []
    # An answer is.
    shutil.copy(samples / "student-01" / NOTEBOOK, path)
    changed = graded()
    assert changed.executed == ["student-07/1_linear_filters"]
    assert {change.question: change.after for change in changed.changes}["cross_correlate"] == 8
    # So is a picture in a written one.
    notebook = nbformat.read(path, as_version=4)
    written = next(cell for cell in notebook.cells if cell.id == "ringing")
    written.attachments = {"a.png": {"image/png": "AAAA"}}
    nbformat.write(notebook, path)
    assert graded().executed == ["student-07/1_linear_filters"]
    # When it was handed in is known anew; so is what a killed run did not write.
    (path.parent / "timestamp.txt").write_text("2027-09-01 12:00:00 UTC")
    again = graded()
    assert (again.executed, again.written) == ([], ["student-07"])
    old = course_copy / "autograded" / "student-01" / NOTEBOOK
    old.write_text(old.read_text().replace('"key": "', '"key": "0'))
    again = graded()
    assert (again.executed, again.written) == ([], ["student-01"])
    # What ran without a sandbox is not trusted with one, and the other way round.
    text = Course.at(course_copy).notebooks[0]
    assert jobs.tests_key(text, boxed=True) != jobs.tests_key(text, boxed=False)
    # A file beside the notebooks can decide what they compute.
    before = jobs.tests_key(text, boxed=True)
    data = course_copy / "release" / "a1_filtering" / "data.csv"
    data.write_text("1,2\n")
    after = jobs.tests_key(text, boxed=True)
    data.write_text("1,3\n")
    assert len({before, after, jobs.tests_key(text, boxed=True)}) == 3
    data.unlink()
    # What was lost of the gradebook is written again, without running anything.
    (course_copy / "gradebook.db").unlink()
    assert (graded().executed, gradebook.report(assignment, "student-07").total) == ([], 41)


@pytest.mark.parametrize("content", [b"x{", b"\xff", b'{"cells": []}', b'{"metadata": 3}'])
def test_a_damaged_graded_notebook_is_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a1_filtering" / "n.ipynb"
    path.parent.mkdir()
    path.write_bytes(content)
    with pytest.raises(
        CourseError, match=r"n.ipynb is damaged; `course grade a1_filtering --force"
    ):
        scores.graded(path)


def test_broken_settings_of_nbgrader_are_told(course_copy: Path) -> None:
    (course_copy / "nbgrader_config.py").write_text("c = get_config(\n")
    assignment = Course.at(course_copy).assignment("a1_filtering")
    with pytest.raises(CourseError, match=r"config\.py cannot be used: SyntaxError"):
        gradebook.register(assignment)


def test_a_doubt_about_a_replay_is_for_the_instructor(course_copy: Path) -> None:
    text = Course.at(course_copy).notebooks[0]
    lost = Finding(says="signals", points=2.0, awarded=0.0)
    verdicts = [
        Verdict(question="moving_average", points=2.0, findings=[lost]),
        Verdict(
            question="moving_average_replay",
            points=2.0,
            findings=[lost.model_copy(update={"awarded": 2.0})],
        ),
    ]
    noted = _with_doubts(text, verdicts)
    assert [bool(verdict.note) for verdict in noted] == [False, True]
    right = [verdicts[1].model_copy(update={"question": "moving_average"}), verdicts[1]]
    assert not any(verdict.note for verdict in _with_doubts(text, right))


def test_a_verdict_is_explained(graded: Path) -> None:
    way: Way | None = None if SANDBOX else "none"
    course = Course.at(graded)
    text = "\n".join(explain(course, "student-03", "cross_correlate", way))
    assert "0 of 2  a colour image\n  Values differ\n  It looks like flipped: Your kernel " in text
    assert re.search(r"\n  Values differ: at .* you return .*, expected .*\n", text)
    assert re.search(r"cross_correlate\(<ndarray \(.*\) float64>, <ndarray \(3, 7\) float64>", text)
    assert "1 of 1  a kernel with an even side is refused" in text
    assert "argument 2: array (3, 7) float64" in text
    assert "expected: array (17, 23) float64" in text
    assert text == "\n".join(explain(course, "student-03", "cross_correlate", way))
    refused = list(explain(course, "student-08", "cross_correlate", way))
    assert refused[1:] == [
        "Refused without a test: It uses scipy.ndimage.correlate, which this exercise asks you to "
        "do without."
    ]
    replayed = list(explain(course, "student-07", "moving_average_replay", way))
    assert replayed[:6] == [
        "student-07, moving_average_replay",
        "",
        "0 of 2  the values that your function prints, compared with ours",
        "  Not attempted",
        "  printed:",
        "    NotImplementedError",
    ]
    assert replayed[7].startswith("    3 [0.2805, ")
    with pytest.raises(CourseError, match="ringing is graded by hand"):
        list(explain(course, "student-03", "ringing", way))
    with pytest.raises(CourseError, match="No notebook was handed in"):
        list(explain(course, "student-10", "lsi", way))


def test_an_explanation_says_how_an_object_was_made() -> None:
    made = Call("ResidualBlock", (3, 6), {"stride": 2, "shortcut": "B"})
    loaded = Call("", ({"conv.weight": np.ones(3)},), {}, history=(made,), do="load")
    on = (made, loaded, Call("eval", (), {}, history=(made, loaded), do="carry_out"))
    call = Call("__call__", (np.ones((2, 3)),), {}, result=1.0, history=on)
    assert list(_call(call, "  call 4"))[:5] == [
        "  call 4:",
        "    it = ResidualBlock(3, 6, stride=2, shortcut='B')",
        "    # the values of conv.weight are set",
        "    it.eval()",
        "    it(<ndarray (2, 3) float64>)",
    ]


def test_an_explanation_is_fit_for_a_terminal() -> None:
    call = Call("f", (), {}, raised="\x1b[2JOK" + "x" * 2000)
    lines = "".join(_call(call, "call 1"))
    assert "\x1b" not in lines
    assert len(lines) < 300


def test_nbgraders_own_feedback_shows_sentence_and_hint(graded: Path) -> None:
    with gradebook.open_gradebook(graded) as book:
        comment = book.find_comment(
            "cross_correlate_answer", "1_linear_filters", "a1_filtering", "student-03"
        ).comment
    assert "2 of 8" in comment
    assert "Your kernel runs backwards" in comment


def test_submissions_stay_as_they_were(graded: Path) -> None:
    before = _contents(ROOT / "examples" / "submissions")
    after = _contents(graded / "submitted")
    assert {name: after[name] for name in before} == before


# --- The rebuild ----------------------------------------------------------------------------------


def released() -> Any:
    return nbformat.read(ROOT / "release" / NOTEBOOK, as_version=4)


def handed_in(change: Any) -> Any:
    notebook = json.loads(nbformat.writes(released()))
    change(notebook)
    return rebuild(released(), cells_of(notebook))


def cell(notebook: dict[str, Any], name: str) -> dict[str, Any]:
    (found,) = [c for c in notebook["cells"] if c["id"] == name]
    return found  # type: ignore[no-any-return]


def test_only_answers_are_taken_from_a_submission() -> None:
    def change(notebook: dict[str, Any]) -> None:
        cell(notebook, "lsi_answer")["source"] = "answer = 1"
        cell(notebook, "lsi")["source"] = "pass"
        cell(notebook, "lsi")["metadata"]["nbgrader"]["points"] = 1000
        notebook["metadata"]["kernelspec"]["name"] = "evil"
        notebook["cells"].reverse()

    rebuilt = handed_in(change)
    names = [c.id for c in rebuilt.notebook.cells]
    assert names == [c.id for c in released().cells]
    by_name = {c.id: c for c in rebuilt.notebook.cells}
    assert by_name["lsi_answer"].source == "answer = 1"
    assert by_name["lsi"].source == "check.lsi(is_linear, is_shift_invariant)"
    assert by_name["lsi"].metadata.nbgrader.points == 4
    assert rebuilt.notebook.metadata.kernelspec.name == "python3"
    assert rebuilt.remarks == []


def test_a_deleted_answer_is_reported() -> None:
    def change(notebook: dict[str, Any]) -> None:
        notebook["cells"].remove(cell(notebook, "lsi_answer"))

    assert handed_in(change).remarks == [
        "lsi: the answer cell is missing, so the question counts as unanswered."
    ]


def test_a_deleted_test_cell_comes_back() -> None:
    def change(notebook: dict[str, Any]) -> None:
        notebook["cells"].remove(cell(notebook, "lsi"))

    assert "lsi" in [c.id for c in handed_in(change).notebook.cells]


def test_an_untouched_copy_of_an_answer_does_no_harm() -> None:
    def change(notebook: dict[str, Any]) -> None:
        answer = cell(notebook, "lsi_answer")
        notebook["cells"].append({**answer, "source": "mine"})

    rebuilt = handed_in(change)
    assert rebuilt.remarks == []
    assert {c.id: c for c in rebuilt.notebook.cells}["lsi_answer"].source == "mine"


def test_a_retyped_answer_counts() -> None:
    def change(notebook: dict[str, Any]) -> None:
        answer = cell(notebook, "lsi_answer")
        answer.update(cell_type="markdown", source="def is_linear(): pass")

    rebuilt = handed_in(change)
    assert rebuilt.remarks == ["lsi: the answer cell had become a markdown cell."]
    assert {c.id: c for c in rebuilt.notebook.cells}["lsi_answer"].cell_type == "code"


def test_a_split_answer_is_put_together() -> None:
    def change(notebook: dict[str, Any]) -> None:
        answer = cell(notebook, "lsi_answer")
        place = notebook["cells"].index(answer)
        second = {**answer, "id": "second", "source": "def is_shift_invariant():\n    pass"}
        notebook["cells"].insert(place + 1, second)
        answer["source"] = "def is_linear():\n    pass"

    rebuilt = handed_in(change)
    assert rebuilt.remarks == ["lsi: the answer was split over 2 cells."]
    source = {c.id: c for c in rebuilt.notebook.cells}["lsi_answer"].source
    assert "def is_linear" in source
    assert "def is_shift_invariant" in source


def test_cells_that_lost_their_names_are_known_by_their_text() -> None:
    def change(notebook: dict[str, Any]) -> None:
        for one in notebook["cells"]:
            del one["id"]

    rebuilt = handed_in(change)
    assert [c.id for c in rebuilt.notebook.cells] == [c.id for c in released().cells]


def test_own_cells_follow_the_released_cell_they_followed() -> None:
    own = {"cell_type": "code", "id": "x", "metadata": {}, "source": "y = 1", "outputs": []}

    def change(notebook: dict[str, Any]) -> None:
        notebook["cells"].insert(notebook["cells"].index(cell(notebook, "lsi")), own)

    rebuilt = handed_in(change)
    names = [c.id for c in rebuilt.notebook.cells]
    assert names[names.index("lsi_answer") + 1] == "added-1"
    assert "y = 1" in code_cells(rebuilt.notebook)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "not valid JSON"),
        ("{", "not valid JSON"),
        ("[]", "it has no cells"),
        ('{"cells": 3}', "it has no cells"),
        ("[" * 100_000, "not valid JSON"),
        ("\ud800", "not valid JSON"),
    ],
)
def test_files_that_are_no_notebooks(text: str, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(Unreadable, match=sentence):
        read_submission(path)


@pytest.mark.parametrize(
    "strange",
    [
        3,
        None,
        [],
        {},
        {"cell_type": 3},
        {"source": [1, 2]},
        {"metadata": {"nbgrader": 5}},
        {"id": []},
    ],
)
def test_strange_cells_are_passed_over(strange: Any) -> None:
    rebuilt = rebuild(released(), cells_of({"cells": [strange]}))
    assert len(rebuilt.notebook.cells) == len(released().cells)


# --- Replays --------------------------------------------------------------------------------------


def stream(text: str, name: str = "stdout") -> Any:
    return new_output("stream", name=name, text=text)


def test_a_replay_is_compared_by_nbval() -> None:
    expected = [stream("1.5\n")]
    assert replays.finding([stream("1."), stream("5\n")], expected, 2.0).awarded == 2.0
    assert replays.finding([stream("w\n", "stderr"), stream("1.5\n")], expected, 2.0).awarded == 2.0
    assert replays.finding([stream("1.6\n")], expected, 2.0).sentence == "Values differ"
    assert replays.finding([], expected, 2.0).sentence == "Nothing was printed"
    error = new_output("error", ename="ValueError", evalue="", traceback=[])
    assert replays.finding([error], expected, 2.0).sentence == "It raises ValueError"
    error = new_output("error", ename="NotImplementedError", evalue="", traceback=[])
    assert replays.finding([stream("1.5\n"), error], expected, 2.0).awarded == 0.0


def test_replays_print_values_away_from_rounding_edges(course: Course) -> None:
    """Right answers differ in the last bits; no printed digit may depend on them."""
    from autograder import hidden

    def moved(value: Any, nudge: float) -> Any:
        if isinstance(value, tuple):
            return tuple(moved(part, nudge) for part in value)
        # Whole numbers have no last bits, and networks are no numbers.
        is_float = isinstance(value, float) or getattr(value, "dtype", None) == np.float64
        return value + nudge if is_float else value

    for text in course.notebooks:
        for question in text.questions:
            if question.kind == "replay":
                functions = text.functions(question.name)
                replay = hidden.replay_of(question.name)
                assert replay is not None
                for nudge in (-1e-9, 1e-9):
                    nudged = {
                        n: (lambda *a, _f=f, **k: moved(_f(*a, **k), nudge))  # noqa: B023
                        for n, f in functions.items()
                    }
                    assert replays.finding_in_process(replay, nudged, functions, 1.0).awarded == 1.0


def test_students_words_are_no_markup() -> None:
    report = gradebook.Report(
        student="[/b]",
        assignment="a1",
        scores=[gradebook.Score(question="q", points=1, awarded=0, by_hand=False)],
        verdicts={},
        remarks=["stops with ValueError: see [/home] now"],
    )
    from rich.console import Console

    console = Console(width=120, record=True, file=open(os.devnull, "w"))  # noqa: SIM115, PTH123
    console.print(cli._score_table([report]))
    assert "see [/home] now" in console.export_text()
