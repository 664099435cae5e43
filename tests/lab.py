"""A JupyterLab server and a notebook opened in a real browser: for the tests and the benchmarks."""

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
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)

Theme = Literal["light", "dark"]

_FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update"),
]

# What JupyterLab itself and its widgets leave open; everything else is ours.
_NOT_OURS = re.compile(r"jp-(?!RenderedHTML|OutputArea-output)|lm-|noUi|cm-|jupyter-widgets-disc")


@contextmanager
def jupyterlab(folder: Path, settings: Path) -> Iterator[str]:
    """Serve a folder with JupyterLab and yield its address; `settings` is an empty folder."""
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


@contextmanager
def chromium() -> Iterator[Any]:
    """Start a browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield browser
        browser.close()


class Page:
    """A notebook opened in JupyterLab.

    Parameters
    ----------
    browser : see `chromium`.
    address : of the server, see `jupyterlab`.
    name : of the notebook's file.
    theme : to begin with.
    shots : the folder for pictures that people look at.
    """

    def __init__(self, browser: Any, address: str, name: str, theme: Theme, shots: Path) -> None:
        self.page = browser.new_page(viewport={"width": 1500, "height": 1000})
        self.complaints: list[str] = []
        self._shots = shots
        self.page.on("console", self._listen)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(f"{address}/lab/tree/{name}?reset")
        self.page.wait_for_function("window.jupyterapp !== undefined", timeout=60_000)
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
        self.dress(theme)
        self._wait_until_idle()

    def _listen(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def dress(self, theme: Theme) -> None:
        """Change the theme."""
        self.theme = theme
        self.page.evaluate(
            "t => window.jupyterapp.commands.execute('apputils:change-theme', {theme: t})",
            f"JupyterLab {theme.title()}",
        )
        self.page.wait_for_selector(
            f"body[data-jp-theme-light='{str(theme == 'light').lower()}']",
            state="attached",
            timeout=20_000,
        )

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
            timeout=180_000,
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
        selector = f".jp-Notebook .jp-Cell[data-windowed-list-index='{index}']"
        found = self.page.locator(selector)
        found.wait_for(timeout=20_000)
        # JupyterLab puts cells that come into sight, and what is in them, there bit by bit.
        self.page.wait_for_function(
            """selector => {
            const cell = document.querySelector(selector);
            const sources = cell && Array.from(cell.querySelectorAll('img'), image => image.src);
            const place = cell && cell.getBoundingClientRect().top;
            const look = cell && [place, cell.innerHTML.length, ...sources];
            if (!cell || String(look) !== window.lastLook) {
                window.lastLook = String(look); window.still = performance.now(); }
            return performance.now() - window.still > 400; }""",
            arg=selector,
            timeout=30_000,
        )
        return found

    def shot(self, name: str) -> None:
        """Take a picture for people."""
        self._shots.mkdir(exist_ok=True)
        self.page.screenshot(path=str(self._shots / f"{name}-{self.theme}.png"))

    def violations(self) -> list[str]:
        """Return what axe-core finds in the notebook's outputs and texts."""
        import axe_playwright_python.sync_playwright as axe

        results = axe.Axe().run(self.page, context={"include": [[".jp-Notebook"]]}).response
        return [
            f"{violation['id']}: {node['html'][:200]}"
            for violation in results["violations"]
            for node in violation["nodes"]
            if violation["impact"] in ("serious", "critical")
            and not _NOT_OURS.search(node["html"][:300])
        ]

    def close(self) -> None:
        """End the kernel and close the page."""
        self.page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
        self.page.close()


class Controls:
    """The controls of a widget in a cell that is shown; every move waits for a new picture."""

    def __init__(self, page: Page, cell: Any) -> None:
        self._page, self._cell = page, cell
        self._image().wait_for(timeout=20_000)
        self.sliders = cell.locator(".noUi-handle")
        self.menus = cell.locator(".widget-dropdown select")

    @property
    def caption(self) -> str:
        """The words below the picture."""
        return str(self._words().inner_text())

    def expect(self, text: str) -> None:
        """Wait until the words below the picture contain a text; they come after the picture."""
        from playwright.sync_api import expect

        expect(self._words()).to_contain_text(text, timeout=10_000)

    def _image(self) -> Any:
        return self._cell.locator("img.widget-image, .widget-image img").first

    def _words(self) -> Any:
        return self._cell.locator(".widget-html [aria-live]").first

    def slide(self, number: int, key: str = "ArrowRight") -> float:
        """Press a key on a slider; return the milliseconds until the new picture is there."""
        self.sliders.nth(number).focus()
        return self._changed(lambda: self._page.page.keyboard.press(key))

    def choose(self, number: int, option: int) -> float:
        """Choose an option of a menu; return the milliseconds until the new picture is there."""
        return self._changed(lambda: self.menus.nth(number).select_option(index=option))

    def move_all(self) -> int:
        """Move every slider there and back and choose every option; return how many moves."""
        moves = 0
        for number in range(self.sliders.count()):
            for key in self.ways(number):
                self.slide(number, key)
                moves += 1
        for number in range(self.menus.count()):
            menu = self.menus.nth(number)
            chosen = int(menu.evaluate("m => m.selectedIndex"))
            count = int(menu.evaluate("m => m.options.length"))
            for option in (*(i for i in range(count) if i != chosen), chosen):
                self.choose(number, option)
                moves += 1
        return moves

    def ways(self, number: int) -> tuple[str, str]:
        """Return the keys that move a slider there and back."""
        handle = self.sliders.nth(number)
        now, last = (handle.get_attribute(f"aria-value{name}") for name in ("now", "max"))
        return ("ArrowLeft", "ArrowRight") if now == last else ("ArrowRight", "ArrowLeft")

    def _changed(self, move: Any) -> float:
        image = self._image().element_handle()
        # From the event that the student causes to the picture that he sees, decoded.
        self._page.page.evaluate(
            """image => { window.moved = 0; window.seen = 0;
            const start = () => { window.moved = window.moved || performance.now(); };
            for (const kind of ['keydown', 'change'])
                document.addEventListener(kind, start, {capture: true, once: true});
            // A picture that is replaced while it is decoded is none: the next one counts.
            const decode = () => image.decode().then(
                () => { window.seen = performance.now(); }, decode);
            const observer = new MutationObserver(() => { observer.disconnect(); decode(); });
            observer.observe(image, {attributes: true, attributeFilter: ['src']}); }""",
            image,
        )
        move()
        self._page.page.wait_for_function("() => window.seen > 0", timeout=30_000)
        return float(self._page.page.evaluate("() => window.seen - window.moved"))
