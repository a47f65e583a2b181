"""The first section of a benchmark's report: which explainers withstand which attackers."""

from __future__ import annotations

from collections.abc import Iterable

from explaudit.hardening.rates import TARGETS, Measure
from explaudit.hardening.rows import Model
from explaudit_reports.audit.wording import joined
from explaudit_reports.hardening.pictures import marks_gallery
from explaudit_reports.hardening.view import View
from explaudit_reports.hardening.wording import label, rate_text
from explaudit_reports.model import Block, Bullets, Paragraph, Section, Text, strong, words
from explaudit_reports.numbers import count, percent

__all__ = ["verdict_section"]

#: The bias whose explanations have the sensitive feature alone to show.
_MAIN = "rule"

_HEADS: dict[tuple[Measure, Model], str] = {
    ("first", "unmatched"): "Attacker who expects another explainer",
    ("first", "matched"): "Attacker who expects this explainer",
    ("ratio", "unmatched"): "Unmatched attacker, relative to the honest biased model",
}


def verdict_section(view: View) -> Section:
    """Return what the benchmark came to, in words that someone can act on who attacks nothing."""
    picture = marks_gallery(view)
    blocks: tuple[Block, ...] = (
        Paragraph(_lead(view), "lead"),
        *((picture,) if picture else ()),
        Bullets((*_targets(view), *_beside(view))),
        Paragraph(words(_caution(view)), "note"),
    )
    return Section("verdict", "Verdict", blocks)


def _lead(view: View) -> Text:
    results = view.results
    early = f"Preliminary, after {count(results.done)} of {count(results.planned)} cells. "
    parts = [early if results.done < results.planned else ""]
    if not any(view.rate(name, "matched", _MAIN) for name in view.hardened):
        return words(*parts, "No hardened explainer has been attacked yet.")
    whole = [name for name in view.hardened if _reaches_all(view, name)]
    names = f": {joined([label(name) for name in whole])}" if whole else ""
    how_many = {0: "none reaches", 1: "one reaches"}.get(len(whole), f"{len(whole)} reach")
    parts.append(
        f"Of {count(len(view.hardened), 'hardened explainer')} {how_many} every "
        f"target where a model decides by the sensitive group alone{names}. "
    )
    for name in ("lime", "kernel_shap"):
        before, after = view.rate(name, "honest", _MAIN), view.rate(name, "matched", _MAIN)
        if before and after:
            parts.append(
                f"{label(name)}, not hardened, puts the sensitive feature first in "
                f"{rate_text(before)} of rows of the honest model and in {rate_text(after)} under "
                "attack. "
            )
    return words(*parts)


def _reaches_all(view: View, explainer: str) -> bool:
    found = [view.judged(explainer, _MAIN, *target) for target in TARGETS]
    return all(judged is not None and judged.word == "met" for judged in found)


def _targets(view: View) -> list[Text]:
    """Say of each target which hardened explainers meet it and which do not."""
    points = []
    for (measure, model), goal in TARGETS.items():
        said = []
        for word in ("met", "missed", "cannot say"):
            names = [name for name in view.hardened if _is(view, name, measure, model, word)]
            if names:
                said.append(f"{word} by {_with_rates(view, names, measure, model)}")
        head = strong(f"{_HEADS[measure, model]}, at least {percent(goal)}: ")
        text = "; ".join(said).replace("cannot say by", "cannot be said of")
        points += [words(head, f"{text}.")] if said else []
    return points


def _is(view: View, explainer: str, measure: Measure, model: Model, word: str) -> bool:
    judged = view.judged(explainer, _MAIN, measure, model)
    rate = view.rate(explainer, model, _MAIN, measure=measure)
    return judged is not None and rate is not None and judged.word == word


def _with_rates(view: View, names: Iterable[str], measure: Measure, model: Model) -> str:
    return joined(
        [
            f"{label(name)} ({rate_text(view.rate(name, model, _MAIN, measure=measure))})"
            for name in names
        ]
    )


def _beside(view: View) -> list[Text]:
    """Say what the targets leave out: plain tools, honest sight, fair models, smaller biases."""
    points = []
    tools = [
        name for name in ("matched_pairs", "linear_probe") if view.rate(name, "matched", _MAIN)
    ]
    if tools:
        text = f"{_with_rates(view, tools, 'first', 'matched')} under a matched attacker."
        points.append(words(strong("Plain tools: "), text))
    alarms = [
        f"{label(name)} ({rate_text(rate)})"
        for name in view.explainers
        if (rate := view.rate(name, "fair", "")) and rate.value
    ]
    if any(view.rate(name, "fair", "") for name in view.explainers):
        text = (
            f"a model that never looks at the sensitive feature is shown as if it did by "
            f"{joined(alarms)}."
            if alarms
            else "no explainer puts the sensitive feature first of a model that never looks at it."
        )
        points.append(words(strong("Fair models: "), text))
    smaller = (
        (bias, text) for bias in view.biases if bias != _MAIN and (text := _smaller(view, bias))
    )
    points += [words(strong(f"Penalty of {bias} on a score: "), text) for bias, text in smaller]
    return points


def _smaller(view: View, bias: str) -> str:
    """Say of a smaller bias what there is to be seen at all, and what is left of it."""
    said = [
        f"{label(name)} {rate_text(before)} and {rate_text(after)}"
        for name in view.hardened
        if (before := view.rate(name, "honest", bias))
        and (after := view.rate(name, "matched", bias))
    ]
    if not said:
        return ""
    return (
        "other features matter as much, so that the sensitive one need not stand first even for "
        f"the honest model. Honest model, and matched attacker: {'; '.join(said)}."
    )


def _caution(view: View) -> str:
    results = view.results
    done = f"{count(results.done)} of {count(results.planned)} planned cells are done"
    failed = f"{count(results.failed)} of them failed and are listed with reasons"
    return (
        f"{done}; {failed if results.failed else 'none of them failed'}. Intervals are of a "
        "bootstrap over replicates and rows, at 95\N{NO-BREAK SPACE}%; with few replicates they "
        "are somewhat too narrow. Attackers are those that were tried, no others."
    )
