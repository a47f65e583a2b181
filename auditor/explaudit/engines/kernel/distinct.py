"""Find the distinct rows of a matrix of bit patterns."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["distinct_rows", "packed"]

Words = npt.NDArray[np.uint64]
Positions = npt.NDArray[np.intp]

_HALF = np.uint64(32)
_BLOCK_BYTES = 2**18


def distinct_rows(words: Words) -> tuple[Positions, Positions]:
    """Find the distinct rows, in the order of their first appearance.

    Rows are hashed to 64 bits by a random linear form, and the grouping is verified: a collision
    costs time, never correctness.

    Parameters
    ----------
    words : ndarray of uint64, shape (n_rows, n_words)
        Rows that are equal have equal bits. ``matrix.view(np.uint64)`` for floats.

    Returns
    -------
    first : ndarray of shape (n_distinct,)
        Position of the first copy of each distinct row, ascending.
    group : ndarray of shape (n_rows,)
        ``words[first][group]`` is `words`.

    Notes
    -----
    Source: multiply-shift hashing, Dietzfelbinger, Hagerup, Katajainen and Penttonen 1997,
    "A reliable randomized algorithm for the closest-pair problem", J. Algorithms 25.
    """
    if words.shape[1] == 1:
        return _grouped(words[:, 0])
    first, group = _grouped(_hashes(words))
    if len(first) < len(words) and not _are_copies(words, first[group]):
        # numbers the rows by value first, and then by first appearance
        by_value = np.unique(words, axis=0, return_inverse=True)[1].reshape(-1)
        return _grouped(by_value.astype(np.uint64))
    return first, group


def packed(masks: npt.NDArray[np.bool_]) -> Words:
    """Pack each row of a boolean matrix into 64-bit words.

    Parameters
    ----------
    masks : ndarray of shape (n_rows, n_columns)

    Returns
    -------
    ndarray of uint64, shape (n_rows, ceil(n_columns / 64))
    """
    packed_bytes = np.packbits(masks, axis=1)
    words = np.zeros((len(masks), -(-masks.shape[1] // 64) * 8), dtype=np.uint8)
    words[:, : packed_bytes.shape[1]] = packed_bytes
    return words.view(np.uint64)


def _hashes(words: Words) -> Words:
    rng = np.random.default_rng(words.shape[1])
    odd = rng.integers(2**63, size=words.shape[1], dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    hashes = np.empty(len(words), dtype=np.uint64)
    for rows in _blocks(words):
        # small whole numbers differ in their upper bits alone, which the product would push out
        mixed = words[rows] ^ (words[rows] >> _HALF)
        np.matmul(mixed, odd, out=hashes[rows])
    return hashes


def _are_copies(words: Words, sources: Positions) -> bool:
    """Whether each row equals its source."""
    return all(np.array_equal(words[sources[rows]], words[rows]) for rows in _blocks(words))


def _blocks(words: Words) -> Iterator[slice]:
    """Cut a matrix into blocks of rows that stay in the cache."""
    step = max(1, _BLOCK_BYTES // (8 * words.shape[1]))
    for start in range(0, len(words), step):
        yield slice(start, start + step)


def _grouped(keys: Words) -> tuple[Positions, Positions]:
    group, values = pd.factorize(keys)
    first = np.empty(len(values), dtype=np.intp)
    # written backwards, the first copy of a key is what remains
    first[group[::-1]] = np.arange(len(keys), dtype=np.intp)[::-1]
    return first, group
