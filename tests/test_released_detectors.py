"""What the audit says of its own tests is what the released records of the benchmark say."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from explaudit.audit.calibration import CALIBRATION
from explaudit.audit.measured import FALSE_ALARMS, with_measured_rates
from explaudit.audit.outcome import Judgement
from explaudit.audit.outcome import TestResult as Judged  # pytest collects what is called Test...
from explaudit.audit.verdict import conclude
from explaudit.detection.rates import ALPHAS
from explaudit.detection.run import DETECTION
from explaudit.detection.summary import DetectionResults
from explaudit.recorded import rebuild_recorded
from explaudit_reports.provenance import fingerprint

RECORDS = Path(__file__).parents[1] / "reports" / "detectors" / "records.jsonl.gz"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> DetectionResults:
    rebuilt = rebuild_recorded(DETECTION, RECORDS, tmp_path_factory.mktemp("released"))
    assert not rebuilt.warnings
    return rebuilt.results


def test_every_planned_audit_is_there(released: DetectionResults) -> None:
    assert released.done == released.planned
    assert released.failed == 0
    planned, done = released.baselines
    assert planned == done > 0
    assert released.baselines_failed == {}


def test_the_committed_page_is_that_of_the_records(released: DetectionResults) -> None:
    page = RECORDS.with_name("report.html").read_text(encoding="utf-8")
    assert f"results {fingerprint(released)[:12]}" in page


def test_the_readme_quotes_the_records(released: DetectionResults) -> None:
    readme = " ".join(RECORDS.parents[2].joinpath("README.md").read_text(encoding="utf-8").split())
    quoted = [rate for rate in released.false_alarms if not rate.group and rate.counts == "judged"]
    quoted += [
        rate
        for rate in released.detections
        if rate.counts == "effective" and rate.group.keys() == {"explainer"}
    ]
    usual = [f"{rate.alarms} of {rate.n}" for rate in quoted if rate.alpha == ALPHAS[0]]
    assert len(usual) == 3
    assert [text for text in usual if f"{text} " not in readme] == []
    usual_rate = next(rate for rate in quoted if rate.counts == "judged")
    assert usual_rate.alpha == ALPHAS[0]
    assert f"and {usual_rate.inconclusive} were inconclusive" in readme
    strict = next(rate for rate in quoted if rate.counts == "judged" and rate.alpha == ALPHAS[1])
    assert f"at a nominal 1 %, {strict.alarms} did ({100 * strict.value:.1f} %" in readme
    ends = [f"{100 * rate.low:.1f}–{100 * rate.high:.1f})" for rate in (usual_rate, strict)]
    assert f"({100 * usual_rate.value:.1f} %, 95 % interval {ends[0]}" in readme
    assert f"({100 * strict.value:.1f} %, {ends[1]}" in readme
    found = [rate for rate in quoted if rate.counts == "effective" and rate.alpha == ALPHAS[0]]
    shares = [f"({100 * rate.value:.0f} %)" for rate in found]
    assert [share for share in shares if share not in readme] == []


def test_the_readme_sets_plain_tools_beside_the_audit(released: DetectionResults) -> None:
    readme = " ".join(RECORDS.parents[2].joinpath("README.md").read_text(encoding="utf-8").split())
    areas: dict[str, dict[str, float]] = {}
    for curve in released.curves:
        areas.setdefault(curve.of, {})[curve.explainer] = curve.area

    def shown(of: str) -> tuple[str, str]:
        return f"{areas[of]['lime']:.2f}", f"{areas[of]['kernel_shap']:.2f}"

    plain = ("CAD-Detect", "real less claimed share", "gap between groups")
    assert max(plain, key=lambda of: sum(areas[of].values())) == plain[1]
    audit, best, cad = shown("whole audit"), shown(plain[1]), shown(plain[0])
    assert audit == shown("whole audit, as plain tools")
    assert f"is {audit[0]} on LIME and {audit[1]} on KernelSHAP" in readme
    assert f"that is claimed, is {best[0]} and {best[1]}" in readme
    assert f"that of CAD-Detect {cad[0]} and {cad[1]}" in readme


def test_the_readme_names_what_is_missed(released: DetectionResults) -> None:
    readme = " ".join(RECORDS.parents[2].joinpath("README.md").read_text(encoding="utf-8").split())
    counted = [row for row in released.audits if row.counts == "effective"]
    blind = [r for r in counted if (r.explainer, r.answers) == ("kernel_shap", "labels")]
    missed = sum(not row.alarm(ALPHAS[0]) for row in blind)
    assert f"got labels only {missed} of {len(blind)} were not found" in readme
    plain = [row for row in counted if (row.adversary, row.strength) == ("plain", "rule")]
    found = sum(row.alarm(ALPHAS[0]) for row in plain)
    assert f"{found} of {len(plain)} that plainly hide a whole rule" in readme
    tally = []
    for explainer in ("lime", "kernel_shap"):
        faint = [
            row
            for row in counted
            if (row.adversary, row.strength, row.explainer) == ("plain", "0.1", explainer)
        ]
        tally.append(f"{sum(row.alarm(ALPHAS[0]) for row in faint)} of {len(faint)}")
    assert f"take a tenth off a score, {tally[0]} on LIME and {tally[1]} on KernelSHAP" in readme
    diluted = [row for row in counted if row.adversary.startswith("dilution")]
    missed = sum(not row.alarm(ALPHAS[0]) for row in diluted)
    assert f"of {len(diluted)} diluted attacks {missed}." in readme


def test_the_calibration_is_the_one_that_the_tuned_part_gives(released: DetectionResults) -> None:
    assert released.fitted == dataclasses.asdict(CALIBRATION)


def test_measured_rates_are_those_of_the_records(released: DetectionResults) -> None:
    counted: dict[str, dict[float, tuple[int, int]]] = {}
    for rate in released.tests:
        counted.setdefault(rate.group["test"], {})[rate.alpha] = (rate.alarms, rate.n)
    assert counted == FALSE_ALARMS
    assert all(tuple(levels) == ALPHAS for levels in FALSE_ALARMS.values())


def test_a_verdict_tells_the_rates_where_they_were_measured() -> None:
    names = ("sensitive features in queries of lime", "a test of tomorrow")
    judgement = Judgement(tests=tuple(Judged(name=name, p_value=0.5) for name in names))
    for alpha in (*ALPHAS, 0.2):
        verdict = with_measured_rates(conclude([judgement], alpha=alpha, queries=1, budget=1))
        known, unknown = (test.false_alarm_rate for test in verdict.tests)
        assert unknown is None
        if alpha in ALPHAS:
            alarms, n = FALSE_ALARMS["sensitive features in queries"][alpha]
            assert known == alarms / n
        else:
            assert known is None
