"""Does the answer to a row depend on the row alone? The same rows, asked in several ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt
from scipy import stats

from explaudit.audit.evidence import Detector, Evidence
from explaudit.audit.outcome import Finding, Judgement, TestResult
from explaudit.audit.target import Target
from explaudit.audit.triangle import (
    GROUP,
    TOLERANCE,
    Triangle,
    count_for,
    differs,
    scaled,
    smallest_share,
    triangle,
)
from explaudit.errors import InvalidInputError
from explaudit.seeds import generator

__all__ = ["Consistency"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_ALONE, _ORDER, _AGAIN = "one row at a time", "another order", "queries asked again"
_ASKS = 5


@dataclass(frozen=True)
class Consistency(Detector):
    """Asks real rows and queries in a batch twice, in halves, in another order and one by one.

    Three tests:

    - *one row at a time*: the answer in a half batch, alone, or among all rows of the audit
      against both in the whole batch;
    - *another order*: the answer in a shuffled batch against both;
    - *queries asked again*: whether the answers to queries change where those to real rows do not.

    The first two are triangle tests, which hold their level for models that answer at random, too.
    The third takes a model that answers real rows at random as well for one of those and says
    nothing; Fisher's exact test otherwise.

    Parameters
    ----------
    rows : int
        Rows that are asked five times each, half of them queries where there are so many.
    tolerance : float
        Relative difference up to which two numbers are one answer.
    most_random : float
        Share of real rows with changing answers from which on a model counts as one that answers
        at random.

    Notes
    -----
    For a deterministic model, k rows answered otherwise give the p-value 3**-k (three times that
    in the first test, which is three): 3 rows for 5 %, 6 for 0.2 %. With 48 rows at 5 %, batches
    that change 11 % of the answers are found four times out of five, and so is an order that
    changes 9 %; at 0.25 %, which is what many tests together leave, it takes 18 % and 16 %.

    A model that shuffles scores and shows labels alone changes few answers and may pass. Two
    honest models would look like others: a server that picks one of two versions for each whole
    request, and a model that draws its labels, is certain of nearly all real rows, and is not of
    the queries.
    """

    rows: int = 48
    tolerance: float = TOLERANCE
    most_random: float = 0.1

    name: ClassVar[str] = "consistency"
    source: ClassVar[str] = (
        "answers that depend on the batch: Yuan and Dasgupta 2024 (output shuffling); triangle "
        "test: ISO 4120; Fisher's exact test"
    )

    def __post_init__(self) -> None:
        if self.rows < 2:
            raise InvalidInputError("rows", "at least 2", self.rows)

    def cost(self, n_real: int) -> int:
        """Return how many rows are sent: each five times."""
        return _ASKS * min(self.rows, n_real)

    def judge(self, evidence: Evidence, *, alpha: float, seed: int) -> Judgement:
        """Ask, and compare the answers."""
        rng = generator(seed, "consistency")
        asked, known, is_query = _sample(evidence, self.rows, rng)
        tolerance = scaled(evidence.real.answers, self.tolerance)
        whole, again = evidence.target.ask(asked), evidence.target.ask(asked)
        others = {
            "in another order": _shuffled(evidence.target, asked, rng),
            "in half batches": _in_parts(evidence.target, asked, 2),
            "alone": _in_parts(evidence.target, asked, len(asked)),
            # a model may tell a large batch, most of it queries, from a small one
            "among all rows of the audit": known,
        }
        found = {how: triangle(whole, again, answers, tolerance) for how, answers in others.items()}
        random = differs(whole, again, tolerance)
        order = found.pop("in another order")
        changing = np.any([differs(whole, a, tolerance) for a in (again, *others.values())], axis=0)
        return Judgement(
            tests=(
                _test(_ALONE, found, random, alpha, 4 * len(asked)),
                _test(_ORDER, {"in another order": order}, random, alpha, len(asked)),
                self._again(changing, is_query),
            ),
            findings=_at_random(random),
        )

    def _again(self, changing: Mask, is_query: Mask) -> TestResult:
        """Test whether answers to queries change more often than those to real rows."""
        n_queries, n_real = int(is_query.sum()), int((~is_query).sum())
        queries, real = int(changing[is_query].sum()), int(changing[~is_query].sum())
        if n_queries == 0 or n_real == 0:
            reason = "no explainer's queries were given to be asked again"
            return TestResult(name=_AGAIN, p_value=None, reason=reason)
        counts = (
            f"the answers to {queries} of {n_queries} queries and to {real} of {n_real} real rows "
            "changed when they were asked again"
        )
        shares = {"queries": queries / n_queries, "real": real / n_real}
        if shares["real"] > self.most_random:
            reason = f"{counts}: the model does not answer real rows alike either; cannot say"
            return TestResult(name=_AGAIN, p_value=None, reason=reason, details=shares)
        table = np.array([[queries, n_queries - queries], [real, n_real - real]])
        return TestResult(
            name=_AGAIN,
            p_value=float(stats.fisher_exact(table, alternative="greater").pvalue),
            score=shares["queries"] - shares["real"],
            reason=counts,
            group=GROUP,
            details=shares,
        )


def _sample(evidence: Evidence, n: int, rng: np.random.Generator) -> tuple[Array, Array, Mask]:
    """Return rows in random order, the answers already known, and which rows are queries."""
    real = evidence.real
    n = min(n, len(real))
    per_explainer = -(-(n // 2) // max(len(evidence.queries), 1))
    rows, answers = [], []
    for asked in evidence.queries.values():
        chosen = rng.permutation(len(asked))[:per_explainer]
        rows.append(asked.rows[chosen])
        answers.append(asked.answers[chosen])
    n_queries = min(sum(map(len, rows)), n // 2)
    chosen = rng.permutation(len(real))[: n - n_queries]
    sampled = np.vstack([*rows, real.rows[:0]])[:n_queries], real.rows[chosen]
    known = np.vstack([*answers, real.answers[:0]])[:n_queries], real.answers[chosen]
    order = rng.permutation(n)
    return np.vstack(sampled)[order], np.vstack(known)[order], order < n_queries


def _shuffled(target: Target, rows: Array, rng: np.random.Generator) -> Array:
    order = rng.permutation(len(rows))
    return target.ask(rows[order])[np.argsort(order)]


def _in_parts(target: Target, rows: Array, n_parts: int) -> Array:
    return np.vstack([target.ask(part) for part in np.array_split(rows, n_parts)])


def _test(
    name: str, found: dict[str, Triangle], random: Mask, alpha: float, queries: int
) -> TestResult:
    """Make one result of the triangles of several conditions, by Bonferroni."""
    worst = min(found.values(), key=lambda t: t.p_value)
    n_rows, level = worst.n_rows, alpha / len(found)
    parts = [
        f"{t.n_odd} of {n_rows} rows got another answer {how} than both times in the whole batch"
        if t.n_odd
        else f"all {n_rows} rows got the same answer {how} as in the whole batch"
        for how, t in found.items()
    ]
    if random.any():
        parts.append(
            f"{random.sum()} changed in a plain repeat, too, and only the excess is judged"
        )
    return TestResult(
        name=name,
        p_value=min(1.0, len(found) * worst.p_value),
        score=worst.share,
        threshold=count_for(level) / n_rows,
        queries=queries,
        reason="; ".join(parts),
        group=GROUP,
        details=smallest_share(n_rows, level),
    )


def _at_random(random: Mask) -> tuple[Finding, ...]:
    """Return a finding if a plain repeat of the batch gave other answers."""
    if not random.any():
        return ()
    interval = stats.binomtest(int(random.sum()), len(random)).proportion_ci(method="wilson")
    text = (
        f"the model answers at random: {random.sum()} of {len(random)} rows got another answer "
        "when the same batch was asked twice"
    )
    return (
        Finding(
            name="answers at random",
            feature="",
            estimate=float(random.mean()),
            low=float(interval.low),
            high=float(interval.high),
            text=text,
        ),
    )
