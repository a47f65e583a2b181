"""What is said of shares that were compared: a test, hidden shares, findings."""

from __future__ import annotations

from typing import Final

from scipy import stats

from explaudit.audit._swap.shares import Compared
from explaudit.audit.outcome import Finding, Hidden, TestResult

__all__ = ["PERTURBING", "REAL", "SINGLE", "TEST", "findings", "hidden_shares", "tested"]

TEST: Final = "sensitive features across explainers"
#: The kinds of ways that others are compared with.
REAL: Final = "ways that ask real rows only"
SINGLE: Final = "ways that replace one value of a real row"
PERTURBING: Final = "ways that put rows together from many values"
_POWER = 0.8


def tested(
    compared: Compared, features: tuple[str, ...], *, alpha: float, strictest: float, group: str
) -> TestResult:
    """Return the test of all comparisons, and how small a hidden share it would have found.

    Parameters
    ----------
    compared : Compared
    features : tuple of str
        The sensitive ones.
    alpha : float
        Level of the threshold.
    strictest : float
        The level that a verdict asks of the first test to reject; power is stated for it.
    group : str
    """
    scores, freedom = compared.scores, len(compared.closer) - 2
    feature, score = int(scores.max(axis=0).argmax()), float(scores.max())
    power = _power(compared, features, strictest)
    return TestResult(
        name=TEST,
        group=group,
        p_value=min(1.0, scores.size * float(stats.t.sf(score, freedom))),
        score=score,
        threshold=float(stats.t.isf(alpha / scores.size, freedom)),
        reason=_told(compared, int(scores[:, feature].argmax()), feature, features[feature])
        + _power_told(features[feature], power),
        details={
            "twins": float(len(compared.closer) - 1),
            "compared": float(scores.size),
            **{f"smallest hidden share of {name}": share for name, share in power.items()},
        },
    )


def _told(compared: Compared, i: int, j: int, feature: str) -> str:
    kind, _, way = compared.names[i]
    closer, farther = compared.closer[:, i, j], compared.farther[:, i, j]
    return (
        f"{way} gives {feature} {farther[0]:.0%} of all credit, and {kind} give it "
        f"{closer[0]:.0%}; of ordinary models it is {farther[1:].mean():.0%} and "
        f"{closer[1:].mean():.0%} on average"
    )


def _power(compared: Compared, features: tuple[str, ...], strictest: float) -> dict[str, float]:
    """Return by feature what would have been found whichever way hides it, if anything would.

    Only ways that perturb are thought to hide it, and only ways that ask real rows are sure to
    show it: of single replaced values a model may recognise some.
    """
    needed = float(stats.t.isf(strictest / compared.excess.size, len(compared.closer) - 2))
    ends = [(one.closer, one.farther) == (REAL, PERTURBING) for one in compared.names]
    smallest = compared.smallest(needed, _POWER)[ends].max(axis=0)
    # nothing has more than all credit
    return {
        name: float(share) for name, share in zip(features, smallest, strict=True) if share <= 1.0
    }


def _power_told(feature: str, power: dict[str, float]) -> str:
    if feature not in power:
        return f"; no hidden share of {feature} would have been found {_POWER:.0%} of the time"
    return (
        f"; a share of {feature} that is {power[feature]:.0%} of all credit would have been found "
        f"{_POWER:.0%} of the time, whichever way that perturbs hid it"
    )


def hidden_shares(
    compared: Compared, features: tuple[str, ...], *, alpha: float, group: str
) -> tuple[Hidden, ...]:
    """Return for each sensitive feature the comparison that shows most, with its interval."""
    n_compared, freedom = compared.excess.size, len(compared.closer) - 2
    reach = float(stats.t.isf(alpha / (2 * n_compared), freedom)) * compared.spread
    found = []
    for j, i in enumerate(compared.scores.argmax(axis=0)):
        kind, _, way = compared.names[i]
        estimate, half = float(compared.excess[i, j]), float(reach[i, j])
        against = "" if kind == REAL else f", against {kind}"
        found.append(
            Hidden(
                feature=features[j],
                estimate=estimate,
                low=estimate - half,
                high=estimate + half,
                real=float(compared.closer[0, i, j]),
                shown=float(compared.farther[0, i, j]),
                explainer=f"share of the credit by {way}{against}",
                unit="share",
                group=group,
            )
        )
    return tuple(found)


def findings(compared: Compared, features: tuple[str, ...]) -> tuple[Finding, ...]:
    """Say of each sensitive feature what share every way gives it."""
    # every way is compared with real rows
    real = [i for i, one in enumerate(compared.names) if one.closer == REAL]
    found = []
    for j, feature in enumerate(features):
        own = float(compared.closer[0, real[0], j])
        shares = ", ".join(
            f"{compared.farther[0, i, j]:.0%} by {compared.names[i].way}" for i in real
        )
        text = (
            f"Of all credit, {feature} has {own:.0%} in {REAL}, and {shares}. A gap alone is no "
            "sign of deception."
        )
        found.append(Finding(name="share by explainer", feature=feature, estimate=own, text=text))
    return tuple(found)
