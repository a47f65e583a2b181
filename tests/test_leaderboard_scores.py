"""From records to scores, on cases that are worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest

from explaudit.cells import Cell, Part, Record
from explaudit.gameability import Constraint
from explaudit.leaderboard.results import Estimate, Score
from explaudit.leaderboard.scores import RULES, score, verdict
from explaudit.leaderboard.trials import DECEIVED, Trial, Unit, read_units
from explaudit.metrics import MetricEntry, metric_specs

Array = npt.NDArray[np.float64]
Role = Literal["honest", "attacked", "innocent"]

QUALITY = metric_specs()["pgi"].entry
EVIDENCE = metric_specs()["sensitive_share"].entry
NOTHING = Estimate(value=None, low=None, high=None, n=0)
SURE = Estimate(value=0.9, low=0.8, high=1.0, n=9)


def trial(
    name: str, gamed: Sequence[float], *, moved: float = 0.9, broken: str = "", fidelity: float = 1
) -> Trial:
    """Return a trial of one metric."""
    column = np.array(gamed, dtype=np.float64)[:, None]
    return Trial(name, f"{name}/rows", fidelity, broken, column, moved, {})


def unit(*trials: Trial, dataset: str = "one", random: Sequence[float] | None = None) -> Unit:
    n = len(trials[0].gamed)
    chance = np.full(n, np.nan) if random is None else np.array(random, dtype=np.float64)
    return Unit(dataset, "lime", trials, chance[:, None])


def scored(*units: Unit, entry: MetricEntry = QUALITY) -> Score:
    return score(units, 0, entry, ("", ""))


def test_mean_and_interval_of_two_adversaries_in_three_replicates() -> None:
    found = scored(unit(trial("a", [0.2, 0.4, 0.6]), trial("b", [0.6, 0.6, 0.6])))
    # means 0.4, 0.5, 0.6: standard deviation 0.1, Student's t of two degrees of freedom 4.302653
    reach = 4.302653 * 0.1 / 3**0.5
    assert found.mean.value == pytest.approx(0.5)
    assert found.mean.low == pytest.approx(0.5 - reach)
    assert found.mean.high == pytest.approx(0.5 + reach)
    assert (found.mean.n, found.n_counted, found.n_planned) == (3, 2, 2)


def test_the_worst_is_chosen_on_the_other_replicates() -> None:
    """On the others of each replicate, `lucky` does worse in the first and better in the rest."""
    lucky = trial("lucky", [1.0, 0.0, 0.0], fidelity=0.95)
    steady = trial("steady", [0.4, 0.4, 0.4], fidelity=0.99)
    found = scored(unit(lucky, steady))
    assert found.worst.value == pytest.approx((0.4 + 0.0 + 0.0) / 3)
    # the largest of each replicate, which is chosen after the fact, would be much more
    largest = np.hstack([lucky.gamed, steady.gamed]).max(axis=1).mean()
    assert largest == pytest.approx((1.0 + 0.4 + 0.4) / 3)
    assert found.worst_adversary == "lucky"
    assert found.fidelity == 0.95


def test_explainers_are_averaged_within_a_replicate_of_a_data_set() -> None:
    found = scored(
        unit(trial("a", [0.2, 0.4])),
        unit(trial("a", [0.4, 0.8])),
        unit(trial("a", [0.9, np.nan]), dataset="two"),
    )
    # three clusters: 0.3 and 0.6 of the one data set, 0.9 of the other
    assert found.mean.value == pytest.approx(0.6)
    assert found.mean.n == 3
    # in the other one there is no second replicate to choose on
    assert found.worst.value == pytest.approx(0.45)
    assert found.worst.n == 2


def test_a_trial_that_does_not_deceive_counts_for_evidence_alone() -> None:
    one = unit(trial("seen", [0.7, 0.7], moved=DECEIVED - 0.01), trial("b", [0.1, 0.1]))
    assert scored(one).mean.value == pytest.approx(0.1)
    assert scored(one).n_counted == 1
    assert scored(one, entry=EVIDENCE).mean.value == pytest.approx(0.4)
    edge = unit(trial("just", [0.7, 0.7], moved=DECEIVED))
    assert scored(edge).n_counted == 1


def test_who_breaks_the_constraint_is_told_apart() -> None:
    """Nine replicates: resisted by the one who counts, gamed by the one who does not."""
    fair = trial("fair", [0.0, 0.1] * 4 + [0.0])
    cheat = trial("cheat", [1.0, 0.9] * 4 + [1.0], broken="fidelity 0.7 is below 0.9")
    found = scored(unit(fair, cheat))
    assert found.worst.value == pytest.approx(0.4 / 9)
    assert found.below_floor.value == pytest.approx(8.6 / 9)
    assert (found.verdict, found.worst_adversary, found.n_counted) == ("costly to game", "fair", 1)
    alone = scored(unit(cheat))
    assert (alone.worst, alone.verdict) == (NOTHING, "costly to game")
    assert scored(unit(fair)).verdict == "resists"
    # the planted fault: were the constraint forgotten, the verdict would be another
    assert scored(unit(trial("cheat", cheat.gamed[:, 0].tolist()))).verdict == "gameable"


@pytest.mark.parametrize(
    ("value", "low", "high", "word"),
    [
        (0.5, 0.2501, 0.9, "gameable"),
        (0.5, 0.25, 0.9, "cannot say"),
        (0.4999, 0.4, 0.6, "cannot say"),
        (1.0, 1.0, 1.0, "gameable"),
        (0.1, 0.0, 0.2499, "resists"),
        (0.1, 0.0, 0.25, "cannot say"),
        (-0.2, -0.4, 0.0, "resists"),
    ],
)
def test_verdicts_at_their_edges(value: float, low: float, high: float, word: str) -> None:
    assert RULES == {"gameable_estimate": 0.5, "gameable_low": 0.25, "resists_high": 0.25}
    worst = Estimate(value=value, low=low, high=high, n=9)
    said, reason = verdict(worst, NOTHING, n_trials=6)
    assert said == word
    assert reason == ("the interval leaves both open" if word == "cannot say" else "")


def test_why_nothing_is_said_of_what_lies_between() -> None:
    between = Estimate(value=0.4, low=0.3, high=0.49, n=9)
    assert verdict(between, NOTHING, n_trials=6)[1].startswith("gamed in part")
    for low, high in ((0.2, 0.45), (0.3, 0.6)):
        wide = Estimate(value=0.4, low=low, high=high, n=9)
        assert verdict(wide, NOTHING, n_trials=6)[1] == "the interval leaves both open"


def test_costly_is_only_what_would_resist_otherwise() -> None:
    resists = Estimate(value=0.1, low=0.0, high=0.2, n=9)
    between = Estimate(value=0.4, low=0.2, high=0.6, n=9)
    assert verdict(resists, SURE, n_trials=6)[0] == "costly to game"
    assert verdict(NOTHING, SURE, n_trials=6)[0] == "costly to game"
    assert verdict(between, SURE, n_trials=6)[0] == "cannot say"
    assert verdict(SURE, SURE, n_trials=6)[0] == "gameable"


def test_why_nothing_can_be_said() -> None:
    alone = Estimate(value=0.9, low=None, high=None, n=1)
    assert verdict(alone, NOTHING, n_trials=6) == ("cannot say", "too few replicates")
    assert verdict(NOTHING, NOTHING, n_trials=0) == ("cannot say", "no adversary was run")
    assert "no attack that counts" in verdict(NOTHING, NOTHING, n_trials=6)[1]


@pytest.mark.parametrize(("n", "word"), [(2, "cannot say"), (5, "gameable"), (20, "gameable")])
def test_clusters_that_agree_have_the_exact_interval(n: int, word: str) -> None:
    """Clopper and Pearson: of n alike, at most 1 - 0.025 ** (1/n) of all are others."""
    found = scored(unit(trial("a", [1.0] * n)))
    assert (found.worst.value, found.worst.high) == (1.0, 1.0)
    assert found.worst.low == pytest.approx(0.025 ** (1 / n))
    assert found.verdict == word


def test_the_random_explainer_has_a_column_of_its_own() -> None:
    found = scored(unit(trial("a", [0.0, 0.2]), random=[0.5, 0.7]))
    assert found.random.value == pytest.approx(0.6)
    assert scored(unit(trial("a", [0.0, 0.2]))).random == NOTHING


def record(
    role: Role,
    rows: Mapping[str, Sequence[float]],
    *,
    attack: str = "",
    explainer: str = "lime",
    replicate: int = 0,
    row_ids: Sequence[int] = (0, 1),
) -> Record:
    cell = Cell(
        kind="explanation" if explainer else "behaviour",
        dataset=Part("german"),
        model=Part("sensitive_rule"),
        innocuous=Part("unrelated_rule"),
        role=role,
        attack=Part("scaffold", {"of": attack}) if attack else None,
        attack_setting=attack or ("coin" if role == "innocent" else ""),
        explainer=Part(explainer) if explainer else None,
        explainer_setting=explainer,
        n_rows=2,
        replicate=replicate,
        seed=0,
    )
    values: dict[str, Any] = {name: list(map(float, own)) for name, own in rows.items()}
    return Record(cell_id=cell.id, cell=cell, status="ok", rows=values, row_ids=list(row_ids))


def behaviour(role: Role, agreement: float, attack: str = "", favoured: float = 0.5) -> Record:
    """Return 20 held-out rows, half of them protected, decided as by f in a share of them."""
    protected = np.arange(20) % 2
    rows = {
        "agreement": (np.arange(20) < round(20 * agreement)).astype(float),
        "favourable": np.where(protected, 0.0, np.arange(20) < 40 * favoured),
        "protected": protected,
        "matched_pair_effect": np.ones(20),
    }
    columns: dict[str, list[float]] = {name: own.tolist() for name, own in rows.items()}
    return record(role, columns, attack=attack, explainer="", row_ids=range(20))


def leaderboard() -> list[Record]:
    """Return two replicates; PGI is better if higher, the share implicates if higher."""
    records = [behaviour("honest", 1.0), behaviour("attacked", 0.95, "plain/lime")]
    records.append(behaviour("attacked", 0.8, "rash/lime"))
    for replicate, honest in ((0, [0.8, 0.8]), (1, [0.6, 0.6])):
        models: list[tuple[Role, str, list[float], list[float]]] = [
            ("honest", "", honest, [1.0, 2.0]),
            ("innocent", "", [0.1, 0.1], [9.0, 9.0]),
            # in the first row better than the honest one, in the second worse
            ("attacked", "plain/lime", [h - 0.3 for h in honest], [3.0, 1.0]),
            ("attacked", "rash/lime", [0.1, 0.1], [1.0, 5.0]),
        ]
        records += [
            record(role, {"sensitive_share": share, "pgi": pgi}, attack=attack, replicate=replicate)
            for role, attack, share, pgi in models
        ]
        shown = {"sensitive_share": [0.2, 0.2], "pgi": [1.0, 1.0]}
        records.append(record("honest", shown, explainer="random", replicate=replicate))
    return records


def units(records: Sequence[Record]) -> dict[str, Unit]:
    entries = [EVIDENCE, QUALITY]
    constraint = Constraint(fidelity_floor=0.9, harm_tolerance=0.2)
    found = read_units(records, entries, constraint, n_replicates=2, seed=0)
    return {own.explainer: own for own in found}


def test_records_become_trials() -> None:
    found = units(leaderboard())
    plain, rash = found["lime"].trials
    assert (plain.adversary, plain.attack_setting) == ("plain", "plain/lime")
    # moved by 0.3 in both replicates; f and psi differ by 0.7 and 0.5, by 0.6 in the mean
    assert plain.gamed[:, 0] == pytest.approx([0.5, 0.5])
    assert plain.moved == pytest.approx(0.5)
    assert plain.gamed[:, 1].tolist() == [0.5, 0.5]
    # a tie in the first row counts half
    assert rash.gamed[:, 1].tolist() == [0.75, 0.75]
    assert rash.moved == pytest.approx((0.7 / 0.6 + 0.5 / 0.6) / 2)
    assert {name: own.shape for name, own in plain.values.items()} == {
        "honest": (4, 2),
        "attacked": (4, 2),
        "innocent": (4, 2),
    }


def test_the_constraint_is_judged_on_real_rows() -> None:
    plain, rash = units(leaderboard())["lime"].trials
    assert plain.broken == ""
    assert plain.fidelity == pytest.approx(0.95)
    assert rash.broken == "fidelity 0.800 is below 0.9"
    # the planted fault: the decisions agree, but the protected lose nothing any more
    fairer = [
        r for r in leaderboard() if r.cell.attack_setting != "plain/lime" or r.row_ids == [0, 1]
    ]
    fairer.append(behaviour("attacked", 0.95, "plain/lime", favoured=0.1))
    plain, _ = units(fairer)["lime"].trials
    assert plain.broken.startswith("the demographic-parity gap changes by")
    unmeasured = [r for r in leaderboard() if r.cell.kind == "explanation"]
    assert "fidelity was not measured" in units(unmeasured)["lime"].trials[0].broken


def test_the_random_explainer_is_held_against_the_honest_explanation() -> None:
    found = units(leaderboard())
    # random PGI is 1, the honest one 1 and 2: a tie and a loss
    assert found["lime"].random[:, 1].tolist() == [0.25, 0.25]
    assert np.isnan(found["lime"].random[:, 0]).all(), "evidence is not ranked"
    assert np.isnan(found["random"].random).all(), "not held against itself"
    without = units([r for r in leaderboard() if r.cell.explainer_setting != "random"])
    assert np.isnan(without["lime"].random).all()


def test_rows_are_paired_by_their_ids() -> None:
    """An attacked model that was explained in another order is compared row by row."""

    def turned(one: Record) -> Record:
        if one.cell.role != "attacked" or one.cell.kind != "explanation":
            return one
        rows = {name: list(reversed(values)) for name, values in one.rows.items()}
        return Record(cell_id=one.cell_id, cell=one.cell, status="ok", rows=rows, row_ids=[1, 0])

    straight, other = (
        units([change(r) for r in leaderboard()])["lime"].trials[0].gamed
        for change in (lambda r: r, turned)
    )
    assert (straight == other).all()


def test_evidence_without_contrast_has_no_gameability() -> None:
    alike = [
        r
        if r.cell.role != "innocent"
        else record("innocent", {"sensitive_share": [h, h], "pgi": [9, 9]}, replicate=i)
        for r in leaderboard()
        for i, h in [(r.cell.replicate, 0.79 if r.cell.replicate == 0 else 0.59)]
    ]
    plain, _ = units(alike)["lime"].trials
    assert np.isnan(plain.gamed[:, 0]).all() and not plain.deceives
    assert plain.gamed[:, 1].tolist() == [0.5, 0.5], "a quality metric needs no psi"


def test_a_missing_record_is_no_replicate() -> None:
    records = leaderboard()
    gone = [r for r in records if not (r.cell.attack_setting == "plain/lime" and r.cell.replicate)]
    found = units(gone)["lime"]
    plain, _ = found.trials
    assert plain.gamed[0, 1] == 0.5 and np.isnan(plain.gamed[1, 1])
    judged = score([found], 1, QUALITY, ("lime", "german"))
    assert (judged.mean.value, judged.mean.n) == (0.5, 1)
    assert (judged.worst, judged.verdict) == (NOTHING, "cannot say")
    assert (judged.explainer, judged.dataset) == ("lime", "german")
