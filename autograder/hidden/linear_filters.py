"""Hidden tests of the notebook linear_filters. Oracle: scipy.ndimage."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from scipy import ndimage
from scipy.sparse import issparse

from autograder.grading.student import Counted, Student
from autograder.hidden import (
    Wrong,
    close,
    fits,
    follows,
    hidden,
    holds,
    raises,
    replay,
    seed,
    unchanged,
)
from course_utils.operators import Operator
from course_utils.reference import linear_filters as reference

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
    # Of 20,000 values none lies beyond 3.2 sigma one time in 10^11.
    beyond = n < 20_000 or np.abs(noise).max() > 3.2 * sigma
    holds(beyond, "The noise is not normally distributed: large values are missing")


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
    sigma = rng.uniform(2.0, 4.0)  # far beyond [0, 1]
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


@hidden("add_salt_and_pepper", points=1.5, says="how many pixels are hit, and half each")
def shares(student: Student, rng: Generator) -> None:
    amount = rng.uniform(0.25, 0.4)
    image = rng.uniform(0.2, 0.8, (230, 210))
    noisy = fits(student.add_salt_and_pepper(image, amount, seed(rng)), image)
    salt, pepper = noisy == 1.0, noisy == 0.0
    hit = salt | pepper
    holds(np.array_equal(noisy[~hit], image[~hit]), "Pixels that are neither 0 nor 1 have changed")
    for share, expected, what in (
        (hit.mean(), amount, "The share of pixels that are hit is not amount"),
        (salt.mean(), amount / 2, "The share of white pixels is not amount / 2"),
    ):
        holds(abs(share - expected) < Z * (expected * (1 - expected) / hit.size) ** 0.5, what)
    sentence = "Neighbouring pixels are not hit independently"
    _are_independent(1.0 * hit[:, 1:], 1.0 * hit[:, :-1], sentence)
    _are_independent(1.0 * hit[1:], 1.0 * hit[:-1], sentence)
    sentence = "Which of the pixels become white depends on where they are"
    rows, columns = np.nonzero(hit)
    for place in (rows, columns):
        _are_independent(1.0 * salt[rows, columns], 1.0 * place, sentence)


@hidden("add_salt_and_pepper", points=0.5, says="a colour pixel changes as a whole")
def whole_pixels(student: Student, rng: Generator) -> None:
    image = rng.uniform(0.2, 0.8, (60, 50, 3))
    noisy = fits(student.add_salt_and_pepper(image, 0.4, seed(rng)), image)
    changed = noisy != image
    holds(bool(changed.any()), "There is no noise")
    holds(
        np.array_equal(changed.any(axis=2), changed.all(axis=2)),
        "Some pixels change in one channel and not in another",
    )
    values = noisy[changed.any(axis=2)]
    is_grey = (values == values[:, :1]).all() and np.isin(values, (0.0, 1.0)).all()
    holds(is_grey, "A pixel that is hit is neither black nor white")


@hidden("add_salt_and_pepper", points=1, says="the generator decides; the image stays as it was")
def salt_generator(student: Student, rng: Generator) -> None:
    image, one, other = rng.uniform(0.2, 0.8, (40, 30)), seed(rng), seed(rng)
    noisy = fits(unchanged(student.add_salt_and_pepper, image, 0.3, one), image)
    again, different = (student.add_salt_and_pepper(image, 0.3, s) for s in (one, other))
    holds(np.array_equal(noisy, again), "Equal generators give different noise")
    holds(not np.array_equal(noisy, different), "Different generators give equal noise")
    close(student.add_salt_and_pepper(image, 0.0, one), image)
    full = student.add_salt_and_pepper(image, 1.0, one)
    holds(bool(np.isin(full, (0.0, 1.0)).all()), "With amount 1 some pixels are not hit")


@hidden("average_frames", points=1, says="frames of many kinds")
def frames(student: Student, rng: Generator) -> None:
    for shape in ((1, 6, 5), (7, 9, 4), (3, 5, 6, 3), (2, 4, 3, 5)):
        frames = rng.random(shape)
        expected = sum(frame / shape[0] for frame in frames)
        close(unchanged(student.average_frames, frames), expected)
    close(student.average_frames(np.zeros((2, 3, 4))), np.zeros((3, 4)))


@hidden("average_frames", points=1, says="frames of 8 bits, and no frame at all")
def byte_frames(student: Student, rng: Generator) -> None:
    # Nine bytes from 100 on add up to more than a byte holds, 700 to more than two bytes do.
    for n in (1, 9, 700):
        frames = rng.integers(100, 256, (n, 3, 4), dtype=np.uint8)
        expected = sum(frame / n for frame in frames.astype(float))
        close(unchanged(student.average_frames, frames), expected)
    raises("ValueError", student.average_frames, np.zeros((0, 4, 5)))


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
    for channels in (3, 2):
        image, kernel = rng.random((12, 19, channels)), rng.normal(size=(3, 5))
        expected = ndimage.correlate(image, kernel[:, :, np.newaxis], mode="nearest")
        close(student.cross_correlate(image, kernel, "edge"), expected)


@hidden("cross_correlate", points=2, says="every border rule and the default, grey and colour")
def paddings(student: Student, rng: Generator) -> None:
    image, kernel = rng.random((11, 14, 3)), rng.normal(size=(7, 5))
    for padding, mode in NDIMAGE_MODE.items():
        expected = ndimage.correlate(image, kernel[:, :, np.newaxis], mode=mode)
        close(student.cross_correlate(image, kernel, padding), expected)
        close(student.cross_correlate(image[..., 0], kernel, padding), expected[..., 0])
        # A kernel that is larger than the image reaches beyond it more than once.
        small, large = rng.random((3, 2)), rng.normal(size=(9, 7))
        close(
            student.cross_correlate(small, large, padding),
            ndimage.correlate(small, large, mode=mode),
        )
    expected = ndimage.correlate(image, kernel[:, :, np.newaxis], mode="reflect")
    close(student.cross_correlate(image, kernel), expected)


@hidden("cross_correlate", points=1, says="a kernel with an even side is refused")
def even_side(student: Student, rng: Generator) -> None:
    image = rng.random((9, 8))
    for shape in ((4, 3), (3, 2)):
        raises("ValueError", student.cross_correlate, image, rng.random(shape), "edge")
    weight = rng.uniform(2.0, 3.0)
    close(student.cross_correlate(image, np.array([[weight]]), "edge"), weight * image)


@hidden("cross_correlate", points=1, says="image and kernel stay as they were")
def untouched(student: Student, rng: Generator) -> None:
    for shape in ((8, 9), (7, 6, 3)):
        image, kernel = rng.random(shape), rng.random((3, 3))
        fits(unchanged(student.cross_correlate, image, kernel, "edge"), image)


@hidden("convolve", points=2.5, says="kernels that are not symmetric, every border rule")
@follows(cross_correlate=reference.cross_correlate)
def convolved(student: Student, rng: Generator) -> None:
    image, color, kernel = rng.random((13, 10)), rng.random((8, 9, 4)), rng.normal(size=(3, 5))
    for padding, mode in NDIMAGE_MODE.items():
        close(student.convolve(image, kernel, padding), ndimage.convolve(image, kernel, mode=mode))
        expected = ndimage.convolve(color, kernel[:, :, np.newaxis], mode=mode)
        close(student.convolve(color, kernel, padding), expected)
    expected = ndimage.convolve(color, kernel[:, :, np.newaxis], mode="reflect")
    close(student.convolve(color, kernel), expected)
    # The same after a reflection in its diagonal, but not after half a turn.
    kernel = rng.normal(size=(3, 3))
    kernel += kernel.T
    close(student.convolve(image, kernel), ndimage.convolve(image, kernel, mode="reflect"))


@hidden("convolve", points=1.5, says="a lone bright pixel, arguments, an even side")
@follows(cross_correlate=reference.cross_correlate)
def impulse(student: Student, rng: Generator) -> None:
    image, kernel = np.zeros((9, 11)), rng.normal(size=(5, 3))
    image[4, 5] = 1.0
    # The response to a lone pixel is the kernel itself.
    response = unchanged(student.convolve, image, kernel, "constant")
    close(response[2:7, 4:7], kernel)
    for sides in ((3, 4), (4, 3)):
        raises("ValueError", student.convolve, image, rng.random(sides), "edge")


@hidden("kernels", points=1.5, says="box_kernel of several sizes")
def boxes(student: Student, rng: Generator) -> None:
    for size in (1, 3, 2 * int(rng.integers(2, 12)) + 1):
        impulse = np.zeros((2 * size + 1, 2 * size + 1))
        impulse[size, size] = 1.0
        response = ndimage.uniform_filter(impulse, size, mode="constant")
        half = size // 2
        window = slice(size - half, size + half + 1)
        close(student.box_kernel(size), response[window, window])
    for size in (0, 4, -3):
        raises("ValueError", student.box_kernel, size)


@hidden("kernels", points=2.5, says="gaussian_kernel for many sigmas")
def gaussians(student: Student, rng: Generator) -> None:
    for sigma in (0.1, 0.5, *rng.uniform(0.6, 6.0, 3)):
        close(student.gaussian_kernel(sigma), _gaussian(sigma, 3.0))
    # Where truncate * sigma falls between whole numbers decides about rounding.
    for truncate in (1.0, 2.2, 4.7):
        sigma = rng.uniform(1.0, 3.0)
        close(student.gaussian_kernel(sigma, truncate), _gaussian(sigma, truncate))
    close(student.gaussian_kernel(sigma=1.5, truncate=3.0), _gaussian(1.5, 3.0))


@hidden("kernels", points=1, says="a sigma that is 0 or negative is refused")
def no_spread(student: Student, rng: Generator) -> None:
    for sigma in (0.0, -rng.uniform(0.5, 2.0)):
        raises("ValueError", student.gaussian_kernel, sigma)
    fits(student.gaussian_kernel(1.0), np.zeros((7, 7)))


def _gaussian(sigma: float, truncate: float) -> Any:
    """Return what scipy's Gaussian filter makes of a lone bright pixel."""
    radius = int(truncate * sigma + 0.5)
    impulse = np.zeros((2 * radius + 1, 2 * radius + 1))
    impulse[radius, radius] = 1.0
    return ndimage.gaussian_filter(impulse, sigma, mode="constant", truncate=truncate)


@hidden("filter_separable", points=2, says="grey and colour, every border rule")
@follows(cross_correlate=reference.cross_correlate)
def separable(student: Student, rng: Generator) -> None:
    image = rng.random((15, 18, 2))
    for padding, mode in NDIMAGE_MODE.items():
        kernel = rng.normal(size=2 * int(rng.integers(1, 4)) + 1)
        expected = ndimage.correlate1d(image, kernel, axis=0, mode=mode)
        expected = ndimage.correlate1d(expected, kernel, axis=1, mode=mode)
        close(unchanged(student.filter_separable, image, kernel, padding), expected)
        close(student.filter_separable(image[..., 1], kernel, padding), expected[..., 1])
    kernel = rng.normal(size=5)
    expected = ndimage.correlate1d(image, kernel, axis=0, mode="reflect")
    expected = ndimage.correlate1d(expected, kernel, axis=1, mode="reflect")
    close(student.filter_separable(image, kernel), expected)


@hidden("filter_separable", points=1.5, says="a small image, and a kernel of very many entries")
@follows(cross_correlate=reference.cross_correlate)
def long_kernel(student: Student, rng: Generator) -> None:
    # Two passes take a moment. The product of the kernel with itself would have 115 GB.
    image, kernel = rng.random((3, 4)), np.zeros(120_001)
    kernel[rng.integers(0, kernel.size, 9)] = rng.random(9)
    expected = ndimage.correlate1d(image, kernel, axis=0, mode="nearest")
    expected = ndimage.correlate1d(expected, kernel, axis=1, mode="nearest")
    close(student.filter_separable(image, kernel, "edge"), expected)


@hidden("filter_separable", points=0.5, says="a kernel of one entry, and of an even number")
@follows(cross_correlate=reference.cross_correlate)
def short_kernels(student: Student, rng: Generator) -> None:
    image, weight = rng.random((7, 9)), rng.uniform(2.0, 3.0)
    close(student.filter_separable(image, np.array([weight]), "edge"), weight**2 * image)
    for size in (2, 4):
        raises("ValueError", student.filter_separable, image, rng.random(size), "edge")


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
            case "rows":
                return mixed * (1 + self.weight * (rows % 2))
            case "columns":
                return mixed * (1 + self.weight * (columns % 2))
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
    lent_rares: list[_Mixture],
) -> None:
    """Let the student's function judge operators whose answers are known.

    Operators that are sent have names, which say what they are; those that are lent can only be
    tried, which costs more. Six random trials do not miss these; one trial misses `rare` and each
    of the `lent_rares` four times in ten or more. Who tries once is found out in nine
    goes but one time in 100, and who tries forty times is wrong one time in 10^10. Some operators
    with names that are right are tried as often, so that the number alone says nothing of them.
    """
    judge = getattr(student, function)
    rares = [*[rare] * 6, *lent_rares]
    cases: list[tuple[Any, bool, int]] = [
        *((operator, answer, 20) for answer in answers for operator in answers[answer]),
        *((operator, True, int(rng.integers(40, 45))) for operator in answers[True][:3]),
        *((operator, True, int(rng.integers(6, 8))) for operator in lent[True]),
        *((operator, False, int(rng.integers(6, 8))) for operator in lent[False]),
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


def _draws(student: Student, rng: Generator, function: str) -> None:
    """Make sure that the generator decides what is tried."""

    def tried(generator: Any) -> list[Any]:
        images: list[Any] = []

        def same(image: Any) -> Any:
            images.append(image)
            return image

        getattr(student, function)(Counted(same), (4, 6), generator, 4)
        return images

    one, other = seed(rng), seed(rng)
    first, again, different = tried(one), tried(one), tried(other)
    sentence = f"With equal generators {function} does not try equal images"
    holds(len(first) > 0 and all(map(np.array_equal, first, again)), sentence)
    sentence = f"With another generator {function} tries the same images"
    holds(not all(map(np.array_equal, first, different)), sentence)


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
    lent_no = _mixtures(rng, ("square", False), ("absolute", True))
    lent = {True: lent_yes, False: lent_no}
    rare, lent_rares = Operator("double_by_corner"), _mixtures(rng, *[("corner", True)] * 3)
    _draws(student, rng, "is_linear")
    _judged(student, rng, "is_linear", {True: yes, False: no}, rare, lent, lent_rares)


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
    lent_no = _mixtures(rng, ("", True), ("square", True))
    lent = {True: lent_yes, False: lent_no}
    # To one of them every shift looks like none, whichever it is.
    lent_rares = _mixtures(rng, ("board", False), ("rows", False), ("columns", False))
    rare = Operator("checkerboard")
    _draws(student, rng, "is_shift_invariant")
    _judged(student, rng, "is_shift_invariant", {True: yes, False: no}, rare, lent, lent_rares)


@hidden("correlation_matrix", points=2.5, says="the matrix filters pictures, for every border rule")
@follows(cross_correlate=reference.cross_correlate)
def matrix(student: Student, rng: Generator) -> None:
    for (padding, mode), shape in zip(
        NDIMAGE_MODE.items(), ((3, 5), (5, 3), (3, 3), (1, 7), (5, 5)), strict=True
    ):
        height, width = (int(side) for side in rng.integers(5, 10, 2))
        kernel = rng.normal(size=shape)
        found = _matrix(
            student.correlation_matrix(kernel, (height, width), padding), height * width
        )
        for image in rng.random((2, height, width)):
            expected = ndimage.correlate(image, kernel, mode=mode)
            close(found @ image.ravel(), expected.ravel())
        # A kernel that is larger than the image reaches beyond more than one border.
        kernel, image = rng.normal(size=(9, 7)), rng.random((3, 2))
        found = _matrix(student.correlation_matrix(kernel, (3, 2), padding), 6)
        close(found @ image.ravel(), ndimage.correlate(image, kernel, mode=mode).ravel())
    kernel = rng.normal(size=(3, 3))
    found = _matrix(student.correlation_matrix(kernel, (6, 8)), 48)
    image = rng.random((6, 8))
    close(found @ image.ravel(), ndimage.correlate(image, kernel, mode="reflect").ravel())


@hidden("correlation_matrix", points=1.5, says="it is sparse, for a large image too; an even side")
@follows(cross_correlate=reference.cross_correlate)
def sparse(student: Student, rng: Generator) -> None:
    # As a dense one it would have 0.8 GB.
    kernel, shape = rng.normal(size=(3, 5)), (100, 100)
    found = _matrix(unchanged(student.correlation_matrix, kernel, shape, "constant"), 10_000)
    holds(found.nnz <= 10_000 * 15, "The matrix has more entries than pixels times weights")
    image = rng.random(shape)
    close(found @ image.ravel(), ndimage.correlate(image, kernel, mode="constant").ravel())
    for sides in ((2, 3), (3, 4)):
        raises("ValueError", student.correlation_matrix, rng.random(sides), (5, 5), "edge")


def _matrix(found: Any, size: int) -> Any:
    """Return a sparse matrix of size x size after making sure that it is one."""
    holds(issparse(found), "The matrix is not a sparse one")
    holds(found.shape == (size, size), "The shape is wrong")
    holds(np.isfinite(found.data).all(), "It returns values that are not finite")
    return found
