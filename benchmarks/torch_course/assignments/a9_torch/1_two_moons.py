# %% [markdown]
# # Two moons
#
# Two classes of points that no straight line separates, and the smallest network that does it. You
# write the loss, the step, the loop and the number that says how good the result is.
#
# **You will be able to**
#
# - compute the softmax cross-entropy from logits without overflow,
# - say what momentum adds to gradient descent,
# - write a training loop and read its losses.
#
# **Time to plan:** two hours. **You hand in** this notebook under its own name.

# %%
from operator import itemgetter

import numpy as np
import torch
from torch import Tensor, nn

from course_utils import check, demo, environment, plots, progress

environment.check()

# %% [markdown]
# ## 1. The data
#
# 400 points in the plane, on two half circles that reach into each other, with a little noise.

# %%
draw = torch.Generator().manual_seed(0)
angle = torch.pi * torch.rand(200, generator=draw)
upper = torch.stack([angle.cos(), angle.sin()], dim=1)
lower = torch.stack([1.0 - angle.cos(), 0.5 - angle.sin()], dim=1)
points = torch.cat([upper, lower])
points += 0.12 * torch.randn(points.shape, generator=draw)
labels = torch.arange(2).repeat_interleave(200)


def scatter(colour, description):
    figure = plots.new_figure(5.0, 3.2)
    axes = figure.subplots()
    axes.scatter(points[:, 0], points[:, 1], c=colour, cmap="coolwarm", s=9)
    axes.set(xlabel="first coordinate", ylabel="second coordinate", aspect="equal")
    return plots.finish(figure, description)


scatter(labels, "Two half moons of points, one above and one below, that reach into each other.")

# %% [markdown]
# ## 2. The loss
#
# A classifier gives every point $n$ one number per class, its logits $z_{n,c}$. The softmax makes
# probabilities of them, and the loss is the mean surprise at the right labels $y_n$,
#
# $$L = \frac{1}{N} \sum_n \Bigl( \log \sum_c e^{z_{n,c}} - z_{n, y_n} \Bigr).$$
#
# A logit of 1000 is no mistake, but $e^{1000}$ is no number. Nothing changes if the largest logit
# of a point is taken from all of its logits first.

# %% exercise="cross_entropy" points=3

# %% [markdown]
# A classifier that knows nothing gives all classes the same logit. Its loss is the logarithm of the
# number of classes, $\log 2 \approx 0.693$ here: the number to compare a first loss with.

# %%
demo(cross_entropy, torch.zeros(400, 2), labels)

# %% [markdown]
# ## 3. The step
#
# Momentum remembers the direction. The velocity $v$ is a fading sum of gradients $g$, and the
# parameter $p$ follows it,
#
# $$v \leftarrow \mu v + g, \qquad p \leftarrow p - \eta v.$$
#
# Torch's SGD counts like this; in some books the learning rate $\eta$ is part of $v$.

# %% exercise="momentum_step" points=2

# %% replay="momentum_step" points=1

# %% [markdown]
# ## 4. The loop
#
# Forward, loss, backward, step, again and again. The network is given; the optimiser is torch's,
# with a momentum of 0.9, and every step sees all points.

# %% exercise="train" points=3

# %% [markdown]
# Three learning rates. Which is too small? Where does the largest one shudder, and does it matter?

# %%
runs = {rate: demo(train, points, labels, 24, 60, rate, 0) for rate in (0.01, 0.1, 1.0)}
plots.curves(
    np.arange(60),
    {f"learning rate {rate}": demo(itemgetter(0), run) for rate, run in runs.items()},
    xlabel="epoch",
    ylabel="loss",
    description="Three losses that fall: slowly, to a plateau, and with a shudder to nearly 0.",
)

# %% [markdown]
# ## 5. How good is it?
#
# The share of points whose largest logit is that of their label.

# %% exercise="accuracy" points=1

# %%
scores = demo(itemgetter(1), runs[1.0])
demo(accuracy, scores, labels)

# %%
demo(
    scatter,
    demo(lambda logits: logits.argmax(dim=1), scores),
    "The two moons in the colours that the network gives them: nearly all are right.",
)

# %% [markdown]
# ## How far you are
#
# Run all cells (Run, Restart Kernel and Run All Cells) before you hand in, so that what you see is
# what is graded.

# %%
progress("two_moons")
