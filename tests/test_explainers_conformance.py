"""Every registered explainer against the contract of explainers, and every check against a fault.

A new explainer is tested by itself as soon as it is registered; all it needs is a line in
`STOCHASTIC`, and one in `CHEAP` if its default settings are slow.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from explaudit import registry
from explaudit.attributions import Attributions
from explaudit.encoding import Encoder
from explaudit.explainer import Explainer, RowExplainer, RowExplanation, View
from explaudit.explainers import ConstantExplainer, Occlusion, RandomExplainer
from explaudit.scenario import Display, Scenario

Array = npt.NDArray[np.float64]

CHEAP: dict[str, dict[str, Any]] = {
    "lime": {"num_samples": 200},
    "kernel_shap": {"n_background": 3, "nsamples": 150},
    "permutation_shap": {"n_background": 4, "max_evals": 60},
    "sampling_shap": {"nsamples": 100, "n_background": 10},
    "exact_shap": {"n_background": 1},
    "permutation_importance": {"n_repeats": 2, "n_rows": 20},
    "partial_dependence": {"grid_resolution": 4, "n_rows": 20},
    "matched_pairs": {"max_distance": 1.3},
    "twin_explanation": {"n_reference": 3, "nsamples": 60},
    "neighbour_shap": {"nsamples": 200},
    "generated_shap": {"n_trees": 3, "nsamples": 150, "n_fills": 1},
    "generated_lime": {"n_trees": 3, "num_samples": 200},
    "cad_defend": {"num_samples": 100},
    "committee": {
        "members": [
            ["kernel_shap", {"n_background": 3, "nsamples": 150}],
            ["permutation_importance", {"n_repeats": 2, "n_rows": 20}],
            ["linear_probe", {}],
        ]
    },
}

# whether another seed gives another explanation, with the settings above
STOCHASTIC = {
    "lime": True,
    "kernel_shap": True,
    "permutation_shap": True,
    "sampling_shap": True,
    "exact_shap": True,  # through its background
    "occlusion": False,
    "permutation_importance": True,
    "partial_dependence": True,
    "ice": False,
    "matched_pairs": False,
    "random": True,
    "constant": False,
    "twin_explanation": True,
    "neighbour_shap": True,
    "neighbour_lime": False,
    "generated_shap": True,
    "generated_lime": True,
    "cad_defend": True,
    "linear_probe": False,
    "group_disparity": False,
    "imbalance": False,
    "committee": True,
}

NUMERIC = [f"x{i}" for i in range(9)]
COLOURS = ["red", "green", "blue"]


def make_frame(n: int = 120) -> pd.DataFrame:
    """Nine numbers, a category with a level that never occurs, a flag, one-hot colours."""
    rng = np.random.default_rng(20)
    frame = pd.DataFrame(rng.normal(size=(n, len(NUMERIC))), columns=NUMERIC)
    jobs = rng.choice(["clerk", "nurse", "smith"], size=n)
    frame["job"] = pd.Categorical(jobs, categories=["clerk", "nurse", "smith", "unheard-of"])
    frame["member"] = rng.random(n) < 0.4
    colours = rng.integers(0, len(COLOURS), size=n)
    for k, colour in enumerate(COLOURS):
        frame[colour] = (colours == k).astype(np.int8)
    return frame


class StrictModel:
    """A score between 0 and 1 that refuses any table that no real row could look like."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self.columns = list(frame.columns)
        self.dtypes = frame.dtypes
        self.jobs = set(frame["job"])
        self.n_rows = 0

    def __call__(self, table: pd.DataFrame) -> Array:
        self.n_rows += len(table)
        assert list(table.columns) == self.columns, "the model must get its own columns, in order"
        one_hot = table[COLOURS].to_numpy()
        assert (one_hot.sum(axis=1) == 1).all(), "one-hot columns must show one colour in each row"
        assert np.isin(one_hot, (0, 1)).all(), "one-hot columns must be 0 or 1"
        assert (table.dtypes == self.dtypes).all(), "the model must get its columns' own dtypes"
        assert set(table["job"]) <= self.jobs, "a level that no real row shows must not be sent"
        x = table[NUMERIC].to_numpy()
        score = x @ np.linspace(-0.8, 0.9, len(NUMERIC)) + x[:, 0] * x[:, 1]
        score += (table["job"] == "nurse").to_numpy() * 1.0 + table["member"].to_numpy() * x[:, 2]
        return np.asarray(1.0 / (1.0 + np.exp(-score - one_hot @ [0.5, -0.5, 0.0])))


def make_scenario(n_rows: int = 3, *, grouped: bool = True) -> Scenario:
    frame = make_frame()
    encoder = Encoder.from_frame(frame, groups={"colour": COLOURS} if grouped else None)
    return Scenario(
        rows=frame.iloc[:n_rows],
        model=StrictModel(frame),
        background=frame.iloc[20:],
        encoder=encoder,
        display=Display(encoder.names),
    )


class Explains(Protocol):
    """What the checks need of an explainer."""

    @property
    def settings(self) -> dict[str, Any]: ...

    def explain(self, scenario: Scenario, *, seed: int) -> Attributions: ...


def values(explainer: Explains, scenario: Scenario, seed: int = 7) -> Array:
    return explainer.explain(scenario, seed=seed).values


def check_repeatable(explainer: Explains) -> None:
    scenario = make_scenario()
    first, second = values(explainer, scenario), values(explainer, scenario)
    np.testing.assert_array_equal(first, second, "equal seeds must give equal explanations")


def check_order_is_irrelevant(explainer: Explains) -> None:
    scenario = make_scenario()
    order = [2, 0, 1]
    permuted = scenario.replace(rows=scenario.rows.iloc[order])
    np.testing.assert_array_equal(
        values(explainer, permuted),
        values(explainer, scenario)[order],
        "permuted rows must give permuted explanations: derive randomness from the row's seed",
    )


def check_other_rows_are_irrelevant(explainer: Explains) -> None:
    scenario = make_scenario()
    part = scenario.replace(rows=scenario.rows.iloc[[1]])
    np.testing.assert_array_equal(
        values(explainer, part)[0],
        values(explainer, scenario)[1],
        "a row's explanation must not depend on which rows are explained with it",
    )


def check_duplicates_agree(explainer: Explains) -> None:
    scenario = make_scenario()
    doubled = scenario.replace(rows=scenario.rows.iloc[[0, 1, 0]])
    found = values(explainer, doubled)
    np.testing.assert_array_equal(
        found[0], found[2], "equal rows must be explained equally: some state leaks between rows"
    )


def check_global_state_is_untouched(explainer: Explains) -> None:
    numpy_before, python_before = np.random.get_state(), random.getstate()  # noqa: NPY002 (read only)
    explainer.explain(make_scenario(1), seed=7)
    numpy_after, python_after = np.random.get_state(), random.getstate()  # noqa: NPY002 (read only)
    message = "the caller's global random state must be left alone"
    for before, after in zip(numpy_before, numpy_after, strict=True):
        np.testing.assert_array_equal(np.asarray(before), np.asarray(after), message)
    assert python_before == python_after, message


def check_query_count(explainer: Explains) -> None:
    scenario = make_scenario()
    found = explainer.explain(scenario, seed=7)
    assert found.n_queries == scenario.model.n_rows, (
        f"n_queries must be the {scenario.model.n_rows} rows that reached the model, "
        f"not {found.n_queries}"
    )


def check_shapes_and_names(explainer: Explains) -> None:
    scenario = make_scenario()
    found = explainer.explain(scenario, seed=7)
    assert found.values.shape == (3, 12)
    assert found.base_values.shape == (3,)
    assert found.features == scenario.encoder.names
    unexplained = np.isnan(found.values).all(axis=1)
    assert set(np.flatnonzero(unexplained)) == set(found.reasons), (
        "a row of NaN needs its reason, and no other row has one"
    )


def check_settings_round_trip(explainer: Explains) -> None:
    text = json.dumps(explainer.settings, allow_nan=False)
    rebuilt = type(explainer)(**json.loads(text))
    assert rebuilt == explainer, "cls(**settings) must be the same explainer, also through JSON"


def check_json_round_trip(explainer: Explains) -> None:
    found = explainer.explain(make_scenario(1), seed=7)
    read = Attributions.from_json(found.to_json())
    np.testing.assert_array_equal(read.values, found.values)
    np.testing.assert_array_equal(read.base_values, found.base_values)
    assert set(read.diagnostics) == set(found.diagnostics)
    for key, column in found.diagnostics.items():
        np.testing.assert_array_equal(read.diagnostics[key], column)
    rest = ("features", "explainer", "settings", "n_queries", "reasons", "notes")
    assert all(getattr(read, name) == getattr(found, name) for name in rest), (
        "settings must be JSON values"
    )


def check_seed(explainer: Explains, *, stochastic: bool) -> None:
    scenario = make_scenario(1)
    same = np.array_equal(
        values(explainer, scenario, 7), values(explainer, scenario, 8), equal_nan=True
    )
    assert same is not stochastic, (
        "another seed gave the same explanation, though the explainer is declared stochastic"
        if stochastic
        else "another seed gave another explanation, though the explainer is declared exact"
    )


CHECKS: tuple[Callable[[Explains], None], ...] = (
    check_repeatable,
    check_order_is_irrelevant,
    check_other_rows_are_irrelevant,
    check_duplicates_agree,
    check_global_state_is_untouched,
    check_query_count,
    check_shapes_and_names,
    check_settings_round_trip,
    check_json_round_trip,
)

NAMES = registry.names("explainers")

# explainers with an engine of our own keep the contract with the library's, too
VARIANTS = [*NAMES, "kernel_shap/library", "lime/library"]


def make(variant: str) -> Explainer:
    name, _, engine = variant.partition("/")
    settings = CHEAP.get(name, {}) | ({"engine": engine} if engine else {})
    explainer = registry.create("explainers", name, settings)
    assert isinstance(explainer, Explainer)
    return explainer


def test_each_registered_explainer_declares_whether_it_is_stochastic() -> None:
    assert set(STOCHASTIC) == set(NAMES)
    assert set(CHEAP) <= set(NAMES)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@pytest.mark.parametrize("variant", VARIANTS)
def test_explainer_keeps_the_contract(variant: str, check: Callable[[Explains], None]) -> None:
    check(make(variant))


@pytest.mark.parametrize("variant", VARIANTS)
def test_explainer_uses_its_seed_as_declared(variant: str) -> None:
    check_seed(make(variant), stochastic=STOCHASTIC[variant.partition("/")[0]])


@pytest.mark.parametrize("name", NAMES)
def test_name_in_the_catalogue_is_the_explainers_own(name: str) -> None:
    explainer = make(name)
    assert explainer.name == name
    assert explainer.source


@pytest.mark.parametrize("name", NAMES)
def test_default_settings_are_valid(name: str) -> None:
    check_settings_round_trip(registry.create("explainers", name))


# -- faults: every check must be able to fail ------------------------------------------------------


@dataclass(frozen=True)
class Unseeded(RowExplainer):
    name: ClassVar[str] = "unseeded"

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        rng = np.random.default_rng()
        return lambda row, own_seed: RowExplanation(rng.normal(size=len(row)))


@dataclass(frozen=True)
class SharedGenerator(RowExplainer):
    """Repeatable as a whole, but each row depends on how many were explained before it."""

    name: ClassVar[str] = "shared_generator"

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        rng = np.random.default_rng(seed)
        return lambda row, own_seed: RowExplanation(rng.normal(size=len(row)))


@dataclass(frozen=True)
class ComparesRows(Explainer):
    name: ClassVar[str] = "compares_rows"

    def _explain(self, view: View, seed: int) -> list[RowExplanation]:
        return [RowExplanation(row) for row in view.rows - view.rows.mean(axis=0)]


@dataclass(frozen=True)
class DrawsFromGlobalState:
    """Not an `Explainer`, which shields the global state by itself."""

    library: str

    @property
    def settings(self) -> dict[str, Any]:
        return {}

    def explain(self, scenario: Scenario, *, seed: int) -> Attributions:
        if self.library == "numpy":
            np.random.random()  # noqa: NPY002 (the fault)
        else:
            random.random()
        return ConstantExplainer().explain(scenario, seed=seed)


@dataclass(frozen=True)
class Miscounts(DrawsFromGlobalState):
    def explain(self, scenario: Scenario, *, seed: int) -> Attributions:
        found = Occlusion().explain(scenario, seed=seed)
        return replace(found, n_queries=found.n_queries - 1)


@dataclass(frozen=True)
class GivesUpSilently(RowExplainer):
    name: ClassVar[str] = "gives_up_silently"

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        return lambda row, own_seed: RowExplanation(np.full(len(row), np.nan))


@dataclass(frozen=True)
class HidesASetting(ConstantExplainer):
    secret: int = 1

    @property
    def settings(self) -> dict[str, Any]:
        return {}


@dataclass(frozen=True)
class SettingIsNotJson(ConstantExplainer):
    pair: tuple[int, int] = (1, 2)


FAULTS = (
    (check_repeatable, Unseeded()),
    (check_order_is_irrelevant, SharedGenerator()),
    (check_other_rows_are_irrelevant, SharedGenerator()),
    (check_other_rows_are_irrelevant, ComparesRows()),
    (check_duplicates_agree, SharedGenerator()),
    (check_global_state_is_untouched, DrawsFromGlobalState("numpy")),
    (check_global_state_is_untouched, DrawsFromGlobalState("python")),
    (check_query_count, Miscounts("")),
    (check_shapes_and_names, GivesUpSilently()),
    (check_settings_round_trip, HidesASetting(secret=2)),
    (check_settings_round_trip, SettingIsNotJson()),
    (check_json_round_trip, SettingIsNotJson()),
)


@pytest.mark.parametrize(("check", "fault"), FAULTS)
def test_check_catches_a_fault(check: Callable[[Explains], None], fault: Explains) -> None:
    with pytest.raises(AssertionError):
        check(fault)


def test_each_check_has_a_fault_that_it_catches() -> None:
    assert {check for check, _ in FAULTS} == set(CHECKS)


def test_seed_check_catches_both_wrong_declarations() -> None:
    with pytest.raises(AssertionError, match="same explanation"):
        check_seed(ConstantExplainer(), stochastic=True)
    with pytest.raises(AssertionError, match="another explanation"):
        check_seed(RandomExplainer(), stochastic=False)


def test_strict_model_catches_impossible_one_hot_rows() -> None:
    with pytest.raises(AssertionError, match="one colour"):
        Occlusion(reference="background").explain(make_scenario(grouped=False), seed=1)


@dataclass(frozen=True)
class GuessesLevels(Explainer):
    """Sends every level that a column's dtype allows."""

    name: ClassVar[str] = "guesses_levels"

    def _explain(self, view: View, seed: int) -> list[RowExplanation]:
        row = view.rows[0].copy()
        row[view.encoder.index("job")] = 3
        view.query(row)
        return [RowExplanation(row) for row in view.rows]


def test_strict_model_catches_a_level_that_no_row_shows() -> None:
    with pytest.raises(AssertionError, match="no real row shows"):
        GuessesLevels().explain(make_scenario(), seed=1)


def test_strict_model_catches_lost_dtypes_and_columns() -> None:
    model, frame = StrictModel(make_frame()), make_frame()
    with pytest.raises(AssertionError, match="dtypes"):
        model(frame.astype({"member": float}))
    with pytest.raises(AssertionError, match="own columns"):
        model(frame[frame.columns[::-1]])
