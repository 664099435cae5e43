"""The command `course`: parses, calls, prints."""

import errno
import shutil
import signal
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

# jsonschema, which comes with every notebook library, builds a grammar of internationalised
# addresses when it can import this: two seconds for something that no notebook holds.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

from autograder.course import Assignment, Course  # noqa: E402
from autograder.errors import CourseError  # noqa: E402

if TYPE_CHECKING:
    from autograder.grade import Order
    from autograder.sandbox.kernels import Way

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Build, prove and grade the notebooks of the course.",
)
new = typer.Typer(no_args_is_help=True, help="Scaffold an exercise or a notebook.")
app.add_typer(new, name="new")

# Wide enough for the table of scores when the output goes to a file.
_WIDTH = None if sys.stdout.isatty() else 160
out = Console(width=_WIDTH, highlight=False, soft_wrap=False)
err = Console(stderr=True, highlight=False, soft_wrap=True)

Root = Annotated[Path, typer.Option("--root", help="The course's folder.")]
HERE = Path()


_INTERRUPTED = 130


def main() -> None:
    """Run the command; what goes wrong outside of it is one sentence and a non-zero exit."""
    # Ended by a terminal that closes or a job that is cancelled: clean up as for Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        app()
    except CourseError as error:
        _stop(str(error))
    except (KeyboardInterrupt, SystemExit) as stop:
        # Typer turns an interruption into an exit with this code, and says nothing.
        if isinstance(stop, SystemExit) and stop.code != _INTERRUPTED:
            raise
        # The other commands do their work whole.
        kept = "what was finished is kept. Run the command again to go on."
        anew = "run the command again to begin anew."
        _stop(f"Interrupted; {kept if sys.argv[1:2] == ['grade'] else anew}", _INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:
        _stop(_explained(error))


def _stop(sentence: str, code: int = 1) -> None:
    err.print(sentence, style="bold red", markup=False)
    sys.exit(code)


def _explained(error: OSError) -> str:
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"The disk is full{where}; make room and run the command again."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"No permission to write or read{where}; change it and run the command again."
    return f"{error.strerror or error}{where}."


@app.command()
def build(
    root: Root = HERE,
    check: Annotated[
        bool, typer.Option("--check", help="Only compare with what is there; run nothing.")
    ] = False,
) -> None:
    """Make source/ and release/ from assignments/."""
    from autograder import build as builder

    course = Course.at(root)
    if not check:
        builder.build(course, out.print)
        out.print(f"Built {len(course.notebooks)} notebooks in source/ and release/.")
        return
    differing = builder.check(course)
    if differing:
        raise CourseError(f"{', '.join(differing)} is not what the text makes; run `course build`.")
    out.print(f"{len(course.notebooks)} notebooks are what the text makes.")


@app.command()
def release(assignment: str, root: Root = HERE) -> None:
    """Register an assignment in the course's gradebook, ready to hand out."""
    from autograder import gradebook

    found = Course.at(root).assignment(assignment)
    gradebook.register(found, anew=True)
    out.print(f"{assignment} is in the gradebook; hand out release/{assignment}.")


@app.command()
def grade(
    assignment: Annotated[str, typer.Argument(help="The assignment; not needed to explain.")] = "",
    student: Annotated[str, typer.Option("--student", help="Only this student.")] = "",
    question: Annotated[str, typer.Option(help="Grade this question again, for everybody.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Grade everything again.")] = False,
    workers: Annotated[
        int, typer.Option(min=0, help="Processes to grade with; 0: one for each processor.")
    ] = 0,
    no_sandbox: Annotated[
        bool, typer.Option("--no-sandbox", help="Run students' code with your rights.")
    ] = False,
    cold: Annotated[
        bool, typer.Option("--cold", help="Start every kernel anew, under bubblewrap.")
    ] = False,
    explain: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="STUDENT QUESTION", help="Show what a verdict came from."),
    ] = None,
    root: Root = HERE,
) -> None:
    """Grade the submissions of an assignment, write feedback and the class page."""
    from autograder.grade import Order

    course = Course.at(root)
    way: Way | None = "none" if no_sandbox else "bubblewrap" if cold else None
    if explain is not None:
        _explain(course, *explain, way)
        return
    if not assignment:
        names = ", ".join(known.name for known in course.assignments)
        raise CourseError(f"Which assignment? There are: {names}.")
    order = Order(student, question, force, workers, way)
    _grade(course.assignment(assignment), order)


@app.command()
def feedback(assignment: str, root: Root = HERE) -> None:
    """Write feedback and the class page anew, after reading by hand."""
    _show(Course.at(root).assignment(assignment), anew=True)


@app.command()
def report(assignment: str, root: Root = HERE) -> None:
    """Print everybody's points."""
    from autograder import gradebook
    from autograder.submissions import students

    found = Course.at(root).assignment(assignment)
    out.print(_score_table(gradebook.reports(found, students(found))))
    _warn_of_strays(found.course)


def _grade(assignment: Assignment, order: "Order") -> None:
    from autograder import grade as grader

    with _progress("Grading") as progress:
        graded = grader.grade(assignment, order, progress)
    for name, reason in graded.failed.items():
        err.print(f"{name}: {reason}", style="red", markup=False)
    _show(assignment, graded.failed)
    count = len(graded.executed)
    out.print(f"Notebooks graded: {count}; the others are unchanged." if count else "Unchanged.")
    for change in graded.changes:
        out.print(
            f"Changed: {change.student} {change.question} {change.before:g} -> {change.after:g}",
            markup=False,
        )
    if graded.failed:
        raise CourseError(f"Not graded: {', '.join(graded.failed)}.")


_MOST_STRAYS = 10


def _warn_of_strays(course: Course) -> None:
    from autograder.submissions import misplaced

    strays = misplaced(course)
    for sentence in strays[:_MOST_STRAYS]:
        err.print(sentence, style="yellow", markup=False)
    if len(strays) > _MOST_STRAYS:
        more = len(strays) - _MOST_STRAYS
        err.print(f"{more} more are not graded; the class page names them.", style="yellow")


def _show(assignment: Assignment, failed: Collection[str] = (), *, anew: bool = False) -> None:
    from autograder.pages import write_pages

    reports = write_pages(assignment, failed, anew=anew)
    pages = assignment.course.root / "feedback"
    out.print(_score_table(reports))
    _warn_of_strays(assignment.course)
    lines = (
        f"Feedback:   {pages}/<student>/{assignment.name}/",
        f"Class page: {pages / f'{assignment.name}.html'}",
    )
    for line in lines:
        out.print(line, soft_wrap=True, markup=False)


@contextmanager
def _progress(title: str) -> Iterator[Callable[[int, int, str], None]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(title, total=None)

        def show(done: int, total: int, what: str) -> None:
            bar.update(task, completed=done, total=total, description=escape(f"{title} {what}"))

        yield show


def _explain(course: Course, student: str, question: str, way: "Way | None") -> None:
    from autograder.explain import explain
    from autograder.grading.workers import limit_memory

    limit_memory()
    for line in explain(course, student, question, way):
        out.print(line, markup=False, soft_wrap=True)


@app.command()
def doctor() -> None:
    """Say what isolation this machine can give to students' code, and why not more."""
    from autograder.sandbox import doctor as sandbox

    findings = list(sandbox.examine())
    for finding in findings:
        name = {"template": "warm start, own namespaces", "bubblewrap": "cold start, bubblewrap"}
        state = "works" if finding.works else f"does not work: {finding.reason}"
        out.print(f"{name[finding.way]}: {state}", markup=False, soft_wrap=True)
    if not any(finding.works for finding in findings):
        raise CourseError(
            "There is no sandbox here, so `course grade` refuses. With --no-sandbox students' code "
            "runs as you: do that only on a machine, or as a user, with nothing to lose."
        )
    best = next(finding.way for finding in findings if finding.works)
    out.print(f"files beside a kernel's sockets: {sandbox.beside_the_sockets()}")
    out.print(f"Grading uses: {name[best]}.")


_MOST_NAMED = 5


def _missed(scores: list[Any]) -> str:
    """Return which questions have less than their points; of many without any, the number."""
    missed = [s for s in scores if s.awarded < s.points and not s.by_hand]
    nothing = [s for s in missed if not s.awarded]
    many = len(nothing) > _MOST_NAMED
    named = [s for s in missed if s.awarded or not many]
    words = [f"{s.question} {s.awarded:g}/{s.points:g}" for s in named]
    return ", ".join(words + [f"nothing for {len(nothing)} of {len(scores)} questions"] * many)


def _score_table(reports: list[Any]) -> Table:
    table = Table(show_lines=False, pad_edge=False)
    table.add_column("student", no_wrap=True)
    table.add_column(f"points\nof {sum(s.points for s in reports[0].scores):g}", justify="right")
    table.add_column("answers\nto read", justify="right")
    table.add_column("questions without full points", overflow="fold", ratio=1)
    table.add_column("to look at", overflow="fold", ratio=1)
    for made in reports:
        # Students' words are text, never markup.
        table.add_row(
            escape(made.student),
            f"{made.total:g}",
            str(sum(s.by_hand for s in made.scores)),
            _missed(made.scores),
            escape(" ".join(made.remarks)),
        )
    return table


@app.command()
def attacks(
    names: Annotated[list[str] | None, typer.Argument(help="Entries of the corpus.")] = None,
    sample: Annotated[bool, typer.Option("--sample", help="The few that CI runs.")] = False,
    stock: Annotated[
        bool, typer.Option("--stock", help="Grade with stock nbgrader, to compare.")
    ] = False,
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the board here.")] = None,
    workers: Annotated[int, typer.Option(min=0, help="As for `course grade`.")] = 0,
    cold: Annotated[bool, typer.Option("--cold", help="As for `course grade`.")] = False,
    root: Root = HERE,
) -> None:
    """Grade a corpus of hostile submissions and print what each of them got."""
    import json

    from autograder import attacks as corpus
    from autograder.files import write_text

    course = Course.at(root)
    chosen = [*(names or ()), *(corpus.sample(course) if sample else ())]
    arguments = [f"--workers={workers}", *(["--cold"] if cold else [])]
    outcomes = corpus.run(course, names=chosen, stock=stock, arguments=arguments, tell=err.print)
    out.print(corpus.scoreboard(outcomes))
    if json_file is not None:
        document = [outcome.model_dump() for outcome in outcomes]
        write_text(json_file, json.dumps(document, indent=1) + "\n")
    if not stock and not all(outcome.ok for outcome in outcomes):
        raise CourseError("Some attacks had an effect, or an honest submission was wronged.")


@app.command()
def proof(
    question: Annotated[str, typer.Argument(help="An exercise; all if none is named.")] = "",
    json_file: Annotated[Path | None, typer.Option("--json", help="Write the table here.")] = None,
    root: Root = HERE,
) -> None:
    """Print the kill table: who must get full marks gets them, who must not does not."""
    import json

    from autograder import proof as prover
    from autograder.build import check_course
    from autograder.files import write_text

    course = Course.at(root)
    check_course(course)
    proofs = []
    for proven in prover.prove(course, question):
        proofs.append(proven)
        out.print(_proof_table(proven))
    complaints = [sentence for proven in proofs for sentence in proven.complaints()]
    share = prover.noticed(proofs)
    if not question and share < prover.MUTANTS_NOTICED:
        complaints.append(f"Only {share:.1%} of all mutants are noticed.")
    out.print(_proof_summary(proofs, share))
    if json_file is not None:
        document = [proven.model_dump() for proven in proofs]
        write_text(json_file, json.dumps(document, indent=1) + "\n")
    if complaints:
        raise CourseError("\n".join(complaints))


def _proof_table(proven: Any) -> Table:
    table = Table(title=f"{proven.question} ({proven.points:g})", title_justify="left")
    table.add_column("group")
    table.add_column("answer")
    table.add_column("points", justify="right")
    table.add_column("")
    for contestant in proven.contestants:
        if contestant.group == "mutant" and contestant.good and not contestant.explained:
            continue
        remark = contestant.explained or ("minor" if contestant.minor else "")
        if contestant.recognised and contestant.recognised != contestant.name:
            remark = f"{remark} looks like {contestant.recognised}".strip()
        verdict = "" if contestant.good else "[bold red]not as it must be[/] "
        name, points = escape(contestant.name), f"{contestant.points:g}"
        table.add_row(contestant.group, name, points, verdict + escape(remark))
    killed = len(proven.of("mutant")) - len(proven.survivors)
    table.caption = f"{killed} of {len(proven.of('mutant'))} mutants noticed"
    table.caption_justify = "left"
    return table


def _proof_summary(proofs: list[Any], share: float) -> str:
    def count(*groups: Any) -> int:
        return sum(len(proven.of(*groups)) for proven in proofs)

    return (
        f"{len(proofs)} exercises: {count('wrong')} wrong and {count('right')} right variants, "
        f"{count('blind wrong')} wrong and {count('blind right')} right blind answers, "
        f"{count('mutant')} mutants of which {share:.1%} are noticed."
    )


@app.command()
def kernel(
    prefix: Annotated[
        Path, typer.Option("--prefix", help="The environment to install it in.")
    ] = Path(sys.prefix),
    root: Root = HERE,
) -> None:
    """Install a Jupyter kernel that runs in the sandbox, for any tool that speaks Jupyter."""
    from autograder.grading.boxes import install_kernel

    out.print(f"Installed {install_kernel(Course.at(root), prefix)}", soft_wrap=True)


@app.command()
def wheel(
    to: Annotated[Path, typer.Option("--to", help="Folder for the wheel.")] = Path("dist"),
    root: Root = HERE,
) -> None:
    """Build the students' wheel: course_utils without the reference."""
    from autograder.wheel import build_wheel

    out.print(f"Students install {build_wheel(Course.at(root).root, to)}", soft_wrap=True)


@app.command()
def demo(root: Root = HERE) -> None:
    """Build, release and grade the sample submissions in the folder demo/."""
    from autograder import build as builder
    from autograder.grade import Order
    from autograder.sandbox import doctor as sandbox

    here = Course.at(root).root
    folder = here / "demo"
    samples = here / "examples" / "submissions"
    if not samples.is_dir():
        raise CourseError(f"{samples} is missing; the demo needs the sample submissions.")
    for name in ("assignments", "submitted", "autograded", "feedback", ".course"):
        shutil.rmtree(folder / name, ignore_errors=True)
    shutil.copytree(here / "assignments", folder / "assignments")
    shutil.copytree(samples, folder / "submitted", ignore=shutil.ignore_patterns("*.yml", "*.md"))
    shutil.copy(here / "nbgrader_config.py", folder / "nbgrader_config.py")
    for old in folder.glob("gradebook.db*"):
        old.unlink()
    course = Course.at(folder)
    builder.build(course, out.print)
    safe = sandbox.best() is not None
    if not safe:
        # These submissions are the project's own.
        err.print("This machine gives no sandbox (`course doctor`); the samples run without one.")
    for assignment in course.assignments:
        _grade(assignment, Order(way=None if safe else "none"))


@new.command("exercise")
def new_exercise(
    name: str,
    notebook: Annotated[str, typer.Option("--in", help="The notebook that asks it.")],
    points: Annotated[float, typer.Option(help="What it is worth.")] = 4,
    root: Root = HERE,
) -> None:
    """Scaffold an exercise in every room of a notebook."""
    from autograder import scaffold

    course = Course.at(root)
    for path in scaffold.exercise(course, name, notebook, points):
        out.print(f"  {path.relative_to(course.root)}", soft_wrap=True)
    text = Course.at(root).find(name)
    file = text.assignment.file
    out.print(
        f"{text.stem} is worth {file.notebooks[text.stem]:g} points now, and "
        f"{text.assignment.name} {sum(file.notebooks.values()):g}. Every place in these files that "
        f"you have to write says {scaffold.MARK}. Then run `course proof {name}`, and "
        "`course build` for the notebooks.",
        soft_wrap=True,
    )


@new.command("notebook")
def new_notebook(
    name: str,
    assignment: Annotated[str, typer.Option("--in", help="The assignment it belongs to.")],
    root: Root = HERE,
) -> None:
    """Scaffold a notebook with one exercise."""
    from autograder import scaffold

    course = Course.at(root)
    for path in scaffold.notebook(course, name, assignment):
        out.print(f"  {path.relative_to(course.root)}", soft_wrap=True)
    out.print(
        f"Every place in these files that you have to write says {scaffold.MARK}. Then run "
        f"`course proof {name}_example`, and `course build` for the notebooks.",
        soft_wrap=True,
    )


if __name__ == "__main__":
    main()
