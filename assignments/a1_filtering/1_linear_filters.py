# %% [markdown]
# # Linear filters
#
# A camera measures light, and a little of everything else: too few photons, a warm sensor, a
# crude converter, colours that are guessed from neighbouring pixels. This notebook is about taking
# the noise out again by averaging, about the one formula behind all such averages, and about what
# that formula can and cannot do.
#
# **You will be able to**
#
# - say what an image is as a function, and add noise to it the way sensors do,
# - reduce noise by averaging frames and by averaging neighbours, and say which is better when,
# - write correlation and convolution, and make them fast where the kernel allows it,
# - test whether an operator is linear and shift-invariant, and write a filter as a matrix,
# - explain why a box blurs worse than a Gaussian.
#
# **Time to plan:** three to five hours. **You hand in** this notebook under its own name.
#
# **Use of AI tools:** you may ask them about ideas; the code and the answers you hand in are your
# own.
#
# Every exercise has a check below it. It tries your function on small examples and says what is
# wrong. After you hand in, hidden tests look closer, on inputs you have not seen.

# %%
from time import perf_counter

import numpy as np
from scipy.sparse import csr_array

from course_utils import check, demo, environment, images, operators, plots, progress
from course_utils.types import Frames, Image, ImageOperator, Kernel, Padding, Signal
from course_utils.widgets import linear_filters as widgets

environment.check()

# %% [markdown]
# ## 1. An image is a function
#
# A grey image gives every place a brightness, $(x, y) \rightarrow I(x, y)$. On a grid of pixels
# it is an array: `image[i, j]` is row $i$, column $j$, counted from the upper left corner. A
# colour image gives every place three numbers,
# $\mathbf{I}(x, y) = (R(x, y), G(x, y), B(x, y))$, so its array has a third axis. Here values are
# floating-point numbers, 0 is black and 1 is white.

# %%
camera = images.load("camera")
coffee = images.shrink(images.load("coffee"), 2)
print("camera", camera.shape, camera.dtype, camera.min(), camera.max())
print("coffee", coffee.shape, coffee.dtype, coffee.min(), coffee.max())
plots.side_by_side(
    camera[::2, ::2],
    coffee,
    titles=["camera", "coffee"],
    description="A grey picture of a man with a camera, and a colour picture of a cup of coffee.",
)

# %% [markdown]
# ## 2. Noise
#
# The simplest model of a noisy measurement adds to every value an independent Gaussian number,
#
# $$\tilde I(x, y) = I(x, y) + \nu(x, y), \qquad \nu(x, y) \sim N(0, \sigma^2).$$
#
# > **From slide to code.** The slide writes $N(0, \sigma)$, with $\sigma$ the standard deviation.
# > Books write the variance, $N(0, \sigma^2)$; `rng.normal` wants the standard deviation.
#
# The sum may leave $[0, 1]$, and it should: cutting it off would move the mean of dark and bright
# pixels, and averaging could no longer bring the true value back. Clip only to display.
#
# All randomness comes from the generator `rng` that your function is given. Then whoever calls it
# decides about the seed, and an experiment can be repeated.

# %% exercise="add_gaussian_noise" points=3

# %% [markdown]
# Your function on a real picture, at the lecture's three noise levels.

# %%
small = images.shrink(camera, 2)
levels = (0.15, 0.35, 0.5)
plots.side_by_side(
    *(demo(add_gaussian_noise, small, sigma, np.random.default_rng(0)) for sigma in levels),
    titles=[f"sigma {sigma}" for sigma in levels],
    description="The same picture with more and more noise: the fine detail drowns first.",
)

# %% [markdown]
# Not all noise is Gaussian. A dead or saturated pixel, or a bit that flipped on its way, has
# nothing to do with the light that fell on it: its value is lost. *Salt and pepper* is the model.
# Some pixels, wherever chance has it, become white or black; all others stay as they are.

# %% exercise="add_salt_and_pepper" points=3

# %% [markdown]
# Both kinds, one at a time, with the grey levels that come of them. Which kind moves every pixel a
# little, which moves a few pixels a lot? At which amounts do the two have the same error?
#
# *If a control shows no picture, run its cell again.*

# %%
demo(widgets.NoiseExplorer, small, add_gaussian_noise, add_salt_and_pepper)

# %% [markdown]
# ## 3. Averaging frames
#
# A camera on a tripod can take the scene again and again. The scene is the same in all frames, the
# noise is not, and so the mean of the frames,
#
# $$\hat I(x, y) = \frac{1}{n} \sum_{k=1}^{n} \tilde I_k(x, y),$$
#
# keeps the one and cancels the other. If the noise of the frames is independent with standard
# deviation $\sigma$, the variance of a sum of $n$ of them is $n \sigma^2$; after the division by
# $n$ the standard deviation is
#
# $$\sigma_{\hat I} = \frac{\sqrt{n \sigma^2}}{n} = \frac{\sigma}{\sqrt{n}}.$$
#
# Four frames halve the noise, a hundred leave a tenth. Cameras deliver bytes: mind what happens
# when bytes are added up.

# %% exercise="average_frames" points=2

# %% [markdown]
# Does the noise fall as promised? One curve is measured, the other is $\sigma / \sqrt{n}$.

# %%
tile = small[80:144, 80:144]
frames = np.stack([tile + np.random.default_rng(k).normal(0, 0.2, tile.shape) for k in range(64)])
counts = np.array([1, 2, 4, 8, 16, 32, 64])
means = [demo(average_frames, frames[:n]) for n in counts]
plots.curves(
    counts,
    {
        "measured": demo(lambda *found: [float((m - tile).std()) for m in found], *means),
        "sigma / sqrt(n)": 0.2 / np.sqrt(counts),
    },
    xlabel="number of frames n",
    ylabel="noise left",
    description="The noise left falls from 0.2 for one frame to 0.025 for 64, on the curve.",
)

# %% [markdown]
# ## 4. Averaging neighbours
#
# With a single frame there is still something to average: neighbours mostly show the same thing.
# In one dimension, for odd $N$,
#
# $$\hat X(i) = \frac{1}{N} \sum_{j=-(N-1)/2}^{(N-1)/2} X(i - j).$$
#
# At the ends the window reaches beyond the signal, so a rule is needed. Here the signal goes on
# with its first and its last value.

# %% exercise="moving_average" points=2

# %% replay="moving_average" points=2

# %% [markdown]
# A step with salt and pepper: a wider window removes more of the outliers, and more of the step.

# %%
step = images.noisy_step()
plots.curves(
    np.arange(len(step)),
    {"measured": step, **{f"N = {n}": demo(moving_average, step, n) for n in (3, 11)}},
    xlabel="place i",
    ylabel="value",
    description="A noisy step; averages over 3 and 11 values are smoother, the step less steep.",
)

# %% [markdown]
# ## 5. The same in two dimensions
#
# In an image the window is a square of $N \times N$ pixels, $N = 2k + 1$, and the mean filter is
#
# $$\hat I(i, j) = \frac{1}{N^2} \sum_{q=i-k}^{i+k} \sum_{r=j-k}^{j+k} I(q, r).$$
#
# The same question arises at the border; here the image goes on with its outermost pixels. Below is
# the lecture's grid, with grey levels up to 50 as on the slide. Slide the window along and predict
# each number before you look. What happens to the lone 50 at the top, to the lone 0, to the edge?
#
# %%
widgets.SlidingWindow(images.lecture_grid())

# %% [markdown]
# On a photograph, from no filter at all to a window as large as the picture. Where does the noise
# become hard to see, where the man's face, where the camera?

# %%
noisy_camera = camera + np.random.default_rng(0).normal(0, 0.15, camera.shape)
widgets.MeanFilter(noisy_camera)

# %% [markdown] question="frames_or_filters" points=4
# ### Question: frames or filters?
#
# Averaging 9 frames and averaging 3 x 3 neighbours both take the mean of 9 values. In about eight
# sentences:
#
# 1. By what factor does each of them reduce independent Gaussian noise, and why the same?
# 2. What does the mean of neighbours cost that the mean of frames does not? Name a place in a
#    picture where one sees it.
# 3. A robot drives, and people walk through the scene. What happens to the mean of frames?
# 4. A few pixels are stuck at white in every frame. Does either of the two help?

# %% [markdown]
# ## 6. One formula for every linear filter
#
# The mean filter weighs all its neighbours alike. Let each neighbour have a weight of its own,
# collected in a kernel $H$, and the average becomes
#
# $$G(i, j) = \sum_{q=-k}^{k} \sum_{r=-k}^{k} H(q, r)\, I(i + q, j + r).$$
#
# This is the *cross-correlation* of the image with the kernel, written $G = H \otimes I$. The mean
# filter is the kernel whose entries are all $1/N^2$: whatever factor $1/Z$ a filter needs is part
# of the kernel. (Section 4 counted neighbours with $i - j$, which for a mean comes to the same; for
# other kernels the sign matters.) A kernel need not be square: any odd number of rows and of
# columns has a centre.
#
# > **From slide to code.** The slide calls the same pixel $(i, j)$ on the left of the equation and
# > $(x, y)$ on the right. Its factor $1/Z$, which some slides leave out, is part of $H$ here. Its
# > last mean filter has $N = 512$, which is even; a window with a centre needs $N = 2k + 1$.

# %% exercise="cross_correlate" points=8

# %% [markdown]
# Your function on a real picture: a kernel that subtracts a pixel's left from its right neighbour
# answers "how fast does it get brighter here, from left to right?" Mid-grey stands for zero.

# %%
brighter = np.array([[-0.5, 0.0, 0.5]])
plots.side_by_side(
    small,
    demo(cross_correlate, small, np.full((11, 11), 1 / 121)),
    demo(plots.signed, demo(cross_correlate, small, brighter)),
    titles=["image", "mean, N = 11", "change of brightness"],
    description="A picture, the same blurred, and its horizontal change: edges in black and white.",
)

# %% [markdown]
# ## 7. Convolution
#
# Cross-correlation asks what a pixel sees around it. Turn the question round and ask where a
# pixel's light goes: a lens out of focus spreads every point to a spot $H$, and the picture is the
# sum of all these spots. That is the *convolution*, written $G = H \star I$,
#
# $$G(i, j) = \sum_{q=-k}^{k} \sum_{r=-k}^{k} H(q, r)\, I(i - q, j - r).$$
#
# The signs are all that differs: a convolution is the cross-correlation with the kernel turned by
# 180 degrees. For a kernel that looks the same after the turn, such as a box or a Gaussian, the two
# are one. The convolution has the better algebra. A lone bright pixel gives the kernel itself (the
# cross-correlation gives it turned around), and filters can be combined in any order,
# $H_1 \star (H_2 \star I) = (H_1 \star H_2) \star I = H_2 \star (H_1 \star I)$, as long as one
# stays away from the border, and leaves room for all of $H_1 \star H_2$, which is larger than
# either.
#
# > **From slide to code.** The slides use one symbol for both, and networks call *convolution* what
# > is a cross-correlation. With learned kernels it makes no difference; with kernels that somebody
# > wrote down it does.

# %% exercise="convolve" points=4

# %% [markdown]
# A lone bright pixel, and a kernel in the shape of a hook, `[[1, 1, 1], [1, 0, 0], ...]`. The
# convolution leaves the hook where the pixel was, the cross-correlation the hook turned by half a
# turn.

# %%
hook = np.array([[1, 1, 1], [1, 0, 0], [1, 0, 0], [1, 0, 0], [1, 0, 0]]) / 2
lone = np.zeros((9, 9))
lone[4, 4] = 1
plots.side_by_side(
    lone,
    demo(convolve, lone, hook, "constant"),
    demo(cross_correlate, lone, hook, "constant"),
    titles=["lone pixel", "convolution", "cross-correlation"],
    description="The convolution shows the hook as it is, the cross-correlation turned around.",
)

# %% [markdown]
# Two filters one after the other, and one filter with the two kernels convolved. The zeros around
# the hook are the room for the result.

# %%
one_by_one = demo(convolve, demo(convolve, small, brighter), hook)
both = demo(convolve, np.pad(hook, 1), brighter, "constant")
at_once = demo(convolve, small, both)
print(
    demo(
        lambda one, other: (
            "largest difference inside: "
            + plots.size_of(np.abs(one - other)[4:-4, 4:-4].max(), rounding=1e-12)
        ),
        one_by_one,
        at_once,
    )
)

# %% [markdown]
# ## 8. Two kernels: the box and the Gaussian
#
# The box weighs all neighbours within its window alike, and all others not at all. The Gaussian
# lets the weight fall with the distance,
#
# $$H(q, r) = \frac{1}{Z}\, e^{-\frac{q^2 + r^2}{2 \sigma^2}}.$$
#
# It reaches to infinity, so it is cut off where almost nothing is left, at $k$ pixels from the
# centre, $k$ being $3 \sigma$ rounded to a whole number. $Z$ makes the weights sum to one, so that
# a plain grey area stays as it is. The sum of what is left after the cut is not $2 \pi \sigma^2$:
# add the weights up.
#
# > **From slide to code.** The slide calls this Gaussian one of unit variance, but $\sigma$ can be
# > anything; and the formula under its heading "1D" is the one for two dimensions.

# %% exercise="kernels" points=5

# %% [markdown]
# The same picture under a box and under a Gaussian of about the same width.

# %%
noisy_small = small + np.random.default_rng(1).normal(0, 0.15, small.shape)
plots.side_by_side(
    noisy_small,
    demo(cross_correlate, noisy_small, demo(box_kernel, 7)),
    demo(cross_correlate, noisy_small, demo(gaussian_kernel, 2.0)),
    titles=["noisy", "box, 7 x 7", "Gaussian, sigma 2"],
    description="Both filters remove most of the noise; the box leaves a blocky, streaky picture.",
)

# %% [markdown]
# ## 9. Two short passes for a long one
#
# A kernel of $n \times n$ weights costs $n^2$ multiplications a pixel. But the Gaussian is a
# product, $e^{-(q^2 + r^2) / 2 \sigma^2} = e^{-q^2 / 2 \sigma^2} e^{-r^2 / 2 \sigma^2}$, and for
# every kernel $H(q, r) = h(q) h(r)$ one factor moves out of the inner sum,
#
# $$G(i, j) = \sum_q h(q) \Bigl( \sum_r h(r)\, I(i + q, j + r) \Bigr):$$
#
# first along the rows with $h$, then down the columns of what came out. That is $2 n$
# multiplications a pixel: for $n = 25$ it is 50 instead of 625. The box is such a product as well.

# %% exercise="filter_separable" points=4

# %% [markdown]
# The same result, and the time it takes on your machine.


# %%
def seconds(function, *arguments):
    start = perf_counter()
    function(*arguments)
    return perf_counter() - start


sigmas = np.array([1.0, 2.0, 3.0, 4.0, 5.0])
squares = [demo(gaussian_kernel, sigma) for sigma in sigmas]
plots.curves(
    sigmas,
    {
        "one pass": demo(lambda *h: [seconds(cross_correlate, small, one) for one in h], *squares),
        "two passes": demo(
            lambda *h: [seconds(filter_separable, small, one.sum(axis=0)) for one in h], *squares
        ),
    },
    xlabel="sigma",
    ylabel="seconds",
    description="The time of one pass grows with the square of sigma, that of two passes slowly.",
)

# %% [markdown]
# ## 10. Which operators are filters?
#
# Two properties decide. An operator $F$ is *linear* if
#
# $$F(a x + b y) = a F(x) + b F(y) \quad \text{for all images } x, y \text{ and numbers } a, b,$$
#
# and *shift-invariant* if it does not matter whether the image is shifted before or after,
#
# $$F(T(x)) = T(F(x)) \quad \text{for all shifts } T.$$
#
# An operator can be written as a cross-correlation with some kernel **if and only if** it is both.
# (At a border this holds only if the image goes on periodically, `wrap`, and shifts are periodic as
# well. Any other border rule treats the border unlike the inside, and that alone breaks
# shift-invariance. On a picture one does not mind; in a test of the property one has to.)
#
# The median of a window is a good candidate for denoising, but is it a filter in this sense? The
# lecture gives two images to try. The median of the first is 1, of the second 0, and of their sum?

# %%
first = np.array([[1, 1, 1], [1, 1, 2], [2, 2, 2]])
second = np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0]])
print("median of the first ", np.median(first))
print("median of the second", np.median(second))
print("median of the sum   ", np.median(first + second))

# %% [markdown]
# One counterexample settles it. To find one without being clever, try at random, and try often:
# many operators fail for nearly every image, but some only now and then. If many random trials
# agree, that is no proof, but good evidence.

# %% exercise="lsi" points=4

# %% [markdown]
# Your functions judge operators. Decide for yourself before you run the cell: which of them can be
# written as a cross-correlation?

# %%
names = ["mean", "mean_mirrored", "gaussian", "median", "brightness_change"]
names += ["brighten", "saturate", "mirror", "fade_columns"]
plots.table(
    ["operator", "what it does", "linear", "shift-invariant"],
    [
        [
            name,
            operators.describe(name),
            demo(is_linear, operators.Operator(name), (9, 12), np.random.default_rng(0)),
            demo(is_shift_invariant, operators.Operator(name), (9, 12), np.random.default_rng(0)),
        ]
        for name in names
    ],
)

# %% [markdown]
# ## 11. A filter is a matrix
#
# Write the image as one long vector, row after row: pixel $(i, j)$ of an image of $H \times W$
# pixels is entry $i W + j$. Any linear operator is then a matrix, and a filter is one with much
# structure. Its row $i W + j$ holds the kernel's weights, at the places of the pixels they meet,
# and zeros everywhere else: of the $10^{10}$ entries for an image of $10^5$ pixels, a $3 \times 3$
# kernel needs $9 \cdot 10^5$. A *sparse* matrix stores those alone. A weight that
# reaches beyond the border belongs to the pixel whose value the border rule puts there. Several
# weights can meet the same pixel in this way: they add up. With `constant` there is a zero and no
# pixel, so the weight is left out.
#
# One does not filter that way. But as a matrix a filter can be transposed, factored, and solved
# for: deblurring is $A x = b$.

# %% exercise="correlation_matrix" points=4

# %% [markdown]
# The matrix of a $3 \times 3$ box for images of $6 \times 8$ pixels: bands, one for each row of the
# kernel, and within each of them a band for each of its columns. Black is 0; the darkest grey is
# one weight, 1/9, and what is brighter are weights that met and were added up.

# %%
nine = np.full((3, 3), 1 / 9)
plots.side_by_side(
    *(
        demo(
            lambda matrix: 9 * matrix.toarray() / 4, demo(correlation_matrix, nine, (6, 8), padding)
        )
        for padding in ("constant", "symmetric", "wrap")
    ),
    titles=["constant", "symmetric", "wrap"],
    description="Three matrices of diagonal bands; border rules differ at the bands' ends, and "
    "with wrap there are more bands in the corners.",
)

# %% [markdown]
# ## 12. What is wrong with the box?
#
# A mean filter blurs, but not like a lens out of focus. To see what it does, give it stripes that
# get finer and finer, and compare it with a Gaussian of about the same width. (The box is your
# `moving_average`, the Gaussian your `cross_correlate`.)

# %%
place = np.arange(-30, 31)
box = (np.abs(place) <= 4) / 9
gaussian = np.exp(-(place**2) / (2 * 2.6**2))
gaussian /= gaussian.sum()
fan = images.fan(72)
boxed = demo(moving_average, fan[0], 9)
blurred = demo(cross_correlate, fan, gaussian[np.newaxis])
stripes = np.linspace(0, 0.3, fan.shape[1])  # their frequency, from column to column
plots.side_by_side(
    fan,
    demo(np.broadcast_to, boxed, fan.shape),
    blurred,
    titles=["stripes", "mean of 9 pixels", "Gaussian, sigma 2.6"],
    columns=1,
    ticks={f"{f:.2f}": np.searchsorted(stripes, f) for f in (0, 0.05, 0.1, 0.15, 0.2, 0.25)},
    xlabel="frequency of the stripes in cycles per pixel",
    description="Stripes that get finer to the right. After the mean they fade to grey at 0.11, "
    "come back, and fade again at 0.22. After the Gaussian they fade once and stay grey.",
)

# %% [markdown]
# A row of these pictures from close by:

# %%
near = (stripes > 0.07) & (stripes < 0.19)
plots.curves(
    stripes[near],
    {
        "stripes": fan[0, near],
        "mean of 9 pixels": demo(lambda row: row[near], boxed),
        "Gaussian, sigma 2.6": demo(lambda picture: picture[0, near], blurred),
    },
    xlabel="frequency of the stripes in cycles per pixel",
    ylabel="value",
    description="Up to a frequency of 0.11 the mean goes up and down with the stripes, beyond it "
    "down where they go up. The Gaussian goes with them, less and less.",
)

# %% [markdown]
# Behind the grey place the stripes come back, and where the picture is bright they are dark. The
# lecture calls such false structure *ringing*. A linear, shift-invariant filter with a symmetric
# kernel turns a wave of frequency $f$ (in cycles per pixel) into the same wave with another
# amplitude; the factor is the filter's frequency response,
#
# $$\hat H(f) = \sum_q H(q)\, e^{2 \pi i f q} = \sum_q H(q) \cos(2 \pi f q).$$

# %%
frequency = np.linspace(0, 0.5, 400)
waves = np.cos(2 * np.pi * np.outer(frequency, place))
plots.curves(
    frequency,
    {"box, 9 pixels": waves @ box, "Gaussian, sigma 2.6": waves @ gaussian},
    xlabel="frequency f in cycles per pixel",
    ylabel="factor",
    description="The box's response falls through zero at 1/9, is negative to -0.2 and swings on; "
    "the Gaussian's falls smoothly to zero and stays there.",
)

# %% [markdown]
# Lines and edges are sums of many waves. Below is a thin bright line, filtered both ways.
#
# > **From slide to code.** The slide speaks of edge artifacts. A box turns a clean edge into a
# > straight ramp, without stripes beside it; what one sees are the ramp's two sharp bends, the hard
# > sides that thin lines get, and fine patterns that come back with dark and bright swapped.

# %%
line = (place == 0).astype(float)
as_image = demo(cross_correlate, line[np.newaxis], gaussian[np.newaxis])
plots.curves(
    place,
    {"mean of 9 pixels": demo(moving_average, line, 9), "Gaussian": demo(np.ravel, as_image)},
    xlabel="place",
    ylabel="value",
    description="The box makes a bar with hard sides of the line, the Gaussian a soft bump.",
)

# %% [markdown]
# On a photograph, with filters of any width. Look at fine patterns and at edges, and where the
# box's response crosses zero.

# %%
widgets.BoxAgainstGaussian(small)

# %% [markdown] question="ringing" points=5
# ### Question: ringing
#
# In your own words, in about ten sentences:
#
# 1. What does a zero of the response of the box of 9 pixels mean for a wave of that frequency, and
#    what does a negative value mean? Name a frequency for each, and say what you see of them in the
#    stripes.
# 2. The box makes a bar with hard sides of a thin line. A hard side needs waves of high frequency:
#    how does the box's response let them through?
# 3. Why does the Gaussian leave no false structure?
# 4. A wider Gaussian removes more noise. What does it cost the picture, and why?

# %% [markdown]
# ## How far you are
#
# Run all cells (Run, Restart Kernel and Run All Cells) before you hand in, so that what you see is
# what is graded.

# %%
progress("linear_filters")
