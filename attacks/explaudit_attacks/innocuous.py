"""Innocuous models psi: what an adversary shows instead."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline

from explaudit.errors import InvalidInputError
from explaudit_attacks._inputs import (
    Mask,
    check_classes,
    check_rows,
    check_values,
    meets,
    without,
)
from explaudit_attacks._rules import RuleClassifier
from explaudit_attacks._tabular import as_numbers

__all__ = ["UnrelatedRule", "WithoutColumns", "WithoutColumnsRegressor"]


class UnrelatedRule(RuleClassifier):
    """Decide by one feature that is not sensitive, or by the exclusive or of two.

    With one column a row is negative if it meets the condition; with two, if it meets exactly one
    of the two conditions.

    Source: the unbiased classifiers of Slack et al., "Fooling LIME and SHAP", AIES 2020,
    section 4.

    Parameters
    ----------
    columns : sequence of one or two int or str, default=(0,)
        By position or, in a frame, by name.
    threshold : float or sequence of float, default=0.0
        For numeric columns; one for all, or one for each.
    negative_when : str or sequence of str, default="above"
        ``"above"`` or ``"below"`` the threshold, or a level of a categorical column; one for all
        columns, or one for each.
    """

    def __init__(
        self,
        columns: Sequence[int | str] = (0,),
        threshold: float | Sequence[float] = 0.0,
        negative_when: str | Sequence[str] = "above",
    ) -> None:
        self.columns = columns
        self.threshold = threshold
        self.negative_when = negative_when

    def _negative(self, X: Any) -> Mask:
        n_columns = len(self.columns)
        if isinstance(self.columns, str) or n_columns not in (1, 2):
            raise InvalidInputError("columns", "a sequence of one or two columns", self.columns)
        thresholds = _one_each("threshold", self.threshold, n_columns)
        whens = _one_each("negative_when", self.negative_when, n_columns)
        conditions = [
            meets(X, column, threshold, when)
            for column, threshold, when in zip(self.columns, thresholds, whens, strict=True)
        ]
        return np.asarray(np.logical_xor.reduce(conditions), dtype=np.bool_)


class _Blind(BaseEstimator, ABC):
    """What models that do not see some columns share."""

    estimator: Any
    columns: Sequence[int | str]

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return an answer for each row, of shape (n_rows,)."""
        seen = self._seen(X)
        return np.asarray(self.estimator_.predict(seen))

    def _learn(self, X: Any, y: Any) -> Self:
        seen = without(X, tuple(self.columns))
        if seen.shape[1] == 0:
            raise InvalidInputError(
                "columns", f"fewer columns than n_features={X.shape[1]}", self.columns
            )
        self.estimator_ = self._new_estimator().fit(seen, y)
        return self

    def _new_estimator(self) -> Any:
        if self.estimator is None:
            return make_pipeline(as_numbers(), self._default())
        return clone(self.estimator)

    @abstractmethod
    def _default(self) -> Any:
        """Return what is trained if nothing else is given."""

    def _seen(self, X: Any) -> Any:
        return without(check_rows(self, X), tuple(self.columns))


class WithoutColumns(ClassifierMixin, _Blind):
    """A classifier that is trained without, and never looks at, some columns.

    Parameters
    ----------
    estimator : classifier, optional
        What is trained; by default a logistic regression, which takes categorical columns.
    columns : sequence of int or str, default=(0,)
        The columns to leave out, such as the sensitive one and its proxies; by position or, in a
        frame, by name.

    Attributes
    ----------
    estimator_ : classifier
        Fitted on the other columns.
    """

    def __init__(self, estimator: Any = None, columns: Sequence[int | str] = (0,)) -> None:
        self.estimator = estimator
        self.columns = columns

    def fit(self, X: Any, y: Any) -> Self:
        """Train on the other columns.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,)

        Raises
        ------
        InvalidInputError
            If a column is not there, or no column is left.
        """
        return self._learn(*check_classes(self, X, y))

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the probability of each class, of shape (n_rows, n_classes)."""
        seen = self._seen(X)
        return np.asarray(self.estimator_.predict_proba(seen), dtype=np.float64)

    def _default(self) -> Any:
        return LogisticRegression(max_iter=1000)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True  # what it does not see may be what matters
        return tags


class WithoutColumnsRegressor(RegressorMixin, _Blind):
    """A regression model that is trained without, and never looks at, some columns.

    Parameters
    ----------
    estimator : regressor, optional
        What is trained; by default a linear regression, which takes categorical columns.
    columns : sequence of int or str, default=(0,)
        As in :class:`WithoutColumns`.

    Attributes
    ----------
    estimator_ : regressor
        Fitted on the other columns.
    """

    def __init__(self, estimator: Any = None, columns: Sequence[int | str] = (0,)) -> None:
        self.estimator = estimator
        self.columns = columns

    def fit(self, X: Any, y: Any) -> Self:
        """Train on the other columns; see :meth:`WithoutColumns.fit`."""
        return self._learn(*check_values(self, X, y))

    def _default(self) -> Any:
        return LinearRegression()


def _one_each(argument: str, value: Any, n_columns: int) -> tuple[Any, ...]:
    values = (value,) * n_columns if isinstance(value, str | int | float) else tuple(value)
    if len(values) != n_columns:
        raise InvalidInputError(argument, f"one value, or {n_columns} of them", value)
    return values
