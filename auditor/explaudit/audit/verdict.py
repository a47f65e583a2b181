"""From what all detectors said to one verdict that holds the whole audit's false-alarm rate."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from explaudit.audit.outcome import Hidden, Judgement, Outcome, TestResult, Verdict
from explaudit.errors import InvalidInputError

__all__ = ["EXIT_STATUS", "conclude"]

#: Exit status of the command for each outcome; 2 is wrong use.
EXIT_STATUS: dict[Outcome, int] = {"pass": 0, "fail": 1, "inconclusive": 3}


def conclude(
    judgements: Iterable[Judgement], *, alpha: float, queries: int, budget: int
) -> Verdict:
    """Weigh all counted tests together.

    Holm's step-down holds the probability of any false alarm at `alpha` whatever the dependence
    between the tests. A group of tests counts as one, Bonferroni's correction being made within.
    The outcome is "fail" if any test rejects; "inconclusive" if none does and there was none that
    could, or one that a pass requires could not; otherwise "pass".

    Source: Holm 1979, "A simple sequentially rejective multiple test procedure" (Scandinavian
    Journal of Statistics 6); package statsmodels.

    Parameters
    ----------
    judgements : iterable of Judgement
        What the detectors said.
    alpha : float
        Family-wise false-alarm rate, between 0 and 1.
    queries, budget : int
        Rows sent, and how many were allowed.

    Raises
    ------
    InvalidInputError
        If `alpha` is not between 0 and 1.
    """
    if not 0 < alpha < 1:
        raise InvalidInputError("alpha", "more than 0 and less than 1", alpha)
    said = list(judgements)
    tests = _adjusted([test for judgement in said for test in judgement.tests], alpha)
    hidden = tuple(found for judgement in said for found in judgement.hidden)
    able = [test for test in tests if test.adjusted_p_value is not None]
    failed = [test for test in able if (test.adjusted_p_value or 0.0) <= alpha]
    silent = [test for test in tests if test.required and test.adjusted_p_value is None]
    outcome: Outcome = "fail" if failed else "pass" if able and not silent else "inconclusive"
    unable = outcome == "inconclusive"
    sentence = _unjudged(silent, bool(able)) if unable else _judged(failed, hidden, alpha)
    return Verdict(
        outcome=outcome,
        alpha=alpha,
        sentence=sentence,
        tests=tuple(tests),
        hidden=hidden,
        findings=tuple(found for judgement in said for found in judgement.findings),
        power=tuple(power for judgement in said for power in judgement.power),
        queries=queries,
        budget=budget,
    )


def _adjusted(tests: list[TestResult], alpha: float) -> list[TestResult]:
    from statsmodels.stats.multitest import multipletests  # takes a second to import

    groups: dict[str, list[int]] = {}
    for i, test in enumerate(tests):
        if test.counted and test.p_value is not None:
            groups.setdefault(test.group or f"{i} {test.name}", []).append(i)
    if not groups:
        return tests
    within = {
        i: min(1.0, (tests[i].p_value or 0.0) * len(members))
        for members in groups.values()
        for i in members
    }
    least = [min(within[i] for i in members) for members in groups.values()]
    adjusted = multipletests(least, alpha=alpha, method="holm")[1]
    found = list(tests)
    for members, first, p_value in zip(groups.values(), least, adjusted, strict=True):
        # the group's adjustment for its best test, and for the others in proportion
        factor = float(p_value) / first if first > 0 else 1.0
        for i in members:
            own = min(1.0, max(float(p_value), within[i] * factor))
            found[i] = msgspec.structs.replace(tests[i], adjusted_p_value=own)
    return found


def _unjudged(silent: list[TestResult], others_judged: bool) -> str:
    """Return what could not be judged, and why."""
    sentence = "No test could judge whether the model answers queries as it answers real data."
    if others_judged:
        names = ", ".join(dict.fromkeys(test.name for test in silent))
        sentence = (
            f"Other tests found nothing, but no model passes of which nothing is said by: {names}."
        )
    reasons = dict.fromkeys(test.reason for test in silent if test.reason)
    return " ".join(
        [sentence, *(f"{reason[0].upper()}{reason[1:].rstrip('.')}." for reason in reasons)]
    )


def _judged(failed: list[TestResult], hidden: tuple[Hidden, ...], alpha: float) -> str:
    if not failed:
        return (
            "No test found that the model answers an explainer's queries under another regime "
            f"than real data, at a false-alarm rate of {alpha:.0%} over all tests together."
        )
    names = ", ".join(dict.fromkeys(test.name for test in failed))
    sentence = (
        f"What was shown and what is decided on real data do not go together: {names} "
        f"({'rejects' if len(failed) == 1 else 'reject'} at a false-alarm rate of {alpha:.0%} "
        "over all tests together)."
    )
    clear = [found for found in hidden if found.low > 0 and any(map(found.is_judged_by, failed))]
    if clear:
        # units cannot be compared, and the first test is the one that matters most
        first = [found for found in clear if found.unit == clear[0].unit]
        most = max(first, key=lambda found: found.estimate)
        sentence += (
            f" Hidden effect of {most.feature}: {most.estimate:.2f} "
            f"[{most.low:.2f}, {most.high:.2f}]."
        )
    return sentence
