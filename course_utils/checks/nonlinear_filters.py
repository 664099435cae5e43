"""Visible examples of the notebook nonlinear_filters."""

import warnings
from typing import Any

import numpy as np

from course_utils import images
from course_utils.checks import Complaint, array_like, example, must_raise

# A step with outliers, all values different, and a colour image whose channels differ.
STEP = np.array([[20, 23, 81, 83], [26, 97, 86, 80], [21, 28, 84, 88], [24, 22, 89, 3]]) / 100
COLORS = np.stack([STEP, STEP.T, 1.0 - STEP], axis=-1)
SLOPE = np.arange(20.0).reshape(4, 5)


@example("psnr", "an estimate that is off by 0.1 in two rows and by 0.2 in the other two")
def off_by_a_tenth_or_two(psnr: Any) -> Any:
    return psnr(STEP.copy(), STEP + np.array([[0.1], [0.1], [0.2], [0.2]]))


@example("psnr", "one pixel of six off by 0.5, grey; the same in one channel of a colour image")
def one_pixel_off(psnr: Any) -> Any:
    clean = np.zeros((2, 3))
    color = np.zeros((2, 3, 3))
    estimate, colored = clean.copy(), color.copy()
    estimate[0, 1] = colored[0, 1, 0] = 0.5
    return {
        "The PSNR of the grey image": psnr(clean, estimate),
        "The PSNR of the colour image": psnr(color, colored),
    }


@example("psnr", "images of bytes, data_range 255")
def byte_images(psnr: Any) -> Any:
    clean = np.array([[10, 200], [30, 40]], np.uint8)
    return psnr(clean, np.array([[12, 190], [33, 240]], np.uint8), 255)


@example("psnr", "two equal images")
def equal_images(psnr: Any) -> Any:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = psnr(STEP.copy(), STEP.copy())
    if caught:
        raise Complaint(f"It warns of equal images: {caught[0].message}.")
    return found


@example("psnr", "images of 4 x 4 and 4 x 1 pixels")
def different_shapes(psnr: Any) -> Any:
    return must_raise("ValueError", psnr, STEP.copy(), STEP[:, :1].copy())


@example("median_filter", "a step with outliers, size 3")
def step_with_outliers(median_filter: Any) -> Any:
    return median_filter(STEP.copy(), 3)


@example("median_filter", "a 4 x 5 image, size 5, which reaches beyond every border")
def wide_window(median_filter: Any) -> Any:
    return median_filter(SLOPE.copy(), 5)


@example("median_filter", "a colour image, size 3")
def colored_step(median_filter: Any) -> Any:
    return median_filter(COLORS.copy(), 3)


@example("median_filter", "an even size, which has no centre")
def even_median(median_filter: Any) -> Any:
    return must_raise("ValueError", median_filter, STEP.copy(), 4)


@example("bilateral", "bilateral_weights of a window of ones")
def flat_window(bilateral_weights: Any, bilateral_filter: Any) -> Any:
    return bilateral_weights(np.ones((3, 3)), 1.0, 0.1)


@example("bilateral", "bilateral_weights of a window with a step")
def window_with_a_step(bilateral_weights: Any, bilateral_filter: Any) -> Any:
    return bilateral_weights(STEP[:3, :3].copy(), 1.5, 0.5)


@example("bilateral", "bilateral_weights of a colour window")
def colored_window(bilateral_weights: Any, bilateral_filter: Any) -> Any:
    return bilateral_weights(COLORS[:3, :3].copy(), 2.0, 0.4)


@example("bilateral", "bilateral_filter on a step with outliers, size 3")
def bilateral_step(bilateral_weights: Any, bilateral_filter: Any) -> Any:
    return bilateral_filter(STEP.copy(), 1.0, 0.3, 3)


@example("bilateral", "bilateral_filter on a 4 x 5 image, size left to its default")
def bilateral_default(bilateral_weights: Any, bilateral_filter: Any) -> Any:
    return bilateral_filter(SLOPE.copy(), 3.0, 5.0)


@example("bilateral", "bilateral_filter on a colour image, size 3")
def bilateral_colors(bilateral_weights: Any, bilateral_filter: Any) -> Any:
    return bilateral_filter(COLORS.copy(), 1.5, 0.5, 3)


@example("bilateral", "bilateral_filter with an even size")
def even_bilateral(bilateral_weights: Any, bilateral_filter: Any) -> Any:
    return must_raise("ValueError", bilateral_filter, STEP.copy(), 1.0, 0.3, 4)


@example("extract_patches", "a 4 x 5 image, size 3")
def patches_of_a_slope(extract_patches: Any) -> Any:
    return extract_patches(SLOPE.copy(), 3)


@example("extract_patches", "an image of 2 x 3 pixels and two channels, size 3")
def colored_patches(extract_patches: Any) -> Any:
    return extract_patches(COLORS[:2, :3, :2].copy(), 3)


@example("extract_patches", "an even size, which has no centre")
def even_patches(extract_patches: Any) -> Any:
    return must_raise("ValueError", extract_patches, STEP.copy(), 2)


@example("patch_weights", "a patch, an equal one, and two others; h = 0.4")
def three_patches(patch_weights: Any) -> Any:
    patch = STEP[:3, :3].copy()
    others = np.stack([patch, patch + 0.5, STEP[1:, 1:]])
    return patch_weights(patch, others, 0.4)


@example("patch_weights", "colour patches; h = 0.4")
def three_colored_patches(patch_weights: Any) -> Any:
    patch = COLORS[:3, :3].copy()
    return patch_weights(patch, np.stack([patch, COLORS[1:, 1:], COLORS[1:, :3]]), 0.4)


@example("patch_weights", "two patches that are both far away; h = 0.01")
def two_far_patches(patch_weights: Any) -> Any:
    patch = np.zeros((3, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return patch_weights(patch, np.stack([patch + 0.5, patch + 0.50005]), 0.01)


@example("non_local_means", "a step with outliers, patches of 3 x 3, search windows of 5 x 5")
def similar_patches(non_local_means: Any) -> Any:
    return non_local_means(STEP.copy(), 3, 5, 0.3)


@example("non_local_means", "a 4 x 5 image, patches of 1 x 1, search windows of 3 x 3")
def single_pixels(non_local_means: Any) -> Any:
    return non_local_means(SLOPE.copy() / 20, 1, 3, 0.2)


@example("non_local_means", "a colour image, patches of 3 x 3, search windows of 3 x 3")
def similar_colors(non_local_means: Any) -> Any:
    return non_local_means(COLORS.copy(), 3, 3, 0.4)


@example("non_local_means", "no sizes named: 7 and 21, and h = 0.1")
def similar_by_default(non_local_means: Any) -> Any:
    return non_local_means(SLOPE.copy() / 40)


@example("non_local_means", "even sizes, which have no centre")
def even_windows(non_local_means: Any) -> Any:
    return [
        must_raise("ValueError", non_local_means, STEP.copy(), *s, 0.1) for s in ((2, 5), (3, 4))
    ]


@example("denoise", "a rendered scene and a collage")
def better_than_a_gaussian(denoise: Any) -> Any:
    from scipy.ndimage import gaussian_filter

    found = {}
    for name, make in (("scene", images.scene), ("collage", images.collage)):
        rng = np.random.default_rng(11)
        clean = make(rng, 96)
        noisy = clean + rng.normal(0.0, 0.1, clean.shape)
        estimate = array_like(denoise(noisy.copy()), noisy)
        errors = [np.mean((one - clean) ** 2) for one in (gaussian_filter(noisy, 0.8), estimate)]
        gain = 10.0 * np.log10(errors[0] / max(errors[1], 1e-9))
        # How much more is not said: it is a challenge.
        words = "more than 0 dB" if gain > 0.0 else f"{min(gain, -0.1):.1f} dB"
        found[f"The gain over the Gaussian filter, which gets no points, on the {name}"] = words
    return found
