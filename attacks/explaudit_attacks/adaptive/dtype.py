"""A gate that needs no training: values that a column cannot have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np

from explaudit.errors import InvalidInputError
from explaudit.scenario import Scenario
from explaudit_attacks.adaptive._gate import Gate, Probability
from explaudit_attacks.samplers.base import Matrix
from explaudit_attacks.scaffolding import ScaffoldingAttack

__all__ = ["DtypeAttack", "DtypeGate"]

#: How far from a whole number of steps a value may be, for rounding in scaled columns.
_TOLERANCE = 1e-3


class DtypeGate(Gate):
    """Take a row for a query if it has a value between those that its column can have.

    A column of whole numbers has steps of 1, a standardised one those steps scaled, a column of
    two values one step. Columns whose values do not lie on such a grid are not looked at.

    Attributes
    ----------
    origins_, steps_ : ndarray of shape (n_seen,)
        The grid of each column; the step is NaN where there is none.
    """

    def fit(self, X: Matrix, real: Any, sample_weight: Any = None) -> Self:
        """Find the grids of the real rows' columns; weights do not matter.

        Raises
        ------
        InvalidInputError
            If no column is on a grid.
        """
        del sample_weight
        rows = np.asarray(X, dtype=np.float64)[np.asarray(real, dtype=np.bool_)]
        self.origins_ = rows.min(axis=0)
        self.steps_ = np.array([_step(column) for column in rows.T])
        if np.isnan(self.steps_).all():
            raise InvalidInputError(
                "X", "a column of whole numbers, or on another grid", "none", "Use another gate."
            )
        return self

    def _probability_real(self, X: Matrix) -> Probability:
        steps = (X - self.origins_) / self.steps_
        off = np.abs(steps - np.rint(steps)) > _TOLERANCE  # never where the step is NaN
        return np.asarray(1.0 - off.any(axis=1), dtype=np.float64)


def _step(column: Matrix) -> float:
    """Return the distance of neighbouring values on the column's grid; NaN if it has no grid."""
    values = np.unique(column)
    if len(values) < 2:
        return float("nan")
    if (values == np.rint(values)).all():
        return 1.0
    gaps = np.diff(values)
    steps = gaps / gaps.min()
    return float(gaps.min()) if (np.abs(steps - np.rint(steps)) <= _TOLERANCE).all() else np.nan


@dataclass(frozen=True)
class DtypeAttack(ScaffoldingAttack):
    """Recognise queries by values that no real row can have, such as an age of 31.7 years.

    Nothing is learnt, and no fresh real row is ever suspected where the grids are complete. An
    explainer that only recombines real values passes too. The setting `gate` is not used, and the
    sampler serves to measure only.
    """

    name: ClassVar[str] = "dtype"
    source: ClassVar[str] = (
        "Slack et al., 'Fooling LIME and SHAP', AIES 2020, with a rule about data types for a gate"
    )

    n_queries: int | None = 1000

    def _gate_for(self, scenario: Scenario) -> Any:
        del scenario
        return DtypeGate()
