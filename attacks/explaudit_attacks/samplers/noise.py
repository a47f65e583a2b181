"""Gaussian noise around real rows: the published stand-in for LIME's queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from explaudit.errors import InvalidInputError
from explaudit_attacks.samplers.base import Matrix, Sampler, Sources, column_means_and_scales

__all__ = ["GaussianNoise"]


@dataclass(frozen=True)
class GaussianNoise(Sampler):
    """Real rows in turn, each with independent normal noise on every column.

    Parameters
    ----------
    scale : float
        Standard deviation of the noise, in standard deviations of the column.
    copies : int
        How often the published protocol repeats each real row, and perturbs it.
    """

    name: ClassVar[str] = "gaussian_noise"
    source: ClassVar[str] = "Slack et al., AIES 2020, section 4: the gate for LIME"

    scale: float = 0.3
    copies: int = 30

    def __post_init__(self) -> None:
        if self.scale <= 0:
            raise InvalidInputError("scale", "a positive number", self.scale)
        if self.copies < 1:
            raise InvalidInputError("copies", "at least 1", self.copies)

    def draw(
        self, rows: Matrix, categorical: tuple[int, ...], n_queries: int, rng: np.random.Generator
    ) -> tuple[Matrix, Sources]:
        """Perturb the rows in turn; see :meth:`Sampler.draw`."""
        source = np.arange(n_queries, dtype=np.intp) % len(rows)
        _, scales = column_means_and_scales(rows)
        noise = rng.normal(size=(n_queries, rows.shape[1])) * (self.scale * scales)
        return rows[source] + noise, source

    def published_counts(self, n_rows: int) -> tuple[int, int]:
        """Return the copies of each row, and as many perturbations of each."""
        return self.copies, self.copies * n_rows
