"""How well hardened explainers do: against attackers who know them, and on honest models."""

from explaudit.hardening.plan import PRESETS, HardeningSettings, plan_hardening

__all__ = ["PRESETS", "HardeningSettings", "plan_hardening"]
