"""How a leaderboard's names, verdicts and figures are written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, get_args

from explaudit.leaderboard.notes import (
    ALONE,
    GROUPS,
    QUERIES,
    REAL_ROWS,
    RERUN,
    TRAINING,
    TRUTH,
)
from explaudit.leaderboard.results import Estimate, VerdictWord
from explaudit_reports.numbers import DASH, figure, interval
from explaudit_reports.vocabulary import explainer_label, term

__all__ = [
    "ACCESS",
    "FORMS",
    "SIGNS",
    "STATUSES",
    "VERDICTS",
    "Form",
    "access_of_explainer",
    "access_rank",
    "estimate_text",
    "metric_label",
    "setting_label",
    "short_label",
]

Form = Literal["off", "on", "none", "evidence"]

VERDICTS: tuple[VerdictWord, ...] = get_args(VerdictWord)

#: How reports set a verdict: with a sign and a colour of its own.
STATUSES: Mapping[VerdictWord, str] = {
    "gameable": "gamed",
    "costly to game": "unclear",
    "resists": "resisted",
    "cannot say": "silent",
}
SIGNS: Mapping[VerdictWord, str] = {
    "gameable": "◆",
    "costly to game": "◇",
    "resists": "●",
    "cannot say": DASH,
}

#: What tables call a metric's form.
FORMS: Mapping[Form, str] = {
    "off": "off-manifold",
    "on": "on-manifold",
    "none": "neither",
    "evidence": "neither",
}

#: What an auditor may have, in words for a heading, from little to much.
ACCESS: Mapping[str, str] = {
    ALONE: "The explanation alone",
    GROUPS: "The explanation, and who belongs to the group",
    QUERIES: "Queries to the model",
    REAL_ROWS: "Real rows with decisions",
    RERUN: "The explainer, to run it again",
    TRAINING: "Training data and the means to train",
    TRUTH: "The true attributions, which no auditor has",
}

#: As short as a picture's margin asks for.
_SHORT = {
    "sensitive_top1": "Sensitive at rank 1",
    "sensitive_top2": "Sensitive among first 2",
    "sensitive_top3": "Sensitive among first 3",
    "sensitive_rank": "Sensitive feature's rank",
    "sensitive_share": "Sensitive feature's share",
    "unrelated_one_top1": "Unrelated one at rank 1",
    "unrelated_two_top1": "Unrelated two at rank 1",
    "unrelated_share": "Unrelated features' share",
    "demographic_parity_attribution": "Parity attribution",
}

#: Explainers that ask the model nothing but answers to real rows, and those that ask it nothing.
_REAL_ROWS_ALONE = frozenset({"matched_pairs", "linear_probe", "group_disparity", "neighbour_shap"})
_NO_MODEL = frozenset({"random", "constant", "imbalance"})


def metric_label(name: str) -> str:
    """Return a metric's name in words, with its form if that is a variant."""
    return term(name).label


def short_label(name: str, form: Form) -> str:
    """Return a metric's name as short as a picture's margin asks for."""
    label = _SHORT.get(name) or metric_label(name.removesuffix("_on_manifold"))
    return f"{label} ({form})" if form in ("off", "on") else label


def setting_label(settings: Mapping[str, Mapping[str, Any]], setting: str) -> str:
    """Return the name of an explainer's setting."""
    return explainer_label(str(settings.get(setting, {}).get("name", "")), setting)


def access_of_explainer(explainer: str) -> str:
    """Return what an auditor needs to explain a model with an explainer."""
    if explainer in _NO_MODEL:
        return "no model at all"
    return REAL_ROWS if explainer in _REAL_ROWS_ALONE else QUERIES


def access_rank(needed: Iterable[str]) -> list[str]:
    """Return kinds of access from little to much; unknown ones come last."""
    order = [*ACCESS]
    return sorted(set(needed), key=lambda a: (order.index(a) if a in order else len(order), a))


def estimate_text(found: Estimate) -> str:
    """Return an estimate with its interval, for a sentence."""
    return f"{figure(found.value, 'share')} {interval(found.low, found.high, 'share')}".strip()
