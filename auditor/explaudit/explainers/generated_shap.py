"""Shapley values over rows that a generator fills in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.explainer import RowExplainer, RowExplanation, View
from explaudit.explainers._coalition_values import Sampling, shapley_values
from explaudit.explainers._deduplicate import deduplicated
from explaudit.explainers._real_rows import RealRows
from explaudit.explainers._settings import require_at_least
from explaudit.explainers.forest_fill import ForestFill
from explaudit.seeds import derive_seed

__all__ = ["GeneratedShap"]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class GeneratedShap(RowExplainer):
    """Shapley values whose absent features are filled in by a forest, to look real.

    The value of a coalition is the mean answer to the explained row with all other features
    filled in by :class:`~explaudit.explainers.forest_fill.ForestFill`.

    Parameters
    ----------
    n_fills : int
        Filled rows for each coalition.
    nsamples : int or "auto"
        Coalitions for each explained row, as in :class:`KernelShap`.
    n_background : int
        Real rows, drawn from the background, that the generator learns from.
    n_trees, min_leaf : int
        As for :class:`~explaudit.explainers.forest_fill.ForestFill`.

    Notes
    -----
    The attributions add up to the row's answer less the mean answer to the background rows.
    Values are conditional up to what the forest knows, so that proxies get some credit.

    The rows look real only to those who do not know this generator: a model that was trained to
    recognise its rows can still answer them differently.

    Source: Vreš and Robnik-Šikonja 2022, "Preventing deception with explanation methods using
    focused sampling" (Data Mining and Knowledge Discovery), whose gSHAP is KernelSHAP on
    generated rows.
    """

    name: ClassVar[str] = "generated_shap"
    source: ClassVar[str] = "Vreš and Robnik-Šikonja 2022 (Data Mining and Knowledge Discovery)"

    n_fills: int = 5
    nsamples: Sampling = "auto"
    n_background: int = 2000
    n_trees: int = 30
    min_leaf: int = 10

    def __post_init__(self) -> None:
        for setting in ("n_fills", "n_background", "n_trees", "min_leaf"):
            require_at_least(setting, getattr(self, setting), 1)
        if self.nsamples != "auto":
            require_at_least("nsamples", self.nsamples, 2)

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        real = RealRows.ask(view, self.n_background, seed, self.name)
        generator = ForestFill(
            real.rows,
            n_trees=self.n_trees,
            min_leaf=self.min_leaf,
            seed=derive_seed(seed, self.name),
        )
        ask, empty = deduplicated(view.query), float(real.answers.mean())

        def explain_row(row: Array, own_seed: int) -> RowExplanation:
            rng = np.random.default_rng(derive_seed(own_seed, "fills"))

            def value(masks: Masks) -> Array:
                filled = generator.fill(row, np.repeat(masks, self.n_fills, axis=0), rng)
                return np.asarray(ask(filled).reshape(len(masks), self.n_fills).mean(axis=1))

            varying = (real.rows != row).any(axis=0)
            full = float(view.query(row)[0])
            values = shapley_values(value, varying, empty, full, self.nsamples, own_seed)
            return RowExplanation(values, empty)

        return explain_row
