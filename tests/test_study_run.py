"""The real study in a folder: killed, resumed, rebuilt from its records."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from explaudit.recorded import LEDGER, RECORDS, RESULTS, rebuild_recorded
from explaudit.recordlog import read_jsonl
from explaudit.results import Results
from explaudit.study.plan import PRESETS
from explaudit.study.run import STUDY, run_study

ARGUMENTS = [
    *("--preset", "quick", "--dataset", "german", "--rows", "4", "--replicates", "2"),
    *("--attack", "lime", "--explainer", "lime", "--explainer", "occlusion"),
    *("--explainer", "random", "--jobs", "2", "--quiet"),
]
SETTINGS = msgspec.structs.replace(
    PRESETS["quick"],
    datasets=("german",),
    attacks=("lime",),
    explainers=("lime", "occlusion", "random"),
    n_rows=4,
    n_rows_crossed=4,
)


def timeless(path: Path) -> list[bytes]:
    records = read_jsonl(path).records
    return [msgspec.json.encode(msgspec.structs.replace(r, seconds=0.0)) for r in records]


def test_a_study_killed_ten_times_ends_as_one_left_alone(tmp_path: Path) -> None:
    undisturbed = run_study(SETTINGS, tmp_path / "undisturbed", progress=False)
    assert undisturbed.results.cells.unjudged == []

    rng, killed_early = random.Random(20), 0
    out = tmp_path / "killed"
    command = [sys.executable, "-m", "explaudit", "study", *ARGUMENTS, "--out", str(out)]
    for _ in range(10):
        process = subprocess.Popen(command, start_new_session=True)
        time.sleep(rng.uniform(1.0, 5.0))
        killed_early += process.poll() is None
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert killed_early >= 3, "the kills must really have interrupted something"
    subprocess.run(command, check=True, timeout=120)
    assert timeless(out / RECORDS) == timeless(tmp_path / "undisturbed" / RECORDS)


def test_results_can_be_rebuilt_from_the_records_alone(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(SETTINGS, explainers=("occlusion", "random"))
    outcome = run_study(settings, tmp_path / "run", progress=False)
    rebuilt = rebuild_recorded(STUDY, tmp_path / "run" / RECORDS, tmp_path / "rebuilt")
    assert rebuilt.warnings == ()
    assert rebuilt.results == outcome.results
    written = (tmp_path / "rebuilt" / RESULTS).read_bytes()
    assert written == (tmp_path / "run" / RESULTS).read_bytes()
    assert msgspec.json.decode(written, type=Results) == outcome.results
    assert (tmp_path / "run" / LEDGER).is_file()


def test_a_torn_log_loses_a_record_and_says_so(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(SETTINGS, explainers=("random",), replicates=1)
    run_study(settings, tmp_path, progress=False)
    log = tmp_path / RECORDS
    whole = log.read_bytes()
    log.write_bytes(whole[: -len(whole.splitlines()[-1]) // 2])
    rebuilt = rebuild_recorded(STUDY, log, tmp_path / "rebuilt")
    assert len(rebuilt.warnings) == 1
    assert len(rebuilt.results.cells.unjudged) == 1
    assert rebuilt.results.cells.unjudged[0].reason == "not run yet"


def test_results_json_is_flat_and_documented(tmp_path: Path) -> None:
    settings = msgspec.structs.replace(SETTINGS, explainers=("lime",), replicates=1)
    run_study(settings, tmp_path, progress=False)
    results = json.loads((tmp_path / RESULTS).read_text())
    assert {"schema_version", "versions", "seed", "measurements"} <= set(results)
    entry = next(
        m
        for m in results["measurements"]
        if (m["model"], m["metric"]) == ("attacked", "sensitive_top1")
    )
    assert entry["dataset"] == "german"
    assert entry["attack"] == "scaffold"
    assert entry["attack_setting"] == entry["explainer_setting"] == "lime"
    assert entry["low"] <= entry["value"] <= entry["high"]
    assert entry["n"] == 4
