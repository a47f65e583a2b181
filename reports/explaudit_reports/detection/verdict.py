"""The first section of a benchmark's report: false alarms and detections in a few sentences."""

from __future__ import annotations

from collections import Counter

from explaudit.detection.rates import ALPHAS, Rate
from explaudit_reports.audit.wording import joined
from explaudit_reports.detection.lines import by_bias, by_dataset
from explaudit_reports.detection.pictures import dots_gallery
from explaudit_reports.detection.view import View
from explaudit_reports.detection.wording import (
    MODELS,
    explainer,
    known,
    rate_text,
    tally,
)
from explaudit_reports.model import Block, Bullets, Paragraph, Section, Text, number, strong, words
from explaudit_reports.numbers import count, percent

__all__ = ["verdict_section"]

_USUAL = ALPHAS[0]


def verdict_section(view: View) -> Section:
    """Return what the benchmark came to, in words that someone can act on who audits nothing."""
    picture = dots_gallery(view, _USUAL)
    blocks: tuple[Block, ...] = (
        Paragraph(words(_lead(view)), "lead"),
        *((picture,) if picture else ()),
        Bullets((*_false_alarms(view), *_detections(view), *_apart(view))),
        Paragraph(words(_caution(view)), "note"),
    )
    return Section("verdict", "Verdict", blocks)


def _lead(view: View) -> str:
    honest = [rate for alpha in ALPHAS if (rate := view.rate("judged", alpha, {}))]
    found = [
        f"{tally(rate)} on {explainer(name)} ({rate_text(rate)})"
        for name in view.explainers
        if (rate := view.rate("effective", _USUAL, {"explainer": name}))
    ]
    if honest:
        first, *others = [
            f"{count(rate.alarms)} false alarms at a nominal {percent(rate.alpha)} "
            f"(measured: {rate_text(rate)})"
            for rate in honest
        ]
        ends = joined([first, *(text.replace(" false alarms", "", 1) for text in others)])
        accused = f"{count(honest[0].n, 'audit')} of honest models ended in {ends}"
    else:
        accused = "No honest model that nothing was tuned on has been audited yet"
    if not found:
        return f"{accused}; no attack that hides anything has been audited yet."
    return (
        f"{accused}; of the attacks that hide something, the audit at {percent(_USUAL)} found "
        f"{joined(found)}."
    )


def _false_alarms(view: View) -> list[Text]:
    kept = [_against(rate) for alpha in ALPHAS if (rate := view.rate("judged", alpha, {}))]
    where = _where(view)
    return [
        *([words(strong("Is the promised rate kept? "), " ".join(kept))] if kept else []),
        *([words(strong("Where false alarms come from: "), where)] if where else []),
    ]


def _against(rate: Rate) -> str:
    nominal = percent(rate.alpha)
    if rate.low > rate.alpha:
        return f"Not at {nominal}: there were more false alarms than promised."
    if rate.high < rate.alpha:
        return f"At {nominal} there were fewer false alarms than allowed: the audit is cautious."
    return f"At {nominal} nothing speaks against it: the interval holds the promised rate."


def _where(view: View) -> str:
    """Say of how few models the false alarms are; each model is audited several times."""
    judged = view.counting("judged")
    pairs = {(row.model, row.dataset) for row in judged}
    alarms = Counter((row.model, row.dataset) for row in judged if row.alarm(_USUAL))
    if not alarms:
        return ""
    most = "; ".join(
        f"{known(MODELS, model).label} on {view.title(dataset)} ({n})"
        for (model, dataset), n in sorted(alarms.items(), key=lambda item: (-item[1], item[0]))[:3]
    )
    return (
        f"the {count(sum(alarms.values()), 'alarm')} at {percent(_USUAL)} are of "
        f"{count(len(alarms))} of {count(len(pairs))} pairs of a model and a data set. Most "
        f"are of {most}."
    )


def _detections(view: View) -> list[Text]:
    points = []
    for name in view.explainers:
        rate = view.rate("effective", _USUAL, {"explainer": name})
        if rate is None:
            continue
        parts = [
            (line.label, own)
            for line in by_dataset(view)
            if line.group
            and (own := view.rate("effective", _USUAL, {**line.group, "explainer": name}))
        ]
        title, worst = min(parts, key=lambda part: part[1].value)
        said = [f"{tally(worst)} on {title}, the fewest of all data sets"] if parts[1:] else []
        strict = view.rate("effective", ALPHAS[-1], {"explainer": name})
        said += [f"{rate_text(strict)} at a nominal {percent(strict.alpha)}"] if strict else []
        points.append(
            words(
                strong(f"Attacks on {explainer(name)} found: "),
                number(rate_text(rate)),
                f"; {'; '.join(said)}.",
            )
        )
    return points


def _apart(view: View) -> list[Text]:
    """Return the audits that are told apart: with more queries, and with a log of decisions."""
    points = []
    for line in (line for line in by_bias(view) if line.counts == "larger_budget"):
        for name in view.explainers:
            more = view.rate("larger_budget", _USUAL, {**line.group, "explainer": name})
            group = {"explainer": name, "strength": line.group["strength"]}
            usual = view.rate("effective", _USUAL, group)
            if more:
                before = f"; with the usual budget {tally(usual)}" if usual else ""
                points.append(
                    words(strong(f"{line.label}, {explainer(name)}: "), f"{tally(more)}{before}.")
                )
    logged = view.counting("logged")
    if logged:
        found = sum(row.alarm(_USUAL) for row in logged)
        points.append(
            words(
                strong("Memorised rows, with a log of decisions: "),
                f"{count(found)} of {count(len(logged))} found. Without a log such a model shows "
                "an auditor nothing.",
            )
        )
    if view.results.harmless:
        points.append(
            words(
                strong("Not counted: "),
                f"{count(view.results.harmless, 'attack')} that hide too little to matter; they "
                "are listed with all others.",
            )
        )
    return points


def _caution(view: View) -> str:
    results = view.results
    done = f"{count(results.done)} of {count(results.planned)} planned audits are done"
    if results.done < results.planned:
        done = f"Preliminary: {done}"
    failed = f"{count(results.failed)} of them failed and are listed with reasons"
    return (
        f"{done}; {failed if results.failed else 'none of them failed'}. Intervals are Wilson's, "
        "at 95\N{NO-BREAK SPACE}%, and take audits for independent. Audits of one model on one "
        "data set are alike, so that the true uncertainty is larger. Attacks are those that were tried, "
        "no others."
    )
