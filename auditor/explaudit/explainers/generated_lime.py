"""LIME on rows that a generator fills in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.explainer import RowExplainer, RowExplanation, View
from explaudit.explainers._background import draw_rows
from explaudit.explainers._deduplicate import deduplicated
from explaudit.explainers._settings import require_at_least, require_finite, require_positive
from explaudit.explainers._surrogate import local_design, local_surrogate
from explaudit.explainers.forest_fill import ForestFill, uniform_masks
from explaudit.points import Space
from explaudit.seeds import derive_seed

__all__ = ["GeneratedLime"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class GeneratedLime(RowExplainer):
    """LIME's ridge regression around the row, on rows that a forest fills in to look real.

    Each sample keeps a random part of the explained row, drawn by
    :func:`~explaudit.explainers.forest_fill.uniform_masks`, and has the rest filled in by
    :class:`~explaudit.explainers.forest_fill.ForestFill`. A numeric feature's attribution is its
    slope for one standard deviation, a categorical one's is what the row's own level adds.

    Parameters
    ----------
    num_samples : int
        Filled rows for each explained row.
    n_background : int
        Real rows, drawn from the background, that the generator learns from.
    n_trees, min_leaf : int
        As for :class:`~explaudit.explainers.forest_fill.ForestFill`.
    kernel_width : float or None
        Width of the exponential kernel; None is ``0.75 * sqrt(n_features)``.

    Notes
    -----
    The diagnostics are those of :class:`LimeTabular`: ``"r2"``, ``"intercept"`` and ``"ess"``.

    The rows look real only to those who do not know this generator: a model that was trained to
    recognise its rows can still answer them differently.

    Source: Vreš and Robnik-Šikonja 2022, "Preventing deception with explanation methods using
    focused sampling" (Data Mining and Knowledge Discovery), whose gLIME is LIME on generated rows.
    """

    name: ClassVar[str] = "generated_lime"
    source: ClassVar[str] = "Vreš and Robnik-Šikonja 2022 (Data Mining and Knowledge Discovery)"

    num_samples: int = 5000
    n_background: int = 2000
    n_trees: int = 30
    min_leaf: int = 10
    kernel_width: float | None = None

    def __post_init__(self) -> None:
        for setting in ("num_samples", "n_background", "n_trees", "min_leaf"):
            require_at_least(setting, getattr(self, setting), 1)
        if self.kernel_width is not None:
            require_positive("kernel_width", self.kernel_width)

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        require_finite(view, self.name)
        real = draw_rows(view.background, self.n_background, seed)
        space = Space.of(real, view.encoder.categorical)
        generator = ForestFill(
            real, n_trees=self.n_trees, min_leaf=self.min_leaf, seed=derive_seed(seed, self.name)
        )
        ask = deduplicated(view.query)

        def explain_row(row: Array, own_seed: int) -> RowExplanation:
            rng = np.random.default_rng(own_seed)
            filled = generator.fill(row, uniform_masks(self.num_samples, len(row), rng), rng)
            answers = ask(np.concatenate([row[np.newaxis], filled]))
            return local_surrogate(local_design(row, filled, space), answers, self.kernel_width)

        return explain_row
