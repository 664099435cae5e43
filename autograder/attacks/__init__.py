"""Attacks the grader with hostile submissions, and says what came of each.

The corpus is `tests/attacks/`. An entry is a function that takes the perfect submission of a
student and changes it:

    @attack(deserves={"cross_correlate": 0})
    def numpy_testing(s: Submission) -> None:
        '''Replaces the assertions of numpy.testing by functions that never fail.'''

`run` builds a throwaway course full of canaries (a secret, another student's work, a file, an
environment variable, sockets that nobody must reach), hands the submissions in, grades them with
`course grade` as a process of its own, and compares points, pages, files and processes with what
they should be. The same corpus can be given to stock nbgrader, for comparison.
"""

import shutil
from collections.abc import Callable, Sequence

from autograder.attacks.damage import differences, fingerprints, litter
from autograder.attacks.entries import (
    Attack,
    Change,
    Submission,
    attack,
    chosen_from,
    corpus,
    sample,
    target,
)
from autograder.attacks.grading import grade, grade_stock, prepare_stock
from autograder.attacks.looking import Look
from autograder.attacks.outcomes import Outcome, scoreboard, summary
from autograder.attacks.processes import reaper
from autograder.attacks.throwaway import FIRST, LAST, World, bystander, hand_in, throwaway_course
from autograder.course import Course
from autograder.errors import CourseError

__all__ = [
    "Attack",
    "Change",
    "Outcome",
    "Submission",
    "attack",
    "corpus",
    "run",
    "sample",
    "scoreboard",
    "summary",
    "target",
]


def run(
    course: Course,
    *,
    names: Sequence[str] = (),
    stock: bool = False,
    arguments: Sequence[str] = (),
    tell: Callable[[str], None] = lambda _: None,
) -> list[Outcome]:
    """Hand in the attacks in a throwaway course, grade them, and return what came of each.

    Bombs are left out where there is no sandbox: of stock nbgrader, and with `--no-sandbox` among
    the arguments.

    Parameters
    ----------
    names : of the entries to run; all if there are none.
    stock : grade with stock nbgrader instead, its hidden tests in the student's process.
    arguments : for `course grade`.
    tell : told how far it is.

    Raises
    ------
    CourseError
        If there is no corpus, or no entry of such a name, or if students' code turns out to run
        without a sandbox where it should not.
    """
    contained = not stock and "--no-sandbox" not in arguments
    chosen = chosen_from(course, names, contained=contained)
    with throwaway_course(course) as world, reaper():
        for student in (FIRST, LAST):
            hand_in(world, student, bystander(world))
        if any(entry.bomb for entry in chosen):
            _make_sure_of_the_sandbox(world, arguments)
        for entry in chosen:
            hand_in(world, entry.student, entry.change)
        if stock:
            prepare_stock(world)
        tell(f"Grading {len(chosen)} submissions of the corpus and 2 bystanders.")
        before = fingerprints(world)
        graded = grade_stock if stock else grade
        batch = graded(world, arguments, tell)
        bystanders = [
            Attack(student, "bystander", "Is honest.", bystander(world), honest=True)
            for student in (FIRST, LAST)
        ]
        damage = [*differences(before, fingerprints(world)), *batch.left_over, *litter(world)]
        look = Look(world, batch, damage, stock=stock)
        outcomes = [look.at(entry) for entry in [*chosen, *bystanders]]
        return [*outcomes, look.at_the_rest()]


def _make_sure_of_the_sandbox(world: World, arguments: Sequence[str]) -> None:
    """Grade a harmless submission that tries to leave a file outside, before bombs are graded.

    Raises
    ------
    CourseError
        If the file is there.
    """

    def change(s: Submission) -> None:
        """Leaves a file wherever it can."""
        s.last("""
            for place in ("/tmp", "/var/tmp", "/dev/shm", "{{course}}/submitted"):
                try:
                    open(f"{place}/{{marker}}-probe", "w").close()
                except OSError as error:
                    print(error)
            """)

    hand_in(world, "probe", change)
    grade(world, arguments, lambda _: None)
    found = litter(world)
    found += map(str, (world.course.root / "submitted").glob(f"{world.run}*"))
    for wing in ("submitted", "autograded", "feedback"):
        shutil.rmtree(world.course.root / wing / "probe", ignore_errors=True)
    if any("-probe" in sentence for sentence in found):
        raise CourseError("Students' code runs without a sandbox; no bombs are tried out.")
