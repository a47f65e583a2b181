"""From what the model says of rows without features to one number a row."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from explaudit.metrics.by_row import ROUNDING
from explaudit.metrics.material import Material

__all__ = ["area", "changes", "predicted_scores"]

Array = npt.NDArray[np.float64]


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


def _may_be_probability(answers: Array) -> npt.NDArray[np.bool_]:
    # a mean of many trees' votes can come out just above 1
    return np.asarray((answers >= -ROUNDING) & (answers <= 1.0 + ROUNDING), dtype=np.bool_)
