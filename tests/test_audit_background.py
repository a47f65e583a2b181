"""The background audit: valid on fair samples, sharp on chosen ones, and what chooses them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from explaudit.audit import outcome
from explaudit.audit._background.redraw import credits_of
from explaudit.audit._background.samples import (
    classifier_test,
    column_test,
    mean_test,
    repeated_test,
)
from explaudit.audit._groups import groups_of
from explaudit.audit.background import BackgroundAudit
from explaudit.audit.evidence import Asked, Evidence
from explaudit.audit.outcome import Judgement
from explaudit.audit.target import Target
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit.explainers.exact_shap import ExactShap
from explaudit.scenario import Display, Scenario
from explaudit_attacks import background_sampling
from explaudit_attacks.background_sampling import BackgroundSampling

Array = npt.NDArray[np.float64]

NAMES = ("outputs", "mean output", "features", "rows", "repeated rows", "redraw")
ALL = frozenset(NAMES)


def people(n: int, rng: np.random.Generator, *, rounded: bool = False) -> pd.DataFrame:
    s = rng.integers(0, 2, n).astype(np.float64)
    a, b = rng.normal(size=n) + 0.5 * s, rng.normal(size=n)
    return pd.DataFrame(
        {
            "s": s,
            "a": np.round(a) if rounded else a,
            "b": np.round(b) if rounded else b,
            "c": rng.poisson(2, n).astype(np.float64),
            "k": pd.Categorical(rng.choice(["u", "v", "w"], n), categories=["u", "v", "w"]),
        }
    )


def chance(rows: pd.DataFrame) -> Array:
    """Return a score in which s works directly and together with a."""
    s, a, b, c = (rows[name].to_numpy(dtype=np.float64) for name in "sabc")
    margin = np.nan_to_num(a) + 1.2 * s + 0.5 * b + 0.4 * s * a + 0.3 * c - 1.2
    return np.asarray(1.0 / (1.0 + np.exp(-np.nan_to_num(margin))))


def label(rows: pd.DataFrame) -> Any:
    return (chance(rows) > 0.5).astype(np.intp)


def three(rows: pd.DataFrame) -> Array:
    p = chance(rows)
    return np.stack([p**2, p * (1 - p), 1 - p], axis=1)


MODELS = (chance, label, three)


def evidence(
    model: Any, own: pd.DataFrame, background: pd.DataFrame | None, sensitive: Any = ("s",)
) -> Evidence:
    encoder = Encoder.from_frame(own)
    target, matrix = Target(model, encoder), encoder.encode(own)
    half = 2 * len(matrix) // 3
    asked = Asked(matrix[:half], target.ask(matrix[:half]))
    return Evidence(target, encoder, sensitive, asked, unasked=matrix[half:], background=background)


def by_name(judgement: Judgement) -> dict[str, outcome.TestResult]:
    return {test.name.removeprefix("background: "): test for test in judgement.tests}


def rejected(judgement: Judgement, level: float = 0.01) -> set[str]:
    return {
        name
        for name, test in by_name(judgement).items()
        if test.p_value is not None and test.p_value <= level
    }


def judged(given_: Evidence, **settings_: Any) -> Judgement:
    return BackgroundAudit(**settings_).judge(given_, alpha=0.05, seed=3)


def scenario(model: Any, rows: pd.DataFrame) -> Scenario:
    encoder = Encoder.from_frame(rows)
    return Scenario(rows.head(40), model, rows, encoder, Display(encoder.names), output="value")


# --- the level ---


@pytest.mark.slow
def test_fair_samples_pass() -> None:
    """Scores, labels and three classes; continuous and rounded rows; also drawn from one's own."""
    p_values: dict[str, list[float]] = {name: [] for name in NAMES}
    for i in range(32):
        rng = np.random.default_rng([1, i])
        rounded = bool(i % 2)
        own = people(300, rng, rounded=rounded)
        size = (50, 120)[i // 2 % 2]
        handed = (
            own.sample(size, random_state=i) if i % 7 == 0 else people(size, rng, rounded=rounded)
        )
        judgement = BackgroundAudit(redraw_queries=400).judge(
            evidence(MODELS[i % 3], own, handed), alpha=0.05, seed=i
        )
        for name, test in by_name(judgement).items():
            assert test.p_value is not None
            p_values[name].append(test.p_value)
    for level in (0.05, 0.01):
        for name, found in p_values.items():
            n_rejected = sum(p <= level for p in found)
            # as many as a valid test exceeds in one of a thousand runs
            assert n_rejected <= stats.binom.isf(0.001, len(found), level), name


@pytest.mark.parametrize("rounded", [False, True])
def test_permutation_tests_hold_their_level_in_small_samples(rounded: bool) -> None:
    """Skewed answers and rare values, where normal approximations accuse too often."""
    means, repeats = [], []
    for i in range(300):
        rng = np.random.default_rng([2, i])
        rare = (rng.random((240, 2)) < (0.02, 0.5)).astype(np.float64)
        means.append(mean_test(rare[:40], rare[40:], rng, 199).p_value)
        rows = people(240, rng, rounded=rounded)[["s", "a"]].to_numpy()
        repeats.append(repeated_test(rows[:40], rows[40:], rng, 199).p_value)
    for found in (means, repeats):
        assert (np.array(found) <= 0.05).sum() <= stats.binom.isf(0.001, 300, 0.05)
    assert min(means) < 0.05


# --- the power: one planted fault for each test ---


def test_a_shifted_mean_is_found() -> None:
    rng = np.random.default_rng(3)
    own, pool = people(600, rng), people(2000, rng)
    handed = pool[chance(pool) > 0.4].head(150)
    assert {"outputs", "mean output", "rows"} <= rejected(judged(evidence(chance, own, handed)))


def test_another_spread_with_the_same_mean_is_found() -> None:
    rng = np.random.default_rng(4)
    answers = rng.normal(size=(600, 1)), 3.0 * rng.normal(size=(150, 1))
    assert column_test(*answers).p_value < 1e-3
    assert mean_test(*answers, rng).p_value > 0.01


def test_a_level_that_is_too_frequent_is_found() -> None:
    rng = np.random.default_rng(5)
    own, pool = people(600, rng), people(1000, rng)
    handed = pd.concat([pool[pool["k"] == "u"].head(70), pool[pool["k"] != "u"].head(50)])
    judgement = judged(evidence(chance, own, handed))
    assert "features" in rejected(judgement)
    assert "'k'" in by_name(judgement)["features"].reason


def test_a_broken_dependence_is_found_by_the_forest_alone() -> None:
    rng = np.random.default_rng(6)
    own = rng.multivariate_normal([0, 0], [[1, 0.9], [0.9, 1]], 800)
    handed = rng.normal(size=(200, 2))
    assert classifier_test(handed, own, 0).p_value < 1e-3
    assert column_test(handed, own, (), 10).p_value > 0.01


def test_repeated_rows_are_found() -> None:
    rng = np.random.default_rng(7)
    own, fair = people(600, rng), people(120, rng)
    handed = pd.concat([fair, fair.head(15)])
    judgement = judged(evidence(chance, own, handed))
    assert rejected(judgement) == {"repeated rows"}
    assert "15 of 135" in by_name(judgement)["repeated rows"].reason


def test_repetition_is_counted_by_hand() -> None:
    handed = np.array([[1.0, np.nan], [1.0, np.nan], [1.0, np.nan], [2.0, 0.0], [2.0, 0.0]])
    found = repeated_test(handed, np.arange(20.0).reshape(10, 2) + 5, np.random.default_rng(0), 99)
    assert found.score == 3.0
    assert found.p_value <= 0.05


def test_credit_against_one_row_is_the_shapley_value() -> None:
    """For s + 2 s a, by hand: s (1 + 2 a_mean) for s of 1 against 0, with the means of both a."""
    rng = np.random.default_rng(8)
    rows = pd.DataFrame({"s": np.repeat([0.0, 1.0], 20), "a": 3.0})
    encoder = Encoder.from_frame(rows)
    target = Target(lambda t: t["s"] + 2 * t["s"] * t["a"] + 0.5, encoder, answers="values")
    matrix = encoder.encode(rows)
    target.ask(matrix)
    groups = groups_of(encoder, matrix, "s", rng, most_rows=40)
    handed, own = np.array([[0.0, 1.0], [1.0, 1.0]]), np.array([[0.0, 5.0], [0.0, 3.0]])
    credits = credits_of(target, groups, matrix, handed, own, most_queries=10**4, rng=rng)
    # group s = 0 is credited against rows with s = 1 only, group s = 1 against the others
    assert credits.handed == pytest.approx(
        np.array([[0.0, 1 + 2 * 2.0], [-(1 + 2 * 2.0), 0.0]]), abs=0.6
    )
    assert credits.own[:, 1] == pytest.approx(np.array([1 + 2 * 4.0, 1 + 2 * 3.0]), abs=0.6)
    assert [credits.group(k).label for k in (0, 1)] == ["s = 0", "s = 1"]


# --- the attack ---


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), penalty=st.floats(0.01, 10.0))
def test_the_closed_form_solves_the_transport_problem(seed: int, penalty: float) -> None:
    """Against a linear program for the weights and the transport together."""
    n, rng = 8, np.random.default_rng(seed)
    credit, answers = rng.normal(size=n), rng.normal(size=n)
    apart = np.abs(answers[:, None] - answers[None])
    sign = np.sign(credit.sum())
    # plan[i, j] is what candidate i receives from row j; each row gives one
    cost = (sign * credit[:, None] + penalty * apart).ravel()
    gives = np.kron(np.ones((1, n)), np.eye(n))
    solved = optimize.linprog(cost, A_eq=gives, b_eq=np.ones(n), bounds=(0, None))
    chosen = background_sampling._destinations(credit, apart, penalty)
    own = sign * credit[chosen].sum() + penalty * apart[chosen, np.arange(n)].sum()
    assert own == pytest.approx(solved.fun, abs=1e-7)


def mean_credit(given_: Scenario, background: pd.DataFrame) -> float:
    """Return the mean Shapley value of s for rows with s = 1, by the exact explainer."""
    members = given_.rows[given_.rows["s"] == 1].head(12)
    explained = ExactShap(n_background=60).explain(
        given_.replace(rows=members, background=background), seed=0
    )
    return float(explained.values[:, 0].mean())


@pytest.mark.parametrize("keep_shares", [False, True])
def test_chosen_rows_hide_the_feature_pass_the_published_audit_and_are_found(
    keep_shares: bool,
) -> None:
    rng = np.random.default_rng(9)
    given_ = scenario(chance, people(800, rng))
    attack = BackgroundSampling(
        "s", 1.0, keep_shares=keep_shares, n_rows=150, n_pairs=30, n_penalties=8, n_draws=15
    )
    handed = attack.apply(given_, seed=1).background
    before, after = (mean_credit(given_, rows) for rows in (given_.background, handed))
    if keep_shares:
        assert handed["s"].mean() == pytest.approx(0.5, abs=0.15)
        assert after < before - 0.01
    else:
        assert abs(after) < 0.25 * before
    found = rejected(judged(evidence(chance, people(600, rng), handed)), 0.001)
    assert not {"outputs", "mean output"} & found
    assert {"rows", "repeated rows"} <= found
    if not keep_shares:
        assert {"features", "redraw"} <= found


def test_what_is_hidden_is_told() -> None:
    rng = np.random.default_rng(10)
    pool, own = people(800, rng), people(600, rng)
    handed = pool[pool["s"] == 1].head(100)
    (hidden,) = judged(evidence(chance, own, handed)).hidden
    assert (hidden.feature, hidden.shown) == ("s", 0.0)
    assert 0 < hidden.low < hidden.real < hidden.high
    assert "rows with s = 1" in hidden.explainer


def test_a_penalty_without_end_chooses_fairly() -> None:
    given_ = scenario(chance, people(400, np.random.default_rng(11)))
    attack = BackgroundSampling("s", 1.0, penalty=1e9, n_pairs=5)
    handed = attack.apply(given_, seed=1).background
    # only equal answers are exchanged, so the weights are equal: at most the draws repeat rows
    assert handed["s"].mean() == pytest.approx(given_.background["s"].mean(), abs=0.15)
    assert len(handed.drop_duplicates()) > 120


def test_a_groups_level_is_chosen_by_name() -> None:
    def by_level(rows: pd.DataFrame) -> Array:
        return (rows["k"] == "v").to_numpy(dtype=np.float64) + 0.1 * rows["a"].to_numpy()

    given_ = scenario(by_level, people(300, np.random.default_rng(12)))
    attack = BackgroundSampling("k", "v", n_pairs=10, penalty=0.01, n_rows=50)
    handed = attack.apply(given_, seed=1).background
    assert (given_.background["k"] == "v").mean() < 0.5
    assert (handed["k"] == "v").all()


def test_the_attack_refuses_what_it_cannot_do() -> None:
    given_ = scenario(chance, people(200, np.random.default_rng(13)))
    for bad, message in (
        (BackgroundSampling("k", "u", n_pairs=3), "answers depend on"),
        (BackgroundSampling("k", "x"), "one of"),
        (BackgroundSampling("none", 1.0), "feature"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            bad.apply(given_, seed=0)
    with pytest.raises(InvalidInputError, match="n_rows"):
        BackgroundSampling("s", 1.0, n_rows=0)
    with pytest.raises(InvalidInputError, match="penalty"):
        BackgroundSampling("s", 1.0, penalty=0.0)


# --- edges ---


def test_without_a_background_or_rows_there_is_nothing_to_say() -> None:
    rng = np.random.default_rng(14)
    own = people(200, rng)
    assert judged(evidence(chance, own, None)) == Judgement()
    (test,) = judged(evidence(chance, own, people(10, rng))).tests
    assert test.p_value is None
    assert "Fewer than 20" in test.reason
    nobody = judged(evidence(chance, own, people(40, rng), sensitive=()))
    assert by_name(nobody)["redraw"].p_value is None
    assert nobody.hidden == ()


@pytest.mark.parametrize("sensitive", [("s",), ("s", "k", "a", "c")])
def test_queries_are_counted_and_stay_below_the_cost(sensitive: tuple[str, ...]) -> None:
    rng = np.random.default_rng(15)
    given_ = evidence(three, people(300, rng), people(700, rng), sensitive)
    audit = BackgroundAudit(redraw_queries=600)
    before = given_.target.n_queries
    judgement = audit.judge(given_, alpha=0.05, seed=0)
    asked = given_.target.n_queries - before
    assert sum(test.queries for test in judgement.tests) == asked
    assert 700 < asked <= audit.cost(300)
    assert frozenset(by_name(judgement)) == ALL
    assert {test.group for test in judgement.tests} == {"background"}


def test_equal_seeds_judge_alike_and_missing_values_are_values() -> None:
    rng = np.random.default_rng(16)
    own, handed = people(300, rng), people(80, rng)
    given_ = evidence(chance, own, handed)
    assert judged(given_) == judged(given_)
    gaps = handed.assign(b=handed["b"].where(np.arange(80) % 3 > 0))
    assert {"features", "rows"} <= rejected(judged(replace(given_, background=gaps)))


def test_a_level_that_no_real_row_has_is_wrong_use() -> None:
    rng = np.random.default_rng(17)
    own, handed = people(100, rng), people(50, rng).astype({"k": str})
    handed.loc[0, "k"] = "x"
    with pytest.raises(InvalidInputError, match="levels"):
        judged(evidence(chance, own, handed))
    with pytest.raises(InvalidInputError, match="redraw_rows"):
        BackgroundAudit(redraw_rows=3)
