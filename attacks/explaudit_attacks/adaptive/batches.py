"""A gate that looks at the batch: an explainer repeats values in a way that real rows do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.utils import check_random_state

from explaudit.errors import InvalidInputError
from explaudit.scenario import Scenario
from explaudit_attacks.adaptive._gate import Gate, Probability
from explaudit_attacks.samplers.base import Matrix
from explaudit_attacks.scaffolding import ScaffoldingAttack

__all__ = ["BatchAttack", "BatchGate"]

_TRIALS = 200


class BatchGate(Gate):
    """Take a whole batch for queries if its values repeat more, or less, than real rows' do.

    What is compared is, by column, the probability that two rows of the batch have the same value.
    By design the answer to a row depends on the batch.

    Parameters
    ----------
    n_rows : int, default=50
        Batches of fewer rows pass.
    keep_batches : float, default=0.99
        Share of batches of `n_rows` real rows that pass.
    random_state : int, RandomState or None, default=None
        For the batches of real rows by which the gate is set.

    Attributes
    ----------
    rates_ : ndarray of shape (n_seen,)
        The probability that two real rows have the same value.
    limit_ : float
        The largest difference from it, over all columns, that passes in a batch of `n_rows`; of
        larger batches less does.
    """

    judges_batches: ClassVar[bool] = True

    def __init__(
        self, n_rows: int = 50, keep_batches: float = 0.99, random_state: Any = None
    ) -> None:
        self.n_rows = n_rows
        self.keep_batches = keep_batches
        self.random_state = random_state

    def fit(self, X: Matrix, real: Any, sample_weight: Any = None) -> Self:
        """Learn how often values repeat among the real rows; weights do not matter.

        Raises
        ------
        InvalidInputError
            If `n_rows` is less than 2 or more than there are real rows, or `keep_batches` is not
            a share.
        """
        del sample_weight
        rows = np.asarray(X, dtype=np.float64)[np.asarray(real, dtype=np.bool_)]
        if not 2 <= self.n_rows <= len(rows):
            raise InvalidInputError("n_rows", f"between 2 and {len(rows)} real rows", self.n_rows)
        if not 0 < self.keep_batches < 1:
            raise InvalidInputError("keep_batches", "a share between 0 and 1", self.keep_batches)
        rng = np.random.default_rng(int(check_random_state(self.random_state).randint(2**31)))
        self.rates_, self._n_real = _repetition(rows), len(rows)
        batches = [rng.choice(len(rows), self.n_rows, replace=False) for _ in range(_TRIALS)]
        differences = [self._difference(rows[batch]) for batch in batches]
        self.limit_ = float(np.quantile(differences, self.keep_batches))
        return self

    def _probability_real(self, X: Matrix) -> Probability:
        passes = len(X) < self.n_rows or self._difference(X) <= self._limit(len(X))
        return np.full(len(X), float(passes))

    def _limit(self, n: int) -> float:
        """Return the limit for a batch of n rows, by the standard error of two samples' rates."""
        return float(self.limit_ * np.sqrt(self.n_rows / n + self.n_rows / self._n_real))

    def _difference(self, batch: Matrix) -> float:
        return float(np.abs(_repetition(batch) - self.rates_).max())


def _repetition(batch: Matrix) -> npt.NDArray[np.float64]:
    """Return by column the share of pairs of different rows that have the same value."""
    n = len(batch)
    counts = [np.unique(column, return_counts=True)[1] for column in batch.T]
    return np.array([(own * (own - 1)).sum() / (n * (n - 1)) for own in counts])


@dataclass(frozen=True)
class BatchAttack(ScaffoldingAttack):
    """Recognise an explainer's batch as a whole, by how often values repeat in it.

    Single rows and small batches always get the biased model, so the decisions are kept wherever
    rows are decided one by one. The deployed model is not a function of the row: asked alone and
    asked in an explainer's batch, a row may get two answers. The setting `gate` is not used, and
    the sampler serves to measure only.

    Parameters
    ----------
    n_rows : int
        Batches of fewer rows pass.
    """

    name: ClassVar[str] = "batch"
    source: ClassVar[str] = (
        "Slack et al., 'Fooling LIME and SHAP', AIES 2020, with a gate that looks at the batch "
        "rather than at the row"
    )

    n_queries: int | None = 1000
    n_rows: int = 50

    def _gate_for(self, scenario: Scenario) -> Any:
        del scenario
        return BatchGate(self.n_rows)
