"""What the engine is handed: checked, and in one form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from explaudit.errors import InvalidInputError

__all__ = [
    "Groups",
    "checked_matrix",
    "column_groups",
    "differing_groups",
    "link_function",
    "normalised_weights",
    "varying_groups",
]

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]
Groups = Sequence[Sequence[int]]

# shap clips probabilities to this distance from 0 and 1 before it takes log-odds
_CLIP = 1e-15


def checked_matrix(name: str, matrix: npt.ArrayLike, n_columns: int | None = None) -> Array:
    """Return `matrix` as a contiguous matrix of floats.

    Raises
    ------
    InvalidInputError
        If it has no row, is not two-dimensional, or has another number of columns.
    """
    array = np.ascontiguousarray(matrix, dtype=np.float64)
    if array.ndim != 2 or len(array) == 0 or n_columns not in (None, array.shape[1]):
        width = "n_columns" if n_columns is None else n_columns
        raise InvalidInputError(name, f"shape (at least 1, {width})", array.shape)
    return array


def normalised_weights(weights: npt.ArrayLike | None, n_background: int) -> Array:
    """Return weights that add up to 1; equal ones for None.

    Raises
    ------
    InvalidInputError
        If there is not one weight, at least 0, for each background row.
    """
    array = np.ones(n_background) if weights is None else np.asarray(weights, dtype=np.float64)
    if array.shape != (n_background,) or not (array >= 0).all() or not array.sum() > 0:
        raise InvalidInputError(
            "weights", f"{n_background} weights of at least 0, not all 0", array.tolist()
        )
    return array / np.sum(array)


def column_groups(groups: Groups | None, n_columns: int) -> Positions:
    """Return the group of each column; each column is its own for None.

    Raises
    ------
    InvalidInputError
        If a column is in no group or in several.
    """
    if groups is None:
        return np.arange(n_columns)
    members = [column for group in groups for column in group]
    if sorted(members) != list(range(n_columns)) or not all(len(group) for group in groups):
        raise InvalidInputError("groups", f"each of {n_columns} columns in one group", groups)
    owner = np.empty(n_columns, dtype=np.intp)
    for position, group in enumerate(groups):
        owner[list(group)] = position
    return owner


def link_function(link: Literal["identity", "logit"]) -> Callable[[Array], Array]:
    """Return the function that makes attributions add up: answers themselves or log-odds."""
    if link == "identity":
        return lambda answers: answers
    if link == "logit":
        return _logit
    raise InvalidInputError("link", "'identity' or 'logit'", link)


def varying_groups(rows: Array, background: Array, owner: Positions) -> Flags:
    """Say which groups of which rows vary: some background row has another value.

    Values are the same up to an absolute difference of 1e-8 and a relative one of 1e-5, and
    missing values are the same, as shap has it.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_columns)
    background : ndarray of shape (n_background, n_columns)
    owner : ndarray of shape (n_columns,)
        The group of each column.

    Returns
    -------
    ndarray of bool, shape (n_rows, n_groups)
    """
    close = np.isclose(rows[:, None, :], background[None], equal_nan=True)
    return _any_column(np.logical_not(close).any(axis=1), owner)


def differing_groups(rows: Array, background: Array, owner: Positions) -> Flags:
    """Say in which groups each pair of a row and a background row differs, bit for bit.

    Returns
    -------
    ndarray of bool, shape (n_rows, n_background, n_groups)
    """
    unlike = rows.view(np.uint64)[:, None, :] != background.view(np.uint64)[None]
    return _any_column(unlike, owner)


def _any_column(flags: Flags, owner: Positions) -> Flags:
    """Reduce the last axis from columns to groups."""
    n_groups = int(owner.max()) + 1
    if n_groups == len(owner) and (owner == np.arange(n_groups)).all():
        return flags
    order = np.argsort(owner, kind="stable")
    starts = np.searchsorted(owner[order], np.arange(n_groups))
    return np.logical_or.reduceat(flags[..., order], starts, axis=-1)


def _logit(answers: Array) -> Array:
    clipped = np.clip(answers, _CLIP, 1 - _CLIP)
    return np.log(clipped / (1 - clipped))
