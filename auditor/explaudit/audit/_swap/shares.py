"""Shares that sensitive features have of all credit, for a model and its twins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt

from explaudit.audit.gaps import LEAST_SPREAD

__all__ = ["Compared"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Compared:
    """Shares of the sensitive features; of models the audited one comes first, then its twins.

    Attributes
    ----------
    real : ndarray of shape (n_models, n_sensitive)
        The mean over the ways to explain that ask real rows only.
    shown : ndarray of shape (n_models, n_ways, n_sensitive)
        In each of the ways that perturb.
    """

    real: Array
    shown: Array

    @classmethod
    def of(cls, real: Array, perturbed: Array, columns: Sequence[int]) -> Self:
        """Compare sizes of attributions.

        Parameters
        ----------
        real, perturbed : ndarray of shape (n_models, n_ways, n_features)
            Of the first at least one way shows every feature; NaN where one does not.
        columns : sequence of int
            The sensitive features.
        """
        own, shown = (_shares(sizes)[:, :, list(columns)] for sizes in (real, perturbed))
        # which features a way shows depends on the rows alone, so that all models have the same
        return cls(np.nanmean(own, axis=1), shown)

    @property
    def drops(self) -> Array:
        """By how much shares drop from real rows to perturbed ones, shaped as `shown`."""
        return self.real[:, None] - self.shown

    @property
    def excess(self) -> Array:
        """By how much more the model's shares drop than its twins', (n_ways, n_sensitive)."""
        return _excess(self.drops)

    @property
    def spread(self) -> Array:
        """Standard error of `excess` if the model is one of the twins, shaped alike."""
        return _spread(self.drops)

    @property
    def scores(self) -> Array:
        """`excess` in its standard errors, or what the shares shown lack of the twins', if less.

        Twins are smoother than some models, and may miss what such a model does to real rows. Its
        drop is larger than theirs then, though it shows no less than they do.
        """
        lacking = -self.shown
        return np.minimum(self.excess / self.spread, _excess(lacking) / _spread(lacking))


def _excess(figures: Array) -> Array:
    return np.asarray(figures[0] - figures[1:].mean(axis=0))


def _spread(figures: Array) -> Array:
    n_twins = len(figures) - 1
    deviation = figures[1:].std(axis=0, ddof=1) + LEAST_SPREAD
    return np.asarray(deviation * np.sqrt(1.0 + 1.0 / n_twins))


def _shares(sizes: Array) -> Array:
    """Return each feature's share of the credit; 0 where nothing has any."""
    total = np.nansum(sizes, axis=-1, keepdims=True)
    return np.asarray(sizes / np.where(total > 0, total, 1.0))
