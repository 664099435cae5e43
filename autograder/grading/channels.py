"""The sockets of a kernel. The kernel is hostile: what is no message is dropped, unread."""

import json
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import zmq
from jupyter_client.session import Session as Signer

from autograder.grading.student import Unanswered
from autograder.sandbox.inside import MEMORY_SPENT
from autograder.sandbox.kernels import Kernel
from course_utils.wire import MAX_BYTES, MAX_NODES, Message, too_many_parts

CHANNEL = "course.student"
"""What the checker's sockets are called."""

_LARGEST_MESSAGE = MAX_BYTES + 8 * 2**20
_DELIMITER = b"<IDS|MSG>"


class KernelGone(Unanswered):
    """The kernel no longer answers; a fresh one is needed for whatever comes next."""


@dataclass(frozen=True)
class Received:
    """A message of the kernel's. Of its parts only the headers have been read."""

    kind: str
    parent: str
    """The id of the request that it belongs to; of what an agent says, the number."""
    frames: list[Any]

    @property
    def size(self) -> int:
        """The bytes of its content and buffers."""
        return sum(len(frame.buffer) for frame in self.frames)

    def content(self) -> Any:
        """Read the content.

        Raises
        ------
        ValueError
            If it is no JSON object, or one of very many parts.
        """
        # Strictly: `json.loads` would let half a character pass.
        text = self.frames[0].bytes.decode("utf-8")
        if too_many_parts(text, 8 * MAX_NODES):
            raise ValueError("too many parts")
        try:
            content = json.loads(text)
            if "\\ud" in text.lower():
                # Half a character has no place in a file.
                whole = json.dumps(content, ensure_ascii=False).encode("utf-8", "replace")
                content = json.loads(whole)
        except RecursionError:
            raise ValueError("too deep") from None
        if not isinstance(content, dict):
            raise ValueError("no object")
        return content

    def message(self) -> Message:
        """Read what an agent says.

        Raises
        ------
        WireError
            If it is no encoded value.
        """
        return Message.from_frames([frame.bytes for frame in self.frames])


class Channels:
    """The sockets of a kernel, and the one place where its messages come in."""

    def __init__(self, kernel: Kernel) -> None:
        self._context: Any = zmq.Context.instance()
        self._signer = Signer(key=kernel.sockets.connection["key"].encode())
        self._kernel = kernel
        self._monitors: list[Any] = []
        self._sockets = {
            name: self._socket(kind, kernel.sockets.address(name))
            for name, kind in _SOCKETS.items()
        }
        self._sockets["iopub"].subscribe(b"")
        self._poller = zmq.Poller()
        for name in _HEARD:
            self._poller.register(self._sockets[name], zmq.POLLIN)
        self._poller.register(kernel.process.fileno(), zmq.POLLIN)

    def _socket(self, kind: int, address: str) -> Any:
        socket = self._context.socket(kind)
        socket.linger = 0
        socket.sndtimeo = _SEND_MILLISECONDS
        socket.rcvhwm = 8
        socket.maxmsgsize = _LARGEST_MESSAGE
        socket.reconnect_ivl = 10
        if kind == zmq.DEALER:
            socket.identity = CHANNEL.encode()
        self._monitors.append(socket.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED))
        socket.connect(address)
        return socket

    def settle(self, deadline: float) -> None:
        """Wait until all sockets are connected; from then on they are not connected again.

        Raises
        ------
        KernelGone
            If that takes too long.
        """
        for monitor in self._monitors:
            if not monitor.poll(max(0.0, deadline - time.monotonic()) * 1000):
                raise KernelGone("did not listen")
        for socket in self._sockets.values():
            socket.disable_monitor()
        self._kernel.connected()

    def send(self, channel: str, kind: str, content: dict[str, Any]) -> str:
        """Send a message and return its id.

        Raises
        ------
        KernelGone
            If the kernel reads nothing any more.
        """
        message = self._signer.msg(kind, content)
        try:
            self._signer.send(self._sockets[channel], message)
        except zmq.Again:
            raise KernelGone("did not read its messages") from None
        return str(message["header"]["msg_id"])

    def say(self, kind: bytes, number: bytes, message: Message) -> None:
        """Send a message to the agent (see `course_utils.agent.serve`).

        Raises
        ------
        KernelGone
            If the kernel reads nothing any more.
        """
        try:
            self._sockets[AGENT].send_multipart([kind, number, *message.to_frames()])
        except zmq.Again:
            raise KernelGone("did not read its messages") from None

    def receive(self, deadline: float) -> tuple[str, Received] | None:
        """Return the next message with its channel, None when the time is over.

        Raises
        ------
        KernelGone
            If the kernel has ended.
        """
        while (left := deadline - time.monotonic()) > 0:
            ready = dict(self._poller.poll(int(left * 1000) + 1))
            for name in _HEARD:
                if self._sockets[name] in ready:
                    read = said if name == AGENT else opened
                    message = read(self._sockets[name].recv_multipart(copy=False))
                    if message is not None:
                        return name, message
                    break
            else:
                code = self._kernel.process.poll()
                if code is not None:
                    raise KernelGone(_SPENT if code == MEMORY_SPENT else _ENDED)
        return None

    def close(self) -> None:
        """Close the sockets, whatever is still to be sent."""
        for socket in self._sockets.values():
            socket.disable_monitor()
            socket.close(0)


_SOCKETS = {"shell": zmq.DEALER, "control": zmq.DEALER, "stdin": zmq.DEALER, "iopub": zmq.SUB}
AGENT = "stdin"
"""The channel on which the agent speaks. Jupyter's is for asking a person; there is none."""
_HEARD = (AGENT, "iopub", "shell")
_SEND_MILLISECONDS = 2000
_ENDED = "ended the Python process"
_SPENT = "used more memory than there is"


def said(frames: list[Any]) -> Received | None:
    """Read the headers of what an agent says; None if it says nothing like it."""
    if len(frames) < 3 or any(len(frame.buffer) > 20 for frame in frames[:2]):
        return None
    kind, number = (frame.bytes.decode("ascii", "replace") for frame in frames[:2])
    return Received(kind, number, frames[2:])


def opened(frames: list[Any]) -> Received | None:
    """Read the headers of a message; None if it is none."""
    with suppress(ValueError, TypeError, LookupError, AttributeError, RecursionError):
        start = [frame.bytes if len(frame.buffer) < 100 else b"" for frame in frames[:4]]
        _, header, parent, _, *rest = frames[start.index(_DELIMITER) + 1 :]
        if len(header.buffer) < 10_000 and len(parent.buffer) < 10_000 and rest:
            kind = json.loads(header.bytes)["msg_type"]
            asked = json.loads(parent.bytes).get("msg_id", "")
            return Received(str(kind), str(asked), rest)
    return None
