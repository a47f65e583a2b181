"""Models of numbers and of several classes: biased, innocuous and attacked."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.utils.estimator_checks import parametrize_with_checks

from explaudit import Encoder, InvalidInputError, Scenario, registry
from explaudit.explainers import LimeTabular
from explaudit.scenario import Display
from explaudit_attacks import (
    ClassBias,
    LimeDiscretised,
    ScaffoldClassifier,
    UnrelatedClasses,
    UnrelatedValues,
    ValueBias,
    WithoutColumns,
    hist_boosting,
)
from explaudit_attacks.adaptive import ADVERSARIES
from explaudit_attacks.honest import (
    HONEST_REGRESSION,
    hard_negatives_classes,
    hard_negatives_regression,
)
from explaudit_attacks.innocuous import WithoutColumnsRegressor
from explaudit_attacks.plugins import hard_negative, honest_model, mimic
from explaudit_attacks.scaffold import ScaffoldRegressor

Matrix = npt.NDArray[np.float64]

PEOPLE = pd.DataFrame({"group": pd.Categorical(list("abab")), "coin": [0, 0, 1, 1], "x": range(4)})
A: dict[str, Any] = {"column": "group", "negative_when": "a"}


def make_frame(n_rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n_rows, 3)), columns=["x", "y", "z"])
    # what a gate knows real rows by
    frame["z"] = frame["x"] + 0.1 * frame["z"]
    frame["group"] = pd.Categorical(rng.choice(["a", "b"], n_rows))
    frame["one"], frame["two"] = rng.integers(0, 2, (2, n_rows)).astype(float)
    return frame


TRAIN, TEST = make_frame(400, 1), make_frame(200, 2)
NUMBERS = (TRAIN["x"] + 0.3 * TRAIN["y"]).to_numpy()
CLASSES = np.searchsorted(np.quantile(NUMBERS, [1 / 3, 2 / 3]), NUMBERS)
ENCODER = Encoder.from_frame(TRAIN, categorical=["one", "two"])
BIASED: dict[str, Any] = {
    "values": ValueBias(HONEST_REGRESSION["ridge"](0), **A, strength=1.0).fit(TRAIN, NUMBERS),
    "classes": hard_negatives_classes("group", negative_when="a")["open_class_0.5"](0).fit(
        TRAIN, CLASSES
    ),
}
SHOWN: dict[str, Any] = {
    "values": UnrelatedValues(("one",), threshold=0.5).fit(TRAIN, NUMBERS),
    "classes": UnrelatedClasses(("one", "two"), threshold=0.5).fit(TRAIN, CLASSES),
}


# ---- biased and innocuous models ----


def test_a_group_loses_standard_deviations_by_hand() -> None:
    # mean 1 and standard deviation 1
    model = ValueBias(DummyRegressor(), **A, strength=0.25).fit(PEOPLE, [0.0, 2.0, 0.0, 2.0])
    assert model.loss_ == 0.25
    assert model.predict(PEOPLE).tolist() == [0.75, 1.0, 0.75, 1.0]


@pytest.mark.parametrize(
    ("strength", "group"),
    [
        (0.3, [0.55, 0.15, 0.3]),
        (0.0, [0.25, 0.25, 0.5]),
        (1.0, [1.0, 0.0, 0.0]),
        (-0.5, [0.0, 1 / 3, 2 / 3]),
    ],
)
def test_the_lowest_class_grows_by_hand(strength: float, group: list[float]) -> None:
    # the classes' shares are 1/4, 1/4 and 1/2
    labels = ["low", "middle", "top", "top"]
    model = ClassBias(DummyClassifier(), **A, strength=strength).fit(PEOPLE, labels)
    np.testing.assert_allclose(
        model.predict_proba(PEOPLE), [group, [0.25, 0.25, 0.5]] * 2, atol=1e-12
    )
    likeliest = labels[int(np.argmax(group))]
    assert model.predict(PEOPLE).tolist() == [likeliest, "top"] * 2


def test_a_class_that_has_all_keeps_it() -> None:
    model = ClassBias(DummyClassifier(strategy="constant", constant=0), **A, strength=0.5)
    said = model.fit(PEOPLE, [0, 1, 2, 2]).predict_proba(PEOPLE)
    assert said.tolist() == [[1.0, 0.0, 0.0]] * 4


def test_unrelated_models_by_hand() -> None:
    model = UnrelatedValues(("coin",), threshold=0.5).fit(PEOPLE, [0.0, 2.0, 0.0, 2.0])
    assert model.predict(PEOPLE).tolist() == [2.0, 2.0, 0.0, 0.0]
    both = UnrelatedValues(("coin", "x"), threshold=0.5).fit(PEOPLE, [0.0, 2.0, 0.0, 2.0])
    assert both.predict(PEOPLE).tolist() == [2.0, 1.0, 0.0, 0.0]
    classes = UnrelatedClasses(("coin", "x"), threshold=0.5).fit(PEOPLE, list("aabc"))
    assert classes.predict(PEOPLE).tolist() == ["c", "b", "a", "a"]
    assert classes.predict_proba(PEOPLE)[1].tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("model", "outcome", "message"),
    [
        (UnrelatedClasses(("coin",)), [0, 1, 2, 2], "2 classes"),
        (UnrelatedValues(()), [0, 1, 2, 2], "at least one column"),
        (UnrelatedValues("coin"), [0, 1, 2, 2], "sequence"),
        (ValueBias(column="nobody"), [0, 1, 2, 2], "nobody"),
        (ValueBias(**A), [0, 1, 2, np.inf], "finite"),
        (ValueBias(**A), list("abcd"), "numbers"),
        (WithoutColumnsRegressor(columns=("group", "coin", "x")), [0, 1, 2, 2], "fewer columns"),
    ],
)
def test_unsuitable_settings_and_outcomes_are_refused(
    model: Any, outcome: list[Any], message: str
) -> None:
    with pytest.raises(InvalidInputError, match=message):
        model.fit(PEOPLE, outcome)


def test_open_bias_is_as_strong_as_it_says() -> None:
    strengths = (0.25, 0.5, 1.0)
    cast = hard_negatives_regression("group", negative_when="a")
    everyone = [TEST.assign(group=pd.Categorical([g] * 200, ["a", "b"])) for g in "ab"]
    for strength in strengths:
        model = cast[f"open_value_{strength}"](0).fit(TRAIN, NUMBERS)
        of_a, of_b = (model.predict(rows) for rows in everyone)
        # what the trees themselves make of a group that the outcome owes nothing
        usual = np.subtract(*(model.estimator_.predict(rows) for rows in everyone)).mean()
        assert (of_b - of_a).mean() + usual == pytest.approx(strength * NUMBERS.std())
    lowest = [
        (
            hard_negatives_classes("group", negative_when="a")[f"open_class_{strength}"](0)
            .fit(TRAIN, CLASSES)
            .predict(everyone[0])
            == 0
        ).mean()
        for strength in (0.1, 0.3, 0.5)
    ]
    assert lowest == sorted(lowest)
    # any lowest class becomes the likeliest, up to ties
    assert lowest[-1] > 0.95


@pytest.mark.parametrize(
    ("model", "outcome"),
    [
        (mimic("group", "values"), NUMBERS),
        (mimic(["group", "y"], "values"), NUMBERS),
        (mimic(["group", "y"], "classes"), CLASSES),
        (WithoutColumnsRegressor(columns=("group", "y")), NUMBERS),
    ],
)
def test_what_a_mimic_does_not_see_changes_nothing(model: Any, outcome: Any) -> None:
    model.fit(TRAIN, outcome)
    hidden = ["group", "y"] if len(model.columns) == 2 else ["group"]
    turned = TEST.assign(**{name: TEST[name].to_numpy()[::-1] for name in hidden})
    turned["group"] = pd.Categorical(turned["group"], ["a", "b"])
    said = model.predict(TEST)
    np.testing.assert_array_equal(said, model.predict(turned))
    assert len(np.unique(said)) > 2
    moved = model.predict(TEST.assign(x=TEST["x"] + 2))
    assert (moved != said).mean() > 0.5


def test_the_casts_have_one_name_each_and_the_task_is_a_setting() -> None:
    for name, task in (("ridge", "values"), ("logistic", "classes"), ("logistic", "binary")):
        assert honest_model(name, task=task).get_params() is not None
    open_value = hard_negative("open_value_0.5", **A, task="values")
    assert (open_value.column, open_value.strength) == ("group", 0.5)
    with pytest.raises(InvalidInputError, match="hist_boosting"):
        honest_model("logistic", task="values")
    with pytest.raises(InvalidInputError, match="binary, classes, values"):
        honest_model("ridge", task="ranks")
    with pytest.raises(InvalidInputError, match="open_class"):
        hard_negative("open_rule", task="classes")
    with pytest.raises(InvalidInputError, match="binary, classes, values"):
        mimic("group", "ranks")


def test_the_new_models_are_in_the_catalogue() -> None:
    for cls, name in (
        (ValueBias, "value_bias"),
        (ClassBias, "class_bias"),
        (UnrelatedValues, "unrelated_values"),
        (UnrelatedClasses, "unrelated_classes"),
    ):
        assert registry.load("models", name) is cls


@parametrize_with_checks(  # type: ignore[untyped-decorator]  # sklearn is untyped
    [
        ValueBias(LinearRegression()),
        ClassBias(LogisticRegression()),
        UnrelatedValues(),
        WithoutColumnsRegressor(),
    ]
)
def test_models_pass_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)


# ---- scaffolds ----


def scenario(task: str) -> Scenario:
    output: Any = {"values": "value", "classes": "label"}[task]
    display = Display(ENCODER.names)
    return Scenario(TEST[:20], BIASED[task], TRAIN, ENCODER, display, output=output, class_index=0)


def attack(name: str, task: str) -> Any:
    made = ADVERSARIES[name](
        innocuous=SHOWN[task],
        sampler=LimeDiscretised(),
        gate=hist_boosting(max_iter=25),
        n_queries=2000,
    )
    return made.apply(scenario(task), seed=1).model


@pytest.mark.parametrize("task", ["values", "classes"])
def test_a_scaffold_answers_as_one_of_two_models_and_the_gate_says_which(task: str) -> None:
    model = attack("plain", task)
    noisy = TEST.assign(x=TEST["x"] * 6)
    real = model.judged_real(noisy)
    assert 0.1 < real.mean() < 0.9
    f, psi = BIASED[task].predict(noisy), SHOWN[task].predict(noisy)
    np.testing.assert_array_equal(model.predict(noisy), np.where(real, f, psi))
    if task == "classes":
        f, psi = BIASED[task].predict_proba(noisy), SHOWN[task].predict_proba(noisy)
        np.testing.assert_array_equal(model.predict_proba(noisy), np.where(real[:, None], f, psi))


@pytest.mark.parametrize("task", ["values", "classes"])
@pytest.mark.parametrize("name", sorted(set(ADVERSARIES) - {"stronger_gate"}))
def test_every_adversary_keeps_the_answers_on_most_real_rows(name: str, task: str) -> None:
    if (name, task) == ("cad_aware", "values"):
        with pytest.raises(InvalidInputError, match="classes"):
            attack(name, task)
        return
    rows = TRAIN[:200] if name == "whitelist" else TEST
    said = attack(name, task).predict(rows)
    f, psi = BIASED[task].predict(rows), SHOWN[task].predict(rows)
    assert ((said == f) | (said == psi)).all()
    assert (said == f).mean() > 0.6


def attribution(model: Any, task: str) -> float:
    """Return the mean size of the group's attribution by LIME."""
    lime = LimeTabular(num_samples=600, verify_rows=0, deduplicate=False)
    found = lime.explain(scenario(task).replace(model=model), seed=0)
    return float(np.abs(found.values[:, ENCODER.index("group")]).mean())


@pytest.mark.parametrize("task", ["values", "classes"])
def test_the_group_goes_from_the_explanation_and_by_dilution_half_of_it(task: str) -> None:
    openly = attribution(BIASED[task], task)
    plain, diluted = (attribution(attack(n, task), task) for n in ("plain", "dilution_0.5"))
    assert plain < 0.4 * openly
    assert plain < diluted < openly


def test_members_that_answer_otherwise_are_refused() -> None:
    two = WithoutColumns(columns=("group",)).fit(TRAIN, CLASSES > 0)
    frozen = FrozenEstimator(BIASED["classes"])
    scaffold = ScaffoldClassifier(frozen, FrozenEstimator(two), encoder=ENCODER, n_queries=500)
    with pytest.raises(InvalidInputError, match="innocuous"):
        scaffold.fit(TRAIN, CLASSES)
    numbers = ScaffoldRegressor(BIASED["values"], SHOWN["values"], encoder=ENCODER, n_queries=500)
    with pytest.raises(InvalidInputError, match="numbers"):
        numbers.fit(TRAIN, np.where(CLASSES > 0, "yes", "no"))
    with pytest.raises(InvalidInputError, match="classes_"):
        ADVERSARIES["plain"](innocuous=SHOWN["values"]).apply(
            scenario("classes").replace(model=BIASED["values"]), seed=0
        )
