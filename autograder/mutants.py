"""Operator mutants: the reference with one small change, which the hidden tests should notice.

Signs and operators are exchanged, comparisons loosened or turned round, numbers moved by one
(axes, indices, offsets), factors and terms left out, conditions negated. Documentation and the
texts of errors stay as they are, and so do default values: students are given the signature.
"""

import ast
import copy
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import CodeType, ModuleType
from typing import Any

_BINARY: dict[type, tuple[type, ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.MatMult: (ast.Mult,),
}
_COMPARE: dict[type, tuple[type, ...]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}


@dataclass(frozen=True)
class Mutant:
    """A reference with one change.

    Parameters
    ----------
    change : what was changed, unique within the question.
    namespace : the reference module's names, with the changed function.
    """

    change: str
    namespace: Mapping[str, Any]


def mutants(module: ModuleType, functions: Mapping[str, Callable[..., Any]]) -> Iterator[Mutant]:
    """Yield all mutants of the given functions and of the private helpers they use."""
    seen: dict[str, int] = {}
    for name in with_helpers(module, functions):
        if getattr(getattr(module, name), "given", False):
            continue
        tree = ast.parse(inspect.getsource(getattr(module, name)))
        for change, mutated in _changes(tree):
            change = f"{name}: {change}"
            seen[change] = seen.get(change, 0) + 1
            if seen[change] > 1:
                change += f" (#{seen[change]})"
            yield Mutant(change, _namespace(module, mutated))


def with_helpers(module: ModuleType, functions: Mapping[str, Any]) -> list[str]:
    """Return the names of functions and, after them, of the private and given helpers they use."""
    names = list(functions)
    for name in names:  # grows while it is walked
        tree = ast.parse(inspect.getsource(getattr(module, name)))
        for node in ast.walk(tree):
            if isinstance(node, ast.Name) and node.id not in names:
                helper = getattr(module, node.id, None)
                own = getattr(helper, "__module__", "") == module.__name__
                if own and (node.id.startswith("_") or getattr(helper, "given", False)):
                    names.append(node.id)
    return names


def _namespace(module: ModuleType, tree: ast.Module) -> dict[str, Any]:
    namespace = dict(vars(module))
    exec(compile(ast.fix_missing_locations(tree), module.__name__, "exec"), namespace)
    # Functions call their helpers through their own globals: all must live in the new namespace.
    defined = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    for name, value in vars(module).items():
        own = getattr(value, "__module__", "") == module.__name__
        if inspect.isfunction(value) and own and name not in defined:
            exec(_compiled(value), namespace)
    return namespace


@cache
def _compiled(function: Callable[..., Any]) -> CodeType:
    """Compile a function's definition, once for all mutants of its module."""
    return compile(inspect.getsource(function), function.__module__, "exec")


def _changes(tree: ast.Module) -> Iterator[tuple[str, ast.Module]]:
    nodes = list(_nodes(tree))
    for index, node in enumerate(nodes):
        for alternative in _alternatives(node):
            mutated = copy.deepcopy(tree)
            target = list(_nodes(mutated))[index]
            _replace(mutated, target, alternative)
            yield f"{ast.unparse(node)} -> {ast.unparse(alternative) or 'nothing'}", mutated


def _nodes(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk the parts of a tree that are worth changing, in a fixed order."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.Raise) or child in _left_alone(tree):
            continue
        yield child
        yield from _nodes(child)


def _left_alone(parent: ast.AST) -> list[ast.AST]:
    """Return the children that say something instead of doing it."""
    alone: list[ast.AST] = []
    if isinstance(parent, (ast.FunctionDef, ast.ClassDef)):
        alone += parent.decorator_list
        if parent.body and ast.get_docstring(parent) is not None:
            alone.append(parent.body[0])
    if isinstance(parent, ast.FunctionDef) and parent.returns is not None:
        alone.append(parent.returns)
    if isinstance(parent, ast.arguments):
        alone += [default for default in (*parent.defaults, *parent.kw_defaults) if default]
    if isinstance(parent, (ast.arg, ast.AnnAssign)) and parent.annotation is not None:
        alone.append(parent.annotation)
    return alone


def _alternatives(node: ast.AST) -> Iterator[ast.AST]:
    match node:
        case ast.BinOp(left, op, right):
            for other in _BINARY.get(type(op), ()):
                yield ast.BinOp(left, other(), right)
            if isinstance(op, (ast.Mult, ast.Add, ast.Sub, ast.Div)):
                yield left
                yield right
        case ast.Compare(left, [op], [right]):
            for other in _COMPARE.get(type(op), ()):
                yield ast.Compare(left, [other()], [right])
        case ast.BoolOp(op, values):
            yield ast.BoolOp(ast.And() if isinstance(op, ast.Or) else ast.Or(), values)
            yield from values
        case ast.UnaryOp(ast.Not() | ast.USub(), operand):
            yield operand
        case ast.AugAssign(target, op, value):
            for other in _BINARY.get(type(op), ()):
                yield ast.AugAssign(target, other(), value)
        case ast.Constant(bool() as value):
            yield ast.Constant(not value)
        case ast.Constant(int() as value):
            yield ast.Constant(value + 1)
            yield ast.Constant(value - 1)
        case ast.Constant(float() as value):
            yield ast.Constant(value + 1.0)
            yield ast.Constant(2.0 * value if value else -1.0)
        case ast.Slice(lower, upper, step):
            if lower is not None:
                yield ast.Slice(None, upper, step)
            if upper is not None:
                yield ast.Slice(lower, None, step)
        case ast.If(test, body, orelse):
            yield ast.If(ast.UnaryOp(ast.Not(), test), body, orelse)


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
                return
            if isinstance(value, list):
                for index, item in enumerate(value):
                    if item is old:
                        value[index] = new
                        return
