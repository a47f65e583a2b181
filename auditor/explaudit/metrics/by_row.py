"""What metrics by row have in common: what they judge by, and arithmetic with undefined values.

The undefined is NaN: what is divided by nothing, averaged over nothing, or correlated with
what does not vary.
"""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from explaudit.attributions import Attributions
from explaudit.errors import InvalidInputError
from explaudit.metrics.material import Material
from explaudit.metrics.spec import MetricContext

__all__ = [
    "ROUNDING",
    "largest",
    "material_of",
    "mean_known",
    "needed",
    "pearson",
    "ratio",
    "shown",
    "spearman",
]

Array = npt.NDArray[np.float64]
Given = TypeVar("Given")

#: A model may answer one and the same row a little differently in another batch.
ROUNDING = 1e-9


def material_of(attributions: Attributions, context: MetricContext) -> Material:
    """Return what there is to judge the attributions by.

    Raises
    ------
    InvalidInputError
        If there is nothing, or it is about another number of rows or features.
    """
    material = needed(context.material, "model")
    if material.rows.shape != attributions.values.shape:
        raise InvalidInputError(
            "context.material",
            f"rows of shape {attributions.values.shape}, as the attributions have",
            material.rows.shape,
        )
    return material


def needed(given: Given | None, name: str) -> Given:
    """Return a part of the material that a metric cannot do without.

    Raises
    ------
    InvalidInputError
        If it is not there.
    """
    if given is None:
        raise InvalidInputError(
            "context.material", f"one that has: {name}", None, "Ask `MetricSpec.applies` first."
        )
    return given


def shown(values: Array) -> Array:
    """Return attributions with 0 for "none in this row"; rows without any stay NaN.

    Parameters
    ----------
    values : ndarray of shape (..., n_features)
    """
    unexplained = np.isnan(values).all(axis=-1, keepdims=True)
    return np.where(np.isnan(values) & ~unexplained, 0.0, values)


def largest(values: Array) -> Array:
    """Return the largest magnitude along the last axis; NaN where nothing is shown.

    The sums of attributions that are divided by it stay finite.

    Parameters
    ----------
    values : ndarray of shape (..., n_features)
        No NaN but in rows that were not explained.

    Returns
    -------
    ndarray of shape (..., 1)
    """
    found = np.abs(values).max(axis=-1, keepdims=True)
    return np.where(found > 0, found, np.nan)


def ratio(part: Array, whole: Array) -> Array:
    """Divide where the divisor is positive; NaN elsewhere."""
    quotient = np.full(np.shape(whole), np.nan)
    np.divide(part, whole, out=quotient, where=whole > 0)
    return quotient


def mean_known(values: Array, axis: int = -1) -> Array:
    """Return the mean over the entries that are not NaN; NaN where all of them are."""
    known = ~np.isnan(values)
    n_known = known.sum(axis=axis).astype(np.float64)
    return ratio(np.where(known, values, 0.0).sum(axis=axis), n_known)


def pearson(one: Array, other: Array) -> Array:
    """Return Pearson's correlation along the last axis; NaN where either is constant.

    What varies by no more than rounding counts as constant.

    Parameters
    ----------
    one, other : ndarray of shape (..., n)

    Returns
    -------
    ndarray of shape (...)
        Between -1 and 1.
    """
    products = _standardised(one) * _standardised(other)
    return np.asarray(np.clip(products.sum(axis=-1), -1.0, 1.0), dtype=np.float64)


def spearman(one: Array, other: Array) -> Array:
    """Return Spearman's correlation along the last axis, with mid-ranks for ties.

    Parameters
    ----------
    one, other : ndarray of shape (..., n)

    Returns
    -------
    ndarray of shape (...)
        Between -1 and 1; NaN where all entries tie in either, or one of them is NaN.
    """
    from scipy.stats import rankdata

    return pearson(*(rankdata(values, axis=-1, nan_policy="propagate") for values in (one, other)))


def _standardised(values: Array) -> Array:
    centred = values - values.mean(axis=-1, keepdims=True)
    norm = np.sqrt(np.square(centred).sum(axis=-1, keepdims=True))
    least = ROUNDING * np.abs(values).max(axis=-1, keepdims=True)
    return np.asarray(centred / np.where(norm > least, norm, np.nan))
