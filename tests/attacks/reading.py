"""Reading: right answers, and an attempt to see what students must not see.

What is found is printed, so that it would stand in the feedback. Searches go by the names of the
canaries that the runner plants (`course_secret`, `gradebook.db`, `private.txt`, ...). What looks at
other processes or the whole disk is for sandboxes only (`bomb=True`): elsewhere it would find.
"""

from autograder.attacks import Submission, attack

from .answers import NOTHING_FOR, cheat

SHAPE = "seen:17x23"
"""What the entries below make of the first hidden image, which has 17 rows and 23 columns."""


@attack(bomb=True)
def environment(s: Submission) -> None:
    """Prints the environment of this process and of all others that let it."""
    s.last("""
        import os
        from pathlib import Path

        print(dict(os.environ))
        for place in Path("/proc").glob("[0-9]*/environ"):
            try:
                print(place, place.read_bytes().replace(b"\\0", b" "))
            except OSError as error:
                print(error)
        """)


@attack(sample=True)
def insider_paths(s: Submission) -> None:
    """Knows where everything is and prints it: secret, tests, source, another student's work."""
    s.last("""
        from pathlib import Path

        course = Path("{{course}}")
        places = [course / "course_secret", "{{other}}", "{{outside}}"]
        places += [course / "source/{{assignment}}/1_linear_filters.ipynb", course / "gradebook.db"]
        for place in map(Path, places):
            try:
                print(place, place.read_bytes()[:200_000])
            except OSError as error:
                print(error)
        """)


@attack(bomb=True)
def search_of_the_disk(s: Submission) -> None:
    """Walks through the whole file system in search of secrets, tests and gradebooks."""
    s.last("""
        import os
        import time

        wanted = ("course_secret", "private.txt", "notes.txt", "expected.yml", "gradebook.db")
        end = time.monotonic() + 6
        for folder, folders, names in os.walk("/"):
            folders[:] = [f for f in folders if f not in ("proc", "sys", "node_modules")]
            if time.monotonic() > end:
                break
            for name in names:
                path = os.path.join(folder, name)
                hidden = "hidden" in folder and name.endswith((".py", ".pyc"))
                if name in wanted or hidden or "/submitted/" in path:
                    try:
                        print(path, open(path, "rb").read(20_000))
                    except OSError as error:
                        print(error)
        """)


@attack(bomb=True)
def search_of_proc(s: Submission) -> None:
    """Looks through /proc: command lines, folders, roots, mounts and open files of everybody."""
    s.last("""
        import os

        names = ("course_secret", "source/{{assignment}}/1_linear_filters.ipynb")
        for pid in filter(str.isdigit, os.listdir("/proc")):
            for door in ("cwd", "root", "root{{course}}", "cwd/.."):
                for name in names:
                    try:
                        print(open(f"/proc/{pid}/{door}/{name}").read(50_000))
                    except (OSError, UnicodeDecodeError):
                        pass
            try:
                for number in os.listdir(f"/proc/{pid}/fd"):
                    print(pid, number, os.readlink(f"/proc/{pid}/fd/{number}"))
                print(open(f"/proc/{pid}/cmdline").read(), open(f"/proc/{pid}/mounts").read())
            except OSError as error:
                print(error)
        """)


@attack()
def inherited_descriptors(s: Submission) -> None:
    """Reads every open file it was born with, and climbs out of every open folder."""
    s.last("""
        import os

        for number in range(3, 1024):
            try:
                os.fstat(number)
            except OSError:
                continue
            try:
                print(number, os.pread(number, 100_000, 0))
            except OSError:
                pass
            way = ".."
            for _ in range(12):
                for name in ("course_secret", "{{course}}/course_secret".lstrip("/")):
                    try:
                        there = os.open(os.path.join(way, name), os.O_RDONLY, dir_fd=number)
                        print(os.read(there, 1000))
                    except OSError:
                        pass
                way += "/.."
        """)


@attack(bomb=True)
def memory_of_the_parent(s: Submission) -> None:
    """Searches the memory of its own and of the parent processes for what looks like a secret."""
    s.last("""
        import os
        import re
        import time

        end = time.monotonic() + 5
        for pid in (os.getppid(), os.getpid()):
            try:
                with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
                    for line in maps:
                        found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
                        if not found or time.monotonic() > end:
                            continue
                        start, stop = (int(part, 16) for part in found.groups())
                        try:
                            memory.seek(start)
                            block = memory.read(min(stop - start, 1 << 24))
                        except (OSError, ValueError, OverflowError):
                            continue
                        for text in re.findall(rb"[^0-9a-f]([0-9a-f]{64})[^0-9a-f]", block)[:50]:
                            print(pid, text.decode())
                        for text in re.findall(rb"environment-[0-9a-f]{16}", block)[:5]:
                            print(pid, text.decode())
            except OSError as error:
                print(error)
        """)


@attack(bomb=True)
def memory_by_system_call(s: Submission) -> None:
    """Reads the parent's memory by process_vm_readv, without /proc/<pid>/mem."""
    s.last("""
        import ctypes
        import os
        import re

        class Vector(ctypes.Structure):
            _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]

        libc = ctypes.CDLL(None, use_errno=True)
        buffer = ctypes.create_string_buffer(1 << 22)
        mine = Vector(ctypes.addressof(buffer), len(buffer))
        try:
            lines = open(f"/proc/{os.getppid()}/maps").readlines()
        except OSError as error:
            lines = [print(error)] and []
        for line in lines:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if found:
                start, stop = (int(part, 16) for part in found.groups())
                theirs = Vector(start, min(stop - start, len(buffer)))
                got = libc.process_vm_readv(
                    os.getppid(), ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0
                )
                block = buffer.raw[: max(got, 0)]
                print(*re.findall(rb"[0-9a-f]{64}|environment-[0-9a-f]{16}", block)[:50])
        """)


@attack()
def history(s: Submission) -> None:
    """Prints what IPython remembers: In, Out, its history and its database."""
    s.last("""
        import glob
        import os
        import sqlite3

        print(In, Out, _ih, _oh)
        %history -g -o
        print(list(get_ipython().history_manager.get_range(raw=True, output=True)))
        for place in glob.glob(os.path.expanduser("~/.ipython/**/history.sqlite"), recursive=True):
            print(sqlite3.connect(place).execute("select * from history limit 50").fetchall()[:1])
        """)


@attack()
def code_of_the_grader(s: Submission) -> None:
    """Imports the grader, the reference and the hidden tests, and prints their source."""
    s.last("""
        import importlib
        import inspect
        import pkgutil

        names = ["autograder.hidden.linear_filters", "autograder.variants.linear_filters"]
        names += ["course_utils.reference.linear_filters", "autograder.grading.seeds"]
        for name in names:
            try:
                print(inspect.getsource(importlib.import_module(name)))
            except Exception as error:
                print(type(error), error)
        import course_utils

        for module in pkgutil.walk_packages(course_utils.__path__, "course_utils."):
            print(module.name)
        """)


@cheat(forbidden=("def distribution(student", "BEGIN HIDDEN"))
def answer_from_the_reference(s: Submission) -> None:
    """Imports the solution from the course's own package."""
    s.answer(
        "cross_correlate",
        "from course_utils.reference.linear_filters import cross_correlate",
    )


@attack()
def garbage_collector(s: Submission) -> None:
    """Prints all texts, bytes and objects in memory that have to do with hidden tests."""
    s.edit(
        "cross_correlate",
        "    padded = _pad",
        """
    import gc

    for thing in gc.get_objects():
        if type(thing).__name__ in ("HiddenTest", "Replay", "Verdict", "Student", "Course"):
            print(thing)
        elif isinstance(thing, dict):
            for key, value in list(thing.items()):
                if isinstance(value, (str, bytes)) and "secret" in str(key).lower():
                    print(key, value)
    padded = _pad""",
    )


@attack(forbidden=(SHAPE, "HiddenTest("))
def frames(s: Submission) -> None:
    """Prints the local variables of everybody who calls it, from hidden calls as well."""
    s.edit(
        "cross_correlate",
        "    padded = _pad",
        """
    import sys

    frame = sys._getframe()
    while frame is not None:
        print(frame.f_code.co_filename, list(frame.f_locals), str(frame.f_locals)[:5000])
        frame = frame.f_back
    print(f"seen:{image.shape[0]}x{image.shape[1]}")
    padded = _pad""",
    )


@attack(forbidden=(SHAPE,), sample=True)
def inputs_printed(s: Submission) -> None:
    """Prints hidden inputs in every way there is: streams, displays, warnings, logs, titles."""
    s.edit(
        "cross_correlate",
        "    padded = _pad",
        """
    import logging
    import os
    import sys
    import warnings
    from IPython.display import HTML, Markdown, clear_output, display, update_display

    text = f"seen:{image.shape[0]}x{image.shape[1]} {image.ravel()[:5]}"
    print(text, file=sys.stdout)
    print(text, file=sys.stderr)
    for stream in (sys.__stdout__, sys.__stderr__):
        print(text, file=stream, flush=True)
    os.write(1, text.encode())
    os.write(2, text.encode())
    warnings.warn(text)
    logging.getLogger().error(text)
    display(text, HTML(text), Markdown(text), display_id="seen")
    update_display(text, display_id="seen")
    get_ipython().set_next_input(text)
    get_ipython().payload_manager.write_payload({"source": "page", "data": {"text/plain": text}})
    clear_output()
    padded = _pad""",
    )


@attack(forbidden=(SHAPE,), at_most=True)
def inputs_printed_later(s: Submission) -> None:
    """Keeps hidden inputs and prints them afterwards: from a thread, at exit, on a signal."""
    s.edit(
        "cross_correlate",
        "    padded = _pad",
        """
    SEEN.append(f"seen:{image.shape[0]}x{image.shape[1]}")
    padded = _pad""",
    )
    s.first("""
        import atexit
        import os
        import signal
        import sys
        import threading
        import time
        from IPython.display import display

        SEEN = []

        def tell(*_):
            print(SEEN)
            print(SEEN, file=sys.stderr)
            display(SEEN)
            os.write(1, str(SEEN).encode())

        def again_and_again():
            while True:
                time.sleep(0.02)
                tell()

        atexit.register(tell)
        signal.signal(signal.SIGTERM, tell)
        get_ipython().events.register("post_run_cell", tell)
        threading.Thread(target=again_and_again, daemon=True).start()
        """)


@attack(deserves={"cross_correlate": 0}, forbidden=(SHAPE, "seen_17x23"))
def inputs_in_exceptions(s: Submission) -> None:
    """Raises exceptions whose names, messages, notes and bases are hidden inputs."""
    s.answer(
        "cross_correlate",
        """
        def cross_correlate(image, kernel, padding="symmetric"):
            shape = f"{image.shape[0]}x{image.shape[1]}"
            image *= 0
            base = type(f"NotImplemented_seen_{shape}", (NotImplementedError,), {})
            kind = type(f"seen_{shape}", (base, RuntimeError), {"__module__": f"seen:{shape}"})
            error = kind(f"seen:{shape}")
            error.add_note(f"seen:{shape}")
            raise error from KeyError(f"seen:{shape}")
        """,
    )


@attack(deserves={"cross_correlate": 0}, forbidden=(SHAPE, "seen_17x23"))
def inputs_in_results(s: Submission) -> None:
    """Returns things whose types, keys and dtypes are named after hidden inputs."""
    s.answer(
        "cross_correlate",
        """
        calls = []


        def cross_correlate(image, kernel, padding="symmetric"):
            calls.append(image)
            shape = f"{image.shape[0]}x{image.shape[1]}"
            image *= 0
            strange = [
                {f"seen:{shape}": 1.0},
                type(f"seen_{shape}", (), {})(),
                np.zeros(2, [(f"seen:{shape}", float)]),
                f"seen:{shape}",
                type(f"seen_{shape}", (np.ndarray,), {})(image.shape),
            ]
            return strange[len(calls) % len(strange)]
        """,
    )


@attack(deserves={"moving_average_replay": 0}, forbidden=("replayed_23", "replayed:23"))
def replay_in_exceptions(s: Submission) -> None:
    """Raises an exception that is named after the replay's signal when it is asked for it."""
    s.edit(
        "moving_average",
        "    padded = np.pad(",
        """
    if len(signal) == 23 and abs(signal[0]) < 1e-12:
        name, text = f"replayed_{len(signal)}", f"replayed:{len(signal)} {signal[1]:.3f}"
        raise type(name, (Exception,), {})(text)
    padded = np.pad(""",
    )


@attack(forbidden=("replayed:23",), at_most=True)
def replay_printed(s: Submission) -> None:
    """Prints the replay's code and signal past the redirection, and displays them."""
    s.edit(
        "moving_average",
        "    padded = np.pad(",
        """
    import inspect
    import os
    import sys
    from IPython.display import display

    if len(signal) == 23 and abs(signal[0]) < 1e-12:
        text = f"replayed:{len(signal)} {signal.tolist()}"
        print(text, file=sys.__stdout__, flush=True)
        os.write(1, text.encode())
        print(text, file=sys.stderr)
        display(text)
        caller = sys._getframe(1)
        while caller is not None:
            display(f"replayed:{len(signal)} {In[-1]} {list(caller.f_locals)}")
            caller = caller.f_back
    padded = np.pad(""",
    )


@attack(
    deserves=NOTHING_FOR["moving_average"] | {"moving_average_replay": 2},
    forbidden=("bottled at",),
)
def message_in_a_bottle(s: Submission) -> None:
    """Writes hidden inputs into every folder it can, dies, and prints them in the next kernel."""
    s.first("""
        import glob
        import os
        import tempfile

        places = [os.getcwd(), tempfile.gettempdir(), "/tmp", "/dev/shm", "/var/tmp", "/run"]
        places += [os.path.expanduser("~"), *glob.glob("/tmp/*/"), *glob.glob("/run/*/")]
        for place in places:
            for name in glob.glob(os.path.join(place, "{{marker}}*")):
                print(open(name).read())
        """)
    s.answer(
        "moving_average",
        """
        def moving_average(signal, size):
            if len(signal) not in (5, 6, 60, 61, 480) and abs(signal[0]) > 1e-12:
                for place in places:
                    try:
                        with open(os.path.join(place, "{{marker}}.txt"), "w") as file:
                            file.write(f"{'bottled'} at {signal[:4]}")
                    except OSError:
                        pass
                os._exit(0)
            padded = np.pad(signal, size // 2, mode="edge")
            return np.lib.stride_tricks.sliding_window_view(padded, size).mean(axis=1)
        """,
    )


@attack(bomb=True)
def other_kernels(s: Submission) -> None:
    """Looks for the sockets and connection files of kernels that grade others at this moment."""
    s.last("""
        import glob
        import json

        print(open("/proc/net/unix").read())
        print(open("/proc/net/tcp").read())
        places = glob.glob("/tmp/**/kernel*.json", recursive=True)
        places += glob.glob("/root/.local/share/jupyter/runtime/*.json")
        for place in places:
            try:
                print(place, json.load(open(place)).get("signature_scheme"))
            except (OSError, ValueError) as error:
                print(error)
        """)


@attack(bomb=True, forbidden=("disk is open",))
def raw_disk(s: Submission) -> None:
    """Makes device files and reads disks and memory below the file system."""
    s.last("""
        import os
        import stat

        said = "disk is " + "open"
        numbers = [(1, 1), (1, 2), (8, 0), (254, 0), (259, 0), (253, 0), (7, 0)]
        for number, (major, minor) in enumerate(numbers):
            try:
                os.mknod(f"device{number}", 0o600 | stat.S_IFBLK, os.makedev(major, minor))
            except OSError as error:
                print(error)
        names = ["/dev/vda", "/dev/sda", "/dev/nvme0n1", "/dev/mem", "/dev/kmem", "/proc/kcore"]
        for place in [*names, *(f"device{number}" for number in range(len(numbers)))]:
            try:
                with open(place, "rb", 0) as disk:
                    if disk.read(512):
                        print(said, place)
            except OSError as error:
                print(error)
        """)


@attack(bomb=True)
def shell_commands(s: Submission) -> None:
    """Uses the shell: magics, bash cells, and programs that are installed for everybody."""
    s.last("""
        !cat {{course}}/course_secret {{other}} {{outside}}
        !ls -laR {{course}} | head -50
        !env; ps auxe; cat /proc/*/environ | tr '\\\\0' ' '
        files = !find {{course}} -name course_secret -exec cat {} +
        print(files)
        """)
    s.last("""
        %%bash
        cat {{course}}/gradebook.db | strings | head -100
        sudo -n cat {{course}}/course_secret; su -c "cat {{outside}}"
        """)


@attack()
def through_links(s: Submission) -> None:
    """Makes links to secrets in its own folder and hands their targets around by descriptor."""
    s.last("""
        import os

        for number, place in enumerate(("{{course}}/course_secret", "{{outside}}", "{{other}}")):
            for make in (os.symlink, os.link):
                try:
                    make(place, f"link{number}{make.__name__}")
                    print(open(f"link{number}{make.__name__}").read())
                except OSError as error:
                    print(error)
        """)


@attack(bomb=True, forbidden=("gdb says",))
def debugger(s: Submission) -> None:
    """Attaches to its parent as a debugger does."""
    s.last("""
        import ctypes
        import os

        libc = ctypes.CDLL(None, use_errno=True)
        attach, detach = 16, 17
        if libc.ptrace(attach, os.getppid(), None, None) == 0:
            os.waitpid(os.getppid(), 0x40000000)
            libc.ptrace(detach, os.getppid(), None, None)
            print("gdb" + " says hello")
        """)
