"""Permutation importance of the model's own answers, through scikit-learn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.explainer import Explainer, RowExplanation, View
from explaudit.explainers._background import draw_rows
from explaudit.explainers._settings import require_at_least
from explaudit.seeds import derive_seed

__all__ = ["PermutationImportance"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class PermutationImportance(Explainer):
    """Permutation importance: how far the model's answers move when one feature is shuffled.

    The score is the mean absolute change against the model's own answers to the rows as they are,
    in units of the answer. So no labels are needed, and what is measured is what the model uses,
    not what it gets right. The explanation is global: every row gets the same values, which are
    never negative.

    Parameters
    ----------
    n_repeats : int
        How often each feature is shuffled.
    n_rows : int
        Rows drawn from the background.

    Notes
    -----
    Source: Breiman 2001, "Random forests" (Machine Learning 45), section 10; model-agnostic:
    Fisher, Rudin and Dominici 2019, "All models are wrong, but many are useful" (JMLR 20),
    section 3; package scikit-learn, `permutation_importance`.
    """

    name: ClassVar[str] = "permutation_importance"
    source: ClassVar[str] = (
        "Breiman 2001 (Machine Learning 45); Fisher, Rudin and Dominici 2019 (JMLR 20); "
        "package scikit-learn"
    )

    n_repeats: int = 5
    n_rows: int = 500

    def __post_init__(self) -> None:
        require_at_least("n_repeats", self.n_repeats, 1)
        require_at_least("n_rows", self.n_rows, 2)

    def _explain(self, view: View, seed: int) -> list[RowExplanation]:
        from sklearn.inspection import permutation_importance

        from explaudit.explainers._estimator import QueryEstimator

        rows = draw_rows(view.background, self.n_rows, seed)
        found = permutation_importance(
            QueryEstimator(view.query),
            rows,
            view.query(rows),
            scoring=_closeness,
            n_repeats=self.n_repeats,
            random_state=derive_seed(seed, self.name),
        )
        return [RowExplanation(found.importances_mean)] * len(view.rows)


def _closeness(estimator: Any, X: Array, y: Array) -> float:
    """Score an estimator by minus its mean absolute distance from `y`."""
    return -float(np.abs(estimator.predict(X) - y).mean())
