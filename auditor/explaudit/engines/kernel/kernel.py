"""The public entry of the KernelSHAP engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from explaudit.engines.kernel.batches import Query
from explaudit.engines.kernel.chunk import Game, Method
from explaudit.engines.kernel.coalitions import Coalitions
from explaudit.engines.kernel.run import KernelRun
from explaudit.engines.kernel.settings import (
    Groups,
    checked_matrix,
    column_groups,
    link_function,
    normalised_weights,
)
from explaudit.engines.kernel.sources import CoalitionSource, Mode
from explaudit.errors import InvalidInputError

__all__ = ["KernelResult", "kernel_shap"]

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class KernelResult:
    """What the engine computed.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_groups) or (n_rows, n_groups, n_outputs)
        The attributions; the shorter shape if the model returns one number for each row.
    base_values : ndarray of shape () or (n_outputs,)
        The mean answer over the background, in the scale of the link.
    rows_asked : int
        Rows that KernelSHAP asks for: the background, each explained row, and each coalition
        with every background row.
    rows_sent : int
        Rows that reached the model.
    n_coalitions : ndarray of shape (n_rows,)
        Coalitions that each explained row is asked for.
    methods : tuple of str
        How each row was explained: "unvarying" (no feature differs from the background, all
        attributions are 0), "single" (one does, and has it all), "exact" (Shapley values from a
        table of all answers), "enumerated" (all coalitions), "sampled" or "given".
    """

    values: Array
    base_values: Array
    rows_asked: int
    rows_sent: int
    n_coalitions: npt.NDArray[np.intp]
    methods: tuple[Method, ...]


def kernel_shap(
    query: Query,
    rows: npt.ArrayLike,
    background: npt.ArrayLike,
    weights: npt.ArrayLike | None = None,
    *,
    groups: Groups | None = None,
    nsamples: int | Literal["auto"] = "auto",
    l1_reg: bool | str | float = False,
    link: Literal["identity", "logit"] = "identity",
    mode: Mode = "library_law",
    coalitions: Coalitions | Sequence[Coalitions] | None = None,
    exact: Literal["auto", False] = "auto",
    deduplicate: bool | Literal["auto"] = "auto",
    max_bytes: int = 256 * 2**20,
    seeds: int | Sequence[int] = 0,
) -> KernelResult:
    """Explain rows by KernelSHAP.

    Parameters
    ----------
    query : callable
        The model: ``(matrix of shape (n, n_columns)) -> (n,) or (n, n_outputs)``.
    rows : array-like of shape (n_rows, n_columns)
        The rows to explain.
    background : array-like of shape (n_background, n_columns)
        Where absent features take their values from.
    weights : array-like of shape (n_background,), optional
        Of the background rows; equal ones by default.
    groups : sequence of sequences of int, optional
        Columns that are one feature together; each column on its own by default.
    nsamples : int or "auto"
        Coalitions for each row; "auto" is ``2 * n_varying_features + 2048``. All are enumerated
        if there are no more than that.
    l1_reg : False, str or float
        Selection of features before the regression: none, ``"num_features(k)"``, ``"aic"``,
        ``"bic"``, the penalty of a lasso, or ``"auto"``, which is "aic" where less than a fifth
        of all coalitions is asked and none elsewhere.
    link : {"identity", "logit"}
        Whether attributions add up to the answer or to its log-odds.
    mode : {"library_law", "shared", "given"}
        Where there are too many coalitions to enumerate: each row draws its own, all rows with
        as many varying features share one draw and its factorisation, or `coalitions` are given.
    coalitions : Coalitions or sequence of Coalitions, optional
        For mode "given": those of all rows, or of each; their features are those that vary.
    exact : "auto" or False
        "auto" asks a table of all answers where that takes no more rows than coalitions: in place
        of enumerated ones, and without selection of features and with the identity link also
        in place of sampled ones, which makes the result exact. False never does.
    deduplicate : bool or "auto"
        Whether the model is asked each distinct row of a batch once; "auto" tries it on the first
        batch and keeps it if at least a tenth of the rows were repeats. False also rules tables
        out: every row is then sent, in the order of shap and, as far as `max_bytes` allows, in
        its batches, which is what a stateful model or one that looks at the whole batch needs.
    max_bytes : int
        Most bytes of a batch; without repeats to look for, batches are rather kept in the cache.
    seeds : int or sequence of int
        One seed, from which each row gets its own by its content; or for "library_law" one for
        each row.

    Returns
    -------
    KernelResult

    Raises
    ------
    InvalidInputError
        If an argument is not as described.
    ContractError
        If the model returns another number of answers than rows.

    Notes
    -----
    Features whose background values all agree with the row's, up to a relative difference of
    1e-5, get 0; attributions below 1e-10 are set to 0. Both are shap's conventions.

    Source: Lundberg and Lee 2017, "A unified approach to interpreting model predictions"
    (NeurIPS), section 4.1.
    """
    reference = checked_matrix("background", background)
    explained = checked_matrix("rows", rows, reference.shape[1])
    _check_choices(exact, deduplicate, max_bytes)
    source = CoalitionSource(mode, nsamples, l1_reg, seeds, coalitions, len(explained))
    game = Game(
        reference,
        normalised_weights(weights, len(reference)),
        column_groups(groups, reference.shape[1]),
        link_function(link),
        link == "identity",
    )
    use_tables = exact is not False and deduplicate is not False
    run = KernelRun(
        query, game, source, use_tables=use_tables, deduplicate=deduplicate, max_bytes=max_bytes
    )
    values, n_coalitions, methods = run.explain(explained)
    base_values = game.link(run.base_value)
    asked = len(reference) + len(explained) + int(n_coalitions.sum()) * len(reference)
    return KernelResult(
        values[..., 0] if run.returns_vector else values,
        base_values.reshape(()) if run.returns_vector else base_values,
        asked,
        run.rows_sent,
        n_coalitions,
        methods,
    )


def _check_choices(exact: object, deduplicate: object, max_bytes: int) -> None:
    if exact not in (False, "auto"):
        raise InvalidInputError("exact", "'auto' or False", exact)
    if deduplicate not in (True, False, "auto"):
        raise InvalidInputError("deduplicate", "True, False or 'auto'", deduplicate)
    if max_bytes < 1:
        raise InvalidInputError("max_bytes", "at least 1", max_bytes)
