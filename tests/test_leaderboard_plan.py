"""The plan of a leaderboard, its cast of adversaries, and a user's own table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from explaudit import registry
from explaudit.cells import Cell, Part, canonical_json
from explaudit.errors import InvalidInputError
from explaudit.leaderboard import (
    ADVERSARIES,
    PRESETS,
    LeaderboardSettings,
    OwnTable,
    cost,
    plan_leaderboard,
)
from explaudit.leaderboard.explainers import COMMITTEE, EXPLAINERS, SAMPLERS
from explaudit.leaderboard.settings import Judging
from explaudit.metrics import metric_specs
from explaudit.study.tables import OWN_FILE, file_sha256, prepare
from explaudit_attacks.metric_aware import ReferenceSubstitution, ScoreRule

SMALL = LeaderboardSettings(
    datasets=("german",),
    explainers=("lime", "occlusion", "random"),
    replicates=2,
    curve_replicates=0,
)
#: Adversaries, what they show, and the laws that they prepare for, as the cast has it.
N_ADVERSARIES, N_SHOWN, N_LAWS = 6, 3, 5


def small(**changes: Any) -> LeaderboardSettings:
    return msgspec.structs.replace(SMALL, **changes)


def coordinates(cell: Cell) -> tuple[Any, ...]:
    """What results tell two cells apart by."""
    return (
        cell.dataset.name,
        cell.role,
        cell.attack_setting,
        cell.explainer_setting,
        cell.replicate,
    )


def test_the_standard_plan_has_every_cell_once() -> None:
    # curves have a test of their own
    cells = plan_leaderboard(msgspec.structs.replace(PRESETS["standard"], curve_replicates=0))
    models = 1 + N_SHOWN
    behaviour = models + N_ADVERSARIES * N_LAWS
    explanations = len(EXPLAINERS) * (models + N_ADVERSARIES)
    assert len(cells) == 4 * 5 * (behaviour + explanations)
    assert len({cell.id for cell in cells}) == len(cells)
    assert len({coordinates(cell) for cell in cells}) == len(cells)
    assert {judged.sampler for judged in EXPLAINERS.values()} == SAMPLERS.keys()
    assert len(SAMPLERS) == N_LAWS


def test_the_cast_and_the_explainers_are_broad() -> None:
    assert len(ADVERSARIES) >= 6
    assert {"lime", "kernel_shap_kmeans", "occlusion", "random", "constant"} <= EXPLAINERS.keys()
    assert {adversary.innocuous for adversary in ADVERSARIES.values()} == {"coin", "mimic", "score"}
    for adversary in ADVERSARIES.values():
        assert adversary.mechanism and adversary.source and adversary.access


def test_every_attacked_cell_has_the_two_that_it_is_compared_with() -> None:
    cells = plan_leaderboard(SMALL)
    honest = {(c.explainer_setting, c.replicate) for c in cells if c.role == "honest"}
    innocent = {
        (canonical_json(c.innocuous), c.explainer_setting, c.replicate)
        for c in cells
        if c.role == "innocent"
    }
    behaviour = {c.attack_setting for c in cells if c.kind == "behaviour"}
    attacked = [c for c in cells if c.role == "attacked"]
    assert len(attacked) == 2 * (N_ADVERSARIES * 3 + N_ADVERSARIES * 2)
    for cell in attacked:
        assert (cell.explainer_setting, cell.replicate) in honest
        key = (canonical_json(cell.innocuous), cell.explainer_setting, cell.replicate)
        assert key in innocent
        assert cell.attack_setting in behaviour


def test_an_adversary_is_ready_for_the_explainer_that_looks_at_him() -> None:
    for cell in plan_leaderboard(small(explainers=None, replicates=1)):
        if cell.attack is None:
            continue
        adversary, law = cell.attack_setting.split("/")
        sampler = cell.attack.settings["sampler"]
        if ADVERSARIES[adversary].knows_metrics:
            sampler, metrics = sampler["settings"]["samplers"]
            assert metrics["name"] == "reference_substitution"
        assert sampler == SAMPLERS[law]
        if cell.explainer_setting:
            assert EXPLAINERS[cell.explainer_setting].sampler == law


def test_cells_that_share_a_gate_follow_each_other() -> None:
    cells = [c for c in plan_leaderboard(small(explainers=None)) if c.role == "attacked"]
    groups = [cell.group for cell in cells]
    changes = 1 + sum(a != b for a, b in zip(groups[1:], groups[:-1], strict=True))
    # plain, imitating and agreeing share one; the metric-aware ones another; smooth has its own
    assert changes == len(set(groups)) == 2 * 3 * N_LAWS
    by_name = {c.attack_setting: c.group for c in cells if c.replicate == 0}
    assert by_name["plain/lime"] == by_name["agreeing/lime"] == by_name["imitating/lime"]
    assert by_name["metric_aware/lime"] == by_name["imitating_metric_aware/lime"]
    assert by_name["plain/lime"] != by_name["smooth/lime"] != by_name["metric_aware/lime"]


def test_whatever_is_planned_can_be_made() -> None:
    for cell in plan_leaderboard(small(explainers=None, replicates=1)):
        if cell.explainer is not None:
            registry.create("explainers", cell.explainer.name, cell.explainer.settings)
        for model in (cell.model, cell.innocuous):
            registry.create("models", model.name, model.settings)
        if cell.attack is not None:
            attack = registry.create(
                "attacks", cell.attack.name, cell.attack.settings | {"innocuous": None}
            )
            registry.create("samplers", attack.sampler["name"], attack.sampler["settings"])
            registry.create("gates", attack.gate["name"], attack.gate["settings"])
    for part in COMMITTEE:
        registry.create("explainers", part.name, part.settings)


@pytest.mark.parametrize(
    "changes",
    [
        {"datasets": ("german", "compas")},
        {"explainers": None},
        {"adversaries": ("plain",), "replicates": 1},
        {"replicates": 3},
        {"preset": "mine"},
        {"harm_tolerance": 0.1},
    ],
)
def test_other_work_leaves_a_cell_as_it_was(changes: dict[str, Any]) -> None:
    before = {cell.id for cell in plan_leaderboard(SMALL)}
    after = {cell.id for cell in plan_leaderboard(small(**changes))}
    assert before <= after or after <= before


def test_how_explanations_are_judged_changes_no_model() -> None:
    (first, *_), (second, *_) = (
        plan_leaderboard(small(**own))
        for own in ({}, {"n_nearby": 2, "metrics": ("sensitive_rank",)})
    )
    assert first.id != second.id
    few, bare = Judging.taken_from(second.dataset)
    assert (few.n_nearby, few.metrics) == (2, ["sensitive_rank"])
    assert bare == Judging.taken_from(first.dataset)[1]
    assert bare == Part("german", {"protocol": "sound", "max_rows": 4000})


def test_settings_and_cells_survive_their_json() -> None:
    settings = small(metrics=("sensitive_rank",))
    read = msgspec.json.decode(msgspec.json.encode(settings), type=LeaderboardSettings)
    assert read == settings
    for cell in plan_leaderboard(read)[:3]:
        assert msgspec.json.decode(canonical_json(cell), type=Cell) == cell


def test_the_cost_by_hand() -> None:
    settings = small(adversaries=("plain",), explainers=("lime",), n_rows=10, n_nearby=5)
    # f, one psi and e, each with one explanation and a cell of behaviour, twice
    found = cost(plan_leaderboard(settings))
    # itself, ten rows nearby, four peers of its own kind, three other explainers
    assert found == (12, 2, 2 * 3 * 10 * (1 + 10 + 4 + 3))


@pytest.mark.parametrize(("n_features", "n_rows"), [(12, 12), (25, 8), (102, 4), (999, 4)])
def test_wide_tables_explain_fewer_rows(n_features: int, n_rows: int) -> None:
    assert Judging().n_rows(12, n_features) == n_rows
    assert Judging().n_rows(2, n_features) == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"datasets": ("iris",)}, "dataset: expected one of"),
        ({"datasets": ()}, "datasets: expected at least one"),
        ({"datasets": ("file",)}, "own: expected a description of the table just if 'file'"),
        ({"explainers": ("anchors",)}, "explainers: expected some of lime.*anchors"),
        ({"explainers": ()}, "explainers: expected some of"),
        ({"adversaries": ("nobody",)}, "adversaries: expected some of plain"),
        ({"metrics": ("beauty",)}, "metrics: expected some of"),
        ({"n_nearby": 0}, "n_nearby: expected at least 1"),
        ({"replicates": 0}, "replicates: expected at least 1"),
        ({"fidelity_floor": 1.0}, "fidelity_floor: expected more than 0, less than 1"),
        ({"harm_tolerance": -0.1}, "harm_tolerance: expected a number between 0 and 1"),
    ],
)
def test_what_cannot_be_planned_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        plan_leaderboard(small(**changes))


def test_all_metrics_may_be_named() -> None:
    names = tuple(metric_specs())
    cell = plan_leaderboard(small(metrics=names))[0]
    assert Judging.taken_from(cell.dataset)[0].metrics == list(names)


@pytest.fixture
def own_file(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "group": rng.choice(["a", "b"], 80),
            "job": rng.choice(["x", "y", "z"], 80),
            "age": rng.normal(40, 10, 80),
            "decision": rng.choice(["granted", "denied"], 80),
        }
    )
    path = tmp_path / "rows.csv"
    frame.to_csv(path, index=False)
    return path


def own_dataset(path: Path, **changes: Any) -> Part:
    own = OwnTable(
        sha256=file_sha256(path),
        sensitive="group",
        protected="b",
        target="decision",
        favourable="granted",
    )
    settings = small(datasets=("file",), own=msgspec.structs.replace(own, **changes))
    return Judging.taken_from(plan_leaderboard(settings)[0].dataset)[1]


def test_an_own_table_is_known_by_its_content(
    own_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = own_dataset(own_file)
    assert str(own_file) not in canonical_json(dataset).decode()
    monkeypatch.setenv(OWN_FILE, str(own_file))
    table = prepare(dataset, replicate=0, seed=0)
    assert len(table.train) + len(table.test) == 80
    assert table.encoder.names == ("group", "job", "age", "unrelated_one", "unrelated_two")
    rows = pd.read_csv(own_file).loc[table.test.index]
    assert (table.protected(table.test) == (rows["group"] == "b")).all()
    assert (table.test_target == (rows["decision"] == "granted")).all()


def test_numbers_of_two_values_are_levels_in_an_own_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LIME's quartiles of a column with less than a quarter of ones hold both of its values."""
    path = tmp_path / "flags.csv"
    turn = np.arange(40)
    columns = {"flag": turn % 5 == 0, "group": turn % 2, "age": turn, "decision": turn % 3 == 0}
    pd.DataFrame(columns).astype(int).to_csv(path, index=False)
    monkeypatch.setenv(OWN_FILE, str(path))
    dataset = own_dataset(path, protected="above", favourable="")
    encoder = prepare(dataset, replicate=0, seed=0).encoder
    levels = [encoder.names[j] for j in encoder.categorical]
    assert levels == ["flag", "group", "unrelated_one", "unrelated_two"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sha256": "0" * 64}, f"{OWN_FILE}: expected the path of the file with SHA-256 000"),
        ({"sensitive": "race"}, "--data: expected a table with the columns 'race' and 'decision'"),
        ({"target": "group"}, "the columns 'group' and 'group'"),
        ({"favourable": "yes"}, "--target: expected rows with the favourable outcome and others"),
    ],
)
def test_an_own_table_that_is_not_as_described_is_refused(
    own_file: Path, changes: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(OWN_FILE, str(own_file))
    with pytest.raises(InvalidInputError, match=message):
        prepare(own_dataset(own_file, **changes), replicate=0, seed=0)


@pytest.mark.parametrize(
    ("column", "message"),
    [
        ([None] * 40 + ["x"] * 40, "a table without gaps, got .*gaps in .*extra"),
        ([f"id {i}" for i in range(80)], "columns of at most 50 different words"),
    ],
)
def test_an_own_table_that_models_cannot_read_is_refused(
    own_file: Path, column: list[Any], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explaudit.study.tables._MOST_LEVELS", 50)
    pd.read_csv(own_file).assign(extra=column).to_csv(own_file, index=False)
    monkeypatch.setenv(OWN_FILE, str(own_file))
    with pytest.raises(InvalidInputError, match=message):
        prepare(own_dataset(own_file), replicate=0, seed=0)


@parametrize_with_checks([ScoreRule()])  # type: ignore[untyped-decorator]  # sklearn is untyped
def test_the_score_rule_passes_scikit_learns_checks(estimator: Any, check: Any) -> None:
    check(estimator)


def test_the_score_rule_by_hand() -> None:
    frame = pd.DataFrame({"one": [-1.0, -1.0, 1.0, 1.0], "two": [-1.0, 1.0, -1.0, 1.0]})
    model = ScoreRule(columns=("one", "two"), weights=(0.3, 0.15)).fit(frame, [0, 1, 0, 1])
    assert model.predict_proba(frame)[:, 0] == pytest.approx([0.05, 0.35, 0.65, 0.95])
    assert model.predict(frame).tolist() == [1, 1, 0, 0]


@pytest.mark.parametrize("weights", [(0.3, 0.1), (), (0.6,), (-0.1,)])
def test_weights_that_give_no_probability_are_refused(weights: tuple[float, ...]) -> None:
    with pytest.raises(InvalidInputError, match="weights: expected"):
        ScoreRule(weights=weights).fit(np.array([[0.0], [1.0]]), [0, 1])


def test_reference_substitution_replaces_by_medians_and_commonest_levels() -> None:
    rng = np.random.default_rng(1)
    rows = np.column_stack([rng.normal(size=31), rng.choice(5, 31, p=[0.1, 0.1, 0.1, 0.1, 0.6])])
    queries, source = ReferenceSubstitution().draw(rows, (1,), 4000, rng)
    replaced = queries != rows[source]
    reference = np.array([np.median(rows[:, 0]), 4.0])
    assert (queries == np.where(replaced, reference, rows[source])).all()
    # one of two features as often as both: three quarters of each
    assert replaced[:, 0].mean() == pytest.approx(0.75 * 30 / 31, abs=0.03)
