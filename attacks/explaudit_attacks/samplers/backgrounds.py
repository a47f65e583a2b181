"""The reference rows that a Shapley explainer takes replacement values from."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from explaudit.centres import kmeans_centres
from explaudit.errors import InvalidInputError
from explaudit_attacks.samplers.base import Matrix

__all__ = ["Background", "choose_background", "validate_background"]

Background = Literal["kmeans", "rows", "all"]


def validate_background(background: str, n_background: int) -> None:
    """Raise InvalidInputError for a background of an unknown kind or without rows."""
    if background not in get_args(Background):
        raise InvalidInputError("background", f"one of {get_args(Background)}", background)
    if background != "all" and n_background < 1:
        raise InvalidInputError("n_background", "at least 1", n_background)


def choose_background(
    rows: Matrix,
    categorical: tuple[int, ...],
    background: Background,
    n_background: int,
    rounded: bool,
    rng: np.random.Generator,
) -> Matrix:
    """Return the reference rows, of shape (n_background or n_rows, n_features).

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    categorical : tuple of int
        Positions of the categorical features.
    background : {"kmeans", "rows", "all"}
        Cluster centres, a random draw without replacement, or every row.
    n_background : int
        Centres or drawn rows.
    rounded : bool
        For centres, as in :func:`explaudit.centres.kmeans_centres`.
    rng : numpy.random.Generator
        Used for ``"rows"`` only: centres depend on the rows alone.
    """
    if background == "kmeans":
        # the very centres that an auditor with the same rows gets
        return kmeans_centres(rows, categorical, n_background, rounded=rounded).rows
    if background == "rows":
        return rows[rng.choice(len(rows), size=min(n_background, len(rows)), replace=False)]
    return rows
