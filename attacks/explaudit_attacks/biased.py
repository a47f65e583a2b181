"""Biased models f: what an adversary wants to hide."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier

from explaudit.errors import InvalidInputError
from explaudit_attacks._inputs import Mask, check_fit, check_rows, meets
from explaudit_attacks._rules import RuleClassifier
from explaudit_attacks.innocuous import WithoutColumns

__all__ = ["ScoreBias", "SensitiveRule"]


class SensitiveRule(RuleClassifier):
    """Decide by the sensitive feature alone.

    Source: the biased classifier of Slack et al., "Fooling LIME and SHAP", AIES 2020, section 4.

    Parameters
    ----------
    column : int or str, default=0
        The sensitive column, by position or, in a frame, by name.
    threshold : float, default=0.0
        For a numeric column.
    negative_when : str, default="above"
        Which rows get the negative class: those ``"above"`` or ``"below"`` the threshold, or, in
        a categorical column, those at the level of this name.
    """

    def __init__(
        self, column: int | str = 0, threshold: float = 0.0, negative_when: str = "above"
    ) -> None:
        self.column = column
        self.threshold = threshold
        self.negative_when = negative_when

    def _negative(self, X: Any) -> Mask:
        return meets(X, self.column, self.threshold, self.negative_when)


class ScoreBias(ClassifierMixin, BaseEstimator):
    """A trained score with a penalty on one group: bias whose strength is a dial.

    The score of a row is ``clip(p(x) - strength * [x in group], 0, 1)``, where p is a model
    trained on the labels.

    Parameters
    ----------
    estimator : classifier, optional
        What learns p; gradient boosted trees by default, which take categorical columns.
    column : int or str, default=0
        The sensitive column, by position or, in a frame, by name.
    threshold : float, default=0.0
        For a numeric column.
    negative_when : str, default="above"
        Who is in the penalised group, as in :class:`SensitiveRule`.
    strength : float, default=0.2
        What the group loses, in units of probability; 0 adds no bias, below 0 favours the group.
    sees_column : bool, default=True
        Whether p is trained with the sensitive column.
    positive_rate : float, optional
        Cut the scores where this share of the training rows is positive; by default at 0.5.
    random_state : int, RandomState or None, default=None
        For the default estimator.

    Attributes
    ----------
    estimator_ : classifier
        The fitted p.
    threshold_ : float
        A row is positive if its score is above.
    """

    def __init__(
        self,
        estimator: Any = None,
        column: int | str = 0,
        *,
        threshold: float = 0.0,
        negative_when: str = "above",
        strength: float = 0.2,
        sees_column: bool = True,
        positive_rate: float | None = None,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.column = column
        self.threshold = threshold
        self.negative_when = negative_when
        self.strength = strength
        self.sees_column = sees_column
        self.positive_rate = positive_rate
        self.random_state = random_state

    def fit(self, X: Any, y: Any) -> Self:
        """Train the score and find where to cut it.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,)

        Raises
        ------
        InvalidInputError
            If `positive_rate` is not between 0 and 1 or the column is unsuitable.
        """
        if self.positive_rate is not None and not 0 < self.positive_rate < 1:
            raise InvalidInputError("positive_rate", "a share between 0 and 1", self.positive_rate)
        X, y = check_fit(self, X, y)
        self.estimator_ = self._new_estimator().fit(X, y)
        self.threshold_ = 0.5
        if self.positive_rate is not None:
            self.threshold_ = float(np.quantile(self._score(X), 1 - self.positive_rate))
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return a label for each row, of shape (n_rows,)."""
        positive = self._score(check_rows(self, X)) > self.threshold_
        return np.asarray(self.classes_[positive.astype(np.intp)])

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the score of each class, of shape (n_rows, 2)."""
        score = self._score(check_rows(self, X))
        return np.column_stack([1.0 - score, score])

    def _new_estimator(self) -> Any:
        estimator = self.estimator
        if estimator is None:
            estimator = HistGradientBoostingClassifier(
                early_stopping=False, random_state=self.random_state
            )
        estimator = clone(estimator)
        return estimator if self.sees_column else WithoutColumns(estimator, (self.column,))

    def _score(self, X: Any) -> npt.NDArray[np.float64]:
        group = meets(X, self.column, self.threshold, self.negative_when)
        score = self.estimator_.predict_proba(X)[:, 1] - self.strength * group
        return np.asarray(np.clip(score, 0.0, 1.0), dtype=np.float64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.classifier_tags.poor_score = True  # the penalty overrides what was learnt
        return tags
