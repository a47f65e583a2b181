"""The engine's own choices as settings of the explainer: shared coalitions, mere sampling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from explaudit.encoding import Encoder
from explaudit.engines.kernel import KernelResult, kernel_shap
from explaudit.errors import InvalidInputError
from explaudit.explainers import KernelShap
from explaudit.explainers import kernel_shap as kernel_adapter
from explaudit.scenario import Display, Scenario

Array = npt.NDArray[np.float64]

SEED = 4
TOLERANCE = 1e-9
N_COLUMNS = 16

SHARED = KernelShap(nsamples=150, n_background=4, mode="shared")


def curved(table: pd.DataFrame) -> Array:
    """A score with interactions, whose answer to a row is the same bits in any batch."""
    x = table.to_numpy()
    score = x[:, 0] * x[:, 1] - np.abs(x[:, 2] - x[:, 3])
    for column in range(4, x.shape[1]):
        score = score + (-0.5) ** (column % 5) * np.maximum(x[:, column], 0.0)
    return np.asarray(score / 10)


def make_scenario(n_rows: int = 5, n_columns: int = N_COLUMNS) -> Scenario:
    rng = np.random.default_rng(2)
    frame = pd.DataFrame(
        rng.normal(size=(40, n_columns)), columns=[f"x{i}" for i in range(n_columns)]
    )
    encoder = Encoder.from_frame(frame)
    return Scenario(frame.iloc[:n_rows], curved, frame.iloc[10:], encoder, Display(encoder.names))


@pytest.mark.parametrize("l1_reg", [False, "num_features(5)"])
def test_shared_coalitions_are_verified_and_pure(l1_reg: bool | str) -> None:
    scenario, explainer = make_scenario(), replace(SHARED, l1_reg=l1_reg)
    found = explainer.explain(scenario, seed=SEED)
    assert found.notes["engine"] == "batched"
    assert found.notes["rows_verified"] == 3
    assert float(found.notes["deviation"]) < TOLERANCE
    order = [3, 0, 4]
    part = explainer.explain(scenario.replace(rows=scenario.rows.iloc[order]), seed=SEED)
    np.testing.assert_array_equal(part.values, found.values[order])
    for i in range(len(scenario.rows)):
        alone = explainer.explain(scenario.replace(rows=scenario.rows.iloc[[i]]), seed=SEED)
        np.testing.assert_array_equal(alone.values[0], found.values[i])


def test_the_mode_reaches_the_engine() -> None:
    scenario, drawn = make_scenario(), []
    modes: tuple[Literal["shared", "library_law"], ...] = ("shared", "library_law")
    for mode in modes:
        explainer = replace(SHARED, mode=mode, verify_rows=0)
        first, second = (explainer.explain(scenario, seed=seed) for seed in (SEED, SEED + 1))
        assert first.settings["mode"] == mode
        assert np.abs(first.values - second.values).max() > 1e-6, "the seed draws"
        drawn.append(first.values)
    assert np.abs(drawn[0] - drawn[1]).max() > 1e-6
    default = KernelShap(nsamples=150, n_background=4, verify_rows=0)
    np.testing.assert_array_equal(default.explain(scenario, seed=SEED).values, drawn[1])


def test_a_wrong_engine_is_caught_with_shared_coalitions(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*args: Any, **kwargs: Any) -> KernelResult:
        result = kernel_shap(*args, **kwargs)
        return replace(result, values=result.values + 1e-4)

    monkeypatch.setattr(kernel_adapter, "kernel_shap", wrong)
    found = SHARED.explain(make_scenario(), seed=SEED)
    assert found.notes["engine"] == "library"
    assert found.notes["deviation"] == pytest.approx(1e-4, rel=1e-3)
    by_library = replace(SHARED, mode="library_law", engine="library")
    theirs = by_library.explain(make_scenario(), seed=SEED)
    np.testing.assert_array_equal(found.values, theirs.values)


def test_where_all_coalitions_are_asked_there_is_nothing_to_share() -> None:
    scenario = make_scenario(n_columns=8)
    law = KernelShap(exact=False)
    first, second = (
        each.explain(scenario, seed=SEED).values for each in (law, replace(law, mode="shared"))
    )
    np.testing.assert_array_equal(first, second)


def test_the_library_cannot_share() -> None:
    with pytest.raises(InvalidInputError, match="draws for each row") as caught:
        KernelShap(engine="library", mode="shared")
    assert caught.value.argument == "mode"


@pytest.mark.parametrize(("argument", "wrong"), [("mode", "given"), ("exact", True)])
def test_wrong_choices_are_refused(argument: str, wrong: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        KernelShap(**{argument: wrong})
    assert caught.value.argument == argument


def test_sampling_as_such_can_be_asked_for() -> None:
    scenario = make_scenario(1)
    # 10 features vary, 4 from each background row: 3 * 14 rows say all, 90 coalitions do not
    near = pd.concat([scenario.rows] * 3, ignore_index=True)
    for i, first in enumerate((0, 4, 6)):
        near.iloc[i, first : first + 4] += 1.0 + 0.1 * np.arange(4)
    scenario = scenario.replace(background=near)
    few = KernelShap(background="rows", n_background=3, nsamples=90)
    exact = few.explain(scenario, seed=SEED)
    sampled = replace(few, exact=False).explain(scenario, seed=SEED)
    every = replace(few, exact=False, nsamples=2**10).explain(scenario, seed=SEED)
    np.testing.assert_allclose(exact.values, every.values, atol=TOLERANCE)
    assert np.abs(sampled.values - exact.values).max() > 1e-6
    for found in (exact, sampled, every):
        assert found.notes["engine"] == "batched"
        assert float(found.notes["deviation"]) < TOLERANCE
