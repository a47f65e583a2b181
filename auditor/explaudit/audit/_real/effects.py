"""Effects with intervals: differences between groups of real rows, and within pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Effect", "clearest", "gaps_between", "pair_effects"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Effect:
    """How much higher an output is for some rows, with its interval.

    Attributes
    ----------
    group : str
        Which rows, or what is more about them.
    output : str
    estimate, low, high : float
        In units of the output.
    n : int
        Rows or pairs behind it.
    """

    group: str
    output: str
    estimate: float
    low: float
    high: float
    n: int

    @property
    def distance(self) -> float:
        """How far the interval lies from 0; negative where it holds 0."""
        return max(self.low, -self.high)


def clearest(effects: Sequence[Effect]) -> Effect:
    """Return the effect whose interval lies farthest from 0."""
    return max(effects, key=lambda effect: effect.distance)


def gaps_between(
    answers: Array, groups: Mapping[str, Mask], outputs: Sequence[str], alpha: float
) -> list[Effect]:
    """Compare the mean answers to each group's rows with those to all other rows.

    Parameters
    ----------
    answers : ndarray of shape (n_rows, n_outputs)
    groups : mapping of str to ndarray of bool of shape (n_rows,)
        Each leaves at least two rows out and has at least two.
    outputs : sequence of str
    alpha : float
        Intervals hold all together with probability 1 - alpha (Bonferroni).

    Notes
    -----
    Source: statistical parity is Dwork et al. 2012, "Fairness through awareness" (ITCS), section
    3; the interval of two shares is Newcombe 1998 (Statistics in Medicine 17), method 10, of two
    means Welch's.
    """
    level = alpha / max(1, len(groups) * len(outputs))
    found = []
    for group, inside in groups.items():
        for output, column in zip(outputs, answers.T, strict=True):
            low, high = _difference_interval(column[inside], column[~inside], level)
            estimate = float(column[inside].mean() - column[~inside].mean())
            found.append(Effect(group, output, estimate, low, high, int(inside.sum())))
    return found


def _difference_interval(one: Array, other: Array, level: float) -> tuple[float, float]:
    from scipy import stats

    if not np.isin(np.concatenate([one, other]), (0.0, 1.0)).all():
        return _welch_interval(one, other, level)
    bounds = []
    for sample in (one, other):
        share = stats.binomtest(int(sample.sum()), len(sample)).proportion_ci(1 - level, "wilson")
        bounds.append((float(sample.mean()), share.low, share.high))
    (p, p_low, p_high), (q, q_low, q_high) = bounds
    below = np.hypot(p - p_low, q_high - q)
    above = np.hypot(p_high - p, q - q_low)
    return float(p - q - below), float(p - q + above)


def _welch_interval(one: Array, other: Array, level: float) -> tuple[float, float]:
    from scipy import stats

    parts = np.array([sample.var(ddof=1) / len(sample) for sample in (one, other)])
    difference, variance = float(one.mean() - other.mean()), float(parts.sum())
    if variance == 0:
        return difference, difference
    freedom = variance**2 / float((parts**2 / [len(one) - 1, len(other) - 1]).sum())
    reach = float(stats.t.isf(level / 2, freedom)) * variance**0.5
    return difference - reach, difference + reach


def pair_effects(
    answers: Array, pairs: Mapping[str, tuple[Ints, Ints]], outputs: Sequence[str], alpha: float
) -> list[Effect]:
    """Compare the answers to both rows of each pair.

    Parameters
    ----------
    answers : ndarray of shape (n_rows, n_outputs)
    pairs : mapping of str to tuple of ndarray
        By group, from :func:`close_pairs`; at least two pairs of each.
    outputs : sequence of str
    alpha : float
        Intervals hold all together with probability 1 - alpha (Bonferroni).

    Notes
    -----
    Differences of labels are -1, 0 or 1; their interval is exact: Clopper and Pearson's (1934,
    Biometrika 26) of the share of 1 less that of the share of -1. Of numbers it is Student's.
    """
    level = alpha / max(1, len(pairs) * len(outputs))
    found = []
    for group, (one, other) in pairs.items():
        for output, column in zip(outputs, answers.T, strict=True):
            differences = column[one] - column[other]
            low, high = _paired_interval(differences, level)
            found.append(Effect(group, output, float(differences.mean()), low, high, len(one)))
    return found


def _paired_interval(differences: Array, level: float) -> tuple[float, float]:
    from scipy import stats

    n = len(differences)
    if np.isin(differences, (-1.0, 0.0, 1.0)).all():
        up, down = (
            stats.binomtest(int((differences == sign).sum()), n).proportion_ci(1 - level / 2)
            for sign in (1, -1)
        )
        return float(up.low - down.high), float(up.high - down.low)
    reach = float(stats.t.isf(level / 2, n - 1) * differences.std(ddof=1) / np.sqrt(n))
    return float(differences.mean()) - reach, float(differences.mean()) + reach
