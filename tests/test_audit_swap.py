"""Swapping explainers and settings: a scaffold is told by them, an honest model is not accused."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from explaudit import Encoder
from explaudit.audit.evidence import Asked, Evidence
from explaudit.audit.outcome import Judgement
from explaudit.audit.swap import Swap, _ask
from explaudit.audit.target import Target
from explaudit.errors import InvalidInputError

Array = npt.NDArray[np.float64]

N = 400
SWAP = Swap(queries=650, single_queries=150, company=60, n_twins=10)
SMALLEST = "smallest hidden share of sex"


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


def n_strange(table: pd.DataFrame) -> npt.NDArray[np.intp]:
    """Return by how many values a row differs from the real row that is most like it."""
    asked = world()[1].encode(table)
    parts = np.array_split(asked, len(asked) // 500 + 1)
    return np.concatenate(
        [(part[:, None] != world()[2][None]).sum(axis=2).min(axis=1) for part in parts]
    )


def looks_real(table: pd.DataFrame) -> npt.NDArray[np.bool_]:
    return np.equal(n_strange(table), 0)


def scaffold(table: pd.DataFrame) -> Array:
    return np.where(looks_real(table), openly_biased(table), innocent(table))


def lenient_scaffold(table: pd.DataFrame) -> Array:
    """Takes a row for real that has one strange value, as a gate that knows LIME does."""
    return np.where(n_strange(table) <= 1, openly_biased(table), innocent(table))


def guarded(table: pd.DataFrame) -> Array:
    return np.where(looks_real(table), openly_biased(table), 0)


def evidence(model: Any, budget: int | None = None, n_rows: int = N) -> Evidence:
    _, encoder, rows = world()
    target = Target(model, encoder, budget=None if budget is None else budget + n_rows)
    return Evidence(target, encoder, ("sex",), Asked(rows[:n_rows], target.ask(rows[:n_rows])))


@cache
def judged(model: Callable[[pd.DataFrame], Array]) -> Judgement:
    """Judge with no more budget than the detector says that it needs."""
    found = evidence(model, budget=SWAP.cost(N))
    judgement = SWAP.judge(found, alpha=0.05, seed=0)
    assert judgement.tests[0].queries == found.target.n_queries - N <= SWAP.cost(N)
    return judgement


def shares_told(model: Callable[[pd.DataFrame], Array]) -> dict[str, float]:
    """Return the share of sex by the way that gives it, in percent, as the finding tells it."""
    (finding,) = judged(model).findings
    return {way: float(share) for share, way in re.findall(r"(\d+)% by ([\w -]+)", finding.text)}


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
    labels = ("k-means centres", "random background rows", "LIME")
    for label in (*labels, "permutation importance", "partial dependence"):
        assert label in finding.text
    # two ways against real rows, and three against these and against replaced values
    assert test.details["compared"] == 2 + 3 + 3


def test_replaced_values_show_what_a_lenient_gate_leaves_alone() -> None:
    (test,), (hidden,) = judged(lenient_scaffold).tests, judged(lenient_scaffold).hidden
    assert test.p_value is not None
    assert test.p_value < 0.01
    assert hidden.low > 0.0
    openly, lenient, strict = map(shares_told, (openly_biased, lenient_scaffold, scaffold))
    for way in ("permutation importance", "partial dependence"):
        assert lenient[way] == openly[way]
        assert strict[way] < openly[way] / 2
    assert lenient["LIME"] < openly["LIME"] / 2


def test_the_power_statement_is_below_what_a_scaffold_hides() -> None:
    scaffolded, honest = judged(scaffold), judged(openly_biased)
    for found in (scaffolded, honest):
        assert 0.0 < found.tests[0].details[SMALLEST] < 0.4
    assert f"{scaffolded.tests[0].details[SMALLEST]:.0%} of all credit would" in (
        scaffolded.tests[0].reason
    )
    assert scaffolded.hidden[0].estimate > scaffolded.tests[0].details[SMALLEST]


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


def test_answers_come_back_to_the_queries_that_they_are_of() -> None:
    _, encoder, rows = world()
    target = Target(lambda t: t["a"].to_numpy(), encoder)
    parts = [rows[:300], rows[300:310], rows[310:]]
    found = _ask(target, parts, rows[:50], np.random.default_rng(0))
    for part, answers in zip(parts, found, strict=True):
        np.testing.assert_array_equal(answers[:, 0], part[:, 0])
    assert target.n_queries == N + 50


@pytest.mark.parametrize(
    "wrong", [{"queries": 99}, {"single_queries": -1}, {"company": -1}, {"n_twins": 9}]
)
def test_impossible_settings_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(InvalidInputError, match=next(iter(wrong))):
        Swap(**wrong)
