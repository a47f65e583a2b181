"""Real neighbours of rows on the features outside a subset, and what the model says of them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from explaudit.blocks._checks import MAX_BYTES, as_masks, as_matrix, as_whole
from explaudit.blocks.distances import MixedDistance
from explaudit.errors import InvalidInputError

__all__ = ["all_but", "answers_of_neighbours", "neighbours"]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

# for each distance: itself, a partitioned copy, two flags, a count, and a part of the result
_BYTES_PER_DISTANCE = 32
# larger blocks leave the cache and take up to twice as long
_COMFORTABLE_BYTES = 16 * 2**20


def neighbours(
    rows: Array,
    masks: Masks,
    real_rows: Array,
    distance: MixedDistance,
    k: int,
    *,
    allowed: Masks | None = None,
    max_bytes: int = MAX_BYTES,
) -> Positions:
    """Find the nearest real rows, compared on the features that are not in a subset.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    masks : ndarray of bool, shape (n_rows, n_subsets, n_features) or (n_subsets, n_features)
        True for the features that play no part; without the first axis, all rows share them.
    real_rows : ndarray of shape (n_real, n_features)
    distance : MixedDistance
    k : int
        How many neighbours, at most `n_real`.
    allowed : ndarray of bool, shape (n_rows, n_real), optional
        Which real rows may be a row's neighbours; :func:`all_but` leaves out the row itself.
    max_bytes : int
        Most bytes to take beside the result; a row with one subset is the least that is possible.

    Returns
    -------
    ndarray of int, shape (n_rows, n_subsets, k)
        Positions of real rows, the nearest first; of equally near ones the first comes first. -1
        where no more are allowed. Neither the ceiling nor the other rows change any of it.

    Raises
    ------
    InvalidInputError
        If the shapes do not fit together, a value is not finite, or `k` is out of range.

    Notes
    -----
    What features add to distances is computed once for each row, and all subsets of it are then
    one product of matrices.

    Source: the k nearest rows as an empirical conditional distribution; weighted by distance in
    Aas, Jullum and Løland 2021, "Explaining individual predictions when features are dependent"
    (Artificial Intelligence 298), section 3.
    """
    rows = as_matrix("rows", rows)
    n_rows, n_features = rows.shape
    real_rows = as_matrix("real_rows", real_rows, n_features)
    for name, matrix in (("rows", rows), ("real_rows", real_rows), ("scale", distance.scale)):
        if matrix.shape[-1] != n_features or not np.isfinite(matrix).all():
            raise InvalidInputError(name, f"finite numbers for {n_features} features", matrix.shape)
    kept = ~as_masks(masks, n_rows, n_features)
    k = as_whole("k", k, 1, len(real_rows))
    allowed = _as_allowed(allowed, n_rows, len(real_rows))
    found = np.empty((n_rows, kept.shape[-2], k), dtype=np.intp)
    for block, subsets in _blocks(n_rows, kept.shape[-2], real_rows.shape, max_bytes):
        contributions = distance.contributions(rows[block], real_rows)
        for part in subsets:
            chosen = kept[block, part] if kept.ndim == 3 else kept[part]
            distances = chosen.astype(np.float64) @ contributions
            if allowed is not None:
                distances[~np.broadcast_to(allowed[block, None], distances.shape)] = np.inf
            found[block, part] = _nearest(distances, k)
    return found


def all_but(positions: Positions, n_real: int) -> Masks:
    """Allow every real row but one to be a neighbour, for rows that are themselves real rows.

    Parameters
    ----------
    positions : ndarray of int, shape (n_rows,)
        Where each row stands among the real rows; -1 if it does not.
    n_real : int

    Returns
    -------
    ndarray of bool, shape (n_rows, n_real)
    """
    others: Masks = np.asarray(positions)[:, None] != np.arange(n_real)
    return others


def answers_of_neighbours(answers: Array, found: Positions) -> Array:
    """Average what the model says of neighbours: its on-manifold value, without a new query.

    Parameters
    ----------
    answers : ndarray of shape (n_real,)
        The model's answers to the real rows.
    found : ndarray of int, shape (..., k)
        Positions of real rows, from :func:`neighbours`; -1 for none.

    Returns
    -------
    ndarray of shape (...)
        The mean over the neighbours that there are; NaN where there is none.
    """
    there = found >= 0
    n_found = there.sum(axis=-1)
    sums = np.where(there, np.asarray(answers, dtype=np.float64)[found], 0.0).sum(axis=-1)
    return np.where(n_found > 0, sums / np.maximum(n_found, 1), np.nan)


def _as_allowed(given: Masks | None, n_rows: int, n_real: int) -> Masks | None:
    if given is None:
        return None
    allowed = np.asarray(given)
    if allowed.dtype != np.bool_ or allowed.shape != (n_rows, n_real):
        raise InvalidInputError(
            "allowed", f"booleans of shape ({n_rows}, {n_real})", f"{allowed.dtype} {allowed.shape}"
        )
    return allowed


def _blocks(
    n_rows: int, n_subsets: int, shape: tuple[int, ...], max_bytes: int
) -> Iterator[tuple[slice, list[slice]]]:
    """Cut rows, and the subsets of each cut, so that half the ceiling holds either's arrays."""
    n_real, n_features = shape
    each_row, each_subset = 8 * n_features * n_real, _BYTES_PER_DISTANCE * n_real
    half = min(max_bytes, _COMFORTABLE_BYTES) // 2
    n_together = max(1, half // max(each_row, each_subset))
    step = max(1, half // (each_subset * n_together))
    subsets = [slice(i, min(i + step, n_subsets)) for i in range(0, n_subsets, step)]
    for start in range(0, n_rows, n_together):
        yield slice(start, min(start + n_together, n_rows)), subsets


def _nearest(distances: Array, k: int) -> Positions:
    """Return the positions of the k smallest along the last axis, ties in order of position."""
    last = np.partition(distances, k - 1, axis=-1)[..., k - 1 : k]
    nearer, tied = distances < last, distances == last
    room = k - nearer.sum(axis=-1, keepdims=True)
    nearer |= tied & (np.cumsum(tied, axis=-1, dtype=np.int32) <= room)
    found = np.nonzero(nearer)[-1].reshape(*distances.shape[:-1], k)
    own = np.take_along_axis(distances, found, axis=-1)
    order = np.argsort(own, axis=-1, kind="stable")
    found = np.take_along_axis(found, order, axis=-1)
    found[np.isinf(np.take_along_axis(own, order, axis=-1))] = -1
    return found
