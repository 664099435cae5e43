"""Labelled data to classify: digits, patches of pictures, CIFAR-10, and two spirals.

`digits` and `photo_patches` come from installed packages. `cifar10` is downloaded once (170 MB),
verified and unpacked into a cache folder; `load("cifar10")` falls back to `photo_patches`.

Environment variables
---------------------
COURSE_DATA : the cache folder; without it, the folder that the operating system has for caches.
COURSE_OFFLINE : if set, and neither empty nor 0, nothing here uses the network.
"""

import errno
import os
import shutil
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import DTypeLike, NDArray


class DataError(RuntimeError):
    """Data cannot be had; the message says in a sentence or two why and what to do.

    In a notebook it shows itself without traceback.
    """

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images with labels, for training and for testing.

    Parameters
    ----------
    name : what the dataset is called.
    train_images, test_images : (N, H, W) grey or (N, H, W, 3) colour; uint8, or float64 in [0, 1].
    train_labels, test_labels : (N,) int64, each an index into `class_names`.
    class_names : what the labels mean.
    """

    name: str
    train_images: NDArray[Any]
    train_labels: NDArray[np.int64]
    test_images: NDArray[Any]
    test_labels: NDArray[np.int64]
    class_names: tuple[str, ...]

    def __repr__(self) -> str:
        sides = " x ".join(map(str, self.train_images.shape[1:]))
        return (
            f"{self.name}: {len(self.train_images):,} training and {len(self.test_images):,} test "
            f"images of {sides} ({self.train_images.dtype}), "
            f"{len(self.class_names)} classes: {', '.join(self.class_names)}"
        )


def as_vectors(images: NDArray[Any], dtype: DTypeLike = np.float64) -> NDArray[Any]:
    """Return every image as one row of numbers, in row-major order.

    Parameters
    ----------
    images : (N, ...) uint8, or floats in [0, 1].
    dtype : the type of the result, float64 or float32.

    Returns
    -------
    (N, D) in [0, 1], a new array. Bytes are divided by 255, floats stay as they are.

    Raises
    ------
    ValueError
        If the images are neither bytes nor floats, or the result would not be floats.
    """
    if images.dtype != np.uint8 and not np.issubdtype(images.dtype, np.floating):
        raise ValueError(f"images must be uint8 or floats, these are {images.dtype}")
    if not np.issubdtype(np.dtype(dtype), np.floating):
        raise ValueError(f"dtype must be a float type, got {np.dtype(dtype)}")
    rows = images.reshape(len(images), int(np.prod(images.shape[1:])))
    vectors = np.array(rows, dtype=dtype, order="C", subok=False)
    if images.dtype == np.uint8:
        vectors /= 255
    return vectors


def load(name: str = "cifar10") -> Dataset:
    """Return the dataset called `name`: "cifar10", "digits" or "photo_patches".

    Where CIFAR-10 is neither cached nor to be had, this prints why and returns `photo_patches`.

    Raises
    ------
    ValueError
        If there is no such dataset.
    """
    if name not in _LOADERS:
        raise ValueError(f"there is no dataset {name!r}; there are {', '.join(sorted(_LOADERS))}")
    try:
        return _LOADERS[name]()
    except DataError as error:
        if name != "cifar10":
            raise
        print(f"This notebook uses photo_patches instead of CIFAR-10. {error}")
        return photo_patches()


# Small datasets, from installed packages --------------------------------------------------------


def digits() -> Dataset:
    """Return scikit-learn's handwritten digits: 1,300 to train and 497 to test.

    Images are (N, 8, 8) float64 in [0, 1]. The split is always the same and stratified.
    """
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    loaded = load_digits()
    train, test, train_labels, test_labels = train_test_split(
        loaded.images / 16.0,
        loaded.target.astype(np.int64),
        test_size=497,
        stratify=loaded.target,
        random_state=0,
    )
    names = tuple(map(str, range(10)))
    return Dataset("digits", train, train_labels, test, test_labels, names)


def two_spirals(
    n: int = 200, noise: float = 0.02, seed: int = 0
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return points of two spirals that turn around each other, and which spiral each is from.

    Each makes one and three quarter turns, from the middle to radius 1; no straight line separates
    them.

    Parameters
    ----------
    n : how many points, at least two; the spirals get equally many, up to one.
    noise : the standard deviation of what is added to each coordinate, 0 or more.
    seed : equal seeds give equal points.

    Returns
    -------
    Points, (n, 2) float64, and labels 0 and 1, (n,) int64, in turn.

    Raises
    ------
    ValueError
        If `n` is below two or `noise` below 0.
    """
    if n < 2 or noise < 0.0:
        raise ValueError(f"n must be at least 2 and noise at least 0, got {n} and {noise}")
    rng = np.random.default_rng(seed)
    labels = np.arange(n, dtype=np.int64) % 2
    radius = np.sqrt(rng.random(n))  # so that the points lie about equally dense
    angle = np.pi * (3.5 * radius + labels)
    points = radius[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return points + rng.normal(0.0, noise, (n, 2)), labels


PATCH_SIZE = 32
_CROP_SIDES = (48, 96)
_TRAIN_SHARE = 0.6
_FLAT = 3.0
"""A patch shows nothing if the bytes of no channel have a standard deviation of this or more."""


def photo_patches(train: int = 2000, test: int = 500, seed: int = 0) -> Dataset:
    """Return patches of ten pictures; the class of a patch is the picture it was cut from.

    Training patches come from the left 60 % of each picture, test patches from the rest: no pixel
    is in both. A patch is a square of random place and side (48 to 96 pixels), averaged down to
    32 by 32. Nothing is downloaded.

    Parameters
    ----------
    train, test : how many patches, at least one; the classes get equally many, up to one.
    seed : equal seeds give equal patches.

    Returns
    -------
    Dataset with images (N, 32, 32, 3) uint8 in random order.

    Raises
    ------
    ValueError
        If `train` or `test` is below one.
    """
    if train < 1 or test < 1:
        raise ValueError(f"train and test must be at least 1, got {train} and {test}")
    pictures = _color_pictures()
    left, right = [], []
    for pixels in pictures.values():
        border = round(_TRAIN_SHARE * pixels.shape[1])
        left.append(pixels[:, :border])
        right.append(pixels[:, border:])
    # One generator for each part: asking for more training patches leaves the test patches alone.
    train_rng, test_rng = np.random.default_rng(seed).spawn(2)
    return Dataset(
        "photo_patches",
        *_patches(left, train, train_rng),
        *_patches(right, test, test_rng),
        tuple(pictures),
    )


def _color_pictures() -> dict[str, NDArray[np.uint8]]:
    """Return the ten pictures, (H, W, 3) each, by what they show."""
    from skimage import data
    from sklearn.datasets import load_sample_image

    return {
        "astronaut": data.astronaut(),
        "cat": data.chelsea(),
        "coffee": data.coffee(),
        "flower": load_sample_image("flower.jpg"),
        "galaxies": data.hubble_deep_field(),
        "motorcycle": data.stereo_motorcycle()[0],
        "pavilion": load_sample_image("china.jpg"),
        "retina": data.retina()[220:1190, 220:1190],  # inside its black border
        "rocket": data.rocket(),
        "tissue": data.immunohistochemistry(),
    }


def _patches(
    pictures: list[NDArray[np.uint8]], count: int, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return `count` patches of the pictures and which picture each is from."""
    labels = rng.permutation(np.arange(count, dtype=np.int64) % len(pictures))
    images = np.empty((count, PATCH_SIZE, PATCH_SIZE, 3), dtype=np.uint8)
    for image, label in zip(images, labels, strict=True):
        image[:] = _patch(pictures[label], rng)
    return images, labels


def _patch(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Return a random square of a picture, averaged down; flat ones are drawn again."""
    from PIL import Image

    height, width = picture.shape[:2]
    size = (PATCH_SIZE, PATCH_SIZE)
    for _ in range(20):  # a picture may be flat all over
        side = int(rng.integers(_CROP_SIDES[0], min(_CROP_SIDES[1], height, width) + 1))
        y, x = int(rng.integers(height - side + 1)), int(rng.integers(width - side + 1))
        crop = Image.fromarray(picture[y : y + side, x : x + side])
        patch = np.asarray(crop.resize(size, Image.Resampling.BOX))
        if patch.std(axis=(0, 1)).max() >= _FLAT:
            break
    return patch


# CIFAR-10 ---------------------------------------------------------------------------------------


class Place(NamedTuple):
    """Where the archive is served.

    Parameters
    ----------
    url : the archive's address.
    slowest : bytes a second below which the place is given up.
    """

    url: str
    slowest: float


PLACES = (
    # Throttled since the middle of 2026, so a slow answer is not waited for while there is another.
    Place("https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz", 500e3),
    Place("https://cave.cs.toronto.edu/kriz/cifar-10-binary.tar.gz", 50e3),
)
ARCHIVE = "cifar-10-binary.tar.gz"
ARCHIVE_SIZE = 170_052_171
ARCHIVE_SHA256 = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
RECORDS = 10_000
"""How many records a file of the archive has."""
ANSWER_SECONDS = 4.0
"""How long a place may take until it starts to answer, all in all."""
STALL_SECONDS = 10.0
"""How long a place may send nothing, and over how long its speed is judged."""

_FOLDER = "cifar-10-batches-bin"
_TRAIN_FILES = tuple(f"data_batch_{number}.bin" for number in range(1, 6))
_TEST_FILE = "test_batch.bin"
_NAMES_FILE = "batches.meta.txt"
_FILES = (*_TRAIN_FILES, _TEST_FILE, _NAMES_FILE)
_SHAPE = (32, 32, 3)
_RECORD = 1 + 3 * 32 * 32
_LONGEST_NAMES = 4096
_MOST_MEMBERS = 50
_UNPACKED = "cifar-10"
_LEFTOVER = ".partial"
_PARTS = ("train_images", "train_labels", "test_images", "test_labels")


def cifar10(folder: str | os.PathLike[str] | None = None) -> Dataset:
    """Return CIFAR-10 (Krizhevsky 2009): 50,000 training and 10,000 test images.

    The first call downloads the archive (170 MB) into the cache folder, verifies it and unpacks
    it beside (180 MB). An archive put there by hand will do. Later calls only open files.

    Parameters
    ----------
    folder : an unpacked `cifar-10-batches-bin` to read instead. Its files may hold any number of
        records; nothing is downloaded, cached or compared with a checksum.

    Returns
    -------
    Dataset with images (N, 32, 32, 3) uint8. From the cache they are a read-only memory map: pixels
    are read from disk when they are used. From a folder they are ordinary arrays.

    Raises
    ------
    DataError
        If the data cannot be had, or are not what they should be.
    """
    if folder is not None:
        return _read_folder(Path(folder))
    cache = _cache_folder()
    with _plain_errors(cache):
        dataset = _open_unpacked(cache / _UNPACKED)
        if dataset is None and _offline() and not (cache / ARCHIVE).exists():
            raise DataError(
                f"CIFAR-10 is not in {cache}, and COURSE_OFFLINE forbids the network. "
                f"Unset COURSE_OFFLINE, or put {ARCHIVE} there."
            )
        if dataset is None:
            cache.mkdir(parents=True, exist_ok=True)
            with _locked(cache) as alone:
                dataset = _made(cache, alone)
    return dataset


def _cache_folder() -> Path:
    """Return the folder in which downloads are kept."""
    import pooch

    chosen = os.environ.get("COURSE_DATA") or pooch.os_cache("robotic-perception")
    return Path(chosen).expanduser().absolute()


def _offline() -> bool:
    return os.environ.get("COURSE_OFFLINE", "") not in ("", "0")


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)
_NO_FOLDER = (errno.EEXIST, errno.ENOTDIR)


@contextmanager
def _plain_errors(cache: Path) -> Iterator[None]:
    """Turn what the file system raises into a sentence."""
    try:
        yield
    except OSError as error:
        advice = "set the environment variable COURSE_DATA to another folder"
        if error.errno in _FULL:
            sentence = (
                f"There is no room for CIFAR-10 in {cache}, which takes 360 MB while it is set up. "
                f"Free some, or {advice}."
            )
        elif error.errno in _FORBIDDEN:
            sentence = (
                f"The cache folder {cache} cannot be used: no permission. Allow it, or {advice}."
            )
        elif error.errno in _NO_FOLDER:
            sentence = f"The cache folder {cache} is, or lies in, a file. Move that, or {advice}."
        else:
            sentence = f"The cache folder {cache} cannot be used: {error}. You can {advice}."
        raise DataError(sentence) from error


@contextmanager
def _locked(cache: Path) -> Iterator[bool]:
    """Let one process at a time work in the cache folder; yield whether that is certain.

    The operating system holds the lock for the open file, so it ends with the process.
    """
    try:
        import fcntl
    except ImportError:  # Windows: two processes both download, each to a folder of its own
        yield False
        return
    with (cache / f"{_UNPACKED}.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another program is fetching CIFAR-10; waiting for it.", flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield True


def _made(cache: Path, alone: bool) -> Dataset:
    """Fetch and unpack what is not in the cache folder, and open it."""
    dataset = _open_unpacked(cache / _UNPACKED)  # another process may have just made it
    if dataset is not None:
        return dataset
    if alone:
        for leftover in cache.glob(f"{_UNPACKED}*{_LEFTOVER}"):
            shutil.rmtree(leftover, ignore_errors=True)  # at worst it only takes up room
    # All that is unfinished lies in one folder, which goes away however this ends.
    with tempfile.TemporaryDirectory(
        dir=cache, prefix=f"{_UNPACKED}-", suffix=_LEFTOVER, ignore_cleanup_errors=True
    ) as name:
        unfinished = Path(name)
        archive = cache / ARCHIVE
        if archive.exists():
            _verify_own(archive)
        else:
            _download(unfinished).replace(archive)
        _unpack(archive, unfinished / _UNPACKED)
        _move_folder(unfinished / _UNPACKED, cache / _UNPACKED, unfinished / "damaged")
    dataset = _open_unpacked(cache / _UNPACKED)
    if dataset is None:
        raise DataError(f"{cache / _UNPACKED} changed while it was opened. Call this again.")
    return dataset


def _move_folder(made: Path, place: Path, aside: Path) -> None:
    """Move a folder to its place; a damaged one that is there goes aside first."""
    if place.exists() and _open_unpacked(place) is None:
        place.replace(aside)
    try:
        made.replace(place)
    except OSError:
        if _open_unpacked(place) is None:  # else another process was faster
            raise


# The arrays in the cache


def _open_unpacked(folder: Path) -> Dataset | None:
    """Open the arrays of an unpacked archive, or return None if they are not there or damaged."""
    try:
        loaded = {
            part: np.load(folder / f"{part}.npy", mmap_mode="r" if "images" in part else None)
            for part in _PARTS
        }
        names = _class_names((folder / _NAMES_FILE).read_bytes())
    except (FileNotFoundError, ValueError, EOFError, DataError):
        return None
    for split, files in (("train", len(_TRAIN_FILES)), ("test", 1)):
        images, labels = loaded[f"{split}_images"], loaded[f"{split}_labels"]
        if images.shape != (files * RECORDS, *_SHAPE) or images.dtype != np.uint8:
            return None
        if labels.shape != (files * RECORDS,) or labels.dtype != np.int64:
            return None
        if labels.min() < 0 or labels.max() >= len(names):
            return None
    return Dataset("cifar10", **loaded, class_names=names)


def _unpack(archive: Path, folder: Path) -> None:
    """Write the arrays of a verified archive into a new folder.

    Nothing is extracted to where the archive says. Members are read one after the other into
    memory, none longer than it must be, and only the arrays are written.
    """
    folder.mkdir()
    try:
        with tarfile.open(archive, "r|gz") as tar:
            _write_arrays(tar, folder)
    except (tarfile.TarError, EOFError) as error:
        raise DataError(
            f"{archive} cannot be read: {error}. Delete it and call this again."
        ) from error


def _write_arrays(tar: tarfile.TarFile, folder: Path) -> None:
    counts = {"train": len(_TRAIN_FILES) * RECORDS, "test": RECORDS}
    labels = {split: np.empty(count, dtype=np.int64) for split, count in counts.items()}
    with ExitStack() as stack:
        # Written, not memory-mapped: a full disk kills the process that writes to a map of it.
        images = {
            split: stack.enter_context(_npy_file(folder / f"{split}_images.npy", np.uint8, shape))
            for split, shape in ((s, (n, *_SHAPE)) for s, n in counts.items())
        }
        starts = {split: file.tell() for split, file in images.items()}
        for name, content in _members(tar):
            if name == _NAMES_FILE:
                _class_names(content)
                (folder / name).write_bytes(content)
                continue
            split, at = ("test", 0) if name == _TEST_FILE else ("train", _TRAIN_FILES.index(name))
            pixels, labels[split][at * RECORDS : (at + 1) * RECORDS] = _records(content, name)
            images[split].seek(starts[split] + at * pixels.size)
            images[split].write(pixels.tobytes())
    for split, array in labels.items():
        with _npy_file(folder / f"{split}_labels.npy", np.int64, array.shape) as file:
            file.write(array.tobytes())


@contextmanager
def _npy_file(path: Path, dtype: DTypeLike, shape: tuple[int, ...]) -> Iterator[IO[bytes]]:
    """Open a new .npy file behind its header; on the way out see to it that it is on the disk.

    `numpy.save` would do, but what it raises on a full disk does not say that the disk is full.
    """
    with path.open("wb") as file:
        descr = np.lib.format.dtype_to_descr(np.dtype(dtype))
        header = {"descr": descr, "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        yield file
        file.flush()
        os.fsync(file.fileno())


def _members(tar: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the seven files of CIFAR-10; anything else is passed over.

    Raises
    ------
    DataError
        If one of the seven is missing, no ordinary file, or not as long as it must be, or if there
        is much else. Of two with one name the first counts.
    """
    missing = {f"{_FOLDER}/{name}" for name in _FILES}
    largest = RECORDS * _RECORD
    for number, member in enumerate(tar):
        # Passing over a member means to decompress it, so there is a limit to that too.
        if number >= _MOST_MEMBERS or member.size > max(largest, _LONGEST_NAMES):
            raise DataError(f"The archive holds more than CIFAR-10: {member.name!r}.")
        if member.name not in missing:
            continue
        missing.remove(member.name)
        name = member.name.split("/")[1]
        length_fits = (
            member.size <= _LONGEST_NAMES if name == _NAMES_FILE else member.size == largest
        )
        if not member.isreg() or not length_fits:
            raise DataError(f"{member.name} in the archive is not the file that CIFAR-10 has.")
        content = tar.extractfile(member)
        assert content is not None, "an ordinary file has a content"
        yield name, content.read()
    if missing:
        raise DataError(f"The archive lacks {', '.join(sorted(missing))}.")


# The binary format


def _records(content: bytes, name: str) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return images (N, 32, 32, 3) and labels (N,) of a file's records.

    A record is a byte for the label, then the red, green and blue planes in row-major order.
    """
    if not content or len(content) % _RECORD:
        raise DataError(
            f"{name} has {len(content):,} bytes: not a whole number of records of {_RECORD} bytes."
        )
    records = np.frombuffer(content, dtype=np.uint8).reshape(-1, _RECORD)
    labels = records[:, 0].astype(np.int64)
    if labels.max() > 9:
        at = int(np.argmax(labels > 9))
        raise DataError(f"Record {at} of {name} has the label {labels[at]}; labels are 0 to 9.")
    return records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), labels


def _class_names(content: bytes) -> tuple[str, ...]:
    """Return the ten names that `batches.meta.txt` holds, one a line."""
    names = tuple(content.decode("utf-8", "replace").split())
    if len(names) != 10:
        raise DataError(f"{_NAMES_FILE} has {len(names)} names of classes instead of 10.")
    return names


def _read_folder(folder: Path) -> Dataset:
    """Read an unpacked archive, whoever made it."""
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        raise DataError(f"{folder} is not an unpacked CIFAR-10: it lacks {', '.join(missing)}.")
    try:
        names = _class_names((folder / _NAMES_FILE).read_bytes())
        lengths = [(folder / name).stat().st_size // _RECORD for name in _TRAIN_FILES]
        train_images = np.empty((sum(lengths), *_SHAPE), dtype=np.uint8)
        train_labels = np.empty(sum(lengths), dtype=np.int64)
        end = 0
        for name, length in zip(_TRAIN_FILES, lengths, strict=True):  # one file in memory at a time
            rows, end = slice(end, end + length), end + length
            train_images[rows], train_labels[rows] = _records((folder / name).read_bytes(), name)
        test_images, test_labels = _records((folder / _TEST_FILE).read_bytes(), _TEST_FILE)
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error}.") from error
    test_images = np.ascontiguousarray(test_images)
    return Dataset("cifar10", train_images, train_labels, test_images, test_labels, names)


# The download


class _Refused(Exception):
    """A place cannot be used; the text says why."""


def _verify_own(archive: Path) -> None:
    """Look whether a file that lies in the cache folder is the archive; never delete it."""
    import pooch

    if not archive.is_file():
        raise DataError(f"{archive} is not a file. Move it away and call this again.")
    size = archive.stat().st_size
    if size != ARCHIVE_SIZE:
        what = f"has {size:,} bytes instead of {ARCHIVE_SIZE:,}"
    elif pooch.file_hash(str(archive), alg="sha256") != ARCHIVE_SHA256:
        what = "has another SHA-256 checksum than the published archive"
    else:
        return
    raise DataError(
        f"{archive} {what}: it is incomplete or damaged. "
        "Delete it to have it downloaded again, or replace it by a good copy."
    )


def _download(folder: Path) -> Path:
    """Fetch the archive from the first place that delivers it; return where in `folder` it is.

    pooch writes to a temporary file, compares the checksum and renames. The mirrors, the limits of
    time and size and the progress bar are ours: it has none, or none that ends a slow download.
    """
    import pooch

    if _offline():
        raise DataError("CIFAR-10 is not cached, and COURSE_OFFLINE forbids the network.")
    problems = []
    for place in PLACES:
        try:
            # pooch announces each download on its own; the progress bar does that here.
            with _quiet(pooch.get_logger()):
                path = pooch.retrieve(
                    place.url,
                    known_hash=f"sha256:{ARCHIVE_SHA256}",
                    fname=ARCHIVE,
                    path=folder,
                    downloader=_downloader(place.slowest),
                )
            return Path(path)
        except _Refused as refused:
            problems.append(f"{urlsplit(place.url).netloc} {refused}")
        except ValueError:  # how pooch says that a checksum differs
            problems.append(f"{urlsplit(place.url).netloc} sends a file with another checksum")
    raise DataError(
        f"CIFAR-10 could not be downloaded: {'; '.join(problems)}. "
        f"Try again later, or download {ARCHIVE} by hand and put it into {_cache_folder()}."
    )


@contextmanager
def _quiet(logger: Any) -> Iterator[None]:
    """Keep a logger from saying anything below a warning."""
    level = logger.level
    logger.setLevel("WARNING")
    try:
        yield
    finally:
        logger.setLevel(level)


def _downloader(slowest: float) -> Callable[[str, str, object], None]:
    """Return what pooch calls to get an address into a file."""

    def download(url: str, output_file: str, _: object) -> None:
        with _answer(url) as response, Path(output_file).open("wb") as file:
            _copy(response, file, slowest)

    return download


def _answer(url: str) -> Any:
    """Return the response to a request, a `requests.Response` whose body is not read yet.

    The request runs in a thread, because no timeout of a socket covers the look-up of the name,
    or several addresses tried in turn.
    """
    results: SimpleQueue[Any] = SimpleQueue()
    late = False

    def ask() -> None:
        import requests

        try:
            response = requests.get(
                url,
                stream=True,
                timeout=(ANSWER_SECONDS, STALL_SECONDS),
                headers={"Accept-Encoding": "identity"},
            )
        except (OSError, ValueError) as error:
            results.put(error)
            return
        results.put(response)
        if late:
            response.close()

    Thread(target=ask, daemon=True).start()
    try:
        result = results.get(timeout=ANSWER_SECONDS)
    except Empty:
        late = True
        raise _Refused(f"does not answer within {ANSWER_SECONDS:g} s") from None
    if isinstance(result, Exception):
        raise _Refused("cannot be reached") from result
    if result.status_code != 200:
        result.close()
        raise _Refused(f"answers {result.status_code} {result.reason}")
    return result


def _copy(response: Any, file: IO[bytes], slowest: float) -> None:
    """Copy the body of a response, with a progress bar and an end to patience.

    Raises
    ------
    _Refused
        If the body has not the archive's size, stops coming, or comes too slowly.
    """
    from tqdm.auto import tqdm
    from urllib3.exceptions import HTTPError

    done, speed = 0, _Speed(slowest)
    with tqdm(total=ARCHIVE_SIZE, unit="B", unit_scale=True, desc="CIFAR-10") as bar:
        while True:
            try:
                # read1 returns what has come; read would wait for a whole block of a slow place.
                block = response.raw.read1(1 << 18, decode_content=False)
            except (HTTPError, OSError) as error:
                raise _Refused(f"stopped after {done:,} bytes") from error
            if not block:
                break
            done += len(block)
            if done > ARCHIVE_SIZE:
                raise _Refused(f"sends more than the {ARCHIVE_SIZE:,} bytes of the archive")
            file.write(block)
            bar.update(len(block))
            speed.watch(done)
    if done != ARCHIVE_SIZE:
        raise _Refused(f"sent {done:,} of {ARCHIVE_SIZE:,} bytes")


class _Speed:
    """Judges a download, from one stretch of STALL_SECONDS to the next."""

    def __init__(self, slowest: float) -> None:
        self.slowest = slowest
        self.since, self.before = time.monotonic(), 0

    def watch(self, done: int) -> None:
        """Raise _Refused if `done` bytes are too few by now."""
        seconds = time.monotonic() - self.since
        if seconds < STALL_SECONDS:
            return
        if (done - self.before) / seconds < self.slowest:
            raise _Refused(f"sends less than {self.slowest / 1e3:g} kB/s")
        self.since, self.before = time.monotonic(), done


_LOADERS: dict[str, Callable[[], Dataset]] = {
    "cifar10": cifar10,
    "digits": digits,
    "photo_patches": photo_patches,
}
