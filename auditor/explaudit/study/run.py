"""Running a study into a folder: ledger, records and results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from explaudit.folders import make_folder
from explaudit.ledger import Ledger
from explaudit.results import Results
from explaudit.runner import RunOutcome, run
from explaudit.study.execute import execute
from explaudit.study.plan import StudySettings, plan
from explaudit.study.summary import summarise

__all__ = ["LEDGER", "RECORDS", "RESULTS", "StudyOutcome", "run_study", "write_results"]

LEDGER, RECORDS, RESULTS = "ledger.sqlite", "records.jsonl", "results.json"


@dataclass(frozen=True)
class StudyOutcome:
    """What a run came to: how the runner ended, and the results of all that is done so far."""

    run: RunOutcome
    results: Results


def run_study(
    settings: StudySettings,
    out: Path,
    *,
    jobs: int = 1,
    progress: bool = True,
    retry_failed: bool = False,
) -> StudyOutcome:
    """Run a study, or go on with one, and write its records and results.

    Whatever stands in the folder's ledger already is not computed again, so a study that was
    stopped, however rudely, goes on where it was.

    Parameters
    ----------
    settings : StudySettings
        What to run.
    out : pathlib.Path
        Folder for ``ledger.sqlite``, ``records.jsonl`` and ``results.json``; made if missing.
    jobs : int
        Processes to use.
    progress : bool
        Whether to show a progress bar on standard error.
    retry_failed : bool
        Whether cells that failed in an earlier run are tried again.

    Raises
    ------
    InvalidInputError
        If the settings are unusable, or the folder holds another study.
    """
    cells = plan(settings)
    make_folder(out)
    with Ledger.open(out / LEDGER) as ledger:
        ledger.plan(cells, msgspec.to_builtins(settings))
        if retry_failed:
            ledger.forget_failed()
        outcome = run(cells, execute, ledger, jobs=jobs, progress=progress)
        ledger.export_jsonl(out / RECORDS)
        results = summarise(settings, cells, ledger.records())
    write_results(results, out / RESULTS)
    return StudyOutcome(outcome, results)


def write_results(results: Results, path: Path) -> None:
    """Write results.json, indented, so that people can read it too."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
