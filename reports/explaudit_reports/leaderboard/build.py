"""From a leaderboard's results to the model of a report."""

from __future__ import annotations

from explaudit.leaderboard.results import LeaderboardResults
from explaudit_reports.audit.wording import joined
from explaudit_reports.leaderboard.access import access_section
from explaudit_reports.leaderboard.curves import curves_section
from explaudit_reports.leaderboard.explained import explainers_section
from explaudit_reports.leaderboard.heat import heat_section
from explaudit_reports.leaderboard.method import limits_section, method_section
from explaudit_reports.leaderboard.panels import panels_section, panels_table
from explaudit_reports.leaderboard.provenance import missing_section, reproduce_section
from explaudit_reports.leaderboard.table import Medium, leaderboard_table
from explaudit_reports.leaderboard.trials import every_trial_section, trials_section
from explaudit_reports.leaderboard.verdict import verdict_section
from explaudit_reports.leaderboard.view import View
from explaudit_reports.model import Report, Section
from explaudit_reports.numbers import count, figure
from explaudit_reports.provenance import data_section, fingerprint

__all__ = ["build_leaderboard_report"]


def build_leaderboard_report(results: LeaderboardResults, medium: Medium = "screen") -> Report:
    """Return everything that a report on a leaderboard says.

    Parameters
    ----------
    results : LeaderboardResults
        What the leaderboard came to, as far as it is done.
    medium : {"screen", "paper"}
        On paper the leaderboard has fewer columns, and each metric one line instead of a panel
        that unfolds; the figures are the same.
    """
    view = View(results)
    version = results.versions.get("explaudit", "of unknown version")
    explainers, curves = explainers_section(view), curves_section(view)
    sections = (
        verdict_section(view),
        Section("leaderboard", "The leaderboard", (leaderboard_table(view, medium),)),
        heat_section(view),
        *((explainers,) if explainers else ()),
        access_section(view),
        *((curves,) if curves else ()),
        panels_section(view) if medium == "screen" else panels_table(view),
        trials_section(view),
        method_section(view),
        limits_section(view),
        missing_section(view),
        data_section(view.study),
        reproduce_section(view),
        every_trial_section(view),
    )
    return Report(
        title="Which marks of explanations can be gamed?",
        subtitle=f"Leaderboard of metrics on {joined([view.title(d) for d in view.datasets])}",
        facts=_facts(view),
        sections=sections,
        footer=(
            f"explaudit {version} · base seed {results.seed} · results {fingerprint(results)[:12]}"
        ),
    )


def _facts(view: View) -> tuple[tuple[str, str], ...]:
    results = view.results
    counting = sum(trial.deceives and not trial.broken for trial in results.trials)
    return (
        ("Metrics", count(len(view.metrics))),
        ("Explainer settings", count(len(view.explainers))),
        ("Adversaries", count(len(view.adversaries))),
        ("Trials that deceive and count", f"{count(counting)} of {count(len(results.trials))}"),
        ("Cells done of planned", f"{count(results.cells.done)} of {count(results.cells.planned)}"),
        ("Fidelity floor", figure(results.settings.get("fidelity_floor"), "share")),
    )
