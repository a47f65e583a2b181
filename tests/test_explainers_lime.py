"""LIME against direct calls of the package lime and hand computation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from lime.lime_tabular import LimeTabularExplainer

from explaudit.encoding import Encoder
from explaudit.explainer import Explainer
from explaudit.explainers import (
    LimeTabular,
)
from explaudit.scenario import Display, Scenario
from explaudit.seeds import row_seed

Array = npt.NDArray[np.float64]
Model = Callable[[pd.DataFrame], Array]

SEED = 5


def make_matrix(n: int, d: int) -> Array:
    """Correlated numbers with different scales and means."""
    rng = np.random.default_rng(99)
    mixed = rng.normal(size=(n, d)) @ (np.eye(d) + 0.3 * rng.normal(size=(d, d)))
    return np.asarray(mixed * np.linspace(0.5, 3.0, d) + np.linspace(-2.0, 2.0, d))


def scenario_of(model: Model, rows: Array, background: Array) -> Scenario:
    names = [f"x{j}" for j in range(rows.shape[1])]
    table = pd.DataFrame(background, columns=names)
    encoder = Encoder.from_frame(table)
    return Scenario(
        pd.DataFrame(rows, columns=names), model, table, encoder, Display(encoder.names)
    )


def linear(coefficients: Array) -> Model:
    return lambda table: np.asarray(table.to_numpy() @ coefficients)


def step_in(column: str, threshold: float) -> Model:
    return lambda table: np.asarray(table[column] > threshold, dtype=np.float64)


def explained(explainer: Explainer, scenario: Scenario, seed: int = SEED) -> Array:
    return explainer.explain(scenario, seed=seed).values


@pytest.mark.parametrize("settings", [
    {"discretize_continuous": False},
    {"discretize_continuous": False, "sample_around_instance": True, "kernel_width": 2.0},
    {"discretizer": "quartile"},
    {"discretizer": "decile", "feature_selection": "lasso_path"},
])  # fmt: skip
@pytest.mark.parametrize("engine", ["batched", "library"])
def test_lime_equals_a_direct_call_of_lime(
    engine: Literal["batched", "library"], settings: dict[str, Any]
) -> None:
    data, coefficients = make_matrix(300, 12), np.linspace(-1.0, 1.0, 12)

    def probability(x: Array) -> Array:
        return np.asarray(1.0 / (1.0 + np.exp(-x @ coefficients)))

    rows, background = data[:3], data[3:]
    scenario = scenario_of(lambda table: probability(table.to_numpy()), rows, background)
    explainer = LimeTabular(num_samples=500, num_features=10, engine=engine, **settings)
    found = explainer.explain(scenario, seed=SEED)
    assert found.notes["engine"] == engine
    for i, row in enumerate(rows):
        direct = LimeTabularExplainer(
            background, random_state=row_seed(SEED, row), **settings
        ).explain_instance(
            row,
            lambda x: np.column_stack([1.0 - probability(x), probability(x)]),
            num_samples=500,
        )
        expected = np.zeros(12)
        for feature, weight in direct.local_exp[1]:
            expected[feature] = weight
        np.testing.assert_allclose(found.values[i], expected, rtol=0, atol=1e-12)
        assert found.diagnostics["r2"][i] == pytest.approx(direct.score, abs=1e-12)
        assert found.diagnostics["intercept"][i] == pytest.approx(direct.intercept[1], abs=1e-12)


def test_lime_without_a_number_of_features_shows_what_lime_shows_with_all_of_them() -> None:
    data = make_matrix(200, 12)
    scenario = scenario_of(linear(np.arange(12.0)), data[:2], data[2:])
    np.testing.assert_allclose(
        explained(LimeTabular(num_samples=300), scenario),
        explained(LimeTabular(num_samples=300, num_features=12), scenario),
        rtol=1e-9,
    )


def test_lime_gives_exact_zeros_to_features_that_it_does_not_show() -> None:
    data = make_matrix(200, 12)
    scenario = scenario_of(linear(np.arange(12.0)), data[:2], data[2:])
    values = explained(LimeTabular(num_samples=300, num_features=3), scenario)
    assert ((values != 0).sum(axis=1) == 3).all()


def test_lime_recovers_the_slopes_of_a_linear_model() -> None:
    # ridge with alpha 1 on 3000 rows of unit variance shrinks by about a thousandth
    data, coefficients = make_matrix(400, 12), np.linspace(-1.0, 1.0, 12)
    scenario = scenario_of(linear(coefficients), data[:1], data)
    values = explained(LimeTabular(discretize_continuous=False, num_samples=3000), scenario)
    np.testing.assert_allclose(values[0], coefficients * data.std(axis=0), rtol=0.01)


def test_lime_reports_the_effective_sample_size_of_its_perturbations() -> None:
    data = make_matrix(200, 12)
    scenario = scenario_of(linear(np.ones(12)), data[:1], data)
    wide = LimeTabular(num_samples=400, kernel_width=1e6).explain(scenario, seed=SEED)
    assert wide.diagnostics["ess"][0] == pytest.approx(399.0)  # equal weights
    usual = LimeTabular(num_samples=400).explain(scenario, seed=SEED)
    assert 1.0 < usual.diagnostics["ess"][0] < 399.0


def test_lime_refuses_a_degenerate_fit_with_a_reason() -> None:
    data = make_matrix(200, 12)
    scenario = scenario_of(linear(np.ones(12)), data[:1], data)
    narrow = LimeTabular(discretize_continuous=False, num_samples=200, kernel_width=0.2)
    found = narrow.explain(scenario, seed=SEED)
    assert np.isnan(found.values).all()
    assert "degenerate" in found.reasons[0]


def test_lime_takes_constant_columns_and_sends_zero_for_single_valued_lowest_bins() -> None:
    data = make_matrix(200, 12)
    data[:, 3] = 5.0
    data[:80, 4] = data[:, 4].min()
    sent: list[Array] = []

    def model(table: pd.DataFrame) -> Array:
        sent.append(table.to_numpy())
        return table.to_numpy()[:, 0]

    scenario = scenario_of(model, data[100:101], data)
    assert np.isfinite(explained(LimeTabular(num_samples=200), scenario)).all()
    perturbed = sent[0][1:]
    np.testing.assert_array_equal(perturbed[:, 3], 0.0)
    assert (np.abs(perturbed[:, 4]) < 1e-3).mean() > 0.25
    discrete = LimeTabular(num_samples=200, discretize_continuous=False)
    assert np.isfinite(explained(discrete, scenario)).all()


def test_lime_learns_entropy_bins_from_the_models_own_answers() -> None:
    data = make_matrix(300, 12)
    scenario = scenario_of(step_in("x2", 1.0), data[:1], data)
    explainer = LimeTabular(num_samples=300, discretizer="entropy", verify_rows=0)
    found = explainer.explain(scenario, seed=SEED)
    assert np.abs(found.values[0]).argmax() == 2
    assert found.diagnostics["r2"][0] > 0.95  # a bin ends where the model's step is
    assert found.n_queries == 300 + 300
