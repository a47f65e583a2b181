"""From a benchmark's results to the model of a report."""

from __future__ import annotations

from explaudit.detection.rates import ALPHAS
from explaudit.detection.summary import DetectionResults
from explaudit_reports.audit.wording import joined
from explaudit_reports.detection.audits import audits_section
from explaudit_reports.detection.lines import (
    by_adversary,
    by_answers,
    by_bias,
    by_dataset,
    by_hidden_share,
    by_innocuous,
    by_task,
    honest_models,
    honest_parts,
    single_tests,
    with_log,
)
from explaudit_reports.detection.pictures import curves_gallery, power_gallery
from explaudit_reports.detection.provenance import data_section, reproduce_section
from explaudit_reports.detection.tables import (
    cost_table,
    curves_table,
    detections_table,
    false_alarms_table,
)
from explaudit_reports.detection.texts import limits_section, method_section, reading_section
from explaudit_reports.detection.verdict import verdict_section
from explaudit_reports.detection.view import View
from explaudit_reports.detection.wording import ADVERSARIES, INNOCUOUS, KINDS, STRENGTHS
from explaudit_reports.model import (
    Block,
    Definitions,
    Paragraph,
    Report,
    Section,
    words,
)
from explaudit_reports.numbers import count
from explaudit_reports.provenance import fingerprint

__all__ = ["build_detection_report"]

_NONE_YET = Paragraph(words("No such audit has a result yet."))
_USUAL = ALPHAS[0]


def build_detection_report(results: DetectionResults) -> Report:
    """Return everything that a report on a benchmark of detectors says.

    Parameters
    ----------
    results : DetectionResults
        What the benchmark came to, as far as it is done.
    """
    view = View(results)
    version = results.versions.get("explaudit", "of unknown version")
    seed = results.settings.get("seed", "unknown")
    return Report(
        title="Does the audit accuse liars only?",
        subtitle=(
            "Benchmark of its false alarms and detections on "
            f"{joined([view.title(name) for name in view.datasets])}"
        ),
        facts=_facts(view),
        sections=(
            verdict_section(view),
            _false_alarms_section(view),
            _detections_section(view),
            _power_section(view),
            _curves_section(view),
            _cost_section(view),
            method_section(view),
            limits_section(),
            reading_section(),
            audits_section(view, _USUAL),
            data_section(view),
            reproduce_section(view),
        ),
        footer=f"explaudit {version} · base seed {seed} · results {fingerprint(results)[:12]}",
    )


def _facts(view: View) -> tuple[tuple[str, str], ...]:
    results = view.results
    budget = results.settings.get("budget")
    return (
        ("Audits done of planned", f"{count(results.done)} of {count(results.planned)}"),
        ("Honest audits that are judged", count(len(view.counting("judged")))),
        ("Attacks that count", count(len(view.counting("effective")))),
        ("Rows that an audit may send", count(budget) if isinstance(budget, int) else "unknown"),
        ("Data sets", count(len(view.datasets))),
        ("Audits that failed", count(results.failed)),
    )


def _false_alarms_section(view: View) -> Section:
    text = (
        "An honest model answers every row by one and the same rule, however crude or unfair that "
        "rule is. An alarm on it is false. The rates stand on models and data sets that nothing "
        "was tuned on."
    )
    if not view.counting("judged"):
        return Section("false-alarms", "False alarms", (Paragraph(words(text)), _NONE_YET))
    parts = false_alarms_table(
        view, "false-alarms-table", "All, by data set, kind, answers and task.", honest_parts(view)
    )
    models = [
        false_alarms_table(view, f"models-{kind}", f"{named.label}: {named.meaning}.", lines)
        for kind, named in KINDS.items()
        if (lines := honest_models(view, kind))
    ]
    tests = false_alarms_table(
        view,
        "false-alarms-tests",
        "Each test alone, as if there were no other; the verdict makes allowance for their number.",
        single_tests(view),
    )
    blocks: tuple[Block, ...] = (Paragraph(words(text)), parts, *models, tests)
    return Section("false-alarms", "False alarms", blocks)


def _detections_section(view: View) -> Section:
    text = (
        "Attacks that hide at least a quarter of the sensitive feature from the explainer that "
        "they are made for, with the usual budget and without a log of decisions, unless a table "
        "says otherwise."
    )
    head = Paragraph(words(text))
    if not (view.counting("effective") or view.counting("logged")):
        return Section("detections", "Detections", (head, _NONE_YET))
    tables = (
        ("datasets", "Data set", "By data set.", by_dataset(view)),
        ("adversaries", "Adversary and bias", "By adversary and bias.", by_adversary(view)),
        ("shown", "What is shown", "By what the explainer is shown.", by_innocuous(view)),
        ("answers", "Answers", "By what the auditor got.", by_answers(view)),
        ("tasks", "Task", "By what models are asked for.", by_task(view)),
        ("log", "Adversary", "Where the auditor is given a log of past decisions.", with_log(view)),
    )
    blocks = (
        detections_table(view, f"detections-{name}", heading, caption, lines)
        for name, heading, caption, lines in tables
        if lines
    )
    cast = Section("cast", "Who hides what, and how", (_cast(view),))
    return Section("detections", "Detections", (head, *blocks), (cast,))


def _cast(view: View) -> Definitions:
    """Say in a line what each adversary, bias and innocent model does."""
    rows = [row for row in view.results.audits if row.kind == "attacked"]
    groups = (
        ("Adversary", ADVERSARIES, {row.adversary for row in rows}),
        ("Bias", STRENGTHS, {row.strength for row in rows}),
        ("Shown", INNOCUOUS, {row.innocuous for row in rows}),
    )
    return Definitions(
        tuple(
            (f"{what}: {named.label[:1].lower()}{named.label[1:]}", words(f"{named.meaning}."))
            for what, names, there in groups
            for name, named in names.items()
            if name in there
        )
    )


def _power_section(view: View) -> Section:
    title = "What is found, and what is not"
    pictures = power_gallery(view, _USUAL)
    if pictures is None:
        return Section("power", title, (_NONE_YET,))
    biases = by_bias(view)
    blocks: list[Block] = [
        pictures,
        detections_table(
            view,
            "detections-hidden",
            "Share that is hidden",
            "By the share of the sensitive feature's attribution that the attack takes away.",
            by_hidden_share(view),
        ),
    ]
    if biases:
        caption = (
            "By bias, of the plain attack alone; with the larger budget, the same attacks again."
        )
        blocks.append(detections_table(view, "detections-bias", "Bias", caption, biases))
    return Section("power", title, tuple(blocks))


def _curves_section(view: View) -> Section:
    title = "Detections against false alarms"
    pictures = curves_gallery(view)
    if pictures is None:
        return Section("curves", title, (_NONE_YET,))
    text = (
        "The nominal rates above depend on the calibration. These curves (ROC) do not: honest "
        "models and attacks are ordered by how bad they look, and the line between them is moved. "
        "A single test that does better than the whole audit on the attacks of its own explainer "
        "has no allowance to make for the other tests, which are there for other attacks. "
        f"{_plain_tools(view)}"
    )
    return Section("curves", title, (Paragraph(words(text)), pictures, curves_table(view)))


def _plain_tools(view: View) -> str:
    planned, done = view.results.baselines
    if not planned:
        return "Plain tools were not planned to judge these models."
    failed = sum(view.results.baselines_failed.values())
    reasons = "; ".join(view.results.baselines_failed)
    beside = f" ({count(failed)} failed: {reasons})" if failed else ""
    return (
        "Plain tools, and the detector that was published for these attacks, stand on the same "
        f"curves; they judged {count(done)} of the {count(planned)} models planned for them"
        f"{beside}, and the table gives the whole audit on those models, too. The gap between "
        "groups accuses every bias, open or hidden."
    )


def _cost_section(view: View) -> Section:
    blocks = (cost_table(view),) if view.results.costs else (_NONE_YET,)
    return Section("cost", "What an audit costs", blocks)
