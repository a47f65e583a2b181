"""The fixed texts: how to read the report, what a pass does not exclude, and its limits."""

from __future__ import annotations

from explaudit_reports.findings import GAMED, RESISTED, SEPARATES, SHOWN
from explaudit_reports.lookup import Lookup
from explaudit_reports.model import Bullets, Definitions, Paragraph, Section, Text, code, words
from explaudit_reports.numbers import DASH, figure, percent
from explaudit_reports.vocabulary import metric_order, term

__all__ = ["limits_section", "not_excluded_section", "reading_section"]


def reading_section(lookup: Lookup) -> Section:
    """Return definitions, with those of all metrics that occur in the results."""
    return Section(
        "reading",
        "How to read this report",
        (Definitions((*_ROLES, _constraint(lookup), *_FINDINGS, *_uncertainty(lookup))),),
        (Section("metrics", "What the metrics mean", (_metrics(lookup),)),),
    )


_ROLES: tuple[tuple[str, Text], ...] = (
    (
        "Honest model f",
        words(
            "A model made for this audit that decides by the sensitive feature and does nothing to "
            "hide it. It is biased on purpose; “honest” means that it answers an explainer as it "
            "answers real rows."
        ),
    ),
    (
        "Attacked model e",
        words(
            "The same model behind a gate: it decides as f on rows that look real, and answers "
            "like the innocuous model on rows that look like an explainer's queries."
        ),
    ),
    (
        "What the attacker has",
        words(
            "Control of the model that is deployed, rows to train a gate on, and a guess at how "
            "the explainer draws its queries. The attack settings name that guess. The rows that "
            "are explained are held out from the attacker."
        ),
    ),
    (
        "Innocuous model ψ",
        words("A model that does not use the sensitive feature: what an attacker wants to show."),
    ),
    (
        "Gameability",
        words(
            "(M(f) − M(e)) / (M(f) − M(ψ)) for a piece of evidence M: how far the attack moves "
            "what is shown, from the honest model's value (0 %) to the innocuous model's (100 %). "
            "It lies outside when the attacked model shows more than the honest one or less than "
            "the innocuous one."
        ),
    ),
    (
        "Worst attack",
        words(
            "The one with the greatest gameability among those that count. It is picked after "
            "seeing the results, so that its figure leans upwards; the mean is beside it."
        ),
    ),
)

_FINDINGS: tuple[tuple[str, Text], ...] = (
    (
        "Gamed",
        words(f"The whole interval of the worst gameability lies at {percent(GAMED)} or above."),
    ),
    ("Resisted", words(f"The whole interval lies at {percent(RESISTED)} or below.")),
    ("Partly or unclear", words("Neither: a partial effect, or an interval that is too wide.")),
    (
        "Not shown even by the honest model",
        words(
            "The honest model shows the sensitive feature at rank 1 in fewer than "
            f"{percent(SHOWN)} of rows, or in less than {100 * SEPARATES:.0f} percentage points "
            "more than the innocuous one. There is nothing for an attack to hide."
        ),
    ),
    (
        "No attack kept the constraint",
        words("Attacks were tried and none of them counts. This is not evidence of resistance."),
    ),
    ("Cannot say", words("A figure that the finding needs is undefined; the table says why.")),
)


def _constraint(lookup: Lookup) -> tuple[str, Text]:
    settings = lookup.results.settings
    floor, tolerance = settings.get("fidelity_floor"), settings.get("harm_tolerance")
    floor_text = f" ({percent(floor)})" if isinstance(floor, int | float) else ""
    known = isinstance(tolerance, int | float)
    tolerance_text = f" ({figure(tolerance, 'points')})" if known else ""
    text = (
        "An attack counts only if the attacked model decides as the honest one on at least the "
        f"fidelity floor{floor_text} of held-out real rows, and its true harm there, the "
        "demographic-parity gap and the matched-pair effect, stays within tolerance"
        f"{tolerance_text}. Attacks that do not are shown, marked †, and enter neither the mean "
        "nor the worst."
    )
    return ("Constraint, and †", words(text))


def _uncertainty(lookup: Lookup) -> tuple[tuple[str, Text], ...]:
    published = lookup.results.settings.get("protocol") == "published"
    ties = (
        "Features with equal attributions are ranked in the order of the explainer's list, as in "
        "the published study; so the first rank can be an accident of that order."
        if published
        else "Features with equal attributions share the ranks that they fill: a row in which two "
        "features tie for the first rank counts half for each. A feature with an attribution of "
        "exactly zero is not shown, and never counts."
    )
    return (
        ("Ties", words(ties)),
        (
            "Interval",
            words(
                "In brackets: 95 % interval. It covers rows and replicates that were drawn for "
                "this audit. It does not cover other data, other models or attacks that were not "
                "tried. With few replicates it is rough, and can be too narrow."
            ),
        ),
        (
            "Replicate",
            words(
                "A repetition with its own split, gate and background. One replicate shows what "
                "happened once: the spread between replicates is often larger than that between "
                "rows, so that an interval from one replicate is too narrow."
            ),
        ),
        (
            f"Dash ({DASH})",
            words("Undefined or not measured, never zero. The footnote says why."),
        ),
    )


def _metrics(lookup: Lookup) -> Definitions:
    names = {m.metric for m in lookup.results.measurements}
    names |= {g.evidence for g in lookup.results.gameability}
    return Definitions(
        tuple((term(name).label, _meaning(name)) for name in sorted(names, key=metric_order))
    )


def _meaning(name: str) -> Text:
    known = term(name)
    source = f" Source: {known.source}." if known.source else ""
    return words(f"{known.meaning}{source} In the data: ", code(name), ".")


def not_excluded_section() -> Section:
    """Return what evidence that resisted does not rule out."""
    return Section(
        "not-excluded",
        "What a pass does not exclude",
        (
            Paragraph(
                words("“Resisted” is a statement about the attacks in this report. It leaves open:")
            ),
            Bullets(_NOT_EXCLUDED),
        ),
    )


_NOT_EXCLUDED: tuple[Text, ...] = (
    words(
        "Other attackers. One who knows the auditor's settings, trains on them or tries more "
        "variants may succeed where these failed."
    ),
    words(
        "Other surfaces. Attacks on background data, encoding, display, model file, outputs, "
        "training data or inputs are covered only if they are listed under the attack settings."
    ),
    words(
        "Other settings. A finding holds for one explainer setting. Another background or "
        "sampler of the same explainer can give the opposite finding, which is why the whole "
        "matrix is shown."
    ),
    words(
        "Attackers with other constraints. One who accepts fewer unchanged decisions than the "
        "fidelity floor asks for is not counted here."
    ),
    words(
        "Proxies. A model may harm a group through other features without using the sensitive one."
    ),
    words(
        "Unlawful or unfair treatment. A true explanation of a harmful model is still that of a "
        "harmful model. Nothing here is legal advice."
    ),
)


def limits_section(lookup: Lookup) -> Section:
    """Return the limits of the figures themselves."""
    floor = lookup.results.settings.get("fidelity_floor")
    floor_text = f" ({percent(floor)})" if isinstance(floor, int | float) else ""
    return Section(
        "limits",
        "Limits",
        (
            Bullets(
                (
                    words(
                        "The models are made for the audit. The figures say how far evidence can "
                        "be moved, not that any deployed system moves it."
                    ),
                    words(
                        f"The fidelity floor{floor_text} is a choice. Fidelity flatters: a model "
                        "that answers at random where it hides still agrees about half of the time."
                    ),
                    words(
                        "Rank 1 is a coarse measure: it has no sign and no margin. Read it beside "
                        "the share of attribution, and discount ranks of a surrogate that fits "
                        "badly."
                    ),
                    words(
                        "There are many figures and no correction for their number: a few will be "
                        "extreme by chance."
                    ),
                    words(
                        "Public benchmark data are old and have known harms, stated below. Nothing "
                        "here should be read as a statement about the people in them."
                    ),
                )
            ),
        ),
    )
