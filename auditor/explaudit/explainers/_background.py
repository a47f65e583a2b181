"""Reference rows: which part of the background an explainer draws its replacements from."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from explaudit.centres import kmeans_centres
from explaudit.explainer import View
from explaudit.seeds import generator

__all__ = ["draw_rows", "kmeans_summary", "typical_row"]

Array = npt.NDArray[np.float64]


def draw_rows(background: Array, n: int, seed: int) -> Array:
    """Draw `n` different rows, or all rows if there are fewer.

    Parameters
    ----------
    background : ndarray of shape (n_background, n_features)
    n : int
    seed : int
        The seed of the whole call, so that all explained rows share the draw.

    Returns
    -------
    ndarray of shape (min(n, n_background), n_features)
    """
    size = min(n, len(background))
    chosen = generator(seed, "background").choice(len(background), size=size, replace=False)
    return background[chosen]


def typical_row(view: View, centre: Literal["mean", "median"]) -> Array:
    """Return one row of means or medians, with the most frequent level of categorical features.

    Returns
    -------
    ndarray of shape (n_features,)
    """
    middle = np.mean if centre == "mean" else np.median
    row = np.asarray(middle(view.background, axis=0), dtype=np.float64)
    for j in view.encoder.categorical:
        row[j] = np.bincount(view.background[:, j].astype(np.intp)).argmax()
    return row


def kmeans_summary(view: View, n: int, *, rounded: bool) -> Any:
    """Return the background's k-means centres in the form that shap takes weighted rows in.

    Parameters
    ----------
    view : View
        Its background must be finite.
    n : int
        Number of clusters; fewer if there are fewer distinct rows.
    rounded : bool
        See :func:`explaudit.centres.kmeans_centres`.

    Returns
    -------
    shap's DenseData
        ``data`` of shape (n_clusters, n_features) in the units of the background, and ``weights``.
    """
    from shap.utils._legacy import DenseData

    centres = kmeans_centres(view.background, view.encoder.categorical, n, rounded=rounded)
    return DenseData(centres.rows, list(view.encoder.names), None, centres.weights)
