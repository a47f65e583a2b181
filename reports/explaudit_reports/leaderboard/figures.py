"""The figures of a score as cells of a table, at any level."""

from __future__ import annotations

from explaudit.leaderboard.results import Estimate, Score, VerdictWord
from explaudit_reports.cells import Notes
from explaudit_reports.leaderboard.view import View
from explaudit_reports.leaderboard.wording import STATUSES
from explaudit_reports.model import Cell, Column
from explaudit_reports.numbers import DASH, figure, interval

__all__ = ["LEVEL_COLUMNS", "estimate_cell", "level_cells"]

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
    Column("Adversary", "who does it"),
    Column("Fidelity", "his", numeric=True),
    Column("Mean", "of all", numeric=True),
    Column("Below floor", "not counted", numeric=True),
    Column("Random", "numbers", numeric=True),
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
            _verdict("cannot say", _NOT_RUN, notes),
            *([missing] * (len(LEVEL_COLUMNS) - 1)),
        )
    note = view.note(score.metric)
    without = _OF_EVIDENCE if note and note.kind == "evidence" else _NO_RANDOM
    return (
        _verdict(score.verdict, score.reason, notes),
        estimate_cell(score.worst, notes, score.reason or _NO_MEAN),
        Cell(score.worst_adversary.replace("_", " ") or DASH),
        _fidelity(score, notes),
        estimate_cell(score.mean, notes, _NO_MEAN),
        estimate_cell(score.below_floor, notes, _NO_BELOW),
        estimate_cell(score.random, notes, without),
    )


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


def _verdict(word: VerdictWord, reason: str, notes: Notes) -> Cell:
    return Cell(word, marks=notes.mark(reason), reason=reason, status=STATUSES[word])


def _fidelity(score: Score, notes: Notes) -> Cell:
    if score.fidelity is None:
        return Cell(DASH, marks=notes.mark(_NO_FIDELITY), reason=_NO_FIDELITY)
    return Cell(figure(score.fidelity, "share"), value=score.fidelity)
