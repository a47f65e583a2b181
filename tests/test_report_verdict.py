"""What the verdict says, case by case; all figures are invented."""

from __future__ import annotations

from typing import Literal

import msgspec
import pytest

from explaudit.results import CellCount, DatasetNote, Gameability, Measurement, Results
from explaudit_reports import build_report
from explaudit_reports.findings import GAMED, RESISTED, SEPARATES, SHOWN, judge
from explaudit_reports.lookup import Lookup

Role = Literal["honest", "attacked", "innocent"]
Share = tuple[float, float, float] | None


def shown(
    model: Role,
    share: Share,
    explainer: str = "kernel_shap",
    attack: str = "",
    metric: str = "sensitive_top1",
    reason: str = "",
    replicates: int = 5,
) -> Measurement:
    value, low, high = share or (None, None, None)
    return Measurement(
        dataset="compas",
        model=model,
        attack="scaffold" if attack else "",
        attack_setting=attack,
        explainer="" if metric == "fidelity" else explainer,
        explainer_setting="" if metric == "fidelity" else explainer,
        metric=metric,
        value=value,
        low=low,
        high=high,
        n=100,
        n_replicates=replicates,
        reason=reason,
    )


def moved(
    share: Share,
    explainer: str = "kernel_shap",
    *,
    counts: bool = True,
    summary: Literal["attack", "worst"] = "worst",
    attack: str = "kmeans10",
    reason: str = "",
) -> Gameability:
    value, low, high = share or (None, None, None)
    return Gameability(
        dataset="compas",
        evidence="sensitive_top1",
        explainer=explainer,
        explainer_setting=explainer,
        summary=summary,
        attack_setting=attack if share or summary == "attack" else "",
        counts=counts,
        fidelity=0.99 if counts else 0.63,
        value=value,
        low=low,
        high=high,
        n=100,
        n_replicates=5,
        reason=reason,
    )


def results_of(*rows: Measurement | Gameability, unjudged: int = 0) -> Results:
    note = DatasetNote(
        name="compas",
        title="COMPAS",
        n_rows=10,
        n_features=3,
        sha256="",
        source="",
        licence="",
        known_harms="",
        sensitive="race",
        biased_rule="",
        innocuous_rule="",
        preparation="",
    )
    return Results(
        versions={},
        seed=0,
        settings={"fidelity_floor": 0.9},
        datasets=[note],
        attack_settings={},
        explainer_settings={},
        measurements=[row for row in rows if isinstance(row, Measurement)],
        gameability=[row for row in rows if isinstance(row, Gameability)],
        reference=[],
        cells=CellCount(planned=9, done=9 - unjudged, unjudged=[]),
        n_queries=0,
        seconds=0.0,
    )


ALL, NONE = (1.0, 0.98, 1.0), (0.0, 0.0, 0.02)


def setting(
    attacked: Share, way: Share, explainer: str = "kernel_shap"
) -> tuple[Measurement | Gameability, ...]:
    """Return the rows of one explainer setting with one attack that counts."""
    return (
        shown("honest", ALL, explainer),
        shown("attacked", attacked, explainer, "kmeans10"),
        shown("innocent", NONE, explainer),
        moved(way, explainer, summary="attack"),
        moved(way, explainer),
    )


FIDELITY = shown("attacked", (0.99, 0.98, 0.995), attack="kmeans10", metric="fidelity")


def said(*rows: Measurement | Gameability) -> str:
    return " ".join(build_report(results_of(*rows)).verdict).replace("\N{NO-BREAK SPACE}", " ")


def status(*rows: Measurement | Gameability) -> str:
    (finding,) = judge(Lookup(results_of(*rows)), "compas")
    return finding.status


def test_effective_attack_is_named_with_its_price() -> None:
    text = said(
        FIDELITY,
        *setting((0.04, 0.01, 0.09), (0.96, 0.91, 0.99)),
        *setting(ALL, (0.0, -0.02, 0.03), "matched_pairs"),
    )
    assert text.startswith(
        "On the one data set audited, an attacked model hid the sensitive feature from at least "
        "one explainer setting while it kept at least 90 % of the honest model's decisions"
    )
    assert (
        "COMPAS. KernelSHAP put race first in 100 % [98–100] of rows for the honest model and in "
        "4 % [1–9] after the attack kmeans10, which kept 99 % [98–99.5] of the decisions on real "
        "rows: 96 % [91–99] of the way to what the innocuous model shows."
    ) in text
    assert "Gamed: 1 of 2 explainer settings." in text
    assert "Resisted: Matched pairs." in text


def test_nothing_resisted_is_said() -> None:
    assert "Resisted: none." in said(FIDELITY, *setting(NONE, (1.0, 0.97, 1.0)))


def test_attack_below_the_floor_does_not_make_a_finding() -> None:
    low = shown("attacked", (0.63, 0.6, 0.66), attack="rows", metric="fidelity")
    text = said(
        low,
        shown("honest", ALL),
        shown("attacked", NONE, attack="rows"),
        shown("innocent", NONE),
        moved((1.0, 0.97, 1.0), summary="attack", attack="rows", counts=False),
        moved(None, reason="no attack setting keeps the constraint"),
    )
    assert text.startswith("No attack kept the constraint on decisions and true harm, so nothing")
    assert "No attack kept the constraint against: KernelSHAP." in text
    assert "Attacks not counted: too little fidelity, or changed harm: rows (fidelity 63 % [60–66])"
    assert "hid the sensitive feature" not in text
    assert "Resisted" not in text


def test_nothing_judged_cannot_say() -> None:
    text = said(shown("honest", None, reason="the model refused"), moved(None))
    assert text.startswith("Cannot say: none of the planned explanations could be judged.")
    assert "Cannot say (the findings tell why): KernelSHAP." in text
    assert "Cannot say; no explanation of this data set could be judged." in said()


def test_honest_model_that_does_not_show_the_feature_leaves_nothing_to_hide() -> None:
    rows = (
        shown("honest", (0.2, 0.1, 0.3)),
        shown("attacked", NONE, attack="kmeans10"),
        shown("innocent", NONE),
        moved((1.0, 0.9, 1.1)),
    )
    text = said(FIDELITY, *rows)
    assert text.startswith(
        "Where they could be judged, these explanations do not reliably show the sensitive feature"
    )
    assert "Too rarely shown even for the honest model: KernelSHAP." in text
    assert "hid the sensitive feature" not in text


def test_evidence_that_blames_the_innocuous_model_too_is_no_evidence() -> None:
    assert status(shown("honest", ALL), shown("innocent", ALL), moved((1.0, 0.9, 1.1))) == "silent"


def test_wide_interval_settles_nothing() -> None:
    text = said(FIDELITY, *setting((0.3, 0.0, 0.9), (0.7, 0.1, 1.0)))
    assert text.startswith("The results do not settle")
    assert "Partly or unclear: KernelSHAP." in text
    assert "Gamed: 0 of 1 explainer setting." in text


def test_resistance_is_limited_to_what_was_tried() -> None:
    text = said(FIDELITY, *setting(ALL, (0.0, -0.02, 0.03)))
    assert text.startswith("No attack that kept the constraint hid the sensitive feature")
    assert "This holds for the attacks that were tried, no others." in text


def test_single_replicate_is_a_caution() -> None:
    once = said(shown("honest", ALL, replicates=1))
    assert "stand on one replicate: they describe that run" in once
    assert "as few as 5 replicates" in said(shown("honest", ALL))


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (GAMED, 1.0, "gamed"),
        (GAMED - 0.01, 1.0, "unclear"),
        (-0.1, RESISTED, "resisted"),
        (-0.1, RESISTED + 0.01, "unclear"),
    ],
)
def test_finding_needs_the_whole_interval(low: float, high: float, expected: str) -> None:
    assert status(*setting(NONE, ((low + high) / 2, low, high))) == expected


@pytest.mark.parametrize(
    ("honest", "innocent", "expected"),
    [
        (SHOWN, 0.0, "gamed"),
        (SHOWN - 0.01, 0.0, "silent"),
        (0.9, 0.9 - SEPARATES, "gamed"),
        (0.9, 0.91 - SEPARATES, "silent"),
    ],
)
def test_evidence_must_show_something(honest: float, innocent: float, expected: str) -> None:
    found = status(
        shown("honest", (honest, honest, honest)),
        shown("innocent", (innocent, innocent, innocent)),
        moved((1.0, 0.9, 1.0)),
    )
    assert found == expected


def test_estimate_without_interval_is_marked_as_such() -> None:
    worst = msgspec.structs.replace(moved(ALL), low=None, high=None)
    rows = results_of(shown("honest", ALL), shown("innocent", NONE), worst)
    (finding,) = judge(Lookup(rows), "compas")
    assert finding.status == "gamed"
    assert "no interval" in finding.reason


def test_controls_make_no_finding() -> None:
    assert judge(Lookup(results_of(*setting(NONE, ALL, "constant"))), "compas") == []


def test_innocuous_model_is_the_one_that_the_attack_answers_with() -> None:
    two = shown("innocent", (0.9, 0.9, 0.9), attack="two")
    lookup = Lookup(results_of(shown("innocent", NONE), two))
    for attack, expected in (("kmeans10", ""), ("kmeans10-two", "two")):
        key = lookup.innocent_for("compas", "sensitive_top1", "kernel_shap", attack)
        assert key == ("innocent", expected)
