"""From an audit's result to the model of a report."""

from __future__ import annotations

import shlex

import msgspec

from explaudit.audit.run import AuditResult
from explaudit_reports.audit.tables import (
    budget_table,
    details_table,
    findings_table,
    hidden_table,
    power_table,
    tests_table,
)
from explaudit_reports.audit.texts import not_excluded_section, power_texts, reading_section
from explaudit_reports.audit.verdict import verdict_section
from explaudit_reports.audit.wording import joined, prose, test_label
from explaudit_reports.model import (
    Bullets,
    Code,
    Definitions,
    Paragraph,
    Report,
    Section,
    words,
)
from explaudit_reports.numbers import count, percent
from explaudit_reports.provenance import fingerprint, flat, pairs_table

__all__ = ["build_audit_report"]


def build_audit_report(result: AuditResult) -> Report:
    """Return everything that a report on an audit says.

    Parameters
    ----------
    result : AuditResult
        What the audit found; no model is asked. If no command ran it, the report gives the one for
        its settings, with a placeholder for the table of rows.
    """
    settings = result.settings
    version = result.versions.get("explaudit", "of unknown version")
    return Report(
        title="Does this model show explainers how it treats real data?",
        subtitle=f"Audit of {result.model} for {joined(list(settings.sensitive))}",
        facts=_facts(result),
        sections=(
            verdict_section(result),
            _findings_section(result),
            _hidden_section(result),
            _tests_section(result),
            _power_section(result),
            _budget_section(result),
            not_excluded_section(result),
            reading_section(result),
            _reproduce_section(result),
        ),
        footer=f"explaudit {version} · seed {settings.seed} · results {fingerprint(result)[:12]}",
    )


def _facts(result: AuditResult) -> tuple[tuple[str, str], ...]:
    verdict = result.verdict
    counted = sum(test.counted for test in verdict.tests)
    able = sum(test.adjusted_p_value is not None for test in verdict.tests)
    return (
        ("Outcome", verdict.outcome),
        ("Sensitive features", joined(list(result.settings.sensitive))),
        ("Real rows and features", f"{count(result.n_rows)} and {count(result.n_features)}"),
        ("Rows sent of those allowed", f"{count(verdict.queries)} of {count(verdict.budget)}"),
        ("Tests that could judge", f"{count(able)} of {count(counted)}"),
        ("False alarms, all tests together", f"{percent(verdict.alpha)}, nominal"),
    )


def _findings_section(result: AuditResult) -> Section:
    judged = (
        "The verdict is about deception alone. What follows is true of the model and no sign that "
        "it hides anything: a model that is openly biased passes the audit, and its bias stands "
        "here."
    )
    if not result.verdict.findings:
        text = f"{judged} There is no finding. That is no statement that the model is fair."
        return Section("findings", "Findings", (Paragraph(words(text)),))
    return Section("findings", "Findings", (Paragraph(words(judged)), findings_table(result)))


def _hidden_section(result: AuditResult) -> Section:
    title = "What is hidden, and how much"
    if not result.verdict.hidden:
        text = "No test could estimate it."
        return Section("hidden", title, (Paragraph(words(text)),))
    return Section("hidden", title, (hidden_table(result),))


def _tests_section(result: AuditResult) -> Section:
    said = tuple(
        (test_label(result, test.name), words(prose(result, test.reason) or "No reason was given."))
        for test in result.verdict.tests
    )
    more = any(test.details for test in result.verdict.tests)
    return Section(
        "tests",
        "All tests",
        (tests_table(result),),
        (
            Section("reasons", "What each test found", (Definitions(said),)),
            *(
                (Section("details", "Further figures", (details_table(result),), folded=True),)
                if more
                else ()
            ),
        ),
    )


def _power_section(result: AuditResult) -> Section:
    title = "What would have been found"
    if not result.verdict.power:
        return Section("power", title, (Bullets(tuple(power_texts(result))),))
    text = (
        "A pass means more, the smaller the hidden effects are that the audit would have found. "
        "More rows, or a larger budget, find smaller ones."
    )
    return Section("power", title, (Paragraph(words(text)), power_table(result)))


def _budget_section(result: AuditResult) -> Section:
    text = (
        "Real rows and the explainers' queries were shuffled together and sent in batches, so that "
        "the model could not treat the audit otherwise than real data without giving up the "
        "difference that the tests look for."
    )
    return Section(
        "budget", "What the model was asked", (Paragraph(words(text)), budget_table(result))
    )


def _reproduce_section(result: AuditResult) -> Section:
    settings = flat(
        {
            **msgspec.to_builtins(result.settings),
            "explainers": {part.name: part.settings for part in result.settings.explainers},
        }
    )
    run = {
        "model": result.model,
        "rows and features": f"{count(result.n_rows)} and {count(result.n_features)}",
        "features": ", ".join(result.features),
        "columns taken for names": ", ".join(result.categorical) or "none",
        "features of several columns": _groups(result) or "none",
        "columns left out": ", ".join(result.dropped) or "none",
        "outputs": ", ".join(result.outputs),
        "version of the results' format": str(result.schema_version),
    }
    equal = (
        "Equal versions, settings, seed and rows give an equal audit of a model that gives equal "
        "answers to equal rows."
    )
    return Section(
        "reproduce",
        "How to reproduce this",
        (
            Code(result.command or _command(result)),
            Paragraph(words(equal)),
            Paragraph(words("SHA-256 of the table of rows, as CSV without an index:")),
            Code(result.data_sha256),
            Paragraph(words("SHA-256 of the results as canonical JSON (sorted keys, no spaces):")),
            Code(fingerprint(result)),
            pairs_table("run", "The audit.", run),
            pairs_table("settings", "Settings.", settings),
            pairs_table("versions", "Versions.", dict(result.versions)),
        ),
    )


def _groups(result: AuditResult) -> str:
    return "; ".join(f"{name}: {', '.join(columns)}" for name, columns in result.groups.items())


def _command(result: AuditResult) -> str:
    settings = result.settings
    parts = ["explaudit", "audit", result.model, "--data", "ROWS.csv"]
    for feature in settings.sensitive:
        parts += ["--sensitive", feature]
    for name in dict.fromkeys(part.name for part in settings.explainers):
        parts += ["--explainer", name]
    for column in result.categorical:
        parts += ["--categorical", column]
    for name, columns in result.groups.items():
        parts += ["--group", f"{name}={','.join(columns)}"]
    for column in result.dropped:
        parts += ["--drop", column]
    for option in ("budget", "alpha", "answers", "seed"):
        parts += [f"--{option}", str(getattr(settings, option))]
    return shlex.join(parts)
