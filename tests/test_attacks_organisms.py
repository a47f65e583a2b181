"""The model organisms: scikit-learn's own checks, and rules worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from explaudit.errors import InvalidInputError
from explaudit_attacks import (
    LimeGaussian,
    ScaffoldClassifier,
    ScoreBias,
    SensitiveRule,
    UnrelatedRule,
    WithoutColumns,
    forest,
)

ORGANISMS = [
    SensitiveRule(),
    SensitiveRule(column=-1, negative_when="below"),
    UnrelatedRule(),
    ScoreBias(LogisticRegression(), strength=0.3),
    ScoreBias(LogisticRegression(), sees_column=False),
    WithoutColumns(LogisticRegression()),
    ScaffoldClassifier(
        SensitiveRule(),
        UnrelatedRule((-1,)),
        forest(n_estimators=3),
        LimeGaussian(),
        n_queries=60,
        random_state=0,
    ),
]


@parametrize_with_checks(ORGANISMS)  # type: ignore[untyped-decorator]  # sklearn is untyped
def test_organisms_pass_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "age": [20.0, 30.0, 40.0, 50.0],
            "race": pd.Categorical(["A", "B", "A", "C"]),
            "coin": [0, 1, 1, 0],
            "married": [True, True, False, False],
            "job": ["x", "y", "y", "x"],
        }
    )


LABELS = np.array(["no", "yes", "no", "yes"])


@pytest.mark.parametrize(
    ("settings", "negative"),
    [
        ({"column": "age", "threshold": 30.0}, [0, 0, 1, 1]),
        ({"column": "age", "threshold": 30.0, "negative_when": "below"}, [1, 0, 0, 0]),
        ({"column": 0, "threshold": 45.0}, [0, 0, 0, 1]),
        ({"column": "race", "negative_when": "A"}, [1, 0, 1, 0]),
        ({"column": "job", "negative_when": "y"}, [0, 1, 1, 0]),
        ({"column": "married", "threshold": 0.5}, [1, 1, 0, 0]),
        ({"column": -3}, [0, 1, 1, 0]),
    ],
)
def test_sensitive_rule_by_hand(
    frame: pd.DataFrame, settings: dict[str, Any], negative: list[int]
) -> None:
    model = SensitiveRule(**settings).fit(frame, LABELS)
    expected = ["no" if n else "yes" for n in negative]
    assert model.predict(frame).tolist() == expected
    assert model.predict_proba(frame).tolist() == [[n, 1 - n] for n in negative]


@pytest.mark.parametrize(
    ("settings", "negative"),
    [
        ({"columns": ("coin",)}, [0, 1, 1, 0]),
        ({"columns": ["coin", "age"], "threshold": [0.0, 45.0]}, [0, 1, 1, 1]),
        # the published rule for Communities and Crime: [u1 > .5] xor [u2 < -.5]
        (
            {"columns": (0, 2), "threshold": (45.0, 0.5), "negative_when": ("above", "below")},
            [1, 0, 0, 0],
        ),
        ({"columns": ("race", "job"), "negative_when": ("A", "x")}, [0, 0, 1, 1]),
    ],
)
def test_unrelated_rule_by_hand(
    frame: pd.DataFrame, settings: dict[str, Any], negative: list[int]
) -> None:
    model = UnrelatedRule(**settings).fit(frame, LABELS)
    assert model.predict_proba(frame)[:, 0].tolist() == negative


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (SensitiveRule("gender"), "a column of"),
        (SensitiveRule(9), "n_features=5"),
        (SensitiveRule("age", negative_when="A"), "'above' or 'below'"),
        (SensitiveRule("race", negative_when="Z"), "a level of column 'race'"),
        (UnrelatedRule(()), "one or two columns"),
        (UnrelatedRule("coin"), "one or two columns"),
        (UnrelatedRule(("coin", "age"), threshold=(0.0,)), "one value, or 2"),
        (WithoutColumns(columns=("gender",)), "a column of"),
        (ScoreBias(positive_rate=1.5), "a share between 0 and 1"),
    ],
)
def test_unsuitable_settings_are_refused_with_what_would_suit(
    frame: pd.DataFrame, model: Any, message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        model.fit(frame, LABELS)


def test_missing_values_in_the_rules_column_are_refused(frame: pd.DataFrame) -> None:
    holed = frame.assign(age=[np.nan, 1.0, 2.0, 3.0])
    with pytest.raises(InvalidInputError, match="NaN"):
        SensitiveRule("age").fit(holed, LABELS)
    with pytest.raises(InvalidInputError, match="missing values"):
        SensitiveRule("race", negative_when="A").fit(frame.assign(race=None), LABELS)


def test_more_than_two_classes_are_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(InvalidInputError, match="exactly two classes"):
        SensitiveRule("age").fit(frame, ["a", "b", "c", "a"])


def _credit(n_rows: int) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(7)
    frame = pd.DataFrame(rng.normal(size=(n_rows, 3)), columns=["income", "debt", "age"])
    frame["sex"] = pd.Categorical(rng.choice(["f", "m"], n_rows))
    return frame, (frame["income"] - frame["debt"] + rng.normal(size=n_rows) > 0).to_numpy()


def test_score_bias_takes_its_strength_off_the_group_and_nothing_off_others() -> None:
    frame, target = _credit(300)
    settings: dict[str, Any] = {"column": "sex", "negative_when": "f", "sees_column": False}
    inner = LogisticRegression()
    fair = ScoreBias(inner, strength=0.0, **settings).fit(frame, target)
    biased = ScoreBias(inner, strength=0.25, **settings).fit(frame, target)
    lost = fair.predict_proba(frame)[:, 1] - biased.predict_proba(frame)[:, 1]
    group = (frame["sex"] == "f").to_numpy()
    expected = np.minimum(0.25, fair.predict_proba(frame)[group, 1])
    np.testing.assert_allclose(lost[group], expected, atol=1e-12)
    np.testing.assert_array_equal(lost[~group], 0.0)


def test_score_bias_keeps_the_positive_rate_that_was_asked_for() -> None:
    frame, target = _credit(400)
    model = ScoreBias(column="sex", negative_when="f", strength=0.4, positive_rate=0.3)
    model.set_params(random_state=0)
    assert model.fit(frame, target).predict(frame).mean() == pytest.approx(0.3, abs=0.02)


def test_score_bias_that_does_not_see_the_column_scores_twins_alike() -> None:
    frame, target = _credit(300)
    model = ScoreBias(LogisticRegression(), "sex", negative_when="f", strength=0.1)
    model.set_params(sees_column=False).fit(frame, target)
    women = frame.assign(sex=pd.Categorical(["f"] * 300, categories=["f", "m"]))
    men = frame.assign(sex=pd.Categorical(["m"] * 300, categories=["f", "m"]))
    gap = model.predict_proba(men)[:, 1] - model.predict_proba(women)[:, 1]
    # less than the strength only where the score was cut off at 0
    np.testing.assert_allclose(gap, np.minimum(0.1, model.predict_proba(men)[:, 1]), atol=1e-12)


def test_without_columns_never_looks_at_them() -> None:
    frame, target = _credit(200)
    model = WithoutColumns(LogisticRegression(), ["sex", 2]).fit(frame, target)
    other = frame.assign(sex=frame["sex"].to_numpy()[::-1], age=99.0)
    np.testing.assert_array_equal(model.predict_proba(frame), model.predict_proba(other))
    assert list(model.estimator_.feature_names_in_) == ["income", "debt"]
