"""From records to measurements, on records whose truth is known."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from explaudit import statistics
from explaudit.behaviour import behaviour_rows, demographic_parity_gap, fidelity
from explaudit.cells import Cell, Part, Record
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit.measure import catalogue, measure
from explaudit.results import Gameability, Measurement

Array = npt.NDArray[np.float64]
Role = Literal["honest", "attacked", "innocent"]

ONE, TWO = (
    Part("unrelated_rule", {"columns": ["one"]}),
    Part("unrelated_rule", {"columns": ["two"]}),
)


def record(
    role: Role,
    rows: Mapping[str, Sequence[float | None] | Array],
    *,
    attack: str = "",
    explainer: str = "lime",
    replicate: int = 0,
    row_ids: Sequence[int] | None = None,
    scalars: Mapping[str, float | None] | None = None,
    **changes: Any,
) -> Record:
    cell = Cell(
        kind="explanation" if explainer else "behaviour",
        dataset=Part("compas"),
        model=Part("sensitive_rule"),
        innocuous=ONE,
        role=role,
        attack=Part("scaffold", {"sampler": attack}) if attack else None,
        attack_setting=attack,
        explainer=Part("lime", {"setting": explainer}) if explainer else None,
        explainer_setting=explainer,
        n_rows=None,
        replicate=replicate,
        seed=0,
    )
    cell = msgspec.structs.replace(cell, **changes)
    n_rows = len(next(iter(rows.values())))
    return Record(
        cell_id=cell.id,
        cell=cell,
        status="ok",
        rows={name: [None if v is None else float(v) for v in v_] for name, v_ in rows.items()},
        row_ids=list(range(n_rows)) if row_ids is None else list(row_ids),
        scalars=dict(scalars or {}),
    )


def behaviour(role: Role, agreement: float, *, attack: str = "", **more: Any) -> Record:
    """Return 100 held-out rows, half of them protected, a share `agreement` decided as by f."""
    protected = np.arange(100) % 2
    rows: dict[str, Any] = {
        "agreement": (np.arange(100) < round(100 * agreement)).astype(float),
        "favourable": 1.0 - protected,
        "protected": protected,
        "matched_pair_effect": np.ones(100),
        "matched_pair_signed": np.ones(100),
    }
    return record(role, {**rows, **more.pop("rows", {})}, attack=attack, explainer="", **more)


def ones(n: int, count: int, seed: int = 0) -> Array:
    return np.random.default_rng(seed).permutation(np.arange(n) < count).astype(float)


def study() -> list[Record]:
    """Return two replicates: f 36 of 40, e 20 and 4 of 40, psi 4 of 40 at rank 1."""
    records = []
    for replicate in (0, 1):
        shown: list[tuple[Role, str, int]] = [
            ("honest", "", 36),
            ("innocent", "", 4),
            ("attacked", "half", 20),
            ("attacked", "whole", 4),
        ]
        for role, attack, count in shown:
            top1 = ones(40, count, replicate)
            rows = {"sensitive_top1": top1, "surrogate_r2": 0.5 + 0.1 * top1}
            records.append(record(role, rows, attack=attack, replicate=replicate))
        records.append(behaviour("honest", 1.0, replicate=replicate))
        records.append(behaviour("attacked", 0.95, attack="half", replicate=replicate))
        records.append(behaviour("attacked", 0.8, attack="whole", replicate=replicate))
    return records


def measured(
    records: Sequence[Record], **settings: Any
) -> tuple[dict[tuple[str, ...], Measurement], dict[tuple[str, ...], Gameability]]:
    measurements, gameability = measure(records, seed=0, **{"n_resamples": 200, **settings})
    return (
        {(m.model, m.attack_setting, m.explainer_setting, m.metric): m for m in measurements},
        {(g.evidence, g.summary, g.attack_setting): g for g in gameability},
    )


def test_a_study_with_known_truth() -> None:
    found, judged = measured(study())
    top1 = found["attacked", "half", "lime", "sensitive_top1"]
    assert (top1.value, top1.n, top1.n_replicates) == (0.5, 80, 2)
    assert top1.low is not None and top1.high is not None and top1.low < 0.5 < top1.high
    assert (top1.dataset, top1.attack, top1.explainer) == ("compas", "scaffold", "lime")
    assert found["attacked", "half", "", "fidelity"].value == pytest.approx(0.95)
    half = judged["sensitive_top1", "attack", "half"]
    assert half.value == pytest.approx(0.5)
    assert (half.counts, half.reason) == (True, "")
    assert half.fidelity == pytest.approx(0.95)
    whole = judged["sensitive_top1", "attack", "whole"]
    assert whole.value == pytest.approx(1.0)
    assert not whole.counts
    assert whole.fidelity == pytest.approx(0.8)
    assert "fidelity 0.800 is below 0.9" in whole.reason
    assert judged["sensitive_top1", "mean", ""].value == pytest.approx(0.5)
    assert judged["sensitive_top1", "worst", "half"].value == pytest.approx(0.5)


def test_the_floor_and_the_tolerance_decide_what_counts() -> None:
    _, judged = measured(study(), fidelity_floor=0.75)
    assert judged["sensitive_top1", "mean", ""].value == pytest.approx(0.75)
    assert judged["sensitive_top1", "worst", "whole"].counts
    weaker = [r for r in study() if r.cell.kind == "explanation"]
    for replicate in (0, 1):
        weaker.append(behaviour("honest", 1.0, replicate=replicate))
        for attack in ("half", "whole"):
            # all of the protected group now get what one in five of the others loses
            rows = {"favourable": np.ones(100), "matched_pair_effect": np.full(100, 0.95)}
            weaker.append(
                behaviour("attacked", 0.95, attack=attack, replicate=replicate, rows=rows)
            )
    _, judged = measured(weaker)
    assert not judged["sensitive_top1", "attack", "half"].counts
    reason = judged["sensitive_top1", "attack", "half"].reason
    assert reason == "the demographic-parity gap changes by -1.000, more than 0.1"
    assert judged["sensitive_top1", "mean", ""].value is None


def test_an_attack_whose_behaviour_is_unknown_does_not_count() -> None:
    _, judged = measured([r for r in study() if r.cell.kind == "explanation"])
    assert not judged["sensitive_top1", "attack", "half"].counts
    assert "fidelity was not measured" in judged["sensitive_top1", "attack", "half"].reason


def test_every_name_is_in_the_catalogue() -> None:
    rows = {e.name: ones(40, 20) for e in catalogue() if e.kind in ("evidence", "quality", "cost")}
    gate = {e.name: 0.9 for e in catalogue() if e.kind == "gate"}
    records = [
        record("honest", rows),
        record("attacked", rows, attack="a"),
        record("innocent", rows),
        behaviour("honest", 1.0, rows={"agreement_differ": ones(100, 100)}),
        behaviour("attacked", 1.0, attack="a", rows={"judged_real": ones(100, 90)}, scalars=gate),
    ]
    measurements, judged = measure(records, seed=0, n_resamples=50)
    assert {m.metric for m in measurements} == {e.name for e in catalogue()} - {"gameability"}
    assert {g.evidence for g in judged} == {
        e.name for e in catalogue() if e.kind == "evidence" and e.direction != "none"
    }


def test_a_metric_that_the_catalogue_lacks_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="sensitive_best"):
        measure([record("honest", {"sensitive_best": [1.0]})], seed=0)


def test_neither_the_order_of_records_nor_other_records_change_a_number() -> None:
    records = study()
    before = measure(records, seed=3, n_resamples=100)
    shuffled = list(records)
    random.Random(0).shuffle(shuffled)
    assert measure(shuffled, seed=3, n_resamples=100) == before
    more = [*records, record("honest", {"sensitive_top1": ones(17, 5)}, explainer="shap")]
    assert set(map(repr, before[0])) < set(map(repr, measure(more, seed=3, n_resamples=100)[0]))
    assert measure(records, seed=4, n_resamples=100) != before


def test_cells_are_paired_by_row_id_whatever_the_order_and_whichever_rows() -> None:
    # f on rows 0-9; e on rows 9 down to 5 and others: common rows are 5 to 9
    f = record("honest", {"sensitive_share": [0.1] * 5 + [0.9, 0.8, 0.9, 0.8, 0.9]})
    ids = [9, 8, 7, 6, 5, 10, 11]
    e = record(
        "attacked", {"sensitive_share": [0.5, 0.4, 0.5, 0.4, 0.5, 0, 0]}, attack="a", row_ids=ids
    )
    psi = record("innocent", {"sensitive_share": [0.0, 0.1, 0.0, 0.1, 0.1, 0, 0]}, row_ids=ids)
    _, judged = measured([f, e, psi])
    found = judged["sensitive_share", "attack", "a"]
    assert found.n == 5
    assert found.value == pytest.approx((4.3 - 2.3) / (4.3 - 0.3))


def test_pairing_uses_the_rows_and_not_their_positions() -> None:
    # e is f less 0.4 on the same rows, given in another order: by row the move is exact
    values = np.random.default_rng(0).uniform(0.5, 1.0, 30)
    order = np.random.default_rng(1).permutation(30)
    shares = {"sensitive_share": values}
    moved = {"sensitive_share": values[order] - 0.4}
    away = {"sensitive_share": values - 0.5}
    _, judged = measured(
        [
            record("honest", shares),
            record("attacked", moved, attack="a", row_ids=[int(i) for i in order]),
            record("innocent", away),
        ]
    )
    found = judged["sensitive_share", "attack", "a"]
    # what 30 rows that agree cannot exclude: 1 - 0.025 ** (1 / 30) = 0.1157 over a contrast of 1/2
    assert found.value == pytest.approx(0.8)
    assert (found.low, found.high) == pytest.approx((0.8 - 0.2314, 0.8 + 0.2314), abs=2e-4)


def test_each_attack_is_compared_with_the_innocuous_model_that_it_answers_with() -> None:
    rows = {"sensitive_top1": ones(40, 36)}
    records = [
        record("honest", rows),
        record("attacked", {"sensitive_top1": ones(40, 20)}, attack="one"),
        record("attacked", {"sensitive_top1": ones(40, 20)}, attack="two", innocuous=TWO),
        record("innocent", {"sensitive_top1": ones(40, 4)}),
        record(
            "innocent", {"sensitive_top1": ones(40, 12)}, innocuous=TWO, attack_setting="psi two"
        ),
    ]
    _, judged = measured(records)
    assert judged["sensitive_top1", "attack", "one"].value == pytest.approx(16 / 32)
    assert judged["sensitive_top1", "attack", "two"].value == pytest.approx(16 / 24)


def test_quality_asks_whether_the_false_explanation_does_as_well() -> None:
    records = [
        record("honest", {"surrogate_r2": [0.5, 0.5, 0.5, None]}),
        record("attacked", {"surrogate_r2": [0.9, 0.5, 0.1, 0.9]}, attack="a"),
        record("attacked", {"surrogate_r2": [0.9, 0.6, 0.7, 0.9]}, attack="b"),
    ]
    found, judged = measured(records)
    assert found["attacked", "a", "lime", "surrogate_r2_not_worse"].value == pytest.approx(0.5)
    better = found["attacked", "b", "lime", "surrogate_r2_not_worse"]
    assert (better.value, better.n) == (1.0, 3)
    assert not judged


def test_undefined_values_are_none_with_their_reason() -> None:
    nothing: list[float | None] = [None] * 4
    found, _ = measured(
        [record("honest", {"sensitive_share": nothing, "sensitive_top1": [0, 0, 1, None]})]
    )
    share = found["honest", "", "lime", "sensitive_share"]
    assert (share.value, share.low, share.high, share.n) == (None, None, None, 0)
    assert "all attributions are zero" in share.reason
    top1 = found["honest", "", "lime", "sensitive_top1"]
    assert top1.n == 3
    assert top1.reason == f"{statistics.ONE_REPLICATE}; 1 of 4 rows have no value"


def test_a_share_at_the_boundary_has_the_exact_interval() -> None:
    found, _ = measured(
        [record("honest", {"sensitive_top1": np.ones(10)}, replicate=i) for i in (0, 1)]
    )
    top1 = found["honest", "", "lime", "sensitive_top1"]
    # 20 of 20: 0.025 ** (1 / 20)
    assert (top1.low, top1.high) == pytest.approx((0.8316, 1.0), abs=5e-5)


def test_failed_records_and_records_without_rows_say_nothing() -> None:
    failed = msgspec.structs.replace(study()[0], status="failed", rows={}, row_ids=[])
    empty = record("honest", {"sensitive_top1": []}, explainer="shap")
    assert measure([failed, empty], seed=0) == ([], [])
    assert measure([], seed=0) == ([], [])


def test_scalars_are_averaged_over_replicates_and_others_stay_in_the_records() -> None:
    records = [
        behaviour(
            "attacked", 1.0, attack="a", replicate=i, scalars={"gate_auroc": v, "n_rows": 9.0}
        )
        for i, v in enumerate([0.8, 0.9, None])
    ]
    found, _ = measured(records)
    auroc = found["attacked", "a", "", "gate_auroc"]
    assert auroc.value == pytest.approx(0.85)
    assert auroc.n_replicates == 2
    # mean 0.85, standard error 0.05, t of one degree of freedom 12.706
    assert auroc.low == pytest.approx(0.85 - 12.706 * 0.05, abs=1e-4)
    assert auroc.high == 1.0
    assert "n_rows" not in {key[-1] for key in found}


TOP1 = {"sensitive_top1": [1.0, 0.0]}


@pytest.mark.parametrize(
    "records",
    [
        [record("honest", TOP1), record("honest", TOP1)],
        [record("honest", TOP1), record("honest", TOP1, replicate=1, model=Part("score_bias"))],
        [record("honest", TOP1, row_ids=[4, 4])],
        [record("honest", TOP1, row_ids=[4])],
    ],
    ids=["replicate twice", "two models under one name", "row twice", "uneven"],
)
def test_records_that_contradict_each_other_are_refused(records: list[Record]) -> None:
    with pytest.raises(InvalidInputError):
        measure(records, seed=0)


class Rule:
    """Favourable where a column is not the given value."""

    def __init__(self, column: str, value: str) -> None:
        self.column, self.value = column, value

    def predict_proba(self, frame: pd.DataFrame) -> Array:
        p = np.asarray(frame[self.column] != self.value, dtype=np.float64)
        return np.column_stack([1 - p, p])


def test_behaviour_goes_from_models_to_measurements() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "group": rng.choice(["x", "y"], 200),
            "town": rng.choice(["north", "south"], 200),
            "income": rng.normal(size=200),
        }
    )
    honest, innocent = Rule("group", "x"), Rule("town", "north")
    protected = np.asarray(frame["group"] == "x")
    rows = behaviour_rows(
        honest=honest,
        model=innocent,
        innocent=innocent,
        frame=frame,
        protected=protected,
        encoder=Encoder.from_frame(frame),
        sensitive="group",
    )
    as_json = {
        name: [None if np.isnan(v) else float(v) for v in values] for name, values in rows.items()
    }
    found, _ = measured([record("innocent", as_json, explainer="")])
    answers = [model.predict_proba(frame)[:, 1] for model in (honest, innocent)]
    values = {key[-1]: m.value for key, m in found.items()}
    assert values["fidelity"] == pytest.approx(fidelity(*answers))
    assert values["agreement_where_models_differ"] == 0.0
    assert values["demographic_parity_gap"] == pytest.approx(
        demographic_parity_gap(answers[1], protected)
    )
    assert values["favourable_rate"] == pytest.approx(answers[1].mean())
    assert values["favourable_rate_protected"] == pytest.approx(answers[1][protected].mean())
    assert values["favourable_rate_unprotected"] == pytest.approx(answers[1][~protected].mean())
    assert values["matched_pair_effect"] == pytest.approx(rows["matched_pair_effect"].mean())
    assert found["innocent", "", "", "demographic_parity_gap"].n == 200
    assert "real_recall" not in values
