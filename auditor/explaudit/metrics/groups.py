"""What the sensitive feature's attributions say of the gap between two groups of rows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from explaudit.attributions import Attributions
from explaudit.metrics.by_row import material_of, needed, shown
from explaudit.metrics.placing import explained_rows, positions
from explaudit.metrics.spec import MetricContext, MetricSpec

__all__ = ["GROUPS", "demographic_parity_attribution", "group_weights", "sensitive_group_gap"]

Array = npt.NDArray[np.float64]

# what is left, by the largest attribution, of gaps that are none
_ROUNDING = 1e-12


def group_weights(attributions: Attributions, context: MetricContext) -> Array:
    """Return by what to multiply values so that their mean is the gap between the groups.

    Returns
    -------
    ndarray of shape (n_rows,)
        One over the share of the others among the explained rows for the others, minus one over
        that of the protected group within it. NaN for rows that were not explained, and for all
        rows if none of one group was.
    """
    explained = explained_rows(attributions)
    protected = needed(material_of(attributions, context).protected, "protected")
    counts = [int((explained & group).sum()) for group in (protected, ~protected)]
    if 0 in counts:
        return np.full(len(explained), np.nan)
    inside, outside = (explained.sum() / count for count in counts)
    return np.where(explained, np.where(protected, -inside, outside), np.nan)


def sensitive_group_gap(attributions: Attributions, context: MetricContext) -> Array:
    """Return by row what the sensitive features' attributions add to the gap between the groups.

    The mean over the explained rows is the mean attribution outside the protected group less that
    within it: positive if attributions credit lower answers to the protected group.

    Returns
    -------
    ndarray of shape (n_rows,)
        NaN for rows that were not explained, and everywhere if none of one group was. A single
        row's value depends on the groups' shares and has no meaning of its own.

    Notes
    -----
    Source: the mean attribution by group, as the package shap plots it as a "group difference";
    signed as the demographic parity gap is.
    """
    columns = positions(attributions, context.sensitive)
    with np.errstate(over="ignore"):
        own = shown(attributions.values)[:, columns].sum(axis=1)
        return np.asarray(own * group_weights(attributions, context))


def demographic_parity_attribution(attributions: Attributions, context: MetricContext) -> Array:
    """Return by row the sensitive features' share in the attribution of the groups' gap.

    For attributions that add up to the answers, the gaps of the features' mean attributions add up
    to the gap of the mean answers. The mean over the explained rows is the sensitive features' gap
    divided by the sum over all features of the gaps' absolute values, and so between -1 and 1.

    Returns
    -------
    ndarray of shape (n_rows,)
        NaN for rows that were not explained, and everywhere if none of one group was or no
        feature's attributions differ between the groups. A single row's value, which may lie
        beyond -1 and 1, has no meaning of its own.

    Notes
    -----
    Source: Begley et al. 2020, "Explainability for fair machine learning" (arXiv 2010.07389), the
    attribution of demographic parity. Absolute values in the divisor keep opposite gaps from
    cancelling.
    """
    values, weights = shown(attributions.values), group_weights(attributions, context)
    explained = explained_rows(attributions)
    largest = np.abs(values[explained]).max(initial=0.0)
    # dividing by the largest first keeps the sums finite
    added = values / (largest or 1.0) * weights[:, None]
    total = np.abs(added[explained].mean(axis=0)).sum() if explained.any() else np.nan
    own = added[:, positions(attributions, context.sensitive)].sum(axis=1)
    return np.asarray(own / total if total > _ROUNDING else np.full_like(own, np.nan))


_ONE_GROUP = "one of the groups has no explained row"

GROUPS: tuple[MetricSpec, ...] = (
    MetricSpec(
        name="sensitive_group_gap",
        kind="evidence",
        direction="higher",
        range=(None, None),
        unit="output",
        source="package shap, group difference; signed as Dwork et al. 2012 (ITCS), section 3",
        description="Mean attribution of the sensitive feature outside the protected group less "
        "that within it.",
        undefined=_ONE_GROUP,
        family="sensitive feature",
        claims="near 0, the sensitive feature is not credited with a gap between the groups",
        instead="matched_pair_signed",
        function=sensitive_group_gap,
        invariances=frozenset({"feature_permutation", "duplicate_column"}),
        needs=("protected",),
    ),
    MetricSpec(
        name="demographic_parity_attribution",
        kind="evidence",
        direction="higher",
        # the mean is between -1 and 1, a row's part in it need not be
        range=(None, None),
        unit="share of the gap",
        source="Begley et al. 2020 (arXiv 2010.07389), attribution of demographic parity",
        description="The sensitive feature's share in the features' attributed gaps between the "
        "groups.",
        undefined=f"{_ONE_GROUP}, or no feature's attributions differ between them",
        family="sensitive feature",
        claims="near 0, the gap between the groups is due to other features",
        instead="matched_pair_signed",
        function=demographic_parity_attribution,
        invariances=frozenset({"scale", "feature_permutation"}),
        needs=("protected",),
    ),
)
