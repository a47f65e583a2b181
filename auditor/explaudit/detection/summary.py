"""From the records of a benchmark to false-alarm rates and detections, with intervals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal

import msgspec
import numpy as np

from explaudit.audit.calibration import CALIBRATION
from explaudit.audit.outcome import Judgement, TestResult
from explaudit.audit.regime import tail
from explaudit.audit.triangle import GROUP
from explaudit.audit.verdict import conclude
from explaudit.cells import Record
from explaudit.detection.plan import HARD_NEGATIVES, HONEST_FAMILIES

__all__ = [
    "TUNED_DATASETS",
    "TUNED_MODELS",
    "DetectionResults",
    "Rate",
    "fitted_scale",
    "summarise_detection",
]

#: Honest models and data sets that the calibration is fitted to, every second one of either; rates
#: are of all others.
TUNED_MODELS = (*HONEST_FAMILIES[::2], *HARD_NEGATIVES[::2])
TUNED_DATASETS = ("compas", "german")

#: An attack is effective if the explainer that it is made for loses so much of the feature.
EFFECTIVE = 0.25

Kind = Literal["named", "scan"]

_ONE_ROW_TESTS = ("one row at a time", "another order", "queries asked again", "near duplicates")


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """How many of a kind of audits ended in an alarm.

    Attributes
    ----------
    name : str
        Of what audits.
    alpha : float
        The nominal false-alarm rate.
    alarms, n : int
        Alarms, and audits.
    value, low, high : float or None
        The rate with its 95 % interval (Wilson); None without any audit.
    """

    name: str
    alpha: float
    alarms: int
    n: int
    value: float | None
    low: float | None
    high: float | None


class DetectionResults(msgspec.Struct, frozen=True, kw_only=True):
    """What a benchmark of detectors came to.

    Attributes
    ----------
    calibration : dict of str to float
        The calibration that alarms were judged with.
    fitted : dict of str to float or None
        The calibration that the tuned part of these records would give.
    false_alarms : tuple of Rate
        On honest models that nothing was tuned on, as a whole, by data set and by model.
    detections : tuple of Rate
        On effective attacks, by explainer, data set, adversary and bias; those with a larger
        budget than the usual one apart.
    harmless : int
        Attacks that hid too little to count.
    planned, done, failed : int
        Cells.
    """

    calibration: dict[str, float]
    fitted: dict[str, float | None]
    false_alarms: tuple[Rate, ...]
    detections: tuple[Rate, ...]
    harmless: int
    planned: int
    done: int
    failed: int


def summarise_detection(records: Sequence[Record], planned: int) -> DetectionResults:
    """Summarise whatever records there are.

    Parameters
    ----------
    records : sequence of Record
        Of a benchmark, as far as it is done.
    planned : int
        Cells that it consists of.
    """
    done = [record for record in records if record.status == "ok"]
    honest = [r for r in done if r.cell.role == "honest"]
    attacked = [r for r in done if r.cell.role == "attacked"]
    effective = [r for r in attacked if (r.scalars.get("hidden_share") or 0.0) >= EFFECTIVE]
    judged = [r for r in honest if not _is_tuned(r)]
    usual = min((r.cell.dataset.settings["budget"] for r in effective), default=0)
    at_usual = [r for r in effective if r.cell.dataset.settings["budget"] == usual]
    with_more = [r for r in effective if r.cell.dataset.settings["budget"] != usual]
    return DetectionResults(
        calibration={"named": CALIBRATION.named, "scan": CALIBRATION.scan},
        fitted={kind: fitted_scale(honest, kind) for kind in ("named", "scan")},
        false_alarms=tuple(_rates(judged, (_everything, _dataset, _member))),
        detections=(
            *_rates(at_usual, (_explainer, _explainer_dataset, _adversary), (0.05,)),
            *_rates(with_more, (_budget,), (0.05,)),
        ),
        harmless=len(attacked) - len(effective),
        planned=planned,
        done=len(records),
        failed=len(records) - len(done),
    )


def fitted_scale(honest: Iterable[Record], kind: Kind) -> float | None:
    """Return the least factor that holds both 5 % and 1 % on the models that may be tuned on.

    Parameters
    ----------
    honest : iterable of Record
        Audits of honest models.
    kind : {"named", "scan"}
        Of the sensitive features, or of all others.

    Returns
    -------
    float or None
        In steps of 0.05, from 1; None without any such audit, or if 5 does not suffice.
    """
    scores = [
        score
        for record in honest
        if _is_tuned(record)
        for name, score in _scores(record).items()
        if _kind(name) == kind
    ]
    if not scores:
        return None
    for scale in np.arange(1.0, 5.001, 0.05):
        p_values = np.array([tail(*score, float(scale)) for score in scores])
        if (p_values <= 0.05).mean() <= 0.05 and (p_values <= 0.01).mean() <= 0.01:
            return round(float(scale), 2)
    return None


def _is_tuned(record: Record) -> bool:
    return record.cell.dataset.name in TUNED_DATASETS and _member(record) in TUNED_MODELS


def _scores(record: Record) -> dict[str, tuple[float, int]]:
    """Return the score of each regime test, and how many it is the largest of."""
    found = {}
    for key, compared in record.scalars.items():
        name = key.removeprefix("compared: ")
        score = record.scalars.get(f"score: {name}")
        if key.startswith("compared: ") and compared is not None and score is not None:
            found[name] = (score, int(compared))
    return found


def _kind(name: str) -> Kind:
    return "named" if name.startswith("sensitive features") else "scan"


def _alarm(record: Record, alpha: float) -> bool:
    """Conclude from a record's tests, with the calibration as it is now."""
    scores = _scores(record)
    tests = []
    for key, p_value in record.scalars.items():
        if not key.startswith("p_value: "):
            continue
        name = key.removeprefix("p_value: ")
        group = GROUP if name in _ONE_ROW_TESTS else ""
        if name in scores:
            group = name.split(" of ")[-1]
            p_value = tail(*scores[name], getattr(CALIBRATION, _kind(name)))
        tests.append(TestResult(name=name, p_value=p_value, group=group))
    verdict = conclude([Judgement(tests=tuple(tests))], alpha=alpha, queries=0, budget=0)
    return verdict.outcome == "fail"


def _rates(
    records: Sequence[Record],
    kinds: Sequence[Callable[[Record], str]],
    alphas: Sequence[float] = (0.05, 0.01),
) -> list[Rate]:
    found = []
    for alpha in alphas:
        alarms = [_alarm(record, alpha) for record in records]
        for kind in kinds:
            names = [kind(record) for record in records]
            for name in sorted(set(names)):
                own = [alarm for alarm, its in zip(alarms, names, strict=True) if its == name]
                found.append(_rate(name, alpha, own))
    return found


def _rate(name: str, alpha: float, alarms: Sequence[bool]) -> Rate:
    from scipy.stats import binomtest

    interval = binomtest(sum(alarms), len(alarms)).proportion_ci(method="wilson")
    return Rate(
        name=name,
        alpha=alpha,
        alarms=sum(alarms),
        n=len(alarms),
        value=sum(alarms) / len(alarms),
        low=float(interval.low),
        high=float(interval.high),
    )


def _everything(record: Record) -> str:
    del record
    return "all"


def _dataset(record: Record) -> str:
    return f"data set {record.cell.dataset.name}"


def _member(record: Record) -> str:
    return str(record.cell.model.settings.get("member", record.cell.model.name))


def _explainer(record: Record) -> str:
    return record.cell.explainer_setting


def _explainer_dataset(record: Record) -> str:
    return f"{record.cell.explainer_setting} on {record.cell.dataset.name}"


def _adversary(record: Record) -> str:
    adversary, strength, _ = record.cell.attack_setting.split("/")
    return f"{record.cell.explainer_setting}: {adversary}, bias {strength}"


def _budget(record: Record) -> str:
    return f"{_adversary(record)}, {record.cell.dataset.settings['budget']:,} queries"
