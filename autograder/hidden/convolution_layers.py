"""Hidden tests of the notebook convolution_layers.

Oracles: torch.nn.functional and its autograd in float64, scipy.signal, and central differences of
what scipy computes. Sides are at most 41 and volumes small: earlier answers, which an answer may
build on, are then lent in the student's place.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import torch
from numpy.random import Generator
from scipy import signal
from torch.nn import functional

from autograder.grading.student import Function, Student
from autograder.hidden import (
    Partly,
    close,
    follows,
    hidden,
    holds,
    parts,
    raises,
    replay,
    unchanged,
)
from course_utils.compare import difference
from course_utils.reference import convolution_layers as reference

# For volumes this small, waiting for other threads takes torch twenty times as long.
torch.set_num_threads(1)

_SIZES: dict[str, Callable[..., Any]] = {"output_size": reference.output_size}
_NEURONS = {**_SIZES, "neuron_response": reference.neuron_response}
_LAYERS = {
    **_SIZES,
    "conv2d_forward": reference.conv2d_forward,
    "conv2d_fast": reference.conv2d_fast,
}

# --- output_size ----------------------------------------------------------------------------------


def _covered(size: int, kernel: int, stride: int, padding: int) -> tuple[int, int]:
    """Lay torch's windows over a numbered side; return how many, and what is behind the last."""
    side = torch.arange(size + 2 * padding)
    windows = side.unfold(0, kernel, stride)
    return len(windows), int(side[-1] - windows[-1, -1])


def _fits(student: Student, size: int, kernel: int, stride: int, padding: int) -> None:
    found = parts(student.output_size(size, kernel, stride, padding), 2)
    close(found, _covered(size, kernel, stride, padding))


@hidden(
    "output_size", points=1, says="how many places there are, strides and paddings of all kinds"
)
def places(student: Student, rng: Generator) -> None:
    for kernel, stride in product((1, 2, 3, 5), (1, 2, 3, 4)):
        padding, size = (kernel + stride) % 4, int(rng.integers(6, 40))
        # A stride beyond 1 fits at most one of two neighbouring sizes.
        for side in (size, size + 1):
            found = parts(student.output_size(side, kernel, stride, padding), 2)
            close(found[0], _covered(side, kernel, stride, padding)[0])


@hidden("output_size", points=1, says="both numbers, for strides that do and do not fit")
def both_numbers(student: Student, rng: Generator) -> None:
    for kernel, stride, padding in ((3, 2, 0), (2, 3, 1), (4, 5, 2), (7, 4, 3), (5, 1, 2)):
        size = int(rng.integers(9, 30))
        for more in range(stride + 1):
            _fits(student, size + more, kernel, stride, padding)


@hidden(
    "output_size",
    points=0.5,
    says="a single place, a stride beyond the kernel, the defaults; both numbers are int",
)
def sizes_at_edges(student: Student, rng: Generator) -> None:
    size = int(rng.integers(5, 30))
    edges = (
        (size, size, 3, 0),
        (size, size + 2, 2, 1),
        (1, 1, 1, 0),
        (1, 3, 4, 1),
        (size, 2, 7, 0),
    )
    for arguments in (*edges, (size + 3, size, 5, 0), (2 * size, 1, size, 2)):
        _fits(student, *arguments)
    for found, due in (
        (student.output_size(size, 2), _covered(size, 2, 1, 0)),
        (student.output_size(size, kernel=3, stride=2), _covered(size, 3, 2, 0)),
        (student.output_size(size=size, kernel=4, padding=3), _covered(size, 4, 1, 3)),
    ):
        close(parts(found, 2), due)
        _are_whole(found)


def _are_whole(numbers: Any) -> None:
    whole = [isinstance(number, (int, np.integer)) for number in numbers]
    holds(all(whole), "It returns floats where int are due")


@hidden("output_size", points=0.5, says="a kernel that does not fit is refused")
def too_large(student: Student, rng: Generator) -> None:
    size = int(rng.integers(2, 20))
    for kernel, stride, padding in (
        (size + 1, 1, 0),
        (size + 1, 3, 0),
        (size + 3, 2, 1),
        (size + 5, 4, 2),
        (2 * size + 7, 2, 3),
        (3 * size, 5, 0),
    ):
        raises("ValueError", student.output_size, size, kernel, stride, padding)


# --- Arrays that stay on the student's side -------------------------------------------------------

_SAME = "wire.through"
"""The course's function that returns what it is given."""

_IN_MEMORY = ((0, 2, 3, 1), (3, 2, 1, 0))
"""Axes in the order in which they lie in memory: channels last, as in a picture, and Fortran's.

Of the first, np.pad makes a copy that lies row by row; of the second, one in Fortran's order.
"""


@contextmanager
def _unrecorded(student: Student) -> Iterator[None]:
    """Forget the calls that are made meanwhile.

    Known mistakes cannot be tried on what stays over there; one such call would hide them all.
    """
    known = len(student.calls)
    try:
        yield
    finally:
        del student.calls[known:]


def _stays(function: Function, first: Any, later: Any, due: Any) -> None:
    """Raise `Wrong` if a later call changes what an earlier one has returned.

    `first` and `later` are the arguments of the two calls, `due` is the result of the first.
    """
    with _unrecorded(function.student):
        kept = function.make(*first)
        function(*later)
        found = function.student.using(_SAME)(kept)
    alike = difference(found, due) is None
    holds(alike, "A later call changes what an earlier one has returned")


def _right_for_views(function: Function, arguments: Any, due: Any) -> None:
    """Raise `Wrong` if a function goes wrong where the arrays of four axes are views of others."""
    close(function(*arguments), due)
    for in_memory in _IN_MEMORY:
        with _unrecorded(function.student):
            found = function(*(_view(function.student, one, in_memory) for one in arguments))
        alike = difference(found, due) is None
        holds(alike, "It is wrong for arrays that are views of others, such as transposed ones")


def _view(student: Student, value: Any, in_memory: tuple[int, ...]) -> Any:
    """Return an array of four axes as one over there that lies in memory in another order.

    What crosses the wire lies there row by row, so that it has to be transposed afterwards.
    """
    if np.ndim(value) != 4:
        return value
    stored = student.using(_SAME).make(value.transpose(in_memory))
    return stored.transpose.make(*np.argsort(in_memory).tolist())


# --- neuron_response ------------------------------------------------------------------------------


def _draw(rng: Generator, *shape: int) -> Any:
    """Draw an array."""
    return rng.normal(size=shape)


def _tensors(*arrays: Any) -> list[Any]:
    return [torch.tensor(array, dtype=torch.float64) for array in arrays]


def _response(region: Any, W: Any, b: float) -> float:
    return float(functional.conv2d(*_tensors(region[None], W[None], [b])))


def _above_zero(rng: Generator, region: Any, W: Any) -> float:
    """Draw a bias with which the response is above 0: what goes below has a test of its own."""
    return float(max(0.0, -_response(region, W, 0.0)) + rng.uniform(1.0, 3.0))


@hidden("neuron_response", points=1.5, says="regions of several shapes")
def regions(student: Student, rng: Generator) -> None:
    for shape in ((3, 5, 5), (2, 3, 4), (4, 4, 2), (3, 3, 3)):
        region, W = _draw(rng, *shape), _draw(rng, *shape)
        b = _above_zero(rng, region, W)
        close(student.neuron_response(region, W, b), _response(region, W, b))


@hidden("neuron_response", points=1, says="a single channel, row, column, entry; region and W stay")
def narrow_regions(student: Student, rng: Generator) -> None:
    for shape in ((1, 4, 3), (5, 1, 1), (3, 1, 6), (2, 5, 1), (1, 1, 1)):
        region, W = _draw(rng, *shape), _draw(rng, *shape)
        b = _above_zero(rng, region, W)
        due = float(signal.correlate(region, W, mode="valid").item()) + b
        close(unchanged(student.neuron_response, region, W, b), due)


@hidden("neuron_response", points=0.5, says="responses below 0, zeros, a bias that is an int")
def responses_below_zero(student: Student, rng: Generator) -> None:
    for b in (0.0, -3, int(rng.integers(1, 5))):
        region = rng.uniform(1.0, 2.0, (2, 3, 2))
        W = -rng.uniform(1.0, 2.0, region.shape)
        close(student.neuron_response(region, W, b), _response(region, W, b))
        close(student.neuron_response(region, np.zeros_like(W), b), float(b))


# --- conv2d_forward -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Layer:
    """A convolution layer, its input, and what torch and scipy make of them."""

    X: Any
    W: Any
    b: Any
    stride: int = 1
    padding: int = 0

    @property
    def how(self) -> tuple[int, int]:
        """Stride and padding."""
        return self.stride, self.padding

    @property
    def given(self) -> tuple[Any, ...]:
        """What the layer is called with."""
        return self.X, self.W, self.b, *self.how

    def due(self) -> Any:
        """Return what torch computes."""
        return self._by_torch(*_tensors(self.X, self.W, self.b)).numpy()

    def _by_torch(self, X: Any, W: Any, b: Any) -> Any:
        return functional.conv2d(X, W, b, self.stride, self.padding)

    def due_by_scipy(self) -> Any:
        """Return what scipy computes: correlations in three dimensions, channel by channel."""
        sides = [(0, 0), (self.padding, self.padding), (self.padding, self.padding)]
        correlate = partial(signal.correlate, mode="valid", method="direct")
        Y = [[correlate(np.pad(x, sides), w)[0] for w in self.W] for x in self.X]
        return np.array(Y)[:, :, :: self.stride, :: self.stride] + self.b[:, None, None]

    def slopes(self, rng: Generator) -> Any:
        """Draw derivatives of a loss by the output."""
        return _draw(rng, *self.due().shape)

    def due_back(self, slopes: Any) -> tuple[Any, Any, Any]:
        """Return what torch's autograd computes."""
        places = [tensor.requires_grad_() for tensor in _tensors(self.X, self.W, self.b)]
        found = torch.autograd.grad(self._by_torch(*places), places, torch.tensor(slopes))
        dX, dW, db = (slope.numpy() for slope in found)
        return dX, dW, db

    def differences(self, slopes: Any) -> tuple[Any, Any, Any]:
        """Return the same as central differences of what scipy computes."""

        def loss(name: str, values: Any) -> float:
            return float(np.vdot(slopes, replace(self, **{name: values}).due_by_scipy()))

        dX, dW, db = (_differences(partial(loss, name), getattr(self, name)) for name in "XWb")
        return dX, dW, db


def _differences(function: Callable[[Any], float], x: Any) -> Any:
    """Return the central differences of a function of an array; of a linear one they are exact."""
    slopes, step = np.empty_like(x), 0.5
    for place in np.ndindex(x.shape):
        ahead, behind = x.copy(), x.copy()
        ahead[place] += step
        behind[place] -= step
        slopes[place] = (function(ahead) - function(behind)) / (2.0 * step)
    return slopes


def _layer(
    rng: Generator, n: int, channels: tuple[int, int], sides: Any, kernel: Any, *how: int
) -> _Layer:
    """Draw a layer: examples, channels in and out, sides of the images and of the kernels."""
    inputs, outputs = channels
    X, W = _draw(rng, n, inputs, *sides), _draw(rng, outputs, inputs, *kernel)
    return _Layer(X, W, rng.uniform(1.0, 2.0, outputs) * rng.choice([-1.0, 1.0], outputs), *how)


# Examples, channels in and out, sides, kernel, stride, padding. In the last cases of the first
# three, sizes are alike, so that what is mixed up has the right shape all the same.
_PLAIN = (
    (2, (3, 4), (6, 8), (3, 2)),
    (3, (2, 5), (5, 4), (1, 3)),
    (1, (4, 2), (4, 9), (4, 5)),
    (3, (3, 3), (5, 5), (3, 3)),
)
_STRIDES = (
    (2, (3, 2), (7, 9), (3, 2), 2),
    (1, (2, 3), (8, 6), (2, 3), 2),
    (2, (1, 4), (11, 8), (4, 3), 3),
    (2, (2, 2), (6, 6), (3, 3), 2),
)
_PADDINGS = (
    # The first one has two zeros at each end: half of them is not none.
    (1, (3, 2), (3, 5), (2, 5), 1, 2),
    (2, (2, 3), (4, 6), (3, 2), 1, 1),
    (2, (2, 2), (4, 4), (3, 3), 1, 1),
)
_BOTH = (
    (2, (2, 3), (5, 8), (3, 4), 2, 1),
    (1, (3, 2), (7, 4), (2, 3), 3, 2),
    (2, (2, 4), (6, 5), (4, 2), 2, 2),
)
_EDGES = (
    # Two rows of three places: of a single row, columns first and channels last look the same.
    (1, (1, 1), (5, 7), (2, 2), 2, 0),
    (2, (3, 2), (3, 2), (5, 4), 1, 1),
    (2, (2, 3), (4, 6), (4, 6), 1, 0),
    (1, (2, 1), (5, 7), (1, 1), 3, 0),
    (2, (1, 3), (8, 6), (2, 1), 4, 1),
    (1, (2, 2), (2, 1), (1, 2), 2, 3),
    (3, (2, 4), (1, 1), (1, 1), 1, 0),
    # A kernel as large as the image, and yet several places.
    (2, (2, 3), (3, 4), (3, 4), 1, 1),
)
_VIEWED = (2, (3, 2), (5, 4), (2, 3))


@hidden(
    "conv2d_forward", points=2, says="several examples, channels in and out; no stride, no padding"
)
@follows(**_NEURONS)
def plain_layers(student: Student, rng: Generator) -> None:
    for case in _PLAIN:
        one = _layer(rng, *case)
        close(student.conv2d_forward(one.X, one.W, one.b), one.due())


@hidden("conv2d_forward", points=1.5, says="strides, most of which leave rows or columns over")
@follows(**_NEURONS)
def layers_with_strides(student: Student, rng: Generator) -> None:
    for case in _STRIDES:
        one = _layer(rng, *case)
        close(student.conv2d_forward(one.X, one.W, one.b, one.stride), one.due())


@hidden("conv2d_forward", points=1.5, says="paddings; compared with scipy")
@follows(**_NEURONS)
def layers_with_paddings(student: Student, rng: Generator) -> None:
    for case in _PADDINGS:
        one = _layer(rng, *case)
        found = student.conv2d_forward(one.X, one.W, one.b, padding=one.padding)
        close(found, one.due_by_scipy())


@hidden("conv2d_forward", points=1.5, says="stride and padding together; compared with scipy")
@follows(**_NEURONS)
def layers_with_both(student: Student, rng: Generator) -> None:
    for case in _BOTH:
        one = _layer(rng, *case)
        close(student.conv2d_forward(one.X, one.W, one.b, *one.how), one.due_by_scipy())


@hidden(
    "conv2d_forward",
    points=1,
    says="a single example, channel, place; kernels of one entry, a stride beyond the kernel",
)
@follows(**_NEURONS)
def layers_at_edges(student: Student, rng: Generator) -> None:
    for case in _EDGES:
        one = _layer(rng, *case)
        close(student.conv2d_forward(one.X, one.W, one.b, *one.how), one.due())


@hidden(
    "conv2d_forward",
    points=0.5,
    says="X, W and b stay as they were, and so does what was returned; views of other arrays",
)
@follows(**_NEURONS)
def layers_untouched(student: Student, rng: Generator) -> None:
    one, other = (_layer(rng, 2, (2, 3), (4, 5), (2, 3)) for _ in range(2))
    # Its output would have room in its input.
    small = _layer(rng, 2, (3, 3), (4, 5), (1, 1))
    for layer in (one, other, one, small):
        close(unchanged(student.conv2d_forward, layer.X, layer.W, layer.b), layer.due())
    _stays(student.conv2d_forward, one.given, other.given, one.due())
    one = _layer(rng, *_VIEWED)
    _right_for_views(student.conv2d_forward, one.given, one.due())


# --- conv2d_fast ----------------------------------------------------------------------------------


@hidden(
    "conv2d_fast",
    points=0.75,
    says="several examples, channels in and out; X, W and b stay, and so does what was returned",
)
@follows(**_SIZES)
def fast_plain_layers(student: Student, rng: Generator) -> None:
    for case in (*_PLAIN, (2, (3, 3), (4, 5), (1, 1))):
        one = _layer(rng, *case)
        close(unchanged(student.conv2d_fast, one.X, one.W, one.b), one.due())
    one, other = (_layer(rng, 1, (2, 3), (4, 5), (2, 2)) for _ in range(2))
    close(student.conv2d_fast(other.X, other.W, other.b), other.due())
    _stays(student.conv2d_fast, one.given, other.given, one.due())


@hidden("conv2d_fast", points=0.75, says="strides and paddings of many kinds")
@follows(**_SIZES)
def fast_strides_and_paddings(student: Student, rng: Generator) -> None:
    for case in (*_STRIDES, *_PADDINGS, *_BOTH, *_EDGES):
        one = _layer(rng, *case)
        close(student.conv2d_fast(*one.given), one.due())


@hidden(
    "conv2d_fast",
    points=0.5,
    says="float32 is answered in float32; a larger layer; views of other arrays",
)
@follows(**_SIZES)
def fast_in_float32(student: Student, rng: Generator) -> None:
    for case in ((2, (3, 4), (7, 6), (3, 2), 1, 0), (4, (16, 24), (12, 15), (5, 3), 2, 1)):
        one = _layer(rng, *case)
        singles = [values.astype(np.float32) for values in (one.X, one.W, one.b)]
        found = student.conv2d_fast(*singles, stride=one.stride, padding=one.padding)
        # Sums of some hundred numbers, in another order than torch's.
        close(found, one.due(), atol=1e-3)
        holds(found.dtype == np.float32, "It answers float32 in another type")
    one = _layer(rng, *_VIEWED)
    _right_for_views(student.conv2d_fast, one.given, one.due())


_BANDS = ((3.0, 1.0 / 3.0), (16.0, 1.0))
"""How many times as fast as the loop, and what share that is worth.

Medians measured in the sandbox and in one process: loops over outputs up to 1.9; over places 4
(tensordot), 8 to 10 (sums of products), 9 to 13 (einsum, products of matrices), but 1.7 with an
einsum that looks for the best way at each of them; a loop over filters 25 to 31; im2col filled by a
loop 26 to 34; FFT 32 to 70; one einsum over all windows 64 to 83; a loop over the kernel's entries
72 to 163; products of matrices 99 to 308.
"""

_TIMED = (1, (1, 14), (60, 60), (3, 3), 1, 1)
"""What is timed: few channels, since a loop over places does all of them at once.

With 16 channels in and 32 out such loops are 5 to 36 times as fast as the loop, and what does
without them 2.5 to 240 times: no threshold tells them apart.
"""

_TIMES = 5
"""How often it is timed. The best counts: whatever else the machine does can only add to it."""

_LOOPED_ROWS = 4
"""Of 60: a loop takes as long for one output as for every other."""


@hidden("conv2d_fast", points=3, says="speed: 3 and 16 times that of a loop over all outputs")
@follows(**_SIZES)
def speed(student: Student, rng: Generator) -> None:
    """CPU time is taken outside the student's process; the best counts, for each side."""
    for case in (*_STRIDES, *_PADDINGS, *_BOTH):
        # What is wrong is worth nothing, however fast it is.
        one = _layer(rng, *case)
        close(student.conv2d_fast(*one.given), one.due())
    ours = theirs = np.inf
    for _ in range(_TIMES):
        one = _layer(rng, *_TIMED)
        ours = min(ours, _looped_seconds(one))
        found, seconds = student.conv2d_fast.timed(*one.given)
        close(found, one.due())
        theirs = min(theirs, seconds)
    reached = [share for times, share in _BANDS if ours >= times * theirs]
    if len(reached) < len(_BANDS):
        times = _BANDS[len(reached)][0]
        raise Partly(
            f"It is right, but not {times:g} times as fast as a loop over all outputs",
            max(reached, default=0.0),
        )


def _looped_seconds(one: _Layer) -> float:
    """Return the CPU time of a loop over all outputs, from that for some rows of them."""
    pad = one.padding
    padded = np.pad(one.X, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
    high, wide = one.W.shape[2:]
    rows, columns = map(int, one.X.shape[2:])
    Y = np.empty((len(one.W), _LOOPED_ROWS, columns))
    start = time.process_time()
    for channel, row, column in np.ndindex(Y.shape):
        region = padded[0, :, row : row + high, column : column + wide]
        Y[channel, row, column] = (region * one.W[channel]).sum() + one.b[channel]
    return (time.process_time() - start) * rows / _LOOPED_ROWS


# --- conv2d_backward ------------------------------------------------------------------------------


def _backward(student: Student, one: _Layer, slopes: Any) -> Any:
    return parts(student.conv2d_backward(slopes, one.X, one.W, *one.how), 3)


def _check_one(student: Student, rng: Generator, index: int, *cases: Any) -> None:
    """Compare dL/dX, dL/dW or dL/db with torch's."""
    for case in cases:
        one = _layer(rng, *case)
        slopes = one.slopes(rng)
        close(_backward(student, one, slopes)[index], one.due_back(slopes)[index])


@hidden("conv2d_backward", points=0.75, says="dL/db: a sum over examples and places")
@follows(**_LAYERS)
def slopes_by_biases(student: Student, rng: Generator) -> None:
    _check_one(student, rng, 2, *_PLAIN, *_BOTH)


@hidden("conv2d_backward", points=1.75, says="dL/dW without stride and padding")
@follows(**_LAYERS)
def slopes_by_weights(student: Student, rng: Generator) -> None:
    _check_one(student, rng, 1, *_PLAIN)


@hidden("conv2d_backward", points=1.5, says="dL/dX without stride and padding")
@follows(**_LAYERS)
def slopes_by_inputs(student: Student, rng: Generator) -> None:
    _check_one(student, rng, 0, *_PLAIN)


@hidden("conv2d_backward", points=1.25, says="dL/dW with strides and paddings")
@follows(**_LAYERS)
def slopes_by_weights_with_both(student: Student, rng: Generator) -> None:
    _check_one(student, rng, 1, *_STRIDES, *_PADDINGS, *_BOTH)


@hidden("conv2d_backward", points=1, says="dL/dX with strides, most of which leave entries over")
@follows(**_LAYERS)
def slopes_by_inputs_with_strides(student: Student, rng: Generator) -> None:
    _check_one(student, rng, 0, *_STRIDES)


@hidden("conv2d_backward", points=1, says="dL/dX with paddings")
@follows(**_LAYERS)
def slopes_by_inputs_with_paddings(student: Student, rng: Generator) -> None:
    _check_one(student, rng, 0, *_PADDINGS)


@hidden("conv2d_backward", points=1.25, says="all three, compared with central differences")
@follows(**_LAYERS)
def slopes_by_differences(student: Student, rng: Generator) -> None:
    for case in ((2, (2, 3), (4, 5), (3, 2), 2, 1), (1, (2, 1), (3, 4), (2, 3), 3, 2)):
        one = _layer(rng, *case)
        slopes = one.slopes(rng)
        close(_backward(student, one, slopes), one.differences(slopes))


@hidden(
    "conv2d_backward",
    points=0.5,
    says="single examples, channels, places; gaps; views of other arrays; inputs and results stay",
)
@follows(**_LAYERS)
def slopes_at_edges(student: Student, rng: Generator) -> None:
    for case in _EDGES:
        one = _layer(rng, *case)
        slopes = one.slopes(rng)
        found = unchanged(student.conv2d_backward, slopes, one.X, one.W, *one.how)
        close(parts(found, 3), one.due_back(slopes))
    one, other = _layer(rng, *_PLAIN[0]), _layer(rng, *_PLAIN[0])
    slopes = one.slopes(rng)
    due = one.due_back(slopes)
    close(student.conv2d_backward(slopes, one.X, one.W), due)
    later = other.slopes(rng), other.X, other.W
    _stays(student.conv2d_backward, (slopes, one.X, one.W), later, due)
    one = _layer(rng, *_VIEWED)
    slopes = one.slopes(rng)
    _right_for_views(student.conv2d_backward, (slopes, one.X, one.W), one.due_back(slopes))


# --- count_weights --------------------------------------------------------------------------------


def _counted(
    shape: tuple[int, ...], outputs: int, kernel: int, stride: int, padding: int, shared: bool
) -> tuple[int, int]:
    """Count what torch's layers have; on the device `meta` they take no memory."""
    layer = torch.nn.Conv2d(shape[0], outputs, kernel, stride, padding, device="meta")
    if shared:
        return layer.weight.numel(), layer.bias.numel()  # type: ignore[union-attr]
    neurons = layer(torch.empty(1, *shape, device="meta")).numel()
    one = torch.nn.Conv2d(shape[0], 1, kernel, device="meta")
    return neurons * one.weight.numel(), neurons * one.bias.numel()  # type: ignore[union-attr]


# A tolerance in proportion would forgive the biases of a layer.
_EXACT = {"rtol": 0.0, "atol": 0.5}


def _shape(rng: Generator) -> tuple[int, int, int]:
    """Draw channels, rows and columns that are all different."""
    channels, rows, columns = rng.permutation(np.arange(9, 36))[:3].tolist()
    return channels, rows, columns


def _check_counts(student: Student, rng: Generator, shared: bool, *layers: Any) -> None:
    for outputs, kernel, stride, padding in layers:
        arguments = _shape(rng), outputs, kernel, stride, padding, shared
        close(student.count_weights(*arguments), _counted(*arguments), **_EXACT)


@hidden("count_weights", points=1.5, says="convolution layers")
@follows(**_SIZES)
def counts_of_shared(student: Student, rng: Generator) -> None:
    layers = ((6, 5, 1, 0), (7, 3, 2, 0), (8, 4, 1, 2), (1, 1, 3, 1), (40, 7, 2, 3))
    _check_counts(student, rng, True, *layers)


@hidden("count_weights", points=1.25, says="locally connected layers")
@follows(**_SIZES)
def counts_of_local(student: Student, rng: Generator) -> None:
    _check_counts(student, rng, False, (6, 5, 1, 0), (7, 3, 1, 0), (1, 2, 1, 0), (4, 1, 1, 0))


@hidden("count_weights", points=0.75, says="locally connected layers with strides and paddings")
@follows(**_SIZES)
def counts_with_strides(student: Student, rng: Generator) -> None:
    layers = ((5, 3, 2, 0), (4, 4, 1, 2), (6, 5, 3, 1), (2, 3, 4, 2), (3, 2, 5, 0))
    _check_counts(student, rng, False, *layers, *layers)


@hidden(
    "count_weights",
    points=0.5,
    says="defaults, a single place, more weights than 32 bits count; both numbers are int",
)
@follows(**_SIZES)
def counts_at_edges(student: Student, rng: Generator) -> None:
    shape = _shape(rng)
    for found, due in (
        (student.count_weights(shape, 5, 3), _counted(shape, 5, 3, 1, 0, True)),
        (
            student.count_weights(shape=shape, outputs=4, kernel=2, padding=2, shared=False),
            _counted(shape, 4, 2, 1, 2, False),
        ),
    ):
        close(parts(found, 2), due, **_EXACT)
        _are_whole(found)
    outputs = int(rng.integers(500, 1000))
    for arguments in (
        ((512, 39, 37), outputs, 5, 1, 2, False),
        ((512, 9, 9), 500 * outputs, 9, 1, 0, True),
        ((1, 12, 10), 6, 3, 1, 1, True),
        ((1, 12, 10), 6, 3, 2, 0, False),
        ((3, 5, 5), outputs, 7, 2, 1, False),
    ):
        close(student.count_weights(*arguments), _counted(*arguments), **_EXACT)


# --- max_pool_forward -----------------------------------------------------------------------------


def _pooled(X: Any, size: int, stride: int) -> tuple[Any, Any]:
    """Return torch's maxima, and the first place of each in its window."""
    Y = functional.max_pool2d(torch.tensor(X), size, stride).numpy()
    indices = np.empty(Y.shape, np.int64)
    for n, c, i, j in np.ndindex(Y.shape):
        top, left = i * stride, j * stride
        window = X[n, c, top : top + size, left : left + size].ravel().tolist()
        indices[n, c, i, j] = window.index(Y[n, c, i, j])
    return Y, indices


# Shape and size: windows one beside the other, to the end.
_TILES = (((2, 3, 4, 6), 2), ((1, 2, 6, 9), 3), ((3, 1, 8, 4), 4))
# Shape, size, stride: windows that overlap, have gaps between them, leave rows and columns over.
_POOLS = (
    ((2, 2, 6, 7), 3, 2),
    ((1, 3, 5, 8), 2, 1),
    ((2, 1, 9, 8), 4, 3),
    ((1, 2, 8, 11), 2, 3),
    ((2, 3, 7, 5), 2, 2),
)


@hidden("max_pool_forward", points=0.5, says="the largest entries; windows one beside the other")
@follows(**_SIZES)
def maxima(student: Student, rng: Generator) -> None:
    for shape, size in _TILES:
        X = np.abs(_draw(rng, *shape))
        close(parts(student.max_pool_forward(X, size, size), 2)[0], _pooled(X, size, size)[0])


@hidden("max_pool_forward", points=0.5, says="where they are in their windows")
@follows(**_SIZES)
def places_of_maxima(student: Student, rng: Generator) -> None:
    for shape, size in _TILES:
        X = np.abs(_draw(rng, *shape))
        close(parts(student.max_pool_forward(X, size, size), 2)[1], _pooled(X, size, size)[1])


@hidden(
    "max_pool_forward", points=0.5, says="windows that overlap, gaps, rows left over: both parts"
)
@follows(**_SIZES)
def pools_with_strides(student: Student, rng: Generator) -> None:
    for shape, size, stride in _POOLS:
        X = _draw(rng, *shape)
        close(parts(student.max_pool_forward(X, size, stride), 2), _pooled(X, size, stride))


@hidden(
    "max_pool_forward",
    points=0.5,
    says="equal and negative entries, a single window, defaults; views of arrays; X and Y stay",
)
@follows(**_SIZES)
def pools_at_edges(student: Student, rng: Generator) -> None:
    for shape, size, stride in (*_POOLS, ((1, 1, 3, 3), 3, 1), ((2, 2, 3, 4), 1, 2)):
        # Few different values: most windows hold the largest one more than once.
        for least in (0, -3):
            X = rng.integers(least, least + 3, shape).astype(np.float64)
            found = unchanged(student.max_pool_forward, X, size, stride)
            close(parts(found, 2), _pooled(X, size, stride))
    for X in (_draw(rng, 2, 2, 5, 6), -1e12 * rng.uniform(1.0, 2.0, (1, 2, 4, 5))):
        close(student.max_pool_forward(X), _pooled(X, 2, 2))
    X = _draw(rng, 1, 2, 5, 8)
    close(student.max_pool_forward(X, stride=3, size=2), _pooled(X, 2, 3))
    # A stride that is not named is 2, however large the window.
    X = _draw(rng, 1, 2, 6, 7)
    close(student.max_pool_forward(X, 3), _pooled(X, 3, 2))
    # Windows of more than 256 entries, and entries that are nearly equal.
    X = _draw(rng, 1, 1, 18, 19)
    X[0, 0, 16, 16] = 10.0
    close(student.max_pool_forward(X, 17, 1), _pooled(X, 17, 1))
    X = 1.0 + 1e-6 * rng.permuted(np.tile(np.arange(4.0), (2, 6)), axis=1).reshape(1, 2, 4, 6)
    close(parts(student.max_pool_forward(X), 2)[1], _pooled(X, 2, 2)[1])
    X = _draw(rng, 2, 3, 5, 6)
    _stays(student.max_pool_forward, (X,), (_draw(rng, *X.shape),), _pooled(X, 2, 2))
    _right_for_views(student.max_pool_forward, (X, 3, 2), _pooled(X, 3, 2))


@replay("max_pool_forward")
def printed_pools(max_pool_forward: Any) -> None:
    # Multiples of an eighth, many of them equal; those of the second example are all below 0.
    X = (np.arange(160.0) ** 2 * 7.0 % 101.0 // 12.0 / 8.0).reshape(2, 2, 5, 8)
    X[1] -= 2.0
    for size, stride in ((2, 2), (3, 2), (2, 3), (3, 1)):
        Y, indices = max_pool_forward(X, size, stride)
        print(size, stride, np.round(Y, 4).tolist())
        print(size, stride, indices.tolist())


# --- max_pool_backward ----------------------------------------------------------------------------


def _sent_back(X: Any, slopes: Any, size: int, stride: int) -> Any:
    """Return what torch's autograd computes, for entries that are all different."""
    place = torch.tensor(X).requires_grad_()
    Y = functional.max_pool2d(place, size, stride)
    return torch.autograd.grad(Y, place, torch.tensor(slopes))[0].numpy()


def _check_pools(student: Student, rng: Generator, *cases: Any) -> None:
    for shape, size, stride in cases:
        X = _draw(rng, *shape)
        Y, indices = _pooled(X, size, stride)
        slopes = _draw(rng, *Y.shape)
        found = unchanged(student.max_pool_backward, slopes, indices, shape, size, stride)
        close(found, _sent_back(X, slopes, size, stride))


@hidden("max_pool_backward", points=1.25, says="windows one beside the other")
@follows(**_SIZES)
def slopes_of_tiles(student: Student, rng: Generator) -> None:
    _check_pools(student, rng, *((shape, size, size) for shape, size in _TILES))


@hidden("max_pool_backward", points=2, says="windows that overlap")
@follows(**_SIZES)
def slopes_of_overlaps(student: Student, rng: Generator) -> None:
    _check_pools(
        student,
        rng,
        *(((2, 3, 7, 9), 3, 2), ((1, 2, 5, 6), 3, 1)),
        *(((2, 1, 6, 7), 2, 1), ((1, 2, 10, 7), 4, 3), ((1, 1, 9, 11), 5, 2)),
    )


@hidden("max_pool_backward", points=0.75, says="entries in no window: gaps, and rows left over")
@follows(**_SIZES)
def slopes_of_gaps(student: Student, rng: Generator) -> None:
    _check_pools(
        student,
        rng,
        *(((2, 3, 7, 9), 2, 3), ((1, 2, 5, 7), 2, 2), ((2, 1, 5, 8), 1, 3)),
        *(((1, 2, 9, 6), 2, 4), ((2, 2, 8, 7), 3, 3)),
    )


@hidden(
    "max_pool_backward",
    points=1,
    says="central differences; a single window, defaults, whole numbers, a slope of 0",
)
@follows(**_SIZES)
def slopes_of_pools_at_edges(student: Student, rng: Generator) -> None:
    # Whole numbers in any order: half a step changes no maximum, and differences are exact.
    for shape, size, stride in (((1, 2, 4, 5), 3, 1), ((2, 1, 5, 4), 2, 2), ((1, 1, 3, 3), 3, 3)):
        X = rng.permutation(np.prod(shape)).reshape(shape).astype(np.float64)
        Y, indices = _pooled(X, size, stride)
        slopes = rng.integers(-5, 6, Y.shape).astype(np.float64)

        def loss(slopes: Any, size: int, stride: int, x: Any) -> float:
            return float(np.vdot(slopes, _pooled(x, size, stride)[0]))

        due = _differences(partial(loss, slopes, size, stride), X)
        close(student.max_pool_backward(slopes, indices, shape, size, stride), due)
    X = _draw(rng, 2, 3, 5, 6)
    Y, indices = _pooled(X, 2, 2)
    slopes = _draw(rng, *Y.shape)
    found = student.max_pool_backward(slopes, indices, X.shape)
    close(found, _sent_back(X, slopes, 2, 2))
    # A stride that is not named is 2, however large the window.
    X = _draw(rng, 1, 2, 7, 6)
    Y, indices = _pooled(X, 3, 2)
    slopes = _draw(rng, *Y.shape)
    close(student.max_pool_backward(slopes, indices, X.shape, 3), _sent_back(X, slopes, 3, 2))
    # Two windows with the same largest entry; the same call again starts from 0 again.
    X = np.zeros((1, 1, 2, 3))
    X[0, 0, 1, 1] = 1.0
    Y, indices = _pooled(X, 2, 1)
    slopes = _draw(rng, *Y.shape)
    for _ in range(2):
        found = student.max_pool_backward(slopes, indices, X.shape, size=2, stride=1)
        close(found, _sent_back(X, slopes, 2, 1))


# --- average_pool ---------------------------------------------------------------------------------


def _means(X: Any, size: int, stride: int) -> Any:
    """Return torch's means."""
    return functional.avg_pool2d(torch.tensor(X), size, stride).numpy()


def _means_by_scipy(X: Any, size: int, stride: int) -> Any:
    """Return the means as correlations with equal weights."""
    weights = np.full((1, 1, size, size), 1.0 / size**2)
    return signal.correlate(X, weights, mode="valid")[:, :, ::stride, ::stride]


@hidden("average_pool", points=1, says="windows one beside the other")
@follows(**_LAYERS)
def means_of_tiles(student: Student, rng: Generator) -> None:
    for shape, size in _TILES:
        X = _draw(rng, *shape) + 1.0
        close(student.average_pool(X, size, size), _means(X, size, size))


@hidden("average_pool", points=1.25, says="windows that overlap, gaps, rows and columns left over")
@follows(**_LAYERS)
def means_of_overlaps(student: Student, rng: Generator) -> None:
    for shape, size, stride in _POOLS:
        X = _draw(rng, *shape) + 1.0
        close(student.average_pool(X, size, stride), _means_by_scipy(X, size, stride))


@hidden(
    "average_pool",
    points=0.75,
    says="a single window, whole numbers, defaults; views of other arrays; X and the result stay",
)
@follows(**_LAYERS)
def means_at_edges(student: Student, rng: Generator) -> None:
    for shape, size, stride in (((2, 2, 3, 3), 3, 1), ((1, 3, 4, 5), 1, 2), ((1, 1, 5, 7), 3, 4)):
        X = rng.integers(-9, 10, shape).astype(np.float64)
        close(unchanged(student.average_pool, X, size, stride), _means(X, size, stride))
    X = _draw(rng, 2, 3, 5, 6)
    close(student.average_pool(X), _means(X, 2, 2))
    close(student.average_pool(X, stride=1, size=3), _means(X, 3, 1))
    # A stride that is not named is 2, however large the window; X also keeps its last bits.
    close(unchanged(student.average_pool, X, 3), _means(X, 3, 2))
    _stays(student.average_pool, (X,), (_draw(rng, *X.shape),), _means(X, 2, 2))
    _right_for_views(student.average_pool, (X, 3, 2), _means(X, 3, 2))
