"""An audit's report as one HTML file and as a PDF, set as a study's reports are."""

from __future__ import annotations

from pathlib import Path

from explaudit.audit.run import AuditResult
from explaudit_reports.audit.build import build_audit_report
from explaudit_reports.html import render_html
from explaudit_reports.pdf import render_pdf

__all__ = ["write_audit_html", "write_audit_pdf"]


def write_audit_html(result: AuditResult, path: Path) -> None:
    """Write the report on an audit as one self-contained HTML file.

    Parameters
    ----------
    result : AuditResult
        What the audit found.
    path : Path
        The file; its folder must exist.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    page = render_html(build_audit_report(result))
    path.write_text(page, encoding="utf-8", newline="\n")


def write_audit_pdf(result: AuditResult, path: Path) -> None:
    """Write the report on an audit as a PDF; parameters and errors as of the HTML file."""
    path.write_bytes(render_pdf(build_audit_report(result)))
