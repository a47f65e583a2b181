"""The report on a benchmark of detectors: false alarms on honest models beside detections."""

from explaudit_reports.detection.build import build_detection_report
from explaudit_reports.detection.pages import write_detection_html, write_detection_pdf

__all__ = ["build_detection_report", "write_detection_html", "write_detection_pdf"]
