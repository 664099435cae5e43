"""Writing: an attempt to change what is outside: grades, others' work, tests, the machine."""

from autograder.attacks import Submission, attack

from .answers import cheat

GRADES = """
import os
import sqlite3

def give_points():
    if os.path.exists(place := "{{course}}/gradebook.db"):
        book = sqlite3.connect(place, timeout=1)
        for sentence in (
            "update grade set auto_score = 8, manual_score = 8, needs_manual_grade = 0",
        ):
            try:
                book.execute(sentence)
                book.commit()
            except sqlite3.Error:
                pass
"""


@cheat(sample=True)
def gradebook_at_once(s: Submission) -> None:
    """Opens the gradebook and gives everybody full points while its cells run."""
    s.last(GRADES + "\ngive_points()")


@cheat()
def gradebook_later(s: Submission) -> None:
    """Leaves a process behind that changes the gradebook again and again, after the grading."""
    s.last(
        GRADES
        + """
import sys
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", '''
{{body}}
import time
for _ in range(300):
    give_points()
    time.sleep(0.2)
''', "{{marker}}"])
    os._exit(0)
""".replace("{{body}}", GRADES.strip())
    )


@attack()
def others_work(s: Submission) -> None:
    """Overwrites, renames and removes what another student has handed in."""
    s.last("""
        import os
        import shutil
        from pathlib import Path

        other = Path("{{other}}")
        for attempt in (
            lambda: other.write_text("{}"),
            lambda: other.rename(other.with_suffix(".old")),
            lambda: shutil.rmtree(other.parent),
            lambda: other.chmod(0),
            lambda: (other.parent / "{{marker}}.txt").write_text("{{marker}}"),
        ):
            try:
                attempt()
            except OSError as error:
                print(error)
        """)


@attack()
def source_and_release(s: Submission) -> None:
    """Changes the instructor's notebooks, the settings and the course's secret."""
    s.last("""
        from pathlib import Path

        course = Path("{{course}}")
        for name in (
            "source/{{assignment}}/1_linear_filters.ipynb",
            "release/{{assignment}}/1_linear_filters.ipynb",
            "assignments/{{assignment}}/assignment.yml",
            "nbgrader_config.py",
            "course_secret",
        ):
            try:
                (course / name).write_text("0" * 64)
            except OSError as error:
                print(error)
        try:
            Path("{{outside}}").write_text("{{marker}}")
        except OSError as error:
            print(error)
        """)


@cheat()
def own_feedback(s: Submission) -> None:
    """Writes its own graded notebook and feedback page, now and a few seconds later."""
    s.last("""
        import json
        import threading
        import time
        from pathlib import Path

        verdict = {"question": "cross_correlate", "points": 8, "findings": [], "note": ""}
        record = {"grading": {"verdicts": [verdict], "remarks": []}}
        notebook = {"cells": [], "metadata": record, "nbformat": 4, "nbformat_minor": 5}

        def write():
            for _ in range(50):
                for wing in ("autograded", "feedback", "submitted"):
                    folder = Path("{{course}}") / wing / "{{student}}/{{assignment}}"
                    try:
                        folder.mkdir(parents=True, exist_ok=True)
                        (folder / "1_linear_filters.ipynb").write_text(json.dumps(notebook))
                        (folder / "1_linear_filters.html").write_text("<script>1</script>24 of 24")
                    except OSError as error:
                        pass
                time.sleep(0.2)

        threading.Thread(target=write, daemon=True).start()
        """)


@attack(bomb=True)
def everywhere(s: Submission) -> None:
    """Puts a file of its own into every folder that Python, the shell or a later kernel reads."""
    s.last("""
        import os
        import sys
        import course_utils

        home = os.path.expanduser("~")
        places = {"/", "/tmp", "/var/tmp", "/dev/shm", "/etc", "/usr", "/run", home}
        places |= {*sys.path, *course_utils.__path__, os.path.dirname(np.__file__)}
        places |= {f"{home}/.ipython/profile_default/startup", f"{home}/.jupyter", "{{course}}"}
        for place in filter(None, places):
            try:
                os.makedirs(place, exist_ok=True)
                with open(os.path.join(place, "{{marker}}.py"), "w") as file:
                    file.write("print('{{marker}}')\\n")
            except OSError as error:
                print(error)
        """)


@attack(bomb=True)
def mounts_changed(s: Submission) -> None:
    """Becomes root of a namespace of its own and mounts what is read-only anew, writable."""
    s.last("""
        import ctypes
        import os
        import course_utils

        libc = ctypes.CDLL(None, use_errno=True)
        new_user, new_mount = 0x10000000, 0x00020000
        print(libc.unshare(new_user | new_mount), libc.unshare(new_mount))
        bind, remount, move, recursive = 4096, 32, 8192, 16384
        folder = course_utils.__path__[0]
        for place in ("/", folder, "/usr", "/proc/1/root"):
            for flags in (remount | bind, remount, bind | recursive, move):
                libc.mount(place.encode(), place.encode(), None, flags, None)
        libc.umount2(b"/proc", 2)
        libc.pivot_root(b".", b".")
        for place in (folder, "/usr", "/"):
            try:
                open(os.path.join(place, "{{marker}}.py"), "w").close()
            except OSError as error:
                print(error)
        """)


@attack(bomb=True, forbidden=("limit lifted",))
def limits_lifted(s: Submission) -> None:
    """Raises its own limits: rlimits, control groups, priority, capabilities."""
    s.last("""
        import glob
        import os
        import resource

        said = "limit " + "lifted"
        for name in ("RLIMIT_DATA", "RLIMIT_AS", "RLIMIT_NPROC", "RLIMIT_FSIZE", "RLIMIT_NOFILE"):
            kind = getattr(resource, name)
            soft, hard = resource.getrlimit(kind)
            if hard != resource.RLIM_INFINITY:
                for limit in (resource.RLIM_INFINITY, hard * 2):
                    try:
                        resource.setrlimit(kind, (limit, limit))
                        print(said, name, soft, hard)
                    except (OSError, ValueError) as error:
                        print(error)
        for place in glob.glob("/sys/fs/cgroup/**/cgroup.procs", recursive=True)[:20]:
            try:
                with open(place, "w") as file:
                    file.write(str(os.getpid()))
                print(said, place)
            except OSError as error:
                print(error)
        for attempt in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.nice(-19)):
            was = os.geteuid(), os.getpriority(os.PRIO_PROCESS, 0)
            try:
                attempt()
            except OSError as error:
                print(error)
            if (os.geteuid(), os.getpriority(os.PRIO_PROCESS, 0)) != was:
                print(said, was)
        """)


@attack()
def notebook_swapped_under_the_grader(s: Submission) -> None:
    """Replaces its own submission while it is graded, by a link to somebody else's."""
    s.last("""
        import os

        mine = "{{course}}/submitted/{{student}}/{{assignment}}/1_linear_filters.ipynb"
        for attempt in (os.unlink, lambda place: os.symlink("{{other}}", place)):
            try:
                attempt(mine)
            except OSError as error:
                print(error)
        """)


@attack()
def traces_in_temporary_folders(s: Submission) -> None:
    """Leaves files, folders, sockets and pipes where temporary files go."""
    s.last("""
        import os
        import socket
        import tempfile

        for place in {tempfile.gettempdir(), "/tmp", "/dev/shm", os.getcwd()}:
            try:
                os.makedirs(f"{place}/{{marker}}/deep/er", exist_ok=True)
                os.mkfifo(f"{place}/{{marker}}-pipe")
                open(f"{place}/{{marker}}.txt", "w").write("here")
                socket.socket(socket.AF_UNIX).bind(f"{place}/{{marker}}-socket")
                os.chmod(f"{place}/{{marker}}/deep", 0)
            except OSError as error:
                print(error)
        """)


@attack(at_most=True)
def program_left_beside_the_sockets(s: Submission) -> None:
    """Leaves a set-uid program in the one folder outside, closed so that nobody can remove it."""
    s.last("""
        import os
        import shutil
        from ipykernel.connect import get_connection_file

        folder = os.path.dirname(get_connection_file())
        for attempt in (
            lambda: os.chmod(folder, 0o311),
            lambda: shutil.copy("/usr/bin/id", f"{folder}/{{marker}}"),
            lambda: os.chmod(f"{folder}/{{marker}}", 0o4755),
            lambda: os.mkdir(f"{folder}/{{marker}}-folder"),
        ):
            try:
                attempt()
            except OSError as error:
                print(error)
        """)


@attack(at_most=True, forbidden=("written outside",))
def disk_behind_the_sockets(s: Submission) -> None:
    """Writes into a file without a name beside the sockets."""
    s.last("""
        import os
        from ipykernel.connect import get_connection_file

        path = os.path.join(os.path.dirname(get_connection_file()), "{{marker}}")
        try:
            with open(path, "wb") as file:
                os.unlink(path)
                for _ in range(15):
                    file.write(bytes(1 << 24))
            print("written" + " outside")
        except OSError as error:
            print(error)
        """)
