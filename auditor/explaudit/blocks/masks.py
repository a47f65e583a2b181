"""Masks: which subsets of features to replace, from attributions or at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from explaudit.blocks._checks import as_matrix, as_whole
from explaudit.errors import InvalidInputError

__all__ = ["prefix_masks", "random_masks", "top_k_masks"]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]


def prefix_masks(scores: Array, sizes: Sequence[int] | None = None) -> Masks:
    """Return the features of highest score: nested subsets, for deletion and insertion curves.

    Parameters
    ----------
    scores : ndarray of shape (n_rows, n_features)
        A higher score comes first; pass ``np.abs(attributions)`` to rank by magnitude. Of equal
        scores, the feature that is listed first comes first. NaN is never chosen, so that a row
        that could not be explained has empty subsets.
    sizes : sequence of int, optional
        Features in each subset; from none to all of them if not given.

    Returns
    -------
    ndarray of bool, shape (n_rows, n_sizes, n_features)

    Raises
    ------
    InvalidInputError
        If `scores` is no matrix, or a size is negative or more than there are features.

    Notes
    -----
    Source: the removal order of Samek et al. 2017, "Evaluating the visualization of what a deep
    neural network has learned" (IEEE TNNLS 28); deletion and insertion after Petsiuk, Das and
    Saenko 2018, "RISE: Randomized input sampling for explanation of black-box models" (BMVC).
    """
    scores = as_matrix("scores", scores)
    n_features = scores.shape[1]
    wanted = range(n_features + 1) if sizes is None else sizes
    checked = np.array([as_whole("sizes", size, 0, n_features) for size in wanted], dtype=np.intp)
    # NaN sorts last
    order = np.argsort(-scores, axis=1, kind="stable")
    places = np.empty_like(order)
    np.put_along_axis(places, order, np.arange(n_features)[None], axis=1)
    places[np.isnan(scores)] = n_features
    chosen: Masks = places[:, None, :] < checked[:, None]
    return chosen


def top_k_masks(scores: Array, k: int) -> Masks:
    """Return the k features of highest score; see :func:`prefix_masks`.

    Returns
    -------
    ndarray of bool, shape (n_rows, 1, n_features)
        One subset for each row.
    """
    return prefix_masks(scores, [k])


def random_masks(
    rng: np.random.Generator, n_subsets: int, n_features: int, size: int | Sequence[int]
) -> Masks:
    """Draw subsets of given sizes, each feature equally likely.

    All rows share them, so that no row's subsets depend on the rows beside it.

    Parameters
    ----------
    rng : numpy.random.Generator
    n_subsets, n_features : int
    size : int or sequence of int of length n_subsets
        Features in every subset, or in each.

    Returns
    -------
    ndarray of bool, shape (n_subsets, n_features)

    Raises
    ------
    InvalidInputError
        If a size is negative or more than there are features, or there is another number of them.

    Notes
    -----
    Source: the subsets of fixed size of faithfulness correlation, Bhatt, Weller and Moura 2020,
    "Evaluating and aggregating feature-based model explanations" (IJCAI).
    """
    sizes = np.atleast_1d(size)
    if sizes.shape not in ((1,), (n_subsets,)):
        raise InvalidInputError("size", f"one size or {n_subsets} of them", sizes.shape)
    for own in sizes.tolist():
        as_whole("size", own, 0, n_features)
    orders = np.argsort(rng.random((n_subsets, n_features)), axis=1)
    chosen: Masks = orders < sizes[:, None]
    return chosen
