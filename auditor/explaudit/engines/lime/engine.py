"""The public entry of the LIME engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from explaudit.engines.kernel.batches import Query
from explaudit.engines.kernel.settings import checked_matrix
from explaudit.engines.lime.result import LimeResult
from explaudit.engines.lime.run import LimeRun
from explaudit.engines.lime.settings import LimeSettings, Stream, covers
from explaudit.engines.lime.table import TrainingTable
from explaudit.errors import InvalidInputError
from explaudit.seeds import row_seed

__all__ = ["lime_tabular"]

Array = npt.NDArray[np.float64]


def lime_tabular(
    query: Query,
    rows: npt.ArrayLike,
    table: TrainingTable,
    settings: LimeSettings,
    *,
    stream: Stream = "library",
    seeds: int | Sequence[int] = 0,
    deduplicate: bool | Literal["auto"] = "auto",
    max_bytes: int = 256 * 2**20,
) -> LimeResult:
    """Explain rows by LIME.

    Parameters
    ----------
    query : callable
        The model: ``(matrix of shape (n, n_features)) -> (n,)`` or ``(n, 1)``.
    rows : array-like of shape (n_rows, n_features)
        The rows to explain, of finite numbers.
    table : TrainingTable
        Of :func:`prepare`, with the same settings of bins.
    settings : LimeSettings
    stream : {"library", "fast", "shared"}
        "library" draws from ``RandomState`` in lime's order: with equal seeds the results are
        lime's. "fast" draws by the same law from NumPy's current generator. "shared" does so once
        for all rows, and the model answers that one neighbourhood once: each row's result has the
        law of "fast", but their sampling errors are not independent of each other.
    seeds : int or sequence of int
        One seed, from which each row gets its own by its content; or, but for "shared", one for
        each row.
    deduplicate : bool or "auto"
        Whether the model is asked each distinct row of a batch once, which pays only where most
        columns are categorical. "auto" tries it on the first batch and keeps it if at least a
        tenth of the rows were repeats. False sends each row's neighbourhood as lime does, in one
        batch as far as `max_bytes` allows.
    max_bytes : int
        Most bytes of a batch.

    Returns
    -------
    LimeResult

    Raises
    ------
    InvalidInputError
        If an argument is not as described, or :func:`covers` has a reason against the settings.
    ContractError
        If the model returns another number of answers than rows.

    Notes
    -----
    With "library", rows whose selection of features or whose score rounding may decide are
    refitted by lime itself, on the same answers; `LimeResult.refitted` tells which.

    Source: Ribeiro, Singh and Guestrin 2016, "Why should I trust you?" (KDD), section 3.
    """
    explained = checked_matrix("rows", rows, table.n_features)
    _check(explained, table, settings, stream)
    _check_batches(deduplicate, max_bytes)
    own_seeds = _seeds(seeds, explained, stream)
    run = LimeRun(
        query, table, settings, stream=stream, deduplicate=deduplicate, max_bytes=max_bytes
    )
    return run.explain(explained, own_seeds)


def _check(rows: Array, table: TrainingTable, settings: LimeSettings, stream: Stream) -> None:
    reason = covers(settings, stream)
    if reason:
        raise InvalidInputError("settings", "settings that the engine covers", reason)
    wanted = settings.discretizer if settings.discretize_continuous else None
    prepared = table.discretizer if table.discretized else None
    if wanted != prepared:
        raise InvalidInputError("table", f"one prepared with bins by {wanted!r}", prepared)
    if not np.isfinite(rows).all():
        raise InvalidInputError("rows", "finite numbers", "NaN or infinity")


def _check_batches(deduplicate: object, max_bytes: int) -> None:
    if deduplicate not in (True, False, "auto"):
        raise InvalidInputError("deduplicate", "True, False or 'auto'", deduplicate)
    if max_bytes < 1:
        raise InvalidInputError("max_bytes", "at least 1", max_bytes)


def _seeds(seeds: int | Sequence[int], rows: Array, stream: Stream) -> list[int]:
    """Return the seed of each row; that of the whole call for a shared neighbourhood."""
    if isinstance(seeds, int):
        return [seeds] if stream == "shared" else [row_seed(seeds, row) for row in rows]
    if stream == "shared":
        raise InvalidInputError("seeds", "one seed for stream 'shared'", list(seeds))
    if len(seeds) != len(rows):
        raise InvalidInputError("seeds", f"one for each of {len(rows)} rows", len(seeds))
    return list(seeds)
