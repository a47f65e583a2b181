"""Plain tools and a published detector on the same models: what the audit has to beat."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from explaudit.audit._real.wording import GAP, SHARES
from explaudit.audit.cad import CadDetect
from explaudit.audit.evidence import Detector
from explaudit.audit.outcome import Verdict
from explaudit.audit.real_behaviour import RealBehaviour
from explaudit.cells import Cell, Part

__all__ = [
    "BASELINES",
    "CAD_DETECT",
    "GAP",
    "SHARE_GAP",
    "baseline_cell",
    "baseline_detectors",
    "baseline_scores",
    "is_baseline",
    "score_name",
]

CAD_DETECT = "CAD-Detect"
SHARE_GAP = "real less claimed share"
#: What is scored, the higher the more suspicious. The last is not told which explainer is asked.
BASELINES = (CAD_DETECT, SHARE_GAP, GAP)

_SETTING = "baselines"


def baseline_cell(cell: Cell) -> Cell:
    """Return the cell in which plain tools judge the model that an audit's cell is of."""
    dataset = Part(cell.dataset.name, {**cell.dataset.settings, _SETTING: True})
    return msgspec.structs.replace(cell, dataset=dataset)


def is_baseline(cell: Cell) -> bool:
    """Return whether plain tools judge a cell's model."""
    return bool(cell.dataset.settings.get(_SETTING, False))


def baseline_detectors() -> tuple[Detector, ...]:
    """Return the detectors whose figures are scored; of intervals nothing is used."""
    return CadDetect(), RealBehaviour(n_splits=1, n_draws=2)


def score_name(of: str, explainer: str) -> str:
    """Return what a record calls a score of one of :data:`BASELINES`."""
    return of if of == GAP else f"{of} on queries of {explainer}"


def baseline_scores(verdict: Verdict, explainers: Sequence[str]) -> dict[str, float | None]:
    """Return what plain tools found, by :func:`score_name`; None where they cannot say.

    Parameters
    ----------
    verdict : Verdict
        Of an audit by :func:`baseline_detectors`, of one sensitive feature.
    explainers : sequence of str
        Whose queries were asked, in that order.
    """
    return dict(_scores(verdict, explainers))


def _scores(verdict: Verdict, explainers: Sequence[str]) -> Iterator[tuple[str, float | None]]:
    for test in verdict.tests:
        yield test.name, test.score
    gaps = [finding for finding in verdict.findings if finding.name == SHARES]
    for explainer, finding in zip(explainers, gaps, strict=True):
        yield score_name(SHARE_GAP, explainer), finding.estimate
    for finding in verdict.findings:
        if finding.name == GAP:
            yield GAP, None if finding.estimate is None else abs(finding.estimate)
