"""The model of a report: what is said, apart from how it is set.

Both the HTML and the PDF are made from :func:`as_data` of one :class:`Report`, so that they cannot
differ in content.
"""

from __future__ import annotations

import unicodedata
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = [
    "FOUND",
    "Block",
    "Bullets",
    "Cell",
    "Code",
    "Column",
    "Definitions",
    "Figure",
    "Gallery",
    "Paragraph",
    "Report",
    "Run",
    "Section",
    "Table",
    "Text",
    "as_data",
    "code",
    "number",
    "strong",
    "visible",
    "words",
]

#: The section that says what was found on each of several data sets.
FOUND = "found"


@dataclass(frozen=True)
class Run:
    """A stretch of text in one style; a "figure" is never broken across lines."""

    text: str
    style: Literal["plain", "strong", "code", "figure"] = "plain"


Text = tuple[Run, ...]


@dataclass(frozen=True)
class Paragraph:
    """A paragraph; a "lead" is set larger, a "note" smaller."""

    runs: Text
    role: Literal["text", "lead", "note"] = "text"
    block: Literal["paragraph"] = "paragraph"


@dataclass(frozen=True)
class Bullets:
    """A list of points."""

    items: tuple[Text, ...]
    block: Literal["bullets"] = "bullets"


@dataclass(frozen=True)
class Definitions:
    """Terms and what they mean."""

    items: tuple[tuple[str, Text], ...]
    block: Literal["definitions"] = "definitions"


@dataclass(frozen=True)
class Code:
    """A command or a hash, to be copied as it stands."""

    text: str
    block: Literal["code"] = "code"


@dataclass(frozen=True)
class Column:
    """A column's heading and what is said in small print below it."""

    header: str
    detail: str = ""
    numeric: bool = False


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes
    ----------
    text, detail : str
        The figure, and its interval or another remark in small print.
    value : float or None
        What the table is sorted by; None sorts last in a numeric column.
    marks : tuple of str
        Marks of the footnotes that concern this cell.
    reason : str
        The footnotes' text, for a reader who cannot see them together.
    shade : float or None
        Between 0 and 1: how dark the cell is, in a heat map.
    status : str
        Name of a finding, where the cell states one.
    """

    text: str
    detail: str = ""
    value: float | None = None
    marks: tuple[str, ...] = ()
    reason: str = ""
    shade: float | None = None
    status: str = ""


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows."""

    id: str
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    footnotes: tuple[tuple[str, str], ...] = ()
    block: Literal["table"] = "table"


@dataclass(frozen=True)
class Figure:
    """A picture as SVG, with a text that says the same."""

    id: str
    title: str
    alt: str
    svg: str
    block: Literal["figure"] = "figure"


@dataclass(frozen=True)
class Gallery:
    """Pictures of one kind, side by side where there is room."""

    caption: str
    figures: tuple[Figure, ...]
    block: Literal["gallery"] = "gallery"


Block = Paragraph | Bullets | Definitions | Code | Table | Figure | Gallery


@dataclass(frozen=True)
class Section:
    """A headed part of the report; a folded one opens on request where the medium can do that."""

    id: str
    title: str
    blocks: tuple[Block, ...]
    sections: tuple[Section, ...] = ()
    folded: bool = False


@dataclass(frozen=True)
class Report:
    """A whole report; the first section holds the verdict.

    Attributes
    ----------
    title, subtitle : str
        What it is about.
    facts : tuple of (label, value)
        The few figures that identify it, on its first page.
    sections : tuple of Section
        All of the content.
    footer : str
        Version and fingerprint, on every page of the PDF.
    """

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    footer: str

    @property
    def verdict(self) -> tuple[str, ...]:
        """The verdict, and what was found on each data set, as plain text."""
        return tuple(
            "".join(run.text for run in text)
            for place, section in enumerate(self.sections)
            if place == 0 or section.id == FOUND
            for block in section.blocks
            for text in _texts(block)
        )


def strong(text: str) -> Run:
    """Return emphasised text."""
    return Run(text, "strong")


def code(text: str) -> Run:
    """Return a name as it stands in data or settings."""
    return Run(text, "code")


def number(text: str) -> Run:
    """Return a figure with its interval, which belong together on one line."""
    return Run(text, "figure")


def words(*parts: str | Run) -> Text:
    """Return a text made of strings and styled runs."""
    return tuple(Run(part) if isinstance(part, str) else part for part in parts if part)


def _texts(block: Block) -> tuple[Text, ...]:
    if isinstance(block, Bullets):
        return block.items
    return (block.runs,) if isinstance(block, Paragraph) else ()


def as_data(report: Report) -> dict[str, Any]:
    """Return a report as dictionaries, lists, strings and numbers, with printable text only."""
    data = _printable(asdict(report))
    assert isinstance(data, dict)
    return data


def _printable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _printable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_printable(item) for item in value]
    return visible(value) if isinstance(value, str) else value


# control, formatting (such as right-to-left override), surrogate, private and unassigned
_UNSAFE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def visible(text: str) -> str:
    """Replace what no font shows or what reorders text, so that a name cannot disguise itself."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(
        "\N{REPLACEMENT CHARACTER}"
        if char != "\n" and unicodedata.category(char) in _UNSAFE
        else char
        for char in text
    )
