"""Explainers, clever and plain, by how far attacks move the evidence that they give."""

from __future__ import annotations

from explaudit_reports.cells import Notes
from explaudit_reports.leaderboard.figures import MAIN_COLUMNS, main_cells
from explaudit_reports.leaderboard.pictures import explainers_gallery
from explaudit_reports.leaderboard.view import View
from explaudit_reports.leaderboard.wording import access_of_explainer, metric_label
from explaudit_reports.model import Cell, Column, Paragraph, Section, Table, words

__all__ = ["EVIDENCE", "explainers_section"]

#: What says of an explainer whether it shows the sensitive feature: graded, and as published.
EVIDENCE = ("sensitive_share", "sensitive_top1")


def explainers_section(view: View) -> Section | None:
    """Return picture and tables of all explainer settings; None without such evidence."""
    evidence = [name for name in EVIDENCE if view.note(name)]
    if not evidence:
        return None
    text = (
        "Does an explainer still show that the model uses the sensitive feature, once an adversary "
        "hides it? Clever and plain tools side by side. Explainers that ask the model about real "
        "rows alone leave an adversary nothing to recognise. Controls know nothing of the model, "
        "so that nothing can be said of them."
    )
    labels = [metric_label(name) for name in evidence]
    return Section(
        "explainers",
        "Explainers, clever and plain",
        (
            Paragraph(words(text)),
            explainers_gallery(view, evidence, labels),
            *(_table(view, name) for name in evidence),
        ),
    )


def _table(view: View, metric: str) -> Table:
    notes = Notes()
    return Table(
        id=f"explainers-{metric}",
        caption=(
            f"{metric_label(metric)}: share of the way to innocence that attacks move it, by "
            "explainer setting."
        ),
        columns=(
            Column("Explainer"),
            Column("Asks for"),
            *MAIN_COLUMNS,
        ),
        rows=tuple(_row(view, metric, setting, notes) for setting in view.explainers),
        footnotes=notes.footnotes,
    )


def _row(view: View, metric: str, setting: str, notes: Notes) -> tuple[Cell, ...]:
    head = (Cell(view.explainer(setting)), Cell(access_of_explainer(view.plugin(setting))))
    return (*head, *main_cells(view.score(metric, setting), notes))
