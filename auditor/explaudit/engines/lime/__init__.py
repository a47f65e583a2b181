"""LIME for tables in batches."""

from __future__ import annotations

from explaudit.engines.lime.engine import lime_tabular
from explaudit.engines.lime.result import LimeResult
from explaudit.engines.lime.settings import LimeSettings, Stream, covers
from explaudit.engines.lime.table import TrainingTable, prepare

__all__ = [
    "LimeResult",
    "LimeSettings",
    "Stream",
    "TrainingTable",
    "covers",
    "lime_tabular",
    "prepare",
]
