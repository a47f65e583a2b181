"""The adversarial-LIME study (Slack et al., AIES 2020): plan, execution and results."""

from __future__ import annotations

from explaudit.study.plan import PRESETS, StudySettings, plan
from explaudit.study.run import run_study
from explaudit.study.summary import summarise
from explaudit.study.tables import StudyTable, prepare

__all__ = ["PRESETS", "StudySettings", "StudyTable", "plan", "prepare", "run_study", "summarise"]
