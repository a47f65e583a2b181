"""The benchmark of hardened explainers: what it plans, what it counts, and what an attack does."""

from __future__ import annotations

import dataclasses
from dataclasses import fields
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from explaudit import registry
from explaudit.cells import Cell, Part, Record
from explaudit.cli import main
from explaudit.detection.plan import DetectionSettings
from explaudit.errors import InvalidInputError
from explaudit.hardening.cast import CAST
from explaudit.hardening.execute import FIRST, SHARE, execute
from explaudit.hardening.plan import HardeningSettings, is_hardening_log, plan_hardening
from explaudit.hardening.rates import rates
from explaudit.hardening.rows import cell_row
from explaudit.hardening.run import HARDENING
from explaudit.hardening.summary import summarise_hardening
from explaudit.leaderboard.settings import LeaderboardSettings
from explaudit.recorded import rebuild_recorded
from explaudit.recordlog import write_jsonl
from explaudit.scenario import Display, Scenario
from explaudit.study.halves import Halves, split_halves
from explaudit.study.plan import StudySettings

SETTINGS = HardeningSettings(
    datasets=("compas", "german"), n_rows=4, max_rows=500, gate_queries=1500
)
CELLS = plan_hardening(SETTINGS)
GERMAN = Part("german", {"protocol": "sound", "max_rows": 500})


def cell_of(
    explainer: str, setting: str = "", *, role: str = "attacked", replicate: int = 0
) -> Cell:
    return next(
        cell
        for cell in CELLS
        if (cell.dataset.name, cell.explainer_setting, cell.attack_setting, cell.role)
        == ("german", explainer, setting, role)
        and cell.replicate == replicate
    )


# -- the plan --------------------------------------------------------------------------------------


def test_every_cell_is_planned_once_for_every_explainer_and_table() -> None:
    assert len({cell.id for cell in CELLS}) == len(CELLS)
    # by hand: fair, twice honest, twice attacked by one attacker or by each of two
    per_table = sum(5 if member.one_attacker else 7 for member in CAST.values())
    assert len(CELLS) == per_table * 2 * SETTINGS.replicates
    assert {cell.explainer_setting for cell in CELLS} == set(CAST)


def test_every_part_of_the_plan_can_be_made() -> None:
    # one table's cells hold every part
    for cell in CELLS[: len(CELLS) // 4]:
        registry.create("models", cell.model.name, cell.model.settings)
        psi = registry.create("models", cell.innocuous.name, cell.innocuous.settings)
        assert cell.explainer is not None
        registry.create("explainers", cell.explainer.name, cell.explainer.settings)
        if cell.attack is not None:
            registry.create("attacks", cell.attack.name, {**cell.attack.settings, "innocuous": psi})
            sampler = cell.attack.settings["sampler"]
            registry.create("samplers", sampler["name"], sampler["settings"])


def test_what_is_shown_takes_turns_and_is_the_same_for_all_explainers() -> None:
    shown: dict[tuple[str, int], set[str]] = {}
    for cell in CELLS:
        if cell.attack is not None:
            _, bias, psi = cell.attack_setting.split("/")
            shown.setdefault((bias, cell.replicate), set()).add(psi)
    assert shown == {
        ("rule", 0): {"coin"},
        ("rule", 1): {"mimic"},
        ("0.3", 0): {"mimic"},
        ("0.3", 1): {"coin"},
    }


@pytest.mark.parametrize(
    ("name", "value"), [("n_rows", 0), ("replicates", -1), ("gate_queries", 0), ("keep_real", 1.0)]
)
def test_settings_out_of_range_are_refused(name: str, value: float) -> None:
    with pytest.raises(InvalidInputError, match=name):
        plan_hardening(msgspec.structs.replace(SETTINGS, **{name: value}))


# -- who has and asks which rows -------------------------------------------------------------------


@pytest.fixture(scope="module")
def halves() -> Halves:
    return split_halves(GERMAN, replicate=0, seed=0)


def test_attacker_and_auditor_share_no_row(halves: Halves) -> None:
    both = set(halves.attacker.index) | set(halves.auditor.index)
    assert len(both) == len(halves.attacker) + len(halves.auditor) == 500
    assert halves.outcomes.index.equals(halves.attacker.index)


class Recorder:
    """A model that remembers what it was asked."""

    def __init__(self, column: str) -> None:
        self.column, self.asked = column, list[pd.DataFrame]()

    def __call__(self, table: pd.DataFrame) -> Any:
        self.asked.append(table)
        return (table[self.column] == table[self.column].iloc[0]).to_numpy(dtype=np.float64)


@pytest.mark.parametrize("name", CAST)
def test_the_cast_says_truly_who_asks_about_real_rows_alone(name: str, halves: Halves) -> None:
    rows, background = halves.auditor.iloc[:2], halves.auditor.iloc[2:]
    encoder, model = halves.table.encoder, Recorder(halves.table.roles.sensitive)
    scenario = Scenario(rows, model, background, encoder, Display(encoder.names), output="value")
    few = {"num_samples": 60, "nsamples": 120, "verify_rows": 0}
    taken = {field.name for field in fields(registry.load("explainers", name))}
    settings = {**CAST[name].settings, **{key: few[key] for key in few.keys() & taken}}
    registry.create("explainers", name, settings).explain(scenario, seed=0)
    known = {row.tobytes() for row in encoder.encode(halves.auditor).round(9)}
    asked = encoder.encode(pd.concat(model.asked)).round(9)
    made_up = [row for row in asked if row.tobytes() not in known]
    assert bool(made_up) == (CAST[name].own != "real_rows")


def test_no_explained_row_is_the_attackers_or_in_the_background(halves: Halves) -> None:
    found = execute(cell_of("neighbour_lime", role="honest"))
    assert len(found.row_ids) == SETTINGS.n_rows
    assert set(found.row_ids) <= set(halves.auditor.index)
    # real rows asked are the background's, and each explained row once
    assert found.n_queries == len(halves.auditor) - SETTINGS.n_rows + SETTINGS.n_rows
    with pytest.raises(ValueError, match="n_rows"):
        execute(msgspec.structs.replace(cell_of("neighbour_lime", role="honest"), n_rows=10**6))


# -- what an attack does ---------------------------------------------------------------------------


def first_of(cell: Cell) -> float:
    found = execute(cell)
    fidelity = found.scalars["fidelity"]
    assert fidelity is not None and fidelity > 0.8
    return sum(value or 0.0 for value in found.rows[FIRST]) / SETTINGS.n_rows


def test_an_attack_hides_a_rule_from_lime_and_not_from_real_neighbours() -> None:
    assert first_of(cell_of("lime", "both/rule/coin")) <= 0.25
    assert first_of(cell_of("neighbour_lime", "unmatched/rule/coin")) == 1.0
    assert first_of(cell_of("neighbour_lime", "matched/rule/coin")) == 1.0


def test_equal_cells_give_equal_records() -> None:
    cell = cell_of("linear_probe", "matched/rule/coin")
    first, second = execute(cell), execute(cell)
    assert (first.rows[FIRST], first.rows[SHARE]) == (second.rows[FIRST], second.rows[SHARE])
    assert first.scalars == second.scalars
    gate = first.scalars["gate_auroc"]
    assert gate is not None and gate < 0.6, "real rows cannot be told from real rows"


# -- what is counted -------------------------------------------------------------------------------


def invented(cell: Cell) -> Record:
    """Stand in for explanations: attacks hide the feature in the first row of two."""
    first: list[float | None] = [0.0 if cell.attack is not None else 1.0, 1.0]
    if cell.role == "innocent":
        first = [0.0, None]
    return Record(
        cell_id=cell.id,
        cell=cell,
        status="ok",
        rows={FIRST: first, SHARE: [0.5, None]},
        scalars={} if cell.attack is None else {"fidelity": 0.97, "gate_auroc": None},
        row_ids=[3, 5],
        n_queries=100,
        data_sha256="ab" * 32,
        versions={"explaudit": "0"},
    )


def test_one_attacker_counts_as_both() -> None:
    found = cell_row(cell_of("lime", "both/rule/coin"), invented(cell_of("lime", "both/rule/coin")))
    assert (found.models, found.bias, found.innocuous) == (("unmatched", "matched"), "rule", "coin")
    assert {rate.model for rate in rates([found], seed=0)} == {"unmatched", "matched"}
    assert cell_row(cell_of("lime", role="innocent"), None).models == ("fair",)
    assert cell_row(cell_of("lime", role="honest"), None).bias == "rule"


def test_a_row_that_is_not_explained_does_not_show_the_feature() -> None:
    cell = cell_of("lime", role="innocent")
    found = cell_row(cell, invented(cell))
    assert (found.first, found.unexplained, found.rate) == ((0.0, 0.0), 1, 0.0)
    assert (found.share, found.queries_per_row) == (0.5, 50.0)


def test_average_and_worst_are_over_data_sets_and_failures_are_kept() -> None:
    records = [invented(cell) for cell in CELLS]
    for place, cell in enumerate(CELLS):
        if cell.dataset.name == "german" and cell.attack is not None:
            records[place] = msgspec.structs.replace(
                records[place], rows={FIRST: [0.0, 0.0], SHARE: [0.0, 0.0]}
            )
    broken = Record(cell_id=CELLS[0].id, cell=CELLS[0], status="failed", reason="it broke")
    results = summarise_hardening(SETTINGS, CELLS, [broken, *records[1:]])
    assert (results.planned, results.done, results.failed) == (len(CELLS), len(CELLS), 1)
    assert [row.reason for row in results.cells if row.status == "failed"] == ["it broke"]
    judged = next(j for j in results.judged if (j.explainer, j.model) == ("cad_defend", "matched"))
    assert (judged.average, judged.worst, judged.worst_dataset) == (0.25, 0.0, "german")
    assert judged.word == "cannot say", "so few rows, of which half differ by data set"


# -- from the command to the report ----------------------------------------------------------------


def test_a_benchmark_leaves_a_report_that_is_rebuilt_from_its_records_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = dataclasses.replace(HARDENING, execute=invented)
    monkeypatch.setattr("explaudit.hardening.run.HARDENING", kind)
    first, second = tmp_path / "first", tmp_path / "second"
    run = ["benchmark", "hardened", "--preset", "quick", "--jobs", "1", "--out", str(first)]
    done = CliRunner().invoke(main, run)
    assert done.exit_code == 0, done.output
    assert "64 cells, about" in done.output
    again = CliRunner().invoke(main, ["report", str(first), "--out", str(second), "--quiet"])
    assert again.exit_code == 0, again.output
    for name in ("report.html", "report.pdf", "results.json"):
        assert (second / name).read_bytes() == (first / name).read_bytes(), name


def test_a_report_on_an_unfinished_benchmark_says_so_and_gives_status_3(tmp_path: Path) -> None:
    log = tmp_path / "records.jsonl"
    write_jsonl(log, msgspec.to_builtins(SETTINGS), CELLS, [invented(CELLS[0])])
    result = CliRunner().invoke(main, ["report", str(tmp_path)])
    assert result.exit_code == 3, result.output
    assert f"Preliminary, after 1 of {len(CELLS)} cells." in result.output


def test_only_logs_of_this_benchmark_are_taken_for_one(tmp_path: Path) -> None:
    others: tuple[msgspec.Struct, ...] = (
        StudySettings(),
        DetectionSettings(),
        LeaderboardSettings(),
    )
    assert is_hardening_log(msgspec.to_builtins(SETTINGS))
    assert not any(is_hardening_log(msgspec.to_builtins(other)) for other in others)
    log = tmp_path / "records.jsonl"
    write_jsonl(log, {}, CELLS[:1], [])
    with pytest.raises(InvalidInputError, match="hardened explainers"):
        rebuild_recorded(HARDENING, log, tmp_path)
    write_jsonl(log, {"gate_queries": "many"}, CELLS[:1], [])
    with pytest.raises(InvalidInputError, match="unusable"):
        rebuild_recorded(HARDENING, log, tmp_path)
