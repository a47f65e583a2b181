"""Running a leaderboard into a folder: ledger, records and results."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from explaudit.cells import Cell
from explaudit.leaderboard.execute import execute
from explaudit.leaderboard.plan import plan_leaderboard
from explaudit.leaderboard.results import LeaderboardResults
from explaudit.leaderboard.settings import LeaderboardSettings
from explaudit.leaderboard.summary import summarise_leaderboard
from explaudit.ledger import Ledger
from explaudit.recorded import Kind, Ran, run_recorded
from explaudit.runner import run

__all__ = ["LEADERBOARD", "run_leaderboard"]

LEADERBOARD: Kind[LeaderboardSettings, LeaderboardResults] = Kind(
    name="a leaderboard",
    settings=LeaderboardSettings,
    plan=plan_leaderboard,
    execute=execute,
    summarise=summarise_leaderboard,
)


def run_leaderboard(
    settings: LeaderboardSettings,
    out: Path,
    *,
    jobs: int = 1,
    progress: bool = True,
    retry_failed: bool = False,
    say: Callable[[str], None] | None = None,
) -> Ran[LeaderboardResults]:
    """Run a leaderboard, or go on with one; see :func:`explaudit.recorded.run_recorded`.

    Parameters
    ----------
    say : callable, optional
        Told, once the honest models of the first replicate are done, how long all will take.
    """

    def forecast(ledger: Ledger, cells: list[Cell]) -> None:
        if say is None:
            return
        first = [cell for cell in cells if cell.role == "honest" and cell.replicate == 0]
        pilot = run(first, execute, ledger, jobs=jobs, progress=progress)
        if not pilot.interrupted:
            say(_forecast(ledger, len(cells), jobs))

    return run_recorded(
        LEADERBOARD,
        settings,
        out,
        jobs=jobs,
        progress=progress,
        retry_failed=retry_failed,
        first=forecast,
    )


def _forecast(ledger: Ledger, n_cells: int, jobs: int) -> str:
    done = list(ledger.records())
    minutes = sum(record.seconds for record in done) / len(done) * n_cells / jobs / 60
    return (
        f"If all cells take as long as the first {len(done)} (honest models, which are the "
        f"quickest), the whole takes about {minutes:.0f} minutes with {jobs} process(es)."
    )
