"""Every notebook in JupyterLab as a student and an instructor meet it, light and dark.

Screenshots go to `screenshots/` for people to look at. Needs a Chromium; where there is none the
tests are skipped, unless COURSE_NEEDS_BROWSER is set.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.course import Course, NotebookText
from tests.lab import CHROMIUM, Controls, Page, Theme, chromium, jupyterlab

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ROOT / "screenshots"
NOTEBOOKS = [pytest.param(text, id=text.name) for text in Course.at(ROOT).notebooks]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM and not os.environ.get("COURSE_NEEDS_BROWSER"), reason="no Chromium here"
    ),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A JupyterLab serving releases, sources and a wrong answer; its address."""
    folder = tmp_path_factory.mktemp("lab")
    for kind in ("release", "source"):
        shutil.copytree(ROOT / kind, folder / kind)
    wrong = ROOT / "examples" / "submissions" / "student-03" / "a1_filtering"
    shutil.copy(wrong / "1_linear_filters.ipynb", folder / "wrong.ipynb")
    with jupyterlab(folder, tmp_path_factory.mktemp("settings")) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as browser:
        yield browser


def opened(
    kind: str, text: NotebookText, theme: Theme, browser: Any, lab: str
) -> tuple[Page, list[Any]]:
    """Open a notebook, and return its page and its cells."""
    path = f"{kind}/{text.assignment.name}/{text.stem}.ipynb"
    page = Page(browser, lab, path, theme, SHOTS)
    return page, nbformat.read(ROOT / path, as_version=4).cells


@pytest.mark.parametrize("text", NOTEBOOKS)
def test_the_release_as_a_student_meets_it(text: NotebookText, browser: Any, lab: str) -> None:
    page, cells = opened("release", text, "dark", browser, lab)
    try:
        page.run_all()
        page.shot(f"{text.name}-release-top")
        for question in text.exercises:
            said = page.show(question.name).inner_text()
            assert f"{question.name}: not attempted. Write " in said
            assert "Traceback" not in said
        page.shot(f"{text.name}-release-check")
        waiting = [cell for cell in cells if "demo(" in cell.source]
        assert waiting
        for cell in waiting:
            assert "waits for" in page.show(str(cell.id)).inner_text()
        page.shot(f"{text.name}-release-waiting")
        assert page.violations() == []
        assert page.complaints == []
    finally:
        page.close()


_WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.mark.parametrize("text", NOTEBOOKS)
def test_the_source_with_every_widget_moved(text: NotebookText, browser: Any, lab: str) -> None:
    page, cells = opened("source", text, "light", browser, lab)
    playable = [c for c in cells if any(_WIDGET in o.get("data", {}) for o in c.get("outputs", []))]
    try:
        page.run_all()
        last = page.show(str(cells[-1].id)).inner_text()
        points = sum(question.points for question in text.exercises)
        assert f"{points:g} of {points:g} points pass their visible checks" in last
        page.shot(f"{text.name}-source-end")
        for cell in playable:
            controls = Controls(page, page.show(str(cell.id)))
            before = controls.caption
            assert before
            # Live curves have no controls; that they were live was seen while they were drawn.
            assert controls.move_all() > 1 or "LiveCurves(" in cell.source
            controls.expect(before.split("\n")[0])  # everything was moved there and back
            page.shot(f"{text.name}-{cell.id[:24]}")
        assert page.violations() == []
        page.dress("dark")
        for cell in cells:
            if cell in playable or "plots." in cell.source:
                page.show(str(cell.id))
                page.shot(f"{text.name}-{cell.id[:24]}")
        assert page.violations() == []
        assert page.complaints == []
    finally:
        page.close()


def test_the_sliding_window_follows_its_controls(browser: Any, lab: str) -> None:
    text = Course.at(ROOT).notebooks[0]
    page, cells = opened("release", text, "light", browser, lab)
    try:
        page.run_all()
        cell = page.show(str(next(c.id for c in cells if "SlidingWindow" in c.source)))
        controls = Controls(page, cell)
        for _ in range(13):
            controls.slide(0)
        controls.expect("Row 1, column 3")
        controls.choose(0, 2)
        controls.expect("/ 25")
        cell.locator("summary").first.click()
        page.shot("sliding-window")
        assert page.complaints == []
    finally:
        page.close()


def test_failing_and_passing_checks(browser: Any, lab: str) -> None:
    page = Page(browser, lab, "wrong.ipynb", "light", SHOTS)
    try:
        page.run_all()
        for theme in ("light", "dark"):
            page.dress(theme)
            failing = " ".join(page.show("cross_correlate").inner_text().split())
            assert "cross_correlate: not yet. Tried: a 4 x 5 image" in failing
            assert "Your kernel runs backwards." in failing
            assert "cross_correlate( np.array([[1., 2., 4., 3., 0.]," in failing
            page.shot("check-failing")
            passing = page.show("lsi").inner_text()
            assert "lsi: passed. 4 of 4 visible examples agree." in passing
            page.shot("check-passing")
            assert page.violations() == []
        assert page.complaints == []
    finally:
        page.close()
