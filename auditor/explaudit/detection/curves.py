"""What share of attacks is found, whatever share of honest models one is ready to accuse."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec
import numpy as np
import numpy.typing as npt

from explaudit.detection.baselines import BASELINES, score_name
from explaudit.detection.rows import AuditRow

__all__ = ["AS_PLAIN_TOOLS", "HIDDEN_EFFECT", "WHOLE_AUDIT", "Curve", "curves"]

Array = npt.NDArray[np.float64]

#: What a curve is of where it is of no single test.
WHOLE_AUDIT = "whole audit"
HIDDEN_EFFECT = "hidden effect, whatever its spread"
#: The whole audit again, of the models that plain tools judged and no others.
AS_PLAIN_TOOLS = "whole audit, as plain tools"


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """Detections against false alarms as the threshold moves (ROC).

    Attributes
    ----------
    explainer : str
        The explainer that the attacks are made for.
    of : str
        What the threshold is on: the whole audit's level, of all models or of those that plain
        tools judged, one test's p-value, the estimate of
        the hidden effect, or the score of a plain tool.
    n_honest, n_attacks : int
        Audits of honest models that nothing was tuned on, and of effective attacks.
    area : float
        Probability that of an attack and an honest model the attack looks worse, ties counted half
        (Hanley and McNeil 1982).
    points : tuple of (float, float)
        False-alarm rate and detection rate at the corners of the curve. Audits of which nothing
        could be said are never accused before all others are.
    """

    explainer: str
    of: str
    n_honest: int
    n_attacks: int
    area: float
    points: tuple[tuple[float, float], ...]

    def detections(self, false_alarms: float) -> float:
        """Return the detection rate at a false-alarm rate of so much at the most."""
        return max(y for x, y in self.points if x <= false_alarms)


def curves(rows: Sequence[AuditRow]) -> list[Curve]:
    """Return for each explainer the curves of the whole audit, each test alone and plain tools.

    Parameters
    ----------
    rows : sequence of AuditRow
        All audits; those that count for false alarms and for detections are taken, for plain tools
        as far as they were run.
    """
    honest = [row for row in rows if row.counts == "judged"]
    effective = [row for row in rows if row.counts == "effective"]
    found = []
    for explainer in sorted({row.explainer for row in effective} if honest else ()):
        attacks = [row for row in effective if row.explainer == explainer]
        for of in (
            WHOLE_AUDIT,
            *_tests(attacks, explainer),
            HIDDEN_EFFECT,
            AS_PLAIN_TOOLS,
            *BASELINES,
        ):
            accused, hit = (
                np.array(
                    [_suspicion(row, explainer, of) for row in kind if _was_run(row, of)],
                    dtype=np.float64,
                )
                for kind in (honest, attacks)
            )
            if len(accused) and len(hit):
                found.append(_curve(explainer, of, accused, hit))
    return found


def _was_run(row: AuditRow, of: str) -> bool:
    return of not in (AS_PLAIN_TOOLS, *BASELINES) or bool(row.baselines)


def _tests(attacks: Sequence[AuditRow], explainer: str) -> list[str]:
    """Return the names of the tests that are of no other explainer."""
    names = sorted({name for row in attacks for name in row.p_values})
    # a test of an explainer is named after it
    return [name for name in names if " queries of " not in name or name.endswith(f" {explainer}")]


def _suspicion(row: AuditRow, explainer: str, of: str) -> float:
    """Return by what an audit is judged: the higher, the worse; -inf if it cannot say."""
    if of == HIDDEN_EFFECT:
        return row.hidden.get(explainer, -np.inf)
    if of in BASELINES:
        score = row.baselines.get(score_name(of, explainer))
        return -np.inf if score is None else score
    p_value = row.level if of in (WHOLE_AUDIT, AS_PLAIN_TOOLS) else row.p_values.get(of)
    return -np.inf if p_value is None else -p_value


def _curve(explainer: str, of: str, honest: Array, attacks: Array) -> Curve:
    thresholds = np.unique(np.concatenate([honest, attacks, [-np.inf, np.inf]]))[::-1]
    x = (honest >= thresholds[:, None]).mean(axis=1)
    y = (attacks >= thresholds[:, None]).mean(axis=1)
    return Curve(
        explainer=explainer,
        of=of,
        n_honest=len(honest),
        n_attacks=len(attacks),
        area=float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2)),
        points=tuple(_corners([*zip(x.tolist(), y.tolist(), strict=True)])),
    )


def _corners(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    """Leave out what lies within a horizontal or vertical piece."""
    for place, point in enumerate(points):
        around = points[max(place - 1, 0) : place + 2]
        inside = len(around) == 3 and any(len({p[axis] for p in around}) == 1 for axis in (0, 1))
        if not inside:
            yield point
