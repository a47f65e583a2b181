"""Ways to explain a model: explainers with settings that a budget of rows suffices for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from explaudit.explainer import Explainer
from explaudit.explainers.kernel_shap import KernelShap
from explaudit.explainers.lime_tabular import LimeTabular
from explaudit.explainers.matched_pairs import MatchedPairs
from explaudit.explainers.neighbour_shap import NeighbourShap
from explaudit.explainers.partial_dependence import PartialDependenceAmplitude
from explaudit.explainers.permutation_importance import PermutationImportance

__all__ = ["Way", "perturbing_ways", "real_ways", "single_ways"]

#: Centres or rows, as KernelSHAP is mostly used: a gate may know no other queries.
_N_BACKGROUND = 10
#: Coalitions for each feature of KernelSHAP, as many as keep its regression steady.
_PER_FEATURE = 3
_LEAST_COALITIONS = 20
_MOST_ROWS = 12
#: Values of a numeric feature that partial dependence goes through; more would leave fewer rows.
_GRID = 5
#: With fewer rows, permuting hardly changes anything, and a mean over them is hardly one.
_LEAST_SINGLE_ROWS = 5


@dataclass(frozen=True)
class Way:
    """An explainer with its settings, and what to call the two together."""

    label: str
    explainer: Explainer


def perturbing_ways(n_features: int, most_queries: int) -> tuple[int, tuple[Way, ...]]:
    """Return how many rows to explain, and explainers that ask rows which are put together.

    Parameters
    ----------
    n_features : int
    most_queries : int
        None of them asks more rows than this for so many explained rows.

    Returns
    -------
    n_rows : int
        0 if so few queries do not suffice for one row.
    ways : tuple of Way
    """
    coalitions = max(_LEAST_COALITIONS, _PER_FEATURE * n_features)
    each = 1 + coalitions * _N_BACKGROUND
    n_rows = min(_MOST_ROWS, (most_queries - _N_BACKGROUND) // each)
    if n_rows < 1:
        return 0, ()
    kmeans = KernelShap(
        background="kmeans", n_background=_N_BACKGROUND, nsamples=coalitions, verify_rows=0
    )
    return n_rows, (
        Way("KernelSHAP with k-means centres", kmeans),
        Way("KernelSHAP with random background rows", replace(kmeans, background="rows")),
        Way("LIME", LimeTabular(num_samples=most_queries // n_rows, verify_rows=0)),
    )


def single_ways(cost: Callable[[Way], int], most_queries: int) -> tuple[Way, ...]:
    """Return explainers that ask real rows in which one value is replaced by another real one.

    Parameters
    ----------
    cost : callable
        How many rows a way asks, of whatever is explained.
    most_queries : int
        None of them asks more. How many features there are, and how many levels, settles of how
        many rows; one that could afford a handful only is left out.

    Returns
    -------
    tuple of Way
    """
    permuted = PermutationImportance(n_repeats=1, n_rows=_LEAST_SINGLE_ROWS)
    moved = PartialDependenceAmplitude(grid_resolution=_GRID, n_rows=_LEAST_SINGLE_ROWS)
    found = []
    for label, least in (("permutation importance", permuted), ("partial dependence", moved)):
        each = cost(Way(label, least)) / _LEAST_SINGLE_ROWS
        n_rows = int(most_queries / each)
        if n_rows >= _LEAST_SINGLE_ROWS:
            found.append(Way(label, replace(least, n_rows=n_rows)))
    return tuple(found)


def real_ways() -> Sequence[Way]:
    """Return explainers that ask real rows only."""
    return (
        Way("SHAP from real neighbours", NeighbourShap(nsamples=128)),
        Way("matched pairs of real rows", MatchedPairs()),
    )
