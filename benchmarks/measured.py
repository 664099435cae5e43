"""Runs a command and measures it with everything that it starts.

    python measured.py RESULT.json LOG COMMAND ARGUMENT...

Wall time is the command's. CPU time is that of all its descendants, those included that leave it
for a life of their own: this process adopts them (on Linux) and waits for them. It is read from a
control group where one can be made. Elsewhere it is what `getrusage` says of children or, if that
is more, what was seen of every process: processes that end with their pid namespace are reaped by
the kernel and appear in nobody's `getrusage`.

Memory is the largest sum over the process tree, looked at now and then: shared pages are counted
once (PSS) where the system tells, which matters for processes forked from one another. Looking
holds the processes up, so it is done every two seconds where a control group counts CPU time.
"""

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

psutil: Any = import_module("psutil")  # untyped; comes with ipykernel

EVERY, SELDOM = 0.2, 2.0
LINGER = 15.0
"""Seconds that processes may outlive the command before they are ended."""

_PR_SET_CHILD_SUBREAPER = 36


class Watch(threading.Thread):
    """Looks at the descendants of this process until it is told to stop."""

    def __init__(self, every: float) -> None:
        super().__init__(daemon=True)
        self._every = every
        self.peak = 0
        self.kind = "PSS"
        self._cpu: dict[tuple[int, float], float] = {}
        self._done = threading.Event()

    def run(self) -> None:
        """Look again and again."""
        while not self._done.wait(self._every):
            self._look()

    def stop(self) -> None:
        """Stop looking."""
        self._done.set()
        self.join()

    @property
    def cpu(self) -> float:
        """CPU seconds as far as they were seen: a little less than what was used."""
        return sum(self._cpu.values())

    def _look(self) -> None:
        total = 0
        for process in descendants():
            with suppress(psutil.Error, OSError):
                times = process.cpu_times()
                self._cpu[process.pid, process.create_time()] = times.user + times.system
                total += self._memory(process)
        self.peak = max(self.peak, total)

    def _memory(self, process: Any) -> int:
        try:
            for line in Path(f"/proc/{process.pid}/smaps_rollup").read_text("ascii").splitlines():
                if line.startswith("Pss:"):
                    return int(line.split()[1]) * 1024
        except (FileNotFoundError, ProcessLookupError):
            if sys.platform == "linux":
                return 0  # it has just ended
        except PermissionError:
            pass  # somebody else's process: its resident memory has to do, and `kind` says so
        self.kind = "RSS"
        return int(process.memory_info().rss)


class Account:
    """A control group that counts the CPU time of everything started in it, if one can be made."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        for controller, mount, counter in (
            ("cpuacct", "/sys/fs/cgroup/cpuacct", "cpuacct.usage"),
            ("", "/sys/fs/cgroup", "cpu.stat"),
        ):
            own = _own_group(controller)
            folder = Path(f"{mount}{own}", f"benchmark-{os.getpid()}")
            with suppress(OSError):
                if own is not None and (folder.parent / counter).exists():
                    folder.mkdir()
                    self._folder, self._counter = folder, counter
                    return

    def join(self) -> None:
        """Let this process belong to the group; for use between fork and exec."""
        if self._folder is not None:
            (self._folder / "cgroup.procs").write_text("0", "ascii")

    def seconds(self) -> float | None:
        """Return what the group has used; None if there is no group."""
        if self._folder is None:
            return None
        text = (self._folder / self._counter).read_text("ascii")
        if self._counter == "cpuacct.usage":
            return int(text) / 1e9
        return int(text.split()[1]) / 1e6

    def close(self) -> None:
        """Remove the group, whose processes have ended."""
        if self._folder is not None:
            with suppress(OSError):
                self._folder.rmdir()


def _own_group(controller: str) -> str | None:
    """Return the path of this process's group, by /proc/self/cgroup."""
    with suppress(OSError):
        for line in Path("/proc/self/cgroup").read_text("ascii").splitlines():
            _, controllers, path = line.split(":", 2)
            if controller in controllers.split(","):
                return path.rstrip("/")
    return None


def descendants() -> list[Any]:
    """Return all living processes that this one has started, directly or not."""
    found = psutil.Process().children(recursive=True)
    return [p for p in found if p.is_running() and _status(p) != psutil.STATUS_ZOMBIE]


def _status(process: Any) -> str:
    try:
        return str(process.status())
    except psutil.Error:
        return str(psutil.STATUS_ZOMBIE)


def adopt() -> None:
    """Let orphans among the descendants become children of this process, to be waited for."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def reap() -> bool:
    """Collect the children that have ended; return whether any is left."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return False
    return True


def end_all() -> None:
    """End every descendant, first asking."""
    for ask in ("terminate", "kill"):
        for process in descendants():
            with suppress(psutil.Error):
                getattr(process, ask)()
        deadline = time.monotonic() + 5.0
        while reap() and time.monotonic() < deadline:
            time.sleep(0.05)


def measure(command: list[str], log: Path) -> dict[str, Any]:
    """Run a command and return what it took."""
    adopt()
    account = Account()
    watch = Watch(EVERY if account.seconds() is None else SELDOM)
    used: float | None = None
    try:
        with log.open("w", encoding="utf-8") as file:
            begin = time.perf_counter()
            running = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                preexec_fn=account.join,
            )
            watch.start()
            code = running.wait()
            wall = time.perf_counter() - begin
        watch.stop()
        outlived = len(descendants())
        while reap() and time.perf_counter() - begin < wall + LINGER:
            time.sleep(0.05)
        lingered = time.perf_counter() - begin - wall
    finally:
        end_all()
        used = account.seconds()
        account.close()
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    waited_for = children.ru_utime + children.ru_stime
    return {
        "code": code,
        "wall": wall,
        "cpu": max(waited_for, watch.cpu) if used is None else used,
        "cpu_waited_for": waited_for,
        "cpu_seen": watch.cpu,
        "cpu_from": "rusage" if used is None else "control group",
        "peak": watch.peak,
        "memory": watch.kind,
        "outlived": outlived,
        "lingered": lingered if outlived else 0.0,
    }


def main() -> None:
    """Run the command of the command line."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    result, log, *command = sys.argv[1:]
    try:
        found = measure(command, Path(log))
    except KeyboardInterrupt:
        sys.exit(130)
    Path(result).write_text(json.dumps(found), "utf-8")


if __name__ == "__main__":
    main()
