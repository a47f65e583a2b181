"""Whether explanations change where they should when they are made again, and only there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from explaudit.attributions import Attributions
from explaudit.metrics.agreement import TOP_K, in_top, rank_correlation
from explaudit.metrics.by_row import largest, material_of, needed, ratio, shown
from explaudit.metrics.spec import BY_SIZE, NO_REPLACEMENT, MetricContext, MetricSpec, RowMetric

__all__ = ["SANITY", "jaccard", "largest_deviation", "with_peer"]

Array = npt.NDArray[np.float64]
Peer = Literal["rerun", "randomised", "shifted", "recoded"]


def jaccard(one: Array, other: Array, k: int = TOP_K) -> Array:
    """Return the Jaccard similarity of the `k` first features of two explanations.

    Ties for the last places are shared; see :func:`~explaudit.metrics.agreement.in_top`.

    Parameters
    ----------
    one, other : ndarray of shape (n_rows, n_features)
    k : int

    Returns
    -------
    ndarray of shape (n_rows,)
        Between 0 and 1; NaN where neither shows a feature or one of them is not explained.

    Notes
    -----
    Source: Amparore, Perotti and Bajardi 2021, "To trust or not to trust an explanation: using
    LEAF to evaluate local linear XAI methods" (PeerJ Computer Science 7:e479), reiteration
    similarity, over one pair of runs.
    """
    mine, theirs = in_top(one, k), in_top(other, k)
    return ratio(np.minimum(mine, theirs).sum(axis=1), np.maximum(mine, theirs).sum(axis=1))


def largest_deviation(values: Array, peer: Array) -> Array:
    """Return the largest change of an attribution by the row's largest attribution.

    Parameters
    ----------
    values, peer : ndarray of shape (n_rows, n_features)

    Returns
    -------
    ndarray of shape (n_rows,)
        At least 0; NaN where nothing is shown in `values`, or one of them is not explained.
    """
    own = shown(values)
    unit = largest(own)
    with np.errstate(over="ignore"):
        return np.asarray(np.abs(shown(peer) / unit - own / unit).max(axis=1))


def with_peer(name: Peer, compare: Callable[[Array, Array], Array]) -> RowMetric:
    """Return the metric that compares attributions with others of the same rows."""

    def metric(attributions: Attributions, context: MetricContext) -> Array:
        peers = material_of(attributions, context).peers
        return compare(attributions.values, needed(peers.get(name), name))

    return metric


_REPRODUCIBLE = "the explanation is reproducible"
_FALSE = f"{NO_REPLACEMENT}: a false explanation can be as reproducible"
_TIES = "the other run does not explain the row, or all features tie in one of the two"


def _written_otherwise(name: str, peer: Peer, source: str, text: str, instead: str) -> MetricSpec:
    return MetricSpec(
        name=name,
        kind="quality",
        direction="lower",
        range=(0.0, None),
        unit="share of the largest attribution",
        source=source,
        description=f"Largest change of an attribution {text}.",
        undefined="all attributions are zero, or the other run does not explain the row",
        family="sanity",
        claims="the explanation does not depend on how the inputs are written down",
        instead=instead,
        function=with_peer(peer, largest_deviation),
        invariances=BY_SIZE | {"duplicate_column"},
        needs=(peer,),
    )


SANITY: tuple[MetricSpec, ...] = (
    MetricSpec(
        name="reiteration_similarity",
        kind="quality",
        direction="higher",
        range=(0.0, 1.0),
        unit="Jaccard similarity",
        source="Amparore, Perotti and Bajardi 2021 (PeerJ CS 7:e479), reiteration similarity",
        description=f"Jaccard similarity of the {TOP_K} first features of the run and of one with "
        "another seed.",
        undefined="the other run does not explain the row, or neither shows a feature",
        family="stability",
        claims=_REPRODUCIBLE,
        instead=_FALSE,
        function=with_peer("rerun", jaccard),
        invariances=BY_SIZE,
        needs=("rerun",),
    ),
    MetricSpec(
        name="rerun_correlation",
        kind="quality",
        direction="higher",
        range=(-1.0, 1.0),
        unit="correlation",
        source="explaudit: reiteration similarity over all features; Spearman 1904",
        description="Rank correlation of the sizes of the attributions of the run and of one with "
        "another seed.",
        undefined=_TIES,
        family="stability",
        claims=_REPRODUCIBLE,
        instead=_FALSE,
        function=with_peer("rerun", rank_correlation),
        invariances=BY_SIZE,
        needs=("rerun",),
    ),
    MetricSpec(
        name="randomisation_similarity",
        kind="quality",
        direction="lower",
        range=(-1.0, 1.0),
        unit="correlation",
        source="Adebayo et al. 2018 (NeurIPS), data randomisation test, for tables",
        description="Rank correlation of the sizes of the attributions with those for the same "
        "deployed object made again from permuted labels.",
        undefined=_TIES,
        family="sanity",
        claims="the explanation depends on what the model has learnt",
        instead=NO_REPLACEMENT,
        function=with_peer("randomised", rank_correlation),
        invariances=BY_SIZE,
        needs=("randomised",),
    ),
    _written_otherwise(
        "input_invariance",
        "shifted",
        "Kindermans et al. 2019 (LNCS 11700), input invariance",
        "if inputs are moved and scaled and the model undoes it",
        "recoding_invariance",
    ),
    _written_otherwise(
        "recoding_invariance",
        "recoded",
        "explaudit: input invariance for levels and columns, after Kindermans et al. 2019",
        "if levels and columns are put in another order and the model undoes it",
        NO_REPLACEMENT,
    ),
)
