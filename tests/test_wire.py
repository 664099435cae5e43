"""The wire: what crosses is equal afterwards, and nothing else crosses."""

import json
import random
from collections import OrderedDict, namedtuple
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.grading.student import (
    Counted,
    InProcess,
    Missing,
    NotAttempted,
    Raised,
    Student,
    StudentError,
)
from course_utils import wire
from course_utils.compare import difference
from course_utils.operators import Operator
from course_utils.wire import Items, Message, Rng, WireError, decode, encode, through

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.text()
    | hnp.arrays(
        st.sampled_from([np.dtype(n) for n in ("float64", "float32", "int16", "uint8", "bool")]),
        hnp.array_shapes(min_dims=0, min_side=0, max_side=4),
    )
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text() | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)


def same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        equal_nan = one.dtype.kind in "fc"
        return (
            isinstance(other, np.ndarray)
            and one.dtype == other.dtype
            and np.array_equal(one, other, equal_nan=equal_nan)
        )
    if type(one) is not type(other):
        return False
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return repr(one) == repr(other)


@given(VALUES)
def test_values_survive(value: Any) -> None:
    assert same(through(value), value)


def test_rng_becomes_an_equal_generator() -> None:
    generator = through(Rng(12345), trusted=True)
    assert generator.random() == np.random.default_rng(12345).random()


def test_operator_becomes_a_callable_and_nothing_else_does() -> None:
    operator = through(Operator("scale", {"factor": 3.0}), trusted=True)
    assert operator(np.ones((2, 2))).tolist() == [[3.0, 3.0], [3.0, 3.0]]
    assert through(Operator("scale", {"factor": 3.0})) == Operator("scale", {"factor": 3.0})
    with pytest.raises(WireError, match="malformed"):
        through(Operator("os.system"), trusted=True)


def test_sparse_matrices_cross() -> None:
    from scipy import sparse

    matrix = sparse.random_array((7, 5), density=0.4, rng=0, format="csr")
    assert (through(matrix).toarray() == matrix.toarray()).all()


def test_tensors_cross() -> None:
    torch = pytest.importorskip("torch")
    tensor = torch.arange(6.0).reshape(2, 3).requires_grad_()
    assert torch.equal(through(tensor), tensor.detach())


def test_iterators_are_bounded() -> None:
    def forever() -> Any:
        number = 0
        while True:
            yield number
            number += 1

    assert through(iter([1, (2, 3)])) == Items((1, (2, 3)), complete=True)
    endless = through(forever())
    assert not endless.complete
    assert len(endless.items) == wire.MAX_ITEMS


def test_subclasses_cross_as_what_they_are_made_of() -> None:
    class Tricky(np.ndarray):
        def __eq__(self, other: object) -> Any:
            return True

    class Number(float):
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = float.__hash__

    crossed = through(np.array([1.0, 2.0]).view(Tricky))
    assert type(crossed) is np.ndarray
    assert type(through(Number(3))) is float
    point = namedtuple("point", ["x", "y"])
    assert through(point(x=1, y=2)) == (1, 2)
    assert type(through(OrderedDict(a=1))) is dict


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (object(), "type object does not cross"),
        (lambda: 0, "does not cross"),
        (np.array([object()]), "dtype object does not cross"),
        (np.array(["a"]), "does not cross"),
        (2**5000, "4096 bits"),
        (np.broadcast_to(np.float64(0), (2**40,)), "MiB does not cross"),
    ],
)
def test_other_things_do_not_cross(value: Any, sentence: str) -> None:
    with pytest.raises(WireError, match=sentence):
        encode(value)


def test_depth_is_bounded() -> None:
    nested: Any = []
    for _ in range(100):
        nested = [nested]
    with pytest.raises(WireError, match="nested deeper"):
        encode(nested)
    tree: Any = ["none"]
    for _ in range(100):
        tree = ["list", [tree]]
    with pytest.raises(WireError, match="too deep"):
        decode(Message(tree, []))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(VALUES, st.randoms(use_true_random=False))
def test_mutated_messages_give_a_value_or_a_clean_error(value: Any, chance: random.Random) -> None:
    text = list(encode(value).to_text())
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(text))
        text[place] = chance.choice('[]{}",:0123456789abcdefx"notrue')
    try:
        decode(Message.from_text("".join(text)))
    except WireError as error:
        assert str(error)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists))
def test_any_json_gives_a_value_or_a_clean_error(tree: Any) -> None:
    try:
        decode(Message(json.loads(json.dumps(tree)), [b"\x00" * 8]))
    except WireError as error:
        assert str(error)


# --- Calls ----------------------------------------------------------------------------------------


class Counter:
    """A class as a student might write it."""

    def __init__(self, start: float) -> None:
        self.value = np.array([start])
        self.steps = 0

    def step(self, by: float) -> Any:
        self.value = self.value + by
        self.steps += 1
        return self.value

    def add(self, other: "Counter") -> Any:
        return self.value + other.value


def student(**namespace: Any) -> Student:
    return Student(InProcess(namespace))


def test_handles_construct_call_get_load_and_pass_objects() -> None:
    someone = student(Counter=Counter)
    one, other = someone.Counter.make(1.0), someone.Counter.make(start=10.0)
    assert one.step(2.0).tolist() == [3.0]
    assert one.get("steps") == 1
    other.load({"value": np.array([5.0])})
    assert one.add(other.handle).tolist() == [8.0]
    one.forget()
    with pytest.raises(Missing):
        one.step(1.0)


def test_a_result_that_changes_later_does_not() -> None:
    kept = np.zeros(3)

    def returns_and_keeps() -> Any:
        kept[:] += 1
        return kept

    someone = student(f=returns_and_keeps)
    first = someone.f()
    someone.f()
    assert first.tolist() == [1.0, 1.0, 1.0]


def test_calls_that_give_no_value_say_why() -> None:
    def unwritten() -> None:
        raise NotImplementedError

    def broken() -> None:
        raise KeyError("no such thing\nand a second line")

    def leaves() -> None:
        raise SystemExit(0)

    class Even(ValueError):
        pass

    def derived() -> None:
        raise Even(np.arange(3))

    functions = {"broken": broken, "leaves": leaves, "derived": derived, "number": 3}
    someone = student(unwritten=unwritten, **functions)
    with pytest.raises(NotAttempted):
        someone.unwritten()
    with pytest.raises(Missing):
        someone.nothing()
    with pytest.raises(Missing):
        someone.number()
    with pytest.raises(Raised, match=r"^It raises KeyError$"):
        someone.broken()
    with pytest.raises(Raised, match="SystemExit"):
        someone.leaves()
    with pytest.raises(Raised, match=r"^It raises an exception of its own$") as caught:
        someone.derived()
    assert "ValueError" in caught.value.kinds


def test_an_agent_always_answers() -> None:
    class Odd:
        @property
        def value(self) -> int:
            raise ValueError("no")

        def __call__(self, x: float) -> float:
            return 2 * x

        def total(self, others: list[Any]) -> float:
            return float(sum(other(1.0) for other in others))

    someone = student(Odd=Odd)
    odd = someone.Odd.make()
    with pytest.raises(Raised, match="ValueError"):
        odd.get("value")
    with pytest.raises(StudentError, match="It has no attribute nothing"):
        odd.get("nothing")
    with pytest.raises(Raised):
        odd.load({"value": 3})
    assert odd(4.0) == 8.0
    assert odd.total([odd.handle, odd.handle]) == 4.0


@pytest.mark.parametrize("text", ['"' + '\\"' * 300_000, '"' * 600_000, '"\\' * 300_000])
def test_what_stands_in_strings_are_no_parts_and_soon_passed_over(text: str) -> None:
    # A search that begins anew behind every quote takes hours.
    assert not wire.too_many_parts(text, 200_000)


@pytest.mark.parametrize("value", [{"a": [1, 2.5]}, np.arange(6).reshape(2, 3), "\u00e9"])
def test_frames_carry_what_text_does(value: Any) -> None:
    assert difference(decode(Message.from_frames(encode(value).to_frames())), value) is None


@pytest.mark.parametrize("tree", [b"", b"{", b"\xff", b"[" * 100_000, b"[" + b"[]," * 900_000])
def test_frames_that_are_no_message(tree: bytes) -> None:
    with pytest.raises(WireError, match="not a message"):
        Message.from_frames([tree])
    with pytest.raises(WireError, match="not a message"):
        Message.from_frames([])


def test_lent_functions_are_called_back_and_counted() -> None:
    def is_additive(operator: Any, images: Any) -> bool:
        first, second = images
        together: bool = np.allclose(operator(first + second), operator(first) + operator(second))
        return together

    someone = student(is_additive=is_additive)
    images = [np.ones((2, 3)), np.arange(6.0).reshape(2, 3)]
    doubled, squared = Counted(lambda image: 2 * image), Counted(np.square)
    assert someone.is_additive(doubled, images) is True
    assert someone.is_additive(operator=squared, images=images) is False
    assert (doubled.calls, squared.calls) == (3, 3)


def test_a_lent_function_says_nothing_of_itself() -> None:
    def looks(operator: Any) -> str:
        return repr(operator) + repr(vars(operator))

    assert "secret" not in student(looks=looks).looks(Counted(lambda secret_image: secret_image))


@pytest.mark.parametrize(
    "argument", ["x", None, {}, 1j, [[1], [2, 3]], np.zeros(2**18), 42, np.int64(-42), 10**400]
)
def test_a_lent_function_is_called_with_anything(argument: Any) -> None:
    def calls(operator: Any, argument: Any) -> str:
        try:
            operator(argument)
        except ValueError as error:
            return str(error)
        return "taken"

    said = student(hands=calls).hands(Counted(lambda image: image @ np.eye(2)), argument)
    assert said.startswith("the function takes numbers, words, and arrays")
    # A view of this size takes no memory, sending it would.
    large = Counted(lambda _: np.broadcast_to(0.0, (2**20, 5)))
    assert "takes numbers" in student(hands=calls).hands(large, 1.0)


def test_watched_calls_show_what_became_of_the_arguments() -> None:
    def in_place(array: Any) -> Any:
        array += 1
        return array

    _, after = student(f=in_place).f.watched(np.zeros(2))
    assert after[0].tolist() == [1.0, 1.0]
