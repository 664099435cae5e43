"""Hidden tests of the notebook nearest_neighbors.

Oracles: scipy's distances, scikit-image's histogram of oriented gradients; for votes, choosing k
and the three images the definition, one query or pixel at a time. Of random splits and folds the
properties are tested that any right one has.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.random import Generator
from scipy import ndimage
from scipy.spatial.distance import cdist, euclidean
from skimage.feature import hog

from autograder.grading.student import Student
from autograder.hidden import (
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
from course_utils.reference import nearest_neighbors as reference

# Statistics are trusted to this many standard errors: by chance beyond them one time in 10^11.
Z = 7.0


@hidden("l1_distances", points=1, says="queries and examples of many numbers and sizes")
def cityblock(student: Student, rng: Generator) -> None:
    for n, m, d in ((5, 7, 6), (8, 3, 11), (1, 4, 9), (6, 1, 2), (20, 30, 3100)):
        queries, examples = rng.normal(size=(n, d)), rng.normal(size=(m, d))
        found = unchanged(student.l1_distances, queries, examples)
        close(found, cdist(queries, examples, "cityblock"))


@hidden("l1_distances", points=1, says="as many queries as examples")
def square_cityblock(student: Student, rng: Generator) -> None:
    for n, d in ((4, 3), (5, 5), (1, 8)):
        queries, examples = rng.normal(size=(2, n, d))
        close(student.l1_distances(queries, examples), cdist(queries, examples, "cityblock"))


@replay("l1_distances")
def printed(l1_distances: Any) -> None:
    queries = np.round(np.sin(np.arange(15.0) ** 1.7).reshape(3, 5), 2)
    examples = np.round(2.0 * np.cos(np.arange(20.0) ** 1.3).reshape(4, 5), 2)
    print(np.round(l1_distances(queries, examples), 3).tolist())
    print(np.round(l1_distances(examples, queries[1:2]), 3).ravel().tolist())


@hidden("l2_distances", points=1.5, says="rows of up to 256 numbers, to within 1e-6")
def euclidean_distances(student: Student, rng: Generator) -> None:
    for n, m, d in ((5, 7, 6), (9, 4, 150), (1, 6, 40), (7, 1, 256), (6, 6, 30)):
        # Many numbers near 0 as well.
        queries, examples = rng.random((n, d)) ** 4, rng.random((m, d))
        found = unchanged(student.l2_distances, queries, examples)
        close(found, cdist(queries, examples), rtol=0.0, atol=1e-6)


@hidden("l2_distances", points=1.5, says="queries that are, or nearly are, among the examples")
def equal_rows(student: Student, rng: Generator) -> None:
    # So few numbers that rounding cannot exceed 1e-6, in whatever order they are added.
    flat = rng.uniform(0.9, 1.0, (80, 1)) * np.ones(48)
    noisy = np.clip(flat + rng.normal(0.0, 1e-4, flat.shape), 0.0, 1.0)
    # Hardly different: a few millionths apart.
    near = np.clip(flat[:1] + rng.normal(0.0, 1e-6, flat.shape), 0.0, 1.0)
    for examples in (rng.random((120, 60)), flat, noisy, near):
        queries = rng.permutation(examples)
        found = fits(student.l2_distances(queries, examples), cdist(queries, examples))
        close(found, cdist(queries, examples), rtol=0.0, atol=1e-6)


@hidden("l2_distances", points=3, says="500 queries and 600 examples of 3,072 numbers")
def many_rows(student: Student, rng: Generator) -> None:
    # An array of (500, 600, 3072) numbers takes 7.4 GB, in single precision 3.7 GB: more than the
    # 3 GiB there are.
    queries, examples = rng.random((500, 3072)), rng.random((600, 3072))
    queries[:200] = examples[400:]
    # A few first: who fails there need not be tried on all.
    close(student.l2_distances(queries[:3], examples[:4]), cdist(queries[:3], examples[:4]))
    found = fits(student.l2_distances(queries, examples), np.empty((500, 600)))
    some = rng.choice(np.arange(200, 500), 25, replace=False)
    close(found[some], cdist(queries[some], examples))
    same = found[np.arange(200), np.arange(400, 600)]
    holds((np.abs(same) < 1e-4).all(), "Equal rows are far apart")


@hidden("predict_labels", points=2, says="many queries, k from 1 to all examples")
def votes(student: Student, rng: Generator) -> None:
    for n, m, k in ((60, 12, 1), (80, 30, 4), (80, 25, 7), (70, 17, 6), (5, 9, 9), (50, 2, 1)):
        distances, labels = _decided(rng, [-8, 0, 3, 7, 42, 1000], rng.random((n, m)), k)
        close(unchanged(student.predict_labels, distances, labels, k), _voted(distances, labels, k))
    distances, labels = rng.random((9, 20)), rng.permutation(20)
    close(student.predict_labels(distances, labels), _voted(distances, labels, 1))
    # Tiny distances, and many neighbours: the class that is nearest loses by one vote.
    distances = 1e-10 * rng.random((30, 25))
    labels = rng.choice([0, 5], 25)
    close(student.predict_labels(distances, labels, 3), _voted(distances, labels, 3))
    distances, labels = np.sort(rng.random((3, 241))), np.repeat([8, 2], [120, 121])
    close(student.predict_labels(distances, labels, 241), _voted(distances, labels, 241))


@hidden("predict_labels", points=2, says="classes with equally many votes")
def tied_votes(student: Student, rng: Generator) -> None:
    one, other, third = rng.choice(2000, 3, replace=False)
    for nearest in (
        (one, other, other, one),
        (other, one, one, other),
        (one, other, one, other),
        (third, one, other, other, one),
        (third, other, one, one, other),
        (one, other, third),
        (other, third, one, third, one, other),
    ):
        k = len(nearest)
        labels = np.array([*nearest, third, third, one, other, one, other])
        distances = np.sort(rng.random((20, len(labels))))
        # In half of the rows all but the nearest are far: a class near once is far on average.
        distances[:10, 1:] = 0.8 + 0.2 * distances[:10, 1:]
        order = rng.permutation(len(labels))
        distances, labels = distances[:, order], labels[order]
        close(student.predict_labels(distances, labels, k), _voted(distances, labels, k))


@hidden("predict_labels", points=1.5, says="examples at equal distances")
def equal_distances(student: Student, rng: Generator) -> None:
    for m, k in ((6, 1), (40, 1), (90, 3), (150, 8)):
        distances = rng.integers(1, 4, (40, m)).astype(np.float64)
        if k == 1:
            labels = 10 * rng.permutation(m)
        else:
            distances, labels = _decided(rng, [0, 7, 1000], distances, k)
        close(student.predict_labels(distances, labels, k), _voted(distances, labels, k))


@hidden("predict_labels", points=0.5, says="a k that is too small or too large is refused")
def refused_k(student: Student, rng: Generator) -> None:
    m = int(rng.integers(5, 9))
    distances, labels = rng.random((4, m)), rng.choice([0, 7], m)
    for k in (0, -1, m + 1, 3 * m):
        raises("ValueError", student.predict_labels, distances, labels, k)
    student.predict_labels(distances, labels, m)  # just allowed


_EARLIER: dict[str, Callable[..., Any]] = {
    "l2_distances": reference.l2_distances,
    "predict_labels": reference.predict_labels,
}


@hidden("k_nearest_neighbors", points=2.5, says="many queries; trained again with other examples")
@follows(**_EARLIER)
def classified(student: Student, rng: Generator) -> None:
    for k in (1, 3, int(rng.integers(4, 9))):
        model = student.KNearestNeighbors.make(k=k)
        for m, d in ((40, 5), (25, 5), (25, 5)):
            examples = rng.random((m, d)) * np.linspace(0.2, 1.0, d)
            labels = rng.choice([0, 2, 9, 300], m)
            queries = _clear(rng.random((150, d)), examples)
            model.train.carry_out(examples, labels)
            found = unchanged(model.predict, queries)
            close(found, _voted(cdist(queries, examples), labels, k))


@hidden("k_nearest_neighbors", points=1, says="k left to its default; two classifiers at once")
@follows(**_EARLIER)
def side_by_side(student: Student, rng: Generator) -> None:
    models = student.KNearestNeighbors.make(), student.KNearestNeighbors.make(5)
    trained = [(rng.random((30, 8)), rng.choice([1, 4, 6], 30)) for _ in models]
    for model, (examples, labels) in zip(models, trained, strict=True):
        model.train.carry_out(examples, labels)
    for model, (examples, labels), k in zip(models, trained, (1, 5), strict=True):
        queries = _clear(rng.random((60, 8)), examples)
        close(model.predict(queries), _voted(cdist(queries, examples), labels, k))
        close(model.predict(queries[:1]), _voted(cdist(queries[:1], examples), labels, k))


@hidden("k_nearest_neighbors", points=0.5, says="predict before train; sizes that do not fit")
@follows(**_EARLIER)
def refused_training(student: Student, rng: Generator) -> None:
    examples, labels = rng.random((6, 4)), rng.integers(0, 3, 6)
    model = student.KNearestNeighbors.make(k=4)
    raises("RuntimeError", model.predict, examples)
    raises("ValueError", model.train, examples[:3], labels[:3])
    raises("ValueError", model.train, examples, labels[:5])
    raises("ValueError", model.train, examples[:5], labels)
    # As many examples as k are enough: all of them vote, be they black.
    for few in (examples[:4], np.zeros((4, 4))):
        model.train.carry_out(few, labels[:4])
        model.predict(examples)


@hidden("equal_distance_images", points=1, says="the shifted image")
def shifted(student: Student, rng: Generator) -> None:
    for size in ((7, 9), (12, 5), (1, 6)):
        image, box, color = _scene(rng, *size)
        found = unchanged(student.equal_distance_images, image, box, color)
        _compare(found, _equal_distance_images(image, box, color), "shifted")


@hidden("equal_distance_images", points=1, says="the tinted image")
def tinted(student: Student, rng: Generator) -> None:
    for size in ((6, 8), (11, 7)):
        image, box, color = _scene(rng, *size)
        found = student.equal_distance_images(image, box, color)
        _compare(found, _equal_distance_images(image, box, color), "tinted")


@hidden("equal_distance_images", points=1, says="the occluded image")
def occluded(student: Student, rng: Generator) -> None:
    for size in ((9, 6), (8, 13)):
        image, box, color = _scene(rng, *size)
        found = student.equal_distance_images(image, box, color)
        _compare(found, _equal_distance_images(image, box, color), "occluded")


@hidden("equal_distance_images", points=1.5, says="all three together, and colours of any length")
def all_three(student: Student, rng: Generator) -> None:
    for size, length in (((10, 14), 30.0), ((16, 9), 0.01), ((5, 20), -1.0)):
        image, box, color = _scene(rng, *size)
        found = student.equal_distance_images(image, box, length * color)
        _compare(found, _equal_distance_images(image, box, length * color), *_THREE)
    # As bright as can be, and the tint makes it brighter; partly black, and it makes it darker.
    bright = 1.0 - 0.6 * (rng.random((9, 12, 3)) < 0.2)
    dark = rng.uniform(0.5, 0.95, (9, 12, 3)) * (np.arange(12) > 4)[:, np.newaxis]
    for image, color in ((bright, np.array([0.9, 1.0, 0.8])), (dark, -np.array([0.9, 1.0, 0.8]))):
        found = student.equal_distance_images(image, (0, 0, 9, 12), color)
        _compare(found, _equal_distance_images(image, (0, 0, 9, 12), color), *_THREE)


@hidden("equal_distance_images", points=0.5, says="a box that is too small, or just large enough")
def small_boxes(student: Student, rng: Generator) -> None:
    image, color = rng.random((6, 8, 3)), rng.random(3) + 0.1
    image[2, 3] *= 0.3
    raises("ValueError", student.equal_distance_images, image, (2, 3, 1, 1), color)
    # The differences of neighbours are those between the box and the black around it.
    row, column = int(rng.integers(0, 5)), int(rng.integers(1, 5))
    image = np.zeros((6, 8, 3))
    image[row, column : column + 2] = 0.5
    for box in ((row, column, 1, 2), (row, column - 1, 2, 4)):
        found = student.equal_distance_images(image, box, color)
        _compare(found, _equal_distance_images(image, box, color), "occluded")
    raises("ValueError", student.equal_distance_images, image, (row, column, 1, 1), color)
    # Nothing but black in the box.
    raises("ValueError", student.equal_distance_images, image, (5, 6, 1, 2), color)


_CLOSE = {"rtol": 0.0, "atol": 1e-6}


@hidden("hog_descriptor", points=3, says="random images of many sizes")
def hog_of_noise(student: Student, rng: Generator) -> None:
    for shape in ((16, 16), (24, 40), (33, 50), (31, 17)):
        image = rng.random(shape)
        close(unchanged(student.hog_descriptor, image), _hog(image), **_CLOSE)


@hidden("hog_descriptor", points=3.5, says="smooth images and rectangles")
def hog_of_scenes(student: Student, rng: Generator) -> None:
    for shape, sigma in (((32, 32), 2.0), ((40, 23), 3.0), ((18, 64), 1.2)):
        image = ndimage.gaussian_filter(rng.random(shape), sigma)
        image = (image - image.min()) / np.ptp(image)
        close(student.hog_descriptor(image), _hog(image), **_CLOSE)
    image = np.full((40, 32), 0.25)
    for grey in rng.uniform(0.3, 1.0, 3):
        top, left = rng.integers(2, 24, 2)
        image[top : top + 9, left : left + 6] = grey
    close(student.hog_descriptor(image), _hog(image), **_CLOSE)


@hidden("hog_descriptor", points=1, says="images with hardly any contrast")
def hog_of_little(student: Student, rng: Generator) -> None:
    for grey, contrast in ((0.4, 1e-3), (0.4, 3e-5), (0.0, 2e-9)):
        image = grey + contrast * rng.random((24, 32))
        close(student.hog_descriptor(image), _hog(image), **_CLOSE)


@hidden("hog_descriptor", points=0.5, says="flat images, and images with flat parts")
def hog_of_nothing(student: Student, rng: Generator) -> None:
    for image in (np.zeros((16, 24)), np.full((20, 16), rng.random())):
        close(student.hog_descriptor(image), _hog(image), **_CLOSE)
    image = np.zeros((32, 40))
    image[:5, :6] = rng.random((5, 6))
    close(student.hog_descriptor(image), _hog(image), **_CLOSE)


@hidden("split", points=1, says="how many are in each part, and that every example is in one")
def parts(student: Student, rng: Generator) -> None:
    for n, held_out in ((2, 1), (9, 8), (10, 1), (int(rng.integers(30, 60)), 7)):
        _split(student, n, held_out, seed(rng))


@hidden("split", points=1.5, says="at random, and the generator decides")
def random_parts(student: Student, rng: Generator) -> None:
    one, other = seed(rng), seed(rng)
    held, again, different = (_split(student, 900, 300, s) for s in (one, one, other))
    holds(np.array_equal(held, again), "Equal generators give different splits")
    holds(not np.array_equal(held, different), "Different generators give equal splits")
    for owner in (held, different):
        _is_random(owner, "Which examples are held out is not random")
    # 160 halves of 400. An honest answer fails 2 times in 10^10: 1.8 times one of the counts is so
    # far off (binomial), 0.03 times the mean place (normal); of 10^119 splits no two are equal. Who
    # can give a thousand splits gives none of them twice 3 times in a million. Who exchanges every
    # example with any other is 12.6 standard errors off in the mean place; 7 are noticed.
    halves = np.array([_split(student, 400, 200, seed(rng)) for _ in range(160)])
    holds(len({tuple(half) for half in halves}) == 160, "Different generators give equal splits")
    counts, often = halves.sum(axis=0), "Not all examples are held out equally often"
    holds((np.abs(counts - 80.0) < Z * 40.0**0.5).all(), often)
    # The places 0 to 399 have the variance 13,333; a mean of 200 of them without repetition 33.4.
    places = (halves @ np.arange(400.0)).mean() / 200.0
    holds(abs(places - 199.5) < Z * (33.4 / 160.0) ** 0.5, often)


@hidden("split", points=0.5, says="parts without examples are refused")
def empty_parts(student: Student, rng: Generator) -> None:
    n = int(rng.integers(5, 20))
    for held_out in (0, -2, n, n + 1):
        raises("ValueError", student.split, n, held_out, seed(rng))
    student.split(n, n - 1, seed(rng))  # just allowed


@hidden("k_folds", points=1.5, says="folds of equal sizes, at random; the generator decides")
def plain_folds(student: Student, rng: Generator) -> None:
    for n, folds in ((17, 5), (23, 4), (12, 3), (6, 6), (5, 2), (11, 9)):
        labels = np.sort(rng.choice([0, 4, 70], n))
        sizes = np.bincount(_folds(student, labels, folds, seed(rng), False), minlength=folds)
        holds(np.ptp(sizes) <= 1, "The sizes of the folds differ by more than 1")
    _are_random(student, rng, np.zeros(600, np.int64), False)
    # By chance, 4 folds have 50 of each class one time in a thousand.
    labels = rng.permutation(np.repeat([2, 6], 200))
    owners = [_folds(student, labels, 4, seed(rng), False) for _ in range(4)]
    even = [np.ptp(np.bincount(owner[labels == 2], minlength=4)) <= 1 for owner in owners]
    holds(not all(even), "The classes are spread evenly where nothing asks for it")


@hidden("k_folds", points=2, says="stratified folds, at random inside their classes")
def stratified_folds(student: Student, rng: Generator) -> None:
    for counts, folds in (((7, 11, 2), 5), ((1, 30, 14), 4), ((3, 3, 3), 9), ((10, 6, 1), 2)):
        labels = np.repeat(rng.choice(500, 3, replace=False) - 100, counts)
        # In order and mixed.
        for given in (labels, rng.permutation(labels)):
            owner = _folds(student, given, folds, seed(rng), True)
            for label in np.unique(labels):
                there = np.bincount(owner[given == label], minlength=folds)
                holds(np.ptp(there) <= 1, "A class is not spread evenly over the folds")
    _are_random(student, rng, rng.permutation(np.repeat([3, 8], 500)), True)


@hidden("k_folds", points=0.5, says="a number of folds that is too small or too large is refused")
def refused_folds(student: Student, rng: Generator) -> None:
    labels = rng.integers(0, 3, int(rng.integers(5, 12)))
    for folds in (1, 0, -1, len(labels) + 1):
        raises("ValueError", student.k_folds, labels, folds, seed(rng))
    fits_in = _folds(student, labels, len(labels), seed(rng), False)
    holds(len(set(fits_in.tolist())) == len(labels), "A fold is empty")


_VOTE: dict[str, Callable[..., Any]] = {"predict_labels": reference.predict_labels}


@hidden("choose_k", points=1, says="several folds of different sizes")
@follows(**_VOTE)
def unequal_folds(student: Student, rng: Generator) -> None:
    for sizes, candidates in (((20, 5, 12), (1, 4, 9)), ((3, 25, 14, 10), (2, 3, 8, 15))):
        n = sum(sizes)
        folds = np.split(rng.permutation(n), np.cumsum(sizes)[:-1])
        _choose(student, *_with_one_best(rng, n, folds, candidates), folds, candidates)
    # On a grid many voters are equally far, and which of them comes first decides.
    n, candidates = 40, (1, 3, 7)
    folds = np.split(rng.permutation(n), (13, 22))
    _choose(student, *_with_one_best(rng, n, folds, candidates, grid=True), folds, candidates)


@hidden("choose_k", points=0.25, says="one fold alone; folds that leave examples out")
@follows(**_VOTE)
def few_folds(student: Student, rng: Generator) -> None:
    order = rng.permutation(50)
    for folds, candidates in (
        ([order[:15]], (1, 2, 6, 10)),
        ([order[:15], order[15:22]], (3, 5, 20)),
    ):
        _choose(student, *_with_one_best(rng, 50, folds, candidates), folds, candidates)


@hidden("choose_k", points=0.25, says="a best k that is right about one example more")
@follows(**_VOTE)
def hardly_better(student: Student, rng: Generator) -> None:
    # A hundred places, each with four examples of one class, a fold for each of the four.
    labels = np.repeat(rng.permutation(100) % 2, 4)
    positions = np.repeat(100.0 * np.arange(1, 101), 4)
    # And five more: the first is next to one of the other class, but three of its own are near.
    labels = np.r_[labels, 0, 1, 0, 0, 0]
    positions = np.r_[positions, 0.0, 1.0, 2.5, 2.6, 2.7]
    fold = np.r_[np.tile(np.arange(4), 100), 0, 1, 2, 3, 2]
    # Twelve far from all, each of a class of its own: wrong for every k, and not as many in a fold
    # as in another, so that no fold alone looks like all of them.
    labels = np.r_[labels, np.arange(12) + 7]
    positions = np.r_[positions, 1e6 * np.arange(1, 13)]
    fold = np.r_[fold, np.repeat(np.arange(4), (1, 3, 6, 2))]
    order = rng.permutation(len(labels))
    labels, positions, fold = labels[order], positions[order], fold[order]
    distances = np.abs(positions[:, np.newaxis] - positions)
    _choose(student, distances, labels, [np.flatnonzero(fold == f) for f in range(4)], (1, 3))


@hidden("choose_k", points=1.5, says="several k with the same accuracy")
@follows(**_VOTE)
def equally_good(student: Student, rng: Generator) -> None:
    # Two crowds far apart, in each five labels of thirty wrong: eleven neighbours outvote them.
    labels = np.repeat([3, 8], 30)
    positions = 9.0 * (labels == 8)[:, np.newaxis] + rng.random((60, 2))
    wrong = np.r_[:5, 30:35]
    labels[wrong] = 11 - labels[wrong]
    folds = np.split(rng.permutation(60), [9, 19, 32, 46])
    candidates = ((1, 11, 13, 15), (2, 11, 12, 14))[rng.integers(2)]
    _choose(student, cdist(positions, positions), labels, folds, candidates)


# --- Definitions, one at a time, and properties ---------------------------------------------------


def _voted(distances: Any, labels: Any, k: int) -> Any:
    found = []
    for row in distances.tolist():
        # Stable: of equally far examples the first stay first.
        order = sorted(range(len(row)), key=row.__getitem__)
        nearest = [int(labels[j]) for j in order[:k]]
        counts = Counter(nearest)
        found.append(next(one for one in nearest if counts[one] == max(counts.values())))
    return np.array(found, np.int64)


def _decided(rng: Generator, classes: list[int], distances: Any, k: int) -> tuple[Any, Any]:
    """Draw labels; return the rows in which one class has more votes than every other, and them."""
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    while True:
        labels = rng.choice(classes, distances.shape[1])
        first_two = [Counter(row.tolist()).most_common(2) for row in labels[order]]
        decided = [len(two) == 1 or two[0][1] > two[1][1] for two in first_two]
        if any(decided):
            return distances[decided], labels


def _clear(queries: Any, examples: Any) -> Any:
    """Return the queries whose order of neighbours does not hang on the last digits."""
    gaps = np.diff(np.sort(cdist(queries, examples)), axis=1)
    return queries[(gaps > 1e-5).all(axis=1)]


_THREE = ("occluded", "shifted", "tinted")


def _scene(rng: Generator, height: int, width: int) -> tuple[Any, tuple[int, int, int, int], Any]:
    """Return an image, a box that is dark enough when it is black, and a colour."""
    image = rng.uniform(0.55, 0.95, (height, width, 3))
    tall, wide = height - height // 4, width - width // 4
    top, left = int(rng.integers(height - tall + 1)), int(rng.integers(width - wide + 1))
    color = rng.uniform(-1.0, 1.0, 3)
    color[2] += 1.5
    return image, (top, left, tall, wide), color


def _equal_distance_images(image: Any, box: tuple[int, int, int, int], color: Any) -> Any:
    height, width = image.shape[:2]
    top, left, tall, wide = box
    moved, black = image.copy(), image.copy()
    for i in range(height):
        for j in range(width):
            if j > 0:
                moved[i, j] = image[i, j - 1]
            if top <= i < top + tall and left <= j < left + wide:
                black[i, j] = 0.0
    distance = euclidean(image.ravel(), moved.ravel())
    tint = image + color
    return {
        "occluded": image + (black - image) * (distance / euclidean(image.ravel(), black.ravel())),
        "shifted": moved,
        "tinted": image + (tint - image) * (distance / euclidean(image.ravel(), tint.ravel())),
    }


def _compare(found: Any, expected: dict[str, Any], *keys: str) -> None:
    """Compare some of the three images."""
    if not isinstance(found, dict) or set(found) != set(expected):
        close(found, expected)
    for key in keys:
        close(found[key], expected[key])


def _hog(image: Any) -> Any:
    return hog(image, 9, (8, 8), (2, 2), block_norm="L2-Hys")


def _index_array(found: Any, n: int) -> Any:
    """Return a result after making sure that it is an array of indices.

    One without any may be of whatever type: np.array([]) is of float64.
    """
    if not isinstance(found, np.ndarray) or found.ndim != 1:
        close(found, np.zeros(0, np.int64))
    if found.size == 0:
        return found.astype(np.int64)
    close(found, np.zeros(found.shape, np.int64), atol=np.inf)
    holds(((found >= 0) & (found < n)).all(), "There are indices of no example")
    return found


def _each_once(groups: Sequence[Any], n: int) -> Any:
    """Return the number of the group of every index, after making sure that it is in one."""
    counts = np.bincount(np.concatenate(groups), minlength=n)
    holds((counts < 2).all(), "An example is there twice")
    holds((counts > 0).all(), "An example is missing")
    owner = np.empty(n, np.int64)
    for number, group in enumerate(groups):
        owner[group] = number
    return owner


def _split(student: Student, n: int, held_out: int, generator: Any) -> Any:
    """Return for every example whether it is held out."""
    found = student.split(n, held_out, generator)
    if not isinstance(found, tuple) or len(found) != 2:
        close(found, (np.zeros(0, np.int64), np.zeros(0, np.int64)))
    parts = [_index_array(part, n) for part in found]
    sizes = [len(part) for part in parts]
    holds(sizes == [n - held_out, held_out], "The parts do not have the sizes that are due")
    return _each_once(parts, n)


def _folds(student: Student, labels: Any, folds: int, generator: Any, stratified: bool) -> Any:
    """Return for every example in which fold it is."""
    found = unchanged(student.k_folds, labels, folds, generator, stratified=stratified)
    if not isinstance(found, list):
        close(found, [])
    holds(len(found) == folds, "There are not as many folds as are due")
    return _each_once([_index_array(fold, len(labels)) for fold in found], len(labels))


def _is_random(owner: Any, sentence: str) -> None:
    """Make sure that where an example is says nothing about the next ones, nor its place."""
    for lag in range(1, 9):
        correlation = np.corrcoef(owner[lag:], owner[:-lag])[0, 1]
        holds(abs(correlation) < Z / (len(owner) - lag) ** 0.5, sentence)
    correlation = np.corrcoef(owner, np.arange(len(owner)))[0, 1]
    holds(abs(correlation) < Z / len(owner) ** 0.5, sentence)


def _are_random(student: Student, rng: Generator, labels: Any, stratified: bool) -> None:
    one, other = seed(rng), seed(rng)
    folds, again, different = (_folds(student, labels, 4, s, stratified) for s in (one, one, other))
    holds(np.array_equal(folds, again), "Equal generators give different folds")
    holds(not np.array_equal(folds, different), "Different generators give equal folds")
    for owner, label in ((o, c) for o in (folds, different) for c in np.unique(labels)):
        _is_random(owner[labels == label], "In which fold an example is is not random")
    some = labels[:60]
    dealt = {tuple(_folds(student, some, 4, seed(rng), stratified)) for _ in range(20)}
    holds(len(dealt) == 20, "Different generators give equal folds")


def _with_one_best(
    rng: Generator, n: int, folds: Sequence[Any], candidates: Sequence[int], *, grid: bool = False
) -> tuple[Any, Any]:
    """Return the distances and labels of crowds that overlap, with one k that is the best."""
    while True:
        labels = rng.choice([0, 5, 900], n)
        positions = rng.normal(size=(n, 2)) + np.stack([labels == 0, labels == 5], axis=1)
        if grid:
            positions = np.round(2.0 * positions)
        distances = cdist(positions, positions)
        accuracies = _accuracies(distances, labels, folds, candidates)
        if accuracies.count(max(accuracies)) == 1:
            return distances, labels


def _accuracies(
    distances: Any, labels: Any, folds: Sequence[Any], candidates: Sequence[int]
) -> list[float]:
    found = []
    for k in candidates:
        right: list[bool] = []
        for fold in folds:
            rest = np.setdiff1d(np.arange(len(labels)), fold)
            for query in fold:
                (voted,) = _voted(distances[query, rest][np.newaxis], labels[rest], k)
                right.append(bool(voted == labels[query]))
        found.append(float(np.mean(right)))
    return found


def _choose(
    student: Student, distances: Any, labels: Any, folds: Sequence[Any], candidates: Sequence[int]
) -> None:
    """Ask for the best k and compare it with the definition."""
    found = unchanged(student.choose_k, distances, labels, list(folds), list(candidates))
    # Not before: many wrong answers fail without it, and it takes longer than they do.
    accuracies = _accuracies(distances, labels, folds, candidates)
    best = candidates[accuracies.index(max(accuracies))]
    close(found, (best, np.array(accuracies)))
