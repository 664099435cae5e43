"""Visible examples of the notebook convolution_layers."""

from typing import Any

import numpy as np

from course_utils.checks import Complaint, example, must_raise, named

# --- output_size ----------------------------------------------------------------------------------


def _places(found: Any) -> dict[str, Any]:
    return named(found, "w_out", "The number of entries that no window covers")


@example("output_size", "32 entries, a kernel of 5")
def one_by_one(output_size: Any) -> Any:
    return _places(output_size(32, 5))


@example("output_size", "7 entries, a kernel of 3, stride 2")
def stride_that_fits(output_size: Any) -> Any:
    return _places(output_size(7, 3, stride=2))


@example("output_size", "9 entries, a kernel of 3, stride 4: the last two are in no window")
def stride_that_does_not_fit(output_size: Any) -> Any:
    return _places(output_size(9, 3, stride=4))


@example("output_size", "6 entries, a kernel of 3, one zero at each end")
def padded_side(output_size: Any) -> Any:
    return _places(output_size(6, 3, padding=1))


@example("output_size", "12 entries, a kernel of 4, stride 5, two zeros at each end")
def stride_and_padded_side(output_size: Any) -> Any:
    return _places(output_size(12, 4, 5, 2))


@example("output_size", "9 entries, a kernel of 2, stride 5: what lies between windows is no end")
def stride_beyond_the_kernel(output_size: Any) -> Any:
    return _places(output_size(9, 2, 5))


@example("output_size", "a kernel of 5 on 5 entries: one place")
def kernel_as_large(output_size: Any) -> Any:
    return _places(output_size(5, 5))


@example("output_size", "a kernel of 5 on 3 entries with one zero at each end: one place")
def kernel_that_just_fits(output_size: Any) -> Any:
    return _places(output_size(3, 5, 2, 1))


@example("output_size", "a kernel of 9 on 4 entries: a ValueError")
def kernel_too_large(output_size: Any) -> Any:
    return must_raise("ValueError", output_size, 4, 9)


@example("output_size", "a kernel of 5 on 4 entries, stride 3: a ValueError as well")
def kernel_a_little_too_large(output_size: Any) -> Any:
    return must_raise("ValueError", output_size, 4, 5, 3)


@example("output_size", "8 entries, a kernel of 3, stride 2: what kind of numbers they are")
def whole_places(output_size: Any) -> Any:
    return _whole(_places(output_size(8, 3, 2)))


def _whole(found: dict[str, Any]) -> dict[str, Any]:
    """Return counts.

    Raises
    ------
    Complaint
        If one of them is a float.
    """
    for value in found.values():
        if isinstance(value, (float, np.floating)):
            raise Complaint(f"You return {value!r}, a float. Both numbers are counts: int.")
    return found


# --- neuron_response ------------------------------------------------------------------------------


@example("neuron_response", "2 channels of 2 x 2, b = 10; the region in Fortran order")
def two_channels(neuron_response: Any) -> Any:
    region = np.array([[[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [2.0, -1.0]]])
    W = np.array([[[1.0, 0.0], [2.0, -1.0]], [[3.0, 5.0], [-2.0, 4.0]]])
    return neuron_response(np.asfortranarray(region), W, 10.0)


@example("neuron_response", "1 channel of 2 x 3, b = -20")
def one_channel(neuron_response: Any) -> Any:
    region = np.array([[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]])
    return neuron_response(region, np.array([[[1.0, -1.0, 0.5], [0.0, 2.0, -3.0]]]), -20.0)


@example("neuron_response", "3 channels at one place, b = 1")
def one_place(neuron_response: Any) -> Any:
    region = np.array([2.0, 0.25, -1.0]).reshape(3, 1, 1)
    return neuron_response(region, np.array([1.0, 2.0, 3.5]).reshape(3, 1, 1), 1)


# --- conv2d_forward -------------------------------------------------------------------------------

_GREY = np.array([[[[1.0, 2.0, 0.0, 3.0], [4.0, -1.0, 2.0, 1.0], [0.0, 5.0, 1.0, -2.0]]]])
_KERNEL = np.array([[[[1.0, 2.0], [0.0, -3.0]]]])
_COLOR = np.array(
    [
        [
            [[1.0, 2.0, 0.0], [3.0, 1.0, 4.0], [0.0, 2.0, 1.0]],
            [[2.0, -1.0, 1.0], [0.0, 5.0, 2.0], [1.0, 3.0, -2.0]],
        ]
    ]
)
_KERNELS = np.array(
    [
        [[[1.0, 0.0], [2.0, -1.0]], [[0.0, 1.0], [1.0, 3.0]]],
        [[[2.0, 1.0], [0.0, 0.0]], [[-1.0, 0.0], [2.0, -4.0]]],
    ]
)
_ROWS = np.arange(30.0).reshape(1, 1, 5, 6) % 7.0
_FLAT = np.array([[[[1.0, -2.0, 3.0], [0.0, 4.0, -1.0]]], [[[2.0, 0.0, 1.0], [-1.0, 1.0, 5.0]]]])
_SMALL = np.array([[[[1.0, 2.0, 3.0], [5.0, -4.0, 6.0]]]])
_SQUARE = np.array([[[[1.0, 2.0, 0.0], [-1.0, 3.0, 1.0], [4.0, 0.0, -2.0]]]])
_TALL = np.array([[[[2.0, 1.0], [0.0, -3.0], [1.0, 5.0]]]])
_BATCH = np.array(
    [
        [[[1.0, 2.0], [0.0, -1.0]], [[2.0, 1.0], [3.0, 0.0]], [[0.0, 1.0], [-2.0, 4.0]]],
        [[[0.0, 3.0], [1.0, 1.0]], [[5.0, -2.0], [0.0, 1.0]], [[1.0, 0.0], [2.0, -3.0]]],
    ]
)
"""(2, 3, 2, 2)."""
_DEEP = np.array([[[[2.0]], [[-1.0]], [[3.0]]], [[[0.0]], [[4.0]], [[1.0]]]])
"""(2, 3, 1, 1)."""


def _slid(function: Any, X: Any, W: Any, b: Any, *how: Any, **named_how: Any) -> Any:
    return function(X.copy(), W.copy(), np.array(b, dtype=np.float64), *how, **named_how)


@example("conv2d_forward", "an image of 3 x 4, one kernel of 2 x 2, b = 10")
def one_kernel(conv2d_forward: Any) -> Any:
    return _slid(conv2d_forward, _GREY, _KERNEL, [10.0])


@example("conv2d_forward", "2 channels of 3 x 3 in, 2 out, kernels of 2 x 2, b = 10 and -100")
def channels_in_and_out(conv2d_forward: Any) -> Any:
    return _slid(conv2d_forward, _COLOR, _KERNELS, [10.0, -100.0])


@example("conv2d_forward", "2 examples of 3 channels, 2 channels out, kernels of 1 x 1")
def two_examples(conv2d_forward: Any) -> Any:
    return _slid(conv2d_forward, _BATCH, _DEEP, [10.0, 20.0])


@example(
    "conv2d_forward", "5 x 6, two kernels of 2 x 3, stride 2: a row and a column are left over"
)
def every_other_place(conv2d_forward: Any) -> Any:
    return _slid(conv2d_forward, _ROWS, _FLAT, [1.0, 2.0], 2)


@example("conv2d_forward", "2 x 3, a kernel of 3 x 3, padding 1")
def zeros_around(conv2d_forward: Any) -> Any:
    return _slid(conv2d_forward, _SMALL, _SQUARE, [1.0], padding=1)


@example("conv2d_forward", "3 x 4, a kernel of 3 x 2, stride 2, padding 1")
def both_of_them(conv2d_forward: Any) -> Any:
    return _slid(conv2d_forward, _GREY, _TALL, [0.0], 2, 1)


@example("conv2d_forward", "2 x 3, a kernel of 1 x 1, stride 2, padding 2: mostly padding")
def much_padding(conv2d_forward: Any) -> Any:
    return _slid(conv2d_forward, _SMALL, np.array([[[[3.0]]]]), [-4.0], 2, 2)


@example("conv2d_forward", "a kernel as large as the image; both are views of other arrays")
def single_place(conv2d_forward: Any) -> Any:
    channels_last = np.ascontiguousarray(_COLOR.transpose(0, 2, 3, 1))
    W = np.asfortranarray(np.stack([_COLOR[0], -_COLOR[0, ::-1]]))
    return conv2d_forward(channels_last.transpose(0, 3, 1, 2), W, np.array([0.0, 1.0]))


# --- conv2d_fast ----------------------------------------------------------------------------------


@example("conv2d_fast", "an image of 3 x 4, one kernel of 2 x 2, b = 10")
def one_fast_kernel(conv2d_fast: Any) -> Any:
    return _slid(conv2d_fast, _GREY, _KERNEL, [10.0])


@example("conv2d_fast", "2 channels of 3 x 3 in, 2 out, kernels of 2 x 2, b = 10 and -100")
def fast_channels(conv2d_fast: Any) -> Any:
    return _slid(conv2d_fast, _COLOR, _KERNELS, [10.0, -100.0])


@example("conv2d_fast", "2 examples of 3 channels, 2 channels out, kernels of 1 x 1")
def fast_examples(conv2d_fast: Any) -> Any:
    return _slid(conv2d_fast, _BATCH, _DEEP, [10.0, 20.0])


@example("conv2d_fast", "5 x 6, two kernels of 2 x 3, stride 2: a row and a column are left over")
def fast_stride(conv2d_fast: Any) -> Any:
    return _slid(conv2d_fast, _ROWS, _FLAT, [1.0, 2.0], 2)


@example("conv2d_fast", "2 x 3, a kernel of 3 x 3, padding 1")
def fast_padding(conv2d_fast: Any) -> Any:
    return _slid(conv2d_fast, _SMALL, _SQUARE, [1.0], padding=1)


@example("conv2d_fast", "3 x 4, a kernel of 3 x 2, stride 2, padding 1")
def fast_both(conv2d_fast: Any) -> Any:
    return _slid(conv2d_fast, _GREY, _TALL, [0.0], 2, 1)


@example("conv2d_fast", "2 x 3, a kernel of 1 x 1, stride 2, padding 2: mostly padding")
def fast_much_padding(conv2d_fast: Any) -> Any:
    return _slid(conv2d_fast, _SMALL, np.array([[[[3.0]]]]), [-4.0], 2, 2)


@example("conv2d_fast", "2 examples, 3 channels in and 2 out; X and W are views of other arrays")
def fast_view(conv2d_fast: Any) -> Any:
    channels_last = np.ascontiguousarray(_BATCH.transpose(0, 2, 3, 1))
    W = np.asfortranarray(np.arange(12.0).reshape(2, 3, 2, 1) % 5.0 - 2.0)
    return conv2d_fast(channels_last.transpose(0, 3, 1, 2), W, np.array([1.0, 2.0]))


@example("conv2d_fast", "the first example again, in float32: the type of the result")
def fast_float32(conv2d_fast: Any) -> Any:
    singles = [values.astype(np.float32) for values in (_GREY, _KERNEL, np.array([10.0]))]
    found = conv2d_fast(*singles)
    if isinstance(found, np.ndarray) and found.dtype != np.float32:
        raise Complaint(f"You return {found.dtype} where X, W and b are float32.")
    return found


# --- conv2d_backward ------------------------------------------------------------------------------


def _back(conv2d_backward: Any, slopes: Any, X: Any, W: Any, *how: Any, **named_how: Any) -> Any:
    given = (values.copy(order="K") for values in (slopes, X, W))
    found = conv2d_backward(*given, *how, **named_how)
    return named(found, "dL/dX", "dL/dW", "dL/db")


_SLOPES = np.array([[[[1.0, -2.0, 3.0], [0.0, 4.0, 5.0]]]])
"""(1, 1, 2, 3)."""


@example("conv2d_backward", "an image of 3 x 4, one kernel of 2 x 2")
def one_kernel_back(conv2d_backward: Any) -> Any:
    return _back(conv2d_backward, _SLOPES, _GREY, _KERNEL)


@example("conv2d_backward", "2 channels of 3 x 3 in, 2 out, kernels of 2 x 2; W in Fortran order")
def channels_back(conv2d_backward: Any) -> Any:
    slopes = np.array([[[[1.0, 0.0], [2.0, -1.0]], [[3.0, 1.0], [0.0, 4.0]]]])
    return _back(conv2d_backward, slopes, _COLOR, np.asfortranarray(_KERNELS))


@example("conv2d_backward", "2 examples of 3 channels, 2 channels out, kernels of 1 x 1")
def examples_back(conv2d_backward: Any) -> Any:
    slopes = np.arange(16.0).reshape(2, 2, 2, 2) % 7.0 - 2.0
    return _back(conv2d_backward, slopes, _BATCH, _DEEP)


@example(
    "conv2d_backward", "5 x 6, two kernels of 2 x 3, stride 2: a row and a column are left over"
)
def stride_back(conv2d_backward: Any) -> Any:
    slopes = np.array([[[[1.0, -2.0], [3.0, 4.0]], [[2.0, 0.0], [-1.0, 5.0]]]])
    return _back(conv2d_backward, slopes, _ROWS, _FLAT, 2)


@example("conv2d_backward", "2 x 3, a kernel of 3 x 3, padding 1")
def padding_back(conv2d_backward: Any) -> Any:
    return _back(conv2d_backward, _SLOPES, _SMALL, _SQUARE, padding=1)


@example("conv2d_backward", "3 x 4, a kernel of 3 x 2, stride 2, padding 1")
def both_back(conv2d_backward: Any) -> Any:
    return _back(conv2d_backward, _SLOPES, _GREY, _TALL, 2, 1)


@example("conv2d_backward", "2 examples, 3 channels in and 2 out; all are views of other arrays")
def views_back(conv2d_backward: Any) -> Any:
    slopes = np.arange(8.0).reshape(2, 1, 2, 2).transpose(0, 3, 1, 2) % 5.0 - 1.0
    channels_last = np.ascontiguousarray(_BATCH.transpose(0, 2, 3, 1))
    W = np.asfortranarray(np.arange(12.0).reshape(2, 3, 2, 1) % 5.0 - 2.0)
    return _back(conv2d_backward, slopes, channels_last.transpose(0, 3, 1, 2), W)


@example("conv2d_backward", "4 x 5, a kernel of 1 x 1, stride 3: most entries are in no window")
def gaps_back(conv2d_backward: Any) -> Any:
    X = np.arange(20.0).reshape(1, 1, 4, 5)
    slopes = np.array([[[[1.0, -2.0], [3.0, 4.0]]]])
    return _back(conv2d_backward, slopes, X, np.array([[[[2.0]]]]), stride=3)


# --- count_weights --------------------------------------------------------------------------------


def _counts(found: Any) -> dict[str, Any]:
    return named(found, "The number of weights", "The number of biases")


@example("count_weights", "3 x 32 x 32, 6 kernels of 5 x 5, shared", rtol=0.0, atol=0.5)
def shared_weights(count_weights: Any) -> Any:
    return _counts(count_weights((3, 32, 32), 6, 5))


@example("count_weights", "3 x 32 x 32, 6 channels out, 5 x 5, not shared", rtol=0.0, atol=0.5)
def own_weights(count_weights: Any) -> Any:
    return _counts(count_weights((3, 32, 32), 6, 5, shared=False))


@example("count_weights", "2 x 9 x 12, 4 channels out, 3 x 3, stride 2, not shared",
         rtol=0.0, atol=0.5)  # fmt: skip
def own_weights_with_stride(count_weights: Any) -> Any:
    return _counts(count_weights((2, 9, 12), 4, 3, 2, shared=False))


@example("count_weights", "2 x 8 x 5, 4 channels out, 3 x 3, padding 2, not shared",
         rtol=0.0, atol=0.5)  # fmt: skip
def own_weights_with_padding(count_weights: Any) -> Any:
    return _counts(count_weights((2, 8, 5), 4, 3, padding=2, shared=False))


@example("count_weights", "2 x 8 x 5, 4 kernels of 3 x 3, stride 2, padding 1, shared",
         rtol=0.0, atol=0.5)  # fmt: skip
def shared_with_all(count_weights: Any) -> Any:
    return _counts(count_weights((2, 8, 5), 4, 3, 2, 1, True))


@example("count_weights", "1 x 6 x 9, 2 channels out, 3 x 3, not shared: the kind of numbers",
         rtol=0.0, atol=0.5)  # fmt: skip
def whole_counts(count_weights: Any) -> Any:
    return _whole(_counts(count_weights((1, 6, 9), 2, 3, shared=False)))


# --- max_pool_forward -----------------------------------------------------------------------------


def _pooled(found: Any) -> dict[str, Any]:
    return named(found, "Y", "The indices")


_THIRTY = (7.0 * np.arange(1.0, 31.0) % 31.0).reshape(1, 1, 5, 6)
"""No two entries are equal."""
_SIXTEEN = np.array([[[[1.0, 3.0, 2.0, 9.0], [7.0, 5.0, 4.0, 6.0],
                       [2.0, 8.0, 0.0, 1.0], [3.0, 4.0, 1.0, 5.0]]]])  # fmt: skip


@example("max_pool_forward", "4 x 4, windows of 2 x 2")
def four_windows(max_pool_forward: Any) -> Any:
    return _pooled(max_pool_forward(_SIXTEEN.copy()))


@example("max_pool_forward", "2 examples of 3 channels of 2 x 2, in Fortran order")
def examples_and_channels(max_pool_forward: Any) -> Any:
    return _pooled(max_pool_forward(np.asfortranarray(_BATCH)))


@example("max_pool_forward", "2 x 4, all entries are negative")
def negative_entries(max_pool_forward: Any) -> Any:
    X = np.array([[[[-5.0, -2.0, -7.0, -9.0], [-4.0, -3.0, -8.0, -6.0]]]])
    return _pooled(max_pool_forward(X))


@example("max_pool_forward", "2 x 4: 5 three times in a window, 4 twice")
def equal_entries(max_pool_forward: Any) -> Any:
    return _pooled(max_pool_forward(np.array([[[[5.0, 5.0, 1.0, 4.0], [5.0, 2.0, 4.0, 2.0]]]])))


@example("max_pool_forward", "5 x 6, windows of 3 x 3, stride 2: a column is left over")
def overlapping_windows(max_pool_forward: Any) -> Any:
    return _pooled(max_pool_forward(_THIRTY.copy(), 3, 2))


@example("max_pool_forward", "5 x 6, windows of 2 x 2, stride 3: some entries are in no window")
def windows_with_gaps(max_pool_forward: Any) -> Any:
    return _pooled(max_pool_forward(_THIRTY.copy(), size=2, stride=3))


# --- max_pool_backward ----------------------------------------------------------------------------


def _spread(max_pool_backward: Any, slopes: Any, indices: Any, *how: Any) -> Any:
    return max_pool_backward(np.array(slopes), np.array(indices), *how)


@example("max_pool_backward", "4 x 4, windows of 2 x 2; indices 2 1 and 1 3, slopes 1 2 and 3 4")
def four_slopes(max_pool_backward: Any) -> Any:
    slopes, indices = [[[[1.0, 2.0], [3.0, 4.0]]]], [[[[2, 1], [1, 3]]]]
    return _spread(max_pool_backward, slopes, indices, (1, 1, 4, 4))


@example(
    "max_pool_backward", "2 examples of 3 channels of 2 x 3, one window each; in Fortran order"
)
def slopes_of_examples(max_pool_backward: Any) -> Any:
    slopes = np.array([3.0, -1.0, 2.0, 5.0, 4.0, -6.0]).reshape(2, 3, 1, 1)
    indices = np.array([1, 2, 3, 1, 0, 2]).reshape(2, 3, 1, 1)
    return _spread(max_pool_backward, np.asfortranarray(slopes), indices, (2, 3, 2, 3))


@example("max_pool_backward", "3 x 4, windows of 2 x 2, stride 1: all see the same two entries")
def shared_maxima(max_pool_backward: Any) -> Any:
    slopes = [[[[1.0, 2.0, 10.0], [3.0, 4.0, 20.0]]]]
    indices = [[[[3, 2, 3], [1, 0, 1]]]]
    return _spread(max_pool_backward, slopes, indices, (1, 1, 3, 4), 2, 1)


@example("max_pool_backward", "5 x 7, windows of 3 x 3, stride 2")
def overlapping_slopes(max_pool_backward: Any) -> Any:
    slopes = [[[[1.0, 2.0, 3.0], [4.0, 5.0, -6.0]]]]
    indices = [[[[8, 6, 5], [2, 7, 1]]]]
    return _spread(max_pool_backward, slopes, indices, (1, 1, 5, 7), 3, 2)


@example("max_pool_backward", "6 x 7, windows of 2 x 2, stride 3")
def slopes_with_gaps(max_pool_backward: Any) -> Any:
    slopes, indices = [[[[1.0, 2.0], [3.0, -4.0]]]], [[[[1, 2], [3, 1]]]]
    return _spread(max_pool_backward, slopes, indices, (1, 1, 6, 7), 2, 3)


# --- average_pool ---------------------------------------------------------------------------------


@example("average_pool", "4 x 4, windows of 2 x 2")
def four_means(average_pool: Any) -> Any:
    return average_pool(_SIXTEEN.copy())


@example("average_pool", "2 examples of 3 channels of 2 x 2, in Fortran order")
def means_of_channels(average_pool: Any) -> Any:
    return average_pool(np.asfortranarray(_BATCH))


@example("average_pool", "5 x 6, windows of 3 x 3, stride 2: a column is left over")
def overlapping_means(average_pool: Any) -> Any:
    return average_pool(_THIRTY.copy(), 3, 2)


@example("average_pool", "5 x 6, windows of 2 x 2, stride 3: some entries are in no window")
def means_with_gaps(average_pool: Any) -> Any:
    return average_pool(_THIRTY.copy(), size=2, stride=3)
