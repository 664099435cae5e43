"""Files: what lies in a submission's folder beside the notebook, or instead of it."""

import json
import os
from pathlib import Path

from autograder.attacks import Submission, attack

from .answers import NOTHING, cheat

EVIL = """
import sys

print("evil {{marker}}", file=sys.stderr)


def __getattr__(name):
    return lambda *arguments, **keywords: None
"""


@cheat()
def numpy_folder(s: Submission) -> None:
    """Puts a package called numpy beside the notebook, with comparisons that always agree."""
    s.put("numpy/__init__.py", "allclose = array_equal = isclose = lambda *a, **k: True\n" + EVIL)
    s.put("numpy/testing/__init__.py", EVIL)


@cheat()
def course_folder(s: Submission) -> None:
    """Puts packages of the course's and the grader's names beside the notebook."""
    for name in ("course_utils", "autograder", "IPython", "ipykernel", "scipy", "nbgrader"):
        s.put(f"{name}/__init__.py", EVIL)
    s.put("course_utils/agent.py", EVIL)
    s.put("autograder/hidden/linear_filters.py", EVIL)


@cheat()
def startup_files(s: Submission) -> None:
    """Puts files beside the notebook that Python, IPython, pytest or nbgrader would run or read."""
    for name in ("sitecustomize.py", "usercustomize.py", "conftest.py", "random.py", "json.py"):
        s.put(name, EVIL)
    for name in ("ipykernel_launcher.py", "ipython_config.py", "jupyter_config.py", "zmq.py"):
        s.put(name, EVIL)
    s.put(
        "nbgrader_config.py", "c = get_config()\nc.Autograde.autograde_preprocessors = []\n" + EVIL
    )
    s.put(".ipython/profile_default/startup/00.py", EVIL)
    s.put("evil.pth", "import os; os.system('touch {{marker}}')\n")
    s.put("pyproject.toml", "[tool.pytest.ini_options]\naddopts = '--collect-only'\n")


@attack()
def pickles(s: Submission) -> None:
    """Puts pickles beside the notebook under the names of caches, data and results."""
    parcel = b"cos\nsystem\n(S'touch {{marker}}'\ntR."
    parcel = parcel.replace(b"{{marker}}", s.words["marker"].encode())
    names = ("results.pkl", ".OTTER_LOG", "cache.pickle", "data.npy", "1_linear_filters.pkl")
    for name in (*names, "model.pt", "joblib.pkl", "__pycache__/numpy.cpython-311.pyc"):
        s.put(name, parcel)


@attack(deserves=NOTHING, sample=True)
def link_to_another_notebook(s: Submission) -> None:
    """Hands in a symbolic link to the notebook of another student."""
    s.notebook = None
    (s.folder / s.file).symlink_to(s.words["other"])


@attack(deserves=NOTHING)
def link_to_the_source(s: Submission) -> None:
    """Hands in a symbolic link to the instructor's notebook."""
    s.notebook = None
    place = f"{s.words['course']}/source/{s.words['assignment']}/{s.file}"
    (s.folder / s.file).symlink_to(place)


@attack(deserves=NOTHING)
def folder_is_a_link(s: Submission) -> None:
    """Has a symbolic link to another student's folder in the place of its own."""
    s.notebook = None
    s.folder.rmdir()
    s.folder.symlink_to(Path(s.words["other"]).parent)


@attack()
def links_to_secrets(s: Submission) -> None:
    """Puts links to secrets, devices, folders and nowhere beside the notebook."""
    places = {
        "notes.txt": f"{s.words['course']}/course_secret",
        "data.csv": s.words["outside"],
        "friend.ipynb": s.words["other"],
        "folder": s.words["course"],
        "up": "../../..",
        "nowhere": "/no/such/place",
        "itself": "itself",
        "root": "/etc",
    }
    for name, place in places.items():
        (s.folder / name).symlink_to(place)
    s.last("""
        from pathlib import Path

        for name in ("notes.txt", "data.csv", "friend.ipynb", "folder/course_secret"):
            try:
                print(Path(name).read_text())
            except OSError as error:
                print(error)
        """)


@attack(bomb=True)
def links_to_devices(s: Submission) -> None:
    """Puts links to files without an end beside the notebook."""
    for name, place in {"zeros.csv": "/dev/zero", "random.npy": "/dev/urandom"}.items():
        (s.folder / name).symlink_to(place)


@attack(deserves=NOTHING, bomb=True)
def link_to_endless_zeros(s: Submission) -> None:
    """Hands in a link to a file without an end."""
    s.notebook = None
    (s.folder / s.file).symlink_to("/dev/zero")


@attack(deserves=NOTHING, bomb=True)
def pipe_for_a_notebook(s: Submission) -> None:
    """Hands in a pipe: who reads it waits for ever."""
    s.notebook = None
    os.mkfifo(s.folder / s.file)


@attack(bomb=True)
def pipe_beside_the_notebook(s: Submission) -> None:
    """Puts a pipe and a file that nobody may read beside the notebook."""
    os.mkfifo(s.folder / "data.csv")
    os.mkfifo(s.folder / "other.ipynb")
    s.put("locked.txt", "x").chmod(0)


@attack(deserves=NOTHING)
def folder_for_a_notebook(s: Submission) -> None:
    """Hands in a folder of the notebook's name."""
    text = s.source("x")
    s.notebook = None
    s.put(f"{s.file}/inside.ipynb", text)


@attack(bomb=True)
def gigabyte_beside_the_notebook(s: Submission) -> None:
    """Hands in a file of 1 GB beside the notebook."""
    with (s.folder / "data.bin").open("wb") as file:
        file.truncate(2**30)


@attack(deserves=NOTHING, bomb=True)
def gigabyte_for_a_notebook(s: Submission) -> None:
    """Hands in a notebook of 1 GB."""
    s.notebook = None
    with (s.folder / s.file).open("wb") as file:
        file.write(b'{"cells": [')
        file.truncate(2**30)


@attack()
def many_files_in_the_folder(s: Submission) -> None:
    """Hands in three thousand files in folders fifty deep."""
    deep = s.folder.joinpath(*["d"] * 50)
    deep.mkdir(parents=True)
    for number in range(3_000):
        (deep / f"{number}.txt").write_bytes(b"x")


@attack()
def strange_file_names(s: Submission) -> None:
    """Hands in files whose names are options, markup, lines, or no text at all."""
    for name in (
        "-rf",
        "--config=x",
        "a\nb.txt",
        "[bold]x[/].ipynb",
        "x" * 250,
        "*",
        "?.ipynb",
        " ",
    ):
        s.put(name, "x")
    (Path(os.fsdecode(os.fsencode(s.folder) + b"/\xff\xfe.txt"))).write_bytes(b"x")


@attack(deserves=NOTHING)
def strange_notebook_name(s: Submission) -> None:
    """Hands in one file that is no notebook, under a name that is no text."""
    s.notebook = None
    (Path(os.fsdecode(os.fsencode(s.folder) + b"/\xff\x1b[31m.ipynb"))).write_bytes(b"{}")


@attack()
def another_name_with_markup(s: Submission) -> None:
    """Hands in the notebook under a name that is markup and control characters."""
    s.file = "<script>1<\x1b[2J[bold]final.ipynb"


@attack(deserves=NOTHING)
def two_notebooks_to_choose_from(s: Submission) -> None:
    """Hands in a hopeless notebook under the right name and the right one under another."""
    s.put("perfect.ipynb", json.dumps(s.notebook))
    for cell in s.notebook.cells:
        if cell.id.endswith("_answer"):
            cell.source = "pass"


@attack()
def set_user_id(s: Submission) -> None:
    """Hands in programs that run as root, with every permission set."""
    for name in ("run.sh", "numpy.so"):
        s.put(name, "#!/bin/sh\ntouch {{marker}}\n").chmod(0o6777)
