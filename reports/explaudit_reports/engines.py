"""How the explanations were computed: by which engine, how well it was checked, at what cost."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from explaudit.cells import Record
from explaudit_reports.cells import Notes
from explaudit_reports.lookup import Lookup
from explaudit_reports.model import (
    Cell,
    Column,
    Definitions,
    Paragraph,
    Section,
    Table,
    Text,
    words,
)
from explaudit_reports.numbers import DASH, count, figure, percent

__all__ = ["EngineUse", "engine_section", "engine_uses"]

#: How a record's reason begins that says why the library explained its rows.
_FALLBACK = "explained by the library: "

# far below what any figure of a report shows
_NEGLIGIBLE = 1e-6
_NOT_VERIFIED = "no row was explained by both"
_ONLY_ONE = "only one of engine and library could explain a row"
_NOT_ASKED = "the library explained all rows, and the engine asked nothing"


@dataclass(frozen=True)
class EngineUse:
    """What records say of one explainer setting that has a batched engine, over all its cells.

    Attributes
    ----------
    setting : str
        Short name of the explainer setting.
    n_cells, n_batched : int
        All cells, and those whose explanations are the batched engine's.
    n_rows, n_verified : int
        Rows that were explained, and those that engine and library both explained.
    deviation : float or None
        The largest absolute deviation between the two; None where there is none.
    n_undefined : int
        Cells in which only one of the two could explain a row.
    asked, sent : int or None
        Rows that the method asks the model to score, and those that the engine sent; None where
        the engine did not run.
    to_verify : int
        Rows that were sent to check it.
    fallbacks : dict of (str, str) to int
        By data set and reason, the cells that the library explained instead.
    """

    setting: str
    n_cells: int
    n_batched: int
    n_rows: int
    n_verified: int
    deviation: float | None
    n_undefined: int
    asked: int | None
    sent: int | None
    to_verify: int
    fallbacks: dict[tuple[str, str], int]


def engine_uses(records: Iterable[Record]) -> list[EngineUse]:
    """Sum up the records of each explainer setting that has a batched engine, in their order."""
    cells: dict[str, list[Record]] = {}
    for record in records:
        if "batched_engine" in record.scalars:
            cells.setdefault(record.cell.explainer_setting, []).append(record)
    return [_use(setting, own) for setting, own in cells.items()]


def _use(setting: str, records: Sequence[Record]) -> EngineUse:
    deviations = [
        record.scalars["deviation_from_library"]
        for record in records
        if "deviation_from_library" in record.scalars
    ]
    defined = [value for value in deviations if value is not None]
    return EngineUse(
        setting=setting,
        n_cells=len(records),
        n_batched=_total(records, "batched_engine") or 0,
        n_rows=sum(len(record.row_ids) for record in records),
        n_verified=_total(records, "rows_verified") or 0,
        deviation=max(defined, default=None),
        n_undefined=len(deviations) - len(defined),
        asked=_total(records, "rows_asked"),
        sent=_total(records, "rows_sent"),
        to_verify=_total(records, "verification_queries") or 0,
        fallbacks=Counter(
            (record.cell.dataset.name, reason.removeprefix(_FALLBACK))
            for record in records
            for reason in record.reasons
            if reason.startswith(_FALLBACK)
        ),
    )


def _total(records: Sequence[Record], scalar: str) -> int | None:
    """Add up a whole number over the records that have it; None if none has."""
    values = [value for record in records if (value := record.scalars.get(scalar)) is not None]
    return round(sum(values)) if values else None


def engine_section(lookup: Lookup, records: Iterable[Record]) -> Section | None:
    """Return what computed the explanations; None if the records do not know of any engine.

    Parameters
    ----------
    lookup : Lookup
        The results.
    records : iterable of Record
        The records that they were computed from.
    """
    done = [record for record in records if record.status == "ok" and record.cell.explainer]
    found = {use.setting: use for use in engine_uses(done)}
    if not found:
        return None
    known = dict.fromkeys(record.cell.explainer_setting for record in done)
    settings = dict.fromkeys([s for s in lookup.results.explainer_settings if s in known])
    uses = [found[s] for s in settings | known if s in found]
    alone = [lookup.explainer(s) for s in settings | known if s not in found]
    blocks = (
        Paragraph(words(f"{_WAYS} {_fallback_sentence(uses)}")),
        _table(lookup, uses),
        Definitions((*_meanings(uses), *_compared_with_nothing(alone))),
    )
    return Section("engines", "How the explanations were computed", blocks)


_WAYS = (
    "Each explainer setting in this table can be computed in two ways: by the original library, "
    "and by a batched engine of explaudit that puts the questions of many rows together. The "
    "engine is trusted only as far as it was checked: of each cell's rows a few, drawn by the "
    "seed, were explained by the library too. Where the two disagree, or the engine does not "
    "cover the settings, the library's explanations are the ones in this report:"
)


def _fallback_sentence(uses: Sequence[EngineUse]) -> str:
    n_cells, n_fell = sum(u.n_cells for u in uses), sum(sum(u.fallbacks.values()) for u in uses)
    if n_fell == 0:
        return f"that was so in none of {count(n_cells, 'cell')}."
    return f"that was so in {count(n_fell)} of {count(n_cells, 'cell')}; the footnotes say why."


def _meanings(uses: Sequence[EngineUse]) -> tuple[tuple[str, Text], ...]:
    return (
        (
            "Largest deviation",
            words(
                "The largest absolute difference between an attribution of the engine and the same "
                "attribution of the library, among all rows verified, in units of the attribution; "
                "for LIME, intercept and R² are compared as well. Computers keep about 16 digits, "
                "so that deviations around 1e−15 are their rounding, and somewhat larger ones that "
                f"of many steps in another order. {_in_words(uses)}"
            ),
        ),
        (
            "What the check says",
            words(
                "Where a method samples, both are given the same sample. So it is the computation "
                "that is checked; how far explanations vary from one sample to the next is another "
                "matter."
            ),
        ),
        (
            "Rows asked for, rows sent",
            words(
                "What the method asks the model to score, and what the engine sent for it: where "
                "that pays, each distinct row of a batch once, and tables of all answers in place "
                "of samples. The rows sent to verify come on top."
            ),
        ),
    )


def _in_words(uses: Sequence[EngineUse]) -> str:
    deviations = [use.deviation for use in uses if use.deviation is not None]
    if not deviations:
        return "Here nothing was compared."
    largest = max(deviations)
    if not 0 < largest < _NEGLIGIBLE:
        return f"The largest here is {figure(largest, 'number')}."
    place = math.floor(-math.log10(largest)) + 1
    return (
        f"The largest here, {figure(largest, 'number')}, first shows in digit {place} after the "
        "point, far beyond those that this report shows."
    )


def _compared_with_nothing(settings: Sequence[str]) -> tuple[tuple[str, Text], ...]:
    if not settings:
        return ()
    return (("Computed in one way only", words(f"{', '.join(settings)}. Nothing to compare.")),)


def _table(lookup: Lookup, uses: Sequence[EngineUse]) -> Table:
    notes = Notes()
    return Table(
        id="engine-use",
        caption="Engine, check and cost of each explainer setting, over all data sets, models and "
        "replicates.",
        columns=(
            Column("Explainer setting"),
            Column("Engine"),
            Column("Rows verified", numeric=True),
            Column("Largest deviation", numeric=True),
            Column("Rows asked for", numeric=True),
            Column("Rows sent", numeric=True),
            Column("Sent of asked", numeric=True),
            Column("Sent to verify", numeric=True),
        ),
        rows=tuple(_row(lookup, use, notes) for use in uses),
        footnotes=notes.footnotes,
    )


def _row(lookup: Lookup, use: EngineUse, notes: Notes) -> tuple[Cell, ...]:
    share = use.sent / use.asked if use.asked and use.sent is not None else None
    return (
        Cell(lookup.explainer(use.setting)),
        _engine_cell(lookup, use, notes),
        _count_cell(use.n_verified, notes, detail=f"of {count(use.n_rows)}"),
        _deviation_cell(use, notes),
        _count_cell(use.asked, notes),
        _count_cell(use.sent, notes),
        _undefined(_NOT_ASKED, notes) if share is None else Cell(percent(share), value=share),
        _count_cell(use.to_verify, notes),
    )


def _engine_cell(lookup: Lookup, use: EngineUse, notes: Notes) -> Cell:
    name = {use.n_cells: "batched", 0: "library"}.get(use.n_batched, "batched and library")
    cells = count(use.n_cells, "cell")
    is_mixed = 0 < use.n_batched < use.n_cells
    reasons = [
        f"{lookup.title(dataset)}, {count(n, 'cell')} explained by the library: {reason}"
        for (dataset, reason), n in use.fallbacks.items()
    ]
    return Cell(
        name,
        detail=f"batched in {count(use.n_batched)} of {cells}" if is_mixed else cells,
        marks=tuple(mark for reason in reasons for mark in notes.mark(reason)),
        reason="; ".join(reasons),
    )


def _deviation_cell(use: EngineUse, notes: Notes) -> Cell:
    undefined = f"in {count(use.n_undefined, 'cell')} {_ONLY_ONE}" if use.n_undefined else ""
    if use.deviation is None:
        return _undefined(undefined or _NOT_VERIFIED, notes)
    return Cell(
        figure(use.deviation, "number"),
        value=use.deviation,
        marks=notes.mark(undefined),
        reason=undefined,
    )


def _count_cell(value: int | None, notes: Notes, detail: str = "") -> Cell:
    if value is None:
        return _undefined(_NOT_ASKED, notes)
    return Cell(count(value), detail=detail, value=float(value))


def _undefined(reason: str, notes: Notes) -> Cell:
    return Cell(DASH, marks=notes.mark(reason), reason=reason)
