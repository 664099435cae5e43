"""A student's and an instructor's notebook in JupyterLab, in a real browser, light and dark.

Screenshots go to `screenshots/` for people to look at. Needs a Chromium; where there is none the
tests are skipped, unless COURSE_NEEDS_BROWSER is set.
"""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ROOT / "screenshots"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
NOTEBOOK = "1_linear_filters.ipynb"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM and not os.environ.get("COURSE_NEEDS_BROWSER"), reason="no Chromium here"
    ),
]

FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]

# What JupyterLab itself and its widgets leave open; everything else is ours.
NOT_OURS = re.compile(r"jp-(?!RenderedHTML|OutputArea-output)|lm-|noUi|cm-|jupyter-widgets-disc")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A JupyterLab serving the release, the source and a wrong answer; its address."""
    folder = tmp_path_factory.mktemp("lab")
    shutil.copy(ROOT / "release" / "a1_filtering" / NOTEBOOK, folder / "release.ipynb")
    shutil.copy(ROOT / "source" / "a1_filtering" / NOTEBOOK, folder / "source.ipynb")
    sample = ROOT / "examples" / "submissions" / "student-03" / "a1_filtering" / NOTEBOOK
    notebook = nbformat.read(sample, as_version=4)
    nbformat.write(notebook, folder / "wrong.ipynb")
    settings = tmp_path_factory.mktemp("settings")
    (settings / "overrides.json").write_text(
        '{"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}}'
    )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"),
            *(f"--port={port}", "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}"),
            *("--LabApp.expose_app_in_browser=True", f"--LabApp.app_settings_dir={settings}"),
        ],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(address, server)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(timeout=30)


def _wait_for(address: str, server: "subprocess.Popen[bytes]") -> None:
    for _ in range(240):
        assert server.poll() is None, "JupyterLab ended"
        try:
            with urllib.request.urlopen(f"{address}/api", timeout=5):
                return
        except OSError:
            time.sleep(0.25)
    raise AssertionError("JupyterLab did not start")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield chromium
        chromium.close()


class Page:
    """A notebook opened in JupyterLab."""

    def __init__(self, browser: Any, address: str, name: str, theme: str) -> None:
        self.page = browser.new_page(viewport={"width": 1500, "height": 1000})
        self.complaints: list[str] = []
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(f"{address}/lab/tree/{name}?reset")
        self.page.wait_for_function("window.jupyterapp !== undefined", timeout=60_000)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        label = "JupyterLab Dark" if theme == "dark" else "JupyterLab Light"
        self.page.evaluate(
            "t => window.jupyterapp.commands.execute('apputils:change-theme', {theme: t})", label
        )
        self._wait_until_idle()

    def _listen(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _wait_until_idle(self) -> None:
        self.page.wait_for_function(
            "() => { const p = window.jupyterapp.shell.currentWidget;"
            " const k = p && p.sessionContext && p.sessionContext.session;"
            " return k && k.kernel && k.kernel.status === 'idle'; }",
            timeout=90_000,
        )

    def run_all(self) -> None:
        """Run all cells and wait for the last one."""
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(
            "() => { const cells = window.jupyterapp.shell.currentWidget.content.model.cells;"
            " const last = cells.get(cells.length - 1);"
            " return last.executionCount !== null && last.outputs.length > 0; }",
            timeout=120_000,
        )
        self._wait_until_idle()

    def show(self, cell: str) -> Any:
        """Scroll to a cell by its id and return it."""
        index = self.page.evaluate(
            "id => { const p = window.jupyterapp.shell.currentWidget.content;"
            " const i = p.widgets.findIndex(w => w.model.sharedModel.getId() === id);"
            " p.activeCellIndex = i; p.scrollToItem(i, 'start'); return i; }",
            cell,
        )
        assert index >= 0, cell
        found = self.page.locator(f".jp-Notebook .jp-Cell[data-windowed-list-index='{index}']")
        found.wait_for(timeout=20_000)
        self.page.wait_for_timeout(300)
        return found

    def shot(self, name: str) -> None:
        """Take a picture for people."""
        SHOTS.mkdir(exist_ok=True)
        self.page.screenshot(path=str(SHOTS / f"{name}.png"))

    def close(self) -> None:
        """End the kernel and close the page."""
        self.page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
        self.page.close()


def widget_cell() -> str:
    notebook = nbformat.read(ROOT / "release" / "a1_filtering" / NOTEBOOK, as_version=4)
    return next(str(c.id) for c in notebook.cells if c.source.startswith("widgets.SlidingWindow"))


def in_words(page: Page) -> str:
    return str(page.page.locator(".widget-html [aria-live]").first.inner_text())


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_release_as_a_student_meets_it(theme: str, browser: Any, lab: str) -> None:
    page = Page(browser, lab, "release.ipynb", theme)
    try:
        page.run_all()
        page.shot(f"release-top-{theme}")
        check = page.show("cross_correlate")
        assert "cross_correlate: not attempted. Write cross_correlate in the cell above." in (
            check.inner_text()
        )
        assert "Traceback" not in check.inner_text()
        page.shot(f"release-check-{theme}")
        _move_the_widget(page, theme)
        assert _violations(page) == []
        assert page.complaints == []
    finally:
        page.close()


def _move_the_widget(page: Page, theme: str) -> None:
    cell = page.show(widget_cell())
    picture = cell.locator(".widget-image img, img.widget-image").first
    before, words = picture.get_attribute("src"), in_words(page)
    assert "Row 3, column 4" in words
    handle = cell.locator(".noUi-handle").first
    handle.focus()
    for _ in range(13):
        page.page.keyboard.press("ArrowRight")
    page.page.wait_for_function(
        "() => document.querySelector('.widget-html [aria-live]').innerText"
        ".includes('Row 4, column 7')"
    )
    assert picture.get_attribute("src") != before
    cell.locator("select").first.select_option("5 x 5")
    page.page.wait_for_function(
        "() => document.querySelector('.widget-html [aria-live]').innerText.includes('/ 25')"
    )
    cell.locator("summary").first.click()
    page.shot(f"widget-{theme}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_source_as_an_instructor_sees_it(theme: str, browser: Any, lab: str) -> None:
    page = Page(browser, lab, "source.ipynb", theme)
    try:
        page.run_all()
        check = page.show("cross_correlate")
        assert "cross_correlate: 8 of 8" in check.inner_text()
        notebook = nbformat.read(ROOT / "source" / "a1_filtering" / NOTEBOOK, as_version=4)
        last = page.show(str(notebook.cells[-1].id))
        assert "17 of 17 points pass their visible checks" in last.inner_text()
        page.shot(f"source-end-{theme}")
        for cell in notebook.cells:
            if "plots." in cell.source:
                page.show(str(cell.id))
                page.shot(f"source-{cell.id[:24]}-{theme}")
        assert _violations(page) == []
        assert page.complaints == []
    finally:
        page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_failing_and_passing_checks(theme: str, browser: Any, lab: str) -> None:
    page = Page(browser, lab, "wrong.ipynb", theme)
    try:
        page.run_all()
        failing = page.show("cross_correlate").inner_text()
        assert "cross_correlate: not yet. Tried: a 4 x 5 image" in failing
        assert "Your kernel runs backwards." in " ".join(failing.split())
        page.shot(f"check-failing-{theme}")
        passing = page.show("lsi").inner_text()
        assert "lsi: passed. 2 of 2 visible examples agree." in passing
        page.shot(f"check-passing-{theme}")
        assert _violations(page) == []
        assert page.complaints == []
    finally:
        page.close()


def _violations(page: Page) -> list[str]:
    """Return what axe-core finds in the notebook's outputs and texts."""
    import axe_playwright_python.sync_playwright as axe

    results = axe.Axe().run(page.page, context={"include": [[".jp-Notebook"]]}).response
    found = []
    for violation in results["violations"]:
        for node in violation["nodes"]:
            if violation["impact"] in ("serious", "critical") and not NOT_OURS.search(
                node["html"][:300]
            ):
                found.append(f"{violation['id']}: {node['html'][:200]}")
    return found
