"""Whatever is run cell by cell into a folder: ledger, records and results; and results again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import msgspec

from explaudit.cells import Cell, Record
from explaudit.errors import InvalidInputError
from explaudit.folders import make_folder
from explaudit.ledger import Ledger
from explaudit.recordlog import RecordLog, read_jsonl
from explaudit.runner import RunOutcome, run

__all__ = [
    "LEDGER",
    "RECORDS",
    "RESULTS",
    "Kind",
    "Ran",
    "Rebuilt",
    "rebuild_recorded",
    "run_recorded",
]

LEDGER, RECORDS, RESULTS = "ledger.sqlite", "records.jsonl", "results.json"

Settings = TypeVar("Settings", bound=msgspec.Struct)
Results = TypeVar("Results", bound=msgspec.Struct)


@dataclass(frozen=True)
class Kind(Generic[Settings, Results]):
    """What is run.

    Attributes
    ----------
    name : str
        What to call it in messages, such as "a study".
    settings : type
        A struct of what a user chooses.
    plan : callable
        Settings to all cells; raises InvalidInputError for settings that are unusable.
    execute : callable
        A cell to its record; a pure function that another process can import.
    summarise : callable
        Settings, planned cells and the records that there are to results.
    owns : callable
        Whether a log is of this kind, beyond settings that can be read.
    """

    name: str
    settings: type[Settings]
    plan: Callable[[Settings], list[Cell]]
    execute: Callable[[Cell], Record]
    summarise: Callable[[Settings, Sequence[Cell], Sequence[Record]], Results]
    owns: Callable[[RecordLog], bool] = lambda log: True


@dataclass(frozen=True)
class Ran(Generic[Results]):
    """What a run came to: how the runner ended, and the results of all that is done so far."""

    run: RunOutcome
    results: Results


@dataclass(frozen=True)
class Rebuilt(Generic[Results]):
    """Results that were computed from a log, and what was wrong with the log."""

    results: Results
    warnings: tuple[str, ...]


def run_recorded(
    kind: Kind[Settings, Results],
    settings: Settings,
    out: Path,
    *,
    jobs: int = 1,
    progress: bool = True,
    retry_failed: bool = False,
    first: Callable[[Ledger, list[Cell]], None] | None = None,
) -> Ran[Results]:
    """Run all cells, or go on with them, and write their records and results.

    Whatever stands in the folder's ledger already is not computed again, so that what was stopped,
    however rudely, goes on where it was.

    Parameters
    ----------
    kind : Kind
    settings : struct
        What to run.
    out : pathlib.Path
        Folder for ``ledger.sqlite``, ``records.jsonl`` and ``results.json``; made if missing.
    jobs : int
        Processes to use.
    progress : bool
        Whether to show a progress bar on standard error.
    retry_failed : bool
        Whether cells that failed in an earlier run are tried again.
    first : callable, optional
        Done with the ledger and all cells before they are run.

    Raises
    ------
    InvalidInputError
        If the settings are unusable, or the folder holds something else.
    """
    cells = kind.plan(settings)
    make_folder(out)
    with Ledger.open(out / LEDGER) as ledger:
        ledger.plan(cells, msgspec.to_builtins(settings))
        if retry_failed:
            ledger.forget_failed()
        if first is not None:
            first(ledger, cells)
        outcome = run(cells, kind.execute, ledger, jobs=jobs, progress=progress)
        ledger.export_jsonl(out / RECORDS)
        results = kind.summarise(settings, cells, ledger.records())
    _write(results, out)
    return Ran(outcome, results)


def rebuild_recorded(kind: Kind[Settings, Results], records: Path, out: Path) -> Rebuilt[Results]:
    """Compute the results of a records.jsonl and write them to a folder.

    Parameters
    ----------
    kind : Kind
    records : pathlib.Path
        The log.
    out : pathlib.Path
        Folder for ``results.json``; made if missing.

    Raises
    ------
    InvalidInputError
        If the file is not a log of this kind.
    """
    if not records.is_file():
        raise InvalidInputError("RECORDS", "a records.jsonl", str(records), "No such file.")
    log = read_jsonl(records)
    expected = f"the log of {kind.name}"
    if not kind.owns(log):
        raise InvalidInputError("RECORDS", expected, str(records))
    try:
        settings = msgspec.convert(log.settings, kind.settings)
    except msgspec.ValidationError as error:
        raise InvalidInputError(
            "RECORDS", expected, str(records), f"Its settings are unusable: {error}"
        ) from error
    make_folder(out)
    results = kind.summarise(settings, log.cells, log.records)
    _write(results, out)
    return Rebuilt(results, tuple(log.warnings))


def _write(results: msgspec.Struct, out: Path) -> None:
    """Write results.json, indented, so that people can read it too."""
    encoded = msgspec.json.format(msgspec.json.encode(results), indent=1)
    (out / RESULTS).write_bytes(encoded + b"\n")
