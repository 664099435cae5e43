# %% [markdown]
# # Perceptrons
#
# A perceptron is the smallest piece of a neural network: a weighted sum and a function of it. It is
# small enough for all of learning to be done by hand: the loss, its derivatives, and the steps
# downhill. What is understood here with one weight and then with two is the same with millions.
#
# **You will be able to**
#
# - write the forward pass of a perceptron, and count the parameters of a network,
# - train a perceptron by Rosenblatt's rule, and say when that ends,
# - write the usual losses with their derivatives, and say which can be trained with and why,
# - read a derivative as a slope and as the effect of a knob, and measure it,
# - derive and write gradient descent, and choose its step size.
#
# **Time to plan:** three to five hours. **You hand in** this notebook under its own name.
#
# **Use of AI tools:** you may ask them about ideas; the code and the answers you hand in are your
# own.
#
# Every exercise has a check below it. It tries your function on small examples and says what is
# wrong. After you hand in, hidden tests look closer, on inputs you have not seen.

# %%
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from course_utils import check, datasets, demo, environment, plots, progress
from course_utils.types import Counts, Function, Signal, Signs, Vectors
from course_utils.widgets import perceptrons as widgets

environment.check()

# %% [markdown]
# ## 1. One perceptron
#
# Rosenblatt presented the perceptron in 1957. In 1969 Minsky and Papert showed what a single one
# cannot compute, and in 1986 Rumelhart, Hinton and Williams trained networks of them by
# back-propagation. What has been called deep learning since the 2010s is, to a good part, known
# algorithms with far more computing power and far more data.
#
# A perceptron takes numbers $x_1, \ldots, x_d$. Each has a weight, and the *total input* is their
# weighted sum. An *activation function* $f$ makes the output of it:
#
# $$a = \sum_{i=0}^{d} w_i x_i \quad\text{with } x_0 = 1, \qquad \hat y = f(a).$$
#
# The input $x_0$ always has the value 1. Its weight $w_0$ is the *bias*; it is learned like all the
# others. A bias is a threshold of the opposite sign: $w_1 x_1 + w_0 > 0$ says $w_1 x_1 > -w_0$.
#
# > **From slide to code.** The slide quotes Rumelhart et al., who write $x_j$ for the total input
# > of unit $j$, $y_i$ for what comes in, and $w_{ji}$ for the weight from $i$ to $j$: their
# > equation (1) is $x_j = \sum_i y_i w_{ji}$. Here, as later in the lecture, the total input is
# > $a$, so that $x$ can be what comes in. Code has many examples, one in a row of `X`.
#
# Perceptrons are loosely inspired by nerve cells: signals arrive, are weighed, and beyond a
# threshold the cell fires. They are no model of how a neuron works, and less so of a brain.

# %%
widgets.perceptron_diagram()

# %% [markdown]
# Computing the output from the inputs is called the *forward pass*. You are given the activation
# function, so that any will do.

# %% exercise="perceptron_forward" points=5

# %% [markdown]
# With a step for $f$, 1 where $a > 0$ and otherwise 0, a perceptron decides. Which logical
# functions of two inputs are these? Compare the three biases with the thresholds they stand for.

# %%
corners = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
deciders = {
    "w = (-1.5, 1, 1)": np.array([-1.5, 1.0, 1.0]),
    "w = (-0.5, 1, 1)": np.array([-0.5, 1.0, 1.0]),
    "w = (0.5, -1, 0)": np.array([0.5, -1.0, 0.0]),
}


def decisions(w):
    outputs = perceptron_forward(corners, w, lambda a: np.where(a > 0, 1.0, 0.0))
    return [f"{output:g}" for output in outputs]


decided = [demo(decisions, w) for w in deciders.values()]
plots.table(
    ["x_1, x_2", *deciders],
    [
        [f"{x[0]:g}, {x[1]:g}", *(demo(lambda column, i=i: column[i], one) for one in decided)]
        for i, x in enumerate(corners)
    ],
)

# %% [markdown]
# ## 2. A soft step
#
# A step is flat on both sides, and we shall need slopes. Equation (2) of Rumelhart et al. is a step
# with a slope, the logistic *sigmoid*:
#
# $$f(a) = \frac{1}{1 + e^{-a}}.$$
#
# It goes from 0 to 1, and $f(0) = \tfrac{1}{2}$. A computer cannot take $e^{1000}$: numpy warns and
# gives infinity. Written as above the formula survives that, $1 / \infty$ is 0; written as
# $e^a / (1 + e^a)$, which is the same, it becomes $\infty / \infty$, not a number. No large power
# is needed at all if one form is used where $a < 0$ and the other where it is not.

# %% exercise="sigmoid" points=3

# %% [markdown]
# The forward pass of a perceptron with one input, with your sigmoid. The output is $\tfrac{1}{2}$
# where $a = 0$, that is at $x = -w_0 / w_1$: the bias moves the step, the weight makes it steep.

# %%
inputs = np.linspace(-4.0, 4.0, 161)


def output_over_x(w_0, w_1):
    return perceptron_forward(inputs[:, None], np.array([w_0, w_1]), sigmoid)


plots.curves(
    inputs,
    {
        f"w_0 = {w_0:g}, w_1 = {w_1:g}": demo(output_over_x, w_0, w_1)
        for w_0, w_1 in ((0.0, 1.0), (0.0, 4.0), (-8.0, 4.0))
    },
    xlabel="input x",
    ylabel="output",
    description="Three sigmoids. The first rises slowly through 1/2 at 0, the second steeply; the "
    "third is as steep as the second and rises at 2.",
)

# %% [markdown]
# ## 3. Networks, and what is counted in them
#
# A *neural network* is a collection of connected perceptrons. In the simplest kind, the *multilayer
# perceptron* (MLP), they stand in layers: an input layer, which only holds the numbers that come
# in, one or more hidden layers, and an output layer. A layer is *fully connected* if each of its
# neurons has a weight for every output of the layer before. This is the lecture's network:

# %%
widgets.network_diagram([3, 4, 2])

# %% [markdown]
# The squares compute nothing; neurons are what has weights and a bias. So there are $4 + 2 = 6$
# neurons and $3 \cdot 4 + 4 \cdot 2 = 20$ weights, the edges. With a bias for each neuron,
# $20 + 4 + 2 = 26$ numbers are to be learned: the *parameters*.
#
# > **From slide to code.** A later slide lists the parameters as $\theta = \{f, w, b\}$. The
# > activation function $f$ is chosen, not learned, and usually has no parameters of its own:
# > $\theta = \{w, b\}$.

# %% exercise="count_parameters" points=4

# %% [markdown]
# Your counts of the lecture's network and of some others: the linear classifier of the last
# assignment (a single layer), a network with a hidden layer on the same pictures, and two networks
# for the 64 pixels of a small digit, a wide one and a deep one.

# %%
networks = ([3, 4, 2], [3072, 10], [3072, 512, 10], [64, 256, 10], [64, 80, 80, 80, 10])
plots.table(
    ["layers", "neurons", "weights", "parameters"],
    [
        [
            ", ".join(map(str, sizes)),
            *(
                demo(lambda found, i=i: f"{found[i]:,}", demo(count_parameters, sizes))
                for i in range(3)
            ),
        ]
        for sizes in networks
    ],
)

# %% [markdown]
# The lecture remarks that such networks usually gain little beyond two or three layers, while
# *convolutional* networks for images gain a lot. That is experience with plain fully connected
# layers, not a theorem. The next notebook and the next assignment come back to it.

# %% [markdown]
# ## 4. Rosenblatt's rule
#
# Where do the weights come from? The first answer looks at one example at a time. Labels are $y =
# -1$ and $y = +1$, and the perceptron decides by the sign of $a$. If the sign is right, nothing
# happens. If it is a mistake, $y a \le 0$, then
#
# $$w \leftarrow w + y\, (1, x_1, \ldots, x_d).$$
#
# That moves $a$ of this example by $y\,(1 + x_1^2 + \cdots + x_d^2)$, towards the right sign. It
# may spoil other examples. Yet if some line (in more dimensions, a hyperplane) has all examples of
# one label on one side and all others on the other, then the number of mistakes is finite, in
# whatever order the examples come: this is the perceptron convergence theorem. It promises *a* line
# that separates, not a good one.

# %% exercise="perceptron_rule" points=5

# %% [markdown]
# Two data sets, and your rule on both. On the right is XOR, the *exclusive or*: the label is $+1$
# if exactly one of the inputs is 1. Let the slider go through the updates. When does the line rest?
# What does the rule come back to again and again on the right?
#
# *If a control shows no picture, run its cell again.*

# %%
rng = np.random.default_rng(6)
labels = np.where(np.arange(20) % 2 == 1, 1, -1)
points = 0.6 * rng.normal(size=(20, 2)) + np.outer(labels, (0.9, 0.7))
xor = np.array([-1, 1, 1, -1])
two_sets = {"separable": (points, labels), "XOR": (corners, xor)}
demo(widgets.PerceptronLine, perceptron_rule, two_sets)

# %% [markdown]
# That no line will do for XOR is seen without any training. With $a = w_0 + w_1 x_1 + w_2 x_2$, the
# two examples of label $-1$ ask for $w_0 < 0$ and $w_0 + w_1 + w_2 < 0$, so the sum of the two left
# sides is below 0. The two of label $+1$ ask for $w_0 + w_2 > 0$ and $w_0 + w_1 > 0$, so their sum
# is above 0. But both sums are $2 w_0 + w_1 + w_2$. Nothing is wrong with the rule: no weights at
# all compute XOR with one perceptron. Three of them can: XOR is true where OR is and AND is not,
# and OR and AND are in the table of section 1.
#
# The mistakes in every epoch, also for a real task: the handwritten ones and eights among the
# digits, 64 pixels each. A curve ends with the first epoch without a mistake.

# %%
digits = datasets.digits()


def ones_and_eights(pictures, classes):
    chosen = np.isin(classes, (1, 8))
    return datasets.as_vectors(pictures[chosen]), np.where(classes[chosen] == 8, 1, -1)


X_digits, y_digits = ones_and_eights(digits.train_images, digits.train_labels)
X_new, y_new = ones_and_eights(digits.test_images, digits.test_labels)
learned = {
    "separable": demo(perceptron_rule, points, labels),
    "XOR": demo(perceptron_rule, corners, xor),
    "ones and eights": demo(perceptron_rule, X_digits, y_digits),
}


def mistakes_by_epoch(found, epochs=24):
    shown = np.full(epochs, np.nan)
    mistakes = found[1][:epochs]
    shown[: len(mistakes)] = mistakes
    return shown


plots.curves(
    np.arange(1, 25),
    {name: demo(mistakes_by_epoch, found) for name, found in learned.items()},
    xlabel="epoch",
    ylabel="mistakes",
    description="Mistakes in every epoch. On the separable points they fall to 0 in 6 epochs, on "
    "the ones and eights from 47 to 0 in 15, going up and down on the way; on XOR they stay at 4.",
)

# %% [markdown]
# With weights for 64 pixels, $w$ is a picture, apart from the bias: bright where a pixel speaks for
# an eight, dark where it speaks for a one, mid-grey for 0.


# %%
def accuracy(w, X, y):
    return float(np.mean(np.sign(total_input(X, w)) == y))


w_digits = demo(lambda found: found[0], learned["ones and eights"])
print(
    demo(
        "Right: {:.1%} of the digits learned from, {:.1%} of new ones.".format,
        demo(accuracy, w_digits, X_digits, y_digits),
        demo(accuracy, w_digits, X_new, y_new),
    )
)
plots.side_by_side(
    X_digits[y_digits < 0][0].reshape(8, 8),
    X_digits[y_digits > 0][0].reshape(8, 8),
    demo(lambda w: plots.signed(w[1:].reshape(8, 8)), w_digits),
    titles=["a one", "an eight", "the weights"],
    description="A handwritten one, an eight, and the learned weights: a few bright and dark "
    "pixels on grey, no clear shape.",
)

# %% [markdown]
# ## 5. What does it mean to be wrong?
#
# Rosenblatt's rule only knows right and wrong. To go downhill we need a *loss function*: a number
# that says how far a prediction $\hat y$ is from the truth $y$. It is yours to choose, and some are
# better than others, depending on what you want.
#
# $$
# \begin{aligned}
# \text{L1} \qquad & \ell(\hat y, y) = |\hat y - y| \\
# \text{L2, squared error} \qquad & \ell(\hat y, y) = (\hat y - y)^2 \\
# \text{zero-one} \qquad & \ell(\hat y, y) = \mathbf{1}[\hat y \ne y] \\
# \text{hinge} \qquad & \ell(\hat y, y) = \max(0,\; 1 - y\, \hat y), \qquad y \in \{-1, +1\}
# \end{aligned}
# $$
#
# The first two are for numbers. The zero-one loss counts mistakes among decisions. The hinge loss
# compares a label with a number that has not been turned into a decision: it is 0 once that number
# has the right sign and a size of at least 1.
#
# > **From slide to code.** The slide writes the zero-one loss as $\mathbf{1}[\hat y = y]$, which is
# > 1 where the prediction is *right*; a loss is 1 where the two differ. The slide does not say that
# > the hinge loss needs the labels $-1$ and $+1$: with a label of 0 it would be 1 whatever is
# > predicted.

# %% exercise="losses" points=4

# %% replay="losses" points=2

# %% [markdown]
# The four losses over the prediction, for $y = 1$; the zero-one loss is that of the decision, the
# sign of $\hat y$. Up to 1, L1 and hinge are the same line. Which losses punish a prediction of 2,
# which is on the right side? Which grows fastest far away?

# %%
predicted = np.linspace(-1.5, 2.5, 161)
plus_one = np.ones(len(predicted))
plots.curves(
    predicted,
    {
        "L1": demo(l1_loss, predicted, plus_one),
        "L2": demo(l2_loss, predicted, plus_one),
        "zero-one": demo(zero_one_loss, np.sign(predicted), plus_one),
        "hinge": demo(hinge_loss, predicted, plus_one.astype(np.int64)),
    },
    xlabel="prediction, where y = 1",
    ylabel="loss",
    description="L1 is a V and L2 a parabola, both 0 at 1. The hinge loss is L1 up to 1 and 0 from "
    "there on. The zero-one loss is 1 up to 0 and 0 above.",
)

# %% [markdown]
# The zero-one loss is often what one cares about, and it is of no use for going downhill: it is
# flat on both sides of its jump. A small change of a weight moves $\hat y$ a little, and the loss
# not at all; its derivative is 0 wherever it has one, right or wrong. The hinge loss is nowhere
# below it (look at the curves), and it has a slope wherever there is something to improve.
#
# L1 and L2 differ in what they make of a single large error. A range sensor measures the distance
# to a wall twenty times, and three times somebody walks through its beam. Which one number $c$ fits
# all measurements best?

# %%
rng = np.random.default_rng(1)
distances = 2.0 + 0.02 * rng.normal(size=20)
distances[[4, 5, 13]] = 0.8 + 0.02 * rng.normal(size=3)
candidates = np.linspace(0.5, 2.5, 401)


def mean_losses(loss):
    return np.array([loss(np.full(20, c), distances).mean() for c in candidates])


over_c = {
    name: demo(mean_losses, loss) for name, loss in (("mean L1", l1_loss), ("mean L2", l2_loss))
}
plots.curves(
    candidates,
    over_c,
    xlabel="candidate c [m]",
    ylabel="mean loss",
    description="The mean L1 loss falls to a sharp minimum at 2 m. The mean L2 loss is a parabola "
    "with its minimum at about 1.8 m.",
)

# %%
plots.table(
    ["loss", "lowest at c ="],
    [
        [name, demo(lambda found: f"{candidates[found.argmin()]:.2f} m", found)]
        for name, found in over_c.items()
    ]
    + [
        ["(median of the measurements)", f"{np.median(distances):.2f} m"],
        ["(mean of the measurements)", f"{distances.mean():.2f} m"],
    ],
)

# %% [markdown]
# ## 6. Derivatives, seen in two ways
#
# **The slope of a function.** The derivative of a loss says how it changes with the prediction:
# above 0, a larger $\hat y$ makes it worse. For a function of several numbers, the partial
# derivatives together are the *gradient*, the slope in every direction.
#
# The derivative with respect to $\hat y$ tells each loss's character: does the pull grow with the
# error, or is it always the same? L1 and hinge have a kink, where the slope jumps and the
# derivative does not exist. Any number between the two slopes may be used there; here it is 0.

# %% exercise="loss_derivatives" points=5

# %%
plots.curves(
    predicted,
    {
        "L1": demo(l1_derivative, predicted, plus_one),
        "L2": demo(l2_derivative, predicted, plus_one),
        "hinge": demo(hinge_derivative, predicted, plus_one.astype(np.int64)),
    },
    xlabel="prediction, where y = 1",
    ylabel="derivative of the loss",
    description="The derivative of L1 jumps from -1 to 1 at a prediction of 1, that of the hinge "
    "loss from -1 to 0; that of L2 is a straight line through 0 there.",
)

# %% [markdown] question="why_squared_error" points=3
# ### Question: why squared error?
#
# The slide calls L2 "a popular loss function" and asks "why?". In about eight sentences:
#
# 1. Give two reasons for the squared error that follow from its shape or from a model of the noise.
#    One of them should explain why the noise of many sensors suggests it.
# 2. Set the derivative of $\sum_i \ell(c, y_i)$ with respect to $c$ to 0, for L2 and for L1: which
#    number $c$ results? Use that to explain what happened to the range sensor.
# 3. A classifier is judged by its zero-one loss. Why not train with it? Name a loss that can be
#    used in its place, and say what the derivative of that loss does where the decision is right.

# %% [markdown]
# **Knobs on a machine.** A perceptron is a machine with a knob for each weight. The derivative
# $\partial f / \partial w_i$ says what knob $i$ does to the output: turn it by a small $\Delta
# w_i$, and the output changes by about
#
# $$\frac{\partial f}{\partial w_i}\, \Delta w_i.$$
#
# Seen so, a derivative can be measured without any calculus: turn the knob a little to both sides,
# and look,
#
# $$\frac{\partial f}{\partial w_i} \approx \frac{f(w + h\, e_i) - f(w - h\, e_i)}{2 h},$$
#
# with $e_i$ the vector that is 1 in place $i$ and 0 elsewhere, and $h$ a small step.

# %% exercise="numerical_derivative" points=4

# %% [markdown]
# Your derivatives against your measurements, at a hundred random places. What is below $10^{-8}$ is
# rounding.


# %%
def largest_difference(loss, derivative, integer_labels):
    rng = np.random.default_rng(2)
    y_hat, y = rng.normal(0, 2, 100), rng.choice([-1.0, 1.0], 100)
    y = y.astype(np.int64) if integer_labels else y
    measured = [
        numerical_derivative(lambda w, i=i: float(loss(w, y[i : i + 1])[0]), y_hat[i : i + 1], 0)
        for i in range(100)
    ]
    return float(np.abs(derivative(y_hat, y) - measured).max())


plots.table(
    ["loss", "largest difference"],
    [
        [name, demo(plots.size_of, demo(largest_difference, loss, derivative, name == "hinge"))]
        for name, loss, derivative in (
            ("L1", l1_loss, l1_derivative),
            ("L2", l2_loss, l2_derivative),
            ("hinge", hinge_loss, hinge_derivative),
        )
    ],
)

# %% [markdown]
# A perceptron with your sigmoid, and thirty examples with the labels 0 (circles) and 1 (squares).
# The slopes are measured by your function. Turn the knobs, each against its slope, and bring the
# loss down as far as you can. When is the prediction of a slope good, when not? What becomes of the
# slopes when all weights are large?

# %%
rng = np.random.default_rng(4)
targets = np.arange(30) % 2 * 1.0
examples = rng.normal(size=(30, 2)) + np.outer(2 * targets - 1, (0.9, -0.6))


def machine(X, w):
    return perceptron_forward(X, w, sigmoid)


demo(widgets.KnobMachine, machine, l2_loss, numerical_derivative, examples, targets)

# %% [markdown]
# ## 7. Gradient descent, and the world's smallest perceptron
#
# Turning knobs by hand ends with a dozen of them. But you have found the method: turn every knob
# *against* its slope, and the more, the steeper it is. Stand at a point, and move in the direction
# opposite to the gradient,
#
# $$w \leftarrow w - \eta\, \frac{d\mathcal{L}}{dw},$$
#
# with $\eta > 0$ the *step size*, in code `learning_rate`. (Rosenblatt's rule is of this kind, with
# $\eta = 1$ and the loss $\max(0, -y a)$, the hinge loss without its margin. At its kink, $a = 0$,
# the rule takes the slope of the side that is wrong; with 0 it would never leave $w = 0$.)
#
# The smallest perceptron has one weight, no bias, and the identity for $f$: $\hat y = w x$, a line
# through the origin. The loss is $\mathcal{L} = \tfrac{1}{2} (y - \hat y)^2$, half the squared
# error, so that the 2 of its derivative cancels. Step by step:
#
# $$
# \begin{aligned}
# \frac{d\mathcal{L}}{dw} &= \frac{d}{dw} \left\{ \tfrac{1}{2} (y - \hat y)^2 \right\} \\
# &= (y - \hat y)\, \frac{d (y - \hat y)}{dw} && \text{chain rule: outer times inner derivative} \\
# &= -(y - \hat y)\, \frac{d\, w x}{dw} && y \text{ does not depend on } w \\
# &= -(y - \hat y)\, x && \text{for short, } \nabla w.
# \end{aligned}
# $$
#
# The prediction is too small, $y > \hat y$, and $x > 0$? Then the derivative is below 0, and the
# step makes $w$ larger: $w \leftarrow w + \eta\, (y - \hat y)\, x$.
#
# > **From slide to code.** The slide's first updates are $w = w - \nabla w$, without a step size,
# > which is $\eta = 1$; section 8 shows when that fails. A later slide writes
# > $\theta \leftarrow \theta + \eta\, \partial\mathcal{L}/\partial\theta$. The right sign is
# > minus: with a plus one climbs. (The plus in $w + \eta\, (y - \hat y)\, x$ is right: there the
# > minus of the derivative has been multiplied out.)
#
# Training takes each sample $\{x_i, y_i\}$ in turn:
#
# 1. Predict. (a) Forward pass: $\hat y = w x_i$.
#    (b) Loss: $\mathcal{L}_i = \tfrac{1}{2} (y_i - \hat y)^2$.
# 2. Update. (a) Back-propagation: $\nabla w = -(y_i - \hat y)\, x_i$.
#    (b) Gradient update: $w \leftarrow w - \eta \nabla w$.

# %% exercise="smallest_perceptron" points=6

# %% [markdown]
# A robot is driven straight on, twelve times. Its encoder says how often the wheel has turned, $x$;
# a tape measure says how far it went, $y$. The weight is the circumference of the wheel. The line
# after no, one, four and all twelve samples, with $\eta = 0.1$:

# %%
rng = np.random.default_rng(3)
turns = rng.uniform(0.5, 2.5, 12)
metres = 0.6 * turns + rng.normal(0, 0.05, 12)


def measured_and_lines(path):
    figure = plots.new_figure(7.0, 3.2)
    axes = figure.subplots()
    axes.scatter(turns, metres, color="black", s=18, label="measured", zorder=3)
    ends = np.array([0.0, 2.6])
    for k, style, color in zip((0, 1, 4, 12), (":", "-.", "--", "-"), plots.COLORS, strict=False):
        label = f"{k} samples, w = {path[k]:.3f}"
        axes.plot(ends, path[k] * ends, style, color=color, label=label)
    axes.set(xlabel="turns of the wheel x", ylabel="distance y [m]")
    axes.legend(frameon=False)
    return plots.finish(
        figure,
        "Twelve measurements near a line through the origin, and four lines: flat at first, "
        "steeper with every sample shown, and after twelve a little below the measurements.",
    )


demo(measured_and_lines, demo(train_smallest, turns, metres, 0.0, 0.1, 1))

# %% [markdown]
# The samples disagree by their noise, so with a constant step size $w$ never quite rests: each
# sample pulls towards its own answer, $y_i / x_i$, and what remains is a round that repeats itself
# in every epoch. The table shows where it ends. A small step size comes nearer to the weight with
# the least total loss, $\sum_i x_i y_i / \sum_i x_i^2$ (set the derivative of the sum to 0), and
# takes longer.


# %%
def weights_after(eta):
    path = train_smallest(turns, metres, 0.0, eta, 100)
    return [f"{path[10 * len(turns)]:.4f}", f"{path[-1]:.4f}"]


plots.table(
    ["step size", "w after 10 epochs", "w after 100 epochs"],
    [
        [f"{eta:g}", *(demo(lambda row, i=i: row[i], demo(weights_after, eta)) for i in range(2))]
        for eta in (0.001, 0.01, 0.1)
    ]
    + [["(least total loss)", *[f"{turns @ metres / (turns @ turns):.4f}"] * 2]],
)

# %% [markdown]
# ## 8. The step size
#
# How large may $\eta$ be? Take a single sample, again and again. Its loss is 0 at $w^* = y / x$.
# How far from there is $w$ after an update?
#
# $$
# \begin{aligned}
# w_{\text{new}} - w^* &= w + \eta\, (y - w x)\, x - w^* \\
# &= w - w^* + \eta\, (w^* x - w x)\, x && \text{since } y = w^* x \\
# &= (1 - \eta x^2)\, (w - w^*).
# \end{aligned}
# $$
#
# Every update multiplies the error by the same factor, $1 - \eta x^2$. It shrinks if the factor
# is between $-1$ and $1$, that is for
#
# $$0 < \eta < \frac{2}{x^2}.$$
#
# At $\eta = 1 / x^2$ the factor is 0, and one step is enough. Below that, $w$ comes from one side;
# above, it jumps to the other side every time; at $2 / x^2$ it jumps to and fro for ever; beyond,
# each jump is longer than the last. (The slide's $\eta = 1$ fails wherever $x^2 \ge 2$.)
#
# Your training on the sample $x = 2$, $y = 1.2$, where the limit is 0.5:


# %%
def on_the_parabola(paths):
    figure = plots.new_figure(9.0, 3.2)
    weights = np.linspace(-0.2, 1.4, 161)
    for axes, (eta, path) in zip(figure.subplots(1, 3, sharey=True), paths.items(), strict=True):
        axes.plot(weights, 0.5 * (1.2 - 2.0 * weights) ** 2, color="#999999")
        losses = 0.5 * (1.2 - 2.0 * path) ** 2
        axes.plot(path, losses, "o--", color=plots.COLORS[1], markersize=4, linewidth=1.0)
        axes.plot(path[:1], losses[:1], "s", color=plots.COLORS[0])
        axes.set(title=f"step size {eta:g}", xlabel="w", xlim=(-0.2, 1.4), ylim=(-0.05, 1.3))
    figure.axes[0].set_ylabel("loss")
    return plots.finish(
        figure,
        "Ten steps on a parabola, from a square at w = 0. Step size 0.02: small steps down the "
        "left side, not yet at the bottom. 0.45: jumps from side to side, lower each time. "
        "0.52: jumps from side to side, higher each time.",
    )


sample = np.array([2.0]), np.array([1.2])
paths = [demo(train_smallest, *sample, 0.0, eta, 10) for eta in (0.02, 0.45, 0.52)]
demo(lambda *found: on_the_parabola(dict(zip((0.02, 0.45, 0.52), found, strict=True))), *paths)

# %% [markdown]
# The factor by which the error changes in a step, measured on your paths (the root of the change in
# ten steps), and as derived:


# %%
def factor(path):
    errors = np.abs(path - 0.6)
    return f"{(errors[-1] / errors[0]) ** 0.1:.3f}"


plots.table(
    ["step size", "measured", "|1 - step size x^2|"],
    [
        [f"{eta:g}", demo(factor, path), f"{abs(1 - 4 * eta):.3f}"]
        for eta, path in zip((0.02, 0.45, 0.52), paths, strict=True)
    ],
)

# %% [markdown]
# ## 9. The second smallest perceptron
#
# Two inputs, two weights: $\hat y = w_1 x_1 + w_2 x_2$. Why partial derivatives now? Because
# $\mathcal{L}$ is a function of *two* parameters. $\partial\mathcal{L} / \partial w_1$ is the slope
# when $w_1$ is turned and $w_2$ stands still, and the other way round. Step by step:
#
# $$
# \begin{aligned}
# \frac{\partial\mathcal{L}}{\partial w_1}
# &= \frac{\partial}{\partial w_1} \left\{ \tfrac{1}{2} (y - \hat y)^2 \right\}
# & \frac{\partial\mathcal{L}}{\partial w_2}
# &= \frac{\partial}{\partial w_2} \left\{ \tfrac{1}{2} (y - \hat y)^2 \right\} \\
# &= -(y - \hat y)\, \frac{\partial \hat y}{\partial w_1}
# & &= -(y - \hat y)\, \frac{\partial \hat y}{\partial w_2} \\
# &= -(y - \hat y)\, \frac{\partial \sum_i w_i x_i}{\partial w_1}
# & &= -(y - \hat y)\, \frac{\partial \sum_i w_i x_i}{\partial w_2} \\
# &= -(y - \hat y)\, \frac{\partial\, w_1 x_1}{\partial w_1}
# & &= -(y - \hat y)\, \frac{\partial\, w_2 x_2}{\partial w_2} \\
# &= -(y - \hat y)\, x_1 = \nabla w_1
# & &= -(y - \hat y)\, x_2 = \nabla w_2
# \end{aligned}
# $$
#
# From the third line to the fourth, the term of the other weight drops out, since it stands still.
# The update turns both knobs, each against its own slope:
#
# $$
# w_1 \leftarrow w_1 - \eta \nabla w_1 = w_1 + \eta\, (y - \hat y)\, x_1, \qquad
# w_2 \leftarrow w_2 - \eta \nabla w_2 = w_2 + \eta\, (y - \hat y)\, x_2.
# $$
#
# Both use the same $\hat y$, from before the update.
#
# > **From slide to code.** In the third line of its right column, the slide differentiates the sum
# > by $w_1$; it means $w_2$. Later it writes the loss of a sample as $\tfrac{1}{2} (y_i - \hat y)$,
# > without the square, and gives the weights the index of a sample, $w_{1i}$. Samples have an
# > index, $x_{1i}$ and $y_i$; the weights are the same for all samples.
#
# Now the samples come in random order: in a fixed one, a peculiar order of the data would repeat
# itself in every epoch. The loss of each sample is a side computation, to see how training goes;
# the update does not need it.

# %% exercise="second_smallest_perceptron" points=6

# %% [markdown]
# The robot again, now driving curves. It has two wheels, on the left and on the right, with turns
# $x_1$ and $x_2$; its middle goes half as far as both wheels together, so each weight is half a
# circumference. One tyre has lost some air: $w = (0.30, 0.28)$ in metres. First the gradient
# against measurements by your `numerical_derivative`, at $w = 0$, for the first three samples:

# %%
rng = np.random.default_rng(5)
middle, curve = rng.uniform(1.0, 2.4, 24), rng.normal(0, 0.6, 24)
wheels = np.column_stack([middle + curve, middle - curve])
distance = wheels @ np.array([0.30, 0.28]) + rng.normal(0, 0.02, 24)


def loss_of_sample(i):
    return lambda w: 0.5 * float(l2_loss(wheels[i : i + 1] @ w, distance[i : i + 1])[0])


def derived_and_measured(i):
    w = np.zeros(2)
    derived = second_smallest_gradient(w, wheels[i], distance[i])
    measured = [numerical_derivative(loss_of_sample(i), w, knob) for knob in range(2)]
    return [f"({pair[0]:.6f}, {pair[1]:.6f})" for pair in (derived, measured)]


compared = [demo(derived_and_measured, i) for i in range(3)]
plots.table(
    ["sample", "derived", "measured"],
    [
        [i + 1, *(demo(lambda pair, k=k: pair[k], pair) for k in range(2))]
        for i, pair in enumerate(compared)
    ],
)

# %% [markdown]
# The mean loss of all 24 samples is a bowl over $(w_1, w_2)$. Its gradient is the mean of the
# samples' gradients, and with it gradient descent walks down. The wheels turn about equally far,
# $x_1 \approx x_2$. So if both weights grow, every $\hat y$ grows; if one grows and the other
# shrinks, it hardly changes. The bowl is steep along one diagonal and flat along the other, and a
# single $\eta$ has to serve both. Find the largest step size that still converges, and the one that
# arrives in the fewest steps. Which direction limits $\eta$, which one makes you wait?


# %%
def mean_loss(w):
    return 0.5 * float(np.mean(l2_loss(wheels @ w, distance)))


def mean_gradient(w):
    gradients = [second_smallest_gradient(w, x, y) for x, y in zip(wheels, distance, strict=True)]
    return np.mean(gradients, axis=0)


demo(
    widgets.DescentExplorer,
    mean_loss,
    mean_gradient,
    start=np.array([-0.2, 0.5]),
    w_1=(-0.4, 1.0),
    w_2=(-0.4, 1.0),
)

# %% [markdown]
# And your training, with one random sample at a time. The loss of single samples jumps, since some
# are easier than others; the mean of each epoch tells more.

# %%
trained = {
    eta: demo(
        train_second_smallest,
        wheels,
        distance,
        np.array([-0.2, 0.5]),
        np.random.default_rng(0),
        eta,
        20,
    )
    for eta in (0.01, 0.1)
}


def samples_and_epochs(**runs):
    figure = plots.new_figure(8.0, 3.2)
    for axes, (eta, run) in zip(figure.subplots(1, 2, sharey=True), runs.items(), strict=True):
        losses = run[1]
        axes.semilogy(losses, ".", color="#999999", markersize=3, label="sample")
        epochs = losses.reshape(20, 24).mean(axis=1)
        ends = np.arange(20) * 24 + 12
        axes.semilogy(ends, epochs, "o-", color=plots.COLORS[1], markersize=4, label="epoch's mean")
        axes.set(title=f"step size {eta}", xlabel="update", ylim=(1e-7, 1.0))
    figure.axes[0].set_ylabel("loss")
    figure.axes[0].legend(frameon=False, loc="lower left")
    return plots.finish(
        figure,
        "Losses of samples scatter over several powers of ten around the mean of their epoch. With "
        "step size 0.01 that is still falling after 480 updates; with 0.1 it stays at the noise of "
        "the data after about 80.",
    )


demo(lambda *runs: samples_and_epochs(**{"0.01": runs[0], "0.1": runs[1]}), *trained.values())

# %% [markdown]
# The weights at the end. The small step size has not arrived after twenty epochs, the large one
# has, up to what the noise of the last samples does to it.

# %%
plots.table(
    ["", "w_1", "w_2"],
    [
        [f"step size {eta:g}", *(demo(lambda r, i=i: f"{r[0][i]:.3f}", run) for i in range(2))]
        for eta, run in trained.items()
    ]
    + [
        ["(least total loss)", *(f"{w:.3f}" for w in np.linalg.lstsq(wheels, distance)[0])],
        ["(true)", "0.300", "0.280"],
    ],
)

# %% [markdown] question="step_size" points=3
# ### Question: how large a step?
#
# In about eight sentences, with the derivation of section 8 and your pictures:
#
# 1. For one weight and one sample: describe what $w$ does for $\eta$ below $1/x^2$, between $1/x^2$
#    and $2/x^2$, and above $2/x^2$, and say how the factor $1 - \eta x^2$ tells that.
# 2. Somebody measures the input in a unit that is 100 times as small, so that all $x$ are 100 times
#    as large, and keeps $\eta$, which was well chosen. What happens to the training? By which
#    factor must $\eta$ be changed, and by which does the best $w$ change?
# 3. With two weights: which direction of the bowl limits $\eta$, which decides how long you wait,
#    and why? What could be done to the inputs so that one $\eta$ suits both?

# %% [markdown]
# You have derived a gradient for one weight and for two, each by one use of the chain rule. There
# was no *propagation* yet, since there was a single layer. In a network the derivative goes back
# through all layers, and everything else stays as it is here: that is the next notebook.

# %%
progress("perceptrons")
