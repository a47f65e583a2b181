"""Records put together: one pool for each model under one explainer setting, by replicate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from explaudit.cells import Cell, Record, content_id
from explaudit.errors import InvalidInputError
from explaudit.metrics import MetricEntry
from explaudit.resampling import Draws
from explaudit.results import Measurement
from explaudit.statistics import Interval

__all__ = ["Book", "Pool", "PoolKey", "Replicate", "number", "pool"]

Array = npt.NDArray[np.float64]


class PoolKey(NamedTuple):
    """What results call a pool."""

    dataset: str
    explainer_setting: str
    model: Literal["honest", "attacked", "innocent"]
    attack_setting: str


@dataclass(frozen=True, eq=False)
class Replicate:
    """What one cell measured.

    Attributes
    ----------
    row_ids : tuple of int
        Which rows of the data set.
    rows : dict of str to ndarray of shape (n_rows,)
        Values by row, NaN where undefined.
    scalars : dict of str to float
        Values of the cell as a whole, NaN where undefined.
    """

    row_ids: tuple[int, ...]
    rows: dict[str, Array]
    scalars: dict[str, float]

    def columns(self, names: Iterable[str]) -> Array:
        """Return values side by side, (n_rows, n_names); NaN for what was not measured."""
        nothing = np.full(len(self.row_ids), np.nan)
        columns = [self.rows.get(name, nothing) for name in names]
        return np.array(columns).reshape(len(columns), len(nothing)).T

    def at(self, row_ids: Sequence[int], names: Iterable[str]) -> Array:
        """Return values at some rows, (n_ids, n_names); NaN for rows that are not there."""
        values = self.columns(names)
        position = {row: i for i, row in enumerate(self.row_ids)}
        padded = np.vstack([values, np.full(values.shape[1], np.nan)])
        return np.asarray(padded[[position.get(row, -1) for row in row_ids]])


@dataclass(frozen=True, eq=False)
class Pool:
    """All replicates of one model under one explainer setting.

    Attributes
    ----------
    key : PoolKey
        Its names.
    cell : Cell
        One of its cells, for what they all share.
    replicates : dict of int to Replicate
        What was measured, in the order of the replicates.
    """

    key: PoolKey
    cell: Cell
    replicates: dict[int, Replicate] = field(default_factory=dict)

    @property
    def metrics(self) -> list[str]:
        """Names of what was measured by row, in any replicate."""
        return sorted({name for part in self.replicates.values() for name in part.rows})

    @property
    def attack(self) -> str:
        """Name of the attack; empty without one."""
        return self.cell.attack.name if self.cell.attack else ""

    @property
    def explainer(self) -> str:
        """Name of the explainer; empty without one."""
        return self.cell.explainer.name if self.cell.explainer else ""

    def measurement(self, entry: MetricEntry, found: Interval) -> Measurement:
        """Return the measurement of a metric in this pool."""
        undefined = np.isnan(found.value)
        return Measurement(
            dataset=self.key.dataset,
            model=self.key.model,
            attack=self.attack,
            attack_setting=self.key.attack_setting,
            explainer=self.explainer,
            explainer_setting=self.key.explainer_setting,
            metric=entry.name,
            value=number(found.value),
            low=number(found.low),
            high=number(found.high),
            n=found.n,
            n_replicates=found.n_clusters,
            reason=entry.undefined or found.reason if undefined else found.reason,
        )


@dataclass(frozen=True, eq=False)
class Book:
    """All pools, the catalogue by name, and draws for replicates of given sizes."""

    pools: dict[PoolKey, Pool]
    entries: dict[str, MetricEntry]
    draws: Callable[[tuple[int, ...]], Draws]


def number(value: float) -> float | None:
    """Return a number as results hold it: None where undefined."""
    return None if np.isnan(value) else float(value)


def pool(records: Iterable[Record]) -> dict[PoolKey, Pool]:
    """Pool the records that hold values, over replicates.

    Pools come sorted by data set, explainer setting, model and attack setting: the order of the
    records plays no part.

    Parameters
    ----------
    records : iterable of Record
        Failed ones are left out.

    Raises
    ------
    InvalidInputError
        If two different settings share their short names, a replicate is there twice, or a record
        does not hold one value for each of its rows.
    """
    pools: dict[PoolKey, Pool] = {}
    done = [record for record in records if record.status == "ok"]
    for record in sorted(done, key=lambda r: (_listing(_key(r.cell)), r.cell.replicate)):
        cell, key = record.cell, _key(record.cell)
        own = pools.setdefault(key, Pool(key, cell))
        if _shared(cell) != _shared(own.cell):
            raise InvalidInputError(
                "records",
                f"one setting of data set, models, attack and explainer under {tuple(key)}",
                "several",
                "Give different settings different short names.",
            )
        if cell.replicate in own.replicates:
            raise InvalidInputError(
                "records", f"one record for replicate {cell.replicate} of {tuple(key)}", "two"
            )
        own.replicates[cell.replicate] = _read(record)
    return pools


def _key(cell: Cell) -> PoolKey:
    return PoolKey(cell.dataset.name, cell.explainer_setting, cell.role, cell.attack_setting)


def _listing(key: PoolKey) -> tuple[str, str, int, str]:
    order = ("honest", "attacked", "innocent")
    return key.dataset, key.explainer_setting, order.index(key.model), key.attack_setting


def _shared(cell: Cell) -> str:
    """Return the identity of what the cells of a pool share; f knows no psi, nor psi f."""
    return content_id(
        [
            cell.kind,
            cell.dataset,
            None if cell.role == "innocent" else cell.model,
            None if cell.role == "honest" else cell.innocuous,
            cell.attack,
            cell.explainer,
        ]
    )


def _read(record: Record) -> Replicate:
    n_rows = len(record.row_ids)
    uneven = sorted(name for name, values in record.rows.items() if len(values) != n_rows)
    if uneven or len(set(record.row_ids)) != n_rows:
        raise InvalidInputError(
            f"record {record.cell_id}",
            "distinct row_ids, and one value for each",
            uneven or "the same row twice",
        )
    return Replicate(
        row_ids=tuple(record.row_ids),
        rows={name: _floats(values) for name, values in record.rows.items()},
        scalars=dict(zip(record.scalars, _floats(record.scalars.values()), strict=True)),
    )


def _floats(values: Iterable[float | None]) -> Array:
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
