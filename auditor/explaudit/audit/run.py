"""An audit from end to end: ask the model once, let every detector judge, conclude."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit import registry
from explaudit.audit.evidence import Asked, Detector, Evidence, Toggled
from explaudit.audit.measured import with_measured_rates
from explaudit.audit.outcome import Judgement, TestResult, Verdict
from explaudit.audit.queries import record_queries
from explaudit.audit.settings import AuditPlan, AuditSettings, plan_audit
from explaudit.audit.target import Target
from explaudit.audit.toggles import Toggles, toggle
from explaudit.audit.verdict import conclude
from explaudit.cells import Part
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit.provenance import versions
from explaudit.seeds import derive_seed, generator
from explaudit.threads import single_threaded

__all__ = ["AuditResult", "audit", "default_detectors"]

Array = npt.NDArray[np.float64]

#: Rows of one shuffled batch: many enough that none is all of one kind.
_BATCH = 500
#: From this share of real rows on, an explainer asks none that are put together.
_MOSTLY_REAL = 0.5
#: Detectors that are used only if they are asked for.
_ON_REQUEST = frozenset({"swap"})


class AuditResult(msgspec.Struct, frozen=True, kw_only=True):
    """What is written to results.json.

    Attributes
    ----------
    verdict : Verdict
        What the audit says.
    settings : AuditSettings
        As the user chose them.
    plan : AuditPlan
        How the budget was spent.
    model : str
        What the user called the model.
    n_rows, n_features : int
        Size of the table of real rows.
    features, outputs : tuple of str
        Their names.
    data_sha256 : str
        Of the table's content.
    versions : dict of str to str
        Of what computed.
    categorical : tuple of str
        Numeric columns whose numbers were taken for names.
    groups : dict of str to tuple of str
        Features that several columns stand for.
    dropped : tuple of str
        Columns of the user's table that the model is not fed.
    command : str
        The command that ran the audit; empty if none did.
    schema_version : int
        Of this struct.
    """

    verdict: Verdict
    settings: AuditSettings
    plan: AuditPlan
    model: str
    n_rows: int
    n_features: int
    features: tuple[str, ...]
    outputs: tuple[str, ...]
    data_sha256: str
    versions: dict[str, str]
    categorical: tuple[str, ...] = ()
    groups: dict[str, tuple[str, ...]] = {}
    dropped: tuple[str, ...] = ()
    command: str = ""
    schema_version: int = 1


@single_threaded()
def audit(
    model: Any,
    rows: pd.DataFrame,
    settings: AuditSettings,
    *,
    name: str = "model",
    categorical: Sequence[str] = (),
    groups: Mapping[str, Sequence[str]] | None = None,
    detectors: tuple[Detector, ...] | None = None,
    decisions: pd.DataFrame | None = None,
    decision_column: str = "",
    background: pd.DataFrame | None = None,
    model_file: object = None,
    tell: Callable[[str], None] = lambda text: None,
) -> AuditResult:
    """Audit a model of which nothing but its answers is known.

    Parameters
    ----------
    model : estimator or callable
        See :class:`explaudit.audit.target.Target`.
    rows : DataFrame of shape (n_rows, n_columns)
        Real rows, as the model is fed them; rows that whoever made the model did not hold.
    settings : AuditSettings
        What to look at, how closely, and at what false-alarm rate.
    name : str
        What to call the model in results.
    categorical : sequence of str
        Numeric columns whose numbers are names.
    groups : mapping of str to sequence of str, optional
        Features that several columns stand for, such as one-hot columns, by the feature's name.
        Each is one feature, whose levels are the combinations that occur.
    detectors : tuple of Detector or None
        None for all that there is evidence for.
    decisions : DataFrame or None
        Logged rows with their decisions in `decision_column`.
    background : DataFrame or None
        Background rows that somebody handed over.
    model_file : pathlib.Path, estimator or None
        A tree model's own file, or the fitted trees of scikit-learn themselves.
    tell : callable
        Is told in a few words what is done next.

    Returns
    -------
    AuditResult

    Raises
    ------
    InvalidInputError
        If an argument is unusable, or the model's answers are.

    Notes
    -----
    Numerical libraries have one thread meanwhile, a model in this process included.
    """
    if not settings.sensitive:
        raise InvalidInputError("sensitive", "at least one feature", "none")
    encoder = Encoder.from_frame(_with_log(rows, decisions), groups=groups, categorical=categorical)
    for feature in settings.sensitive:
        encoder.index(feature)
    given = {"replay": decisions, "background": background, "tree_file": model_file}
    chosen = default_detectors(given) if detectors is None else detectors
    plan = plan_audit(settings, len(rows), chosen)
    tell(f"the model will be asked about {plan.total} rows")
    target = Target(model, encoder, answers=settings.answers, budget=settings.budget)
    matrix = encoder.encode(rows)[generator(settings.seed, "rows").permutation(len(rows))]
    evidence = dataclasses.replace(
        _ask(target, matrix, settings, plan),
        decisions=decisions,
        decision_column=decision_column,
        background=background,
        model_file=model_file,
    )
    judgements = [_judgement(detector, evidence, settings, tell) for detector in chosen]
    sent, most = target.n_queries, settings.budget
    verdict = conclude(judgements, alpha=settings.alpha, queries=sent, budget=most)
    return AuditResult(
        verdict=with_measured_rates(verdict),
        settings=settings,
        plan=plan,
        model=name,
        n_rows=len(rows),
        n_features=len(encoder.names),
        features=encoder.names,
        outputs=target.outputs,
        data_sha256=hashlib.sha256(rows.to_csv(index=False).encode()).hexdigest(),
        versions=versions(),
        categorical=tuple(categorical),
        groups={name: tuple(columns) for name, columns in (groups or {}).items()},
    )


def _judgement(
    detector: Detector, evidence: Evidence, settings: AuditSettings, tell: Callable[[str], None]
) -> Judgement:
    """Let a detector judge; evidence that it cannot use costs its own tests only."""
    name = type(detector).name
    tell(f"judging: {name.replace('_', ' ')}")
    seed = derive_seed(settings.seed, "detector", name)
    try:
        return detector.judge(evidence, alpha=settings.alpha, seed=seed)
    except InvalidInputError as error:
        reason = f"cannot say: {error}"
        return Judgement(tests=(TestResult(name=name, p_value=None, reason=reason),))


def _with_log(rows: pd.DataFrame, decisions: pd.DataFrame | None) -> pd.DataFrame:
    """Return the rows with those of a log, where a level may occur that the rows have not."""
    if decisions is None or not set(rows.columns) <= set(decisions.columns):
        return rows
    words = [name for name in rows.columns if not pd.api.types.is_numeric_dtype(rows[name])]
    both = pd.concat([rows, decisions[list(rows.columns)]], ignore_index=True)
    return both.astype(dict.fromkeys(words, "category"))


def default_detectors(given: Mapping[str, object]) -> tuple[Detector, ...]:
    """Return one detector of every kind, but for those whose evidence is not there.

    Parameters
    ----------
    given : mapping
        By the name of a detector the evidence that it needs; None where there is none. One whose
        rows are dear, "swap", is left out unless anything but None is given for it.
    """
    names = [
        name
        for name in registry.names("detectors")
        if given.get(name, None if name in _ON_REQUEST else True) is not None
    ]
    # the verdict rests on the first most; a model may remember a session of near-duplicates
    names.sort(key=lambda name: (name != "regime", name == "near_duplicates", name))
    return tuple(registry.create("detectors", name) for name in names)


def _ask(target: Target, matrix: Array, settings: AuditSettings, plan: AuditPlan) -> Evidence:
    """Send real rows, every explainer's queries and some of both changed, shuffled together."""
    parts = {"": matrix[: plan.real_rows]}
    for part in settings.explainers:
        explainer = registry.create("explainers", part.name, part.settings)
        parts[_name(part, settings)] = record_queries(
            explainer, target.encoder, matrix, matrix, n_queries=plan.queries, seed=settings.seed
        )
    toggled = _toggled(parts, matrix, settings, plan, target.encoder)
    everything = [*parts.values(), *(toggles.after for toggles in toggled.values())]
    said = _ask_shuffled(target, everything, generator(settings.seed, "shuffle"))
    asked = [Asked(rows, answers) for rows, answers in zip(parts.values(), said, strict=False)]
    again = zip(toggled.items(), said[len(parts) :], strict=True)
    return Evidence(
        target=target,
        encoder=target.encoder,
        sensitive=settings.sensitive,
        real=asked[0],
        queries=dict(zip(list(parts)[1:], asked[1:], strict=True)),
        toggled={name: Toggled(toggles, answers) for (name, toggles), answers in again},
        unasked=matrix[plan.real_rows :],
    )


def _ask_shuffled(target: Target, parts: list[Array], rng: np.random.Generator) -> list[Array]:
    everything = np.vstack(parts)
    order = rng.permutation(len(everything))
    batches = np.array_split(order, max(1, len(order) // _BATCH))
    said = np.concatenate([target.ask(everything[batch]) for batch in batches])
    answers = np.empty_like(said)
    answers[order] = said
    return np.split(answers, np.cumsum([len(part) for part in parts])[:-1])


def _toggled(
    parts: Mapping[str, Array],
    matrix: Array,
    settings: AuditSettings,
    plan: AuditPlan,
    encoder: Encoder,
) -> dict[str, Toggles]:
    """Change a sensitive feature of real rows and queries; none where all queries are real rows."""
    features = [encoder.index(name) for name in settings.sensitive]
    known = {row.tobytes() for row in matrix}
    toggled = {}
    for name, rows in parts.items():
        n_real = sum(row.tobytes() in known for row in rows)
        if not name or n_real < _MOSTLY_REAL * len(rows):
            rng = generator(settings.seed, "toggles", name)
            toggled[name] = toggle(rows, features, plan.toggled, rng)
    return toggled if len(toggled) > 1 else {}


def _name(part: Part, settings: AuditSettings) -> str:
    """Return what to call an explainer: its name, with settings where two share it."""
    same = [other for other in settings.explainers if other.name == part.name]
    if len(same) == 1:
        return part.name
    shown = ", ".join(f"{key}={value}" for key, value in part.settings.items()) or "default"
    return f"{part.name} ({shown})"
