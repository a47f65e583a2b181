"""Whether a model decides about rows that are not in its log as it did about those that are."""

from __future__ import annotations

import msgspec
import numpy as np
import numpy.typing as npt
from scipy import stats

from explaudit.audit.decisions import Scale
from explaudit.audit.evidence import Asked, Evidence
from explaudit.audit.foretold import Foretold, foretell
from explaudit.audit.outcome import Hidden, Judgement, Power, TestResult
from explaudit.audit.partialling import Contrast, EffectComparison, compare_effects
from explaudit.seeds import derive_seed, generator

__all__ = ["FORETOLD_TEST", "FRESH_GROUP", "FRESH_TEST", "against_fresh"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

FRESH_TEST = "logged decisions against fresh rows"
FORETOLD_TEST = "fresh rows foretold by logged decisions"
#: Both look at the same answers, and count as one.
FRESH_GROUP = "the log and fresh rows"

#: Below so many real rows that the log does not hold, nothing is said.
_FEWEST = 100
_POWER = 0.8


def against_fresh(
    evidence: Evidence,
    scale: Scale,
    logged: Asked,
    *,
    what: str,
    most_rows: int,
    n_permutations: int,
    alpha: float,
    seed: int,
) -> Judgement:
    """Compare logged decisions with today's answers, in two ways.

    One is what sensitive features do to either, given all others; the other is how well a model of
    logged decisions predicts either.

    Parameters
    ----------
    evidence : Evidence
        Its real rows are the fresh ones.
    scale : Scale
        On which the logged decisions are given.
    logged : Asked
        Logged rows and what was decided.
    what : str
        What is logged, in words.
    most_rows : int
        Rows used of each kind at the most.
    n_permutations : int
    alpha : float
    seed : int
    """
    rng, real = generator(seed, "fresh rows"), evidence.real
    unlogged = ~_among(real.rows, logged.rows)
    n_fresh = int(unlogged.sum())
    if n_fresh < _FEWEST:
        return _cannot_say(
            f"only {n_fresh} of {len(real)} real rows are not in the log; at least {_FEWEST} are "
            "needed: give rows that were not logged"
        )
    ours = rng.permutation(len(logged))[:most_rows]
    fresh = rng.permutation(len(real))[:most_rows]
    labels = [f"the answer {label!r}" for label in scale.labels]
    compared = compare_effects(
        (logged.rows[ours], logged.answers[ours]),
        (real.rows[fresh], scale.of_answers(real.answers[fresh])),
        encoder=evidence.encoder,
        features=evidence.sensitive,
        outputs=labels or [f"the {name}" for name in evidence.target.outputs],
        n_permutations=n_permutations,
        seed=seed,
    )
    strange = rng.permutation(np.flatnonzero(unlogged))[:most_rows]
    foretold = foretell(
        Asked(logged.rows[ours], logged.answers[ours]),
        Asked(real.rows[strange], scale.of_answers(real.answers[strange])),
        evidence.encoder,
        n_permutations=n_permutations,
        seed=derive_seed(seed, "foretold"),
    )
    if compared.contrasts:
        effects = _in_words(compared, what, alpha, n_fresh / len(real))
    else:
        effects = Judgement(tests=(_silent(FRESH_TEST, _NOTHING_LEFT),))
    return msgspec.structs.replace(
        effects, tests=(*effects.tests, _foretold_in_words(foretold, what, alpha))
    )


_NOTHING_LEFT = (
    "the log and the real rows are too few or too unlike, or the sensitive features follow from "
    "the others"
)


def _cannot_say(reason: str) -> Judgement:
    return Judgement(tests=(_silent(FRESH_TEST, reason), _silent(FORETOLD_TEST, reason)))


def _silent(name: str, reason: str) -> TestResult:
    return TestResult(name=name, p_value=None, reason=reason, group=FRESH_GROUP)


def _foretold_in_words(found: Foretold, what: str, alpha: float) -> TestResult:
    if not len(found.differences):
        return _silent(FORETOLD_TEST, "the log and the real rows are too few or too unlike")
    return TestResult(
        name=FORETOLD_TEST,
        p_value=found.p_value,
        score=found.fresh - found.logged,
        threshold=float(np.quantile(found.differences, 1 - alpha)),
        reason=(
            f"a model of {what} misses others of them by {found.logged:.3f}, and today's answers "
            f"to rows that are not in the log by {found.fresh:.3f} (mean squares; "
            f"{found.n_logged} and {found.n_fresh} rows)"
        ),
        group=FRESH_GROUP,
    )


def _in_words(compared: EffectComparison, what: str, alpha: float, share_fresh: float) -> Judgement:
    largest = [
        max((c for c in compared.contrasts if c.feature == feature), key=lambda c: c.score)
        for feature in dict.fromkeys(c.feature for c in compared.contrasts)
    ]
    top = max(largest, key=lambda c: c.score)
    sign = _sign(top)
    threshold = float(np.quantile(compared.scores, 1 - alpha))
    result = TestResult(
        name=FRESH_TEST,
        p_value=compared.p_value,
        score=top.score,
        threshold=threshold,
        reason=(
            f"given all other features, the effect of {top.feature} ({top.contrast}) on "
            f"{top.output} is {sign * top.first:.3f} in {compared.n_first} {what} and "
            f"{sign * top.second:.3f} in today's answers to {compared.n_second} real rows; "
            f"{1 - share_fresh:.0%} of the real rows are in the log, too"
        ),
        group=FRESH_GROUP,
        details={"share_fresh": share_fresh},
    )
    # one-sided, and Bonferroni for the largest of all contrasts
    reach = stats.norm.isf(alpha / len(compared.contrasts)) + stats.norm.ppf(_POWER)
    power = tuple(
        Power(
            test=FRESH_TEST,
            feature=c.feature,
            smallest_effect=float(reach * c.error),
            probability=_POWER,
        )
        for c in largest
    )
    hidden = tuple(_hidden(c) for c in largest if c.score >= threshold)
    return Judgement(
        tests=(result,), hidden=hidden if compared.p_value <= alpha else (), power=power
    )


def _hidden(contrast: Contrast) -> Hidden:
    """Return the difference of the effects, turned so that the logged one is positive."""
    sign = _sign(contrast)
    real, shown = sign * contrast.first, sign * contrast.second
    reach = float(stats.norm.isf(0.025)) * contrast.error
    return Hidden(
        feature=contrast.feature,
        estimate=real - shown,
        low=real - shown - reach,
        high=real - shown + reach,
        real=real,
        shown=shown,
        explainer="fresh rows",
    )


def _sign(contrast: Contrast) -> float:
    return -1.0 if contrast.first < 0 else 1.0


def _among(rows: Array, others: Array) -> Mask:
    """Return which rows equal one of the others."""
    # adding 0 turns -0.0, which equals 0.0, into its bits
    known = {row.tobytes() for row in np.ascontiguousarray(others + 0.0)}
    return np.array([row.tobytes() in known for row in np.ascontiguousarray(rows + 0.0)])
