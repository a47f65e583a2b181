"""The common part of gates that adaptive attackers use: from P(real) to scikit-learn's form."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, clone

from explaudit_attacks.gates import hist_boosting
from explaudit_attacks.samplers.base import Matrix

__all__ = ["Gate", "Probability", "WrappedGate"]

Probability = npt.NDArray[np.float64]


class Gate(BaseEstimator, ABC):
    """What tells real rows from queries, in the form that a scaffold asks for.

    Attributes
    ----------
    judges_batches : bool
        Whether a row's answer depends on the batch that it comes in.
    """

    judges_batches: ClassVar[bool] = False

    @abstractmethod
    def fit(self, X: Matrix, real: Any, sample_weight: Any = None) -> Self:
        """Learn from rows of which it is known whether they are real.

        Parameters
        ----------
        X : ndarray of shape (n_rows, n_seen)
        real : array-like of bool of shape (n_rows,)
        sample_weight : array-like of shape (n_rows,), optional
        """

    @abstractmethod
    def _probability_real(self, X: Matrix) -> Probability:
        """Return P(real) of each row, of shape (n_rows,)."""

    def predict_proba(self, X: Matrix) -> Probability:
        """Return the probabilities of "query" and "real", of shape (n_rows, 2)."""
        real = self._probability_real(np.asarray(X, dtype=np.float64))
        return np.column_stack([1.0 - real, real])


class WrappedGate(Gate):
    """A gate that leaves the learning to another one.

    Attributes
    ----------
    gate_ : classifier
        The fitted other gate.
    """

    gate: Any

    def fit(self, X: Matrix, real: Any, sample_weight: Any = None) -> Self:
        """Fit the other gate; see :meth:`Gate.fit`."""
        gate = hist_boosting() if self.gate is None else self.gate
        self.gate_ = clone(gate).fit(X, real, sample_weight=sample_weight)
        return self

    def _learnt(self, X: Matrix) -> Probability:
        """Return what the other gate says, of shape (n_rows,)."""
        return np.asarray(self.gate_.predict_proba(X), dtype=np.float64)[:, 1]
