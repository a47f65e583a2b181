"""What another person needs to make the same benchmark again, and where its data are from."""

from __future__ import annotations

from explaudit_reports.commands import command_line
from explaudit_reports.detection.view import View
from explaudit_reports.model import (
    Cell,
    Column,
    Definitions,
    Section,
    Table,
    code,
    words,
)
from explaudit_reports.numbers import count
from explaudit_reports.provenance import benchmark_section

__all__ = ["data_section", "reproduce_section"]

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
    return benchmark_section(
        command_line("explaudit benchmark detectors", results.settings, _OPTIONS), results
    )
