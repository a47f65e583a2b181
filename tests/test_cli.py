"""The command line: what a user types, and what happens when it is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from explaudit.cli import main

TINY = [
    *("--preset", "quick", "--dataset", "german", "--rows", "3", "--replicates", "1"),
    *("--attack", "lime", "--explainer", "random", "--explainer", "occlusion", "--jobs", "1"),
]


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, prog_name="explaudit")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("cli") / "study"
    result = invoke("study", *TINY, "--out", str(out))
    assert result.exit_code == 0, result.output
    return out


def test_a_study_leaves_report_results_and_records(tiny: Path) -> None:
    assert {"report.html", "report.pdf", "results.json", "records.jsonl"} <= {
        path.name for path in tiny.iterdir()
    }
    assert (tiny / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_the_same_command_again_computes_nothing_anew(tiny: Path) -> None:
    before = (tiny / "records.jsonl").read_bytes()
    assert invoke("study", *TINY, "--out", str(tiny)).exit_code == 0
    assert (tiny / "records.jsonl").read_bytes() == before


def test_the_report_is_rebuilt_from_the_records_alone(tiny: Path, tmp_path: Path) -> None:
    result = invoke("report", str(tiny / "records.jsonl"), "--out", str(tmp_path))
    assert result.exit_code == 0, result.output
    for name in ("report.html", "report.pdf", "results.json"):
        assert (tmp_path / name).read_bytes() == (tiny / name).read_bytes(), name


def test_cells_that_could_not_be_judged_give_status_3(tiny: Path, tmp_path: Path) -> None:
    lines = (tiny / "records.jsonl").read_bytes().splitlines(keepends=True)
    torn = tmp_path / "records.jsonl"
    torn.write_bytes(b"".join(lines[:-1]))
    result = invoke("report", str(torn))
    assert result.exit_code == 3
    assert "not run yet" in (tmp_path / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["study", "--dataset", "compass"], ["compass", "compas"]),
        (["study", "--attack", "lima", "--dataset", "german"], ["attack", "lima", "kmeans10"]),
        (["study", "--explainer", "shapp", "--dataset", "german"], ["explainer", "shapp"]),
        (["study", "--rows", "0"], ["n_rows", "at least 1"]),
        (["study", "--replicates", "0"], ["replicates", "at least 1"]),
        (["study", "--fidelity-floor", "2"], ["fidelity_floor", "between 0 and 1"]),
        (["study", "--jobs", "0"], ["--jobs", "at least 1"]),
        (["study", "--preset", "slow"], ["--preset", "quick"]),
        (["study", "--protocol", "published", "--dataset", "adult"], ["adult", "compas"]),
        (["report", "nowhere.jsonl"], ["nowhere.jsonl"]),
        (["studdy"], ["studdy"]),
    ],
)
def test_wrong_use_is_status_2_and_one_clear_message(
    arguments: list[str], words: list[str], tmp_path: Path
) -> None:
    if arguments[0] == "study":
        arguments = [*arguments, "--out", str(tmp_path)]
    result = invoke(*arguments)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)
    for word in words:
        assert word in result.output


def test_a_folder_with_another_study_is_refused_and_left_alone(tiny: Path) -> None:
    before = (tiny / "records.jsonl").read_bytes()
    result = invoke("study", *TINY, "--seed", "7", "--out", str(tiny))
    assert result.exit_code == 2
    assert "--out" in result.output
    assert (tiny / "records.jsonl").read_bytes() == before


def test_a_file_that_is_no_log_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "records.jsonl"
    log.write_text("no log\n")
    result = invoke("report", str(log))
    assert result.exit_code == 2
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", ["datasets", "attacks", "explainers", "metrics"])
def test_catalogues_list_the_same_names_as_text_and_as_json(command: str) -> None:
    rows = json.loads(invoke(command, "--json").output)
    text = invoke(command).output
    assert rows
    for row in rows:
        assert row["name"] in text
        assert row.get("description") or row.get("title")


def test_the_catalogue_of_metrics_knows_what_results_json_holds(tiny: Path) -> None:
    known = {row["name"] for row in json.loads(invoke("metrics", "--json").output)}
    results = json.loads((tiny / "results.json").read_text())
    assert {m["metric"] for m in results["measurements"]} <= known


@pytest.mark.parametrize("command", [[], ["study"], ["report"], ["datasets"]])
def test_help_teaches(command: list[str]) -> None:
    result = invoke(*command, "--help")
    assert result.exit_code == 0
    assert "explaudit" in result.output


def test_a_report_on_a_biased_score_says_so_and_how_to_run_it_again(tmp_path: Path) -> None:
    result = invoke("study", *TINY, "--bias", "0.4", "--out", str(tmp_path))
    assert result.exit_code == 0, result.output
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "a trained score of which 0.4 is taken off" in page
    assert "--bias 0.4" in page
