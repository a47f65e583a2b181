"""The finding for each data set and explainer setting, by fixed rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from explaudit.results import Gameability, Measurement
from explaudit_reports.lookup import Lookup
from explaudit_reports.vocabulary import CONTROLS, HEADLINE

__all__ = ["GAMED", "RESISTED", "SEPARATES", "SHOWN", "STATUS_WORDS", "Finding", "Status", "judge"]

Status = Literal["gamed", "unclear", "resisted", "silent", "none_counted", "cannot_say"]

#: The honest model's evidence must show the sensitive feature in this share of rows at least,
SHOWN = 0.5
#: and exceed the innocuous model's by this much, for there to be something that can be hidden.
SEPARATES = 0.25
#: Evidence is gamed when the whole interval of its worst gameability lies at or above this,
GAMED = 0.5
#: and has resisted when the whole interval lies at or below this.
RESISTED = 0.25

STATUS_WORDS: dict[Status, str] = {
    "gamed": "Gamed",
    "unclear": "Partly or unclear",
    "resisted": "Resisted",
    "silent": "Not shown even by the honest model",
    "none_counted": "No attack kept the constraint",
    "cannot_say": "Cannot say",
}


@dataclass(frozen=True)
class Finding:
    """What the results say of one explainer setting on one data set.

    Attributes
    ----------
    honest, attacked, innocent : Measurement or None
        The headline evidence under the three models; `attacked` is the worst attack that counts.
    worst : Gameability or None
        The worst gameability among attacks that keep the constraint.
    reason : str
        Why nothing can be said, or a caution about what is.
    """

    dataset: str
    explainer_setting: str
    status: Status
    honest: Measurement | None = None
    attacked: Measurement | None = None
    innocent: Measurement | None = None
    worst: Gameability | None = None
    reason: str = ""

    @property
    def attack(self) -> str:
        """The attack setting behind the worst figure; empty where there is none."""
        return self.worst.attack_setting if self.worst else ""


def judge(lookup: Lookup, dataset: str) -> list[Finding]:
    """Return a finding for each explainer setting of a data set, controls apart."""
    return [
        _finding(lookup, dataset, setting)
        for setting in lookup.explainers(dataset)
        if lookup.explainer_name(setting) not in CONTROLS
    ]


def _finding(lookup: Lookup, dataset: str, setting: str) -> Finding:
    worst = lookup.gameability(dataset, HEADLINE, setting, "worst")
    attack = worst.attack_setting if worst else ""
    honest = lookup.measurement(dataset, HEADLINE, setting, ("honest", ""))
    innocent = lookup.measurement(
        dataset, HEADLINE, setting, lookup.innocent_for(dataset, HEADLINE, setting, attack)
    )
    status, reason = _status(lookup, dataset, setting, honest, innocent, worst)
    return Finding(
        dataset=dataset,
        explainer_setting=setting,
        status=status,
        honest=honest,
        attacked=lookup.measurement(dataset, HEADLINE, setting, ("attacked", attack)),
        innocent=innocent,
        worst=worst,
        reason=reason,
    )


def _status(
    lookup: Lookup,
    dataset: str,
    setting: str,
    honest: Measurement | None,
    innocent: Measurement | None,
    worst: Gameability | None,
) -> tuple[Status, str]:
    if honest is None or honest.value is None:
        reason = honest.reason if honest else ""
        return "cannot_say", reason or "the honest model was not explained"
    if innocent is None or innocent.value is None:
        reason = innocent.reason if innocent else ""
        return "cannot_say", reason or "the innocuous model was not explained"
    if honest.value < SHOWN or honest.value - innocent.value < SEPARATES:
        return "silent", ""
    if worst is None or worst.value is None:
        return _without_worst(lookup, dataset, setting, worst)
    return _by_interval(worst, worst.value)


def _without_worst(
    lookup: Lookup, dataset: str, setting: str, worst: Gameability | None
) -> tuple[Status, str]:
    tried = [
        row
        for attack in lookup.attacks(dataset)
        if (row := lookup.gameability(dataset, HEADLINE, setting, "attack", attack))
        and row.value is not None
    ]
    if tried and not any(row.counts for row in tried):
        return "none_counted", ""
    reason = worst.reason if worst else ""
    return "cannot_say", reason or "no attacked model could be judged"


def _by_interval(worst: Gameability, value: float) -> tuple[Status, str]:
    low = value if worst.low is None else worst.low
    high = value if worst.high is None else worst.high
    cautions = [worst.reason] if worst.reason else []
    if worst.low is None or worst.high is None:
        cautions.append("judged by the estimate alone, since it has no interval")
    caution = "; ".join(cautions)
    if low >= GAMED:
        return "gamed", caution
    return ("resisted" if high <= RESISTED else "unclear"), caution
