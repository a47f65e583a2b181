"""Covers: as a file records them, as real rows give them, and what lies between the two.

The cover of a node is the sum of the hessians of the training rows that came to it. Nothing that
a model answers depends on it, but path-dependent TreeSHAP takes the share of a node's cover that
went left for the chance that a row goes left. Other rows of the same population, weighed by the
same hessians, must give the same shares up to sampling noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse, special

from explaudit.audit._trees.ensemble import Ensemble
from explaudit.audit._trees.structure import Trees

__all__ = ["Count", "Drift", "count", "drift", "mismatch", "recorded_shares", "within"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

#: The chance that one of the intervals behind the comparison of splits misses.
_MISS = 1e-4


@dataclass(frozen=True, eq=False)
class Count:
    """What real rows give for the covers of an ensemble.

    Attributes
    ----------
    trees : Trees
    at_leaves : sparse array of shape (n_rows, n_nodes)
        Each row's hessian at the leaf of each tree that it ends in.
    weight : ndarray of shape (n_nodes,)
        The sum of hessians of the rows that come to a node.
    n_effective : ndarray of shape (n_nodes,)
        How many rows of equal weight would tell as much (Kish 1965, "Survey Sampling").
    n_rows : ndarray of shape (n_nodes,)
    n_training : float
        How many training rows the file's covers amount to; rows left out by subsampling do not
        count. At least the number of leaves of a tree, each of which held a row.
    worth : float
        As how many rows of a sample one training row tells.
    """

    trees: Trees
    at_leaves: sparse.csr_array
    weight: Array
    n_effective: Array
    n_rows: Array
    n_training: float
    worth: float

    def shares(self, times: Array | None = None) -> Array:
        """Return the share of a parent's weight that comes to a node.

        The recorded share counts as much as one row, so that it stands where no row comes.

        Parameters
        ----------
        times : ndarray of shape (n_resamples, n_rows), optional
            How often each row counts; by default once.

        Returns
        -------
        ndarray of shape (n_nodes,) or (n_resamples, n_nodes)
            1 at roots.
        """
        trees = self.trees
        weight = self.weight if times is None else trees.summed(times @ self.at_leaves)
        splits, left, right = _sides(trees)
        mean = self.weight[splits] / np.maximum(self.n_rows[splits], 1.0)
        one = np.where(mean > 0, mean, 1.0)
        recorded = _recorded_left(trees)
        shares = np.ones_like(weight)
        shares[..., left] = (weight[..., left] + one * recorded) / (weight[..., splits] + one)
        shares[..., right] = 1.0 - shares[..., left]
        return shares


def count(ensemble: Ensemble, leaves: Ints, class_ratio: float = 1.0) -> Count:
    """Count real rows at all nodes.

    Parameters
    ----------
    ensemble : Ensemble
    leaves : ndarray of int of shape (n_rows, n_trees)
        Where the rows end.
    class_ratio : float
        How much more a positive training row weighed than a negative one.
    """
    trees, hessians = ensemble.trees, ensemble.hessians(leaves, class_ratio)
    n_rows, n_nodes = len(leaves), len(trees.column)
    starts = np.arange(0, leaves.size + 1, max(leaves.shape[1], 1))
    at_leaves = sparse.csr_array(
        (hessians.ravel(), leaves.ravel(), starts), shape=(n_rows, n_nodes)
    )
    weight, squares, rows = (
        trees.summed(np.bincount(leaves.ravel(), values.ravel(), n_nodes).astype(np.float64))
        for values in (hessians, hessians**2, np.ones_like(hessians))
    )
    n_effective = np.divide(weight**2, squares, out=np.zeros_like(weight), where=squares > 0)
    roots = slice(0, trees.n_trees)
    # a model that is certain of every row gives them no weight
    mean = np.maximum(weight[roots], np.finfo(np.float64).tiny) / n_rows
    claimed = float(np.median(trees.cover[roots] / mean))
    n_leaves = np.bincount(trees.tree[trees.leaves])
    n_training = max(claimed * ensemble.worth, float(n_leaves.max()))
    return Count(trees, at_leaves, weight, n_effective, rows, n_training, ensemble.worth)


def recorded_shares(trees: Trees) -> Array:
    """Return the share of the parent's recorded cover at each node, as TreeSHAP takes it."""
    _, left, right = _sides(trees)
    shares = np.ones(len(trees.cover))
    shares[left] = _recorded_left(trees)
    shares[right] = 1.0 - shares[left]
    return shares


def within(recorded: Array, counted: Array, trees: Trees, tolerance: float) -> Array:
    """Return the shares nearest to the recorded ones whose odds agree with the counted ones.

    Parameters
    ----------
    recorded, counted : ndarray of shape (n_nodes,)
        Shares.
    trees : Trees
    tolerance : float
        Odds agree if their ratio is at most this.

    Returns
    -------
    ndarray of shape (n_nodes,)
        Equal to `recorded` where the odds agree.
    """
    _, left, right = _sides(trees)
    apart = _log_odds(recorded[left]) - _log_odds(counted[left])
    reach = np.log(tolerance)
    near = special.expit(_log_odds(counted[left]) + np.clip(apart, -reach, reach))
    shares = recorded.copy()
    shares[left] = np.where(np.abs(apart) > reach, near, recorded[left])
    shares[right] = 1.0 - shares[left]
    return shares


def mismatch(trees: Trees) -> float:
    """Return by how much a node's recorded cover misses the sum of its children's, at the worst.

    Relative to the node's own, or to a thousandth of its root's where that is more; infinite if a
    cover is negative or no number.
    """
    if not (np.isfinite(trees.cover) & (trees.cover >= 0)).all():
        return np.inf
    splits, left, right = _sides(trees)
    if not len(splits):
        return 0.0
    own, root = trees.cover[splits], trees.cover[trees.tree[splits]]
    missed = np.abs(trees.cover[left] + trees.cover[right] - own)
    scale = np.maximum(np.maximum(own, 1e-3 * root), np.finfo(np.float64).tiny)
    return float(np.max(missed / scale))


@dataclass(frozen=True)
class Drift:
    """The split at which recorded and counted covers are the least compatible.

    Attributes
    ----------
    node : int
        -1 if no split could be looked at.
    p_value : float
        After Bonferroni over the splits.
    n_splits : int
    recorded, counted : float
        Shares going left.
    """

    node: int
    p_value: float
    n_splits: int
    recorded: float
    counted: float


def drift(counted: Count, tolerance: float, least: float = 10.0) -> Drift:
    """Test whether the recorded covers are those of rows like the counted ones.

    Split by split: the counted rows give an exact interval for the share that goes left (Clopper
    and Pearson 1934, Biometrika 26), the tolerance widens it, and the file's rows are judged by
    their binomial tail at its nearer end. The chance that an interval misses is added to the
    p-value (Berger and Boos 1994, JASA 89), so that it holds for samples of any size.

    Parameters
    ----------
    counted : Count
    tolerance : float
        By how much the odds may differ because the populations do.
    least : float
        Splits are compared that have at least so many rows, of the file's and of the counted.
    """
    trees = counted.trees
    splits, left, _ = _sides(trees)
    n_real, n_file = counted.n_effective[splits], _rows_of_file(counted)[splits]
    looked_at = np.flatnonzero((n_real >= least) & (n_file >= least))
    n_splits = len(looked_at)
    if not n_splits:
        return Drift(-1, 1.0, 0, np.nan, np.nan)
    n_real, n_file = n_real[looked_at], n_file[looked_at]
    recorded = _recorded_left(trees)[looked_at]
    share = counted.weight[left[looked_at]] / counted.weight[splits[looked_at]]
    # the same for the share that goes right, whose lower end is the upper end for the left
    tails = np.minimum(
        _lower_tail(recorded, n_file, share, n_real, tolerance, _MISS / (2.0 * n_splits)),
        _lower_tail(1 - recorded, n_file, 1 - share, n_real, tolerance, _MISS / (2.0 * n_splits)),
    )
    worst = int(np.argmin(tails))
    p_value = min(1.0, 2.0 * n_splits * float(tails[worst]) + _MISS)
    node = int(splits[looked_at[worst]])
    return Drift(node, p_value, n_splits, float(recorded[worst]), float(share[worst]))


def _rows_of_file(counted: Count) -> Array:
    """Return how many rows, in effect, the file's cover of a node stands for."""
    unknown = np.full_like(counted.weight, np.inf)
    some = counted.weight > 0
    per_row = np.divide(counted.weight, counted.n_rows, out=unknown, where=some)
    # fewer in effect by the same factor as the real rows
    equal = counted.n_effective / np.maximum(counted.n_rows, 1.0)
    return np.asarray(counted.trees.cover / per_row * equal * counted.worth)


def _lower_tail(
    recorded: Array, n_file: Array, share: Array, n_real: Array, tolerance: float, miss: float
) -> Array:
    """Return how probable a recorded share so low is, at the lowest chance that real rows allow."""
    k_real, k_file = share * n_real, recorded * n_file
    lowest = np.where(
        k_real > 0, special.betaincinv(np.maximum(k_real, 1e-9), n_real - k_real + 1.0, miss), 0.0
    )
    chance = lowest / (lowest + tolerance * (1.0 - lowest))
    return np.asarray(special.betaincc(k_file + 1.0, np.maximum(n_file - k_file, 1e-9), chance))


def _sides(trees: Trees) -> tuple[Ints, Ints, Ints]:
    splits = trees.splits
    return splits, trees.left[splits], trees.right[splits]


def _recorded_left(trees: Trees) -> Array:
    """Return the recorded share that goes left at each split; one half where there is none."""
    _, left, right = _sides(trees)
    both = trees.cover[left] + trees.cover[right]
    halves = np.full(len(both), 0.5)
    return np.asarray(np.divide(trees.cover[left], both, out=halves, where=both > 0))


def _log_odds(share: Array) -> Array:
    # a share of exactly 0 or 1 is finite here, so that two of them can be compared
    return np.asarray(special.logit(np.clip(share, 1e-300, 1.0 - 1e-16)))
