"""Widgets say what is true at every position, and leave a picture where there is no browser."""

import base64
import io
import re
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image as Pillow
from scipy.signal import correlate2d
from scipy.special import expit

from course_utils import curves, datasets
from course_utils.reference import (
    convolution_layers,
    deep_networks,
    multilayer_networks,
    perceptrons,
)
from course_utils.widgets import Explorer, LiveCurves
from course_utils.widgets import convolution_layers as of_layers
from course_utils.widgets import deep_networks as of_deep_networks
from course_utils.widgets import multilayer_networks as of_networks
from course_utils.widgets import perceptrons as of_perceptrons


def moved(explorer: Explorer, **values: Any) -> str:
    """Move controls to values and return what is said."""
    for name, value in values.items():
        explorer._controls[name].value = value
    return explorer._text


def numbers(text: str) -> list[float]:
    return [float(n) for n in re.findall(r"[-+]?\d+\.?\d*(?:e[-+]?\d+)?", text)]


# --- Live curves ----------------------------------------------------------------------------------


def test_live_curves_show_every_epoch_and_what_was_measured() -> None:
    live = LiveCurves(3, "two trainings over three epochs", "test accuracy")
    shares = iter([0.25, 0.5, 0.75])
    report = live.curve("first", lambda: next(shares))
    before = live.picture.value
    for epoch, loss in enumerate((2.0, 1.0, 0.5), 1):
        report(epoch, loss)
    assert live.picture.value != before
    assert "first: loss 0.5, test accuracy 75.0% after 3 epochs" in live._text
    live.curve("second")(1, 4.0)
    live._draw()
    assert "second: epoch 1 of 3, loss 4" in live._text


def test_live_curves_leave_a_picture_and_words_that_do_not_change() -> None:
    bundles = []
    for losses in ((2.0, 1.0), (3.0, float("nan"))):
        live = LiveCurves(2, "a training over two epochs")
        report = live.curve("run")
        for epoch, loss in enumerate(losses, 1):
            report(epoch, loss)
        bundle = live._repr_mimebundle_()
        bundles.append(bundle[0] if isinstance(bundle, tuple) else bundle)
    plain = [bundle["text/plain"] for bundle in bundles]
    assert plain == ["[LiveCurves: a training over two epochs]"] * 2
    pictures = [base64.b64decode(bundle["image/png"]) for bundle in bundles]
    assert pictures[0] != pictures[1]
    assert all(Pillow.open(io.BytesIO(png)).size[0] > 400 for png in pictures)


def test_live_curves_are_drawn_a_few_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr("course_utils.widgets.perf_counter", lambda: now)
    live = LiveCurves(1000, "a long training")
    drawn: list[float] = []

    def draw() -> None:
        drawn.append(now)
        live._drawn = now

    monkeypatch.setattr(live, "_draw", draw)
    report = live.curve("run")
    for epoch in range(1, 1001):
        now += 0.01
        report(epoch, 1.0 / epoch)
    assert 35 <= len(drawn) <= 45  # ten seconds, four times a second
    assert drawn[-1] == now


# --- Perceptrons ----------------------------------------------------------------------------------


def test_the_knob_machine_predicts_and_tells() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 2)), (np.arange(12) % 2).astype(np.float64)

    def output(X: Any, w: Any) -> Any:
        return perceptrons.perceptron_forward(X, w, perceptrons.sigmoid)

    derivative = perceptrons.numerical_derivative
    machine = of_perceptrons.KnobMachine(output, perceptrons.l2_loss, derivative, X, y)

    def loss(w: Any) -> float:
        return float(np.mean((expit(w[0] + X @ w[1:]) - y) ** 2))

    before = loss(np.array([0.0, 0.5, -0.5]))
    said = moved(machine, w_1=0.7)
    after = loss(np.array([0.0, 0.7, -0.5]))
    assert f"Loss {after:.4f}." in said
    assert "w_1 by +0.2" in said
    assert f"the loss changed by {after - before:+.4f}" in said


@pytest.mark.parametrize(
    ("rate", "words"),
    [(0.01, "converges slowly"), (0.4, "It converges"), (0.9, "oscillate"), (1.0, "diverges")],
)
def test_the_descent_says_where_it_goes(rate: float, words: str) -> None:
    curvature = np.array([2.1, 1.5])
    explorer = of_perceptrons.DescentExplorer(
        lambda w: float((curvature * w**2).sum() / 2),
        lambda w: curvature * w,
        np.array([0.8, -0.6]),
        (-1.0, 1.0),
        (-1.0, 1.0),
    )
    said = moved(explorer, rate=rate, steps=7)
    assert words in said
    ends = np.array([0.8, -0.6]) * (1.0 - rate * curvature) ** 7
    assert f"After 7 steps the weights are ({ends[0]:.4g}, {ends[1]:.4g})" in said


def test_the_line_rests_where_there_is_one() -> None:
    corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    sets = {"AND": (corners, np.array([-1, -1, -1, 1])), "XOR": (corners, np.array([-1, 1, 1, -1]))}
    line = of_perceptrons.PerceptronLine(perceptrons.perceptron_rule, sets)
    last = moved(line, updates=30)
    found, rests = re.findall(r"AND: after (\d+) updates .*?: 0\.( The line rests\.)", last)[0]
    _, mistakes = perceptrons.perceptron_rule(*sets["AND"])
    assert int(found) == mistakes.sum()
    assert rests
    assert "XOR: after 30 updates" in last
    assert "rests" not in last.split("XOR")[1]


# --- Networks -------------------------------------------------------------------------------------


def test_the_chain_tells_its_derivatives() -> None:
    chain = of_networks.FlowingChain(
        multilayer_networks.chain_forward, multilayer_networks.chain_backward
    )
    values = {"x": -0.5, "y": 0.2, "w1": 1.5, "w2": -2.0, "w3": 0.75, "b": 0.5}

    def loss(**named: float) -> float:
        v = {**values, **named}
        f1 = expit(v["w1"] * v["x"] + v["b"])
        return float(0.5 * (v["y"] - expit(v["w3"] * expit(v["w2"] * f1))) ** 2)

    def measured(name: str) -> float:
        up, down = (loss(**{name: values[name] + h}) for h in (1e-6, -1e-6))
        return (up - down) / 2e-6

    moved(chain, **values)
    assert f"which is {loss():.3g}." in moved(chain, step=4)
    for step, name in ((6, "w3"), (7, "w2"), (8, "w1")):
        said = moved(chain, step=step)
        assert re.search(rf"dL/d{name} = .* = {re.escape(f'{measured(name):+.3g}')}\.", said), said
    assert f"dL/db = {measured('b'):+.3g}." in said
    pictures = set()
    for step in range(9):
        moved(chain, step=step)
        pictures.add(chain.picture.value)
    assert len(pictures) == 9


def test_the_boundary_counts_the_points_that_are_right() -> None:
    points, labels = datasets.two_spirals(60)
    networks = {
        epoch: multilayer_networks.MLP((2, 8, 2), np.random.default_rng(epoch)) for epoch in (0, 3)
    }
    boundary = of_networks.DecisionBoundary(points, labels, networks, [0.9, 0.7, 0.6])
    right = (networks[3].forward(points).argmax(axis=1) == labels).mean()
    assert f"After epoch 3: {right:.1%} of the points" in boundary._text
    assert "was 0.600" in boundary._text
    assert "no batch has been seen" in moved(boundary, epoch=0)


# --- Convolution layers ---------------------------------------------------------------------------

GRID = np.random.default_rng(0).integers(0, 10, (7, 7)).astype(np.float64)
KERNELS = {"3 x 3": np.array([[1, 0, -2], [0, 3, 0], [-1, 0, 1]]), "1 x 1": np.array([[2]])}


def steps_of(**values: Any) -> tuple[of_layers.ConvolutionSteps, str]:
    widget = of_layers.ConvolutionSteps(GRID, KERNELS)
    return widget, moved(widget, **values)


@pytest.mark.parametrize(
    ("stride", "padding", "places", "uncovered"),
    [(1, 0, 5, 0), (2, 0, 3, 0), (3, 0, 2, 13), (2, 1, 4, 0), (3, 1, 3, 0), (3, 2, 3, 40)],
)
def test_the_window_counts_places_and_what_it_leaves_out(
    stride: int, padding: int, places: int, uncovered: int
) -> None:
    widget, said = steps_of(stride=stride, padding=padding)
    assert f"The output has {places} x {places} entries." in said
    assert widget._controls["step"].max == places**2 - 1
    if uncovered:
        assert f"{uncovered} entries are in no window, and marked with a cross" in said
    else:
        assert "Every entry of the padded input is in a window." in said


def test_the_window_tells_the_sum_of_every_place() -> None:
    expected = correlate2d(np.pad(GRID, 1), KERNELS["3 x 3"], mode="valid")[::2, ::2]
    widget, _ = steps_of(stride=2, padding=1)
    pictures = set()
    for step, value in enumerate(expected.flat):
        said = moved(widget, step=step)
        row, column = divmod(step, 4)
        assert f"and gives row {row}, column {column} of the output" in said
        assert f"<summary>Show the sum</summary>{value:g}</details>" in said
        terms = said.split("of the output: ")[1].split(" = ?")[0]
        products = re.findall(r"(\d+) x \(?(-?\d+)\)?", terms)
        assert sum(int(x) * int(w) for x, w in products) == value
        pictures.add(widget.picture.value)
    assert len(pictures) == expected.size


def test_the_window_stays_inside_when_there_are_fewer_places() -> None:
    widget, _ = steps_of(step=24)
    assert "Step 3 of 3" in moved(widget, stride=3)
    assert widget._controls["step"].value == 3
    assert "Step 3 of 8" in moved(widget, padding=1)


def test_between_windows_of_one_entry_nothing_is_covered() -> None:
    _, said = steps_of(kernel="1 x 1", stride=2)
    assert f"{49 - 16} entries are in no window" in said


def test_the_column_has_the_output_of_every_neuron() -> None:
    rng = np.random.default_rng(1)
    picture, W, b = rng.random((3, 8, 9)), rng.normal(size=(4, 3, 5, 5)), rng.normal(size=4)
    names = ["one", "two", "three", "four"]
    column = of_layers.OutputColumn(convolution_layers.neuron_response, picture, W, b, names)
    whole = convolution_layers.conv2d_forward(picture[np.newaxis], W, b)[0]
    assert [column._controls[name].max for name in ("row", "column")] == [3, 4]
    said = moved(column, row=2, column=4)
    assert "rows 2 to 6, columns 4 to 8, all 3 channels, 75 numbers" in said
    told = ", ".join(f"{n} {h:+.2f}" for n, h in zip(names, whole[:, 2, 4], strict=True))
    assert f"4 x 1 x 1: {told}." in said
    before = column.picture.value
    moved(column, row=0)
    assert column.picture.value != before


def test_a_neuron_may_fail_to_give_a_number() -> None:
    column = of_layers.OutputColumn(
        lambda *_: float("nan"), np.ones((3, 6, 6)), np.zeros((1, 3, 5, 5)), np.zeros(1), ["one"]
    )
    assert "one +nan" in column._text


@pytest.mark.parametrize(("size", "stride"), [(2, 2), (2, 1), (3, 2), (3, 1), (2, 3)])
def test_pooling_sends_slopes_back_window_by_window(size: int, stride: int) -> None:
    rng = np.random.default_rng(2)
    grid, slopes = (rng.integers(1, 10, (6, 6)).astype(np.float64) for _ in range(2))
    pooling = of_layers.PoolingIndices(
        convolution_layers.max_pool_forward, convolution_layers.max_pool_backward, grid, slopes
    )
    moved(pooling, size=size, stride=stride)
    places = (6 - size) // stride + 1
    found = np.zeros((6, 6))
    for window in range(places**2):
        said = moved(pooling, window=window)
        assert said.startswith(f"Window {window} of {places**2 - 1}, ")
        row, column = divmod(window, places)
        part = grid[row * stride :, column * stride :][:size, :size]
        down, along = np.unravel_index(part.argmax(), part.shape)
        assert f"the largest entry is {part.max():g}, in row {down}, column {along}" in said
        assert f"{down} x {size} + {along} = {part.argmax()} is stored" in said
        there = row * stride + down, column * stride + along
        slope = f"{slopes[row, column]:g}"
        assert f"the slope {slope} goes to row {there[0]}, column {there[1]}" in said
        already = found[there]
        found[there] += slopes[row, column]
        more = f"where {already:g} was already: together {found[there]:g}"
        assert (more in said) == bool(already)
        assert f"So far {np.count_nonzero(found)} of 36 entries have a slope." in said


def test_pooling_that_is_wrong_is_told_and_not_drawn() -> None:
    def too_many(X: Any, size: int, stride: int) -> Any:
        return X, np.zeros(X.shape, np.int64)

    with pytest.raises(ValueError, match="6 windows of 2 with stride 2 do not fit 6"):
        of_layers.PoolingIndices(
            too_many, convolution_layers.max_pool_backward, np.ones((6, 6)), np.ones((6, 6))
        )


@pytest.mark.parametrize(("layers", "kernel", "stride"), [(1, 7, 1), (3, 3, 1), (4, 5, 2)])
def test_the_receptive_field_is_where_the_slopes_come_to(
    layers: int, kernel: int, stride: int
) -> None:
    field = of_layers.ReceptiveField(np.random.default_rng(3).random((64, 64, 3)))
    said = moved(field, layers=layers, kernel=kernel, stride=stride)
    slopes, W = np.ones((1, 1, 1, 1)), np.ones((1, 1, kernel, kernel))
    for _ in range(layers):
        side = (slopes.shape[2] - 1) * stride + kernel
        X = np.zeros((1, 1, side, side))
        slopes, _, _ = convolution_layers.conv2d_backward(slopes, X, W, stride)
    seen = slopes.shape[2]
    assert slopes.all()
    assert f"A neuron of layer {layers} sees {seen} x {seen} places of the input" in said
    terms = numbers(said.split("input:")[1])[: layers + 2]
    assert sum(terms[:-1]) == terms[-1] == seen
    if stride == 1:
        assert f"{layers * kernel**2} C^2 weights" in said
        assert f"has {seen**2} C^2" in said
    else:
        assert f"its neighbour sees a region that lies {stride**layers} places" in said.lower()


def test_the_receptive_field_outgrows_the_picture() -> None:
    field = of_layers.ReceptiveField(np.zeros((32, 40)))
    assert "more than the picture" not in moved(field, layers=5, kernel=7)
    assert "That is more than the picture, 32 x 32, has." in moved(field, layers=6)


# --- Deep networks --------------------------------------------------------------------------------


def test_the_shapes_count_parameters_and_products() -> None:
    with torch.device("meta"):
        made = {"AlexNet": deep_networks.alexnet(), "VGG-19": deep_networks.vgg19()}
    rows = {name: deep_networks.layer_table(one, (3, 224, 224)) for name, one in made.items()}
    shapes = of_deep_networks.LayerShapes(rows)
    said = moved(shapes, layer=3)  # norm and ReLU are left out: conv1, pool1, conv2
    assert "AlexNet, conv2: its output is 256 x 27 x 27. 307,456 of 60,965,224" in said
    assert f"about {307456 * 27 * 27 / 1e6:.3g} M of 725 M products" in said
    assert "flatten: its output is 9216. It has no parameters." in moved(shapes, layer=9)
    assert shapes._layer.max == 12
    before = shapes.picture.value
    said = moved(shapes, network="VGG-19", layer=25)
    assert "VGG-19, fc8" in said
    assert "19.6 G products" in said
    assert shapes._layer.max == 25
    assert shapes.picture.value != before
    assert "AlexNet, fc8" in moved(shapes, network="AlexNet")  # the slider stops at the last layer


def test_the_gradients_are_told_as_they_are() -> None:
    two = {"plain": np.array([5.0]), "residual": np.array([7.0])}
    calm = {"plain": np.array([2.0, 1.0, 0.5]), "residual": np.array([1.0, 1.0, 1.0])}
    wild = {"plain": np.array([1e-9, 1e-6, 1e-8]), "residual": np.array([1e5, 3.0, 1.0])}
    norms = {"calm": {2: two, 4: calm}, "wild": {2: two, 4: wild}}
    shown = of_deep_networks.GradientNorms(norms)
    said = shown._text
    assert "calm. plain: 2 at the first layer, 0.5 at the last, 0.5 at the least" in said
    assert "wild. plain: 10^-9.0 at the first layer, 10^-8.0 at the last, 10^-9.0 at" in said
    assert "residual: 10^5.0 at the first layer, 1 at the last" in said
    before = shown.picture.value
    said = moved(shown, depth=2)
    assert "2 layers, wild. plain: 5 at the first layer, 5 at the last" in said
    assert shown.picture.value != before


def test_the_feature_maps_are_those_of_the_layer() -> None:
    torch.manual_seed(0)
    network = deep_networks.CifarResNet(1, deep_networks.ResidualBlock, width=4)
    network.stage2.eval()
    modes = [layer.training for layer in network.modules()]
    images = np.random.default_rng(0).integers(0, 256, (3, 16, 16, 3), np.uint8)
    inputs = torch.from_numpy(images).permute(0, 3, 1, 2) / 255.0
    layers = {"stage 1": network.stage1, "stage 3": network.stage3}
    labels, names = np.array([2, 0, 1]), tuple("abcdefghij")
    maps = of_deep_networks.FeatureMaps(network, layers, images, inputs, labels, names)
    assert [layer.training for layer in network.modules()] == modes
    assert not any(layer._forward_hooks for layer in network.modules())
    network.eval()
    with torch.no_grad():
        seen = network.stage1(torch.relu(network.bn(network.conv(inputs))))
        shares = network(inputs).softmax(dim=1)[1]
    said = moved(maps, picture=2)
    answer = f"{names[int(shares.argmax())]} ({float(shares.max()):.0%})"
    assert f"Picture 2 of 3, a: the network says {answer}." in said
    assert "4 channels of 16 x 16" in said
    assert f"{float((seen[1] == 0).float().mean()):.0%} of the numbers are 0" in said
    assert f"channel {int(seen[1].mean(dim=(1, 2)).argmax()) + 1} is the strongest" in said
    before = maps.picture.value
    assert "16 channels of 4 x 4" in moved(maps, layer="stage 3")
    assert maps.picture.value != before
    assert maps._plain() == moved_plain(maps)


def moved_plain(maps: of_deep_networks.FeatureMaps) -> str:
    """Return what is said without widgets after the picture has been changed."""
    moved(maps, picture=1)
    return maps._plain()


def test_the_stored_curves_say_what_they_are() -> None:
    measured = curves.degradation()
    assert measured.depths == (20, 56)
    assert measured.about.startswith("The experiment of the paper.") == measured.as_in_the_paper
    assert re.search(r"Measured on \d{4}-\d\d-\d\d on .+, with torch ", measured.about)
    found = deep_networks.degradation(measured.run, measured.depths, measured.seeds)
    assert found["plain"] > 0.2  # what the notebook says of them
    assert found["residual"] < found["plain"] / 2
    lengths = {len(errors) for run in measured.runs.values() for errors in run}
    assert len(lengths) == 1
    assert len(measured.runs) == 2 * len(measured.depths) * len(measured.seeds)
    with pytest.raises(KeyError, match="no plain network of 8 layers"):
        measured.run("plain", 8, 0)
    picture = measured.picture()
    assert measured.about in picture.description
    assert Pillow.open(io.BytesIO(picture.png)).size[0] > 600


# --- The spirals ----------------------------------------------------------------------------------


def test_no_line_separates_the_spirals() -> None:
    from sklearn.linear_model import LogisticRegression

    points, labels = datasets.two_spirals(400, noise=0.0)
    assert (np.bincount(labels) == 200).all()
    assert LogisticRegression().fit(points, labels).score(points, labels) < 0.7
    radius = np.linalg.norm(points, axis=1)
    assert radius.max() <= 1.0
    turned = np.angle(np.exp(1j * (3.5 * np.pi * radius + np.pi * labels)))
    np.testing.assert_allclose(np.angle(points @ [1, 1j]), turned, atol=1e-9)


def test_spirals_repeat_and_refuse() -> None:
    one, other, again = (datasets.two_spirals(50, seed=seed)[0] for seed in (1, 2, 1))
    assert (one == again).all()
    assert not (one == other).all()
    for wrong in ({"n": 1}, {"noise": -0.1}):
        with pytest.raises(ValueError, match="n must be at least 2 and noise at least 0"):
            datasets.two_spirals(**wrong)
