"""Dilution: lie in some of the recognised queries only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils import check_random_state

from explaudit.errors import InvalidInputError
from explaudit.scenario import Scenario
from explaudit_attacks.adaptive._content import row_shares
from explaudit_attacks.adaptive._gate import Probability, WrappedGate
from explaudit_attacks.samplers.base import Matrix
from explaudit_attacks.scaffolding import ScaffoldingAttack

__all__ = ["DilutedGate", "DilutionAttack"]


class DilutedGate(WrappedGate):
    """Take a fixed share of all rows for real, whatever another gate says of them.

    Which rows is decided by their content, so that a repeated question gets the same answer.

    Parameters
    ----------
    gate : classifier, optional
        The other gate; :func:`explaudit_attacks.hist_boosting` by default.
    share : float, default=0.5
        Share of rows that the other gate judges.
    random_state : int, RandomState or None, default=None
        Which rows those are.

    Attributes
    ----------
    gate_ : classifier
        The fitted other gate.
    salt_ : int
        What is hashed together with a row.
    """

    def __init__(self, gate: Any = None, share: float = 0.5, random_state: Any = None) -> None:
        self.gate = gate
        self.share = share
        self.random_state = random_state

    def fit(self, X: Matrix, real: Any, sample_weight: Any = None) -> Self:
        """Fit the other gate and draw the salt.

        Raises
        ------
        InvalidInputError
            If `share` is not a positive share.
        """
        if not 0 < self.share <= 1:
            raise InvalidInputError("share", "a share above 0 and up to 1", self.share)
        self.salt_ = int(check_random_state(self.random_state).randint(2**31))
        return super().fit(X, real, sample_weight)

    def _probability_real(self, X: Matrix) -> Probability:
        return np.where(row_shares(X, self.salt_) < self.share, self._learnt(X), 1.0)


@dataclass(frozen=True)
class DilutionAttack(ScaffoldingAttack):
    """Show the innocuous model in a share of the recognised queries only.

    A weaker lie that is harder to see: the answers to an explainer's queries are a mixture of both
    models'.

    Parameters
    ----------
    share : float
        Of the recognised queries, those that get the innocuous model's answer.
    """

    name: ClassVar[str] = "dilution"
    source: ClassVar[str] = (
        "Slack et al., 'Fooling LIME and SHAP', AIES 2020, answering a share of the queries only"
    )

    share: float = 0.5

    def _gate_for(self, scenario: Scenario) -> Any:
        return DilutedGate(super()._gate_for(scenario), self.share)
