"""How a benchmark was measured, what its words mean, and what it cannot say."""

from __future__ import annotations

from collections.abc import Mapping

from explaudit.hardening.cast import CAST
from explaudit_reports.audit.wording import joined
from explaudit_reports.hardening.view import View
from explaudit_reports.hardening.wording import OF_LAW, label
from explaudit_reports.model import Bullets, Definitions, Section, words
from explaudit_reports.numbers import count, percent

__all__ = ["limits_section", "method_section", "reading_section"]


def method_section(view: View) -> Section:
    """Return how it was measured."""
    return Section("method", "How it was measured", (_definitions(_method(view)),))


def _definitions(texts: Mapping[str, str]) -> Definitions:
    return Definitions(tuple((name, words(text)) for name, text in texts.items()))


def _method(view: View) -> dict[str, str]:
    settings = view.results.settings
    keep, replicates = settings.get("keep_real"), settings.get("replicates")
    kept = percent(keep) if isinstance(keep, float) else "a set share"
    return {
        "Who holds which rows": "Attacker and auditor hold halves of each data set that share no "
        "row: models and gates are made of the one, explained rows and backgrounds of the other. "
        "No explained row is in the background.",
        "Biased models": "A rule that decides by the sensitive group alone, and a trained score "
        "less 0.3 for the group. What is explained is the decision, 0 or 1.",
        "Fair model": "Gradient boosting on the true outcomes that never sees the sensitive "
        "feature. Others may stand in for it, so that an explainer which credits what is "
        "correlated may still show it.",
        "Attackers": "Gradient boosting learns to tell real rows from "
        f"{settings.get('gate_queries', 'some')} queries; suspected rows get an innocent answer, "
        "by an unrelated coin or by an imitation of the biased model without the sensitive "
        f"feature, in turn. Each gate must take {kept} of real rows for real, so that every attack "
        "keeps nearly all decisions.",
        "Whom attackers expect": f"{_expected()}.",
        "Explainers of real rows alone": "Nothing tells their queries from real rows. Their "
        "matched attacker trains on real rows that are called queries; the AUROC of such a gate "
        "says that it learnt nothing, and it can only give up decisions at random.",
        "Explained rows": f"{settings.get('n_rows', 'some')} of each replicate, "
        f"{_times(replicates)} on each data set; the same rows and draws for all models.",
        "Samples": f"{_samples(view)}. All else is as by default.",
        "Targets": "Judged by the interval over all data sets: met if all of it reaches the "
        "target, missed if none of it does, otherwise it cannot be said.",
    }


def _times(replicates: object) -> str:
    return count(replicates, "replicate") if isinstance(replicates, int) else "some replicates"


def _expected() -> str:
    alike = [label(name) for name, member in CAST.items() if member.one_attacker]
    others = [
        f"{label(name)} ({OF_LAW[member.hardens]}; {OF_LAW[member.own]})"
        for name, member in CAST.items()
        if not member.one_attacker
    ]
    return (
        f"In brackets what the unmatched and the matched attacker expect: {joined(others)}. "
        f"{joined(alike)} send what an attacker expects anyway, so that one attacker is both"
    )


def _samples(view: View) -> str:
    return "; ".join(
        f"{label(name)}: {', '.join(f'{key} {value}' for key, value in settings.items())}"
        for name, settings in view.results.explainers.items()
        if settings
    )


def reading_section() -> Section:
    """Return what the report's words mean."""
    return Section("reading", "How to read this report", (_definitions(_MEANINGS),))


_MEANINGS = {
    "Explainer": "A method, such as LIME or KernelSHAP, that says which features moved a model's "
    "answer. To find out, it asks the model about rows: its queries.",
    "Hardened explainer": "One that is made so that its queries look like real rows, or that does "
    "without made-up rows.",
    "Attack": "A gate recognises an explainer's queries and answers them as an innocent model "
    "would; real rows get the biased answer.",
    "Unmatched attacker": "One whose gate expects the explainer that is hardened, not the hardened "
    "one.",
    "Matched attacker": "One whose gate was trained on the queries of this very explainer.",
    "Sensitive feature at rank 1": "No other feature of the row has a larger attribution, sign "
    "aside; where features tie, the chance of being first in a random order. A row that cannot be "
    "explained counts as 0.",
    "Honest biased model": "The same model without any attack: what there is to be seen at all.",
    "False alarm": "The sensitive feature at rank 1 for a model that never looks at it.",
    "Fidelity": "Share of the auditor's rows that an attacked model decides as the biased model.",
    "95\N{NO-BREAK SPACE}% interval": "In brackets, in per cent: the rates that go together with "
    "what was seen. Few rows and replicates, wide interval.",
}


def limits_section() -> Section:
    """Return what the figures do not say."""
    return Section("limits", "What this does not show", (Bullets(_LIMITS),))


_LIMITS = tuple(
    words(text)
    for text in (
        "Attackers that look at more than one row: who recognises a whole request, or keeps a "
        "session in memory, deceives explainers of real rows too. Audits find these; see the "
        "benchmark of detectors.",
        "Attackers who give up many decisions. A gate that may take a third of real rows for "
        "queries hides more, and leaves less of the bias to hide.",
        "Whether an explanation is right in all else. Only the place of the sensitive feature is "
        "judged.",
        "Other data. The data sets are few, public and tabular.",
        "Independent figures. Explainers share rows, gates and models within a replicate.",
    )
)
