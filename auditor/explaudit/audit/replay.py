"""Whether a model still makes the decisions of its log, and decides so about other rows, too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import stats

from explaudit.audit.decisions import DecisionLog, Scale
from explaudit.audit.evidence import Asked, Detector, Evidence
from explaudit.audit.fresh_rows import FORETOLD_TEST, FRESH_TEST, against_fresh
from explaudit.audit.outcome import Finding, Judgement, TestResult
from explaudit.audit.triangle import TOLERANCE, count_for, differs, scaled, triangle
from explaudit.errors import InvalidInputError
from explaudit.seeds import generator

__all__ = ["Replay"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Chosen = npt.NDArray[np.intp]

_TEST = "logged decisions asked again"

#: Probability that drift alone makes more mismatches than are excused; added to the p-value.
_DRIFT_MISSED = 1e-4


@dataclass(frozen=True)
class Replay(Detector):
    """Asks logged rows again, and compares logged decisions with answers to rows not in the log.

    Three tests:

    - *logged decisions asked again*: logged rows are asked twice, among real rows; where exactly
      one of the three answers stands apart, it is the logged one in one row of three if the model
      of today made the log. So a model that answers at random is no exception, and one that is
      deterministic repeats its log.
    - *logged decisions against fresh rows*: the effect of each sensitive feature, given all
      others, on the logged decisions and on today's answers to real rows. A model that is biased
      on rows of its own list alone repeats the log and shows no bias elsewhere. It needs no
      further question.
    - *fresh rows foretold by logged decisions*: how well a model of logged decisions predicts
      others of them, and today's answers to real rows that are not in the log. A model that
      decides in another way there is found whatever that way is.

    Parameters
    ----------
    rows : int
        Logged rows that are asked again, twice each.
    company : int
        Real rows that are sent among them each time.
    drift : float
        Share of decisions that another version may have made otherwise without being found. Above
        0, and where any decision is not repeated, today's answers to the replayed rows stand for
        the log in the other tests: fewer rows, but of one version.
    tolerance : float
        Relative difference up to which two numbers are one; numbers are compared to as many
        decimals as the log shows.
    most_rows : int
        Logged and real rows, each, that are compared at the most.
    permutations : int
        The smallest p-value of the second and the third test is 1 / (permutations + 1).

    Notes
    -----
    Both compare by a permutation test within strata of the propensity to be logged (see

    :mod:`explaudit.audit.strata`). It holds its level if log and real rows are drawn from one
    population; if they are not, as far as five strata make them alike. Give rows that are not in
    the log: rows that stand in both weaken the test and make what is hidden look smaller, and
    where nearly all do, the test says so instead.

    Without a drift, a log made by another version fails the first test, and may fail the second.
    """

    rows: int = 200
    company: int = 50
    drift: float = 0.0
    tolerance: float = TOLERANCE
    most_rows: int = 4000
    permutations: int = 1999

    name: ClassVar[str] = "replay"
    source: ClassVar[str] = (
        "triangle test: ISO 4120; effects: Robinson 1988, Shah and Peters 2020; permutation in "
        "strata: Rosenbaum 1984; the third test: this project"
    )

    def __post_init__(self) -> None:
        if self.rows < 1:
            raise InvalidInputError("rows", "at least 1", self.rows)
        if not 0 <= self.drift < 1:
            raise InvalidInputError("drift", "a share from 0 to below 1", self.drift)

    def cost(self, n_real: int) -> int:
        """Return how many rows are sent if the log has as many as are asked; none without a log."""
        return 2 * (self.rows + min(self.company, n_real))

    def judge(self, evidence: Evidence, *, alpha: float, seed: int) -> Judgement:
        """Ask, and compare the answers; without a log, say what that leaves open."""
        if evidence.decisions is None:
            reason = "no log of decisions was given: a list of rows of its own would go unseen"
            unsaid = (
                TestResult(name=name, p_value=None, reason=reason, counted=False)
                for name in (_TEST, FRESH_TEST, FORETOLD_TEST)
            )
            return Judgement(tests=tuple(unsaid))
        log = DecisionLog.of(evidence)
        chosen, first, second = self._ask(evidence, log, generator(seed, "replay"))
        scale = Scale.of(log, evidence.target.classes, first, chosen)
        tolerance = scale.tolerance(scaled(evidence.real.answers, self.tolerance))
        today = Asked(log.rows[chosen], scale.of_answers(first))
        decided = scale.of_log(log.decisions[chosen])
        mismatch = differs(today.answers, decided, tolerance)
        logged, what = Asked(log.rows, scale.of_log(log.decisions)), "logged decisions"
        if self.drift and mismatch.any():
            logged, what = today, "today's answers to logged rows"
        fresh = against_fresh(
            evidence,
            scale,
            logged,
            what=what,
            most_rows=self.most_rows,
            n_permutations=self.permutations,
            alpha=alpha,
            seed=seed,
        )
        again = scale.of_answers(second)
        replayed = self._replayed(today.answers, again, decided, tolerance, alpha)
        sent = 2 * (len(chosen) + min(self.company, len(evidence.real)))
        return Judgement(
            tests=(msgspec.structs.replace(replayed, queries=sent), *fresh.tests),
            hidden=fresh.hidden,
            findings=tuple(_findings(mismatch, today.rows, evidence)),
            power=fresh.power,
        )

    def _ask(
        self, evidence: Evidence, log: DecisionLog, rng: np.random.Generator
    ) -> tuple[Chosen, Array, Array]:
        """Ask some logged rows twice among real ones; return which, and the answers."""
        real = evidence.real.rows
        chosen = rng.permutation(len(log))[: self.rows]
        answers = []
        for _ in range(2):
            company = real[rng.permutation(len(real))[: self.company]]
            order = rng.permutation(len(chosen) + len(company))
            told = evidence.target.ask(np.vstack([log.rows[chosen], company])[order])
            answers.append(told[np.argsort(order)][: len(chosen)])
        return chosen, answers[0], answers[1]

    def _replayed(
        self, once: Array, twice: Array, decided: Array, tolerance: Array, alpha: float
    ) -> TestResult:
        """Test whether the model of today made the logged decisions."""
        n, missed = len(decided), _DRIFT_MISSED if self.drift else 0.0
        excused = int(stats.binom.isf(missed, n, self.drift)) if self.drift else 0
        found = triangle(once, twice, decided, tolerance, excused=excused)
        mismatch, random = differs(once, decided, tolerance), differs(once, twice, tolerance)
        parts = [
            f"{mismatch.sum()} of {n} logged decisions are not what the model answers today to the "
            "same rows"
        ]
        if random.any():
            parts.append(
                f"{random.sum()} answers of today changed in a plain repeat, too, and only the "
                "excess is judged"
            )
        if self.drift:
            parts.append(f"{self.drift:.1%} may be due to another version")
        return TestResult(
            name=_TEST,
            p_value=min(1.0, found.p_value + missed),
            score=float(mismatch.mean()),
            threshold=(excused + count_for(alpha)) / n,
            reason="; ".join(parts),
        )


def _findings(mismatch: Mask, rows: Array, evidence: Evidence) -> Iterator[Finding]:
    """Yield the share of decisions that are not repeated: of all, and by sensitive group."""
    yield _finding(mismatch, evidence.decision_column, "logged decisions")
    if mismatch.any():
        for feature, level, inside in _groups(rows, evidence):
            yield _finding(mismatch[inside], feature, f"logged decisions with {feature} {level}")


def _finding(mismatch: Mask, feature: str, what: str) -> Finding:
    interval = stats.binomtest(int(mismatch.sum()), len(mismatch)).proportion_ci(method="wilson")
    return Finding(
        name="replay mismatch",
        feature=feature,
        estimate=float(mismatch.mean()),
        low=float(interval.low),
        high=float(interval.high),
        text=f"{mismatch.sum()} of {len(mismatch)} {what} differ from what the model answers today",
    )


def _groups(rows: Array, evidence: Evidence) -> Iterator[tuple[str, str, Mask]]:
    """Yield each sensitive group: feature, level in words, and which rows are in it."""
    for feature, own in zip(evidence.sensitive, evidence.sensitive_columns, strict=True):
        column, names = rows[:, own], evidence.encoder.features[own].level_names
        distinct = np.unique(column[~np.isnan(column)])
        if names or len(distinct) <= 2:
            parts = [(names[int(v)] if names else f"{v:g}", column == v) for v in distinct]
        else:
            middle = float(np.nanmedian(column))
            parts = [
                (f"up to {middle:g}", column <= middle),
                (f"above {middle:g}", column > middle),
            ]
        yield from ((feature, level, inside) for level, inside in parts if inside.any())
