"""Files that hold a program's state: whole or not there, and never another than was written."""

import errno
import glob
import hashlib
import io
import os
import pickle
import platform
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

MAGIC = b"robotic-perception checkpoint 1\n"
"""How a file begins. The SHA-256 digest of the rest follows, then what torch.save writes."""

_HEAD = len(MAGIC) + hashlib.sha256().digest_size
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_FOLDER = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR)
_STALE_SECONDS = 3600.0
"""How old an unfinished file of another machine is before it counts as left behind."""


class CheckpointError(RuntimeError):
    """A checkpoint cannot be written or used; the message says in a sentence or two what to do.

    In a notebook it shows itself without traceback.
    """

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def save(path: Path, state: dict[str, Any]) -> None:
    """Write a state to a file; however this ends, the file holds the old state or the new one.

    Parameters
    ----------
    path : the file; folders that are missing are made.
    state : nested dicts, lists and tuples of tensors, numbers, strings and None.

    Raises
    ------
    CheckpointError
        If the file cannot be written. What was there is still there.
    """
    import torch

    # To memory first: torch's own writer does not say that a disk is full.
    buffer = io.BytesIO()
    torch.save(state, buffer)
    content = buffer.getbuffer()
    # A name of its own, so that two programs with one checkpoint do not write into one file.
    partial = path.with_name(f"{_own_start(path)}{os.getpid()}.partial")
    with _plain_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        try:
            with partial.open("wb") as file:
                file.write(MAGIC + hashlib.sha256(content).digest())
                file.write(content)
                file.flush()
                os.fsync(file.fileno())  # else a crash could leave the new name without content
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)  # also where somebody presses stop


def load(path: Path) -> dict[str, Any] | None:
    """Return the state in a file, its tensors on the CPU; None if there is no file.

    Code in a file is never run, whoever made it.

    Raises
    ------
    CheckpointError
        If the file cannot be read, is no checkpoint, or is damaged.
    """
    import torch

    with _plain_errors(path):
        try:
            content = memoryview(path.read_bytes())
        except FileNotFoundError:
            return None
    if bytes(content[: len(MAGIC)]) != MAGIC:
        raise CheckpointError(
            f"{path} is not a checkpoint of this course. Give another file name, or move it away."
        )
    if hashlib.sha256(content[_HEAD:]).digest() != bytes(content[len(MAGIC) : _HEAD]):
        raise CheckpointError(f"{path} is damaged: its checksum is wrong. Delete it to begin anew.")
    try:
        state: dict[str, Any] = torch.load(
            io.BytesIO(content[_HEAD:]), map_location="cpu", weights_only=True
        )
    except (pickle.UnpicklingError, RuntimeError) as error:
        raise CheckpointError(
            f"{path} holds something else than a checkpoint of this course does, perhaps a "
            "program; it was not run. Move it away to begin anew."
        ) from error
    return state


def _own_start(path: Path) -> str:
    """Return how the names of unfinished files begin that this machine writes for a checkpoint."""
    return f"{path.name}.{platform.node()}."


def _sweep(path: Path) -> None:
    """Remove what processes that were killed while they wrote have left behind."""
    own = _own_start(path)
    for partial in path.parent.glob(f"{glob.escape(path.name)}.*.partial"):
        number = partial.name.removeprefix(own).removesuffix(".partial")
        with suppress(FileNotFoundError):  # another process sweeps, too, or has just finished
            if partial.name.startswith(own) and number.isdecimal() and os.name == "posix":
                left = not _is_running(int(number))
            else:  # whether a process of another machine runs is not to be seen
                left = time.time() - partial.stat().st_mtime > _STALE_SECONDS
            if left:
                partial.unlink()


def _is_running(process: int) -> bool:
    """Return whether there is a process with this number on this machine."""
    try:
        os.kill(process, 0)  # sends nothing; on Windows it would end the process
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):  # somebody else's; no number of a process
        return True
    return True


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    """Turn what the file system raises into a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            sentence = f"There is no room for the checkpoint {path}. Free some, or name another."
        elif error.errno in _FORBIDDEN:
            sentence = f"The checkpoint {path} cannot be used: no permission. Name another file."
        elif error.errno in _NO_FOLDER:
            sentence = (
                f"The checkpoint {path} cannot be used: it is a folder, or lies in a file. "
                "Name another file."
            )
        else:
            sentence = f"The checkpoint {path} cannot be used: {error}. Name another file."
        raise CheckpointError(sentence) from error
