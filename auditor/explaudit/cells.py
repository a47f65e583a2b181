"""Cells and records: what is planned, and what came of it."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Literal

import msgspec

from explaudit.errors import InvalidInputError

__all__ = ["SCHEMA_VERSION", "Cell", "Part", "Record", "canonical_json", "content_id"]

SCHEMA_VERSION = 1


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A plug-in by name, with its settings (JSON values).

    Raises
    ------
    InvalidInputError
        If a setting is no JSON value; NaN and infinities are none, and would all look like null.
    """

    name: str
    settings: dict[str, Any] = {}

    def __post_init__(self) -> None:
        try:
            json.dumps(self.settings, allow_nan=False)
        except (TypeError, ValueError) as error:
            raise InvalidInputError(
                f"settings of {self.name!r}", "JSON values", self.settings, str(error)
            ) from error


class Cell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One independent unit of work.

    Attributes
    ----------
    kind : {"explanation", "behaviour", "detection"}
        Explain rows and measure the explanations, measure what the model does on real rows, or
        audit the model.
    dataset : Part
        The data set; its settings hold the protocol by which the table is prepared.
    model : Part
        The honest but biased model f.
    innocuous : Part
        The innocuous model psi.
    role : {"honest", "attacked", "innocent"}
        Which model is looked at: f, the attacked version e, or psi.
    attack : Part or None
        The attack that makes e of f and psi; None unless `role` is "attacked".
    attack_setting : str
        Short name of the attack's setting; empty without an attack.
    explainer : Part or None
        The explainer that is asked; None for a behaviour cell.
    explainer_setting : str
        Short name of the explainer's setting; empty for a behaviour cell.
    n_rows : int or None
        How many held-out rows are explained; None for all.
    replicate : int
        Which repetition; each has its own split, columns, gate and background.
    seed : int
        The base seed.
    """

    kind: Literal["explanation", "behaviour", "detection"]
    dataset: Part
    model: Part
    innocuous: Part
    role: Literal["honest", "attacked", "innocent"]
    attack: Part | None
    attack_setting: str
    explainer: Part | None
    explainer_setting: str
    n_rows: int | None
    replicate: int
    seed: int

    @property
    def id(self) -> str:
        """The cell's identity: a hash of its canonical JSON, 32 hexadecimal digits."""
        return content_id(self)

    @property
    def group(self) -> str:
        """Identity of what is costly to fit; cells that share it share the attack's fitted gate."""
        return content_id([self.dataset, self.model, self.attack, self.replicate, self.seed])


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one cell; the ledger holds one per cell.

    Attributes
    ----------
    status : {"ok", "failed"}
        A failed cell has a `reason` and no values.
    rows : dict of str to list of float or None
        Metric values by row, all lists equally long; None where undefined.
    scalars : dict of str to float or None
        Metric values of the cell as a whole.
    reasons : dict of str to int
        Why values are undefined, and for how many rows.
    row_ids : list of int
        Which rows of the data set they are, so that cells can be paired by row.
    n_queries : int
        Rows that the model was asked to score.
    seconds : float
        Wall time; the one entry that differs between two equal runs.
    """

    schema_version: int = SCHEMA_VERSION
    cell_id: str
    cell: Cell
    status: Literal["ok", "failed"]
    reason: str = ""
    rows: dict[str, list[float | None]] = {}
    scalars: dict[str, float | None] = {}
    reasons: dict[str, int] = {}
    row_ids: list[int] = []
    n_queries: int = 0
    seconds: float = 0.0
    versions: dict[str, str] = {}
    data_sha256: str = ""


def canonical_json(value: Any) -> bytes:
    """Return JSON with sorted keys and no spaces: equal values give equal bytes."""
    return msgspec.json.encode(value, order="sorted")


def content_id(value: Any) -> str:
    """Return the first 32 hexadecimal digits of the SHA-256 of the canonical JSON."""
    return hashlib.sha256(canonical_json(value)).hexdigest()[:32]
