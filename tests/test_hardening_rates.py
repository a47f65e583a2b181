"""Rates of the benchmark of hardened explainers, by hand, and what they say of targets."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from explaudit.hardening.rates import Rate, rates, word_of
from explaudit.hardening.rows import CellRow


def row(first: tuple[float, ...], model: Any = "honest", **given: Any) -> CellRow:
    usual: dict[str, Any] = {"cell_id": "", "dataset": "compas", "replicate": 0, "bias": "rule"}
    usual |= {"explainer": "lime", "models": (model,), "status": "ok"}
    usual |= {"first": first, "row_ids": tuple(range(len(first)))}
    return CellRow(**{**usual, **given})


def find(found: list[Rate], model: str, measure: str = "first", dataset: str = "") -> Rate:
    return next(r for r in found if (r.model, r.measure, r.dataset) == (model, measure, dataset))


def test_rates_ratios_and_rows_that_are_back_by_hand() -> None:
    honest, attacked = (1.0, 1.0, 0.0, 1.0), (1.0, 0.0, 1.0, 0.0)
    found = rates([row(honest), row(attacked, "matched")], seed=0)
    assert find(found, "honest").value == pytest.approx(3 / 4)
    assert find(found, "matched").value == pytest.approx(1 / 2)
    assert find(found, "matched", "ratio").value == pytest.approx(2 / 3)
    back = find(found, "matched", "back")
    assert back.value == pytest.approx(1 / 3)
    assert back.n == 3
    assert not [rate for rate in found if rate.model == "honest" and rate.measure != "first"]


def test_rows_that_all_agree_have_the_exact_interval() -> None:
    # Clopper and Pearson by hand: 0.025 ** (1 / 20) = 0.8316
    alike = rates([row((1.0,) * 20), row((1.0,) * 20, "matched")], seed=0)
    assert find(alike, "honest").low == pytest.approx(0.8316, abs=1e-4)
    assert find(alike, "honest").high == 1.0
    ratio = find(alike, "matched", "ratio")
    assert ratio.low is not None and ratio.low < 0.95, "twenty equal rows prove little"


def test_other_rows_are_not_compared() -> None:
    other = row((1.0, 1.0), "matched", row_ids=(7, 8))
    found = find(rates([row((1.0, 1.0)), other], seed=0), "matched", "ratio")
    assert (found.value, found.n) == (None, 0)
    assert found.reason


def test_what_an_explainer_never_shows_cannot_be_compared() -> None:
    found = rates([row((0.0, 0.0)), row((1.0, 0.0), "unmatched")], seed=0)
    assert find(found, "unmatched", "ratio").value is None
    assert find(found, "unmatched", "back").value is None
    assert word_of(find(found, "unmatched", "ratio")) == "cannot say"


@pytest.mark.parametrize(
    ("low", "high", "word"),
    [(0.9, 1.0, "met"), (0.89, 1.0, "cannot say"), (0.2, 0.9, "cannot say"), (0.2, 0.89, "missed")],
)
def test_the_whole_interval_judges_a_target(low: float, high: float, word: str) -> None:
    rate = msgspec.structs.replace(
        find(rates([row((1.0, 0.0), "unmatched")], seed=0), "unmatched"), low=low, high=high
    )
    assert word_of(rate) == word
    with pytest.raises(KeyError):
        word_of(msgspec.structs.replace(rate, model="honest"))
