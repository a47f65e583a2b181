"""An audit in a few lines of plain text, in the words of its report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from explaudit.audit.outcome import TestResult
from explaudit.audit.run import AuditResult
from explaudit_reports.audit.texts import power_texts
from explaudit_reports.audit.wording import (
    RESULT_WORDS,
    effects,
    p_text,
    prose,
    shown_by,
    status_of,
    test_label,
    title,
)
from explaudit_reports.model import visible
from explaudit_reports.numbers import DASH, count, figure

__all__ = ["Summary", "summarise"]


@dataclass(frozen=True)
class Summary:
    """An audit as plain text.

    Attributes
    ----------
    tests : tuple of tuple of str
        For each test its name, result, score, threshold, p-value, adjusted p-value and rows.
    parts : mapping of str to tuple of str
        By heading the lines of everything else.
    """

    tests: tuple[tuple[str, ...], ...]
    parts: Mapping[str, tuple[str, ...]]


def summarise(result: AuditResult) -> Summary:
    """Return an audit in plain text, without characters that a terminal would obey."""
    verdict = result.verdict
    reasons = [
        f"{test_label(result, test.name)}: {prose(result, test.reason)}"
        for test in verdict.tests
        if status_of(test, verdict.alpha) in ("rejects", "silent")
    ]
    hidden = [
        f"{title(found.feature, found.unit)}, {shown_by(result, found.explainer)}: "
        f"{texts.whole} ({texts.real} on real rows, {texts.shown} shown)"
        for found, texts in ((found, effects(found)) for found in verdict.hidden)
    ]
    findings = [
        f"{found.feature or 'all features'}: {prose(result, found.text or found.name)}"
        for found in verdict.findings
    ]
    power = ["".join(run.text for run in text) for text in power_texts(result)]
    parts = {
        "Why": reasons,
        "Hidden effects": hidden,
        "Findings (no part of the verdict)": findings,
        "Power": power,
    }
    return Summary(
        tuple(_row(result, test) for test in verdict.tests),
        {title: tuple(map(visible, lines)) for title, lines in parts.items()},
    )


def _row(result: AuditResult, test: TestResult) -> tuple[str, ...]:
    status = status_of(test, result.verdict.alpha)
    return (
        visible(test_label(result, test.name)),
        RESULT_WORDS[status].lower(),
        figure(test.score, "number"),
        figure(test.threshold, "number"),
        DASH if test.p_value is None else p_text(test.p_value),
        DASH if test.adjusted_p_value is None else p_text(test.adjusted_p_value),
        count(test.queries),
    )
