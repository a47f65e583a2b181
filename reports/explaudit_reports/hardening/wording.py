"""Names of models, attackers and targets, and how figures are written."""

from __future__ import annotations

from collections.abc import Mapping

from explaudit.hardening.cast import CAST, Kind, Law
from explaudit.hardening.rates import Rate
from explaudit.hardening.rows import Model
from explaudit_reports.numbers import figure, interval
from explaudit_reports.vocabulary import explainer_label

__all__ = [
    "BIAS_LABELS",
    "KINDS",
    "MODELS",
    "OF_LAW",
    "SHOWN",
    "kind_label",
    "label",
    "rate_text",
]

MODELS: Mapping[Model, str] = {
    "honest": "Honest biased model",
    "unmatched": "Unmatched attacker",
    "matched": "Matched attacker",
    "fair": "Fair model",
}

KINDS: Mapping[Kind, str] = {"baseline": "baseline", "simple": "plain tool", "hardened": "hardened"}

BIAS_LABELS: Mapping[str, str] = {
    "rule": "The rule: the biased model decides by the sensitive group alone",
    "0.3": "A penalty of 0.3 on a trained score for the sensitive group",
}

#: What explainers are shown instead.
SHOWN: Mapping[str, str] = {"coin": "unrelated rule", "mimic": "imitation", "": ""}

#: Whose queries a gate expects, by law.
OF_LAW: Mapping[Law, str] = {
    "lime": "LIME",
    "kernel_shap": "KernelSHAP",
    "real_rows": "real rows alone",
    "generated_any": "rows generated for LIME",
    "generated_coalitions": "rows generated for SHAP",
}


def label(explainer: str) -> str:
    """Return an explainer's name as readers see it."""
    return explainer_label(explainer, explainer)


def kind_label(explainer: str) -> str:
    """Return whether an explainer is hardened; empty for one that is not in the cast."""
    return KINDS[CAST[explainer].kind] if explainer in CAST else ""


def rate_text(rate: Rate | None) -> str:
    """Return an estimate with its interval."""
    if rate is None:
        return figure(None, "share")
    return " ".join(
        filter(None, (figure(rate.value, "share"), interval(rate.low, rate.high, "share")))
    )
