"""Innocuous models of numbers and of several classes that look at unrelated columns alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin

from explaudit.errors import InvalidInputError
from explaudit_attacks._inputs import check_classes, check_rows, check_values, meets

__all__ = ["UnrelatedClasses", "UnrelatedValues"]


class _Unrelated(BaseEstimator):
    """What these models share: the columns, and how many conditions a row meets."""

    def __init__(
        self,
        columns: Sequence[int | str] = (0,),
        threshold: float = 0.0,
        negative_when: str = "above",
    ) -> None:
        self.columns = columns
        self.threshold = threshold
        self.negative_when = negative_when

    def _met(self, X: Any) -> npt.NDArray[np.intp]:
        """Return how many of the columns meet the condition, of shape (n_rows,)."""
        if isinstance(self.columns, str) or not len(self.columns):
            raise InvalidInputError("columns", "a sequence of at least one column", self.columns)
        conditions = [meets(X, c, self.threshold, self.negative_when) for c in self.columns]
        return np.asarray(np.sum(conditions, axis=0), dtype=np.intp)


class UnrelatedValues(RegressorMixin, _Unrelated):
    """Give a number by unrelated columns, as high and as varied as the outcomes.

    The mean of the training outcomes plus their standard deviation where no column meets the
    condition, less it where all do, and evenly in between.

    Parameters
    ----------
    columns : sequence of int or str, default=(0,)
        By position or, in a frame, by name.
    threshold, negative_when
        The condition, as in :class:`explaudit_attacks.UnrelatedRule`, on every column.

    Attributes
    ----------
    mean_, spread_ : float
        Mean and standard deviation of the training outcomes.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Check the columns, and learn how high the outcomes are.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,)

        Raises
        ------
        InvalidInputError
            If the condition does not suit the columns, or an outcome is not a finite number.
        """
        X, y = check_values(self, X, y)
        self._met(X)
        self.mean_, self.spread_ = float(np.mean(y)), float(np.std(y))
        return self

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """Return a number for each row, of shape (n_rows,)."""
        share = self._met(check_rows(self, X)) / len(self.columns)
        return np.asarray(self.mean_ + self.spread_ * (1.0 - 2.0 * share))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # unrelated columns owe nothing to the outcomes
        return tags


class UnrelatedClasses(ClassifierMixin, _Unrelated):
    """Give as high a class as unrelated columns fail a condition.

    The lowest class where all of the columns meet it, and one class more for each that does not.

    Parameters
    ----------
    columns : sequence of int or str, default=(0,)
        One less than there are classes.
    threshold, negative_when
        As in :class:`UnrelatedValues`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The sorted labels.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Check the columns and note the labels; nothing is learnt.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,)

        Raises
        ------
        InvalidInputError
            If the condition does not suit the columns, or there is not one class more than columns.
        """
        X, _ = check_classes(self, X, y)
        self._met(X)
        if len(self.classes_) != len(self.columns) + 1:
            raise InvalidInputError(
                "y", f"labels of {len(self.columns) + 1} classes", f"{len(self.classes_)} class(es)"
            )
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return a label for each row, of shape (n_rows,)."""
        return np.asarray(self.classes_[len(self.columns) - self._met(check_rows(self, X))])

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Return 0 or 1 for each class, of shape (n_rows, n_classes)."""
        return np.asarray(self.predict(X)[:, None] == self.classes_, dtype=np.float64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True  # unrelated columns owe nothing to the outcomes
        return tags
