"""Rebuilds a submission: the released notebook with the student's answers put in by name.

Whatever a student's notebook says about itself (metadata, tags, order, locked cells) is left
behind. Code cells that the student added run in place, after the released cell they follow. What
had to be repaired is told in words.
"""

import ast
import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

ADDED = "added"
"""The metadata key of cells that are the student's own."""


class Unreadable(Exception):
    """A submission that is no notebook; the text is a sentence."""


@dataclass
class Rebuilt:
    """A rebuilt notebook, and what had to be repaired."""

    notebook: Any
    remarks: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Submitted:
    kind: str
    source: str
    name: str
    attachments: Any


def read_submission(path: Path) -> list[_Submitted]:
    """Read the cells of a submitted notebook, trusting nothing but their text.

    Raises
    ------
    Unreadable
        If the file is no notebook.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise Unreadable(f"{path.name} is not a notebook: it is not valid JSON.") from None
    return cells_of(document, path.name)


def cells_of(document: Any, name: str = "The file") -> list[_Submitted]:
    """Return the cells of a notebook's JSON document.

    Raises
    ------
    Unreadable
        If the document is no notebook.
    """
    cells = document.get("cells") if isinstance(document, Mapping) else None
    if not isinstance(cells, list):
        raise Unreadable(f"{name} is not a notebook: it has no cells.")
    return [_cell(cell) for cell in cells if isinstance(cell, Mapping)]


def _cell(cell: Mapping[str, Any]) -> _Submitted:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    metadata = cell.get("metadata")
    keys = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    grade_id = keys.get("grade_id") if isinstance(keys, Mapping) else None
    name = grade_id or cell.get("id")
    return _Submitted(
        kind=str(cell.get("cell_type")),
        source=source if isinstance(source, str) else "",
        name=name if isinstance(name, str) else "",
        attachments=cell.get("attachments"),
    )


def rebuild(released: Any, submitted: list[_Submitted]) -> Rebuilt:
    """Put a student's answers and own cells into the released notebook."""
    notebook = deepcopy(released)
    rebuilt = Rebuilt(notebook)
    by_name = {_name(cell): cell for cell in notebook.cells}
    own = _own_cells(by_name, submitted)
    cells = list(own.get("", []))
    for cell in notebook.cells:
        name = _name(cell)
        if cell.metadata.get("nbgrader", {}).get("solution"):
            copies = [c for c in submitted if c.name == name]
            _put_answer(cell, copies, rebuilt.remarks)
        cells += [cell, *own.get(name, [])]
    notebook.cells = cells
    return rebuilt


def _name(cell: Any) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id") or cell.id)


def _put_answer(cell: Any, copies: list[_Submitted], remarks: list[str]) -> None:
    name = _name(cell).removesuffix("_answer")
    stub = cell.source
    answers = {copy.source: copy for copy in copies if copy.source.strip() != stub.strip()}
    if not copies:
        remarks.append(f"{name}: the answer cell is missing, so the question counts as unanswered.")
    elif len(answers) > 1 and _are_pieces(list(answers)):
        # JupyterLab's "split cell" leaves the answer's name on both pieces.
        cell.source = "\n".join(answers)
        remarks.append(f"{name}: the answer was split over {len(answers)} cells.")
    elif len(answers) > 1:
        remarks.append(
            f"{name}: {len(answers)} cells claim to be the answer, so none was taken; "
            "delete the copies and hand in again."
        )
    elif answers:
        answer = next(iter(answers.values()))
        cell.source = answer.source
        if answer.kind != cell.cell_type:
            remarks.append(f"{name}: the answer cell had become a {answer.kind} cell.")
        if cell.cell_type == "markdown" and isinstance(answer.attachments, Mapping):
            cell.attachments = nbformat.from_dict(_pictures(answer.attachments))


def _are_pieces(sources: list[str]) -> bool:
    """Tell whether cells are pieces of one answer: they parse, and define nothing twice."""
    try:
        tree = ast.parse("\n".join(sources))
    except (SyntaxError, ValueError):
        return False
    names = [n.name for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    return len(names) == len(set(names))


def _pictures(attachments: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Keep pictures pasted into an answer; everything else is dropped."""
    kept: dict[str, dict[str, str]] = {}
    for name, bundle in attachments.items():
        if isinstance(bundle, Mapping):
            data = {
                mime: value
                for mime, value in bundle.items()
                if mime in ("image/png", "image/jpeg") and isinstance(value, str)
            }
            if data:
                kept[str(name)] = data
    return kept


def _own_cells(released: Mapping[str, Any], submitted: list[_Submitted]) -> dict[str, list[Any]]:
    """Return the student's own cells, by the name of the released cell that they follow."""
    own: dict[str, list[Any]] = {}
    place, count = "", 0
    # Some editors lose the names of cells; what a cell says still tells which one it is.
    by_text = {cell.source.strip(): name for name, cell in released.items()}
    for cell in submitted:
        name = cell.name if cell.name in released else by_text.get(cell.source.strip(), "")
        original = released.get(name)
        if original is not None:
            place = name
            keys = original.metadata.get("nbgrader", {})
            if keys or cell.source.strip() == original.source.strip():
                continue
        # The student's own cell, or a released cell with changes: run beside the original.
        if not cell.source.strip() or cell.kind not in ("code", "markdown"):
            continue
        count += 1
        make = new_code_cell if cell.kind == "code" else new_markdown_cell
        made = make(cell.source, id=f"{ADDED}-{count}", metadata={ADDED: True})
        own.setdefault(place, []).append(made)
    return own


def code_cells(notebook: Any) -> list[str]:
    """Return the sources of the cells that define what an answer can use."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]
