"""Training: data on the device, the loop around `train_epoch`, checkpoints that survive a kill."""

import hashlib
import os
import platform
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from inspect import signature
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from course_utils import batches as batches_module
from course_utils import checkpoints, training
from course_utils.batches import Batches, DeviceDataset, crop_and_flip
from course_utils.checkpoints import CheckpointError
from course_utils.datasets import Dataset
from course_utils.demos import Waiting, demo
from course_utils.devices import DeviceError, OutOfMemory, Precision, seed_everything
from course_utils.training import History, TrainingError, evaluate, fit
from course_utils.widgets import LiveCurves


def make_data(train: int = 40, test: int = 20, seed: int = 0, channels: int = 3) -> Dataset:
    """Return random images of 6 x 5; the brightness of the first channel tells the class."""
    rng = np.random.default_rng(seed)
    parts: list[Any] = []
    for count in (train, test):
        labels = np.arange(count, dtype=np.int64) % 4
        images = rng.integers(0, 100, (count, 6, 5, channels), dtype=np.uint8)
        images[..., 0] += (50 * labels[:, None, None]).astype(np.uint8)
        parts += [images, labels]
    return Dataset("noise", parts[0], parts[1], parts[2], parts[3], ("a", "b", "c", "d"))


def make_model(seed: int = 0) -> nn.Module:
    """Return a small network with running statistics and a layer that draws."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1, bias=False),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Dropout(0.2),
        nn.Linear(8, 4),
    )


def train_epoch(
    model: nn.Module, batches: Batches, optimizer: torch.optim.Optimizer, precision: Precision
) -> Tensor:
    """What a student writes."""
    model.train()
    total, count = torch.zeros((), device=precision.device), 0
    for images, labels in batches:
        images, labels = images.to(precision.device), labels.to(precision.device)
        with precision:
            loss = functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        precision.scale(loss).backward()
        precision.step(optimizer)
        total += loss.detach() * len(labels)
        count += len(labels)
    return total / count


def quick(model: nn.Module, data: Dataset | DeviceDataset, **options: Any) -> History:
    """Train for a few epochs with small batches, without a report."""
    defaults: dict[str, Any] = {"epochs": 3, "batch_size": 16, "pad": 1, "quiet": True}
    merged = defaults | {"device": "cpu", "train_epoch": train_epoch} | options
    return fit(model, data, merged.pop("train_epoch"), **merged)


def content(*models: nn.Module) -> str:
    """Return a digest of all weights and statistics, bit for bit."""
    digest = hashlib.sha256()
    for model in models:
        for name, value in model.state_dict().items():
            digest.update(name.encode() + value.contiguous().numpy().tobytes())
    return digest.hexdigest()


@pytest.fixture
def data() -> Dataset:
    return make_data()


# --- Crop and flip --------------------------------------------------------------------------------


@pytest.mark.parametrize(("channels", "pad"), [(3, 2), (1, 4), (2, 0)])
def test_crop_and_flip_equals_one_image_at_a_time(channels: int, pad: int) -> None:
    rng = np.random.default_rng(pad)
    images = rng.normal(size=(50, 6, 5, channels)).astype(np.float32)
    top, left = rng.integers(0, 2 * pad + 1, (2, 50))
    flip = rng.integers(0, 2, 50) == 1
    before = images.copy()
    got = crop_and_flip(torch.from_numpy(images), pad, *map(torch.from_numpy, (top, left, flip)))
    for i, image in enumerate(images):
        padded = np.pad(image, ((pad, pad), (pad, pad), (0, 0)))
        expected = padded[top[i] : top[i] + 6, left[i] : left[i] + 5]
        if flip[i]:
            expected = expected[:, ::-1]
        assert np.array_equal(got[i].numpy(), expected)
    assert np.array_equal(images, before)


def normalized(data: Dataset) -> Any:
    """Return the training images by the definition, (N, H, W, C) float64."""
    images = data.train_images / 255.0
    return (images - images.mean(axis=(0, 1, 2))) / images.std(axis=(0, 1, 2))


def test_batches_hold_every_image_once_shifted_and_mirrored(data: Dataset) -> None:
    labelled = Dataset(
        "numbered",
        data.train_images,
        np.arange(40, dtype=np.int64),
        data.test_images,
        data.test_labels,
        tuple(map(str, range(40))),
    )
    placed = DeviceDataset(labelled, "cpu")
    originals = np.pad(normalized(data), ((0, 0), (1, 1), (1, 1), (0, 0)))
    moves = [(t, x, f) for t in range(3) for x in range(3) for f in (False, True)]
    generator, found = torch.Generator().manual_seed(0), []
    for _ in range(5):
        order = []
        batches = placed.shuffled(16, generator, pad=1, flip=True)
        assert (len(batches), batches.examples) == (3, 40)
        for images, labels in batches:
            assert images.dtype == torch.float32
            assert images.is_contiguous()
            assert images.shape == (len(labels), 3, 6, 5)
            order += labels.tolist()
            for image, label in zip(images.permute(0, 2, 3, 1).numpy(), labels, strict=True):
                fitting = []
                for top, left, flip in moves:
                    window = originals[int(label), top : top + 6, left : left + 5]
                    if np.allclose(image, window[:, ::-1] if flip else window, atol=1e-5):
                        fitting.append((top, left, flip))
                assert len(fitting) == 1
                found += fitting
        assert sorted(order) == list(range(40))
        assert order != sorted(order)
    counts = [found.count(move) for move in moves]
    assert min(counts) > 0  # 200 images, 18 moves: each is missing with probability 1e-5
    assert 60 < sum(flip for _, _, flip in found) < 140


def test_batches_again_and_the_next_epoch(data: Dataset) -> None:
    placed = DeviceDataset(data, "cpu")
    generator = torch.Generator().manual_seed(0)
    first = placed.shuffled(16, generator, 1, True)
    once, again = ([images for images, _ in first] for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True))
    following = [images for images, _ in placed.shuffled(16, generator, 1, True)]
    assert not torch.equal(once[0], following[0])
    same = placed.shuffled(16, torch.Generator().manual_seed(0), 1, True)
    assert torch.equal(next(iter(same))[0], once[0])


def test_images_in_order_are_normalized(data: Dataset) -> None:
    placed = DeviceDataset(data, "cpu")
    images = torch.cat([images for images, _ in placed.in_order("train", 7)])
    expected = normalized(data).transpose(0, 3, 1, 2)
    assert np.allclose(images.numpy(), expected, atol=1e-5)
    assert abs(float(images.mean())) < 1e-5
    (whole,) = placed.in_order("test", 100)
    mean, std = data.train_images.mean(axis=(0, 1, 2)), data.train_images.std(axis=(0, 1, 2))
    assert np.allclose(
        whole[0].permute(0, 2, 3, 1).numpy(), (data.test_images - mean) / std, atol=1e-5
    )
    assert whole[1].tolist() == data.test_labels.tolist()


def test_bytes_floats_and_grey_images_agree() -> None:
    data = make_data(channels=1)
    others = [
        Dataset("floats", data.train_images / 255.0, data.train_labels, *rest)
        for rest in [(data.test_images / 255.0, data.test_labels, data.class_names)]
    ]
    others.append(
        Dataset(
            "grey",
            data.train_images[..., 0],
            data.train_labels,
            data.test_images[..., 0],
            data.test_labels,
            data.class_names,
        )
    )
    (expected,) = DeviceDataset(data, "cpu").in_order("test", 100)
    assert DeviceDataset(data, "cpu")._parts["train"].images.dtype == torch.uint8
    for other in others:
        (got,) = DeviceDataset(other, "cpu").in_order("test", 100)
        assert got[0].shape == (20, 1, 6, 5)
        assert torch.allclose(got[0], expected[0], atol=1e-5)


def test_a_channel_that_is_the_same_everywhere_stays_finite(data: Dataset) -> None:
    data.train_images[..., 1] = 7
    data.test_images[..., 1] = 9
    ((images, _),) = DeviceDataset(data, "cpu").in_order("test", 100)
    assert torch.allclose(images[:, 1], torch.tensor(2 / 255), atol=1e-6)


def test_the_layout_is_channels_last_where_asked_for(data: Dataset) -> None:
    placed = DeviceDataset(data, "cpu")
    (plain, _), (last, _) = (next(iter(placed.in_order("test", 9, x))) for x in (False, True))
    assert torch.equal(plain, last)
    assert last.is_contiguous(memory_format=torch.channels_last)
    assert not last.is_contiguous()
    generator = torch.Generator().manual_seed(0)
    moved, _ = next(iter(placed.shuffled(9, generator, 1, True, True)))
    assert moved.is_contiguous(memory_format=torch.channels_last)


def test_data_that_does_not_fit_is_brought_batch_by_batch(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    enough = 2 * 60 * 6 * 5 * 3  # half of what is free
    for free, fits in ((enough, True), (enough - 1, False)):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device, free=free: (free, 10**9))
        assert batches_module._fits(data, torch.device("cuda")) == fits
    assert batches_module._fits(data, torch.device("cpu"))

    here = DeviceDataset(data, "cpu")
    moved = []

    def brought(tensor: Tensor, device: torch.device) -> Tensor:
        moved.append(len(tensor))
        return tensor.clone()

    monkeypatch.setattr(batches_module, "_fits", lambda data, device: False)
    monkeypatch.setattr(batches_module, "_brought", brought)
    there = DeviceDataset(data, "cpu")
    assert (here.resident, there.resident) == (True, False)
    assert "brought batch by batch to cpu" in repr(there)
    both = [
        placed.shuffled(16, torch.Generator().manual_seed(4), 1, True) for placed in (here, there)
    ]
    for (images, labels), (same, same_labels) in zip(*both, strict=True):
        assert torch.equal(images, same)
        assert torch.equal(labels, same_labels)
    assert moved == [16, 16, 16, 16, 8, 8]


def test_data_of_another_kind_is_refused(data: Dataset) -> None:
    def changed(**parts: Any) -> Dataset:
        kept = {name: getattr(data, name) for name in data.__dataclass_fields__}
        return Dataset(**(kept | parts))

    with pytest.raises(ValueError, match="train images must be uint8 or floats, these are int64"):
        DeviceDataset(changed(train_images=data.train_images.astype(np.int64)), "cpu")
    with pytest.raises(ValueError, match=r"test images must be \(N, H, W\) or"):
        DeviceDataset(changed(test_images=data.test_images[0, 0]), "cpu")
    with pytest.raises(ValueError, match=r"test labels must be \(20,\) int64, got \(19,\) int64"):
        DeviceDataset(changed(test_labels=data.test_labels[1:]), "cpu")
    with pytest.raises(TypeError, match="data must be a Dataset, got ndarray"):
        DeviceDataset(data.train_images, "cpu")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"):
        DeviceDataset(data, "cpu").in_order("test", 0)
    with pytest.raises(ValueError, match=r"^part must be 'train' or 'test', got 'valid'$"):
        DeviceDataset(data, "cpu").in_order("valid", 10)  # type: ignore[arg-type]
    floats = data.train_images / 255.0
    for wrong, said in (
        (floats * 255.0, r"floats must lie in \[0, 1\], these lie in \[0, 249\]: scale them"),
        (floats - 0.5, r"floats must lie in \[0, 1\], these lie in \[-0\.5, 0\.476\]"),
        (np.where(floats == floats.max(), np.nan, floats), "train images hold NaN: replace it"),
        (floats[:, :0], "there are no train images"),
    ):
        with pytest.raises(ValueError, match=said):
            DeviceDataset(changed(train_images=wrong), "cpu")


# --- Testing --------------------------------------------------------------------------------------


class Guessing(nn.Module):
    """Gives the same five guesses for every five images, and notes its mode."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)
        self.guesses = torch.tensor([0, 1, 2, 0, 0])
        self.seen: list[tuple[bool, bool, bool]] = []

    def forward(self, images: Tensor) -> Tensor:
        self.seen.append((self.training, self.norm.training, torch.is_grad_enabled()))
        self.norm(images)
        return functional.one_hot(self.guesses, 4).float()


@pytest.mark.parametrize("training", [True, False])
def test_the_accuracy_is_the_share_of_right_ones_and_modes_return(
    training: bool, data: Dataset
) -> None:
    model = Guessing().train(training)
    model.norm.eval()  # somebody has frozen it
    before = content(model)
    # The labels are 0 1 2 3 0 | 1 2 3 0 1 | 2 3 0 1 2 | 3 0 1 2 3.
    assert evaluate(model, data, batch_size=5) == 5 / 20
    assert model.seen == [(False, False, False)] * 4
    assert (model.training, model.norm.training) == (training, False)
    assert content(model) == before
    assert evaluate(model, DeviceDataset(data, "cpu"), "train", batch_size=5) == 10 / 40


class Small(nn.Module):
    """Stands for a device on which only so many images fit while a network is evaluated."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.model, self.room = make_model(), room
        self.tried: list[int] = []

    def forward(self, images: Tensor) -> Any:
        if not self.training:
            self.tried.append(len(images))
            if len(images) > self.room:
                raise torch.cuda.OutOfMemoryError("CUDA out of memory")
        return self.model(images)


def test_an_evaluation_that_does_not_fit_takes_smaller_batches(data: Dataset) -> None:
    model = Small(room=8)
    assert evaluate(model, data, batch_size=20) == evaluate(model.model, data)
    assert model.tried == [20, 10, 5, 5, 5, 5]
    assert model.training
    # The size of 500 is not fit's to change: advice about it could not be followed.
    assert quick(Small(room=8), data, batch_size=4).test_accuracy
    with pytest.raises(OutOfMemory, match=r"at a batch size of 1\. Not even one example fits"):
        evaluate(Small(room=0), data)


def test_the_modes_return_after_an_error(data: Dataset) -> None:
    model = nn.Sequential(nn.Linear(7, 7))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        evaluate(model, data)
    assert model[0].training
    with pytest.raises(ValueError, match="part must be 'train' or 'test', got 'tests'"):
        evaluate(model, data, "tests")  # type: ignore[arg-type]
    with pytest.raises(TrainingError, match=r"is on meta and the data on cpu: move it .*'cpu'\)"):
        evaluate(model.to("meta"), DeviceDataset(data, "cpu"))
    with pytest.raises(TypeError, match=r"model must be a torch.nn.Module, got function"):
        evaluate(make_model, data)  # type: ignore[arg-type]


# --- Training -------------------------------------------------------------------------------------


def test_a_network_learns_and_the_history_says_so(data: Dataset) -> None:
    model = make_model()
    before = evaluate(model, data)
    history = quick(model, data, epochs=12, measure=("train", "test"))
    assert history.losses[-1] < 0.8 * history.losses[0]
    assert history.test_accuracy[-1] == evaluate(model, data) > max(before, 0.5)
    assert history.train_accuracy[-1] == evaluate(model, data, "train")
    lengths = {len(value) for name, value in vars(history).items() if name != "name"}
    assert lengths == {12}
    assert all(seconds > 0.0 for seconds in history.seconds)
    accuracies = f"{history.train_accuracy[-1]:.1%}, test accuracy {history.test_accuracy[-1]:.1%}"
    assert f"training accuracy {accuracies} after 12 epochs" in repr(history)
    assert repr(History("run")) == "run: no epoch yet."


def test_equal_seeds_give_equal_bytes_and_others_others(data: Dataset) -> None:
    digests = []
    for seed in (0, 0, 1):
        model = make_model()
        quick(model, data, seed=seed)
        digests.append(content(model))
    assert digests[0] == digests[1] != digests[2]


def test_the_learning_rate_follows_the_milestones(data: Dataset) -> None:
    seen = []

    def watching(
        model: nn.Module, batches: Batches, optimizer: torch.optim.Optimizer, precision: Precision
    ) -> float:
        seen.append(optimizer.param_groups[0]["lr"])
        assert optimizer.param_groups[0]["momentum"] == 0.8
        assert optimizer.param_groups[0]["weight_decay"] == 0.01
        return 1.0

    history = quick(
        make_model(),
        data,
        train_epoch=watching,
        epochs=6,
        learning_rate=0.4,
        momentum=0.8,
        weight_decay=0.01,
        milestones=(2, 4),
        factor=0.5,
    )
    assert seen == history.learning_rates == [0.4, 0.4, 0.2, 0.2, 0.1, 0.1]


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), torch.tensor(float("-inf"))])
def test_a_loss_that_is_not_finite_stops_with_a_sentence(
    loss: Any, data: Dataset, tmp_path: Path
) -> None:
    losses = iter([1.0, loss])
    path = tmp_path / "run.pt"
    with pytest.raises(TrainingError) as caught:
        quick(make_model(), data, train_epoch=lambda *_: next(losses), checkpoint=path)
    assert str(caught.value) == (
        f"The loss of epoch 2 is {float(loss)}: the training has diverged and was stopped. Most "
        "often the learning rate (0.1) is too large: try 0.01, with a freshly made network. "
        f"{path} still holds 1 epoch."
    )
    assert caught.value._render_traceback_() == [str(caught.value)]
    kept = checkpoints.load(path)
    assert kept is not None
    assert kept["run"]["history"]["losses"] == [1.0]


@pytest.mark.parametrize(("place", "others"), [("0.weight", False), ("1.running_var", True)])
def test_weights_that_are_not_finite_stop_with_a_sentence_and_are_not_kept(
    place: str, others: bool, data: Dataset, tmp_path: Path
) -> None:
    path, epochs = tmp_path / "run.pt", iter([False, True])

    def spoiling(model: nn.Module, *arguments: Any) -> float:
        loss = float(train_epoch(model, *arguments))
        if next(epochs):  # with the last step, so that no loss shows it
            state = model.state_dict()
            state[place][0] = float("inf")
            if others:
                state["6.weight"][0] = float("nan")
        return loss

    with pytest.raises(TrainingError) as caught:
        quick(make_model(), data, train_epoch=spoiling, epochs=2, checkpoint=path)
    said = f"{place} and 1 more are" if others else f"{place} is"
    assert re.fullmatch(
        rf"The loss of epoch 2 is [0-9.]+, but {said} not finite after it: the training has "
        r"diverged and was stopped\. Most often the learning rate \(0\.1\) is too large: try "
        r"0\.01, with a freshly made network\. .*run\.pt still holds 1 epoch\.",
        str(caught.value),
    )
    kept = checkpoints.load(path)
    assert kept is not None
    assert len(kept["run"]["history"]["losses"]) == 1
    assert all(value.isfinite().all() for value in kept["run"]["model"].values())


def test_infinities_that_a_network_begins_with_are_its_own(data: Dataset) -> None:
    model = make_model()
    model.register_buffer("mask", torch.full((2,), -torch.inf))
    assert len(quick(model, data).losses) == 3


def test_a_learning_rate_that_diverges_is_found(data: Dataset) -> None:
    with pytest.raises(TrainingError, match=r"learning rate \(1e\+30\) is too large: try 1e\+29,"):
        quick(make_model(), data, learning_rate=1e30)


@pytest.mark.parametrize(
    ("returned", "said"),
    [(None, "nothing (None)"), ([1.0], "a list"), (torch.ones(2), "a Tensor")],
)
def test_what_is_no_loss_is_refused(returned: Any, said: str, data: Dataset) -> None:
    with pytest.raises(TrainingError) as caught:
        quick(make_model(), data, train_epoch=lambda *_: returned)
    assert str(caught.value) == (
        f"train_epoch returns {said}; it must return the mean loss, one number."
    )


def test_a_full_device_is_said_with_the_batch_size(data: Dataset) -> None:
    def full(*_: Any) -> float:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(OutOfMemory, match=r"a batch size of 24. Try a batch size of 12"):
        quick(make_model(), data, train_epoch=full, batch_size=24)


WHOLE, FINITE = "a whole number, at least ", "a finite number, at least 0"


@pytest.mark.parametrize(
    ("name", "values", "said"),
    [
        ("epochs", (0, 1.5, True, "3", None), f"{WHOLE}1"),
        ("batch_size", (0, 2.5, -1), f"{WHOLE}1"),
        ("learning_rate", (float("nan"), float("inf"), -0.1, "0.1", None, True), FINITE),
        ("momentum", (-0.1, "0.9"), FINITE),
        ("weight_decay", (-1.0, float("inf")), FINITE),
        ("milestones", (5, (1.5,), "12", None), "a sequence of whole numbers, such as (82, 123)"),
        ("factor", (0.0, float("nan"), -1.0), "a finite number above 0"),
        ("pad", (-1, 1.5), f"{WHOLE}0"),
        ("flip", ("no", 1), "True or False"),
        ("seed", (1.5, -1, 2**70), "a whole number from 0 to 2**32 - 1"),
        (
            "measure",
            ("test", ("all",), 5, ("test", "test"), ([],)),
            "some of 'train' and 'test', such as ('test',)",
        ),
        ("mixed", ("yes",), "True or False"),
        ("channels_last", ("yes",), "True, False or None"),
        ("compile", (0,), "True or False"),
        ("checkpoint", (5,), "a file name or None"),
        ("name", (5,), "a string"),
        ("live", (5,), "LiveCurves or None"),
        ("quiet", (None,), "True or False"),
    ],
)
def test_a_setting_that_cannot_be_is_told(
    name: str, values: tuple[Any, ...], said: str, data: Dataset
) -> None:
    for value in values:
        with pytest.raises(ValueError) as caught:
            quick(make_model(), data, **{name: value})
        assert str(caught.value) == f"{name} must be {said}, got {value!r}"


def test_every_setting_has_a_rule() -> None:
    settings = set(signature(fit).parameters) - {"model", "data", "train_epoch", "device"}
    assert settings == set(training._RULES)


def test_numbers_of_numpy_are_numbers(data: Dataset, tmp_path: Path) -> None:
    options: dict[str, Any] = {
        "epochs": np.int64(2),
        "batch_size": np.int32(16),
        "learning_rate": np.logspace(-2, -1, 2)[0],
        "momentum": np.float32(0.5),
        "milestones": np.array([1]),
        "factor": np.float64(0.5),
        "checkpoint": tmp_path / "run.pt",
    }
    history = quick(make_model(), data, **options)
    assert history.learning_rates == pytest.approx([0.01, 0.005])
    assert quick(make_model(1), data, **options) == history  # the checkpoint can be read


def test_arguments_that_cannot_be(data: Dataset) -> None:
    elsewhere = DeviceDataset(data, "cpu")
    elsewhere.device = torch.device("cuda", 1)
    with pytest.raises(ValueError, match="the data are on cuda:1, not on cpu"):
        fit(make_model(), elsewhere, train_epoch, device="cpu")
    with pytest.raises(TypeError, match="train_epoch must be a function"):
        quick(make_model(), data, train_epoch=None)
    with pytest.raises(TypeError, match=r"model must be a torch.nn.Module, got function"):
        fit(make_model, data, train_epoch)  # type: ignore[arg-type]


def test_a_device_that_is_not_there_is_told(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for given in (data, DeviceDataset(data, "cpu")):
        with pytest.raises(DeviceError, match=r"^'cuda' is asked for, but .* choose_device\(\)"):
            quick(make_model(), given, device="cuda")
        with pytest.raises(DeviceError, match=r"^'gpu' is asked for, which is no device"):
            quick(make_model(), given, device="gpu")


def test_the_device_is_the_environments(data: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COURSE_DEVICE", "tpu")
    with pytest.raises(DeviceError, match=r"^COURSE_DEVICE is 'tpu'"):
        quick(make_model(), data, device=None)
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    assert len(quick(make_model(), data, device=None, epochs=1).losses) == 1


def test_the_layout_changes_the_memory_and_not_the_result(data: Dataset) -> None:
    trained = []
    for channels_last in (False, True):
        model = make_model()
        quick(model, data, channels_last=channels_last)
        trained.append(list(model.parameters()))
        assert trained[-1][0].is_contiguous() == (not channels_last)
    for a, b in zip(*trained, strict=True):
        assert torch.allclose(a, b, atol=1e-3)


def test_compiling_changes_nothing_but_the_speed(
    data: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without its compiler of C++, which takes a minute: what is called is the same.
    monkeypatch.setattr(torch, "compile", partial(torch.compile, backend="eager"))
    networks = []

    def watching(
        model: nn.Module, batches: Batches, optimizer: torch.optim.Optimizer, precision: Precision
    ) -> Tensor:
        networks.append(model)
        return train_epoch(model, batches, optimizer, precision)

    plain = make_model()
    quick(plain, data, epochs=2)
    compiled = make_model()
    quick(compiled, data, epochs=2, compile=True, train_epoch=watching)
    assert all(network is not compiled for network in networks)
    assert content(plain) == content(compiled)


def test_where_compiling_does_not_work_a_line_says_so(
    data: Dataset, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def compile_nothing(model: nn.Module) -> Callable[..., Tensor]:
        def call(images: Tensor) -> Tensor:
            raise RuntimeError("no C++ compiler\nand much more")

        return call

    plain = make_model()
    quick(plain, data)
    monkeypatch.setattr(torch, "compile", compile_nothing)
    model = make_model()
    quick(model, data, compile=True)
    assert content(plain) == content(model)
    assert capsys.readouterr().out == (
        "torch.compile does not work here, so the network runs as it is (no C++ compiler).\n"
    )


def test_cudnn_searches_unless_results_must_be_repeatable() -> None:
    for kind, deterministic, expected in (
        ("cuda", False, True),
        ("cuda", True, False),
        ("cpu", False, False),
    ):
        torch.use_deterministic_algorithms(deterministic)
        try:
            with training._fastest_convolutions(torch.device(kind)):
                assert torch.backends.cudnn.benchmark == expected
        finally:
            torch.use_deterministic_algorithms(False)
        assert not torch.backends.cudnn.benchmark


# --- Checkpoints: going on ------------------------------------------------------------------------


class Stop:
    """Does something before a batch, counted from the beginning of the training."""

    batch, seen, why = 0, 0, "test"
    do: Callable[[], None]


def noisy_epoch(
    model: nn.Module, batches: Batches, optimizer: torch.optim.Optimizer, precision: Precision
) -> Tensor:
    """Draw from every global generator there is."""
    model.train()
    total = torch.zeros(())
    for images, labels in batches:
        Stop.seen += 1
        # A set's order differs from process to process; the code is the same all the same.
        if Stop.seen == Stop.batch and Stop.why in {"power", "kill", "test", "heat", "cat"}:
            Stop.do()
        images = images + 0.1 * random.random() + 0.1 * float(np.random.normal())
        with precision:
            loss = functional.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        precision.scale(loss).backward()
        precision.step(optimizer)
        total += loss.detach()
    return total / len(batches)


def seen() -> int:
    """Return how many batches the last training asked for."""
    return Stop.seen


def noisy(
    path: Path, seed: int = 0, stop: int = 0, do: Callable[[], None] | None = None, **options: Any
) -> nn.Module:
    """Train over four epochs of three batches; before one of them do something."""
    Stop.batch, Stop.seen = stop, 0
    if do is not None:
        Stop.do = do
    seed_everything(seed)
    model = make_model(seed)
    options = {"epochs": 4, "milestones": (2,), "checkpoint": path} | options
    quick(model, make_data(), train_epoch=noisy_epoch, **options)
    return model


def interrupt() -> None:
    raise KeyboardInterrupt


def everything(path: Path) -> str:
    """Return a digest of all that a checkpoint holds, but for how long it took."""

    def parts(value: Any) -> Iterator[bytes]:
        if isinstance(value, dict):
            for key, inner in value.items():
                if key != "seconds":
                    yield str(key).encode()
                    yield from parts(inner)
        elif isinstance(value, list | tuple):
            for inner in value:
                yield from parts(inner)
        elif isinstance(value, Tensor):
            yield value.contiguous().numpy().tobytes()
        else:
            yield repr(value).encode()

    state = checkpoints.load(path)
    assert state is not None
    assert len(state["run"]["history"]["seconds"]) == 4
    assert {"model", "optimizer", "generator", "random", "precision"} <= set(state["run"])
    return hashlib.sha256(b"|".join(parts(state["run"]))).hexdigest()


# Before the second batch of an epoch, after its first, and before the first of the next.
@pytest.mark.parametrize("stop", [2, 3, 4, 8, 12])
def test_an_interrupted_training_ends_with_the_same_bytes(
    stop: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = noisy(tmp_path / "whole.pt")
    path = tmp_path / "broken.pt"
    with pytest.raises(KeyboardInterrupt):
        noisy(path, stop=stop, do=interrupt)
    done = (stop - 1) // 3
    holds = f"{done} epoch{'s' * (done > 1)}" if done else "the untrained network"
    said = f"Stopped. {path} holds {holds}; the same call goes on from there.\n"
    assert capsys.readouterr().out == said
    resumed = noisy(path, seed=5)  # with other first weights, and other global generators
    assert seen() == 12 - 3 * done
    assert content(resumed) == content(whole)
    assert everything(path) == everything(tmp_path / "whole.pt")


def test_the_scale_of_half_precision_is_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scales = []

    def half(*_: Any) -> Precision:
        # So large that the first steps are left out and it is halved.
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**24)
        scales.append(scaler)
        return Precision(torch.device("cpu"), torch.float16, scaler)

    monkeypatch.setattr(training, "mixed_precision", half)
    noisy(tmp_path / "whole.pt")
    with pytest.raises(KeyboardInterrupt):
        noisy(tmp_path / "broken.pt", stop=8, do=interrupt)
    noisy(tmp_path / "broken.pt")
    assert everything(tmp_path / "broken.pt") == everything(tmp_path / "whole.pt")
    ends = [scaler.get_scale() for scaler in scales]
    assert ends[0] == ends[2] < 2.0**24


KILLED = """
import sys, time
from pathlib import Path
from tests import test_training as here

def wait():
    print("ready", flush=True)
    time.sleep(600)

here.noisy(Path(sys.argv[1]), stop=8, do=wait)
"""


def test_a_killed_training_ends_with_the_same_bytes_in_another_process(tmp_path: Path) -> None:
    path, folder = tmp_path / "run.pt", Path(__file__).resolve().parent.parent
    command = [sys.executable, "-c", KILLED, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=folder) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.kill()
    assert process.returncode == -signal.SIGKILL
    whole = noisy(tmp_path / "whole.pt")
    resumed = noisy(path, seed=5)
    assert seen() == 6  # of its last two epochs; the second batch of the third was lost
    assert content(resumed) == content(whole)
    assert everything(path) == everything(tmp_path / "whole.pt")


def test_a_finished_training_is_there_at_once_and_can_be_continued(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    whole = noisy(path)
    again = noisy(path, seed=5)
    assert seen() == 0
    assert content(again) == content(whole)
    noisy(path, epochs=6)
    assert seen() == 6
    longer = noisy(tmp_path / "longer.pt", epochs=6)
    assert content(noisy(path, epochs=6)) == content(longer)
    with pytest.raises(CheckpointError, match=r"holds 6 epochs, more than the 4 asked for\. Ask"):
        noisy(path)


# --- Checkpoints: refused -------------------------------------------------------------------------


class Plain(nn.Module):
    """Two layers."""

    def __init__(self) -> None:
        super().__init__()
        self.flat, self.a, self.b = nn.Flatten(), nn.Linear(90, 90), nn.Linear(90, 4)

    def forward(self, x: Tensor) -> Any:
        x = self.flat(x)
        return self.b(torch.relu(self.a(x)))


class Shortcut(Plain):
    """The same layers, with another way through them."""

    def forward(self, x: Tensor) -> Any:
        x = self.flat(x)
        return self.b(x + torch.relu(self.a(x)))


def corrected() -> nn.Module:
    """Return a `Plain` whose author has changed `forward` since."""

    def forward(self: Any, x: Tensor) -> Any:
        x = self.flat(x)
        return self.b(torch.tanh(self.a(x)))

    made: nn.Module = type("Plain", (Plain,), {"forward": forward, "__qualname__": "Plain"})()
    return made


class Called:
    """An object that can be called."""

    def __call__(self) -> int:
        return 1


def other_epoch(*arguments: Any) -> Tensor:
    """Do the same by another code."""
    return 1.0 * train_epoch(*arguments)


def test_the_checkpoint_of_another_training_is_refused(data: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "run.pt"

    def train(model: nn.Module, data: Dataset = data, **options: Any) -> None:
        quick(model, data, checkpoint=path, epochs=1, **options)

    train(Plain())
    before = path.read_bytes()
    cases: list[tuple[Callable[[], None], str]] = [
        (lambda: train(make_model()), "the network is another, its forward is another"),
        (lambda: train(Shortcut()), "the network is another, its forward is another"),
        (lambda: train(corrected()), "its forward is another"),
        (lambda: train(Plain(), train_epoch=other_epoch), "train_epoch is another"),
        (lambda: train(Plain(), learning_rate=0.2), "learning_rate was 0.1 and is 0.2"),
        (lambda: train(Plain(), milestones=[3]), r"milestones was () and is (3,)"),
        (lambda: train(Plain(), seed=1, flip=False), "flip was True and is False, seed was 0 and"),
        (lambda: train(Plain(), make_data(seed=1)), "the data was noise, (40, 6, 5, 3), "),
    ]
    for call, said in cases:
        with pytest.raises(CheckpointError) as caught:
            call()
        start = f"{path} is the checkpoint of another training: {said}"
        assert str(caught.value).startswith(start), str(caught.value)
        assert str(caught.value).endswith(". Delete it to begin anew, or name another file.")
        assert path.read_bytes() == before
    train(Plain())  # and this one is it


def test_code_is_told_apart_and_not_by_its_place() -> None:
    def a(x: Any) -> bool:
        return x in {"one", "two", "three"} and (lambda: x * 2)() == 6

    def b(x: Any) -> bool:
        return x in {"one", "two", "three"} and (lambda: x * 3)() == 6

    sources = ["def f(x):\n    return x in {'one', 'two'}\n", "# moved\n\ndef f(x):\n"]
    sources[1] += "    # and commented\n    return x in {'one', 'two'}\n"
    made = []
    for source in sources:
        space: dict[str, Any] = {}
        exec(source, space)
        made.append(training._code(space["f"]))
    assert made[0] == made[1]
    assert training._code(a) != training._code(b)
    assert training._code(partial(a, 1)) == training._code(a)
    assert training._code(len) == "len"
    assert training._code(Called()) == training._code(Called.__call__)


def test_a_damaged_checkpoint_is_refused(data: Dataset, tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    quick(make_model(), data, checkpoint=path)
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    places = [len(checkpoints.MAGIC), len(whole) - 1, *rng.integers(32, len(whole), 20)]
    broken = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in places]
    broken += [whole[:-1], whole[: len(whole) // 2], whole[:40], whole + b"x"]
    for content in broken:
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match=r"run\.pt is damaged: its checksum is wrong\."):
            quick(make_model(), data, checkpoint=path)
        assert path.read_bytes() == content
    for content in (b"", whole[:20], b"another file"):
        path.write_bytes(content)
        with pytest.raises(CheckpointError, match="is not a checkpoint of this course"):
            quick(make_model(), data, checkpoint=path)
        assert path.read_bytes() == content
    torch.save({"weights": torch.ones(2)}, path)
    with pytest.raises(CheckpointError, match="is not a checkpoint of this course") as caught:
        quick(make_model(), data, checkpoint=path)
    assert caught.value._render_traceback_() == [str(caught.value)]


class Evil:
    """Unpickling it would write a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.path),)


def test_a_program_in_a_checkpoint_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "run.pt"
    checkpoints.save(path, {"identity": Evil(tmp_path / "here")})
    with pytest.raises(CheckpointError, match="perhaps a program; it was not run"):
        checkpoints.load(path)
    assert not (tmp_path / "here").exists()


# --- Checkpoints: written -------------------------------------------------------------------------

resource = pytest.importorskip("resource", reason="limits need a POSIX system")


def large_model() -> nn.Module:
    """Return a network of 1.5 MB, more than anything else that is written meanwhile."""
    return nn.Sequential(nn.Flatten(), nn.Linear(90, 4000), nn.ReLU(), nn.Linear(4000, 4))


def limit(size: int) -> None:
    """Let no file grow beyond a size; it stands for a full disk."""
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard if size < 0 else size, hard))


def test_a_full_disk_is_told_before_anything_is_trained(data: Dataset, tmp_path: Path) -> None:
    trained = []

    def watching(*arguments: Any) -> Tensor:
        loss = train_epoch(*arguments)
        trained.append(loss)
        return loss

    try:
        limit(1_000_000)
        with pytest.raises(
            CheckpointError, match=r"^There is no room for the checkpoint .*run\.pt"
        ):
            quick(large_model(), data, checkpoint=tmp_path / "run.pt", train_epoch=watching)
    finally:
        limit(-1)
    assert not trained
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fills_up_later_stops_nothing(
    data: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, epochs = tmp_path / "run.pt", []

    def filling(*arguments: Any) -> Tensor:
        loss = train_epoch(*arguments)
        epochs.append(loss)
        limit(1_000_000 if len(epochs) in (2, 3) else -1)
        return loss

    try:
        history = quick(large_model(), data, checkpoint=path, train_epoch=filling, epochs=3)
    finally:
        limit(-1)
    assert len(history.losses) == 3
    line = (
        f"There is no room for the checkpoint {path}. Free some, or name another. "
        "The training goes on; the file still holds 1 epoch.\n"
    )
    assert capsys.readouterr().out == 2 * line
    kept = checkpoints.load(path)
    assert kept is not None
    assert len(kept["run"]["history"]["losses"]) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_stopped_while_writing_the_old_one_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "run.pt"
    checkpoints.save(path, {"epoch": 1})

    def stop(file: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", stop)
        with pytest.raises(KeyboardInterrupt):
            checkpoints.save(path, {"epoch": 2})
    assert checkpoints.load(path) == {"epoch": 1}
    assert list(tmp_path.iterdir()) == [path]
    before = path.read_bytes()
    with path.open("rb") as old:  # whoever reads meanwhile sees one of them, whole
        checkpoints.save(path, {"epoch": 3})
        assert old.read() == before
    assert checkpoints.load(path) == {"epoch": 3}


@pytest.mark.skipif(os.name != "posix", reason="whether a process runs is only asked there")
def test_what_killed_writers_leave_is_swept_and_what_others_write_is_not(tmp_path: Path) -> None:
    path = tmp_path / "run[1].pt"
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as running:
        node, gone = platform.node(), subprocess.Popen([sys.executable, "-c", ""])
        gone.wait()
        kept = [
            tmp_path / f"run[1].pt.{node}.{running.pid}.partial",
            tmp_path / "run[1].pt.another-machine.1.partial",
            tmp_path / f"run1.pt.{node}.{gone.pid}.partial",
            tmp_path / f"run[1].pt.{node}.{10**30}.partial",
        ]
        swept = [
            tmp_path / f"run[1].pt.{node}.{gone.pid}.partial",
            tmp_path / "run[1].pt.another-machine.2.partial",
            tmp_path / f"run[1].pt.{gone.pid}.partial",  # as they were called once
        ]
        for file in (*kept, *swept):
            file.touch()
        hours_ago = time.time() - 7200
        for file in (kept[0], *swept[1:]):  # a process that writes for hours is one that writes
            os.utime(file, (hours_ago, hours_ago))
        checkpoints.save(path, {})
        assert sorted(tmp_path.iterdir()) == sorted([path, *kept])
        running.communicate(b"\n")


KILLED_WHILE_WRITING = """
import os, sys, time
from pathlib import Path
from course_utils import checkpoints

def wait(file):
    print("ready", flush=True)
    time.sleep(600)

os.fsync = wait
checkpoints.save(Path(sys.argv[1]), {"epoch": 1})
"""


def test_a_training_leaves_nothing_of_a_writer_that_was_killed(
    data: Dataset, tmp_path: Path
) -> None:
    path = tmp_path / "run.pt"
    command = [sys.executable, "-c", KILLED_WHILE_WRITING, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.kill()
    (left,) = tmp_path.iterdir()
    assert left.suffix == ".partial"
    quick(make_model(), data, checkpoint=path)
    assert list(tmp_path.iterdir()) == [path]


def test_places_where_no_file_can_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "file" / "run.pt", tmp_path):
        with pytest.raises(CheckpointError, match="it is a folder, or lies in a file"):
            checkpoints.save(path, {})
    with pytest.raises(CheckpointError, match="it is a folder, or lies in a file"):
        checkpoints.load(tmp_path)
    deep = tmp_path / "a" / "b" / "run.pt"
    assert checkpoints.load(deep) is None
    checkpoints.save(deep, {"a": 1})
    assert checkpoints.load(deep) == {"a": 1}


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="not even root can write to /proc")
def test_what_else_the_system_says_is_passed_on() -> None:
    with pytest.raises(CheckpointError, match=r"^The checkpoint /proc/run\.pt cannot be used: "):
        checkpoints.save(Path("/proc/run.pt"), {})


# --- Reports --------------------------------------------------------------------------------------


def test_an_unwritten_train_epoch_leaves_nothing_behind(
    data: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def train_epoch(model: Any, batches: Any, optimizer: Any, precision: Any) -> float:
        raise NotImplementedError

    options = {"checkpoint": tmp_path / "run.pt", "quiet": False}
    result = demo(quick, make_model(), data, train_epoch=train_epoch, **options)
    assert result == Waiting("train_epoch")
    assert capsys.readouterr().out == ""
    assert list(tmp_path.iterdir()) == []


def test_without_a_browser_every_epoch_is_a_line(
    data: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = {"quiet": False, "name": "plain", "checkpoint": tmp_path / "run.pt"}
    history = quick(make_model(), data, epochs=2, **options)
    first, last = capsys.readouterr().out.splitlines()
    shares = history.test_accuracy
    start = f"plain: epoch 1 of 2, loss {history.losses[0]:.3g}, test accuracy {shares[0]:.1%}, abo"
    assert first.startswith(start)
    assert (
        last == f"plain: epoch 2 of 2, loss {history.losses[1]:.3g}, test accuracy {shares[1]:.1%}"
    )
    quick(make_model(), data, epochs=3, **options)
    again = capsys.readouterr().out.splitlines()
    assert [line[:20] for line in again] == ["plain: epoch 2 of 3,", "plain: epoch 3 of 3,"]


def test_in_a_terminal_the_line_is_written_over(
    data: Dataset, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training._Progress, "_SECONDS", 0.0)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    quick(make_model(), data, epochs=2, quiet=False, measure=())
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert said.endswith("\n")
    parts = [part.strip() for part in said.split("\r")]
    assert parts[1:4] == [f"training: epoch 0 of 2, batch {n} of 3" for n in (1, 2, 3)]
    assert parts[5].endswith("batch 1 of 3")
    assert parts[-1].startswith("training: epoch 2 of 2, loss ")


def test_curves_show_a_training_and_one_that_goes_on(data: Dataset, tmp_path: Path) -> None:
    options = {"quiet": False, "name": "net", "checkpoint": tmp_path / "run.pt"}
    live = LiveCurves(2, "a training", "test accuracy")
    history = quick(make_model(), data, epochs=2, live=live, **options)
    (curve,) = live._curves
    assert curve.losses == history.losses
    assert curve.measured == history.test_accuracy
    assert f"net: loss {history.losses[1]:.3g}, test accuracy" in live._text

    longer = LiveCurves(3, "a training", "test accuracy")
    history.seconds[:] = [100.0, 100.0]
    state = checkpoints.load(tmp_path / "run.pt")
    assert state is not None
    state["run"]["history"]["seconds"] = [100.0, 100.0]
    checkpoints.save(tmp_path / "run.pt", state)
    went_on = quick(make_model(), data, epochs=3, live=longer, **options)
    (curve,) = longer._curves
    assert curve.losses == went_on.losses
    assert curve.losses[:2] == history.losses
    assert curve.measured == went_on.test_accuracy
    assert curve.seconds > 200.0  # what the checkpoint says of its two epochs, and one more


def test_in_a_notebook_there_are_curves(
    data: Dataset, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not training.in_notebook()
    monkeypatch.setattr("IPython.get_ipython", lambda: SimpleNamespace(kernel=object()))
    assert training.in_notebook()
    made: list[Any] = []

    class Noted(LiveCurves):
        def __init__(self, *arguments: Any) -> None:
            made.append(self)
            super().__init__(*arguments)

    monkeypatch.setattr("course_utils.widgets.LiveCurves", Noted)
    history = quick(make_model(), data, quiet=False, name="net")
    (live,) = made
    assert live._curves[0].losses == history.losses
    assert live._curves[0].measured == history.test_accuracy
    assert live._plain() == "net over 3 epochs, epoch by epoch"
    assert "epoch 1 of 3" not in capsys.readouterr().out
    quick(make_model(), data, quiet=True)
    assert len(made) == 1
    assert capsys.readouterr().out == ""


def test_a_checkpoint_from_another_machine_is_used_with_a_word(
    data: Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run.pt"
    quick(make_model(), data, checkpoint=path)
    state = checkpoints.load(path)
    assert state is not None
    checkpoints.save(path, state | {"made on": "cuda, torch 2.9.0"})
    assert len(quick(make_model(), data, checkpoint=path).losses) == 3
    assert "was made on cuda, torch 2.9.0, and goes on on cpu, torch" in capsys.readouterr().out
