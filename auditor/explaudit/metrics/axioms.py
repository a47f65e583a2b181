"""Whether attributions keep the identities that their definitions promise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from explaudit.attributions import Attributions
from explaudit.metrics.by_row import material_of, shown
from explaudit.metrics.spec import MetricContext, MetricSpec

__all__ = ["AXIOMS", "completeness_gap"]

Array = npt.NDArray[np.float64]


def completeness_gap(attributions: Attributions, context: MetricContext) -> Array:
    """Return ``|sum a - (f(x) - base value)|``.

    Returns
    -------
    ndarray of shape (n_rows,)
        In the model's output; 0 if the attributions add up. NaN where the explainer gives no base
        value, and for rows that were not explained.

    Notes
    -----
    Source: Sundararajan, Taly and Yan 2017, "Axiomatic attribution for deep networks" (ICML),
    section 3, proposition 1 (completeness); Lundberg and Lee 2017, "A unified approach to
    interpreting model predictions" (NeurIPS), section 3, property 1 (local accuracy).
    """
    values = shown(attributions.values)
    explained = material_of(attributions, context).answers - attributions.base_values
    # in units in which no sum is endless
    unit = np.maximum(np.abs(values).max(axis=1), 1.0)
    gap = np.abs((values / unit[:, None]).sum(axis=1) - explained / unit)
    with np.errstate(over="ignore"):
        return np.asarray(gap * unit)


AXIOMS: tuple[MetricSpec, ...] = (
    MetricSpec(
        name="completeness_gap",
        kind="quality",
        direction="lower",
        range=(0.0, None),
        unit="output",
        source="Sundararajan, Taly and Yan 2017 (ICML), proposition 1; Lundberg and Lee 2017 "
        "(NeurIPS), property 1",
        description="How far the attributions' sum is from the answer less the base value.",
        undefined="the explainer gives no base value for the row",
        family="axioms",
        claims="the whole answer is credited to features, and nothing but the answer",
        instead="faithfulness_correlation_on_manifold",
        function=completeness_gap,
        invariances=frozenset({"feature_permutation"}),
        needs=("model",),
    ),
)
