"""From what the model says of rows without features to one number a row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from explaudit.metrics.material import Material

__all__ = [
    "ROUNDING",
    "area",
    "changes",
    "mean_of_defined",
    "predicted_scores",
    "rank_correlation",
    "row_correlation",
]

Array = npt.NDArray[np.float64]

#: A model may answer one and the same row a little differently in another batch.
ROUNDING = 1e-9


def predicted_scores(material: Material, answers: Array) -> Array:
    """Turn answers into scores of the side that the model predicts for the row.

    That is the published "probability of the predicted class" for a model of which one class's
    probability, or whether its label is that class, is all that there is: the answer p where the
    model's answer to the row is above 1/2, else 1 - p.

    Parameters
    ----------
    material : Material
    answers : ndarray of shape (n_rows, n)
        To the rows, or to what is left of them.

    Returns
    -------
    ndarray of shape (n_rows, n)
        From 0 to 1. NaN for an answer outside [0, 1], and all NaN where a real row gets one:
        such a model predicts no class.
    """
    if not _may_be_probability(material.real_answers).all():
        return np.full_like(answers, np.nan)
    scores = np.where(material.answers[:, None] > 0.5, answers, 1.0 - answers)
    return np.where(_may_be_probability(answers), np.clip(scores, 0.0, 1.0), np.nan)


def changes(material: Material, answers: Array) -> Array:
    """Return how far answers are from the model's answer to the row itself.

    Parameters
    ----------
    material : Material
    answers : ndarray of shape (n_rows, ...)

    Returns
    -------
    ndarray of the same shape
        Absolute; exactly 0 for what may be rounding. NaN stays NaN.
    """
    own = material.answers.reshape(-1, *[1] * (answers.ndim - 1))
    found = np.abs(answers - own)
    return np.where(found <= ROUNDING * np.maximum(1.0, np.abs(own)), 0.0, found)


def row_correlation(first: Array, second: Array) -> Array:
    """Return Pearson's correlation along the last axis; NaN where either is constant.

    What varies by no more than rounding counts as constant.

    Parameters
    ----------
    first, second : ndarray of shape (..., n)

    Returns
    -------
    ndarray of shape (...)
    """
    products = _standardised(first) * _standardised(second)
    return np.asarray(np.clip(products.sum(axis=-1), -1.0, 1.0), dtype=np.float64)


def rank_correlation(first: Array, second: Array) -> Array:
    """Return Spearman's correlation along the last axis, with mid-ranks for ties."""
    from scipy.stats import rankdata

    ranks = [rankdata(values, axis=-1, nan_policy="propagate") for values in (first, second)]
    return row_correlation(*ranks)


def area(curves: Array) -> Array:
    """Return the area under curves over [0, 1] with equally spaced points, by the trapezoid rule.

    Parameters
    ----------
    curves : ndarray of shape (n_rows, n_points)

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    heights = (curves[:, :-1] + curves[:, 1:]) / 2
    return np.asarray(heights.mean(axis=1), dtype=np.float64)


def mean_of_defined(values: Array) -> Array:
    """Return the mean along the last axis of what is not NaN; NaN where nothing is."""
    defined = ~np.isnan(values)
    total = np.where(defined, values, 0.0).sum(axis=-1)
    found = np.full(total.shape, np.nan)
    np.divide(total, defined.sum(axis=-1), out=found, where=defined.any(axis=-1))
    return found


def _standardised(values: Array) -> Array:
    centred = values - values.mean(axis=-1, keepdims=True)
    norm = np.sqrt(np.square(centred).sum(axis=-1, keepdims=True))
    least = ROUNDING * np.abs(values).max(axis=-1, keepdims=True)
    return np.asarray(centred / np.where(norm > least, norm, np.nan))


def _may_be_probability(answers: Array) -> npt.NDArray[np.bool_]:
    # a mean of many trees' votes can come out just above 1
    return np.asarray((answers >= -ROUNDING) & (answers <= 1.0 + ROUNDING), dtype=np.bool_)
