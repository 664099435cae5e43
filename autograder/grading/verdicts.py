"""Runs hidden tests against a student and writes down what came of it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from autograder import hidden, variants
from autograder.grading.student import (
    Call,
    Carrier,
    InProcess,
    Missing,
    NotAttempted,
    Raised,
    Student,
    StudentError,
)
from autograder.hidden import HiddenTest, Wrong
from course_utils.compare import difference


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
    """

    model_config = ConfigDict(frozen=True)
    question: str
    points: float
    findings: list[Finding]
    note: str = ""

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
    tests = hidden.tests_of(question)
    findings = [_run(test, carrier, seed, functions, missing) for test in tests]
    return Verdict(
        question=question, points=sum(t.points for t in tests), findings=findings, note=note
    )


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


def _run(
    test: HiddenTest, carrier: Carrier, seed: int, functions: Mapping[str, Any], missing: str
) -> Finding:
    def finding(awarded: float, sentence: str = "", hint: str = "", mistake: str = "") -> Finding:
        return Finding(
            says=test.says,
            points=test.points,
            awarded=awarded,
            sentence=sentence,
            hint=hint,
            mistake=mistake,
        )

    student = Student(carrier)
    try:
        test.run(student, generator(seed, test.name))
    except NotAttempted as error:
        return finding(0.0, str(error))
    except Missing:
        return finding(0.0, missing)
    except (Wrong, StudentError) as error:
        known = recognise(test.question, student.calls, functions)
        return finding(0.0, str(error), known.hint if known else "", known.name if known else "")
    except Exception as error:  # noqa: BLE001  a result of unforeseen kind trips the test itself
        return finding(0.0, f"The result cannot be compared ({type(error).__name__})")
    return finding(test.points)


def recognise(
    question: str, calls: list[Call], functions: Mapping[str, Any]
) -> variants.Variant | None:
    """Return the wrong variant that answers all calls as the student did, if there is one."""
    if not calls or not functions:
        return None
    for variant in variants.wrong_of(question):
        namespace = {**functions, variant.function: variant.implementation}
        if all(_same(call, namespace) for call in calls):
            return variant
    return None


def _same(call: Call, namespace: Mapping[str, Any]) -> bool:
    function = getattr(Student(InProcess(namespace)), call.name)
    try:
        result, after = function.watched(*call.arguments, **call.keywords)
    except Raised as error:
        return call.raised == error.kind
    except StudentError:
        return False
    if call.raised or difference(result, call.result) is not None:
        return False
    return call.after is None or difference(after, call.after) is None
