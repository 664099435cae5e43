# %% [markdown]
# # Nearest neighbours
#
# Nobody can write down the rules by which a picture shows a cat. But one can collect pictures of
# cats, and of other things, and say of each what it shows. This notebook is about the simplest
# method that learns from such a collection: to look for the examples that are most like the new
# picture, and to say what they say. It is about what "like" means, what it costs, and how to choose
# what the method does not learn by itself.
#
# **You will be able to**
#
# - compute distances between thousands of pictures without a loop, and without running out of
#   memory,
# - write a nearest-neighbour classifier, and say what its training and its predictions cost,
# - show why distances between pixels mislead, and write a descriptor that forgets what misleads,
# - choose a hyper-parameter honestly: by validation and cross-validation, never by the test.
#
# **Time to plan:** three to five hours. **You hand in** this notebook under its own name.
#
# **Use of AI tools:** you may ask them about ideas; the code and the answers you hand in are your
# own.
#
# Every exercise has a check below it. It tries your function on small examples and says what is
# wrong. After you hand in, hidden tests look closer, on inputs you have not seen.

# %%
from collections.abc import Sequence
from time import perf_counter

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from skimage.feature import hog
from sklearn.linear_model import SGDClassifier

from course_utils import check, datasets, demo, environment, images, plots, progress
from course_utils.types import Distances, Image, Indices, Labels, Signal, Vectors
from course_utils.widgets import nearest_neighbors as widgets

environment.check()

# %% [markdown]
# ## 1. Learning from data
#
# A classifier learned from data is two functions instead of one. The first is given images and
# labels and returns a *model*; the second is given the model and new images and returns labels:
#
# ```python
# def train(images, labels): ...
# def predict(model, test_images): ...
# ```
#
# What counts is how often the second is right on images that the first has not seen. So there are
# two sets of images from the beginning, *training* and *test*.
#
# Two collections come with this course, and nothing has to be downloaded. `digits` are handwritten
# digits of 8 x 8 pixels. `photo_patches` are 32 x 32 pixels in colour, cut out of ten photographs;
# the class says which photograph. Training patches come from one part of each photograph and test
# patches from another, so that no pixel is in both.

# %%
digits = datasets.digits()
patches = datasets.photo_patches()
print(digits)
print(patches)
contrast = patches.train_images.std(axis=(1, 2, 3))
shown = [int(np.argmax(contrast * (patches.train_labels == c))) for c in range(10)]
plots.side_by_side(
    *(patches.train_images[i] / 255 for i in shown),
    titles=list(patches.class_names),
    columns=5,
    description="A patch of each of the ten classes: parts of photographs, 32 by 32 pixels.",
)

# %% [markdown]
# An image becomes a vector by writing its numbers one after the other: 64 for a digit,
# $32 \times 32 \times 3 = 3072$ for a patch. Where a number stood in the image is forgotten.

# %%
train = datasets.as_vectors(patches.train_images)
test = datasets.as_vectors(patches.test_images)
print("train", train.shape, train.dtype, " test", test.shape)

# %% [markdown]
# ## 2. Distances
#
# How alike are two images? Two ways to put the differences of all pixels into one number:
#
# $$d_1(I_1, I_2) = \sum_{x, y} |I_1(x, y) - I_2(x, y)|, \qquad
# d_2(I_1, I_2) = \sqrt{\sum_{x, y} \left(I_1(x, y) - I_2(x, y)\right)^2}.$$
#
# $d_1$ is the L1 distance, $d_2$ the L2 distance. Many small differences count the same for $d_1$
# as a few large ones with the same sum; for $d_2$ large differences weigh more.
#
# Below are the two images of the lecture, of 4 x 4 pixels. Their L1 distance is 456, and their L2
# distance is $\sqrt{26280} \approx 162.1$.

# %%
one = np.array([[56, 32, 10, 18], [90, 23, 128, 133], [24, 26, 178, 200], [2, 0, 255, 220]])
other = np.array([[10, 20, 24, 17], [8, 10, 89, 100], [12, 16, 178, 170], [4, 32, 233, 112]])
plots.side_by_side(
    one / 255,
    other / 255,
    titles=["first", "second"],
    description="Two images of 4 by 4 grey pixels that look somewhat alike.",
)

# %% exercise="l1_distances" points=2

# %% replay="l1_distances" points=2

# %%
demo(l1_distances, one.reshape(1, 16) / 1.0, other.reshape(1, 16) / 1.0)

# %% [markdown]
# For L2 there is something better than a loop. Multiply the square out:
#
# $$\|I_1 - I_2\|^2 = \|I_1\|^2 - 2\, I_1 \cdot I_2 + \|I_2\|^2.$$
#
# The products $I_1 \cdot I_2$ of all queries with all examples are one product of two matrices,
# which is what computers are fastest at. What numpy's broadcasting offers instead, an array with
# one number for every query, example *and* pixel, does not fit into memory.
#
# One thing to take care of. Where two images are equal, large numbers cancel, and what is left is
# their rounding error. It may be less than zero.

# %% exercise="l2_distances" points=6

# %% [markdown]
# The ten test patches at the top are of one class each. Move to any of them, and compare it with
# training patches: the matrix is sorted by class on both sides. Would you have guessed which pairs
# are near?
#
# *If a control shows no picture, run its cell again.*

# %%
by_class = np.argsort(patches.test_labels, kind="stable")[:: len(test) // 10]
others = np.argsort(patches.train_labels, kind="stable")[:: len(train) // 30]
demo(
    widgets.DistanceMatrix,
    patches.test_images[by_class] / 255,
    patches.train_images[others] / 255,
    demo(l2_distances, test[by_class], train[others]),
)

# %% [markdown]
# For four test patches, the nearest six of all training patches, by L2 and with their distances.

# %%
queries = by_class[[1, 3, 5, 8]]
demo(
    widgets.nearest_of,
    patches.test_images[queries] / 255,
    patches.train_images / 255,
    demo(l2_distances, test[queries], train),
    [patches.class_names[c] for c in patches.test_labels[queries]],
)

# %% [markdown]
# ## 3. The vote of the neighbours
#
# The label of the nearest example is the answer of the *1-nearest-neighbour* classifier. A single
# example may be mislabelled, or odd. The *k-nearest-neighbour* classifier asks the $k$ nearest ones
# and takes the majority.
#
# A vote can end in a tie, and a program must decide. Here the class wins whose nearest example is
# nearest. The smallest label, which `argmax` of counted votes would give, means nothing.

# %% exercise="predict_labels" points=6

# %% [markdown]
# Now put the parts together. Training is nothing but keeping the examples.

# %% exercise="k_nearest_neighbors" points=4

# %% [markdown]
# Your classifier at work, in a plane with three classes: what it would say at every place. Move a
# point to where another class is. Which $k$ follows it, which ignores it? What do the borders of
# $k = 1$ consist of?

# %%
rng = np.random.default_rng(3)
centres = np.array([[0.3, 0.35], [0.68, 0.4], [0.5, 0.72]])
points = np.clip(np.repeat(centres, 8, axis=0) + rng.normal(0, 0.13, (24, 2)), 0.02, 0.98)
demo(widgets.DecisionRegions, points, np.repeat(np.arange(3), 8), KNearestNeighbors)

# %% [markdown]
# And on images: the share of test images that it labels correctly. Chance would be 10 %.


# %%
def accuracy(k, data, vectors=datasets.as_vectors):
    model = KNearestNeighbors(k)
    model.train(vectors(data.train_images), data.train_labels)
    return float(np.mean(model.predict(vectors(data.test_images)) == data.test_labels))


plots.table(
    ["data", "k = 1", "k = 3", "k = 5", "k = 15"],
    [
        [data.name, *(demo("{:.1%}".format, demo(accuracy, k, data)) for k in (1, 3, 5, 15))]
        for data in (digits, patches)
    ],
)

# %% [markdown]
# ## 4. What it costs
#
# How long do training and predicting take as the examples grow? Below, your classifier is measured,
# and beside it a linear classifier of scikit-learn's. It has a row of weights for each class, each
# trained to tell its class from all others in one pass over the examples, and predicts with these
# rows alone. (In the next notebook you write one that trains all rows together.) Both label the
# same 100 images of 3,072 numbers. Both axes are logarithmic: what grows in proportion with the
# examples is a straight line that climbs by one decade a decade.


# %%
def seconds(function, *arguments):
    """Return the shortest of three times."""
    times = []
    for _ in range(3):
        start = perf_counter()
        function(*arguments)
        times.append(perf_counter() - start)
    return min(times)


def costs(sizes):
    rng = np.random.default_rng(0)
    queries, found = rng.random((100, 3072)), []
    for size in sizes:
        examples, labels = rng.random((size, 3072)), rng.integers(0, 10, size)
        neighbours = KNearestNeighbors(5)
        linear = SGDClassifier(max_iter=1, tol=None)
        found.append(
            (
                seconds(neighbours.train, examples, labels),
                seconds(neighbours.predict, queries),
                seconds(linear.fit, examples, labels),
                seconds(linear.predict, queries),
            )
        )
    return np.transpose(found)


sizes = np.array([500, 1000, 2000, 4000])
measured = demo(costs, sizes)
names = ("neighbours, train", "neighbours, predict", "linear, train", "linear, predict")
plots.curves(
    sizes,
    {name: demo(lambda found, i=i: found[i], measured) for i, name in enumerate(names)},
    xlabel="training examples",
    ylabel="seconds",
    logarithmic=True,
    description="Time over the number of examples: training a linear classifier and predicting "
    "with neighbours take longer in proportion; the other two take far less, or do not grow.",
)

# %% [markdown] question="cost_of_knn" points=4
# ### Question: a thousand, a million, a billion
#
# From your plot, and with pencil and paper. State what you read off. In about eight sentences:
#
# 1. How do the four times grow with the number of examples $n$, and why? Think of what each of
#    them has to look at.
# 2. How long would each of the two classifiers take to label 100 images with a thousand, a million
#    and a billion training examples, and how much memory would the examples need at 3,072 bytes
#    each? Say what would break first.
# 3. Training happens once, predicting every day. Which of the two would you put on a robot, and
#    when is the other one the better choice all the same?

# %% [markdown]
# ## 5. Why distances of pixels mislead
#
# In practice nobody classifies images by the distances of their pixels. The lecture shows why: an
# image with a part that is occluded, the same image moved by one pixel, and the same image with
# another tint can all be equally far from the original. A person would say that the first is
# damaged, that the second is the same image, and that the third is the same under another lamp.
#
# Make such images. The shift is what it is and sets the distance $D$; how strong tint and occlusion
# must be for the same distance, you can compute.

# %% exercise="equal_distance_images" points=5

# %%
cat = images.shrink(images.load("chelsea"), 3)[:90, 20:130]
deceptive = demo(equal_distance_images, cat, (32, 78, 24, 26), np.array([1.0, 0.1, -0.4]))
plots.side_by_side(
    cat,
    *(
        demo(lambda made, name=name: made[name], deceptive)
        for name in ("occluded", "shifted", "tinted")
    ),
    titles=["original", "occluded", "shifted by 1 pixel", "tinted"],
    description="A cat, the same with one eye darkened, moved by one pixel, and with a red tint.",
)

# %% [markdown]
# Change how strong each of them is. How far can you move the tint before it is as far away as a
# picture of something else, say a cup of coffee?

# %%
coffee = images.shrink(images.load("coffee"), 4)[5:95, 20:130]
print(f"The coffee is {np.linalg.norm(coffee - cat):.1f} away from the cat.")
demo(widgets.DeceptiveImages, cat, deceptive)

# %% [markdown]
# ## 6. A descriptor
#
# A *descriptor* is a vector made of the image that keeps what says something about the class and
# drops what does not. The *histogram of oriented gradients* keeps in which directions it gets
# brighter, cell by cell of 8 x 8 pixels, and drops where exactly in the cell, how bright it is, and
# how strong the contrast is. Before convolutional networks, much of recognition was built on it.
#
# Its steps are few, and each has a reason. Gradients forget the brightness. A histogram forgets the
# place within a cell. The orientation is taken modulo 180 degrees, so that a dark leg on a bright
# wall and a bright leg on a dark wall look alike. Dividing a block by its length forgets the
# contrast, and cutting at 0.2 keeps a single strong edge from drowning all others.

# %% exercise="hog_descriptor" points=8

# %% [markdown]
# Below, scikit-image draws the histograms of the cells as little stars, a ray for each direction
# along an edge. The table compares distances, of pixels and of your descriptors, with that of the
# coffee from the cat.

# %%
drawn = [hog(one.mean(axis=2), 9, (8, 8), (2, 2), visualize=True)[1] for one in (cat, coffee)]
plots.side_by_side(
    cat,
    drawn[0] / drawn[0].max(),
    coffee,
    drawn[1] / drawn[1].max(),
    titles=["cat", "its histograms", "coffee", "its histograms"],
    description="A cat and a cup of coffee, and beside each its cells with rays along the edges.",
)


# %%
def described(image):
    return hog_descriptor(image.mean(axis=2))


def shares(images_by_name, describe):
    """Return distances from the cat, as shares of the coffee's."""
    own = describe(cat)
    unit = np.linalg.norm(describe(coffee) - own)
    return [f"{np.linalg.norm(describe(one) - own) / unit:.2f}" for one in images_by_name.values()]


changes = ("occluded", "shifted", "tinted")
pixels, gradients = (demo(shares, deceptive, describe) for describe in (np.ravel, described))
plots.table(
    ["distance from the cat", *changes, "coffee"],
    [
        [name, *(demo(lambda row, i=i: row[i], found) for i in range(3)), "1.00"]
        for name, found in (("pixels", pixels), ("descriptors", gradients))
    ],
)


# %% [markdown]
# The tint is gone: it adds the same number to every pixel, and differences do not see it. But the
# shift is nearly as far as before, 0.19 after 0.20, and so is the occlusion: the place is forgotten
# inside a cell only, and of each cell's eight columns one has moved to the next cell.
#
# Does it help to tell photographs apart? The same classifier, on vectors of 324 numbers instead of
# 3,072. The descriptor knows no colours, so it is also joined with a very small picture, 2 x 2
# pixels in colour.


# %%
def descriptors(images):
    return np.array([hog_descriptor(one.mean(axis=2) / 255) for one in images])


def colours(images):
    return 4 * images.reshape(len(images), 2, 16, 2, 16, 3).mean(axis=(2, 4)).reshape(-1, 12) / 255


def with_colours(images):
    return np.hstack([descriptors(images), colours(images)])


plots.table(
    ["vectors", "k = 1", "k = 5"],
    [
        [name, *(demo("{:.1%}".format, demo(accuracy, k, patches, vectors)) for k in (1, 5))]
        for name, vectors in {
            "pixels": datasets.as_vectors,
            "HOG": descriptors,
            "2 x 2 colours": colours,
            "HOG and 2 x 2 colours": with_colours,
        }.items()
    ],
)

# %% [markdown]
# An honest reading: on these patches twelve numbers of colour do better than all pixels, and the
# descriptor, which is blind to colour, does far worse and takes something away from them. What
# tells these ten photographs apart is their colours. A descriptor is good for the question it was
# made for: HOG was made to find people in the street, whatever they wear. Whoever chooses it
# without trying, chooses badly.

# %% [markdown]
# ## 7. Choosing what is not learned
#
# The number of neighbours $k$, the distance, the size of a cell: nothing in the training sets them.
# They are *hyper-parameters*, and there are four ways to choose them.
#
# 1. What works best on the training data. With $k = 1$ every training example is its own nearest
#    neighbour.
# 2. What works best on the test data. Then nothing is left that says how well it works on new data.
# 3. Split the training data into training and *validation*, choose by the validation data, and use
#    the test data once, at the end.
# 4. *Cross-validation*: divide the training data into folds, hold out each in turn, and average.
#
# > **From slide to code.** The slide calls cross-validation expensive and not widely used. In deep
# > learning that is so, since each fold is another training. With small data sets and cheap models,
# > as everywhere in statistics and in this notebook, it is the usual way.
#
# A split must be random: data are often stored sorted by class, or by the day they were taken.

# %% exercise="split" points=3

# %% [markdown]
# Folds are disjoint, and together they are everything. If some classes are rare, a random fold may
# have none of them; *stratified* folds have their share of each.

# %% exercise="k_folds" points=4

# %% [markdown]
# With folds at hand, $k$ is chosen by trying. The example that is asked about must not be among
# those that vote: one that votes for itself is always right.

# %% exercise="choose_k" points=3

# %% [markdown]
# On a thousand digits with noise of $\sigma = 0.3$: the accuracy by choice 1, on the training
# examples themselves; by choice 4, cross-validation with five folds; and on the test digits, which
# a real project would not look at before the very end. Which of the first two follows the third?

# %%
candidates = [1, 3, 5, 7, 9, 13, 19, 29, 41]


def three_ways(examples, labels, queries, answers):
    between = l2_distances(examples, examples)
    folds = k_folds(labels, 5, np.random.default_rng(1), stratified=True)
    best, by_folds = choose_k(between, labels, folds, candidates)
    to_queries = l2_distances(queries, examples)
    on_training = [np.mean(predict_labels(between, labels, k) == labels) for k in candidates]
    on_test = [np.mean(predict_labels(to_queries, labels, k) == answers) for k in candidates]
    return best, on_training, by_folds, on_test


rng = np.random.default_rng(0)
noisy, noisy_test = (
    vectors + rng.normal(0, 0.3, vectors.shape)
    for vectors in map(datasets.as_vectors, (digits.train_images, digits.test_images))
)
found = demo(three_ways, noisy[:1000], digits.train_labels[:1000], noisy_test, digits.test_labels)
print(demo("Cross-validation chooses k = {}.".format, demo(lambda ways: ways[0], found)))
plots.curves(
    candidates,
    {
        name: demo(lambda ways, i=i: ways[i], found)
        for i, name in enumerate(("training data", "cross-validation", "test data"), 1)
    },
    xlabel="neighbours k",
    ylabel="accuracy",
    description="Accuracy over k: on the training data it begins at 1 and falls; by "
    "cross-validation and on the test data it rises from 0.8 to nearly 0.9, flat from k = 13 on.",
)

# %% [markdown]
# The same on a thousand photo patches. Now cross-validation promises more than the test keeps. It
# is not the fault of your function: think about where these patches come from, and about question 3
# below.

# %%
some = np.random.default_rng(0).permutation(len(train))[:1000]
found = demo(three_ways, train[some], patches.train_labels[some], test, patches.test_labels)
plots.table(
    ["k", "cross-validation", "test data"],
    [
        [k, *(demo(lambda ways, i=i, n=n: f"{ways[i][n]:.1%}", found) for i in (2, 3))]
        for n, k in enumerate(candidates[:4])
    ],
)

# %% [markdown] question="four_choices" points=3
# ### Question: four choices
#
# In about six sentences:
#
# 1. What does choice 1 choose for $k$, always, and why is that no evidence?
# 2. Somebody tries 50 settings on the test data and reports the best accuracy. Why is the number
#    too high, although no test image was ever trained on?
# 3. All your pictures were taken by one robot on three days. How do you make the validation data,
#    so that they stand for a fourth day, and why would a random split flatter you?

# %% [markdown]
# ## How far you are
#
# Run all cells (Run, Restart Kernel and Run All Cells) before you hand in, so that what you see is
# what is graded.

# %%
progress("nearest_neighbors")
