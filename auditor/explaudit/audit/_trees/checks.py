"""The tests of a tree file, put into words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from explaudit.audit._groups import Group
from explaudit.audit._trees.comparison import Comparison, Gap
from explaudit.audit._trees.cover import drift, mismatch
from explaudit.audit._trees.credit import Credit
from explaudit.audit._trees.ensemble import Ensemble
from explaudit.audit.outcome import Hidden, TestResult

__all__ = ["base_value", "cover", "explanation", "hidden_credit", "sums"]

Array = npt.NDArray[np.float64]

#: Covers are sums in single precision; an honest file misses by a millionth.
_ROUNDING = 1e-3
#: All tests of a file count as one.
_GROUP = "tree file"


def sums(ensemble: Ensemble) -> TestResult:
    """Test whether covers of children add up to their parent's."""
    missed = mismatch(ensemble.trees)
    if missed == np.inf:
        reason = "The file records covers that are negative or no numbers, which no training does."
    elif missed > _ROUNDING:
        reason = f"Covers of children miss their parent's by up to {missed:.2g} of it."
    else:
        reason = "Covers of children add up to their parent's."
    return TestResult(
        name="tree file: sums",
        group=_GROUP,
        # rounding aside, training leaves no room for chance
        p_value=0.0 if missed > _ROUNDING else 1.0,
        score=missed,
        threshold=_ROUNDING,
        reason=reason,
    )


def cover(ensemble: Ensemble, names: Sequence[str], comparison: Comparison) -> TestResult:
    """Test whether recorded covers are those of rows like the real ones, split by split."""
    tolerance = comparison.tolerance
    worst = drift(comparison.counted, tolerance)
    n_training = comparison.counted.n_training
    if worst.node < 0:
        reason = "No split has enough rows, of the file's and of the real ones, to be compared."
        return TestResult(name="tree file: covers", p_value=None, reason=reason)
    column = names[ensemble.trees.column[worst.node]]
    return TestResult(
        name="tree file: covers",
        group=_GROUP,
        p_value=worst.p_value,
        score=abs(worst.recorded - worst.counted),
        reason=(
            f"Of {worst.n_splits} splits, one on {column!r} agrees the least: the file records "
            f"that {worst.recorded:.1%} of the training weight went left, and {worst.counted:.1%} "
            f"of the real rows' weight does. Odds that differ by a factor of {tolerance:g} are "
            "put down to another population or to weights."
        ),
        details={
            "recorded": worst.recorded,
            "counted": worst.counted,
            "n_splits": float(worst.n_splits),
            "n_training": n_training,
            "tolerance": tolerance,
            "class_ratio": comparison.class_ratio,
        },
    )


def base_value(
    ensemble: Ensemble, leaves: npt.NDArray[np.intp], comparison: Comparison
) -> TestResult:
    """Compare the mean margin that recorded covers imply with that of real rows.

    It is shown and not counted: weights of training rows move it more than anything else, by more
    than the class weights that suit the covers can make up for.
    """
    trees = ensemble.trees
    of_output = np.eye(len(ensemble.base))[ensemble.output[trees.tree]]

    def base_values(shares: Array) -> Array:
        values = (trees.reach(shares) * trees.value) @ of_output
        return np.asarray(ensemble.base + values)

    gap = comparison.gap(base_values)
    recorded, counted = float(gap.recorded[gap.worst]), float(gap.counted[gap.worst])
    margins = ensemble.margins(leaves)[-1][:, gap.worst]
    return TestResult(
        name="tree file: base value",
        p_value=gap.p_value,
        counted=False,
        score=abs(recorded - counted),
        reason=(
            f"The recorded covers imply a base value of {recorded:.3f}, the covers of real rows "
            f"one of {counted:.3f}, with a standard error of {gap.error[gap.worst]:.3f} between "
            f"them; the mean margin of real rows is {margins.mean():.3f}."
        ),
        details={
            "recorded": recorded,
            "counted": counted,
            "mean_margin": float(margins.mean()),
            "class_ratio": comparison.class_ratio,
            "standard_error": float(gap.error[gap.worst]),
        },
    )


def explanation(group: Group, gap: Gap, p_value: float, details: dict[str, float]) -> TestResult:
    """Put into words in which group a sensitive feature's credit differs the most."""
    recorded, counted = float(gap.recorded[gap.worst]), float(gap.counted[gap.worst])
    return TestResult(
        name="tree file: explanation",
        group=_GROUP,
        p_value=p_value,
        score=abs(counted - recorded),
        reason=(
            f"On rows with {group.label}, TreeSHAP by the recorded covers credits "
            f"{group.feature!r} with {recorded:.3f} on average (in units of the margin), by the "
            f"covers of real rows with {counted:.3f}, with a standard error of "
            f"{gap.error[gap.worst]:.3f} between them."
        ),
        details={
            "recorded": recorded,
            "counted": counted,
            "standard_error": float(gap.error[gap.worst]),
            **details,
        },
    )


def hidden_credit(credit: Credit, gap: Gap, *, alpha: float) -> Hidden:
    """Return the group in which the file shows the least of the credit that real rows give."""
    group = int(np.argmax(gap.counted - gap.recorded))
    estimate, low, high = gap.interval(group, 1.0 - alpha)
    return Hidden(
        feature=credit.groups[group].feature,
        estimate=estimate,
        low=low,
        high=high,
        real=float(gap.counted[group]),
        shown=float(gap.recorded[group]),
        explainer=f"path-dependent TreeSHAP on the file, rows with {credit.groups[group].label}",
        unit="margin",
        group=_GROUP,
    )
