"""What nbgrader calls: the rebuild, the hidden tests and the scores, as preprocessors of its own.

`configure` is called by `nbgrader_config.py`, so that plain `nbgrader autograde`, the formgrader's
button and `course grade` all end in the same checker.
"""

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbformat.v4 import new_notebook
from nbgrader import utils
from nbgrader.converters import GenerateAssignment
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    NbGraderPreprocessor,
    SaveAutoGrades,
)

from autograder.build import read_notebook
from autograder.course import Course, NotebookText
from autograder.errors import CourseError
from autograder.grading import seeds
from autograder.grading.grader import grade_notebook
from autograder.grading.rebuild import Rebuilt, Unreadable, read_submission, rebuild
from autograder.grading.verdicts import Verdict, in_words

RECORD = "grading"
"""The key in a graded notebook's metadata that holds verdicts and remarks."""


def configure(config: Any) -> None:
    """Set nbgrader up for this course; `config` is what `get_config()` returns."""
    config.GenerateAssignment.preprocessors = [*_stock_release(), TagTests]
    config.Autograde.exporter_class = SubmissionExporter
    config.Autograde.pre_convert_hook = adopt_renamed
    config.Autograde.sanitize_preprocessors = [Rebuild, CheckCellMetadata]
    config.Autograde.autograde_preprocessors = [
        HiddenTests,
        SaveScores,
        AssignLatePenalties,
        CheckCellMetadata,
    ]
    # Widgets leave a picture in feedback only if pictures come before what needs a kernel.
    config.NbConvertBase.display_data_priority = [
        *("image/png", "image/jpeg", "image/svg+xml", "text/html", "text/markdown", "text/latex"),
        "text/plain",
    ]


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
    """Reads submissions without trusting them: a file that is no notebook reads as an empty one."""

    def from_filename(self, filename: str, resources: Any = None, **kw: Any) -> tuple[Any, Any]:
        """Read a notebook and hand it to the preprocessors."""
        path = Path(filename)
        if path.parts[-4:-3] != ("submitted",):
            return _pair(super().from_filename(filename, resources=resources, **kw))
        notebook = new_notebook()
        try:
            cells = read_submission(path)
        except Unreadable as error:
            cells = []
            notebook.metadata[RECORD] = {"remarks": [str(error)]}
        resources["submitted_cells"] = cells
        return _pair(self.from_notebook_node(notebook, resources=resources, **kw))


def _pair(converted: Any) -> tuple[Any, Any]:
    output, resources = converted
    return output, resources


class _CoursePreprocessor(NbGraderPreprocessor):
    """A preprocessor that knows the course: nbgrader works in the course's folder."""

    def text(self, resources: Any) -> NotebookText:
        """Return the text of the notebook at hand."""
        names = resources["nbgrader"]
        assignment = Course.at(Path.cwd()).assignment(names["assignment"])
        for notebook in assignment.notebooks:
            if notebook.stem == names["notebook"]:
                return notebook
        raise CourseError(f"{assignment.name} has no notebook {names['notebook']}.")


class Rebuild(_CoursePreprocessor):
    """Puts the submitted answers into the released notebook."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Rebuild a submission."""
        text = self.text(resources)
        released = read_notebook(Path("release") / text.assignment.name / f"{text.stem}.ipynb")
        rebuilt = rebuild(released, resources.pop("submitted_cells"))
        record = nb.metadata.get(RECORD)
        # Of a file that is no notebook it is enough to say that, once.
        remarks = record["remarks"] if record else rebuilt.remarks
        rebuilt.notebook.metadata[RECORD] = {"remarks": [*_adopted(resources), *remarks]}
        return rebuilt.notebook, resources


class HiddenTests(_CoursePreprocessor):
    """Runs the rebuilt notebook and the hidden tests, and writes the verdicts into its metadata."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Grade a rebuilt notebook."""
        text = self.text(resources)
        source = read_notebook(Path("source") / text.assignment.name / f"{text.stem}.ipynb")
        remarks = list(nb.metadata.pop(RECORD)["remarks"])
        secret = seeds.course_secret(Path.cwd())
        graded = grade_notebook(text, Rebuilt(nb, remarks), source, secret)
        nb.metadata[RECORD] = {
            "verdicts": [verdict.model_dump() for verdict in graded.verdicts],
            "remarks": graded.remarks,
        }
        return nb, resources


class SaveScores(SaveAutoGrades):
    """Writes the verdicts into nbgrader's gradebook, and their sentences beside the answers."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Save the scores of a notebook."""
        verdicts = [Verdict.model_validate(v) for v in nb.metadata[RECORD]["verdicts"]]
        self._verdicts = {verdict.question: verdict for verdict in verdicts}
        return super().preprocess(nb, resources)  # type: ignore[no-any-return]

    def _add_score(self, cell: Any, resources: Any) -> None:
        grade_id = cell.metadata["nbgrader"]["grade_id"]
        if grade_id not in self._verdicts:
            super()._add_score(cell, resources)
            return
        verdict = self._verdicts[grade_id]
        grade = self.gradebook.find_grade(
            grade_id, self.notebook_id, self.assignment_id, self.student_id
        )
        grade.auto_score = verdict.awarded
        grade.needs_manual_grade = grade.manual_score is not None or bool(verdict.note)
        self.gradebook.db.commit()

    def _add_comment(self, cell: Any, resources: Any) -> None:
        grade_id = cell.metadata["nbgrader"]["grade_id"]
        verdict = self._verdicts.get(grade_id.removesuffix("_answer"))
        if verdict is None:
            super()._add_comment(cell, resources)
            return
        comment = self.gradebook.find_comment(
            grade_id, self.notebook_id, self.assignment_id, self.student_id
        )
        comment.auto_comment = in_words(verdict)
        self.gradebook.db.commit()


# --- A notebook under another name ----------------------------------------------------------------

_ADOPTED_SUFFIX = ".taken-from"


def adopt_renamed(assignment: str, student: str, notebooks: list[str]) -> None:
    """Take a notebook that was handed in under another name for the one that is missing.

    nbgrader's hook before converting a submission; `notebooks` are the paths it found. A copy gets
    the right name and is added to the list; the student's file stays as it is.
    """
    if not notebooks:
        return
    folder = Path(notebooks[0]).parent
    for copy in adopt(Course.at(Path.cwd()), assignment, folder):
        notebooks.append(str(Path(notebooks[0]).with_name(copy.name)))


def adopt(course: Course, assignment: str, folder: Path) -> list[Path]:
    """Copy renamed notebooks in a submission's folder to the names they should have.

    A copy made for an earlier grading is made anew, or goes if it is no longer needed.
    """
    texts = {text.stem: text for text in course.assignment(assignment).notebooks}
    for stem in texts:
        _forget_copy(folder / f"{stem}.ipynb")
    others = [path for path in notebooks_in(folder) if path.stem not in texts]
    made = []
    for stem, text in texts.items():
        path = folder / f"{stem}.ipynb"
        names = {f"{question.name}_answer" for question in text.exercises}
        candidates = [other for other in others if _holds_answers(other, names)]
        if not path.exists() and len(candidates) == 1:
            shutil.copyfile(candidates[0], path)
            record = {"name": candidates[0].name, "sha256": _digest(path)}
            path.with_suffix(_ADOPTED_SUFFIX).write_text(json.dumps(record), "utf-8")
            made.append(path)
    return made


def notebooks_in(folder: Path) -> list[Path]:
    """Return the notebooks of a submission's folder, without what archives and editors leave."""
    return [path for path in sorted(folder.glob("*.ipynb")) if not path.name.startswith(".")]


def _forget_copy(path: Path) -> None:
    """Remove a copy of an earlier grading, unless the student has handed in that name since."""
    note = path.with_suffix(_ADOPTED_SUFFIX)
    if note.exists():
        if path.exists() and _digest(path) == json.loads(note.read_text("utf-8"))["sha256"]:
            path.unlink()
        note.unlink()


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _holds_answers(path: Path, names: set[str]) -> bool:
    try:
        return any(cell.name in names for cell in read_submission(path))
    except Unreadable:
        return False


def _adopted(resources: Any) -> list[str]:
    names = resources["nbgrader"]
    note = (
        Path("submitted")
        / names["student"]
        / names["assignment"]
        / f"{names['notebook']}{_ADOPTED_SUFFIX}"
    )
    if not note.exists():
        return []
    return [f"The notebook was handed in as {json.loads(note.read_text('utf-8'))['name']}."]
