"""Shares that sensitive features have of all credit, for a model and its twins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from explaudit.audit.gaps import LEAST_SPREAD

__all__ = ["Compared", "Comparison", "Kind"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Kind:
    """Ways to explain that keep equally close to real rows, and what they give of every model.

    Attributes
    ----------
    label : str
        What to call them together.
    ways : tuple of str
        What to call each.
    sizes : ndarray of shape (n_models, n_ways, n_features)
        Of attributions, the audited model's first; NaN for a feature that a way does not show.
    """

    label: str
    ways: tuple[str, ...]
    sizes: Array


class Comparison(NamedTuple):
    """What is compared: a kind of ways with a way of another kind, farther from real rows."""

    closer: str
    farther: str
    way: str


@dataclass(frozen=True, eq=False)
class Compared:
    """Shares of the sensitive features; of models the audited one comes first, then its twins.

    Attributes
    ----------
    names : tuple of Comparison
    closer, farther : ndarray of shape (n_models, n_comparisons, n_sensitive)
        The mean share over the ways of the kind closer to real rows, and that in the other way.
    """

    names: tuple[Comparison, ...]
    closer: Array
    farther: Array

    @classmethod
    def of(cls, kinds: Sequence[Kind], columns: Sequence[int]) -> Self:
        """Compare every way with each kind that is closer to real rows than its own.

        Parameters
        ----------
        kinds : sequence of Kind
            Two at the least, the closest to real rows first. Of each but the last, at least one
            way shows every feature.
        columns : sequence of int
            The sensitive features.
        """
        shares = [_shares(kind.sizes)[:, :, list(columns)] for kind in kinds]
        # which features a way shows depends on the rows alone, so that all models have the same
        means = [np.nanmean(share, axis=1) for share in shares[:-1]]
        pairs = [(i, k) for k in range(1, len(kinds)) for i in range(k)]
        return cls(
            tuple(
                Comparison(kinds[i].label, kinds[k].label, way)
                for i, k in pairs
                for way in kinds[k].ways
            ),
            np.stack([means[i] for i, k in pairs for _ in kinds[k].ways], axis=1),
            np.concatenate([shares[k] for _, k in pairs], axis=1),
        )

    @property
    def excess(self) -> Array:
        """By how much more the model's shares drop than its twins', (n_comparisons, n_sensitive).

        They drop from the closer kind to the farther way.
        """
        return _excess(self.closer - self.farther)

    @property
    def spread(self) -> Array:
        """Standard error of `excess` if the model is one of the twins, shaped alike."""
        return _spread(self.closer - self.farther)

    @property
    def scores(self) -> Array:
        """`excess` in its standard errors, or what the farther share lacks of the twins', if less.

        Twins are smoother than some models, and may miss what such a model does to real rows. Its
        drop is larger than theirs then, though it shows no less than they do.
        """
        lacking = -self.farther
        return np.minimum(self.excess / self.spread, _excess(lacking) / _spread(lacking))

    def smallest(self, needed: float, probability: float) -> Array:
        """Return how much of a share must be hidden to be found so often, shaped as `excess`.

        Each twin in turn is the model, judged by the others; hidden is what its farther share is
        made less by. So nothing is assumed of how twins are spread, and both parts of the score
        count.

        Parameters
        ----------
        needed : float
            The score from which on something is found.
        probability : float
            In how many of the twins, as a share of them.
        """
        enough = []
        for i in range(1, len(self.closer)):
            order = [i, *(k for k in range(1, len(self.closer)) if k != i)]
            parts = ((self.closer - self.farther)[order], -self.farther[order])
            enough.append(np.maximum(*(needed * _spread(part) - _excess(part) for part in parts)))
        return np.asarray(np.quantile(enough, probability, axis=0, method="inverted_cdf"))


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
