"""The benchmark of hardened explainers as what is run cell by cell."""

from __future__ import annotations

from explaudit.hardening.execute import execute
from explaudit.hardening.plan import HardeningSettings, is_hardening_log, plan_hardening
from explaudit.hardening.summary import HardeningResults, summarise_hardening
from explaudit.recorded import Kind

__all__ = ["HARDENING"]

HARDENING: Kind[HardeningSettings, HardeningResults] = Kind(
    name="a benchmark of hardened explainers",
    settings=HardeningSettings,
    plan=plan_hardening,
    execute=execute,
    summarise=summarise_hardening,
    owns=lambda log: is_hardening_log(log.settings),
)
