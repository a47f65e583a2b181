"""Are two samples of one population? Tests that hold their level whatever the population is.

All compare handed-over rows with real rows of the auditor's own. If the handed-over rows were
drawn from the auditor's own rows, equal rows stand on both sides, which makes every test here more
cautious, never bolder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import stats

__all__ = [
    "Found",
    "classifier_test",
    "column_test",
    "mean_test",
    "repeated_test",
]

Array = npt.NDArray[np.float64]

#: Values that are expected less often on either side are taken together.
_LEAST_EXPECTED = 5.0
#: Cells of permutations times rows that are worked on in one go.
_CELLS = 2_000_000


@dataclass(frozen=True)
class Found:
    """What a test found.

    Attributes
    ----------
    p_value : float
    score : float
        In the unit that the test tells.
    worst : int
        The column that differs most.
    expected : float
        What the score would be without a difference.
    """

    p_value: float
    score: float
    worst: int = 0
    expected: float = 0.0


def mean_test(
    handed: Array, own: Array, rng: np.random.Generator, n_permutations: int = 4999
) -> Found:
    """Compare means of columns, the one that differs most by a permutation test of the maximum.

    Parameters
    ----------
    handed : ndarray of shape (n_handed, n_columns)
    own : ndarray of shape (n_own, n_columns)
    rng : numpy.random.Generator
    n_permutations : int

    Returns
    -------
    Found
        The score is the difference of the means in standard deviations of all rows.

    Notes
    -----
    Source: Westfall and Young 1993, "Resampling-Based Multiple Testing", for the maximum.
    """
    pooled = np.vstack([handed, own])
    spread = pooled.std(axis=0)
    constant = np.ptp(pooled, axis=0) == 0
    scaled = (pooled - pooled.mean(axis=0)) / np.where(constant, 1.0, spread)
    scaled[:, constant] = 0.0
    n_all, n_handed = len(pooled), len(handed)
    # both means follow from one, since together they are zero
    factor = n_all / (n_all - n_handed)
    observed = np.abs(scaled[:n_handed].mean(axis=0)) * factor
    largest = [
        np.abs(part @ scaled).max(axis=1) * factor / n_handed
        for part in _memberships(n_all, n_handed, n_permutations, rng)
    ]
    # sums of the same numbers in another order differ in their last digits
    as_large = int((np.concatenate(largest) >= observed.max() * (1.0 - 1e-9)).sum())
    p_value = (1 + as_large) / (1 + n_permutations)
    return Found(p_value, float(observed.max()), int(np.argmax(observed)))


def _memberships(n_all: int, n_chosen: int, n_times: int, rng: np.random.Generator) -> list[Array]:
    """Return who is chosen, one row for each time, in parts."""
    step, parts = max(1, _CELLS // n_all), []
    for start in range(0, n_times, step):
        drawn = rng.random((min(step, n_times - start), n_all))
        last = np.partition(drawn, n_chosen - 1, axis=1)[:, n_chosen - 1 : n_chosen]
        parts.append((drawn <= last).astype(np.float64))
    return parts


def column_test(
    handed: Array, own: Array, categorical: Sequence[int] = (), most_values: int = 0
) -> Found:
    """Compare the distribution of each column: Kolmogorov-Smirnov, or chi-squared by value.

    Parameters
    ----------
    handed : ndarray of shape (n_handed, n_columns)
    own : ndarray of shape (n_own, n_columns)
    categorical : sequence of int
        Columns that are compared by value.
    most_values : int
        Other columns of at most so many different values are, too. In Kolmogorov and Smirnov's test
        equal values make for more caution.

    Returns
    -------
    Found
        Bonferroni over columns; the score is the largest distance: of the distributions, or half
        the sum of differences of the values' shares.
    """
    p_values, scores = [], []
    for j, (a, b) in enumerate(zip(_filled(handed).T, _filled(own).T, strict=True)):
        values = np.unique(np.concatenate([a, b]))
        if j in categorical or len(values) <= most_values:
            p_value, score = _by_value(a, b, values)
        else:
            test = stats.ks_2samp(a, b, method="asymp")
            p_value, score = float(test.pvalue), float(test.statistic)
        p_values.append(p_value)
        scores.append(score)
    return _least(p_values, scores)


def _by_value(a: Array, b: Array, values: Array) -> tuple[float, float]:
    counts = np.array([[(side == v).sum() for v in values] for side in (a, b)], dtype=np.float64)
    distance = 0.5 * float(np.abs(counts[0] / len(a) - counts[1] / len(b)).sum())
    expected = counts.sum(axis=0) * min(len(a), len(b)) / (len(a) + len(b))
    rare = expected < _LEAST_EXPECTED
    table = np.column_stack([counts[:, ~rare], counts[:, rare].sum(axis=1)])
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return 1.0, distance
    return float(stats.chi2_contingency(table, correction=True).pvalue), distance


def classifier_test(handed: Array, own: Array, seed: int) -> Found:
    """Let a forest learn to tell the samples apart on one half and judge it on the other.

    Both halves take their turn, with Bonferroni. Within a half the forest is fixed, so that the
    ranks of its scores on the other half (Mann and Whitney) are a test whatever it learnt.

    Parameters
    ----------
    handed : ndarray of shape (n_handed, n_features)
    own : ndarray of shape (n_own, n_features)
    seed : int

    Returns
    -------
    Found
        The score is the mean area under the curve; 0.5 is chance.

    Notes
    -----
    Source: Lopez-Paz and Oquab 2017, "Revisiting Classifier Two-Sample Tests", ICLR.
    """
    from sklearn.ensemble import RandomForestClassifier  # takes a second to import

    rng = np.random.default_rng(seed)
    own = own[rng.permutation(len(own))[: 5 * len(handed)]]
    handed = handed[rng.permutation(len(handed))]
    rows = _filled(np.vstack([handed, own]))
    is_handed = np.arange(len(rows)) < len(handed)
    half = np.arange(len(rows)) % 2 == 0
    p_values, areas = [], []
    for learnt in (half, ~half):
        forest = RandomForestClassifier(
            100, min_samples_leaf=3, class_weight="balanced", random_state=seed, n_jobs=1
        ).fit(rows[learnt], is_handed[learnt])
        scores = forest.predict_proba(rows[~learnt])[:, 1]
        a, b = scores[is_handed[~learnt]], scores[~is_handed[~learnt]]
        test = stats.mannwhitneyu(a, b, alternative="greater", method="asymptotic")
        p_values.append(float(test.pvalue))
        areas.append(float(test.statistic) / (len(a) * len(b)))
    return Found(min(1.0, 2.0 * min(p_values)), float(np.mean(areas)), expected=0.5)


def repeated_test(
    handed: Array, own: Array, rng: np.random.Generator, n_permutations: int = 4999
) -> Found:
    """Count repeated rows, against samples of equal size from all rows by a permutation test.

    Parameters
    ----------
    handed : ndarray of shape (n_handed, n_features)
    own : ndarray of shape (n_own, n_features)
    rng : numpy.random.Generator
    n_permutations : int

    Returns
    -------
    Found
        The score is how many handed-over rows equal an earlier one.
    """
    pooled = _filled(np.vstack([handed, own]))
    _, identity = np.unique(pooled, axis=0, return_inverse=True)
    identity, n_handed = identity.ravel(), len(handed)
    observed = _n_repeated(identity[:n_handed][None])[0]
    counts = np.concatenate(
        [
            _n_repeated(identity[np.nonzero(part)[1]].reshape(len(part), n_handed))
            for part in _memberships(len(pooled), n_handed, n_permutations, rng)
        ]
    )
    p_value = (1 + int((counts >= observed).sum())) / (1 + n_permutations)
    return Found(p_value, float(observed), expected=float(counts.mean()))


def _n_repeated(identities: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    in_order = np.sort(identities, axis=1)
    return np.asarray((in_order[:, 1:] == in_order[:, :-1]).sum(axis=1))


def _least(p_values: Sequence[float], scores: Sequence[float]) -> Found:
    worst = int(np.argmin(p_values))
    return Found(min(1.0, p_values[worst] * len(p_values)), scores[worst], worst)


def _filled(rows: Array) -> Array:
    """Return rows with one number, lower than any, for missing values."""
    return np.where(np.isnan(rows), np.finfo(np.float32).min, rows)
