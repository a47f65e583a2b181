"""The leaderboard itself, and what a page needs to show it at other levels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from explaudit.leaderboard.results import MetricNote
from explaudit.metrics import NO_REPLACEMENT
from explaudit_reports.cells import Notes
from explaudit_reports.leaderboard.figures import LEVEL_COLUMNS, level_cells
from explaudit_reports.leaderboard.view import View
from explaudit_reports.leaderboard.wording import FORMS, metric_label
from explaudit_reports.model import Cell, Column, Table
from explaudit_reports.vocabulary import term

__all__ = ["TABLE_ID", "Medium", "instead_cell", "leaderboard_table", "levels"]

Medium = Literal["screen", "paper"]

TABLE_ID = "leaderboard-table"
_FIXED = ("Family", "Form", "Needs")
_CAPTION = (
    "Every metric of explanations, the most gameable first. Worst and mean: for a quality metric, "
    "how often the false explanation gets at least as good a mark as the honest one "
    "(50\N{NO-BREAK SPACE}%: it cannot tell); for evidence, the share of the way to "
    "innocence that it is moved. In brackets: 95\N{NO-BREAK SPACE}% interval."
)


def leaderboard_table(view: View, medium: Medium) -> Table:
    """Return the leaderboard over all explainers and data sets.

    On paper, where there is less room, family, form and access stand below the metric's name.
    """
    notes, found = _all_levels(view)
    rows = [
        _row(view, note, cells, medium)
        for note, cells in zip(view.metrics, found["", ""], strict=True)
    ]
    paper = medium == "paper"
    return Table(
        id=TABLE_ID,
        caption=_CAPTION,
        columns=(
            Column("Metric"),
            *(column for column in LEVEL_COLUMNS if not (paper and column.header == "Fidelity")),
            *(Column(name) for name in _FIXED if not paper),
            Column("Use instead"),
        ),
        rows=tuple(rows),
        footnotes=notes.footnotes,
    )


def _row(view: View, note: MetricNote, cells: tuple[Cell, ...], medium: Medium) -> tuple[Cell, ...]:
    label, form = metric_label(note.name), FORMS[view.form(note)]
    instead = instead_cell(view, note)
    if medium == "screen":
        fixed = (Cell(note.family, note.kind), Cell(form), Cell(note.access))
        return (Cell(label), *cells, *fixed, instead)
    verdict, worst, mean, adversary, fidelity, *others = cells
    kind = note.family if form == "neither" else f"{note.family}, {form}"
    who = replace(adversary, detail=f"fidelity {fidelity.text}" if fidelity.value else "")
    return (Cell(label, f"{kind}; {note.access}"), verdict, worst, mean, who, *others, instead)


def instead_cell(view: View, note: MetricNote) -> Cell:
    """Return what to use instead of a metric, and how that does itself."""
    if note.instead.startswith(NO_REPLACEMENT):
        return Cell("none known", note.instead.removeprefix(NO_REPLACEMENT).lstrip(": "))
    if not note.instead:
        return Cell("none named")
    if view.note(note.instead) is None:
        return Cell(term(note.instead).label, "on real rows, without an explainer")
    return Cell(metric_label(note.instead), view.overall(note.instead).verdict)


def levels(view: View) -> dict[str, Any]:
    """Return the leaderboard's cells at every level, for the page's filters.

    Returns
    -------
    dict
        ``metrics``: for each row of the table, what it can be filtered by. ``first``: the column
        of the first cell that depends on the level. ``cells``: distinct cells, each a list of
        text, detail, value, marks, reason and status. ``levels``: for each explainer and data set,
        with a line break between them and empty for all, the places of the rows' cells in that
        list.
    """
    _, found = _all_levels(view)
    places: dict[Cell, int] = {}
    by_level = {
        "\n".join(level): [[places.setdefault(c, len(places)) for c in row] for row in rows]
        for level, rows in found.items()
    }
    return {
        "table": TABLE_ID,
        "first": 1,
        "metrics": [
            {
                "id": f"metric-{note.name}",
                "access": note.access,
                "kind": note.kind,
                "family": note.family,
                "form": FORMS[view.form(note)],
            }
            for note in view.metrics
        ],
        "explainers": {name: view.explainer(name) for name in view.explainers},
        "datasets": {name: view.title(name) for name in view.datasets},
        "cells": [
            [c.text, c.detail, c.value, " ".join(c.marks), c.reason, c.status] for c in places
        ],
        "levels": by_level,
    }


def _all_levels(view: View) -> tuple[Notes, dict[tuple[str, str], list[tuple[Cell, ...]]]]:
    """Return the cells of each metric at each level; all share their footnotes."""
    notes = Notes()
    return notes, {
        (explainer, dataset): [
            level_cells(
                view.score(note.name, explainer, dataset),
                notes,
                evidence=note.kind == "evidence",
            )
            for note in view.metrics
        ]
        for dataset in ("", *view.datasets)
        for explainer in ("", *view.explainers)
    }
