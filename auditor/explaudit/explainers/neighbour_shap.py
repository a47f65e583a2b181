"""Conditional Shapley values from real rows alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.explainer import RowExplainer, RowExplanation, View
from explaudit.explainers._coalition_values import Sampling, shapley_values
from explaudit.explainers._real_rows import RealRows
from explaudit.explainers._settings import require_at_least

__all__ = ["NeighbourShap"]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]

# coalitions whose distances to all rows are in memory together
_TOGETHER = 256


@dataclass(frozen=True)
class NeighbourShap(RowExplainer):
    """On-manifold Shapley values: a coalition is worth what real rows like it are answered.

    The value of a coalition S is the mean answer to the real rows that are nearest to the
    explained row on the features of S. The model is asked about real rows only, so one that
    answers perturbed rows differently gains only what it does to real rows too.

    Parameters
    ----------
    n_neighbours : int
        Nearest rows for each coalition. Rows as near as the last one are taken too, so that the
        order of the background does not matter; on few levels that may be thousands.
    n_background : int
        Real rows, drawn from the background, that neighbours are looked for among.
    nsamples : int or "auto"
        Coalitions for each explained row, as in :class:`KernelShap`; they cost no queries.

    Notes
    -----
    The attributions add up to the row's answer less the mean answer to the background rows.
    The diagnostic ``"reach"`` is how far the farthest neighbour on all features is: root mean
    square of the differences, in standard deviations, where two levels differ by sqrt(2). Where
    it is large, there are no rows like the explained one, and its values mean little.

    Conditional Shapley values credit *proxies*: a feature that the model never reads gets its
    share if it tells something about one that it does read. What is credited is what the data
    and the model do together, not what the model reads. Nor is anything seen of what the model
    does to other rows than those asked.

    Source: Aas, Jullum and Løland 2021, "Explaining individual predictions when features are
    dependent" (Artificial Intelligence 298), the empirical conditional distribution, here with
    equal weights; Frye et al. 2021, "Shapley explainability on the data manifold" (ICLR), for
    on-manifold values and proxies.
    """

    name: ClassVar[str] = "neighbour_shap"
    source: ClassVar[str] = (
        "Aas, Jullum and Løland 2021 (Artificial Intelligence 298); Frye et al. 2021 (ICLR)"
    )

    n_neighbours: int = 20
    n_background: int = 2000
    nsamples: Sampling = "auto"

    def __post_init__(self) -> None:
        require_at_least("n_neighbours", self.n_neighbours, 1)
        require_at_least("n_background", self.n_background, 1)
        if self.nsamples != "auto":
            require_at_least("nsamples", self.nsamples, 2)

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        real = RealRows.ask(view, self.n_background, seed, self.name)
        empty, n = float(real.answers.mean()), min(self.n_neighbours, len(real.rows))

        def explain_row(row: Array, own_seed: int) -> RowExplanation:
            squares = real.space.squared_differences(row, real.rows)
            values = shapley_values(
                lambda masks: conditional_means(squares, masks, real.answers, n),
                np.any(squares > 0.0, axis=0),
                empty,
                float(view.query(row)[0]),
                self.nsamples,
                own_seed,
            )
            reach = np.sqrt(np.partition(squares.mean(axis=1), n - 1)[n - 1])
            return RowExplanation(values, empty, {"reach": float(reach)})

        return explain_row


def conditional_means(squares: Array, masks: Masks, answers: Array, n: int) -> Array:
    """Return the mean answer of the rows that are nearest on each coalition's features.

    Parameters
    ----------
    squares : ndarray of shape (n_rows, n_features)
        What each feature adds to each row's squared distance.
    masks : ndarray of bool, shape (n_coalitions, n_features)
    answers : ndarray of shape (n_rows,)
    n : int
        Rows to take; as many more as tie with the last of them.

    Returns
    -------
    ndarray of shape (n_coalitions,)
    """
    means = np.empty(len(masks))
    for start in range(0, len(masks), _TOGETHER):
        here = slice(start, start + _TOGETHER)
        distances = masks[here].astype(np.float64) @ squares.T
        reach = np.partition(distances, n - 1, axis=1)[:, n - 1 : n]
        # equally near rows must tie whatever rounding did to their sums
        near = distances <= reach * (1.0 + 1e-9) + 1e-12
        means[here] = (near @ answers) / near.sum(axis=1)
    return means
