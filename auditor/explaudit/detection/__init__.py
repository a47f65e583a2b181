"""How well detectors do: honest models and adversaries, false alarms beside detections."""

from explaudit.detection.plan import PRESETS, DetectionSettings, plan_detection

__all__ = ["PRESETS", "DetectionSettings", "plan_detection"]
