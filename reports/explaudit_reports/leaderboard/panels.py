"""Each metric by itself: what it is, what it is said to show, and what it came to."""

from __future__ import annotations

from explaudit.leaderboard.results import Distribution, MetricNote
from explaudit_reports.leaderboard.boxes import boxes
from explaudit_reports.leaderboard.table import instead_cell
from explaudit_reports.leaderboard.view import View
from explaudit_reports.leaderboard.wording import estimate_text, metric_label
from explaudit_reports.model import (
    Block,
    Cell,
    Column,
    Definitions,
    Figure,
    Gallery,
    Paragraph,
    Section,
    Table,
    Text,
    code,
    words,
)
from explaudit_reports.numbers import DASH, count, figure

__all__ = ["panels_section", "panels_table"]

_BETTER = {"higher": "high", "lower": "low"}
_NOTHING = "no value in any trial in which an attack that counts deceives"


def panels_section(view: View) -> Section:
    """Return a folded panel for each metric, in the order of the leaderboard."""
    text = (
        "What each metric is, where it was published, what a good value is claimed to show, and "
        "how its values are spread under the honest, the attacked and the innocent model, over all "
        "rows, explainers and data sets in which an attack that counts deceives."
    )
    return Section(
        "metrics",
        "Each metric by itself",
        (Paragraph(words(text)),),
        tuple(
            Section(
                f"metric-{note.name}", metric_label(note.name), _blocks(view, note), folded=True
            )
            for note in view.metrics
        ),
    )


def _blocks(view: View, note: MetricNote) -> tuple[Block, ...]:
    found = [d for d in view.results.distributions if d.metric == note.name and d.quantiles]
    if not found:
        return (_definitions(view, note), Paragraph(words(f"Spread: {_NOTHING}."), "note"))
    said = "; ".join(f"{own.model} {_spread(own)} ({count(own.n, 'value')})" for own in found)
    caption = (
        f"{note.unit.capitalize()}. Box: the middle half of the values; whiskers: 5 and "
        f"95\N{NO-BREAK SPACE}%. Median and middle half: {said}."
    )
    picture = Figure(
        f"spread-{note.name}",
        f"Values of {metric_label(note.name)}",
        f"Median and middle half of the values: {said}.",
        boxes(found),
    )
    return (_definitions(view, note), Gallery(caption, (picture,)))


def _definitions(view: View, note: MetricNote) -> Definitions:
    score, instead = view.overall(note.name), instead_cell(view, note)
    reason = f": {score.reason}" if score.reason else ""
    worst = f"; worst {estimate_text(score.worst)}" if score.worst.value is not None else ""
    entries: dict[str, Text] = {
        "Verdict": words(f"{score.verdict}{reason}{worst}"),
        "What it says": words(note.description),
        _end(note): words(note.claims or "Nothing is claimed."),
        "Source": words(note.source),
        "Undefined": words(note.undefined or "never"),
        "Use instead": words(
            f"{instead.text} ({instead.detail})" if instead.detail else instead.text
        ),
        "Needs": words(note.access),
        "Judged": words(
            f"{count(score.n_counted)} of {count(score.n_planned)} trials (an adversary against an "
            "explainer on a data set) count"
        ),
        "Name in results": words(code(note.name)),
    }
    return Definitions((*entries.items(),))


def _end(note: MetricNote) -> str:
    """Return what the claim is about: evidence clears a model at its other end."""
    better = _BETTER.get(note.direction, "")
    if note.kind == "evidence":
        return "What clearing the model is said to show"
    return f"What a good value ({better}) is said to show" if better else "What it is said to show"


def _spread(own: Distribution) -> str:
    _, lower, middle, upper, _ = (figure(q, "number") for q in own.quantiles)
    return f"{middle} [{lower} to {upper}]"


def panels_table(view: View) -> Section:
    """Return the same on paper, where nothing unfolds: one line for each metric."""
    table = Table(
        id="metrics-table",
        caption=(
            "Each metric: what it says, what a good value is said to show, its source, and the "
            "median of its values under the honest, the attacked and the innocent model, in "
            "trials in which an attack that counts deceives. The HTML report shows them in full."
        ),
        columns=(
            Column("Metric", "and source"),
            Column("What it says"),
            Column("What a good value is said to show"),
            Column("Medians", "honest, attacked, innocent"),
        ),
        rows=tuple(_short(view, note) for note in view.metrics),
        footnotes=(("", f"{DASH}: {_NOTHING}."),),
    )
    return Section("metrics", "Each metric in short", (table,))


def _short(view: View, note: MetricNote) -> tuple[Cell, ...]:
    own = {d.model: d for d in view.results.distributions if d.metric == note.name and d.quantiles}
    medians = [
        figure(own[model].quantiles[2] if model in own else None, "number")
        for model in ("honest", "attacked", "innocent")
    ]
    return (
        Cell(metric_label(note.name), note.source),
        Cell(note.description),
        Cell(note.claims or "nothing is claimed"),
        Cell(", ".join(medians)),
    )
