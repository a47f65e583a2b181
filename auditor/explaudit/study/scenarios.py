"""From a cell to the models that it looks at, with what is costly to fit kept per process."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from explaudit import registry
from explaudit.cells import Cell, Part, content_id
from explaudit.encoding import Encoder
from explaudit.scenario import Display, Scenario
from explaudit.seeds import derive_seed
from explaudit.study.tables import StudyTable, prepare

__all__ = ["Kept", "Prepared", "encoder_for", "prepared"]


@dataclass(frozen=True, eq=False)
class Prepared:
    """A table with the honest model f, the innocuous psi, and the model that the cell looks at."""

    table: StudyTable
    honest: Any
    innocent: Any
    looked_at: Any


class Kept:
    """The last few results of a function, by key: neighbouring cells share most of their work.

    Parameters
    ----------
    size : int
        How many.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._items: OrderedDict[str, Any] = OrderedDict()

    def get(self, key: str, make: Callable[[], Any]) -> Any:
        """Return what is kept under a key, made if it is not there."""
        if key not in self._items:
            self._items[key] = make()
        self._items.move_to_end(key)
        while len(self._items) > self._size:
            self._items.popitem(last=False)
        return self._items[key]


_tables = Kept(4)
_innocuous = Kept(4)
_scaffolds = Kept(2)


def prepared(cell: Cell) -> Prepared:
    """Return the table and the fitted models of a cell."""
    table = _table(cell)
    honest = _fitted(cell.model, table, table.train_target, cell)
    # to the decisions of f, since a psi that learns anything is to look like f where it may
    innocent = _innocuous.get(
        content_id([cell.dataset, cell.model, cell.innocuous, cell.replicate, cell.seed]),
        lambda: _fitted(cell.innocuous, table, honest.predict(table.train), cell),
    )
    looked_at = {"honest": honest, "innocent": innocent}.get(cell.role)
    if looked_at is None:
        looked_at = _attacked(cell, table, honest, innocent)
    return Prepared(table, honest, innocent, looked_at)


def encoder_for(table: StudyTable, plugin: Part) -> Encoder:
    """Return the encoder that a plug-in works with.

    In the published study LIME, and the gate trained against LIME, know which columns are
    categorical; everything else treats every column as a number.
    """
    name = plugin.settings.get("sampler", {}).get("name", plugin.name)
    is_lime = name.startswith(("lime", "gaussian_noise"))
    return table.encoder if is_lime else table.plain_encoder


def _table(cell: Cell) -> StudyTable:
    key = content_id([cell.dataset, cell.replicate, cell.seed])
    table = _tables.get(
        key, lambda: prepare(cell.dataset, replicate=cell.replicate, seed=cell.seed)
    )
    assert isinstance(table, StudyTable)
    return table


def _fitted(part: Part, table: StudyTable, labels: Any, cell: Cell) -> Any:
    model = registry.create("models", part.name, part.settings)
    if "random_state" in model.get_params():
        key = ("model", part.name, cell.dataset.name, cell.replicate)
        model.set_params(random_state=derive_seed(cell.seed, *key))
    return model.fit(table.train, labels)


def _attacked(cell: Cell, table: StudyTable, honest: Any, innocent: Any) -> Any:
    """Attack f. Models that differ in psi alone share the very same gate: it knows neither."""
    scaffold = _scaffolds.get(cell.group, lambda: _scaffold(cell, table, honest, innocent))
    return scaffold.with_innocuous(innocent)


def _scaffold(cell: Cell, table: StudyTable, honest: Any, innocent: Any) -> Any:
    if cell.attack is None:
        raise ValueError("an attacked cell names its attack")
    settings = {**cell.attack.settings, "innocuous": innocent}
    attack = registry.create("attacks", cell.attack.name, settings)
    encoder = encoder_for(table, cell.attack)
    scenario = Scenario(
        rows=table.train,
        model=honest,
        background=table.train,
        encoder=encoder,
        display=Display(encoder.names),
    )
    key = content_id([cell.dataset, cell.attack])
    return attack.apply(scenario, seed=derive_seed(cell.seed, "attack", key, cell.replicate)).model
