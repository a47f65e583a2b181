"""What another person needs to make the same benchmark again, and where its data are from."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from explaudit_reports.detection.view import View
from explaudit_reports.model import (
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
from explaudit_reports.provenance import fingerprint, flat, pairs_table

__all__ = ["data_section", "reproduce_section"]


def data_section(view: View) -> Section:
    """Return origin, licence and known harms of each data set."""
    notes = view.results.datasets
    table = Table(
        id="data-table",
        caption="Data sets, before rows are drawn from the larger ones.",
        columns=(
            Column("Data set"),
            Column("Rows", numeric=True),
            Column("Features", numeric=True),
            Column("Sensitive feature"),
            Column("Source"),
            Column("Licence"),
        ),
        rows=tuple(
            (
                Cell(note.title, detail=note.name),
                Cell(count(note.n_rows), value=float(note.n_rows)),
                Cell(count(note.n_features), value=float(note.n_features)),
                Cell(note.sensitive),
                Cell(note.source),
                Cell(note.licence),
            )
            for note in notes
        ),
    )
    said = Definitions(
        tuple(
            (
                note.title,
                words(
                    f"Rule of the biased model: {note.biased_rule}. {note.known_harms} "
                    "SHA-256 of the file: ",
                    code(note.sha256),
                ),
            )
            for note in notes
        )
    )
    return Section("sources", "Data: origin, licence, known harms", (table, said))


def reproduce_section(view: View) -> Section:
    """Return command, settings, versions and fingerprint."""
    results = view.results
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
            Code(_command(results.settings)),
            Paragraph(equal),
            Paragraph(words("SHA-256 of the results as canonical JSON (sorted keys, no spaces):")),
            Code(fingerprint(results)),
            pairs_table("settings", "Settings of the benchmark.", flat(results.settings)),
            pairs_table("versions", "Versions.", dict(results.versions)),
        ),
    )


#: Settings of a benchmark that are options of the command line, and those options.
_OPTIONS = {
    "preset": "--preset",
    "datasets": "--dataset",
    "honest_replicates": "--honest-replicates",
    "attacked_replicates": "--attacked-replicates",
    "logged_replicates": "--logged-replicates",
    "baseline_replicates": "--baseline-replicates",
    "budget": "--budget",
    "seed": "--seed",
}


def _command(settings: Mapping[str, Any]) -> str:
    parts = ["explaudit", "benchmark", "detectors"]
    for name, option in _OPTIONS.items():
        value = settings.get(name, ())
        for item in value if isinstance(value, list | tuple) else [value]:
            parts += [option, str(item)]
    return shlex.join(parts)
