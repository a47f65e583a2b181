"""Gates that are asked faster than scikit-learn asks them, and answer the same to the bit."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit_attacks import (
    ScaffoldClassifier,
    SensitiveRule,
    UnrelatedRule,
    forest,
    hist_boosting,
)
from explaudit_attacks._boosted_tables import BoostedTables
from explaudit_attacks._gate_asking import GateAsker

Matrix = npt.NDArray[np.float64]

# the nodes of a tree by hand: x0 <= 1, and above it x1 <= 5, so the leaves 10, 20 and 30
NODES = np.array(
    [
        (0.0, 0, 1.0, False, 1, 2, False, False),
        (10.0, 0, 0.0, False, 0, 0, True, False),
        (0.0, 1, 5.0, True, 3, 4, False, False),
        (20.0, 0, 0.0, False, 0, 0, True, False),
        (30.0, 0, 0.0, False, 0, 0, True, False),
    ],
    dtype=[
        ("value", "f8"),
        ("feature_idx", "i8"),
        ("num_threshold", "f8"),
        ("missing_go_to_left", "u1"),
        ("left", "u4"),
        ("right", "u4"),
        ("is_leaf", "u1"),
        ("is_categorical", "u1"),
    ],
)


def table(n_rows: int, n_columns: int, *, missing: float = 0.0, seed: int = 0) -> Matrix:
    """Return columns of few and of many distinct values in turn, some of them missing."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n_rows, n_columns))
    rows[:, ::2] = np.round(2 * rows[:, ::2])
    rows[rng.random(rows.shape) < missing] = np.nan
    return rows


def labels(rows: Matrix) -> npt.NDArray[np.bool_]:
    filled = np.nan_to_num(rows)
    noise = np.random.default_rng(1).normal(size=len(rows))
    return np.asarray(filled[:, 0] * filled[:, 1] + noise > filled[:, -1] ** 2 - 1.0)


def fitted(rows: Matrix, **changed: Any) -> Any:
    return hist_boosting(random_state=0, **changed).fit(rows, labels(rows))


def by_scikit_learn(gate: Any, rows: Matrix) -> Matrix:
    return np.asarray(gate.predict_proba(rows)[:, 1])


def test_a_tree_by_hand() -> None:
    tables = BoostedTables([NODES, NODES], baseline=1.0)
    rows = [[1.0, 9.0], [1.1, 5.0], [1.1, 5.1], [np.nan, 4.0], [7.0, np.nan], [-np.inf, np.inf]]
    # a threshold itself goes left; a missing x0 goes right, a missing x1 left
    assert tables.score(np.array(rows)).tolist() == [21.0, 41.0, 61.0, 41.0, 41.0, 21.0]


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"size": "small"},
        {"max_leaf_nodes": 2},
        {"max_leaf_nodes": 8, "max_bins": 4},
        {"max_leaf_nodes": 31, "max_iter": 20},
        {"max_leaf_nodes": 64, "max_iter": 20, "min_samples_leaf": 2},
        {"max_leaf_nodes": None, "max_depth": 4},
        {"early_stopping": True, "max_iter": 30},
    ],
    ids=str,
)
@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_answers_are_those_of_scikit_learn_to_the_bit(
    changed: dict[str, Any], missing: float
) -> None:
    gate = fitted(table(900, 12, missing=missing), **changed)
    ask = GateAsker(gate)
    assert ask._tables is not None
    fresh = table(5000, 12, missing=0.02, seed=2)
    np.testing.assert_array_equal(ask(fresh), by_scikit_learn(gate, fresh))
    assert len(np.unique(ask(fresh))) > 1


WIDE = fitted(table(400, 40), max_iter=30)
ASK_WIDE = GateAsker(WIDE)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_rows=st.integers(1, 40),
    special=st.sampled_from([0.0, -0.0, 1.0, np.inf, -np.inf, np.nan, 1e300]),
)
def test_any_values_and_any_number_of_rows_are_answered_alike(
    seed: int, n_rows: int, special: float
) -> None:
    rows = table(n_rows, 40, seed=seed)
    rows[np.random.default_rng(seed).random(rows.shape) < 0.2] = special
    np.testing.assert_array_equal(ASK_WIDE(rows), by_scikit_learn(WIDE, rows))


def test_values_equal_to_a_threshold_are_answered_alike() -> None:
    thresholds = {
        (int(node["feature_idx"]), float(node["num_threshold"]))
        for (predictor,) in WIDE._predictors
        for node in predictor.nodes
        if not node["is_leaf"]
    }
    rows = np.tile(table(1, 40), (len(thresholds), 1))
    for row, (feature, threshold) in zip(rows, sorted(thresholds), strict=True):
        row[feature] = threshold
    np.testing.assert_array_equal(ASK_WIDE(rows), by_scikit_learn(WIDE, rows))


def test_rows_are_judged_alone_however_they_are_laid_out() -> None:
    rows = table(7000, 40, seed=3)
    expected = ASK_WIDE(rows)
    one_by_one = np.concatenate([ASK_WIDE(row[None]) for row in rows[:50]])
    np.testing.assert_array_equal(one_by_one, expected[:50])
    np.testing.assert_array_equal(ASK_WIDE(np.asfortranarray(rows)), expected)
    np.testing.assert_array_equal(ASK_WIDE(rows[::-1]), expected[::-1])


class Inverted(HistGradientBoostingClassifier):
    """A gate that answers otherwise than its trees."""

    def predict_proba(self, X: Any) -> Any:
        return super().predict_proba(X)[:, ::-1]


@pytest.mark.parametrize(
    "gate",
    [
        hist_boosting(max_leaf_nodes=100, min_samples_leaf=2),
        hist_boosting(categorical_features=[0], max_iter=5),
        hist_boosting(max_iter=3, min_samples_leaf=900),
        Inverted(max_iter=5),
        forest(n_estimators=5, n_jobs=1),
        LogisticRegression(),
    ],
    ids=["too many leaves", "categorical", "no test", "subclass", "jobs", "another gate"],
)
def test_what_is_not_covered_is_answered_by_the_gate_itself(gate: Any) -> None:
    rows = np.abs(table(900, 6))
    gate = gate.fit(rows, labels(rows))
    ask = GateAsker(gate)
    assert ask._tables is None
    assert not ask._is_forest
    np.testing.assert_array_equal(ask(rows), by_scikit_learn(gate, rows))


@pytest.mark.parametrize("missing", [0.0, 0.02])
def test_a_forest_answers_what_scikit_learn_answers_to_the_bit(missing: float) -> None:
    rows, fresh = table(400, 6, missing=missing), table(300, 6, missing=missing, seed=2)
    gate = forest(n_estimators=15, random_state=0).fit(rows, labels(rows))
    ask = GateAsker(gate)
    assert ask._is_forest
    for asked in (rows, fresh, fresh[:1]):
        np.testing.assert_array_equal(ask(asked), by_scikit_learn(gate, asked))
    assert len(np.unique(ask(fresh))) > 5
    with pytest.raises(ValueError, match="features"):
        ask(fresh[:, :5])


def test_an_asker_can_be_pickled() -> None:
    rows = table(300, 40)
    again = pickle.loads(pickle.dumps(ASK_WIDE))
    np.testing.assert_array_equal(again(rows), ASK_WIDE(rows))


def test_sizes_are_settings_that_others_override_and_unknown_ones_are_refused() -> None:
    small = hist_boosting(size="small", max_iter=7).get_params()
    assert (small["max_iter"], small["max_leaf_nodes"], small["max_bins"]) == (7, 8, 32)
    default = hist_boosting().get_params()
    assert (default["max_iter"], default["max_leaf_nodes"], default["max_bins"]) == (100, 15, 255)
    with pytest.raises(InvalidInputError, match="size"):
        hist_boosting(size="huge")  # type: ignore[arg-type]  # what a plan may hold


def test_the_comparison_with_scikit_learn_can_fail() -> None:
    gate = fitted(table(400, 6), max_iter=10)
    ask = GateAsker(gate)
    assert ask._tables is not None
    ask._tables._values[3] = ask._tables._values[3][::-1]
    fresh = table(200, 6, seed=5)
    assert not np.array_equal(ask(fresh), by_scikit_learn(gate, fresh))


def test_a_gate_of_all_features_is_shown_the_encoded_rows() -> None:
    names = ["a", "b", "c", "d"]
    people = pd.DataFrame(table(300, 4), columns=names)
    encoder = Encoder.from_frame(people)
    scaffold = ScaffoldClassifier(
        SensitiveRule("a"), UnrelatedRule(("b",)), encoder=encoder, n_queries=500, random_state=0
    ).fit(people, np.arange(300) % 2)
    rows = pd.DataFrame(table(200, 4, seed=7), columns=names)
    expected = scaffold.gate_.predict_proba(encoder.encode(rows))[:, 1] >= 0.5
    assert 0 < expected.sum() < 200
    np.testing.assert_array_equal(scaffold.judged_real(rows), expected)
