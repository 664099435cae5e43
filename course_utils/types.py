"""The words of the signatures: images, kernels, paddings."""

from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Signal: TypeAlias = NDArray[np.float64]
"""(n,) float64."""

Image: TypeAlias = NDArray[np.float64]
"""(H, W) grey or (H, W, C) colour, float64, nominally in [0, 1]."""

Frames: TypeAlias = NDArray[np.float64] | NDArray[np.uint8]
"""(n, H, W) grey or (n, H, W, C) colour: pictures of the same scene, one after the other."""

Kernel: TypeAlias = NDArray[np.float64]
"""(h, w) float64, both sides odd."""

Padding: TypeAlias = Literal["constant", "reflect", "symmetric", "edge", "wrap"]
"""How an image is continued beyond its border, by numpy's names (see `numpy.pad`)."""

ImageOperator: TypeAlias = Callable[[Image], Image]
"""A function that makes an image of an image, both of the same shape."""

Patch: TypeAlias = NDArray[np.float64]
"""(n, n) grey or (n, n, C) colour: a small square cut out of an image."""

Patches: TypeAlias = NDArray[np.float64]
"""Patches, along one axis or, one for every pixel, along two."""

Vectors: TypeAlias = NDArray[np.float64]
"""(n, d) float64: n examples of d numbers, one example a row."""

Labels: TypeAlias = NDArray[np.int64]
"""(n,) int64: the class of every example, counted from 0."""

Indices: TypeAlias = NDArray[np.int64]
"""int64: which entries of something are meant: rows of an array, (n,); places in windows."""

Counts: TypeAlias = NDArray[np.int64]
"""(n,) int64: how often something happened."""

Distances: TypeAlias = NDArray[np.float64]
"""(n, m) float64: [i, j] is the distance from query i to example j."""

Scores: TypeAlias = NDArray[np.float64]
"""(n, C) float64: [i, c] says how well example i fits class c."""

Weights: TypeAlias = NDArray[np.float64]
"""(C, d) float64: the weights of class c are row c."""

Bias: TypeAlias = NDArray[np.float64]
"""(C,) float64: one number a class."""

Signs: TypeAlias = NDArray[np.int64]
"""(n,) int64: the class of every example, as -1 or +1."""

Function: TypeAlias = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Takes and returns a number, or an array of them, entry by entry."""

Batches: TypeAlias = Iterable[tuple[Vectors, Labels]]
"""Minibatches: a few examples and their labels at a time."""

Volume: TypeAlias = NDArray[np.float64]
"""(N, C, H, W) float64: N examples of C channels, H rows and W columns."""

Kernels: TypeAlias = NDArray[np.float64]
"""(out, in, kh, kw) float64: a kernel of `in` channels for each of `out` output channels."""

Loss: TypeAlias = Callable[[Weights, Bias, Vectors, Labels], tuple[float, Weights, Bias]]
"""A mean loss and its gradients: (W, b, X, labels) gives L, dL/dW and dL/db."""
