"""How far adversaries move the metrics that explanations are judged by."""

from __future__ import annotations

from explaudit.leaderboard.cast import ADVERSARIES, Adversary
from explaudit.leaderboard.plan import Cost, cost, plan_leaderboard
from explaudit.leaderboard.run import run_leaderboard
from explaudit.leaderboard.settings import PRESETS, LeaderboardSettings, OwnTable

__all__ = [
    "ADVERSARIES",
    "PRESETS",
    "Adversary",
    "Cost",
    "LeaderboardSettings",
    "OwnTable",
    "cost",
    "plan_leaderboard",
    "run_leaderboard",
]
