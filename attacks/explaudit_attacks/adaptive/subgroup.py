"""A model that is biased in one subgroup only."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from explaudit_attacks._inputs import meets
from explaudit_attacks.biased import ScoreBias

__all__ = ["SubgroupBias"]


class SubgroupBias(ScoreBias):
    """A trained score with a penalty on the part of one group that is in another group too.

    Averages over all rows show little of such a bias.

    Parameters
    ----------
    estimator, column, threshold, negative_when, strength, sees_column, positive_rate, random_state
        As in :class:`explaudit_attacks.ScoreBias`.
    within : int or str, default=-1
        The column that says where the group is penalised.
    within_threshold : float, default=0.0
        For a numeric column.
    within_when : str, default="above"
        Where: ``"above"`` or ``"below"`` the threshold, or at this level of a categorical column.

    Attributes
    ----------
    estimator_ : classifier
        What learnt the score.
    threshold_ : float
        A row is positive if its score is above.
    """

    def __init__(
        self,
        estimator: Any = None,
        column: int | str = 0,
        *,
        threshold: float = 0.0,
        negative_when: str = "above",
        within: int | str = -1,
        within_threshold: float = 0.0,
        within_when: str = "above",
        strength: float = 0.5,
        sees_column: bool = True,
        positive_rate: float | None = None,
        random_state: Any = None,
    ) -> None:
        super().__init__(
            estimator,
            column,
            threshold=threshold,
            negative_when=negative_when,
            strength=strength,
            sees_column=sees_column,
            positive_rate=positive_rate,
            random_state=random_state,
        )
        self.within = within
        self.within_threshold = within_threshold
        self.within_when = within_when

    def _score(self, X: Any) -> npt.NDArray[np.float64]:
        score = self.estimator_.predict_proba(X)[:, 1]
        group = meets(X, self.column, self.threshold, self.negative_when)
        inside = meets(X, self.within, self.within_threshold, self.within_when)
        return np.asarray(np.clip(score - self.strength * (group & inside), 0.0, 1.0))
