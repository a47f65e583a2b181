"""The tree-file audit of scikit-learn's and lightgbm's trees: read exactly, judged as xgboost's."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import shap
import skops.io
from sklearn.datasets import make_friedman1
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

from explaudit.audit._trees.cover import count, mismatch, recorded_shares
from explaudit.audit._trees.reading import read_trees
from explaudit.audit._trees.shapley import Paths
from explaudit.audit.evidence import Asked, Evidence
from explaudit.audit.outcome import Judgement
from explaudit.audit.target import Target
from explaudit.audit.tree_file import TreeFileAudit
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError

Array = npt.NDArray[np.float64]

FAST = TreeFileAudit(n_resamples=30, rows_per_group=25)
NAMES = ["s", "a", "b", "c", "d"]


def people(n: int, seed: int) -> tuple[pd.DataFrame, Any]:
    rng = np.random.default_rng(seed)
    numbers, score = make_friedman1(n, random_state=seed)
    rows = pd.DataFrame(numbers, columns=NAMES + ["e"] * 5).loc[:, NAMES]
    rows["s"] = (rng.random(n) < 0.5).astype(np.float64)
    return rows, score + 6.0 * rows["s"].to_numpy() + rng.normal(size=n)


def classes(score: Any, n_classes: int) -> Any:
    return np.digitize(score, np.quantile(score, np.arange(1, n_classes) / n_classes))


def evidence(model: Any, rows: pd.DataFrame, source: object) -> Evidence:
    encoder = Encoder.from_frame(rows)
    target, matrix = Target(model, encoder), encoder.encode(rows)
    half = len(matrix) // 2
    asked = Asked(matrix[:half], target.ask(matrix[:half]))
    return Evidence(target, encoder, ("s",), asked, unasked=matrix[half:], model_file=source)


def p_values(judgement: Judgement) -> dict[str, float]:
    return {
        test.name.removeprefix("tree file: "): 1.0 if test.p_value is None else test.p_value
        for test in judgement.tests
    }


# --- scikit-learn: answers, counts and attributions ---

MODELS: list[tuple[Any, int]] = [
    (DecisionTreeClassifier(max_depth=5), 2),
    (RandomForestClassifier(5, max_depth=5, random_state=0), 2),
    (RandomForestClassifier(5, max_depth=4, random_state=0), 3),
    (ExtraTreesRegressor(4, max_depth=5, random_state=0), 0),
    (GradientBoostingClassifier(n_estimators=6, random_state=0), 2),
    (GradientBoostingClassifier(n_estimators=4, random_state=0), 3),
    (GradientBoostingRegressor(n_estimators=6, loss="huber", random_state=0), 0),
    (GradientBoostingRegressor(n_estimators=6, init="zero", random_state=0), 0),
    (HistGradientBoostingClassifier(max_iter=5, random_state=0), 2),
    (HistGradientBoostingClassifier(max_iter=3, random_state=0), 3),
    (HistGradientBoostingRegressor(max_iter=5, loss="gamma", random_state=0), 0),
]
MISSING = (RandomForestClassifier, HistGradientBoostingClassifier, DecisionTreeClassifier)


def fitted(model: Any, n_classes: int) -> tuple[Any, pd.DataFrame, Array]:
    """Return the model, its rows, and its answers as a target would have them."""
    rows, score = people(300, seed=1)
    if isinstance(model, MISSING):
        rows.loc[::7, "a"] = np.nan
    y = classes(score, n_classes) if n_classes else np.abs(score) + 1.0
    model.fit(rows, y)
    answers = model.predict_proba(rows) if n_classes else model.predict(rows)[:, None]
    return model, rows, answers[:, 1:] if n_classes == 2 else answers


def attributions(source: Any, rows: pd.DataFrame) -> Array:
    ensemble = read_trees(source)
    paths = Paths.of(ensemble)
    assert paths is not None
    known = paths.meets(ensemble.rows(rows))
    return paths.values(known, paths.chances(recorded_shares(ensemble.trees)))


@pytest.mark.parametrize(("model", "n_classes"), MODELS, ids=str)
def test_answers_counts_and_attributions_are_those_of_sklearn_and_shap(
    model: Any, n_classes: int
) -> None:
    model, rows, answers = fitted(model, n_classes)
    ensemble = read_trees(model)
    leaves = ensemble.trees.route(ensemble.rows(rows))
    np.testing.assert_allclose(ensemble.answers(leaves), answers, atol=1e-12)
    assert mismatch(ensemble.trees) < 1e-12
    if not getattr(model, "bootstrap", False):
        np.testing.assert_array_equal(count(ensemble, leaves).weight, ensemble.trees.cover)
    assert (ensemble.worth == 0.5) is getattr(model, "bootstrap", False)
    if isinstance(model, GradientBoostingClassifier) and n_classes == 3:
        return  # which shap does not read
    if getattr(model, "init", None) == "zero":
        return  # nor this
    some = rows.iloc[:15]
    theirs = np.asarray(shap.TreeExplainer(model).shap_values(some)).reshape(15, len(NAMES), -1)
    theirs = theirs[:, :, 1:] if theirs.shape[2] == 2 else theirs
    np.testing.assert_allclose(attributions(model, some), theirs, atol=1e-10)


def test_interventional_values_are_those_of_shap() -> None:
    model, rows, _ = fitted(RandomForestClassifier(5, max_depth=4, random_state=0), 3)
    full = rows.dropna()
    some, other = full.iloc[:15], full.iloc[50:51]
    ensemble = read_trees(model)
    paths = Paths.of(ensemble)
    assert paths is not None
    known, unknown = (paths.meets(ensemble.rows(part)) for part in (some, other))
    own = paths.values(known, np.repeat(unknown, 15, axis=1))
    explainer = shap.TreeExplainer(model, other, feature_perturbation="interventional")
    np.testing.assert_allclose(own, explainer.shap_values(some), atol=1e-6)


def test_a_skops_file_is_read_if_its_types_are_trusted(tmp_path: Path) -> None:
    model, rows, _ = fitted(HistGradientBoostingRegressor(max_iter=2, random_state=0), 0)
    path = tmp_path / "model.skops"
    skops.io.dump(model, path)
    with pytest.raises(InvalidInputError, match="TreePredictor"):
        read_trees(path)
    trusted = skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    np.testing.assert_array_equal(attributions(trusted, rows), attributions(model, rows))


# --- scikit-learn: the tests ---

KINDS: list[Any] = [
    RandomForestClassifier(6, random_state=0),
    RandomForestClassifier(8, max_depth=5, class_weight="balanced", random_state=0),
    DecisionTreeClassifier(max_depth=6, random_state=0),
    GradientBoostingClassifier(n_estimators=12, random_state=0),
    HistGradientBoostingClassifier(max_iter=8, max_leaf_nodes=12, random_state=0),
]


def tampered(model: Any, column: int) -> Any:
    """Write into a fitted estimator that no row went right at splits on a column.

    Its own arrays are changed; no answer depends on them.
    """
    if hasattr(model, "_predictors"):
        for (predictor,) in model._predictors:
            nodes = predictor.nodes
            _redistribute(
                nodes["count"], nodes["feature_idx"], nodes["left"], nodes["right"], column
            )
        return model
    for member in np.ravel(getattr(model, "estimators_", [model])):
        tree = member.tree_
        left, right = tree.children_left, tree.children_right
        covers = tree.weighted_n_node_samples
        _redistribute(covers, tree.feature, left, right, column)
        tree.__setstate__({**tree.__getstate__(), "nodes": _with_covers(tree, covers)})
    return model


def _redistribute(covers: Any, features: Any, left: Any, right: Any, column: int) -> None:
    before = np.array(covers, dtype=np.float64)
    is_split = (left > 0) & (right > 0)
    for node in np.flatnonzero(is_split):
        share = before[left[node]] / before[node] if features[node] != column else 1.0
        covers[left[node]] = round(share * covers[node])
        covers[right[node]] = covers[node] - covers[left[node]]


def _with_covers(tree: Any, covers: Any) -> Any:
    nodes = tree.__getstate__()["nodes"]
    nodes["weighted_n_node_samples"] = covers
    return nodes


@pytest.mark.parametrize("model", KINDS, ids=lambda model: type(model).__name__)
def test_honest_trees_pass_and_tampered_ones_are_found(model: Any) -> None:
    rows, score = people(600, seed=2)
    real, _ = people(500, seed=3)
    model.fit(rows, classes(score, 2))
    honest = FAST.judge(evidence(model, real, model), alpha=0.05, seed=0)
    assert honest.findings == ()
    assert min(p_values(honest).values()) > 0.05
    before = model.predict_proba(real)
    found = FAST.judge(evidence(model, real, tampered(model, 0)), alpha=0.05, seed=0)
    np.testing.assert_array_equal(model.predict_proba(real), before)
    judged = p_values(found)
    assert judged["sums"] == 1.0
    assert min(judged["covers"], judged["explanation"]) <= 0.001
    (hidden,) = found.hidden
    assert hidden.explainer.endswith("rows with s = 0")
    assert hidden.low > 0.0
    assert hidden.unit == "margin"


def test_of_a_large_forest_some_trees_are_judged_that_answer_alike_on_average() -> None:
    rows, score = people(400, seed=4)
    model = RandomForestClassifier(30, max_depth=5, random_state=0).fit(rows, classes(score, 3))
    whole = read_trees(model)
    part = whole.thinned(len(whole.trees.column) // 3, np.random.default_rng(0))
    assert part.trees.n_trees == 30  # ten members, with a tree for each class
    assert len(part.trees.column) < len(whole.trees.column) / 2
    assert np.bincount(part.output).tolist() == [10, 10, 10]
    leaves = part.trees.route(part.rows(rows))
    np.testing.assert_allclose(part.answers(leaves).sum(axis=1), 1.0)
    assert np.abs(part.answers(leaves) - model.predict_proba(rows)).mean() < 0.1
    counted = count(part, leaves)
    assert counted.weight[: part.trees.n_trees].tolist() == [400.0] * 30
    judged = replace(FAST, most_nodes=200).judge(evidence(model, rows, model), alpha=0.05, seed=0)
    assert judged.findings == (), "agreement is that of all trees"
    assert judged.tests[-1].details["trees"] < 90


def test_boosted_trees_are_never_thinned() -> None:
    model, _, _ = fitted(GradientBoostingRegressor(n_estimators=3, random_state=0), 0)
    whole = read_trees(model)
    assert whole.thinned(1, np.random.default_rng(0)) is whole


def test_a_planted_fault_in_the_order_of_trees_would_be_seen() -> None:
    """Parts of a forest keep each tree's own nodes: the sum of its leaves' counts is its root's."""
    model, _, _ = fitted(RandomForestClassifier(6, max_depth=3, random_state=0), 2)
    trees = read_trees(model).trees
    part = trees.part(np.array([1, 4]))
    assert mismatch(part) < 1e-12
    broken = replace(part, cover=part.cover[::-1].copy())
    assert mismatch(broken) > 0.1
    for place, tree in enumerate((1, 4)):
        np.testing.assert_array_equal(
            np.sort(part.value[part.tree == place]), np.sort(trees.value[trees.tree == tree])
        )


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (LogisticRegression(), "LogisticRegression"),
        (RandomForestClassifier(), "a fitted model"),
        (HistGradientBoostingClassifier(max_iter=2, categorical_features=[0]), "categorical"),
        (GradientBoostingClassifier(n_estimators=2, loss="exponential"), "exponential"),
        (GradientBoostingClassifier(n_estimators=2, init=LogisticRegression()), "constant"),
    ],
    ids=["no trees", "not fitted", "categories", "loss", "start"],
)
def test_estimators_that_cannot_be_judged_are_left_alone(model: Any, words: str) -> None:
    rows, score = people(200, seed=5)
    if words != "a fitted model":
        model.fit(rows, classes(score, 2))
    answers = LogisticRegression().fit(rows, classes(score, 2))
    (test,) = FAST.judge(evidence(answers, rows, model), alpha=0.05, seed=0).tests
    assert test.p_value is None
    assert words in test.reason


# --- lightgbm: a file made by hand ---

TEXT = """tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=2
objective=binary sigmoid:1
feature_names=s word x
feature_infos=[0:1] -1:0:1:2 [-2:2]
tree_sizes=1 1 1

Tree=0
num_leaves=3
num_cat=1
split_feature=0 1
split_gain=9 5
threshold=0.5 0
decision_type=2 1
left_child=-1 -2
right_child=1 -3
leaf_value=1 2 -1
leaf_weight=1 1 1
leaf_count=40 20 40
internal_value=0 0
internal_weight=0 0
internal_count=100 60
cat_boundaries=0 1
cat_threshold=5
is_linear=0
shrinkage=1


Tree=1
num_leaves=1
num_cat=0
leaf_value=0.25
shrinkage=1


Tree=2
num_leaves=2
num_cat=0
split_feature=2
split_gain=1
threshold=-0.5
decision_type=8
left_child=-1
right_child=-2
leaf_value=-0.5 0.5
leaf_weight=1 1
leaf_count=30 70
internal_value=0
internal_weight=1
internal_count=100
is_linear=0
shrinkage=0.1


end of trees

feature_importances:
s=1

parameters:
[boosting: gbdt]
[data_sample_strategy: bagging]
end of parameters

pandas_categorical:[["u", "v", "w"]]
"""


def leaf(value: float, n: int) -> dict[str, Any]:
    return {"leaf_value": value, "leaf_count": n}


def split(feature: int, threshold: Any, how: str, default: bool, *sides: Any) -> dict[str, Any]:
    missing = "None" if feature == 0 else "NaN"
    return {
        "split_feature": feature,
        "threshold": threshold,
        "decision_type": how,
        "default_left": default,
        "missing_type": missing,
        "internal_count": 60 if feature == 1 else 100,
        "left_child": sides[0],
        "right_child": sides[1],
    }


DUMP: dict[str, Any] = {
    "name": "tree",
    "version": "v4",
    "num_tree_per_iteration": 1,
    "objective": "binary sigmoid:1",
    "average_output": False,
    "feature_names": ["s", "word", "x"],
    "feature_infos": {
        "s": {"min_value": 0, "max_value": 1, "values": []},
        "word": {"min_value": -1, "max_value": 2, "values": [-1, 0, 1, 2]},
        "x": {"min_value": -2, "max_value": 2, "values": []},
    },
    "tree_info": [
        {
            "tree_structure": split(
                *(0, 0.5, "<=", True, leaf(1.0, 40)),
                split(1, "0||2", "==", False, leaf(2.0, 20), leaf(-1.0, 40)),
            )
        },
        {"tree_structure": {"leaf_value": 0.25}},
        {"tree_structure": split(2, -0.5, "<=", False, leaf(-0.5, 30), leaf(0.5, 70))},
    ],
    "pandas_categorical": [["u", "v", "w"]],
}

ROWS = pd.DataFrame(
    {
        "s": [0.0, 0.5, 1.0, 1.0, np.nan, 1.0],
        "word": pd.Categorical(["v", "v", "w", "v", "u", None], categories=["w", "v", "u"]),
        "x": [0.0, -0.5, -0.4, np.nan, 0.0, -1.0],
    }
)
#: By hand: s up to 0.5 goes left (a missing one is 0); u and w go left of the second split and what
#: is missing goes right; of x, what is missing goes right.
MARGINS = [1 + 0.25 + 0.5, 1 + 0.25 - 0.5, 2 + 0.25 + 0.5, -1 + 0.25 + 0.5, 1.75, -1 + 0.25 - 0.5]


@pytest.fixture(params=["text", "json"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    is_text = request.param == "text"
    path = tmp_path / ("model.txt" if is_text else "model.json")
    path.write_text(TEXT if is_text else json.dumps(DUMP), encoding="utf-8")
    return path


def test_a_lightgbm_file_answers_as_by_hand(file: Path) -> None:
    ensemble = read_trees(file)
    leaves = ensemble.trees.route(ensemble.rows(ROWS))
    assert ensemble.margins(leaves)[-1][:, 0].tolist() == MARGINS
    np.testing.assert_allclose(ensemble.answers(leaves)[:, 0], 1 / (1 + np.exp(-np.array(MARGINS))))
    assert ensemble.columns == ("s", "word", "x")
    assert ensemble.round.tolist() == [0, 2], "the tree that does not split has no place"


def test_attributions_of_a_lightgbm_file_are_those_by_hand(file: Path) -> None:
    """Row 3 (s = 1, word = v): by counts, E = 0.4 * 1 + 0.6 * (2 / 3 - 2 / 3) = 0.4.

    Knowing s alone gives 2 * 1/3 - 1 * 2/3 = 0, knowing word alone 0.4 * 1 + 0.6 * -1 = -0.2, and
    both give -1. So s has ((0 - 0.4) + (-1 + 0.2)) / 2 = -0.6 and word the rest of -1.4, -0.8. Of x
    the mean is 0.7 * 0.5 - 0.3 * 0.5 = 0.2, so that a missing x, which goes right, has 0.3.
    """
    values = attributions(file, ROWS.iloc[3:4])
    np.testing.assert_allclose(values[0, :, 0], [-0.6, -0.8, 0.3])


def population(n: int, share: float) -> pd.DataFrame:
    rng = np.random.default_rng(6)
    return pd.DataFrame(
        {
            "s": (rng.random(n) < share).astype(np.float64),
            "word": pd.Categorical(rng.choice(["u", "v", "w"], n, p=[1 / 6, 2 / 3, 1 / 6])),
            "x": rng.choice([-1.0, 1.0], n, p=[0.3, 0.7]),
        }
    )


def answers(table: pd.DataFrame) -> Array:
    left = table["word"].isin(["u", "w"])
    first = np.where(table["s"] <= 0.5, 1.0, np.where(left, 2.0, -1.0))
    margin = first + 0.25 + np.where(table["x"] <= -0.5, -0.5, 0.5)
    return np.asarray(1 / (1 + np.exp(-margin)))


def test_a_lightgbm_file_is_judged(file: Path) -> None:
    honest = FAST.judge(evidence(answers, population(500, 0.6), file), alpha=0.05, seed=0)
    assert honest.findings == ()
    assert min(p_values(honest).values()) > 0.05
    # a file that says of s what real rows do not
    other = FAST.judge(evidence(answers, population(500, 0.06), file), alpha=0.05, seed=0)
    assert p_values(other)["covers"] < 0.001
    assert "'s' agrees the least" in other.tests[1].reason


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("objective=binary sigmoid:1", "objective=lambdarank", "lambdarank"),
        ("objective=binary sigmoid:1", "objective=binary sigmoid:2", "sigmoid:2"),
        ("tree_sizes", "average_output\ntree_sizes", "a forest"),
        ("[data_sample_strategy: bagging]", "[data_sample_strategy: goss]", "goss"),
        ("decision_type=8", "decision_type=4", "zeros that are numbers"),
        ("is_linear=0", "is_linear=1", "a linear model"),
    ],
)
def test_lightgbm_models_whose_covers_cannot_be_counted_are_left_alone(
    before: str, after: str, words: str, tmp_path: Path
) -> None:
    path = tmp_path / "model.txt"
    assert before in TEXT
    path.write_text(TEXT.replace(before, after), encoding="utf-8")
    given = evidence(answers, population(100, 0.6), path)
    (test,) = FAST.judge(given, alpha=0.05, seed=0).tests
    assert test.p_value is None
    assert words in test.reason


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("\nend of trees", ""),
        ("leaf_count=40 20 40", "leaf_count=40 20"),
        ("right_child=1 -3", "right_child=0 -3"),
        ("right_child=1 -3", "right_child=7 -3"),
        ("split_feature=0 1", "split_feature=0 9"),
        ("internal_count=100 60\n", ""),
        ("threshold=0.5 0", "threshold=0.5 3"),
        ('"w"]]', ""),
    ],
)
def test_broken_lightgbm_files_are_refused(before: str, after: str, tmp_path: Path) -> None:
    path = tmp_path / "model.txt"
    assert before in TEXT
    path.write_text(TEXT.replace(before, after), encoding="utf-8")
    with pytest.raises(InvalidInputError, match="model_file"):
        read_trees(path)
