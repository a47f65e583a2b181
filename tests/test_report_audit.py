"""The report on an audit, made from invented results with every kind of test and trouble."""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest

from explaudit.audit.outcome import Finding, Hidden, Outcome, Power, Verdict
from explaudit.audit.outcome import TestResult as Judged  # pytest collects what is called Test...
from explaudit.audit.run import AuditResult
from explaudit.audit.settings import AuditPlan, AuditSettings
from explaudit.cells import canonical_json
from explaudit_reports.audit import (
    build_audit_report,
    summarise,
    write_audit_html,
    write_audit_pdf,
)
from explaudit_reports.audit.wording import effects, estimate, p_text, prose, sentence, status_of
from explaudit_reports.html import render_html
from explaudit_reports.model import Figure, Gallery, Report, Table
from explaudit_reports.numbers import DASH, MINUS
from explaudit_reports.pdf import render_pdf

HOSTILE = '<script>alert(1)</script> a"b&c $x$ #foo *y* {{z}} \u202e\x00\x1b[31m'


def invented_tests(outcome: Outcome) -> tuple[Judged, ...]:
    p_value = {"fail": 0.0004, "pass": 0.41, "inconclusive": None}[outcome]
    regime = [
        Judged(
            name=f"sensitive features in queries of {explainer}",
            p_value=p_value,
            adjusted_p_value=None if p_value is None else min(1.0, 2 * p_value),
            score=None if p_value is None else 12.25,
            threshold=None if p_value is None else 4.5,
            queries=1_500,
            reason=f"the reason of {explainer}",
            false_alarm_rate=0.0125 if explainer == "lime" else None,
            details={"twins": 100.0},
        )
        for explainer in ("kernel_shap", "lime")
    ]
    baseline = Judged(
        name="CAD-Detect on queries of lime",
        p_value=0.001,
        score=0.2,
        counted=False,
        reason="A baseline.",
    )
    silent = Judged(name="consistency", p_value=None, queries=192, reason="cannot say: asleep")
    return (*regime, baseline, silent)


def hidden(feature: str, explainer: str, low: float, high: float) -> Hidden:
    return Hidden(
        feature=feature,
        estimate=(low + high) / 2,
        low=low,
        high=high,
        real=0.45,
        shown=0.04,
        explainer=explainer,
    )


def invented_power(feature: str) -> tuple[Power, ...]:
    shap, lime = (f"sensitive features in queries of {name}" for name in ("kernel_shap", "lime"))
    return (
        Power(test=shap, feature=feature, smallest_effect=0.2),
        Power(test=lime, feature=feature, smallest_effect=0.12),
        Power(test=lime, feature="sex", smallest_effect=None),
    )


def invented(outcome: Outcome, feature: str = "race", findings: int = 1) -> AuditResult:
    verdict = Verdict(
        outcome=outcome,
        alpha=0.05,
        sentence=f"The sentence of {outcome}.",
        tests=invented_tests(outcome),
        hidden=(
            hidden(feature, "kernel_shap", 0.33, 0.49),
            hidden(feature, "lime", 0.34, 0.5),
            hidden("sex", "lime", -0.05, 0.04),
        ),
        findings=tuple(
            Finding(
                name="open bias",
                feature=feature,
                estimate=0.31,
                low=0.25,
                high=0.37,
                text=f"decisions depend on group {place}",
            )
            for place in range(findings)
        ),
        power=invented_power(feature),
        queries=5_876,
        budget=6_000,
    )
    return AuditResult(
        verdict=verdict,
        settings=AuditSettings(sensitive=(feature, "sex")),
        plan=AuditPlan(
            real_rows=2_700, queries=1_500, detectors={"consistency": 192, "regime": 0}, total=5_892
        ),
        model="package:predict",
        n_rows=3_000,
        n_features=12,
        features=(feature, "sex", "age"),
        outputs=("yes",),
        data_sha256=hashlib.sha256(b"rows").hexdigest(),
        versions={"explaudit": "0.2.0", "numpy": "2.1.7"},
    )


class Text(HTMLParser):
    """The text that a reader sees, by id of the section that it stands in."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.by_section: dict[str, str] = {}
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self._section, self._hidden = "", False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._hidden = tag in ("style", "script")
        if tag == "section":
            self._section = dict(attrs)["id"] or ""

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            known = self.by_section.get(self._section, "")
            self.by_section[self._section] = " ".join(f"{known} {data}".split())

    @property
    def whole(self) -> str:
        return " ".join(self.by_section.values())


def page_of(result: AuditResult) -> Text:
    return Text(render_html(build_audit_report(result)))


@pytest.fixture(scope="module")
def failed() -> Text:
    return page_of(invented("fail"))


def table_of(report: Report, table_id: str) -> Table:
    sections = [s for top in report.sections for s in (top, *top.sections)]
    tables = [block for s in sections for block in s.blocks if isinstance(block, Table)]
    return next(table for table in tables if table.id == table_id)


def figures_of(report: Report) -> list[Figure]:
    blocks = [block for section in report.sections for block in section.blocks]
    return [figure for b in blocks if isinstance(b, Gallery) for figure in b.figures]


@pytest.mark.parametrize("outcome", ["fail", "pass", "inconclusive"])
def test_the_page_opens_with_the_outcome_in_words(outcome: Outcome) -> None:
    text = page_of(invented(outcome)).by_section["verdict"]
    assert f"{outcome.capitalize()}: " in text
    assert f"The sentence of {outcome}." in text
    others = {"Fail: ", "Pass: ", "Inconclusive: "} - {f"{outcome.capitalize()}: "}
    assert not any(other in text for other in others)


def test_a_failed_model_is_told_what_it_hides_and_how_much(failed: Text) -> None:
    text = failed.by_section["verdict"]
    # in the order of their size; sex, whose interval covers zero, hides nothing
    first = text.index("Hidden effect of race: 0.42 [0.34, 0.50] (queries of LIME)")
    second = text.index("Hidden effect of race: 0.41 [0.33, 0.49] (queries of KernelSHAP)")
    assert first < second
    assert "Hidden effect of sex" not in text


def test_what_an_explainer_hides_is_told_only_where_its_own_test_rejects() -> None:
    result = invented("fail")
    first, lime, *others = result.verdict.tests
    calm = msgspec.structs.replace(lime, p_value=0.3, adjusted_p_value=0.3)
    verdict = msgspec.structs.replace(result.verdict, tests=(first, calm, *others))
    text = page_of(msgspec.structs.replace(result, verdict=verdict)).by_section
    assert "(queries of KernelSHAP)" in text["verdict"]
    assert "(queries of LIME)" not in text["verdict"]
    assert "queries of LIME" in text["hidden"]


def test_an_interval_of_its_own_does_not_speak_against_a_model_that_passes() -> None:
    text = page_of(invented("pass")).by_section
    assert "Hidden effect of" not in text["verdict"]
    assert "[0.34, 0.50]" in text["hidden"]


@pytest.mark.parametrize("outcome", ["fail", "pass", "inconclusive"])
def test_an_open_bias_is_a_prominent_finding_and_no_part_of_the_verdict(outcome: Outcome) -> None:
    text = page_of(invented(outcome)).by_section
    assert "Finding, race: Decisions depend on group 0." in text["verdict"]
    assert "0.31 [0.25, 0.37]" in text["findings"]
    assert "openly biased passes" in text["findings"]


def test_many_findings_are_all_listed_and_the_verdict_names_the_first() -> None:
    text = page_of(invented("pass", findings=7)).by_section
    assert text["verdict"].count("Finding, race") == 4
    assert "3 findings more under Findings." in text["verdict"]
    assert all(f"group {place}." in text["findings"] for place in range(7))


def test_without_findings_the_report_does_not_call_the_model_fair() -> None:
    text = page_of(invented("pass", findings=0)).by_section["findings"]
    assert "There is no finding. That is no statement that the model is fair." in text


def test_no_word_accuses(failed: Text) -> None:
    for word in ("attack", "adversar", "cheat", "fraud", "lying", "lies "):
        assert word not in failed.whole.lower()


def test_every_test_stands_with_all_its_figures(failed: Text) -> None:
    table = table_of(build_audit_report(invented("fail")), "tests-table")
    rows = [[cell.text for cell in row] for row in table.rows]
    assert rows[0] == [
        *(
            "Sensitive features in queries of KernelSHAP",
            "Rejects",
            "12.2",
            "4.5",
            "<0.001",
            "<0.001",
        ),
        *("1\N{NARROW NO-BREAK SPACE}500", DASH),
    ]
    assert rows[1][-1] == "1.2\N{NO-BREAK SPACE}%"
    assert rows[2][:2] == ["CAD-Detect on queries of LIME", "Baseline"]
    assert table.rows[2][0].marks == ("†",)
    assert rows[3][1:6] == ["Cannot say", DASH, DASH, DASH, DASH]
    assert all(cell.reason for row in table.rows for cell in row if cell.text == DASH)
    for reason in ("The reason of kernel_shap.", "The reason of lime.", "Cannot say: asleep."):
        assert reason in failed.by_section["tests"]


@pytest.mark.parametrize(
    ("test", "status"),
    [
        (Judged(name="t", p_value=0.01, adjusted_p_value=0.05), "rejects"),
        (Judged(name="t", p_value=0.01, adjusted_p_value=0.0501), "accepts"),
        (Judged(name="t", p_value=None), "silent"),
        (Judged(name="t", p_value=0.001, counted=False), "baseline"),
    ],
)
def test_a_test_rejects_by_its_adjusted_p_value_alone(test: Judged, status: str) -> None:
    assert status_of(test, alpha=0.05) == status


def test_the_power_statement_names_the_smallest_effect_of_all_tests(failed: Text) -> None:
    said = "The smallest hidden effect of race that this data and budget would have found four "
    for section in ("verdict", "not-excluded"):
        assert f"{said}times out of five: 0.12." in failed.by_section[section]
        assert "No hidden effect of sex would have been found" in failed.by_section[section]
    table = table_of(build_audit_report(invented("fail")), "power-table")
    assert [row[2].text for row in table.rows] == ["0.2", "0.12", DASH]


def test_a_feature_without_power_statement_is_not_left_out() -> None:
    result = invented("pass")
    verdict = msgspec.structs.replace(result.verdict, power=())
    text = page_of(msgspec.structs.replace(result, verdict=verdict)).by_section
    assert "How small a hidden effect of sex would have been found is not known" in text["verdict"]


def test_the_budget_is_told_part_by_part() -> None:
    table = table_of(build_audit_report(invented("pass")), "budget-table")
    rows = {row[0].text: row[1].value for row in table.rows}
    assert rows == {
        "Real rows, shuffled in with the queries": 2700,
        "Queries of KernelSHAP (background = kmeans, n_background = 10)": 1500,
        "Queries of LIME": 1500,
        "Rows that consistency sends itself": 192,
        "Planned in all": 5892,
        "Sent": 5876,
        "Allowed": 6000,
    }


def test_limits_ask_for_a_decision_log_only_if_there_was_none() -> None:
    assert "none was given (option --decisions)" in page_of(invented("pass")).whole
    result = invented("pass")
    replay = Judged(name="replay", p_value=0.3, adjusted_p_value=0.9)
    verdict = msgspec.structs.replace(result.verdict, tests=(*result.verdict.tests, replay))
    text = page_of(msgspec.structs.replace(result, verdict=verdict)).whole
    assert "--decisions" not in text
    assert "nor the decision log holds" in text.replace("neither the table of this audit ", "")


def test_each_sensitive_feature_has_its_picture_with_text_that_stands_for_it(failed: Text) -> None:
    figures = figures_of(build_audit_report(invented("fail")))
    assert [figure.title for figure in figures] == ["race", "sex"]
    assert "queries of LIME: effect 0.45 on real rows, 0.04 shown, hidden 0.42 " in figures[0].alt
    drawn = [attrs for tag, attrs in failed.tags if tag == "svg"]
    assert len(drawn) == 2
    assert all(attrs["role"] == "img" for attrs in drawn)


def test_pictures_draw_where_the_figures_are() -> None:
    figures = figures_of(build_audit_report(invented("fail")))
    found = re.findall(r'<use xlink:href="#[^"]*" x="([\d.]+)" y="([\d.]+)"', figures[0].svg)
    # of each explainer's row first real, then shown, then the hidden estimate below them
    real, shown, estimated = found[:3]
    assert real[1] == shown[1]
    assert float(shown[0]) < float(estimated[0]) < float(real[0])
    assert float(estimated[1]) > float(real[1])
    shares = (float(estimated[0]) - float(shown[0])) / (float(real[0]) - float(shown[0]))
    assert shares == pytest.approx((0.41 - 0.04) / (0.45 - 0.04), abs=0.01)


def test_without_estimates_there_is_no_picture_and_the_report_says_so() -> None:
    result = invented("inconclusive")
    verdict = msgspec.structs.replace(result.verdict, hidden=(), power=(), findings=())
    text = page_of(msgspec.structs.replace(result, verdict=verdict)).by_section
    assert "There is no picture" in text["verdict"]
    assert "No test could estimate it." in text["hidden"]


def test_the_report_tells_how_to_make_it_again() -> None:
    result = invented("fail")
    text = page_of(result).by_section["reproduce"]
    assert "explaudit audit package:predict --data ROWS.csv --sensitive race" in text
    assert "--explainer kernel_shap --explainer lime --budget 6000" in text
    for said in (result.data_sha256, *result.versions.values(), "n_background"):
        assert said in text
    assert hashlib.sha256(canonical_json(result)).hexdigest() in text
    given = Text(
        render_html(
            build_audit_report(
                msgspec.structs.replace(result, command="explaudit audit x --drop 'a b'")
            )
        )
    )
    assert "explaudit audit x --drop 'a b'" in given.by_section["reproduce"]


def test_names_from_data_stay_text_in_every_medium(tmp_path: Path) -> None:
    result = invented("fail", feature=HOSTILE)
    html = render_html(build_audit_report(result))
    assert "<script>alert" not in html
    assert not any(char in html for char in "\u202e\x00\x1b")
    assert "<script>alert(1)</script>" in Text(html).by_section["hidden"]
    write_audit_pdf(result, tmp_path / "report.pdf")
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
    lines = [line for part in summarise(result).parts.values() for line in part]
    assert any("alert(1)" in line for line in lines)
    assert "\x1b" not in "".join(lines)


def test_equal_results_give_equal_files(tmp_path: Path) -> None:
    result = invented("fail")
    again = msgspec.json.decode(msgspec.json.encode(result), type=AuditResult)
    write_audit_html(result, tmp_path / "a.html")
    write_audit_html(again, tmp_path / "b.html")
    assert (tmp_path / "a.html").read_bytes() == (tmp_path / "b.html").read_bytes()
    assert render_pdf(build_audit_report(result)) == render_pdf(build_audit_report(again))


@pytest.mark.parametrize(
    ("ends", "expected"),
    [
        ((0.41, 0.33, 0.48, 0.45, 0.04), ("0.45", "0.04", "0.41 [0.33, 0.48]")),
        ((0.1423, 0.1398, 0.1448, 0.139, -0.0004), ("0.139", "0.000", "0.142 [0.140, 0.145]")),
        ((-1200.4, -1500, -900, 3.0, 7.0), ("3", "7", "−1200 [−1500, −900]")),
        ((2e-5, 1e-5, 3e-5, 2e-5, 0.0), ("0.000020", "0.000000", "0.000020 [0.000010, 0.000030]")),
        ((0.0, 0.0, 0.0, 0.0, 0.0), ("0.00", "0.00", "0.00 [0.00, 0.00]")),
    ],
)
def test_figures_of_an_effect_are_equally_fine(
    ends: tuple[float, ...], expected: tuple[str, str, str]
) -> None:
    middle, low, high, real, shown = ends
    found = Hidden(
        feature="f", estimate=middle, low=low, high=high, real=real, shown=shown, explainer="lime"
    )
    texts = effects(found)
    assert (texts.real, texts.shown, texts.whole) == expected


def test_figures_and_sentences() -> None:
    assert estimate(Finding(name="n", feature="f", estimate=None)) == ("", "")
    assert estimate(Finding(name="n", feature="f", estimate=0.25)) == ("0.25", "")
    assert (p_text(0.00099), p_text(0.0496), p_text(1.0)) == ("<0.001", "0.050", "1.000")
    assert sentence("cannot say") == "Cannot say."
    assert sentence("pre_trial is missing.") == "pre_trial is missing."
    assert sentence("") == ""


def test_effects_of_another_unit_have_a_picture_and_a_name_of_their_own() -> None:
    result = invented("fail")
    shares = msgspec.structs.replace(
        hidden("race", "share of the credit by LIME", 0.5, 0.7), unit="share", group="swap"
    )
    silent = Judged(name="across explainers", p_value=0.4, adjusted_p_value=1.0, group="swap")
    verdict = msgspec.structs.replace(
        result.verdict,
        hidden=(*result.verdict.hidden, shares),
        tests=(*result.verdict.tests, silent),
    )
    changed = msgspec.structs.replace(result, verdict=verdict)
    figures = figures_of(build_audit_report(changed))
    assert [figure.title for figure in figures] == ["race", "sex", "race (share)"]
    assert "share of the credit by LIME" in figures[2].alt
    assert "share of the credit" not in figures[0].alt
    text = page_of(changed).by_section["verdict"]
    assert "Hidden effect of race:" in text
    # its own test does not reject
    assert "Hidden effect of race (share):" not in text


def test_explainers_have_one_name_in_tables_and_in_prose() -> None:
    result = invented("fail")
    said = msgspec.structs.replace(
        result.verdict.tests[0], reason="the queries of kernel_shap and not of my_kernel_shap"
    )
    verdict = msgspec.structs.replace(
        result.verdict, sentence="Something in queries of lime rejects.", tests=(said,)
    )
    html = page_of(msgspec.structs.replace(result, verdict=verdict))
    assert "Something in queries of LIME rejects." in html.by_section["verdict"]
    assert "The queries of KernelSHAP and not of my_kernel_shap." in html.by_section["tests"]


def test_false_alarms_have_a_column_only_where_they_were_measured() -> None:
    def heads(result: AuditResult) -> list[str]:
        return [c.header for c in table_of(build_audit_report(result), "tests-table").columns]

    result = invented("fail")
    tests = [msgspec.structs.replace(t, false_alarm_rate=None) for t in result.verdict.tests]
    verdict = msgspec.structs.replace(result.verdict, tests=tuple(tests))
    assert heads(result)[-1] == "False alarms"
    assert heads(msgspec.structs.replace(result, verdict=verdict))[-1] == "Rows sent"


def test_the_verdict_names_findings_first_that_show_something() -> None:
    result = invented("pass")
    unclear = [
        Finding(name="x", feature=f"f{i}", estimate=0.0, low=-1.0, high=1.0) for i in range(4)
    ]
    findings = (*unclear, *result.verdict.findings)
    verdict = msgspec.structs.replace(result.verdict, findings=findings)
    text = page_of(msgspec.structs.replace(result, verdict=verdict)).by_section["verdict"]
    assert text.index("Finding, race") < text.index("Finding, f0")


def test_a_figure_that_may_be_zero_has_no_more_digits_than_are_of_use() -> None:
    tiny = Finding(name="x", feature="f", estimate=1.1e-6, low=-3.2e-6, high=5.5e-6)
    assert estimate(tiny) == ("0.000", "[0.000, 0.000]")
    clear = Finding(name="x", feature="f", estimate=1.1e-6, low=1.0e-6, high=1.2e-6)
    assert estimate(clear)[0] == "0.00000110"


def test_a_command_is_made_up_from_all_choices() -> None:
    result = msgspec.structs.replace(
        invented("pass"), categorical=("zip",), groups={"g": ("a", "b c")}, dropped=("target",)
    )
    text = page_of(result).by_section["reproduce"]
    assert "--categorical zip --group 'g=a,b c' --drop target --budget" in text


def test_negative_numbers_in_prose_are_those_of_tables_and_values_of_data_stay() -> None:
    text = "a gap of -4 points [-11, -3] where code = -1 in run-2"
    expected = f"A gap of {MINUS}4 points [{MINUS}11, {MINUS}3] where code = -1 in run-2."
    assert prose(invented("fail"), text) == expected
