"""Convolution layers: a neuron that slides over a volume, its way back, and pooling.

Volumes are (N, C, H, W): examples, channels, rows, columns. Weights are (out, in, kh, kw). What
ConvNets call convolution is cross-correlation: the kernel is not flipped.
"""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_utils.reference import forbids
from course_utils.types import Bias, Indices, Kernels, Volume

# --- Sizes, and one neuron ------------------------------------------------------------------------


@forbids("scipy", "torch")
def output_size(size: int, kernel: int, stride: int = 1, padding: int = 0) -> tuple[int, int]:
    """Return how many places a kernel has along a side, and how many entries are left over.

    w_out = floor((w_in + 2 p - k) / s) + 1. With some strides the kernel does not come to the end
    of the padded side: the last entries, fewer than s, are in no window.

    Parameters
    ----------
    size : w_in, at least 1.
    kernel : k, at least 1.
    stride : s, at least 1.
    padding : p, how many zeros are put at each end, 0 or more.

    Returns
    -------
    w_out, and the number of entries at the end of the padded side that no window covers.

    Raises
    ------
    ValueError
        If the kernel is larger than the padded side.
    """
    room = size + 2 * padding - kernel
    if room < 0:
        raise ValueError(f"a kernel of {kernel} does not fit into {size + 2 * padding}")
    return room // stride + 1, room % stride


@forbids("scipy", "torch")
def neuron_response(region: Volume, W: Volume, b: float) -> float:
    """Return the output of one neuron that looks at one region.

    h = sum over i, j, k of x_ijk W_ijk, plus b: channels, rows and columns are summed over.

    Parameters
    ----------
    region : x, (C, kh, kw) float64, a piece of the input. Not modified.
    W : (C, kh, kw) float64, the neuron's weights. Not modified.
    b : its bias, a number.

    Returns
    -------
    A number.
    """
    return float((region * W).sum() + b)


# --- Convolution ----------------------------------------------------------------------------------


def _padded(X: Volume, padding: int) -> Volume:
    """Put zeros around the rows and columns."""
    return np.pad(X, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


def _windows(X: Volume, kernel: tuple[int, int], stride: int) -> Volume:
    """Return all windows, (N, C, H_out, W_out, kh, kw): a view, in which nothing is copied."""
    return sliding_window_view(X, kernel, axis=(2, 3))[:, :, ::stride, ::stride]


@forbids("scipy", "torch")
def conv2d_forward(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    """Slide the neurons of a convolution layer over a volume.

    Y_{n,o,r,c} = sum over i, q, p of X_{n, i, r s + q, c s + p} W_{o,i,q,p}, plus b_o, where X has
    been padded with zeros. All places share the weights of an output channel.

    Parameters
    ----------
    X : (N, in, H, W) float64. Not modified.
    W : (out, in, kh, kw) float64. Not modified.
    b : (out,) float64, one bias an output channel. Not modified.
    stride : s, by how much the window moves, along both sides; at least 1.
    padding : how many zeros are put around, on all four sides. The kernel fits into what results.

    Returns
    -------
    (N, out, H_out, W_out) float64, of the sizes that `output_size` gives.

    Notes
    -----
    Loops over places or over the kernel's entries are fine here; `conv2d_fast` is for speed.
    """
    windows = _windows(_padded(X, padding), W.shape[2:], stride)
    Y = np.tensordot(windows, W, axes=((1, 4, 5), (1, 2, 3))) + b
    return Y.transpose(0, 3, 1, 2)


@forbids("scipy", "torch")
def conv2d_fast(X: Volume, W: Kernels, b: Bias, stride: int = 1, padding: int = 0) -> Volume:
    """Return what `conv2d_forward` returns, as fast as you can.

    Parameters and result as for `conv2d_forward`. Float32 is answered in float32.

    Notes
    -----
    A product of matrices is what a machine does best. Write every window as a column (im2col), and
    the layer is one product: K. Chellapilla et al., High performance convolutional neural networks
    for document processing, 2006. One example at a time, so that its columns stay in the cache.
    """
    windows = _windows(_padded(X, padding), W.shape[2:], stride)
    n, channels, rows, columns, high, wide = windows.shape
    neurons = W.reshape(len(W), -1)
    Y = np.empty((n, len(W), rows * columns), np.result_type(X, W))
    for one, out in zip(windows.transpose(0, 1, 4, 5, 2, 3), Y, strict=True):
        np.matmul(neurons, one.reshape(channels * high * wide, rows * columns), out=out)
        out += b[:, np.newaxis]
    return Y.reshape(n, len(W), rows, columns)


@forbids("scipy", "torch")
def conv2d_backward(
    slopes: Volume, X: Volume, W: Kernels, stride: int = 1, padding: int = 0
) -> tuple[Volume, Kernels, Bias]:
    """Return the derivatives of the loss by the input, the weights and the biases.

    Every weight acts in all places and examples, every input entry in all windows that contain it:
    the derivatives are sums over these.

    Parameters
    ----------
    slopes : dL/dY, (N, out, H_out, W_out) float64. Not modified.
    X, W, stride, padding : as they were given to `conv2d_forward`. Not modified.

    Returns
    -------
    dL/dX, dL/dW and dL/db, of the shapes of X, W and b.
    """
    padded = _padded(X, padding)
    windows = _windows(padded, W.shape[2:], stride)
    dW = np.tensordot(slopes, windows, axes=((0, 2, 3), (0, 2, 3)))
    by_windows = np.tensordot(W, slopes, axes=(0, 1))  # (in, kh, kw, N, H_out, W_out)
    dX = np.zeros_like(padded)
    rows, columns = (stride * side for side in slopes.shape[2:])
    for q, p in np.ndindex(W.shape[2:]):
        part = by_windows[:, q, p].swapaxes(0, 1)
        dX[:, :, q : q + rows : stride, p : p + columns : stride] += part
    inner = slice(padding, -padding or None)  # -0 would be the beginning
    return dX[:, :, inner, inner], dW, slopes.sum(axis=(0, 2, 3))


@forbids("scipy", "torch")
def count_weights(
    shape: tuple[int, int, int],
    outputs: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    shared: bool = True,
) -> tuple[int, int]:
    """Count the weights and biases of a layer whose neurons look at kernel x kernel places.

    With weight sharing (a convolution layer) all neurons of an output channel have the same weights
    and the same bias; without (a locally connected layer) each neuron has its own.

    Parameters
    ----------
    shape : (C, H, W) of the input.
    outputs : how many channels come out.
    kernel, stride, padding : as for `output_size`, the same along both sides. The kernel fits.
    shared : whether weights are shared.

    Returns
    -------
    The number of weights, and the number of biases.
    """
    channels, *sides = shape
    rows, columns = (output_size(side, kernel, stride, padding)[0] for side in sides)
    neurons = outputs if shared else outputs * rows * columns
    return neurons * channels * kernel * kernel, neurons


# --- Pooling --------------------------------------------------------------------------------------


@forbids("scipy", "torch")
def max_pool_forward(X: Volume, size: int = 2, stride: int = 2) -> tuple[Volume, Indices]:
    """Return the largest entry of every window, and where in the window it is.

    Each channel is pooled by itself. Of equal entries the first one counts, row by row.

    Parameters
    ----------
    X : (N, C, H, W) float64. Not modified. There is no padding.
    size, stride : of the window, along both sides; at least 1. The window fits.

    Returns
    -------
    Y, (N, C, H_out, W_out) float64, and the indices, of the same shape, int64: row in the window
    times size plus column in the window.
    """
    windows = _windows(X, (size, size), stride)
    flat = windows.reshape(*windows.shape[:4], size * size)
    return flat.max(axis=-1), flat.argmax(axis=-1)


@forbids("scipy", "torch")
def max_pool_backward(
    slopes: Volume,
    indices: Indices,
    shape: tuple[int, int, int, int],
    size: int = 2,
    stride: int = 2,
) -> Volume:
    """Return the derivatives of the loss by the input of `max_pool_forward`.

    Every slope goes to the entry that was the largest of its window, and to no other. Where windows
    overlap, an entry can get several; they add up.

    Parameters
    ----------
    slopes : dL/dY, (N, C, H_out, W_out) float64. Not modified.
    indices : what `max_pool_forward` returned beside Y. Not modified.
    shape : (N, C, H, W) of the input.
    size, stride : as they were given to `max_pool_forward`.

    Returns
    -------
    dL/dX, (N, C, H, W) float64.
    """
    dX = np.zeros(shape)
    n, channel, row, column = np.ogrid[tuple(map(slice, indices.shape))]
    place = n, channel, row * stride + indices // size, column * stride + indices % size
    np.add.at(dX, place, slopes)
    return dX


@forbids("scipy", "torch")
def average_pool(X: Volume, size: int = 2, stride: int = 2) -> Volume:
    """Return the mean of every window, each channel by itself.

    Parameters
    ----------
    X : (N, C, H, W) float64. Not modified. There is no padding.
    size, stride : of the window, along both sides; at least 1. The window fits.

    Returns
    -------
    (N, C, H_out, W_out) float64.
    """
    return _windows(X, (size, size), stride).mean(axis=(-2, -1))
