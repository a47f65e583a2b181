"""A gate with a memory: an explainer asks about one row over and over, with small changes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from explaudit.errors import InvalidInputError
from explaudit.scenario import Scenario
from explaudit_attacks.adaptive._gate import Gate, Probability
from explaudit_attacks.samplers.base import Matrix
from explaudit_attacks.scaffolding import ScaffoldingAttack

__all__ = ["StatefulAttack", "StatefulGate"]


class StatefulGate(Gate):
    """Take a row for a query if too many of the rows asked before it are nearly the same.

    Two rows are near-duplicates if they agree in at least a share of the features. By design the
    gate keeps a state, the rows that it was asked about last, across calls; how rows are cut into
    batches does not matter, their order does.

    Parameters
    ----------
    window : int, default=200
        How many of the rows before it a row is compared with.
    alike : float, default=0.8
        Share of features in which near-duplicates agree at least.
    keep_traffic : float, default=0.98
        Share of the real rows, asked in the order in which they are given, that pass.

    Attributes
    ----------
    limit_ : float
        The number of near-duplicates that passes.
    """

    judges_batches: ClassVar[bool] = True

    def __init__(self, window: int = 200, alike: float = 0.8, keep_traffic: float = 0.98) -> None:
        self.window = window
        self.alike = alike
        self.keep_traffic = keep_traffic

    def fit(self, X: Matrix, real: Any, sample_weight: Any = None) -> Self:
        """Learn how many near-duplicates natural traffic has; weights do not matter.

        Raises
        ------
        InvalidInputError
            If `window` is less than 1, or one of the shares is none.
        """
        del sample_weight
        if self.window < 1:
            raise InvalidInputError("window", "at least one row", self.window)
        for name in ("alike", "keep_traffic"):
            if not 0 < getattr(self, name) <= 1:
                raise InvalidInputError(name, "a share above 0 and up to 1", getattr(self, name))
        rows = np.asarray(X, dtype=np.float64)[np.asarray(real, dtype=np.bool_)]
        self._recent = rows[:0]
        # at least one, so that a repeated question alone does not make a query
        self.limit_ = max(1.0, float(np.quantile(self._count(rows), self.keep_traffic)))
        self._recent = rows[:0]
        return self

    def forget(self) -> None:
        """Forget all rows that were asked about."""
        self._recent = self._recent[:0]

    def _probability_real(self, X: Matrix) -> Probability:
        # half at half a duplicate more than the limit, so that the limit itself passes
        allowed = self.limit_ + 0.5
        return allowed / (allowed + self._count(X))

    def _count(self, rows: Matrix) -> npt.NDArray[np.float64]:
        """Return the near-duplicates among the rows before each row, and remember the rows."""
        counts = np.empty(len(rows))
        for start in range(0, len(rows), self.window):
            block = rows[start : start + self.window]
            past = np.concatenate([self._recent, block])
            alike = (block[:, None] == past).mean(axis=2) >= self.alike
            # of the rows before it, each row sees the last `window`
            age = len(self._recent) + np.arange(len(block))[:, None] - np.arange(len(past))
            counts[start : start + len(block)] = (alike & (age > 0) & (age <= self.window)).sum(1)
            self._recent = past[-self.window :]
        return counts


@dataclass(frozen=True)
class StatefulAttack(ScaffoldingAttack):
    """Recognise an explainer's session by its near-duplicates among the rows asked last.

    The deployed model keeps a state: the same row gets the biased model's answer in natural
    traffic and the innocuous one's amid an explainer's queries. Explainers whose queries owe
    nothing to the row, as LIME's with bins, pass. The setting `gate` is not used, and the sampler
    serves to measure only; since it changes row from query to query, the measured gate looks
    weaker than it is.

    Parameters
    ----------
    window, alike, keep_traffic
        See :class:`StatefulGate`.
    """

    name: ClassVar[str] = "stateful"
    source: ClassVar[str] = (
        "Slack et al., 'Fooling LIME and SHAP', AIES 2020, with a gate that remembers; the count "
        "of near-duplicates is the detector of Chen, Carlini & Wagner, 'Stateful detection of "
        "black-box adversarial attacks', SPAI 2020"
    )

    n_queries: int | None = 1000
    window: int = 200
    alike: float = 0.8
    keep_traffic: float = 0.98

    def _tamper(self, scenario: Scenario, rng: np.random.Generator) -> Scenario:
        attacked = super()._tamper(scenario, rng)
        attacked.model.gate_.forget()  # what it was measured on
        return attacked

    def _gate_for(self, scenario: Scenario) -> Any:
        del scenario
        return StatefulGate(self.window, self.alike, self.keep_traffic)
