"""Pairs of real rows that are nearly alike but for one feature."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from explaudit.encoding import Encoder

__all__ = ["close_pairs"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

#: Candidates for a row's partner; with fewer, rows that are alike would contend for one.
_CANDIDATES = 10


def close_pairs(
    rows: Array, encoder: Encoder, column: int, inside: Mask, caliper: float
) -> tuple[Ints, Ints]:
    """Pair rows of a group with other rows that are nearly alike but for one feature.

    A pair has the same level of every other categorical feature, and no other number differs by
    more than the caliper. Nearest pairs are made first and no row is in two, so that pairs are
    as independent as rows.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    encoder : Encoder
    column : int
        The feature that may differ.
    inside : ndarray of bool of shape (n_rows,)
        The group.
    caliper : float
        In standard deviations, less than 1.

    Returns
    -------
    inside, outside : ndarray of int of shape (n_pairs,)
        Positions of the rows.

    Notes
    -----
    Source: Rubin 1973, "Matching to remove bias in observational studies" (Biometrics 29). The
    bootstrap and the t interval do not hold for matching with replacement: Abadie and Imbens
    2008 (Econometrica 76).
    """
    from sklearn.neighbors import NearestNeighbors

    sides = np.flatnonzero(inside), np.flatnonzero(~inside)
    few, many = sorted(sides, key=len)
    if not len(few):
        return few, few
    points = _coordinates(rows, encoder, column)
    search = NearestNeighbors(n_neighbors=min(_CANDIDATES, len(many)), metric="chebyshev")
    distances, nearest = search.fit(points[many]).kneighbors(points[few])
    close = int((distances <= caliper).sum())
    order = np.argsort(distances, axis=None, kind="stable")[:close]
    partners: dict[int, int] = {}
    taken: set[int] = set()
    for row, rank in zip(*np.unravel_index(order, distances.shape), strict=True):
        partner = int(nearest[row, rank])
        if int(row) not in partners and partner not in taken:
            partners[int(row)] = partner
            taken.add(partner)
    one, other = few[list(partners)], many[list(partners.values())]
    return (one, other) if few is sides[0] else (other, one)


def _coordinates(rows: Array, encoder: Encoder, left_out: int) -> Array:
    """Return points whose largest coordinate difference is 1 or more where levels differ."""
    parts = [np.zeros((len(rows), 1))]
    for j, values in enumerate(rows.T):
        if j == left_out:
            continue
        missing = np.isnan(values)
        if j in encoder.categorical:
            parts.append((values[:, None] == np.unique(values)).astype(np.float64))
        elif not missing.all():
            # of values that are all the same, none differs
            spread = float(np.nanstd(values)) or 1.0
            parts += [np.where(missing, 0.0, values / spread)[:, None], missing[:, None] * 1.0]
    return np.hstack(parts)
