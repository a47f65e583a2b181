"""From a benchmark's results to the model of a report."""

from __future__ import annotations

from explaudit.hardening.summary import HardeningResults
from explaudit_reports.audit.wording import joined
from explaudit_reports.hardening.attacks import attacks_table, cells_section
from explaudit_reports.hardening.provenance import data_section, reproduce_section
from explaudit_reports.hardening.tables import (
    back_table,
    cost_table,
    dataset_table,
    targets_table,
    worst_table,
)
from explaudit_reports.hardening.texts import limits_section, method_section, reading_section
from explaudit_reports.hardening.verdict import verdict_section
from explaudit_reports.hardening.view import View
from explaudit_reports.model import Paragraph, Report, Section, words
from explaudit_reports.numbers import count
from explaudit_reports.provenance import fingerprint

__all__ = ["build_hardening_report"]

_NONE_YET = Paragraph(words("No cell has a result yet."))


def build_hardening_report(results: HardeningResults) -> Report:
    """Return everything that a report on a benchmark of hardened explainers says.

    Parameters
    ----------
    results : HardeningResults
        What the benchmark came to, as far as it is done.
    """
    view = View(results)
    version = results.versions.get("explaudit", "of unknown version")
    seed = results.settings.get("seed", "unknown")
    return Report(
        title="Which explanations withstand an attack?",
        subtitle=(
            "Benchmark of hardened explainers on "
            f"{joined([view.title(name) for name in view.datasets])}"
        ),
        facts=_facts(view),
        sections=(
            verdict_section(view),
            *(_figures(view) if view.done() else (_nothing(),)),
            method_section(view),
            limits_section(),
            reading_section(),
            cells_section(view),
            data_section(view),
            reproduce_section(view),
        ),
        footer=f"explaudit {version} · base seed {seed} · results {fingerprint(results)[:12]}",
    )


def _facts(view: View) -> tuple[tuple[str, str], ...]:
    results = view.results
    return (
        ("Cells done of planned", f"{count(results.done)} of {count(results.planned)}"),
        ("Explainers", count(len(view.explainers))),
        ("Of these hardened", count(len(view.hardened))),
        ("Explained rows", count(sum(len(cell.first) for cell in results.cells))),
        ("Data sets", count(len(view.datasets))),
        ("Cells that failed", count(results.failed)),
    )


def _nothing() -> Section:
    return Section("targets", "Targets", (_NONE_YET,))


def _figures(view: View) -> tuple[Section, ...]:
    by_dataset = (
        dataset_table(view, dataset, f"dataset-{place}")
        for place, dataset in enumerate(view.datasets, 1)
    )
    return (
        Section("targets", "Targets", tuple(targets_table(view, bias) for bias in view.biases)),
        Section("datasets", "By data set", (worst_table(view), *by_dataset)),
        Section("back", "Against the honest model", (back_table(view),)),
        Section("attacks", "What the attacks know, and what they cost", (attacks_table(view),)),
        Section("cost", "What an explanation costs", (cost_table(view),)),
    )
