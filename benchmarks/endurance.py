"""Grades many submissions in one go, and kills the grader at random moments.

    python benchmarks/endurance.py --submissions 1000
    python benchmarks/endurance.py --kills 10

The first looks, while a class of that size is graded, at the memory of the grading processes, and
afterwards at what is left behind: processes, namespaces, files in the temporary folder. The second
grades a small class without interruption, then again in a fresh folder for every kill: the grader
is killed (SIGKILL) at a random moment and run again, and what nbgrader exports must be the same.
"""

import argparse
import csv
import json
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import nbformat

sys.path.insert(0, str(Path(__file__).resolve().parent))
from circumstances import circumstances
from samples import examples, linear_filters, submissions

psutil: Any = import_module("psutil")  # untyped; comes with ipykernel

ROOT = Path(__file__).resolve().parent.parent
ASSIGNMENT, STEM = "a1_filtering", "1_linear_filters"
MIB = 2**20


@contextmanager
def class_of(count: int, run: str) -> Iterator[Path]:
    """Make a course folder in which so many students have handed in."""
    with tempfile.TemporaryDirectory(prefix="endurance-") as folder:
        root = Path(folder)
        for wing in ("assignments", "source", "release"):
            shutil.copytree(ROOT / wing, root / wing)
        shutil.copy(ROOT / "nbgrader_config.py", root)
        (root / "course_secret").write_text("endurance" * 8 + "\n", "ascii")
        known = examples(ROOT)
        release = nbformat.read(root / "release" / ASSIGNMENT / f"{STEM}.ipynb", as_version=4)
        source = nbformat.read(root / "source" / ASSIGNMENT / f"{STEM}.ipynb", as_version=4)
        answers = known.perfect_answers(source)
        for made in submissions(linear_filters(known), release, answers, count, run):
            path = root / "submitted" / made.student / ASSIGNMENT / f"{STEM}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(made.notebook, path)
        yield root


def grading(root: Path, workers: int) -> "subprocess.Popen[bytes]":
    """Start `course grade`."""
    command = [sys.executable, "-m", "autograder.cli", "grade", ASSIGNMENT, "--workers"]
    with (root / "terminal").open("wb") as terminal:
        return subprocess.Popen(
            [*command, str(workers), "--root", str(root)],
            stdout=terminal,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


# --- Many -----------------------------------------------------------------------------------------


def traces(root: Path) -> dict[str, int]:
    """Count what grading could leave behind on this machine."""
    temporary = Path(tempfile.gettempdir())
    spaces = {
        link.readlink().name for link in Path("/proc").glob("[0-9]*/ns/mnt") if _readable(link)
    }
    return {
        "processes": len(_processes(root)),
        "mount namespaces": len(spaces),
        "temporary files": sum(1 for path in temporary.iterdir() if path != root),
    }


def _readable(link: Path) -> bool:
    try:
        link.readlink()
    except OSError:
        return False
    return True


def _processes(root: Path) -> list[Any]:
    """Return the processes that grade in a folder, and the templates, whoever's they are."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = " ".join(process.info["cmdline"] or ())
        if str(root) in line or "autograder.sandbox.template" in line:
            found.append(process)
    return found


def _private(process: Any) -> int:
    try:
        memory = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(memory.uss)


def many(count: int, workers: int, every: float = 5.0) -> dict[str, Any]:
    """Grade a class and say what it took and what it left."""
    with class_of(count, "many") as root:
        before = traces(root)
        start = time.monotonic()
        process = grading(root, workers)
        memory: list[tuple[float, int, int]] = []
        while process.poll() is None:
            time.sleep(every)
            total = sum(_private(p) for p in _processes(root) if p.pid != process.pid)
            here = _private(psutil.Process(process.pid)) if process.poll() is None else 0
            memory.append((round(time.monotonic() - start, 1), here // MIB, total // MIB))
            done = len(list((root / ".course" / ASSIGNMENT).glob(f"*/{STEM}.json")))
            print(f"\r{done} of {count}  {memory[-1]} MiB ", end="", file=sys.stderr, flush=True)
        seconds = time.monotonic() - start
        print(file=sys.stderr)
        time.sleep(1)
        after = traces(root)
        graded = len(list((root / "autograded").glob(f"*/{ASSIGNMENT}/{STEM}.ipynb")))
        steady = [row for row in memory if row[1]]
        tenth = max(1, len(steady) // 10)
        return {
            "exit code": process.returncode,
            "submissions": count,
            "graded": graded,
            "seconds": round(seconds, 1),
            "the writer's MiB after a tenth, at the end": [steady[tenth][1], steady[-1][1]],
            "others' MiB, most in the first tenth, most in the last": [
                max(row[2] for row in steady[: tenth + 1]),
                max(row[2] for row in steady[-tenth:]),
            ],
            "left": {name: after[name] - before[name] for name in after},
        }


# --- Killed ---------------------------------------------------------------------------------------


def exported(root: Path) -> list[dict[str, str]]:
    """Return what `nbgrader export` says of the scores."""
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "export", "--to", "scores.csv"],
        cwd=root,
        check=True,
        capture_output=True,
    )
    with (root / "scores.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return sorted(
        ({k: v for k, v in row.items() if k != "timestamp"} for row in rows),
        key=lambda row: row["student_id"],
    )


def killed(kills: int, count: int, workers: int, seed: int) -> dict[str, Any]:
    """Kill the grader at random moments, run it again, and compare what is exported."""
    with class_of(count, "killed") as root:
        start = time.monotonic()
        assert grading(root, workers).wait() == 0
        seconds = time.monotonic() - start
        wanted = exported(root)
    chance = random.Random(seed)
    moments = sorted(chance.uniform(0.5, seconds) for _ in range(kills))
    same: list[bool] = []
    left: list[int] = []
    gone: list[float] = []
    for moment in moments:
        with class_of(count, "killed") as root:
            process = grading(root, workers)
            time.sleep(moment)
            process.send_signal(signal.SIGKILL)
            process.wait()
            killed_at = time.monotonic()
            while _processes(root) and time.monotonic() < killed_at + 30:
                time.sleep(0.1)
            gone.append(round(time.monotonic() - killed_at, 1))
            left.append(len(_processes(root)))
            assert grading(root, workers).wait() == 0, (root / "terminal").read_text()
            same.append(exported(root) == wanted)
        print(f"killed after {moment:.1f} s: {'same' if same[-1] else 'OTHER'}", file=sys.stderr)
    return {
        "kills": kills,
        "submissions": count,
        "seed": seed,
        "an undisturbed run, seconds": round(seconds, 1),
        "moments": [round(moment, 1) for moment in moments],
        "same scores": sum(same),
        "seconds until its processes are gone": gone,
        "processes left after 30 s": left,
    }


def main() -> None:
    """Run what is asked for and print it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--submissions", type=int, default=0)
    parser.add_argument("--kills", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = circumstances("nbgrader", "numpy", "matplotlib")
    if options.submissions <= 0 and options.kills <= 0:
        parser.error("say --submissions N or --kills N")
    if options.submissions:
        found["many"] = many(options.submissions, options.workers)
    if options.kills:
        found["killed"] = killed(options.kills, 12, options.workers, options.seed)
    text = json.dumps(found, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text + "\n", "utf-8")


if __name__ == "__main__":
    main()
