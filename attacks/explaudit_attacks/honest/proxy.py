"""A model that discriminates by proxy: it never looks at the sensitive column."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin

from explaudit_attacks._inputs import check_fit, check_rows, meets, take
from explaudit_attacks.innocuous import WithoutColumns

__all__ = ["ProxyRule"]


class ProxyRule(ClassifierMixin, BaseEstimator):
    """Decide by a guess of the sensitive group from all other columns.

    No deception: an explanation that credits the sensitive column with nothing is right.

    Parameters
    ----------
    estimator : classifier, optional
        What guesses; a logistic regression by default.
    column : int or str, default=0
        The sensitive column, by position or, in a frame, by name.
    threshold : float, optional
        For a numeric column; by default its mean over the training rows.
    negative_when : str, default="above"
        Who is in the group and so denied, as in :class:`explaudit_attacks.SensitiveRule`.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The sorted labels; the first is the negative one.
    guess_ : WithoutColumns
        What was fitted to the group, without the sensitive column.
    """

    def __init__(
        self,
        estimator: Any = None,
        column: int | str = 0,
        *,
        threshold: float | None = None,
        negative_when: str = "above",
    ) -> None:
        self.estimator = estimator
        self.column = column
        self.threshold = threshold
        self.negative_when = negative_when

    def fit(self, X: Any, y: Any) -> Self:
        """Learn to guess the group.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,)
            Only its two labels matter.

        Raises
        ------
        InvalidInputError
            If the column is unsuitable, all rows or none are in the group, or `y` has not two
            classes.
        """
        X, _ = check_fit(self, X, y)
        threshold = self.threshold
        if threshold is None:
            values = take(X, self.column)
            numeric = pd.api.types.is_numeric_dtype(values.dtype)
            threshold = float(np.mean(values)) if numeric else 0.0
        group = meets(X, self.column, threshold, self.negative_when)
        guess = WithoutColumns(self.estimator, (self.column,))
        self.guess_ = guess.fit(X, self.classes_[1 - group.astype(np.intp)])
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return a label for each row, of shape (n_rows,)."""
        X = check_rows(self, X)
        return np.asarray(self.guess_.predict(X))

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the probability of each class, of shape (n_rows, 2)."""
        X = check_rows(self, X)
        return np.asarray(self.guess_.predict_proba(X), dtype=np.float64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = True  # it owes nothing to the labels
        return tags
