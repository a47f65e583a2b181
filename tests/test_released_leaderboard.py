"""The released leaderboard is that of its records."""

from __future__ import annotations

from pathlib import Path

import pytest

from explaudit.leaderboard.results import LeaderboardResults, VerdictWord
from explaudit.leaderboard.run import LEADERBOARD
from explaudit.recorded import rebuild_recorded
from explaudit_reports.provenance import fingerprint

RELEASED = Path(__file__).parents[1] / "reports" / "gameability"


def _quoted(results: LeaderboardResults) -> list[str]:
    """Return what the README says of the results, as they have it."""
    notes = {note.name: note for note in results.metrics}
    overall = {s.metric: s.verdict for s in results.scores if not s.explainer and not s.dataset}
    quality = {name: word for name, word in overall.items() if notes[name].kind == "quality"}

    def tally(word: VerdictWord, manifold: str) -> str:
        own = [verdict for name, verdict in quality.items() if notes[name].manifold == manifold]
        return f"{own.count(word)} of {len(own)}"

    verdicts = list(quality.values())
    hidden = {
        s.explainer: f"{s.worst.value or 0:.0%}".replace("%", " %")
        for s in results.scores
        if s.metric == "sensitive_share" and s.explainer and not s.dataset
    }
    assert hidden["lime"] == "100 %"
    return [
        f"Of {len(quality)} quality metrics {verdicts.count('gameable')} are gameable, "
        f"{verdicts.count('resists')} resist",
        f"{tally('gameable', 'on')} are gameable, as {tally('gameable', 'off')} off the manifold",
        f"from KernelSHAP by {hidden['kernel_shap_kmeans']}",
    ]


@pytest.mark.slow
def test_the_committed_page_and_the_readme_are_those_of_the_records(tmp_path: Path) -> None:
    results = rebuild_recorded(LEADERBOARD, RELEASED / "records.jsonl.xz", tmp_path).results
    assert results.cells.unjudged == []
    readme = " ".join(RELEASED.parents[1].joinpath("README.md").read_text(encoding="utf-8").split())
    assert [text for text in _quoted(results) if text not in readme] == []
    page = (RELEASED / "report.html").read_text(encoding="utf-8")
    assert f"results {fingerprint(results)[:12]}" in page
