"""Finds forbidden library calls in the syntax tree of an answer.

An exercise may forbid whole libraries (`scipy`) or single functions (`numpy.convolve`). A function
uses what its body names, and what the functions, classes and values named there use, as far as
the student's own code defines them. Aliases are resolved: `import scipy.ndimage as nd`,
`from numpy import convolve as c` and `c = np.convolve` hide nothing.
"""

import ast
import builtins
import inspect
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

_DYNAMIC = {
    "__import__", "eval", "exec", "compile", "globals", "locals", "vars", "getattr",
    "importlib", "sys.modules", "get_ipython", "__builtins__", "builtins", "pkgutil", "runpy",
    "ctypes", "subprocess", "os.system",
}  # fmt: skip


@dataclass(frozen=True)
class Findings:
    """What an answer uses.

    Parameters
    ----------
    forbidden : dotted names of forbidden things, in order of appearance.
    dynamic : dotted names of ways to reach a library that a syntax tree cannot follow.
    """

    forbidden: tuple[str, ...] = ()
    dynamic: tuple[str, ...] = ()


def sentence(findings: Findings) -> str:
    """Say which forbidden call was found."""
    return f"It calls {findings.forbidden[0]}, which this exercise asks you to write yourself."


def inspect_cells(cells: Sequence[str], function: str, forbids: Iterable[str]) -> Findings:
    """Look at a function defined in the code of notebook cells.

    Cells that do not parse are passed over: they define nothing either.
    """
    code = _Code()
    for cell in cells:
        tree = _parsed(cell)
        if tree is not None:
            code.read(tree)
    return code.uses(function, forbids)


def inspect_function(function: Any, forbids: Iterable[str]) -> Findings:
    """Look at a live function and at the functions of the same module that it names.

    A function without source (built in, or made by `exec`) has nothing to look at.
    """
    code = _Code()
    pending, seen = [function], set()
    while pending:
        current = inspect.unwrap(pending.pop())
        if id(current) in seen:
            continue
        seen.add(id(current))
        methods = [m for m in vars(current).values() if inspect.isfunction(m)]
        for part in methods if isinstance(current, type) else [current]:
            tree = _source_tree(part)
            if tree is not None:
                code.read(tree)
                name = _ANSWER if current is inspect.unwrap(function) else current.__name__
                code.definitions.setdefault(name, []).append(tree)
                pending += code.resolve(tree, part)
    return code.uses(_ANSWER, forbids)


_ANSWER = "<the answer>"


def _source_tree(function: Any) -> ast.Module | None:
    try:
        return _parsed(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError):
        return None


def _parsed(source: str) -> ast.Module | None:
    # Lines of IPython (`%timeit`, `!ls`) are no Python; the rest of the cell still counts.
    lines = ["" if line.lstrip()[:1] in ("%", "!", "?") else line for line in source.split("\n")]
    try:
        return ast.parse("\n".join(lines))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


@dataclass
class _Code:
    """The definitions and import aliases of some code."""

    aliases: dict[str, str] = field(default_factory=dict)
    definitions: dict[str, list[ast.AST]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    """Modules of which every name was imported."""

    def read(self, tree: ast.Module) -> None:
        for node in ast.walk(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self.aliases.update(_imported(node))
                if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                    self.stars.append(node.module or "")
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                self.definitions.setdefault(node.name, []).append(node)
            elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and node.value:
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                for target in targets:
                    for name in ast.walk(target):
                        if isinstance(name, ast.Name):
                            self.definitions.setdefault(name.id, []).append(node.value)

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

    def uses(self, function: str, forbids: Iterable[str]) -> Findings:
        banned = tuple(forbids)
        forbidden: dict[str, None] = {}
        dynamic: dict[str, None] = {}
        for dotted in self._reached(function):
            if any(dotted == ban or dotted.startswith(ban + ".") for ban in banned):
                forbidden[dotted] = None
            elif any(dotted == way or dotted.startswith(way + ".") for way in _DYNAMIC):
                dynamic[dotted] = None
        return Findings(tuple(forbidden), tuple(dynamic))

    def _reached(self, function: str) -> Iterable[str]:
        pending, seen = [function], set()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            for definition in self.definitions.get(name, ()):
                for node, own in _scoped(definition, frozenset()):
                    if isinstance(node, (ast.Import, ast.ImportFrom)):
                        yield from _imported(node).values()
                    root = _root(node)
                    if root is None or root in own:
                        continue
                    yield _dotted(node, self.aliases)
                    if not self._known(root):
                        yield from (f"{star}.{root}" for star in self.stars)
                    pending.append(root)

    def _known(self, name: str) -> bool:
        return name in self.aliases or name in self.definitions or hasattr(builtins, name)


def _scoped(node: ast.AST, own: frozenset[str]) -> Iterator[tuple[ast.AST, frozenset[str]]]:
    """Walk a tree; with every node go the local names of the functions around it.

    A parameter called `signal` is not the module `scipy.signal` that another cell imports.
    """
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        own = own | _locals(node)
    yield node, own
    for child in ast.iter_child_nodes(node):
        yield from _scoped(child, own)


def _locals(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> frozenset[str]:
    names = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    shared: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            shared.update(node.names)
    return frozenset(names - shared)


def _imported(node: ast.Import | ast.ImportFrom) -> Mapping[str, str]:
    if isinstance(node, ast.Import):
        return {
            (a.asname or a.name.split(".")[0]): (a.name if a.asname else a.name.split(".")[0])
            for a in node.names
        }
    home = node.module or ""
    return {(a.asname or a.name): f"{home}.{a.name}" for a in node.names if a.name != "*"}


def _root(node: ast.AST) -> str | None:
    """Return the name that an expression like `a.b.c` begins with."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _dotted(node: ast.AST, aliases: Mapping[str, str]) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    assert isinstance(node, ast.Name)
    parts.append(aliases.get(node.id, node.id))
    return ".".join(reversed(parts))
