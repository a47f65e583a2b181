"""Adult: from the packaged rows to features."""

from __future__ import annotations

import pandas as pd

__all__ = ["prepare"]


def prepare(raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series[int]]:
    """Return the features and the outcome (1 = income above 50,000 dollars a year).

    A missing value, written ``?`` in the file, becomes the level "unknown": whether an answer is
    missing is related to the outcome, so the rows are kept.

    Parameters
    ----------
    raw : DataFrame of shape (48842, 14)
        The packaged table.

    Returns
    -------
    frame : DataFrame of shape (48842, 13)
    target : Series of shape (48842,)
    """
    features = raw.drop(columns="income")
    text = features.select_dtypes(exclude="number").columns
    frame = features.assign(
        **{column: features[column].replace("?", "unknown").astype("category") for column in text}
    )
    return frame, (raw["income"] == ">50K").astype("int64").rename("income_over_50k")
