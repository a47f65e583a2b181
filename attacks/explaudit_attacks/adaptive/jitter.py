"""A gate that is not alarmed by small changes of real rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.utils import check_random_state

from explaudit.errors import InvalidInputError
from explaudit.scenario import Scenario
from explaudit_attacks.adaptive._gate import Probability, WrappedGate
from explaudit_attacks.samplers.base import Matrix, column_means_and_scales
from explaudit_attacks.scaffolding import ScaffoldingAttack

__all__ = ["JitterAwareAttack", "JitterTolerantGate"]


class JitterTolerantGate(WrappedGate):
    """Teach another gate that real rows with a little noise are real too.

    Each real row is joined by noisy copies that together weigh as much as it does.

    Parameters
    ----------
    gate : classifier, optional
        The other gate; :func:`explaudit_attacks.hist_boosting` by default.
    columns : sequence of int, optional
        Positions of the columns that get noise; all of them by default.
    size : float, default=0.1
        Standard deviation of the normal noise, in standard deviations of the real rows' column.
    n_copies : int, default=3
        Noisy copies of each real row.
    random_state : int, RandomState or None, default=None
        For the noise.

    Attributes
    ----------
    gate_ : classifier
        The fitted other gate.
    """

    def __init__(
        self,
        gate: Any = None,
        columns: Sequence[int] | None = None,
        *,
        size: float = 0.1,
        n_copies: int = 3,
        random_state: Any = None,
    ) -> None:
        self.gate = gate
        self.columns = columns
        self.size = size
        self.n_copies = n_copies
        self.random_state = random_state

    def fit(self, X: Matrix, real: Any, sample_weight: Any = None) -> Self:
        """Fit the other gate to the rows and the noisy copies of the real ones.

        Raises
        ------
        InvalidInputError
            If there is to be no copy, or no noise in it.
        """
        if self.n_copies < 1 or self.size <= 0 or (self.columns is not None and not self.columns):
            raise InvalidInputError(
                "n_copies, size and columns",
                "at least one noisy copy, with noise in at least one column",
                (self.n_copies, self.size, self.columns),
            )
        real = np.asarray(real, dtype=np.bool_)
        weight = np.ones(len(X)) if sample_weight is None else np.asarray(sample_weight)
        copies = self._noisy(np.tile(X[real], (self.n_copies, 1)))
        return super().fit(
            np.concatenate([X, copies]),
            np.concatenate([real, np.ones(len(copies), dtype=np.bool_)]),
            np.concatenate([weight, np.tile(weight[real] / self.n_copies, self.n_copies)]),
        )

    def _noisy(self, rows: Matrix) -> Matrix:
        random = check_random_state(self.random_state)
        scale = self.size * column_means_and_scales(rows)[1]
        if self.columns is not None:
            scale[np.setdiff1d(np.arange(rows.shape[1]), self.columns)] = 0.0
        return np.asarray(rows + random.normal(size=rows.shape) * scale, dtype=np.float64)

    def _probability_real(self, X: Matrix) -> Probability:
        return self._learnt(X)


@dataclass(frozen=True)
class JitterAwareAttack(ScaffoldingAttack):
    """Pass small changes of real rows, by which an auditor might look for a border near them.

    Parameters
    ----------
    size : float
        Of the changes that pass, in standard deviations of the numeric features.
    n_copies : int
        Changed copies of each real row that the gate learns from.
    """

    name: ClassVar[str] = "jitter_aware"
    source: ClassVar[str] = (
        "Slack et al., 'Fooling LIME and SHAP', AIES 2020, with a gate that knows of tests that "
        "change real rows a little"
    )

    size: float = 0.1
    n_copies: int = 3

    def _gate_for(self, scenario: Scenario) -> Any:
        columns = None  # the gate sees numeric features only
        if self.gate_columns == "all":
            coded = scenario.encoder.categorical
            columns = [j for j in range(len(scenario.encoder.names)) if j not in coded]
        gate = super()._gate_for(scenario)
        return JitterTolerantGate(gate, columns, size=self.size, n_copies=self.n_copies)
