"""Faithfulness: whether attributions go with what the model does when features are taken away."""

from __future__ import annotations

from explaudit.metrics.faithfulness.table import FAITHFULNESS

__all__ = ["FAITHFULNESS"]
