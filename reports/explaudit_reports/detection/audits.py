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
    share_text,
)
from explaudit_reports.model import Cell, Column, Paragraph, Section, Table, words
from explaudit_reports.numbers import DASH, count, percent

__all__ = ["audits_section"]

_SILENT = "no such test, or it cannot say"
_NO_RESULT = "the audit failed"
_ALONE = "single rows"
_LOG = "log"


def audits_section(view: View, alpha: float) -> Section:
    """Return a table of all audits that were run, by data set and kind."""
    text = (
        "Every audit that was run, those that count for nothing too. Level: the least nominal "
        "false-alarm rate at which this audit would have raised an alarm; it does so at "
        f"{percent(alpha)} if the level is at most {alpha:g}. p-values are those of single tests, "
        "before the verdict makes allowance for their number; of tests of single rows and of a log "
        "of decisions the smallest is shown."
    )
    missing = sum(row.status == "planned" for row in view.results.audits)
    if missing:
        text += f" {count(missing, 'planned audit')} not run yet are left out."
    folded = []
    for place, dataset in enumerate(view.datasets, 1):
        done = [r for r in view.results.audits if r.dataset == dataset and r.status != "planned"]
        honest = [row for row in done if row.kind != "attacked"]
        attacks = [row for row in done if row.kind == "attacked"]
        for what, rows in (("honest", honest), ("attacks", attacks)):
            if rows:
                table = _table(view, f"audits-{place}-{what}", dataset, what, rows, alpha)
                title = f"{view.title(dataset)}: {what} ({count(len(rows))})"
                folded.append(Section(f"all-{place}-{what}", title, (table,), folded=True))
    return Section("audits", "All audits", (Paragraph(words(text)),), tuple(folded))


def _table(
    view: View, table_id: str, dataset: str, what: str, rows: Sequence[AuditRow], alpha: float
) -> Table:
    notes, attacked = Notes(), what == "attacks"
    parts = _parts(view, rows)
    first = Column("Adversary and bias", "shows; answers") if attacked else Column("Honest model")
    return Table(
        id=table_id,
        caption=f"{view.title(dataset)}: {what}.",
        columns=(
            first,
            *((Column("Made for"),) if attacked else ()),
            *((Column("Hidden", "share", numeric=True),) if attacked else ()),
            *((Column("Fidelity", "decides alike", numeric=True),) if attacked else ()),
            Column("Level", numeric=True),
            *(Column(_part_label(part), _part_detail(part), numeric=True) for part in parts),
            Column(f"At {percent(alpha)}"),
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
            Cell(explainer(row.explainer)),
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
    if row.level is None:
        return Cell("Cannot say", status="unclear")
    alarm = row.alarm(alpha)
    if row.kind != "attacked":
        text = "False alarm" if alarm else "No alarm"
        return Cell(text, status="agrees-no" if alarm else "agrees-yes")
    if row.counts == "harmless":
        return Cell("Alarm" if alarm else "No alarm", status="neutral")
    return Cell("Found" if alarm else "Missed", status="agrees-yes" if alarm else "agrees-no")


def _parts(view: View, rows: Iterable[AuditRow]) -> list[str]:
    """Return the kinds of test that there are: of an explainer's queries, of single rows, a log."""
    names = {name for row in rows for name in row.p_values}
    found = {_part_of(name) for name in names}
    known_parts = [*view.explainers, _ALONE, _LOG]
    return [p for p in known_parts if p in found] + sorted(found - set(known_parts))


def _part_of(name: str) -> str:
    if " queries of " in name:
        return name.rpartition(" of ")[2]
    return _LOG if name.startswith("logged decisions") else _ALONE


def _part_label(part: str) -> str:
    return {_ALONE: "Single rows", _LOG: "Log"}.get(part, explainer(part))


def _part_detail(part: str) -> str:
    return "smallest p" if part in (_ALONE, _LOG) else "p: sensitive; others"


def _part(row: AuditRow, part: str, notes: Notes, missing: str) -> Cell:
    own = {name: p for name, p in row.p_values.items() if _part_of(name) == part and p is not None}
    if not own:
        return _dash(notes, missing)
    if part in (_ALONE, _LOG):
        return _probability(min(own.values()), notes, missing)
    named = next((p for name, p in own.items() if name.startswith("sensitive")), None)
    others = next((p for name, p in own.items() if name.startswith("other")), None)
    detail = "" if others is None else p_text(others)
    if named is None:
        return Cell(DASH, detail=detail, marks=notes.mark(missing), reason=missing)
    return Cell(p_text(named), detail=detail, value=named)


def _share(value: float | None, notes: Notes, missing: str) -> Cell:
    return _dash(notes, missing) if value is None else Cell(share_text(value), value=value)


def _probability(value: float | None, notes: Notes, missing: str) -> Cell:
    return _dash(notes, missing) if value is None else Cell(p_text(value), value=value)


def _seconds(value: float | None, notes: Notes, missing: str) -> Cell:
    return _dash(notes, missing) if value is None else Cell(f"{value:.1f}", value=value)


def _dash(notes: Notes, reason: str) -> Cell:
    return Cell(DASH, marks=notes.mark(reason), reason=reason)
