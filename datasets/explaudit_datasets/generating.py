"""The generating function of synthetic data: a known probability of the favourable outcome.

Every column but the group is bounded, so that the score can be turned into a probability by a
straight line: effects and Shapley values then have closed forms on the very scale that an
explainer explains.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit_datasets.errors import DataError

__all__ = ["BOUND", "SENSITIVE", "Form", "GeneratingFunction"]

Form = Literal["linear", "threshold", "xor"]
SENSITIVE = "group"
# A uniform variable on [-BOUND, BOUND] has variance one.
BOUND = math.sqrt(3.0)
# The most that |rho| + sqrt(1 - rho**2) * BOUND can be, over all rho.
_PROXY_BOUND = 2.0

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True)
class GeneratingFunction:
    """The probability of the favourable outcome, as a function of a table.

    With the group s in {0, 1}, the other columns x_j with weights w_j, and u = x_1 / sqrt(3) in
    [-1, 1] for the first feature, the score is ::

        score = sensitive_effect * (s - 1/2) * modulation + sum_j w_j x_j

    where the modulation is ``1 + interaction * u``, times the sign of x_1 for "xor". The
    probability before noise is ``1/2 + score / (2 B)`` for "linear", B being a bound of the
    score, and ``score > 0`` for "threshold" and "xor". Noise flips an outcome with
    probability `noise`, so that the probability becomes ``noise + (1 - 2 noise) * probability``.

    Attributes
    ----------
    weights : mapping of str to float
        The weight of every column but "group", "feature_1" among them. Columns named
        "proxy_..." lie in [-2, 2], the others in [-sqrt(3), sqrt(3)].
    sensitive_effect : float
        Weight of the sensitive column; positive favours group 1.
    interaction : float in [-1, 1]
        How much the first feature changes the effect of the sensitive one.
    noise : float in [0, 0.5)
        Probability that an outcome is flipped.
    form : {"linear", "threshold", "xor"}
        See above.
    """

    weights: Mapping[str, float]
    sensitive_effect: float = 1.0
    interaction: float = 0.0
    noise: float = 0.0
    form: Form = "linear"

    def __call__(self, frame: pd.DataFrame) -> Vector:
        """Return the probability of the favourable outcome of every row.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)
            Columns in any order.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        return self._probability(frame, np.asarray(frame[SENSITIVE], dtype=np.float64))

    def effect(self, frame: pd.DataFrame) -> Vector:
        """Return the exact direct effect of the sensitive feature on every row.

        It is the probability with the row's group set to 1 less that with it set to 0, all other
        columns left as they are.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)
            Every column within the range that it is drawn from.

        Returns
        -------
        ndarray of shape (n_rows,)
        """
        if self.form == "linear":  # the closed form: the rest of the score cancels
            scale = (1 - 2 * self.noise) / (2 * self.bound)
            return np.asarray(self.sensitive_effect * scale * self._modulation(frame))
        ones, zeros = np.ones(len(frame)), np.zeros(len(frame))
        return self._probability(frame, ones) - self._probability(frame, zeros)

    def shapley_values(self, frame: pd.DataFrame, background: pd.DataFrame) -> pd.DataFrame:
        """Return exact interventional Shapley values, for the linear form without interaction.

        For a linear function the value of column j is its coefficient times the distance of x_j
        from the mean of the background, whatever the dependence between columns.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)
            The rows to explain.
        background : DataFrame of shape (n_background, n_columns)
            The rows that absent columns take their values from.

        Returns
        -------
        DataFrame of shape (n_rows, n_columns)
            In units of probability, with the rows and columns of `frame`.

        Raises
        ------
        DataError
            If the function is not linear.

        Notes
        -----
        Source: Lundberg and Lee (2017), A Unified Approach to Interpreting Model Predictions,
        Corollary 1 (linear SHAP).
        """
        if self.form != "linear" or self.interaction:
            raise DataError("form", "'linear' with no interaction", (self.form, self.interaction))
        scale = (1 - 2 * self.noise) / (2 * self.bound)
        weights = pd.Series({**self.weights, SENSITIVE: self.sensitive_effect})[frame.columns]
        return (frame - background[frame.columns].mean()) * weights * scale

    @property
    def bound(self) -> float:
        """B, which no score exceeds on rows within the columns' ranges."""
        reach = sum(
            abs(weight) * (_PROXY_BOUND if name.startswith("proxy_") else BOUND)
            for name, weight in self.weights.items()
        )
        return reach + abs(self.sensitive_effect) / 2 * (1 + abs(self.interaction))

    def _modulation(self, frame: pd.DataFrame) -> Vector:
        first = np.asarray(frame["feature_1"], dtype=np.float64)
        modulation = 1 + self.interaction * first / BOUND
        return modulation * np.where(first > 0, 1.0, -1.0) if self.form == "xor" else modulation

    def _probability(self, frame: pd.DataFrame, group: Vector) -> Vector:
        score = self.sensitive_effect * (group - 0.5) * self._modulation(frame)
        for name, weight in self.weights.items():
            score = score + weight * np.asarray(frame[name], dtype=np.float64)
        if self.form == "linear":
            # only rows that no real row resembles, such as LIME's, can leave the interval
            clean = np.clip(0.5 + score / (2 * self.bound), 0.0, 1.0)
        else:
            clean = (score > 0).astype(np.float64)
        return np.asarray(self.noise + (1 - 2 * self.noise) * clean)
