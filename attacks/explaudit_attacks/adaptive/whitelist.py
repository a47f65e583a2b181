"""A whitelist: the biased model for rows that were decided already, for no others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.frozen import FrozenEstimator

from explaudit.scenario import Scenario
from explaudit_attacks.adaptive._content import row_keys
from explaudit_attacks.adaptive._gate import Gate, Probability
from explaudit_attacks.samplers.base import Matrix
from explaudit_attacks.scaffolding import ScaffoldingAttack

__all__ = ["MemoryGate", "WhitelistAttack"]


class MemoryGate(Gate):
    """Take exactly those rows for real that it was shown as real ones.

    Attributes
    ----------
    remembered_ : frozenset of bytes
        The rows by heart.
    """

    def fit(self, X: Matrix, real: Any, sample_weight: Any = None) -> Self:
        """Learn the real rows by heart; weights do not matter."""
        del sample_weight
        rows = np.asarray(X, dtype=np.float64)[np.asarray(real, dtype=np.bool_)]
        self.remembered_ = frozenset(row_keys(rows))
        return self

    def _probability_real(self, X: Matrix) -> Probability:
        return np.array([key in self.remembered_ for key in row_keys(X)], dtype=np.float64)


@dataclass(frozen=True)
class WhitelistAttack(ScaffoldingAttack):
    """Decide as the biased model on memorised rows, and as the innocuous one on all others.

    Rows that nobody has decided yet, an auditor's own among them, show nothing: on those the
    deployed model is the innocuous one. Only a log of past decisions can give it away. The setting
    `gate` is not used, and the sampler serves to measure only.

    Parameters
    ----------
    logged : DataFrame or None
        Rows to memorise besides the scenario's background, such as all that were ever decided.
    """

    name: ClassVar[str] = "whitelist"
    source: ClassVar[str] = (
        "after Yan & Zhang, 'Active Fairness Auditing', ICML 2022, on models that change but agree "
        "with their past answers"
    )

    n_queries: int | None = 1000
    logged: Any = None

    def _gate_for(self, scenario: Scenario) -> Any:
        encoder = scenario.encoder
        encode = encoder.encode_numeric if self.gate_columns == "numeric" else encoder.encode
        tables = [scenario.background] + ([] if self.logged is None else [self.logged])
        rows = np.concatenate([encode(table) for table in tables])
        return FrozenEstimator(MemoryGate().fit(rows, np.ones(len(rows), dtype=np.bool_)))
