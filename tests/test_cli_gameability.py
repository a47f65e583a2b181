"""`explaudit gameability`: what a user types, the files that are left, and wrong use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from explaudit.cli import main
from explaudit.leaderboard.plan import plan_leaderboard
from explaudit.leaderboard.settings import LeaderboardSettings

TINY = [
    *("--datasets", "german", "--explainers", "occlusion,random", "--adversaries", "plain"),
    *("--metrics", "sensitive_share,pgi,pgi_on_manifold", "--replicates", "2", "--rows", "3"),
    *("--max-rows", "400", "--jobs", "1"),
]
FILES = ("report.html", "report.pdf", "results.json")


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="explaudit")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    out = tmp_path_factory.mktemp("cli") / "leaderboard"
    return out, invoke("gameability", *TINY, "--out", str(out))


def test_a_leaderboard_leaves_report_results_and_records(tiny: tuple[Path, Result]) -> None:
    out, result = tiny
    assert result.exit_code == 0, result.output
    assert {*FILES, "records.jsonl"} <= {path.name for path in out.iterdir()}
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF-")
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "PGI (on-manifold)" in page and "Matched pairs" not in page
    settings = LeaderboardSettings(
        datasets=("german",),
        explainers=("occlusion", "random"),
        adversaries=("plain",),
        replicates=2,
    )
    n_cells = len(plan_leaderboard(settings))
    assert json.loads((out / "results.json").read_bytes())["cells"]["done"] == n_cells


def test_the_verdict_is_said(tiny: tuple[Path, Result]) -> None:
    out, result = tiny
    said = result.output.replace("\N{NO-BREAK SPACE}", " ")
    assert "of 2 metrics give" in said
    assert "planned cells judged" in said
    assert str(out / "report.html") in said
    assert "gates to train" in said


def test_the_same_command_again_computes_nothing_anew(tiny: tuple[Path, Result]) -> None:
    out, _ = tiny
    before = (out / "records.jsonl").read_bytes()
    again = invoke("gameability", *TINY, "--out", str(out), "--quiet")
    assert (again.exit_code, again.output) == (0, "")
    assert (out / "records.jsonl").read_bytes() == before


def test_the_report_is_rebuilt_from_the_folder_alone(
    tiny: tuple[Path, Result], tmp_path: Path
) -> None:
    out, _ = tiny
    result = invoke("report", str(out), "--out", str(tmp_path))
    assert result.exit_code == 0, result.output
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes(), name


def test_a_torn_log_gives_status_3_and_says_so(tiny: tuple[Path, Result], tmp_path: Path) -> None:
    out, _ = tiny
    lines = (out / "records.jsonl").read_bytes().splitlines(keepends=True)
    torn = tmp_path / "records.jsonl"
    torn.write_bytes(b"".join(lines[:-1]) + lines[-1][:100])
    result = invoke("report", str(torn))
    assert result.exit_code == 3, result.output
    assert "damaged line" in result.output
    assert "have not been run yet" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_folder_with_another_leaderboard_is_refused(tiny: tuple[Path, Result]) -> None:
    out, _ = tiny
    before = (out / "records.jsonl").read_bytes()
    result = invoke("gameability", *TINY, "--seed", "7", "--out", str(out))
    assert result.exit_code == 2
    assert "--out" in result.output
    assert (out / "records.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--datasets", "compass"], ["compass", "compas"]),
        (["--explainers", "shapp"], ["explainers", "shapp", "kernel_shap_kmeans"]),
        (["--metrics", "pgo"], ["metrics", "pgo", "pgi"]),
        (["--adversaries", "evil"], ["adversaries", "evil", "plain"]),
        (["--rows", "0"], ["n_rows", "at least 1"]),
        (["--jobs", "0"], ["--jobs", "at least 1"]),
        (["--fidelity-floor", "1"], ["fidelity_floor", "less than 1"]),
        (["--sensitive", "race"], ["--sensitive", "--data"]),
        (["--data", "nowhere.csv"], ["nowhere.csv"]),
        (["--preset", "slow"], ["--preset", "quick"]),
    ],
)
def test_wrong_use_is_status_2_and_one_clear_message(
    arguments: list[str], words: list[str], tmp_path: Path
) -> None:
    result = invoke("gameability", *arguments, "--out", str(tmp_path))
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    for word in words:
        assert word in result.output
    assert not any(tmp_path.iterdir())


def test_own_data_need_their_roles(tmp_path: Path) -> None:
    table = tmp_path / "rows.csv"
    table.write_text("a,b\n1,2\n", encoding="utf-8")
    result = invoke("gameability", "--data", str(table), "--sensitive", "a")
    assert result.exit_code == 2
    assert "--protected" in result.output
    both = invoke("gameability", "--data", str(table), "--datasets", "german")
    assert both.exit_code == 2
    assert "--datasets" in both.output
