"""The report on an audit of one model: the same pages as a study's, for another question."""

from explaudit_reports.audit.build import build_audit_report
from explaudit_reports.audit.pages import write_audit_html, write_audit_pdf
from explaudit_reports.audit.summary import Summary, summarise
from explaudit_reports.audit.wording import prose

__all__ = [
    "Summary",
    "build_audit_report",
    "prose",
    "summarise",
    "write_audit_html",
    "write_audit_pdf",
]
