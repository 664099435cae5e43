"""Known answers to the exercises of linear_filters: misconceptions, and other right ways."""

import functools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view
from scipy.sparse import coo_array, csc_array, csr_array, hstack, kron, lil_array

from autograder.variants import in_single_precision, right, survivor, wrong
from course_utils.reference import linear_filters as reference
from course_utils.types import Frames, Image, ImageOperator, Kernel, Padding, Signal

Rng = np.random.Generator
Shape = tuple[int, int]


# --- add_gaussian_noise ---------------------------------------------------------------------------


@wrong(
    "add_gaussian_noise",
    hint="Do not clip the noisy image: cutting values at 0 and 1 moves the mean of dark and bright "
    "pixels. Clip only to display.",
)
def clipped(image: Image, sigma: float, rng: Rng) -> Image:
    return np.clip(reference.add_gaussian_noise(image, sigma, rng), 0.0, 1.0)


@wrong(
    "add_gaussian_noise",
    hint="You use sigma squared as the spread. sigma is the standard deviation, and that is what "
    "rng.normal takes.",
)
def variance_for_sigma(image: Image, sigma: float, rng: Rng) -> Image:
    return image + rng.normal(0.0, sigma**2, image.shape)


@wrong(
    "add_gaussian_noise",
    hint="You use the square root of sigma as the spread. sigma is the standard deviation already, "
    "not the variance.",
)
def root_of_sigma(image: Image, sigma: float, rng: Rng) -> Image:
    return image + rng.normal(0.0, np.sqrt(sigma), image.shape)


@wrong(
    "add_gaussian_noise",
    hint="Your noise is uniform. rng.random and rng.uniform draw from an interval; Gaussian noise "
    "needs rng.normal.",
)
def uniform(image: Image, sigma: float, rng: Rng) -> Image:
    return image + rng.uniform(-1.0, 1.0, image.shape) * sigma * np.sqrt(3.0)


@wrong(
    "add_gaussian_noise",
    hint="All pixels get the same noise. Draw one number per value of the image: pass its shape as "
    "the size.",
)
def one_number(image: Image, sigma: float, rng: Rng) -> Image:
    return image + rng.normal(0.0, sigma)


@wrong(
    "add_gaussian_noise",
    hint="All pixels of a row get the same noise. Draw one number per value of the image: pass its "
    "shape as the size.",
)
def row_noise(image: Image, sigma: float, rng: Rng) -> Image:
    return image + rng.normal(0.0, sigma, (len(image), *[1] * (image.ndim - 1)))


@wrong(
    "add_gaussian_noise",
    hint="You make the noise sum to 0. That ties its values together; the mean is 0 only on average.",
)
def centred_noise(image: Image, sigma: float, rng: Rng) -> Image:
    noise = rng.normal(0.0, sigma, image.shape)
    return image + noise - noise.mean()


@wrong(
    "add_gaussian_noise",
    hint="Your noise is the same in all colour channels. Draw it for the whole shape of the image, "
    "channels included.",
)
def grey_noise(image: Image, sigma: float, rng: Rng) -> Image:
    noise = rng.normal(0.0, sigma, image.shape[:2])
    return image + noise.reshape(noise.shape + (1,) * (image.ndim - 2))


@wrong(
    "add_gaussian_noise",
    hint="Your noise is multiplied with the image. The model is additive: the noise does not depend "
    "on the pixel's value.",
)
def multiplicative(image: Image, sigma: float, rng: Rng) -> Image:
    return image * (1.0 + rng.normal(0.0, sigma, image.shape))


@wrong(
    "add_gaussian_noise",
    hint="Your noise is never negative, so it brightens the image. Its mean must be 0.",
)
def one_sided(image: Image, sigma: float, rng: Rng) -> Image:
    return image + np.abs(rng.normal(0.0, sigma, image.shape))


@wrong(
    "add_gaussian_noise",
    hint="You return the noise without the image. Add it to the image.",
)
def noise_alone(image: Image, sigma: float, rng: Rng) -> Image:
    return rng.normal(0.0, sigma, image.shape)


@wrong(
    "add_gaussian_noise",
    hint="You make a generator of your own. Use the one you are given, so that the caller decides "
    "about the seed.",
    minor=True,
)
def own_generator(image: Image, sigma: float, rng: Rng) -> Image:
    return image + np.random.default_rng(0).normal(0.0, sigma, image.shape)


@wrong(
    "add_gaussian_noise",
    hint="You use numpy's global random state. Use the generator you are given.",
    minor=True,
)
def global_state(image: Image, sigma: float, rng: Rng) -> Image:
    return image + np.random.normal(0.0, sigma, image.shape)


@wrong(
    "add_gaussian_noise",
    hint="You add the noise to the image you were given (+=). Return a new array.",
    minor=True,
)
def in_place(image: Image, sigma: float, rng: Rng) -> Image:
    image += rng.normal(0.0, sigma, image.shape)
    return image


@right("add_gaussian_noise")
def scaled_standard_normal(image: Image, sigma: float, rng: Rng) -> Image:
    return image + sigma * rng.standard_normal(image.shape)


@right("add_gaussian_noise")
def pixel_by_pixel(image: Image, sigma: float, rng: Rng) -> Image:
    noisy = image.copy()
    for index in np.ndindex(*image.shape):
        noisy[index] += rng.normal(0.0, sigma)
    return noisy


@right("add_gaussian_noise")
def centred_on_the_image(image: Image, sigma: float, rng: Rng) -> Image:
    return rng.normal(loc=image, scale=sigma)


survivor(
    "add_gaussian_noise",
    "add_gaussian_noise: image + rng.normal(0.0, sigma, image.shape) -> "
    "image - rng.normal(0.0, sigma, image.shape)",
    because="Gaussian noise is symmetric: subtracting it is as right as adding it.",
)


# --- add_salt_and_pepper --------------------------------------------------------------------------


def _salted(image: Image, salt: Any, pepper: Any) -> Image:
    noisy = image.copy()
    noisy[salt], noisy[pepper] = 1.0, 0.0
    return noisy


@wrong(
    "add_salt_and_pepper",
    hint="You draw for every channel by itself. A colour pixel changes as a whole: draw for "
    "image.shape[:2].",
    minor=True,
)
def channels_alone(image: Image, amount: float, rng: Rng) -> Image:
    draw = rng.random(image.shape)
    return _salted(image, draw < amount / 2, draw > 1 - amount / 2)


@wrong(
    "add_salt_and_pepper",
    hint="You hit a share `amount` with salt and as many with pepper. `amount` is the share of both "
    "together.",
)
def amount_of_each(image: Image, amount: float, rng: Rng) -> Image:
    draw = rng.random(image.shape[:2])
    return _salted(image, draw < amount, draw > 1 - amount)


@wrong(
    "add_salt_and_pepper",
    hint="You draw once for salt and once more for pepper, so that pepper falls on salt. Draw one "
    "number for a pixel and let it decide.",
)
def pepper_on_salt(image: Image, amount: float, rng: Rng) -> Image:
    salt, pepper = rng.random((2, *image.shape[:2])) < amount / 2
    return _salted(image, salt, pepper)


@wrong("add_salt_and_pepper", hint="There is salt but no pepper: half of the hit pixels become 0.")
def salt_alone(image: Image, amount: float, rng: Rng) -> Image:
    return _salted(image, rng.random(image.shape[:2]) < amount, slice(0))


@wrong("add_salt_and_pepper", hint="There is pepper but no salt: half of the hit pixels become 1.")
def pepper_alone(image: Image, amount: float, rng: Rng) -> Image:
    return _salted(image, slice(0), rng.random(image.shape[:2]) < amount)


@wrong(
    "add_salt_and_pepper",
    hint="Salt is 255 in your image. Values are in [0, 1]: white is 1.",
)
def bright_as_a_byte(image: Image, amount: float, rng: Rng) -> Image:
    draw = rng.random(image.shape[:2])
    noisy = image.copy()
    noisy[draw < amount] = 255.0
    noisy[draw < amount / 2] = 0.0
    return noisy


@wrong(
    "add_salt_and_pepper",
    hint="A pixel that is hit gets some random value. Salt and pepper know two: 0 and 1.",
)
def random_greys(image: Image, amount: float, rng: Rng) -> Image:
    hit = rng.random(image.shape[:2]) < amount
    noisy = image.copy()
    noisy[hit] = rng.random(noisy[hit].shape)
    return noisy


@wrong(
    "add_salt_and_pepper",
    hint="You add 1 to a pixel or subtract 1 from it. A pixel that is hit is replaced: its value is "
    "lost.",
)
def added_not_replaced(image: Image, amount: float, rng: Rng) -> Image:
    draw = rng.random(image.shape[:2]).reshape(image.shape[:2] + (1,) * (image.ndim - 2))
    return image + (draw < amount / 2) - (draw > 1 - amount / 2)


@wrong(
    "add_salt_and_pepper",
    hint="You hit the pixels that should stay: a share of 1 - amount is hit.",
)
def hit_the_others(image: Image, amount: float, rng: Rng) -> Image:
    return reference.add_salt_and_pepper(image, 1.0 - amount, rng)


@wrong(
    "add_salt_and_pepper",
    hint="Whole rows are hit. Draw one number for every pixel.",
)
def rows_hit(image: Image, amount: float, rng: Rng) -> Image:
    draw = rng.random(image.shape[0])
    return _salted(image, draw < amount / 2, draw > 1 - amount / 2)


@wrong(
    "add_salt_and_pepper",
    hint="You make a generator of your own. Use the one you are given, so that the caller decides "
    "about the seed.",
    minor=True,
)
def salt_of_its_own(image: Image, amount: float, rng: Rng) -> Image:
    return reference.add_salt_and_pepper(image, amount, np.random.default_rng(0))


@wrong(
    "add_salt_and_pepper",
    hint="You use numpy's global random state. Use the generator you are given.",
    minor=True,
)
def global_salt(image: Image, amount: float, rng: Rng) -> Image:
    draw = np.random.random(image.shape[:2])
    return _salted(image, draw < amount / 2, draw > 1 - amount / 2)


@wrong(
    "add_salt_and_pepper",
    hint="You write into the image you were given. Work on a copy.",
    minor=True,
)
def salted_in_place(image: Image, amount: float, rng: Rng) -> Image:
    image[:] = reference.add_salt_and_pepper(image, amount, rng)
    return image


@wrong(
    "add_salt_and_pepper",
    hint="You draw places one by one, and some of them come twice: fewer pixels are hit than amount "
    "says. Draw a number for every pixel.",
)
def places_with_repeats(image: Image, amount: float, rng: Rng) -> Image:
    height, width = image.shape[:2]
    noisy = image.copy()
    for value in (1.0, 0.0):
        count = int(amount / 2 * height * width)
        noisy[rng.integers(0, height, count), rng.integers(0, width, count)] = value
    return noisy


@right("add_salt_and_pepper")
def a_coin_for_each_hit(image: Image, amount: float, rng: Rng) -> Image:
    hit = rng.random(image.shape[:2]) < amount
    coin = rng.integers(0, 2, image.shape[:2]).astype(float)
    if image.ndim == 3:
        hit, coin = hit[..., np.newaxis], coin[..., np.newaxis]
    return np.where(hit, coin, image)


@right("add_salt_and_pepper")
def exactly_so_many(image: Image, amount: float, rng: Rng) -> Image:
    height, width = image.shape[:2]
    noisy = image.reshape(height * width, -1).copy()
    hit = rng.permutation(height * width)[: round(amount * height * width)]
    salt, pepper = np.array_split(hit, 2)
    noisy[salt], noisy[pepper] = 1.0, 0.0
    return noisy.reshape(image.shape)


@right("add_salt_and_pepper")
def one_pixel_after_the_other(image: Image, amount: float, rng: Rng) -> Image:
    noisy = image.copy()
    for i, j in np.ndindex(*image.shape[:2]):
        if rng.uniform() < amount:
            noisy[i, j] = rng.choice([0.0, 1.0])
    return noisy


for _comparison in ("hit < amount -> hit <= amount", "hit < amount / 2 -> hit <= amount / 2"):
    survivor(
        "add_salt_and_pepper",
        f"add_salt_and_pepper: {_comparison}",
        because="A draw of 53 bits hardly ever is the amount itself.",
    )


# --- average_frames -------------------------------------------------------------------------------


def _refuse_none(frames: Frames) -> None:
    if len(frames) == 0:
        raise ValueError("no frames")


@wrong(
    "average_frames",
    hint="You add up bytes as bytes: behind 255 they begin at 0 again. Add up as float64.",
)
def bytes_overflow(frames: Frames) -> Image:
    _refuse_none(frames)
    return np.asarray(frames.sum(axis=0, dtype=frames.dtype) / len(frames))


@wrong(
    "average_frames",
    hint="You return bytes, which cuts the decimals off. The mean is float64.",
)
def bytes_returned(frames: Frames) -> Image:
    _refuse_none(frames)
    return frames.mean(axis=0).astype(frames.dtype)


@wrong("average_frames", hint="You add up the frames but do not divide by their number.")
def frames_added(frames: Frames) -> Image:
    _refuse_none(frames)
    return frames.sum(axis=0, dtype=np.float64)


@wrong(
    "average_frames",
    hint="You average within the frames. The mean goes over the first axis: one value for each "
    "pixel.",
)
def one_mean_for_each_frame(frames: Frames) -> Image:
    _refuse_none(frames)
    return frames.reshape(len(frames), -1).mean(axis=1)


@wrong("average_frames", hint="You average over the last axis. The frames are the first one.")
def over_the_last_axis(frames: Frames) -> Image:
    _refuse_none(frames)
    return frames.mean(axis=-1)


@wrong("average_frames", hint="You return one number for all pixels. Average over the first axis.")
def one_number_for_all(frames: Frames) -> Image:
    _refuse_none(frames)
    return np.full(frames.shape[1:], frames.mean())


@wrong("average_frames", hint="You take the median of the frames, not their mean.")
def median_of_frames(frames: Frames) -> Image:
    _refuse_none(frames)
    return np.asarray(np.median(frames, axis=0))


@wrong(
    "average_frames",
    hint="You average the mean so far with the next frame, so that the last frame counts half. All "
    "frames count alike.",
)
def halved_again_and_again(frames: Frames) -> Image:
    _refuse_none(frames)
    mean = frames[0].astype(np.float64)
    for frame in frames[1:]:
        mean = (mean + frame) / 2
    return mean


@wrong("average_frames", hint="You divide by n - 1. The mean of n frames divides by n.")
def divided_by_one_less(frames: Frames) -> Image:
    _refuse_none(frames)
    return np.asarray(frames.sum(axis=0, dtype=np.float64) / max(len(frames) - 1, 1))


@wrong(
    "average_frames",
    hint="You add the frames up in the first of them. Begin with an array of your own.",
)
def added_up_in_the_first(frames: Frames) -> Image:
    _refuse_none(frames)
    for frame in frames[1:]:
        frames[0] += frame
    return frames[0] / len(frames)


@wrong(
    "average_frames",
    hint="Without frames you return NaN, the mean of nothing. Raise a ValueError.",
    minor=True,
)
def mean_of_nothing(frames: Frames) -> Image:
    return np.asarray(frames.mean(axis=0, dtype=np.float64))


@right("average_frames")
def frame_by_frame(frames: Frames) -> Image:
    _refuse_none(frames)
    total = np.zeros(frames.shape[1:])
    for frame in frames:
        total += frame
    return total / len(frames)


@right("average_frames")
def running_mean(frames: Frames) -> Image:
    _refuse_none(frames)
    mean = np.zeros(frames.shape[1:])
    for count, frame in enumerate(frames, 1):
        mean += (frame - mean) / count
    return mean


@right("average_frames")
def weights_of_one_nth(frames: Frames) -> Image:
    _refuse_none(frames)
    return np.tensordot(np.full(len(frames), 1 / len(frames)), frames.astype(float), axes=1)


# --- moving_average -------------------------------------------------------------------------------


@wrong(
    "moving_average",
    hint="Beyond its ends you continue the signal with zeros, which pulls the ends down. Repeat the "
    "first and the last value (edge).",
)
def zeros_beyond(signal: Signal, size: int) -> Signal:
    _refuse_even(size)
    padded = np.pad(signal, size // 2)
    return sliding_window_view(padded, size).mean(axis=-1)


@wrong(
    "moving_average",
    hint="Near the ends you average only the values inside. The contract repeats the first and the "
    "last value (edge).",
)
def shrinking_window(signal: Signal, size: int) -> Signal:
    _refuse_even(size)
    half = size // 2
    return np.array([signal[max(0, i - half) : i + half + 1].mean() for i in range(len(signal))])


@wrong(
    "moving_average",
    hint="Beyond its ends you mirror the signal. The contract repeats the first and the last value "
    "(edge).",
)
def mirrored(signal: Signal, size: int) -> Signal:
    _refuse_even(size)
    return sliding_window_view(np.pad(signal, size // 2, "symmetric"), size).mean(axis=-1)


@wrong(
    "moving_average",
    hint="Beyond its ends you mirror the signal. The contract repeats the first and the last value "
    "(edge).",
)
def reflected(signal: Signal, size: int) -> Signal:
    _refuse_even(size)
    return sliding_window_view(np.pad(signal, size // 2, "reflect"), size).mean(axis=-1)


@wrong(
    "moving_average",
    hint="Beyond its ends your signal begins anew. The contract repeats the first and the last "
    "value (edge).",
)
def wrapped_around(signal: Signal, size: int) -> Signal:
    _refuse_even(size)
    return sliding_window_view(np.pad(signal, size // 2, "wrap"), size).mean(axis=-1)


@wrong(
    "moving_average",
    hint="Near the ends you leave the signal as it is. The contract repeats the first and the last "
    "value (edge) and averages those, too.",
)
def ends_untouched(signal: Signal, size: int) -> Signal:
    _refuse_even(size)
    half, result = size // 2, signal.copy()
    for i in range(half, len(signal) - half):
        result[i] = signal[i - half : i + half + 1].mean()
    return result


@wrong(
    "moving_average",
    hint="An assert raises AssertionError, and not even that under `python -O`. Raise a ValueError.",
    minor=True,
)
def asserts_odd(signal: Signal, size: int) -> Signal:
    assert size % 2, "size must be odd"
    return reference.moving_average(signal, size)


@wrong(
    "moving_average",
    hint="Your window looks back only. Centre it: (size - 1) / 2 values to each side.",
)
def trailing_window(signal: Signal, size: int) -> Signal:
    _refuse_even(size)
    return sliding_window_view(np.pad(signal, (size - 1, 0), "edge"), size).mean(axis=-1)


@wrong(
    "moving_average",
    hint="Your window has one value too few: range and slices leave their end out.",
)
def window_off_by_one(signal: Signal, size: int) -> Signal:
    _refuse_even(size)
    windows = sliding_window_view(np.pad(signal, size // 2, "edge"), size)
    return windows[:, : size - 1].sum(axis=-1) / size


@wrong(
    "moving_average",
    hint="You add up the window but do not divide by its size.",
)
def sum_for_mean(signal: Signal, size: int) -> Signal:
    _refuse_even(size)
    return sliding_window_view(np.pad(signal, size // 2, "edge"), size).sum(axis=-1)


@wrong(
    "moving_average",
    hint="You return only the places where the whole window fits. The result is as long as the "
    "signal.",
)
def valid_part(signal: Signal, size: int) -> Signal:
    _refuse_even(size)
    return sliding_window_view(signal, size).mean(axis=-1)


@wrong(
    "moving_average",
    hint="You take the median of the window, not the mean.",
)
def median_for_mean(signal: Signal, size: int) -> Signal:
    _refuse_even(size)
    windows = sliding_window_view(np.pad(signal, size // 2, "edge"), size)
    return np.asarray(np.median(windows, axis=-1))


@wrong(
    "moving_average",
    hint="You write the averages into the signal while you still read from it. Write into a new "
    "array.",
)
def overwriting(signal: Signal, size: int) -> Signal:
    _refuse_even(size)
    half = size // 2
    padded = np.pad(signal, half, "edge")
    for i in range(len(signal)):
        padded[i + half] = padded[i : i + size].mean()
    return padded[half : half + len(signal)]


@wrong(
    "moving_average",
    hint="An even size has no centre: raise a ValueError.",
    minor=True,
)
def accepts_even(signal: Signal, size: int) -> Signal:
    windows = sliding_window_view(np.pad(signal, size // 2, "edge"), size)
    return windows.mean(axis=-1)[: len(signal)]


def _refuse_even(size: int) -> None:
    if size % 2 == 0:
        raise ValueError("size must be odd")


@right("moving_average")
def loop_over_values(signal: Signal, size: int) -> Signal:
    _refuse_even(size)
    last = len(signal) - 1
    result = np.empty(len(signal))
    for i in range(len(signal)):
        neighbours = range(i - size // 2, i + size // 2 + 1)
        result[i] = sum(signal[min(max(j, 0), last)] for j in neighbours) / size
    return result


@right("moving_average")
def running_sum(signal: Signal, size: int) -> Signal:
    _refuse_even(size)
    padded = np.pad(signal, size // 2, mode="edge")
    sums = np.concatenate(([0.0], np.cumsum(padded)))
    return (sums[size:] - sums[:-size]) / size


@right("moving_average")
def sum_of_shifts(signal: Signal, size: int) -> Signal:
    _refuse_even(size)
    padded = np.pad(signal, size // 2, mode="edge")
    shifts = [padded[k : k + len(signal)] for k in range(size)]
    return np.asarray(np.mean(shifts, axis=0))


in_single_precision("moving_average", reference.moving_average)


# --- cross_correlate ------------------------------------------------------------------------------


@wrong(
    "cross_correlate",
    hint="Your kernel runs backwards. H(q, r) meets I(i + q, j + r); turning it around is what "
    "makes a convolution.",
)
def flipped(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    return reference.cross_correlate(image, kernel[::-1, ::-1], padding)


@wrong(
    "cross_correlate",
    hint="Your kernel's rows and columns are swapped.",
)
def transposed(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    return reference.cross_correlate(image, kernel.T, padding)


@wrong(
    "cross_correlate",
    hint="You divide by the sum of the kernel. A kernel's weights are used as they are; a "
    "mean filter has its factor in the kernel.",
)
def divided_by_sum(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    total = kernel.sum()
    return reference.cross_correlate(image, kernel / (total if total else 1.0), padding)


@wrong(
    "cross_correlate",
    hint="You divide by the number of the kernel's entries. Its weights are used as they are.",
)
def divided_by_size(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    return reference.cross_correlate(image, kernel / kernel.size, padding)


@wrong(
    "cross_correlate",
    hint="You continue the image with zeros whatever `padding` says. Pass it on to numpy.pad.",
)
def zeros_whatever(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    return reference.cross_correlate(image, kernel, "constant")


@wrong(
    "cross_correlate",
    hint="You mirror the image at its border whatever `padding` says. Pass it on to numpy.pad.",
)
def mirrored_whatever(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    return reference.cross_correlate(image, kernel, "symmetric")


@wrong(
    "cross_correlate",
    hint="In colour images you do not look at `padding`. Treat them as the grey ones.",
    minor=True,
)
def padding_lost_in_colour(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    return reference.cross_correlate(image, kernel, padding if image.ndim == 2 else "symmetric")


@wrong(
    "cross_correlate",
    hint="You swap 'reflect' and 'symmetric'. Numpy's 'symmetric' repeats the border pixel, its "
    "'reflect' does not; scipy calls them the other way round.",
)
def scipy_names(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    swapped: dict[str, Padding] = {"reflect": "symmetric", "symmetric": "reflect"}
    return reference.cross_correlate(image, kernel, swapped.get(padding, padding))


@wrong(
    "cross_correlate",
    hint="You return only the places where the whole kernel fits. The result has the image's size: "
    "pad before you filter.",
)
def valid_region(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    full = reference.cross_correlate(image, kernel, padding)
    q, r = kernel.shape[0] // 2, kernel.shape[1] // 2
    return full[q : full.shape[0] - q or None, r : full.shape[1] - r or None]


@wrong(
    "cross_correlate",
    hint="Your window is off by one: H(0, 0), the kernel's centre, must meet the pixel itself.",
)
def off_by_one(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    result = reference.cross_correlate(image, kernel, padding)
    return np.roll(result, (1, 1), axis=(0, 1))


@wrong(
    "cross_correlate",
    hint="You leave out the kernel's last row and column: range and slices leave their end out.",
)
def last_entries_missing(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    shorter = kernel.copy()
    shorter[-1], shorter[:, -1] = 0.0, 0.0
    return reference.cross_correlate(image, shorter, padding)


@wrong(
    "cross_correlate",
    hint="Your colour channels are mixed: you sum over the last axis. Filter every channel alone.",
)
def channels_mixed(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    result = reference.cross_correlate(image, kernel, padding)
    if image.ndim == 2:
        return result
    return np.repeat(result.sum(axis=-1, keepdims=True), image.shape[-1], axis=-1)


@wrong(
    "cross_correlate",
    hint="You cut the result to [0, 1]. A filter may return negative values and values above 1.",
)
def cut_to_range(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    return np.clip(reference.cross_correlate(image, kernel, padding), 0.0, 1.0)


@wrong(
    "cross_correlate",
    hint="Your result is an array of integers, which cuts the decimals off.",
)
def integer_result(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    return reference.cross_correlate(image, kernel, padding).astype(int)


@wrong(
    "cross_correlate",
    hint="You write the result into the image you were given. Return a new array.",
    minor=True,
)
def into_the_image(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    image[:] = reference.cross_correlate(image, kernel, padding)
    return image


@wrong(
    "cross_correlate",
    hint="A kernel with an even side has no centre: raise a ValueError.",
    minor=True,
)
def accepts_even_sides(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    odd = kernel[: (kernel.shape[0] - 1) // 2 * 2 + 1, : (kernel.shape[1] - 1) // 2 * 2 + 1]
    return reference.cross_correlate(image, odd, padding)


@wrong(
    "cross_correlate",
    hint="The default of `padding` is 'symmetric'.",
    minor=True,
)
def other_default(image: Image, kernel: Kernel, padding: Padding = "constant") -> Image:
    return reference.cross_correlate(image, kernel, padding)


@wrong("cross_correlate", hint="The default of `padding` is 'symmetric'.", minor=True)
def default_reflect(image: Image, kernel: Kernel, padding: Padding = "reflect") -> Image:
    return reference.cross_correlate(image, kernel, padding)


@wrong("cross_correlate", hint="The default of `padding` is 'symmetric'.", minor=True)
def default_edge(image: Image, kernel: Kernel, padding: Padding = "edge") -> Image:
    return reference.cross_correlate(image, kernel, padding)


@wrong(
    "cross_correlate",
    hint="Your ValueError comes only if both sides are even. One is enough: `or`, not `and`.",
    minor=True,
)
def refuses_both_even(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    if kernel.shape[0] % 2 == 0 and kernel.shape[1] % 2 == 0:
        raise ValueError("even sides")
    return accepts_even_sides(image, kernel, padding)


@wrong(
    "cross_correlate",
    hint="An assert raises AssertionError, and not even that under `python -O`. Raise a ValueError.",
    minor=True,
)
def asserts_odd_sides(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    assert kernel.shape[0] % 2, "odd sides"
    assert kernel.shape[1] % 2, "odd sides"
    return reference.cross_correlate(image, kernel, padding)


def _padded(image: Image, kernel: Kernel, padding: Padding) -> Image:
    if not all(side % 2 for side in kernel.shape):
        raise ValueError("even side")
    q, r = kernel.shape[0] // 2, kernel.shape[1] // 2
    return np.pad(image, ((q, q), (r, r), *[(0, 0)] * (image.ndim - 2)), mode=padding)


@right("cross_correlate")
def windows(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    padded = _padded(image, kernel, padding)
    views = sliding_window_view(padded, kernel.shape, axis=(0, 1))
    return np.asarray(np.einsum("ij...qr,qr->ij...", views, kernel))


@right("cross_correlate")
def four_loops(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    padded = _padded(image, kernel, padding)
    result = np.zeros(image.shape)
    for i in range(image.shape[0]):
        for j in range(image.shape[1]):
            for q in range(kernel.shape[0]):
                for r in range(kernel.shape[1]):
                    result[i, j] += kernel[q, r] * padded[i + q, j + r]
    return result


@right("cross_correlate")
def strides(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    padded = np.ascontiguousarray(_padded(image, kernel, padding))
    views = as_strided(
        padded,
        image.shape[:2] + kernel.shape + image.shape[2:],
        padded.strides[:2] * 2 + padded.strides[2:],
    )
    return np.tensordot(kernel, views, axes=((0, 1), (2, 3)))


@right("cross_correlate")
def by_fourier(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    padded = _padded(image, kernel, padding)
    size = padded.shape[:2]
    response = np.conj(np.fft.fft2(kernel, size)).reshape(*size, *[1] * (image.ndim - 2))
    spectrum = np.fft.fft2(padded, axes=(0, 1)) * response
    product = np.fft.ifft2(spectrum, axes=(0, 1)).real
    return product[: image.shape[0], : image.shape[1]]


@right("cross_correlate")
def channel_by_channel(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    if image.ndim == 3:
        channels = [channel_by_channel(c, kernel, padding) for c in np.moveaxis(image, -1, 0)]
        return np.stack(channels, axis=-1)
    padded = _padded(image, kernel, padding)
    height, width = kernel.shape
    return np.array(
        [
            [np.vdot(padded[i : i + height, j : j + width], kernel) for j in range(image.shape[1])]
            for i in range(image.shape[0])
        ]
    )


in_single_precision("cross_correlate", reference.cross_correlate)


# --- convolve -------------------------------------------------------------------------------------


@wrong(
    "convolve",
    hint="That is the cross-correlation. A convolution turns the kernel by 180 degrees first.",
)
def not_turned(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    return reference.cross_correlate(image, kernel, padding)


@wrong("convolve", hint="You turn the kernel's rows around but not its columns. Reverse both axes.")
def rows_turned(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    return reference.cross_correlate(image, kernel[::-1], padding)


@wrong("convolve", hint="You turn the kernel's columns around but not its rows. Reverse both axes.")
def columns_turned(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    return reference.cross_correlate(image, kernel[:, ::-1], padding)


@wrong(
    "convolve",
    hint="You turn the kernel by 90 degrees. A convolution turns it by 180: reverse both axes.",
)
def quarter_turn(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    return reference.cross_correlate(image, np.rot90(kernel), padding)


@wrong(
    "convolve",
    hint="You transpose the kernel, which swaps rows and columns. Reverse both axes instead.",
)
def transposed_for_turned(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    return reference.cross_correlate(image, kernel.T, padding)


@wrong("convolve", hint="You turn the image around. It is the kernel that is turned.")
def image_turned(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    return reference.cross_correlate(image[::-1, ::-1], kernel, padding)


@wrong(
    "convolve",
    hint="You divide by the sum of the kernel. A kernel's weights are used as they are.",
)
def convolved_and_divided(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    total = kernel.sum()
    return reference.convolve(image, kernel / (total if total else 1.0), padding)


@wrong("convolve", hint="You do not look at `padding`. Pass it on.")
def convolved_with_the_default(
    image: Image, kernel: Kernel, padding: Padding = "symmetric"
) -> Image:
    return reference.convolve(image, kernel)


@wrong("convolve", hint="The default of `padding` is 'symmetric'.", minor=True)
def convolved_in_zeros(image: Image, kernel: Kernel, padding: Padding = "constant") -> Image:
    return reference.convolve(image, kernel, padding)


@wrong(
    "convolve",
    hint="You turn the caller's kernel around in place. Leave it as it is: kernel[::-1, ::-1] is a "
    "view.",
    minor=True,
)
def kernel_turned_in_place(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    kernel[:] = kernel[::-1, ::-1].copy()
    return reference.cross_correlate(image, kernel, padding)


@wrong(
    "convolve",
    hint="A kernel with an even side has no centre: raise a ValueError.",
    minor=True,
)
def convolves_even_sides(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    return accepts_even_sides(image, kernel[::-1, ::-1], padding)


@right("convolve")
def turned_twice(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    return reference.cross_correlate(image, np.rot90(kernel, 2), padding)


@right("convolve")
def by_the_formula(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    # G(i, j) = sum of H(q, r) I(i - q, j - r), without a turned kernel.
    padded = _padded(image, kernel, padding)
    k, m = kernel.shape[0] // 2, kernel.shape[1] // 2
    height, width = image.shape[:2]
    result = np.zeros(image.shape)
    for q in range(-k, k + 1):
        for r in range(-m, m + 1):
            shifted = padded[k - q : k - q + height, m - r : m - r + width]
            result += kernel[q + k, r + m] * shifted
    return result


@right("convolve")
def pixels_spread_out(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    # Every pixel leaves a copy of the kernel, weighed with its value.
    _padded(image, kernel, padding)  # refuses even sides
    k, m = kernel.shape[0] // 2, kernel.shape[1] // 2
    weights = kernel.reshape(*kernel.shape, *[1] * (image.ndim - 2))
    wide = np.pad(image, ((2 * k,) * 2, (2 * m,) * 2, *[(0, 0)] * (image.ndim - 2)), mode=padding)
    result = np.zeros(wide.shape)
    for i in range(k, wide.shape[0] - k):
        for j in range(m, wide.shape[1] - m):
            result[i - k : i + k + 1, j - m : j + m + 1] += weights * wide[i, j]
    height, width = image.shape[:2]
    return result[2 * k : 2 * k + height, 2 * m : 2 * m + width]


in_single_precision("convolve", reference.convolve)


@wrong(
    "convolve",
    hint="You filter the channels of a colour image one by one and forget to hand the padding on.",
    minor=True,
)
def color_without_padding(image: Image, kernel: Kernel, padding: Padding = "symmetric") -> Image:
    if image.ndim == 2:
        return reference.convolve(image, kernel, padding)
    return np.dstack([reference.convolve(image[..., c], kernel) for c in range(image.shape[2])])


# --- kernels --------------------------------------------------------------------------------------

box = functools.partial(wrong, "kernels", function="box_kernel", minor=True)
gauss = functools.partial(wrong, "kernels", function="gaussian_kernel")


@box(hint="The entries of your box_kernel are 1. They must sum to 1: divide by size^2.")
def box_of_ones(size: int) -> Kernel:
    _refuse_even_or_none(size)
    return np.ones((size, size))


@box(hint="box_kernel divides by size. It has size^2 entries, which must sum to 1.")
def box_divided_once(size: int) -> Kernel:
    _refuse_even_or_none(size)
    return np.full((size, size), 1.0 / size)


@box(hint="box_kernel takes the size for the radius k. The kernel has size x size entries.")
def box_of_radius(size: int) -> Kernel:
    _refuse_even_or_none(size)
    return np.full((2 * size + 1, 2 * size + 1), 1.0 / (2 * size + 1) ** 2)


@box(hint="box_kernel returns a line. The kernel is a square of size x size entries.")
def box_line(size: int) -> Kernel:
    _refuse_even_or_none(size)
    return np.full(size, 1.0 / size)


@box(hint="box_kernel takes any size. A size that is even or less than 1: raise a ValueError.")
def box_of_any_size(size: int) -> Kernel:
    side = max(size, 1)
    return np.full((side, side), 1.0 / side**2)


@box(hint="box_kernel refuses even sizes, but not negative ones: raise a ValueError for those too.")
def box_of_negative_size(size: int) -> Kernel:
    if size % 2 == 0:
        raise ValueError("even")
    return np.full((abs(size), abs(size)), 1.0 / size**2)


def _refuse_even_or_none(size: int) -> None:
    if size < 1 or size % 2 == 0:
        raise ValueError("size must be odd")


def _bell(sigma: float, radius: int, exponent: float = 0.0) -> Kernel:
    """Return exp(-r^2 / exponent) on a square grid, not normalised."""
    if sigma <= 0:
        raise ValueError("sigma must be positive")
    q, r = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    bell: Kernel = np.exp(-(q**2 + r**2) / (exponent or 2 * sigma**2))
    return bell


def _radius(sigma: float, truncate: float) -> int:
    return int(truncate * max(sigma, 0.0) + 0.5)


@gauss(hint="The entries of your gaussian_kernel do not sum to 1. Divide by their sum.")
def bell_not_normalised(sigma: float, truncate: float = 3.0) -> Kernel:
    return _bell(sigma, _radius(sigma, truncate))


@gauss(
    hint="gaussian_kernel divides by 2 pi sigma^2. That is the integral of the whole bell; the "
    "entries of a kernel that is cut off sum to 1 only if you divide by their sum."
)
def bell_over_its_integral(sigma: float, truncate: float = 3.0) -> Kernel:
    return _bell(sigma, _radius(sigma, truncate)) / (2 * np.pi * sigma**2)


@gauss(hint="gaussian_kernel has sigma in the exponent where sigma^2 is due.")
def sigma_for_its_square(sigma: float, truncate: float = 3.0) -> Kernel:
    bell = _bell(sigma, _radius(sigma, truncate), 2 * sigma)
    return bell / bell.sum()


@gauss(hint="gaussian_kernel lacks the 2 of 2 sigma^2 in the exponent.")
def two_missing(sigma: float, truncate: float = 3.0) -> Kernel:
    bell = _bell(sigma, _radius(sigma, truncate), sigma**2)
    return bell / bell.sum()


@gauss(
    hint="gaussian_kernel cuts the radius off, or takes halves to the even number as Python's round "
    "does. It is int(truncate * sigma + 0.5)."
)
def radius_cut_off(sigma: float, truncate: float = 3.0) -> Kernel:
    bell = _bell(sigma, int(truncate * max(sigma, 0.0)))
    return bell / bell.sum()


@gauss(hint="gaussian_kernel rounds the radius up. It is rounded: int(truncate * sigma + 0.5).")
def radius_rounded_up(sigma: float, truncate: float = 3.0) -> Kernel:
    bell = _bell(sigma, int(np.ceil(truncate * max(sigma, 0.0))))
    return bell / bell.sum()


@gauss(hint="gaussian_kernel takes truncate for the radius. It is counted in sigmas.")
def radius_in_pixels(sigma: float, truncate: float = 3.0) -> Kernel:
    bell = _bell(sigma, int(truncate + 0.5))
    return bell / bell.sum()


@gauss(hint="gaussian_kernel does not look at truncate: its radius is always 3 sigma.")
def always_three_sigma(sigma: float, truncate: float = 3.0) -> Kernel:
    return reference.gaussian_kernel(sigma)


@gauss(
    hint="The default of truncate is 3.0.",
)
def other_truncate(sigma: float, truncate: float = 4.0) -> Kernel:
    return reference.gaussian_kernel(sigma, truncate)


@gauss(
    hint="gaussian_kernel returns a line. The kernel is a square: the product of two such lines."
)
def bell_line(sigma: float, truncate: float = 3.0) -> Kernel:
    line: Kernel = reference.gaussian_kernel(sigma, truncate).sum(axis=0)
    return line


@wrong(
    "kernels",
    function="gaussian_kernel",
    hint="gaussian_kernel takes a sigma of 0 or less. Raise a ValueError.",
    minor=True,
)
def any_sigma(sigma: float, truncate: float = 3.0) -> Kernel:
    return np.ones((1, 1)) if sigma <= 0 else reference.gaussian_kernel(sigma, truncate)


@right("kernels", function="box_kernel")
def ones_divided(size: int) -> Kernel:
    _refuse_even_or_none(size)
    ones = np.ones((size, size))
    return ones / ones.sum()


@right("kernels", function="gaussian_kernel")
def bell_on_a_grid(sigma: float, truncate: float = 3.0) -> Kernel:
    bell = _bell(sigma, _radius(sigma, truncate))
    return bell / bell.sum()


@right("kernels", function="gaussian_kernel")
def bell_in_loops(sigma: float, truncate: float = 3.0) -> Kernel:
    if not sigma > 0:
        raise ValueError("sigma must be positive")
    k = int(truncate * sigma + 0.5)
    weights = [
        [math.exp(-(q * q + r * r) / (2 * sigma * sigma)) for r in range(-k, k + 1)]
        for q in range(-k, k + 1)
    ]
    total = math.fsum(map(math.fsum, weights))
    return np.array(weights) / total


_NUMPY_REFUSES = "0 is even, and numpy itself raises a ValueError for negative sides."
survivor(
    "kernels", "box_kernel: size < 1 or size % 2 == 0 -> size % 2 == 0", because=_NUMPY_REFUSES
)
survivor("kernels", "box_kernel: 1 -> 0", because=_NUMPY_REFUSES)


# --- filter_separable -----------------------------------------------------------------------------


@wrong(
    "filter_separable", hint="You filter along the rows only. A second pass goes down the columns."
)
def rows_only(image: Image, kernel: Signal, padding: Padding = "symmetric") -> Image:
    return reference.cross_correlate(image, kernel[np.newaxis], padding)


@wrong(
    "filter_separable", hint="You filter down the columns only. A second pass goes along the rows."
)
def columns_only(image: Image, kernel: Signal, padding: Padding = "symmetric") -> Image:
    return reference.cross_correlate(image, kernel[:, np.newaxis], padding)


@wrong(
    "filter_separable", hint="Both passes go along the same axis. The second takes the other one."
)
def rows_twice(image: Image, kernel: Signal, padding: Padding = "symmetric") -> Image:
    once = reference.cross_correlate(image, kernel[np.newaxis], padding)
    return reference.cross_correlate(once, kernel[np.newaxis], padding)


@wrong(
    "filter_separable",
    hint="Your passes both begin with the image, and you add their results. The second pass filters "
    "what the first one returns.",
)
def passes_added(image: Image, kernel: Signal, padding: Padding = "symmetric") -> Image:
    return rows_only(image, kernel, padding) + columns_only(image, kernel, padding)


@wrong(
    "filter_separable",
    hint="Your kernel runs backwards. H(q, r) meets I(i + q, j + r), as in cross_correlate.",
)
def separable_turned(image: Image, kernel: Signal, padding: Padding = "symmetric") -> Image:
    return reference.filter_separable(image, kernel[::-1], padding)


@wrong(
    "filter_separable",
    hint="You divide by the sum of the kernel. A kernel's weights are used as they are.",
)
def separable_and_divided(image: Image, kernel: Signal, padding: Padding = "symmetric") -> Image:
    total = kernel.sum()
    return reference.filter_separable(image, kernel / (total if total else 1.0), padding)


@wrong(
    "filter_separable",
    hint="Your second pass continues the image in a way of its own. Pass `padding` to both.",
)
def second_pass_by_default(image: Image, kernel: Signal, padding: Padding = "symmetric") -> Image:
    once = reference.cross_correlate(image, kernel[np.newaxis], padding)
    return reference.cross_correlate(once, kernel[:, np.newaxis])


@wrong("filter_separable", hint="You do not look at `padding`. Pass it on to both passes.")
def separable_by_default(image: Image, kernel: Signal, padding: Padding = "symmetric") -> Image:
    return reference.filter_separable(image, kernel)


@wrong("filter_separable", hint="The default of `padding` is 'symmetric'.")
def separable_in_zeros(image: Image, kernel: Signal, padding: Padding = "constant") -> Image:
    return reference.filter_separable(image, kernel, padding)


@wrong(
    "filter_separable",
    hint="A kernel of an even number of entries has no centre: raise a ValueError.",
    minor=True,
)
def separable_of_any_size(image: Image, kernel: Signal, padding: Padding = "symmetric") -> Image:
    odd = kernel[: (len(kernel) - 1) // 2 * 2 + 1]
    return reference.filter_separable(image, odd, padding)


@wrong(
    "filter_separable",
    hint="You write the result into the image you were given. Return a new array.",
)
def separable_in_place(image: Image, kernel: Signal, padding: Padding = "symmetric") -> Image:
    image[:] = reference.filter_separable(image, kernel, padding)
    return image


@right("filter_separable")
def columns_first(image: Image, kernel: Signal, padding: Padding = "symmetric") -> Image:
    once = reference.cross_correlate(image, kernel[:, np.newaxis], padding)
    return reference.cross_correlate(once, kernel[np.newaxis], padding)


@right("filter_separable")
def transposed_between(image: Image, kernel: Signal, padding: Padding = "symmetric") -> Image:
    for _ in range(2):
        image = np.swapaxes(reference.cross_correlate(image, kernel[np.newaxis], padding), 0, 1)
    return image


@right("filter_separable")
def windows_along_an_axis(image: Image, kernel: Signal, padding: Padding = "symmetric") -> Image:
    _refuse_even(len(kernel))
    half = len(kernel) // 2
    for axis in (0, 1):
        margin = [(half, half) if a == axis else (0, 0) for a in range(image.ndim)]
        padded = np.pad(image, margin, mode=padding)
        image = sliding_window_view(padded, len(kernel), axis=axis) @ kernel
    return image


in_single_precision("filter_separable", reference.filter_separable)


@wrong(
    "filter_separable",
    hint="You multiply the kernel with itself and filter once. Filter twice, with 2 n weights in all.",
    minor=True,
)
def in_one_pass(image: Image, kernel: Signal, padding: Padding = "symmetric") -> Image:
    return reference.cross_correlate(image, kernel[:, np.newaxis] * kernel, padding)


# --- lsi ------------------------------------------------------------------------------------------

linear = functools.partial(wrong, "lsi", function="is_linear")
invariant = functools.partial(wrong, "lsi", function="is_shift_invariant")


@linear(
    hint="is_linear tries only multiples of a single image. The median passes that; draw x and y "
    "independently."
)
def scaling_only(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    def agrees() -> bool:
        x, a = rng.standard_normal(shape), rng.standard_normal()
        return np.allclose(operator(a * x), a * operator(x))

    return all(agrees() for _ in range(trials))


@linear(
    hint="is_linear tries only multiples of a single image. The median passes that; draw x and y "
    "independently."
)
def same_image_twice(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    def agrees() -> bool:
        x = rng.standard_normal(shape)
        a, b = rng.standard_normal(2)
        return np.allclose(operator(a * x + b * x), a * operator(x) + b * operator(x))

    return all(agrees() for _ in range(trials))


@linear(
    hint="is_linear compares means or sums of the images. Linearity is a statement about every "
    "pixel."
)
def compares_means(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    def agrees() -> bool:
        x, y = rng.standard_normal((2, *shape))
        a, b = rng.standard_normal(2)
        left, right = operator(a * x + b * y), a * operator(x) + b * operator(y)
        return bool(np.isclose(left.mean(), right.mean()))

    return all(agrees() for _ in range(trials))


@linear(
    hint="is_linear asks for weights that sum to 1. An operator that adds a constant passes that; "
    "let a and b be any numbers."
)
def affine(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    def agrees() -> bool:
        x, y = rng.standard_normal((2, *shape))
        a = rng.standard_normal()
        left = operator(a * x + (1 - a) * y)
        return np.allclose(left, a * operator(x) + (1 - a) * operator(y))

    return all(agrees() for _ in range(trials))


@linear(
    hint="is_linear says True as soon as one trial agrees. One that disagrees is enough for False."
)
def any_trial(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    images = [np.zeros(shape), *rng.standard_normal((trials, *shape))]
    return any(np.allclose(operator(x + x), operator(x) + operator(x)) for x in images)


@linear(
    hint="is_linear decides in the first trial: it returns inside the loop either way. Return True "
    "only behind the loop."
)
def first_trial_only(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    return reference.is_linear(operator, shape, rng, 1)


@linear(
    hint="is_linear decides in the first trial. Some operators are linear on most images; try as "
    "often as trials says."
)
def one_sum(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    x, y = rng.standard_normal((2, *shape))
    return np.allclose(operator(x + y), operator(x) + operator(y))


@linear(
    hint="is_linear demands that results are equal to the last bit (==). Rounding makes linear "
    "operators fail; use numpy.allclose."
)
def exact_equality(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    def agrees() -> bool:
        x, y = rng.standard_normal((2, *shape))
        a, b = rng.standard_normal(2)
        return np.array_equal(operator(a * x + b * y), a * operator(x) + b * operator(y))

    return all(agrees() for _ in range(trials))


@linear(hint="is_linear always says True.")
def always_linear(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    return True


@invariant(
    hint="is_shift_invariant asks whether shifting changes nothing, F(T(x)) = F(x). The output may "
    "move, as long as it moves along: F(T(x)) = T(F(x))."
)
def unmoved(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    def agrees() -> bool:
        x, shift = rng.standard_normal(shape), rng.integers(shape)
        return np.allclose(operator(np.roll(x, shift, (0, 1))), operator(x))

    return all(agrees() for _ in range(trials))


def _invariant_to(
    operator: ImageOperator, shape: Shape, rng: Rng, shifts: list[tuple[int, int]]
) -> bool:
    x = rng.standard_normal(shape)
    return all(
        np.allclose(operator(np.roll(x, s, (0, 1))), np.roll(operator(x), s, (0, 1)))
        for s in shifts
    )


@invariant(
    hint="is_shift_invariant decides in the first trial: it returns inside the loop either way. "
    "Return True only behind the loop."
)
def first_shift_only(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    return reference.is_shift_invariant(operator, shape, rng, 1)


@invariant(
    hint="is_shift_invariant rolls the flattened image: numpy.roll without an axis pushes pixels "
    "from one row into the next. Name the axes."
)
def rolled_flat(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    def agrees() -> bool:
        x, shift = rng.standard_normal(shape), int(rng.integers(1, shape[0] * shape[1]))
        return np.allclose(operator(np.roll(x, shift)), np.roll(operator(x), shift))

    return all(agrees() for _ in range(trials))


@invariant(
    hint="is_shift_invariant leaves the border out of the comparison. F(T(x)) = T(F(x)) is meant for "
    "every pixel."
)
def interior_only(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    def agrees() -> bool:
        x, shift = rng.standard_normal(shape), rng.integers(0, 2, 2)
        left, right = operator(np.roll(x, shift, (0, 1))), np.roll(operator(x), shift, (0, 1))
        return np.allclose(left[2:-2, 2:-2], right[2:-2, 2:-2])

    return all(agrees() for _ in range(trials))


@invariant(
    hint="is_shift_invariant shifts sideways only. An operator can treat rows differently; "
    "shift both ways."
)
def sideways_only(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    return _invariant_to(operator, shape, rng, [(0, int(s)) for s in rng.integers(1, 9, trials)])


@invariant(
    hint="is_shift_invariant shifts up and down only. An operator can treat columns differently; "
    "shift both ways."
)
def downwards_only(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    return _invariant_to(operator, shape, rng, [(int(s), 0) for s in rng.integers(1, 9, trials)])


@invariant(
    hint="is_shift_invariant shifts by the same amount in rows and columns. A checkerboard does not "
    "notice that; draw the two independently."
)
def diagonal_only(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    return _invariant_to(operator, shape, rng, [(1, 1), (2, 2), (3, 3), (4, 4)])


@invariant(
    hint="is_shift_invariant fills with zeros what a shift uncovers. Shifts are periodic here: use "
    "numpy.roll."
)
def zeros_uncovered(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    def shifted(x: Image) -> Image:
        result = np.zeros_like(x)
        result[1:, 1:] = x[:-1, :-1]
        return result

    x = rng.standard_normal(shape)
    return np.allclose(operator(shifted(x)), shifted(operator(x)))


@invariant(hint="is_shift_invariant always says True.")
def always_invariant(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    return True


@linear(
    hint="is_linear makes a generator of its own. Draw from the rng that it is given.",
)
def own_generator_for_linear(
    operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20
) -> bool:
    return reference.is_linear(operator, shape, np.random.default_rng(0), trials)


@invariant(
    hint="is_shift_invariant always tries the same shift. Some operators agree for that one."
)
def one_fixed_shift(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    images = rng.standard_normal((trials, *shape))
    return all(
        np.allclose(operator(np.roll(x, (2, 3), (0, 1))), np.roll(operator(x), (2, 3), (0, 1)))
        for x in images
    )


@right("lsi", function="is_linear")
def sum_and_scaling(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    for _ in range(trials):
        x, y, a = rng.standard_normal(shape), rng.standard_normal(shape), rng.standard_normal()
        additive = np.abs(operator(x + y) - operator(x) - operator(y)).max() < 1e-9
        homogeneous = np.abs(operator(a * x) - a * operator(x)).max() < 1e-9
        if not (additive and homogeneous):
            return False
    return True


@right("lsi", function="is_linear")
def by_superposition(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    # The matrix of the operator, column by column, has to explain random images.
    basis = np.eye(shape[0] * shape[1]).reshape(-1, *shape)
    columns = np.stack([operator(e) for e in basis], axis=-1)
    images = rng.standard_normal((trials, *shape))
    return all(np.allclose(operator(x), columns @ x.ravel()) for x in images)


@right("lsi", function="is_shift_invariant")
def one_step_each_way(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    # Steps of one pixel generate all shifts.
    images = rng.standard_normal((trials, *shape))
    return all(
        np.allclose(operator(np.roll(x, 1, axis)), np.roll(operator(x), 1, axis))
        for x in images
        for axis in (0, 1)
    )


@right("lsi", function="is_shift_invariant")
def every_shift(operator: ImageOperator, shape: Shape, rng: Rng, trials: int = 20) -> bool:
    x = rng.standard_normal(shape)
    expected = operator(x)
    return not any(
        np.abs(operator(np.roll(x, s, (0, 1))) - np.roll(expected, s, (0, 1))).max() > 1e-9
        for s in np.ndindex(*shape)
    )


# --- correlation_matrix ---------------------------------------------------------------------------


def _entries(kernel: Kernel, shape: Shape, padding: Padding) -> Iterator[tuple[int, int, float]]:
    """Yield row, column and weight of every meeting of a pixel with one that counts."""
    if not all(side % 2 for side in kernel.shape):
        raise ValueError("even side")
    k, m = kernel.shape[0] // 2, kernel.shape[1] // 2
    numbers = np.arange(1, shape[0] * shape[1] + 1).reshape(shape)
    numbers = np.pad(numbers, ((k, k), (m, m)), mode=padding)
    for i, j in np.ndindex(*shape):
        for (q, r), weight in np.ndenumerate(kernel):
            if numbers[i + q, j + r]:
                yield i * shape[1] + j, int(numbers[i + q, j + r]) - 1, float(weight)


@wrong(
    "correlation_matrix",
    hint="Your matrix is that of the convolution: the kernel runs backwards.",
)
def matrix_of_the_convolution(
    kernel: Kernel, shape: Shape, padding: Padding = "symmetric"
) -> csr_array:
    return reference.correlation_matrix(kernel[::-1, ::-1], shape, padding)


@wrong(
    "correlation_matrix",
    hint="Your matrix is transposed. A row of A holds the weights of one pixel of the result.",
)
def matrix_transposed(kernel: Kernel, shape: Shape, padding: Padding = "symmetric") -> csr_array:
    return reference.correlation_matrix(kernel, shape, padding).T.tocsr()


@wrong(
    "correlation_matrix",
    hint="You number the pixels column by column. image.ravel() goes row by row: pixel (i, j) is "
    "number i W + j.",
)
def columns_numbered(kernel: Kernel, shape: Shape, padding: Padding = "symmetric") -> csr_array:
    height, width = shape
    matrix = reference.correlation_matrix(kernel, shape, padding)
    order = np.arange(height * width).reshape(shape).T.ravel()
    return matrix[order][:, order]


@wrong(
    "correlation_matrix",
    hint="Where several weights meet the same pixel you keep the last. They add up.",
)
def last_weight_stays(kernel: Kernel, shape: Shape, padding: Padding = "symmetric") -> csr_array:
    matrix = lil_array((shape[0] * shape[1],) * 2)
    for row, column, weight in _entries(kernel, shape, padding):
        matrix[row, column] = weight
    return matrix.tocsr()


@wrong(
    "correlation_matrix",
    hint="You leave out whatever lies beyond the border, which is right for 'constant' alone.",
)
def border_left_out(kernel: Kernel, shape: Shape, padding: Padding = "symmetric") -> csr_array:
    return reference.correlation_matrix(kernel, shape, "constant")


@wrong(
    "correlation_matrix",
    hint="You do not look at `padding`. It decides where the weights beyond the border go.",
)
def matrix_by_default(kernel: Kernel, shape: Shape, padding: Padding = "symmetric") -> csr_array:
    return reference.correlation_matrix(kernel, shape)


@wrong("correlation_matrix", hint="The default of `padding` is 'symmetric'.")
def matrix_in_zeros(kernel: Kernel, shape: Shape, padding: Padding = "constant") -> csr_array:
    return reference.correlation_matrix(kernel, shape, padding)


@wrong(
    "correlation_matrix",
    hint="Your matrix is dense: for a photo it would not fit into memory. Use scipy.sparse.",
)
def dense_matrix(kernel: Kernel, shape: Shape, padding: Padding = "symmetric") -> Any:
    return reference.correlation_matrix(kernel, shape, padding).toarray()


@wrong(
    "correlation_matrix",
    hint="A kernel with an even side has no centre: raise a ValueError.",
    minor=True,
)
def matrix_of_even_sides(kernel: Kernel, shape: Shape, padding: Padding = "symmetric") -> csr_array:
    odd = kernel[: (kernel.shape[0] - 1) // 2 * 2 + 1, : (kernel.shape[1] - 1) // 2 * 2 + 1]
    return reference.correlation_matrix(odd, shape, padding)


@right("correlation_matrix")
def weights_added(kernel: Kernel, shape: Shape, padding: Padding = "symmetric") -> csr_array:
    entries = list(_entries(kernel, shape, padding))
    rows, columns, weights = zip(*entries, strict=True)
    return coo_array((weights, (rows, columns)), shape=(shape[0] * shape[1],) * 2).tocsr()


@right("correlation_matrix")
def filtered_impulses(kernel: Kernel, shape: Shape, padding: Padding = "symmetric") -> csc_array:
    # Column by column: what the filter makes of a lone bright pixel.
    columns = []
    for i, j in np.ndindex(*shape):
        impulse = np.zeros(shape)
        impulse[i, j] = 1.0
        column = reference.cross_correlate(impulse, kernel, padding)
        columns.append(csc_array(column.reshape(-1, 1)))
    return hstack(columns, format="csc")


@right("correlation_matrix")
def shift_matrices(kernel: Kernel, shape: Shape, padding: Padding = "symmetric") -> csr_array:
    # A 1D shift is a small matrix; a 2D shift is the Kronecker product of two.
    if not all(side % 2 for side in kernel.shape):
        raise ValueError("even side")

    def shift(size: int, by: int) -> csr_array:
        half = abs(by)
        padded = np.pad(np.arange(1, size + 1), half, mode=padding)[half + by : half + by + size]
        inside = np.flatnonzero(padded)
        ones = np.ones(inside.size)
        return csr_array((ones, (inside, padded[inside] - 1)), shape=(size, size))

    k, m = kernel.shape[0] // 2, kernel.shape[1] // 2
    total = csr_array((shape[0] * shape[1],) * 2)
    for (q, r), weight in np.ndenumerate(kernel):
        total = total + weight * kron(shift(shape[0], q - k), shift(shape[1], r - m))
    return total.tocsr()


survivor(
    "correlation_matrix",
    "correlation_matrix: 1 -> 2 (#4)",
    because="numpy takes every negative number for the side that follows from the other.",
)
for _change in (
    "[(rows, rows), (columns, columns)] + [(0, 0)] * (image.ndim - 2) -> "
    "[(rows, rows), (columns, columns)]",
    *("0 -> 1 (#2)", "0 -> -1 (#2)", "0 -> 1 (#3)", "0 -> -1 (#3)", "2 -> 3 (#3)"),
):
    survivor(
        "correlation_matrix",
        f"_pad: {_change}",
        because="The numbers of the pixels have no channels: nothing is added for them.",
    )


@wrong(
    "correlation_matrix",
    hint="With 'constant' there is a zero and no pixel beyond the border: leave those weights out. "
    "Yours go to the first pixel.",
)
def weights_at_the_first_pixel(
    kernel: Kernel, shape: Shape, padding: Padding = "symmetric"
) -> csr_array:
    if kernel.shape[0] % 2 == 0 or kernel.shape[1] % 2 == 0:
        raise ValueError("even")
    rows, columns = kernel.shape[0] // 2, kernel.shape[1] // 2
    numbers = np.arange(shape[0] * shape[1]).reshape(shape)
    padded = np.pad(numbers, ((rows, rows), (columns, columns)), mode=padding)
    windows = sliding_window_view(padded, kernel.shape).reshape(numbers.size, -1)
    owners = np.repeat(numbers.ravel(), kernel.size)
    weights = np.tile(kernel.ravel(), numbers.size)
    return csr_array((weights, (owners, windows.ravel())), shape=(numbers.size, numbers.size))
