"""Input validation: an honest model that refuses rows which cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import column_or_1d, validate_data

from explaudit.errors import InvalidInputError
from explaudit_attacks._inputs import Mask, check_rows
from explaudit_attacks._tabular import as_numbers
from explaudit_attacks.honest.validation import Check, RowValidator

__all__ = ["GuardedClassifier", "GuardedRegressor"]

_CHECKS: tuple[Check, ...] = get_args(Check)


class _Guarded(BaseEstimator):
    """What guarded models share: the checks, and whom to ask about the rows that pass."""

    estimator: Any
    checks: Sequence[Check]

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the guarded model and learn which rows can be.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,)

        Raises
        ------
        InvalidInputError
            If a check is unknown or there is none, or the answer is not a class.
        """
        if isinstance(X, pd.DataFrame):
            validate_data(self, X, y, skip_check_array=True)
            self._fitted_columns = X.columns
            y = column_or_1d(y, warn=True)
        else:
            X, y = validate_data(self, X, y)
        self.estimator_ = self._new_estimator().fit(X, y)
        self.validator_ = RowValidator(tuple(self.checks)).fit(X)
        return self

    def impossible(self, X: Any) -> Mask:
        """Tell which rows get the constant answer, of shape (n_rows,)."""
        return self.validator_.impossible(check_rows(self, X))

    def _new_estimator(self) -> Any:
        return clone(self.estimator)


def _has_probabilities(guarded: _Guarded) -> bool:
    inner = getattr(guarded, "estimator_", guarded.estimator)
    return inner is None or hasattr(inner, "predict_proba")


class GuardedClassifier(ClassifierMixin, _Guarded):
    """An honest classifier that gives one answer to all rows that fail its validation.

    No deception: it hides nothing about any feature. But off the data it answers as no smooth
    model does, so it is a hard negative for whoever looks for lies.

    Parameters
    ----------
    estimator : classifier, optional
        The guarded model; by default a logistic regression.
    checks : sequence of {"range", "whole", "pairs"}, default=all three
        What is checked: see :class:`explaudit_attacks.honest.RowValidator`.
    answer : label, optional
        What rows get that fail; the first class by default.

    Attributes
    ----------
    estimator_ : classifier
        The fitted model.
    validator_ : RowValidator
        What can be.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    """

    def __init__(
        self, estimator: Any = None, checks: Sequence[Check] = _CHECKS, answer: Any = None
    ) -> None:
        self.estimator = estimator
        self.checks = checks
        self.answer = answer

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the guarded model and learn which rows can be."""
        super().fit(X, y)
        self.classes_ = self.estimator_.classes_
        self._place = 0
        if self.answer is not None:
            places = np.flatnonzero(self.classes_ == self.answer)
            if len(places) != 1:
                raise InvalidInputError("answer", f"one of {self.classes_.tolist()}", self.answer)
            self._place = int(places[0])
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return a label for each row, of shape (n_rows,)."""
        X = check_rows(self, X)
        refused = self.impossible(X)
        answers = np.array(self.estimator_.predict(X))
        answers[refused] = self.classes_[self._place]
        return answers

    @available_if(_has_probabilities)  # type: ignore[untyped-decorator]  # sklearn is untyped
    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the probability of each class, of shape (n_rows, n_classes)."""
        X = check_rows(self, X)
        refused = self.impossible(X)
        probabilities = np.array(self.estimator_.predict_proba(X), dtype=np.float64)
        probabilities[refused] = np.arange(len(self.classes_)) == self._place
        return probabilities

    def _new_estimator(self) -> Any:
        if self.estimator is None:
            return make_pipeline(as_numbers(), LogisticRegression(max_iter=1000))
        return super()._new_estimator()


class GuardedRegressor(RegressorMixin, _Guarded):
    """An honest regression model that gives one number to all rows that fail its validation.

    Parameters
    ----------
    estimator : regressor, optional
        The guarded model; by default a linear regression.
    checks : sequence of {"range", "whole", "pairs"}, default=all three
        As in :class:`GuardedClassifier`.
    answer : float, optional
        What rows get that fail; by default the least training target.

    Attributes
    ----------
    estimator_ : regressor
        The fitted model.
    validator_ : RowValidator
        What can be.
    answer_ : float
        What rows get that fail.
    """

    def __init__(
        self, estimator: Any = None, checks: Sequence[Check] = _CHECKS, answer: float | None = None
    ) -> None:
        self.estimator = estimator
        self.checks = checks
        self.answer = answer

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the guarded model and learn which rows can be."""
        super().fit(X, y)
        self.answer_ = float(np.asarray(y).min()) if self.answer is None else self.answer
        return self

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """Return a number for each row, of shape (n_rows,)."""
        X = check_rows(self, X)
        refused = self.impossible(X)
        return np.asarray(np.where(refused, self.answer_, self.estimator_.predict(X)))

    def _new_estimator(self) -> Any:
        if self.estimator is None:
            return make_pipeline(as_numbers(), LinearRegression())
        return super()._new_estimator()
