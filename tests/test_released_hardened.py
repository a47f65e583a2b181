"""The released benchmark of hardened explainers: complete, and quoted as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from explaudit.hardening.plan import PRESETS
from explaudit.hardening.rates import Rate
from explaudit.hardening.run import HARDENING
from explaudit.hardening.summary import HardeningResults
from explaudit.recorded import rebuild_recorded
from explaudit_reports.provenance import fingerprint

RECORDS = Path(__file__).parents[1] / "reports" / "hardened" / "records.jsonl.gz"


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> HardeningResults:
    return rebuild_recorded(HARDENING, RECORDS, tmp_path_factory.mktemp("released")).results


@pytest.fixture(scope="module")
def readme() -> str:
    return " ".join(RECORDS.parents[2].joinpath("README.md").read_text(encoding="utf-8").split())


def first(released: HardeningResults, explainer: str, model: str, bias: str = "rule") -> Rate:
    """Return how often the sensitive feature stands first, over all data sets."""
    (rate,) = (
        rate
        for rate in released.rates
        if (rate.explainer, rate.model, rate.bias, rate.measure, rate.dataset)
        == (explainer, model, bias, "first", "")
    )
    return rate


def percent(rate: Rate) -> str:
    assert rate.value is not None
    return f"{100 * rate.value:.0f} %"


def test_every_planned_cell_is_there_at_the_standard_settings(released: HardeningResults) -> None:
    assert released.done == released.planned
    assert released.failed == 0
    assert released.settings["preset"] == "standard"
    assert released.settings["keep_real"] == PRESETS["standard"].keep_real == 0.9


def test_the_committed_page_is_that_of_the_records(released: HardeningResults) -> None:
    page = RECORDS.with_name("report.html").read_text(encoding="utf-8")
    assert f"results {fingerprint(released)[:12]}" in page


def test_the_readme_quotes_the_records(released: HardeningResults, readme: str) -> None:
    plain = [first(released, name, "honest") for name in ("lime", "kernel_shap")]
    assert {percent(rate) for rate in plain} == {"100 %"}
    lime, shap = (percent(first(released, name, "matched")) for name in ("lime", "kernel_shap"))
    assert f"to {lime} in LIME and to {shap} in KernelSHAP" in readme
    kept = {
        percent(first(released, name, model))
        for name in ("twin_explanation", "neighbour_lime")
        for model in ("unmatched", "matched")
    }
    assert kept == {"100 %"}
    generated = [
        percent(first(released, "generated_shap", model)) for model in ("unmatched", "matched")
    ]
    assert f"SHAP with generated values in {' and '.join(generated)}." in readme


def test_the_readme_says_what_a_smaller_bias_shows(released: HardeningResults, readme: str) -> None:
    openly = [
        rate
        for rate in released.rates
        if (rate.bias, rate.measure, rate.model, rate.dataset) == ("0.3", "first", "honest", "")
    ]
    assert len(openly) == len(released.explainers)
    most = max(openly, key=lambda rate: rate.value or 0.0)
    assert f"comes first in {percent(most)} of rows at the most" in readme
