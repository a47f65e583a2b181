"""LIME against direct calls of the package lime and hand computation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from lime.lime_tabular import LimeTabularExplainer

from explaudit.attributions import Attributions
from explaudit.encoding import Encoder
from explaudit.engines.lime import LimeResult, Stream, lime_tabular
from explaudit.errors import InvalidInputError
from explaudit.explainer import Explainer
from explaudit.explainers import LimeTabular
from explaudit.explainers import lime_tabular as adapter
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


# -- streams: other draws by the same law ----------------------------------------------------------

OTHER_STREAMS: list[Stream] = ["fast", "shared"]
SLOPES: dict[str, Any] = {"discretize_continuous": False}
AROUND: dict[str, Any] = SLOPES | {"sample_around_instance": True}


def curved(table: pd.DataFrame) -> Array:
    """Answer a row with the same bits in any batch, which a product of matrices does not."""
    x = table.to_numpy()
    score = 0.1 * x[:, 0] * (x[:, 3] > 0)
    for j, slope in enumerate(np.linspace(-0.4, 0.4, 12)):
        score = score + slope * x[:, j]
    return np.asarray(np.tanh(score))


def by_library(explainer: LimeTabular, scenario: Scenario) -> Attributions:
    return replace(explainer, stream="library", engine="library").explain(scenario, seed=SEED)


@pytest.fixture
def scenario() -> Scenario:
    data = make_matrix(200, 12)
    return scenario_of(curved, data[:6], data[50:])


@pytest.mark.parametrize(
    ("stream", "settings"),
    [("fast", {}), ("fast", SLOPES), ("fast", AROUND), ("shared", {}), ("shared", SLOPES)],
)
def test_other_streams_explain_alike(
    stream: Stream, settings: dict[str, Any], scenario: Scenario
) -> None:
    """As far from lime's explanation as lime's own with another seed."""
    usual = LimeTabular(num_samples=4000, **settings)
    found = explained(replace(usual, stream=stream), scenario)
    once, again = (explained(usual, scenario, seed) for seed in (SEED, SEED + 1))
    ratio = np.square(found - once).mean() / np.square(again - once).mean()
    assert 0.4 < ratio < 2.5


@pytest.mark.parametrize("stream", OTHER_STREAMS)
@pytest.mark.parametrize("settings", [{}, SLOPES], ids=repr)
def test_with_other_streams_rows_do_not_depend_on_each_other(
    settings: dict[str, Any], stream: Stream, scenario: Scenario
) -> None:
    explainer = LimeTabular(num_samples=300, stream=stream, **settings)
    found = explained(explainer, scenario)
    backwards = explained(explainer, scenario.replace(rows=scenario.rows.iloc[::-1]))
    np.testing.assert_array_equal(found, backwards[::-1])
    alone = explained(explainer, scenario.replace(rows=scenario.rows.iloc[[4]]))
    np.testing.assert_array_equal(found[4], alone[0])
    assert not np.array_equal(found, explained(explainer, scenario, seed=SEED + 1))


@pytest.mark.parametrize("stream", OTHER_STREAMS)
def test_other_streams_are_verified_on_limes_own(stream: Stream, scenario: Scenario) -> None:
    explainer = LimeTabular(num_samples=300, stream=stream)
    found = explainer.explain(scenario, seed=SEED)
    assert found.settings["stream"] == stream
    assert (found.notes["engine"], found.notes["stream"]) == ("batched", stream)
    assert (found.notes["rows_verified"], found.notes["verified_stream"]) == (3, "library")
    assert float(found.notes["deviation"]) < 1e-9
    # the engine once more, and the library
    assert found.notes["verification_queries"] == 3 * (300 + 300)
    sent = 299 + 6 if stream == "shared" else 6 * 300
    assert (found.notes["rows_sent"], found.n_queries) == (sent, sent + 3 * (300 + 300))


@pytest.mark.parametrize("stream", OTHER_STREAMS)
def test_notes_name_the_stream_only_where_it_is_not_limes(
    stream: Stream, scenario: Scenario
) -> None:
    unverified = LimeTabular(num_samples=300, stream=stream, verify_rows=0)
    notes = unverified.explain(scenario, seed=SEED).notes
    assert notes["stream"] == stream
    assert "verified_stream" not in notes
    usual = LimeTabular(num_samples=300).explain(scenario, seed=SEED)
    assert not {"stream", "verified_stream"} & set(usual.notes)


def test_bins_by_entropy_are_learned_once_for_all_streams(scenario: Scenario) -> None:
    explainer = LimeTabular(num_samples=300, discretizer="entropy", stream="fast", verify_rows=2)
    notes = explainer.explain(scenario, seed=SEED).notes
    assert notes["rows_sent"] == 6 * 300 + 150
    assert notes["verification_queries"] == 2 * 300 + (2 * 300 + 150), "the library learns its own"


@pytest.mark.parametrize("stream", OTHER_STREAMS)
def test_with_other_streams_a_wrong_engine_is_caught(
    stream: Stream, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*args: Any, **kwargs: Any) -> LimeResult:
        result = lime_tabular(*args, **kwargs)
        return replace(result, values=result.values + 1e-5)

    monkeypatch.setattr(adapter, "lime_tabular", wrong)
    explainer = LimeTabular(num_samples=300, stream=stream)
    found = explainer.explain(scenario, seed=SEED)
    assert (found.notes["engine"], found.notes["stream"]) == ("library", "library")
    assert found.notes["deviation"] == pytest.approx(1e-5, rel=1e-3)
    np.testing.assert_array_equal(found.values, by_library(explainer, scenario).values)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"stream": "quick"}, "one of 'library', 'fast', 'shared'"),
        ({"stream": "fast", "engine": "library"}, "engine='batched'"),
        ({"stream": "shared", **AROUND}, "gives each row its own neighbourhood.*'fast'"),
    ],
)
def test_streams_that_do_not_go_with_the_settings_are_refused(
    settings: dict[str, Any], expected: str
) -> None:
    with pytest.raises(InvalidInputError, match=f"^stream.*{expected}"):
        LimeTabular(**settings)
