"""How far honest models stray from their twins, against the twins from each other."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CALIBRATION", "Calibration"]


@dataclass(frozen=True)
class Calibration:
    """What was fitted to honest models of families and data sets that nothing is judged on.

    Attributes
    ----------
    named, scan, changes : float
        Factors on the twins' spread, for the sensitive features, for all others, and for what
        changing a sensitive feature does.
    """

    named: float
    scan: float
    changes: float


#: What `explaudit benchmark detectors` fits to the tuned part of its honest models.
CALIBRATION = Calibration(named=1.0, scan=1.8, changes=1.1)
