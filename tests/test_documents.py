"""The documents stay true: recipes run, links lead somewhere, commands exist."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from explaudit.cli import main
from explaudit.recorded import rebuild_recorded
from explaudit.study.run import STUDY
from explaudit_reports.provenance import fingerprint

ROOT = Path(__file__).parents[1]
DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]


def test_the_recipes_of_the_architecture_run() -> None:
    outcome = doctest.testfile(str(ROOT / "ARCHITECTURE.md"), module_relative=False)
    assert outcome.attempted > 15
    assert outcome.failed == 0


def test_the_readmes_example_runs_and_shows_an_attack(capsys: pytest.CaptureFixture[str]) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    exec(compile(example, "README.md", "exec"), {})
    honest, attacked = re.findall(r"share of sex (0\.\d+)", capsys.readouterr().out)
    assert float(attacked) < float(honest) / 2


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_to_files_lead_somewhere(name: str) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", (ROOT / name).read_text(encoding="utf-8"))
    missing = [target for target in targets if not (ROOT / target).exists()]
    assert missing == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_commands_that_are_named_exist(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    pattern = r"^ {4}explaudit ([a-z]+)|`explaudit ([a-z]+)"
    found = re.findall(pattern, text, re.MULTILINE)
    commands = {name for pair in found for name in pair if name}
    unknown = commands - set(main.commands)
    assert unknown == set()


def test_make_targets_that_the_readme_names_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for target in set(re.findall(r"make ([a-z-]+)", readme)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_committed_report_is_that_of_its_records(tmp_path: Path) -> None:
    example = ROOT / "reports" / "example"
    rebuilt = rebuild_recorded(STUDY, example / "records.jsonl.gz", tmp_path)
    assert rebuilt.warnings == ()
    assert rebuilt.results.cells.unjudged == []
    page = (example / "report.html").read_text(encoding="utf-8")
    assert f"results {fingerprint(rebuilt.results)[:12]}" in page


def test_ci_runs_exactly_the_readmes_test_command() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.findall(r"^(?:exec )?(make .*)$", script, re.MULTILINE) == ["make test"]
    assert "make test" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_help_names_only_options_that_exist() -> None:
    text = CliRunner().invoke(main, ["study", "--help"]).output
    options = {o for command in main.commands.values() for p in command.params for o in p.opts}
    assert set(re.findall(r"--[a-z-]+", text)) <= options | {"--help"}
