"""Running a study into a folder: ledger, records and results."""

from __future__ import annotations

from pathlib import Path

from explaudit.recorded import Kind, Ran, run_recorded
from explaudit.results import Results
from explaudit.study.execute import execute
from explaudit.study.plan import StudySettings, plan
from explaudit.study.summary import summarise

__all__ = ["STUDY", "run_study"]

STUDY: Kind[StudySettings, Results] = Kind(
    name="a study", settings=StudySettings, plan=plan, execute=execute, summarise=summarise
)


def run_study(
    settings: StudySettings,
    out: Path,
    *,
    jobs: int = 1,
    progress: bool = True,
    retry_failed: bool = False,
) -> Ran[Results]:
    """Run a study, or go on with one; see :func:`explaudit.recorded.run_recorded`."""
    return run_recorded(
        STUDY, settings, out, jobs=jobs, progress=progress, retry_failed=retry_failed
    )
