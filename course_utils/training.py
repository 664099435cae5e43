"""Trains and tests a network: everything around the loop over minibatches, which is not in here.

A training is reported while it runs, survives interruption, and stops with a sentence when it
fails. Its data are on the device: see `course_utils.batches`.
"""

import hashlib
import math
import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from numbers import Integral, Real
from pathlib import Path
from time import perf_counter
from types import CodeType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from course_utils import checkpoints
from course_utils.batches import Batches, DeviceDataset, Part
from course_utils.checkpoints import CheckpointError
from course_utils.datasets import Dataset
from course_utils.devices import (
    OutOfMemory,
    Precision,
    as_device,
    choose_device,
    mixed_precision,
    out_of_memory,
    timed,
)

if TYPE_CHECKING:
    from course_utils.devices import AnyDevice
    from course_utils.widgets import LiveCurves


class TrainingError(RuntimeError):
    """A training cannot go on; the message says in a sentence or two why and what to do.

    In a notebook it shows itself without traceback.
    """

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


# --- Testing --------------------------------------------------------------------------------------


def evaluate(
    model: nn.Module, data: Dataset | DeviceDataset, part: Part = "test", batch_size: int = 500
) -> float:
    """Return the accuracy: the share of images whose largest score is that of their label.

    In evaluation mode, without gradients, in float32. Afterwards every layer is in the mode in
    which it was.

    Parameters
    ----------
    model : maps (B, C, H, W) float32 to scores (B, classes); it stays where it is.
    data : images as `fit` takes them.
    part : "train" or "test".
    batch_size : at least 1. Where so many do not fit into memory, half as many are tried.

    Returns
    -------
    float in [0, 1].

    Raises
    ------
    TrainingError
        If model and data are on different devices.
    OutOfMemory
        If not even one image fits.
    ValueError, TypeError
        If an argument is not what it must be.
    """
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    where = next((p.device for p in model.parameters()), None)
    if not isinstance(data, DeviceDataset):
        data = DeviceDataset(data, where or "cpu")
    if where is not None and where != data.device:
        raise TrainingError(
            f"The network is on {where} and the data on {data.device}: "
            f"move it there with model.to({str(data.device)!r})."
        )
    while True:
        try:
            return _share_right(model, data, part, batch_size)
        except OutOfMemory as error:
            if not error.batch_size:
                raise
            # Whoever trains with small batches has not chosen this size, and cannot.
            batch_size = error.batch_size


def _share_right(model: nn.Module, data: DeviceDataset, part: Part, batch_size: int) -> float:
    """Return the share of images whose largest score is that of their label."""
    right = torch.zeros((), dtype=torch.int64, device=data.device)
    batches = data.in_order(part, batch_size, _is_channels_last(model))
    with out_of_memory(batch_size), _evaluating(model), torch.no_grad():
        for images, labels in batches:
            right += (model(images).argmax(dim=1) == labels).sum()
    return int(right) / batches.examples


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """Put a model into evaluation mode, and every layer back into its own afterwards."""
    modes = [(layer, layer.training) for layer in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for layer, training in modes:
            layer.training = training


def _is_channels_last(model: nn.Module) -> bool:
    return any(
        p.dim() == 4
        and p.is_contiguous(memory_format=torch.channels_last)
        and not p.is_contiguous()
        for p in model.parameters()
    )


# --- Training -------------------------------------------------------------------------------------

TrainEpoch: TypeAlias = Callable[[nn.Module, Batches, torch.optim.Optimizer, Precision], Any]
"""Trains a network on the batches of one epoch and returns the mean loss; see `fit`."""


@dataclass
class History:
    """What was measured, epoch by epoch.

    Parameters
    ----------
    name : what the training is called.
    losses : the mean loss of each epoch.
    learning_rates : the learning rate of each.
    seconds : how long `train_epoch` took, each; nothing else is counted.
    train_accuracy, test_accuracy : after each epoch, in [0, 1]; empty if not measured.
    """

    name: str
    losses: list[float] = field(default_factory=list)
    learning_rates: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)

    def __repr__(self) -> str:
        if not self.losses:
            return f"{self.name}: no epoch yet."
        said = [f"loss {self.losses[-1]:.3g}"]
        for part, shares in (("training", self.train_accuracy), ("test", self.test_accuracy)):
            if shares:
                said.append(f"{part} accuracy {shares[-1]:.1%}")
        epochs = f"{len(self.losses)} epoch{'s' * (len(self.losses) != 1)}"
        return f"{self.name}: {', '.join(said)} after {epochs} of {sum(self.seconds):.1f} s in all."


def fit(
    model: nn.Module,
    data: Dataset | DeviceDataset,
    train_epoch: TrainEpoch,
    *,
    epochs: int = 10,
    batch_size: int = 128,
    learning_rate: float = 0.1,
    momentum: float = 0.9,
    weight_decay: float = 1e-4,
    milestones: Sequence[int] = (),
    factor: float = 0.1,
    pad: int = 4,
    flip: bool = True,
    seed: int = 0,
    measure: Sequence[Part] = ("test",),
    device: "AnyDevice | None" = None,
    mixed: bool = True,
    channels_last: bool | None = None,
    compile: bool = False,
    checkpoint: str | os.PathLike[str] | None = None,
    name: str = "training",
    live: "LiveCurves | None" = None,
    quiet: bool = False,
) -> History:
    """Train a network by SGD with momentum, epoch by epoch, with a `train_epoch` that you write.

    `train_epoch(model, batches, optimizer, precision)` is called once an epoch. Its contract:

    - model : the network, already on the device. It puts it into training mode.
    - batches : yields images, (B, C, H, W) float32, and labels, (B,) int64, all examples once. They
      may be on another device than the network: it moves them to `precision.device`.
    - optimizer : has the network's parameters and the epoch's learning rate. One step a batch, on
      the gradients of that batch alone.
    - precision : a context for the forward pass and the loss, with `scale(loss)` to call `backward`
      on and `step(optimizer)` in place of `optimizer.step()`; see `devices.Precision`.
    - It returns the mean loss of the epoch's examples, a number or a tensor without axes. A loss
      that is fetched from a GPU after every batch makes the GPU wait.

    Parameters
    ----------
    model : maps (B, C, H, W) float32 to scores (B, classes). Moved to the device and trained in
        place.
    data : training images are augmented and normalised on the device. A `DeviceDataset` serves
        several trainings.
    train_epoch : see above.
    epochs : at least 1. A finished training can be continued with more, given its checkpoint.
    batch_size : at least 1.
    learning_rate, momentum, weight_decay : of SGD, finite and at least 0. The defaults, and those
        of the augmentation, are those of He et al. for CIFAR-10.
    milestones : after so many epochs, each time, the learning rate is multiplied by `factor`.
    factor : above 0.
    pad, flip : random shifts by up to `pad` pixels, and random mirroring; see `crop_and_flip`.
    seed : of the order of the examples and the augmentation. The first weights, and what layers
        draw (dropout), are the caller's: see `seed_everything`.
    measure : the parts on which `evaluate` is called after every epoch.
    device : where to compute; without one, where `data` is, else what `choose_device` says.
    mixed : whether `mixed_precision` is used where the device has it.
    channels_last : whether weights and images are laid out so in memory. None: except on MPS.
        Measured on a CPU, a ResNet's step is a tenth faster.
    compile : whether to use torch.compile; where that does not work, a line says so.
    checkpoint : a file, written after every epoch (and before the first). If it exists, the
        training goes on after its last whole epoch. Then the weights and the history become what
        they are without an interruption, bit for bit on a CPU, and on a GPU after
        `seed_everything(..., deterministic=True)`: the state of every generator is in it.
    name : what the training is called where it is reported.
    live : curves to report to; without it, new ones in a notebook, and a line of text elsewhere.
    quiet : report nothing.

    Returns
    -------
    History of all epochs, those before an interruption included.

    Raises
    ------
    TrainingError
        If the loss is no number, or if it, a weight or a running statistic is not finite after an
        epoch. The checkpoint keeps nothing of that epoch.
    CheckpointError
        If the checkpoint is damaged, is that of another training (other data or settings, another
        network, another `train_epoch` or `forward`), or cannot be written at the start. Later on a
        line says so and the training continues.
    OutOfMemory
        If a batch does not fit while training; it says which size to try.
    DeviceError
        If the device is not there.
    ValueError, TypeError
        If an argument is not what it must be.

    Notes
    -----
    K. He et al., Deep residual learning for image recognition, 2015, section 4.2.
    """
    _refuse_odd(locals())
    if not isinstance(model, nn.Module):
        raise TypeError(f"model must be a torch.nn.Module, got {type(model).__name__}")
    if not callable(train_epoch):
        raise TypeError("train_epoch must be a function")
    # Numpy's numbers are none of those that a checkpoint may hold.
    epochs, batch_size, pad, seed = map(int, (epochs, batch_size, pad, seed))
    learning_rate, momentum, weight_decay, factor = map(
        float, (learning_rate, momentum, weight_decay, factor)
    )
    milestones = tuple(map(int, milestones))
    if isinstance(data, DeviceDataset):
        if device is not None and torch.tensor(0, device=as_device(device)).device != data.device:
            raise ValueError(f"the data are on {data.device}, not on {as_device(device)}")
    else:
        data = DeviceDataset(data, choose_device() if device is None else device)

    if channels_last is None:
        channels_last = data.device.type != "mps"
    layout = torch.channels_last if channels_last else torch.contiguous_format
    model.to(device=data.device, memory_format=layout)  # type: ignore[call-overload]
    # Masks may hold infinities from the start: only what is lost on the way counts.
    sound = _finite_names(model)
    run = _Run(
        model,
        torch.optim.SGD(model.parameters(), learning_rate, momentum, weight_decay=weight_decay),
        mixed_precision(data.device, mixed),
        torch.Generator().manual_seed(seed),
        History(name),
    )
    network: nn.Module = model
    if compile:
        network = _compiled(model, data.in_order("train", batch_size, channels_last))
    keeper = None
    if checkpoint is not None:
        settings = {
            "batch_size": batch_size,
            "learning_rate": learning_rate,
            "momentum": momentum,
            "weight_decay": weight_decay,
            "milestones": str(milestones),
            "factor": factor,
            "pad": pad,
            "flip": flip,
            "seed": seed,
            "measure": str(tuple(measure)),
        }
        keeper = _Keeper(Path(checkpoint), _identity(model, data, train_epoch) | settings)
        keeper.resume(run, epochs)
    progress = _Progress(epochs, run.history, live, quiet, "test" in measure)
    before = keeper.state(run) if keeper else None

    def begin(number: int) -> None:
        # Only now: a train_epoch that is not written yet leaves neither curves nor a file.
        nonlocal before
        progress.begin()
        progress.batch(number, len(batches))
        if keeper and before is not None:
            keeper.save(before)
            before = None

    done = len(run.history.losses)
    if done == epochs:
        progress.begin()
    try:
        with _fastest_convolutions(data.device):
            for epoch in range(done + 1, epochs + 1):
                rate = learning_rate * factor ** sum(epoch > after for after in milestones)
                for group in run.optimizer.param_groups:
                    group["lr"] = rate
                batches = data.shuffled(batch_size, run.generator, pad, flip, channels_last)
                batches.watch(begin)
                with out_of_memory(batch_size), timed(data.device) as clock:
                    returned = train_epoch(network, batches, run.optimizer, run.precision)
                loss = _number(returned)
                lost = sound - _finite_names(model)
                if lost or not math.isfinite(loss):
                    raise _diverged(epoch, loss, sorted(lost), rate, keeper)
                run.history.losses.append(loss)
                run.history.learning_rates.append(rate)
                run.history.seconds.append(clock.seconds)
                for part in measure:
                    shares = getattr(run.history, f"{part}_accuracy")
                    shares.append(evaluate(network, data, part))
                if keeper:
                    keeper.save_or_say(run)
                progress.epoch()
    except KeyboardInterrupt:
        progress.end()
        if keeper:
            print(f"Stopped. {keeper.path} holds {keeper.words}; the same call goes on from there.")
        raise
    progress.end()
    return run.history


def _is_whole(value: Any, least: int) -> bool:
    """Return whether a value is a whole number, Python's or numpy's, and large enough."""
    return isinstance(value, Integral) and not isinstance(value, bool) and int(value) >= least


def _is_finite(value: Any) -> bool:
    """Return whether a value is a number, Python's or numpy's, that is finite and not negative."""
    number = isinstance(value, Real) and not isinstance(value, bool)
    return number and 0.0 <= float(value) < math.inf


_Rule: TypeAlias = tuple[Callable[[Any], bool], str]
"""What a setting must fulfil, and in words."""

_COUNT: _Rule = (lambda x: _is_whole(x, 1), "a whole number, at least 1")
_FINITE: _Rule = (_is_finite, "a finite number, at least 0")
_SWITCH: _Rule = (lambda x: isinstance(x, bool), "True or False")
_RULES: dict[str, _Rule] = {
    "epochs": _COUNT,
    "batch_size": _COUNT,
    "learning_rate": _FINITE,
    "momentum": _FINITE,
    "weight_decay": _FINITE,
    "milestones": (
        lambda x: isinstance(x, Sequence | np.ndarray) and all(_is_whole(one, 0) for one in x),
        "a sequence of whole numbers, such as (82, 123)",
    ),
    "factor": (lambda x: _is_finite(x) and x > 0, "a finite number above 0"),
    "pad": (lambda x: _is_whole(x, 0), "a whole number, at least 0"),
    "flip": _SWITCH,
    "seed": (lambda x: _is_whole(x, 0) and x < 2**32, "a whole number from 0 to 2**32 - 1"),
    "measure": (
        lambda x: (
            isinstance(x, list | tuple)
            and all(one in ("train", "test") for one in x)
            and len(set(x)) == len(x)
        ),
        "some of 'train' and 'test', such as ('test',)",
    ),
    "mixed": _SWITCH,
    "channels_last": (lambda x: x is None or isinstance(x, bool), "True, False or None"),
    "compile": _SWITCH,
    "checkpoint": (lambda x: x is None or isinstance(x, str | os.PathLike), "a file name or None"),
    "name": (lambda x: isinstance(x, str), "a string"),
    "live": (lambda x: x is None or hasattr(x, "curve"), "LiveCurves or None"),
    "quiet": _SWITCH,
}


def _refuse_odd(given: dict[str, Any]) -> None:
    """Refuse a setting of `fit` that cannot be, before anything is done with it."""
    for name, (holds, words) in _RULES.items():
        if not holds(given[name]):
            raise ValueError(f"{name} must be {words}, got {given[name]!r}")


def _number(returned: Any) -> float:
    """Return the loss that `train_epoch` returned as a number."""
    try:
        return float(returned.detach() if isinstance(returned, Tensor) else returned)
    except (TypeError, ValueError, RuntimeError) as error:
        what = "nothing (None)" if returned is None else f"a {type(returned).__name__}"
        raise TrainingError(
            f"train_epoch returns {what}; it must return the mean loss, one number."
        ) from error


def _finite_names(model: nn.Module) -> set[str]:
    """Return the names of all parameters and statistics that are finite throughout."""
    state = model.state_dict()
    if not state:
        return set()
    # One number is fetched, not one for every tensor: each would make a GPU wait.
    finite = torch.stack([value.isfinite().all() for value in state.values()]).tolist()
    return {name for name, good in zip(state, finite, strict=True) if good}


def _diverged(
    epoch: int, loss: float, lost: Sequence[str], rate: float, keeper: "_Keeper | None"
) -> TrainingError:
    """Return the error of an epoch after which the loss, or what is named, is not finite."""
    what = f"The loss of epoch {epoch} is {loss:.3g}"
    if math.isfinite(loss):
        # The loss of a batch is older than the step on it: the last step may spoil everything.
        others = f" and {len(lost) - 1} more are" if len(lost) > 1 else " is"
        what += f", but {lost[0]}{others} not finite after it"
    kept = f" {keeper.path} still holds {keeper.words}." if keeper else ""
    return TrainingError(
        f"{what}: the training has diverged and was stopped. Most often the learning rate "
        f"({rate:g}) is too large: try {rate / 10.0:g}, with a freshly made network.{kept}"
    )


def _compiled(model: nn.Module, batches: Batches) -> nn.Module:
    """Return the compiled model; or the model itself where compiling does not work."""
    try:
        compiled: nn.Module = torch.compile(model)  # type: ignore[assignment]
        # It compiles when it is first called, and only then says that there is no compiler.
        with _evaluating(model), torch.no_grad():
            compiled(next(iter(batches))[0])
    except Exception as error:  # noqa: BLE001  whatever a compiler can raise
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        print(f"torch.compile does not work here, so the network runs as it is ({said}).")
        return model
    return compiled


@contextmanager
def _fastest_convolutions(device: torch.device) -> Iterator[None]:
    """Let cuDNN search for the fastest convolution, unless results must be repeatable."""
    before = torch.backends.cudnn.benchmark
    if device.type == "cuda" and not torch.are_deterministic_algorithms_enabled():
        torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before


# --- Checkpoints ----------------------------------------------------------------------------------


@dataclass
class _Run:
    """All that changes while a network trains."""

    model: nn.Module
    optimizer: torch.optim.Optimizer
    precision: Precision
    generator: torch.Generator
    history: History

    def state(self) -> dict[str, Any]:
        return {
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "precision": self.precision.state_dict(),
            "generator": self.generator.get_state(),
            "random": _random_states(self.precision.device),
            "history": asdict(self.history),
        }

    def restore(self, state: dict[str, Any]) -> None:
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.precision.load_state_dict(state["precision"])
        self.generator.set_state(state["generator"])
        _set_random_states(state["random"], self.precision.device)
        self.history = History(**{**state["history"], "name": self.history.name})


def _random_states(device: torch.device) -> dict[str, Any]:
    """Return the states of all global generators."""
    of_numpy: Any = np.random.get_state(legacy=False)
    keys = torch.from_numpy(of_numpy["state"]["key"].astype(np.int64))
    states = {
        "python": random.getstate(),
        "numpy": {**of_numpy, "state": {"key": keys, "pos": int(of_numpy["state"]["pos"])}},
        "torch": torch.get_rng_state(),
    }
    if device.type == "cuda":
        states["cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        states["mps"] = torch.mps.get_rng_state()
    return states


def _set_random_states(states: dict[str, Any], device: torch.device) -> None:
    random.setstate(states["python"])
    keys = states["numpy"]["state"]["key"].numpy().astype(np.uint32)
    np.random.set_state(
        {**states["numpy"], "state": {"key": keys, "pos": states["numpy"]["state"]["pos"]}}
    )
    torch.set_rng_state(states["torch"])
    if device.type == "cuda" and "cuda" in states:
        torch.cuda.set_rng_state(states["cuda"], device)
    elif device.type == "mps" and "mps" in states:
        torch.mps.set_rng_state(states["mps"])


class _Keeper:
    """Keeps a run in a file, and brings it back if it is the same training."""

    def __init__(self, path: Path, identity: dict[str, Any]) -> None:
        self.path, self._identity = path.absolute(), identity
        self.words = "nothing yet"

    def state(self, run: _Run) -> dict[str, Any]:
        return {
            "identity": self._identity,
            "made on": f"{run.precision.device.type}, torch {torch.__version__}",
            "run": run.state(),
        }

    def resume(self, run: _Run, epochs: int) -> None:
        state = checkpoints.load(self.path)
        if state is None:
            return
        known, now = state["identity"], self._identity
        differing = [key for key in now if known.get(key) != now[key]]
        if differing:
            raise CheckpointError(
                f"{self.path} is the checkpoint of another training: "
                f"{', '.join(_difference(key, known.get(key), now[key]) for key in differing)}. "
                "Delete it to begin anew, or name another file."
            )
        done = len(state["run"]["history"]["losses"])
        if done > epochs:
            raise CheckpointError(
                f"{self.path} holds {_epochs(done)}, more than the {epochs} asked for. "
                "Ask for more, delete it to begin anew, or name another file."
            )
        run.restore(state["run"])
        self.words = _epochs(done)
        here = self.state(run)["made on"]
        if state["made on"] != here:
            print(
                f"{self.path} was made on {state['made on']}, and goes on on {here}: "
                "the last digits will differ."
            )

    def save(self, state: dict[str, Any]) -> None:
        checkpoints.save(self.path, state)
        self.words = _epochs(len(state["run"]["history"]["losses"]))

    def save_or_say(self, run: _Run) -> None:
        """Save; a full disk must not end a training that has taken an hour."""
        try:
            self.save(self.state(run))
        except CheckpointError as error:
            print(f"{error} The training goes on; the file still holds {self.words}.")


def _epochs(count: int) -> str:
    return f"{count} epoch{'s' * (count != 1)}" if count else "the untrained network"


def _difference(key: str, known: Any, now: Any) -> str:
    if key in _HASHED:
        return f"{key} is another"
    return f"{key} was {known} and is {now}"


_HASHED = ("the network", "its forward", "train_epoch")


def _identity(model: nn.Module, data: DeviceDataset, train_epoch: Any) -> dict[str, Any]:
    """Return what tells a training from others, in strings.

    Code counts, too: whoever corrects a mistake must not be shown the results from before.
    """
    shapes = [f"{k} {tuple(v.shape)} {v.dtype}" for k, v in model.state_dict().items()]
    own = {type(m) for m in model.modules() if not type(m).__module__.startswith("torch.")}
    forwards = sorted(f"{kind.__qualname__} {_code(kind.forward)}" for kind in own)
    return {
        "the network": _digest(repr(model), *shapes),
        "its forward": _digest(*forwards),
        "train_epoch": _code(train_epoch),
        "the data": data.checksum,
        "Python": ".".join(map(str, sys.version_info[:2])),
    }


def _digest(*texts: str) -> str:
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16]


def _code(function: Any) -> str:
    """Return a digest of a function's code, without the functions that it calls."""
    function = getattr(function, "func", function)  # of functools.partial
    code = getattr(function, "__code__", None) or getattr(type(function).__call__, "__code__", None)
    if code is None:  # written in C: its name must do
        return str(getattr(function, "__qualname__", type(function).__qualname__))
    return _digest(repr(_content(code)))


def _content(constant: Any) -> Any:
    """Return what a constant of a function's code is, the same in every process."""
    if isinstance(constant, CodeType):
        inner = [_content(one) for one in constant.co_consts]
        return constant.co_code.hex(), constant.co_names, inner
    if isinstance(constant, frozenset):  # its order differs from process to process
        return sorted(map(repr, constant))
    return repr(constant)


# --- Progress -------------------------------------------------------------------------------------


class _Progress:
    """Reports a training: as curves in a notebook, as lines of text elsewhere."""

    _SECONDS = 0.25

    def __init__(
        self, epochs: int, history: History, live: "LiveCurves | None", quiet: bool, tested: bool
    ) -> None:
        self._epochs, self._history, self._live = epochs, history, live
        self._quiet, self._tested = quiet, tested
        self._begun, self._said, self._written = False, 0.0, 0
        self._report: Callable[[int, float], None] | None = None
        # A line that is written over and over is for people; in a log each would be kept.
        self._rewrites = sys.stdout.isatty()

    def begin(self) -> None:
        """Show what there is already; only the first call does something."""
        if self._begun or self._quiet:
            return
        self._begun = True
        if self._live is None and in_notebook():
            from course_utils.widgets import LiveCurves

            words = f"{self._history.name} over {_epochs(self._epochs)}, epoch by epoch"
            self._live = LiveCurves(self._epochs, words, "test accuracy" * self._tested)
        if self._live is not None:
            history = self._history
            shares = iter(history.test_accuracy)  # grows while it is read
            self._report = self._live.curve(
                history.name,
                (lambda: next(shares)) if self._tested else None,
                sum(history.seconds),
            )
            for epoch, loss in enumerate(history.losses, 1):
                self._report(epoch, loss)
        elif self._history.losses:
            self._write(self._words())

    def batch(self, number: int, count: int) -> None:
        """Say that a batch begins; in curves an epoch is the smallest step."""
        now = perf_counter()
        if self._quiet or self._report or not self._rewrites or now - self._said < self._SECONDS:
            return
        self._said = now
        self._write(f"{self._words()}, batch {number + 1} of {count}")

    def epoch(self) -> None:
        """Report the last epoch of the history."""
        if self._quiet:
            return
        self.begin()
        if self._report:
            self._report(len(self._history.losses), self._history.losses[-1])
        else:
            self._write(self._words())

    def end(self) -> None:
        """Leave the last line standing."""
        if self._written:
            print()
            self._written = 0

    def _words(self) -> str:
        history, done = self._history, len(self._history.losses)
        said = f"{history.name}: epoch {done} of {self._epochs}"
        if not done:
            return said
        said += f", loss {history.losses[-1]:.3g}"
        if history.test_accuracy:
            said += f", test accuracy {history.test_accuracy[-1]:.1%}"
        left = sum(history.seconds) / done * (self._epochs - done)
        return f"{said}, about {left:.0f} s left" if left else said

    def _write(self, text: str) -> None:
        if self._rewrites:
            print(f"\r{text.ljust(self._written)}", end="", flush=True)
            self._written = len(text)
        else:
            print(text, flush=True)


def in_notebook() -> bool:
    """Return whether this runs in the kernel of a notebook."""
    if "IPython" not in sys.modules:
        return False
    from IPython import get_ipython

    return getattr(get_ipython(), "kernel", None) is not None
