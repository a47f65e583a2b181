"""The reference rows that a Shapley explainer takes replacement values from."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from explaudit.errors import InvalidInputError
from explaudit_attacks.samplers.base import Matrix, column_means_and_scales

__all__ = ["Background", "choose_background", "kmeans_centres", "validate_background"]

Background = Literal["kmeans", "rows", "all"]


def validate_background(background: str, n_background: int) -> None:
    """Raise InvalidInputError for a background of an unknown kind or without rows."""
    if background not in get_args(Background):
        raise InvalidInputError("background", f"one of {get_args(Background)}", background)
    if background != "all" and n_background < 1:
        raise InvalidInputError("n_background", "at least 1", n_background)


def choose_background(
    rows: Matrix, background: Background, n_background: int, rounded: bool, rng: np.random.Generator
) -> Matrix:
    """Return the reference rows, of shape (n_background or n_rows, n_features).

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    background : {"kmeans", "rows", "all"}
        Cluster centres, a random draw without replacement, or every row.
    n_background : int
        Centres or drawn rows.
    rounded : bool
        For centres, as in :func:`kmeans_centres`.
    rng : numpy.random.Generator
        Used for ``"rows"`` only: centres depend on the rows alone.
    """
    if background == "kmeans":
        return kmeans_centres(rows, n_background, rounded)
    if background == "rows":
        return rows[rng.choice(len(rows), size=min(n_background, len(rows)), replace=False)]
    return rows


def kmeans_centres(rows: Matrix, n_centres: int, rounded: bool = True) -> Matrix:
    """Return the centres that an auditor with the same rows gets from `shap.kmeans`.

    Clusters are found on standardised columns, from a fixed random state.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    n_centres : int
        Fewer if there are fewer distinct rows.
    rounded : bool
        Whether each coordinate becomes the nearest value of its column.

    Returns
    -------
    ndarray of shape (n_centres, n_features)
    """
    import shap  # takes seconds, so not at import time

    mean, scale = column_means_and_scales(rows)
    standardised = (rows - mean) / scale
    n_centres = min(n_centres, len(np.unique(standardised, axis=0)))
    centres = shap.kmeans(standardised, n_centres, round_values=False).data
    if not rounded:
        return np.asarray(centres * scale + mean, dtype=np.float64)
    # found among the standardised values but taken from the rows, so that values are exactly real
    nearest = np.array([np.abs(standardised - centre).argmin(axis=0) for centre in centres])
    return np.take_along_axis(rows, nearest, axis=0)
