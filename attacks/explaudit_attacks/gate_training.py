"""What a gate is trained on, and what is held out to see how well it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.errors import InvalidInputError
from explaudit_attacks._inputs import Mask
from explaudit_attacks.samplers.base import Matrix, Sources

__all__ = ["GateData", "Protocol", "published_data", "sound_data"]

Protocol = Literal["sound", "published"]
Weights = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class GateData:
    """Labelled rows for a gate.

    Attributes
    ----------
    rows : ndarray of shape (n, n_features)
        Real rows and queries, encoded.
    real : ndarray of bool of shape (n,)
        Which count as real.
    weights : ndarray of shape (n,)
        Sample weights.
    held_out : ndarray of bool of shape (n,)
        Which the gate does not learn from, so that its quality can be measured.
    """

    rows: Matrix
    real: Mask
    weights: Weights
    held_out: Mask

    def __post_init__(self) -> None:
        learnt = self.real[~self.held_out]
        if learnt.all() or not learnt.any():
            raise InvalidInputError(
                "X and sampler",
                "real rows and queries that differ from them, to train the gate on",
                f"{int(learnt.sum())} real rows and {int((~learnt).sum())} queries of "
                f"n_features={self.rows.shape[1]}",
                "Give more distinct rows, or ask for more queries.",
            )


def sound_data(
    rows: Matrix,
    queries: Matrix,
    source: Sources,
    *,
    relabel_real: bool,
    held_out: float,
    rng: np.random.Generator,
) -> GateData:
    """Lay out each real row once, both kinds of equal weight, split by source row.

    Equal rows, the perturbations of any of them, and queries equal to them are all on one side of
    the split. Queries that perturb no row in particular are split at random, and the values that
    a query has from reference rows may come from either side: an auditor's come from there too.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
    queries : ndarray of shape (n_queries, n_features)
    source : ndarray of int of shape (n_queries,)
        The row that each query perturbs, or -1.
    relabel_real : bool
        Whether a query that equals a real row counts as real, since nothing can tell it from one.
    held_out : float
        Share of distinct rows, and of queries without a source, to hold out.
    rng : numpy.random.Generator
    """
    groups, twins = _identities(rows, queries)
    alike = (twins >= 0) & relabel_real
    real = np.concatenate([np.ones(len(rows), dtype=np.bool_), alike])
    weights = np.where(real, 0.5 / real.mean(), 0.5 / max(1 - real.mean(), 1e-12))

    n_groups = int(groups.max()) + 1
    n_out = min(max(round(held_out * n_groups), 1), n_groups - 1)
    group_out = np.arange(n_groups) < n_out
    rng.shuffle(group_out)
    query_groups = np.where(alike, twins, groups[source])
    sourceless_out = rng.random(len(queries)) < held_out
    queries_out = np.where((source < 0) & ~alike, sourceless_out, group_out[query_groups])
    out = np.concatenate([group_out[groups], queries_out])
    return GateData(np.concatenate([rows, queries]), real, weights, out)


def published_data(
    rows: Matrix,
    queries: Matrix,
    *,
    copies: int,
    relabel_real: bool,
    held_out: float,
    rng: np.random.Generator,
) -> GateData:
    """Lay out copies of the real rows and split all at random, as the published study does.

    Copies and perturbations of one row are then on both sides of the split, so the quality that
    is measured flatters the gate.

    Source: Slack et al., "Fooling LIME and SHAP", AIES 2020, and its published code.

    Parameters
    ----------
    rows, queries, relabel_real, rng
        As in :func:`sound_data`.
    copies : int
        How often each real row is repeated.
    held_out : float
        Share of all rows to hold out.
    """
    _, twins = _identities(rows, queries)
    real = np.concatenate([np.ones(len(rows) * copies, np.bool_), (twins >= 0) & relabel_real])
    out = np.arange(len(real)) < round(held_out * len(real))
    rng.shuffle(out)
    stacked = np.concatenate([np.tile(rows, (copies, 1)), queries])
    return GateData(stacked, real, np.ones(len(real)), out)


def _identities(rows: Matrix, queries: Matrix) -> tuple[Sources, Sources]:
    """Return the number of each row's content and of each query's, -1 for content no row has."""
    stacked = np.concatenate([rows, queries]) + 0.0  # makes -0.0 the same bytes as 0.0
    keys = np.array([row.tobytes() for row in stacked], dtype=object)
    codes = pd.factorize(keys)[0]  # in order of appearance, and the rows come first
    groups, found = codes[: len(rows)], codes[len(rows) :]
    return groups, np.where(found <= groups.max(), found, -1)
