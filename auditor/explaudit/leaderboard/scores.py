"""From trials to scores: mean and worst adversary, with intervals, and one word."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explaudit.leaderboard.results import Estimate, Score, VerdictWord
from explaudit.leaderboard.trials import Trial, Unit
from explaudit.metrics import MetricEntry
from explaudit.pooling import number
from explaudit.statistics import UNBOUNDED, Bounds, constant_interval, replicate_interval

__all__ = ["RULES", "counts", "means", "pooled", "score", "verdict"]

Array = npt.NDArray[np.float64]

#: A metric is gameable if the worst adversary does so well by the estimate, and surely so well by
#: the lower end of its interval; it resists if the upper end is below the latter.
_HALF, _QUARTER = 0.5, 0.25
RULES = {"gameable_estimate": _HALF, "gameable_low": _QUARTER, "resists_high": _QUARTER}


@dataclass(frozen=True, eq=False)
class _Found:
    """One unit's numbers for one metric, by replicate, and who did the worst in each."""

    mean: Array
    worst: Array
    chosen: tuple[Trial, ...]
    n_counted: int


def score(units: Sequence[Unit], column: int, entry: MetricEntry, level: tuple[str, str]) -> Score:
    """Score a metric over some explainers and data sets.

    Parameters
    ----------
    units : sequence of Unit
        One or several explainers on one or several data sets.
    column : int
        The metric's column in their arrays.
    entry : MetricEntry
        The metric.
    level : tuple of str
        What the score says of itself: explainer and data set, empty for all.

    Notes
    -----
    A cluster is one replicate of one data set; explainers are averaged within it. Intervals are
    Student's over clusters or, where all clusters agree, the exact one of
    :func:`~explaudit.statistics.constant_interval`.
    """
    quality = entry.kind == "quality"
    bounds: Bounds = (0.0, 1.0) if quality else UNBOUNDED
    keeps = [_of(unit, column, lambda t: counts(t, quality) and not t.broken) for unit in units]
    breaks = [_of(unit, column, lambda t: counts(t, quality) and bool(t.broken)) for unit in units]
    worst = pooled(units, [found.worst for found in keeps], bounds)
    below = pooled(units, [found.worst for found in breaks], bounds)
    chosen = [trial for found in keeps for trial in found.chosen]
    common = Counter(trial.adversary for trial in chosen).most_common(1)
    name = common[0][0] if common else ""
    fidelities = [trial.fidelity for trial in chosen if trial.adversary == name]
    word, reason = verdict(worst, below, n_trials=sum(len(unit.trials) for unit in units))
    mean = pooled(units, [found.mean for found in keeps], bounds)
    if worst.value is None and mean.value is not None and word == "cannot say":
        reason = "too few replicates to choose the worst adversary on"
    return Score(
        metric=entry.name,
        explainer=level[0],
        dataset=level[1],
        mean=mean,
        worst=worst,
        worst_adversary=name,
        fidelity=number(float(np.mean(fidelities))) if fidelities else None,
        below_floor=below,
        random=pooled(units, [unit.random[:, column] for unit in units], bounds),
        n_counted=sum(found.n_counted for found in keeps),
        n_planned=sum(len(unit.trials) for unit in units),
        verdict=word,
        reason=reason,
    )


def verdict(worst: Estimate, below: Estimate, *, n_trials: int) -> tuple[VerdictWord, str]:
    """Return the verdict in one word, and why nothing can be said.

    Parameters
    ----------
    worst : Estimate
        Of the adversary chosen among those that keep the constraint.
    below : Estimate
        Of the one chosen among those that do not.
    n_trials : int
        Adversaries that were planned.
    """
    if _gamed(worst):
        return "gameable", ""
    resists = worst.high is not None and worst.high < _QUARTER
    if _gamed(below) and (resists or worst.value is None):
        return "costly to game", ""
    if resists:
        return "resists", ""
    return "cannot say", _silence(worst, n_trials)


def _silence(worst: Estimate, n_trials: int) -> str:
    if n_trials == 0:
        return "no adversary was run"
    if worst.value is None:
        return "no attack that counts deceives the explainer, or the metric has no value there"
    if worst.low is None:
        return "too few replicates"
    if worst.low > _QUARTER and (worst.high or 0.0) < _HALF:
        return "gamed in part: too often to resist, too seldom to be called gameable"
    return "the interval leaves both open"


def _gamed(found: Estimate) -> bool:
    if found.value is None or found.low is None:
        return False
    return found.value >= _HALF and found.low > _QUARTER


def counts(trial: Trial, quality: bool) -> bool:
    """Return whether there is anything to see in a trial, broken or not.

    A quality metric has nothing to see through where the explanation is not false.
    """
    return trial.deceives or not quality


def _of(unit: Unit, column: int, wanted: Callable[[Trial], bool]) -> _Found:
    """Return one unit's mean and worst over some adversaries."""
    trials = [trial for trial in unit.trials if wanted(trial)]
    n_replicates = len(unit.random)
    gamed = np.array([trial.gamed[:, column] for trial in trials]).reshape(-1, n_replicates)
    worst, chosen = np.full(n_replicates, np.nan), []
    for replicate in range(n_replicates):
        if len(trials) == 0 or np.isnan(gamed[:, replicate]).all():
            continue
        others = means(np.delete(gamed, replicate, axis=1))
        if np.isnan(others).all():
            continue
        best = int(np.nanargmax(others))
        worst[replicate] = gamed[best, replicate]
        chosen.append(trials[best])
    counted = int((~np.isnan(gamed)).any(axis=1).sum())
    return _Found(means(gamed.T), worst, tuple(chosen), counted)


def pooled(units: Sequence[Unit], values: Sequence[Array], bounds: Bounds) -> Estimate:
    """Average over explainers within each replicate of a data set, and then over those.

    Parameters
    ----------
    units : sequence of Unit
    values : sequence of ndarray of shape (n_replicates,)
        Of each unit; NaN where undefined.
    bounds : tuple of float
        Between which values lie.
    """
    clusters: list[float] = []
    for dataset in dict.fromkeys(unit.dataset for unit in units):
        own = [v for unit, v in zip(units, values, strict=True) if unit.dataset == dataset]
        clusters += means(np.array(own).T).tolist()
    there = [value for value in clusters if not np.isnan(value)]
    found = replicate_interval(there, bounds=bounds)
    low, high = found.low, found.high
    if len(there) > 1 and low == high:
        # a share of the way has no bounds; one that differed would mostly lie between its ends
        within = (min(0.0, found.value), max(1.0, found.value))
        low, high = constant_interval(found.value, len(there), within)
    return Estimate(value=number(found.value), low=number(low), high=number(high), n=found.n)


def means(values: Array) -> Array:
    """Return the mean of each row's defined values; NaN where there is none."""
    known = ~np.isnan(values)
    sums = np.where(known, values, 0.0).sum(axis=1)
    means = np.full(len(values), np.nan)
    np.divide(sums, known.sum(axis=1), out=means, where=known.any(axis=1))
    return means
