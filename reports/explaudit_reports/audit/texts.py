"""The fixed texts of an audit's report: how to read it, and what a pass does not exclude."""

from __future__ import annotations

from explaudit.audit.run import AuditResult
from explaudit_reports.audit.wording import chance, joined, smallest
from explaudit_reports.model import Bullets, Definitions, Paragraph, Section, Text, words
from explaudit_reports.numbers import figure, percent
from explaudit_reports.vocabulary import explainer_label

__all__ = ["not_excluded_section", "power_texts", "reading_section"]


def not_excluded_section(result: AuditResult) -> Section:
    """Return what a model that passes may still do."""
    return Section(
        "not-excluded",
        "What a pass does not exclude",
        (
            Paragraph(
                words(
                    "A pass says that these tests, with these rows and this budget, saw no sign "
                    "that the model treats an explainer's queries otherwise than real data. It "
                    "leaves open:"
                )
            ),
            Bullets((*_not_excluded(result),)),
        ),
    )


def power_texts(result: AuditResult) -> list[Text]:
    """Return for each sensitive feature the smallest hidden effect that would have been found."""
    texts = []
    for feature in result.settings.sensitive:
        power = smallest(result.verdict, feature)
        if power is None:
            said = words(
                f"How small a hidden effect of {feature} would have been found is not known: no "
                "test that could judge states it."
            )
        elif power.smallest_effect is None:
            said = words(
                f"No hidden effect of {feature} would have been found "
                f"{chance(power.probability)} with this data and budget."
            )
        else:
            said = words(
                f"The smallest hidden effect of {feature} that this data and budget would have "
                f"found {chance(power.probability)}: {figure(power.smallest_effect, 'number')}."
            )
        texts.append(said)
    return texts


def _not_excluded(result: AuditResult) -> list[Text]:
    replayed = any(test.name.startswith("replay") for test in result.verdict.tests)
    memorised = (
        "A bias on rows that the model memorised and that neither the table of this audit nor "
        "the decision log holds."
        if replayed
        else "A bias on rows that the model memorised, such as those it was deployed on. Only a "
        "log of its decisions can show that; none was given (option --decisions)."
    )
    explainers = joined([explainer_label(p.name, p.name) for p in result.settings.explainers])
    return [
        words(memorised),
        words(
            "Features outside the table. What the model learns from elsewhere, and groups that no "
            "column of the table names, cannot be judged."
        ),
        words("A hidden effect below the power of the audit. ", *_inline(power_texts(result))),
        words(
            f"Other explainers and other settings of them: only the queries of {explainers} were "
            "asked."
        ),
        words(
            "Another model. The audit speaks of what answered its questions; that this is the "
            "deployed model has to be made sure otherwise."
        ),
        words(
            "Open bias and proxies. A model that is unfair and shows it passes; its bias is among "
            "the findings, as far as the sensitive columns reveal it. Nothing here is legal advice."
        ),
    ]


def _inline(texts: list[Text]) -> Text:
    return words(" ".join(run.text for text in texts for run in text))


def reading_section(result: AuditResult) -> Section:
    """Return what the report's words mean."""
    return Section("reading", "How to read this report", (Definitions((*_meanings(result),)),))


def _meanings(result: AuditResult) -> list[tuple[str, Text]]:
    alpha = percent(result.verdict.alpha)
    meanings = {
        "Fail": "At least one test rejects. The tests are made so that of models that treat all "
        f"rows alike about {alpha} fail at the most, however biased they are; how often they do is "
        "what explaudit benchmark detectors measures.",
        "Pass": "Some tests could judge, and none of them rejects. It is no proof of honesty.",
        "Inconclusive": "No test could judge, or not those of an explainer's queries. The reasons "
        "are given with the tests.",
        "Regime": "How a model comes to its answers. A model that recognises an explainer's "
        "queries and answers them otherwise than it decides on real data has two.",
        "Ordinary models, or twins": "Models of many kinds, fitted to the audited model's answers "
        "on real rows. They show how far honest models that agree on real data may differ in "
        "their answers to an explainer's queries.",
        "Effect": "The typical size, over real rows, of what a feature adds to the model's output, "
        f"in units of that output (named {joined(list(result.outputs)) or 'output'}); of a tree "
        "model's file, of its margin, and between explainers, the feature's share of all "
        "attributions.",
        "Hidden effect": "The effect on real rows less what of it the explainer's queries show, "
        "less the same difference in the ordinary models. In brackets: 95 % interval.",
        "Score, threshold and p": "Each test measures its score in a unit of its own; p is the "
        "probability of a score so high if the model treats all rows alike.",
        "Cannot say": "The test has no p-value; its reason says why. It neither passes nor fails "
        "the model.",
        "Baseline": "A test from the literature without a threshold that holds, for comparison.",
        "Finding": "Something about the model that a reader must know and that is no sign of "
        "deception, such as a bias that it shows openly.",
    }
    return [(name, words(text)) for name, text in meanings.items()]
