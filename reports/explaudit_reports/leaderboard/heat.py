"""The heat map: how gameable each metric is under each explainer."""

from __future__ import annotations

from explaudit.leaderboard.results import MetricNote
from explaudit_reports.cells import Notes
from explaudit_reports.leaderboard.figures import NO_WORST, NOT_RUN, estimate_cell
from explaudit_reports.leaderboard.view import View
from explaudit_reports.leaderboard.wording import metric_label
from explaudit_reports.model import Cell, Column, Paragraph, Section, Table, words
from explaudit_reports.numbers import DASH

__all__ = ["heat_section"]


def heat_section(view: View) -> Section:
    """Return a heat map for each group of explainers."""
    text = (
        "Worst gameability over all data sets, with the verdict below it. The more gameable, the "
        "stronger the colour; hatched, or without colour: nothing can be said. Under a baseline "
        "that no attack deceives, and under controls, metrics have no false explanation to judge."
    )
    tables = tuple(
        _table(view, name, settings, f"heat-{place}")
        for place, (name, settings) in enumerate(view.groups, 1)
    )
    return Section("heat", "Metric by explainer", (Paragraph(words(text)), *tables))


def _table(view: View, group: str, settings: list[str], table_id: str) -> Table:
    notes = Notes()
    return Table(
        id=table_id,
        caption=f"{group}: worst gameability of each metric, and the verdict.",
        columns=(
            Column("Metric"),
            *(Column(view.explainer(setting), numeric=True) for setting in settings),
        ),
        rows=tuple(
            (
                Cell(metric_label(note.name)),
                *(_cell(view, note, setting, notes) for setting in settings),
            )
            for note in view.metrics
        ),
        footnotes=notes.footnotes,
    )


def _cell(view: View, note: MetricNote, setting: str, notes: Notes) -> Cell:
    score = view.score(note.name, setting)
    if score is None:
        return Cell(DASH, marks=notes.mark(NOT_RUN), reason=NOT_RUN)
    said = score.verdict != "cannot say"
    cell = estimate_cell(score.worst, notes, score.reason or NO_WORST, shaded=said)
    return Cell(cell.text, score.verdict, cell.value, cell.marks, cell.reason, cell.shade)
