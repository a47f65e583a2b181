"""The batched engine behind an explainer: the library's numbers, verified on every call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from explaudit.attributions import Attributions
from explaudit.encoding import Encoder
from explaudit.engines.kernel import KernelResult, kernel_shap
from explaudit.engines.lime import LimeResult, lime_tabular
from explaudit.explainers import KernelShap, LimeTabular
from explaudit.explainers import kernel_shap as kernel_adapter
from explaudit.explainers import lime_tabular as lime_adapter
from explaudit.explainers._verify import largest_deviation
from explaudit.scenario import Display, Scenario

Array = npt.NDArray[np.float64]

SEED = 5
TOLERANCE = 1e-9
LEVELS = ["clerk", "nurse", "smith"]


def make_frame(n_rows: int, n_features: int) -> pd.DataFrame:
    """Small counts, one number, one category: many values agree, as in real tables."""
    rng = np.random.default_rng(8)
    counts = rng.poisson(1.0, size=(n_rows, n_features - 2)).astype(float)
    frame = pd.DataFrame(counts, columns=[f"x{j}" for j in range(n_features - 2)])
    frame["age"] = np.rint(rng.normal(40.0, 9.0, size=n_rows))
    frame["job"] = pd.Categorical(rng.choice(LEVELS, size=n_rows), categories=LEVELS)
    return frame


class Model:
    """A probability with interactions, whose answer to a row is the same bits in any batch."""

    def __init__(self) -> None:
        self.sent: list[Array] = []

    def __call__(self, table: pd.DataFrame) -> Array:
        matrix = table.assign(job=table["job"].cat.codes).to_numpy(dtype=np.float64)
        self.sent.append(matrix)
        score: Array = matrix[:, 0] * matrix[:, 1] - 1.0
        for j in range(matrix.shape[1]):
            score = score + (-0.4) ** (j % 4) * np.minimum(matrix[:, j], 2.0)
        return np.clip(score / 20.0 + 0.5, 0.01, 0.99)


def make_scenario(n_features: int = 9, n_rows: int = 6, model: Any = None) -> Scenario:
    frame = make_frame(60, n_features)
    encoder = Encoder.from_frame(frame)
    return Scenario(
        rows=frame.iloc[:n_rows],
        model=model or Model(),
        background=frame.iloc[10:],
        encoder=encoder,
        display=Display(encoder.names),
    )


def by_library(explainer: KernelShap | LimeTabular, scenario: Scenario) -> Attributions:
    return replace(explainer, engine="library").explain(scenario, seed=SEED)


KERNEL: list[tuple[int, dict[str, Any]]] = [
    (9, {}),
    (9, {"background": "rows", "n_background": 7}),
    (9, {"rounded": False}),
    (9, {"link": "logit"}),
    (9, {"l1_reg": "num_features(4)", "deduplicate": False}),
    (9, {"l1_reg": "aic"}),
    (11, {"l1_reg": "num_features(10)"}),
    (9, {"deduplicate": False}),
]


@pytest.mark.parametrize(("n_features", "settings"), KERNEL, ids=repr)
def test_kernel_shap_is_the_librarys(n_features: int, settings: dict[str, Any]) -> None:
    scenario, explainer = make_scenario(n_features), KernelShap(**settings)
    ours, theirs = explainer.explain(scenario, seed=SEED), by_library(explainer, scenario)
    assert (ours.notes["engine"], theirs.notes["engine"]) == ("batched", "library")
    np.testing.assert_allclose(ours.values, theirs.values, atol=TOLERANCE)
    np.testing.assert_allclose(ours.base_values, theirs.base_values, atol=TOLERANCE)
    np.testing.assert_array_equal(ours.diagnostics["n_asked"], theirs.diagnostics["n_asked"])
    assert float(ours.notes["deviation"]) < TOLERANCE


# how rows are explained: exactly, from all coalitions, exactly though the library would sample,
# and from sampled coalitions with and without selection
REGIMES: dict[str, tuple[int, dict[str, Any]]] = {
    "exact": (9, {}),
    "enumerated": (9, {"link": "logit"}),
    "exact, library samples": (13, {}),
    "sampled": (13, {"nsamples": 300, "link": "logit"}),
    "selected": (13, {"nsamples": 300, "l1_reg": "num_features(4)"}),
}


@pytest.mark.parametrize("regime", REGIMES)
def test_every_regime_is_verified_and_pure(regime: str) -> None:
    n_features, settings = REGIMES[regime]
    scenario, explainer = make_scenario(n_features), KernelShap(**settings)
    found = explainer.explain(scenario, seed=SEED)
    assert found.notes["engine"] == "batched"
    assert found.notes["rows_verified"] == 3
    assert float(found.notes["deviation"]) < TOLERANCE
    for i in range(len(scenario.rows)):
        alone = explainer.explain(scenario.replace(rows=scenario.rows.iloc[[i]]), seed=SEED)
        np.testing.assert_array_equal(alone.values[0], found.values[i])


def test_regimes_are_what_they_are_called() -> None:
    asked = {
        regime: KernelShap(**settings, verify_rows=0)
        .explain(make_scenario(n_features), seed=SEED)
        .diagnostics["n_asked"]
        for regime, (n_features, settings) in REGIMES.items()
    }
    assert (asked["sampled"] == 1 + 300 * 10).all()
    assert (asked["selected"] == 1 + 300 * 10).all()
    assert (asked["exact, library samples"] >= 1 + 2048 * 10).any(), "beyond enumeration"
    exact = KernelShap(verify_rows=0).explain(make_scenario(13), seed=SEED)
    fine = by_library(KernelShap(nsamples=2**13), make_scenario(13))
    np.testing.assert_allclose(exact.values, fine.values, atol=TOLERANCE)


def test_queries_are_counted_by_purpose() -> None:
    model = Model()
    found = KernelShap().explain(make_scenario(model=model), seed=SEED)
    sent, verifying = found.notes["rows_sent"], found.notes["verification_queries"]
    assert found.n_queries == float(sent) + float(verifying) == sum(map(len, model.sent))
    assert float(sent) < float(found.notes["rows_asked"])
    assert found.notes["rows_asked"] == found.diagnostics["n_asked"].sum() + 10


@pytest.mark.parametrize(("verify_rows", "verified"), [(1, 1), (3, 3), (50, 6)])
def test_as_many_rows_are_verified_as_told(verify_rows: int, verified: int) -> None:
    found = KernelShap(verify_rows=verify_rows).explain(make_scenario(), seed=SEED)
    assert found.notes["rows_verified"] == verified


def test_verification_can_be_switched_off() -> None:
    explainer = KernelShap(verify_rows=0)
    found = explainer.explain(make_scenario(), seed=SEED)
    assert found.n_queries == found.notes["rows_sent"]
    assert not {"rows_verified", "deviation"} & set(found.notes)
    verified = KernelShap().explain(make_scenario(), seed=SEED)
    np.testing.assert_array_equal(found.values, verified.values)


def test_without_deduplication_the_model_is_sent_what_the_library_sends() -> None:
    ours, theirs = Model(), Model()
    explainer = KernelShap(deduplicate=False, verify_rows=0)
    explainer.explain(make_scenario(model=ours), seed=SEED)
    by_library(explainer, make_scenario(model=theirs))
    np.testing.assert_array_equal(np.vstack(ours.sent), np.vstack(theirs.sent))


LIME: list[dict[str, Any]] = [
    {},
    {"discretize_continuous": False, "num_features": 4},
    {"discretize_continuous": False, "sample_around_instance": True, "kernel_width": 1.5},
    {"discretizer": "decile", "num_features": 3, "distance_metric": "cosine"},
    {"discretizer": "entropy", "num_features": 4, "feature_selection": "forward_selection"},
    {"num_features": 4, "feature_selection": "lasso_path"},
    {"num_features": 4, "feature_selection": "highest_weights", "deduplicate": False},
    {"discretize_continuous": False, "kernel_width": 0.2},  # not even lime's fit says anything
]


@pytest.mark.parametrize("settings", LIME, ids=repr)
def test_lime_is_the_librarys_and_pure(settings: dict[str, Any]) -> None:
    scenario, explainer = make_scenario(), LimeTabular(num_samples=300, **settings)
    ours, theirs = explainer.explain(scenario, seed=SEED), by_library(explainer, scenario)
    assert (ours.notes["engine"], theirs.notes["engine"]) == ("batched", "library")
    np.testing.assert_allclose(ours.values, theirs.values, atol=TOLERANCE)
    for name in ("r2", "intercept", "ess"):
        np.testing.assert_allclose(
            ours.diagnostics[name], theirs.diagnostics[name], rtol=TOLERANCE, atol=TOLERANCE
        )
    assert ours.reasons == theirs.reasons
    assert ours.notes["rows_verified"] == 3
    assert float(ours.notes["deviation"]) < TOLERANCE
    sent = float(ours.notes["rows_sent"]) + float(ours.notes["verification_queries"])
    assert ours.n_queries == sent
    for i in range(len(scenario.rows)):
        alone = explainer.explain(scenario.replace(rows=scenario.rows.iloc[[i]]), seed=SEED)
        np.testing.assert_array_equal(alone.values[0], ours.values[i])


def test_without_deduplication_the_model_is_sent_what_lime_sends() -> None:
    ours, theirs = Model(), Model()
    explainer = LimeTabular(num_samples=300, deduplicate=False, verify_rows=0)
    explainer.explain(make_scenario(model=ours), seed=SEED)
    by_library(explainer, make_scenario(model=theirs))
    assert [len(batch) for batch in ours.sent] == [len(batch) for batch in theirs.sent]
    # numbers within a bin are drawn through functions that round differently
    np.testing.assert_allclose(np.vstack(ours.sent), np.vstack(theirs.sent), rtol=1e-12, atol=1e-10)


class Stateful(Model):
    """Answers also by the batch that a row comes in, and by how many came before it."""

    def __call__(self, table: pd.DataFrame) -> Array:
        answers = super().__call__(table)
        return np.asarray(answers + 0.1 * answers.mean() * len(self.sent))


def levels_only(model: Model) -> Scenario:
    """Few possible rows, so that perturbed rows repeat."""
    frame = make_frame(60, 6)
    for j, name in enumerate(["x0", "x1", "x2", "x3", "age"]):
        frame[name] = frame[name] > (40 if name == "age" else j % 2)
    encoder = Encoder.from_frame(frame)
    return Scenario(frame.iloc[:5], model, frame, encoder, Display(encoder.names))


@pytest.mark.parametrize("settings", LIME[:3], ids=repr)
def test_without_deduplication_a_stateful_model_gives_limes_own_explanations(
    settings: dict[str, Any],
) -> None:
    explainer = LimeTabular(num_samples=300, deduplicate=False, verify_rows=0, **settings)
    ours = explainer.explain(make_scenario(model=Stateful()), seed=SEED)
    theirs = by_library(explainer, make_scenario(model=Stateful()))
    assert ours.notes["engine"] == "batched"
    np.testing.assert_allclose(ours.values, theirs.values, atol=TOLERANCE)
    ours = explainer.explain(levels_only(Stateful()), seed=SEED)
    theirs = by_library(explainer, levels_only(Stateful()))
    np.testing.assert_allclose(ours.values, theirs.values, atol=TOLERANCE)


def test_with_deduplication_a_stateful_model_is_told_apart() -> None:
    explainer = LimeTabular(num_samples=300)
    changed = explainer.explain(levels_only(Stateful()), seed=SEED)
    assert float(changed.notes["rows_sent"]) < float(changed.notes["rows_asked"])
    assert float(changed.notes["deviation"]) > 1e-3
    assert changed.notes["engine"] == "library"


@pytest.mark.filterwarnings("ignore:Data was converted to boolean")  # what the metric works on
def test_settings_that_the_engine_does_not_cover_are_left_to_the_library() -> None:
    explainer = LimeTabular(num_samples=300, distance_metric="russellrao")
    found = explainer.explain(make_scenario(), seed=SEED)
    assert found.notes["engine"] == "library"
    assert found.notes["fallback"] == "distance_metric='russellrao' is not covered"
    theirs = by_library(explainer, make_scenario())
    np.testing.assert_array_equal(found.values, theirs.values)
    assert found.n_queries == theirs.n_queries, "nothing is asked in vain"
    fast = replace(explainer, stream="fast").explain(make_scenario(), seed=SEED)
    assert (fast.notes["stream"], fast.notes["fallback"]) == ("library", found.notes["fallback"])


# -- faults: what is wrong is found, said, and replaced by the library's ---------------------------


def faulty(fault: Callable[[Array], Array], *, given_too: bool = True) -> Callable[..., Any]:
    def engine(*args: Any, **kwargs: Any) -> KernelResult:
        result = kernel_shap(*args, **kwargs)
        spared = kwargs.get("mode") == "given" and not given_too
        return result if spared else replace(result, values=fault(result.values))

    return engine


def one_feature_off(values: Array) -> Array:
    off = values.copy()
    off[:, 2] += 1e-5
    return off


@pytest.mark.parametrize("regime", REGIMES)
def test_a_wrong_engine_is_caught_and_the_library_explains(
    regime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_features, settings = REGIMES[regime]
    scenario, explainer = make_scenario(n_features), KernelShap(**settings)
    monkeypatch.setattr(kernel_adapter, "kernel_shap", faulty(one_feature_off))
    found = explainer.explain(scenario, seed=SEED)
    assert found.notes["engine"] == "library"
    assert found.notes["deviation"] == pytest.approx(1e-5, rel=1e-3)
    assert "deviate by more than 1e-06" in str(found.notes["fallback"])
    theirs = by_library(explainer, scenario)
    np.testing.assert_array_equal(found.values, theirs.values)
    assert "fallback" not in theirs.notes, "the library was asked for"


@pytest.mark.parametrize("regime", ["exact", "enumerated", "exact, library samples"])
def test_the_results_themselves_are_compared_where_the_library_can_enumerate(
    regime: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    n_features, settings = REGIMES[regime]
    engine = faulty(one_feature_off, given_too=False)
    monkeypatch.setattr(kernel_adapter, "kernel_shap", engine)
    found = KernelShap(**settings).explain(make_scenario(n_features), seed=SEED)
    assert found.notes["engine"] == "library"


@pytest.mark.parametrize("wrong", ["values", "r2", "intercepts"])
def test_a_wrong_lime_engine_is_caught_and_the_library_explains(
    wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def engine(*args: Any, **kwargs: Any) -> LimeResult:
        result = lime_tabular(*args, **kwargs)
        off: dict[str, Any] = {wrong: getattr(result, wrong) + 1e-5}
        return replace(result, **off)

    monkeypatch.setattr(lime_adapter, "lime_tabular", engine)
    explainer = LimeTabular(num_samples=300)
    found = explainer.explain(make_scenario(), seed=SEED)
    assert found.notes["engine"] == "library"
    assert found.notes["deviation"] == pytest.approx(1e-5, rel=1e-3)
    np.testing.assert_array_equal(found.values, by_library(explainer, make_scenario()).values)


def test_an_engine_that_explains_nothing_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = faulty(lambda values: np.full_like(values, np.nan))
    monkeypatch.setattr(kernel_adapter, "kernel_shap", nothing)
    found = KernelShap().explain(make_scenario(), seed=SEED)
    assert "only one of engine and library" in str(found.notes["fallback"])
    assert np.isfinite(found.values).all()
    assert Attributions.from_json(found.to_json()).notes == found.notes


def test_rounding_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_adapter, "kernel_shap", faulty(lambda values: values + 1e-8))
    found = KernelShap().explain(make_scenario(), seed=SEED)
    assert found.notes["engine"] == "batched"
    strict = KernelShap(verify_tolerance=1e-9).explain(make_scenario(), seed=SEED)
    assert strict.notes["engine"] == "library"


def test_the_tolerance_grows_with_the_attributions() -> None:
    model = Model()
    large = make_scenario(model=lambda table: 1e12 * model(table))
    found = KernelShap(l1_reg="aic").explain(large, seed=SEED)
    assert found.notes["engine"] == "batched"


def test_a_model_that_changes_its_answers_is_found_out() -> None:
    model, calls = Model(), 0

    def drifting(table: pd.DataFrame) -> Array:
        nonlocal calls
        calls += 1
        return model(table) + 0.01 * calls * np.asarray(table["x0"])

    found = KernelShap().explain(make_scenario(model=drifting), seed=SEED)
    assert found.notes["engine"] == "library"
    assert "same way each time" in str(found.notes["fallback"])


def test_largest_deviation_by_hand() -> None:
    nan = np.nan
    assert largest_deviation(np.array([[1.0, nan]]), np.array([[0.5, nan]])) == 0.5
    assert largest_deviation(np.array([[1.0, nan]]), np.array([[1.0, 0.0]])) == np.inf
    assert largest_deviation(np.array([[np.inf]]), np.array([[0.0]])) == np.inf
