"""How much a perturbed row counts: less with the distance from the explained row."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from explaudit.engines.lime.blocks import less_first_row

__all__ = ["distances", "exponential_kernel"]

Array = npt.NDArray[np.float64]


def distances(design: Array, metric: str) -> Array:
    """Return the distance of each row from the first.

    Parameters
    ----------
    design : ndarray of shape (n_samples, n_features)
    metric : str
        Of :func:`sklearn.metrics.pairwise_distances`.

    Returns
    -------
    ndarray of shape (n_samples,)
    """
    if metric in ("euclidean", "l2"):
        return np.sqrt(_squares(design))
    from sklearn.metrics import pairwise_distances

    return np.asarray(pairwise_distances(design, design[:1], metric=metric)).reshape(-1)


def exponential_kernel(width: float) -> Callable[[Array], Array]:
    """Return the kernel ``sqrt(exp(-(d / width) ** 2))``.

    Source: Ribeiro, Singh and Guestrin 2016 (KDD), section 3.3; the root is package lime's.
    """

    def kernel(distance: Array) -> Array:
        return np.sqrt(np.exp(-(distance**2) / width**2))

    return kernel


def _squares(design: Array) -> Array:
    total = np.empty(len(design))
    for block, difference in less_first_row(design):
        np.einsum("ij,ij->i", difference, difference, out=total[block])
    return total
