"""How an audit's names and figures are written."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Literal

from explaudit.audit.outcome import Finding, Hidden, Power, TestResult, Unit, Verdict
from explaudit.audit.run import AuditResult
from explaudit_reports.numbers import MINUS, figure
from explaudit_reports.vocabulary import explainer_label

__all__ = [
    "RESULT_WORDS",
    "Effects",
    "TestStatus",
    "chance",
    "clearly_hidden",
    "effects",
    "estimate",
    "joined",
    "p_text",
    "prose",
    "sentence",
    "shown_by",
    "smallest",
    "status_of",
    "test_label",
    "title",
]

TestStatus = Literal["rejects", "accepts", "silent", "baseline"]

RESULT_WORDS: dict[TestStatus, str] = {
    "rejects": "Rejects",
    "accepts": "Does not reject",
    "silent": "Cannot say",
    "baseline": "Baseline",
}


def status_of(test: TestResult, alpha: float) -> TestStatus:
    """Return what a test says within an audit at level `alpha`."""
    if not test.counted:
        return "baseline"
    if test.adjusted_p_value is None:
        return "silent"
    return "rejects" if test.adjusted_p_value <= alpha else "accepts"


@dataclass(frozen=True)
class Effects:
    """The figures of one hidden effect as text, all equally fine."""

    real: str
    shown: str
    hidden: str
    interval: str

    @property
    def whole(self) -> str:
        """The hidden effect with its interval."""
        return f"{self.hidden} {self.interval}"


def effects(found: Hidden) -> Effects:
    """Return a hidden effect's figures as text."""
    digits = _digits(found.low, found.high, found.estimate, found.real, found.shown)
    return Effects(
        real=_fixed(found.real, digits),
        shown=_fixed(found.shown, digits),
        hidden=_fixed(found.estimate, digits),
        interval=_bracketed(found.low, found.high, digits),
    )


def estimate(found: Finding) -> tuple[str, str]:
    """Return a finding's figure and its interval as text; an empty one where there is none."""
    if found.estimate is None:
        return "", ""
    if found.low is None or found.high is None:
        return figure(found.estimate, "number"), ""
    digits = _digits(found.low, found.high, found.estimate)
    if found.low <= 0 <= found.high:
        # no more is to be seen of a figure that may be 0
        digits = min(digits, 3)
    return _fixed(found.estimate, digits), _bracketed(found.low, found.high, digits)


def _bracketed(low: float, high: float, digits: int) -> str:
    return f"[{_fixed(low, digits)}, {_fixed(high, digits)}]"


def _digits(low: float, high: float, *others: float) -> int:
    """Return the digits that show an interval's width to two figures, the largest to three."""
    width, largest = high - low, max(map(abs, (low, high, *others)))
    if not (math.isfinite(largest) and largest > 0):
        return 2
    digits = 2 - math.floor(math.log10(largest))
    if width > 0:
        digits = min(digits, 1 - math.floor(math.log10(width)))
    return min(max(digits, 0), 9)


def _fixed(value: float, digits: int) -> str:
    text = f"{value:.{digits}f}"
    negative = text.startswith("-") and float(text) != 0
    return f"{MINUS if negative else ''}{text.lstrip('-')}"


def p_text(p_value: float) -> str:
    """Return a probability to three digits after the point."""
    return "<0.001" if p_value < 0.001 else f"{p_value:.3f}"


def sentence(text: str) -> str:
    """Return a reason as a sentence of its own; a name at its beginning stays as it is."""
    text = text.strip()
    if text[:1].islower() and text.split(" ")[0].isalpha():
        text = text[0].upper() + text[1:]
    return text if not text or text[-1] in ".!?" else f"{text}."


def prose(result: AuditResult, text: str) -> str:
    """Return a reason as a sentence, with explainers and negative numbers as elsewhere in reports.

    A value of the data ("code = -1") stays as it is.
    """
    for part in result.settings.explainers:
        label = explainer_label(part.name, part.name)
        text = re.sub(rf"\b(queries of) {re.escape(part.name)}\b", rf"\1 {label}", text)
    return sentence(re.sub(r"(?<!= )(?<=[\[ ])-(?=\d)", MINUS, text))


def joined(names: list[str]) -> str:
    """Return names as they are listed in a sentence."""
    return " and ".join([", ".join(names[:-1]), names[-1]] if names[1:] else names)


def shown_by(result: AuditResult, explainer: str) -> str:
    """Return in words whose view of a feature is meant: an audited explainer's queries mostly."""
    name, bracket, settings = explainer.partition(" (")
    if name not in {part.name for part in result.settings.explainers}:
        return explainer
    return f"queries of {explainer_label(name, name)}{bracket}{settings}"


def title(feature: str, unit: Unit) -> str:
    """Return a feature's name with the unit of its effect, if that is not the model's output."""
    return feature + {"output": "", "margin": " (margin of the trees)", "share": " (share)"}[unit]


def test_label(result: AuditResult, name: str) -> str:
    """Return a test's name with explainers called as elsewhere in reports."""
    for part in result.settings.explainers:
        head, found, rest = name.partition(f" of {part.name}")
        if found and (not rest or rest.startswith(" (")):
            name = f"{head} of {explainer_label(part.name, part.name)}{rest}"
            break
    name = name.replace("_", " ")
    return name[:1].upper() + name[1:]


def clearly_hidden(verdict: Verdict) -> list[Hidden]:
    """Return hidden effects whose whole interval is above none, of each unit the largest first.

    An explainer that has a test of its own must be one whose test rejects: where it does not, the
    interval alone is no sign.
    """
    clear = [found for found in verdict.hidden if found.low > 0 and _borne_out(verdict, found)]
    # units cannot be compared, and keep the order of their tests
    units = [found.unit for found in verdict.hidden]
    return sorted(clear, key=lambda found: (units.index(found.unit), -found.estimate))


def _borne_out(verdict: Verdict, found: Hidden) -> bool:
    own = [test for test in verdict.tests if test.counted and found.is_judged_by(test)]
    return not own or any(status_of(test, verdict.alpha) == "rejects" for test in own)


def smallest(verdict: Verdict, feature: str) -> Power | None:
    """Return the most powerful statement on a feature; None if there is none."""
    known = [p for p in verdict.power if p.feature == feature and p.unit == "output"]
    return min(known, key=_size, default=None)


def _size(power: Power) -> float:
    return math.inf if power.smallest_effect is None else power.smallest_effect


def chance(probability: float) -> str:
    """Return how often something happens, in words."""
    return "four times out of five" if probability == 0.8 else f"{probability:.0%} of the time"
