"""The benchmark of ResNet-20 in its reduced form: what it measures, and what it does not hide."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from course_utils.batches import DeviceDataset

sys.path.append(str(Path(__file__).resolve().parent.parent / "benchmarks"))
import cifar_networks
import resnet

QUICK = replace(resnet.REDUCED, epochs=3, target=0.2)


@pytest.fixture(scope="module")
def data() -> DeviceDataset:
    return DeviceDataset(cifar_networks.small_pictures(), "cpu")


def test_a_training_ends_with_the_epoch_that_has_the_target(data: DeviceDataset) -> None:
    row = resnet.to_the_target(0, data, QUICK)
    assert row["reached"]
    *before, last = row["test_accuracy"]
    assert all(share < 0.2 for share in before)
    assert last >= 0.2
    assert row["epochs"] == len(row["test_accuracy"])
    assert row["seconds"] > 0.0
    said = resnet.line_of_target(row, QUICK)
    assert said.startswith(f"seed 0: reaches 20.00% after {row['epochs']} epoch")


def test_a_target_that_is_missed_is_said_and_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    path = tmp_path / "resnet.json"
    options = ["--epochs", "2", "--target", "0.999", "--seeds", "1", "--repeats", "1"]
    with pytest.raises(SystemExit) as caught:
        resnet.main(["--reduced", "--workers", "0", "--json", str(path), *options])
    assert caught.value.code
    found = json.loads(path.read_text())
    (row,) = found["to_the_target"]
    best = f"{max(row['test_accuracy']):.2%}"
    assert f"seed 0: FAILS: at most {best}, ends after 2 epochs, " in capsys.readouterr().out
    assert (row["reached"], row["epochs"]) == (False, 2)
    assert {"date", "commit", "machine", "hardware", "load", "source"} <= set(found)
    assert found["schedule"]["milestones"] == [1, 1, 1]
    assert found["schedule"]["learning_rate"] == resnet.REDUCED.learning_rate


def test_the_loaders_images_are_ours_shifted_and_mirrored(data: DeviceDataset) -> None:
    pad = 1
    expected = torch.cat([images for images, _ in data.in_order("train", 500)])
    torch.manual_seed(0)
    loaded: Any = resnet.OneByOne(data, pad)
    assert len(loaded) == 1000
    found = set()
    for index in range(300):
        image, label = loaded[index]
        assert label == int(data.data.train_labels[index])
        padded = np.pad(expected[index].numpy(), ((0, 0), (pad, pad), (pad, pad)))
        fitting = [
            (top, left, step)
            for top in range(3)
            for left in range(3)
            for step in (1, -1)
            if np.allclose(padded[:, top : top + 16, left : left + 16][..., ::step], image, 0, 1e-4)
        ]
        assert fitting, index
        if len(fitting) == 1:  # in a picture's black corners all are
            found.update(fitting)
    assert len(found) == 18


def test_both_loops_are_timed_over_the_same_images(data: DeviceDataset) -> None:
    found = resnet.images_per_second(data, QUICK, workers=0, repeats=2)
    assert [len(found[side]) for side in ("ours", "loader")] == [2, 2]
    ratios = np.divide(found["ours"], found["loader"])
    assert found["ratio"] == pytest.approx(np.median(ratios), abs=1e-3)
    for way in resnet.both_ways(data, QUICK, workers=0).values():
        seen = sorted(int(label) for _, labels in way() for label in labels)
        assert seen == sorted(data.data.train_labels.tolist())
    assert "a loader with 0 workers" in resnet.line_of_images(found)
