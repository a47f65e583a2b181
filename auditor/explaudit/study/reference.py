"""Reference figures: the authors' published code, re-run unchanged on current libraries.

They were measured with Python 3.11, numpy 2.4.6, scikit-learn 1.9.1, lime 0.2.0.1 and shap 0.51.0
over several seeds, each of which redraws the coins, the split, the gate and the explainer. They are
not the figures printed in the paper. The honest rows are a control that was added; the published
scripts have none. COMPAS: 5 seeds of 618 rows; Communities and Crime (the unnormalised file): 5
seeds of 200; German Credit: 10 seeds of 100.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from scipy import stats

from explaudit.results import Measurement, ReferenceRow

__all__ = ["ReferenceFigure", "compare", "reference_figures"]

#: Reference figures are printed in percent with one decimal, or as shares with three.
_ROUNDING = 0.0005

_SEEDS_AND_ROWS = {"compas": (5, 618), "communities": (5, 200), "german": (10, 100)}


@dataclass(frozen=True)
class ReferenceFigure:
    """One figure: mean and standard deviation between seeds, as shares."""

    dataset: str
    explainer_setting: str
    model: str
    attack_setting: str
    metric: str
    mean: float
    sd: float

    @property
    def n_seeds(self) -> int:
        """Over how many seeds the figure was measured."""
        return _SEEDS_AND_ROWS[self.dataset][0]

    @property
    def n_rows(self) -> int:
        """How many rows were explained in each seed."""
        return _SEEDS_AND_ROWS[self.dataset][1]


@cache
def reference_figures() -> tuple[ReferenceFigure, ...]:
    """Return all reference figures."""
    table = resources.files("explaudit.study").joinpath("reference.csv").read_text("utf-8")
    return tuple(
        ReferenceFigure(
            dataset=row["dataset"],
            explainer_setting=row["explainer_setting"],
            model="attacked" if row["attack_setting"] else "honest",
            attack_setting=row["attack_setting"],
            metric=row["metric"],
            mean=float(row["mean_percent"]) / 100,
            sd=float(row["sd_percent"]) / 100,
        )
        for row in csv.DictReader(table.splitlines())
    )


def compare(measurements: Sequence[Measurement], *, datasets: Sequence[str]) -> list[ReferenceRow]:
    """Set every reference figure of the given data sets beside ours.

    The difference is allowed to be as large as the 95 % interval of the difference between two
    means of seeds: Student's t times the standard deviation between seeds, for which the
    reference's own is taken, or the binomial one of its rows where that is larger, plus rounding.

    Parameters
    ----------
    measurements : sequence of Measurement
        Ours.
    datasets : sequence of str
        The data sets that ours ran on; every figure of theirs is shown, also where ours is missing.
    """
    ours: dict[tuple[str, ...], Measurement] = {
        (m.dataset, m.explainer_setting, m.model, m.attack_setting, m.metric): m
        for m in measurements
    }
    return [
        _row(figure, ours.get(_key(figure)))
        for figure in reference_figures()
        if figure.dataset in datasets
    ]


def _key(figure: ReferenceFigure) -> tuple[str, str, str, str, str]:
    return (
        figure.dataset,
        figure.explainer_setting,
        figure.model,
        figure.attack_setting,
        figure.metric,
    )


def _row(figure: ReferenceFigure, ours: Measurement | None) -> ReferenceRow:
    value = None if ours is None else ours.value
    difference = None if value is None else value - figure.mean
    allowed = _allowed(figure, ours)
    return ReferenceRow(
        dataset=figure.dataset,
        explainer=figure.explainer_setting,
        model=figure.model,
        attack_setting=figure.attack_setting,
        metric=figure.metric,
        ours=value,
        reference=figure.mean,
        reference_sd=figure.sd,
        reference_seeds=figure.n_seeds,
        difference=difference,
        allowed=allowed,
        agrees=None if difference is None else abs(difference) <= allowed,
    )


def _allowed(figure: ReferenceFigure, ours: Measurement | None) -> float:
    n_ours = ours.n_replicates if ours is not None and ours.n_replicates else 1
    # a share of exactly 0 or 1 has no binomial spread: take the value that its rows still allow
    share = min(
        max(figure.mean, 1 / (figure.n_seeds * figure.n_rows + 2)),
        1 - 1 / (figure.n_seeds * figure.n_rows + 2),
    )
    binomial = math.sqrt(share * (1 - share) / figure.n_rows)
    between_seeds = max(figure.sd, binomial)
    t = float(stats.t.ppf(0.975, figure.n_seeds - 1))
    return t * between_seeds * math.sqrt(1 / n_ours + 1 / figure.n_seeds) + _ROUNDING
