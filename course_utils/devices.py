"""Where torch computes and how: the device, seeds, precision, the clock, the memory.

A training loop that is written with what is here is the same on a GPU, on an Apple chip and on a
CPU. Importing this module is cheap: torch is imported when it is first used.

Environment variables
---------------------
COURSE_DEVICE : the device to use, such as "cpu" or "cuda:1", where the code does not ask for one.
"""

import os
import random
import shutil
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

if TYPE_CHECKING:
    import torch

    AnyDevice: TypeAlias = torch.device | "Device" | str
    """A device of torch, its name, or what `choose_device` returned."""


class DeviceError(RuntimeError):
    """A device cannot do what it is asked for; the message says in a sentence or two what to do.

    In a notebook it shows itself without traceback.
    """

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class OutOfMemory(DeviceError):
    """The device's memory is full; the message says which batch size to try.

    Parameters
    ----------
    sentence : the message.
    batch_size : what to try, at least 1; 0 if not even one example fits.
    """

    def __init__(self, sentence: str, batch_size: int) -> None:
        super().__init__(sentence)
        self.batch_size = batch_size


# --- Which device ---------------------------------------------------------------------------------

_KINDS = ("cpu", "cuda", "mps")


class Device(NamedTuple):
    """A device, and one sentence that says why it is this one.

    Parameters
    ----------
    device : what tensors and models are moved to.
    why : the sentence.
    """

    device: "torch.device"
    why: str

    def __repr__(self) -> str:
        return self.why


def choose_device(wanted: str = "") -> Device:
    """Return the device to compute on: CUDA if it works, else Apple's MPS, else the CPU.

    A GPU counts only after it has computed something: one that this build of torch does not
    support is there, but of no use. If CUBLAS_WORKSPACE_CONFIG is not set, it is set, so that
    `seed_everything` can be asked for determinism afterwards.

    Parameters
    ----------
    wanted : "cpu", "cuda", "cuda:N" or "mps". Empty: what the environment variable COURSE_DEVICE
        says, or the best one there is.

    Raises
    ------
    DeviceError
        If a device is asked for that is not there, or that torch does not know.
    TypeError
        If `wanted` is no string.
    """
    import torch

    if not isinstance(wanted, str):
        raise TypeError(f"wanted must be a string such as 'cuda', got {type(wanted).__name__}")
    # cuBLAS reads it once, so it comes before the first CUDA call.
    os.environ.setdefault(_CUBLAS, _CUBLAS_REPEATABLE[0])
    by_code, by_environment = wanted.strip(), os.environ.get("COURSE_DEVICE", "").strip()
    if by_code or by_environment:
        return _asked_for(by_code or by_environment, "" if by_code else "COURSE_DEVICE")
    no_cuda = _useless("cuda")
    if not no_cuda:
        return Device(torch.device("cuda"), f"{_gpu('cuda')}: torch finds a CUDA GPU that works.")
    if not _useless("mps"):
        return Device(torch.device("mps"), f"MPS, the GPU of this Apple chip: {no_cuda}.")
    return Device(torch.device("cpu"), f"{_cpu()}: {no_cuda}, and there is no Apple GPU.")


def _of_this_course(name: str, who: str) -> "torch.device":
    """Return the device of a name; `who` begins the sentence about one that is none."""
    import torch

    try:
        device = torch.device(name)
    except RuntimeError:
        device = torch.device("meta")
    if device.type not in _KINDS:
        raise DeviceError(f"{who}, which is no device of this course: cpu, cuda, cuda:N or mps.")
    return device


def _asked_for(name: str, variable: str) -> Device:
    """Return the device of a name; `variable` is empty if code asks for it."""
    who = f"{variable} is {name!r}" if variable else f"{name!r} is asked for"
    advice = f"Unset {variable} to have one chosen." if variable else "Ask for none, or another."
    device = _of_this_course(name, who)
    useless = _useless(name)
    if useless:
        raise DeviceError(f"{who}, but {useless}. {advice}")
    what = {"cpu": _cpu(), "mps": "MPS, the GPU of this Apple chip"}.get(device.type) or _gpu(name)
    return Device(device, f"{what}: {variable} asks for it." if variable else f"{what}: asked for.")


def _useless(name: str) -> str:
    """Return why a device of this course is of no use; empty if it works."""
    import torch

    device = torch.device(name)
    absent = _absent(device)
    if absent or device.type == "cpu":
        return absent
    try:
        _trial(name)
    except RuntimeError as error:
        what = _gpu(name) if device.type == "cuda" else "the GPU of this Apple chip"
        return f"{what} does not compute ({_first_line(error)})"
    return ""


def _absent(device: "torch.device") -> str:
    """Return why a device of this course is not there; empty if it is."""
    import torch

    if device.type == "cuda":
        return _absent_cuda(device.index or 0)
    if device.type == "mps" and not torch.backends.mps.is_available():
        return "this machine has no Apple GPU that torch can use"
    return ""


def _absent_cuda(index: int) -> str:
    """Return why there is no CUDA device of this number; empty if there is."""
    import torch

    if not torch.cuda.is_available():
        if torch.version.cuda is None and torch.version.hip is None:
            because = f"this torch ({torch.__version__}) is built without CUDA"
            if shutil.which("nvidia-smi"):
                because += (
                    " although this machine has an NVIDIA driver (pytorch.org/get-started says "
                    "how to install the other build)"
                )
            return because
        if os.environ.get("CUDA_VISIBLE_DEVICES", "0").strip() in ("", "-1"):
            return "CUDA_VISIBLE_DEVICES hides every GPU"
        return "torch finds no GPU and driver that it can use"
    count = torch.cuda.device_count()
    if index >= count:
        known = "only cuda:0" if count == 1 else f"only cuda:0 to cuda:{count - 1}"
        return f"this machine has {known}"
    return ""


def _trial(name: str) -> None:
    """Compute something; an unsupported GPU fails at its first kernel, not before."""
    import torch

    if torch.ones(2, device=name).sum().item() != 2.0:
        raise RuntimeError("1 + 1 is not 2")


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")


def _gpu(name: str) -> str:
    import torch

    size = _size(torch.cuda.get_device_properties(name).total_memory)
    return f"CUDA ({torch.cuda.get_device_name(name)}, {size})"


def _cpu() -> str:
    import torch

    threads = torch.get_num_threads()
    return f"CPU ({threads} thread{'s' * (threads != 1)})"


def as_device(device: "AnyDevice") -> "torch.device":
    """Return a device of torch, which is there; unlike `choose_device`, nothing is computed on it.

    Raises
    ------
    DeviceError
        If it is not there, or none of those that `choose_device` knows.
    TypeError
        If it is neither a device, nor its name, nor what `choose_device` returns.
    """
    import torch

    if isinstance(device, Device):
        return device.device
    if not isinstance(device, str | torch.device):
        raise TypeError(f"a device or its name is needed, got {type(device).__name__}")
    name = str(device)
    who = f"{name!r} is asked for"
    found = _of_this_course(name, who)
    absent = _absent(found)
    if absent:
        raise DeviceError(f"{who}, but {absent}. Take what choose_device() returns.")
    return found


# --- Seeds ----------------------------------------------------------------------------------------

_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"
_CUBLAS_REPEATABLE = (":4096:8", ":16:8")
"""The two values with which cuBLAS computes the same again."""


@dataclass(frozen=True, eq=False)
class Seeds:
    """What has been seeded, and what a DataLoader needs to be repeatable as well.

    `DataLoader(data, shuffle=True, generator=seeds.generator,
    worker_init_fn=seeds.worker_init_fn)`.

    Parameters
    ----------
    seed : the seed.
    deterministic : whether operations that differ from run to run are forbidden.
    generator : a generator of its own, on the CPU, seeded with `seed`: how often it is asked
        depends on nothing but the loader.
    """

    seed: int
    deterministic: bool
    generator: "torch.Generator"

    @property
    def worker_init_fn(self) -> Any:
        """What every worker process of a DataLoader is to call: `seed_worker`."""
        return seed_worker

    def __repr__(self) -> str:
        said = f"Seed {self.seed} for Python, numpy and torch, on the CPU and on GPUs."
        if not self.deterministic:
            return f"{said} On a GPU the last digits may still differ from run to run."
        return (
            f"{said} Deterministic: the same machine and versions give the same bytes again. It "
            "costs speed on a GPU (no search for the fastest convolution, slower sums), and an "
            "operation that has no repeatable form raises RuntimeError."
        )


def seed_everything(seed: int, deterministic: bool = False) -> Seeds:
    """Seed every global generator: Python's, numpy's, and torch's on the CPU and on all GPUs.

    Parameters
    ----------
    seed : 0 or more, below 2**32 (numpy's limit).
    deterministic : forbid operations whose result differs from run to run. A later call with
        False allows them again.

    Returns
    -------
    Seeds, whose repr says what holds now and what it costs.

    Raises
    ------
    ValueError
        If the seed is out of range.
    TypeError
        If the seed is no integer or `deterministic` no boolean.
    DeviceError
        If determinism is asked for too late: CUDA is in use, and was started without the setting
        that cuBLAS needs.
    """
    import torch

    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise TypeError(f"seed must be an integer, got {type(seed).__name__}")
    if not isinstance(deterministic, bool):
        raise TypeError(f"deterministic must be True or False, got {deterministic!r}")
    if not 0 <= seed < 2**32:
        raise ValueError(f"seed must be at least 0 and below 2**32, got {seed}")
    seed = int(seed)
    if deterministic and os.environ.get(_CUBLAS) not in _CUBLAS_REPEATABLE:
        if torch.cuda.is_initialized():
            raise DeviceError(
                "It is too late to make CUDA repeatable: cuBLAS reads its setting when it starts. "
                "Restart the kernel and call seed_everything(..., deterministic=True) first."
            )
        os.environ[_CUBLAS] = _CUBLAS_REPEATABLE[0]
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)  # the CPU, and every GPU once it is in use
    if torch.are_deterministic_algorithms_enabled() != deterministic:
        torch.use_deterministic_algorithms(deterministic)  # imports the compiler, for a second
    torch.backends.cudnn.deterministic = deterministic
    # The search times several algorithms and takes the fastest: not always the same one.
    torch.backends.cudnn.benchmark = False
    return Seeds(seed, deterministic, torch.Generator().manual_seed(seed))


def seed_worker(worker: int) -> None:
    """Seed Python's and numpy's generators in a worker process of a DataLoader.

    torch has given the worker a seed of its own, made of the loader's generator and the worker's
    number; the others follow it. A function of the module, so that it can be pickled.

    Parameters
    ----------
    worker : the worker's number; not used.
    """
    import torch

    seed = torch.initial_seed() % 2**32
    random.seed(seed)
    np.random.seed(seed)


# --- Precision ------------------------------------------------------------------------------------


class Precision:
    """Computes in half precision where that is faster, and hides how from the training loop.

    The loop is the same with bfloat16, with float16 and with float32::

        with precision:
            loss = cross_entropy(model(images), labels)
        optimizer.zero_grad()
        precision.scale(loss).backward()
        precision.step(optimizer)

    Only the forward pass belongs into the context; it may be entered as often as one likes.

    Parameters
    ----------
    device : what is computed on.
    dtype : torch.bfloat16 or torch.float16; None for float32 throughout.
    scaler : multiplies float16's small gradients out of underflow; None where that is not needed.
    why : a sentence; the repr.

    Notes
    -----
    P. Micikevicius et al., Mixed precision training, ICLR 2018.
    """

    def __init__(
        self,
        device: "torch.device",
        dtype: "torch.dtype | None" = None,
        scaler: "torch.amp.GradScaler | None" = None,
        why: str = "",
    ) -> None:
        self.device, self.dtype, self.scaler, self.why = device, dtype, scaler, why
        self._entered: list[Any] = []

    def __repr__(self) -> str:
        return self.why

    def __enter__(self) -> "Precision":
        import torch

        # A new one every time: an autocast object remembers what was before it, once.
        context = torch.autocast(
            self.device.type, dtype=self.dtype or torch.bfloat16, enabled=self.dtype is not None
        )
        context.__enter__()
        self._entered.append(context)
        return self

    def __exit__(self, *error: Any) -> None:
        self._entered.pop().__exit__(*error)

    def scale(self, loss: "torch.Tensor") -> "torch.Tensor":
        """Return what `backward` is to be called on: the loss, scaled where that is needed."""
        return loss if self.scaler is None else self.scaler.scale(loss)

    def step(self, optimizer: "torch.optim.Optimizer") -> None:
        """Let the optimizer step, with the gradients scaled back.

        Where a scale was too large, so that gradients are not finite, it is halved and the step
        left out.
        """
        if self.scaler is None:
            optimizer.step()
        else:
            self.scaler.step(optimizer)
            self.scaler.update()

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint needs: the scaler's state; empty without one."""
        return {} if self.scaler is None else self.scaler.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a state; that of a device without a scaler, or for one, changes nothing."""
        if self.scaler is not None and state:
            self.scaler.load_state_dict(state)


def mixed_precision(device: "AnyDevice", enabled: bool = True) -> Precision:
    """Return the precision that suits a device, a context for the forward pass.

    bfloat16 where the hardware computes with it (CUDA of capability 8.0 or more, CPUs with AMX or
    AVX512-BF16); float16 with scaled gradients on older GPUs; float32 on other CPUs, where
    bfloat16 is slower (measured: a ResNet's training step 2.5 times), and on MPS.

    Parameters
    ----------
    device : what is computed on.
    enabled : False for float32 on any device.

    Raises
    ------
    DeviceError
        If the device is not there.
    TypeError
        If `device` is none.
    """
    import torch

    device = as_device(device)
    if not enabled:
        return Precision(device, why="float32: mixed precision is switched off.")
    if device.type == "cuda":
        major, minor = torch.cuda.get_device_capability(device)
        # torch.cuda.is_bf16_supported also says yes where bfloat16 is only emulated.
        if major >= 8:
            why = f"bfloat16: this GPU (capability {major}.{minor}) computes with it."
            return Precision(device, torch.bfloat16, None, why)
        why = f"float16 with scaled gradients: this GPU (capability {major}.{minor}) has no bf16."
        return Precision(device, torch.float16, torch.amp.GradScaler("cuda"), why)
    if device.type == "cpu":
        native = sorted(_cpu_flags() & {"amx_bf16", "avx512_bf16"})
        if native:
            why = f"bfloat16: this CPU computes with it ({native[0]})."
            return Precision(device, torch.bfloat16, None, why)
        return Precision(device, why="float32: this CPU is slower with fewer bits.")
    return Precision(device, why=f"float32: on {device.type} fewer bits gain nothing sure.")


_CPU_FILE = Path("/proc/cpuinfo")


def _cpu_flags() -> set[str]:
    """Return the names of what the first CPU can do; empty where the system does not tell."""
    try:
        text = _CPU_FILE.read_text("utf-8", "replace")
    except OSError:  # no Linux
        return set()
    lines = (line.partition(":") for line in text.splitlines())
    return next((set(flags.split()) for key, _, flags in lines if key.strip() == "flags"), set())


# --- The clock ------------------------------------------------------------------------------------


def synchronize(device: "AnyDevice") -> None:
    """Wait until a device has done all it was given; a CPU always has."""
    import torch

    device = as_device(device)
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()


class timed:  # noqa: N801  a context, read like a verb
    """Measures how long a block takes on a device.

    A GPU is handed its work and computes while Python goes on; so this waits for it before the
    clock is read, at both ends. `with timed(device) as clock: ...`, then `clock.seconds`.

    Parameters
    ----------
    device : what the block computes on.

    Attributes
    ----------
    seconds : how long the last block took, in seconds; NaN if it has not ended well.

    Raises
    ------
    DeviceError
        If the device is not there.
    TypeError
        If `device` is none.
    """

    def __init__(self, device: "AnyDevice") -> None:
        self._device = as_device(device)
        self.seconds = float("nan")

    def __enter__(self) -> "timed":
        self.seconds = float("nan")  # also where this block fails and one before it did not
        synchronize(self._device)
        self._start = perf_counter()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: Any) -> None:
        if kind is None:
            synchronize(self._device)
            self.seconds = perf_counter() - self._start

    def __repr__(self) -> str:
        return f"{self.seconds:.3g} s"


# --- Memory ---------------------------------------------------------------------------------------


def memory_report(device: "AnyDevice") -> str:
    """Return one sentence about a device's memory: what this program uses, and what is free.

    Raises
    ------
    DeviceError
        If the device is not there.
    TypeError
        If `device` is none.
    """
    import torch

    device = as_device(device)
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        used, most = torch.cuda.memory_allocated(device), torch.cuda.max_memory_allocated(device)
        return (
            f"GPU memory: tensors of this program take {_size(used)}, at most {_size(most)} so "
            f"far; {_size(free)} of {_size(total)} are free."
        )
    if device.type == "mps":
        used, held = torch.mps.current_allocated_memory(), torch.mps.driver_allocated_memory()
        return (
            f"GPU memory: tensors of this program take {_size(used)}, and {_size(held)} are held "
            "for it."
        )
    most, free, total = _machine_memory()
    said = f"Memory: this program takes at most {_size(most)} so far" if most else "Memory"
    if total:
        return f"{said}; {_size(free)} of {_size(total)} are free."
    return f"{said}; this system does not say how much is free."


def _machine_memory() -> tuple[int, int, int]:
    """Return bytes: the most this process has had, free ones, all; 0 for what is not known."""
    most = 0
    try:
        import resource
    except ImportError:  # Windows
        most = 0
    else:
        unit = 1 if sys.platform == "darwin" else 1024
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:  # no Linux
        return most, 0, 0
    known = {key: int(rest.split()[0]) * 1024 for key, _, rest in (x.partition(":") for x in lines)}
    return most, known.get("MemAvailable", 0), known.get("MemTotal", 0)


def _size(count: float) -> str:
    """Return a number of bytes in words."""
    for unit in ("bytes", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count /= 1024
    return f"{count:.1f} GiB"


_GPU_IS_FULL = (
    "CUDA out of memory",
    "CUDA error: out of memory",
    "MPS backend out of memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)
_MACHINE_IS_FULL = ("DefaultCPUAllocator", "can't allocate memory", "not enough memory")


@contextmanager
def out_of_memory(batch_size: int) -> Iterator[None]:
    """Turn "out of memory", of a GPU or of the machine, into one sentence.

    What the failed block held is let go, so that a smaller batch can be tried at once.

    Parameters
    ----------
    batch_size : how many examples the block takes at a time, at least 1.

    Raises
    ------
    OutOfMemory
        If the block runs out of memory; it says which batch size to try. Other errors pass.
    ValueError
        If `batch_size` is below 1.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, got {batch_size}")
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        what = _what_is_full(error)
        if not what:
            raise
        # The frames of the failed block hold its tensors for as long as the error lives.
        traceback.clear_frames(error.__traceback__)
        others = _held_by_others() if what == "GPU" else ""
        smaller = batch_size // 2
        if smaller:
            advice = f"Try a batch size of {smaller}"
        else:
            advice = "Not even one example fits: take a smaller network or smaller images"
        raise OutOfMemory(
            f"The {what}'s memory is full at a batch size of {batch_size}{others}. {advice}.",
            smaller,
        ) from None


def _what_is_full(error: BaseException) -> str:
    """Return "GPU", "machine", or nothing if the error says something else."""
    import torch

    said = str(error)
    if isinstance(error, torch.cuda.OutOfMemoryError) or any(x in said for x in _GPU_IS_FULL):
        return "GPU"
    full = isinstance(error, MemoryError) or any(x in said for x in _MACHINE_IS_FULL)
    return "machine" if full else ""


def _held_by_others() -> str:
    """Give back what torch keeps for later; say how much other programs hold, if it is much."""
    import torch

    if not torch.cuda.is_available():
        return ""
    torch.cuda.empty_cache()
    free, total = torch.cuda.mem_get_info()
    others = total - free - torch.cuda.memory_reserved()
    if others < total / 4:
        return ""
    return f" (other programs hold {_size(others)} of {_size(total)})"
