"""The samplers' laws against what the real lime and shap send to a model."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, ks_2samp, kstest

from explaudit import registry
from explaudit.centres import kmeans_centres
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError, UnknownPluginError
from explaudit.explainers.kernel_shap import KernelShap
from explaudit.scenario import Display, Scenario
from explaudit_attacks import (
    ColumnSubstitution,
    GaussianNoise,
    KernelCoalitions,
    LimeDiscretised,
    LimeGaussian,
    Sampler,
    Union,
)
from explaudit_attacks.samplers import coalition_masks

Matrix = npt.NDArray[np.float64]

N_FEATURES = 14
CATEGORICAL = (11, 12)
CONSTANT = 13
# of some 14 columns and a few tests each; the seeds are fixed, so this is no flaky bound
UNLIKELY = 1e-4


def make_rows() -> Matrix:
    """Ten continuous columns, one that is zero-inflated, two of codes and a constant one."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, N_FEATURES)) * np.arange(1, N_FEATURES + 1) + 5.0
    rows[:, 10] = np.where(rng.random(400) < 0.4, 3.0, 3.0 + rng.exponential(size=400))
    rows[:, 11] = rng.choice(3, 400, p=[0.6, 0.3, 0.1])
    rows[:, 12] = rng.integers(2, size=400)
    rows[:, CONSTANT] = 1.0
    return rows


ROWS = make_rows()


class Recorder:
    """A model that remembers what it was asked."""

    def __init__(self) -> None:
        self.batches: list[Matrix] = []

    def __call__(self, matrix: Matrix) -> Matrix:
        self.batches.append(np.array(matrix))
        positive = (matrix[:, 0] > 5.0).astype(np.float64)
        return np.column_stack([1 - positive, positive])


def column_p_values(sent: Matrix, drawn: Matrix) -> list[float]:
    """Test column by column whether two samples have one law."""
    p_values = []
    for a, b in zip(sent.T, drawn.T, strict=True):
        values = np.unique(np.concatenate([a, b]))
        if len(values) == 1:
            p_values.append(1.0)
        elif len(values) <= 20:
            counts = [[np.sum(sample == value) for value in values] for sample in (a, b)]
            p_values.append(float(chi2_contingency(counts).pvalue))
        else:
            p_values.append(float(ks_2samp(a, b).pvalue))
    return p_values


def lime_neighbours(row: Matrix, n_samples: int, **settings: Any) -> Matrix:
    """Return what the real lime asks about a row, but for the row itself."""
    from lime.lime_tabular import LimeTabularExplainer

    model = Recorder()
    explainer = LimeTabularExplainer(
        ROWS, categorical_features=list(CATEGORICAL), random_state=1, **settings
    )
    explainer.explain_instance(row, model, num_samples=n_samples + 1)
    (batch,) = model.batches
    return batch[1:]


def test_lime_gaussian_has_the_law_of_lime_without_discretisation() -> None:
    sent = lime_neighbours(ROWS[0], 3000, discretize_continuous=False)
    drawn, source = LimeGaussian().draw(ROWS, CATEGORICAL, 3000, np.random.default_rng(2))
    assert min(column_p_values(sent, drawn)) > UNLIKELY
    assert set(source) == {-1}


def test_lime_gaussian_around_the_instance_has_limes_law() -> None:
    settings = {"discretize_continuous": False, "sample_around_instance": True}
    sent = lime_neighbours(ROWS[3], 3000, **settings)
    sampler = LimeGaussian(around_instance=True)
    drawn, source = sampler.draw(ROWS, CATEGORICAL, 3000, np.random.default_rng(2))
    numeric = [j for j in range(N_FEATURES) if j not in CATEGORICAL]
    sent[:, numeric] -= ROWS[3, numeric]
    drawn[:, numeric] -= ROWS[source][:, numeric]
    assert min(column_p_values(sent, drawn)) > UNLIKELY


def test_lime_discretised_has_the_law_of_default_lime() -> None:
    sent = lime_neighbours(ROWS[0], 3000)
    drawn, source = LimeDiscretised().draw(ROWS, CATEGORICAL, 3000, np.random.default_rng(2))
    assert min(column_p_values(sent, drawn)) > UNLIKELY
    assert set(source) == {-1}
    # LIME's quirk: the bin that holds but one value, 3.0, comes back as 0
    assert (sent[:, 10] == 0.0).mean() == pytest.approx(0.4, abs=0.05)


def test_the_comparison_of_laws_can_fail() -> None:
    sent = lime_neighbours(ROWS[0], 3000)
    wrong, _ = LimeGaussian().draw(ROWS, CATEGORICAL, 3000, np.random.default_rng(2))
    assert min(column_p_values(sent, wrong)) < 1e-12


def kernel_shap(background: Matrix, rows: Matrix) -> tuple[Any, list[Matrix]]:
    """Return the real explainer after it explained some rows, and what it asked for each."""
    import shap

    from explaudit.seeds import shielded_global_rng

    model = Recorder()
    explainer = shap.KernelExplainer(lambda m: model(m)[:, 1], background)
    batches = []
    with shielded_global_rng(0):
        for row in rows:
            explainer.shap_values(row, silent=True, l1_reg=False)
            batches.append(model.batches[-1])
    return explainer, batches


# ten rows that are explained against each other: then "all" leaves the attacker nothing to guess
TEN = ROWS[50:60]


def own_values(queries: Matrix, source: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Count the continuous features that each query has from its row."""
    return np.asarray((queries == TEN[source])[:, :10].sum(axis=1))


def size_p_value(a: npt.NDArray[np.intp], b: npt.NDArray[np.intp]) -> float:
    counts = [np.bincount(sizes, minlength=11) for sizes in (a, b)]
    used = np.sum(counts, axis=0) > 0
    return float(chi2_contingency([count[used] for count in counts]).pvalue)


def share_with_one_donor(queries: Matrix, source: npt.NDArray[np.intp]) -> float:
    """Return how many queries are explained by their row and one single reference row."""
    own = queries == TEN[source]
    donated = np.stack([(own | (queries == donor)).all(axis=1) for donor in TEN])
    return float(donated.any(axis=0).mean())


@pytest.fixture(scope="module")
def real_shap() -> tuple[Matrix, npt.NDArray[np.intp]]:
    """Return all queries of the real KernelSHAP for the ten rows, and each one's row."""
    _, batches = kernel_shap(TEN, TEN)
    return np.concatenate(batches), np.repeat(np.arange(10), [len(batch) for batch in batches])


def test_kernel_coalitions_have_the_law_of_real_kernel_shap(
    real_shap: tuple[Matrix, npt.NDArray[np.intp]],
) -> None:
    sent, sent_source = real_shap
    sampler = KernelCoalitions("all")
    drawn, source = sampler.draw(TEN, CATEGORICAL, 20_000, np.random.default_rng(1))
    assert size_p_value(own_values(sent, sent_source), own_values(drawn, source)) > UNLIKELY
    assert min(column_p_values(sent, drawn)) > UNLIKELY
    assert share_with_one_donor(sent, sent_source) == share_with_one_donor(drawn, source) == 1.0


def test_the_published_stand_in_is_not_the_law_of_kernel_shap(
    real_shap: tuple[Matrix, npt.NDArray[np.intp]],
) -> None:
    sampler = ColumnSubstitution("all")
    drawn, source = sampler.draw(TEN, CATEGORICAL, 20_000, np.random.default_rng(1))
    sent, sent_source = real_shap
    assert size_p_value(own_values(sent, sent_source), own_values(drawn, source)) < 1e-12
    assert share_with_one_donor(drawn, source) < 0.2


@pytest.mark.parametrize("n_features", [5, 11, 12, 13, 16, 40])
def test_coalitions_are_those_that_shap_chooses(n_features: int) -> None:
    rng = np.random.default_rng(n_features)
    rows = rng.normal(size=(4, n_features))
    explainer, _ = kernel_shap(rows[:3], rows[3:])
    theirs = explainer.maskMatrix == 1.0
    ours = coalition_masks(n_features, 2 * n_features + 2**11, rng)
    assert ours.shape == theirs.shape
    assert len(np.unique(ours, axis=0)) == len(ours)
    counts = [np.bincount(m.sum(axis=1), minlength=n_features + 1) for m in (ours, theirs)]
    used = np.sum(counts, axis=0) > 0
    assert chi2_contingency([count[used] for count in counts]).pvalue > UNLIKELY
    if n_features <= 11:  # all of them: equal as sets
        assert {m.tobytes() for m in ours} == {m.tobytes() for m in theirs}


def test_chosen_coalitions_come_with_their_complements() -> None:
    masks = coalition_masks(13, 1001, np.random.default_rng(0))
    sizes = masks.sum(axis=1)
    paired = {m.tobytes() for m in masks[sizes != 6]}  # 13 features have no middle size
    missing = [m for m in masks[sizes != 6] if (~m).tobytes() not in paired]
    assert len(missing) <= 1 + (sizes == 7).sum()
    assert len(masks) == 1001


def test_coalitions_without_two_varying_features_are_the_reference_row() -> None:
    assert coalition_masks(1, 100, np.random.default_rng(0)).tolist() == [[False]]
    rows = np.ones((5, 3))
    queries, _ = KernelCoalitions("all").draw(rows, (), 20, np.random.default_rng(0))
    np.testing.assert_array_equal(queries, 1.0)


def test_column_substitution_touches_the_published_share_of_columns() -> None:
    rows = np.random.default_rng(0).normal(size=(300, 11))
    sampler = ColumnSubstitution("rows", n_background=10)
    drawn, source = sampler.draw(rows, (), 20_000, np.random.default_rng(1))
    touched = (drawn != rows[source]).mean()
    # d draws with replacement miss a column with probability (1 - 1/d)^d; one time in 30 a row is
    # its own donor
    expected = (1 - (1 - 1 / 11) ** 11) * (1 - 1 / 300)
    assert touched == pytest.approx(expected, abs=0.005)


def test_gaussian_noise_perturbs_each_row_equally_often_by_its_columns_scale() -> None:
    drawn, source = GaussianNoise(0.3).draw(ROWS, (), 4000, np.random.default_rng(0))
    assert set(np.bincount(source)) == {10}
    scale = np.where(np.arange(N_FEATURES) == CONSTANT, 1.0, ROWS.std(axis=0))
    noise = (drawn - ROWS[source]) / (0.3 * scale)
    assert min(kstest(column, "norm").pvalue for column in noise.T) > UNLIKELY
    assert GaussianNoise(copies=30).published_counts(5554) == (30, 166_620)


def test_rounded_centres_are_those_of_shap_on_standardised_columns() -> None:
    import shap

    scale = np.where(np.arange(N_FEATURES) == CONSTANT, 1.0, ROWS.std(axis=0))
    theirs = shap.kmeans((ROWS - ROWS.mean(axis=0)) / scale, 5).data * scale + ROWS.mean(axis=0)
    ours = kmeans_centres(ROWS, (), 5).rows
    np.testing.assert_allclose(ours, theirs, atol=1e-9)
    assert all(np.isin(ours[:, j], ROWS[:, j]).all() for j in range(N_FEATURES))
    raw = kmeans_centres(ROWS, (), 5, rounded=False).rows
    assert not np.isin(raw[:, 0], ROWS[:, 0]).any()
    assert np.abs(raw - ours)[:, 0].max() < np.ptp(ROWS[:, 0]) / 10


@pytest.mark.parametrize("rounded", [True, False])
def test_attacker_and_auditor_with_the_same_rows_have_the_same_centres(rounded: bool) -> None:
    frame = pd.DataFrame(ROWS, columns=[f"x{j}" for j in range(N_FEATURES)])
    encoder, model = Encoder.from_frame(frame), Recorder()

    def score(table: pd.DataFrame) -> Matrix:
        return model(table.to_numpy(dtype=np.float64))[:, 1]

    audited = Scenario(frame[:1], score, frame, encoder, Display(encoder.names), output="value")
    KernelShap(background="kmeans", n_background=5, rounded=rounded).explain(audited, seed=0)
    asked_first = np.unique(model.batches[0], axis=0)
    ours = np.unique(kmeans_centres(ROWS, (), 5, rounded=rounded).rows, axis=0)
    np.testing.assert_array_equal(asked_first, ours)


def test_there_are_no_more_centres_than_distinct_rows() -> None:
    assert kmeans_centres(np.repeat(np.eye(3), 4, axis=0), (), 10).rows.shape == (3, 3)


def test_the_default_background_is_kmeans_centres() -> None:
    drawn, source = KernelCoalitions().draw(ROWS, CATEGORICAL, 500, np.random.default_rng(3))
    centres = kmeans_centres(ROWS, CATEGORICAL, 10).rows
    foreign = drawn != ROWS[source]
    assert foreign.any()
    for j in range(N_FEATURES):
        assert np.isin(drawn[foreign[:, j], j], centres[:, j]).all()


def test_union_draws_equally_from_its_parts_given_as_json() -> None:
    union = registry.create(
        "samplers",
        "union",
        {
            "samplers": [
                {"name": "lime_gaussian"},
                {"name": "kernel_coalitions", "settings": {"background": "rows"}},
            ]
        },
    )
    drawn, source = union.draw(ROWS, CATEGORICAL, 1001, np.random.default_rng(0))
    assert drawn.shape == (1001, N_FEATURES)
    assert (source == -1).sum() == 501
    assert np.isin(drawn[501:, 0], ROWS[:, 0]).all()


def global_state() -> bytes:
    state: Any = np.random.get_state()  # noqa: NPY002 - to see that nothing draws from it
    return bytes(state[1].tobytes()) + bytes([state[2] % 256])


EVERY_SAMPLER: list[Sampler] = [
    GaussianNoise(),
    LimeGaussian(),
    LimeGaussian(around_instance=True),
    LimeDiscretised(),
    ColumnSubstitution(),
    ColumnSubstitution(rounded=False),
    KernelCoalitions("rows"),
    KernelCoalitions(n_coalitions=100),
    Union([LimeDiscretised(), "gaussian_noise"]),
]


@pytest.mark.parametrize("sampler", EVERY_SAMPLER, ids=repr)
def test_every_sampler_is_a_pure_function_of_rows_and_generator(sampler: Sampler) -> None:
    rows = ROWS[:80].copy()
    before = global_state()
    first, source = sampler.draw(rows, CATEGORICAL, 301, np.random.default_rng(5))
    again, _ = sampler.draw(rows, CATEGORICAL, 301, np.random.default_rng(5))
    other, _ = sampler.draw(rows, CATEGORICAL, 301, np.random.default_rng(6))
    assert first.shape == (301, N_FEATURES)
    assert source.shape == (301,)
    assert ((source >= -1) & (source < 80)).all()
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    np.testing.assert_array_equal(rows, ROWS[:80])
    assert global_state() == before


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: KernelCoalitions("mean"), "one of"),  # type: ignore[arg-type]
        (lambda: KernelCoalitions(n_background=0), "at least 1"),
        (lambda: KernelCoalitions(n_coalitions=0), "at least 1"),
        (lambda: ColumnSubstitution(n_background=0), "at least 1"),
        (lambda: GaussianNoise(scale=0.0), "positive"),
        (lambda: GaussianNoise(copies=0), "at least 1"),
        (lambda: Union([]), "at least one sampler"),
        (lambda: Union("lime_gaussian"), "in a list"),
    ],
)
def test_impossible_settings_are_refused(make: Any, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        make()


def test_unknown_parts_of_a_union_are_refused_by_name() -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(UnknownPluginError, match="lime_gaussian"):
        Union(["lime_gausian"]).draw(ROWS, (), 10, rng)
    with pytest.raises(InvalidInputError, match="'name'"):
        Union([{"sampler": "lime_gaussian"}]).draw(ROWS, (), 10, rng)
