"""Hidden tests are fair: right answers pass for any seed, and say nothing hidden when they fail."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder import hidden, variants
from autograder.course import Course
from autograder.grading import seeds, verdicts
from autograder.grading.recognition import recognise
from autograder.grading.student import InProcess, Student
from autograder.grading.verdicts import judge

ROOT = Path(__file__).resolve().parent.parent
EXERCISES = [q.name for text in Course.at(ROOT).notebooks for q in text.exercises]


FEW, MANY = range(5), range(5, 25)


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("some", [FEW, pytest.param(MANY, marks=pytest.mark.nightly)], ids=str)
def test_the_reference_passes_for_many_seeds(exercise: str, some: range, course: Course) -> None:
    functions = course.find(exercise).functions(exercise)
    for seed in some:
        verdict = judge(exercise, InProcess(functions), seed, {})
        assert verdict.full, verdict


@pytest.mark.parametrize("exercise", EXERCISES)
def test_sentences_give_no_hidden_values_away(exercise: str, course: Course) -> None:
    functions = course.find(exercise).functions(exercise)
    for variant in variants.wrong_of(exercise):
        namespace = {**functions, variant.function: variant.implementation}
        verdict = judge(exercise, InProcess(namespace), 3, functions)
        for finding in verdict.findings:
            # How good an image is, in decibels, is what partial credit is given for.
            assert not re.search(r"\d\.\d(?!\d* dB)", finding.sentence), finding


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


@pytest.mark.parametrize(
    ("name", "points"),
    [("smallest_of_the_tied", 4.0), ("held_out_vote_too", 0.0)],
)
def test_a_mistake_costs_the_same_whatever_the_secret_is(
    name: str, points: float, course: Course
) -> None:
    (variant,) = (
        v
        for question in ("predict_labels", "choose_k")
        for v in variants.wrong_of(question)
        if v.name == name
    )
    functions = course.find(variant.question).functions(variant.question)
    student = InProcess({**functions, variant.function: variant.implementation})
    assert {judge(variant.question, student, seed, {}).awarded for seed in range(20)} == {points}


def test_no_mistake_is_named_where_the_reference_answers_alike(course: Course) -> None:
    functions = course.find("predict_labels").functions("predict_labels")
    student = Student(InProcess(functions))
    student.predict_labels(np.array([[0.1, 0.2, 0.3]]), np.array([4, 5, 5]), 1)
    calls = student.calls
    assert recognise("predict_labels", calls, [], calls, functions) is None


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


def test_a_share_of_the_points_is_given() -> None:
    def run(student: Any, rng: Any) -> None:
        raise hidden.Partly("half of it", 0.4567)

    test = hidden.HiddenTest("q", "t", 4.0, "says", run)
    trial = verdicts._try(test, InProcess({}), 0, "")
    assert (trial.finding.awarded, trial.finding.sentence) == (1.83, "half of it")
    assert hidden.Partly("", 7).share == 1.0
    assert hidden.Partly("", float("-inf")).share == 0.0


RIGHT_IF_THE_OTHER_WERE = """
import numpy as np
def cross_correlate(image, kernel, padding="symmetric"):
    return image * 0.0
def convolve(image, kernel, padding="symmetric"):
    if 0 in [side % 2 for side in kernel.shape]:
        raise ValueError("even")
    return cross_correlate(image, kernel[::-1, ::-1], padding=padding)
"""


@pytest.mark.parametrize(
    ("change", "points"),
    [(("", ""), 4.0), (("[::-1, ::-1]", ""), 0.0), (("image * 0.0", "1 / 0"), 4)],
)
def test_an_answer_may_build_on_another(change: tuple[str, str], points: float) -> None:
    namespace: dict[str, Any] = {}
    exec(RIGHT_IF_THE_OTHER_WERE.replace(*change), namespace)
    before = namespace["cross_correlate"]
    hidden.load("linear_filters")
    assert hidden.builds_on("convolve") == ("cross_correlate",)
    assert judge("convolve", InProcess(namespace), 1, {}).awarded == points
    assert judge("cross_correlate", InProcess(namespace), 1, {}).awarded < 3
    assert namespace["cross_correlate"] is before


RIGHT_IF_THE_OTHER_WERE_WRITTEN = """
def non_local_means(image, patch_size=7, search_size=21, h=0.1):
    raise NotImplementedError
def denoise(noisy):
    return non_local_means(noisy, 5, 15, 0.1)
"""


def test_an_answer_may_build_on_one_that_is_not_written() -> None:
    namespace: dict[str, Any] = {}
    exec(RIGHT_IF_THE_OTHER_WERE_WRITTEN, namespace)
    hidden.load("nonlinear_filters")
    assert judge("denoise", InProcess(namespace), 3, {}).full


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


def test_an_exception_is_recognised_by_what_it_says(course: Course) -> None:
    """Of one type there are many: what is raised for another reason has no hint."""
    hidden.load("nearest_neighbors")
    variants.load("nearest_neighbors")
    functions = course.find("l2_distances").functions("l2_distances")
    known = [
        (verdict, variant)
        for variant in variants.wrong_of("l2_distances")
        for verdict in [judge("l2_distances", InProcess(answered(variant)), 3, functions)]
        if any("raises ValueError" in finding.sentence for finding in verdict.findings)
    ]
    assert known
    for verdict, variant in known:
        assert variant.name in {finding.mistake for finding in verdict.findings}

    def otherwise(queries: Any, examples: Any) -> Any:
        raise ValueError("something else")

    def forgot_to_transpose(queries: Any, examples: Any) -> Any:
        return queries @ examples

    for function in (otherwise, forgot_to_transpose):
        verdict = judge("l2_distances", InProcess({"l2_distances": function}), 3, functions)
        assert {(f.sentence, f.hint) for f in verdict.findings} == {("It raises ValueError", "")}


def answered(variant: variants.Variant) -> dict[str, Any]:
    return {variant.function: variant.implementation}
