"""Known answers to the exercises of convolution_layers: misconceptions, and other right ways."""

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from autograder.variants import Function, in_single_precision, right, survivor, wrong
from course_utils.reference import convolution_layers as reference
from course_utils.types import Bias, Indices, Kernels, Volume

Counts = tuple[int, int]
Shape = tuple[int, int, int]
Slopes = tuple[Volume, Kernels, Bias]
Pooled = tuple[Volume, Indices]

# --- output_size ----------------------------------------------------------------------------------


@wrong(
    "output_size",
    hint="You forget the first place: it is there before the kernel has moved at all. "
    "w_out = floor((w_in + 2 p - k) / s) + 1.",
)
def first_place_forgotten(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    places, rest = reference.output_size(size, kernel, stride, padding)
    return places - 1, rest


@wrong(
    "output_size",
    hint="You add p once. Zeros are put at both ends of the side: w_in + 2 p.",
)
def padding_once(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    return reference.output_size(size + padding, kernel, stride)


@wrong(
    "output_size",
    hint="You put p // 2 zeros at each end. Padding says how many there are at each end, 2 p in all.",
)
def padding_halved_of_a_side(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    return reference.output_size(size, kernel, stride, padding // 2)


@wrong(
    "output_size",
    hint="You leave out the padding. The kernel slides over the padded side, w_in + 2 p.",
)
def no_padding(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    return reference.output_size(size, kernel, stride)


@wrong(
    "output_size",
    hint="You leave out the stride. The kernel moves by s entries at a time: divide by s.",
)
def no_stride(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    return reference.output_size(size, kernel, 1, padding)


@wrong(
    "output_size",
    hint="You round up. A place counts only if the whole kernel is inside the padded side: floor.",
)
def rounded_up(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    _, rest = reference.output_size(size, kernel, stride, padding)
    return math.ceil((size + 2 * padding - kernel) / stride) + 1, rest


@wrong(
    "output_size",
    hint="You round to the nearest number. A place counts only if the whole kernel is inside the "
    "padded side: floor.",
)
def rounded(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    _, rest = reference.output_size(size, kernel, stride, padding)
    return round((size + 2 * padding - kernel) / stride) + 1, rest


@wrong(
    "output_size",
    hint="You do not round. There is no place that is a fraction: divide with //.",
)
def not_rounded(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Any:
    _, rest = reference.output_size(size, kernel, stride, padding)
    return (size + 2 * padding - kernel) / stride + 1, rest


@wrong(
    "output_size",
    hint="The value is right, but nothing can be counted or indexed with a float, which / and np.floor "
    "return. // makes an int of two ints.",
    minor=True,
)
def floats(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Any:
    places, rest = reference.output_size(size, kernel, stride, padding)
    return float(places), rest


@wrong(
    "output_size",
    hint="You divide the padded side by s. The last place begins k before its end: it is what is "
    "left without the kernel, w_in + 2 p - k, that is divided.",
)
def kernel_left_out(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    _, rest = reference.output_size(size, kernel, stride, padding)
    return (size + 2 * padding) // stride, rest


@wrong(
    "output_size",
    hint="You divide before you subtract: the kernel does not get smaller with the stride. "
    "floor((w_in + 2 p - k) / s) + 1.",
)
def divided_first(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    _, rest = reference.output_size(size, kernel, stride, padding)
    return (size + 2 * padding) // stride - kernel + 1, rest


@wrong(
    "output_size",
    hint="You return one number. How many entries at the end are in no window is due as well.",
)
def places_alone(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Any:
    return reference.output_size(size, kernel, stride, padding)[0]


@wrong("output_size", hint="You return the uncovered entries first. w_out comes first.")
def rest_first(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    return reference.output_size(size, kernel, stride, padding)[::-1]


@wrong(
    "output_size",
    hint="Your second number is always 0. With some strides entries are left over at the end: the "
    "remainder of the division.",
)
def nothing_left_over(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    return reference.output_size(size, kernel, stride, padding)[0], 0


@wrong(
    "output_size",
    hint="You say whether entries are left over. How many there are is due.",
)
def whether_left_over(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Any:
    places, rest = reference.output_size(size, kernel, stride, padding)
    return places, rest > 0


@wrong(
    "output_size",
    hint="Your second number says how many entries are missing for one more place. Those that are "
    "there and in no window are due: the remainder of the division.",
)
def missing_for_one_more(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    places, rest = reference.output_size(size, kernel, stride, padding)
    return places, -rest % stride


@wrong(
    "output_size",
    hint="Your second number is the remainder of the padded side alone. What is divided by s is "
    "what is left without the kernel, w_in + 2 p - k.",
)
def rest_of_the_side(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    places, _ = reference.output_size(size, kernel, stride, padding)
    return places, (size + 2 * padding) % stride


@wrong(
    "output_size",
    hint="You count uncovered entries of the side without its padding. Those of the padded side are "
    "due.",
)
def rest_without_padding(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    places, rest = reference.output_size(size, kernel, stride, padding)
    return places, max(0, rest - padding)


@wrong(
    "output_size",
    hint="You count all entries that are in no window, also those between two windows. Those at the "
    "end are due.",
)
def gaps_counted(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    places, rest = reference.output_size(size, kernel, stride, padding)
    return places, rest + (places - 1) * max(0, stride - kernel)


@wrong(
    "output_size",
    hint="You refuse a stride that leaves entries over. It is allowed: return how many they are.",
)
def rest_refused(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    places, rest = reference.output_size(size, kernel, stride, padding)
    if rest:
        raise ValueError("the stride does not fit")
    return places, rest


@wrong(
    "output_size",
    hint="You return numbers for a kernel that is larger than the padded side. It has no place: "
    "raise a ValueError.",
    minor=True,
)
def nothing_refused(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    room = size + 2 * padding - kernel
    return room // stride + 1, room % stride


@wrong(
    "output_size",
    hint="You look whether there is a place after the division, and int() cuts off towards 0: "
    "int(-1 / 3) is 0, as if there was room. Compare the kernel with the padded side.",
    minor=True,
)
def refused_after_cutting(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    room = size + 2 * padding - kernel
    places = int(room / stride) + 1
    if places < 1:
        raise ValueError("no place")
    return places, room % stride


@wrong(
    "output_size",
    hint="You refuse a kernel that is as large as the padded side. It has one place.",
    minor=True,
)
def just_fitting_refused(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    if kernel >= size + 2 * padding:
        raise ValueError("no place")
    return reference.output_size(size, kernel, stride, padding)


@wrong(
    "output_size",
    hint="You compare the kernel with the side as it was before the padding. It slides over the "
    "padded side.",
    minor=True,
)
def compared_without_padding(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    if kernel > size:
        raise ValueError("no place")
    return reference.output_size(size, kernel, stride, padding)


@right("output_size")
def starts_counted(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    padded = size + 2 * padding
    starts = range(0, padded - kernel + 1, stride)
    if not starts:
        raise ValueError("the kernel does not fit")
    return len(starts), padded - (starts[-1] + kernel)


@right("output_size")
def divmod_of_the_room(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    steps, rest = divmod(size - kernel + 2 * padding, stride)
    if steps < 0:
        raise ValueError("the kernel does not fit")
    return steps + 1, rest


@right("output_size")
def one_step_more(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Counts:
    places = math.floor((size + 2 * padding - kernel + stride) / stride)
    if places <= 0:
        raise ValueError("the kernel does not fit")
    return places, size + 2 * padding - kernel - (places - 1) * stride


@right("output_size")
def entries_marked(size: int, kernel: int, stride: int = 1, padding: int = 0) -> Any:
    places = np.arange(0, size + 2 * padding)
    windows = [places[i : i + kernel] for i in places[::stride] if i + kernel <= places.size]
    if len(windows) == 0:
        raise ValueError("the kernel does not fit")
    return len(windows), places[-1] - windows[-1][-1]


# --- neuron_response ------------------------------------------------------------------------------


@wrong("neuron_response", hint="You leave out the bias: h = sum of x_ijk W_ijk, plus b.")
def no_bias_of_the_neuron(region: Volume, W: Volume, b: float) -> float:
    return float((region * W).sum())


@wrong("neuron_response", hint="You subtract the bias. It is added.")
def bias_subtracted(region: Volume, W: Volume, b: float) -> float:
    return float((region * W).sum() - b)


@wrong(
    "neuron_response",
    hint="You add b to every product and then sum. The neuron has one bias: add it to the sum.",
)
def bias_of_every_product(region: Volume, W: Volume, b: float) -> float:
    return float((region * W + b).sum())


@wrong(
    "neuron_response",
    hint="You add b once for every channel. The neuron has one bias: add it once, to the sum over "
    "all channels.",
)
def bias_of_every_channel(region: Volume, W: Volume, b: float) -> float:
    return float(sum((x * w).sum() + b for x, w in zip(region, W, strict=True)))


@wrong(
    "neuron_response",
    hint="You turn the weights by half a turn. What ConvNets call convolution is cross-correlation: "
    "x_ijk meets W_ijk.",
)
def weights_flipped(region: Volume, W: Volume, b: float) -> float:
    return float((region * W[:, ::-1, ::-1]).sum() + b)


@wrong(
    "neuron_response",
    hint="You reverse the weights, their channels as well. x_ijk meets W_ijk.",
)
def weights_reversed(region: Volume, W: Volume, b: float) -> float:
    return float(region.ravel() @ W.ravel()[::-1] + b)


@wrong(
    "neuron_response",
    hint="You return a number for every channel. The neuron sums over the channels, too: one number.",
)
def channels_not_summed(region: Volume, W: Volume, b: float) -> Any:
    return (region * W).sum(axis=(1, 2)) + b


@wrong(
    "neuron_response",
    hint="You use the first channel alone. The sum runs over all channels, rows and columns.",
)
def first_channel(region: Volume, W: Volume, b: float) -> float:
    return float((region[0] * W[0]).sum() + b)


@wrong(
    "neuron_response",
    hint="You multiply matrices. Every entry meets the weight at its own place: region * W.",
)
def product_of_matrices(region: Volume, W: Volume, b: float) -> float:
    return float((region @ W).sum() + b)


@wrong(
    "neuron_response",
    hint="You multiply two sums. The sum is over the products: (region * W).sum().",
)
def product_of_sums(region: Volume, W: Volume, b: float) -> float:
    return float(region.sum() * W.sum() + b)


@wrong(
    "neuron_response",
    hint="You take the mean of the products. Their sum is due.",
)
def mean_of_products(region: Volume, W: Volume, b: float) -> float:
    return float((region * W).mean() + b)


@wrong(
    "neuron_response",
    hint="You apply an activation function. h is the sum itself, which can be negative.",
    minor=True,
)
def rectified(region: Volume, W: Volume, b: float) -> float:
    return max(0.0, float((region * W).sum() + b))


@wrong(
    "neuron_response",
    hint="You cut the response off to a whole number. It is a float.",
)
def cut_to_an_integer(region: Volume, W: Volume, b: float) -> Any:
    return int((region * W).sum() + b)


@wrong(
    "neuron_response",
    hint="You return an array. One neuron at one place gives one number.",
)
def array_of_one(region: Volume, W: Volume, b: float) -> Any:
    return np.array([(region * W).sum() + b])


@wrong(
    "neuron_response",
    hint="You do not sum: the products are as many as the entries of the region. The neuron's "
    "output is their sum, plus b.",
)
def not_summed(region: Volume, W: Volume, b: float) -> Any:
    return region * W + b


@wrong(
    "neuron_response",
    hint="The response is right, but region *= W writes the products into the caller's array. "
    "region * W makes a new one.",
    minor=True,
)
def region_overwritten(region: Volume, W: Volume, b: float) -> float:
    region *= W
    return float(region.sum() + b)


@right("neuron_response")
def three_loops(region: Volume, W: Volume, b: float) -> float:
    h = b
    for i in range(region.shape[0]):
        for j in range(region.shape[1]):
            for k in range(region.shape[2]):
                h += region[i, j, k] * W[i, j, k]
    return h


@right("neuron_response")
def product_of_lines(region: Volume, W: Volume, b: float) -> float:
    return np.dot(region.reshape(-1), W.reshape(-1)) + b


@right("neuron_response")
def sum_of_einstein(region: Volume, W: Volume, b: float) -> Any:
    return np.einsum("ijk,ijk->", region, W) + b


@right("neuron_response")
def tensor_product(region: Volume, W: Volume, b: float) -> Any:
    return np.tensordot(region, W, axes=3) + b


@right("neuron_response")
def channel_by_channel(region: Volume, W: Volume, b: float) -> float:
    return math.fsum(float(np.vdot(x, w)) for x, w in zip(region, W, strict=True)) + b


@right("neuron_response")
def response_in_single_precision(region: Volume, W: Volume, b: float) -> Any:
    return (region.astype(np.float32) * W.astype(np.float32)).sum() + np.float32(b)


# --- conv2d_forward and conv2d_fast: what both get wrong ------------------------------------------


def layer(*, hint: str, minor: bool = False) -> Callable[[Function], Function]:
    """Register a wrong answer to both questions that ask for a convolution layer."""

    def register(implementation: Function) -> Function:
        for question in ("conv2d_forward", "conv2d_fast"):
            wrong(question, hint=hint, minor=minor)(implementation)
        return implementation

    return register


def _slid(X: Volume, W: Kernels, rows: int = 1, columns: int = 1) -> Volume:
    """Return the sums at all places of a volume that is padded already, with a stride a side."""
    windows = sliding_window_view(X, W.shape[2:], axis=(2, 3))[:, :, ::rows, ::columns]
    return np.einsum("ncijhw,ochw->noij", windows, W)


def _framed(X: Volume, rows: tuple[int, int], columns: tuple[int, int]) -> Volume:
    """Put zeros around: above and below, left and right."""
    return np.pad(X, ((0, 0), (0, 0), rows, columns))


def _around(X: Volume, padding: int, mode: Any = "constant") -> Volume:
    return np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)), mode=mode)


def _tall(b: Bias) -> Bias:
    return b[:, np.newaxis, np.newaxis]


@layer(
    hint="You flip the kernels. What ConvNets call convolution is cross-correlation: W_{o,i,q,p} "
    "meets x at row r s + q and column c s + p.",
)
def flipped(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return reference.conv2d_forward(X, W[:, :, ::-1, ::-1], b, stride, padding)


@layer(
    hint="You take rows of the kernels for columns. W is (out, in, kh, kw): rows come first.",
)
def kernels_on_their_side(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    return reference.conv2d_forward(X, W.swapaxes(2, 3), b, stride, padding)


@layer(
    hint="You take W for (in, out, kh, kw). The channels that come out are first: W[o, i].",
)
def channels_exchanged(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return reference.conv2d_forward(X, W.swapaxes(0, 1), b, stride, padding)


@layer(
    hint="You leave out the stride: the window moves by one entry at a time. It moves by s.",
)
def stride_forgotten(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return reference.conv2d_forward(X, W, b, 1, padding)


@layer(
    hint="Your output has the right size, but the window of place (r, c) begins at row r and column "
    "c of the input. It begins at r s and c s.",
)
def window_moves_by_one(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    _, _, rows, columns = reference.conv2d_forward(X, W, b, stride, padding).shape
    return reference.conv2d_forward(X, W, b, 1, padding)[:, :, :rows, :columns]


@layer(hint="Your stride is for the rows alone. The window moves by s along both sides.")
def stride_of_rows(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return _slid(_around(X, padding), W, rows=stride) + _tall(b)


@layer(hint="Your stride is for the columns alone. The window moves by s along both sides.")
def stride_of_columns(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return _slid(_around(X, padding), W, columns=stride) + _tall(b)


@layer(
    hint="Your stride skips channels, not places: axis 1 of the result are the channels, rows and "
    "columns are axes 2 and 3.",
)
def stride_of_channels(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return (_slid(_around(X, padding), W) + _tall(b))[:, ::stride, ::stride]


@layer(hint="You leave out the padding.")
def padding_forgotten(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return _slid(X, W, stride, stride) + _tall(b)


@layer(
    hint="You pad with p // 2 zeros on each side. Padding says how many there are on each side: p "
    "above and below, p on the left and on the right.",
)
def padding_halved(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return reference.conv2d_forward(X, W, b, stride, padding // 2)


@layer(
    hint="You pad on one side only, above and on the left. Zeros are put around, on all four sides.",
)
def padding_before(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return _slid(_framed(X, (padding, 0), (padding, 0)), W, stride, stride) + _tall(b)


@layer(
    hint="You pad on one side only, below and on the right. Zeros are put around, on all four sides.",
)
def padding_behind(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return _slid(_framed(X, (0, padding), (0, padding)), W, stride, stride) + _tall(b)


@layer(
    hint="Your padded image has the right size, but the image lies in its corner and all zeros are "
    "below and on the right. It begins at row p and column p.",
)
def image_in_the_corner(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    return _slid(_framed(X, (0, 2 * padding), (0, 2 * padding)), W, stride, stride) + _tall(b)


@layer(hint="You pad the rows alone: nothing is added on the left and on the right.")
def padding_of_rows(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return _slid(_framed(X, (padding, padding), (0, 0)), W, stride, stride) + _tall(b)


@layer(
    hint="You pad with the values at the border. Zeros are due: np.pad with mode constant, which is "
    "its default.",
)
def padding_with_edges(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return _slid(_around(X, padding, "edge"), W, stride, stride) + _tall(b)


@layer(
    hint="You pad by a mirror image. Zeros are due: np.pad with mode constant, which is its default.",
)
def padding_with_mirrors(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    return _slid(_around(X, padding, "reflect"), W, stride, stride) + _tall(b)


@layer(
    hint="np.pad(X, p) pads every axis: it adds examples and channels of zeros. Rows and columns "
    "alone are padded: ((0, 0), (0, 0), (p, p), (p, p)).",
)
def padding_of_all_axes(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    return _slid(np.pad(X, padding), W, stride, stride) + _tall(b)


@layer(
    hint="You pad until the output is as large as the input. How many zeros there are is said by "
    "padding.",
)
def padding_to_the_same(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    rows, columns = ((side - 1) // 2 for side in W.shape[2:])
    framed = _framed(X, (rows, W.shape[2] - 1 - rows), (columns, W.shape[3] - 1 - columns))
    return _slid(framed, W, stride, stride) + _tall(b)


@layer(
    hint="You round the output size up: your last windows reach beyond the padded image. Only places "
    "where the whole kernel is inside count.",
)
def size_rounded_up(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    padded = _around(X, padding)
    more = [
        -(side - kernel) % stride
        for side, kernel in zip(padded.shape[2:], W.shape[2:], strict=True)
    ]
    return _slid(_framed(padded, (0, more[0]), (0, more[1])), W, stride, stride) + _tall(b)


@layer(
    hint="Your output is one row and one column short. The first place counts as well: "
    "floor((w_in + 2 p - k) / s) + 1.",
)
def last_place_forgotten(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    return reference.conv2d_forward(X, W, b, stride, padding)[:, :, :-1, :-1]


@layer(
    hint="Your output is as wide as it is high. Rows and columns have sizes of their own.",
)
def as_wide_as_high(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    Y = reference.conv2d_forward(X, W, b, stride, padding)
    square = np.zeros((*Y.shape[:3], Y.shape[2]))
    columns = min(Y.shape[2:])
    square[..., :columns] = Y[..., :columns]
    return square


@layer(
    hint="You use the first kernel for all output channels. Places share weights, channels do not: "
    "channel o has W[o].",
)
def first_kernel_for_all(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    return reference.conv2d_forward(X, np.broadcast_to(W[:1], W.shape), b, stride, padding)


@layer(hint="You leave out the biases. Each output channel has one, added at every place.")
def biases_forgotten(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return reference.conv2d_forward(X, W, np.zeros_like(b), stride, padding)


@layer(hint="You use the first bias for all output channels. Channel o has b[o].")
def first_bias_for_all(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return reference.conv2d_forward(X, W, np.full_like(b, b[0]), stride, padding)


@layer(
    hint="You add b along the columns, a bias a position. It belongs to axis 1, the output "
    "channels: b[:, np.newaxis, np.newaxis].",
)
def bias_of_positions(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return _slid(_around(X, padding), W, stride, stride) + b


@layer(
    hint="You add the bias once for every input channel. It is added once, after the sum over the "
    "channels.",
)
def bias_of_input_channels(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    return reference.conv2d_forward(X, W, b * X.shape[1], stride, padding)


@layer(
    hint="You add the bias once for every entry of the kernel. It is added once, to the sum.",
)
def bias_of_kernel_entries(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    return reference.conv2d_forward(X, W, b * W[0].size, stride, padding)


@layer(
    hint="You use the first input channel alone. Each output is a sum over all input channels.",
)
def first_input_channel(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    return reference.conv2d_forward(X[:, :1], W[:, :1], b, stride, padding)


@layer(
    hint="You forget to sum over the input channels: the last one overwrites those before. Begin "
    "with zeros, and add.",
)
def last_input_channel(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return reference.conv2d_forward(X[:, -1:], W[:, -1:], b, stride, padding)


@layer(
    hint="Output channel o looks at one input channel only. Each looks at all of them and sums.",
)
def channel_by_itself(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    channels = X.shape[1]
    sums = [
        _slid(
            _around(X, padding)[:, [o % channels]],
            W[[o], o % channels][:, np.newaxis],
            stride,
            stride,
        )
        for o in range(len(W))
    ]
    return np.concatenate(sums, axis=1) + _tall(b)


@layer(hint="You take the mean over the input channels. The neuron sums over them.")
def mean_over_channels(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return reference.conv2d_forward(X, W / X.shape[1], b, stride, padding)


@layer(hint="You return the first example alone. All N are due.")
def first_example(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return reference.conv2d_forward(X[:1], W, b, stride, padding)


@layer(hint="You sum over the examples. Each of them has an output of its own.")
def examples_summed(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    Y = reference.conv2d_forward(X, W, b, stride, padding)
    return np.broadcast_to(Y.sum(axis=0), Y.shape)


@layer(
    hint="Your output has its channels last. It is (N, out, H_out, W_out).",
)
def channels_last(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return reference.conv2d_forward(X, W, b, stride, padding).transpose(0, 2, 3, 1)


@layer(
    hint="In your output rows and columns are exchanged. It is (N, out, H_out, W_out).",
)
def columns_before_rows(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    return reference.conv2d_forward(X, W, b, stride, padding).swapaxes(2, 3)


@layer(
    hint="Your output has channels first and then examples. It is (N, out, H_out, W_out).",
)
def channels_before_examples(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    return reference.conv2d_forward(X, W, b, stride, padding).swapaxes(0, 1)


@layer(
    hint="You apply an activation function: nothing in your output is negative. The layer is the "
    "sum alone.",
)
def activated(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return np.maximum(reference.conv2d_forward(X, W, b, stride, padding), 0.0)


@layer(
    hint="Your output holds whole numbers, so what is put into it is cut off. Make it with np.zeros "
    "without int.",
)
def whole_numbers(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Any:
    return reference.conv2d_forward(X, W, b, stride, padding).astype(np.int64)


def _windows_by_shape(X: Volume, W: Kernels, stride: int) -> Volume:
    """Return all windows of an array that lies in memory row by row, whether X does or not."""
    (n, channels, tall, broad), (high, wide) = X.shape, W.shape[2:]
    rows, columns = (tall - high) // stride + 1, (broad - wide) // stride + 1
    entry = X.itemsize
    row, channel = broad * entry, tall * broad * entry
    return as_strided(
        X,
        (n, channels, rows, columns, high, wide),
        (channels * channel, channel, stride * row, stride * entry, row, entry),
        writeable=False,
    )


_STRIDES_OF_VIEWS = (
    "You compute the strides for as_strided from the shape. That holds only if the entries lie in "
    "memory row by row; in a view, such as a transposed picture, they do not. Take the strides that "
    "the array has, padded.strides, or use sliding_window_view."
)


@layer(hint=_STRIDES_OF_VIEWS, minor=True)
def strides_by_shape(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    padded = _around(X, padding) if padding else X
    windows = _windows_by_shape(padded, W, stride)
    return np.einsum("ncrshw,ochw->nors", windows, W, optimize=True) + _tall(b)


# --- conv2d_forward -------------------------------------------------------------------------------


@right("conv2d_forward")
def places_one_by_one(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    padded = _around(X, padding)
    high, wide = W.shape[2:]
    rows = (padded.shape[2] - high) // stride + 1
    columns = (padded.shape[3] - wide) // stride + 1
    Y = np.empty((len(X), len(W), rows, columns))
    for n, o, r, c in np.ndindex(Y.shape):
        top, left = r * stride, c * stride
        region = padded[n, :, top : top + high, left : left + wide]
        Y[n, o, r, c] = reference.neuron_response(region, W[o], float(b[o]))
    return Y


@right("conv2d_forward")
def entries_of_the_kernel(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    high, wide = W.shape[2:]
    rows, _ = reference.output_size(X.shape[2], high, stride, padding)
    columns, _ = reference.output_size(X.shape[3], wide, stride, padding)
    padded = np.zeros((*X.shape[:2], X.shape[2] + 2 * padding, X.shape[3] + 2 * padding))
    padded[:, :, padding : padding + X.shape[2], padding : padding + X.shape[3]] = X
    Y = np.zeros((len(X), len(W), rows, columns)) + _tall(b)
    for q in range(high):
        for p in range(wide):
            seen = padded[:, :, q::stride, p::stride][:, :, :rows, :columns]
            Y += np.einsum("nihw,oi->nohw", seen, W[:, :, q, p])
    return Y


@right("conv2d_forward")
def everywhere_then_every_other(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    return (_slid(_around(X, padding), W) + b.reshape(1, -1, 1, 1))[:, :, ::stride, ::stride]


@right("conv2d_forward")
def rows_of_windows(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    padded = _around(X, padding)
    high, wide = W.shape[2:]
    tops = range(0, padded.shape[2] - high + 1, stride)
    lefts = range(0, padded.shape[3] - wide + 1, stride)
    Y = [
        [
            np.tensordot(padded[:, :, r : r + high, c : c + wide], W, ((1, 2, 3), (1, 2, 3)))
            for c in lefts
        ]
        for r in tops
    ]
    return np.moveaxis(np.array(Y), (0, 1), (2, 3)) + _tall(b)


@right("conv2d_forward")
def spectra(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    padded = _around(X, padding)
    sides = padded.shape[2:]
    # Correlating is multiplying by the conjugate; without wrapping round only the first places.
    product = np.einsum(
        "nihw,oihw->nohw", np.fft.rfft2(padded), np.fft.rfft2(W, s=sides, axes=(2, 3)).conj()
    )
    rows, columns = (side - kernel + 1 for side, kernel in zip(sides, W.shape[2:], strict=True))
    Y = np.fft.irfft2(product, s=sides, axes=(2, 3))[:, :, :rows:stride, :columns:stride]
    return Y + _tall(b)


in_single_precision("conv2d_forward", reference.conv2d_forward)


# --- conv2d_fast ----------------------------------------------------------------------------------


@wrong(
    "conv2d_fast",
    hint="Your product is (out, N H_out W_out), and you reshape it to (N, out, H_out, W_out), which "
    "moves no entry: examples and channels get mixed up. Reshape to (out, N, H_out, W_out), then "
    "exchange the first two axes.",
)
def reshaped_without_exchange(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    Y = reference.conv2d_fast(X, W, b, stride, padding)
    return Y.swapaxes(0, 1).reshape(Y.shape)


@wrong(
    "conv2d_fast",
    hint="Your product is (N H_out W_out, out), and you reshape it to (N, out, H_out, W_out), which "
    "moves no entry: places and channels get mixed up. Reshape to (N, H_out, W_out, out), then move "
    "the last axis.",
)
def reshaped_without_moving(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    Y = reference.conv2d_fast(X, W, b, stride, padding)
    return Y.transpose(0, 2, 3, 1).reshape(Y.shape)


@wrong(
    "conv2d_fast",
    hint="The entries of your windows are in another order than those of the kernels: channels last "
    "here, first there. W.reshape(out, -1) runs over (in, kh, kw); so must a window.",
)
def windows_with_channels_last(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    n, (out, channels, high, wide) = len(X), W.shape
    windows = sliding_window_view(_around(X, padding), (high, wide), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride].transpose(0, 2, 3, 4, 5, 1)
    rows, columns = windows.shape[1:3]
    Y = windows.reshape(-1, channels * high * wide) @ W.reshape(out, -1).T + b
    return Y.reshape(n, rows, columns, out).transpose(0, 3, 1, 2)


@wrong(
    "conv2d_fast",
    hint="W.reshape(-1, out) moves no entry: it is not the transpose of W.reshape(out, -1). Reshape "
    "first, then transpose.",
)
def kernels_reshaped(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    torn = W.reshape(-1, len(W)).T.reshape(W.shape)
    return reference.conv2d_fast(X, torn, b, stride, padding)


@wrong(
    "conv2d_fast",
    hint="Your places run column by column, your output row by row: rows and columns of the output "
    "get mixed up.",
)
def places_column_by_column(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    Y = reference.conv2d_fast(X, W, b, stride, padding)
    return Y.swapaxes(2, 3).reshape(Y.shape)


@wrong(
    "conv2d_fast",
    hint="The values are right, but float32 is answered in float64, which takes twice the memory. "
    "Make arrays with X's dtype.",
    minor=True,
)
def always_double(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return reference.conv2d_fast(X, W, b, stride, padding).astype(np.float64)


# Right answers that are slow; nothing but the speed shows it.


@wrong(
    "conv2d_fast",
    hint="You compute the outputs one after the other. Write every window as a column, and let one "
    "product of matrices compute them all.",
)
def an_output_at_a_time(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    return places_one_by_one(X, W, b, stride, padding).astype(X.dtype)


_PLACE_BY_PLACE = (
    "You compute the outputs place by place. Write every window as a column, and let one product of "
    "matrices compute them all."
)


@wrong("conv2d_fast", hint=_PLACE_BY_PLACE, minor=True)
def a_place_at_a_time(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return rows_of_windows(X, W, b, stride, padding).astype(X.dtype)


@wrong("conv2d_fast", hint=_PLACE_BY_PLACE, minor=True)
def a_product_at_a_place(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    neurons = W.reshape(len(W), -1)
    windows = sliding_window_view(_around(X, padding), W.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    Y = np.empty((len(X), len(W), *windows.shape[2:4]), X.dtype)
    for n, r, c in np.ndindex(len(X), *Y.shape[2:]):
        Y[n, :, r, c] = neurons @ windows[n, :, r, c].ravel() + b
    return Y


# Right answers that are not the fastest, and fast enough.


@right("conv2d_fast")
def columns_place_by_place(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    windows = sliding_window_view(_around(X, padding), W.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    n, _, rows, columns = windows.shape[:4]
    unrolled = np.empty((n * rows * columns, W[0].size), X.dtype)
    for place, (one, r, c) in enumerate(np.ndindex(n, rows, columns)):
        unrolled[place] = windows[one, :, r, c].ravel()
    Y = unrolled @ W.reshape(len(W), -1).T + b
    return Y.reshape(n, rows, columns, len(W)).transpose(0, 3, 1, 2)


@right("conv2d_fast")
def filter_by_filter(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    windows = sliding_window_view(_around(X, padding), W.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    sums = [(windows * one[:, np.newaxis, np.newaxis]).sum(axis=(1, 4, 5)) for one in W]
    return np.stack(sums, axis=1) + _tall(b)


@right("conv2d_fast")
def one_einsum(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return _slid(_around(X, padding), W, stride, stride) + _tall(b)


@right("conv2d_fast")
def fast_spectra(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    return spectra(X, W, b, stride, padding).astype(X.dtype)


@right("conv2d_fast")
def rows_as_windows(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    n, (out, channels, high, wide) = len(X), W.shape
    windows = sliding_window_view(_around(X, padding), (high, wide), axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride].transpose(0, 2, 3, 1, 4, 5)
    rows, columns = windows.shape[1:3]
    Y = windows.reshape(-1, channels * high * wide) @ W.reshape(out, -1).T + b
    return Y.reshape(n, rows, columns, out).transpose(0, 3, 1, 2)


@right("conv2d_fast")
def strides_by_hand(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    padded = _around(X, padding)
    (n, channels, tall, broad), (high, wide) = padded.shape, W.shape[2:]
    rows, columns = (tall - high) // stride + 1, (broad - wide) // stride + 1
    s = padded.strides
    windows = as_strided(
        padded,
        (n, channels, rows, columns, high, wide),
        (s[0], s[1], s[2] * stride, s[3] * stride, s[2], s[3]),
        writeable=False,
    )
    return np.einsum("ncrshw,ochw->nors", windows, W, optimize=True) + _tall(b)


@right("conv2d_fast")
def indices_of_windows(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    padded = _around(X, padding)
    (out, channels, high, wide), (n, _, tall, broad) = W.shape, padded.shape
    rows, columns = (tall - high) // stride + 1, (broad - wide) // stride + 1
    i, q, p = (grid.reshape(-1, 1) for grid in np.indices((channels, high, wide)))
    r, c = (stride * grid.reshape(1, -1) for grid in np.indices((rows, columns)))
    unrolled = padded[:, i, q + r, p + c]  # (N, in kh kw, H_out W_out)
    return (W.reshape(out, -1) @ unrolled + b[:, None]).reshape(n, out, rows, columns)


@right("conv2d_fast")
def products_of_kernel_entries(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Volume:
    high, wide = W.shape[2:]
    padded = _around(X, padding)
    rows = (padded.shape[2] - high) // stride + 1
    columns = (padded.shape[3] - wide) // stride + 1
    Y = np.zeros((len(X), len(W), rows * columns), X.dtype)
    for q, p in np.ndindex(high, wide):
        seen = padded[:, :, q : q + stride * rows : stride, p : p + stride * columns : stride]
        Y += W[:, :, q, p] @ seen.reshape(*X.shape[:2], -1)
    return (Y + b[:, np.newaxis]).reshape(len(X), len(W), rows, columns)


@right("conv2d_fast")
def fast_in_single_precision(
    X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0
) -> Any:
    singles: list[Any] = [values.astype(np.float32) for values in (X, W, b)]
    return reference.conv2d_fast(singles[0], singles[1], singles[2], stride, padding)


survivor(
    "conv2d_fast",
    "conv2d_fast: True -> False",
    because="Windows and outputs are of as many examples.",
)
survivor(
    "conv2d_fast",
    "conv2d_fast: 1 -> 2",
    because="numpy takes every negative number for the side that follows from the other.",
)


# --- conv2d_backward ------------------------------------------------------------------------------


def by_x(*, hint: str, minor: bool = False) -> Callable[[Function], Function]:
    """Register what answers dL/dX wrongly, and the rest right."""
    return _of_one(0, hint, minor)


def by_w(*, hint: str, minor: bool = False) -> Callable[[Function], Function]:
    """Register what answers dL/dW wrongly, and the rest right."""
    return _of_one(1, hint, minor)


def by_b(*, hint: str) -> Callable[[Function], Function]:
    """Register what answers dL/db wrongly, and the rest right."""
    return _of_one(2, hint, minor=True)


def _of_one(index: int, hint: str, minor: bool) -> Callable[[Function], Function]:
    def register(slope: Function) -> Function:
        @functools.wraps(slope)
        def answer(
            slopes: Volume, X: Volume, W: Kernels, stride: int = 1, padding: int = 0
        ) -> Slopes:
            found: Any = list(reference.conv2d_backward(slopes, X, W, stride, padding))
            found[index] = slope(slopes, X, W, stride, padding)
            return found[0], found[1], found[2]

        wrong("conv2d_backward", hint=hint, minor=minor)(answer)
        return answer

    return register


def _scattered(
    slopes: Volume,
    X: Volume,
    W: Kernels,
    stride: int,
    padding: int,
    step: int | None = None,
    put: Callable[[Any, Any], Any] = np.add,
) -> Volume:
    """Return the derivatives by the padded input, window by window.

    `step` is by how much a window moves, `put` what happens to an entry that has got some already.
    """
    step = stride if step is None else step
    high, wide = W.shape[2:]
    dX = np.zeros_like(_around(X, padding))
    for r, c in np.ndindex(slopes.shape[2:]):
        rows, columns = slice(r * step, r * step + high), slice(c * step, c * step + wide)
        part = np.tensordot(slopes[:, :, r, c], W, axes=1)
        dX[:, :, rows, columns] = put(dX[:, :, rows, columns], part)
    return dX


def _cut(padded: Volume, padding: int) -> Volume:
    return padded[:, :, padding : padded.shape[2] - padding, padding : padded.shape[3] - padding]


def _last(before: Any, now: Any) -> Any:
    return now


@by_x(
    hint="Your dL/dX leaves out the stride: slopes[..., r, c] goes to the window that begins at row "
    "r s and column c s.",
    minor=True,
)
def dx_stride_ignored(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return _cut(_scattered(slopes, X, W, stride, padding, step=1), padding)


@by_x(
    hint="Your dL/dX has the shape of the padded input. The padding is no input: cut its rows and "
    "columns off.",
    minor=True,
)
def dx_not_cut_off(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return _scattered(slopes, X, W, stride, padding)


@by_x(
    hint="Your dL/dX leaves out the padding, or cuts all of it off at the end. The input begins at row "
    "p and column p of the padded one.",
    minor=True,
)
def dx_cut_off_behind(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return _scattered(slopes, X, W, stride, padding)[:, :, : X.shape[2], : X.shape[3]]


@by_x(
    hint="Without padding your dL/dX is empty: [p:-p] with p = 0 is [0:0], which holds nothing. "
    "Cut off by p : p + H.",
    minor=True,
)
def dx_empty(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    padded = _scattered(slopes, X, W, stride, padding)
    return padded[:, :, padding:-padding, padding:-padding]


@by_x(
    hint="Your dL/dX has the kernels turned by half a turn. Forward, W_{o,i,q,p} meets the entry at "
    "row r s + q, column c s + p; back, it sends the slope to that same entry.",
)
def dx_flipped(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return _cut(_scattered(slopes, X, W[:, :, ::-1, ::-1], stride, padding), padding)


@by_x(
    hint="In dL/dX a window overwrites what the windows before have sent. An entry is in several "
    "windows: add.",
)
def dx_overwritten(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return _cut(_scattered(slopes, X, W, stride, padding, put=_last), padding)


@by_x(
    hint="Your dL/dX comes from the first output channel alone. An input entry acts on all of them: "
    "sum.",
)
def dx_of_the_first_channel(
    slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int
) -> Any:
    return _cut(_scattered(slopes[:, :1], X, W[:1], stride, padding), padding)


@by_x(
    hint="Your dL/dX comes from the last output channel alone: it overwrites those before. An input "
    "entry acts on all of them: sum.",
)
def dx_of_the_last_channel(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return _cut(_scattered(slopes[:, -1:], X, W[-1:], stride, padding), padding)


@by_x(
    hint="Your dL/dX is summed over the examples. Each example has derivatives of its own.",
)
def dx_of_all_examples(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    dX = _cut(_scattered(slopes, X, W, stride, padding), padding)
    return np.broadcast_to(dX.sum(axis=0), X.shape)


@by_x(
    hint="Your dL/dX is the mean over all places. An input entry acts in several windows: the "
    "derivatives are sums.",
)
def dx_mean(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    dX = _cut(_scattered(slopes, X, W, stride, padding), padding)
    return dX / (slopes.shape[2] * slopes.shape[3])


@by_x(
    hint="Your dL/dX ends where the last window ends. It has the shape of X: entries that are in no "
    "window have the derivative 0.",
    minor=True,
)
def dx_of_covered_entries(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    dX = _scattered(slopes, X, W, stride, padding)
    rows, columns = (
        (places - 1) * stride + kernel
        for places, kernel in zip(slopes.shape[2:], W.shape[2:], strict=True)
    )
    return dX[:, :, padding : rows - padding, padding : columns - padding]


@by_x(
    hint="Your dL/dX is that of the output, handed on. Each slope goes to the entries of its window, "
    "times the weights.",
)
def dx_handed_on(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return slopes


@by_x(
    hint="In dL/dX you take rows of the kernels for columns. W is (out, in, kh, kw).",
)
def dx_kernels_on_their_side(
    slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int
) -> Any:
    return _cut(_scattered(slopes, X, W.swapaxes(2, 3), stride, padding), padding)


def _gathered(slopes: Volume, padded: Volume, W: Kernels, stride: int) -> Kernels:
    """Return the derivatives by the weights, for an input that is padded already."""
    windows = sliding_window_view(padded, W.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    rows, columns = slopes.shape[2:]
    return np.einsum("norc,nircqp->oiqp", slopes, windows[:, :, :rows, :columns])


@by_w(
    hint="Your dL/dW comes from the first example alone. A weight acts in all examples: sum.",
)
def dw_of_the_first_example(
    slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int
) -> Any:
    return _gathered(slopes[:1], _around(X[:1], padding), W, stride)


@by_w(
    hint="Your dL/dW comes from the last example alone: it overwrites those before. A weight acts "
    "in all examples: sum.",
)
def dw_of_the_last_example(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return _gathered(slopes[-1:], _around(X[-1:], padding), W, stride)


@by_w(
    hint="Your dL/dW is a mean over the examples. Where the loss is a mean, slopes have been divided "
    "already: sum.",
)
def dw_mean_over_examples(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return _gathered(slopes, _around(X, padding), W, stride) / len(X)


@by_w(
    hint="Your dL/dW has an axis of examples. A weight acts in all examples: sum over them.",
)
def dw_of_every_example(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    padded = _around(X, padding)
    return np.stack(
        [_gathered(s[None], x[None], W, stride) for s, x in zip(slopes, padded, strict=True)]
    )


@by_w(
    hint="Your dL/dW is a mean over the places. A weight acts in all places: sum.",
)
def dw_mean_over_places(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return reference.conv2d_backward(slopes, X, W, stride, padding)[1] / slopes[0, 0].size


@by_w(
    hint="Your dL/dW comes from the last place alone: it overwrites those before. A weight acts in "
    "all places: sum.",
)
def dw_of_the_last_place(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    last = np.zeros_like(slopes)
    last[..., -1, -1] = slopes[..., -1, -1]
    return reference.conv2d_backward(last, X, W, stride, padding)[1]


@by_w(
    hint="Your dL/dW leaves out the stride: slopes[..., r, c] meets the window that begins at row "
    "r s and column c s.",
    minor=True,
)
def dw_stride_ignored(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return _gathered(slopes, _around(X, padding), W, 1)


@by_w(
    hint="Your dL/dW leaves out the padding: slopes meet the windows of the padded input.",
    minor=True,
)
def dw_without_padding(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return _gathered(slopes, _framed(X, (0, 2 * padding), (0, 2 * padding)), W, stride)


@by_w(hint=_STRIDES_OF_VIEWS, minor=True)
def dw_strides_by_shape(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    padded = _around(X, padding) if padding else X
    return np.einsum("norc,nircqp->oiqp", slopes, _windows_by_shape(padded, W, stride))


@by_w(
    hint="Your dL/dW is turned by half a turn. The derivative by W_{o,i,q,p} is made of the entries "
    "at rows r s + q and columns c s + p.",
)
def dw_flipped(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return _gathered(slopes, _around(X, padding), W, stride)[:, :, ::-1, ::-1]


@by_w(
    hint="Your dL/dW is (in, out, kh, kw). It has the shape of W, (out, in, kh, kw).",
)
def dw_channels_exchanged(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return _gathered(slopes, _around(X, padding), W, stride).swapaxes(0, 1)


@by_w(
    hint="Your dL/dW is the same for all input channels. That by W_{o,i} is made of channel i of the "
    "input alone.",
)
def dw_summed_over_channels(
    slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int
) -> Any:
    dW = _gathered(slopes, _around(X, padding), W, stride)
    return np.broadcast_to(dW.sum(axis=1, keepdims=True), dW.shape)


@by_w(
    hint="Your dL/dW multiplies slopes with weights. The weight's factor is the input.",
)
def dw_of_the_weights(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return slopes.sum(axis=(0, 2, 3))[:, None, None, None] * W


@by_b(hint="Your dL/db is a mean. A bias acts in all places and examples: sum.")
def db_mean(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return slopes.mean(axis=(0, 2, 3))


@by_b(hint="Your dL/db is a mean over the examples. A bias acts in all of them: sum.")
def db_mean_over_examples(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return slopes.sum(axis=(0, 2, 3)) / len(slopes)


@by_b(
    hint="Your dL/db is summed over the channels. Each channel has a bias: sum over axes 0, 2 and 3.",
)
def db_over_channels(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return slopes.sum(axis=(1, 2, 3))


@by_b(
    hint="Your dL/db is summed over axes 0, 1 and 2, a number for every column. Channels are axis 1: "
    "sum over axes 0, 2 and 3.",
)
def db_of_columns(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return slopes.sum(axis=(0, 1, 2))


@by_b(hint="Your dL/db is summed over the places, not over the examples: sum over axis 0 as well.")
def db_of_every_example(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return slopes.sum(axis=(2, 3))


@by_b(
    hint="Your dL/db is summed over the examples, not over the places: sum over axes 2 and 3, too."
)
def db_of_every_place(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return slopes.sum(axis=0)


@by_b(hint="Your dL/db comes from the first example alone. A bias acts in all examples: sum.")
def db_of_the_first_example(
    slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int
) -> Any:
    return slopes[0].sum(axis=(1, 2))


@by_b(hint="Your dL/db comes from the last example alone. A bias acts in all examples: sum.")
def db_of_the_last_example(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return slopes[-1].sum(axis=(1, 2))


@by_b(hint="Your dL/db is the sum of all slopes. Each channel has a bias of its own.")
def db_of_all(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return np.full(len(W), slopes.sum())


@by_b(hint="Your dL/db keeps the axes that it is summed over. It is (out,), as b.")
def db_with_all_axes(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return slopes.sum(axis=(0, 2, 3), keepdims=True)


@by_b(hint="Your dL/db is 1 for every slope. dY/db is 1, but dL/db is the sum of the slopes.")
def db_of_ones(slopes: Volume, X: Volume, W: Kernels, stride: int, padding: int) -> Any:
    return np.ones_like(slopes).sum(axis=(0, 2, 3))


@wrong("conv2d_backward", hint="You return dL/dW first. The order is dL/dX, dL/dW, dL/db.")
def dw_first(slopes: Volume, X: Volume, W: Kernels, stride: int = 1, padding: int = 0) -> Any:
    dX, dW, db = reference.conv2d_backward(slopes, X, W, stride, padding)
    return dW, dX, db


@wrong(
    "conv2d_backward",
    hint="You return dL/dW and dL/db. dL/dX is due as well, for the layer before.",
)
def dx_left_out(slopes: Volume, X: Volume, W: Kernels, stride: int = 1, padding: int = 0) -> Any:
    return reference.conv2d_backward(slopes, X, W, stride, padding)[1:]


@wrong("conv2d_backward", hint="You return dL/dX alone. dL/dW and dL/db are due as well.")
def dx_alone(slopes: Volume, X: Volume, W: Kernels, stride: int = 1, padding: int = 0) -> Any:
    return reference.conv2d_backward(slopes, X, W, stride, padding)[0]


@right("conv2d_backward")
def back_place_by_place(
    slopes: Volume, X: Volume, W: Kernels, stride: int = 1, padding: int = 0
) -> Slopes:
    padded = _around(X, padding)
    high, wide = W.shape[2:]
    dX, dW, db = np.zeros_like(padded), np.zeros_like(W), np.zeros(len(W))
    for n, o, r, c in np.ndindex(slopes.shape):
        slope = slopes[n, o, r, c]
        rows = slice(r * stride, r * stride + high)
        columns = slice(c * stride, c * stride + wide)
        dX[n, :, rows, columns] += slope * W[o]
        dW[o] += slope * padded[n, :, rows, columns]
        db[o] += slope
    return _cut(dX, padding), dW, db


@right("conv2d_backward")
def back_entry_by_entry(
    slopes: Volume, X: Volume, W: Kernels, stride: int = 1, padding: int = 0
) -> Slopes:
    (rows, columns), (high, wide) = slopes.shape[2:], W.shape[2:]
    padded = _around(X, padding)
    dX, dW = np.zeros_like(padded), np.zeros_like(W)
    for q in range(high):
        for p in range(wide):
            places = (
                slice(None),
                slice(None),
                slice(q, q + stride * (rows - 1) + 1, stride),
                slice(p, p + stride * (columns - 1) + 1, stride),
            )
            dW[:, :, q, p] = np.einsum("norc,nirc->oi", slopes, padded[places])
            dX[places] += np.einsum("norc,oi->nirc", slopes, W[:, :, q, p])
    return _cut(dX, padding), dW, slopes.sum((0, 2, 3))


@right("conv2d_backward")
def columns_to_image(
    slopes: Volume, X: Volume, W: Kernels, stride: int = 1, padding: int = 0
) -> Slopes:
    (n, out, rows, columns), (_, channels, high, wide) = slopes.shape, W.shape
    padded = _around(X, padding)
    i, q, p = (grid.reshape(-1, 1) for grid in np.indices((channels, high, wide)))
    r, c = (stride * grid.reshape(1, -1) for grid in np.indices((rows, columns)))
    unrolled = padded[:, i, q + r, p + c]
    flat = slopes.reshape(n, out, rows * columns)
    dW = np.einsum("nol,nkl->ok", flat, unrolled).reshape(W.shape)
    dX = np.zeros_like(padded)
    places: Any = slice(None), i, q + r, p + c
    np.add.at(dX, places, W.reshape(out, -1).T @ flat)
    return _cut(dX, padding), dW, flat.sum(axis=(0, 2))


@right("conv2d_backward")
def layers_once_more(
    slopes: Volume, X: Volume, W: Kernels, stride: int = 1, padding: int = 0
) -> Slopes:
    """Compute both derivatives as convolution layers of slopes with zeros between them."""
    high, wide = W.shape[2:]
    padded = _around(X, padding)
    apart = np.zeros((*slopes.shape[:2], padded.shape[2] - high + 1, padded.shape[3] - wide + 1))
    apart[:, :, ::stride, ::stride] = slopes
    full = _framed(apart, (high - 1, high - 1), (wide - 1, wide - 1))
    turned = W[:, :, ::-1, ::-1].swapaxes(0, 1)
    dX = reference.conv2d_forward(full, turned, np.zeros(X.shape[1]))
    dW = reference.conv2d_forward(
        padded.swapaxes(0, 1), apart.swapaxes(0, 1), np.zeros(len(W))
    ).swapaxes(0, 1)
    return _cut(dX, padding), dW, np.einsum("norc->o", slopes)


@right("conv2d_backward")
def back_in_single_precision(
    slopes: Volume, X: Volume, W: Kernels, stride: int = 1, padding: int = 0
) -> Slopes:
    singles: list[Any] = [values.astype(np.float32) for values in (slopes, X, W)]
    return reference.conv2d_backward(singles[0], singles[1], singles[2], stride, padding)


# --- count_weights --------------------------------------------------------------------------------


def _sides(shape: Shape, kernel: int, stride: int, padding: int) -> tuple[int, int]:
    rows, columns = (reference.output_size(side, kernel, stride, padding)[0] for side in shape[1:])
    return rows, columns


def _counted(
    shape: Shape, outputs: int, kernel: int, stride: int, padding: int, shared: bool
) -> Counts:
    return reference.count_weights(shape, outputs, kernel, stride, padding, shared)


@wrong(
    "count_weights",
    hint="Your locally connected layer has a bias an output channel. Without sharing every neuron "
    "has its own, at every place.",
)
def shared_biases(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    return _counted(shape, outputs, kernel, stride, padding, shared)[0], outputs


@wrong(
    "count_weights",
    hint="Your locally connected layer has no biases. Every neuron has one.",
)
def local_without_biases(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    return _counted(shape, outputs, kernel, stride, padding, shared)[0], outputs * shared


@wrong("count_weights", hint="You count no biases. Every neuron, or every output channel, has one.")
def without_biases(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    return _counted(shape, outputs, kernel, stride, padding, shared)[0], 0


@wrong(
    "count_weights",
    hint="You count a bias for every place, also with sharing. An output channel has one bias for "
    "all its places.",
)
def bias_of_every_place(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    biases = _counted(shape, outputs, kernel, stride, padding, False)[1]
    return _counted(shape, outputs, kernel, stride, padding, shared)[0], biases


@wrong(
    "count_weights",
    hint="You count a bias for every weight of a kernel. A neuron has one bias, whatever the size of "
    "its region.",
)
def bias_of_every_weight(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    return (_counted(shape, outputs, kernel, stride, padding, shared)[0],) * 2


@wrong(
    "count_weights",
    hint="You leave out the channels of the input. A neuron looks at all of them: C k k weights.",
)
def flat_kernels(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    return _counted((1, *shape[1:]), outputs, kernel, stride, padding, shared)


@wrong("count_weights", hint="You count k weights a channel. The kernel is k x k.")
def kernel_once(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    weights, biases = _counted(shape, outputs, kernel, stride, padding, shared)
    return weights // kernel, biases


@wrong(
    "count_weights",
    hint="You leave out the output channels. Each of them has weights of its own.",
)
def one_output(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    return _counted(shape, 1, kernel, stride, padding, shared)


@wrong(
    "count_weights",
    hint="Without sharing you let the output channels of a place have the same weights. Every neuron "
    "has its own, at every place and in every channel.",
)
def shared_by_channels(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    if shared:
        return _counted(shape, outputs, kernel, stride, padding, shared)
    return _counted(shape, 1, kernel, stride, padding, shared)


@wrong(
    "count_weights",
    hint="You leave out shared: a locally connected layer has weights for every place.",
)
def always_shared(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    return _counted(shape, outputs, kernel, stride, padding, True)


@wrong(
    "count_weights",
    hint="You take shared the wrong way round: with sharing there are few weights.",
)
def sharing_exchanged(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    return _counted(shape, outputs, kernel, stride, padding, not shared)


@wrong(
    "count_weights",
    hint="Without sharing you count neurons for every place of the input. They are as many as there "
    "are places for the kernel: output_size.",
)
def places_of_the_input(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    if shared:
        return _counted(shape, outputs, kernel, stride, padding, shared)
    neurons = outputs * shape[1] * shape[2]
    return neurons * shape[0] * kernel * kernel, neurons


@wrong(
    "count_weights",
    hint="Without sharing you connect all neurons with the whole input. A neuron looks at C x k x k "
    "entries.",
)
def fully_connected(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    weights, neurons = _counted(shape, outputs, kernel, stride, padding, shared)
    return (weights if shared else neurons * math.prod(shape)), neurons


@wrong(
    "count_weights",
    hint="You leave out the stride: with it there are fewer places.",
    minor=True,
)
def count_without_stride(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    return _counted(shape, outputs, kernel, 1, padding, shared)


@wrong(
    "count_weights",
    hint="You leave out the padding: with it there are more places.",
    minor=True,
)
def count_without_padding(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    return _counted(shape, outputs, kernel, stride, 0, shared)


@wrong(
    "count_weights",
    hint="You count as if the output were square. Rows and columns have sizes of their own.",
)
def square_output(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    return _counted((shape[0], shape[1], shape[1]), outputs, kernel, stride, padding, shared)


@wrong(
    "count_weights",
    hint="You round the output size up. Only places where the whole kernel is inside count.",
    minor=True,
)
def count_rounded_up(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    if shared:
        return _counted(shape, outputs, kernel, stride, padding, shared)
    rows, columns = (math.ceil((s + 2 * padding - kernel) / stride) + 1 for s in shape[1:])
    neurons = outputs * rows * columns
    return neurons * shape[0] * kernel**2, neurons


@wrong(
    "count_weights",
    hint="The values are right, but they are counts, and / and np.floor return floats. // makes an "
    "int of two ints.",
    minor=True,
)
def counts_as_floats(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Any:
    weights, biases = _counted(shape, outputs, kernel, stride, padding, shared)
    return float(weights), float(biases)


@wrong("count_weights", hint="You return one number. Weights and biases are counted apart.")
def one_sum(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Any:
    return sum(_counted(shape, outputs, kernel, stride, padding, shared))


@wrong(
    "count_weights", hint="You count the biases among the weights as well. They are counted apart."
)
def biases_among_the_weights(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    weights, biases = _counted(shape, outputs, kernel, stride, padding, shared)
    return weights + biases, biases


@wrong(
    "count_weights", hint="You return the number of biases first. That of the weights comes first."
)
def biases_first(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    return _counted(shape, outputs, kernel, stride, padding, shared)[::-1]


@right("count_weights")
def shapes_multiplied(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Any:
    W: tuple[int, ...] = (outputs, shape[0], kernel, kernel)
    b: tuple[int, ...] = (outputs,)
    if not shared:
        sides = _sides(shape, kernel, stride, padding)
        W, b = sides + W, sides + b
    return np.prod(W), np.prod(b)


@right("count_weights")
def neuron_by_neuron(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    depth, height, width = shape
    of_a_neuron = depth * kernel**2
    if shared:
        return outputs * of_a_neuron, outputs
    tops = range(-padding, height + padding - kernel + 1, stride)
    lefts = range(-padding, width + padding - kernel + 1, stride)
    neurons = sum(outputs for _ in itertools.product(tops, lefts))
    return neurons * of_a_neuron, neurons


@right("count_weights")
def two_cases(
    shape: Shape, outputs: int, kernel: int, stride: int = 1, padding: int = 0, shared: bool = True
) -> Counts:
    weights = outputs * shape[0] * kernel * kernel
    biases = outputs
    if not shared:
        for side in (shape[1], shape[2]):
            places = (side - kernel + 2 * padding + stride) // stride
            weights *= places
            biases *= places
    return weights, biases


# --- max_pool_forward -----------------------------------------------------------------------------


def _pooling_windows(X: Volume, size: int, stride: int) -> Volume:
    return sliding_window_view(X, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]


def _flat_windows(X: Volume, size: int, stride: int) -> Volume:
    windows = _pooling_windows(X, size, stride)
    return windows.reshape(*windows.shape[:4], size * size)


@wrong(
    "max_pool_forward",
    hint="Your indices are places in the whole image. Places in the window are due: row in the "
    "window times size plus column in the window.",
)
def indices_in_the_image(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    Y, indices = reference.max_pool_forward(X, size, stride)
    r, c = np.ogrid[: Y.shape[2], : Y.shape[3]]
    return Y, (r * stride + indices // size) * X.shape[3] + c * stride + indices % size


@wrong(
    "max_pool_forward",
    hint="Your indices run down the columns of the window: column times size plus row. Row times "
    "size plus column is due.",
)
def indices_down_the_columns(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    Y, indices = reference.max_pool_forward(X, size, stride)
    return Y, indices % size * size + indices // size


@wrong(
    "max_pool_forward",
    hint="Your indices count from 1. The first entry of a window has index 0.",
)
def indices_from_one(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    Y, indices = reference.max_pool_forward(X, size, stride)
    return Y, indices + 1


@wrong(
    "max_pool_forward",
    hint="Your indices are rows of the window alone. They are row times size plus column.",
)
def rows_alone(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    Y, indices = reference.max_pool_forward(X, size, stride)
    return Y, indices // size


@wrong(
    "max_pool_forward",
    hint="Your indices are row plus column. The row counts size times.",
)
def row_plus_column(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    Y, indices = reference.max_pool_forward(X, size, stride)
    return Y, indices // size + indices % size


@wrong(
    "max_pool_forward",
    hint="Your indices have an axis for row and column. One number is due: row times size plus "
    "column.",
)
def pairs_of_indices(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    Y, indices = reference.max_pool_forward(X, size, stride)
    return Y, np.stack([indices // size, indices % size], axis=-1)


@wrong(
    "max_pool_forward",
    hint="Your indices are floats, with which nothing can be indexed. Make the array with "
    "np.zeros(..., int).",
)
def indices_as_floats(X: Volume, size: int = 2, stride: int = 2) -> Any:
    Y, indices = reference.max_pool_forward(X, size, stride)
    return Y, indices.astype(np.float64)


@wrong(
    "max_pool_forward",
    hint="Of equal entries you take the last one. The first one counts: compare with >, not >=.",
)
def last_of_equal_entries(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    flat = _flat_windows(X, size, stride)
    return flat.max(axis=-1), size * size - 1 - flat[..., ::-1].argmax(axis=-1)


@wrong(
    "max_pool_forward",
    hint="Of equal entries you take the first one column by column. Row by row is due.",
)
def first_down_the_columns(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    windows = _pooling_windows(X, size, stride).swapaxes(4, 5)
    places = windows.reshape(*windows.shape[:4], -1).argmax(axis=-1)
    return windows.max(axis=(4, 5)), places % size * size + places // size


@wrong(
    "max_pool_forward",
    hint="You begin with 0, so that a window of negative entries gives 0. Begin with minus infinity, "
    "or with the window's first entry.",
)
def begun_with_zero(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    flat = _flat_windows(X, size, stride)
    best = flat.max(axis=-1)
    return np.maximum(best, 0.0), np.where(best > 0.0, flat.argmax(axis=-1), 0)


@wrong(
    "max_pool_forward",
    hint="You take the entry that is largest without its sign. The largest one is due: -2 is larger "
    "than -5.",
)
def largest_magnitude(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    flat = _flat_windows(X, size, stride)
    places = np.abs(flat).argmax(axis=-1)
    return np.take_along_axis(flat, places[..., None], axis=-1)[..., 0], places


@wrong("max_pool_forward", hint="You take the smallest entry. The largest one is due.")
def smallest(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    flat = _flat_windows(X, size, stride)
    return flat.min(axis=-1), flat.argmin(axis=-1)


@wrong("max_pool_forward", hint="You return the mean of every window. Its largest entry is due.")
def mean_for_maximum(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    flat = _flat_windows(X, size, stride)
    return flat.mean(axis=-1), flat.argmax(axis=-1)


@wrong(
    "max_pool_forward",
    hint="You take the largest entry of all channels. Each channel is pooled by itself.",
)
def channels_pooled_together(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    Y, indices = reference.max_pool_forward(X, size, stride)
    best = Y.argmax(axis=1, keepdims=True)
    return Y.max(axis=1, keepdims=True), np.take_along_axis(indices, best, axis=1)


@wrong(
    "max_pool_forward",
    hint="You leave out the stride: your windows lie one behind the other. They begin stride apart, "
    "and may overlap or have gaps between them.",
)
def size_for_stride(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    return reference.max_pool_forward(X, size, size)


@wrong(
    "max_pool_forward",
    hint="Your windows move by one entry. They move by stride.",
)
def pooled_everywhere(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    return reference.max_pool_forward(X, size, 1)


@wrong(
    "max_pool_forward",
    hint="Your windows are 2 x 2, whatever size says.",
)
def always_two(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    return reference.max_pool_forward(X, 2, stride)


@wrong(
    "max_pool_forward",
    hint="You round the output size up: the last windows reach beyond the image. Only whole windows "
    "count.",
)
def pool_rounded_up(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    more = [-(side - size) % stride for side in X.shape[2:]]
    pad = ((0, 0), (0, 0), (0, more[0]), (0, more[1]))
    return reference.max_pool_forward(np.pad(X, pad, constant_values=-np.inf), size, stride)


@wrong(
    "max_pool_forward",
    hint="You return Y alone. The indices are due as well: the way back needs them.",
)
def maxima_alone(X: Volume, size: int = 2, stride: int = 2) -> Any:
    return reference.max_pool_forward(X, size, stride)[0]


@wrong("max_pool_forward", hint="You return the indices first. Y comes first.")
def indices_first(X: Volume, size: int = 2, stride: int = 2) -> Any:
    return reference.max_pool_forward(X, size, stride)[::-1]


@wrong(
    "max_pool_forward",
    hint="You return a mask of the entries that are largest. An index for every window is due.",
)
def mask_for_indices(X: Volume, size: int = 2, stride: int = 2) -> Any:
    windows = _pooling_windows(X, size, stride)
    Y = windows.max(axis=(4, 5))
    return Y, windows == Y[..., None, None]


@right("max_pool_forward")
def windows_one_by_one(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    rows, _ = reference.output_size(X.shape[2], size, stride)
    columns, _ = reference.output_size(X.shape[3], size, stride)
    Y = np.zeros((*X.shape[:2], rows, columns))
    indices = np.zeros(Y.shape, int)
    for n, c, i, j in np.ndindex(Y.shape):
        window = X[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
        indices[n, c, i, j] = np.argmax(window)
        Y[n, c, i, j] = window.flat[indices[n, c, i, j]]
    return Y, indices


@right("max_pool_forward")
def better_entries(X: Volume, size: int = 2, stride: int = 2) -> Any:
    rows, columns = ((side - size) // stride + 1 for side in X.shape[2:])
    best = np.full((*X.shape[:2], rows, columns), -np.inf)
    where = np.zeros(best.shape, np.int32)
    for q in range(size):
        for p in range(size):
            entry = X[:, :, q::stride, p::stride][:, :, :rows, :columns]
            where[entry > best] = q * size + p
            best = np.maximum(best, entry)
    return best, where


@right("max_pool_forward")
def stacked_entries(X: Volume, size: int = 2, stride: int = 2) -> Pooled:
    rows, columns = ((side - size) // stride * stride + 1 for side in X.shape[2:])
    entries = np.stack(
        [
            X[:, :, q : q + rows : stride, p : p + columns : stride]
            for q, p in np.ndindex(size, size)
        ]
    )
    places = np.argmax(entries, axis=0)
    return np.take_along_axis(entries, places[np.newaxis], axis=0)[0], places


# --- max_pool_backward ----------------------------------------------------------------------------


def _sent_back(
    slopes: Volume,
    indices: Indices,
    shape: tuple[int, ...],
    stride: int,
    offset: Callable[[int], tuple[int, int]],
    *,
    add: bool = True,
) -> Volume:
    """Send every slope to a place in its window: `offset` makes row and column of an index."""
    dX = np.zeros(shape)
    for n, c, i, j in np.ndindex(indices.shape):
        q, p = offset(int(indices[n, c, i, j]))
        place = n, c, i * stride + q, j * stride + p
        dX[place] = slopes[n, c, i, j] + (dX[place] if add else 0.0)
    return dX


Four = tuple[int, int, int, int]


@wrong(
    "max_pool_backward",
    hint="A slope overwrites what an entry has got from another window. Where windows overlap, an "
    "entry can be the largest of several: add. (dX[places] += slopes adds one of several only; "
    "np.add.at adds all.)",
)
def slopes_overwritten(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Volume:
    return _sent_back(slopes, indices, shape, stride, lambda i: divmod(i, size), add=False)


@wrong(
    "max_pool_backward",
    hint="You take index // size for the column. An index is row times size plus column: the row is "
    "index // size, the column index % size.",
)
def row_for_column(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Volume:
    return _sent_back(slopes, indices, shape, stride, lambda i: divmod(i, size)[::-1])


@wrong(
    "max_pool_backward",
    hint="You divide the index by stride. It is row times size plus column, whatever the stride.",
)
def index_by_stride(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Volume:
    dX = np.zeros((*shape[:2], shape[2] + size * size, shape[3] + size * size))
    dX += _sent_back(slopes, indices, dX.shape, stride, lambda i: divmod(i, stride))
    return dX[:, :, : shape[2], : shape[3]]


@wrong(
    "max_pool_backward",
    hint="Your windows begin size apart. They begin stride apart: at row r * stride, column "
    "c * stride.",
)
def windows_apart_by_size(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Volume:
    rows, columns = (size * side + max(shape) for side in slopes.shape[2:])
    large = _sent_back(
        slopes, indices, (*shape[:2], rows, columns), size, lambda i: divmod(i, size)
    )
    return large[:, :, : shape[2], : shape[3]]


@wrong(
    "max_pool_backward",
    hint="You send slopes to the first entry of every window. Where the largest one is say the "
    "indices.",
)
def first_entries(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Volume:
    return _sent_back(slopes, indices, shape, stride, lambda _: (0, 0))


@wrong(
    "max_pool_backward",
    hint="You take the indices for places in the whole image. They are places in the windows.",
)
def places_in_the_image(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Volume:
    dX = np.zeros(shape).reshape(*shape[:2], -1)
    for n, c in np.ndindex(*shape[:2]):
        np.add.at(dX[n, c], indices[n, c].ravel() % dX.shape[2], slopes[n, c].ravel())
    return dX.reshape(shape)


@wrong(
    "max_pool_backward",
    hint="You spread every slope evenly over its window, which is the way back through average "
    "pooling. The largest entry gets all of it.",
)
def spread_evenly(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Volume:
    return sum_over_windows(slopes, shape, size, stride) / size**2


@wrong(
    "max_pool_backward",
    hint="You give every entry of a window the whole slope. Only the largest one gets it; for the "
    "others the derivative is 0.",
)
def whole_slope_for_all(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Volume:
    return sum_over_windows(slopes, shape, size, stride)


def sum_over_windows(slopes: Volume, shape: Four, size: int, stride: int) -> Volume:
    """Give every entry the slopes of all windows that it is in."""
    dX = np.zeros(shape)
    for r, c in np.ndindex(slopes.shape[2:]):
        rows, columns = r * stride, c * stride
        dX[:, :, rows : rows + size, columns : columns + size] += slopes[:, :, r : r + 1, c : c + 1]
    return dX


@wrong(
    "max_pool_backward",
    hint="You put 1 where the largest entries are. The derivative of the loss there is the slope.",
)
def ones_for_slopes(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Volume:
    return reference.max_pool_backward(np.ones_like(slopes), indices, shape, size, stride)


@wrong(
    "max_pool_backward",
    hint="You use the first channel's indices for all channels. Each channel has indices of its own.",
)
def indices_of_the_first_channel(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Volume:
    same = np.broadcast_to(indices[:, :1], indices.shape)
    return reference.max_pool_backward(slopes, same, shape, size, stride)


@wrong(
    "max_pool_backward",
    hint="You send the slopes of all examples and channels to the first ones. Each has an image of "
    "its own.",
)
def all_into_the_first(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Volume:
    dX = reference.max_pool_backward(slopes, indices, shape, size, stride)
    first = np.zeros_like(dX)
    first[0, 0] = dX.sum(axis=(0, 1))
    return first


@wrong(
    "max_pool_backward",
    hint="Your dL/dX ends where the last window ends. It has the shape of the input: entries in no "
    "window have the derivative 0.",
    minor=True,
)
def covered_entries_alone(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Volume:
    dX = reference.max_pool_backward(slopes, indices, shape, size, stride)
    rows, columns = ((side - 1) * stride + size for side in slopes.shape[2:])
    return dX[:, :, :rows, :columns]


@wrong(
    "max_pool_backward",
    hint="You return an array of the slopes' shape. dL/dX has the shape of the input.",
)
def slopes_alone(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Volume:
    return slopes * 1.0


@wrong(
    "max_pool_backward",
    hint="Your array holds whole numbers, so slopes are cut off. Make it with np.zeros(shape).",
)
def whole_slopes(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Any:
    dX = reference.max_pool_backward(slopes, indices, shape, size, stride)
    return dX.astype(np.int64)


@wrong(
    "max_pool_backward",
    hint="You take windows of 2 x 2 for granted: an index is row times size plus column.",
)
def size_of_two(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Volume:
    dX = np.zeros((*shape[:2], shape[2] + size * size, shape[3] + size * size))
    dX += _sent_back(slopes, indices, dX.shape, stride, lambda i: divmod(i, 2))
    return dX[:, :, : shape[2], : shape[3]]


@right("max_pool_backward")
def slopes_one_by_one(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Volume:
    return _sent_back(slopes, indices, shape, stride, lambda i: divmod(i, size))


@right("max_pool_backward")
def places_counted(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Any:
    n, c, i, j = np.indices(indices.shape)
    places = (n, c, i * stride + indices // size, j * stride + indices % size)
    flat = np.ravel_multi_index(places, shape).ravel()
    return np.bincount(flat, slopes.ravel(), math.prod(shape)).reshape(shape)


@right("max_pool_backward")
def entry_by_entry(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Volume:
    dX = np.zeros(shape)
    rows, columns = slopes.shape[2:]
    for index in range(size * size):
        q, p = index // size, index % size
        view = dX[:, :, q::stride, p::stride][:, :, :rows, :columns]
        view += np.where(indices == index, slopes, 0.0)
    return dX


@right("max_pool_backward")
def pool_back_in_single_precision(
    slopes: Volume, indices: Indices, shape: Four, size: int = 2, stride: int = 2
) -> Any:
    dX = reference.max_pool_backward(slopes, indices, shape, size, stride)
    return dX.astype(np.float32)


# --- average_pool ---------------------------------------------------------------------------------


def _summed(X: Volume, size: int, stride: int) -> Volume:
    return _pooling_windows(X, size, stride).sum(axis=(4, 5))


@wrong("average_pool", hint="You return sums. The mean is the sum divided by size * size.")
def sums(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    return _summed(X, size, stride)


@wrong("average_pool", hint="You divide by size. A window has size * size entries.")
def divided_by_size(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    return _summed(X, size, stride) / size


@wrong(
    "average_pool",
    hint="You divide by stride * stride. A window has size * size entries.",
)
def divided_by_stride(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    return _summed(X, size, stride) / stride**2


@wrong(
    "average_pool",
    hint="You divide by 4. A window has size * size entries.",
)
def divided_by_four(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    return _summed(X, size, stride) / 4.0


@wrong(
    "average_pool",
    hint="You divide by the number of windows. A window has size * size entries.",
)
def divided_by_windows(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    total = _summed(X, size, stride)
    return total / (total.shape[2] * total.shape[3])


@wrong("average_pool", hint="You return the largest entry of every window. Its mean is due.")
def maximum_for_mean(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    return _pooling_windows(X, size, stride).max(axis=(4, 5))


@wrong("average_pool", hint="You return the median of every window. Its mean is due.")
def median_for_mean(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    return np.median(_pooling_windows(X, size, stride), axis=(4, 5))


@wrong(
    "average_pool",
    hint="You take the mean over the channels as well. Each channel is pooled by itself.",
)
def mean_of_channels(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    return _pooling_windows(X, size, stride).mean(axis=(1, 4, 5), keepdims=False)[:, np.newaxis]


@wrong(
    "average_pool",
    hint="You leave out the stride: your windows lie one behind the other. They begin stride apart, "
    "and may overlap or have gaps between them.",
)
def means_apart_by_size(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    return reference.average_pool(X, size, size)


@wrong("average_pool", hint="Your windows move by one entry. They move by stride.")
def means_everywhere(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    return reference.average_pool(X, size, 1)


@wrong(
    "average_pool",
    hint="Your windows are 2 x 2, whatever size says.",
)
def means_of_four(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    return reference.average_pool(X, 2, stride)


@wrong(
    "average_pool",
    hint="You round the output size up: the last windows reach beyond the image. Only whole windows "
    "count.",
)
def means_rounded_up(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    more = [-(side - size) % stride for side in X.shape[2:]]
    padded = np.pad(X, ((0, 0), (0, 0), (0, more[0]), (0, more[1])), constant_values=np.nan)
    return np.nanmean(_pooling_windows(padded, size, stride), axis=(4, 5))


@wrong(
    "average_pool",
    hint="You round the output size up and pad with zeros. Only whole windows count.",
)
def means_with_zeros(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    more = [-(side - size) % stride for side in X.shape[2:]]
    padded = np.pad(X, ((0, 0), (0, 0), (0, more[0]), (0, more[1])))
    return reference.average_pool(padded, size, stride)


@wrong(
    "average_pool",
    hint="You take the mean along one side of the window alone, the first row. A window has rows and "
    "columns.",
)
def mean_of_a_row(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    return _pooling_windows(X, size, stride)[..., 0, :].mean(axis=-1)


@wrong(
    "average_pool",
    hint="Your means are whole numbers: // and arrays of int cut them off. Divide with /.",
)
def whole_means(X: Volume, size: int = 2, stride: int = 2) -> Any:
    return _summed(X, size, stride) // size**2


@right("average_pool")
def means_one_by_one(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    rows, columns = (reference.output_size(side, size, stride)[0] for side in X.shape[2:])
    Y = np.zeros((*X.shape[:2], rows, columns))
    for i in range(rows):
        for j in range(columns):
            top, left = i * stride, j * stride
            Y[:, :, i, j] = X[:, :, top : top + size, left : left + size].mean(axis=(2, 3))
    return Y


@right("average_pool")
def sums_of_sums(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    table = np.pad(X.cumsum(axis=2).cumsum(axis=3), ((0, 0), (0, 0), (1, 0), (1, 0)))
    near, far = slice(None, -size), slice(size, None)
    boxes = table[:, :, far, far] - table[:, :, near, far] - table[:, :, far, near]
    return (boxes + table[:, :, near, near])[:, :, ::stride, ::stride] / size**2


@right("average_pool")
def layer_of_equal_weights(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    n, channels, high, wide = X.shape
    W = np.full((1, 1, size, size), 1.0 / (size * size))
    Y = reference.conv2d_forward(X.reshape(n * channels, 1, high, wide), W, np.zeros(1), stride)
    return Y.reshape(n, channels, *Y.shape[2:])


@right("average_pool")
def entries_added(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    rows, columns = ((side - size) // stride + 1 for side in X.shape[2:])
    parts = [
        X[:, :, q::stride, p::stride][:, :, :rows, :columns] for q, p in np.ndindex(size, size)
    ]
    return np.mean(parts, axis=0)


in_single_precision("average_pool", reference.average_pool)
