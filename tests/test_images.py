"""Pictures, plots and the widget: ranges, no network, descriptions, what they do to data."""

import base64
import socket
from typing import Any

import numpy as np
import pytest
from scipy import ndimage

from course_utils import images, operators, plots
from course_utils.demos import Waiting
from course_utils.operators import Operator
from course_utils.widgets.linear_filters import SlidingWindow
from course_utils.widgets.nonlinear_filters import MeanOrMedian


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("something wants to go online")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.parametrize("name", images.NAMES)
def test_pictures_are_here_and_in_range(name: str, offline: None) -> None:
    image = images.load(name)
    assert image.dtype == np.float64
    assert image.ndim in (2, 3)
    assert image.min() >= 0.0
    assert 0.2 < image.max() <= 1.0
    image[:] = 0.0
    assert images.load(name).max() > 0.2, "a picture must not remember what somebody did to it"


def test_an_unknown_picture_is_named() -> None:
    with pytest.raises(ValueError, match="there is no picture 'moona'; there are astronaut, brick"):
        images.load("moona")


def test_shrink_averages_blocks() -> None:
    image = np.arange(30.0).reshape(5, 6)
    assert images.shrink(image, 2).tolist() == [[3.5, 5.5, 7.5], [15.5, 17.5, 19.5]]
    assert images.shrink(np.ones((4, 4, 3)), 4).shape == (1, 1, 3)


def test_the_grid_is_the_lectures() -> None:
    grid = images.lecture_grid()
    assert grid.shape == (10, 10)
    assert (grid == 50).sum() == 42 - 1 + 2
    assert grid[5, 3] == 0
    assert grid[2, 7] == 50


@pytest.mark.parametrize("name", operators.names())
def test_operators_leave_their_input_alone_and_keep_its_shape(name: str) -> None:
    image = np.random.default_rng(0).normal(size=(6, 8))
    before = image.copy()
    result = Operator(name)(image)
    assert result.shape == image.shape
    result[:] = 7.0
    assert np.array_equal(image, before), "the result is a view of the input, or the input itself"
    assert operators.describe(name)


def test_a_picture_has_a_description_and_no_script() -> None:
    picture = plots.side_by_side(np.zeros((4, 4)), titles=["a <b>"], description='"<script>"')
    assert isinstance(picture, plots.Picture)
    html = picture._repr_mimebundle_()["text/html"]
    assert 'alt="&quot;&lt;script&gt;&quot;"' in html
    assert picture.png.startswith(b"\x89PNG")
    assert repr(picture).startswith("[picture: ")


def test_plots_wait_for_unwritten_exercises() -> None:
    waiting = Waiting("f")
    assert plots.side_by_side(np.zeros((2, 2)), waiting) is waiting
    assert plots.curves([0], {"a": waiting}, xlabel="x", ylabel="y") is waiting
    assert plots.table(["a"], [[waiting]]) is waiting


def test_rounding_has_no_digits() -> None:
    sizes = [plots.size_of(number) for number in (0.0, 3e-11, 9.9e-9, 2e-8, 0.034, np.nan)]
    assert sizes == ["below 1e-08"] * 3 + ["2e-08", "3e-02", "nan"]
    assert plots.size_of(1e-13, 1e-12) == "below 1e-12"


def test_signed_puts_zero_in_the_middle() -> None:
    assert plots.signed(np.array([-2.0, 0.0, 1.0])).tolist() == [0.0, 0.5, 0.75]
    assert plots.signed(np.zeros(2)).tolist() == [0.5, 0.5]


def test_a_table_is_text_and_html() -> None:
    table = plots.table(["name", "<x>"], [["a", True]])
    assert repr(table) == "name  <x>\na     True"
    assert "&lt;x&gt;" in table._repr_html_()


def test_a_widget_says_what_the_function_raises_when_it_is_moved() -> None:
    def only_small(image: Any, size: int) -> Any:
        if size > 3:
            raise ValueError("<b>too large")
        return image

    explorer = MeanOrMedian(images.load("camera")[::8, ::8], only_small)
    size = explorer.children[0].children[2]
    size.value = 5
    said = "your function raises ValueError: &lt;b&gt;too large"
    assert said in explorer.caption.value
    size.value = 3
    assert "dB" in explorer.caption.value


def test_the_sliding_window_shows_the_mean() -> None:
    window = SlidingWindow(images.lecture_grid())
    means = ndimage.uniform_filter(images.lecture_grid(), 3, mode="nearest")
    controls = window.children[0].children
    for step in (0, 34, 99):
        controls[0].value = step
        assert f"</summary>{means.flat[step]:.1f}" in window.caption.value
    picture = window.picture.value
    controls[1].value = 5
    assert window.picture.value != picture
    assert "/ 25" in window.caption.value
    data = window._repr_mimebundle_()
    bundle = data[0] if isinstance(data, tuple) else data
    assert base64.b64decode(bundle["image/png"]) == window.picture.value
    assert "<" not in bundle["text/plain"]
    assert all(control.description and control.tooltip for control in controls)
