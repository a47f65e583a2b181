"""Linear imputation of some features from the others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from explaudit.centres import spread

__all__ = ["Imputer"]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]

# of the ridge, beside variances of 1: it keeps copies of a feature from making the equations
# singular, and takes a thousandth off what a single perfect copy would impute
_PENALTY = 1e-3


@dataclass(frozen=True, eq=False)
class Imputer:
    """Imputes features by ridge regression on those that are kept; build it with :meth:`of`.

    A numeric feature is one standardised column, a categorical one an indicator for each level.

    Attributes
    ----------
    owner : ndarray of int, shape (n_columns,)
        The feature that each column belongs to.
    levels : ndarray of shape (n_columns,)
        The level that a column indicates; NaN in a numeric column.
    centre, scale : ndarray of shape (n_columns,)
        What is taken off a column, and what it is then divided by.
    covariance : ndarray of shape (n_columns, n_columns)
        Of the columns in real rows.
    """

    owner: Positions
    levels: Array
    centre: Array
    scale: Array
    covariance: Array

    @classmethod
    def of(cls, real_rows: Array, categorical: Sequence[int]) -> Self:
        """Learn from real rows.

        Parameters
        ----------
        real_rows : ndarray of shape (n_real, n_features)
        categorical : sequence of int
            Positions of the categorical features.
        """
        columns = [
            (j, level)
            for j in range(real_rows.shape[1])
            for level in (np.unique(real_rows[:, j]).tolist() if j in categorical else [np.nan])
        ]
        owner = np.array([j for j, _ in columns], dtype=np.intp)
        levels = np.array([level for _, level in columns])
        raw = _columns(real_rows, owner, levels)
        centre, scale = raw.mean(axis=0), np.where(np.isnan(levels), spread(raw), 1.0)
        standard = (raw - centre) / scale
        return cls(owner, levels, centre, scale, standard.T @ standard / len(raw))

    def __call__(self, rows: Array, masks: Masks) -> Array:
        """Impute.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features)
        masks : ndarray of bool, shape (n_rows, n_features)
            True for what is imputed.

        Returns
        -------
        ndarray of shape (n_rows, n_features)
            Numbers as predicted, categories of the level with the highest prediction.

        Notes
        -----
        Minimising the ridge's squared error gives the coefficients ``(S_kk + penalty I)^-1 S_kg``
        of the kept columns k for the gone ones g. With zeros in place of what is gone, one batch
        of equations of equal size serves all rows.
        """
        kept = ~masks[:, self.owner]
        given = np.where(kept, (_columns(rows, self.owner, self.levels) - self.centre), 0.0)
        both = kept[:, :, None] & kept[:, None, :]
        equations = np.where(both, self.covariance, 0.0) + _PENALTY * np.eye(len(self.owner))
        solved = np.linalg.solve(equations, (given / self.scale)[:, :, None])[:, :, 0]
        predicted = np.einsum("rc,cd->rd", solved, self.covariance) * self.scale + self.centre
        return np.where(masks, self._decoded(predicted), rows)

    def _decoded(self, predicted: Array) -> Array:
        """Turn columns back into features, (n_rows, n_features)."""
        n_features = int(self.owner[-1]) + 1
        found = np.empty((len(predicted), n_features))
        for j in range(n_features):
            own = np.flatnonzero(self.owner == j)
            likeliest = own[predicted[:, own].argmax(axis=1)]
            numeric = np.isnan(self.levels[own[0]])
            found[:, j] = predicted[:, own[0]] if numeric else self.levels[likeliest]
        return found


def _columns(rows: Array, owner: Positions, levels: Array) -> Array:
    """Write features as columns, (n_rows, n_columns): numbers and indicators."""
    values = rows[:, owner]
    return np.where(np.isnan(levels), values, values == levels)
