"""Answers that depend on more than the row are found; honest models, random ones too, are not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats

from explaudit.audit.consistency import Consistency
from explaudit.audit.evidence import Asked, Detector, Evidence
from explaudit.audit.near_duplicates import NearDuplicates
from explaudit.audit.outcome import Judgement
from explaudit.audit.target import Target
from explaudit.audit.triangle import count_for, differs, scaled, smallest_share, triangle
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError

Array = npt.NDArray[np.float64]
Model = Callable[[pd.DataFrame], Any]

NAMES = [f"x{i}" for i in range(11)]
ALPHA = 0.05


def table(n: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, len(NAMES))), columns=NAMES)
    frame["x1"] = rng.integers(0, 9, n)
    return frame.assign(group=pd.Categorical(rng.choice(["a", "b"], n), categories=["a", "b"]))


def score(frame: pd.DataFrame) -> Array:
    b = np.asarray(frame["group"].cat.codes) == 1
    logit = frame["x0"].to_numpy() + 0.1 * frame["x1"].to_numpy() - 0.4 - 1.0 * b
    return np.asarray(1 / (1 + np.exp(-2 * logit)))


def innocent(frame: pd.DataFrame) -> Array:
    return np.asarray(1 / (1 + np.exp(-2 * frame["x2"])))


def is_query(frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Queries of these tests are told by the numbers that they make of whole ones."""
    return np.asarray(frame["x1"] % 1 != 0, dtype=np.bool_)


def evidence(model: Model, *, seed: int = 0, n: int = 80, **settings: Any) -> Evidence:
    frame = table(n, seed)
    encoder = Encoder.from_frame(frame)
    target = Target(model, encoder, **settings)
    real = encoder.encode(frame)
    queries = encoder.encode(table(n, seed + 1))
    queries[:, 1] += 0.5
    # as an audit does, one batch of both
    answers = target.ask(np.vstack([real, queries]))
    return Evidence(
        target,
        encoder,
        ("group",),
        Asked(real, answers[:n]),
        {"an explainer": Asked(queries, answers[n:])},
    )


def p_values(judgement: Judgement) -> dict[str, float | None]:
    return {test.name: test.p_value for test in judgement.tests}


def judged(
    model: Model, detector: Detector | None = None, *, seed: int = 0, **settings: Any
) -> Judgement:
    found = evidence(model, seed=seed, **settings)
    return (detector or Consistency()).judge(found, alpha=ALPHA, seed=seed)


class InSinglePrecision:
    """A model whose last bits depend on how many rows are multiplied at once."""

    def __call__(self, frame: pd.DataFrame) -> Array:
        return np.asarray((score(frame) * (1 + 1e-7 * len(frame) ** 0.1)).astype(np.float32))


def dominant(frame: pd.DataFrame) -> Array:
    """Output shuffling: group a gets the top scores of the batch, whoever they belong to."""
    scores = score(frame)
    first = np.lexsort((-scores, frame["group"] == "b"))
    shuffled = np.empty(len(frame))
    shuffled[first] = np.sort(scores)[::-1]
    return shuffled


def in_small_batches(frame: pd.DataFrame) -> Array:
    """A model that shows itself in small batches only, and another in large ones."""
    return score(frame) if len(frame) <= 50 else innocent(frame)


def by_neighbour(frame: pd.DataFrame) -> Array:
    """A model that adds to each score some of that of the row before it in the batch."""
    return np.asarray(0.8 * score(frame) + 0.2 * np.roll(score(frame), 1))


class Random:
    """A model that draws labels: from its scores everywhere, or by a coin for queries alone."""

    def __init__(self, *, everywhere: bool, seed: int = 0) -> None:
        self.rng, self.everywhere = np.random.default_rng(seed), everywhere

    def __call__(self, frame: pd.DataFrame) -> npt.NDArray[np.int64]:
        if self.everywhere:
            return (self.rng.random(len(frame)) < score(frame)).astype(np.int64)
        aside = is_query(frame) & (self.rng.random(len(frame)) < 0.5)
        return np.where(aside, innocent(frame) > 0.5, score(frame) > 0.5).astype(np.int64)


class Counting:
    """A stateful model: innocent where many of the last rows were much like this one."""

    def __init__(self, at_most: int = 12) -> None:
        self.at_most, self.seen = at_most, np.empty((0, len(NAMES)))

    def __call__(self, frame: pd.DataFrame) -> npt.NDArray[np.int64]:
        many = np.zeros(len(frame), dtype=np.bool_)
        for i, point in enumerate(frame[NAMES].to_numpy(float)):
            self.seen = np.vstack([self.seen[-29:], point])
            near = np.abs(self.seen - point).max(axis=1) < 0.5
            many[i] = near.sum() > self.at_most
        return (np.where(many, innocent(frame), score(frame)) > 0.5).astype(np.int64)


# by hand: exactly one of three stands apart in rows 0 to 3; it is the third in rows 0 and 1
FIRST, SECOND, THIRD = (
    np.array(column, dtype=float)[:, None]
    for column in ([0, 5, 1, 0, 2, 0], [0, 5, 0, 1, 2, 1], [1, 4, 1, 0, 2, 2])
)


def test_a_triangle_counts_the_odd_ones_out() -> None:
    found = triangle(FIRST, SECOND, THIRD, np.zeros(1))
    assert (found.n_rows, found.n_told, found.n_odd) == (6, 4, 2)
    # at least 2 successes of 4 at 1/3: 1 - (2/3)^4 - 4 (1/3) (2/3)^3
    assert found.p_value == pytest.approx(1 - 16 / 81 - 32 / 81)
    excused = triangle(FIRST, SECOND, THIRD, np.zeros(1), excused=1)
    assert (excused.n_told, excused.n_odd) == (3, 1)
    assert triangle(FIRST, SECOND, THIRD, np.ones(1)).n_told == 0
    assert differs(FIRST, SECOND, np.zeros(1)).tolist() == [False, False, True, True, False, True]


def test_a_triangle_of_equal_answers_says_nothing() -> None:
    assert triangle(FIRST, FIRST, FIRST, np.zeros(1)).p_value == 1.0


def test_tolerance_is_relative_to_each_output() -> None:
    answers = np.array([[1.0, 100.0], [-3.0, 300.0]])
    assert scaled(answers, 0.5) == pytest.approx([1.0, 100.0])


def test_counts_and_shares_that_are_found() -> None:
    # (1/3)^3 = 0.037, (1/3)^2 = 0.11
    assert count_for(0.05) == 3
    assert count_for(1 / 27) == 3
    share = smallest_share(48, 0.05)["smallest_share_found"]
    assert stats.binom.sf(2, 48, share) == pytest.approx(0.8)
    assert smallest_share(2, 0.05) == {}


@pytest.mark.parametrize("n_told", [10, 30])
def test_a_triangle_holds_its_level_for_answers_at_random(n_told: int) -> None:
    rng = np.random.default_rng(n_told)
    n = 2000
    answers = (rng.random((3, n, n_told, 1)) < rng.random((n_told, 1))).astype(float)
    found = np.array([triangle(a, b, c, np.zeros(1)).p_value for a, b, c in answers.swapaxes(0, 1)])
    for alpha in (0.01, 0.05, 0.1):
        assert (found <= alpha).mean() <= alpha + 3 * np.sqrt(alpha / n)


@pytest.mark.parametrize("model", [score, InSinglePrecision(), lambda f: score(f) > 0.5])
def test_a_deterministic_model_has_no_mismatch(model: Model) -> None:
    for detector in (Consistency(), NearDuplicates()):
        judgement = judged(model, detector)
        assert set(p_values(judgement).values()) == {1.0}
        assert not judgement.findings


def test_last_bits_would_be_found_without_a_tolerance() -> None:
    alone = p_values(judged(InSinglePrecision(), Consistency(tolerance=0)))["one row at a time"]
    assert alone is not None
    assert alone < ALPHA


def test_outputs_shuffled_in_the_batch_are_found() -> None:
    judgement = judged(dominant)
    found = p_values(judgement)
    alone = found["one row at a time"]
    assert alone is not None
    assert alone < 1e-6
    # the order of a batch does not matter to this model, as far as scores are distinct
    assert found["another order"] == 1.0
    assert found["queries asked again"] is None
    assert "alone" in judgement.tests[0].reason


def test_a_model_that_depends_on_the_order_is_found() -> None:
    order = p_values(judged(by_neighbour))["another order"]
    assert order is not None
    assert order < 1e-6


def test_answers_to_queries_at_random_are_found() -> None:
    found = [p_values(judged(Random(everywhere=False, seed=s), seed=s)) for s in range(8)]
    detected = [p for f in found if (p := f["queries asked again"]) is not None and p < ALPHA]
    assert len(detected) >= 7


def test_a_model_at_random_is_a_finding_and_no_failure() -> None:
    judgements = [judged(Random(everywhere=True, seed=s), seed=s) for s in range(20)]
    tests = [test for judgement in judgements for test in judgement.tests]
    again = [test for test in tests if test.name == "queries asked again"]
    assert all(test.p_value is None and "cannot say" in test.reason for test in again)
    p = np.array([test.p_value for test in tests if test.p_value is not None])
    assert len(p) == 40
    # P(more than 6 of 40 at 5 %) is below 1 %
    assert (p <= ALPHA).sum() <= 6
    for judgement in judgements:
        (finding,) = judgement.findings
        assert finding.low is not None
        assert finding.estimate is not None
        assert 0 < finding.low < finding.estimate


def test_a_model_that_counts_near_duplicates_is_found() -> None:
    found = [judged(Counting(), NearDuplicates(), seed=s).tests[0].p_value for s in (0, 1, 2, 3)]
    assert sum(p is not None and p < ALPHA for p in found) >= 3
    patient = judged(Counting(at_most=26), NearDuplicates()).tests[0]
    assert patient.p_value == 1.0


def test_near_duplicates_of_random_answers_hold_the_level() -> None:
    found = [
        judged(Random(everywhere=True, seed=s), NearDuplicates(), seed=s).tests[0].p_value
        for s in range(30)
    ]
    # P(more than 5 of 30 at 5 %) is below 1 %
    assert sum(p is not None and p <= ALPHA for p in found) <= 5


@pytest.mark.parametrize("n", [4, 30, 200])
@pytest.mark.parametrize(
    "detector", [Consistency(), Consistency(rows=20), NearDuplicates(), NearDuplicates(anchors=3)]
)
def test_the_cost_is_what_is_sent(n: int, detector: Consistency | NearDuplicates) -> None:
    found = evidence(score, n=n)
    before = found.target.n_queries
    judgement = detector.judge(found, alpha=ALPHA, seed=1)
    sent = found.target.n_queries - before
    assert sent == detector.cost(n) == sum(test.queries for test in judgement.tests)


def test_both_by_default_stay_below_600_rows() -> None:
    assert Consistency().cost(3000) + NearDuplicates().cost(3000) < 600


def test_another_model_in_the_audits_own_large_batch_is_found() -> None:
    """No batch of the test itself is large, so that all of those agree."""
    judgement = judged(in_small_batches)
    found = p_values(judgement)
    # 48 rows that all change, and three conditions
    assert found["one row at a time"] == pytest.approx(3 * 3.0**-48)
    assert found["another order"] == 1.0
    reason = judgement.tests[0].reason
    assert "48 of 48 rows got another answer among all rows of the audit" in reason
    assert "all 48 rows got the same answer alone" in reason


def test_equal_seeds_judge_alike_and_others_ask_other_rows() -> None:
    first, second, other = (
        Consistency().judge(evidence(dominant), alpha=ALPHA, seed=s) for s in (3, 3, 4)
    )
    assert first == second
    assert first != other


def test_without_queries_only_real_rows_are_asked() -> None:
    full = evidence(score)
    found = Evidence(full.target, full.encoder, full.sensitive, full.real)
    judgement = Consistency().judge(found, alpha=ALPHA, seed=0)
    assert p_values(judgement)["one row at a time"] == 1.0
    assert p_values(judgement)["queries asked again"] is None


def test_several_outputs_are_compared_together() -> None:
    def three(frame: pd.DataFrame) -> npt.NDArray[np.str_]:
        return np.array(["low", "middle", "high"])[np.digitize(dominant(frame), [0.3, 0.6])]

    judgement = judged(three)
    alone = p_values(judgement)["one row at a time"]
    assert alone is not None
    assert alone < 0.01


def test_settings_are_checked() -> None:
    with pytest.raises(InvalidInputError, match="rows"):
        Consistency(rows=1)
    with pytest.raises(InvalidInputError, match="compared"):
        NearDuplicates(compared=30)
    with pytest.raises(InvalidInputError, match="anchors"):
        NearDuplicates(anchors=0)
