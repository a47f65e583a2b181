"""The tables of a benchmark: targets, data sets, attacks and cost."""

from __future__ import annotations

from explaudit.hardening.cast import CAST
from explaudit.hardening.rates import TARGETS, Measure, Rate
from explaudit.hardening.rows import Model
from explaudit.hardening.summary import Judged
from explaudit_reports.cells import Notes
from explaudit_reports.hardening.view import View
from explaudit_reports.hardening.wording import BIAS_LABELS, MODELS, kind_label, label
from explaudit_reports.model import Cell, Column, Table
from explaudit_reports.numbers import DASH, count, figure, interval, percent

__all__ = ["back_table", "cost_table", "dataset_table", "targets_table", "worst_table"]

_INTERVAL = "95\N{NO-BREAK SPACE}% interval in per cent"
_MISSING = "no such cell, or it has no result yet"
_ONE_ATTACKER = "its own queries are the expected ones: one attacker is both"
_STATUS = {"met": "agrees-yes", "missed": "agrees-no", "cannot say": "unclear"}
_RANK = {"met": 2.0, "cannot say": 1.0, "missed": 0.0}
_ORDER: tuple[Model, ...] = ("honest", "unmatched", "matched")


def targets_table(view: View, bias: str) -> Table:
    """Return rates under one bias, each beside what came of its target."""
    notes = Notes()
    columns = [Column("Explainer"), Column("Honest model", "biased", numeric=True)]
    for (measure, model), goal in TARGETS.items():
        name = f"{MODELS[model].split()[0]}, of honest" if measure == "ratio" else MODELS[model]
        columns += [
            Column(name, numeric=True),
            Column(f"At least {percent(goal)}?", numeric=False),
        ]
    columns.append(Column("Fair model", "false alarms", numeric=True))
    return Table(
        id=f"targets-{bias.replace('.', '-')}",
        caption=(
            f"{BIAS_LABELS.get(bias, bias)}. Share of rows with the sensitive feature at rank 1, "
            f"over all data sets; in small print the {_INTERVAL}. A target is met or missed if the "
            "whole interval says so."
        ),
        columns=tuple(columns),
        rows=tuple(_targets_row(view, name, bias, notes) for name in view.explainers),
        footnotes=notes.footnotes,
    )


def _targets_row(view: View, explainer: str, bias: str, notes: Notes) -> tuple[Cell, ...]:
    cells = [_name(explainer), _rate(view.rate(explainer, "honest", bias), notes)]
    for measure, model in TARGETS:
        rate = view.rate(explainer, model, bias, measure=measure)
        one = model == "matched" and explainer in CAST and CAST[explainer].one_attacker
        cells += [
            _rate(rate, notes, _ONE_ATTACKER if one else ""),
            _word(view.judged(explainer, bias, measure, model)),
        ]
    return (*cells, _rate(view.rate(explainer, "fair", bias), notes))


def _name(explainer: str) -> Cell:
    return Cell(label(explainer), detail=kind_label(explainer))


def _word(judged: Judged | None) -> Cell:
    word = judged.word if judged else "cannot say"
    return Cell(word[:1].upper() + word[1:], value=_RANK[word], status=_STATUS[word])


def _rate(rate: Rate | None, notes: Notes, remark: str = "") -> Cell:
    if rate is None or rate.value is None:
        reason = rate.reason if rate and rate.reason else _MISSING
        return Cell(DASH, marks=notes.mark(reason), reason=reason)
    said = "; ".join(filter(None, (rate.reason, remark)))
    return Cell(
        figure(rate.value, "share"),
        detail=interval(rate.low, rate.high, "share"),
        value=rate.value,
        marks=tuple(m for text in (rate.reason, remark) for m in notes.mark(text)),
        reason=said,
    )


def worst_table(view: View) -> Table:
    """Return average and worst case over data sets, where a target is to be reached."""
    notes = Notes()
    places = [(bias, *target) for bias in view.biases for target in TARGETS]
    return Table(
        id="worst-table",
        caption=(
            "Average over data sets and, in small print, the worst of them: the sensitive feature "
            "at rank 1, or that relative to the honest biased model."
        ),
        columns=(
            Column("Explainer"),
            *(
                Column(
                    "Unmatched, of honest" if measure == "ratio" else MODELS[model],
                    f"bias: {bias}",
                    numeric=True,
                )
                for bias, measure, model in places
            ),
        ),
        rows=tuple(
            (
                _name(explainer),
                *(
                    _average(view, view.judged(explainer, bias, measure, model), notes)
                    for bias, measure, model in places
                ),
            )
            for explainer in view.explainers
        ),
        footnotes=notes.footnotes,
    )


def _average(view: View, judged: Judged | None, notes: Notes) -> Cell:
    if judged is None or judged.average is None:
        reason = "not defined on any data set, or without a result yet"
        return Cell(DASH, marks=notes.mark(reason), reason=reason)
    return Cell(
        figure(judged.average, "share"),
        detail=f"{figure(judged.worst, 'share')} {view.title(judged.worst_dataset)}",
        value=judged.average,
    )


def dataset_table(view: View, dataset: str, table_id: str) -> Table:
    """Return all rates on one data set."""
    notes = Notes()
    places = [(bias, model) for bias in view.biases for model in _ORDER]
    title = view.title(dataset)
    return Table(
        id=table_id,
        caption=f"{title}: sensitive feature at rank 1; in small print the {_INTERVAL}.",
        columns=(
            Column("Explainer"),
            *(Column(MODELS[model], f"bias: {bias}", numeric=True) for bias, model in places),
            Column("Fair model", "false alarms", numeric=True),
        ),
        rows=tuple(
            (
                _name(explainer),
                *(
                    _rate(view.rate(explainer, model, bias, dataset=dataset), notes)
                    for bias, model in (*places, ("", "fair"))
                ),
            )
            for explainer in view.explainers
        ),
        footnotes=notes.footnotes,
    )


def back_table(view: View) -> Table:
    """Return what is left of the rows in which an explainer shows the honest model's bias first."""
    notes = Notes()
    measures: tuple[Measure, ...] = ("back", "ratio")
    places = [(b, one, m) for b in view.biases for one in _ORDER[1:] for m in measures]
    heads = {"back": "same rows", "ratio": "relative rate"}
    return Table(
        id="back-table",
        caption=(
            "Against each explainer's own sight of the honest biased model. Same rows: of the rows "
            "with the sensitive feature at rank 1 for the honest model, those that still show it. "
            "Relative rate: rate under attack divided by the rate for the honest model; it may "
            f"exceed 100 %. In small print the {_INTERVAL}."
        ),
        columns=(
            Column("Explainer"),
            *(
                Column(MODELS[model], f"{heads[measure]}, bias: {bias}", numeric=True)
                for bias, model, measure in places
            ),
        ),
        rows=tuple(
            (
                _name(explainer),
                *(
                    _rate(view.rate(explainer, model, bias, measure=measure), notes)
                    for bias, model, measure in places
                ),
            )
            for explainer in view.explainers
        ),
        footnotes=notes.footnotes,
    )


def cost_table(view: View) -> Table:
    """Return what an explained row costs, by explainer."""
    notes = Notes()

    def cell(value: float | None, digits: int) -> Cell:
        if value is None:
            return Cell(DASH, marks=notes.mark(_MISSING), reason=_MISSING)
        text = f"{value:.{digits}f}" if digits else count(round(value))
        return Cell(text, value=value)

    return Table(
        id="cost-table",
        caption=(
            "Cost of an explained row. Queries to real rows that serve all explained rows together "
            "are shared out over these."
        ),
        columns=(
            Column("Explainer"),
            Column("Queries", "median over cells", numeric=True),
            Column("Seconds", "processor, median", numeric=True),
            Column("Seconds", "processor, most", numeric=True),
        ),
        rows=tuple(
            (
                _name(cost.explainer),
                cell(cost.queries, 0),
                cell(cost.cpu_seconds, 3),
                cell(cost.cpu_seconds_most, 3),
            )
            for cost in view.results.costs
        ),
        footnotes=notes.footnotes,
    )
