"""Runs a rebuilt notebook in a sandboxed kernel and carries the checker's calls to it.

The kernel computes; nothing is decided there. It is hostile: every message is bounded before it is
read, and what cannot be read is dropped. Hidden calls are answered by `course_utils.agent`, and
whatever a student's function displays meanwhile is dropped, since it could display its inputs.

This speaks the Jupyter protocol itself: nbclient keeps whatever arrives, and waits a third of a
second for a kernel that is ready at once.
"""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from nbformat.v4 import new_output

from autograder.course import Limits
from autograder.grading.channels import AGENT, CHANNEL, Channels, KernelGone, Received
from autograder.grading.needed import needed
from autograder.grading.outputs import Outputs
from autograder.grading.rebuild import ADDED
from autograder.sandbox.kernels import Kernel, Starter
from course_utils.agent import END, REPLY, REQUEST, CallBack
from course_utils.wire import Message, WireError, encode

# It leaves no name behind.
_SERVE = f"__import__('course_utils.agent', fromlist=['serve']).serve({CHANNEL!r})"
_START_SECONDS = 60.0
_GRACE_SECONDS = 2.0
_CELL_OUTPUT, _NOTEBOOK_OUTPUT = 4 * 2**20, 32 * 2**20
_AGAIN = 0.1
"""The share of its time that an answer gets that was stopped before."""
_BRIEF_SECONDS = 1.0
"""What other cells get that were stopped before, or when such cells have used up their time."""
_SPARE = 0.25
"""The share of the notebook's time for cells without which its answers can be judged."""


@dataclass
class Experience:
    """What the cells of a notebook have cost so far, for the kernels to come.

    Parameters
    ----------
    spare : the ids of the cells without which the answers can mostly be judged.
    spare_seconds : what is left of their time, in all kernels together.
    left_out : the ids of those not run again, since they ended Python.
    stopped : of those that took too long; they are run again with less time, for what they define.
    """

    spare: frozenset[str]
    spare_seconds: float
    left_out: set[str] = field(default_factory=set)
    stopped: set[str] = field(default_factory=set)

    def seconds(self, cell: str, limit: float) -> float:
        """Return how long a cell may take, at most the limit."""
        if cell not in self.spare:
            return limit * (_AGAIN if cell in self.stopped else 1.0)
        is_brief = cell in self.stopped or self.spare_seconds <= 0
        return min(_BRIEF_SECONDS, limit) if is_brief else limit

    def took(self, cell: str, seconds: float, *, stopped: bool) -> None:
        """Remember what a cell has cost."""
        if cell in self.spare:
            self.spare_seconds -= seconds
        if stopped:
            self.stopped.add(cell)


def experience(limits: Limits, spare: Iterable[str]) -> Experience:
    """Return the experience with a notebook that was not run yet."""
    return Experience(frozenset(spare), _SPARE * limits.notebook_seconds)


class Session:
    """A kernel in which a notebook has been run."""

    def __init__(self, kernel: Kernel, notebook: Any, limits: Limits, deadline: float) -> None:
        self._kernel = kernel
        self._channels = Channels(kernel)
        self._notebook = notebook
        self._limits = limits
        self._deadline = deadline
        self._needed = _needed(notebook)
        self._serving = ""
        self._calls = 0
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
                    self._channels.settle(end)
                    return
        raise KernelGone(f"did not start within {_START_SECONDS:g} s")

    def run_notebook(self, experience: Experience) -> None:
        """Run all cells but some; an error in a cell stays in its outputs and the next one runs.

        What the release itself shows is not drawn: nobody looks at it in a graded notebook. What
        a cell costs is added to the experience.
        """
        for count, cell in enumerate(self._notebook.cells, 1):
            if cell.cell_type != "code" or cell.id in experience.left_out or not self._is_run(cell):
                continue
            begin = time.monotonic()
            seconds = experience.seconds(cell.id, self._limits.cell_seconds)
            outputs = self._run_cell(cell, seconds)
            cell.execution_count = count
            experience.took(cell.id, time.monotonic() - begin, stopped=outputs.stopped)
            if not self.alive:
                experience.left_out.add(cell.id)
                return

    def _is_run(self, cell: Any) -> bool:
        return _is_looked_at(cell) or cell.id in self._needed

    def _run_cell(self, cell: Any, seconds: float) -> Outputs:
        outputs = Outputs(min(_CELL_OUTPUT, self._room))
        before = outputs.room
        self._run(cell.source, outputs, seconds, silent=not _is_looked_at(cell))
        self._room -= before - max(outputs.room, 0)
        cell.outputs = outputs.items
        return outputs

    def run(self, source: str) -> list[Any]:
        """Run code after everything else and return its outputs, whatever was shown before."""
        outputs = Outputs(_CELL_OUTPUT)
        self._run(source, outputs, self._limits.cell_seconds)
        return outputs.items

    def _run(self, source: str, outputs: Outputs, seconds: float, *, silent: bool = False) -> None:
        try:
            self._execute(source, outputs, seconds, silent=silent)
        except KernelGone as gone:
            self.alive = False
            outputs.items.append(error_output("DeadKernel", f"the cell {gone}"))

    def _send(self, source: str, *, silent: bool) -> str:
        content = {"code": source, "silent": silent, "store_history": not silent}
        content |= {"user_expressions": {}, "allow_stdin": False, "stop_on_error": False}
        return self._channels.send("shell", "execute_request", content)

    def _execute(self, source: str, outputs: Outputs, seconds: float, *, silent: bool) -> None:
        self._end_serving()
        asked = self._send(source, silent=silent)
        deadline = min(time.monotonic() + seconds, self._deadline)
        if self._idle(asked, outputs, deadline):
            return
        outputs.stopped = True
        # A cell that takes an interrupt costs itself; one that does not costs the kernel.
        self._channels.send("control", "interrupt_request", {})
        late = Outputs(0)
        self.alive = self._idle(asked, late, time.monotonic() + _GRACE_SECONDS)
        outputs.items.append(error_output("TimeoutError", f"stopped after {seconds:g} s"))

    def _idle(self, asked: str, outputs: Outputs, deadline: float) -> bool:
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
            if message.parent != asked or channel == AGENT:
                continue
            if channel == "shell":
                replied = True
            elif message.kind == "status":
                with suppress(ValueError):
                    idle = message.content().get("execution_state") == "idle"
            else:
                outputs.take(message)
        return True

    def ask(self, request: Message, call_back: CallBack) -> Message:
        """See `Carrier.ask`."""
        if not self.alive:
            raise KernelGone("Cells of the notebook take too long or end Python, again and again")
        try:
            return self._exchange(request, call_back)
        except KernelGone as gone:
            self.alive = False
            raise KernelGone(f"The call {gone}") from None

    def _exchange(self, request: Message, call_back: CallBack) -> Message:
        if not self._serving:
            self._serving = self._send(_SERVE, silent=True)
        self._calls += 1
        self._channels.say(REQUEST, str(self._calls).encode(), request)
        deadline = min(time.monotonic() + self._limits.call_seconds, self._deadline)
        while (received := self._channels.receive(deadline)) is not None:
            channel, message = received
            if channel == AGENT and message.kind == REQUEST.decode():
                self._channels.say(REPLY, b"", _called_back(message, call_back))
            elif channel == AGENT and message.parent == str(self._calls):
                return message.message()
            elif channel == "shell" and message.parent == self._serving:
                raise KernelGone("ended the process that answers")
        if time.monotonic() >= self._deadline:
            seconds = self._limits.notebook_seconds
            raise KernelGone(f"came after the notebook's {seconds:g} s were over")
        raise KernelGone(f"took longer than {self._limits.call_seconds:g} s")

    def _end_serving(self) -> None:
        if self._serving:
            serving, self._serving = self._serving, ""
            self._channels.say(END, b"", Message(None, []))
            end = min(time.monotonic() + self._limits.call_seconds, self._deadline)
            if not self._idle(serving, Outputs(0), end):
                raise KernelGone("cannot be run after the calls before it")

    def cpu_seconds(self) -> float:
        """See `Carrier.cpu_seconds`."""
        return self._kernel.cpu_seconds()

    def close(self) -> None:
        """Close the connection; whoever started the kernel ends it."""
        self._channels.close()


def _called_back(message: Received, call_back: CallBack) -> Message:
    try:
        return call_back(message.message())
    except WireError as error:
        return encode({"message": str(error)})


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


def error_output(kind: str, sentence: str) -> Any:
    """Return the output of a cell that was ended from here."""
    return new_output("error", ename=kind, evalue=sentence, traceback=[f"{kind}: {sentence}"])


@contextmanager
def session(
    starter: Starter, notebook: Any, limits: Limits, experience: Experience, deadline: float
) -> Iterator[Session]:
    """Start a kernel in a box of its own, run a notebook there, and end it afterwards.

    Parameters
    ----------
    experience : what cells have cost before; what they cost now is added.
    deadline : when the notebook's time is over (`time.monotonic`).
    """
    with starter.kernel() as kernel:
        running = Session(kernel, notebook, limits, deadline)
        try:
            running.wait_until_ready()
            running.run_notebook(experience)
            yield running
        finally:
            running.close()
