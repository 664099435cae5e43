"""The degradation experiment: what its curves say of themselves, and that it can be interrupted."""

import json
import sys
from copy import deepcopy
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from course_utils import curves
from course_utils.reference import deep_networks

sys.path.append(str(Path(__file__).resolve().parent.parent / "benchmarks"))
import cifar_networks
import degradation

PAPER: dict[str, Any] = {
    "date": "2026-12-01",
    "machine": {"torch": "2.9.0"},
    "hardware": "NVIDIA H200",
    "data": "cifar10: 50,000 training and 10,000 test images of 32 x 32 x 3 (uint8), 10 classes: a",
    "source": "the published archive",
    "protocol": {
        "width": 16,
        "batch_size": 128,
        "epochs": 164,
        "pad": 4,
        "learning_rate": 0.1,
        "momentum": 0.9,
        "weight_decay": 0.0001,
        "milestones": [82, 123],
    },
    "runs": [{"seed": 0}],
}


# --- What curves say of themselves ----------------------------------------------------------------


def test_the_experiment_of_the_paper_is_called_so() -> None:
    assert curves._about(PAPER) == (
        "The experiment of the paper. CIFAR-10 (the published archive): 50,000 training and 10,000 "
        "test images of 32 x 32 x 3 (uint8); 16 channels in the first stage, batches of 128, "
        "learning rate 0.1, divided by 10 after epochs 82 and 123 of 164; seeds 0. Measured on "
        "2026-12-01 on NVIDIA H200, with torch 2.9.0."
    )


@pytest.mark.parametrize(
    ("changed", "protocol", "said"),
    [
        (
            {},
            {"epochs": 20, "milestones": [10, 15]},
            "A reduced experiment; that of the paper has 164 epochs. CIFAR-10 (the pub",
        ),
        (
            {"source": "JPEG copies of its images"},
            {},
            "Not the experiment of the paper, which has CIFAR-10 as it was published. CIFAR-10 "
            "(JPEG copies of its images): 50,000",
        ),
        (
            {"data": PAPER["data"].replace("50,000", "5,000")},
            {"width": 8, "pad": 2},
            "A reduced experiment; that of the paper has CIFAR-10 as it was published, 16 channels "
            "in the first stage and shifts by ",
        ),
    ],
)
def test_another_experiment_says_what_the_paper_had(
    changed: dict[str, Any], protocol: dict[str, Any], said: str
) -> None:
    found = deepcopy(PAPER) | changed
    found["protocol"] |= protocol
    assert curves._about(found).startswith(said)
    assert curves._other_than_the_paper(found)


def test_the_protocols_of_the_benchmark_are_compared_whole() -> None:
    full = asdict(degradation.FULL)
    assert full == {name: value for name, (value, _) in curves.PAPER.items()}
    for name, (value, words) in curves.PAPER.items():
        assert f"{value:g}" in words, name


def test_the_picture_says_first_what_there_is_to_see() -> None:
    ends = {("plain", 20): 0.1, ("plain", 56): 0.4, ("residual", 20): 0.2, ("residual", 56): 0.15}
    runs = {
        (kind, depth, seed): ([0.9, end + 0.01 * seed], [0.9, end + 0.2])
        for (kind, depth), end in ends.items()
        for seed in (0, 2)
    }
    said = curves.Measured("About.", True, (20, 56), (0, 2), runs).picture().description
    assert said == (
        "Errors over 2 epochs, on training images dashed, on test images solid; plain networks on "
        "the left, residual ones on the right. At the end plain networks are wrong on 11.0 % of "
        "training and 30.0 % of test images with 20 layers, on 41.0 % of training and 60.0 % of "
        "test images with 56 layers: the deeper one's training error is 30.0 points larger. At the "
        "end residual networks are wrong on 21.0 % of training and 40.0 % of test images with 20 "
        "layers, on 16.0 % of training and 35.0 % of test images with 56 layers: the deeper one's "
        "training error is 5.0 points smaller. (Means of 2 trainings; pale, from the least to the "
        "most.) About."
    )


# --- The benchmark --------------------------------------------------------------------------------


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the reduced experiment take a second: 30 images, networks of 8 layers."""
    whole = cifar_networks.small_pictures()
    data = replace(
        whole,
        train_images=whole.train_images[:30],
        train_labels=whole.train_labels[:30],
        test_images=whole.test_images[:30],
        test_labels=whole.test_labels[:30],
    )
    monkeypatch.setattr(cifar_networks, "small_pictures", lambda: data)
    monkeypatch.setattr(degradation, "DEPTHS", (8, 14))
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)


@pytest.mark.usefixtures("tiny")
def test_an_interrupted_run_leaves_the_curves_and_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "curves.json"
    target.write_text("those of before")
    options = ["--reduced", "--epochs", "2", "--seeds", "1"]
    command = [*options, "--json", str(target), "--checkpoints", str(tmp_path / "kept")]
    trained: list[Any] = []
    stop_at = 6

    def watching(*arguments: Any) -> float:
        if len(trained) == stop_at:
            raise KeyboardInterrupt
        trained.append(arguments[0])
        return deep_networks.train_epoch(*arguments)

    monkeypatch.setattr(degradation, "train_epoch", watching)
    with pytest.raises(KeyboardInterrupt):
        degradation.main(command)
    assert target.read_text() == "those of before"
    stop_at = -1
    capsys.readouterr()
    degradation.main(command)
    assert len(trained) == 8  # 4 networks, 2 epochs each, none of them twice
    assert capsys.readouterr().out.count("training error") == 4
    found = json.loads(target.read_text())
    assert [(run["kind"], run["depth"]) for run in found["runs"]] == [
        ("plain", 8),
        ("residual", 8),
        ("plain", 14),
        ("residual", 14),
    ]
    assert all(len(run["test_error"]) == len(run["train_error"]) == 2 for run in found["runs"])
    assert curves._about(found).startswith(
        "A reduced experiment; that of the paper has CIFAR-10 as"
    )


def test_a_folder_needs_a_word_about_what_it_holds(tmp_path: Path) -> None:
    for options, said in (
        (["--folder", str(tmp_path)], "Say with --source what the images in --folder are"),
        (["--source", "JPEG copies"], "Say with --source what the images in --folder are"),
        (["--reduced", "--folder", str(tmp_path), "--source", "x"], "leave out --folder"),
    ):
        with pytest.raises(SystemExit, match=said):
            degradation.main(options)


def test_small_pictures_are_averaged() -> None:
    images = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    small = cifar_networks.halved(images)
    assert small.shape == (2, 2, 2, 3)
    assert small[1, 1, 0, 2] == np.rint(images[1, 2:4, 0:2, 2].mean())
