"""The words of the signatures: images, kernels, paddings."""

from collections.abc import Callable
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
