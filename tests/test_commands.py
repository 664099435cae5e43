"""The command line: bad input gets one sentence, a non-zero exit, and leaves nothing half-done."""

import html
import os
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

from autograder import cli
from course_utils import environment
from tests.conftest import SANDBOX

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "examples" / "submissions" / "student-07"


def course(
    folder: Path, *arguments: str, prefix: tuple[str, ...] = ()
) -> "subprocess.CompletedProcess[str]":
    way = ("--no-sandbox",) if arguments[0] == "grade" and not SANDBOX else ()
    return subprocess.run(
        [*prefix, sys.executable, "-m", "autograder.cli", *arguments, *way],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def sentence(done: "subprocess.CompletedProcess[str]") -> str:
    assert done.returncode not in (0, 2), done.stdout
    assert "Traceback" not in done.stderr
    lines = done.stderr.strip().split("\n")
    assert len(lines) == 1, done.stderr
    return lines[0]


def hand_in(folder: Path) -> None:
    shutil.copytree(SAMPLE, folder / "submitted" / "student-07")


def test_a_folder_that_is_no_course(tmp_path: Path) -> None:
    assert "is no course: it has no folder assignments" in sentence(course(tmp_path, "build"))


def test_an_unknown_assignment(course_copy: Path) -> None:
    said = sentence(course(course_copy, "grade", "a9_nothing"))
    assert said == "There is no assignment a9_nothing; there are: a1_filtering."


def test_an_unknown_question(course_copy: Path) -> None:
    said = sentence(course(course_copy, "proof", "krass"))
    assert (
        said == f"There is no question krass. The texts in {course_copy / 'assignments'} name them."
    )
    said = sentence(course(course_copy, "proof", "cross_corelate"))
    assert said == "There is no question cross_corelate. Did you mean cross_correlate?"
    assert "ringing is none" in sentence(course(course_copy, "proof", "ringing"))


def test_a_question_that_cannot_be_graded_again(course_copy: Path) -> None:
    hand_in(course_copy)
    again = ("grade", "a1_filtering", "--question")
    said = sentence(course(course_copy, *again, "ringing"))
    assert said == "ringing is graded by hand; there is nothing to repeat."
    said = sentence(course(course_copy, *again, "lsj"))
    assert said == "There is no question lsj. Did you mean lsi?"
    shutil.copytree(ROOT / "assignments" / "a2_classifiers", course_copy / "assignments" / "a2")
    said = sentence(course(course_copy, *again, "choose_k"))
    assert said == "a2 asks choose_k, not a1_filtering; grade that one."
    assert not (course_copy / "feedback").exists()


def test_a_student_who_is_not_there_is_not_explained(course_copy: Path) -> None:
    hand_in(course_copy)
    said = sentence(course(course_copy, "grade", "--explain", "student-7", "lsi"))
    assert said == (
        f"There is no student student-7: {course_copy / 'submitted'} has no such folder. "
        "Did you mean student-07?"
    )


def test_nothing_submitted(course_copy: Path) -> None:
    assert "There is nothing to grade" in sentence(course(course_copy, "grade", "a1_filtering"))


def test_an_unknown_student(course_copy: Path) -> None:
    hand_in(course_copy)
    said = sentence(course(course_copy, "grade", "a1_filtering", "--student", "nobody"))
    assert said == "nobody handed in nothing for a1_filtering."


def test_nothing_built(course_copy: Path) -> None:
    hand_in(course_copy)
    shutil.rmtree(course_copy / "release")
    said = sentence(course(course_copy, "grade", "a1_filtering"))
    assert said == "release/a1_filtering is missing; run `course build`."


def test_a_wrong_argument_is_explained(course_copy: Path) -> None:
    assert sentence(course(course_copy, "grade")) == "Which assignment? There are: a1_filtering."
    done = course(course_copy, "release")
    assert done.returncode == 2
    assert "Missing argument 'assignment'" in done.stderr


def test_a_gradebook_that_is_none(course_copy: Path) -> None:
    hand_in(course_copy)
    (course_copy / "gradebook.db").write_text("not a database, whatever its name says" * 100)
    said = sentence(course(course_copy, "grade", "a1_filtering"))
    assert "gradebook.db cannot be used as a gradebook" in said


def test_a_gradebook_of_no_course(course_copy: Path) -> None:
    hand_in(course_copy)
    with sqlite3.connect(course_copy / "gradebook.db") as other:
        other.execute("CREATE TABLE assignment (title TEXT)")
    said = sentence(course(course_copy, "grade", "a1_filtering"))
    assert "gradebook.db cannot be used as a gradebook" in said


def test_a_gradebook_of_another_version(course_copy: Path) -> None:
    hand_in(course_copy)
    assert course(course_copy, "grade", "a1_filtering").returncode == 0
    before = (course_copy / "gradebook.db").read_bytes()
    text = course_copy / "assignments" / "a1_filtering" / "1_linear_filters.py"
    head, _, tail = text.read_text().partition('# %% replay="moving_average" points=2\n')
    text.write_text(head + tail)
    settings = course_copy / "assignments" / "a1_filtering" / "assignment.yml"
    settings.write_text(
        settings.read_text().replace("1_linear_filters: 50", "1_linear_filters: 48")
    )
    said = sentence(course(course_copy, "grade", "a1_filtering"))
    assert "has grades for another version of a1_filtering" in said
    assert "moving_average_replay" in said
    assert (course_copy / "gradebook.db").read_bytes() == before


@pytest.mark.parametrize("command", ["report", "feedback"])
def test_no_gradebook_yet(command: str, course_copy: Path) -> None:
    hand_in(course_copy)
    said = sentence(course(course_copy, command, "a1_filtering"))
    assert said == "There is no gradebook yet; run `course grade a1_filtering`."
    assert not (course_copy / "gradebook.db").exists()
    assert not (course_copy / "feedback").exists()


def test_a_gradebook_of_another_course(course_copy: Path) -> None:
    from nbgrader.api import Gradebook

    hand_in(course_copy)
    with Gradebook(f"sqlite:///{course_copy / 'gradebook.db'}") as other:
        other.add_assignment("ps1")
    before = (course_copy / "gradebook.db").read_bytes()
    said = sentence(course(course_copy, "grade", "a1_filtering"))
    assert "belongs to another course: it knows ps1" in said
    assert (course_copy / "gradebook.db").read_bytes() == before


def test_strange_submissions_are_told_in_words(course_copy: Path) -> None:
    """Everything but the notebook that was asked for; nothing of it stops the batch."""
    release = course_copy / "release" / "a1_filtering" / "1_linear_filters.ipynb"
    folders = {
        "anna": ["homework0.ipynb"],
        "ben": ["deep/1_linear_filters.ipynb"],
        "c[1]": ["1_linear_filters.ipynb"],
        "__MACOSX": ["._1_linear_filters.ipynb"],
        "dora": [".hidden.ipynb"],
    }
    for student, files in folders.items():
        for file in files:
            path = course_copy / "submitted" / student / "a1_filtering" / file
            path.parent.mkdir(parents=True)
            path.write_text("{}" if "homework" in file else release.read_text())
    done = course(course_copy, "grade", "a1_filtering")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.replace("│", " ").split())
    assert "found homework0.ipynb" in said
    assert "deep/1_linear_filters.ipynb" in said
    assert "A folder with one of * ? [ ] in its name" in said
    assert "No notebook was handed in" in said
    assert "c[1]" in said
    assert "MACOSX" not in said
    again = course(course_copy, "report", "a1_filtering")
    assert "found homework0.ipynb" in " ".join(again.stdout.replace("│", " ").split())


def test_what_lies_in_a_wrong_place_is_told(course_copy: Path) -> None:
    from autograder import pages
    from autograder.course import Course

    release = course_copy / "release" / "a1_filtering" / "1_linear_filters.ipynb"
    submitted = course_copy / "submitted"
    for place in ("loose/1_linear_filters.ipynb", "typo/a1_filterin/x.ipynb", "mine.ipynb"):
        (submitted / place).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(release, submitted / place)
    for place in ("loose/.ipynb_checkpoints", "__MACOSX/loose", "other/homework"):
        (submitted / place).mkdir(parents=True)
    told = [
        "submitted/mine.ipynb is not graded: it belongs into submitted/<student>/<assignment>/; "
        "move it there and grade again.",
        "submitted/loose/1_linear_filters.ipynb is not graded: it belongs into "
        "submitted/loose/a1_filtering/; move it there and grade again.",
        "submitted/other/homework is not graded: no assignment has this name. "
        "There are: a1_filtering.",
        "submitted/typo/a1_filterin is not graded: no assignment has this name. "
        "Did you mean a1_filtering?",
    ]
    said = sentence(course(course_copy, "grade", "a1_filtering"))
    assert said.endswith(told[0])
    shutil.copytree(SAMPLE / "a1_filtering", submitted / "student-07" / "a1_filtering")
    done = course(course_copy, "grade", "a1_filtering")
    assert (done.returncode, done.stderr.strip().split("\n")) == (0, told)
    page = html.unescape((course_copy / "feedback" / "a1_filtering.html").read_text())
    assert all(f"<li>{line}</li>" in page for line in told)
    assert course(course_copy, "report", "a1_filtering").stderr.strip().split("\n") == told
    # What lies where it should is not told about.
    for place in ("loose", "other", "typo", "mine.ipynb"):
        (submitted / place).rename(course_copy / place)
    pages.write_pages(Course.at(course_copy).assignment("a1_filtering"))
    page = (course_copy / "feedback" / "a1_filtering.html").read_text()
    assert "is not graded" not in page


def test_a_renamed_notebook_handed_in_again(course_copy: Path) -> None:
    from autograder import gradebook
    from autograder.course import Course
    from autograder.grade import Order, grade

    folder = course_copy / "submitted" / "student-01" / "a1_filtering"
    folder.mkdir(parents=True)
    samples = ROOT / "examples" / "submissions"
    notebook = "a1_filtering/1_linear_filters.ipynb"
    assignment = Course.at(course_copy).assignment("a1_filtering")

    def points(student: str, name: str) -> tuple[float, list[str]]:
        shutil.copy(samples / student / notebook, folder / name)
        grade(
            assignment,
            Order(student="student-01", way=None if SANDBOX else "none"),
            lambda *_: None,
        )
        report = gradebook.report(assignment, "student-01")
        return report.total, report.remarks

    missing = "2_nonlinear_filters.ipynb was not handed in."
    adopted = ["The notebook was handed in as mine [final].ipynb.", missing]
    assert points("student-07", "mine [final].ipynb") == (0, adopted)
    assert points("student-06", "mine [final].ipynb") == (7, adopted)
    assert points("student-01", "1_linear_filters.ipynb") == (41, [missing])


def test_a_short_secret(course_copy: Path) -> None:
    hand_in(course_copy)
    (course_copy / "course_secret").write_text("short\n")
    said = sentence(course(course_copy, "grade", "a1_filtering"))
    assert "is too short; restore it from a backup" in said


# Root may write everywhere: what an ordinary user meets is tried as one.
AS_NOBODY = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


@pytest.mark.skipif(os.geteuid() == 0 and not shutil.which("setpriv"), reason="needs setpriv")
def test_an_unwritable_folder(course_copy: Path) -> None:
    hand_in(course_copy)
    prefix = () if os.geteuid() else AS_NOBODY
    for path in (course_copy, *course_copy.parents):
        if path.owner() == "root" and path != Path("/") and str(path).startswith("/tmp/"):
            path.chmod(0o755)
    course_copy.chmod(0o555)
    try:
        for arguments in (("build",), ("grade", "a1_filtering")):
            done = course(course_copy, *arguments, prefix=prefix)
            if "No module named" in done.stderr or "Permission denied" in done.stderr:
                pytest.skip("the environment is not readable for other users")
            assert "written" in sentence(done) or "ermission" in sentence(done)
    finally:
        course_copy.chmod(0o755)
    assert not (course_copy / "gradebook.db").exists()


@pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("mount"), reason="needs a small disk")
def test_a_full_disk(course_copy: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    small = tmp_path_factory.mktemp("small")
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(small)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode != 0:
        pytest.skip("tmpfs cannot be mounted here")
    try:
        shutil.copytree(course_copy, small / "course")
        filler = small / "filler"
        with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="space"):
            while True:
                file.write(b"x" * 4096)
        before = {p: p.read_bytes() for p in (small / "course").rglob("*") if p.is_file()}
        assert "The disk is full" in sentence(course(small / "course", "build"))
        after = {p: p.read_bytes() for p in (small / "course").rglob("*") if p.is_file()}
        assert after == before
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_interrupting_is_said_in_words(course_copy: Path) -> None:
    import signal
    import time

    running = subprocess.Popen(
        [sys.executable, "-m", "autograder.cli", "build"],
        cwd=course_copy,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stdout is not None
    assert running.stdout.readline().startswith("Running")
    time.sleep(0.5)
    before = {p: p.read_bytes() for p in (course_copy / "source").rglob("*") if p.is_file()}
    running.send_signal(signal.SIGTERM)
    _, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert said.strip() == "Interrupted; run the command again to begin anew."
    assert "Traceback" not in said
    after = {p: p.read_bytes() for p in (course_copy / "source").rglob("*") if p.is_file()}
    assert after == before
    assert not list(course_copy.glob(".build-*"))


def test_errors_of_the_system_are_explained() -> None:
    assert "The disk is full (/x)" in cli._explained(OSError(28, "No space left on device", "/x"))
    assert "No permission" in cli._explained(PermissionError(13, "Permission denied", "/x"))


# --- Three lists of packages that must agree ------------------------------------------------------


def test_environment_yml_says_what_the_makefile_does() -> None:
    conda = yaml.safe_load((ROOT / "environment.yml").read_text())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    plain = [entry for entry in conda["dependencies"] if isinstance(entry, str)]
    (pip,) = [entry["pip"] for entry in conda["dependencies"] if isinstance(entry, dict)]
    assert pip == ["--constraint constraints.txt", "--editable .[staff,dev]"]
    assert set(project["optional-dependencies"]) == {"staff", "dev"}
    assert (
        '--constraint constraints.txt --editable ".[staff,dev]"' in (ROOT / "Makefile").read_text()
    )
    assert plain == ["python=3.11", "pip"]
    assert project["requires-python"] == ">=3.11"


def test_constraints_pin_every_package_within_its_range() -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins = {}
    for line in (ROOT / "constraints.txt").read_text().split("\n"):
        if line and not line.startswith("#"):
            name, pin = line.split("==")
            pins[canonicalize_name(name)] = pin
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(text for extra in extras for text in extra)]
    for text in wanted:
        requirement = Requirement(text)
        name = canonicalize_name(requirement.name)
        assert name in pins, f"{name} is not in constraints.txt"
        assert requirement.specifier.contains(pins[name]), f"{name} {pins[name]}"
        assert version(requirement.name).split("+")[0] == pins[name]


def test_the_first_cell_asks_for_what_pyproject_asks_for() -> None:
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lowest = {r.name: str(r.specifier)[2:] for r in map(Requirement, project["dependencies"])}
    assert environment._NEEDS.items() <= lowest.items()
    assert environment.check().problems == ()


def test_the_first_cell_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(environment._NEEDS, "numpy", "99.0")
    monkeypatch.setitem(environment._NEEDS, "no-such-package", "1.0")
    said = repr(environment.check())
    assert "numpy" in said
    assert "is too old, 99.0 is needed" in said
    assert "no-such-package is not installed" in said
    assert "README" in said
