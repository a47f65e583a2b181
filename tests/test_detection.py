"""The benchmark of detectors: what it plans, what it counts, and what it must not count."""

from __future__ import annotations

from typing import Any

import pytest

from explaudit import registry
from explaudit.audit.calibration import CALIBRATION
from explaudit.audit.regime import tail
from explaudit.cells import Cell, Record
from explaudit.detection.execute import execute
from explaudit.detection.plan import (
    HARD_NEGATIVES,
    HONEST_FAMILIES,
    DetectionSettings,
    plan_detection,
)
from explaudit.detection.summary import (
    TUNED_DATASETS,
    TUNED_MODELS,
    fitted_scale,
    summarise_detection,
)
from explaudit.errors import InvalidInputError

CELLS = plan_detection(DetectionSettings(honest_replicates=1))


def record(cell: Cell, *, score: float, hidden_share: float | None = None) -> Record:
    """Return what an audit may have come to: one regime test of one feature."""
    name = "sensitive features in queries of lime"
    scalars: dict[str, float | None] = {
        f"p_value: {name}": 0.5,
        f"score: {name}": score,
        f"compared: {name}": 1.0,
        "p_value: another order": 1.0,
    }
    if hidden_share is not None:
        scalars["hidden_share"] = hidden_share
    return Record(cell_id=cell.id, cell=cell, status="ok", scalars=scalars)


def honest(member: str, dataset: str) -> Cell:
    wanted: dict[str, Any] = {"member": member}
    return next(
        cell
        for cell in CELLS
        if cell.dataset.name == dataset and wanted.items() <= cell.model.settings.items()
    )


def test_every_cell_is_planned_once_on_every_data_set() -> None:
    assert len({cell.id for cell in CELLS}) == len(CELLS)
    per_dataset = [cell.dataset.name for cell in CELLS]
    counts = {name: per_dataset.count(name) for name in set(per_dataset)}
    assert len(counts) == 4
    assert len(set(counts.values())) == 1
    assert len([c for c in CELLS if c.role == "honest"]) == 4 * (
        len(HONEST_FAMILIES) + len(HARD_NEGATIVES)
    )


def test_every_model_and_attack_of_the_plan_can_be_made() -> None:
    for cell in CELLS:
        registry.create("models", cell.model.name, cell.model.settings)
        psi = registry.create("models", cell.innocuous.name, cell.innocuous.settings)
        if cell.attack is not None:
            registry.create("attacks", cell.attack.name, {**cell.attack.settings, "innocuous": psi})


def test_settings_out_of_range_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="budget"):
        plan_detection(DetectionSettings(budget=0))
    with pytest.raises(InvalidInputError, match="alpha"):
        plan_detection(DetectionSettings(alpha=1.0))


def test_alarms_are_counted_on_what_nothing_was_tuned_on() -> None:
    tuned = record(honest(TUNED_MODELS[0], TUNED_DATASETS[0]), score=50.0)
    other_model = next(name for name in HONEST_FAMILIES if name not in TUNED_MODELS)
    quiet = record(honest(other_model, TUNED_DATASETS[0]), score=1.0)
    loud = record(honest(TUNED_MODELS[0], "adult"), score=50.0)
    results = summarise_detection([tuned, quiet, loud], planned=10)
    everything = next(rate for rate in results.false_alarms if rate.name == "all")
    assert (everything.alarms, everything.n) == (1, 2)
    assert everything.low is not None and everything.high is not None
    assert everything.low < 0.5 < everything.high
    assert (results.planned, results.done, results.failed) == (10, 3, 0)


def test_an_attack_that_hides_little_does_not_count() -> None:
    first, second = [cell for cell in CELLS if cell.attack is not None][:2]
    found = [
        record(first, score=50.0, hidden_share=0.9),
        record(second, score=1.0, hidden_share=0.1),
    ]
    results = summarise_detection(found, planned=2)
    assert results.harmless == 1
    assert all((rate.alarms, rate.n) == (1, 1) for rate in results.detections)


def test_the_calibration_is_fitted_to_the_tuned_part_alone() -> None:
    inside = [record(honest(name, "compas"), score=1.0) for name in TUNED_MODELS]
    outside = [record(honest(name, "adult"), score=99.0) for name in TUNED_MODELS]
    assert fitted_scale(outside, "named") is None
    assert fitted_scale([*inside, *outside], "named") == 1.0
    assert fitted_scale([*inside, *outside], "scan") is None, "no such test was made"
    stray = record(honest(TUNED_MODELS[0], "german"), score=4.0)
    wider = fitted_scale([*inside, stray, *outside], "named")
    assert wider is not None and wider > 1.0
    assert tail(4.0, 1, wider) > 0.01 > tail(4.0, 1, 1.0)
    assert min(CALIBRATION.named, CALIBRATION.scan) >= 1.0


def test_an_audit_of_the_benchmark_is_a_record_like_any_other() -> None:
    settings = DetectionSettings(
        datasets=("german",), honest_replicates=1, budget=1600, max_rows=600, n_rows=3
    )
    cell = next(
        cell
        for cell in plan_detection(settings)
        if cell.explainer_setting == "lime" and cell.attack_setting == "plain/rule/coin"
    )
    found = execute(cell)
    assert found.status == "ok"
    assert found.n_queries <= 1600
    hidden = found.scalars["hidden_share"]
    assert hidden is not None and hidden > 0.5, "the plain scaffold hides a rule from LIME"
    p_value = found.scalars["p_value: sensitive features in queries of lime"]
    assert p_value is not None and p_value < 0.01
