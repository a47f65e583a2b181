"""The plan: every cell once, no cell changed by another, and no silent gap."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explaudit import registry
from explaudit.cells import Cell, Part
from explaudit.errors import InvalidInputError
from explaudit.study.execute import _chosen_rows
from explaudit.study.plan import PRESETS, StudySettings, plan
from explaudit.study.roles import PROTOCOLS, UNRELATED, roles
from explaudit.study.settings import attack_parts, explainer_parts, is_matched
from explaudit.study.tables import StudyTable, prepare

DATA = ("compas", "german", "communities")
SMALL = StudySettings(
    datasets=("compas", "german"),
    attacks=("lime", "rows"),
    explainers=("lime", "rows10", "random"),
    replicates=2,
)


def small(**changes: Any) -> StudySettings:
    return msgspec.structs.replace(SMALL, **changes)


def ids(cells: Iterable[Cell]) -> list[str]:
    return [cell.id for cell in cells]


def coordinates(cell: Cell) -> tuple[Any, ...]:
    """What a reader tells two cells apart by."""
    return (
        cell.dataset.name,
        cell.role,
        cell.attack_setting,
        cell.explainer_setting,
        cell.replicate,
    )


#: How many attacks and explainers there are where a preset names none.
N_SOUND = {"attacks": 4, "explainers": 13}


def n_expected(settings: StudySettings) -> int:
    """Count by hand: a behaviour cell and one for each explainer, for each model."""
    if settings.protocol == "published":
        # f, 2 psi and 2 attacks with each, under 4 or 3 explainers; German has one psi
        return settings.replicates * (7 * 5 + 7 * 4 + 4 * 4)
    attacks, explainers = (
        n if getattr(settings, name) is None else len(getattr(settings, name))
        for name, n in N_SOUND.items()
    )
    # f, psi, attacks
    return len(settings.datasets) * settings.replicates * (2 + attacks) * (1 + explainers)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_plans_every_cell_once(preset: str) -> None:
    cells = plan(PRESETS[preset])
    assert len(cells) == n_expected(PRESETS[preset])
    assert len(set(ids(cells))) == len(cells)
    assert len(set(map(coordinates, cells))) == len(cells)
    assert PRESETS[preset].preset == preset


@pytest.mark.parametrize("preset", PRESETS)
def test_whatever_a_preset_names_can_be_made(preset: str) -> None:
    for cell in plan(PRESETS[preset]):
        if cell.explainer is not None:
            registry.create("explainers", cell.explainer.name, cell.explainer.settings)
        for model in (cell.model, cell.innocuous):
            registry.create("models", model.name, model.settings)
        if cell.attack is not None:
            settings = cell.attack.settings | {"innocuous": None}
            registry.create("attacks", cell.attack.name, settings)


@pytest.mark.parametrize("preset", PRESETS)
def test_a_cells_parts_fit_each_other(preset: str) -> None:
    for cell in plan(PRESETS[preset]):
        assert (cell.role == "attacked") == (cell.attack is not None)
        assert (cell.kind == "explanation") == (cell.explainer is not None)
        assert (cell.kind == "explanation") == bool(cell.explainer_setting)
        if cell.role != "innocent":
            assert bool(cell.attack_setting) == (cell.role == "attacked")


def test_settings_survive_their_json() -> None:
    for settings in PRESETS.values():
        read = msgspec.json.decode(msgspec.json.encode(settings), type=StudySettings)
        assert read == settings
        assert ids(plan(read)) == ids(plan(settings))


@pytest.mark.parametrize(
    "changes",
    [
        {"datasets": ("compas", "german", "adult")},
        {"datasets": ("adult", "german", "compas")},
        {"explainers": ("lime", "rows10", "random", "occlusion")},
        {"explainers": ("random", "ice", "rows10", "lime")},
        {"explainers": None},
        {"attacks": ("union", "rows", "lime")},
        {"attacks": None},
        {"innocuous": ("one", "two")},
        {"innocuous": None},
        {"replicates": 3},
        {"preset": "mine"},
        {"harm_tolerance": 0.1},
    ],
)
def test_more_work_leaves_every_other_cell_as_it_was(changes: dict[str, Any]) -> None:
    before, after = ids(plan(SMALL)), ids(plan(small(**changes)))
    assert set(before) <= set(after)
    assert len(set(after)) == len(after)


@pytest.mark.parametrize(
    "changes", [{"seed": 1}, {"max_rows": 10}, {"protocol": "published"}, {"bias": 0.25}]
)
def test_other_work_has_other_cells(changes: dict[str, Any]) -> None:
    changes = {"attacks": None, "explainers": None, **changes}
    assert not set(ids(plan(SMALL))) & set(ids(plan(small(**changes))))


def test_another_number_of_rows_is_another_cell_but_the_same_gate() -> None:
    few, many = plan(small(n_rows=5, n_rows_crossed=5)), plan(small(n_rows=9, n_rows_crossed=9))
    few = [cell for cell in few if cell.kind == "explanation"]
    many = [cell for cell in many if cell.kind == "explanation"]
    assert not set(ids(few)) & set(ids(many))
    assert [cell.group for cell in few] == [cell.group for cell in many]


@pytest.mark.parametrize("innocuous", [("one",), ("two",), ("one", "two"), None])
def test_the_honest_model_is_planned_once_whatever_else(innocuous: tuple[str, ...] | None) -> None:
    cells = plan(small(innocuous=innocuous))
    honest = [cell for cell in cells if cell.role == "honest"]
    assert len(honest) == 2 * 2 * 4
    assert ids(honest) == ids(cell for cell in plan(SMALL) if cell.role == "honest")


def test_attacks_that_differ_in_psi_share_their_gate() -> None:
    cells = [cell for cell in plan(small(innocuous=None)) if cell.role == "attacked"]
    gates = {cell.group for cell in cells}
    # one for each data set, replicate and attack
    assert len(gates) == 2 * 2 * 2
    assert {cell.attack_setting for cell in cells} == {"lime", "lime-two", "rows", "rows-two"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"datasets": ("iris",)}, "dataset: expected one of adult, communities, compas, german"),
        ({"datasets": ("adult",), "protocol": "published"}, "one of communities, compas, german"),
        ({"datasets": ()}, "datasets: expected at least one"),
        ({"datasets": ("compas", "german", "compas")}, "datasets: expected each data set once"),
        ({"attacks": ("lime", "shap")}, "attack: .*lime, kmeans10, rows, union, got 'shap'"),
        ({"explainers": ("anchors",)}, "explainer: .*lime, lime-continuous.*got 'anchors'"),
        ({"explainers": ("",)}, "explainer: .*got ''"),
        ({"innocuous": ("three",)}, "innocuous: expected one of one, two, got 'three'"),
        ({"n_rows": 0}, "n_rows: expected at least 1, got 0"),
        ({"n_rows_crossed": -1}, "n_rows_crossed: expected at least 1"),
        ({"replicates": 0}, "replicates: expected at least 1"),
        ({"max_rows": 0}, "max_rows: expected at least 1"),
        ({"fidelity_floor": 1.5}, "fidelity_floor: expected a number between 0 and 1, got 1.5"),
        ({"fidelity_floor": float("nan")}, "fidelity_floor: expected a number"),
        ({"harm_tolerance": -0.1}, "harm_tolerance: expected a number between 0 and 1"),
        ({"bias": 0.0}, "bias: expected more than 0 and at most 1, got 0.0"),
        ({"bias": 1.5}, "bias: expected more than 0 and at most 1"),
    ],
)
def test_what_cannot_be_planned_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        plan(small(**changes))


def test_a_plan_of_behaviour_only() -> None:
    cells = plan(small(explainers=()))
    assert {cell.kind for cell in cells} == {"behaviour"}
    assert len(cells) == 2 * 2 * 4


def test_the_published_settings_are_matched_as_published() -> None:
    """Slack et al. 2020, published code: one LIME and one SHAP setting for each attack."""
    matched = {
        (name, attack, explainer)
        for name in ("compas", "german", "communities")
        for attack in ("lime", "lime-two", "shap", "shap-two")
        for explainer in explainer_parts(name, "published")
        if is_matched(name, "published", attack, explainer)
    }
    assert matched == {
        ("compas", "lime", "lime-around"),
        ("compas", "lime-two", "lime"),
        ("compas", "shap", "shap"),
        ("compas", "shap-two", "shap"),
        ("german", "lime", "lime"),
        ("german", "lime-two", "lime"),
        ("german", "shap", "shap-raw-centres"),
        ("german", "shap-two", "shap-raw-centres"),
        ("communities", "lime", "lime"),
        ("communities", "lime-two", "lime"),
        ("communities", "shap", "shap"),
        ("communities", "shap-two", "shap"),
    }


def test_the_paper_preset_explains_all_rows_where_the_study_did() -> None:
    for cell in plan(PRESETS["paper"]):
        if cell.kind == "explanation":
            name, attack, explainer = cell.dataset.name, cell.attack_setting, cell.explainer_setting
            matched = is_matched(name, "published", attack, explainer)
            assert cell.n_rows == (None if matched else 50)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_roles_fit_each_other(protocol: Any) -> None:
    names = {cell.dataset.name for cell in plan(StudySettings(protocol=protocol, datasets=DATA))}
    for name in names:
        played = roles(name, protocol)
        for strength in (None, 0.25):
            biased = played.biased(strength)
            assert biased.settings["column"] == played.sensitive
            assert biased.settings["negative_when"] == played.protected
            assert biased.settings.get("strength") == strength
        for psi in played.innocuous.values():
            columns = psi.settings["columns"]
            assert played.sensitive not in columns
            assert {len(setting) for setting in psi.settings.values()} == {len(columns)}
            coins = [column for column in columns if column in UNRELATED]
            assert coins == list(UNRELATED[: len(coins)])
            assert len(coins) <= played.n_coins


def test_a_caller_cannot_change_the_named_settings() -> None:
    for name in DATA:
        attack_parts(name, "sound", 0.9).clear()
        explainer_parts(name, "sound").clear()
    assert len(plan(PRESETS["quick"])) == n_expected(PRESETS["quick"])


@given(st.integers(1, 60), st.integers(1, 60), st.integers(0, 5), st.integers(0, 2**32))
def test_fewer_rows_are_among_the_more(few: int, many: int, replicate: int, seed: int) -> None:
    few, many = sorted((few, many))
    test = pd.DataFrame({"x": np.arange(40.0)}, index=np.arange(100, 140))
    cell = msgspec.structs.replace(plan(SMALL)[1], replicate=replicate, seed=seed)
    chosen = [
        list(_chosen_rows(test, msgspec.structs.replace(cell, n_rows=n)).index) for n in (few, many)
    ]
    assert set(chosen[0]) <= set(chosen[1])
    assert [len(rows) for rows in chosen] == [min(few, 40), min(many, 40)]
    assert chosen[1] == sorted(set(chosen[1]))


def test_each_replicate_explains_other_rows_and_each_model_the_same() -> None:
    test = pd.DataFrame({"x": np.arange(40.0)})
    chosen = {
        coordinates(cell): tuple(_chosen_rows(test, cell).index)
        for cell in plan(small(n_rows=10, n_rows_crossed=10, datasets=("compas",)))
        if cell.kind == "explanation"
    }
    by_replicate = {r: {v for k, v in chosen.items() if k[-1] == r} for r in (0, 1)}
    assert [len(rows) for rows in by_replicate.values()] == [1, 1]
    assert by_replicate[0] != by_replicate[1]


def table(replicate: int = 0, seed: int = 0, max_rows: int | None = 300) -> StudyTable:
    settings = {"protocol": "sound", "max_rows": max_rows}
    return prepare(Part("german", settings), replicate=replicate, seed=seed)


def test_a_table_is_split_thinned_and_scaled_by_its_training_rows_alone() -> None:
    made = table()
    assert (len(made.train), len(made.test)) == (210, 90)
    assert not set(made.train.index) & set(made.test.index)
    assert made.train_target.index.equals(made.train.index)
    numbers = made.train.select_dtypes("number")
    np.testing.assert_allclose(numbers.mean(), 0.0, atol=1e-12)
    np.testing.assert_allclose(numbers.std(ddof=0), 1.0, atol=1e-12)
    # that the held-out rows are scaled alike, but not by themselves
    assert (made.test[numbers.columns].mean().abs() > 1e-6).all()


def test_coins_are_fair_independent_and_categorical() -> None:
    made = table(max_rows=None)
    everything = pd.concat([made.train, made.test])
    for coin in UNRELATED:
        values, counts = np.unique(everything[coin], return_counts=True)
        assert (len(values), values[0] < 0 < values[1]) == (2, True)
        # 1000 fair coins lie within 5 standard deviations of 500, but for once in 1.7 million
        assert abs(counts[0] - 500) < 5 * np.sqrt(250)
        assert made.encoder.features[made.encoder.index(coin)].is_categorical
    correlation = np.corrcoef(everything[UNRELATED[0]], everything[UNRELATED[1]])[0, 1]
    assert abs(correlation) < 5 / np.sqrt(1000)


def test_a_table_depends_on_replicate_and_seed_only() -> None:
    pd.testing.assert_frame_equal(table().train, table().train)
    rows = [set(table(*which).test.index) for which in ((0, 0), (1, 0), (0, 1))]
    assert rows[0] != rows[1] != rows[2] != rows[0]


def test_protected_rows_are_those_that_the_rule_denies() -> None:
    made = table()
    part = made.roles.biased(None)
    rule = registry.create("models", part.name, part.settings)
    rule.fit(made.train, made.train_target)
    np.testing.assert_array_equal(rule.predict(made.test) == 0, made.protected(made.test))
    assert 0 < made.protected(made.test).mean() < 1
