"""Blind answers: one right and three wrong for every coded question."""

import numpy as np
from scipy.sparse import csr_array, lil_array


class add_gaussian_noise__right_1:
    """Draws one plane of standard normal numbers per channel, scales, adds to a copy."""

    @staticmethod
    def add_gaussian_noise(image, sigma, rng):
        noisy = np.array(image, dtype=np.float64)
        planes = [noisy] if noisy.ndim == 2 else [noisy[:, :, c] for c in range(noisy.shape[2])]
        for plane in planes:
            plane += sigma * rng.standard_normal(plane.shape)
        return noisy


class add_gaussian_noise__wrong_1:
    """One noise plane for all channels of a colour image: the channels are not independent."""

    @staticmethod
    def add_gaussian_noise(image, sigma, rng):
        noise = rng.normal(0.0, sigma, size=image.shape[:2])
        if image.ndim == 3:
            noise = noise[:, :, None]
        return image + noise


class add_gaussian_noise__wrong_2:
    """Brightness cannot be negative, so the result is cut off at 0 (but not at 1)."""

    @staticmethod
    def add_gaussian_noise(image, sigma, rng):
        return np.maximum(image + rng.normal(0.0, sigma, size=image.shape), 0.0)


class add_gaussian_noise__wrong_3:
    """Subtle: subtracts the sample mean "so that the noise has mean 0": values not independent."""

    @staticmethod
    def add_gaussian_noise(image, sigma, rng):
        noise = rng.normal(0.0, sigma, size=image.shape)
        noise -= noise.mean()
        return image + noise


class moving_average__right_1:
    """A table of clipped indices, one row per value, and the mean over the rows."""

    @staticmethod
    def moving_average(signal, size):
        if size % 2 == 0:
            raise ValueError("size must be odd")
        reach = size // 2
        last = len(signal) - 1
        table = np.arange(len(signal))[:, None] - np.arange(-reach, reach + 1)[None, :]
        return np.asarray(signal, dtype=np.float64)[np.clip(table, 0, last)].mean(axis=1)


class moving_average__wrong_1:
    """At the ends the window shrinks to the values that exist, instead of going on with the edge."""

    @staticmethod
    def moving_average(signal, size):
        if size % 2 == 0:
            raise ValueError("size must be odd")
        k = size // 2
        out = np.zeros(len(signal))
        for i in range(len(signal)):
            out[i] = np.mean(signal[max(0, i - k) : i + k + 1])
        return out


class moving_average__wrong_2:
    """Mirrors the signal at its ends ("symmetric"); for size 3 that is the same as "edge"."""

    @staticmethod
    def moving_average(signal, size):
        if size % 2 == 0:
            raise ValueError("size must be odd")
        k = size // 2
        padded = np.pad(signal, k, mode="symmetric")
        windows = np.lib.stride_tricks.sliding_window_view(padded, size)
        return windows.mean(axis=1)


class moving_average__wrong_3:
    """Subtle: never pads by more than the signal is long, so a very wide window is silently cut."""

    @staticmethod
    def moving_average(signal, size):
        if size % 2 == 0:
            raise ValueError("size must be odd")
        n = len(signal)
        k = min(size // 2, n)
        padded = np.pad(signal, k, mode="edge")
        out = np.zeros(n)
        for j in range(2 * k + 1):
            out += padded[j : j + n]
        return out / (2 * k + 1)


class cross_correlate__right_1:
    """One loop over the kernel entries (ndenumerate) on a padded copy, any number of channels."""

    @staticmethod
    def cross_correlate(image, kernel, padding="symmetric"):
        h, w = kernel.shape
        if h % 2 == 0 or w % 2 == 0:
            raise ValueError(f"the kernel needs odd sides, not {h} x {w}")
        rows, columns = image.shape[:2]
        border = [(h // 2, h // 2), (w // 2, w // 2)] + [(0, 0)] * (image.ndim - 2)
        wide = np.pad(np.asarray(image, dtype=np.float64), border, mode=padding)
        total = np.zeros(image.shape, dtype=np.float64)
        for (q, r), weight in np.ndenumerate(kernel):
            total += weight * wide[q : q + rows, r : r + columns]
        return total


class cross_correlate__wrong_1:
    """The colour branch forgets the argument `padding` and always mirrors."""

    @staticmethod
    def cross_correlate(image, kernel, padding="symmetric"):
        h, w = kernel.shape
        if h % 2 == 0 or w % 2 == 0:
            raise ValueError("kernel sides must be odd")
        ph, pw = h // 2, w // 2
        if image.ndim == 3:
            padded = np.pad(image, ((ph, ph), (pw, pw), (0, 0)), mode="symmetric")
        else:
            padded = np.pad(image, ((ph, ph), (pw, pw)), mode=padding)
        out = np.zeros(image.shape)
        for q in range(h):
            for r in range(w):
                out += kernel[q, r] * padded[q : q + image.shape[0], r : r + image.shape[1]]
        return out


class cross_correlate__wrong_2:
    """Divides by the sum of the kernel (the 1/Z) unless that is zero."""

    @staticmethod
    def cross_correlate(image, kernel, padding="symmetric"):
        h, w = kernel.shape
        if h % 2 == 0 or w % 2 == 0:
            raise ValueError("kernel sides must be odd")
        z = kernel.sum()
        if not np.isclose(z, 0.0):
            kernel = kernel / z
        pad = [(h // 2, h // 2), (w // 2, w // 2)] + [(0, 0)] * (image.ndim - 2)
        padded = np.pad(image, pad, mode=padding)
        out = np.zeros(image.shape)
        for q in range(h):
            for r in range(w):
                out += kernel[q, r] * padded[q : q + image.shape[0], r : r + image.shape[1]]
        return out


class cross_correlate__wrong_3:
    """Subtle: raises ValueError only if both sides of the kernel are even (and, not or)."""

    @staticmethod
    def cross_correlate(image, kernel, padding="symmetric"):
        h, w = kernel.shape
        if h % 2 == 0 and w % 2 == 0:
            raise ValueError("kernel sides must be odd")
        pad = [(h // 2, h // 2), (w // 2, w // 2)] + [(0, 0)] * (image.ndim - 2)
        padded = np.pad(image, pad, mode=padding)
        out = np.zeros(image.shape)
        for q in range(h):
            for r in range(w):
                out += kernel[q, r] * padded[q : q + image.shape[0], r : r + image.shape[1]]
        return out


def _linear_trial(operator, shape, rng):
    x = rng.standard_normal(shape)
    y = rng.standard_normal(shape)
    a, b = rng.standard_normal(2)
    return np.allclose(operator(a * x + b * y), a * operator(x) + b * operator(y))


def _shift_trial(operator, shape, rng):
    x = rng.standard_normal(shape)
    shift = (int(rng.integers(shape[0])), int(rng.integers(shape[1])))
    before = operator(np.roll(x, shift, axis=(0, 1)))
    after = np.roll(operator(x), shift, axis=(0, 1))
    return np.allclose(before, after)


class lsi__right_1:
    """A helper for one trial, and all() over the trials."""

    @staticmethod
    def is_linear(operator, shape, rng, trials=20):
        return all(_linear_trial(operator, shape, rng) for _ in range(trials))

    @staticmethod
    def is_shift_invariant(operator, shape, rng, trials=20):
        return all(_shift_trial(operator, shape, rng) for _ in range(trials))


class lsi__wrong_1:
    """Subtle: both return from inside the loop, so only the first trial counts."""

    @staticmethod
    def is_linear(operator, shape, rng, trials=20):
        for _ in range(trials):
            x, y = rng.standard_normal(shape), rng.standard_normal(shape)
            a, b = rng.standard_normal(), rng.standard_normal()
            if not np.allclose(operator(a * x + b * y), a * operator(x) + b * operator(y)):
                return False
            return True

    @staticmethod
    def is_shift_invariant(operator, shape, rng, trials=20):
        for _ in range(trials):
            x = rng.standard_normal(shape)
            dy, dx = rng.integers(0, shape[0]), rng.integers(0, shape[1])
            left = operator(np.roll(x, (dy, dx), axis=(0, 1)))
            right = np.roll(operator(x), (dy, dx), axis=(0, 1))
            if not np.allclose(left, right):
                return False
            return True


class lsi__wrong_2:
    """Subtle: shifts rows and columns by the same number; a checkerboard mask looks invariant."""

    @staticmethod
    def is_linear(operator, shape, rng, trials=20):
        return all(_linear_trial(operator, shape, rng) for _ in range(trials))

    @staticmethod
    def is_shift_invariant(operator, shape, rng, trials=20):
        for _ in range(trials):
            x = rng.standard_normal(shape)
            shift = rng.integers(1, max(shape) + 1)
            left = operator(np.roll(x, shift, axis=(0, 1)))
            right = np.roll(operator(x), shift, axis=(0, 1))
            if not np.allclose(left, right):
                return False
        return True


class lsi__wrong_3:
    """Excuses the border: small shifts, and two rows and columns on each side not compared."""

    @staticmethod
    def is_linear(operator, shape, rng, trials=20):
        return all(_linear_trial(operator, shape, rng) for _ in range(trials))

    @staticmethod
    def is_shift_invariant(operator, shape, rng, trials=20):
        for _ in range(trials):
            x = rng.standard_normal(shape)
            dy, dx = rng.integers(-1, 2, size=2)
            left = operator(np.roll(x, (dy, dx), axis=(0, 1)))
            right = np.roll(operator(x), (dy, dx), axis=(0, 1))
            if not np.allclose(left[2:-2, 2:-2], right[2:-2, 2:-2]):
                return False
        return True


class add_salt_and_pepper__right_1:
    """Every pixel draws one of three fates, and a table says what becomes of it."""

    @staticmethod
    def add_salt_and_pepper(image, amount, rng):
        fate = rng.choice(3, size=image.shape[:2], p=[1 - amount, amount / 2, amount / 2])
        fate = fate.reshape(fate.shape + (1,) * (image.ndim - 2))
        untouched = np.array([1.0, 0.0, 0.0])[fate]
        light = np.array([0.0, 1.0, 0.0])[fate]
        return untouched * image + light


class add_salt_and_pepper__wrong_1:
    """Every channel of a colour image is hit for itself, so that pixels turn red or cyan."""

    @staticmethod
    def add_salt_and_pepper(image, amount, rng):
        chance = rng.random(image.shape)
        noisy = image.copy()
        noisy[chance < amount / 2] = 1.0
        noisy[chance > 1 - amount / 2] = 0.0
        return noisy


class add_salt_and_pepper__wrong_2:
    """Salt and pepper are drawn one after the other, and pepper falls on salt as well."""

    @staticmethod
    def add_salt_and_pepper(image, amount, rng):
        noisy = image.copy()
        noisy[rng.random(image.shape[:2]) < amount / 2] = 1.0
        noisy[rng.random(image.shape[:2]) < amount / 2] = 0.0
        return noisy


class add_salt_and_pepper__wrong_3:
    """The places hit come row after row, and the first half is salt: white above, black below."""

    @staticmethod
    def add_salt_and_pepper(image, amount, rng):
        rows, columns = np.nonzero(rng.random(image.shape[:2]) < amount)
        half = len(rows) // 2
        noisy = image.copy()
        noisy[rows[:half], columns[:half]] = 1.0
        noisy[rows[half:], columns[half:]] = 0.0
        return noisy


class average_frames__right_1:
    """A running mean: every frame pulls it by one k-th of the difference."""

    @staticmethod
    def average_frames(frames):
        if frames.shape[0] == 0:
            raise ValueError("there is no frame to average")
        mean = np.zeros(frames.shape[1:], np.float64)
        for k, frame in enumerate(frames, start=1):
            mean += (frame - mean) / k
        return mean


class average_frames__wrong_1:
    """Halves the way to every new frame, so that the last frames weigh most."""

    @staticmethod
    def average_frames(frames):
        if len(frames) == 0:
            raise ValueError("no frames")
        mean = frames[0].astype(np.float64)
        for frame in frames[1:]:
            mean = (mean + frame) / 2
        return mean


class average_frames__wrong_2:
    """A single frame is handed back as it is, so that bytes stay bytes."""

    @staticmethod
    def average_frames(frames):
        if len(frames) == 0:
            raise ValueError("no frames")
        if len(frames) == 1:
            return frames[0].copy()
        return frames.astype(np.float64).sum(axis=0) / len(frames)


class average_frames__wrong_3:
    """Adds bytes up in 16 bits, which overflow from 258 bright frames on."""

    @staticmethod
    def average_frames(frames):
        if len(frames) == 0:
            raise ValueError("no frames")
        roomy = np.uint16 if frames.dtype == np.uint8 else np.float64
        total = np.zeros(frames.shape[1:], roomy)
        for frame in frames:
            total += frame
        return total / len(frames)


def _odd_sides(kernel):
    for side in kernel.shape:
        if side % 2 == 0:
            raise ValueError(f"a kernel of {kernel.shape} has no centre")


def _continued(image, kernel, padding):
    """Continue an image by half a kernel on all sides."""
    width = [(side // 2, side // 2) for side in kernel.shape]
    width += [(0, 0)] * (image.ndim - 2)
    return np.pad(image, width, mode=padding)


def _correlated(image, kernel, padding):
    wide = _continued(image, kernel, padding)
    height, width = image.shape[:2]
    total = np.zeros(image.shape)
    for (a, b), weight in np.ndenumerate(kernel):
        total += weight * wide[a : a + height, b : b + width]
    return total


class convolve__right_1:
    """Every pixel of the continued image spreads its light on a larger canvas, cut out at last."""

    @staticmethod
    def convolve(image, kernel, padding="symmetric"):
        _odd_sides(kernel)
        light = _continued(image, kernel, padding)
        h, w = kernel.shape
        tall, broad = light.shape[:2]
        canvas = np.zeros((tall + h - 1, broad + w - 1, *image.shape[2:]))
        for row in range(h):
            for column in range(w):
                canvas[row : row + tall, column : column + broad] += kernel[row, column] * light
        # Half a kernel was added by the continuation, another half by the spreading.
        return canvas[h - 1 : h - 1 + image.shape[0], w - 1 : w - 1 + image.shape[1]]


class convolve__wrong_1:
    """Turns the kernel upside down only, and forgets left and right."""

    @staticmethod
    def convolve(image, kernel, padding="symmetric"):
        _odd_sides(kernel)
        return _correlated(image, kernel[::-1], padding)


class convolve__wrong_2:
    """For 'wrap' it rolls the image instead, in the wrong direction: there it correlates."""

    @staticmethod
    def convolve(image, kernel, padding="symmetric"):
        _odd_sides(kernel)
        if padding != "wrap":
            return _correlated(image, kernel[::-1, ::-1], padding)
        h, w = kernel.shape
        total = np.zeros(image.shape)
        for q in range(-(h // 2), h // 2 + 1):
            for r in range(-(w // 2), w // 2 + 1):
                weight = kernel[q + h // 2, r + w // 2]
                total += weight * np.roll(image, (-q, -r), axis=(0, 1))
        return total


class convolve__wrong_3:
    """Leaves a kernel that equals its transpose as it is, as if that were the same after a turn."""

    @staticmethod
    def convolve(image, kernel, padding="symmetric"):
        _odd_sides(kernel)
        symmetric = np.array_equal(kernel, kernel.T)
        turned = kernel if symmetric else np.rot90(kernel, 2)
        return _correlated(image, turned, padding)


class kernels__right_1:
    """Both kernels are a column times a row; the Gaussian's exponents are numbers of sigmas."""

    @staticmethod
    def box_kernel(size):
        if size < 1 or size % 2 == 0:
            raise ValueError(f"the size must be odd and at least 1, it is {size}")
        line = np.repeat(1.0 / size, size)
        return line[:, np.newaxis] * line

    @staticmethod
    def gaussian_kernel(sigma, truncate=3.0):
        if not sigma > 0:
            raise ValueError(f"sigma must be greater than 0, it is {sigma}")
        k = int(truncate * sigma + 0.5)
        places = np.array([place / sigma for place in range(-k, k + 1)])
        line = np.exp(-0.5 * places * places)
        line /= line.sum()
        return line[:, np.newaxis] * line


class kernels__wrong_1:
    """The Gaussian is cut off along a circle: the corners of the square are set to 0."""

    @staticmethod
    def box_kernel(size):
        if size < 1 or size % 2 == 0:
            raise ValueError("size")
        return np.full((size, size), 1.0 / size**2)

    @staticmethod
    def gaussian_kernel(sigma, truncate=3.0):
        if not sigma > 0:
            raise ValueError("sigma")
        k = int(truncate * sigma + 0.5)
        q, r = np.mgrid[-k : k + 1, -k : k + 1]
        squared = q**2 + r**2
        kernel = np.where(squared <= k**2, np.exp(-squared / (2 * sigma**2)), 0.0)
        return kernel / kernel.sum()


class kernels__wrong_2:
    """Only a sigma of 0 is refused; for a negative one an empty kernel comes back."""

    @staticmethod
    def box_kernel(size):
        if size < 1 or size % 2 == 0:
            raise ValueError("size")
        return np.full((size, size), 1.0 / size**2)

    @staticmethod
    def gaussian_kernel(sigma, truncate=3.0):
        if sigma == 0:
            raise ValueError("sigma")
        k = int(truncate * sigma + 0.5)
        q = np.arange(-k, k + 1)
        kernel = np.exp(-(q[:, None] ** 2 + q[None, :] ** 2) / (2 * sigma**2))
        return kernel / kernel.sum()


class kernels__wrong_3:
    """The radius is rounded by round(), which takes a half to the even neighbour: 4.5 to 4."""

    @staticmethod
    def box_kernel(size):
        if size < 1 or size % 2 == 0:
            raise ValueError("size")
        return np.full((size, size), 1.0 / size**2)

    @staticmethod
    def gaussian_kernel(sigma, truncate=3.0):
        if not sigma > 0:
            raise ValueError("sigma")
        k = round(truncate * sigma)
        q = np.arange(-k, k + 1)
        kernel = np.exp(-(q[:, None] ** 2 + q[None, :] ** 2) / (2 * sigma**2))
        return kernel / kernel.sum()


class filter_separable__right_1:
    """One pass is a product of all windows of one axis with the kernel; it is made twice."""

    @staticmethod
    def filter_separable(image, kernel, padding="symmetric"):
        n = len(kernel)
        if n % 2 == 0:
            raise ValueError(f"a kernel of {n} entries has no centre")
        result = image
        for axis in (1, 0):
            beyond = [(0, 0)] * image.ndim
            beyond[axis] = (n // 2, n // 2)
            wide = np.pad(result, beyond, mode=padding)
            result = np.lib.stride_tricks.sliding_window_view(wide, n, axis=axis) @ kernel
        return result


def _one_pass(image, kernel, axis, padding="symmetric"):
    """Correlate along one axis."""
    k = len(kernel) // 2
    beyond = [(0, 0)] * image.ndim
    beyond[axis] = (k, k)
    wide = np.moveaxis(np.pad(image, beyond, mode=padding), axis, 0)
    length = image.shape[axis]
    total = sum(weight * wide[m : m + length] for m, weight in enumerate(kernel))
    return np.moveaxis(total, 0, axis)


class filter_separable__wrong_1:
    """Turns the kernel round before both passes: it convolves where it should correlate."""

    @staticmethod
    def filter_separable(image, kernel, padding="symmetric"):
        if len(kernel) % 2 == 0:
            raise ValueError("kernel")
        rows = _one_pass(image, kernel[::-1], 1, padding)
        return _one_pass(rows, kernel[::-1], 0, padding)


class filter_separable__wrong_2:
    """The second pass is not told the padding and takes the default."""

    @staticmethod
    def filter_separable(image, kernel, padding="symmetric"):
        if len(kernel) % 2 == 0:
            raise ValueError("kernel")
        return _one_pass(_one_pass(image, kernel, 1, padding), kernel, 0)


class filter_separable__wrong_3:
    """Cuts the border off with [k:-k], which leaves nothing for a kernel of a single entry."""

    @staticmethod
    def filter_separable(image, kernel, padding="symmetric"):
        if len(kernel) % 2 == 0:
            raise ValueError("kernel")
        k = len(kernel) // 2
        wide = np.pad(image, [(k, k), (k, k)] + [(0, 0)] * (image.ndim - 2), mode=padding)
        for axis in (1, 0):
            wide = sum(
                weight * np.roll(wide, k - m, axis=axis) for m, weight in enumerate(kernel)
            )
        return wide[k:-k, k:-k]


class correlation_matrix__right_1:
    """An image of pixel numbers is continued; its windows are the rows' columns, as CSR has it."""

    @staticmethod
    def correlation_matrix(kernel, shape, padding="symmetric"):
        _odd_sides(kernel)
        h, w = kernel.shape
        pixels = shape[0] * shape[1]
        numbers = np.arange(1, pixels + 1).reshape(shape)
        # Zeros beyond the border stand for no pixel at all.
        numbers = np.pad(numbers, ((h // 2, h // 2), (w // 2, w // 2)), mode=padding)
        windows = np.lib.stride_tricks.sliding_window_view(numbers, (h, w)).reshape(pixels, h * w)
        there = windows > 0
        weights = np.broadcast_to(kernel.ravel(), windows.shape)[there]
        begins = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
        matrix = csr_array(
            (weights.astype(np.float64), windows[there] - 1, begins), shape=(pixels, pixels)
        )
        matrix.sum_duplicates()
        return matrix


def _numbers(shape):
    return np.arange(shape[0] * shape[1]).reshape(shape)


def _assembled(kernel, shape, rows_of, columns_of):
    """Add up the weights; rows_of and columns_of give a place, or a negative one for nothing."""
    h, w = kernel.shape
    height, width = shape
    here = _numbers(shape)
    entries, rows, columns = [], [], []
    for a in range(h):
        for b in range(w):
            i = rows_of(np.arange(height) + a - h // 2, height)[:, None]
            j = columns_of(np.arange(width) + b - w // 2, width)[None, :]
            there = (i >= 0) & (j >= 0)
            rows.append(here[there])
            columns.append((i * width + j)[there])
            entries.append(np.full(there.sum(), kernel[a, b]))
    places = np.concatenate(rows), np.concatenate(columns)
    return csr_array((np.concatenate(entries), places), shape=(here.size, here.size))


class correlation_matrix__wrong_1:
    """Sets entries instead of adding to them: of weights that share a pixel the last one stays."""

    @staticmethod
    def correlation_matrix(kernel, shape, padding="symmetric"):
        _odd_sides(kernel)
        h, w = kernel.shape
        here = _numbers(shape)
        wide = np.pad(here + 1, ((h // 2, h // 2), (w // 2, w // 2)), mode=padding) - 1
        matrix = lil_array((here.size, here.size))
        for a in range(h):
            for b in range(w):
                there = wide[a : a + shape[0], b : b + shape[1]]
                inside = there >= 0
                matrix[here[inside], there[inside]] = kernel[a, b]
        return csr_array(matrix)


def _border_wrong_2(padding):
    def place(i, n):
        if padding == "constant":
            return np.where((i < 0) | (i >= n), -1, i)
        if padding == "wrap":
            return i % n
        if padding == "reflect":
            period = max(2 * (n - 1), 1)
            return np.minimum(i % period, -i % period)
        return np.clip(i, 0, n - 1)

    return place


class correlation_matrix__wrong_2:
    """Takes 'symmetric' for 'edge', which is the same only for kernels of 3 x 3."""

    @staticmethod
    def correlation_matrix(kernel, shape, padding="symmetric"):
        _odd_sides(kernel)
        place = _border_wrong_2(padding)
        return _assembled(kernel, shape, place, place)


def _border_wrong_3(padding):
    def place(i, n):
        if padding == "constant":
            return np.where((i < 0) | (i >= n), -1, i)
        if padding == "wrap":
            return i % n
        if padding == "symmetric":
            i = np.where(i < 0, -1 - i, i)
            i = np.where(i >= n, 2 * n - 1 - i, i)
        if padding == "reflect":
            i = np.abs(i)
            i = np.where(i >= n, 2 * (n - 1) - i, i)
        return np.clip(i, 0, n - 1)

    return place


class correlation_matrix__wrong_3:
    """Mirrors at each border once and then goes on with the edge: wrong for tiny images only."""

    @staticmethod
    def correlation_matrix(kernel, shape, padding="symmetric"):
        _odd_sides(kernel)
        place = _border_wrong_3(padding)
        return _assembled(kernel, shape, place, place)
