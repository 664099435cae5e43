"""Datasets: what they hold, and every way in which a download can go wrong.

The archives are made here, in CIFAR-10's format with 20 records a file, and served from 127.0.0.1.
"""

import errno
import gzip
import hashlib
import io
import json
import os
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from course_utils import datasets
from course_utils.datasets import DataError, Place, as_vectors, cifar10, digits, load, photo_patches

RECORDS = 20
SEVEN = [*(f"data_batch_{number}.bin" for number in range(1, 6)), "test_batch.bin"]
META = "batches.meta.txt"
NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


# Archives of our own


def files(seed: int = 0) -> dict[str, bytes]:
    """Return the seven files, with random pixels (which do not compress) and labels."""
    rng = np.random.default_rng(seed)
    made = {}
    for name in SEVEN:
        records = rng.integers(0, 256, (RECORDS, 3073), dtype=np.uint8)
        records[:, 0] = rng.integers(0, 10, RECORDS)
        made[name] = records.tobytes()
    return {**made, META: "\n".join([*NAMES, ""]).encode()}


def packed(*members: tuple[str, bytes | tarfile.TarInfo]) -> bytes:
    """Return a .tar.gz of these members in this order; a TarInfo goes in without content."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as tar:
        for name, content in members:
            info = content if isinstance(content, tarfile.TarInfo) else tarfile.TarInfo(name)
            if isinstance(content, bytes):
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
            else:
                tar.addfile(info)
    return stream.getvalue()


def in_folder(contents: dict[str, bytes]) -> list[tuple[str, bytes | tarfile.TarInfo]]:
    return [(f"cifar-10-batches-bin/{name}", content) for name, content in contents.items()]


GOOD_FILES = files()
GOOD = packed(("cifar-10-batches-bin/readme.html", b"<p>"), *in_folder(GOOD_FILES))


def expect(monkeypatch: pytest.MonkeyPatch, archive: bytes) -> None:
    """Let the course think that this archive is the published one."""
    monkeypatch.setattr(datasets, "ARCHIVE_SIZE", len(archive))
    monkeypatch.setattr(datasets, "ARCHIVE_SHA256", hashlib.sha256(archive).hexdigest())


def assert_good(dataset: datasets.Dataset) -> None:
    """Compare a dataset with the files, byte by byte as the format's description has them."""
    train = b"".join(GOOD_FILES[name] for name in SEVEN[:5])
    for images, labels, content in (
        (dataset.train_images, dataset.train_labels, train),
        (dataset.test_images, dataset.test_labels, GOOD_FILES["test_batch.bin"]),
    ):
        assert images.shape == (len(content) // 3073, 32, 32, 3)
        assert images.dtype == np.uint8
        assert labels.dtype == np.int64
        assert labels.tolist() == list(content[::3073])
        rng = np.random.default_rng(1)
        for n, y, x, channel in rng.integers(0, [len(images), 32, 32, 3], (300, 4)):
            assert images[n, y, x, channel] == content[n * 3073 + 1 + channel * 1024 + y * 32 + x]
    assert dataset.class_names == tuple(NAMES)


# Servers that behave badly


class Server(ThreadingHTTPServer):
    """Serves the archive, in the manner that the address asks for."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.sending = threading.Event()
        """Something has been sent, and more is held back."""
        self.release = threading.Event()
        """Nothing is held back any more."""

    def place(self, manner: str, slowest: float = 0.0) -> Place:
        return Place(f"http://127.0.0.1:{self.server_address[1]}/{manner}", slowest)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients that hang up are what is tested."""


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        manner = self.path.strip("/")
        self.server.asked.append(manner)
        getattr(self, manner)()

    def log_message(self, *_: Any) -> None:
        pass

    def send(self, body: bytes, length: int | None = None) -> None:
        self.send_response(200)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        self.wfile.write(body)

    def good(self) -> None:
        self.send(GOOD, len(GOOD))

    def absent(self) -> None:
        self.send_error(404, "Not Found")

    def garbage(self) -> None:
        self.send(bytes(len(GOOD)), len(GOOD))

    def page(self) -> None:
        self.send(b"<html>log in to the wireless network</html>")

    def truncated(self) -> None:
        self.send(GOOD[: len(GOOD) // 2], len(GOOD))

    def endless(self) -> None:
        self.send(GOOD)
        while True:
            self.wfile.write(bytes(100_000))

    def silent(self) -> None:
        self.server.release.wait(10)

    def half(self) -> None:
        self.send(GOOD[: len(GOOD) // 2], len(GOOD))
        self.server.sending.set()
        self.server.release.wait(20)
        self.wfile.write(GOOD[len(GOOD) // 2 :])

    def trickle(self) -> None:
        self.send(b"", len(GOOD))
        for at in range(150):  # 3 s, if nobody hangs up
            self.wfile.write(GOOD[at : at + 1])
            if self.server.release.wait(0.02):
                return


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as serving:
        thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield serving
        serving.release.set()
        serving.shutdown()
        thread.join()


@pytest.fixture
def refusing() -> Place:
    """Return a place where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return Place(f"http://127.0.0.1:{port}/", 0.0)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusing: Place) -> Path:
    """Return the cache folder, not made yet, of a course whose CIFAR-10 is `GOOD`."""
    expect(monkeypatch, GOOD)
    monkeypatch.setattr(datasets, "RECORDS", RECORDS)
    monkeypatch.setattr(datasets, "PLACES", (refusing, refusing))
    monkeypatch.setattr(datasets, "ANSWER_SECONDS", 2.0)
    monkeypatch.setattr(datasets, "STALL_SECONDS", 0.3)
    monkeypatch.setenv("COURSE_DATA", str(tmp_path / "cache"))
    monkeypatch.delenv("COURSE_OFFLINE", raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    return tmp_path / "cache"


def left(cache: Path) -> set[str]:
    """Return what is in the cache folder, but for the lock, which is an empty file."""
    return {path.name for path in cache.iterdir()} - {"cifar-10.lock"}


WHOLE = {"cifar-10-binary.tar.gz", "cifar-10"}


def sentence(call: Callable[[], object] = cifar10) -> str:
    """Return the sentence of the DataError that a call raises."""
    with pytest.raises(DataError) as caught:
        call()
    said = str(caught.value)
    assert "\n" not in said
    assert caught.value._render_traceback_() == [said]
    return said


# Downloads


def test_a_download_is_verified_unpacked_and_kept(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(datasets, "PLACES", (server.place("good"),))
    assert_good(cifar10())
    assert left(cache) == WHOLE
    assert "CIFAR-10: 100%" in capfd.readouterr().err
    assert_good(cifar10())
    assert server.asked == ["good"]
    assert (cache / "cifar-10-binary.tar.gz").read_bytes() == GOOD


def test_images_are_a_memory_map_that_cannot_be_written(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "PLACES", (server.place("good"),))
    dataset = cifar10()
    for images in (dataset.train_images, dataset.test_images):
        assert isinstance(images, np.memmap)
        with pytest.raises(ValueError, match="read-only"):
            images[0, 0, 0, 0] = 1
    vectors = as_vectors(dataset.test_images)
    assert not isinstance(vectors, np.memmap)
    vectors[:] = 0.0
    assert_good(cifar10())


@pytest.mark.parametrize(
    ("manner", "said"),
    [
        ("absent", "127.0.0.1:{port} answers 404 Not Found"),
        ("garbage", "127.0.0.1:{port} sends a file with another checksum"),
        ("page", "127.0.0.1:{port} sent 43 of {size:,} bytes"),
        ("truncated", "127.0.0.1:{port} stopped after {half:,} bytes"),
        ("endless", "127.0.0.1:{port} sends more than the {size:,} bytes of the archive"),
        ("half", "127.0.0.1:{port} stopped after {half:,} bytes"),
        ("silent", "127.0.0.1:{port} does not answer within 0.2 s"),
        ("trickle", "127.0.0.1:{port} sends less than 50 kB/s"),
    ],
)
def test_a_bad_place_is_named_and_nothing_of_it_is_kept(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch, manner: str, said: str
) -> None:
    if manner == "silent":
        monkeypatch.setattr(datasets, "ANSWER_SECONDS", 0.2)
    bad = server.place(manner, slowest=50e3 if manner == "trickle" else 0)
    monkeypatch.setattr(datasets, "PLACES", (bad, bad))
    reason = said.format(port=server.server_address[1], size=len(GOOD), half=len(GOOD) // 2)
    assert sentence() == (
        f"CIFAR-10 could not be downloaded: {reason}; {reason}. "
        f"Try again later, or download cifar-10-binary.tar.gz by hand and put it into {cache}."
    )
    assert left(cache) == set()
    assert server.asked == [manner, manner]

    monkeypatch.setattr(datasets, "ANSWER_SECONDS", 2.0)
    monkeypatch.setattr(datasets, "PLACES", (bad, server.place("good")))
    assert_good(cifar10())
    assert left(cache) == WHOLE


def test_the_second_place_serves_when_the_first_refuses(
    cache: Path, server: Server, refusing: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "PLACES", (refusing, refusing))
    assert "cannot be reached" in sentence()
    assert left(cache) == set()
    monkeypatch.setattr(datasets, "PLACES", (refusing, server.place("good")))
    assert_good(cifar10())
    assert left(cache) == WHOLE


def test_the_real_places_are_two_and_encrypted() -> None:
    assert len({place.url for place in datasets.PLACES}) == 2
    assert all(place.url.startswith("https://") for place in datasets.PLACES)
    assert all(place.url.endswith(datasets.ARCHIVE) for place in datasets.PLACES)
    assert len(bytes.fromhex(datasets.ARCHIVE_SHA256)) == 32


def test_stopping_a_download_leaves_nothing(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(datasets, "PLACES", (server.place("good"),))
    with monkeypatch.context() as pressed:
        pressed.setattr(datasets._Speed, "watch", stop)
        with pytest.raises(KeyboardInterrupt):
            cifar10()
    assert left(cache) == set()
    assert_good(cifar10())


# Other processes

CHILD = """
import json, mmap, os, resource, signal, sys
import fcntl, pooch, requests, tqdm.auto
from course_utils import datasets
for name, value in json.loads(sys.argv[1]).items():
    setattr(datasets, name, value)
datasets.PLACES = tuple(datasets.Place(*place) for place in datasets.PLACES)
{before}
try:
    print(datasets.cifar10().train_images.sum())
except datasets.DataError as error:
    print("DataError:", error)
"""
SETTINGS = ("PLACES", "RECORDS", "ARCHIVE_SIZE", "ARCHIVE_SHA256")
TOTAL = str(sum(sum(GOOD_FILES[name]) - sum(GOOD_FILES[name][::3073]) for name in SEVEN[:5]))


def start(before: str = "") -> "subprocess.Popen[str]":
    """Start a Python that calls cifar10 with the settings of now."""
    settings = json.dumps({name: getattr(datasets, name) for name in SETTINGS})
    return subprocess.Popen(
        [sys.executable, "-c", CHILD.format(before=before), settings],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def output(child: "subprocess.Popen[str]") -> str:
    """Return what a child prints in the end."""
    printed, trouble = child.communicate(timeout=20)
    assert child.returncode == 0, trouble
    return printed.strip()


def test_two_processes_download_once(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "PLACES", (server.place("half"),))
    first = start()
    assert server.sending.wait(20)
    second = start()
    assert second.stdout is not None
    said = second.stdout.readline()
    server.release.set()
    assert said == "Another program is fetching CIFAR-10; waiting for it.\n"
    assert output(first) == output(second) == TOTAL
    assert server.asked == ["half"]
    assert left(cache) == WHOLE


def test_two_processes_without_locks_are_both_right(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "PLACES", (server.place("half"),))
    without = "sys.modules['fcntl'] = None"
    children = [start(without), start(without)]
    while len(server.asked) < 2 and all(child.poll() is None for child in children):
        server.sending.wait(0.02)
    server.release.set()
    assert [output(child) for child in children] == [TOTAL, TOTAL]
    assert server.asked == ["half", "half"]
    assert left(cache) == WHOLE


def test_killed_while_downloading(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "PLACES", (server.place("half"),))
    child = start()
    assert server.sending.wait(20)
    child.kill()
    child.communicate(timeout=20)
    assert child.returncode == -signal.SIGKILL
    remains = left(cache)
    assert len(remains) == 1
    assert remains.pop().endswith(".partial")
    monkeypatch.setattr(datasets, "PLACES", (server.place("good"),))
    assert_good(cifar10())
    assert left(cache) == WHOLE


def test_killed_while_unpacking(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "PLACES", (server.place("good"),))
    child = start("datasets.os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)")
    child.communicate(timeout=20)
    assert child.returncode == -signal.SIGKILL
    assert "cifar-10" not in left(cache)
    assert_good(cifar10())
    assert left(cache) == WHOLE
    assert server.asked == ["good"], "the archive was whole, there was no need to load it again"


# The disk


@pytest.mark.parametrize("limit", [len(GOOD) // 2, len(GOOD) + 1000])
def test_no_room(cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch, limit: int) -> None:
    """A limit on the size of files stands for a full disk: while downloading, while unpacking."""
    monkeypatch.setattr(datasets, "PLACES", (server.place("good"), server.place("good")))
    monkeypatch.setattr(datasets, "RECORDS", RECORDS if limit < len(GOOD) else 20 * RECORDS)
    zeros = {name: bytes(20 * RECORDS * 3073) for name in SEVEN}
    if limit > len(GOOD):  # what is unpacked must be larger than the archive
        cache.mkdir()
        archive = packed(*in_folder({**zeros, META: GOOD_FILES[META]}))
        (cache / "cifar-10-binary.tar.gz").write_bytes(archive)
        expect(monkeypatch, archive)
    said = output(start(f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"))
    assert said == (
        f"DataError: There is no room for CIFAR-10 in {cache}, which takes 360 MB while it is set "
        "up. Free some, or set the environment variable COURSE_DATA to another folder."
    )
    if limit < len(GOOD):
        assert left(cache) == set()
        assert server.asked == ["good"], "no other place makes room"
        assert_good(cifar10())
    else:
        assert left(cache) == {"cifar-10-binary.tar.gz"}
        assert cifar10().train_images.sum() == 0
    assert left(cache) == WHOLE


def test_a_full_device_is_said_to_be_full(tmp_path: Path) -> None:
    with (
        pytest.raises(DataError, match=r"There is no room for CIFAR-10 in .* Free some") as caught,
        datasets._plain_errors(tmp_path),
        Path("/dev/full").open("wb", buffering=0) as file,
    ):
        file.write(b"x")
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC


@pytest.mark.parametrize("below", ["", "deep/er"])
def test_the_cache_folder_is_a_file(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch, below: str
) -> None:
    cache.write_text("mine")
    monkeypatch.setattr(datasets, "PLACES", (server.place("good"),))
    monkeypatch.setenv("COURSE_DATA", str(cache / below))
    assert sentence() == (
        f"The cache folder {cache / below} is, or lies in, a file. Move that, or set the "
        "environment variable COURSE_DATA to another folder."
    )
    assert cache.read_text() == "mine"
    assert server.asked == []
    cache.unlink()
    assert_good(cifar10())


@pytest.fixture
def others_folder() -> Iterator[Path]:
    """Return a folder that a process without root's rights can reach."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


AS_NOBODY = "if os.getuid() == 0: os.setuid(65534)"


def test_a_folder_without_permission(
    cache: Path, server: Server, others_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "PLACES", (server.place("good"),))
    for mode, folder in ((0o555, others_folder), (0o555, others_folder / "new")):
        others_folder.chmod(mode)
        monkeypatch.setenv("COURSE_DATA", str(folder))
        assert output(start(AS_NOBODY)) == (
            f"DataError: The cache folder {folder} cannot be used: no permission. Allow it, or set "
            "the environment variable COURSE_DATA to another folder."
        )
        assert left(others_folder) == set()
    assert server.asked == []


def test_a_filled_folder_can_be_read_only(
    cache: Path, server: Server, others_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "PLACES", (server.place("good"),))
    monkeypatch.setenv("COURSE_DATA", str(others_folder))
    cifar10()
    others_folder.chmod(0o555)
    assert output(start(AS_NOBODY)) == TOTAL
    others_folder.chmod(0o755)


@pytest.mark.parametrize("damage", ["short", "missing", "label"])
def test_damaged_arrays_are_made_again(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.setattr(datasets, "PLACES", (server.place("good"),))
    cifar10()
    images = cache / "cifar-10" / "train_images.npy"
    if damage == "short":
        os.truncate(images, images.stat().st_size - 1)
    elif damage == "missing":
        images.unlink()
    else:
        np.save(cache / "cifar-10" / "test_labels.npy", np.full(RECORDS, 10))
    assert_good(cifar10())
    assert left(cache) == WHOLE
    assert server.asked == ["good"]


# By hand, offline


def test_an_archive_downloaded_by_hand_will_do(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.mkdir()
    (cache / "cifar-10-binary.tar.gz").write_bytes(GOOD)
    monkeypatch.setenv("COURSE_OFFLINE", "1")
    assert_good(cifar10())
    assert left(cache) == WHOLE


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (GOOD[:-1], f"has {len(GOOD) - 1:,} bytes instead of {len(GOOD):,}"),
        (bytes(len(GOOD)), "has another SHA-256 checksum than the published archive"),
    ],
)
def test_a_wrong_archive_is_refused_and_kept(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch, content: bytes, what: str
) -> None:
    monkeypatch.setattr(datasets, "PLACES", (server.place("good"),))
    cache.mkdir()
    archive = cache / "cifar-10-binary.tar.gz"
    archive.write_bytes(content)
    assert sentence() == (
        f"{archive} {what}: it is incomplete or damaged. "
        "Delete it to have it downloaded again, or replace it by a good copy."
    )
    assert left(cache) == {"cifar-10-binary.tar.gz"}
    assert archive.read_bytes() == content
    assert server.asked == []
    archive.unlink()
    assert_good(cifar10())


def test_offline_means_no_network(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(datasets, "PLACES", (server.place("good"),))
    monkeypatch.setenv("COURSE_OFFLINE", "yes")
    assert sentence() == (
        f"CIFAR-10 is not in {cache}, and COURSE_OFFLINE forbids the network. "
        "Unset COURSE_OFFLINE, or put cifar-10-binary.tar.gz there."
    )
    assert server.asked == []
    assert not cache.exists()
    monkeypatch.setenv("COURSE_OFFLINE", "0")
    assert_good(cifar10())
    monkeypatch.setenv("COURSE_OFFLINE", "yes")
    assert_good(cifar10())


# Archives that are not what they should be


def by_hand(cache: Path, monkeypatch: pytest.MonkeyPatch, archive: bytes) -> None:
    """Put an archive into the cache folder and let the course trust it."""
    cache.mkdir(exist_ok=True)
    (cache / "cifar-10-binary.tar.gz").write_bytes(archive)
    expect(monkeypatch, archive)


def link(name: str, target: str) -> tuple[str, tarfile.TarInfo]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    info.size = RECORDS * 3073  # as if it had the right content
    return name, info


FIRST = "cifar-10-batches-bin/data_batch_1.bin"
REST = in_folder(GOOD_FILES)[1:]
BROKEN_LABEL = bytearray(GOOD_FILES["data_batch_1.bin"])
BROKEN_LABEL[3 * 3073] = 10


@pytest.mark.parametrize(
    ("archive", "said"),
    [
        pytest.param(packed(*REST), f"The archive lacks {FIRST}.", id="missing"),
        pytest.param(
            packed(link(FIRST, "/etc/passwd"), *REST), f"{FIRST} in the archive is not", id="link"
        ),
        pytest.param(
            packed((FIRST, bytes(3073)), *REST), f"{FIRST} in the archive is not", id="short"
        ),
        pytest.param(
            packed((FIRST, bytes(10_000_000)), *REST), "holds more than CIFAR-10", id="oversize"
        ),
        pytest.param(
            packed(("bomb", bytes(10_000_000)), *in_folder(GOOD_FILES)),
            "The archive holds more than CIFAR-10: 'bomb'.",
            id="bomb",
        ),
        pytest.param(
            packed(*[(f"{n}", b"") for n in range(60)], *in_folder(GOOD_FILES)),
            "The archive holds more than CIFAR-10: '50'.",
            id="many",
        ),
        pytest.param(
            packed((f"./{FIRST}", GOOD_FILES["data_batch_1.bin"]), *REST),
            f"The archive lacks {FIRST}.",
            id="another name",
        ),
        pytest.param(
            packed((FIRST, bytes(BROKEN_LABEL)), *REST),
            "Record 3 of data_batch_1.bin has the label 10; labels are 0 to 9.",
            id="label",
        ),
        pytest.param(
            packed(*in_folder({**GOOD_FILES, META: b"cat\ndog\n"})),
            "batches.meta.txt has 2 names of classes instead of 10.",
            id="names",
        ),
        pytest.param(GOOD[:-5000], "cannot be read", id="cut"),
        pytest.param(bytes(5000), "cannot be read", id="not gzip"),
        pytest.param(gzip.compress(b"x" * 5000), "cannot be read", id="not tar"),
    ],
)
def test_a_malicious_archive_is_refused(
    cache: Path, monkeypatch: pytest.MonkeyPatch, archive: bytes, said: str
) -> None:
    by_hand(cache, monkeypatch, archive)
    assert said in sentence()
    assert left(cache) == {"cifar-10-binary.tar.gz"}
    by_hand(cache, monkeypatch, GOOD)
    assert_good(cifar10())
    assert left(cache) == WHOLE


def test_nothing_is_written_where_an_archive_says(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = tarfile.TarInfo("cifar-10-batches-bin/device")
    device.type = tarfile.CHRTYPE
    archive = packed(
        ("../escaped", b"x"),
        (f"{tmp_path}/absolute", b"x"),
        (f"../../{FIRST}", b"x"),
        link("cifar-10-batches-bin", str(tmp_path / "elsewhere")),
        ("", device),
        *in_folder(GOOD_FILES),
        (FIRST, b"a second one of this name"),
    )
    by_hand(cache, monkeypatch, archive)
    assert_good(cifar10())
    assert left(cache) == WHOLE
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]
    assert {path.name for path in (cache / "cifar-10").iterdir()} == {
        *(f"{part}_{what}.npy" for part in ("train", "test") for what in ("images", "labels")),
        META,
    }


# A folder of one's own


@pytest.fixture
def own(tmp_path: Path) -> Path:
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    for name, content in GOOD_FILES.items():
        (folder / name).write_bytes(content)
    return folder


def test_a_folder_of_ones_own(own: Path) -> None:
    assert_good(cifar10(folder=own))
    assert_good(cifar10(str(own)))
    with (own / "data_batch_5.bin").open("ab") as file:
        file.write(GOOD_FILES["test_batch.bin"])
    assert cifar10(own).train_images.shape == (6 * RECORDS, 32, 32, 3)
    assert np.array_equal(cifar10(own).train_images[-RECORDS:], cifar10(own).test_images)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("test_batch.bin", None, "is not an unpacked CIFAR-10: it lacks test_batch.bin."),
        ("data_batch_2.bin", bytes(3074), "data_batch_2.bin has 3,074 bytes: not a whole number"),
        ("data_batch_2.bin", b"", "data_batch_2.bin has 0 bytes"),
        ("data_batch_1.bin", bytes(BROKEN_LABEL), "Record 3 of data_batch_1.bin has the label 10"),
        (META, b"cat", "batches.meta.txt has 1 names of classes instead of 10."),
    ],
)
def test_a_folder_of_something_else(own: Path, name: str, content: bytes | None, said: str) -> None:
    if content is None:
        (own / name).unlink()
    else:
        (own / name).write_bytes(content)
    assert said in sentence(lambda: cifar10(own))


# load


def test_load_falls_back_with_one_line(
    cache: Path, server: Server, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert load().name == "photo_patches"
    printed = capsys.readouterr().out
    assert printed.count("\n") == 1
    assert printed.startswith(
        "This notebook uses photo_patches instead of CIFAR-10. CIFAR-10 could not be downloaded: "
    )
    assert printed.endswith(f"by hand and put it into {cache}.\n")
    monkeypatch.setattr(datasets, "PLACES", (server.place("good"),))
    assert_good(load("cifar10"))
    assert capsys.readouterr().out == ""


def test_load_knows_names() -> None:
    assert load("digits").name == "digits"
    assert load("photo_patches").name == "photo_patches"
    with pytest.raises(
        ValueError, match="no dataset 'mnist'; there are cifar10, digits, photo_patches"
    ):
        load("mnist")


# The small datasets


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("something wants to go online")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def test_digits(no_network: None) -> None:
    from sklearn.datasets import load_digits

    data = digits()
    assert data.train_images.shape == (1300, 8, 8)
    assert data.test_images.shape == (497, 8, 8)
    assert data.train_images.dtype == np.float64
    assert data.train_labels.dtype == data.test_labels.dtype == np.int64
    assert data.class_names == tuple("0123456789")
    labelled = zip(
        [*data.train_images, *data.test_images],
        [*data.train_labels, *data.test_labels],
        strict=True,
    )
    whole = load_digits()
    original = zip(whole.images / 16, whole.target, strict=True)
    assert sorted((i.tobytes(), int(n)) for i, n in labelled) == sorted(
        (i.tobytes(), int(n)) for i, n in original
    )
    train, test = np.bincount(data.train_labels), np.bincount(data.test_labels)
    assert np.abs(train / 1300 - test / 497).max() < 0.002
    assert np.array_equal(digits().test_images, data.test_images)
    assert repr(data) == (
        "digits: 1,300 training and 497 test images of 8 x 8 (float64), "
        "10 classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    )


def test_photo_patches_are_seeded_balanced_and_have_content(no_network: None) -> None:
    data = photo_patches(train=203, test=58, seed=5)
    assert data.train_images.shape == (203, 32, 32, 3)
    assert data.test_images.shape == (58, 32, 32, 3)
    assert data.train_images.dtype == data.test_images.dtype == np.uint8
    assert data.train_labels.dtype == data.test_labels.dtype == np.int64
    assert sorted(np.bincount(data.train_labels)) == [20] * 7 + [21] * 3
    assert sorted(np.bincount(data.test_labels)) == [5] * 2 + [6] * 8
    assert len(set(data.class_names)) == 10
    assert (np.diff(data.train_labels) < 0).any(), "the order is not random"
    assert data.train_images.std(axis=(1, 2)).max(axis=1).min() >= 3

    again, longer, other = (
        photo_patches(203, 58, 5),
        photo_patches(300, 58, 5),
        photo_patches(203, 58, 6),
    )
    assert np.array_equal(again.train_images, data.train_images)
    assert np.array_equal(again.test_images, data.test_images)
    assert np.array_equal(longer.test_images, data.test_images)
    assert not np.array_equal(other.train_images, data.train_images)
    assert not np.array_equal(other.test_images, data.test_images)


def test_no_pixel_is_in_training_and_test_patches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes in left parts are 0 to 99, in right parts 150 to 249; red says the class."""
    rng = np.random.default_rng(0)
    marked = {}
    for label, (name, picture) in enumerate(datasets._color_pictures().items()):
        pixels = rng.integers(0, 100, picture.shape, dtype=np.uint8)
        pixels[:, round(0.6 * picture.shape[1]) :] += 150
        pixels[..., 0] = 20 * label
        marked[name] = pixels
    monkeypatch.setattr(datasets, "_color_pictures", lambda: marked)
    data = photo_patches(1000, 1000)
    assert data.train_images[..., 1:].max() < 100
    assert data.test_images[..., 1:].min() >= 150
    assert (20 * data.train_labels == data.train_images[..., 0].T).all()
    assert (20 * data.test_labels == data.test_images[..., 0].T).all()


def test_a_patch_is_upright_and_averaged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets, "_CROP_SIDES", (64, 64))
    rng = np.random.default_rng(0)
    picture = rng.integers(0, 256, (64, 64, 3), dtype=np.uint8)
    means = picture.reshape(32, 2, 32, 2, 3).mean(axis=(1, 3))
    assert (
        np.abs(datasets._patch(picture, rng) - means).max() <= 1.0
    )  # rounded twice: rows, columns


def test_a_flat_picture_does_not_hang() -> None:
    flat = np.full((100, 100, 3), 7, dtype=np.uint8)
    assert (datasets._patch(flat, np.random.default_rng(0)) == 7).all()


@pytest.mark.parametrize(("train", "test"), [(0, 5), (5, 0), (-1, 5)])
def test_no_patches_are_refused(train: int, test: int) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        photo_patches(train, test)


# as_vectors


def test_as_vectors_divides_bytes_and_keeps_floats() -> None:
    images = np.arange(2 * 2 * 3, dtype=np.uint8).reshape(2, 2, 3)
    vectors = as_vectors(images)
    assert vectors.dtype == np.float64
    assert vectors.tolist() == [[n / 255 for n in range(6)], [n / 255 for n in range(6, 12)]]
    assert as_vectors(np.full((1, 2, 2), 255, np.uint8), np.float32).tolist() == [[1.0] * 4]
    assert as_vectors(images, np.float32).dtype == np.float32
    turned = np.linspace(0, 1, 24).reshape(2, 3, 4).transpose(0, 2, 1)
    assert as_vectors(turned)[1].tolist() == [turned[1, y, x] for y in range(4) for x in range(3)]
    assert as_vectors(np.zeros((0, 4, 4), np.uint8)).shape == (0, 16)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_as_vectors_returns_a_new_array(dtype: type) -> None:
    images: NDArray[Any] = np.ones((2, 4), dtype)
    as_vectors(images, np.float64)[:] = 7
    as_vectors(images, np.float32)[:] = 7
    assert (images == 1).all()


def test_as_vectors_refuses_what_has_no_scale() -> None:
    with pytest.raises(ValueError, match="must be uint8 or floats, these are int64"):
        as_vectors(np.zeros((2, 3), np.int64))
    with pytest.raises(ValueError, match="must be a float type, got uint8"):
        as_vectors(np.zeros((2, 3)), np.uint8)


def test_importing_the_module_loads_nothing_heavy() -> None:
    heavy = ("torch", "sklearn", "skimage", "pooch", "tqdm", "requests", "PIL")
    code = f"import sys, course_utils.datasets; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
