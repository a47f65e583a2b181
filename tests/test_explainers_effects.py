"""Explainers of one feature at a time, and the controls, against hand computation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.inspection import partial_dependence

from explaudit.encoding import Encoder
from explaudit.explainer import Explainer
from explaudit.explainers import (
    ConstantExplainer,
    IceAmplitude,
    MatchedPairs,
    Occlusion,
    PartialDependenceAmplitude,
    PermutationImportance,
    RandomExplainer,
)
from explaudit.explainers._estimator import QueryEstimator
from explaudit.scenario import Display, Scenario

Array = npt.NDArray[np.float64]
Model = Callable[[pd.DataFrame], Array]

SEED = 5


def make_matrix(n: int, d: int) -> Array:
    """Correlated numbers with different scales and means."""
    rng = np.random.default_rng(99)
    mixed = rng.normal(size=(n, d)) @ (np.eye(d) + 0.3 * rng.normal(size=(d, d)))
    return np.asarray(mixed * np.linspace(0.5, 3.0, d) + np.linspace(-2.0, 2.0, d))


def scenario_of(
    model: Model, rows: Array | pd.DataFrame, background: Array | pd.DataFrame
) -> Scenario:
    tables = [
        values
        if isinstance(values, pd.DataFrame)
        else pd.DataFrame(values, columns=[f"x{j}" for j in range(values.shape[1])])
        for values in (rows, background)
    ]
    encoder = Encoder.from_frame(tables[1])
    return Scenario(tables[0], model, tables[1], encoder, Display(encoder.names))


def linear(coefficients: Array) -> Model:
    return lambda table: np.asarray(table.to_numpy() @ coefficients)


def interacting(table: pd.DataFrame) -> Array:
    """A product, a threshold and a three-way term: Shapley values cannot be guessed from slopes."""
    x = table.to_numpy()
    answers = x[:, 0] * x[:, 1] + 2.0 * (x[:, 2] > 0) - x[:, 3] * x[:, 4] * (x[:, 5] > x[:, 0])
    return np.asarray(answers, dtype=np.float64)


def explained(explainer: Explainer, scenario: Scenario, seed: int = SEED) -> Array:
    return explainer.explain(scenario, seed=seed).values


@pytest.mark.parametrize("reference", ["mean", "median", "background"])
def test_occlusion_of_a_linear_model(reference: Any) -> None:
    data, coefficients = make_matrix(21, 5), np.array([1.0, -2.0, 0.0, 3.0, 0.5])
    rows, background = data[:4], data[4:]
    replaced = np.median(background, axis=0) if reference == "median" else background.mean(axis=0)
    explainer = Occlusion(reference=reference, n_reference=17)
    values = explained(explainer, scenario_of(linear(coefficients), rows, background))
    np.testing.assert_allclose(values, coefficients * (rows - replaced), atol=1e-9)


def test_occlusion_replaces_a_category_by_its_most_frequent_level() -> None:
    frame = pd.DataFrame({"x": [0.0, 1.0, 2.0, 5.0], "job": ["nurse", "smith", "smith", "clerk"]})
    worth = {"nurse": 10.0, "smith": 4.0, "clerk": 1.0}

    def model(table: pd.DataFrame) -> Array:
        levels: Array = np.array([worth[job] for job in table["job"]])
        return levels + np.asarray(table["x"], dtype=np.float64)

    values = explained(Occlusion(), scenario_of(model, frame, frame))
    np.testing.assert_allclose(values, [[-2, 6], [-1, 0], [0, 0], [3, -3]])


def test_amplitudes_of_a_linear_model() -> None:
    # the grid goes from the least to the greatest value: |coefficient| times the range
    data, coefficients = make_matrix(90, 5), np.array([1.0, -2.0, 0.0, 3.0, 0.5])
    scenario = scenario_of(linear(coefficients), data[:3], data)
    expected = np.tile(np.abs(coefficients) * np.ptp(data, axis=0), (3, 1))
    for explainer in (PartialDependenceAmplitude(), IceAmplitude()):
        np.testing.assert_allclose(explained(explainer, scenario), expected, atol=1e-9)


def test_ice_sees_what_partial_dependence_averages_away() -> None:
    # x0 * x1 with x1 = +-1 in equal shares: the mean curve is flat, each row's own is not
    rows = np.array([[a, b] for a in (-2.0, 0.0, 3.0) for b in (-1.0, 1.0)])

    def product(table: pd.DataFrame) -> Array:
        return np.asarray(table.to_numpy().prod(axis=1))

    scenario = scenario_of(product, rows, rows)
    mean = explained(PartialDependenceAmplitude(), scenario)
    np.testing.assert_allclose(mean[:, 0], 0.0, atol=1e-12)
    own = explained(IceAmplitude(), scenario)
    np.testing.assert_allclose(own[:, 0], 5.0)
    np.testing.assert_allclose(own[:, 1], 2.0 * np.abs(rows[:, 0]))


def test_ice_equals_scikit_learn_on_the_same_grid() -> None:
    data = make_matrix(15, 6)
    values = explained(IceAmplitude(), scenario_of(interacting, data, data))
    estimator = QueryEstimator(lambda matrix: interacting(pd.DataFrame(matrix)))
    for j in range(6):
        grid = {j: np.unique(data[:, j])}
        curves = partial_dependence(estimator, data, [j], kind="individual", custom_values=grid)
        np.testing.assert_allclose(values[:, j], np.ptp(curves.individual[0], axis=1), atol=1e-12)


def test_amplitudes_find_a_rare_value_that_a_grid_of_inner_quantiles_would_miss() -> None:
    column = np.zeros(400)
    column[:8] = np.arange(1.0, 9.0)  # more than 95 % zeros: no grid between the 5 and 95 % points
    rows = np.column_stack([column, make_matrix(400, 1)])
    scenario = scenario_of(lambda table: table["x0"].to_numpy(), rows[:2], rows)
    for explainer in (PartialDependenceAmplitude(5), IceAmplitude(5)):
        np.testing.assert_allclose(explained(explainer, scenario), [[8.0, 0.0]] * 2)


def test_amplitudes_send_no_more_values_than_told_and_only_real_ones() -> None:
    # a quarter each, so that an interpolated median is 10.5
    rows = np.repeat([[0.0, 1.0], [1.0, 0.0], [20.0, 21.0], [21.0, 20.0]], 15, axis=0)
    sent: list[Array] = []

    def model(table: pd.DataFrame) -> Array:
        sent.append(table.to_numpy())
        return np.asarray(table["x0"])

    for explainer in (PartialDependenceAmplitude(3), IceAmplitude(3)):
        sent.clear()
        explained(explainer, scenario_of(model, rows[:1], rows))
        assert np.isin(np.concatenate(sent), rows).all()
    assert len(sent[0]) == 3 + 3


def test_permutation_importance_of_a_coin() -> None:
    # by hand: a shuffled coin differs from itself with probability 2 p (1 - p) = 1/2
    rows = np.column_stack([np.tile([0.0, 1.0], 200), make_matrix(400, 2)])
    scenario = scenario_of(lambda table: 3.0 * table["x0"].to_numpy(), rows[:2], rows)
    found = PermutationImportance(n_repeats=20, n_rows=400).explain(scenario, seed=SEED)
    np.testing.assert_allclose(found.values, [[1.5, 0.0, 0.0]] * 2, atol=0.05)
    assert found.n_queries == 400 * (2 + 3 * 20)


def matched_scenario() -> Scenario:
    """A hand-made table: `sex` has a twin, `age` has two, `pay` has none."""
    background = pd.DataFrame({
        "age": [30.0, 30.0, 50.0, 50.0, 70.0],
        "sex": ["f", "m", "f", "f", "m"],
        "pay": [1.0, 1.0, 1.0, 1.0, 9.0],
    })  # fmt: skip

    def model(table: pd.DataFrame) -> Array:
        score = table["age"] / 10.0 + 4.0 * (table["sex"] == "m") + 100.0 * (table["pay"] > 5)
        return np.asarray(score, dtype=np.float64)

    return scenario_of(model, background.iloc[[0]], background)


def test_matched_pairs_by_hand() -> None:
    # the row (30, f, 1) answers 3; its twin in sex (30, m, 1) answers 7; in age (50, f, 1), twice
    found = MatchedPairs(max_distance=0.1).explain(matched_scenario(), seed=SEED)
    np.testing.assert_allclose(found.values, [[3.0 - 5.0, 3.0 - 7.0, np.nan]])
    assert found.diagnostics["n_unmatched"].tolist() == [1.0]
    assert not found.reasons
    assert found.n_queries == 5 + 1


def test_matched_pairs_take_equally_near_rows_together() -> None:
    one = explained(MatchedPairs(n_neighbours=1, max_distance=0.1), matched_scenario())
    np.testing.assert_allclose(one, [[-2.0, -4.0, np.nan]])


def test_matched_pairs_take_the_nearest_rows_within_a_wide_caliper() -> None:
    # the only row with other pay is (70, m, 9), which answers 111
    wide = explained(MatchedPairs(n_neighbours=1, max_distance=10.0), matched_scenario())
    np.testing.assert_allclose(wide, [[-2.0, -4.0, 3.0 - 111.0]])


@pytest.mark.parametrize(
    ("min_difference", "effect"), [(0.0, 0.0 - 5.5), (0.5, 0.0 - 10.0), (3.0, np.nan)]
)
def test_matched_pairs_leave_out_rows_that_hardly_differ(
    min_difference: float, effect: float
) -> None:
    # the standard deviation is 4.5, so that 1 is a fifth of it from 0, and 10 is 2.2
    column = np.array([[0.0], [1.0], [10.0]])
    scenario = scenario_of(linear(np.ones(1)), column[:1], column)
    values = explained(MatchedPairs(min_difference=min_difference), scenario)
    np.testing.assert_allclose(values, [[effect]])


def test_matched_pairs_that_find_nothing_give_a_reason() -> None:
    scenario = matched_scenario()
    alone = scenario.replace(rows=scenario.background.iloc[[4]])
    found = MatchedPairs(max_distance=0.1).explain(alone, seed=SEED)
    assert np.isnan(found.values).all()
    assert "no real row" in found.reasons[0]


def test_matched_pairs_never_ask_anything_but_real_rows() -> None:
    data = make_matrix(100, 6)
    real = {row.tobytes() for row in data}

    def model(table: pd.DataFrame) -> Array:
        assert all(row.tobytes() in real for row in table.to_numpy())
        return table.to_numpy()[:, 0]

    explained(MatchedPairs(), scenario_of(model, data[:5], data))
    with pytest.raises(AssertionError):
        explained(Occlusion(), scenario_of(model, data[:5], data))


def test_controls_never_ask_the_model() -> None:
    data = make_matrix(400, 5)

    def model(table: pd.DataFrame) -> Array:
        raise AssertionError("asked")

    scenario = scenario_of(model, data, data)
    constant = explained(ConstantExplainer(), scenario)
    np.testing.assert_allclose(constant, np.tile([1.0, 1 / 2, 1 / 3, 1 / 4, 1 / 5], (400, 1)))
    noise = explained(RandomExplainer(), scenario)
    assert abs(noise.mean()) < 0.1
    assert abs(noise.std() - 1.0) < 0.1
    assert len(np.unique(noise)) == noise.size
