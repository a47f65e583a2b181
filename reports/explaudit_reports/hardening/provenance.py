"""What another person needs to make the same benchmark again, and where its data are from."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from explaudit_reports.hardening.view import View
from explaudit_reports.model import Code, Definitions, Paragraph, Section, code, words
from explaudit_reports.numbers import count
from explaudit_reports.provenance import fingerprint, flat, pairs_table

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
    equal = words(
        "Equal versions, settings and base seed give equal records, on one machine or many and in "
        "any order; only seconds differ. ",
        code("explaudit report"),
        " makes this report again from the records alone.",
    )
    samplers = {
        name: "; ".join(f"{key} = {value}" for key, value in flat(settings).items()) or "defaults"
        for name, settings in results.explainers.items()
    }
    return Section(
        "reproduce",
        "How to reproduce this",
        (
            Code(_command(results.settings)),
            Paragraph(equal),
            Paragraph(words("SHA-256 of the results as canonical JSON (sorted keys, no spaces):")),
            Code(fingerprint(results)),
            pairs_table("settings", "Settings of the benchmark.", flat(results.settings)),
            pairs_table("explainer-settings", "Settings of the explainers.", samplers),
            pairs_table("versions", "Versions.", dict(results.versions)),
        ),
    )


def _command(settings: Mapping[str, Any]) -> str:
    parts = ["explaudit", "benchmark", "hardened"]
    for name, option in _OPTIONS.items():
        value = settings.get(name, ())
        for item in value if isinstance(value, list | tuple) else [value]:
            parts += [option, str(item)]
    return shlex.join(parts)
