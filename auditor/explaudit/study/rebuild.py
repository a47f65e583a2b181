"""From records.jsonl back to results, without any model."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from explaudit.errors import InvalidInputError
from explaudit.folders import make_folder
from explaudit.recordlog import read_jsonl
from explaudit.results import Results
from explaudit.study.plan import StudySettings
from explaudit.study.run import RESULTS, write_results
from explaudit.study.summary import summarise

__all__ = ["Rebuilt", "rebuild"]


@dataclass(frozen=True)
class Rebuilt:
    """Results that were computed from a log, and what was wrong with the log."""

    results: Results
    warnings: tuple[str, ...]


def rebuild(records: Path, out: Path) -> Rebuilt:
    """Compute the results of a records.jsonl and write them to a folder.

    Parameters
    ----------
    records : pathlib.Path
        The log of a study.
    out : pathlib.Path
        Folder for ``results.json``; made if missing.

    Raises
    ------
    InvalidInputError
        If the file is not the log of a study.
    """
    if not records.is_file():
        raise InvalidInputError("RECORDS", "a records.jsonl", str(records), "No such file.")
    log = read_jsonl(records)
    try:
        settings = msgspec.convert(log.settings, StudySettings)
    except msgspec.ValidationError as error:
        raise InvalidInputError(
            "RECORDS", "the log of a study", str(records), f"Its settings are unusable: {error}"
        ) from error
    make_folder(out)
    results = summarise(settings, log.cells, log.records)
    write_results(results, out / RESULTS)
    return Rebuilt(results, tuple(log.warnings))
