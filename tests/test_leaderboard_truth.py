"""A whole leaderboard on a synthetic model whose true attributions are known."""

from __future__ import annotations

import pytest

from explaudit.leaderboard import LeaderboardSettings, OwnTable, run_leaderboard
from explaudit.leaderboard.results import LeaderboardResults, Score
from explaudit.study.tables import OWN_FILE, file_sha256
from explaudit_datasets import make_synthetic

#: As few as can show that a metric resists of which no replicate shows anything else: of 13 alike,
#: at most 1 - 0.025 ** (1/13) = 24.7 % are others (Clopper and Pearson).
REPLICATES = 13


#: A whole leaderboard.
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> LeaderboardResults:
    """Return the leaderboard of a model that decides by the group alone.

    Four proxies nearly tell the group, so that rows with one of them replaced are seen to be made
    up.
    """
    folder = tmp_path_factory.mktemp("truth")
    data = make_synthetic(800, n_features=8, n_proxies=4, proxy_correlation=0.97, seed=3)
    table = folder / "rows.csv"
    data.frame.assign(outcome=data.target).to_csv(table, index=False)
    own = OwnTable(
        sha256=file_sha256(table), sensitive="group", protected="above", target="outcome"
    )
    settings = LeaderboardSettings(
        datasets=("file",),
        own=own,
        explainers=("kernel_shap_kmeans", "linear_probe"),
        adversaries=("plain",),
        metrics=("sensitive_share", "completeness_gap", "truth_rank_correlation"),
        replicates=REPLICATES,
        curve_replicates=0,
        n_rows=3,
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(OWN_FILE, str(table))
        return run_leaderboard(settings, folder / "out", progress=False).results


def scored(results: LeaderboardResults, metric: str, explainer: str) -> Score:
    (found,) = [
        score
        for score in results.scores
        if (score.metric, score.explainer, score.dataset) == (metric, explainer, "")
    ]
    return found


def test_the_attack_counts_and_deceives_what_makes_up_rows(judged: LeaderboardResults) -> None:
    trials = {trial.explainer: trial for trial in judged.trials}
    assert not judged.cells.unjudged
    assert trials["kernel_shap_kmeans"].deceives and not trials["kernel_shap_kmeans"].broken
    assert not trials["linear_probe"].deceives and not trials["linear_probe"].broken


def test_a_mark_that_every_explanation_gets_does_not_resist(judged: LeaderboardResults) -> None:
    """Shapley values add up to the answer, whoever gives it: the false ones always tie."""
    found = scored(judged, "completeness_gap", "kernel_shap_kmeans")
    assert (found.verdict, found.worst.value) == ("gameable", 0.5)


def test_a_mark_for_the_truth_resists(judged: LeaderboardResults) -> None:
    """All of a decision belongs to the group, which the false explanation does not name."""
    found = scored(judged, "truth_rank_correlation", "kernel_shap_kmeans")
    assert found.verdict == "resists"
    assert found.worst.high is not None and found.worst.high < 0.25


def test_evidence_is_hidden_where_rows_are_made_up_and_stays_where_they_are_real(
    judged: LeaderboardResults,
) -> None:
    assert scored(judged, "sensitive_share", "kernel_shap_kmeans").verdict == "gameable"
    assert scored(judged, "sensitive_share", "linear_probe").verdict == "resists"
