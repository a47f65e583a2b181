"""One row for each audit of a benchmark: of what it was, what it said and what it counts for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from explaudit.audit.calibration import CALIBRATION
from explaudit.audit.fresh_rows import FORETOLD_TEST, FRESH_GROUP, FRESH_TEST
from explaudit.audit.outcome import TestResult
from explaudit.audit.regime_results import tail
from explaudit.audit.triangle import GROUP
from explaudit.cells import Cell, Record
from explaudit.detection.plan import HARD_NEGATIVES, HONEST_FAMILIES, has_log
from explaudit.detection.regime_tests import REQUIRED, kind_of_test, named_scalars, regime_scores
from explaudit.detection.settings import DetectionSettings
from explaudit.detection.tasks import TaskName, task_name

__all__ = [
    "EFFECTIVE",
    "KEPT",
    "TUNED_DATASETS",
    "TUNED_MODELS",
    "AuditRow",
    "Counts",
    "audit_row",
    "is_tuned",
    "least_alpha",
]

#: Honest models and data sets that the calibration is fitted to, every second one of either; rates
#: are of all others.
TUNED_MODELS = (*HONEST_FAMILIES[::2], *HARD_NEGATIVES[::2])
TUNED_DATASETS = ("compas", "german")

#: An attack is effective if the explainer that it is made for loses so much of the feature.
EFFECTIVE = 0.25
#: ... and the attacked model still answers this share of the auditor's rows as the biased one does.
KEPT = 0.5

#: What an audit counts for: the false alarms, nothing as its model may be tuned on, the false
#: alarms of tests that need a log of decisions, the detections, the detections with a larger budget
#: or with a log, nothing as its attack hides too little, or nothing as there is no result.
Counts = Literal[
    "judged", "tuned", "logged_honest", "effective", "larger_budget", "logged", "harmless", ""
]

_ONE_ROW_TESTS = ("one row at a time", "another order", "queries asked again", "near duplicates")
_GROUPS = {
    **dict.fromkeys(_ONE_ROW_TESTS, GROUP),
    **dict.fromkeys((FRESH_TEST, FORETOLD_TEST), FRESH_GROUP),
}

#: The adversary whose auditor is given a log of decisions.
_LOGGED = "whitelist"


class AuditRow(msgspec.Struct, frozen=True, kw_only=True):
    """One planned audit.

    Attributes
    ----------
    cell_id : str
        The cell's identity, as in the records.
    dataset : str
        Name of the data set.
    task : {"binary", "classes", "values", "two features"}
        What the model answers with, or that two features are named as sensitive.
    replicate : int
        Which repetition.
    budget : int
        Rows that the audit may send.
    counts : str
        What it counts for; empty without a result.
    model : str
        The honest model's name; of an attack, the biased model's.
    kind : {"honest", "hard_negative", "attacked"}
        What the model is.
    explainer, adversary, strength, innocuous : str
        Of an attack: the explainer that it is made for, its name, the bias ("rule" or what is
        taken off the score) and what is shown instead ("coin" or "mimic").
    status : {"ok", "failed", "planned"}
        Whether there is a result; a failed audit has a `reason`.
    answers : {"labels", "scores", "values", ""}
        What the auditor got; empty without a result.
    hidden_share : float or None
        Share of the sensitive feature's attribution that the attack takes away.
    fidelity : float or None
        Share of the auditor's rows that the attacked model decides as the biased one.
    p_values : dict of str to float or None
        Of each test, under the calibration as it is now; None where the test cannot say.
    hidden : dict of str to float
        Estimated hidden effect of the sensitive feature, by explainer.
    baselines : dict of str to float or None
        Scores by plain tools, see :mod:`explaudit.detection.baselines`; empty if they were not run.
    level : float or None
        The least false-alarm rate at which the verdict is "fail"; None if no test could judge.
    cpu_seconds : float or None
        Of the audit alone.
    queries : int
        Rows that were sent to the model.
    """

    cell_id: str
    dataset: str
    task: TaskName = "binary"
    replicate: int
    budget: int
    counts: Counts
    model: str
    kind: Literal["honest", "hard_negative", "attacked"]
    explainer: str = ""
    adversary: str = ""
    strength: str = ""
    innocuous: str = ""
    status: Literal["ok", "failed", "planned"]
    reason: str = ""
    answers: Literal["labels", "scores", "values", ""] = ""
    hidden_share: float | None = None
    fidelity: float | None = None
    p_values: dict[str, float | None] = {}
    hidden: dict[str, float] = {}
    baselines: dict[str, float | None] = {}
    level: float | None = None
    cpu_seconds: float | None = None
    queries: int = 0

    def alarm(self, alpha: float) -> bool:
        """Return whether the verdict at this false-alarm rate is "fail"."""
        return self.level is not None and self.level <= alpha

    def silent(self, alpha: float) -> bool:
        """Return whether the verdict is "inconclusive": no alarm, and no pass either."""
        required = (p for name, p in self.p_values.items() if name.startswith(REQUIRED))
        unable = self.level is None or any(p_value is None for p_value in required)
        return unable and not self.alarm(alpha)


def audit_row(
    cell: Cell, record: Record | None, plain: Record | None, settings: DetectionSettings
) -> AuditRow:
    """Return what is known of one planned audit.

    Parameters
    ----------
    cell : Cell
        What was planned.
    record : Record or None
        What came of it; None if it was not run yet.
    plain : Record or None
        What plain tools say of the same model.
    settings : DetectionSettings
        Of the benchmark, for its usual budget.
    """
    row = _planned(cell)
    if record is None:
        return row
    if record.status == "failed":
        return msgspec.structs.replace(row, status="failed", reason=record.reason)
    scalars, tests = record.scalars, _tests(record)
    seconds = record.rows.get("audit_cpu_seconds", [])
    return msgspec.structs.replace(
        row,
        counts=_counts(cell, scalars.get("hidden_share") or 0.0, _fidelity(scalars), settings),
        status="ok",
        answers=_answers(row, record),
        hidden_share=scalars.get("hidden_share"),
        fidelity=scalars.get("fidelity"),
        p_values={test.name: test.p_value for test in tests},
        hidden=named_scalars(scalars, "hidden: "),
        baselines={} if plain is None else plain.scalars,
        level=least_alpha(tests),
        cpu_seconds=seconds[0] if seconds else None,
        queries=record.n_queries,
    )


def least_alpha(tests: Sequence[TestResult]) -> float | None:
    """Return the least false-alarm rate at which the verdict on some tests is "fail".

    It is the smallest of the p-values as :func:`~explaudit.audit.verdict.conclude` adjusts them,
    which is the first step of Holm 1979: the best group's p-value times the number of groups. None
    if no test can judge.
    """
    groups: dict[str, list[float]] = {}
    for place, test in enumerate(tests):
        if test.counted and test.p_value is not None:
            groups.setdefault(test.group or str(place), []).append(test.p_value)
    # within a group Bonferroni's correction is made
    within = [min(1.0, len(group) * min(group)) for group in groups.values()]
    return min(1.0, len(within) * min(within)) if within else None


def is_tuned(cell: Cell) -> bool:
    """Return whether a calibration may be fitted to this honest model on this data set.

    To models of other tasks than two classes and one sensitive feature none is.
    """
    tuned = cell.dataset.name in TUNED_DATASETS and _member(cell) in TUNED_MODELS
    return tuned and task_name(cell.dataset) == "binary"


def _planned(cell: Cell) -> AuditRow:
    attacked = cell.role == "attacked"
    adversary, strength, innocuous = cell.attack_setting.split("/") if attacked else ("", "", "")
    return AuditRow(
        cell_id=cell.id,
        dataset=cell.dataset.name,
        task=task_name(cell.dataset),
        replicate=cell.replicate,
        budget=int(cell.dataset.settings["budget"]),
        counts="",
        model=_member(cell),
        kind=_kind(cell),
        explainer=cell.explainer_setting,
        adversary=adversary,
        strength=strength,
        innocuous=innocuous,
        status="planned",
    )


def _kind(cell: Cell) -> Literal["honest", "hard_negative", "attacked"]:
    if cell.role == "attacked":
        return "attacked"
    return "honest" if cell.model.name == "honest" else "hard_negative"


def _answers(row: AuditRow, record: Record) -> Literal["labels", "scores", "values"]:
    if row.task == "values":
        return "values"
    return "labels" if record.scalars.get("labels") else "scores"


def _counts(
    cell: Cell, hidden_share: float, fidelity: float, settings: DetectionSettings
) -> Counts:
    if has_log(cell):
        # those tests are tuned to nothing
        return "logged_honest"
    if cell.role != "attacked":
        return "tuned" if is_tuned(cell) else "judged"
    # who shows the innocent model on real rows, too, does not lie, but for one who knows his own
    memorised = cell.attack_setting.startswith(f"{_LOGGED}/")
    if hidden_share < EFFECTIVE or (fidelity < KEPT and not memorised):
        return "harmless"
    if cell.dataset.settings["budget"] != settings.budget:
        return "larger_budget"
    return "logged" if memorised else "effective"


def _fidelity(scalars: dict[str, float | None]) -> float:
    fidelity = scalars.get("fidelity")
    return 1.0 if fidelity is None else fidelity


def _tests(record: Record) -> list[TestResult]:
    """Return a record's tests, in the groups of the verdict, with the calibration as it is now."""
    scores, tests = regime_scores(record), []
    for key, p_value in record.scalars.items():
        name = key.removeprefix("p_value: ")
        if name == key:
            continue
        group = _GROUPS.get(name, "")
        if name in scores:
            group = name.split(" queries of ")[-1]
            # what could not be said stays unsaid, whatever the calibration
            if p_value is not None:
                p_value = tail(*scores[name], getattr(CALIBRATION, kind_of_test(name)))
        tests.append(TestResult(name=name, p_value=p_value, group=group))
    return tests


def _member(cell: Cell) -> str:
    return str(cell.model.settings.get("member", cell.model.name))
