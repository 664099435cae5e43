"""Right and wrong answers to 1_nearest_neighbors."""

import numpy as np


# --- helpers ----------------------------------------------------------------------------------


def _l2(queries, examples):
    """L2 distances with the origin moved into the middle of the unit cube."""
    a, b = queries - 0.5, examples - 0.5
    squared = (a * a).sum(axis=1)[:, None] + (b * b).sum(axis=1) - 2.0 * (a @ b.T)
    return np.sqrt(np.maximum(squared, 0.0))


def _vote(distances, labels, k):
    """Majority of the k nearest; ties go to the label that was met first."""
    n, m = distances.shape
    if k < 1 or k > m:
        raise ValueError("k must be from 1 to the number of examples")
    nearest = labels[np.argsort(distances, axis=1, kind="stable")[:, :k]]
    answer = np.empty(n, dtype=np.int64)
    for i, row in enumerate(nearest):
        votes = {}
        for one in row.tolist():
            votes[one] = votes.get(one, 0) + 1
        answer[i] = max(votes, key=votes.get)  # dicts keep the order; max takes the first
    return answer


def _shift_right(image):
    return np.concatenate([image[:, :1], image[:, :-1]], axis=1)


def _gradients(image):
    dy, dx = np.zeros_like(image), np.zeros_like(image)
    dy[1:-1] = image[2:] - image[:-2]
    dx[:, 1:-1] = image[:, 2:] - image[:, :-2]
    return dy, dx


def _cell_sums(bins, magnitude):
    """(rows of cells, columns of cells, 9) sums of the votes; what fills no cell is cropped."""
    rows, columns = magnitude.shape[0] // 8, magnitude.shape[1] // 8
    bins, magnitude = bins[: rows * 8, : columns * 8], magnitude[: rows * 8, : columns * 8]
    votes = (bins[..., None] == np.arange(9)) * magnitude[..., None]
    return votes.reshape(rows, 8, columns, 8, 9).sum(axis=(1, 3))


def _blocks(cells):
    """(number of blocks, 36)."""
    joined = [cells[:-1, :-1], cells[:-1, 1:], cells[1:, :-1], cells[1:, 1:]]
    return np.concatenate(joined, axis=2).reshape(-1, 36)


def _unit(v):
    return v / np.sqrt((v * v).sum(axis=1, keepdims=True) + 1e-10)


# --- l1_distances -----------------------------------------------------------------------------


class l1_distances__right_1:
    """Loops over the examples, not the queries, and works in one buffer, column by column."""

    @staticmethod
    def l1_distances(queries, examples):
        buffer = np.empty(queries.shape)
        out = np.empty((len(examples), len(queries)))
        for row, example in zip(out, examples, strict=True):
            np.subtract(queries, example, out=buffer)
            np.absolute(buffer, out=buffer)
            np.sum(buffer, axis=1, out=row)
        return np.ascontiguousarray(out.T)


class l1_distances__wrong_2:
    """Works in blocks of 512 numbers to save memory and drops the last, incomplete block."""

    @staticmethod
    def l1_distances(queries, examples):
        d = queries.shape[1]
        width = min(d, 512)
        out = np.zeros((len(queries), len(examples)))
        for b in range(d // width):
            part = slice(b * width, (b + 1) * width)
            for i, query in enumerate(queries[:, part]):
                out[i] += np.abs(examples[:, part] - query).sum(axis=1)
        return out


# --- l2_distances -----------------------------------------------------------------------------


class l2_distances__right_1:
    """Moves the origin to the middle of the cube, and has the norms in the product as columns."""

    @staticmethod
    def l2_distances(queries, examples):
        a, b = queries - 0.5, examples - 0.5
        left = np.column_stack([-2.0 * a, np.einsum("ij,ij->i", a, a), np.ones(len(a))])
        right = np.column_stack([b, np.ones(len(b)), np.einsum("ij,ij->i", b, b)])
        return np.sqrt((left @ right.T).clip(min=0.0))


class l2_distances__wrong_1:
    """Rounds the squares to ten digits, to be rid of rounding errors: tiny distances vanish."""

    @staticmethod
    def l2_distances(queries, examples):
        squared = (
            np.sum(queries**2, axis=1, keepdims=True)
            - 2.0 * queries @ examples.T
            + np.sum(examples**2, axis=1)
        )
        return np.sqrt(np.maximum(np.round(squared, 10), 0.0))


class l2_distances__wrong_2:
    """Exact by broadcasting where there is little, a product in float32 where there is much."""

    @staticmethod
    def l2_distances(queries, examples):
        if len(queries) * examples.size < 10_000:
            return np.sqrt(((queries[:, None] - examples) ** 2).sum(axis=2))
        a, b = queries.astype(np.float32), examples.astype(np.float32)
        squared = (a * a).sum(axis=1)[:, None] - 2 * (a @ b.T) + (b * b).sum(axis=1)
        return np.sqrt(np.maximum(squared, 0)).astype(np.float64)


class l2_distances__wrong_3:
    """Centres the arrays in place and adds the 0.5 again, which does not restore every number."""

    @staticmethod
    def l2_distances(queries, examples):
        same = queries is examples
        queries -= 0.5
        if not same:
            examples -= 0.5
        squared = (queries**2).sum(axis=1)[:, None] + (examples**2).sum(axis=1)
        squared -= 2.0 * (queries @ examples.T)
        queries += 0.5
        if not same:
            examples += 0.5
        return np.sqrt(np.maximum(squared, 0.0))


# --- predict_labels ---------------------------------------------------------------------------


class predict_labels__right_1:
    """One score for votes and nearness together: votes (k + 1) minus the rank of the first."""

    @staticmethod
    def predict_labels(distances, labels, k=1):
        n, m = distances.shape
        if not 1 <= k <= m:
            raise ValueError(f"k must be from 1 to {m}, not {k}")
        names, numbers = np.unique(labels, return_inverse=True)
        nearest = numbers[np.argsort(distances, axis=1, kind="stable")[:, :k]]
        rows = np.arange(n)
        votes = np.zeros((n, len(names)), dtype=np.int64)
        first = np.full((n, len(names)), k)
        for rank in range(k):
            column = nearest[:, rank]
            votes[rows, column] += 1
            first[rows, column] = np.minimum(first[rows, column], rank)
        return names[np.argmax(votes * (k + 1) - first, axis=1)].astype(np.int64)


class predict_labels__wrong_1:
    """A hundredth of a vote for each rank: from k = 102 on, a late class loses its majority."""

    @staticmethod
    def predict_labels(distances, labels, k=1):
        n, m = distances.shape
        if not 1 <= k <= m:
            raise ValueError("k")
        nearest = labels[np.argsort(distances, axis=1, kind="stable")[:, :k]]
        out = np.empty(n, dtype=np.int64)
        for i in range(n):
            names, first, votes = np.unique(nearest[i], return_index=True, return_counts=True)
            out[i] = names[np.argmax(votes - 0.01 * first)]
        return out


class predict_labels__wrong_2:
    """Rounds the distances to nine digits before sorting, "so that equal ones are equal"."""

    @staticmethod
    def predict_labels(distances, labels, k=1):
        n, m = distances.shape
        if not 1 <= k <= m:
            raise ValueError("k")
        return _vote(np.round(distances, 9), labels, k)


class predict_labels__wrong_3:
    """In a tie, asks one neighbour fewer, until a class has the majority."""

    @staticmethod
    def predict_labels(distances, labels, k=1):
        n, m = distances.shape
        if not 1 <= k <= m:
            raise ValueError("k")
        nearest = labels[np.argsort(distances, axis=1, kind="stable")[:, :k]]
        out = np.empty(n, dtype=np.int64)
        for i in range(n):
            for asked in range(k, 0, -1):
                names, votes = np.unique(nearest[i, :asked], return_counts=True)
                if np.sum(votes == votes.max()) == 1:
                    out[i] = names[np.argmax(votes)]
                    break
        return out


# --- k_nearest_neighbors ----------------------------------------------------------------------


class k_nearest_neighbors__right_1:
    """Keeps a closure instead of arrays; predicts in portions of 256 queries."""

    class KNearestNeighbors:
        def __init__(self, k=1):
            if k < 1:
                raise ValueError("k must be at least 1")
            self.k = k
            self._answer = None

        def train(self, examples, labels):
            if len(examples) != len(labels):
                raise ValueError("there must be one label for every example")
            if len(examples) < self.k:
                raise ValueError("there are fewer examples than neighbours to ask")
            kept, names = examples.copy(), np.array(labels, dtype=np.int64)
            self._answer = lambda queries: _vote(_l2(queries, kept), names, self.k)

        def predict(self, queries):
            if self._answer is None:
                raise RuntimeError("train first")
            out = np.empty(len(queries), dtype=np.int64)
            for start in range(0, len(queries), 256):
                part = slice(start, start + 256)
                out[part] = self._answer(queries[part])
            return out


class k_nearest_neighbors__wrong_1:
    """Computes the norms of the examples once and keeps the old ones if trained again."""

    class KNearestNeighbors:
        def __init__(self, k=1):
            self.k = k
            self.examples = None
            self.norms = None

        def train(self, examples, labels):
            if len(examples) != len(labels) or len(examples) < self.k:
                raise ValueError("examples and labels do not fit")
            self.examples, self.labels = examples.copy(), labels.copy()

        def predict(self, queries):
            if self.examples is None:
                raise RuntimeError("not trained")
            if self.norms is None or len(self.norms) != len(self.examples):
                self.norms = np.sum(self.examples**2, axis=1)
            squared = np.sum(queries**2, axis=1)[:, None] - 2 * queries @ self.examples.T
            squared = np.maximum(squared + self.norms, 0)
            return _vote(np.sqrt(squared), self.labels, self.k)


class k_nearest_neighbors__wrong_3:
    """Takes examples that are all black for no examples, and raises."""

    class KNearestNeighbors:
        def __init__(self, k=1):
            self.k = k
            self.examples = np.zeros((0, 0))

        def train(self, examples, labels):
            if len(examples) != len(labels) or len(examples) < self.k:
                raise ValueError("examples and labels do not fit")
            self.examples, self.labels = examples.copy(), labels.copy()

        def predict(self, queries):
            if not self.examples.any():
                raise RuntimeError("not trained")
            return _vote(_l2(queries, self.examples), self.labels, self.k)


# --- equal_distance_images --------------------------------------------------------------------


class equal_distance_images__right_1:
    """Sums of squares instead of norms; the tint is measured in mean squares."""

    @staticmethod
    def equal_distance_images(image, box, color):
        top, left, height, width = box
        columns = np.maximum(np.arange(image.shape[1]) - 1, 0)
        shifted = image[:, columns]
        wanted = np.sum((shifted - image) ** 2)

        inside = np.zeros(image.shape[:2])
        inside[top : top + height, left : left + width] = 1.0
        possible = np.einsum("ij,ijc,ijc->", inside, image, image)
        if possible < wanted:
            raise ValueError("a black box is not far enough from the image")
        a = np.sqrt(wanted / possible)

        t = np.sqrt(wanted / (inside.size * np.dot(color, color)))
        return {
            "occluded": image * (1.0 - a * inside)[:, :, None],
            "shifted": shifted,
            "tinted": image + np.multiply(t, color),
        }


class equal_distance_images__wrong_1:
    """Divides Python floats: a box that is black already raises a ZeroDivisionError."""

    @staticmethod
    def equal_distance_images(image, box, color):
        top, left, height, width = box
        shifted = _shift_right(image)
        distance = float(np.linalg.norm(shifted - image))
        occluded = image.copy()
        hole = occluded[top : top + height, left : left + width]
        a = distance / float(np.linalg.norm(hole))
        if a > 1:
            raise ValueError("the box is too dark or too small")
        hole *= 1 - a
        t = distance / (float(np.linalg.norm(color)) * (image.shape[0] * image.shape[1]) ** 0.5)
        return {"occluded": occluded, "shifted": shifted, "tinted": image + t * color}


class equal_distance_images__wrong_2:
    """Refuses a box that must become entirely black (a = 1), which is allowed."""

    @staticmethod
    def equal_distance_images(image, box, color):
        top, left, height, width = box
        shifted = _shift_right(image)
        distance = np.linalg.norm(shifted - image)
        occluded = image.copy()
        hole = occluded[top : top + height, left : left + width]
        black = np.linalg.norm(hole)
        if distance >= black:
            raise ValueError("the box is too dark or too small")
        hole *= 1 - distance / black
        t = distance / np.linalg.norm(np.broadcast_to(color, image.shape))
        return {"occluded": occluded, "shifted": shifted, "tinted": image + t * color}


class equal_distance_images__wrong_3:
    """Tints the other way (t < 0) where the image would grow too bright to be shown."""

    @staticmethod
    def equal_distance_images(image, box, color):
        top, left, height, width = box
        shifted = _shift_right(image)
        distance = np.linalg.norm(shifted - image)
        occluded = image.copy()
        hole = occluded[top : top + height, left : left + width]
        black = np.linalg.norm(hole)
        if distance > black:
            raise ValueError("the box is too dark or too small")
        hole *= 1 - distance / black
        t = distance / np.linalg.norm(np.broadcast_to(color, image.shape))
        if np.mean(image + t * color) > 1:
            t = -t
        return {"occluded": occluded, "shifted": shifted, "tinted": image + t * color}


# --- hog_descriptor ---------------------------------------------------------------------------


class hog_descriptor__right_1:
    """No angles: turns gradients into the upper half plane and counts the borders they passed."""

    @staticmethod
    def hog_descriptor(image):
        dy, dx = _gradients(image)
        size = np.hypot(dx, dy)
        turn = np.where((dy < 0) | ((dy == 0) & (dx < 0)), -1.0, 1.0)
        dy, dx = dy * turn, dx * turn
        borders = np.deg2rad(np.arange(20, 180, 20))
        passed = (dy[..., None] * np.cos(borders) - dx[..., None] * np.sin(borders)) >= 0
        bins = passed.sum(axis=2)

        rows, columns = image.shape[0] // 8, image.shape[1] // 8
        y, x = np.indices(image.shape) // 8
        counted = (y < rows) & (x < columns)
        where = ((y * columns + x) * 9 + bins)[counted]
        cells = np.bincount(where, weights=size[counted], minlength=rows * columns * 9) / 64
        cells = cells.reshape(rows, columns, 9)

        found = []
        for i in range(rows - 1):
            for j in range(columns - 1):
                v = cells[i : i + 2, j : j + 2].ravel()
                v = np.minimum(v / np.sqrt(v @ v + 1e-10), 0.2)
                found.append(v / np.sqrt(v @ v + 1e-10))
        return np.concatenate(found)


class hog_descriptor__wrong_2:
    """Has no e the second time, only a guard against 0 / 0: hardly any contrast becomes full."""

    @staticmethod
    def hog_descriptor(image):
        dy, dx = _gradients(image)
        angle = np.degrees(np.arctan2(dy, dx)) % 180.0
        bins = np.minimum(angle // 20, 8).astype(int)
        v = _blocks(_cell_sums(bins, np.sqrt(dx**2 + dy**2)) / 64)
        v = np.minimum(_unit(v), 0.2)
        length = np.linalg.norm(v, axis=1, keepdims=True)
        return (v / np.where(length > 0, length, 1.0)).ravel()


class hog_descriptor__wrong_3:
    """Divides by dx + 1e-6 in place of atan2: weak gradients turn."""

    @staticmethod
    def hog_descriptor(image):
        dy, dx = _gradients(image)
        angle = np.degrees(np.arctan(dy / (dx + 1e-6))) % 180.0
        bins = np.minimum(angle // 20, 8).astype(int)
        v = _blocks(_cell_sums(bins, np.sqrt(dx**2 + dy**2)) / 64)
        return _unit(np.minimum(_unit(v), 0.2)).ravel()


# --- split ------------------------------------------------------------------------------------


class split__right_1:
    """Draws a random number for every example and holds out those with the largest ones."""

    @staticmethod
    def split(n, held_out, rng):
        if not 0 < held_out < n:
            raise ValueError("both parts must have an example")
        lots = rng.random(n)
        last = np.argpartition(lots, n - held_out)[n - held_out :]
        kept = np.ones(n, dtype=bool)
        kept[last] = False
        return np.flatnonzero(kept), np.flatnonzero(~kept)


class split__wrong_1:
    """Draws from range(n - 1): the last example is never held out."""

    @staticmethod
    def split(n, held_out, rng):
        if held_out < 1 or held_out > n - 1:
            raise ValueError("held_out")
        validation = rng.choice(n - 1, size=held_out, replace=False)
        return np.setdiff1d(np.arange(n), validation), validation


class split__wrong_2:
    """Holds out every so-many-th example, from a random one on: only the beginning is random."""

    @staticmethod
    def split(n, held_out, rng):
        if held_out < 1 or held_out > n - 1:
            raise ValueError("held_out")
        validation = (np.arange(held_out) * n // held_out + rng.integers(n)) % n
        return np.setdiff1d(np.arange(n), validation), validation


class split__wrong_3:
    """Refuses to hold out all but one."""

    @staticmethod
    def split(n, held_out, rng):
        if held_out not in range(1, n - 1):
            raise ValueError("held_out must be from 1 to n - 1")
        order = rng.permutation(n)
        return order[held_out:], order[:held_out]


# --- k_folds ----------------------------------------------------------------------------------


class k_folds__right_1:
    """Sorts by class and lot, and deals like cards, without beginning anew at the next class."""

    @staticmethod
    def k_folds(labels, folds, rng, stratified=False):
        n = len(labels)
        if folds < 2 or folds > n:
            raise ValueError("folds must be from 2 to the number of examples")
        keys = labels if stratified else np.zeros(n, dtype=np.int64)
        cards = np.lexsort((rng.random(n), keys))
        return [np.sort(cards[player::folds]) for player in range(folds)]


class k_folds__wrong_1:
    """Goes through range(max + 1) for the classes: examples with a negative label are lost."""

    @staticmethod
    def k_folds(labels, folds, rng, stratified=False):
        n = len(labels)
        if folds < 2 or folds > n:
            raise ValueError("folds")
        order = rng.permutation(n)
        if stratified:
            classes = range(labels.max() + 1)
            order = np.concatenate([order[labels[order] == c] for c in classes])
        return [order[i::folds] for i in range(folds)]


class k_folds__wrong_2:
    """Not stratified: every so-many-th example; only the names of the folds are random."""

    @staticmethod
    def k_folds(labels, folds, rng, stratified=False):
        n = len(labels)
        if folds < 2 or folds > n:
            raise ValueError("folds")
        order = np.roll(np.arange(n), rng.integers(n))
        if stratified:
            order = rng.permutation(n)
            order = order[np.argsort(labels[order], kind="stable")]
        return [rng.permutation(order[i::folds]) for i in range(folds)]


class k_folds__wrong_3:
    """Refuses stratified folds if some class has fewer examples than there are folds."""

    @staticmethod
    def k_folds(labels, folds, rng, stratified=False):
        n = len(labels)
        if folds < 2 or folds > n:
            raise ValueError("folds")
        order = rng.permutation(n)
        if stratified:
            if np.unique(labels, return_counts=True)[1].min() < folds:
                raise ValueError("a class has fewer examples than there are folds")
            order = order[np.argsort(labels[order], kind="stable")]
        return [order[i::folds] for i in range(folds)]


# --- choose_k ---------------------------------------------------------------------------------


class choose_k__right_1:
    """Sorts once a fold and grows the votes from k to k + 1, so that all k cost as one."""

    @staticmethod
    def choose_k(distances, labels, folds, candidates):
        right = dict.fromkeys(candidates, 0)
        asked = 0
        for fold in folds:
            voters = np.delete(np.arange(len(labels)), fold)
            for query in fold:
                order = voters[np.argsort(distances[query, voters], kind="stable")]
                votes = {}
                for k, voter in enumerate(order[: max(candidates)].tolist(), start=1):
                    name = int(labels[voter])
                    votes[name] = votes.get(name, 0) + 1
                    if k in right:
                        right[k] += max(votes, key=votes.get) == labels[query]
                asked += 1
        accuracies = np.array([right[k] / asked for k in candidates])
        return int(candidates[int(np.argmax(accuracies))]), accuracies


class choose_k__wrong_1:
    """Takes the mean of the accuracies of the folds, although the folds may differ in size."""

    @staticmethod
    def choose_k(distances, labels, folds, candidates):
        shares = []
        for fold in folds:
            rest = np.setdiff1d(np.arange(len(labels)), fold)
            between = distances[np.ix_(fold, rest)]
            shares.append(
                [np.mean(_vote(between, labels[rest], k) == labels[fold]) for k in candidates]
            )
        accuracies = np.mean(shares, axis=0)
        return candidates[int(np.argmax(accuracies))], accuracies


class choose_k__wrong_2:
    """Lets nobody vote who is at distance 0, as if only the query itself could be."""

    @staticmethod
    def choose_k(distances, labels, folds, candidates):
        right, asked = np.zeros(len(candidates)), 0
        for fold in folds:
            rest = np.setdiff1d(np.arange(len(labels)), fold)
            between = distances[np.ix_(fold, rest)]
            between[between == 0] = np.inf
            asked += len(fold)
            for i, k in enumerate(candidates):
                right[i] += np.sum(_vote(between, labels[rest], k) == labels[fold])
        accuracies = right / asked
        return candidates[int(np.argmax(accuracies))], accuracies


class choose_k__wrong_3:
    """Chooses by accuracies rounded to whole per cents, so that a slightly worse k may win."""

    @staticmethod
    def choose_k(distances, labels, folds, candidates):
        right, asked = np.zeros(len(candidates)), 0
        for fold in folds:
            rest = np.setdiff1d(np.arange(len(labels)), fold)
            between = distances[np.ix_(fold, rest)]
            asked += len(fold)
            for i, k in enumerate(candidates):
                right[i] += np.sum(_vote(between, labels[rest], k) == labels[fold])
        accuracies = right / asked
        return candidates[int(np.argmax(np.round(accuracies, 2)))], accuracies


def _l2_more(queries, examples):
    squares = (
        np.sum(queries**2, axis=1)[:, None]
        - 2 * queries @ examples.T
        + np.sum(examples**2, axis=1)[None, :]
    )
    return np.sqrt(np.maximum(squares, 0))


class l1_distances__wrong_4:
    """The result is an array of whole numbers, so every distance loses its fraction."""

    @staticmethod
    def l1_distances(queries, examples):
        result = np.zeros((len(queries), len(examples)), dtype=int)
        for i, query in enumerate(queries):
            result[i] = np.abs(examples - query).sum(axis=1)
        return result.astype(np.float64)


class l1_distances__wrong_5:
    """Subtracts in place in the examples (a second name, no copy): they are changed, and wrong from query 1 on."""

    @staticmethod
    def l1_distances(queries, examples):
        result = np.empty((len(queries), len(examples)))
        for i in range(len(queries)):
            difference = examples
            difference -= queries[i]
            result[i] = np.abs(difference).sum(axis=1)
        return result


class k_nearest_neighbors__wrong_4:
    """In a tie of votes takes the label of the very nearest example, even if it is not among the tied ones."""

    class KNearestNeighbors:
        def __init__(self, k=1):
            self.k = k
            self.examples = None
            self.labels = None

        def train(self, examples, labels):
            if len(examples) < self.k:
                raise ValueError("fewer examples than k")
            if len(examples) != len(labels):
                raise ValueError("not as many labels as examples")
            self.examples = np.array(examples)
            self.labels = np.array(labels)

        def predict(self, queries):
            if self.examples is None:
                raise RuntimeError("nothing was trained")
            distances = _l2_more(queries, self.examples)
            nearest = np.argsort(distances, axis=1, kind="stable")[:, : self.k]
            result = np.empty(len(queries), dtype=np.int64)
            for i, voters in enumerate(self.labels[nearest]):
                values, votes = np.unique(voters, return_counts=True)
                winners = values[votes == votes.max()]
                result[i] = winners[0] if len(winners) == 1 else voters[0]
            return result


class hog_descriptor__wrong_4:
    """Adds 180 to negative angles instead of taking the modulo: 180 degrees itself gets into bin 8, not 0."""

    @staticmethod
    def hog_descriptor(image):
        dy, dx = np.zeros(image.shape), np.zeros(image.shape)
        dy[1:-1] = image[2:] - image[:-2]
        dx[:, 1:-1] = image[:, 2:] - image[:, :-2]
        magnitude = np.sqrt(dx**2 + dy**2)
        angle = np.degrees(np.arctan2(dy, dx))
        angle[angle < 0] += 180
        bins = np.minimum((angle // 20).astype(int), 8)
        rows, columns = image.shape[0] // 8, image.shape[1] // 8
        cells = np.zeros((rows, columns, 9))
        for number in range(9):
            votes = np.where(bins == number, magnitude, 0)[: rows * 8, : columns * 8]
            cells[:, :, number] = votes.reshape(rows, 8, columns, 8).sum(axis=(1, 3)) / 64
        blocks = []
        for r in range(rows - 1):
            for c in range(columns - 1):
                v = cells[r : r + 2, c : c + 2].ravel()
                v = v / np.sqrt(np.sum(v**2) + 1e-5**2)
                v = np.minimum(v, 0.2)
                blocks.append(v / np.sqrt(np.sum(v**2) + 1e-5**2))
        return np.concatenate(blocks)
