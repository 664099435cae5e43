"""Hidden tests of the notebook linear_filters. Oracle: scipy.ndimage."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from scipy import ndimage

from autograder.grading.student import Counted, Student
from autograder.hidden import Wrong, close, fits, hidden, holds, raises, replay, seed, unchanged
from course_utils.operators import Operator

# Statistics are trusted to this many standard errors: by chance beyond them one time in 10^11.
Z = 7.0

NDIMAGE_MODE = {
    "constant": "constant",
    "reflect": "mirror",
    "symmetric": "reflect",
    "edge": "nearest",
    "wrap": "wrap",
}


def _is_gaussian(noise: Any, sigma: float) -> None:
    """Look at the noise's mean, spread and distribution."""
    n = noise.size
    error = sigma / n**0.5
    holds(abs(noise.mean()) < Z * error, "The mean of the noise is not 0")
    holds(abs(noise.mean()) > 1e-10 * error, "The values are not independent: they sum to 0")
    holds(
        abs(noise.std() - sigma) < Z * sigma / (2 * n) ** 0.5,
        "The standard deviation of the noise is not sigma",
    )
    for bound, share in ((1.0, 0.682689492), (2.0, 0.954499736)):
        error = Z * (share * (1 - share) / n) ** 0.5
        found = (np.abs(noise) < bound * sigma).mean()
        holds(abs(found - share) < error, "The noise is not normally distributed")


def _are_independent(one: Any, other: Any, sentence: str) -> None:
    correlation = np.corrcoef(one.ravel(), other.ravel())[0, 1]
    holds(abs(correlation) < Z / one.size**0.5, sentence)


@hidden("add_gaussian_noise", points=2, says="the noise's distribution, from black to white")
def distribution(student: Student, rng: Generator) -> None:
    sigma = rng.uniform(0.1, 0.4)
    image = np.tile(np.linspace(0.0, 1.0, 256), (200, 1))
    noise = fits(student.add_gaussian_noise(image, sigma, seed(rng)), image) - image
    for third in np.array_split(noise, 3, axis=1):
        _is_gaussian(third, sigma)
    sentence = "Neighbouring pixels do not get noise of their own"
    _are_independent(noise[:, 1:], noise[:, :-1], sentence)
    _are_independent(noise[1:], noise[:-1], sentence)
    color = np.full((150, 100, 3), 0.5)
    noise = fits(student.add_gaussian_noise(color, sigma, seed(rng)), color) - color
    _is_gaussian(noise, sigma)
    for one, other in ((0, 1), (1, 2), (0, 2)):
        _are_independent(
            noise[..., one], noise[..., other], "Colour channels do not get noise of their own"
        )


@hidden("add_gaussian_noise", points=1, says="the generator decides; the image stays as it was")
def generator(student: Student, rng: Generator) -> None:
    image, one, other = rng.random((40, 30)), seed(rng), seed(rng)
    noisy = fits(unchanged(student.add_gaussian_noise, image, 0.2, one), image)
    holds(not np.array_equal(noisy, image), "There is no noise")
    again, different = (student.add_gaussian_noise(image, 0.2, s) for s in (one, other))
    holds(np.array_equal(noisy, again), "Equal generators give different noise")
    holds(not np.array_equal(noisy, different), "Different generators give equal noise")
    close(student.add_gaussian_noise(image, 0.0, one), image)


@hidden("moving_average", points=1.5, says="signals and sizes of many kinds")
def signals(student: Student, rng: Generator) -> None:
    for size in (1, 3, 2 * int(rng.integers(2, 8)) + 1):
        signal = rng.normal(size=int(rng.integers(20, 60)))
        expected = ndimage.uniform_filter1d(signal, size, mode="nearest")
        close(unchanged(student.moving_average, signal, size), expected)
    short = rng.normal(size=3)
    close(student.moving_average(short, 9), ndimage.uniform_filter1d(short, 9, mode="nearest"))


@hidden("moving_average", points=0.5, says="an even size is refused")
def even_size(student: Student, rng: Generator) -> None:
    for size in (2, 2 * int(rng.integers(1, 4))):
        raises("ValueError", student.moving_average, rng.random(9), size)


@replay("moving_average")
def printed(moving_average: Any) -> None:
    steps = np.cumsum(np.sin(np.arange(23.0) ** 1.7))
    for size in (3, 5, 11):
        print(size, np.round(moving_average(steps, size), 4).tolist())


@hidden("cross_correlate", points=2, says="a grey image and a rectangular kernel")
def grey(student: Student, rng: Generator) -> None:
    for shape in ((3, 7), (5, 3)):
        image, kernel = rng.random((17, 23)), rng.normal(size=shape)
        expected = ndimage.correlate(image, kernel, mode="reflect")
        close(student.cross_correlate(image, kernel, "symmetric"), expected)


@hidden("cross_correlate", points=2, says="a colour image")
def color(student: Student, rng: Generator) -> None:
    image, kernel = rng.random((12, 19, 3)), rng.normal(size=(3, 5))
    expected = ndimage.correlate(image, kernel[:, :, np.newaxis], mode="nearest")
    close(student.cross_correlate(image, kernel, "edge"), expected)


@hidden("cross_correlate", points=2, says="every border rule and the default, grey and colour")
def paddings(student: Student, rng: Generator) -> None:
    image, kernel = rng.random((11, 14, 3)), rng.normal(size=(7, 5))
    for padding, mode in NDIMAGE_MODE.items():
        expected = ndimage.correlate(image, kernel[:, :, np.newaxis], mode=mode)
        close(student.cross_correlate(image, kernel, padding), expected)
        close(student.cross_correlate(image[..., 0], kernel, padding), expected[..., 0])
    expected = ndimage.correlate(image, kernel[:, :, np.newaxis], mode="reflect")
    close(student.cross_correlate(image, kernel), expected)


@hidden("cross_correlate", points=1, says="a kernel with an even side is refused")
def even_side(student: Student, rng: Generator) -> None:
    image = rng.random((9, 8))
    for shape in ((4, 3), (3, 2)):
        raises("ValueError", student.cross_correlate, image, rng.random(shape), "edge")
    fits(student.cross_correlate(image, rng.random((1, 1)), "edge"), image)


@hidden("cross_correlate", points=1, says="image and kernel stay as they were")
def untouched(student: Student, rng: Generator) -> None:
    image, kernel = rng.random((8, 9)), rng.random((3, 3))
    fits(unchanged(student.cross_correlate, image, kernel, "edge"), image)


@dataclass(frozen=True)
class _Mixture:
    """An image operator of no name: every pixel with its left neighbour, then what `rule` says.

    `place` makes the weights depend on the place, `phase` and `weight` are drawn: it cannot be
    looked up, nor told by trying what all operators with names do.
    """

    rule: str
    place: bool
    phase: float
    weight: float

    def __call__(self, image: Any) -> Any:
        mixed = image + self.weight * np.roll(image, 1, axis=1)
        rows, columns = np.indices(image.shape)
        if self.place:
            mixed = mixed * (2 + np.cos(self.phase + rows + 2 * columns))
        match self.rule:
            case "square":
                return mixed + image**2
            case "absolute":
                return np.abs(mixed)
            case "corner":  # random images agree in four of ten trials
                return mixed * (2 if image[0, 0] > 0.5 else 1)
            case "board":  # shifts by an even number of pixels agree
                return mixed * (1 + self.weight * ((rows + columns) % 2))
            case _:
                return mixed


def _mixtures(rng: Generator, *kinds: tuple[str, bool]) -> list[_Mixture]:
    return [
        _Mixture(rule, place, rng.uniform(0, 6), rng.uniform(0.3, 0.7)) for rule, place in kinds
    ]


def _judged(
    student: Student,
    rng: Generator,
    function: str,
    answers: dict[bool, list[Operator]],
    rare: Operator,
    lent: dict[bool, list[_Mixture]],
) -> None:
    """Let the student's function judge operators whose answers are known.

    Operators that are sent have names, which say what they are; those that are lent can only be
    tried, which costs more. Six random trials do not miss these, but for the last, which is like
    `rare`: one trial misses either four times in ten or more. Who tries once is found out in nine
    goes but one time in 100, and who tries forty times is wrong one time in 10^10. Some operators
    with names that are right are tried as often, so that the number alone says nothing of them.
    """
    judge = getattr(student, function)
    *certain, lent_rare = lent[False]
    rares = [*[rare] * 6, *[lent_rare] * 3]
    cases: list[tuple[Any, bool, int]] = [
        *((operator, answer, 20) for answer in answers for operator in answers[answer]),
        *((operator, True, int(rng.integers(40, 45))) for operator in answers[True][:3]),
        *((operator, True, int(rng.integers(6, 8))) for operator in lent[True]),
        *((operator, False, int(rng.integers(6, 8))) for operator in certain),
        *((operator, False, int(rng.integers(40, 45))) for operator in rares),
    ]
    # In an order of their own: who counts calls learns nothing.
    cases = [cases[index] for index in rng.permutation(len(cases))]

    def shape() -> tuple[int, int]:
        return 2 * int(rng.integers(3, 6)), 8

    # All verdicts first: a mistake is recognised by the whole pattern of answers.
    verdicts = [
        judge(
            operator if isinstance(operator, Operator) else Counted(operator),
            *(shape(), seed(rng), trials),
        )
        for operator, _, trials in cases
    ]
    for (operator, answer, _), verdict in zip(cases, verdicts, strict=True):
        holds(isinstance(verdict, (bool, np.bool_)), f"{function} does not return True or False")
        if bool(verdict) is not answer:
            sentence = f"{function} says {bool(verdict)} where {answer} is right"
            raise Wrong(sentence, (operator, bool(verdict)), (operator, answer))


@hidden("lsi", points=2, says="is_linear on operators of many kinds")
def linear(student: Student, rng: Generator) -> None:
    yes = [
        *(Operator("mean", {"size": 5}), Operator("gaussian", {"sigma": rng.uniform(0.6, 1.5)})),
        *(Operator("brightness_change"), Operator("scale", {"factor": rng.uniform(-3, 3)})),
        *(Operator("mirror"), Operator("fade_rows"), Operator("checkerboard")),
    ]
    no = [
        *(Operator("median", {"size": 3}), Operator("maximum"), Operator("square")),
        *(Operator("brighten", {"amount": rng.uniform(0.01, 0.5)}), Operator("absolute")),
        *(Operator("saturate"), Operator("sort_pixels")),
    ]
    lent_yes = _mixtures(rng, ("", True), ("", False))
    lent_no = _mixtures(rng, ("square", False), ("absolute", True), ("corner", True))
    rare = Operator("double_by_corner")
    judged = {True: yes, False: no}, rare, {True: lent_yes, False: lent_no}
    _judged(student, rng, "is_linear", *judged)


@hidden("lsi", points=2, says="is_shift_invariant on operators of many kinds")
def shift_invariant(student: Student, rng: Generator) -> None:
    yes = [
        *(Operator("mean"), Operator("median"), Operator("maximum", {"size": 5})),
        *(Operator("gaussian", {"sigma": rng.uniform(0.6, 1.5)}), Operator("square")),
        *(Operator("brighten"), Operator("brightness_change"), Operator("saturate")),
    ]
    no = [
        *(Operator("fade_rows"), Operator("fade_columns"), Operator("mean_mirrored")),
        *(Operator("mirror"), Operator("sort_pixels")),
    ]
    lent_yes = _mixtures(rng, ("", False), ("absolute", False))
    lent_no = _mixtures(rng, ("", True), ("square", True), ("board", False))
    judged = {True: yes, False: no}, Operator("checkerboard"), {True: lent_yes, False: lent_no}
    _judged(student, rng, "is_shift_invariant", *judged)
