"""Bombs: using up memory, processes, files, time and output; in a sandbox only."""

from autograder.attacks import Submission, attack

from .answers import IN_HIDDEN_CALLS, NOTHING_FOR


def explodes(body: str, tries: str, name: str) -> None:
    """Register an attack whose moving_average does `body` when hidden tests call it."""

    def change(s: Submission) -> None:
        indented = "\n".join(f"        {line}" for line in body.strip("\n").split("\n"))
        s.answer(
            "moving_average",
            f"def moving_average(signal, size):\n    if {IN_HIDDEN_CALLS}:\n{indented}\n"
            "    return signal\n",
        )

    change.__name__, change.__doc__ = name, tries
    attack(deserves=NOTHING_FOR["moving_average"], bomb=True)(change)


explodes(
    "hoard = []\nwhile True:\n    hoard.append(bytearray(b'x' * (1 << 26)))",
    "Takes memory until there is none.",
    "memory_bomb",
)
explodes("return np.ones(1 << 40)", "Asks for eight terabytes at once.", "memory_at_once")
explodes(
    """
import os
while True:
    try:
        os.fork()
    except OSError:
        pass
""",
    "Doubles the number of its processes until nothing can start any more.",
    "fork_bomb",
)
explodes(
    """
import os
while True:
    if os.fork() == 0:
        hoard = bytearray(b'x' * (1 << 28))
        while True:
            pass
""",
    "Takes memory in many processes, each within its own limit.",
    "memory_in_many_processes",
)
explodes(
    """
import threading
while True:
    try:
        threading.Thread(target=threading.Event().wait).start()
    except RuntimeError:
        pass
""",
    "Starts threads without end.",
    "thread_bomb",
)
explodes(
    """
import tempfile
with open(tempfile.gettempdir() + '/{{marker}}', 'wb') as file:
    while True:
        file.write(b'x' * (1 << 24))
""",
    "Fills the disk.",
    "file_bomb",
)
explodes(
    """
import os, tempfile
number = 0
while True:
    number += 1
    try:
        open(f'{tempfile.gettempdir()}/{{marker}}-{number}', 'w').close()
    except OSError:
        pass
""",
    "Makes empty files until no more names are to be had.",
    "many_files",
)
explodes(
    """
import os
hoard = []
while True:
    try:
        hoard.append(os.open('/dev/null', os.O_RDONLY))
    except OSError:
        hoard.append(None)
""",
    "Opens files until no more descriptors are to be had.",
    "descriptor_bomb",
)
explodes(
    """
import mmap, os
hoard = []
for number in range(10**6):
    handle = os.open(f'/dev/shm/{{marker}}-{number}', os.O_CREAT | os.O_RDWR)
    os.write(handle, b'x' * (1 << 24))
    hoard.append(mmap.mmap(handle, 1 << 24))
""",
    "Takes memory that no process is charged for, by files in shared memory.",
    "shared_memory_bomb",
)
explodes(
    "while True:\n    print('x' * 10_000)",
    "Prints without end in a hidden call.",
    "endless_printing",
)
explodes(
    "import os\nwhile True:\n    os.write(2, b'x' * 65536)",
    "Writes to stderr past Python without end.",
    "endless_stderr",
)
explodes(
    """
from IPython.display import display
while True:
    display({'text/html': 'x' * (1 << 22)}, raw=True)
""",
    "Displays without end in a hidden call.",
    "endless_displays",
)
explodes(
    "return np.zeros(400 * 2**20 // 8)",
    "Returns an array that is larger than any message may be.",
    "huge_result",
)
explodes(
    "import itertools\nreturn itertools.count()",
    "Returns an iterator without end.",
    "endless_iterator",
)
explodes(
    """
def slow():
    import time
    while True:
        time.sleep(1)
        yield 1.0
return slow()
""",
    "Returns an iterator that takes its time for every item.",
    "slow_iterator",
)
explodes(
    "raise RuntimeError('x' * (1 << 28))", "Raises an exception with a long text.", "long_error"
)


@attack(bomb=True)
def html_of_48_megabytes(s: Submission) -> None:
    """Displays a page of 48 MB in a cell of its own."""
    s.last("from IPython.display import HTML, display\n\ndisplay(HTML('<b>x</b>' * 6_000_000))")


@attack(bomb=True)
def million_lines(s: Submission) -> None:
    """Prints a million lines in a cell of its own."""
    s.last("for number in range(1_000_000):\n    print('line', number, 'of a million')")


@attack(bomb=True)
def million_outputs(s: Submission) -> None:
    """Displays a hundred thousand small things, each a message of its own."""
    s.last("""
        from IPython.display import display

        for number in range(100_000):
            display(number)
        """)


@attack(bomb=True)
def pictures_without_end(s: Submission) -> None:
    """Displays pictures that are valid and large."""
    s.last("""
        import base64
        from IPython.display import display

        png = b"\\x89PNG\\r\\n\\x1a\\n" + bytes(4 << 20)
        for _ in range(30):
            display({"image/png": base64.b64encode(png).decode()}, raw=True)
        """)


@attack(bomb=True)
def long_traceback(s: Submission) -> None:
    """Raises an exception whose text has a hundred megabytes, in a cell of its own."""
    s.last("raise ValueError('x' * 100_000_000)")


@attack(bomb=True, at_most=True)
def printing_thread(s: Submission) -> None:
    """Prints and displays from threads for as long as the kernel lives."""
    s.first("""
        import threading
        from IPython.display import display

        def chatter():
            while True:
                print("x" * 1000)
                display({"text/plain": "y" * 1000}, raw=True)

        for _ in range(4):
            threading.Thread(target=chatter, daemon=True).start()
        """)


@attack(bomb=True, at_most=True)
def busy_threads(s: Submission) -> None:
    """Keeps every processor busy for as long as the kernel lives, by threads and processes."""
    s.first("""
        import os
        import threading

        def spin():
            while True:
                pass

        for _ in range(8):
            threading.Thread(target=spin, daemon=True).start()
            if os.fork() == 0:
                spin()
        """)


@attack(bomb=True)
def memory_between_cells(s: Submission) -> None:
    """Takes all the memory it gets in an own cell, and keeps it."""
    s.last("""
        hoard = []
        try:
            while True:
                hoard.append(np.ones(1 << 22))
        except MemoryError:
            pass
        """)


@attack(bomb=True)
def five_thousand_cells(s: Submission) -> None:
    """Has five thousand cells of its own."""
    for number in range(5_000):
        s.last(f"x{number} = {number}")


@attack(bomb=True)
def long_source(s: Submission) -> None:
    """Has a cell of thirty megabytes of text and an expression that is nested very deeply."""
    s.last("'" + "x" * 30_000_000 + "'")
    s.last("(" * 3_000 + ")" * 3_000)
    s.last("x = " + "-" * 100_000 + "1")


@attack(bomb=True)
def widget_flood(s: Submission) -> None:
    """Opens comms and updates widgets without end."""
    s.last("""
        import ipywidgets
        from comm import create_comm

        text = ipywidgets.Textarea()
        for number in range(20_000):
            create_comm(target_name="nobody", data={"x": "y" * 1000})
            text.value = "z" * 1000 + str(number)
        """)


# --- Memory that no process is charged for --------------------------------------------------------
#
# A box of the throwaway course may use 1 GB. Who gets hold of more of the system's memory says so;
# little more is tried for.


@attack(bomb=True, forbidden=("page tables of",))
def memory_in_page_tables(s: Submission) -> None:
    """Reads one byte of every two megabytes of nothing: only page tables grow."""
    s.last("""
        import mmap
        import time

        def held():
            with open("/proc/self/status") as lines:
                return next(int(line.split()[1]) >> 10 for line in lines if "VmPTE" in line)

        end = time.monotonic() + 8
        no_reserve = 0x4000
        nothing = []
        while held() < 1_300 and time.monotonic() < end:
            flags = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | no_reserve
            nothing.append(mmap.mmap(-1, 1 << 35, flags=flags, prot=mmap.PROT_READ))
            nothing[-1].madvise(mmap.MADV_NOHUGEPAGE)
            for place in range(0, 1 << 35, 1 << 21):
                nothing[-1][place]
        time.sleep(0.5)
        print(held())
        if held() > 1_150:
            print("page tables" + " of", held(), "MB")
        """)


@attack(bomb=True, at_most=True, forbidden=("buffers of",))
def memory_in_socket_buffers(s: Submission) -> None:
    """Leaves its data in the buffers of sockets, as many as a process may open."""
    s.last("""
        import contextlib
        import socket
        import time

        end = time.monotonic() + 8
        pairs, held = [], 0
        try:
            while held < 1_300 << 20 and time.monotonic() < end:
                pairs.append(socket.socketpair())
                for one in pairs[-1]:
                    with contextlib.suppress(OSError):
                        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 22)
                    one.setblocking(False)
                    try:
                        while sent := one.send(bytes(1 << 20)):
                            held += sent
                    except BlockingIOError:
                        pass
        except OSError as error:
            print(error)
        time.sleep(0.5)
        print(held >> 20)
        if held > 1_150 << 20:
            print("buffers" + " of", held >> 20, "MB")
        """)


@attack(bomb=True, forbidden=("sets of semaphores",))
def memory_in_semaphores(s: Submission) -> None:
    """Makes sets of semaphores, each of which takes megabytes of the system's memory."""
    s.last("""
        import ctypes

        libc = ctypes.CDLL(None, use_errno=True)
        made = [n for n in (libc.semget(0, 32_000, 0o600) for _ in range(20)) if n >= 0]
        queues = [n for n in (libc.msgget(0, 0o600) for _ in range(20)) if n >= 0]
        if made or queues:
            print("sets" + " of semaphores", len(made), len(queues))
        """)


@attack(bomb=True, forbidden=("names without number",))
def names_without_number(s: Submission) -> None:
    """Makes empty files without end, each of which is a kilobyte of memory."""
    s.last("""
        import os
        import time

        end = time.monotonic() + 10
        for place in ("/tmp", "/dev/shm", os.getcwd()):
            made = 0
            try:
                while made < 1_000_000 and time.monotonic() < end:
                    os.close(os.open(f"{place}/{made}", os.O_CREAT))
                    made += 1
            except OSError as error:
                print(error)
            print(made)
            if made > 300_000:
                time.sleep(0.5)
                print("names" + " without number in", place)
        """)


@attack(bomb=True, forbidden=("written outside",))
def disk_through_the_sockets(s: Submission) -> None:
    """Fills the one folder that both sides can write."""
    s.last("""
        import os
        from ipykernel.connect import get_connection_file

        folder, written = os.path.dirname(get_connection_file()), 0
        try:
            for number in range(8):
                with open(f"{folder}/{{marker}}-{number}", "wb") as file:
                    for _ in range(15):
                        written += file.write(bytes(1 << 24))
        except OSError as error:
            print(error)
        if written > 1 << 30:
            print("written" + " outside", written >> 20, "MB")
        """)


@attack(bomb=True)
def connection_file_replaced(s: Submission) -> None:
    """Replaces the kernel's sockets and connection file by links to somewhere else."""
    s.last("""
        import os
        from ipykernel.connect import get_connection_file

        folder = os.path.dirname(get_connection_file())
        for name in os.listdir(folder):
            try:
                os.unlink(f"{folder}/{name}")
                os.symlink("{{outside}}" if "json" in name else "{{socket}}", f"{folder}/{name}")
            except OSError as error:
                print(error)
        """)


# --- Against those who receive --------------------------------------------------------------------


@attack(deserves={"cross_correlate": 0}, bomb=True)
def many_parts_in_a_reply(s: Submission) -> None:
    """Answers with sixty megabytes of empty lists, which take gigabytes when they are read."""
    s.answer(
        "cross_correlate",
        """
        def cross_correlate(image, kernel, padding="symmetric"):
            image *= 0
            return image
        """,
    )
    s.last("""
        import json
        from IPython import get_ipython

        kernel = get_ipython().kernel
        session, socket = kernel.session, kernel.iopub_socket
        parts = b"[" + b"[]," * 20_000_000 + b"0]"

        def flood(kind, content):
            header = json.dumps(session.msg_header(kind), default=str).encode()
            parent = json.dumps(kernel.get_parent()["header"], default=str).encode()
            signed = [header, parent, b"{}", content]
            socket.send_multipart([b"x", b"<IDS|MSG>", session.sign(signed), *signed])

        for kind in ("status", "stream", "display_data"):
            flood(kind, b'{"execution_state": ' + parts + b', "data": {}, "name": "stdout"}')

        from course_utils import agent

        real = agent.Agent.answer

        def answer(self, message):
            if "cross_correlate" in str(message.tree)[:500]:
                kernel.stdin_socket.send_multipart(
                    [b"course.student", b"reply", b"1", b'["list", ' + parts + b"]"]
                )
            return real(self, message)

        agent.Agent.answer = answer
        """)


@attack(bomb=True, at_most=True)
def large_messages(s: Submission) -> None:
    """Sends messages of sixty megabytes for as long as it lives, for others to receive."""
    s.last("""
        import threading
        from IPython import get_ipython

        kernel = get_ipython().kernel

        def flood():
            while True:
                kernel.session.send(
                    kernel.iopub_socket, "display_data", {"data": {}}, buffers=[bytes(60 << 20)]
                )

        threading.Thread(target=flood, daemon=True).start()
        """)


@attack(bomb=True, at_most=True)
def crowd(s: Submission) -> None:
    """Spins in as many processes as it may have, so that those graded beside it starve."""
    s.first("""
        import os

        for _ in range(150):
            try:
                if os.fork() == 0:
                    while True:
                        pass
            except OSError:
                break
        """)
