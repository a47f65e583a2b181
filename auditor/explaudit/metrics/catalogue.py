"""The catalogue: everything that a measurement can be called, with what it means."""

from __future__ import annotations

from explaudit.metrics.rows import metric_specs
from explaudit.metrics.spec import MetricEntry, MetricSpec

__all__ = ["NOT_WORSE", "catalogue"]

#: Suffix of the metric that says whether the attacked model does at least as well in a quality.
NOT_WORSE = "_not_worse"

_STUDY = "Slack et al. 2020 (AIES), section 4"
_PARITY = "Dwork et al. 2012 (ITCS), section 3"
_PAIRS = "Rubin 1973 (Biometrics 29); Luong, Ruggieri and Turini 2011 (KDD)"
_ONE_GROUP = "one of the groups has no row"
_UNIT_INTERVAL = (0.0, 1.0)

_BEHAVIOUR: tuple[MetricEntry, ...] = (
    MetricEntry(
        name="fidelity",
        kind="behaviour",
        direction="higher",
        range=_UNIT_INTERVAL,
        unit="share of rows",
        source=_STUDY,
        description="Held-out real rows on which the model decides as the honest one does.",
    ),
    MetricEntry(
        name="agreement_where_models_differ",
        kind="behaviour",
        direction="higher",
        range=_UNIT_INTERVAL,
        unit="share of rows",
        source="explaudit: fidelity without what chance contributes",
        description="The same on those rows only on which the innocuous model decides otherwise "
        "than the honest one: 1 for the honest model, 0 for the innocuous one.",
        undefined="the innocuous model never decides otherwise than the honest one",
    ),
    MetricEntry(
        name="real_recall",
        kind="behaviour",
        direction="higher",
        range=_UNIT_INTERVAL,
        unit="share of rows",
        source=_STUDY,
        description="Held-out real rows that the attack's gate takes for real, so that the biased "
        "model answers.",
    ),
    MetricEntry(
        name="demographic_parity_gap",
        kind="behaviour",
        direction="higher",
        range=(-1.0, 1.0),
        unit="difference of shares",
        source=_PARITY,
        description="Rate of favourable decisions outside the protected group less that within "
        "it; positive is harm to the protected group.",
        undefined=_ONE_GROUP,
    ),
    MetricEntry(
        name="favourable_rate",
        kind="behaviour",
        direction="none",
        range=_UNIT_INTERVAL,
        unit="share of rows",
        source=_PARITY,
        description="Favourable decisions among held-out real rows.",
    ),
    *(
        MetricEntry(
            name=f"favourable_rate_{group}",
            kind="behaviour",
            direction="none",
            range=_UNIT_INTERVAL,
            unit="share of rows",
            source=_PARITY,
            description=f"Favourable decisions among rows {where} the protected group.",
            undefined="the group has no row",
        )
        for group, where in (("protected", "of"), ("unprotected", "outside"))
    ),
    MetricEntry(
        name="matched_pair_effect",
        kind="behaviour",
        direction="higher",
        range=_UNIT_INTERVAL,
        unit="difference of answers",
        source=_PAIRS,
        description="Mean absolute difference between the answer to a real row and to the nearest "
        "real row of the other group, nearest by the other features.",
        undefined=_ONE_GROUP,
    ),
    MetricEntry(
        name="matched_pair_signed",
        kind="behaviour",
        direction="higher",
        range=(-1.0, 1.0),
        unit="difference of answers",
        source=_PAIRS,
        description="The same with its sign: the unprotected row's answer less the protected "
        "one's; positive is harm to the protected group.",
        undefined=_ONE_GROUP,
    ),
)

_GATE: tuple[MetricEntry, ...] = tuple(
    MetricEntry(
        name=name,
        kind="gate",
        direction="higher" if name != "gate_queries_judged_real" else "lower",
        range=_UNIT_INTERVAL,
        unit=unit,
        source=source,
        description=description,
        undefined="the gate's held-out rows are all of one kind",
    )
    for name, unit, source, description in (
        (
            "gate_auroc",
            "AUROC",
            "Hanley and McNeil 1982 (Radiology 143)",
            "How well the attack's gate tells held-out real rows from queries; 0.5 is chance.",
        ),
        (
            "gate_balanced_accuracy",
            "share of rows",
            "Brodersen et al. 2010 (ICPR)",
            "Mean of the gate's recall of held-out real rows and of queries.",
        ),
        (
            "gate_f1_query",
            "F1",
            f"{_STUDY}; depends on the share of queries",
            "F1 of the gate on held-out rows, with queries as the positive class.",
        ),
        (
            "gate_real_judged_real",
            "share of rows",
            "explaudit",
            "Real rows held out from the gate's training that it takes for real.",
        ),
        (
            "gate_queries_judged_real",
            "share of rows",
            "explaudit",
            "Queries held out from the gate's training that it takes for real.",
        ),
    )
)

_ENGINE: tuple[MetricEntry, ...] = tuple(
    MetricEntry(
        name=name,
        kind="cost",
        direction="lower" if name in ("deviation_from_library", "rows_sent") else "none",
        range=bounds,
        unit=unit,
        source="explaudit: batched engines, verified against the libraries",
        description=description,
        undefined=undefined,
    )
    for name, bounds, unit, description, undefined in (
        (
            "batched_engine",
            _UNIT_INTERVAL,
            "share of cells",
            "Cells whose explanations are the batched engine's; the others are the library's own.",
            "",
        ),
        (
            "deviation_from_library",
            (0.0, None),
            "units of the attributions",
            "Checked against the library: the largest absolute deviation of the batched engine "
            "among rows of a cell that both explained, averaged over replicates.",
            "only one of engine and library could explain a row",
        ),
        (
            "rows_asked",
            (0.0, None),
            "rows",
            "Rows that the explainer's method asks the model to score for all explained rows.",
            "",
        ),
        (
            "rows_sent",
            (0.0, None),
            "rows",
            "Rows that the batched engine sent to the model for them.",
            "",
        ),
    )
)

_GAMEABILITY = MetricEntry(
    name="gameability",
    kind="summary",
    direction="higher",
    range=(None, None),
    unit="share of the way",
    source="explaudit",
    description="Share of the way from the honest model's evidence to the innocuous one's that an "
    "attack moves it: 0 is unmoved, 1 is what the innocuous model shows.",
    undefined="the honest and the innocuous model look alike to the explainer",
)


def catalogue() -> tuple[MetricEntry, ...]:
    """Return everything that measurements are called, in the order in which they are listed."""
    specs = tuple(metric_specs().values())
    return (
        *(spec.entry for spec in specs),
        *(_not_worse(spec) for spec in specs if spec.kind == "quality"),
        *_BEHAVIOUR,
        *_GATE,
        *_ENGINE,
        _GAMEABILITY,
    )


def _not_worse(spec: MetricSpec) -> MetricEntry:
    return MetricEntry(
        name=f"{spec.name}{NOT_WORSE}",
        kind="summary",
        direction="higher",
        range=_UNIT_INTERVAL,
        unit="share of rows",
        source="explaudit: the probability of superiority of McGraw and Wong 1992 (Psychological "
        "Bulletin 111), paired by row",
        description=f"Rows on which the attacked model's {spec.name} is at least as good as the "
        "honest model's, ties counted half: 0.5 means that the metric cannot tell them apart.",
        undefined=spec.undefined,
    )
