"""Two who share no row: an adversary with one half of a data set, an auditor with the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from explaudit.cells import Part
from explaudit.scenario import Display, Scenario
from explaudit.study.tables import StudyTable, prepare

__all__ = ["Halves", "halves_of", "split_halves"]


@dataclass(frozen=True, eq=False)
class Halves:
    """One replicate of a data set, shared out.

    Attributes
    ----------
    table : StudyTable
        The replicate.
    attacker : DataFrame
        Rows that models and attacks are made of.
    outcomes : Series
        Their true outcomes.
    auditor : DataFrame
        Rows that are explained and asked about; the attacker has none of them.
    """

    table: StudyTable
    attacker: pd.DataFrame
    outcomes: pd.Series
    auditor: pd.DataFrame

    def scenario(self, model: Any, rows: pd.DataFrame, background: pd.DataFrame) -> Scenario:
        """Return what an explainer of a model's decisions is handed."""
        encoder = self.table.encoder
        return Scenario(
            rows=rows,
            model=model,
            background=background,
            encoder=encoder,
            display=Display(encoder.names),
            output="label",
        )


def split_halves(dataset: Part, *, replicate: int, seed: int) -> Halves:
    """Share out one replicate of a data set.

    Parameters
    ----------
    dataset : Part
        As for :func:`~explaudit.study.tables.prepare`.
    replicate : int
        Which repetition.
    seed : int
        The base seed.

    Raises
    ------
    InvalidInputError
        If there is no such data set.
    """
    return halves_of(prepare(dataset, replicate=replicate, seed=seed))


def halves_of(table: StudyTable) -> Halves:
    """Share out a table that is there already."""
    half = (len(table.train) + len(table.test)) // 2
    auditor = pd.concat([table.train.iloc[half:], table.test])
    return Halves(table, table.train.iloc[:half], table.train_target.iloc[:half], auditor)
