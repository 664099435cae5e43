# %% [markdown]
# # Convolution layers
#
# The networks of the last assignment took their inputs as rows of numbers. A picture is more than
# that: it has rows, columns and channels, and what is next to what matters. ConvNets are the same
# neural networks, with two changes: their activations are three-dimensional, and neurons share
# their weights. This notebook builds their layers, forward and backward.
#
# **You will be able to**
#
# - say what a neuron of a convolution layer looks at, and what becomes of it when it slides,
# - predict the size of an output, the number of weights and the region a neuron sees,
# - write convolution and pooling with their backward rules, and make sure that they are right,
# - make a convolution fast, and say what the speed costs,
# - measure what moves along when a picture moves, and what does not.
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
from numpy.lib.stride_tricks import sliding_window_view
from scipy import ndimage  # for comparison; your answers do without

from course_utils import check, demo, environment, gradients, images, plots, progress
from course_utils.types import Bias, Indices, Kernels, Volume
from course_utils.widgets import convolution_layers as widgets

environment.check()

# %% [markdown]
# ## 1. A neuron that looks at a region
#
# What shape should activations have? A picture could be flattened to a row of numbers, but then its
# structure is lost: a fully connected layer would learn as well from the same numbers in any other
# order. So everything stays in 3D. A picture of CIFAR-10 is a volume of $3 \times 32 \times 32$
# numbers, three channels (red, green, blue), 32 rows and 32 columns, and what a layer returns is a
# volume as well.
#
# A neuron does not look at all of it. This one depends on a $3 \times 5 \times 5$ chunk of the
# input: five rows and five columns, but *all* channels. It has a $3 \times 5 \times 5$ set of
# weights $W$ and a bias $b$, a number. From the region $x^r$ it makes the output
#
# $$h^r = \sum_{ijk} x^r_{ijk} W_{ijk} + b,$$
#
# a sum over three axes: channels, rows and columns.

# %% exercise="neuron_response" points=3

# %% [markdown]
# The input, 32 by 32 pixels, and what a neuron says about three of its regions. Its weights are 1
# in red and $-1/2$ in green and in blue, everywhere, divided by 25: grey has a response of 0, and
# how red a region is does not depend on where in the region the red is.


# %%
def as_volume(image):
    """Return a picture (H, W, C) as a volume (1, C, H, W)."""
    return image.transpose(2, 0, 1)[np.newaxis]


def as_image(volume):
    """Return the first picture of a volume (N, 3, H, W) as (H, W, 3)."""
    return volume[0].transpose(1, 2, 0)


astronaut = images.load("astronaut")
face = as_volume(images.shrink(astronaut[:256, 96:352], 8))
redness = np.array([1, -0.5, -0.5])[:, np.newaxis, np.newaxis] * np.ones((3, 5, 5)) / 25


def three_regions():
    places = {"wall": (2, 1), "cheek": (14, 14), "suit": (26, 0)}
    rows = []
    for name, (row, column) in places.items():
        region = face[0, :, row : row + 5, column : column + 5]
        rows.append([name, row, column, f"{neuron_response(region, redness, 0.0):+.3f}"])
    return plots.table(["region", "first row", "first column", "h"], rows)


print("input", face.shape)
demo(three_regions)

# %% [markdown]
# ## 2. A column of outputs
#
# Nothing keeps a second neuron from looking at the same region, with weights and a bias of its own:
#
# $$h^r_1 = \sum_{ijk} x^r_{ijk} W_{1ijk} + b_1, \qquad
# h^r_2 = \sum_{ijk} x^r_{ijk} W_{2ijk} + b_2,$$
#
# and so on. The outputs of $D$ neurons form a column in the output volume, $D \times 1 \times 1$.
# Below are six neurons with weights that somebody thought of; a network learns them. Mid-grey is a
# weight of 0. Look for regions that make each of them respond strongly. Which of them have nothing
# to say about a flat grey wall, and why? What does the bias of the last one do?
#
# *If a control shows no picture, run its cell again.*

# %%
ramp, flat = np.linspace(-1, 1, 5), np.ones(5)
ring = -np.ones((5, 5))
ring[1:4, 1:4] = 16 / 9  # the sum of all weights is 0

patterns = {  # what is the same in all rows and columns, times what is the same in all channels
    "left to right": ((1, 1, 1), np.outer(flat, ramp)),
    "top to bottom": ((1, 1, 1), np.outer(ramp, flat)),
    "bright spot": ((1, 1, 1), ring),
    "red": ((1, -0.5, -0.5), np.ones((5, 5))),
    "blue": ((-0.5, -0.5, 1), np.ones((5, 5))),
    "dark": ((-1, -1, -1), np.ones((5, 5))),
}
six = np.stack([np.multiply.outer(color, shape) for color, shape in patterns.values()])
six /= np.abs(six).sum(axis=(1, 2, 3), keepdims=True) / 2
six_b = np.array([0.0, 0.0, 0.0, 0.0, 0.0, 1.0])

demo(widgets.OutputColumn, neuron_response, face[0], six, six_b, list(patterns))

# %% [markdown]
# ## 3. The same weights everywhere
#
# Now repeat this across the input: a column of neurons for every region. If each of them has
# weights of its own, the layer is called *locally connected*. With *weight sharing* there is one
# set of weights for each place in the column, and all regions use it: what is worth looking for in
# one corner is worth looking for in the others. With weight sharing the layer is called a
# *convolution*.
#
# One set of weights gives one slice of the output, also called an activation map; for an output of
# depth $D$ there are $D$ filters. All together the weights are four-dimensional:
#
# $$\text{(output depth, input depth, kernel height, kernel width)}.$$
#
# Several pictures at a time add an axis in front, so that volumes are $(N, C, H, W)$. Regions of
# $5 \times 5$ fit into 32 rows and columns in $28 \times 28$ places: out of $3 \times 32 \times 32$
# numbers, six filters make $6 \times 28 \times 28$.
#
# ## 4. Stride and padding
#
# The weights slide along the input to generate the outputs, one place at a time, or several: by how
# much they move is the *stride*. With a stride of 2 the output is about half as large. With some
# strides the window does not come to the end of the input: what is left there plays no part.
#
# The input can also be padded with zeros all around. Then windows reach beyond the border, and the
# output becomes larger.
#
# Below is an input of $7 \times 7$ with a single channel, and no bias. (With more channels there is
# such a kernel for each of them, and their sums are added up.) Step through the places and predict
# each number before you look. Then change stride and padding, and predict how many places there
# will be. For which strides from 1 to 3 does a $3 \times 3$ kernel reach all entries, and for
# which with a padding of 1?

# %%
seven = np.array(
    [
        [0, 0, 0, 0, 0, 0, 2],
        [0, 3, 3, 3, 0, 0, 2],
        [0, 3, 3, 3, 0, 0, 2],
        [0, 3, 3, 9, 0, 0, 2],
        [0, 0, 0, 0, 0, 0, 2],
        [1, 1, 1, 1, 1, 1, 2],
        [1, 1, 1, 1, 1, 1, 2],
    ]
)
kernels = {
    "3 x 3, edge": np.array([[-1, 0, 1]] * 3),
    "3 x 3, sum": np.ones((3, 3), int),
    "5 x 5, sum": np.ones((5, 5), int),
    "1 x 1, double": np.array([[2]]),
}
widgets.ConvolutionSteps(seven, kernels)

# %% [markdown]
# **How big is the output?** A window of $k$ entries in a side of $w_{\text{in}}$ entries with $p$
# zeros at each end has $w_{\text{in}} + 2p - k$ steps of 1 to go, of which it takes every $s$-th:
#
# $$w_{\text{out}} = \left\lfloor \frac{w_{\text{in}} + 2p - k}{s} \right\rfloor + 1.$$
#
# What the floor cuts off is the rest of this division: so many entries at the end are in no window.
# Libraries do not mention it. Your function does.

# %% exercise="output_size" points=3

# %% [markdown]
# Some sizes. With $k = 3$, $s = 1$ and $p = 1$, the output is as large as the input; VGGNet uses
# filters of this shape throughout. The last two are the first layers of AlexNet and of ResNet, on
# pictures of 224 pixels.


# %%
def some_sizes():
    tried = [(32, 5, 1, 0), (7, 3, 1, 0), (7, 3, 2, 0), (7, 3, 3, 0), (7, 3, 2, 1)]
    tried += [(32, 3, 1, 1), (32, 5, 1, 2), (224, 11, 4, 2), (224, 7, 2, 3)]
    rows = [[*numbers, *output_size(*numbers)] for numbers in tried]
    return plots.table(["w_in", "k", "s", "p", "w_out", "not covered"], rows)


demo(some_sizes)

# %% [markdown]
# > **From slide to code.** With a stride of 2, a slide says, the output is half the size of the
# > input. Of 7 entries and $k = 3$ it is 3, and of 32 with padding 1 it is 16: about half, and the
# > equation says how much exactly. In the last two rows a row and a column of the padded input are
# > left over, at one end only. They are zeros of the padding, so nothing of the picture is lost.
#
# ## 5. The layer
#
# For example $n$, output channel $o$, and row $r$ and column $c$ of the output,
#
# $$Y_{n,o,r,c} = \sum_{i} \sum_{q=0}^{k_h - 1} \sum_{p=0}^{k_w - 1}
# X_{n,\, i,\, r s + q,\, c s + p}\; W_{o,i,q,p} + b_o,$$
#
# where rows and columns of $X$ count from the corner of the padding, and $i$ runs over the input's
# channels. It is the neuron from above, in all places: the region begins at row $rs$ and column
# $cs$.
#
# > **From slide to code.** What ConvNets call convolution is the *cross-correlation* of the first
# > assignment: $r s + q$ with a plus, and no kernel is turned around. For weights that are learned
# > it makes no difference, they just come out turned around; for weights that somebody wrote down,
# > or took from another library, it does.

# %% exercise="conv2d_forward" points=8

# %% [markdown]
# Your layer with the six neurons on a larger picture: six slices of one output volume. Mid-grey is
# 0, and the neurons are the ones that you have met in the column. Where does "red" respond most,
# and where "bright spot"?

# %%
picture = as_volume(images.shrink(astronaut, 4))


def six_slices():
    volume = conv2d_forward(picture, six, six_b)
    return plots.side_by_side(
        *(plots.signed(one) for one in volume[0]),
        titles=list(patterns),
        columns=3,
        description="Six activation maps of a woman in an orange space suit: vertical edges, "
        "horizontal edges, small bright spots, the suit bright in the map for red and dark in "
        "the one for blue, and a map that is bright where the picture is dark.",
    )


demo(six_slices)

# %% [markdown]
# Which of scipy's two functions agrees with your layer? The kernel is not symmetric, or both would.


# %%
def correlation_or_convolution():
    rng = np.random.default_rng(0)
    grey, kernel = rng.normal(size=(9, 12)), rng.normal(size=(3, 3))
    layer = conv2d_forward(
        grey[np.newaxis, np.newaxis], kernel[np.newaxis, np.newaxis], np.zeros(1), padding=1
    )[0, 0]
    rows = []
    for name in ("correlate", "convolve"):
        other = getattr(ndimage, name)(grey, kernel, mode="constant")
        rows.append([f"ndimage.{name}", "yes" if np.allclose(layer, other) else "no"])
    return plots.table(["function", "agrees"], rows)


demo(correlation_or_convolution)

# %% [markdown]
# **Kernels of $1 \times 1$** look at a single place, but at all of its channels. Such a layer mixes
# channels: it is a fully connected layer that is applied to every pixel by itself. Three outputs of
# such a layer are, for example, the brightness of a pixel, red against green, and blue against
# yellow. The weights have the shape $(3, 3, 1, 1)$.

# %%
mixing = np.array([[1 / 3, 1 / 3, 1 / 3], [1, -1, 0], [-0.5, -0.5, 1]])


def three_mixtures():
    mixed = conv2d_forward(picture, mixing[:, :, np.newaxis, np.newaxis], np.zeros(3))[0]
    return plots.side_by_side(
        mixed[0],
        plots.signed(mixed[1]),
        plots.signed(mixed[2]),
        titles=["brightness", "red against green", "blue against yellow"],
        description="A grey picture of an astronaut, and two maps of colour: the orange suit is "
        "bright in red against green, and dark in blue against yellow.",
    )


demo(three_mixtures)

# %% [markdown]
# At the other end is a kernel as large as the input. It has one place, and every neuron sees
# everything: a fully connected layer, $W x + b$, is a special case of a convolution.


# %%
def as_large_as_the_input():
    rng = np.random.default_rng(1)
    W, b = rng.normal(size=(10, 3, 32, 32)), rng.normal(size=10)
    layer = conv2d_forward(face, W, b)
    scores = W.reshape(10, -1) @ face.ravel() + b
    difference = plots.size_of(np.abs(layer.ravel() - scores).max())
    return f"shape {layer.shape}, largest difference from W x + b: {difference}"


print(demo(as_large_as_the_input))

# %% [markdown]
# ## 6. Counting weights
#
# What does sharing save? A neuron has $C k^2$ weights and a bias. A locally connected layer has
# $D\, h_{\text{out}}\, w_{\text{out}}$ such neurons, each with its own. A convolution layer has as
# many neurons, but only $D$ different sets of weights, whatever the size of the picture.

# %% exercise="count_weights" points=4

# %% [markdown]
# A first layer for a picture of $3 \times 32 \times 32$, with 64 channels of $28 \times 28$ as
# output: with shared weights, with weights of its own for every place, and fully connected, where
# every neuron also sees the whole picture.


# %%
def three_layers():
    channels, size, places = 64, 32, 28 * 28
    counted = {
        "convolution, 5 x 5": count_weights((3, size, size), channels, 5),
        "locally connected, 5 x 5": count_weights((3, size, size), channels, 5, shared=False),
        # Neurons that see everything have one place; so many channels are all its neurons.
        "fully connected": count_weights((3, size, size), channels * places, size),
    }
    rows = [[name, f"{W:,}", f"{b:,}"] for name, (W, b) in counted.items()]
    return plots.table(["layer", "weights", "biases"], rows)


demo(three_layers)

# %% [markdown]
# > **From slide to code.** "Each neuron has its own 3D filter and own bias" holds within a column.
# > With weight sharing, all neurons of a slice have the same filter, and the same bias as well.
#
# ## 7. The same, fast
#
# The same sums can be had at very different speeds, and a product of matrices is a fast way to many
# sums. So write every region as one long row (or column) of $C k_h k_w$ numbers, and the filters as
# a matrix with one row a filter: all outputs are one product. This is known as *im2col*.
# `sliding_window_view` shows all windows of an array without copying anything. A copy is needed in
# the end, and it is large: with stride 1 an entry of the input is in up to $k_h k_w$ windows.
#
# Three of the five points are for speed: one if your function is 3 times as fast as a loop that
# computes one output after the other, all three if it is 16 times as fast. What is timed are 14
# kernels of $3 \times 3$ on a grey picture of $60 \times 60$. When we tried, loops over places were
# mostly 4 to 13 times as fast as that loop, what does without them, or needs them only to fill the
# columns, 25 times and more, and most products of matrices 100 to 300 times.

# %% exercise="conv2d_fast" points=5

# %% [markdown]
# How fast is it here? Both of your functions on two volumes of $16 \times 24 \times 24$ with more
# and more filters of $3 \times 3$, and for comparison a product of matrices of the right sizes
# alone, which no im2col can beat. Each time is the shortest of several, since whatever else the
# machine is doing can only add to it. (A wrong function can be fast, too: look at the check first.)
# What lies between your fast one and the product is the price of arranging the numbers. The copy of
# all windows, a part of it, is the same for one filter as for 64, so that it matters less, the more
# filters there are. If your `conv2d_forward` is no loop either, your two curves may be close.


# %%
def milliseconds(function, *arguments):
    """Return the shortest time of up to five calls, fewer if they are slow."""
    times, start = [], perf_counter()
    while len(times) < 5 and (not times or perf_counter() - start < 1.0):
        begin = perf_counter()
        function(*arguments)
        times.append(perf_counter() - begin)
    return 1000 * min(times)


def product_alone(X, W, b, stride, padding):
    return W.reshape(len(W), -1) @ unrolled


filter_counts = 2 ** np.arange(7)
some_volumes = np.random.default_rng(2).normal(size=(2, 16, 24, 24))
many_filters = np.random.default_rng(3).normal(size=(64, 16, 3, 3))
unrolled = np.random.default_rng(4).normal(size=(16 * 3 * 3, 2 * 24 * 24))


def times(function):
    return [
        milliseconds(function, some_volumes, many_filters[:count], np.zeros(count), 1, 1)
        for count in filter_counts
    ]


plots.curves(
    filter_counts,
    {
        "conv2d_forward": demo(times, conv2d_forward),
        "conv2d_fast": demo(times, conv2d_fast),
        "matrix product alone": times(product_alone),
    },
    xlabel="filters",
    ylabel="milliseconds",
    logarithmic=True,
    description="The time of your two functions and of a product of matrices alone, over the "
    "number of filters. The product is lowest; conv2d_fast comes closer to it, the more filters "
    "there are. A conv2d_forward that is a loop lies far above both.",
)

# %% [markdown]
# ## 8. The way back
#
# Backpropagation gives the layer the slopes $G = \partial L / \partial Y$ of its outputs. As in a
# fully connected layer, a derivative is a sum over all ways from a number to the loss, and sharing
# only makes the ways more. Look at the equation of the layer: $W_{o,i,q,p}$ acts on
# $Y_{n,o,r,c}$ in *all* examples and places, with factor $X_{n,i,rs+q,cs+p}$, and the bias with
# factor 1:
#
# $$\frac{\partial L}{\partial W_{o,i,q,p}} = \sum_{n,r,c} G_{n,o,r,c}\, X_{n,i,rs+q,cs+p}, \qquad
# \frac{\partial L}{\partial b_o} = \sum_{n,r,c} G_{n,o,r,c}.$$
#
# An entry of the input is in several windows, at another place in each of them. The sum is easier
# to write from the other end: every output sends its slope back to its whole window, times the
# weights, to all channels, and where windows overlap the contributions add up:
#
# $$\text{for all } n, o, r, c \text{ and } i, q, p: \qquad
# \frac{\partial L}{\partial X_{n,i,rs+q,cs+p}} \mathrel{+}= G_{n,o,r,c}\, W_{o,i,q,p}.$$
#
# This fills the padded input; the slopes of the padding are thrown away, because nothing can
# change its zeros. An entry that no window covers has slope 0.
#
# The forward rule gathers, with a plus in $r s + q$. The way back scatters; written as a gathering,
# for stride 1, it has a minus, $G_{r-q,\,c-p}$: a convolution in the strict sense, with the kernel
# turned around.

# %% exercise="conv2d_backward" points=9

# %% [markdown]
# Your derivatives against central differences. Sides and kernels are not square here, with a stride
# of 2 and padding, and the last row and column of the padded input are in no window.


# %%
def compared_convolution():
    rng = np.random.default_rng(3)
    X, W, b = rng.normal(size=(2, 3, 6, 7)), rng.normal(size=(4, 3, 3, 2)), rng.normal(size=4)
    weights = rng.normal(size=conv2d_forward(X, W, b, 2, 1).shape)

    def loss():
        return float((weights * conv2d_forward(X, W, b, 2, 1)).sum())

    by_X, by_W, by_b = conv2d_backward(weights, X, W, 2, 1)
    return gradients.compare(loss, {"X": X, "W": W, "b": b}, {"X": by_X, "W": by_W, "b": by_b})


demo(compared_convolution)

# %% [markdown]
# **Learn a filter.** Somebody has filtered pictures with a kernel of $3 \times 3$, with scipy's
# `convolve`, and shows you what came in and what came out. Can a layer find the kernel? Its nine
# weights begin at 0, the loss is the mean squared difference, and forty steps of gradient descent
# go downhill. (The pictures are noise. In a photo, neighbours are so alike that the loss would be a
# narrow valley.) What the layer finds is the kernel turned around: it correlates, and the other
# one convolved.


# %%
hook = np.array([[1, 1, 1], [1, 0, 0], [1, 0, 0]]) / 2


def learned_kernels():
    """Return the kernel after so many steps."""
    X = np.random.default_rng(4).normal(size=(4, 1, 16, 16))
    # Without the border, where scipy has its own rule.
    wanted = ndimage.convolve(X, hook[np.newaxis, np.newaxis])[:, :, 1:-1, 1:-1]
    W, b = np.zeros((1, 1, 3, 3)), np.zeros(1)
    kept = {0: W[0, 0].copy()}
    for step in range(1, 41):
        difference = conv2d_forward(X, W, b) - wanted
        _, by_W, by_b = conv2d_backward(2 * difference / difference.size, X, W)
        W -= 0.3 * by_W
        b -= 0.3 * by_b
        kept[step] = W[0, 0].copy()
    return kept


def show_learned(kept):
    shown = {"they used": hook}
    shown |= {f"after {step}": kept[step] for step in (0, 1, 2, 4, 40)}
    shown |= {"turned": hook[::-1, ::-1]}
    return plots.side_by_side(
        *(0.5 + kernel for kernel in shown.values()),
        titles=list(shown),
        columns=len(shown),
        description="Kernels of three by three: the one they used, a bright hook at the top and on "
        "the left; then, out of a grey that is 0, a hook that becomes brighter from step to step, "
        "at the bottom and on the right; and the first one, turned, which looks like the last.",
    )


demo(show_learned, demo(learned_kernels))

# %% [markdown]
# ## 9. How far a neuron sees
#
# A neuron of a $3 \times 3$ layer sees nine places of the layer before. Those see nine places each,
# but they overlap: two layers see $5 \times 5$ places of the input, and $L$ layers with kernels
# $k_l$ and strides $s_l$ see, along a side,
#
# $$1 + \sum_{l=1}^{L} (k_l - 1) \prod_{m < l} s_m$$
#
# of them. This is the *receptive field*. Why would one take three layers of $3 \times 3$ rather
# than one of $7 \times 7$? What does a stride do to all the layers behind it? How many layers of
# $3 \times 3$ does it take to see this picture of 64 pixels, with stride 1 and with stride 2?

# %%
widgets.ReceptiveField(images.shrink(astronaut, 8))

# %% [markdown]
# Your own function knows the receptive field as well. Give one neuron of the last layer the slope 1
# and all others 0, and propagate back, with kernels of ones: where the input's slope is not 0, the
# neuron sees it. (The value is the number of ways through the network. Most lead to the middle, so
# that a neuron sees the middle best.)


# %%
def seen():
    pictures, titles = [], []
    for layers in (1, 2, 3, 6):
        slopes = np.zeros((1, 1, 17, 17))
        slopes[0, 0, 8, 8] = 1.0
        for _ in range(layers):
            slopes, _, _ = conv2d_backward(
                slopes, np.zeros_like(slopes), np.ones((1, 1, 3, 3)), 1, 1
            )
        side = int(np.count_nonzero(slopes[0, 0, 8]))
        pictures.append(slopes[0, 0] / slopes.max())
        titles.append(f"{layers} x (3 x 3): {side} x {side}")
    return plots.side_by_side(
        *pictures,
        titles=titles,
        description="Four bright spots on black, one larger than the other: they cover 3, 5, 7 "
        "and 13 pixels, and fade towards their borders.",
    )


demo(seen)

# %% [markdown]
# ## 10. Pooling
#
# In most ConvNets, convolution is often followed by pooling. It makes the representation smaller
# and more manageable, and it works on each activation map by itself: the depth stays. There are no
# weights. *Max pooling* is the most common one: of every window, often $2 \times 2$ with stride 2,
# keep the largest entry.
#
# Keep its place as well, since the way back needs it: in the forward pass, store the index that
# took the max.

# %% exercise="max_pool_forward" points=2

# %% replay="max_pool_forward" points=2

# %% [markdown]
# A map of your layer behind a ReLU, where only what is there is left (0 is black), and pooled.

# %%
edge_map = demo(lambda: np.maximum(0.0, conv2d_forward(picture, six[:1], six_b[:1])))


def pooled_maps(volume):
    pooled = [max_pool_forward(volume, size, size)[0] for size in (2, 4, 8)]
    return plots.side_by_side(
        *(one[0, 0] / volume.max() for one in (volume, *pooled)),
        titles=[f"{one.shape[2]} x {one.shape[3]}" for one in (volume, *pooled)],
        description="A map of vertical edges, and the same with windows of 2, 4 and 8: coarser and "
        "coarser, and brighter, because the strongest response of every window stays.",
    )


demo(pooled_maps, edge_map)

# %% [markdown]
# **The backprop rule of max pooling.** The largest entry $x_m$ of a window is its output,
# $y = x_m$, with a slope of 1; moving one of the others a little changes nothing. So the slope of
# the output goes to the entry at the stored index, and the others get none:
#
# $$\frac{\partial L}{\partial x_m} \mathrel{+}= \frac{\partial L}{\partial y}.$$
#
# The plus is for windows that overlap, as those of AlexNet do, $3 \times 3$ with stride 2: an entry
# can be the largest of several.
#
# > **From slide to code.** "The backprop gradient is the input gradient at that index" means the
# > gradient that comes in on the way back, $\partial L / \partial y$. If two entries are equally
# > large, there is a kink, and one of them is chosen: here the first one, row by row.

# %% exercise="max_pool_backward" points=5

# %% [markdown]
# Against central differences, with windows that overlap and a row and a column that no window
# covers.


# %%
def compared_pooling():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(2, 2, 6, 8))
    Y, indices = max_pool_forward(X, 3, 2)
    weights = rng.normal(size=Y.shape)

    def loss():
        return float((weights * max_pool_forward(X, 3, 2)[0]).sum())

    return gradients.compare(
        loss, {"X": X}, {"X": max_pool_backward(weights, indices, X.shape, 3, 2)}
    )


demo(compared_pooling)

# %% [markdown]
# Window by window. Rings are what was the largest; beside each output stands its index. Slopes that
# have been sent back are on white. Then let windows overlap, with stride 1: which entries get more
# than one slope?

# %%
small_map = np.random.default_rng(6).integers(0, 10, (6, 6))
some_slopes = np.random.default_rng(7).integers(1, 10, (6, 6))
demo(widgets.PoolingIndices, max_pool_forward, max_pool_backward, small_map, some_slopes)

# %% [markdown]
# ## 11. The mean instead of the maximum
#
# *Average pooling* returns the mean of a window. On the way back, each of its $n^2$ entries gets
# $1 / n^2$ of the slope. It is a convolution with a box, channel by channel, with a stride.

# %% exercise="average_pool" points=3

# %% [markdown]
# "Creates a smaller representation while retaining the most important information." Does it? Three
# measurements with your functions, for windows of $n \times n$ with stride $n$: what becomes of one
# strong response of 1 among zeros, what becomes of noise with mean 0 and standard deviation 1 (mean
# and standard deviation afterwards), and how many entries of the input get a slope. (The way back
# of the average is that of a convolution with a box.)


# %%
def lone_and_noise():
    lone = np.zeros((1, 1, 16, 16))
    lone[0, 0, 5, 9] = 1.0
    noise = np.random.default_rng(8).normal(size=(1, 1, 128, 128))
    rows = []
    for n in (2, 4, 8):
        largest, indices = max_pool_forward(noise, n, n)
        mean = average_pool(noise, n, n)
        back = max_pool_backward(np.ones_like(largest), indices, noise.shape, n, n)
        box = np.full((1, 1, n, n), 1 / n**2)
        back_of_mean, _, _ = conv2d_backward(np.ones_like(mean), noise, box, n)
        rows.append(
            [
                f"{n} x {n}",
                f"{max_pool_forward(lone, n, n)[0].max():.3f}",
                f"{average_pool(lone, n, n).max():.3f}",
                f"{largest.mean():+.2f}, {largest.std():.2f}",
                f"{mean.mean():+.2f}, {mean.std():.2f}",
                f"{np.count_nonzero(back) / back.size:.1%}",
                f"{np.count_nonzero(back_of_mean) / back_of_mean.size:.0%}",
            ]
        )
    measured = ("lone 1", "noise", "entries with a slope")
    header = [f"{what}: {kind}" for what in measured for kind in ("max", "average")]
    return plots.table(["window", *header], rows)


demo(lone_and_noise)

# %% [markdown]
# And on the map of edges, with windows of $4 \times 4$. All three are shown with the same scale.


# %%
def max_and_average(volume):
    largest, mean = max_pool_forward(volume, 4, 4)[0], average_pool(volume, 4, 4)
    return plots.side_by_side(
        *(one[0, 0] / volume.max() for one in (volume, largest, mean)),
        titles=["map of edges", "max, 4 x 4", "average, 4 x 4"],
        description="A map of edges; pooled with the maximum its edges are bright and wide, with "
        "the average they are faint.",
    )


demo(max_and_average, edge_map)

# %% [markdown] question="average_or_max" points=3
# ### Question: average or max?
#
# In about eight sentences, with the numbers from the table above:
#
# 1. Why might the average be a poor choice behind a layer that looks for something? Say what
#    happens to a lone strong response with windows of 2 and of 8.
# 2. What do the two do with noise, and what does that mean for a map in which there is nothing to
#    be found?
# 3. Where do the slopes go on the way back, in the one and in the other?
# 4. "Retaining the most important information": what does max pooling take as important, and what
#    does it throw away? Name a case in which you would rather take the average, and why.

# %% [markdown]
# ## 12. What moves along
#
# The first assignment called a filter $F$ shift-invariant if it does not matter whether the image
# is shifted before or after, $F(T(x)) = T(F(x))$. For networks this property is mostly called
# *equivariance*: the output moves along. *Invariance* is then something else, $F(T(x)) = F(x)$: the
# output does not notice. Which layers have the one, which the other? Measure it.
#
# A camera that turns a little sees the same scene, moved by some pixels, with something new at one
# side. Here are two such views: windows of 128 pixels, cut from a larger picture. If the second
# begins $d$ columns further right, everything in it is $d$ columns further left.

# %%
scene = as_volume(images.shrink(astronaut, 2))


def view(shift):
    return scene[:, :, 60:188, 20 + shift : 148 + shift]


plots.side_by_side(
    as_image(view(0)),
    as_image(view(16)),
    titles=["first view", "16 columns further right"],
    description="Two parts of a picture of an astronaut; the second shows her further left.",
)

# %% [markdown]
# What the first three of the six neurons make of nine such views, with three strides; then, for
# stride 1, the same behind a ReLU.


# %%
def responses(stride, padding=2, shifts=range(9)):
    return [conv2d_forward(view(shift), six[:3], six_b[:3], stride, padding)[0] for shift in shifts]


outputs = {stride: demo(responses, stride) for stride in (1, 2, 4)}
maps = demo(lambda volumes: [np.maximum(0.0, one) for one in volumes], outputs[1])
demo(
    lambda *every: plots.table(
        ["stride", "shape of an output"],
        [[stride, volumes[0].shape] for stride, volumes in zip(outputs, every, strict=True)],
    ),
    *outputs.values(),
)

# %% [markdown]
# **Equivariance.** `left_over` compares what a layer makes of the first view and of a later one,
# after one of the outputs has been moved back. A stride of $s$ makes one column of the output of
# $s$ columns of the input, so that a shift by $d$ becomes one by $d / s$. Outputs can only be moved
# by whole columns: where $d / s$ is none, the better of the two next to it counts. The result is in
# units of the output's standard deviation: 0 is equivariant, and 1.4 would be two unrelated
# pictures.


# %%
def left_over(first, second, shift, stride, border=3):
    """Return the difference (root mean square) that moving the output does not make up for."""
    found = []
    for along in {shift // stride, -(-shift // stride)}:  # rounded down, and up
        difference = first[:, :, along:] - second[:, :, : first.shape[2] - along]
        inside = slice(border, -border or None)
        found.append(np.sqrt(np.mean(difference[:, inside, inside] ** 2)) / first.std())
    return min(found)


def pooled(volumes, size):
    return [max_pool_forward(one[np.newaxis], size, size)[0][0] for one in volumes]


equivariant = {
    **{f"stride {stride}": (outputs[stride], stride) for stride in (1, 2, 4)},
    "max pooling, 2 x 2": (demo(pooled, maps, 2), 2),
}
plots.curves(
    range(9),
    {
        name: demo(
            lambda volumes, stride: [
                left_over(volumes[0], volumes[shift], shift, stride) for shift in range(9)
            ],
            *pair,
        )
        for name, pair in equivariant.items()
    },
    xlabel="shift in pixels",
    ylabel="left over, in deviations",
    description="What moving the output does not make up for, over the shift: 0 for a convolution "
    "with stride 1; for the others it goes up and down, and is 0 at multiples of the stride.",
)

# %% [markdown]
# At the border: the same with and without padding, for stride 1 and a shift of 1, with fewer and
# fewer rows and columns left out at the sides. The zeros of the padding do not move along.


# %%
def with_the_border():
    rows = []
    for padding in (0, 2):
        one, other = responses(1, padding, (0, 1))
        found = [left_over(one, other, 1, 1, border) for border in (2, 1, 0)]
        rows.append([padding, *(f"{value:.3f}" for value in found)])
    header = ["padding", "2 left out at each side", "1 left out", "none left out"]
    return plots.table(header, rows)


demo(with_the_border)

# %% [markdown]
# **Invariance.** Now the output is *not* moved back: how much does it change when the picture moves
# by a few pixels? First the maps behind the ReLU, then behind pooling with windows of 2 and of 8,
# the latter also with the average. The mean of whole maps is the last step in that direction. Every
# change is in units of the standard deviation of that output itself, so that 1.4 would again be two
# unrelated pictures. (The mean of whole maps is three numbers, one a channel.) A part of the change
# is due to what is new at the side of the view.


# %%
def changes(volumes):
    """Return by how much outputs differ from the first one, in the first one's deviation."""
    return [np.sqrt(np.mean((volumes[0] - one) ** 2)) / volumes[0].std() for one in volumes]


def averaged(volumes, size):
    return [average_pool(one[np.newaxis], size, size)[0] for one in volumes]


invariant = {
    "maps": maps,
    "max, 2": demo(pooled, maps, 2),
    "max, 8": demo(pooled, maps, 8),
    "average, 8": demo(averaged, maps, 8),
    "average, all": demo(averaged, maps, 128),
}
plots.curves(
    range(9),
    {name: demo(changes, volumes) for name, volumes in invariant.items()},
    xlabel="shift in pixels",
    ylabel="change, in deviations",
    description="The change of the output over the shift: it rises fastest for the maps, a little "
    "less behind max pooling with 2 x 2, less behind windows of 8 x 8, and hardly for the mean.",
)

# %% [markdown] question="equivariance" points=3
# ### Question: what moves along?
#
# In about ten sentences, with your measurements:
#
# 1. A convolution with stride 1 moves along exactly. Why? What would be different in a locally
#    connected layer? And where does it not hold, with padding?
# 2. At which shifts do the layers with a stride of 2 and of 4 move along, and why not at the
#    others? Is pooling with $2 \times 2$ any different?
# 3. "Pooling makes a network invariant to shifts." Read from your curves how much a shift of one
#    pixel changes the maps, and how much what comes out of max pooling with 2 x 2 and with 8 x 8.
#    How true is the sentence? Why is the max of a window often the same after a small shift?
# 4. A robot asks two questions: is there a cup in the picture, and where is it? Which of the two
#    properties does each of them need, and which layers provide it?

# %% [markdown]
# ## How far you are
#
# Run all cells (Run, Restart Kernel and Run All Cells) before you hand in, so that what you see is
# what is graded.

# %%
progress("convolution_layers")
