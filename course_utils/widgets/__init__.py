"""Things to play with: a picture, a few controls, and a caption that says in words what is seen.

Pictures are `ipywidgets.Image` fed with PNG bytes: fast, offline, and steady under Run All (an
Output widget with inline plots stalls headless runs now and then). A module per notebook.
"""

import base64
import html
import re
from collections.abc import Callable
from typing import Any

import ipywidgets


class Explorer(ipywidgets.VBox):
    """Controls above a picture and its caption.

    Where no widgets are shown (feedback, a page on the web), the picture of the moment is.

    Parameters
    ----------
    draw : makes PNG bytes and a caption of the controls' values, given by name.
    controls : widgets with a `value` and a `description`, by name.
    """

    def __init__(
        self, draw: Callable[..., tuple[bytes, str]], **controls: ipywidgets.Widget
    ) -> None:
        self._draw = draw
        self._controls = controls
        # At its own size: a stretched picture would not fit the window.
        layout = {"max_width": "100%", "align_self": "flex-start"}
        self.picture = ipywidgets.Image(format="png", layout=layout)
        self.caption = ipywidgets.HTML()
        for control in controls.values():
            control.observe(self._on_move, names="value")
        self._update()
        super().__init__([ipywidgets.HBox(list(controls.values())), self.picture, self.caption])

    def _update(self) -> None:
        values = {name: control.value for name, control in self._controls.items()}
        self.picture.value, text = self._draw(**values)
        self._say(text)

    def _on_move(self, _: Any) -> None:
        # What is raised here would be shown nowhere: the cell has long been run.
        try:
            self._update()
        except Exception as error:  # noqa: BLE001  the student's function can raise anything
            said = html.escape(f"{type(error).__name__}: {error}")
            self._say(f"With these values your function raises {said}")

    def _say(self, text: str) -> None:
        self.caption.value = f'<span aria-live="polite">{text}</span>'
        self._text = text

    def _repr_mimebundle_(self, **keywords: Any) -> Any:
        bundle = super()._repr_mimebundle_(**keywords)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        if data is not None:
            data["image/png"] = base64.b64encode(self.picture.value).decode("ascii")
            plain = re.sub(r"<[^>]*>", " ", self._text)
            data["text/plain"] = f"[{type(self).__name__}: {' '.join(plain.split())}]"
        return bundle
