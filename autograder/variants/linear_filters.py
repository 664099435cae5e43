"""Known answers to the exercises of linear_filters: misconceptions, and other right ways."""

import functools

import numpy as np
from numpy.lib.stride_tricks import as_strided, sliding_window_view

from autograder.variants import right, survivor, wrong
from course_utils.reference import linear_filters as reference
from course_utils.types import Image, ImageOperator, Kernel, Padding, Signal

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
