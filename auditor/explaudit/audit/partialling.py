"""Whether a feature does more to the answers, given the rest, in one set of rows than in another.

Answers and feature are predicted from the other features; what is left of the one is regressed on
what is left of the other (Robinson 1988, Econometrica 56, "Root-N-consistent semiparametric
regression"; the test on the product of residuals is Shah and Peters 2020, Annals of Statistics 48,
"The hardness of conditional independence testing and the generalised covariance measure").

The predictions are cross-fitted on both sets together and know nothing of membership. So if both
sets are drawn from one population and answered by one model, whatever that is, a permutation test
is exact however bad the predictions are; see :mod:`explaudit.audit.strata` for sets that are not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from explaudit.audit.strata import (
    boosting_settings,
    matching_weights,
    permuted,
    propensity_strata,
)
from explaudit.encoding import Encoder
from explaudit.seeds import derive_seed, generator

__all__ = ["Contrast", "EffectComparison", "Residuals", "compare_effects", "residuals"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Strata = npt.NDArray[np.intp]

_FOLDS = 3
#: The least share of rows at a level, or not at it, for an effect of that level to be estimated.
_RAREST = 0.02
#: Share of a contrast's variance that the other features must leave.
_LEAST_LEFT = 0.01


@dataclass(frozen=True)
class Contrast:
    """The effect of one contrast of a feature on one output, in both sets.

    Attributes
    ----------
    feature, contrast, output : str
        The feature; which of its values against which; what the model answers.
    first, second : float
        The effects, in units of the output.
    error : float
        Standard error of their difference.
    score : float
        How much larger the first effect's size is, in standard deviations of its permutations.
    """

    feature: str
    contrast: str
    output: str
    first: float
    second: float
    error: float
    score: float


@dataclass(frozen=True)
class EffectComparison:
    """Whether any effect is larger in the first set.

    Attributes
    ----------
    contrasts : tuple of Contrast
        Empty where no effect can be estimated.
    p_value : float
        Of the largest score, against the largest of each permutation (Westfall and Young 1993).
    scores : ndarray of shape (n_permutations + 1,)
        The largest scores; the first is the one observed.
    n_first, n_second : int
        Rows that have a counterpart in the other set, and so were used.
    """

    contrasts: tuple[Contrast, ...]
    p_value: float
    scores: Array
    n_first: int
    n_second: int


@dataclass(frozen=True, eq=False)
class Residuals:
    """What is left of answers and contrasts; a column for each pair of contrast and output."""

    names: list[tuple[str, str, str]]
    answers: Array
    contrasts: Array


def compare_effects(
    first: tuple[Array, Array],
    second: tuple[Array, Array],
    *,
    encoder: Encoder,
    features: Sequence[str],
    outputs: Sequence[str],
    n_permutations: int,
    seed: int,
) -> EffectComparison:
    """Test whether a feature does more to the answers in the first set than in the second.

    Parameters
    ----------
    first, second : tuple of ndarray
        Encoded rows of shape (n_rows, n_features) and answers of shape (n_rows, n_outputs).
    encoder : Encoder
    features : sequence of str
        Features whose effects are compared, each given all others.
    outputs : sequence of str
        Names of the outputs.
    n_permutations : int
        The smallest p-value is 1 / (n_permutations + 1).
    seed : int

    Returns
    -------
    EffectComparison
    """
    rows, answers = np.vstack([first[0], second[0]]), np.vstack([first[1], second[1]])
    member = np.arange(len(rows)) < len(first[0])
    strata = propensity_strata(rows, member, encoder, seed)
    kept = strata >= 0
    n_first, n_second = int(member[kept].sum()), int((~member[kept]).sum())
    none = EffectComparison((), 1.0, np.zeros(0), n_first, n_second)
    if not kept.any():
        return none
    rows, answers, member, strata = rows[kept], answers[kept], member[kept], strata[kept]
    left = residuals(rows, answers, encoder, features, outputs, seed)
    if not left.names:
        return none
    weights = matching_weights(member, strata)
    statistics = np.vstack(list(_statistics(left, member, strata, weights, n_permutations, seed)))
    spread = statistics.std(axis=0)
    scores = (statistics - statistics.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    largest = scores.max(axis=1)
    p_value = float((largest >= largest[0] - 1e-12).mean())
    contrasts = tuple(_contrasts(left, member, weights, scores[0]))
    return EffectComparison(contrasts, p_value, largest, n_first, n_second)


def residuals(
    rows: Array,
    answers: Array,
    encoder: Encoder,
    features: Sequence[str],
    outputs: Sequence[str],
    seed: int,
) -> Residuals:
    """Predict answers and features from the other features, and return what is left of both.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features)
        Encoded rows.
    answers : ndarray of shape (n_rows, n_outputs)
    encoder : Encoder
        Knows which features are categorical.
    features, outputs : sequence of str
        Names of the features to look at, and of all outputs.
    seed : int
        For the trees, and for the folds that they are cross-fitted on.

    Source: Robinson 1988 (Econometrica 56).
    """
    names, of_answers, of_contrasts = [], [], []
    for feature in features:
        own = encoder.index(feature)
        contrasts = _values(rows[:, own], encoder, own)
        rest = [j for j in range(rows.shape[1]) if j != own]
        targets = np.column_stack([answers, *contrasts.values()])
        left = targets - _predicted(
            rows[:, rest], targets, boosting_settings(rows, encoder, rest, seed), seed
        )
        for i, contrast in enumerate(contrasts, start=len(outputs)):
            if left[:, i].var() < _LEAST_LEFT * targets[:, i].var():
                continue
            for k, output in enumerate(outputs):
                names.append((feature, contrast, output))
                of_answers.append(left[:, k])
                of_contrasts.append(left[:, i])
    if not names:
        return Residuals([], np.empty((len(rows), 0)), np.empty((len(rows), 0)))
    return Residuals(names, np.column_stack(of_answers), np.column_stack(of_contrasts))


def _values(column: Array, encoder: Encoder, own: int) -> dict[str, Array]:
    """Return the contrasts of a feature: level by level, or one unit of a number."""
    feature = encoder.features[own]
    if not feature.is_categorical:
        column = np.where(np.isnan(column), np.nanmean(column), column)
        distinct = np.unique(column)
        unit = distinct[1] - distinct[0] if len(distinct) == 2 else column.std()
        name = f"{distinct[-1]:g}" if len(distinct) == 2 else "one standard deviation"
        return {name: column / unit} if unit > 0 else {}
    levels = {name: (column == k).astype(float) for k, name in enumerate(feature.level_names)}
    there = {name: at for name, at in levels.items() if _RAREST <= at.mean() <= 1 - _RAREST}
    # of two levels, one says all
    return dict([list(there.items())[-1]]) if len(levels) == 2 and there else there


def _predicted(rest: Array, targets: Array, settings: dict[str, Any], seed: int) -> Array:
    """Predict each column of the targets out of fold."""
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.model_selection import KFold, cross_val_predict

    folds = KFold(_FOLDS, shuffle=True, random_state=derive_seed(seed, "folds"))
    model = HistGradientBoostingRegressor(**settings)
    return np.column_stack([cross_val_predict(model, rest, y, cv=folds) for y in targets.T])


def _statistics(
    left: Residuals, member: Mask, strata: Strata, weights: Array, n_permutations: int, seed: int
) -> Iterator[Array]:
    """Yield how much larger the first effects are in size: observed, then permuted."""
    rng = generator(seed, "permutations")
    products, squares = left.answers * left.contrasts, left.contrasts**2
    # the weight of a row that is in the second set: all rows of a stratum share it
    ratio = np.zeros(strata.max() + 1)
    ratio[strata[~member]] = weights[~member]
    as_second = ratio[strata]
    for inside in permuted(member, strata, n_permutations, rng):
        outside = (1 - inside) * as_second
        first = (inside @ products) / (inside @ squares)
        second = (outside @ products) / (outside @ squares)
        yield np.abs(first) - np.abs(second)


def _contrasts(left: Residuals, member: Mask, weights: Array, scores: Array) -> Iterator[Contrast]:
    for k, names in enumerate(left.names):
        effects, variance = [], 0.0
        for inside in (member, ~member):
            w, v, r = weights[inside], left.contrasts[inside, k], left.answers[inside, k]
            bread = float(w @ v**2)
            effect = float(w @ (r * v)) / bread
            variance += float(np.sum((w * v * (r - effect * v)) ** 2)) / bread**2
            effects.append(effect)
        yield Contrast(*names, effects[0], effects[1], variance**0.5, float(scores[k]))
