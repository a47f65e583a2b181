"""What an adversary prepares who knows the metrics by which explanations are judged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.errors import InvalidInputError
from explaudit_attacks._inputs import Mask, check_rows, meets
from explaudit_attacks._rules import RuleClassifier
from explaudit_attacks.samplers.base import Matrix, Sampler, Sources

__all__ = ["ReferenceSubstitution", "ScoreRule"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class ReferenceSubstitution(Sampler):
    """Real rows of which some features are replaced by their medians and commonest levels.

    How many is drawn evenly, from one to all of them, and then which: faithfulness metrics take
    away the most important features, the least important ones, or drawn ones, in any number.
    """

    name: ClassVar[str] = "reference_substitution"
    source: ClassVar[str] = (
        "the queries of faithfulness metrics, such as Bhatt, Weller and Moura 2020 (IJCAI)"
    )

    def draw(
        self, rows: Matrix, categorical: tuple[int, ...], n_queries: int, rng: np.random.Generator
    ) -> tuple[Matrix, Sources]:
        """Draw rows, and what is replaced of each; see :meth:`Sampler.draw`."""
        reference = np.median(rows, axis=0)
        for j in categorical:
            levels, counts = np.unique(rows[:, j], return_counts=True)
            reference[j] = levels[counts.argmax()]
        n_features = rows.shape[1]
        source = rng.integers(len(rows), size=n_queries)
        sizes = rng.integers(1, n_features + 1, size=n_queries)
        order = rng.random((n_queries, n_features)).argsort(axis=1).argsort(axis=1)
        return np.where(order < sizes[:, None], reference, rows[source]), source


class ScoreRule(RuleClassifier):
    """An additive score of a few features: of such a model all explainers say the same.

    The probability of the negative class is one half, plus the weight of each column that is above
    its threshold, less the weight of each that is not. A row is negative from one half on.

    Source: the unbiased classifiers of Slack et al., "Fooling LIME and SHAP", AIES 2020,
    section 4, in a graded form.

    Parameters
    ----------
    columns : sequence of int or str, default=(0,)
        Numeric columns, by position or, in a frame, by name.
    weights : sequence of float, default=(0.3,)
        One for each column; positive, and together at most one half.
    threshold : float, default=0.0
        For all columns.
    """

    def __init__(
        self,
        columns: Sequence[int | str] = (0,),
        weights: Sequence[float] = (0.3,),
        threshold: float = 0.0,
    ) -> None:
        self.columns = columns
        self.weights = weights
        self.threshold = threshold

    def predict_proba(self, X: Any) -> Array:
        """Return the score of each class, of shape (n_rows, 2)."""
        score = self._score(check_rows(self, X))
        return np.column_stack([score, 1.0 - score])

    def _negative(self, X: Any) -> Mask:
        return np.asarray(self._score(X) >= 0.5, dtype=np.bool_)

    def _score(self, X: Any) -> Array:
        if len(self.columns) != len(self.weights) or not self.columns:
            raise InvalidInputError("weights", f"one for each of {self.columns}", self.weights)
        if min(self.weights) <= 0 or sum(self.weights) > 0.5:
            raise InvalidInputError(
                "weights", "positive numbers that add up to at most one half", self.weights
            )
        signs = [
            np.where(meets(X, column, self.threshold, "above"), 1.0, -1.0)
            for column in self.columns
        ]
        return np.asarray(0.5 + np.asarray(self.weights) @ np.asarray(signs), dtype=np.float64)
