"""The LIME engine's streams, batches and counts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import truncnorm

from explaudit.engines.lime import (
    LimeResult,
    LimeSettings,
    Stream,
    covers,
    lime_tabular,
    prepare,
)
from explaudit.engines.lime import run as run_module
from explaudit.engines.lime.bins import Bins
from explaudit.engines.lime.draws import FastDraws, LibraryDraws

Array = npt.NDArray[np.float64]
Positions = npt.NDArray[np.intp]

CATEGORICAL = (3, 4)
CONTINUOUS = LimeSettings(discretize_continuous=False, num_samples=400)
STREAMS: list[Stream] = ["library", "fast", "shared"]


def training_table(n_rows: int = 150) -> Array:
    rng = np.random.default_rng(2)
    numbers = rng.normal(size=(n_rows, 3)) * [1.0, 5.0, 0.1] + [0.0, 20.0, 3.0]
    return np.column_stack([numbers, rng.integers(0, 2, n_rows), rng.integers(0, 6, n_rows)])


def curved(matrix: Array) -> Array:
    smooth = np.tanh(matrix[:, 0]) * (1 + matrix[:, 3]) + 0.02 * (matrix[:, 1] - 20) ** 2
    return np.asarray(smooth + 0.3 * (matrix[:, 4] == 2))


def explain(
    rows: Array,
    stream: Stream = "library",
    model: Callable[[Array], Array] = curved,
    chosen: LimeSettings = CONTINUOUS,
    **options: Any,
) -> LimeResult:
    table = prepare(training_table(), CATEGORICAL, chosen)
    return lime_tabular(model, rows, table, chosen, stream=stream, **options)


@given(
    seed=st.integers(0, 2**32 - 1),
    n_rows=st.integers(1, 4000),
    n_columns=st.integers(1, 12),
    share=st.floats(0.1, 1.0),
)
@settings(max_examples=40, deadline=None)
def test_the_librarys_stream_is_that_of_random_state(
    seed: int, n_rows: int, n_columns: int, share: float
) -> None:
    columns = np.arange(max(1, int(share * n_columns)))
    draws, state = LibraryDraws(), np.random.RandomState(seed)
    draws.restart(seed)
    ours = np.empty((n_rows, n_columns))
    draws.write_normals(ours, columns)
    theirs = state.normal(0, 1, n_rows * n_columns).reshape(n_rows, n_columns)
    # array functions round otherwise now and then: by up to three units in the last place
    ours, theirs = ours[:, columns], theirs[:, columns]
    np.testing.assert_array_max_ulp(ours, theirs, maxulp=3)
    assert (ours != theirs).sum() <= 10 + 0.01 * ours.size
    for n_more in (n_rows, 5):
        assert np.array_equal(draws.uniforms(n_more), state.random_sample(n_more))


@pytest.mark.parametrize("stream", STREAMS)
def test_results_do_not_depend_on_batches(stream: Stream) -> None:
    rows, sizes = training_table()[:3], list[int]()

    def counted(matrix: Array) -> Array:
        sizes.append(matrix.nbytes)
        return curved(matrix)

    usual = explain(rows, stream)
    for deduplicate in (False, "auto", True):
        small = explain(rows, stream, counted, deduplicate=deduplicate, max_bytes=1000)
        assert np.array_equal(small.values, usual.values)
        assert np.array_equal(small.r2, usual.r2)
    assert max(sizes) <= 1000


@pytest.mark.parametrize("stream", STREAMS)
def test_rows_asked_and_sent_are_counted(stream: Stream) -> None:
    sizes = list[int]()

    def counted(matrix: Array) -> Array:
        sizes.append(len(matrix))
        return curved(matrix)

    result = explain(training_table()[:35], stream, counted)
    assert result.rows_asked == 35 * 400
    assert result.rows_sent == sum(sizes)
    assert result.rows_sent == (399 + 35 if stream == "shared" else 35 * 400)


def test_repeated_rows_are_sent_once_where_that_pays() -> None:
    rng = np.random.default_rng(0)
    training = rng.integers(0, 2, (100, 5)).astype(np.float64)
    table = prepare(training, range(5), CONTINUOUS)
    once, each = (
        lime_tabular(curved, training[:4], table, CONTINUOUS, deduplicate=choice)
        for choice in ("auto", False)
    )
    assert once.rows_sent <= 4 * 2**5 < each.rows_sent == each.rows_asked
    assert np.array_equal(once.values, each.values)


def test_a_model_may_keep_what_it_is_asked() -> None:
    kept: list[tuple[Array, Array]] = []

    def keeping(matrix: Array) -> Array:
        kept.append((matrix, matrix.copy()))
        return curved(matrix)

    explain(training_table()[:4], model=keeping)
    assert len(kept) == 4
    assert all(np.array_equal(matrix, copied) for matrix, copied in kept)


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("cut", [True, False])
def test_the_order_and_number_of_rows_do_not_matter(cut: bool, stream: Stream) -> None:
    chosen = replace(CONTINUOUS, discretize_continuous=cut)
    rows = training_table()[:40]
    forth, back = (explain(some, stream, chosen=chosen) for some in (rows, rows[::-1]))
    alone = explain(rows[7:8], stream, chosen=chosen)
    assert np.allclose(forth.values, back.values[::-1], rtol=0, atol=1e-12)
    assert np.allclose(forth.values[7:8], alone.values, rtol=0, atol=1e-12)
    assert forth.effective_sample_size[7] == alone.effective_sample_size[0]


def test_weights_are_those_of_the_kernel() -> None:
    """One column of two levels: a perturbed row is at distance 0 or 1, which can be counted."""
    training = np.repeat([[0.0], [1.0]], [30, 70], axis=0)
    chosen = LimeSettings(num_samples=500, kernel_width=0.8)
    asked: list[Array] = []

    def model(matrix: Array) -> Array:
        asked.append(matrix.copy())
        return matrix[:, 0]

    table = prepare(training, [0], chosen)
    result = lime_tabular(model, training[-1:], table, chosen, deduplicate=False)
    same, far = (int((asked[0][1:] == value).sum()) for value in (1.0, 0.0))
    weight = np.exp(-1 / (2 * 0.8**2))
    total = same + far * weight
    assert same + far == 499 and 0.6 < same / 499 < 0.8
    assert result.kernel_weight_total[0] == pytest.approx(total, rel=1e-12)
    size = total**2 / (same + far * weight**2)
    assert result.effective_sample_size[0] == pytest.approx(size, rel=1e-12)
    # a ridge regression on one column of known moments, the row itself included
    mean = (same + 1) / (total + 1)
    spread = (total + 1) * mean * (1 - mean)
    slope = spread / (spread + 1)
    assert result.values[0, 0] == pytest.approx(slope, rel=1e-12)
    assert result.intercepts[0] == pytest.approx(mean - slope * mean, rel=1e-12)
    assert result.local_predictions[0] == pytest.approx(mean + slope * (1 - mean), rel=1e-12)
    assert result.r2[0] == pytest.approx(1 - (1 - slope) ** 2, rel=1e-12)


class Wider(FastDraws):
    """A fault: normal numbers that spread a tenth too far."""

    def write_normals(self, matrix: Array, columns: Positions) -> None:
        super().write_normals(matrix, columns)
        matrix *= 1.1


class Skewed(FastDraws):
    """A fault: levels that are not drawn by their frequencies."""

    def uniforms(self, n: int) -> Array:
        return np.asarray(super().uniforms(n) ** 1.3)


def noise(stream: Stream, chosen: LimeSettings, n_seeds: int = 150) -> Array:
    """Return explanations of one row for many seeds, shape (n_seeds, n_features + 1)."""
    row, table = training_table()[:1], prepare(training_table(), CATEGORICAL, chosen)
    found = []
    for seed in range(n_seeds):
        own = 1000 * STREAMS.index(stream) + seed
        result = lime_tabular(curved, row, table, chosen, stream=stream, seeds=own)
        found.append([*result.values[0], result.intercepts[0]])
    return np.array(found)


def has_equal_law(ours: Array, theirs: Array) -> bool:
    """Compare means, and rms differences with those between seeds of one stream.

    A mean may be four standard errors off, and the rms difference an eighth more than that
    between the halves of `theirs`, scaled to each coefficient's own noise: with 150 seeds its own
    standard error is about a twentieth.
    """
    spread = theirs.std(axis=0)
    error = np.sqrt((ours.var(axis=0) + theirs.var(axis=0)) / len(ours))
    across = np.sqrt((((ours - theirs) / spread) ** 2).mean())
    half = len(theirs) // 2
    within = np.sqrt((((theirs[:half] - theirs[half:]) / spread) ** 2).mean())
    centred = np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 4 * error
    return bool(centred.all() and across < within * 1.125)


@pytest.mark.parametrize(
    "changes",
    [
        {"num_features": None},
        {"num_features": None, "sample_around_instance": True},
        {"num_features": None, "discretize_continuous": True},
    ],
    ids=str,
)
def test_other_streams_have_the_librarys_law(
    changes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = replace(CONTINUOUS, num_samples=1000, **changes)
    theirs = noise("library", chosen)
    others: list[Stream] = ["fast"] if covers(chosen, "shared") else ["fast", "shared"]
    for stream in others:
        assert has_equal_law(noise(stream, chosen), theirs)
    faults = [Skewed] if chosen.discretize_continuous else [Wider, Skewed]
    for fault in faults:
        monkeypatch.setattr(run_module, "FastDraws", fault)
        assert not has_equal_law(noise("fast", chosen), theirs)


def test_thin_bins_keep_their_digits() -> None:
    """Between 8.0 and 8.1 standard deviations, where the plain inverse has no digits left."""
    edges, zero = np.array([8.0, 8.1]), np.zeros(3)
    bins = Bins(edges, zero, zero + 1, np.array([-9.0, 8.0, 8.1]), np.array([8.0, 8.1, 9.0]))
    uniform = np.random.default_rng(0).random(50)
    drawn = bins.draw(np.ones(50, dtype=np.intp), lambda n: uniform[:n])
    assert ((drawn >= 8.0) & (drawn <= 8.1)).all()
    assert np.allclose(drawn, truncnorm.ppf(uniform, 8.0, 8.1), rtol=1e-14)
    assert len(np.unique(drawn)) == 50
