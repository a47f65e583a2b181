"""Tests of the regime in words and probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from explaudit.audit.calibration import CALIBRATION
from explaudit.audit.changes import Changes
from explaudit.audit.evidence import Evidence
from explaudit.audit.outcome import TestResult

__all__ = ["changes_result", "group", "level", "named_result", "scan_result", "tail"]

Array = npt.NDArray[np.float64]

#: Degrees of freedom of the twins' spread, of fifty twins in each split.
_FREEDOM = 49


def named_result(
    evidence: Evidence, explainer: str, scores: Array, alpha: float, details: dict[str, float]
) -> TestResult:
    """Return the test of the sensitive features.

    Parameters
    ----------
    evidence : Evidence
    explainer : str
        Whose queries.
    scores : ndarray of shape (n_features, n_outputs)
        What the queries leave out of each contribution, in spreads of the twins.
    alpha : float
        Level of the threshold.
    details : dict of str to float
        Further figures.
    """
    own = scores[list(evidence.sensitive_columns)]
    score, compared = float(own.max()), own.size
    threshold = level(alpha, compared, CALIBRATION.named)
    feature = evidence.sensitive[int(own.max(axis=1).argmax())]
    reason = (
        f"the model answers the queries of {explainer} under another regime than real rows: they "
        f"leave out what {feature} does"
        if score >= threshold
        else f"the queries of {explainer} show what sensitive features do on real rows as far as "
        "those of ordinary models do"
    )
    return TestResult(
        name=f"sensitive features in queries of {explainer}",
        p_value=tail(score, compared, CALIBRATION.named),
        score=score,
        threshold=threshold,
        reason=reason,
        group=group(explainer),
        details={**details, "compared": float(compared)},
    )


def scan_result(
    evidence: Evidence, explainer: str, scores: Array, alpha: float, details: dict[str, float]
) -> TestResult:
    """Return the test of all other features, both ways; see :func:`named_result`."""
    others = [j for j in range(len(scores)) if j not in evidence.sensitive_columns]
    name = f"other features in queries of {explainer}"
    if not others:
        reason = "there is no feature but the sensitive ones"
        return TestResult(name=name, p_value=None, reason=reason, group=group(explainer))
    own = np.abs(scores[others])
    # both ways
    score, compared = float(own.max()), 2 * own.size
    threshold = level(alpha, compared, CALIBRATION.scan)
    place = others[int(own.max(axis=1).argmax())]
    feature, signed = evidence.encoder.names[place], scores[place].ravel()
    shown = "leave out what" if signed[int(np.abs(signed).argmax())] > 0 else "show more than"
    reason = (
        f"the model answers the queries of {explainer} under another regime than real rows: they "
        f"{shown} {feature} does"
        if score >= threshold
        else f"the queries of {explainer} show what all other features do on real rows as far as "
        "those of ordinary models do"
    )
    return TestResult(
        name=name,
        p_value=tail(score, compared, CALIBRATION.scan),
        score=score,
        threshold=threshold,
        reason=reason,
        group=group(explainer),
        details={**details, "compared": float(compared)},
    )


def changes_result(
    evidence: Evidence,
    explainer: str,
    found: Sequence[Mapping[tuple[int, int, str], Changes]],
    alpha: float,
) -> TestResult:
    """Return the test of what changing a sensitive feature does.

    Parameters
    ----------
    evidence : Evidence
        With answers in units of their spread where they are no probabilities.
    explainer : str
        Whose queries.
    found : sequence of mapping
        Of each split, by feature, output and statistic.
    alpha : float
        Level of the threshold.
    """
    name = f"changed sensitive features in queries of {explainer}"
    kept = [key for key in found[0] if all(key in one for one in found)]
    if not kept:
        reason = "cannot say: too few rows and queries were sent once more with another value"
        return TestResult(name=name, p_value=None, reason=reason, group=group(explainer))
    scores = {key: float(np.mean([one[key].score for one in found])) for key in kept}
    key = max(scores, key=lambda each: scores[each])
    score, threshold = scores[key], level(alpha, len(kept), CALIBRATION.changes)
    near, far = (float(np.mean([getattr(one[key], at) for one in found])) for at in ("near", "far"))
    return TestResult(
        name=name,
        p_value=tail(score, len(kept), CALIBRATION.changes),
        score=score,
        threshold=threshold,
        reason=_changes_reason(
            explainer,
            evidence.encoder.names[key[0]],
            _told(evidence, key[2], near, far),
            score >= threshold,
        ),
        group=group(explainer),
        details={"near": near, "far": far, "compared": float(len(kept))},
    )


def _changes_reason(explainer: str, feature: str, told: str, found: bool) -> str:
    if not found:
        return (
            f"changing a sensitive feature alone does as much in the queries of {explainer} as "
            "near real rows, as far as with ordinary models"
        )
    return (
        f"the model answers the queries of {explainer} under another regime than real rows: "
        f"changing {feature} alone {told} there"
    )


def _told(evidence: Evidence, statistic: str, near: float, far: float) -> str:
    labels = bool(np.isin(evidence.real.answers, (0.0, 1.0)).all())
    # scores' presence is counted without those that are at an end of their range
    rows = "real rows that are answered alike" if labels or statistic == "effect" else "real rows"
    if statistic == "presence":
        return f"makes a difference to {near:.0%} of the answers near {rows} and to {far:.0%}"
    unit = " of their spread" if evidence.target.answers == "values" else ""
    return f"moves the answers by {near:.2f}{unit} near {rows} and by {far:.2f}"


def tail(score: float, compared: int, scale: float) -> float:
    """Return the probability that an honest model's largest score is as high.

    Parameters
    ----------
    score : float
        In spreads of the twins.
    compared : int
        How many scores it is the largest of.
    scale : float
        How far honest models stray, in units of how far twins do.
    """
    from scipy import stats

    return min(1.0, compared * float(stats.t.sf(score / scale, _FREEDOM)))


def level(alpha: float, compared: int, scale: float) -> float:
    """Return the score that :func:`tail` gives the probability `alpha`."""
    from scipy import stats

    return float(stats.t.isf(alpha / compared, _FREEDOM)) * scale


def group(explainer: str) -> str:
    """Return the group of tests that an explainer's belong to."""
    return f"regime of {explainer}"
