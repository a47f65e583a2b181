"""Which explainers a benchmark of hardened explainers judges, and what attackers expect of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from explaudit.cells import Part

__all__ = ["CAST", "LAWS", "Kind", "Law", "Member"]

Law = Literal["lime", "kernel_shap", "real_rows", "generated_any", "generated_coalitions"]
Kind = Literal["baseline", "simple", "hardened"]

_KMEANS: dict[str, Any] = {"background": "kmeans", "n_background": 10}

#: The samplers that gates are trained on, by law.
LAWS: Mapping[Law, Part] = MappingProxyType(
    {
        "lime": Part("lime_discretised"),
        "kernel_shap": Part("kernel_coalitions", _KMEANS),
        "real_rows": Part("real_neighbours"),
        "generated_any": Part("generated_fill", {"kept": "uniform"}),
        "generated_coalitions": Part("generated_fill", {"kept": "coalitions"}),
    }
)


@dataclass(frozen=True)
class Member:
    """An explainer that is judged.

    Attributes
    ----------
    kind : {"baseline", "simple", "hardened"}
        One that attacks were published against, a plain tool, or one that is to withstand them.
    hardens : str
        The law of the queries that an unmatched attacker expects.
    own : str
        The law of its own queries, which a matched attacker expects.
    settings : dict
        Where they are not the defaults: samples that make the whole benchmark affordable.
    """

    kind: Kind
    hardens: Law
    own: Law
    settings: Mapping[str, Any]

    @property
    def one_attacker(self) -> bool:
        """Whether its own queries are those that the unmatched attacker expects."""
        return self.hardens == self.own


#: By name, in the order in which they are shown. Half the defaults or less are asked of LIME
#: (5,000 samples), of those with coalitions (2,048 and more) and of CAD-Defend (5,000).
CAST: Mapping[str, Member] = MappingProxyType(
    {
        "lime": Member("baseline", "lime", "lime", {"num_samples": 2000}),
        "kernel_shap": Member(
            "baseline", "kernel_shap", "kernel_shap", {**_KMEANS, "nsamples": 512}
        ),
        "matched_pairs": Member("simple", "kernel_shap", "real_rows", {}),
        "linear_probe": Member("simple", "kernel_shap", "real_rows", {}),
        "twin_explanation": Member("hardened", "kernel_shap", "real_rows", {}),
        "neighbour_shap": Member("hardened", "kernel_shap", "real_rows", {"nsamples": 512}),
        "neighbour_lime": Member("hardened", "lime", "real_rows", {}),
        "generated_shap": Member(
            "hardened", "kernel_shap", "generated_coalitions", {"nsamples": 512}
        ),
        "generated_lime": Member("hardened", "lime", "generated_any", {"num_samples": 2000}),
        "cad_defend": Member("hardened", "lime", "lime", {"num_samples": 1000}),
    }
)
