"""Classification by what is near: distances, votes, descriptors, and how to choose k."""

from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from course_utils.reference import LOOPS, forbids, part_of
from course_utils.types import Distances, Image, Indices, Labels, Signal, Vectors


@forbids("scipy", "sklearn", "torch", "skimage")
def l1_distances(queries: Vectors, examples: Vectors) -> Distances:
    """Return the L1 distances of all queries to all examples.

    d(I1, I2) = sum over all numbers of |I1 - I2|.

    Parameters
    ----------
    queries : (n, d) float64. Not modified.
    examples : (m, d) float64. Not modified.

    Returns
    -------
    (n, m) float64: [i, j] is the distance from query i to example j.

    Notes
    -----
    O(n m d) operations. A loop over the queries, each time against all examples at once, takes
    about a second for 100 x 1,000 images of 3,072 numbers.
    """
    distances = np.empty((len(queries), len(examples)))
    for i, query in enumerate(queries):
        distances[i] = np.abs(examples - query).sum(axis=1)
    return distances


@forbids(*LOOPS, "scipy", "sklearn", "torch", "skimage")
def l2_distances(queries: Vectors, examples: Vectors) -> Distances:
    """Return the L2 distances of all queries to all examples, without a loop.

    d(I1, I2) = sqrt(sum over all numbers of (I1 - I2)^2); that sum is |I1|^2 - 2 I1 . I2 + |I2|^2.

    Parameters
    ----------
    queries : (n, d) float64. Not modified.
    examples : (m, d) float64. Not modified.

    Returns
    -------
    (n, m) float64: [i, j] is the distance from query i to example j. Never NaN. Of numbers in
    [0, 1] within 1e-6 of the exact distance for d up to 100; so equal rows may have a distance of
    up to 1e-6 (of longer rows more, 1e-5 for d = 3,072).

    Notes
    -----
    O(n m d) operations, all of them in one product of matrices, and O(n m) memory: an array of
    (n, m, d) numbers would have 12 GB for 500 x 1,000 images of 3,072 numbers, and their distances
    should take less than a second.
    """
    squares = (
        (queries**2).sum(axis=1, keepdims=True)
        - 2.0 * queries @ examples.T
        + (examples**2).sum(axis=1)
    )
    # Rounding can leave a little less than 0 where two rows are equal.
    return np.sqrt(np.maximum(squares, 0.0))


@forbids("scipy", "sklearn", "torch")
def predict_labels(distances: Distances, labels: Labels, k: int = 1) -> Labels:
    """Return the label that most of the k nearest examples have, for every query.

    Of labels with equally many votes, the one whose nearest example is nearest wins. Of examples at
    equal distances, the one that comes first counts as the nearer one.

    Parameters
    ----------
    distances : (n, m) float64, from n queries to m examples. Not modified.
    labels : (m,) int64, of the examples, any numbers, negative ones too. Not modified.
    k : how many examples vote, from 1 to m.

    Returns
    -------
    (n,) int64.

    Raises
    ------
    ValueError
        If k is less than 1 or greater than m.

    Notes
    -----
    O(m log m) operations a query to sort the examples, and O(k^2) to count the votes.
    """
    if not 1 <= k <= len(labels):
        raise ValueError(f"k must be from 1 to {len(labels)}, got {k}")
    nearest = labels[np.argsort(distances, axis=1, kind="stable")[:, :k]]
    votes = (nearest[:, :, np.newaxis] == nearest[:, np.newaxis, :]).sum(axis=2)
    # Of equally large numbers, argmax takes the first, which is the nearest.
    winner = votes.argmax(axis=1)
    return nearest[np.arange(len(nearest)), winner]


@part_of("k_nearest_neighbors")
@forbids("scipy", "sklearn", "torch")
class KNearestNeighbors:
    """A classifier that takes the vote of the k nearest training examples, by L2 distance.

    Parameters
    ----------
    k : how many examples vote, at least 1.
    """

    def __init__(self, k: int = 1) -> None:
        self.k = k
        self.examples: Vectors | None = None
        self.labels: Labels | None = None

    def train(self, examples: Vectors, labels: Labels) -> None:
        """Keep the training examples; what was kept before is forgotten.

        Parameters
        ----------
        examples : (m, d) float64.
        labels : (m,) int64.

        Raises
        ------
        ValueError
            If there are fewer examples than k, or not as many labels as examples.
        """
        if len(examples) < self.k or len(examples) != len(labels):
            raise ValueError(f"{len(examples)} examples, {len(labels)} labels, k = {self.k}")
        self.examples, self.labels = examples, labels

    def predict(self, queries: Vectors) -> Labels:
        """Return a label for every query, as `predict_labels` does.

        Parameters
        ----------
        queries : (n, d) float64. Not modified.

        Returns
        -------
        (n,) int64.

        Raises
        ------
        RuntimeError
            If nothing was trained.
        """
        if self.examples is None or self.labels is None:
            raise RuntimeError("train before you predict")
        return predict_labels(l2_distances(queries, self.examples), self.labels, self.k)


@forbids("scipy", "skimage", "torch", "cv2")
def equal_distance_images(
    image: Image, box: tuple[int, int, int, int], color: Signal
) -> dict[str, Image]:
    """Return three images at the same L2 distance from an image: occluded, shifted, tinted.

    The shift decides about the distance D; the other two are made as strong as it takes.

    Parameters
    ----------
    image : (H, W, 3) float64 in [0, 1], neighbours not all alike. Not modified.
    box : top row, left column, height and width of what is occluded, inside the image.
    color : (3,) float64, not all 0: the direction of the tint in red, green and blue. Not modified.

    Returns
    -------
    A dict with three images (H, W, 3) float64, not clipped:
    "shifted", every pixel moved one column to the right, column 0 left as it is;
    "tinted", image + t color, with t > 0;
    "occluded", image with the box faded to black, (1 - a) times what it was, with 0 <= a <= 1.

    Raises
    ------
    ValueError
        If even black in the whole box is nearer to the image than D.

    Notes
    -----
    O(H W) operations; there is nothing to search for, t and a are quotients.
    """
    shifted = np.concatenate([image[:, :1], image[:, :-1]], axis=1)
    distance = np.linalg.norm(shifted - image)
    tint = np.broadcast_to(color, image.shape)
    top, left, height, width = box
    boxed = np.zeros_like(image)
    inside = np.s_[top : top + height, left : left + width]
    boxed[inside] = image[inside]
    if np.linalg.norm(boxed) < distance:
        raise ValueError(f"even all black, the box is nearer than {distance:.3f}")
    return {
        "occluded": image - distance / np.linalg.norm(boxed) * boxed,
        "shifted": shifted,
        "tinted": image + distance / np.linalg.norm(tint) * tint,
    }


@forbids("skimage", "cv2", "scipy", "torch", "sklearn")
def hog_descriptor(image: Image) -> Signal:
    """Return the histogram of oriented gradients of an image.

    1. Gradients: dy(i, j) = I(i + 1, j) - I(i - 1, j) and dx(i, j) = I(i, j + 1) - I(i, j - 1); dy
       is 0 in the first and last row, dx in the first and last column.
    2. Every pixel votes with its magnitude sqrt(dx^2 + dy^2) for one of 9 bins of 20 degrees, by
       its orientation atan2(dy, dx) modulo 180 degrees: bin 0 is [0, 20), bin 8 is [160, 180).
    3. A cell is 8 x 8 pixels. Its histogram is the sum of its votes, divided by 64. Rows and
       columns that fill no cell are left out, after the gradients have been taken.
    4. A block is 2 x 2 cells, 36 numbers v; blocks overlap, each begins one cell after the last.
       Each is normalised (L2-Hys): v / sqrt(|v|^2 + e^2), cut at 0.2, and once more
       v / sqrt(|v|^2 + e^2), with e = 1e-5.

    Parameters
    ----------
    image : (H, W) float64 in [0, 1], at least 16 x 16. Not modified.

    Returns
    -------
    (number of blocks * 36,) float64: blocks row by row; in each its cells row by row; in each its
    bins. 324 numbers for 32 x 32 pixels.

    Notes
    -----
    N. Dalal, B. Triggs, Histograms of oriented gradients for human detection, CVPR 2005, with votes
    for one bin only. O(H W) operations; less than a tenth of a second for 256 x 256 pixels without
    loops over pixels, about a second with them.
    """
    dy, dx = np.zeros_like(image), np.zeros_like(image)
    dy[1:-1] = image[2:] - image[:-2]
    dx[:, 1:-1] = image[:, 2:] - image[:, :-2]
    orientation = np.degrees(np.arctan2(dy, dx)) % 180.0
    own_bin = (orientation // 20.0)[..., np.newaxis] == np.arange(9)
    votes = np.hypot(dx, dy)[..., np.newaxis] * own_bin
    rows, columns = image.shape[0] // 8, image.shape[1] // 8
    cells = votes[: 8 * rows, : 8 * columns].reshape(rows, 8, columns, 8, 9).mean(axis=(1, 3))
    windows = sliding_window_view(cells, (2, 2), axis=(0, 1))
    # numpy appends the window's axes behind the bins.
    blocks = np.moveaxis(windows, 2, -1).reshape(-1, 36)
    return _normalized(np.minimum(_normalized(blocks), 0.2)).ravel()


def _normalized(blocks: Vectors) -> Vectors:
    """Return rows of length 1, or less where a row is hardly longer than 0."""
    return blocks / np.sqrt((blocks**2).sum(axis=1, keepdims=True) + 1e-5**2)


@forbids("sklearn", "torch", "scipy")
def split(n: int, held_out: int, rng: np.random.Generator) -> tuple[Indices, Indices]:
    """Split examples at random into training and validation.

    Parameters
    ----------
    n : how many examples there are.
    held_out : how many of them are for validation, from 1 to n - 1.
    rng : decides which; equal generators give equal splits.

    Returns
    -------
    A tuple of the indices of the training examples, (n - held_out,) int64, and of those of the
    validation examples, (held_out,) int64, each in any order. Every index from 0 to n - 1 is in one
    of them, and all choices of the held_out are equally likely.

    Raises
    ------
    ValueError
        If held_out is less than 1 or more than n - 1.
    """
    if not 0 < held_out < n:
        raise ValueError(f"held_out must be from 1 to {n - 1}, got {held_out}")
    order = rng.permutation(n)
    return order[held_out:], order[:held_out]


@forbids("sklearn", "torch", "scipy")
def k_folds(
    labels: Labels, folds: int, rng: np.random.Generator, stratified: bool = False
) -> list[Indices]:
    """Divide examples at random into folds.

    Parameters
    ----------
    labels : (n,) int64, any numbers, negative ones too. Not modified.
    folds : how many, from 2 to n.
    rng : decides which example goes where; equal generators give equal folds.
    stratified : whether every class is spread evenly over the folds.

    Returns
    -------
    A list of index arrays (int64), one a fold, each in any order. Every index from 0 to n - 1 is in
    one fold. Their sizes differ by at most 1; if stratified, so do the numbers of examples of every
    single class (and the sizes may differ by more).

    Raises
    ------
    ValueError
        If folds is less than 2 or more than n.
    """
    if not 2 <= folds <= len(labels):
        raise ValueError(f"folds must be from 2 to {len(labels)}, got {folds}")
    order = rng.permutation(len(labels))
    if stratified:
        order = order[np.argsort(labels[order], kind="stable")]
    # Dealt out like cards, one to each fold in turn.
    return [order[fold::folds] for fold in range(folds)]


@forbids("sklearn", "torch", "scipy")
def choose_k(
    distances: Distances, labels: Labels, folds: Sequence[Indices], candidates: Sequence[int]
) -> tuple[int, Signal]:
    """Choose the number of neighbours by cross-validation.

    Each fold in turn is held out: its examples are the queries, and all examples that are not in it
    vote, in the order of their indices. The accuracy of a k is the share of the held-out examples,
    of all folds together, whose predicted label (see `predict_labels`) is right.

    Parameters
    ----------
    distances : (n, n) float64, between all examples. Not modified.
    labels : (n,) int64, of the examples. Not modified.
    folds : index arrays, disjoint. One alone, for a single split, is allowed.
    candidates : values of k, increasing; none is larger than the number of examples left when a
        fold is held out.

    Returns
    -------
    The candidate with the highest accuracy, of several the smallest; and the accuracies of all
    candidates, (len(candidates),) float64.

    Notes
    -----
    The distances are computed once, before; each fold takes rows and columns of them.
    """
    right = np.zeros(len(candidates))
    for fold in folds:
        rest = np.setdiff1d(np.arange(len(labels)), fold)
        between = distances[np.ix_(fold, rest)]
        for i, k in enumerate(candidates):
            right[i] += (predict_labels(between, labels[rest], k) == labels[fold]).sum()
    accuracies = right / sum(map(len, folds))
    return candidates[int(accuracies.argmax())], accuracies
