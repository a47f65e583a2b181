"""The tables of an audit: its tests, what is hidden, findings, power, and how the budget went."""

from __future__ import annotations

from explaudit.audit.outcome import Finding, TestResult
from explaudit.audit.run import AuditResult
from explaudit_reports.audit.wording import (
    RESULT_WORDS,
    TestStatus,
    effects,
    estimate,
    p_text,
    prose,
    shown_by,
    status_of,
    test_label,
    title,
)
from explaudit_reports.cells import Notes
from explaudit_reports.model import Cell, Column, Table
from explaudit_reports.numbers import DASH, count, figure, percent

__all__ = [
    "budget_table",
    "details_table",
    "findings_table",
    "hidden_table",
    "power_table",
    "tests_table",
]

#: Signs and colours of the pages, by what a test says.
_TAGS: dict[TestStatus, str] = {"rejects": "gamed", "accepts": "resisted", "silent": "unclear"}

_BASELINE = "a baseline, shown for comparison: takes no part in the verdict"
_UNMEASURED = "not measured on honest models, or not stated by the test"
_SILENT = "the test cannot say; the reason is given below"
_SCORE = "the test states no such figure"


def tests_table(result: AuditResult) -> Table:
    """Return every test with its figures, baselines marked."""
    notes, alpha = Notes(), result.verdict.alpha
    measured = any(test.false_alarm_rate is not None for test in result.verdict.tests)
    return Table(
        id="tests-table",
        caption=(
            f"All tests. A test rejects if its adjusted p-value is at most {percent(alpha)}; "
            "adjusted by Holm's method over all tests that count. Threshold: the score at which "
            "the test alone would reject."
        ),
        columns=(
            Column("Test"),
            Column("Result"),
            Column("Score", numeric=True),
            Column("Threshold", numeric=True),
            Column("p", numeric=True),
            Column("Adjusted p", numeric=True),
            Column("Rows sent", numeric=True),
            *([Column("False alarms", "as measured", numeric=True)] if measured else ()),
        ),
        rows=tuple(_test_row(result, test, notes, measured) for test in result.verdict.tests),
        footnotes=notes.footnotes,
    )


def _test_row(
    result: AuditResult, test: TestResult, notes: Notes, measured: bool
) -> tuple[Cell, ...]:
    status = status_of(test, result.verdict.alpha)
    why = _BASELINE if status == "baseline" else _SILENT
    marks = notes.mark(_BASELINE, "†") if status == "baseline" else ()
    return (
        Cell(test_label(result, test.name), marks=marks),
        Cell(RESULT_WORDS[status], status=_TAGS.get(status, "neutral")),
        _number(test.score, notes, _SCORE if status != "silent" else _SILENT),
        _number(test.threshold, notes, _SCORE if status != "silent" else _SILENT),
        _probability(test.p_value, notes, _SCORE if status == "baseline" else _SILENT),
        _probability(test.adjusted_p_value, notes, why),
        Cell(count(test.queries), value=float(test.queries)),
        *([_share(test.false_alarm_rate, notes)] if measured else ()),
    )


def _number(value: float | None, notes: Notes, why: str) -> Cell:
    if value is None:
        return _dash(notes, why)
    return Cell(figure(value, "number"), value=value)


def _probability(value: float | None, notes: Notes, why: str) -> Cell:
    return _dash(notes, why) if value is None else Cell(p_text(value), value=value)


def _share(value: float | None, notes: Notes) -> Cell:
    if value is None:
        return _dash(notes, _UNMEASURED)
    return Cell(f"{100 * value:.1f}\N{NO-BREAK SPACE}%", value=value)


def _dash(notes: Notes, why: str) -> Cell:
    marks = notes.mark(why, "†") if why == _BASELINE else notes.mark(why)
    return Cell(DASH, marks=marks, reason=why)


def hidden_table(result: AuditResult) -> Table:
    """Return what of each feature's effect is hidden, from whom."""
    rows = tuple(
        (
            Cell(title(found.feature, found.unit)),
            Cell(shown_by(result, found.explainer)),
            Cell(texts.real, value=found.real),
            Cell(texts.shown, value=found.shown),
            Cell(texts.hidden, detail=texts.interval, value=found.estimate),
        )
        for found, texts in ((found, effects(found)) for found in result.verdict.hidden)
    )
    return Table(
        id="hidden-table",
        caption=(
            "Effect of each sensitive feature, in units of the model's output unless another unit "
            "is named. Each interval is for its own figure alone; whether anything is hidden at "
            "all is for the tests to say."
        ),
        columns=(
            Column("Feature"),
            Column("Shown by"),
            Column("On real rows", numeric=True),
            Column("Shown", numeric=True),
            Column("Hidden", "95 % interval", numeric=True),
        ),
        rows=rows,
    )


def findings_table(result: AuditResult) -> Table:
    """Return what a reader must know of the model that is no sign of deception."""
    notes = Notes()
    rows = tuple(
        (
            Cell(found.name[:1].upper() + found.name[1:]),
            Cell(found.feature or "all features"),
            _estimate(found, notes),
            Cell(prose(result, found.text)),
        )
        for found in result.verdict.findings
    )
    return Table(
        id="findings-table",
        caption="Findings. They do not enter the verdict.",
        columns=(
            Column("Finding"),
            Column("About"),
            Column("Estimate", "95 % interval", numeric=True),
            Column("In words"),
        ),
        rows=rows,
        footnotes=notes.footnotes,
    )


def _estimate(found: Finding, notes: Notes) -> Cell:
    if found.estimate is None:
        return _dash(notes, "the finding has no figure")
    text, interval = estimate(found)
    return Cell(text, detail=interval, value=found.estimate)


def power_table(result: AuditResult) -> Table:
    """Return the smallest hidden effect that each test would have found."""
    notes = Notes()
    nothing = "no effect that the model's outputs allow would have been found so often"
    rows = tuple(
        (
            Cell(title(power.feature, power.unit)),
            Cell(test_label(result, power.test)),
            _number(power.smallest_effect, notes, nothing),
            Cell(percent(power.probability), value=power.probability),
        )
        for power in result.verdict.power
    )
    return Table(
        id="power-table",
        caption="The smallest hidden effect that each test would have found, and how often.",
        columns=(
            Column("Feature"),
            Column("Test"),
            Column("Smallest hidden effect", numeric=True),
            Column("Found with probability", numeric=True),
        ),
        rows=rows,
        footnotes=notes.footnotes,
    )


def budget_table(result: AuditResult) -> Table:
    """Return how many rows each part of the audit was to send."""
    plan = result.plan
    parts = {"Real rows, shuffled in with the queries": plan.real_rows}
    for part in result.settings.explainers:
        shown = ", ".join(f"{name} = {value}" for name, value in part.settings.items())
        name = shown_by(result, part.name) + (f" ({shown})" if shown else "")
        parts[name[:1].upper() + name[1:]] = plan.queries
    if plan.toggled:
        n_explainers = len(result.settings.explainers)
        parts["Of these, with another value of a sensitive feature"] = plan.toggled * (
            n_explainers + 1
        )
    for name, rows in plan.detectors.items():
        if rows:
            parts[f"Rows that {name.replace('_', ' ')} sends itself"] = rows
    parts["Planned in all"] = plan.total
    parts["Sent"] = result.verdict.queries
    parts["Allowed"] = result.verdict.budget
    return Table(
        id="budget-table",
        caption="Rows sent to the model.",
        columns=(Column("Part"), Column("Rows", numeric=True)),
        rows=tuple((Cell(name), Cell(count(n), value=float(n))) for name, n in parts.items()),
    )


def details_table(result: AuditResult) -> Table:
    """Return all further figures of the tests, so that nothing measured is left out."""
    rows = tuple(
        (
            Cell(test_label(result, test.name)),
            Cell(name.replace("_", " ")),
            Cell(figure(value, "number"), value=value),
        )
        for test in result.verdict.tests
        for name, value in test.details.items()
    )
    return Table(
        id="details-table",
        caption="Further figures of the tests.",
        columns=(Column("Test"), Column("Figure"), Column("Value", numeric=True)),
        rows=rows,
    )
