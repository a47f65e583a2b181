"""Weighted ridge regressions of many explained rows, by normal equations."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from explaudit.engines.lime.blocks import less_first_row

__all__ = ["Fits", "Moments", "weighted_gram"]

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def weighted_gram(design: Array, answers: Array, weights: Array) -> Array:
    """Return all weighted sums of products of one explained row's regression.

    Parameters
    ----------
    design : ndarray of shape (n_samples, n_features)
    answers, weights : ndarray of shape (n_samples,)

    Returns
    -------
    ndarray of shape (n_features + 2, n_features + 2)
        Of the columns of `design`, a constant 1 and the answers, all but the constant as
        differences from the first row, the explained one: that keeps the sums small.
    """
    n_features = design.shape[1]
    roots = np.sqrt(weights)
    others = np.stack([roots, roots * (answers - answers[0])], axis=1)
    gram = np.zeros((n_features + 2, n_features + 2))
    for block, part in less_first_row(design):
        part *= roots[block, None]
        gram[:n_features, :n_features] += part.T @ part
        gram[:n_features, n_features:] += part.T @ others[block]
    gram[n_features:, :n_features] = gram[:n_features, n_features:].T
    gram[n_features:, n_features:] = others.T @ others
    return gram


@dataclass(frozen=True, eq=False)
class Fits:
    """Surrogates of some explained rows.

    Attributes
    ----------
    coefficients : ndarray of shape (n_rows, n_features)
    intercepts, local_predictions, r2 : ndarray of shape (n_rows,)
        `local_predictions` are the surrogates' own answers to the explained rows, `r2` the
        weighted coefficients of determination.
    """

    coefficients: Array
    intercepts: Array
    local_predictions: Array
    r2: Array

    @classmethod
    def empty(cls, n_rows: int, n_features: int) -> Fits:
        """Return memory for so many surrogates."""
        return cls(np.empty((n_rows, n_features)), *np.empty((3, n_rows)))

    def write(self, where: slice, others: Fits) -> None:
        """Write the surrogates of some rows."""
        self.coefficients[where], self.intercepts[where] = others.coefficients, others.intercepts
        self.local_predictions[where], self.r2[where] = others.local_predictions, others.r2


class Moments:
    """Centred moments of the regressions of some explained rows.

    Parameters
    ----------
    grams : ndarray of shape (n_rows, n_features + 2, n_features + 2)
        Of :func:`weighted_gram`.
    origins : ndarray of shape (n_rows, n_features)
        The first row of each design.
    answers : ndarray of shape (n_rows,)
        The answer to each explained row.

    Attributes
    ----------
    covariance : ndarray of shape (n_rows, n_features, n_features)
    cross : ndarray of shape (n_rows, n_features)
    variance : ndarray of shape (n_rows,)
        Sums, not means, of weighted squares and products about the weighted means; `cross` with
        the answers and `variance` of them.
    """

    def __init__(self, grams: Array, origins: Array, answers: Array) -> None:
        self.origins, self._answers = origins, answers
        n_features = origins.shape[1]
        ones = grams[:, n_features]
        self.total_weight = ones[:, n_features]
        means = ones / self.total_weight[:, None]
        self._means, self._shift = means[:, :n_features], means[:, -1]
        centred = grams - ones[:, :, None] * means[:, None, :]
        self.covariance: Array = centred[:, :n_features, :n_features]
        self.cross: Array = centred[:, :n_features, -1]
        self.variance: Array = np.maximum(centred[:, -1, -1], 0.0)

    @cached_property
    def everything(self) -> Flags:
        """All features of all rows."""
        return np.ones(self.cross.shape, dtype=np.bool_)

    def solve(self, selected: Flags, penalty: float) -> Array:
        """Return the coefficients of a ridge regression on the selected features, 0 elsewhere.

        Parameters
        ----------
        selected : ndarray of bool, shape (n_rows, n_features)
        penalty : float
            Positive.

        Returns
        -------
        ndarray of shape (n_rows, n_features)
        """
        both = selected[:, :, None] & selected[:, None, :]
        matrix = np.where(both, self.covariance, 0.0)
        matrix += penalty * np.eye(selected.shape[1])
        right = np.where(selected, self.cross, 0.0)
        return np.asarray(np.linalg.solve(matrix, right[..., None]))[..., 0]

    def fit(self, selected: Flags, penalty: float) -> Fits:
        """Fit ridge regressions to the selected features.

        Parameters
        ----------
        selected : ndarray of bool, shape (n_rows, n_features)
        penalty : float

        Returns
        -------
        Fits
        """
        slopes = self.solve(selected, penalty)
        at_row = self._answers + self._shift - np.sum(slopes * self._means, axis=1)
        explained = np.einsum("ij,ijk,ik->i", slopes, self.covariance, slopes)
        residual = self.variance - 2 * np.sum(slopes * self.cross, axis=1) + explained
        varies = self.variance > 0
        share = np.divide(residual, self.variance, out=np.zeros_like(residual), where=varies)
        return Fits(slopes, at_row - np.sum(slopes * self.origins, axis=1), at_row, 1.0 - share)
