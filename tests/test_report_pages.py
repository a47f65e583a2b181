"""The HTML and PDF pages, made from invented results that hold every kind of trouble."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import itertools
import json
import re
import shutil
import subprocess
from collections import Counter
from html.parser import HTMLParser
from pathlib import Path
from typing import Literal

import matplotlib
import msgspec
import pytest

from explaudit.cells import canonical_json
from explaudit.errors import InvalidInputError
from explaudit.results import (
    CellCount,
    DatasetNote,
    Gameability,
    Measurement,
    ReferenceRow,
    Results,
    UnjudgedCell,
)
from explaudit_reports import Report, build_report, write_html, write_pdf
from explaudit_reports.drawing import COLOURS
from explaudit_reports.html import render_html
from explaudit_reports.model import Gallery, Table, as_data
from explaudit_reports.numbers import DASH
from explaudit_reports.pdf import render_pdf, typst_inputs
from explaudit_reports.vocabulary import explainer_label, term

HOSTILE = '<script>alert(1)</script> a"b&c $x$ #foo *y* {{z}}'
EXPLAINERS = {
    "lime": "lime",
    "lime-continuous": "lime",
    "kmeans10": "kernel_shap",
    "rows10": "kernel_shap",
    "rows50": "kernel_shap",
    "permutation10": "permutation_shap",
    "sampling10": "sampling_shap",
    "occlusion": "occlusion",
    "permutation-importance": "permutation_importance",
    "partial-dependence": "partial_dependence",
    "ice": "ice",
    "matched-pairs": "matched_pairs",
    "random": "random",
}
ATTACKS = ("lime", "kmeans10", "rows", "union")
EVIDENCE = ("sensitive_top1", "sensitive_share")
METRICS = (*EVIDENCE, "sensitive_rank", "surrogate_r2", "queries_per_row")
BEHAVIOUR = (
    "fidelity",
    "demographic_parity_gap",
    "matched_pair_effect",
    "real_recall",
    "gate_auroc",
)
#: Metrics of an attack's gate, which the other models do not have.
OF_GATES = ("real_recall", "gate_auroc")
Role = Literal["honest", "attacked", "innocent"]
MODELS: tuple[tuple[Role, str], ...] = (
    ("honest", ""),
    *(("attacked", attack) for attack in ATTACKS),
    ("innocent", ""),
)


def draw(*key: str) -> float:
    """Return an invented number between 0 and 1 that depends on the key."""
    digest = hashlib.sha256("/".join(key).encode()).digest()
    return int.from_bytes(digest[:4], "little") / 2**32


def invented_share(dataset: str, model: Role, attack: str, explainer: str) -> float:
    """Return an invented share at rank 1: attacks work on the settings that they are made for."""
    if explainer == "random":
        return 0.09
    if model == "innocent":
        return 0.02 * draw(dataset, explainer, "psi")
    honest = 0.97 + 0.03 * draw(dataset, explainer)
    if model == "honest":
        return honest
    family = {"lime": ("lime",), "kmeans10": ("kmeans10",), "rows": ("rows",)}.get(attack, ("",))
    reached = explainer not in ("matched-pairs", "partial-dependence", "ice", "occlusion")
    hidden = reached and explainer.startswith(family)
    return honest * (
        0.08 * draw(dataset, attack, explainer) if hidden else 0.7 + 0.3 * draw(attack)
    )


def measurement(
    dataset: str, model: Role, attack: str, explainer: str, metric: str, replicates: int
) -> Measurement:
    value: float | None = draw(dataset, model, attack, explainer, metric)
    reason = "one replicate: the interval covers the choice of rows only" if replicates == 1 else ""
    if metric == "sensitive_top1":
        value = invented_share(dataset, model, attack, explainer)
    elif metric == "sensitive_rank":
        value = 1 + 9 * draw(dataset, model, attack, explainer, metric)
    elif metric == "queries_per_row":
        value = 20_480 * draw(explainer, metric)
    elif metric == "fidelity":
        value = 0.63 if attack == "rows" else 0.97 + 0.03 * draw(dataset, model, attack)
    if metric == "surrogate_r2" and explainer == "lime-continuous":
        value, reason = None, "no row has a value"
    spread = 0.04 * (value or 0) + 0.004
    return Measurement(
        dataset=dataset,
        model=model,
        attack="scaffold" if attack else "",
        attack_setting=attack,
        explainer=EXPLAINERS.get(explainer, ""),
        explainer_setting=explainer,
        metric=metric,
        value=value,
        low=None if value is None else max(value - spread, 0.0),
        high=None if value is None else value + spread,
        n=0 if value is None else 40 if explainer != "rows50" else 20,
        n_replicates=replicates,
        reason=reason,
    )


def gameability(dataset: str, explainer: str, evidence: str, replicates: int) -> list[Gameability]:
    f = invented_share(dataset, "honest", "", explainer)
    psi = invented_share(dataset, "innocent", "", explainer)
    values: dict[str, float | None] = {
        attack: (f - invented_share(dataset, "attacked", attack, explainer)) / (f - psi)
        if f - psi > 0.1
        else None
        for attack in ATTACKS
    }
    counting = {a: v for a, v in values.items() if v is not None and a != "rows"}
    worst = max(counting, key=lambda a: counting[a], default="")
    mean = sum(counting.values()) / len(counting) if counting else None

    def row(
        summary: Literal["attack", "mean", "worst"], attack: str, value: float | None
    ) -> Gameability:
        return Gameability(
            dataset=dataset,
            evidence=evidence,
            explainer=EXPLAINERS[explainer],
            explainer_setting=explainer,
            summary=summary,
            attack_setting=attack,
            counts=attack != "rows",
            fidelity=None if summary == "mean" else 0.63 if attack == "rows" else 0.98,
            value=value,
            low=None if value is None else value - 0.05,
            high=None if value is None else value + 0.04,
            n=40,
            n_replicates=replicates,
            reason="" if value is not None else "the honest and the innocuous model show the same",
        )

    return [
        *(row("attack", attack, value) for attack, value in values.items()),
        row("mean", "", mean),
        row("worst", worst, counting.get(worst)),
    ]


def note(name: str, title: str, sensitive: str) -> DatasetNote:
    return DatasetNote(
        name=name,
        title=title,
        n_rows=6172,
        n_features=11,
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        source="An invented source, for this test only.",
        licence="No licence: invented.",
        known_harms="Invented figures must not be read as statements about people.",
        sensitive=sensitive,
        biased_rule=f"unfavourable iff {sensitive} is above its mean",
        innocuous_rule="unfavourable iff a fair coin shows 1",
        preparation="Numbers are standardised; 30 % of the rows are held out.",
    )


def invented_results(
    datasets: dict[str, tuple[str, str]] | None = None, *, replicates: int = 2
) -> Results:
    """Return results in which no figure is real."""
    chosen = datasets or {"compas": ("COMPAS", "race"), HOSTILE: (HOSTILE, f"sex {HOSTILE}")}
    measurements = [
        measurement(name, model, attack, explainer, metric, replicates)
        for name, (model, attack), explainer, metric in itertools.product(
            chosen, MODELS, EXPLAINERS, METRICS
        )
        if metric != "surrogate_r2" or EXPLAINERS[explainer] == "lime"
    ]
    behaviour = [
        measurement(name, model, attack, "", metric, replicates)
        for name, (model, attack), metric in itertools.product(chosen, MODELS, BEHAVIOUR)
        if metric not in OF_GATES or model == "attacked"
    ]
    return Results(
        versions={"explaudit": "0.1.0", "python": "3.11.7", "shap": "0.51.0", "lime": "0.2.0.1"},
        seed=7,
        settings={
            "preset": "standard",
            "protocol": "sound",
            "datasets": list(chosen),
            "replicates": replicates,
            "fidelity_floor": 0.9,
            "n_rows": 20,
            "n_rows_crossed": 20,
            "seed": 7,
        },
        datasets=[note(name, *texts) for name, texts in chosen.items()],
        attack_settings={a: {"name": "scaffold", "settings": {"sampler": a}} for a in ATTACKS},
        explainer_settings={
            short: {"name": name, "settings": {"n_background": 10, "label": HOSTILE}}
            for short, name in EXPLAINERS.items()
        },
        measurements=[*measurements, *behaviour],
        gameability=[
            row
            for name, explainer, evidence in itertools.product(chosen, EXPLAINERS, EVIDENCE)
            for row in gameability(name, explainer, evidence, replicates)
        ],
        reference=[*_reference()],
        cells=CellCount(planned=500, done=498, unjudged=_unjudged()),
        n_queries=1_234_567,
        seconds=98.7,
    )


def _reference() -> list[ReferenceRow]:
    figures: list[tuple[str, float | None, float, bool | None]] = [
        ("lime", 0.003, 0.0, True),
        ("kmeans10", 0.31, 0.04, False),
        ("rows10", None, 0.79, None),
    ]
    return [
        ReferenceRow(
            dataset="compas",
            explainer=explainer,
            model="attacked",
            attack_setting="kmeans10",
            metric="sensitive_top1",
            ours=ours,
            reference=reference,
            reference_sd=0.048,
            reference_seeds=5,
            difference=None if ours is None else ours - reference,
            allowed=0.06,
            agrees=agrees,
        )
        for explainer, ours, reference, agrees in figures
    ]


def _unjudged() -> list[UnjudgedCell]:
    return [
        UnjudgedCell(
            cell_id=hashlib.sha256(reason.encode()).hexdigest()[:32],
            dataset="compas",
            model="attacked",
            attack_setting="union",
            explainer_setting="rows50",
            replicate=replicate,
            reason=reason,
        )
        for replicate, reason in enumerate(("not run yet", f"the model refused {HOSTILE}"))
    ]


class Page(HTMLParser):
    """A page as a list of (tag, attributes, text of the whole element), checked for nesting."""

    VOID = frozenset({"meta", "br", "img", "link", "input", "hr"})

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self.open: list[tuple[str, list[str]]] = []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {[tag for tag, _ in self.open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        text: list[str] = []
        self.elements.append((tag, {k: v or "" for k, v in attrs}, text))
        if tag not in self.VOID:
            self.open.append((tag, text))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {k: v or "" for k, v in attrs}, []))

    def handle_endtag(self, tag: str) -> None:
        opened, _ = self.open.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        for _, text in self.open:
            text.append(data)

    def all(self, tag: str) -> list[tuple[dict[str, str], str]]:
        return [(attrs, "".join(text)) for name, attrs, text in self.elements if name == tag]


@pytest.fixture(scope="module")
def results() -> Results:
    return invented_results()


@pytest.fixture(scope="module")
def report(results: Results) -> Report:
    return build_report(results)


@pytest.fixture(scope="module")
def html(report: Report) -> str:
    return render_html(report)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


@pytest.fixture(scope="module")
def pdf(report: Report) -> bytes:
    return render_pdf(report)


def tables_of(report: Report) -> list[Table]:
    sections = [s for top in report.sections for s in (top, *top.sections)]
    return [block for s in sections for block in s.blocks if isinstance(block, Table)]


def defined_cells(tables: list[Table], *prefixes: str) -> Counter[tuple[str, float]]:
    """Count the defined figures by the name of their row, in the tables whose ids begin so."""
    return Counter(
        (row[0].text, cell.value)
        for table in tables
        if table.id.startswith(prefixes)
        for row in table.rows
        for cell in row[1:]
        if cell.value is not None
    )


def test_page_checker_sees_a_tag_that_is_not_closed() -> None:
    with pytest.raises(AssertionError, match="closed by"):
        Page("<p><b>text</p>")


def test_page_is_well_formed_and_names_its_language(page: Page) -> None:
    assert page.all("html")[0][0]["lang"] == "en-GB"
    ids = [attrs["id"] for _, attrs, _ in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    references = [a["href"][1:] for _, a, _ in page.elements if a.get("href", "").startswith("#")]
    assert references
    assert set(references) <= set(ids)
    described = [a["aria-describedby"] for _, a, _ in page.elements if "aria-describedby" in a]
    assert described
    assert set(described) <= set(ids)


def test_page_has_landmarks_and_contents(page: Page, report: Report) -> None:
    for landmark in ("header", "nav", "main", "footer"):
        assert len(page.all(landmark)) == 1, landmark
    links = [attrs["href"] for attrs, _ in page.all("a")]
    assert set(links) >= {f"#{section.id}" for section in report.sections}


def test_page_loads_nothing_from_anywhere(page: Page, html: str) -> None:
    for tag, attrs, _ in page.elements:
        assert tag not in {"link", "img", "iframe", "object", "embed", "base"}
        assert "src" not in attrs
        assert attrs.get("href", "#").startswith("#")
    policy = next(a["content"] for a, _ in page.all("meta") if "http-equiv" in a)
    assert policy.startswith("default-src 'none'")
    assert "http:" not in html
    assert "https:" not in html
    style = page.all("style")[0][1]
    assert "url(" not in style
    assert "@import" not in style


def test_policy_allows_the_page_own_script_only(page: Page) -> None:
    (script,) = page.all("script")
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    policy = next(a["content"] for a, _ in page.all("meta") if "http-equiv" in a)
    assert f"script-src 'sha256-{digest}'" in policy


def test_names_from_data_stay_text(page: Page, html: str) -> None:
    assert "<script>alert" not in html
    assert any(HOSTILE in text for _, text in page.all("h2"))
    assert any(HOSTILE in text for _, text in page.all("td"))
    assert not any(name.startswith("on") for _, attrs, _ in page.elements for name in attrs)


def test_every_picture_has_text_that_stands_for_it(page: Page, report: Report) -> None:
    pictures = [attrs for attrs, _ in page.all("svg")]
    galleries = [b for s in report.sections for b in s.blocks if isinstance(b, Gallery)]
    assert len(pictures) == sum(len(g.figures) for g in galleries) == 2
    texts = {
        attrs["id"]: text for tag in ("title", "desc") for attrs, text in page.all(tag) if attrs
    }
    for attrs in pictures:
        assert attrs["role"] == "img"
        title, description = attrs["aria-labelledby"].split()
        assert texts[title]
        assert "KernelSHAP (kmeans10): honest" in texts[description]


def test_pictures_follow_the_theme(page: Page, html: str) -> None:
    drawings = html[html.index("<svg") : html.rindex("</svg>")]
    assert "var(--figure-attacked)" in drawings
    assert not [colour for colour in COLOURS.values() if colour in drawings]


def test_every_table_can_be_sorted_and_read_aloud(page: Page, report: Report) -> None:
    tables = page.all("table")
    assert len(tables) == len(tables_of(report)) == len(page.all("caption"))
    assert all(attrs["class"] == "sortable" for attrs, _ in tables)
    heads = [attrs for attrs, _ in page.all("th")]
    columns = [attrs for attrs in heads if attrs["scope"] == "col"]
    assert len(columns) == sum(len(table.columns) for table in tables_of(report))
    assert all(attrs["aria-sort"] == "none" for attrs in columns)
    assert len(page.all("button")) == len(columns)
    rows = [attrs for attrs in heads if attrs["scope"] == "row"]
    assert len(rows) == sum(len(table.rows) for table in tables_of(report))
    regions = [a for _, a, _ in page.elements if a.get("role") == "region"]
    assert len(regions) == len(tables)
    assert all(region["tabindex"] == "0" for region in regions)


def test_every_cell_of_the_model_is_on_the_page(page: Page, report: Report) -> None:
    expected = [cell.text for t in tables_of(report) for row in t.rows for cell in row[1:]]
    found = [text for _, text in page.all("td")]
    assert len(found) == len(expected)
    assert all(want in got for want, got in zip(expected, found, strict=True))


def test_numeric_cells_sort_by_their_value(page: Page, report: Report) -> None:
    values = [
        cell.value
        for t in tables_of(report)
        for row in t.rows
        for cell, column in zip(row, t.columns, strict=True)
        if column.numeric
    ]
    sorted_by = [attrs["data-v"] for attrs, _ in page.all("td") if "data-v" in attrs]
    assert [float(v) if v else None for v in sorted_by] == [
        None if v is None else pytest.approx(v, rel=1e-3) for v in values
    ]


def test_every_measurement_is_in_a_table(results: Results, report: Report) -> None:
    tables = tables_of(report)
    explained = Counter(
        (explainer_label(m.explainer, m.explainer_setting), m.value)
        for m in results.measurements
        if m.explainer_setting and m.value is not None
    )
    assert defined_cells(tables, "matrix-", "metric-") == explained
    on_real_rows = Counter(
        (term(m.metric).label, m.value)
        for m in results.measurements
        if not m.explainer_setting and m.value is not None
    )
    assert defined_cells(tables, "behaviour-", "gate-") == on_real_rows


def test_every_row_of_gameability_is_in_a_table(results: Results, report: Report) -> None:
    expected = Counter(
        (explainer_label(g.explainer, g.explainer_setting), g.value)
        for g in results.gameability
        if g.value is not None
    )
    assert defined_cells(tables_of(report), "gameability-") == expected


def test_undefined_is_a_dash_with_its_reason(page: Page, report: Report) -> None:
    undefined = [
        (table, cell)
        for table in tables_of(report)
        for row in table.rows
        for cell, column in zip(row[1:], table.columns[1:], strict=True)
        if column.numeric and cell.value is None
    ]
    assert undefined
    for table, cell in undefined:
        assert cell.text == DASH
        assert cell.reason
        if table.id != "published-reference":
            assert set(cell.marks) <= {mark for mark, _ in table.footnotes}
            assert cell.reason in [text for _, text in table.footnotes]
    dashes = [attrs for attrs, text in page.all("td") if text.startswith(DASH)]
    assert len(dashes) == len(undefined)
    assert all(attrs["title"] for attrs in dashes)


def test_reference_shows_agreement_and_difference(page: Page, results: Results) -> None:
    tags = [a["class"] for a, _ in page.all("span") if "agrees" in a.get("class", "")]
    assert tags == ["tag agrees-yes", "tag agrees-no", "tag agrees-cannot"]
    text = next(text for attrs, text in page.all("section") if attrs["id"] == "reference")
    assert "1 agree within the allowed difference, 1 do not, and 1 cannot be compared" in text
    assert "+27\N{NO-BREAK SPACE}pp" in text
    without = build_report(msgspec.structs.replace(results, reference=[]))
    assert "reference" not in [section.id for section in without.sections]


def test_every_unjudged_cell_is_listed_with_its_reason(page: Page, results: Results) -> None:
    text = next(text for attrs, text in page.all("section") if attrs["id"] == "unjudged")
    for cell in results.cells.unjudged:
        assert cell.cell_id in text
        assert cell.reason in text


def test_page_tells_how_to_make_it_again(page: Page, results: Results) -> None:
    text = next(text for attrs, text in page.all("section") if attrs["id"] == "reproduce")
    assert "explaudit study --preset standard --protocol sound" in text
    assert all(version in text for version in results.versions.values())
    assert all(short in text for short in (*results.explainer_settings, *results.attack_settings))
    assert hashlib.sha256(canonical_json(results)).hexdigest() in text
    data = next(text for attrs, text in page.all("section") if attrs["id"] == "sources")
    for note_ in results.datasets:
        for said in (note_.sha256, note_.licence, note_.known_harms, note_.source):
            assert said in data


def test_equal_results_give_equal_bytes(results: Results, html: str, pdf: bytes) -> None:
    again = build_report(msgspec.json.decode(msgspec.json.encode(results), type=Results))
    assert render_html(again) == html
    assert render_pdf(again) == pdf


def test_reader_own_plot_style_changes_nothing(report: Report, results: Results) -> None:
    with matplotlib.rc_context({"lines.linewidth": 9, "svg.fonttype": "path", "font.size": 30}):
        assert build_report(results) == report


def test_files_are_written(results: Results, tmp_path: Path, html: str, pdf: bytes) -> None:
    write_html(results, tmp_path / "report.html")
    write_pdf(results, tmp_path / "report.pdf")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == html
    assert (tmp_path / "report.pdf").read_bytes() == pdf


def test_pdf_is_tagged_and_claims_the_standard(pdf: bytes) -> None:
    assert pdf.startswith(b"%PDF-1.7")
    for sign in (b"/MarkInfo", b"/StructTreeRoot", b"/FontFile", b"/Lang", b"/Outlines"):
        assert sign in pdf, sign
    assert b"pdfuaid:part" in pdf


def test_pdf_refuses_a_picture_without_alternative_text(report: Report) -> None:
    import typst

    gallery = report.sections[1].blocks[0]
    assert isinstance(gallery, Gallery)
    mute = tuple(dataclasses.replace(figure, alt="") for figure in gallery.figures)
    section = dataclasses.replace(
        report.sections[1], blocks=(dataclasses.replace(gallery, figures=mute),)
    )
    broken = dataclasses.replace(report, sections=(report.sections[0], section))
    with pytest.raises(typst.TypstError, match="alt"):
        render_pdf(broken)


def test_pdf_is_given_all_that_the_page_shows(report: Report) -> None:
    given = json.loads(typst_inputs(report)["report"])
    assert given == json.loads(json.dumps(as_data(report)))
    assert [t["id"] for s in given["sections"] for t in s["blocks"] if t["block"] == "table"] == [
        b.id for s in report.sections for b in s.blocks if isinstance(b, Table)
    ]


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="needs poppler's pdftotext")
def test_pdf_shows_the_same_tables(report: Report, pdf: bytes, tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=True)
    text = "".join(done.stdout.decode().split()).replace("\N{ZERO WIDTH SPACE}", "")
    for table in tables_of(report):
        assert "".join(table.caption.split()) in text
    figures = Counter(re.findall(r"\[[^\]]*\d\]", text))
    wanted = Counter(
        "".join(cell.detail.split())
        for table in tables_of(report)
        for row in table.rows
        for cell in row
        if cell.detail.startswith("[")
    )
    assert not wanted - figures


def test_nothing_in_data_can_stop_the_pdf() -> None:
    odd = "\u202eabc\x00\x07 日本語 😀 \\ \n# = * _ ` @ <a> // /* ~ -- $"
    hostile = invented_results({odd: (odd, odd)})
    report = build_report(msgspec.structs.replace(hostile, reference=[]))
    assert render_pdf(report).startswith(b"%PDF")
    assert "\u202e" not in render_html(report)
    assert "\x00" not in render_html(report)


def test_two_rows_for_one_place_are_refused(results: Results) -> None:
    twice = [*results.measurements, results.measurements[0]]
    with pytest.raises(InvalidInputError, match="one row for each place"):
        build_report(msgspec.structs.replace(results, measurements=twice))
