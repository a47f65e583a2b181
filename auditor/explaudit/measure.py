"""From the records of cells to measurements and gameability, each with its interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from explaudit import behaviour
from explaudit.cells import Record
from explaudit.comparison import gameabilities, not_worse_measurements
from explaudit.errors import InvalidInputError
from explaudit.gameability import Constraint
from explaudit.metrics import catalogue
from explaudit.pooling import Book, Pool, Replicate, pool
from explaudit.resampling import Draws, Resamples, draw, resample
from explaudit.results import Gameability, Measurement
from explaudit.seeds import generator
from explaudit.statistics import Interval, interval, mean_interval, replicate_interval

__all__ = ["catalogue", "measure"]

Array = npt.NDArray[np.float64]

#: Measured by row on real rows: the metric's name, and the key of its values in the records.
_BY_ROW = {
    "fidelity": behaviour.AGREEMENT,
    "agreement_where_models_differ": behaviour.AGREEMENT_DIFFER,
    "real_recall": behaviour.JUDGED_REAL,
    "favourable_rate": behaviour.FAVOURABLE,
    "matched_pair_effect": behaviour.PAIR_EFFECT,
    "matched_pair_signed": behaviour.PAIR_SIGNED,
}


def measure(
    records: Sequence[Record],
    *,
    seed: int,
    fidelity_floor: float = Constraint.fidelity_floor,
    harm_tolerance: float = Constraint.harm_tolerance,
    n_resamples: int = 2000,
) -> tuple[list[Measurement], list[Gameability]]:
    """Pool records over rows and replicates.

    Parameters
    ----------
    records : sequence of Record
        Failed ones are left out. Their order plays no part.
    seed : int
        The base seed. All estimates that stand on replicates of the same sizes share their draws.
    fidelity_floor : float
        Least agreement of an attacked model with the honest one for the attack to count.
    harm_tolerance : float
        Most by which its harm on real rows may differ; see
        :class:`~explaudit.gameability.Constraint`.
    n_resamples : int
        How many resamples the intervals stand on.

    Returns
    -------
    measurements : list of Measurement
        Every metric in the records, with its 95 % interval. Entries of ``scalars`` that the
        catalogue does not have stay in the records.
    gameability : list of Gameability
        For each evidence with a direction: each attack setting, the mean and the worst.

    Raises
    ------
    InvalidInputError
        If records contradict each other, or hold a metric that the catalogue does not have.
    """

    # draws are large, and most pools have the same sizes as the one before
    @lru_cache(maxsize=2)
    def drawn(sizes: tuple[int, ...]) -> Draws:
        rng = generator(seed, "resamples", *sizes)
        return draw(sizes, n_resamples=n_resamples, rng=rng)

    book = Book(pool(records), {entry.name: entry for entry in catalogue()}, drawn)
    measurements: list[Measurement] = []
    for own in book.pools.values():
        by_row = _explanation if own.cell.kind == "explanation" else _behaviour
        measurements += by_row(own, book)
        measurements += _scalars(own, book)
        measurements += not_worse_measurements(own, book)
    constraint = Constraint(fidelity_floor, harm_tolerance)
    return measurements, gameabilities(book, measurements, constraint)


def _explanation(own: Pool, book: Book) -> Iterable[Measurement]:
    unknown = [name for name in own.metrics if name not in book.entries]
    if unknown:
        raise InvalidInputError(
            "records",
            "metrics of the catalogue",
            unknown,
            "Install the distribution that offers them.",
        )
    names = [name for name in book.entries if name in own.metrics]
    clusters = [part.columns(names) for part in own.replicates.values() if part.row_ids]
    if not clusters or not names:
        return
    resamples = resample(clusters, book.draws(tuple(map(len, clusters))))
    n_rows = sum(map(len, clusters))
    for column, name in enumerate(names):
        found = mean_interval(resamples, column, bounds=book.entries[name].bounds)
        if 0 < found.n < n_rows:
            gap = f"{n_rows - found.n} of {n_rows} rows have no value"
            found = replace(found, reason="; ".join(filter(None, [found.reason, gap])))
        yield own.measurement(book.entries[name], found)


def _behaviour(own: Pool, book: Book) -> Iterable[Measurement]:
    clusters = [_behaviour_columns(part) for part in own.replicates.values() if part.row_ids]
    if not clusters:
        return
    resamples = resample(clusters, book.draws(tuple(map(len, clusters))))
    names = [*_BY_ROW, "favourable_rate_protected", "favourable_rate_unprotected"]
    for column, (name, key) in enumerate(zip(names, [*_BY_ROW.values(), "", ""], strict=True)):
        if not key or key in own.metrics:
            bounds = book.entries[name].bounds
            yield own.measurement(
                book.entries[name], mean_interval(resamples, column, bounds=bounds)
            )
    yield own.measurement(book.entries["demographic_parity_gap"], _parity_gap(resamples))


def _behaviour_columns(part: Replicate) -> Array:
    """Return the metrics by row, and the decisions of each group with NaN for the other's rows."""
    favourable, protected = part.columns([behaviour.FAVOURABLE, behaviour.PROTECTED]).T
    of_group = np.where(protected == 1, favourable, np.nan)
    outside = np.where(protected == 0, favourable, np.nan)
    return np.column_stack([part.columns(_BY_ROW.values()), of_group, outside])


def _parity_gap(resamples: Resamples) -> Interval:
    of_group, outside = len(_BY_ROW), len(_BY_ROW) + 1
    found = interval(
        resamples,
        lambda means: np.asarray(means[..., outside] - means[..., of_group]),
        [of_group, outside],
        bounds=(-1.0, 1.0),
        column_bounds=(0.0, 1.0),
    )
    return replace(found, n=int(resamples.n[[of_group, outside]].sum()))


def _scalars(own: Pool, book: Book) -> Iterable[Measurement]:
    parts = own.replicates.values()
    for name, entry in book.entries.items():
        values = [part.scalars[name] for part in parts if name in part.scalars]
        if values:
            yield own.measurement(entry, replicate_interval(values, bounds=entry.bounds))
