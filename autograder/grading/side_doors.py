"""Finds where a student's code carries a forbidden call along in a way that no tree can follow.

`course_utils.forbidden` follows names. A function that hangs on another module, sits in a list, is
made from a text or is defined twice reaches an answer all the same. Nobody loses points for that:
a person is told to look. Code that only tries things out (a library called on the spot, in a cell
of one's own) is passed over.
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec

from course_utils import forbidden

_MADE_OF_TEXT = {
    *("eval", "exec", "compile", "__import__", "importlib", "pkgutil", "runpy", "pydoc", "imp"),
    *("ctypes", "subprocess", "code"),
    *("types.FunctionType", "types.CodeType", "sys.modules", "builtins", "__builtins__"),
    *("timeit", "operator.attrgetter", "operator.methodcaller", "os.system", "os.popen"),
}
_LOADED = {"marshal", "pickle", "dill", "cloudpickle", "joblib"}
_LIBRARIES = {"np", "numpy", "scipy", "skimage", "torch"}
_INSIDES = {"__dict__", "__globals__", "__code__", "__defaults__", "__getattribute__", "user_ns"}
_SHOWING = {"check", "demo", "plots", "print", "type", "callable", "repr", "help", "progress"}
_MAGICS = {"run", "load", "loadpy", "macro", "rerun", "recall", "store", "load_ext", "alias"}
_WRITING = {"writefile", "open", "write_text", "write_bytes", "system", "getoutput", "file"}


def carried(
    cells: Sequence[str], function: str, forbids: Iterable[str], around: Sequence[str] = ()
) -> str:
    """Return what a person should look at, empty if there is nothing.

    Parameters
    ----------
    cells : the sources of the cells that the student has written.
    function : the answer that must not call what is forbidden.
    forbids : dotted names of libraries and functions.
    around : the notebook's other cells, whose imports count.
    """
    trees = [tree for cell in cells for tree in _trees(cell)]
    imports = [tree for cell in around for tree in _trees(cell)]
    search = _Search(trees, function, tuple(forbids), [*imports, *trees])
    return next(search.found(), "")


def _trees(cell: str) -> list[ast.Module]:
    try:
        return forbidden.parsed(cell)
    except forbidden.UnclearError:
        return []  # told already


class _Search:
    def __init__(
        self,
        trees: Sequence[ast.Module],
        function: str,
        bans: tuple[str, ...],
        imports: Sequence[ast.Module],
    ) -> None:
        self._trees = trees
        self._function = function
        self._bans = bans
        self._aliases = {
            name: dotted
            for tree in imports
            for node in ast.walk(tree)
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for name, dotted in forbidden.imported_names(node).items()
        }
        words = {word for tree in trees for node in ast.walk(tree) for word in _words(node)}
        self._has_magics = not words.isdisjoint(("run_line_magic", "run_cell_magic"))
        self._writes = not words.isdisjoint(_WRITING)
        self._tainted = self._taint()

    def found(self) -> Iterator[str]:
        """Yield what cannot be followed."""
        if len(self._definitions()) > 1:
            for definition in self._definitions():
                yield from (f"{n} in one of its definitions" for n in self._banned_in(definition))
        yield from self._loaded()
        for tree in self._trees:
            for node in ast.walk(tree):
                yield from self._strange(node)
                yield from self._stored(node)

    def _definitions(self) -> list[ast.AST]:
        return [
            node
            for tree in self._trees
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef) and node.name == self._function
        ]

    def _taint(self) -> set[str]:
        """Return the names of functions and values that are made with something forbidden."""
        tainted: set[str] = set()
        pairs = [pair for tree in self._trees for node in ast.walk(tree) for pair in _bound(node)]
        for _ in range(len(pairs) + 1):
            before = len(tainted)
            tainted |= {
                name for name, value in pairs if any(self._banned_in(value, tainted, values=True))
            }
            if len(tainted) == before:
                break
        return tainted

    def _name(self, node: ast.AST) -> str:
        root = forbidden.root_of(node)
        if root is None or not isinstance(node, (ast.Name, ast.Attribute)):
            return ""
        return forbidden.dotted_name(node, self._aliases.get(root, root))

    def _is_banned(self, dotted: str) -> bool:
        return any(forbidden.matches(dotted, ban) for ban in self._bans)

    def _loaded(self) -> Iterator[str]:
        """Yield names of what was read from bytes, if a function uses it."""
        pairs = [pair for tree in self._trees for node in ast.walk(tree) for pair in _bound(node)]
        read = {
            name
            for name, value in pairs
            for node in ast.walk(value)
            if self._name(node).split(".")[0] in _LOADED
        }
        functions = [n for tree in self._trees for n in ast.walk(tree) if _is_function(n)]
        for node in (inner for function in functions for inner in ast.walk(function)):
            if isinstance(node, ast.Name) and (node.id in read or self._name(node) in _LOADED):
                yield node.id

    def _banned_in(
        self, tree: ast.AST, tainted: Iterable[str] = (), *, values: bool = False
    ) -> Iterator[str]:
        """Yield the forbidden things that a tree names; those called on the spot not if `values`.

        A function's body counts whole: it calls them later.
        """
        inside = _is_function(tree)
        pending = [(tree, not inside)]
        while pending:
            node, here = pending.pop()
            called = node.func if isinstance(node, ast.Call) and here and values else None
            dotted = self._name(node)
            if dotted and (self._is_banned(dotted) or dotted in tainted):
                yield dotted
            for child in ast.iter_child_nodes(node):
                if child is called and self._name(child):
                    continue
                deeper = _is_function(child)
                pending.append((child, here and not deeper))

    def _strange(self, node: ast.AST) -> Iterator[str]:
        """Yield ways to make something of a text, and modules of one's own."""
        dotted = self._name(node)
        if dotted and any(forbidden.matches(dotted, way) for way in _MADE_OF_TEXT):
            yield dotted
        if isinstance(node, ast.Attribute):
            if node.attr in _INSIDES:
                yield f"the attribute {node.attr}"
            elif not _LIBRARIES.isdisjoint(dotted.split(".")[1:-1]):
                yield dotted  # `images.np.convolve`: the library of another module
        if isinstance(node, ast.Constant) and node.value in _MAGICS and self._has_magics:
            yield f"%{node.value}"
        if isinstance(node, (ast.Import, ast.ImportFrom)) and self._writes:
            for name in forbidden.imported_names(node).values():
                if not _exists(name.split(".")[0]):
                    yield f"the module {name.split('.')[0]}"

    def _stored(self, node: ast.AST) -> Iterator[str]:
        """Yield forbidden things that are put where no name leads: attributes, lists, defaults."""
        kept: list[ast.AST] = []
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if any(isinstance(t, (ast.Attribute, ast.Subscript)) for t in targets):
                kept = [node.value]
        elif isinstance(node, ast.Call) and forbidden.root_of(node.func) not in _SHOWING:
            kept = [*node.args, *(keyword.value for keyword in node.keywords)]
        elif isinstance(node, (ast.NamedExpr, ast.Match)):
            kept = [node.value if isinstance(node, ast.NamedExpr) else node.subject]
        elif isinstance(node, ast.FunctionDef):
            shared = {n for g in ast.walk(node) if isinstance(g, ast.Global) for n in g.names}
            bound = [pair for inner in ast.walk(node) for pair in _bound(inner)]
            kept = [value for name, value in bound if name in shared]
        for value in kept:
            yield from self._banned_in(value, self._tainted, values=True)


def _bound(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """Yield the names that a node gives to a function, a class or a value."""
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        yield node.name, node
    elif isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Name):
                yield target.id, node.value
    elif isinstance(node, (ast.NamedExpr, ast.AnnAssign)):
        value = node.value
        if isinstance(node.target, ast.Name) and value is not None:
            yield node.target.id, value


def _is_function(node: ast.AST) -> bool:
    return isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda))


def _words(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute):
        yield node.attr
    elif isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def _exists(module: str) -> bool:
    try:
        return module in sys.modules or find_spec(module) is not None
    except (ImportError, ValueError):
        return False
