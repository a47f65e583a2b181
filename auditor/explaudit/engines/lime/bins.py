"""The bins of one numeric column, and values drawn inside them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri
from scipy.stats import truncnorm

__all__ = ["Bins"]

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

# lime adds this to the standard deviation of each bin, so that it is never 0
_SPREAD = 1e-11
# the inverse of the normal distribution loses digits in bins that hold less of it than this
_LEAST_MASS = 0.05


@dataclass(frozen=True, eq=False)
class Bins:
    """Bins of a column: a normal distribution, cut off at the edges, in each.

    Attributes
    ----------
    edges : ndarray of shape (n_bins - 1,)
        Inner edges; each belongs to the bin below it.
    means, spreads : ndarray of shape (n_bins,)
        Of the training values in each bin.
    low, high : ndarray of shape (n_bins,)
        Edges of each bin in units of `spreads` around `means`.
    """

    edges: Array
    means: Array
    spreads: Array
    low: Array
    high: Array

    @classmethod
    def of(cls, column: Array, edges: Array) -> Bins:
        """Compute the bins of a training column from their inner edges."""
        number = np.searchsorted(edges, column)
        inside = [column[number == b] for b in range(len(edges) + 1)]
        means = np.array([np.mean(values) if len(values) else 0.0 for values in inside])
        spreads = np.array([np.std(values) if len(values) else 0.0 for values in inside]) + _SPREAD
        low = (np.concatenate([[column.min()], edges]) - means) / spreads
        high = (np.concatenate([edges, [column.max()]]) - means) / spreads
        return cls(edges, means, spreads, low, high)

    def numbers(self, values: Array) -> Positions:
        """Return the number of each value's bin."""
        return np.searchsorted(self.edges, values)

    def draw(self, numbers: Positions, uniforms: Callable[[int], Array]) -> Array:
        """Draw a value inside each of some bins.

        Parameters
        ----------
        numbers : ndarray of shape (n,)
            The bins.
        uniforms : callable
            ``n -> (n,)`` uniform numbers; called once, for the bins that have a width.

        Returns
        -------
        ndarray of shape (n,)
            In the column's units. A bin without width, which is a lowest bin with one value, gives
            that value in units of the spread around the mean, so 0: lime's convention.
        """
        flat = self._is_flat[numbers]
        if not flat.any():
            return self._inside(numbers, uniforms(len(numbers)))
        drawn = self.low[numbers]
        wide = np.flatnonzero(~flat)
        drawn[wide] = self._inside(numbers[wide], uniforms(len(wide)))
        return drawn

    def _inside(self, numbers: Positions, uniform: Array) -> Array:
        drawn: Array = uniform * self._mass[numbers]
        drawn += self._below[numbers]
        ndtri(drawn, out=drawn)
        for bin_number in self._thin:
            here = np.flatnonzero(numbers == bin_number)
            low, high = self.low[bin_number], self.high[bin_number]
            drawn[here] = truncnorm.ppf(uniform[here], low, high)
        drawn *= self.spreads[numbers]
        drawn += self.means[numbers]
        return drawn

    @cached_property
    def _is_flat(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self.low == self.high)

    @cached_property
    def _below(self) -> Array:
        return np.asarray(ndtr(self.low))

    @cached_property
    def _mass(self) -> Array:
        return np.asarray(ndtr(self.high) - self._below)

    @cached_property
    def _thin(self) -> list[int]:
        thin = (self._mass < _LEAST_MASS) & ~self._is_flat
        return np.flatnonzero(thin).tolist()
