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
from importlib import import_module
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
    return f"It uses {findings.forbidden[0]}, which this exercise asks you to do without."


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
        methods = [m for m in getattr(current, "__dict__", {}).values() if inspect.isfunction(m)]
        for part in methods if isinstance(current, type) else [current]:
            tree = _source_tree(part)
            if tree is not None:
                code.read(tree)
                answer = current is inspect.unwrap(function)
                name = _ANSWER if answer else getattr(current, "__name__", "")
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
    """Parse a cell as IPython would run it, magics and all; None if it would not run."""
    from IPython.core.inputtransformer2 import TransformerManager

    try:
        tree: ast.Module = ast.parse(TransformerManager().transform_cell(source))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    return tree


_Scope = Mapping[str, str | None]
"""Names of a function's own: what an import inside it stands for, None for its variables."""


@dataclass
class _Code:
    """What the names of some code stand for when it has run: the last definition counts."""

    aliases: dict[str, str] = field(default_factory=dict)
    definitions: dict[str, list[ast.AST]] = field(default_factory=dict)
    stars: list[str] = field(default_factory=list)
    """Modules of which every name was imported."""

    def read(self, tree: ast.Module) -> None:
        for node in _statements(tree.body):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                for name, dotted in _imported(node).items():
                    self.definitions.pop(name, None)
                    self.aliases[name] = dotted
                if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
                    self.stars.append(node.module or "")
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

    def uses(self, function: str, forbids: Iterable[str]) -> Findings:
        banned = tuple(forbids)
        forbidden: dict[str, None] = {}
        dynamic: dict[str, None] = {}
        for dotted in self._reached(function):
            if any(_matches(dotted, ban) for ban in banned):
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
                for node, scope in _scoped(definition, {}):
                    if isinstance(node, (ast.Import, ast.ImportFrom)):
                        yield from _imported(node).values()
                    root = _root(node)
                    if root is None:
                        continue
                    if root in scope:
                        alias = scope[root]
                        if alias is not None:
                            yield _dotted(node, alias)
                        continue
                    yield _dotted(node, self.aliases.get(root, self._from_star(root)))
                    pending.append(root)

    def _from_star(self, name: str) -> str:
        """Return what a name stands for that is neither defined nor imported by itself."""
        if name not in self.definitions and not hasattr(builtins, name):
            for star in reversed(self.stars):
                if star.split(".")[0] in _LIBRARIES and hasattr(_module(star), name):
                    return f"{star}.{name}"
        return name


_LIBRARIES = ("numpy", "scipy", "skimage", "torch")


def _module(name: str) -> ModuleType | None:
    try:
        return import_module(name)
    except ImportError:
        return None


def _matches(dotted: str, ban: str) -> bool:
    """Tell whether a name is banned; with `numpy.convolve` goes `numpy.ma.convolve`."""
    if dotted == ban or dotted.startswith(ban + "."):
        return True
    library, _, function = ban.rpartition(".")
    return bool(library) and dotted.startswith(library + ".") and dotted.endswith("." + function)


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.stmt]:
    """Walk the statements that a cell itself runs, in order; not those inside its functions."""
    for node in body:
        yield node
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            continue
        for part in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(node, part, []))
        for handler in getattr(node, "handlers", []):
            yield from _statements(handler.body)


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


def _scoped(node: ast.AST, scope: _Scope) -> Iterator[tuple[ast.AST, _Scope]]:
    """Walk a tree; with every node go the names of the functions around it.

    A parameter called `signal` is not the module `scipy.signal` that another cell imports.
    """
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        scope = {**scope, **_own_names(node)}
    yield node, scope
    for child in ast.iter_child_nodes(node):
        yield from _scoped(child, scope)


def _own_names(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> _Scope:
    names: dict[str, str | None] = {
        node.arg: None for node in ast.walk(function.args) if isinstance(node, ast.arg)
    }
    shared: set[str] = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names[node.id] = None
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node is not function:
            names[node.name] = None
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update(_imported(node))
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            shared.update(node.names)
    return {name: value for name, value in names.items() if name not in shared}


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


def _dotted(node: ast.AST, root: str) -> str:
    """Write an expression like `a.b.c` with dots, `root` in the place of its first name."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([root, *reversed(parts)])
