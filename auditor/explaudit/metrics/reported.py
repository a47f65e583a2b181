"""Metrics of what the explainer reported beside the attributions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from explaudit.attributions import Attributions
from explaudit.errors import InvalidInputError
from explaudit.metrics.placing import explained_rows
from explaudit.metrics.spec import BY_SIZE, Invariance, MetricContext, MetricSpec

__all__ = ["REPORTED", "queries_per_row", "surrogate_r2"]

Array = npt.NDArray[np.float64]


def surrogate_r2(attributions: Attributions, context: MetricContext) -> Array:
    """Return the weighted R² of each row's local surrogate on the explainer's own queries.

    Returns
    -------
    ndarray of shape (n_rows,)
        At most 1. Near 0 the ranks of the attributions are noise.

    Raises
    ------
    InvalidInputError
        If the explainer reports no R².
    """
    if "r2" not in attributions.diagnostics:
        raise InvalidInputError(
            "attributions", "the diagnostic 'r2'", sorted(attributions.diagnostics)
        )
    return np.where(explained_rows(attributions), attributions.diagnostics["r2"], np.nan)


def queries_per_row(attributions: Attributions, context: MetricContext) -> Array:
    """Return how many rows the model was asked to score for each explained row, on average.

    Returns
    -------
    ndarray of shape (n_rows,)
        The same for all explained rows: what was asked for all rows together is shared equally.
    """
    explained = explained_rows(attributions)
    each = attributions.n_queries / max(int(explained.sum()), 1)
    return np.where(explained, each, np.nan)


# the attributions are not looked at
_INVARIANCES: frozenset[Invariance] = BY_SIZE | {"duplicate_column"}

REPORTED: tuple[MetricSpec, ...] = (
    MetricSpec(
        name="surrogate_r2",
        kind="quality",
        direction="higher",
        range=(None, 1.0),
        unit="R²",
        source="Ribeiro, Singh and Guestrin 2016 (KDD), section 3; package lime, `score`",
        description="Weighted R² of the local surrogate on the explainer's own queries. Near 0 its "
        "ranks are noise; a high value says nothing about real rows.",
        function=surrogate_r2,
        invariances=_INVARIANCES,
        needs=("r2",),
        undefined="the explainer reported no R² for the row",
        family="fidelity",
        manifold="off",
        claims="the surrogate fits the model near the row, so that its coefficients say what the "
        "model does there",
        instead="faithfulness_correlation_on_manifold",
    ),
    MetricSpec(
        name="queries_per_row",
        kind="cost",
        direction="lower",
        range=(0.0, None),
        unit="rows scored",
        source="explaudit",
        description="Rows that the model was asked to score for each explained row.",
        function=queries_per_row,
        invariances=_INVARIANCES,
    ),
)
