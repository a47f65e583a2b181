"""Amplitudes of partial dependence and of individual conditional expectation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.explainer import Explainer, RowExplainer, RowExplanation, View
from explaudit.explainers._background import draw_rows
from explaudit.explainers._settings import require_at_least

__all__ = ["IceAmplitude", "PartialDependenceAmplitude"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PartialDependenceAmplitude(Explainer):
    """How far the mean answer moves as one feature goes through its values.

    The attribution is the greatest less the least value of the feature's partial dependence, in
    units of the answer. The explanation is global: every row gets the same values, which are
    never negative.

    Parameters
    ----------
    grid_resolution : int
        Values of each numeric feature: all that occur in the background, or that many of its
        quantiles, from the least to the greatest, if there are more. A categorical feature goes
        through all levels that occur.
    n_rows : int
        Rows drawn from the background to take the mean over.

    Notes
    -----
    Source: Friedman 2001, "Greedy function approximation" (Annals of Statistics 29), section
    8.2; as an importance: Greenwell, Boehmke and McCarthy 2018, "A simple and effective
    model-based variable importance measure" (arXiv 1805.04755), whose measure for categorical
    features is a quarter of this range; package scikit-learn, `partial_dependence`.
    """

    name: ClassVar[str] = "partial_dependence"
    source: ClassVar[str] = (
        "Friedman 2001 (Annals of Statistics 29), section 8.2; Greenwell et al. 2018 "
        "(arXiv 1805.04755); package scikit-learn"
    )

    grid_resolution: int = 20
    n_rows: int = 200

    def __post_init__(self) -> None:
        require_at_least("grid_resolution", self.grid_resolution, 2)
        require_at_least("n_rows", self.n_rows, 1)

    def _explain(self, view: View, seed: int) -> list[RowExplanation]:
        from sklearn.inspection import partial_dependence

        from explaudit.explainers._estimator import QueryEstimator

        rows = draw_rows(view.background, self.n_rows, seed)
        estimator = QueryEstimator(view.query)
        curves = [
            partial_dependence(
                estimator, rows, [j], method="brute", kind="average", custom_values={j: grid}
            ).average
            for j, grid in enumerate(_grids(view, self.grid_resolution))
        ]
        values = np.array([np.ptp(curve) for curve in curves])
        return [RowExplanation(values)] * len(view.rows)


@dataclass(frozen=True)
class IceAmplitude(RowExplainer):
    """How far a row's answer moves as one of its features goes through its values.

    The attribution is the greatest less the least value of the row's curve of individual
    conditional expectation, in units of the answer: it is never negative.

    Parameters
    ----------
    grid_resolution : int
        As for :class:`PartialDependenceAmplitude`.

    Notes
    -----
    All curves of a row are asked in one query. scikit-learn draws its grid from the rows that it
    explains, so that one row has no grid; the curves here are computed directly.

    Source: Goldstein et al. 2015, "Peeking inside the black box" (Journal of Computational and
    Graphical Statistics 24), section 3.
    """

    name: ClassVar[str] = "ice"
    source: ClassVar[str] = "Goldstein et al. 2015 (J. Comput. Graph. Stat. 24), section 3"

    grid_resolution: int = 20

    def __post_init__(self) -> None:
        require_at_least("grid_resolution", self.grid_resolution, 2)

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        grids = _grids(view, self.grid_resolution)
        lengths = [len(grid) for grid in grids]
        replaced = np.repeat(np.arange(len(grids)), lengths)
        starts = np.cumsum([0, *lengths[:-1]])
        values = np.concatenate(grids)

        def explain_row(row: Array, own_seed: int) -> RowExplanation:
            table = np.tile(row, (len(replaced), 1))
            table[np.arange(len(replaced)), replaced] = values
            curves = view.query(table)
            highest, lowest = (ufunc.reduceat(curves, starts) for ufunc in (np.maximum, np.minimum))
            return RowExplanation(highest - lowest)

        return explain_row


def _grids(view: View, resolution: int) -> list[Array]:
    """Return for each feature the values that it goes through, all of them real."""
    grids = []
    for j, column in enumerate(view.background.T):
        values = np.unique(column)
        if len(values) > resolution and j not in view.encoder.categorical:
            levels = np.linspace(0.0, 1.0, resolution)
            values = np.unique(np.quantile(column, levels, method="inverted_cdf"))
        grids.append(values)
    return grids
