"""Running a leaderboard into a folder: ledger and records."""

from __future__ import annotations

from pathlib import Path

import msgspec

from explaudit.leaderboard.execute import execute
from explaudit.leaderboard.plan import plan_leaderboard
from explaudit.leaderboard.settings import LeaderboardSettings
from explaudit.ledger import Ledger
from explaudit.runner import RunOutcome, run
from explaudit.study.run import LEDGER, RECORDS

__all__ = ["run_leaderboard"]


def run_leaderboard(
    settings: LeaderboardSettings,
    out: Path,
    *,
    jobs: int = 1,
    progress: bool = True,
    retry_failed: bool = False,
) -> RunOutcome:
    """Run a leaderboard, or go on with one, and write its records.

    Parameters
    ----------
    settings : LeaderboardSettings
        What to run.
    out : pathlib.Path
        Folder for ``ledger.sqlite`` and ``records.jsonl``; made if missing.
    jobs : int
        Processes to use.
    progress : bool
        Whether to show a progress bar on standard error.
    retry_failed : bool
        Whether cells that failed in an earlier run are tried again.

    Raises
    ------
    InvalidInputError
        If the settings are unusable, or the folder holds something else.
    """
    cells = plan_leaderboard(settings)
    out.mkdir(parents=True, exist_ok=True)
    with Ledger.open(out / LEDGER) as ledger:
        ledger.plan(cells, msgspec.to_builtins(settings))
        if retry_failed:
            ledger.forget_failed()
        outcome = run(cells, execute, ledger, jobs=jobs, progress=progress)
        ledger.export_jsonl(out / RECORDS)
    return outcome
