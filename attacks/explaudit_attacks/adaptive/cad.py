"""Lies that a conditional anomaly detector takes for normal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, clone
from sklearn.frozen import FrozenEstimator
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from explaudit.errors import InvalidInputError
from explaudit.scenario import Scenario
from explaudit_attacks._tabular import as_numbers
from explaudit_attacks.scaffolding import ScaffoldingAttack

__all__ = ["CadAwareAttack", "CadConsistent"]


class CadConsistent(BaseEstimator):
    """An innocuous model that deviates from f only where f's neighbours would have it so.

    KNN-CAD calls an answer anomalous if the answers to the nearest real rows are others. So the
    innocuous model's label is given where it is the majority's among the nearest real rows, and
    f's own answer elsewhere.

    Parameters
    ----------
    innocuous : classifier
        Inside :class:`sklearn.frozen.FrozenEstimator` it is used as it is, else a clone is fitted.
    biased : classifier
        The fitted f.
    n_neighbors : int, default=15
        Real rows that vote.

    Attributes
    ----------
    innocuous_ : classifier
        The fitted innocuous model.
    neighbours_ : classifier
        The majority among the nearest real rows.
    classes_ : ndarray of shape (n_classes,)
        The labels.
    """

    def __init__(self, innocuous: Any, biased: Any, n_neighbors: int = 15) -> None:
        self.innocuous = innocuous
        self.biased = biased
        self.n_neighbors = n_neighbors

    def fit(self, X: Any, y: Any) -> Self:
        """Fit the innocuous model to `y`, and the vote to f's answers on the rows.

        Parameters
        ----------
        X : DataFrame or ndarray of shape (n_rows, n_columns)
        y : array-like of shape (n_rows,)
        """
        self.innocuous_ = clone(self.innocuous).fit(X, y)
        self.classes_ = self.innocuous_.classes_
        vote = make_pipeline(as_numbers(), KNeighborsClassifier(self.n_neighbors))
        self.neighbours_ = vote.fit(X, self.biased.predict(X))
        return self

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Return a label for each row, of shape (n_rows,)."""
        shown = self.innocuous_.predict(X)
        return np.asarray(np.where(self._normal(X, shown), shown, self.biased.predict(X)))

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Return the probability of each class, of shape (n_rows, n_classes)."""
        normal = self._normal(X, self.innocuous_.predict(X))
        shown, true = self.innocuous_.predict_proba(X), self.biased.predict_proba(X)
        return np.asarray(np.where(normal[:, None], shown, true), dtype=np.float64)

    def _normal(self, X: Any, labels: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        return np.asarray(self.neighbours_.predict(X) == labels, dtype=np.bool_)


@dataclass(frozen=True)
class CadAwareAttack(ScaffoldingAttack):
    """Show the innocuous model only where the nearest real rows make its answer look normal.

    Parameters
    ----------
    n_neighbors : int
        Real rows that vote on what is normal.
    """

    name: ClassVar[str] = "cad_aware"
    source: ClassVar[str] = (
        "against KNN-CAD of Carmichael & Scheirer, 'Unfooling perturbation-based post hoc "
        "explainers', AAAI 2023"
    )

    n_neighbors: int = 15

    def _innocuous_for(self, scenario: Scenario) -> Any:
        if scenario.output == "value":
            raise InvalidInputError(
                "scenario.output",
                "'label' or 'probability', since the detector that this evades is of classes",
                "value",
                "Take another attack.",
            )
        shown = super()._innocuous_for(scenario)
        return CadConsistent(shown, FrozenEstimator(scenario.model), self.n_neighbors)
