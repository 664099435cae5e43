"""What nbgrader calls: the rebuild, the hidden tests and the scores, as preprocessors of its own.

`configure` is called by `nbgrader_config.py`, so that plain `nbgrader autograde`, the formgrader's
button and `course grade` all end in the same checker.
"""

import atexit
from contextlib import ExitStack
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_notebook
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.apps.api import NbGraderAPI
from nbgrader.converters import GenerateAssignment, base
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import (
    AssignLatePenalties,
    NbGraderPreprocessor,
)
from traitlets import Bool

from autograder import submissions
from autograder.course import Assignment, Course, NotebookText
from autograder.errors import CourseError
from autograder.grading import boxes, jobs, workers
from autograder.grading.rebuild import Rebuilt
from autograder.sandbox.kernels import Starter
from autograder.scores import (
    RECORD,
    answers_seen,
    graded_notebook,
    remember_answers,
    save_scores,
    verdicts_in,
)


def configure(config: Any) -> None:
    """Set nbgrader up for this course; `config` is what `get_config()` returns."""
    config.GenerateAssignment.preprocessors = [*_stock_release(), TagTests]
    config.Autograde.exporter_class = SubmissionExporter
    config.Autograde.pre_convert_hook = copy_renamed
    _trust_no_files()
    # Without nbgrader's check of metadata: every bit of it comes from the release.
    config.Autograde.sanitize_preprocessors = [Rebuild]
    config.Autograde.autograde_preprocessors = [HiddenTests, SaveScores, AssignLatePenalties]
    # Widgets leave a picture in feedback only if pictures come before what needs a kernel.
    config.NbConvertBase.display_data_priority = [
        *("image/png", "image/jpeg", "image/svg+xml", "text/html", "text/markdown", "text/latex"),
        "text/plain",
    ]


def _trust_no_files() -> None:
    """Let nbgrader take nothing of a submission but its notebooks.

    It would copy what links point to, wait for ever for a pipe, and end the batch at a time stamp
    that is none; there is no setting against that.
    """
    base.find_all_files = _files
    CourseDirectory.get_existing_timestamp = _time_of_submission
    NbGraderAPI.get_submitted_timestamp = _time_in_the_formgrader


def _files(path: str, exclude: list[str] | None = None) -> list[str]:
    if Path(path).parts[-3:-2] != ("submitted",):
        return list(utils.find_all_files(path, exclude))
    # By its time nbgrader knows a newer submission.
    timed = _time_of_submission(None, path) is not None
    return [str(Path(path, "timestamp.txt"))] if timed else []


def _time_of_submission(_: Any, folder: str) -> datetime | None:
    return submissions.time_of(submissions.timestamp(Path(folder)))


def _time_in_the_formgrader(api: NbGraderAPI, assignment: str, student: str) -> datetime | None:
    course = api.coursedir
    folder = course.format_path(course.submitted_directory, student, assignment)
    return _time_of_submission(None, folder)


def _stock_release() -> list[Any]:
    return list(GenerateAssignment.preprocessors.default_args[0])


class TagTests(NbGraderPreprocessor):
    """Lets Run All go on after a check that does not pass.

    In the release only: in the source the tag would hide a failure from nbval.
    """

    def preprocess_cell(self, cell: Any, resources: Any, cell_index: int) -> tuple[Any, Any]:
        """Tag a test cell."""
        if utils.is_grade(cell) and cell.cell_type == "code":
            cell.metadata["tags"] = ["raises-exception"]
        return cell, resources


class SubmissionExporter(NotebookExporter):
    """Reads no submission: `Rebuild` does, without trusting it, and hands on what is rebuilt."""

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> tuple[Any, Any]:
        """Read a notebook and hand it to the preprocessors."""
        if Path(filename).parts[-4:-3] == ("submitted",):
            return _pair(self.from_notebook_node(new_notebook(), resources=resources, **kw))
        return _pair(super().from_filename(filename, resources=resources, **kw))


def _pair(converted: Any) -> tuple[Any, Any]:
    output, resources = converted
    return output, resources


class _CoursePreprocessor(NbGraderPreprocessor):
    """A preprocessor that knows the course: nbgrader works in the course's folder."""

    def text(self, resources: Any) -> NotebookText:
        """Return the text of the notebook at hand."""
        names = resources["nbgrader"]
        assignment = _assignment(names["assignment"])
        for notebook in assignment.notebooks:
            if notebook.stem == names["notebook"]:
                return notebook
        raise CourseError(f"{assignment.name} has no notebook {names['notebook']}.")


def _assignment(name: str) -> Assignment:
    """Return an assignment of the course that nbgrader works in."""
    changed = Path("assignments", name, "assignment.yml").stat().st_mtime_ns
    return _read_assignment(Path.cwd(), name, changed)


@lru_cache(maxsize=8)
def _read_assignment(root: Path, name: str, _: int) -> Assignment:
    return Course.at(root).assignment(name)


class Rebuild(_CoursePreprocessor):
    """Puts the submitted answers into the released notebook."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Rebuild a submission."""
        text = self.text(resources)
        found = submissions.submission(text.assignment, resources["nbgrader"]["student"])
        notebook = found.notebooks.get(text.stem)
        if notebook is None:
            rebuilt = jobs.nothing(text, found.reason or f"{text.stem}.ipynb was not handed in.")
        else:
            rebuilt = jobs.submitted(text, notebook.path, notebook.remarks)
        rebuilt.notebook.metadata[RECORD] = {"remarks": rebuilt.remarks}
        return rebuilt.notebook, resources


class HiddenTests(_CoursePreprocessor):
    """Runs the rebuilt notebook and the hidden tests, unless that has been done before."""

    sandbox = Bool(True, help="Whether students' code runs in a sandbox.").tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Grade a rebuilt notebook and write the verdicts into its metadata."""
        text = self.text(resources)
        student = resources["nbgrader"]["student"]
        rebuilt = Rebuilt(nb, list(nb.metadata.pop(RECORD)["remarks"]))
        key = jobs.tests_key(text, boxed=self.sandbox)
        job = jobs.job(text, student, rebuilt, key)
        result = jobs.kept(text.assignment, student, text.stem)
        if result is None or result.key != job.key:
            starter = _starter(text.assignment.name, self.sandbox)
            seconds = workers.longest(text.assignment)
            result = workers.alone(job, lambda job: jobs.carry_out(job, text, starter), seconds)
            jobs.keep(text.assignment, student, text.stem, result)
        return graded_notebook(result), resources


@lru_cache(maxsize=1)
def _starter(assignment: str, sandbox: bool) -> Starter:
    """Make ready to run notebooks, for as long as this process lives."""
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(
        boxes.kernels(_assignment(assignment), boxes.choose_way(None if sandbox else "none"))
    )


class SaveScores(_CoursePreprocessor):
    """Writes the verdicts into nbgrader's gradebook, and their sentences beside the answers."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Save the scores of a notebook."""
        names = resources["nbgrader"]
        place = (self.text(resources).assignment, names["student"], names["notebook"])
        with Gradebook(names["db_url"]) as gradebook:
            row = gradebook.find_submission_notebook(
                names["notebook"], names["assignment"], names["student"]
            )
            save_scores(row, nb, verdicts_in(nb), answers_seen(*place))
            gradebook.db.commit()
        remember_answers(*place, nb)
        return nb, resources


def copy_renamed(assignment: str, student: str, notebooks: list[str]) -> None:
    """Take a notebook that was handed in under another name for the one that is missing.

    nbgrader's hook before converting a submission; `notebooks` are the paths it found, and a copy
    under the right name is added to them. The student's file stays as it is.
    """
    if notebooks:
        folder = Path(notebooks[0]).parent
        for copy in submissions.copy_renamed(_assignment(assignment), folder.parent.name):
            notebooks.append(str(folder / copy.name))
