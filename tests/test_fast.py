"""The fast forms of the filters do what the plain ones do, to the tolerance they state."""

import inspect
from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils.reference import fast, linear_filters, nonlinear_filters
from course_utils.reference.fast import CLOSE, EXACT
from course_utils.types import Image, Padding

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
