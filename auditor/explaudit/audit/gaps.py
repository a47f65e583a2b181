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
    """One split: the twins that learned from one part, and the other part with their answers."""

    design: Design
    twins: Twins
    real: Asked
    twin_answers: Array


@dataclass(frozen=True, eq=False)
class Gaps:
    """What one split shows: figures of the model first, then of its twins.

    Attributes
    ----------
    scores : ndarray of shape (n_features, n_outputs, n_models)
        How far each model's gap lies from the twins', in spreads of the twins.
    distances : ndarray of shape (n_features, n_outputs, n_models)
        The same in units of the output.
    real, shown : ndarray of shape (n_features, n_outputs, n_models)
        Size of each feature's contribution on real rows, and of what of it the queries show:
        the part that goes the same way.
    """

    scores: Array
    distances: Array
    real: Array
    shown: Array


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
        _gaps_of_output(
            split,
            np.column_stack([split.real.answers[:, o], split.twin_answers[:, :, o].T]),
            asked.rows,
            np.column_stack([asked.answers[:, o], twin_answers[:, :, o].T]),
        )
        for o in range(asked.answers.shape[1])
    ]
    return Gaps(*(np.stack(part, axis=1) for part in zip(*found, strict=True)))


def _gaps_of_output(
    split: Split, real_answers: Array, queries: Array, query_answers: Array
) -> tuple[Array, Array, Array, Array]:
    design, columns = split.design, split.design.columns(split.real.rows)
    on_real = design.fit(split.real.rows, real_answers)[1]
    on_queries = design.fit(queries, query_answers)[1]
    scores, distances, real, shown = [], [], [], []
    for j in range(split.real.rows.shape[1]):
        own = design.owners == j
        one, other = columns[:, own] @ on_real[own], columns[:, own] @ on_queries[own]
        one, other = one - one.mean(axis=0), other - other.mean(axis=0)
        gap = one - other
        distance = np.sqrt(((gap - gap[:, 1:].mean(axis=1, keepdims=True)) ** 2).mean(axis=0))
        twins = distance[1:]
        distances.append(distance)
        scores.append((distance - twins.mean()) / (twins.std() + LEAST_SPREAD))
        size = one.std(axis=0)
        real.append(size)
        shown.append((one * other).mean(axis=0) / np.maximum(size, LEAST_SPREAD))
    return np.array(scores), np.array(distances), np.array(real), np.array(shown)
