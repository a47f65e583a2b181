"""Ask a model about rows of which subsets of features are replaced, in batches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import numpy.typing as npt

from explaudit.blocks._checks import MAX_BYTES, as_masks, as_matrix
from explaudit.engines.kernel.batches import BatchedQuery, Query
from explaudit.errors import ContractError, InvalidInputError

__all__ = ["answers_of", "answers_replaced"]

Array = npt.NDArray[np.float64]
Masks = npt.NDArray[np.bool_]
Deduplicate = bool | Literal["auto"]

# beside a batch there are the rows and the references that it is written from
_COPIES = 3


def answers_replaced(
    query: Query,
    rows: Array,
    masks: Masks,
    reference: Array,
    *,
    average: bool = True,
    deduplicate: Deduplicate = "auto",
    max_bytes: int = MAX_BYTES,
) -> Array:
    """Ask for rows with subsets of their features replaced.

    Parameters
    ----------
    query : callable
        ``(matrix of shape (n, n_features)) -> (n,)``: asks the model.
    rows : ndarray of shape (n_rows, n_features)
    masks : ndarray of bool, shape (n_rows, n_subsets, n_features) or (n_subsets, n_features)
        True where a feature is replaced; without the first axis, all rows share the subsets.
    reference : ndarray
        What replaces them. Shape (n_features,): one value for each feature. Shape (n_reference,
        n_features): each of these rows in turn. Shape (n_rows, n_reference, n_features): the same
        with reference rows of each row's own, such as rows nearby.
    average : bool
        Whether the answers of the reference rows are averaged.
    deduplicate : bool or "auto"
        Whether the model is asked the distinct rows of a batch only; "auto" where that pays.
    max_bytes : int
        Most bytes for a batch and what it is written from. What the model itself takes comes on
        top, and so does the result.

    Returns
    -------
    ndarray of shape (n_rows, n_subsets), or (n_rows, n_subsets, n_reference) if not averaged
        For a model that answers each row by itself, neither the ceiling nor the other rows change
        any of it.

    Raises
    ------
    InvalidInputError
        If the shapes do not fit together, masks are not boolean, or there is no reference row.
    ContractError
        If the model does not return one answer for each row.
    """
    rows = as_matrix("rows", rows)
    n_rows, n_features = rows.shape
    masks = as_masks(masks, n_rows, n_features)
    reference = _as_reference(reference, n_rows, n_features)
    n_reference, n_subsets = reference.shape[-2], masks.shape[-2]
    asked = BatchedQuery(query, deduplicate, max_bytes // _COPIES)
    most = asked.most_rows(n_features)
    # a line for each row and subset, in reading order
    answers = np.empty((n_rows * n_subsets, 1 if average else n_reference))
    step = max(1, most // n_reference)
    for start in range(0, len(answers), step):
        own = np.arange(start, min(start + step, len(answers)))
        row, subset = np.divmod(own, n_subsets)
        chosen = masks[row, subset] if masks.ndim == 3 else masks[subset]
        others = reference[row] if reference.ndim == 3 else reference
        each = _ask(asked, _written(rows[row], chosen, others, most)).reshape(-1, n_reference)
        answers[own] = each.mean(axis=1, keepdims=True) if average else each
    shape = (n_rows, n_subsets) if average else (n_rows, n_subsets, n_reference)
    return answers.reshape(shape)


def answers_of(
    query: Query,
    matrices: Array,
    *,
    deduplicate: Deduplicate = "auto",
    max_bytes: int = MAX_BYTES,
) -> Array:
    """Ask for several rows of each row, such as all that are nearby.

    Parameters
    ----------
    query : callable
        ``(matrix of shape (n, n_features)) -> (n,)``: asks the model.
    matrices : ndarray of shape (n_rows, n_each, n_features)
    deduplicate, max_bytes
        See :func:`answers_replaced`.

    Returns
    -------
    ndarray of shape (n_rows, n_each)

    Raises
    ------
    InvalidInputError
        If `matrices` has another number of axes.
    ContractError
        If the model does not return one answer for each row.
    """
    matrices = np.ascontiguousarray(matrices, dtype=np.float64)
    if matrices.ndim != 3:
        raise InvalidInputError("matrices", "shape (n_rows, n_each, n_features)", matrices.shape)
    *shape, n_features = matrices.shape
    flat = matrices.reshape(-1, n_features)
    asked = BatchedQuery(query, deduplicate, max_bytes // _COPIES)
    most = asked.most_rows(n_features)
    batches = (flat[start : start + most] for start in range(0, len(flat), most))
    return _ask(asked, batches).reshape(shape)


def _as_reference(given: Array, n_rows: int, n_features: int) -> Array:
    reference = np.atleast_2d(np.asarray(given, dtype=np.float64))
    leading = (n_rows,) if reference.ndim == 3 else ()
    n_reference = reference.shape[-2]
    if reference.shape != (*leading, n_reference, n_features) or n_reference == 0:
        raise InvalidInputError(
            "reference",
            f"shape ({n_features},), (n_reference, {n_features}) or "
            f"({n_rows}, n_reference, {n_features}), with at least one row",
            reference.shape,
        )
    return reference


def _written(rows: Array, masks: Masks, reference: Array, most: int) -> Iterator[Array]:
    """Write the rows of all pairs of a row and a reference; in parts if a row alone has too many.

    Parameters
    ----------
    rows, masks : ndarray of shape (n, n_features)
    reference : ndarray of shape (n_reference, n_features) or (n, n_reference, n_features)
    most : int
        Most rows of a batch.
    """
    n, n_features = rows.shape
    for start in range(0, reference.shape[-2], most):
        others = reference[..., start : start + most, :]
        written = np.empty((n, others.shape[-2], n_features))
        written[...] = others
        np.copyto(written, rows[:, None], where=~masks[:, None])
        yield written.reshape(-1, n_features)


def _ask(asked: BatchedQuery, batches: Iterator[Array]) -> Array:
    answers = asked.ask(batches)
    if answers.shape[1] != 1:
        raise ContractError(
            f"query: one answer for each row is needed; it returned {answers.shape[1]}."
        )
    return answers[:, 0]
