"""How near attributions come to the true ones, where the model is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from explaudit.attributions import Attributions
from explaudit.metrics.agreement import TOP_K, in_top, rank_correlation
from explaudit.metrics.by_row import material_of, needed, ratio, shown
from explaudit.metrics.spec import (
    BY_SIZE,
    NO_REPLACEMENT,
    SIGNED,
    MetricContext,
    MetricSpec,
    RowMetric,
)

__all__ = ["TRUTH", "against_truth", "same_signs", "truth_found"]

Array = npt.NDArray[np.float64]


def truth_found(values: Array, truth: Array, k: int = TOP_K) -> Array:
    """Return the share of the `k` truly largest features that are among the `k` largest shown.

    Parameters
    ----------
    values, truth : ndarray of shape (n_rows, n_features)
    k : int

    Returns
    -------
    ndarray of shape (n_rows,)
        Between 0 and 1, of fewer than `k` where fewer have a true effect; ties for the last places
        are shared, see :func:`~explaudit.metrics.agreement.in_top`. NaN where no feature has a
        true effect, and for rows that were not explained.

    Notes
    -----
    Source: feature agreement with the truth, Agarwal et al. 2022, "OpenXAI" (NeurIPS Datasets and
    Benchmarks), section 3.
    """
    true = in_top(truth, k)
    return ratio(np.minimum(in_top(values, k), true).sum(axis=1), true.sum(axis=1))


def same_signs(values: Array, truth: Array) -> Array:
    """Return the share of features with a true effect whose attribution has the effect's sign.

    Parameters
    ----------
    values, truth : ndarray of shape (n_rows, n_features)

    Returns
    -------
    ndarray of shape (n_rows,)
        Between 0 and 1; NaN where no feature has a true effect, and for rows that were not
        explained.

    Notes
    -----
    Source: sign agreement with the truth, Agarwal et al. 2022 (OpenXAI), section 3, over all
    features with an effect in place of the first k.
    """
    values, truth = shown(values), shown(truth)
    # NaN where either row is not explained
    affects = np.where(np.isnan(values) | np.isnan(truth), np.nan, truth != 0)
    right = affects * (np.sign(values) == np.sign(truth))
    return ratio(right.sum(axis=1), affects.sum(axis=1))


def against_truth(compare: Callable[[Array, Array], Array]) -> RowMetric:
    """Return the metric that compares attributions with the true ones."""

    def metric(attributions: Attributions, context: MetricContext) -> Array:
        truth = needed(material_of(attributions, context).truth, "truth")
        return compare(attributions.values, truth)

    return metric


TRUTH: tuple[MetricSpec, ...] = tuple(
    MetricSpec(
        name=name,
        kind="quality",
        direction="higher",
        range=(-1.0 if compare is rank_correlation else 0.0, 1.0),
        unit=unit,
        source="Agarwal et al. 2022 (OpenXAI, NeurIPS Datasets and Benchmarks), section 3",
        description=text,
        undefined=undefined,
        family="ground truth",
        claims="the explanation shows what the model truly uses",
        instead=NO_REPLACEMENT,
        function=against_truth(compare),
        invariances=SIGNED if compare is same_signs else BY_SIZE,
        needs=("truth",),
    )
    for name, compare, unit, undefined, text in (
        (
            "truth_rank_correlation",
            rank_correlation,
            "correlation",
            "all features tie, in the attributions or in truth",
            "Rank correlation of the sizes of the attributions with those of the true ones.",
        ),
        (
            "truth_top_k",
            truth_found,
            "share of features",
            "no feature has a true effect",
            f"Share of the {TOP_K} truly largest features among the {TOP_K} largest that are "
            "shown.",
        ),
        (
            "truth_sign",
            same_signs,
            "share of features",
            "no feature has a true effect",
            "Share of the features with a true effect that are shown with its sign.",
        ),
    )
)
