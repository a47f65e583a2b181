"""The figures of a score as cells of a table, at any level."""

from __future__ import annotations

from explaudit.leaderboard.results import Estimate, Score, VerdictWord
from explaudit_reports.cells import Notes
from explaudit_reports.leaderboard.wording import STATUSES
from explaudit_reports.model import Cell, Column
from explaudit_reports.numbers import DASH, figure, interval

__all__ = [
    "LEVEL_COLUMNS",
    "MAIN_COLUMNS",
    "NOT_RUN",
    "NO_WORST",
    "estimate_cell",
    "level_cells",
    "main_cells",
]

NOT_RUN = "not run, or not judged yet"
NO_WORST = "no worst adversary could be chosen among those that count"

_ONE = "one replicate of one data set: no interval"
_NO_MEAN = "no adversary that counts has a value"
_NO_BELOW = "no adversary that breaks the constraint has a value"
_NO_RANDOM = "no random explanation is compared here"
_OF_EVIDENCE = "of evidence it is not asked how random explanations score"

#: What is said of a score wherever it is shown.
MAIN_COLUMNS: tuple[Column, ...] = (
    # in one piece, so that the column is wide enough on paper for what stands below
    Column("Verdict\N{NO-BREAK SPACE}in\N{NO-BREAK SPACE}a\N{NO-BREAK SPACE}word"),
    Column("Worst", "metric-aware", numeric=True),
    Column("Mean", "of all", numeric=True),
    Column("Adversary", "who does the worst"),
    Column("Fidelity", "of that one", numeric=True),
)
#: All that depends on the level at which a metric is looked at.
LEVEL_COLUMNS: tuple[Column, ...] = (
    *MAIN_COLUMNS,
    Column("Below\N{NO-BREAK SPACE}floor", numeric=True),
    Column("Random", "numbers", numeric=True),
)


def main_cells(score: Score | None, notes: Notes) -> tuple[Cell, ...]:
    """Return the cells of :data:`MAIN_COLUMNS` for one score.

    Parameters
    ----------
    score : Score or None
        None if nothing was run at the level.
    notes : Notes
        Takes what must be said below the table.
    """
    if score is None:
        return _verdict("cannot say", NOT_RUN, notes), *([_missing(NOT_RUN, notes)] * 4)
    return (
        _verdict(score.verdict, score.reason, notes),
        estimate_cell(score.worst, notes, score.reason or NO_WORST),
        estimate_cell(score.mean, notes, _NO_MEAN),
        Cell(score.worst_adversary.replace("_", " ") or DASH),
        _missing(NO_WORST, notes)
        if score.fidelity is None
        else Cell(figure(score.fidelity, "share"), value=score.fidelity),
    )


def level_cells(score: Score | None, notes: Notes, *, evidence: bool) -> tuple[Cell, ...]:
    """Return the cells of :data:`LEVEL_COLUMNS` for one score.

    Parameters
    ----------
    score, notes
        See :func:`main_cells`.
    evidence : bool
        Whether the metric is evidence.
    """
    main = main_cells(score, notes)
    if score is None:
        return *main, *([_missing(NOT_RUN, notes)] * 2)
    without = _OF_EVIDENCE if evidence else _NO_RANDOM
    return (
        *main,
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
        return _missing(reason, notes)
    alone = _ONE if found.low is None else ""
    return Cell(
        figure(found.value, "share"),
        detail=interval(found.low, found.high, "share"),
        value=found.value,
        marks=notes.mark(alone),
        reason=alone,
        shade=min(max(found.value, 0.0), 1.0) if shaded else None,
    )


def _missing(reason: str, notes: Notes) -> Cell:
    return Cell(DASH, marks=notes.mark(reason), reason=reason)


def _verdict(word: VerdictWord, reason: str, notes: Notes) -> Cell:
    return Cell(word, marks=notes.mark(reason), reason=reason, status=STATUSES[word])
