"""What an auditor can still rely on, by the access given."""

from __future__ import annotations

from collections.abc import Sequence

from explaudit.leaderboard.results import MetricNote, Score, VerdictWord
from explaudit_reports.leaderboard.explained import EVIDENCE
from explaudit_reports.leaderboard.view import View
from explaudit_reports.leaderboard.wording import (
    ACCESS,
    VERDICTS,
    access_of_explainer,
    access_rank,
    metric_label,
)
from explaudit_reports.model import (
    Block,
    Cell,
    Column,
    Definitions,
    Paragraph,
    Run,
    Section,
    Table,
    Text,
    number,
    words,
)
from explaudit_reports.numbers import count, figure

__all__ = ["access_section"]

_SAID: dict[VerdictWord, str] = {
    "resists": "Resists: can be relied on",
    "costly to game": "Costly to game: only at the price of decisions",
    "gameable": "Gameable: cannot be relied on",
    "cannot say": "Cannot be said",
}


def access_section(view: View) -> Section:
    """Return, for each kind of access, what resists, what does not, and what cannot be said."""
    text = (
        "What an auditor can compute depends on the access given. Each metric stands where all "
        "that it needs is first there; with more access, the metrics above can be used as well. "
        "“Resists” holds for the adversaries of this leaderboard, no others."
    )
    needed = access_rank(note.access for note in view.metrics)
    parts = tuple(
        Section(f"access-{place}", _heading(access), _blocks(view, access))
        for place, access in enumerate(needed, 1)
    )
    return Section(
        "access", "What an auditor can rely on", (Paragraph(words(text)), _table(view)), parts
    )


def _heading(access: str) -> str:
    return ACCESS.get(access, access)


def _table(view: View) -> Table:
    needed = access_rank(note.access for note in view.metrics)
    return Table(
        id="access-table",
        caption=(
            "Number of metrics by what they need and what came of them, over all explainers and "
            "data sets."
        ),
        columns=(
            Column("An auditor who has"),
            *(Column(verdict.capitalize(), numeric=True) for verdict in _SAID),
        ),
        rows=tuple((Cell(_heading(access)), *_counts(view, access)) for access in needed),
    )


def _counts(view: View, access: str) -> list[Cell]:
    own = [note for note in view.metrics if note.access == access]
    found = [len(view.with_verdict(own, verdict)) for verdict in _SAID]
    return [Cell(count(n), value=float(n)) for n in found]


def _blocks(view: View, access: str) -> tuple[Block, ...]:
    own = [note for note in view.metrics if note.access == access]
    items = [
        (said, _names(view, view.with_verdict(own, verdict))) for verdict, said in _SAID.items()
    ]
    evidence = _evidence(view, access)
    if evidence:
        items.append(
            ("Explainers that need no more: do they show the sensitive feature?", evidence)
        )
    return (Definitions(tuple(items)),)


def _names(view: View, notes: Sequence[MetricNote]) -> Text:
    """Return metrics with their worst gameability."""
    if not notes:
        return words("none")
    parts: list[str | Run] = []
    for note in notes:
        worst = view.overall(note.name).worst.value
        parts += ["; " if parts else "", metric_label(note.name)]
        parts.append(number(f" ({figure(worst, 'share')})") if worst is not None else "")
    return words(*parts)


def _evidence(view: View, access: str) -> Text:
    """Return the verdicts on the evidence of those explainers that need this access."""
    own: list[tuple[str, Score]] = [
        (view.explainer(setting), score)
        for setting in view.explainers
        if access_of_explainer(view.plugin(setting)) == access
        and (score := view.score(EVIDENCE[0], setting))
    ]
    own.sort(key=lambda pair: VERDICTS.index(pair[1].verdict), reverse=True)
    return words("; ".join(f"{label}: {score.verdict}" for label, score in own))
