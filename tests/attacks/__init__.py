"""Hostile submissions, and honest odd ones: what the grader has to withstand.

A module is a theme; an entry is a function that changes the perfect submission of a student (see
`autograder.attacks`). Code in cells is what a student would hand in. Resource bombs, and what
kills, writes or looks beyond the course's folder, carry `bomb=True` and run inside a sandbox only.

    course attacks                 # all of them, through `course grade`
    course attacks numpy_testing   # one
    course attacks --stock         # through stock nbgrader, for comparison
"""

from . import (
    bombs,
    cells,
    dying,
    evidence,
    files,
    forbidden,
    forging,
    honest,
    interpreter,
    lookup,
    network,
    reading,
    values,
    writing,
)

NOTEBOOK = "linear_filters"

__all__ = [
    "NOTEBOOK",
    "bombs",
    "cells",
    "dying",
    "evidence",
    "files",
    "forbidden",
    "forging",
    "honest",
    "interpreter",
    "lookup",
    "network",
    "reading",
    "values",
    "writing",
]
