"""Biased models of numbers and of several classes: what an adversary wants to hide there."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from explaudit_attacks._inputs import Mask, check_classes, check_rows, check_values, meets

__all__ = ["ClassBias", "ValueBias"]


class _GroupBias(BaseEstimator):
    """What models share that treat one group otherwise: who is in it, and by how much."""

    def __init__(
        self,
        estimator: Any = None,
        column: int | str = 0,
        *,
        threshold: float = 0.0,
        negative_when: str = "above",
        strength: float = 0.5,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.column = column
        self.threshold = threshold
        self.negative_when = negative_when
        self.strength = strength
        self.random_state = random_state

    def _group(self, X: Any) -> Mask:
        return meets(X, self.column, self.threshold, self.negative_when)

    def _learn(self, X: Any, y: Any, default: Any) -> Self:
        self._group(X)  # before anything is learnt in vain
        self.estimator_ = clone(default if self.estimator is None else self.estimator).fit(X, y)
        return self


class ValueBias(RegressorMixin, _GroupBias):
    """A trained number of which something is taken off for one group.

    Parameters
    ----------
    estimator : regressor, optional
        What learns the number; gradient boosted trees by default, which take categorical columns.
    column : int or str, default=0
        The sensitive column, by position or, in a frame, by name.
    threshold : float, default=0.0
        For a numeric column.
    negative_when : str, default="above"
        Who is in the group, as in :class:`explaudit_attacks.SensitiveRule`.
    strength : float, default=0.5
        What the group loses, in standard deviations of the training outcomes; 0 adds no bias,
        below 0 favours the group.
    random_state : int, RandomState or None, default=None
        For the default estimator.

    Attributes
    ----------
    estimator_ : regressor
        What learnt the number.
    loss_ : float
        What is taken off, in units of the outcome.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Learn the number and how much it varies.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,)

        Raises
        ------
        InvalidInputError
            If the column is unsuitable, or an outcome is not a finite number.
        """
        X, y = check_values(self, X, y)
        self.loss_ = float(self.strength * np.std(y))
        trees = HistGradientBoostingRegressor(early_stopping=False, random_state=self.random_state)
        return self._learn(X, y, trees)

    def predict(self, X: Any) -> npt.NDArray[np.float64]:
        """Return a number for each row, of shape (n_rows,)."""
        X = check_rows(self, X)
        return np.asarray(self.estimator_.predict(X) - self.loss_ * self._group(X))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True  # what is taken off overrides what was learnt
        return tags


class ClassBias(ClassifierMixin, _GroupBias):
    """A trained classifier that takes one group for the lowest class more often.

    For the group the first class's probability is raised by `strength`, to 1 at the most, and all
    others shrink in proportion. The label is the most probable class.

    Parameters
    ----------
    estimator : classifier, optional
        What learns the probabilities; gradient boosted trees by default.
    column, threshold, negative_when, random_state
        As in :class:`ValueBias`.
    strength : float, default=0.5
        In units of probability; 0 adds no bias, and below 0 the group's first class shrinks, to 0
        at the least.

    Attributes
    ----------
    estimator_ : classifier
        What learnt the probabilities.
    classes_ : ndarray of shape (n_classes,)
        The sorted labels; the first is the lowest.
    """

    def fit(self, X: Any, y: Any) -> Self:
        """Learn the probabilities.

        Parameters
        ----------
        X : DataFrame or array-like of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,)

        Raises
        ------
        InvalidInputError
            If the column is unsuitable.
        """
        X, y = check_classes(self, X, y)
        trees = HistGradientBoostingClassifier(early_stopping=False, random_state=self.random_state)
        return self._learn(X, y, trees)

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return the most probable class of each row, of shape (n_rows,)."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the probability of each class, of shape (n_rows, n_classes)."""
        X = check_rows(self, X)
        probabilities = np.array(self.estimator_.predict_proba(X), dtype=np.float64)
        lowest = probabilities[:, 0]
        raised = np.clip(lowest + self.strength * self._group(X), 0.0, 1.0)
        # where the lowest class had all, there is nothing to share out in proportion
        others = np.maximum(1.0 - lowest, np.finfo(np.float64).tiny)
        probabilities[:, 1:] *= ((1.0 - raised) / others)[:, None]
        probabilities[:, 0] = 1.0 - probabilities[:, 1:].sum(axis=1)
        return probabilities

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True  # what is added overrides what was learnt
        return tags
