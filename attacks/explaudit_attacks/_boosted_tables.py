"""Boosted trees scored with tables, a block of rows at a time, instead of walks down each tree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

__all__ = ["BoostedTables"]

Array = npt.NDArray[np.float64]
Words = npt.NDArray[Any]

# leaves of a tree that one word has bits for
_MOST_LEAVES = 64
# thresholds up to which it is faster to compare with each than to search among them
_FEW_THRESHOLDS = 32
# of a table that features with few thresholds share: larger ones leave the cache
_TABLE_BYTES = 2**17
# of the words of a block of rows, so that they stay in the cache
_BLOCK_BYTES = 2**19


class _Split(NamedTuple):
    feature: int
    threshold: float
    tree: int
    left_leaves: int
    missing_goes_left: bool


@dataclass(frozen=True, eq=False)
class _Table:
    """Features with what their intervals leave of each tree, (n_combinations, n_trees)."""

    features: slice
    sizes: tuple[int, ...]
    words: Words


class BoostedTables:
    """The raw score of boosted trees, equal to the bit to that of scikit-learn's own walk.

    The leaves of a tree are numbered from left to right, each a bit of a word. A test that sends a
    row to the right rules out the leaves to its left; of the leaves that no test rules out, the
    row ends in the first. Which tests on a feature send a row to the right hangs on the interval
    between their thresholds alone, so a table holds, for each interval, what it leaves of every
    tree, and a row's words are the conjunction of one line of each table.

    Source: Lucchese, Nardini, Orlando, Perego, Tonellotto & Venturini, "QuickScorer: a Fast
    Algorithm to Rank Documents with Additive Ensembles of Regression Trees", SIGIR 2015; the
    tables by interval are ours.

    Parameters
    ----------
    trees : sequence of structured ndarray
        The nodes of each tree, as :class:`sklearn.ensemble.HistGradientBoostingClassifier` keeps
        them; for trees that :meth:`covers`.
    baseline : float
        What the trees' values are added to.
    """

    def __init__(self, trees: Sequence[Any], baseline: float) -> None:
        self._baseline = baseline
        self._values: list[Array] = []
        splits: list[_Split] = []
        for tree, nodes in enumerate(trees):
            leaves: list[float] = []
            splits += _splits(nodes, 0, tree, leaves)
            self._values.append(np.array(leaves))
        widest = max(map(len, self._values))
        self._word = np.dtype(f"u{max(1, 2 ** int(np.ceil(np.log2(widest))) // 8)}")
        self._rows_at_once = max(1, _BLOCK_BYTES // (self._word.itemsize * len(trees)))
        own = {f: list(s) for f, s in groupby(sorted(splits), key=lambda split: split.feature)}
        # the features with most thresholds first, so that the k-th thresholds are of the first few
        thresholds = {f: np.unique([split.threshold for split in own[f]]) for f in own}
        self._features = sorted(own, key=lambda f: -len(thresholds[f]))
        ordered = [thresholds[f] for f in self._features]
        self._many = [values for values in ordered if len(values) > _FEW_THRESHOLDS]
        self._few = _by_place(ordered[len(self._many) :])
        lines = [self._lines(own[f], thresholds[f]) for f in self._features]
        last = [len(line) - 1 for line in lines]
        self._missing = np.array(last, dtype=np.min_scalar_type(max(last)))
        self._tables = list(_shared(lines))

    @staticmethod
    def covers(trees: Sequence[Any]) -> bool:
        """Whether the trees test numbers alone, at least once, and have at most 64 leaves."""
        return any(len(nodes) > 1 for nodes in trees) and not any(
            nodes["is_categorical"].any() or nodes["is_leaf"].sum() > _MOST_LEAVES
            for nodes in trees
        )

    def score(self, rows: Array) -> Array:
        """Return the raw scores, of shape (n_rows,), of rows of shape (n_rows, n_features)."""
        scores = np.empty(len(rows))
        size = min(self._rows_at_once, max(1, len(rows)))
        words, line = np.empty((2, size, len(self._values)), dtype=self._word)
        for start in range(0, len(rows), size):
            block = np.ascontiguousarray(rows[start : start + size, self._features].T)
            n_rows = block.shape[1]
            self._remaining(block, words[:n_rows], line[:n_rows])
            scores[start : start + size] = self._sums(words[:n_rows])
        return scores

    def _remaining(self, block: Array, words: Words, line: Words) -> None:
        """Write which leaves remain, of shape (n_rows, n_trees); `line` is memory to work in."""
        words.fill(np.iinfo(self._word).max)
        intervals = self._intervals(block)
        for table in self._tables:
            place = np.zeros(block.shape[1], dtype=np.intp)
            for size, interval in zip(table.sizes, intervals[table.features], strict=True):
                place *= size
                place += interval
            # places are in range by construction, and unchecked ones are written straight out
            table.words.take(place, axis=0, out=line, mode="clip")
            words &= line

    def _intervals(self, block: Array) -> Words:
        """Count the thresholds below each value, of the shape of the block."""
        intervals = np.zeros(block.shape, dtype=self._missing.dtype)
        for interval, values, thresholds in zip(intervals, block, self._many, strict=False):
            interval[:] = np.searchsorted(thresholds, values)
        rest, counts = block[len(self._many) :], intervals[len(self._many) :]
        for places in self._few:
            first = len(places)
            counts[:first] += (rest[:first] > places).view(np.uint8)
        missing = np.isnan(block)
        if missing.any():
            intervals[missing] = np.broadcast_to(self._missing[:, None], block.shape)[missing]
        return intervals

    def _sums(self, words: Words) -> Array:
        # the zeros below the lowest bit, as many as leaves before the row's own
        below = (words - self._word.type(1)) & ~words
        leaves = np.ascontiguousarray(np.bitwise_count(below).T)
        total = np.full(len(words), self._baseline)
        for values, leaf in zip(self._values, leaves, strict=True):
            # one tree after the other, as in scikit-learn, so that even rounding agrees
            total += values.take(leaf, mode="clip")
        return total

    def _lines(self, splits: Sequence[_Split], thresholds: Array) -> Words:
        """Return what each interval of a feature leaves of each tree; the last is for NaN."""
        shape = (len(thresholds) + 2, len(self._values))
        lines = np.full(shape, np.iinfo(self._word).max, dtype=self._word)
        for split in splits:
            others = ~self._word.type(split.left_leaves)
            above = int(np.searchsorted(thresholds, split.threshold)) + 1
            lines[above:-1, split.tree] &= others
            if not split.missing_goes_left:
                lines[-1, split.tree] &= others
        return lines


def _splits(nodes: Any, place: int, tree: int, leaves: list[float]) -> Iterator[_Split]:
    """Yield the tests from this node down, and append the values of the leaves."""
    node = nodes[place]
    if node["is_leaf"]:
        leaves.append(float(node["value"]))
        return
    first = len(leaves)
    yield from _splits(nodes, int(node["left"]), tree, leaves)
    left_leaves = (1 << len(leaves)) - (1 << first)
    threshold, missing = float(node["num_threshold"]), bool(node["missing_go_to_left"])
    yield _Split(int(node["feature_idx"]), threshold, tree, left_leaves, missing)
    yield from _splits(nodes, int(node["right"]), tree, leaves)


def _by_place(thresholds: Sequence[Array]) -> list[Array]:
    """Return the first thresholds of all features, the second of those that have them, ..."""
    return [
        np.array([own[k] for own in thresholds if len(own) > k])[:, None]
        for k in range(max(map(len, thresholds), default=0))
    ]


def _shared(lines: Sequence[Words]) -> Iterator[_Table]:
    """Put neighbouring features together while their combined intervals are few."""
    start = 0
    while start < len(lines):
        words, stop = lines[start], start + 1
        while stop < len(lines) and words.nbytes * len(lines[stop]) <= _TABLE_BYTES:
            words = (words[:, None] & lines[stop]).reshape(-1, words.shape[1])
            stop += 1
        yield _Table(slice(start, stop), tuple(map(len, lines[start:stop])), words)
        start = stop
