"""The query side of the KernelSHAP engine: batches, repeats, order and counts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import numpy.typing as npt
import pytest
import shap

from explaudit.engines.kernel import Coalitions, kernel_shap
from explaudit.engines.kernel import batches as batches_module
from explaudit.engines.kernel.batches import RowWriter
from explaudit.engines.kernel.distinct import distinct_rows, packed
from explaudit.errors import ContractError
from explaudit.seeds import shielded_global_rng

Array = npt.NDArray[np.float64]


class Recorder:
    """A model that remembers copies of what it was asked."""

    def __init__(self, model: Callable[[Array], Array]) -> None:
        self.model = model
        self.batches: list[Array] = []

    def __call__(self, matrix: Array) -> Array:
        self.batches.append(matrix.copy())
        return self.model(matrix)

    @property
    def n_rows(self) -> int:
        return sum(map(len, self.batches))

    @property
    def largest(self) -> int:
        return max(batch.nbytes for batch in self.batches)


def model(matrix: Array) -> Array:
    return np.asarray(np.tanh(matrix[:, 0] * matrix[:, 1] + matrix.sum(axis=1)))


@pytest.fixture(scope="module")
def continuous() -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 15)), rng.normal(size=(7, 15))


@pytest.fixture(scope="module")
def discrete() -> tuple[Array, Array]:
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 2, (5, 11)).astype(float)
    return rows, rng.integers(0, 2, (10, 11)).astype(float)


@pytest.mark.parametrize("deduplicate", ["auto", True, False])
@pytest.mark.parametrize("exact", ["auto", False])
@pytest.mark.parametrize("max_bytes", [11 * 8, 11 * 8 * 3, 11 * 8 * 25, 50_000])
def test_no_batch_passes_the_ceiling_and_none_changes_the_values(
    discrete: tuple[Array, Array],
    deduplicate: bool | Literal["auto"],
    exact: Literal["auto", False],
    max_bytes: int,
) -> None:
    # 2 varying features less make the smallest ceilings affordable
    rows, background = discrete[0][:2].copy(), discrete[1][:4].copy()
    background[:, :5] = 1.0
    rows[:, :5] = 1.0
    whole = kernel_shap(model, rows, background, exact=exact, deduplicate=deduplicate)
    recorder = Recorder(model)
    parts = kernel_shap(
        recorder, rows, background, exact=exact, deduplicate=deduplicate, max_bytes=max_bytes
    )
    assert recorder.largest <= max_bytes
    assert recorder.n_rows == parts.rows_sent
    assert np.abs(parts.values - whole.values).max() < 1e-12
    assert parts.rows_asked == whole.rows_asked


@pytest.mark.parametrize("max_bytes", [15 * 8 * 3, 15 * 8 * 100, 10**6])
def test_sampled_values_do_not_depend_on_the_ceiling(
    continuous: tuple[Array, Array], max_bytes: int
) -> None:
    rows, background = continuous
    whole = kernel_shap(model, rows, background, nsamples=100)
    recorder = Recorder(model)
    parts = kernel_shap(recorder, rows, background, nsamples=100, max_bytes=max_bytes)
    assert recorder.largest <= max_bytes
    assert np.abs(parts.values - whole.values).max() < 1e-12


@pytest.mark.parametrize("mode", ["library_law", "shared"])
def test_other_rows_and_their_order_do_not_matter(
    continuous: tuple[Array, Array], mode: Literal["library_law", "shared"]
) -> None:
    rows, background = continuous
    together = kernel_shap(model, rows, background, nsamples=100, mode=mode, seeds=5)
    for i in range(len(rows)):
        alone = kernel_shap(model, rows[[i]], background, nsamples=100, mode=mode, seeds=5)
        assert np.abs(alone.values[0] - together.values[i]).max() < 1e-12
    other = kernel_shap(model, rows, background, nsamples=100, mode=mode, seeds=6)
    assert np.abs(other.values - together.values).max() > 1e-6


@pytest.mark.parametrize("l1_reg", [False, "num_features(4)"])
def test_deduplication_changes_no_value(discrete: tuple[Array, Array], l1_reg: bool | str) -> None:
    rows, background = discrete

    def whole(matrix: Array) -> Array:
        # whole numbers, since a model's own rounding may depend on a row's place in the batch
        return np.asarray(matrix[:, 0] * matrix[:, 1] + 3 * matrix[:, 2:].max(axis=1))

    for i in range(len(rows)):
        on, off = (
            kernel_shap(
                whole, rows[[i]], background, l1_reg=l1_reg, exact=False, deduplicate=deduplicate
            )
            for deduplicate in (True, False)
        )
        assert np.array_equal(on.values, off.values)
        assert on.rows_sent < 0.2 * off.rows_sent
        assert off.rows_sent == off.rows_asked == on.rows_asked


def test_auto_keeps_deduplication_only_where_rows_repeat(
    discrete: tuple[Array, Array], continuous: tuple[Array, Array]
) -> None:
    often = kernel_shap(model, *discrete, exact=False)
    assert often.rows_sent < 0.2 * often.rows_asked
    never = kernel_shap(model, *continuous, nsamples=100)
    assert never.rows_sent == never.rows_asked


def test_auto_looks_for_repeats_in_the_first_batch_alone(
    continuous: tuple[Array, Array], monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []

    def counting(words: npt.NDArray[np.uint64]) -> object:
        looked.append(len(words))
        return distinct_rows(words)

    monkeypatch.setattr(batches_module, "distinct_rows", counting)
    kernel_shap(model, *continuous, nsamples=100)
    assert looked == [700]


def library_batches(rows: Array, background: Array, nsamples: int | str, seed: int) -> Recorder:
    recorder = Recorder(model)
    explainer = shap.KernelExplainer(recorder, background)
    with shielded_global_rng(seed):
        explainer.shap_values(rows, nsamples=nsamples, l1_reg=False, silent=True)
    return recorder


def test_without_deduplication_batches_are_those_of_the_library(
    discrete: tuple[Array, Array],
) -> None:
    rows, background = discrete[0].copy(), discrete[1].copy()
    background[:, 0] = rows[0, 0]
    background[:, 1:] = rows[2, 1:]
    background[:, 4:9] = discrete[1][:, 4:9]
    ours, theirs = Recorder(model), library_batches(rows, background, "auto", 0)
    result = kernel_shap(ours, rows, background, deduplicate=False)
    assert len(ours.batches) == len(theirs.batches) == 1 + 2 * len(rows)
    for own, other in zip(ours.batches, theirs.batches, strict=True):
        assert np.array_equal(own, other)
    assert result.rows_sent == result.rows_asked == theirs.n_rows


def test_without_deduplication_sampled_rows_are_those_of_the_library_too() -> None:
    """Many columns, some of which do not vary, and the very coalitions that the library drew."""
    rng = np.random.default_rng(4)
    row, background = rng.normal(size=(1, 40)), rng.normal(size=(6, 40))
    background[:, ::7] = row[0, ::7]
    theirs, ours = Recorder(model), Recorder(model)
    explainer = shap.KernelExplainer(theirs, background)
    with shielded_global_rng(0):
        explainer.shap_values(row, nsamples=200, l1_reg="num_features(5)", silent=True)
    given = Coalitions.given(explainer.maskMatrix, explainer.kernelWeights)
    result = kernel_shap(
        ours,
        row,
        background,
        l1_reg="num_features(5)",
        mode="given",
        coalitions=given,
        deduplicate=False,
    )
    assert len(ours.batches) == len(theirs.batches) == 3
    for own, other in zip(ours.batches, theirs.batches, strict=True):
        assert np.array_equal(own, other)
    assert result.rows_sent == theirs.n_rows == 6 + 1 + 200 * 6


@pytest.mark.parametrize("n_columns", [2, 11, 40])
@pytest.mark.parametrize("n_background", [1, 3, 20])
@pytest.mark.parametrize("most", [1, 7, 10_000])
def test_rows_are_written_to_the_bit(n_columns: int, n_background: int, most: int) -> None:
    rng = np.random.default_rng(5)
    row, background = rng.normal(size=n_columns), rng.normal(size=(n_background, n_columns))
    row[0], background[:, -1], background[0, 0] = -0.0, np.nan, np.inf
    writer = RowWriter()
    for density in (0.0, 0.1, 0.5, 0.9, 1.0):
        masks = rng.random((9, n_columns)) < density
        expected = np.where(masks[:, None, :], row, background).reshape(-1, n_columns)
        for _ in range(2):  # the second time, what is known of the masks is used again
            written = list(map(np.copy, writer.coalition_rows(masks, row, background, most)))
            assert max(map(len, written)) <= most
            assert np.array_equal(np.vstack(written).view(np.uint64), expected.view(np.uint64))


def test_counts_of_rows(continuous: tuple[Array, Array]) -> None:
    rows, background = continuous
    result = kernel_shap(model, rows, background, nsamples=100)
    assert result.n_coalitions.tolist() == [100, 100, 100]
    # by hand: the background, the rows, and each coalition with each background row
    assert result.rows_asked == 7 + 3 + 3 * 100 * 7


def test_a_model_that_keeps_its_rows_keeps_them_as_they_were(
    continuous: tuple[Array, Array],
) -> None:
    kept: list[Array] = []
    copies: list[Array] = []

    def keeping(matrix: Array) -> Array:
        kept.append(matrix[:, 1:])
        copies.append(matrix[:, 1:].copy())
        return model(matrix)

    kernel_shap(keeping, *continuous, nsamples=100, max_bytes=15 * 8 * 140)
    assert len(kept) > 10
    assert all(np.array_equal(k, c, equal_nan=True) for k, c in zip(kept, copies, strict=True))


def test_memory_for_rows_is_used_again(continuous: tuple[Array, Array]) -> None:
    addresses = []

    def looking(matrix: Array) -> Array:
        addresses.append(matrix.__array_interface__["data"][0])
        return model(matrix)

    kernel_shap(looking, *continuous, nsamples=100, deduplicate=False)
    synthetic = addresses[2::2]
    assert len(synthetic) == 3
    assert len(set(synthetic)) == 1


def test_answers_that_are_views_of_the_rows_are_safe(continuous: tuple[Array, Array]) -> None:
    rows, background = continuous
    values = kernel_shap(lambda m: m[:, 2], rows, background, nsamples=60, max_bytes=9000).values
    # by hand: the only feature of a linear model has all of the difference to the mean
    expected = np.zeros_like(rows)
    expected[:, 2] = rows[:, 2] - background[:, 2].mean()
    assert np.abs(values - expected).max() < 1e-9


@pytest.mark.parametrize("answers", [lambda m: m[:-1, 0], lambda m: m[:, 0].sum()])
def test_a_wrong_number_of_answers_is_refused(
    continuous: tuple[Array, Array], answers: Callable[[Array], Array]
) -> None:
    with pytest.raises(ContractError, match="7 rows need 7 answers"):
        kernel_shap(answers, *continuous)


def test_distinct_rows_survive_colliding_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    words = rng.integers(0, 3, (200, 4), dtype=np.uint64)
    for _ in range(2):
        first, group = distinct_rows(words)
        assert np.array_equal(words[first][group], words)
        assert len(first) == len(np.unique(words, axis=0))
        assert (np.diff(first) > 0).all()
        monkeypatch.setattr(
            "explaudit.engines.kernel.distinct._hashes", lambda w: w[:, 0] // np.uint64(2)
        )


@pytest.mark.parametrize("n_columns", [1, 8, 63, 64, 65, 130])
def test_packed_masks_are_equal_only_if_masks_are(n_columns: int) -> None:
    masks = np.vstack([np.eye(n_columns, dtype=bool), np.zeros((1, n_columns), dtype=bool)])
    words = packed(masks)
    assert words.shape == (n_columns + 1, -(-n_columns // 64))
    assert len(np.unique(words, axis=0)) == n_columns + 1
