"""How far two explanations of the same rows agree, and agreement with other explainers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from explaudit.attributions import Attributions
from explaudit.metrics.by_row import material_of, mean_known, needed, ratio, shown, spearman
from explaudit.metrics.spec import (
    BY_SIZE,
    NO_REPLACEMENT,
    SIGNED,
    MetricContext,
    MetricSpec,
    RowMetric,
)

__all__ = [
    "AGREEMENT",
    "TOP_K",
    "in_top",
    "pairwise_rank_agreement",
    "rank_correlation",
    "top_agreement",
    "with_others",
]

Array = npt.NDArray[np.float64]
Compare = Callable[[Array, Array], Array]

#: How many features count as the first ones.
TOP_K = 3


def in_top(values: Array, k: int) -> Array:
    """Return to what degree each feature is among the `k` of largest magnitude.

    Features that tie for the last places share them: of three that tie for two places, each is in
    to the degree 2/3. A feature that is not shown is never in.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
    k : int

    Returns
    -------
    ndarray of shape (n_rows, n_features)
        Between 0 and 1; NaN for rows that were not explained.
    """
    return np.asarray(_at_ranks(values, k).sum(axis=2))


def top_agreement(
    one: Array, other: Array, *, ranks: bool = False, signs: bool = False, k: int = TOP_K
) -> Array:
    """Return the share of the first features that two explanations have in common.

    Parameters
    ----------
    one, other : ndarray of shape (n_rows, n_features)
        Attributions of the same rows.
    ranks, signs : bool
        Whether a feature counts only if it has the same rank, the same sign, or both.
    k : int
        How many features are the first ones.

    Returns
    -------
    ndarray of shape (n_rows,)
        Between 0 and 1; NaN where neither shows a feature or one of them is not explained.

    Notes
    -----
    Source: Krishna et al. 2022, "The disagreement problem in explainable machine learning",
    section 4: feature, rank, sign and signed rank agreement. There ties are not spoken of; here
    tied features share their ranks evenly and what two explanations have in common is, as for
    fuzzy sets, the lesser degree. So an explanation always agrees with itself. If both show fewer
    than `k` features, the share is of as many as the one that shows more.
    """
    mine, theirs = _at_ranks(one, k), _at_ranks(other, k)
    if not ranks:
        mine, theirs = (degrees.sum(axis=2, keepdims=True) for degrees in (mine, theirs))
    common = np.minimum(mine, theirs).sum(axis=2)
    if signs:
        common = np.where(np.sign(one) == np.sign(other), common, 0.0)
    most = np.maximum(mine.sum(axis=(1, 2)), theirs.sum(axis=(1, 2)))
    return ratio(common.sum(axis=1), most)


def rank_correlation(one: Array, other: Array) -> Array:
    """Return Spearman's correlation of the features' magnitudes, row by row.

    Parameters
    ----------
    one, other : ndarray of shape (n_rows, n_features)

    Returns
    -------
    ndarray of shape (n_rows,)
        Between -1 and 1; NaN where all features tie in one of the two, or one is not explained.

    Notes
    -----
    Source: Krishna et al. 2022, section 4, over all features; tied features get mid-ranks.
    """
    return spearman(*(np.abs(shown(values)) for values in (one, other)))


def pairwise_rank_agreement(one: Array, other: Array) -> Array:
    """Return the share of pairs of features that two explanations put in the same order.

    Parameters
    ----------
    one, other : ndarray of shape (n_rows, n_features)

    Returns
    -------
    ndarray of shape (n_rows,)
        Between 0 and 1; NaN where neither shows a feature, one is not explained, or there is one
        feature only.

    Notes
    -----
    Source: Krishna et al. 2022, section 4, over all features. A pair that ties in both is in the
    same order; one that ties in one of them counts half, as if that tie were broken at random.
    """
    sizes = [np.abs(shown(values)) for values in (one, other)]
    first, second = np.triu_indices(one.shape[1], 1)
    mine, theirs = (np.sign(size[:, first] - size[:, second]) for size in sizes)
    agreeing = (1.0 - np.abs(mine - theirs) / 2.0).sum(axis=1)
    any_shown = np.maximum(*sizes).max(axis=1) > 0
    return ratio(agreeing, np.where(any_shown, float(len(first)), 0.0))


def with_others(compare: Compare) -> RowMetric:
    """Return the metric "mean agreement with the other explainers of the same model".

    Explainers that could not explain a row, or cannot be compared there, are left out of its mean.
    """

    def metric(attributions: Attributions, context: MetricContext) -> Array:
        material = material_of(attributions, context)
        others = needed(material.other_explainers or None, "other explainers")
        found = [compare(attributions.values, values) for values in others.values()]
        return mean_known(np.stack(found), axis=0)

    return metric


def _at_ranks(values: Array, k: int) -> Array:
    """Return the chance of each rank, 1 to k, if ties are broken at random.

    Returns
    -------
    ndarray of shape (n_rows, n_features, k)
        NaN for rows that were not explained; 0 for features that are not shown.
    """
    from scipy.stats import rankdata

    sizes = np.abs(shown(values))
    best, worst = (rankdata(-sizes, method=method, axis=1)[:, :, None] for method in ("min", "max"))
    ranks = np.arange(1, k + 1)
    chances = ((best <= ranks) & (ranks <= worst)) / (worst - best + 1.0)
    return np.where(sizes[:, :, None] == 0, 0.0, chances)


def _spec(
    name: str, compare: Compare, unit: str, text: str, *, signed: bool = False, low: float = 0.0
) -> MetricSpec:
    return MetricSpec(
        name=name,
        kind="quality",
        direction="higher",
        range=(low, 1.0),
        unit=unit,
        source="Krishna et al. 2022 (arXiv 2202.01602), section 4",
        description=f"{text}, on average over the other explainers.",
        undefined="no other explainer explains the row, or there is nothing to compare",
        family="agreement",
        claims="other methods say the same, so that the choice of the explainer does not matter",
        instead=f"{NO_REPLACEMENT}: explainers can be deceived alike",
        function=with_others(compare),
        invariances=SIGNED if signed else BY_SIZE,
        needs=("other explainers",),
    )


AGREEMENT: tuple[MetricSpec, ...] = (
    *(
        _spec(
            name,
            partial(top_agreement, ranks=ranks, signs=signs),
            "share of features",
            f"Share of the first {TOP_K} features that another explainer has {text}",
            signed=signs,
        )
        for name, ranks, signs, text in (
            ("feature_agreement", False, False, "among its own"),
            ("rank_agreement", True, False, "at the same rank"),
            ("sign_agreement", False, True, "among its own with the same sign"),
            ("signed_rank_agreement", True, True, "at the same rank with the same sign"),
        )
    ),
    _spec(
        "rank_correlation",
        rank_correlation,
        "correlation",
        "Rank correlation of the sizes of all attributions with another explainer's",
        low=-1.0,
    ),
    _spec(
        "pairwise_rank_agreement",
        pairwise_rank_agreement,
        "share of pairs",
        "Share of pairs of features that another explainer puts in the same order",
    ),
)
