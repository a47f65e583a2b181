"""Curves of gameability: which steps are planned, and their points worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec
import numpy as np
import pytest

from explaudit import registry
from explaudit.cells import Cell, canonical_json
from explaudit.errors import InvalidInputError
from explaudit.leaderboard import LeaderboardSettings, plan_leaderboard
from explaudit.leaderboard.cast import ADVERSARIES
from explaudit.leaderboard.curves import GROUPS, curve_points, on_board
from explaudit.leaderboard.explainers import EXPLAINERS
from explaudit.leaderboard.results import CurvePoint
from explaudit.leaderboard.steps import ADVERSARY, OFF_BOARD, steps
from explaudit.leaderboard.trials import Trial, Unit
from explaudit.metrics import metric_specs

FLOOR = 0.9
SETTINGS = LeaderboardSettings(
    datasets=("german",),
    explainers=("lime", "kernel_shap_kmeans", "random"),
    adversaries=("plain", "imitating"),
    replicates=2,
    curve_replicates=1,
)
ENTRIES = [metric_specs()[name].entry for name in ("sensitive_share", "pgi", "pgi_on_manifold")]


def is_off_board(cell: Cell) -> bool:
    return OFF_BOARD in cell.explainer_setting + cell.attack_setting


def test_steps_change_one_thing_each() -> None:
    for step in steps(FLOOR):
        judged = EXPLAINERS[step.explainer]
        changed = {
            name
            for name, value in step.part.settings.items()
            if value != judged.part.settings.get(name)
        }
        assert step.part.name == judged.part.name
        if step.axis == "fidelity":
            assert not changed
            assert step.on_board == (step.keep_real == FLOOR)
        else:
            assert step.on_board == (not changed) == (step.setting == step.explainer)
            assert len(changed) <= 1 and step.keep_real == FLOOR
    names = [(step.axis, step.setting, step.attack_setting) for step in steps(FLOOR)]
    assert len(set(names)) == len(names)


def test_every_curve_goes_through_the_leaderboards_own_point() -> None:
    curves: dict[tuple[str, str], list[bool]] = {}
    for step in steps(FLOOR):
        curves.setdefault((step.axis, step.explainer), []).append(step.on_board)
    assert {axis for axis, _ in curves} == {"fidelity", "samples", "background"}
    for own in curves.values():
        assert own.count(True) == 1
        assert len(own) >= 3
    # a floor that is a step already is not tried twice
    kept = [step.value for step in steps(0.95) if step.axis == "fidelity"]
    assert len(kept) == 2 * len(set(kept))


def test_the_attacker_expects_the_background_that_the_auditor_takes() -> None:
    for step in steps(FLOOR):
        if step.axis == "background":
            size = step.part.settings["n_background"]
            assert step.sampler["settings"]["n_background"] == size == step.value


def test_steps_are_planned_in_the_first_replicates_for_all_three_models() -> None:
    cells = plan_leaderboard(SETTINGS)
    own = [cell for cell in cells if is_off_board(cell)]
    assert {cell.replicate for cell in own} == {0}
    budget = [cell for cell in own if OFF_BOARD in cell.explainer_setting]
    by_role = {
        role: {cell.explainer_setting for cell in budget if cell.role == role}
        for role in ("honest", "attacked", "innocent")
    }
    wanted = {step.setting for step in steps(FLOOR) if OFF_BOARD in step.setting}
    assert by_role["honest"] == by_role["attacked"] == by_role["innocent"] == wanted
    shown = {canonical_json(c.innocuous) for c in cells if c.attack_setting == f"{ADVERSARY}/lime"}
    assert {canonical_json(c.innocuous) for c in budget if c.role != "honest"} == shown
    behaviour = {c.attack_setting for c in cells if c.kind == "behaviour"}
    assert {cell.attack_setting for cell in own} - {""} - {"coin"} <= behaviour
    assert len({cell.id for cell in cells}) == len(cells)


def test_the_leaderboards_own_cells_do_not_depend_on_curves() -> None:
    without = plan_leaderboard(msgspec.structs.replace(SETTINGS, curve_replicates=0))
    assert not any(is_off_board(cell) for cell in without)
    added = {cell.id for cell in plan_leaderboard(SETTINGS)} - {cell.id for cell in without}
    extra = [cell for cell in plan_leaderboard(SETTINGS) if cell.id in added]
    # the larger and the smaller background have gates of their own, whose behaviour is measured
    assert all(is_off_board(c) or c.attack_setting.startswith("plain/kmeans_") for c in extra)


def test_cells_that_share_a_gate_follow_each_other_with_curves() -> None:
    groups = [cell.group for cell in plan_leaderboard(SETTINGS) if cell.role == "attacked"]
    changes = 1 + sum(a != b for a, b in zip(groups[1:], groups[:-1], strict=True))
    assert changes == len(set(groups))


def test_without_the_adversary_or_the_explainer_there_are_no_curves() -> None:
    changes: list[dict[str, Any]] = [{"adversaries": ("imitating",)}, {"explainers": ("random",)}]
    for own in changes:
        settings = msgspec.structs.replace(SETTINGS, **own)
        assert not any(is_off_board(cell) for cell in plan_leaderboard(settings))


def test_replicates_of_curves_are_some_of_those_that_there_are() -> None:
    more = msgspec.structs.replace(SETTINGS, curve_replicates=9)
    off_board = {cell.replicate for cell in plan_leaderboard(more) if is_off_board(cell)}
    assert off_board == {0, 1}
    with pytest.raises(InvalidInputError, match="curve_replicates"):
        plan_leaderboard(msgspec.structs.replace(SETTINGS, curve_replicates=-1))


def test_whatever_is_planned_can_be_made() -> None:
    for step in steps(FLOOR):
        registry.create("explainers", step.part.name, step.part.settings)
        attack = ADVERSARIES[ADVERSARY].part(step.sampler, step.keep_real)
        registry.create("attacks", attack.name, attack.settings | {"innocuous": None})
        registry.create("samplers", step.sampler["name"], step.sampler["settings"])


def trial(adversary: str, gamed: Sequence[Sequence[float]], **changes: Any) -> Trial:
    """Return a trial of two replicates and three metrics."""
    made = Trial(adversary, f"{adversary}/lime", 0.95, "", np.array(gamed), 0.9, {})
    return replace(made, **changes)


def unit(*trials: Trial, dataset: str = "one", explainer: str = "lime") -> Unit:
    return Unit(dataset, explainer, trials, np.full((2, 3), np.nan))


KEPT = f"{ADVERSARY}{OFF_BOARD}keep_real=0.6"
PLAIN = trial(ADVERSARY, [[0.8, 0.5, 0.1], [0.6, 0.7, 0.3]])
CHEAP = trial(KEPT, [[1.0, 0.9, 0.2], [1.0, 0.9, 0.2]], fidelity=0.62, broken="fidelity")


def found(*units: Unit) -> dict[tuple[str, float, str, str], CurvePoint]:
    points = curve_points(units, ENTRIES, FLOOR)
    return {(point.axis, point.value, point.of, point.dataset): point for point in points}


def test_points_are_means_over_replicates_of_data_sets() -> None:
    points = found(unit(PLAIN, CHEAP), unit(PLAIN, dataset="two"))
    own = points["fidelity", FLOOR, "sensitive_share", ""]
    assert own.gamed.value == pytest.approx(0.7)
    assert (own.gamed.n, own.deceived, own.n) == (4, 2, 2)
    assert points["fidelity", FLOOR, GROUPS["off"], "two"].gamed.value == pytest.approx(0.6)
    # though the constraint is broken there, which the point's fidelity shows
    cheap = points["fidelity", 0.6, GROUPS["on"], ""]
    assert cheap.gamed.value == pytest.approx(0.2)
    assert (cheap.fidelity, cheap.n) == (0.62, 1)
    assert ("fidelity", 0.6, GROUPS["on"], "two") not in points


def test_quality_is_followed_where_the_explainer_is_deceived() -> None:
    seen = replace(PLAIN, moved=0.1)
    points = found(unit(PLAIN, CHEAP), unit(seen, dataset="two"))
    assert points["fidelity", FLOOR, "pgi", ""].gamed.n == 2
    assert points["fidelity", FLOOR, "sensitive_share", ""].gamed.n == 4
    assert points["fidelity", FLOOR, "pgi", ""].deceived == 1
    nowhere = found(unit(seen, CHEAP))["fidelity", FLOOR, "pgi", ""].gamed
    assert (nowhere.value, nowhere.n) == (None, 0)


def test_a_curve_of_which_only_the_leaderboards_point_was_run_is_none() -> None:
    assert found(unit(PLAIN)) == {}
    assert {axis for axis, *_ in found(unit(PLAIN, CHEAP))} == {"fidelity"}


def test_the_leaderboard_sees_nothing_of_the_curves() -> None:
    more = unit(PLAIN, explainer=f"lime{OFF_BOARD}samples=100")
    (own,) = on_board([unit(PLAIN, CHEAP), more])
    assert own.trials == (PLAIN,)
