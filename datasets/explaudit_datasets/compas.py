"""COMPAS: from the packaged rows to features, and to the table of the published study."""

from __future__ import annotations

import pandas as pd

__all__ = ["prepare", "published"]

_CHARGES = {"F": "felony", "M": "misdemeanor"}
_FEATURES = [
    "age",
    "sex",
    "race",
    "juv_fel_count",
    "juv_misd_count",
    "juv_other_count",
    "priors_count",
    "c_charge_degree",
    "length_of_stay",
    "two_year_recid",
]


def _analysed(raw: pd.DataFrame) -> pd.DataFrame:
    """Keep the rows that ProPublica analysed.

    The COMPAS score must belong to the arrest (within 30 days of it), the outcome must be known,
    the charge must be punishable by jail, and there must be a score.

    Source: Larson, Mattu, Kirchner and Angwin (2016), How We Analyzed the COMPAS Recidivism
    Algorithm.
    """
    screened = raw["days_b_screening_arrest"].abs() <= 30
    known = (raw["is_recid"] != -1) & (raw["c_charge_degree"] != "O") & raw["score_text"].notna()
    return raw[screened & known].astype({"length_of_stay": "int64"})


def _not_high_risk(rows: pd.DataFrame) -> pd.Series[int]:
    return (rows["score_text"] != "High").astype("int64").rename("not_high_risk")


def prepare(raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series[int]]:
    """Return the features and the outcome (1 = not rated High).

    Parameters
    ----------
    raw : DataFrame of shape (7214, 13)
        The packaged table.

    Returns
    -------
    frame : DataFrame of shape (6172, 10)
    target : Series of shape (6172,)
    """
    rows = _analysed(raw)
    charges = pd.CategoricalDtype(list(_CHARGES.values()))
    frame = rows[_FEATURES].assign(
        sex=rows["sex"].astype("category"),
        race=rows["race"].astype("category"),
        c_charge_degree=rows["c_charge_degree"].map(_CHARGES).astype(charges),
    )
    return frame, _not_high_risk(rows)


def published(raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series[int]]:
    """Return the table that the study of Slack et al. (2020) gave its models.

    Both levels of charge degree and of sex are columns; race is 1 for African-American.

    Parameters
    ----------
    raw : DataFrame of shape (7214, 13)
        The packaged table.

    Returns
    -------
    frame : DataFrame of shape (6172, 9)
        Integers only.
    target : Series of shape (6172,)
    """
    rows = _analysed(raw)
    frame = rows[["age", "two_year_recid", "priors_count", "length_of_stay"]].assign(
        c_charge_degree_F=rows["c_charge_degree"] == "F",
        c_charge_degree_M=rows["c_charge_degree"] == "M",
        sex_Female=rows["sex"] == "Female",
        sex_Male=rows["sex"] == "Male",
        race=rows["race"] == "African-American",
    )
    return frame.astype("int64"), _not_high_risk(rows)
