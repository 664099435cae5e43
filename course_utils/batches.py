"""Images on the device that computes: kept there, normalised there, augmented there.

A network on a GPU waits for its data if they are cut, mirrored and moved one by one; a whole batch
at a time on the device costs next to nothing.
"""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from course_utils.datasets import Dataset
from course_utils.devices import as_device

if TYPE_CHECKING:
    from course_utils.devices import AnyDevice

Part: TypeAlias = Literal["train", "test"]
"""Which images of a dataset are meant."""


def crop_and_flip(images: Tensor, pad: int, top: Tensor, left: Tensor, flip: Tensor) -> Tensor:
    """Shift every image of a batch by its own amount, and mirror some of them, all at once.

    Around each image `pad` rows and columns of zeros are added, and a window of the image's size
    is cut out; in those that are flipped left and right are exchanged after that.

    Parameters
    ----------
    images : (B, H, W, C). Not modified.
    pad : 0 or more.
    top, left : (B,) int64 in [0, 2 * pad], the window's first row and column in the padded image;
        `pad` is no shift.
    flip : (B,) bool.

    Returns
    -------
    (B, H, W, C), a new tensor on the same device.

    Notes
    -----
    K. He et al., Deep residual learning for image recognition, 2015, section 4.2.
    """
    count, height, width = images.shape[:3]
    padded = functional.pad(images, (0, 0, pad, pad, pad, pad))
    rows = top[:, None] + torch.arange(height, device=images.device)
    columns = left[:, None] + torch.arange(width, device=images.device)
    columns = torch.where(flip[:, None], columns.flip(1), columns)
    which = torch.arange(count, device=images.device)
    return padded[which[:, None, None], rows[:, :, None], columns[:, None, :]]


@dataclass(frozen=True, eq=False)
class _Images:
    """The images and labels of a part, each one tensor: (N, H, W, C) and (N,)."""

    images: Tensor
    labels: Tensor


@dataclass(frozen=True, eq=False)
class _Moves:
    """How every image of an epoch is moved, in the order of the epoch; see `crop_and_flip`."""

    pad: int
    top: Tensor
    left: Tensor
    flip: Tensor


class DeviceDataset:
    """A dataset on the device it is used on, whole where that has the room.

    Images stay as they are (bytes, or float32); a batch is normalised when it is asked for:
    x = (v - mean) / std, for each channel, with the mean and the standard deviation of the
    training images.

    Parameters
    ----------
    data : images (N, H, W) or (N, H, W, C), uint8, or floats in [0, 1]. Copied.
    device : where batches come from; what `choose_device` returns will do.

    Attributes
    ----------
    device : torch.device, with its number.
    resident : whether the images are on the device; otherwise each batch is brought there.
    mean, std : (C,) float32, in [0, 1]; a channel that is the same everywhere has a std of 1.

    Raises
    ------
    ValueError
        If images and labels do not fit together, or are of another kind, or if floats are not in
        [0, 1].
    TypeError
        If `data` is no Dataset.
    """

    def __init__(self, data: Dataset, device: "AnyDevice") -> None:
        if not isinstance(data, Dataset):
            raise TypeError(f"data must be a Dataset, got {type(data).__name__}")
        arrays = {
            "train": (data.train_images, data.train_labels),
            "test": (data.test_images, data.test_labels),
        }
        for part, (images, labels) in arrays.items():
            _refuse_odd(part, images, labels)
        wanted = as_device(device)
        self.data = data
        self.resident = _fits(data, wanted)
        place = wanted if self.resident else torch.device("cpu")
        self._parts = {
            part: _Images(_stored(images).to(place), torch.tensor(labels, device=place))
            for part, (images, labels) in arrays.items()
        }
        mean, std = _mean_and_std(data.train_images)
        self.mean = torch.tensor(mean, dtype=torch.float32, device=wanted)
        self.std = torch.tensor(std, dtype=torch.float32, device=wanted)
        self.device = self.mean.device

    def __repr__(self) -> str:
        where = "on" if self.resident else "brought batch by batch to"
        return f"{self.data!r}, {where} {self.device}"

    def in_order(self, part: Part, batch_size: int, channels_last: bool = False) -> "Batches":
        """Return all images of a part, "train" or "test", as they are.

        Raises
        ------
        ValueError
            If there is no such part, or `batch_size` is below 1.
        """
        if part not in ("train", "test"):
            raise ValueError(f"part must be 'train' or 'test', got {part!r}")
        order = torch.arange(len(self._parts[part].labels))
        return Batches(self, part, order, None, batch_size, channels_last)

    def shuffled(
        self,
        batch_size: int,
        generator: torch.Generator,
        pad: int = 0,
        flip: bool = False,
        channels_last: bool = False,
    ) -> "Batches":
        """Return all training images once, in random order, each moved at random.

        Parameters
        ----------
        batch_size : at least 1; the last batch holds what is left.
        generator : on the CPU, asked now for the whole epoch, so that every device draws the same.
        pad : images are shifted by up to so many pixels, each way; see `crop_and_flip`. What comes
            in from outside is 0 after normalising: the mean colour.
        flip : whether half of the images are mirrored.
        channels_last : whether the batches are laid out so in memory.
        """
        count = len(self._parts["train"].labels)
        order = torch.randperm(count, generator=generator)
        top, left = torch.randint(0, 2 * pad + 1, (2, count), generator=generator)
        mirrored = torch.randint(0, 2, (count,), generator=generator).bool() & flip
        moved = (tensor.to(self.device) for tensor in (top, left, mirrored))
        moves = _Moves(pad, *moved) if pad or flip else None
        return Batches(self, "train", order, moves, batch_size, channels_last)

    @cached_property
    def checksum(self) -> str:
        """What tells this dataset from another: its name and a checksum of its bytes."""
        data, code = self.data, 0
        for array in (data.train_images, data.train_labels, data.test_images, data.test_labels):
            code = zlib.crc32(np.ascontiguousarray(array).data, code)
        return f"{data.name}, {data.train_images.shape}, {code:08x}"


class Batches:
    """The minibatches of one epoch: pairs of images and labels, on the dataset's device.

    Images are (B, C, H, W) float32, normalised; labels (B,) int64. `len` is how many batches there
    are. Iterating again gives the same ones. Made by a `DeviceDataset`.
    """

    def __init__(
        self,
        data: DeviceDataset,
        part: Part,
        order: Tensor,
        moves: _Moves | None,
        batch_size: int,
        channels_last: bool,
    ) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size must be at least 1, got {batch_size}")
        self._data, self._source = data, data._parts[part]
        self._order = order.to(self._source.labels.device)
        self._moves, self._size, self._channels_last = moves, batch_size, channels_last
        self._scale = 255.0 if self._source.images.dtype == torch.uint8 else 1.0
        self._watch: Callable[[int], None] | None = None

    @property
    def examples(self) -> int:
        """How many images all batches have together."""
        return len(self._order)

    def watch(self, function: Callable[[int], None]) -> None:
        """Have a function called before every batch, with the batch's number from 0."""
        self._watch = function

    def __len__(self) -> int:
        return -(-len(self._order) // self._size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for number in range(len(self)):
            if self._watch is not None:
                self._watch(number)
            yield self._batch(slice(number * self._size, (number + 1) * self._size))

    def _batch(self, which: slice) -> tuple[Tensor, Tensor]:
        rows = self._order[which]
        images, labels = self._source.images[rows], self._source.labels[rows]
        if not self._data.resident:
            images, labels = (_brought(one, self._data.device) for one in (images, labels))
        # In the unit in which they are stored: one division less.
        mean, std = self._data.mean * self._scale, self._data.std * self._scale
        images = (images.to(torch.float32) - mean) / std
        if self._moves is not None:
            top, left, flip = (
                one[which] for one in (self._moves.top, self._moves.left, self._moves.flip)
            )
            images = crop_and_flip(images, self._moves.pad, top, left, flip)
        images = images.permute(0, 3, 1, 2)  # stored channels last, so this copies nothing
        return (images if self._channels_last else images.contiguous()), labels


def _brought(tensor: Tensor, device: torch.device) -> Tensor:
    """Return a tensor on a device; from pinned memory a GPU fetches it while Python goes on."""
    if device.type == "cuda":
        tensor = tensor.pin_memory()
    return tensor.to(device, non_blocking=True)


def _refuse_odd(part: str, images: NDArray[Any], labels: NDArray[Any]) -> None:
    if images.dtype != np.uint8 and not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"{part} images must be uint8 or floats, these are {images.dtype}")
    if images.ndim not in (3, 4):
        raise ValueError(f"{part} images must be (N, H, W) or (N, H, W, C), got {images.shape}")
    if labels.shape != (len(images),) or labels.dtype != np.int64:
        raise ValueError(
            f"{part} labels must be ({len(images)},) int64, got {labels.shape} {labels.dtype}"
        )
    if not images.size:
        raise ValueError(f"there are no {part} images")
    low, high = (0, 1) if images.dtype == np.uint8 else (images.min(), images.max())
    if np.isnan(low):  # the least and the largest of numbers with NaN among them are NaN
        raise ValueError(f"{part} images hold NaN: replace it, or leave those images out")
    if low < 0 or high > 1:
        raise ValueError(
            f"{part} images of floats must lie in [0, 1], these lie in [{low:.3g}, {high:.3g}]: "
            "scale them, such as bytes by 1 / 255"
        )


def _stored(images: NDArray[Any]) -> Tensor:
    """Return a copy of images as a tensor, (N, H, W, C), uint8 or float32."""
    dtype = np.uint8 if images.dtype == np.uint8 else np.float32
    shape = images.shape if images.ndim == 4 else (*images.shape, 1)
    return torch.from_numpy(np.array(images, dtype, order="C").reshape(shape))


_SHARE = 0.5
"""The share of a GPU's free memory that data may take; the rest is the network's."""


def _fits(data: Dataset, device: torch.device) -> bool:
    """Return whether a dataset has room on a device; on others than CUDA it is in memory anyway."""
    if device.type != "cuda":
        return True
    free, _ = torch.cuda.mem_get_info(device)
    pixels = data.train_images.size + data.test_images.size
    return pixels * (1 if data.train_images.dtype == np.uint8 else 4) <= _SHARE * free


_ROWS = 1000


def _mean_and_std(images: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and standard deviation of every channel, (C,) each, in [0, 1]."""
    channels = images.shape[3] if images.ndim == 4 else 1
    total, squares = np.zeros(channels), np.zeros(channels)
    for start in range(0, len(images), _ROWS):  # a memory map need not fit into memory
        pixels = images[start : start + _ROWS].reshape(-1, channels).astype(np.float64)
        if images.dtype == np.uint8:
            pixels /= 255.0
        total += pixels.sum(axis=0)
        squares += (pixels**2).sum(axis=0)
    count = images.size / channels
    mean = total / count
    std = np.sqrt(np.maximum(squares / count - mean**2, 0.0))
    return mean, np.where(std > 1e-6, std, 1.0)
