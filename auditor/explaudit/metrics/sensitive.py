"""How much the explanations implicate the sensitive feature, or the unrelated ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from explaudit.attributions import Attributions
from explaudit.errors import InvalidInputError
from explaudit.metrics.by_row import largest
from explaudit.metrics.placing import Placing, explained_rows, magnitudes, place, positions
from explaudit.metrics.spec import MetricContext, RowMetric

__all__ = [
    "at_rank",
    "attribution_share",
    "sensitive_rank",
    "sensitive_share",
    "sensitive_top",
    "top_k",
    "unrelated_share",
    "unrelated_top1",
]

Array = npt.NDArray[np.float64]


def top_k(attributions: Attributions, names: Sequence[str], k: int, ties: str) -> Array:
    """Return whether one of the named features is among the `k` of largest magnitude.

    With fractional ties the value is the probability of that when ties are broken at random: for
    one feature that ties with ``m - 1`` others for the places ``a`` to ``a + m - 1`` it is
    ``(k - a + 1) / m``, clipped to [0, 1]. A feature with an attribution of exactly zero, or none,
    is not shown and never counts.

    Parameters
    ----------
    attributions : Attributions
    names : sequence of str
        Exact names; with several, any of them counts.
    k : int
        How many places count.
    ties : {"fractional", "listed"}
        See :class:`~explaudit.metrics.MetricContext`.

    Returns
    -------
    ndarray of shape (n_rows,)
        Between 0 and 1; NaN for rows that were not explained.

    Notes
    -----
    Source: Slack et al. 2020, "Fooling LIME and SHAP" (AIES), section 4, counts the rows with the
    sensitive feature in the first places; the published code's count is ``ties="listed"``. The
    expected value under random tie-breaking is ours.
    """
    placing = place(attributions, names)
    if ties == "listed":
        credit = (placing.better + placing.listed_before < k).astype(np.float64)
    else:
        credit = _chance_within(placing, k)
    shown = np.where(placing.magnitude > 0, credit, 0.0)
    return np.where(explained_rows(attributions), shown, np.nan)


def _chance_within(placing: Placing, k: int) -> Array:
    """Return the probability that one of ours gets one of the places that the tie leaves."""
    left = np.clip(k - placing.better, 0, placing.tied)
    none_of_ours = np.ones(len(left), dtype=np.float64)
    for i in range(int(placing.ours.max(initial=0))):
        # the (i+1)th of ours misses the places too, given that the first i did
        others = np.maximum(placing.tied - i, 1)
        misses = np.clip((placing.tied - left - i) / others, 0.0, 1.0)
        none_of_ours *= np.where(i < placing.ours, misses, 1.0)
    return 1.0 - none_of_ours


def sensitive_top(k: int) -> RowMetric:
    """Return the metric "a sensitive feature is among the `k` of largest magnitude"."""

    def metric(attributions: Attributions, context: MetricContext) -> Array:
        return top_k(attributions, context.sensitive, k, context.ties)

    return metric


def at_rank(k: int) -> RowMetric:
    """Return the metric "the best placed sensitive feature stands exactly at rank `k`"."""

    def metric(attributions: Attributions, context: MetricContext) -> Array:
        within = top_k(attributions, context.sensitive, k, context.ties)
        return within - top_k(attributions, context.sensitive, k - 1, context.ties)

    return metric


def sensitive_rank(attributions: Attributions, context: MetricContext) -> Array:
    """Return the rank of the best placed sensitive feature among all features, 1 = largest.

    A tie is worth the expected rank under random tie-breaking, which for one sensitive feature is
    the mid-rank. Features that are not shown share the last places.

    Returns
    -------
    ndarray of shape (n_rows,)
        Between 1 and n_features; NaN for rows that were not explained.
    """
    placing = place(attributions, context.sensitive)
    # the least of `ours` places drawn from `tied` is (tied + 1) / (ours + 1) on average
    before = (placing.tied - placing.ours) / (placing.ours + 1)
    if context.ties == "listed":
        before = np.where(placing.magnitude > 0, placing.listed_before, before)
    return np.where(explained_rows(attributions), placing.better + before + 1.0, np.nan)


def attribution_share(attributions: Attributions, names: Sequence[str]) -> Array:
    """Return the named features' share of the sum of absolute attributions.

    Parameters
    ----------
    attributions : Attributions
    names : sequence of str
        Exact names; with several, their shares add up.

    Returns
    -------
    ndarray of shape (n_rows,)
        Between 0 and 1; NaN where all attributions are zero, where none of the named features
        has an attribution, and for rows that were not explained.
    """
    sizes, columns = magnitudes(attributions), positions(attributions, names)
    relative = sizes / largest(sizes)
    known = ~np.isnan(attributions.values[:, columns]).all(axis=1)
    share = relative[:, columns].sum(axis=1) / relative.sum(axis=1)
    return np.where(known, share, np.nan)


def sensitive_share(attributions: Attributions, context: MetricContext) -> Array:
    """Return the sensitive features' share of the sum of absolute attributions, (n_rows,)."""
    return attribution_share(attributions, context.sensitive)


def unrelated_share(attributions: Attributions, context: MetricContext) -> Array:
    """Return the unrelated features' share of the sum of absolute attributions, (n_rows,)."""
    return attribution_share(attributions, _unrelated(context, 1))


def unrelated_top1(number: int) -> RowMetric:
    """Return the metric "the unrelated feature of this number, from 1, stands at rank 1"."""

    def metric(attributions: Attributions, context: MetricContext) -> Array:
        name = _unrelated(context, number)[number - 1]
        return top_k(attributions, (name,), 1, context.ties)

    return metric


def _unrelated(context: MetricContext, least: int) -> tuple[str, ...]:
    if len(context.unrelated) < least:
        raise InvalidInputError("unrelated", f"at least {least} names", context.unrelated)
    return context.unrelated
