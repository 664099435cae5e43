"""What came of an attack, and the table of all."""

from collections.abc import Iterable, Sequence

from pydantic import BaseModel
from rich.markup import escape
from rich.table import Table


class Outcome(BaseModel):
    """What came of a submission.

    Parameters
    ----------
    name, theme, tries : which attack, and what it attempts.
    honest : whether it is no attack but an unusual honest submission.
    deserved, given : points by question; `given` is empty if there are none.
    leaked : what it got to see or to show.
    damaged : what it changed or left behind.
    graded : whether it was graded, and the batch finished.
    told : what a person is told about it.
    said : what the student is told where points were lost.
    must_tell : whether somebody must be told something; of an honest one, whether it may.
    at_most : whether it may get less than it deserves, having harmed itself.
    keeps : questions whose points it may keep until a person, who is told, has looked.
    """

    name: str
    theme: str
    tries: str
    honest: bool
    deserved: dict[str, float]
    given: dict[str, float]
    leaked: list[str]
    damaged: list[str]
    graded: bool
    told: list[str] = []
    said: list[str] = []
    must_tell: bool = False
    at_most: bool = False
    keeps: tuple[str, ...] = ()

    @property
    def fair(self) -> bool:
        """Whether the points are those that the code deserves."""
        if set(self.deserved) != set(self.given):
            return False
        for question, due in self.deserved.items():
            got = self.given[question]
            if got > due + 1e-6 and not (question in self.keeps and self.told):
                return False
            if got < due - 1e-6 and not (self.at_most or self.must_tell):
                return False
        return True

    @property
    def kept(self) -> bool:
        """Whether it keeps points that it does not deserve unless a person takes them away."""
        return self.ok and any(self.given[name] > self.deserved[name] for name in self.keeps)

    @property
    def noticed(self) -> bool:
        """Whether a person is told where one must be, and not troubled where one need not be."""
        if self.honest:
            return self.must_tell or not self.told
        return bool(self.told) or not self.must_tell

    @property
    def ok(self) -> bool:
        """Whether the attack came to nothing, and the honest got what is theirs."""
        fine = self.graded and self.fair and self.noticed
        return fine and not self.leaked and not self.damaged


def scoreboard(outcomes: Iterable[Outcome]) -> Table:
    """Return a table of outcomes, with a line that sums them up."""
    outcomes = list(outcomes)
    table = Table(pad_edge=False)
    for column in ("theme", "attack"):
        table.add_column(column, no_wrap=True)
    for column in ("deserved", "given"):
        table.add_column(column, justify="right")
    for column in ("leaked", "damaged"):
        table.add_column(column, overflow="fold", ratio=1)
    table.add_column("")
    for outcome in sorted(outcomes, key=lambda o: (o.theme, o.name)):
        table.add_row(
            outcome.theme,
            outcome.name,
            f"{sum(outcome.deserved.values()):g}",
            f"{sum(outcome.given.values()):g}" if outcome.given else "none",
            escape(_listed(outcome.leaked)),
            escape(_listed(outcome.damaged)),
            _state(outcome),
        )
    table.caption, table.caption_justify = summary(outcomes), "left"
    return table


def _listed(sentences: Sequence[str]) -> str:
    shown = "; ".join(sentence[:100] for sentence in sentences[:3])
    return f"{shown}; {len(sentences) - 3} more" if len(sentences) > 3 else shown


def _state(outcome: Outcome) -> str:
    if not outcome.ok:
        return f"[bold red]{_trouble(outcome)}[/]"
    return "told" if outcome.kept else "ok"


def _trouble(outcome: Outcome) -> str:
    """Say in a word what is not as it must be."""
    if not outcome.graded:
        return "not graded"
    if not outcome.fair:
        return "points"
    if outcome.leaked or outcome.damaged:
        return "leak" if outcome.leaked else "damage"
    return "troubles a person" if outcome.honest else "unnoticed"


def summary(outcomes: Sequence[Outcome]) -> str:
    """Say in a line how many came to nothing."""
    hostile = [outcome for outcome in outcomes if not outcome.honest and outcome.theme != "batch"]
    honest = [outcome for outcome in outcomes if outcome.honest]
    batch = [outcome for outcome in outcomes if outcome.theme == "batch"]
    failed = sum(not outcome.ok for outcome in hostile)
    kept = sum(outcome.kept for outcome in hostile)
    wronged = sum(not outcome.ok for outcome in honest)
    spoiled = ". The batch was harmed" if any(not outcome.ok for outcome in batch) else ""
    return (
        f"{len(hostile)} attacks, {failed} of them with effect, {kept} left to a person who is "
        "told; "
        f"{len(honest)} honest submissions, {wronged} of them wronged{spoiled}."
    )
