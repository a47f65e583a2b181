"""A gate that decides by chance: the nearer to its border, the more often it errs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils import check_random_state

from explaudit.scenario import Scenario
from explaudit_attacks.adaptive._gate import Probability, WrappedGate
from explaudit_attacks.samplers.base import Matrix
from explaudit_attacks.scaffolding import ScaffoldingAttack

__all__ = ["CoinGate", "ProbabilisticAttack"]


class CoinGate(WrappedGate):
    """Toss another gate's P(real) as a coin, anew each time that a row is asked about.

    It answers ``(P + U) / 2`` with U uniform in [0, 1), which is at least one half with
    probability P; other thresholds move the odds. By design it keeps a state, its generator, so
    asking twice gives two answers.

    Parameters
    ----------
    gate : classifier, optional
        The other gate; :func:`explaudit_attacks.hist_boosting` by default.
    random_state : int, RandomState or None, default=None
        For the tosses.

    Attributes
    ----------
    gate_ : classifier
        The fitted other gate.
    """

    def __init__(self, gate: Any = None, random_state: Any = None) -> None:
        self.gate = gate
        self.random_state = random_state

    def fit(self, X: Matrix, real: Any, sample_weight: Any = None) -> Self:
        """Fit the other gate and seed the tosses."""
        seed = int(check_random_state(self.random_state).randint(2**31))
        self._tosses = np.random.default_rng(seed)
        return super().fit(X, real, sample_weight)

    def _probability_real(self, X: Matrix) -> Probability:
        return (self._learnt(X) + self._tosses.random(len(X))) / 2


@dataclass(frozen=True)
class ProbabilisticAttack(ScaffoldingAttack):
    """Answer at random, the innocuous model's answer the likelier the more a row looks asked.

    There is then no border that a scan could find. The deployed model is not a function of the
    row: asked twice, it may answer twice.
    """

    name: ClassVar[str] = "probabilistic"
    source: ClassVar[str] = (
        "Slack et al., 'Fooling LIME and SHAP', AIES 2020, with the gate's probability as a coin"
    )

    def _gate_for(self, scenario: Scenario) -> Any:
        return CoinGate(super()._gate_for(scenario))
