"""Swapping explainers and settings: a scaffold is told by them, an honest model is not accused."""

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
from explaudit.audit._swap.shares import Compared
from explaudit.audit._swap.ways import Scene, Way, perturbing_ways, real_ways
from explaudit.audit.evidence import Asked, Evidence
from explaudit.audit.gaps import LEAST_SPREAD
from explaudit.audit.outcome import Judgement
from explaudit.audit.swap import Swap, _ask
from explaudit.audit.target import Target
from explaudit.errors import ContractError, InvalidInputError

Array = npt.NDArray[np.float64]

N = 400
SWAP = Swap(queries=900, company=60, n_twins=20)


@cache
def world() -> tuple[pd.DataFrame, Encoder, Array]:
    rng = np.random.default_rng(0)
    sex = rng.choice(["f", "m"], N)
    frame = pd.DataFrame(rng.normal(size=(N, 3)), columns=list("abc"))
    frame["a"] += 0.5 * (sex == "m")
    frame["sex"] = pd.Categorical(sex)
    encoder = Encoder.from_frame(frame)
    return frame, encoder, encoder.encode(frame)


def openly_biased(table: pd.DataFrame) -> Array:
    return np.asarray(0.3 * table["a"] + (table["sex"] == "m") > 0.5, dtype=np.intp)


def innocent(table: pd.DataFrame) -> Array:
    return np.asarray(table["a"] + 0.5 * table["b"] > 0, dtype=np.intp)


def looks_real(table: pd.DataFrame) -> npt.NDArray[np.bool_]:
    known = set(map(tuple, world()[2].round(6).tolist()))
    return np.array([tuple(row) in known for row in world()[1].encode(table).round(6).tolist()])


def scaffold(table: pd.DataFrame) -> Array:
    return np.where(looks_real(table), openly_biased(table), innocent(table))


def guarded(table: pd.DataFrame) -> Array:
    return np.where(looks_real(table), openly_biased(table), 0)


def evidence(model: Any, budget: int | None = None, n_rows: int = N) -> Evidence:
    _, encoder, rows = world()
    target = Target(model, encoder, budget=None if budget is None else budget + n_rows)
    return Evidence(target, encoder, ("sex",), Asked(rows[:n_rows], target.ask(rows[:n_rows])))


@cache
def judged(model: Callable[[pd.DataFrame], Array], seed: int = 0) -> Judgement:
    """Judge with no more budget than the detector says that it needs."""
    found = evidence(model, budget=SWAP.cost(N))
    judgement = SWAP.judge(found, alpha=0.05, seed=seed)
    assert judgement.tests[0].queries == found.target.n_queries - N <= SWAP.cost(N)
    return judgement


def test_a_scaffold_is_found_and_its_shares_are_told() -> None:
    found = judged(scaffold)
    (test,), (hidden,), (finding,) = found.tests, found.hidden, found.findings
    assert test.p_value is not None
    assert test.p_value < 0.01
    # by real rows sex decides nearly alone; perturbed rows are decided without it
    assert hidden.real > 0.25
    assert hidden.shown < 0.15
    assert hidden.low > 0.1
    assert (hidden.unit, hidden.group) == ("share", test.group)
    assert finding.text.startswith(f"Of all credit, sex has {hidden.real:.0%} in ways")
    for label in ("k-means centres", "random background rows", "LIME"):
        assert label in finding.text


@pytest.mark.parametrize("model", [openly_biased, innocent])
def test_an_honest_model_is_not_accused_however_biased_it_is(
    model: Callable[[pd.DataFrame], Array],
) -> None:
    found = judged(model)
    assert found.tests[0].p_value is not None
    assert found.tests[0].p_value > 0.01
    assert found.hidden[0].low < 0.0


def test_threshold_and_p_value_agree() -> None:
    for model in (scaffold, openly_biased):
        test = judged(model).tests[0]
        assert test.score is not None and test.threshold is not None and test.p_value is not None
        assert (test.score >= test.threshold) == (test.p_value <= 0.05)


def test_a_guard_that_refuses_perturbed_rows_is_left_to_say() -> None:
    (test,) = judged(guarded).tests
    assert test.p_value is None
    assert "one and the same answer" in test.reason
    assert test.queries > 0


def test_equal_seeds_judge_alike_and_others_otherwise() -> None:
    again = SWAP.judge(evidence(innocent), alpha=0.05, seed=0)
    assert again == judged(innocent)
    assert SWAP.judge(evidence(innocent), alpha=0.05, seed=1) != again


def test_it_says_nothing_of_too_few_rows_of_missing_numbers_or_of_too_many_features() -> None:
    few = SWAP.judge(evidence(innocent, n_rows=90), alpha=0.05, seed=0).tests[0]
    assert few.p_value is None and "90 real rows are too few" in few.reason
    wide = pd.DataFrame(np.random.default_rng(0).normal(size=(120, 9))).rename(columns=str)
    wide.loc[0, "0"] = np.nan
    encoder = Encoder.from_frame(wide)
    target = Target(lambda t: t["1"].to_numpy(), encoder)
    real = Asked(encoder.encode(wide), np.zeros((120, 1)))
    for detector, words in ((Swap(), "missing"), (Swap(queries=250), "9 features")):
        (test,) = detector.judge(Evidence(target, encoder, ("0",), real), alpha=0.05, seed=0).tests
        assert test.p_value is None
        assert words in test.reason
    assert target.n_queries == 0


@pytest.mark.parametrize("n_features", [2, 8, 12, 60])
def test_no_way_asks_more_than_it_may(n_features: int) -> None:
    frame = pd.DataFrame(np.random.default_rng(1).normal(size=(80, n_features))).rename(columns=str)
    encoder = Encoder.from_frame(frame)
    rows = encoder.encode(frame)
    n_rows, ways = perturbing_ways(n_features, 2000)
    scene = Scene(encoder, rows[:n_rows], rows, seed=0)
    assert len(ways) == 3
    for way in ways:
        assert 0 < len(scene.asked(way)) <= 2000, way.label


def test_ways_on_real_rows_ask_nothing_else() -> None:
    _, encoder, rows = world()
    known = set(map(tuple, rows.tolist()))
    for way in real_ways():
        assert set(map(tuple, Scene(encoder, rows[:5], rows, 0).asked(way).tolist())) <= known


def test_what_an_explainer_makes_of_played_back_answers_is_what_it_makes_of_the_model() -> None:
    _, encoder, rows = world()
    scene = Scene(encoder, rows[:4], rows[:100], seed=3)
    for way in (*perturbing_ways(4, 850)[1], *real_ways()):
        asked = scene.asked(way)
        answers = openly_biased(encoder.decode(asked)).astype(np.float64)
        direct = np.abs(scene._explained(way, openly_biased))  # type: ignore[arg-type]  # a model
        np.testing.assert_array_equal(
            np.nanmean(direct, axis=0), scene.sizes(way, answers[:, None]), err_msg=way.label
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
    _, encoder, rows = world()
    scene, way = Scene(encoder, rows[:4], rows, seed=0), Way("curious", Curious())
    n_asked = len(scene.asked(way))
    assert n_asked == 4
    scene.sizes(way, np.ones((n_asked, 1)))
    with pytest.raises(ContractError, match="asked more rows"):
        scene.sizes(way, np.full((n_asked, 1), 3.0))


def test_answers_come_back_to_the_queries_that_they_are_of() -> None:
    _, encoder, rows = world()
    target = Target(lambda t: t["a"].to_numpy(), encoder)
    parts = [rows[:300], rows[300:310], rows[310:]]
    found = _ask(target, parts, rows[:50], np.random.default_rng(0))
    for part, answers in zip(parts, found, strict=True):
        np.testing.assert_array_equal(answers[:, 0], part[:, 0])
    assert target.n_queries == N + 50


def test_shares_and_scores_by_hand() -> None:
    """Three models, the second real way shows no sensitive feature, and one model credits none."""
    nan = np.nan
    real = np.array([[[3.0, 1.0], [nan, 5.0]], [[1.0, 1.0], [nan, 5.0]], [[1.0, 3.0], [nan, 1.0]]])
    perturbed = np.array([[[0.0, 2.0]], [[1.0, 3.0]], [[0.0, 0.0]]])
    found = Compared.of(real, perturbed, (0,))
    assert found.real.ravel().tolist() == [0.75, 0.5, 0.25]
    assert found.drops.ravel().tolist() == [0.75, 0.25, 0.25]
    assert found.excess.ravel().tolist() == [0.5]
    # two twins that agree: only what is added to the spread, widened for a third one
    assert found.spread.ravel().tolist() == pytest.approx([LEAST_SPREAD * np.sqrt(1.5)])
    # of what is shown the twins have a quarter and nothing, the model nothing
    spread = 0.125 * np.sqrt(2.0) + LEAST_SPREAD
    assert found.scores.ravel().tolist() == pytest.approx([0.125 / (spread * np.sqrt(1.5))])


@pytest.mark.parametrize("wrong", [{"queries": 99}, {"company": -1}, {"n_twins": 9}])
def test_impossible_settings_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInputError, match=next(iter(wrong))):
        Swap(**wrong)
