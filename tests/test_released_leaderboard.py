"""The released leaderboard is that of its records."""

from __future__ import annotations

from pathlib import Path

import pytest

from explaudit.leaderboard.run import rebuild_leaderboard
from explaudit_reports.provenance import fingerprint

RELEASED = Path(__file__).parents[1] / "reports" / "gameability"


@pytest.mark.slow
def test_the_committed_page_is_that_of_its_records(tmp_path: Path) -> None:
    results = rebuild_leaderboard(RELEASED / "records.jsonl.xz", tmp_path)
    assert results.cells.unjudged == []
    page = (RELEASED / "report.html").read_text(encoding="utf-8")
    assert f"results {fingerprint(results)[:12]}" in page
