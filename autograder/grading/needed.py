"""Finds the released cells that a student's code needs; the others only show something.

Grading runs a notebook for what its cells define. Most cells of a release draw pictures of what the
student has written, for the student; drawing them again for nobody would be most of the work.
"""

import ast
import symtable
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

# Code that can reach a variable without naming it.
_ANYTHING = {
    *("globals", "locals", "vars", "eval", "exec", "compile", "get_ipython", "__import__"),
    *("sys", "inspect", "importlib", "gc", "__main__", "builtins"),
}


@dataclass(frozen=True)
class _Names:
    """The names in a cell: those it gives a value to, and those that it looks up."""

    variables: frozenset[str]
    looked_up: frozenset[str]
    imports: bool

    @property
    def mentioned(self) -> frozenset[str]:
        return self.variables | self.looked_up


def needed(cells: Sequence[Any], own: Iterable[str], others: Iterable[str] = ()) -> set[str]:
    """Return the ids of the released cells that must run for the student's cells to find all.

    A released cell is needed if it imports, or mentions a variable of the release that a student's
    cell mentions or another needed cell looks up: it may be where the variable gets its value.
    Code that looks variables up in other ways, or does not parse, may need everything.

    Parameters
    ----------
    cells : the code cells of a rebuilt notebook, in order.
    own : the ids of those that are the student's own, answers included.
    others : code that runs after the notebook.
    """
    own = set(own)
    released = {cell.id: _names(cell.source) for cell in cells if cell.id not in own}
    wanted: set[str] = set()
    for source in [*(cell.source for cell in cells if cell.id in own), *others]:
        names = _names(source)
        if names is None or names.mentioned & _ANYTHING:
            return set(released)
        wanted |= names.mentioned
    known = {name: names for name, names in released.items() if names is not None}
    variables = frozenset(variable for names in known.values() for variable in names.variables)
    found = {name for name, names in released.items() if names is None}
    more = {name for name, names in known.items() if names.imports}
    while more:
        found |= more
        wanted.update(*(known[name].looked_up for name in more))
        asked = variables & wanted
        more = {name for name in known if name not in found and known[name].mentioned & asked}
    return found


def _names(source: str) -> _Names | None:
    """Return the names in a cell that are not a function's own, None if it is not plain Python."""
    try:
        tree = ast.parse(source)
        top = symtable.symtable(source, "cell", "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    imports = any(isinstance(node, (ast.Import, ast.ImportFrom)) for node in ast.walk(tree))
    symbols = top.get_symbols()
    variables = {s.get_name() for s in symbols if s.is_assigned() and not s.is_imported()}
    looked_up = {s.get_name() for s in symbols if s.is_referenced()} | set(_globals(top))
    return _Names(frozenset(variables), frozenset(looked_up), imports)


def _globals(table: symtable.SymbolTable) -> Iterator[str]:
    """Yield the names that functions and classes look up in the notebook."""
    for inner in table.get_children():
        yield from (symbol.get_name() for symbol in inner.get_symbols() if symbol.is_global())
        yield from _globals(inner)
