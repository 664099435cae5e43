"""How fast the filters of the reference are, next to scipy and scikit-image, in one run.

    python benchmarks/filters.py [--repeats 5] [--only median] [--json FILE]

A picture of 512 x 512 float64, once grey and once in colour, with noise, goes through

- `cross_correlate` with 7 x 7 weights             and `scipy.ndimage.correlate`,
- `filter_separable` with a Gaussian of 13 weights  and `scipy.ndimage.gaussian_filter`,
- `median_filter` with a window of 5 x 5           and `scipy.ndimage.median_filter`,
- `bilateral_filter` with a window of 19 x 19      and `skimage.restoration.denoise_bilateral`,
- `non_local_means`, patches of 7, search of 21    and `skimage.restoration.denoise_nl_means`,

ours in the plain form and in that of `course_utils.reference.fast`. Ours and the peer take turns,
and the best time of each counts, so that a change of the machine's speed hits both. Times are
seconds of the CPU, of all threads together: other work on the machine hardly lengthens them, and
threads cannot shorten them. A ratio is the fast form's time by the peer's. The plain form is
timed once if that takes long.

The fast forms are compared with the plain ones, and these with the peers. Scipy computes the same.
The peers in scikit-image (0.26) do not, quite, so they are compared where they should agree:

- `denoise_bilateral` divides the distance of colours by the number of channels, and lays out the
  weights of positions for a window of n + 1 pixels but reads them as if for n, which skews the
  window. The comparison is without weights of positions and with a third of the sigma. What is
  left is the table in which it looks up its weights.
- `denoise_nl_means` in its fast mode sums over patches of 6 x 6 pixels where 7 x 7 are asked for,
  takes weights below exp(-5) for 0, and approximates the exponential. The comparison is with that
  definition, on a part of the picture. What is left is the exponential.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from circumstances import circumstances, in_a_line
from scipy import ndimage
from skimage import restoration

from course_utils import images
from course_utils.reference import fast, linear_filters, nonlinear_filters
from course_utils.types import Image

PATCH, SEARCH, H = 7, 21, 0.1
WINDOW, SIGMA_POSITION, SIGMA_COLOR = 19, 3.0, 0.1
SIGMA = 2.0
NOISE, WEIGHTS = 0, 1
"""Seeds of the picture's noise and of the 7 x 7 weights."""

FLAT = 1e6
"""A sigma so large that all weights of positions are 1."""

LEAST_SECONDS = 1.0
"""For so long at least a form and its peer take turns."""

LONG = 0.2
"""Seconds from which on a plain form is timed once only."""


@dataclass(frozen=True)
class Filter:
    """A filter, its forms and its peer: each makes an image of an image.

    Parameters
    ----------
    name : what the table calls it.
    bars : largest ratio to the peer's time that passes, grey and colour.
    plain, fast, peer : what is timed.
    tolerance : largest difference of the fast form from the plain one.
    definition, peer_of_it : what must agree to `peer_tolerance`, because both compute the same.
    """

    name: str
    bars: tuple[float, float]
    plain: Callable[[Image], Image]
    fast: Callable[[Image], Image]
    peer: Callable[[Image], Image]
    tolerance: float
    definition: Callable[[Image], Image]
    peer_of_it: Callable[[Image], Image]
    peer_tolerance: float


@dataclass(frozen=True)
class Row:
    """What was measured of a filter on one image; times in seconds."""

    filter: str
    image: str
    plain: float
    fast: float
    peer: float
    bar: float
    difference: float
    tolerance: float
    peer_difference: float
    peer_tolerance: float

    @property
    def ratio(self) -> float:
        """The fast form's time by the peer's."""
        return self.fast / self.peer

    def failures(self) -> list[str]:
        """Return what is not as it must be."""
        return [
            *(["FAILS"] if self.ratio > self.bar else []),
            *(["DIFFERS"] if self.difference > self.tolerance else []),
            *(["PEER DIFFERS"] if self.peer_difference > self.peer_tolerance else []),
        ]


# --- The filters ----------------------------------------------------------------------------------


def filters() -> list[Filter]:
    """Return what is measured."""
    kernel = np.random.default_rng(WEIGHTS).random((7, 7))
    kernel /= kernel.sum()
    profile = linear_filters.gaussian_kernel(SIGMA).sum(axis=0)
    sigmas = (SIGMA_POSITION, SIGMA_COLOR, WINDOW)

    def scipys(
        name: str,
        bar: float,
        plain: Callable[[Image], Image],
        quick: Callable[[Image], Image],
        peer: Callable[[Image], Image],
        tolerance: float,
    ) -> Filter:
        # Plain form and peer compute the same, with sums in another order.
        return Filter(name, (bar, bar), plain, quick, peer, tolerance, plain, peer, fast.EXACT)

    return [
        scipys(
            "correlation 7 x 7",
            1.2,
            lambda image: linear_filters.cross_correlate(image, kernel),
            lambda image: fast.cross_correlate(image, kernel),
            lambda image: ndimage.correlate(
                image, kernel.reshape(7, 7, *[1] * (image.ndim - 2)), mode="reflect"
            ),
            fast.EXACT,
        ),
        scipys(
            "separable Gaussian",
            1.2,
            lambda image: linear_filters.filter_separable(image, profile),
            lambda image: fast.filter_separable(image, profile),
            lambda image: ndimage.gaussian_filter(
                image, SIGMA, truncate=3.0, mode="reflect", axes=(0, 1)
            ),
            fast.EXACT,
        ),
        scipys(
            "median 5 x 5",
            0.8,
            lambda image: nonlinear_filters.median_filter(image, 5),
            lambda image: fast.median_filter(image, 5),
            lambda image: ndimage.median_filter(image, (5, 5), mode="mirror", axes=(0, 1)),
            0.0,
        ),
        Filter(
            "bilateral 19 x 19",
            (0.4, 1.0),
            lambda image: nonlinear_filters.bilateral_filter(image, *sigmas),
            lambda image: fast.bilateral_filter(image, *sigmas),
            lambda image: their_bilateral(image, SIGMA_POSITION, SIGMA_COLOR),
            fast.CLOSE,
            lambda image: fast.bilateral_filter(image, FLAT, SIGMA_COLOR, WINDOW),
            lambda image: their_bilateral(image, FLAT, SIGMA_COLOR / channels(image)),
            1e-3,
        ),
        Filter(
            "NLM patch 7 search 21",
            (1.0, 1.5),
            lambda image: nonlinear_filters.non_local_means(image, PATCH, SEARCH, H),
            lambda image: fast.non_local_means(image, PATCH, SEARCH, H),
            their_non_local_means,
            fast.CLOSE,
            lambda image: what_their_non_local_means_is(image[100:200, 200:300]),
            lambda image: their_non_local_means(image[100:200, 200:300]),
            1e-2,
        ),
    ]


def channels(image: Image) -> int:
    """Return the number of channels."""
    return image.shape[2] if image.ndim == 3 else 1


def axis(image: Image) -> int | None:
    """Return where scikit-image finds the channels."""
    return -1 if image.ndim == 3 else None


def their_bilateral(image: Image, sigma_position: float, sigma_color: float) -> Image:
    return np.asarray(
        restoration.denoise_bilateral(
            image,
            win_size=WINDOW,
            sigma_color=sigma_color,
            sigma_spatial=sigma_position,
            mode="reflect",
            channel_axis=axis(image),
        )
    )


def their_non_local_means(image: Image) -> Image:
    return np.asarray(
        restoration.denoise_nl_means(
            image,
            patch_size=PATCH,
            patch_distance=SEARCH // 2,
            h=H,
            fast_mode=True,
            channel_axis=axis(image),
        )
    )


def what_their_non_local_means_is(image: Image) -> Image:
    """Compute what scikit-image's fast non-local means approximates."""
    search, side = SEARCH // 2, PATCH - 1
    border = search + side
    height, width = image.shape[:2]
    inside = (slice(border, border + height), slice(border, border + width))
    around = [(border, border)] * 2
    planes = np.pad(image.reshape(height, width, -1), [*around, (0, 0)], mode="reflect")
    total, result = np.zeros((height, width, 1)), np.zeros((height, width, channels(image)))
    for q, r in np.ndindex(SEARCH, SEARCH):
        there = np.roll(planes, (search - q, search - r), axis=(0, 1))
        squares = ((there - planes) ** 2).mean(axis=-1)
        # From two pixels before the middle to three behind it; the mean is still of 7 x 7.
        sums = ndimage.uniform_filter(squares, side, origin=-1) * side**2
        distances = sums[inside] / (PATCH * H) ** 2
        weights = np.where(distances > 5.0, 0.0, np.exp(-distances))[..., np.newaxis]
        total += weights
        result += weights * there[inside]
    return (result / total).reshape(image.shape)


# --- Measuring ------------------------------------------------------------------------------------


def pictures() -> dict[str, Image]:
    """Return the image that is filtered, grey and in colour."""
    noise = np.random.default_rng(NOISE).normal(0.0, 0.1, (512, 512, 3))
    noisy = np.clip(images.load("astronaut") + noise, 0.0, 1.0)
    return {"grey": np.ascontiguousarray(noisy[..., 1]), "colour": noisy}


def seconds(form: Callable[[Image], Image], image: Image) -> float:
    """Return the CPU time that filtering takes."""
    begin = time.process_time()
    form(image)
    return time.process_time() - begin


def measured(one: Filter, name: str, image: Image, repeats: int) -> Row:
    """Time the forms of a filter in turns, and compare what they give."""
    best = {"plain": np.inf, "fast": np.inf, "peer": np.inf}
    begin, turns = time.process_time(), 0
    while turns < repeats or time.process_time() - begin < LEAST_SECONDS:
        for form in best:
            if form != "plain" or turns == 0 or best["plain"] < LONG:
                best[form] = min(best[form], seconds(getattr(one, form), image))
        turns += 1
    return Row(
        one.name,
        name,
        **best,
        bar=one.bars[image.ndim == 3],
        difference=largest(one.fast(image) - one.plain(image)),
        tolerance=one.tolerance,
        peer_difference=largest(one.peer_of_it(image) - one.definition(image)),
        peer_tolerance=one.peer_tolerance,
    )


def largest(differences: Image) -> float:
    """Return the largest of some differences."""
    return float(np.abs(differences).max())


HEAD = (
    f"{'filter':22}{'image':8}{'plain':>8}{'fast':>8}{'peer':>8}{'ratio':>7}{'bar':>5}"
    f"{'fast from plain':>21}{'peer from definition':>22}"
)


def line(row: Row) -> str:
    """Return a line of the table."""
    times = "".join(f"{value:8.4f}" for value in (row.plain, row.fast, row.peer))
    ours = f"{row.difference:.1e} of {row.tolerance:.0e}"
    theirs = f"{row.peer_difference:.1e} of {row.peer_tolerance:.0e}"
    return (
        f"{row.filter:22}{row.image:8}{times}{row.ratio:7.2f}{row.bar:5.1f}{ours:>21}{theirs:>22}"
        f"  {', '.join(row.failures()) or 'passes'}"
    )


def main() -> None:
    """Measure, print the table, and exit with 1 if a bar or a tolerance is missed."""
    parser = argparse.ArgumentParser(description=str(__doc__).split("\n")[0])
    parser.add_argument("--repeats", type=int, default=5, help="turns at least")
    parser.add_argument("--only", default="", help="filters whose name has this in it")
    parser.add_argument("--json", type=Path, default=None, help="write the figures here")
    options = parser.parse_args()
    found = circumstances("numpy", "scipy", "scikit-image")
    print(in_a_line(found))
    print(HEAD, flush=True)
    rows = []
    for one in filters():
        for name, image in pictures().items() if options.only in one.name else ():
            rows.append(measured(one, name, image, options.repeats))
            print(line(rows[-1]), flush=True)
    if options.json is not None:
        table = [asdict(row) | {"ratio": row.ratio, "failures": row.failures()} for row in rows]
        seeds = {"noise": NOISE, "weights": WEIGHTS}
        document = {**found, "seeds": seeds, "repeats": options.repeats, "filters": table}
        options.json.write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    sys.exit(any(row.failures() for row in rows))


if __name__ == "__main__":
    main()
