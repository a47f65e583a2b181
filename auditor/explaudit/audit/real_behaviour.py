"""What the deployed decisions depend on, by real rows alone, beside what queries claim."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from explaudit.audit._groups import groups_of
from explaudit.audit._real.dependence import dependences
from explaudit.audit._real.effects import clearest, gaps_between, pair_effects
from explaudit.audit._real.pairs import close_pairs
from explaudit.audit._real.shares import share_draws, share_gap
from explaudit.audit._real.wording import (
    DEPENDENCE,
    GAP,
    INTERSECTION,
    PAIRS,
    dependence_finding,
    gap_finding,
    nothing,
    pairs_finding,
    share_finding,
)
from explaudit.audit.evidence import Asked, Detector, Evidence
from explaudit.audit.outcome import Finding, Judgement
from explaudit.audit.surrogate import Design
from explaudit.errors import InvalidInputError
from explaudit.seeds import generator

__all__ = ["RealBehaviour"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_FEWEST_ROWS = 100
_FEWEST_PAIRS = 10
_FEWEST_IN_GROUP = 10
_FEWEST_IN_INTERSECTION = 30
_MOST_GROUPS = 20


@dataclass(frozen=True)
class RealBehaviour(Detector):
    """Say what decisions on real rows depend on, and what an explainer's queries claim of it.

    Nothing here is perturbed and nothing is a test of deception: an openly biased model has its
    bias named. For each sensitive feature: the difference within pairs of real rows that are alike
    otherwise; the dependence of the answers on it given all other features; the gap between its
    groups and between intersecting ones; and by explainer, the share that it has in all that
    features do, in a surrogate of the answers to the queries and in one of those to real rows.
    Where there are several groups or outputs, the one whose interval lies farthest from 0 is told,
    and its interval allows for the choice; of shares, those in the output where the real one is
    largest.

    Parameters
    ----------
    caliper : float
        By how many standard deviations, less than 1, another number may differ in a pair.
    n_splits : int
        How many times folds are drawn to predict answers and sensitive features from the others.
    n_draws : int
        Bootstrap samples for shares. Queries are resampled as if drawn one by one.

    Raises
    ------
    InvalidInputError
        If a setting is out of range.
    """

    name: ClassVar[str] = "real_behaviour"
    source: ClassVar[str] = (
        "Shah and Peters 2020 (Annals of Statistics 48); Robinson 1988 (Econometrica 56); "
        "Rubin 1973 (Biometrics 29); Dwork et al. 2012 (ITCS)"
    )

    caliper: float = 0.25
    n_splits: int = 3
    n_draws: int = 40

    def __post_init__(self) -> None:
        if not 0 <= self.caliper < 1:
            raise InvalidInputError("caliper", "at least 0 and less than 1", self.caliper)
        if self.n_splits < 1:
            raise InvalidInputError("n_splits", "at least 1", self.n_splits)
        if self.n_draws < 2:
            raise InvalidInputError("n_draws", "at least 2", self.n_draws)

    def judge(self, evidence: Evidence, *, alpha: float, seed: int) -> Judgement:
        """Report findings on every sensitive feature; never a test."""
        n_real = len(evidence.real)
        if n_real < _FEWEST_ROWS:
            text = (
                f"{n_real} real rows are too few to tell what decisions depend on; at least "
                f"{_FEWEST_ROWS} are needed."
            )
            return Judgement(
                findings=tuple(nothing(DEPENDENCE, name, text) for name in evidence.sensitive)
            )
        real, queries = _filled(evidence)
        groups = {name: _groups(evidence, name, seed) for name in evidence.sensitive}
        findings = [
            *self._dependences(evidence, real, alpha, seed),
            *(self._pairs(evidence, name, groups[name], alpha) for name in evidence.sensitive),
            *(_gap(evidence, name, groups[name], alpha) for name in evidence.sensitive),
            *(
                _intersection(evidence, (one, other), groups, alpha)
                for one, other in combinations(evidence.sensitive, 2)
            ),
            *self._shares(evidence, real, queries, alpha, seed),
        ]
        return Judgement(findings=tuple(findings))

    def _dependences(
        self, evidence: Evidence, real: Asked, alpha: float, seed: int
    ) -> list[Finding]:
        from statsmodels.stats.multitest import multipletests  # takes a second to import

        found = dependences(
            real,
            evidence.encoder,
            evidence.sensitive,
            _outputs(evidence),
            n_splits=self.n_splits,
            alpha=alpha,
            seed=seed,
        )
        p_values = [one.p_value for one in found.values()]
        adjusted = multipletests(p_values, method="holm")[1].tolist() if p_values else []
        holm = dict(zip(found, adjusted, strict=True))
        return [
            dependence_finding(name, found[name], holm[name], alpha, _outputs(evidence))
            if name in found
            else nothing(
                DEPENDENCE,
                name,
                f"Whether decisions depend on {name} given everything else cannot be told: its "
                "values hardly vary, or follow from the other features.",
            )
            for name in evidence.sensitive
        ]

    def _pairs(
        self, evidence: Evidence, name: str, groups: Mapping[str, Mask], alpha: float
    ) -> Finding:
        real, column = evidence.real, evidence.encoder.index(name)
        paired = {
            group: close_pairs(real.rows, evidence.encoder, column, inside, self.caliper)
            for group, inside in _one_of_two(groups).items()
        }
        enough = {group: pair for group, pair in paired.items() if len(pair[0]) >= _FEWEST_PAIRS}
        if not enough:
            most = max((len(pair[0]) for pair in paired.values()), default=0)
            text = (
                f"No close pairs: {most} pairs of real rows differ in {name} and nearly agree on "
                f"all else; at least {_FEWEST_PAIRS} are needed."
            )
            return nothing(PAIRS, name, text)
        outputs = _outputs(evidence)
        effect = clearest(pair_effects(real.answers, enough, outputs, alpha))
        return pairs_finding(name, effect, outputs)

    def _shares(
        self,
        evidence: Evidence,
        real: Asked,
        queries: Mapping[str, Asked],
        alpha: float,
        seed: int,
    ) -> list[Finding]:
        outputs = _outputs(evidence)
        design = Design.of(evidence.encoder, real.rows)
        of_real = share_draws(design, real.rows, real, self.n_draws, generator(seed, "real"))
        findings = []
        for explainer, asked in queries.items():
            rng = generator(seed, "queries", explainer)
            claimed = share_draws(design, real.rows, asked, self.n_draws, rng)
            for name, j in zip(evidence.sensitive, evidence.sensitive_columns, strict=True):
                o = int(of_real[0, j].argmax())
                gap = share_gap(claimed[:, j, o], of_real[:, j, o], alpha)
                findings.append(share_finding(name, explainer, gap, outputs[o], outputs))
        return findings


def _outputs(evidence: Evidence) -> tuple[str, ...]:
    # a target that has not been asked itself has no names
    n_outputs = evidence.real.answers.shape[1]
    return evidence.target.outputs or tuple(f"output {i}" for i in range(n_outputs))


def _groups(evidence: Evidence, name: str, seed: int) -> dict[str, Mask]:
    """Return the groups that a feature makes, and that leave enough other rows."""
    rows = evidence.real.rows
    groups = groups_of(
        evidence.encoder,
        rows,
        name,
        generator(seed, "groups", name),
        most_rows=len(rows),
        most_groups=_MOST_GROUPS,
    )
    masks = {group.label: np.isin(np.arange(len(rows)), group.rows) for group in groups}
    return {label: inside for label, inside in masks.items() if (~inside).sum() >= _FEWEST_IN_GROUP}


def _one_of_two(groups: Mapping[str, Mask]) -> dict[str, Mask]:
    """Return all groups, but one of two that are each other's rest, where one says all."""
    labels = list(groups)
    if len(labels) == 2 and (groups[labels[0]] ^ groups[labels[1]]).all():
        return {labels[1]: groups[labels[1]]}
    return dict(groups)


def _gap(evidence: Evidence, name: str, groups: Mapping[str, Mask], alpha: float) -> Finding:
    if not groups:
        text = f"No group of {name} has {_FEWEST_IN_GROUP} real rows beside as many others."
        return nothing(GAP, name, text)
    outputs = _outputs(evidence)
    effects = gaps_between(evidence.real.answers, _one_of_two(groups), outputs, alpha)
    n_out = int((~np.any(list(groups.values()), axis=0)).sum())
    left_out = f" {n_out} rows are in groups too small to tell, or have no value." if n_out else ""
    return gap_finding(GAP, name, clearest(effects), outputs, left_out)


def _intersection(
    evidence: Evidence,
    names: tuple[str, str],
    groups: Mapping[str, Mapping[str, Mask]],
    alpha: float,
) -> Finding:
    feature = " & ".join(names)
    cells = {
        f"{one} and {other}": first & second
        for one, first in groups[names[0]].items()
        for other, second in groups[names[1]].items()
    }
    sizes = {cell: int(inside.sum()) for cell, inside in cells.items()}
    small = [f"{cell} ({n})" for cell, n in sizes.items() if 0 < n < _FEWEST_IN_INTERSECTION]
    large = {
        cell: inside
        for cell, inside in cells.items()
        if sizes[cell] >= _FEWEST_IN_INTERSECTION and (~inside).sum() >= _FEWEST_IN_GROUP
    }
    too_small = f" Too small to tell: {', '.join(small)}." if small else ""
    if not large:
        return nothing(
            INTERSECTION, feature, f"No intersecting group of {feature} is large enough.{too_small}"
        )
    outputs = _outputs(evidence)
    effects = gaps_between(evidence.real.answers, large, outputs, alpha)
    return gap_finding(INTERSECTION, feature, clearest(effects), outputs, too_small)


def _filled(evidence: Evidence) -> tuple[Asked, dict[str, Asked]]:
    """Return real rows and queries with the real mean in place of missing numbers."""
    rows = evidence.real.rows
    means = np.nansum(rows, axis=0) / np.maximum((~np.isnan(rows)).sum(axis=0), 1)

    def fill(asked: Asked) -> Asked:
        return Asked(np.where(np.isnan(asked.rows), means, asked.rows), asked.answers)

    return fill(evidence.real), {name: fill(asked) for name, asked in evidence.queries.items()}
