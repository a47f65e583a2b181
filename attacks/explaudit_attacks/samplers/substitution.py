"""Columns overwritten one by one: the published stand-in for KernelSHAP's queries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from explaudit_attacks.samplers.backgrounds import (
    Background,
    choose_background,
    validate_background,
)
from explaudit_attacks.samplers.base import Matrix, Sampler, Sources

__all__ = ["ColumnSubstitution"]


@dataclass(frozen=True)
class ColumnSubstitution(Sampler):
    """Real rows with columns replaced, each from a reference row of its own.

    With d features, d columns are drawn with replacement, so that about 64 % are touched. Real
    KernelSHAP differs: all replaced columns of a query come from one reference row.

    Parameters
    ----------
    background : {"kmeans", "rows", "all"}
        The reference rows: cluster centres, drawn rows, or every row.
    n_background : int
        How many centres or drawn rows.
    rounded : bool
        Whether centres are rounded to real values.
    n_published : int
        Queries under the published protocol: 20,000 there, 50,000 for German Credit.
    """

    name: ClassVar[str] = "column_substitution"
    source: ClassVar[str] = "Slack et al., AIES 2020, section 4: the gate for KernelSHAP"

    background: Background = "kmeans"
    n_background: int = 10
    rounded: bool = True
    n_published: int = 20_000

    def __post_init__(self) -> None:
        validate_background(self.background, self.n_background)

    def draw(
        self, rows: Matrix, categorical: tuple[int, ...], n_queries: int, rng: np.random.Generator
    ) -> tuple[Matrix, Sources]:
        """Draw rows and overwrite columns; see :meth:`Sampler.draw`."""
        reference = choose_background(
            rows, categorical, self.background, self.n_background, self.rounded, rng
        )
        n_features = rows.shape[1]
        shape = (n_queries, n_features)
        source = rng.integers(len(rows), size=n_queries)
        touched = np.zeros(shape, dtype=np.bool_)
        touched[np.arange(n_queries)[:, None], rng.integers(n_features, size=shape)] = True
        # a column drawn twice is overwritten twice: only the last draw is seen
        donors = rng.integers(len(reference), size=shape)
        return np.where(touched, reference[donors, np.arange(n_features)], rows[source]), source

    def published_counts(self, n_rows: int) -> tuple[int, int]:
        """Return ten copies of each row and the published number of queries."""
        return 10, self.n_published
