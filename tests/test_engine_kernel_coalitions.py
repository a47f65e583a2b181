"""The law of the coalitions that the KernelSHAP engine draws, against shap's and against theory."""

from __future__ import annotations

from math import comb

import numpy as np
import numpy.typing as npt
import pytest
import shap
from scipy import stats

from explaudit.engines.kernel import Coalitions, draw_coalitions, kernel_shap
from explaudit.engines.kernel.coalitions import n_possible, planned_size
from explaudit.errors import InvalidInputError
from explaudit.seeds import shielded_global_rng

Array = npt.NDArray[np.float64]


def library_coalitions(n_features: int, nsamples: int, seed: int) -> Coalitions:
    """Return what shap draws, without the places that it left free."""
    explainer = shap.KernelExplainer(lambda m: m[:, 0], np.zeros((1, n_features)))
    with shielded_global_rng(seed):
        explainer.shap_values(np.ones(n_features), nsamples=nsamples, l1_reg=False, silent=True)
    used = explainer.kernelWeights > 0
    masks = explainer.maskMatrix[used].astype(bool)
    return Coalitions(masks, explainer.kernelWeights[used], len(explainer.maskMatrix))


def as_keys(masks: npt.NDArray[np.bool_]) -> list[bytes]:
    return [row.tobytes() for row in masks]


@pytest.mark.parametrize("n_features", [2, 3, 4, 5, 8, 11])
def test_all_coalitions_are_those_of_the_library_in_its_order(n_features: int) -> None:
    theirs = library_coalitions(n_features, n_possible(n_features), seed=0)
    ours = draw_coalitions(n_features, "auto", np.random.default_rng(0))
    assert ours.n_planned == len(ours.masks) == 2**n_features - 2
    assert np.array_equal(ours.masks, theirs.masks)
    assert np.array_equal(ours.weights, theirs.weights)


@pytest.mark.parametrize(
    ("n_features", "nsamples", "n_enumerated"),
    # how many fit in whole, by hand: of 20 features, size 1 has 2 / 6.742 of the weight, and so
    # 207 of 700 places for 40 coalitions, but 30 of 100 places; size 2 has 147 places for 380
    [(13, 600, 2 * 13 + 2 * 78), (20, 700, 2 * 20), (20, 100, 0)],
)
def test_the_enumerated_part_is_that_of_the_library(
    n_features: int, nsamples: int, n_enumerated: int
) -> None:
    theirs = library_coalitions(n_features, nsamples, seed=1)
    ours = draw_coalitions(n_features, nsamples, np.random.default_rng(1))
    assert len(ours.masks) == len(theirs.masks) == nsamples
    fixed = slice(0, n_enumerated)
    assert np.array_equal(ours.masks[fixed], theirs.masks[fixed])
    assert np.array_equal(ours.weights[fixed], theirs.weights[fixed])
    assert not np.array_equal(ours.masks[n_enumerated:], theirs.masks[n_enumerated:])
    assert ours.weights.sum() == pytest.approx(1.0)
    assert theirs.weights.sum() == pytest.approx(1.0)


@pytest.mark.parametrize(("n_features", "nsamples"), [(21, 700), (15, 901), (45, 500)])
def test_drawn_coalitions_are_distinct_and_followed_by_their_complement(
    n_features: int, nsamples: int
) -> None:
    drawn = draw_coalitions(n_features, nsamples, np.random.default_rng(2))
    assert len(set(as_keys(drawn.masks))) == len(drawn.masks) == nsamples
    sizes = drawn.masks.sum(axis=1)
    assert sizes.min() >= 1
    assert sizes.max() <= n_features - 1
    first = np.flatnonzero(sizes < n_features / 2)
    first = first[first + 1 < nsamples]
    assert (drawn.masks[first] ^ drawn.masks[first + 1]).all()
    assert np.array_equal(drawn.weights[first], drawn.weights[first + 1])
    # with an odd number of places the last coalition stays alone
    assert (2 * sizes[-1] < n_features) == (nsamples % 2 == 1)


def test_the_middle_size_of_an_even_number_comes_without_complement() -> None:
    # sizes 1 and 2 of 6 features are 12 and 30 coalitions; the rest are subsets of size 3
    drawn = draw_coalitions(6, 56, np.random.default_rng(3))
    rest = drawn.masks[42:]
    assert (rest.sum(axis=1) == 3).all()
    keys = set(as_keys(rest))
    assert len(keys) == 14
    assert any((~mask).tobytes() not in keys for mask in rest)


def test_the_weight_of_each_size_follows_the_shapley_kernel() -> None:
    """Drawn counts estimate (M - 1) / (s (M - s)), Lundberg and Lee 2017, theorem 2."""
    n_features, nsamples, repeats = 16, 400, 60
    by_size = np.zeros((repeats, n_features - 1))
    for seed in range(repeats):
        drawn = draw_coalitions(n_features, nsamples, np.random.default_rng(seed))
        sizes = drawn.masks.sum(axis=1)
        by_size[seed] = np.bincount(sizes, drawn.weights, minlength=n_features)[1:]
    sizes = np.arange(1, n_features)
    kernel = 1 / (sizes * (n_features - sizes))
    kernel /= kernel.sum()
    error = by_size.std(axis=0) / np.sqrt(repeats)
    assert (np.abs(by_size.mean(axis=0) - kernel) < 4 * error + 1e-12).all()
    # the outer size is enumerated, the others are drawn
    assert error[0] < 1e-12 < error[3]


def weight_by_size(coalitions: Coalitions) -> Array:
    sizes = coalitions.masks.sum(axis=1)
    counted = np.bincount(sizes, coalitions.weights, minlength=coalitions.n_features)
    return counted.astype(np.float64)


@pytest.mark.parametrize(("n_features", "nsamples"), [(14, 500), (30, 300)])
def test_sizes_counts_and_members_are_distributed_as_in_the_library(
    n_features: int, nsamples: int
) -> None:
    ours, theirs, members = [], [], []
    for seed in range(40):
        own = draw_coalitions(n_features, nsamples, np.random.default_rng(seed))
        other = library_coalitions(n_features, nsamples, seed)
        ours.append([*weight_by_size(own), (own.weights**2).sum()])
        theirs.append([*weight_by_size(other), (other.weights**2).sum()])
        members.append([own.masks[0::2].mean(axis=0), other.masks[0::2].mean(axis=0)])
    a, b = np.array(ours), np.array(theirs)
    drawn = (a.std(axis=0) > 1e-12) | (b.std(axis=0) > 1e-12)
    p_values = stats.ttest_ind(a[:, drawn], b[:, drawn]).pvalue
    assert p_values.min() > 0.01 / drawn.sum()
    # no feature is met more often than another
    by_feature = np.array(members)[:, 0]
    spread = by_feature.std(axis=0) / np.sqrt(len(by_feature))
    assert (np.abs(by_feature.mean(axis=0) - by_feature.mean()) < 4.5 * spread + 1e-12).all()


def test_a_biased_law_would_be_noticed() -> None:
    """The test of sizes fails when sizes are drawn evenly: it can fail."""
    even, true = [], []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        true.append(weight_by_size(draw_coalitions(14, 500, rng))[4:7])
        sizes = rng.integers(3, 8, 300)
        even.append(np.bincount(sizes, minlength=14)[4:7] / 300)
    assert stats.ttest_ind(np.array(even), np.array(true)).pvalue.min() < 1e-6


def test_subsets_of_one_size_are_even() -> None:
    counts: dict[bytes, int] = {}
    for seed in range(300):
        drawn = draw_coalitions(7, 12, np.random.default_rng(seed))
        for mask in drawn.masks[drawn.masks.sum(axis=1) == 2]:
            counts[mask.tobytes()] = counts.get(mask.tobytes(), 0) + 1
    assert len(counts) == comb(7, 2)
    assert stats.chisquare(list(counts.values())).pvalue > 1e-3


class TiedOnce(np.random.Generator):
    """Returns equal keys the first time that it is asked."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))
        self.asked = 0

    def random(self, *args: object, **kwargs: object) -> npt.NDArray[np.float32]:  # type: ignore[override]
        self.asked += 1
        keys: npt.NDArray[np.float32] = super().random(*args, **kwargs)  # type: ignore[call-overload]
        return np.zeros_like(keys) if self.asked == 1 else keys


def test_tied_keys_are_drawn_anew() -> None:
    rng = TiedOnce()
    drawn = draw_coalitions(20, 100, rng)
    assert rng.asked > 1
    assert set(drawn.masks.sum(axis=1)) <= set(range(1, 20))
    assert len(set(as_keys(drawn.masks))) == 100


def test_drawing_gives_up_where_the_library_does() -> None:
    ours = draw_coalitions(12, 4090, np.random.default_rng(0))
    theirs = library_coalitions(12, 4090, seed=0)
    assert ours.n_planned == theirs.n_planned == 4090
    assert abs(len(ours.masks) - len(theirs.masks)) < 20
    assert len(ours.masks) < 4090
    # four draws for each free place were made in both
    fixed = 4094 - comb(12, 6)
    for drawn in (ours, theirs):
        counts = drawn.weights[fixed:] / drawn.weights[fixed:].min()
        assert round(counts.sum()) == 4 * (4090 - fixed)


def test_budgets() -> None:
    assert planned_size(11, "auto") == 2**11 - 2
    assert planned_size(12, "auto") == 2 * 12 + 2048
    assert planned_size(5, 1000) == 30
    assert planned_size(40, 1000) == 1000


def test_coalitions_are_checked() -> None:
    with pytest.raises(InvalidInputError, match="coalitions"):
        Coalitions.given(np.ones((3, 4)), np.ones(2))


def test_the_error_at_equal_budgets_is_that_of_the_library() -> None:
    rng = np.random.default_rng(5)
    rows, background = rng.normal(size=(40, 13)), rng.normal(size=(3, 13))
    mix = rng.normal(size=(13, 4))

    def model(matrix: Array) -> Array:
        return np.asarray(np.sin(matrix @ mix).prod(axis=1))

    exact = kernel_shap(model, rows, background, nsamples=2**13)
    assert set(exact.methods) == {"exact"}
    explainer = shap.KernelExplainer(model, background)
    with shielded_global_rng(1):
        theirs = explainer.shap_values(rows, nsamples=300, l1_reg=False, silent=True)
    ratios = {}
    for mode in ("library_law", "shared"):
        ours = kernel_shap(model, rows, background, nsamples=300, mode=mode, exact=False)
        assert set(ours.methods) == {"sampled"}
        errors = [((v - exact.values) ** 2).mean() for v in (ours.values, theirs)]
        ratios[mode] = float(np.sqrt(errors[0] / errors[1]))
    assert 0.85 < ratios["library_law"] < 1.18
    # one draw for all rows: errors of different rows are no longer independent
    assert 0.75 < ratios["shared"] < 1.33
