# %% [markdown]
# # Deep networks
#
# A convolution layer is a part. What became famous are networks of many of them: AlexNet with 8
# layers in 2012, VGG with 19 and GoogLeNet with 22 in 2014. It looked as if one had only to go on.
# Then deeper networks turned out worse, and not for lack of data: they did worse at the very
# images they were trained on. A year later a small change of the layers, a shortcut, cured that.
#
# **You will be able to**
#
# - build AlexNet, VGG-19 and the block of GoogLeNet, and say where their parameters and their
#   multiplications are,
# - measure the degradation of plain networks, and say what it is not,
# - build residual networks of any depth with two kinds of shortcuts,
# - write the loop that trains them, on a CPU and on a GPU alike.
#
# **Time to plan:** three to five hours. **You hand in** this notebook under its own name.
#
# **Use of AI tools:** you may ask them about ideas; the code and the answers you hand in are your
# own.
#
# Every exercise has a check below it. It tries your function on small examples and says what is
# wrong. After you hand in, hidden tests look closer, on inputs you have not seen.
#
# This notebook uses PyTorch, whose layers do what yours did in the first notebook, forward and
# backward. You write what is made of them; the layers themselves (`nn.Conv2d`, `nn.MaxPool2d`,
# `nn.BatchNorm2d`, ...) you may use.

# %%
from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from course_utils import check, curves, datasets, demo, environment, images, plots, progress
from course_utils.batches import DeviceDataset
from course_utils.devices import choose_device, seed_everything
from course_utils.training import fit
from course_utils.widgets import LiveCurves
from course_utils.widgets import deep_networks as widgets

environment.check()

# %% [markdown]
# ## 1. Normalising by the neighbours
#
# Between the layers of AlexNet stands one that the first notebook did not have: *local response
# normalisation*. A channel's number $a_i$ at some place is divided by how active the same place is
# in the $n$ channels around it,
#
# $$b_i = \frac{a_i}{\left( k + \alpha \sum_j a_j^2 \right)^{\beta}}, \qquad
# \max\left(0, i - \tfrac{n - 1}{2}\right) \le j \le \min\left(C - 1, i + \tfrac{n - 1}{2}\right),$$
#
# with $n = 5$, $k = 2$, $\alpha = 10^{-4}$ and $\beta = 0.75$. At the first and last channels there
# are fewer neighbours, and the sum is shorter. Channels that answer at the same place compete, in
# the way of neurons in the eye that inhibit their neighbours.
#
# > **From slide to code.** The slide only has a box "norm"; the equation is the paper's.
# > `nn.LocalResponseNorm` divides $\alpha$ by $n$: the paper's $\alpha = 10^{-4}$ is its
# > `alpha=5e-4`. With `alpha=1e-4` it computes something else, and nothing complains.

# %% exercise="local_response_norm" points=4

# %% [markdown]
# The answer of the middle one of five channels, over its own number, while each of the other four
# has 0, 100 or 200. Alone it rises to a top at $\sqrt{2 k / \alpha} = 200$ and falls again: very
# active neurons inhibit themselves. Which number $b$ does it take from $a = 100$ for each of the
# neighbours? What would remain with numbers around 1?

# %%
numbers = torch.arange(0.0, 601.0)


def middle(neighbour):
    X = torch.full((1, 5, 1, len(numbers)), float(neighbour))
    X[0, 2, 0] = numbers
    return local_response_norm(X)[0, 2, 0].numpy()


plots.curves(
    numbers.numpy(),
    {f"neighbours {n}": demo(middle, n) for n in (0, 100, 200)},
    xlabel="a, the channel's number",
    ylabel="b",
    description="The normalised number over the channel's own number, for neighbours of 0, 100 and "
    "200. Without neighbours the curve rises to a top at 200 and falls slowly; with larger "
    "neighbours it is lower, and its top lies further to the right.",
)

# %% [markdown]
# Beside torch's layer, with its $\alpha$ and with the paper's:


# %%
def beside_torch():
    X = 100 * torch.randn(2, 9, 4, 4, generator=torch.Generator().manual_seed(0))
    yours, rows = local_response_norm(X), []
    for alpha in (1e-4, 5e-4):
        theirs = nn.LocalResponseNorm(5, alpha=alpha, beta=0.75, k=2.0)(X)
        off = float((yours - theirs).abs().max())
        rows.append([f"{alpha:g}", plots.size_of(off, 1e-3)])
    return plots.table(["torch's alpha", "largest difference to yours"], rows)


demo(beside_torch)

# %% [markdown]
# On a picture. Eight channels answer to edges of eight directions, as some of AlexNet's first
# kernels do after training. Strong edges excite several of them, and are held down; weak ones stay,
# so that they come out closer to the strong ones. Each row has its own scale.


# %%
def edges(picture):
    """Return (1, 8, H, W): how much brighter it gets in each of eight directions, at least 0."""
    y, x = np.gradient(picture)
    angles = np.arange(8) * np.pi / 4
    maps = np.maximum(np.cos(angles)[:, None, None] * x + np.sin(angles)[:, None, None] * y, 0)
    return torch.from_numpy(3000 * maps[None])


def before_and_after():
    X = edges(images.shrink(images.load("camera"), 4))
    shown = [
        one[0, i].numpy() / float(one.max())
        for one in (X, local_response_norm(X))
        for i in (0, 1, 2)
    ]
    titles = [f"{what}, {45 * i} degrees" for what in ("before", "after") for i in (0, 1, 2)]
    return plots.side_by_side(
        *shown,
        titles=titles,
        columns=3,
        description="Edges of three directions in the picture camera, before and after local "
        "response normalisation: afterwards weak edges are much closer to the strong ones.",
    )


demo(before_and_after)

# %% [markdown]
# ## 2. AlexNet
#
# Krizhevsky, Sutskever and Hinton, 2012: five convolution layers and three fully connected ones.
# What was new was less any of its parts than that they were put together, large, and trained on
# 1.2 million images: ReLUs instead of functions that flatten out, so that slopes do not vanish; max
# pools that overlap; dropout, which sets half of a layer's numbers to 0 at random while training;
# two GPUs.
#
# > **From slide to code.** *224 or 227?* The paper says that images are 224 x 224. With kernels of
# > 11 and stride 4, its 55 outputs need $54 \cdot 4 + 11 = 227$ rows. Here 224 rows get 2 of
# > padding on each side: $\lfloor (224 + 4 - 11) / 4 \rfloor + 1 = 55$, and one of 228 is not
# > covered. Others take images of 227 without padding.
# >
# > *Two columns.* The drawing shows the network twice, one above the other: one half for each GPU.
# > In layers 2, 4 and 5 a kernel sees the channels of its own half alone. In torch that is
# > `groups=2`. What it is worth: without groups there are 62,378,344 parameters. Torchvision's
# > "AlexNet" is another network again, of one column with fewer kernels: 61,100,840 parameters.
#
# How large is it? No image need go through the network to know that. On torch's device "meta",
# tensors have a shape and no numbers: AlexNet takes no memory there, and nothing is computed.

# %% exercise="alexnet" points=4

# %% replay="alexnet" points=2

# %% [markdown]
# Your table. Which layers have the most parameters? How many numbers does the network make of the
# 150,528 of an image before the first fully connected layer? (A tensor made within
# `with torch.device("meta")` is on that device.)

# %%
IMAGE = (3, 224, 224)


def table_of(make):
    with torch.device("meta"):
        network = make()
    return layer_table(network, IMAGE)


def count(rows):
    return sum(parameters for _, _, parameters in rows)


def shown_as_table(rows):
    shown = [[name, " x ".join(map(str, shape)), f"{n:,}"] for name, shape, n in rows]
    return plots.table(["layer", "output", "parameters"], [*shown, ["all", "", f"{count(rows):,}"]])


alexnet_rows = demo(table_of, alexnet)
demo(shown_as_table, alexnet_rows)

# %% [markdown]
# ## 3. VGG: small kernels, many layers
#
# Simonyan and Zisserman, 2014, asked what depth alone does, and made everything else the same
# everywhere: kernels of 3 x 3, padding 1, so that rows and columns stay as many, and max pools that
# halve them; behind a pool the channels are doubled, up to 512. Local response normalisation did
# not help them, and is gone.
#
# Why 3 x 3? Two such layers, one behind the other, see 5 x 5 pixels, three see 7 x 7. For $C$
# channels in and out, one layer of 7 x 7 kernels has $49\, C^2$ weights; three of 3 x 3 have
# $27\, C^2$, and three ReLUs instead of one.

# %% exercise="vgg19" points=4

# %% [markdown]
# The stages of your VGG-19. In each, what comes out is a quarter of the places of the one before.


# %%
def stages(rows):
    table = []
    for stage in range(1, 6):
        layers = [row for row in rows if row[0].startswith((f"conv{stage}_", f"pool{stage}"))]
        shapes = " x ".join(map(str, layers[-1][1]))
        table.append([stage, len(layers) - 1, shapes, f"{count(layers):,}"])
    rest = [row for row in rows if row[0].startswith("fc")]
    table.append(["fully connected", len(rest), "1000", f"{count(rest):,}"])
    table.append(["all", "", "", f"{count(rows):,}"])
    return plots.table(["stage", "layers", "output", "parameters"], table)


vgg_rows = demo(table_of, vgg19)
demo(stages, vgg_rows)

# %% [markdown]
# ## 4. GoogLeNet: several kernels side by side
#
# Which size should a kernel have? Szegedy et al., 2014, let the network use all: an *inception
# block* applies kernels of 1 x 1, 3 x 3 and 5 x 5 and a max pool to the same input, and puts the
# channels of all of them one behind the other.
#
# Done plainly, this is expensive, the more so as channels add up from block to block. The way out
# are 1 x 1 kernels. Such a kernel looks at one place, and mixes its channels: it is a fully
# connected layer that is applied at every place by itself. In front of the 3 x 3 and of the 5 x 5
# kernels it makes few channels of many.
#
# > **From slide to code.** It is spelled GoogLeNet, in honour of LeNet (LeCun et al., 1989). Its 22
# > layers are counted along the longest way: an inception block counts as two.

# %% exercise="inception_block" points=6

# %% [markdown]
# What the 1 x 1 kernels save. The first block of GoogLeNet, of 192 channels and 28 x 28 places, and
# the same block with kernels that see all 192 channels. Products are the weights times the places.


# %%
def saved():
    block = InceptionBlock(192, 64, 96, 128, 16, 32, 32)
    with_reduction = sum(p.numel() for p in block.parameters() if p.dim() == 4)
    kernels = {"one": (64, 1), "three": (128, 9), "five": (32, 25), "project": (32, 1)}
    without = sum(192 * outputs * places for outputs, places in kernels.values())
    rows = [
        [name, f"{weights:,}", f"{weights * 28 * 28 / 1e6:.0f} million"]
        for name, weights in (("with 1 x 1 kernels", with_reduction), ("without", without))
    ]
    return plots.table(["block", "weights", "products"], rows)


demo(saved)

# %% [markdown]
# The whole of GoogLeNet stacks nine of your blocks, with the numbers of the paper's table 1. (Left
# out are two further classifiers that helped to train it.) All its layers that learn:

# %%
BLOCKS = {
    "3a": (192, 64, 96, 128, 16, 32, 32),
    "3b": (256, 128, 128, 192, 32, 96, 64),
    "4a": (480, 192, 96, 208, 16, 48, 64),
    "4b": (512, 160, 112, 224, 24, 64, 64),
    "4c": (512, 128, 128, 256, 24, 64, 64),
    "4d": (512, 112, 144, 288, 32, 64, 64),
    "4e": (528, 256, 160, 320, 32, 128, 128),
    "5a": (832, 256, 160, 320, 32, 128, 128),
    "5b": (832, 384, 192, 384, 48, 128, 128),
}


def googlenet():
    """Return GoogLeNet, untrained, 22 layers deep, for images (B, 3, 224, 224)."""
    network = nn.Sequential()

    def add(name, layer, *behind):
        for part, one in ((name, layer), *((f"{one}_{name}", made[one]()) for one in behind)):
            network.add_module(part, one)

    made = {
        "relu": nn.ReLU,
        "pool": lambda: nn.MaxPool2d(3, 2, ceil_mode=True),
        "norm": lambda: nn.LocalResponseNorm(5, 5e-4, 0.75, 2.0),
    }
    add("conv1", nn.Conv2d(3, 64, 7, stride=2, padding=3), "relu", "pool", "norm")
    add("reduce2", nn.Conv2d(64, 64, 1), "relu")
    add("conv2", nn.Conv2d(64, 192, 3, padding=1), "relu", "norm", "pool")
    for name, channels in BLOCKS.items():
        add(f"inception{name}", InceptionBlock(*channels), *["pool"] * (name in ("3b", "4e")))
    add("average", nn.AdaptiveAvgPool2d(1))
    add("flatten", nn.Flatten())
    add("drop", nn.Dropout(0.4))
    add("fc", nn.Linear(1024, 1000))
    return network


googlenet_rows = demo(table_of, googlenet)
demo(lambda rows: shown_as_table([row for row in rows if row[2]]), googlenet_rows)

# %% [markdown]
# The paper counts twelve times fewer parameters than AlexNet has. By your tables it is a factor of
# nearly nine. The one layer that AlexNet spends most on, `fc6`, is replaced by a mean over all
# places.
#
# **Three networks.** Each bar is a layer. Which of the three has the most products an image, and by
# which factor more than AlexNet? Where are the parameters of AlexNet and VGG, and where are the
# products? Where are both in GoogLeNet?
#
# *If a control shows no picture, run its cell again.*


# %%
def three_networks(alex, vgg, google):
    return widgets.LayerShapes({"AlexNet": alex, "VGG-19": vgg, "GoogLeNet": google})


demo(three_networks, alexnet_rows, vgg_rows, googlenet_rows)

# %% [markdown]
# ## 5. As simple as stacking more layers?
#
# The networks that won, or nearly won, the yearly competition on ImageNet, with the share of test
# images whose class was not among the five first answers:
#
# | year | network | layers | error, five answers |
# |---|---|---|---|
# | 2012 | AlexNet | 8 | 16.4 % |
# | 2014 | VGG | 19 | 7.3 % |
# | 2014 | GoogLeNet | 22 | 6.7 % |
# | 2015 | ResNet | 152 | 3.57 % |
#
# (Entries of several networks that vote.) Is learning better networks as simple as stacking more
# layers? He et al. tried it before they had the last row, with networks that are as plain as VGG:
# blocks of two 3 x 3 layers, each with batch normalisation, which VGG did not have yet. These are
# the curves of such plain networks, measured beforehand: on the left with 20 and 56 layers. The
# panel on the right shows the cure, which comes in the next section.

# %%
curves.degradation().picture()

# %%
curves.degradation()

# %% [markdown]
# Look at the plain networks' dashed lines. The deeper network is not only worse at new images: it
# is worse at the images it was trained on. So it is *not overfitting*, which would be a small
# training error and a large test error. He et al. call it the *degradation* problem.
#
# And it should not be. Take the network of 20 layers, trained, and put 36 more in between that pass
# on what they get. This network of 56 layers has the same training error. It is one of those that
# 56 layers can be, so that the best of those is at least as good. Three explanations come to mind:
#
# - *A richer space of solutions*: more layers can represent more. True, but it speaks for the deep
#   network, not against it.
# - *Gradients that vanish or explode* on the way through many layers. It was so with sigmoids; we
#   measure in section 7 whether it is so here.
# - *The solver does not find the solution*, though it is there. This is what remains, and what the
#   argument shows; it does not say why.

# %% [markdown]
# ## 6. A solution by construction
#
# If layers should be able to pass on what they get, let that be what they do when they do nothing.
# A plain block computes $Y = \mathrm{ReLU}(F(X))$ with two layers
#
# $$F(X) = \mathrm{bn}_2(W_2 * \mathrm{ReLU}(\mathrm{bn}_1(W_1 * X))),$$
#
# and to pass on $X$ it has to learn kernels that copy. A residual block adds a *shortcut*, $S$:
#
# $$Y = \mathrm{ReLU}(F(X) + S(X)).$$
#
# With $S(X) = X$ it passes on $X$ where $F = 0$, and $F$ only has to learn the difference, the
# *residual*. The sum comes before the last ReLU: behind it, $F$ could only add, never take away.
#
# Where a block halves rows and columns and doubles the channels, $X$ does not fit to $F(X)$. There
# are two ways:
#
# - **A**: take every second row and column, and fill up with channels of zeros. No parameters.
# - **B**: a *projection*, 1 x 1 kernels with stride 2, that is learned.

# %% exercise="residual_blocks" points=8

# %% [markdown]
# A block that has learned nothing to add: the scale of its last normalisation is set to 0, so that
# $F = 0$. What comes out of a picture with numbers of at least 0?


# %%
def nothing_to_add():
    X, rows = torch.rand(4, 16, 8, 8, generator=torch.Generator().manual_seed(0)), []
    for kind in (PlainBlock, ResidualBlock):
        block = kind(16, 16)
        nn.init.zeros_(block.bn2.weight)
        Y = block(X).detach()
        rows.append([kind.__name__, bool(torch.equal(Y, X)), f"{float(Y.abs().mean()):.3f}"])
    return plots.table(["block", "Y equals X", "mean of |Y|"], rows)


demo(nothing_to_add)

# %% [markdown]
# The price of the shortcuts, for a block that makes 32 channels of 16 and halves rows and columns.


# %%
def prices():
    made = {
        "plain": PlainBlock(16, 32, 2),
        "shortcut A": ResidualBlock(16, 32, 2, "A"),
        "shortcut B": ResidualBlock(16, 32, 2, "B"),
    }
    X, rows = torch.zeros(1, 16, 32, 32), []
    for name, block in made.items():
        size = " x ".join(map(str, block(X).shape[1:]))
        rows.append([name, size, f"{sum(p.numel() for p in block.parameters()):,}"])
    return plots.table(["block", "output", "parameters"], rows)


demo(prices)

# %% [markdown]
# **Networks of any depth.** For small images, such as the 32 x 32 pixels of CIFAR-10, He et al.
# stack them so: one convolution layer, three stages of $n$ blocks, the mean over all places, one
# linear layer; $1 + 3 \cdot 2n + 1 = 6n + 2$ layers. Plain or residual is only a matter of the
# block, which is an argument.

# %% exercise="cifar_resnet" points=6

# %% [markdown]
# Your parameters, beside those in table 6 of He et al., in millions. The last column is the
# published error of the residual networks on the test images of CIFAR-10, which falls with depth.
# (For 110 layers it is the best of five trainings; their mean is 6.61 %.)


# %%
def option_b(inputs, outputs, stride):
    return ResidualBlock(inputs, outputs, stride, "B")


published = {
    20: ("0.27", "8.75 %"),
    32: ("0.46", "7.51 %"),
    44: ("0.66", "7.17 %"),
    56: ("0.85", "6.97 %"),
    110: ("1.7", "6.43 %"),
}


def sizes():
    rows = []
    for depth, (millions, error) in published.items():
        with torch.device("meta"):
            made = [
                CifarResNet((depth - 2) // 6, block)
                for block in (PlainBlock, ResidualBlock, option_b)
            ]
        counts = [f"{sum(p.numel() for p in one.parameters()):,}" for one in made]
        rows.append([depth, *counts, millions, error])
    header = ["layers", "plain", "shortcuts A", "shortcuts B", "paper, millions", "paper, error"]
    return plots.table(header, rows)


demo(sizes)

# %% [markdown]
# ## 7. Do the gradients vanish?
#
# Measure it: make a network, send a batch of images through it and back, and look at the length of
# the gradient $\lVert \partial L / \partial W \rVert$ of every convolution layer. Nothing is
# trained. There are three kinds of networks:
#
# - as they are, with batch normalisation;
# - without it, with the first weights that torch draws, whose variance is $1 / (3m)$ for $m$
#   inputs;
# - without it, with the variance $2 / m$ of the last assignment.
#
# The networks have 8 channels in the first stage, and look at patches of ten photographs, averaged
# down to 16 x 16 pixels. The numbers are computed in float64; in float32 the smallest of them would
# be 0. In the pictures the way back runs from right to left: what grows to the left grows on the
# way back, what falls to the left vanishes.


# %%
def halved(pixels):
    """Average images (N, H, W, C) down to half of their sides."""
    n, height, width, channels = pixels.shape
    cells = pixels.reshape(n, height // 2, 2, width // 2, 2, channels)
    return np.rint(cells.mean(axis=(2, 4))).astype(np.uint8)


patches = datasets.photo_patches(1000, 500)
small = replace(
    patches,
    name="photo_patches, 16 x 16",
    train_images=halved(patches.train_images),
    test_images=halved(patches.test_images),
)
kinds = ("plain", "residual")


def make(kind, depth, seed=0, width=8):
    """Return an untrained network of small width; equal seeds give equal weights."""
    seed_everything(seed)
    block = PlainBlock if kind == "plain" else ResidualBlock
    return CifarResNet((depth - 2) // 6, block, width=width)


# %%
def without_normalisation(network):
    for module in list(network.modules()):
        for name, child in module.named_children():
            if isinstance(child, nn.BatchNorm2d):
                setattr(module, name, nn.Identity())
    return network


def with_larger_weights(network):
    for layer in without_normalisation(network).modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
    return network


def gradient_norms(network):
    X, y = next(iter(DeviceDataset(small, "cpu").in_order("train", 32)))
    network.double().train()
    functional.cross_entropy(network(X.double()), y).backward()
    layers = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    return np.array([float(layer.weight.grad.norm()) for layer in layers])


settings = {
    "with batch normalisation": lambda network: network,
    "without it, variance 1 / (3 m)": without_normalisation,
    "without it, variance 2 / m": with_larger_weights,
}


def all_norms():
    return widgets.GradientNorms(
        {
            name: {
                depth: {kind: gradient_norms(change(make(kind, depth))) for kind in kinds}
                for depth in (8, 20, 32, 56)
            }
            for name, change in settings.items()
        }
    )


demo(all_norms)

# %% [markdown]
# *Without normalisation*, and with torch's first weights, of variance $1 / (3m)$, the gradients of
# a plain network do vanish: at 56 layers they are about $10^{-24}$. This is so in all layers alike,
# since a layer's gradient is a product of what comes in from the front, which shrinks with every
# layer before it, and of what comes back from behind, which shrinks with every layer after it.
# First weights of variance $2 / m$ prevent most of it.
#
# *With batch normalisation*, which all networks of the degradation experiment have, the gradients
# of the plain networks do not vanish in any layer. At 56 layers they even grow on the way back: at
# the first layer they are more than a thousand times as long as at the last, while those of the
# residual network stay within a factor of about ten.
#
# > **From slide to code.** The slide names "gradient vanishing / explosion" among the reasons why
# > deep networks fail. For the degradation it is not that gradients vanish. He et al. (2015,
# > section 4.1): with batch normalisation the signals forward have variances that are not 0, and
# > the gradients of the plain networks have healthy norms, so that neither vanishes. Vanishing
# > gradients do not explain the degradation. They conjecture that plain deep networks converge
# > exponentially slowly, and leave the reason open. That gradients *grow* towards the first layers
# > of plain networks with batch normalisation is known from Yang et al. (ICLR 2019); whether it is
# > the reason does not follow from a measurement before training.

# %% [markdown]
# ## 8. Training
#
# The loop is that of the last assignment: scores, loss, gradients, step. Four things are new.
#
# - *Modes.* Batch normalisation and dropout do one thing in training and another in testing.
#   `model.train()` and `model.eval()` choose. Whoever trains cannot know in which mode a network
#   comes.
# - *Gradients add up* in torch, from batch to batch, until `optimizer.zero_grad()`.
# - *The device.* `choose_device()` takes a GPU if there is one that works (its `why` says what it
#   found), and images must be where the network is.
# - *Precision.* On a GPU the forward pass is often computed with 16 bits. `precision` knows
#   how: a context for the forward pass and the loss, and two methods in the place of `backward` on
#   the loss and `optimizer.step()`. On most CPUs they do nothing.
#
# `fit` is given: it makes the optimizer, SGD with momentum, shifts and mirrors the images, lowers
# the learning rate, calls your `train_epoch` once an epoch, and tests the network after it.

# %% exercise="train_epoch" points=6

# %% [markdown]
# A ResNet of 8 layers learns from which of ten pictures a patch of 32 x 32 pixels was cut; test
# patches come from other parts of the pictures. On a CPU it takes some seconds.

# %%
device = choose_device().device
data = DeviceDataset(patches, device)


def first_training():
    network = make("residual", 8)
    live = LiveCurves(
        6,
        "loss and test accuracy of a ResNet of 8 layers over six epochs of photo_patches",
        "test accuracy",
    )
    fit(
        network,
        data,
        train_epoch,
        epochs=6,
        batch_size=50,
        learning_rate=0.05,
        milestones=(4,),
        live=live,
        name=f"ResNet-8 on {device.type}",
    )
    return network


trained = demo(first_training)
demo(lambda network: f"Trained: {sum(p.numel() for p in network.parameters()):,} numbers", trained)

# %% [markdown]
# **What do its channels see?** The outputs of the layers of the network that you have just trained,
# for twenty test pictures. Behind the first layer channels still look like the picture; which
# directions, colours, or brightnesses do they answer to? What becomes of details from stage to
# stage? Find a picture that the network gets wrong.


# %%
def feature_maps(network):
    inputs, labels = next(iter(data.in_order("test", 20)))
    layers = {
        "the first layer": network.bn,
        "stage 1": network.stage1,
        "stage 2": network.stage2,
        "stage 3": network.stage3,
    }
    return widgets.FeatureMaps(
        network,
        layers,
        patches.test_images[:20],
        inputs,
        labels.cpu().numpy(),
        patches.class_names,
    )


demo(feature_maps, trained)

# %% [markdown]
# ## 9. Plain against residual
#
# Now the experiment. `run` trains a network of a kind and a depth, and returns its training error
# and its test error. What should be compared, and how are several seeds put together?

# %% exercise="degradation" points=5

# %% [markdown]
# First with the trainings that were measured beforehand, whose curves you saw in section 5, in
# percentage points. Above 0 means that the deeper networks have the larger training error.

# %%
measured = curves.degradation()


def differences(found):
    return plots.table(
        ["networks", "training error of the deeper less that of the shallower one, in points"],
        [[kind, f"{100 * difference:+.1f}"] for kind, difference in found.items()],
    )


def of_measured():
    return degradation(measured.run, measured.depths, measured.seeds)


demo(differences, demo(of_measured))

# %% [markdown]
# Then live, small enough for a CPU: 8 against 32 layers, 8 channels in the first stage, 1,000
# patches averaged down to 16 x 16 pixels, five epochs, one seed. It takes some fifteen seconds.

# %%
small_data = DeviceDataset(small, device)


def live_experiment():
    live = LiveCurves(
        5,
        "loss and test accuracy of plain and residual networks of 8 and of 32 layers over five "
        "epochs",
        "test accuracy",
    )
    histories = {}

    def run(kind, depth, seed):
        history = histories[kind, depth] = fit(
            make(kind, depth, seed),
            small_data,
            train_epoch,
            epochs=5,
            batch_size=50,
            learning_rate=0.02,
            milestones=(3,),
            pad=0,
            seed=seed,
            measure=("train", "test"),
            live=live,
            name=f"{kind}, {depth} layers",
        )
        return 1 - history.train_accuracy[-1], 1 - history.test_accuracy[-1]

    return histories, degradation(run, (8, 32), (0,))


def errors(found):
    histories, difference = found
    panels = {
        f"{kind}: {100 * difference[kind]:+.1f} points with depth": {
            f"{depth} layers": [
                tuple(
                    [1 - share for share in shares]
                    for shares in (history.train_accuracy, history.test_accuracy)
                )
            ]
            for (of, depth), history in sorted(histories.items())
            if of == kind
        }
        for kind in kinds
    }
    return curves.pictured(
        panels,
        "Training and test errors of plain and residual networks of 8 and 32 layers over five "
        "epochs. The plain network of 32 layers has a far larger training error than that of 8; "
        "of the residual ones the difference is far smaller.",
    )


experiment = demo(live_experiment)
demo(errors, experiment)

# %% [markdown]
# What is to be seen, and what not. With five seeds on one machine the training error of the plain
# network of 32 layers was larger than that of 8 layers by 26 to 57 percentage points. For the
# residual networks it was from 1 less to 11 more. So the shortcut takes away most of the
# degradation, and here not quite all of it: after 100 steps the deeper residual network is most
# often still behind. In the experiment measured beforehand, after 600 steps, it is behind by about
# three points. In that of the paper, after 64,000, it is ahead: ResNet-56 makes fewer errors than
# ResNet-20, on training images as well as on test images. (The test errors of the residual networks
# say little here: of 500 images, an error of 30 % has a standard deviation of 2 points.)
#
# **With a GPU.** The cell below trains ResNet-20 on CIFAR-10 with the paper's settings; its error
# there is 8.75 %. (Only the first weights are those of torch. The paper's have the variance
# $2 / m$, as have those behind the curves of section 5.) It downloads 170 MB, and is only for those
# who have a GPU and want to wait. If it is interrupted, run it again: it goes on from its
# checkpoint.

# %%
train_on_cifar = False  # True on a GPU


def resnet_20():
    seed_everything(0)
    return fit(
        CifarResNet(3, ResidualBlock),
        DeviceDataset(datasets.cifar10(), device),
        train_epoch,
        epochs=164,
        batch_size=128,
        learning_rate=0.1,
        milestones=(82, 123),
        checkpoint="resnet20.pt",
        name="ResNet-20 on CIFAR-10",
    )


if train_on_cifar:
    resnet_20()

# %% [markdown] question="why_shortcuts_help" points=5
# ### Question: why do shortcuts help?
#
# In about fifteen sentences, with your measurements:
#
# 1. *What is degradation?* Give the training errors of the plain networks of two depths, from one
#    of the experiments. Why is it not overfitting? Why should a deeper network be able to reach a
#    training error at least as small as a shallower one?
# 2. *Is it vanishing gradients?* Read from section 7, at 56 layers, the gradients at the first and
#    at the last layer of the plain network, with batch normalisation, and without it and with
#    torch's first weights. What do you conclude for the experiment, and what can such a measurement
#    before training not tell?
# 3. *What does the shortcut change?* What does a residual block compute when $F = 0$, and what
#    would a plain block have to learn for the same? Write $\partial L / \partial X$ of a block
#    $Y = X + F(X)$ (without the last ReLU; as if $X$ were a number will do) as a sum, and say what
#    its first term means for the layers in front.
# 4. *How much is shown?* What do the numbers of one of the experiments say about residual networks
#    of two depths? Name two things in which it differs from the paper's experiment, and what they
#    mean for your conclusion.

# %%
progress("deep_networks")
