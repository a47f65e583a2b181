"""Resampling replicates, and rows within them, for many columns of values at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explaudit.errors import InvalidInputError

__all__ = ["Draws", "Resamples", "draw", "resample"]

Array = npt.NDArray[np.float64]
Counts = npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Draws:
    """How often each replicate, and each row of it, is drawn in each resample.

    Attributes
    ----------
    replicates : ndarray of int of shape (n_resamples, n_replicates)
    rows : tuple of ndarray of shape (n_resamples, n_rows_of_the_replicate)
        One array for each replicate.
    """

    replicates: Counts
    rows: tuple[npt.NDArray[np.float32], ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """The number of rows of each replicate."""
        return tuple(rows.shape[1] for rows in self.rows)


@dataclass(frozen=True, eq=False)
class Resamples:
    """Means of columns of values, as observed and in every resample.

    All columns share the draws, so that what is compared is compared on the same rows.

    Attributes
    ----------
    means : ndarray of shape (n_columns,)
        Means over all rows of all replicates; NaN for a column without any value.
    two_stage : ndarray of shape (n_resamples, n_columns)
        The same with replicates resampled, and rows within them.
    whole : ndarray of shape (n_resamples, n_columns)
        The same with replicates resampled as they are: the part of the spread between replicates.
    constant : ndarray of bool of shape (n_columns,)
        Whether a column has the same value in all rows.
    n, n_clusters : ndarray of int of shape (n_columns,)
        Rows and replicates with a value.
    """

    means: Array
    two_stage: Array
    whole: Array
    constant: npt.NDArray[np.bool_]
    n: Counts
    n_clusters: Counts


def draw(sizes: Sequence[int], *, n_resamples: int, rng: np.random.Generator) -> Draws:
    """Draw replicates with replacement and then, as many as it has, rows of each with replacement.

    Parameters
    ----------
    sizes : sequence of int
        The number of rows of each replicate.
    n_resamples : int
    rng : numpy.random.Generator
        Equal states give equal draws.

    Raises
    ------
    InvalidInputError
        If there is no replicate, one has no row, or there is no resample.

    Notes
    -----
    Source: Davison and Hinkley 1997, "Bootstrap Methods and their Application", section 3.8.
    """
    if not sizes or min(sizes) < 1 or n_resamples < 1:
        raise InvalidInputError(
            "sizes", "one replicate and one resample at least, and no empty replicate", list(sizes)
        )
    n_replicates = len(sizes)
    even = np.full(n_replicates, 1 / n_replicates)
    replicates = rng.multinomial(n_replicates, even, size=n_resamples)
    rows = [
        _row_counts(times * n_rows, n_rows, rng)
        for times, n_rows in zip(replicates.T, sizes, strict=True)
    ]
    return Draws(replicates, tuple(rows))


def _row_counts(totals: Counts, n_rows: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Return how often each row is drawn, where `totals` says how many draws each resample makes.

    To draw a replicate twice, and its rows anew each time, is to draw twice as many of its rows.
    """
    resamples = np.repeat(np.arange(len(totals)), totals)
    cells = resamples * n_rows + rng.integers(0, n_rows, len(resamples))
    counts = np.bincount(cells, minlength=len(totals) * n_rows)
    return counts.reshape(len(totals), n_rows).astype(np.float32)


def resample(clusters: Sequence[Array], draws: Draws) -> Resamples:
    """Compute the means of all columns in all resamples.

    Parameters
    ----------
    clusters : sequence of ndarray of shape (n_rows_of_the_replicate, n_columns)
        One array for each replicate; NaN where undefined.
    draws : Draws

    Raises
    ------
    InvalidInputError
        If the draws are for replicates of other sizes.
    """
    sizes = tuple(len(cluster) for cluster in clusters)
    if sizes != draws.sizes:
        raise InvalidInputError("draws", f"draws for replicates of {sizes} rows", draws.sizes)
    shape = len(draws.replicates), clusters[0].shape[1]
    sums, counts, whole_sums, whole_counts = (np.zeros(shape) for _ in range(4))
    for cluster, times, weights in zip(clusters, draws.replicates.T, draws.rows, strict=True):
        there = ~np.isnan(cluster)
        filled = np.where(there, cluster, 0.0)
        sums += weights @ filled.astype(np.float32)
        # most columns have a value in every row, and their counts need no matrix product
        gaps = ~there.all(axis=0)
        counts[:, ~gaps] += times[:, None] * len(cluster)
        counts[:, gaps] += weights @ there[:, gaps].astype(np.float32)
        whole_sums += np.outer(times, filled.sum(axis=0))
        whole_counts += np.outer(times, there.sum(axis=0))
    means, constant, n, n_clusters = _observed(clusters)
    two_stage, whole = _ratio(sums, counts), _ratio(whole_sums, whole_counts)
    return Resamples(means, two_stage, whole, constant, n, n_clusters)


def _observed(clusters: Sequence[Array]) -> tuple[Array, npt.NDArray[np.bool_], Counts, Counts]:
    rows = np.vstack(clusters)
    there = ~np.isnan(rows)
    n = np.asarray(there.sum(axis=0))
    lowest = np.where(there, rows, np.inf).min(axis=0)
    highest = np.where(there, rows, -np.inf).max(axis=0)
    constant = np.asarray(lowest == highest, dtype=np.bool_)
    means = _ratio(np.where(there, rows, 0.0).sum(axis=0), n.astype(np.float64))
    with_value = np.array([(~np.isnan(cluster)).any(axis=0) for cluster in clusters])
    # the mean of equal numbers is that number, free of rounding
    return np.where(constant, lowest, means), constant, n, np.asarray(with_value.sum(axis=0))


def _ratio(sums: Array, counts: Array) -> Array:
    return np.divide(sums, counts, out=np.full_like(sums, np.nan), where=counts > 0)
