"""What decisions depend on by real rows alone: valid levels, covering intervals, planted biases."""

from __future__ import annotations

import re
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from explaudit.audit._real.dependence import _dependence, _Left, dependences
from explaudit.audit._real.effects import gaps_between, pair_effects
from explaudit.audit._real.pairs import close_pairs
from explaudit.audit._real.shares import share_draws, share_gap
from explaudit.audit._real.wording import BIAS, DEPENDENCE, GAP, INTERSECTION, PAIRS, SHARES
from explaudit.audit.evidence import Asked, Evidence
from explaudit.audit.outcome import Finding
from explaudit.audit.real_behaviour import RealBehaviour
from explaudit.audit.surrogate import Design
from explaudit.audit.target import Target
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError

Array = npt.NDArray[np.float64]
Model = Callable[[pd.DataFrame], Array]

COLUMNS = ["age", "priors", "income", "race", "sex"]


def people(n: int, seed: int) -> pd.DataFrame:
    """Return rows in which race goes with priors; one race in a hundred is rare."""
    rng = np.random.default_rng(seed)
    priors = rng.normal(size=n)
    race = np.where(rng.random(n) < stats.norm.cdf(priors), "black", "white")
    race[: n // 100] = "rare"
    return pd.DataFrame(
        {
            "age": rng.integers(20, 60, n).astype(np.float64),
            "priors": priors.round(1),
            "income": rng.normal(size=n).round(1),
            "race": race,
            "sex": np.where(rng.random(n) < 0.97, "m", "f"),
        }
    )


def score(frame: pd.DataFrame) -> Array:
    return np.asarray(0.5 + 0.1 * frame["priors"] + 0.002 * (frame["age"] - 40), dtype=np.float64)


def biased(frame: pd.DataFrame) -> Array:
    return score(frame) - 0.3 * (frame["race"] == "black").to_numpy()


def shuffled(real: Array, seed: int) -> Array:
    return np.random.default_rng(seed).permuted(real, axis=0)


def evidence_of(
    model: Model,
    sensitive: tuple[str, ...] = ("race",),
    frame: pd.DataFrame | None = None,
    on_queries: Model | None = None,
) -> Evidence:
    table = people(600, 0) if frame is None else frame
    encoder = Encoder.from_frame(table)
    target = Target(model, encoder, answers="values")
    real = encoder.encode(table)
    queries = shuffled(real, 1)
    asked = np.asarray((on_queries or model)(encoder.decode(queries)))
    return Evidence(
        target,
        encoder,
        sensitive,
        Asked(real, target.ask_table(table)),
        {"lime": Asked(queries, asked.reshape(len(queries), -1))},
    )


def found(evidence: Evidence, detector: RealBehaviour | None = None) -> dict[str, Finding]:
    """Return the findings by name; of one sensitive feature, each is there once."""
    sent = evidence.target.n_queries
    chosen = detector or RealBehaviour(n_splits=1)
    judgement = chosen.judge(evidence, alpha=0.05, seed=3)
    assert (judgement.tests, judgement.hidden, judgement.power) == ((), (), ())
    assert (chosen.cost(600), evidence.target.n_queries) == (0, sent)
    return {finding.name: finding for finding in judgement.findings}


def figures(finding: Finding) -> tuple[float, float, float]:
    assert finding.estimate is not None and finding.low is not None and finding.high is not None
    return finding.estimate, finding.low, finding.high


# -- the detector on planted behaviour -------------------------------------------------------------


def test_an_open_bias_is_a_finding_in_plain_words() -> None:
    bias = found(evidence_of(biased), RealBehaviour())[BIAS]
    estimate, low, high = figures(bias)
    assert bias.feature == "race"
    assert low < estimate < high < -0.2
    assert estimate == pytest.approx(-0.3, abs=0.05)
    assert "on real data (p < 0.0001)" in bias.text
    assert bias.text.startswith("Decisions depend on race given everything else: 0.")
    assert (
        f"{-estimate:.2f} [{-high:.2f}, {-low:.2f}] lower for rows with race = black" in bias.text
    )
    assert bias.text.endswith("This is no sign of deception.")


def test_a_proxy_makes_a_gap_and_no_dependence() -> None:
    told = found(evidence_of(score), RealBehaviour())
    assert BIAS not in told
    assert "It was not found that decisions depend on race" in told[DEPENDENCE].text
    assert figures(told[GAP])[2] < -0.05
    assert "with race = white than for all others" in told[GAP].text
    assert "6 rows are in groups too small" in told[GAP].text


def test_pairs_show_the_bias_without_the_proxy() -> None:
    _, low, high = figures(found(evidence_of(biased))[PAIRS])
    assert low < -0.3 < high < -0.25
    _, low, high = figures(found(evidence_of(score))[PAIRS])
    assert -0.05 < low < high < 0.05


def test_rows_that_are_never_alike_make_no_pairs() -> None:
    frame = people(600, 0).assign(number=np.arange(600.0), other=np.arange(600.0) ** 2 % 601)
    pairs = found(evidence_of(biased, frame=frame), RealBehaviour(caliper=0.0))[PAIRS]
    assert pairs.estimate is None
    assert pairs.text.startswith("No close pairs: 0 pairs")


def test_the_output_and_the_level_that_stand_out_are_named() -> None:
    def classes(frame: pd.DataFrame) -> Array:
        black = 0.4 * (frame["race"] == "black").to_numpy()
        third = np.full(len(frame), 1 / 3)
        return np.column_stack([third - 0.1 * black, third + black, third - 0.9 * black])

    evidence = evidence_of(classes)
    assert evidence.target.outputs == ("output 0", "output 1", "output 2")
    bias = found(evidence)[BIAS]
    assert "higher in 'output 1' for rows with race = black" in bias.text
    # a deterministic effect: how far the interval lies from 0 is as the size
    assert figures(bias)[0] == pytest.approx(0.4, abs=0.05)


def test_a_numeric_sensitive_feature() -> None:
    told = found(evidence_of(lambda frame: score(frame) + 0.02 * frame["age"], ("age",)))
    spread = float(people(600, 0)["age"].std(ddof=0))
    estimate, low, high = figures(told[BIAS])
    assert low < 0.022 * spread < high
    assert "for one standard deviation more of age" in told[BIAS].text
    assert estimate == pytest.approx(0.022 * spread, rel=0.05)
    assert figures(told[GAP])[1] > 0.3
    assert "age > " in told[GAP].text


def test_intersecting_groups_and_those_too_small() -> None:
    def only_men(frame: pd.DataFrame) -> Array:
        hit = (frame["race"] == "white") & (frame["sex"] == "m")
        return score(frame) + 1.0 * hit.to_numpy()

    told = found(evidence_of(only_men, ("race", "sex")))[INTERSECTION]
    assert told.feature == "race & sex"
    assert figures(told)[1] > 0.7
    frame = people(600, 0)
    women = [int(((frame["race"] == r) & (frame["sex"] == "f")).sum()) for r in ("black", "white")]
    assert max(women) < 30
    assert (
        f"Too small to tell: race = black and sex = f ({women[0]}), "
        f"race = white and sex = f ({women[1]})." in told.text
    )


def test_what_queries_claim_beside_what_is_real() -> None:
    estimate, low, high = figures(found(evidence_of(biased))[SHARES])
    assert low < 0 < high
    assert abs(estimate) < 0.05
    hidden = found(evidence_of(biased, on_queries=score))[SHARES]
    estimate, low, high = figures(hidden)
    assert low > 0.3
    assert "race makes up 0% by the queries of lime" in hidden.text
    assert "A gap alone is no sign of deception." in hidden.text


def test_a_feature_that_does_nothing_has_no_share_beside_another_sensitive_one() -> None:
    frame = people(600, 0).drop(columns="sex")
    frame["female"] = np.random.default_rng(5).integers(0, 2, 600).astype(np.float64)
    frame["male"] = 1 - frame["female"]
    evidence = evidence_of(
        lambda table: np.where(table["race"] == "black", 1.0, 0.0), ("race", "female"), frame
    )
    said = RealBehaviour(n_splits=1).judge(evidence, alpha=0.05, seed=0).findings
    texts = [finding.text for finding in said if finding.name == SHARES]
    shares = [[int(share) for share in re.findall(r"(\d+)%", text)] for text in texts]
    # claimed and real; the surrogate's penalty leaves a little for what goes with race
    assert min(shares[0]) >= 97
    assert max(shares[1]) <= 1


def test_a_feature_that_follows_from_the_others_cannot_be_told() -> None:
    frame = people(600, 0)
    frame["copy"] = frame["race"]
    told = found(evidence_of(biased, frame=frame))
    assert BIAS not in told
    assert told[DEPENDENCE].estimate is None
    assert "follow from the other features" in told[DEPENDENCE].text


def test_missing_numbers_and_constant_answers() -> None:
    frame = people(600, 0)
    frame.loc[::7, "income"] = np.nan
    assert figures(found(evidence_of(biased, frame=frame))[BIAS])[2] < -0.2
    told = found(evidence_of(lambda table: np.full(len(table), 0.5)))
    assert BIAS not in told
    assert [figures(told[name]) for name in (GAP, SHARES)] == [(0.0, 0.0, 0.0)] * 2


def test_too_few_rows() -> None:
    told = found(evidence_of(biased, frame=people(99, 0)))
    assert list(told) == [DEPENDENCE]
    assert "99 real rows are too few" in told[DEPENDENCE].text


def test_equal_seeds_say_the_same() -> None:
    assert found(evidence_of(biased)) == found(evidence_of(biased))


@pytest.mark.parametrize("wrong", [{"caliper": 1.0}, {"n_splits": 0}, {"n_draws": 1}])
def test_settings_out_of_range(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInputError, match=next(iter(wrong))):
        RealBehaviour(**wrong)


# -- the test of dependence ------------------------------------------------------------------------


def confounded(seed: int, effect: float = 0.0) -> tuple[Asked, Encoder]:
    """Return labels and a sensitive feature that a third feature drives both."""
    rng = np.random.default_rng(seed)
    others = rng.normal(size=(250, 2))
    level = (rng.random(250) < stats.norm.cdf(others[:, 0])) * 1.0
    chance = 0.8 * stats.norm.cdf(others[:, 0]) + effect * level
    answers = (rng.random(250) < chance).astype(np.float64)
    rows = np.column_stack([others, level])
    encoder = Encoder.from_frame(pd.DataFrame(rows, columns=list("abs")), categorical=["s"])
    return Asked(rows, answers[:, None]), encoder


def p_value(asked: Asked, encoder: Encoder, seed: int) -> float:
    told = dependences(asked, encoder, ["s"], ["o"], n_splits=2, alpha=0.05, seed=seed)
    return told["s"].p_value


@pytest.mark.slow
def test_dependence_holds_its_level_where_the_marginal_one_does_not() -> None:
    drawn = [confounded(seed) for seed in range(40)]
    p_values = [p_value(*one, seed) for seed, one in enumerate(drawn)]
    # more than 6 of 40 has probability 0.003 at a level of 0.05
    assert sum(p <= 0.05 for p in p_values) <= 6
    marginal = [stats.pearsonr(a.rows[:, 2], a.answers[:, 0]).pvalue for a, _ in drawn]
    assert sum(p <= 0.05 for p in marginal) > 30


def test_dependence_finds_a_planted_bias() -> None:
    drawn = [confounded(seed, effect=0.3) for seed in range(8)]
    assert sum(p_value(*one, seed) <= 0.05 for seed, one in enumerate(drawn)) >= 7


def test_dependence_over_contrasts_and_outputs_holds_level_and_covers() -> None:
    """Simulate residuals of 3 contrasts and 2 outputs, of which one follows a contrast."""
    rng = np.random.default_rng(0)
    rejected, covered, n_times = 0, 0, 400
    for _ in range(n_times):
        contrasts = rng.exponential(size=(200, 3)) - 1
        noise = rng.normal(size=(200, 2)) * (1 + np.abs(contrasts[:, :1]))
        planted = noise + [0.0, 0.3] * contrasts[:, 2:]
        null, real = (
            _dependence(
                {
                    ("s", f"{j}", f"{o}"): [_Left(answers[:, o], contrasts[:, j])]
                    for j in range(3)
                    for o in range(2)
                },
                0.05,
            )
            for answers in (noise, planted)
        )
        rejected += null.p_value <= 0.05
        truth = 0.3 if (real.effect.group, real.effect.output) == ("2", "1") else 0.0
        covered += real.effect.low <= truth <= real.effect.high
    # 0.05 and its binomial error; robust errors of skewed contrasts are a little too small
    assert rejected <= 0.08 * n_times
    assert covered >= 0.92 * n_times


def test_splits_that_differ_count_as_error() -> None:
    rng = np.random.default_rng(1)
    contrast = rng.normal(size=300)
    answers = 0.2 * contrast + 0.1 * rng.normal(size=300)
    name = ("s", "level", "o")
    alike = _dependence({name: [_Left(answers, contrast)] * 2}, 0.05).effect
    apart = _dependence({name: [_Left(answers, contrast), _Left(-answers, contrast)]}, 0.05)
    assert alike.distance > 0.15
    assert apart.effect.distance < -0.15
    assert apart.p_value == pytest.approx(1.0)


# -- intervals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [True, False])
def test_intervals_of_gaps_cover(labels: bool) -> None:
    rng = np.random.default_rng(2)
    inside = np.arange(120) < 30
    covered = 0
    for _ in range(400):
        column: Array
        if labels:
            column, truth = np.where(rng.random(120) < np.where(inside, 0.9, 0.6), 1.0, 0.0), 0.3
        else:
            column, truth = rng.exponential(np.where(inside, 2.0, 1.0)), 1.0
        (effect,) = gaps_between(column[:, None], {"g": inside}, ["o"], 0.05)
        covered += effect.low <= truth <= effect.high
    # three binomial errors below 0.95; of skewed answers in 30 rows a little more is allowed
    assert covered >= (0.917 if labels else 0.90) * 400


def test_newcombe_by_the_paper() -> None:
    """Newcombe 1998, table II, contrast (a) by method 10: 56/70 - 48/80."""
    answers = np.repeat([1.0, 0.0, 1.0, 0.0], [56, 14, 48, 32])
    (effect,) = gaps_between(answers[:, None], {"g": np.arange(150) < 70}, ["o"], 0.05)
    assert (effect.low, effect.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)


@pytest.mark.parametrize("labels", [True, False])
def test_intervals_of_pairs_cover(labels: bool) -> None:
    rng = np.random.default_rng(3)
    one, other = np.arange(40), np.arange(40, 80)
    covered = 0
    for _ in range(300):
        answers: Array
        if labels:
            answers = np.where(rng.random(80) < np.where(np.arange(80) < 40, 0.9, 0.7), 1.0, 0.0)
        else:
            answers = rng.normal(np.where(np.arange(80) < 40, 0.2, 0.0))
        (effect,) = pair_effects(answers[:, None], {"g": (one, other)}, ["o"], 0.05)
        covered += effect.low <= 0.2 <= effect.high
    assert covered >= 0.915 * 300


def test_pairs_of_labels_that_all_differ_leave_room_for_doubt() -> None:
    answers = np.repeat([1.0, 0.0], 20)[:, None]
    (effect,) = pair_effects(answers, {"g": (np.arange(20), np.arange(20, 40))}, ["o"], 0.05)
    assert effect.estimate == 1.0
    # by hand: 20 of 20 and 0 of 20, each bound at a tail of 1.25 %
    assert effect.low == pytest.approx(0.0125 ** (1 / 20) - (1 - 0.0125 ** (1 / 20)))


def test_intervals_of_share_gaps_cover() -> None:
    rng = np.random.default_rng(4)
    names = list("abcs")

    def drawn(n: int, slopes: list[float]) -> Asked:
        rows = rng.normal(size=(n, 4))
        rows[:, 3] = rows[:, 3] + rows[:, 0] > 0
        return Asked(rows, (rows @ slopes + 0.5 * rng.normal(size=n))[:, None])

    real_slopes, claimed_slopes = [1.0, 0.5, 0.0, 1.0], [1.0, 0.5, 0.0, 0.5]
    large = drawn(100_000, real_slopes)
    encoder = Encoder.from_frame(pd.DataFrame(large.rows, columns=names), categorical=["s"])
    design = Design.of(encoder, large.rows)
    sizes = [np.abs(slopes) * large.rows.std(axis=0) for slopes in (real_slopes, claimed_slopes)]
    shares = [size / size.sum() for size in sizes]
    truth, covered = (shares[0] - shares[1])[[2, 3]], np.zeros(2)
    for _ in range(60):
        real, asked = drawn(400, real_slopes), drawn(400, claimed_slopes)
        of_real, claimed = (share_draws(design, real.rows, a, 30, rng) for a in (real, asked))
        gaps = [share_gap(claimed[:, j, 0], of_real[:, j, 0], 0.05) for j in (2, 3)]
        covered += [g.low <= t <= g.high for g, t in zip(gaps, truth, strict=True)]
    # fewer than 51 of 60 has probability 0.001 at 0.95
    assert covered.min() >= 51


# -- pairs -----------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 10**6), st.integers(2, 60), st.floats(0.0, 0.9), st.sampled_from([0.1, 0.5, 0.9])
)
def test_pairs_are_close_disjoint_and_across(
    seed: int, n: int, caliper: float, share: float
) -> None:
    rng = np.random.default_rng(seed)
    rows = np.column_stack(
        [rng.normal(size=n).round(1), rng.integers(3, size=n), rng.random(n) < share]
    ).astype(np.float64)
    rows[rng.random(n) < 0.1, 0] = np.nan
    encoder = Encoder.from_frame(pd.DataFrame(rows, columns=list("abs")), categorical=["b", "s"])
    inside = rows[:, 2] == 1
    one, other = close_pairs(rows, encoder, 2, inside, caliper)
    assert inside[one].all()
    assert not inside[other].any()
    assert len(set(one)) == len(one) == len(other) == len(set(other))
    np.testing.assert_array_equal(rows[one, 1], rows[other, 1])
    np.testing.assert_array_equal(np.isnan(rows[one, 0]), np.isnan(rows[other, 0]))
    if not np.isnan(rows[:, 0]).all():
        spread = np.nanstd(rows[:, 0])
        apart = np.nan_to_num(np.abs(rows[one, 0] - rows[other, 0]))
        assert (apart <= caliper * spread + 1e-9).all()


def test_pairs_by_hand() -> None:
    """Of 0, 1, 8 against 1.1, 7.9 and 50, 1 goes with 1.1 and 8 with 7.9."""
    values = np.array([0.0, 1.0, 8.0, 1.1, 7.9, 50.0])
    inside = np.arange(6) < 3
    rows = np.column_stack([values, inside])
    encoder = Encoder.from_frame(pd.DataFrame(rows, columns=list("as")), categorical=["s"])
    one, other = close_pairs(rows, encoder, 1, inside, 0.1)
    assert sorted(zip(one.tolist(), other.tolist(), strict=True)) == [(1, 3), (2, 4)]
