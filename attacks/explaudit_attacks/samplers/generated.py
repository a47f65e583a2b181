"""What an explainer asks whose perturbed rows a forest fills in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

import numpy as np

from explaudit.errors import InvalidInputError
from explaudit.explainers.forest_fill import ForestFill, uniform_masks
from explaudit_attacks._inputs import Mask
from explaudit_attacks.samplers.base import Matrix, Sampler, Sources
from explaudit_attacks.samplers.coalitions import coalition_masks

__all__ = ["GeneratedFill"]

Kept = Literal["coalitions", "uniform"]


@dataclass(frozen=True)
class GeneratedFill(Sampler):
    """Real rows of which a part is kept and a forest fills in the rest.

    The forest is the explainer's, learnt from the attacker's rows.

    Parameters
    ----------
    kept : {"coalitions", "uniform"}
        Which features are kept: KernelSHAP's coalitions, as the explainer "generated_shap" asks,
        or parts of an evenly drawn size, as "generated_lime" does.
    n_trees, min_leaf : int
        As for :class:`explaudit.explainers.forest_fill.ForestFill`.
    """

    name: ClassVar[str] = "generated_fill"
    source: ClassVar[str] = "the explainers generated_shap and generated_lime of explaudit"

    kept: Kept = "coalitions"
    n_trees: int = 30
    min_leaf: int = 10

    def __post_init__(self) -> None:
        if self.kept not in get_args(Kept):
            raise InvalidInputError("kept", f"one of {get_args(Kept)}", self.kept)
        for setting in ("n_trees", "min_leaf"):
            if getattr(self, setting) < 1:
                raise InvalidInputError(setting, "at least 1", getattr(self, setting))

    def draw(
        self, rows: Matrix, categorical: tuple[int, ...], n_queries: int, rng: np.random.Generator
    ) -> tuple[Matrix, Sources]:
        """Draw rows, what is kept of them, and the rest; see :meth:`Sampler.draw`."""
        generator = ForestFill(
            rows, n_trees=self.n_trees, min_leaf=self.min_leaf, seed=int(rng.integers(2**32))
        )
        source = rng.integers(len(rows), size=n_queries)
        masks, queries = self._masks(n_queries, rows.shape[1], rng), np.empty_like(rows[source])
        for i in np.unique(source):
            own = source == i
            queries[own] = generator.fill(rows[i], masks[own], rng)
        return queries, source

    def _masks(self, n_queries: int, n_features: int, rng: np.random.Generator) -> Mask:
        if self.kept == "uniform":
            return uniform_masks(n_queries, n_features, rng)
        masks = coalition_masks(n_features, 2 * n_features + 2**11, rng)
        return masks[rng.integers(len(masks), size=n_queries)]
