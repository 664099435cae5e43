"""Visible examples of the notebook nearest_neighbors."""

import tracemalloc
from typing import Any

import numpy as np

from course_utils.checks import Complaint, array_like, example, must_raise

# The lecture's two images of 4 x 4 pixels, each in a row.
FIRST = np.array([[56, 32, 10, 18, 90, 23, 128, 133, 24, 26, 178, 200, 2, 0, 255, 220]], float)
SECOND = np.array([[10, 20, 24, 17, 8, 10, 89, 100, 12, 16, 178, 170, 4, 32, 233, 112]], float)


@example("l1_distances", "the two images of the lecture")
def two_images(l1_distances: Any) -> Any:
    return l1_distances(SECOND.copy(), FIRST.copy())


@example("l1_distances", "two queries and three examples of two numbers")
def two_and_three(l1_distances: Any) -> Any:
    queries, examples = np.array([[1, 2], [0, -1]], float), np.array([[1, 2], [3, 0], [-2, 5]])
    return l1_distances(queries, examples.astype(float))


@example("l1_distances", "three queries and three examples of four numbers")
def three_and_three(l1_distances: Any) -> Any:
    queries = np.array([[0, 0, 0, 0], [1, -2, 3, -4], [5, 0, 0, -1]], float)
    examples = np.array([[1, 1, 1, 1], [-1, 2, -3, 4], [0, 0, -7, 0]], float)
    return l1_distances(queries, examples)


@example("l2_distances", "two queries and three examples of two numbers", rtol=0.0, atol=1e-6)
def in_the_plane(l2_distances: Any) -> Any:
    queries = np.array([[0.0, 0.0], [0.3, 0.4]])
    return l2_distances(queries, np.array([[0.0, 0.0], [0.6, 0.8], [0.0, 0.4]]))


@example("l2_distances", "three queries and three examples of three numbers", rtol=0.0, atol=1e-6)
def in_a_cube(l2_distances: Any) -> Any:
    queries = np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 0.0], [0.5, 0.5, 0.5]])
    return l2_distances(queries, np.array([[1.0, 1.0, 1.0], [0.0, 0.0, 1.0], [0.5, 0.5, 0.0]]))


@example("l2_distances", "fifty rows of sixty numbers, each also against itself")
def against_themselves(l2_distances: Any) -> Any:
    rows = np.random.default_rng(1).random((50, 60))
    distances = array_like(l2_distances(rows.copy(), rows.copy()), np.zeros((50, 50)))
    return {
        "That distances are NaN": bool(np.isnan(distances).any()),
        "That no row is farther than 1e-6 from itself": not (np.diag(distances) > 1e-6).any(),
        "The distance of row 0 to row 1": float(distances[0, 1]),
    }


@example("l2_distances", "the memory it takes, 60 queries and 80 examples of 1,024 numbers")
def memory(l2_distances: Any) -> Any:
    rows = np.random.default_rng(2).random((140, 1024))
    tracemalloc.start()
    try:
        distances = array_like(l2_distances(rows[:60], rows[60:]), np.zeros((60, 80)))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    # In bytes, a quarter of what (n, m, d) numbers of float64 take.
    return {
        "That it makes an array of as many numbers as 60 x 80 x 1,024": most > 2 * 60 * 80 * 1024,
        "The distance of query 0 to example 0": float(distances[0, 0]),
    }


SEVENS = np.array([7, 7, 7, 1000, 1000, 3])


@example("predict_labels", "two queries and six examples, k = 1")
def the_nearest(predict_labels: Any) -> Any:
    distances = [[0.4, 0.5, 0.6, 0.1, 0.2, 0.3], [0.9, 0.4, 0.3, 0.7, 0.5, 0.2]]
    # Who lets all vote says 7 and 7, the farthest 1000 and 2.
    return predict_labels(np.array(distances), np.array([2, 7, 1000, 3, 7, 9]), 1)


@example("predict_labels", "three queries and six examples, three votes of five for 7")
def majority(predict_labels: Any) -> Any:
    distances = [
        [0.52, 0.54, 0.55, 0.50, 0.53, 0.90],  # 1000 7 1000 7 7
        [0.35, 0.36, 0.80, 0.70, 0.90, 0.30],  # 3 7 7 1000 7
        [0.50, 0.60, 0.80, 0.10, 0.90, 0.70],  # 1000 7 7 3 7
    ]
    return predict_labels(np.array(distances), SEVENS.copy(), 5)


@example("predict_labels", "four queries and six examples, two votes against two")
def two_against_two(predict_labels: Any) -> Any:
    labels = np.array([1000, 7, 7, 1000, 7, 1000])
    distances = [
        [0.5, 0.7, 0.3, 0.9, 0.6, 0.4],  # 7 1000 1000 7
        [0.9, 0.7, 0.5, 0.4, 0.3, 0.1],  # 1000 7 1000 7
        [0.5, 0.3, 0.2, 0.1, 0.9, 0.7],  # 1000 7 7 1000
        [0.2, 0.3, 0.6, 0.9, 0.1, 0.5],  # 7 1000 7 1000
    ]
    return predict_labels(np.array(distances), labels, 4)


@example("predict_labels", "the nearest is alone, and behind it are two against two")
def alone_in_front(predict_labels: Any) -> Any:
    distances = [[0.2, 0.9, 0.5, 0.4, 0.3, 0.1], [0.9, 0.3, 0.4, 0.5, 0.2, 0.1]]
    return predict_labels(np.array(distances), SEVENS.copy(), 5)


@example("predict_labels", "examples at equal distances")
def equally_far(predict_labels: Any) -> Any:
    places = np.array([0, 5, 17, 31, 40, 58, 77])
    # From its place on all the hundred examples are equally near.
    distances = np.where(np.arange(100) < places[:, np.newaxis], 2.0, 1.0)
    found = predict_labels(distances, np.arange(100), 3)
    return {
        "The label for four equally far examples": predict_labels(
            np.ones((1, 4)), np.array([5, 3, 3, 9]), 1
        ),
        "That of many equally far examples the first one wins": bool(np.array_equal(found, places)),
    }


@example("predict_labels", "labels below 0")
def negative_labels(predict_labels: Any) -> Any:
    distances = np.array([[0.1, 0.6, 0.2, 0.3, 0.5], [0.9, 0.4, 0.8, 0.2, 0.1]])
    return predict_labels(distances, np.array([-8, 5, 5, -8, -1]), 3)


@example("predict_labels", "k = 0 and k = -1")
def too_small_k(predict_labels: Any) -> Any:
    return [must_raise("ValueError", predict_labels, np.eye(6), SEVENS.copy(), k) for k in (0, -1)]


@example("predict_labels", "six examples and k = 7")
def too_large_k(predict_labels: Any) -> Any:
    return must_raise("ValueError", predict_labels, np.eye(6), SEVENS.copy(), 7)


CORNERS = np.array([[0.0, 0.0], [0.0, 0.2], [0.2, 0.0], [1.0, 1.0], [0.8, 1.0], [0.5, 0.2]])
CLASSES = np.array([4, 4, 4, 9, 9, 2])


@example("k_nearest_neighbors", "six points in the plane, k = 1 and k = 3")
def in_the_corners(KNearestNeighbors: Any) -> Any:
    queries = np.array([[0.4, 0.1], [0.9, 0.9], [0.5, 0.5], [0.1, 0.1]])
    found = {}
    for k in (1, 3):
        model = KNearestNeighbors(k)
        model.train(CORNERS.copy(), CLASSES.copy())
        found[f"The labels with k = {k}"] = model.predict(queries.copy())
    return found


@example("k_nearest_neighbors", "a query that is nearer by L1 to one, by L2 to another example")
def between_two(KNearestNeighbors: Any) -> Any:
    model = KNearestNeighbors(1)
    model.train(np.array([[0.4, 0.4], [0.0, 0.6]]), np.array([1, 2]))
    return model.predict(np.array([[0.0, 0.0], [0.1, 0.5]]))


@example("k_nearest_neighbors", "columns of different spread")
def spread_out(KNearestNeighbors: Any) -> Any:
    model = KNearestNeighbors(1)
    model.train(np.array([[0.0, 0.5], [1.0, 0.51], [0.5, 0.5]]), np.array([1, 2, 3]))
    return model.predict(np.array([[0.2, 0.51], [0.8, 0.5]]))


@example("k_nearest_neighbors", "trained twice")
def trained_twice(KNearestNeighbors: Any) -> Any:
    model = KNearestNeighbors(1)
    model.train(CORNERS.copy(), CLASSES.copy())
    model.train(CORNERS[:3] + 0.3, np.array([5, 6, 7]))
    return model.predict(np.concatenate([CORNERS, CORNERS[:3] + 0.3]))


@example("k_nearest_neighbors", "two classifiers, trained one after the other")
def two_classifiers(KNearestNeighbors: Any) -> Any:
    first, second = KNearestNeighbors(1), KNearestNeighbors(1)
    first.train(CORNERS.copy(), CLASSES.copy())
    second.train(CORNERS[:3].copy(), np.array([5, 6, 7]))
    return {
        "The labels of the first": first.predict(CORNERS.copy()),
        "The labels of the second": second.predict(CORNERS.copy()),
    }


@example("k_nearest_neighbors", "k left to its default")
def default_k(KNearestNeighbors: Any) -> Any:
    model = KNearestNeighbors()
    model.train(np.array([[0.2], [0.4], [0.5], [0.6], [0.7], [0.8]]), np.array([1, 2, 2, 2, 2, 2]))
    return model.predict(np.array([[0.1], [0.9]]))


@example("k_nearest_neighbors", "predict before train")
def untrained(KNearestNeighbors: Any) -> Any:
    return must_raise("RuntimeError", KNearestNeighbors(1).predict, CORNERS.copy())


@example("k_nearest_neighbors", "fewer examples than k, and not as many labels as examples")
def sizes_that_do_not_fit(KNearestNeighbors: Any) -> Any:
    tried = ((3, CORNERS[:2], CLASSES[:2]), (1, CORNERS, CLASSES[:5]), (1, CORNERS[:5], CLASSES))
    return [
        must_raise("ValueError", KNearestNeighbors(k).train, examples.copy(), labels.copy())
        for k, examples, labels in tried
    ]


STRIPE = np.repeat([[0.5, 0.5, 0.9, 0.9, 0.5]], 4, axis=0)[..., np.newaxis] * np.ones(3)
COLORED = (
    np.array(
        [
            [[8, 7, 9], [8, 6, 9], [7, 6, 8], [7, 7, 7]],
            [[7, 7, 9], [9, 6, 9], [8, 6, 8], [8, 7, 6]],
            [[8, 8, 9], [8, 8, 8], [8, 7, 9], [9, 7, 7]],
        ]
    )
    / 10
)


@example("equal_distance_images", "a bright stripe, grey, 4 x 5 pixels")
def bright_stripe(equal_distance_images: Any) -> Any:
    return equal_distance_images(STRIPE.copy(), (0, 1, 3, 4), np.array([1.0, 1.0, 1.0]))


@example("equal_distance_images", "a coloured image of 3 x 4 pixels, tinted in red and blue")
def colored_tint(equal_distance_images: Any) -> Any:
    return equal_distance_images(COLORED.copy(), (1, 0, 2, 2), np.array([3.0, 0.0, 4.0]))


@example("equal_distance_images", "a dark image, and a colour that makes it darker still")
def darker_still(equal_distance_images: Any) -> Any:
    return equal_distance_images(STRIPE - 0.4, (0, 1, 3, 4), np.array([-1.0, -1.0, -1.0]))


@example("equal_distance_images", "a box too small to be far enough")
def box_too_small(equal_distance_images: Any) -> Any:
    return must_raise("ValueError", equal_distance_images, STRIPE * 1.0, (0, 0, 1, 1), np.ones(3))


def _waves(height: int, width: int) -> Any:
    rows, columns = np.mgrid[:height, :width]
    return 0.5 + 0.2 * np.sin(0.9 * rows + 0.4 * columns**1.3) + 0.2 * np.cos(0.7 * columns)


@example(
    "hog_descriptor", "an image that gets darker to the upper right, 16 x 16", rtol=0.0, atol=1e-6
)
def darker_to_the_right(hog_descriptor: Any) -> Any:
    rows, columns = np.mgrid[:16, :16]
    return hog_descriptor(0.7 + (2 * rows - 9 * columns) / 200)


@example("hog_descriptor", "a square in the dark, 16 x 16", rtol=0.0, atol=1e-6)
def square(hog_descriptor: Any) -> Any:
    image = np.zeros((16, 16))
    image[5:12, 3:9] = 1.0
    return hog_descriptor(image)


@example("hog_descriptor", "waves, 24 x 32 pixels", rtol=0.0, atol=1e-6)
def waves(hog_descriptor: Any) -> Any:
    return hog_descriptor(_waves(24, 32))


@example(
    "hog_descriptor", "waves, 21 x 30 pixels: not all of them fill a cell", rtol=0.0, atol=1e-6
)
def odd_sides(hog_descriptor: Any) -> Any:
    return hog_descriptor(_waves(21, 30))


@example("hog_descriptor", "waves that can hardly be seen", rtol=0.0, atol=1e-6)
def faint_waves(hog_descriptor: Any) -> Any:
    return hog_descriptor(0.5 + 2e-5 * _waves(16, 16))


@example("hog_descriptor", "a flat image, which has no gradients", rtol=0.0, atol=1e-6)
def flat(hog_descriptor: Any) -> Any:
    return hog_descriptor(np.full((16, 16), 0.5))


def _rng(number: int) -> np.random.Generator:
    return np.random.default_rng(number)


def _is_mask(part: Any) -> bool:
    return isinstance(part, np.ndarray) and part.dtype.kind == "b"


def _two_parts(parts: Any, n: int, held_out: int) -> Any:
    if isinstance(parts, tuple) and any(_is_mask(part) for part in parts):
        raise Complaint("You return arrays of True and False, expected indices.")
    return array_like(parts, (np.zeros(n - held_out, np.int64), np.zeros(held_out, np.int64)))


@example("split", "ten examples, three of them held out, twenty times")
def three_of_ten(split: Any) -> Any:
    pairs = [_two_parts(split(10, 3, _rng(number)), 10, 3) for number in range(20)]
    together = [np.concatenate(pair) for pair in pairs]
    in_both = [len(np.intersect1d(*pair)) for pair in pairs]
    return {
        "That every index is one from 0 to 9": bool(np.isin(together, range(10)).all()),
        "That a part has the same index twice": any(
            len(set(part.tolist())) < len(part) for pair in pairs for part in pair
        ),
        "That one example is in both parts every time": set(in_both) == {1},
        "That examples are in both parts": any(in_both),
        "That an example is in neither part": any(len(set(t.tolist())) < 10 for t in together),
    }


@example("split", "five times ten examples, three held out, with other generators")
def other_generators(split: Any) -> Any:
    parts = [_two_parts(split(10, 3, _rng(number)), 10, 3)[1] for number in range(5)]
    return {
        "That the same examples are held out every time": len({*map(_as_set, parts)}) == 1,
        "That examples are held out in one piece": all(np.ptp(part) == 2 for part in parts),
    }


def _as_set(part: Any) -> frozenset[int]:
    return frozenset(part.tolist())


@example("split", "400 examples, half of them held out, with 160 other generators")
def many_generators(split: Any) -> Any:
    parts = [_two_parts(split(400, 200, _rng(number)), 400, 200)[1] for number in range(160)]
    # With all orders equally likely, 199.5 give or take 0.46.
    place = np.mean(parts)
    return {
        "The number of different splits": len({*map(_as_set, parts)}),
        "That examples in front are held out as often as those behind": bool(
            abs(place - 199.5) < 2.3
        ),
    }


@example("split", "the same seed twice")
def same_seed(split: Any) -> Any:
    parts = [_two_parts(split(12, 4, _rng(7)), 12, 4) for _ in range(2)]
    return {"That equal generators give equal splits": _equal(*parts)}


def _equal(one: Any, other: Any) -> bool:
    return all(np.array_equal(*pair) for pair in zip(one, other, strict=True))


@example("split", "ten examples and none, all, or more of them held out")
def nothing_left(split: Any) -> Any:
    return [must_raise("ValueError", split, 10, held_out, _rng(1)) for held_out in (0, -1, 10, 11)]


MANY = np.array([3] * 9 + [-8] * 5 + [5] * 2)[np.arange(0, 80, 5) % 16]


def _folds(folds: Any, labels: Any, count: int) -> Any:
    """Return folds after making sure that they are a list of index arrays without strange ones."""
    if not isinstance(folds, list):
        array_like(folds, [])
    if len(folds) != count:
        raise Complaint(f"You return {len(folds)} folds, expected {count}.")
    for number, fold in enumerate(folds):
        if not isinstance(fold, np.ndarray) or fold.ndim != 1 or fold.dtype.kind not in "iu":
            raise Complaint(f"Fold {number} is no array of indices along one axis.")
        if fold.size and (fold.min() < 0 or fold.max() >= len(labels)):
            raise Complaint(f"Fold {number} has indices that are not from 0 to {len(labels) - 1}.")
    return folds


def _together(folds: Any, labels: Any) -> dict[str, int]:
    """Return how often indices come, which must be once."""
    counts = np.bincount(np.concatenate(folds), minlength=len(labels))
    return {
        "The number of examples in no fold": int((counts == 0).sum()),
        "The number of examples in more than one fold": int((counts > 1).sum()),
    }


@example("k_folds", "14 examples in 4 folds")
def fourteen_in_four(k_folds: Any) -> Any:
    labels = MANY[:14].copy()
    folds = _folds(k_folds(labels, 4, _rng(1)), labels, 4)
    return {**_together(folds, labels), "That their sizes differ by 1 at most": _even(folds)}


def _even(folds: Any) -> bool:
    sizes = [len(fold) for fold in folds]
    return max(sizes) - min(sizes) <= 1


@example("k_folds", "16 examples of three classes in 3 folds, stratified and not, with equal seeds")
def stratified_or_not(k_folds: Any) -> Any:
    plain, stratified = (
        _folds(k_folds(MANY.copy(), 3, _rng(2), choice), MANY, 3) for choice in (False, True)
    )
    return {"That stratified changes nothing": _equal(plain, stratified)}


@example("k_folds", "16 examples of three classes in 3 folds, stratified")
def stratified(k_folds: Any) -> Any:
    labels = MANY.copy()
    folds = _folds(k_folds(labels, 3, _rng(2), True), labels, 3)
    return {
        **_together(folds, labels),
        **{
            f"That the folds share the {(labels == c).sum()} examples of class {c} evenly": _even(
                [fold[labels[fold] == c] for fold in folds]
            )
            for c in (3, -8, 5)
        },
    }


def _owners(folds: Any, n: int) -> Any:
    """Return the number of the fold in which every example is."""
    owner = np.full(n, -1)
    for number, fold in enumerate(folds):
        owner[fold] = number
    return owner


@example("k_folds", "24 examples in 4 folds, five times, with other generators")
def other_folds(k_folds: Any) -> Any:
    labels = np.repeat([1, 2], 12)
    owners = [
        _owners(_folds(k_folds(labels.copy(), 4, _rng(number)), labels, 4), 24)
        for number in range(5)
    ]
    even = [np.ptp(np.bincount(owner[labels == 1], minlength=4)) <= 1 for owner in owners]
    return {
        "That the folds are the same every time": all(_equal(owners[0], o) for o in owners[1:]),
        "That examples stay in their order": all(_in_order(owner) for owner in owners),
        "That the classes are spread evenly every time": all(even),
    }


def _in_order(owner: Any) -> bool:
    """Say whether examples are cut into pieces, or dealt out, as they come."""
    n, folds = len(owner), owner.max() + 1
    steps = np.diff(owner) % folds
    return bool((np.diff(owner) != 0).sum() == folds - 1 or (steps == 1).sum() >= n - folds)


@example("k_folds", "24 examples in 4 folds, stratified, five times, with other generators")
def other_stratified_folds(k_folds: Any) -> Any:
    labels = np.repeat([1, 2], 12)
    owners = [
        _owners(_folds(k_folds(labels.copy(), 4, _rng(number), True), labels, 4), 24)
        for number in range(5)
    ]
    return {
        "That the folds are the same every time": all(_equal(owners[0], o) for o in owners[1:]),
        "That examples of a class stay in their order": all(_in_order(o[:12]) for o in owners),
    }


@example("k_folds", "forty examples in 4 folds, with sixty other generators")
def many_orders(k_folds: Any) -> Any:
    labels = np.repeat([1, 2], 20)
    owners = [
        _owners(_folds(k_folds(labels.copy(), 4, _rng(number)), labels, 4), 40)
        for number in range(60)
    ]
    return {"The number of different folds": len({tuple(owner) for owner in owners})}


@example("k_folds", "the same seed twice")
def same_folds(k_folds: Any) -> Any:
    folds = [_folds(k_folds(MANY.copy(), 5, _rng(3)), MANY, 5) for _ in range(2)]
    return {"That equal generators give equal folds": all(map(_equal, *folds))}


@example("k_folds", "16 examples in 1, 0 and 17 folds")
def no_such_folds(k_folds: Any) -> Any:
    return [must_raise("ValueError", k_folds, MANY.copy(), folds, _rng(1)) for folds in (1, 0, 17)]


LINE = np.array([0.0, 1.0, 2.1, 3.3, 10.0, 11.0, 12.1, 13.3, 6.0])
SIDES = np.array([1, 1, 2, 1, 2, 2, 2, 2, 1])


def _between(places: Any) -> Any:
    return np.abs(places[:, np.newaxis] - places)


@example("choose_k", "nine examples on a line, three folds, k = 1, 3, 5")
def on_a_line(choose_k: Any) -> Any:
    folds = [np.array([0, 4, 8]), np.array([2, 6, 1]), np.array([3, 5, 7])]
    return choose_k(_between(LINE), SIDES.copy(), folds, [1, 3, 5])


@example("choose_k", "a fold of four examples and one of two; three are in none")
def unequal_folds(choose_k: Any) -> Any:
    folds = [np.array([1, 8, 3, 4]), np.array([5, 2])]
    return choose_k(_between(LINE), SIDES.copy(), folds, [1, 2, 4])


@example("choose_k", "one fold alone, and several k with the same accuracy")
def one_fold(choose_k: Any) -> Any:
    return choose_k(_between(LINE), SIDES.copy(), [np.array([3, 1, 6])], [1, 3, 4, 5])


@example("choose_k", "six examples on a line, two of them held out; voters at equal distances")
def equally_far_voters(choose_k: Any) -> Any:
    places, labels = np.array([0.0, 1.0, -1.0, 5.0, 6.0, 4.0]), np.array([1, 1, 2, 2, 2, 1])
    return choose_k(_between(places), labels, [np.array([0]), np.array([3])], [1, 3])
