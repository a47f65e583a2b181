"""Shapley values by permutations of the features, through the package shap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt

from explaudit.errors import InvalidInputError
from explaudit.explainer import RowExplainer, RowExplanation, View
from explaudit.explainers._background import draw_rows
from explaudit.explainers._settings import require_at_least
from explaudit.seeds import derive_seed

__all__ = ["PermutationShap"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PermutationShap(RowExplainer):
    """Shapley values by walking through random orders of the features, forwards and backwards.

    One order gives the exact values of a model whose features interact in pairs at most.

    Parameters
    ----------
    max_evals : int or "auto"
        Coalitions for each explained row, at least ``2 * n_features + 1``; "auto" is
        ``20 * n_features``, about ten orders.
    n_background : int
        Real rows, drawn from the background, that absent features take their values from.

    Notes
    -----
    Source: Štrumbelj and Kononenko 2014, "Explaining prediction models and individual predictions
    with feature contributions" (Knowledge and Information Systems 41), algorithm 1; the antithetic
    walk back: Mitchell et al. 2022, "Sampling permutations for Shapley value estimation" (JMLR
    23), section 2; package shap, `PermutationExplainer`.
    """

    name: ClassVar[str] = "permutation_shap"
    source: ClassVar[str] = (
        "Štrumbelj and Kononenko 2014 (KAIS 41); Mitchell et al. 2022 (JMLR 23); package shap"
    )

    max_evals: int | Literal["auto"] = "auto"
    n_background: int = 100

    def __post_init__(self) -> None:
        if self.max_evals != "auto":
            require_at_least("max_evals", self.max_evals, 3)
        require_at_least("n_background", self.n_background, 1)

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        import shap

        least = 2 * view.rows.shape[1] + 1
        max_evals = 20 * view.rows.shape[1] if self.max_evals == "auto" else self.max_evals
        if max_evals < least:
            raise InvalidInputError(
                "max_evals", f"at least 2 * n_features + 1 = {least}", max_evals
            )
        reference = draw_rows(view.background, self.n_background, seed)
        masker = shap.maskers.Independent(reference, max_samples=len(reference))
        explainer = shap.explainers.PermutationExplainer(
            view.query, masker, seed=derive_seed(seed, self.name)
        )

        def explain_row(row: Array, own_seed: int) -> RowExplanation:
            explanation = explainer(row[np.newaxis], max_evals=max_evals, silent=True)
            return RowExplanation(explanation.values[0], float(explanation.base_values[0]))

        return explain_row
