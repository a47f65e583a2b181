"""What the attacks were, and every cell of a benchmark, one line each."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import mean

from explaudit.hardening.cast import LAWS
from explaudit.hardening.rows import CellRow
from explaudit_reports.cells import Notes
from explaudit_reports.hardening.view import View
from explaudit_reports.hardening.wording import MODELS, SHOWN, label
from explaudit_reports.model import Cell, Column, Paragraph, Section, Table, words
from explaudit_reports.numbers import DASH, count, percent

__all__ = ["attacks_table", "cells_section"]

_WITHOUT = "without an attack there is none, or the cell has no result"
_EXPECTS = {
    "lime_discretised": "the queries of LIME and CAD-Defend",
    "kernel_coalitions": "the queries of KernelSHAP",
    "real_neighbours": "real rows, which are all that some explainers ask about",
    "generated_fill": "rows that a forest fills in",
}


def attacks_table(view: View) -> Table:
    """Return how well each gate knows its queries, and what its attack leaves of the decisions."""
    notes, rows = Notes(), []
    for sampler in dict.fromkeys(law.name for law in LAWS.values()):
        for dataset in view.datasets:
            own = [cell for cell in view.done(dataset) if cell.sampler == sampler]
            if own:
                rows.append(_attacks_row(view, sampler, dataset, own, notes))
    return Table(
        id="attacks-table",
        caption=(
            "Gates by what they expect. AUROC: how well a gate tells such queries from real rows, "
            "on queries and rows that it did not learn from; at 50 % or less it cannot. Fidelity: "
            "share of the auditor's rows that are decided as by the biased model."
        ),
        columns=(
            Column("Gate expects"),
            Column("Data set"),
            Column("AUROC", "mean", numeric=True),
            Column("Fidelity", "mean", numeric=True),
            Column("Fidelity", "least", numeric=True),
        ),
        rows=tuple(rows),
        footnotes=notes.footnotes,
    )


def _attacks_row(
    view: View, sampler: str, dataset: str, own: Sequence[CellRow], notes: Notes
) -> tuple[Cell, ...]:
    known = [cell.gate_auroc for cell in own if cell.gate_auroc is not None]
    kept = [cell.fidelity for cell in own if cell.fidelity is not None]
    return (
        Cell(_EXPECTS.get(sampler, sampler)),
        Cell(view.title(dataset)),
        _share(mean(known) if known else None, notes),
        _share(mean(kept) if kept else None, notes),
        _share(min(kept, default=None), notes),
    )


def cells_section(view: View) -> Section:
    """Return a table of all cells that were run, by data set."""
    text = "Every cell that was run: one explainer, one model, one replicate."
    missing = view.results.planned - view.results.done
    if missing:
        text += f" {count(missing, 'planned cell')} not run yet are left out."
    folded = []
    for place, dataset in enumerate(view.datasets, 1):
        done = view.done(dataset)
        if done:
            title = f"{view.title(dataset)} ({count(len(done))})"
            table = _cells_table(f"cells-{place}", title, done)
            folded.append(Section(f"all-{place}", title, (table,), folded=True))
    return Section("cells", "All cells", (Paragraph(words(text)),), tuple(folded))


def _cells_table(table_id: str, title: str, cells: Sequence[CellRow]) -> Table:
    notes = Notes()
    return Table(
        id=table_id,
        caption=f"{title}. Share: the sensitive feature's mean share of the attributions.",
        columns=(
            Column("Explainer", "replicate"),
            Column("Model", "bias, what is shown"),
            Column("Rank 1", "share of rows", numeric=True),
            Column("Share", "of attributions", numeric=True),
            Column("Rows", numeric=True),
            Column("Fidelity", "decides alike", numeric=True),
            Column("AUROC", "gate", numeric=True),
            Column("Queries", "for a row", numeric=True),
        ),
        rows=tuple(_cell(cell, notes) for cell in cells),
        footnotes=notes.footnotes,
    )


def _cell(cell: CellRow, notes: Notes) -> tuple[Cell, ...]:
    model = " and ".join(MODELS[one] for one in cell.models)
    detail = ", ".join(filter(None, (cell.bias, SHOWN.get(cell.innocuous, cell.innocuous))))
    head = (
        Cell(label(cell.explainer), detail=f"replicate {cell.replicate}"),
        Cell(model, detail=detail),
    )
    if cell.status == "failed":
        reason = cell.reason or "the cell failed"
        return (*head, *(_share(None, notes, reason) for _ in range(6)))
    lost = f"{count(cell.unexplained)} could not be explained" if cell.unexplained else ""
    queries = cell.queries_per_row
    return (
        *head,
        _share(cell.rate, notes),
        _share(cell.share, notes, "no attribution at all"),
        Cell(count(len(cell.first)), value=float(len(cell.first)), marks=notes.mark(lost)),
        _share(cell.fidelity, notes),
        _share(cell.gate_auroc, notes),
        _share(None, notes) if queries is None else Cell(count(round(queries)), value=queries),
    )


def _share(value: float | None, notes: Notes, missing: str = _WITHOUT) -> Cell:
    if value is None:
        return Cell(DASH, marks=notes.mark(missing), reason=missing)
    return Cell(percent(value), value=value)
