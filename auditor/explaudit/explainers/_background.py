"""Reference rows: which part of the background an explainer draws its replacements from."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from explaudit.centres import Centres, kmeans_centres
from explaudit.explainer import View
from explaudit.seeds import generator

__all__ = ["as_shap_data", "centres_of", "draw_rows", "typical_row"]

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


def centres_of(view: View, n: int, *, rounded: bool) -> Centres:
    """Return the k-means centres of a view's background, which must be finite.

    The last few are kept, since the models of a study are explained against one background each.

    Parameters
    ----------
    view : View
    n : int
        Number of clusters; fewer if there are fewer distinct rows.
    rounded : bool
        See :func:`explaudit.centres.kmeans_centres`.
    """
    return _kept_centres(_ByContent(view.background), view.encoder.categorical, n, rounded)


class _ByContent:
    """A matrix as a key: equal to another of the same shape and bits."""

    def __init__(self, matrix: Array) -> None:
        self.matrix = matrix
        self._digest = sha256(np.ascontiguousarray(matrix).tobytes()).digest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _ByContent):
            return NotImplemented
        return (self._digest, self.matrix.shape) == (other._digest, other.matrix.shape)

    def __hash__(self) -> int:
        return hash(self._digest)


@lru_cache(maxsize=4)
def _kept_centres(
    background: _ByContent, categorical: tuple[int, ...], n: int, rounded: bool
) -> Centres:
    centres = kmeans_centres(background.matrix, categorical, n, rounded=rounded)
    for shared in (centres.rows, centres.weights):
        shared.setflags(write=False)
    return centres


def as_shap_data(reference: Centres, names: tuple[str, ...]) -> Any:
    """Return weighted reference rows in the form that shap takes them in.

    Returns
    -------
    shap's DenseData
        ``data`` of shape (n_rows, n_features) and ``weights``, which add up to 1.
    """
    from shap.utils._legacy import DenseData

    # shap divides the weights in place
    return DenseData(reference.rows, list(names), None, reference.weights.copy())
