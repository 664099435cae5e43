"""Rebuilds a submission: the released notebook with the student's answers put in by name.

Whatever a student's notebook says about itself (metadata, tags, order, locked cells) is left
behind. Code cells that the student added run in place, after the released cell they follow. What
had to be repaired is told in words. Whatever the file holds, reading it costs a bounded time and a
bounded memory, and what comes of it can be written as a notebook again.
"""

import ast
import base64
import binascii
import errno
import json
import os
import stat
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell

from course_utils.wire import too_many_parts

ADDED = "added"
"""The metadata key of cells that are the student's own."""

LARGEST_FILE = 32 * 2**20
LONGEST_CELL = 100_000
"""Characters of an answer, and of a cell of the student's own."""
MOST_OWN_CELLS = 500
MOST_OWN_CHARACTERS = 500_000
LARGEST_PICTURE = 5 * 2**20
MOST_PICTURES = 20
"""In an answer."""

_MOST_PARTS = 500_000
_MOST_COPIES = 20


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
        document = _document(_content(path))
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise Unreadable(f"{path.name} is a link; hand in the file itself.") from None
        raise Unreadable(f"{path.name} cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise Unreadable(f"{path.name} is not a notebook: it is not valid JSON.") from None
    except _TooLargeError as error:
        raise Unreadable(
            f"{path.name} holds {error}; clear its outputs and hand it in again."
        ) from None
    return cells_of(document, path.name)


class _TooLargeError(Exception):
    """A file that would take too much memory; the text says what is too much."""


def _content(path: Path) -> bytes:
    """Read a regular file of bounded size: no link, no pipe, nothing that could block."""
    if path.is_symlink():
        raise OSError(errno.ELOOP, "it is a link")
    flags = ("O_RDONLY", "O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
    descriptor = os.open(path, sum(getattr(os, flag, 0) for flag in flags))
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable(f"{path.name} is no ordinary file; hand in the notebook itself.")
        _bound(status.st_size)
        with open(descriptor, "rb", closefd=False) as file:
            content = file.read(LARGEST_FILE + 1)
        _bound(len(content))
    finally:
        os.close(descriptor)
    return content


def _bound(size: int) -> None:
    if size > LARGEST_FILE:
        raise _TooLargeError(
            f"{size / 2**20:.0f} MB, of which at most {LARGEST_FILE >> 20} are read"
        )


def _document(content: bytes) -> Any:
    text = content.decode("utf-8-sig")
    # An escaped character takes a hundred bytes while it is read.
    if too_many_parts(text, _MOST_PARTS) or text.count("\\") > 3 * _MOST_PARTS:
        raise _TooLargeError("more parts than can be read")
    return json.loads(text)


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
    metadata = cell.get("metadata")
    keys = metadata.get("nbgrader") if isinstance(metadata, Mapping) else None
    grade_id = keys.get("grade_id") if isinstance(keys, Mapping) else None
    kind, name = cell.get("cell_type"), grade_id or cell.get("id")
    return _Submitted(
        kind=kind if kind in ("code", "markdown", "raw") else "strange",
        source=_text(cell.get("source")),
        name=name if isinstance(name, str) else "",
        attachments=cell.get("attachments"),
    )


def _text(value: Any) -> str:
    """Return the beginning of a string, or of a list of its lines, as one that UTF-8 can hold."""
    return _joined(value)[: LONGEST_CELL + 1].encode("utf-8", "replace").decode()


def _joined(value: Any) -> str:
    if isinstance(value, list):
        return "".join(part for part in value if isinstance(part, str))
    return value if isinstance(value, str) else ""


def rebuild(released: Any, submitted: list[_Submitted]) -> Rebuilt:
    """Put a student's answers and own cells into the released notebook."""
    notebook = deepcopy(released)
    rebuilt = Rebuilt(notebook)
    by_name = {_name(cell): cell for cell in notebook.cells}
    own = _own_cells(by_name, submitted, rebuilt.remarks)
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
    if any(len(source) > LONGEST_CELL for source in answers):
        remarks.append(
            f"{name}: the answer is longer than {LONGEST_CELL} characters, so it was not taken."
        )
    elif not copies:
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
    if len(sources) > _MOST_COPIES or sum(map(len, sources)) > LONGEST_CELL:
        return False
    try:
        tree = ast.parse("\n".join(sources))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    names = [n.name for n in tree.body if isinstance(n, (ast.FunctionDef, ast.ClassDef))]
    return len(names) == len(set(names))


def _pictures(attachments: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Keep pictures pasted into an answer; everything else is dropped."""
    kept: dict[str, dict[str, str]] = {}
    for name, bundle in attachments.items():
        if len(kept) < MOST_PICTURES and isinstance(bundle, Mapping):
            data = {m: text for m in _MAGIC if (text := _picture(bundle.get(m), _MAGIC[m]))}
            if data:
                kept[_text(name)[:200]] = data
    return kept


_MAGIC = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}


def _picture(value: Any, magic: bytes) -> str:
    """Return a picture in base64 as it should be written, empty if it is none."""
    text = _joined(value)
    if not text or len(text) > 2 * LARGEST_PICTURE:
        return ""
    try:
        content = base64.b64decode(text)
    except (binascii.Error, ValueError):
        return ""
    if not content.startswith(magic) or len(content) > LARGEST_PICTURE:
        return ""
    return base64.b64encode(content).decode("ascii")


def _own_cells(
    released: Mapping[str, Any], submitted: list[_Submitted], remarks: list[str]
) -> dict[str, list[Any]]:
    """Return the student's own cells, by the name of the released cell that they follow."""
    own: dict[str, list[Any]] = {}
    count, characters, left_out = 0, 0, 0
    for place, cell in _others(released, submitted):
        size = len(cell.source)
        fits = size <= LONGEST_CELL and characters + size <= MOST_OWN_CHARACTERS
        if not fits or count == MOST_OWN_CELLS:
            left_out += 1
            continue
        count, characters = count + 1, characters + size
        make = new_code_cell if cell.kind == "code" else new_markdown_cell
        made = make(cell.source, id=f"{ADDED}-{count}", metadata={ADDED: True})
        own.setdefault(place, []).append(made)
    if left_out:
        remarks.append(
            f"Of your own cells {left_out} were left out: at most {MOST_OWN_CELLS} are run, of "
            f"{LONGEST_CELL} characters each and {MOST_OWN_CHARACTERS} together."
        )
    return own


def _others(
    released: Mapping[str, Any], submitted: list[_Submitted]
) -> Iterator[tuple[str, _Submitted]]:
    """Yield the cells that are the student's own, each with the name of the cell it follows.

    Of a released cell with changes, the changed one counts: it runs beside the original.
    """
    place = ""
    # Some editors lose the names of cells; what a cell says still tells which one it is.
    by_text = {cell.source.strip(): name for name, cell in released.items()}
    for cell in submitted:
        said = cell.source.strip()
        name = cell.name if cell.name in released else by_text.get(said, "")
        original = released.get(name)
        if original is not None:
            place = name
            keys = original.metadata.get("nbgrader", {})
            if keys or said == original.source.strip():
                continue
        if said and cell.kind in ("code", "markdown"):
            yield place, cell


def code_cells(notebook: Any) -> list[str]:
    """Return the sources of the cells that define what an answer can use."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]
