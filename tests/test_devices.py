"""Devices, seeds, precision, clock and memory; what a GPU would say comes from stand-ins."""

import gc
import json
import math
import os
import random
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from course_utils import devices
from course_utils.devices import (
    Device,
    DeviceError,
    OutOfMemory,
    Precision,
    choose_device,
    memory_report,
    mixed_precision,
    out_of_memory,
    seed_everything,
    timed,
)

GIB = 1024**3


@pytest.fixture(autouse=True)
def as_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put back what these functions change for the whole process."""
    # Set first, so that monkeypatch knows what was there, and takes away what is set later.
    for name in ("COURSE_DEVICE", "CUBLAS_WORKSPACE_CONFIG"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    yield
    if torch.are_deterministic_algorithms_enabled():
        torch.use_deterministic_algorithms(False)
    torch.backends.cudnn.deterministic = torch.backends.cudnn.benchmark = False


class FakeCuda:
    """Stands for `torch.cuda` on a machine with two GPUs; notes what it is asked to do."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capability: tuple[int, int] = (9, 0)):
        self.calls: list[str] = []
        self.free, self.total, self.reserved = 100 * GIB, 140 * GIB, 30 * GIB
        properties = SimpleNamespace(total_memory=self.total)
        fakes: dict[str, Any] = {
            "is_available": lambda: True,
            "device_count": lambda: 2,
            "get_device_name": lambda device=None: "NVIDIA H200",
            "get_device_properties": lambda device=None: properties,
            "get_device_capability": lambda device=None: capability,
            "mem_get_info": lambda device=None: (self.free, self.total),
            "memory_allocated": lambda device=None: 3 * GIB,
            "max_memory_allocated": lambda device=None: 20 * GIB,
            "memory_reserved": lambda device=None: self.reserved,
            "synchronize": lambda device=None: self.calls.append("synchronize"),
            "empty_cache": lambda: self.calls.append("empty_cache"),
        }
        for name, fake in fakes.items():
            monkeypatch.setattr(torch.cuda, name, fake)
        monkeypatch.setattr(devices, "_trial", lambda name: self.calls.append(f"trial {name}"))


def test_importing_does_not_import_torch() -> None:
    code = "import sys, course_utils.devices; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# --- Which device ---------------------------------------------------------------------------------


def test_cuda_comes_first_and_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = FakeCuda(monkeypatch)
    device, why = choose_device()
    assert device == torch.device("cuda")
    assert cuda.calls == ["trial cuda"]
    assert why == "CUDA (NVIDIA H200, 140.0 GiB): torch finds a CUDA GPU that works."
    assert repr(choose_device()) == why
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"  # before the trial, for determinism


def no_kernel(name: str) -> None:
    raise RuntimeError("CUDA error: no kernel image is available for execution on the device\nmore")


def test_a_gpu_that_does_not_compute_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeCuda(monkeypatch)
    monkeypatch.setattr(devices, "_trial", no_kernel)
    device, why = choose_device()
    assert device == torch.device("cpu")
    assert "NVIDIA H200, 140.0 GiB) does not compute (CUDA error: no kernel image is" in why
    assert "more" not in why
    with pytest.raises(DeviceError, match=r"^'cuda' is asked for, but CUDA \(NVIDIA H200"):
        choose_device("cuda")


def test_mps_comes_second(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    tried: list[str] = []
    monkeypatch.setattr(devices, "_trial", tried.append)
    device, why = choose_device()
    assert (device, tried) == (torch.device("mps"), ["mps"])
    assert why.startswith("MPS, the GPU of this Apple chip: ")
    monkeypatch.setattr(devices, "_trial", no_kernel)
    assert choose_device().device == torch.device("cpu")
    with pytest.raises(DeviceError, match="the GPU of this Apple chip does not compute"):
        choose_device("mps")


def test_the_cpu_says_why_it_is_not_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 8)
    monkeypatch.setattr(torch, "__version__", "2.9.0+cpu")
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    device, why = choose_device()
    assert device == torch.device("cpu")
    assert why == (
        "CPU (8 threads): this torch (2.9.0+cpu) is built without CUDA, and there is no Apple GPU."
    )
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/nvidia-smi")
    assert "although this machine has an NVIDIA driver" in choose_device().why
    monkeypatch.setattr(torch.version, "cuda", "13.0")
    assert "torch finds no GPU and driver that it can use" in choose_device().why
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert "CUDA_VISIBLE_DEVICES hides every GPU" in choose_device().why


def test_a_device_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeCuda(monkeypatch)
    monkeypatch.setenv("COURSE_DEVICE", "cpu")
    device, why = choose_device()
    assert device == torch.device("cpu")
    assert why.endswith(": COURSE_DEVICE asks for it.")
    # Code comes before the environment.
    assert choose_device("cuda:1").device == torch.device("cuda", 1)
    assert choose_device("cuda:1").why == "CUDA (NVIDIA H200, 140.0 GiB): asked for."
    monkeypatch.setenv("COURSE_DEVICE", "  ")
    assert choose_device().device == torch.device("cuda")


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("gpu", "'gpu' is asked for, which is no device of this course: cpu, cuda, cuda:N or mps."),
        ("meta", "'meta' is asked for, which is no device of this course"),
        ("cuda:2", "'cuda:2' is asked for, but this machine has only cuda:0 to cuda:1. Ask for"),
        ("mps", "'mps' is asked for, but this machine has no Apple GPU that torch can use. Ask"),
    ],
)
def test_a_device_that_is_not_there_is_told(
    monkeypatch: pytest.MonkeyPatch, wanted: str, said: str
) -> None:
    FakeCuda(monkeypatch)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(DeviceError) as caught:
        choose_device(wanted)
    assert str(caught.value).startswith(said)
    assert caught.value._render_traceback_() == [str(caught.value)]
    monkeypatch.setenv("COURSE_DEVICE", wanted)
    with pytest.raises(DeviceError, match=f"^COURSE_DEVICE is '{wanted}'"):
        choose_device()


GIVEN_A_DEVICE: tuple[Any, ...] = (memory_report, mixed_precision, timed, devices.synchronize)


@pytest.mark.parametrize(
    ("device", "said"),
    [
        ("gpu", "'gpu' is asked for, which is no device of this course: cpu, cuda, cuda:N or mps."),
        ("meta", "'meta' is asked for, which is no device of this course: cpu, cuda, cuda:N or mp"),
        ("cuda", "'cuda' is asked for, but this torch (2.9.0+cpu) is built without CUDA. Take "),
        (torch.device("cuda", 1), "'cuda:1' is asked for, but this torch (2.9.0+cpu) is built "),
        ("mps", "'mps' is asked for, but this machine has no Apple GPU that torch can use. Take "),
    ],
)
def test_functions_refuse_a_device_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, device: Any, said: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    monkeypatch.setattr(torch, "__version__", "2.9.0+cpu")
    monkeypatch.setattr(torch.version, "cuda", None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    for function in GIVEN_A_DEVICE:
        with pytest.raises(DeviceError) as caught:
            function(device)
        assert str(caught.value).startswith(said)
    cuda = FakeCuda(monkeypatch)
    with pytest.raises(DeviceError, match=r"'cuda:2' is asked for, but this machine has only cuda"):
        mixed_precision("cuda:2")
    assert mixed_precision("cuda:1").device == torch.device("cuda", 1)
    assert cuda.calls == []  # a trial for every clock would take longer than what it measures


def test_what_is_no_device_is_refused() -> None:
    with pytest.raises(TypeError, match="wanted must be a string such as 'cuda', got int"):
        choose_device(0)  # type: ignore[arg-type]
    for function in GIVEN_A_DEVICE:
        with pytest.raises(TypeError, match="a device or its name is needed, got list"):
            function([])
    assert mixed_precision(Device(torch.device("cpu"), "why")).device == torch.device("cpu")


# --- Seeds ----------------------------------------------------------------------------------------

DRAWS = """
import hashlib, json, random, sys
import numpy as np, torch
from torch.utils.data import DataLoader, Dataset
from course_utils.devices import seed_everything

class Noise(Dataset):
    def __len__(self):
        return 8
    def __getitem__(self, index):
        return index, random.random(), float(np.random.random()), float(torch.rand(()))

def draw(seed, deterministic):
    seeds = seed_everything(seed, deterministic)
    loader = DataLoader(Noise(), 2, shuffle=True, num_workers=2, generator=seeds.generator,
                        worker_init_fn=seeds.worker_init_fn)
    drawn = {
        "python": random.random(),
        "numpy": np.random.random(3).tobytes(),
        "torch": torch.randn(3).numpy().tobytes(),
        "generator": torch.randn(3, generator=seeds.generator).numpy().tobytes(),
        "workers": [[column.tolist() for column in batch] for _ in range(2) for batch in loader],
    }
    model = torch.nn.Sequential(torch.nn.Linear(20, 20), torch.nn.Dropout(), torch.nn.Linear(20, 1))
    for _ in range(5):  # without torch.optim, which takes a second to import
        slopes = torch.autograd.grad(model(torch.randn(16, 20)).square().mean(), model.parameters())
        for parameter, slope in zip(model.parameters(), slopes):
            parameter.data -= 0.1 * slope
    drawn["trained"] = b"".join(p.detach().numpy().tobytes() for p in model.parameters())
    return {name: hashlib.sha256(repr(value).encode()).hexdigest() for name, value in drawn.items()}

print(json.dumps([draw(*arguments) for arguments in json.loads(sys.argv[1])]))
"""


def draws(*arguments: tuple[int, bool]) -> list[dict[str, str]]:
    """Return what is drawn with several seeds, in a process of its own."""
    command = [sys.executable, "-c", DRAWS, json.dumps(arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    drawn: list[dict[str, str]] = json.loads(done.stdout)
    return drawn


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    first, other = draws((7, False), (8, False))
    (again,) = draws((7, True))
    assert len(first) == 6
    assert first == again
    assert not set(first.values()) & set(other.values())


def test_gpus_are_seeded_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    seeded: list[int] = []
    monkeypatch.setattr(torch.cuda, "manual_seed_all", seeded.append)
    seed_everything(11)
    assert seeded == [11]


def test_the_generator_is_its_own() -> None:
    a, b = seed_everything(3), seed_everything(3)
    torch.rand(5)  # the global generator moves on alone
    expected = torch.rand(4, generator=a.generator)
    assert torch.equal(torch.rand(4, generator=b.generator), expected)


def test_workers_get_seeds_that_differ() -> None:
    drawn = []
    for torch_seed in (5, 5 + 2**40, 6):
        torch.manual_seed(torch_seed)
        devices.seed_worker(0)
        drawn.append((random.random(), float(np.random.random())))
    assert drawn[0] == drawn[1]  # numpy takes 32 bits
    assert drawn[0] != drawn[2]


def test_determinism_is_switched_on_and_off() -> None:
    seeds = seed_everything(0, deterministic=True)
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.backends.cudnn.deterministic
    assert not torch.backends.cudnn.benchmark
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert "It costs speed on a GPU" in repr(seeds)
    target, at = torch.zeros(2), torch.tensor([0, 0])
    with pytest.raises(RuntimeError, match="deterministic"):
        target.put_(at, torch.tensor([1.0, 2.0]))  # which of the two stays is not said
    seeds = seed_everything(0)
    target.put_(at, torch.tensor([1.0, 1.0]))
    assert target.tolist() == [1.0, 0.0]
    assert not torch.backends.cudnn.deterministic
    assert "may still differ" in repr(seeds)


def test_determinism_that_comes_too_late_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    with pytest.raises(DeviceError, match=r"^It is too late to make CUDA repeatable"):
        seed_everything(0, deterministic=True)
    seed_everything(0)  # needs nothing of cuBLAS
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    seed_everything(0, deterministic=True)
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_out_of_range_changes_nothing(seed: int) -> None:
    random.seed(1)
    before = random.getstate()
    with pytest.raises(ValueError, match=f"below 2\\*\\*32, got {seed}"):
        seed_everything(seed)
    for wrong in (True, 1.0, "1"):
        with pytest.raises(TypeError, match="seed must be an integer"):
            seed_everything(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="deterministic must be True or False, got 1"):
        seed_everything(0, 1)  # type: ignore[arg-type]
    assert random.getstate() == before


# --- Precision ------------------------------------------------------------------------------------


def cpu_with(flags: str, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    path = folder / "cpuinfo"
    path.write_text(f"processor\t: 0\nmodel name\t: X\nflags\t\t: fpu {flags} sse\n\n")
    monkeypatch.setattr(devices, "_CPU_FILE", path)


@pytest.mark.parametrize("flags", ["avx512_bf16", "avx2 amx_bf16 amx_tile"])
def test_bfloat16_on_cpus_that_compute_with_it(
    flags: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    cpu_with(flags, monkeypatch, tmp_path)
    precision = mixed_precision("cpu")
    assert (precision.dtype, precision.scaler) == (torch.bfloat16, None)
    layer, x = nn.Linear(4, 4), torch.ones(2, 4)
    with precision:
        assert layer(x).dtype == torch.bfloat16
        with precision:  # it may be entered again
            assert layer(x).dtype == torch.bfloat16
        assert layer(x).dtype == torch.bfloat16
    assert layer(x).dtype == torch.float32
    assert mixed_precision("cpu", enabled=False).dtype is None


def test_an_error_in_the_context_ends_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cpu_with("avx512_bf16", monkeypatch, tmp_path)
    precision = mixed_precision("cpu")
    with pytest.raises(ZeroDivisionError), precision:
        _ = 1 / 0
    assert nn.Linear(1, 1)(torch.ones(1)).dtype == torch.float32
    assert not torch.is_autocast_enabled("cpu")


def test_float32_on_other_cpus(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    cpu_with("avx512f avx512_bf16x", monkeypatch, tmp_path)
    precision = mixed_precision("cpu")
    assert (precision.dtype, precision.scaler) == (None, None)
    with precision:
        assert nn.Linear(4, 4)(torch.ones(2, 4)).dtype == torch.float32
    monkeypatch.setattr(devices, "_CPU_FILE", tmp_path / "no file, as on Windows")
    assert mixed_precision("cpu").dtype is None
    assert mixed_precision("mps").dtype is None
    assert "float32" in repr(mixed_precision("mps"))


@pytest.mark.parametrize(
    ("capability", "dtype"),
    [
        ((7, 0), torch.float16),
        ((7, 5), torch.float16),
        ((8, 0), torch.bfloat16),
        ((9, 0), torch.bfloat16),
        ((12, 0), torch.bfloat16),
    ],
)
def test_gpus_by_capability(
    capability: tuple[int, int], dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeCuda(monkeypatch, capability)
    monkeypatch.setattr(torch.amp, "GradScaler", lambda device: f"scaler for {device}")
    precision = mixed_precision("cuda")
    assert precision.dtype == dtype
    assert str(precision.scaler) == ("scaler for cuda" if dtype == torch.float16 else "None")
    assert "{}.{}".format(*capability) in repr(precision)


def half_on_the_cpu() -> Precision:
    """Return what an old GPU would get: torch has the same scaler for the CPU."""
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**16)
    return Precision(torch.device("cpu"), torch.float16, scaler, "float16")


def one_step(precision: Precision, factor: float) -> tuple[nn.Linear, torch.Tensor]:
    """Take one step of SGD on factor * sum(W x) over two x of ones; return layer and gradient."""
    layer = nn.Linear(8, 4, bias=False)
    nn.init.constant_(layer.weight, 0.5)
    optimizer = torch.optim.SGD(layer.parameters(), lr=1.0)
    with precision:
        loss = (layer(torch.ones(2, 8)).float() * factor).sum()
    optimizer.zero_grad()
    precision.scale(loss).backward()
    precision.step(optimizer)
    assert layer.weight.grad is not None
    return layer, layer.weight.grad


def test_small_gradients_survive_in_half_precision() -> None:
    factor = 2.0**-26  # the smallest number of float16 is 2**-24
    layer, gradient = one_step(half_on_the_cpu(), factor)
    assert torch.equal(gradient, torch.full((4, 8), 2.0**-25))
    assert torch.equal(layer.weight, torch.full((4, 8), 0.5 - 2.0**-25))
    _, lost = one_step(Precision(torch.device("cpu"), torch.float16), factor)
    assert not lost.any()


def test_a_step_that_overflows_is_left_out_and_the_scale_halved() -> None:
    precision = half_on_the_cpu()
    assert precision.scaler is not None
    layer, gradient = one_step(precision, 4.0)  # times 2**16 is more than float16 holds
    assert not gradient.isfinite().all()
    assert torch.equal(layer.weight, torch.full((4, 8), 0.5))
    assert precision.scaler.get_scale() == 2.0**15
    kept = precision.state_dict()
    other = half_on_the_cpu()
    other.load_state_dict(kept)
    assert other.state_dict() == kept
    plain = Precision(torch.device("cpu"))
    plain.load_state_dict(kept)
    assert plain.state_dict() == {}
    other.load_state_dict({})
    assert other.state_dict() == kept


def test_without_a_scaler_the_loop_is_the_same() -> None:
    layer, gradient = one_step(Precision(torch.device("cpu")), 0.25)
    assert torch.equal(gradient, torch.full((4, 8), 0.5))
    assert torch.equal(layer.weight, torch.zeros(4, 8))


# --- The clock ------------------------------------------------------------------------------------


def test_the_clock_waits_for_the_gpu_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = FakeCuda(monkeypatch)
    times = iter([10.0, 12.5])

    def clock_time() -> float:
        cuda.calls.append("clock")
        return next(times)

    monkeypatch.setattr(devices, "perf_counter", clock_time)
    with timed("cuda") as clock:
        cuda.calls.append("work")
    assert cuda.calls == ["synchronize", "clock", "work", "synchronize", "clock"]
    assert clock.seconds == 2.5
    assert repr(clock) == "2.5 s"


def test_the_clock_on_apples_and_on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[str] = []
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "synchronize", lambda: waited.append("mps"))
    monkeypatch.setattr(torch.cuda, "synchronize", lambda device=None: waited.append("cuda"))
    with timed("mps"):
        assert waited == ["mps"]
    with timed("cpu") as clock:
        torch.ones(10).sum()
    assert waited == ["mps", "mps"]
    assert clock.seconds > 0.0


def test_a_block_that_fails_has_no_time() -> None:
    clock = timed("cpu")
    with pytest.raises(ZeroDivisionError), clock:
        _ = 1 / 0
    assert math.isnan(clock.seconds)
    with clock:
        pass
    assert clock.seconds >= 0.0
    with pytest.raises(ZeroDivisionError), clock:
        _ = 1 / 0
    assert math.isnan(clock.seconds)  # and not that of the block before


# --- Memory ---------------------------------------------------------------------------------------


def test_memory_is_told_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeCuda(monkeypatch)
    assert memory_report("cuda") == (
        "GPU memory: tensors of this program take 3.0 GiB, at most 20.0 GiB so far; "
        "100.0 GiB of 140.0 GiB are free."
    )
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    monkeypatch.setattr(torch.mps, "current_allocated_memory", lambda: 5 * 1024**2)
    monkeypatch.setattr(torch.mps, "driver_allocated_memory", lambda: 1000)
    assert memory_report("mps").endswith("take 5 MiB, and 1000 bytes are held for it.")
    assert memory_report("cpu").startswith("Memory: this program takes at most ")
    monkeypatch.setattr(devices, "_machine_memory", lambda: (2 * GIB, 0, 0))
    assert memory_report("cpu") == (
        "Memory: this program takes at most 2.0 GiB so far; "
        "this system does not say how much is free."
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_memory_of_the_machine_is_plausible() -> None:
    block = np.ones(64 * 1024**2, np.uint8)
    most, free, total = devices._machine_memory()
    assert block.nbytes < most < total
    assert 0 < free < total


def test_a_full_gpu_is_said_with_the_batch_size_to_try(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = FakeCuda(monkeypatch)
    with pytest.raises(OutOfMemory) as caught, out_of_memory(96):
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
    assert str(caught.value) == (
        "The GPU's memory is full at a batch size of 96. Try a batch size of 48."
    )
    assert caught.value.batch_size == 48
    assert cuda.calls == ["empty_cache"]
    cuda.free = 10 * GIB  # of 140, and 30 are ours
    others = r"96 \(other programs hold 100.0 GiB of 140.0 GiB\)\. Try"
    with pytest.raises(OutOfMemory, match=others), out_of_memory(96):
        raise RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED")


def test_a_full_machine_is_said() -> None:
    full = r"^The machine's memory is full at a batch size of 2\. Try a batch size of 1\.$"
    with pytest.raises(OutOfMemory, match=full), out_of_memory(2):
        torch.empty(2**50)
    none = "Not even one example fits: take a smaller"
    with pytest.raises(OutOfMemory, match=none) as caught, out_of_memory(1):
        raise MemoryError
    assert caught.value.batch_size == 0
    assert caught.value._render_traceback_() == [str(caught.value)]


def test_other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match=r"^size mismatch$"), out_of_memory(4):
        raise RuntimeError("size mismatch")
    with pytest.raises(ValueError, match="batch_size must be at least 1, got 0"), out_of_memory(0):
        pass


def test_what_did_not_fit_is_let_go() -> None:
    kept: list[weakref.ref[torch.Tensor]] = []

    def step() -> None:
        activations = torch.ones(1000)
        kept.append(weakref.ref(activations))
        raise torch.cuda.OutOfMemoryError("CUDA out of memory")

    with pytest.raises(OutOfMemory) as caught, out_of_memory(8):
        step()
    gc.collect()
    assert kept[0]() is None
    assert caught.value.__suppress_context__
