"""How much further honest models stray from their twins than the twins do from each other."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CALIBRATION", "Calibration"]


@dataclass(frozen=True)
class Calibration:
    """What was fitted to honest models of families and data sets that nothing is judged on.

    Attributes
    ----------
    scale : float
        Factor on the spread of the twins' scores.
    """

    scale: float


CALIBRATION = Calibration(scale=1.0)
