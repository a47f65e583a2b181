"""The regime test: honest models pass, openly biased ones too, and a scaffold does not."""

from __future__ import annotations

from functools import cache, partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats
from sklearn.ensemble import RandomForestClassifier

from explaudit import Encoder
from explaudit.audit.calibration import CALIBRATION
from explaudit.audit.evidence import Asked, Evidence, Toggled
from explaudit.audit.queries import record_queries
from explaudit.audit.refusals import Refusal
from explaudit.audit.regime import RegimeTest
from explaudit.audit.regime_results import level, tail
from explaudit.audit.surrogate import Design
from explaudit.audit.target import Target
from explaudit.audit.toggles import toggle
from explaudit.audit.twin_families import FAMILIES
from explaudit.audit.twins import fit_twins, indicators
from explaudit.explainers import LimeTabular

Array = npt.NDArray[np.float64]

TEST = RegimeTest(n_twins=40)


@cache
def world() -> tuple[pd.DataFrame, Encoder, Array, Array]:
    """Return rows, and what LIME asks about them."""
    rng = np.random.default_rng(0)
    sex = rng.choice(["f", "m"], 900)
    frame = pd.DataFrame(rng.normal(size=(900, 4)), columns=list("abcd"))
    frame["a"] += 0.5 * (sex == "m")
    frame["sex"] = pd.Categorical(sex)
    encoder = Encoder.from_frame(frame)
    rows = encoder.encode(frame)
    queries = record_queries(
        LimeTabular(num_samples=500), encoder, rows, rows, n_queries=700, seed=1
    )
    return frame, encoder, rows, queries


def judged(model: Any, seed: int = 0) -> Any:
    _, encoder, rows, queries = world()
    target = Target(model, encoder)
    evidence = Evidence(
        target,
        encoder,
        ("sex",),
        Asked(rows, target.ask(rows)),
        {"lime": Asked(queries, target.ask(queries))},
    )
    return TEST.judge(evidence, alpha=0.05, seed=seed)


def judged_with_changes(model: Any) -> Any:
    """Judge with real rows and queries that were sent once more, sex changed."""
    _, encoder, rows, queries = world()
    target, sex = Target(model, encoder), (encoder.index("sex"),)
    toggles = {
        name: toggle(each, sex, 300, np.random.default_rng(4))
        for name, each in (("", rows), ("lime", queries))
    }
    evidence = Evidence(
        target,
        encoder,
        ("sex",),
        Asked(rows, target.ask(rows)),
        {"lime": Asked(queries, target.ask(queries))},
        {name: Toggled(each, target.ask(each.after)) for name, each in toggles.items()},
    )
    return TEST.judge(evidence, alpha=0.05, seed=0).tests[2]


def score(table: pd.DataFrame, penalty: float | Array) -> Array:
    """Return scores that are far from their ends."""
    level = 0.5 + 0.1 * np.tanh(table["a"] + 0.5 * table["b"])
    return np.asarray(level - penalty * (table["sex"] == "f"))


class FaintScaffold:
    """Takes a little off real rows' scores, and of those with one value changed; nothing else."""

    def __init__(self) -> None:
        numbers = world()[0][list("abcd")].round(6)
        self.known = set(map(tuple, numbers.to_numpy().tolist()))

    def __call__(self, table: pd.DataFrame) -> Array:
        numbers = table[list("abcd")].round(6).to_numpy().tolist()
        real = np.array([tuple(row) in self.known for row in numbers])
        return score(table, 0.02 * real)


def test_a_faint_bias_that_queries_do_not_show_is_found_by_its_absence() -> None:
    test = judged_with_changes(FaintScaffold())
    assert test.name == "changed sensitive features in queries of lime"
    assert test.p_value < 0.001
    assert test.details["near"] == 1.0
    assert test.details["far"] == 0.0
    assert "makes a difference to 100% of the answers near real rows and to 0% there" in test.reason


@pytest.mark.parametrize("penalty", [0.0, 0.02, 0.3])
def test_an_open_bias_of_any_size_is_present_everywhere(penalty: float) -> None:
    test = judged_with_changes(lambda table: score(table, penalty))
    assert test.p_value > 0.05
    assert "does as much" in test.reason


class NumberScaffold(FaintScaffold):
    """A whole unit less on real rows, for who is asked for numbers of any size."""

    def __init__(self, unit: float) -> None:
        super().__init__()
        self.unit = unit

    def __call__(self, table: pd.DataFrame) -> Array:
        return self.unit * (score(table, 0.0) + 0.2 * (super().__call__(table) < score(table, 0.0)))


@pytest.mark.parametrize("unit", [0.01, 1000.0])
def test_no_test_depends_on_what_numbers_are_counted_in(unit: float) -> None:
    one, other = (judged(NumberScaffold(each)) for each in (7.0, 7.0 * unit))
    assert one.tests[0].p_value < 0.001
    # trees split where rounding puts them
    alike = partial(pytest.approx, rel=0.01)
    assert [t.score for t in other.tests] == alike([t.score for t in one.tests])
    assert other.hidden[0].estimate == alike(one.hidden[0].estimate * unit)
    assert other.power[0].smallest_effect == alike(one.power[0].smallest_effect * unit)


def openly_biased(table: pd.DataFrame) -> Array:
    return np.asarray((table["a"] - 1.0 * (table["sex"] == "f") > 0), dtype=np.intp)


def without_sex(table: pd.DataFrame) -> Array:
    return np.asarray(table["a"] + 0.5 * table["b"] > 0, dtype=np.intp)


class Scaffold:
    """Biased on the rows that it knows, which are all real ones; innocent on everything else."""

    def __init__(self) -> None:
        self.known = set(map(tuple, world()[2].round(6).tolist()))

    def __call__(self, table: pd.DataFrame) -> Array:
        encoded = world()[1].encode(table).round(6)
        real = np.array([tuple(row) in self.known for row in encoded.tolist()])
        return np.where(real, (table["sex"] == "m").to_numpy(dtype=np.intp), without_sex(table))


def test_a_scaffold_is_found_and_what_it_hides_is_estimated() -> None:
    found = judged(Scaffold())
    test, hidden = found.tests[0], found.hidden[0]
    assert test.p_value < 0.001
    assert "another regime" in test.reason
    # on real rows sex decides alone: a contribution of half the answers' range, nothing on queries
    assert hidden.low > 0.2
    assert hidden.real == pytest.approx(0.5, abs=0.05)
    assert abs(hidden.shown) < 0.1


@pytest.mark.parametrize("model", [openly_biased, without_sex])
def test_an_honest_model_is_not_accused_however_biased_it_is(model: Any) -> None:
    found = judged(model)
    assert found.tests[0].p_value > 0.01
    assert found.hidden[0].low < 0.1


def test_a_forest_trained_on_noisy_labels_is_not_accused() -> None:
    frame, encoder, rows, _ = world()
    flipped = np.random.default_rng(3).random(900) < 0.1
    noisy = (openly_biased(frame) != flipped).astype(np.intp)
    forest = RandomForestClassifier(30, random_state=0).fit(rows[:400], noisy[:400])
    found = judged(lambda table: forest.predict(encoder.encode(table)))
    assert found.tests[0].p_value > 0.01


def test_a_guard_that_answers_queries_with_one_constant_is_left_to_say() -> None:
    honest = Scaffold()

    def guarded(table: pd.DataFrame) -> Array:
        real = np.array([tuple(r) in honest.known for r in world()[1].encode(table).round(6)])
        return np.where(real, openly_biased(table), 0)

    found = judged(guarded)
    assert found.tests[0].p_value is None
    assert "one and the same answer" in found.tests[0].reason


def refusing(share: float, behind: Any = None) -> Any:
    """Return scores, but for queries with a high `b`, which all get one and the same answer."""
    _, encoder, _, queries = world()
    edge = np.quantile(queries[:, encoder.index("b")], 1 - share)
    known = Scaffold().known

    def answer(table: pd.DataFrame) -> Array:
        real = np.array([tuple(r) in known for r in encoder.encode(table).round(6)])
        refused = ~real & (table["b"].to_numpy() > edge)
        return np.where(refused, 0.9, score(table, 0.3 if behind is None else behind(real)))

    return answer


def test_a_few_refused_queries_are_left_out_and_told() -> None:
    found = judged(refusing(0.2))
    named, scan = found.tests[:2]
    assert min(named.p_value, scan.p_value) > 0.05
    assert named.details["refused"] == pytest.approx(0.2, abs=0.01)
    assert "20% of the queries" in named.reason
    assert "that hardly any real row gets, are left out" in named.reason
    (hidden,) = found.hidden
    assert hidden.low < 0 < hidden.high


def test_of_an_explanation_that_rests_on_refusals_nothing_is_said() -> None:
    found = judged(refusing(0.4))
    assert [test.p_value for test in found.tests] == [None, None]
    assert all("rests on refusals; 40% of the queries" in test.reason for test in found.tests)
    assert found.hidden == ()


def test_refusals_do_not_cover_what_the_other_queries_show() -> None:
    found = judged(refusing(0.4, behind=lambda real: 0.3 * real))
    assert found.tests[0].p_value < 0.001
    assert found.tests[0].details["refused"] == pytest.approx(0.4, abs=0.01)


def test_two_answers_that_real_rows_do_not_get_are_no_refusal() -> None:
    real = Asked(np.zeros((100, 1)), np.linspace(0.1, 0.6, 100)[:, None])
    two = np.concatenate([np.full(52, 1.0), np.full(40, 0.0), np.linspace(0.2, 0.5, 8)])
    queries = np.zeros((100, 1))
    assert Refusal.find(real, Asked(queries, two[:, None])) is None
    one = np.concatenate([np.full(52, 1.0), np.linspace(0.2, 0.5, 48)])
    found = Refusal.find(real, Asked(queries, one[:, None]))
    assert found is not None
    assert found.answer.tolist() == [1.0]
    assert found.share == 0.52
    # what real rows get often, other queries may get, too
    usual = Asked(real.rows, np.where(np.arange(100) < 40, 0.0, real.answers[:, 0])[:, None])
    some = np.concatenate([np.full(52, 1.0), np.full(20, 0.0), np.linspace(0.2, 0.5, 28)])
    assert Refusal.find(usual, Asked(queries, some[:, None])) is not None


def noisy_numbers(sizes: float) -> Any:
    """Return the same number for the same row, mostly drawn by lot if the sizes of noise are 3."""
    encoder = world()[1]

    def answer(table: pd.DataFrame) -> Array:
        rows = encoder.encode(table).round(6).tolist()
        noise = [np.random.default_rng(abs(hash(tuple(row)))).normal() for row in rows]
        return np.asarray(1000.0 * (score(table, 0.3) + 0.1 * sizes * np.array(noise)))

    return answer


def test_where_ordinary_models_are_no_twins_nothing_is_said() -> None:
    found = judged(noisy_numbers(3.0))
    assert [test.p_value for test in found.tests] == [None]
    assert found.tests[0].required
    assert "% unexplained, so that they are no measure" in found.tests[0].reason
    assert judged(noisy_numbers(0.3)).tests[0].p_value > 0.05


def test_equal_seeds_judge_alike_and_others_otherwise() -> None:
    one, again, other = judged(openly_biased), judged(openly_biased), judged(openly_biased, seed=1)
    assert one == again
    assert one != other


def test_the_statement_of_power_grows_with_the_noise_of_the_answers() -> None:
    rng = np.random.default_rng(0)
    flips = dict(enumerate(rng.random(2000) < 0.2))

    def noisy(table: pd.DataFrame) -> Array:
        content = pd.util.hash_pandas_object(table, index=False).to_numpy() % 2000
        flipped = np.array([flips[int(row)] for row in content])
        return np.asarray(openly_biased(table) != flipped, dtype=np.intp)

    clean, unsure = judged(openly_biased).power[0], judged(noisy).power[0]
    assert clean.probability == 0.8
    assert 0 < clean.smallest_effect < unsure.smallest_effect < 1


def test_power_is_that_of_the_verdict_and_not_of_the_test_alone() -> None:
    found = judged(openly_biased)
    test, hidden, power = found.tests[0], found.hidden[0], found.power[0]
    spread = (hidden.high - hidden.low) / 2 / level(0.05, 2, CALIBRATION.named)
    alone = (test.threshold + 0.84 * CALIBRATION.named) * spread
    assert power.smallest_effect > alone * 1.1


def hiding(effect: float, labels: bool) -> Any:
    """Return a model that takes so much of women's answers off real rows alone, as an effect.

    Of two groups an effect is the difference times the standard deviation of being in one.
    """
    frame, encoder, _, _ = world()
    known, women = Scaffold().known, frame["sex"] == "f"
    wanted = effect / float(np.sqrt(women.mean() * (1 - women.mean())))

    def openly(table: pd.DataFrame) -> Array:
        return np.asarray(0.5 + 0.3 * np.tanh(table["a"] * table["b"] + table["c"]))

    if labels:
        # the penalty that turns the right share of women's answers
        scores = openly(frame)[women.to_numpy()]
        above = np.sort(scores[scores > 0.5]) - 0.5
        wanted = float(above[round(wanted * len(scores))])

    def answer(table: pd.DataFrame) -> Array:
        real = np.array([tuple(row) in known for row in encoder.encode(table).round(6).tolist()])
        scores = openly(table) - wanted * (real & (table["sex"] == "f").to_numpy())
        return (scores > 0.5).astype(np.intp) if labels else np.column_stack([1 - scores, scores])

    return answer


@pytest.mark.parametrize("labels", [False, True])
def test_what_the_statement_of_power_names_is_found_and_half_of_it_is_not(labels: bool) -> None:
    # what the verdict asks of one of two tests, in one of two groups
    strictest = 0.05 / 4
    for seed in range(3):
        stated = judged(hiding(0.05, labels), seed).power[0].smallest_effect
        whole, half = (judged(hiding(size * stated, labels), seed) for size in (1.0, 0.5))
        assert whole.tests[0].p_value < strictest < half.tests[0].p_value


def test_too_few_real_rows_cannot_say() -> None:
    _, encoder, rows, queries = world()
    target = Target(openly_biased, encoder)
    few = Asked(rows[:50], target.ask(rows[:50]))
    asked = {"lime": Asked(queries, target.ask(queries))}
    found = TEST.judge(Evidence(target, encoder, ("sex",), few, asked), alpha=0.05, seed=0)
    assert found.tests[0].p_value is None
    assert "too few" in found.tests[0].reason


def test_the_tail_is_students_times_what_was_compared() -> None:
    one = float(stats.t.sf(2.0, 49))
    assert tail(2.0, 1, 1.0) == pytest.approx(one)
    assert tail(3.0, 4, 1.5) == pytest.approx(4 * one)
    assert tail(0.0, 4, 1.0) == 1.0
    assert tail(level(0.05, 6, 1.3), 6, 1.3) == pytest.approx(0.05)


@pytest.mark.parametrize("n_outputs", [1, 3])
def test_twins_reproduce_a_model_on_rows_they_never_saw(n_outputs: int) -> None:
    frame, encoder, rows, _ = world()
    classes = np.digitize(frame["a"], [0.0] if n_outputs == 1 else [-0.5, 0.5])
    answers = (classes[:, None] == np.arange(n_outputs + (n_outputs == 1))).astype(float)
    answers = answers[:, 1:] if n_outputs == 1 else answers
    half = len(rows) // 2
    twins = fit_twins(
        encoder,
        (rows[:half], answers[:half]),
        (rows[half:], answers[half:]),
        labels=True,
        n_twins=30,
        rng=np.random.default_rng(0),
    )
    assert len(twins.predict) == 30
    assert len(set(twins.families)) >= 2
    assert set(twins.families) <= set(FAMILIES)
    said = twins.answers(rows[half:])
    assert said.shape == (30, len(rows) - half, n_outputs)
    assert set(np.unique(said)) <= {0.0, 1.0}
    np.testing.assert_allclose(((said - answers[half:]) ** 2).mean(axis=(1, 2)), twins.errors)
    assert np.median(twins.errors) < 0.1


def test_indicators_have_a_column_for_each_level_but_one_for_two() -> None:
    frame = pd.DataFrame({"x": [1.0, 2.0, 3.0], "c": ["p", "q", "r"], "two": ["y", "n", "y"]})
    encoder = Encoder.from_frame(frame)
    expected = [[1, 1, 0, 0, 1], [2, 0, 1, 0, 0], [3, 0, 0, 1, 1]]
    assert indicators(encoder, encoder.encode(frame)).tolist() == expected


def test_a_surrogate_finds_the_coefficients_of_an_additive_model() -> None:
    _, encoder, rows, _ = world()
    design = Design.of(encoder, rows)
    answers = 2.0 * rows[:, 0] - 3.0 * rows[:, 4]
    intercept, coefficients = design.fit(rows, answers[:, None])
    fitted = intercept + design.columns(rows) @ coefficients
    np.testing.assert_allclose(fitted[:, 0], answers, atol=0.2)  # the penalty shrinks a little
    sex = design.columns(rows)[:, design.owners == 4] @ coefficients[design.owners == 4]
    assert np.ptp(sex) == pytest.approx(3.0, abs=0.05)
