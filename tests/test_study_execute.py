"""Cells of the real study, executed."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import numpy as np
import pytest

from explaudit.cells import Cell, Record
from explaudit.engines.kernel import KernelResult, kernel_shap
from explaudit.explainers import kernel_shap as kernel_adapter
from explaudit.measure import measure
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


@pytest.mark.parametrize("explainer", ["lime", "rows10"])
def test_a_record_tells_which_engine_explained_and_how_well_it_was_checked(explainer: str) -> None:
    record = execute(pick("attacked", "kmeans10", explainer))
    scalars = {name: value for name, value in record.scalars.items() if value is not None}
    assert scalars["batched_engine"] == 1.0
    assert scalars["deviation_from_library"] < 1e-9
    assert scalars["rows_verified"] == 3
    assert scalars["rows_sent"] <= scalars["rows_asked"]
    assert record.n_queries == scalars["rows_sent"] + scalars["verification_queries"]
    assert not execute(pick("honest", "", "occlusion")).scalars, "it has one engine"


def test_engines_are_measured() -> None:
    record = execute(pick("honest", "", "rows10"))
    measurements, _ = measure([record], seed=1)
    found = {m.metric: m.value for m in measurements}
    for name in ("batched_engine", "deviation_from_library", "rows_asked", "rows_sent"):
        assert found[name] == record.scalars[name]


@pytest.mark.parametrize(("fault", "deviation"), [(1.0, 1.0), (np.nan, None)])
def test_a_record_tells_why_the_library_explained(
    fault: float, deviation: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wrong(*args: Any, **kwargs: Any) -> KernelResult:
        result = kernel_shap(*args, **kwargs)
        return dataclasses.replace(result, values=result.values + fault)

    monkeypatch.setattr(kernel_adapter, "kernel_shap", wrong)
    record = execute(pick("honest", "", "rows10"))
    assert record.scalars["batched_engine"] == 0.0
    assert record.scalars["deviation_from_library"] == pytest.approx(deviation)
    ((reason, n_rows),) = record.reasons.items()
    assert reason.startswith("explained by the library: ")
    assert n_rows == len(record.row_ids)


def test_the_published_lime_gate_is_asked_about_raw_centres() -> None:
    """They average binary columns to values that are no level; that gate sees numbers alone."""
    settings = msgspec.structs.replace(
        PRESETS["paper"], datasets=("german",), n_rows=2, n_rows_crossed=2
    )
    found = execute(pick("attacked", "lime", "shap-raw-centres", settings=settings))
    assert found.status == "ok"
    assert len(found.row_ids) == 2
