"""Rows as points: how far apart two rows are when some of their features are levels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from explaudit.centres import spread

__all__ = ["Space"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Space:
    """Numbers in standard deviations of some reference rows, levels as one-hot codes.

    Attributes
    ----------
    mean, scale : ndarray of shape (n_features,)
        Of the reference rows; the scale of a constant column is 1.
    levels : dict of int to ndarray
        For each categorical column the codes that the reference rows hold, ascending.
    """

    mean: Array
    scale: Array
    levels: dict[int, Array]

    @classmethod
    def of(cls, rows: Array, categorical: Sequence[int]) -> Self:
        """Measure reference rows.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features)
        categorical : sequence of int
            Positions of the columns that hold codes of levels.
        """
        levels = {j: np.unique(rows[:, j]) for j in categorical}
        return cls(rows.mean(axis=0), spread(rows), levels)

    def points(self, rows: Array) -> Array:
        """Place rows in the space.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features)

        Returns
        -------
        ndarray of shape (n_rows, n_dimensions)
            First the numeric features, then one column for each level. A level that the
            reference rows do not hold has no column.
        """
        numeric = [j for j in range(rows.shape[1]) if j not in self.levels]
        scaled = (rows[:, numeric] - self.mean[numeric]) / self.scale[numeric]
        blocks = [(rows[:, [j]] == levels) * 1.0 for j, levels in self.levels.items()]
        return np.hstack([scaled, *blocks])

    def squared_differences(self, row: Array, rows: Array) -> Array:
        """Return what each feature adds to the squared distance of `rows` from one row.

        Parameters
        ----------
        row : ndarray of shape (n_features,)
        rows : ndarray of shape (n_rows, n_features)

        Returns
        -------
        ndarray of shape (n_rows, n_features)
            A level differs by the distance of two one-hot codes, whose square is 2.
        """
        squares: Array = ((rows - row) / self.scale) ** 2
        codes = list(self.levels)
        squares[:, codes] = 2.0 * (rows[:, codes] != row[codes])
        return squares
