"""The benchmark of detectors: what it plans, what it counts, and what it must not count."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from explaudit import registry
from explaudit.audit.calibration import CALIBRATION
from explaudit.audit.outcome import Judgement
from explaudit.audit.outcome import TestResult as Judged  # pytest collects what is called Test...
from explaudit.audit.regime_results import tail
from explaudit.audit.triangle import GROUP
from explaudit.audit.verdict import conclude
from explaudit.cells import Cell, Record
from explaudit.cli import main
from explaudit.detection.baselines import (
    BASELINES,
    GAP,
    SHARE_GAP,
    baseline_cell,
    is_baseline,
    score_name,
)
from explaudit.detection.curves import AS_PLAIN_TOOLS, WHOLE_AUDIT, Curve, curves
from explaudit.detection.execute import execute
from explaudit.detection.plan import (
    HARD_NEGATIVES,
    HONEST_FAMILIES,
    DetectionSettings,
    has_log,
    plan_detection,
)
from explaudit.detection.rates import Rate, rates
from explaudit.detection.rows import (
    TUNED_DATASETS,
    TUNED_MODELS,
    AuditRow,
    audit_row,
    least_alpha,
)
from explaudit.detection.run import DETECTION
from explaudit.detection.summary import DetectionResults, fitted_scale, summarise_detection
from explaudit.errors import InvalidInputError
from explaudit.recorded import rebuild_recorded
from explaudit.recordlog import write_jsonl

SETTINGS = DetectionSettings(
    honest_replicates=1, baseline_replicates=0, logged_replicates=0, other_tasks=False
)
CELLS = plan_detection(SETTINGS)


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
    with pytest.raises(InvalidInputError, match="logged_replicates"):
        plan_detection(DetectionSettings(logged_replicates=-1))
    with pytest.raises(InvalidInputError, match="alpha"):
        plan_detection(DetectionSettings(alpha=1.0))


def summary(records: Sequence[Record]) -> DetectionResults:
    return summarise_detection(SETTINGS, CELLS, records)


def attack(setting: str, explainer: str = "lime", *, budget: int = 6000) -> Cell:
    return next(
        cell
        for cell in CELLS
        if (cell.attack_setting, cell.explainer_setting) == (setting, explainer)
        and cell.dataset.settings["budget"] == budget
    )


def test_alarms_are_counted_on_what_nothing_was_tuned_on() -> None:
    tuned = record(honest(TUNED_MODELS[0], TUNED_DATASETS[0]), score=50.0)
    other_model = next(name for name in HONEST_FAMILIES if name not in TUNED_MODELS)
    quiet = record(honest(other_model, TUNED_DATASETS[0]), score=1.0)
    loud = record(honest(TUNED_MODELS[0], "adult"), score=50.0)
    results = summary([tuned, quiet, loud])
    everything = next(rate for rate in results.false_alarms if not rate.group)
    assert (everything.alarms, everything.n) == (1, 2)
    assert everything.low < 0.5 < everything.high
    assert (results.planned, results.done, results.failed) == (len(CELLS), 3, 0)
    assert [row.counts for row in results.audits if row.status == "ok"].count("tuned") == 1


def test_an_attack_that_hides_little_does_not_count() -> None:
    found = [
        record(attack("plain/rule/coin"), score=50.0, hidden_share=0.9),
        record(attack("plain/rule/mimic"), score=1.0, hidden_share=0.1),
    ]
    results = summary(found)
    assert results.harmless == 1
    assert results.detections
    assert all((rate.alarms, rate.n) == (1, 1) for rate in results.detections)


def test_larger_budgets_and_logs_are_told_apart() -> None:
    found = [
        record(attack("plain/0.1/coin", "kernel_shap"), score=1.0, hidden_share=0.9),
        record(attack("plain/0.1/coin", "kernel_shap", budget=12000), score=50.0, hidden_share=0.9),
        record(attack("whitelist/0.3/coin", "kernel_shap"), score=50.0, hidden_share=0.9),
    ]
    results = summary(found)
    assert [row.counts for row in results.audits if row.status == "ok"] == [
        *("effective", "larger_budget", "logged")
    ]
    usual = next(r for r in results.detections if r.group == {"explainer": "kernel_shap"})
    assert (usual.counts, usual.alarms, usual.n) == ("effective", 0, 1)
    assert results.curves == (), "there is no honest model"


CASES = {
    "one": [Judged(name="a", p_value=0.02)],
    "several": [
        Judged(name=name, p_value=p) for name, p in zip("abc", (0.4, 0.01, 0.2), strict=True)
    ],
    "groups": [
        Judged(name="a", p_value=0.004, group="x"),
        Judged(name="b", p_value=0.5, group="x"),
        Judged(name="c", p_value=0.3, group="y"),
        Judged(name="d", p_value=None, group="y"),
        Judged(name="e", p_value=0.03, group=GROUP),
    ],
    "uncounted": [
        Judged(name="a", p_value=1e-9, counted=False),
        Judged(name="b", p_value=0.7),
        Judged(name="c", p_value=0.9),
    ],
    "silent": [Judged(name="a", p_value=None)],
}


@pytest.mark.parametrize("name", CASES)
def test_the_level_is_the_least_rate_at_which_the_verdict_fails(name: str) -> None:
    tests = CASES[name]

    def outcome(alpha: float) -> str:
        return conclude([Judgement(tests=tuple(tests))], alpha=alpha, queries=0, budget=0).outcome

    level = least_alpha(tests)
    if level is None:
        assert outcome(0.99) == "inconclusive"
        return
    assert outcome(level * 0.999) == "pass"
    assert level == 1.0 or outcome(level * 1.001) == "fail"


def test_levels_are_those_of_holm_by_hand() -> None:
    # three groups; the best has two tests: 3 * 2 * 0.004
    assert least_alpha(CASES["groups"]) == pytest.approx(0.024)
    assert least_alpha([msgspec.structs.replace(t, group="") for t in CASES["groups"]]) != 0.024
    assert least_alpha(CASES["uncounted"]) == 1.0


def row(level: float | None, counts: Any = "judged", **given: Any) -> AuditRow:
    usual: dict[str, Any] = {"cell_id": "", "dataset": "compas", "replicate": 0, "budget": 6000}
    usual |= {"model": "mlp", "kind": "honest", "status": "ok", "level": level, "counts": counts}
    return AuditRow(**{**usual, **given})


@pytest.mark.parametrize(
    # Newcombe 1998, Statistics in Medicine 17, table I: Wilson's score interval
    ("alarms", "n", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_intervals_are_wilsons(alarms: int, n: int, low: float, high: float) -> None:
    rows = [row(0.0)] * alarms + [row(1.0)] * (n - alarms)
    found: Rate = rates(rows, "judged", [()])[0]
    assert (found.alarms, found.n) == (alarms, n)
    assert [found.low, found.high] == pytest.approx([low, high], abs=5e-5)


def test_an_audit_that_cannot_judge_raises_no_alarm_and_is_counted() -> None:
    # of one explainer's queries nothing is said: at 1 % no other test accuses the second model
    unsaid = {"sensitive features in queries of lime": None}
    accused, not_cleared = row(0.03, p_values=unsaid), row(0.5, p_values=unsaid)
    found = rates([row(None), accused, not_cleared, row(0.03), row(0.5)], "judged", [()])
    assert [(rate.alpha, rate.alarms, rate.inconclusive, rate.n) for rate in found] == [
        (0.05, 2, 2, 5),
        (0.01, 0, 3, 5),
    ]


def test_what_an_audit_left_unsaid_no_calibration_says() -> None:
    cell = next(cell for cell in CELLS if cell.role != "attacked")
    told = record(cell, score=9.0)
    name = "sensitive features in queries of lime"
    untold = msgspec.structs.replace(told, scalars={**told.scalars, f"p_value: {name}": None})
    loud, silent = (audit_row(cell, each, None, SETTINGS) for each in (told, untold))
    assert loud.alarm(0.01) and not loud.silent(0.01)
    assert silent.p_values[name] is None
    assert silent.silent(0.05) and not silent.alarm(0.05)


def test_the_share_that_is_hidden_falls_into_the_bin_that_it_opens() -> None:
    bins = {0.25: "0.25-0.5", 0.4999: "0.25-0.5", 0.5: "0.5-0.75", 0.75: "0.75-0.9", 0.9: "0.9-1"}
    for share, name in {**bins, 1.0: "0.9-1"}.items():
        found = rates([row(0.0, "effective", hidden_share=share)], "effective", [("hidden_share",)])
        assert found[0].group == {"hidden_share": name}


def whole(honest_levels: Sequence[float | None], levels: Sequence[float | None]) -> Curve:
    attacks = [row(level, "effective", explainer="lime") for level in levels]
    found = curves([*(row(level) for level in honest_levels), *attacks])
    return next(curve for curve in found if curve.of == WHOLE_AUDIT)


def test_the_area_under_a_curve_is_the_share_of_pairs_in_order() -> None:
    # by hand: 4 + 3.5 + 0.5 of 12 pairs, ties counted half; who cannot say comes last
    curve = whole((0.5, 0.2, 0.05, None), (0.01, 0.05, None))
    assert curve.area == pytest.approx(8 / 12)
    assert (curve.points[0], curve.points[-1]) == ((0.0, 0.0), (1.0, 1.0))
    assert [curve.detections(x) for x in (0.0, 0.24, 0.25)] == pytest.approx([1 / 3, 1 / 3, 2 / 3])
    turned = whole((0.01, 0.05, None), (0.5, 0.2, 0.05, None))
    assert turned.area == pytest.approx(1 - 8 / 12)


def test_a_curve_keeps_its_corners_and_nothing_between() -> None:
    curve = whole((0.4, 0.5, 0.6), (0.01, 0.02, 0.03))
    assert curve.points == ((0.0, 0.0), (0.0, 1.0), (1.0, 1.0))
    assert curve.area == 1.0


def test_curves_of_single_tests_are_of_the_explainer_under_attack() -> None:
    names = [f"sensitive features in queries of {name}" for name in ("lime", "kernel_shap")]
    p_values = dict.fromkeys([*names, "another order"], 0.01)
    attacked = row(0.01, "effective", explainer="lime", p_values=p_values, hidden={"lime": 0.4})
    judged = row(0.5, p_values=dict.fromkeys(p_values, 0.5), hidden={"lime": 0.1})
    found = {curve.of: curve.area for curve in curves([attacked, judged])}
    assert names[0] in found
    assert names[1] not in found
    assert len(found) == 4
    assert set(found.values()) == {1.0}


def test_cost_is_told_by_data_set_and_budget() -> None:
    models = [honest(name, "adult") for name in ("mlp", "lda", "qda")]
    given = zip(models, (1.0, 9.0, 2.0), (100, 300, 200), strict=True)
    found = [
        msgspec.structs.replace(
            record(cell, score=1.0), rows={"audit_cpu_seconds": [seconds]}, n_queries=queries
        )
        for cell, seconds, queries in given
    ]
    (cost,) = summary(found).costs
    assert (cost.dataset, cost.n, cost.queries) == ("adult", 3, 200)
    assert (cost.cpu_median, cost.cpu_most, cost.cpu_total) == (2.0, 9.0, 12.0)


def test_a_failed_audit_keeps_its_reason_and_counts_for_nothing() -> None:
    cell = honest("mlp", "adult")
    failed = Record(cell_id=cell.id, cell=cell, status="failed", reason="it broke")
    results = summary([failed])
    assert (results.done, results.failed, results.false_alarms) == (1, 1, ())
    found = next(row for row in results.audits if row.status == "failed")
    assert (found.cell_id, found.reason, found.counts) == (cell.id, "it broke", "")
    assert audit_row(cell, None, None, SETTINGS).status == "planned"


def test_the_calibration_is_fitted_to_the_tuned_part_alone() -> None:
    inside = [record(honest(name, "compas"), score=1.0) for name in TUNED_MODELS]
    outside = [record(honest(name, "adult"), score=99.0) for name in TUNED_MODELS]
    assert fitted_scale(outside, "named") is None
    assert fitted_scale(inside, "named") == fitted_scale([*inside, *outside], "named")
    assert fitted_scale([*inside, *outside], "scan") is None, "no such test was made"
    stray = record(honest(TUNED_MODELS[0], "german"), score=4.0)
    wider = fitted_scale([*inside, stray, *outside], "named")
    assert wider is not None and wider > 1.0
    assert tail(4.0, 1, wider) > 0.01 > tail(4.0, 1, 1.0)
    # by hand: Student's t of 49 degrees of freedom is above 1.68 with a probability of 5 %
    mild = [record(honest(name, "compas"), score=1.34) for name in TUNED_MODELS]
    assert fitted_scale(mild, "named") == 1.0
    bold = [record(honest(name, "compas"), score=1.68 * 1.2) for name in TUNED_MODELS]
    assert fitted_scale(bold, "named") == pytest.approx(1.25, abs=0.051)
    assert min(dataclasses.astuple(CALIBRATION)) >= 1


def scaffolded(*, plain: bool) -> Cell:
    """Return the small audit of a scaffold against LIME, or the cell of plain tools on it."""
    settings = DetectionSettings(
        datasets=("german",), honest_replicates=1, budget=1600, max_rows=600, n_rows=3
    )
    return next(
        cell
        for cell in plan_detection(settings)
        if cell.explainer_setting == "lime"
        and cell.attack_setting == "plain/rule/coin"
        and is_baseline(cell) == plain
    )


def test_an_audit_of_the_benchmark_is_a_record_like_any_other() -> None:
    found = execute(scaffolded(plain=False))
    assert found.status == "ok"
    assert found.n_queries <= 1600
    hidden = found.scalars["hidden_share"]
    assert hidden is not None and hidden > 0.5, "the plain scaffold hides a rule from LIME"
    p_value = found.scalars["p_value: sensitive features in queries of lime"]
    assert p_value is not None and p_value < 0.01


def test_plain_tools_judge_the_same_model() -> None:
    found = execute(scaffolded(plain=True))
    assert found.scalars.keys() == {
        *(score_name(of, name) for of in BASELINES for name in ("lime", "kernel_shap"))
    }
    assert found.n_queries <= 1600
    gap = found.scalars[score_name(SHARE_GAP, "lime")]
    assert gap is not None and gap > 0.3, "the queries of LIME do not show the rule"
    groups = found.scalars[GAP]
    assert groups is not None and groups > 0.5, "the groups' decisions do"


def test_plain_tools_are_planned_for_every_audit_with_the_usual_budget() -> None:
    cells = plan_detection(msgspec.structs.replace(SETTINGS, baseline_replicates=1))
    audits = cells[: len(CELLS)]
    assert audits == CELLS
    usual = [cell for cell in audits if cell.dataset.settings["budget"] == SETTINGS.budget]
    assert 0 < len(usual) < len(audits)
    assert cells[len(CELLS) :] == [baseline_cell(cell) for cell in usual]
    assert len({cell.id for cell in cells}) == len(cells)
    assert [is_baseline(cell) for cell in cells] == [False] * len(audits) + [True] * len(usual)


def test_honest_models_are_judged_by_a_log_alone_once_more() -> None:
    settings = msgspec.structs.replace(SETTINGS, logged_replicates=2)
    cells = plan_detection(settings)
    logged = cells[len(CELLS) :]
    assert cells[: len(CELLS)] == CELLS and all(map(has_log, logged))
    members = len(HONEST_FAMILIES) + len(HARD_NEGATIVES)
    assert len({cell.id for cell in logged}) == 2 * 4 * members
    replay: dict[str, float | None] = {
        "p_value: logged decisions asked again": 1.0,
        "p_value: logged decisions against fresh rows": 0.004,
        "p_value: fresh rows foretold by logged decisions": 0.5,
    }
    found = Record(cell_id=logged[0].id, cell=logged[0], status="ok", scalars=replay)
    results = summarise_detection(settings, cells, [found, record(CELLS[0], score=1.0)])
    (own,) = [row for row in results.audits if row.counts == "logged_honest"]
    # two tests within the group, and two groups
    assert own.level == pytest.approx(2 * 2 * 0.004)
    usual, strict = (rate for rate in results.false_alarms if rate.counts == "logged_honest")
    assert (usual.alpha, usual.alarms, strict.alarms, usual.n) == (0.05, 1, 0, 1)


def test_the_audit_with_a_log_is_by_the_log_alone() -> None:
    settings = DetectionSettings(datasets=("german",), budget=1600, max_rows=600)
    cell = next(
        cell
        for cell in plan_detection(settings)
        if has_log(cell) and cell.model.settings.get("member") == "tree_shallow"
    )
    scalars = execute(cell).scalars
    names = {key.split(": ")[1] for key in scalars if key.startswith("p_value: ")}
    assert names == {
        "logged decisions asked again",
        "logged decisions against fresh rows",
        "fresh rows foretold by logged decisions",
    }
    assert scalars["p_value: logged decisions asked again"] == 1.0


def test_curves_of_plain_tools_are_of_what_they_judged() -> None:
    gap = score_name(SHARE_GAP, "lime")
    attacks = [
        row(0.5, "effective", explainer="lime", baselines={gap: 0.4, GAP: 0.5}),
        # not judged by them yet
        row(0.5, "effective", explainer="lime"),
    ]
    # the last has no figure, and is accused last
    scores: list[dict[str, float | None]] = [{gap: 0.1, GAP: 0.9}, {gap: 0.6, GAP: None}]
    found = {
        curve.of: curve
        for curve in curves([*attacks, *(row(0.5, baselines=own) for own in scores)])
    }
    assert (found[SHARE_GAP].n_honest, found[SHARE_GAP].n_attacks) == (2, 1)
    assert found[SHARE_GAP].area == found[GAP].area == 0.5
    assert found[WHOLE_AUDIT].n_attacks == 2
    assert (found[AS_PLAIN_TOOLS].n_honest, found[AS_PLAIN_TOOLS].n_attacks) == (2, 1)
    assert not {SHARE_GAP, AS_PLAIN_TOOLS} & {c.of for c in curves([attacks[1], row(0.5)])}


def test_the_summary_joins_plain_tools_to_their_audit_and_keeps_their_failures() -> None:
    settings = msgspec.structs.replace(SETTINGS, baseline_replicates=1)
    cells = plan_detection(settings)
    one, other = CELLS[:2]
    plain = baseline_cell(one)
    scored = Record(cell_id=plain.id, cell=plain, status="ok", scalars={GAP: 0.25})
    broken = baseline_cell(other)
    failed = Record(cell_id=broken.id, cell=broken, status="failed", reason="it broke")
    results = summarise_detection(settings, cells, [record(one, score=1.0), scored, failed])
    found = {row.cell_id: row for row in results.audits}
    assert len(found) == results.planned == len(CELLS)
    assert found[one.id].baselines == {GAP: 0.25}
    assert found[other.id].baselines == {}
    assert (results.done, results.failed) == (1, 0)
    assert results.baselines == (len(cells) - len(CELLS), 2)
    assert results.baselines_failed == {"it broke": 1}


def invented(cell: Cell) -> Record:
    """Stand in for an audit, which takes half a minute."""
    return record(cell, score=2.0, hidden_share=None if cell.attack is None else 0.8)


def test_a_benchmark_leaves_a_report_that_is_rebuilt_from_its_records_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = dataclasses.replace(DETECTION, execute=invented)
    monkeypatch.setattr("explaudit.detection.run.DETECTION", kind)
    first, second = tmp_path / "first", tmp_path / "second"
    run = ["benchmark", "detectors", "--preset", "quick", "--jobs", "1", "--out", str(first)]
    done = CliRunner().invoke(main, run)
    assert done.exit_code == 0, done.output
    assert "audits of honest models ended in" in done.output
    again = CliRunner().invoke(main, ["report", str(first), "--out", str(second), "--quiet"])
    assert again.exit_code == 0, again.output
    for name in ("report.html", "report.pdf", "results.json"):
        assert (second / name).read_bytes() == (first / name).read_bytes(), name


def test_a_report_on_an_unfinished_benchmark_says_so_and_gives_status_3(tmp_path: Path) -> None:
    log = tmp_path / "records.jsonl"
    write_jsonl(log, msgspec.to_builtins(SETTINGS), CELLS, [invented(CELLS[0])])
    result = CliRunner().invoke(main, ["report", str(tmp_path)])
    assert result.exit_code == 3, result.output
    assert f"Preliminary, after 1 of {len(CELLS)} audits." in result.output


def test_the_log_of_something_else_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "records.jsonl"
    write_jsonl(log, {}, [msgspec.structs.replace(CELLS[0], kind="behaviour")], [])
    with pytest.raises(InvalidInputError, match="benchmark of detectors"):
        rebuild_recorded(DETECTION, log, tmp_path)
    write_jsonl(log, {"unheard_of": 1}, CELLS[:1], [])
    with pytest.raises(InvalidInputError, match="unusable"):
        rebuild_recorded(DETECTION, log, tmp_path)
