"""Whether the explanation, read as a model, answers as the model does: at the row, at a boundary.

The model's answers are taken for probabilities or labels, with the decision's threshold at 1/2.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from explaudit.attributions import Attributions
from explaudit.metrics.by_row import material_of, needed, shown
from explaudit.metrics.faithfulness.removal import Manifold, values_without
from explaudit.metrics.placing import explained_rows
from explaudit.metrics.spec import (
    NO_REPLACEMENT,
    Invariance,
    MetricContext,
    MetricSpec,
    RowMetric,
)

__all__ = ["LOCAL_FIT", "boundary_masks", "local_concordance", "prescriptivity"]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]


def local_concordance(attributions: Attributions, context: MetricContext) -> Array:
    """Return ``max(0, 1 - |f(x) - g(x)|)`` for the model f and the surrogate g.

    Returns
    -------
    ndarray of shape (n_rows,)
        1 where both answer the same; NaN where the surrogate has no answer.

    Notes
    -----
    Source: Amparore, Perotti and Bajardi 2021, "To trust or not to trust an explanation: using
    LEAF to evaluate local linear XAI methods" (PeerJ Computer Science 7:e479), local concordance.
    """
    material = material_of(attributions, context)
    surrogate = needed(material.surrogate_answers, "surrogate_answers")
    found = np.maximum(0.0, 1.0 - np.abs(material.answers - surrogate))
    return np.where(explained_rows(attributions), found, np.nan)


def boundary_masks(values: Array, surrogate: Array) -> tuple[Masks, Masks]:
    """Return the features to remove until the surrogate's decision turns.

    They are removed in the order of their support for the side of 1/2 that the surrogate is on,
    those of equal support together, and each takes its attribution away from the answer.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_features)
        Attributions.
    surrogate : ndarray of shape (n_rows,)
        The surrogate's answers.

    Returns
    -------
    masks : ndarray of bool, shape (n_rows, n_features)
        True for the features to remove; none where the surrogate is on the boundary already.
    turns : ndarray of bool, shape (n_rows,)
        Whether the decision turns at all; False for rows that were not explained.
    """
    side = np.where(surrogate >= 0.5, 1.0, -1.0)[:, None]
    support = side * shown(values)
    ordered = -np.sort(-support, axis=1)
    # an endless sum is beyond any boundary
    with np.errstate(over="ignore"):
        removed = np.cumsum(np.insert(ordered, 0, 0.0, axis=1), axis=1)
    beyond = removed >= side * (surrogate[:, None] - 0.5)
    # the support of the last one to go; infinite if none has to
    last = np.insert(ordered, 0, np.inf, axis=1)[np.arange(len(values)), beyond.argmax(axis=1)]
    turns = beyond.any(axis=1) & ~np.isnan(support).all(axis=1)
    return np.asarray(support >= last[:, None]), np.asarray(turns)


def prescriptivity(manifold: Manifold) -> RowMetric:
    """Return the metric "the surrogate's boundary is the model's".

    For each row the features that :func:`boundary_masks` names are removed, and the value is
    ``max(0, 1 - 2 |f(x') - 1/2|)``: 1 if the model is undecided there, 0 if it is sure.

    Parameters
    ----------
    manifold : {"off", "on"}
        What f(x') is; see :func:`~explaudit.metrics.faithfulness.removal.values_without`.

    Notes
    -----
    Values are NaN where the surrogate's decision never turns, where it has no answer, and for rows
    that were not explained. A model that answers with labels gets 0 off the manifold.

    Source: Amparore, Perotti and Bajardi 2021 (PeerJ Computer Science 7:e479), prescriptivity.
    There x' is the nearest point of the surrogate's boundary in the space of its inputs; features
    that are taken away one by one serve explanations without such a space as well.
    """

    def metric(attributions: Attributions, context: MetricContext) -> Array:
        material = material_of(attributions, context)
        surrogate = needed(material.surrogate_answers, "surrogate_answers")
        masks, turns = boundary_masks(attributions.values, surrogate)
        answers = values_without(material, masks[:, None], manifold)[:, 0]
        found = np.maximum(0.0, 1.0 - 2.0 * np.abs(answers - 0.5))
        return np.where(turns & ~np.isnan(surrogate), found, np.nan)

    return metric


_LEAF = "Amparore, Perotti and Bajardi 2021 (PeerJ CS 7:e479)"
_PERMUTED: frozenset[Invariance] = frozenset({"feature_permutation"})

_PRESCRIPTIVITY: tuple[tuple[str, Manifold, str, str], ...] = (
    (
        "prescriptivity",
        "off",
        "prescriptivity_on_manifold",
        "with its main features replaced by the reference",
    ),
    (
        "prescriptivity_on_manifold",
        "on",
        NO_REPLACEMENT,
        "among real rows with its main features free",
    ),
)

LOCAL_FIT: tuple[MetricSpec, ...] = (
    MetricSpec(
        name="local_concordance",
        kind="quality",
        direction="higher",
        range=(0.0, 1.0),
        unit="1 less output",
        source=f"{_LEAF}, local concordance",
        description="1 less the distance between the model's answer to the row and the "
        "surrogate's.",
        undefined="the explanation predicts nothing for the row",
        family="fidelity",
        claims="the surrogate answers as the model does at the row itself",
        instead="faithfulness_correlation_on_manifold",
        function=local_concordance,
        # the surrogate's answers are given, whatever the attributions are
        invariances=_PERMUTED | {"scale", "sign", "duplicate_column"},
        needs=("model", "surrogate_answers"),
    ),
    *(
        MetricSpec(
            name=name,
            kind="quality",
            direction="higher",
            range=(0.0, 1.0),
            unit="1 less distance from the threshold",
            source=f"{_LEAF}, prescriptivity",
            description="How near the threshold the model is where the surrogate's decision "
            f"turns, {where}.",
            undefined="the surrogate's decision never turns, or it predicts nothing for the row",
            family="fidelity",
            manifold=manifold,
            claims="changing what the explanation names changes the decision",
            instead=instead,
            function=prescriptivity(manifold),
            invariances=_PERMUTED,
            needs=("model", "surrogate_answers"),
        )
        for name, manifold, instead, where in _PRESCRIPTIVITY
    ),
)
