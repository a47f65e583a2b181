"""What a metric of attributions is, and what is known about each of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
import numpy.typing as npt

from explaudit.attributions import Attributions
from explaudit.errors import InvalidInputError
from explaudit.metrics.material import Material

__all__ = [
    "BY_SIZE",
    "NO_REPLACEMENT",
    "SIGNED",
    "Family",
    "Invariance",
    "MetricContext",
    "MetricEntry",
    "MetricKind",
    "MetricSpec",
    "Need",
    "RowMetric",
]

Array = npt.NDArray[np.float64]

Invariance = Literal["scale", "sign", "feature_permutation", "duplicate_column"]
Need = Literal[
    "unrelated_one",
    "unrelated_two",
    "r2",
    "model",
    "nearby drawn",
    "nearby real",
    "protected",
    "surrogate_answers",
    "rerun",
    "randomised",
    "shifted",
    "recoded",
    "other explainers",
    "truth",
    "correct_without",
]
Family = Literal[
    "sensitive feature",
    "fidelity",
    "faithfulness",
    "stability",
    "complexity",
    "agreement",
    "axioms",
    "ground truth",
    "sanity",
    "retraining",
    "other",
]
MetricKind = Literal["evidence", "quality", "cost", "behaviour", "gate", "summary"]

#: What leaves metrics alone that look at attributions with their signs, or at magnitudes only.
SIGNED: frozenset[Invariance] = frozenset({"scale", "feature_permutation"})
BY_SIZE: frozenset[Invariance] = SIGNED | {"sign"}
#: How :attr:`MetricEntry.instead` begins where it names no metric.
NO_REPLACEMENT = "no replacement known"
# attributions and the roles of features give these; all others are parts of the material
_NOT_MATERIAL: frozenset[Need] = frozenset({"unrelated_one", "unrelated_two", "r2"})


@dataclass(frozen=True)
class MetricContext:
    """What a metric must know beside the attributions.

    Attributes
    ----------
    sensitive : tuple of str
        The sensitive features, by their exact names.
    unrelated : tuple of str
        The features that the innocuous model uses, in their order.
    ties : {"fractional", "listed"}
        What features of equal magnitude get: the expected value under random tie-breaking, or, as
        the published count does it, the better place for the feature that is listed first.
    material : Material, optional
        The model, real rows and other explanations, for the metrics that need any of it.
    """

    sensitive: tuple[str, ...]
    unrelated: tuple[str, ...] = ()
    ties: Literal["fractional", "listed"] = "fractional"
    material: Material | None = None

    def __post_init__(self) -> None:
        if not self.sensitive:
            raise InvalidInputError("sensitive", "at least one feature's name", self.sensitive)
        if self.ties not in ("fractional", "listed"):
            raise InvalidInputError("ties", "'fractional' or 'listed'", self.ties)


RowMetric = Callable[[Attributions, MetricContext], Array]


@dataclass(frozen=True, kw_only=True)
class MetricEntry:
    """One line of the catalogue.

    Attributes
    ----------
    name : str
        The name in records, results and reports.
    kind : {"evidence", "quality", "cost", "behaviour", "gate", "summary"}
        Evidence says how much the explanation implicates the sensitive feature; quality says how
        good the explanation seems; cost is what it took; behaviour is what the model does on real
        rows, without any explainer; gate is how well an attack tells queries from real rows;
        summary is computed from other metrics.
    direction : {"higher", "lower", "none"}
        For evidence, behaviour and gates, the end that speaks against the model: it implicates
        the sensitive feature, shows harm, or shows a working attack. For quality and cost, the
        better end.
    range : tuple of (float or None)
        Lowest and highest possible value; None where unbounded.
    unit : str
        What a value counts.
    source : str
        Where the metric was defined.
    description : str
        What a value says.
    undefined : str
        When there is no value; empty where there always is one.
    family : str
        What kind of property it is about.
    manifold : {"", "off", "on"}
        Whether the model is asked about rows with replaced values, which need not be possible
        ("off"), or real rows stand for them ("on"); empty if neither.
    claims : str
        What a good value is claimed to show; of evidence, what one that clears the model is.
    instead : str
        What to use where the metric can be gamed: another metric's name, or that there is no
        replacement known, and why; empty for what judges no explanation.
    """

    name: str
    kind: MetricKind
    direction: Literal["higher", "lower", "none"]
    range: tuple[float | None, float | None]
    unit: str
    source: str
    description: str
    undefined: str = ""
    family: Family = "other"
    manifold: Literal["", "off", "on"] = ""
    claims: str = ""
    instead: str = ""

    @property
    def bounds(self) -> tuple[float, float]:
        """The range as floats, infinite where unbounded."""
        low, high = self.range
        return (-np.inf if low is None else low, np.inf if high is None else high)


@dataclass(frozen=True, kw_only=True)
class MetricSpec(MetricEntry):
    """A metric by row, and what is known about it.

    Attributes
    ----------
    function : callable
        ``(attributions, context) -> (n_rows,)``. NaN where undefined, and in every row that the
        explainer could not explain.
    invariances : frozenset of str
        What leaves the values alone: multiplying all attributions by a positive number, flipping
        their sign, reordering the features, or showing a feature that is neither sensitive nor
        unrelated twice. They hold for fractional ties.
    needs : tuple of str
        What must be there for the metric to be computed at all.
    """

    function: RowMetric
    invariances: frozenset[Invariance]
    needs: tuple[Need, ...] = ()

    @property
    def entry(self) -> MetricEntry:
        """What the catalogue shows of the metric: all but the function and what guards it."""
        return MetricEntry(**{f.name: getattr(self, f.name) for f in fields(MetricEntry)})

    @property
    def material_needs(self) -> frozenset[Need]:
        """What it needs of the material; empty if it is computed without any."""
        return frozenset(self.needs) - _NOT_MATERIAL

    def applies(self, attributions: Attributions, context: MetricContext) -> bool:
        """Whether what the metric needs is there."""
        there = set(context.material.there) if context.material is not None else set()
        there |= {"unrelated_one"} if len(context.unrelated) > 0 else set()
        there |= {"unrelated_two"} if len(context.unrelated) > 1 else set()
        there |= {"r2"} if "r2" in attributions.diagnostics else set()
        return there.issuperset(self.needs)
