"""Gameability: the share of the way to innocence that an attack moves a piece of evidence.

For evidence M, an honest but biased model f, its attacked version e and the innocuous psi, all
explained on the same rows:

    gameability = (M(f) - M(e)) / (M(f) - M(psi))

0 means that the evidence is unmoved, 1 that e looks just as psi does. It can be below 0 (the attack
makes the evidence worse for the model) and above 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from explaudit.errors import InvalidInputError
from explaudit.resampling import Resamples
from explaudit.statistics import Bounds, Interval, constant_interval, interval

__all__ = [
    "LEAST_CONTRAST",
    "Constraint",
    "Summary",
    "Trial",
    "judge",
    "not_worse",
    "paired",
    "ratio",
]

Array = npt.NDArray[np.float64]

#: |M(f) - M(psi)| below this is no contrast to move along, whatever its interval.
LEAST_CONTRAST = 0.05

#: Resampled means are single precision; an interval this narrow is that of a constant.
_NO_SPREAD = 1e-6


@dataclass(frozen=True)
class Constraint:
    """What an attack must leave alone to count.

    Attributes
    ----------
    fidelity_floor : float
        Least agreement of e with f on held-out real rows.
    harm_tolerance : float
        Most by which the demographic-parity gap and the matched-pair effect, both on held-out real
        rows, may differ between e and f.
    """

    fidelity_floor: float = 0.9
    harm_tolerance: float = 0.1

    def __post_init__(self) -> None:
        for name in ("fidelity_floor", "harm_tolerance"):
            if not 0 <= getattr(self, name) <= 1:
                raise InvalidInputError(name, "a number between 0 and 1", getattr(self, name))

    def broken(self, fidelity: float, changes: dict[str, float]) -> str:
        """Return why an attack does not count; empty if it does.

        Parameters
        ----------
        fidelity : float
            NaN if it was not measured, which does not count.
        changes : dict of str to float
            For each measure of harm, that of e less that of f; NaN if unknown.
        """
        reasons = []
        if np.isnan(fidelity):
            reasons.append("fidelity was not measured")
        elif fidelity < self.fidelity_floor:
            reasons.append(f"fidelity {fidelity:.3f} is below {self.fidelity_floor:g}")
        for harm, change in changes.items():
            if np.isnan(change):
                reasons.append(f"the change of the {harm} is unknown")
            elif abs(change) > self.harm_tolerance:
                reasons.append(
                    f"the {harm} changes by {change:+.3f}, more than {self.harm_tolerance:g}"
                )
        return "; ".join(reasons)


@dataclass(frozen=True)
class Trial:
    """One attack setting, and whether it keeps the constraint; `broken` says why not."""

    attack_setting: str
    fidelity: float
    broken: str = ""

    @property
    def counts(self) -> bool:
        """Whether it enters the mean and the worst."""
        return not self.broken


@dataclass(frozen=True)
class Summary:
    """The gameability under one attack setting, the mean over them, or the worst of them.

    `trial` is None for the mean, and where no attack is the worst.
    """

    kind: Literal["attack", "mean", "worst"]
    trial: Trial | None
    estimate: Interval


def paired(honest: Array, attacked: Array, innocent: Array) -> Array:
    """Return the three models' values side by side, NaN wherever any of them has none.

    Parameters
    ----------
    honest, attacked, innocent : ndarray of shape (n_rows, ...)
        Values on the same rows, for instance of several metrics.

    Returns
    -------
    ndarray of shape (n_rows, ..., 3)
    """
    values = np.stack([honest, attacked, innocent], axis=-1)
    values[np.isnan(values).any(axis=-1)] = np.nan
    return values


def ratio(means: Array) -> Array:
    """Return the gameability of means of f, e and psi, shape (..., 3) to (...,).

    NaN where f and psi have the same mean.
    """
    moved, contrast = means[..., 0] - means[..., 1], means[..., 0] - means[..., 2]
    undefined = np.full(np.shape(moved), np.nan)
    return np.asarray(np.divide(moved, contrast, out=undefined, where=contrast != 0))


def not_worse(honest: Array, attacked: Array, direction: str) -> Array:
    """Return by row whether e scores at least as well as f: 1, 0, or 1/2 for a tie.

    Its mean is how gameable a quality metric is; 1/2 means that the metric cannot tell.

    Parameters
    ----------
    honest, attacked : ndarray of shape (n_rows,)
        Values on the same rows; NaN gives NaN.
    direction : {"higher", "lower"}
        Which end is the better one.
    """
    gain = attacked - honest if direction == "higher" else honest - attacked
    return np.asarray((np.sign(gain) + 1) / 2)


def judge(
    trials: Sequence[Trial], resamples: Resamples, *, bounds: Bounds, first: int = 0
) -> list[Summary]:
    """Return the gameability under each attack setting, their mean and the worst.

    Mean and worst are over the attack settings that keep the constraint and for which the
    gameability is defined. The worst is taken anew in each resample; the largest of several
    noisy numbers is biased upward, and so are the estimate and its interval.

    Parameters
    ----------
    trials : sequence of Trial
    resamples : Resamples
        With three columns for each trial, those of :func:`paired`.
    bounds : tuple of float
        The least and the most that the evidence can be.
    first : int
        The column at which the first trial's three begin.
    """
    columns = [range(first + 3 * i, first + 3 * i + 3) for i in range(len(trials))]
    alone = [_one_attack(resamples, own, bounds) for own in columns]
    summaries = [
        Summary("attack", trial, replace(found, reason=_joined(trial.broken, found.reason)))
        for trial, found in zip(trials, alone, strict=True)
    ]
    counting = [i for i, trial in enumerate(trials) if trial.counts]
    defined = [i for i in counting if not np.isnan(alone[i].value)]
    if not defined:
        return [*summaries, *_without_summary([alone[i] for i in counting])]
    chosen = [columns[i] for i in defined]
    left_out = len(counting) - len(defined)
    caution = f"undefined for {left_out} of {len(counting)} attack settings" if left_out else ""
    estimates = [alone[i] for i in defined]
    mean = _over_attacks(resamples, chosen, estimates, "mean")
    worst = _over_attacks(resamples, chosen, estimates, "worst")
    worst_trial = trials[max(defined, key=lambda i: alone[i].value)]
    return [
        *summaries,
        Summary("mean", None, replace(mean, reason=_joined(mean.reason, caution))),
        Summary("worst", worst_trial, replace(worst, reason=_joined(worst.reason, caution))),
    ]


def _one_attack(resamples: Resamples, columns: range, bounds: Bounds) -> Interval:
    honest, _, innocent = columns
    contrast = interval(
        resamples,
        lambda means: np.asarray(means[..., honest] - means[..., innocent]),
        [honest, innocent],
        column_bounds=bounds,
    )
    if np.isnan(contrast.value):
        reason = "no row has a value for the honest, the attacked and the innocuous model"
        return replace(contrast, reason=reason)
    if abs(contrast.value) < LEAST_CONTRAST or not (contrast.low > 0 or contrast.high < 0):
        alike = abs(contrast.value) < LEAST_CONTRAST
        said = (
            "the honest and the innocuous model look alike to this explainer"
            if alike
            else "too few rows or replicates to tell the honest from the innocuous model"
        )
        reason = (
            f"{said}: they differ by "
            f"{contrast.value:.3f} [{contrast.low:.3f} to {contrast.high:.3f}]"
        )
        return replace(contrast, value=np.nan, low=np.nan, high=np.nan, reason=reason)
    found = interval(resamples, lambda means: ratio(means[..., honest : innocent + 1]), columns)
    if found.high - found.low > _NO_SPREAD:
        return found
    return _without_spread(found, bounds[1] - bounds[0], abs(contrast.value))


def _without_spread(found: Interval, width: float, contrast: float) -> Interval:
    """Return the interval where e relates to f and psi in the same way in every row.

    That is so, for instance, where e is explained just as f, or as psi. Then no resample moves,
    but other rows might be explained otherwise: as many as the exact bound of
    :func:`~explaudit.statistics.constant_interval` allows, and each by the metric's whole width.
    """
    low, high = constant_interval(0.0, found.n, (-width, width))
    reason = found.reason
    if low == high:
        reason = _joined(reason, "no row differs, and the metric has no bounds: a point")
    value = found.value
    return replace(found, low=value + low / contrast, high=value + high / contrast, reason=reason)


def _over_attacks(
    resamples: Resamples,
    columns: Sequence[range],
    alone: Sequence[Interval],
    kind: Literal["mean", "worst"],
) -> Interval:
    combine = np.mean if kind == "mean" else np.max

    def statistic(means: Array) -> Array:
        ratios = [ratio(means[..., own.start : own.stop]) for own in columns]
        return np.asarray(combine(np.stack(ratios), axis=0))

    found = interval(resamples, statistic, [c for own in columns for c in own])
    if found.high - found.low > _NO_SPREAD:
        return found
    # no resample moved: combine what each attack has in that case
    low, high = (float(combine([getattr(one, end) for one in alone])) for end in ("low", "high"))
    return replace(found, low=low, high=high)


def _without_summary(counting: Sequence[Interval]) -> list[Summary]:
    reason = counting[0].reason if counting else "no attack setting keeps the constraint"
    nothing = Interval(np.nan, np.nan, np.nan, 0, 0, reason)
    return [Summary("mean", None, nothing), Summary("worst", None, nothing)]


def _joined(*reasons: str) -> str:
    return "; ".join(reason for reason in reasons if reason)
