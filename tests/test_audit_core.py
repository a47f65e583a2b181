"""What an audit stands on: the target, the plan, the queries, and the verdict."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_info, threadpool_limits  # type: ignore[import-untyped]

from explaudit import Encoder, registry
from explaudit.audit.evidence import Detector, Evidence
from explaudit.audit.loading import load_model, read_rows
from explaudit.audit.outcome import Hidden, Judgement, TestResult
from explaudit.audit.queries import record_queries
from explaudit.audit.regime import RegimeTest
from explaudit.audit.run import audit, default_detectors
from explaudit.audit.settings import AuditSettings, plan_audit
from explaudit.audit.target import Target
from explaudit.audit.verdict import conclude
from explaudit.cells import Part
from explaudit.errors import InvalidInputError
from explaudit.explainers import KernelShap, LimeTabular, TwinExplanation

Array = npt.NDArray[np.float64]


def table(n_rows: int = 300, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n_rows, 3)), columns=["a", "b", "c"])
    frame["whole"] = rng.integers(0, 5, n_rows).astype(float)
    frame["sex"] = pd.Categorical(rng.choice(["f", "m"], n_rows))
    return frame


FRAME = table()
ENCODER = Encoder.from_frame(FRAME)
ROWS = ENCODER.encode(FRAME)


@pytest.mark.parametrize(
    ("answers", "outputs"),
    [
        (lambda t: np.where(t["a"] > 0, "yes", "no"), ("yes",)),
        (lambda t: (t["a"] > 0).to_numpy(), ("True",)),
        (lambda t: np.digitize(t["a"], [-0.5, 0.5]), ("0", "1", "2")),
        (lambda t: t["a"].to_numpy(), ("output",)),
        (lambda t: np.column_stack([1 - t["b"], t["b"]]), ("output",)),
    ],
    ids=["words", "truth", "classes", "numbers", "two columns"],
)
def test_a_target_makes_numbers_of_whatever_a_model_answers(
    answers: Any, outputs: tuple[str, ...]
) -> None:
    target = Target(answers, ENCODER)
    found = target.ask(ROWS)
    assert target.outputs == outputs
    assert found.shape == (len(ROWS), len(outputs))
    assert target.n_queries == len(ROWS)


@pytest.mark.parametrize(
    ("answers", "kind"),
    [
        (np.linspace(0.0, 1.0, 300), "probabilities"),
        (np.linspace(0.2, 0.8, 300), "probabilities"),
        (np.repeat([0.0, 1.0], 150), "probabilities"),
        # of numbers in some small unit nobody knows
        (np.linspace(0.0, 0.4, 300), "values"),
        (np.linspace(0.0, 1.01, 300), "values"),
        (np.linspace(-0.1, 0.9, 300), "values"),
        (np.repeat([0, 1], 150), "labels"),
    ],
)
def test_one_number_for_each_row_is_a_probability_if_it_looks_like_one(
    answers: Array, kind: str
) -> None:
    target = Target(lambda t: answers, ENCODER)
    assert target.answers == "auto"
    target.ask(ROWS)
    assert target.answers == kind


def test_a_label_never_seen_before_is_none_of_the_classes() -> None:
    answers = iter([np.array(["a", "b", "c"]), np.array(["d"])])
    target = Target(lambda t: next(answers), ENCODER)
    assert target.ask(ROWS[:3]).tolist() == np.eye(3).tolist()
    assert target.ask(ROWS[:1]).tolist() == [[0.0, 0.0, 0.0]]


def test_a_target_keeps_its_budget() -> None:
    target = Target(lambda t: t["a"].to_numpy(), ENCODER, budget=10)
    target.ask(ROWS[:8])
    with pytest.raises(InvalidInputError, match="budget"):
        target.ask(ROWS[:3])
    assert target.n_queries == 8


@pytest.mark.parametrize(
    "wrong", [lambda t: np.zeros(3), lambda t: np.full(len(t), np.nan), lambda t: ["x"] * len(t)]
)
def test_answers_that_cannot_be_judged_are_refused(wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match="model"):
        Target(wrong, ENCODER).ask(ROWS)


@pytest.mark.parametrize(
    "explainer",
    [LimeTabular(num_samples=200), KernelShap(background="kmeans", n_background=5)],
    ids=lambda explainer: explainer.name,
)
def test_queries_are_the_explainers_own_and_repeat(explainer: Any) -> None:
    drawn = record_queries(explainer, ENCODER, ROWS, ROWS, n_queries=150, seed=3)
    again = record_queries(explainer, ENCODER, ROWS, ROWS, n_queries=150, seed=3)
    np.testing.assert_array_equal(drawn, again)
    assert drawn.shape == (150, 5)
    known = set(map(tuple, ROWS.tolist()))
    assert sum(tuple(row) in known for row in drawn.tolist()) < 75, "most are no real rows"


def test_an_explainer_of_real_rows_alone_is_asked_for_nothing_but_real_rows() -> None:
    drawn = record_queries(TwinExplanation(), ENCODER, ROWS, ROWS, n_queries=100, seed=3)
    known = set(map(tuple, ROWS.tolist()))
    assert all(tuple(row) in known for row in drawn.tolist())


def test_the_plan_spends_the_budget_and_no_more() -> None:
    plan = plan_audit(AuditSettings(sensitive=("sex",), budget=1000), 5000, ())
    assert plan.total <= 1000
    assert plan.real_rows + 2 * plan.queries + 3 * plan.toggled == plan.total
    assert plan.toggled > 50
    with pytest.raises(InvalidInputError, match="budget"):
        plan_audit(AuditSettings(sensitive=("sex",), budget=100), 5000, ())


def said(*p_values: float | None, group: str = "") -> Judgement:
    return Judgement(
        tests=tuple(
            TestResult(name=f"{group}{i} of lime", p_value=p, group=group)
            for i, p in enumerate(p_values)
        )
    )


def outcome(*judgements: Judgement) -> str:
    return conclude(judgements, alpha=0.05, queries=0, budget=0).outcome


def test_the_verdict_is_holms() -> None:
    # by hand: 0.02 * 3 = 0.06 is too much, 0.016 * 3 = 0.048 is not
    assert outcome(said(0.02, 0.5, 0.9)) == "pass"
    assert outcome(said(0.016, 0.5, 0.9)) == "fail"
    assert outcome(said(None, None)) == "inconclusive"
    assert outcome(said(None, 0.2)) == "pass"


def test_no_model_passes_of_which_a_required_test_says_nothing() -> None:
    silent = TestResult(
        name="of queries", p_value=None, reason="cannot say, for want of twins", required=True
    )
    unknown = Judgement(tests=(silent,))
    assert outcome(said(0.2, 0.5), unknown) == "inconclusive"
    assert outcome(said(0.01, 0.5), unknown) == "fail"
    known = Judgement(tests=(msgspec.structs.replace(silent, p_value=0.6),))
    assert outcome(said(0.2, 0.5), known) == "pass"
    found = conclude([said(0.2), unknown], alpha=0.05, queries=0, budget=0)
    assert found.sentence.endswith("nothing is said by: of queries. Cannot say, for want of twins.")
    alone = conclude([unknown, unknown], alpha=0.05, queries=0, budget=0).sentence
    assert alone.startswith("No test could judge")
    assert alone.endswith("real data. Cannot say, for want of twins.")


def test_a_group_counts_as_one_test() -> None:
    # two tests and a group of four whose smallest is 0.5: 0.016 is multiplied by 3, not by 6
    verdict = conclude(
        [said(0.016, 0.9), said(0.5, 1.0, 1.0, 1.0, group="g")], alpha=0.05, queries=0, budget=0
    )
    assert verdict.outcome == "fail"
    assert verdict.tests[0].adjusted_p_value == pytest.approx(0.048)
    # within a group its own number counts: 0.01 * 4 * 2 = 0.08
    assert outcome(said(0.01, 1, 1, 1, group="g"), said(0.9)) == "pass"


def test_what_is_not_counted_changes_nothing() -> None:
    baseline = Judgement(tests=(TestResult(name="baseline", p_value=0.0, counted=False),))
    assert outcome(baseline, said(0.5)) == "pass"


def test_the_sentence_names_what_is_hidden_from_the_test_that_rejects() -> None:
    found = {"feature": "race", "low": 0.33, "high": 0.48, "real": 0.5, "shown": 0.1}
    hidden = Hidden(estimate=0.41, explainer="lime", **found)  # type: ignore[arg-type]  # mixed
    other = Hidden(estimate=0.9, explainer="kernel_shap", **found)  # type: ignore[arg-type]
    verdict = conclude(
        [said(0.001), Judgement(hidden=(hidden, other))], alpha=0.05, queries=0, budget=0
    )
    assert "Hidden effect of race: 0.41 [0.33, 0.48]" in verdict.sentence


@pytest.mark.parametrize("group", ["background", "tree file"])
def test_the_sentence_names_what_is_hidden_by_what_was_handed_over(group: str) -> None:
    found = {"feature": "race", "estimate": 0.41, "low": 0.33, "high": 0.48, "real": 0.5}
    hidden = Hidden(shown=0.1, explainer="rows with s = 1", unit="margin", group=group, **found)  # type: ignore[arg-type]  # mixed
    both = [said(0.001, group=group), Judgement(hidden=(hidden,))]
    verdict = conclude(both, alpha=0.05, queries=0, budget=0)
    assert "Hidden effect of race: 0.41 [0.33, 0.48]" in verdict.sentence
    # but not if another test is the one that rejects
    other = [said(0.001, group="other"), said(0.9, group=group), Judgement(hidden=(hidden,))]
    assert "Hidden" not in conclude(other, alpha=0.05, queries=0, budget=0).sentence


def test_effects_of_different_units_are_not_compared() -> None:
    found = {"feature": "race", "low": 0.1, "high": 9.0, "real": 0.5, "shown": 0.1}
    first = Hidden(estimate=0.2, explainer="lime", **found)  # type: ignore[arg-type]  # mixed
    other = Hidden(estimate=5.0, explainer="x", unit="margin", group="g", **found)  # type: ignore[arg-type]
    both = [said(0.001), said(0.001, group="g"), Judgement(hidden=(first, other))]
    verdict = conclude(both, alpha=0.05, queries=0, budget=0)
    assert "Hidden effect of race: 0.20" in verdict.sentence


class Grouped(Detector):
    """Looks at the evidence."""

    name, source = "grouped", "a test"

    def judge(self, evidence: Evidence, *, alpha: float, seed: int) -> Judgement:
        levels = evidence.encoder.features[evidence.sensitive_columns[0]].level_names
        queries = evidence.encoder.decode(next(iter(evidence.queries.values())).rows)
        # no query holds a combination of the columns that no real row has
        whole = set(map(tuple, queries[["race_a", "race_b"]].to_numpy().tolist()))
        reason = f"{len(levels)} levels, {sorted(whole)}"
        return Judgement(tests=(TestResult(name="grouped", p_value=0.5, reason=reason),))


def test_a_group_of_columns_is_one_sensitive_feature() -> None:
    rows = table(300)[["a", "b"]].assign(race_a=[1.0, 0.0, 0.0] * 100, race_b=[0.0, 1.0, 0.0] * 100)
    groups = {"race": ("race_a", "race_b")}
    plan = AuditSettings(sensitive=("race",), explainers=(Part("lime"),), budget=500)
    found = audit(
        lambda t: (t["a"] + t["race_a"] > 0).to_numpy(),
        rows,
        plan,
        groups=groups,
        detectors=(Grouped(),),
    )
    assert found.features == ("a", "b", "race")
    assert found.groups == groups
    reason = found.verdict.tests[0].reason
    assert reason == "3 levels, [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0)]"
    assert "race_a" not in found.features


def test_a_grouped_feature_is_judged_as_a_whole() -> None:
    rows = table(300)[["a", "b"]].assign(race_a=[1.0, 0.0, 0.0] * 100, race_b=[0.0, 1.0, 0.0] * 100)
    plan = AuditSettings(sensitive=("race",), explainers=(Part("lime"),), budget=600)
    known = set(map(tuple, rows.round(6).to_numpy().tolist()))

    def scaffold(asked: pd.DataFrame) -> Array:
        real = [tuple(row) in known for row in asked.round(6).to_numpy().tolist()]
        return np.asarray(np.where(real, asked["race_a"] > 0, asked["a"] > 0), dtype=np.intp)

    found = audit(
        scaffold,
        rows,
        plan,
        groups={"race": ["race_a", "race_b"]},
        detectors=(RegimeTest(n_twins=20),),
    )
    assert found.verdict.outcome == "fail"
    assert "Hidden effect of race" in found.verdict.sentence


def test_threads_that_would_wait_for_each_other_are_kept_to_one() -> None:
    seen: list[set[int]] = []

    def model(asked: pd.DataFrame) -> Array:
        seen.append({library["num_threads"] for library in threadpool_info()})
        return np.asarray(asked["a"] > 0)

    plan = AuditSettings(sensitive=("sex",), explainers=(Part("lime"),), budget=500)
    with threadpool_limits(limits=3):
        audit(model, FRAME, plan, detectors=())
        assert {library["num_threads"] for library in threadpool_info()} == {3}
    assert seen and all(threads == {1} for threads in seen)


def test_swapping_explainers_is_left_to_those_who_ask_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(registry, "names", lambda group: ("near_duplicates", "regime", "swap"))
    made: list[str] = []
    monkeypatch.setattr(registry, "create", lambda group, name: made.append(name))
    for given, expected in (
        ({}, ["regime", "near_duplicates"]),
        ({"swap": None}, ["regime", "near_duplicates"]),
        ({"swap": True}, ["regime", "swap", "near_duplicates"]),
    ):
        made.clear()
        default_detectors(given)
        assert made == expected


def test_a_function_a_skops_file_and_an_xgboost_file_are_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import skops.io
    from xgboost import XGBClassifier

    numbers, target = FRAME[["a", "b", "c"]], (FRAME["a"] > 0).astype(int)
    (tmp_path / "own_model.py").write_text(
        textwrap.dedent("""
            def predict(table):
                return table["a"].to_numpy()
            number = 3
        """),
        encoding="utf-8",
    )
    monkeypatch.chdir(tmp_path)
    assert load_model("own_model:predict")(FRAME).shape == (300,)
    skops.io.dump(LogisticRegression().fit(numbers, target), tmp_path / "model.skops")
    assert load_model(str(tmp_path / "model.skops")).predict(numbers).shape == (300,)
    XGBClassifier(n_estimators=3).fit(numbers, target).save_model(tmp_path / "model.json")
    assert load_model(str(tmp_path / "model.json"))(FRAME).shape == (300,)
    with pytest.raises(InvalidInputError, match="int"):
        load_model("own_model:number")


@pytest.mark.parametrize(
    "name", ["model.pkl", "model.joblib", "nowhere.json", "no_such_module:predict", "json", "a:b:c"]
)
def test_what_cannot_be_loaded_safely_is_refused(name: str) -> None:
    with pytest.raises(InvalidInputError, match="model"):
        load_model(name)


def test_words_of_a_csv_file_are_categories(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    FRAME.to_csv(path, index=False)
    found = read_rows(path)
    assert isinstance(found["sex"].dtype, pd.CategoricalDtype)
    np.testing.assert_allclose(found["a"], FRAME["a"])
    with pytest.raises(InvalidInputError, match="data"):
        read_rows(tmp_path / "missing.csv")
