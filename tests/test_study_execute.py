"""Cells of the real study, executed."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest

from explaudit.cells import Cell, Record
from explaudit.study.execute import execute
from explaudit.study.plan import PRESETS, plan
from explaudit.study.scenarios import prepared

SETTINGS = msgspec.structs.replace(
    PRESETS["quick"],
    datasets=("german",),
    attacks=("lime", "kmeans10"),
    explainers=("lime", "rows10", "occlusion", "random"),
    n_rows=6,
    n_rows_crossed=6,
    replicates=1,
)


def pick(role: str, attack: str, explainer: str, *, settings: object = SETTINGS) -> Cell:
    (cell,) = [
        cell
        for cell in plan(settings)  # type: ignore[arg-type]
        if (cell.role, cell.attack_setting, cell.explainer_setting) == (role, attack, explainer)
    ]
    return cell


def timeless(record: Record) -> Record:
    return msgspec.structs.replace(record, seconds=0.0)


def mean(record: Record, metric: str) -> float:
    values = [np.nan if v is None else v for v in record.rows[metric]]
    return float(np.mean(values))


@pytest.mark.parametrize("explainer", ["", "lime", "rows10"])
def test_a_cell_is_a_pure_function(explainer: str) -> None:
    cell = pick("attacked", "lime", explainer)
    first = execute(cell)
    execute(pick("honest", "", "random"))
    np.random.default_rng().normal()
    assert timeless(execute(cell)) == timeless(first)


def test_more_rows_contain_the_fewer() -> None:
    few = execute(pick("honest", "", "occlusion"))
    settings = msgspec.structs.replace(SETTINGS, n_rows=12, n_rows_crossed=12)
    many = execute(pick("honest", "", "occlusion", settings=settings))
    by_id = dict(zip(many.row_ids, many.rows["sensitive_share"], strict=True))
    assert set(few.row_ids) < set(many.row_ids)
    assert few.rows["sensitive_share"] == [by_id[i] for i in few.row_ids]


def test_the_models_of_a_replicate_are_explained_on_the_same_rows() -> None:
    models = [("honest", ""), ("attacked", "kmeans10"), ("innocent", "")]
    ids = [execute(pick(role, attack, "random")).row_ids for role, attack in models]
    assert ids[0] == ids[1] == ids[2]


def test_the_scaffold_hides_from_lime_what_it_does_to_people() -> None:
    honest, attacked = pick("honest", "", "lime"), pick("attacked", "lime", "lime")
    assert mean(execute(honest), "sensitive_top1") == 1.0
    assert mean(execute(attacked), "sensitive_top1") <= 0.2
    behaviour = execute(pick("attacked", "lime", ""))
    assert mean(behaviour, "agreement") >= SETTINGS.fidelity_floor
    assert mean(behaviour, "matched_pair_effect") >= 1 - SETTINGS.harm_tolerance


def test_the_gate_never_sees_a_held_out_row() -> None:
    table = prepared(pick("attacked", "lime", "")).table
    assert not set(table.train.index) & set(table.test.index)


def test_models_that_differ_in_psi_alone_share_their_gate() -> None:
    settings = msgspec.structs.replace(SETTINGS, innocuous=None, attacks=("lime",))
    one = prepared(pick("attacked", "lime", "", settings=settings)).looked_at
    two = prepared(pick("attacked", "lime-two", "", settings=settings)).looked_at
    assert one.gate_ is two.gate_
    assert one.innocuous_ is not two.innocuous_
