"""Honest twins: ordinary models that reproduce a model's answers on real rows.

How an honest model behaves off the data is not laid down anywhere, so no test of it can hold
against all honest models. What can be asked is whether a model behaves there as ordinary models do
that agree with it on real data. These are the twins.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explaudit.audit.twin_families import FAMILIES
from explaudit.encoding import Encoder

__all__ = ["Twins", "fit_twins", "indicators"]

Array = npt.NDArray[np.float64]

#: Fitted first of every family, to see which families can reproduce the model at all.
_PILOTS = 3


@dataclass(frozen=True, eq=False)
class Twins:
    """Ordinary models, ready to be asked.

    Attributes
    ----------
    predict : tuple of callable
        One for each twin: encoded rows (n_rows, n_features) to answers (n_rows, n_outputs), of
        the kind that the model gives.
    families : tuple of str
        Of which family each twin is.
    errors : ndarray of shape (n_twins,)
        Mean squared deviation from the model on real rows that the twin was not fitted to.
    """

    predict: tuple[Callable[[Array], Array], ...]
    families: tuple[str, ...]
    errors: Array

    def answers(self, rows: Array) -> Array:
        """Return what all twins say, shape (n_twins, n_rows, n_outputs)."""
        return np.stack([predict(rows) for predict in self.predict])


def fit_twins(
    encoder: Encoder,
    fitted: tuple[Array, Array],
    held_out: tuple[Array, Array],
    *,
    labels: bool,
    n_twins: int,
    rng: np.random.Generator,
) -> Twins:
    """Fit ordinary models to answers on real rows, and keep those that reproduce them best.

    Of every family a few are fitted; more are drawn from the better half of the families; and of
    all of them the `n_twins` with the smallest error on held-out rows are kept. Every second one
    is fitted to a bootstrap sample.

    Parameters
    ----------
    encoder : Encoder
        Knows which features are categorical.
    fitted, held_out : tuple of ndarray
        Encoded rows (n_rows, n_features) and the model's answers (n_rows, n_outputs).
    labels : bool
        Whether answers are classes, so that the twins' must be 0 or 1, too.
    n_twins : int
        How many to keep.
    rng : numpy.random.Generator
        For families' settings and bootstrap samples.
    """
    kinds = [kind for kind in FAMILIES for _ in range(_PILOTS)]
    made = [_fit(kind, encoder, fitted, held_out, labels, rng) for kind in kinds]
    best = {kind: min(twin[2] for twin in made if twin[1] == kind) for kind in FAMILIES}
    good = sorted(best, key=lambda kind: best[kind])[: len(FAMILIES) // 2]
    # a third more than are needed, so that those that came out badly can go
    n_more = max(0, n_twins + n_twins // 3 - len(made))
    more = [good[i % len(good)] for i in range(n_more)]
    made += [_fit(kind, encoder, fitted, held_out, labels, rng) for kind in more]
    made = sorted(made, key=lambda twin: twin[2])[:n_twins]
    predicts, families, errors = zip(*made, strict=True)
    return Twins(predicts, families, np.array(errors))


def indicators(encoder: Encoder, rows: Array) -> Array:
    """Return numeric features as they are, and of the others a column of 0 and 1 for each level."""
    columns: list[Array] = []
    for j, feature in enumerate(encoder.features):
        if feature.levels is None:
            columns.append(rows[:, j])
        else:
            n_levels = len(feature.levels)
            # of two levels one column says all
            first = 1 if n_levels == 2 else 0
            columns += [(rows[:, j] == level).astype(float) for level in range(first, n_levels)]
    return np.column_stack(columns)


def _fit(
    kind: str,
    encoder: Encoder,
    fitted: tuple[Array, Array],
    held_out: tuple[Array, Array],
    labels: bool,
    rng: np.random.Generator,
) -> tuple[Callable[[Array], Array], str, float]:
    model = FAMILIES[kind](rng, fitted[0].shape[1])
    rows, answers = indicators(encoder, fitted[0]), fitted[1]
    if rng.random() < 0.5:
        drawn = rng.integers(0, len(rows), len(rows))
        rows, answers = rows[drawn], answers[drawn]
    with warnings.catch_warnings():
        # a small network that has not converged is a twin like any other
        warnings.simplefilter("ignore")
        model.fit(rows, answers[:, 0] if answers.shape[1] == 1 else answers)

    def predict(asked: Array) -> Array:
        said = np.asarray(model.predict(indicators(encoder, asked)), dtype=np.float64)
        said = said.reshape(len(asked), -1)
        return _classes(said) if labels else said

    error = float(((predict(held_out[0]) - held_out[1]) ** 2).mean())
    return predict, kind, error


def _classes(scores: Array) -> Array:
    if scores.shape[1] == 1:
        return (scores > 0.5).astype(np.float64)
    return np.asarray(scores == scores.max(axis=1, keepdims=True), dtype=np.float64)
