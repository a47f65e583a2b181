"""What LIME for tables asks: neighbours that owe little or nothing to the explained row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from explaudit_attacks.samplers.base import Matrix, Sampler, Sources, column_means_and_scales

__all__ = ["LimeDiscretised", "LimeGaussian"]


@dataclass(frozen=True)
class LimeGaussian(Sampler):
    """LIME without discretisation.

    Numeric columns are normal with the column's standard deviation, around its mean or around
    the explained row; categorical ones follow their frequencies.

    Parameters
    ----------
    around_instance : bool
        LIME's option ``sample_around_instance``.
    """

    name: ClassVar[str] = "lime_gaussian"
    source: ClassVar[str] = "lime 0.2.0.1, LimeTabularExplainer(discretize_continuous=False)"

    around_instance: bool = False

    def draw(
        self, rows: Matrix, categorical: tuple[int, ...], n_queries: int, rng: np.random.Generator
    ) -> tuple[Matrix, Sources]:
        """Draw neighbours; see :meth:`Sampler.draw`."""
        mean, scale = column_means_and_scales(rows)
        source = np.full(n_queries, -1, dtype=np.intp)
        centre: Any = mean
        if self.around_instance:
            source = rng.integers(len(rows), size=n_queries)
            centre = rows[source]
        queries = rng.normal(size=(n_queries, rows.shape[1])) * scale + centre
        for column in categorical:
            queries[:, column] = rng.choice(rows[:, column], size=n_queries)
        return queries, source


@dataclass(frozen=True)
class LimeDiscretised(Sampler):
    """LIME with its default discretisation.

    For each numeric column a quartile bin is drawn by its frequency, then a value from the normal
    with the bin's mean and standard deviation, cut off at its edges; categorical columns follow
    their frequencies. The values come from LIME's own discretiser, so they include that a bin of
    a single value yields 0 whatever the value.
    """

    name: ClassVar[str] = "lime_discretised"
    source: ClassVar[str] = "lime 0.2.0.1, LimeTabularExplainer(discretizer='quartile')"

    def draw(
        self, rows: Matrix, categorical: tuple[int, ...], n_queries: int, rng: np.random.Generator
    ) -> tuple[Matrix, Sources]:
        """Draw neighbours; see :meth:`Sampler.draw`."""
        from lime.discretize import QuartileDiscretizer  # not at import time

        names = [str(column) for column in range(rows.shape[1])]
        seed = int(rng.integers(2**32))
        discretiser = QuartileDiscretizer(rows, list(categorical), names, random_state=seed)
        bins = discretiser.discretize(rows)
        drawn = np.column_stack([rng.choice(column, size=n_queries) for column in bins.T])
        queries = np.asarray(discretiser.undiscretize(drawn), dtype=np.float64)
        return queries, np.full(n_queries, -1, dtype=np.intp)
