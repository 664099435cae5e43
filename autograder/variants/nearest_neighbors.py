"""Known answers to the exercises of nearest_neighbors: misconceptions, and other right ways."""
# What the classes are is said by their decorators.
# ruff: noqa: D101, D102

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.variants import in_single_precision, right, survivor, wrong
from course_utils.reference import nearest_neighbors as reference
from course_utils.types import Distances, Image, Indices, Labels, Signal, Vectors

Rng = np.random.Generator
Box = tuple[int, int, int, int]


# --- l1_distances ---------------------------------------------------------------------------------


def _differences(queries: Vectors, examples: Vectors) -> Any:
    return queries[:, np.newaxis] - examples


@wrong(
    "l1_distances",
    hint="You add signed differences, so that they cancel. L1 adds their absolute values.",
)
def signed(queries: Vectors, examples: Vectors) -> Distances:
    return _differences(queries, examples).sum(axis=2)


@wrong(
    "l1_distances",
    hint="You take the absolute value of the sum. Take it of every difference, and then add.",
)
def absolute_sum(queries: Vectors, examples: Vectors) -> Distances:
    return np.abs(_differences(queries, examples).sum(axis=2))


@wrong("l1_distances", hint="You take the mean. The L1 distance is the sum, whatever d is.")
def mean_difference(queries: Vectors, examples: Vectors) -> Distances:
    return np.abs(_differences(queries, examples)).mean(axis=2)


@wrong(
    "l1_distances",
    hint="You add squares. L1 adds absolute values; the squares belong to the L2 distance.",
)
def added_squares(queries: Vectors, examples: Vectors) -> Distances:
    return (_differences(queries, examples) ** 2).sum(axis=2)


@wrong("l1_distances", hint="You return the L2 distance: L1 has neither squares nor a root.")
def euclidean(queries: Vectors, examples: Vectors) -> Distances:
    return np.sqrt((_differences(queries, examples) ** 2).sum(axis=2))


@wrong("l1_distances", hint="You take the root of the sum. L1 has no root.")
def root_of_the_sum(queries: Vectors, examples: Vectors) -> Distances:
    return np.sqrt(np.abs(_differences(queries, examples)).sum(axis=2))


@wrong(
    "l1_distances",
    hint="Your result lies on its side: [i, j] is query i against example j, so a row belongs to a "
    "query.",
)
def on_its_side(queries: Vectors, examples: Vectors) -> Distances:
    return reference.l1_distances(examples, queries)


@wrong("l1_distances", hint="You take the largest difference. L1 adds all of them.")
def largest_difference(queries: Vectors, examples: Vectors) -> Distances:
    return np.abs(_differences(queries, examples)).max(axis=2)


@wrong(
    "l1_distances",
    hint="You compare row with row: query 0 with example 0, and so on. Every query is compared with "
    "every example.",
)
def row_with_row(queries: Vectors, examples: Vectors) -> Distances:
    pairs = zip(queries, examples, strict=False)
    return np.array([np.abs(query - example).sum() for query, example in pairs])


@wrong(
    "l1_distances",
    hint="You add over the wrong axis: over the examples instead of over the numbers of one example.",
)
def added_over_examples(queries: Vectors, examples: Vectors) -> Distances:
    return np.abs(_differences(queries, examples)).sum(axis=1)


@wrong(
    "l1_distances",
    hint="You compare the queries with each other. Each is compared with the examples.",
)
def among_the_queries(queries: Vectors, examples: Vectors) -> Distances:
    return reference.l1_distances(queries, queries)


@wrong(
    "l1_distances",
    hint="All your rows are those of the first query. Row i belongs to query i.",
)
def first_query_only(queries: Vectors, examples: Vectors) -> Distances:
    return np.tile(np.abs(examples - queries[0]).sum(axis=1), (len(queries), 1))


@wrong(
    "l1_distances",
    hint="You change the arrays that you are given, as -= and *= do, and the next query meets what is "
    "left. Compute into a new array.",
)
def subtracted_in_place(queries: Vectors, examples: Vectors) -> Distances:
    distances = np.empty((len(queries), len(examples)))
    for i, query in enumerate(queries):
        examples -= query
        distances[i] = np.abs(examples).sum(axis=1)
    return distances


@right("l1_distances")
def by_broadcasting(queries: Vectors, examples: Vectors) -> Distances:
    return np.abs(_differences(queries, examples)).sum(axis=-1)


@right("l1_distances")
def pair_by_pair(queries: Vectors, examples: Vectors) -> Distances:
    return np.array([[np.sum(np.abs(a - b)) for b in examples] for a in queries])


@right("l1_distances")
def number_by_number(queries: Vectors, examples: Vectors) -> Distances:
    distances = np.zeros((queries.shape[0], examples.shape[0]))
    for c in range(queries.shape[1]):
        distances += np.abs(np.subtract.outer(queries[:, c], examples[:, c]))
    return distances


@right("l1_distances")
def by_norms(queries: Vectors, examples: Vectors) -> Distances:
    return np.stack([np.linalg.norm(queries - e, ord=1, axis=1) for e in examples], axis=1)


@right("l1_distances")
def larger_less_smaller(queries: Vectors, examples: Vectors) -> Distances:
    larger = np.maximum(queries[:, None], examples[None])
    return np.einsum("nmd->nm", larger - np.minimum(queries[:, None], examples[None]))


in_single_precision("l1_distances", reference.l1_distances)


# --- l2_distances ---------------------------------------------------------------------------------


def _norms(rows: Any) -> Any:
    """Return the squared length of every row."""
    return (rows**2).sum(axis=1)


def _squares(queries: Any, examples: Any, factor: float = -2.0) -> Any:
    """Return the squared distances, 0 or a little less for equal rows."""
    return _norms(queries)[:, np.newaxis] + factor * queries @ examples.T + _norms(examples)


def _root(squares: Any) -> Any:
    return np.sqrt(np.maximum(squares, 0.0))


@wrong(
    "l2_distances",
    hint="You take the root of numbers below 0, and that is NaN. Rounding leaves a little less than "
    "0 where two rows are equal: replace it by 0.",
)
def roots_of_less_than_nothing(queries: Vectors, examples: Vectors) -> Distances:
    return np.sqrt(_squares(queries, examples))


@wrong("l2_distances", hint="You return squared distances. Take the root.")
def squared_distances(queries: Vectors, examples: Vectors) -> Distances:
    return np.maximum(_squares(queries, examples), 0.0)


@wrong("l2_distances", hint="The product has the wrong sign: |a - b|^2 is |a|^2 - 2 a . b + |b|^2.")
def product_added(queries: Vectors, examples: Vectors) -> Distances:
    return _root(_squares(queries, examples, 2.0))


@wrong("l2_distances", hint="The product comes twice: |a - b|^2 is |a|^2 - 2 a . b + |b|^2.")
def product_once(queries: Vectors, examples: Vectors) -> Distances:
    return _root(_squares(queries, examples, -1.0))


@wrong(
    "l2_distances",
    hint="The lengths of the queries stand along the columns in your answer, and those of the "
    "examples along the rows. Row i belongs to query i: give the queries' lengths a second axis.",
)
def norms_exchanged(queries: Vectors, examples: Vectors) -> Distances:
    product = queries @ examples.T
    return _root(_norms(queries) - 2.0 * product + _norms(examples)[:, np.newaxis])


@wrong(
    "l2_distances",
    hint="You leave out the lengths of the examples. The order of distances needs them.",
)
def examples_without_length(queries: Vectors, examples: Vectors) -> Distances:
    return _root(_norms(queries)[:, np.newaxis] - 2.0 * queries @ examples.T)


_TEMPORARY = (
    "You make an array of (n, m, d) numbers, which does not fit into memory for many images. One "
    "product of matrices, queries @ examples.T, holds all that you need."
)


def _small_enough(queries: Vectors, examples: Vectors) -> None:
    """Fail at more than a gigabyte as numpy does where there is too little, but at no cost."""
    if 8 * queries.size * len(examples) > 2**30:
        np.empty(2**56)


@wrong("l2_distances", hint=_TEMPORARY)
def all_differences(queries: Vectors, examples: Vectors) -> Distances:
    _small_enough(queries, examples)
    return np.sqrt((_differences(queries, examples) ** 2).sum(axis=2))


@wrong("l2_distances", hint=_TEMPORARY)
def norm_of_all_differences(queries: Vectors, examples: Vectors) -> Distances:
    _small_enough(queries, examples)
    return np.linalg.norm(_differences(queries, examples), axis=-1)


@wrong("l2_distances", hint=_TEMPORARY)
def all_differences_in_float32(queries: Vectors, examples: Vectors) -> Distances:
    _small_enough(queries, examples)
    singles = _differences(queries.astype(np.float32), examples.astype(np.float32))
    return np.sqrt(np.einsum("nmd,nmd->nm", singles, singles)).astype(np.float64)


@wrong(
    "l2_distances",
    hint="You add a small number inside the root. The root makes it large: 1e-8 becomes a distance "
    "of 1e-4 between equal rows. Replace what is below 0 by 0 instead.",
)
def a_little_added(queries: Vectors, examples: Vectors) -> Distances:
    return _root(_squares(queries, examples) + 1e-8)


@wrong(
    "l2_distances",
    hint="You compute in single precision (float32). Differences of large squares need float64: "
    "equal rows come out far apart.",
)
def in_float32(queries: Vectors, examples: Vectors) -> Distances:
    singles = queries.astype(np.float32), examples.astype(np.float32)
    return _root(_squares(*singles)).astype(np.float64)


@wrong("l2_distances", hint="You take the mean of the squares. L2 is the root of their sum.")
def root_mean_square(queries: Vectors, examples: Vectors) -> Distances:
    return reference.l2_distances(queries, examples) / np.sqrt(queries.shape[1])


@wrong(
    "l2_distances",
    hint="You return the L1 distance, the sum of |I1 - I2|. L2 is the root of the sum of squares.",
)
def city_blocks(queries: Vectors, examples: Vectors) -> Distances:
    _small_enough(queries, examples)
    return np.abs(_differences(queries, examples)).sum(axis=2)


@wrong(
    "l2_distances", hint="You cut squared distances at 1. Only below 0 there is rounding to cut."
)
def cut_at_one(queries: Vectors, examples: Vectors) -> Distances:
    return np.sqrt(np.clip(_squares(queries, examples), 0.0, 1.0))


@wrong(
    "l2_distances",
    hint="You subtract the length of one row from the length of the other. Rows of equal length can "
    "be far apart: the product a . b is missing.",
)
def lengths_subtracted(queries: Vectors, examples: Vectors) -> Distances:
    return np.abs(np.sqrt(_norms(queries))[:, np.newaxis] - np.sqrt(_norms(examples)))


@wrong(
    "l2_distances",
    hint="Your result lies on its side: [i, j] is query i against example j, so a row belongs to a "
    "query.",
)
def distances_on_their_side(queries: Vectors, examples: Vectors) -> Distances:
    return reference.l2_distances(examples, queries)


@wrong(
    "l2_distances",
    hint="You change the arrays that you are given, as -= and *= do. Compute into a new array.",
    minor=True,
)
def moved_in_place(queries: Vectors, examples: Vectors) -> Distances:
    middle = examples.mean(axis=0)
    queries -= middle
    examples -= middle
    return reference.l2_distances(queries, examples)


@right("l2_distances")
def negative_ones_turned(queries: Vectors, examples: Vectors) -> Distances:
    return np.sqrt(np.abs(_squares(queries, examples)))


@right("l2_distances")
def by_einsum(queries: Vectors, examples: Vectors) -> Distances:
    squares = np.add.outer(
        np.einsum("nd,nd->n", queries, queries), np.einsum("md,md->m", examples, examples)
    )
    squares -= 2 * np.tensordot(queries, examples, axes=(1, 1))
    squares[squares < 0] = 0
    return squares**0.5


@right("l2_distances")
def one_longer_product(queries: Vectors, examples: Vectors) -> Distances:
    lengths = np.linalg.norm(queries, axis=1)[:, None] ** 2, np.linalg.norm(examples, axis=1) ** 2
    left = np.hstack([queries, lengths[0], np.ones_like(lengths[0])])
    right_hand = np.vstack([-2.0 * examples.T, np.ones_like(lengths[1]), lengths[1]])
    squares = left @ right_hand
    return np.sqrt(np.where(squares > 0.0, squares, 0.0))


@right("l2_distances")
def around_the_mean(queries: Vectors, examples: Vectors) -> Distances:
    middle = examples.mean(axis=0)
    return _root(_squares(queries - middle, examples - middle))


@right("l2_distances")
def nan_to_nothing(queries: Vectors, examples: Vectors) -> Distances:
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(np.sqrt(_squares(queries, examples)), nan=0.0)


# --- predict_labels -------------------------------------------------------------------------------


def _refuse_k(labels: Labels, k: int) -> None:
    if k < 1 or k > len(labels):
        raise ValueError("k must be from 1 to the number of examples")


def _nearest(distances: Distances, labels: Labels, k: int) -> list[list[int]]:
    """Return the labels of the k nearest examples of every query, the nearest first."""
    _refuse_k(labels, k)
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return labels[order].tolist()


def _tied(near: Sequence[int]) -> list[int]:
    """Return the labels with most votes, in the order of their nearest examples."""
    counts = Counter(near)
    return [label for label in counts if counts[label] == max(counts.values())]


def _each(distances: Distances, labels: Labels, k: int, vote: Callable[[list[int]], Any]) -> Labels:
    return np.array([int(vote(near)) for near in _nearest(distances, labels, k)], np.int64)


@wrong(
    "predict_labels",
    hint="Of equally many votes you take the smallest label, as np.bincount(...).argmax() does. The "
    "label whose nearest example is nearest wins.",
    minor=True,
)
def smallest_of_the_tied(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    return _each(distances, labels, k, lambda near: min(_tied(near)))


@wrong(
    "predict_labels",
    hint="Of equally many votes you take the largest label. The label whose nearest example is "
    "nearest wins.",
    minor=True,
)
def largest_of_the_tied(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    return _each(distances, labels, k, lambda near: max(_tied(near)))


@wrong(
    "predict_labels",
    hint="Of equally many votes you take the label with the smallest sum of distances. The label "
    "whose nearest example is nearest wins.",
    minor=True,
)
def smallest_sum_of_the_tied(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    found = []
    for row, near in zip(distances, _nearest(distances, labels, k), strict=True):
        far = np.sort(row)[:k]
        sums = {label: far[np.array(near) == label].sum() for label in _tied(near)}
        found.append(min(sums, key=lambda label: sums[label]))
    return np.array(found, np.int64)


@wrong(
    "predict_labels",
    hint="Of equally many votes you take the label that comes last. The label whose nearest example "
    "is nearest wins.",
    minor=True,
)
def last_of_the_tied(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    return _each(distances, labels, k, lambda near: _tied(near[::-1])[0])


@wrong(
    "predict_labels",
    hint="Of equally many votes you ask fewer neighbours. All k have voted: of the tied labels the "
    "one whose nearest example is nearest wins.",
    minor=True,
)
def fewer_when_tied(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    def vote(near: list[int]) -> int:
        return _tied(near)[0] if len(_tied(near)) == 1 else vote(near[:-1])

    return _each(distances, labels, k, vote)


@wrong(
    "predict_labels",
    hint="Of equally many votes you take the nearest example of all, though its label may not be "
    "among the tied ones.",
    minor=True,
)
def nearest_of_all_when_tied(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    return _each(
        distances, labels, k, lambda near: _tied(near)[0] if len(_tied(near)) == 1 else near[0]
    )


@wrong("predict_labels", hint="You ignore k and always take the nearest example's label.")
def nearest_alone(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    return _each(distances, labels, k, lambda near: near[0])


@wrong("predict_labels", hint="All examples vote in your answer. Take the k nearest: order[:k].")
def all_vote(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    reference.predict_labels(distances, labels, k)  # refuses what is no k
    return reference.predict_labels(distances, labels, len(labels))


@wrong(
    "predict_labels",
    hint="You sort the distances down the columns, the queries to each example. Sort along each row: "
    "axis=1.",
)
def sorted_down_the_columns(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    reference.predict_labels(distances, labels, k)  # refuses what is no k
    nearest = labels[np.argsort(distances, axis=0, kind="stable")[:, :k]]
    return np.array([_tied(near)[0] for near in nearest.tolist()], np.int64)


@wrong("predict_labels", hint="The farthest examples vote in your answer. The nearest are due.")
def farthest(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    return reference.predict_labels(-distances, labels, k)


@wrong("predict_labels", hint="In your answer k + 1 examples vote. Count your slice again.")
def one_too_many(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    _refuse_k(labels, k)
    return reference.predict_labels(distances, labels, min(k + 1, len(labels)))


@wrong("predict_labels", hint="In your answer k - 1 examples vote. Count your slice again.")
def one_too_few(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    _refuse_k(labels, k)
    return reference.predict_labels(distances, labels, max(k - 1, 1))


@wrong(
    "predict_labels",
    hint="You skip the nearest example. That is right only where every query is an example itself.",
)
def nearest_skipped(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    _refuse_k(labels, k)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, 1 : k + 1]
    return np.array([_tied(near or [0])[0] for near in labels[nearest].tolist()], np.int64)


@wrong(
    "predict_labels",
    hint="You sort or count along the wrong axis: every row of the distances is a query, with a vote "
    "of its own.",
)
def votes_across_queries(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    nearest = np.array(_nearest(distances, labels, k))
    return np.array([_tied(column)[0] for column in nearest.T.tolist()], np.int64)


@wrong(
    "predict_labels",
    hint="You return which example is meant, not its label: look it up in labels.",
)
def indices_for_labels(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    _refuse_k(labels, k)
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    found = [
        next(i for i in row if labels[i] == _tied(labels[row].tolist())[0])
        for row in order.tolist()
    ]
    return np.array(found, np.int64)


@wrong("predict_labels", hint="You return how many votes the winner has. Return its label.")
def votes_for_labels(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    return _each(distances, labels, k, lambda near: max(Counter(near).values()))


@wrong(
    "predict_labels",
    hint="You weigh votes by 1 / distance. Every one of the k nearest examples has one vote.",
)
def weighed_by_distance(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    found = []
    for row, near in zip(distances, _nearest(distances, labels, k), strict=True):
        votes: dict[int, float] = {}
        for label, far in zip(near, np.sort(row)[:k], strict=True):
            votes[label] = votes.get(label, 0.0) + 1.0 / (far + 1e-9)
        found.append(max(votes, key=lambda label: votes[label]))
    return np.array(found, np.int64)


_STABLE = (
    "Of examples at equal distances the one that comes first is the nearer one. np.argsort promises "
    "that only with kind='stable', and np.argpartition never does."
)


@wrong("predict_labels", hint=_STABLE, minor=True)
def unstable_order(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    _refuse_k(labels, k)
    nearest = labels[np.argsort(distances, axis=1)[:, :k]]
    return np.array([_tied(near)[0] for near in nearest.tolist()], np.int64)


@wrong("predict_labels", hint=_STABLE, minor=True)
def later_example_first(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    return reference.predict_labels(distances[:, ::-1], labels[::-1], k)


@wrong(
    "predict_labels",
    hint="np.argpartition finds the k nearest, but leaves their order open, and a tie needs it. Sort "
    "them.",
    minor=True,
)
def left_unsorted(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    _refuse_k(labels, k)
    nearest = np.sort(np.argsort(distances, axis=1, kind="stable")[:, :k], axis=1)
    return np.array([_tied(near)[0] for near in labels[nearest].tolist()], np.int64)


@wrong(
    "predict_labels",
    hint="You take the mean of the labels. They are names, not quantities: count votes.",
)
def mean_label(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    return _each(distances, labels, k, lambda near: round(sum(near) / len(near)))


@wrong(
    "predict_labels",
    hint="You count votes in an array with too few places. Labels can be any whole numbers, not only "
    "0 to 9.",
)
def ten_classes(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    nearest = _nearest(distances, labels, k)
    votes = np.zeros((len(nearest), 10))
    for i, near in enumerate(nearest):
        for label in near:
            votes[i, label] += 1
    return votes.argmax(axis=1)


@wrong(
    "predict_labels",
    hint="np.bincount takes no labels below 0. They are names, and can be any whole numbers: count "
    "with np.unique, or compare the labels of the neighbours with each other.",
    minor=True,
)
def bincount_of_labels(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    def vote(near: list[int]) -> int:
        counts = np.bincount(near)
        return next(label for label in near if counts[label] == counts.max())

    return _each(distances, labels, k, vote)


@wrong(
    "predict_labels",
    hint="You take any k without a word. Raise a ValueError if it is less than 1 or greater than the "
    "number of examples.",
    minor=True,
)
def any_k(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    return reference.predict_labels(distances, labels, min(max(k, 1), len(labels)))


@wrong(
    "predict_labels",
    hint="You refuse a k below 1, but not one that is greater than the number of examples. Slices "
    "do not complain: raise a ValueError yourself.",
    minor=True,
)
def more_than_all(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    return reference.predict_labels(distances, labels, min(k, len(labels)))


@wrong(
    "predict_labels",
    hint="You change the distances you were given, to find the next nearest. Work on a copy.",
    minor=True,
)
def crossed_out(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    _refuse_k(labels, k)
    found = []
    for row in distances:
        near = []
        for _ in range(k):
            place = int(row.argmin())
            near.append(int(labels[place]))
            row[place] = np.inf
        found.append(_tied(near)[0])
    return np.array(found, np.int64)


@right("predict_labels")
def by_counting(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    return _each(distances, labels, k, lambda near: Counter(near).most_common(1)[0][0])


@right("predict_labels")
def sorted_in_python(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    if not 0 < k <= labels.size:
        raise ValueError("k")
    found = np.zeros(distances.shape[0], dtype=int)
    for i in range(distances.shape[0]):
        ranked = sorted(range(labels.size), key=lambda j: distances[i, j])
        votes: dict[int, int] = {}
        for j in ranked[:k]:
            votes[labels[j]] = votes.get(labels[j], 0) + 1
        found[i] = max(votes, key=lambda label: votes[label])
    return found


@right("predict_labels")
def class_by_class(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    _refuse_k(labels, k)
    order = np.argsort(distances, axis=1, kind="mergesort")[:, :k]
    classes, own = np.unique(labels, return_inverse=True)
    nearest = own[order][..., np.newaxis] == np.arange(len(classes))
    # Before the decimal point votes, behind it how near the nearest one is.
    score = nearest.sum(axis=1) + 0.9 * (1.0 - nearest.argmax(axis=1) / k)
    return classes[np.where(nearest.any(axis=1), score, -1.0).argmax(axis=1)]


@right("predict_labels")
def taken_one_by_one(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    _refuse_k(labels, k)
    left = distances.copy()
    rows = np.arange(len(left))
    nearest = np.empty((len(left), k), labels.dtype)
    for place in range(k):
        closest = left.argmin(axis=1)
        nearest[:, place] = labels[closest]
        left[rows, closest] = np.inf
    votes = [[np.count_nonzero(row == label) for label in row] for row in nearest]
    return nearest[rows, np.argmax(votes, axis=1)]


survivor(
    "predict_labels",
    "predict_labels: 1 -> 0",
    because="Without votes, argmax raises the ValueError that is due for k = 0.",
)
survivor(
    "predict_labels",
    "predict_labels: 2 -> 1",
    because="Who votes for whom is symmetric: its rows have the sums of its columns.",
)


# --- k_nearest_neighbors --------------------------------------------------------------------------


def _answer(hint: str, *, minor: bool = False) -> Any:
    return wrong("k_nearest_neighbors", function="KNearestNeighbors", hint=hint, minor=minor)


@_answer("Training again adds to the examples from before. They are due to be forgotten.")
class AddsToEarlier(reference.KNearestNeighbors):
    def train(self, examples: Vectors, labels: Labels) -> None:
        if self.examples is not None and self.labels is not None:
            examples = np.concatenate([self.examples, examples])
            labels = np.concatenate([self.labels, labels])
        super().train(examples, labels)


@_answer(
    "Training again changes nothing: you keep what came first. What was kept before is due to be "
    "forgotten."
)
class KeepsTheFirst(reference.KNearestNeighbors):
    def train(self, examples: Vectors, labels: Labels) -> None:
        if self.examples is None:
            super().train(examples, labels)


@_answer("You never use k: one neighbour always decides. Hand k on to predict_labels.")
class IgnoresK(reference.KNearestNeighbors):
    def predict(self, queries: Vectors) -> Labels:
        if self.examples is None or self.labels is None:
            raise RuntimeError
        distances = reference.l2_distances(queries, self.examples)
        return reference.predict_labels(distances, self.labels)


@_answer("You compare by L1 distance. The classifier is one by L2 distance.")
class ByL1(reference.KNearestNeighbors):
    def predict(self, queries: Vectors) -> Labels:
        if self.examples is None or self.labels is None:
            raise RuntimeError
        distances = reference.l1_distances(queries, self.examples)
        return reference.predict_labels(distances, self.labels, self.k)


@_answer(
    "You scale columns by their spread before you compare. That is another distance: compare the "
    "numbers as they are."
)
class Standardizes(reference.KNearestNeighbors):
    def train(self, examples: Vectors, labels: Labels) -> None:
        self.spread = examples.std(axis=0) + 1e-12
        super().train(examples / self.spread, labels)

    def predict(self, queries: Vectors) -> Labels:
        return super().predict(queries if self.examples is None else queries / self.spread)


@_answer("The default of k is 1.", minor=True)
class FiveByDefault(reference.KNearestNeighbors):
    def __init__(self, k: int = 5) -> None:
        super().__init__(k)


@_answer(
    "You do not notice that nothing was trained. Raise a RuntimeError that says so.",
    minor=True,
)
class PredictsUntrained(reference.KNearestNeighbors):
    def predict(self, queries: Vectors) -> Labels:
        if self.examples is None:
            return np.zeros(len(queries), np.int64)
        return super().predict(queries)


@_answer(
    "You raise something else than a RuntimeError, or leave it to numpy, when nothing was trained. "
    "Look before you predict.",
    minor=True,
)
class StumblesUntrained(reference.KNearestNeighbors):
    def predict(self, queries: Vectors) -> Labels:
        if self.examples is None:
            raise AttributeError
        return super().predict(queries)


@_answer(
    "You take examples and labels whatever their number is. Raise a ValueError if there are fewer "
    "examples than k, or not as many labels.",
    minor=True,
)
class TakesAnySizes(reference.KNearestNeighbors):
    def train(self, examples: Vectors, labels: Labels) -> None:
        self.examples, self.labels = examples, labels


@_answer("You compare the queries with each other instead of with the training examples.")
class AmongTheQueries(reference.KNearestNeighbors):
    def predict(self, queries: Vectors) -> Labels:
        if self.examples is None or self.labels is None:
            raise RuntimeError
        distances = reference.l2_distances(queries, queries)[:, : len(self.labels)]
        labels = self.labels[: distances.shape[1]]
        return reference.predict_labels(distances, labels, min(self.k, len(labels)))


@_answer("You return the label of the first query for all. Every query has a label of its own.")
class FirstQueryOnly(reference.KNearestNeighbors):
    def predict(self, queries: Vectors) -> Labels:
        return np.repeat(super().predict(queries)[:1], len(queries))


@_answer(
    "You keep only k examples. All of them are kept; which k are nearest depends on the query."
)
class KeepsKExamples(reference.KNearestNeighbors):
    def train(self, examples: Vectors, labels: Labels) -> None:
        super().train(examples, labels)
        self.examples, self.labels = examples[: self.k], labels[: self.k]


@_answer("The farthest examples vote in your answer. The nearest are due.")
class ByTheFarthest(reference.KNearestNeighbors):
    def predict(self, queries: Vectors) -> Labels:
        if self.examples is None or self.labels is None:
            raise RuntimeError
        distances = reference.l2_distances(queries, self.examples)
        return reference.predict_labels(-distances, self.labels, self.k)


@_answer("You change the queries you were given (-=). Subtract into a new array.")
class MovesTheQueries(reference.KNearestNeighbors):
    def predict(self, queries: Vectors) -> Labels:
        if self.examples is None or self.labels is None:
            raise RuntimeError
        middle = self.examples.mean(axis=0)
        queries -= middle
        distances = reference.l2_distances(queries, self.examples - middle)
        return reference.predict_labels(distances, self.labels, self.k)


@_answer("Your predict returns nothing. Return the labels.")
class ReturnsNothing(reference.KNearestNeighbors):
    def predict(self, queries: Vectors) -> Any:
        super().predict(queries)


@_answer(
    "All your classifiers share their examples, because these belong to the class. Give them to the "
    "one that is trained: self.examples = ...",
    minor=True,
)
class SharesExamples(reference.KNearestNeighbors):
    shared: tuple[Vectors, Labels] | None = None

    def train(self, examples: Vectors, labels: Labels) -> None:
        super().train(examples, labels)
        type(self).shared = examples, labels

    def predict(self, queries: Vectors) -> Labels:
        if self.examples is not None and self.shared is not None:
            self.examples, self.labels = self.shared
        return super().predict(queries)


@right("k_nearest_neighbors", function="KNearestNeighbors")
class WithoutHelpers:
    def __init__(self, k: int = 1) -> None:
        self._k = k
        self._known: list[tuple[Any, int]] = []

    def train(self, examples: Vectors, labels: Labels) -> None:
        if not self._k <= len(examples) == len(labels):
            raise ValueError("sizes")
        self._known = list(zip(examples.copy(), labels.tolist(), strict=True))

    def predict(self, queries: Vectors) -> Labels:
        if not self._known:
            raise RuntimeError("not trained")
        found = []
        for query in queries:
            ranked = sorted(self._known, key=lambda known: ((known[0] - query) ** 2).sum())
            near = [label for _, label in ranked[: self._k]]
            found.append(max(near, key=near.count))
        return np.array(found)


@right("k_nearest_neighbors", function="KNearestNeighbors")
class BySquares:
    k = 1

    def __init__(self, k: int = 1) -> None:
        self.k = k

    def train(self, examples: Vectors, labels: Labels) -> "BySquares":
        if examples.shape[0] != labels.shape[0]:
            raise ValueError("as many labels as examples")
        if examples.shape[0] < self.k:
            raise ValueError("too few examples")
        self.data = (examples, labels)
        return self  # as in scikit-learn

    def predict(self, queries: Vectors) -> Labels:
        if not hasattr(self, "data"):
            raise RuntimeError("train first")
        examples, labels = self.data
        squares = np.einsum("nmd->nm", (queries[:, None] - examples[None]) ** 2)
        return reference.predict_labels(squares, labels, self.k)


@right("k_nearest_neighbors", function="KNearestNeighbors")
class QueryByQuery(reference.KNearestNeighbors):
    def predict(self, queries: Vectors) -> Labels:
        labels = [super(QueryByQuery, self).predict(query[np.newaxis]) for query in queries]
        return np.concatenate(labels) if len(labels) else super().predict(queries)


@right("k_nearest_neighbors", function="KNearestNeighbors")
class KeepsCopies(reference.KNearestNeighbors):
    def train(self, examples: Vectors, labels: Labels) -> None:
        super().train(examples.copy(), labels.copy())

    def predict(self, queries: Vectors) -> Labels:
        if self.examples is None or self.labels is None:
            raise RuntimeError
        distances = [np.linalg.norm(self.examples - query, axis=1) for query in queries]
        return reference.predict_labels(np.array(distances), self.labels, self.k)


for _condition in (
    "self.examples is None and self.labels is None",
    "self.examples is None",
    "self.labels is None",
):
    survivor(
        "k_nearest_neighbors",
        f"KNearestNeighbors: self.examples is None or self.labels is None -> {_condition}",
        because="Training sets both: none of them is None without the other.",
    )


# --- equal_distance_images ------------------------------------------------------------------------


def _moved(image: Image) -> Image:
    moved = image.copy()
    moved[:, 1:] = image[:, :-1]
    return moved


def _length(difference: Any) -> float:
    return float(np.sqrt((difference**2).sum()))


def _boxed(image: Image, box: Box) -> Image:
    """Return the image inside the box, and 0 elsewhere."""
    top, left, height, width = box
    inside = np.zeros_like(image)
    inside[top : top + height, left : left + width] = image[top : top + height, left : left + width]
    return inside


def _three(
    image: Image,
    box: Box,
    color: Signal,
    *,
    shifted: Any = None,
    distance: Callable[[Any], Any] = _length,
) -> dict[str, Image]:
    """Return the three images for some shifted image and some measure of a difference."""
    moved = _moved(image) if shifted is None else shifted
    far, inside, tint = distance(moved - image), _boxed(image, box), color + 0.0 * image
    if np.any(distance(inside) < far):
        raise ValueError("the box is too small")
    return {
        "occluded": image - far / np.maximum(distance(inside), 1e-300) * inside,
        "shifted": moved,
        "tinted": image + far / np.maximum(distance(tint), 1e-300) * tint,
    }


@wrong(
    "equal_distance_images",
    hint="You move the image to the left. Every pixel goes one column to the right, and column 0 "
    "stays.",
)
def moved_left(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    shifted = np.concatenate([image[:, 1:], image[:, -1:]], axis=1)
    return _three(image, box, color, shifted=shifted)


@wrong(
    "equal_distance_images",
    hint="You move the image down. Columns are the second axis: every pixel goes one column to the "
    "right.",
)
def moved_down(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    shifted = np.concatenate([image[:1], image[:-1]], axis=0)
    return _three(image, box, color, shifted=shifted)


@wrong(
    "equal_distance_images",
    hint="np.roll brings the last column in on the left. Column 0 is left as it is.",
)
def wrapped_around(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    return _three(image, box, color, shifted=np.roll(image, 1, axis=1))


@wrong(
    "equal_distance_images",
    hint="Column 0 of your shifted image is black. It is left as it is.",
)
def black_column(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    shifted = _moved(image)
    shifted[:, 0] = 0.0
    return _three(image, box, color, shifted=shifted)


@wrong(
    "equal_distance_images",
    hint="You add the colour as it is. Find the t that makes the tinted image as far as the shifted "
    "one.",
)
def color_as_given(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    return {**_three(image, box, color), "tinted": image + color}


@wrong(
    "equal_distance_images",
    hint="You divide D by the length of the colour alone. The tint reaches every pixel: its length "
    "is that of the colour times the root of the number of pixels.",
)
def tint_of_one_pixel(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    far = _length(_moved(image) - image)
    return {**_three(image, box, color), "tinted": image + far / _length(color) * color}


@wrong(
    "equal_distance_images",
    hint="You divide by the mean of squares in one place and by their sum in another. D, the tint "
    "and the box all need the root of the sum.",
)
def mean_for_sum(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    _three(image, box, color)
    far = float(np.sqrt(((_moved(image) - image) ** 2).mean()))
    inside = _boxed(image, box)
    return {
        "occluded": image - far / _length(inside) * inside,
        "shifted": _moved(image),
        "tinted": image + far / _length(color) * color,
    }


@wrong("equal_distance_images", hint="You subtract the tint. t is positive.")
def tint_subtracted(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    return {**_three(image, box, color), "tinted": _three(image, box, -color)["tinted"]}


_CLIPPED = "You cut the tinted image at 0 and 1, which brings it nearer. Do not clip."


@wrong("equal_distance_images", hint=_CLIPPED)
def tint_clipped(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    found = _three(image, box, color)
    return {**found, "tinted": np.clip(found["tinted"], 0.0, 1.0)}


@wrong("equal_distance_images", hint=_CLIPPED, minor=True)
def tint_cut_below_zero(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    found = _three(image, box, color)
    return {**found, "tinted": np.maximum(found["tinted"], 0.0)}


@wrong(
    "equal_distance_images",
    hint="You multiply the image by the colour. The tint is added: image + t color.",
)
def tint_multiplied(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    found = _three(image, box, color)
    far, tint = _length(_moved(image) - image), image * color
    return {**found, "tinted": image + far / _length(tint) * tint}


@wrong(
    "equal_distance_images",
    hint="You divide by the length of the colour twice. t is D by the length of the whole tint, "
    "once.",
)
def color_normalised_twice(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    tint = color / _length(color) ** 2 / np.sqrt(image[..., 0].size)
    found = _three(image, box, color)
    return {**found, "tinted": image + _length(_moved(image) - image) * tint}


@wrong(
    "equal_distance_images",
    hint="You fade everything outside the box. The box itself is what is occluded.",
)
def outside_of_the_box(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    found = _three(image, box, color)
    outside = image - _boxed(image, box)
    far = _length(found["shifted"] - image)
    return {**found, "occluded": image - far / max(_length(outside), 1e-300) * outside}


@wrong("equal_distance_images", hint="You fade the box to white. It fades to black.")
def faded_to_white(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    found = _three(image, box, color)
    missing = _boxed(np.ones_like(image), box) - _boxed(image, box)
    far = _length(found["shifted"] - image)
    return {**found, "occluded": image + far / _length(missing) * missing}


@wrong(
    "equal_distance_images",
    hint="You fade the box to its mean. It fades to black.",
)
def faded_to_grey(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    found = _three(image, box, color)
    inside = _boxed(np.ones_like(image), box) > 0
    change = np.where(inside, image - image[inside].mean(), 0.0)
    far = _length(found["shifted"] - image)
    return {**found, "occluded": image - far / max(_length(change), 1e-9) * change}


@wrong(
    "equal_distance_images",
    hint="You compute the opacity from the whole image. Only the box fades: a is D by the length of "
    "what is in the box.",
)
def opacity_of_the_image(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    found = _three(image, box, color)
    opacity = _length(found["shifted"] - image) / _length(image)
    return {**found, "occluded": image - opacity * _boxed(image, box)}


@wrong(
    "equal_distance_images",
    hint="Your box is all black, and then it is too far away. Fade it by the a that makes the "
    "distance D.",
)
def all_black(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    return {**_three(image, box, color), "occluded": image - _boxed(image, box)}


@wrong(
    "equal_distance_images",
    hint="You subtract the same number from every pixel of the box. Fading multiplies: (1 - a) times "
    "what it was.",
)
def darkened_evenly(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    found = _three(image, box, color)
    inside = _boxed(np.ones_like(image), box)
    far = _length(found["shifted"] - image)
    return {**found, "occluded": image - far / _length(inside) * inside}


@wrong(
    "equal_distance_images",
    hint="You subtract a from the box. Fading multiplies: (1 - a) times what it was.",
)
def opacity_subtracted(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    found, inside = _three(image, box, color), _boxed(image, box)
    opacity = _length(_moved(image) - image) / _length(inside)
    return {**found, "occluded": image - opacity * _boxed(np.ones_like(image), box)}


@wrong(
    "equal_distance_images",
    hint="You keep a times what was in the box. It is (1 - a) times what it was.",
)
def opacity_for_rest(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    found = _three(image, box, color)
    inside = _boxed(image, box)
    opacity = _length(found["shifted"] - image) / _length(inside)
    return {**found, "occluded": image - (1.0 - opacity) * inside}


@wrong(
    "equal_distance_images",
    hint="You read the box as two corners. It is top row, left column, height and width.",
)
def box_as_corners(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    top, left, bottom, right_side = box
    return _three(image, (top, left, bottom - top, right_side - left), color)


@wrong(
    "equal_distance_images",
    hint="You read the box as x, y, width and height. It is top row, left column, height and width.",
)
def box_read_as_x_y(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    top, left, height, width = box
    return _three(image, (left, top, width, height), color)


@wrong(
    "equal_distance_images",
    hint="Your images have equal L1 distances. L2 is due: the root of the sum of squares.",
)
def equal_by_l1(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    _three(image, box, color)
    return _three(image, box, color, distance=lambda difference: float(np.abs(difference).sum()))


@wrong(
    "equal_distance_images",
    hint="You make every channel equally far by itself. D is one number, of all channels together.",
)
def channel_by_channel(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    _three(image, box, color)
    return _three(
        image, box, color, distance=lambda difference: np.sqrt((difference**2).sum(axis=(0, 1)))
    )


@wrong(
    "equal_distance_images",
    hint="You do not notice a box that is too small: a is greater than 1 there, and black cannot get "
    "any darker. Raise a ValueError.",
    minor=True,
)
def too_small_not_refused(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    moved, inside = _moved(image), _boxed(image, box)
    far = _length(moved - image)
    tint = np.broadcast_to(color, image.shape)
    return {
        "occluded": image - far / _length(inside) * inside,
        "shifted": moved,
        "tinted": image + far / _length(tint) * tint,
    }


@right("equal_distance_images")
def in_three_steps(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    return _three(image, box, color)


@right("equal_distance_images")
def padded_and_cropped(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    shifted = np.pad(image, ((0, 0), (1, 0), (0, 0)), mode="edge")[:, :-1]
    d2 = float(np.sum(np.square(image - shifted)))
    top, left, height, width = box
    occluded = np.array(image)
    window = occluded[top : top + height, left : left + width]
    energy = float(np.sum(window * window))
    if d2 > energy:
        raise ValueError("no")
    window *= 1.0 - (d2 / energy) ** 0.5
    t = (d2 / (image.shape[0] * image.shape[1] * float(color @ color))) ** 0.5
    return {"tinted": image + t * color, "shifted": shifted, "occluded": occluded}


@right("equal_distance_images")
def pixel_by_pixel(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    rows, columns = image.shape[:2]
    top, left, height, width = box
    shifted, occluded, tinted = np.empty_like(image), image.copy(), np.empty_like(image)
    far = inside = 0.0
    for i, j, c in product(range(rows), range(columns), range(3)):
        shifted[i, j, c] = image[i, max(j - 1, 0), c]
        far += (shifted[i, j, c] - image[i, j, c]) ** 2
        if i - top in range(height) and j - left in range(width):
            inside += image[i, j, c] ** 2
    if inside < far:
        raise ValueError
    for i, j, c in product(range(rows), range(columns), range(3)):
        tinted[i, j, c] = image[i, j, c] + color[c] * np.sqrt(
            far / (rows * columns) / (color**2).sum()
        )
        if top <= i < top + height and left <= j < left + width:
            occluded[i, j, c] *= 1 - np.sqrt(far / inside)
    return {"occluded": occluded, "shifted": shifted, "tinted": tinted}


@right("equal_distance_images")
def by_directions(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    columns = np.maximum(np.arange(image.shape[1]) - 1, 0)
    shifted = np.take(image, columns, axis=1)
    distance = np.linalg.norm((shifted - image).ravel())
    t = distance / np.sqrt(image.shape[0] * image.shape[1]) / np.linalg.norm(color)
    mask = np.zeros(image.shape[:2], dtype=bool)
    mask[box[0] : box[0] + box[2], box[1] : box[1] + box[3]] = True
    opacity = distance / np.linalg.norm(image[mask])
    if opacity > 1.0:
        raise ValueError("box too small")
    return {
        "occluded": np.where(mask[..., None], (1.0 - opacity) * image, image),
        "shifted": shifted,
        "tinted": image + t * color[np.newaxis, np.newaxis, :],
    }


@right("equal_distance_images")
def in_single_precision_images(image: Image, box: Box, color: Signal) -> dict[str, Image]:
    found = reference.equal_distance_images(image.astype(np.float32), box, color.astype(np.float32))
    return {name: one.astype(np.float64) for name, one in found.items()}


# --- hog_descriptor -------------------------------------------------------------------------------


def _gradients(image: Image) -> tuple[Any, Any]:
    dy, dx = np.zeros_like(image), np.zeros_like(image)
    dy[1:-1] = image[2:] - image[:-2]
    dx[:, 1:-1] = image[:, 2:] - image[:, :-2]
    return dy, dx


def _orientation(dy: Any, dx: Any) -> Any:
    return np.degrees(np.arctan2(dy, dx)) % 180.0


def _hard_votes(dy: Any, dx: Any, orientation: Any = None) -> Any:
    """Return (H, W, 9): the magnitude in the bin of the orientation."""
    degrees = _orientation(dy, dx) if orientation is None else orientation
    return np.hypot(dx, dy)[..., np.newaxis] * ((degrees // 20.0)[..., np.newaxis] == np.arange(9))


def _cells(votes: Any) -> Any:
    rows, columns = votes.shape[0] // 8, votes.shape[1] // 8
    cut = votes[: 8 * rows, : 8 * columns]
    return cut.reshape(rows, 8, columns, 8, votes.shape[2]).mean(axis=(1, 3))


def _unit(blocks: Any, e: float = 1e-5) -> Any:
    return blocks / np.sqrt((blocks**2).sum(axis=1, keepdims=True) + e**2)


def _blocks(cells: Any, step: int = 1) -> Any:
    """Return the blocks, one a row."""
    rows, columns = cells.shape[0] - 1, cells.shape[1] - 1
    return np.array(
        [
            cells[i : i + 2, j : j + 2].ravel()
            for i in range(0, rows, step)
            for j in range(0, columns, step)
        ]
    )


def _l2_hys(blocks: Any) -> Any:
    return _unit(np.minimum(_unit(blocks), 0.2)).ravel()


@wrong(
    "hog_descriptor",
    hint="You share a vote between the two nearest bins. Here a pixel votes for one bin alone.",
)
def soft_votes(image: Image) -> Signal:
    dy, dx = _gradients(image)
    place = _orientation(dy, dx) / 20.0 - 0.5
    low = np.floor(place)
    share = (place - low)[..., np.newaxis]
    lower = (low % 9)[..., np.newaxis] == np.arange(9)
    upper = ((low + 1) % 9)[..., np.newaxis] == np.arange(9)
    votes = np.hypot(dx, dy)[..., np.newaxis] * ((1.0 - share) * lower + share * upper)
    return _l2_hys(_blocks(_cells(votes)))


@wrong(
    "hog_descriptor",
    hint="Your orientations go round the full circle, in bins of 40 degrees. They are unsigned: "
    "modulo 180, in bins of 20.",
)
def full_circle(image: Image) -> Signal:
    dy, dx = _gradients(image)
    degrees = np.degrees(np.arctan2(dy, dx)) % 360.0
    return _l2_hys(_blocks(_cells(_hard_votes(dy, dx, degrees / 2.0))))


@wrong(
    "hog_descriptor",
    hint="You take the absolute value of the angle. -30 degrees are 150, not 30: take it modulo 180.",
)
def absolute_angle(image: Image) -> Signal:
    dy, dx = _gradients(image)
    degrees = np.abs(np.degrees(np.arctan2(dy, dx))) % 180.0
    return _l2_hys(_blocks(_cells(_hard_votes(dy, dx, degrees))))


@wrong(
    "hog_descriptor",
    hint="You leave angles below 0 out, or let them run into other bins. Take the orientation modulo "
    "180.",
)
def negative_angles_lost(image: Image) -> Signal:
    dy, dx = _gradients(image)
    degrees = np.degrees(np.arctan2(dy, dx))
    return _l2_hys(_blocks(_cells(_hard_votes(dy, dx, degrees))))


@wrong(
    "hog_descriptor",
    hint="180 degrees are 0 degrees: they belong into bin 0, not into the last one or none.",
)
def half_turn_in_the_last_bin(image: Image) -> Signal:
    dy, dx = _gradients(image)
    degrees = np.degrees(np.arctan2(dy, dx))
    degrees[degrees < 0] += 180.0
    return _l2_hys(_blocks(_cells(_hard_votes(dy, dx, np.minimum(degrees, 179.0)))))


@wrong(
    "hog_descriptor",
    hint="You round to the nearest multiple of 20. Bin 0 is [0, 20): divide and round down.",
)
def rounded_bins(image: Image) -> Signal:
    dy, dx = _gradients(image)
    nearest = np.round(_orientation(dy, dx) / 20.0) % 9
    return _l2_hys(_blocks(_cells(_hard_votes(dy, dx, 20.0 * nearest + 10.0))))


@wrong(
    "hog_descriptor",
    hint="You count the bins from 1, as np.digitize does: your bin 0 stays empty, and the votes of the "
    "last one are lost. Subtract 1.",
)
def bins_from_one(image: Image) -> Signal:
    dy, dx = _gradients(image)
    return _l2_hys(_blocks(_cells(_hard_votes(dy, dx, _orientation(dy, dx) + 20.0))))


@wrong(
    "hog_descriptor",
    hint="Every pixel has one vote in your answer. It votes with its magnitude.",
)
def one_pixel_one_vote(image: Image) -> Signal:
    dy, dx = _gradients(image)
    votes = _hard_votes(dy, dx)
    return _l2_hys(_blocks(_cells(1.0 * (votes > 0))))


@wrong(
    "hog_descriptor",
    hint="np.gradient halves the differences inside and takes one-sided ones in the first and last "
    "row and column. Those are 0 here.",
)
def numpy_gradient(image: Image) -> Signal:
    dy, dx = np.gradient(image)
    return _l2_hys(_blocks(_cells(_hard_votes(dy, dx))))


@wrong(
    "hog_descriptor",
    hint="You repeat the border and subtract. dy is 0 in the first and last row, dx in the first and "
    "last column.",
)
def border_repeated(image: Image) -> Signal:
    padded = np.pad(image, 1, mode="edge")
    dy, dx = padded[2:, 1:-1] - padded[:-2, 1:-1], padded[1:-1, 2:] - padded[1:-1, :-2]
    return _l2_hys(_blocks(_cells(_hard_votes(dy, dx))))


@wrong(
    "hog_descriptor",
    hint="You subtract direct neighbours, I(i + 1) - I(i). The pixel itself takes no part: "
    "I(i + 1) - I(i - 1).",
)
def direct_neighbors(image: Image) -> Signal:
    dy, dx = np.zeros_like(image), np.zeros_like(image)
    dy[:-1] = np.diff(image, axis=0)
    dx[:, :-1] = np.diff(image, axis=1)
    return _l2_hys(_blocks(_cells(_hard_votes(dy, dx))))


@wrong(
    "hog_descriptor",
    hint="You smooth across the gradient, as Sobel does. Subtract two pixels and no more.",
)
def sobel(image: Image) -> Signal:
    dy, dx = _gradients(image)
    wide, tall = (
        np.pad(dy, ((0, 0), (1, 1)), mode="edge"),
        np.pad(dx, ((1, 1), (0, 0)), mode="edge"),
    )
    smooth_y = wide[:, :-2] + 2.0 * wide[:, 1:-1] + wide[:, 2:]
    smooth_x = tall[:-2] + 2.0 * tall[1:-1] + tall[2:]
    return _l2_hys(_blocks(_cells(_hard_votes(smooth_y, smooth_x))))


@wrong(
    "hog_descriptor",
    hint="You exchange dx and dy. The orientation is atan2(dy, dx), and dy is the difference of rows.",
)
def exchanged(image: Image) -> Signal:
    dy, dx = _gradients(image)
    return _l2_hys(_blocks(_cells(_hard_votes(dx, dy))))


@wrong(
    "hog_descriptor",
    hint="Your rows count upwards, so that dy has the other sign. dy(i, j) is I(i + 1, j) - I(i - 1, j).",
)
def rows_upwards(image: Image) -> Signal:
    dy, dx = _gradients(image)
    return _l2_hys(_blocks(_cells(_hard_votes(-dy, dx))))


@wrong(
    "hog_descriptor",
    hint="Your votes are squared magnitudes. Take the root.",
)
def squared_magnitudes(image: Image) -> Signal:
    dy, dx = _gradients(image)
    votes = _hard_votes(dy, dx) * np.hypot(dx, dy)[..., np.newaxis]
    return _l2_hys(_blocks(_cells(votes)))


@wrong(
    "hog_descriptor",
    hint="Your blocks stand side by side. They overlap: each begins one cell after the last.",
)
def blocks_side_by_side(image: Image) -> Signal:
    return _l2_hys(_blocks(_cells(_hard_votes(*_gradients(image))), 2))


@wrong(
    "hog_descriptor",
    hint="You normalise the whole descriptor at once. Every block is normalised by itself.",
)
def all_blocks_at_once(image: Image) -> Signal:
    return _l2_hys(_blocks(_cells(_hard_votes(*_gradients(image)))).reshape(1, -1))


@wrong(
    "hog_descriptor",
    hint="You normalise cells. A block of four cells, 36 numbers, is normalised together.",
)
def cell_by_cell(image: Image) -> Signal:
    return _l2_hys(_blocks(_cells(_hard_votes(*_gradients(image)))).reshape(-1, 9))


@wrong("hog_descriptor", hint="You do not cut at 0.2. L2-Hys cuts, and normalises once more.")
def not_cut(image: Image) -> Signal:
    return _unit(_unit(_blocks(_cells(_hard_votes(*_gradients(image)))))).ravel()


@wrong("hog_descriptor", hint="You do not normalise once more after the cut at 0.2.")
def cut_and_left(image: Image) -> Signal:
    return np.minimum(_unit(_blocks(_cells(_hard_votes(*_gradients(image))))), 0.2).ravel()


@wrong(
    "hog_descriptor", hint="You divide by the sum of the block. L2 divides by the root of squares."
)
def normalised_by_sum(image: Image) -> Signal:
    def unit(blocks: Any) -> Any:
        return blocks / (blocks.sum(axis=1, keepdims=True) + 1e-5)

    blocks = _blocks(_cells(_hard_votes(*_gradients(image))))
    return unit(np.minimum(unit(blocks), 0.2)).ravel()


@wrong(
    "hog_descriptor",
    hint="Your histograms are sums of the votes that are not divided by 64. That shows where there "
    "is hardly any contrast, through e.",
    minor=True,
)
def not_divided(image: Image) -> Signal:
    return _l2_hys(64.0 * _blocks(_cells(_hard_votes(*_gradients(image)))))


@wrong(
    "hog_descriptor",
    hint="You add e where e^2 is due: v / sqrt(|v|^2 + e^2).",
)
def e_not_squared(image: Image) -> Signal:
    blocks = _blocks(_cells(_hard_votes(*_gradients(image))))
    return _unit(np.minimum(_unit(blocks, 1e-5**0.5), 0.2), 1e-5**0.5).ravel()


@wrong(
    "hog_descriptor",
    hint="You leave out e = 1e-5 under the root. Without it a flat block is 0 / 0, and one that is "
    "hardly there becomes as strong as any.",
    minor=True,
)
def without_e(image: Image) -> Signal:
    blocks = _blocks(_cells(_hard_votes(*_gradients(image))))
    return _unit(np.minimum(_unit(blocks, 0.0), 0.2), 0.0).ravel()


@wrong(
    "hog_descriptor",
    hint="The cells of a block come column by column in your answer. Row by row is due.",
)
def cells_column_by_column(image: Image) -> Signal:
    blocks = _blocks(_cells(_hard_votes(*_gradients(image)))).reshape(-1, 2, 2, 9)
    return _l2_hys(blocks.transpose(0, 2, 1, 3).reshape(-1, 36))


@wrong(
    "hog_descriptor",
    hint="Your blocks list the four cells of one bin, then those of the next. Every cell's nine bins "
    "stand together.",
)
def bins_before_cells(image: Image) -> Signal:
    blocks = _blocks(_cells(_hard_votes(*_gradients(image)))).reshape(-1, 4, 9)
    return _l2_hys(blocks.transpose(0, 2, 1).reshape(-1, 36))


@wrong(
    "hog_descriptor",
    hint="Your blocks come column by column. They are due row by row.",
)
def blocks_column_by_column(image: Image) -> Signal:
    cells = _cells(_hard_votes(*_gradients(image)))
    rows, columns = cells.shape[0] - 1, cells.shape[1] - 1
    found = _l2_hys(_blocks(cells)).reshape(rows, columns, 36)
    return found.transpose(1, 0, 2).ravel()


@wrong(
    "hog_descriptor",
    hint="You cut the image to whole cells before you take gradients. They need the pixels beyond: "
    "cut afterwards.",
)
def cut_before_gradients(image: Image) -> Signal:
    return reference.hog_descriptor(image[: image.shape[0] // 8 * 8, : image.shape[1] // 8 * 8])


@wrong(
    "hog_descriptor",
    hint="You take gradients in every cell by itself, so that they are 0 at its borders. Take them "
    "of the whole image first.",
)
def gradients_in_cells(image: Image) -> Signal:
    rows, columns = image.shape[0] // 8, image.shape[1] // 8
    cells = image[: 8 * rows, : 8 * columns].reshape(rows, 8, columns, 8).swapaxes(1, 2)
    votes = np.array([[_hard_votes(*_gradients(cell)) for cell in row] for row in cells])
    return _l2_hys(_blocks(votes.mean(axis=(2, 3))))


@wrong(
    "hog_descriptor",
    hint="Pixels of the border do not vote in your answer. In the first and last row only dy is 0, in "
    "the first and last column only dx.",
)
def border_without_votes(image: Image) -> Signal:
    dy, dx = _gradients(image)
    dy[:, [0, -1]] = 0.0
    dx[[0, -1]] = 0.0
    return _l2_hys(_blocks(_cells(_hard_votes(dy, dx))))


@wrong(
    "hog_descriptor",
    hint="np.roll takes what is beyond the border from the other side. dy is 0 in the first and last "
    "row, dx in the first and last column.",
)
def rolled(image: Image) -> Signal:
    dy, dx = (np.roll(image, -1, axis) - np.roll(image, 1, axis) for axis in (0, 1))
    return _l2_hys(_blocks(_cells(_hard_votes(dy, dx))))


@wrong(
    "hog_descriptor",
    hint="You halve the differences. Here they are I(i + 1) - I(i - 1), as they are.",
    minor=True,
)
def halved(image: Image) -> Signal:
    dy, dx = _gradients(image)
    return _l2_hys(_blocks(_cells(_hard_votes(dy / 2.0, dx / 2.0))))


@wrong(
    "hog_descriptor",
    hint="Your angle is in radians when you take it modulo 180. np.degrees belongs before.",
)
def radians(image: Image) -> Signal:
    dy, dx = _gradients(image)
    return _l2_hys(_blocks(_cells(_hard_votes(dy, dx, np.arctan2(dy, dx) % 180.0))))


@wrong(
    "hog_descriptor",
    hint="You round angles to whole degrees, which moves some of them into another bin.",
)
def whole_degrees(image: Image) -> Signal:
    dy, dx = _gradients(image)
    degrees = np.rint(np.degrees(np.arctan2(dy, dx))) % 180.0
    return _l2_hys(_blocks(_cells(_hard_votes(dy, dx, degrees))))


@wrong(
    "hog_descriptor",
    hint="Every pixel votes in your answer, where there is no gradient for bin 0. It votes with its "
    "magnitude.",
)
def every_pixel_one_vote(image: Image) -> Signal:
    dy, dx = _gradients(image)
    own_bin = (_orientation(dy, dx) // 20.0)[..., np.newaxis] == np.arange(9)
    return _l2_hys(_blocks(_cells(1.0 * own_bin)))


@wrong(
    "hog_descriptor",
    hint="You add e outside of the root: v / (|v| + e). It is v / sqrt(|v|^2 + e^2).",
)
def e_outside(image: Image) -> Signal:
    def unit(blocks: Any) -> Any:
        return blocks / (np.linalg.norm(blocks, axis=1, keepdims=True) + 1e-5)

    blocks = _blocks(_cells(_hard_votes(*_gradients(image))))
    return unit(np.minimum(unit(blocks), 0.2)).ravel()


@wrong("hog_descriptor", hint="You return the blocks as rows. One vector is due: ravel them.")
def not_raveled(image: Image) -> Any:
    return reference.hog_descriptor(image).reshape(-1, 36)


@right("hog_descriptor")
def pixel_after_pixel(image: Image) -> Signal:
    height, width = image.shape
    cells = np.zeros((height // 8, width // 8, 9))
    for i in range(height // 8 * 8):
        for j in range(width // 8 * 8):
            dy = image[i + 1, j] - image[i - 1, j] if 0 < i < height - 1 else 0.0
            dx = image[i, j + 1] - image[i, j - 1] if 0 < j < width - 1 else 0.0
            angle = np.rad2deg(np.arctan2(dy, dx)) % 180
            cells[i // 8, j // 8, int(angle // 20)] += (dx**2 + dy**2) ** 0.5 / 64
    return _l2_hys(_blocks(cells))


@right("hog_descriptor")
def by_histograms(image: Image) -> Signal:
    dy, dx = _gradients(image)
    angle, magnitude = np.angle(dx + 1j * dy, deg=True) % 180, np.abs(dx + 1j * dy)
    cells = np.empty((image.shape[0] // 8, image.shape[1] // 8, 9))
    for i, j in np.ndindex(*cells.shape[:2]):
        inside = np.s_[8 * i : 8 * i + 8, 8 * j : 8 * j + 8]
        votes = np.histogram(angle[inside], np.arange(0, 181, 20), weights=magnitude[inside])
        cells[i, j] = votes[0] / 64.0
    blocks = sliding_window_view(cells, (2, 2, 9)).reshape(-1, 36)
    return _l2_hys(blocks)


@right("hog_descriptor")
def by_counting_votes(image: Image) -> Signal:
    dy = np.pad(image[2:] - image[:-2], ((1, 1), (0, 0)))
    dx = np.pad(image[:, 2:] - image[:, :-2], ((0, 0), (1, 1)))
    rows, columns = image.shape[0] // 8, image.shape[1] // 8
    i, j = np.indices(image.shape)
    own = (_orientation(dy, dx) / 20).astype(int)
    place = (i // 8 * columns + j // 8) * 9 + own
    inside = (i < 8 * rows) & (j < 8 * columns)
    votes = np.bincount(place[inside], np.hypot(dy, dx)[inside], 9 * rows * columns) / 64
    cells = votes.reshape(rows, columns, 9)
    four = [cells[:-1, :-1], cells[:-1, 1:], cells[1:, :-1], cells[1:, 1:]]
    return _l2_hys(np.concatenate(four, axis=2).reshape(-1, 36))


@right("hog_descriptor")
def bin_by_bin(image: Image) -> Signal:
    dy, dx = _gradients(image)
    rows, columns = image.shape[0] // 8, image.shape[1] // 8
    angle = np.arctan2(dy, dx)
    angle = np.where(angle < 0.0, angle + np.pi, angle)
    angle = np.where(angle >= np.pi, 0.0, angle)
    own = np.floor(angle * 9.0 / np.pi)
    starts = np.arange(rows) * 8, np.arange(columns) * 8
    planes = []
    for number in range(9):
        votes = np.where(own == number, np.sqrt(dx * dx + dy * dy), 0.0)[: 8 * rows, : 8 * columns]
        planes.append(np.add.reduceat(np.add.reduceat(votes, starts[0], 0), starts[1], 1) / 64)
    return _l2_hys(_blocks(np.stack(planes, axis=-1)))


survivor(
    "hog_descriptor",
    "hog_descriptor: 1 -> 2 (#9)",
    because="numpy takes every negative number for the side that follows from the other.",
)


# --- split ----------------------------------------------------------------------------------------

Split = tuple[Indices, Indices]


def _refuse_held_out(n: int, held_out: int) -> None:
    if held_out < 1 or held_out >= n:
        raise ValueError("held_out")


@wrong(
    "split",
    hint="You do not shuffle: always the same examples are held out. Let the generator decide, with "
    "rng.permutation.",
)
def first_ones(n: int, held_out: int, rng: Rng) -> Split:
    _refuse_held_out(n, held_out)
    return np.arange(held_out, n), np.arange(held_out)


@wrong(
    "split",
    hint="You hold out examples that stand side by side. Shuffle them, with rng.permutation.",
)
def one_piece(n: int, held_out: int, rng: Rng) -> Split:
    _refuse_held_out(n, held_out)
    order = np.roll(np.arange(n), -int(rng.integers(n - held_out + 1)))
    return np.sort(order[held_out:]), order[:held_out]


@wrong(
    "split",
    hint="You draw with replacement, so that an index can come twice and others never. Shuffle all "
    "of them, and cut.",
)
def with_replacement(n: int, held_out: int, rng: Rng) -> Split:
    _refuse_held_out(n, held_out)
    drawn = rng.integers(0, n, n)
    return drawn[held_out:], drawn[:held_out]


@wrong(
    "split",
    hint="You draw the two parts independently, and so some examples are in both. What is not held "
    "out is for training.",
)
def drawn_twice(n: int, held_out: int, rng: Rng) -> Split:
    _refuse_held_out(n, held_out)
    return rng.permutation(n)[held_out:], rng.permutation(n)[:held_out]


@wrong(
    "split",
    hint="You draw the held-out examples with replacement, so that one can come twice. Say "
    "replace=False, or shuffle and cut.",
)
def held_out_twice(n: int, held_out: int, rng: Rng) -> Split:
    _refuse_held_out(n, held_out)
    validation = rng.integers(0, n, held_out)
    return np.setdiff1d(np.arange(n), validation), validation


@wrong("split", hint="You train on all examples, also on those that are held out.")
def trained_on_all(n: int, held_out: int, rng: Rng) -> Split:
    training, validation = reference.split(n, held_out, rng)
    return np.sort(np.concatenate([training, validation])), validation


_ORDER = (
    "Your parts come in the wrong order, or with each other's sizes: first the n - held_out examples "
    "for training, then the held_out ones for validation."
)


@wrong("split", hint=_ORDER)
def validation_first(n: int, held_out: int, rng: Rng) -> Split:
    return reference.split(n, held_out, rng)[::-1]


@wrong("split", hint=_ORDER)
def held_out_for_training(n: int, held_out: int, rng: Rng) -> Split:
    _refuse_held_out(n, held_out)
    order = rng.permutation(n)
    return order[:held_out], order[held_out:]


_OWN_RANDOM = (
    "Which examples are held out does not depend on the generator you are given. Draw from rng, and "
    "from nothing else, and make no generator of your own."
)


@wrong("split", hint=_OWN_RANDOM)
def own_seed(n: int, held_out: int, rng: Rng) -> Split:
    return reference.split(n, held_out, np.random.default_rng(0))


@wrong("split", hint=_OWN_RANDOM)
def global_state(n: int, held_out: int, rng: Rng) -> Split:
    _refuse_held_out(n, held_out)
    order = np.random.permutation(n)
    return order[held_out:], order[:held_out]


@wrong("split", hint=_OWN_RANDOM)
def fresh_entropy(n: int, held_out: int, rng: Rng) -> Split:
    return reference.split(n, held_out, np.random.default_rng())


@wrong(
    "split",
    hint="Only few different splits can come out: a generator with a seed of your own has as many "
    "orders as you have seeds. Draw the order from rng itself.",
)
def thousand_splits(n: int, held_out: int, rng: Rng) -> Split:
    return reference.split(n, held_out, np.random.default_rng(rng.integers(1000)))


@wrong(
    "split",
    hint="You exchange every example with any other, and so some splits are likelier than others. "
    "Exchange it with one that has not had its turn, or let rng.permutation do it.",
)
def exchanged_with_any(n: int, held_out: int, rng: Rng) -> Split:
    _refuse_held_out(n, held_out)
    order = np.arange(n)
    for i in range(n):
        j = int(rng.integers(n))
        order[i], order[j] = order[j], order[i]
    return order[held_out:], order[:held_out]


_SLICES = (
    "A part has one example too many, or too few. Count your slices: the second one begins where the "
    "first one ends."
)


@wrong("split", hint=_SLICES)
def one_off(n: int, held_out: int, rng: Rng) -> Split:
    _refuse_held_out(n, held_out)
    order = rng.permutation(n)
    return order[held_out + 1 :], order[: held_out + 1]


@wrong(
    "split", hint="One example is in both parts. Begin the second slice where the first one ends."
)
def one_in_both(n: int, held_out: int, rng: Rng) -> Split:
    _refuse_held_out(n, held_out)
    order = rng.permutation(n)
    return order[held_out - 1 : -1], order[:held_out]


@wrong("split", hint=_SLICES)
def one_dropped(n: int, held_out: int, rng: Rng) -> Split:
    training, validation = reference.split(n, held_out, rng)
    return training[1:], validation


@wrong("split", hint="Your indices count from 1. They count from 0 to n - 1.")
def counted_from_one(n: int, held_out: int, rng: Rng) -> Split:
    training, validation = reference.split(n, held_out, rng)
    return training + 1, validation + 1


@wrong(
    "split",
    hint="You return masks, True and False for every example. Return indices: np.flatnonzero(mask).",
)
def masks(n: int, held_out: int, rng: Rng) -> Any:
    _, validation = reference.split(n, held_out, rng)
    mask = np.isin(np.arange(n), validation)
    return ~mask, mask


@wrong(
    "split",
    hint="You take any held_out without a word. Raise a ValueError if a part would be empty.",
    minor=True,
)
def empty_part_taken(n: int, held_out: int, rng: Rng) -> Split:
    order = rng.permutation(n)
    return order[max(held_out, 0) :], order[: max(held_out, 0)]


@right("split")
def shuffled_and_cut(n: int, held_out: int, rng: Rng) -> Split:
    if held_out <= 0 or n - held_out <= 0:
        raise ValueError
    order = np.arange(n)
    rng.shuffle(order)
    return order[:-held_out], order[-held_out:]


@right("split")
def chosen(n: int, held_out: int, rng: Rng) -> Split:
    _refuse_held_out(n, held_out)
    validation = rng.choice(n, held_out, replace=False)
    return np.setdiff1d(np.arange(n), validation), validation


@right("split")
def by_random_numbers(n: int, held_out: int, rng: Rng) -> Split:
    _refuse_held_out(n, held_out)
    order = np.argsort(rng.random(n))
    return np.sort(order[held_out:]), np.sort(order[:held_out])


@right("split")
def drawn_one_by_one(n: int, held_out: int, rng: Rng) -> Split:
    _refuse_held_out(n, held_out)
    left, held = list(range(n)), []
    for _ in range(held_out):
        held.append(left.pop(int(rng.integers(len(left)))))
    return np.array(left), np.array(held)


# --- k_folds --------------------------------------------------------------------------------------

Folds = list[Indices]


def _refuse_folds(labels: Labels, folds: int) -> None:
    if folds < 2 or folds > len(labels):
        raise ValueError("folds")


def _groups(labels: Labels, rng: Rng, stratified: bool) -> list[Indices]:
    """Return all indices, or those of every class, each group shuffled."""
    if not stratified:
        return [rng.permutation(len(labels))]
    return [rng.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]


def _joined(parts: Sequence[Sequence[Indices]]) -> Folds:
    """Return folds that are made of a part of every group."""
    return [np.concatenate(pieces) for pieces in zip(*parts, strict=True)]


def _dealt(group: Indices, folds: int) -> list[Indices]:
    return [group[fold::folds] for fold in range(folds)]


@wrong(
    "k_folds",
    hint="You draw every fold by itself, so that an example can be in several folds, or in none. "
    "Shuffle once, and divide.",
)
def folds_drawn_alone(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    _refuse_folds(labels, folds)
    size = len(labels) // folds
    return [rng.choice(len(labels), size, replace=False) for _ in range(folds)]


def _whole_parts(group: Indices, folds: int) -> list[Indices]:
    size = len(group) // folds
    return [group[fold * size : (fold + 1) * size] for fold in range(folds)]


@wrong(
    "k_folds",
    hint="You leave out the examples that remain when their number is divided by that of the folds. "
    "Every example is in a fold.",
)
def remainder_dropped(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    _refuse_folds(labels, folds)
    return _joined([_whole_parts(group, folds) for group in _groups(labels, rng, stratified)])


@wrong(
    "k_folds",
    hint="All examples that remain go to one fold. Numbers may differ by 1 and no more: give every "
    "fold one of them.",
)
def remainder_in_the_last(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    def parts(group: Indices) -> list[Indices]:
        whole = _whole_parts(group, folds)
        return [*whole[:-1], np.concatenate([whole[-1], group[len(group) // folds * folds :]])]

    _refuse_folds(labels, folds)
    return _joined([parts(group) for group in _groups(labels, rng, stratified)])


_NOT_SHUFFLED = (
    "You divide the examples as they come. Shuffle them first, with rng.permutation, or each class "
    "of them if stratified."
)


@wrong("k_folds", hint=_NOT_SHUFFLED)
def cut_unshuffled(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    _refuse_folds(labels, folds)
    groups = [np.flatnonzero(labels == c) for c in np.unique(labels)]
    return _joined(
        [np.array_split(g, folds) for g in (groups if stratified else [np.arange(len(labels))])]
    )


@wrong("k_folds", hint=_NOT_SHUFFLED)
def dealt_unshuffled(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    _refuse_folds(labels, folds)
    order = np.argsort(labels, kind="stable") if stratified else np.arange(len(labels))
    return _dealt(order, folds)


@wrong(
    "k_folds",
    hint="If stratified you divide the examples of a class as they come. Shuffle them inside their "
    "class.",
)
def classes_unshuffled(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    return (dealt_unshuffled if stratified else reference.k_folds)(labels, folds, rng, stratified)


@wrong(
    "k_folds",
    hint="Only few different folds can come out: a generator with a seed of your own has as many "
    "orders as you have seeds. Draw the order from rng itself.",
)
def ten_orders(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    return reference.k_folds(labels, folds, np.random.default_rng(rng.integers(10)), stratified)


@wrong("k_folds", hint="You return labels. Return the indices of the examples.")
def labels_for_indices(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    return [labels[fold] for fold in reference.k_folds(labels, folds, rng, stratified)]


@wrong(
    "k_folds",
    hint="You return for every fold the examples that are not in it. The folds themselves are due.",
)
def rest_for_fold(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    every = np.arange(len(labels))
    return [np.setdiff1d(every, f) for f in reference.k_folds(labels, folds, rng, stratified)]


@wrong(
    "k_folds",
    hint="You never look at `stratified`. If it is True, every class is spread evenly over the folds.",
)
def stratified_ignored(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    return reference.k_folds(labels, folds, rng)


@wrong(
    "k_folds",
    hint="You stratify whether it is asked for or not. Without it chance alone decides.",
    minor=True,
)
def always_stratified(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    return reference.k_folds(labels, folds, rng, True)


@wrong(
    "k_folds",
    hint="If stratified you leave out examples of a class that cannot be divided evenly. Every "
    "example is in a fold, also those of a rare class.",
)
def rare_classes_dropped(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    if not stratified:
        return reference.k_folds(labels, folds, rng)
    _refuse_folds(labels, folds)
    groups = _groups(labels, rng, stratified)
    large = [group for group in groups if len(group) >= folds]
    parts = [[np.zeros(0, np.int64)] * folds, *(_dealt(group, folds) for group in large)]
    return _joined(parts)


@wrong(
    "k_folds",
    hint="If stratified your folds hold whole classes: you sort by class and cut. Deal the sorted "
    "examples out, one to each fold in turn.",
)
def folds_of_classes(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    if not stratified:
        return reference.k_folds(labels, folds, rng)
    _refuse_folds(labels, folds)
    order = rng.permutation(len(labels))
    return np.array_split(order[np.argsort(labels[order], kind="stable")], folds)


@wrong(
    "k_folds",
    hint="If stratified you deal out places in the sorted order. Look up which examples they are: "
    "order[places].",
)
def places_for_indices(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    if not stratified:
        return reference.k_folds(labels, folds, rng)
    return reference.k_folds(np.sort(labels), folds, rng, stratified)


_OWN_FOLDS = (
    "Your folds do not depend on the generator you are given. Draw from rng, and from nothing else."
)


@wrong("k_folds", hint=_OWN_FOLDS)
def seed_of_its_own(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    return reference.k_folds(labels, folds, np.random.default_rng(1), stratified)


@wrong("k_folds", hint=_OWN_FOLDS)
def numpys_state(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    # The checker seeds it before every call.
    own = np.random.default_rng(np.random.randint(2**31))
    return reference.k_folds(labels, folds, own, stratified)


@wrong(
    "k_folds",
    hint="You draw a fold for every example by itself, and so the folds are of any size. Shuffle, "
    "and divide.",
)
def sizes_by_chance(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    _refuse_folds(labels, folds)
    owner = rng.integers(0, folds, len(labels))
    return [np.flatnonzero(owner == fold) for fold in range(folds)]


@wrong(
    "k_folds",
    hint="You take any number of folds without a word. Raise a ValueError below 2, and above the "
    "number of examples.",
    minor=True,
)
def any_number_of_folds(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    return _joined([_dealt(group, max(folds, 1)) for group in _groups(labels, rng, stratified)])


@right("k_folds")
def split_arrays(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    _refuse_folds(labels, folds)
    return _joined([np.array_split(g, folds) for g in _groups(labels, rng, stratified)])


@right("k_folds")
def owner_of_each(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    _refuse_folds(labels, folds)
    owner = np.zeros(len(labels), int)
    kinds = labels if stratified else np.zeros_like(labels)
    for kind in np.unique(kinds):
        where = np.flatnonzero(kinds == kind)
        owner[where] = rng.permutation(np.arange(len(where)) % folds)
    return [np.where(owner == fold)[0] for fold in range(folds)]


@right("k_folds")
def in_python_lists(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    if folds not in range(2, len(labels) + 1):
        raise ValueError(folds)
    hands: list[list[int]] = [[] for _ in range(folds)]
    order = rng.permutation(len(labels)).tolist()
    if stratified:
        order.sort(key=lambda i: int(labels[i]))
    for turn, example in enumerate(order):
        hands[turn % folds].append(example)
    return [np.array(sorted(hand)) for hand in hands]


@right("k_folds")
def lists_of_every_class(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    _refuse_folds(labels, folds)
    hands: list[list[int]] = [[] for _ in range(folds)]
    for group in _groups(labels, rng, stratified):
        for hand, part in zip(hands, np.array_split(group, folds), strict=True):
            hand.extend(part.tolist())
    # Of no examples, this makes an array of float64.
    return [np.array(hand) for hand in hands]


@right("k_folds")
def by_random_keys(labels: Labels, folds: int, rng: Rng, stratified: bool = False) -> Folds:
    _refuse_folds(labels, folds)
    keys = rng.random(len(labels))
    order = np.lexsort((keys, labels)) if stratified else keys.argsort()
    place = np.empty(len(labels), np.int64)
    place[order] = np.arange(len(labels))
    return [np.flatnonzero(place % folds == fold) for fold in range(folds)]


# --- choose_k -------------------------------------------------------------------------------------

Chosen = tuple[int, Signal]
Validate = Callable[[Distances, Labels, Indices, int], Any]


def _rest(labels: Labels, fold: Indices) -> Indices:
    return np.setdiff1d(np.arange(len(labels)), fold)


def _correct(distances: Distances, labels: Labels, fold: Indices, k: int) -> Any:
    """Return for every held-out example whether it is predicted right."""
    rest = _rest(labels, fold)
    found = reference.predict_labels(distances[np.ix_(fold, rest)], labels[rest], k)
    return found == labels[fold]


def _accuracies(
    distances: Distances,
    labels: Labels,
    folds: Sequence[Indices],
    candidates: Sequence[int],
    correct: Validate = _correct,
) -> Signal:
    return np.array(
        [
            np.concatenate([correct(distances, labels, fold, k) for fold in folds]).mean()
            for k in candidates
        ]
    )


def _best(candidates: Sequence[int], accuracies: Signal) -> Chosen:
    return candidates[int(accuracies.argmax())], accuracies


@wrong(
    "choose_k",
    hint="The held-out examples vote as well, and each is its own nearest neighbour. Leave the "
    "fold's columns out of the distances.",
)
def held_out_vote_too(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    def correct(distances: Distances, labels: Labels, fold: Indices, k: int) -> Any:
        return reference.predict_labels(distances[fold], labels, k) == labels[fold]

    return _best(candidates, _accuracies(distances, labels, folds, candidates, correct))


@wrong(
    "choose_k",
    hint="You leave out only the query itself: the others of its fold vote. None that is held out "
    "votes.",
)
def all_but_the_query(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    def correct(distances: Distances, labels: Labels, fold: Indices, k: int) -> Any:
        return np.array(
            [_correct(distances, labels, fold[i : i + 1], k)[0] for i in range(len(fold))]
        )

    return _best(candidates, _accuracies(distances, labels, folds, candidates, correct))


@wrong(
    "choose_k",
    hint="You measure on the examples that vote. Measure on those that are held out.",
)
def measured_on_training(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    def correct(distances: Distances, labels: Labels, fold: Indices, k: int) -> Any:
        rest = _rest(labels, fold)
        found = reference.predict_labels(distances[np.ix_(rest, rest)], labels[rest], k)
        return found == labels[rest]

    return _best(candidates, _accuracies(distances, labels, folds, candidates, correct))


@wrong(
    "choose_k",
    hint="The voters are not in the order of their indices: of equally far ones the first of them "
    "counts as nearer.",
    minor=True,
)
def voters_reversed(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    def correct(distances: Distances, labels: Labels, fold: Indices, k: int) -> Any:
        rest = _rest(labels, fold)[::-1]
        found = reference.predict_labels(distances[np.ix_(fold, rest)], labels[rest], k)
        return found == labels[fold]

    return _best(candidates, _accuracies(distances, labels, folds, candidates, correct))


@wrong(
    "choose_k",
    hint="Your roles are exchanged: the fold votes about all the others. The fold is held out, and "
    "the others vote.",
)
def roles_exchanged(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    def correct(distances: Distances, labels: Labels, fold: Indices, k: int) -> Any:
        return _correct(distances, labels, _rest(labels, fold), min(k, len(fold)))

    return _best(candidates, _accuracies(distances, labels, folds, candidates, correct))


@wrong(
    "choose_k",
    hint="Of several k with the same accuracy you take the largest. The smallest is due.",
)
def largest_of_the_best(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    accuracies = _accuracies(distances, labels, folds, candidates)
    return candidates[len(candidates) - 1 - int(accuracies[::-1].argmax())], accuracies


@wrong(
    "choose_k",
    hint="You return the place of the best k in candidates. Return the k itself.",
)
def place_of_the_best(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    accuracies = _accuracies(distances, labels, folds, candidates)
    return int(accuracies.argmax()), accuracies


@wrong(
    "choose_k",
    hint="You return the share of errors. The accuracy is the share that is right.",
)
def errors_for_accuracies(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    errors = 1.0 - _accuracies(distances, labels, folds, candidates)
    return candidates[int(errors.argmin())], errors


@wrong(
    "choose_k",
    hint="You choose the k with the lowest accuracy. The highest is due.",
)
def worst_chosen(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    accuracies = _accuracies(distances, labels, folds, candidates)
    return candidates[int(accuracies.argmin())], accuracies


@wrong("choose_k", hint="You hold out the first fold alone. Each fold has its turn.")
def first_fold_only(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    return reference.choose_k(distances, labels, folds[:1], candidates)


@wrong(
    "choose_k", hint="You forget all folds but the last one. Add up what is right over all folds."
)
def last_fold_only(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    return reference.choose_k(distances, labels, folds[-1:], candidates)


@wrong(
    "choose_k",
    hint="You average the accuracies of the folds. A small fold counts too much then: take the share "
    "of all held-out examples together.",
)
def mean_of_the_folds(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    each = [_accuracies(distances, labels, [fold], candidates) for fold in folds]
    return _best(candidates, np.mean(each, axis=0))


@wrong(
    "choose_k",
    hint="You round the accuracies. Leave them as they are: one example more may decide.",
)
def rounded_accuracies(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    return _best(candidates, np.round(_accuracies(distances, labels, folds, candidates), 2))


@wrong(
    "choose_k",
    hint="You return how many are right. The accuracy is their share of the held-out examples.",
)
def counts_for_shares(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    accuracies = _accuracies(distances, labels, folds, candidates)
    return _best(candidates, accuracies * sum(map(len, folds)))


@wrong(
    "choose_k",
    hint="You divide by the number of all examples. Divide by the number of those that were held "
    "out.",
    minor=True,
)
def share_of_all(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    accuracies = _accuracies(distances, labels, folds, candidates)
    return _best(candidates, accuracies * sum(map(len, folds)) / len(labels))


@wrong("choose_k", hint="You return k alone. The accuracies of all candidates are due as well.")
def k_alone(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Any:
    return reference.choose_k(distances, labels, folds, candidates)[0]


@wrong(
    "choose_k",
    hint="You return the accuracy of the best k alone. Those of all candidates are due.",
)
def best_accuracy_alone(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Any:
    k, accuracies = reference.choose_k(distances, labels, folds, candidates)
    return k, float(accuracies.max())


@wrong(
    "choose_k",
    hint="Only examples of the other folds vote. All that are not held out vote, also those that are "
    "in no fold.",
    minor=True,
)
def only_folds_vote(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    there = np.sort(np.concatenate(list(folds)))

    def correct(distances: Distances, labels: Labels, fold: Indices, k: int) -> Any:
        rest = np.setdiff1d(there, fold)
        found = reference.predict_labels(distances[np.ix_(fold, rest)], labels[rest], k)
        return found == labels[fold]

    return _best(candidates, _accuracies(distances, labels, folds, candidates, correct))


@wrong(
    "choose_k",
    hint="The fold votes about all the others in your answer, and there are fewer in it than k. The "
    "fold is held out, and the others vote.",
)
def fold_votes(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    def correct(distances: Distances, labels: Labels, fold: Indices, k: int) -> Any:
        return _correct(distances, labels, _rest(labels, fold), k)

    return _best(candidates, _accuracies(distances, labels, folds, candidates, correct))


@wrong("choose_k", hint="You change the distances that you are given. Work on a copy.")
def distances_changed(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    found = reference.choose_k(distances, labels, folds, candidates)
    np.fill_diagonal(distances, np.inf)
    return found


@wrong(
    "choose_k",
    hint="You return a list or a dict of accuracies. One array is due, in the order of candidates.",
)
def list_of_accuracies(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Any:
    best, accuracies = reference.choose_k(distances, labels, folds, candidates)
    return best, accuracies.tolist()


@right("choose_k")
def list_of_shares(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    return _best(candidates, _accuracies(distances, labels, folds, candidates))


@right("choose_k")
def query_after_query(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    counts = dict.fromkeys(candidates, 0)
    for fold in folds:
        rest = [i for i in range(len(labels)) if i not in fold]
        for query in fold:
            ranked = sorted(rest, key=lambda i: distances[query, i])
            for k in candidates:
                near = [int(labels[i]) for i in ranked[:k]]
                counts[k] += max(near, key=near.count) == labels[query]
    asked = sum(len(fold) for fold in folds)
    best = max(counts, key=lambda k: (counts[k], -k))
    return best, np.array([counts[k] / asked for k in candidates])


@right("choose_k")
def with_infinities(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    far = distances.copy()
    for fold in folds:
        far[np.ix_(fold, fold)] = np.inf
    asked = np.concatenate(list(folds))
    found = [reference.predict_labels(far[asked], labels, k) for k in candidates]
    accuracies = (np.array(found) == labels[asked]).mean(axis=1)
    return candidates[int(np.flatnonzero(accuracies == accuracies.max())[0])], accuracies


@right("choose_k")
def weighted_average(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> Chosen:
    each = [_accuracies(distances, labels, [fold], candidates) for fold in folds]
    return _best(candidates, np.average(each, axis=0, weights=[len(fold) for fold in folds]))
