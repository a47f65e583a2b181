"""`explaudit report`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from explaudit.cli.benchmark import render_detection, render_hardening
from explaudit.cli.output import render, render_leaderboard, tell
from explaudit.hardening.plan import is_hardening_log
from explaudit.recordlog import read_jsonl

if TYPE_CHECKING:
    import msgspec

    from explaudit.recorded import Kind

__all__ = ["report"]

_Results = TypeVar("_Results", bound="msgspec.Struct")


@click.command(short_help="Rebuild the HTML and PDF report from records alone.")
@click.argument("records", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder to write to.  [default: the records' own]",
)
@click.option("--quiet", is_flag=True, help="Say nothing.")
@click.pass_context
def report(ctx: click.Context, records: Path, out: Path | None, quiet: bool) -> None:
    """Rebuild report.html, report.pdf and results.json from RECORDS alone.

    RECORDS is a records.jsonl of a study, of a leaderboard or of a benchmark, or the folder that
    holds one. No model and no explainer is asked.

    \b
    Example:
      explaudit report out/study/records.jsonl --out for-the-regulator
    """  # noqa: D301  click needs the real character
    path = records / "records.jsonl" if records.is_dir() else records
    target = out or path.parent
    if not _rebuilder(path)(path, target, quiet):
        ctx.exit(3)


def _rebuilder(path: Path) -> Callable[[Path, Path, bool], bool]:
    """Return what rebuilds the report of a log; a study's says what is wrong with any other."""
    if not path.is_file():
        return _study
    log = read_jsonl(path)
    if any(cell.kind == "detection" for cell in log.cells):
        return _detection
    if is_hardening_log(log.settings):
        return _hardening
    # what a study has no word for
    return _leaderboard if "adversaries" in log.settings else _study


def _rebuilt(kind: Kind[Any, _Results], path: Path, target: Path, quiet: bool) -> _Results:
    """Compute a log's results again, and say what is wrong with the log."""
    from explaudit.recorded import rebuild_recorded

    rebuilt = rebuild_recorded(kind, path, target)
    for warning in rebuilt.warnings:
        tell(quiet, f"explaudit: {warning}")
    return rebuilt.results


def _study(path: Path, target: Path, quiet: bool) -> bool:
    """Rebuild a study's report; return whether all of its cells have a result."""
    from explaudit.study.run import STUDY

    results = _rebuilt(STUDY, path, target, quiet)
    render(results, path, target, quiet=quiet)
    return not results.cells.unjudged


def _detection(path: Path, target: Path, quiet: bool) -> bool:
    """Rebuild a benchmark's report; return whether all of its audits have a result."""
    from explaudit.detection.run import DETECTION

    results = _rebuilt(DETECTION, path, target, quiet)
    render_detection(results, target, quiet=quiet)
    return not results.failed and results.done == results.planned


def _hardening(path: Path, target: Path, quiet: bool) -> bool:
    """Rebuild a benchmark's report; return whether all of its cells have a result."""
    from explaudit.hardening.run import HARDENING

    results = _rebuilt(HARDENING, path, target, quiet)
    render_hardening(results, target, quiet=quiet)
    return not results.failed and results.done == results.planned


def _leaderboard(path: Path, target: Path, quiet: bool) -> bool:
    """Rebuild a leaderboard's report; return whether all of its cells have a result."""
    from explaudit.leaderboard.run import LEADERBOARD

    results = _rebuilt(LEADERBOARD, path, target, quiet)
    render_leaderboard(results, path, target, quiet=quiet)
    return not results.cells.unjudged
