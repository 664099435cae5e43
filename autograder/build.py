"""Builds notebooks: text in `assignments/` to `source/`, and by nbgrader to `release/`.

The steps, each of which refuses what is wrong with file and line:

1. `check_course`: every question has all its rooms, points add up, names are unique.
2. `record_examples`: what reference and wrong variants return on the visible examples.
3. `source_notebook`: the cells that nbgrader knows, with the answers inlined.
4. `execute`: outputs of the source notebook; an error is refused.
5. `release`: nbgrader's generate_assignment, with a throwaway gradebook.
6. `check_release`: nothing hidden and nobody's name is left in it.
"""

import ast
import contextlib
import hashlib
import inspect
import io
import json
import operator
import os
import re
import shutil
import subprocess
import tempfile
import textwrap
import warnings
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import numpy as np
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell
from traitlets.config import Config

from autograder import hidden, variants
from autograder.course import Assignment, Cell, Course, NotebookText, Question, room
from autograder.errors import CourseError
from autograder.files import read_notebook, writable, write_text
from autograder.mutants import with_helpers
from course_utils import checks
from course_utils.compare import difference
from course_utils.wire import Message, decode, encode

BEGIN_SOLUTION, END_SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"
BEGIN_HIDDEN, END_HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"

KERNEL = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def build(course: Course, tell: Callable[[str], None]) -> None:
    """Build every notebook of a course: record, generate, execute, release.

    Everything is made in a folder beside and moved into place at the end, so an interrupted build
    changes nothing.
    """
    check_course(course)
    with (
        _examples_written(course),
        tempfile.TemporaryDirectory(prefix=".build-", dir=writable(course.root)) as scratch,
    ):
        room_for_work = Path(scratch)
        for notebook in course.notebooks:
            tell(f"Running {notebook.assignment.name}/{notebook.stem}")
            executed = execute(source_notebook(notebook), notebook, course.root)
            write_notebook(executed, room_for_work / "source" / _file(notebook))
        for assignment in course.assignments:
            _copy_files(assignment, room_for_work / "source" / assignment.name)
            release(assignment, room_for_work)
            for notebook in assignment.notebooks:
                check_release(read_notebook(room_for_work / "release" / _file(notebook)), notebook)
        for assignment in course.assignments:
            for wing in ("source", "release"):
                _replace_folder(
                    room_for_work / wing / assignment.name, course.root / wing / assignment.name
                )


def check(course: Course) -> list[str]:
    """Compare what the build would make with what is there, outputs apart; return what differs."""
    check_course(course)
    # An error in them is soon found; what follows takes long.
    sources = {
        notebook.path: without_outputs(_checked_source(path))
        for notebook in course.notebooks
        if (path := course.root / "source" / _file(notebook)).is_file()
    }
    differing = []
    for notebook in course.notebooks:
        if not _same_examples(_examples_file(notebook), record_examples(notebook)):
            differing.append(str(_examples_file(notebook)))
    with tempfile.TemporaryDirectory(prefix="course-check-") as scratch:
        for notebook in course.notebooks:
            write_notebook(source_notebook(notebook), Path(scratch) / "source" / _file(notebook))
        for assignment in course.assignments:
            _copy_files(assignment, Path(scratch) / "source" / assignment.name)
            release(assignment, Path(scratch))
        differing += _strays(course, Path(scratch))
        for notebook in course.notebooks:
            made = read_notebook(Path(scratch) / "source" / _file(notebook))
            if notebook.path not in sources or _text(sources[notebook.path]) != _text(made):
                differing.append(f"source/{_file(notebook)}")
            released = course.root / "release" / _file(notebook)
            fresh = Path(scratch) / "release" / _file(notebook)
            if not released.is_file() or released.read_bytes() != fresh.read_bytes():
                differing.append(f"release/{_file(notebook)}")
            else:
                check_release(read_notebook(released), notebook)
    return differing


def _strays(course: Course, fresh: Path) -> list[str]:
    """Return files of source/ and release/ that the build would not make, or would make anew."""
    differing = []
    for wing in ("source", "release"):
        there, made = (
            {str(p.relative_to(root / wing)) for p in (root / wing).rglob("*") if p.is_file()}
            for root in (course.root, fresh)
        )
        differing += [f"{wing}/{name}" for name in sorted(there - made)]
        for name in sorted(made):
            old, new = course.root / wing / name, fresh / wing / name
            changed = not old.is_file() or old.read_bytes() != new.read_bytes()
            if not name.endswith(".ipynb") and changed:
                differing.append(f"{wing}/{name}")
    return differing


# --- 1. The course --------------------------------------------------------------------------------


def check_course(course: Course) -> None:
    """Refuse a course whose text asks for something that is not there or does not add up.

    Raises
    ------
    CourseError
        With file and line.
    """
    places: dict[str, str] = {}
    names: dict[str, Path] = {}
    for notebook in course.notebooks:
        if notebook.name in names:
            raise CourseError(
                f"{notebook.path}: {names[notebook.name]} is called {notebook.name}, too."
            )
        names[notebook.name] = notebook.path
        room("autograder.hidden", notebook.name, notebook.path)
        room("autograder.variants", notebook.name, notebook.path)
        room("course_utils.checks", notebook.name, notebook.path)
        for question in notebook.questions:
            if question.grade_id in places:
                first = places[question.grade_id]
                raise CourseError(f"{question.place}: the name {question.name} is used at {first}.")
            places[question.grade_id] = question.place
            _check_question(notebook, question)
        _check_rooms(notebook)
        total = sum(question.points for question in notebook.questions)
        stated = notebook.assignment.file.notebooks[notebook.stem]
        if abs(total - stated) > 1e-9:
            raise CourseError(
                f"{notebook.path}: the questions add up to {total:g} points, "
                f"but {notebook.assignment.folder / 'assignment.yml'} says {stated:g}."
            )


def _check_rooms(notebook: NotebookText) -> None:
    """Refuse examples, hidden tests and variants of questions that the text does not ask."""
    asked = {question.name for question in notebook.exercises}
    for wing, known in (
        ("course_utils.checks", checks.registered(notebook.name)),
        ("autograder.hidden", hidden.registered(notebook.name)),
        ("autograder.variants", variants.registered(notebook.name)),
    ):
        strange = sorted(known - asked)
        if strange:
            file = f"{wing.replace('.', '/')}/{notebook.name}.py"
            raise CourseError(f"{file}: {strange[0]} is not asked for in {notebook.path}.")


def _check_rubric(notebook: NotebookText, question: Question) -> None:
    place, name = question.place, question.name
    where = notebook.assignment.folder / "rubric.yml"
    rubric = notebook.assignment.rubrics.get(name)
    if rubric is None:
        raise CourseError(f"{place}: {name} has no rubric in {where}.")
    most = [criterion.points for criterion in rubric.criteria]
    if sum(most) != question.points:
        raise CourseError(
            f"{place}: {name} is worth {question.points:g} points, "
            f"but its criteria in {where} add up to {sum(most):g}."
        )
    for number, sample in enumerate(rubric.samples, 1):
        if len(sample.points) != len(most) or any(map(operator.gt, sample.points, most)):
            raise CourseError(
                f"{where}: sample {number} of {name} needs points for each of the {len(most)} "
                "criteria, none more than its criterion."
            )
    if not any(sample.points == most for sample in rubric.samples):
        raise CourseError(f"{where}: no sample of {name} has all points; one is the model answer.")


def _check_question(notebook: NotebookText, question: Question) -> None:
    place, name = question.place, question.name
    if question.kind == "question":
        _check_rubric(notebook, question)
        return
    if not notebook.functions(name):
        raise CourseError(
            f"{place}: unknown exercise {name}: {_home(notebook)} has no such function."
        )
    if question.kind == "replay":
        if hidden.replay_of(name) is None:
            raise CourseError(
                f"{place}: {name} has no replay in autograder/hidden/{notebook.name}.py."
            )
        return
    if not checks.examples(name):
        raise CourseError(
            f"{place}: {name} has no check in course_utils/checks/{notebook.name}.py."
        )
    tests = hidden.tests_of(name)
    if not tests:
        raise CourseError(
            f"{place}: {name} has no hidden tests in autograder/hidden/{notebook.name}.py."
        )
    total = sum(test.points for test in tests)
    if total != question.points:
        raise CourseError(
            f"{place}: {name} is worth {question.points:g} points, "
            f"but its hidden tests add up to {total:g}."
        )
    if not variants.wrong_of(name) or not variants.right_of(name):
        kind = "wrong" if not variants.wrong_of(name) else "right"
        raise CourseError(
            f"{place}: {name} has no {kind} variants in autograder/variants/{notebook.name}.py."
        )
    _check_variants(notebook, name)


def _check_variants(notebook: NotebookText, exercise: str) -> None:
    """Refuse a variant of a function that is not asked for: nobody would ever call it."""
    asked = notebook.functions(exercise)
    for variant in (*variants.wrong_of(exercise), *variants.right_of(exercise)):
        if variant.function not in asked:
            raise CourseError(
                f"autograder/variants/{notebook.name}.py: {variant.name} answers "
                f"{variant.function}; {exercise} has {' and '.join(asked)}. "
                "Name one of them with function=."
            )


def _home(notebook: NotebookText) -> str:
    return f"course_utils/reference/{notebook.name}.py"


# --- 2. The visible examples ----------------------------------------------------------------------


def _examples_file(notebook: NotebookText) -> Path:
    return Path(checks.__file__).parent / f"{notebook.name}.json"


@contextlib.contextmanager
def _examples_written(course: Course) -> Iterator[None]:
    """Write the recorded examples, which running the notebooks needs; undo that if it fails."""
    paths = [_examples_file(notebook) for notebook in course.notebooks]
    before = {path: path.read_text("utf-8") if path.exists() else None for path in paths}
    try:
        for notebook in course.notebooks:
            write_examples(notebook)
        yield
    except BaseException:
        for path, text in before.items():
            if text is None:
                path.unlink(missing_ok=True)
            elif path.read_text("utf-8") != text:
                write_text(path, text)
        raise


def write_examples(notebook: NotebookText) -> None:
    """Write the recorded examples of a notebook, unless what is there says the same."""
    path, data = _examples_file(notebook), record_examples(notebook)
    if not _same_examples(path, data):
        write_text(path, json.dumps(data, indent=1) + "\n")
    checks.recorded.cache_clear()


def record_examples(notebook: NotebookText) -> dict[str, Any]:
    """Run reference and wrong variants on the visible examples and return what they give."""
    recorded = {}
    for question in notebook.exercises:
        functions = notebook.functions(question.name)
        recorded[question.name] = {
            "points": question.points,
            "functions": {n: list(getattr(f, "forbids", ())) for n, f in functions.items()},
            "builds_on": list(hidden.builds_on(question.name)),
            "examples": {
                example.name: _record(example, functions, question)
                for example in checks.examples(question.name)
            },
        }
    by_hand = {q.name: q.points for q in notebook.questions if q.kind == "question"}
    later = {q.grade_id: q.points for q in notebook.questions if q.kind == "replay"}
    return {"by_hand": by_hand, "later": later, "checks": recorded}


def _record(
    example: checks.Example, functions: dict[str, Any], question: Question
) -> dict[str, Any]:
    expected = _observed(example, functions)
    if isinstance(expected, (checks.Unwritten, checks.Raised, checks.Told, checks.Mutated)):
        raise CourseError(
            f"{question.place}: the reference of {question.name} fails the example "
            f"{example.name}: {expected}."
        )
    mistakes: list[dict[str, Any]] = []
    for variant in variants.wrong_of(question.name):
        got = _observed(example, {**functions, variant.function: variant.implementation})
        mistake = {"name": variant.name, "hint": variant.hint}
        if isinstance(got, checks.Raised):
            mistakes.append({**mistake, "raises": f"{got.kind}: {got.message}"})
        elif isinstance(got, checks.Told):
            mistakes.append({**mistake, "told": got.sentence})
        elif isinstance(got, checks.Mutated):
            mistakes.append({**mistake, "value": encode(got.value).to_text(), "mutates": True})
        elif difference(got, expected, rtol=example.rtol, atol=example.atol) is not None:
            mistakes.append({**mistake, "value": encode(got).to_text()})
    return {"expected": encode(expected).to_text(), "mistakes": mistakes}


def _observed(example: checks.Example, functions: dict[str, Any]) -> Any:
    np.random.seed(0)  # one of the mistakes is to use numpy's global state
    with (
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(action="ignore"),
        np.errstate(all="ignore"),
    ):
        return checks.observe(example, tuple(functions.values()))


def _same_examples(path: Path, data: dict[str, Any]) -> bool:
    """Compare recorded examples; the last digits differ from processor to processor.

    Of mistakes made in single precision these are its last digits.
    """
    try:
        return _agree(json.loads(path.read_text("utf-8")), data)
    except (OSError, ValueError):
        return False


def _agree(old: Any, new: Any) -> bool:
    if isinstance(old, dict) and isinstance(new, dict):
        return list(old) == list(new) and all(_agree(old[key], new[key]) for key in old)
    if isinstance(old, list) and isinstance(new, list):
        return len(old) == len(new) and all(map(_agree, old, new))
    if isinstance(old, str) and old.startswith('{"tree"') and isinstance(new, str):
        values = [decode(Message.from_text(text)) for text in (old, new)]
        return difference(*values, rtol=1e-6, atol=1e-9) is None
    return bool(old == new)


# --- 3. The source notebook -----------------------------------------------------------------------


def source_notebook(notebook: NotebookText) -> Any:
    """Generate the instructor's notebook, without outputs."""
    ids = _Ids()
    cells = [made for cell in notebook.cells for made in _made(cell, notebook, ids)]
    return new_notebook(cells=cells, metadata=json.loads(json.dumps(KERNEL)))


def _made(cell: Cell, notebook: NotebookText, ids: "_Ids") -> Iterator[Any]:
    question = cell.question
    if question is None:
        if cell.source.strip():
            yield _plain(cell, ids)
    elif question.kind == "exercise":
        answer = f"{question.name}_answer"
        yield _code(ids, answer, answer_source(notebook, question.name), solution=True)
        yield _code(ids, question.name, _test_source(notebook, question), points=question.points)
    elif question.kind == "replay":
        yield _code(ids, question.grade_id, _replay_source(question), points=question.points)
    else:
        yield new_markdown_cell(cell.source, id=ids.take(f"{question.name}_text", cell))
        rubric = notebook.assignment.rubrics[question.name]
        best = max(rubric.samples, key=lambda sample: sum(sample.points))
        yield new_markdown_cell(
            best.answer.strip(),
            id=ids.take(question.name, cell),
            metadata=_nbgrader(question.name, "markdown", points=question.points, solution=True),
        )


def _plain(cell: Cell, ids: "_Ids") -> Any:
    make = {"code": new_code_cell, "markdown": new_markdown_cell, "raw": new_raw_cell}[cell.kind]
    return make(cell.source, id=ids.of_text(cell.source))


def _code(ids: "_Ids", name: str, source: str, **keys: Any) -> Any:
    return new_code_cell(source, id=ids.take(name), metadata=_nbgrader(name, "code", **keys))


def _nbgrader(
    grade_id: str, cell_type: str, *, points: float = 0.0, solution: bool = False
) -> dict[str, Any]:
    keys: dict[str, Any] = {
        "cell_type": cell_type,
        "grade": points > 0,
        "grade_id": grade_id,
        "locked": points > 0 and not solution,
        "schema_version": 3,
        "solution": solution,
        "task": False,
    }
    if points > 0:
        keys["points"] = int(points) if points == int(points) else points
    return {"nbgrader": keys}


class _Ids:
    """Cell ids that stay the same from build to build: names, or what the cell says."""

    def __init__(self) -> None:
        self._used: set[str] = set()

    def take(self, name: str, cell: Cell | None = None) -> str:
        if name in self._used:
            where = f"{cell.place}: " if cell else ""
            raise CourseError(f"{where}the cell id {name} is used twice.")
        self._used.add(name)
        return name[:64]

    def of_text(self, source: str) -> str:
        first = re.sub(r"[^a-z0-9]+", "-", source.lower())[:24].strip("-")
        base = f"{first}-{hashlib.sha256(source.encode()).hexdigest()[:8]}"
        name, count = base, 1
        while name in self._used:
            count += 1
            name = f"{base}-{count}"
        self._used.add(name)
        return name


def answer_source(notebook: NotebookText, question: str) -> str:
    """Write the answer cell: signatures and docstrings, bodies between nbgrader's marks."""
    functions = notebook.functions(question)
    written: set[str] = set()
    source = "\n\n\n".join(_marked(notebook, name, written) for name in functions)
    banned = dict.fromkeys(ban for f in functions.values() for ban in getattr(f, "forbids", ()))
    if not banned:
        return source
    comment = textwrap.wrap(f"Write this without {', '.join(banned)}.", 98)
    return "\n".join([*(f"# {line}" for line in comment), source])


def _marked(notebook: NotebookText, name: str, written: set[str]) -> str:
    """Write one function with its private helpers inside the solution marks.

    The helpers stand below the function: nbgrader puts its stub where the marked region begins,
    which is inside the function's body. What is in `written` stands in the cell already.
    """
    module = notebook.reference
    function, *helpers = with_helpers(module, {name: getattr(module, name)})
    helpers = [helper for helper in helpers if helper not in written]
    written.update(helpers)
    given = [h for h in helpers if getattr(getattr(module, h), "given", False)]
    private = [h for h in helpers if h not in given]
    source = _without_decorators(getattr(module, function))
    definition = ast.parse(source).body[0]
    if isinstance(definition, ast.ClassDef):
        marked = _marked_class(source, definition)
    else:
        assert isinstance(definition, ast.FunctionDef)
        marked = _marked_function(source, definition)
    parts = [_without_decorators(getattr(module, helper)) for helper in given]
    head, tail = marked.rsplit("\n", 1)
    below = "".join(f"\n\n\n{_without_decorators(getattr(module, h))}" for h in private)
    parts.append(f"{head}{below}\n{tail if not private else END_SOLUTION}")
    return "\n\n\n".join(parts)


def _marked_function(source: str, definition: ast.FunctionDef) -> str:
    lines = source.split("\n")
    body = definition.body
    documented = ast.get_docstring(definition) is not None
    if documented and len(body) == 1:
        return source  # it says that it does nothing, and there is nothing to write
    first = body[1] if documented and len(body) > 1 else body[0]
    # Everything behind the docstring is the answer's, comments and decorators too.
    start = (body[0].end_lineno or 0) if documented else definition.body[0].lineno - 1
    indent = " " * first.col_offset
    return "\n".join(
        [
            *lines[:start],
            f"{indent}{BEGIN_SOLUTION}",
            *lines[start:],
            f"{indent}{END_SOLUTION}",
        ]
    )


def _marked_class(source: str, definition: ast.ClassDef) -> str:
    """Mark the bodies of all methods. A private one belongs to the answer of the one before."""
    lines = source.split("\n")
    private = ""
    for method in reversed([m for m in definition.body if isinstance(m, ast.FunctionDef)]):
        start, end = method.lineno - 1, method.end_lineno or method.lineno
        if re.match(r"_(?!_)", method.name):
            private = "\n".join(["", *lines[start:end], private]).rstrip()
            # With the empty line behind it.
            del lines[start : end + 1]
            continue
        part = "\n".join(lines[start:end])
        dedented = textwrap.dedent(part)
        parsed = ast.parse(dedented).body[0]
        assert isinstance(parsed, ast.FunctionDef)
        marked = textwrap.indent(_marked_function(dedented, parsed), " " * method.col_offset)
        if private:
            head, tail = marked.rsplit("\n", 1)
            marked, private = f"{head}\n{private}\n{tail}", ""
        lines[start:end] = marked.split("\n")
    return "\n".join(lines)


def _without_decorators(function: Any) -> str:
    source = textwrap.dedent(inspect.getsource(function)).rstrip()
    definition = ast.parse(source).body[0]
    assert isinstance(definition, (ast.FunctionDef, ast.ClassDef))
    lines = source.split("\n")
    kept = [
        line
        for decorator in definition.decorator_list
        if not re.match(r"(forbids|part_of|given)\b", ast.unparse(decorator))
        for line in lines[decorator.lineno - 1 : decorator.end_lineno]
    ]
    return "\n".join([*kept, *lines[definition.lineno - 1 :]])


def _test_source(notebook: NotebookText, question: Question) -> str:
    functions = ", ".join(notebook.functions(question.name))
    return "\n".join(
        [
            f"check.{question.name}({functions})",
            BEGIN_HIDDEN,
            "from autograder.grading import grade",
            f'grade("{question.name}", globals())',
            END_HIDDEN,
        ]
    )


def _replay_source(question: Question) -> str:
    replay = hidden.replay_of(question.name)
    assert replay is not None
    return "\n".join(
        [
            f"# {question.points:g} more points for {question.name}. When you have handed in, this "
            "cell prints values of your",
            "# function on inputs you have not seen, and they are compared with ours.",
            BEGIN_HIDDEN,
            replay.source,
            END_HIDDEN,
        ]
    )


# --- 4. Outputs -----------------------------------------------------------------------------------


def execute(notebook: Any, text: NotebookText, folder: Path) -> Any:
    """Run a source notebook and return it with its outputs.

    Raises
    ------
    CourseError
        If a cell raises an exception, with file and line of its text.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    seconds = text.assignment.file.limits.cell_seconds
    try:
        with tempfile.TemporaryDirectory(prefix="course-kernel-") as sockets:
            client = NotebookClient(
                notebook,
                config=kernel_config(sockets),
                timeout=int(seconds),
                kernel_name="python3",
                resources={"metadata": {"path": str(folder)}},
                record_timing=False,
                shutdown_kernel="immediate",
            )
            # Not client.execute(): that takes signals for itself and hides an interruption.
            with client.setup_kernel(stderr=subprocess.DEVNULL, env=_ALONE | os.environ):
                for index, cell in enumerate(notebook.cells):
                    client.execute_cell(cell, index)
    except CellExecutionError:
        failed = next(cell for cell in notebook.cells if _error(cell))
        sentence = _error(failed)
        raise CourseError(
            f"{_place(text, failed)}: the source notebook fails: {sentence}"
        ) from None
    except CellTimeoutError:
        raise CourseError(f"{text.path}: a cell takes longer than {seconds:g} s.") from None
    except DeadKernelError:
        raise CourseError(f"{text.path}: the kernel died while running the notebook.") from None
    return notebook


_ALONE = {"OMP_NUM_THREADS": "1"}
"""Unless told otherwise. Threads of numpy's wait for each other where others use the processors:
a cell that takes 6 s alone took more than a minute."""


def kernel_config(folder: str) -> Config:
    """Return settings for a kernel of this machine alone: its sockets are files in `folder`."""
    if os.name != "posix":
        return Config()
    # Named in full: a relative name means one folder here and another one in the kernel.
    connection = str(Path(folder).resolve() / "kernel.json")
    return Config({"KernelManager": {"transport": "ipc", "connection_file": connection}})


def _error(cell: Any) -> str:
    for output in cell.get("outputs", []):
        if output.output_type == "error":
            return f"{output.ename}: {output.evalue}"
    return ""


def _place(text: NotebookText, cell: Any) -> str:
    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    for written in text.cells:
        question = written.question
        if question is not None and grade_id in (question.grade_id, f"{question.name}_answer"):
            return written.place
        if question is None and written.source == cell.source:
            return written.place
    return str(text.path)


def _checked_source(path: Path) -> Any:
    notebook = read_notebook(path)
    for cell in notebook.cells:
        if _error(cell):
            raise CourseError(f"{path}: the cell {cell.id} shows an error: {_error(cell)}.")
    return notebook


# --- 5. The release -------------------------------------------------------------------------------


def release(assignment: Assignment, folder: Path) -> None:
    """Let nbgrader make `folder/release` from `folder/source`, with a gradebook of its own."""
    from autograder.gradebook import generate

    with tempfile.TemporaryDirectory(prefix="course-release-") as scratch:
        generate(folder, assignment.name, f"sqlite:///{scratch}/gradebook.db")


@dataclass(frozen=True)
class _Leak:
    pattern: str
    what: str


_LEAKS = (
    _Leak(r"(BEGIN|END) (SOLUTION|HIDDEN TESTS)", "a mark of nbgrader's"),
    _Leak(r"\bautograder\b", "the word autograder"),
    _Leak(r"course_utils\.reference|from course_utils import .*\breference\b", "the reference"),
    _Leak(r"(?<![\w./])/(home|Users|root|tmp|var|work|mnt)/\S+", "a path of somebody's machine"),
)


def check_release(notebook: Any, text: NotebookText) -> None:
    """Refuse a released notebook that contains what students must not have.

    Raises
    ------
    CourseError
        If a line of an answer or of a hidden test, an output, a timing or a name is in it.
    """
    secret_lines = _secret_lines(text)
    for cell in notebook.cells:
        place = f"{_place(text, cell)}: the release of cell {cell.id}"
        for leak in _LEAKS:
            if re.search(leak.pattern, cell.source):
                raise CourseError(f"{place} contains {leak.what}.")
        for line in cell.source.split("\n"):
            if line.strip() in secret_lines:
                raise CourseError(f"{place} contains a line of a solution: {line.strip()}")
        if cell.get("outputs") or cell.get("execution_count"):
            raise CourseError(f"{place} has outputs.")
        unknown = set(cell.metadata) - {"nbgrader", "deletable", "editable", "tags"}
        if unknown:
            raise CourseError(f"{place} has the metadata {sorted(unknown)[0]}.")
    unknown = set(notebook.metadata) - {"kernelspec", "language_info"}
    if unknown:
        raise CourseError(f"{text.path}: the release has the metadata {sorted(unknown)[0]}.")


def _secret_lines(text: NotebookText) -> set[str]:
    """Return the lines of answers and hidden tests that are long enough to be told apart."""
    lines: set[str] = set()
    for cell in source_notebook(text).cells:
        hidden_now = False
        for line in cell.source.split("\n"):
            if line.strip() in (BEGIN_SOLUTION, BEGIN_HIDDEN):
                hidden_now = True
            elif line.strip() in (END_SOLUTION, END_HIDDEN):
                hidden_now = False
            elif hidden_now and len(line.strip()) > 12:
                lines.add(line.strip())
        keys = cell.metadata.get("nbgrader", {})
        if keys.get("solution") and cell.cell_type == "markdown":
            lines.update(line.strip() for line in cell.source.split("\n") if len(line) > 12)
    return lines


# --- Files ----------------------------------------------------------------------------------------


def _file(notebook: NotebookText) -> str:
    return f"{notebook.assignment.name}/{notebook.stem}.ipynb"


def without_outputs(notebook: Any) -> Any:
    """Return a notebook without outputs and counters."""
    bare = deepcopy(notebook)
    for cell in bare.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return bare


def _text(notebook: Any) -> str:
    return str(nbformat.writes(notebook)) + "\n"


def write_notebook(notebook: Any, path: Path) -> None:
    """Write a notebook in one go."""
    kept = {key: notebook.metadata[key] for key in KERNEL if key in notebook.metadata}
    kept["language_info"] = dict(KERNEL["language_info"])
    notebook.metadata = nbformat.from_dict(kept)
    write_text(path, _text(notebook))


def _copy_files(assignment: Assignment, folder: Path) -> None:
    """Copy the assignment's pictures and data beside its notebooks."""
    for path in sorted(assignment.folder.iterdir()):
        if path.is_file() and path.suffix in (".png", ".jpg", ".svg", ".csv", ".npz"):
            folder.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / path.name)


def _replace_folder(new: Path, old: Path) -> None:
    """Put one folder in the place of another, with two renames."""
    old.parent.mkdir(parents=True, exist_ok=True)
    aside = new.with_name(f"{new.name}.old")
    if old.exists():
        old.rename(aside)
    try:
        new.rename(old)
    except OSError:
        if aside.exists():
            aside.rename(old)
        raise
