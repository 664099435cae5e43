"""Visible checks: what they say, in which order, how they look, and that they ship no solution."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder import variants
from autograder.course import Course, NotebookText
from course_utils import checks
from course_utils.checks import Checks, NotYet, check, progress, run_check
from course_utils.demos import Waiting, demo
from course_utils.reference import linear_filters as reference
from tests.conftest import Made

NOTEBOOKS = Course.at(Path(__file__).resolve().parent.parent).notebooks
QUESTIONS: dict[str, tuple[Callable[..., Any], ...]] = {
    question.name: tuple(text.functions(question.name).values())
    for text in NOTEBOOKS
    for question in text.exercises
}


WORTH_SOMETHING = {
    "bilateral",
    "an_output_at_a_time",
    "a_place_at_a_time",
    "a_product_at_a_place",
}
"""Wrong variants of questions with partial credit that get some of it."""


def answers(question: str, variant: variants.Variant) -> tuple[Callable[..., Any], ...]:
    return tuple(
        variant.implementation if function.__name__ == variant.function else function
        for function in QUESTIONS[question]
    )


def all_variants(kind: str) -> list[Any]:
    for text in NOTEBOOKS:
        variants.load(text.name)
    known = {"right": variants.right_of, "wrong": variants.wrong_of}[kind]
    return [
        pytest.param(question, variant, id=f"{question}-{variant.name}")
        for question in QUESTIONS
        for variant in known(question)
    ]


@pytest.mark.parametrize("question", QUESTIONS)
def test_the_reference_passes(question: str) -> None:
    assert run_check(question, QUESTIONS[question]).state == "passed"


@pytest.mark.parametrize(("question", "variant"), all_variants("right"))
def test_right_answers_pass(question: str, variant: variants.Variant) -> None:
    assert run_check(question, answers(question, variant)).state == "passed"


@pytest.mark.parametrize(("question", "variant"), all_variants("wrong"))
def test_wrong_answers_are_named(question: str, variant: variants.Variant) -> None:
    if variant.name in WORTH_SOMETHING:
        pytest.skip("partial credit: the visible check asks for better than nothing")
    np.random.seed(0)
    outcome = run_check(question, answers(question, variant))
    assert outcome.state == "not yet"
    same = [v.name for v in variants.wrong_of(question) if v.hint == outcome.hint]
    assert variant.name in same, f"taken for {same}: {outcome}"


def test_an_exception_is_named_by_what_it_says() -> None:
    """Of one type there are many: what is raised for another reason has no hint."""
    for function in (lambda q, e: q @ e, lambda q, e: np.sqrt((q - e) ** 2)):
        function.__name__ = "l2_distances"
        outcome = run_check("l2_distances", (function,))
        assert (outcome.state, outcome.hint) == ("not yet", "")


def test_an_unwritten_answer_is_not_attempted() -> None:
    def cross_correlate(image: Any, kernel: Any, padding: str = "symmetric") -> Any:
        raise NotImplementedError

    with pytest.raises(NotYet) as caught:
        check.cross_correlate(cross_correlate)
    assert str(caught.value).startswith("cross_correlate: not attempted.")


def library(image: Any, kernel: Any, padding: str = "symmetric") -> Any:
    from scipy import ndimage

    return ndimage.correlate(image, kernel)


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (library, "It uses scipy.ndimage"),
        (lambda image, kernel, padding="": 1 / 0, "It raises ZeroDivisionError: division by zero."),
        (lambda image, kernel, padding="": None, "You return nothing (None), expected an array."),
        (lambda image, kernel, padding="": [1], "The type is wrong: you return a list"),
        (lambda image, kernel, padding="": np.zeros((2, 2)), "The shape is wrong"),
        (lambda image, kernel, padding="": np.zeros((4, 5), int), "The dtype is wrong"),
        (
            lambda image, kernel, padding="": np.zeros((4, 5)),
            "at row 1, column 0 you return 0, exp",
        ),
        (lambda image, kernel, padding="": object(), "type object does not cross"),
    ],
    ids=["forbidden", "raises", "none", "type", "shape", "dtype", "values", "object"],
)
def test_the_order_of_diagnosis(function: Callable[..., Any], sentence: str) -> None:
    assert sentence in str(run_check("cross_correlate", (function,)))


def test_changing_the_image_is_said_after_all_else() -> None:
    def in_place(image: Any, kernel: Any, padding: Any = "symmetric") -> Any:
        result = reference.cross_correlate(image, kernel, padding)
        image += 1
        return result

    outcome = run_check("cross_correlate", (in_place,))
    assert "your function changes the array it is given" in outcome.sentence


def test_a_check_called_wrongly_says_how() -> None:
    assert "check.lsi(is_linear, is_shift_invariant)" in str(run_check("lsi", (len,)))
    assert "check.lsi" in str(run_check("lsi", (1, 2)))  # type: ignore[arg-type]
    with pytest.raises(AttributeError, match="did you mean 'cross_correlate'"):
        _ = check.crosscorrelate
    assert dir(check) == sorted(QUESTIONS)


def test_an_unknown_check_is_named() -> None:
    with pytest.raises(AttributeError, match="'cross_corelate'; did you mean 'cross_correlate'"):
        check.cross_corelate()
    with pytest.raises(AttributeError, match=r"there is no check 'zzz'$"):
        check.zzz()


def test_an_outcome_shows_rich_and_plain() -> None:
    outcome = run_check("lsi", (lambda *_: "<b>", lambda *_: True))
    assert "<b>&lt;b&gt;" not in outcome._repr_html_()
    assert outcome._repr_html_().count("<script") == 0
    assert all(len(line) <= 100 for line in repr(outcome).split("\n"))
    assert NotYet(outcome)._render_traceback_() == [repr(outcome)]


@pytest.mark.parametrize("question", ["cross_correlate", "psnr", "extract_patches"])
def test_what_a_check_shows_can_be_called_again(question: str) -> None:
    shown = 0
    for variant in variants.wrong_of(question):
        returned: list[Any] = []

        def recorded(*values: Any, _it: Any = variant.implementation, _all: Any = returned) -> Any:
            _all.append(_it(*values))
            return _all[-1]

        recorded.__name__ = question
        outcome = run_check(question, (recorded,))
        if len(outcome.calls) == len(returned) == 1:
            again = eval(outcome.calls[0], {"np": np, question: variant.implementation})
            np.testing.assert_allclose(again, returned[0])
            shown += 1
    assert shown >= 5


def test_large_or_strange_arguments_are_not_shown() -> None:
    outcome = run_check("add_gaussian_noise", (lambda image, sigma, rng: image,))
    assert outcome.state == "not yet"
    assert outcome.calls == ()


def test_progress_counts_what_passed() -> None:
    fresh = Checks()
    assert fresh.outcome("lsi").state == "not attempted"
    check.moving_average(reference.moving_average)
    state = progress("linear_filters")
    assert state.total == 39
    assert 2 <= state.points <= 39
    assert "ringing (5)" in repr(state)
    assert "moving_average" in state._repr_html_()
    with pytest.raises(
        ValueError, match="no notebook 'filters'; there are convolution_layers, deep_networks, "
    ):
        progress("filters")


def test_demo_waits_for_what_is_not_written() -> None:
    def later(_: Any) -> None:
        raise NotImplementedError

    assert demo(later, 1) == Waiting("later")
    assert demo(abs, demo(later, 1)) == Waiting("later")
    assert demo(abs, -2) == 2
    assert repr(Waiting("later")) == "This cell waits for the exercise later."


# --- What is imported, and what is shipped --------------------------------------------------------


def test_importing_course_utils_does_not_import_what_is_heavy() -> None:
    code = (
        "import sys, course_utils; from course_utils import check, images, operators, progress;"
        "print([m for m in ('torch', 'matplotlib', 'scipy.ndimage', 'skimage', 'sklearn',"
        " 'nbgrader', 'autograder') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture(scope="session")
def shipped(made_once: Made) -> Path:
    """The students' wheel, unpacked."""
    import zipfile

    from autograder.wheel import build_wheel

    def unpack(folder: Path) -> None:
        wheel = build_wheel(Path(__file__).resolve().parent.parent, folder.with_name("wheel"))
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(folder)

    return made_once("site", unpack)


def test_the_wheel_has_no_reference_and_all_dependencies(shipped: Path) -> None:
    files = [str(path.relative_to(shipped)) for path in shipped.rglob("*.py")]
    assert "course_utils/checks/__init__.py" in files
    assert not [name for name in files if "reference" in name or "autograder" in name]
    (config,) = shipped.rglob("etc/jupyter/labconfig/page_config.json")
    assert "@jupyter/nbgrader:formgrader" in config.read_text()
    (metadata,) = shipped.glob("*.dist-info/METADATA")
    needs = re.findall(r"(?m)^Requires-Dist: ([\w-]+)", metadata.read_text())
    assert {"nbgrader", "jupyterlab", "ipywidgets", "numpy", "torch", "scikit-image"} <= set(needs)


_LEAK = """
import importlib, inspect, json, pkgutil, sys
sys.path.insert(0, sys.argv[1])
import course_utils
assert course_utils.__file__.startswith(sys.argv[1]), course_utils.__file__
from autograder import hidden
from autograder.grading.student import InProcess
from autograder.grading.verdicts import judge
from course_utils.checks import rooms
for notebook in rooms():
    hidden.load(notebook)
functions = {}
for info in pkgutil.walk_packages(course_utils.__path__, "course_utils."):
    for name, value in vars(importlib.import_module(info.name)).items():
        if callable(value) and getattr(value, "__module__", "").startswith("course_utils"):
            functions[f"{info.name}.{name}"] = value
            if inspect.isclass(value):
                for method, member in vars(value).items():
                    if callable(member):
                        functions[f"{info.name}.{name}.{method}"] = member
from course_utils import operators
for name in operators.names():
    functions[f"operator {name}"] = operators.Operator(name).function()
given = {}
for question, names in json.loads(sys.argv[2]).items():
    for place, function in functions.items():
        try:
            verdict = judge(question, InProcess({n: function for n in names}), 0, {})
        except BaseException as error:
            print("stopped by", place, repr(error)); continue
        if verdict.awarded > verdict.points / 2:
            given[place] = [question, verdict.awarded]
print(json.dumps({"tried": len(functions), "given": given}))
"""


@pytest.mark.parametrize("text", [pytest.param(text, id=text.name) for text in NOTEBOOKS])
def test_no_shipped_function_passes_a_hidden_test(text: NotebookText, shipped: Path) -> None:
    """The leak test: every function of the students' wheel, against every exercise."""
    import json

    names = {q.name: list(text.functions(q.name)) for q in text.exercises}
    done = subprocess.run(
        [sys.executable, "-c", _LEAK, str(shipped), json.dumps(names)],
        env={**os.environ, "COURSE_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout.strip().split("\n")[-1])
    assert result["tried"] > 80
    assert result["given"] == {}


def test_recorded_examples_contain_no_code(course: Course) -> None:
    for text in course.notebooks:
        recorded = Path(checks.__file__).with_name(f"{text.name}.json").read_text()
        assert "def " not in recorded
        # The Greek letter is a word of the contracts.
        assert not re.search(r"\blambda [a-z_]+(, [a-z_]+)*:", recorded)
