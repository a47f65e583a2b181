"""What a sensitive feature is credited with, background row by background row.

The Shapley value of a feature is a mean over background rows of what it is against each single
one. So if rows were handed over that were drawn like the auditor's own, the values against the
two samples have one distribution. Each value is estimated from the same few rows of a group and
the same few coalitions, which makes it a fixed function of the background row, and the
permutation test of its mean exact, however few they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

from explaudit.audit._background.samples import Found, mean_test
from explaudit.audit._groups import Group
from explaudit.audit.outcome import Hidden
from explaudit.audit.target import Target

__all__ = ["Credits", "credits_of"]

Array = npt.NDArray[np.float64]

#: More rows of a group than these are not explained.
_MOST_DRAWS = 64


@dataclass(frozen=True, eq=False)
class Credits:
    """Credit of sensitive features against each of some background rows.

    Attributes
    ----------
    handed : ndarray of shape (n_handed, n_figures)
    own : ndarray of shape (n_own, n_figures)
        In units of the model's output.
    groups : tuple of Group
        What each figure is about; each group has a figure for each output.
    """

    handed: Array
    own: Array
    groups: tuple[Group, ...]

    def test(self, rng: np.random.Generator) -> Found:
        """Compare the means of all figures."""
        return mean_test(self.handed, self.own, rng)

    def group(self, figure: int) -> Group:
        """Return which group a figure is about."""
        n_outputs: int = self.own.shape[1] // len(self.groups)
        return self.groups[figure // n_outputs]

    def hidden(self, figure: int, confidence: float) -> Hidden:
        """Return by how much less the handed-over rows credit the feature, with Welch's interval.

        The interval is wide enough for all figures together.
        """
        handed, own = self.handed[:, figure], self.own[:, figure]
        sign = 1.0 if own.mean() >= 0 else -1.0
        parts = np.array([side.var(ddof=1) / len(side) for side in (handed, own)])
        free = np.array([len(handed) - 1.0, len(own) - 1.0])
        error = float(np.sqrt(parts.sum()))
        freedom = parts.sum() ** 2 / (parts**2 / free).sum() if error > 0 else free.sum()
        tail = (1.0 - confidence) / (2.0 * self.own.shape[1])
        reach = float(stats.t.isf(tail, freedom)) * error
        real, shown = sign * float(own.mean()), sign * float(handed.mean())
        group = self.group(figure)
        return Hidden(
            feature=group.feature,
            estimate=real - shown,
            low=real - shown - reach,
            high=real - shown + reach,
            real=real,
            shown=shown,
            explainer=f"Shapley values against the handed-over rows, rows with {group.label}",
            group="background",
        )


def credits_of(
    target: Target,
    groups: Sequence[Group],
    rows: Array,
    handed: Array,
    own: Array,
    *,
    most_queries: int,
    rng: np.random.Generator,
) -> Credits:
    """Estimate Shapley values against single background rows.

    Parameters
    ----------
    target : Target
        It was asked before, so that it is known how many outputs there are.
    groups : sequence of Group
        Of `rows`.
    rows : ndarray of shape (n_rows, n_features)
        Real rows.
    handed, own : ndarray of shape (n_handed, n_features), (n_own, n_features)
        Background rows, handed over and the auditor's.
    most_queries : int
        Rows to send at the most, but for one coalition for each group, which is always asked.
    rng : numpy.random.Generator
    """
    background = np.vstack([handed, own])
    figures = [
        _against(target, rows[group.rows], background, group, most_queries // len(groups), rng)
        for group in groups
    ]
    values = np.concatenate(figures, axis=1)
    return Credits(values[: len(handed)], values[len(handed) :], tuple(groups))


def _against(
    target: Target,
    rows: Array,
    background: Array,
    group: Group,
    most_queries: int,
    rng: np.random.Generator,
) -> Array:
    """Return a feature's credit against each background row, of shape (n_background, n_outputs).

    Against a background row with the same value the feature changes nothing, and nothing is asked.
    """
    feature = target.encoder.index(group.feature)
    drawn = rows[rng.integers(len(rows), size=_MOST_DRAWS)]
    cost = 2 * (drawn[:, feature, None] != background[:, feature]).sum(axis=1)
    drawn = drawn[: max(1, int((np.cumsum(cost) <= most_queries).sum()))]
    known = _coalitions(len(drawn), rows.shape[1], feature, rng)
    without = np.where(known[:, None], drawn[:, None], background[None])
    with_feature = without.copy()
    with_feature[:, :, feature] = drawn[:, None, feature]
    differs = with_feature[:, :, feature] != without[:, :, feature]
    if not differs.any():
        return np.zeros((len(background), len(target.outputs)))
    answers = target.ask(np.vstack([with_feature[differs], without[differs]]))
    n_asked = int(differs.sum())
    credit = np.zeros((*differs.shape, answers.shape[1]))
    credit[differs] = answers[:n_asked] - answers[n_asked:]
    return np.asarray(credit.mean(axis=0))


def _coalitions(
    n: int, n_features: int, feature: int, rng: np.random.Generator
) -> npt.NDArray[np.bool_]:
    """Draw who is known besides the feature, of sizes that are all equally likely, as in Shapley.

    Every second coalition is the complement of the one before it (Castro, Gomez and Tejada 2009,
    for sampling of orders; the pairs take out part of the noise).
    """
    others = np.delete(np.arange(n_features), feature)
    known = np.zeros((n, n_features), dtype=bool)
    for i in range(n):
        if i % 2:
            known[i, others] = ~known[i - 1, others]
        else:
            size = int(rng.integers(len(others) + 1))
            known[i, rng.permutation(others)[:size]] = True
    return known
