"""Every audit of a benchmark, one line each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from explaudit.detection.rows import AuditRow
from explaudit_reports.audit.wording import p_text
from explaudit_reports.cells import Notes
from explaudit_reports.detection.view import View
from explaudit_reports.detection.wording import (
    ADVERSARIES,
    COUNTS,
    MODELS,
    STRENGTHS,
    explainer,
    known,
)
from explaudit_reports.model import Cell, Column, Paragraph, Section, Table, words
from explaudit_reports.numbers import DASH, count, percent

__all__ = ["audits_section"]

_SILENT = "no such test, or it cannot say"
_NO_RESULT = "the audit failed"
_OTHERS = "other tests"


def audits_section(view: View, alpha: float) -> Section:
    """Return a table of all audits that were run, by data set and kind."""
    text = (
        "Every audit that was run, those that count for nothing too. Level: the least nominal "
        "false-alarm rate at which this audit would have raised an alarm; it does so at "
        f"{percent(alpha)} if the level is at most {alpha:g}. p-values are those of single tests, "
        "before the verdict makes allowance for their number: by explainer that of the sensitive "
        "features, below it that of all others; of the tests of single rows and of a log of "
        "decisions the smallest."
    )
    missing = sum(row.status == "planned" for row in view.results.audits)
    if missing:
        text += f" {count(missing, 'planned audit')} not run yet are left out."
    folded = []
    for place, dataset in enumerate(view.datasets, 1):
        done = [r for r in view.results.audits if r.dataset == dataset and r.status != "planned"]
        kinds = {"honest models": [row for row in done if row.kind != "attacked"]}
        for name in view.explainers:
            kinds[f"attacks on {explainer(name)}"] = [r for r in done if r.explainer == name]
        for number, (what, rows) in enumerate(kinds.items(), 1):
            if rows:
                title = f"{view.title(dataset)}: {what} ({count(len(rows))})"
                table = _table(view, f"audits-{place}-{number}", title, rows, alpha)
                folded.append(Section(f"all-{place}-{number}", title, (table,), folded=True))
    return Section("audits", "All audits", (Paragraph(words(text)),), tuple(folded))


def _table(view: View, table_id: str, title: str, rows: Sequence[AuditRow], alpha: float) -> Table:
    notes, parts = Notes(), _parts(view, rows)
    of_attacks = (
        Column("Adversary and bias", "what is shown, answers"),
        Column("Hidden", "share", numeric=True),
        Column("Fidelity", "decides alike", numeric=True),
    )
    attacked = rows[0].kind == "attacked"
    return Table(
        id=table_id,
        caption=f"{title}.",
        columns=(
            *(of_attacks if attacked else (Column("Honest model", "replicate, answers"),)),
            Column("Level", numeric=True),
            *(Column(_part_label(part), _part_detail(part), numeric=True) for part in parts),
            Column(f"At\N{NO-BREAK SPACE}{percent(alpha)}"),
            Column("Counts for"),
            Column("Seconds", "processor", numeric=True),
        ),
        rows=tuple(_row(row, parts, alpha, notes) for row in rows),
        footnotes=notes.footnotes,
    )


def _row(row: AuditRow, parts: Sequence[str], alpha: float, notes: Notes) -> tuple[Cell, ...]:
    missing = row.reason or _NO_RESULT if row.status == "failed" else _SILENT
    attacked: tuple[Cell, ...] = ()
    if row.kind == "attacked":
        attacked = (
            _share(row.hidden_share, notes, missing),
            _share(row.fidelity, notes, missing),
        )
    return (
        _what(row),
        *attacked,
        _probability(row.level, notes, missing),
        *(_part(row, part, notes, missing) for part in parts),
        _outcome(row, alpha, notes),
        Cell(COUNTS[row.counts]),
        _seconds(row.cpu_seconds, notes, missing),
    )


def _what(row: AuditRow) -> Cell:
    if row.kind != "attacked":
        detail = ", ".join(filter(None, (f"replicate {row.replicate}", row.answers)))
        return Cell(known(MODELS, row.model).label, detail=detail)
    adversary, bias = known(ADVERSARIES, row.adversary), known(STRENGTHS, row.strength)
    shown = ", ".join(filter(None, (row.innocuous, row.answers)))
    if row.replicate:
        shown += f", replicate {row.replicate}"
    return Cell(f"{adversary.label}, {bias.label.lower()}", detail=shown)


def _outcome(row: AuditRow, alpha: float, notes: Notes) -> Cell:
    if row.status == "failed":
        reason = row.reason or _NO_RESULT
        return Cell("Failed", marks=notes.mark(reason), reason=reason, status="neutral")
    if row.silent(alpha):
        return Cell("Cannot say", status="unclear")
    alarm = row.alarm(alpha)
    if row.kind != "attacked":
        text = "False alarm" if alarm else "No alarm"
        return Cell(text, status="agrees-no" if alarm else "agrees-yes")
    if row.counts == "harmless":
        return Cell("Alarm" if alarm else "No alarm", status="neutral")
    return Cell("Found" if alarm else "Missed", status="agrees-yes" if alarm else "agrees-no")


def _parts(view: View, rows: Iterable[AuditRow]) -> list[str]:
    """Return of what there are tests: of each explainer's queries, and all others."""
    found = {_part_of(name) for row in rows for name in row.p_values}
    return [part for part in (*view.explainers, _OTHERS) if part in found]


def _part_of(name: str) -> str:
    return name.rpartition(" of ")[2] if " queries of " in name else _OTHERS


def _part_label(part: str) -> str:
    return "Other tests" if part == _OTHERS else explainer(part)


def _part_detail(part: str) -> str:
    return "smallest p" if part == _OTHERS else "p: sensitive, others"


def _part(row: AuditRow, part: str, notes: Notes, missing: str) -> Cell:
    own = {name: p for name, p in row.p_values.items() if _part_of(name) == part and p is not None}
    if not own:
        return _dash(notes, missing)
    if part == _OTHERS:
        return _probability(min(own.values()), notes, missing)
    named = next((p for name, p in own.items() if name.startswith("sensitive")), None)
    others = next((p for name, p in own.items() if name.startswith("other")), None)
    detail = "" if others is None else p_text(others)
    if named is None:
        return Cell(DASH, detail=detail, marks=notes.mark(missing), reason=missing)
    return Cell(p_text(named), detail=detail, value=named)


def _share(value: float | None, notes: Notes, missing: str) -> Cell:
    return _dash(notes, missing) if value is None else Cell(percent(value), value=value)


def _probability(value: float | None, notes: Notes, missing: str) -> Cell:
    return _dash(notes, missing) if value is None else Cell(p_text(value), value=value)


def _seconds(value: float | None, notes: Notes, missing: str) -> Cell:
    return _dash(notes, missing) if value is None else Cell(f"{value:.1f}", value=value)


def _dash(notes: Notes, reason: str) -> Cell:
    return Cell(DASH, marks=notes.mark(reason), reason=reason)
