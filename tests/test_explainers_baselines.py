"""The plain baselines and the committee: by hand, as pure functions, and deceived."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from explaudit import registry
from explaudit.attributions import Attributions
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError, UnknownPluginError
from explaudit.explainer import Explainer, RowExplanation, View
from explaudit.explainers import (
    Committee,
    GroupDisparity,
    Imbalance,
    KernelShap,
    LinearProbe,
    Occlusion,
)
from explaudit.scenario import Display, Scenario

Array = npt.NDArray[np.float64]
Model = Callable[[pd.DataFrame], Array]


def scenario_of(model: Model, rows: pd.DataFrame, background: pd.DataFrame) -> Scenario:
    encoder = Encoder.from_frame(pd.concat([background, rows]))
    return Scenario(rows, model, background, encoder, Display(encoder.names), output="value")


def explained(explainer: Explainer, scenario: Scenario, seed: int = 3) -> Attributions:
    return explainer.explain(scenario, seed=seed)


def numbers(*columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame({f"x{j}": values for j, values in enumerate(columns)}, dtype=np.float64)


def column(name: str) -> Model:
    return lambda table: table[name].to_numpy(dtype=np.float64)


class Asked:
    """A model that remembers what it was asked."""

    def __init__(self, model: Model) -> None:
        self.model, self.rows = model, list[tuple[Any, ...]]()

    def __call__(self, table: pd.DataFrame) -> Array:
        self.rows += table.itertuples(index=False, name=None)
        return self.model(table)


# -- the linear probe ------------------------------------------------------------------------------


def test_the_probe_of_one_number_by_hand() -> None:
    # x has mean 5 and deviation 2, so that the standardised x is -1 and 1; the answers less their
    # mean are -6 and 6: the coefficient is (6 + 6) / (2 + alpha)
    frame = numbers([3.0, 7.0])
    scenario = scenario_of(lambda t: 10.0 + 3.0 * (t["x0"].to_numpy() - 5.0), frame, frame)
    found = explained(LinearProbe(alpha=1.0), scenario)
    np.testing.assert_allclose(found.values, [[-4.0], [4.0]])
    np.testing.assert_allclose(found.base_values, [10.0, 10.0])
    # it says 6 and 14 where the model says 4 and 16
    np.testing.assert_allclose(found.diagnostics["r2"], 1.0 - (2**2 + 2**2) / (6**2 + 6**2))


def test_the_probe_of_one_category_by_hand() -> None:
    # two centred indicators -c/2 and c/2 on each side: c = 1/2 / (1 + alpha), and so is the effect
    frame = pd.DataFrame({"sex": ["f", "m"]})
    scenario = scenario_of(lambda t: np.asarray(t["sex"] == "m", dtype=np.float64), frame, frame)
    found = explained(LinearProbe(alpha=1.0), scenario)
    np.testing.assert_allclose(found.values, [[-0.25], [0.25]])
    np.testing.assert_allclose(found.base_values, 0.5)


JOBS = pd.DataFrame({
    "job": ["clerk", "nurse", "smith", "clerk", "nurse", "clerk"],
    "age": [20.0, 50.0, 30.0, 30.0, 20.0, 60.0],
    "sex": ["f", "f", "m", "m", "m", "f"],
})  # fmt: skip
WORTH = {"clerk": 1.0, "nurse": 4.0, "smith": 9.0}


def worth(table: pd.DataFrame) -> Array:
    return np.array([WORTH[job] for job in table["job"]])


def test_a_probe_with_hardly_a_penalty_is_a_linear_model() -> None:
    # by hand: less the means, which are 20 / 6 for the job and 35 for the age; sex is not read
    scenario = scenario_of(lambda t: worth(t) + t["age"].to_numpy() / 10.0, JOBS, JOBS)
    found = explained(LinearProbe(alpha=1e-9), scenario)
    ages = (JOBS["age"].to_numpy() - 35.0) / 10.0
    by_hand = np.column_stack([worth(JOBS) - 20.0 / 6.0, ages, np.zeros(6)])
    np.testing.assert_allclose(found.values, by_hand, atol=1e-6)
    np.testing.assert_allclose(found.base_values, 20.0 / 6.0 + 3.5)
    np.testing.assert_allclose(found.diagnostics["r2"], 1.0)


def test_the_probe_says_where_it_says_nothing() -> None:
    # by hand: a product over all corners has no linear part; where answers are equal, no R2
    corners = numbers([-1.0, -1.0, 1.0, 1.0], [-1.0, 1.0, -1.0, 1.0])
    product = explained(
        LinearProbe(), scenario_of(lambda t: t.to_numpy().prod(axis=1), corners, corners)
    )
    np.testing.assert_allclose(product.values, 0.0, atol=1e-12)
    np.testing.assert_allclose(product.diagnostics["r2"], 0.0, atol=1e-12)
    constant = explained(
        LinearProbe(), scenario_of(lambda t: np.full(len(t), 0.1), corners, corners)
    )
    np.testing.assert_allclose(constant.values, 0.0, atol=1e-12)
    assert np.isnan(constant.diagnostics["r2"]).all()


# -- group disparity -------------------------------------------------------------------------------


def test_disparity_of_levels_and_of_few_numbers_by_hand() -> None:
    # the answers are 1, 4, 9, 1, 4, 1 with mean 20 / 6; by age 20: 2.5, 30: 5, 50: 4, 60: 1
    found = explained(GroupDisparity(), scenario_of(worth, JOBS, JOBS))
    ages = JOBS["age"].map({20.0: 2.5, 30.0: 5.0, 50.0: 4.0, 60.0: 1.0}).to_numpy(np.float64)
    sexes = JOBS["sex"].map({"f": 6.0 / 3.0, "m": 14.0 / 3.0}).to_numpy(np.float64)
    by_hand = np.column_stack([worth(JOBS), ages, sexes]) - 20.0 / 6.0
    np.testing.assert_allclose(found.values, by_hand)
    np.testing.assert_allclose(found.base_values, 20.0 / 6.0)


def test_disparity_of_quantile_bins_by_hand() -> None:
    # two numbers in each bin: (1, 2), (3, 4), (5, 6), (7, 8), less the mean 4.5
    background = numbers([8.0, 1.0, 7.0, 2.0, 6.0, 3.0, 5.0, 4.0])
    shown = numbers([1.0, 2.0, 3.0, 6.0, 8.0, -100.0, 100.0, 2.5])
    found = explained(GroupDisparity(n_bins=4), scenario_of(column("x0"), shown, background))
    np.testing.assert_allclose(found.values[:, 0], [-3.0, -3.0, -1.0, 1.0, 3.0, -3.0, 3.0, -3.0])


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_frequent_number_at_either_end_is_told_from_the_rest(sign: float) -> None:
    # 16 of 20 rows are 0 and all quartiles fall on it; the other four are answered 1
    background = numbers([*[0.0] * 16, *(sign * x for x in (1.0, 2.0, 3.0, 4.0))])

    def differs(table: pd.DataFrame) -> Array:
        return np.asarray(table["x0"] != 0.0, dtype=np.float64)

    scenario = scenario_of(differs, background.iloc[[0, 16]], background)
    found = explained(GroupDisparity(n_bins=4), scenario)
    np.testing.assert_allclose(found.values[:, 0], [-0.2, 0.8])


def test_disparity_gives_a_proxy_all_of_the_effect() -> None:
    frame = numbers([0.0, 1.0, 0.0, 1.0], [5.0, 7.0, 5.0, 7.0])
    found = explained(GroupDisparity(), scenario_of(column("x0"), frame, frame))
    np.testing.assert_allclose(found.values[:2], [[-0.5, -0.5], [0.5, 0.5]])


# -- both: the levels and the rows that are asked --------------------------------------------------

ON_REAL_ROWS: tuple[Explainer, ...] = (LinearProbe(), GroupDisparity())
each_on_real_rows = pytest.mark.parametrize("explainer", ON_REAL_ROWS, ids=lambda own: own.name)


@each_on_real_rows
def test_a_level_that_no_row_asked_about_holds_has_no_attribution(explainer: Explainer) -> None:
    known = JOBS[JOBS["job"] != "nurse"]
    found = explained(explainer, scenario_of(worth, JOBS, known))
    unseen = (JOBS["job"] == "nurse").to_numpy()
    np.testing.assert_array_equal(np.isnan(found.values[:, 0]), unseen)
    assert np.isfinite(found.values[:, 1:]).all()
    assert not found.reasons
    only_jobs = explained(explainer, scenario_of(worth, JOBS[["job"]], known[["job"]]))
    assert set(only_jobs.reasons) == set(np.flatnonzero(unseen))


@each_on_real_rows
def test_each_background_row_is_asked_once_and_nothing_else_is(explainer: Explainer) -> None:
    model = Asked(worth)
    found = explained(explainer, scenario_of(model, JOBS.iloc[:1], JOBS.iloc[1:]))
    assert model.rows == list(JOBS.iloc[1:].itertuples(index=False, name=None))
    assert found.n_queries == 5


# -- imbalance -------------------------------------------------------------------------------------

# by hand: 3 : 1 has the entropy 3/4 log2(4/3) + 1/4 log2(4) = 0.811278 bits
THREE_TO_ONE = 1.0 - 0.811278
DISTRIBUTIONS = pd.DataFrame({
    "even": ["a", "b", "c", "d"],
    "uneven": pd.Categorical(["a", "a", "a", "b"], categories=["a", "b", "never"]),
    "constant": ["a"] * 4,
    "flag": [0.0, 0.0, 0.0, 1.0],
    "number": [0.0, 1.0, 2.0, 9.0],  # with two bins, cut at 4.5
    "fixed": [0.1] * 4,
})  # fmt: skip


def refuse(table: pd.DataFrame) -> Array:
    raise AssertionError("asked")


def test_imbalance_by_hand_without_asking() -> None:
    found = explained(Imbalance(n_bins=2), scenario_of(refuse, DISTRIBUTIONS[:2], DISTRIBUTIONS))
    by_hand = [0.0, THREE_TO_ONE, 1.0, THREE_TO_ONE, THREE_TO_ONE, 1.0]
    np.testing.assert_allclose(found.values, [by_hand, by_hand], atol=1e-6)
    assert found.n_queries == 0
    # of four different numbers and more bins each is a level of its own
    many = explained(Imbalance(n_bins=4), scenario_of(refuse, DISTRIBUTIONS, DISTRIBUTIONS))
    np.testing.assert_allclose(many.values[0, 4], 0.0, atol=1e-12)
    assert (many.values >= 0.0).all()


# -- the committee ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Says(Explainer):
    """Says the same of every row, or explains the first one only."""

    values: tuple[float, ...]
    only_first: bool = False
    name: ClassVar[str] = "says"

    def _explain(self, view: View, seed: int) -> list[RowExplanation]:
        said, nothing = np.array(self.values), np.full(len(self.values), np.nan)
        view.notes["seed"] = float(seed)
        others = [RowExplanation(nothing if self.only_first else said)] * (len(view.rows) - 1)
        return [RowExplanation(said), *others]


@pytest.fixture
def sayers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every member one that says what its settings say."""
    monkeypatch.setattr(registry, "create", lambda group, name, settings: Says(**settings))


def committee(*said: tuple[float, ...], combine: Any = "largest", **settings: Any) -> Attributions:
    members = [("says", {"values": values, **settings}) for values in said]
    frame = numbers(*([0.0, 1.0] for _ in said[0]))
    return explained(Committee(members, combine), scenario_of(column("x0"), frame, frame))


@pytest.mark.usefixtures("sayers")
@pytest.mark.parametrize(
    ("combine", "by_hand"), [("largest", [0.5, -0.75, -1.0]), ("median", [0.0, -0.5, -0.25])]
)
def test_shares_of_three_members_by_hand(combine: str, by_hand: list[float]) -> None:
    # shares 1/2, -1/2, 0; then 0, -3/4, 1/4; then 0 for what is not shown, 0, -1
    said = (2.0, -2.0, 0.0), (0.0, -3.0, 1.0), (float("nan"), 0.0, -4.0)
    found = committee(*said, combine=combine)
    np.testing.assert_allclose(found.values, [by_hand, by_hand])
    np.testing.assert_array_equal(found.diagnostics["n_members"], [3.0, 3.0])
    assert found.notes == {f"says[{place}].seed": 3.0 for place in range(3)}


@pytest.mark.usefixtures("sayers")
def test_signs_that_cancel_out_do_not_hide_a_feature() -> None:
    np.testing.assert_allclose(committee((1.0, 1.0), (-2.0, 2.0)).values, [[0.5, 0.5]] * 2)


@pytest.mark.usefixtures("sayers")
def test_a_member_that_cannot_explain_abstains_and_one_that_shows_nothing_does_not() -> None:
    nothing, half = (float("nan"), float("nan")), (1.0, -1.0)
    abstained = committee(nothing, half, half, combine="median")
    np.testing.assert_allclose(abstained.values, [[0.5, -0.5]] * 2)
    np.testing.assert_array_equal(abstained.diagnostics["n_members"], 2.0)
    zeros = committee((0.0, 0.0), (0.0, 0.0), half, combine="median")
    np.testing.assert_allclose(zeros.values, 0.0)


@pytest.mark.usefixtures("sayers")
def test_a_row_that_no_member_explains_has_a_reason() -> None:
    found = committee((1.0, 3.0), (1.0, 1.0), only_first=True)
    np.testing.assert_allclose(found.values, [[0.5, 0.75], [np.nan, np.nan]])
    assert set(found.reasons) == {1}
    np.testing.assert_array_equal(found.diagnostics["n_members"], [2.0, 0.0])


SOCIETY = numbers(*np.random.default_rng(1).normal(size=(5, 90)).tolist())
SHAP = {"background": "rows", "n_background": 5, "verify_rows": 0}
Members = tuple[tuple[str, dict[str, Any]], ...]
MEMBERS: Members = (("kernel_shap", SHAP), ("permutation_importance", {"n_rows": 30}))


def bent(table: pd.DataFrame) -> Array:
    x = table.to_numpy()
    return np.asarray(2.0 * (x[:, 0] > 0) + x[:, 1] * x[:, 2] - 0.5 * x[:, 3])


def test_members_explain_as_they_would_alone() -> None:
    scenario = scenario_of(bent, SOCIETY[:3], SOCIETY[20:])
    alone = [
        explained(registry.create("explainers", name, settings), scenario)
        for name, settings in MEMBERS
    ]
    for member, expected in zip(MEMBERS, alone, strict=True):
        sums = np.abs(expected.values).sum(axis=1, keepdims=True)
        found = explained(Committee((member,)), scenario)
        np.testing.assert_allclose(found.values, expected.values / sums)
    together = explained(Committee(MEMBERS), scenario)
    assert together.n_queries == sum(own.n_queries for own in alone)
    assert together.notes["kernel_shap[0].engine"] == "batched"


@dataclass(frozen=True)
class DrawsFromGlobalState(Explainer):
    name: ClassVar[str] = "draws"

    def _explain(self, view: View, seed: int) -> list[RowExplanation]:
        drawn = np.random.random_sample(len(view.encoder.names))  # noqa: NPY002  as some libraries do
        return [RowExplanation(drawn)] * len(view.rows)


def test_a_member_that_draws_from_the_global_state_is_not_disturbed_by_the_one_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    scenario = scenario_of(bent, SOCIETY[:1], SOCIETY[20:])
    alone = explained(DrawsFromGlobalState(), scenario).values
    monkeypatch.setattr(registry, "create", lambda *_: DrawsFromGlobalState())
    found = explained(Committee([("draws", {})] * 2), scenario).values
    np.testing.assert_allclose(found, alone / alone.sum())


def test_settings_of_a_committee_are_json() -> None:
    found = Committee(MEMBERS, "median")
    assert Committee(**json.loads(json.dumps(found.settings))) == found
    told = explained(found, scenario_of(bent, SOCIETY[:1], SOCIETY[20:]))
    assert Attributions.from_json(told.to_json()).settings == told.settings


# -- all: pure functions ---------------------------------------------------------------------------

# and whether another seed gives another explanation
PURE: tuple[tuple[Explainer, bool], ...] = (
    (LinearProbe(), False),
    (LinearProbe(n_background=40), True),
    (GroupDisparity(), False),
    (GroupDisparity(n_background=40), True),
    (Imbalance(), False),
    (Committee(MEMBERS), True),
    (Committee((("occlusion", {}), ("ice", {}))), False),
)


@pytest.mark.parametrize(("explainer", "is_drawn"), PURE)
def test_a_row_is_explained_alike_whatever_is_beside_it(
    explainer: Explainer, is_drawn: bool
) -> None:
    mixed = SOCIETY.assign(job=np.resize(["clerk", "nurse", "smith"], len(SOCIETY)))
    scenario = scenario_of(lambda t: bent(t.iloc[:, :5]) + worth(t), mixed[:4], mixed[20:])
    values = explained(explainer, scenario).values
    for chosen in ([3, 1, 0, 2], [2], [1, 1]):
        part = scenario.replace(rows=mixed.iloc[chosen])
        np.testing.assert_array_equal(explained(explainer, part).values, values[chosen])
    other = explained(explainer, scenario, seed=4).values
    assert np.array_equal(other, values) is not is_drawn


# -- deceived --------------------------------------------------------------------------------------


def biased(table: pd.DataFrame) -> Array:
    return np.asarray(table["x0"] > 0, dtype=np.float64)


def concealed(table: pd.DataFrame) -> Array:
    """Answer as the biased model on real rows, and elsewhere by another feature."""
    real = {row.tobytes() for row in SOCIETY.to_numpy()}
    is_real = np.array([row.tobytes() in real for row in table.to_numpy()])
    return np.where(is_real, biased(table), table["x1"] > 0)


@each_on_real_rows
def test_real_rows_alone_see_through_a_scaffold(explainer: Explainer) -> None:
    bare, hidden = (scenario_of(model, SOCIETY[:5], SOCIETY[20:]) for model in (biased, concealed))
    found = explained(explainer, hidden)
    np.testing.assert_array_equal(found.values, explained(explainer, bare).values)
    assert (np.abs(found.values).argmax(axis=1) == 0).all()
    # the scaffold does deceive: whoever asks perturbed rows is shown another feature
    for deceived in (KernelShap(), Occlusion(reference="background")):
        values = explained(deceived, hidden).values
        assert np.abs(values[:, 0]).mean() < np.abs(values[:, 1]).mean()


def test_one_member_that_asks_real_rows_is_enough_for_the_largest_share() -> None:
    hidden = scenario_of(concealed, SOCIETY[:5], SOCIETY[20:])
    members: Members = (
        ("occlusion", {"reference": "background"}),
        ("permutation_importance", {}),
        ("neighbour_shap", {}),
    )
    largest = explained(Committee(members, "largest"), hidden).values
    median = explained(Committee(members, "median"), hidden).values
    honest = explained(Committee(members[2:]), hidden).values
    assert (np.abs(largest[:, 0]) >= np.abs(honest[:, 0])).all()
    assert np.abs(median[:, 0]).mean() < 0.5 * np.abs(largest[:, 0]).mean()


# -- refusals --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        (LinearProbe, {"n_background": 0}),
        (LinearProbe, {"alpha": 0.0}),
        (GroupDisparity, {"n_bins": 1}),
        (GroupDisparity, {"n_background": 0}),
        (Imbalance, {"n_bins": 1}),
        (Committee, {"combine": "mean"}),
        (Committee, {"members": ()}),
        (Committee, {"members": "lime"}),
        (Committee, {"members": (("lime",),)}),
        (Committee, {"members": (("lime", 3),)}),
    ],
)
def test_impossible_settings_are_refused_by_name(kind: Any, wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError, match=f"^{next(iter(wrong))}: expected"):
        kind(**wrong)


def test_unknown_members_and_their_settings_are_refused_at_once() -> None:
    with pytest.raises(UnknownPluginError, match="occlusion"):
        Committee((("oclusion", {}),))
    with pytest.raises(InvalidInputError, match="settings of 'occlusion'"):
        Committee((("occlusion", {"speed": 3}),))
    with pytest.raises(InvalidInputError, match=r"^n_reference: expected"):
        Committee((("occlusion", {"n_reference": 0}),))


@pytest.mark.parametrize("explainer", [*ON_REAL_ROWS, Imbalance()], ids=lambda own: own.name)
def test_missing_values_are_refused(explainer: Explainer) -> None:
    rows = SOCIETY.copy()
    rows.iloc[0, 1] = np.nan
    with pytest.raises(InvalidInputError, match="NaN or infinity in x1"):
        explained(explainer, scenario_of(bent, SOCIETY[:2], rows))
