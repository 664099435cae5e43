"""Makes plain `nbgrader ...` and the formgrader in this folder use the course's checker."""

from autograder.nbgrader_hooks import configure

configure(get_config())  # type: ignore[name-defined]  # noqa: F821  nbgrader provides it
