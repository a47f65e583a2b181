"""What an explainer asks that stays on the data: real rows, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from explaudit.errors import InvalidInputError
from explaudit.points import Space
from explaudit_attacks.samplers.base import Matrix, Sampler, Sources

__all__ = ["RealNeighbours"]


@dataclass(frozen=True)
class RealNeighbours(Sampler):
    """Real rows near a real row.

    All of them equal real rows, so a gate that counts such queries as real
    (``relabel_real=True``) has nothing to learn and says so. One that counts them as queries
    learns at best to tell some real rows from others, and pays for each that it hides.

    Parameters
    ----------
    n_neighbours : int or None
        A query is drawn among so many nearest rows; None draws among all rows, which is what the
        explainers "twin_explanation", "neighbour_shap" and "neighbour_lime" ask.
    """

    name: ClassVar[str] = "real_neighbours"
    source: ClassVar[str] = "the explainers of explaudit that ask about real rows only"

    n_neighbours: int | None = None

    def __post_init__(self) -> None:
        if self.n_neighbours is not None and self.n_neighbours < 1:
            raise InvalidInputError("n_neighbours", "at least 1, or None", self.n_neighbours)

    def draw(
        self, rows: Matrix, categorical: tuple[int, ...], n_queries: int, rng: np.random.Generator
    ) -> tuple[Matrix, Sources]:
        """Draw rows, and for each a neighbour; see :meth:`Sampler.draw`."""
        source = rng.integers(len(rows), size=n_queries)
        if self.n_neighbours is None:
            return rows[rng.integers(len(rows), size=n_queries)], source
        from sklearn.neighbors import NearestNeighbors  # not at import time

        points = Space.of(rows, categorical).points(rows)
        index = NearestNeighbors(n_neighbors=min(self.n_neighbours, len(rows))).fit(points)
        near = index.kneighbors(points, return_distance=False)
        place = rng.integers(near.shape[1], size=n_queries)
        return rows[near[source, place]], source
