"""Names of metrics and explainers as a reader should see them.

What a metric means comes from the catalogue of its author. A metric or an explainer that is not
known here (one from another distribution) is shown under its own name, so that nothing is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from explaudit.metrics import MetricEntry, catalogue
from explaudit_reports.numbers import Kind

__all__ = ["CONTROLS", "HEADLINE", "Term", "explainer_label", "metric_order", "term"]

#: The evidence that the verdict stands on.
HEADLINE = "sensitive_top1"

#: Explainers that know nothing of the model, so that every scale has its end.
CONTROLS = frozenset({"random", "constant"})

_LABELS = {
    HEADLINE: "Sensitive feature at rank 1",
    "sensitive_top2": "Sensitive feature among the first 2",
    "sensitive_top3": "Sensitive feature among the first 3",
    "sensitive_rank2": "Sensitive feature at rank 2",
    "sensitive_rank3": "Sensitive feature at rank 3",
    "sensitive_rank": "Rank of the sensitive feature",
    "sensitive_share": "Attribution on the sensitive feature",
    "unrelated_one_top1": "First unrelated feature at rank 1",
    "unrelated_two_top1": "Second unrelated feature at rank 1",
    "unrelated_share": "Attribution on the unrelated features",
    "surrogate_r2": "R² of the surrogate",
    "surrogate_r2_not_worse": "R² at least as good as the honest model's",
    "queries_per_row": "Queries for each explained row",
    "fidelity": "Fidelity: decides as the honest model",
    "agreement_where_models_differ": "Fidelity where f and ψ differ",
    "real_recall": "Real rows taken for real by the gate",
    "demographic_parity_gap": "Demographic-parity gap",
    "favourable_rate": "Favourable decisions",
    "favourable_rate_protected": "Favourable decisions, protected group",
    "favourable_rate_unprotected": "Favourable decisions, other rows",
    "matched_pair_effect": "Matched-pair effect",
    "matched_pair_signed": "Matched-pair effect with its sign",
    "gate_auroc": "AUROC",
    "gate_balanced_accuracy": "Balanced accuracy",
    "gate_f1_query": "F1 for queries",
    "gate_real_judged_real": "Real rows taken for real",
    "gate_queries_judged_real": "Queries taken for real",
    "deletion_auc": "Deletion AUC",
    "insertion_auc": "Insertion AUC",
    "local_lipschitz": "Local Lipschitz constant",
    "non_sensitivity": "Non-sensitivity",
    "pgi": "PGI",
    "pgu": "PGU",
    "roar": "ROAR",
    "sensitivity_n": "Sensitivity-n",
    "truth_top_k": "Truth: top k",
    "truth_sign": "Truth: sign",
    "truth_rank_correlation": "Truth: rank correlation",
}

#: What names of variants end in, and how their labels do.
_VARIANTS = {
    "_not_worse": " at least as good as the honest model's",
    "_on_manifold": " (on-manifold)",
}

_EXPLAINERS = {
    "lime": "LIME",
    "kernel_shap": "KernelSHAP",
    "permutation_shap": "PermutationSHAP",
    "sampling_shap": "SamplingSHAP",
    "exact_shap": "Exact SHAP",
    "occlusion": "Occlusion",
    "permutation_importance": "Permutation importance",
    "partial_dependence": "Partial dependence",
    "ice": "ICE amplitude",
    "matched_pairs": "Matched pairs",
    "linear_probe": "Linear probe",
    "group_disparity": "Group disparity",
    "imbalance": "Imbalance of the data (control)",
    "committee": "Committee",
    "twin_explanation": "Explanation of honest twins",
    "neighbour_shap": "SHAP from real neighbours",
    "neighbour_lime": "LIME from real neighbours",
    "generated_shap": "SHAP with generated values",
    "generated_lime": "LIME with generated rows",
    "cad_defend": "CAD-Defend",
    "random": "Random explainer (control)",
    "constant": "Constant explainer (control)",
}


@dataclass(frozen=True)
class Term:
    """A metric's name in words, how its values are written, what it means and who defined it."""

    label: str
    kind: Kind
    meaning: str
    source: str = ""
    is_gate: bool = False

    @property
    def inline(self) -> str:
        """The label as it stands within a sentence."""
        ordinary = self.label[1:2].islower()
        return self.label[:1].lower() + self.label[1:] if ordinary else self.label


@cache
def _entries() -> dict[str, MetricEntry]:
    return {entry.name: entry for entry in catalogue()}


def term(metric: str) -> Term:
    """Return what is known about a metric; an unknown one keeps its name."""
    label, entry = _label(metric), _entries().get(metric)
    if entry is None:
        meaning = "Not in the catalogue of metrics; see the distribution that it comes from."
        return Term(label, "number", meaning)
    return Term(label, _kind(entry.unit), entry.description, entry.source, entry.kind == "gate")


def _label(metric: str) -> str:
    if metric in _LABELS:
        return _LABELS[metric]
    for ending, said in _VARIANTS.items():
        if metric.endswith(ending):
            return _label(metric.removesuffix(ending)) + said
    return metric.replace("_", " ").capitalize()


def _kind(unit: str) -> Kind:
    if unit.startswith("share"):
        return "share"
    return "points" if unit.startswith("difference") else "number"


def metric_order(metric: str) -> tuple[int, str]:
    """Return a sort key: metrics in the order of the catalogue, then unknown ones by name."""
    order = [*_entries()]
    return (order.index(metric) if metric in order else len(order), metric)


def explainer_label(explainer: str, setting: str) -> str:
    """Return an explainer setting's name: the explainer, then the setting if it adds something."""
    name = _EXPLAINERS.get(explainer, explainer)
    plain, short = _plain(explainer), _plain(setting)
    if not name or short == plain:
        return name or setting
    if plain and short.startswith(plain):
        return f"{name} ({setting[len(plain) :].strip('-_ :')})"
    return f"{name} ({setting})"


def _plain(name: str) -> str:
    return name.replace("-", "_").lower()
