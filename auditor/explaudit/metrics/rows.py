"""The table of metrics by row, and the call that computes all of them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from explaudit import registry
from explaudit.attributions import Attributions
from explaudit.errors import ContractError
from explaudit.metrics.faithfulness import FAITHFULNESS
from explaudit.metrics.judged import JUDGED
from explaudit.metrics.placing import explained_rows
from explaudit.metrics.reported import queries_per_row, surrogate_r2
from explaudit.metrics.sensitive import (
    at_rank,
    sensitive_rank,
    sensitive_share,
    sensitive_top,
    unrelated_share,
    unrelated_top1,
)
from explaudit.metrics.spec import Invariance, MetricContext, MetricSpec

__all__ = ["BUILT_IN", "metric_specs", "row_metrics"]

Array = npt.NDArray[np.float64]

_BY_SIZE: frozenset[Invariance] = frozenset({"scale", "sign", "feature_permutation"})
_NO_VALUES: frozenset[Invariance] = _BY_SIZE | {"duplicate_column"}
_STUDY = "Slack et al. 2020 (AIES), section 4"
_NOTHING_SHOWN = "all attributions are zero, or the feature has none in the row"

BUILT_IN: tuple[MetricSpec, ...] = (
    *(
        MetricSpec(
            name=f"sensitive_top{k}",
            kind="evidence",
            family="sensitive feature",
            direction="higher",
            range=(0.0, 1.0),
            unit="share of rows",
            source=_STUDY,
            description=f"The sensitive feature is among the {k} of largest absolute attribution."
            if k > 1
            else "The sensitive feature has the largest absolute attribution.",
            function=sensitive_top(k),
            invariances=_BY_SIZE,
        )
        for k in (1, 2, 3)
    ),
    *(
        MetricSpec(
            name=f"sensitive_rank{k}",
            kind="evidence",
            family="sensitive feature",
            # a feature that leaves rank k may have gone up or down
            direction="none",
            range=(0.0, 1.0),
            unit="share of rows",
            source=_STUDY,
            description=f"The sensitive feature stands exactly at rank {k}.",
            function=at_rank(k),
            invariances=_BY_SIZE,
        )
        for k in (2, 3)
    ),
    MetricSpec(
        name="sensitive_rank",
        kind="evidence",
        family="sensitive feature",
        direction="lower",
        range=(1.0, None),
        unit="rank",
        source=f"{_STUDY}, with mid-ranks for ties",
        description="Rank of the sensitive feature by absolute attribution; 1 is first.",
        function=sensitive_rank,
        invariances=_BY_SIZE,
    ),
    MetricSpec(
        name="sensitive_share",
        kind="evidence",
        family="sensitive feature",
        direction="higher",
        range=(0.0, 1.0),
        unit="share of attribution",
        source="explaudit: a graded form of the published rank-1 count",
        description="The sensitive feature's share of the sum of absolute attributions.",
        function=sensitive_share,
        invariances=_BY_SIZE,
        undefined=_NOTHING_SHOWN,
    ),
    *(
        MetricSpec(
            name=f"unrelated_{number}_top1",
            kind="evidence",
            family="sensitive feature",
            direction="lower",
            range=(0.0, 1.0),
            unit="share of rows",
            source=_STUDY,
            description=f"The {ordinal} feature that the innocuous model uses has the largest "
            "absolute attribution.",
            function=unrelated_top1(1 if number == "one" else 2),
            invariances=_BY_SIZE,
            needs=("unrelated_one",) if number == "one" else ("unrelated_two",),
        )
        for number, ordinal in (("one", "first"), ("two", "second"))
    ),
    MetricSpec(
        name="unrelated_share",
        kind="evidence",
        direction="lower",
        range=(0.0, 1.0),
        unit="share of attribution",
        source="explaudit: a graded form of the published rank-1 count",
        description="Share of the sum of absolute attributions on the features that the innocuous "
        "model uses.",
        function=unrelated_share,
        invariances=_BY_SIZE,
        needs=("unrelated_one",),
        undefined=_NOTHING_SHOWN,
    ),
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
        invariances=_NO_VALUES,
        needs=("r2",),
        undefined="the explainer reported no R² for the row",
        family="fidelity",
        manifold="off",
        claims="The surrogate fits the model near the row, so that its coefficients say what the "
        "model does there.",
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
        invariances=_NO_VALUES,
    ),
    *FAITHFULNESS,
    *JUDGED,
)


def metric_specs() -> dict[str, MetricSpec]:
    """Return all metrics by row: those of explaudit, then those of other distributions.

    Another distribution offers one with an entry point in the group ``explaudit.metrics`` whose
    object is a :class:`MetricSpec`.

    Raises
    ------
    ContractError
        If an entry point is not a MetricSpec of its own name, or takes a name that exists.
    """
    found = {spec.name: spec for spec in BUILT_IN}
    for name in registry.names("metrics"):
        spec = registry.load("metrics", name)
        if not isinstance(spec, MetricSpec) or spec.name != name or name in found:
            raise ContractError(
                f"metric {name!r}: the entry point must lead to a MetricSpec of that name, which "
                "no other metric has."
            )
        found[name] = spec
    return found


def row_metrics(
    attributions: Attributions, context: MetricContext
) -> tuple[dict[str, Array], dict[str, int]]:
    """Compute every metric for which all that it needs is there.

    Parameters
    ----------
    attributions : Attributions
        Values of shape (n_rows, n_features).
    context : MetricContext
        Which features are sensitive and which unrelated.

    Returns
    -------
    values : dict of str to ndarray of shape (n_rows,)
        By metric; NaN where undefined.
    reasons : dict of str to int
        Why values are NaN, and in how many rows.

    Raises
    ------
    InvalidInputError
        If a feature of the context is not among the attributions'.
    ContractError
        If a metric returns another number of values.
    """
    explained = explained_rows(attributions)
    values: dict[str, Array] = {}
    reasons: dict[str, int] = {}
    for name, spec in metric_specs().items():
        if not spec.applies(attributions, context):
            continue
        values[name] = spec.function(attributions, context)
        if values[name].shape != explained.shape:
            raise ContractError(f"metric {name!r} must return one value by row.")
        undefined = int((np.isnan(values[name]) & explained).sum())
        if undefined:
            reasons[f"{name}: {spec.undefined}"] = undefined
    unexplained = _unexplained(attributions, explained)
    return values, {**unexplained, **reasons}


def _unexplained(attributions: Attributions, explained: npt.NDArray[np.bool_]) -> dict[str, int]:
    reasons: dict[str, int] = {}
    for i in np.flatnonzero(~explained):
        reason = f"not explained: {attributions.reasons.get(int(i), 'no reason given')}"
        reasons[reason] = reasons.get(reason, 0) + 1
    return reasons
