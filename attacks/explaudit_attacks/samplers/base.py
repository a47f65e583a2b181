"""The sampler: what an attacker believes that an explainer will ask."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np
import numpy.typing as npt

__all__ = ["Matrix", "Sampler", "Sources", "column_means_and_scales"]

Matrix = npt.NDArray[np.float64]
Sources = npt.NDArray[np.intp]


class Sampler(ABC):
    """A law of queries, drawn to train a gate.

    A sampler is a frozen dataclass whose fields are its settings, JSON values all of them. It
    works on the encoded matrix, where a categorical feature is the code of its level.

    Attributes
    ----------
    name : str
        The name in the catalogue.
    source : str
        Which explainer asks so, or where the law was published.
    """

    name: ClassVar[str]
    source: ClassVar[str]

    @abstractmethod
    def draw(
        self,
        rows: Matrix,
        categorical: tuple[int, ...],
        n_queries: int,
        rng: np.random.Generator,
    ) -> tuple[Matrix, Sources]:
        """Draw queries like those that an explainer with these rows would send.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, n_features)
            Real rows: the explainer's training data or background, and the rows it explains.
        categorical : tuple of int
            Positions of the categorical features.
        n_queries : int
        rng : numpy.random.Generator

        Returns
        -------
        queries : ndarray of shape (n_queries, n_features)
        source : ndarray of int of shape (n_queries,)
            Which of `rows` each query perturbs; -1 where it perturbs none in particular.
        """

    def published_counts(self, n_rows: int) -> tuple[int, int]:
        """Return how often the published study repeats each real row, and its queries.

        The figures are those of its gate for KernelSHAP unless a sampler says otherwise.
        """
        return 10, 20_000


def column_means_and_scales(rows: Matrix) -> tuple[Matrix, Matrix]:
    """Return mean and standard deviation of each column, each of shape (n_features,).

    The deviation of a constant column counts as 1, as in scikit-learn's StandardScaler.
    """
    scale = rows.std(axis=0)
    return rows.mean(axis=0), np.where(np.ptp(rows, axis=0) == 0, 1.0, scale)
