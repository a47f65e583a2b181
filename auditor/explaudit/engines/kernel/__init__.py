"""KernelSHAP in batches."""

from __future__ import annotations

from explaudit.engines.kernel.coalitions import Coalitions, draw_coalitions
from explaudit.engines.kernel.kernel import KernelResult, kernel_shap

__all__ = ["Coalitions", "KernelResult", "draw_coalitions", "kernel_shap"]
