"""Weighted least squares over coalitions, under the constraint that attributions add up."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.linalg import LinAlgError, cho_factor, cho_solve

from explaudit.engines.kernel.coalitions import Coalitions

__all__ = ["KernelSystem", "tidied"]

Array = npt.NDArray[np.float64]

# of the smallest to the largest pivot; squared it is the reciprocal condition, which double
# precision no longer resolves below this
_SINGULAR_PIVOT = 1e-7
_ROUNDING_ERROR = 1e-10


class KernelSystem:
    """The regression of one set of coalitions, ready for any number of answers.

    Everything that does not depend on the model is computed once: a *problem*, which is one
    output of one explained row, costs one product with its answers and a small solve. Each is
    solved by itself, so that not even its rounding depends on the others.

    Parameters
    ----------
    coalitions : Coalitions

    Attributes
    ----------
    coalitions : Coalitions
    gram : ndarray of shape (n_features, n_features)
        ``Z' W Z`` of the masks ``Z`` and their weights ``W``.

    Notes
    -----
    The constraint ``sum(phi) = total`` is met by eliminating one feature, which leaves
    ordinary normal equations in the others.

    Source: Lundberg and Lee 2017 (NeurIPS), theorem 2.
    """

    def __init__(self, coalitions: Coalitions) -> None:
        self.coalitions = coalitions
        # not kept: it is large, and of use again only to rows that share these coalitions
        design = coalitions.masks.astype(np.float64)
        design *= np.sqrt(coalitions.weights)[:, None]
        self.gram: Array = design.T @ design

    @property
    def n_features(self) -> int:
        """Number of features that the coalitions are made of."""
        return self.coalitions.n_features

    @property
    def n_bytes(self) -> int:
        """The memory that the regression holds: the coalitions, and some matrices like `gram`."""
        return self.coalitions.masks.nbytes + 3 * self.gram.nbytes

    @property
    def is_singular(self) -> bool:
        """Whether the coalitions do not determine all attributions."""
        return self._factor is None

    def moments(self, answers: Array) -> Array:
        """Return ``Z' W y`` for each problem.

        Parameters
        ----------
        answers : ndarray of shape (n_problems, n_coalitions)
            What each coalition adds to the base value.

        Returns
        -------
        ndarray of shape (n_problems, n_features)
        """
        masks = self.coalitions.masks.astype(np.float64)
        product: Array = (answers * self.coalitions.weights)[:, None] @ masks
        return product[:, 0]

    def solve(self, moments: Array, totals: Array) -> Array:
        """Solve for all features.

        Where the coalitions do not determine the solution, the one of least norm is taken.

        Parameters
        ----------
        moments : ndarray of shape (n_problems, n_features)
        totals : ndarray of shape (n_problems,)
            What the attributions of each problem must add up to.

        Returns
        -------
        ndarray of shape (n_problems, n_features)
        """
        everything = np.arange(self.gram.shape[0])
        matrix, right = self._reduced(everything[None], moments, totals)
        if self._factor is None:
            others = (right[:, None] @ np.linalg.pinv(matrix[0], hermitian=True))[:, 0]
        else:
            others = np.array([cho_solve(self._factor, b, check_finite=False) for b in right])
        return _completed(others, totals)

    def solve_selected(
        self, selected: npt.NDArray[np.intp], moments: Array, totals: Array
    ) -> Array:
        """Solve for some features of each problem; the others get 0.

        Parameters
        ----------
        selected : ndarray of shape (n_problems, n_selected)
            Positions of the features, at least one.
        moments, totals
            As for :meth:`solve`.

        Returns
        -------
        ndarray of shape (n_problems, n_features)
        """
        matrix, right = self._reduced(selected, moments, totals)
        columns = right[..., None]
        try:
            others = np.linalg.solve(matrix, columns).astype(np.float64)
        except np.linalg.LinAlgError:
            others = np.linalg.pinv(matrix, hermitian=True) @ columns
        values = np.zeros_like(moments)
        np.put_along_axis(values, selected, _completed(others[..., 0], totals), axis=1)
        return values

    def _reduced(
        self, selected: npt.NDArray[np.intp], moments: Array, totals: Array
    ) -> tuple[Array, Array]:
        """Return the normal equations with each problem's last selected feature eliminated."""
        gram = self.gram[selected[:, :, None], selected[:, None, :]]
        last, corner = gram[:, :-1, -1], gram[:, -1, -1]
        matrix = gram[:, :-1, :-1] - last[:, :, None] - last[:, None, :] + corner[:, None, None]
        chosen = np.take_along_axis(
            moments, np.broadcast_to(selected, (len(moments), selected.shape[1])), axis=1
        )
        right = chosen[:, :-1] - chosen[:, -1:] - totals[:, None] * (last - corner[:, None])
        return matrix, right

    @cached_property
    def _factor(self) -> tuple[Array, bool] | None:
        n_features = self.gram.shape[0]
        nothing = np.zeros((1, n_features))
        matrix, _ = self._reduced(np.arange(n_features)[None], nothing, np.zeros(1))
        try:
            factor, lower = cho_factor(matrix[0], check_finite=False)
        except LinAlgError:
            return None
        pivots = np.diag(factor)
        return None if pivots.min() < _SINGULAR_PIVOT * pivots.max() else (factor, lower)


def tidied(values: Array) -> Array:
    """Return attributions with what is only rounding error, below 1e-10, set to exactly 0."""
    return np.where(np.abs(values) < _ROUNDING_ERROR, 0.0, values)


def _completed(others: Array, totals: Array) -> Array:
    """Append the eliminated feature: what is left of the total."""
    return np.concatenate([others, (totals - others.sum(axis=1))[:, None]], axis=1)
