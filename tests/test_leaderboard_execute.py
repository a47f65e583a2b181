"""Cells of a leaderboard, executed: what explanations are judged by, and a run that is torn."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from explaudit.cells import Cell, Record
from explaudit.explainer import RowExplainer, RowExplanation, View
from explaudit.leaderboard import LeaderboardSettings, plan_leaderboard, run_leaderboard
from explaudit.leaderboard import run as run_module
from explaudit.leaderboard.execute import execute
from explaudit.leaderboard.material import material
from explaudit.leaderboard.peers import made_again, peers
from explaudit.leaderboard.recoding import Recoding, recoded, shifted
from explaudit.leaderboard.settings import Judging
from explaudit.measure import measure
from explaudit.metrics import metric_specs
from explaudit.metrics.material import Material
from explaudit.recorded import RECORDS
from explaudit.recordlog import read_jsonl
from explaudit.scenario import Scenario
from explaudit.study.execute import Explained, explain
from explaudit.study.scenarios import Prepared, prepared

Array = npt.NDArray[np.float64]

N_ROWS, N_NEARBY, N_REAL = 4, 2, 200
SETTINGS = LeaderboardSettings(
    datasets=("german",),
    explainers=("lime", "kernel_shap_kmeans", "occlusion", "random"),
    adversaries=("plain", "imitating"),
    replicates=1,
    curve_replicates=0,
    n_rows=N_ROWS,
    n_nearby=N_NEARBY,
    n_real=N_REAL,
)
EVERYTHING = frozenset(need for spec in metric_specs().values() for need in spec.needs)


def pick(role: str, attack: str, explainer: str, **changes: Any) -> Cell:
    (cell,) = [
        cell
        for cell in plan_leaderboard(msgspec.structs.replace(SETTINGS, **changes))
        if (cell.role, cell.attack_setting, cell.explainer_setting) == (role, attack, explainer)
    ]
    return cell


@dataclass(frozen=True)
class Audited:
    """A cell as tables and models know it, its models and its explanation."""

    cell: Cell
    made: Prepared
    explained: Explained


@cache
def audited(role: str, attack: str, explainer: str) -> Audited:
    planned = pick(role, attack, explainer)
    cell = msgspec.structs.replace(planned, dataset=Judging.taken_from(planned.dataset)[1])
    made = prepared(cell)
    return Audited(cell, made, explain(cell, made))


@cache
def judged_by(role: str, attack: str, explainer: str) -> Material:
    it = audited(role, attack, explainer)
    judging = Judging(n_nearby=N_NEARBY, n_real=N_REAL)
    return material(it.cell, it.made, it.explained, judging, EVERYTHING)


def mean(record: Record, metric: str) -> float:
    return float(np.mean([np.nan if v is None else v for v in record.rows[metric]]))


def test_all_that_metrics_need_is_there() -> None:
    found = judged_by("attacked", "plain/lime", "lime")
    assert EVERYTHING - {"r2", "unrelated_one", "unrelated_two"} <= found.there
    n_features = len(audited("attacked", "plain/lime", "lime").made.table.encoder.names)
    assert found.rows.shape == (N_ROWS, n_features)
    assert found.real_rows.shape == (N_REAL, n_features)
    for nearby in found.nearby.values():
        assert nearby.rows.shape == nearby.values.shape == (N_ROWS, N_NEARBY, n_features)
        assert nearby.answers.shape == (N_ROWS, N_NEARBY)
    others = found.other_explainers
    assert others.keys() == {"kernel_shap", "occlusion"}, "LIME is not held against itself"


def test_answers_are_those_of_the_model_that_is_explained() -> None:
    it = audited("attacked", "plain/lime", "lime")
    found = judged_by("attacked", "plain/lime", "lime")
    assert found.protected is not None
    scenario, decode = it.explained.scenario, it.explained.scenario.encoder.decode
    assert (found.answers == scenario.answer(scenario.rows)).all()
    assert (found.real_answers == scenario.answer(decode(found.real_rows))).all()
    for nearby in found.nearby.values():
        there = ~np.isnan(nearby.answers)
        assert (nearby.answers[there] == scenario.answer(decode(nearby.rows[there]))).all()
    here = found.positions >= 0
    assert (found.real_rows[found.positions[here]] == found.rows[here]).all()
    assert (found.protected == it.made.table.protected(scenario.rows)).all()


def test_real_rows_nearby_are_real_others_and_answered_alike() -> None:
    found = judged_by("attacked", "plain/lime", "lime")
    real = found.nearby["real"]
    known = {row.tobytes() for row in found.real_rows}
    assert all(row.tobytes() in known for row in real.rows.reshape(-1, found.rows.shape[1]))
    assert ((real.answers > 0.5) == (found.answers > 0.5)[:, None]).all()


def test_the_surrogate_is_the_explanation_read_as_a_model() -> None:
    lime = audited("attacked", "plain/lime", "lime").explained.attributions
    by_hand = lime.diagnostics["intercept"] + lime.values.sum(axis=1)
    assert judged_by("attacked", "plain/lime", "lime").surrogate_answers == pytest.approx(by_hand)
    shap = judged_by("honest", "", "kernel_shap_kmeans")
    # its attributions add up
    assert shap.surrogate_answers == pytest.approx(shap.answers, abs=1e-6)
    assert judged_by("honest", "", "occlusion").surrogate_answers is None


def test_the_truth_is_the_feature_that_decides_real_rows() -> None:
    names = audited("honest", "", "occlusion").made.table.encoder.names
    for role, attack, feature in (
        ("honest", "", "sex"),
        ("attacked", "plain/lime", "sex"),
        ("innocent", "coin", "unrelated_one"),
    ):
        truth = judged_by(role, attack, "occlusion" if role != "attacked" else "lime").truth
        assert truth is not None
        assert set(np.flatnonzero(truth.any(axis=0))) == {names.index(feature)}
    assert judged_by("innocent", "mimic", "occlusion").truth is None


def test_a_retrained_model_is_held_against_true_outcomes() -> None:
    it = audited("honest", "", "occlusion")
    correct_without = judged_by("honest", "", "occlusion").correct_without
    assert correct_without is not None
    nothing_left = correct_without(tuple(range(len(it.made.table.encoder.names))))
    outcomes = it.made.table.test_target.loc[it.explained.scenario.rows.index]
    commonest = it.made.table.train_target.mode()[0]
    assert nothing_left.tolist() == (outcomes == commonest).astype(float).tolist()
    assert correct_without((3, 1)) is not None
    assert (correct_without((3, 1)) == correct_without((1, 3, 3))).all()


@pytest.mark.parametrize("role", ["honest", "attacked"])
def test_occlusion_does_not_care_how_rows_are_written(role: str) -> None:
    """One row replaced by another's values is the same row in any writing."""
    it = audited(role, "imitating/rows" if role == "attacked" else "", "occlusion")
    found = peers(it.cell, it.made, it.explained, frozenset({"shifted", "recoded"}))
    for name in ("shifted", "recoded"):
        np.testing.assert_allclose(found[name], it.explained.attributions.values, atol=1e-9)


@dataclass(frozen=True)
class Codes(RowExplainer):
    """Attributes each feature's own code or number: what a careless explainer might do."""

    name, source = "codes", "a planted fault"

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        return lambda row, own_seed: RowExplanation(np.array(row))


def test_an_explainer_that_reads_codes_is_seen() -> None:
    scenario = audited("honest", "", "occlusion").explained.scenario
    numeric = [f.levels is None for f in scenario.encoder.features]
    plain = Codes().explain(scenario, seed=0).values

    def other(change: Callable[[Scenario], Recoding]) -> Array:
        recoding = change(scenario)
        found = Codes().explain(recoding.scenario(scenario), seed=0).values
        return recoding.attributions(found)

    by_shift, by_code = other(shifted), other(recoded)
    assert by_shift[:, numeric] == pytest.approx(plain[:, numeric] * 4 + 3)
    assert (by_code[:, numeric] == plain[:, numeric]).all(), "columns are brought back"
    last = [len(f.level_names) - 1 for f in scenario.encoder.features if f.levels is not None]
    categorical = ~np.array(numeric)
    assert (by_code[:, categorical] == last - plain[:, categorical]).all()


@pytest.mark.parametrize("change", [shifted, recoded])
def test_what_is_written_can_be_read(change: Callable[[Scenario], Recoding]) -> None:
    it = audited("honest", "", "occlusion")
    rows, encoder = it.explained.scenario.background, it.made.table.encoder
    recoding = change(it.explained.scenario)
    written = recoding.write(rows)
    # to the bit: rounding may carry a number over a tree's cut
    pd.testing.assert_frame_equal(
        recoding.read(written), rows.reset_index(drop=True), check_exact=True
    )
    assert not (written[list(encoder.names)].to_numpy() == encoder.encode(rows)).all()


def test_numbers_of_no_real_row_are_read_back_as_they_are() -> None:
    scenario = audited("honest", "", "occlusion").explained.scenario
    moved = scenario.rows.assign(age=scenario.rows["age"] + 1e-6)
    found = shifted(scenario)
    assert found.read(found.write(moved))["age"].to_numpy() == pytest.approx(
        moved["age"].to_numpy(), abs=1e-12
    )


def test_a_model_made_again_is_another_model() -> None:
    for role, attack in (("honest", ""), ("attacked", "plain/lime"), ("innocent", "coin")):
        it = audited(role, attack, "occlusion" if role != "attacked" else "lime")
        scenario, rows = it.explained.scenario, it.made.table.test
        again = made_again(it.cell, it.made, scenario)(rows)
        before = scenario.answer(rows)
        assert abs(np.corrcoef(before, again)[0, 1]) < 0.5
        assert (again != before).mean() > 0.5


def test_an_attacked_model_made_again_keeps_its_gate_and_psi() -> None:
    it = audited("attacked", "plain/lime", "lime")
    rng = np.random.default_rng(0)
    matrix = it.made.table.encoder.encode(it.made.table.test)
    queries = it.made.table.encoder.decode(rng.permuted(matrix, axis=0))
    suspected = ~it.made.looked_at.judged_real(queries)
    again = made_again(it.cell, it.made, it.explained.scenario)(queries)
    psi = it.made.innocent.predict_proba(queries)[:, 1]
    assert suspected.sum() > 20
    assert (again[suspected] == psi[suspected]).all()
    assert (again[~suspected] != psi[~suspected]).mean() > 0.5


def test_nothing_is_made_that_no_metric_needs() -> None:
    it = audited("honest", "", "occlusion")
    found = material(it.cell, it.made, it.explained, Judging(), frozenset({"model"}))
    assert not found.nearby and not found.peers


def test_the_imitating_psi_answers_at_fs_level() -> None:
    made = audited("innocent", "mimic", "occlusion").made
    f, psi = (model.predict_proba(made.table.train)[:, 1] for model in (made.honest, made.innocent))
    assert psi.mean() == pytest.approx(f.mean(), abs=0.02)
    flipped = made.table.test.assign(sex=made.table.test["sex"].iloc[::-1].to_numpy())
    before, after = (made.innocent.predict_proba(rows) for rows in (made.table.test, flipped))
    assert (before == after).all(), "it does not read the sensitive feature"


def test_a_cell_end_to_end() -> None:
    cell = pick("attacked", "plain/lime", "lime")
    first = execute(cell)
    assert first.status == "ok" and first.cell == cell
    assert len(first.row_ids) == N_ROWS
    assert {name for name, spec in metric_specs().items() if "truth" not in spec.needs} <= (
        first.rows.keys()
    )
    execute(pick("honest", "", "random"))
    again = execute(cell)
    timeless = [msgspec.structs.replace(found, seconds=0.0) for found in (first, again)]
    assert timeless[0] == timeless[1]


def test_chosen_metrics_are_all_that_is_recorded() -> None:
    names = ("sensitive_share", "queries_per_row")
    record = execute(pick("honest", "", "random", metrics=names))
    assert record.rows.keys() == set(names)
    everything = execute(pick("honest", "", "random"))
    assert all(everything.rows[name] == record.rows[name] for name in names)
    assert all(reason.split(":")[0] in {*names, "not explained"} for reason in record.reasons)


def test_records_are_measured() -> None:
    names = ("sensitive_share", "surrogate_r2")
    looked_at = [("honest", ""), ("innocent", "coin"), ("attacked", "plain/lime")]
    records = [
        execute(pick(*model, explainer, metrics=names))
        for model in looked_at
        for explainer in ("", "lime")
    ]
    measurements, gameability = measure(records, seed=0, fidelity_floor=0.85, harm_tolerance=0.2)
    (worst,) = [g for g in gameability if (g.evidence, g.summary) == ("sensitive_share", "worst")]
    assert worst.attack_setting == "plain/lime"
    assert worst.value is not None and worst.value > 0.9
    assert "surrogate_r2_not_worse" in {m.metric for m in measurements}
    fidelity = {m.attack_setting: m.value for m in measurements if m.metric == "fidelity"}
    assert fidelity["plain/lime"] is not None and 0.85 < fidelity["plain/lime"] < 1


def test_a_torn_run_goes_on_where_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = msgspec.structs.replace(SETTINGS, explainers=("random",), adversaries=("plain",))
    n_cells, tear, executed = len(plan_leaderboard(settings)), 3, []

    def torn(cell: Cell) -> Record:
        executed.append(cell.id)
        if len(executed) == tear:
            raise KeyboardInterrupt
        return Record(cell_id=cell.id, cell=cell, status="ok")

    kind = dataclasses.replace(run_module.LEADERBOARD, execute=torn)
    monkeypatch.setattr(run_module, "LEADERBOARD", kind)
    first = run_leaderboard(settings, tmp_path, progress=False)
    assert first.run.interrupted and first.run.done == tear - 1
    assert first.results.cells.done == tear - 1
    second = run_leaderboard(settings, tmp_path, progress=False)
    assert (second.run.done, second.run.failed, second.run.interrupted) == (n_cells, 0, False)
    # the torn one alone is done again
    assert len(executed) == n_cells + 1 and len(set(executed)) == n_cells
    assert len(read_jsonl(tmp_path / RECORDS).records) == n_cells
