"""The reference figures, and whether ours agree with them: intervals worked out by hand."""

from __future__ import annotations

import csv
import math
from importlib import resources
from typing import Any

import msgspec
import pytest

from explaudit.metrics import catalogue
from explaudit.results import Measurement, ReferenceRow
from explaudit.study.plan import PRESETS, plan
from explaudit.study.reference import ReferenceFigure, compare, reference_figures

DATA = ("compas", "german", "communities")
#: The 97.5 % quantiles of Student's t with 4 and with 9 degrees of freedom, from printed tables.
T_4, T_9 = 2.776, 2.262


def key(thing: Any) -> tuple[str, ...]:
    explainer = getattr(thing, "explainer_setting", None)
    if isinstance(thing, ReferenceRow):
        explainer = thing.explainer
    return thing.dataset, explainer or "", thing.model, thing.attack_setting, thing.metric


def ours(figure: ReferenceFigure, value: float | None, n_replicates: int = 1) -> Measurement:
    return Measurement(
        dataset=figure.dataset,
        model=figure.model,  # type: ignore[arg-type]
        attack_setting=figure.attack_setting,
        explainer_setting=figure.explainer_setting,
        metric=figure.metric,
        value=value,
        low=None,
        high=None,
        n=100,
        n_replicates=n_replicates,
    )


def figure(dataset: str, explainer: str, attack: str, metric: str) -> ReferenceFigure:
    (found,) = [
        figure
        for figure in reference_figures()
        if (figure.dataset, figure.explainer_setting) == (dataset, explainer)
        and (figure.attack_setting, figure.metric) == (attack, metric)
    ]
    return found


def judged(wanted: ReferenceFigure, value: float | None, n_replicates: int = 1) -> ReferenceRow:
    rows = compare([ours(wanted, value, n_replicates)], datasets=[wanted.dataset])
    (row,) = [row for row in rows if key(row) == key(wanted)]
    return row


def test_every_figure_is_a_share_with_seeds_and_rows() -> None:
    figures = reference_figures()
    assert {figure.dataset for figure in figures} == set(DATA)
    assert len({key(figure) for figure in figures}) == len(figures)
    for figure in figures:
        assert 0.0 <= figure.mean <= 1.0
        # no standard deviation of shares between n seeds exceeds 1/2 * sqrt(n / (n - 1))
        assert 0.0 <= figure.sd <= 0.5 * math.sqrt(figure.n_seeds / (figure.n_seeds - 1))
        assert figure.n_seeds >= 2
        assert figure.n_rows >= 2
        assert (figure.model == "attacked") == bool(figure.attack_setting)


def test_every_line_of_the_table_is_a_figure() -> None:
    path = resources.files("explaudit.study").joinpath("reference.csv")
    lines = list(csv.DictReader(path.read_text("utf-8").splitlines()))
    assert len(lines) == len(reference_figures())
    for line, figure in zip(lines, reference_figures(), strict=True):
        assert figure.dataset == line["dataset"]
        assert figure.metric == line["metric"]
        assert figure.mean == pytest.approx(float(line["mean_percent"]) / 100)
        assert None not in line


def test_shares_of_one_place_do_not_exceed_the_whole() -> None:
    """At most one feature can be on top of a row, so the shares add up to 1 at the most."""
    tops: dict[tuple[str, ...], float] = {}
    for figure in reference_figures():
        if figure.metric.endswith("_top1"):
            place = key(figure)[:4]
            tops[place] = tops.get(place, 0.0) + figure.mean
    assert len(tops) > 10
    assert max(tops.values()) <= 1.0 + 0.001


def test_every_figure_is_measured_by_the_paper_preset_on_all_rows() -> None:
    cells = {
        (cell.dataset.name, cell.explainer_setting, cell.role, cell.attack_setting): cell
        for cell in plan(PRESETS["paper"])
    }
    for figure in reference_figures():
        cell = cells[figure.dataset, figure.explainer_setting, figure.model, figure.attack_setting]  # type: ignore[index]
        assert cell.kind == "behaviour" or cell.n_rows is None


def test_every_figure_is_of_a_metric_that_is_in_the_catalogue() -> None:
    known = {entry.name for entry in catalogue()}
    assert {figure.metric for figure in reference_figures()} <= known


def test_every_figure_is_shown_also_where_ours_is_missing() -> None:
    rows = compare([], datasets=DATA)
    assert [key(row) for row in rows] == [key(figure) for figure in reference_figures()]
    for row, figure in zip(rows, reference_figures(), strict=True):
        assert (row.ours, row.difference, row.agrees) == (None, None, None)
        assert (row.reference, row.reference_sd) == (figure.mean, figure.sd)
        assert row.reference_seeds == figure.n_seeds
        assert row.allowed > 0


def test_only_the_figures_of_data_sets_that_ran_are_shown() -> None:
    assert compare([], datasets=[]) == []
    assert {row.dataset for row in compare([], datasets=["german", "adult"])} == {"german"}


def test_an_undefined_value_of_ours_neither_agrees_nor_disagrees() -> None:
    row = judged(reference_figures()[0], None, n_replicates=0)
    assert (row.ours, row.difference, row.agrees) == (None, None, None)


@pytest.mark.parametrize(
    ("wanted", "n_ours", "allowed"),
    [
        # spread between seeds: 4.8 % is more than sqrt(0.04 * 0.96 / 618) = 0.8 %
        (("compas", "shap", "shap", "sensitive_top1"), 1, T_4 * 0.048 * math.sqrt(1 + 1 / 5)),
        (("compas", "shap", "shap", "sensitive_top1"), 5, T_4 * 0.048 * math.sqrt(1 / 5 + 1 / 5)),
        (("german", "lime", "lime", "unrelated_one_top1"), 3, T_9 * 0.06 * math.sqrt(1 / 3 + 0.1)),
        # 1.2 % of 618 rows: sqrt(0.012 * 0.988 / 618) = 0.44 %, less than the 0.5 % between seeds
        (("compas", "lime", "lime-two", "sensitive_top1"), 1, T_4 * 0.005 * math.sqrt(1.2)),
        # fidelity 91.6 % without a spread between seeds: sqrt(0.916 * 0.084 / 618) = 1.1158 %
        (("compas", "", "shap", "fidelity"), 1, T_4 * 0.011158 * math.sqrt(1.2)),
        # a share of 100 % of 5 * 618 rows: 1 - 1/3092 is still possible, so
        # sqrt(0.00032342 * 0.99967658 / 618) = 0.0723 %
        (("compas", "lime", "", "sensitive_top1"), 2, T_4 * 0.00072329 * math.sqrt(0.5 + 0.2)),
        # the same of 10 * 100 rows: 1/1002, sqrt(0.00099800 * 0.99900200 / 100) = 0.3158 %
        (("german", "", "lime", "fidelity"), 1, T_9 * 0.0031575 * math.sqrt(1.1)),
    ],
)
def test_what_is_allowed_by_hand(
    wanted: tuple[str, str, str, str], n_ours: int, allowed: float
) -> None:
    """t times the spread times sqrt(1/ours + 1/theirs), and half a unit of the last digit."""
    found = figure(*wanted)
    row = judged(found, found.mean, n_ours)
    assert row.allowed == pytest.approx(allowed + 0.0005, rel=5e-4)


@pytest.mark.parametrize("sign", [-1, 1])
def test_values_within_agree_and_planted_values_without_do_not(sign: int) -> None:
    # mean 48.7 %, spread 6.4 % over 5 seeds; for one of ours 2.776 * 0.064 * sqrt(1.2) = 0.1946
    wanted = figure("compas", "shap", "shap", "sensitive_rank2")
    within, without = judged(wanted, 0.487 + sign * 0.194), judged(wanted, 0.487 + sign * 0.196)
    assert (within.agrees, without.agrees) == (True, False)
    assert within.difference == pytest.approx(sign * 0.194)
    # more seeds of ours allow less: for five 2.776 * 0.064 * sqrt(0.4) = 0.1124
    assert judged(wanted, 0.487 + sign * 0.194, n_replicates=5).agrees is False
    assert judged(wanted, 0.487 + sign * 0.112, n_replicates=5).agrees is True


def test_the_reference_agrees_with_itself() -> None:
    same = [ours(figure, figure.mean, 5) for figure in reference_figures()]
    assert all(row.agrees for row in compare(same, datasets=DATA))


def test_a_value_at_the_wrong_end_is_seen_wherever_one_can_be() -> None:
    unseen = []
    same = [ours(figure, figure.mean, 5) for figure in reference_figures()]
    for i, figure in enumerate(reference_figures()):
        wrong = msgspec.structs.replace(same[i], value=0.0 if figure.mean > 0.5 else 1.0)
        rows = compare([*same[:i], wrong, *same[i + 1 :]], datasets=DATA)
        assert all(row.agrees for j, row in enumerate(rows) if j != i)
        unseen += [key(figure)] if rows[i].agrees else []
    # 46.0 % with a spread of 33.1 % between five seeds tells nothing: 2.776 * 0.331 * sqrt(0.4)
    # is 0.581, more than from there to either end
    assert unseen == [("communities", "lime", "attacked", "lime-two", "unrelated_two_top1")]


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": "german"},
        {"explainer_setting": "lime"},
        {"attack_setting": "shap-two"},
        {"model": "innocent"},
        {"metric": "sensitive_rank3"},
    ],
)
def test_ours_is_set_beside_the_very_same_figure(change: dict[str, str]) -> None:
    wanted = figure("compas", "shap", "shap", "sensitive_rank2")
    elsewhere = msgspec.structs.replace(ours(wanted, 0.5), **change)
    (row,) = [r for r in compare([elsewhere], datasets=["compas"]) if key(r) == key(wanted)]
    assert row.ours is None
