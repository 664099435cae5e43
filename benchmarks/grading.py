"""How fast submissions are graded: stock nbgrader and this course, the same notebooks, one run.

    python benchmarks/grading.py [--submissions 20] [--only torch] [--skip-stock] [--skip-floor]
                                   [--json FILE]

Three notebooks: the course's own `1_linear_filters` and `2_deep_networks`, and `1_two_moons` with
torch, which lies in `benchmarks/torch_course/` like a part of the checkout. For each, in throwaway
folders,

- stock nbgrader makes the release and grades with `nbgrader autograde`, without a configuration:
  every submission gets a kernel, and the hidden tests run in it;
- `course grade` grades with two workers, once before stock nbgrader and once after it, since the
  speed of a machine drifts; then once more with nothing changed, then everything anew with one
  worker;
- one warm process executes the same cells, which is the floor below which no grader gets that
  draws every picture. It computes in one thread: more of them only slow small networks down.

Everything runs on two cores. CPU time and memory are those of all processes that a command starts
(`measured.py`). Scores are compared with what every submission must get.
"""

import argparse
import json
import os
import platform
import shlex
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import samples
from samples import Sample, Submission

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
CORES = 2
SECRET = "the benchmark's hidden inputs are the same in every run\n"
PACKAGES = (
    *("nbgrader", "nbclient", "ipykernel", "ipython", "jupyter_client", "numpy", "scipy"),
    *("scikit-learn", "matplotlib", "torch"),
)

# What `course grade` imports before it does anything.
IMPORTED = ("autograder.cli", "autograder.grade", "autograder.pages", "autograder.gradebook")

BUSY = 0.5
"""A load before the run above which its times mean little."""

REUSE_BAR = 2.0
OVERHEAD_BAR, OVERHEAD_AIM = 0.5, 0.25


@dataclass(frozen=True)
class Subject:
    """A notebook to grade.

    Parameters
    ----------
    assignment, stem : where it is.
    samples : makes the ways to answer of the module `examples/make_submissions.py`.
    overlay : a folder laid over a copy of the checkout, in the place of the course's notebooks.
    bar, aim : how many times faster than stock grading must and should be.
    """

    assignment: str
    stem: str
    samples: Callable[[Any], list[Sample]]
    overlay: Path | None
    bar: float
    aim: float


SUBJECTS = {
    "numpy": Subject("a1_filtering", "1_linear_filters", samples.linear_filters, None, 6.0, 10.0),
    "torch": Subject(
        "a9_torch", "1_two_moons", samples.two_moons, HERE / "torch_course", 12.0, 20.0
    ),
    "networks": Subject("a4_convnets", "2_deep_networks", samples.deep_networks, None, 12.0, 20.0),
}


@dataclass
class Measured:
    """What a command took. `peak` is in bytes; `complaints` say which scores are not right."""

    command: str
    submissions: int
    code: int = 0
    wall: float = 0.0
    cpu: float = 0.0
    cpu_waited_for: float = 0.0
    cpu_seen: float = 0.0
    cpu_from: str = ""
    peak: int = 0
    memory: str = ""
    outlived: int = 0
    lingered: float = 0.0
    failure: str = ""
    complaints: list[str] = field(default_factory=list)


@dataclass
class Floor:
    """What one warm process took for all submissions, in seconds; `cells` are means by cell."""

    wall: float
    cpu: float
    drawing: float
    cells: dict[str, float]
    errors: dict[str, int]


@dataclass
class Findings:
    """Everything measured of one notebook."""

    stock: Measured | None = None
    ours: Measured | None = None
    before: Measured | None = None
    """Ours before stock was measured: a machine is not equally fast all the time."""
    alone: Measured | None = None
    """Ours with one worker."""
    again: Measured | None = None
    """Ours once more, nothing changed."""
    floor: Floor | None = None
    floor_with_tests: Floor | None = None

    def runs(self) -> list[Measured]:
        """Return what was measured of graders, in the order in which it was."""
        runs = (self.before, self.stock, self.ours, self.again, self.alone)
        return [run for run in runs if run is not None]

    def ratio(self) -> float | None:
        """Return how many times faster than stock ours is."""
        # Stock nbgrader ends with an error if it gives up a submission; it has tried them all.
        if self.stock is None or self.ours is None or self.ours.failure:
            return None
        runs = [run.wall for run in (self.before, self.ours) if run is not None and run.wall]
        return self.stock.wall * len(runs) / sum(runs)

    def overhead(self, floor: Floor | None, *, drawing: bool = True) -> float | None:
        """Return the seconds a notebook that one worker takes beyond executing its cells."""
        if floor is None or self.alone is None or self.alone.failure:
            return None
        least = floor.wall if drawing else floor.wall - floor.drawing
        return (self.alone.wall - least) / self.alone.submissions


# --- Folders --------------------------------------------------------------------------------------


def copy_checkout(to: Path) -> None:
    """Copy the files of the checkout that git knows or would know."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)


def lay_over(overlay: Path, code: Path) -> None:
    """Put the notebooks of an overlay in the place of the course's own."""
    for wing in ("assignments", "source", "release"):
        shutil.rmtree(code / wing, ignore_errors=True)
    for wing in ("reference", "checks", "widgets"):
        _empty(code / "course_utils" / wing)
    for wing in ("hidden", "variants"):
        _empty(code / "autograder" / wing)
    for part in ("assignments", "course_utils", "autograder"):
        shutil.copytree(overlay / part, code / part, dirs_exist_ok=True)


def _empty(wing: Path) -> None:
    for path in wing.glob("*.*"):
        if path.name not in ("__init__.py", "py.typed"):
            path.unlink()


@cache
def environment(code: Path) -> dict[str, str]:
    """Return the environment of every measured command: this copy, and nobody's settings."""
    bare = code.parent / "no-settings"
    bare.mkdir(exist_ok=True)
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return kept | {
        "PYTHONPATH": str(code),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "JUPYTER_CONFIG_DIR": str(bare),
        "COLUMNS": "200",
    }


def prepare(subject: Subject, code: Path) -> None:
    """Make a copy of the checkout to measure, with the subject built and proven."""
    code.mkdir(parents=True)
    copy_checkout(code)
    if subject.overlay is not None:
        lay_over(subject.overlay, code)
        tell(f"building and proving {subject.assignment}")
        for command in ("build", "proof"):
            call(course(command), code, code)
    quietly = [sys.executable, "-m", "compileall", "-q", "course_utils", "autograder"]
    call(quietly, code, code)


def call(command: list[str], code: Path, folder: Path) -> str:
    """Run a command that is not measured, and return what it prints."""
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(code),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{shlex.join(command)} fails:\n{done.stdout.strip()[-3000:]}")
    return done.stdout


def course(*arguments: str) -> list[str]:
    """Return the command line of `course`."""
    return [sys.executable, "-m", "autograder.cli", *arguments]


# --- The graders ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bench:
    """A subject, the copy of the checkout that grades it, and where throwaway folders go."""

    subject: Subject
    code: Path
    work: Path
    count: int

    def submit(self, folder: Path, run: str) -> list[Submission]:
        """Hand everything in."""
        name, stem = self.subject.assignment, self.subject.stem
        release = nbformat.read(folder / "release" / name / f"{stem}.ipynb", as_version=4)
        made = list(self._made(release, run))
        for submission in made:
            path = folder / "submitted" / submission.student / name / f"{stem}.ipynb"
            path.parent.mkdir(parents=True)
            nbformat.write(submission.notebook, path)
        return made

    def _made(self, release: Any, run: str) -> Iterable[Submission]:
        known = samples.examples(self.code)
        answers = known.perfect_answers(self._source())
        return samples.submissions(self.subject.samples(known), release, answers, self.count, run)

    def _source(self) -> Any:
        name = f"{self.subject.stem}.ipynb"
        return nbformat.read(self.code / "source" / self.subject.assignment / name, as_version=4)

    def stock(self) -> Measured:
        """Let stock nbgrader grade."""
        folder = self._folder("stock", ("source",))
        make = [sys.executable, "-m", "nbgrader", "generate_assignment", self.subject.assignment]
        call([*make, "--create"], self.code, folder)
        made = self.submit(folder, "stock")
        command = [sys.executable, "-m", "nbgrader", "autograde", self.subject.assignment]
        return self._graded(command, folder, made)

    def ours(self, run: str, workers: list[str]) -> tuple[Measured, Measured]:
        """Let the course grade; return what that took, and what it took once more."""
        folder = self._folder(run, ("assignments", "source", "release"))
        shutil.copy(self.code / "nbgrader_config.py", folder)
        (folder / "course_secret").write_text(SECRET, "ascii")
        (folder / "course_secret").chmod(0o600)
        # As for stock nbgrader, the gradebook is there before the clock starts.
        call(course("release", self.subject.assignment, "--root", str(folder)), self.code, folder)
        made = self.submit(folder, run)
        command = course("grade", self.subject.assignment, *workers, "--root", str(folder))
        first = self._graded(command, folder, made)
        if first.failure:
            return first, Measured(first.command, self.count, failure="not tried")
        return first, self._graded(command, folder, made)

    def _folder(self, run: str, wings: tuple[str, ...]) -> Path:
        folder = self.work / run
        for wing in wings:
            shutil.copytree(
                self.code / wing / self.subject.assignment, folder / wing / self.subject.assignment
            )
        return folder

    def _graded(self, command: list[str], folder: Path, made: list[Submission]) -> Measured:
        found = measured(command, self.code, folder, len(made))
        if (folder / "gradebook.db").exists():
            found.complaints = complaints(folder, self.subject, made)
        return found

    def floor(self) -> tuple[Floor, Floor]:
        """Execute all cells in one warm process; then with the hidden tests in the test cells."""
        release = nbformat.read(
            self.code / "release" / self.subject.assignment / f"{self.subject.stem}.ipynb",
            as_version=4,
        )
        tests = {
            cell.id: cell.source
            for cell in self._source().cells
            if cell.metadata.get("nbgrader", {}).get("grade") and cell.cell_type == "code"
        }
        notebooks = [
            [[cell.id, cell.source] for cell in submission.notebook.cells if is_code(cell)]
            for submission in self._made(release, "floor")
        ]
        with_tests = [[[n, tests.get(n, s)] for n, s in cells] for cells in notebooks]
        folder = self.work / "floor"
        folder.mkdir()
        task, result = self.work / "task.json", self.work / "floor.json"
        task.write_text(json.dumps({"cells": notebooks, "with tests": with_tests}), "utf-8")
        script = [sys.executable, str(HERE / "floor.py"), str(task), str(result)]
        call(["env", "OMP_NUM_THREADS=1", *script], self.code, folder)
        found = json.loads(result.read_text("utf-8"))
        return summed(found["cells"]), summed(found["with tests"])

    def start_up(self) -> dict[str, float]:
        """Return what it costs to begin: the help, and what `course grade` imports."""
        there = [name for name in IMPORTED if (self.code / f"{name.replace('.', '/')}.py").exists()]
        commands = {
            "course --help": course("--help"),
            "imports": [sys.executable, "-c", f"import {', '.join(there)}"],
        }
        return {
            name: statistics.median(self._seconds(command) for _ in range(3))
            for name, command in commands.items()
        }

    def _seconds(self, command: list[str]) -> float:
        begin = time.perf_counter()
        call(command, self.code, self.work)
        return time.perf_counter() - begin


def is_code(cell: Any) -> bool:
    """Tell whether a cell holds code."""
    return bool(cell.cell_type == "code")


def summed(notebooks: list[dict[str, Any]]) -> Floor:
    """Add up what the notebooks of a pass took."""
    names = {name: None for notebook in notebooks for name in notebook["cells"]}
    errors: dict[str, int] = {}
    for notebook in notebooks:
        for name, error in notebook["errors"].items():
            key = f"{name}: {error}"
            errors[key] = errors.get(key, 0) + 1
    return Floor(
        wall=sum(notebook["wall"] for notebook in notebooks),
        cpu=sum(notebook["cpu"] for notebook in notebooks),
        drawing=sum(notebook["drawing"] for notebook in notebooks),
        cells={
            name: statistics.mean(n["cells"][name] for n in notebooks if name in n["cells"])
            for name in names
        },
        errors=errors,
    )


def measured(command: list[str], code: Path, folder: Path, count: int) -> Measured:
    """Run a command under `measured.py`."""
    shown = shlex.join(["python", *command[1:]])
    tell(shown)
    log, result = folder.with_suffix(".log"), folder.with_suffix(".json")
    result.unlink(missing_ok=True)
    script = [sys.executable, str(HERE / "measured.py"), str(result), str(log), *command]
    running = subprocess.Popen(script, cwd=folder, env=environment(code))
    try:
        running.wait()
    except BaseException:
        # The wrapper ends what it has started.
        running.terminate()
        running.wait(30)
        raise
    if not result.exists():
        return Measured(shown, count, failure="measuring it was interrupted")
    found = Measured(shown, count, **json.loads(result.read_text("utf-8")))
    if found.code:
        found.failure = f"it ends with {found.code}"
        tell(f"{found.failure}: {log.read_text('utf-8', 'replace').strip()[-3000:]}")
    return found


def complaints(folder: Path, subject: Subject, made: list[Submission]) -> list[str]:
    """Compare a gradebook with what every submission must get; return a sentence per question."""
    from nbgrader.api import Gradebook

    wrong = {submission.student: submission.wrong for submission in made}
    found: dict[str, list[str]] = {}
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        graded = {s.student.id: s for s in gradebook.assignment_submissions(subject.assignment)}
        for student, losing in wrong.items():
            if student not in graded:
                found.setdefault("There is no submission in the gradebook", []).append(student)
                continue
            notebooks = [n for n in graded[student].notebooks if n.name == subject.stem]
            for grade in (g for n in notebooks for g in n.grades):
                if grade.cell.cell_type != "code":
                    continue
                full = grade.auto_score is not None and grade.auto_score >= grade.max_score - 1e-9
                if full == (grade.name in losing):
                    what = "full marks for a wrong" if full else f"{grade.auto_score} for a right"
                    found.setdefault(f"{grade.name}: {what} answer", []).append(student)
    return [f"{sentence}: {', '.join(students)}" for sentence, students in found.items()]


# --- The run --------------------------------------------------------------------------------------


def examine(subject: Subject, work: Path, options: argparse.Namespace) -> tuple[Findings, Any]:
    """Measure everything of one subject."""
    code = work / "checkout"
    prepare(subject, code)
    bench = Bench(subject, code, work, options.submissions)
    findings = Findings()
    extra = shlex.split(options.arguments)
    if not options.skip_stock:
        findings.before, _ = bench.ours("ours-0", ["--workers", str(CORES), *extra])
        findings.stock = bench.stock()
    findings.ours, findings.again = bench.ours("ours-2", ["--workers", str(CORES), *extra])
    if not options.skip_floor:
        findings.alone, _ = bench.ours("ours-1", ["--workers", "1", *extra])
        tell("executing the cells in one warm process")
        findings.floor, findings.floor_with_tests = bench.floor()
    return findings, bench.start_up()


_BEGAN = time.perf_counter()


def tell(sentence: str) -> None:
    """Say on stderr what is going on."""
    print(f"[{time.perf_counter() - _BEGAN:6.1f} s] {sentence}", file=sys.stderr, flush=True)


def hardware() -> dict[str, Any]:
    """Describe the machine."""
    model, memory = platform.processor(), 0
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text("utf-8").splitlines()
        model = next((x.split(":")[1].strip() for x in lines if x.startswith("model name")), model)
    if hasattr(os, "sysconf"):
        memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": model,
        "cores used": CORES,
        "memory": memory,
        "system": platform.platform(),
    }


def load() -> float:
    """Return how many processes wanted to run in the last minute, 0 where the system is silent."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def versions() -> dict[str, str]:
    """Return the versions of everything that matters."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return {
        "commit": commit.stdout.strip(),
        "python": platform.python_version(),
        **{name: version(name) for name in PACKAGES},
    }


# --- The table ------------------------------------------------------------------------------------


def judged(value: float | None, bar: float, aim: float, *, low: bool = False) -> str:
    """Write a value beside its bar and its aim."""
    if value is None:
        return "   not measured"
    sign = -1.0 if low else 1.0
    if sign * value >= sign * aim:
        word = "reaches the aim"
    else:
        word = "passes" if sign * value >= sign * bar else "FAILS"
    return f"{value:7.2f}   (bar {bar:g}, aim {aim:g}): {word}"


def table(found: dict[str, Findings], start: dict[str, dict[str, float]], count: int) -> str:
    """Write everything down, the ratios first."""
    lines = [
        "Stock nbgrader's wall time over ours (mean of a run before it and one after it), "
        f"{count} submissions, {CORES} cores"
    ]
    for name, findings in found.items():
        subject = SUBJECTS[name]
        lines.append(f"  {name}  {judged(findings.ratio(), subject.bar, subject.aim)}")
    lines += ["", "Seconds a notebook that one worker takes beyond executing its cells"]
    for name, findings in found.items():
        value = findings.overhead(findings.floor)
        lines.append(f"  {name}  {judged(value, OVERHEAD_BAR, OVERHEAD_AIM, low=True)}")
        lines += [
            f"         {other:7.2f}   {what}"
            for other, what in (
                (findings.overhead(findings.floor, drawing=False), "beyond them without drawing"),
                (findings.overhead(findings.floor_with_tests), "beyond them and the hidden tests"),
            )
            if other is not None
        ]
    lines += ["", *_reuse(found, start), "", *_rows(found), ""]
    lines += [line for name, findings in found.items() for line in _remarks(name, findings)]
    return "\n".join(lines).rstrip()


def _reuse(found: dict[str, Findings], start: dict[str, dict[str, float]]) -> list[str]:
    runs = {n: f.again for n, f in found.items() if f.again is not None and not f.again.failure}
    if not runs:
        return ["The rerun was not measured."]
    lines = []
    for name, again in runs.items():
        parts = ", ".join(f"{what} alone {seconds:.2f} s" for what, seconds in start[name].items())
        lines.append(
            f"  {name}  {again.wall:7.2f}   in all, {again.submissions} submissions; {parts}"
        )
    beyond = sum(again.wall - start[name]["imports"] for name, again in runs.items())
    word = "passes" if beyond <= REUSE_BAR else "FAILS"
    total = sum(again.submissions for again in runs.values())
    return [
        f"Ours once more with nothing changed: seconds beyond its imports, {total} submissions",
        f"         {beyond:7.2f}   (bar {REUSE_BAR:g} for 40): {word}",
        *lines,
    ]


def _rows(found: dict[str, Findings]) -> list[str]:
    head = f"{'':34}{'wall s':>9}{'s each':>8}{'CPU s each':>12}{'peak MiB':>10}  scores"
    lines = [head]
    for name, findings in found.items():
        runs = {
            f"ours, {CORES} workers, before": findings.before,
            "stock nbgrader": findings.stock,
            f"ours, {CORES} workers, after": findings.ours,
            "ours again, nothing changed": findings.again,
            "ours, 1 worker": findings.alone,
        }
        for what, run in runs.items():
            if run is not None:
                lines.append(f"{name}  {what:27}{_row(run)}")
        for what, floor in (
            ("warm process", findings.floor),
            ("  with hidden tests", findings.floor_with_tests),
        ):
            if floor is not None and findings.ours is not None:
                n = findings.ours.submissions
                numbers = f"{floor.wall:9.2f}{floor.wall / n:8.3f}{floor.cpu / n:12.2f}"
                lines.append(f"{name}  {what:27}{numbers}{'':10}  drawing {floor.drawing / n:.3f}")
    return lines


def _row(run: Measured) -> str:
    n = run.submissions
    scores = "as they must be" if not run.complaints else "NOT as they must be, see below"
    if run.failure:
        scores = f"{run.failure}; {scores}"
    numbers = f"{run.wall:9.2f}{run.wall / n:8.3f}{run.cpu / n:12.2f}"
    return f"{numbers}{run.peak / 2**20:10.0f}  {scores}"


def _remarks(name: str, findings: Findings) -> list[str]:
    lines = []
    for run in findings.runs():
        where = f"{name}, {run.command.split(' --root')[0]}"
        lines += [f"{where}: {complaint}" for complaint in run.complaints]
        if run.outlived:
            lines.append(
                f"{where}: {run.outlived} processes outlived it by {run.lingered:.1f} s; counted."
            )
        if run.cpu_from == "rusage":
            lines.append(f"{where}: CPU time is what was seen of the processes, a lower bound.")
        if run.memory == "RSS":
            lines.append(f"{where}: memory is RSS, which counts shared pages several times.")
    if findings.floor is not None:
        costly = sorted(findings.floor.cells.items(), key=lambda item: -item[1])[:6]
        listed = ", ".join(f"{cell} {1000 * seconds:.0f} ms" for cell, seconds in costly)
        lines.append(f"{name}, the cells that cost most in a warm process: {listed}.")
    return lines


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--submissions", type=int, default=20, help="of each notebook")
    parser.add_argument("--only", choices=tuple(SUBJECTS), help="measure one of the notebooks")
    parser.add_argument("--skip-stock", action="store_true", help="measure no stock nbgrader")
    parser.add_argument(
        "--skip-floor", action="store_true", help="measure neither one worker nor a warm process"
    )
    parser.add_argument("--json", type=Path, help="write everything measured here")
    parser.add_argument("--arguments", default="", help="more arguments for `course grade`")
    options = parser.parse_args()
    if options.submissions < 1:
        parser.error("--submissions must be at least 1")
    return options


def main() -> None:
    """Measure and print."""
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:CORES])
    before = load()
    document: dict[str, Any] = {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "hardware": hardware(),
        "load before": before,
        "versions": versions(),
        "seeds": {
            "hidden inputs": f"course_secret = {SECRET.strip()!r}",
            "stock's hidden inputs": "the public secret of autograder.grading.seeds",
        },
        "submissions": options.submissions,
        "arguments": options.arguments,
    }
    found: dict[str, Findings] = {}
    start: dict[str, dict[str, float]] = {}
    try:
        with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as scratch:
            for name, subject in SUBJECTS.items():
                if options.only in (None, name):
                    found[name], start[name] = examine(subject, Path(scratch) / name, options)
    except KeyboardInterrupt:
        sys.exit("Interrupted; the throwaway folders are gone.")
    print(table(found, start, options.submissions))
    if before > BUSY:
        print(f"\nOthers were at work here at the beginning (load {before:.1f}): measure again.")
    document["ratio"] = {name: findings.ratio() for name, findings in found.items()}
    document["start-up"] = start
    document["found"] = {name: asdict(findings) for name, findings in found.items()}
    if options.json is not None:
        options.json.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    if any(run.failure for findings in found.values() for run in findings.runs()):
        sys.exit(1)


if __name__ == "__main__":
    main()
