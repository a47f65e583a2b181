"""How often each test alone accuses honest models, as the benchmark of detectors measured it."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from explaudit.audit.outcome import Verdict

__all__ = ["FALSE_ALARMS", "plain_name", "with_measured_rates"]

#: By kind of test and level: false alarms, and audits of honest models that nothing was tuned on in
#: which the test could judge. Released with the records in ``reports/detectors``, from which a test
#: counts them again.
FALSE_ALARMS: Mapping[str, Mapping[float, tuple[int, int]]] = {
    "another order": {0.05: (0, 418), 0.01: (0, 418)},
    "changed sensitive features in queries": {0.05: (19, 800), 0.01: (3, 800)},
    "near duplicates": {0.05: (0, 418), 0.01: (0, 418)},
    "one row at a time": {0.05: (0, 418), 0.01: (0, 418)},
    "other features in queries": {0.05: (4, 800), 0.01: (2, 800)},
    "queries asked again": {0.05: (0, 418), 0.01: (0, 418)},
    "sensitive features in queries": {0.05: (13, 800), 0.01: (2, 800)},
    "fresh rows foretold by logged decisions": {0.05: (7, 116), 0.01: (2, 116)},
    "logged decisions against fresh rows": {0.05: (8, 116), 0.01: (2, 116)},
    "logged decisions asked again": {0.05: (0, 116), 0.01: (0, 116)},
}


def plain_name(name: str) -> str:
    """Return a test's name without that of the explainer whose queries it looks at."""
    return name.split(" of ")[0]


def with_measured_rates(verdict: Verdict) -> Verdict:
    """Return a verdict whose tests tell their false-alarm rates where they were measured.

    Parameters
    ----------
    verdict : Verdict
        Its level must be one of those in :data:`FALSE_ALARMS`, for there to be any rate.
    """
    tests = []
    for test in verdict.tests:
        counted = FALSE_ALARMS.get(plain_name(test.name), {}).get(verdict.alpha)
        rate = None if counted is None else counted[0] / counted[1]
        tests.append(msgspec.structs.replace(test, false_alarm_rate=rate))
    return msgspec.structs.replace(verdict, tests=tuple(tests))
