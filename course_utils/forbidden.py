"""Finds forbidden library calls in the syntax tree of an answer.

An exercise may forbid whole libraries (`scipy`), single functions (`numpy.convolve`) and `a loop`
(`for`, `while`, comprehensions). A function uses what its body names, and what the functions,
classes and values named there use, as far as the student's own code defines them. Aliases are
resolved: `import scipy.ndimage as nd`, `from numpy import convolve as c` and `c = np.convolve` hide
nothing. Code that is too long or too deep to be followed is named as such. What hangs on an object,
sits in a list or is made from a text is not followed.
"""

import ast
import builtins
import inspect
import textwrap
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib import import_module
from types import ModuleType
from typing import Any, get_args

_DYNAMIC = {
    "__import__", "eval", "exec", "compile", "globals", "locals", "vars", "getattr",
    "importlib", "sys.modules", "get_ipython", "__builtins__", "builtins", "pkgutil", "runpy",
    "ctypes", "subprocess", "os.system", "gc", "inspect", "dis", "sys._getframe",
}  # fmt: skip
# What a value is made of: an answer that looks at these may judge a thing by its name.
_INSIDES = {
    "func", "keywords", "__name__", "__qualname__", "__code__", "__closure__", "__wrapped__",
    "__self__", "__globals__", "__defaults__", "__reduce__", "__func__",
}  # fmt: skip
_OF_VALUES = "the attribute "
_LOOP = "a loop"
_LOOPS = (ast.For, ast.AsyncFor, ast.While, ast.comprehension)
# What the course shows a student is no part of an answer; some of it filters pictures.
_ROOMS = tuple(
    f"course_utils.{room}"
    for room in (
        *("agent", "checks", "compare", "demos", "drawing", "gradients", "operators", "plots"),
        "widgets",
    )
)


@dataclass(frozen=True)
class Findings:
    """What an answer uses.

    Parameters
    ----------
    forbidden : dotted names of forbidden things, in order of appearance.
    dynamic : dotted names of ways to reach a library that a syntax tree cannot follow; the last
        may be a cell that is too long or too deep to be followed.
    """

    forbidden: tuple[str, ...] = ()
    dynamic: tuple[str, ...] = ()


def sentence(findings: Findings) -> str:
    """Say which forbidden call was found."""
    return f"It uses {findings.forbidden[0]}, which this exercise asks you to do without."


def inspect_cells(
    cells: Sequence[str], function: str, forbids: Iterable[str], builds_on: Iterable[str] = ()
) -> Findings:
    """Look at a function defined in the code of notebook cells.

    Cells that do not parse are passed over: they define nothing either. So are the answers that
    the function may build on: they are looked at for themselves.
    """
    code, clear = _read(tuple(cells))
    findings = code.uses(function, forbids, builds_on)
    return Findings(findings.forbidden, findings.dynamic + (() if clear else (UNCLEAR,)))


UNCLEAR = "a cell too long or too deep to be followed"
"""What is said of a cell that may run in a kernel and is not looked at."""


@lru_cache(maxsize=1)
def _read(cells: tuple[str, ...]) -> "tuple[_Code, bool]":
    """Read the cells of a notebook, and tell whether all could be followed.

    Kept for the next function of the same notebook.
    """
    code, clear = _Code(), True
    for cell in cells:
        try:
            for tree in parsed(cell):
                code.read(tree)
        except UnclearError:
            clear = False
    return code, clear


def inspect_function(
    function: Any, forbids: Iterable[str], builds_on: Iterable[str] = ()
) -> Findings:
    """Look at a live function and at the functions of the same module that it names.

    Answers that it may build on are passed over.

    A function without source (built in, or made by `exec`) has nothing to look at.
    """
    code = _Code()
    pending, seen = [function], set()
    while pending:
        current = inspect.unwrap(pending.pop())
        if id(current) in seen:
            continue
        seen.add(id(current))
        methods = [m for m in getattr(current, "__dict__", {}).values() if inspect.isfunction(m)]
        for part in methods if isinstance(current, type) else [current]:
            for tree in _source_tree(part):
                code.read(tree)
                answer = current is inspect.unwrap(function)
                name = _ANSWER if answer else getattr(current, "__name__", "")
                code.definitions.setdefault(name, []).append(tree)
                pending += code.resolve(tree, part)
    return code.uses(_ANSWER, forbids, builds_on)


_ANSWER = "<the answer>"


def _source_tree(function: Any) -> list[ast.Module]:
    try:
        return parsed(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, UnclearError):
        return []


class UnclearError(Exception):
    """Code that a kernel may run and that costs too much to look at."""


_LONGEST = 60_000
"""Characters of a cell that is looked at."""
_DEEPEST = 500
"""Levels of a syntax tree that is looked at."""
_MOST_READ = 60_000
"""Characters read to undo a cell's magics: IPython reads the whole cell for each of them."""
_MOST_SQUARED = 10_000_000
"""Squared lengths of the lines then read: a quote that nobody closes sends Python's tokenizer to
the end of its line, from each character of it anew."""


def parsed(source: str) -> list[ast.Module]:
    """Parse a cell as IPython would run it, magics and all; nothing if it would not run.

    The code that a magic like `%time` runs is a tree of its own. Trees are shared: nobody changes
    them.

    Raises
    ------
    UnclearError
        If that would take too long, or the tree is too deep.
    """
    if len(source) > _LONGEST:
        raise UnclearError
    return _short(source) if len(source) <= _SHORT else _trees(source)


def _trees(source: str) -> list[ast.Module]:
    tree = _tree(source, _plain)
    if tree is None:
        return []
    magics = [code for node in ast.walk(tree) for code in _run_by_magic(node)]
    return [tree, *(inner for code in magics if (inner := _tree(code, str)) is not None)]


_SHORT = 4000
_short = lru_cache(maxsize=128)(_trees)
"""Most cells are a notebook's own: every submission has them, and every question looks at them."""


def _tree(source: str, plain: Callable[[str], str]) -> ast.Module | None:
    try:
        with warnings.catch_warnings(action="ignore"):
            tree: ast.Module = ast.parse(plain(source))
    except (RecursionError, MemoryError):
        # A kernel whose limits were raised could run it.
        raise UnclearError from None
    except (SyntaxError, ValueError) as error:
        if "Exceeds the limit" in str(error):
            raise UnclearError from None
        return None
    if _too_deep(tree):
        raise UnclearError
    return tree


def _plain(source: str) -> str:
    """Return a cell as plain Python, with calls in the place of its magics."""
    from IPython.core.inputtransformer2 import TransformerManager

    manager = TransformerManager()
    lines = f"{source}\n".splitlines(keepends=True)
    for transform in (*manager.cleanup_transforms, *manager.line_transforms):
        lines = transform(lines)
    read, changed = 0, True
    # Python that parses holds no magics; looking for them is what takes long.
    while changed and not _parses(lines):
        if read >= _MOST_READ or sum(len(line) ** 2 for line in lines) > _MOST_SQUARED:
            raise UnclearError
        read += len(source)
        changed, lines = manager.do_one_token_transform(lines)
    return "".join(lines)


def _parses(lines: Sequence[str]) -> bool:
    try:
        ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return False
    return True


def _run_by_magic(node: ast.AST) -> Iterator[str]:
    """Return the code that a call of a magic runs in the notebook's own namespace."""
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return
    texts = [a.value for a in node.args if isinstance(a, ast.Constant)]
    if node.func.attr in ("run_line_magic", "run_cell_magic") and texts[:1] != []:
        name, *rest = (text for text in texts if isinstance(text, str))
        if name in ("time", "timeit", "capture", "prun", "memit", "mprun", "lprun"):
            yield from rest


def _too_deep(tree: ast.AST) -> bool:
    level: list[ast.AST] = [tree]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return False
    return True


_Scope = Mapping[str, str | None]
"""Names of a function's own: what an import inside it stands for, None for its variables."""


@dataclass
class _Code:
    """What the names of some code stand for when it has run: the last definition counts."""

    aliases: dict[str, str] = field(default_factory=dict)
    definitions: dict[str, list[ast.AST]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    """Well-known modules of which every name was imported."""
    strange: str = ""
    """Another module of a well-known library of which every name was imported."""

    def read(self, tree: ast.Module) -> None:
        for node in _statements(tree.body):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for name, dotted in imported_names(node).items():
                    self.definitions.pop(name, None)
                    self.aliases[name] = dotted
                if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                    self._add_star(node.module or "")
            for name, value in _defined(node):
                self.aliases.pop(name, None)
                self.definitions[name] = [value]

    def resolve(self, tree: ast.Module, function: Any) -> list[Any]:
        """Look up the names of a live function; return its own module's functions among them."""
        own = []
        namespace = getattr(function, "__globals__", {})
        for name in {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}:
            value = namespace.get(name)
            if isinstance(value, ModuleType):
                self.aliases.setdefault(name, value.__name__)
            elif callable(value) and getattr(value, "__module__", None) == function.__module__:
                own.append(value)
            elif callable(value):
                home = getattr(value, "__module__", None) or "builtins"
                self.aliases.setdefault(name, f"{home}.{getattr(value, '__qualname__', name)}")
        return own

    def uses(
        self, function: str, forbids: Iterable[str], builds_on: Iterable[str] = ()
    ) -> Findings:
        banned = (*forbids, *_ROOMS)
        forbidden: dict[str, None] = {}
        dynamic: dict[str, None] = {}
        for dotted in self._reached(function, builds_on):
            if any(matches(dotted, ban) for ban in banned):
                forbidden[dotted] = None
            elif dotted.startswith(_OF_VALUES) or any(matches(dotted, way) for way in _DYNAMIC):
                dynamic[dotted] = None
        return Findings(tuple(forbidden), tuple(dynamic))

    def _reached(self, function: str, passed_over: Iterable[str]) -> Iterable[str]:
        pending, seen = [function], set(passed_over) - {function}
        read: set[int] = set()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            for definition in self.definitions.get(name, ()):
                # `a = b = (a, b)` defines several names by one value: it is read once.
                if id(definition) in read:
                    continue
                read.add(id(definition))
                for node, scope in _scoped(definition):
                    if isinstance(node, (ast.Import, ast.ImportFrom)):
                        yield from imported_names(node).values()
                    if isinstance(node, ast.Attribute) and node.attr in _INSIDES:
                        yield f"{_OF_VALUES}{node.attr}"
                    if isinstance(node, _LOOPS):
                        yield _LOOP
                    root = root_of(node)
                    if root is None:
                        continue
                    if root in scope:
                        alias = scope[root]
                        if alias is not None:
                            yield dotted_name(node, alias)
                        continue
                    yield dotted_name(node, self.aliases.get(root, self._from_star(root)))
                    pending.append(root)

    def _add_star(self, module: str) -> None:
        if module in _KNOWN:
            self.stars = [*(star for star in self.stars if star != module), module]
        elif module.split(".")[0] in _LIBRARIES:
            self.strange = module

    def _from_star(self, name: str) -> str:
        """Return what a name stands for that is neither defined nor imported by itself."""
        if name in self.definitions or hasattr(builtins, name):
            return name
        for star in reversed(self.stars):
            if hasattr(_module(star), name):
                return f"{star}.{name}"
        # What nothing else explains may come from a corner of a library that is not looked into.
        return f"{self.strange}.{name}" if self.strange else name


_LIBRARIES = {
    "numpy": ("fft", "linalg", "ma", "random", "lib.stride_tricks"),
    "scipy": ("fft", "fftpack", "interpolate", "linalg", "ndimage", "signal", "sparse", "stats"),
    "skimage": ("color", "feature", "filters", "measure", "morphology", "transform", "util"),
    "torch": ("fft", "linalg", "nn", "nn.functional"),
}
_KNOWN = {
    *_LIBRARIES,
    *(f"{library}.{part}" for library, parts in _LIBRARIES.items() for part in parts),
}


def _module(name: str) -> ModuleType | None:
    # Of well-known modules only: importing runs code, and `numpy.f2py.__main__` ends the process.
    try:
        return import_module(name)
    except ImportError:
        return None


def matches(dotted: str, ban: str) -> bool:
    """Tell whether a name is banned; with `numpy.convolve` goes `numpy.ma.convolve`."""
    if dotted == ban or dotted.startswith(ban + "."):
        return True
    library, _, function = ban.rpartition(".")
    return bool(library) and dotted.startswith(library + ".") and dotted.endswith("." + function)


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Walk the statements that a cell itself runs, in order; not those inside its functions."""
    pending = [*reversed(body)]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        inner = [s for part in ("body", "orelse", "finalbody") for s in getattr(node, part, [])]
        branches = [*getattr(node, "handlers", []), *getattr(node, "cases", [])]
        inner += [s for branch in branches for s in branch.body]
        pending += reversed(inner)


def _defined(node: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    """Return the names that a statement binds, each with what it binds them to."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield node.name, node
        return
    pairs: list[tuple[ast.AST, ast.AST]] = []
    if isinstance(node, ast.Assign):
        pairs = [(target, node.value) for target in node.targets]
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign)) and node.value is not None:
        pairs = [(node.target, node.value)]
    elif isinstance(node, (ast.For, ast.AsyncFor)):
        pairs = [(node.target, node.iter)]
    elif isinstance(node, (ast.With, ast.AsyncWith)):
        pairs = [(i.optional_vars, i.context_expr) for i in node.items if i.optional_vars]
    elif isinstance(node, ast.Expr):
        named = (n for n in ast.walk(node) if isinstance(n, ast.NamedExpr))
        pairs = [(n.target, n.value) for n in named]
    for target, value in pairs:
        for name in ast.walk(target):
            if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store):
                yield name.id, value


_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def _scoped(tree: ast.AST) -> Iterator[tuple[ast.AST, _Scope]]:
    """Walk a tree; with every node go the names of the functions around it.

    A parameter called `signal` is not the module `scipy.signal` that another cell imports.
    """
    pending: list[tuple[ast.AST, _Scope]] = [(tree, {})]
    while pending:
        node, scope = pending.pop()
        if isinstance(node, _Function):
            scope = {**scope, **_own_names(node)}
        yield node, scope
        children = [*ast.iter_child_nodes(node)]
        pending += [(child, scope) for child in reversed(children)]


def _own_names(function: _Function) -> _Scope:
    names: dict[str, str | None] = {
        node.arg: None for node in ast.walk(function.args) if isinstance(node, ast.arg)
    }
    shared: set[str] = set()
    for node in _inside(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names[node.id] = None
        elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names[node.name] = None
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update(imported_names(node))
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            shared.update(node.names)
    return {name: value for name, value in names.items() if name not in shared}


def _inside(function: _Function) -> Iterator[ast.AST]:
    """Walk a function's own code: the functions and classes in it, but not what is in those."""
    pending = [*ast.iter_child_nodes(function)]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, (*get_args(_Function), ast.ClassDef)):
            pending += ast.iter_child_nodes(node)


def imported_names(node: ast.Import | ast.ImportFrom) -> Mapping[str, str]:
    """Return the names that an import binds, each with the dotted name of what it stands for."""
    if isinstance(node, ast.Import):
        return {
            (a.asname or a.name.split(".")[0]): (a.name if a.asname else a.name.split(".")[0])
            for a in node.names
        }
    home = node.module or ""
    return {(a.asname or a.name): f"{home}.{a.name}" for a in node.names if a.name != "*"}


def root_of(node: ast.AST) -> str | None:
    """Return the name that an expression like `a.b.c` begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def dotted_name(node: ast.AST, root: str) -> str:
    """Write an expression like `a.b.c` with dots, `root` in the place of its first name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([root, *reversed(parts)])
