"""Whether explanations stay what they are nearby."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt

from explaudit.attributions import Attributions
from explaudit.metrics.by_row import largest, material_of, mean_known, needed, ratio, shown
from explaudit.metrics.material import Material, Nearby
from explaudit.metrics.spec import BY_SIZE, NO_REPLACEMENT, MetricContext, MetricSpec, RowMetric

__all__ = [
    "STABILITY",
    "lipschitz",
    "over_nearby",
    "relative_input_change",
    "relative_output_change",
    "sensitivity",
]

Array = npt.NDArray[np.float64]
Kind = Literal["drawn", "real"]
Measure = Callable[[Array, Nearby, Material], Array]

# a relative change is never in units of less: of the largest attribution, of a feature's scale, of
# the output, or of the change of the input
_FLOOR = 0.01


def sensitivity(values: Array, nearby: Nearby, material: Material) -> Array:
    """Return ``||a(x') - a(x)|| / ||a(x)||`` for each row x' nearby, with Euclidean norms.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
    nearby : Nearby
    material : Material
        Not looked at.

    Returns
    -------
    ndarray of shape (n_rows, n_nearby)
        NaN where nothing is shown for x, or x or x' is not explained.

    Notes
    -----
    Source: Yeh et al. 2019, "On the (in)fidelity and sensitivity of explanations" (NeurIPS),
    section 3, for the largest; Bhatt, Weller and Moura 2020 (IJCAI), section 3, for the mean. They
    do not divide by ``||a(x)||``; implementations do, so that the explainer's unit does not matter.
    """
    own, near = _in_units(values, nearby.values)
    # no overflow: what is too far to be told counts as infinitely far
    with np.errstate(over="ignore"):
        return np.asarray(np.linalg.norm(near - own, axis=2) / np.linalg.norm(own, axis=2))


def relative_input_change(values: Array, nearby: Nearby, material: Material) -> Array:
    """Return the relative change of the attributions by that of the input, for each row nearby.

    Both are Euclidean norms over features of change divided by size: of an attribution, which
    counts as at least a hundredth of the row's largest; of a number, which counts as at least a
    hundredth of its feature's scale. A category that changes counts 1. The input's relative change
    counts as at least 0.01.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
    nearby : Nearby
        Rows on another side of 1/2 than the explained one are left out.
    material : Material

    Returns
    -------
    ndarray of shape (n_rows, n_nearby)
        NaN where nothing is shown for x, x or x' is not explained, or the decisions differ.

    Notes
    -----
    Source: Agarwal et al. 2022, "Rethinking stability for attribution-based explanations" (arXiv
    2203.06877), section 3, relative input stability. There a floor is set for the denominator
    only; those inside keep a vanishing number from deciding alone. Categories are ours.
    """
    sizes = np.maximum(np.abs(material.rows), _FLOOR * material.distance.scale)
    moved = _distances(nearby, material, sizes[:, None])
    change = _relative_change(values, nearby.values) / np.maximum(moved, _FLOOR)
    return np.where(_alike(nearby, material), change, np.nan)


def relative_output_change(values: Array, nearby: Nearby, material: Material) -> Array:
    """Return the relative change of the attributions by the output's change, for each row nearby.

    See :func:`relative_input_change`. The output's change counts as at least 0.01.

    Notes
    -----
    Source: Agarwal et al. 2022 (arXiv 2203.06877), section 3, relative output stability. There the
    outputs are logits; here they are what the model answers, as for any model that can be asked.
    """
    moved = np.abs(nearby.answers - material.answers[:, None])
    change = _relative_change(values, nearby.values) / np.maximum(moved, _FLOOR)
    return np.where(_alike(nearby, material), change, np.nan)


def lipschitz(values: Array, nearby: Nearby, material: Material) -> Array:
    """Return ``||a(x') - a(x)|| / ||x' - x||`` for each row nearby, with Euclidean norms.

    Numbers are in units of their features' scales; a category that changes counts 1.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
    nearby : Nearby
    material : Material

    Returns
    -------
    ndarray of shape (n_rows, n_nearby)
        NaN where x' equals x, or one of them is not explained.

    Notes
    -----
    Source: Alvarez-Melis and Jaakkola 2018, "On the robustness of interpretability methods" (arXiv
    1806.08049), the local Lipschitz estimate over finitely many rows.
    """
    distances = _distances(nearby, material, material.distance.scale)
    with np.errstate(over="ignore"):
        change = np.linalg.norm(shown(nearby.values) - shown(values)[:, None], axis=2)
        return ratio(change, distances)


def over_nearby(kind: Kind, measure: Measure, summary: Literal["largest", "mean"]) -> RowMetric:
    """Return the metric that summarises a measure over the rows nearby.

    Parameters
    ----------
    kind : {"drawn", "real"}
        Small draws around each row, or real rows.
    measure : callable
        ``(values, nearby, material) -> (n_rows, n_nearby)``.
    summary : {"largest", "mean"}
        Of the values that are not NaN.
    """

    def metric(attributions: Attributions, context: MetricContext) -> Array:
        material = material_of(attributions, context)
        nearby = needed(material.nearby.get(kind), f"nearby {kind}")
        found = measure(attributions.values, nearby, material)
        if summary == "mean":
            return mean_known(found, axis=1)
        # NaN only where all are
        return np.asarray(np.fmax.reduce(found, axis=1, initial=np.nan))

    return metric


def _in_units(values: Array, near: Array) -> tuple[Array, Array]:
    """Return attributions, (n_rows, 1, n_features), and those nearby in units of x's largest."""
    own = shown(values)[:, None]
    unit = largest(own)
    with np.errstate(over="ignore"):
        return own / unit, shown(near) / unit


def _relative_change(values: Array, near: Array) -> Array:
    own, near = _in_units(values, near)
    with np.errstate(over="ignore"):
        change = (near - own) / np.maximum(np.abs(own), _FLOOR)
        return np.asarray(np.linalg.norm(change, axis=2))


def _distances(nearby: Nearby, material: Material, unit: Array) -> Array:
    """Return the Euclidean distances of the rows nearby, numbers in the given unit."""
    rows, levels = material.rows[:, None], list(material.categorical)
    moved = np.abs(nearby.rows - rows) / unit
    moved[:, :, levels] = nearby.rows[:, :, levels] != rows[:, :, levels]
    return np.asarray(np.linalg.norm(moved, axis=2))


def _alike(nearby: Nearby, material: Material) -> npt.NDArray[np.bool_]:
    return np.asarray((nearby.answers >= 0.5) == (material.answers[:, None] >= 0.5))


_CLAIM = "rows that are alike get like explanations, so that chance details do not matter"
_NOTHING = "nothing is shown for the row, or no row nearby is explained"
_NOT_ALIKE = f"{_NOTHING} and decided alike"
_FALSE = f"{NO_REPLACEMENT}: a false explanation can be as stable"
_RELATIVE = "Agarwal et al. 2022 (arXiv 2203.06877), section 3"

_MEANS = ("mean_sensitivity",)
_KINDS: tuple[tuple[Kind, str], ...] = (
    ("drawn", "over small draws around the row"),
    ("real", "over the nearest real rows that are decided alike"),
)

STABILITY: tuple[MetricSpec, ...] = tuple(
    MetricSpec(
        name=f"{name}_on_manifold" if kind == "real" else name,
        kind="quality",
        direction="lower",
        range=(0.0, None),
        unit=unit,
        source=source,
        description=f"{text} {where}.",
        undefined=undefined,
        family="stability",
        manifold="on" if kind == "real" else "off",
        claims=_CLAIM,
        instead=_FALSE if kind == "real" else f"{name}_on_manifold",
        function=over_nearby(kind, measure, "mean" if name in _MEANS else "largest"),
        # a Lipschitz constant has the attributions' unit
        invariances=BY_SIZE - {"scale"} if measure is lipschitz else BY_SIZE,
        needs=("nearby real",) if kind == "real" else ("nearby drawn",),
    )
    for kind, where in _KINDS
    for name, measure, unit, undefined, source, text in (
        (
            "max_sensitivity",
            sensitivity,
            "share of the attributions' norm",
            _NOTHING,
            "Yeh et al. 2019 (NeurIPS), section 3",
            "Largest relative change of the attributions",
        ),
        (
            "mean_sensitivity",
            sensitivity,
            "share of the attributions' norm",
            _NOTHING,
            "Bhatt, Weller and Moura 2020 (IJCAI), section 3; Yeh et al. 2019 (NeurIPS), section 3",
            "Mean relative change of the attributions",
        ),
        (
            "relative_input_stability",
            relative_input_change,
            "relative change per relative change",
            _NOT_ALIKE,
            f"{_RELATIVE}, relative input stability",
            "Largest relative change of the attributions by the input's relative change",
        ),
        (
            "relative_output_stability",
            relative_output_change,
            "relative change per output",
            _NOT_ALIKE,
            f"{_RELATIVE}, relative output stability",
            "Largest relative change of the attributions by the output's change",
        ),
        (
            "local_lipschitz",
            lipschitz,
            "output per standard deviation",
            "no row nearby differs and is explained",
            "Alvarez-Melis and Jaakkola 2018 (arXiv 1806.08049), local Lipschitz estimate",
            "Largest change of the attributions by the distance of the rows",
        ),
    )
)
