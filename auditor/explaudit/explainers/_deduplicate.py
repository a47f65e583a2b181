"""Ask a model each distinct row of a batch once, and hand the answers back to every copy."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["deduplicated", "distinct_rows"]

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

_SHIFT = np.uint64(29)


def distinct_rows(matrix: Array) -> tuple[Positions, Positions]:
    """Find the distinct rows of a matrix, bit for bit, in the order of their first appearance.

    Rows are hashed to 64 bits by multiply-shift hashing (Dietzfelbinger et al. 1997, "A reliable
    randomized algorithm for the closest-pair problem", J. Algorithms 25), and the answer is
    verified: a collision costs time, never correctness.

    Parameters
    ----------
    matrix : ndarray of shape (n_rows, n_features)

    Returns
    -------
    first : ndarray of shape (n_distinct,)
        Position of the first copy of each distinct row.
    inverse : ndarray of shape (n_rows,)
        ``matrix[first][inverse]`` is `matrix`.
    """
    bits = np.ascontiguousarray(matrix, dtype=np.float64).view(np.uint64)
    first, inverse = _group(_hashes(bits))
    if not np.array_equal(bits[first][inverse], bits):
        everything = np.arange(len(matrix), dtype=np.intp)
        return everything, everything
    return first, inverse


def deduplicated(query: Callable[[Array], Array]) -> Callable[[Array], Array]:
    """Wrap a model so that it is asked only the distinct rows of each batch."""

    def ask(matrix: Array) -> Array:
        first, inverse = distinct_rows(matrix)
        if len(first) == len(matrix):
            return query(matrix)
        return query(matrix[first])[inverse]

    return ask


def _hashes(bits: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """Return one 64-bit hash per row of bit patterns."""
    rng = np.random.default_rng(bits.shape[1])
    odd = rng.integers(2**63, size=bits.shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    # small whole numbers differ in their upper bits alone, which a product would push out
    hashes: npt.NDArray[np.uint64] = (bits ^ (bits >> _SHIFT)) @ odd
    return hashes


def _group(keys: npt.NDArray[np.uint64]) -> tuple[Positions, Positions]:
    """Return the first position of each distinct key, and for each key its group."""
    inverse, distinct = pd.factorize(keys)
    first = np.empty(len(distinct), dtype=np.intp)
    # written backwards, the first copy of a key is what remains
    first[inverse[::-1]] = np.arange(len(keys), dtype=np.intp)[::-1]
    return first, inverse
