"""Finds where a student's code carries a forbidden call along in a way that no tree can follow.

`course_utils.forbidden` follows names. A function that hangs on another module, sits in a list, is
made from a text or is defined twice reaches an answer all the same. Nobody loses points for that:
a person is told to look. Code that only tries things out (a library called on the spot, in a cell
of one's own) is passed over.
"""

import ast
import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib.util import find_spec

from course_utils import forbidden

_MADE_OF_TEXT = {
    *("eval", "exec", "compile", "__import__", "importlib", "pkgutil", "runpy", "pydoc", "imp"),
    *("ctypes", "subprocess", "code"),
    *("types.FunctionType", "types.CodeType", "sys.modules", "builtins", "__builtins__"),
    *("timeit", "operator.attrgetter", "operator.methodcaller", "os.system", "os.popen"),
}
_ROOTS = {way.split(".")[0] for way in _MADE_OF_TEXT}
_LONGEST = 300_000
"""Characters of a student's cells that are looked at."""
_LONGEST_NAME = 200
"""Characters of an imported name."""
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
    if sum(map(len, cells)) > _LONGEST:
        return "more than can be followed"
    try:
        code = _read(tuple(cells), tuple(around))
    except forbidden.UnclearError:
        return "more than can be followed"
    return next(_Search(code, function, tuple(forbids)).found(), "")


def rigged(cells: Sequence[str]) -> str:
    """Return which part of the course's own machinery the cells name, empty if it is none.

    What hidden calls are answered and rehearsed with is no business of an answer.

    Parameters
    ----------
    cells : the sources of the cells that the student has written.
    """
    if sum(map(len, cells)) > _LONGEST:
        return ""
    try:
        code = _read(tuple(cells), ())
    except forbidden.UnclearError:
        return ""
    named = {code.name(node) for node in code.nodes} | code.imported | code.words
    return next((part for part in _MACHINERY if any(_is_within(n, part) for n in named)), "")


_MACHINERY = ("course_utils.agent", "course_utils.rehearsal", "course_utils.wire")


def _is_within(name: str, part: str) -> bool:
    return name == part or name.startswith(f"{part}.")


@lru_cache(maxsize=1)
def _read(cells: tuple[str, ...], around: tuple[str, ...]) -> "_Code":
    """Read a notebook's cells. Kept for its next question."""
    trees = [tree for cell in cells for tree in _trees(cell)]
    return _Code(trees, [*(tree for cell in around for tree in _trees(cell)), *trees])


def _trees(cell: str) -> list[ast.Module]:
    try:
        return forbidden.parsed(cell)
    except forbidden.UnclearError:
        return []  # told already


class _Code:
    """A student's code, and what is strange in it whatever is forbidden."""

    def __init__(self, trees: Sequence[ast.Module], imports: Sequence[ast.Module]) -> None:
        self.trees = trees
        self._aliases = {
            name: dotted
            for tree in imports
            for node in ast.walk(tree)
            if isinstance(node, (ast.Import, ast.ImportFrom))
            for name, dotted in forbidden.imported_names(node).items()
        }
        if any(len(dotted) > _LONGEST_NAME for dotted in self._aliases.values()):
            raise forbidden.UnclearError  # every use of it would be as long
        self.nodes = [node for tree in trees for node in ast.walk(tree)]
        self._names = {node: self._dotted(node) for node in self.nodes}
        self._bound = [pair for node in self.nodes for pair in _bound(node)]
        self.imported = set(self._aliases.values())
        self.words = {word for node in self.nodes for word in _words(node)}
        self._has_magics = not self.words.isdisjoint(("run_line_magic", "run_cell_magic"))
        self._writes = not self.words.isdisjoint(_WRITING)
        self.uses = [(name, set(self._values(value))) for name, value in self._bound]
        self.strange = [*self._loaded(), *(way for n in self.nodes for way in self._strange(n))]

    def name(self, node: ast.AST) -> str:
        """Return the dotted name that a node stands for, empty if it is none."""
        return self._names.get(node, "")

    def _dotted(self, node: ast.AST) -> str:
        root = forbidden.root_of(node)
        if root is None or not isinstance(node, (ast.Name, ast.Attribute)):
            return ""
        return forbidden.dotted_name(node, self._aliases.get(root, root))

    def _loaded(self) -> Iterator[str]:
        """Yield names of what was read from bytes, if a function uses it."""
        read = {
            name
            for name, value in self._bound
            if not _is_function(value)
            for node in ast.walk(value)
            if self.name(node).split(".")[0] in _LOADED
        }
        pending: list[tuple[ast.AST, bool]] = [(tree, False) for tree in self.trees]
        while pending:
            node, inside = pending.pop()
            inside = inside or _is_function(node)
            name = self.name(node)
            if inside and (name in read or name.split(".")[0] in _LOADED):
                yield name
            pending += [(child, inside) for child in ast.iter_child_nodes(node)]

    def _strange(self, node: ast.AST) -> Iterator[str]:
        """Yield ways to make something of a text, and modules of one's own."""
        dotted = self.name(node)
        if dotted.split(".")[0] in _ROOTS and _makes(dotted):
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

    def _values(self, tree: ast.AST) -> Iterator[str]:
        """Yield the names in a tree but those that are called on the spot.

        A function's body counts whole: it calls them later.
        """
        pending = [(tree, not _is_function(tree))]
        while pending:
            node, here = pending.pop()
            yield self.name(node)
            pending += [
                (child, here and not _is_function(child))
                for child in ast.iter_child_nodes(node)
                if not (here and self.is_called(node, child))
            ]

    def is_called(self, node: ast.AST, child: ast.AST) -> bool:
        """Tell whether a part of a node is a name that the node calls."""
        return isinstance(node, ast.Call) and child is node.func and bool(self.name(child))


class _Search:
    """Looks for what is forbidden to one answer."""

    def __init__(self, code: _Code, function: str, bans: tuple[str, ...]) -> None:
        self._code = code
        self._function = function
        self._bans = bans
        self._tainted = self._taint()

    def found(self) -> Iterator[str]:
        """Yield what cannot be followed."""
        definitions = [n for n in self._code.nodes if _is_definition(n, self._function)]
        if len(definitions) > 1:
            for node in (node for one in definitions for node in ast.walk(one)):
                if self._is_banned(self._code.name(node)):
                    yield f"{self._code.name(node)} in one of its definitions"
        yield from self._code.strange
        for tree in self._code.trees:
            yield from self._stored(tree)

    def _taint(self) -> set[str]:
        """Return the names of functions and values that are made with something forbidden."""
        users: dict[str, list[str]] = {}
        pending = []
        for name, values in self._code.uses:
            for used in values:
                users.setdefault(used, []).append(name)
                if self._is_banned(used):
                    pending.append(name)
        tainted: set[str] = set()
        while pending:
            name = pending.pop()
            if name not in tainted:
                tainted.add(name)
                pending += users.get(name, ())
        return tainted

    def _is_banned(self, dotted: str) -> bool:
        return any(forbidden.matches(dotted, ban) for ban in self._bans)

    def _stored(self, tree: ast.AST) -> Iterator[str]:
        """Yield forbidden things that are put where no name leads: attributes, lists, globals."""
        pending: list[tuple[ast.AST, bool, bool, frozenset[str]]] = [
            (tree, False, True, frozenset())
        ]
        while pending:
            node, kept, here, shared = pending.pop()
            name = self._code.name(node)
            if kept and (name in self._tainted or self._is_banned(name)):
                yield name
            if isinstance(node, ast.FunctionDef):
                shared = frozenset(
                    n for s in node.body if isinstance(s, ast.Global) for n in s.names
                )
            keeps = _kept(node, shared)
            for child in ast.iter_child_nodes(node):
                if kept and here and self._code.is_called(node, child):
                    continue
                into = kept or child in keeps
                # What is kept begins anew: called there, it is called on the spot.
                spot = (here if kept else True) and not (into and _is_function(child))
                pending.append((child, into, spot, shared))


def _kept(node: ast.AST, shared: frozenset[str]) -> list[ast.AST]:
    """Return the parts of a node that it puts somewhere."""
    if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)) and node.value is not None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        away = any(isinstance(target, (ast.Attribute, ast.Subscript)) for target in targets)
        return [node.value] if away or any(_names(targets, shared)) else []
    if isinstance(node, ast.Call) and forbidden.root_of(node.func) not in _SHOWING:
        return [*node.args, *node.keywords]
    if isinstance(node, ast.NamedExpr):
        return [node.value]
    return [node.subject] if isinstance(node, ast.Match) else []


def _makes(dotted: str) -> bool:
    return any(forbidden.matches(dotted, way) for way in _MADE_OF_TEXT)


def _names(targets: Iterable[ast.AST], names: frozenset[str]) -> Iterator[bool]:
    return (isinstance(target, ast.Name) and target.id in names for target in targets)


def _is_definition(node: ast.AST, function: str) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == function


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
