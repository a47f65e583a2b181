"""The benchmark's other tasks: their tables, their cells, and audits of such models."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explaudit import registry
from explaudit.audit.regime import RegimeTest
from explaudit.audit.run import audit
from explaudit.audit.settings import AuditSettings
from explaudit.cells import Cell, Part
from explaudit.detection.plan import DetectionSettings
from explaudit.detection.task_plan import task_cells
from explaudit.detection.tasks import (
    OUTCOMES,
    SECOND,
    Task,
    prepare_task,
    sensitive_of,
    table_part,
    task_name,
    task_of,
    thirds,
)
from explaudit.errors import InvalidInputError
from explaudit.scenario import Display, Output, Scenario
from explaudit.study.roles import UNRELATED
from explaudit.study.tables import StudyTable, prepare

CELLS = task_cells(DetectionSettings())


def table(name: str, task: Task) -> StudyTable:
    return prepare_task(table_part(name, 1500, task=task), replicate=1, seed=3)


# ---- tables ----


@pytest.mark.parametrize(
    ("counts", "cuts"),
    [
        # shares 0.4, 0.7 and 1
        ({0: 4, 1: 3, 2: 3}, (0.0, 1.0)),
        # forty is more than a third, and a class of its own
        ({30: 2, 40: 5, 50: 3}, (30.0, 40.0)),
        # shares 0.1 to 1: 0.3 is next to one third, 0.7 to two thirds
        (dict.fromkeys(range(1, 11), 1), (3.0, 7.0)),
        # the most of all at the top, and still three classes
        ({0: 1, 1: 1, 2: 8}, (0.0, 1.0)),
        ({0: 8, 1: 1, 2: 1}, (0.0, 1.0)),
    ],
)
def test_thirds_by_hand(counts: dict[int, int], cuts: tuple[float, float]) -> None:
    assert thirds(np.repeat([*counts], [*counts.values()]).astype(float)) == cuts


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.integers(-3, 9), min_size=3, max_size=60))
def test_every_class_has_rows(values: list[int]) -> None:
    numbers = np.array(values, dtype=float)
    if len(set(values)) < 3:
        with pytest.raises(InvalidInputError, match="three different"):
            thirds(numbers)
        return
    assert set(np.searchsorted(thirds(numbers), numbers).tolist()) == {0, 1, 2}


@pytest.mark.parametrize("name", OUTCOMES)
def test_the_outcome_leaves_the_features_and_all_else_stays(name: str) -> None:
    plain = prepare(Part(name, {"protocol": "sound", "max_rows": 1500}), replicate=1, seed=3)
    found, column = table(name, "values"), OUTCOMES[name]
    for part in ("train", "test"):
        one, other = getattr(plain, part), getattr(found, part)
        assert other.equals(one.drop(columns=column))
        assert getattr(found, f"{part}_target").equals(one[column])
    kept = [feature for feature in plain.encoder.features if feature.name != column]
    assert found.encoder.features == tuple(kept)
    assert found.roles == plain.roles
    assert column not in (found.roles.sensitive, SECOND.get(name, ("", ""))[0])
    # in standard deviations, as all numeric columns are
    assert found.train_target.std(ddof=0) == pytest.approx(1.0)


@pytest.mark.parametrize("name", OUTCOMES)
def test_classes_are_thirds_of_the_training_rows(name: str) -> None:
    numbers, found = table(name, "values"), table(name, "classes")
    low, high = thirds(numbers.train_target.to_numpy())
    for part in ("train", "test"):
        values, classes = getattr(numbers, f"{part}_target"), getattr(found, f"{part}_target")
        assert getattr(found, part).equals(getattr(numbers, part))
        assert classes.index.equals(values.index)
        expected = (values > low).astype(int) + (values > high).astype(int)
        assert classes.tolist() == expected.tolist()
    shares = found.train_target.value_counts(normalize=True)
    assert shares.min() > 0.2


def test_the_usual_task_has_the_usual_table_whatever_else_a_cell_says() -> None:
    part = table_part("german", 1500, sensitive=("sex", "age"))
    usual = prepare(Part("german", {"protocol": "sound", "max_rows": 1500}), replicate=1, seed=3)
    in_cell = Part("german", {**part.settings, "budget": 77})
    found = prepare_task(in_cell, replicate=1, seed=3)
    assert found.train.equals(usual.train)
    assert found.train_target.equals(usual.train_target)
    assert sensitive_of(part, found) == ("sex", "age")
    assert sensitive_of(table_part("german", 1500), found) == ("sex",)
    assert (task_of(part), task_name(part)) == ("binary", "two features")


def test_unknown_tasks_and_tables_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="values"):
        task_of(Part("german", {"task": "ranks"}))
    own = Part("communities", {"protocol": "sound", "max_rows": 100, "task": "values"})
    with pytest.raises(InvalidInputError, match="adult"):
        prepare_task(Part("nowhere", own.settings), replicate=0, seed=0)


# ---- cells ----


def test_every_cell_is_planned_once() -> None:
    assert len({cell.id for cell in CELLS}) == len(CELLS)
    roles = Counter(cell.role for cell in CELLS)
    assert roles["honest"] >= 60
    assert roles["attacked"] >= 40
    assert {task_name(cell.dataset) for cell in CELLS} == {"values", "classes", "two features"}
    for task in ("values", "classes"):
        own = [cell for cell in CELLS if task_name(cell.dataset) == task]
        assert {cell.dataset.name for cell in own} == set(OUTCOMES)


def test_every_adversary_attacks_each_task_through_each_explainer() -> None:
    attacks = [cell for cell in CELLS if cell.attack is not None]
    for task in ("values", "classes", "two features"):
        own = [cell for cell in attacks if task_name(cell.dataset) == task]
        named = {tuple(cell.attack_setting.split("/")) for cell in own}
        assert {name for name, _, _ in named} == {
            *("plain", "threshold_0.1", "dilution_0.5", "stronger_gate")
        }
        assert len({hidden for _, hidden, _ in named}) == 2
        for explainer in ("lime", "kernel_shap"):
            assert {
                (plain.attack_setting.split("/")[0] == "plain", plain.innocuous.name == "mimic")
                for plain in own
                if plain.explainer_setting == explainer
            } == {(plain, shown) for plain in (True, False) for shown in (True, False)}


def test_every_model_and_attack_can_be_made() -> None:
    for cell in CELLS:
        registry.create("models", cell.model.name, cell.model.settings)
        psi = registry.create("models", cell.innocuous.name, cell.innocuous.settings)
        if cell.attack is not None:
            registry.create("attacks", cell.attack.name, {**cell.attack.settings, "innocuous": psi})


@pytest.mark.parametrize("name", SECOND)
def test_some_are_in_both_groups_and_all_models_of_two_features_fit(name: str) -> None:
    cells = [c for c in CELLS if task_name(c.dataset) == "two features" and c.dataset.name == name]
    found = prepare_task(cells[0].dataset, replicate=0, seed=0)
    assert set(sensitive_of(cells[0].dataset, found)) <= set(found.encoder.names)
    rows, labels = found.train[:600], found.train_target[:600]
    rules = {
        str(cell.model): registry.create("models", cell.model.name, cell.model.settings)
        for cell in cells
        if cell.model.settings.get("strength") == 1.0 or cell.model.name == "parity_rule"
    }
    assert len(rules) == 2
    for rule in rules.values():
        denied = rule.fit(rows, labels).predict(rows) == 0
        assert 0.02 < denied.mean() < 0.98


def test_a_benchmark_of_one_data_set_has_its_cells_alone() -> None:
    own = task_cells(DetectionSettings(datasets=("communities",), budget=500, seed=4))
    assert {cell.dataset.name for cell in own} == {"communities"}
    assert {cell.dataset.settings["budget"] for cell in own} == {500}
    assert {cell.seed for cell in own} == {4}


# ---- audits ----


def cell_of(task: Task, member: str, explainer: str = "") -> Cell:
    return next(
        cell
        for cell in CELLS
        if task_of(cell.dataset) == task
        and cell.dataset.name == "compas"
        and cell.model.settings.get("member") == member
        and cell.explainer_setting == explainer
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "member", "output"),
    [("values", "open_value_1.0", "value"), ("classes", "open_class_0.5", "label")],
)
def test_an_audit_tells_an_attack_from_the_open_bias_that_it_hides(
    task: Task, member: str, output: Output
) -> None:
    found = table("compas", task)
    cell = cell_of(task, member, "lime")
    model = registry.create("models", cell.model.name, cell.model.settings)
    attacker, auditor = found.train[:600], found.train[600:]
    model.fit(attacker, found.train_target[:600])
    assert cell.attack is not None
    scenario = Scenario(
        auditor[:1],
        model,
        attacker,
        found.encoder,
        Display(found.encoder.names),
        output=output,
        class_index=0,
    )
    psi = {"name": cell.innocuous.name, "settings": cell.innocuous.settings}
    attack = registry.create("attacks", "adversary", {**cell.attack.settings, "innocuous": psi})
    attacked = attack.apply(scenario, seed=1).model
    p_values = [p_value(one, found, task) for one in (model, attacked)]
    assert p_values[0] > 0.01
    assert p_values[1] < 0.001


def p_value(model: Any, found: StudyTable, task: Task) -> float:
    result = audit(
        model,
        found.train[600:],
        AuditSettings(
            sensitive=(found.roles.sensitive,),
            explainers=(Part("lime", {}),),
            budget=1000,
            answers="values" if task == "values" else "labels",
        ),
        categorical=UNRELATED,
        detectors=(replace(RegimeTest(), n_twins=20),),
    )
    named = next(test for test in result.verdict.tests if test.name.startswith("sensitive"))
    assert named.p_value is not None
    return named.p_value
