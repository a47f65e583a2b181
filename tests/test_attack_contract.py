"""The contract of attacks: every way to cheat is caught, and no honest attack is accused."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from explaudit.attack import Attack
from explaudit.encoding import Encoder
from explaudit.errors import ContractError, InvalidInputError
from explaudit.scenario import Access, Display, Scenario, Surface

Array = npt.NDArray[np.float64]
Tamper = Callable[[Scenario, np.random.Generator], Any]


class Threshold:
    """A model with something to tamper with."""

    def __init__(self, threshold: float = 0.0) -> None:
        self.threshold = threshold

    def __call__(self, table: pd.DataFrame) -> Array:
        return np.asarray(table["x"] > self.threshold, dtype=np.float64)


class Counting(Threshold):
    """A model that changes whenever it is asked."""

    n_rows = 0

    def __call__(self, table: pd.DataFrame) -> Array:
        self.n_rows += len(table)
        return super().__call__(table)


class Unpicklable(Threshold):
    """A model that cannot be pickled."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = lambda values: values
        self.weights = [1.0]


def other_model(table: pd.DataFrame) -> Array:
    return np.zeros(len(table))


def as_it_is(table: pd.DataFrame, outputs: Array) -> Array:
    return outputs


@pytest.fixture
def given(tmp_path: Path) -> Scenario:
    """A scenario in which every surface is there to be attacked."""
    frame = pd.DataFrame({"x": [-1.0, 0.5, 2.0], "red": [1, 0, 0], "blue": [0, 1, 1]})
    frame["job"] = pd.Categorical(["nurse", "smith", "nurse"])
    encoder = Encoder.from_frame(frame, groups={"colour": ["red", "blue"]})
    model_file = tmp_path / "model.json"
    model_file.write_text("threshold 0")
    return Scenario(
        rows=frame.copy(),
        model=Threshold(),
        background=frame.copy(),
        encoder=encoder,
        display=Display(encoder.names),
        model_file=model_file,
        postprocess=as_it_is,
    )


def attack(tamper: Tamper, surface: Surface = Surface.MODEL) -> Attack:
    """Return an attack that does what it is told."""
    declared = surface

    class Told(Attack):
        name, surface, access, source = "told", declared, Access.TRAINING, "none"

        def _tamper(self, scenario: Scenario, rng: np.random.Generator) -> Scenario:
            changed: Scenario = tamper(scenario, rng)
            return changed

    return Told()


def other_file(scenario: Scenario, _: np.random.Generator) -> Scenario:
    assert scenario.model_file is not None
    path = scenario.model_file.with_suffix(".new")
    path.write_text("threshold 1")
    return scenario.replace(model_file=path)


HONEST: dict[Surface, Tamper] = {
    Surface.MODEL: lambda s, rng: s.replace(model=Threshold(1.0)),
    Surface.BACKGROUND: lambda s, rng: s.replace(background=s.background.head(2)),
    Surface.ENCODER: lambda s, rng: s.replace(encoder=Encoder.from_frame(s.rows)),
    Surface.DISPLAY: lambda s, rng: s.replace(display=Display(s.display.labels[::-1])),
    Surface.MODEL_FILE: other_file,
    Surface.OUTPUT: lambda s, rng: s.replace(postprocess=lambda table, outputs: outputs * 0),
    Surface.INPUT: lambda s, rng: s.replace(rows=s.rows.assign(x=0.0)),
}


@pytest.mark.parametrize("surface", Surface)
def test_an_honest_attack_passes_and_changes_its_surface_only(
    surface: Surface, given: Scenario
) -> None:
    attacked = attack(HONEST[surface], surface).apply(given, seed=0)
    for name in vars(given):
        same = getattr(attacked, name) is getattr(given, name)
        assert same == (name != surface.field)


@pytest.mark.parametrize("surface", Surface)
@pytest.mark.parametrize("declared", Surface)
def test_another_surface_than_the_declared_is_caught(
    surface: Surface, declared: Surface, given: Scenario
) -> None:
    if surface is declared:
        return
    with pytest.raises(ContractError, match=rf"surface '{declared}' but changed {surface.field}"):
        attack(HONEST[surface], declared).apply(given, seed=0)


def also_other_settings(scenario: Scenario, _: np.random.Generator) -> Scenario:
    return scenario.replace(model=other_model, class_index=0, output="label")


def hides_a_method(scenario: Scenario, _: np.random.Generator) -> Scenario:
    attacked = scenario.replace(model=other_model)
    object.__setattr__(attacked, "answer", lambda table: np.zeros(len(table)))
    return attacked


@pytest.mark.parametrize(
    ("cheat", "message"),
    [
        (also_other_settings, "but changed class_index, output"),
        (hides_a_method, "but changed answer"),
    ],
)
def test_what_is_no_surface_cannot_change(cheat: Tamper, message: str, given: Scenario) -> None:
    with pytest.raises(ContractError, match=message):
        attack(cheat).apply(given, seed=0)


def in_place(modify: Callable[[Scenario], object]) -> Tamper:
    """Return a cheat: what it returns is in order, but it has modified what it was given."""

    def cheat(scenario: Scenario, _: np.random.Generator) -> Scenario:
        modify(scenario)
        return scenario.replace(model=other_model)

    return cheat


def overwrite_file(scenario: Scenario) -> None:
    assert scenario.model_file is not None
    scenario.model_file.write_text("threshold 9")


def swap_levels(scenario: Scenario) -> None:
    levels = scenario.encoder.features[1].levels
    assert levels is not None
    levels.iloc[0] = levels.iloc[1]


IN_PLACE: dict[str, tuple[str, Callable[[Scenario], object]]] = {
    "a value of the background": ("background", lambda s: s.background.__setitem__("x", 9.0)),
    "one number of a row": ("rows", lambda s: s.rows.__setitem__("x", s.rows["x"] + 1e-12)),
    "a column's dtype": ("rows", lambda s: s.rows.__setitem__("red", s.rows["red"] == 1)),
    "a column's name": ("rows", lambda s: setattr(s.rows, "columns", list("abcd"))),
    "a new column": ("rows", lambda s: s.rows.__setitem__("extra", 1)),
    "the index": ("background", lambda s: setattr(s.background, "index", [5, 6, 7])),
    "the model": ("model", lambda s: setattr(s.model, "threshold", 1.0)),
    "the encoder's levels": ("encoder", swap_levels),
    "the model's file": ("model_file", overwrite_file),
    "a frozen field": ("display", lambda s: object.__setattr__(s, "display", Display(()))),
    "a method": ("answer", lambda s: object.__setattr__(s, "answer", len)),
}


@pytest.mark.parametrize("what", IN_PLACE)
def test_modifying_the_given_scenario_is_caught(what: str, given: Scenario) -> None:
    name, modify = IN_PLACE[what]
    with pytest.raises(ContractError, match=f"modified {name} in place"):
        attack(in_place(modify)).apply(given, seed=0)


def test_modifying_the_declared_surface_in_place_is_caught_too(given: Scenario) -> None:
    def cheat(scenario: Scenario, _: np.random.Generator) -> Scenario:
        scenario.background["x"] = 0.0
        return scenario.replace(background=scenario.background)

    with pytest.raises(ContractError, match="modified background in place"):
        attack(cheat, Surface.BACKGROUND).apply(given, seed=0)


@pytest.mark.parametrize(
    "cheat",
    [
        lambda s, rng: s,
        lambda s, rng: s.replace(),
        lambda s, rng: s.replace(model=copy.deepcopy(s.model)),
    ],
)
def test_an_attack_that_does_nothing_is_caught(cheat: Tamper, given: Scenario) -> None:
    with pytest.raises(ContractError, match="returned the scenario unchanged"):
        attack(cheat).apply(given, seed=0)


class Shadow(Scenario):
    """A scenario of the attacker's own."""

    def answer(self, table: pd.DataFrame) -> Array:
        return np.zeros(len(table))


@pytest.mark.parametrize(
    ("cheat", "kind"),
    [
        (lambda s, rng: None, "NoneType"),
        (lambda s, rng: s.model, "Threshold"),
        (lambda s, rng: Shadow(**dict(vars(s), model=other_model)), "Shadow"),
    ],
)
def test_returning_something_else_is_caught(cheat: Tamper, kind: str, given: Scenario) -> None:
    with pytest.raises(ContractError, match=f"must return a Scenario, it returned {kind}"):
        attack(cheat).apply(given, seed=0)


def test_apply_is_final() -> None:
    with pytest.raises(ContractError, match="`apply` is final"):

        class Unchecked(Attack):
            def apply(self, scenario: Scenario, *, seed: int) -> Scenario:  # type: ignore[misc]  # the fault is the point
                return scenario.replace(model=other_model, class_index=0)


def test_an_attack_without_a_method_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="_tamper"):
        Attack()  # type: ignore[abstract]  # the fault is the point


def asks_first(scenario: Scenario, _: np.random.Generator) -> Scenario:
    scenario.answer(scenario.background)
    return scenario.replace(model=other_model)


def models_that_are_hard_to_compare(frame: pd.DataFrame) -> list[Any]:
    doubled = make_pipeline(FunctionTransformer(lambda x: 2 * x), KNeighborsClassifier(1))
    numbers = frame[["x"]]
    return [
        Threshold(),
        Counting(),
        Unpicklable(),
        Threshold().__call__,
        lambda table: np.zeros(len(table)),
        # its search tree counts what it is asked
        KNeighborsClassifier(1, algorithm="kd_tree").fit(numbers, [0, 1, 1]),
        doubled.fit(numbers, [0, 1, 1]),
    ]


@pytest.mark.parametrize("which", range(7))
def test_asking_any_model_is_no_cheating(which: int, given: Scenario) -> None:
    numbers = given.rows[["x"]]
    model = models_that_are_hard_to_compare(given.rows)[which]
    scenario = given.replace(model=model, rows=numbers, background=numbers, postprocess=None)
    assert attack(asks_first).apply(scenario, seed=0).model is other_model


@pytest.mark.parametrize(
    "modify",
    [
        lambda s: setattr(s.model, "threshold", 1.0),
        lambda s: setattr(s.model, "scale", lambda values: -values),
        lambda s: s.model.weights.append(2.0),
    ],
)
def test_modifying_a_model_that_cannot_be_pickled_is_caught(
    modify: Callable[[Scenario], object], given: Scenario
) -> None:
    scenario = given.replace(model=Unpicklable())
    with pytest.raises(ContractError, match="modified model in place"):
        attack(in_place(modify)).apply(scenario, seed=0)


def test_modifying_a_model_behind_its_method_is_caught(given: Scenario) -> None:
    model = Threshold()
    scenario = given.replace(model=model.__call__)
    with pytest.raises(ContractError, match="modified model in place"):
        attack(in_place(lambda s: setattr(model, "threshold", 1.0))).apply(scenario, seed=0)


def shifted(scenario: Scenario, rng: np.random.Generator) -> Scenario:
    return scenario.replace(model=Threshold(float(rng.random())))


def shifted_by_global_state(scenario: Scenario, _: np.random.Generator) -> Scenario:
    drawn = np.random.random() + random.random()  # noqa: NPY002 (a planted fault)
    return scenario.replace(model=Threshold(drawn))


@pytest.mark.parametrize("tamper", [shifted, shifted_by_global_state])
def test_equal_seeds_give_equal_attacks(tamper: Tamper, given: Scenario) -> None:
    thresholds = [attack(tamper).apply(given, seed=s).model.threshold for s in (1, 1, 2)]
    assert thresholds[0] == thresholds[1] != thresholds[2]


def test_the_callers_random_state_is_left_alone(given: Scenario) -> None:
    def state() -> tuple[str, Any]:
        return repr(np.random.get_state()), random.getstate()  # noqa: NPY002 (must not change)

    before = state()
    attack(shifted_by_global_state).apply(given, seed=0)
    assert state() == before


def test_an_attack_may_refuse(given: Scenario) -> None:
    def refuse(scenario: Scenario, _: np.random.Generator) -> Scenario:
        raise InvalidInputError("scenario", "a model with a file", None)

    with pytest.raises(InvalidInputError, match="a model with a file"):
        attack(refuse).apply(given, seed=0)
