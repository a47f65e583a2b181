"""The tree-file audit: exact where it can be, calibrated on honest files, sharp on edited ones."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import xgboost
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from explaudit.audit import outcome
from explaudit.audit._trees import class_ratio, xgboost_file
from explaudit.audit._trees.cover import count, drift, mismatch, recorded_shares, within
from explaudit.audit._trees.ensemble import Ensemble
from explaudit.audit._trees.shapley import Paths
from explaudit.audit._trees.xgboost_file import read_xgboost
from explaudit.audit.evidence import Asked, Evidence
from explaudit.audit.outcome import Judgement
from explaudit.audit.target import Target
from explaudit.audit.tree_file import TreeFileAudit
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit.scenario import Display, Scenario
from explaudit_attacks.cover_tampering import CoverTampering

Array = npt.NDArray[np.float64]

NAMES = ("sums", "covers", "base value", "explanation")
FAST = TreeFileAudit(n_resamples=30, rows_per_group=25)


def people(n: int, rng: np.random.Generator, share: float = 0.5) -> pd.DataFrame:
    """Return rows of a population in which so large a share has s = 1."""
    s = (rng.random(n) < share).astype(np.float64)
    return pd.DataFrame(
        {
            "s": s,
            "a": rng.normal(size=n) + 0.5 * s,
            "b": rng.normal(size=n),
            "c": rng.poisson(2, n).astype(np.float64),
            "d": rng.normal(size=n),
        }
    )


def labels(rows: pd.DataFrame, rng: np.random.Generator, shift: float = 1.0) -> Any:
    score = rows["a"] + 1.2 * rows["s"] + 0.5 * rows["b"] + 0.3 * rows["c"] - shift
    return np.asarray(score + rng.logistic(size=len(rows)) > 0, dtype=np.intp)


def trained(rows: pd.DataFrame, y: Any, path: Path, **settings: Any) -> Any:
    chosen = {"n_estimators": 25, "max_depth": 4, "n_jobs": 1, **settings}
    weights = chosen.pop("sample_weight", None)
    model = xgboost.XGBClassifier(**chosen).fit(rows, y, sample_weight=weights)
    model.save_model(path)
    return model


def evidence(
    model: Any,
    rows: pd.DataFrame,
    path: Path | None,
    sensitive: tuple[str, ...] = ("s",),
    encoder: Encoder | None = None,
    answers: Any = "probabilities",
) -> Evidence:
    encoder = encoder or Encoder.from_frame(rows)
    target, matrix = Target(model, encoder, answers=answers), encoder.encode(rows)
    half = len(matrix) // 2
    asked = Asked(matrix[:half], target.ask(matrix[:half]))
    return Evidence(target, encoder, sensitive, asked, unasked=matrix[half:], model_file=path)


def by_name(judgement: Judgement) -> dict[str, outcome.TestResult]:
    return {test.name.removeprefix("tree file: "): test for test in judgement.tests}


def p_values(judgement: Judgement) -> list[float]:
    return [1.0 if test.p_value is None else test.p_value for test in judgement.tests]


def tampered(path: Path, rows: pd.DataFrame, encoder: Encoder | None = None, **how: Any) -> Path:
    encoder = encoder or Encoder.from_frame(rows)
    scenario = Scenario(rows, len, rows, encoder, Display(encoder.names), model_file=path)
    settings = {"feature": "s", "group": 1.0, **how}
    found = CoverTampering(**settings).apply(scenario, seed=1).model_file
    assert found is not None
    return found


def edited(path: Path, edit: Callable[[Any], None]) -> Path:
    model = json.loads(path.read_text())
    edit(model)
    found = path.with_name("edited.json")
    found.write_text(json.dumps(model))
    return found


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any, pd.DataFrame]:
    """A file, its model, and rows of the same population that it was not trained on."""
    path = tmp_path_factory.mktemp("trees") / "model.json"
    rng = np.random.default_rng(0)
    rows = people(1500, rng)
    return path, trained(rows, labels(rows, rng), path), people(800, rng)


# --- reading, counting and explaining, against xgboost and shap themselves ---


def mixed(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Return rows with missing values and categories of words and of numbers."""
    rows = people(n, rng)
    rows["word"] = pd.Categorical(rng.choice(["u", "vv", "w"], n))
    rows["code"] = pd.Categorical(rng.choice([3, 7, 9], n))
    rows.loc[::7, "a"] = np.nan
    return rows


OBJECTIVES: list[dict[str, Any]] = [
    {"objective": "reg:squarederror"},
    {"objective": "binary:logistic"},
    {"objective": "binary:logistic", "base_score": 0.2, "num_parallel_tree": 3},
    {"objective": "binary:logitraw", "base_score": 0.3},
    {"objective": "multi:softprob", "num_class": 3, "grow_policy": "lossguide", "max_leaves": 7},
    {"objective": "count:poisson", "tree_method": "approx"},
]


def boosted(settings: dict[str, Any], tmp_path: Path) -> tuple[Any, Any, pd.DataFrame, Ensemble]:
    rng = np.random.default_rng(1)
    rows = mixed(300, rng)
    score = rows["a"].fillna(0) + rows["s"] + (rows["word"] == "vv") + rng.normal(size=300)
    y = score.to_numpy() if "reg" in settings["objective"] else np.digitize(score, [0.5])
    if "multi" in settings["objective"]:
        y = np.digitize(score, [0.0, 1.0])
    matrix = xgboost.DMatrix(rows, y, enable_categorical=True)
    chosen = {"max_depth": 4, "nthread": 1, "max_cat_to_onehot": 1, **settings}
    booster = xgboost.train(chosen, matrix, 8)
    booster.save_model(tmp_path / "model.json")
    return booster, matrix, rows, read_xgboost(tmp_path / "model.json")


@pytest.mark.parametrize("settings", OBJECTIVES, ids=str)
def test_answers_covers_and_attributions_are_those_of_xgboost(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    booster, matrix, table, ensemble = boosted(settings, tmp_path)
    # the levels' order is that of training, whatever the table's own
    table["word"] = table["word"].cat.reorder_categories(["w", "u", "vv"])
    rows = ensemble.rows(table)
    leaves = ensemble.trees.route(rows)
    margins = booster.predict(matrix, output_margin=True).reshape(300, -1)
    assert np.allclose(ensemble.margins(leaves)[-1], margins, atol=1e-5)
    assert np.allclose(
        ensemble.answers(leaves), booster.predict(matrix).reshape(300, -1), atol=1e-5
    )
    counted = count(ensemble, leaves)
    ratio = ensemble.trees.cover / counted.weight
    # poisson adds a constant to the margin in its hessian
    assert np.allclose(ratio, ratio[0], rtol=1e-5)
    paths = Paths.of(ensemble)
    assert paths is not None
    own = paths.values(paths.meets(rows), paths.chances(recorded_shares(ensemble.trees)))
    theirs = booster.predict(matrix, pred_contribs=True).reshape(300, margins.shape[1], -1)
    assert np.allclose(own, theirs[:, :, :-1].transpose(0, 2, 1), atol=1e-5)


def test_interventional_values_are_those_of_shap(case: tuple[Path, Any, pd.DataFrame]) -> None:
    import shap

    path, model, table = case
    ensemble = read_xgboost(path)
    rows = ensemble.rows(table)
    paths = Paths.of(ensemble)
    assert paths is not None
    known, other = paths.meets(rows[:20]), paths.meets(rows[50:51])
    own = paths.values(known, np.repeat(other, 20, axis=1))[:, :, 0]
    explainer = shap.TreeExplainer(model, table.iloc[50:51], feature_perturbation="interventional")
    assert np.allclose(own, explainer.shap_values(table.iloc[:20]), atol=1e-5)


def test_values_of_one_column_alone_are_the_same(case: tuple[Path, Any, pd.DataFrame]) -> None:
    path, _, table = case
    ensemble = read_xgboost(path)
    rows, shares = ensemble.rows(table)[:20], recorded_shares(ensemble.trees)
    whole, alone = Paths.of(ensemble), Paths.of(ensemble, [0])
    assert whole is not None
    assert alone is not None
    values = [p.values(p.meets(rows), p.chances(shares))[:, 0] for p in (whole, alone)]
    assert len(alone.slots) < len(whole.slots)
    assert np.allclose(values[0], values[1])


def test_rows_are_worked_on_in_parts_without_a_difference(
    case: tuple[Path, Any, pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, model, table = case
    whole = FAST.judge(evidence(model, table, path), alpha=0.05, seed=0)
    monkeypatch.setattr("explaudit.audit._trees.structure._CELLS", 3000)
    monkeypatch.setattr("explaudit.audit._trees.shapley._CELLS", 9000)
    assert FAST.judge(evidence(model, table, path), alpha=0.05, seed=0) == whole


# --- the attack ---


def far_off(rng: np.random.Generator) -> pd.DataFrame:
    return people(2000, rng).mul(rng.normal(scale=50.0, size=(2000, 5)))


def test_tampering_changes_no_answer_and_takes_the_groups_credit_away(
    case: tuple[Path, Any, pd.DataFrame],
) -> None:
    path, _, table = case
    files = path, tampered(path, table)
    honest, edited_ = (xgboost.Booster(model_file=str(file)) for file in files)
    for rows in (table, far_off(np.random.default_rng(2))):
        matrix = xgboost.DMatrix(rows)
        assert np.array_equal(honest.predict(matrix), edited_.predict(matrix))
    group = xgboost.DMatrix(table[table["s"] == 1])
    credits = [np.abs(b.predict(group, pred_contribs=True)[:, :-1]) for b in (honest, edited_)]
    before, after = (credit.mean(axis=0) / credit.mean(axis=0).sum() for credit in credits)
    assert before[0] > 0.1
    assert after[0] < 1e-4
    # the check that shap calls additivity sees nothing
    margin = edited_.predict(group, output_margin=True)
    contributions = edited_.predict(group, pred_contribs=True)
    assert np.allclose(contributions.sum(axis=1), margin, atol=1e-4)
    assert mismatch(read_xgboost(files[1]).trees) < 1e-6


def test_tampering_follows_categories_and_one_hot_columns(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    table = mixed(600, rng)[["a", "b", "word"]]
    table["red"], table["blue"] = rng.multinomial(1, [0.5, 0.5], 600).T
    y = ((table["word"] == "vv") + table["red"] + rng.normal(size=600) > 0.7) + 0
    path = tmp_path / "model.json"
    trained(table, y, path, enable_categorical=True, max_cat_to_onehot=1)
    encoder = Encoder.from_frame(table, groups={"colour": ["red", "blue"]})
    for feature, level, columns in (("word", "vv", [2]), ("colour", "red", [3, 4])):
        member = table["word"] == "vv" if feature == "word" else table["red"] == 1
        matrix = xgboost.DMatrix(table[member], enable_categorical=True)
        edited_ = tampered(path, table, encoder, feature=feature, group=level)
        credits = [
            np.abs(xgboost.Booster(model_file=str(f)).predict(matrix, pred_contribs=True))[
                :, columns
            ].mean()
            for f in (path, edited_)
        ]
        assert credits[1] < 1e-3 * credits[0]


def test_tampering_refuses_what_it_cannot_do(
    case: tuple[Path, Any, pd.DataFrame], tmp_path: Path
) -> None:
    path, _, table = case
    rows = table.assign(unused=np.arange(len(table)) % 2)
    with pytest.raises(InvalidInputError, match="some tree splits on"):
        tampered(path, rows, feature="unused")
    other = tmp_path / "other.json"
    other.write_text("[1]")
    with pytest.raises(InvalidInputError, match="xgboost saved as JSON"):
        tampered(other, table)
    with pytest.raises(InvalidInputError, match="the file of an xgboost model"):
        tampered(tmp_path / "none.json", table)
    with pytest.raises(InvalidInputError, match="leave"):
        CoverTampering("s", 1.0, leave=0.5)
    words = table.assign(word=pd.Categorical(["u", "v"] * (len(table) // 2)))
    with pytest.raises(InvalidInputError, match="one of \\('u', 'v'\\)"):
        tampered(path, words, feature="word", group="x")


# --- the level ---

KINDS: list[dict[str, Any]] = [
    {},
    {"max_depth": 8, "min_child_weight": 0},
    {"max_depth": 3, "subsample": 0.6, "colsample_bytree": 0.6},
    {"learning_rate": 0.9},
    {"n_estimators": 50, "max_depth": 2},
    {"grow_policy": "lossguide", "max_leaves": 20, "max_depth": 0, "reg_lambda": 0},
]


@pytest.mark.slow
def test_honest_files_pass(tmp_path: Path) -> None:
    """Models of six kinds, trained on other rows of one population: level 5 % and 1 %."""
    found = []
    for i in range(48):
        rng = np.random.default_rng([4, i])
        rows = people((300, 1200)[i % 2], rng)
        path = tmp_path / "model.json"
        model = trained(rows, labels(rows, rng), path, **KINDS[i % len(KINDS)])
        judged = FAST.judge(evidence(model, people(500, rng), path), alpha=0.05, seed=i)
        assert tuple(by_name(judged)) == NAMES
        assert [test.name for test in judged.tests if not test.counted] == ["tree file: base value"]
        assert {test.group for test in judged.tests if test.counted} == {"tree file"}
        assert judged.findings == ()
        found.append(p_values(judged))
    for level in (0.05, 0.01):
        rejected = (np.array(found) <= level).sum(axis=0)
        # as many as a valid test exceeds in one of a thousand runs
        assert (rejected <= stats.binom.isf(0.001, len(found), level)).all(), rejected


def weighted_by_class(tmp_path: Path) -> tuple[Evidence, float]:
    rng = np.random.default_rng(5)
    rows, path = people(3000, rng), tmp_path / "model.json"
    y = labels(rows, rng, shift=4.5)
    weights = np.where(y == 1, (1 - y.mean()) / y.mean(), 1.0)
    model = trained(rows, y, path, sample_weight=weights)
    return evidence(model, people(1200, rng), path), float(weights.max())


def test_a_file_of_rows_weighted_by_class_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_, ratio = weighted_by_class(tmp_path)
    judged = by_name(FAST.judge(given_, alpha=0.05, seed=0))
    assert min(test.p_value or 0.0 for test in judged.values()) > 0.05
    found = judged["base value"].details["class_ratio"]
    assert ratio > 5
    assert ratio / 3 < found < ratio * 3
    # which it would not if class weights were not allowed for
    monkeypatch.setattr(class_ratio, "_MULTIPLES", (1.0,))
    assert min(p_values(FAST.judge(given_, alpha=0.05, seed=0))) < 0.01


def test_class_weights_that_the_file_tells_are_used(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    rows, path = people(2000, rng), tmp_path / "model.json"
    model = trained(rows, labels(rows, rng, shift=4.0), path, scale_pos_weight=7.0)
    judged = by_name(FAST.judge(evidence(model, people(800, rng), path), alpha=0.05, seed=0))
    assert min(test.p_value or 1.0 for test in judged.values()) > 0.05
    assert read_xgboost(path).class_ratio == 7.0
    assert 3.5 <= judged["base value"].details["class_ratio"] <= 14.0


def test_rows_of_another_time_pass_within_the_tolerance(tmp_path: Path) -> None:
    rng = np.random.default_rng(7)
    rows, path = people(3000, rng, share=0.36), tmp_path / "model.json"
    given_ = evidence(trained(rows, labels(rows, rng), path), people(1500, rng), path)
    assert min(p_values(FAST.judge(given_, alpha=0.05, seed=0))) > 0.05
    strict = replace(FAST, tolerance=1.0)
    assert by_name(strict.judge(given_, alpha=0.05, seed=0))["covers"].p_value == pytest.approx(
        1e-4, abs=1e-4
    )


# --- the power ---


@pytest.mark.parametrize("i", range(6))
def test_tampered_files_are_found(i: int, tmp_path: Path) -> None:
    rng = np.random.default_rng([8, i])
    rows, path = people((400, 1500)[i % 2], rng), tmp_path / "model.json"
    model = trained(rows, labels(rows, rng), path, **KINDS[i])
    real = people(600, rng)
    file = tampered(path, real, group=float(i % 2))
    judgement = FAST.judge(evidence(model, real, file), alpha=0.05, seed=0)
    judged = by_name(judgement)
    assert judged["sums"].p_value == 1.0
    assert (judged["covers"].p_value or 0.0) <= 0.001
    assert (judged["explanation"].p_value or 0.0) <= 0.001
    details = judged["explanation"].details
    assert details["share_recorded"] < 1e-3 or details["recorded"] > 1.5 * details["counted"]
    (hidden,) = judgement.hidden
    assert hidden.explainer.endswith(f"rows with s = {i % 2}")
    assert hidden.shown < 1e-4
    assert 0 < hidden.low < hidden.estimate < hidden.high
    assert judgement.findings == ()


def test_half_tampering_and_the_rank_are_reported(case: tuple[Path, Any, pd.DataFrame]) -> None:
    path, model, table = case
    judged = by_name(
        FAST.judge(evidence(model, table, tampered(path, table, leave=0.2)), alpha=0.05, seed=0)
    )
    assert (judged["explanation"].p_value or 0.0) < 0.001
    whole = by_name(FAST.judge(evidence(model, table, tampered(path, table)), alpha=0.05, seed=0))[
        "explanation"
    ].details
    assert whole["rank_counted"] <= 2
    assert {"rank_interventional", "share_interventional", "rank_jump"} <= set(whole)
    assert whole["rank_jump_low"] <= whole["rank_jump"] <= whole["rank_jump_high"]


def test_dividing_all_covers_does_not_help(case: tuple[Path, Any, pd.DataFrame]) -> None:
    """A file may pretend to stand on few rows; each leaf held at least one."""
    path, model, table = case

    def shrink(file: Any) -> None:
        for tree in file["learner"]["gradient_booster"]["model"]["trees"]:
            tree["sum_hessian"] = [h / 1e4 for h in tree["sum_hessian"]]

    file = edited(tampered(path, table), shrink)
    judged = by_name(FAST.judge(evidence(model, table, file), alpha=0.05, seed=0))
    assert (judged["explanation"].p_value or 0.0) < 0.01


def break_one(cover: float) -> Callable[[Any], None]:
    def edit(file: Any) -> None:
        tree = file["learner"]["gradient_booster"]["model"]["trees"][3]
        tree["sum_hessian"][tree["left_children"][0]] = cover

    return edit


def test_impossible_covers_are_found(case: tuple[Path, Any, pd.DataFrame]) -> None:
    path, model, table = case
    file = edited(path, break_one(5000.0))
    judged = by_name(FAST.judge(evidence(model, table, file), alpha=0.05, seed=0))
    assert judged["sums"].p_value == 0.0
    file = edited(path, break_one(-1.0))
    judged = by_name(FAST.judge(evidence(model, table, file), alpha=0.05, seed=0))
    assert tuple(judged) == ("sums",)
    assert judged["sums"].p_value == 0.0


# --- other outputs and features ---


def test_three_classes_labels_and_one_hot_groups(tmp_path: Path) -> None:
    rng = np.random.default_rng(9)

    def table(n: int) -> pd.DataFrame:
        rows = people(n, rng)
        rows["red"], rows["blue"] = rng.multinomial(1, [0.4, 0.6], n).T.astype(np.float64)
        return rows

    rows, real, path = table(1500), table(700), tmp_path / "model.json"
    score = rows["a"] + 2 * rows["red"] + rng.normal(size=1500)
    model = trained(rows, np.digitize(score, [0.0, 1.5]), path, n_estimators=10)
    encoder = Encoder.from_frame(real, groups={"colour": ["red", "blue"]})
    file = tampered(path, real, encoder, feature="colour", group="red")
    for answers in ("probabilities", "labels"):
        for which, bad in ((path, False), (file, True)):
            given_ = evidence(model, real, which, ("colour", "s"), encoder, answers)
            judged = FAST.judge(given_, alpha=0.05, seed=0)
            assert (min(p_values(judged)) < 0.001) is bad
            assert judged.findings == ()
    assert judged.hidden[0].explainer.endswith("colour = red")


def test_a_numeric_sensitive_feature_is_cut_at_its_median(
    case: tuple[Path, Any, pd.DataFrame],
) -> None:
    path, model, table = case
    judged = FAST.judge(evidence(model, table, path, ("a",)), alpha=0.05, seed=0)
    assert "rows with a" in judged.hidden[0].explainer
    assert min(p_values(judged)) > 0.05


def test_a_feature_that_no_tree_uses_has_no_credit_to_hide(
    case: tuple[Path, Any, pd.DataFrame],
) -> None:
    path, model, table = case
    rows = table.assign(extra=np.arange(len(table)) % 2)

    def without(rows: pd.DataFrame) -> Any:
        return model.predict_proba(rows[["s", "a", "b", "c", "d"]])

    judged = FAST.judge(evidence(without, rows, path, ("extra",)), alpha=0.05, seed=0)
    assert by_name(judged)["explanation"].p_value is None
    assert judged.hidden == ()


def test_another_models_file_is_a_finding(
    case: tuple[Path, Any, pd.DataFrame], tmp_path: Path
) -> None:
    path, _, table = case
    rng = np.random.default_rng(10)
    other = trained(table, labels(table, rng), tmp_path / "other.json", max_depth=2)
    (finding,) = FAST.judge(evidence(other, table, path), alpha=0.05, seed=0).findings
    assert finding.name == "file of another model"


def test_nothing_is_asked_and_equal_seeds_judge_alike(
    case: tuple[Path, Any, pd.DataFrame],
) -> None:
    path, model, table = case
    given_ = evidence(model, table, path)
    before = given_.target.n_queries
    first, again = (FAST.judge(given_, alpha=0.05, seed=3) for _ in range(2))
    assert first == again
    assert given_.target.n_queries == before
    assert FAST.cost(1000) == 0


# --- what the audit cannot say, and wrong use ---


def set_name(place: str, name: str) -> Callable[[Any], None]:
    def edit(file: Any) -> None:
        file["learner"][place]["name"] = name

    return edit


@pytest.mark.parametrize(
    "edit", [set_name("gradient_booster", "dart"), set_name("objective", "rank:ndcg")]
)
def test_models_whose_covers_cannot_be_counted_are_left_alone(
    edit: Callable[[Any], None], case: tuple[Path, Any, pd.DataFrame]
) -> None:
    path, model, table = case
    (test,) = FAST.judge(evidence(model, table, edited(path, edit)), alpha=0.05, seed=0).tests
    assert test.p_value is None
    assert "model_file" in test.reason


class Trap:
    """Says when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return (exec, ("raise SystemExit('unpickled')",))


def test_other_libraries_files_are_not_read_and_nothing_is_unpickled(
    case: tuple[Path, Any, pd.DataFrame], tmp_path: Path
) -> None:
    _, model, table = case
    for name, content in (
        ("model.bin", b"CatBoost"),
        ("model.pkl", pickle.dumps(Trap())),
        ("model.json", b'{"trees": 3}'),
        ("model.ubj", pickle.dumps(Trap())),
    ):
        (tmp_path / name).write_bytes(content)
        given_ = evidence(model, table, tmp_path / name)
        (test,) = FAST.judge(given_, alpha=0.05, seed=0).tests
        assert test.p_value is None
        assert name in test.reason


def loop(file: Any) -> None:
    tree = file["learner"]["gradient_booster"]["model"]["trees"][0]
    tree["left_children"][1] = 0


def too_far(file: Any) -> None:
    file["learner"]["gradient_booster"]["model"]["trees"][0]["left_children"][0] = 10**6


def no_covers(file: Any) -> None:
    del file["learner"]["gradient_booster"]["model"]["trees"][0]["sum_hessian"]


def strange_column(file: Any) -> None:
    file["learner"]["gradient_booster"]["model"]["trees"][0]["split_indices"][0] = 99


def no_trees(file: Any) -> None:
    file["learner"]["gradient_booster"]["model"]["trees"] = []


def one_child(file: Any) -> None:
    file["learner"]["gradient_booster"]["model"]["trees"][0]["left_children"][0] = -1


@pytest.mark.parametrize("edit", [loop, too_far, no_covers, strange_column, no_trees, one_child])
def test_broken_files_are_refused(
    edit: Callable[[Any], None], case: tuple[Path, Any, pd.DataFrame]
) -> None:
    path, model, table = case
    with pytest.raises(InvalidInputError, match="model_file"):
        FAST.judge(evidence(model, table, edited(path, edit)), alpha=0.05, seed=0)


def test_a_missing_file_and_bad_settings_are_wrong_use(
    case: tuple[Path, Any, pd.DataFrame], tmp_path: Path
) -> None:
    _, model, table = case
    with pytest.raises(InvalidInputError, match="a file"):
        FAST.judge(evidence(model, table, tmp_path / "none.json"), alpha=0.05, seed=0)
    bad: list[dict[str, Any]] = [{"tolerance": 0.9}, {"n_resamples": 1}, {"tolerance": np.nan}]
    for chosen in bad:
        with pytest.raises(InvalidInputError, match=next(iter(chosen))):
            TreeFileAudit(**chosen)


def test_without_a_file_or_rows_there_is_nothing_to_say(
    case: tuple[Path, Any, pd.DataFrame],
) -> None:
    path, model, table = case
    assert FAST.judge(evidence(model, table, None), alpha=0.05, seed=0) == Judgement()
    (test,) = FAST.judge(evidence(model, table.head(20), path), alpha=0.05, seed=0).tests
    assert (test.p_value, "too few" in test.reason) == (None, True)


def test_rows_that_the_trees_do_not_see_are_no_evidence(
    case: tuple[Path, Any, pd.DataFrame],
) -> None:
    path, model, table = case

    def renamed(rows: pd.DataFrame) -> Any:
        return model.predict_proba(rows.rename(columns={"z": "a"}))

    other = table.rename(columns={"a": "z"})
    (test,) = FAST.judge(evidence(renamed, other, path), alpha=0.05, seed=0).tests
    assert test.p_value is None
    assert "preprocessing" in test.reason


def test_binary_files_need_xgboost(
    case: tuple[Path, Any, pd.DataFrame], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, model, table = case
    binary = tmp_path / "model.ubj"
    model.save_model(binary)
    text, bytes_ = (
        FAST.judge(evidence(model, table, file), alpha=0.05, seed=0) for file in (path, binary)
    )
    assert text == bytes_

    def absent(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(xgboost_file, "import_module", absent)
    with pytest.raises(InvalidInputError, match="pip install explaudit"):
        FAST.judge(evidence(model, table, binary), alpha=0.05, seed=0)
    FAST.judge(evidence(model, table, path), alpha=0.05, seed=0)


# --- parts ---


@settings(max_examples=30, deadline=None)
@given(tolerance=st.floats(1.0, 10.0), seed=st.integers(0, 1000))
def test_near_shares_have_odds_within_the_tolerance(
    tolerance: float, seed: int, case: tuple[Path, Any, pd.DataFrame]
) -> None:
    trees = read_xgboost(case[0]).trees
    rng = np.random.default_rng(seed)
    left = trees.left[trees.splits]
    recorded, counted = rng.uniform(0.001, 0.999, (2, len(trees.column)))
    near = within(recorded, counted, trees, tolerance)[left]
    ratio = near / (1 - near) / (counted[left] / (1 - counted[left]))
    assert (np.abs(np.log(ratio)) <= np.log(tolerance) + 1e-6).all()
    agreed = np.abs(np.log(recorded / (1 - recorded) / (counted / (1 - counted))))[left]
    inside = agreed <= np.log(tolerance)
    assert np.array_equal(near[inside], recorded[left][inside])


def test_the_comparison_of_splits_holds_its_level_in_small_samples(tmp_path: Path) -> None:
    """One split, 40 training rows and 25 real ones of one population, 400 times."""
    path, rng, p_found = tmp_path / "model.json", np.random.default_rng(11), []
    y = np.arange(40) % 2
    start = pd.DataFrame({"x": np.linspace(0.0, 1.0, 40)})
    settings_ = {"objective": "reg:squarederror", "max_depth": 1, "nthread": 1}
    xgboost.train(settings_, xgboost.DMatrix(start, y), 1).save_model(path)
    ensemble = read_xgboost(path)
    threshold = float(ensemble.trees.threshold[0])
    for _ in range(400):
        n_left = float(rng.binomial(40, 0.9))
        trees = replace(ensemble.trees, cover=np.array([40.0, n_left, 40.0 - n_left]))
        rows = np.where(rng.random((25, 1)) < 0.9, threshold - 1, threshold + 1)
        judged = drift(count(replace(ensemble, trees=trees), trees.route(rows)), 1.0)
        p_found.append(judged.p_value)
    assert (np.array(p_found) <= 0.05).sum() <= stats.binom.isf(0.001, 400, 0.05)
    trees = replace(ensemble.trees, cover=np.array([40.0, 4.0, 36.0]))
    assert drift(count(replace(ensemble, trees=trees), trees.route(rows)), 1.0).p_value < 0.001
