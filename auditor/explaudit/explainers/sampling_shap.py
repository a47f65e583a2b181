"""Shapley sampling values, through the package shap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.errors import InvalidInputError
from explaudit.explainer import RowExplainer, RowExplanation, View
from explaudit.explainers._background import draw_rows
from explaudit.explainers._settings import require_at_least

__all__ = ["SamplingShap"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class SamplingShap(RowExplainer):
    """Shapley values by sampling: one random coalition and one background row at a time.

    Parameters
    ----------
    nsamples : int
        Sampled differences for each explained row, over all features together; each costs two
        queries. At least two for each feature.
    n_background : int
        Real rows, drawn from the background, that absent features take their values from. All of
        them are asked once, for the base value.

    Notes
    -----
    Source: Štrumbelj and Kononenko 2010, "An efficient explanation of individual classifications
    using game theory" (JMLR 11), algorithm 1; package shap, `SamplingExplainer`, which spends
    half of the samples where the variance is largest and corrects the sum.
    """

    name: ClassVar[str] = "sampling_shap"
    source: ClassVar[str] = "Štrumbelj and Kononenko 2010 (JMLR 11), algorithm 1; package shap"

    nsamples: int = 2000
    n_background: int = 100

    def __post_init__(self) -> None:
        require_at_least("nsamples", self.nsamples, 2)
        require_at_least("n_background", self.n_background, 1)

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        import shap

        n_features = view.rows.shape[1]
        if self.nsamples < 2 * n_features:
            raise InvalidInputError(
                "nsamples", f"at least {2 * n_features}, two for each feature", self.nsamples
            )
        reference = draw_rows(view.background, self.n_background, seed)
        explainer = shap.explainers.SamplingExplainer(view.query, reference)
        return lambda row, own_seed: RowExplanation(
            explainer.shap_values(row, nsamples=self.nsamples, silent=True),
            float(explainer.expected_value),
        )
