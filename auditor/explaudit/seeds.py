"""Derived randomness: every seed is a hash of the base seed and of what the seed is for.

A seed never depends on the order in which work is done, so adding, reordering, resuming or
distributing work changes no number.
"""

from __future__ import annotations

import hashlib
import json
import operator
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

__all__ = ["derive_seed", "generator", "row_seed", "shielded_global_rng"]


def derive_seed(base: int, *keys: str | int) -> int:
    """Return a seed in ``[0, 2**32)`` that depends on `base` and on every key.

    Parameters
    ----------
    base : int
        The seed that the user chose.
    *keys : str or int
        What the seed is for, such as ``"split", "compas", 3``.
    """
    # operator.index lets NumPy's integers count as the integers that they are
    text = json.dumps([base, *keys], separators=(",", ":"), default=operator.index)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "little")


def generator(base: int, *keys: str | int) -> np.random.Generator:
    """Return a fresh generator seeded by :func:`derive_seed`."""
    return np.random.default_rng(derive_seed(base, *keys))


def row_seed(seed: int, row: npt.NDArray[np.float64]) -> int:
    """Return the seed for explaining one row: from its content, never from its position.

    Parameters
    ----------
    seed : int
        The seed of the whole call.
    row : ndarray of shape (n_features,)
        The encoded row. Equal rows get equal seeds, and so equal explanations.
    """
    # -0.0 equals 0.0, and all NaN mean the same: one pattern of bits for each
    canonical = np.where(np.isnan(row), np.nan, row) + 0.0
    digest = hashlib.sha256(np.ascontiguousarray(canonical, dtype=np.float64).tobytes())
    return derive_seed(seed, digest.hexdigest())


@contextmanager
def shielded_global_rng(seed: int) -> Iterator[None]:
    """Run a block under a seeded global generator and give the caller's state back afterwards.

    Some libraries draw from the global state of NumPy or of :mod:`random`. This is the one place
    where explaudit touches it. It is not safe to use from several threads at once.
    """
    numpy_state, python_state = np.random.get_state(), random.getstate()  # noqa: NPY002  the guard
    np.random.seed(seed)  # noqa: NPY002  the guard
    random.seed(seed)
    try:
        yield
    finally:
        np.random.set_state(numpy_state)  # noqa: NPY002  the guard
        random.setstate(python_state)
