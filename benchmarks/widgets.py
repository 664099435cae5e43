"""How long a widget takes from a move of its slider to its new picture, in JupyterLab.

    python benchmarks/widgets.py

In a real browser: from the key's event to the decoded picture, for every slider; medians and worst
of a dozen moves. Pictures of 512 x 512 pixels, but where a student's function computes while one
waits: there it is the notebook's own size, and the reference. The peer is the same mean filter with
its two pictures drawn by matplotlib.
"""

import statistics
import sys
import tempfile
from pathlib import Path

import nbformat
from nbformat.v4 import new_code_cell, new_notebook

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.lab import Controls, Page, chromium, jupyterlab  # noqa: E402  the repository's own

MOVES = 12
BAR = 100.0

HEAD = """
import io
import ipywidgets
import numpy as np
from scipy.ndimage import gaussian_filter, uniform_filter
from course_utils import datasets, images
from course_utils.reference import linear_classifiers as scores, nearest_neighbors as neighbors
from course_utils.reference import linear_filters as linear, nonlinear_filters as nonlinear
from course_utils.widgets import Explorer
from course_utils.widgets import linear_classifiers as fourth, nearest_neighbors as third
from course_utils.widgets import linear_filters as first, nonlinear_filters as second

camera = images.load("camera")
noisy = camera + np.random.default_rng(0).normal(0, 0.1, camera.shape)
small = images.shrink(camera, 2)[20:188, 60:228]
grainy = small + np.random.default_rng(0).normal(0, 0.1, small.shape)
patches = datasets.photo_patches()
X, X_test = map(datasets.as_vectors, (patches.train_images, patches.test_images))
some, others = range(0, 500, 50), range(0, 2000, 67)
points, kinds = np.random.default_rng(3).random((24, 2)), np.repeat(np.arange(3), 8)
cat = images.shrink(images.load("chelsea"), 3)[:90, 20:130]
deceptive = neighbors.equal_distance_images(cat, (32, 78, 24, 26), np.array([1.0, 0.1, -0.4]))
templates = {n: np.random.default_rng(n).normal(size=(10, 3072)) for n in (1, 5, 45, 300)}
losses = {"softmax": scores.softmax_loss, "hinge": scores.multiclass_hinge_loss}
rates, decays = (0.001, 0.01, 0.1, 1.0, 10.0), (0.0, 0.01, 0.1, 1.0)

def history(rate, decay):
    settings = 10, np.random.default_rng(0), rate, decay, 100, 20
    moved = X - X.mean(axis=0)
    return scores.train_linear(losses["softmax"], moved, patches.train_labels, *settings)[2]

ready = True
"""

PEER = """
from matplotlib.figure import Figure

def draw(size):
    figure = Figure(figsize=(11.5, 6), dpi=90)
    for axes, image in zip(figure.subplots(1, 2), (noisy, uniform_filter(noisy, size))):
        axes.imshow(image, cmap="gray", vmin=0, vmax=1)
        axes.set_axis_off()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return buffer.getvalue(), f"N = {size}"

Explorer(draw, size=ipywidgets.SelectionSlider(options=[1, 3, 11, 25, 55, 175, 511], value=3))
"""

WIDGETS = {
    "SlidingWindow, 10 x 10": "first.SlidingWindow(images.lecture_grid())",
    "NoiseExplorer, 512 x 512": "first.NoiseExplorer("
    "camera, linear.add_gaussian_noise, linear.add_salt_and_pepper)",
    "MeanFilter, 512 x 512": "first.MeanFilter(noisy)",
    "BoxAgainstGaussian, 512 x 512": "first.BoxAgainstGaussian(camera)",
    "MeanOrMedian, 168 x 168": "second.MeanOrMedian(small, nonlinear.median_filter)",
    "BilateralExplorer, 96 x 96": "second.BilateralExplorer("
    "small[:96, 24:120], grainy[:96, 24:120], nonlinear.bilateral_filter)",
    "WeightInspector, 512 x 512": "second.WeightInspector(noisy, nonlinear.bilateral_weights, "
    "nonlinear.extract_patches(noisy, 7), nonlinear.patch_weights)",
    "BeforeAfter, 512 x 512": "second.BeforeAfter("
    "['clean', 'noisy', 'Gaussian'], camera, noisy, gaussian_filter(noisy, 0.8))",
    "DistanceMatrix, 10 x 30 patches": "third.DistanceMatrix(patches.test_images[some] / 255, "
    "patches.train_images[others] / 255, neighbors.l2_distances(X_test[some], X[others]))",
    "DecisionRegions, 24 points": "third.DecisionRegions("
    "points, kinds, neighbors.KNearestNeighbors)",
    "DeceptiveImages, 90 x 110": "third.DeceptiveImages(cat, deceptive)",
    "LossOfTwoScores": "fourth.LossOfTwoScores(losses)",
    "ClassTemplates, 10 of 32 x 32": "fourth.ClassTemplates("
    "templates, (32, 32, 3), list(patches.class_names))",
    "AccuracyMap, 5 x 4 pairs": "fourth.AccuracyMap("
    "rates, decays, (0.1, 0.01, np.random.default_rng(0).random((5, 4))), history)",
    "peer: MeanFilter by matplotlib": PEER,
}


def moved(controls: Controls, slider: int) -> list[float]:
    """Move a slider there and back again; return the milliseconds of every move."""
    there, back = controls.ways(slider)
    controls.slide(slider, there)
    return [controls.slide(slider, key) for _ in range(MOVES // 2) for key in (back, there)]


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as settings:
        cells = [new_code_cell(code.strip()) for code in (HEAD, *WIDGETS.values(), "'end'")]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
        nbformat.write(new_notebook(cells=cells, metadata=kernel), Path(folder, "widgets.ipynb"))
        with jupyterlab(Path(folder), Path(settings)) as address, chromium() as browser:
            page = Page(browser, address, "widgets.ipynb", "light", Path(folder))
            page.run_all()
            medians = {}
            for name, cell in zip(WIDGETS, cells[1:-1], strict=True):
                controls = Controls(page, page.show(cell.id))
                for slider in range(controls.sliders.count()):
                    times = moved(controls, slider)
                    medians[name, slider] = statistics.median(times)
                    words = f"{name}, slider {slider + 1}"
                    print(f"{words:45} {medians[name, slider]:5.0f} ms, worst {max(times):5.0f}")
            page.close()
    peer = next(time for (name, _), time in medians.items() if name.startswith("peer"))
    ratio = medians["MeanFilter, 512 x 512", 0] / peer
    print(
        f"MeanFilter takes {ratio:.2f} of its peer's time; the bar for all of ours is {BAR:g} ms."
    )


if __name__ == "__main__":
    main()
