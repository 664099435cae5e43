"""Carries out calls of a student's functions, on the student's side of the wire.

A request is a dict: `do` one of

    call    `name` or (`handle` and `name`), `arguments`, `keywords`; `watch` returns the arguments
            as they are afterwards; `keep` leaves the result here and returns a handle
    get     the attribute `name` of `handle`
    load    set the attributes (or, of a torch module, the state) of `handle` from `values`
    forget  `handle`

and the reply a dict with `outcome`: returned (`value`, `arguments`), raised (`type`, `message`),
missing, or refused (`message`: the value does not cross).
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from course_utils.wire import Handle, Message, WireError, decode, encode


class Agent:
    """Answers requests about the functions and classes of a namespace."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self._namespace = namespace
        self._objects: dict[int, Any] = {}

    def answer(self, message: Message) -> Message:
        """Carry out an encoded request and return the encoded reply. Never raises."""
        try:
            request = decode(message, trusted=True)
        except WireError as error:
            return encode({"outcome": "refused", "message": str(error)})
        try:
            reply = self._carry_out(request)
        except (KeyError, AttributeError) as error:
            # Raised by looking the function up: what the function itself raises is in the reply.
            return encode({"outcome": "missing", "message": str(error)})
        try:
            return encode(reply)
        except WireError as error:
            return encode({"outcome": "refused", "message": str(error)})
        except Exception as error:  # noqa: BLE001  an object's own code can raise anything
            return encode({"outcome": "refused", "message": f"reading it raises {_name(error)}"})

    def _carry_out(self, request: dict[str, Any]) -> dict[str, Any]:
        match request["do"]:
            case "call":
                return self._call(self._target(request), request)
            case "get":
                return self._returned(getattr(self._object(request), request["name"]))
            case "load":
                _load(self._object(request), request["values"])
                return self._returned(None)
            case _:
                del self._objects[request["handle"].number]
                return self._returned(None)

    def _object(self, request: dict[str, Any]) -> Any:
        return self._objects[request["handle"].number]

    def _target(self, request: dict[str, Any]) -> Callable[..., Any]:
        if "handle" in request:
            target = getattr(self._object(request), request["name"])
        else:
            target = self._namespace[request["name"]]
        if not callable(target):
            raise AttributeError(f"{request['name']} is not a function")
        return target  # type: ignore[no-any-return]

    def _call(self, target: Callable[..., Any], request: dict[str, Any]) -> dict[str, Any]:
        arguments = [self._resolved(argument) for argument in request["arguments"]]
        keywords = {k: self._resolved(v) for k, v in request["keywords"].items()}
        # The seed too belongs to the call: equal calls draw equal numbers in a fresh process.
        np.random.seed(0)
        try:
            value = target(*arguments, **keywords)
            if request.get("keep"):
                value = self._kept(value)
            reply = self._returned(value)
        except BaseException as error:  # noqa: BLE001  SystemExit is an answer, too
            return {"outcome": "raised", "type": _name(error), "message": _message(error)}
        if request.get("watch"):
            reply["arguments"] = [
                a if isinstance(a, (np.ndarray, list, dict)) else None for a in arguments
            ]
        return reply

    def _resolved(self, value: Any) -> Any:
        return self._objects[value.number] if isinstance(value, Handle) else value

    def _kept(self, value: Any) -> Handle:
        number = max(self._objects, default=0) + 1
        self._objects[number] = value
        return Handle(number)

    def _returned(self, value: Any) -> dict[str, Any]:
        return {"outcome": "returned", "value": value}


def _load(target: Any, values: dict[str, Any]) -> None:
    if hasattr(target, "load_state_dict"):
        target.load_state_dict(values)
        return
    for name, value in values.items():
        setattr(target, name, value)


def _name(error: BaseException) -> str:
    return type(error).__name__


def _message(error: BaseException) -> str:
    try:
        return str(error)[:2000]
    except Exception:  # noqa: BLE001  an exception can have a broken __str__
        return ""


def serve(namespace: Mapping[str, Any], channel: str) -> None:
    """Answer requests that arrive as comm messages on `channel`, inside a running kernel."""
    from comm import get_comm_manager

    agent = Agent(namespace)

    def on_open(comm: Any, _: Any) -> None:
        def on_message(received: dict[str, Any]) -> None:
            buffers = [bytes(buffer) for buffer in received.get("buffers") or []]
            reply = agent.answer(Message(received["content"]["data"], buffers))
            comm.send(data=reply.tree, buffers=reply.buffers)

        comm.on_msg(on_message)

    get_comm_manager().register_target(channel, on_open)
