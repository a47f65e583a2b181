"""The family of Shapley values against hand computation and brute force."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from math import factorial
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
import shap
from sklearn.cluster import KMeans

from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit.explainer import Explainer
from explaudit.explainers import (
    ExactShap,
    KernelShap,
    PermutationShap,
    SamplingShap,
)
from explaudit.scenario import Display, Scenario

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


def interacting(table: pd.DataFrame) -> Array:
    """A product, a threshold and a three-way term: Shapley values cannot be guessed from slopes."""
    x = table.to_numpy()
    answers = x[:, 0] * x[:, 1] + 2.0 * (x[:, 2] > 0) - x[:, 3] * x[:, 4] * (x[:, 5] > x[:, 0])
    return np.asarray(answers, dtype=np.float64)


def brute_force_shapley(model: Model, row: Array, background: Array) -> Array:
    """Shapley 1953, with v(S) the mean answer over the background with the row's values in S."""
    d = len(row)

    def worth(members: tuple[int, ...]) -> float:
        table = background.copy()
        table[:, list(members)] = row[list(members)]
        return float(model(pd.DataFrame(table)).mean())

    values = np.zeros(d)
    for j in range(d):
        others = [k for k in range(d) if k != j]
        for size in range(d):
            weight = factorial(size) * factorial(d - size - 1) / factorial(d)
            for members in combinations(others, size):
                values[j] += weight * (worth((*members, j)) - worth(members))
    return values


def explained(explainer: Explainer, scenario: Scenario, seed: int = SEED) -> Array:
    return explainer.explain(scenario, seed=seed).values


SHAPLEY = (
    KernelShap(background="rows"),
    KernelShap(background="rows", deduplicate=False),
    KernelShap(background="rows", engine="library"),
    ExactShap(),
    PermutationShap(n_background=10),
)


@pytest.mark.parametrize("explainer", SHAPLEY, ids=repr)
def test_shapley_values_of_a_linear_model(explainer: Explainer) -> None:
    # by hand: coefficient times the distance from the mean of the background
    data, coefficients = make_matrix(14, 9), np.arange(-4.0, 5.0)
    rows, background = data[:4], data[4:]
    found = explainer.explain(scenario_of(linear(coefficients), rows, background), seed=SEED)
    np.testing.assert_allclose(
        found.values, coefficients * (rows - background.mean(axis=0)), atol=1e-9
    )
    np.testing.assert_allclose(found.base_values, (background @ coefficients).mean(), atol=1e-9)


@pytest.mark.parametrize("explainer", SHAPLEY[:4], ids=repr)
def test_shapley_values_of_interacting_features_equal_brute_force(explainer: Explainer) -> None:
    data = make_matrix(12, 7)
    rows, background = data[:2], data[2:]
    values = explained(explainer, scenario_of(interacting, rows, background))
    expected = [brute_force_shapley(interacting, row, background) for row in rows]
    np.testing.assert_allclose(values, expected, atol=1e-9)


@pytest.mark.parametrize(
    "explainer", [ExactShap(n_background=130), PermutationShap(n_background=130)], ids=repr
)
def test_shap_takes_as_many_background_rows_as_it_is_told(explainer: Explainer) -> None:
    # shap's masker by itself keeps 100
    data, coefficients = make_matrix(132, 4), np.array([1.0, -2.0, 0.0, 3.0])
    found = explainer.explain(scenario_of(linear(coefficients), data[:2], data[2:]), seed=SEED)
    np.testing.assert_allclose(found.base_values, (data[2:] @ coefficients).mean(), atol=1e-9)


def test_permutation_shap_is_exact_for_pairs_and_converges_beyond() -> None:
    data = make_matrix(12, 6)
    rows, background = data[:1], data[2:]

    def pairs(table: pd.DataFrame) -> Array:
        x = table.to_numpy()
        return np.asarray(x[:, 0] * x[:, 1] - x[:, 2] * x[:, 5])

    one_order = PermutationShap(max_evals=13, n_background=10)
    found = one_order.explain(scenario_of(pairs, rows, background), seed=SEED)
    np.testing.assert_allclose(
        found.values[0],
        brute_force_shapley(pairs, rows[0], background),
        atol=1e-9,
    )
    assert found.n_queries <= 13 * 10
    many = explained(
        PermutationShap(max_evals=6000, n_background=10), scenario_of(interacting, rows, background)
    )
    expected = brute_force_shapley(interacting, rows[0], background)
    np.testing.assert_allclose(many[0], expected, atol=0.1 * np.abs(expected).max())


def test_sampling_shap_of_a_linear_model_with_one_background_row() -> None:
    # with one background row every sampled difference is the Shapley value itself
    data, coefficients = make_matrix(5, 12), np.linspace(-1.0, 2.0, 12)
    found = SamplingShap(nsamples=48, n_background=1).explain(
        scenario_of(linear(coefficients), data[:4], data[4:]), seed=SEED
    )
    np.testing.assert_allclose(found.values, coefficients * (data[:4] - data[4]), atol=1e-5)


def test_sampling_shap_is_unbiased() -> None:
    data = make_matrix(12, 6)
    scenario = scenario_of(interacting, data[:1], data[2:])
    expected = brute_force_shapley(interacting, data[0], data[2:])
    explainer = SamplingShap(nsamples=1200)
    draws = np.array([explained(explainer, scenario, seed)[0] for seed in range(20)])
    standard_error = draws.std(axis=0, ddof=1) / np.sqrt(len(draws))
    assert (standard_error < 0.05 * np.ptp(expected)).all()
    assert (np.abs(draws.mean(axis=0) - expected) < 4.0 * standard_error).all()


@pytest.mark.parametrize("engine", ["batched", "library"])
@pytest.mark.parametrize("n_features", [9, 14])
def test_deduplicating_changes_the_cost_and_nothing_else(
    n_features: int, engine: Literal["batched", "library"]
) -> None:
    data = make_matrix(60, n_features)
    data[:, 5:] = np.rint(data[:, 5:] / 4.0)
    scenario = scenario_of(interacting, data[:2], data[2:])
    once = KernelShap(background="rows", nsamples=700, engine=engine, verify_rows=0)
    all_rows = replace(once, deduplicate=False).explain(scenario, seed=SEED)
    found = once.explain(scenario, seed=SEED)
    np.testing.assert_allclose(found.values, all_rows.values, atol=1e-12)
    np.testing.assert_array_equal(found.diagnostics["n_asked"], all_rows.diagnostics["n_asked"])
    assert all_rows.n_queries == all_rows.diagnostics["n_asked"].sum() + 10
    assert found.n_queries < all_rows.n_queries


def test_kernel_shap_samples_when_it_cannot_enumerate_and_still_adds_up() -> None:
    data = make_matrix(60, 14)
    scenario = scenario_of(interacting, data[:2], data[2:])
    found = KernelShap(background="rows", nsamples=300).explain(scenario, seed=SEED)
    np.testing.assert_array_equal(found.diagnostics["n_asked"], 1 + 300 * 10)
    total = found.values.sum(axis=1) + found.base_values
    np.testing.assert_allclose(total, scenario.answer(scenario.rows), atol=1e-9)


def test_kernel_shap_selects_features_as_told() -> None:
    data = make_matrix(60, 9)
    scenario = scenario_of(linear(np.arange(1.0, 10.0)), data[:2], data[2:])
    values = explained(KernelShap(l1_reg="num_features(3)"), scenario)
    assert ((values != 0).sum(axis=1) == 3).all()


def test_kernel_shap_in_log_odds() -> None:
    # one background row: the log-odds of a logistic model are linear in the features
    data, coefficients = make_matrix(3, 9), np.linspace(-0.5, 0.5, 9)

    def probability(table: pd.DataFrame) -> Array:
        return np.asarray(1.0 / (1.0 + np.exp(-table.to_numpy() @ coefficients)))

    explainer = KernelShap(background="rows", link="logit")
    values = explained(explainer, scenario_of(probability, data[:2], data[2:]))
    np.testing.assert_allclose(values, coefficients * (data[:2] - data[2]), atol=1e-9)
    certain = scenario_of(step_in("x0", 0.0), data[:2], data[2:])
    with pytest.raises(InvalidInputError, match="link='identity'"):
        explainer.explain(certain, seed=SEED)


def standardised(background: Array) -> tuple[Array, Array, Array]:
    mean, scale = background.mean(axis=0), background.std(axis=0)
    return (background - mean) / scale, mean, scale


def test_kernel_shap_rounds_and_weights_centres_as_shap_does() -> None:
    data, coefficients = make_matrix(80, 9), np.arange(1.0, 10.0)
    rows, background = data[:2], data[2:]
    scaled, mean, scale = standardised(background)
    summary = shap.kmeans(scaled, 6)
    centre = summary.weights @ (summary.data * scale + mean)
    sent: list[Array] = []

    def model(table: pd.DataFrame) -> Array:
        sent.append(table.to_numpy())
        return np.asarray(table.to_numpy() @ coefficients)

    values = explained(KernelShap(n_background=6), scenario_of(model, rows, background))
    np.testing.assert_allclose(values, coefficients * (rows - centre), atol=1e-9)
    for j in range(9):
        assert np.isin(sent[0][:, j], background[:, j]).all(), "exactly the background's values"


def test_kernel_shap_keeps_raw_centres_with_equal_weights() -> None:
    data, coefficients = make_matrix(80, 9), np.arange(1.0, 10.0)
    rows, background = data[:2], data[2:]
    scaled, mean, scale = standardised(background)
    centres = KMeans(6, n_init=10, random_state=0).fit(scaled).cluster_centers_ * scale + mean
    explainer = KernelShap(n_background=6, rounded=False)
    values = explained(explainer, scenario_of(linear(coefficients), rows, background))
    np.testing.assert_allclose(values, coefficients * (rows - centres.mean(axis=0)), atol=1e-9)


def test_kernel_shap_summarises_a_background_of_few_distinct_rows() -> None:
    rows = np.tile(np.eye(3), (4, 1))
    found = KernelShap().explain(scenario_of(linear(np.ones(3)), rows[:1], rows), seed=SEED)
    np.testing.assert_allclose(found.values, rows[:1] - 1.0 / 3.0, atol=1e-9)


def test_exact_shap_refuses_many_features_and_says_what_to_use() -> None:
    data = make_matrix(20, 16)
    with pytest.raises(InvalidInputError, match="'kernel_shap' or 'permutation_shap'"):
        ExactShap().explain(scenario_of(linear(np.ones(16)), data, data), seed=SEED)
