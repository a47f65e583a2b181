"""A benchmark's report as one HTML file and as a PDF, set as a study's reports are."""

from __future__ import annotations

from pathlib import Path

from explaudit.hardening.summary import HardeningResults
from explaudit_reports.hardening.build import build_hardening_report
from explaudit_reports.html import render_html
from explaudit_reports.pdf import render_pdf

__all__ = ["write_hardening_html", "write_hardening_pdf"]


def write_hardening_html(results: HardeningResults, path: Path) -> None:
    """Write the report on a benchmark of hardened explainers as one self-contained HTML file.

    Parameters
    ----------
    results : HardeningResults
        What the benchmark came to, as far as it is done.
    path : Path
        The file; its folder must exist.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    page = render_html(build_hardening_report(results))
    path.write_text(page, encoding="utf-8", newline="\n")


def write_hardening_pdf(results: HardeningResults, path: Path) -> None:
    """Write the report as a PDF; parameters and errors as of the HTML file."""
    path.write_bytes(render_pdf(build_hardening_report(results)))
