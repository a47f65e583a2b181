"""What the report says of how its explanations were computed: engine, check and cost."""

from __future__ import annotations

import dataclasses
import itertools
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from explaudit.cells import Cell, Part, Record
from explaudit.cli import main
from explaudit.engines.kernel import KernelResult, kernel_shap
from explaudit.explainers import kernel_shap as kernel_adapter
from explaudit.recordlog import write_jsonl
from explaudit.results import Results
from explaudit.study.execute import execute
from explaudit.study.plan import PRESETS, plan
from explaudit.study.summary import summarise
from explaudit_reports import build_report
from explaudit_reports.engines import EngineUse, engine_section, engine_uses
from explaudit_reports.html import render_html
from explaudit_reports.lookup import Lookup
from explaudit_reports.model import Definitions, Paragraph, Report, Section, Table
from explaudit_reports.numbers import DASH
from explaudit_reports.pdf import render_pdf

SETTINGS = msgspec.structs.replace(
    PRESETS["quick"],
    datasets=("german",),
    attacks=("lime",),
    explainers=("lime", "kmeans10", "rows10", "occlusion"),
    n_rows=4,
    n_rows_crossed=4,
    replicates=1,
)
CELLS = plan(SETTINGS)
DEVIATING = "engine and library deviate by more than 1e-06"
UNCOVERED = "the kernel is not covered"
Scalars = dict[str, float | None]


def cells_of(setting: str) -> list[Cell]:
    return [cell for cell in CELLS if cell.explainer_setting == setting]


def record(cell: Cell, scalars: Scalars, fallback: str = "") -> Record:
    reasons = {f"explained by the library: {fallback}": 4} if fallback else {}
    return Record(
        cell_id=cell.id,
        cell=cell,
        status="ok",
        rows={"queries_per_row": [1.0, 1.0, 1.0, 1.0]},
        scalars=scalars,
        reasons={"sensitive_share: nothing is shown": 1} | reasons,
        row_ids=[1, 2, 3, 4],
    )


def engine(deviation: float | None, *, batched: bool = True, sent: int = 30) -> Scalars:
    return {
        "batched_engine": float(batched),
        "deviation_from_library": deviation,
        "rows_asked": 100.0,
        "rows_sent": float(sent),
        "rows_verified": 3.0,
        "verification_queries": 60.0,
    }


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """Return one explainer setting of each kind: sound, fallen back, unchecked, and of one way."""
    lime, kmeans, rows, occlusion = map(cells_of, SETTINGS.explainers or ())
    assert len(lime) == len(occlusion) == 3
    return [
        *(
            record(cell, engine(value))
            for cell, value in zip(lime, (1e-15, 4e-13, 2e-14), strict=True)
        ),
        record(kmeans[0], engine(1e-15, sent=50)),
        record(kmeans[1], engine(0.25, batched=False), DEVIATING),
        record(kmeans[2], engine(None, batched=False), "only one could explain a row"),
        *(record(cell, {"batched_engine": 0.0}, UNCOVERED) for cell in rows),
        *(record(cell, {}) for cell in occlusion),
    ]


@pytest.fixture(scope="module")
def results(records: list[Record]) -> Results:
    return summarise(SETTINGS, CELLS, records)


@pytest.fixture(scope="module")
def report(results: Results, records: list[Record]) -> Report:
    return build_report(results, records)


def section_of(report: Report) -> Section:
    return next(section for section in report.sections if section.id == "engines")


def table_of(report: Report) -> Table:
    (table,) = [block for block in section_of(report).blocks if isinstance(block, Table)]
    return table


def text_of(section: Section) -> str:
    paragraphs = [b.runs for b in section.blocks if isinstance(b, Paragraph)]
    defined = [t for b in section.blocks if isinstance(b, Definitions) for _, t in b.items]
    return plain(" ".join(run.text for text in (*paragraphs, *defined) for run in text))


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ").replace("\N{NARROW NO-BREAK SPACE}", " ")


def test_records_are_summed_up_by_setting(records: list[Record]) -> None:
    assert engine_uses(records) == [
        EngineUse(
            setting="lime",
            n_cells=3,
            n_batched=3,
            n_rows=12,
            n_verified=9,
            deviation=4e-13,
            n_undefined=0,
            asked=300,
            sent=90,
            to_verify=180,
            fallbacks={},
        ),
        EngineUse(
            setting="kmeans10",
            n_cells=3,
            n_batched=1,
            n_rows=12,
            n_verified=9,
            deviation=0.25,
            n_undefined=1,
            asked=300,
            sent=110,
            to_verify=180,
            fallbacks={
                ("german", DEVIATING): 1,
                ("german", "only one could explain a row"): 1,
            },
        ),
        EngineUse(
            setting="rows10",
            n_cells=3,
            n_batched=0,
            n_rows=12,
            n_verified=0,
            deviation=None,
            n_undefined=0,
            asked=None,
            sent=None,
            to_verify=0,
            fallbacks={("german", UNCOVERED): 3},
        ),
    ]


@pytest.mark.parametrize("seed", range(3))
def test_the_largest_deviation_is_that_of_any_cell(records: list[Record], seed: int) -> None:
    turned = list(itertools.islice(itertools.cycle(records), seed, seed + len(records)))
    found = {use.setting: use.deviation for use in engine_uses(turned)}
    assert found == {"lime": 4e-13, "kmeans10": 0.25, "rows10": None}


def test_the_table_says_engine_check_and_cost(report: Report) -> None:
    rows = [[plain(cell.text) for cell in row] for row in table_of(report).rows]
    assert rows == [
        ["LIME", "batched", "9", "4e−13", "300", "90", "30 %", "180"],
        ["KernelSHAP (kmeans10)", "batched and library", "9", "0.25", "300", "110", "37 %", "180"],
        ["KernelSHAP (rows10)", "library", "0", DASH, DASH, DASH, DASH, "0"],
    ]
    details = [[plain(cell.detail) for cell in row[1:3]] for row in table_of(report).rows]
    assert details == [
        ["3 cells", "of 12"],
        ["batched in 1 of 3 cells", "of 12"],
        ["3 cells", "of 12"],
    ]


def test_every_fallback_is_told_with_its_reason(report: Report) -> None:
    table = table_of(report)
    notes = {mark: plain(text) for mark, text in table.footnotes}
    engines = [[notes[mark] for mark in row[1].marks] for row in table.rows]
    title = "Statlog German Credit"
    assert engines == [
        [],
        [
            f"{title}, 1 cell explained by the library: {DEVIATING}",
            f"{title}, 1 cell explained by the library: only one could explain a row",
        ],
        [f"{title}, 3 cells explained by the library: {UNCOVERED}"],
    ]
    assert "that was so in 5 of 9 cells; the footnotes say why" in text_of(section_of(report))


def test_what_is_undefined_says_why(report: Report) -> None:
    table = table_of(report)
    notes = {mark: plain(text) for mark, text in table.footnotes}
    for row in table.rows:
        for cell in row[2:]:
            assert (cell.text == DASH) == (cell.value is None)
            assert bool(cell.reason) == bool(cell.marks)
            if cell.value is None:
                assert [notes[mark] for mark in cell.marks] == [cell.reason]
    kmeans = table.rows[1][3]
    assert [notes[mark] for mark in kmeans.marks] == [
        "in 1 cell only one of engine and library could explain a row"
    ]


def test_a_deviation_is_put_into_words(results: Results, records: list[Record]) -> None:
    def said(*chosen: Record) -> str:
        section = engine_section(Lookup(results), chosen)
        assert section is not None
        return text_of(section)

    # 4e-13 is 0.000 000 000 000 4: twelve zeros, then the digit
    assert "The largest here, 4e−13, first shows in digit 13 after the point" in said(*records[:3])
    assert "that was so in none of 3 cells" in said(*records[:3])
    assert "The largest here is 0.25." in said(*records)
    assert "The largest here is 0." in said(record(cells_of("lime")[0], engine(0.0)))
    assert "Here nothing was compared." in said(records[6])


def test_settings_that_are_computed_in_one_way_are_named(report: Report) -> None:
    assert "Occlusion. Nothing to compare." in text_of(section_of(report))
    assert "Occlusion" not in [row[0].text for row in table_of(report).rows]


def test_what_never_ran_is_not_said_to_be_computed_in_one_way(
    results: Results, records: list[Record]
) -> None:
    failed = msgspec.structs.replace(records[-1], status="failed", reason="odd", rows={})
    report = build_report(results, [*records[:3], failed])
    assert [row[0].text for row in table_of(report).rows] == ["LIME"]
    assert "Nothing to compare" not in text_of(section_of(report))


def test_without_records_of_engines_there_is_no_such_section(
    results: Results, records: list[Record]
) -> None:
    for known in ([], records[-3:]):
        report = build_report(results, known)
        assert "engines" not in [section.id for section in report.sections]


def test_the_section_changes_no_results(results: Results, report: Report) -> None:
    without = build_report(results)
    assert report.footer == without.footer
    others = tuple(section for section in report.sections if section.id != "engines")
    assert others == without.sections
    place = [section.id for section in report.sections].index("engines")
    assert report.sections[place + 1].id == "reproduce"


def test_page_and_pdf_say_it(report: Report) -> None:
    page = render_html(report)
    assert '<section id="engines"' in page
    assert 'href="#engines"' in page
    assert DEVIATING in page
    only = dataclasses.replace(report, sections=(report.sections[0], section_of(report)))
    assert render_pdf(only).startswith(b"%PDF")


def test_a_real_fallback_reaches_the_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From an engine that is wrong, through record, log and command, to the page."""

    def wrong(*args: Any, **kwargs: Any) -> KernelResult:
        result = kernel_shap(*args, **kwargs)
        return dataclasses.replace(result, values=result.values + 1.0)

    (cell, *_) = cells_of("rows10")
    sound = execute(cell)
    with monkeypatch.context() as planted:
        planted.setattr(kernel_adapter, "kernel_shap", wrong)
        faulty = execute(cell)
    for found, engine_name in ((sound, "batched"), (faulty, "library")):
        log = tmp_path / engine_name / "records.jsonl"
        log.parent.mkdir()
        write_jsonl(log, msgspec.to_builtins(SETTINGS), [cell], [found])
        out = tmp_path / f"report-{engine_name}"
        outcome = CliRunner().invoke(main, ["report", str(log), "--out", str(out)])
        assert outcome.exit_code == 0, outcome.output
        assert str(log) in outcome.output
        page = (out / "report.html").read_text(encoding="utf-8")
        assert re.search(rf"<td[^>]*>{engine_name}\b", page)
        assert ("engine and library deviate" in page) == (engine_name == "library")


def test_a_setting_that_only_the_records_know_is_shown(results: Results) -> None:
    odd = msgspec.structs.replace(
        cells_of("lime")[0], explainer_setting="theirs", explainer=Part("theirs", {})
    )
    section = engine_section(Lookup(results), [record(odd, engine(1e-15))])
    assert section is not None
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert [row[0].text for row in table.rows] == ["theirs"]
