"""Blind answers to 1_convolution_layers: right ones in unusual styles, and wrong ones.

All wrong ones pass the visible checks, except where their docstring says otherwise. Numbers that
are missing go wrong where arrays lie in memory in another order; hidden tests try that for layers
and pooling alone.
"""

import itertools
import math

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view


def _sizes(X, kh, kw, s, p):
    h, w = X.shape[2] + 2 * p - kh, X.shape[3] + 2 * p - kw
    if h < 0 or w < 0:
        raise ValueError("the kernel is larger than the padded side")
    return h // s + 1, w // s + 1


def _pad(X, p):
    return np.pad(X, ((0, 0), (0, 0), (p, p), (p, p)))


def _layer(X, W, b, s=1, p=0):
    """A right layer, for parts of the answers below."""
    _sizes(X, *W.shape[2:], s, p)
    windows = sliding_window_view(_pad(X, p), W.shape[2:], axis=(2, 3))[:, :, ::s, ::s]
    Y = np.tensordot(windows, W, ((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)
    return Y + b[:, np.newaxis, np.newaxis]


# --- neuron_response ------------------------------------------------------------------------------


class neuron_response__right_1:
    """An exact sum of the products and the bias, number by number."""

    @staticmethod
    def neuron_response(region, W, b):
        return math.fsum([*(float(x) * float(w) for x, w in zip(region.flat, W.flat)), float(b)])


class neuron_response__right_2:
    """einsum over three axes; a numpy scalar."""

    @staticmethod
    def neuron_response(region, W, b):
        return np.einsum("ijk,ijk->", region, W) + b


class neuron_response__wrong_2:
    """Written for pictures: channels behind the third are left out."""

    @staticmethod
    def neuron_response(region, W, b):
        return float(sum((region[i] * W[i]).sum() for i in range(min(3, len(region)))) + b)


class neuron_response__wrong_3:
    """Turns the bias into a whole number; wrong for b = 0.5."""

    @staticmethod
    def neuron_response(region, W, b):
        return float((region * W).sum()) + int(b)


class neuron_response__wrong_4:
    """Returns 0 if all weights are 0, and forgets the bias then."""

    @staticmethod
    def neuron_response(region, W, b):
        if not W.any():
            return 0.0
        return float(np.vdot(region, W) + b)


class neuron_response__wrong_5:
    """Rounds to two decimals."""

    @staticmethod
    def neuron_response(region, W, b):
        return round(float((region * W).sum() + b), 2)


class neuron_response__wrong_6:
    """Sums over columns as many as there are rows, if the window is higher than wide: an error."""

    @staticmethod
    def neuron_response(region, W, b):
        C, kh, kw = W.shape
        h = 0.0
        for i in range(C):
            for j in range(kh):
                for k in range(max(kh, kw)):
                    h += region[i, j, k] * W[i, j, k]
        return float(h + b)


class neuron_response__wrong_7:
    """Multiplies in place and divides again; does not pass (0 / 0), and rounds the region."""

    @staticmethod
    def neuron_response(region, W, b):
        region *= W
        h = region.sum() + b
        with np.errstate(all="ignore"):
            region /= W
        return float(h)


# --- output_size ----------------------------------------------------------------------------------


class output_size__right_1:
    """Counts the first rows of all windows with a range."""

    @staticmethod
    def output_size(size, kernel, stride=1, padding=0):
        starts = range(0, size + 2 * padding - kernel + 1, stride)
        if not starts:
            raise ValueError("no place")
        return len(starts), size + 2 * padding - (starts[-1] + kernel)


class output_size__right_2:
    """Walks along the side, place by place."""

    @staticmethod
    def output_size(size, kernel, stride=1, padding=0):
        end, padded, places = kernel, size + padding + padding, 0
        while end <= padded:
            places, end = places + 1, end + stride
        if places == 0:
            raise ValueError(f"{kernel} > {padded}")
        return places, padded - (end - stride)


class output_size__wrong_1:
    """Refuses a kernel that is too large only if there is no padding: output_size(4, 9, 1, 1)."""

    @staticmethod
    def output_size(size, kernel, stride=1, padding=0):
        if padding == 0 and kernel > size:
            raise ValueError("too large")
        room = size + 2 * padding - kernel
        return room // stride + 1, room % stride


class output_size__wrong_2:
    """Refuses a padding of more than half the kernel, as some libraries do: (6, 1, 2, 2)."""

    @staticmethod
    def output_size(size, kernel, stride=1, padding=0):
        room = size + 2 * padding - kernel
        if room < 0 or 2 * padding > kernel:
            raise ValueError("too large")
        return room // stride + 1, room % stride


class output_size__wrong_3:
    """Refuses a stride larger than the side: output_size(3, 2, 4), which is (1, 1)."""

    @staticmethod
    def output_size(size, kernel, stride=1, padding=0):
        room = size + 2 * padding - kernel
        if room < 0 or stride > size:
            raise ValueError("too large")
        return room // stride + 1, room % stride


class output_size__wrong_4:
    """At most as many entries as the kernel has are called left over: output_size(10, 2, 5)."""

    @staticmethod
    def output_size(size, kernel, stride=1, padding=0):
        room = size + 2 * padding - kernel
        if room < 0:
            raise ValueError("too large")
        return room // stride + 1, min(room % stride, kernel)


class output_size__wrong_5:
    """A kernel of 1 needs no padding, so it is ignored: output_size(5, 1, 2, 1)."""

    @staticmethod
    def output_size(size, kernel, stride=1, padding=0):
        room = size - kernel + (2 * padding if kernel > 1 else 0)
        if room < 0:
            raise ValueError("too large")
        return room // stride + 1, room % stride


class output_size__wrong_6:
    """What is left over is not counted where it is padding alone: output_size(224, 7, 2, 3)."""

    @staticmethod
    def output_size(size, kernel, stride=1, padding=0):
        room = size + 2 * padding - kernel
        if room < 0:
            raise ValueError("too large")
        rest = room % stride
        return room // stride + 1, 0 if rest < padding else rest


class output_size__wrong_7:
    """Refuses a kernel as large as the padded side if the stride is over 2: (3, 3, 3)."""

    @staticmethod
    def output_size(size, kernel, stride=1, padding=0):
        room = size + 2 * padding - kernel
        if room < 0 or (stride > 2 and room < 1):
            raise ValueError("too large")
        return room // stride + 1, room % stride


# --- Parts of wrong answers -----------------------------------------------------------------------

_KEPT = {}


def _kept(name, Y):
    """Put a result into an array that is kept for the next one of its shape."""
    kept = _KEPT.setdefault((name, Y.shape, Y.dtype), Y)
    kept[...] = Y
    return kept


def _windows_by_shape(X, kh, kw, s):
    """Take X to lie in memory row by row."""
    h, w = (X.shape[2] - kh) // s + 1, (X.shape[3] - kw) // s + 1
    n, i, r, c = X.itemsize * np.cumprod((1, *X.shape[:0:-1]))[::-1]
    return as_strided(
        X, (*X.shape[:2], h, w, kh, kw), (n, i, r * s, c * s, r, c), writeable=False
    )


# --- conv2d_forward -------------------------------------------------------------------------------


class conv2d_forward__right_1:
    """A gathering by index arrays, then einsum."""

    @staticmethod
    def conv2d_forward(X, W, b, stride=1, padding=0):
        kh, kw = W.shape[2:]
        h, w = _sizes(X, kh, kw, stride, padding)
        rows = (np.arange(h) * stride)[:, None] + np.arange(kh)
        columns = (np.arange(w) * stride)[:, None] + np.arange(kw)
        windows = _pad(X, padding)[:, :, rows[:, :, None, None], columns]
        return np.einsum("nirqcp,oiqp->norc", windows, W, optimize=True) + b.reshape(-1, 1, 1)


class conv2d_forward__right_2:
    """By fast Fourier transforms of the whole padded picture, then every s-th place."""

    @staticmethod
    def conv2d_forward(X, W, b, stride=1, padding=0):
        kh, kw = W.shape[2:]
        h, w = _sizes(X, kh, kw, stride, padding)
        P = _pad(X, padding)
        H, V = P.shape[2:]
        product = np.einsum("nirc,oirc->norc", np.fft.rfft2(P), np.conj(np.fft.rfft2(W, (H, V))))
        full = np.fft.irfft2(product, (H, V))[:, :, : H - kh + 1, : V - kw + 1]
        return full[:, :, ::stride, ::stride] + b[:, None, None]


class conv2d_forward__wrong_1:
    """Strides that follow from the shape, of a padded copy: wrong for X in Fortran order, of which
    np.pad makes a copy in Fortran order."""

    @staticmethod
    def conv2d_forward(X, W, b, stride=1, padding=0):
        windows = _windows_by_shape(_pad(X, padding), *W.shape[2:], stride)
        return np.einsum("nircqp,oiqp->norc", windows, W, optimize=True) + b[:, None, None]


class conv2d_forward__wrong_8:
    """Keeps its output for the next call of that shape, which overwrites what this one returned."""

    @staticmethod
    def conv2d_forward(X, W, b, stride=1, padding=0):
        return _kept("forward", _layer(X, W, b, stride, padding))


class conv2d_forward__wrong_2:
    """Kernels of 1 x 1 with as many channels out as in overwrite X, to save memory."""

    @staticmethod
    def conv2d_forward(X, W, b, stride=1, padding=0):
        Y = _layer(X, W, b, stride, padding)
        if W.shape[2:] == (1, 1) and Y.shape == X.shape:
            X[...] = Y
            return X
        return Y


class conv2d_forward__wrong_3:
    """Knows strides of 1 and 2 alone; a stride of 3 moves the window by 2."""

    @staticmethod
    def conv2d_forward(X, W, b, stride=1, padding=0):
        return _layer(X, W, b, 1 if stride == 1 else 2, padding)


class conv2d_forward__wrong_4:
    """With padding, the first example alone is put into the padded array; the others are zeros."""

    @staticmethod
    def conv2d_forward(X, W, b, stride=1, padding=0):
        if padding:
            n, i, h, w = X.shape
            P = np.zeros((n, i, h + 2 * padding, w + 2 * padding))
            P[0, :, padding : padding + h, padding : padding + w] = X[0]
            X = P
        return _layer(X, W, b, stride)


class conv2d_forward__wrong_5:
    """The stride skips input channels as well; wrong for stride 2 and two input channels."""

    @staticmethod
    def conv2d_forward(X, W, b, stride=1, padding=0):
        return _layer(X[:, ::stride], W[:, ::stride], b, stride, padding)


class conv2d_forward__wrong_6:
    """Half precision; off by some 1e-3 for random numbers."""

    @staticmethod
    def conv2d_forward(X, W, b, stride=1, padding=0):
        half = [values.astype(np.float16).astype(np.float64) for values in (X, W, b)]
        return _layer(*half, stride, padding)


class conv2d_forward__wrong_7:
    """With several examples, several channels and padding, kernels of 3 x 3 or more are flipped."""

    @staticmethod
    def conv2d_forward(X, W, b, stride=1, padding=0):
        if W.shape[1] > 1 and padding and min(W.shape[2:]) > 2:
            W = W[:, :, ::-1, ::-1]
        return _layer(X, W, b, stride, padding)


# --- count_weights --------------------------------------------------------------------------------


class count_weights__right_1:
    """Counts the entries of an array that is never made (a broadcast of one number)."""

    @staticmethod
    def count_weights(shape, outputs, kernel, stride=1, padding=0, shared=True):
        first = [range(0, side + 2 * padding - kernel + 1, stride) for side in shape[1:]]
        places = (1, 1) if shared else tuple(map(len, first))
        biases = math.prod((outputs, *places))
        return biases * shape[0] * kernel * kernel, biases


class count_weights__right_2:
    """Adds up one neuron after the other, over all places in which there is one of its own."""

    @staticmethod
    def count_weights(shape, outputs, kernel, stride=1, padding=0, shared=True):
        one = sum(kernel for _ in range(shape[0] * kernel))
        neurons = outputs
        if not shared:
            neurons *= -((kernel - shape[1] - 2 * padding - stride) // stride) - (
                (shape[1] + 2 * padding - kernel) % stride > 0
            )
            neurons *= -((kernel - shape[2] - 2 * padding - stride) // stride) - (
                (shape[2] + 2 * padding - kernel) % stride > 0
            )
        return one * neurons, neurons


class count_weights__wrong_1:
    """Adds the padding after the division; wrong with padding and stride together, not shared."""

    @staticmethod
    def count_weights(shape, outputs, kernel, stride=1, padding=0, shared=True):
        C, H, W = shape
        if not shared:
            outputs *= ((H - kernel) // stride + 1 + 2 * padding) * (
                (W - kernel) // stride + 1 + 2 * padding
            )
        return outputs * C * kernel**2, outputs


class count_weights__wrong_2:
    """Rounds half to even where floor is due: wrong for a side of 10, kernel 3, stride 2."""

    @staticmethod
    def count_weights(shape, outputs, kernel, stride=1, padding=0, shared=True):
        C, H, W = shape
        if not shared:
            for side in (H, W):
                outputs *= round((side + 2 * padding - kernel) / stride) + 1
        return outputs * C * kernel**2, outputs


class count_weights__wrong_3:
    """Counts in int32, which overflows for large layers: (3, 1024, 1024), 512, 5, not shared."""

    @staticmethod
    def count_weights(shape, outputs, kernel, stride=1, padding=0, shared=True):
        C, H, W = shape
        h, w = ((side + 2 * padding - kernel) // stride + 1 for side in (H, W))
        places = [1] if shared else [h, w]
        biases = np.array([outputs, *places], np.int32).prod(dtype=np.int32)
        weights = np.array([outputs, *places, C, kernel, kernel], np.int32).prod(dtype=np.int32)
        return int(weights), int(biases)


class count_weights__wrong_4:
    """A 1 x 1 layer is always shared; wrong for kernel 1, not shared."""

    @staticmethod
    def count_weights(shape, outputs, kernel, stride=1, padding=0, shared=True):
        C, H, W = shape
        if not shared and kernel > 1:
            for side in (H, W):
                outputs *= (side + 2 * padding - kernel) // stride + 1
        return outputs * C * kernel**2, outputs


class count_weights__wrong_5:
    """With padding, the stride holds for the rows alone: (2, 8, 9), 4, 3, 2, 1, not shared."""

    @staticmethod
    def count_weights(shape, outputs, kernel, stride=1, padding=0, shared=True):
        C, H, W = shape
        if not shared:
            outputs *= (H + 2 * padding - kernel) // stride + 1
            outputs *= (W + 2 * padding - kernel) // (1 if padding else stride) + 1
        return outputs * C * kernel**2, outputs


class count_weights__wrong_6:
    """A picture of one channel is said to have three: shape (1, 9, 9)."""

    @staticmethod
    def count_weights(shape, outputs, kernel, stride=1, padding=0, shared=True):
        C, H, W = shape
        if not shared:
            for side in (H, W):
                outputs *= (side + 2 * padding - kernel) // stride + 1
        return outputs * (3 if C == 1 else C) * kernel**2, outputs


# --- conv2d_fast ----------------------------------------------------------------------------------


class conv2d_fast__right_1:
    """Fills the columns slice by slice, one example at a time, into one buffer of this call."""

    @staticmethod
    def conv2d_fast(X, W, b, stride=1, padding=0):
        (N, C, H, V), (out, _, kh, kw) = X.shape, W.shape
        h, w = _sizes(X, kh, kw, stride, padding)
        dtype = np.result_type(X, W, b)
        P = np.zeros((C, H + 2 * padding, V + 2 * padding), dtype)
        columns = np.empty((C, kh, kw, h, w), dtype)
        F, Y = W.reshape(out, -1), np.empty((N, out, h * w), dtype)
        for x, y in zip(X, Y):
            P[:, padding : padding + H, padding : padding + V] = x
            for q in range(kh):
                for p in range(kw):
                    columns[:, q, p] = P[
                        :,
                        q : q + (h - 1) * stride + 1 : stride,
                        p : p + (w - 1) * stride + 1 : stride,
                    ]
            np.matmul(F, columns.reshape(-1, h * w), out=y)
            y += b[:, None]
        return Y.reshape(N, out, h, w)


class conv2d_fast__right_2:
    """as_strided with the strides that the padded copy really has; the bias is one more column."""

    @staticmethod
    def conv2d_fast(X, W, b, stride=1, padding=0):
        (N, C, _, _), (out, _, kh, kw) = X.shape, W.shape
        h, w = _sizes(X, kh, kw, stride, padding)
        P = _pad(X, padding)
        n, i, r, c = P.strides
        V = as_strided(
            P, (N, C, kh, kw, h, w), (n, i, r, c, r * stride, c * stride), writeable=False
        )
        F = np.hstack([W.reshape(out, -1), b[:, None]])
        one = np.ones((1, h * w), P.dtype)
        return np.stack(
            [(F @ np.vstack([v.reshape(-1, h * w), one])).reshape(out, h, w) for v in V]
        )


class conv2d_fast__wrong_1:
    """The padded array is float64: with padding, float32 is answered in float64."""

    @staticmethod
    def conv2d_fast(X, W, b, stride=1, padding=0):
        if padding:
            n, i, h, w = X.shape
            P = np.zeros((n, i, h + 2 * padding, w + 2 * padding))
            P[:, :, padding:-padding, padding:-padding] = X
            X = P
        return conv2d_fast__right_1.conv2d_fast(X, W, b, stride)


class conv2d_fast__wrong_2:
    """Keeps its output for the next call of that shape, which overwrites what this one returned."""

    @staticmethod
    def conv2d_fast(X, W, b, stride=1, padding=0):
        return _kept("fast", conv2d_fast__right_1.conv2d_fast(X, W, b, stride, padding))


class conv2d_fast__right_3:
    """An einsum over all windows, which is no product of matrices."""

    @staticmethod
    def conv2d_fast(X, W, b, stride=1, padding=0):
        _sizes(X, *W.shape[2:], stride, padding)
        windows = sliding_window_view(_pad(X, padding), W.shape[2:], axis=(2, 3))
        windows = windows[:, :, ::stride, ::stride]
        return np.einsum("nircqp,oiqp->norc", windows, W) + b[:, None, None]


class conv2d_fast__wrong_7:
    """Strides that follow from the shape; a copy row by row is made of X in Fortran order only, so
    that channels last go wrong. Does not pass the check."""

    @staticmethod
    def conv2d_fast(X, W, b, stride=1, padding=0):
        rows = np.ascontiguousarray(X) if X.flags.f_contiguous else X
        padded = _pad(rows, padding) if padding else rows
        windows = _windows_by_shape(padded, *W.shape[2:], stride)
        return np.einsum("nircqp,oiqp->norc", windows, W, optimize=True) + b[:, None, None]


class conv2d_fast__wrong_4:
    """Right, but slow: a loop over examples and places, with a sum for all filters at each."""

    @staticmethod
    def conv2d_fast(X, W, b, stride=1, padding=0):
        kh, kw = W.shape[2:]
        h, w = _sizes(X, kh, kw, stride, padding)
        P, Y = _pad(X, padding), np.empty((len(X), len(W), h, w), np.result_type(X, W, b))
        for n, r, c in itertools.product(range(len(X)), range(h), range(w)):
            region = P[n, :, r * stride : r * stride + kh, c * stride : c * stride + kw]
            Y[n, :, r, c] = (region * W).sum(axis=(1, 2, 3)) + b
        return Y


class conv2d_fast__wrong_5:
    """1 x 1 kernels are one product of matrices; stride and padding are forgotten there."""

    @staticmethod
    def conv2d_fast(X, W, b, stride=1, padding=0):
        if W.shape[2:] == (1, 1):
            N, C, h, w = X.shape
            Y = W[:, :, 0, 0] @ X.reshape(N, C, h * w) + b[:, None]
            return Y.reshape(N, len(W), h, w)
        return conv2d_fast__right_1.conv2d_fast(X, W, b, stride, padding)


class conv2d_fast__wrong_6:
    """A kernel as large as X is taken for a fully connected layer, also if there is padding."""

    @staticmethod
    def conv2d_fast(X, W, b, stride=1, padding=0):
        if X.shape[1:] == W.shape[1:]:
            return (X.reshape(len(X), -1) @ W.reshape(len(W), -1).T + b)[:, :, None, None]
        return conv2d_fast__right_1.conv2d_fast(X, W, b, stride, padding)


# --- conv2d_backward ------------------------------------------------------------------------------


def _back(slopes, X, W, s=1, p=0):
    """Right derivatives, for parts of the answers below."""
    P = _pad(X, p)
    dP, dW = np.zeros(P.shape), np.zeros(W.shape)
    kh, kw = W.shape[2:]
    for r, c in itertools.product(*map(range, slopes.shape[2:])):
        at = np.s_[:, :, r * s : r * s + kh, c * s : c * s + kw]
        dP[at] += np.tensordot(slopes[:, :, r, c], W, 1)
        dW += np.tensordot(slopes[:, :, r, c].T, P[at], 1)
    return dP[:, :, p : p + X.shape[2], p : p + X.shape[3]], dW, slopes.sum(axis=(0, 2, 3))


class conv2d_backward__right_1:
    """Three einsums; windows of slopes, with zeros between them, and a kernel turned around."""

    @staticmethod
    def conv2d_backward(slopes, X, W, stride=1, padding=0):
        (N, _, H, V), (out, _, kh, kw), (h, w) = X.shape, W.shape, slopes.shape[2:]
        windows = sliding_window_view(_pad(X, padding), (kh, kw), axis=(2, 3))
        windows = windows[:, :, ::stride, ::stride]
        dW = np.einsum("norc,nircqp->oiqp", slopes, windows, optimize=True)
        room = H + 2 * padding - kh + 1, V + 2 * padding - kw + 1
        wide = np.zeros((N, out, room[0] + 2 * (kh - 1), room[1] + 2 * (kw - 1)))
        wide[:, :, kh - 1 : kh - 1 + room[0] : stride, kw - 1 : kw - 1 + room[1] : stride] = slopes
        seen = sliding_window_view(wide, (kh, kw), axis=(2, 3))
        dP = np.einsum("norcqp,oiqp->nirc", seen, W[:, :, ::-1, ::-1], optimize=True)
        dX = dP[:, :, padding : padding + H, padding : padding + V]
        return dX, dW, np.einsum("norc->o", slopes)


class conv2d_backward__right_2:
    """The layer is linear in X, in W and in b: asks it for unit inputs, one by one."""

    @staticmethod
    def conv2d_backward(slopes, X, W, stride=1, padding=0):
        none = np.zeros(len(W))
        dW, dX = np.zeros(W.shape), np.zeros(X.shape)
        for i, q, p in np.ndindex(*W.shape[1:]):
            unit = np.zeros((1, *W.shape[1:]))
            unit[0, i, q, p] = 1.0
            dW[:, i, q, p] = np.einsum(
                "norc,nrc->o", slopes, _layer(X, unit, np.zeros(1), stride, padding)[:, 0]
            )
        for i, r, c in np.ndindex(*X.shape[1:]):
            unit = np.zeros((1, *X.shape[1:]))
            unit[0, i, r, c] = 1.0
            dX[:, i, r, c] = np.tensordot(slopes, _layer(unit, W, none, stride, padding)[0], 3)
        return dX, dW, slopes.sum((0, 2, 3))


class conv2d_backward__wrong_1:
    """Cuts the padding off at the end of the last window, not of the padded input: wrong with
    padding and entries left over (6 x 7, kernel 3 x 2, stride 2, padding 1)."""

    @staticmethod
    def conv2d_backward(slopes, X, W, stride=1, padding=0):
        dX, dW, db = _back(slopes, X, W, stride, padding)
        if padding:
            h, w = slopes.shape[2:]
            rows = (h - 1) * stride + W.shape[2] - 2 * padding
            columns = (w - 1) * stride + W.shape[3] - 2 * padding
            dX = dX.copy()
            dX[:, :, max(0, rows) :] = 0.0
            dX[:, :, :, max(0, columns) :] = 0.0
        return dX, dW, db


class conv2d_backward__wrong_2:
    """Pads the slopes by k - 1 - p for a full convolution; an error if p is k or more."""

    @staticmethod
    def conv2d_backward(slopes, X, W, stride=1, padding=0):
        (N, _, H, V), (out, _, kh, kw), (h, w) = X.shape, W.shape, slopes.shape[2:]
        _, dW, db = _back(slopes, X, W, stride, padding)
        gaps = np.zeros((N, out, H + 2 * padding - kh + 1, V + 2 * padding - kw + 1))
        gaps[:, :, ::stride, ::stride] = slopes
        a, e = kh - 1 - padding, kw - 1 - padding
        gaps = np.pad(gaps, ((0, 0), (0, 0), (a, a), (e, e)))
        turned = W[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
        return _layer(gaps, turned, np.zeros(W.shape[1])), dW, db


class conv2d_backward__wrong_4:
    """With padding, the padded array for dL/dW is filled from the first example alone."""

    @staticmethod
    def conv2d_backward(slopes, X, W, stride=1, padding=0):
        dX, dW, db = _back(slopes, X, W, stride, padding)
        if padding:
            first = np.zeros_like(X)
            first[0] = X[0]
            dW = _back(slopes, first, W, stride, padding)[1]
        return dX, dW, db


class conv2d_backward__wrong_5:
    """Windows are said not to overlap if the stride is over 2: wrong for kernel 5, stride 3."""

    @staticmethod
    def conv2d_backward(slopes, X, W, stride=1, padding=0):
        dX, dW, db = _back(slopes, X, W, stride, padding)
        if stride > 2:
            P = np.zeros((*X.shape[:2], X.shape[2] + 2 * padding, X.shape[3] + 2 * padding))
            kh, kw = W.shape[2:]
            for r, c in itertools.product(*map(range, slopes.shape[2:])):
                P[:, :, r * stride : r * stride + kh, c * stride : c * stride + kw] = np.tensordot(
                    slopes[:, :, r, c], W, 1
                )
            dX = P[:, :, padding : padding + X.shape[2], padding : padding + X.shape[3]]
        return dX, dW, db


class conv2d_backward__wrong_6:
    """dL/dW from windows with strides that follow from the shape, of a padded copy: wrong for X in
    Fortran order."""

    @staticmethod
    def conv2d_backward(slopes, X, W, stride=1, padding=0):
        dX, _, db = _back(slopes, X, W, stride, padding)
        windows = _windows_by_shape(_pad(X, padding), *W.shape[2:], stride)
        return dX, np.einsum("norc,nircqp->oiqp", slopes, windows), db


class conv2d_backward__wrong_8:
    """Keeps dL/dX for the next call of that shape, which overwrites what this one returned."""

    @staticmethod
    def conv2d_backward(slopes, X, W, stride=1, padding=0):
        dX, dW, db = _back(slopes, X, W, stride, padding)
        return _kept("backward", dX), dW, db


class conv2d_backward__wrong_7:
    """dL/dX is right up to kernels of 2 x 2 with several channels; larger ones are not turned
    around if there are several input channels (a forward convolution of the slopes)."""

    @staticmethod
    def conv2d_backward(slopes, X, W, stride=1, padding=0):
        dX, dW, db = _back(slopes, X, W, stride, padding)
        if W.shape[1] > 1 and min(W.shape[2:]) > 2:
            dX = _back(slopes, X, W[:, :, ::-1, ::-1], stride, padding)[0]
        return dX, dW, db


class conv2d_backward__wrong_3:
    """Adds dL/dX into X if there is no padding, then takes it out again: X is off by rounding, and
    a caller's X that is read-only is an error."""

    @staticmethod
    def conv2d_backward(slopes, X, W, stride=1, padding=0):
        dX, dW, db = _back(slopes, X, W, stride, padding)
        if padding == 0:
            old = X * 1.0
            X += dX
            dX = X - old
            X -= dX
        return dX, dW, db


# --- max_pool_forward -----------------------------------------------------------------------------


def _windows(X, size, s):
    return sliding_window_view(X, (size, size), axis=(2, 3))[:, :, ::s, ::s]


class max_pool_forward__right_1:
    """Goes through the entries of the window backward, and keeps what is at least as large."""

    @staticmethod
    def max_pool_forward(X, size=2, stride=2):
        h, w = _sizes(X, size, size, stride, 0)
        Y, indices = np.full((*X.shape[:2], h, w), -np.inf), np.zeros((*X.shape[:2], h, w), int)
        for index in reversed(range(size * size)):
            q, p = divmod(index, size)
            entry = X[:, :, q : q + (h - 1) * stride + 1 : stride]
            entry = entry[:, :, :, p : p + (w - 1) * stride + 1 : stride]
            better = entry >= Y
            Y[better], indices[better] = entry[better], index
        return Y, indices


class max_pool_forward__right_2:
    """Python's max with a key, window by window."""

    @staticmethod
    def max_pool_forward(X, size=2, stride=2):
        h, w = _sizes(X, size, size, stride, 0)
        Y, indices = np.empty((*X.shape[:2], h, w)), np.empty((*X.shape[:2], h, w), np.int64)
        for n, i, r, c in np.ndindex(*Y.shape):
            row, column = r * stride, c * stride
            flat = X[n, i, row : row + size, column : column + size].flatten().tolist()
            indices[n, i, r, c] = best = max(range(len(flat)), key=flat.__getitem__)
            Y[n, i, r, c] = flat[best]
        return Y, indices


class max_pool_forward__wrong_1:
    """Begins with -1000; wrong for windows of entries below that."""

    @staticmethod
    def max_pool_forward(X, size=2, stride=2):
        Y, indices = max_pool_forward__right_1.max_pool_forward(X, size, stride)
        return np.maximum(Y, -1000.0), np.where(Y > -1000.0, indices, 0)


class max_pool_forward__wrong_2:
    """The index is that of the first entry close to the largest: wrong for 1 and 1 + 1e-6."""

    @staticmethod
    def max_pool_forward(X, size=2, stride=2):
        windows = _windows(X, size, stride)
        flat = windows.reshape(*windows.shape[:4], -1)
        Y = flat.max(axis=-1)
        return Y, np.isclose(flat, Y[..., None]).argmax(axis=-1)


class max_pool_forward__wrong_3:
    """Windows that do not overlap by a reshape; an error if size does not divide the sides."""

    @staticmethod
    def max_pool_forward(X, size=2, stride=2):
        if size == stride:
            N, C, H, V = X.shape
            windows = X.reshape(N, C, H // size, size, V // size, size).swapaxes(3, 4)
        else:
            windows = _windows(X, size, stride)
        flat = windows.reshape(*windows.shape[:4], -1)
        return flat.max(axis=-1), flat.argmax(axis=-1)


class max_pool_forward__wrong_4:
    """Keeps indices in uint8, to save memory: wrong for windows larger than 16 x 16."""

    @staticmethod
    def max_pool_forward(X, size=2, stride=2):
        Y, indices = max_pool_forward__right_1.max_pool_forward(X, size, stride)
        return Y, indices.astype(np.uint8)


class max_pool_forward__wrong_5:
    """The stride is the size unless it is given, as in libraries: max_pool_forward(X, 3)."""

    @staticmethod
    def max_pool_forward(X, size=2, stride=None):
        return max_pool_forward__right_1.max_pool_forward(X, size, stride or size)


class max_pool_forward__wrong_6:
    """Strides that follow from the shape; X in Fortran order alone is copied, so that channels last
    go wrong."""

    @staticmethod
    def max_pool_forward(X, size=2, stride=2):
        rows = np.ascontiguousarray(X) if X.flags.f_contiguous else X
        windows = _windows_by_shape(rows, size, size, stride)
        flat = windows.reshape(*windows.shape[:4], -1)
        return flat.max(axis=-1), flat.argmax(axis=-1)


class max_pool_forward__wrong_8:
    """Keeps the indices for the next call of that shape, which overwrites those of this one."""

    @staticmethod
    def max_pool_forward(X, size=2, stride=2):
        Y, indices = max_pool_forward__right_1.max_pool_forward(X, size, stride)
        return Y, _kept("indices", indices)


class max_pool_forward__wrong_7:
    """Of equal entries the first one counts for 2 x 2; the last one for larger windows."""

    @staticmethod
    def max_pool_forward(X, size=2, stride=2):
        Y, indices = max_pool_forward__right_1.max_pool_forward(X, size, stride)
        if size > 2:
            windows = _windows(X, size, stride)
            flat = windows.reshape(*windows.shape[:4], -1)
            indices = size * size - 1 - flat[..., ::-1].argmax(axis=-1)
        return Y, indices


# --- max_pool_backward ----------------------------------------------------------------------------


class max_pool_backward__right_1:
    """One bincount with weights over places in the whole, unrolled array."""

    @staticmethod
    def max_pool_backward(slopes, indices, shape, size=2, stride=2):
        n, i, r, c = np.ogrid[tuple(slice(side) for side in slopes.shape)]
        row, column = np.divmod(indices, size)
        places = np.ravel_multi_index(
            np.broadcast_arrays(n, i, r * stride + row, c * stride + column), shape
        )
        return np.bincount(places.ravel(), slopes.ravel(), math.prod(shape)).reshape(shape)


class max_pool_backward__right_2:
    """Entry by entry of the window: a mask of the windows whose largest is there."""

    @staticmethod
    def max_pool_backward(slopes, indices, shape, size=2, stride=2):
        h, w = slopes.shape[2:]
        dX = np.zeros(shape)
        for index, (q, p) in enumerate(np.ndindex(size, size)):
            rows = slice(q, q + (h - 1) * stride + 1, stride)
            dX[:, :, rows, p : p + (w - 1) * stride + 1 : stride] += slopes * (indices == index)
        return dX


def _sent(slopes, indices, shape, size, stride):
    return max_pool_backward__right_2.max_pool_backward(slopes, indices, shape, size, stride)


class max_pool_backward__wrong_1:
    """Takes np.tile where np.repeat is due, so that slopes land in other channels: wrong with
    several channels of several windows."""

    @staticmethod
    def max_pool_backward(slopes, indices, shape, size=2, stride=2):
        N, C, h, w = slopes.shape
        maps = np.tile(np.arange(N * C), h * w)
        r, c = np.tile(np.arange(h).repeat(w), N * C), np.tile(np.arange(w), N * C * h)
        row, column = np.divmod(indices.ravel(), size)
        dX = np.zeros((N * C, *shape[2:]))
        np.add.at(dX, (maps, r * stride + row, c * stride + column), slopes.ravel())
        return dX.reshape(shape)


class max_pool_backward__wrong_2:
    """Adds only if windows overlap by one; with 3 x 3, stride 1, slopes overwrite each other."""

    @staticmethod
    def max_pool_backward(slopes, indices, shape, size=2, stride=2):
        if stride == size - 1:
            return _sent(slopes, indices, shape, size, stride)
        dX = np.zeros(shape)
        for n, i, r, c in np.ndindex(*slopes.shape):
            row, column = divmod(indices[n, i, r, c], size)
            dX[n, i, r * stride + row, c * stride + column] = slopes[n, i, r, c]
        return dX


class max_pool_backward__wrong_3:
    """Windows that do not overlap by np.repeat; an error if a row is left over (5 x 4, 2 x 2)."""

    @staticmethod
    def max_pool_backward(slopes, indices, shape, size=2, stride=2):
        if size != stride:
            return _sent(slopes, indices, shape, size, stride)
        h, w = slopes.shape[2:]
        wide = slopes.repeat(size, axis=2).repeat(size, axis=3)
        which = indices.repeat(size, axis=2).repeat(size, axis=3)
        here = np.tile(np.arange(size * size).reshape(size, size), (h, w))
        dX = np.zeros(shape)
        dX[:, :, :, : w * size] = wide * (which == here)
        return dX


class max_pool_backward__wrong_4:
    """The stride is the size unless it is given: max_pool_backward(slopes, indices, shape, 3)."""

    @staticmethod
    def max_pool_backward(slopes, indices, shape, size=2, stride=None):
        return _sent(slopes, indices, shape, size, stride or size)


class max_pool_backward__wrong_6:
    """Rows and columns from a table for up to 3 columns; wrong for windows of 4 x 4."""

    @staticmethod
    def max_pool_backward(slopes, indices, shape, size=2, stride=2):
        columns = min(size, 3)
        dX = np.zeros(shape)
        for n, i, r, c in np.ndindex(*slopes.shape):
            row, column = divmod(int(indices[n, i, r, c]), columns)
            dX[n, i, min(r * stride + row, shape[2] - 1), c * stride + column] += slopes[n, i, r, c]
        return dX


class max_pool_backward__wrong_7:
    """Changes the indices into places in the image where windows overlap and there are several
    channels: the caller's array is another one afterwards."""

    @staticmethod
    def max_pool_backward(slopes, indices, shape, size=2, stride=2):
        dX = _sent(slopes, indices, shape, size, stride)
        if stride < size and shape[1] > 1:
            r, c = np.indices(slopes.shape[2:]) * stride
            indices[...] = (r + indices // size) * shape[3] + c + indices % size
        return dX


# --- average_pool ---------------------------------------------------------------------------------


class average_pool__right_1:
    """A matrix of means on the left, and another on the right."""

    @staticmethod
    def average_pool(X, size=2, stride=2):
        def means(side, places):
            first = np.arange(places)[:, None] * stride
            entry = np.arange(side)
            return ((entry >= first) & (entry < first + size)) / size

        h, w = _sizes(X, size, size, stride, 0)
        return means(X.shape[2], h) @ X @ means(X.shape[3], w).T


class average_pool__right_2:
    """Adds slice to slice, the last first, and divides once."""

    @staticmethod
    def average_pool(X, size=2, stride=2):
        h, w = _sizes(X, size, size, stride, 0)
        total = 0.0
        for q, p in itertools.product(range(size - 1, -1, -1), repeat=2):
            rows = X[:, :, q : q + (h - 1) * stride + 1 : stride]
            total = total + rows[..., p : p + (w - 1) * stride + 1 : stride]
        return total / size**2


class average_pool__wrong_1:
    """Windows that do not overlap by a reshape; an error if size does not divide the sides."""

    @staticmethod
    def average_pool(X, size=2, stride=2):
        if size == stride:
            N, C, H, V = X.shape
            return X.reshape(N, C, H // size, size, V // size, size).mean(axis=(3, 5))
        return _windows(X, size, stride).mean(axis=(4, 5))


class average_pool__wrong_2:
    """The stride is the size unless it is given, as in libraries: average_pool(X, 3)."""

    @staticmethod
    def average_pool(X, size=2, stride=None):
        return _windows(X, size, stride or size).mean(axis=(4, 5))


class average_pool__wrong_3:
    """Divides X in place, and multiplies again when done: X is off by rounding (2.9 / 9 * 9), and
    a read-only X is an error."""

    @staticmethod
    def average_pool(X, size=2, stride=2):
        X /= size * size
        Y = _windows(X, size, stride).sum(axis=(4, 5))
        X *= size * size
        return Y


class average_pool__wrong_4:
    """Strides that follow from the shape; X in Fortran order alone is copied, so that channels last
    go wrong."""

    @staticmethod
    def average_pool(X, size=2, stride=2):
        rows = np.ascontiguousarray(X) if X.flags.f_contiguous else X
        return _windows_by_shape(rows, size, size, stride).mean(axis=(4, 5))


class average_pool__wrong_8:
    """Keeps its output for the next call of that shape, which overwrites what this one returned."""

    @staticmethod
    def average_pool(X, size=2, stride=2):
        return _kept("average", average_pool__right_2.average_pool(X, size, stride))


class average_pool__wrong_5:
    """Divides by 4 or by 9, for windows of 2 x 2 and of all others; wrong for 4 x 4."""

    @staticmethod
    def average_pool(X, size=2, stride=2):
        return _windows(X, size, stride).sum(axis=(4, 5)) / (4.0 if size == 2 else 9.0)


class average_pool__wrong_6:
    """A box whose kernel is shared by channels: with overlap and several channels, the mean is
    over the channels as well."""

    @staticmethod
    def average_pool(X, size=2, stride=2):
        Y = _windows(X, size, stride).mean(axis=(4, 5))
        if stride < size:
            Y = np.repeat(Y.mean(axis=1, keepdims=True), X.shape[1], axis=1)
        return Y


class average_pool__wrong_7:
    """Ignores negative entries (a ReLU before the mean) where windows overlap or have gaps."""

    @staticmethod
    def average_pool(X, size=2, stride=2):
        return _windows(X if stride == size else np.maximum(X, 0.0), size, stride).mean(axis=(4, 5))
