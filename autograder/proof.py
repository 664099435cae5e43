"""Proves the hidden tests: who must get full marks gets them, who must not does not.

For every exercise: the reference and every right answer get all points, the untouched stub none,
every wrong answer loses points (more than half of them unless it is marked minor), and at least
95 % of the operator mutants are noticed, the others explained.
"""

import contextlib
import importlib.util
import io
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, computed_field

from autograder import hidden, variants
from autograder.course import Course, NotebookText
from autograder.errors import CourseError
from autograder.grading import replays, seeds
from autograder.grading.student import InProcess
from autograder.grading.verdicts import Verdict, judge, passes
from autograder.mutants import mutants

Group = Literal["reference", "stub", "wrong", "right", "blind wrong", "blind right", "mutant"]

MUTANTS_NOTICED = 0.95


class Contestant(BaseModel):
    """An answer that went through the hidden tests.

    A mutant goes as far as the first test that notices it, and then has no points.
    """

    name: str
    group: Group
    points: float
    total: float
    minor: bool = False
    explained: str = ""
    recognised: str = ""

    @computed_field  # type: ignore[prop-decorator]
    @property
    def good(self) -> bool:
        """Whether it got what it must get."""
        full = self.points >= self.total - 1e-9
        match self.group:
            case "reference" | "right" | "blind right":
                return full
            case "stub":
                return self.points == 0
            case "mutant":
                return not full or bool(self.explained)
            case "blind wrong":
                return not full
            case _:
                return not full and (self.minor or self.points <= self.total / 2 + 1e-9)


class QuestionProof(BaseModel):
    """The kill table of one exercise."""

    question: str
    notebook: str
    points: float
    contestants: list[Contestant]
    stale: list[str] = []
    """Explanations of surviving mutants that no mutant needs any more."""

    def of(self, *groups: Group) -> list[Contestant]:
        """Return the contestants of some groups."""
        return [c for c in self.contestants if c.group in groups]

    @property
    def survivors(self) -> list[Contestant]:
        """The mutants that nobody noticed."""
        return [m for m in self.of("mutant") if m.points >= m.total - 1e-9]

    @computed_field  # type: ignore[prop-decorator]
    @property
    def good(self) -> bool:
        """Whether everything is as it must be."""
        return not self.stale and all(c.good for c in self.contestants)

    def complaints(self) -> list[str]:
        """Return a sentence for everything that is not as it must be."""
        sentences = [
            f"{self.question}: {c.group} {c.name} gets {c.points:g} of {c.total:g}."
            for c in self.contestants
            if not c.good
        ]
        sentences += [
            f"{self.question}: the explained mutant {change!r} does not survive or does not exist."
            for change in self.stale
        ]
        return sentences


def noticed(proofs: Sequence[QuestionProof]) -> float:
    """Return the share of the mutants that lost points."""
    count = sum(len(proof.of("mutant")) for proof in proofs)
    return 1.0 - sum(len(proof.survivors) for proof in proofs) / count if count else 1.0


def prove(course: Course, question: str = "") -> Iterator[QuestionProof]:
    """Prove one exercise, or all of them.

    Raises
    ------
    CourseError
        If there is no such exercise.
    """
    notebooks = [course.find(question)] if question else course.notebooks
    for notebook in notebooks:
        hidden.load(notebook.name)
        variants.load(notebook.name)
        names = [exercise.name for exercise in notebook.exercises]
        if question and question not in names:
            raise CourseError(f"Only exercises can be proven, and {question} is none.")
        for name in names:
            if not question or name == question:
                yield _prove(course, notebook, name)


def _prove(course: Course, notebook: NotebookText, question: str) -> QuestionProof:
    functions = notebook.functions(question)
    replay_points = notebook.replay_points(question)
    seed = seeds.seed(seeds.PUBLIC_SECRET, notebook.assignment.name, question)

    def score(namespace: Mapping[str, Any]) -> Verdict:
        return judged(question, namespace, seed, functions, replay_points, functions)

    def contestant(name: str, group: Group, replaced: Mapping[str, Any], **more: Any) -> Contestant:
        verdict = score({**functions, **replaced})
        recognised = next((f.mistake for f in verdict.findings if f.mistake), "")
        return Contestant(
            name=name,
            group=group,
            points=verdict.awarded,
            total=verdict.points,
            recognised=recognised,
            **more,
        )

    contestants = [
        contestant("reference", "reference", {}),
        contestant("stub", "stub", dict.fromkeys(functions, _stub)),
    ]
    for variant in variants.wrong_of(question):
        replaced = {variant.function: variant.implementation}
        contestants.append(contestant(variant.name, "wrong", replaced, minor=variant.minor))
    for variant in variants.right_of(question):
        replaced = {variant.function: variant.implementation}
        contestants.append(contestant(variant.name, "right", replaced))
    for name, group, replaced in blind_answers(course, notebook, question):
        contestants.append(contestant(name, group, replaced))
    explanations = variants.survivors_of(question)
    total = contestants[0].total
    for mutant in mutants(notebook.reference, functions):
        full = unnoticed(question, mutant.namespace, seed, replay_points, functions)
        because = explanations.pop(mutant.change, "") if full else ""
        contestants.append(
            Contestant(
                name=mutant.change,
                group="mutant",
                points=total if full else 0.0,
                total=total,
                explained=because,
            )
        )
    return QuestionProof(
        question=question,
        notebook=notebook.name,
        points=total,
        contestants=contestants,
        stale=sorted(explanations),
    )


def judged(
    question: str,
    namespace: Mapping[str, Any],
    seed: int,
    known: Mapping[str, Any],
    replay_points: float,
    functions: Mapping[str, Any],
) -> Verdict:
    """Judge the functions of a namespace in this process, the replay included.

    `known` are the functions to recognise mistakes with (none: do not try), `functions` the
    reference's, for the replay.
    """
    with _quiet():
        verdict = judge(question, InProcess(namespace), seed, known)
        replay = hidden.replay_of(question)
        if replay is None:
            return verdict
        finding = replays.finding_in_process(replay, namespace, functions, replay_points)
    return verdict.model_copy(
        update={
            "points": verdict.points + replay_points,
            "findings": [*verdict.findings, finding],
        }
    )


def unnoticed(
    question: str,
    namespace: Mapping[str, Any],
    seed: int,
    replay_points: float,
    functions: Mapping[str, Any],
) -> bool:
    """Say whether the functions of a namespace get all points, as far as it takes to know that."""
    with _quiet():
        if not passes(question, InProcess(namespace), seed):
            return False
        replay = hidden.replay_of(question)
        if replay is None:
            return True
        finding = replays.finding_in_process(replay, namespace, functions, replay_points)
    return finding.awarded == finding.points


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    with (
        contextlib.redirect_stdout(io.StringIO()),
        warnings.catch_warnings(action="ignore"),
        np.errstate(all="ignore"),
    ):
        yield


def _stub(*_: Any, **__: Any) -> None:
    raise NotImplementedError


def blind_answers(
    course: Course, notebook: NotebookText, question: str
) -> Iterator[tuple[str, Group, dict[str, Callable[..., Any]]]]:
    """Yield the answers written by somebody who has not seen the hidden tests.

    They are classes in `tests/blind/<notebook>.py`, called `<question>__right_1`,
    `<question>__wrong_1` and so on, with the question's functions as static methods.
    """
    path = course.root / "tests" / "blind" / f"{notebook.name}.py"
    if not path.is_file():
        return
    module = _load_file(path)
    # While an answer is tried, others stand in for names of the module.
    for name, answer in list(vars(module).items()):
        stem, _, kind = name.partition("__")
        if stem != question or not kind.startswith(("right", "wrong")):
            continue
        group: Group = "blind right" if kind.startswith("right") else "blind wrong"
        functions = {n: getattr(answer, n) for n in vars(answer) if not n.startswith("_")}
        yield kind, group, functions


def _load_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"blind_{path.stem}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
