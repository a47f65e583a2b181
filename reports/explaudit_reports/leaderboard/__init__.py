"""The report on a leaderboard: how gameable each metric is by which explanations are judged."""

from explaudit_reports.leaderboard.build import build_leaderboard_report
from explaudit_reports.leaderboard.pages import write_leaderboard_html, write_leaderboard_pdf

__all__ = ["build_leaderboard_report", "write_leaderboard_html", "write_leaderboard_pdf"]
