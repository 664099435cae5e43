"""Hidden tests are fair: right answers pass for any seed, and say nothing hidden when they fail."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder import hidden, variants
from autograder.course import Course
from autograder.grading import seeds
from autograder.grading.student import InProcess
from autograder.grading.verdicts import judge

ROOT = Path(__file__).resolve().parent.parent
EXERCISES = [q.name for text in Course.at(ROOT).notebooks for q in text.exercises]


@pytest.mark.parametrize("exercise", EXERCISES)
def test_the_reference_passes_for_many_seeds(exercise: str, course: Course) -> None:
    functions = course.find(exercise).functions(exercise)
    for seed in range(25):
        verdict = judge(exercise, InProcess(functions), seed, {})
        assert verdict.full, verdict


@pytest.mark.parametrize("exercise", EXERCISES)
def test_sentences_give_no_hidden_values_away(exercise: str, course: Course) -> None:
    functions = course.find(exercise).functions(exercise)
    for variant in variants.wrong_of(exercise):
        namespace = {**functions, variant.function: variant.implementation}
        verdict = judge(exercise, InProcess(namespace), 3, functions)
        for finding in verdict.findings:
            assert not re.search(r"\d\.\d", finding.sentence), finding


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize(
    "answer",
    [None, 0.0, True, "text", [], {}, np.zeros(0), np.full((17, 23), np.nan), object(), iter(())],
    ids=lambda value: type(value).__name__,
)
def test_answers_of_any_kind_are_judged(exercise: str, answer: Any, course: Course) -> None:
    functions = course.find(exercise).functions(exercise)
    verdict = judge(exercise, InProcess({n: lambda *_, **__: answer for n in functions}), 0, {})
    assert verdict.awarded <= verdict.points / 2
    assert all(finding.sentence for finding in verdict.findings if not finding.awarded)


def test_nothing_in_an_answer_gives_points_for_free() -> None:
    class Agreeable(np.ndarray):
        def __eq__(self, other: object) -> Any:
            return True

        def __array_function__(self, *_: Any) -> Any:
            return True

    def sly(image: Any, kernel: Any, padding: str = "symmetric") -> Any:
        return np.zeros_like(image).view(Agreeable)

    verdict = judge("cross_correlate", InProcess({"cross_correlate": sly}), 0, {})
    # Zeros of the right shape leave the image as it was: that one point is honest.
    assert verdict.awarded == 1.0


def test_seeds_depend_on_everything_they_should() -> None:
    one = seeds.seed(b"secret", "a1", "cross_correlate")
    assert one == seeds.seed(b"secret", "a1", "cross_correlate")
    others = {
        seeds.seed(b"other", "a1", "cross_correlate"),
        seeds.seed(b"secret", "a2", "cross_correlate"),
        seeds.seed(b"secret", "a1", "lsi"),
        seeds.seed(b"secret", "a1cross_correlate", ""),
        one,
    }
    assert len(others) == 5


def test_the_secret_is_made_once(tmp_path: Any) -> None:
    first = seeds.course_secret(tmp_path)
    assert first == seeds.course_secret(tmp_path)
    assert (tmp_path / "course_secret").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["course_secret"]


def test_every_hidden_test_says_what_it_tries() -> None:
    for exercise in EXERCISES:
        for test in hidden.tests_of(exercise):
            assert 10 < len(test.says) < 100
