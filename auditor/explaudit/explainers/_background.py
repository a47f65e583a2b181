"""Reference rows: which part of the background an explainer draws its replacements from."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from explaudit.explainer import View
from explaudit.seeds import generator

__all__ = ["draw_rows", "kmeans_summary", "spread", "typical_row"]

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


def spread(background: Array) -> Array:
    """Return the standard deviation of each feature, with 1 for a constant one."""
    deviation = background.std(axis=0)
    # the deviation of a constant column can come out as a rounding error rather than as 0
    constant = np.ptp(background, axis=0) == 0
    return np.where(constant, 1.0, deviation)


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
    """Summarise the background by the centres of k-means clusters, as `shap.kmeans` does.

    Clusters are made of standardised features; codes of levels count as numbers there.

    Parameters
    ----------
    view : View
        Its background must be finite.
    n : int
        Number of clusters; fewer if there are fewer distinct rows.
    rounded : bool
        True moves each coordinate of a centre to the nearest value that occurs in the background
        and weights a centre by the size of its cluster, which is what `shap.kmeans` does. False
        keeps raw centres with equal weights; codes are moved to the nearest level all the same.

    Returns
    -------
    shap's DenseData
        ``data`` of shape (n_clusters, n_features) in the units of the background, and ``weights``.
    """
    import shap

    background, scale = view.background, spread(view.background)
    mean = background.mean(axis=0)
    scaled = (background - mean) / scale
    summary = shap.kmeans(scaled, min(n, len(np.unique(scaled, axis=0))), round_values=False)
    # looked up in the scaled space but taken from the original one, so that values are exactly real
    nearest = np.array([np.abs(scaled - centre).argmin(axis=0) for centre in summary.data])
    real = np.take_along_axis(background, nearest, axis=0)
    if rounded:
        summary.data = real
        return summary
    summary.data = summary.data * scale + mean
    codes = list(view.encoder.categorical)
    summary.data[:, codes] = real[:, codes]
    summary.weights = np.full(len(real), 1.0 / len(real))
    return summary
