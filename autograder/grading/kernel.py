"""Runs a rebuilt notebook in a sandboxed kernel and carries the checker's calls to it.

The kernel computes; nothing is decided there. It is hostile: every message is bounded before it is
read, and what cannot be read is dropped. Hidden calls travel as comm messages with binary buffers
(`course_utils.agent` answers them), and whatever a student's function displays meanwhile is
dropped, since it could display its inputs.

This speaks the Jupyter protocol itself: nbclient keeps whatever arrives, and waits a third of a
second for a kernel that is ready at once.
"""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import zmq
from jupyter_client.session import Session as Signer
from nbformat.v4 import new_output, output_from_msg

from autograder.course import Limits
from autograder.grading.needed import needed
from autograder.grading.rebuild import ADDED
from autograder.grading.student import StudentError
from autograder.sandbox.inside import MEMORY_SPENT
from autograder.sandbox.kernels import Kernel, Starter
from course_utils.wire import MAX_BYTES, Message

_CHANNEL = "course.student"
_SERVE = f"""
from course_utils.agent import serve as _serve
_serve(globals(), {_CHANNEL!r})
del _serve
"""
_START_SECONDS = 60.0
_GRACE_SECONDS = 2.0
_MIB = 2**20
_CELL_OUTPUT, _NOTEBOOK_OUTPUT = 4 * _MIB, 32 * _MIB
_LARGEST_MESSAGE = MAX_BYTES + 8 * _MIB
_DELIMITER = b"<IDS|MSG>"
OMITTED = "[more was printed and left out]\n"


class KernelGone(StudentError):
    """The kernel no longer answers; a fresh one is needed for whatever comes next."""


@dataclass(frozen=True)
class _Received:
    """A message of the kernel's. Of its parts only the headers have been read."""

    kind: str
    parent: str
    frames: list[Any]

    @property
    def size(self) -> int:
        return sum(len(frame.buffer) for frame in self.frames)

    def content(self) -> Any:
        """Read the content.

        Raises
        ------
        ValueError
            If it is no JSON object.
        """
        text = self.frames[0].bytes
        try:
            content = json.loads(text)
            if b"\\ud" in text.lower():
                # Half a character has no place in a file.
                whole = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
                content = json.loads(whole)
        except RecursionError:
            raise ValueError("too deep") from None
        if not isinstance(content, dict):
            raise ValueError("no object")
        return content

    def buffers(self) -> list[bytes]:
        return [frame.bytes for frame in self.frames[1:]]


class _Channels:
    """The sockets of a kernel, and the one place where its messages come in."""

    def __init__(self, kernel: Kernel) -> None:
        self._context: Any = zmq.Context.instance()
        self._signer = Signer(key=kernel.sockets.connection["key"].encode())
        self._process = kernel.process
        self._sockets = {
            name: self._socket(kind, kernel.sockets.address(name))
            for name, kind in (("shell", zmq.DEALER), ("control", zmq.DEALER), ("iopub", zmq.SUB))
        }
        self._sockets["iopub"].subscribe(b"")
        self._poller = zmq.Poller()
        self._poller.register(self._sockets["iopub"], zmq.POLLIN)
        self._poller.register(self._sockets["shell"], zmq.POLLIN)
        self._poller.register(kernel.process.fileno(), zmq.POLLIN)

    def _socket(self, kind: int, address: str) -> Any:
        socket = self._context.socket(kind)
        socket.linger = 0
        socket.rcvhwm = 8
        socket.maxmsgsize = _LARGEST_MESSAGE
        socket.reconnect_ivl = 10
        socket.connect(address)
        return socket

    def send(
        self, channel: str, kind: str, content: dict[str, Any], buffers: list[bytes] | None = None
    ) -> str:
        """Send a message and return its id."""
        message = self._signer.msg(kind, content)
        self._signer.send(self._sockets[channel], message, buffers=buffers)
        return str(message["header"]["msg_id"])

    def receive(self, deadline: float) -> tuple[str, _Received] | None:
        """Return the next message with its channel, None when the time is over.

        Raises
        ------
        KernelGone
            If the kernel has ended.
        """
        while (left := deadline - time.monotonic()) > 0:
            ready = dict(self._poller.poll(int(left * 1000) + 1))
            for name in ("iopub", "shell"):
                if self._sockets[name] in ready:
                    message = _opened(self._sockets[name].recv_multipart(copy=False))
                    if message is not None:
                        return name, message
                    break
            else:
                code = self._process.poll()
                if code is not None:
                    raise KernelGone(_SPENT if code == MEMORY_SPENT else _ENDED)
        return None

    def close(self) -> None:
        for socket in self._sockets.values():
            socket.close(0)


_ENDED = "ended the Python process"
_SPENT = "used more memory than there is"


def _opened(frames: list[Any]) -> _Received | None:
    """Read the headers of a message; None if it is none."""
    with suppress(ValueError, TypeError, AttributeError, RecursionError):
        start = [frame.bytes if len(frame.buffer) < 100 else b"" for frame in frames[:4]]
        _, header, parent, _, *rest = frames[start.index(_DELIMITER) + 1 :]
        if len(header.buffer) < 10_000 and len(parent.buffer) < 10_000 and rest:
            kind = json.loads(header.bytes)["msg_type"]
            asked = json.loads(parent.bytes).get("msg_id", "")
            return _Received(str(kind), str(asked), rest)
    return None


@dataclass
class _Outputs:
    """The outputs of one cell, bounded in size."""

    room: int
    items: list[Any] = field(default_factory=list)
    _clear_next: bool = False
    _full: bool = False

    def take(self, message: _Received) -> None:
        """Add what a message shows, if it is an output and there is room."""
        if message.kind not in _SHOWN:
            return
        if message.kind != "error" and message.size > self.room:
            self.omit()
            return
        self.room -= message.size
        try:
            self._put(message.kind, message.content())
        except (ValueError, KeyError, TypeError, AttributeError):
            return  # not an output as the protocol has it

    def _put(self, kind: str, content: dict[str, Any]) -> None:
        if kind == "clear_output":
            self._clear_next = bool(content.get("wait"))
            if not self._clear_next:
                self.items.clear()
            return
        if self._clear_next:
            self.items.clear()
            self._clear_next = False
        if kind == "stream":
            self._print(str(content["name"]), str(content["text"]))
            return
        message = {"header": {"msg_type": kind}, "content": _plain(kind, content)}
        self.items.append(output_from_msg(message))

    def _print(self, name: str, text: str) -> None:
        if name not in ("stdout", "stderr"):
            return
        last = self.items[-1] if self.items else None
        if last is not None and last.output_type == "stream" and last.name == name:
            last.text += text
        else:
            self.items.append(new_output("stream", name=name, text=text))

    def omit(self) -> None:
        """Say, once, that something is missing."""
        if not self._full:
            self._full = True
            self.items.append(new_output("stream", name="stderr", text=OMITTED))


_SHOWN = ("stream", "display_data", "execute_result", "error", "clear_output")


def _plain(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    """Return an output's content with every part of the type that a notebook needs."""
    if kind == "error":
        traceback = content.get("traceback")
        lines = traceback[:50] if isinstance(traceback, list) else []
        lines = [str(line)[:20_000] for line in lines]
        name, value = str(content.get("ename"))[:200], str(content.get("evalue"))[:20_000]
        return {"ename": name, "evalue": value, "traceback": lines}
    data = {mime: value for mime, value in content["data"].items() if isinstance(value, str)}
    count = content.get("execution_count")
    return {
        "data": data,
        "metadata": {},
        "execution_count": count if isinstance(count, int) and 0 <= count < 2**31 else None,
    }


class Session:
    """A kernel in which a notebook has been run. A `Carrier` of the student's calls."""

    def __init__(self, kernel: Kernel, notebook: Any, limits: Limits, deadline: float) -> None:
        self._channels = _Channels(kernel)
        self._notebook = notebook
        self._limits = limits
        self._deadline = deadline
        self._needed = _needed(notebook)
        self._comm = ""
        self._room = _NOTEBOOK_OUTPUT
        self.alive = True

    def wait_until_ready(self) -> None:
        """Wait until the kernel answers on both channels.

        Raises
        ------
        KernelGone
            If it ends instead, or does not answer.
        """
        end = time.monotonic() + _START_SECONDS
        heard: set[str] = set()
        while time.monotonic() < end:
            self._channels.send("shell", "kernel_info_request", {})
            pause = time.monotonic() + 0.5
            while (got := self._channels.receive(pause)) is not None:
                heard.add(got[0])
                if heard >= {"shell", "iopub"}:
                    return
        raise KernelGone(f"did not start within {_START_SECONDS:g} s")

    def run_notebook(self, skip: set[str]) -> None:
        """Run all cells but some; an error in a cell stays in its outputs and the next one runs.

        What the release itself shows is not drawn: nobody looks at it in a graded notebook. A
        cell that ends the kernel is added to the cells to skip next time.
        """
        for count, cell in enumerate(self._notebook.cells, 1):
            if cell.cell_type == "code" and cell.id not in skip and self._is_run(cell):
                cell.outputs = self._run(cell.source, silent=not _is_looked_at(cell))
                cell.execution_count = count
            if not self.alive:
                skip.add(cell.id)
                return

    def _is_run(self, cell: Any) -> bool:
        return _is_looked_at(cell) or cell.id in self._needed

    def run(self, source: str) -> list[Any]:
        """Run code after everything else and return its outputs."""
        return self._run(source)

    def _run(self, source: str, *, silent: bool = False) -> list[Any]:
        outputs = _Outputs(min(_CELL_OUTPUT, self._room))
        before = outputs.room
        try:
            self._execute(source, outputs, silent=silent)
        except KernelGone as gone:
            self.alive = False
            outputs.items.append(_error("DeadKernel", f"the cell {gone}"))
        self._room -= before - max(outputs.room, 0)
        return outputs.items

    def _execute(self, source: str, outputs: _Outputs, *, silent: bool = False) -> None:
        content = {"code": source, "silent": silent, "store_history": not silent}
        content |= {"user_expressions": {}, "allow_stdin": False, "stop_on_error": False}
        asked = self._channels.send("shell", "execute_request", content)
        deadline = min(time.monotonic() + self._limits.cell_seconds, self._deadline)
        if self._idle(asked, outputs, deadline):
            return
        # A cell that takes an interrupt costs itself; one that does not costs the kernel.
        self._channels.send("control", "interrupt_request", {})
        late = _Outputs(0)
        self.alive = self._idle(asked, late, time.monotonic() + _GRACE_SECONDS)
        seconds = f"stopped after {self._limits.cell_seconds:g} s"
        outputs.items.append(_error("TimeoutError", seconds))

    def _idle(self, asked: str, outputs: _Outputs, deadline: float) -> bool:
        """Collect outputs until a request has been answered; tell whether it was in time."""
        replied = idle = False
        while not (replied and idle):
            pause = time.monotonic() + _GRACE_SECONDS if replied else deadline
            received = self._channels.receive(min(pause, deadline))
            if received is None:
                # After the reply a word of idleness that got lost, as with a message that was too
                # large to be received, is not waited for.
                if replied:
                    outputs.omit()
                return replied
            channel, message = received
            if message.parent != asked:
                continue
            if channel == "shell":
                replied = True
            elif message.kind == "status":
                with suppress(ValueError):
                    idle = message.content().get("execution_state") == "idle"
            else:
                outputs.take(message)
        return True

    def ask(self, request: Message) -> Message:
        """See `Carrier.ask`."""
        if not self.alive:
            raise KernelGone("Cells of the notebook take too long or end Python, again and again")
        try:
            return self._exchange(request)
        except KernelGone as gone:
            self.alive = False
            raise KernelGone(f"The call {gone}") from None

    def _exchange(self, request: Message) -> Message:
        if not self._comm:
            self._execute(_SERVE, _Outputs(0))
            opening = {"target_name": _CHANNEL, "data": {}, "comm_id": _CHANNEL}
            self._channels.send("shell", "comm_open", opening)
            self._comm = _CHANNEL
        content = {"data": request.tree, "comm_id": self._comm}
        asked = self._channels.send("shell", "comm_msg", content, request.buffers)
        deadline = min(time.monotonic() + self._limits.call_seconds, self._deadline)
        while (received := self._channels.receive(deadline)) is not None:
            channel, message = received
            if channel == "iopub" and message.kind == "comm_msg" and message.parent == asked:
                with suppress(ValueError):
                    content = message.content()
                    if content.get("comm_id") == self._comm:
                        return Message(content.get("data"), message.buffers())
        if time.monotonic() >= self._deadline:
            seconds = self._limits.notebook_seconds
            raise KernelGone(f"came after the notebook's {seconds:g} s were over")
        raise KernelGone(f"took longer than {self._limits.call_seconds:g} s")

    def close(self) -> None:
        """Close the connection; whoever started the kernel ends it."""
        self._channels.close()


def _is_looked_at(cell: Any) -> bool:
    """Tell whether a cell is the student's own, an answer or a check."""
    return bool(cell.metadata.get(ADDED) or cell.metadata.get("nbgrader"))


def _needed(notebook: Any) -> set[str]:
    """Return the ids of the released cells that must run although nobody looks at them."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    # A check calls what it is given: it finds nothing by itself.
    checks = {c.id for c in cells if c.metadata.get("nbgrader", {}).get("locked")}
    own = [cell.id for cell in cells if _is_looked_at(cell) and cell.id not in checks]
    return needed([cell for cell in cells if cell.id not in checks], own)


def _error(kind: str, sentence: str) -> Any:
    return new_output("error", ename=kind, evalue=sentence, traceback=[f"{kind}: {sentence}"])


@contextmanager
def session(
    starter: Starter, notebook: Any, limits: Limits, skip: set[str], deadline: float
) -> Iterator[Session]:
    """Start a kernel in a box of its own, run a notebook there, and end it afterwards.

    Parameters
    ----------
    skip : the ids of cells not to run; a cell that ends the kernel is added to them.
    deadline : when the notebook's time is over (`time.monotonic`).
    """
    with starter.kernel() as kernel:
        running = Session(kernel, notebook, limits, deadline)
        try:
            running.wait_until_ready()
            running.run_notebook(skip)
            yield running
        finally:
            running.close()
