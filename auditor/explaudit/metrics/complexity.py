"""How short an explanation is: on how few features its attributions are gathered."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from explaudit.attributions import Attributions
from explaudit.metrics.by_row import largest
from explaudit.metrics.placing import magnitudes
from explaudit.metrics.spec import BY_SIZE, NO_REPLACEMENT, MetricContext, MetricSpec

__all__ = ["COMPLEXITY", "effective_complexity", "entropy", "gini_sparseness"]

Array = npt.NDArray[np.float64]

# of the sum of magnitudes, with room for rounding
_HELD, _ROUNDING = 0.9, 1e-12


def entropy(attributions: Attributions, context: MetricContext) -> Array:
    """Return the entropy of the fractional contributions ``|a_i| / sum |a|``.

    Returns
    -------
    ndarray of shape (n_rows,)
        In nats: 0 if one feature has all, log(n_features) if all have the same. NaN where nothing
        is shown, and for rows that were not explained.

    Notes
    -----
    Source: Bhatt, Weller and Moura 2020, "Evaluating and aggregating feature-based model
    explanations" (IJCAI), section 3, low complexity.
    """
    return np.asarray(special.entr(_shares(attributions)).sum(axis=1))


def gini_sparseness(attributions: Attributions, context: MetricContext) -> Array:
    """Return the Gini index of the magnitudes.

    With magnitudes sorted upwards as shares ``p_1 <= ... <= p_d`` of their sum it is
    ``1 - 2 sum_k p_k (d - k + 1/2) / d``.

    Returns
    -------
    ndarray of shape (n_rows,)
        0 if all features have the same, 1 - 1/n_features if one has all. NaN where nothing is
        shown, and for rows that were not explained.

    Notes
    -----
    Source: Hurley and Rickard 2009, "Comparing measures of sparsity" (IEEE Transactions on
    Information Theory 55), table I; for attributions Chalasani et al. 2020, "Concise explanations
    of neural networks using adversarial training" (ICML).
    """
    shares = np.sort(_shares(attributions), axis=1)
    n_features = shares.shape[1]
    weights = (np.arange(n_features)[::-1] + 0.5) / n_features
    return np.asarray(1.0 - 2.0 * (shares * weights).sum(axis=1))


def effective_complexity(attributions: Attributions, context: MetricContext) -> Array:
    """Return the least number of features that hold 90 % of the sum of magnitudes.

    Returns
    -------
    ndarray of shape (n_rows,)
        At least 1. NaN where nothing is shown, and for rows that were not explained.

    Notes
    -----
    Source: Nguyen and Martínez 2020, "On quantitative aspects of model interpretability" (arXiv
    2007.07584), effective complexity, which asks for the fewest features that keep the loss small;
    the share of the attributions in its place is the compacity of the package shapash.
    """
    shares = _shares(attributions)
    held = np.cumsum(-np.sort(-shares, axis=1), axis=1)
    before = (held < _HELD - _ROUNDING).sum(axis=1)
    return np.where(np.isnan(shares).any(axis=1), np.nan, before + 1.0)


def _shares(attributions: Attributions) -> Array:
    """Return each magnitude's share of the row's sum; rows of NaN where that is 0."""
    sizes = magnitudes(attributions)
    relative = sizes / largest(sizes)
    return np.asarray(relative / relative.sum(axis=1, keepdims=True))


COMPLEXITY: tuple[MetricSpec, ...] = tuple(
    MetricSpec(
        name=name,
        kind="quality",
        direction="higher" if function is gini_sparseness else "lower",
        range=bounds,
        unit=unit,
        source=source,
        description=text,
        undefined="all attributions are zero",
        family="complexity",
        claims="the explanation is short enough to be understood",
        instead=f"{NO_REPLACEMENT}: a false explanation can be as short",
        function=function,
        invariances=BY_SIZE,
    )
    for name, function, bounds, unit, source, text in (
        (
            "entropy",
            entropy,
            (0.0, None),
            "nats",
            "Bhatt, Weller and Moura 2020 (IJCAI), section 3",
            "Entropy of the shares of the features in the sum of absolute attributions.",
        ),
        (
            "gini_sparseness",
            gini_sparseness,
            (0.0, 1.0),
            "Gini index",
            "Chalasani et al. 2020 (ICML); Hurley and Rickard 2009 (IEEE Trans. Inf. Theory 55), "
            "table I",
            "Gini index of the absolute attributions: 0 if they are equal.",
        ),
        (
            "effective_complexity",
            effective_complexity,
            (1.0, None),
            "features",
            "after Nguyen and Martínez 2020 (arXiv 2007.07584), effective complexity; package "
            "shapash, compacity",
            "Fewest features that hold 90 % of the sum of absolute attributions.",
        ),
    )
)
