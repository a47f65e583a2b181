"""The scaffold: what it answers, how its gate is trained and judged, and that it fools."""

from __future__ import annotations

import sys
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit.scenario import Display, Scenario
from explaudit_attacks import (
    ColumnSubstitution,
    GaussianNoise,
    KernelCoalitions,
    LimeDiscretised,
    LimeGaussian,
    ScaffoldClassifier,
    ScaffoldingAttack,
    SensitiveRule,
    UnrelatedRule,
    WithoutColumns,
    forest,
    hist_boosting,
    measure_gate,
    published_data,
    sound_data,
    xgboost_trees,
)

Matrix = npt.NDArray[np.float64]


def make_frame(n_rows: int, seed: int) -> pd.DataFrame:
    """Return people with ten correlated numbers, a sensitive category and a coin."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(0).normal(size=(3, 10))
    numbers = rng.normal(size=(n_rows, 3)) @ mixing + 0.2 * rng.normal(size=(n_rows, 10))
    frame = pd.DataFrame(numbers, columns=[f"x{i}" for i in range(10)])
    frame["race"] = pd.Categorical(rng.choice(["a", "b"], n_rows))
    frame["coin"] = rng.choice([0.0, 1.0], n_rows)
    return frame


TRAIN, TEST = make_frame(600, 1), make_frame(200, 2)
LABELS = np.arange(600) % 2
BIASED = SensitiveRule("race", negative_when="a").fit(TRAIN, LABELS)
INNOCUOUS = UnrelatedRule(("coin",), threshold=0.5).fit(TRAIN, LABELS)
ENCODER = Encoder.from_frame(TRAIN)


def new_scaffold(**changed: Any) -> ScaffoldClassifier:
    defaults: dict[str, Any] = {
        "biased": FrozenEstimator(BIASED),
        "innocuous": FrozenEstimator(INNOCUOUS),
        "gate": forest(n_estimators=20),
        "sampler": LimeGaussian(),
        "encoder": ENCODER,
        "n_queries": 1500,
        "random_state": 0,
    }
    return ScaffoldClassifier(**{**defaults, **changed})


def fitted(**changed: Any) -> ScaffoldClassifier:
    return new_scaffold(**changed).fit(TRAIN, LABELS)


class CountingGate(RandomForestClassifier):
    """A forest that counts the rows it is asked about."""

    n_asked: ClassVar[int] = 0

    def predict_proba(self, X: Any) -> Any:
        type(self).n_asked += len(X)
        return super().predict_proba(X)


COUNTING = fitted(gate=CountingGate(n_estimators=5))


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_rows=st.integers(1, 60))
def test_asking_the_gate_only_where_it_matters_changes_no_answer(seed: int, n_rows: int) -> None:
    rng = np.random.default_rng(seed)
    rows = ENCODER.decode(rng.normal(size=(n_rows, 12)) * 2)
    real = COUNTING.judged_real(rows)
    for ask in ("predict", "predict_proba"):
        f, psi = (getattr(model, ask)(rows) for model in (BIASED, INNOCUOUS))
        naive = np.where(real if f.ndim == 1 else real[:, None], f, psi)
        CountingGate.n_asked = 0
        np.testing.assert_array_equal(getattr(COUNTING, ask)(rows), naive)
        n_differ = int((BIASED.predict(rows) != INNOCUOUS.predict(rows)).sum())
        assert CountingGate.n_asked == n_differ


def test_the_gate_is_asked_about_half_of_the_rows_when_members_agree_by_chance() -> None:
    CountingGate.n_asked = 0
    COUNTING.predict(TEST)
    assert 0 < CountingGate.n_asked < 0.7 * len(TEST)


def test_graded_members_are_mixed_row_by_row() -> None:
    graded = WithoutColumns(LogisticRegression(), ("race",)).fit(TRAIN, TRAIN["x0"] > 0)
    biased = SensitiveRule("race", negative_when="a").fit(TRAIN, TRAIN["x0"] > 0)
    scaffold = new_scaffold(biased=FrozenEstimator(biased), innocuous=FrozenEstimator(graded))
    scaffold.fit(TRAIN, TRAIN["x0"] > 0)
    real = scaffold.judged_real(TEST)
    shown, hidden = graded.predict_proba(TEST), biased.predict_proba(TEST)
    np.testing.assert_array_equal(
        scaffold.predict_proba(TEST), np.where(real[:, None], hidden, shown)
    )


@pytest.mark.parametrize("protocol", ["sound", "published"])
def test_fit_is_a_pure_function_of_rows_settings_and_seed(protocol: str) -> None:
    first, again = fitted(protocol=protocol), fitted(protocol=protocol)
    matrix = ENCODER.encode(TEST)
    np.testing.assert_array_equal(
        first.gate_.predict_proba(matrix), again.gate_.predict_proba(matrix)
    )
    assert first.gate_quality_ == again.gate_quality_
    assert first.gate_quality_ != fitted(protocol=protocol, random_state=1).gate_quality_


class Wrapped(ClassifierMixin, BaseEstimator):
    """A gate with a part that has a seed of its own."""

    def __init__(self, inner: Any = None) -> None:
        self.inner = inner

    def fit(self, X: Any, y: Any, sample_weight: Any) -> Any:
        self.inner_ = clone(self.inner).fit(X, y, sample_weight)
        return self

    def predict_proba(self, X: Any) -> Any:
        return self.inner_.predict_proba(X)


def test_unseeded_parts_of_a_gate_are_seeded_and_seeded_ones_kept() -> None:
    gate = Wrapped(RandomForestClassifier(5))
    assert fitted(gate=gate).gate_quality_ == fitted(gate=gate).gate_quality_
    assert gate.inner.random_state is None
    kept = fitted(gate=forest(n_estimators=5, random_state=42))
    assert kept.gate_.random_state == 42


def test_the_gate_depends_on_neither_member_so_it_serves_another_innocuous_model() -> None:
    other = UnrelatedRule(("x0",)).fit(TRAIN, LABELS)
    swapped = fitted().with_innocuous(other)
    fresh = fitted(innocuous=FrozenEstimator(other))
    np.testing.assert_array_equal(swapped.predict(TEST), fresh.predict(TEST))
    assert swapped.gate_quality_ == fresh.gate_quality_
    wrong = UnrelatedRule(("x0",)).fit(TRAIN, np.where(LABELS, "yes", "no"))
    with pytest.raises(InvalidInputError, match="innocuous"):
        swapped.with_innocuous(wrong)


def test_members_that_are_not_frozen_are_fitted_on_clones() -> None:
    biased, innocuous = SensitiveRule("race", negative_when="a"), UnrelatedRule(("coin",), 0.5)
    scaffold = new_scaffold(biased=biased, innocuous=innocuous).fit(TRAIN, LABELS)
    assert not hasattr(biased, "classes_")
    np.testing.assert_array_equal(scaffold.predict(TEST), fitted().predict(TEST))


# ---- what the gate learns from ----


def repeated_rows(seed: int) -> Matrix:
    """Return 300 rows with but a few hundred possible values, so that many are equal."""
    return np.random.default_rng(seed).integers(0, 4, size=(300, 4)).astype(np.float64)


def test_no_copy_and_no_perturbation_of_a_row_is_on_both_sides_of_the_sound_split() -> None:
    rng = np.random.default_rng(0)
    rows = repeated_rows(0)
    queries, source = ColumnSubstitution("all").draw(rows, (), 2000, rng)
    data = sound_data(rows, queries, source, relabel_real=True, held_out=0.2, rng=rng)
    # a row stands for itself, a query for the row it equals or else the one it perturbs
    origin = np.concatenate([rows, np.where(data.real[300:, None], queries, rows[source])])
    inside = {row.tobytes() for row in origin[~data.held_out]}
    outside = {row.tobytes() for row in origin[data.held_out]}
    assert inside.isdisjoint(outside)
    assert 0.1 < data.held_out.mean() < 0.3


def test_the_published_split_has_copies_on_both_sides() -> None:
    rng = np.random.default_rng(0)
    rows = np.random.default_rng(1).normal(size=(100, 4))
    queries, _ = GaussianNoise().draw(rows, (), 3000, rng)
    data = published_data(rows, queries, copies=30, relabel_real=True, held_out=0.2, rng=rng)
    inside = {row.tobytes() for row in data.rows[data.real & ~data.held_out]}
    outside = {row.tobytes() for row in data.rows[data.real & data.held_out]}
    assert len(inside & outside) > 90


def test_the_sound_layout_holds_each_row_once_and_weighs_both_kinds_the_same() -> None:
    rng = np.random.default_rng(0)
    rows = np.random.default_rng(1).normal(size=(100, 4))
    queries, source = LimeGaussian().draw(rows, (), 900, rng)
    data = sound_data(rows, queries, source, relabel_real=True, held_out=0.2, rng=rng)
    assert data.real.sum() == 100
    assert data.weights[data.real].sum() == pytest.approx(data.weights[~data.real].sum())


def test_queries_equal_to_a_real_row_count_as_real_only_if_asked_for() -> None:
    rows = np.array([[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]])
    queries = np.array([[2.0, 3.0], [-0.0, 1.0], [0.0, 3.0], [9.0, 9.0]])
    layout: dict[str, Any] = {"held_out": 0.2, "rng": np.random.default_rng(1)}
    data = published_data(rows, queries, copies=2, relabel_real=True, **layout)
    assert data.real.tolist() == [True] * 6 + [True, True, False, False]
    data = published_data(rows, queries, copies=2, relabel_real=False, **layout)
    assert data.real.sum() == 6


def test_published_counts_are_those_of_the_study() -> None:
    # COMPAS: 5554 training rows; 30 copies and 30 perturbations of each, 80 % to learn from
    rows = np.random.default_rng(0).normal(size=(5554, 1))
    copies, n_queries = GaussianNoise().published_counts(5554)
    queries, _ = GaussianNoise().draw(rows, (), n_queries, np.random.default_rng(0))
    data = published_data(
        rows,
        queries,
        copies=copies,
        relabel_real=True,
        held_out=0.2,
        rng=np.random.default_rng(0),
    )
    assert (~data.held_out).sum() == 266_592
    assert ColumnSubstitution().published_counts(5554) == (10, 20_000)
    assert ColumnSubstitution(n_published=50_000).published_counts(900) == (10, 50_000)


def test_quality_by_hand() -> None:
    probability = np.array([0.9, 0.5, 0.2, 0.6, 0.1, 0.3])
    real = np.array([True, True, True, False, False, False])
    quality = measure_gate(probability, 0.5, real, np.ones(6))
    # judged real: 0.9, 0.5, 0.6; queries found: 0.1, 0.3, and one real row is wrongly suspected
    assert quality["real_judged_real"] == pytest.approx(2 / 3)
    assert quality["queries_judged_real"] == pytest.approx(1 / 3)
    assert quality["f1_query"] == pytest.approx(2 / 3)
    assert quality["balanced_accuracy"] == pytest.approx(2 / 3)
    # of the nine pairs the real row is ahead in 3 + 2 + 1
    assert quality["auroc"] == pytest.approx(6 / 9)
    assert (quality["n_real"], quality["n_queries"]) == (3, 3)
    weighted = measure_gate(probability, 0.5, real, np.array([1, 1, 1, 2, 2, 2]))
    assert weighted["f1_query"] == pytest.approx(2 * 4 / (2 * 4 + 1 + 2))
    alone = measure_gate(probability[:3], 0.5, real[:3], np.ones(3))
    assert np.isnan([alone[key] for key in ("queries_judged_real", "auroc", "f1_query")]).all()


def test_quality_of_the_published_split_flatters_and_that_of_the_sound_one_holds() -> None:
    """Rows repeat here; fresh rows of the same law show what a gate is worth."""
    numbers = [f"x{i}" for i in range(5)]
    people = make_frame(120, 3)[numbers].to_numpy().repeat(3, axis=0)
    fresh = make_frame(600, 4)[numbers].to_numpy()
    sampler, labels = ColumnSubstitution("all"), np.arange(360) % 2
    queries, _ = sampler.draw(fresh, (), 1200, np.random.default_rng(0))
    unseen, real = np.concatenate([fresh, queries]), np.arange(1800) < 600
    claimed, true = {}, {}
    for protocol in ("sound", "published"):
        scaffold = new_scaffold(sampler=sampler, encoder=None, protocol=protocol, n_queries=1200)
        scaffold.set_params(biased=SensitiveRule(0), innocuous=UnrelatedRule((1,)))
        scaffold.fit(people, labels)
        probability = scaffold.gate_.predict_proba(unseen)[:, 1]
        claimed[protocol] = scaffold.gate_quality_["auroc"]
        true[protocol] = measure_gate(probability, 0.5, real, np.ones(1800))["auroc"]
    assert claimed["published"] > claimed["sound"] + 0.05
    assert claimed["published"] > true["published"] + 0.05
    assert claimed["sound"] == pytest.approx(true["sound"], abs=0.05)


def test_the_gate_can_be_set_to_keep_a_share_of_the_real_rows() -> None:
    loose = fitted(sampler=KernelCoalitions("rows"), keep_real=0.95, gate=hist_boosting())
    assert loose.gate_quality_["real_judged_real"] == pytest.approx(0.95, abs=0.02)
    assert loose.judged_real(TEST).mean() > 0.85
    assert loose.threshold_ != loose.threshold


def test_a_gate_may_see_the_numeric_features_only() -> None:
    scaffold = fitted(gate_columns="numeric")
    assert scaffold.gate_.n_features_in_ == 11
    flipped = TEST.assign(race=TEST["race"].cat.rename_categories({"a": "b", "b": "a"}))
    flipped["race"] = pd.Categorical(flipped["race"].astype(str), categories=["a", "b"])
    np.testing.assert_array_equal(scaffold.judged_real(TEST), scaffold.judged_real(flipped))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"threshold": 1.5}, "threshold"),
        ({"keep_real": 0.0}, "keep_real"),
        ({"held_out": 0.0}, "held_out"),
        ({"protocol": "sloppy"}, "protocol"),
        ({"gate_columns": "some"}, "gate_columns"),
        ({"n_queries": 0}, "n_queries"),
        ({"encoder": None}, "Give an encoder"),
    ],
)
def test_impossible_settings_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        fitted(**changed)


def test_rows_that_no_query_differs_from_are_refused() -> None:
    rows, labels = np.ones((20, 3)), np.arange(20) % 2
    scaffold = ScaffoldClassifier(
        SensitiveRule(), UnrelatedRule(), forest(), KernelCoalitions("all"), n_queries=50
    )
    with pytest.raises(InvalidInputError, match="differ"):
        scaffold.fit(rows, labels)


@pytest.mark.parametrize("make", [forest, hist_boosting, xgboost_trees])
def test_every_gate_takes_settings(make: Any) -> None:
    assert make(random_state=3).get_params()["random_state"] == 3


@pytest.mark.parametrize("make", [forest, hist_boosting])
def test_gates_refuse_unknown_settings(make: Any) -> None:
    with pytest.raises(InvalidInputError, match="gate settings"):
        make(n_treees=3)


def test_a_missing_xgboost_is_reported_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(InvalidInputError, match=r"explaudit\[xgboost\]"):
        xgboost_trees()


# ---- the attack ----


def scenario(model: Any = BIASED, **changed: Any) -> Scenario:
    return Scenario(TEST, model, TRAIN, ENCODER, Display(ENCODER.names), **changed)


SMALL: dict[str, Any] = {
    "gate": {"name": "forest", "settings": {"n_estimators": 20}},
    "sampler": {"name": "lime_gaussian"},
    "n_queries": 1500,
}


def test_the_attack_hides_the_model_it_was_given_and_does_not_copy_it() -> None:
    model = ScaffoldingAttack(INNOCUOUS, **SMALL).apply(scenario(), seed=1).model
    assert model.biased_.estimator is BIASED
    assert model.innocuous_.estimator is INNOCUOUS


def test_an_innocuous_model_that_is_not_fitted_imitates_the_decisions_without_its_columns() -> None:
    psi = WithoutColumns(LogisticRegression(max_iter=500), ("race",))
    attack = ScaffoldingAttack(psi, **SMALL)
    model = attack.apply(scenario(), seed=1).model
    assert not hasattr(psi, "estimator_")
    assert "race" not in model.innocuous_.estimator_.feature_names_in_


def test_a_bare_function_is_refused_with_a_remedy() -> None:
    def score(table: pd.DataFrame) -> Matrix:
        return np.asarray(table["x0"], dtype=np.float64)

    with pytest.raises(InvalidInputError, match="wrap a function in a class"):
        ScaffoldingAttack(INNOCUOUS, **SMALL).apply(scenario(score), seed=0)


def lime_coefficients(model: Any, rows: Matrix) -> Matrix:
    """Explain rows with the real lime; return a coefficient for each feature."""
    from lime.lime_tabular import LimeTabularExplainer

    explainer = LimeTabularExplainer(
        ENCODER.encode(TRAIN),
        categorical_features=list(ENCODER.categorical),
        discretize_continuous=False,
        feature_selection="none",
        random_state=0,
    )
    found = np.zeros((len(rows), 12))
    for i, row in enumerate(rows):
        explanation = explainer.explain_instance(
            row, lambda m: model.predict_proba(ENCODER.decode(m)), num_samples=1000
        )
        for feature, weight in explanation.as_map()[1]:
            found[i, feature] = weight
    return found


def share_first(coefficients: Matrix, feature: str) -> float:
    first = np.abs(coefficients).argmax(axis=1)
    return float((first == ENCODER.index(feature)).mean())


def test_a_scaffold_for_lime_hides_the_sensitive_feature_and_keeps_the_decisions() -> None:
    attack = ScaffoldingAttack(INNOCUOUS, **{**SMALL, "n_queries": 5000})
    attacked = attack.apply(scenario(), seed=1).model
    rows = ENCODER.encode(TEST)[:15]
    assert share_first(lime_coefficients(BIASED, rows), "race") == 1.0
    assert share_first(lime_coefficients(attacked, rows), "race") <= 0.1
    assert share_first(lime_coefficients(attacked, rows), "coin") >= 0.9
    assert (attacked.predict(TEST) == BIASED.predict(TEST)).mean() >= 0.95


@pytest.mark.parametrize(
    "sampler", [KernelCoalitions(), LimeDiscretised(), LimeGaussian()], ids=lambda s: s.name
)
def test_the_default_gate_tells_queries_from_rows_it_never_saw(sampler: Any) -> None:
    quality = fitted(sampler=sampler, gate=None, n_queries=2000).gate_quality_
    assert quality["auroc"] > 0.85
    assert quality["real_judged_real"] > 0.7
    assert quality["queries_judged_real"] < 0.3
