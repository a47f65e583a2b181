"""The first section of an audit's report: outcome, what is hidden, findings and the picture."""

from __future__ import annotations

from explaudit.audit.outcome import Finding, Outcome
from explaudit.audit.run import AuditResult
from explaudit_reports.audit.picture import gallery
from explaudit_reports.audit.texts import power_texts
from explaudit_reports.audit.wording import clearly_hidden, effects, prose, shown_by, title
from explaudit_reports.model import (
    Block,
    Bullets,
    Paragraph,
    Section,
    Text,
    number,
    strong,
    words,
)
from explaudit_reports.numbers import count

__all__ = ["verdict_section"]

_HEADLINES: dict[Outcome, str] = {
    "fail": "Fail: what this model shows when it is examined is not how it treats real data.",
    "pass": "Pass: no sign that this model shows an explainer anything but how it treats real "
    "data.",
    "inconclusive": "Inconclusive: what this model shows an explainer could not be judged.",
}
_NO_PICTURE = "There is no picture, because no test could estimate what is hidden."
#: Findings that the verdict names before it points to the rest.
_MOST = 4


def verdict_section(result: AuditResult) -> Section:
    """Return the verdict in words that someone who knows no statistics can act on."""
    verdict = result.verdict
    pictures = gallery(result)
    blocks: list[Block] = [
        Paragraph(words(_HEADLINES[verdict.outcome]), role="lead"),
        Paragraph(words(prose(result, verdict.sentence))),
        pictures or Paragraph(words(_NO_PICTURE)),
        Bullets((*_hidden(result), *_findings(result), *power_texts(result))),
    ]
    return Section("verdict", "Verdict", tuple(blocks))


def _hidden(result: AuditResult) -> list[Text]:
    if result.verdict.outcome != "fail":
        return []  # an interval of its own is no verdict; the picture and the table show it
    return [
        words(
            strong(f"Hidden effect of {title(found.feature, found.unit)}: "),
            number(texts.whole),
            f" ({shown_by(result, found.explainer)}); {texts.real} on real rows, {texts.shown} "
            "shown.",
        )
        for found, texts in ((found, effects(found)) for found in clearly_hidden(result.verdict))
    ]


def _findings(result: AuditResult) -> list[Text]:
    # those that show something first
    findings = sorted(result.verdict.findings, key=lambda found: not _is_clear(found))
    texts = []
    for found in findings[:_MOST]:
        about = f"Finding, {found.feature}: " if found.feature else "Finding: "
        said = prose(result, found.text or found.name)
        texts.append(words(strong(about), said))
    if len(findings) > _MOST:
        more = count(len(findings) - _MOST, "finding")
        texts.append(words(f"{more} more under Findings."))
    return texts


def _is_clear(found: Finding) -> bool:
    """Return whether the interval of a finding does not cover 0."""
    return found.low is not None and found.high is not None and not found.low <= 0 <= found.high
