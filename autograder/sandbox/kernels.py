"""Starts sandboxed kernels: forked from a warm template, or cold under bubblewrap."""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Protocol

from autograder.sandbox.box import PREFIX, Box, group_name
from autograder.sandbox.inside import SOCKETS, remove_empty_groups, remove_group

psutil: Any = import_module("psutil")  # untyped; comes with ipykernel

Way = Literal["template", "bubblewrap", "none"]

ARGUMENTS = (
    "--HistoryManager.enabled=False",
    # The working folder comes last: nothing in it takes the place of a library.
    "--IPKernelApp.exec_lines=import sys; sys.path.append(''); del sys",
)


class SandboxError(Exception):
    """A box cannot be made here; the text is a sentence."""


@dataclass
class Sockets:
    """The folder of a kernel's sockets, and how to speak to it (`ip`, ports and key)."""

    folder: Path
    connection: dict[str, Any]

    @classmethod
    def make(cls, scratch: Path) -> "Sockets":
        """Make the folder, and the connection file in it."""
        folder = Path(tempfile.mkdtemp(prefix="k", dir=scratch))
        # With the sticky bit Linux follows no link there that somebody else has made.
        folder.chmod(0o1777)
        names = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")
        connection = {
            **{name: number for number, name in enumerate(names, 1)},
            "transport": "ipc",
            "ip": str(folder / "s"),
            "key": secrets.token_hex(16),
            "signature_scheme": "hmac-sha256",
            "kernel_name": "",
        }
        (folder / "kernel.json").write_text(json.dumps(connection), "ascii")
        made = cls(folder, connection)
        made.tell_inside(connection)
        return made

    def tell_inside(self, connection: Mapping[str, Any]) -> None:
        """Write the connection file that the kernel reads in its box, and nobody writes there."""
        file = self.folder / "inside.json"
        file.unlink(missing_ok=True)
        file.write_text(json.dumps({**connection, "ip": f"{SOCKETS}/s"}), "ascii")
        file.chmod(0o444)

    @property
    def file(self) -> str:
        """The connection file."""
        return str(self.folder / "kernel.json")

    @property
    def file_inside(self) -> str:
        """The connection file as the box has it."""
        return f"{SOCKETS}/inside.json"

    def address(self, channel: str) -> str:
        """Return the address of a channel (shell, iopub, control)."""
        return f"ipc://{self.connection['ip']}-{self.connection[f'{channel}_port']}"

    def move_away(self) -> None:
        """Move the folder to where this side does not look, once everything is connected.

        Nobody then ever connects to what the box puts in the place of a socket, such as a link to
        a socket of somebody else's.
        """
        self.folder.rename(self._away)

    def remove(self) -> None:
        """Remove the folder."""
        for folder in (self.folder, self._away):
            _remove(folder)

    @property
    def _away(self) -> Path:
        return self.folder.with_name(f"{self.folder.name}-away")


class Process(Protocol):
    """A running box; `pid` is its first process."""

    pid: int

    def fileno(self) -> int:
        """Return a file descriptor that becomes readable when the box has ended."""
        ...

    def poll(self) -> int | None:
        """Return the exit code, None while it runs."""
        ...

    def end(self) -> None:
        """End all processes of the box."""
        ...


class Forked:
    """A box forked from a template; its life is this connection's."""

    def __init__(self, template: str, plan: dict[str, Any], arguments: Sequence[str]) -> None:
        self._socket = _connected(template)
        try:
            request = {"plan": plan, "arguments": list(arguments)}
            self._socket.sendall(json.dumps(request).encode() + b"\n")
        except OSError as error:
            self._socket.close()
            raise SandboxError(f"The template process is gone ({error}).") from None
        self._code: int | None = None
        self.pid = int(self._line(timeout=30.0).split()[1])
        self._socket.setblocking(False)

    def _line(self, timeout: float) -> bytes:
        self._socket.settimeout(timeout)
        text = b""
        while not text.endswith(b"\n"):
            received = self._socket.recv(1)
            if not received:
                raise SandboxError("The template process ended.")
            text += received
        return text

    def fileno(self) -> int:
        """See `Process.fileno`."""
        return self._socket.fileno()

    def poll(self) -> int | None:
        """See `Process.poll`."""
        if self._code is None:
            try:
                received = self._socket.recv(64)
            except BlockingIOError:
                return None
            except OSError:
                received = b""
            self._code = int(received.split()[1]) if received else 1
        return self._code

    def end(self) -> None:
        """See `Process.end`."""
        self._socket.close()
        self._code = 1 if self._code is None else self._code


_WARM_SECONDS = 120.0


def _connected(path: str) -> socket.socket:
    """Connect to a template, which may still be warming up."""
    end = time.monotonic() + _WARM_SECONDS
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(path)
            return connection
        except (FileNotFoundError, ConnectionRefusedError):
            connection.close()
            if time.monotonic() > end:
                raise SandboxError(f"No template process after {_WARM_SECONDS:g} s.") from None
            time.sleep(0.02)


class Spawned:
    """A box started cold, by bubblewrap or without any sandbox."""

    def __init__(self, command: Sequence[str], environment: dict[str, str], folder: str) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
        self.pid = self._process.pid
        self._descriptor = os.pidfd_open(self.pid)

    def fileno(self) -> int:
        """See `Process.fileno`."""
        return self._descriptor

    def poll(self) -> int | None:
        """See `Process.poll`."""
        return self._process.poll()

    def end(self) -> None:
        """See `Process.end`."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, 9)
        self._process.wait()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


@dataclass(frozen=True)
class Kernel:
    """A running kernel and how to speak to it."""

    process: Process
    sockets: Sockets
    boxed: bool

    def cpu_seconds(self) -> float:
        """Return the CPU time that all processes of the box have used so far.

        It is read from outside: nothing in the box can change it.
        """
        return sum(map(_cpu_seconds, _family(self.process.pid)))

    def connected(self) -> None:
        """To be called when everything is connected, before hostile code runs."""
        if self.boxed:
            self.sockets.move_away()


def _family(pid: int) -> list[Any]:
    """Return a process and all that descend from it: in a box no other gets its orphans."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.Error:
        return []


def _cpu_seconds(process: Any) -> float:
    """Return the CPU time of a process, its threads, and the children that it has waited for.

    Of itself to the nanosecond: Linux numbers the clock of every process by its complement. The
    times of /proc, which it has for children alone, go in steps of a hundredth of a second.
    """
    with contextlib.suppress(psutil.Error, OSError):
        times = process.cpu_times()
        own = time.clock_gettime((~process.pid << 3) | _ALL_THREADS)
        return float(own + times.children_user + times.children_system)
    return 0.0  # it has ended


_ALL_THREADS = 2
"""CPUCLOCK_SCHED of Linux: a process's own time on a processor, of threads that ended, too."""


@dataclass(frozen=True)
class Starter:
    """Starts kernels in boxes that are all alike. Plain data: it can go to another process.

    Parameters
    ----------
    way : template (forked from a warm process), bubblewrap (cold), or none (no sandbox).
    scratch : a folder for sockets and the like.
    """

    way: Way
    box: Box
    scratch: Path

    @contextmanager
    def kernel(self) -> Iterator[Kernel]:
        """Start a kernel, and end it and all it has started.

        Raises
        ------
        SandboxError
            If it cannot be started.
        """
        sockets = Sockets.make(self.scratch)
        process: Process | None = None
        try:
            process = self._start(sockets)
            yield Kernel(process, sockets, self.way != "none")
        finally:
            if process is not None:
                process.end()
            remove_group(group_name(sockets.folder))
            sockets.remove()

    def _start(self, sockets: Sockets) -> Process:
        plan = self.box.plan(sockets.folder)
        file = sockets.file if self.way == "none" else sockets.file_inside
        arguments = ["-f", file, *ARGUMENTS]
        if self.way == "template":
            return Forked(str(self.scratch / "template"), plan, arguments)
        command = [sys.executable, "-P", "-m", "ipykernel_launcher", *arguments]
        if self.way == "bubblewrap":
            root = self.scratch / "root"
            return Spawned(cold_command(plan, root, command), {}, str(self.scratch))
        home = sockets.folder / "home"
        home.mkdir()
        environment = {**plan["environment"], "HOME": str(home), "MPLCONFIGDIR": ""}
        environment["JPY_PARENT_PID"] = str(os.getpid())
        return Spawned(command, environment, str(home))


def cold_command(plan: dict[str, Any], root: Path, command: Sequence[str]) -> list[str]:
    """Return the command that runs another one in a box made by bubblewrap."""
    inside = str(Path(__file__).with_name("inside.py"))
    return [sys.executable, "-P", inside, "bubblewrap", json.dumps(plan), str(root), "--", *command]


@contextmanager
def starter(box: Box, way: Way, modules: Sequence[str], scratch: Path) -> Iterator[Starter]:
    """Make a starter, with a template process if the way needs one.

    Parameters
    ----------
    modules : what the template imports.
    scratch : a folder made by `scratch_folder`.
    """
    (scratch / "root").mkdir(exist_ok=True)
    if way != "template":
        yield Starter(way, box, scratch)
        return
    template = _Template(box, modules, scratch)
    try:
        yield Starter(way, box, scratch)
    finally:
        template.end()


class _Template:
    """The owner's side of a template process."""

    def __init__(self, box: Box, modules: Sequence[str], scratch: Path) -> None:
        self._path = scratch / "template"
        root = scratch / "root"
        here = str(Path(__file__).parents[2])
        # At home outside, it finds matplotlib's list of fonts, which takes a while to make.
        environment = box.plan(scratch)["environment"] | {"HOME": str(Path.home())}
        environment |= {"TMPDIR": str(scratch)}  # where torch leaves a folder when it is imported
        del environment["MPLCONFIGDIR"]
        environment["PYTHONPATH"] = os.pathsep.join([box.library, here] if box.library else [here])
        arguments = ["autograder.sandbox.template", str(self._path), str(root), here, *modules]
        self._log = scratch / "template.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=environment,
                cwd=scratch,
                start_new_session=True,
            )

    def end(self) -> None:
        """End it and all its kernels."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder of short name for sockets, and clear away those whose owner was killed."""
    top = Path(tempfile.gettempdir())
    for old in top.glob(f"{PREFIX}*/lock"):
        _clear_if_left(old)
    remove_empty_groups(PREFIX)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=top))
    if os.geteuid() == 0:
        folder.chmod(0o711)  # bubblewrap, started as nobody, passes through
    with (folder / "new").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Under this name it is looked for: nobody finds it before it is held.
        (folder / "new").rename(folder / "lock")
        try:
            yield folder
        finally:
            _remove(folder)


def _remove(folder: Path) -> None:
    """Remove a folder with all in it, whatever a box has closed there."""
    # A box of an ordinary user's is the same user outside, and can close the folder itself.
    closed = [folder]
    while closed:
        place = closed.pop()
        with contextlib.suppress(OSError):
            place.chmod(0o700)
            entries = list(os.scandir(place))
            closed += [Path(e.path) for e in entries if e.is_dir(follow_symlinks=False)]
    try:
        shutil.rmtree(folder, ignore_errors=True)
    except RecursionError:  # folders deeper than Python's stack
        subprocess.run(["rm", "-rf", "--", str(folder)], capture_output=True, check=False)


def _clear_if_left(lock: Path) -> None:
    """Remove a scratch folder of ours whose lock nobody holds: its owner has been killed."""
    try:
        if lock.lstat().st_uid != os.geteuid() or lock.is_symlink():
            return
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _remove(lock.parent)
    except OSError:  # held, or just removed by its owner
        return
