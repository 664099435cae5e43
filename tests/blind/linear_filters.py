"""Blind answers: one right and three wrong for every coded question."""

import numpy as np


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
