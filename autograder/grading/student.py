"""A student, as hidden tests see one: functions to call by name, across the wire."""

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, Literal, Protocol

import numpy as np

from course_utils.agent import Agent, CallBack
from course_utils.wire import Handle, Lent, Message, Outline, WireError, decode, encode


class StudentError(Exception):
    """A call that gave no value. The text is a sentence for the student."""


class NotAttempted(StudentError):
    """The function raises NotImplementedError, and nothing is said: it is not written yet."""


class Missing(StudentError):
    """There is no such function."""


class Unanswered(StudentError):
    """There was no reply: the call took too long, or the process ended."""


class Raised(StudentError):
    """The function raised an exception.

    The student reads the type alone, and only of Python's own exceptions: a message, or a name of
    one's own making, could carry hidden inputs into the feedback.

    Parameters
    ----------
    kind : the name of the exception's type.
    kinds : the names of the types it derives from, itself included.
    message : what it says. It is for comparing, and shown to nobody.
    """

    def __init__(self, kind: str, kinds: Sequence[str], message: str = "") -> None:
        known = kind in _EVERYDAY
        super().__init__(f"It raises {kind}" if known else "It raises an exception of its own")
        self.kind = kind
        self.kinds = tuple(kinds)
        self.message = message


# As few as teach something: which of them is raised could tell what a hidden input is.
_EVERYDAY = {
    *("ArithmeticError", "AttributeError", "AssertionError", "IndexError", "KeyError"),
    *("NameError", "RecursionError", "TypeError", "UnboundLocalError", "ValueError"),
    *("ZeroDivisionError", "MemoryError", "_ArrayMemoryError", "SystemExit", "KeyboardInterrupt"),
    *("ImportError", "ModuleNotFoundError"),
    "RuntimeError",  # torch's, where shapes do not fit
    "NotImplementedError",  # torch's, where a network has no `forward`
}


class Carrier(Protocol):
    """Whoever carries out calls: this process, or a kernel.

    `unanswered` are the functions with a call that got no reply.
    """

    unanswered: set[str]

    def ask(self, request: Message, call_back: CallBack) -> Message:
        """Send a request to the student's agent and return its reply.

        `call_back` answers the agent's own requests, by which it calls what the request lends.

        Raises
        ------
        Unanswered
            If there is no reply.
        """
        ...

    def cpu_seconds(self) -> float:
        """Return the CPU time that the student's side has used so far, taken from outside."""
        ...


class InProcess:
    """Carries out calls in this process, through the same encoding as everywhere."""

    def __init__(self, namespace: Mapping[str, Any]) -> None:
        self.unanswered: set[str] = set()
        self._agent = Agent(namespace, self._called_back)
        self._call_back: CallBack = _nothing_lent
        self._seconds = 0.0

    def ask(self, request: Message, call_back: CallBack) -> Message:
        """See `Carrier.ask`."""
        self._call_back = call_back
        request = _carried(request)
        start = time.process_time()
        reply = self._agent.answer(request)
        self._seconds += time.process_time() - start
        return _carried(reply)

    def _called_back(self, request: Message) -> Message:
        start = time.process_time()
        reply = _carried(self._call_back(_carried(request)))
        self._seconds -= time.process_time() - start
        return reply

    def cpu_seconds(self) -> float:
        """See `Carrier.cpu_seconds`."""
        return self._seconds


def _carried(message: Message) -> Message:
    """Copy a message as its way to a kernel would: the tree as JSON, the buffers as they are."""
    return Message(json.loads(json.dumps(message.tree)), list(message.buffers))


def _nothing_lent(_: Message) -> Message:
    return encode({"message": "there is no such function"})


_LARGEST_SIZE = 41
"""A whole number in an argument: the time of a filter grows with the square of its size."""


@dataclass
class Counted:
    """A function that stays with the checker; the student's code calls it and sees no more of it.

    Parameters
    ----------
    function : takes and returns plain values.
    calls : how often it was called.
    largest : of whole numbers in its arguments.
    """

    function: Callable[..., Any]
    calls: int = 0
    largest: int = _LARGEST_SIZE

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call it and count."""
        self.calls += 1
        return self.function(*arguments, **keywords)


@dataclass
class Fresh:
    """Something with a memory that stays with the checker, made anew whenever it is lent.

    So it is in its first state again when a known mistake is tried on it, or a right answer.

    Parameters
    ----------
    make : makes it; takes nothing. If it is a dataclass, what known mistakes do with it is
        remembered.
    methods : the names that the student's code can call; none for a function.
    made : the last one made, for a test to look at.
    """

    make: Callable[[], Any]
    methods: tuple[str, ...] = ()
    made: Any = None

    def functions(self) -> list[Callable[..., Any]]:
        """Make it and return its methods, or the function that it is."""
        self.made = self.make()
        if not self.methods:
            return [self.made]
        return [getattr(self.made, name) for name in self.methods]


class Lending:
    """The functions that are lent to a student's code, by number; answers the calls of them.

    A number stays good as long as this does: an object lent in one call is used in later ones.
    `sources` are what the functions come from.
    """

    def __init__(self) -> None:
        self.functions: list[Callable[..., Any]] = []
        self.sources: list[Any] = []
        self._bytes = 0
        self._seconds = 0.0

    def lend(self, value: Any) -> Any:
        """Put numbers in place of functions and objects."""
        if isinstance(value, Counted):
            return self._numbered([value], value.function)
        if isinstance(value, Fresh):
            return self._numbered(value.functions(), value.make, value.methods)
        if isinstance(value, (list, tuple)):
            return type(value)(map(self.lend, value))
        if isinstance(value, dict):
            return {key: self.lend(item) for key, item in value.items()}
        return value

    def _numbered(
        self, functions: list[Callable[..., Any]], source: Any, methods: tuple[str, ...] = ()
    ) -> Lent:
        first = len(self.functions)
        self.functions += functions
        self.sources.append(source)
        return Lent(first, methods)

    def answer(self, message: Message) -> Message:
        """Call a function as a student's code asks. Never raises."""
        try:
            self._bytes += sum(map(len, message.buffers))
            if sum(map(len, message.buffers)) > 8 * MOST_NUMBERS:
                raise WireError("too much for one call")
            if self._bytes > _MOST_BYTES or self._seconds > _MOST_SECONDS:
                raise WireError("too much for one test")
            request = decode(message)
            arguments, keywords = request["arguments"], request["keywords"]
            function = self.functions[request["lent"]]
            largest = function.largest if isinstance(function, Counted) else _LARGEST_SIZE
            if not all(_is_modest(value, largest) for value in [*arguments, *keywords.values()]):
                raise WireError("of no kind that it takes")
            start = time.process_time()
            value = function(*arguments, **keywords)
            self._seconds += time.process_time() - start
            if isinstance(value, np.ndarray) and value.size > _MOST_RETURNED:
                raise WireError("too much to return")
            if len(self.functions) > _MOST_LENT:
                raise WireError("lent too often")
            reply = encode({"value": self.lend(value)})
            self._bytes += sum(map(len, reply.buffers))
            return reply
        except Exception as error:  # noqa: BLE001  what a student's code hands over can be anything
            return encode({"message": f"{_TAKES} ({type(error).__name__})"})


MOST_NUMBERS = 2**17
"""Numbers in an argument of a lent function: it is called on the checker's side and time."""

_MOST_RETURNED = 2**22
_MOST_LENT = 10_000

_MOST_BYTES = 2**27
"""Of all calls of lent functions that a test makes, and of what they return: it may be kept."""
_MOST_SECONDS = 20.0
"""Of the checker's own time in such calls, which nobody can interrupt."""

_TAKES = (
    f"the function takes numbers, words, and arrays of one to four axes with up to {MOST_NUMBERS} "
    "numbers, and whole numbers that are small; not this"
)


def is_of_lending(message: str) -> bool:
    """Tell whether an exception's message is that of a lent function, which hides the true one."""
    return message.startswith(_TAKES)


def _is_modest(value: Any, largest: int) -> bool:
    if isinstance(value, np.ndarray):
        return value.ndim in (1, 2, 3, 4) and 0 < value.size <= MOST_NUMBERS
    if isinstance(value, str):
        return len(value) <= _LONGEST_WORD
    if isinstance(value, (int, np.integer)):
        return abs(int(value)) <= largest
    return isinstance(value, (bool, int, float, np.generic))


_LONGEST_WORD = 40


@dataclass(frozen=True)
class Call:
    """One call that a test made, with what came of it.

    `raised` is the type of an exception, `message` what it said. `after` are the arguments as they
    were afterwards, if the test looked at them. `history` is, of a method's call, how its object
    was made and what was called on it before. `device` is where torch made new tensors. `do` is
    what was done: a call for its value, one for what it does alone, or none: the attribute `name`
    was read, values were loaded, the object was looked at without its values.
    """

    name: str
    arguments: tuple[Any, ...]
    keywords: Mapping[str, Any]
    result: Any = None
    raised: str = ""
    message: str = ""
    after: list[Any] | None = None
    history: tuple["Call", ...] = ()
    device: str = ""
    do: Literal["call", "carry_out", "get", "load", "outline"] = "call"


@dataclass(frozen=True)
class Outlined:
    """What a torch module is made of, without values.

    Parameters
    ----------
    parameters, buffers : by name.
    trained : the names of the parameters that have gradients.
    layers : names and kinds of the modules that it consists of, one level deep.
    """

    parameters: dict[str, Outline]
    buffers: dict[str, Outline]
    trained: list[str]
    layers: list[tuple[str, str]]

    @property
    def count(self) -> int:
        """How many numbers its parameters are."""
        return sum(prod(outline.shape) for outline in self.parameters.values())


@dataclass
class Student:
    """Calls a student's functions: `student.cross_correlate(image, kernel)`.

    Arguments and results are plain values (see `course_utils.wire`). `calls` records them, so that
    a mistake can be recognised by making the same calls to known wrong answers.
    """

    carrier: Carrier
    calls: list[Call] = field(default_factory=list)
    _given: Mapping[str, Counted] = field(default_factory=dict)
    _lending: Lending = field(default_factory=Lending, repr=False)
    _device: str = ""

    def given(self, **functions: Callable[..., Any]) -> "Student":
        """Return the student as if these functions had been theirs: earlier answers, but right."""
        lent = {name: Counted(function) for name, function in functions.items()}
        return Student(self.carrier, self.calls, lent, _device=self._device)

    def on(self, device: str) -> "Student":
        """Return the student whose objects are made on a device of torch's.

        On "meta" a network of any size costs nothing: its tensors have shapes and no values. When
        it is called, new tensors are made where its code says: on a GPU it is not different.
        """
        return Student(self.carrier, self.calls, self._given, self._lending, device)

    def using(self, name: str) -> "Function":
        """Return a function of the course's own, to be called on the student's side.

        It does there what no value can say: `student.using("rehearsal.epoch")`. What it is to work
        on is `course_utils.wire.Named`.
        """
        return Function(self, f"course_utils.{name}")

    def __getattr__(self, name: str) -> "Function":
        if name.startswith("_"):
            raise AttributeError(name)
        return Function(self, name)

    def request(self, do: str, **fields: Any) -> Any:
        """Make a request of the agent (see `course_utils.agent`) and return the reply's fields.

        Raises
        ------
        StudentError
            If the reply is not a value.
        """
        lent = {name: self._lending.lend(value) for name, value in fields.items()}
        reply = decode(self.carrier.ask(encode({"do": do, **lent}), self._lending.answer))
        if not isinstance(reply, dict):
            raise StudentError("The reply cannot be read")
        match reply.get("outcome"):
            case "returned":
                return reply
            case "raised" if reply.get("type") == "NotImplementedError" and not reply["message"]:
                raise NotAttempted("Not attempted")
            case "raised":
                kinds = [str(kind) for kind in reply["types"]]
                # Where an object is in memory says nothing, and is never the same.
                message = re.sub(r" at 0x[0-9a-f]+", "", str(reply.get("message")))
                raise Raised(str(reply.get("type")), kinds, message)
            case "missing":
                raise Missing("There is no such function")
            case _:
                raise StudentError("It returns something that cannot be compared")


@dataclass(frozen=True)
class Function:
    """A function of the student's, or a method of an object on the student's side."""

    student: Student
    name: str
    target: Handle | None = None
    history: list[Call] = field(default_factory=list)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call it and return the value."""
        return self._call(arguments, keywords)["value"]

    def watched(self, *arguments: Any, **keywords: Any) -> tuple[Any, list[Any]]:
        """Call it and return the value and the arguments as they were afterwards."""
        reply = self._call(arguments, keywords, watch=True)
        return reply["value"], reply["arguments"]

    def timed(self, *arguments: Any, **keywords: Any) -> tuple[Any, float]:
        """Call it and return the value, and the CPU seconds that the student's side took for it."""
        before = self.student.carrier.cpu_seconds()
        value = self(*arguments, **keywords)
        return value, self.student.carrier.cpu_seconds() - before

    def make(self, *arguments: Any, **keywords: Any) -> "Remote":
        """Call it and leave the result on the student's side (construct an object)."""
        reply = self._call(arguments, keywords, keep=True)
        past, device = tuple(self.history), self.student._device
        handed = tuple(map(_handed_over, arguments))
        made = Call(self.name, handed, keywords, history=past, device=device)
        return Remote(self.student, reply["value"], [made])

    def carry_out(self, *arguments: Any, **keywords: Any) -> None:
        """Call it for what it does, whatever it returns (many a `train` returns its object)."""
        self._call(arguments, keywords, keep=True)
        self._record(tuple(map(_handed_over, arguments)), keywords, do="carry_out")

    def carry_out_watched(self, *arguments: Any, **keywords: Any) -> list[Any]:
        """Carry it out and return the arguments as they were afterwards."""
        after: list[Any] = self._call(arguments, keywords, keep=True, watch=True)["arguments"]
        given = tuple(map(_handed_over, arguments))
        self._record(given, keywords, after=after, do="carry_out")
        return after

    def _call(
        self, arguments: tuple[Any, ...], keywords: dict[str, Any], **options: bool
    ) -> dict[str, Any]:
        arguments = tuple(map(_handed_over, arguments))
        fields: dict[str, Any] = {"name": self.name, **options}
        if self.target is not None:
            fields["handle"] = self.target
        if self.student._given:
            fields["given"] = dict(self.student._given)
        if self.student._device:
            fields["device"] = self.student._device
        try:
            reply: dict[str, Any] = self.student.request(
                "call", arguments=list(arguments), keywords=keywords, **fields
            )
        except StudentError as error:
            if isinstance(error, Unanswered):
                self.student.carrier.unanswered.add(self.name)
            # Without a value or an exception no known mistake answers alike.
            kind, message = type(error).__name__, ""
            if isinstance(error, Raised):
                kind, message = error.kind, error.message
            self._record(arguments, keywords, raised=kind, message=message)
            raise
        # An object cannot be compared; what its methods return can.
        if "keep" not in options:
            self._record(arguments, keywords, result=reply["value"], after=reply.get("arguments"))
        return reply

    def _record(self, arguments: tuple[Any, ...], keywords: dict[str, Any], **how: Any) -> None:
        past, device = tuple(self.history), self.student._device
        call = Call(self.name, arguments, keywords, history=past, device=device, **how)
        self.student.calls.append(call)
        if self.target is not None:
            self.history.append(call)


def _handed_over(value: Any) -> Any:
    """Put handles in place of objects on the student's side."""
    if isinstance(value, (list, tuple)):
        return type(value)(map(_handed_over, value))
    return value.handle if isinstance(value, Remote) else value


@dataclass(frozen=True)
class Remote:
    """An object that stays on the student's side."""

    student: Student
    handle: Handle
    history: list[Call]

    def __getattr__(self, name: str) -> Function:
        if name.startswith("_"):
            raise AttributeError(name)
        return Function(self.student, name, self.handle, self.history)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        """Call the object itself."""
        return Function(self.student, "__call__", self.handle, self.history)(*arguments, **keywords)

    def get(self, name: str) -> Any:
        """Return the value of an attribute."""
        try:
            value = self.student.request("get", handle=self.handle, name=name)["value"]
        except Missing:
            raise StudentError(f"It has no attribute {name}") from None
        self._record("get", name=name, result=value)
        return value

    def load(self, values: Mapping[str, Any]) -> None:
        """Set attributes by name; of a torch module, its parameters and buffers."""
        try:
            self.student.request("load", handle=self.handle, values=dict(values))
        except Raised as error:
            self._record("load", arguments=(dict(values),), raised=error.kind)
            raise
        self.history.append(self._record("load", arguments=(dict(values),)))

    def outline(self) -> Outlined:
        """Return what the object, a torch module, is made of, without values.

        Raises
        ------
        StudentError
            If it is something else.
        """
        found = self.student.request("outline", handle=self.handle)["value"]
        self._record("outline", result=found)
        if found is None:
            raise StudentError("It makes no torch.nn.Module")
        return Outlined(**found)

    def _record(self, do: Literal["get", "load", "outline"], *, name: str = "", **how: Any) -> Call:
        past, arguments = tuple(self.history), how.pop("arguments", ())
        call = Call(name, arguments, {}, history=past, device=self.student._device, do=do, **how)
        self.student.calls.append(call)
        return call

    def forget(self) -> None:
        """Let go of the object."""
        self.student.request("forget", handle=self.handle)
