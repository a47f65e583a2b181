"""The report on a benchmark of hardened explainers: what each shows of honest and hidden biases."""

from explaudit_reports.hardening.build import build_hardening_report
from explaudit_reports.hardening.pages import write_hardening_html, write_hardening_pdf

__all__ = ["build_hardening_report", "write_hardening_html", "write_hardening_pdf"]
