"""Whether a model that is trained again without the features shown first predicts worse."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from explaudit.attributions import Attributions
from explaudit.metrics.agreement import TOP_K
from explaudit.metrics.by_row import material_of, needed
from explaudit.metrics.placing import explained_rows, magnitudes
from explaudit.metrics.spec import BY_SIZE, MetricContext, MetricSpec, RowMetric

__all__ = ["RETRAINING", "first_features", "roar"]

Array = npt.NDArray[np.float64]


def first_features(attributions: Attributions, k: int) -> tuple[int, ...]:
    """Return the positions of the features of largest mean magnitude over the explained rows.

    Parameters
    ----------
    attributions : Attributions
    k : int
        How many; those that tie with the last of them come on top, and those that are never shown
        do not come at all.
    """
    sizes = magnitudes(attributions)[explained_rows(attributions)]
    # dividing by the largest first keeps the sum finite
    total = (sizes / (sizes.max(initial=0.0) or 1.0)).sum(axis=0)
    least = -np.sort(-total)[min(k, len(total)) - 1]
    return tuple(np.flatnonzero((total >= least) & (total > 0)).tolist())


def roar(k: int) -> RowMetric:
    """Return the metric "what removing the first `k` features and retraining costs".

    For each row, whether a model of all features predicts it rightly, 1 or 0, less whether one
    without the features of largest mean magnitude does. All rows share the removed features.

    Notes
    -----
    Values are NaN for rows that were not explained; and everywhere if no feature is ever shown, or
    none would be left.

    Source: Hooker et al. 2019, "A benchmark for interpretability methods in deep neural networks"
    (NeurIPS), section 3, with features of the table removed in place of pixels.
    """

    def metric(attributions: Attributions, context: MetricContext) -> Array:
        correct = needed(material_of(attributions, context).correct_without, "correct_without")
        first = first_features(attributions, k)
        if not 0 < len(first) < len(attributions.features):
            return np.full(len(attributions.values), np.nan)
        return np.where(explained_rows(attributions), correct(()) - correct(first), np.nan)

    return metric


RETRAINING: tuple[MetricSpec, ...] = (
    MetricSpec(
        name="roar",
        kind="quality",
        direction="higher",
        range=(-1.0, 1.0),
        unit="share of rows",
        source="Hooker et al. 2019 (NeurIPS), section 3",
        description="Share of rows that a model predicts rightly less that of one trained without "
        f"the {TOP_K} features of largest mean absolute attribution.",
        undefined="no feature is ever shown, or none would be left",
        family="retraining",
        claims="the features shown first carry what there is to learn",
        # it looks at the data, which no deceit of the model changes
        instead="comprehensiveness_on_manifold",
        function=roar(TOP_K),
        invariances=BY_SIZE,
        needs=("correct_without",),
    ),
)
