"""Networks that stay on the student's side: outlines, states, functions by name, rehearsals."""

import subprocess
import sys
from collections import OrderedDict
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from autograder import hidden, variants
from autograder.course import Course
from autograder.grading.student import (
    Counted,
    InProcess,
    Missing,
    Raised,
    Remote,
    Student,
    StudentError,
)
from autograder.grading.verdicts import judge
from autograder.hidden import Wrong, deep_networks, unchanged
from course_utils import rehearsal
from course_utils.checks import run_check
from course_utils.demos import demo
from course_utils.reference import deep_networks as reference
from course_utils.wire import Message, Named, Outline, WireError, decode, encode, through


def student(source: str, **names: Any) -> Student:
    """Return somebody who has written this."""
    namespace: dict[str, Any] = {"np": np, "torch": torch, "nn": nn, **names}
    exec(source, namespace)
    return Student(InProcess(namespace))


class Counting(InProcess):
    """Counts the bytes that cross."""

    bytes = 0

    def ask(self, request: Message, call_back: Any) -> Message:
        reply = super().ask(request, call_back)
        self.bytes += sum(len(message.to_text()) for message in (request, reply))
        return reply


# --- Tensors without values -----------------------------------------------------------------------


def test_a_tensor_without_values_crosses_as_its_outline() -> None:
    huge = torch.empty(10_000, 10_000, 100, dtype=torch.bfloat16, device="meta")
    outline = through(huge)
    assert outline == Outline((10_000, 10_000, 100), "bfloat16")
    back = through(outline, trusted=True)
    assert (back.device.type, back.shape, back.dtype) == ("meta", huge.shape, huge.dtype)


@pytest.mark.parametrize(
    "tree",
    [
        ["outline", "float32", [-1]],
        ["outline", "float32", [2**40, 2**40]],
        ["outline", "float32", [1] * 33],
        ["outline", "float32", [1.5]],
        ["outline", "device", [1]],
        ["outline", "float32", 3],
        ["outline", ["float32"], [3]],
        ["named", 3, ["dict", []]],
        ["named", "f", ["list", []]],
        ["named", "f", ["dict", [[["int", "0x1"], ["int", "0x1"]]]]],
    ],
)
def test_a_malformed_outline_or_name_is_an_error_of_the_wire(tree: Any) -> None:
    for trusted in (False, True):
        with pytest.raises(WireError, match="malformed"):
            decode(Message(tree, []), trusted=trusted)


def test_tensors_of_kinds_without_a_name_do_not_cross() -> None:
    with pytest.raises(WireError, match="does not cross"):
        encode(torch.empty(2, dtype=torch.float8_e4m3fn, device="meta"))


def test_a_network_of_any_size_costs_nothing() -> None:
    carrier = Counting(vars(reference))
    network = Student(carrier).on("meta").vgg19.make()
    outline = network.outline()
    assert outline.count == 143_667_240
    assert outline.layers[:3] == [
        ("conv1_1", "Conv2d"),
        ("relu1_1", "ReLU"),
        ("conv1_2", "Conv2d"),
    ]
    assert network(Outline((2, 3, 224, 224))) == Outline((2, 1000))
    assert carrier.bytes < 20_000


def test_an_outline_tells_what_is_trained_and_what_is_not() -> None:
    one = student(
        "def net():\n"
        "    made = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))\n"
        "    made[0].bias.requires_grad = False\n"
        "    return made\n"
        "def nothing(): return None\n"
        "def large(): return nn.Sequential(*(nn.Linear(1, 1) for _ in range(3000)))\n"
    )
    outline = one.net.make().outline()
    assert outline.parameters["0.weight"] == Outline((3, 2))
    assert outline.trained == ["0.weight", "1.weight", "1.bias"]
    assert outline.buffers["1.num_batches_tracked"] == Outline((), "int64")
    with pytest.raises(StudentError, match=r"It makes no torch\.nn\.Module"):
        one.nothing.make().outline()
    with pytest.raises(StudentError, match="cannot be compared"):
        one.large.make().outline()


def test_an_outline_leaves_out_buffers_that_are_not_stored() -> None:
    one = student(
        "def net():\n"
        "    made = nn.Linear(2, 3)\n"
        "    made.register_buffer('kept', torch.ones(2))\n"
        "    made.register_buffer('beside', torch.ones(2), persistent=False)\n"
        "    return made\n"
    )
    assert list(one.net.make().outline().buffers) == ["kept"]


def test_a_network_finds_its_device_itself() -> None:
    one = student(
        "class net(nn.Module):\n"
        "    def __init__(self, there):\n"
        "        super().__init__()\n"
        "        self.there = there\n"
        "    def forward(self, X):\n"
        "        return X + torch.zeros(3, device=X.device if self.there else None)\n"
    )
    assert one.on("meta").net.make(True)(Outline((2, 3))) == Outline((2, 3))
    with pytest.raises(Raised, match="RuntimeError"):
        one.on("meta").net.make(False)(Outline((2, 3)))


# --- States, methods, layers ----------------------------------------------------------------------

NET = """
def net(scale=1.0):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc, self.drop = nn.Linear(2, 1), nn.Dropout(0.5)
        def forward(self, X):
            return scale * self.drop(self.fc(X))
    return Net()
def spoils(X): return X.mul_(2.0)
def draws(): return torch.rand(3)
"""
STATE = {"fc.weight": torch.tensor([[1.0, -2.0]]), "fc.bias": torch.tensor([0.5])}


def test_a_state_is_loaded_by_name_and_remembered() -> None:
    network = student(NET).net.make()
    network.load(STATE)
    network.eval.carry_out()
    assert network(torch.tensor([[3.0, 1.0]])).tolist() == [[1.5]]
    assert [call.do for call in network.history] == ["call", "load", "carry_out", "call"]
    with pytest.raises(Raised):
        network.load({"fc.weight": torch.zeros(1, 2)})
    last = network.student.calls[-1]
    assert (last.do, last.raised) == ("load", "RuntimeError")


def test_a_layer_of_a_network_is_an_object_with_a_past() -> None:
    network = student(NET).net.make()
    network.load(STATE)
    layer = network.get_submodule.make("fc")
    assert layer(torch.ones(1, 2)).tolist() == [[-0.5]]
    (taken,) = layer.history[:1]
    assert (taken.name, [call.do for call in taken.history]) == ("get_submodule", ["call", "load"])


def test_equal_calls_draw_equal_numbers() -> None:
    one = student(NET)
    assert one.draws().tolist() == one.draws().tolist()


def test_a_changed_tensor_is_noticed() -> None:
    with pytest.raises(Wrong, match="It changes the tensor it is given"):
        unchanged(student(NET).spoils, torch.ones(2))
    assert unchanged(student("def copies(X): return X + 1").copies, torch.ones(2)).tolist() == [
        2,
        2,
    ]


def test_whole_numbers_may_be_larger_where_that_costs_nothing() -> None:
    one = student("def asks(f, n): return f(n)")
    assert one.asks(Counted(float, largest=200), 110) == 110.0
    with pytest.raises(Raised, match="It raises ValueError"):
        one.asks(Counted(float), 110)


# --- Functions by name ----------------------------------------------------------------------------


def test_a_function_of_the_students_is_handed_over_by_name() -> None:
    one = student("def call(f, x): return f(x)\ndef power(x, n=2): return x ** n")
    assert one.call(Named("power"), 3.0) == 9.0
    assert one.call(Named("power", {"n": 3}), 3.0) == 27.0
    assert one.call(Named("course_utils.compare.difference", {"expected": 1.0}), 1.0) is None
    with pytest.raises(Missing):
        one.call(Named("root"), 3.0)


def test_a_name_is_also_one_of_the_functions_module() -> None:
    alone = Student(InProcess({"CifarResNet": reference.CifarResNet}))
    assert alone.on("meta").CifarResNet.make(3, Named("ResidualBlock")).outline().count == 269_722


# --- Rehearsals -----------------------------------------------------------------------------------


def batches(*sizes: int) -> list[tuple[Any, Any]]:
    rng = np.random.default_rng(0)
    return [(rng.normal(size=(n, 2, 4, 4)), rng.integers(0, 3, n)) for n in sizes]


def test_a_rehearsed_epoch_is_the_same_whatever_hardware_it_imitates() -> None:
    plain = rehearsal.epoch(reference.train_epoch, batches(4, 2))
    assert plain["asked"] == ["enter", "network", "scores", "exit", "scale", "step"] * 2
    for options in ({"loss_scale": 1024.0}, {"elsewhere": True}):
        found = rehearsal.epoch(reference.train_epoch, batches(4, 2), **options)
        assert found["loss"] == pytest.approx(plain["loss"])
        for name, value in plain["weights"].items():
            np.testing.assert_allclose(found["weights"][name], value, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("events", "out"),
    [
        ("enter network scores exit scale step", ""),
        ("enter network scores scores exit scores", ""),  # an accuracy, perhaps
        ("network enter scores exit", "network"),
        ("enter network exit scores", "scores"),
        ("enter network scores exit enter network exit scores", "scores"),
        ("enter enter exit network scores exit", ""),
    ],
)
def test_what_happens_outside_of_precision_is_told(events: str, out: str) -> None:
    assert rehearsal.outside(events.split()) == out


def test_scores_are_used_like_any_tensor() -> None:
    asked: list[str] = []
    scores = rehearsal._scores().of(torch.tensor([[1.0, 2.0]], requires_grad=True), asked)
    assert scores.shape == (1, 2)
    assert asked == []
    assert type(torch.cat([scores, scores])) is torch.Tensor
    assert asked == ["scores", "scores"]
    assert type(nn.functional.cross_entropy(input=scores, target=torch.tensor([1]))) is torch.Tensor


def test_gradients_are_those_of_torch() -> None:
    layer, X = nn.Linear(2, 3), torch.randn(4, 2)
    slopes = torch.randn(4, 3)
    found = rehearsal.gradients(layer, X, slopes, ["bias"])
    torch.testing.assert_close(found["X"], slopes @ layer.weight)
    torch.testing.assert_close(found["bias"], slopes.sum(dim=0))
    assert X.grad is None
    assert layer.bias.grad is None
    assert rehearsal.gradients(lambda X: X.detach(), X, X) == {"X": None}


def test_a_rehearsal_is_not_what_a_cell_has_made_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rehearsal, "epoch", lambda *_, **__: "rigged")
    one = Student(InProcess(vars(reference)))
    found = one.using("rehearsal.epoch")(Named("train_epoch"), batches(3))
    assert found["asked"].count("step") == 1


def test_a_tensor_from_elsewhere_can_only_move() -> None:
    ((images, labels),) = rehearsal._yielded(batches(3), elsewhere=True)
    assert (images.shape, len(labels), images.device.type) == ((3, 2, 4, 4), 3, "cuda")
    with pytest.raises(RuntimeError, match="on another device"):
        images + 1.0
    with pytest.raises(RuntimeError, match="on another device"):
        nn.Flatten()(images)
    with pytest.raises(RuntimeError, match="on another device"):
        labels.float()
    with pytest.raises(RuntimeError, match="moved to the CPU"):
        images.cpu()
    assert type(images.to("cpu", non_blocking=True)) is torch.Tensor


def test_importing_the_course_does_not_import_torch() -> None:
    modules = "course_utils, course_utils.checks, course_utils.rehearsal, course_utils.agent"
    code = f"import sys, {modules}; course_utils.checks.recorded(); print('torch' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


# --- Grading --------------------------------------------------------------------------------------


def judged(question: str, **answers: Any) -> Any:
    """Return the verdict on a notebook that has other answers than the reference here and there."""
    hidden.load("deep_networks")
    return judge(question, InProcess({**vars(reference), **answers}), 3, {})


class Silent(nn.Sequential):
    """A network with the right layers that returns zeros."""

    def __init__(self, num_classes: int = 1000, shrink: int = 1) -> None:
        super().__init__(OrderedDict(reference.alexnet(num_classes, shrink).named_children()))

    def forward(self, X: Any) -> Any:
        return 0.0 * super().forward(X)  # type: ignore[no-untyped-call]


def test_a_network_of_zeros_does_not_pass() -> None:
    verdict = judged("alexnet", alexnet=Silent)
    assert [finding.awarded for finding in verdict.findings] == [1.0, 0.0, 1.5]
    assert run_check("alexnet", (Silent, reference.layer_table)).state == "not yet"


class OtherBlock(nn.Module):
    """A block that is wrong in every respect but its shapes."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, shortcut: str = "A") -> None:
        super().__init__()
        self.layer = nn.Conv2d(inputs, outputs, 5, stride, padding=2)
        self.more = nn.BatchNorm2d(outputs) if shortcut == "B" else nn.ReLU()

    def forward(self, X: Any) -> Any:
        return self.more(self.layer(X))


class Unwritten(nn.Module):
    """Nobody has written it."""

    def __init__(self, *_: Any, **__: Any) -> None:
        raise NotImplementedError


class WithoutForward(reference.ResidualBlock):
    """Its forward has another name, so that torch says that there is none."""

    forward = nn.Module.forward


def test_what_torch_has_not_implemented_is_no_stub() -> None:
    outcome = run_check("residual_blocks", (reference.PlainBlock, WithoutForward))
    assert outcome.state == "not yet"
    assert 'missing the required "forward" function' in outcome.sentence
    verdict = judged("residual_blocks", ResidualBlock=WithoutForward)
    assert "It raises NotImplementedError" in {finding.sentence for finding in verdict.findings}
    with pytest.raises(NotImplementedError, match="forward"):
        demo(WithoutForward(2, 2), torch.zeros(1, 2, 3, 3))


class Failing(OtherBlock):
    """It can be made, and not called."""

    def forward(self, X: Any) -> Any:
        raise RuntimeError


@pytest.mark.parametrize("block", [OtherBlock, Unwritten, Failing])
def test_a_network_is_right_if_it_is_right_with_ones_own_blocks(block: type) -> None:
    answers = {"PlainBlock": block, "ResidualBlock": block}
    assert judged("residual_blocks", **answers).awarded <= 0.5
    assert judged("cifar_resnet", **answers).full


@pytest.mark.parametrize("block", [reference.ResidualBlock, OtherBlock, Unwritten])
def test_a_wrong_network_is_wrong_with_any_blocks(block: type) -> None:
    hidden.load("deep_networks")
    variants.load("deep_networks")
    named = {v.name: v.implementation for v in variants.wrong_of("cifar_resnet")}
    for name in ("StridesEverywhere", "OneBlockMore", "MaximumOfPlaces", "FirstWithoutRelu"):
        answers = {"PlainBlock": block, "ResidualBlock": block, "CifarResNet": named[name]}
        assert judged("cifar_resnet", **answers).awarded <= 1.0


class Greedy(OtherBlock):
    """A block with more parameters than anybody should draw numbers for."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1, shortcut: str = "A") -> None:
        super().__init__(inputs, outputs, stride, shortcut)
        self.waste = nn.Parameter(torch.empty(2**21))


def test_no_numbers_are_drawn_for_blocks_without_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[Any] = []

    def draw(rng: Any, shapes: Any, *more: Any) -> Any:
        drawn.append(shapes)
        return original(rng, shapes, *more)

    original = deep_networks._drawn
    monkeypatch.setattr(deep_networks, "_drawn", draw)
    judged("cifar_resnet", PlainBlock=Greedy, ResidualBlock=Greedy)
    assert drawn
    assert not any("waste" in name for shapes in drawn for name in shapes)


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("alexnet", "small_dropouts"),
        ("residual_blocks", "ReluBeforeSum"),
        ("residual_blocks", "PlainAlwaysAveraged"),
        ("cifar_resnet", "FixedPool"),
        ("train_epoch", "unscaled_loss"),
        ("train_epoch", "not_moved"),
        ("degradation", "test_errors"),
    ],
)
def test_mistakes_in_networks_are_recognised(question: str, name: str, course: Course) -> None:
    hidden.load("deep_networks")
    variants.load("deep_networks")
    functions = course.find(question).functions(question)
    (variant,) = (v for v in variants.wrong_of(question) if v.name == name)
    namespace = {**vars(reference), variant.function: variant.implementation}
    for _ in range(2):  # the second time from memory
        verdict = judge(question, InProcess(namespace), 5, functions)
        lost = [finding for finding in verdict.findings if finding.awarded < finding.points]
        assert {finding.mistake for finding in lost} == {name}


def test_what_was_handed_over_as_an_object_is_recognised_as_nothing(course: Course) -> None:
    from autograder.grading.recognition import recognise

    variants.load("deep_networks")
    functions = course.find("degradation").functions("degradation")
    one = student("class Box: pass\ndef degradation(run, *more): return 1.0")
    box: Remote = one.Box.make()
    one.degradation(box)
    assert recognise("degradation", one.calls, [], one.calls, functions) is None
