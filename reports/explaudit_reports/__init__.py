"""Reports for people who must rely on explanations: one HTML file, and a PDF that says the same.

Reports read results, and the records that these were computed from, never models or explainers, so
that any report can be made again from the log of a run.
"""

from explaudit_reports.build import build_report
from explaudit_reports.html import write_html
from explaudit_reports.model import Report
from explaudit_reports.pdf import write_pdf

__all__ = ["Report", "build_report", "write_html", "write_pdf"]
