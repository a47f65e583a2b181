"""The model of a view as a fitted scikit-learn regressor, for `sklearn.inspection`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, RegressorMixin

__all__ = ["QueryEstimator"]

Array = npt.NDArray[np.float64]


class QueryEstimator(RegressorMixin, BaseEstimator):
    """A regressor whose predictions are a model's answers.

    Parameters
    ----------
    query : callable
        ``(matrix of shape (n_rows, n_features)) -> (n_rows,)``.
    """

    def __init__(self, query: Callable[[Array], Array]) -> None:
        self.query = query

    def fit(self, X: Array, y: object = None) -> Self:
        """Return the estimator itself: there is nothing to learn."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def predict(self, X: Array) -> Array:
        """Return the model's answers, of shape (n_rows,)."""
        return self.query(X)
