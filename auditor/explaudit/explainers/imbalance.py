"""Imbalance: how unevenly each feature is distributed, whatever the model does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.explainer import Explainer, RowExplanation, View
from explaudit.explainers._settings import require_at_least, require_finite

__all__ = ["Imbalance"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Imbalance(Explainer):
    """One less the normalised entropy of each feature in the background: 0 even, 1 constant.

    A blind baseline: the model is never asked, so that whatever is done to the model leaves it
    as it was. The same for all rows.

    Parameters
    ----------
    n_bins : int
        Bins of equal width for a number. One with at most so many different values goes by its
        values, as a category goes by its levels.

    Notes
    -----
    Normalised by the logarithm of the number of bins, or of levels that occur. There is no base
    value.

    Source: one less the evenness of Pielou 1966, "The measurement of diversity in different types
    of biological collections" (Journal of Theoretical Biology 13), which is Shannon's entropy over
    its greatest possible value.
    """

    name: ClassVar[str] = "imbalance"
    source: ClassVar[str] = "Pielou 1966 (J. Theor. Biol. 13), evenness; control: data alone"

    n_bins: int = 10

    def __post_init__(self) -> None:
        require_at_least("n_bins", self.n_bins, 2)

    def _explain(self, view: View, seed: int) -> list[RowExplanation]:
        require_finite(view, self.name)
        values = np.array([
            1.0 - _evenness(self._counts(column, j in view.encoder.categorical))
            for j, column in enumerate(view.background.T)
        ])  # fmt: skip
        return [RowExplanation(values)] * len(view.rows)

    def _counts(self, column: Array, is_categorical: bool) -> npt.NDArray[np.intp]:
        values, counts = np.unique(column, return_counts=True)
        if is_categorical or len(values) <= self.n_bins:
            return counts
        return np.histogram(column, self.n_bins)[0]


def _evenness(counts: npt.NDArray[np.intp]) -> float:
    shares = counts[counts > 0] / counts.sum()
    # a constant feature counts as one of two levels, so that it is uneven rather than undefined
    greatest = np.log(max(len(counts), 2))
    return min(float(-(shares * np.log(shares)).sum() / greatest), 1.0)
