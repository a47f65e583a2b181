"""The tables of a benchmark: false alarms, detections, curves and cost."""

from __future__ import annotations

from collections.abc import Sequence

from explaudit.detection.curves import Curve
from explaudit.detection.rates import ALPHAS, Rate
from explaudit_reports.cells import Notes
from explaudit_reports.detection.lines import Line
from explaudit_reports.detection.view import View
from explaudit_reports.detection.wording import (
    curve_label,
    explainer,
    interval_text,
    share_text,
    tally,
)
from explaudit_reports.model import Cell, Column, Table
from explaudit_reports.numbers import DASH, count, percent

__all__ = [
    "cost_table",
    "curves_table",
    "detections_table",
    "false_alarms_table",
]

_NO_AUDIT = "no such audit was made, or it has no result"
_INTERVAL = "95\N{NO-BREAK SPACE}% interval in per cent"
_FALSE_ALARMS = (0.01, 0.05, 0.1)


def false_alarms_table(view: View, table_id: str, caption: str, lines: Sequence[Line]) -> Table:
    """Return rates of false alarms.

    Parameters
    ----------
    caption : str
        What the table tells apart.
    lines : sequence of Line
        Of what.
    """
    notes = Notes()
    described = any(line.meaning for line in lines)
    rows = []
    for line in lines:
        found = [view.rate(line.counts, alpha, dict(line.group)) for alpha in ALPHAS]
        n = found[0].n if found[0] else 0
        meaning = (Cell(line.meaning),) if described else ()
        cells = (_false_alarms(rate, notes) for rate in found)
        rows.append((Cell(line.label), *meaning, Cell(count(n), value=float(n)), *cells))
    return Table(
        id=table_id,
        caption=f"False alarms. {caption} In small print: the {_INTERVAL}.",
        columns=(
            Column("Honest models"),
            *((Column("What they are"),) if described else ()),
            Column("Audits", numeric=True),
            *(
                Column(f"At\N{NO-BREAK SPACE}{percent(alpha)}", "nominal", numeric=True)
                for alpha in ALPHAS
            ),
        ),
        rows=tuple(rows),
        footnotes=notes.footnotes,
    )


def _false_alarms(rate: Rate | None, notes: Notes) -> Cell:
    if rate is None:
        return Cell(DASH, marks=notes.mark(_NO_AUDIT), reason=_NO_AUDIT)
    return Cell(
        f"{count(rate.alarms)} ({share_text(rate.value, rate.counts)})",
        detail=interval_text(rate),
        value=rate.value,
        marks=notes.mark(_silent(rate)),
        reason=_silent(rate),
    )


def detections_table(
    view: View, table_id: str, heading: str, caption: str, lines: Sequence[Line]
) -> Table:
    """Return detection rates, the explainers that attacks are made for side by side.

    Parameters
    ----------
    heading : str
        Of the first column.
    caption : str
        What the table tells apart.
    lines : sequence of Line
        Of what.
    """
    notes = Notes()
    places = [(name, alpha) for name in view.explainers for alpha in ALPHAS]
    rows = tuple(
        (
            Cell(line.label),
            *(
                _detections(view.rate(line.counts, alpha, {**line.group, "explainer": name}), notes)
                for name, alpha in places
            ),
        )
        for line in lines
    )
    return Table(
        id=table_id,
        caption=(
            f"Detections. {caption} In small print: how many of how many, and the "
            f"{_INTERVAL}. The stronger the colour, the more were found."
        ),
        columns=(
            Column(heading),
            *(
                Column(explainer(name), f"at\N{NO-BREAK SPACE}{percent(alpha)}", numeric=True)
                for name, alpha in places
            ),
        ),
        rows=rows,
        footnotes=notes.footnotes,
    )


def _detections(rate: Rate | None, notes: Notes) -> Cell:
    if rate is None:
        return Cell(DASH, marks=notes.mark(_NO_AUDIT), reason=_NO_AUDIT)
    return Cell(
        share_text(rate.value, rate.counts),
        detail=f"{tally(rate)} {interval_text(rate)}",
        value=rate.value,
        marks=notes.mark(_silent(rate)),
        reason=_silent(rate),
        shade=rate.value,
    )


def _silent(rate: Rate) -> str:
    if not rate.inconclusive:
        return ""
    return f"{count(rate.inconclusive)} of {count(rate.n)} could not judge, and raised no alarm"


def curves_table(view: View) -> Table:
    """Return of each curve its area, and the detections at a few rates of false alarms."""
    return Table(
        id="curves-table",
        caption=(
            "Detections at rates of false alarms as they were measured, not nominal ones, on the "
            "honest models that nothing was tuned on. Area: probability that, of an attack and an "
            "honest model drawn at random, the attack looks worse; 0.5 is guessing."
        ),
        columns=(
            Column("Attacks on"),
            Column("Judged by"),
            Column("Honest", "audits", numeric=True),
            Column("Attacks", "audits", numeric=True),
            Column("Area", "under the curve", numeric=True),
            *(
                Column(f"At\N{NO-BREAK SPACE}{percent(rate)}", "false alarms", numeric=True)
                for rate in _FALSE_ALARMS
            ),
        ),
        rows=tuple(_curve_row(curve) for curve in view.results.curves),
    )


def _curve_row(curve: Curve) -> tuple[Cell, ...]:
    found = [curve.detections(rate) for rate in _FALSE_ALARMS]
    return (
        Cell(explainer(curve.explainer)),
        Cell(curve_label(curve.of, curve.explainer)),
        Cell(count(curve.n_honest), value=float(curve.n_honest)),
        Cell(count(curve.n_attacks), value=float(curve.n_attacks)),
        Cell(f"{curve.area:.3f}", value=curve.area),
        *(Cell(percent(value), value=value) for value in found),
    )


def cost_table(view: View) -> Table:
    """Return what audits cost, by data set."""
    notes = Notes()
    return Table(
        id="cost-table",
        caption="Cost of an audit: seconds of one processor, and rows that the model was sent.",
        columns=(
            Column("Data set"),
            Column("Rows allowed", numeric=True),
            Column("Audits", numeric=True),
            Column("Rows sent", "median", numeric=True),
            Column("Seconds", "median", numeric=True),
            Column("Seconds", "longest", numeric=True),
            Column("Hours", "all audits", numeric=True),
        ),
        rows=tuple(
            (
                Cell(view.title(cost.dataset)),
                *(Cell(count(n), value=float(n)) for n in (cost.budget, cost.n, cost.queries)),
                _time(cost.cpu_median, notes),
                _time(cost.cpu_most, notes),
                _time(cost.cpu_total, notes, hours=True),
            )
            for cost in sorted(view.results.costs, key=lambda c: view.datasets.index(c.dataset))
        ),
        footnotes=notes.footnotes,
    )


def _time(seconds: float | None, notes: Notes, hours: bool = False) -> Cell:
    if seconds is None:
        reason = "not measured"
        return Cell(DASH, marks=notes.mark(reason), reason=reason)
    value, digits = (seconds / 3600, 2) if hours else (seconds, 1)
    return Cell(f"{value:.{digits}f}", value=value)
