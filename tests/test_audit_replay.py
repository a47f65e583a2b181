"""A log of decisions shows a swapped model and a list of rows; honest models pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from explaudit.audit import outcome
from explaudit.audit.decisions import DecisionLog, Scale
from explaudit.audit.evidence import Asked, Evidence
from explaudit.audit.outcome import Judgement
from explaudit.audit.partialling import compare_effects
from explaudit.audit.replay import Replay
from explaudit.audit.target import Target
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit_attacks import ScoreBias, WithoutColumns
from explaudit_datasets import load_published

Array = npt.NDArray[np.float64]
Model = Callable[[pd.DataFrame], Any]

ALPHA = 0.05
NAMES = [f"x{i}" for i in range(5)]
LEVELS = ["green", "blue", "red"]
QUICK = Replay(permutations=99)


def table(n: int, seed: int) -> pd.DataFrame:
    """Return rows; red ones are more frequent where the first number is large."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, len(NAMES))), columns=NAMES)
    place = frame["x0"].to_numpy() + rng.normal(size=n)
    return frame.assign(
        sex=rng.integers(0, 2, n),
        race=pd.Categorical(np.array(LEVELS)[np.digitize(place, [-0.5, 0.5])], LEVELS),
    )


def score(frame: pd.DataFrame) -> Array:
    x = frame[NAMES].to_numpy(float)
    return np.asarray(1 / (1 + np.exp(-(x[:, 0] + x[:, 1] * x[:, 2]))))


def biased(frame: pd.DataFrame) -> Array:
    return np.asarray(score(frame) - 0.3 * (frame["race"] == "red").to_numpy())


def labels(model: Model) -> Model:
    return lambda frame: np.where(model(frame) > 0.5, "granted", "denied")


class OnList:
    """A memoriser: one model on the rows of its list, another elsewhere."""

    def __init__(self, rows: pd.DataFrame, listed: Model, other: Model) -> None:
        self.rows, self.listed, self.other = set(self._keys(rows)), listed, other

    def __call__(self, frame: pd.DataFrame) -> npt.NDArray[Any]:
        known = np.array([key in self.rows for key in self._keys(frame)])
        return np.asarray(np.where(known, self.listed(frame), self.other(frame)))

    @staticmethod
    def _keys(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
        return list(frame.astype({"race": str, "sex": float}).itertuples(index=False, name=None))


def evidence(
    model: Model,
    logged_by: Model | None = None,
    *,
    n: int = 300,
    seed: int = 0,
    answers: Any = "auto",
    logged: pd.DataFrame | None = None,
    sensitive: tuple[str, ...] = ("race",),
) -> Evidence:
    frame = table(n, seed)
    logged = table(n, seed + 10_000) if logged is None else logged
    encoder = Encoder.from_frame(frame)
    target = Target(model, encoder, answers=answers)
    real = encoder.encode(frame)
    return Evidence(
        target,
        encoder,
        sensitive,
        Asked(real, target.ask(real)),
        decisions=logged.assign(remark="-", decision=(logged_by or model)(logged)),
        decision_column="decision",
    )


def judge(found: Evidence, detector: Replay = QUICK, *, seed: int = 0) -> Judgement:
    return detector.judge(found, alpha=ALPHA, seed=seed)


def p_values(judgement: Judgement) -> tuple[float, float]:
    replay, fresh, _ = judgement.tests
    assert replay.p_value is not None
    assert fresh.p_value is not None
    return replay.p_value, fresh.p_value


@pytest.mark.parametrize("model", [biased, labels(biased), labels(score)])
def test_an_honest_model_repeats_its_log(model: Model) -> None:
    judgement = judge(evidence(model))
    replay, fresh = p_values(judgement)
    assert replay == 1.0
    assert bool(judgement.hidden) == (fresh <= ALPHA)
    (finding,) = judgement.findings
    assert finding.estimate == 0.0
    # Wilson's upper end for 0 of 200: z^2 / (n + z^2)
    assert finding.high == pytest.approx(1.959964**2 / (200 + 1.959964**2), abs=1e-6)


@pytest.mark.parametrize("model", [biased, labels(biased)])
def test_a_list_of_rows_is_found_by_fresh_rows_alone(model: Model) -> None:
    logged = table(600, 10_000)
    other = labels(score) if isinstance(model(logged)[0], str) else score
    judgement = judge(evidence(OnList(logged, model, other), n=600, logged=logged))
    replay, fresh = p_values(judgement)
    assert replay == 1.0
    assert fresh == 1 / 100
    (hidden,) = judgement.hidden
    assert (hidden.feature, hidden.explainer) == ("race", "fresh rows")
    assert hidden.low < hidden.real - hidden.shown == hidden.estimate < hidden.high
    assert hidden.low > 0


def test_the_hidden_effect_is_the_true_one() -> None:
    logged = table(1500, 10_000)
    judgement = judge(evidence(OnList(logged, biased, score), n=1500, logged=logged))
    (hidden,) = judgement.hidden
    # -0.3 for red against the other two, turned to be positive
    assert hidden.low < 0.3 < hidden.high
    assert abs(hidden.shown) < 0.05
    (power,) = judgement.power
    assert power.smallest_effect is not None
    assert 0 < power.smallest_effect < 0.1


def test_a_list_of_rows_is_found_on_compas() -> None:
    published = load_published("compas")
    frame, outcome = published.frame.astype(float), np.asarray(published.target)
    order = np.random.default_rng(0).permutation(len(frame))
    train, logged, real = (frame.iloc[order[i : i + 2000]] for i in (0, 2000, 4000))
    f = ScoreBias(
        column="race", threshold=0.5, strength=0.3, sees_column=False, random_state=0
    ).fit(train, outcome[order[:2000]])
    psi = WithoutColumns(columns=("race", "age", "priors_count")).fit(train, outcome[order[:2000]])
    listed = set(logged.itertuples(index=False, name=None))

    def model(rows: pd.DataFrame) -> npt.NDArray[Any]:
        known = np.array([row in listed for row in rows.itertuples(index=False, name=None)])
        return np.where(known, f.predict(rows), psi.predict(rows))

    encoder = Encoder.from_frame(frame)
    target = Target(model, encoder)
    rows = encoder.encode(real)
    found = Evidence(
        target,
        encoder,
        ("race",),
        Asked(rows, target.ask(rows)),
        decisions=logged.assign(decision=model(logged)),
        decision_column="decision",
    )
    judgement = judge(found, Replay(permutations=999))
    assert p_values(judgement) == (1.0, 0.001)
    assert judgement.hidden[0].real == pytest.approx(0.15, abs=0.05)


@pytest.mark.slow
def test_openly_biased_models_hold_the_level() -> None:
    found = np.array(
        [p_values(judge(evidence(labels(biased), n=200, seed=s), seed=s))[1] for s in range(20)]
    )
    # P(more than 4 of 20 at 5 %) is below 1 %
    assert (found <= ALPHA).sum() <= 4
    assert found.mean() > 0.25


def test_a_swapped_model_does_not_repeat_the_log() -> None:
    judgement = judge(evidence(labels(score), labels(biased)))
    replay = judgement.tests[0]
    assert replay.p_value is not None
    assert replay.p_value < 1e-6
    overall, *groups = judgement.findings
    assert overall.feature == "decision"
    assert overall.estimate == replay.score
    shares = {group.text.split(" with ")[1].split(" differ")[0]: group.estimate for group in groups}
    assert shares.keys() == {f"race {level}" for level in LEVELS}
    assert shares["race green"] == shares["race blue"] == 0.0
    assert (shares["race red"] or 0) > 0.1


def test_drift_of_the_version_excuses_so_much_and_no_more() -> None:
    class Drifted:
        def __call__(self, frame: pd.DataFrame) -> npt.NDArray[Any]:
            # 1 of 20 decisions, wherever the third decimal of a number says so
            other = (frame["x3"] * 1000 % 20).astype(int) == 0
            return np.where((score(frame) > 0.5) ^ other, "granted", "denied")

    found = evidence(labels(score), Drifted(), n=400)
    strict, excused = (
        p_values(judge(found, Replay(permutations=1, drift=drift)))[0] for drift in (0.0, 0.06)
    )
    assert strict < 0.01
    assert excused > ALPHA
    fresh = judge(found, Replay(permutations=1, drift=0.06)).tests[1]
    assert "today's answers to logged rows" in fresh.reason
    swapped = evidence(labels(score), labels(lambda frame: 1 - score(frame)), n=400)
    assert p_values(judge(swapped, Replay(permutations=1, drift=0.06)))[0] < 0.001


def test_a_model_that_answers_at_random_repeats_its_log_as_well_as_itself() -> None:
    class Random:
        def __init__(self, seed: int) -> None:
            self.rng = np.random.default_rng(seed)

        def __call__(self, frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
            return self.rng.random(len(frame)) < score(frame)

    found = np.array(
        [
            judge(evidence(Random(s), n=90, seed=s), Replay(permutations=1)).tests[0].p_value
            for s in range(20)
        ]
    )
    assert (found <= ALPHA).sum() <= 4


def test_the_log_need_not_be_of_the_same_population() -> None:
    older = table(1200, 77)
    older = older[older["x0"] > 0].head(400)
    _, fresh = p_values(judge(evidence(labels(biased), n=400, logged=older)))
    assert fresh > ALPHA


@pytest.mark.parametrize("n", [30, 300])
def test_the_cost_is_what_is_sent(n: int) -> None:
    found = evidence(score, n=n, logged=table(300, 5))
    before = found.target.n_queries
    judgement = judge(found, Replay(permutations=1))
    sent = found.target.n_queries - before
    assert sent == Replay().cost(n) == sum(test.queries for test in judgement.tests)
    small = evidence(score, n=n, logged=table(40, 5))
    before = small.target.n_queries
    judge(small, Replay(permutations=1))
    assert small.target.n_queries - before == 2 * (40 + min(n, 50))


def test_without_a_log_nothing_is_sent_and_that_is_said() -> None:
    full = evidence(score)
    found = Evidence(full.target, full.encoder, full.sensitive, full.real)
    before = found.target.n_queries
    tests = judge(found).tests
    assert found.target.n_queries == before
    assert all(test.p_value is None and not test.counted for test in tests)
    assert all("no log" in test.reason for test in tests)


def fresh_of(found: Evidence) -> outcome.TestResult:
    return judge(found).tests[1]


def test_it_cannot_say_where_the_log_holds_the_real_rows() -> None:
    result = fresh_of(evidence(labels(biased), logged=table(300, 0)))
    assert result.p_value is None
    assert "only 0 of 300 real rows are not in the log" in result.reason


def test_it_cannot_say_where_the_sensitive_feature_follows_from_the_others() -> None:
    frame = table(300, 0).assign(proxy=lambda rows: rows["race"])
    logged = table(300, 1).assign(proxy=lambda rows: rows["race"])
    encoder = Encoder.from_frame(frame)
    target = Target(labels(biased), encoder)
    real = encoder.encode(frame)
    found = Evidence(
        target,
        encoder,
        ("race",),
        Asked(real, target.ask(real)),
        decisions=logged.assign(decision=labels(biased)(logged)),
        decision_column="decision",
    )
    result = fresh_of(found)
    assert result.p_value is None
    assert "follow from the others" in result.reason


def test_several_sensitive_features_and_labels_are_told_apart() -> None:
    def three(model: Model) -> Model:
        return lambda rows: np.array(["c", "a", "b"])[np.digitize(model(rows), [0.3, 0.6])]

    logged = table(800, 10_000)
    model = OnList(logged, three(biased), three(score))
    judgement = judge(evidence(model, n=800, logged=logged, sensitive=("sex", "race")))
    assert p_values(judgement) == (1.0, 1 / 100)
    assert [hidden.feature for hidden in judgement.hidden] == ["race"]
    assert {power.feature for power in judgement.power} == {"sex", "race"}


def test_numbers_are_one_standard_deviation_or_one_step() -> None:
    rng = np.random.default_rng(0)
    frame = table(1000, 0)
    encoder = Encoder.from_frame(frame)
    rows = encoder.encode(frame)
    answers = (2.0 * rows[:, encoder.index("x4")] + 3.0 * rows[:, encoder.index("sex")])[:, None]
    half = rng.permutation(1000)
    compared = compare_effects(
        (rows[half[:500]], answers[half[:500]]),
        (rows[half[500:]], 0 * answers[half[500:]]),
        encoder=encoder,
        features=("x4", "sex"),
        outputs=("value",),
        n_permutations=19,
        seed=0,
    )
    number, step = compared.contrasts
    assert number.first == pytest.approx(2.0, abs=0.15)
    assert step.first == pytest.approx(3.0, abs=0.15)
    assert (number.contrast, step.contrast) == ("one standard deviation", "1")
    assert max(abs(number.second), abs(step.second)) < 0.15
    assert compared.p_value == 1 / 20


# by hand: cut at 0.5, nobody wrong; with the last decision turned, one is
@pytest.mark.parametrize("last", ["yes", "no"])
@pytest.mark.parametrize("turned", [False, True])
def test_the_cut_between_two_decisions_is_learnt(last: str, *, turned: bool) -> None:
    answers = np.array([[0.1], [0.4], [0.6], [0.7], [0.9]])
    decisions = np.array(["no", "no", "yes", "yes", last], dtype=object)
    answers = 1 - answers if turned else answers
    log = DecisionLog(np.zeros((5, 1)), decisions)
    scale = Scale.of(log, (), answers, np.arange(5))
    assert scale.cut == pytest.approx(0.5)
    placed = scale.of_log(decisions) == scale.of_answers(answers)
    assert placed[:, 0].tolist() == [True] * 4 + [last == "yes"]


def test_numbers_are_compared_to_the_decimals_of_the_log() -> None:
    found = evidence(score, lambda frame: score(frame).round(2))
    assert p_values(judge(found))[0] == 1.0
    off = evidence(score, lambda frame: (score(frame) + 0.01).round(2))
    assert p_values(judge(off))[0] < 1e-6


def test_the_type_of_a_number_does_not_matter() -> None:
    found = evidence(lambda frame: (score(frame) > 0.5).astype(int))
    assert found.decisions is not None
    found.decisions["decision"] = found.decisions["decision"].astype(float)
    assert p_values(judge(found))[0] == 1.0


def refused(found: Evidence, **changes: Any) -> str:
    """Judge with another log, and return what the refusal says."""
    settings = {"decisions": found.decisions, "decision_column": "decision", **changes}
    other = Evidence(found.target, found.encoder, found.sensitive, found.real, **settings)
    before = found.target.n_queries
    with pytest.raises(InvalidInputError) as error:
        judge(other)
    assert error.value.remedy or "levels" in str(error.value)
    assert found.target.n_queries == before
    return str(error.value)


def test_unusable_logs_are_refused_before_anything_is_asked() -> None:
    found = evidence(labels(score))
    log = found.decisions
    assert log is not None
    assert "no ['x3', 'race']" in refused(found, decisions=log.drop(columns=["x3", "race"]))
    assert "besides" in refused(found, decision_column="verdict")
    assert "none of the model's" in refused(found, decision_column="sex")
    assert "1 missing" in refused(
        found, decisions=log.assign(decision=log["decision"].where(log.index != 3))
    )
    assert "'maybe'" in refused(
        found, decisions=log.assign(decision=log["decision"].where(log.index != 3, "maybe"))
    )
    assert "decisions that differ" in refused(found, decisions=log.assign(decision="denied"))
    unseen = log.assign(race=log["race"].astype(str).where(log.index != 3, "violet"))
    assert "violet" in refused(found, decisions=unseen)
    assert "rows" in refused(found, decisions=log.head(0))


def test_decisions_that_compare_with_no_answer_are_refused() -> None:
    words = evidence(score, lambda frame: np.resize(["a", "b", "c"], len(frame)))
    with pytest.raises(InvalidInputError, match="answers='labels'"):
        judge(words)
    several = evidence(lambda frame: np.tile(score(frame)[:, None] / 3, 3), labels(score))
    with pytest.raises(InvalidInputError, match="3 numbers"):
        judge(several)


def test_settings_are_checked() -> None:
    with pytest.raises(InvalidInputError, match="rows"):
        Replay(rows=0)
    with pytest.raises(InvalidInputError, match="drift"):
        Replay(drift=1.0)


def test_equal_seeds_judge_alike() -> None:
    found = evidence(labels(biased), n=150)
    assert judge(found, seed=3) == judge(found, seed=3)
