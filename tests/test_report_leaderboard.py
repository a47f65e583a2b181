"""The report on a leaderboard, made from invented results with every verdict and trouble."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from explaudit.cells import canonical_json
from explaudit.leaderboard.cast import ADVERSARIES
from explaudit.leaderboard.explainers import EXPLAINERS
from explaudit.leaderboard.notes import metric_note
from explaudit.leaderboard.results import (
    AdversaryNote,
    Distribution,
    Estimate,
    LeaderboardResults,
    MetricNote,
    Score,
    TrialNote,
)
from explaudit.leaderboard.scores import RULES, verdict
from explaudit.metrics import metric_specs
from explaudit.results import CellCount, DatasetNote, UnjudgedCell
from explaudit_reports.leaderboard import (
    build_leaderboard_report,
    write_leaderboard_html,
    write_leaderboard_pdf,
)
from explaudit_reports.leaderboard.drawing import Rung, draw_ladder
from explaudit_reports.leaderboard.pages import render_leaderboard_html
from explaudit_reports.leaderboard.provenance import command
from explaudit_reports.leaderboard.wording import ACCESS, SIGNS, STATUSES, VERDICTS, metric_label
from explaudit_reports.model import Cell, Gallery, Report, Section, Table
from explaudit_reports.numbers import DASH, figure, interval
from explaudit_reports.pdf import render_pdf

HOSTILE = '</script><script>alert(1)</script> a"b&c $x$ #foo *y* {{z}} \u202e'
FEW = ("lime", "occlusion", "matched_pairs", "random")
NOTHING = Estimate(value=None, low=None, high=None, n=0)


def draw(*key: str) -> float:
    """Return an invented number between 0 and 1 that depends on the key."""
    digest = hashlib.sha256("/".join(key).encode()).digest()
    return int.from_bytes(digest[:4], "little") / 2**32


def estimate(value: float, half: float, bounded: bool) -> Estimate:
    low, high = value - half, value + half
    if bounded:
        value, low, high = (min(max(number, 0.0), 1.0) for number in (value, low, high))
    return Estimate(value=value, low=low, high=high, n=20)


def invented_score(note: MetricNote, explainer: str, dataset: str) -> Score:
    """Return a score in which attacks win off the manifold, and not against what asks real rows."""
    quality = note.kind == "quality"
    deaf = explainer in ("matched_pairs", "linear_probe", "group_disparity", "imbalance")
    control = explainer in ("random", "constant") or (quality and deaf)
    base = 0.05 if deaf or note.manifold == "on" else 0.6
    middle = base + 0.4 * draw(note.name) * (not deaf) + 0.1 * draw(note.name, explainer, dataset)
    half = 0.06 + 0.2 * draw(note.name, explainer, dataset, "half") * bool(explainer or dataset)
    gone = control or note.name == "completeness_gap"
    worst = NOTHING if gone else estimate(middle, half, quality)
    broken = explainer == "occlusion" and quality
    below = estimate(0.9, 0.05, quality) if broken else NOTHING
    word, reason = verdict(worst, below, n_trials=6)
    return Score(
        metric=note.name,
        explainer=explainer,
        dataset=dataset,
        mean=NOTHING if gone else estimate(middle - 0.12, half / 2, quality),
        worst=worst,
        worst_adversary="" if gone else "imitating_metric_aware",
        fidelity=None if gone else 0.93,
        below_floor=below,
        random=estimate(0.3 * draw(note.name, "random"), 0.1, True) if quality else NOTHING,
        n_counted=0 if gone else 5,
        n_planned=6,
        verdict=word,
        reason=reason,
    )


def invented_trial(dataset: str, explainer: str, adversary: str) -> TrialNote:
    deaf = explainer in ("matched_pairs", "linear_probe", "group_disparity", "neighbour_shap")
    moved = None if explainer in ("random", "constant", "imbalance") else 0.05 if deaf else 0.93
    broken = adversary == "smooth" and dataset == "german"
    fidelity = 0.812 if broken else 0.9 + 0.09 * draw(dataset, explainer, adversary)
    return TrialNote(
        dataset=dataset,
        explainer=explainer,
        adversary=adversary,
        attack_setting=f"{adversary}/rows",
        fidelity=fidelity,
        moved=moved,
        broken=f"fidelity {fidelity:.3f} is below 0.9" if broken else "",
        deceives=moved is not None and moved >= 0.25,
    )


def invented_spreads(metrics: list[MetricNote]) -> Iterator[Distribution]:
    models: tuple[Literal["honest", "attacked", "innocent"], ...]
    models = ("honest", "attacked", "innocent")
    for note in metrics:
        for place, model in enumerate(models):
            start = draw(note.name, model) + place
            quantiles = [start + step for step in (0.0, 0.2, 0.5, 0.9, 1.4)]
            there = note.name != "completeness_gap"
            yield Distribution(
                metric=note.name, model=model, quantiles=quantiles if there else [], n=240 * there
            )


def invented_dataset(name: str, title: str) -> DatasetNote:
    return DatasetNote(
        name=name,
        title=title,
        n_rows=6172,
        n_features=11,
        sha256=hashlib.sha256(name.encode()).hexdigest(),
        source="An invented source, for this test only.",
        licence="No licence: invented.",
        known_harms=f"Invented figures of {name} must not be read as statements about people.",
        sensitive="race",
        biased_rule="unfavourable iff race is X",
        innocuous_rule="unfavourable iff a fair coin shows 1",
        preparation="Numbers are standardised.",
    )


def invented_results(
    explainers: tuple[str, ...] = FEW, datasets: dict[str, str] | None = None
) -> LeaderboardResults:
    """Return results in which no figure is real."""
    titles = datasets or {"compas": "COMPAS", "german": HOSTILE}
    metrics = [
        metric_note(spec)
        for spec in metric_specs().values()
        if spec.direction != "none" and spec.kind != "cost"
    ]
    unjudged = [
        UnjudgedCell(
            cell_id=hashlib.sha256(reason.encode()).hexdigest()[:32],
            dataset="compas",
            model="attacked",
            attack_setting="plain/rows",
            explainer_setting="lime",
            replicate=replicate,
            reason=reason,
        )
        for replicate, reason in enumerate(("not run yet", "not run yet", f"refused {HOSTILE}"))
    ]
    return LeaderboardResults(
        versions={"explaudit": "0.1.0", "python": "3.11.7"},
        seed=7,
        settings={
            "preset": "standard",
            "datasets": list(titles),
            "own": None,
            "explainers": list(explainers),
            "metrics": None,
            "replicates": 5,
            "n_rows": 12,
            "fidelity_floor": 0.9,
            "harm_tolerance": 0.2,
            "seed": 7,
        },
        rules={**RULES, "deceived": 0.25},
        datasets=[invented_dataset(name, title) for name, title in titles.items()],
        explainer_settings={
            name: msgspec.to_builtins(EXPLAINERS[name].part) for name in explainers
        },
        adversaries=[
            AdversaryNote(name=a.name, mechanism=a.mechanism, source=a.source, access=a.access)
            for a in ADVERSARIES.values()
        ],
        metrics=metrics,
        trials=[
            invented_trial(dataset, explainer, adversary)
            for dataset in titles
            for explainer in explainers
            for adversary in ADVERSARIES
        ],
        scores=[
            invented_score(note, explainer, dataset)
            for note in metrics
            for explainer in ("", *explainers)
            for dataset in ("", *titles)
        ],
        distributions=list(invented_spreads(metrics)),
        cells=CellCount(planned=500, done=497, unjudged=unjudged),
        n_queries=1_234_567,
        seconds=98.7,
    )
