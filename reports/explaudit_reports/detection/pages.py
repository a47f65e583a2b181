"""A benchmark's report as one HTML file and as a PDF, set as a study's reports are."""

from __future__ import annotations

from pathlib import Path

from explaudit.detection.summary import DetectionResults
from explaudit_reports.detection.build import build_detection_report
from explaudit_reports.html import render_html
from explaudit_reports.pdf import render_pdf

__all__ = ["write_detection_html", "write_detection_pdf"]


def write_detection_html(results: DetectionResults, path: Path) -> None:
    """Write the report on a benchmark of detectors as one self-contained HTML file.

    Parameters
    ----------
    results : DetectionResults
        What the benchmark came to, as far as it is done.
    path : Path
        The file; its folder must exist.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    page = render_html(build_detection_report(results))
    path.write_text(page, encoding="utf-8", newline="\n")


def write_detection_pdf(results: DetectionResults, path: Path) -> None:
    """Write the report as a PDF; parameters and errors as of the HTML file."""
    path.write_bytes(render_pdf(build_detection_report(results)))
