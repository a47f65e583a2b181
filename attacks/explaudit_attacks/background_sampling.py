"""Stealthily biased sampling: hand over background rows that hide a feature and pass the audit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy import stats

from explaudit.attack import Attack
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit.scenario import Access, Scenario, Surface

__all__ = ["BackgroundSampling"]

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

#: The pairwise differences of so many candidates are held in memory.
_MOST_CANDIDATES = 3000


@dataclass(frozen=True)
class BackgroundSampling(Attack):
    """Draw the background by weights that cancel a group's attribution of a sensitive feature.

    With Phi_i the group's mean Shapley value of the feature against background row i alone, and f_i
    the model's answer to it, the weights w minimise ``sum_i w_i b Phi_i + L N W1(w)``, where b is
    the sign of the Phi_i's sum and W1 the distance, on the model's answers, from equal weights. So
    an audit of the answers sees little. Without capacities the transport problem falls apart: each
    of the N rows sends its weight to the row i with the least ``b Phi_i + L |f_i - f_j|``.

    The model is untouched. The attacker knows the scenario's background, which it draws from, but
    not the rows to explain: the group's rows are taken from the background too.

    Parameters
    ----------
    feature : str
        The sensitive feature, by the encoder's name.
    group : str or float
        Whose attribution is to vanish: those at the level of this name of a categorical feature,
        or those on the side of a numeric feature's mean on which this number lies.
    keep_shares : bool
        Whether rows send their weight only to rows with the same value of the feature, so that
        its own distribution stays. The published attack does, since its background is one group;
        otherwise rows of the group itself, against which the feature changes nothing, are best.
    n_rows : int
        How many background rows are handed over, drawn by weight with replacement.
    penalty : float or None
        L, in units of Phi's spread over the answers' spread. None for the strongest attack that
        the audit of answers detects in at most ``2 alpha`` of `n_draws` draws.
    n_penalties, n_draws : int
        How many penalties the search tries, from a hundredth to a thousand, and draws for each.
    n_pairs : int
        Pairs of a row and a coalition that the Phi are estimated from.
    alpha : float
        The level of the audit that the attacker expects: half of it for Kolmogorov and Smirnov's
        test of the answers and half for the test of their mean.
    """

    name: ClassVar[str] = "background_sampling"
    surface: ClassVar[Surface] = Surface.BACKGROUND
    access: ClassVar[Access] = Access.BACKGROUND_DATA
    source: ClassVar[str] = (
        "Laberge, Aivodji, Hara, Marchand & Khomh, 'Fooling SHAP with Stealthily Biased "
        "Sampling', ICLR 2023; there with one group as the foreground, the other as background"
    )

    feature: str
    group: str | float
    keep_shares: bool = False
    n_rows: int = 200
    penalty: float | None = None
    n_penalties: int = 16
    n_draws: int = 30
    n_pairs: int = 100
    alpha: float = 0.05

    def __post_init__(self) -> None:
        for name in ("n_rows", "n_penalties", "n_draws", "n_pairs"):
            if getattr(self, name) < 1:
                raise InvalidInputError(name, "at least 1", getattr(self, name))
        if self.penalty is not None and not self.penalty > 0:
            raise InvalidInputError("penalty", "a positive number", self.penalty)

    def _tamper(self, scenario: Scenario, rng: np.random.Generator) -> Scenario:
        taken = rng.permutation(len(scenario.background))[:_MOST_CANDIDATES]
        table = scenario.background.iloc[taken]
        rows = scenario.encoder.encode(table)
        credit = self._credit(scenario, rows, rng)
        answers = scenario.answer(table)
        scale = credit.std() / max(float(answers.std()), np.finfo(np.float64).tiny)
        if not credit.any() or not np.isfinite(scale):
            raise InvalidInputError(
                "feature", "a feature that the model's answers depend on", self.feature
            )
        apart = np.abs(answers[:, None] - answers[None, :])
        if self.keep_shares:
            values = rows[:, scenario.encoder.index(self.feature)]
            apart[values[:, None] != values[None, :]] = np.inf
        if self.penalty is not None:
            chosen = _destinations(credit, apart, self.penalty * scale)
        else:
            chosen = self._strongest(credit, answers, apart, scale, rng)
        # a row's weight is how many rows send theirs to it
        drawn = chosen[rng.integers(len(chosen), size=self.n_rows)]
        return scenario.replace(background=table.iloc[drawn].reset_index(drop=True))

    def _credit(self, scenario: Scenario, rows: Array, rng: np.random.Generator) -> Array:
        """Return the group's mean Shapley value against each row alone, of shape (n_rows,)."""
        feature = scenario.encoder.index(self.feature)
        members = rows[_members(scenario.encoder, feature, rows, self.group)]
        others = np.delete(np.arange(rows.shape[1]), feature)
        credit = np.zeros(len(rows))
        for _ in range(self.n_pairs):
            row = members[rng.integers(len(members))]
            known = rng.permutation(others)[: rng.integers(len(others) + 1)]
            without = rows.copy()
            without[:, known] = row[known]
            with_feature = without.copy()
            with_feature[:, feature] = row[feature]
            both = scenario.answer(scenario.encoder.decode(np.vstack([with_feature, without])))
            credit += both[: len(rows)] - both[len(rows) :]
        return credit / self.n_pairs

    def _strongest(
        self, credit: Array, answers: Array, apart: Array, scale: float, rng: np.random.Generator
    ) -> Ints:
        """Return the destinations under the penalty that leaves least and goes undetected."""
        penalties = np.logspace(-2, 3, self.n_penalties) * scale
        tried = [_destinations(credit, apart, penalty) for penalty in penalties]
        unseen = [t for t in tried if self._detected(answers, t, rng) <= 2 * self.alpha]
        return min(unseen or tried[-1:], key=lambda chosen: abs(credit[chosen].mean()))

    def _detected(self, answers: Array, chosen: Ints, rng: np.random.Generator) -> float:
        """Return in which share of draws the audit of answers would see a difference."""
        n_rows = self.n_rows
        seen = 0
        for _ in range(self.n_draws):
            handed = answers[chosen[rng.integers(len(chosen), size=n_rows)]]
            fair = answers[rng.integers(len(answers), size=n_rows)]
            error = answers.std() / np.sqrt(n_rows)
            mean = 2 * stats.norm.sf(abs(handed.mean() - answers.mean()) / error)
            shape = stats.ks_2samp(handed, fair, method="asymp").pvalue
            seen += min(float(mean), float(shape)) <= self.alpha / 2
        return seen / self.n_draws


def _members(
    encoder: Encoder, feature: int, rows: Array, group: str | float
) -> npt.NDArray[np.bool_]:
    levels = encoder.features[feature].level_names
    column = rows[:, feature]
    if levels:
        if str(group) not in levels:
            raise InvalidInputError("group", f"one of {levels}", group)
        members = column == levels.index(str(group))
    else:
        middle = np.nanmean(column)
        members = column > middle if float(group) > middle else column <= middle
    if not members.any():
        raise InvalidInputError("group", "a group with rows in the background", group)
    return np.asarray(members)


def _destinations(credit: Array, apart: Array, penalty: float) -> Ints:
    """Return the row that each row sends its weight to; infinitely far ones are out of reach."""
    towards = np.sign(credit.sum()) * credit
    return np.asarray(np.argmin(towards[None, :] + penalty * apart, axis=1))
