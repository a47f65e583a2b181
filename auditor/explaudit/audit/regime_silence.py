"""When tests of the regime cannot say anything, or not of all queries, and in which words."""

from __future__ import annotations

from explaudit.audit.evidence import Evidence
from explaudit.audit.outcome import Judgement, TestResult
from explaudit.audit.refusals import Refusal
from explaudit.audit.regime_results import group

__all__ = ["cannot_say", "left_out", "no_twins", "one_answer", "silent"]


def no_twins(unexplained: float) -> str:
    """Return why numbers that ordinary models do not reproduce cannot be judged."""
    return (
        "cannot say: of the variance of the model's numbers on real rows ordinary models leave "
        f"{unexplained:.0%} unexplained, so that they are no measure of how it may answer queries; "
        "more real rows, and a budget that lets them be sent, may help"
    )


def one_answer(constant: float) -> str:
    """Return why a model that gives nearly all queries one answer cannot be judged."""
    return (
        f"cannot say: of the queries that ordinary models answer otherwise, the model gives "
        f"{constant:.0%} one and the same answer, as a check that refuses impossible input "
        "would; no feature is shown in place of another"
    )


def left_out(refusal: Refusal | None) -> str:
    """Return which queries are left out, to be said behind what the others show."""
    if refusal is None:
        return ""
    return (
        f"; {refusal.share:.0%} of the queries, which get one and the same answer that hardly any "
        "real row gets, are left out"
    )


def silent(evidence: Evidence, reason: str) -> Judgement:
    """Return that nothing can be said of any explainer's queries."""
    unable = [cannot_say(explainer, reason) for explainer in evidence.queries]
    return Judgement(tests=tuple(one.tests[0] for one in unable))


def cannot_say(explainer: str, reason: str, queries: int = 0) -> Judgement:
    """Return that nothing can be said of one explainer's queries, which no model passes with."""
    test = TestResult(
        name=f"sensitive features in queries of {explainer}",
        p_value=None,
        queries=queries,
        reason=reason,
        group=group(explainer),
        required=True,
    )
    return Judgement(tests=(test,))
