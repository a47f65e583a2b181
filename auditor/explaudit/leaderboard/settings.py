"""What a user chooses of a leaderboard, and what its cells must know of it."""

from __future__ import annotations

from typing import Any

import msgspec

from explaudit.cells import Part
from explaudit.errors import InvalidInputError
from explaudit.study.roles import OWN

__all__ = ["PRESETS", "Judging", "LeaderboardSettings", "OwnTable"]

#: The setting of a cell's data set that says how explanations are judged there.
_JUDGING = "judging"


class OwnTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user's own table.

    Its path is in the environment variable :data:`explaudit.study.tables.OWN_FILE`, so that
    results do not depend on it.

    Attributes
    ----------
    sha256 : str
        Of the file, by which a run knows it.
    sensitive, target : str
        Columns.
    protected : str
        Who is protected: a level of the sensitive column or, if it is a number, "above" or "below"
        for those on that side of its mean.
    favourable : str
        The favourable outcome in the target column; empty for 1.
    """

    sha256: str
    sensitive: str
    protected: str
    target: str
    favourable: str = ""


class Judging(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the explanations of a cell are judged. It changes neither its models nor its table.

    Attributes
    ----------
    n_nearby : int
        Rows nearby, of either kind, that are explained for each row.
    n_real : int
        Most real rows that stand for the data's manifold.
    row_features : int
        Explained rows times features at the most: the cost of a row grows with the features, so
        wide tables explain fewer rows, though at least `least_rows`.
    least_rows : int
        Rows that are explained at least, if the cell asks for so many.
    metrics : list of str or None
        Names of the metrics by row; None for all that there are.
    """

    n_nearby: int = 5
    n_real: int = 1000
    row_features: int = 200
    least_rows: int = 4
    metrics: list[str] | None = None

    def within(self, dataset: Part) -> Part:
        """Return a data set that says so in a cell."""
        return Part(dataset.name, {**dataset.settings, _JUDGING: msgspec.to_builtins(self)})

    @classmethod
    def taken_from(cls, dataset: Part) -> tuple[Judging, Part]:
        """Return what a cell's data set says, and the data set as tables and models know it."""
        settings: dict[str, Any] = dict(dataset.settings)
        return msgspec.convert(settings.pop(_JUDGING), cls), Part(dataset.name, settings)

    def n_rows(self, wanted: int, n_features: int) -> int:
        """Return how many of the wanted rows are explained in a table of so many features."""
        return min(wanted, max(self.least_rows, self.row_features // n_features))


class LeaderboardSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a user chooses of a leaderboard of metrics.

    Attributes
    ----------
    preset : str
        The preset that the settings started from.
    datasets : tuple of str
        Names of the data sets; "file" for the user's own table.
    own : OwnTable or None
        That table.
    explainers, metrics, adversaries : tuple of str or None
        Names in :data:`explaudit.leaderboard.explainers.EXPLAINERS`, of metrics by row, and in
        :data:`explaudit.leaderboard.cast.ADVERSARIES`; None for all.
    replicates : int
        Repetitions with their own split, gate and background.
    curve_replicates : int
        In how many of them, at the most, gates that keep more or less are tried, too, and
        explainers with more or fewer samples and background rows; 0 for no curves.
    n_rows : int
        Held-out rows to explain in each cell.
    n_nearby, n_real, row_features
        See :class:`Judging`.
    max_rows : int
        Rows of a data set to use at the most.
    fidelity_floor : float
        Least agreement of e with f on held-out rows for an attack to count.
    harm_tolerance : float
        Most by which the true harm on held-out rows may differ between e and f for an attack to
        count.
    seed : int
        The base seed.
    """

    preset: str = "standard"
    datasets: tuple[str, ...] = ("compas", "german", "communities", "adult")
    own: OwnTable | None = None
    explainers: tuple[str, ...] | None = None
    metrics: tuple[str, ...] | None = None
    adversaries: tuple[str, ...] | None = None
    replicates: int = 5
    curve_replicates: int = 3
    n_rows: int = 12
    n_nearby: int = 5
    n_real: int = 1000
    row_features: int = 200
    max_rows: int = 4000
    fidelity_floor: float = 0.9
    harm_tolerance: float = 0.2
    seed: int = 0

    @property
    def judging(self) -> Judging:
        """What its cells must know."""
        return Judging(
            n_nearby=self.n_nearby,
            n_real=self.n_real,
            row_features=self.row_features,
            metrics=None if self.metrics is None else list(self.metrics),
        )

    def check(self) -> None:
        """Refuse what cannot be run.

        Raises
        ------
        InvalidInputError
            If a number is out of range, there is no data set, one is named twice, or the user's
            own table is named but not described, or the other way round.
        """
        for name in ("replicates", "n_rows", "n_nearby", "n_real", "row_features", "max_rows"):
            if getattr(self, name) < 1:
                raise InvalidInputError(name, "at least 1", getattr(self, name))
        if self.curve_replicates < 0:
            raise InvalidInputError("curve_replicates", "at least 0", self.curve_replicates)
        if not 0 <= self.harm_tolerance <= 1:
            raise InvalidInputError(
                "harm_tolerance", "a number between 0 and 1", self.harm_tolerance
            )
        if not 0 < self.fidelity_floor < 1:
            # gates are tuned to it, and none keeps every real row
            raise InvalidInputError(
                "fidelity_floor", "more than 0, less than 1", self.fidelity_floor
            )
        if not self.datasets or len(set(self.datasets)) < len(self.datasets):
            raise InvalidInputError("datasets", "at least one, each once", self.datasets)
        if (OWN in self.datasets) != (self.own is not None):
            raise InvalidInputError(
                "own", f"a description of the table just if {OWN!r} is a data set", self.own
            )


PRESETS: dict[str, LeaderboardSettings] = {
    "quick": LeaderboardSettings(
        preset="quick",
        datasets=("compas",),
        explainers=("lime", "kernel_shap_kmeans", "occlusion", "matched_pairs", "random"),
        replicates=2,
        curve_replicates=0,
        n_rows=6,
    ),
    "standard": LeaderboardSettings(),
}
