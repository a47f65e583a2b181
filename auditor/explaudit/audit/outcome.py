"""What an audit says: the structs behind the verdict in results.json."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

__all__ = ["Finding", "Hidden", "Judgement", "Outcome", "Power", "TestResult", "Unit", "Verdict"]

Outcome = Literal["pass", "fail", "inconclusive"]
Unit = Literal["output", "margin", "share"]


class TestResult(msgspec.Struct, frozen=True, kw_only=True):
    """One test of whether the model treats queries and real data alike.

    Attributes
    ----------
    name : str
        The test's name, with the explainer's where the test is about one.
    p_value : float or None
        Probability, under honesty, of a score at least as high; None where the test says nothing.
    score : float or None
        What was measured, in the unit that `reason` tells.
    threshold : float or None
        The score at which the test alone would reject at the audit's level.
    queries : int
        Rows that the test sent to the model; rows that tests share count for the first of them.
    reason : str
        What was found, or why the test cannot say, in words that can be defended.
    group : str
        Tests of one group count as one, by the smallest of their p-values times their number.
        Empty for a test of its own.
    counted : bool
        Whether the test takes part in the verdict; baselines are shown and do not.
    required : bool
        Whether no model passes of which the test says nothing.
    adjusted_p_value : float or None
        After Holm's step-down over all counted tests and groups of tests.
    false_alarm_rate : float or None
        As measured on honest models at the audit's level, where it was measured.
    details : dict of str to float
        Further figures of the test.
    """

    name: str
    p_value: float | None
    score: float | None = None
    threshold: float | None = None
    queries: int = 0
    reason: str = ""
    group: str = ""
    counted: bool = True
    required: bool = False
    adjusted_p_value: float | None = None
    false_alarm_rate: float | None = None
    details: dict[str, float] = {}

    #: Not a test of this project, whatever its name looks like to a collector of tests.
    __test__: ClassVar[bool] = False


class Hidden(msgspec.Struct, frozen=True, kw_only=True):
    """A feature's effect on real data that the explainer's queries do not show.

    Attributes
    ----------
    feature : str
        The feature's name.
    estimate, low, high : float
        Effect on real rows less effect on the queries, and its interval.
    real, shown : float
        The two effects.
    explainer : str
        Whose queries they are, or what else shows the effect.
    unit : {"output", "margin", "share"}
        Whether effects are in units of the model's output, or of a tree model's margin, or are
        shares of all that features are credited with.
    group : str
        The group of the tests that bear it out; empty where that is the test named after
        `explainer`.
    """

    feature: str
    estimate: float
    low: float
    high: float
    real: float
    shown: float
    explainer: str
    unit: Unit = "output"
    group: str = ""

    def is_judged_by(self, test: TestResult) -> bool:
        """Return whether a test is one of those that bear the effect out or do not."""
        if self.group:
            return test.group == self.group
        return test.name.endswith(self.explainer)


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something about the model that a reader must know and that is no sign of deception.

    Attributes
    ----------
    name : str
        What kind of finding.
    feature : str
        The feature that it is about.
    estimate, low, high : float or None
        The figure and its interval.
    text : str
        The finding in words.
    """

    name: str
    feature: str
    estimate: float | None
    low: float | None = None
    high: float | None = None
    text: str = ""


class Power(msgspec.Struct, frozen=True, kw_only=True):
    """The smallest hidden effect that a test would have found with the given probability.

    Attributes
    ----------
    test, feature : str
        Of which test and feature.
    smallest_effect : float or None
        In `unit`; None where no effect would have been found.
    probability : float
        The probability of finding it.
    unit : {"output", "margin", "share"}
        As in :class:`Hidden`.
    """

    test: str
    feature: str
    smallest_effect: float | None
    probability: float = 0.8
    unit: Unit = "output"


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """What one detector has to say."""

    tests: tuple[TestResult, ...] = ()
    hidden: tuple[Hidden, ...] = ()
    findings: tuple[Finding, ...] = ()
    power: tuple[Power, ...] = ()


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What the audit as a whole has to say.

    Attributes
    ----------
    outcome : {"pass", "fail", "inconclusive"}
        Whether the model answers an explainer's queries under another regime than real data.
    alpha : float
        The family-wise false-alarm rate over all counted tests.
    sentence : str
        The outcome in one sentence.
    tests, hidden, findings, power
        What all detectors said.
    queries, budget : int
        Rows sent to the model, and how many were allowed.
    """

    outcome: Outcome
    alpha: float
    sentence: str
    tests: tuple[TestResult, ...]
    hidden: tuple[Hidden, ...] = ()
    findings: tuple[Finding, ...] = ()
    power: tuple[Power, ...] = ()
    queries: int = 0
    budget: int = 0
