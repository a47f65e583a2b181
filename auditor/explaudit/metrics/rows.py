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
from explaudit.metrics.reported import REPORTED
from explaudit.metrics.spec import MetricContext, MetricSpec
from explaudit.metrics.standing import STANDING

__all__ = ["BUILT_IN", "metric_specs", "row_metrics"]

Array = npt.NDArray[np.float64]

#: Every metric of explaudit, in the order in which they are listed.
BUILT_IN: tuple[MetricSpec, ...] = (*STANDING, *REPORTED, *FAITHFULNESS, *JUDGED)


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
