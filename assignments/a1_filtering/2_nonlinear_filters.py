# %% [markdown]
# # Nonlinear filters
#
# A linear filter gives every neighbour a weight that depends on the place alone. It cannot know
# that the neighbour lies on the other side of an edge, or that it is a dead pixel. The filters of
# this notebook look at what they average: the median at the order of the values, the bilateral
# filter at their differences, non-local means at whole patches.
#
# **You will be able to**
#
# - measure how good a denoised image is, and say what the measure does not see,
# - say which filter suits which noise, and why,
# - write the median, the bilateral filter and non-local means without loops over pixels,
# - choose their parameters, and say where each of them fails.
#
# **Time to plan:** three to five hours. **You hand in** this notebook under its own name.
#
# **Use of AI tools:** you may ask them about ideas; the code and the answers you hand in are your
# own.
#
# Every exercise has a check below it. It tries your function on small examples and says what is
# wrong. After you hand in, hidden tests look closer, on inputs you have not seen.

# %%
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import gaussian_filter, uniform_filter

from course_utils import check, demo, environment, images, plots, progress
from course_utils.types import Image, Kernel, Patch, Patches, Signal
from course_utils.widgets import nonlinear_filters as widgets

environment.check()

# %% [markdown]
# The pictures of this notebook: a photograph, the same with Gaussian noise, and with salt and
# pepper on one pixel in ten. As before, the noisy values may leave $[0, 1]$; only the display cuts
# them off.

# %%
clean = images.shrink(images.load("camera"), 2)[20:188, 60:228]
rng = np.random.default_rng(0)
noisy = clean + rng.normal(0, 0.1, clean.shape)
hit = rng.random(clean.shape)
peppered = np.where(hit < 0.05, 0.0, np.where(hit > 0.95, 1.0, clean))
plots.side_by_side(
    clean,
    noisy,
    peppered,
    titles=["clean", "Gaussian, sigma 0.1", "salt and pepper, 10 %"],
    description="A photograph; the same with grain everywhere; the same with black and white dots.",
)

# %% [markdown]
# ## 1. How good is an estimate?
#
# Whoever invents a filter says that its pictures look better. A number is harder to argue with. The
# mean squared error of an estimate $\hat x$ of an image $x$ with $n$ values is $\text{MSE} =
# \frac{1}{n} \sum_i (x_i - \hat x_i)^2$, and the *peak signal-to-noise ratio* compares it with the
# square of the largest possible difference, $R$, in decibels:
#
# $$\text{PSNR} = 10 \log_{10} \frac{R^2}{\text{MSE}}.$$
#
# Noise of standard deviation 0.1 on values in $[0, 1]$ has an MSE of 0.01, which is 20 dB. Each
# halving of the noise adds 6 dB. The number needs the clean image, so it is of use for experiments
# only, and it weighs all errors alike: a blurred edge that everybody sees may cost less than a
# change of brightness that nobody does.

# %% exercise="psnr" points=3

# %% [markdown]
# Your measure at work: the noisy pictures, and what a Gaussian filter makes of them. Compare the
# first number with the expected 20 dB, and all of them with what you see.

# %%
plots.table(
    ["picture", "as it is", "Gaussian, sigma 1", "Gaussian, sigma 2"],
    [
        [name, *(demo("{:.1f} dB".format, demo(psnr, clean, one)) for one in filtered)]
        for name, filtered in {
            "Gaussian noise": [noisy, *(gaussian_filter(noisy, s) for s in (1, 2))],
            "salt and pepper": [peppered, *(gaussian_filter(peppered, s) for s in (1, 2))],
        }.items()
    ],
)

# %% [markdown]
# ## 2. The median
#
# One salt pixel among nine moves their mean by up to a ninth of the full range. It does not move
# their *median*, the value in the middle when they are sorted, or hardly: outliers end up at the
# ends of the row, wherever they are. Up to half of the values can be wrong before the median must
# follow them.
#
# The median filter replaces every value by the median of the $N \times N$ window around it. Here,
# and in all of this notebook, the image is continued by reflection beyond its border, `reflect` in
# numpy's words: `3 2 1 | 0 1 2 3 | 2 1 0`, the border itself not repeated.

# %% exercise="median_filter" points=4

# %% replay="median_filter" points=2

# %% [markdown]
# Mean and median of the same $3 \times 3$ windows.

# %%
plots.side_by_side(
    peppered,
    uniform_filter(peppered, 3, mode="mirror"),
    demo(median_filter, peppered, 3),
    titles=["salt and pepper", "mean, N = 3", "median, N = 3"],
    description="The mean smears every dot over nine pixels; the median removes nearly all.",
)

# %% [markdown]
# Which of the two is better depends on the noise. Find an amount of salt and pepper at which the
# median of $3 \times 3$ begins to fail, and the kind of noise for which the mean is the better
# choice. What happens to the thin legs of the tripod when the window grows?
#
# *If a control shows no picture, run its cell again.*

# %%
demo(widgets.MeanOrMedian, clean, median_filter)

# %% [markdown] question="median_as_convolution" points=4
# ### Question: can a median be a convolution?
#
# In about eight sentences:
#
# 1. Which property must an operator have, besides shift-invariance, to be a convolution with some
#    kernel? Show with the lecture's two 3 x 3 images, or with numbers of your own, that the median
#    does not have it. Is the median shift-invariant?
# 2. Why does the median remove a lone white pixel completely, whatever its value, where no mean
#    over the same window can?
# 3. Name something in a picture that the median destroys and that is not noise, and say why.

# %% [markdown]
# ## 3. Weights that look at the colour
#
# Mean, Gaussian, and what follows are all weighted averages of the noisy values $y_j$,
#
# $$\hat x_i = \frac{\sum_j w_{ij}\, y_j}{\sum_j w_{ij}}.$$
#
# So far, $w_{ij}$ depended on how far apart the pixels $i$ and $j$ are. The *bilateral filter* adds
# a second question, how alike they are:
#
# $$w_{ij} = \underbrace{e^{-\|s_i - s_j\|^2 / 2 \sigma_\text{position}^2}}_{\text{near}} \cdot
# \underbrace{e^{-\|y_i - y_j\|^2 / 2 \sigma_\text{color}^2}}_{\text{alike}},$$
#
# with $s_i$ the place of a pixel and $y_i$ its grey level or colour. A neighbour across an edge is
# near but not alike; its weight is small, and the edge stays sharp. In a flat region all neighbours
# are alike, and the filter is a Gaussian.
#
# For a colour image $\|y_i - y_j\|^2$ is the sum over the channels. There is one weight for a
# pixel, not one for each channel: filtered by themselves, the channels would place the edge
# differently, and false colours would show along it.
#
# > **From slide to code.** The slide writes $\tau$ for the two widths. It says that the bilateral
# > filter preserves textures; it preserves edges. A texture whose contrast is below
# > $\sigma_\text{color}$ is averaged away like noise.

# %% exercise="bilateral" points=9

# %% [markdown]
# The weights at one pixel beside an edge, and the filtered picture.

# %%
window = noisy[125:136, 34:45]
weights = demo(bilateral_weights, window, 3.0, 0.25)
plots.side_by_side(
    window,
    demo(lambda w: w / w.max(), weights),
    titles=["window of 11 x 11 pixels", "weights"],
    description="A window with an edge. The weights are large on the middle pixel's side only.",
)

# %%
plots.side_by_side(
    noisy,
    gaussian_filter(noisy, 1.5),
    demo(bilateral_filter, noisy, 2.0, 0.3),
    titles=["noisy", "Gaussian, sigma 1.5", "bilateral"],
    description="The Gaussian blurs coat and tripod; the bilateral filter keeps their outlines.",
)

# %% [markdown]
# Two widths to choose. Which $\sigma_\text{color}$ turns the filter into a Gaussian, and which one
# leaves the noise as it is? Find the best PSNR. Is it the picture that looks best to you?

# %%
demo(widgets.BilateralExplorer, clean[:96, 24:120], noisy[:96, 24:120], bilateral_filter)

# %% [markdown]
# On a colour picture:

# %%
flower = images.shrink(images.load("flower"), 3)[30:130, 60:190]
noisy_flower = flower + np.random.default_rng(1).normal(0, 0.1, flower.shape)
plots.side_by_side(
    noisy_flower,
    demo(bilateral_filter, noisy_flower, 2.0, 0.4),
    titles=["noisy", "bilateral"],
    description="A noisy orange flower, and the same with little noise and sharp petals.",
)

# %% [markdown]
# ## 4. Patches
#
# The bilateral filter decides by single noisy values. With noise of $\sigma = 0.1$ the difference
# of two pixels of the same grey has a standard deviation of 0.14, and there is no telling it from
# an edge of that height. A single pixel knows too little; the pixels around it know more.
#
# A *patch* is the small square around a pixel, $\mathcal{P}_i y$. Two pixels whose patches look
# alike very likely show the same thing. And pictures repeat themselves: along an edge, in a brick
# wall, in the sky, the same patch comes again and again, and not only next to itself.

# %% exercise="extract_patches" points=5

# %% [markdown]
# Below, a patch on the outline of the coat (blue), and the ten patches that look most like it
# (orange). They lie along the same outline.

# %%
demo(widgets.most_alike, noisy, demo(extract_patches, noisy, 7), (130, 39))

# %% [markdown]
# ## 5. Weights for patches
#
# How alike are two patches? The mean of the squared differences of their values says it in one
# number, $d_{ij} = \frac{1}{n} \|\mathcal{P}_i y - \mathcal{P}_j y\|^2$, with $n$ the number of
# values in a patch, and
#
# $$w_{ij} = \frac{1}{Z_i}\, e^{-d_{ij} / h^2}, \qquad \sum_j w_{ij} = 1.$$
#
# > **From slide to code.** The slide takes the sum of the squared differences. With the mean, $h$
# > means the same for patches of every size and number of channels. For colour images it asks for a
# > colour space in which equal distances look equal; here the channels are compared as they are.
#
# Of two patches that show the same thing under independent noise, every pixel differs by two draws
# of the noise, so that $d_{ij}$ is about $2 \sigma^2$. If $h^2$ is much smaller than that, no other
# patch gets any weight; if it is much larger, all of them do. The patch itself alone has
# $d_{ii} = 0$ and the largest weight of all.
#
# Take care with numbers that are too small: $e^{-800}$ is 0 in floating point. If all weights are,
# their sum is 0 as well, and the quotient is not a number. A common factor of all weights cancels
# out, and you can choose it.

# %% exercise="patch_weights" points=5

# %% [markdown]
# Choose a pixel and look at the weights around it: for the bilateral filter, and for patches. Try
# the sky, the edge of the coat, the grass. Where do single pixels and patches disagree, and which
# of the two is right?

# %%
demo(
    widgets.WeightInspector,
    noisy,
    bilateral_weights,
    demo(extract_patches, noisy, 7),
    patch_weights,
)

# %% [markdown]
# ## 6. Non-local means
#
# Average every pixel with all pixels of a large search window $\mathcal{N}(i)$, with these weights:
#
# $$\hat x_i = \sum_{j \in \mathcal{N}(i)} w_{ij}\, y_j.$$
#
# That is non-local means. The window could be the whole picture; 21 x 21 pixels are a compromise,
# and patches of 5 x 5 to 9 x 9 are usual.
#
# Written as it stands, with two loops over pixels and one over the window, it takes Python minutes.
# Turn the loops round. There are only 441 places in the window. For *one* of them the differences
# between every pixel and its partner are one subtraction of two images; their means over patches
# are a mean filter of the squared differences; the weights are one call of `np.exp`.
# (`patch_weights` does one pixel at a time. It was for understanding, and for the picture above.)
#
# Mind the border. A search window reaches beyond it, and the patches in the window reach further
# still: continue the image once, as far as both together, and take everything from there.

# %% exercise="non_local_means" points=9

# %% [markdown]
# Gaussian, median, bilateral filter and non-local means on the same picture, with usual parameters.
# They are not the best ones: section 7 is about those.

# %%
part, noisy_part = clean[40:, 40:], noisy[40:, 40:]
estimates = {
    "noisy": noisy_part,
    "Gaussian, sigma 0.8": gaussian_filter(noisy_part, 0.8),
    "median, N = 3": demo(median_filter, noisy_part, 3),
    "bilateral": demo(bilateral_filter, noisy_part, 1.5, 0.3),
    "non-local means": demo(non_local_means, noisy_part, 7, 21, 0.1),
}
plots.side_by_side(
    part,
    *estimates.values(),
    titles=["clean", *estimates],
    columns=3,
    description="Six pictures. Non-local means has smooth sky and coat, and sharp edges.",
)

# %%
plots.table(
    ["filter", "PSNR"],
    [
        [name, demo("{:.1f} dB".format, demo(psnr, part, estimate))]
        for name, estimate in estimates.items()
    ],
)

# %% [markdown]
# Slide the border between two of them, and look at the grass and at the buildings far away.

# %%
demo(widgets.BeforeAfter, ["clean", *estimates], part, *estimates.values())

# %% [markdown] question="where_nlm_fails" points=4
# ### Question: where do non-local means fail?
#
# Look at the pictures above, and make others if you like. In about eight sentences:
#
# 1. Where is noise left over, or seems to be, and why there? Think of how many partners a patch
#    finds.
# 2. Where is detail lost, and why there? Think of contrast, of $h$ and of $\sigma$.
# 3. What do a larger search window and a larger patch each gain, and what do they cost?

# %% [markdown]
# ## 7. Challenge: denoise as well as you can
#
# Write `denoise` for Gaussian noise of $\sigma = 0.1$, with whatever you have learned: parameters,
# combinations, ideas of your own. It is graded by the PSNR on pictures you have not seen, of two
# kinds: rendered scenes, and collages of photographs that were turned, bent and blended. A Gaussian
# filter of $\sigma = 0.8$ gets no points. Non-local means with the best parameters we found get all
# of them, on average from 2.4 dB above the Gaussian on, and with their defaults about three
# quarters; in between, points grow with the decibels.
#
# `denoise` may call your other functions. `images.scene(rng)` and `images.collage(rng)` make as
# many pictures of the same kinds as you like.

# %% exercise="denoise" points=5

# %% [markdown]
# Your filter on four pictures of the same kinds, and how far it is above the Gaussian filter. Four
# pictures say little: from one to the next the gain differs by a decibel and more. Tune on many,
# and on others than these.

# %%
trials = {}
for number in range(2):
    for name, make in (("scene", images.scene), ("collage", images.collage)):
        rng = np.random.default_rng(100 + number)
        picture = make(rng, 96)
        trials[f"{name} {number + 1}"] = picture, picture + rng.normal(0, 0.1, picture.shape)


def gain(picture, grainy, estimate):
    return psnr(picture, estimate) - psnr(picture, gaussian_filter(grainy, 0.8))


estimates = {name: demo(denoise, pair[1]) for name, pair in trials.items()}
plots.table(
    ["picture", "Gaussian, sigma 0.8", "yours", "gain"],
    [
        [
            name,
            demo("{:.2f} dB".format, demo(psnr, picture, gaussian_filter(grainy, 0.8))),
            demo("{:.2f} dB".format, demo(psnr, picture, estimates[name])),
            demo("{:+.2f} dB".format, demo(gain, picture, grainy, estimates[name])),
        ]
        for name, (picture, grainy) in trials.items()
    ],
)

# %%
plots.side_by_side(
    *(grainy for _, grainy in trials.values()),
    *estimates.values(),
    titles=[*trials, *(f"{name}, denoised" for name in trials)],
    columns=4,
    description="Two scenes and two collages with noise, and what your filter makes of them.",
)

# %% [markdown]
# ## How far you are
#
# Run all cells (Run, Restart Kernel and Run All Cells) before you hand in, so that what you see is
# what is graded.

# %%
progress("nonlinear_filters")
