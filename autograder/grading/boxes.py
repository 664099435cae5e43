"""The box in which an assignment's notebooks are run: what students have at home, and no more."""

import ast
import compileall
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import autograder
import course_utils
from autograder.course import Assignment, Course
from autograder.errors import CourseError
from autograder.files import read_notebook
from autograder.sandbox import doctor, provisioner
from autograder.sandbox.box import MIB, Box, Limits
from autograder.sandbox.kernels import SandboxError, Starter, Way, scratch_folder, starter
from autograder.wheel import students_library

# What libraries import only when they are first used, hundreds of modules at times.
_ON_FIRST_USE = {
    "matplotlib": ("matplotlib.pyplot", "matplotlib.figure", "matplotlib.backends.backend_agg"),
    "skimage": ("skimage.data._fetchers", "skimage.io", "PIL.PngImagePlugin"),
    "torch": ("torch.optim", "torch._dynamo"),
}

# Slow to import, and so left to the notebook unless it names them.
_SLOW = {"sklearn", "torch"}


def choose_way(wanted: Way | None = None) -> Way:
    """Return the wanted way to run students' code, or the best that this machine gives.

    Raises
    ------
    CourseError
        If there is no such sandbox here.
    """
    if wanted == "none":
        return wanted
    if wanted == "bubblewrap" and not (finding := doctor.examine_cold()).works:
        raise CourseError(f"Kernels cannot be started cold here: {finding.reason}.")
    best = wanted or doctor.best()
    if best is None:
        raise CourseError(
            "This machine gives no sandbox, so students' code would run with your rights; "
            "`course doctor` says why. To grade all the same, say --no-sandbox."
        )
    return best


@contextmanager
def kernels(assignment: Assignment, way: Way) -> Iterator[Starter]:
    """Make ready to run the notebooks of an assignment.

    Raises
    ------
    CourseError
        If that fails.
    """
    with scratch_folder() as scratch:
        library = students_library(Path(course_utils.__file__).parents[1], scratch / "library")
        if way != "template":
            compileall.compile_dir(library, quiet=2)
        modules = preloaded(assignment, library) if way == "template" else []
        try:
            with starter(box(assignment, library, way), way, modules, scratch) as ready:
                yield ready
        except SandboxError as error:
            raise CourseError(f"{error} Run `course doctor`.") from None


def install_kernel(course: Course, prefix: Path) -> Path:
    """Install a kernelspec whose kernels run in a box like those of grading; return its place."""
    library = prefix / "share" / "robotic-perception-course" / "library"
    shutil.rmtree(library, ignore_errors=True)
    students_library(Path(course_utils.__file__).parents[1], library)
    compileall.compile_dir(library, quiet=2)
    return provisioner.install({"library": str(library), "hidden": _hidden(course)}, prefix)


def box(assignment: Assignment, library: Path, way: Way) -> Box:
    """Return what a notebook of an assignment sees: Python, the students' wheel, its own files."""
    placed = {path.name: str(path) for path in released_files(assignment)}
    if way != "template":
        placed |= {f".config/matplotlib/{path.name}": str(path) for path in _font_lists()}
    return Box(
        hidden=tuple(_hidden(assignment.course)),
        library=str(library),
        placed=placed,
        limits=Limits(memory=assignment.file.limits.memory_mb * MIB),
    )


def _hidden(course: Course) -> list[str]:
    """Return the folders that hold tests, answers and other students' work."""
    packages = [Path(package.__file__ or "").parent for package in (autograder, course_utils)]
    # In an editable installation the packages lie in the checkout.
    homes = {folder.parent for folder in packages}
    checkouts = {home for home in homes if (home / "pyproject.toml").exists()}
    return sorted(str(folder) for folder in {course.root, *packages, *checkouts})


def released_files(assignment: Assignment) -> list[Path]:
    """Return what lies beside the notebooks of a release: data and pictures."""
    released = assignment.course.root / "release" / assignment.name
    if not released.is_dir():
        return []
    return [p for p in sorted(released.iterdir()) if p.suffix != ".ipynb" and not p.is_symlink()]


def _font_lists() -> Iterable[Path]:
    import matplotlib

    return Path(matplotlib.get_cachedir()).glob("fontlist-*.json")


def preloaded(assignment: Assignment, library: Path) -> list[str]:
    """Return the modules for a template to import: what notebooks, and what they use, import."""
    released = assignment.course.root / "release" / assignment.name
    texts = [read_notebook(released / f"{text.stem}.ipynb") for text in assignment.notebooks]
    sources = [c.source for text in texts for c in text.cells if c.cell_type == "code"]
    named = {name for source in sources for name in _imports(source)}
    waiting, found = {"course_utils.agent", *named}, set[str]()
    while waiting:
        name = waiting.pop()
        found.add(name)
        path = library / f"{name.replace('.', '/')}.py"
        path = path if path.exists() else library / name.replace(".", "/") / "__init__.py"
        if path.exists():
            waiting |= set(_imports(path.read_text("utf-8"))) - found
    for library_name, modules in _ON_FIRST_USE.items():
        found |= set(modules) if library_name in _libraries(found) else set()
    unused = _SLOW - _libraries(named)
    return sorted(name for name in found if not _libraries([name]) & unused)


def _libraries(modules: Iterable[str]) -> set[str]:
    return {name.split(".")[0] for name in modules}


def _imports(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except SyntaxError:  # a cell with a magic
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            # `from package import module` names a module too; what is none is passed over.
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
