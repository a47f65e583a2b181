"""The ledger of a study: what was planned, and every finished cell, safe against being killed.

One SQLite file in write-ahead mode, which several processes may append to. The primary key is the
cell's id and an insert of an id that is there already is ignored, so a record never changes and a
resumed run cannot count a cell twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import msgspec

from explaudit.cells import SCHEMA_VERSION, Cell, Record, canonical_json
from explaudit.errors import InvalidInputError
from explaudit.recordlog import write_jsonl

__all__ = ["Ledger"]

_TABLES = (
    "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS plan (cell_id TEXT PRIMARY KEY, position INTEGER NOT NULL, "
    "cell BLOB NOT NULL)",
    "CREATE TABLE IF NOT EXISTS records (cell_id TEXT PRIMARY KEY REFERENCES plan (cell_id), "
    "status TEXT NOT NULL, record BLOB NOT NULL)",
)
_BUSY_SECONDS = 60.0


class Ledger:
    """The plan, the settings and the records of one study; get one from :meth:`open`.

    Parameters
    ----------
    path : Path
        The SQLite file. Other processes may open the same path at the same time, as long as it
        is on a local disk (write-ahead mode does not work on network disks).
    connection : sqlite3.Connection
        An open connection to it.
    """

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self._connection = connection

    @classmethod
    @contextmanager
    def open(cls, path: Path, *, create: bool = True) -> Iterator[Ledger]:
        """Open a ledger for the length of a ``with`` block.

        Parameters
        ----------
        path : Path
            The SQLite file.
        create : bool, default True
            Whether to make the file (and its folder) where there is none.

        Raises
        ------
        InvalidInputError
            If there is no ledger and none may be made, if the file is something else, or if it
            was written with another version of the schema.
        """
        if create:
            path.parent.mkdir(parents=True, exist_ok=True)
        elif not path.is_file():
            raise InvalidInputError("ledger", "the ledger of a study", str(path))
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None)
        with closing(connection):
            ledger = cls(path, connection)
            ledger._prepare()
            yield ledger

    def plan(self, cells: Sequence[Cell], settings: Mapping[str, Any]) -> None:
        """Write down what will be done, before it is done.

        Planning the same again is how a study is resumed. Cells may be added to a study, never
        taken away: what was planned once stays in the report, judged or not.

        Parameters
        ----------
        cells : sequence of Cell
            All cells of the study, in the order in which they are to be reported.
        settings : mapping of str to JSON values
            The study's settings.

        Raises
        ------
        InvalidInputError
            If the ledger holds a study with other settings, or with cells that are not in
            `cells`, or if a cell is planned twice.
        """
        ids = [cell.id for cell in cells]
        if len(set(ids)) != len(ids):
            raise InvalidInputError(
                "cells", "each cell once", f"{len(ids) - len(set(ids))} repetitions"
            )
        with self._connection:
            # IMMEDIATE: of two processes that plan, one waits for the other
            self._connection.execute("BEGIN IMMEDIATE")
            self._refuse_other_study(set(ids), settings)
            self._connection.execute(
                "INSERT INTO meta VALUES ('settings', ?) ON CONFLICT (key) DO NOTHING",
                (canonical_json(settings),),
            )
            self._connection.executemany(
                "INSERT INTO plan (cell_id, position, cell) VALUES (?, ?, ?) "
                "ON CONFLICT (cell_id) DO UPDATE SET position = excluded.position",
                [
                    (cell_id, position, canonical_json(cell))
                    for position, (cell_id, cell) in enumerate(zip(ids, cells, strict=True))
                ],
            )

    def settings(self) -> dict[str, Any]:
        """Return the study's settings; empty where nothing was planned."""
        row = self._connection.execute("SELECT value FROM meta WHERE key = 'settings'").fetchone()
        return {} if row is None else msgspec.json.decode(row[0], type=dict[str, Any])

    def planned(self) -> list[Cell]:
        """Return the planned cells in order."""
        rows = self._connection.execute("SELECT cell FROM plan ORDER BY position")
        return [msgspec.json.decode(row[0], type=Cell) for row in rows]

    def statuses(self) -> dict[str, str]:
        """Return the status of each finished cell ("ok" or "failed") by the cell's id."""
        return dict(self._connection.execute("SELECT cell_id, status FROM records"))

    def done_ids(self) -> set[str]:
        """Return the ids of the cells that have a record, failed ones too."""
        return set(self.statuses())

    def add(self, record: Record) -> None:
        """Write one record at once; a cell that has one already keeps it.

        Raises
        ------
        InvalidInputError
            If the record is of a cell that was never planned.
        """
        try:
            self._connection.execute(
                "INSERT INTO records VALUES (?, ?, ?) ON CONFLICT (cell_id) DO NOTHING",
                (record.cell_id, record.status, canonical_json(record)),
            )
        except sqlite3.IntegrityError as error:
            raise InvalidInputError(
                "record", "a record of a planned cell", record.cell_id, "Plan the cells first."
            ) from error

    def forget_failed(self) -> int:
        """Take the failed records out, so that the next run tries those cells again.

        Returns
        -------
        int
            How many there were.
        """
        return self._connection.execute("DELETE FROM records WHERE status = 'failed'").rowcount

    def records(self) -> list[Record]:
        """Return the records there are, in planned order."""
        rows = self._connection.execute(
            "SELECT record FROM records JOIN plan USING (cell_id) ORDER BY position"
        )
        return [msgspec.json.decode(row[0], type=Record) for row in rows]

    def export_jsonl(self, path: Path) -> None:
        """Write plan, settings and records as one JSON Lines file.

        See :func:`explaudit.recordlog.read_jsonl`, which reads it back.
        """
        write_jsonl(path, self.settings(), self.planned(), self.records())

    def _prepare(self) -> None:
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("PRAGMA foreign_keys = ON")
            with self._connection:
                self._connection.execute("BEGIN IMMEDIATE")
                for table in _TABLES:
                    self._connection.execute(table)
                self._connection.execute(
                    "INSERT INTO meta VALUES ('schema_version', ?) ON CONFLICT (key) DO NOTHING",
                    (str(SCHEMA_VERSION).encode(),),
                )
        except sqlite3.DatabaseError as error:
            raise InvalidInputError(
                "ledger",
                "a ledger that this process may write to",
                f"{self.path} ({error})",
                "Move the file away, or choose another folder.",
            ) from error
        query = "SELECT value FROM meta WHERE key = 'schema_version'"
        version = int(self._connection.execute(query).fetchone()[0])
        if version != SCHEMA_VERSION:
            raise InvalidInputError(
                "ledger",
                f"schema version {SCHEMA_VERSION}",
                version,
                "Read it with the version of explaudit that wrote it, or choose another folder.",
            )

    def _refuse_other_study(self, ids: set[str], settings: Mapping[str, Any]) -> None:
        remedy = "Choose another folder, or the settings that this study was begun with."
        before = self._connection.execute("SELECT cell_id FROM plan").fetchall()
        if not before:
            return
        old, new = self.settings(), msgspec.json.decode(canonical_json(settings))
        changed = sorted(
            key for key in old.keys() | new.keys() if old.get(key, ...) != new.get(key, ...)
        )
        if changed:
            expected = ", ".join(f"{key} = {old.get(key, 'absent')!r}" for key in changed)
            got = ", ".join(f"{key} = {new.get(key, 'absent')!r}" for key in changed)
            raise InvalidInputError("--out", f"a folder for a study with {expected}", got, remedy)
        missing = sum(cell_id not in ids for (cell_id,) in before)
        if missing:
            raise InvalidInputError(
                "--out",
                f"a plan with all {len(before)} cells that were planned in this folder",
                f"a plan that lacks {missing} of them",
                remedy,
            )
