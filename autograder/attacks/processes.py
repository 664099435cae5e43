"""Runs a command to its end, and finds the processes that it leaves behind."""

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path


@contextmanager
def reaper() -> Iterator[None]:
    """Make this process the parent of all orphans among its descendants, so that none gets away."""
    if sys.platform != "linux":
        yield
        return
    libc = ctypes.CDLL(None)
    set_child_subreaper = 36
    libc.prctl(set_child_subreaper, 1, 0, 0, 0)
    try:
        yield
    finally:
        libc.prctl(set_child_subreaper, 0, 0, 0, 0)


def _processes() -> Iterator[tuple[int, int, str, str]]:
    """Yield (pid, parent, state, command line) of all processes, where /proc tells."""
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, IndexError, ValueError):
            rest = (place / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            line = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            yield int(place.name), int(rest[1]), rest[0], line.strip()


def children() -> set[int]:
    """Return the processes whose parent this one is."""
    return {pid for pid, parent, _, _ in _processes() if parent == os.getpid()}


def memory_of_group(leader: int) -> int:
    """Return the memory in MB of a group of processes: of a grader and its workers, say."""
    total = 0
    for pid, _, _, _ in _processes():
        with suppress(OSError, ValueError, StopIteration):
            if os.getpgid(pid) == leader:
                lines = Path(f"/proc/{pid}/status").read_text("utf-8", "replace").split("\n")
                total += int(next(x for x in lines if x.startswith("RssAnon:")).split()[1]) >> 10
    return total


def end_left_over(before: set[int], run: str) -> list[str]:
    """End the processes that a command has left behind and return what they were."""
    deadline = time.monotonic() + 3.0
    while time.monotonic() < deadline and _left_over(before, run):
        time.sleep(0.1)
    found = _left_over(before, run)
    for pid in found:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    for pid in found:
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)
    return [f"a process was left behind: {line[:200] or pid}" for pid, line in found.items()]


def _left_over(before: set[int], run: str) -> dict[int, str]:
    found = {}
    for pid, parent, state, line in _processes():
        if parent == os.getpid() and pid not in before and state == "Z":
            with suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        elif (parent == os.getpid() and pid not in before) or run in line:
            found[pid] = line
    return found
