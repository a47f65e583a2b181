"""From a way to judge by taking features away to metrics, off-manifold and on-manifold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from explaudit.attributions import Attributions
from explaudit.metrics.by_row import material_of
from explaudit.metrics.faithfulness.removal import Manifold, Removal
from explaudit.metrics.placing import explained_rows
from explaudit.metrics.spec import (
    NO_REPLACEMENT,
    Invariance,
    MetricContext,
    MetricSpec,
    RowMetric,
)

__all__ = ["Measure", "forms", "judged"]

Array = npt.NDArray[np.float64]
Measure = Callable[[Removal], Array]

_NEAREST = (
    "Real rows that are nearest on what is kept stand for the row without it; the model is not "
    "asked.",
    "there is no other real row",
)


def judged(measure: Measure, manifold: Manifold) -> RowMetric:
    """Return the metric that judges attributions by a measure.

    Parameters
    ----------
    measure : callable
        ``(Removal) -> (n_rows,)``.
    manifold : {"off", "on"}

    Returns
    -------
    callable
        ``(attributions, context) -> (n_rows,)``, NaN for rows that were not explained. It raises
        InvalidInputError if the context has no material, or one of another shape.
    """

    def metric(attributions: Attributions, context: MetricContext) -> Array:
        material = material_of(attributions, context)
        values = np.where(np.isnan(attributions.values), 0.0, attributions.values)
        found = measure(Removal(values, attributions.features, material, manifold))
        return np.where(explained_rows(attributions), found, np.nan)

    return metric


def forms(
    measure: Measure,
    direction: Literal["higher", "lower"],
    range_: tuple[float | None, float | None],
    unit: str,
    *,
    source: str,
    description: str,
    claims: str,
    undefined: str = "",
    invariances: frozenset[Invariance],
    real: tuple[str, str] | None = _NEAREST,
    instead: str = "",
) -> tuple[MetricSpec, ...]:
    """Return the off-manifold form of a metric, called as its measure is, and the on-manifold one.

    Parameters
    ----------
    measure : callable
        What both judge by.
    direction, range_, unit, source, description, claims, undefined, invariances
        See :class:`~explaudit.metrics.MetricSpec`.
    real : tuple of str or None
        For the on-manifold form, what its description adds, and when else it is undefined; None
        if there is no such form.
    instead : str
        What to use if there is no on-manifold form; see :class:`~explaudit.metrics.MetricSpec`.
    """
    off = MetricSpec(
        name=measure.__name__,
        instead=instead or f"{measure.__name__}_on_manifold",
        kind="quality",
        direction=direction,
        range=range_,
        unit=unit,
        source=source,
        description=description,
        undefined=undefined,
        family="faithfulness",
        manifold="off",
        claims=claims,
        function=judged(measure, "off"),
        invariances=invariances,
        needs=("model",),
    )
    if real is None:
        return (off,)
    on = replace(
        off,
        name=f"{off.name}_on_manifold",
        function=judged(measure, "on"),
        manifold="on",
        instead=NO_REPLACEMENT,
        source=f"explaudit: real rows in {source}",
        description=f"{description} {real[0]}",
        undefined="; or ".join(filter(None, (undefined, real[1]))),
    )
    return off, on
