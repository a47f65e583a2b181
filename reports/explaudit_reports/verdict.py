"""The verdict in words, put together from the findings by rules."""

from __future__ import annotations

from collections.abc import Sequence

from explaudit.results import Gameability, Measurement
from explaudit_reports.findings import Finding, Status, judge
from explaudit_reports.lookup import Lookup
from explaudit_reports.model import Block, Bullets, Paragraph, Run, code, number, strong, words
from explaudit_reports.numbers import count, figure, interval, percent

__all__ = ["by_dataset", "verdict"]


def verdict(lookup: Lookup) -> tuple[Block, ...]:
    """Return the verdict: one sentence for all, what was found on a single data set, the cautions.

    With several data sets the paragraphs of :func:`by_dataset` are too long for a first screen.
    """
    lead = Paragraph(words(_lead(lookup, _findings(lookup))), "lead")
    details = by_dataset(lookup) if len(lookup.datasets) == 1 else ()
    return (lead, *details, Paragraph(words(" ".join(_cautions(lookup))), "note"))


def by_dataset(lookup: Lookup) -> tuple[Block, ...]:
    """Return what was found, in a paragraph for each data set."""
    found = _findings(lookup).items()
    return (Bullets(tuple(words(*_dataset(lookup, name, own)) for name, own in found)),)


def _findings(lookup: Lookup) -> dict[str, list[Finding]]:
    return {dataset: judge(lookup, dataset) for dataset in lookup.datasets}


def _lead(lookup: Lookup, findings: dict[str, list[Finding]]) -> str:
    statuses: dict[str, set[Status]] = {
        name: {finding.status for finding in found} for name, found in findings.items()
    }
    every = set().union(*statuses.values())
    gamed = [name for name, found in statuses.items() if "gamed" in found]
    if gamed:
        return (
            f"{_where(len(gamed), len(findings))}, an attacked model hid the sensitive feature "
            f"from at least one explainer setting while it kept {_floor(lookup)} of the honest "
            "model's decisions on real rows."
        )
    if "unclear" in every:
        return (
            "The results do not settle whether an attack can hide the sensitive feature while "
            "the decisions stay: it was hidden in part, or the intervals are too wide."
        )
    if "resisted" in every:
        return (
            "No attack that kept the constraint hid the sensitive feature from the explainer "
            "settings that could be judged. This holds for the attacks that were tried, no others."
        )
    return _lead_without_result(every)


def _lead_without_result(every: set[Status]) -> str:
    if "none_counted" in every:
        return (
            "No attack kept the constraint on decisions and true harm, so nothing can be said "
            "about attacks that do. The evidence has not been shown to resist."
        )
    if "silent" in every:
        return (
            "Where they could be judged, these explanations do not reliably show the sensitive "
            "feature even for the honest model that decides by it, so there is nothing for an "
            "attack to hide, and nothing that an auditor could rely on."
        )
    return "Cannot say: none of the planned explanations could be judged."


def _floor(lookup: Lookup) -> str:
    floor = lookup.results.settings.get("fidelity_floor")
    return f"at least {percent(floor)}" if isinstance(floor, int | float) else "nearly all"


def _where(some: int, of: int) -> str:
    if of == 1:
        return "On the one data set audited"
    if some == of == 2:
        return "On both data sets"
    return f"On all {of} data sets" if some == of else f"On {some} of {of} data sets"


def _dataset(lookup: Lookup, dataset: str, findings: Sequence[Finding]) -> list[str | Run]:
    title = strong(f"{lookup.title(dataset)}.")
    if not findings:
        return [title, " Cannot say; no explanation of this data set could be judged."]
    said = [f for f in findings if f.status in ("gamed", "unclear", "resisted")]
    parts: list[str | Run] = [title, " "]
    if said:
        parts += _worst_case(lookup, max(said, key=_severity))
        gamed = sum(f.status == "gamed" for f in findings)
        noun = count(len(findings), "explainer setting")
        parts += [strong("Gamed: "), f"{count(gamed)} of {noun}. "]
        if not any(f.status == "resisted" for f in findings):
            parts += [strong("Resisted: "), "none. "]
    for status, words_before in _LISTS.items():
        parts += _listed(lookup, words_before, [f for f in findings if f.status == status])
    return [*parts, *_not_counted(lookup, dataset)]


def _severity(finding: Finding) -> tuple[int, float]:
    value = finding.worst.value if finding.worst else None
    rank: dict[Status, int] = {"gamed": 2, "unclear": 1}
    return rank.get(finding.status, 0), value or 0.0


def _worst_case(lookup: Lookup, finding: Finding) -> list[str | Run]:
    """Return the figures behind the finding that an auditor must know first."""
    assert finding.honest is not None and finding.worst is not None
    label = lookup.explainer(finding.explainer_setting)
    parts: list[str | Run] = [
        f"{label} put ",
        code(lookup.sensitive(finding.dataset)),
        " first in ",
        _estimate(finding.honest),
        " of rows for the honest model",
    ]
    if finding.attacked is not None and finding.attacked.value is not None:
        parts += [" and in ", _estimate(finding.attacked), " after the attack "]
    else:
        parts += ["; the worst attack was "]
    kept = _fidelity(lookup, finding.dataset, finding.attack) or "an unknown share"
    return [
        *parts,
        code(finding.attack),
        ", which kept ",
        kept,
        " of the decisions on real rows: ",
        _estimate(finding.worst),
        " of the way to what the innocuous model shows. ",
    ]


def _fidelity(lookup: Lookup, dataset: str, attack: str) -> str | Run:
    measured = lookup.measurement(dataset, "fidelity", "", ("attacked", attack))
    if measured is not None and measured.value is not None:
        return _estimate(measured)
    share = lookup.fidelity(dataset, attack)
    return "" if share is None else percent(share)


def _estimate(row: Measurement | Gameability) -> Run:
    written = (figure(row.value, "share"), interval(row.low, row.high, "share"))
    return number(" ".join(filter(None, written)))


_LISTS: dict[Status, str] = {
    "resisted": "Resisted",
    "unclear": "Partly or unclear",
    "silent": "Too rarely shown even for the honest model",
    "none_counted": "No attack kept the constraint against",
    "cannot_say": "Cannot say (the findings tell why)",
}


def _listed(lookup: Lookup, before: str, found: Sequence[Finding]) -> list[str | Run]:
    if not found:
        return []
    labels = ", ".join(lookup.explainer(f.explainer_setting) for f in found)
    return [strong(f"{before}: "), f"{labels}. "]


def _not_counted(lookup: Lookup, dataset: str) -> list[str | Run]:
    """Name the attacks that do not count, so that a failed constraint is not read as safety."""
    left_out = [a for a in lookup.attacks(dataset) if lookup.counts(dataset, a) is False]
    if not left_out:
        return []
    parts: list[str | Run] = [
        strong("Attacks not counted: "),
        "too little fidelity, or changed harm: ",
    ]
    for place, attack in enumerate(left_out):
        share = _fidelity(lookup, dataset, attack)
        parts += [", " if place else "", code(attack)]
        parts += [" (fidelity ", share, ")"] if share else []
    return [*parts, "."]


def _cautions(lookup: Lookup) -> list[str]:
    cells = lookup.results.cells
    cautions = [f"{count(cells.done)} of {count(cells.planned)} planned cells are done"]
    cautions[0] += (
        f"; {count(len(cells.unjudged))} have no result and are listed below with reasons."
        if cells.unjudged
        else "; all of them have a result."
    )
    judged = [m for m in lookup.results.measurements if m.value is not None]
    least = min((m.n_replicates for m in judged), default=0)
    if least == 1:
        cautions.append(
            "Some or all figures stand on one replicate: they describe that run, and another "
            "split, gate or background may give others."
        )
    elif least:
        cautions.append(
            f"Intervals stand on as few as {count(least, 'replicate')}; with few replicates they "
            "are rough."
        )
    rows = min((m.n for m in judged if m.explainer_setting), default=0)
    if rows:
        cautions.append(f"The smallest number of explained rows behind a figure is {count(rows)}.")
    return cautions
