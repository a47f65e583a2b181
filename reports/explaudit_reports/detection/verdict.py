"""The first section of a benchmark's report: false alarms and detections in a few sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

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
from explaudit_reports.model import (
    Block,
    Bullets,
    Paragraph,
    Run,
    Section,
    Text,
    number,
    strong,
    words,
)
from explaudit_reports.numbers import count, percent

__all__ = ["verdict_section"]

_USUAL = ALPHAS[0]


def verdict_section(view: View) -> Section:
    """Return what the benchmark came to, in words that someone can act on who audits nothing."""
    picture = dots_gallery(view, _USUAL)
    blocks: tuple[Block, ...] = (
        Paragraph(_lead(view), "lead"),
        *((picture,) if picture else ()),
        Bullets((*_false_alarms(view), *_detections(view), *_apart(view))),
        Paragraph(words(_caution(view)), "note"),
    )
    return Section("verdict", "Verdict", blocks)


def _lead(view: View) -> Text:
    honest = [rate for alpha in ALPHAS if (rate := view.rate("judged", alpha, {}))]
    found = [
        (name, rate)
        for name in view.explainers
        if (rate := view.rate("effective", _USUAL, {"explainer": name}))
    ]
    results = view.results
    early = f"Preliminary, after {count(results.done)} of {count(results.planned)} audits. "
    parts: list[str | Run] = [early if results.done < results.planned else ""]
    for place, rate in enumerate(honest):
        of = "" if place else f"{count(rate.n, 'audit')} of honest models ended"
        alarms = count(rate.alarms) if place else count(rate.alarms, "false alarm")
        parts += [of or " and", f" in {alarms} at a nominal {percent(rate.alpha)} (measured: "]
        parts += [number(rate_text(rate)), ")"]
    if not honest:
        parts += ["No honest model that nothing was tuned on has been audited yet"]
    if not found:
        return words(*parts, "; no attack that hides anything has been audited yet.")
    parts.append(f"; of the attacks that hide something, the audit at {percent(_USUAL)} found ")
    for place, (name, rate) in enumerate(found):
        parts += [" and " if place else "", f"{tally(rate)} on {explainer(name)} ("]
        parts += [number(rate_text(rate)), ")"]
    return words(*parts, ".")


def _false_alarms(view: View) -> list[Text]:
    rates = [rate for alpha in ALPHAS if (rate := view.rate("judged", alpha, {}))]
    where = _where(view)
    return [
        *([words(strong("Is the promised rate kept? "), _kept(rates))] if rates else []),
        *([words(strong("Where false alarms come from: "), where)] if where else []),
    ]


def _kept(rates: Sequence[Rate]) -> str:
    """Compare measured false alarms with the nominal rates."""
    groups = {
        "there were more false alarms than promised": [r for r in rates if r.low > r.alpha],
        "nothing speaks against it, as the interval holds it": [
            r for r in rates if r.low <= r.alpha <= r.high
        ],
        "there were fewer false alarms than allowed": [r for r in rates if r.high < r.alpha],
    }
    said = (
        f"At {joined([percent(r.alpha) for r in own])} {text}."
        for text, own in groups.items()
        if own
    )
    return " ".join(said)


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
        f"often: {most}."
    )


def _detections(view: View) -> list[Text]:
    strict, least = ALPHAS[-1], []
    at_strict = [
        f"{rate_text(rate)} on {explainer(name)}"
        for name in view.explainers
        if (rate := view.rate("effective", strict, {"explainer": name}))
    ]
    for name in view.explainers:
        parts = [
            (line.label, rate)
            for line in by_dataset(view)
            if line.group
            and (rate := view.rate("effective", _USUAL, {**line.group, "explainer": name}))
        ]
        if len(parts) > 1:
            title, worst = min(parts, key=lambda part: part[1].value)
            least.append(f"{tally(worst)} on {title} ({explainer(name)})")
    return [
        *([words(strong("Found least often: "), f"{joined(least)}.")] if least else []),
        *(
            [words(strong(f"Found at a nominal {percent(strict)}: "), f"{joined(at_strict)}.")]
            if at_strict
            else []
        ),
    ]


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
        honest = view.rate("logged_honest", _USUAL, {})
        beside = f"; the same tests accused {tally(honest)} honest models" if honest else ""
        points.append(
            words(
                strong("Memorised rows, with a log of decisions: "),
                f"{count(found)} of {count(len(logged))} found{beside}. Without a log such a model "
                "shows an auditor nothing.",
            )
        )
    return points


def _caution(view: View) -> str:
    results = view.results
    done = f"{count(results.done)} of {count(results.planned)} planned audits are done"
    failed = f"{count(results.failed)} of them failed and are listed with reasons"
    return (
        f"{done}; {failed if results.failed else 'none of them failed'}. Intervals are Wilson's, "
        "at 95\N{NO-BREAK SPACE}%, and take audits for independent; audits of one model on one "
        "data set are alike, so that the true uncertainty is larger. "
        f"{count(results.harmless, 'attack')} that hide too little are listed and do not count. "
        "Attacks are those that were tried, no others."
    )
