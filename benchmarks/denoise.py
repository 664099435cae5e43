"""Measures what filters gain on the challenge's pictures, to set its floor and its top.

    python benchmarks/denoise.py --seeds 30 --json benchmarks/results/denoise.json

The gain is the mean PSNR less that of the Gaussian filter with which the hidden test compares, and
which gives no points. All points are given from a share of the reference's gain on.
"""

import argparse
import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from circumstances import circumstances
from rich.progress import track
from scipy.ndimage import gaussian_filter

from autograder.hidden.nonlinear_filters import FLOOR_SIGMA, TOP
from course_utils import images
from course_utils.reference.fast import bilateral_filter, median_filter, non_local_means
from course_utils.reference.nonlinear_filters import (
    denoise,
    psnr,
)
from course_utils.types import Image

FILTERS: dict[str, Callable[[Image], Image]] = {
    "noisy": lambda noisy: noisy,
    **{f"gaussian {s}": partial(gaussian_filter, sigma=s) for s in (0.6, 0.8, 0.9, 1.0, 1.2)},
    "median 3": partial(median_filter, size=3),
    "bilateral 1.5 0.3": partial(bilateral_filter, sigma_position=1.5, sigma_color=0.3, size=9),
    **{
        f"nlm {p} {s} {h}": partial(non_local_means, patch_size=p, search_size=s, h=h)
        for p, s, h in (
            *((3, 15, 0.1), (5, 11, 0.1), (5, 15, 0.09), (5, 15, 0.1), (5, 15, 0.11)),
            *((5, 21, 0.1), (7, 15, 0.1), (7, 21, 0.1)),
        )
    },
    "reference": denoise,
}


def gains(seed: int) -> dict[str, float]:
    """Return the mean gain of every filter on the pictures of a seed, in dB."""
    rng = np.random.default_rng(seed)
    found: dict[str, list[float]] = {name: [] for name in FILTERS}
    for make in (images.scene, images.collage) * 4:
        clean = make(rng, 96)
        noisy = clean + rng.normal(0.0, 0.1, clean.shape)
        floor = psnr(clean, gaussian_filter(noisy, FLOOR_SIGMA))
        for name, run in FILTERS.items():
            found[name].append(psnr(clean, run(noisy)) - floor)
    return {name: float(np.mean(values)) for name, values in found.items()}


def main() -> int:
    """Measure, print a table, and write it down."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    runs = [gains(seed) for seed in track(range(arguments.seeds))]
    rows = {name: np.array([run[name] for run in runs]) for name in FILTERS}
    print("gain in dB over a Gaussian of sigma", FLOOR_SIGMA)
    for name, row in rows.items():
        print(f"{name:20} {row.mean():7.3f} +- {row.std(ddof=1):.3f}   least {row.min():7.3f}")
    reference = rows["reference"]
    print(f"all points on average from {TOP * reference.mean():.2f} dB on")
    for name, row in rows.items():
        share = np.clip(row / (TOP * reference), 0.0, 1.0)
        print(
            f"{name:20} {share.mean():6.1%} of the points, {share.min():6.1%} to {share.max():.1%}"
        )
    if arguments.json:
        record = {
            **circumstances("numpy", "scipy"),
            "seeds": list(range(arguments.seeds)),
            "floor_sigma": FLOOR_SIGMA,
            "top_share": TOP,
            "gains": {name: row.round(4).tolist() for name, row in rows.items()},
        }
        arguments.json.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    best = max(row.mean() for row in rows.values())
    # The floor must be the best of the Gaussians, the top the best of non-local means.
    gaussian = max(row.mean() for name, row in rows.items() if name.startswith("gaussian"))
    return int(gaussian > 0.05 or best > reference.mean() + 0.05)


if __name__ == "__main__":
    raise SystemExit(main())
