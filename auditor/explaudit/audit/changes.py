"""What changing one feature does to the answers, near real rows and in an explainer's queries."""

from __future__ import annotations

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
        The model's figure near real rows and in the queries.
    score : float
        How much more of it the queries leave out than with the twins, in spreads of the twins.
    """

    near: float
    far: float
    score: float


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
            near_effects, effects = (_effects(design, along, each, output) for each in (one, other))
            found[feature, output, "effect"] = _change(near_effects, effects, finest)
            shares = _presence(one, other, output, labels)
            if shares is not None:
                found[feature, output, "presence"] = _change(*shares, finest)
    return found


def _change(near: Array, far: Array, finest: float) -> Changes:
    left_out = near - far
    twins = left_out[1:][~np.isnan(left_out[1:])]
    score = (left_out[0] - twins.mean()) / np.hypot(twins.std(ddof=1), finest)
    return Changes(float(near[0]), float(far[0]), float(score))


def _effects(design: Design, along: Array, pairs: Pairs, output: int) -> Array:
    """Return the mean change of each model's answers, along what the change does on real rows."""
    steps = (design.columns(pairs.after) - design.columns(pairs.before)) @ along
    size = float(np.abs(steps).sum())
    weights = steps / size if size > 0 else np.zeros(len(steps))
    return np.asarray(weights @ (pairs.second - pairs.first)[:, output])


def _presence(near: Pairs, far: Pairs, output: int, labels: bool) -> tuple[Array, Array] | None:
    """Return how often a change does anything to speak of, for each model; None if not known.

    Of scores a tenth of what is usual near real rows counts, so that no dependence which is too
    small to show in an explanation stands for one. Pairs at an end of the range of scores do not
    count, nor do those with the commonest score of all queries: there is nothing left to change, or
    the input was refused.
    """
    share = _differing if labels else _moving
    shares = np.array(
        [
            share(*(np.stack([p.first[:, output, m], p.second[:, output, m]]) for p in (near, far)))
            for m in range(near.first.shape[2])
        ]
    )
    known = ~np.isnan(shares[:, 0])
    if not known[0] or known[1:].sum() < _FEWEST:
        return None
    return shares[:, 0], shares[:, 1]


def _differing(near: Array, far: Array) -> tuple[float, float]:
    return float((near[0] != near[1]).mean()), float((far[0] != far[1]).mean())


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
