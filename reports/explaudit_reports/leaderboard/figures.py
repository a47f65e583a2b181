"""The figures of a score as cells of a table, at any level."""

from __future__ import annotations

from explaudit.leaderboard.results import Estimate, Score
from explaudit_reports.cells import Notes
from explaudit_reports.leaderboard.view import View
from explaudit_reports.leaderboard.wording import STATUSES
from explaudit_reports.model import Cell, Column
from explaudit_reports.numbers import DASH, figure, interval

__all__ = ["LEVEL_COLUMNS", "estimate_cell", "level_cells", "verdict_cell"]

_NOT_RUN = "not run, or not judged yet"
_ONE = "one replicate of one data set: no interval"
_NO_MEAN = "no adversary that counts has a value"
_NO_BELOW = "no adversary that breaks the constraint has a value"
_NO_RANDOM = "no random explanation is compared here"
_OF_EVIDENCE = "of evidence it is not asked how random explanations score"
_NO_FIDELITY = "no adversary was chosen"

#: What depends on the level at which a metric is looked at.
LEVEL_COLUMNS: tuple[Column, ...] = (
    Column("Verdict"),
    Column("Worst", "metric-aware", numeric=True),
    Column("Adversary", "who does the worst"),
    Column("Fidelity", "of that adversary", numeric=True),
    Column("Mean", "of adversaries", numeric=True),
    Column("Below the floor", "does not count", numeric=True),
    Column("Random", "explanation's mark", numeric=True),
)


def level_cells(view: View, score: Score | None, notes: Notes) -> tuple[Cell, ...]:
    """Return the cells of :data:`LEVEL_COLUMNS` for one score.

    Parameters
    ----------
    view : View
    score : Score or None
        None if nothing was run at the level.
    notes : Notes
        Takes what must be said below the table.
    """
    if score is None:
        missing = Cell(DASH, marks=notes.mark(_NOT_RUN), reason=_NOT_RUN)
        return (
            Cell("cannot say", _NOT_RUN, status=STATUSES["cannot say"]),
            *([missing] * (len(LEVEL_COLUMNS) - 1)),
        )
    note = view.note(score.metric)
    without = _OF_EVIDENCE if note and note.kind == "evidence" else _NO_RANDOM
    return (
        verdict_cell(score),
        estimate_cell(score.worst, notes, score.reason or _NO_MEAN),
        Cell(score.worst_adversary.replace("_", " ") or DASH),
        _fidelity(score, notes),
        estimate_cell(score.mean, notes, _NO_MEAN),
        estimate_cell(score.below_floor, notes, _NO_BELOW),
        estimate_cell(score.random, notes, without),
    )


def verdict_cell(score: Score) -> Cell:
    """Return a verdict with its sign; one that cannot be given says why."""
    return Cell(score.verdict, score.reason, status=STATUSES[score.verdict])


def estimate_cell(found: Estimate, notes: Notes, reason: str, shaded: bool = False) -> Cell:
    """Return an estimate with its interval; undefined is a dash with its reason.

    Parameters
    ----------
    found : Estimate
    notes : Notes
        Takes the reason.
    reason : str
        Why it is undefined, if it is.
    shaded : bool
        Whether the cell is darker, the higher the value.
    """
    if found.value is None:
        return Cell(DASH, marks=notes.mark(reason), reason=reason)
    alone = _ONE if found.low is None else ""
    return Cell(
        figure(found.value, "share"),
        detail=interval(found.low, found.high, "share"),
        value=found.value,
        marks=notes.mark(alone),
        reason=alone,
        shade=min(max(found.value, 0.0), 1.0) if shaded else None,
    )


def _fidelity(score: Score, notes: Notes) -> Cell:
    if score.fidelity is None:
        return Cell(DASH, marks=notes.mark(_NO_FIDELITY), reason=_NO_FIDELITY)
    return Cell(figure(score.fidelity, "share"), value=score.fidelity)
