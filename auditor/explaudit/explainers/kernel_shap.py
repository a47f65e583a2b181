"""KernelSHAP, through the package shap."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from explaudit.errors import InvalidInputError
from explaudit.explainer import RowExplainer, RowExplanation, View
from explaudit.explainers._background import draw_rows, kmeans_summary
from explaudit.explainers._deduplicate import deduplicated
from explaudit.explainers._settings import require_at_least, require_choice, require_finite

__all__ = ["KernelShap"]

Array = npt.NDArray[np.float64]
Query = Callable[[Array], Array]
Background = Literal["kmeans", "rows"]
Link = Literal["identity", "logit"]

# "auto", which shap deprecates with a warning, was its default when LIME and SHAP were first fooled
_L1_REG = re.compile(r"aic|bic|auto|num_features\(\d+\)")


@dataclass(frozen=True)
class KernelShap(RowExplainer):
    """KernelSHAP: Shapley values by weighted regression over coalitions of features.

    All coalitions are enumerated while there are at most `nsamples` of them, which with
    ``nsamples="auto"`` is the case up to 11 varying features; above that they are sampled.

    Parameters
    ----------
    background : {"kmeans", "rows"}
        Where absent features take their values from: centres of k-means clusters of the
        background, or real rows drawn from it.
    n_background : int
        How many centres or rows.
    rounded : bool
        For "kmeans" only. True is `shap.kmeans`: coordinates moved to the nearest real value,
        centres weighted by cluster size. False is raw scikit-learn centres with equal weights.
    nsamples : int or "auto"
        Coalitions for each explained row; "auto" is ``2 * n_varying_features + 2048``.
    l1_reg : False, str or float
        shap's feature selection: False for none, ``"num_features(10)"`` is its default since
        0.47, ``"aic"``, ``"bic"``, or the alpha of a lasso. Selected-out features get 0.
    link : {"identity", "logit"}
        Whether attributions add up to the answer or to its log-odds.
    deduplicate : bool
        Ask the model only the distinct rows of each batch that shap makes. The result is the
        same for every model that scores rows one by one, at a fraction of the cost. Switch it
        off for a model that may look at the batch as a whole.

    Notes
    -----
    Each explained row has the diagnostic ``"n_asked"``: how many rows shap asked for, whereas
    `Attributions.n_queries` counts the rows that reached the model.

    shap takes a feature for unvarying, and gives it 0, if all its background values agree with
    the row's up to a relative difference of 1e-5 (`numpy.allclose`).

    Source: Lundberg and Lee 2017, "A unified approach to interpreting model predictions"
    (NeurIPS), section 4.1; package shap, `KernelExplainer`.
    """

    name: ClassVar[str] = "kernel_shap"
    source: ClassVar[str] = "Lundberg and Lee 2017 (NeurIPS), section 4.1; package shap"

    background: Background = "kmeans"
    n_background: int = 10
    rounded: bool = True
    nsamples: int | Literal["auto"] = "auto"
    l1_reg: bool | str | float = False
    link: Link = "identity"
    deduplicate: bool = True

    def __post_init__(self) -> None:
        require_choice("background", self.background, Background)
        require_choice("link", self.link, Link)
        require_at_least("n_background", self.n_background, 1)
        if self.nsamples != "auto":
            require_at_least("nsamples", self.nsamples, 2)
        if isinstance(self.l1_reg, str) and not _L1_REG.fullmatch(self.l1_reg):
            raise InvalidInputError(
                "l1_reg", "False, 'num_features(10)', 'aic', 'bic' or a number", self.l1_reg
            )

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        import shap

        query = _for_logit(view.query) if self.link == "logit" else view.query
        query = deduplicated(query) if self.deduplicate else query
        n_asked = 0

        def ask(matrix: Array) -> Array:
            nonlocal n_asked
            n_asked += len(matrix)
            return query(matrix)

        explainer = shap.KernelExplainer(ask, self._reference(view, seed), link=self.link)

        def explain_row(row: Array, own_seed: int) -> RowExplanation:
            before = n_asked
            values = explainer.shap_values(
                row, nsamples=self.nsamples, l1_reg=self.l1_reg, silent=True
            )
            return RowExplanation(
                values, float(explainer.expected_value), {"n_asked": float(n_asked - before)}
            )

        return explain_row

    def _reference(self, view: View, seed: int) -> Any:
        if self.background == "rows":
            return draw_rows(view.background, self.n_background, seed)
        require_finite(view, self.name)
        return kmeans_summary(view, self.n_background, rounded=self.rounded)


def _for_logit(query: Query) -> Query:
    """Wrap a model so that answers without finite log-odds are refused, with a remedy."""

    def ask(matrix: Array) -> Array:
        answers = query(matrix)
        if answers.min() <= 0.0 or answers.max() >= 1.0:
            raise InvalidInputError(
                "link",
                "answers strictly between 0 and 1 for 'logit'",
                f"answers from {answers.min():g} to {answers.max():g}",
                "Use link='identity'.",
            )
        return answers

    return ask
