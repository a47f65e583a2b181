"""Passes over a matrix, block by block, so that each finds its rows in the cache."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

__all__ = ["less_first_row", "repeated", "row_blocks"]

Array = npt.NDArray[np.float64]

_BLOCK_BYTES = 2**18


def row_blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Cut the rows of a matrix into blocks; the first is the longest."""
    step = min(n_rows, max(1, _BLOCK_BYTES // (8 * n_columns)))
    for start in range(0, n_rows, step):
        yield slice(start, min(n_rows, start + step))


def repeated(vector: Array, n_rows: int, n_columns: int) -> Array:
    """Return a vector as every row of a block of :func:`row_blocks`.

    Arithmetic on two whole blocks is several times as fast as on a block and a vector, above all
    for a vector of few numbers.
    """
    return np.tile(vector, (next(row_blocks(n_rows, n_columns)).stop, 1))


def less_first_row(matrix: Array) -> Iterator[tuple[slice, Array]]:
    """Yield blocks of rows, and their differences from the first row of all.

    Parameters
    ----------
    matrix : ndarray of shape (n_rows, n_columns)
    """
    first = repeated(matrix[0], *matrix.shape)
    scratch = np.empty(first.shape)
    for block in row_blocks(*matrix.shape):
        n_rows = block.stop - block.start
        yield block, np.subtract(matrix[block], first[:n_rows], out=scratch[:n_rows])
