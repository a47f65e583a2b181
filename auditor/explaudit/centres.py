"""K-means centres: the summary of a background that KernelSHAP is usually given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Centres", "kmeans_centres", "spread"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Centres:
    """Centres of shape (n_centres, n_features) and their weights of shape (n_centres,)."""

    rows: Array
    weights: Array


def spread(rows: Array) -> Array:
    """Return the standard deviation of each feature, with 1 for a constant one."""
    deviation = rows.std(axis=0)
    # the deviation of a constant column can come out as a rounding error rather than as 0
    return np.where(np.ptp(rows, axis=0) == 0, 1.0, deviation)


def kmeans_centres(
    rows: Array, categorical: Sequence[int], n: int, *, rounded: bool = True
) -> Centres:
    """Cluster rows with `shap.kmeans` and return the centres.

    Clusters are found among standardised numbers and one-hot codes of levels, so that nothing
    depends on the order in which levels happen to be coded. A centre has the most frequent level
    of its cluster.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        Finite, with codes of levels in the categorical columns.
    categorical : sequence of int
        Positions of the categorical columns.
    n : int
        Number of centres; fewer if there are fewer distinct rows.
    rounded : bool
        True moves each number to the nearest that occurs in its column and weights a centre by the
        size of its cluster, which is what `shap.kmeans` does. False keeps means, of equal weight.

    Notes
    -----
    Source: `shap.kmeans`, from a fixed random state. On numeric columns alone the result is the
    library's own.
    """
    import shap  # takes seconds, so not at import time

    mean, scale = rows.mean(axis=0), spread(rows)
    nominal = {j: np.unique(rows[:, j]) for j in categorical}
    numeric = [j for j in range(rows.shape[1]) if j not in nominal]
    scaled = (rows[:, numeric] - mean[numeric]) / scale[numeric]
    # two different levels are then as far apart as numbers that differ by one standard deviation
    blocks = [(rows[:, [j]] == levels) / np.sqrt(2.0) for j, levels in nominal.items()]
    points = np.hstack([scaled, *blocks])
    found = shap.kmeans(points, min(n, len(np.unique(points, axis=0))), round_values=False)

    centres = np.empty((len(found.data), rows.shape[1]))
    if rounded:
        # found among scaled values but taken from the rows, so that values are exactly real
        for place, j in enumerate(numeric):
            distance = np.abs(scaled[:, place, None] - found.data[:, place])
            centres[:, j] = rows[distance.argmin(axis=0), j]
    else:
        centres[:, numeric] = found.data[:, : len(numeric)] * scale[numeric] + mean[numeric]
    start = len(numeric)
    for j, levels in nominal.items():
        centres[:, j] = levels[found.data[:, start : start + len(levels)].argmax(axis=1)]
        start += len(levels)
    equal = np.full(len(centres), 1.0 / len(centres))
    return Centres(centres, np.asarray(found.weights) if rounded else equal)
