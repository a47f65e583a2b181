"""The published study, re-run, beside our figures."""

from __future__ import annotations

from explaudit.results import ReferenceRow
from explaudit_reports.lookup import Lookup
from explaudit_reports.model import Cell, Column, Paragraph, Section, Table, words
from explaudit_reports.numbers import DASH, MINUS, count, figure
from explaudit_reports.vocabulary import term

__all__ = ["reference_section"]


def reference_section(lookup: Lookup) -> Section | None:
    """Return all rows of the comparison; None where the study was not compared."""
    rows = lookup.results.reference
    if not rows:
        return None
    agree = sum(row.agrees is True for row in rows)
    differ = sum(row.agrees is False for row in rows)
    unknown = len(rows) - agree - differ
    text = (
        f"The published code was re-run with current libraries, and its figures are set beside "
        f"ours. Of {count(len(rows), 'figure')}, {count(agree)} agree within the allowed "
        f"difference, {count(differ)} do not, and {count(unknown)} cannot be compared because ours "
        "is undefined. All are shown. Agreement means that the difference lies within the 95 % "
        "interval expected from the spread between seeds; with few seeds that interval is wide, so "
        "agreement is weak evidence and a difference is strong evidence."
    )
    return Section(
        "reference", "Beside the published study", (Paragraph(words(text)), _table(lookup))
    )


def _table(lookup: Lookup) -> Table:
    headers = ("Ours", "Reference", "Difference", "Allowed")
    return Table(
        id="published-reference",
        caption="Our figures beside those of the re-run published code (± SD between its seeds).",
        columns=(
            Column("Figure"),
            Column("Agrees"),
            *(Column(header, numeric=True) for header in headers),
        ),
        rows=tuple(_row(lookup, row) for row in lookup.results.reference),
    )


def _row(lookup: Lookup, row: ReferenceRow) -> tuple[Cell, ...]:
    model = f"{row.model}, attack {row.attack_setting}" if row.attack_setting else row.model
    evidence = lookup.explainer(row.explainer) if row.explainer else "real rows"
    what = f"{lookup.title(row.dataset)}, {evidence}, {model}: {term(row.metric).inline}"
    spread = f"± {figure(row.reference_sd, 'points')}, {count(row.reference_seeds, 'seed')}"
    agrees = {True: "yes", False: "no", None: "cannot say"}[row.agrees]
    return (
        Cell(what),
        Cell(agrees, status=f"agrees-{agrees.split()[0]}"),
        _share(row.ours),
        Cell(figure(row.reference, "share"), detail=spread, value=row.reference),
        _points(row.difference),
        Cell(f"± {figure(row.allowed, 'points')}", value=row.allowed),
    )


def _share(value: float | None) -> Cell:
    reason = "" if value is not None else "undefined in our results"
    return Cell(figure(value, "share"), value=value, reason=reason, detail=reason)


def _points(difference: float | None) -> Cell:
    if difference is None:
        return Cell(DASH, reason="our figure is undefined", detail="ours is undefined")
    sign = "+" if difference > 0 else ""
    text = figure(difference, "points").replace("-", MINUS)
    return Cell(f"{sign}{text}", value=difference)
