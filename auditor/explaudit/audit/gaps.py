"""What each feature does on real rows and on an explainer's queries, for a model and its twins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explaudit.audit.evidence import Asked
from explaudit.audit.surrogate import Design
from explaudit.audit.twins import Twins

__all__ = ["LEAST_SPREAD", "Gaps", "Split", "measure_gaps"]

Array = npt.NDArray[np.float64]

#: Added to the twins' spread, so that twins which all agree do not make rounding look like much.
LEAST_SPREAD = 0.01


@dataclass(frozen=True, eq=False)
class Split:
    """One split: the twins that learned from one part, and the other part with their answers.

    Attributes
    ----------
    design : Design
        The columns of surrogates.
    twins : Twins
    real : Asked
        The rows that they did not learn from.
    twin_answers : ndarray of shape (n_twins, n_rows, n_outputs)
        What they answer to those.
    compared : ndarray of shape (n_rows,)
        Where those stand among all real rows.
    """

    design: Design
    twins: Twins
    real: Asked
    twin_answers: Array
    compared: npt.NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Gaps:
    """What one split shows: figures of the model first, then of its twins.

    Attributes
    ----------
    real, shown : ndarray of shape (n_features, n_outputs, n_models)
        Size of each feature's contribution to the answers on real rows, and to those to the
        queries, both along the contribution on real rows that model and twins have on average.
    """

    real: Array
    shown: Array

    @property
    def left_out(self) -> Array:
        """What of each contribution the queries leave out; negative where they show more."""
        return self.real - self.shown

    @property
    def spread(self) -> Array:
        """Standard deviation of the twins' `left_out`, shape (n_features, n_outputs)."""
        return np.asarray(self.left_out[:, :, 1:].std(axis=2, ddof=1) + LEAST_SPREAD)

    @property
    def scores(self) -> Array:
        """`left_out` of the model less its twins' mean, in their spreads."""
        own, twins = self.left_out[:, :, 0], self.left_out[:, :, 1:]
        return np.asarray((own - twins.mean(axis=2)) / self.spread)


def measure_gaps(split: Split, asked: Asked, twin_answers: Array) -> Gaps:
    """Compare contributions in both regimes.

    Parameters
    ----------
    split : Split
        Real rows that the twins did not learn from.
    asked : Asked
        An explainer's queries with the model's answers.
    twin_answers : ndarray of shape (n_twins, n_queries, n_outputs)
        What the twins answer to them.
    """
    found = [
        _of_output(
            split,
            np.column_stack([split.real.answers[:, o], split.twin_answers[:, :, o].T]),
            asked.rows,
            np.column_stack([asked.answers[:, o], twin_answers[:, :, o].T]),
        )
        for o in range(asked.answers.shape[1])
    ]
    real, shown = (np.stack(part, axis=1) for part in zip(*found, strict=True))
    return Gaps(real, shown)


def _of_output(
    split: Split, real_answers: Array, queries: Array, query_answers: Array
) -> tuple[Array, Array]:
    design, columns = split.design, split.design.columns(split.real.rows)
    on_real = design.fit(split.real.rows, real_answers)[1]
    on_queries = design.fit(queries, query_answers)[1]
    real, shown = [], []
    for j in range(split.real.rows.shape[1]):
        own = design.owners == j
        one, other = columns[:, own] @ on_real[own], columns[:, own] @ on_queries[own]
        one, other = one - one.mean(axis=0), other - other.mean(axis=0)
        direction = one.mean(axis=1)
        size = max(float(np.sqrt((direction**2).mean())), LEAST_SPREAD**2)
        real.append(direction @ one / (len(one) * size))
        shown.append(direction @ other / (len(one) * size))
    return np.array(real), np.array(shown)
