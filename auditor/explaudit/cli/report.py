"""`explaudit report`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from explaudit.cli.benchmark import render_detection, render_hardening
from explaudit.cli.output import render, render_leaderboard, tell
from explaudit.hardening.plan import is_hardening_log
from explaudit.recordlog import read_jsonl

__all__ = ["report"]


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
    rebuilt_whole = _rebuilder(path)
    if not rebuilt_whole(path, target, quiet):
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


def _study(path: Path, target: Path, quiet: bool) -> bool:
    """Rebuild a study's report; return whether all of its cells have a result."""
    from explaudit.study.rebuild import rebuild

    rebuilt = rebuild(path, target)
    for warning in rebuilt.warnings:
        tell(quiet, f"explaudit: {warning}")
    render(rebuilt.results, path, target, quiet=quiet)
    return not rebuilt.results.cells.unjudged


def _detection(path: Path, target: Path, quiet: bool) -> bool:
    """Rebuild a benchmark's report; return whether all of its audits have a result."""
    from explaudit.detection.run import rebuild_detection

    rebuilt = rebuild_detection(path, target)
    for warning in rebuilt.warnings:
        tell(quiet, f"explaudit: {warning}")
    render_detection(rebuilt.results, target, quiet=quiet)
    return not rebuilt.results.failed and rebuilt.results.done == rebuilt.results.planned


def _hardening(path: Path, target: Path, quiet: bool) -> bool:
    """Rebuild a benchmark's report; return whether all of its cells have a result."""
    from explaudit.hardening.run import rebuild_hardening

    rebuilt = rebuild_hardening(path, target)
    for warning in rebuilt.warnings:
        tell(quiet, f"explaudit: {warning}")
    render_hardening(rebuilt.results, target, quiet=quiet)
    return not rebuilt.results.failed and rebuilt.results.done == rebuilt.results.planned


def _leaderboard(path: Path, target: Path, quiet: bool) -> bool:
    """Rebuild a leaderboard's report; return whether all of its cells have a result."""
    from explaudit.leaderboard.run import rebuild_leaderboard

    for warning in read_jsonl(path).warnings:
        tell(quiet, f"explaudit: {warning}")
    results = rebuild_leaderboard(path, target)
    render_leaderboard(results, path, target, quiet=quiet)
    return not results.cells.unjudged
