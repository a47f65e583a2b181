"""Taking features away: which, in what order, and what the model says of the rest.

A metric has an off-manifold and an on-manifold form, and the two differ in one thing alone: whether
the model is asked about rows with replaced values, or real rows that agree on what is kept stand
for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from explaudit.blocks import (
    answers_of_neighbours,
    answers_replaced,
    neighbours,
    prefix_masks,
    random_masks,
)
from explaudit.metrics.by_row import largest
from explaudit.metrics.material import Material
from explaudit.seeds import generator

__all__ = ["Manifold", "Removal", "each_without", "values_without"]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.intp]
Manifold = Literal["off", "on"]


@dataclass(frozen=True, eq=False)
class Removal:
    """Attributions to be judged by taking features away.

    Whatever is arbitrary (the order of features of equal magnitude, random subsets) goes by the
    features' names, so that the order of the columns changes no value.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_features)
        Attributions; 0 for a feature that has none.
    features : tuple of str
    material : Material
        About the same rows and features.
    manifold : {"off", "on"}
    """

    values: Array
    features: tuple[str, ...]
    material: Material
    manifold: Manifold

    @property
    def n_features(self) -> int:
        """How many features there are."""
        return len(self.features)

    @cached_property
    def magnitudes(self) -> Array:
        """Absolute attributions, (n_rows, n_features)."""
        return np.abs(self.values)

    @cached_property
    def shown(self) -> Masks:
        """Which rows have any attribution but zero, (n_rows,)."""
        return np.asarray((self.magnitudes > 0).any(axis=1), dtype=np.bool_)

    @cached_property
    def relative(self) -> Array:
        """Attributions in units of the row's largest magnitude, whose sums stay finite."""
        return np.where(self.shown[:, None], self.values / largest(self.values), 0.0)

    @cached_property
    def by_name(self) -> Positions:
        """Positions of the features in the order of their names, (n_features,)."""
        return np.array(sorted(range(self.n_features), key=self.features.__getitem__))

    @cached_property
    def places(self) -> Positions:
        """Where each feature stands in the order of names: undoes `by_name`."""
        return np.argsort(self.by_name)

    def ranked(self, scores: Array, sizes: Sequence[int]) -> Masks:
        """Return the features of highest score, (n_rows, n_sizes, n_features); never one of NaN."""
        return prefix_masks(scores[:, self.by_name], sizes)[..., self.places]

    def drawn(self, purpose: str, n_subsets: int, sizes: int | Sequence[int]) -> Masks:
        """Draw subsets that all rows share, (n_subsets, n_features), by the material's seed."""
        rng = generator(self.material.seed, "faithfulness", purpose)
        return random_masks(rng, n_subsets, self.n_features, sizes)[:, self.places]

    def sums(self, masks: Masks) -> Array:
        """Add up the relative attributions of subsets that all rows share, (n_rows, n_subsets)."""
        # not a product of matrices, whose rounding may depend on the rows beside
        found: Array = np.einsum("rf,sf->rs", self.relative, masks.astype(np.float64))
        return found

    def without(self, masks: Masks) -> Array:
        """Return the model's value without subsets; see :func:`values_without`."""
        return values_without(self.material, masks, self.manifold)


def values_without(material: Material, masks: Masks, manifold: Manifold) -> Array:
    """Return what the model is taken to say of rows without subsets of their features.

    Parameters
    ----------
    material : Material
    masks : ndarray of bool, shape (n_rows, n_subsets, n_features) or (n_subsets, n_features)
        True for what is taken away.
    manifold : {"off", "on"}
        "off": the model's answer with the reference in its place. "on": the mean answer to the
        real rows that are nearest on what is kept, without any query; of equally near ones the
        first are taken, so that real rows should stand in no order that means something.

    Returns
    -------
    ndarray of shape (n_rows, n_subsets)
        NaN where no real row may be a neighbour.

    Notes
    -----
    Source: off, removal by a baseline, as in Samek et al. 2017 (IEEE TNNLS 28); on, the nearest
    rows as an empirical conditional distribution, Aas, Jullum and Løland 2021 (Artificial
    Intelligence 298), section 3.
    """
    if manifold == "on":
        return answers_of_neighbours(material.real_answers, _neighbours(material, masks))
    return answers_replaced(material.query, material.rows, masks, material.reference)


def each_without(
    material: Material, masks: Masks, manifold: Manifold, reference: Array | None = None
) -> Array:
    """Return single answers rather than their mean; see :func:`values_without`.

    Parameters
    ----------
    material, masks, manifold
        See :func:`values_without`.
    reference : ndarray of shape (n_each, n_features) or (n_rows, n_each, n_features), optional
        Off-manifold, what takes the place of a subset, instead of the material's reference.

    Returns
    -------
    ndarray of shape (n_rows, n_subsets, n_each)
        NaN where there are fewer neighbours.
    """
    if manifold == "on":
        found = _neighbours(material, masks)
        return np.where(found >= 0, material.real_answers[found], np.nan)
    reference = material.reference if reference is None else reference
    return answers_replaced(material.query, material.rows, masks, reference, average=False)


def _neighbours(material: Material, masks: Masks) -> Positions:
    return neighbours(
        material.rows,
        masks,
        material.real_rows,
        material.distance,
        min(material.n_neighbours, len(material.real_rows)),
        allowed=material.allowed,
    )
