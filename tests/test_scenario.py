"""The scenario: asking the model as the world sees it, and refusing unusable answers."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeRegressor

from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit.scenario import Access, Display, Scenario, Surface

Array = npt.NDArray[np.float64]
TABLE = pd.DataFrame({"x": [-2.0, -1.0, 1.0, 2.0], "y": [1.0, 0.0, 0.0, 1.0]})
TARGET = np.array(["no", "no", "yes", "yes"])


def scenario(model: Any, **changes: Any) -> Scenario:
    encoder = Encoder.from_frame(TABLE)
    return Scenario(TABLE, model, TABLE, encoder, Display(encoder.names)).replace(**changes)


class Replies:
    """A classifier whose methods return what they are told to."""

    classes_ = ("no", "yes")

    def __init__(self, labels: Any = None, scores: Any = None) -> None:
        self.labels, self.scores = labels, scores

    def predict(self, table: pd.DataFrame) -> Any:
        return self.labels

    def predict_proba(self, table: pd.DataFrame) -> Any:
        return self.scores


@pytest.mark.parametrize("class_index", [0, 1, -1])
def test_probability_of_the_explained_class(class_index: int) -> None:
    model = LogisticRegression().fit(TABLE, TARGET)
    answers = scenario(model, class_index=class_index).answer(TABLE)
    np.testing.assert_array_equal(answers, model.predict_proba(TABLE)[:, class_index])


@pytest.mark.parametrize(("class_index", "expected"), [(0, [1, 1, 0, 0]), (1, [0, 0, 1, 1])])
def test_label_of_the_explained_class(class_index: int, expected: list[int]) -> None:
    model = LogisticRegression(C=100).fit(TABLE, TARGET)
    asked = scenario(model, output="label", class_index=class_index)
    np.testing.assert_array_equal(asked.answer(TABLE), expected)


def test_value_of_a_regressor() -> None:
    model = DecisionTreeRegressor().fit(TABLE, TABLE["x"])
    np.testing.assert_array_equal(scenario(model, output="value").answer(TABLE), TABLE["x"])


def test_a_plain_function_of_one_or_two_dimensions() -> None:
    one = scenario(lambda table: table["x"])
    two = scenario(lambda table: np.column_stack([table["x"], table["y"]]))
    np.testing.assert_array_equal(one.answer(TABLE), TABLE["x"])
    np.testing.assert_array_equal(two.answer(TABLE), TABLE["y"])
    np.testing.assert_array_equal(two.replace(class_index=0).answer(TABLE), TABLE["x"])


def test_lists_are_answers_too() -> None:
    labels = scenario(Replies(labels=["no", "yes", "yes", "no"]), output="label")
    np.testing.assert_array_equal(labels.answer(TABLE), [0, 1, 1, 0])
    scores = scenario(Replies(scores=[[0.75, 0.25]] * 4))
    np.testing.assert_array_equal(scores.answer(TABLE), [0.25] * 4)


def test_postprocess_sees_the_batch_and_has_the_last_word() -> None:
    seen = []

    def round_up(table: pd.DataFrame, outputs: Array) -> Array:
        seen.append((table, outputs.tolist()))
        return np.ceil(outputs)

    asked = scenario(lambda table: table["x"] / 4, postprocess=round_up)
    np.testing.assert_array_equal(asked.answer(TABLE), [0, 0, 1, 1])
    assert seen[0][0] is TABLE
    assert seen[0][1] == [-0.5, -0.25, 0.25, 0.5]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda table: np.zeros(3), r"expected 4 answers, got \(3,\)"),
        (lambda table: 0.5, r"expected 4 answers, got \(\)"),
        (lambda table: None, r"expected 4 answers, got \(\)"),
        (lambda table: np.zeros((4, 2, 2)), r"expected 4 answers, got \(4, 2, 2\)"),
        (lambda table: np.zeros((4, 1)), "class_index: expected one of the model's 1 classes"),
        (lambda table: ["yes"] * 4, "answers that are numbers"),
        (lambda table: [[1], [1, 2]], "answers that are numbers"),
        (lambda table: np.array([0, 1, np.nan, 0]), "finite answers"),
        (lambda table: np.array([0, 1, -np.inf, 0]), "finite answers"),
        (Replies(scores=np.zeros((3, 2))), r"expected 4 answers, got \(3,\)"),
        (Replies(scores=np.full((4, 2), np.nan)), "finite answers"),
        (SVC(), "answers that are numbers"),
    ],
)
def test_unusable_answers_are_refused(model: Any, message: str) -> None:
    if isinstance(model, SVC):
        model.fit(TABLE, TARGET)
    with pytest.raises(InvalidInputError, match=message):
        scenario(model).answer(TABLE)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"output": "label", "class_index": 2}, "one of the model's 2 classes, got 2"),
        ({"output": "label", "class_index": -3}, "one of the model's 2 classes, got -3"),
        ({"output": "probability", "class_index": 2}, "one of the model's 2 classes, got 2"),
        ({"output": "odds"}, "output: expected one of .*'label'.*, got 'odds'"),
        ({"output": "label", "model": lambda table: np.ones(4)}, "a fitted classifier"),
        ({"output": "label", "model": DecisionTreeRegressor()}, "a fitted classifier"),
        ({"postprocess": lambda table, outputs: outputs[:1]}, "expected 4 answers"),
        ({"postprocess": lambda table, outputs: "a word"}, "postprocess: expected answers"),
        ({"postprocess": lambda table, outputs: outputs / np.nan}, "finite answers"),
    ],
)
def test_unusable_settings_are_refused(changes: dict[str, Any], message: str) -> None:
    model = Replies(labels=["no"] * 4, scores=np.full((4, 2), 0.5))
    with pytest.raises(InvalidInputError, match=message):
        scenario(model).replace(**changes).answer(TABLE)


def test_a_scenario_is_changed_by_copy_only() -> None:
    given = scenario(len)
    changed = given.replace(class_index=0)
    assert (given.class_index, changed.class_index) == (1, 0)
    assert changed.rows is given.rows
    with pytest.raises(FrozenInstanceError):
        given.class_index = 0  # type: ignore[misc]  # the fault is the point


def test_every_surface_is_a_field_of_its_own() -> None:
    names = {field.name for field in fields(Scenario)}
    assert {surface.field for surface in Surface} <= names
    assert len({surface.field for surface in Surface}) == len(Surface)
    assert (Surface.OUTPUT.field, Surface.INPUT.field) == ("postprocess", "rows")


def test_access_is_ordered_from_little_to_much() -> None:
    ordered = sorted(Access)
    assert ordered[0] is Access.OUTPUTS
    assert ordered[-1] is Access.TRAINING
    assert Access.SCORES < Access.BATCH < Access.INPUTS < Access.ENCODING < Access.BACKGROUND_DATA
