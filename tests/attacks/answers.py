"""Wrong answers that deserve nothing, and what else the corpus has in common."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from autograder.attacks import Change, Submission, attack
from autograder.course import Course

WRONG = {
    "add_gaussian_noise": """
        def add_gaussian_noise(image, sigma, rng):
            return image
        """,
    "moving_average": """
        def moving_average(signal, size):
            return signal
        """,
    # Changes its argument as well: an answer that does not still deserves a point for that.
    "cross_correlate": """
        def cross_correlate(image, kernel, padding="symmetric"):
            image *= 0
            return image
        """,
    "lsi": """
        def is_linear(operator, shape, rng, trials=20):
            return "yes"


        def is_shift_invariant(operator, shape, rng, trials=20):
            return "yes"
        """,
}

NOTHING_FOR: dict[str, dict[str, float]] = {
    "add_gaussian_noise": {"add_gaussian_noise": 0},
    "moving_average": {"moving_average": 0, "moving_average_replay": 0},
    "cross_correlate": {"cross_correlate": 0},
    "lsi": {"lsi": 0},
}

_COURSE = Course.at(Path(__file__).resolve().parents[2])
NOTHING = {q.grade_id: 0.0 for q in _COURSE.find("cross_correlate").questions}
"""What a submission deserves that is nobody's work."""

IN_HIDDEN_CALLS = "len(signal) not in (5, 6, 60, 61, 480)"
"""True of signals that neither the notebook nor its visible checks try."""


def cheat(question: str = "cross_correlate", **fields: Any) -> Callable[[Change], Change]:
    """Register an attack with a wrong answer to a question, which deserves nothing for it."""

    def register(change: Change) -> Change:
        @wraps(change)
        def with_wrong_answer(s: Submission) -> None:
            s.answer(question, WRONG[question])
            change(s)

        attack(deserves=NOTHING_FOR[question], **fields)(with_wrong_answer)
        return change

    return register
