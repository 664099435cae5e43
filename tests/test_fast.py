"""The fast forms do what the plain ones do, to the tolerance they state."""

import inspect
import itertools
from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.reference import (
    fast,
    linear_classifiers,
    linear_filters,
    nearest_neighbors,
    nonlinear_filters,
)
from course_utils.reference.fast import CLOSE, EXACT
from course_utils.types import Distances, Image, Labels, Padding, Signal, Vectors

pytestmark = pytest.mark.filterwarnings("error")

PLAIN: dict[str, Callable[..., Image]] = {
    "cross_correlate": linear_filters.cross_correlate,
    "filter_separable": linear_filters.filter_separable,
    "median_filter": nonlinear_filters.median_filter,
    "bilateral_filter": nonlinear_filters.bilateral_filter,
    "non_local_means": nonlinear_filters.non_local_means,
}
EXAMPLES = settings(max_examples=60, deadline=None, derandomize=True)


@st.composite
def images(draw: st.DrawFn) -> Image:
    """Draw an image, grey or with channels, from 1 x 1 pixel on, that cannot be written to."""
    channels = draw(st.sampled_from([(), (1,), (2,), (3,), (4,)]))
    shape = (draw(st.integers(1, 14)), draw(st.integers(1, 14)), *channels)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    image = draw(
        st.sampled_from(
            [
                rng.random(shape),
                rng.normal(0.5, 0.5, shape),
                rng.integers(0, 2, shape).astype(np.float64),
                rng.random(shape) * 0.01 + 1.0,
                np.moveaxis(rng.random(shape[::-1]), range(len(shape)), range(len(shape))[::-1]),
            ]
        )
    )
    image.setflags(write=False)
    return image


def odd(largest: int) -> st.SearchStrategy[int]:
    """Draw an odd size."""
    return st.integers(0, largest // 2).map(lambda radius: 2 * radius + 1)


def powers(lowest: float, highest: float) -> st.SearchStrategy[float]:
    """Draw numbers of all magnitudes between two powers of ten."""
    return st.floats(lowest, highest).map(lambda power: float(10.0**power))


def both(name: str, image: Image, *arguments: Any) -> tuple[Image, Image]:
    """Return what the fast and the plain form of a filter give."""
    found = getattr(fast, name)(image, *arguments)
    assert found.dtype == np.float64
    assert found.flags.c_contiguous
    assert not np.shares_memory(found, image)
    wanted = PLAIN[name](image, *arguments)
    assert found.shape == wanted.shape
    return found, wanted


def assert_close(name: str, image: Image, *arguments: Any) -> None:
    """Compare the forms of a weighted mean."""
    found, wanted = both(name, image, *arguments)
    assert np.abs(found - wanted).max() <= CLOSE * np.abs(image).max()


@pytest.mark.parametrize("name", PLAIN)
def test_the_forms_take_the_same_arguments(name: str) -> None:
    assert inspect.signature(getattr(fast, name)) == inspect.signature(PLAIN[name])


@EXAMPLES
@given(images(), odd(9), odd(9), st.sampled_from(get_args(Padding)), st.integers(0, 2**32 - 1))
def test_cross_correlate(image: Image, height: int, width: int, rule: Padding, seed: int) -> None:
    kernel = np.random.default_rng(seed).normal(size=(height, width))
    kernel.setflags(write=False)
    found, wanted = both("cross_correlate", image, kernel, rule)
    assert np.abs(found - wanted).max() <= EXACT * np.abs(kernel).sum() * np.abs(image).max()


@EXAMPLES
@given(images(), odd(15), st.sampled_from(get_args(Padding)), st.integers(0, 2**32 - 1))
def test_filter_separable(image: Image, size: int, rule: Padding, seed: int) -> None:
    kernel = np.random.default_rng(seed).normal(size=size)
    kernel.setflags(write=False)
    found, wanted = both("filter_separable", image, kernel, rule)
    assert np.abs(found - wanted).max() <= EXACT * np.abs(kernel).sum() ** 2 * np.abs(image).max()


@EXAMPLES
@given(images(), odd(9))
def test_median_filter(image: Image, size: int) -> None:
    found, wanted = both("median_filter", image, size)
    np.testing.assert_array_equal(found, wanted)


@EXAMPLES
@given(images(), powers(-1, 2), powers(-3, 2), odd(15))
def test_bilateral_filter(image: Image, position: float, color: float, size: int) -> None:
    assert_close("bilateral_filter", image, position, color, size)


@EXAMPLES
@given(images(), odd(9), odd(9), powers(-3, 2))
def test_non_local_means(image: Image, patch: int, search: int, h: float) -> None:
    assert_close("non_local_means", image, patch, search, h)


@pytest.mark.parametrize("shape", [(230, 190), (130, 150, 3)])
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("cross_correlate", (np.ones((3, 5)) / 15.0,)),
        ("filter_separable", (np.ones(5) / 5.0,)),
        ("median_filter", (3,)),
        ("bilateral_filter", (2.0, 0.2, 5)),
        ("non_local_means", (3, 5, 0.2)),
    ],
)
def test_images_of_several_blocks(name: str, arguments: Any, shape: tuple[int, ...]) -> None:
    image = np.random.default_rng(0).random(shape)
    assert image.size > fast._BLOCK
    assert_close(name, image, *arguments)


@pytest.mark.parametrize("name", ["bilateral_filter", "non_local_means"])
def test_many_weights_near_one_keep_to_the_tolerance(name: str) -> None:
    """Sums of these in single precision err by two to ten times the tolerance."""
    image = np.zeros((40, 40))
    image[:20] = 1.0
    arguments = (100.0, 30.0, 31) if name == "bilateral_filter" else (7, 31, 30.0)
    assert_close(name, image, *arguments)


def test_a_median_of_values_that_are_no_numbers_is_none() -> None:
    image = np.random.default_rng(0).random((12, 13))
    image[5, 6] = np.nan
    found, wanted = both("median_filter", image, 5)
    assert np.isnan(found).sum() == 25
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("cross_correlate", (np.ones((2, 3)),)),
        ("cross_correlate", (np.ones((3, 2)),)),
        ("filter_separable", (np.ones(4),)),
        ("median_filter", (4,)),
        ("bilateral_filter", (1.0, 0.1, 6)),
        ("non_local_means", (4, 7, 0.1)),
        ("non_local_means", (3, 6, 0.1)),
    ],
)
def test_even_sizes_are_refused_in_the_same_words(name: str, arguments: Any) -> None:
    image = np.ones((5, 5))
    with pytest.raises(ValueError, match="odd") as wanted:
        PLAIN[name](image, *arguments)
    with pytest.raises(ValueError, match="odd") as found:
        getattr(fast, name)(image, *arguments)
    assert str(found.value) == str(wanted.value)


@pytest.mark.parametrize("count", [1, 3, 9])
def test_the_network_finds_the_median_of_whatever_order(count: int) -> None:
    """What is right for zeros and ones is right for everything (Knuth, 5.3.4, theorem Z)."""
    zeros_and_ones = np.arange(2**count) >> np.arange(count)[:, np.newaxis] & 1
    values = [row.astype(np.float64) for row in zeros_and_ones]
    np.testing.assert_array_equal(fast._median(values), np.median(zeros_and_ones, axis=0))


# --- Distances and votes --------------------------------------------------------------------------

SEEDS = st.integers(0, 2**32 - 1)


def exact(rng: np.random.Generator, shape: tuple[int, int]) -> Vectors:
    """Draw quarters from 0 to 1: sums of their products are exact, and equal distances many."""
    return rng.integers(0, 5, shape) / 4.0


@st.composite
def queries_and_examples(draw: st.DrawFn) -> tuple[Vectors, Vectors]:
    """Draw vectors, some of them equal, that cannot be written to."""
    rng = np.random.default_rng(draw(SEEDS))
    d = draw(st.sampled_from([0, 1, 2, 7, 64, 300]))
    kind = draw(st.sampled_from([exact, lambda r, s: r.random(s), lambda r, s: r.normal(size=s)]))
    queries, examples = (kind(rng, (draw(st.integers(0, 9)), d)) for _ in range(2))
    if draw(st.booleans()):
        examples = np.concatenate([examples, queries, examples])
    if draw(st.booleans()):
        queries, examples = np.asfortranarray(queries), np.repeat(examples, 2, axis=0)[::2]
    queries.setflags(write=False)
    examples.setflags(write=False)
    return queries, examples


def sizes(queries: Vectors, examples: Vectors, power: int) -> Distances:
    """Return how large the sums of the numbers of every pair are, each to a power."""
    own: Signal = (np.abs(queries) ** power).sum(axis=1)
    others: Signal = (np.abs(examples) ** power).sum(axis=1)
    return own[:, np.newaxis] + others


@pytest.mark.parametrize("name", ["l1_distances", "l2_distances", "predict_labels"])
def test_the_forms_of_distances_and_votes_take_the_same_arguments(name: str) -> None:
    plain = getattr(nearest_neighbors, name)
    assert inspect.signature(getattr(fast, name)) == inspect.signature(plain)


@pytest.mark.parametrize(("name", "power"), [("l1_distances", 1), ("l2_distances", 2)])
@EXAMPLES
@given(vectors=queries_and_examples())
def test_distances(name: str, power: int, vectors: tuple[Vectors, Vectors]) -> None:
    found, wanted = (getattr(form, name)(*vectors) for form in (fast, nearest_neighbors))
    assert found.dtype == np.float64
    assert found.flags.c_contiguous
    assert found.shape == wanted.shape
    assert (np.abs(found**power - wanted**power) <= EXACT * sizes(*vectors, power)).all()


def test_l1_distances_of_several_blocks_of_examples() -> None:
    rng = np.random.default_rng(0)
    queries, examples = rng.random((3, 40)), rng.random((4 * fast._BLOCK // 40 + 5, 40))
    length = np.getbufsize()
    found = fast.l1_distances(queries, examples)
    wanted = nearest_neighbors.l1_distances(queries, examples)
    assert (np.abs(found - wanted) <= EXACT * sizes(queries, examples, 1)).all()
    assert np.getbufsize() == length


def test_rows_longer_than_a_block_and_equal_rows_at_distance_zero() -> None:
    rows = np.random.default_rng(0).random((2, 4 * fast._BLOCK + 1))
    found, wanted = fast.l1_distances(rows, rows), nearest_neighbors.l1_distances(rows, rows)
    assert (np.abs(found - wanted) <= EXACT * sizes(rows, rows, 1)).all()
    assert not np.diag(found).any()


@EXAMPLES
@given(st.integers(0, 9), st.integers(1, 40), st.integers(1, 5), st.integers(1, 6), SEEDS)
def test_predict_labels(n: int, m: int, values: int, classes: int, seed: int) -> None:
    """From all at one distance to hardly any at the same; for every k."""
    rng = np.random.default_rng(seed)
    distances = rng.integers(0, values**3, (n, m)).astype(np.float64)
    labels = rng.integers(0, classes, m)
    assert_same_labels(distances, labels)


@pytest.mark.parametrize("order", ["C", "F"])
def test_predict_labels_of_distances_that_are_infinite_or_no_number(order: str) -> None:
    rng = np.random.default_rng(0)
    distances = rng.choice([0.0, 1.0, np.inf, np.nan], (40, 12))
    assert_same_labels(np.asarray(distances, order="C" if order == "C" else "F"), np.arange(12) % 3)


def assert_same_labels(distances: Distances, labels: Labels) -> None:
    """Compare the forms of the vote for every k."""
    distances.setflags(write=False)
    labels.setflags(write=False)
    for k in range(1, len(labels) + 1):
        found = fast.predict_labels(distances, labels, k)
        assert found.dtype == np.int64
        wanted = nearest_neighbors.predict_labels(distances, labels, k)
        np.testing.assert_array_equal(found, wanted)


@EXAMPLES
@given(st.integers(0, 12), st.integers(1, 12), st.integers(1, 4), st.integers(1, 60), SEEDS)
def test_nearest_labels(n: int, m: int, d: int, table: int, seed: int) -> None:
    """With few queries at a time, down to one, and many examples at equal distances."""
    rng = np.random.default_rng(seed)
    queries, examples, labels = exact(rng, (n, d)), exact(rng, (m, d)), rng.integers(0, 3, m)
    distances = nearest_neighbors.l2_distances(queries, examples)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fast, "_TABLE", table)
        for k in range(1, m + 1):
            found = fast.nearest_labels(queries, examples, labels, k)
            assert found.dtype == np.int64
            wanted = nearest_neighbors.predict_labels(distances, labels, k)
            np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("m", [0, 5])
@pytest.mark.parametrize("n", [0, 4])
@pytest.mark.parametrize("k", [-1, 0, 6])
def test_a_k_that_is_out_of_range_is_refused_in_the_same_words(k: int, n: int, m: int) -> None:
    queries, examples, labels = np.zeros((n, 3)), np.zeros((m, 3)), np.zeros(m, np.int64)
    distances = np.zeros((n, m))
    with pytest.raises(ValueError, match="k must be") as wanted:
        nearest_neighbors.predict_labels(distances, labels, k)
    with pytest.raises(ValueError, match="k must be") as found:
        fast.predict_labels(distances, labels, k)
    assert str(found.value) == str(wanted.value)
    with pytest.raises(ValueError, match="k must be") as found:
        fast.nearest_labels(queries, examples, labels, k)
    assert str(found.value) == str(wanted.value)


@EXAMPLES
@given(st.integers(1, 100), st.integers(1, 6), st.integers(0, 40), powers(-3, 4), SEEDS)
def test_softmax_loss(n: int, classes: int, d: int, size: float, seed: int) -> None:
    """Of one block of examples and of several, with scores of all sizes, of one sign or both."""
    rng = np.random.default_rng(seed)
    W, b, X = (
        rng.normal(0.0, size, (classes, d)),
        rng.normal(0.0, size, classes),
        rng.random((n, d)),
    )
    labels = rng.integers(0, classes, n)
    for array in (W, b, X, labels):
        array.setflags(write=False)
    loss, dW, db = fast.softmax_loss(W, b, X, labels)
    wanted, wanted_dW, wanted_db = linear_classifiers.softmax_loss(W, b, X, labels)
    scores = (np.abs(X) @ np.abs(W).T + np.abs(b)).max() + np.log(classes)
    assert type(loss) is float
    assert abs(loss - wanted) <= EXACT * scores
    # An error of the scores is one of the probabilities, in relation.
    np.testing.assert_allclose(dW, wanted_dW, rtol=0, atol=EXACT * (1.0 + scores))
    np.testing.assert_allclose(db, wanted_db, rtol=0, atol=EXACT * (1.0 + scores))


def test_the_forms_of_a_loss_take_the_same_arguments() -> None:
    plain = inspect.signature(linear_classifiers.softmax_loss)
    assert inspect.signature(fast.softmax_loss) == plain


def test_the_fast_loss_refuses_labels_that_are_too_many_or_too_few() -> None:
    W, b, X = np.zeros((3, 4)), np.zeros(3), np.ones((40, 4))
    for n in (39, 41, 72):
        for form in (fast, linear_classifiers):
            with pytest.raises(IndexError):
                form.softmax_loss(W, b, X, np.zeros(n, np.int64))


@pytest.mark.parametrize(
    "kinds", list(itertools.product(("int64", "float32", "float64"), repeat=3))
)
def test_the_fast_loss_computes_in_the_same_type(kinds: tuple[str, str, str]) -> None:
    rng = np.random.default_rng(0)
    shapes = (3, 4), (3,), (40, 4)
    W, b, X = (rng.integers(-2, 3, s).astype(k) for s, k in zip(shapes, kinds, strict=True))
    labels = rng.integers(0, 3, 40)
    found, wanted = (f.softmax_loss(W, b, X, labels) for f in (fast, linear_classifiers))
    for one, other in zip(found[1:], wanted[1:], strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
