"""Runs hidden tests against students, whoever carries out their calls."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.grading.verdicts import Verdict


def grade(question: str, namespace: Mapping[str, Any]) -> "Verdict":
    """Run a question's hidden tests on the functions of a notebook, in the notebook.

    For instructors: the last line of a test cell in `source/`.

    Raises
    ------
    AssertionError
        If points are lost.
    """
    from autograder import hidden, variants
    from autograder.grading import seeds
    from autograder.grading.student import InProcess
    from autograder.grading.verdicts import judge
    from course_utils.checks import rooms

    for notebook in rooms():
        hidden.load(notebook)
        variants.load(notebook)
    seed = seeds.seed(seeds.PUBLIC_SECRET, "", question)
    verdict = judge(question, InProcess(namespace), seed, {})
    assert verdict.full, "; ".join(f"{f.says}: {f.sentence}" for f in verdict.findings)
    return verdict
