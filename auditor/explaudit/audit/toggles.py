"""Rows that are sent once more with another value of one feature."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Toggles", "toggle"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

#: How often a value is drawn again that is the row's own.
_DRAWS = 20


@dataclass(frozen=True, eq=False)
class Toggles:
    """Pairs of rows that differ in one feature alone.

    Attributes
    ----------
    before : ndarray of shape (n_pairs,)
        Where the first row of each pair stands among the rows that were drawn from.
    after : ndarray of shape (n_pairs, n_features)
        The second rows.
    features : ndarray of shape (n_pairs,)
        The feature that they differ in.
    """

    before: Ints
    after: Array
    features: Ints


def toggle(rows: Array, features: Sequence[int], n_pairs: int, rng: np.random.Generator) -> Toggles:
    """Draw rows, and give each the value that another of them has in one feature.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    features : sequence of int
        Taken in turn, so that each has as many pairs.
    n_pairs : int
        Fewer come back if there are fewer rows, or if rows share their value with nearly all.
    rng : numpy.random.Generator
    """
    before = rng.permutation(len(rows))[:n_pairs]
    columns = np.resize(np.asarray(features, dtype=np.intp), len(before))
    after, own = rows[before].copy(), rows[before, columns]
    values = own.copy()
    for _ in range(_DRAWS):
        same = np.flatnonzero(values == own)
        values[same] = rows[rng.integers(len(rows), size=len(same)), columns[same]]
    after[np.arange(len(after)), columns] = values
    differ = values != own
    return Toggles(before[differ], after[differ], columns[differ])
