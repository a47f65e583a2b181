"""The tables of one data set: evidence, gameability, behaviour on real rows, findings."""

from __future__ import annotations

from collections.abc import Sequence

from explaudit_reports.cells import Estimates, Size, model_column, size_text
from explaudit_reports.findings import STATUS_WORDS, Finding
from explaudit_reports.lookup import Lookup
from explaudit_reports.model import Cell, Column, Table
from explaudit_reports.vocabulary import HEADLINE, term

__all__ = ["behaviour_table", "evidence_table", "findings_table", "gameability_table"]


def evidence_table(lookup: Lookup, dataset: str, metric: str, table_id: str) -> Table:
    """Return one metric of all explainer settings (rows) under all models (columns)."""
    models = [
        model
        for model in lookup.models(dataset)
        if any(lookup.measurement(dataset, metric, s, model) for s in lookup.explainers(dataset))
    ]
    found = {
        setting: [lookup.measurement(dataset, metric, setting, model) for model in models]
        for setting in lookup.explainers(dataset)
    }
    estimates = Estimates([m for row in found.values() for m in row], shaded=metric == HEADLINE)
    columns = [model_column(lookup, dataset, model, estimates.notes) for model in models]
    rows = tuple(
        (Cell(lookup.explainer(setting)), *(estimates.cell(m, metric) for m in row))
        for setting, row in found.items()
        if any(m is not None for m in row)
    )
    return Table(
        id=table_id,
        caption=f"{lookup.title(dataset)}: {term(metric).inline}. {_stands_on(estimates.usual)}",
        columns=(Column("Explainer setting"), *columns),
        rows=rows,
        footnotes=estimates.footnotes,
    )


def gameability_table(lookup: Lookup, dataset: str, evidence: str, table_id: str) -> Table:
    """Return the gameability of one piece of evidence: each attack, the mean and the worst."""
    attacks = lookup.attacks(dataset)
    places = [*(("attack", attack) for attack in attacks), ("mean", ""), ("worst", "")]
    found = {
        setting: [lookup.gameability(dataset, evidence, setting, *place) for place in places]
        for setting in lookup.explainers(dataset)
    }
    estimates = Estimates([g for row in found.values() for g in row])
    columns = [model_column(lookup, dataset, ("attacked", a), estimates.notes) for a in attacks]
    rows = tuple(
        (
            Cell(lookup.explainer(setting)),
            *(estimates.cell(g, evidence) for g in row),
            Cell(row[-1].attack_setting if row[-1] else ""),
        )
        for setting, row in found.items()
        if any(g is not None for g in row)
    )
    return Table(
        id=table_id,
        caption=(
            f"{lookup.title(dataset)}: gameability of “{term(evidence).inline}”, the share of the "
            "way to innocence that each attack moves it. Mean and worst are over the attacks that "
            f"count. {_stands_on(estimates.usual)}"
        ),
        columns=(
            Column("Explainer setting"),
            *columns,
            Column("Mean", numeric=True),
            Column("Worst", numeric=True),
            Column("Worst attack"),
        ),
        rows=rows,
        footnotes=estimates.footnotes,
    )


def behaviour_table(
    lookup: Lookup, dataset: str, metrics: Sequence[str], subject: str, table_id: str
) -> Table:
    """Return what was measured without any explainer: metrics (rows) of each model (columns).

    Parameters
    ----------
    metrics : sequence of str
        Which metrics.
    subject : str
        What they are about, for the caption.
    """
    models = [
        model
        for model in lookup.models(dataset)
        if any(lookup.measurement(dataset, metric, "", model) for metric in metrics)
    ]
    found = {
        metric: [lookup.measurement(dataset, metric, "", model) for model in models]
        for metric in metrics
    }
    estimates = Estimates([m for row in found.values() for m in row])
    columns = [
        Column(column.header, numeric=True)
        for column in (model_column(lookup, dataset, m, estimates.notes) for m in models)
    ]
    return Table(
        id=table_id,
        caption=f"{lookup.title(dataset)}: {subject}. {_stands_on(estimates.usual)}",
        columns=(Column("Metric"), *columns),
        rows=tuple(
            (
                Cell(term(metric).label),
                *(estimates.cell(m, metric, missing="not measured for this model") for m in row),
            )
            for metric, row in found.items()
        ),
        footnotes=estimates.footnotes,
    )


def findings_table(
    lookup: Lookup, dataset: str, findings: Sequence[Finding], table_id: str
) -> Table:
    """Return one finding for each explainer setting, with the figures that it rests on."""
    estimates = Estimates(
        [row for f in findings for row in (f.honest, f.attacked, f.innocent, f.worst)]
    )
    return Table(
        id=table_id,
        caption=(
            f"{lookup.title(dataset)}: findings. Shares of rows with the sensitive feature at "
            f"rank 1, and the worst attack that counts. {_stands_on(estimates.usual)}"
        ),
        columns=(
            Column("Explainer setting"),
            Column("Finding"),
            Column("Honest", numeric=True),
            Column("Attacked", "worst", numeric=True),
            Column("Innocuous", numeric=True),
            Column("Gameability", "worst", numeric=True),
            Column("Worst attack"),
        ),
        rows=tuple(_finding_cells(lookup, finding, estimates) for finding in findings),
        footnotes=estimates.footnotes,
    )


def _finding_cells(lookup: Lookup, finding: Finding, estimates: Estimates) -> tuple[Cell, ...]:
    status = Cell(
        STATUS_WORDS[finding.status],
        marks=estimates.notes.mark(finding.reason),
        reason=finding.reason,
        status=finding.status,
    )
    figures = (finding.honest, finding.attacked, finding.innocent, finding.worst)
    none = "no attack counts, or none could be judged"
    return (
        Cell(lookup.explainer(finding.explainer_setting)),
        status,
        *(estimates.cell(row, HEADLINE, missing=none) for row in figures),
        Cell(finding.attack),
    )


def _stands_on(usual: Size | None) -> str:
    if usual is None:
        return ""
    return f"Each figure stands on {size_text(usual)} unless its cell says otherwise."
