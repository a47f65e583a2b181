"""Running a benchmark of detectors into a folder: ledger, records and results."""

from __future__ import annotations

from pathlib import Path

import msgspec

from explaudit.detection.execute import execute
from explaudit.detection.plan import DetectionSettings, plan_detection
from explaudit.detection.summary import DetectionResults, summarise_detection
from explaudit.ledger import Ledger
from explaudit.runner import RunOutcome, run
from explaudit.study.run import LEDGER, RECORDS, RESULTS

__all__ = ["run_detection"]


def run_detection(
    settings: DetectionSettings, out: Path, *, jobs: int = 1, progress: bool = True
) -> tuple[RunOutcome, DetectionResults]:
    """Run a benchmark, or go on with one, and write its records and results.

    Parameters
    ----------
    settings : DetectionSettings
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
    cells = plan_detection(settings)
    out.mkdir(parents=True, exist_ok=True)
    with Ledger.open(out / LEDGER) as ledger:
        ledger.plan(cells, msgspec.to_builtins(settings))
        outcome = run(cells, execute, ledger, jobs=jobs, progress=progress)
        ledger.export_jsonl(out / RECORDS)
        results = summarise_detection(ledger.records(), len(cells))
    encoded = msgspec.json.format(msgspec.json.encode(results), indent=1)
    (out / RESULTS).write_bytes(encoded + b"\n")
    return outcome, results
