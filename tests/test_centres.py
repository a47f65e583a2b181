"""K-means centres: the library's own on numbers, modes on levels."""

from __future__ import annotations

import numpy as np
import pytest

from explaudit.centres import kmeans_centres

RNG = np.random.default_rng(3)
NUMBERS = np.vstack([RNG.normal(loc, 0.1, size=(20, 2)) for loc in (-3.0, 0.0, 3.0)])


def test_levels_are_modes_whatever_their_codes() -> None:
    """Level 5 twice as often as 0 averages to 3.3, a level that nobody in the cluster has."""
    levels = np.tile([0.0, 5.0, 5.0, 5.0], 15)
    rows = np.column_stack([NUMBERS, levels])
    centres = kmeans_centres(rows, (2,), 3)
    assert set(centres.rows[:, 2]) == {5.0}
    recoded = rows.copy()
    recoded[:, 2] = np.where(levels == 5.0, 0.0, 3.0)
    again = kmeans_centres(recoded, (2,), 3)
    np.testing.assert_array_equal(again.rows[:, :2], centres.rows[:, :2])
    assert set(again.rows[:, 2]) == {0.0}


@pytest.mark.parametrize("n", [2, 3, 7])
def test_numbers_alone_give_the_librarys_own_centres(n: int) -> None:
    import shap

    scale, mean = NUMBERS.std(axis=0), NUMBERS.mean(axis=0)
    theirs = shap.kmeans((NUMBERS - mean) / scale, n)
    ours = kmeans_centres(NUMBERS, (), n)
    np.testing.assert_allclose(ours.rows, theirs.data * scale + mean, atol=1e-9)
    np.testing.assert_allclose(ours.weights, theirs.weights / np.sum(theirs.weights))
