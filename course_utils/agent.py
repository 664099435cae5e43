"""Carries out calls of a student's functions, on the student's side of the wire.

A request is a dict: `do` one of

    call    `name` or (`handle` and `name`), `arguments`, `keywords`; `watch` returns the arguments
            as they are afterwards; `keep` leaves the result here and returns a handle; `given` are
            functions that stand in for others of these names while the call lasts; `device` is
            where torch makes the tensors of an object that is kept: on "meta" they have a shape and
            no values. A name that begins with "course_utils." is one of the course's own functions
    get     the attribute `name` of `handle`
    load    set the attributes (or, of a torch module, the state) of `handle` from `values`
    outline what the torch module `handle` is made of, without values (see `_outline`)
    forget  `handle`

and the reply a dict with `outcome`: returned (`value`, `arguments`), raised (`type`, `message`),
missing, or refused (`message`: the value does not cross); raised replies also name the `types` that
the exception derives from.

While a call is carried out, the functions and methods that the checker lends (`Lent`) are called
back: a request `{"lent": number, "arguments": [...], "keywords": {...}}`, and a reply with `value`
or, if the function does not take these arguments, `message`.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache, partial
from importlib.util import find_spec, module_from_spec
from threading import Lock
from types import FunctionType, MappingProxyType, SimpleNamespace
from typing import Any

import numpy as np

from course_utils.wire import Handle, Lent, Message, Named, WireError, decode, encode

CallBack = Callable[[Message], Message]
"""Sends a request to the checker, while a call is carried out, and returns its reply."""


class Agent:
    """Answers requests about the functions and classes of a namespace."""

    def __init__(self, namespace: Mapping[str, Any], call_back: CallBack) -> None:
        self._namespace = namespace
        self._call_back = call_back
        self._objects: dict[int, Any] = {}
        self._made = 0

    def answer(self, message: Message) -> Message:
        """Carry out an encoded request and return the encoded reply. Never raises."""
        try:
            request = decode(message, trusted=True)
        except WireError as error:
            return encode({"outcome": "refused", "message": str(error)})
        try:
            reply = self._carry_out(request)
        except _NothingThereError as error:
            return encode({"outcome": "missing", "message": str(error)})
        except BaseException as error:  # noqa: BLE001  SystemExit is an answer, too
            return encode(_raised(error))
        try:
            return encode(reply)
        except WireError as error:
            return encode({"outcome": "refused", "message": str(error)})
        except BaseException as error:  # noqa: BLE001  an object's own code can raise anything
            sentence = f"reading it raises {_names(error)[0]}"
            return encode({"outcome": "refused", "message": sentence})

    def _carry_out(self, request: dict[str, Any]) -> dict[str, Any]:
        match request["do"]:
            case "call":
                return self._call(self._target(request), request)
            case "get":
                return self._returned(_attribute(self._object(request), request["name"]))
            case "load":
                _load(self._object(request), request["values"])
                return self._returned(None)
            case "outline":
                found = _outline(self._object(request))
                if found is not None and sum(map(len, found.values())) > _MOST_OUTLINED:
                    sentence = f"a network of more than {_MOST_OUTLINED} parts does not cross"
                    return {"outcome": "refused", "message": sentence}
                return self._returned(found)
            case _:
                self._object(request)
                del self._objects[request["handle"].number]
                return self._returned(None)

    def _object(self, request: dict[str, Any]) -> Any:
        number = request["handle"].number
        if number not in self._objects:
            raise _NothingThereError("there is no such object")
        return self._objects[number]

    def _target(self, request: dict[str, Any]) -> Callable[..., Any]:
        if "handle" in request:
            target = _attribute(self._object(request), request["name"])
        else:
            target = self._found(request["name"])
        if not callable(target):
            raise _NothingThereError(f"there is no function {request['name']}")
        return target  # type: ignore[no-any-return]

    def _found(self, name: str, seen: Mapping[str, Any] = MappingProxyType({})) -> Any:
        """Return what a name stands for, None if it is nothing."""
        if name.startswith(_COURSE):
            module, _, own = name.rpartition(".")
            return getattr(_own_copy(module), own)
        return self._namespace.get(name, seen.get(name))

    def _call(self, target: Callable[..., Any], request: dict[str, Any]) -> dict[str, Any]:
        seen = _names_seen_by(target)
        arguments = [self._resolved(argument, seen) for argument in request["arguments"]]
        keywords = {k: self._resolved(v, seen) for k, v in request["keywords"].items()}
        # The seed too belongs to the call: equal calls draw equal numbers in a fresh process.
        np.random.seed(0)
        torch = sys.modules.get("torch")
        if torch is not None:
            torch.default_generator.manual_seed(0)  # of the CPU alone: that of a GPU takes longer
        # An object is made on a device; what it computes there has to find that by itself.
        device = request.get("device", "") if request.get("keep") else ""
        with self._standing_in(target, request.get("given", {})), _on(device):
            value = target(*arguments, **keywords)
        if request.get("keep"):
            value = self._kept(value)
        reply = self._returned(value)
        if request.get("watch"):
            reply["arguments"] = [a if _is_data(a) else None for a in arguments]
        return reply

    @contextmanager
    def _standing_in(self, target: Any, given: Mapping[str, Lent]) -> Iterator[None]:
        """Let the names that a function looks up mean others for a while."""
        names = _names_seen_by(target) if given else {}
        before = {name: names[name] for name in given if name in names}
        names.update({name: self._resolved(lent) for name, lent in given.items()})
        try:
            yield
        finally:
            for name in given:
                names.pop(name, None)
            names.update(before)

    def _resolved(self, value: Any, seen: Mapping[str, Any] = MappingProxyType({})) -> Any:
        if isinstance(value, Named):
            found = self._found(value.name, seen)
            if not callable(found):
                raise _NothingThereError(f"there is no function {value.name}")
            return partial(found, **value.keywords) if value.keywords else found
        if isinstance(value, Handle):
            return self._object({"handle": value})
        if isinstance(value, Lent):
            if not value.methods:
                return partial(self._borrowed, value.number)
            numbered = enumerate(value.methods, value.number)
            return SimpleNamespace(**{name: partial(self._borrowed, n) for n, name in numbered})
        if isinstance(value, (list, tuple)):
            return type(value)(self._resolved(item, seen) for item in value)
        return value

    def _borrowed(self, number: int, *arguments: Any, **keywords: Any) -> Any:
        """Call a function of the checker's."""
        request = {"lent": number, "arguments": list(arguments), "keywords": keywords}
        reply = decode(self._call_back(encode(request)))
        if "value" not in reply:
            raise ValueError(reply["message"])
        return self._resolved(reply["value"])

    def _kept(self, value: Any) -> Handle:
        self._made += 1
        self._objects[self._made] = value
        return Handle(self._made)

    def _returned(self, value: Any) -> dict[str, Any]:
        return {"outcome": "returned", "value": value}


_COURSE = "course_utils."


@cache
def _own_copy(name: str) -> Any:
    """Load a module of the course once more: what a cell has done to the other one is not in it."""
    spec = find_spec(name)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class _NothingThereError(Exception):
    """The function, attribute or object of a request does not exist."""


def _attribute(target: Any, name: str) -> Any:
    if not hasattr(type(target), name) and not hasattr(target, name):
        raise _NothingThereError(f"there is no {name}")
    return getattr(target, name)


def _is_data(value: Any) -> bool:
    """Say whether a value can be looked at afterwards: not a function, nor a list of such."""
    if isinstance(value, list):
        return not any(map(callable, value))
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return True
    return isinstance(value, (np.ndarray, dict))


def _on(device: str) -> AbstractContextManager[Any]:
    """Return what makes torch make new tensors on a device, if one is named."""
    if not device:
        return nullcontext()
    import torch

    return torch.device(device)


def _names_seen_by(target: Any) -> dict[str, Any]:
    """Return the global names of a function or method, of a class those of its first method."""
    if not isinstance(target, type):
        return getattr(target, "__globals__", {})
    members = (member for kind in target.__mro__ for member in vars(kind).values())
    return next((m.__globals__ for m in members if isinstance(m, FunctionType)), {})


def _raised(error: BaseException) -> dict[str, Any]:
    names = _names(error)
    return {"outcome": "raised", "type": names[0], "types": names, "message": _message(error)}


def _names(error: BaseException) -> list[str]:
    """Return the names of the types an exception derives from; a metaclass could make up others."""
    kinds = type.__dict__["__mro__"].__get__(type(error))
    return [_text(type.__dict__["__name__"].__get__(kind)) for kind in kinds][:_MOST_NAMES]


_MOST_NAMES = 100


def _load(target: Any, values: dict[str, Any]) -> None:
    if hasattr(target, "load_state_dict"):
        target.load_state_dict(values)
        return
    for name, value in values.items():
        setattr(target, name, value)


def _outline(target: Any) -> dict[str, Any] | None:
    """Return what a torch module is made of; None of anything else.

    `parameters` and stored `buffers` by name, as tensors without values; `trained` are the names of
    the parameters that have gradients; `layers` the names and kinds of the modules that it consists
    of, one level deep.
    """
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(target, torch.nn.Module):
        return None
    module = torch.nn.Module
    parameters = dict(module.named_parameters(target, remove_duplicate=False))
    stored = module.state_dict(target)
    # A buffer that is not stored is a number that the code computes with, and its own affair.
    buffers = {
        name: buffer
        for name, buffer in module.named_buffers(target, remove_duplicate=False)
        if name in stored
    }
    layers = [(name, type(layer).__name__) for name, layer in module.named_children(target)]
    return {
        "parameters": {name: _without_values(tensor) for name, tensor in parameters.items()},
        "buffers": {name: _without_values(tensor) for name, tensor in buffers.items()},
        "trained": [name for name, parameter in parameters.items() if parameter.requires_grad],
        "layers": layers,
    }


_MOST_OUTLINED = 5_000


def _without_values(tensor: Any) -> Any:
    return tensor.detach().to("meta")


def _message(error: BaseException) -> str:
    try:
        return _text(str(error))
    except BaseException:  # noqa: BLE001  an exception can have a broken __str__
        return ""


def _text(value: str) -> str:
    """Return the beginning of a string, as a plain one that UTF-8 can hold."""
    return str.__str__(value)[:2000].encode("utf-8", "replace").decode()


REQUEST, REPLY, END = b"request", b"reply", b"end"
"""Kinds of messages between checker and agent: frames of kind and number, then the message's."""


def serve(checker: str) -> None:
    """Answer a checker's requests inside a running kernel, until it says that this is the end.

    They come on the kernel's way of asking a person for input, where the checker's socket is called
    `checker`: Jupyter's own ways take several times as long.
    """
    from IPython import get_ipython

    shell = get_ipython()
    line = _Line(shell.kernel.stdin_socket, checker.encode())
    agent = Agent(shell.user_ns, line.call_back)
    while (request := line.next_request()) is not None:
        number, message = request
        line.reply(number, agent.answer(message))
    if "matplotlib.pyplot" in sys.modules:
        # Figures that the calls have opened would be drawn now, and nobody looks at them.
        sys.modules["matplotlib.pyplot"].close("all")


class _Line:
    """The way to the checker. One thread at a time speaks and hears."""

    def __init__(self, socket: Any, checker: bytes) -> None:
        self._socket = socket
        self._checker = checker
        self._lock = Lock()
        self._asked = False

    def next_request(self) -> tuple[bytes, Message] | None:
        """Wait for the next request and return it with its number, None at the end."""
        while True:
            kind, number, message = self._receive()
            if kind == END:
                return None
            if kind == REQUEST:
                self._asked = True
                return number, message

    def reply(self, number: bytes, message: Message) -> None:
        with self._lock:
            self._asked = False
            self._send(REPLY, number, message)

    def call_back(self, message: Message) -> Message:
        """Ask the checker. A function may do so in several threads, as long as it is asked itself.

        Raises
        ------
        ConnectionError
            If the call is over for which the function was lent.
        """
        with self._lock:
            if not self._asked:
                raise ConnectionError("the function was lent for a call that is over")
            self._send(REQUEST, b"", message)
            while True:
                kind, _, answer = self._receive()
                if kind == REPLY:
                    return answer

    def _send(self, kind: bytes, number: bytes, message: Message) -> None:
        self._socket.send_multipart([self._checker, kind, number, *message.to_frames()])

    def _receive(self) -> tuple[bytes, bytes, Message]:
        _, kind, number, *frames = self._socket.recv_multipart()
        return kind, number, Message.from_frames(frames)
