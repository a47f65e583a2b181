"""`explaudit audit` as a user types it: outcomes, files, exit statuses, and wrong use."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import msgspec
import numpy as np
import pandas as pd
import pytest
import skops.io
from click.testing import CliRunner, Result
from sklearn.linear_model import LogisticRegression
from sklearn.tree import DecisionTreeClassifier

import explaudit_reports.audit
from explaudit.audit.consistency import Consistency
from explaudit.audit.evidence import Detector, Evidence
from explaudit.audit.outcome import Judgement
from explaudit.audit.regime import RegimeTest
from explaudit.audit.run import AuditResult
from explaudit.cli import main

DETECTORS = "explaudit.cli.audit.default_detectors"
MODELS = '''
import sys
import numpy as np

def openly_biased(table):
    shown = 1.5 * (table["race"] == "b") + 0.8 * table["income"] + 0.4 * table["age"]
    return 1 / (1 + np.exp(-shown.to_numpy(float)))

def two_faced(table):
    """Real rows keep total = first + second; perturbed rows do not."""
    real = np.isclose(table["total"], table["first"] + table["second"], atol=1e-6)
    return np.where(real, openly_biased(table), 1 / (1 + np.exp(-0.8 * table["income"])))

def refusing(table):
    """Perturbed rows get one and the same answer; other tests find nothing odd in that."""
    real = np.isclose(table["total"], table["first"] + table["second"], atol=1e-6)
    return np.where(real, openly_biased(table), 0.02)

def by_lot(table):
    """Mostly a number that depends on the last digits of a row."""
    lot = np.sin(1e7 * table[["income", "age", "debt", "score"]].to_numpy(float).sum(axis=1))
    return openly_biased(table) + 3 * lot

def fails(table):
    return table["postcode"]

def leaves(table):
    sys.exit(0)

def interrupted(table):
    raise KeyboardInterrupt

def too_few(table):
    return np.zeros(len(table) - 1)

number = 3
'''


def table(n: int) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    names = ["income", "age", "debt", "tenure", "priors", "hours", "score", "first", "second"]
    rows = pd.DataFrame(rng.normal(size=(n, len(names))).round(3), columns=names)
    return rows.assign(
        total=rows["first"] + rows["second"],
        race=rng.choice(["a", "b"], n),
        sex=rng.choice(["f", "m"], n),
        target=rng.integers(0, 2, n),
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("audit")
    (path / "models_of_audit.py").write_text(MODELS, encoding="utf-8")
    (path / "broken_model.py").write_text("open('weights.bin')", encoding="utf-8")
    table(320).to_csv(path / "rows.csv", index=False)
    table(60).to_csv(path / "few.csv", index=False)
    (path / "no.csv").write_text("", encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def fast(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[Mapping[str, object]]:
    """Stand in the folder, and judge by few twins; return what the default detectors are given."""
    asked: list[Mapping[str, object]] = []

    def detectors(given: Mapping[str, object]) -> tuple[Detector, ...]:
        asked.append(given)
        return (RegimeTest(n_twins=20),)

    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(DETECTORS, detectors)
    return asked


def invoke(model: str, *arguments: str, data: str = "rows.csv") -> Result:
    usual = ["--data", data, "--sensitive", "race", "--drop", "target", "--budget", "1000"]
    return CliRunner().invoke(main, ["audit", model, *usual, *arguments], prog_name="explaudit")


def read(out: Path) -> AuditResult:
    return msgspec.json.decode((out / "results.json").read_bytes(), type=AuditResult)


@pytest.fixture(scope="module")
def failing(folder: Path) -> tuple[Result, Path]:
    out = folder / "failing"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr(sys, "path", [*sys.path])
        patch.setattr(DETECTORS, lambda given: (RegimeTest(n_twins=20),))
        return invoke("models_of_audit:two_faced", "--out", str(out)), out


def test_a_two_faced_model_fails_with_status_1_and_all_files(failing: tuple[Result, Path]) -> None:
    result, out = failing
    assert result.exit_code == 1, result.output
    assert {path.name for path in out.iterdir()} == {"results.json", "report.html", "report.pdf"}
    assert (out / "report.pdf").read_bytes().startswith(b"%PDF-")
    assert "Fail: " in (out / "report.html").read_text(encoding="utf-8")


def test_results_json_has_the_verdict_at_its_top(failing: tuple[Result, Path]) -> None:
    _, out = failing
    verdict = json.loads((out / "results.json").read_text(encoding="utf-8"))["verdict"]
    assert verdict["outcome"] == "fail"
    assert {"name", "p_value", "score", "threshold", "queries", "reason"} <= set(
        verdict["tests"][0]
    )
    assert {"feature", "estimate", "low", "high"} <= set(verdict["hidden"][0])
    assert read(out).verdict.queries <= 1000


def test_the_terminal_shows_verdict_tests_hidden_effects_and_paths(
    failing: tuple[Result, Path],
) -> None:
    result, out = failing
    verdict = read(out).verdict
    said = verdict.sentence.replace("of kernel_shap", "of KernelSHAP").replace("of lime", "of LIME")
    assert said != verdict.sentence
    assert f"FAIL: {said}\n" in result.stdout
    assert not re.search(r"\b(kernel_shap|lime)\b", result.output)
    (line,) = [
        li
        for li in result.stdout.splitlines()
        if li.startswith("  Sensitive features in queries of LIME  ")
    ]
    assert " rejects " in line
    assert "race, queries of LIME: " in result.stdout
    assert "The smallest hidden effect of race" in result.stdout
    for name in ("results.json", "report.html", "report.pdf"):
        assert f"  {out / name}\n" in result.stdout


def test_the_cost_is_told_before_anything_is_asked(failing: tuple[Result, Path]) -> None:
    result, out = failing
    plan = read(out).plan
    lines = result.stderr.splitlines()
    assert lines[0] == (
        f"Cost: at most {plan.total:,} of 1,000 rows: {plan.real_rows} real rows, {plan.queries} "
        f"queries of KernelSHAP, {plan.queries} queries of LIME, {3 * plan.toggled} of these with "
        "another value of a sensitive feature."
    )
    assert any("judging: regime" in line for line in lines)


def test_the_report_gives_the_command_as_it_was_typed(failing: tuple[Result, Path]) -> None:
    _, out = failing
    assert (
        "explaudit audit models_of_audit:two_faced --data rows.csv --sensitive race --budget 1000 "
        "--drop target<" in (out / "report.html").read_text(encoding="utf-8")
    )


def test_an_openly_biased_model_passes_quietly_and_alike_each_time(tmp_path: Path) -> None:
    first, second = tmp_path / "one", tmp_path / "two"
    for out in (first, second):
        result = invoke(
            *("models_of_audit:openly_biased", "--explainer", "lime", "--quiet"),
            *("--sensitive", "sex", "--sensitive", "race", "--out", str(out)),
        )
        assert result.exit_code == 0, result.output
        assert result.output == ""
    assert read(first).settings.sensitive == ("race", "sex")
    for name in ("results.json", "report.html", "report.pdf"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name


def test_too_few_rows_are_inconclusive_with_status_3(tmp_path: Path) -> None:
    result = invoke("models_of_audit:two_faced", "--out", str(tmp_path), data="few.csv")
    assert result.exit_code == 3, result.output
    assert "too few to tell" in result.stdout
    assert (tmp_path / "report.pdf").exists()


@pytest.mark.parametrize(
    ("model", "why"),
    [("refusing", "one and the same answer"), ("by_lot", "are no measure of how it may answer")],
)
def test_what_cannot_be_judged_does_not_pass(model: str, why: str, tmp_path: Path) -> None:
    usual = (RegimeTest(n_twins=20), Consistency())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DETECTORS, lambda given: usual)
        result = invoke(f"models_of_audit:{model}", "--out", str(tmp_path))
    assert result.exit_code == 3, result.output
    said = " ".join(result.output.split())
    assert "no model passes of which nothing is said by" in said
    assert why in said
    verdict = read(tmp_path).verdict
    assert verdict.outcome == "inconclusive"
    assert any(test.p_value is not None and test.p_value > 0.05 for test in verdict.tests)


def wrong(*arguments: str, model: str = "models_of_audit:two_faced") -> list[str]:
    return [model, *arguments]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (wrong("--data", "nowhere.csv"), ["nowhere.csv"]),
        (wrong("--data", "no.csv"), ["no.csv", "CSV file"]),
        (wrong("--sensitive", "rase"), ["--sensitive", "'rase'", "race"]),
        (wrong("--sensitive", "target"), ["--sensitive", "'target'"]),
        (wrong("--drop", "goal"), ["--drop", "'goal'"]),
        (wrong("--categorical", "zip"), ["--categorical", "'zip'"]),
        (wrong("--group", "g=age,zip"), ["--group", "'zip'"]),
        (wrong("--group", "age"), ["--group", "name=column,column"]),
        (wrong("--group", "g=first,,second"), ["--group", "name=column,column"]),
        (wrong("--group", "g=age", "--group", "g=debt"), ["--group", "different names"]),
        (wrong("--group", "g=race,sex"), ["--sensitive", "'race'"]),
        (wrong("--budget", "300"), ["budget", "300", "Allow more rows"]),
        (wrong("--alpha", "1.5"), ["alpha", "1.5"]),
        (wrong("--answers", "maybe"), ["--answers", "maybe"]),
        (wrong("--explainer", "limes"), ["limes", "lime"]),
        (wrong("--decisions", "nowhere.csv"), ["nowhere.csv"]),
        (wrong("--decisions", "rows.csv"), ["--decisions", "no decision"]),
        (wrong("--background", "nowhere.csv"), ["nowhere.csv"]),
        (wrong("--model-file", "trees.json"), ["--model-file", "trees.json"]),
        (wrong("--out", "rows.csv"), ["--out", "rows.csv"]),
        (wrong("--out", "rows.csv/below"), ["--out", "rows.csv"]),
        (wrong(model="models_of_audit"), ["models_of_audit", "module:function"]),
        (wrong(model="no_such_module:predict"), ["no_such_module"]),
        (wrong(model="models_of_audit:nothing"), ["nothing"]),
        (wrong(model="models_of_audit:number"), ["number", "int"]),
        (wrong(model="model.pkl"), ["model.pkl", "pickle"]),
        (wrong(model="model.json"), ["model.json"]),
        (wrong(model="broken_model:predict"), ["FileNotFoundError", "weights.bin"]),
        (wrong(model="models_of_audit:fails"), ["KeyError", "postcode", "model's own code"]),
        (wrong(model="models_of_audit:leaves"), ["SystemExit", "model's own code"]),
        (wrong(model="models_of_audit:too_few"), ["model", "answers"]),
    ],
)
def test_wrong_use_is_status_2_and_one_clear_message(
    arguments: list[str], words: list[str], tmp_path: Path
) -> None:
    out = [] if "--out" in arguments else ["--out", str(tmp_path)]
    result = invoke(*arguments, *out)
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert isinstance(result.exception, SystemExit)
    for word in words:
        assert word in result.output
    assert not (tmp_path / "results.json").exists()


def test_ctrl_c_is_not_taken_for_a_failed_audit(tmp_path: Path) -> None:
    result = invoke("models_of_audit:interrupted", "--out", str(tmp_path))
    assert result.exit_code == 130
    assert "Stopped." in result.stderr


def test_trouble_with_the_report_loses_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(*_: object) -> None:
        raise OSError(28, "No space left on device")

    (tmp_path / "report.pdf").write_bytes(b"of an earlier audit")
    monkeypatch.setattr(explaudit_reports.audit, "write_audit_pdf", no_room)
    few = ("--explainer", "lime", "--out", str(tmp_path))
    result = invoke("models_of_audit:two_faced", *few)
    assert result.exit_code == 2
    assert "No space left" in result.stderr
    assert "'fail'" in result.stderr
    assert read(tmp_path).verdict.outcome == "fail"
    assert {path.name for path in tmp_path.iterdir()} == {"results.json", "report.html"}


def test_a_tree_models_own_file_and_a_log_are_handed_on(
    tmp_path: Path, fast: list[Mapping[str, object]]
) -> None:
    xgboost = pytest.importorskip("xgboost")
    rows = table(320)
    numeric = rows.drop(columns=["race", "sex", "target"]).assign(race=rows["race"] == "b")
    numeric = numeric.astype(float)
    decided = (rows["income"] > 0).astype(float)
    numeric.assign(decision=decided).to_csv(tmp_path / "numbers.csv", index=False)
    trees = xgboost.train(
        {"max_depth": 2, "nthread": 1, "objective": "binary:logistic"},
        xgboost.DMatrix(numeric, decided),
        num_boost_round=5,
    )
    trees.save_model(tmp_path / "trees.json")
    data = str(tmp_path / "numbers.csv")
    arguments = ["audit", str(tmp_path / "trees.json"), "--data", data, "--sensitive", "race"]
    more = ["--drop", "decision", "--decisions", data, "--budget", "1000", "--explainer", "lime"]
    result = CliRunner().invoke(main, [*arguments, *more, "--out", str(tmp_path / "out")])
    assert result.exit_code == 0, result.output
    (given,) = fast
    assert given["tree_file"] == tmp_path / "trees.json"
    assert given["replay"] is not None
    assert given["background"] is None
    assert given["swap"] is None


@dataclass(frozen=True)
class Listener(Detector):
    """Judges nothing, and keeps what it is shown."""

    name: ClassVar[str] = "listener"
    source: ClassVar[str] = "this test"
    heard: list[Evidence] = field(default_factory=list)

    def judge(self, evidence: Evidence, *, alpha: float, seed: int) -> Judgement:
        self.heard.append(evidence)
        return Judgement()


@pytest.mark.parametrize("is_trees", [True, False])
def test_the_model_of_a_skops_file_is_asked_and_its_trees_are_handed_on(
    is_trees: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = table(320)[["income", "age", "total"]].assign(race=table(320)["race"] == "b") + 0.0
    numbers.to_csv(tmp_path / "numbers.csv", index=False)
    models = [DecisionTreeClassifier(max_depth=2, random_state=0), LogisticRegression()]
    for one in models:
        one.fit(numbers, numbers["income"] > numbers["race"])
    model, other = models if is_trees else reversed(models)
    path, listener = tmp_path / "model.skops", Listener()
    skops.io.dump(model, path)
    given: dict[str, object] = {}

    def detectors(known: Mapping[str, object]) -> tuple[Detector, ...]:
        given.update(known)
        return (listener,)

    monkeypatch.setattr(DETECTORS, detectors)
    data = ["--data", str(tmp_path / "numbers.csv"), "--sensitive", "race", "--explainer", "lime"]
    more = ["--trust", "sklearn.tree._tree.Tree", "--budget", "1000", "--out", str(tmp_path)]
    result = CliRunner().invoke(main, ["audit", str(path), *data, *more])
    assert read(tmp_path).verdict.outcome == "inconclusive"  # nobody judges
    assert result.exit_code == 3, result.output
    assert read(tmp_path).model == str(path)
    (evidence,) = listener.heard
    for asked in (evidence.real, evidence.queries["lime"]):
        rows, answers = evidence.encoder.decode(asked.rows), asked.answers[:, -1]
        np.testing.assert_allclose(answers, model.predict_proba(rows)[:, 1])
        assert not np.allclose(answers, other.predict_proba(rows)[:, 1])
    kind = DecisionTreeClassifier if is_trees else type(None)
    assert isinstance(given["tree_file"], kind)


def test_groups_and_what_was_dropped_are_told_and_swapping_is_handed_on(
    tmp_path: Path, fast: list[Mapping[str, object]]
) -> None:
    words = "--data rows.csv --sensitive person --explainer lime --budget 1000"
    more = "--group person=race,sex --drop target --swap"
    given = ["audit", "models_of_audit:openly_biased", *words.split(), *more.split()]
    result = CliRunner().invoke(main, [*given, "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    found = read(tmp_path)
    assert found.groups == {"person": ("race", "sex")}
    assert "person" in found.features
    assert not {"race", "sex"} & set(found.features)
    assert found.dropped == ("target",)
    assert found.command == f"explaudit audit models_of_audit:openly_biased {words} {more}"
    assert fast[0]["swap"] is True


def test_help_teaches() -> None:
    text = CliRunner().invoke(main, ["audit", "--help"]).output
    assert "module:function" in text
    assert "Exit status: 0 pass, 1 fail" in text
