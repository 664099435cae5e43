"""The sandbox: what a box shows and allows, both ways of making one, as root and as a user."""

import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest
import zmq
from hypothesis import given
from hypothesis import strategies as st
from nbclient import NotebookClient

from autograder.course import Limits
from autograder.grading.channels import Received, opened, said
from autograder.grading.kernel import Experience, Session
from autograder.grading.student import Student
from autograder.sandbox import doctor
from autograder.sandbox.box import HOME, MIB, Box
from autograder.sandbox.box import Limits as BoxLimits
from autograder.sandbox.inside import MEMORY_SPENT, remove_group
from autograder.sandbox.kernels import Sockets, Way, cold_command, scratch_folder, starter
from autograder.sandbox.provisioner import NAME, SandboxProvisioner, install, kernelspec
from course_utils.agent import CallBack
from course_utils.wire import Message, WireError

ROOT = Path(__file__).resolve().parent.parent
INSIDE = ROOT / "autograder" / "sandbox" / "inside.py"
USER = 41234
TEMP = Path(tempfile.gettempdir())
WAYS: tuple[Way, ...] = ("template", "bubblewrap")

pytestmark = pytest.mark.skipif(
    not os.environ.get("COURSE_NEEDS_SANDBOX") and not all(f.works for f in doctor.examine()),
    reason="this machine does not give both sandboxes; `course doctor` says why",
)

# What student code can try, each as an expression; an exception is an answer, too.
PROBE = """
import ctypes, json, os, pathlib, resource, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def status(name):
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(line.split()[1] for line in lines if line.startswith(name + ":"))
tries = {
    "ids": lambda: [os.getuid(), os.geteuid(), os.getgid(), os.getgroups()],
    "home": lambda: [os.getcwd(), os.environ["HOME"], sorted(os.listdir("."))],
    "given": lambda: pathlib.Path("data.txt").read_text(),
    "write given": lambda: open("data.txt", "w"),
    "write home": lambda: pathlib.Path("mine.txt").write_text("x"),
    "write tmp": lambda: pathlib.Path("/tmp/mine.txt").write_text("x"),
    "write root": lambda: open("/x", "w"),
    "write dev": lambda: open("/dev/x", "w"),
    "write usr": lambda: open("/usr/x", "w"),
    "write python": lambda: open(os.path.join(sys.prefix, "x"), "w"),
    "hidden": lambda: os.listdir(HIDDEN),
    "outside": lambda: open(OUTSIDE).read(),
    "write hidden": lambda: open(os.path.join(HIDDEN, "x"), "w"),
    "capabilities": lambda: {status(name) for name in ("CapEff", "CapPrm", "CapBnd", "CapAmb")},
    "no new privileges": lambda: status("NoNewPrivs"),
    "filter": lambda: status("Seccomp"),
    "processes": lambda: sum(name.isdigit() for name in os.listdir("/proc")),
    "environment": lambda: sorted(os.environ),
    "network": lambda: socket.create_connection(("127.0.0.1", PORT), 1),
    "abstract socket": lambda: socket.socket(socket.AF_UNIX).connect("\\0" + ABSTRACT),
    "user namespace": lambda: libc.unshare(0x10000000),
    "mount": lambda: libc.mount(b"none", b"/tmp", b"tmpfs", 0, None),
    "other sockets": lambda: socket.socket(40, socket.SOCK_STREAM),
    "other ciphers": lambda: socket.socket(38, socket.SOCK_SEQPACKET),
    "large buffers": lambda: socket.socket(1).setsockopt(1, socket.SO_SNDBUF, 1 << 22),
    "other options": lambda: socket.socket(1).setsockopt(1, socket.SO_REUSEADDR, 1),
    "allowed sockets": lambda: [socket.socket(kind).close() for kind in (1, 2)],
    "semaphores": lambda: libc.semget(0, 1, 0o1600),
    "queues": lambda: libc.msgget(0, 0o1600),
    "group": lambda: pathlib.Path("/proc/self/cgroup").read_text(),
    "memory file": lambda: os.memfd_create("x"),
    "trace init": lambda: libc.ptrace(16, 1, 0, 0),
    "init's memory": lambda: open("/proc/1/mem", "rb").read(1),
    "init's environment": lambda: open("/proc/1/environ", "rb").read(),
    "init's root": lambda: os.listdir("/proc/1/root"),
    "set user": lambda: os.setuid(0),
    "host name": lambda: os.uname().nodename,
    "settings": lambda: open("/proc/sys/kernel/hostname", "w"),
    "core": lambda: resource.getrlimit(resource.RLIMIT_CORE)[1],
    "raise limit": lambda: resource.setrlimit(resource.RLIMIT_NPROC, (10**6, 10**6)),
    "groups": lambda: os.setgroups([0]),
    "devices": lambda: sorted(os.listdir("/dev")),
    "new device": lambda: os.mknod("/tmp/sda", 0o60666, os.makedev(8, 0)),
}
answers = {}
for name, attempt in tries.items():
    try:
        answer = attempt()
        answers[name] = sorted(answer) if isinstance(answer, set) else answer
        json.dumps(answers[name])
    except (OSError, ValueError) as error:
        answers[name] = type(error).__name__
    except TypeError:
        answers[name] = "it worked"
print(json.dumps(answers))
"""
REFUSED = (
    *("write given", "write root", "write dev", "write usr", "write python", "write hidden"),
    *("outside", "network", "abstract socket", "memory file", "init's memory", "settings"),
    *(
        "other sockets",
        "large buffers",
        "other ciphers",
        "init's environment",
        "init's root",
        "set user",
        "groups",
        "new device",
    ),
)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A closed home with a folder that must not be seen, one that may, and a secret file."""
    (tmp_path / "home").mkdir(mode=0o700)
    for name in ("shown", "shown/private", "data"):
        (tmp_path / "home" / name).mkdir()
    (tmp_path / "home" / "shown" / "private" / "secret").write_text("secret")
    (tmp_path / "home" / "secret").write_text("secret")
    (tmp_path / "home" / "data" / "data.txt").write_text("data")
    return tmp_path / "home"


def probe(place: Path, port: int, abstract: str) -> tuple[Box, list[str]]:
    box = Box(
        readable=(str(place / "shown"),),
        hidden=(str(place / "shown" / "private"),),
        placed={"data.txt": str(place / "data" / "data.txt")},
    )
    known = {"HIDDEN": str(place / "shown" / "private"), "OUTSIDE": str(place / "secret")}
    known |= {"ABSTRACT": abstract}
    head = "\n".join(f"{name} = {value!r}" for name, value in known.items()) + f"\nPORT = {port}\n"
    return box, [sys.executable, "-c", head + PROBE]


def command(way: Way, box: Box, scratch: Path, inner: Sequence[str]) -> list[str]:
    (scratch / "root").mkdir(exist_ok=True)
    plan = box.plan(Sockets.make(scratch).folder)
    if way == "bubblewrap":
        return cold_command(plan, scratch / "root", inner)
    start = [sys.executable, "-P", str(INSIDE), "enter", json.dumps(plan), str(scratch / "root")]
    return [*start, "--", *inner]


def as_user(run: Sequence[str]) -> list[str]:
    """Run a command as an ordinary user, on a machine where only root may see Python.

    In a mount namespace of its own, closed folders above what a user would have installed are
    replaced by open ones with the same contents.
    """
    opened = "\n".join(
        f"""
        keep=/mnt
        mount --rbind {closed} $keep
        mount -t tmpfs -o mode=755 none {closed}
        for entry in $(ls -A $keep); do
          if [ -L $keep/$entry ]; then cp -P $keep/$entry {closed}/; continue; fi
          if [ -d $keep/$entry ]; then mkdir {closed}/$entry; else touch {closed}/$entry; fi
          mount --rbind $keep/$entry {closed}/$entry
        done
        """
        for closed in _closed()
    )
    script = f"set -e\n{textwrap.dedent(opened)}\n"
    script += f'exec setpriv --reuid={USER} --regid={USER} --clear-groups "$@"'
    return ["unshare", "--mount", "sh", "-c", script, "sh", *run]


def _closed() -> list[Path]:
    """Return the outermost folders that keep a user from Python and this checkout."""
    found: list[Path] = []
    for leaf in (sys.prefix, sys.base_prefix, sys.executable, str(ROOT)):
        for folder in reversed(Path(os.path.realpath(leaf)).parents):
            inside = any(other in folder.parents for other in found)
            if not folder.stat().st_mode & 0o001 and folder not in found and not inside:
                found.append(folder)
    return found


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a user")


def examined(answers: dict[str, Any]) -> None:
    worked = [name for name in REFUSED if not str(answers[name]).endswith("Error")]
    assert not worked, {name: answers[name] for name in worked}
    for name in ("user namespace", "mount", "trace init", "semaphores", "queues"):
        assert answers[name] == -1, name
    assert answers["ids"][:3] == [1000, 1000, 1000]
    assert answers["home"][:2] == [HOME, HOME]
    assert answers["given"] == "data"
    assert answers["allowed sockets"] == [None, None]
    assert answers["other options"] is None
    assert answers["hidden"] == []
    assert answers["capabilities"] == ["0" * 16]
    assert (answers["no new privileges"], answers["filter"]) == ("1", "2")
    assert answers["processes"] == 2
    assert answers["host name"] == "sandbox"
    assert answers["core"] == 0
    assert answers["raise limit"] != "it worked"
    assert not {"sda", "kmsg", "mem"} & set(answers["devices"])
    assert not {name for name in answers["environment"] if "SECRET" in name}


@pytest.fixture
def listening() -> Iterator[tuple[int, str]]:
    """Sockets outside that nobody inside may reach."""
    import socket

    abstract = f"course-test-{os.getpid()}"
    with socket.socket() as tcp, socket.socket(socket.AF_UNIX) as unix:
        tcp.bind(("127.0.0.1", 0))
        tcp.listen()
        unix.bind("\0" + abstract)
        unix.listen()
        yield tcp.getsockname()[1], abstract


@pytest.mark.parametrize("way", WAYS)
def test_a_box_from_inside(
    way: Way, place: Path, listening: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COURSE_SECRET", "secret")
    box, inner = probe(place, *listening)
    with scratch_folder() as scratch:
        done = subprocess.run(
            run := command(way, box, scratch, inner), capture_output=True, text=True, check=False
        )
        remove_group(json.loads(run[4])["group"])
    assert done.returncode == 0, done.stderr
    examined(json.loads(done.stdout))


@needs_root
@pytest.mark.parametrize("way", WAYS)
def test_a_box_of_an_ordinary_user(way: Way, place: Path, listening: tuple[int, str]) -> None:
    box, inner = probe(place, *listening)
    for folder in itertools.takewhile(lambda f: f.owner() == "root" and f != TEMP, place.parents):
        folder.chmod(0o755)
    for path in (place, *place.rglob("*")):
        os.chown(path, USER, USER)
    with scratch_folder() as scratch:
        os.chown(scratch, USER, USER)
        run = command(way, box, scratch, inner)
        for path in scratch.rglob("*"):
            os.chown(path, USER, USER)
        done = subprocess.run(as_user(run), capture_output=True, text=True, check=False)
        remove_group(json.loads(run[4])["group"])
    assert done.returncode == 0, done.stderr
    examined(json.loads(done.stdout))


def closed_by_its_owner() -> None:
    """Make the folder of a kernel's sockets as a box of this user's could leave it; remove it."""
    with scratch_folder() as scratch:
        sockets = Sockets.make(scratch)
        inner = sockets.folder / "inner"
        (inner / "deeper").mkdir(parents=True)
        deep = str(sockets.folder)
        for _ in range(1500):  # more than Python's stack is
            deep += "/d"
            os.mkdir(deep)  # noqa: PTH102  a Path of it takes long
        for folder, mode in ((inner / "deeper", 0o000), (inner, 0o111), (sockets.folder, 0o311)):
            folder.chmod(mode)
        sockets.remove()
        assert not sockets.folder.exists()
    assert not scratch.exists()


@needs_root
def test_a_closed_folder_is_removed_by_an_ordinary_user() -> None:
    process = os.fork()
    if process == 0:
        try:
            os.setresgid(USER, USER, USER)
            os.setresuid(USER, USER, USER)
            closed_by_its_owner()
        except BaseException:  # noqa: BLE001  the exit code tells
            os._exit(1)
        os._exit(0)
    assert os.waitpid(process, 0)[1] == 0


# --- Limits and ends ------------------------------------------------------------------------------

TIMES = Limits(cell_seconds=20, call_seconds=5)
SMALL = BoxLimits(
    memory=700 * MIB, data=600 * MIB, processes=60, file=2 * MIB, disk=8 * MIB, files=256
)


def notebook(*sources: str) -> Any:
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    for cell in cells:
        cell.metadata["added"] = True
    return nbformat.v4.new_notebook(cells=cells)


def ran(way: Way, *sources: str, limits: BoxLimits = SMALL, times: Limits = TIMES) -> list[str]:
    """Run cells in a box and return what each showed."""
    nb = notebook(*sources)
    with (
        scratch_folder() as scratch,
        starter(Box(limits=limits), way, [], scratch) as ready,
        ready.kernel() as kernel,
    ):
        session = Session(kernel, nb, times, time.monotonic() + 200)
        session.wait_until_ready()
        session.run_notebook(Experience(frozenset(), 60.0))
        session.close()
    return [
        "".join(out.get("text", "") or out.get("evalue", "") for out in cell.outputs)
        for cell in nb.cells
    ]


@pytest.mark.parametrize("way", WAYS)
def test_limits_of_a_box(way: Way) -> None:
    said = ran(
        way,
        "x = bytearray(700 * 2**20)",
        """
        import os, signal
        children = []
        try:
            while True:
                child = os.fork()
                if child == 0:
                    signal.pause()
                children.append(child)
        except OSError as error:
            print(type(error).__name__, len(children) < 60)
        for child in children:
            os.kill(child, 9)
            os.waitpid(child, 0)
        """.replace("\n        ", "\n"),
        "open('big', 'wb').write(bytes(3 * 2**20))",
        "[open(f'f{i}', 'wb').write(bytes(2**20)) for i in range(20)]",
        "import threading\n"
        "threads = [threading.Thread(target=__import__('time').sleep, args=(1,))"
        " for _ in range(100)]\n"
        "[thread.start() for thread in threads]",
        "print('still here')",
    )
    assert said[0] == ""  # MemoryError says nothing
    assert said[1] == "BlockingIOError True\n"
    assert "too large" in said[2]
    assert "No space left" in said[3]
    assert "start new thread" in said[4]
    assert said[5] == "still here\n"


@pytest.mark.parametrize("way", WAYS)
def test_memory_of_all_processes_together(way: Way) -> None:
    source = """
import os, time
for _ in range(4):
    if os.fork() == 0:
        x = b'1' * (250 * 2**20)
        time.sleep(30)
time.sleep(20)
"""
    said = ran(way, source, "print('never')")
    assert said == ["the cell used more memory than there is", ""]
    assert MEMORY_SPENT == 101


@pytest.mark.parametrize("way", WAYS)
def test_ways_to_end_a_kernel(way: Way) -> None:
    for source in (
        "import os; os._exit(0)",
        "import os; os.abort()",
        "import ctypes; ctypes.string_at(0)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
    ):
        assert ran(way, source)[0].startswith("the cell ended the Python process"), source


def test_a_cell_that_takes_no_interrupt() -> None:
    times = Limits(cell_seconds=1, call_seconds=1)
    stubborn = """
import time
while True:
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        pass
"""
    said = ran("template", "import time; time.sleep(60)", "print(1)", stubborn, "2", times=times)
    assert said[0].endswith("stopped after 1 s")
    assert said[1] == "1\n"
    assert said[2].endswith("stopped after 1 s")


def test_output_is_bounded() -> None:
    said = ran(
        "template",
        "from IPython.display import HTML, display\ndisplay(HTML('x' * 48_000_000))",
        "for i in range(1_000_000):\n    print(i)",
        "print('fine')",
        limits=BoxLimits(),
        times=Limits(cell_seconds=100),
    )
    assert said[0] == "[more was printed and left out]\n"
    assert len(said[1]) < 5 * MIB
    assert said[2] == "fine\n"


def test_half_a_character_is_replaced() -> None:
    frames = [zmq.Frame(b'{"text": "\\uD800 half", "whole": "\\ud83d\\ude00"}')]
    assert Received("stream", "", frames).content() == {"text": "? half", "whole": "\U0001f600"}


@pytest.mark.parametrize(
    "content",
    [
        *(b"[" * 100_000, b"{", b"3", b"\xff", b'{"a": 1' + b"0" * 9999),
        *(b'{"text": "\xed\xa0\x80"}', '{"text": "x"}'.encode("utf-16")),
        b'{"data": [' + b"[]," * 900_000 + b"0]}",
    ],
)
def test_content_that_is_none(content: bytes) -> None:
    with pytest.raises(ValueError):
        Received("stream", "", [zmq.Frame(content)]).content()


HEADER, PARENT = b'{"msg_type": "stream"}', b'{"msg_id": "x"}'
ODD = st.binary(max_size=20) | st.sampled_from(
    [b"<IDS|MSG>", b"{}", b"[]", b"null", b"3", b'{"msg_type": []}', HEADER, PARENT, b"[" * 9000]
)


@given(st.lists(ODD, max_size=9))
def test_frames_that_are_no_message(parts: list[bytes]) -> None:
    message = opened([zmq.Frame(part) for part in parts])
    assert message is None or b"<IDS|MSG>" in parts


def test_frames_that_are_a_message() -> None:
    parts = [b"x", b"<IDS|MSG>", b"signature", HEADER, PARENT, b"{}", b'{"text": "y"}', b"buffer"]
    message = opened([zmq.Frame(part) for part in parts])
    assert message is not None
    assert (message.kind, message.parent) == ("stream", "x")
    assert (message.content(), message.size) == ({"text": "y"}, len(b'{"text": "y"}buffer'))


@given(st.lists(ODD | st.sampled_from([b"reply", b"request", b"12"]), max_size=5))
def test_frames_that_no_agent_sends(parts: list[bytes]) -> None:
    message = said([zmq.Frame(part) for part in parts])
    assert (message is None) == (len(parts) < 3 or max(map(len, parts[:2])) > 20)
    if message is not None:
        with suppress(WireError):
            assert message.message().buffers == parts[3:]


def running(marker: str) -> list[str]:
    """Return the processes whose command line has a word, this test's own apart."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if marker in line and int(folder.name) != os.getpid():
            found.append(line)
    return found


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_written_beside_the_sockets(way: Way) -> None:
    tried = """
        import os
        from ipykernel.connect import get_connection_file
        folder = os.path.dirname(get_connection_file())
        for attempt in (
            lambda: open(f"{folder}/file", "w"),
            lambda: open(get_connection_file(), "r+"),
            lambda: os.mkdir(f"{folder}/folder"),
            lambda: os.symlink("/etc/passwd", f"{folder}/link"),
            lambda: os.mkfifo(f"{folder}/pipe"),
            lambda: os.rename(os.path.realpath(__import__("tempfile").mkstemp()[1]), f"{folder}/x"),
        ):
            try:
                attempt()
                print("made")
            except OSError as error:
                print(type(error).__name__, end=" ")
        """
    said = ran(way, textwrap.dedent(tried), "open('/tmp/mine', 'w').write('fine')")
    assert "made" not in said[0] and len(said[0].split()) == 6
    assert said[1] == ""


@pytest.mark.parametrize("way", WAYS)
def test_nothing_is_left_behind(way: Way) -> None:
    marker = f"left-behind-{way}-{os.getpid()}"
    source = f"""
import os, sys
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, '-c', 'import time; time.sleep(600)', '{marker}'])
    os._exit(0)
"""
    with scratch_folder() as scratch, starter(Box(), way, [], scratch) as ready:
        with ready.kernel() as kernel:
            session = Session(kernel, notebook(source), TIMES, time.monotonic() + 60)
            session.wait_until_ready()
            session.run_notebook(Experience(frozenset(), 60.0))
            assert until(lambda: running(marker) != [])
            session.close()
        assert until(lambda: running(marker) == [])
    assert running(str(scratch)) == []
    assert not scratch.exists()


_AT_WORK = """
import subprocess, sys, threading, time

def work():
    while time.thread_time() < 0.2:
        pass

def in_threads():
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

def in_processes():
    source = "import time\\nwhile time.process_time() < 0.2: pass"
    processes = [subprocess.Popen([sys.executable, "-c", source]) for _ in range(2)]
    for process in processes:
        process.wait()

def lying():
    clock = time.thread_time
    end = clock() + 0.2
    time.process_time = time.thread_time = time.perf_counter = lambda: 0.0
    while clock() < end:
        pass

def asleep():
    time.sleep(0.4)
"""


@pytest.mark.parametrize("way", WAYS)
def test_cpu_time_is_read_from_outside(way: Way) -> None:
    """That of threads and processes which have ended is in it, and sleep is not."""
    with scratch_folder() as scratch:
        shutil.copytree(ROOT / "course_utils", scratch / "library" / "course_utils")
        box = Box(library=str(scratch / "library"))
        with starter(box, way, [], scratch) as ready, ready.kernel() as kernel:
            session = Session(kernel, notebook(_AT_WORK), TIMES, time.monotonic() + 60)
            session.wait_until_ready()
            session.run_notebook(Experience(frozenset(), 60.0))
            student = Student(_Asked(session))
            took = {
                name: getattr(student, name).timed()[1]
                for name in ("in_threads", "in_processes", "asleep", "lying")
            }
            session.close()
        ended = kernel.cpu_seconds()
    assert took["in_threads"] >= 0.4
    # Of processes that were waited for Linux keeps whole hundredths.
    assert took["in_processes"] >= 0.38
    assert took["lying"] >= 0.2
    assert took["asleep"] < took["in_threads"]
    assert ended == 0.0


@dataclass
class _Asked:
    """A student's functions in a session, without what the grader does if it ends."""

    session: Session
    unanswered: set[str] = field(default_factory=set)

    def ask(self, request: Message, call_back: CallBack) -> Message:
        return self.session.ask(request, call_back)

    def cpu_seconds(self) -> float:
        return self.session.cpu_seconds()


def until(condition: Any, seconds: float = 10.0) -> bool:
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@pytest.mark.parametrize("way", WAYS)
def test_when_the_owner_is_killed(way: Way) -> None:
    program = f"""
import sys, time
from autograder.sandbox.box import Box
from autograder.sandbox.kernels import scratch_folder, starter
with scratch_folder() as scratch, starter(Box(), {way!r}, [], scratch) as ready:
    with ready.kernel() as kernel:
        print(scratch, flush=True)
        time.sleep(600)
"""
    owner = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    scratch = owner.stdout.readline().strip()
    assert until(lambda: running(scratch) != [])
    time.sleep(0.5)
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    assert until(lambda: running(scratch) == [])
    # What it left on disk goes with the next run.
    with scratch_folder():
        assert not Path(scratch).exists()


# --- For everything that speaks Jupyter -----------------------------------------------------------


@pytest.fixture
def kernel_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    install({}, tmp_path)
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "share" / "jupyter"))
    return NAME


def test_nbclient_uses_the_sandbox(kernel_installed: str) -> None:
    nb = notebook("import os; print(os.getuid(), os.getcwd())", "import time; time.sleep(60)", "1")
    client = NotebookClient(
        nb, kernel_name=kernel_installed, timeout=2, interrupt_on_timeout=True, allow_errors=True
    )
    client.execute()
    assert nb.cells[0].outputs[0].text == f"1000 {HOME}\n"
    assert nb.cells[1].outputs[0].ename == "KeyboardInterrupt"
    assert nb.cells[2].outputs[0].data["text/plain"] == "1"


def test_a_restarted_kernel_answers_the_clients_it_had(kernel_installed: str) -> None:
    """As in JupyterLab, which stays connected."""
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name=kernel_installed)
    try:
        for value in ("first", "second"):
            client.execute(f"value = {value!r}", reply=True, timeout=60)
        before = manager.connection_file
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=60)
        assert manager.connection_file == before
        reply = client.execute("value", reply=True, timeout=60)
        assert reply["content"]["ename"] == "NameError"
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    assert not Path(before).parent.exists()


def test_jupyter_execute_uses_the_sandbox(kernel_installed: str, tmp_path: Path) -> None:
    path = tmp_path / "n.ipynb"
    nbformat.write(notebook("import os; print(os.getuid())"), path)
    command = [sys.executable, "-m", "jupyter", "execute", "--kernel_name", kernel_installed]
    done = subprocess.run(
        [*command, "--inplace", str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert nbformat.read(path, as_version=4).cells[0].outputs[0].text == "1000\n"


def test_nbval_uses_the_sandbox(kernel_installed: str, tmp_path: Path) -> None:
    nb = notebook("import os; print(os.getuid())")
    nb.cells[0].outputs = [nbformat.v4.new_output("stream", text="1000\n")]
    nb.cells[0].execution_count = 1
    nbformat.write(nb, tmp_path / "n.ipynb")
    options = ["--nbval", "--nbval-kernel-name", kernel_installed, "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "n.ipynb"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_kernelspec_names_the_provisioner() -> None:
    from jupyter_client.provisioning import KernelProvisionerFactory

    name = kernelspec({})["metadata"]["kernel_provisioner"]["provisioner_name"]
    factory = KernelProvisionerFactory.instance()
    assert factory.provisioners[name].load() is SandboxProvisioner


# --- The doctor -----------------------------------------------------------------------------------


def test_a_machine_without_namespaces_is_refused(tmp_path: Path) -> None:
    """Inside a box there can be no other: the filter of system calls sees to that."""
    code = (
        "from autograder.sandbox import doctor\n"
        "for finding in doctor.examine():\n"
        "    print(finding.way, finding.works, finding.reason)\n"
        "print(doctor.best())\n"
    )
    inner = [sys.executable, "-c", code]
    box = Box(readable=(str(ROOT / "autograder"),), library=str(ROOT))
    with scratch_folder() as scratch:
        run = command("template", box, scratch, inner)
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        remove_group(json.loads(run[4])["group"])
    lines = done.stdout.strip().split("\n")
    assert lines[0].startswith("template False unshare: Operation not permitted"), done
    assert lines[1].startswith("bubblewrap False")
    assert lines[2] == "None"


def test_without_bubblewrap(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    finding = doctor.examine_cold()
    assert (finding.works, finding.reason) == (False, "bubblewrap is not installed")


def test_grading_without_a_sandbox_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from autograder.errors import CourseError
    from autograder.grading import boxes

    monkeypatch.setattr(doctor, "examine", lambda: iter(()))
    with pytest.raises(CourseError, match="`course doctor` says why"):
        boxes.choose_way()
    assert boxes.choose_way("none") == "none"
