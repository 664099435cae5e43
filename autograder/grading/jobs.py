"""Grading as jobs: each a pure function of answers, tests and versions, and so never done twice."""

import gc
import hashlib
import json
import sys
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import nbformat
from pydantic import BaseModel, ValidationError

import course_utils
from autograder import hidden, variants
from autograder.course import Assignment, NotebookText
from autograder.files import read_notebook, write_text
from autograder.grading import boxes, replays, seeds
from autograder.grading.grader import grade_notebook
from autograder.grading.rebuild import Rebuilt, Unreadable, read_submission, rebuild
from autograder.grading.verdicts import Finding, Verdict, refuse
from autograder.sandbox.kernels import Starter

_DECIDING = ("grading", "hidden", "sandbox", "variants")
_PACKAGES = (
    *("ipykernel", "ipython", "ipywidgets", "matplotlib", "nbval", "numpy", "pillow"),
    *("scikit-image", "scikit-learn", "scipy", "torch"),
)
_WITHOUT_MEANING = ("metadata", "outputs", "execution_count")


class Job(BaseModel):
    """A submitted notebook to be graded: plain data, for any process to carry out.

    Parameters
    ----------
    notebook : the rebuilt notebook's JSON.
    remarks : what had to be repaired.
    questions : the grade ids to judge; all if there are none.
    key : equal for equal answers, tests and versions.
    """

    assignment: str
    stem: str
    student: str
    notebook: dict[str, Any]
    remarks: list[str]
    key: str
    questions: tuple[str, ...] = ()


class Result(BaseModel):
    """What came of a job."""

    key: str
    notebook: dict[str, Any]
    verdicts: list[Verdict]
    remarks: list[str]


def job(
    text: NotebookText, student: str, rebuilt: Rebuilt, tests: str, questions: Iterable[str] = ()
) -> Job:
    """Make the job of grading a rebuilt notebook; `tests` is the notebook's `tests_key`."""
    cells = [
        {name: value for name, value in cell.items() if name not in _WITHOUT_MEANING}
        for cell in rebuilt.notebook.cells
    ]
    answers = json.dumps([cells, rebuilt.remarks], sort_keys=True)
    key = hashlib.sha256(f"{tests}{answers}".encode()).hexdigest()
    return Job(
        assignment=text.assignment.name,
        stem=text.stem,
        student=student,
        notebook=json.loads(json.dumps(rebuilt.notebook)),
        remarks=rebuilt.remarks,
        key=key,
        questions=tuple(questions),
    )


def submitted(text: NotebookText, path: Path, remarks: Iterable[str] = ()) -> Rebuilt:
    """Read a submitted notebook and rebuild it; of a file that is none, nothing is left.

    `remarks` are put before those about what had to be repaired.
    """
    try:
        rebuilt = rebuild(_released(text), read_submission(path))
    except Unreadable as error:
        # Of a file that is no notebook it is enough to say that, once.
        rebuilt = nothing(text, str(error))
    rebuilt.remarks = [*remarks, *rebuilt.remarks]
    return rebuilt


def nothing(text: NotebookText, reason: str) -> Rebuilt:
    """Return the released notebook, for a submission without it."""
    rebuilt = rebuild(_released(text), [])
    rebuilt.remarks = [reason]
    return rebuilt


def _released(text: NotebookText) -> Any:
    path = text.assignment.course.root / "release" / text.assignment.name / f"{text.stem}.ipynb"
    return _notebook(path, path.stat().st_mtime_ns)


def source(text: NotebookText) -> Any:
    """Return the instructor's notebook, which holds the replays and their expected outputs."""
    path = text.assignment.course.root / "source" / text.assignment.name / f"{text.stem}.ipynb"
    return _notebook(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=32)
def _notebook(path: Path, _: int) -> Any:
    return read_notebook(path)


def prepare(texts: Iterable[NotebookText]) -> None:
    """Load what decides about notebooks, so that processes forked from here on have it."""
    # What is imported lives on: to look for garbage among it takes a tenth of the time or more.
    gc.disable()
    try:
        for text in texts:
            _load(text)
    finally:
        gc.enable()
    gc.freeze()


def _load(text: NotebookText) -> None:
    hidden.load(text.name)
    variants.load(text.name)
    for question in text.exercises:
        text.functions(question.name)
    import_module("IPython.core.inputtransformer2")  # `course_utils.forbidden` reads cells with it
    if "torch" in sys.modules:
        # Optimisers import it when the first of them is made, which takes more than a second.
        import_module("torch._dynamo")
    if any(question.kind == "replay" for question in text.questions):
        import_module("nbval.plugin")
    source(text)


def carry_out(job: Job, text: NotebookText, starter: Starter) -> Result:
    """Grade a notebook."""
    secret = seeds.course_secret(text.assignment.course.root)
    rebuilt = Rebuilt(nbformat.from_dict(job.notebook), job.remarks)
    graded = grade_notebook(text, rebuilt, source(text), secret, starter, job.questions)
    result = Result(
        key=job.key,
        notebook=graded.notebook,
        verdicts=graded.verdicts,
        remarks=graded.remarks,
    )
    result.model_dump_json()  # what cannot be written is this notebook's trouble, and no other's
    return result


def refused(job: Job, text: NotebookText, sentence: str) -> Result:
    """Give no points for a notebook that cannot be graded for a reason of its own."""
    hidden.load(text.name)
    verdicts = []
    for question in text.questions:
        if question.kind == "exercise":
            verdicts.append(refuse(question.name, sentence))
        elif question.kind == "replay":
            lost = Finding(
                says=replays.SAYS, points=question.points, awarded=0.0, sentence=sentence
            )
            verdicts.append(
                Verdict(question=question.grade_id, points=question.points, findings=[lost])
            )
    remarks = [*job.remarks, sentence]
    return Result(key=job.key, notebook=job.notebook, verdicts=verdicts, remarks=remarks)


def tests_key(text: NotebookText, *, boxed: bool) -> str:
    """Return a digest of all that decides about a notebook beside its answers.

    `boxed` tells whether it runs in a sandbox: what ran without could have been forged.
    """
    root, assignment, stem = text.assignment.course.root, text.assignment.name, text.stem
    limits = text.assignment.file.limits.model_dump_json()
    digest = hashlib.sha256(f"{assignment}/{stem} {limits} {_versions()} {boxed}".encode())
    digest.update(seeds.course_secret(root))
    for wing in ("source", "release"):
        digest.update((root / wing / assignment / f"{stem}.ipynb").read_bytes())
    for path in boxes.released_files(text.assignment):
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        digest.update(path.read_bytes())
    package = Path(__file__).parents[1]
    folders = [*(package / name for name in _DECIDING), Path(course_utils.__file__).parent]
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix in (".py", ".json"):
                digest.update(f"{path.relative_to(folder)}\n".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()


def _versions() -> Mapping[str, str]:
    found = {"python": sys.version}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = ""
    return found


# --- What has been graded -------------------------------------------------------------------------

FOLDER = ".course"
"""Where results are kept, in the course's folder."""


def result_file(assignment: Assignment, student: str, stem: str) -> Path:
    """Return where the result of a submission is kept."""
    return assignment.course.root / FOLDER / assignment.name / student / f"{stem}.json"


def keep(assignment: Assignment, student: str, stem: str, result: Result) -> None:
    """Keep a result, so that the same job need not be carried out again."""
    write_text(result_file(assignment, student, stem), result.model_dump_json())


def kept(assignment: Assignment, student: str, stem: str) -> Result | None:
    """Return the result that was kept of a submission, None if there is none that can be read."""
    try:
        text = result_file(assignment, student, stem).read_text("utf-8")
        return Result.model_validate_json(text)
    except (OSError, ValidationError):
        return None
