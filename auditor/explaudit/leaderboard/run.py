"""Running a leaderboard into a folder: ledger, records and results."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from explaudit.errors import InvalidInputError
from explaudit.folders import make_folder
from explaudit.leaderboard.execute import execute
from explaudit.leaderboard.plan import plan_leaderboard
from explaudit.leaderboard.results import LeaderboardResults
from explaudit.leaderboard.settings import LeaderboardSettings
from explaudit.leaderboard.summary import summarise_leaderboard
from explaudit.ledger import Ledger
from explaudit.recordlog import read_jsonl
from explaudit.runner import RunOutcome, run
from explaudit.study.run import LEDGER, RECORDS, RESULTS

__all__ = ["LeaderboardOutcome", "rebuild_leaderboard", "run_leaderboard"]


@dataclass(frozen=True)
class LeaderboardOutcome:
    """What a run came to: how the runner ended, and the results of all that is done so far."""

    run: RunOutcome
    results: LeaderboardResults


def run_leaderboard(
    settings: LeaderboardSettings,
    out: Path,
    *,
    jobs: int = 1,
    progress: bool = True,
    retry_failed: bool = False,
    say: Callable[[str], None] | None = None,
) -> LeaderboardOutcome:
    """Run a leaderboard, or go on with one, and write its records and results.

    Parameters
    ----------
    settings : LeaderboardSettings
        What to run.
    out : pathlib.Path
        Folder for ``ledger.sqlite``, ``records.jsonl`` and ``results.json``; made if missing.
    jobs : int
        Processes to use.
    progress : bool
        Whether to show a progress bar on standard error.
    retry_failed : bool
        Whether cells that failed in an earlier run are tried again.
    say : callable, optional
        Told, once the honest models of the first replicate are done, how long all will take.

    Raises
    ------
    InvalidInputError
        If the settings are unusable, or the folder holds something else.
    """
    cells = plan_leaderboard(settings)
    make_folder(out)
    with Ledger.open(out / LEDGER) as ledger:
        ledger.plan(cells, msgspec.to_builtins(settings))
        if retry_failed:
            ledger.forget_failed()
        if say is not None:
            first = [cell for cell in cells if cell.role == "honest" and cell.replicate == 0]
            pilot = run(first, execute, ledger, jobs=jobs, progress=progress)
            if not pilot.interrupted:
                say(_forecast(ledger, len(cells), jobs))
        outcome = run(cells, execute, ledger, jobs=jobs, progress=progress)
        ledger.export_jsonl(out / RECORDS)
        results = summarise_leaderboard(settings, cells, ledger.records())
    _write(results, out / RESULTS)
    return LeaderboardOutcome(outcome, results)


def rebuild_leaderboard(records: Path, out: Path) -> LeaderboardResults:
    """Compute the results of a leaderboard's records.jsonl and write them to a folder.

    Parameters
    ----------
    records : pathlib.Path
        The log of a leaderboard.
    out : pathlib.Path
        Folder for ``results.json``; made if missing.

    Raises
    ------
    InvalidInputError
        If the file is not the log of a leaderboard.
    """
    log = read_jsonl(records)
    try:
        settings = msgspec.convert(log.settings, LeaderboardSettings)
    except msgspec.ValidationError as error:
        raise InvalidInputError(
            "RECORDS", "the log of a leaderboard", str(records), str(error)
        ) from error
    make_folder(out)
    results = summarise_leaderboard(settings, log.cells, log.records)
    _write(results, out / RESULTS)
    return results


def _forecast(ledger: Ledger, n_cells: int, jobs: int) -> str:
    done = list(ledger.records())
    minutes = sum(record.seconds for record in done) / len(done) * n_cells / jobs / 60
    return (
        f"If all cells take as long as the first {len(done)} (honest models, which are the "
        f"quickest), the whole takes about {minutes:.0f} minutes with {jobs} process(es)."
    )


def _write(results: LeaderboardResults, path: Path) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(results), indent=1) + b"\n")
