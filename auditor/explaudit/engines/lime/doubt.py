"""Rows whose fit hangs on rounding, which lime's own arithmetic must decide."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from explaudit.engines.lime.ridge import Moments

__all__ = ["hangs_on_rounding"]

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

# of answers that differ by rounding, relative to the square of the largest
_NO_VARIANCE = 1e-18
# squared distances from the mean beyond this many widths lose digits that the kernel needs
_MOST_WIDTHS = 1e5


def hangs_on_rounding(doubtful: Flags, moments: Moments, answers: Array, width: float) -> Flags:
    """Say which rows need lime's own arithmetic.

    Parameters
    ----------
    doubtful : ndarray of bool, shape (n_rows,)
        Rows whose selection of features hangs on rounding.
    moments : Moments
    answers : ndarray of shape (n_rows, n_samples)
    width : float
        Of the kernel.

    Returns
    -------
    ndarray of bool, shape (n_rows,)

    Notes
    -----
    If all answers are equal, lime's coefficients are 0 up to rounding whatever it selects, but
    its score is the quotient of two rounding errors. Only for answers of 0 and 1 the weighted mean
    is exact, and the score 1.
    """
    largest = np.abs(answers).max(axis=1)
    scale = moments.total_weight * largest**2
    is_flat = moments.variance <= _NO_VARIANCE * scale
    first = answers[:, 0]
    is_exact = (answers == first[:, None]).all(axis=1) & ((first == 0) | (first == 1))
    is_far = (moments.origins**2).sum(axis=1) > _MOST_WIDTHS * width**2
    flags: Flags = (doubtful | is_flat | is_far) & ~is_exact
    return flags
