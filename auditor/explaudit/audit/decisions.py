"""A log of decisions: rows that a model judged in earnest, in terms of what it answers today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.audit.evidence import Evidence
from explaudit.errors import InvalidInputError

__all__ = ["DecisionLog", "Scale"]

Array = npt.NDArray[np.float64]
Logged = npt.NDArray[Any]

#: Decimals beyond which a logged number is not taken for rounded.
_MOST_DECIMALS = 9


@dataclass(frozen=True, eq=False)
class DecisionLog:
    """Logged rows and the decisions about them.

    Attributes
    ----------
    rows : ndarray of shape (n_rows, n_features)
        Encoded rows.
    decisions : ndarray of shape (n_rows,)
        Labels or numbers, as they stand in the log.
    """

    rows: Array
    decisions: Logged

    def __len__(self) -> int:
        return len(self.rows)

    @classmethod
    def of(cls, evidence: Evidence) -> Self:
        """Read the log of the evidence; columns that the model does not know are left aside.

        Raises
        ------
        InvalidInputError
            If the log has no rows, lacks a column of the model or the one of the decisions, holds
            a level that was never seen, lacks a decision, holds one decision only, or a label that
            the model never answered with.
        """
        table, column = evidence.decisions, evidence.decision_column
        if table is None or table.empty:
            raise InvalidInputError("decisions", "a table with rows", "none", "Log some decisions.")
        _check_columns(table, column, evidence.encoder.columns)
        decisions = table[column].to_numpy()
        if pd.isna(decisions).any():
            raise InvalidInputError(
                f"column {column!r}",
                "a decision in every row",
                f"{int(pd.isna(decisions).sum())} missing",
                "Leave out the rows without a decision.",
            )
        values = pd.unique(decisions)
        if len(values) == 1:
            raise InvalidInputError(
                f"column {column!r}", "decisions that differ", values[0], "Log both kinds."
            )
        _check_labels(values, column, evidence.target.classes)
        return cls(evidence.encoder.encode(table), decisions)


@dataclass(frozen=True, eq=False)
class Scale:
    """The one scale on which logged decisions and today's answers are compared.

    Attributes
    ----------
    labels : tuple
        What stands for the columns of the scale: labels, or the upper one of two decisions;
        empty where numbers are compared.
    cut : float or None
        Where numbers are answered and two decisions logged: the upper decision is made above.
    decimals : int or None
        To how many decimals the log shows numbers.
    """

    labels: tuple[Any, ...] = ()
    cut: float | None = None
    decimals: int | None = None

    @classmethod
    def of(cls, log: DecisionLog, classes: tuple[Any, ...], answers: Array, asked: Logged) -> Self:
        """Find the scale.

        Where the model answers with one number and the log holds two decisions, the cut between
        them is learnt, in the model's favour: it is the one that explains most of the log.

        Parameters
        ----------
        log : DecisionLog
        classes : tuple
            The labels that the model answers with; empty if it answers with numbers.
        answers : ndarray of shape (n_asked, n_outputs)
            Today's answers to some logged rows.
        asked : ndarray of int of shape (n_asked,)
            Which rows of the log these are.

        Raises
        ------
        InvalidInputError
            If decisions and answers cannot be compared.
        """
        if classes:
            return cls(labels=classes[1:] if len(classes) == 2 else classes)
        if answers.shape[1] != 1:
            raise InvalidInputError(
                "decisions",
                f"what compares with {answers.shape[1]} numbers for each row",
                "one decision for each row",
                "Audit the labels of the model, with `answers='labels'`.",
            )
        values = pd.unique(log.decisions)
        if len(values) == 2:
            return cls._with_cut(values, answers[:, 0], log.decisions[asked])
        numbers = _numbers(log.decisions)
        shown = (d for d in range(_MOST_DECIMALS) if (numbers == numbers.round(d)).all())
        return cls(decimals=next(shown, None))

    @classmethod
    def _with_cut(cls, values: Logged, answers: Array, decisions: Logged) -> Self:
        found = []
        for upper in values:
            cut, n_wrong = _best_cut(answers, decisions == upper)
            found.append((n_wrong, cut, upper))
        _, cut, upper = min(found, key=lambda entry: entry[0])
        return cls(labels=(upper,), cut=cut)

    def of_log(self, decisions: Logged) -> Array:
        """Place logged decisions on the scale, shape (n_rows, n_columns)."""
        if not self.labels:
            return _numbers(decisions)[:, None]
        return np.stack([decisions == label for label in self.labels], axis=1).astype(np.float64)

    def of_answers(self, answers: Array) -> Array:
        """Place the model's answers on the scale, shape (n_rows, n_columns)."""
        return answers if self.cut is None else (answers > self.cut).astype(np.float64)

    def tolerance(self, relative: Array) -> Array:
        """Return the tolerance of each column: at least half of the log's last decimal."""
        if self.decimals is None:
            return relative
        # a little more, since half of a decimal is no binary number
        return np.maximum(relative, 0.5 * 10.0**-self.decimals + 1e-12)


def _check_columns(table: pd.DataFrame, column: str, known: tuple[str, ...]) -> None:
    missing = [name for name in known if name not in table.columns]
    if missing:
        raise InvalidInputError(
            "decisions",
            f"the model's columns {list(known)}",
            f"no {missing}",
            "Log the rows as the model was fed them.",
        )
    if column not in table.columns or column in known:
        raise InvalidInputError(
            "decision_column",
            f"a column of the log that is none of the model's {list(known)}",
            column,
            f"The log has {[name for name in table.columns if name not in known]} besides.",
        )


def _check_labels(values: Logged, column: str, classes: tuple[Any, ...]) -> None:
    unseen = [value for value in values.tolist() if value not in classes]
    if classes and unseen:
        raise InvalidInputError(
            f"column {column!r}",
            f"labels that the model answers with, {list(classes)}",
            unseen[:8],
            "Write decisions as the model does (1 and '1' are two labels), and leave out rows "
            "with others.",
        )


def _numbers(decisions: Logged) -> Array:
    try:
        return np.asarray(decisions, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            "decisions",
            "numbers, as the model answers, or two labels",
            str(error),
            "Audit the labels of the model, with `answers='labels'`.",
        ) from error


def _best_cut(answers: Array, upper: npt.NDArray[np.bool_]) -> tuple[float, int]:
    """Return the cut that sets `upper` above it best, and how many rows it sets wrong."""
    levels, place = np.unique(answers, return_inverse=True)
    ups = np.bincount(place, weights=upper, minlength=len(levels))
    downs = np.bincount(place, weights=~upper, minlength=len(levels))
    # wrong with the cut below level i: ups under it, downs from it on
    wrong = np.concatenate([[0.0], ups.cumsum()]) + np.concatenate(
        [downs[::-1].cumsum()[::-1], [0.0]]
    )
    best = int(wrong.argmin())
    bounds = np.concatenate([[-np.inf], (levels[1:] + levels[:-1]) / 2, [np.inf]])
    return float(bounds[best]), int(wrong[best])
