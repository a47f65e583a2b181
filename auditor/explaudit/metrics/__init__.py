"""Metrics of attributions, by row, with a table of what is known about each."""

from __future__ import annotations

from explaudit.metrics.catalogue import NOT_WORSE, catalogue
from explaudit.metrics.rows import BUILT_IN, metric_specs, row_metrics
from explaudit.metrics.spec import (
    NO_REPLACEMENT,
    Invariance,
    MetricContext,
    MetricEntry,
    MetricKind,
    MetricSpec,
    Need,
    RowMetric,
)

__all__ = [
    "BUILT_IN",
    "NOT_WORSE",
    "NO_REPLACEMENT",
    "Invariance",
    "MetricContext",
    "MetricEntry",
    "MetricKind",
    "MetricSpec",
    "Need",
    "RowMetric",
    "catalogue",
    "metric_specs",
    "row_metrics",
]
