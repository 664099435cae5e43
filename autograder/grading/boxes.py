"""The box in which an assignment's notebooks are run: what students have at home, and no more."""

import ast
import compileall
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import autograder
import course_utils
from autograder.course import Assignment
from autograder.errors import CourseError
from autograder.files import read_notebook
from autograder.sandbox import doctor
from autograder.sandbox.box import MIB, Box, Limits
from autograder.sandbox.kernels import SandboxError, Starter, Way, scratch_folder, starter
from autograder.wheel import students_library

# What libraries import only when they are first used, hundreds of modules at times.
_ON_FIRST_USE = {
    "matplotlib": ("matplotlib.pyplot", "matplotlib.figure", "matplotlib.backends.backend_agg"),
    "skimage": ("skimage.data._fetchers", "skimage.io", "PIL.PngImagePlugin"),
    "torch": ("torch.optim", "torch._dynamo"),
}


def choose_way(*, sandbox: bool = True) -> Way:
    """Return the best way to run students' code on this machine.

    Raises
    ------
    CourseError
        If there is no sandbox here, and none was not asked for.
    """
    if not sandbox:
        return "none"
    best = doctor.best()
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
            with starter(box(assignment, library), way, modules, scratch) as ready:
                yield ready
        except SandboxError as error:
            raise CourseError(f"{error} Run `course doctor`.") from None


def box(assignment: Assignment, library: Path) -> Box:
    """Return what a notebook of an assignment sees: Python, the students' wheel, its own files."""
    packages = [Path(package.__file__ or "").parent for package in (autograder, course_utils)]
    checkouts = {
        folder.parent for folder in packages if (folder.parent / "pyproject.toml").exists()
    }
    hidden = {assignment.course.root, *packages, *checkouts}
    placed = {path.name: str(path) for path in released_files(assignment)}
    placed |= {f".config/matplotlib/{path.name}": str(path) for path in _font_lists()}
    return Box(
        hidden=tuple(sorted(str(folder) for folder in hidden)),
        library=str(library),
        placed=placed,
        limits=Limits(memory=assignment.file.limits.memory_mb * MIB),
    )


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
    """Return the modules for a template to import: what notebooks, and what they use, import.

    torch is left out where no notebook says that it needs it: it is the slowest.
    """
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
    tops = {name.split(".")[0] for name in found}
    for top, modules in _ON_FIRST_USE.items():
        found |= set(modules) if top in tops else set()
    if not any(name.split(".")[0] == "torch" for name in named):
        found = {name for name in found if name.split(".")[0] != "torch"}
    return sorted(found)


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
