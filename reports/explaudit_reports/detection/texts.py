"""How a benchmark was measured, what its words mean, and what it cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from explaudit.detection.rows import EFFECTIVE, KEPT, TUNED_DATASETS, TUNED_MODELS, AuditRow
from explaudit_reports.audit.wording import joined
from explaudit_reports.detection.view import View
from explaudit_reports.detection.wording import MODELS, explainer, known
from explaudit_reports.model import Bullets, Definitions, Section, Text, words
from explaudit_reports.numbers import count, figure, percent

__all__ = ["limits_section", "method_section", "reading_section"]


def method_section(view: View) -> Section:
    """Return how it was measured."""
    return Section(
        "method",
        "How it was measured",
        (Definitions((*((name, words(text)) for name, text in _method(view).items()),)),),
    )


def _method(view: View) -> dict[str, str]:
    settings = view.results.settings
    audits = view.results.audits
    honest = [row for row in audits if row.kind != "attacked" and row.task == "binary"]
    other = [row for row in audits if row.task != "binary"]
    attacks = [row for row in audits if row.kind == "attacked"]
    return {
        "Honest models": f"{_pairs(honest)}, each {_times(settings, 'honest_replicates')}, with a "
        "split, a bootstrap sample of the training rows and draws of its own. Every other "
        "repetition gives the auditor labels only.",
        "Other tasks": f"{count(len(other), 'audit')} of models of numbers and of three classes, "
        "and audits that name two sensitive features, honest and attacked, once each. Nothing is "
        "tuned on them; they count in all rates.",
        "Who holds which rows": "Attacker and auditor hold halves of each data set that share no "
        "row: models and attacks are made of the one, audits of the other.",
        "Tuned and judged halves": _halves(view),
        "Calibration": _calibration(view),
        "Attacks": f"{count(len(attacks), 'audit')} of biased models that an adversary hides from "
        f"{joined([explainer(name) for name in view.explainers]) or 'no explainer'}, each "
        f"{_times(settings, 'attacked_replicates')}; for about half of them, drawn by the seed, "
        "the auditor gets labels only.",
        "When an attack counts": "If the explainer that it is made for loses at least "
        f"{percent(EFFECTIVE)} of the sensitive feature's attribution (mean size over "
        f"{settings.get('n_rows', 'some')} rows, against the biased model without the attack). "
        "Others are no lies worth finding; they are listed and count for nothing. Nor do those "
        f"that answer less than {percent(KEPT)} of the auditor's rows as the biased model does, "
        "but for memorised rows.",
        "What an audit asks": f"At most {_number(settings, 'budget')} rows: the auditor's real "
        "rows and the queries of every explainer, shuffled. Plain attacks with the smallest bias "
        f"under KernelSHAP were audited once more with {_number(settings, 'large_budget')}.",
        "Logs of decisions": "Only where a model is biased on memorised rows alone the auditor is "
        "given a log of past decisions; these audits are told apart everywhere. Honest models are "
        "judged once more by the tests of a log alone; it holds the rows that they learned from.",
        "Tests": "The regime test, the tests of single rows and, with a log, the replay of logged "
        "decisions. No setting differs between honest models and attacks. Three of these tests, of "
        "small batches against the audit's large one, of what a log foretells and of changed "
        "sensitive features, were made after a first run had missed attacks by batches, by "
        "memorised rows and with small biases under KernelSHAP: these kinds of attack were known.",
    }


def _halves(view: View) -> str:
    models = joined([known(MODELS, name).label for name in TUNED_MODELS])
    datasets = joined([view.title(name) for name in TUNED_DATASETS])
    return (
        f"The calibration may be fitted to {models}, and to these on {datasets} alone. Rates of "
        "false alarms are of all other honest audits: the other models everywhere, and these "
        "models on the other data sets. Nothing is fitted to attacks. No factor is below 1: an "
        "earlier calibration had allowed it, and raised too many false alarms on fresh seeds. How "
        "changed features are compared, and that queries are left out which a model refuses, was "
        "decided on runs with the base seeds 0 and 1; this run's is "
        f"{view.results.settings.get('seed', 'unknown')}. Two rules came after a look at the base "
        "seed 2: that two constants are no refusal, and that nothing is said of numbers which "
        "ordinary models do not reproduce."
    )


def _calibration(view: View) -> str:
    results = view.results
    tuned = len(view.counting("tuned"))
    parts = []
    for kind, what in (
        ("named", "sensitive features"),
        ("scan", "all other features"),
        ("changes", "changed sensitive features"),
    ):
        used, fitted = results.calibration.get(kind), results.fitted.get(kind)
        would = "cannot be said" if fitted is None else figure(fitted, "number")
        parts.append(f"{what}: used {figure(used, 'number')}, by the tuned part {would}")
    return (
        "Factors on the spread of the ordinary models that an audited model is compared with; 1 "
        f"changes nothing. For {'; for '.join(parts)} ({count(tuned, 'audit')})."
    )


def _pairs(rows: list[AuditRow]) -> str:
    models, datasets = len({r.model for r in rows}), len({r.dataset for r in rows})
    return f"{count(models, 'model')} on {count(datasets, 'data set')}"


def _times(settings: Mapping[str, Any], name: str) -> str:
    n = settings.get(name)
    return f"{n} times" if isinstance(n, int) and n > 1 else "once"


def _number(settings: Mapping[str, Any], name: str) -> str:
    value = settings.get(name)
    return count(value) if isinstance(value, int) else "an unknown number of"


def reading_section() -> Section:
    """Return what the report's words mean."""
    return Section("reading", "How to read this report", (Definitions(_MEANINGS),))


def _meanings(meanings: Mapping[str, str]) -> tuple[tuple[str, Text], ...]:
    return tuple((name, words(text)) for name, text in meanings.items())


_MEANINGS = _meanings(
    {
        "Explainer": "A method, such as LIME or KernelSHAP, that says which features moved a "
        "model's answer. To find out, it asks the model about rows that it makes up: its queries.",
        "Attack": "A biased model that recognises an explainer's queries and answers them as an "
        "innocent model would, so that the explanation does not show the bias.",
        "Audit": "What the command explaudit audit does: it compares how a model answers "
        "real rows and explainers' queries, by several tests, and comes to one verdict.",
        "False alarm": "The verdict “fail” on a model that treats all rows alike.",
        "Nominal false-alarm rate": "The rate that the audit promises to keep, 5 % unless its user "
        "asks for another. The measured one is what came of it here.",
        "Detection": "The verdict “fail” on an attack that hides something.",
        "Hard negative": "An honest model that is made to look like a liar to a careless test: "
        "openly biased, full of jumps, or with checks that refuse impossible rows.",
        "95\N{NO-BREAK SPACE}% interval": "In brackets, in per cent: the rates that go "
        "together with what was counted. Few audits, wide interval.",
        "p-value": "The probability that a test looks at least as bad for an honest model.",
        "Level": "The least nominal false-alarm rate at which the whole audit would have raised an "
        "alarm: its smallest p-value, with allowance for the number of tests (Holm's method).",
        "Hidden share": "Of the sensitive feature's mean attribution, what the attack takes away; "
        "100 % hides it entirely.",
        "Fidelity": "Share of the auditor's rows that the attacked model decides as the biased "
        "model does. An attack that gives up many decisions hides less harm.",
        "Labels, scores": "Whether the auditor saw decisions only, or probabilities too.",
    }
)


def limits_section() -> Section:
    """Return what the figures do not say."""
    return Section("limits", "What this does not show", (Bullets(_LIMITS),))


_LIMITS = tuple(
    words(text)
    for text in (
        "How often real models lie. The rates are of models that were made for this benchmark; "
        "what an alarm on some model means depends on how common liars are, too.",
        "Attacks that nobody here thought of. A new adversary may be found less often, or never.",
        "Other data. The data sets are few, public and tabular; tables with other numbers of rows, "
        "features and levels may give other rates.",
        "Independent figures. Repetitions share models, data and adversaries, so that intervals "
        "are narrower than the truth warrants.",
        "Smaller lies. How often a bias is found depends on its size; of those below the smallest "
        "that was tried nothing is known.",
    )
)
