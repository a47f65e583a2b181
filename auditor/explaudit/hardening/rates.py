"""How often the sensitive feature stands first, with intervals, and whether targets are met."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Literal

import msgspec
import numpy as np
import numpy.typing as npt

from explaudit.hardening.rows import CellRow, Model
from explaudit.resampling import Draws, draw, resample
from explaudit.seeds import generator
from explaudit.statistics import Interval, interval, mean_interval

__all__ = ["TARGETS", "Measure", "Rate", "Word", "rates", "word_of"]

Array = npt.NDArray[np.float64]

#: A share of rows; one divided by that of the same rows of the honest biased model; and a share of
#: those rows alone on which the same explainer shows the feature first for the honest biased model.
Measure = Literal["first", "ratio", "back"]
Word = Literal["met", "missed", "cannot say"]

#: What a hardened explainer is to reach, by measure and attacker.
TARGETS: Mapping[tuple[Measure, Model], float] = MappingProxyType(
    {("first", "unmatched"): 0.9, ("first", "matched"): 0.6, ("ratio", "unmatched"): 0.95}
)

_N_RESAMPLES = 2000
_SHARES = (0.0, 1.0)


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate with its interval.

    Attributes
    ----------
    explainer : str
        Its name.
    model : {"honest", "unmatched", "matched", "fair"}
        What is explained.
    measure : {"first", "ratio", "back"}
        What is measured of it.
    bias : str
        Of the biased model; empty for a fair one.
    dataset : str
        Name of the data set; empty for all together.
    value, low, high : float or None
        With the 95 % interval of a bootstrap over replicates and rows; None where undefined.
    n, n_clusters : int
        Rows and replicates that it stands on.
    reason : str
        Why it is undefined, or a caution.
    """

    explainer: str
    model: Model
    measure: Measure
    bias: str
    dataset: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    n_clusters: int
    reason: str = ""


def word_of(rate: Rate | None) -> Word:
    """Say whether a target is met, judged by the whole interval.

    Raises
    ------
    KeyError
        If there is no target for what was measured.
    """
    if rate is None or rate.low is None or rate.high is None:
        return "cannot say"
    goal = TARGETS[rate.measure, rate.model]
    if rate.low >= goal:
        return "met"
    return "missed" if rate.high < goal else "cannot say"


def rates(rows: Iterable[CellRow], seed: int) -> list[Rate]:
    """Return all estimates of all explainers, pooled over data sets and for each of them.

    Parameters
    ----------
    rows : iterable of CellRow
        Those without a result are left out.
    seed : int
        For the resamples; equal seeds give equal intervals.
    """
    groups: dict[tuple[str, Model, str, str], list[CellRow]] = {}
    for row in rows:
        if row.first:
            for model in row.models:
                for dataset in ("", row.dataset):
                    groups.setdefault((row.explainer, model, row.bias, dataset), []).append(row)
    pooled, found = _Pooled(seed), []
    for key, own in groups.items():
        explainer, model, bias, dataset = key
        honest = groups.get((explainer, "honest", bias, dataset), [])
        measures: tuple[Measure, ...] = ("first",)
        if model in ("unmatched", "matched"):
            measures = ("first", "ratio", "back")
        found += [
            _rate(key, measure, _measured(measure, own, honest, pooled)) for measure in measures
        ]
    return found


class _Pooled:
    """Intervals of pooled rows; equally many replicates and rows share the draws.

    So intervals can be compared, and draws are the most of what they cost.
    """

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._draws: dict[tuple[int, ...], Draws] = {}

    def __call__(self, clusters: Sequence[Array]) -> Interval:
        """Return the interval of a mean, or of the first column's mean over the second one's."""
        if not clusters:
            return Interval(np.nan, np.nan, np.nan, 0, 0, "no row to compare")
        sizes = tuple(len(cluster) for cluster in clusters)
        if sizes not in self._draws:
            rng = generator(self._seed, "intervals", *sizes)
            self._draws[sizes] = draw(sizes, n_resamples=_N_RESAMPLES, rng=rng)
        resamples = resample(clusters, self._draws[sizes])
        if clusters[0].shape[1] == 1:
            return mean_interval(resamples, 0, bounds=_SHARES)
        return interval(resamples, _quotient, [0, 1], bounds=(0.0, np.inf), column_bounds=_SHARES)


def _measured(
    measure: Measure, own: Sequence[CellRow], honest: Sequence[CellRow], pooled: _Pooled
) -> Interval:
    if measure == "first":
        return pooled([np.array(row.first)[:, None] for row in own])
    pairs = _paired(own, honest)
    if measure == "back":
        pairs = [there[:, :1] for pair in pairs if len(there := pair[pair[:, 1] == 1.0])]
    return pooled(pairs)


def _paired(own: Sequence[CellRow], honest: Sequence[CellRow]) -> list[Array]:
    """Return for each replicate what is shown of rows of both models, (n_rows, 2)."""
    before = {(row.dataset, row.replicate): row for row in honest}
    pairs = []
    for row in own:
        other = before.get((row.dataset, row.replicate))
        if other is not None and other.row_ids == row.row_ids:
            pairs.append(np.column_stack([row.first, other.first]))
    return pairs


def _quotient(means: Array) -> Array:
    below = means[..., 1]
    nothing = np.full(below.shape, np.nan)
    return np.asarray(np.divide(means[..., 0], below, out=nothing, where=below > 0))


def _rate(key: tuple[str, Model, str, str], measure: Measure, found: Interval) -> Rate:
    explainer, model, bias, dataset = key
    value, low, high = (
        float(one) if np.isfinite(one) else None for one in (found.value, found.low, found.high)
    )
    return Rate(
        explainer=explainer,
        model=model,
        measure=measure,
        bias=bias,
        dataset=dataset,
        value=value,
        low=low,
        high=high,
        n=found.n,
        n_clusters=found.n_clusters,
        reason=found.reason if value is not None else _undefined(measure, found),
    )


def _undefined(measure: Measure, found: Interval) -> str:
    if measure == "first":
        return found.reason
    return "the explainer shows the feature first in no row of the honest biased model"
