"""The outputs of a cell, as a hostile kernel sends them: bounded in size, plain in kind."""

from dataclasses import dataclass, field
from typing import Any

from nbformat.v4 import new_output, output_from_msg

from autograder.grading.channels import Received

OMITTED = "[more was printed and left out]\n"


@dataclass
class Outputs:
    """The outputs of one cell, bounded in size.

    Parameters
    ----------
    room : bytes that may still come.
    stopped : whether the cell took too long.
    """

    room: int
    items: list[Any] = field(default_factory=list)
    stopped: bool = False
    _clear_next: bool = False
    _full: bool = False
    _errors: int = 0

    def take(self, message: Received) -> None:
        """Add what a message shows, if it is an output and there is room."""
        if message.kind not in _SHOWN:
            return
        if message.size > (_LARGEST_ERROR if message.kind == "error" else self.room):
            self.omit()
            return
        if message.kind == "error":
            # A short one is shown even if there is no room: it says why a cell stopped.
            self._errors += 1
            if self._errors > _MOST_ERRORS:
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


_LARGEST_ERROR = 2**20
_MOST_ERRORS = 3
_SHOWN = ("stream", "display_data", "execute_result", "error", "clear_output")


def _plain(kind: str, content: dict[str, Any]) -> dict[str, Any]:
    """Return an output's content with every part of the type that a notebook needs."""
    if kind == "error":
        traceback = content.get("traceback")
        lines = traceback[:50] if isinstance(traceback, list) else []
        lines = [str(line)[:2000] for line in lines]
        name, value = str(content.get("ename"))[:200], str(content.get("evalue"))[:2000]
        return {"ename": name, "evalue": value, "traceback": lines}
    data = {mime: value for mime, value in content["data"].items() if isinstance(value, str)}
    count = content.get("execution_count")
    return {
        "data": data,
        "metadata": {},
        "execution_count": count if isinstance(count, int) and 0 <= count < 2**31 else None,
    }
