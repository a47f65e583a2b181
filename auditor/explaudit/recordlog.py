"""The log of a study as JSON Lines: enough to rebuild its report, without the ledger.

The first line is the header: schema version, settings and all planned cells. Every further line
is one record.
"""

from __future__ import annotations

import gzip
import lzma
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from explaudit.cells import SCHEMA_VERSION, Cell, Record, canonical_json
from explaudit.errors import InvalidInputError

__all__ = ["RecordLog", "read_jsonl", "write_jsonl"]


class RecordLog(NamedTuple):
    """What a log says.

    Attributes
    ----------
    settings : dict
        The study's settings.
    cells : list of Cell
        The planned cells in order, those without a record too.
    records : list of Record
        The records that could be read, in planned order.
    warnings : list of str
        What could not be read and was left out; empty for an intact log.
    """

    settings: dict[str, Any]
    cells: list[Cell]
    records: list[Record]
    warnings: list[str]


class _Header(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    schema_version: int
    settings: dict[str, Any]
    cells: list[Cell]


class _Version(msgspec.Struct):
    schema_version: int


def write_jsonl(
    path: Path, settings: dict[str, Any], cells: Sequence[Cell], records: Sequence[Record]
) -> None:
    """Write a log; a file that was there is replaced in one step or not at all."""
    header = _Header(schema_version=SCHEMA_VERSION, settings=settings, cells=list(cells))
    lines = [canonical_json(header), *map(canonical_json, records)]
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(b"\n".join(lines) + b"\n")
    partial.replace(path)


def read_jsonl(path: Path) -> RecordLog:
    """Read a log; lines that are torn or corrupt are left out, counted and reported.

    Parameters
    ----------
    path : Path
        A file that :func:`write_jsonl` wrote, perhaps damaged since, or compressed: its name then
        ends with ".gz" or ".xz".

    Raises
    ------
    InvalidInputError
        If there is no such file, if it cannot be decompressed, if no line of it can be read, or if
        it was written with another version of the schema.
    """
    if not path.is_file():
        raise InvalidInputError("log", "a records.jsonl file", str(path))
    lines = [line for line in _content(path).split(b"\n") if line]
    header = _header(lines[0]) if lines else None
    found, troubles = _records(lines if header is None else lines[1:])
    if header is None:
        if not found:
            raise InvalidInputError("log", "a records.jsonl file", str(path))
        cells, settings = [record.cell for record in found.values()], {}
        # the damaged header is one of the lines that no record could be read from
        troubles["damaged line"] -= 1
        troubles["damaged header (settings and cells without a record are unknown)"] = 1
    else:
        cells, settings = header.cells, header.settings
    records = [found.pop(cell.id) for cell in cells if cell.id in found]
    troubles["record of a cell that was not planned"] = len(found)
    warnings = [f"{path.name}: {n} x {trouble}" for trouble, n in troubles.items() if n]
    return RecordLog(settings, cells, records, warnings)


def _header(line: bytes) -> _Header | None:
    try:
        version = msgspec.json.decode(line, type=_Version).schema_version
        if version != SCHEMA_VERSION:
            raise InvalidInputError(
                "log",
                f"schema version {SCHEMA_VERSION}",
                version,
                "Read it with the version of explaudit that wrote it.",
            )
        return msgspec.json.decode(line, type=_Header)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


def _records(lines: Sequence[bytes]) -> tuple[dict[str, Record], Counter[str]]:
    """Return the readable records by cell id (the first of each), and what was wrong."""
    found: dict[str, Record] = {}
    troubles: Counter[str] = Counter()
    for line in lines:
        try:
            record = msgspec.json.decode(line, type=Record)
        except (msgspec.DecodeError, UnicodeDecodeError):
            troubles["damaged line"] += 1
            continue
        if record.cell_id != record.cell.id or record.schema_version != SCHEMA_VERSION:
            troubles["record that does not match its cell or the schema"] += 1
        elif record.cell_id in found:
            troubles["repeated record"] += 1
        else:
            found[record.cell_id] = record
    return found, troubles


def _content(path: Path) -> bytes:
    content = path.read_bytes()
    try:
        if path.suffix == ".gz":
            return gzip.decompress(content)
        return lzma.decompress(content) if path.suffix == ".xz" else content
    except (EOFError, OSError, zlib.error, lzma.LZMAError) as error:
        raise InvalidInputError(
            "log", "a file as it was compressed", str(path), str(error)
        ) from error
