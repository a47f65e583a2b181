"""What a model does on real rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from explaudit import behaviour
from explaudit.behaviour import (
    agreement,
    agreement_where_models_differ,
    behaviour_rows,
    demographic_parity_gap,
    fidelity,
    matched_pairs,
    real_recall,
)
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError

Array = npt.NDArray[np.float64]

F = np.array([1.0, 1.0, 0.0, 0.0, 0.9])
E = np.array([1.0, 0.0, 0.0, 1.0, 0.6])
PSI = np.array([1.0, 0.0, 1.0, 1.0, 0.5])  # a tie goes to the other class


def test_agreement_compares_hard_decisions() -> None:
    assert agreement(F, E).tolist() == [1, 0, 1, 0, 1]
    assert fidelity(F, E) == pytest.approx(3 / 5)


def test_agreement_where_models_differ_leaves_out_what_chance_gives() -> None:
    # psi differs from f in all rows but the first
    np.testing.assert_array_equal(
        agreement_where_models_differ(F, E, PSI), [np.nan, 0.0, 1.0, 0.0, 1.0]
    )
    assert np.nanmean(agreement_where_models_differ(F, F, PSI)) == 1.0
    assert np.nanmean(agreement_where_models_differ(F, PSI, PSI)) == 0.0
    assert np.isnan(agreement_where_models_differ(F, E, F)).all()


def test_real_recall_is_the_share_judged_real() -> None:
    assert real_recall(np.array([True, True, False, True])) == pytest.approx(3 / 4)


def test_demographic_parity_gap_is_positive_for_harm_to_the_protected_group() -> None:
    protected = np.array([True, True, True, False, False])
    outputs = np.array([0.0, 0.0, 1.0, 1.0, 1.0])
    assert demographic_parity_gap(outputs, protected) == pytest.approx(1 - 1 / 3)
    assert demographic_parity_gap(1 - outputs, protected) == pytest.approx(1 / 3 - 1)
    assert np.isnan(demographic_parity_gap(outputs, np.ones(5, dtype=bool)))


def people(n: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "group": np.where(rng.random(n) < 0.4, "x", "y"),
            "income": rng.normal(30_000, 9_000, n),
            "age": rng.normal(40, 12, n),
            "town": rng.choice(["north", "south", "east"], n),
            "constant": np.ones(n),
        }
    )


def test_matched_pairs_are_the_nearest_rows_of_the_other_group_by_brute_force() -> None:
    frame = people(40)
    protected = np.asarray(frame["group"] == "x")
    found = matched_pairs(frame, protected, Encoder.from_frame(frame), ["group"])
    for i in range(len(frame)):
        distances = [
            sum(
                ((frame[c].iloc[i] - frame[c].iloc[j]) / frame[c].std(ddof=0)) ** 2
                for c in ("income", "age")
            )
            + 2 * (frame["town"].iloc[i] != frame["town"].iloc[j])
            if protected[j] != protected[i]
            else np.inf
            for j in range(len(frame))
        ]
        assert found[i] == np.argmin(distances)


def test_matched_pairs_work_when_nothing_but_the_sensitive_feature_is_there() -> None:
    frame = pd.DataFrame({"group": ["x", "y", "x"]})
    protected = np.array([True, False, True])
    found = matched_pairs(frame, protected, Encoder.from_frame(frame), ["group"])
    assert (protected[found] != protected).all()


class Rule:
    """A probability of the favourable class that depends on the row alone."""

    def __init__(self, probability: Callable[[pd.DataFrame], npt.ArrayLike]) -> None:
        self.probability = probability

    def predict_proba(self, frame: pd.DataFrame) -> Array:
        p = np.asarray(self.probability(frame), dtype=np.float64)
        return np.column_stack([1 - p, p])


class Gated(Rule):
    def judged_real(self, frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
        return np.asarray(frame["age"] > 40)


HONEST = Rule(lambda t: t["group"] != "x")
INNOCENT = Rule(lambda t: t["town"] != "north")


def measured(model: Any, table: pd.DataFrame, **changes: Any) -> dict[str, Array]:
    arguments: dict[str, Any] = {
        "honest": HONEST,
        "model": model,
        "innocent": INNOCENT,
        "frame": table,
        "protected": np.asarray(table["group"] == "x"),
        "encoder": Encoder.from_frame(table),
        "sensitive": "group",
    }
    return behaviour_rows(**{**arguments, **changes})


def test_the_rows_of_the_honest_and_of_the_innocuous_model_are_the_two_ends() -> None:
    frame = people()
    honest, innocent = measured(HONEST, frame), measured(INNOCENT, frame)
    assert honest["agreement"].all()
    assert np.nanmean(honest["agreement_differ"]) == 1.0
    assert np.nanmean(innocent["agreement_differ"]) == 0.0
    # f depends on the group alone: every pair differs by 1, to the harm of the protected one
    assert (honest["matched_pair_effect"] == 1).all()
    assert (honest["matched_pair_signed"] == 1).all()
    assert demographic_parity_gap(honest["favourable"], honest["protected"] == 1) == 1.0
    assert innocent["matched_pair_effect"].mean() < 0.5
    assert set(honest) == {
        behaviour.AGREEMENT,
        behaviour.AGREEMENT_DIFFER,
        behaviour.FAVOURABLE,
        behaviour.PROTECTED,
        behaviour.PAIR_EFFECT,
        behaviour.PAIR_SIGNED,
    }


def test_the_sign_of_the_pair_effect_follows_the_group_that_is_harmed() -> None:
    favours_the_protected = Rule(lambda t: np.where(t["group"] == "x", 0.8, 0.1))
    rows = measured(favours_the_protected, people())
    np.testing.assert_allclose(rows["matched_pair_signed"], -0.7)
    np.testing.assert_allclose(rows["matched_pair_effect"], 0.7)


def test_a_gate_that_knows_the_real_rows_cannot_hide_the_pair_effect() -> None:
    frame = people()
    known = set(frame["income"])

    def gated(t: pd.DataFrame) -> Array:
        real = t["income"].isin(known)
        return np.where(real, t["group"] != "x", t["town"] != "north").astype(np.float64)

    # the gate does work: a perturbed row is answered by psi
    perturbed = frame.assign(income=frame["income"] + 1.0, group="x", town="south")
    assert (gated(perturbed) == 1).all()
    assert (measured(Rule(gated), frame)["matched_pair_effect"] == 1).all()


def test_a_gate_is_measured_where_the_model_has_one() -> None:
    frame = people()
    rows = measured(Gated(HONEST.probability), frame)
    assert rows["judged_real"].mean() == pytest.approx((frame["age"] > 40).mean())


def test_a_model_of_labels_is_decided_by_its_labels() -> None:
    frame = people()
    rows = measured(lambda t: (t["group"] != "x").astype(float), frame)
    assert rows["agreement"].all()


def test_pairs_are_undefined_when_a_group_is_missing() -> None:
    frame = people().query("group == 'x'")
    rows = measured(HONEST, frame)
    assert np.isnan(rows["matched_pair_effect"]).all()
    assert np.isnan(rows["matched_pair_signed"]).all()


@pytest.mark.parametrize(
    "changes",
    [
        {"protected": np.array([True])},
        {"frame": people().iloc[:0], "protected": np.array([], dtype=bool)},
        {"sensitive": ["colour"]},
        {"innocent": Rule(lambda t: np.full(len(t), np.nan))},
    ],
)
def test_unusable_input_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        measured(HONEST, people(), **changes)
