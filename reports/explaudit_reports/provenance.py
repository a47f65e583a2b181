"""What another person needs to make the same results again, and what could not be judged."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from explaudit.cells import canonical_json
from explaudit.detection.summary import DetectionResults
from explaudit.hardening.summary import HardeningResults
from explaudit.results import DatasetNote, Results
from explaudit_reports.commands import command_line
from explaudit_reports.lookup import Lookup
from explaudit_reports.model import (
    Block,
    Cell,
    Code,
    Column,
    Definitions,
    Paragraph,
    Section,
    Table,
    code,
    words,
)
from explaudit_reports.numbers import count

__all__ = [
    "benchmark_section",
    "data_section",
    "fingerprint",
    "fingerprint_blocks",
    "flat",
    "pairs_table",
    "reproduce_section",
    "study_command",
    "unjudged_section",
]


def fingerprint(results: msgspec.Struct) -> str:
    """Return the SHA-256 of the canonical JSON of a study's or an audit's results."""
    return hashlib.sha256(canonical_json(results)).hexdigest()


def fingerprint_blocks(results: msgspec.Struct) -> tuple[Block, ...]:
    """Return the fingerprint, and what it is."""
    text = "SHA-256 of the results as canonical JSON (sorted keys, no spaces):"
    return Paragraph(words(text)), Code(fingerprint(results))


def benchmark_section(
    command: str,
    results: DetectionResults | HardeningResults,
    *tables: Table,
) -> Section:
    """Return command, settings, versions and fingerprint of a benchmark.

    Parameters
    ----------
    command : str
        That makes it again.
    results : DetectionResults or HardeningResults
    tables : Table
        More of its settings.
    """
    equal = words(
        "Equal versions, settings and base seed give equal records, on one machine or many and in "
        "any order; only seconds differ. ",
        code("explaudit report"),
        " makes this report again from the records alone.",
    )
    return Section(
        "reproduce",
        "How to reproduce this",
        (
            Code(command),
            Paragraph(equal),
            *fingerprint_blocks(results),
            pairs_table("settings", "Settings of the benchmark.", flat(results.settings)),
            *tables,
            pairs_table("versions", "Versions.", dict(results.versions)),
        ),
    )


def reproduce_section(lookup: Lookup) -> Section:
    """Return command, settings, versions, seeds and hashes."""
    results = lookup.results
    return Section(
        "reproduce",
        "How to reproduce this",
        (
            *_command_blocks(results.settings),
            Paragraph(
                words(
                    "Equal versions, settings and base seed give equal figures, on one machine or "
                    "many and in any order: every seed is derived from the base seed and from what "
                    "it is for. Only times differ."
                )
            ),
            pairs_table("run", "The run.", _run_facts(results)),
            pairs_table("settings", "Settings of the study.", flat(results.settings)),
            pairs_table("versions", "Versions.", dict(results.versions)),
            _parts_table("explainers", "Explainer settings.", results.explainer_settings),
            _parts_table("attacks", "Attack settings.", results.attack_settings),
            *fingerprint_blocks(results),
        ),
    )


#: Settings of a study that are options of the command line, and those options.
_OPTIONS = {
    "preset": "--preset",
    "protocol": "--protocol",
    "datasets": "--dataset",
    "attacks": "--attack",
    "explainers": "--explainer",
    "n_rows": "--rows",
    "replicates": "--replicates",
    "bias": "--bias",
    "fidelity_floor": "--fidelity-floor",
    "seed": "--seed",
}


def study_command(settings: Mapping[str, Any]) -> str:
    """Return the command that runs a study with these settings; empty if they name no preset."""
    if "preset" not in settings:
        return ""
    options = dict(_OPTIONS)
    if settings.get("n_rows") != settings.get("n_rows_crossed", settings.get("n_rows")):
        del options["n_rows"]  # sets both, so two different numbers came with the preset
    own = " --communities-file YOUR_COPY.csv" if settings.get("own_communities_file") else ""
    return command_line("explaudit study", settings, options) + own


def _command_blocks(settings: Mapping[str, Any]) -> tuple[Block, ...]:
    command = study_command(settings)
    if not command:
        return (Paragraph(words("These results do not come from a preset; see the settings.")),)
    return (Paragraph(words("The command for these settings:")), Code(command))


def _run_facts(results: Results) -> dict[str, str]:
    cells = results.cells
    return {
        "base seed": str(results.seed),
        "planned cells": count(cells.planned),
        "cells done": count(cells.done),
        "cells that could not be judged": count(len(cells.unjudged)),
        "rows that models were asked to score": count(results.n_queries),
        "seconds of work, summed over cells": count(round(results.seconds)),
        "version of the results' format": str(results.schema_version),
    }


def data_section(lookup: Lookup) -> Section:
    """Return origin, licence, known harms and roles for each data set."""
    subsections = tuple(
        Section(f"source-{place}", note.title or note.name, (_data_definitions(note),))
        for place, note in enumerate(lookup.results.datasets, 1)
    )
    return Section("sources", "Data: origin, licence, known harms", (), subsections)


def _data_definitions(note: DatasetNote) -> Definitions:
    size = f"{count(note.n_rows)} rows, {count(note.n_features)} features"
    entries = {
        "Name and size": f"{note.name}: {size}",
        "Source": note.source,
        "Licence": note.licence,
        "Known harms": note.known_harms,
        "Preparation": note.preparation,
        "Sensitive feature": note.sensitive,
        "Honest but biased rule f": note.biased_rule,
        "Innocuous rule ψ": note.innocuous_rule,
    }
    shown = [(label, words(text or "not stated")) for label, text in entries.items()]
    return Definitions((*shown, ("SHA-256 of the file", words(code(note.sha256 or "not stated")))))


def unjudged_section(lookup: Lookup) -> Section:
    """Return every planned cell without a result, with its reason."""
    cells = lookup.results.cells
    if not cells.unjudged:
        text = f"None: all {count(cells.planned)} planned cells have a result."
        return Section("unjudged", "What could not be judged", (Paragraph(words(text)),))
    rows = tuple(
        (
            Cell(lookup.title(cell.dataset)),
            Cell(cell.model),
            Cell(cell.attack_setting or "none"),
            Cell(cell.explainer_setting or "none: behaviour on real rows"),
            Cell(str(cell.replicate), value=float(cell.replicate)),
            Cell(cell.reason or "no reason was recorded"),
            Cell(cell.cell_id),
        )
        for cell in cells.unjudged
    )
    table = Table(
        id="unjudged-cells",
        caption=(
            f"{count(len(rows))} of {count(cells.planned)} planned cells without a result. They "
            "enter no figure."
        ),
        columns=(
            Column("Data set"),
            Column("Model"),
            Column("Attack"),
            Column("Explainer setting"),
            Column("Replicate", numeric=True),
            Column("Reason"),
            Column("Cell"),
        ),
        rows=rows,
    )
    return Section("unjudged", "What could not be judged", (table,))


def pairs_table(table_id: str, caption: str, pairs: Mapping[str, str]) -> Table:
    """Return a table of names and values."""
    return Table(
        id=table_id,
        caption=caption,
        columns=(Column("Name"), Column("Value")),
        rows=tuple((Cell(name), Cell(value)) for name, value in pairs.items()),
    )


def _parts_table(table_id: str, caption: str, parts: Mapping[str, Mapping[str, Any]]) -> Block:
    rows = tuple(
        (Cell(short), Cell("; ".join(f"{name} = {value}" for name, value in flat(part).items())))
        for short, part in parts.items()
    )
    return Table(
        id=table_id,
        caption=f"{caption} Short names are those used in the tables above.",
        columns=(Column("Short name"), Column("All settings")),
        rows=rows,
    )


def flat(settings: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return nested settings as one level, with dotted names and JSON values."""
    found: dict[str, str] = {}
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            found |= flat(value, f"{prefix}{name}.")
        else:
            shown = value if isinstance(value, str) else msgspec.json.encode(value).decode()
            found[f"{prefix}{name}"] = shown
    return found
