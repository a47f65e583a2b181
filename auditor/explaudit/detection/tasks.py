"""What a benchmark's models are asked for: two classes, several, or a number; and of whom.

The packaged tables have outcomes of two classes. For other tasks one of a table's numeric columns
becomes the outcome and leaves the features.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.cells import Part
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit.study.tables import StudyTable, prepare

__all__ = [
    "OUTCOMES",
    "SECOND",
    "Task",
    "TaskName",
    "prepare_task",
    "sensitive_of",
    "table_part",
    "task_name",
    "task_of",
    "thirds",
]

#: One of two classes, one of three, or a number.
Task = Literal["binary", "classes", "values"]
#: The same, and audits that name two sensitive features of models of two classes.
TaskName = Literal["binary", "classes", "values", "two features"]

#: The numeric column of each table that becomes the outcome, in standard deviations of its training
#: rows.
OUTCOMES = {
    "compas": "priors_count",
    "german": "credit_amount",
    "communities": "medIncome",
    "adult": "hours_per_week",
}

#: A second sensitive feature of each table, and who is protected by it as in
#: :class:`~explaudit.study.roles.Roles`.
SECOND = {
    "compas": ("sex", "Male"),
    "german": ("age", "below"),
    "adult": ("race", "Black"),
}

_TASK, _SENSITIVE = "task", "sensitive"


def task_of(dataset: Part) -> Task:
    """Return what the models on a cell's data set are asked for.

    Raises
    ------
    InvalidInputError
        If the setting ``task`` is none.
    """
    task: Task = dataset.settings.get(_TASK, "binary")
    if task not in get_args(Task):
        raise InvalidInputError(_TASK, f"one of {', '.join(get_args(Task))}", task)
    return task


def task_name(dataset: Part) -> TaskName:
    """Return what sets the audits on a cell's data set apart from the usual ones, "binary"."""
    return "two features" if _SENSITIVE in dataset.settings else task_of(dataset)


def sensitive_of(dataset: Part, table: StudyTable) -> tuple[str, ...]:
    """Return the features that an audit on a cell's data set names as sensitive.

    Those of its setting ``sensitive``; without one, the feature of the table's roles.
    """
    return tuple(dataset.settings.get(_SENSITIVE, (table.roles.sensitive,)))


def table_part(
    name: str, max_rows: int, *, task: Task = "binary", sensitive: tuple[str, ...] = ()
) -> Part:
    """Return a data set as it stands in a cell of such a task.

    Parameters
    ----------
    name : str
        Of the data set.
    max_rows : int
        Rows to use at the most.
    task : {"binary", "classes", "values"}
    sensitive : tuple of str
        What an audit names as sensitive; without any, the feature of the table's roles.
    """
    settings: dict[str, Any] = {"protocol": "sound", "max_rows": max_rows}
    if task != "binary":
        settings[_TASK] = task
    if sensitive:
        settings[_SENSITIVE] = list(sensitive)
    return Part(name, settings)


def prepare_task(dataset: Part, *, replicate: int, seed: int) -> StudyTable:
    """Make the table of one replicate, with the outcome of its task.

    The split, the coins and all other columns are those of the table of two classes.

    Parameters
    ----------
    dataset : Part
        Name of the data set; its settings may be those of a whole cell.
    replicate, seed : int
        As in :func:`~explaudit.study.tables.prepare`.

    Returns
    -------
    StudyTable
        Its targets are 1 and 0 as ever, the column's own values, or 0, 1 and 2 for the thirds of
        the training rows.

    Raises
    ------
    InvalidInputError
        If there is no such task, or the data set has no column for it.
    """
    task = task_of(dataset)
    # the audit's own settings are none of the table's
    settings = {key: dataset.settings[key] for key in ("protocol", "max_rows")}
    table = prepare(Part(dataset.name, settings), replicate=replicate, seed=seed)
    if task == "binary":
        return table
    if dataset.name not in OUTCOMES:
        raise InvalidInputError("dataset", f"one of {', '.join(OUTCOMES)}", dataset.name)
    column = OUTCOMES[dataset.name]
    outcomes = table.train[column], table.test[column]
    if task == "classes":
        cuts = thirds(outcomes[0].to_numpy())
        outcomes = _classes(outcomes[0], cuts), _classes(outcomes[1], cuts)
    train, test = table.train.drop(columns=column), table.test.drop(columns=column)
    encoder = _without(table.encoder, column, pd.concat([train, test]))
    return replace(
        table,
        train=train,
        test=test,
        train_target=outcomes[0],
        test_target=outcomes[1],
        encoder=encoder,
        plain_encoder=encoder,
    )


def thirds(values: npt.NDArray[np.float64]) -> tuple[float, float]:
    """Return the two values up to which the lower two of three classes go.

    They are the values whose shares of values up to them come nearest to one and two thirds. Where
    one value alone is more than a third, as forty hours a week are, it becomes a class of its own.

    Parameters
    ----------
    values : ndarray of shape (n_rows,)

    Raises
    ------
    InvalidInputError
        If there are fewer than three different values.
    """
    distinct, counts = np.unique(values, return_counts=True)
    if len(distinct) < 3:
        raise InvalidInputError("values", "at least three different ones", distinct.tolist())
    shares = np.cumsum(counts) / len(values)
    # a value is left for each class above
    low = int(np.abs(shares[:-2] - 1 / 3).argmin())
    high = low + 1 + int(np.abs(shares[low + 1 : -1] - 2 / 3).argmin())
    return float(distinct[low]), float(distinct[high])


def _classes(values: pd.Series, cuts: tuple[float, float]) -> pd.Series:
    return pd.Series(np.searchsorted(cuts, values), index=values.index, name=values.name)


def _without(encoder: Encoder, column: str, frame: pd.DataFrame) -> Encoder:
    """Return the encoder of a table that has lost a numeric column, which was no group's."""
    told = [encoder.names[j] for j in encoder.categorical if encoder.names[j] != column]
    return Encoder.from_frame(frame, categorical=told)
