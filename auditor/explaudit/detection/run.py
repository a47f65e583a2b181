"""The benchmark of detectors as what is run cell by cell."""

from __future__ import annotations

from explaudit.detection.execute import execute
from explaudit.detection.plan import DetectionSettings, plan_detection
from explaudit.detection.summary import DetectionResults, summarise_detection
from explaudit.recorded import Kind

__all__ = ["DETECTION"]

DETECTION: Kind[DetectionSettings, DetectionResults] = Kind(
    name="a benchmark of detectors",
    settings=DetectionSettings,
    plan=plan_detection,
    execute=execute,
    summarise=summarise_detection,
    owns=lambda log: any(cell.kind == "detection" for cell in log.cells),
)
