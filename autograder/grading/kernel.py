"""Runs a rebuilt notebook in a kernel and carries the checker's calls to it.

The kernel computes; nothing is decided there. Hidden calls travel as comm messages with binary
buffers on the kernel's shell channel (`course_utils.agent` answers them), and whatever a
student's function displays meanwhile is dropped.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty
from subprocess import DEVNULL
from tempfile import TemporaryDirectory
from typing import Any

from jupyter_core.utils import run_sync
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbformat.v4 import new_code_cell, new_output

from autograder.build import kernel_config
from autograder.course import Limits
from autograder.grading.student import StudentError
from course_utils.wire import Message

_CHANNEL = "course.student"
_SERVE = f"""
from course_utils.agent import serve as _serve
_serve(globals(), {_CHANNEL!r})
del _serve
"""


class KernelGone(StudentError):
    """The kernel no longer answers; a fresh one is needed for whatever comes next."""


class Session:
    """A kernel in which a notebook has been run. A `Carrier` of the student's calls."""

    def __init__(self, client: NotebookClient, limits: Limits) -> None:
        self._client = client
        self._limits = limits
        self._comm = ""
        self.alive = True

    def run_notebook(self, skip: set[str]) -> None:
        """Run all cells but some; an error in a cell stays in its outputs and the next one runs.

        A cell that ends the kernel is added to the cells to skip next time.
        """
        for index, cell in enumerate(self._client.nb.cells):
            if cell.cell_type == "code" and cell.id not in skip:
                self._run_cell(cell, index)
            if not self.alive:
                skip.add(cell.id)
                return

    def run(self, source: str) -> list[Any]:
        """Run code after everything else and return its outputs."""
        cell = new_code_cell(source)
        self._client.nb.cells.append(cell)
        try:
            self._run_cell(cell, len(self._client.nb.cells) - 1)
        finally:
            self._client.nb.cells.pop()
        return list(cell.outputs)

    def _run_cell(self, cell: Any, index: int) -> None:
        try:
            self._client.execute_cell(cell, index)
        except CellTimeoutError:
            self._end(cell, "TimeoutError", f"stopped after {self._limits.cell_seconds:g} s")
        except DeadKernelError:
            self._end(cell, "DeadKernel", "the cell ended the Python process")

    def _end(self, cell: Any, kind: str, sentence: str) -> None:
        self.alive = False
        cell.outputs.append(
            new_output("error", ename=kind, evalue=sentence, traceback=[f"{kind}: {sentence}"])
        )

    def ask(self, request: Message) -> Message:
        """See `Carrier.ask`."""
        if not self.alive:
            raise KernelGone("Cells of the notebook take too long or end Python, again and again")
        if not self._comm:
            self.run(_SERVE)
            self._comm = self._send("comm_open", {"target_name": _CHANNEL, "data": {}}, [])
        return self._exchange(request)

    def _exchange(self, request: Message) -> Message:
        self._send("comm_msg", {"data": request.tree}, request.buffers)
        deadline = time.monotonic() + self._limits.call_seconds
        while True:
            message = self._next(deadline)
            if message["msg_type"] == "comm_msg" and message["content"]["comm_id"] == self._comm:
                buffers = [bytes(buffer) for buffer in message["buffers"]]
                return Message(message["content"]["data"], buffers)

    def _send(self, kind: str, content: dict[str, Any], buffers: list[bytes]) -> str:
        session = self._client.kc.session
        message = session.msg(kind, content)
        comm = self._comm or str(message["header"]["msg_id"])
        message["content"]["comm_id"] = comm
        session.send(self._client.kc.shell_channel.socket, message, buffers=buffers)
        return comm

    def _next(self, deadline: float) -> Any:
        """Return the kernel's next message, or find out why there is none."""
        while True:
            left = deadline - time.monotonic()
            if left <= 0:
                self.alive = False
                raise KernelGone(f"The call took longer than {self._limits.call_seconds:g} s")
            try:
                return run_sync(self._client.kc.iopub_channel.get_msg)(timeout=min(left, 0.5))
            except Empty:
                if not run_sync(self._client.km.is_alive)():
                    self.alive = False
                    raise KernelGone("The call ended the Python process") from None


@contextmanager
def session(notebook: Any, limits: Limits, skip: set[str]) -> Iterator[Session]:
    """Start a kernel in an empty folder, run a notebook there, and end it afterwards.

    `skip` are the ids of cells not to run; a cell that ends the kernel is added to them.
    """
    with (
        TemporaryDirectory(prefix="course-kernel-") as folder,
        TemporaryDirectory(prefix="course-kernel-") as sockets,
    ):
        client = NotebookClient(
            notebook,
            config=kernel_config(sockets),
            timeout=limits.cell_seconds,
            allow_errors=True,
            kernel_name="python3",
            record_timing=False,
            shutdown_kernel="immediate",
            store_widget_state=False,
            resources={"metadata": {"path": folder}},
        )
        with client.setup_kernel(env=_environment(), stderr=DEVNULL):
            running = Session(client, limits)
            running.run_notebook(skip)
            yield running


def _environment() -> dict[str, str]:
    # Of what this process knows, a student's code needs no more than this.
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "VIRTUAL_ENV", "JUPYTER_PATH", "SYSTEMROOT")
    return {name: os.environ[name] for name in kept if name in os.environ}
