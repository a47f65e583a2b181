"""The leaderboard itself, and what a page needs to show it at other levels."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from explaudit.leaderboard.results import MetricNote, Score
from explaudit.metrics import NO_REPLACEMENT, metric_specs
from explaudit_reports.cells import Notes
from explaudit_reports.leaderboard.figures import LEVEL_COLUMNS, level_cells
from explaudit_reports.leaderboard.view import View
from explaudit_reports.leaderboard.wording import FORMS, VERDICTS, access_rank, metric_label
from explaudit_reports.model import Cell, Column, Table

__all__ = ["TABLE_ID", "Medium", "instead_cell", "leaderboard_table", "levels"]

Medium = Literal["screen", "paper"]

TABLE_ID = "leaderboard-table"
_FILTERS = {"Needs": "access", "Kind": "kind", "Family": "family", "Form": "form"}
_NOT_HERE = "not judged here"
_NO_EXPLAINER = "on real rows, without an explainer"
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
    return Table(
        id=TABLE_ID,
        caption=_CAPTION,
        columns=(Column("Metric"), *_columns(medium), Column("Use instead")),
        rows=tuple(rows),
        footnotes=notes.footnotes,
    )


def _columns(medium: Medium) -> list[Column]:
    """Return the columns between the metric and what to use instead of it."""
    columns = [column for column in LEVEL_COLUMNS if column.header != "Fidelity"]
    if medium == "paper":
        return columns
    # a window may be narrower than all heads in one piece
    broken = [replace(c, header=c.header.replace("\N{NO-BREAK SPACE}", " ")) for c in columns]
    return [*broken, Column("Family", "form and needs")]


def _row(view: View, note: MetricNote, cells: tuple[Cell, ...], medium: Medium) -> tuple[Cell, ...]:
    label, instead = metric_label(note.name), instead_cell(view, note)
    form = FORMS[view.form(note)]
    forms = [note.kind] if note.kind == "evidence" else [] if form == "neither" else [form]
    if medium == "screen":
        family = Cell(note.family, "; ".join([*forms, note.access]))
        return (Cell(label), *cells, family, instead)
    detail = "; ".join([", ".join([note.family, *forms]), note.access])
    return (Cell(label, detail), *cells, instead)


def instead_cell(view: View, note: MetricNote) -> Cell:
    """Return what to use instead of a metric, and how that does itself."""
    if note.instead.startswith(NO_REPLACEMENT):
        return Cell("none known", note.instead.removeprefix(NO_REPLACEMENT).lstrip(": "))
    if not note.instead:
        return Cell("none named")
    score = view.score(note.instead)
    if score:
        return Cell(metric_label(note.instead), score.verdict)
    judges = note.instead in metric_specs()
    return Cell(metric_label(note.instead), _NOT_HERE if judges else _NO_EXPLAINER)


def levels(view: View) -> dict[str, Any]:
    """Return the leaderboard's cells at every level, for the page's filters.

    Returns
    -------
    dict
        ``metrics``: for each row of the table, what it can be filtered by. ``filters``: label, key
        in ``metrics`` and values of each filter; ``verdicts`` are those of the filter that depends
        on the level. ``first``: the column of the first cell that does. ``cells``: distinct cells,
        each a list of text, detail, value, marks, reason and status. ``levels``: for each explainer
        and data set, with a line break between them and empty for all, the places of the rows'
        cells in that list.
    """
    _, found = _all_levels(view)
    places: dict[Cell, int] = {}
    by_level = {
        "\n".join(level): [[places.setdefault(c, len(places)) for c in row] for row in rows]
        for level, rows in found.items()
    }
    metrics = [_filtered_by(view, note) for note in view.metrics]
    return {
        "table": TABLE_ID,
        "first": 1,
        "metrics": metrics,
        "filters": [
            [label, key, _in_order(key, {metric[key] for metric in metrics})]
            for label, key in _FILTERS.items()
        ],
        "verdicts": VERDICTS,
        "explainers": {name: view.explainer(name) for name in view.explainers},
        "datasets": {name: view.title(name) for name in view.datasets},
        "cells": [
            [c.text, c.detail, c.value, " ".join(c.marks), c.reason, c.status] for c in places
        ],
        "levels": by_level,
    }


def _filtered_by(view: View, note: MetricNote) -> dict[str, str]:
    return {
        "id": f"metric-{note.name}",
        "access": note.access,
        "kind": note.kind,
        "family": note.family,
        "form": FORMS[view.form(note)],
    }


def _in_order(key: str, values: set[str]) -> list[str]:
    return access_rank(values) if key == "access" else sorted(values)


def _all_levels(view: View) -> tuple[Notes, dict[tuple[str, str], list[tuple[Cell, ...]]]]:
    """Return the cells of each metric at each level; all share their footnotes."""
    notes = Notes()
    return notes, {
        (explainer, dataset): [
            _cells(view.score(note.name, explainer, dataset), note, notes) for note in view.metrics
        ]
        for dataset in ("", *view.datasets)
        for explainer in ("", *view.explainers)
    }


def _cells(score: Score | None, note: MetricNote, notes: Notes) -> tuple[Cell, ...]:
    """Return the cells of one metric at one level, with the fidelity below its adversary."""
    cells = level_cells(score, notes, evidence=note.kind == "evidence")
    verdict, worst, mean, adversary, fidelity, *others = cells
    detail = "" if fidelity.value is None else f"fidelity {fidelity.text}"
    who = replace(adversary, detail=detail, marks=fidelity.marks, reason=fidelity.reason)
    return (verdict, worst, mean, who, *others)
