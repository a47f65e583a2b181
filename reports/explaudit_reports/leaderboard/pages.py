"""A leaderboard's report as one HTML file and as a PDF, set as a study's reports are.

The page is complete without any script. Where scripts run, the leaderboard gets filters, and shows
the figures of one explainer or data set when it is asked to.
"""

from __future__ import annotations

from pathlib import Path

from explaudit.leaderboard.results import LeaderboardResults
from explaudit_reports.html import render_html
from explaudit_reports.leaderboard.build import build_leaderboard_report
from explaudit_reports.leaderboard.table import levels
from explaudit_reports.leaderboard.view import View
from explaudit_reports.pdf import render_pdf

__all__ = ["render_leaderboard_html", "write_leaderboard_html", "write_leaderboard_pdf"]


def write_leaderboard_html(results: LeaderboardResults, path: Path) -> None:
    """Write the report on a leaderboard as one self-contained HTML file.

    Parameters
    ----------
    results : LeaderboardResults
        What the leaderboard came to, as far as it is done.
    path : Path
        The file; its folder must exist.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    path.write_text(render_leaderboard_html(results), encoding="utf-8", newline="\n")


def write_leaderboard_pdf(results: LeaderboardResults, path: Path) -> None:
    """Write the report as a PDF; parameters and errors as of the HTML file."""
    path.write_bytes(render_pdf(build_leaderboard_report(results, "paper")))


def render_leaderboard_html(results: LeaderboardResults) -> str:
    """Return the report as an HTML page; equal results give equal text."""
    return render_html(
        build_leaderboard_report(results),
        styles=("leaderboard.css",),
        scripts=("leaderboard.js",),
        data={"leaderboard-levels": levels(View(results))},
    )
