"""Checks of rows and masks that the building blocks share, and their ceiling of memory."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from explaudit.errors import InvalidInputError

__all__ = ["MAX_BYTES", "as_masks", "as_matrix", "as_whole"]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]

#: What a call may take for its batches, unless it is told otherwise.
MAX_BYTES = 256 * 2**20


def as_matrix(argument: str, given: Any, n_features: int | None = None) -> Array:
    """Return a matrix of rows as contiguous floats.

    Raises
    ------
    InvalidInputError
        If it is no matrix, or has another number of features.
    """
    matrix = np.ascontiguousarray(given, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] != (n_features or matrix.shape[1]):
        expected = f"shape (n, {n_features or 'n_features'})"
        raise InvalidInputError(argument, expected, np.shape(given))
    return matrix


def as_masks(given: Any, n_rows: int, n_features: int) -> Masks:
    """Return masks of shape (n_rows, n_subsets, n_features), or without the first if shared.

    Raises
    ------
    InvalidInputError
        If they have another shape, or are not boolean.
    """
    masks = np.asarray(given)
    if masks.ndim == 3:
        fits = masks.shape[::2] == (n_rows, n_features)
    else:
        fits = masks.ndim == 2 and masks.shape[1] == n_features
    if masks.dtype != np.bool_ or not fits:
        raise InvalidInputError(
            "masks",
            f"booleans of shape ({n_rows}, n_subsets, {n_features}) or (n_subsets, {n_features})",
            f"{masks.dtype} of shape {masks.shape}",
        )
    return masks


def as_whole(argument: str, given: int, least: int, most: int) -> int:
    """Return a whole number within bounds.

    Raises
    ------
    InvalidInputError
        If it is out of bounds.
    """
    if not least <= given <= most:
        raise InvalidInputError(argument, f"from {least} to {most}", given)
    return int(given)
