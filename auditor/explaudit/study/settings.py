"""The named settings of attacks and explainers that the study crosses with each other."""

from __future__ import annotations

from typing import Any

from explaudit.cells import Part
from explaudit.study.roles import Protocol

__all__ = ["attack_parts", "explainer_parts", "is_matched"]


def _scaffold(sampler: dict[str, Any], **settings: Any) -> Part:
    return Part("scaffold", {"sampler": sampler, **settings})


def _coalitions(background: str, n_background: int) -> dict[str, Any]:
    return {
        "name": "kernel_coalitions",
        "settings": {"background": background, "n_background": n_background},
    }


def _kernel(background: str, n_background: int, **settings: Any) -> Part:
    return Part("kernel_shap", {"background": background, "n_background": n_background, **settings})


_LIME_SAMPLER = {"name": "lime_discretised", "settings": {}}

_SOUND_SAMPLERS = {
    "lime": _LIME_SAMPLER,
    "kmeans10": _coalitions("kmeans", 10),
    "rows": _coalitions("all", 0),
    "union": {
        "name": "union",
        "settings": {"samplers": [_LIME_SAMPLER, _coalitions("kmeans", 10), _coalitions("all", 0)]},
    },
}

_SOUND_EXPLAINERS = {
    "lime": Part("lime", {}),
    "lime-continuous": Part("lime", {"discretize_continuous": False}),
    "kmeans10": _kernel("kmeans", 10),
    "rows10": _kernel("rows", 10),
    "rows50": _kernel("rows", 50),
    "permutation10": Part("permutation_shap", {"n_background": 10}),
    "sampling10": Part("sampling_shap", {"n_background": 10}),
    "occlusion": Part("occlusion", {"reference": "background"}),
    "permutation-importance": Part("permutation_importance", {"n_repeats": 3, "n_rows": 200}),
    "partial-dependence": Part("partial_dependence", {"grid_resolution": 6, "n_rows": 100}),
    "ice": Part("ice", {}),
    "matched-pairs": Part("matched_pairs", {"max_distance": 1.0}),
    "random": Part("random", {}),
}


def attack_parts(dataset: str, protocol: Protocol, fidelity_floor: float) -> dict[str, Part]:
    """Return the attack settings by short name.

    Under the "sound" protocol the attacker knows the floor, and sets each gate's threshold where
    that share of held-out real rows still gets f's answer. Under the "published" protocol the
    settings are the study's own (Slack et al. 2020 and its published code); German Credit differs
    there in its k-means centres and in how many queries it draws.
    """
    if protocol == "sound":
        return {
            name: _scaffold(sampler, keep_real=fidelity_floor)
            for name, sampler in _SOUND_SAMPLERS.items()
        }
    german = dataset == "german"
    substitution = {
        "name": "column_substitution",
        "settings": {"n_background": 10, "rounded": not german},
    }
    published: dict[str, Any] = {"gate": "forest", "protocol": "published"}
    return {
        "lime": _scaffold(
            {"name": "gaussian_noise", "settings": {}}, gate_columns="numeric", **published
        ),
        "shap": _scaffold(substitution, n_queries=50_000 if german else 20_000, **published),
    }


def explainer_parts(dataset: str, protocol: Protocol) -> dict[str, Part]:
    """Return the explainer settings by short name.

    Under the "published" protocol the library's current default of KernelSHAP's `l1_reg` is pinned
    by name, since that default changed after the study.
    """
    if protocol == "sound":
        return dict(_SOUND_EXPLAINERS)
    lime = {"discretize_continuous": False, "num_features": 10}
    shap = {"l1_reg": "num_features(10)"}
    parts = {"lime": Part("lime", lime)}
    if dataset == "compas":
        parts["lime-around"] = Part("lime", {**lime, "sample_around_instance": True})
    if dataset == "german":
        parts["shap-raw-centres"] = _kernel("kmeans", 10, rounded=False, **shap)
    else:
        parts["shap"] = _kernel("kmeans", 10, **shap)
    return {**parts, "rows10": _kernel("rows", 10, **shap)}


def is_matched(
    dataset: str, protocol: Protocol, attack_setting: str, explainer_setting: str
) -> bool:
    """Whether the published study audits this attack under this explainer setting.

    The honest and the innocuous model are matched with every setting that some attack is. Under
    the "sound" protocol all cells are of one kind.
    """
    if protocol == "sound":
        return True
    around = "lime-around" if dataset == "compas" else "lime"
    shap = "shap-raw-centres" if dataset == "german" else "shap"
    matched = {"lime": around, "lime-two": "lime", "shap": shap, "shap-two": shap}
    if attack_setting in matched:
        return explainer_setting == matched[attack_setting]
    return explainer_setting in matched.values()
