"""Cells, columns and footnotes that the tables share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from explaudit.results import Gameability, Measurement
from explaudit_reports.lookup import Lookup, ModelKey
from explaudit_reports.model import Cell, Column
from explaudit_reports.numbers import DASH, count, figure, interval, percent
from explaudit_reports.vocabulary import term

__all__ = [
    "NOT_COUNTED",
    "Estimates",
    "Notes",
    "Size",
    "model_column",
    "model_label",
    "size_text",
]

#: Rows and replicates that a figure stands on.
Size = tuple[int, int]
Row = Measurement | Gameability

NOT_COUNTED = "†"
_DOES_NOT_COUNT = "does not count: below the fidelity floor, or the harm on real rows changed"
_NO_FIGURE = "no figure: not planned, or listed among the cells that could not be judged"
_ROLE_LABELS = {"honest": "Honest", "attacked": "Attacked", "innocent": "Innocuous"}


class Notes:
    """The footnotes of one table: one letter for each distinct text."""

    def __init__(self) -> None:
        self._marks: dict[str, str] = {}

    def mark(self, text: str, mark: str = "") -> tuple[str, ...]:
        """Return the mark for a text, made on first use; none for an empty text."""
        if not text:
            return ()
        letters = sum(known.isalpha() for known in self._marks.values())
        return (self._marks.setdefault(text, mark or _letters(letters)),)

    @property
    def footnotes(self) -> tuple[tuple[str, str], ...]:
        """All marks with their texts, symbols first."""
        pairs = [(mark, text) for text, mark in self._marks.items()]
        return tuple(sorted(pairs, key=lambda pair: (pair[0].isalpha(), len(pair[0]), pair[0])))


def _letters(place: int) -> str:
    """Return a, b, ..., z, aa, ab, ..."""
    head = _letters(place // 26 - 1) if place >= 26 else ""
    return head + chr(ord("a") + place % 26)


class Estimates:
    """The cells of estimates in one table, and their footnotes.

    What holds for every figure, such as a caution about a single replicate, is said once below
    the table and not in each cell.

    Parameters
    ----------
    rows : sequence
        All estimates of the table; None where one is missing.
    shaded : bool
        Whether the table is a heat map.
    """

    def __init__(self, rows: Sequence[Row | None], *, shaded: bool = False) -> None:
        self.notes = Notes()
        self.usual = _usual_size(rows)
        self._shaded = shaded
        there = [row for row in rows if row is not None and row.value is not None]
        cautions = {row.reason for row in there}
        self._common = cautions.pop() if len(cautions) == 1 and len(there) > 1 else ""

    @property
    def footnotes(self) -> tuple[tuple[str, str], ...]:
        """All footnotes; the one without a mark concerns every figure."""
        common = (("", f"All figures: {self._common}."),) if self._common else ()
        return (*common, *self.notes.footnotes)

    def cell(self, row: Row | None, metric: str, *, missing: str = _NO_FIGURE) -> Cell:
        """Return an estimate's cell: figure, interval, and a footnote where there is a reason."""
        if row is None:
            return Cell(DASH, marks=self.notes.mark(missing), reason=missing)
        kind = "share" if isinstance(row, Gameability) else term(metric).kind
        if row.value is None:
            reason = row.reason or "undefined, without a stated reason"
            return Cell(figure(None, kind), marks=self.notes.mark(reason), reason=reason)
        size = (row.n, row.n_replicates)
        texts = (
            "" if row.reason == self._common else row.reason,
            "" if size == self.usual else size_text(size),
        )
        return Cell(
            figure(row.value, kind),
            detail=interval(row.low, row.high, kind),
            value=row.value,
            marks=tuple(mark for text in texts for mark in self.notes.mark(text)),
            reason="; ".join(filter(None, texts)),
            shade=min(max(row.value, 0.0), 1.0) if self._shaded else None,
        )


def _usual_size(rows: Iterable[Row | None]) -> Size | None:
    """Return the commonest number of rows and replicates among figures that are defined."""
    sizes = Counter(
        (row.n, row.n_replicates) for row in rows if row is not None and row.value is not None
    )
    return sizes.most_common(1)[0][0] if sizes else None


def size_text(size: Size) -> str:
    """Return a size in words; what is measured once in a replicate has no rows."""
    rows, replicates = size
    if rows == replicates:
        return count(replicates, "replicate")
    return f"{count(rows, 'row')} from {count(replicates, 'replicate')}"


def model_label(model: ModelKey) -> str:
    """Return a model in words."""
    role, setting = model
    return f"{_ROLE_LABELS[role]}: {setting}" if setting else _ROLE_LABELS[role]


def model_column(lookup: Lookup, dataset: str, model: ModelKey, notes: Notes) -> Column:
    """Return the heading of a model's column; an attack's tells its fidelity and if it counts."""
    role, setting = model
    label = model_label(model)
    if role != "attacked":
        return Column(label, numeric=True)
    if lookup.counts(dataset, setting) is False:
        label += "".join(notes.mark(_DOES_NOT_COUNT, NOT_COUNTED))
    fidelity = lookup.fidelity(dataset, setting)
    detail = "" if fidelity is None else f"fidelity {percent(fidelity)}"
    return Column(label, detail, numeric=True)
