"""Rows by their content, so that equal rows are treated equally wherever they come from."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from explaudit_attacks.samplers.base import Matrix

__all__ = ["row_keys", "row_shares"]


def row_keys(rows: Matrix) -> list[bytes]:
    """Return the bytes of each row; -0.0 counts as 0.0.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    """
    return [row.tobytes() for row in np.ascontiguousarray(rows, dtype=np.float64) + 0.0]


def row_shares(rows: Matrix, salt: int) -> npt.NDArray[np.float64]:
    """Return for each row a number in [0, 1) that its content and the salt determine.

    Numbers of different rows are as good as independent and uniform.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    salt : int
        Another salt gives other numbers.
    """
    start = hashlib.blake2b(str(salt).encode(), digest_size=8)
    shares = np.empty(len(rows))
    for i, key in enumerate(row_keys(rows)):
        digest = start.copy()
        digest.update(key)
        # 53 bits, as many as a float can hold
        shares[i] = (int.from_bytes(digest.digest(), "little") >> 11) / 2.0**53
    return shares
