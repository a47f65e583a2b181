"""A generator of plausible rows: a forest that fills in the features it is not given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["ForestFill", "uniform_masks"]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class _Tree:
    """The leaves of a tree that hold real rows.

    `lower` and `upper`, (n_leaves, n_features), are the edges of their boxes; `members` are
    positions of real rows, leaf by leaf, of which leaf i has `sizes[i]`.
    """

    lower: Array
    upper: Array
    members: Positions
    sizes: Positions

    def disagrees(self, row: Array) -> Masks:
        """Tell which features of a row lie outside each leaf's box, (n_leaves, n_features)."""
        outside: Masks = (row <= self.lower) | (row > self.upper)
        return outside

    def draw(self, row: Array, masks: Masks, rng: np.random.Generator) -> Positions:
        """Draw for each mask a real row from the leaves that contradict it least, (n_masks,)."""
        conflicts = masks.astype(np.float64) @ self.disagrees(row).T.astype(np.float64)
        fitting = conflicts <= conflicts.min(axis=1, keepdims=True) + 0.5
        cumulative = np.cumsum(fitting * self.sizes, axis=1)
        place = rng.integers(cumulative[:, -1])
        leaf = (cumulative <= place[:, np.newaxis]).sum(axis=1)
        before = cumulative[np.arange(len(masks)), leaf] - self.sizes[leaf]
        starts = np.cumsum(self.sizes) - self.sizes
        return np.asarray(self.members[starts[leaf] + place - before])


class ForestFill:
    """Fills in features of a row with those of real rows that resemble it in the others.

    A forest learns to tell real rows from rows whose columns were shuffled, one by one. So it
    splits where features depend on each other, and inside a leaf they hardly do: then features
    may be exchanged between rows of a leaf and the result still looks real. To fill in a row, a
    tree is drawn, the row is passed down it on the features that are kept (both ways where the
    tree asks about another), and the others come from one real row of the leaves it may reach.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        Real rows, with codes of levels in categorical columns; the trees order the codes.
    n_trees : int
        Trees in the forest.
    min_leaf : int
        Least rows in a leaf, shuffled ones included. Larger leaves make more daring rows.
    seed : int

    Notes
    -----
    Source: the forest is the first round of Watson, Blesch, Kapar and Wright 2023, "Adversarial
    random forests for density estimation and generative modeling" (AISTATS), algorithm 1; filling
    in by leaves is the "data fill" of Vreš and Robnik-Šikonja 2022, "Preventing deception with
    explanation methods using focused sampling" (Data Mining and Knowledge Discovery).
    """

    def __init__(self, rows: Array, *, n_trees: int = 30, min_leaf: int = 10, seed: int) -> None:
        from sklearn.ensemble import RandomForestClassifier

        shuffled = np.random.default_rng(seed).permuted(rows, axis=0)
        forest = RandomForestClassifier(
            n_trees, min_samples_leaf=min_leaf, random_state=seed, n_jobs=1
        )
        is_real = np.repeat([1, 0], len(rows))
        forest.fit(np.concatenate([rows, shuffled]), is_real)
        self._rows = rows
        leaves = forest.apply(rows)
        self._trees = [
            _grown(estimator.tree_, leaves[:, t]) for t, estimator in enumerate(forest.estimators_)
        ]

    def fill(self, row: Array, masks: Masks, rng: np.random.Generator) -> Array:
        """Fill in a row.

        Parameters
        ----------
        row : ndarray of shape (n_features,)
        masks : ndarray of bool, shape (n_masks, n_features)
            Which features are kept; of all others the values are drawn.
        rng : numpy.random.Generator

        Returns
        -------
        ndarray of shape (n_masks, n_features)
            A row for each mask, each from a tree of its own.
        """
        # trees compare in single precision
        seen = row.astype(np.float32).astype(np.float64)
        chosen = rng.integers(len(self._trees), size=len(masks))
        donors = np.empty(len(masks), dtype=np.intp)
        for t in np.unique(chosen):
            here = np.flatnonzero(chosen == t)
            donors[here] = self._trees[t].draw(seen, masks[here], rng)
        return np.where(masks, row, self._rows[donors])


def uniform_masks(n_masks: int, n_features: int, rng: np.random.Generator) -> Masks:
    """Draw features to keep: first how many, evenly from none to all but one, then which.

    Returns
    -------
    ndarray of bool of shape (n_masks, n_features)
    """
    order = rng.random((n_masks, n_features)).argsort(axis=1).argsort(axis=1)
    masks: Masks = order < rng.integers(n_features, size=(n_masks, 1))
    return masks


def _grown(tree: Any, leaf_of: Sequence[int]) -> _Tree:
    """Read the boxes of the leaves that hold real rows off a fitted scikit-learn tree."""
    lower = np.full((tree.node_count, tree.n_features), -np.inf)
    upper = np.full((tree.node_count, tree.n_features), np.inf)
    for node in range(tree.node_count):  # a parent's number is below its children's
        left, right = tree.children_left[node], tree.children_right[node]
        if left < 0:
            continue
        for child in (left, right):
            lower[child], upper[child] = lower[node], upper[node]
        upper[left, tree.feature[node]] = tree.threshold[node]
        lower[right, tree.feature[node]] = tree.threshold[node]
    leaves, place = np.unique(leaf_of, return_inverse=True)
    sizes = np.bincount(place, minlength=len(leaves))
    return _Tree(lower[leaves], upper[leaves], np.argsort(place, kind="stable"), sizes)
