"""What another person needs to make the same leaderboard again, and what it lacks."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

import msgspec

from explaudit_reports.commands import option_words
from explaudit_reports.leaderboard.view import View
from explaudit_reports.lookup import Lookup
from explaudit_reports.model import Code, Paragraph, Section, words
from explaudit_reports.numbers import count
from explaudit_reports.provenance import fingerprint_blocks, flat, pairs_table, unjudged_section

__all__ = ["command", "missing_section", "reproduce_section"]

_NOT_RUN = "not run yet"

#: Settings of a leaderboard that are options of the command line, and those options.
_OPTIONS = {
    "preset": "--preset",
    "datasets": "--datasets",
    "explainers": "--explainers",
    "metrics": "--metrics",
    "adversaries": "--adversaries",
    "replicates": "--replicates",
    "curve_replicates": "--curve-replicates",
    "n_rows": "--rows",
    "max_rows": "--max-rows",
    "fidelity_floor": "--fidelity-floor",
    "seed": "--seed",
}
_OWN_OPTIONS = ("sensitive", "protected", "target", "favourable")


def missing_section(view: View) -> Section:
    """Return the cells without a result: those that failed one by one, the others counted."""
    study, cells = view.study.results, view.results.cells
    failed = [cell for cell in cells.unjudged if cell.reason != _NOT_RUN]
    waiting = len(cells.unjudged) - len(failed)
    if not waiting:
        return unjudged_section(view.study)
    text = f"{count(waiting)} of {count(cells.planned)} planned cells have not been run yet."
    if not failed:
        return Section("unjudged", "What could not be judged", (Paragraph(words(text)),))
    listed = msgspec.structs.replace(cells, unjudged=failed)
    section = unjudged_section(Lookup(msgspec.structs.replace(study, cells=listed)))
    return Section(section.id, section.title, (Paragraph(words(text)), *section.blocks))


def reproduce_section(view: View) -> Section:
    """Return command, settings, versions, cost and fingerprint."""
    results = view.results
    equal = (
        "Equal versions, settings and base seed give equal figures, on one machine or many and in "
        "any order; only seconds differ. explaudit report makes this report again from the records "
        "alone."
    )
    run = {
        "base seed": str(results.seed),
        "planned cells": count(results.cells.planned),
        "cells done": count(results.cells.done),
        "cells without a result": count(len(results.cells.unjudged)),
        "rows that models were asked to score": count(results.n_queries),
        "seconds of work, summed over cells": count(round(results.seconds)),
        "version of the results' format": str(results.schema_version),
    }
    settings = {
        name: "; ".join(f"{key} = {value}" for key, value in flat(part).items())
        for name, part in results.explainer_settings.items()
    }
    return Section(
        "reproduce",
        "How to reproduce this",
        (
            Code(command(results.settings)),
            Paragraph(words(equal)),
            pairs_table("run", "The run.", run),
            pairs_table("settings", "Settings of the leaderboard.", flat(results.settings)),
            pairs_table("rules", "Numbers that verdicts stand on.", flat(results.rules)),
            pairs_table("versions", "Versions.", dict(results.versions)),
            pairs_table("explainer-settings", "Explainer settings, by short name.", settings),
            *fingerprint_blocks(results),
        ),
    )


def command(settings: Mapping[str, Any]) -> str:
    """Return the command that makes a leaderboard with these settings."""
    own = settings.get("own")
    options = dict(_OPTIONS)
    parts = ["explaudit", "gameability"]
    if own:
        del options["datasets"]
    parts += option_words(settings, options, joined=True)
    if own:
        parts += ["--data", "YOUR_TABLE.csv"]
        parts += option_words(own, {name: f"--{name}" for name in _OWN_OPTIONS if own.get(name)})
    return shlex.join(parts)
