"""Ways to explain: what they ask and make of answers; shares, scores and power by hand; seeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from explaudit import Encoder, Explainer, RowExplanation
from explaudit.audit._swap.scene import Scene
from explaudit.audit._swap.shares import Compared, Comparison, Kind
from explaudit.audit._swap.ways import Way, perturbing_ways, real_ways, single_ways
from explaudit.audit.evidence import Asked, Evidence
from explaudit.audit.gaps import LEAST_SPREAD
from explaudit.audit.swap import Swap
from explaudit.audit.target import Target
from explaudit.errors import ContractError

Array = npt.NDArray[np.float64]

N = 200
#: How many of the four features' values partial dependence goes through: the grid has five of a
#: feature with many, and all of one with three or two.
POINTS = 5 + 5 + 3 + 2


@cache
def world() -> tuple[Encoder, Array]:
    """Return rows of two numbers, a count of 0 to 2 and a sex."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(N, 2)), columns=list("ab"))
    frame["count"] = rng.integers(0, 3, N).astype(float)
    frame["sex"] = pd.Categorical(rng.choice(["f", "m"], N))
    encoder = Encoder.from_frame(frame)
    return encoder, encoder.encode(frame)


def additive(table: pd.DataFrame) -> Array:
    return np.asarray(3.0 * table["a"] + 2.0 * table["count"] + 5.0 * (table["sex"] == "m"))


def scene_of(n_rows: int = 3, n_background: int = N) -> Scene:
    encoder, rows = world()
    return Scene(encoder, rows[:n_rows], rows[:n_background], seed=0)


def singles(scene: Scene, most_queries: int) -> dict[str, Way]:
    found = single_ways(lambda way: len(scene.asked(way)), most_queries)
    return {way.label: way for way in found}


def sizes(scene: Scene, way: Way, model: Callable[[pd.DataFrame], Array]) -> Array:
    answers = np.asarray(model(scene.encoder.decode(scene.asked(way))), dtype=np.float64)
    return scene.sizes(way, answers[:, None])


@pytest.mark.parametrize("n_features", [2, 8, 12, 60])
def test_no_way_asks_more_than_it_may(n_features: int) -> None:
    frame = pd.DataFrame(np.random.default_rng(1).normal(size=(80, n_features))).rename(columns=str)
    encoder = Encoder.from_frame(frame)
    rows = encoder.encode(frame)
    n_rows, ways = perturbing_ways(n_features, 2000)
    scene = Scene(encoder, rows[:n_rows], rows, seed=0)
    assert len(ways) == 3
    assert len(singles(scene, 2000)) == 2
    for way in (*ways, *singles(scene, 2000).values()):
        assert 0 < len(scene.asked(way)) <= 2000, way.label


def test_the_budget_settles_of_how_many_rows_single_values_are_replaced() -> None:
    scene = scene_of()
    found = singles(scene, 300)
    # a row is asked twice as it is, and once for each feature
    assert len(scene.asked(found["permutation importance"])) == 300 // 6 * 6
    assert len(scene.asked(found["partial dependence"])) == 300 // POINTS * POINTS
    # five rows are the fewest
    assert [*singles(scene, 5 * POINTS - 1)] == ["permutation importance"]
    assert not singles(scene, 5 * 6 - 1)
    assert not singles(scene, 0)


def test_single_ways_replace_one_value_of_a_real_row_by_a_real_one() -> None:
    scene = scene_of()
    for way in singles(scene, 150).values():
        asked = scene.asked(way)
        differ = (asked[:, None] != scene.background[None]).sum(axis=2).min(axis=1)
        assert differ.max() == 1, way.label
        for j, column in enumerate(asked.T):
            assert set(column) <= set(scene.background[:, j]), way.label


def test_permutation_importance_by_hand() -> None:
    """Of an additive model an answer moves by what the permuted term does, and no more."""
    scene = scene_of()
    way = singles(scene, 300)["permutation importance"]
    # the same rows twice, and then once for each feature, that feature permuted
    whole, _, *permuted = np.split(scene.asked(way), 6)
    moved = [np.abs(block[:, j] - whole[:, j]).mean() for j, block in enumerate(permuted)]
    assert min(moved) > 0.0
    expected = np.array([3.0, 0.0, 2.0, 5.0]) * moved
    np.testing.assert_allclose(sizes(scene, way, additive), expected, atol=1e-12)


def test_partial_dependence_by_hand() -> None:
    """Counts go from 0 to 2 at 2 each, sex adds 5; a goes from its least value to its greatest."""
    scene = scene_of()
    way = singles(scene, 300)["partial dependence"]
    expected = [3.0 * np.ptp(scene.background[:, 0]), 0.0, 4.0, 5.0]
    np.testing.assert_allclose(sizes(scene, way, additive), expected, atol=1e-12)


def test_ways_on_real_rows_ask_nothing_else() -> None:
    _, rows = world()
    known = set(map(tuple, rows.tolist()))
    for way in real_ways():
        assert set(map(tuple, scene_of(n_rows=5).asked(way).tolist())) <= known


def test_what_an_explainer_makes_of_played_back_answers_is_what_it_makes_of_the_model() -> None:
    scene = scene_of(n_rows=4, n_background=100)
    for way in (*perturbing_ways(4, 850)[1], *singles(scene, 300).values(), *real_ways()):
        direct = np.abs(scene._explained(way, additive))  # type: ignore[arg-type]  # a model
        np.testing.assert_array_equal(
            np.nanmean(direct, axis=0), sizes(scene, way, additive), err_msg=way.label
        )


@dataclass(frozen=True)
class Curious(Explainer):
    """Asks more where the answers are large."""

    name: ClassVar[str] = "curious"
    source: ClassVar[str] = "a planted fault"

    def _explain(self, view: Any, seed: int) -> list[RowExplanation]:
        if view.query(view.rows).max() > 2.0:
            view.query(view.rows)
        return [RowExplanation(np.ones(view.rows.shape[1]))] * len(view.rows)


def test_an_explainer_whose_questions_depend_on_answers_is_caught() -> None:
    scene, way = scene_of(n_rows=4), Way("curious", Curious())
    n_asked = len(scene.asked(way))
    assert n_asked == 4
    scene.sizes(way, np.ones((n_asked, 1)))
    with pytest.raises(ContractError, match="asked more rows"):
        scene.sizes(way, np.full((n_asked, 1), 3.0))


def test_shares_and_scores_by_hand() -> None:
    """Three models, the second real way shows no sensitive feature, and one model credits none."""
    nan = np.nan
    real = np.array([[[3.0, 1.0], [nan, 5.0]], [[1.0, 1.0], [nan, 5.0]], [[1.0, 3.0], [nan, 1.0]]])
    perturbed = np.array([[[0.0, 2.0]], [[1.0, 3.0]], [[0.0, 0.0]]])
    found = Compared.of([Kind("real", ("x", "y"), real), Kind("far", ("z",), perturbed)], (0,))
    assert found.names == (Comparison("real", "far", "z"),)
    assert found.closer.ravel().tolist() == [0.75, 0.5, 0.25]
    assert (found.closer - found.farther).ravel().tolist() == [0.75, 0.25, 0.25]
    assert found.excess.ravel().tolist() == [0.5]
    # two twins that agree: only what is added to the spread, widened for a third one
    assert found.spread.ravel().tolist() == pytest.approx([LEAST_SPREAD * np.sqrt(1.5)])
    # of what is shown the twins have a quarter and nothing, the model nothing
    spread = 0.125 * np.sqrt(2.0) + LEAST_SPREAD
    assert found.scores.ravel().tolist() == pytest.approx([0.125 / (spread * np.sqrt(1.5))])


def test_every_way_is_compared_with_all_kinds_that_are_closer_to_real_rows() -> None:
    """The model's shares are 1/2 and 1 by the near ways, 1/4 by the middle one, 0 by the far."""
    one, half, quarter, none = [4.0, 0.0], [2.0, 2.0], [1.0, 3.0], [0.0, 4.0]
    kinds = [
        Kind("near", ("n", "m"), np.array([[half, one]] * 3)),
        Kind("middle", ("i",), np.array([[quarter]] * 3)),
        Kind("far", ("f", "g"), np.array([[none, half]] * 3)),
    ]
    found = Compared.of(kinds, (0,))
    assert ["".join(each) for each in found.names] == [
        "nearmiddlei",
        "nearfarf",
        "nearfarg",
        "middlefarf",
        "middlefarg",
    ]
    assert found.closer[0, :, 0].tolist() == [0.75, 0.75, 0.75, 0.25, 0.25]
    assert found.farther[0, :, 0].tolist() == [0.25, 0.0, 0.5, 0.0, 0.5]


def compared(closer: Array, farther: Array) -> Compared:
    names = (Comparison("near", "far", "f"),)
    return Compared(names, closer[:, None, None], farther[:, None, None])


def test_the_smallest_hidden_share_by_hand() -> None:
    """Twins with shares of 0.1, 0.2 and 0.3; each is judged by the two others.

    That of 0.2 is as its others are on average, so that two standard errors must be hidden, of
    others that lie 0.2 apart. That of 0.3 shows 0.15 more than the mean of others that lie 0.1
    apart: as much more must be hidden; that of 0.1 shows as much less.
    """
    found = compared(np.full(4, 0.5), np.array([0.0, 0.1, 0.2, 0.3]))
    wide, narrow = (
        2.0 * (apart / np.sqrt(2.0) + LEAST_SPREAD) * np.sqrt(1.5) for apart in (0.2, 0.1)
    )
    enough = {0.3: narrow - 0.15, 0.6: narrow + 0.15, 1.0: wide}
    for probability, share in enough.items():
        assert found.smallest(2.0, probability).ravel().tolist() == pytest.approx([share])


def test_both_parts_of_the_score_must_find_what_is_hidden() -> None:
    """Real shares that vary as those shown do: the drop is the same in all twins."""
    shares = np.array([0.0, 0.1, 0.2, 0.3])
    found = compared(shares, shares)
    alone = compared(np.full(4, 0.5), shares)
    np.testing.assert_allclose(found.smallest(2.0, 1.0), alone.smallest(2.0, 1.0))


def test_the_smallest_hidden_share_is_found_four_times_out_of_five() -> None:
    """Honest models that are drawn as their twins are, and then made to hide so much."""
    rng, needed, hits = np.random.default_rng(0), 3.0, []
    for _ in range(300):
        common = 0.5 + 0.1 * rng.standard_t(5, size=31)
        closer, farther = common, common + 0.05 * rng.normal(size=31)
        smallest = compared(closer, farther).smallest(needed, 0.8).item()
        farther[0] -= smallest
        hits.append(compared(closer, farther).scores.item() >= needed)
    assert 0.72 < np.mean(hits) < 0.88


def test_equal_seeds_judge_alike_and_others_otherwise() -> None:
    encoder, rows = world()
    target = Target(additive, encoder)
    real = Evidence(target, encoder, ("sex",), Asked(rows[:120], target.ask(rows[:120])))
    small = Swap(queries=250, single_queries=100, company=20, n_twins=10)
    first, again, other = (small.judge(real, alpha=0.05, seed=seed) for seed in (0, 0, 1))
    assert again == first
    assert other != first
