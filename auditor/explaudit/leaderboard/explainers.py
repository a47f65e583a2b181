"""The explainers whose explanations are judged, and what an adversary expects each to ask."""

from __future__ import annotations

from typing import Any, NamedTuple

from explaudit.cells import Part

__all__ = ["COMMITTEE", "EXPLAINERS", "SAMPLERS", "Judged", "coalitions"]


class Judged(NamedTuple):
    """An explainer at one setting.

    Attributes
    ----------
    part : Part
        The plug-in with its settings.
    sampler : str
        The law of its queries, by its name in :data:`SAMPLERS`.
    """

    part: Part
    sampler: str


def coalitions(background: str, n_background: int) -> dict[str, Any]:
    """Return the law of KernelSHAP's queries with a background of some kind and size."""
    settings = {"background": background, "n_background": n_background}
    return {"name": "kernel_coalitions", "settings": settings}


#: What an adversary may train a gate on. "rows" draws coalitions of all sizes, most of them with
#: one feature replaced or all but one, by values of one real row: that is what explainers ask that
#: replace a single feature, and nearest to what those ask that send real rows.
SAMPLERS: dict[str, dict[str, Any]] = {
    "lime": {"name": "lime_discretised", "settings": {}},
    "lime_continuous": {"name": "lime_gaussian", "settings": {}},
    "kmeans": coalitions("kmeans", 10),
    "rows": coalitions("all", 0),
}
SAMPLERS["committee"] = {
    "name": "union",
    "settings": {"samplers": [SAMPLERS[name] for name in ("lime", "kmeans", "rows")]},
}


def _lime(**settings: Any) -> Part:
    return Part("lime", {"num_samples": 1000, **settings})


def _kernel_shap(background: str, n_background: int, nsamples: int) -> Part:
    settings = {"background": background, "n_background": n_background, "nsamples": nsamples}
    return Part("kernel_shap", settings)


_OCCLUSION = Part("occlusion", {"reference": "background", "n_reference": 20})

_PERMUTATION = Part("permutation_importance", {"n_repeats": 2, "n_rows": 100})

#: Verified in cells of their own.
_MEMBERS: list[list[Any]] = [
    ["lime", {"num_samples": 500, "verify_rows": 0}],
    ["kernel_shap", {"n_background": 10, "nsamples": 128, "verify_rows": 0}],
    ["permutation_importance", dict(_PERMUTATION.settings)],
    ["linear_probe", {}],
]

#: By name; the samples of each are as few as its cost allows, since a cell explains hundreds of
#: rows. The last four are baselines: three that read real rows only, and several explainers at
#: once.
EXPLAINERS: dict[str, Judged] = {
    "lime": Judged(_lime(), "lime"),
    "lime_continuous": Judged(_lime(discretize_continuous=False), "lime_continuous"),
    "kernel_shap_kmeans": Judged(_kernel_shap("kmeans", 10, 256), "kmeans"),
    "kernel_shap_random": Judged(_kernel_shap("rows", 20, 256), "rows"),
    "occlusion": Judged(_OCCLUSION, "rows"),
    "permutation_importance": Judged(_PERMUTATION, "rows"),
    "partial_dependence": Judged(
        Part("partial_dependence", {"grid_resolution": 5, "n_rows": 50}), "rows"
    ),
    "neighbour_shap": Judged(
        Part("neighbour_shap", {"n_background": 500, "nsamples": 128}), "rows"
    ),
    "matched_pairs": Judged(Part("matched_pairs", {"max_distance": 1.0}), "rows"),
    "random": Judged(Part("random", {}), "rows"),
    "constant": Judged(Part("constant", {}), "rows"),
    "linear_probe": Judged(Part("linear_probe", {}), "rows"),
    "group_disparity": Judged(Part("group_disparity", {}), "rows"),
    "imbalance": Judged(Part("imbalance", {}), "rows"),
    "committee": Judged(Part("committee", {"members": _MEMBERS}), "committee"),
}

#: Those that every explanation is compared with, but for its own kind: at a low cost, since each
#: model is explained by all of them.
COMMITTEE: tuple[Part, ...] = (_lime(num_samples=500), _kernel_shap("kmeans", 10, 128), _OCCLUSION)
