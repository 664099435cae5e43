"""What a checker lends to a student's code: functions and objects that stay with the checker."""

import inspect
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pytest

from autograder import hidden, variants
from autograder.course import Course
from autograder.grading import student as machinery
from autograder.grading.recognition import recognise
from autograder.grading.student import Counted, Fresh, InProcess, Missing, Raised, Student
from autograder.grading.verdicts import judge
from autograder.hidden import multilayer_networks
from autograder.variants.multilayer_networks import SharedRelu
from course_utils.reference import multilayer_networks as reference


class Counter:
    """Something with a memory."""

    def __init__(self) -> None:
        self.total = 0.0
        self.calls = 0

    def add(self, number: float) -> float:
        self.calls += 1
        self.total += number
        return self.total

    def reset(self) -> None:
        self.total = 0.0


@dataclass(frozen=True)
class CounterFrom:
    """Makes a counter that begins somewhere."""

    start: float = 0.0

    def __call__(self) -> Counter:
        made = Counter()
        made.add(self.start)
        return made


@dataclass(frozen=True)
class Adding:
    """Makes a function with a memory."""

    def __call__(self) -> Any:
        return Counter().add


def student(source: str) -> Student:
    """Return somebody who has written this."""
    namespace: dict[str, Any] = {"np": np}
    exec(source, namespace)
    return Student(InProcess(namespace))


METHODS = ("add", "reset")


# --- Objects and functions with a memory ----------------------------------------------------------


def test_an_object_is_made_anew_whenever_it_is_lent() -> None:
    one = student("def twice(counter, number): counter.add(number); return counter.add(number)")
    lent = Fresh(CounterFrom(1.0), METHODS)
    assert one.twice(lent, 2.0) == 5.0
    first = lent.made
    assert (first.total, first.calls) == (5.0, 3)
    assert one.twice(lent, 0.5) == 2.0
    assert lent.made is not first


def test_a_function_with_a_memory_can_be_lent() -> None:
    one = student("def sums(add, numbers): return [add(n) for n in numbers]")
    lent = Fresh(Adding())
    for _ in range(2):
        assert one.sums(lent, [1.0, 2.0, 3.0]) == [1.0, 3.0, 6.0]


def test_only_the_named_methods_can_be_called() -> None:
    one = student("def reset(counter): return counter.reset()\ndef peek(c): return c.total")
    assert one.reset(Fresh(CounterFrom(), METHODS)) is None
    for function in (one.peek, one.reset):
        with pytest.raises(Raised, match="It raises AttributeError"):
            function(Fresh(CounterFrom(), ("add",)))


def test_what_is_lent_in_one_call_serves_in_later_ones() -> None:
    one = student(
        "class Keeper:\n"
        "    def __init__(self, counter): self.counter = counter\n"
        "    def go(self, other): return [self.counter.add(1.0), other.add(10.0)]\n"
    )
    first, second = Fresh(CounterFrom(), METHODS), Fresh(CounterFrom(0.5), METHODS)
    keepers = one.Keeper.make(first), one.Keeper.make(second)
    other = Fresh(CounterFrom(), METHODS)
    assert keepers[0].go(other) == [1.0, 10.0]
    assert keepers[1].go(other) == [1.5, 10.0]
    assert keepers[0].go(other) == [2.0, 10.0]
    assert (first.made.total, second.made.total) == (2.0, 1.5)


def test_a_lent_function_may_return_what_is_lent() -> None:
    one = student(
        "def build(make): return [make(s).add(1.0) for s in (1.0, 2.0)]\n"
        "class Kept:\n"
        "    def __init__(self, make): self.made = [make(1.0), make(2.0)]\n"
        "    def go(self): return [made.add(1.0) for made in self.made]\n"
    )
    make = Counted(lambda start: Fresh(CounterFrom(start), METHODS))
    assert one.build(make) == [2.0, 3.0]
    kept = one.Kept.make(make)
    assert [kept.go(), kept.go()] == [[2.0, 3.0], [3.0, 4.0]]


# --- What a student's code does wrong with it -----------------------------------------------------

TOLD = """
def told(function, *arguments):
    try:
        return str(function(*arguments))
    except ValueError as error:
        return f"ValueError: {error}"
def of_strange(function):
    return told(function, object)
def of_axes(function):
    return told(function, np.zeros((1,) * 5))
def of_much(function):
    return told(function, np.zeros(2**17 + 1))
def of_large(function):
    return told(function, 10**6)
def of_two(function):
    return told(function, 1.0, 2.0)
"""


@pytest.mark.parametrize("name", ["of_axes", "of_much", "of_large", "of_two"])
def test_wrong_arguments_are_refused_in_a_sentence(name: str) -> None:
    one = student(TOLD)
    for lent in (Counted(lambda x: x), Fresh(Adding())):
        said = getattr(one, name)(lent)
        assert said.startswith("ValueError: the function takes numbers, words, and arrays of")


def test_what_does_not_cross_is_refused_on_the_students_side() -> None:
    said = student(TOLD).of_strange(Counted(lambda x: x))
    assert said == "ValueError: an object of type type does not cross"


def test_an_exception_of_what_is_lent_says_nothing_of_itself() -> None:
    def broken(_: float) -> float:
        raise RuntimeError("a secret")

    said = student(TOLD + "def one(function): return told(function, 1.0)").one(Counted(broken))
    assert said.startswith("ValueError: the function takes")
    assert "RuntimeError" in said
    assert "secret" not in said


def test_nobody_is_lent_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machinery, "_MOST_LENT", 20)
    one = student(
        "def greedy(make):\n    while True: make(0.0)\n"
        "def modest(make): return make(0.0).add(1.0)\n"
    )
    make = Counted(lambda start: Fresh(CounterFrom(start), METHODS))
    for _ in range(3):
        assert one.modest(make) == 1.0
    with pytest.raises(Raised, match="It raises ValueError"):
        one.greedy(make)


@pytest.mark.parametrize(
    ("limit", "least"),
    [("_MOST_BYTES", 8 * 100 * 3), ("_MOST_SECONDS", 0.0)],
)
def test_what_is_lent_is_not_used_without_end(
    limit: str, least: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machinery, limit, least)
    used = student(
        "def used(function):\n"
        "    for count in range(1000):\n"
        "        try: function(np.ones(100))\n"
        "        except ValueError: return count\n"
    )
    lent = Counted(lambda values: values.cumsum())
    first = used.used(lent)
    assert 0 < first < 10
    assert used.used(lent) == 0, "the budget is one of all calls together"
    fresh = student("def used(function): return float(function(np.ones(100))[-1])")
    assert fresh.used(lent) == 100.0


def test_products_that_are_too_large_are_not_computed() -> None:
    lent = multilayer_networks._linear(np.ones((2**16, 1)), np.zeros(2**16))
    layer = lent.functions()[0]
    with pytest.raises(ValueError, match="too many outputs"):
        layer(np.ones((4, 1)))
    assert layer(np.ones((2, 1))).shape == (2, 2**16)


def test_what_was_lent_is_gone_with_its_student() -> None:
    namespace: dict[str, Any] = {}
    exec("kept = []\ndef keep(f): kept.append(f)\ndef use(): return kept[0](1.0)", namespace)
    carrier = InProcess(namespace)
    Student(carrier).keep(Counted(lambda x: x))
    with pytest.raises(Raised):
        Student(carrier).use()


# --- Objects on the student's side ----------------------------------------------------------------

BOX = """
class Box:
    def __init__(self, values):
        self.values = values
    def total(self, others=()):
        return float(self.values.sum() + sum(other.total() for other in others))
def totals(boxes, more):
    return [box.total() for box in boxes] + [more[0][0].total()]
def called(functions, x):
    return [function(x) for function in functions]
"""


def test_objects_can_be_handed_over_in_lists() -> None:
    one = student(BOX)
    first, second = one.Box.make(np.ones(3)), one.Box.make(np.ones(4))
    assert one.totals([first, second], [[second]]) == [3.0, 4.0, 4.0]
    assert first.total([second, first]) == 10.0


def test_reading_an_attribute_is_recorded() -> None:
    one = student(BOX)
    box = one.Box.make(np.ones(2))
    box.total()
    np.testing.assert_array_equal(box.get("values"), np.ones(2))
    made, total = box.history
    read = one.calls[-1]
    assert (read.name, read.do, read.history) == ("values", "get", (made, total))
    with pytest.raises(machinery.StudentError, match="It has no attribute weights"):
        box.get("weights")


def test_functions_in_a_list_can_be_handed_over_and_looked_at_afterwards() -> None:
    one = student(BOX)
    functions = [Counted(abs), Fresh(Adding())]
    value, after = one.called.watched(functions, 2.0)
    assert value == [2.0, 2.0]
    assert after == [None, None]


# --- Earlier answers that are right ---------------------------------------------------------------

CLASSES = """
class Part:
    def __init__(self, size): raise ValueError
class Whole:
    def __init__(self, sizes): self.parts = [Part(size) for size in sizes]
    def go(self, x): return sum(part.scaled(x) for part in self.parts)
    def grow(self, size): self.parts.append(Part(size))
class Child(Whole):
    name = "child"
"""


@dataclass
class Part:
    """A right one."""

    size: float

    def scaled(self, x: float) -> float:
        return self.size * x


def part(size: float) -> Fresh:
    return Fresh(partial(Part, size), ("scaled",))


@pytest.mark.parametrize("name", ["Whole", "Child"])
def test_right_answers_stand_in_for_those_that_a_class_uses(name: str) -> None:
    one = student(CLASSES)
    with pytest.raises(Raised):
        getattr(one, name).make([1.0, 2.0])
    right = one.given(Part=part)
    whole = getattr(right, name).make([1.0, 2.0])
    assert whole.go(3.0) == 9.0
    whole.grow.carry_out(4.0)
    assert whole.go(1.0) == 7.0
    # Nothing stays in the place of the student's own.
    with pytest.raises(Raised):
        getattr(one, name).make([1.0])


def test_a_name_that_was_not_there_is_not_there_afterwards() -> None:
    one = student("class Whole:\n    def __init__(self): self.part = Part(1.0)\n")
    one.given(Part=part).Whole.make()
    with pytest.raises(Missing):
        one.Part.make(1.0)


class NoLinear:
    """Nobody has written it."""

    def __init__(self, W: Any, b: Any) -> None:
        raise NotImplementedError


class HalfRelu(reference.ReLU):
    """Right on the way forward."""

    def backward(self, slopes: Any) -> Any:
        return slopes


@pytest.mark.parametrize(("name", "layer"), [("Linear", NoLinear), ("ReLU", HalfRelu)])
def test_a_network_is_right_if_it_were_with_right_layers(name: str, layer: type) -> None:
    hidden.load("multilayer_networks")
    namespace = {**vars(reference), name: layer}
    # A student's network knows the methods that are in the contract.
    source = inspect.getsource(reference.MLP)
    exec(source.replace("first._set_derivatives", "first.backward"), namespace)
    assert hidden.builds_on("mlp") == ("Linear", "ReLU")
    assert judge("mlp", InProcess(namespace), 1, {}).full
    assert namespace[name] is layer
    namespace["MLP"] = SharedRelu
    assert not judge("mlp", InProcess(namespace), 1, {}).full


def test_a_training_is_judged_without_a_network_of_ones_own() -> None:
    hidden.load("multilayer_networks")
    namespace: dict[str, Any] = {**vars(reference), "MLP": NoLinear}
    assert judge("train", InProcess(namespace), 1, {}).full
    exec(inspect.getsource(reference.train), namespace)
    namespace["softmax_cross_entropy"] = lambda scores, labels: (0.0, 0.0 * scores)
    assert judge("train", InProcess(namespace), 1, {}).full


# --- Recognition ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("train", "batches_asked_once"),
        ("train", "report_of_every_batch"),
        ("layers", "Accumulated"),
        ("chain_backward", "from_scratch"),
        ("mlp", "SharedRelu"),
    ],
)
def test_mistakes_with_what_is_lent_are_recognised(
    question: str, name: str, course: Course
) -> None:
    hidden.load("multilayer_networks")
    variants.load("multilayer_networks")
    functions = course.find(question).functions(question)
    (variant,) = (v for v in variants.wrong_of(question) if v.name == name)
    namespace = {**functions, variant.function: variant.implementation}
    for _ in range(2):  # the second time from memory
        verdict = judge(question, InProcess(namespace), 5, functions)
        lost = [finding for finding in verdict.findings if not finding.awarded]
        assert lost
        assert {finding.mistake for finding in lost} == {name}


def test_trying_known_mistakes_begins_with_a_new_object() -> None:
    """What is lent has been used up by the student when a known mistake is tried on it."""
    variants.load("multilayer_networks")
    hidden.load("multilayer_networks")
    from autograder.hidden.multilayer_networks import _world

    (variant,) = (v for v in variants.wrong_of("train") if v.name == "last_loss")
    world = _world(np.random.default_rng(0))
    model, batches = world.lent()
    one = Student(InProcess({"train": variant.implementation}))
    one.train(model, batches, 0.3, 2)
    known = recognise("train", one.calls, [], one.calls, {"train": reference.train})
    assert known is not None
    assert known.name == "last_loss"
