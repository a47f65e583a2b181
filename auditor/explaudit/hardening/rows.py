"""One row for each cell of a benchmark: of what it was, and what its explanations show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from explaudit.cells import Cell, Record
from explaudit.hardening.execute import CPU, FIRST, SHARE

__all__ = ["ATTACKERS", "CellRow", "Model", "cell_row"]

#: What is explained: the biased model without an attack, under an attacker who expects another
#: explainer, under one who expects this one, and a model that has no bias of its own.
Model = Literal["honest", "unmatched", "matched", "fair"]

ATTACKERS: tuple[Model, ...] = ("unmatched", "matched")


class CellRow(msgspec.Struct, frozen=True, kw_only=True):
    """One planned cell.

    Attributes
    ----------
    cell_id : str
        The cell's identity, as in the records.
    dataset : str
        Name of the data set.
    replicate : int
        Which repetition.
    explainer : str
        Its name.
    models : tuple of str
        What it counts as; one attacker may be the unmatched and the matched one.
    bias : str
        Of the biased model, as in :data:`~explaudit.hardening.plan.BIASES`; empty for a fair one.
    innocuous : str
        What an attacker shows instead, "coin" or "mimic"; empty without an attack.
    sampler : str
        The law that the attacker's gate was trained on; empty without an attack.
    status : {"ok", "failed", "planned"}
        Whether there is a result; a failed cell has a `reason`.
    row_ids : tuple of int
        The explained rows.
    first : tuple of float
        For each, whether the sensitive feature stands first, with the chance of it where features
        tie; 0 where the row could not be explained.
    unexplained : int
        How many could not.
    share : float or None
        The sensitive feature's mean share of the attributions; None where there are none.
    fidelity : float or None
        Share of the auditor's rows that the attacked model decides as the biased one.
    gate_auroc : float or None
        How well the gate tells queries from real rows, both of which it did not learn from.
    queries_per_row, cpu_seconds_per_row : float or None
        Cost of an explained row.
    """

    cell_id: str
    dataset: str
    replicate: int
    explainer: str
    models: tuple[Model, ...]
    bias: str
    innocuous: str = ""
    sampler: str = ""
    status: Literal["ok", "failed", "planned"] = "planned"
    reason: str = ""
    row_ids: tuple[int, ...] = ()
    first: tuple[float, ...] = ()
    unexplained: int = 0
    share: float | None = None
    fidelity: float | None = None
    gate_auroc: float | None = None
    queries_per_row: float | None = None
    cpu_seconds_per_row: float | None = None

    @property
    def rate(self) -> float | None:
        """Share of rows with the sensitive feature first; None without a result."""
        return sum(self.first) / len(self.first) if self.first else None


def cell_row(cell: Cell, record: Record | None) -> CellRow:
    """Return what is known of one planned cell.

    Parameters
    ----------
    cell : Cell
        What was planned.
    record : Record or None
        What came of it; None if it was not run yet.
    """
    row = _planned(cell)
    if record is None:
        return row
    if record.status == "failed":
        return msgspec.structs.replace(row, status="failed", reason=record.reason)
    first, n_rows = record.rows[FIRST], max(len(record.row_ids), 1)
    return msgspec.structs.replace(
        row,
        status="ok",
        row_ids=tuple(record.row_ids),
        first=tuple(value or 0.0 for value in first),
        unexplained=sum(value is None for value in first),
        share=_mean(record.rows[SHARE]),
        fidelity=record.scalars.get("fidelity"),
        gate_auroc=record.scalars.get("gate_auroc"),
        queries_per_row=record.n_queries / n_rows,
        cpu_seconds_per_row=_mean(record.rows.get(CPU, [])),
    )


def _planned(cell: Cell) -> CellRow:
    attacker, bias, innocuous = "", "", ""
    models: tuple[Model, ...] = ("fair",)
    if cell.attack is not None:
        attacker, bias, innocuous = cell.attack_setting.split("/")
        models = tuple(one for one in ATTACKERS if attacker in (one, "both"))
    elif cell.role == "honest":
        models, bias = ("honest",), str(cell.model.settings.get("strength", "rule"))
    return CellRow(
        cell_id=cell.id,
        dataset=cell.dataset.name,
        replicate=cell.replicate,
        explainer=cell.explainer_setting,
        models=models,
        bias=bias,
        innocuous=innocuous,
        sampler="" if cell.attack is None else str(cell.attack.settings["sampler"]["name"]),
    )


def _mean(values: Sequence[float | None]) -> float | None:
    there = [value for value in values if value is not None]
    return sum(there) / len(there) if there else None
