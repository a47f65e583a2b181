"""The common part of classifiers that are a rule and learn nothing."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin

from explaudit_attacks._inputs import Mask, check_fit, check_rows

__all__ = ["RuleClassifier"]


class RuleClassifier(ClassifierMixin, BaseEstimator, ABC):
    """A binary classifier that gives the first class to the rows that meet a fixed rule.

    Attributes
    ----------
    classes_ : ndarray of shape (2,)
        The sorted labels; the first is the negative one.
    """

    @abstractmethod
    def _negative(self, X: Any) -> Mask:
        """Tell which rows get the negative class, from a checked frame or array."""

    def fit(self, X: Any, y: Any) -> Self:
        """Check the columns that the rule names and note the labels; nothing is learnt.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,)
            Only its two labels matter.

        Raises
        ------
        InvalidInputError
            If the rule does not suit the columns, or `y` has not two classes.
        """
        X, _ = check_fit(self, X, y)
        self._negative(X)
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return a label for each row, of shape (n_rows,)."""
        negative = self._negative(check_rows(self, X))
        return np.asarray(self.classes_[1 - negative.astype(np.intp)])

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Return 0 or 1 for each class, of shape (n_rows, 2)."""
        negative = self._negative(check_rows(self, X)).astype(np.float64)
        return np.column_stack([negative, 1.0 - negative])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = True  # a rule owes nothing to the labels
        return tags
