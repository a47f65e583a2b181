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
        masks : ndarray of bool, shape (n_rows, n_subsets, n_features)
            True for what is imputed. A row's subsets are nested: of any two, one holds the other.

        Returns
        -------
        ndarray of shape (n_rows, n_subsets, n_features)
            Numbers as predicted, categories of the level with the highest prediction.

        Notes
        -----
        Minimising the ridge's squared error predicts ``S_gk (S_kk + penalty I)^-1 x_k`` for the
        gone columns g from the kept ones k. With columns in the order in which they go, the last
        first, the kept ones lead, and the Cholesky factor L of the whole of ``S + penalty I`` has
        that of their block in its corner: the prediction is ``L_gk z_k`` with ``z = L^-1 x``. So
        one factor and sums along its lines serve all subsets of a row.
        """
        gone = masks[:, :, self.owner]
        order = np.argsort(gone.sum(axis=1), axis=1, kind="stable")
        standard = (_columns(rows, self.owner, self.levels) - self.centre) / self.scale
        equations = self.covariance[order[:, :, None], order[:, None, :]]
        factor = np.linalg.cholesky(equations + _PENALTY * np.eye(len(self.owner)))
        given = np.take_along_axis(standard, order, axis=1)[:, :, None]
        added = factor * np.linalg.solve(factor, given).swapaxes(1, 2)
        sums = np.insert(np.cumsum(added, axis=2), 0, 0.0, axis=2)
        n_kept = (~gone).sum(axis=2)[:, None, :]
        found = np.take_along_axis(sums, n_kept, axis=2).swapaxes(1, 2)
        back = np.argsort(order, axis=1)[:, None, :]
        predicted = np.take_along_axis(found, back, axis=2) * self.scale + self.centre
        return np.where(masks, self._decoded(predicted), rows[:, None])

    def _decoded(self, predicted: Array) -> Array:
        """Turn columns back into features, (n_rows, n_subsets, n_features)."""
        n_features = int(self.owner[-1]) + 1
        found = np.empty((*predicted.shape[:-1], n_features))
        for j in range(n_features):
            own = np.flatnonzero(self.owner == j)
            likeliest = own[predicted[..., own].argmax(axis=-1)]
            numeric = np.isnan(self.levels[own[0]])
            found[..., j] = predicted[..., own[0]] if numeric else self.levels[likeliest]
        return found


def _columns(rows: Array, owner: Positions, levels: Array) -> Array:
    """Write features as columns, (n_rows, n_columns): numbers and indicators."""
    values = rows[:, owner]
    return np.where(np.isnan(levels), values, values == levels)
