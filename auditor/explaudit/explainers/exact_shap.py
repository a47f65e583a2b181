"""Exact Shapley values by enumeration, through the package shap."""

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

__all__ = ["ExactShap"]

Array = npt.NDArray[np.float64]

_MAX_FEATURES = 15


@dataclass(frozen=True)
class ExactShap(RowExplainer):
    """Exact Shapley values: every coalition of the features is asked.

    The cost for each explained row is up to ``2**n_features * n_background`` queries, so tables
    of more than 15 features are refused.

    Parameters
    ----------
    n_background : int
        Real rows, drawn from the background, that absent features take their values from.

    Notes
    -----
    Source: Shapley 1953, "A value for n-person games", with the interventional game of Lundberg
    and Lee 2017 (NeurIPS), equation 4; package shap, `ExactExplainer`.
    """

    name: ClassVar[str] = "exact_shap"
    source: ClassVar[str] = "Shapley 1953; Lundberg and Lee 2017 (NeurIPS), eq. 4; package shap"

    n_background: int = 10

    def __post_init__(self) -> None:
        require_at_least("n_background", self.n_background, 1)

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        import shap

        if view.rows.shape[1] > _MAX_FEATURES:
            raise InvalidInputError(
                "scenario",
                f"at most {_MAX_FEATURES} features for {self.name!r}",
                f"{view.rows.shape[1]} features",
                "Use 'kernel_shap' or 'permutation_shap', or group columns into fewer features.",
            )
        reference = draw_rows(view.background, self.n_background, seed)
        masker = shap.maskers.Independent(reference, max_samples=len(reference))
        explainer = shap.explainers.ExactExplainer(view.query, masker)

        def explain_row(row: Array, own_seed: int) -> RowExplanation:
            explanation = explainer(row[np.newaxis], silent=True)
            return RowExplanation(explanation.values[0], float(explanation.base_values[0]))

        return explain_row
