"""What the LIME engine returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["LimeResult"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LimeResult:
    """What the engine computed.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_features)
        Coefficients of the surrogates; 0 for features that were not selected.
    intercepts : ndarray of shape (n_rows,)
    r2 : ndarray of shape (n_rows,)
        Weighted coefficients of determination of the surrogates.
    local_predictions : ndarray of shape (n_rows,)
        The surrogates' own answers to the explained rows.
    kernel_weight_total : ndarray of shape (n_rows,)
        Sum of the weights of the perturbed rows, without the explained row's own weight of 1. Below
        1 the surrogate is fitted to little but the explained row, and says nothing.
    effective_sample_size : ndarray of shape (n_rows,)
        ``sum(w) ** 2 / sum(w ** 2)`` of the same weights.
    rows_asked : int
        Rows that LIME asks for: a neighbourhood for each explained row.
    rows_sent : int
        Rows that reached the model.
    refitted : ndarray of bool, shape (n_rows,)
        Rows whose fit hangs on rounding, so that lime's own arithmetic was used.
    """

    values: Array
    intercepts: Array
    r2: Array
    local_predictions: Array
    kernel_weight_total: Array
    effective_sample_size: Array
    rows_asked: int
    rows_sent: int
    refitted: npt.NDArray[np.bool_]
