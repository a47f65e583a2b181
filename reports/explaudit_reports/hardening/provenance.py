"""What another person needs to make the same benchmark again, and where its data are from."""

from __future__ import annotations

from explaudit_reports.commands import command_line
from explaudit_reports.hardening.view import View
from explaudit_reports.model import Definitions, Section, code, words
from explaudit_reports.numbers import count
from explaudit_reports.provenance import benchmark_section, flat, pairs_table

__all__ = ["data_section", "reproduce_section"]

#: Settings of a benchmark that are options of the command line, and those options.
_OPTIONS = {
    "preset": "--preset",
    "datasets": "--dataset",
    "replicates": "--replicates",
    "n_rows": "--rows",
    "max_rows": "--max-rows",
    "keep_real": "--keep-real",
    "gate_queries": "--gate-queries",
    "seed": "--seed",
}


def data_section(view: View) -> Section:
    """Return size, origin, licence and known harms of each data set."""
    said = Definitions(
        tuple(
            (
                note.title,
                words(
                    f"{count(note.n_rows, 'row')} of {count(note.n_features, 'feature')} before "
                    f"rows are drawn. Sensitive feature: {note.sensitive}. The rule: "
                    f"{note.biased_rule}. Source: {note.source} Licence: {note.licence}. "
                    f"{note.known_harms} SHA-256 of the file: ",
                    code(note.sha256),
                ),
            )
            for note in view.results.datasets
        )
    )
    return Section("sources", "Data: origin, licence, known harms", (said,))


def reproduce_section(view: View) -> Section:
    """Return command, settings, versions and fingerprint."""
    results = view.results
    samplers = {
        name: "; ".join(f"{key} = {value}" for key, value in flat(settings).items()) or "defaults"
        for name, settings in results.explainers.items()
    }
    return benchmark_section(
        command_line("explaudit benchmark hardened", results.settings, _OPTIONS),
        results,
        pairs_table("explainer-settings", "Settings of the explainers.", samplers),
    )
