# %% [markdown]
# # Multilayer networks
#
# A perceptron draws one straight border. Several of them, one layer behind the other, can draw any
# border, and they are trained as the smallest perceptron was: by going downhill on a loss. What is
# new is how the derivatives reach the layers in front. They are propagated backwards, each computed
# once and used again: *backpropagation*.
#
# **You will be able to**
#
# - derive the derivatives of a loss by all parameters of a chain of neurons, and say which products
#   are used again,
# - write layers with their forward and backward rules for many examples at a time, and make sure
#   that the derivatives are right,
# - put layers together to a network, choose the size of its first weights, and train it,
# - say what a step costs and how noisy it is with one example, some, or all of them.
#
# **Time to plan:** three to five hours. **You hand in** this notebook under its own name.
#
# **Use of AI tools:** you may ask them about ideas; the code and the answers you hand in are your
# own.
#
# Every exercise has a check below it. It tries your function on small examples and says what is
# wrong. After you hand in, hidden tests look closer, on inputs you have not seen.

# %%
from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from itertools import pairwise
from time import perf_counter
from typing import Any

import numpy as np
from scipy.special import expit  # scipy's sigmoid, for demonstrations; your answers do without

from course_utils import check, datasets, demo, environment, gradients, plots, progress
from course_utils.types import Batches, Bias, Labels, Scores, Signal, Vectors, Weights
from course_utils.widgets import LiveCurves
from course_utils.widgets import multilayer_networks as widgets

environment.check()

# %% [markdown]
# ## 1. A chain of neurons
#
# The smallest network with more than one layer has one neuron a layer. Each neuron weighs what
# comes in, $a$, and sends it through its activation function, $f$:
#
# $$a_1 = w_1 x + b, \quad f_1 = f_1(a_1), \qquad a_2 = w_2 f_1, \quad f_2 = f_2(a_2), \qquad
# a_3 = w_3 f_2, \quad \hat y = f_3(a_3).$$
#
# The letter $f_k$ stands for a function and, where nothing is in brackets behind it, for its value.
# Written as one equation,
#
# $$\hat y = f_3(w_3\, f_2(w_2\, f_1(w_1 x + b))):$$
#
# a function of four parameters and four layers, if the input is counted as one. *Known* are samples
# $\{x_i, y_i\}$ and, because we choose them, the three functions. *Unknown* are the parameters
# $\theta = \{w_1, w_2, w_3, b\}$.
#
# > **From slide to code.** The slide has $\theta = \{f, w, b\}$. An activation function usually has
# > no parameters, so that there is nothing of it to be learned; those of the few that have some
# > belong into $\theta$, the function itself does not.

# %% exercise="chain_forward" points=4

# %% [markdown]
# Your chain with three sigmoids at $x = 1$: total inputs and outputs of its neurons.

# %%
chain_w, chain_b = np.array([0.5, -1.5, 3.0]), 0.25


def neurons():
    a, f = chain_forward(1.0, chain_w, chain_b, [expit] * 3)
    rows = [[k + 1, f"{a[k]:.3f}", f"{f[k]:.3f}"] for k in range(3)]
    return plots.table(["neuron", "total input a", "output f"], rows)


demo(neurons)

# %% [markdown]
# What can such a chain be as a function of $x$? Here with three choices of $w_2$. Each curve only
# falls or only rises. (By the chain rule $d\hat y / dx$ is a product of the weights and of slopes
# of sigmoids, which are all above 0; so its sign is the same for all $x$.) More shapes need more
# neurons a layer: section 3.

# %%
inputs = np.linspace(-6, 6, 121)


def outputs(w_2):
    w = np.array([2.0, w_2, 4.0])
    return [chain_forward(x, w, -1.0, [expit] * 3)[1][-1] for x in inputs]


plots.curves(
    inputs,
    {f"w2 = {w_2:g}": demo(outputs, w_2) for w_2 in (-6.0, 1.0, 6.0)},
    xlabel="x",
    ylabel="output of the chain",
    description="The output of a chain of three sigmoids over its input, for three weights of the "
    "second neuron: one curve falls, two rise, all of them smooth steps between two levels.",
)

# %% [markdown]
# ## 2. The chain rule
#
# Gradient descent needs the derivative of the loss by every parameter,
#
# $$\frac{\partial L}{\partial \theta} = \left[\frac{\partial L}{\partial w_3},
# \frac{\partial L}{\partial w_2}, \frac{\partial L}{\partial w_1}, \frac{\partial L}{\partial b}
# \right], \qquad L = \tfrac{1}{2} (y - \hat y)^2.$$
#
# $w_3$ acts on the loss through $a_3$, and $a_3$ through $f_3$, so the effects multiply:
#
# $$\frac{\partial L}{\partial w_3} = \frac{\partial L}{\partial f_3}
# \frac{\partial f_3}{\partial a_3} \frac{\partial a_3}{\partial w_3}.$$
#
# The three factors are local: each looks at one link of the chain. The loss gives
# $\partial L / \partial f_3 = -(y - \hat y)$. The sigmoid $s$ has $ds/da = s (1 - s)$, so that
# $\partial f_3 / \partial a_3 = f_3 (1 - f_3)$. And $a_3 = w_3 f_2$ gives
# $\partial a_3 / \partial w_3 = f_2$. Together,
#
# $$\frac{\partial L}{\partial w_3} = -(y - \hat y)\, f_3 (1 - f_3)\, f_2.$$
#
# > **From slide to code.** The slide carries a step size $\eta$ through this derivation. A gradient
# > has none; $\eta$ belongs to the update,
# > $\theta \leftarrow \theta - \eta\, \partial L / \partial \theta$. Its sign is minus, also where
# > a slide has plus.
#
# The weight before has a longer way to the loss, and the first part of it is the one that we have
# walked already:
#
# $$\frac{\partial L}{\partial w_2} = \underbrace{\frac{\partial L}{\partial f_3}
# \frac{\partial f_3}{\partial a_3}}_{\text{already computed}}
# \frac{\partial a_3}{\partial f_2} \frac{\partial f_2}{\partial a_2}
# \frac{\partial a_2}{\partial w_2}$$
#
# $$\frac{\partial L}{\partial w_1} = \underbrace{\frac{\partial L}{\partial f_3}
# \frac{\partial f_3}{\partial a_3} \frac{\partial a_3}{\partial f_2}
# \frac{\partial f_2}{\partial a_2}}_{\text{already computed}}
# \frac{\partial a_2}{\partial f_1} \frac{\partial f_1}{\partial a_1}
# \frac{\partial a_1}{\partial w_1}$$
#
# $$\frac{\partial L}{\partial b} = \underbrace{\frac{\partial L}{\partial f_3}
# \frac{\partial f_3}{\partial a_3} \frac{\partial a_3}{\partial f_2}
# \frac{\partial f_2}{\partial a_2} \frac{\partial a_2}{\partial f_1}
# \frac{\partial f_1}{\partial a_1}}_{\text{already computed}}
# \frac{\partial a_1}{\partial b}$$
#
# What is already computed is $\partial L / \partial a_k$ each time: of neuron 3, of neuron 2, of
# neuron 1. It is kept and passed on to the neuron before; that is the propagation. On the way there
# are $\partial a_3 / \partial f_2 = w_3$ and $\partial a_2 / \partial f_1 = w_2$, and at the ends
# $\partial a_2 / \partial w_2 = f_1$, $\partial a_1 / \partial w_1 = x$ and
# $\partial a_1 / \partial b = 1$.
#
# It is cheap, too. Written out, the four products contain a derivative of an activation function
# $1 + 2 + 3 + 3 = 9$ times. With what is used again there are three of them, one a neuron. The
# hidden tests count.

# %% exercise="chain_backward" points=8

# %% [markdown]
# A wrong derivative often trains all the same, only worse, and nobody notices. So compare:
# `gradients.compare` moves every parameter a little to both sides, looks at what the loss does, and
# shows an entry of each array: where your derivative differs most or, if all are right, where it is
# largest. Here for a chain with random weights.


# %%
def slope(a):
    """Return the derivative of the sigmoid, s(a) (1 - s(a)), where 1 - s(a) is s(-a)."""
    return expit(a) * expit(-a)


def compared_chain():
    rng = np.random.default_rng(0)
    w, b, x, y = rng.normal(size=3), rng.normal(size=1), 0.7, 0.2
    a, f = chain_forward(x, w, b[0], [expit] * 3)
    by_w, by_b = chain_backward(x, y, w, a, f, [slope] * 3)

    def loss():
        return 0.5 * (y - chain_forward(x, w, b[0], [expit] * 3)[1][-1]) ** 2

    return gradients.compare(loss, {"w": w, "b": b}, {"w": by_w, "b": np.array([by_b])})


demo(compared_chain)

# %% [markdown]
# The same, step by step. Values flow forward, above the chain; then derivatives flow back, below
# it. Go back to step 4 and predict the next number before you look. Which derivatives become 0 when
# $x$ is 0? What happens to all of them when a neuron's total input is far from 0?
#
# *If a control shows no picture, run its cell again.*

# %%
demo(widgets.FlowingChain, chain_forward, chain_backward)

# %% [markdown]
# How often does your function ask for a local derivative? Beside it, how often somebody does who
# writes out all products: the number grows with the square of the length, yours should be the
# length itself.

# %%
lengths = np.arange(1, 17)


def asked(length):
    count = 0

    def counted(a):
        nonlocal count
        count += 1
        return slope(a)

    w = np.ones(length)
    a, f = chain_forward(1.0, w, 0.0, [expit] * length)
    chain_backward(1.0, 0.0, w, a, f, [counted] * length)
    return count


plots.curves(
    lengths,
    {
        "yours": demo(lambda: [asked(length) for length in lengths]),
        "all products written out": [n * (n + 1) / 2 + n for n in lengths],
    },
    xlabel="neurons in the chain",
    ylabel="local derivatives",
    description="How many local derivatives are asked for, over the length of the chain: written "
    "out it is a parabola that reaches 152 at 16 neurons; backpropagation asks for 16.",
)

# %% [markdown]
# **Slopes that vanish.** Every sigmoid on the way back is a factor $s (1 - s)$, which is at most
# $1/4$. With weights around 1 the derivative becomes smaller from neuron to neuron, and the neurons
# in front hardly learn. Below are ten neurons with weights of 1, with three activation functions.
# The slope of $\tanh$ reaches 1, but only at 0; that of the rectifier $\max(0, a)$ is 1 wherever
# the neuron is active. This is why the networks below have rectifiers.

# %%
functions = {
    "sigmoid": (expit, slope),
    "tanh": (np.tanh, lambda a: 1.0 - np.tanh(a) ** 2),
    "rectifier": (lambda a: max(0.0, a), lambda a: float(a > 0.0)),
}


def magnitudes(function, derivative):
    w = np.ones(10)
    a, f = chain_forward(1.0, w, 0.0, [function] * 10)
    by_w, _ = chain_backward(1.0, 0.0, w, a, f, [derivative] * 10)
    return np.log10(np.abs(by_w))


plots.curves(
    np.arange(1, 11),
    {name: demo(magnitudes, *pair) for name, pair in functions.items()},
    xlabel="neuron",
    ylabel="log10 of |dL/dw|",
    description="The size of dL/dw at each of ten neurons. With sigmoids it falls by about six "
    "powers of ten from the last neuron to the first; with tanh by about one; with "
    "rectifiers it is the same everywhere.",
)

# %% [markdown]
# ## 3. From a neuron to a layer
#
# In a *fully connected* layer every neuron weighs all outputs of the layer before. Give neuron $j$
# row $j$ of a matrix $W$, and a bias $b_j$; put $n$ examples into the rows of $X$, and all outputs
# of all examples are one product:
#
# $$Y = X W^T + b, \qquad Y_{ij} = \sum_k X_{ik} W_{jk} + b_j.$$
#
# Backwards the layer is given $\partial L / \partial Y$, the *slopes* $G$ of its outputs. The chain
# rule once more, now with a sum over all ways from a parameter to the loss. $W_{jk}$ acts on
# $Y_{ij}$ of every example $i$, with factor $X_{ik}$; $b_j$ does so with factor 1; $X_{ik}$ acts on
# the outputs of all neurons $j$, with factor $W_{jk}$:
#
# $$\frac{\partial L}{\partial W_{jk}} = \sum_i G_{ij} X_{ik}, \qquad
# \frac{\partial L}{\partial b_j} = \sum_i G_{ij}, \qquad
# \frac{\partial L}{\partial X_{ik}} = \sum_j G_{ij} W_{jk}.$$
#
# The third one is what is passed on to the layer before. No loop is needed: write each sum over an
# index as a product of matrices. A derivative has the shape of what it is taken by, and that leaves
# little choice:
#
# | derivative | shape | made of |
# |---|---|---|
# | $\partial L / \partial W$ | (outputs, inputs), as $W$ | $G$ (n, outputs) and $X$ (n, inputs) |
# | $\partial L / \partial b$ | (outputs,), as $b$ | $G$ (n, outputs) |
# | $\partial L / \partial X$ | (n, inputs), as $X$ | $G$ (n, outputs) and $W$ (outputs, inputs) |
#
# An activation function works entry by entry, so its rule is the one of the chain: slopes times the
# local derivative.
#
# A layer is an object with three methods. `forward` computes the outputs and remembers what the way
# back will need; `backward` takes the slopes of the outputs, keeps the derivatives of its own
# parameters and returns the slopes of the inputs; `update` steps against the derivatives. None of
# them divides by $n$: if the loss is a mean, the slopes that it sends back are divided already.

# %% exercise="layers" points=9

# %% [markdown]
# Your layers against central differences: a `Linear` layer with a `Sigmoid` behind it. The loss is
# a sum of the outputs with random weights, so that its slopes are these weights.


# %%
def compared_layers():
    rng = np.random.default_rng(1)
    linear, squash = Linear(rng.normal(size=(2, 3)), rng.normal(size=2)), Sigmoid()
    X, weights = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))

    def loss():
        return float((weights * squash.forward(linear.forward(X))).sum())

    loss()
    by_X = linear.backward(squash.backward(weights))
    return gradients.compare(
        loss,
        {"W": linear.W, "b": linear.b, "X": X},
        {"W": linear.dW, "b": linear.db, "X": by_X},
    )


demo(compared_layers)

# %% [markdown]
# And a `ReLU`, with one input that is exactly 0. There it has a kink: the slope to the left is 0,
# to the right it is not. Any number between is a right answer, and the exercise chose 0.


# %%
def compared_rectifier():
    rng = np.random.default_rng(2)
    layer, X, weights = ReLU(), rng.normal(size=(4, 3)), rng.normal(size=(4, 3))
    X[1, 2] = 0.0

    def loss():
        return float((weights * layer.forward(X)).sum())

    loss()
    by_X = layer.backward(weights)
    return gradients.compare(loss, {"X": X}, {"X": by_X})


demo(compared_rectifier)

# %% [markdown]
# What the two activation layers do to a number, and the slope that they send back for a slope of 1.

# %%
numbers = np.linspace(-4, 4, 201)


def there(layer):
    return layer.forward(numbers[:, None])[:, 0]


def and_back(layer):
    layer.forward(numbers[:, None])
    return layer.backward(np.ones((len(numbers), 1)))[:, 0]


plots.curves(
    numbers,
    {
        "ReLU": demo(lambda: there(ReLU())),
        "slope of ReLU": demo(lambda: and_back(ReLU())),
        "Sigmoid": demo(lambda: there(Sigmoid())),
        "slope of Sigmoid": demo(lambda: and_back(Sigmoid())),
    },
    xlabel="input",
    ylabel="output, slope",
    description="ReLU is 0 below 0 and the input itself above; its slope jumps from 0 to 1. The "
    "sigmoid rises from 0 to 1; its slope is a low hill that reaches 0.25 at 0.",
)

# %% [markdown]
# ## 4. From scores to a loss
#
# In the last assignment `softmax_loss` contained a linear classifier. Now that `Linear` is a layer
# of its own, with its own backward rule, the loss need not know where its scores $s$ come from:
#
# $$p_c = \frac{e^{s_c}}{\sum_j e^{s_j}}, \qquad L_i = -\log p_{y_i}, \qquad
# L = \frac{1}{n} \sum_{i=1}^{n} L_i.$$
#
# It is the last link of the chain, and the first one on the way back. For one example
# $\partial L_i / \partial s_c = p_c - [c = y_i]$, where the bracket is 1 for the right class,
# otherwise 0; with the mean,
#
# $$\frac{\partial L}{\partial s_{ic}} = \frac{1}{n} \left( p_{ic} - [c = y_i] \right).$$
#
# This is where the division by $n$ happens, once. As before, scores may be large: subtract
# something from them first.

# %% exercise="softmax_cross_entropy" points=3

# %% replay="softmax_cross_entropy" points=2

# %% [markdown]
# Equal scores of ten classes must give $\log 10 = 2.303$, and scores of $\pm 10^4$ a finite number:
# 0 for the right class in front, $2 \cdot 10^4$ for the wrong one.


# %%
def some_losses():
    tried = {
        "ten equal scores": (np.zeros((1, 10)), 3),
        "10000 for the right class, -10000": (np.array([[1e4, -1e4]]), 0),
        "10000 for the wrong class, -10000": (np.array([[1e4, -1e4]]), 1),
    }
    rows = []
    for name, (scores, label) in tried.items():
        value, slopes = softmax_cross_entropy(scores, np.array([label]))
        # Adding 0 turns -0 into 0.
        rows.append([name, f"{value + 0.0:.3f}", f"{slopes[0, label] + 0.0:.3f}"])
    return plots.table(["scores", "loss", "slope of the right class's score"], rows)


demo(some_losses)


# %%
def compared_loss():
    rng = np.random.default_rng(3)
    scores, labels = rng.normal(size=(6, 4)), rng.integers(0, 4, 6)
    by_scores = softmax_cross_entropy(scores, labels)[1]
    return gradients.compare(
        lambda: softmax_cross_entropy(scores, labels)[0], {"scores": scores}, {"scores": by_scores}
    )


demo(compared_loss)

# %% [markdown]
# ## 5. A network
#
# A multilayer perceptron (MLP) is layers behind each other, and so are its rules: forward, each
# layer is given what the one before returns; backward, the same in reverse. No new derivative is
# needed, and one less: nobody asks for those by the examples, which training cannot change. Between
# two `Linear` layers stands a `ReLU`; without it, two linear maps would be one linear map. Nothing
# follows the last layer: its outputs are the scores.
#
# **How large are the first weights?** Not 0: then all hidden outputs are 0, and so are all
# derivatives but those of the last bias; it remains so after every step. And not all alike: neurons
# of a layer that begin alike, in what comes in and in what goes out, get the same derivatives and
# stay alike for ever, so that a hundred of them are worth one. They are drawn at random. For their
# size, follow the mean square of the numbers through a layer. A sum of $m$ products with
# independent weights of mean 0 has a mean square of $m$ times the weights' variance times the mean
# square of the inputs, and a ReLU passes on half of it. It stays the same from layer to layer if
#
# $$m \cdot \mathrm{Var}(W) \cdot \tfrac{1}{2} = 1, \qquad \text{a standard deviation of }
# \sqrt{2 / m} \text{ with } m \text{ inputs}.$$

# %% exercise="mlp" points=7

# %% [markdown]
# The parameters of a whole network against central differences. The biases are moved away from 0
# first: a network whose biases are 0 is often exactly at a kink.


# %%
def linear_layers(network):
    return [layer for layer in network.layers if isinstance(layer, Linear)]


def compared_network():
    rng = np.random.default_rng(4)
    network = MLP((4, 6, 5, 3), rng)
    X, labels = rng.normal(size=(8, 4)), rng.integers(0, 3, 8)
    parameters, found = {}, {}
    for number, layer in enumerate(linear_layers(network), 1):
        layer.b += rng.normal(0, 0.1, layer.b.shape)
        parameters |= {f"W{number}": layer.W, f"b{number}": layer.b}

    def loss():
        return softmax_cross_entropy(network.forward(X), labels)[0]

    network.backward(softmax_cross_entropy(network.forward(X), labels)[1])
    for number, layer in enumerate(linear_layers(network), 1):
        found |= {f"W{number}": layer.dW, f"b{number}": layer.db}
    return gradients.compare(loss, parameters, found)


demo(compared_network)

# %% [markdown]
# The pictures from here on are the `digits` of scikit-learn: 8 x 8 pixels, ten classes. Weights
# that are 0, hidden neurons that are all alike, and random weights: the derivatives of a network
# with 32 hidden neurons on a hundred digits.

# %%
digits = datasets.digits()
X_train, y_train = datasets.as_vectors(digits.train_images), digits.train_labels
X_test, y_test = datasets.as_vectors(digits.test_images), digits.test_labels


def first_derivatives():
    rows = []
    for name in ("all 0", "hidden neurons alike", "random"):
        network = MLP((64, 32, 10), np.random.default_rng(5))
        first, last = linear_layers(network)
        if name == "all 0":
            first.W[:], last.W[:] = 0.0, 0.0
        elif name == "hidden neurons alike":
            first.W[:], last.W[:] = first.W[:1], last.W[:, :1]
        scores = network.forward(X_train[:100])
        network.backward(softmax_cross_entropy(scores, y_train[:100])[1])
        kinds = len(np.unique(first.dW.round(12), axis=0))
        sizes = [f"{np.abs(layer.dW).max():.2g}" for layer in (first, last)]
        rows.append([name, *sizes, kinds])
    header = ["weights", "largest |dL/dW1|", "largest |dL/dW2|", "different rows of dL/dW1"]
    return plots.table(header, rows)


demo(first_derivatives)

# %% [markdown]
# And the size of the numbers behind each of sixteen layers of a hundred neurons, for weights half
# as large as $\sqrt{2 / m}$, just so, and twice as large. A factor of 2 a layer is a factor of
# 65,000 after sixteen. On the way back the slopes behave in the same way, and with them the steps
# of the layers in front.

# %%
depths = np.arange(1, 17)


def sizes_by_depth(factor):
    rng = np.random.default_rng(6)
    values, sizes = rng.normal(size=(200, 100)), []
    for _ in depths:
        weights = rng.normal(0, factor * np.sqrt(2 / 100), (100, 100))
        values = ReLU().forward(Linear(weights, np.zeros(100)).forward(values))
        sizes.append(0.5 * np.log10(np.mean(values**2)))
    return sizes


plots.curves(
    depths,
    {f"{factor:g} sqrt(2 / m)": demo(sizes_by_depth, factor) for factor in (0.5, 1.0, 2.0)},
    xlabel="layer",
    ylabel="log10 of the root mean square",
    description="The size of the outputs over 16 layers. With a standard deviation of sqrt(2 / m) "
    "it stays near 1; with half of that it falls by almost five powers of ten, with twice that it "
    "grows by as much.",
)

# %% [markdown]
# ## 6. Minibatches
#
# What is to be minimised is the loss of all $N$ samples. A step may use the gradient of one sample,
# drawn at random, or of a *minibatch* of $B < N$ of them. A common way to draw them, and the one
# used here, is to shuffle all samples, to take $B$ after $B$ of them, and to shuffle again when all
# have been used: an *epoch*. Random every time, but nobody is left out.
#
# > **From slide to code.** The slides minimise a sum over the samples; code takes their mean. The
# > minimum is at the same place, and the learning rate need not change with the size of the batch
# > only because a sum has more terms.

# %% exercise="minibatches" points=4

# %% [markdown]
# Ten samples, numbered from 0 to 9, in batches of four, for three epochs.


# %%
def epochs_of_ten():
    rng, rows = np.random.default_rng(7), []
    for epoch in (1, 2, 3):
        batches = minibatches(np.zeros((10, 1)), np.arange(10), 4, rng)
        rows.append([epoch, *(" ".join(map(str, numbers)) for _, numbers in batches)])
    return plots.table(["epoch", "first batch", "second", "third"], rows)


demo(epochs_of_ten)

# %% [markdown]
# ## 7. Training
#
# Everything is there. For each minibatch,
#
# 1. predict: a forward pass gives the scores, $\hat y = f_{\mathrm{MLP}}(x; \theta)$, and they give
#    the loss $L$ and its slopes;
# 2. update: backpropagation gives $\partial L / \partial \theta$, and
#    $\theta \leftarrow \theta - \eta\, \partial L / \partial \theta$.
#
# All derivatives are computed before the first parameter moves. A layer that is updated too early
# passes back slopes of weights that were not used on the way forward.

# %% exercise="train" points=7

# %% [markdown]
# A network with 64 hidden neurons and, for comparison, a linear classifier: an MLP without a hidden
# layer. The curves grow while they are trained.


# %%
def accuracy(network, X, labels):
    return float(np.mean(network.forward(X).argmax(axis=1) == labels))


def train_on_digits(sizes, batch_size, rate, epochs, seed=0, live=None, name=""):
    """Return a trained network, and the losses of its batches."""
    rng = np.random.default_rng(seed)
    network = MLP(sizes, rng)
    report = live.curve(name, lambda: accuracy(network, X_test, y_test)) if live else None

    def batches():
        return minibatches(X_train, y_train, batch_size, rng)

    return network, train(network, batches, rate, epochs, report)


def both_networks():
    live = LiveCurves(
        20,
        "loss and test accuracy over 20 epochs of digits, of a network with a hidden layer and of "
        "one without",
        "test accuracy",
    )
    return {
        name: train_on_digits(sizes, 32, 0.3, 20, 0, live, name)[0]
        for name, sizes in (("64-64-10", (64, 64, 10)), ("linear, 64-10", (64, 10)))
    }


def accuracies(both):
    rows = [
        [name, f"{accuracy(one, X_train, y_train):.1%}", f"{accuracy(one, X_test, y_test):.1%}"]
        for name, one in both.items()
    ]
    return plots.table(["network", "training", "test"], rows)


networks = demo(both_networks)
demo(accuracies, networks)

# %% [markdown]
# **Look at what goes wrong.** The ten test digits for which the network is furthest from right: its
# answer, and in brackets the truth. Which of the mistakes are mistakes of the writer?


# %%
def furthest_from_right(both):
    scores = both["64-64-10"].forward(X_test)
    every = np.arange(len(X_test))
    others = scores.copy()
    others[every, y_test] = -np.inf
    worst = np.argsort(scores[every, y_test] - others.max(axis=1))[:10]
    return plots.side_by_side(
        *digits.test_images[worst],
        titles=[f"{scores[i].argmax()} ({y_test[i]})" for i in worst],
        columns=5,
    )


demo(furthest_from_right, networks)

# %% [markdown]
# **Repeatable.** First weights and order come from one generator. The same seed gives the same
# curve, to the last bit on one machine; another seed gives another one.


# %%
def three_runs():
    first, again, other = (train_on_digits((64, 64, 10), 32, 0.3, 5, seed)[1] for seed in (0, 0, 1))
    rows = [
        ["seed 0 and seed 0", np.array_equal(first, again)],
        ["seed 0 and seed 1", np.array_equal(first, other)],
    ]
    return plots.table(["two trainings", "equal losses in all batches"], rows)


demo(three_runs)

# %% [markdown]
# ## 8. Borders that are not straight
#
# The scores of a network are a linear classifier of what its last hidden layer says. What a linear
# classifier needs are good *features*, and for decades people made them by hand, as for the early
# perceptrons, or with the descriptor of the last assignment. Rumelhart, Hinton and Williams
# stressed that hidden units trained by back-propagation come to represent useful features of the
# task by themselves.
#
# Two spirals that turn around each other. No straight line comes near to separating them. What do a
# linear classifier and networks of one and two hidden layers make of them?

# %%
spirals, arms = datasets.two_spirals()
moments = (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 50, 70, 100, 150, 200, 300)


def train_on_spirals(*sizes):
    """Return the network after some of the epochs, and the loss of every epoch."""
    rng = np.random.default_rng(0)
    network = MLP(sizes, rng)
    kept, curve = {0: deepcopy(network)}, []

    def report(epoch, loss):
        curve.append(loss)
        if epoch in moments:
            kept[epoch] = deepcopy(network)

    train(network, lambda: minibatches(spirals, arms, 20, rng), 0.3, moments[-1], report)
    return kept, curve


spiral_runs = {
    sizes: demo(train_on_spirals, *sizes) for sizes in ((2, 2), (2, 32, 2), (2, 32, 32, 2))
}
plots.table(
    ["sizes", "points with the right answer"],
    [
        [sizes, demo(lambda run: f"{accuracy(run[0][moments[-1]], spirals, arms):.1%}", run)]
        for sizes, run in spiral_runs.items()
    ],
)

# %% [markdown]
# The border of the largest of them while it is trained. When does it cease to be nearly straight,
# and what does the loss do at that time? Each neuron of the first hidden layer contributes one
# fold, along the straight line where its total input is 0.

# %%
demo(
    lambda run: widgets.DecisionBoundary(spirals, arms, *run),
    spiral_runs[2, 32, 32, 2],
)

# %% [markdown]
# ## 9. One, some, or all
#
# The gradient of all samples is the mean of the gradients of single ones, so the gradient of a
# sample drawn at random is right *on average*. How far is it off in a single draw, and what does it
# cost? Measure it, with your network: first how far gradients of $B$ samples, drawn at random (each
# from all of them, so that one can come twice), are from the gradient $g$ of all (the root of the
# mean squared distance), in relation to its length. Once for a network that has not been trained,
# and once for one that has learned for ten epochs.


# %%
def gradient(network, X, labels):
    """Return the derivatives of the loss by all parameters, in one row."""
    network.backward(softmax_cross_entropy(network.forward(X), labels)[1])
    return np.concatenate([np.append(layer.dW, layer.db) for layer in linear_layers(network)])


batch_sizes = 4 ** np.arange(6)


def noise_and_cosine(network):
    """Return, for every batch size, the distance from g (root mean square) and the cosine."""
    rng, whole = np.random.default_rng(8), gradient(network, X_train, y_train)
    length = np.linalg.norm(whole)
    found = []
    for size in batch_sizes:
        squares, cosines = [], []
        for _ in range(max(50, len(X_train) // size)):
            drawn = rng.integers(0, len(X_train), size)
            some = gradient(network, X_train[drawn], y_train[drawn])
            squares.append(np.sum((some - whole) ** 2) / length**2)
            cosines.append(some @ whole / (np.linalg.norm(some) * length))
        found.append([np.sqrt(np.mean(squares)), np.mean(cosines)])
    return np.transpose(found)


measured = {
    "untrained": demo(lambda: noise_and_cosine(MLP((64, 64, 10), np.random.default_rng(0)))),
    "after ten epochs": demo(
        lambda: noise_and_cosine(train_on_digits((64, 64, 10), 32, 0.3, 10)[0])
    ),
}
plots.curves(
    batch_sizes,
    {
        **{name: demo(lambda pair: pair[0], pair) for name, pair in measured.items()},
        "1 / sqrt(B)": 1 / np.sqrt(batch_sizes),
    },
    xlabel="batch size B",
    ylabel="distance from g / length of g",
    logarithmic=True,
    description="How far the gradient of B samples is from that of all, over B: straight lines "
    "with the slope of 1 / sqrt(B). The one of the trained network lies higher.",
)

# %% [markdown]
# Does it point the right way? The cosine between the gradient of a batch and that of all: 1 is the
# same direction, 0 a right angle.

# %%
plots.curves(
    np.log2(batch_sizes),
    {name: demo(lambda pair: pair[1], pair) for name, pair in measured.items()},
    xlabel="log2 of the batch size B",
    ylabel="cosine with the gradient of all",
    description="The mean cosine between the gradient of a batch and that of all samples rises "
    "towards 1 with the batch size; the one of the trained network is lower throughout.",
)

# %% [markdown]
# And the price: the time of one gradient. For small batches most of it goes into calling functions,
# whatever the size; a batch of 16 costs hardly more than one sample. For large ones it grows with
# $B$, and with a million samples it would be a thousand times that of a thousand.


# %%
def milliseconds(network, size):
    """Return the shortest of ten times."""
    times = []
    for _ in range(10):
        start = perf_counter()
        gradient(network, X_train[:size], y_train[:size])
        times.append(perf_counter() - start)
    return 1000 * min(times)


def prices():
    network = MLP((64, 64, 10), np.random.default_rng(0))
    return np.array([milliseconds(network, size) for size in batch_sizes])


price = demo(prices)
plots.curves(
    batch_sizes,
    {
        "measured": price,
        "in proportion to B": demo(lambda times: times[0] * batch_sizes, price),
    },
    xlabel="batch size B",
    ylabel="milliseconds a gradient",
    logarithmic=True,
    description="The time of a gradient over the batch size: nearly flat at first, and far below "
    "a line in proportion to B.",
)

# %% [markdown]
# Now train, ten epochs each, with one sample a step, with 32 and with all 1,300. After the same
# number of epochs all have seen the same number of samples. The learning rates were found by
# trying. A noisy gradient asks for smaller steps: with one sample a rate of 0.3 is too large to get
# far, with 32 and with all, 3 is. The last row of the table trains with all samples until there
# have been as many updates as with 32, which takes a few seconds more. The picture shows the mean
# of an epoch's losses, each taken before its step; the table has the loss of all samples at the
# end.

# %%
choices = {
    "one": (1, 0.05, 10),
    "32": (32, 1.0, 10),
    "all": (len(X_train), 1.0, 10),
    "all, 410 epochs": (len(X_train), 1.0, 410),
}


def one_some_and_all():
    live = LiveCurves(
        10,
        "loss and test accuracy over ten epochs with one sample a step, with 32, and with all",
        "test accuracy",
    )
    rows = []
    for name, (size, rate, epochs) in choices.items():
        watched = live if epochs == 10 else None
        network, losses = train_on_digits((64, 64, 10), size, rate, epochs, 0, watched, name)
        loss = softmax_cross_entropy(network.forward(X_train), y_train)[0]
        share = accuracy(network, X_test, y_test)
        rows.append([name, rate, f"{len(losses):,}", f"{loss:.3f}", f"{share:.1%}"])
    return plots.table(["samples a step", "rate", "updates", "loss", "test accuracy"], rows)


demo(one_some_and_all)

# %% [markdown]
# > **From slide to code.** "Same convergence guarantees and complexity" holds loosely.
# > *Guarantees.* If the loss is smooth and the step small enough, a step with all samples never
# > makes it larger. (Where it rises in your picture, the step was not small enough.) With some of
# > them and a fixed learning rate, training comes near a place where the gradient is 0 and keeps
# > jumping around it, the more, the larger the rate and the noise. The jumps die out with rates
# > that go to 0, neither too fast nor too slowly (Robbins and Monro, 1951), or where every single
# > sample is fitted, so that the noise itself goes to 0. The loss of a network is not convex, and
# > neither way promises its lowest point. *Complexity.* Near the end a step with all samples gains
# > more than a noisy one; but its price grows with $N$, that of the noisy one does not. For a
# > moderate accuracy and a large $N$ the noisy ones win by far (Bottou, Curtis and Nocedal, SIAM
# > Review, 2018).
# >
# > "Better generalization" has been seen often, and is no law. Keskar et al. (ICLR 2017) found that
# > large batches ended at solutions that did worse on test data; Hoffer et al. (NeurIPS 2017) and
# > Goyal et al. (2017) closed the gap, or nearly, with other learning rates and more updates. What
# > does our table say? It is one seed, and one test digit is 0.2 %.

# %% [markdown] question="one_some_all" points=6
# ### Question: one, some, or all?
#
# In about fifteen sentences, with your measurements:
#
# 1. *Cost.* Read from your picture what a gradient of one sample, of 16 and of 1,024 costs. Why is
#    the second not sixteen times the first? About how long does an epoch take with $B = 1$, and
#    with $B = 16$? How does the cost of one update change with $N$ for a minibatch, how for all?
# 2. *Noise.* Why is the gradient of a minibatch right on average? By which factor must $B$ grow to
#    halve its distance from $g$, and where do you see that? Why is the distance, in relation to the
#    length of $g$, larger for the trained network?
# 3. *Progress.* After ten epochs, which choice has the lowest loss, which the highest, and why,
#    though all have seen the same number of samples? What does the last row of the table add?
# 4. *Promises.* Somebody says: "SGD has the same guarantees as gradient descent and generalises
#    better." What of this is true, and under which conditions? What do your own measurements say,
#    and what can they not say?

# %%
progress("multilayer_networks")
