"""From results to the model of a report."""

from __future__ import annotations

from collections.abc import Iterable

from explaudit.cells import Record
from explaudit.results import Results
from explaudit_reports.engines import engine_section
from explaudit_reports.findings import judge
from explaudit_reports.lookup import Lookup
from explaudit_reports.model import (
    FOUND,
    Block,
    Definitions,
    Gallery,
    Paragraph,
    Report,
    Section,
    code,
    words,
)
from explaudit_reports.numbers import count
from explaudit_reports.picture import picture
from explaudit_reports.provenance import (
    data_section,
    fingerprint,
    reproduce_section,
    unjudged_section,
)
from explaudit_reports.reference import reference_section
from explaudit_reports.tables import (
    behaviour_table,
    evidence_table,
    findings_table,
    gameability_table,
)
from explaudit_reports.texts import limits_section, not_excluded_section, reading_section
from explaudit_reports.verdict import by_dataset, verdict
from explaudit_reports.vocabulary import HEADLINE, term

__all__ = ["build_report"]


def build_report(results: Results, records: Iterable[Record] = ()) -> Report:
    """Return everything that a report on these results says.

    Parameters
    ----------
    results : Results
        The results of a study, computed from its records.
    records : iterable of Record
        Those records. Without them the report does not say how its explanations were computed.

    Raises
    ------
    InvalidInputError
        If two rows of the results claim the same place in a table.
    """
    lookup = Lookup(results)
    reference, engines = reference_section(lookup), engine_section(lookup, records)
    sections = (
        Section("verdict", "Verdict", verdict(lookup)),
        _picture_section(lookup),
        _matrix_section(lookup),
        *_found_section(lookup),
        *_dataset_sections(lookup),
        *((reference,) if reference else ()),
        reading_section(lookup),
        not_excluded_section(),
        limits_section(lookup),
        unjudged_section(lookup),
        _figures_section(lookup),
        data_section(lookup),
        *((engines,) if engines else ()),
        reproduce_section(lookup),
    )
    version = results.versions.get("explaudit", "of unknown version")
    digest = fingerprint(results)[:12]
    return Report(
        title="How far can these explanations be gamed?",
        subtitle=f"Audit of post-hoc explanations on {_listing(lookup)}",
        facts=_facts(lookup),
        sections=sections,
        footer=f"explaudit {version} · base seed {results.seed} · results {digest}",
    )


def _listing(lookup: Lookup) -> str:
    titles = [lookup.title(dataset) for dataset in lookup.datasets] or ["no data set"]
    return " and ".join([", ".join(titles[:-1]), titles[-1]] if titles[1:] else titles)


def _facts(lookup: Lookup) -> tuple[tuple[str, str], ...]:
    results = lookup.results
    attacks = {attack for dataset in lookup.datasets for attack in lookup.attacks(dataset)}
    explainers = {s for dataset in lookup.datasets for s in lookup.explainers(dataset)}
    return (
        ("Data sets", count(len(lookup.datasets))),
        ("Explainer settings", count(len(explainers))),
        ("Attack settings", count(len(attacks))),
        ("Cells done of planned", f"{count(results.cells.done)} of {count(results.cells.planned)}"),
        ("Rows scored by models", count(results.n_queries)),
        ("Protocol", str(results.settings.get("protocol", "not stated"))),
    )


def _picture_section(lookup: Lookup) -> Section:
    drawn = (picture(lookup, d, f"picture-{i}") for i, d in enumerate(lookup.datasets, 1))
    figures = tuple(figure for figure in drawn if figure is not None)
    if not figures:
        text = "There is no picture, because no explanation of the honest model could be judged."
        return Section("picture", "Honest against attacked", (Paragraph(words(text)),))
    caption = (
        "Share of rows with the sensitive feature at rank 1. A long line from circle to diamond: "
        "the attack hides the feature from that explainer setting. Circle and diamond together: it "
        "does not. Pale bars are 95 % intervals."
    )
    return Section("picture", "Honest against attacked", (Gallery(caption, figures),))


def _matrix_section(lookup: Lookup) -> Section:
    text = (
        "Share of rows with the sensitive feature at rank 1, for each audit setting (rows) under "
        "each model (columns): the more often, the stronger the colour. One cell alone misleads: "
        "an attack is made for particular explainer settings, and may be plain to see under "
        "another one, or hide from all at the cost of changed decisions. Read along each row from "
        "honest to innocuous, and down each attack with its fidelity in view."
    )
    tables = tuple(
        evidence_table(lookup, dataset, HEADLINE, f"matrix-{place}")
        for place, dataset in enumerate(lookup.datasets, 1)
        if HEADLINE in lookup.metrics(dataset, explained=True)
    )
    return Section("matrix", "Every attack under every audit", (Paragraph(words(text)), *tables))


def _found_section(lookup: Lookup) -> tuple[Section, ...]:
    if len(lookup.datasets) < 2:
        return ()  # the verdict says it
    return (Section(FOUND, "Data set by data set", by_dataset(lookup)),)


def _dataset_sections(lookup: Lookup) -> list[Section]:
    return [
        Section(f"data-{place}", lookup.title(dataset), _dataset_blocks(lookup, dataset, place))
        for place, dataset in enumerate(lookup.datasets, 1)
    ]


def _dataset_blocks(lookup: Lookup, dataset: str, place: int) -> tuple[Block, ...]:
    blocks: list[Block] = []
    note = lookup.note(dataset)
    if note:
        roles = (
            ("Sensitive feature", words(code(note.sensitive))),
            ("Honest but biased rule f", words(note.biased_rule)),
            ("Innocuous rule ψ", words(note.innocuous_rule)),
        )
        blocks.append(Definitions(roles))
    findings = judge(lookup, dataset)
    if findings:
        blocks.append(findings_table(lookup, dataset, findings, f"findings-{place}"))
    metrics = [m for m in lookup.metrics(dataset, explained=False) if not term(m).is_gate]
    if metrics:
        subject = "decisions and true harm on held-out real rows, before (honest) and after attacks"
        blocks.append(behaviour_table(lookup, dataset, metrics, subject, f"behaviour-{place}"))
    if HEADLINE in lookup.evidence(dataset):
        blocks.append(gameability_table(lookup, dataset, HEADLINE, f"gameability-{place}"))
    return tuple(blocks) or (Paragraph(words("No result for this data set.")),)


def _figures_section(lookup: Lookup) -> Section:
    """Return all that the sections before have not shown yet, so that nothing is left out."""
    text = (
        "Every other metric of every model under every setting, and the gameability of all other "
        "evidence. Nothing that was measured is left out of this report."
    )
    subsections = tuple(
        Section(f"figures-{place}", lookup.title(dataset), blocks, folded=True)
        for place, dataset in enumerate(lookup.datasets, 1)
        if (blocks := _other_tables(lookup, dataset, place))
    )
    return Section("figures", "All other figures", (Paragraph(words(text)),), subsections)


def _other_tables(lookup: Lookup, dataset: str, place: int) -> tuple[Block, ...]:
    gate = [m for m in lookup.metrics(dataset, explained=False) if term(m).is_gate]
    telling = "how well each attack's gate tells real rows from an explainer's queries"
    tables = [behaviour_table(lookup, dataset, gate, telling, f"gate-{place}")] if gate else []
    for number, metric in enumerate(lookup.metrics(dataset, explained=True)):
        if metric != HEADLINE:
            tables.append(evidence_table(lookup, dataset, metric, f"metric-{place}-{number}"))
    for number, evidence in enumerate(lookup.evidence(dataset)):
        if evidence != HEADLINE:
            name = f"gameability-{place}-{number}"
            tables.append(gameability_table(lookup, dataset, evidence, name))
    return tuple(tables)
