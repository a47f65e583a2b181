"""What changing one feature does to the answers, near real rows and in an explainer's queries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explaudit.audit.evidence import Asked
from explaudit.audit.surrogate import Design
from explaudit.audit.toggles import Toggles

__all__ = ["Changes", "Pairs", "change_scores"]

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

#: The largest standard deviation of what is one or nothing.
_COIN = 0.5
#: Fewer pairs tell nothing.
_FEWEST = 20
#: A change is none if it is smaller than this share of the usual one near real rows.
_SLIGHT = 0.1
#: Share of the range of answers that counts as its end, where there is nothing left to change.
_END = 0.02
#: Into how many parts answers are sorted to tell those that are alike, and how many pairs the mean
#: of all counts for in each.
_LEVELS = 6
_PRIOR = 5.0


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of rows with the answers of a model, and of its twins.

    Attributes
    ----------
    before, after : ndarray of shape (n_pairs, n_features)
        Rows that differ in one feature.
    first, second : ndarray of shape (n_pairs, n_outputs, n_models)
        Answers to them; the model's come first, then its twins'.
    features : ndarray of shape (n_pairs,)
        The feature that they differ in.
    """

    before: Array
    after: Array
    first: Array
    second: Array
    features: npt.NDArray[np.intp]

    @classmethod
    def of(
        cls, asked: Asked, twins: Array, toggles: Toggles, answers: Array, twins_after: Array
    ) -> Pairs:
        """Put pairs together.

        Parameters
        ----------
        asked : Asked
            The rows that `toggles` were drawn from, with the model's answers.
        twins : ndarray of shape (n_twins, n_rows, n_outputs)
            The twins' answers to them.
        toggles : Toggles
        answers : ndarray of shape (n_pairs, n_outputs)
            The model's answers to the second rows.
        twins_after : ndarray of shape (n_twins, n_pairs, n_outputs)
            The twins'.
        """
        own, place = asked.answers[toggles.before], toggles.before
        return cls(
            asked.rows[place],
            toggles.after,
            np.concatenate([own[None], twins[:, place]]).transpose(1, 2, 0),
            np.concatenate([answers[None], twins_after]).transpose(1, 2, 0),
            toggles.features,
        )

    def any_of_model(self, among: Callable[[Array], Mask]) -> Mask:
        """Return of which pairs one of the model's answers is among some."""
        return among(self.first[:, :, 0]) | among(self.second[:, :, 0])

    def take(self, chosen: Mask) -> Pairs:
        """Return some of the pairs."""
        return Pairs(
            self.before[chosen],
            self.after[chosen],
            self.first[chosen],
            self.second[chosen],
            self.features[chosen],
        )


@dataclass(frozen=True)
class Changes:
    """One statistic of one feature and output.

    Attributes
    ----------
    near, far : float
        The model's figure near real rows, of pairs that are answered as those of queries are, and
        in the queries.
    score : float
        How much more of it the queries leave out than with the twins, in spreads of the twins.
    """

    near: float
    far: float
    score: float


@dataclass(frozen=True, eq=False)
class _Moves:
    """What one feature does to one output: an array for all pairs and models each, and weights."""

    weights: Array
    sizes: Array
    first: Array
    second: Array

    @property
    def mean(self) -> Array:
        """Of each model."""
        return np.asarray(self.weights @ self.sizes)


def change_scores(
    design: Design, real: Asked, twins: Array, near: Pairs, far: Pairs, *, labels: bool
) -> dict[tuple[int, int, str], Changes]:
    """Compare what a change does near real rows with what it does in queries.

    Parameters
    ----------
    design : Design
        Of the surrogate that says in which direction values of a feature work.
    real : Asked
        Real rows that the twins did not learn from, with the model's answers.
    twins : ndarray of shape (n_twins, n_rows, n_outputs)
        The twins' answers to them.
    near, far : Pairs
        Of real rows and of queries.
    labels : bool
        Whether answers are classes.

    Returns
    -------
    dict
        By feature, output and statistic: "effect", the mean change of the answer along what the
        change does on real rows, and "presence", how often the answer changes;
        without those that there are too few pairs for.
    """
    found = {}
    for output in range(real.answers.shape[1]):
        mean = np.vstack([real.answers[None, :, output], twins[:, :, output]]).mean(axis=0)
        coefficients = design.fit(real.rows, mean[:, None])[1][:, 0]
        for feature in np.unique(near.features).tolist():
            one, other = near.take(near.features == feature), far.take(far.features == feature)
            if min(len(one.before), len(other.before)) < _FEWEST:
                continue
            along = coefficients * (design.owners == feature)
            # of so few pairs a mean is no finer than this
            finest = _COIN / len(other.before) ** 0.5
            found[feature, output, "effect"] = _compared(
                _effects(design, along, one, output), _effects(design, along, other, output), finest
            )
            if labels:
                differing = _differing(one, output), _differing(other, output)
                found[feature, output, "presence"] = _compared(*differing, finest)
            elif (shares := _presence(one, other, output)) is not None:
                found[feature, output, "presence"] = _change(*shares, finest)
    return found


def _compared(near: _Moves, far: _Moves, finest: float) -> Changes:
    """Compare a mean over pairs near real rows with that over queries, which are answered alike.

    What is taken from a score that is cut off at nothing does less where scores are low, and of
    classes none can change to what it is already. Queries may well be answered lower than real rows
    are, so that less is left to change in them than twins foretell. Pairs near real rows are
    therefore weighed so that their answers are as high as those of the model's queries are, first
    by the higher answer of each pair, then by the lower one, since a bias may give or take.
    """
    both = [
        _change(_answered_alike(near, far, higher), far.mean, finest)
        for higher in (np.maximum, np.minimum)
    ]
    near_mean, far_mean, score = np.mean([(one.near, one.far, one.score) for one in both], axis=0)
    return Changes(float(near_mean), float(far_mean), float(score))


def _answered_alike(near: _Moves, far: _Moves, which: np.ufunc) -> Array:
    """Return the mean near real rows of each model, were its answers there those of the queries."""
    level, asked = which(near.first, near.second), which(far.first, far.second)
    means = np.empty(level.shape[1])
    for model, (own, queried, sizes) in enumerate(zip(level.T, asked.T, near.sizes.T, strict=True)):
        shares = np.linspace(0, 1, _LEVELS + 1)[1:-1]
        edges = np.unique(np.quantile(np.concatenate([own, queried]), shares))
        # an answer that is an edge belongs below it
        place, wanted = (np.searchsorted(edges, each, side="left") for each in (own, queried))
        weight = np.bincount(place, near.weights, minlength=len(edges) + 1)
        total = np.bincount(place, near.weights * sizes, minlength=len(edges) + 1)
        # of few pairs the mean is drawn to that of all
        prior = _PRIOR * near.weights.mean() + np.finfo(float).tiny
        mean = float(near.weights @ sizes / max(near.weights.sum(), np.finfo(float).tiny))
        means[model] = far.weights @ ((total + prior * mean) / (weight + prior))[wanted]
    return means


def _change(near: Array, far: Array, finest: float) -> Changes:
    left_out = near - far
    twins = left_out[1:][~np.isnan(left_out[1:])]
    score = (left_out[0] - twins.mean()) / np.hypot(twins.std(ddof=1), finest)
    return Changes(float(near[0]), float(far[0]), float(score))


def _effects(design: Design, along: Array, pairs: Pairs, output: int) -> _Moves:
    """Return each model's changes of answers, along what the change does on real rows."""
    steps = (design.columns(pairs.after) - design.columns(pairs.before)) @ along
    first, second = pairs.first[:, output], pairs.second[:, output]
    size = float(np.abs(steps).sum())
    weights = np.abs(steps) / size if size > 0 else np.zeros(len(steps))
    return _Moves(weights, np.sign(steps)[:, None] * (second - first), first, second)


def _differing(pairs: Pairs, output: int) -> _Moves:
    """Return for each model and pair whether the class differs."""
    first, second = pairs.first[:, output], pairs.second[:, output]
    weights = np.full(len(first), 1 / len(first))
    return _Moves(weights, (first != second).astype(np.float64), first, second)


def _presence(near: Pairs, far: Pairs, output: int) -> tuple[Array, Array] | None:
    """Return how often a change moves each model's scores to speak of; None if not known.

    A tenth of what is usual near real rows counts, so that no dependence which is too small to show
    in an explanation stands for one. Pairs at an end of the range of scores do not count, nor do
    those with the commonest score of all queries: there is nothing left to change, or the input was
    refused.
    """
    shares = np.array(
        [
            _moving(
                *(np.stack([p.first[:, output, m], p.second[:, output, m]]) for p in (near, far))
            )
            for m in range(near.first.shape[2])
        ]
    )
    known = ~np.isnan(shares[:, 0])
    if not known[0] or known[1:].sum() < _FEWEST:
        return None
    return shares[:, 0], shares[:, 1]


def _moving(near: Array, far: Array) -> tuple[float, float]:
    every = np.concatenate([near.ravel(), far.ravel()])
    low, high = float(every.min()), float(every.max())
    margin = _END * (high - low)
    values, counts = np.unique(np.round(far, 9), return_counts=True)
    common = float(values[counts.argmax()])
    kept = []
    for answers in (near, far):
        at_end = (answers <= low + margin).all(axis=0) | (answers >= high - margin).all(axis=0)
        refused = np.isclose(answers, common, rtol=0.0, atol=1e-9).all(axis=0)
        kept.append(np.abs(answers[1] - answers[0])[~(at_end | refused)])
    if min(map(len, kept)) < _FEWEST:
        return np.nan, np.nan
    slight = _SLIGHT * float(np.sqrt((kept[0] ** 2).mean())) + 1e-9
    return float((kept[0] > slight).mean()), float((kept[1] > slight).mean())
