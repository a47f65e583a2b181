"""Figures in words, names, footnotes, drawings and the command line."""

from __future__ import annotations

from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explaudit.cli.study import study
from explaudit.metrics import catalogue
from explaudit.results import Measurement
from explaudit.study.plan import PRESETS
from explaudit_reports.cells import Estimates, Notes
from explaudit_reports.drawing import Dumbbell, Point, draw
from explaudit_reports.model import visible
from explaudit_reports.numbers import DASH, count, figure, interval
from explaudit_reports.provenance import study_command
from explaudit_reports.svg import inline_svg
from explaudit_reports.vocabulary import explainer_label, metric_order, term

GAP = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0 %"),
        (1.0, "100 %"),
        (0.9634, "96 %"),
        (0.994, "99.4 %"),
        (0.9999, ">99.9 %"),
        (0.004, "0.4 %"),
        (0.0001, "<0.1 %"),
        (-0.02, "−2 %"),
        (1.04, "104 %"),
        (None, DASH),
        (float("nan"), DASH),
    ],
)
def test_shares_have_sensible_digits(value: float | None, text: str) -> None:
    assert figure(value, "share").replace(GAP, " ") == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.62, "62 pp"), (-0.031, "−3 pp"), (None, DASH)],
)
def test_differences_are_percentage_points(value: float | None, text: str) -> None:
    assert figure(value, "points").replace(GAP, " ") == text


@pytest.mark.parametrize(
    ("value", "text"), [(3.14159, "3.14"), (20480.0, "20 480"), (-0.5, "−0.5"), (0.0, "0")]
)
def test_numbers_are_short(value: float, text: str) -> None:
    assert figure(value, "number").replace("\N{NARROW NO-BREAK SPACE}", " ") == text


def test_intervals_are_in_brackets_or_absent() -> None:
    assert interval(0.93, 0.99, "share") == "[93–99]"
    assert interval(-0.1, 0.2, "share") == "[−10 to 20]"
    assert interval(None, 0.2, "share") == ""


def test_counts_carry_their_noun() -> None:
    assert count(1, "row").replace(GAP, " ") == "1 row"
    assert count(0, "row").replace(GAP, " ") == "0 rows"


@given(st.floats(min_value=0, max_value=1, exclude_min=True, exclude_max=True))
def test_a_share_is_never_rounded_to_all_or_nothing(share: float) -> None:
    assert figure(share, "share") not in (f"0{GAP}%", f"100{GAP}%")


@given(st.text(max_size=30))
def test_visible_text_holds_nothing_that_hides(text: str) -> None:
    shown = visible(text)
    assert len(shown) == len(text)
    shown.encode()
    assert shown == visible(shown)
    assert all(char == "\n" or char >= " " for char in shown)


def test_ordinary_text_is_left_alone() -> None:
    text = f"Größe ψ 日本 96{GAP}% <b>"
    assert visible(text) == text
    assert visible("\u202eabc\ud800") == "\N{REPLACEMENT CHARACTER}abc\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize(
    ("explainer", "setting", "label"),
    [
        ("lime", "lime", "LIME"),
        ("lime", "lime-continuous", "LIME (continuous)"),
        ("kernel_shap", "kmeans10", "KernelSHAP (kmeans10)"),
        ("matched_pairs", "matched-pairs", "Matched pairs"),
        ("theirs", "theirs", "theirs"),
        ("", "odd", "odd"),
    ],
)
def test_explainer_settings_have_readable_names(explainer: str, setting: str, label: str) -> None:
    assert explainer_label(explainer, setting) == label


@pytest.mark.parametrize(
    ("metric", "label"),
    [
        ("pgi", "PGI"),
        ("sensitivity_n", "Sensitivity-n"),
        ("truth_top_k", "Truth: top k"),
        ("deletion_auc_on_manifold", "Deletion AUC (on-manifold)"),
        ("gini_sparseness", "Gini sparseness"),
        ("surrogate_r2_not_worse", "R² at least as good as the honest model's"),
        ("roar_not_worse", "ROAR at least as good as the honest model's"),
        ("pgu_on_manifold_not_worse", "PGU (on-manifold) at least as good as the honest model's"),
    ],
)
def test_metrics_have_readable_names(metric: str, label: str) -> None:
    assert term(metric).label == label


def test_every_metric_of_the_catalogue_has_its_own_label_and_its_authors_meaning() -> None:
    labels = [term(entry.name).label for entry in catalogue()]
    assert len(set(labels)) == len(labels)
    for entry in catalogue():
        assert term(entry.name).meaning == entry.description
        assert term(entry.name).source == entry.source


@pytest.mark.parametrize(
    ("metric", "kind"),
    [
        ("sensitive_top1", "share"),
        ("sensitive_rank", "number"),
        ("surrogate_r2", "number"),
        ("queries_per_row", "number"),
        ("fidelity", "share"),
        ("demographic_parity_gap", "points"),
        ("gate_auroc", "number"),
    ],
)
def test_metrics_are_written_after_their_kind(metric: str, kind: str) -> None:
    assert term(metric).kind == kind


def test_unknown_metric_keeps_its_name() -> None:
    assert term("their_metric").label == "Their metric"
    assert term("their_metric").kind == "number"
    assert metric_order("their_metric") > metric_order(catalogue()[-1].name)


def test_labels_fit_into_a_sentence() -> None:
    assert term("sensitive_top1").inline == "sensitive feature at rank 1"
    assert term("surrogate_r2").inline == "R² of the surrogate"
    assert term("gate_auroc").inline == "AUROC"


def measured(value: float | None, reason: str = "", n: int = 20) -> Measurement:
    return Measurement(
        dataset="d",
        model="honest",
        metric="fidelity",
        value=value,
        low=None,
        high=None,
        n=n,
        n_replicates=1,
        reason=reason,
    )


def test_footnotes_name_each_reason_once() -> None:
    rows = [measured(0.1, "odd"), measured(0.2), measured(0.3, "odd"), measured(0.4, n=5)]
    estimates = Estimates(rows)
    marks = [estimates.cell(row, "fidelity").marks for row in rows]
    assert marks == [("a",), (), ("a",), ("b",)]
    assert [(mark, text.replace(GAP, " ")) for mark, text in estimates.footnotes] == [
        ("a", "odd"),
        ("b", "5 rows from 1 replicate"),
    ]


def test_what_holds_for_all_figures_is_said_once() -> None:
    rows = [measured(0.1, "one replicate"), measured(0.2, "one replicate"), measured(None, "odd")]
    estimates = Estimates(rows)
    marks = [estimates.cell(row, "fidelity").marks for row in rows]
    assert marks == [(), (), ("a",)]
    assert estimates.footnotes == (("", "All figures: one replicate."), ("a", "odd"))


def test_footnote_marks_go_on_after_z() -> None:
    notes = Notes()
    marks = [notes.mark(f"text {i}")[0] for i in range(28)]
    assert marks[:2] + marks[25:] == ["a", "b", "z", "aa", "ab"]
    assert [mark for mark, _ in notes.footnotes] == marks


def drawing(label: str = "LIME", title: str = "COMPAS") -> str:
    rows = [Dumbbell(label, {"honest": [Point(1.0, (0.9, 1.0))], "worst": [Point(0.1)]})]
    return draw(title, rows)


def test_drawings_are_equal_for_equal_rows() -> None:
    assert drawing() == drawing()


def test_two_drawings_on_a_page_share_no_id() -> None:
    pages = [
        ET.fromstring(inline_svg(drawing(), prefix=p, title="t", alt="a", colours={}))
        for p in ("one", "two")
    ]
    ids = [{e.attrib["id"] for e in page.iter() if "id" in e.attrib} for page in pages]
    assert ids[0]
    assert not ids[0] & ids[1]
    for page, own in zip(pages, ids, strict=True):
        used = [e.attrib["href"] for e in page.iter() if "href" in e.attrib]
        assert used
        assert {name.removeprefix("#") for name in used} <= own


def test_drawn_names_are_text_and_not_markup() -> None:
    name = '<g id="x"> $a$ & #0072b2'
    page = inline_svg(
        drawing(name), prefix="p", title=name, alt=name, colours={"honest": "#0072b2"}
    )
    texts = ["".join(e.itertext()) for e in ET.fromstring(page).iter() if e.tag != "svg"]
    assert texts.count(name) == 3
    assert "<script" not in page


@pytest.mark.parametrize("preset", list(PRESETS))
@pytest.mark.parametrize("changes", [{}, {"seed": 7, "attacks": ("lime", "rows")}])
def test_command_gives_the_settings_that_it_comes_from(
    preset: str, changes: dict[str, object]
) -> None:
    settings = msgspec.structs.replace(PRESETS[preset], **changes)
    command = study_command(msgspec.to_builtins(settings))
    program, name, *arguments = command.split()
    assert (program, name) == ("explaudit", "study")
    chosen = study.make_context("study", arguments).params
    for option in ("preset", "protocol", "replicates", "seed", "fidelity_floor", "datasets"):
        assert chosen[option] == getattr(settings, option), option
    assert chosen["attacks"] == (settings.attacks or ())
    assert chosen["n_rows"] in (settings.n_rows, None)
    if settings.n_rows is not None and settings.n_rows == settings.n_rows_crossed:
        assert chosen["n_rows"] == settings.n_rows


def test_no_command_without_a_preset() -> None:
    assert study_command({"seed": 1}) == ""
