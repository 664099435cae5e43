"""Runs hidden tests against a student and writes down what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from autograder import hidden
from autograder.grading.recognition import recognise
from autograder.grading.student import (
    Call,
    Carrier,
    Missing,
    Student,
    StudentError,
)
from autograder.hidden import HiddenTest, Partly, Wrong


class Finding(BaseModel):
    """What one hidden test found. Everything in it may be shown to the student."""

    model_config = ConfigDict(frozen=True)
    says: str
    points: float
    awarded: float
    sentence: str = ""
    hint: str = ""
    mistake: str = ""


class Verdict(BaseModel):
    """What a question was given.

    Parameters
    ----------
    question : its name in the gradebook.
    points : what it is worth.
    findings : one for each hidden test.
    note : something for a person to look at; not shown to the student.
    seed : what the hidden inputs came from, so that the verdict can be repeated; "" if there were
        none. Not shown to the student.
    """

    model_config = ConfigDict(frozen=True)
    question: str
    points: float
    findings: list[Finding]
    note: str = ""
    seed: str = ""

    @property
    def awarded(self) -> float:
        """The points given."""
        return sum(finding.awarded for finding in self.findings)

    def __repr__(self) -> str:
        return in_words(self)

    @property
    def full(self) -> bool:
        """Whether all points were given."""
        return abs(self.awarded - self.points) < 1e-9


def in_words(verdict: Verdict) -> str:
    """Return a verdict as the lines a student reads."""
    lines = [f"{verdict.question}: {verdict.awarded:g} of {verdict.points:g}"]
    for finding in verdict.findings:
        reason = ". ".join(part for part in (finding.sentence, finding.hint) if part)
        lines.append(
            f"  {finding.awarded:g} of {finding.points:g}  {finding.says}"
            + (f": {reason}" if reason else "")
        )
    return "\n".join(lines)


def judge(
    question: str,
    carrier: Carrier,
    seed: int,
    functions: Mapping[str, Any],
    *,
    note: str = "",
    missing: str = "There is no such function",
) -> Verdict:
    """Run a question's hidden tests.

    Parameters
    ----------
    carrier : carries out the student's calls.
    seed : decides the hidden inputs.
    functions : the reference's functions of this question, to recognise mistakes with; none to
        leave that.
    note : for a person to look at.
    missing : what to say if the function does not exist.
    """
    trials = try_all(question, carrier, seed, missing)
    findings = [trial.finding for trial in trials]
    if functions:
        findings = [with_hint(question, trial, trials, functions) for trial in trials]
    points = sum(finding.points for finding in findings)
    return Verdict(question=question, points=points, findings=findings, note=note, seed=f"{seed:x}")


@dataclass(frozen=True)
class Trial:
    """One hidden test, run: what it found, the calls it made, and how it ended."""

    finding: Finding
    calls: list[Call]
    error: Exception | None

    @property
    def passed(self) -> bool:
        """Whether all points were given."""
        return self.finding.awarded == self.finding.points


def try_all(
    question: str, carrier: Carrier, seed: int, missing: str = "There is no such function"
) -> list[Trial]:
    """Run a question's hidden tests one after the other."""
    return [_try(test, carrier, seed, missing) for test in hidden.tests_of(question)]


def passes(question: str, carrier: Carrier, seed: int) -> bool:
    """Say whether a question gets all its points; the first hidden test that gives less ends it."""
    trials = (_try(test, carrier, seed, "") for test in hidden.tests_of(question))
    return all(trial.passed for trial in trials)


def refuse(question: str, sentence: str) -> Verdict:
    """Give a question zero for a reason that comes before all tests."""
    findings = [
        Finding(says=test.says, points=test.points, awarded=0.0, sentence=sentence)
        for test in hidden.tests_of(question)
    ]
    points = sum(finding.points for finding in findings)
    return Verdict(question=question, points=points, findings=findings)


def generator(seed: int, test: str) -> np.random.Generator:
    """Return the generator of one test: adding a test leaves the others' inputs as they are."""
    return np.random.default_rng([seed, *test.encode()])


def _try(test: HiddenTest, carrier: Carrier, seed: int, missing: str) -> Trial:
    student = Student(carrier)
    sentence = ""
    ended: Exception | None = None
    try:
        test.run(student, generator(seed, test.name))
    except Missing as error:
        sentence, ended = missing, error
    except (Wrong, StudentError) as error:
        sentence, ended = str(error), error
    except Exception as error:  # noqa: BLE001  a result of unforeseen kind trips the test itself
        sentence, ended = f"The result cannot be compared ({type(error).__name__})", error
    share = ended.share if isinstance(ended, Partly) else float(ended is None)
    # Nobody can tell a hundredth of a point from the next.
    awarded = round(test.points * share, 2)
    finding = Finding(says=test.says, points=test.points, awarded=awarded, sentence=sentence)
    return Trial(finding, student.calls, ended)


def with_hint(
    question: str, trial: Trial, trials: list[Trial], functions: Mapping[str, Any]
) -> Finding:
    """Return what a trial of a question found, with the mistake that all its trials look like.

    `functions` are the reference's.
    """
    if trial.passed:
        return trial.finding
    passed = [call for other in trials if other.passed for call in other.calls]
    all_calls = [call for other in trials for call in other.calls]
    known = recognise(question, trial.calls, passed, all_calls, functions)
    if known is None:
        return trial.finding
    return trial.finding.model_copy(update={"hint": known.hint, "mistake": known.name})
