"""An additive surrogate of many models at once: what each feature does to their answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explaudit.encoding import Encoder

__all__ = ["Design"]

Array = npt.NDArray[np.float64]

#: With more features than this, each numeric one has a straight line only.
_FEW_FEATURES = 30
#: Ridge penalty on centred columns, in rows.
_PENALTY = 3.0


@dataclass(frozen=True, eq=False)
class Design:
    """The columns that a surrogate is linear in, centred on real rows.

    A numeric feature has its value and, where features are few, two hinges; a categorical one has
    a column for each level but the first.

    Attributes
    ----------
    owners : ndarray of shape (n_columns,)
        The feature that each column belongs to.
    """

    owners: npt.NDArray[np.intp]
    _encoder: Encoder
    _knots: tuple[Array, ...]
    _scales: Array
    _centre: Array

    @classmethod
    def of(cls, encoder: Encoder, real: Array) -> Design:
        """Lay the columns out by real rows.

        Parameters
        ----------
        encoder : Encoder
            Knows which features are categorical.
        real : ndarray of shape (n_rows, n_features)
        """
        n_knots = 2 if real.shape[1] <= _FEW_FEATURES else 0
        shares = np.linspace(0, 1, n_knots + 2)[1:-1]
        knots = tuple(np.unique(np.quantile(column, shares)) for column in real.T)
        scales = real.std(axis=0)
        scales[scales == 0] = 1.0
        empty = np.empty(0)
        plain = cls(np.empty(0, dtype=np.intp), encoder, knots, scales, empty)
        columns, owners = plain._columns(real)
        centre = columns.mean(axis=0)
        return cls(owners, encoder, knots, scales, centre)

    def columns(self, rows: Array) -> Array:
        """Return the columns of encoded rows, shape (n_rows, n_columns)."""
        return self._columns(rows)[0] - self._centre

    def fit(self, rows: Array, answers: Array) -> tuple[Array, Array]:
        """Fit one surrogate to each column of answers, all in one solve.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features)
        answers : ndarray of shape (n_rows, n_models)

        Returns
        -------
        intercepts : ndarray of shape (n_models,)
        coefficients : ndarray of shape (n_columns, n_models)
        """
        columns = self.columns(rows)
        means, level = columns.mean(axis=0), answers.mean(axis=0)
        centred = columns - means
        gram = centred.T @ centred
        gram[np.diag_indices_from(gram)] += _PENALTY
        coefficients = np.linalg.solve(gram, centred.T @ (answers - level))
        return level - means @ coefficients, coefficients

    def _columns(self, rows: Array) -> tuple[Array, npt.NDArray[np.intp]]:
        blocks = [self._main(rows[:, j], j) for j in range(rows.shape[1])]
        owners = [np.full(block.shape[1], j) for j, block in enumerate(blocks)]
        return np.column_stack(blocks), np.concatenate(owners)

    def _main(self, column: Array, j: int) -> Array:
        levels = self._encoder.features[j].levels
        if levels is not None:
            return np.asarray(column[:, None] == np.arange(1, len(levels)), dtype=np.float64)
        hinges = np.maximum(column[:, None] - self._knots[j], 0.0)
        return np.asarray(np.column_stack([column, hinges]) / self._scales[j])
