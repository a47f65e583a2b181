"""Honest models: families fit tables and arrays, and hard negatives are what they are named."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from explaudit import InvalidInputError
from explaudit_attacks.honest import (
    HONEST,
    HONEST_REGRESSION,
    GuardedClassifier,
    GuardedRegressor,
    ProxyRule,
    RowValidator,
    hard_negatives,
    hard_negatives_regression,
)
from explaudit_attacks.honest.validation import _cramers_v
from explaudit_datasets import load

Matrix = npt.NDArray[np.float64]

DATA = load("compas")
CHOSEN = np.random.default_rng(0).permutation(len(DATA.frame))[:600]
FRAME, TARGET = DATA.frame.iloc[CHOSEN], DATA.target.to_numpy()[CHOSEN]
TRAIN, TEST, LABELS, TRUTH = FRAME[:400], FRAME[400:], TARGET[:400], TARGET[400:]
HARD = hard_negatives("race", negative_when="African-American")
LABELS_ONLY = {"ridge", "linear_svm"}
#: Those that do not follow the labels, and so need not predict them.
RULES = {"open_rule", "open_score_0.5", "proxy_only"}
MEMBERS = [*HONEST.items(), *HARD.items()]


def bootstrap(seed: int) -> npt.NDArray[np.intp]:
    return np.random.default_rng(seed).integers(0, len(TRAIN), len(TRAIN))


@pytest.mark.parametrize(("name", "member"), MEMBERS, ids=[name for name, _ in MEMBERS])
def test_a_member_fits_a_bootstrapped_table_and_repeats_itself(name: str, member: Any) -> None:
    drawn = bootstrap(1)
    rows, labels = TRAIN.iloc[drawn], LABELS[drawn]
    model = member(7).fit(rows, labels)
    again = clone(member(7)).fit(rows, labels)
    said = model.predict(TEST)
    np.testing.assert_array_equal(said, again.predict(TEST))
    assert set(np.unique(said)) == {0, 1}
    if name not in RULES:
        assert balanced_accuracy_score(TRUTH, said) > 0.53
    assert hasattr(model, "predict_proba") == (name not in LABELS_ONLY)
    if name not in LABELS_ONLY:
        probability = model.predict_proba(TEST)
        assert probability.shape == (200, 2)
        np.testing.assert_allclose(probability.sum(axis=1), 1.0, atol=1e-6)
        np.testing.assert_array_equal(probability, again.predict_proba(TEST))


@pytest.mark.parametrize(("name", "member"), MEMBERS, ids=[name for name, _ in MEMBERS])
def test_an_honest_answer_depends_on_the_row_alone(name: str, member: Any) -> None:
    model = member(0).fit(TRAIN, LABELS)
    whole = model.predict(TEST)
    np.testing.assert_array_equal(model.predict(TEST[::-1]), whole[::-1])
    for i in (0, 60, 199):
        assert model.predict(TEST[i : i + 1])[0] == whole[i]


def table(n_rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n_rows, 3)), columns=["a", "b", "c"])
    frame["word"] = rng.choice(["x", "y", "z"], n_rows)
    frame["flag"] = rng.choice([True, False], n_rows)
    return frame


@pytest.mark.parametrize("name", HONEST)
def test_families_take_words_more_classes_and_arrays(name: str) -> None:
    rows, fresh = table(300, 0), table(300, 1)
    classes = (rows["a"] > 0).astype(int) + (rows["word"] == "x").astype(int)
    truth = (fresh["a"] > 0).astype(int) + (fresh["word"] == "x").astype(int)
    model = HONEST[name](0).fit(rows, classes)
    # the largest of the three classes has half of the rows
    assert (model.predict(fresh) == truth).mean() > 0.6
    numbers = rows[["a", "b", "c"]].to_numpy()
    simple = HONEST[name](0).fit(numbers, numbers[:, 0] > 0)
    assert (simple.predict(numbers) == (numbers[:, 0] > 0)).mean() > 0.9


def test_a_level_that_a_bootstrap_missed_is_no_error() -> None:
    model = HONEST["logistic"](0).fit(table(100, 0), np.arange(100) % 2)
    assert len(model.predict(table(5, 1).assign(word="new"))) == 5


def test_the_families_are_many() -> None:
    assert len({member.family for member in HONEST.values()}) >= 13
    assert {"nearest_neighbour", "deep_tree"} <= {member.family for member in HONEST.values()}
    assert {member.family for member in HARD.values()} == {
        "open_bias",
        "staircase",
        "nearest_neighbour",
        "deep_tree",
        "guard",
        "proxy",
    }


@pytest.mark.parametrize(
    ("name", "member"), [*HONEST_REGRESSION.items(), *hard_negatives_regression().items()]
)
def test_regression_members_predict_and_repeat_themselves(name: str, member: Any) -> None:
    rows, fresh = table(300, 0), table(300, 1)
    model = member(3).fit(rows, rows["a"] + (rows["word"] == "x"))
    said = model.predict(fresh)
    error = said - fresh["a"] - (fresh["word"] == "x")
    assert np.mean(error**2) < 0.6 * np.var(fresh["a"] + (fresh["word"] == "x"))
    again = clone(member(3)).fit(rows, rows["a"] + (rows["word"] == "x"))
    np.testing.assert_array_equal(said, again.predict(fresh))


def test_a_missing_xgboost_is_reported_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "xgboost", None)
    with pytest.raises(InvalidInputError, match=r"explaudit\[xgboost\]"):
        HONEST["xgboost_small"](0)


# ---- guards ----


PEOPLE = pd.DataFrame(
    {
        "age": np.linspace(20, 65, 24).round().astype(int),
        "income": np.linspace(0.5, 10.25, 24),
        "state": pd.Categorical(["wife", "husband", "single", "single"] * 6),
        "sex": ["f", "m", "f", "m"] * 6,
    }
)


def person(**changed: Any) -> pd.DataFrame:
    known = {"age": 35.0, "income": 5.0, "state": "husband", "sex": "m"}
    return pd.DataFrame({key: [value] for key, value in {**known, **changed}.items()})


@pytest.mark.parametrize(
    ("changed", "failed"),
    [
        ({}, None),
        ({"age": 41.0}, None),
        ({"age": 41.5}, "whole"),
        ({"age": 66.0}, "range"),
        ({"age": 19.0}, "range"),
        ({"income": 10.2501}, "range"),
        ({"income": 7.123}, None),
        ({"state": "husband", "sex": "f"}, "pairs"),
        ({"state": "single", "sex": "f"}, None),
        ({"state": "unheard of", "sex": "f"}, "pairs"),
    ],
)
def test_what_cannot_be_by_hand(changed: dict[str, Any], failed: str | None) -> None:
    for check in ("range", "whole", "pairs"):
        validator = RowValidator((check,)).fit(PEOPLE)
        assert validator.impossible(person(**changed)).tolist() == [check == failed]
    everything = RowValidator(("range", "whole", "pairs")).fit(PEOPLE)
    assert everything.impossible(person(**changed)).tolist() == [failed is not None]
    assert not everything.impossible(PEOPLE).any()


def test_the_pair_of_columns_is_the_most_closely_related_one_with_gaps() -> None:
    # numbers have too many values
    assert RowValidator(("pairs",)).fit(PEOPLE).pair_ == (2, 3)
    # a column that determines the state is as close to it as can be
    with_code = PEOPLE.assign(code=PEOPLE["state"].cat.codes)
    assert RowValidator(("pairs",)).fit(with_code).pair_ == (2, 4)
    complete = pd.DataFrame({"a": list("xxyy"), "b": list("uvuv")})
    assert RowValidator(("pairs",)).fit(complete).pair_ is None


def test_cramers_v_by_hand() -> None:
    # chi squared is 4 * 10**2 / 25 = 16 where 25 are expected in each of four cells of 100 rows
    assert _cramers_v(np.array([[35.0, 15.0], [15.0, 35.0]])) == pytest.approx(0.4)
    assert _cramers_v(np.diag([3.0, 5.0, 2.0])) == pytest.approx(1.0)
    assert _cramers_v(np.outer([1.0, 3.0], [2.0, 5.0])) == pytest.approx(0.0)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), check=st.sampled_from(["range", "whole", "pairs", None]))
def test_a_guard_answers_a_constant_exactly_where_a_row_cannot_be(seed: int, check: Any) -> None:
    checks = ("range", "whole", "pairs") if check is None else (check,)
    model = GUARDS[checks]
    rng = np.random.default_rng(seed)
    rows = TEST.iloc[rng.integers(0, 200, 40)].astype({"age": float, "priors_count": float})
    rows["age"] += rng.choice([0, 0, 0.5, 60], 40)
    rows["priors_count"] += rng.choice([0, 0, 0.25], 40)
    rows["juv_fel_count"] = rng.integers(0, 7, 40)
    refused = model.impossible(rows)
    inner = model.estimator_
    np.testing.assert_array_equal(model.predict(rows), np.where(refused, 1, inner.predict(rows)))
    np.testing.assert_array_equal(
        model.predict_proba(rows), np.where(refused[:, None], [0, 1], inner.predict_proba(rows))
    )


GUARDS: dict[Any, GuardedClassifier] = {
    checks: GuardedClassifier(HONEST["logistic"](0), checks, answer=1).fit(TRAIN, LABELS)
    for checks in (("range",), ("whole",), ("pairs",), ("range", "whole", "pairs"))
}


def test_every_check_of_a_guard_finds_something_here() -> None:
    rows = TEST.astype({"age": float}).assign(
        age=TEST["age"] + 0.5, juv_fel_count=1, priors_count=99
    )
    for model in GUARDS.values():
        assert model.validator_.checks == ("pairs",) or model.impossible(rows).all()
    assert GUARDS["pairs",].validator_.pair_ is not None


def test_a_guard_denies_by_default_and_works_for_labels_only_and_more_classes() -> None:
    strange = TEST.assign(age=150)
    model = GuardedClassifier(HONEST["ridge"](0)).fit(TRAIN, LABELS)
    assert (model.predict(strange) == 0).all()
    assert not hasattr(model, "predict_proba")
    words = np.where(LABELS == 1, "yes", np.where(TRAIN["age"] > 40, "later", "no"))
    more = GuardedClassifier(HONEST["tree_deep"](0), answer="no").fit(TRAIN, words)
    assert (more.predict(strange) == "no").all()
    assert set(more.predict(TEST)) == {"yes", "later", "no"}


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"checks": ()}, "checks"), ({"checks": ("taste",)}, "checks"), ({"answer": 7}, "answer")],
)
def test_impossible_guards_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        GuardedClassifier(**changed).fit(TRAIN, LABELS)


def test_a_guarded_regression_answers_its_least_target_or_what_it_is_told() -> None:
    strange = TEST.assign(age=150)
    target = TRAIN["age"] / 10.0
    assert (GuardedRegressor().fit(TRAIN, target).predict(strange) == target.min()).all()
    told = GuardedRegressor(answer=-1.0, checks=("range",)).fit(TRAIN, target)
    assert (told.predict(strange) == -1.0).all()
    inside = ~told.impossible(TEST)
    np.testing.assert_allclose(told.predict(TEST)[inside], TEST["age"][inside] / 10.0)


# ---- other hard negatives ----


def test_a_proxy_rule_never_looks_at_the_sensitive_column_but_sorts_by_it() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"race": rng.choice(["a", "b"], 500), "x": rng.normal(size=500)})
    frame["x"] += 2.0 * (frame["race"] == "b")
    model = ProxyRule(column="race", negative_when="a").fit(frame, np.arange(500) % 2)
    flipped = frame.assign(race=frame["race"].map({"a": "b", "b": "a"}))
    np.testing.assert_array_equal(model.predict(frame), model.predict(flipped))
    assert (model.predict(frame) == (frame["race"] == "b")).mean() > 0.75
    by_mean = ProxyRule(column="x").fit(frame, np.arange(500) % 2)
    above = (frame["x"] > frame["x"].mean()).to_numpy()
    assert (by_mean.predict(frame) == 0)[above].mean() > (by_mean.predict(frame) == 0)[
        ~above
    ].mean()


def effect_of_race(model: Any) -> float:
    """Return by how much the score falls if everyone were in the group, on average."""
    levels = TEST["race"].cat.categories

    def everyone(level: str) -> Matrix:
        race = pd.Categorical([level] * len(TEST), categories=levels)
        return np.asarray(model.predict_proba(TEST.assign(race=race))[:, 1], dtype=np.float64)

    return float((everyone("Caucasian") - everyone("African-American")).mean())


def test_openly_biased_models_are_biased_by_their_strength() -> None:
    names = ["open_score_0.1", "open_score_0.2", "open_score_0.3", "open_score_0.5", "open_rule"]
    effects = [effect_of_race(HARD[name](0).fit(TRAIN, LABELS)) for name in names]
    assert effects == sorted(effects)
    assert effects[0] > 0.04
    assert effects[-1] == 1.0


def test_a_staircase_has_many_steps_and_is_flat_between_them() -> None:
    model = HARD["staircase"](0).fit(TRAIN, LABELS)
    ages = np.linspace(TRAIN["age"].min(), TRAIN["age"].max(), 500)
    one = pd.concat([TEST[:1]] * 500, ignore_index=True).assign(age=ages)
    jumps = np.abs(np.diff(model.predict_proba(one)[:, 1])) > 1e-9
    assert 20 <= jumps.sum() <= 31  # 32 bins


@parametrize_with_checks(  # type: ignore[untyped-decorator]  # sklearn is untyped
    [GuardedClassifier(LogisticRegression()), GuardedRegressor(), ProxyRule()]
)
def test_models_pass_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)
