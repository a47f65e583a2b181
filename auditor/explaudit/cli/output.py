"""What the commands that end in a report have in common."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from explaudit.recordlog import read_jsonl
from explaudit.results import CellCount, Results

if TYPE_CHECKING:
    from explaudit.leaderboard.results import LeaderboardResults

__all__ = ["render", "render_leaderboard", "tell"]


def tell(quiet: bool, text: str) -> None:
    """Say something on standard error, unless the user wants quiet."""
    if not quiet:
        click.echo(text, err=True)


def render(results: Results, log: Path, out: Path, *, quiet: bool) -> None:
    """Write report.html and report.pdf into a folder and say what they say.

    Parameters
    ----------
    results : Results
    log : pathlib.Path
        The records that the results were computed from.
    out : pathlib.Path
        The folder; it must exist.
    quiet : bool
    """
    from explaudit_reports import build_report, write_html, write_pdf

    records = read_jsonl(log).records
    write_html(results, out / "report.html", records)
    write_pdf(results, out / "report.pdf", records)
    if not quiet:
        _say(build_report(results, records).verdict, results.cells, log, out)


def render_leaderboard(results: LeaderboardResults, log: Path, out: Path, *, quiet: bool) -> None:
    """Write a leaderboard's report.html and report.pdf into a folder and say what they say.

    Parameters
    ----------
    results : LeaderboardResults
    log : pathlib.Path
        The records that the results were computed from.
    out : pathlib.Path
        The folder; it must exist.
    quiet : bool
    """
    from explaudit_reports.leaderboard import (
        build_leaderboard_report,
        write_leaderboard_html,
        write_leaderboard_pdf,
    )

    write_leaderboard_html(results, out / "report.html")
    write_leaderboard_pdf(results, out / "report.pdf")
    if not quiet:
        _say(build_leaderboard_report(results, "paper").verdict, results.cells, log, out)


def _say(verdict: Iterable[str], count: CellCount, log: Path, out: Path) -> None:
    for sentence in verdict:
        click.echo(f"  {sentence}")
    click.echo(f"{count.done} of {count.planned} planned cells judged.")
    for path in (out / "report.html", out / "report.pdf", out / "results.json", log):
        click.echo(f"  {path}")
