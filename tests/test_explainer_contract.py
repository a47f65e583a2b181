"""The contract of explainers: pure whatever an adapter does, and checked in what it returns."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from explaudit.attributions import Attributions
from explaudit.encoding import Encoder
from explaudit.errors import ContractError, InvalidInputError
from explaudit.explainer import Explainer, RowExplainer, RowExplanation, View
from explaudit.scenario import Display, Scenario

Array = npt.NDArray[np.float64]


def score(table: pd.DataFrame) -> Array:
    return np.asarray(table["x"] + 2.0 * (table["job"] == "nurse"), dtype=np.float64)


def scenario(model: Any = score, n_rows: int = 4) -> Scenario:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=9), "y": rng.normal(size=9)})
    frame["job"] = rng.choice(["nurse", "smith"], size=9)
    encoder = Encoder.from_frame(frame)
    return Scenario(frame.head(n_rows), model, frame, encoder, Display(encoder.names))


class Steps(RowExplainer):
    """An honest explainer: what each feature adds on the way from the first background row."""

    name: ClassVar[str] = "steps"
    source: ClassVar[str] = "none"

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        start = view.background[0]

        def explain(row: Array, _: int) -> RowExplanation:
            ladder = np.where(np.tri(len(row) + 1, len(row), -1) > 0, row, start)
            answers = view.query(ladder)
            return RowExplanation(np.diff(answers), float(answers[0]), {"end": answers[-1]})

        return explain


class Drawing(RowExplainer):
    """A base for explainers that answer with random numbers of one kind or another."""

    name: ClassVar[str] = "drawing"
    source: ClassVar[str] = "none"

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        shared = np.random.default_rng(seed)
        return lambda row, own_seed: RowExplanation(self.draw(len(row), own_seed, shared))

    def draw(self, n: int, own_seed: int, shared: np.random.Generator) -> Array:
        return np.random.default_rng(own_seed).random(n)


class DrawsGlobally(Drawing):
    """Draws from both global generators, as some libraries do; the shield makes it pure."""

    def draw(self, n: int, own_seed: int, shared: np.random.Generator) -> Array:
        return np.random.random(n) + random.random()  # noqa: NPY002 (as some libraries do)


class Reseeds(Drawing):
    """Seeds the global generator itself."""

    def draw(self, n: int, own_seed: int, shared: np.random.Generator) -> Array:
        np.random.seed(0)  # noqa: NPY002 (as some libraries do)
        return np.random.random(n)  # noqa: NPY002 (as some libraries do)


class GoesOnDrawing(Drawing):
    """A fault: one generator for all rows, so that a row depends on those before it."""

    def draw(self, n: int, own_seed: int, shared: np.random.Generator) -> Array:
        return shared.random(n)


class Unseeded(Drawing):
    """A fault: a generator that nobody seeded."""

    def draw(self, n: int, own_seed: int, shared: np.random.Generator) -> Array:
        return np.random.default_rng().random(n)


class Relative(Explainer):
    """A fault: a row's explanation depends on the other rows."""

    name: ClassVar[str] = "relative"
    source: ClassVar[str] = "none"

    def _explain(self, view: View, seed: int) -> list[RowExplanation]:
        return [RowExplanation(row - view.rows.mean(axis=0)) for row in view.rows]


@dataclass(frozen=True)
class Remembers(Steps):
    """A fault: the second call differs from the first."""

    calls: list[int] = field(default_factory=list)

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        self.calls.append(1)
        return lambda row, _: RowExplanation(row * len(self.calls))


def explained(explainer: Explainer, asked: Scenario, seed: int = 3) -> Array:
    return explainer.explain(asked, seed=seed).values


def check_repeats(explainer: Explainer) -> None:
    first = explained(explainer, scenario())
    draw_globally()
    np.testing.assert_array_equal(explained(explainer, scenario()), first)


def check_order_of_rows(explainer: Explainer) -> None:
    asked, order = scenario(), [2, 0, 3, 1]
    shuffled = asked.replace(rows=asked.rows.iloc[order])
    np.testing.assert_array_equal(
        explained(explainer, shuffled), explained(explainer, asked)[order]
    )


def check_rows_alone(explainer: Explainer) -> None:
    asked = scenario()
    alone = [explained(explainer, asked.replace(rows=asked.rows.iloc[[i]]))[0] for i in range(4)]
    np.testing.assert_array_equal(alone, explained(explainer, asked))


CHECKS = [check_repeats, check_order_of_rows, check_rows_alone]


def draw_globally() -> tuple[float, float]:
    return float(np.random.random()), random.random()  # noqa: NPY002 (any other work of a caller)


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("explainer", [Steps(), Drawing(), DrawsGlobally(), Reseeds()])
def test_an_explanation_depends_on_row_and_seed_only(
    check: Callable[[Explainer], None], explainer: Explainer
) -> None:
    check(explainer)


@pytest.mark.parametrize(
    ("check", "fault"),
    [
        (check_repeats, Unseeded()),
        (check_repeats, Remembers()),
        (check_order_of_rows, GoesOnDrawing()),
        (check_order_of_rows, Unseeded()),
        (check_rows_alone, GoesOnDrawing()),
        (check_rows_alone, Relative()),
    ],
)
def test_each_check_catches_a_fault(check: Callable[[Explainer], None], fault: Explainer) -> None:
    with pytest.raises(AssertionError):
        check(fault)


def test_another_seed_gives_another_draw() -> None:
    for explainer in (Drawing(), DrawsGlobally()):
        assert (explained(explainer, scenario(), 1) != explained(explainer, scenario(), 2)).all()
    # seeds out of a generator are NumPy integers
    np.testing.assert_array_equal(
        explained(Drawing(), scenario(), np.int64(1)),  # type: ignore[arg-type]
        explained(Drawing(), scenario(), 1),
    )


def test_each_row_has_a_draw_of_its_own_and_equal_rows_the_same() -> None:
    asked = scenario()
    twice = asked.replace(rows=asked.rows.iloc[[0, 1, 2, 3, 0]])
    for explainer in (Drawing(), DrawsGlobally()):
        drawn = explained(explainer, twice)
        np.testing.assert_array_equal(drawn[0], drawn[4])
        assert len(np.unique(drawn[:4], axis=0)) == 4


class DrawsForAll(Explainer):
    """Draws from the global generators, for all rows the same."""

    name: ClassVar[str] = "draws for all"
    source: ClassVar[str] = "none"

    def _explain(self, view: View, seed: int) -> list[RowExplanation]:
        return [RowExplanation(np.array([*draw_globally(), 0.0]))] * len(view.rows)


def test_an_explainer_of_all_rows_at_once_is_shielded_too() -> None:
    for check in CHECKS:
        check(DrawsForAll())
    one, other = (explained(DrawsForAll(), scenario(), seed) for seed in (1, 2))
    assert (one[:, :2] != other[:, :2]).all()


@pytest.mark.parametrize("explainer", [DrawsGlobally(), Reseeds(), DrawsForAll()])
def test_the_callers_random_state_is_left_alone(explainer: Explainer) -> None:
    def state() -> tuple[str, Any]:
        return repr(np.random.get_state()), random.getstate()  # noqa: NPY002 (must not change)

    before = state()
    explainer.explain(scenario(), seed=0)
    assert state() == before
    failing = scenario(model=lambda table: np.full(len(table), np.nan))
    with pytest.raises(InvalidInputError):
        Steps().explain(failing, seed=0)
    assert state() == before


def test_what_comes_of_it_by_hand() -> None:
    asked = scenario()
    found = Steps().explain(asked, seed=0)
    start, rows = asked.background.iloc[0], asked.rows
    is_nurse = (rows["job"] == "nurse").astype(float) - float(start["job"] == "nurse")
    by_hand = np.column_stack([rows["x"] - start["x"], np.zeros(4), 2.0 * is_nurse])
    np.testing.assert_allclose(found.values, by_hand, atol=1e-12)
    np.testing.assert_allclose(found.base_values, score(asked.background)[0])
    np.testing.assert_allclose(found.diagnostics["end"], score(rows))
    assert found.features == ("x", "y", "job")
    assert (found.explainer, found.settings) == ("steps", {})
    assert found.n_queries == 4 * 4  # a ladder of n_features + 1 for each row


def test_the_scenario_is_not_modified() -> None:
    asked = scenario()
    before = asked.rows.copy(), asked.background.copy()
    Steps().explain(asked, seed=0)
    pd.testing.assert_frame_equal(asked.rows, before[0])
    pd.testing.assert_frame_equal(asked.background, before[1])


class Returns(Explainer):
    """An adapter that returns what it is told to."""

    name: ClassVar[str] = "returns"
    source: ClassVar[str] = "none"

    def __init__(self, returned: Any) -> None:
        self.returned = returned

    def _explain(self, view: View, seed: int) -> list[RowExplanation]:
        explanations: list[RowExplanation] = self.returned
        return explanations


GOOD = [RowExplanation(np.zeros(3))] * 4


def test_an_adapter_may_return_lists_reasons_and_partial_diagnostics() -> None:
    rows = [
        RowExplanation([1, 2, 3]),  # type: ignore[arg-type]
        RowExplanation(np.full(3, np.nan), reason="no neighbours"),
        RowExplanation(np.zeros(3), 0.5, {"r2": 0.25}),
        RowExplanation(np.ones(3)),
    ]
    found = Returns(rows).explain(scenario(), seed=0)
    np.testing.assert_array_equal(found.values[0], [1, 2, 3])
    assert found.reasons == {1: "no neighbours"}
    np.testing.assert_array_equal(found.diagnostics["r2"], [np.nan, np.nan, 0.25, np.nan])
    np.testing.assert_array_equal(found.base_values, [np.nan, np.nan, 0.5, np.nan])
    assert found.n_queries == 0


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (GOOD[:3], "must return 4 rows of 3 attributions; it returned 3"),
        (GOOD * 2, "it returned 8"),
        ([], "it returned 0"),
        ([RowExplanation(np.zeros(2))] * 4, r"it returned 4 of \{\(2,\)\}"),
        ([*GOOD[:3], RowExplanation(np.zeros(4))], "it returned 4 of"),
        ([RowExplanation(np.zeros((1, 3)))] * 4, r"it returned 4 of \{\(1, 3\)\}"),
        (None, "must return a list of RowExplanation"),
        (np.zeros((4, 3)), "must return a list of RowExplanation"),
        ([np.zeros(3)] * 4, "must return a list of RowExplanation"),
        (iter(GOOD), "must return a list of RowExplanation"),
    ],
)
def test_another_shape_than_asked_for_is_caught(returned: Any, message: str) -> None:
    with pytest.raises(ContractError, match=f"explainer 'returns'.*{message}"):
        Returns(returned).explain(scenario(), seed=0)


class Scribbles(Steps):
    """A fault: writes into what it was given."""

    def __init__(self, where: str) -> None:
        self.where = where

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        getattr(view, self.where)[0, 0] = 99.0
        return super()._prepare(view, seed)


@pytest.mark.parametrize("where", ["rows", "background"])
def test_an_adapter_cannot_write_into_the_view(where: str) -> None:
    with pytest.raises(ValueError, match="read-only"):
        Scribbles(where).explain(scenario(), seed=0)


def test_explain_is_final() -> None:
    with pytest.raises(ContractError, match="`explain` is final"):

        class Unchecked(Steps):
            def explain(self, scenario: Scenario, *, seed: int) -> Attributions:  # type: ignore[misc]
                raise AssertionError


@pytest.mark.parametrize("missing", ["rows", "background"])
def test_no_rows_are_refused(missing: str) -> None:
    asked = scenario()
    with pytest.raises(InvalidInputError, match=f"scenario.{missing}: expected at least one row"):
        Steps().explain(asked.replace(**{missing: asked.rows.iloc[:0]}), seed=0)


@pytest.mark.parametrize(
    "model",
    [
        lambda table: np.full(len(table), np.nan),
        lambda table: np.zeros(len(table) + 1),
        lambda table: ["yes"] * len(table),
    ],
)
def test_a_model_with_unusable_answers_is_refused(model: Any) -> None:
    with pytest.raises(InvalidInputError, match="model"):
        Steps().explain(scenario(model), seed=0)


def test_rows_with_a_level_that_the_background_lacks_are_refused() -> None:
    asked = scenario()
    with pytest.raises(InvalidInputError, match="column 'job'"):
        Steps().explain(asked.replace(rows=asked.rows.assign(job="pilot")), seed=0)


@dataclass(frozen=True)
class WithSettings(Drawing):
    """An explainer with settings."""

    n: int = 3
    kinds: tuple[str, ...] | None = None


def test_settings_are_the_dataclass_fields() -> None:
    assert WithSettings(n=5).settings == {"n": 5, "kinds": None}
    assert WithSettings(n=5).explain(scenario(), seed=0).settings == {"n": 5, "kinds": None}
    assert Drawing().settings == {}


class AsksForOne(Steps):
    """Asks for a single row, as a vector."""

    def _prepare(self, view: View, seed: int) -> Callable[[Array, int], RowExplanation]:
        return lambda row, _: RowExplanation(np.repeat(view.query(row), 3))


def test_one_row_may_be_asked_as_a_vector_and_is_counted() -> None:
    found = AsksForOne().explain(scenario(), seed=0)
    np.testing.assert_allclose(found.values[:, 0], score(scenario().rows))
    assert found.n_queries == 4
