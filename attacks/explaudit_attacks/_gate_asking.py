"""Asking a fitted gate at a part of what scikit-learn takes, for the same answers to the bit.

A gate is most of what an attacked model costs, since every explanation asks it thousands of times.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier

from explaudit_attacks._boosted_tables import BoostedTables
from explaudit_attacks.samplers.base import Matrix

__all__ = ["GateAsker"]


class GateAsker:
    """Asks a gate for P(real).

    Histogram gradient boosting is asked by tables of its trees, and the trees of a random forest
    one after the other, without what scikit-learn spends on threads and checks in each call. Any
    other gate answers by its own `predict_proba`: a subclass of these two may do as it likes.

    Parameters
    ----------
    gate : classifier
        Fitted on matrices, with two classes of which the second is real.
    """

    def __init__(self, gate: Any) -> None:
        self._gate = gate
        # of subclasses nobody knows what they do with their trees
        self._is_forest = type(gate) is RandomForestClassifier and gate.n_jobs is None
        self._tables = _tables(gate) if type(gate) is HistGradientBoostingClassifier else None

    def __call__(self, rows: Matrix) -> npt.NDArray[np.float64]:
        """Return P(real), of shape (n_rows,), of rows of shape (n_rows, n_seen)."""
        if self._tables is not None:
            return np.asarray(expit(self._tables.score(rows)), dtype=np.float64)
        if self._is_forest:
            return self._by_trees(rows)
        return np.asarray(self._gate.predict_proba(rows), dtype=np.float64)[:, 1]

    def _by_trees(self, rows: Matrix) -> npt.NDArray[np.float64]:
        narrow = self._gate._validate_X_predict(rows)
        total = np.zeros(len(rows))
        for estimator in self._gate.estimators_:
            total += estimator.tree_.predict(narrow)[:, 1]
        return total / len(self._gate.estimators_)


def _tables(gate: HistGradientBoostingClassifier) -> BoostedTables | None:
    trees = [predictor.nodes for (predictor,) in gate._predictors]
    if not BoostedTables.covers(trees):
        return None
    return BoostedTables(trees, float(gate._baseline_prediction.item()))
