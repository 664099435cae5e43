"""The kill table of every exercise: `pytest -k cross_correlate` runs all that concerns it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from autograder import proof
from autograder.course import Course
from autograder.proof import Contestant, QuestionProof
from tests.conftest import Made

ROOT = Path(__file__).resolve().parent.parent
EXERCISES = [q.name for text in Course.at(ROOT).notebooks for q in text.exercises]

Proven = Callable[[str], QuestionProof]


@pytest.fixture(scope="session")
def proven(course: Course, made_once: Made) -> Proven:
    """Proves an exercise, once for all that is asked of its kill table."""

    def prove(exercise: str) -> QuestionProof:
        def write(path: Path) -> None:
            (one,) = proof.prove(course, exercise)
            path.write_text(one.model_dump_json())

        return QuestionProof.model_validate_json(made_once(f"{exercise}.json", write).read_text())

    return prove


@pytest.mark.parametrize("exercise", EXERCISES)
def test_everybody_gets_what_they_must(exercise: str, proven: Proven) -> None:
    assert proven(exercise).complaints() == []


@pytest.mark.parametrize("exercise", EXERCISES)
def test_there_are_enough_variants_and_blind_answers(exercise: str, proven: Proven) -> None:
    one = proven(exercise)
    assert len(one.of("wrong")) >= 6
    assert len(one.of("right")) >= 3
    assert len(one.of("blind wrong")) >= 3
    assert len(one.of("blind right")) >= 1


@pytest.mark.parametrize("exercise", EXERCISES)
def test_mistakes_are_named(exercise: str, proven: Proven) -> None:
    """Hidden tests recognise most wrong variants as themselves, or as one with the same hint."""
    from autograder import variants

    hints = {v.name: v.hint for v in variants.wrong_of(exercise)}
    wrong = proven(exercise).of("wrong")
    named = [w for w in wrong if hints.get(w.recognised) == hints[w.name]]
    assert len(named) >= 0.8 * len(wrong), [w.name for w in wrong if w not in named]


def test_nineteen_of_twenty_mutants_are_noticed(proven: Proven) -> None:
    assert proof.noticed([proven(name) for name in EXERCISES]) >= proof.MUTANTS_NOTICED


def test_verdicts_repeat(course: Course, proven: Proven) -> None:
    (again,) = proof.prove(course, "add_gaussian_noise")
    assert again == proven("add_gaussian_noise")


# --- Tests that can fail --------------------------------------------------------------------------


def contestant(group: proof.Group, points: float, **more: bool) -> Contestant:
    return Contestant(name="x", group=group, points=points, total=4, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("good", "one"),
    [
        (True, contestant("reference", 4)),
        (False, contestant("reference", 3.5)),
        (False, contestant("stub", 0.5)),
        (True, contestant("wrong", 2)),
        (False, contestant("wrong", 2.5)),
        (True, contestant("wrong", 3.5, minor=True)),
        (False, contestant("wrong", 4, minor=True)),
        (False, contestant("right", 3)),
        (False, contestant("mutant", 4)),
        (False, contestant("blind wrong", 4)),
        (False, contestant("blind right", 3)),
    ],
)
def test_the_table_says_who_is_good(good: bool, one: Contestant) -> None:
    assert one.good is good
