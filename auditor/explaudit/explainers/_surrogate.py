"""The weighted ridge regression of LIME on rows that came from anywhere."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from explaudit.engines.lime.proximity import distances, exponential_kernel
from explaudit.engines.lime.ridge import Moments, weighted_gram
from explaudit.explainer import RowExplanation
from explaudit.points import Space

__all__ = ["local_design", "local_surrogate"]

Array = npt.NDArray[np.float64]

# lime's own
_PENALTY = 1.0
_WIDTH = 0.75


def local_design(row: Array, rows: Array, space: Space) -> Array:
    """Return what LIME without bins fits to, the explained row first.

    Parameters
    ----------
    row : ndarray of shape (n_features,)
    rows : ndarray of shape (n_rows, n_features)
    space : Space

    Returns
    -------
    ndarray of shape (1 + n_rows, n_features)
        Numbers in standard deviations from the mean, and for levels whether a row has the
        explained row's.
    """
    together = np.concatenate([row[np.newaxis], rows])
    design: Array = (together - space.mean) / space.scale
    codes = list(space.levels)
    design[:, codes] = together[:, codes] == row[codes]
    return design


def local_surrogate(
    design: Array,
    answers: Array,
    kernel_width: float | None,
    diagnostics: Mapping[str, float] | None = None,
) -> RowExplanation:
    """Fit LIME's surrogate.

    Parameters
    ----------
    design : ndarray of shape (1 + n_rows, n_features)
        The explained row first.
    answers : ndarray of shape (1 + n_rows,)
    kernel_width : float or None
        Width of the exponential kernel; None is ``0.75 * sqrt(n_features)``.
    diagnostics : mapping of str to float, optional
        What else is to be reported.

    Returns
    -------
    RowExplanation
        With the diagnostics "r2", "intercept" and "ess" of
        :class:`~explaudit.explainers.LimeTabular`, and like there none if the rows weigh less
        than the explained row itself.

    Notes
    -----
    Source: Ribeiro, Singh and Guestrin 2016 (KDD), section 3; defaults of package lime.
    """
    n_features = design.shape[1]
    weights = exponential_kernel(kernel_width or _WIDTH * n_features**0.5)(
        distances(design, "euclidean")
    )
    total, squares = float(weights[1:].sum()), float((weights[1:] ** 2).sum())
    gram = weighted_gram(design, answers, weights)
    moments = Moments(gram[np.newaxis], design[:1], answers[:1])
    fit = moments.fit(moments.everything, _PENALTY)
    found = {
        **(diagnostics or {}),
        "r2": float(fit.r2[0]),
        "intercept": float(fit.intercepts[0]),
        "ess": total**2 / squares if squares > 0 else 0.0,
    }
    if total < 1.0:
        return RowExplanation(
            np.full(n_features, np.nan),
            diagnostics=found,
            reason="degenerate fit: the other rows weigh less than the explained row itself",
        )
    return RowExplanation(fit.coefficients[0], diagnostics=found)
