"""Several laws at once: an attack that is ready for several explainers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from explaudit.errors import InvalidInputError
from explaudit_attacks._parts import resolve
from explaudit_attacks.samplers.base import Matrix, Sampler, Sources

__all__ = ["Union"]


@dataclass(frozen=True)
class Union(Sampler):
    """Equally many queries of each of several samplers.

    Parameters
    ----------
    samplers : sequence of Sampler, str or mapping
        The samplers themselves, their names, or mappings ``{"name": ..., "settings": {...}}``.
    """

    name: ClassVar[str] = "union"
    source: ClassVar[str] = "explaudit: a gate for several explainers"

    samplers: Sequence[Sampler | str | Mapping[str, Any]]

    def __post_init__(self) -> None:
        if isinstance(self.samplers, str) or not self.samplers:
            raise InvalidInputError("samplers", "at least one sampler, in a list", self.samplers)

    def draw(
        self, rows: Matrix, categorical: tuple[int, ...], n_queries: int, rng: np.random.Generator
    ) -> tuple[Matrix, Sources]:
        """Draw from each sampler; see :meth:`Sampler.draw`."""
        shares = [len(part) for part in np.array_split(np.arange(n_queries), len(self.samplers))]
        drawn = [
            resolve("samplers", sampler).draw(rows, categorical, share, rng)
            for sampler, share in zip(self.samplers, shares, strict=True)
        ]
        queries, sources = zip(*drawn, strict=True)
        return np.concatenate(queries), np.concatenate(sources)
