"""Communities and Crime: the packaged normalised rows, or a user's own unnormalised file."""

from __future__ import annotations

import pandas as pd

from explaudit_datasets.errors import DataError

__all__ = ["prepare", "published_from_file"]

_RATE = "ViolentCrimesPerPop"
_IDENTIFIERS = ["communityname", "state", "community", "county", "fold"]
_REMEDY = (
    "Give the unnormalised UCI table as CSV with a header, '?' for missing values and "
    "one row per community."
)


def prepare(raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series[int]]:
    """Return the features and the outcome (1 = violent crime at or below the median).

    Parameters
    ----------
    raw : DataFrame of shape (n_rows, n_columns)
        Numbers only, `ViolentCrimesPerPop` among them.

    Returns
    -------
    frame : DataFrame of shape (n_rows, n_columns - 1)
        Floats only.
    target : Series of shape (n_rows,)
    """
    rate = raw[_RATE].astype("float64")
    target = (rate <= rate.median()).astype("int64").rename("low_violent_crime")
    return raw.drop(columns=_RATE).astype("float64"), target


def published_from_file(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series[int]]:
    """Return the table of Slack et al. (2020) from the unnormalised UCI table.

    Rows without a known rate of violent crime go, then every column with a missing value, then
    the identifiers.

    Parameters
    ----------
    table : DataFrame of shape (2215, n_columns)
        The whole file, missing values as NaN. A column's name may carry its ARFF type, as in
        ``"population numeric"``.

    Returns
    -------
    frame : DataFrame of shape (1994, 100)
        Floats only.
    target : Series of shape (1994,)

    Raises
    ------
    DataError
        If a column that the study needs is not there or a column is not numeric.
    """
    named = table.rename(columns=lambda name: str(name).strip().split(" ")[0])
    missing = [name for name in (_RATE, "racePctWhite", *_IDENTIFIERS) if name not in named]
    if missing:
        raise DataError("path", f"the columns {', '.join(missing)}", list(named)[:6], _REMEDY)
    # a nameless first column is the row number that some copies carry
    rows = named.loc[:, ~named.columns.str.startswith("Unnamed")]
    rows = rows.drop(columns=_IDENTIFIERS).dropna(subset=_RATE).dropna(axis="columns")
    try:
        numbers = rows.astype("float64")
    except ValueError as error:
        raise DataError("path", "numeric columns", str(error), _REMEDY) from error
    return prepare(numbers)
