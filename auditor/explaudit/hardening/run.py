"""Running a benchmark of hardened explainers into a folder: ledger, records and results."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgspec

from explaudit.errors import InvalidInputError
from explaudit.folders import make_folder
from explaudit.hardening.execute import execute
from explaudit.hardening.plan import HardeningSettings, is_hardening_log, plan_hardening
from explaudit.hardening.summary import HardeningResults, summarise_hardening
from explaudit.ledger import Ledger
from explaudit.recordlog import read_jsonl
from explaudit.runner import RunOutcome, run
from explaudit.study.run import LEDGER, RECORDS, RESULTS

__all__ = ["RebuiltHardening", "rebuild_hardening", "run_hardening"]


@dataclass(frozen=True)
class RebuiltHardening:
    """Results that were computed from a log, and what was wrong with the log."""

    results: HardeningResults
    warnings: tuple[str, ...]


def run_hardening(
    settings: HardeningSettings, out: Path, *, jobs: int = 1, progress: bool = True
) -> tuple[RunOutcome, HardeningResults]:
    """Run a benchmark, or go on with one, and write its records and results.

    Parameters
    ----------
    settings : HardeningSettings
        What to run.
    out : pathlib.Path
        Folder for ``ledger.sqlite``, ``records.jsonl`` and ``results.json``; made if missing.
    jobs : int
        Processes to use.
    progress : bool
        Whether to show a progress bar on standard error.

    Raises
    ------
    InvalidInputError
        If the settings are unusable, or the folder holds something else.
    """
    cells = plan_hardening(settings)
    make_folder(out)
    with Ledger.open(out / LEDGER) as ledger:
        ledger.plan(cells, msgspec.to_builtins(settings))
        outcome = run(cells, execute, ledger, jobs=jobs, progress=progress)
        ledger.export_jsonl(out / RECORDS)
        results = summarise_hardening(settings, cells, ledger.records())
    _write(results, out)
    return outcome, results


def rebuild_hardening(records: Path, out: Path) -> RebuiltHardening:
    """Compute the results of a records.jsonl and write them to a folder.

    Parameters
    ----------
    records : pathlib.Path
        The log of a benchmark of hardened explainers.
    out : pathlib.Path
        Folder for ``results.json``; made if missing.

    Raises
    ------
    InvalidInputError
        If the file is not the log of a benchmark of hardened explainers.
    """
    log = read_jsonl(records)
    expected = "the log of a benchmark of hardened explainers"
    if not is_hardening_log(log.settings):
        raise InvalidInputError("RECORDS", expected, str(records))
    try:
        settings = msgspec.convert(log.settings, HardeningSettings)
    except msgspec.ValidationError as error:
        raise InvalidInputError(
            "RECORDS", expected, str(records), f"Its settings are unusable: {error}"
        ) from error
    make_folder(out)
    results = summarise_hardening(settings, log.cells, log.records)
    _write(results, out)
    return RebuiltHardening(results, tuple(log.warnings))


def _write(results: HardeningResults, out: Path) -> None:
    encoded = msgspec.json.format(msgspec.json.encode(results), indent=1)
    (out / RESULTS).write_bytes(encoded + b"\n")
