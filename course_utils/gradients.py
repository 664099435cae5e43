"""Compares gradients with how a loss really changes when its parameters are moved.

    compare(lambda: loss_of(model, X, labels), {"W": layer.W}, {"W": layer.dW})

One entry of a parameter after the other is moved a little to the right and to the left. Where the
loss is smooth, the mean of the two slopes, the central difference, must be the derivative. Where
the two disagree there is a kink, such as that of ReLU at 0: any slope between the two is right.
"""

import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from course_utils.plots import Table, html_table

STEP = 1e-5
"""How far an entry is moved. A central difference is off by about step^2 |L'''| / 6, because the
loss is no parabola, and by about eps |L| / step, because it is rounded. In double precision both
are of the order of 1e-11 for numbers of the order of 1: close to the best that a step can do."""
CLOSER = 0.1
"""Where a gradient does not agree, a step of so many times the first one decides: there a kink near
by is out of reach, and what was not straight enough is straighter."""
RTOL = 1e-5
"""Relative tolerance. Wrong gradients have another sign, another factor or lack a term; right ones
come closer than that by orders of magnitude."""
ATOL = 1e-8
"""Absolute tolerance, for derivatives that vanish."""
ROUNDINGS = 100.0
"""Roundings, of the size eps |L|, that a loss may gather; they are divided by the step."""


@dataclass(frozen=True)
class Row:
    """What was found for one array of parameters.

    Parameters
    ----------
    name : of the array.
    shape : its shape.
    tried : how many of its entries were moved.
    agrees : whether the gradient is right in all of them.
    kinks : in how many of them the loss has a kink and the gradient is between its two slopes.
    place : the entry that is shown, kinks aside if there are other entries: where gradient and
        central difference differ most for their size, or, if they agree, where the gradient is
        largest; None if the array is empty.
    gradient, difference : gradient and central difference there.
    left, right : the slopes to both sides there.
    remark : what is peculiar; empty if there is nothing.
    """

    name: str
    shape: tuple[int, ...]
    tried: int
    agrees: bool
    kinks: int = 0
    place: tuple[int, ...] | None = None
    gradient: float = 0.0
    difference: float = 0.0
    left: float = 0.0
    right: float = 0.0
    remark: str = ""

    @property
    def where(self) -> str:
        """The entry as it is written in Python, such as `W[2, 0]`; the name if there is none."""
        return _written(self.name, self.place or ())

    @property
    def verdict(self) -> str:
        """A few words: whether it agrees, and what is peculiar."""
        return ("agrees" if self.agrees else "differs") + (
            f"; {self.remark}" if self.remark else ""
        )

    def cells(self) -> tuple[str, str, str, str, str]:
        """Return where it was looked, the two values and the verdict, as texts."""
        size = int(np.prod(self.shape, dtype=int))
        tried = f"{self.tried}" if self.tried == size else f"{self.tried} of {size}"
        if self.place is None:
            return tried, self.name, "-", "-", self.verdict
        return tried, self.where, f"{self.gradient:.6g}", f"{self.difference:.6g}", self.verdict


@dataclass(frozen=True)
class Comparison:
    """Gradients beside differences, one row an array of parameters; shows itself as a table.

    Parameters
    ----------
    rows : what was found, in the order of the parameters.
    seed : with which the entries were drawn of arrays that are too large to try all.
    """

    rows: tuple[Row, ...]
    seed: int

    @property
    def agree(self) -> bool:
        """Whether all gradients are right wherever they were tried."""
        return all(row.agrees for row in self.rows)

    def __str__(self) -> str:
        wrong = [row for row in self.rows if not row.agrees]
        if wrong:
            worst = ", ".join(row.where for row in wrong)
            count = f"{len(wrong)} of {len(self.rows)}"
            said = f"Gradients differ from central differences in {count} arrays, most at {worst}."
        else:
            said = "All gradients agree with central differences."
        if any(row.tried < np.prod(row.shape) for row in self.rows):
            said += f" Of large arrays some entries were tried, drawn with seed {self.seed}."
        return said

    def __repr__(self) -> str:
        return f"{self}\n{Table(_HEADER, tuple(row.cells() for row in self.rows))!r}"

    def _repr_html_(self) -> str:
        rows = []
        for row in self.rows:
            *values, verdict = map(html.escape, row.cells())
            color, sign = _LOOKS[row.agrees]
            rows.append([*values, f'<span style="color: {color}">{sign}</span> {verdict}'])
        return f"<p>{html.escape(str(self))}</p>{html_table(_HEADER, rows)}"


_HEADER = ("entries tried", "entry", "gradient", "central difference", "verdict")
# The look of the checks.
_LOOKS = {True: ("#009E73", "&#10003;"), False: ("#D55E00", "&#10007;")}


def compare(
    loss: Callable[[], float],
    parameters: Mapping[str, NDArray[np.float64]],
    gradients: Mapping[str, Any],
    *,
    most: int = 100,
    seed: int = 0,
) -> Comparison:
    """Compare gradients of a loss with central differences.

    Parameters
    ----------
    loss : takes nothing and returns the loss, a number, for the parameters as they stand. It must
        return the same number every time.
    parameters : float64 arrays by name: those that `loss` uses, no copies. Entries are moved in
        place, one at a time, and put back, also if `loss` raises an exception.
    gradients : arrays of the same names and shapes. Not modified.
    most : so many entries of an array are tried at most.
    seed : of the choice of entries, where an array has more.

    Returns
    -------
    A `Comparison`; its `agree` says whether all is right.

    Raises
    ------
    TypeError, ValueError
        If something is not what is asked for above; the message says in a sentence what.

    Notes
    -----
    The loss is called four times for every entry tried at most, and a few times more.

    A network whose biases are all 0 often stands at a kink: where no neuron of a layer is active,
    the total inputs of the next one are exactly 0. Biases that are not 0 make a stricter test.
    """
    if not callable(loss):
        raise TypeError(f"loss must be a function without arguments, this is {_a(loss)}.")
    if most < 1:
        raise ValueError(f"most must be at least 1, it is {most}.")
    checked = _checked(parameters, gradients)
    # A loss may write into the gradients when it is called, or into the parameters.
    originals = {name: array.copy() for name, array in parameters.items()}
    rng = np.random.default_rng(seed)
    try:
        level = _number(loss())
        if not np.isfinite(level):
            raise ValueError(f"The loss is {level}: there is nothing to compare with.")
        rows = []
        for name, gradient in checked.items():
            rows.append(_row(name, loss, parameters[name], gradient, level, most, rng))
        if not all(_same(parameters[name], originals[name]) for name in originals):
            raise ValueError("The loss changes its parameters; it must only compute.")
        again = _number(loss())
        if again != level:
            raise ValueError(
                f"For the same parameters the loss is {level!r} and then {again!r}; it must not "
                "draw random numbers or remember anything."
            )
    finally:
        for name, original in originals.items():
            parameters[name][...] = original
    return Comparison(tuple(rows), seed)


# --- What is given --------------------------------------------------------------------------------


def _checked(
    parameters: Mapping[str, NDArray[np.float64]], gradients: Mapping[str, Any]
) -> dict[str, NDArray[np.float64]]:
    """Return the gradients as float64 arrays of their own, in the order of the parameters."""
    for what, given in (("parameters", parameters), ("gradients", gradients)):
        if not isinstance(given, Mapping):
            raise TypeError(f"{what} must be a dict of arrays by name, this is {_a(given)}.")
    if not parameters:
        raise ValueError("There are no parameters to compare.")
    for lacking, there, what in (
        (gradients, parameters, "gradient"),
        (parameters, gradients, "parameter"),
    ):
        names = [name for name in there if name not in lacking]
        if names:
            raise ValueError(f"There is no {what} named {', '.join(map(repr, names))}.")
    checked = {}
    for name, array in parameters.items():
        _check_parameter(name, array)
        gradient = gradients[name]
        if isinstance(gradient, Real) and not isinstance(gradient, bool):
            gradient = np.array(gradient)
        if not isinstance(gradient, np.ndarray):
            raise TypeError(f"The gradient {name!r} must be an array, this is {_a(gradient)}.")
        if gradient.dtype.kind not in "iuf":
            raise TypeError(f"The gradient {name!r} must hold numbers, not {gradient.dtype}.")
        if gradient.shape != array.shape:
            raise ValueError(
                f"The gradient {name!r} has shape {gradient.shape}, "
                f"its parameter has shape {array.shape}."
            )
        checked[name] = gradient.astype(np.float64)
    return checked


def _check_parameter(name: str, array: Any) -> None:
    """Raise an exception if a parameter cannot be moved, or not finely enough."""
    if not isinstance(array, np.ndarray):
        raise TypeError(f"The parameter {name!r} must be an array, this is {_a(array)}.")
    if array.dtype != np.float64:
        raise TypeError(
            f"The parameter {name!r} is {array.dtype}; it must be float64: with less, a step of "
            f"{STEP:g} and the change that it makes would be mostly rounding."
        )
    if not array.flags.writeable:
        raise ValueError(f"The parameter {name!r} is read-only: its entries cannot be moved.")


def _number(value: Any) -> float:
    """Return a loss as a float; raise an exception if it is none, or not in double precision."""
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, np.ndarray):
        raise TypeError(f"The loss must be one number, it is an array of shape {value.shape}.")
    if isinstance(value, tuple):
        raise TypeError(
            f"The loss must be one number, it is a tuple of {len(value)} things: "
            "return its first part alone if that is the loss."
        )
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise TypeError(f"The loss must be one number, it is {_a(value)}.")
    if isinstance(value, np.floating) and value.dtype.itemsize < np.dtype(np.float64).itemsize:
        raise TypeError(
            f"The loss is {value.dtype}; it must be float64: differences would be mostly rounding."
        )
    return float(value)


def _a(value: Any) -> str:
    """Return the type of a value with its article."""
    kind = type(value).__name__
    return "None" if value is None else f"{'an' if kind[0].lower() in 'aeiou' else 'a'} {kind}"


def _same(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Say whether two arrays are the same bit for bit, the sign of zeros included."""
    return one.tobytes() == other.tobytes()


# --- Slopes ---------------------------------------------------------------------------------------


def _row(
    name: str,
    loss: Callable[[], float],
    array: NDArray[np.float64],
    gradient: NDArray[np.float64],
    level: float,
    most: int,
    rng: np.random.Generator,
) -> Row:
    """Compare the gradient of one array; `level` is the loss where nothing is moved."""
    if array.size == 0:
        return Row(name, array.shape, 0, True, remark="it has no entries")
    places = np.arange(array.size)
    if array.size > most:
        places = np.sort(rng.choice(array.size, most, replace=False))
    unusable = np.flatnonzero(~np.isfinite(gradient))
    if unusable.size:
        places = unusable[:1]
    found = gradient.ravel()[places]
    left, right = _slopes(loss, array, places, STEP)
    error = _error(found, left, right, level, STEP)
    kink = np.zeros(places.size, bool)
    # Not "error > 1": it may be NaN.
    doubtful = np.flatnonzero(~(error <= 1.0))
    if doubtful.size:
        step = CLOSER * STEP
        gap = np.abs(right - left)[doubtful]
        sides = _slopes(loss, array, places[doubtful], step)
        left[doubtful], right[doubtful] = sides
        error[doubtful] = _error(found[doubtful], *sides, level, step)
        kink[doubtful] = _at_a_kink(found[doubtful], *sides, gap, level, step)
    agrees = bool(((error <= 1.0) | kink).all())
    # Which of the right ones is the worst would be decided by rounding; kinks come last.
    rank = np.abs(found) if agrees else error
    shown = int(np.argmax(np.where(kink, -1.0, rank)))  # NaN is the largest of all to argmax
    mean = (left + right) / 2.0
    indices = [tuple(int(i) for i in np.unravel_index(p, array.shape)) for p in places]
    remark = ""
    if not agrees:
        remark = _suspicion(found, mean, np.where(kink, 0.0, error))
    elif kink.any():
        first = int(np.argmax(kink))
        where = _written(name, indices[first])
        remark = _about_kinks(where, float(left[first]), float(right[first]), int(kink.sum()))
    return Row(
        name,
        array.shape,
        places.size,
        agrees,
        int(kink.sum()),
        indices[shown],
        float(found[shown]),
        float(mean[shown]),
        float(left[shown]),
        float(right[shown]),
        remark,
    )


def _slopes(
    loss: Callable[[], float], array: NDArray[np.float64], places: NDArray[np.int64], step: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the slopes of the loss to the left and to the right of entries of an array."""
    from scipy.optimize import approx_fprime

    here = array.flat[places]

    def moved(values: NDArray[np.float64]) -> float:
        array.flat[places] = values
        return _number(loss())

    # An infinite loss beside a place gives a slope that is no number, which is said in the row.
    with np.errstate(all="ignore"):
        left, right = approx_fprime(here, moved, -step), approx_fprime(here, moved, step)
    array.flat[places] = here
    return left, right


def _tolerance(
    found: NDArray[np.float64], slope: NDArray[np.float64], level: float, step: float
) -> NDArray[np.float64]:
    """Return by how much a gradient may differ from a slope."""
    rounding = ROUNDINGS * np.finfo(np.float64).eps * abs(level) / step
    return ATOL + rounding + RTOL * np.maximum(np.abs(found), np.abs(slope))


def _error(
    found: NDArray[np.float64],
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    level: float,
    step: float,
) -> NDArray[np.float64]:
    """Return how far gradients are from central differences, in units of the tolerance."""
    mean = (left + right) / 2.0
    with np.errstate(all="ignore"):
        return np.abs(found - mean) / _tolerance(found, mean, level, step)


def _at_a_kink(
    found: NDArray[np.float64],
    left: NDArray[np.float64],
    right: NDArray[np.float64],
    gap: NDArray[np.float64],
    level: float,
    step: float,
) -> NDArray[np.bool_]:
    """Say which gradients are between slopes that disagree for a small step as for a larger one.

    Where a loss is smooth but bent, the disagreement shrinks with the step.
    """
    with np.errstate(all="ignore"):
        spare = _tolerance(found, np.maximum(np.abs(left), np.abs(right)), level, step)
        stays = (np.abs(right - left) > spare) & (np.abs(right - left) > gap / 2.0)
        return (
            stays
            & (np.minimum(left, right) - spare <= found)
            & (found <= np.maximum(left, right) + spare)
        )


# --- Remarks --------------------------------------------------------------------------------------


def _written(name: str, place: tuple[int, ...]) -> str:
    """Return an entry as it is written in Python, such as `W[2, 0]`."""
    return f"{name}[{', '.join(map(str, place))}]" if place else name


def _about_kinks(where: str, left: float, right: float, count: int) -> str:
    """Return a remark on the first of some kinks."""
    more = f", and {count - 1} more" if count > 1 else ""
    # Adding 0 turns -0 into 0.
    return (
        f"at a kink in {where}{more}: any slope from {left + 0.0:.6g} (left) to "
        f"{right + 0.0:.6g} (right) is right"
    )


def _suspicion(
    found: NDArray[np.float64], mean: NDArray[np.float64], error: NDArray[np.float64]
) -> str:
    """Return a remark on what a wrong gradient looks like; empty if it looks like nothing known."""
    if not np.isfinite(found).all():
        return "the gradient is no finite number"
    if not np.isfinite(mean).all():
        return "the loss beside it is no finite number"
    if not mean.any():
        return "the loss does not move with it: does it use this array, or a copy?"
    if not found.any():
        return "the gradient is 0 in all entries tried"
    factor = float(found @ mean / (mean @ mean))
    alike = np.abs(found - factor * mean) <= 1e3 * RTOL * np.abs(found).max()
    if np.count_nonzero(mean) > 1 and alike.all():
        return f"the gradient is {factor:.4g} times the difference in all entries tried"
    return f"{int((~(error <= 1.0)).sum())} of {error.size} entries tried"
