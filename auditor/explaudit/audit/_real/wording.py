"""Findings on real behaviour, in words."""

from __future__ import annotations

from collections.abc import Sequence

from explaudit.audit._real.dependence import Dependence
from explaudit.audit._real.effects import Effect
from explaudit.audit._real.shares import ShareGap
from explaudit.audit.outcome import Finding

__all__ = [
    "BIAS",
    "DEPENDENCE",
    "GAP",
    "INTERSECTION",
    "PAIRS",
    "SHARES",
    "dependence_finding",
    "gap_finding",
    "nothing",
    "pairs_finding",
    "share_finding",
]

# names of findings
BIAS = "bias on real data"
DEPENDENCE = "dependence given the rest"
GAP = "gap between groups"
INTERSECTION = "gap of intersecting groups"
PAIRS = "matched pairs"
SHARES = "claimed and real share"


def dependence_finding(
    feature: str, found: Dependence, p_value: float, alpha: float, outputs: Sequence[str]
) -> Finding:
    """Say whether decisions depend on a feature given all others.

    Parameters
    ----------
    feature : str
    found : Dependence
    p_value : float
        Adjusted for all sensitive features.
    alpha : float
    outputs : sequence of str
        Named in the text where there are several.
    """
    effect = found.effect
    if effect.group == "one standard deviation":
        where = f"for one standard deviation more of {feature}"
    else:
        where = f"for rows with {feature} = {effect.group}"
    p_shown = "p < 0.0001" if p_value < 1e-4 else f"p = {p_value:.2g}"
    amount = f"{_amount(effect, outputs)} {where} on real data ({p_shown})"
    if p_value <= alpha and effect.distance > 0:
        text = (
            f"Decisions depend on {feature} given everything else: {amount}. "
            "This is no sign of deception."
        )
        return _told(BIAS, feature, effect, text)
    text = (
        f"It was not found that decisions depend on {feature} given everything else: {amount}. "
        "That does not prove that they do not."
    )
    return _told(DEPENDENCE, feature, effect, text)


def pairs_finding(feature: str, effect: Effect, outputs: Sequence[str]) -> Finding:
    """Say how the answers to rows differ that are alike but for a feature."""
    text = (
        f"In {effect.n} pairs of real rows that differ in {feature} and nearly agree on all else, "
        f"answers are {_amount(effect, outputs)} for the one with {effect.group}."
    )
    return _told(PAIRS, feature, effect, text)


def gap_finding(
    name: str, feature: str, effect: Effect, outputs: Sequence[str], addition: str = ""
) -> Finding:
    """Say how the mean answers to groups differ."""
    text = (
        f"Answers are {_amount(effect, outputs)} for the {effect.n} real rows with {effect.group} "
        f"than for all others, whatever else differs.{addition}"
    )
    return _told(name, feature, effect, text)


def share_finding(
    feature: str, explainer: str, found: ShareGap, output: str, outputs: Sequence[str]
) -> Finding:
    """Set the share that queries claim beside the real one."""
    gap, low, high = (round(100 * share) for share in (found.gap, found.low, found.high))
    text = (
        f"Of what all features do{_named('to', output, outputs)}, {feature} makes up "
        f"{found.claimed:.0%} by the queries of {explainer}, and {found.real:.0%} by real rows: a "
        f"gap of {gap} percentage points [{low}, {high}]. A gap alone is no sign of "
        "deception."
    )
    return Finding(
        name=SHARES, feature=feature, estimate=found.gap, low=found.low, high=found.high, text=text
    )


def nothing(name: str, feature: str, text: str) -> Finding:
    """Return a finding that has no figure, and why."""
    return Finding(name=name, feature=feature, estimate=None, text=text)


def _told(name: str, feature: str, effect: Effect, text: str) -> Finding:
    return Finding(
        name=name,
        feature=feature,
        estimate=effect.estimate,
        low=effect.low,
        high=effect.high,
        text=text,
    )


def _amount(effect: Effect, outputs: Sequence[str]) -> str:
    """Say how much lower or higher, with the interval turned the same way."""
    sign, way = (-1.0, "lower") if effect.estimate < 0 else (1.0, "higher")
    # adding 0 turns what is rounded to -0.00 into 0.00
    low, high = sorted(round(sign * end, 2) + 0.0 for end in (effect.low, effect.high))
    return (
        f"{abs(effect.estimate):.2f} [{low:.2f}, {high:.2f}] {way}"
        f"{_named('in', effect.output, outputs)}"
    )


def _named(word: str, output: str, outputs: Sequence[str]) -> str:
    return f" {word} {output!r}" if len(outputs) > 1 else ""
