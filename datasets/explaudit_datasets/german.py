"""German Credit: from the packaged codes to readable features, and to the published table."""

from __future__ import annotations

import pandas as pd

__all__ = ["PUBLISHED_GROUPS", "PUBLISHED_NUMERIC", "prepare", "published"]

# Only the codes that occur; the wording follows the code table that comes with the data.
_LEVELS: dict[str, dict[str, str]] = {
    "checking_account": {
        "A11": "below 0 DM",
        "A12": "0 to 200 DM",
        "A13": "200 DM or more",
        "A14": "no checking account",
    },
    "credit_history": {
        "A30": "no credits or all paid back",
        "A31": "all credits here paid back",
        "A32": "existing credits paid so far",
        "A33": "delays in the past",
        "A34": "critical or credits elsewhere",
    },
    "purpose": {
        "A40": "new car",
        "A41": "used car",
        "A42": "furniture",
        "A43": "radio or television",
        "A44": "domestic appliances",
        "A45": "repairs",
        "A46": "education",
        "A48": "retraining",
        "A49": "business",
        "A410": "other",
    },
    "savings": {
        "A61": "below 100 DM",
        "A62": "100 to 500 DM",
        "A63": "500 to 1000 DM",
        "A64": "1000 DM or more",
        "A65": "unknown or none",
    },
    "employment_since": {
        "A71": "unemployed",
        "A72": "less than 1 year",
        "A73": "1 to 4 years",
        "A74": "4 to 7 years",
        "A75": "7 years or more",
    },
    "other_debtors": {"A101": "none", "A102": "co-applicant", "A103": "guarantor"},
    "property": {
        "A121": "real estate",
        "A122": "savings agreement or life insurance",
        "A123": "car or other",
        "A124": "unknown or none",
    },
    "other_installment_plans": {"A141": "bank", "A142": "stores", "A143": "none"},
    "housing": {"A151": "rented", "A152": "owned", "A153": "free of charge"},
    "job": {
        "A171": "unemployed or unskilled non-resident",
        "A172": "unskilled resident",
        "A173": "skilled",
        "A174": "highly qualified or self-employed",
    },
    "telephone": {"A191": "no", "A192": "yes"},
    "foreign_worker": {"A201": "yes", "A202": "no"},
}

# A feature of the published table -> the source's column and the codes that make it 1.
_PUBLISHED_BINARY: dict[str, tuple[str, frozenset[str]]] = {
    "Gender": ("personal_status_and_sex", frozenset({"A91", "A93", "A94"})),
    "ForeignWorker": ("foreign_worker", frozenset({"A202"})),
    "Single": ("personal_status_and_sex", frozenset({"A93"})),
    "HasTelephone": ("telephone", frozenset({"A192"})),
    "CheckingAccountBalance_geq_0": ("checking_account", frozenset({"A12", "A13"})),
    "CheckingAccountBalance_geq_200": ("checking_account", frozenset({"A13"})),
    "SavingsAccountBalance_geq_100": ("savings", frozenset({"A62", "A63", "A64"})),
    "SavingsAccountBalance_geq_500": ("savings", frozenset({"A63", "A64"})),
    "MissedPayments": ("credit_history", frozenset({"A30", "A31", "A32", "A34"})),
    "NoCurrentLoan": ("credit_history", frozenset({"A31"})),
    "CriticalAccountOrLoansElsewhere": ("credit_history", frozenset({"A34"})),
    "OtherLoansAtBank": ("other_installment_plans", frozenset({"A141"})),
    "OtherLoansAtStore": ("other_installment_plans", frozenset()),
    "HasCoapplicant": ("other_debtors", frozenset({"A102"})),
    "HasGuarantor": ("other_debtors", frozenset({"A103"})),
    "OwnsHouse": ("housing", frozenset({"A152"})),
    "RentsHouse": ("housing", frozenset({"A151"})),
    "Unemployed": ("employment_since", frozenset({"A71"})),
    "YearsAtCurrentJob_lt_1": ("employment_since", frozenset({"A72"})),
    "YearsAtCurrentJob_geq_4": ("employment_since", frozenset({"A74", "A75"})),
    "JobClassIsSkilled": ("job", frozenset({"A173", "A174"})),
}

PUBLISHED_NUMERIC: dict[str, str] = {
    "Age": "age",
    "LoanDuration": "duration_months",
    "LoanAmount": "credit_amount",
    "LoanRateAsPercentOfIncome": "installment_rate",
    "YearsAtCurrentHome": "residence_since",
    "NumberOfOtherLoansAtBank": "existing_credits",
    "NumberOfLiableIndividuals": "liable_people",
}

PUBLISHED_GROUPS: dict[str, tuple[str, ...]] = {
    "CheckingAccountBalance": (
        "CheckingAccountBalance_geq_0",
        "CheckingAccountBalance_geq_200",
    ),
    "SavingsAccountBalance": ("SavingsAccountBalance_geq_100", "SavingsAccountBalance_geq_500"),
    "CreditHistory": ("MissedPayments", "NoCurrentLoan", "CriticalAccountOrLoansElsewhere"),
    "OtherDebtors": ("HasCoapplicant", "HasGuarantor"),
    "Housing": ("OwnsHouse", "RentsHouse"),
    "Employment": ("Unemployed", "YearsAtCurrentJob_lt_1", "YearsAtCurrentJob_geq_4"),
}

_FIRST = ("Gender", "ForeignWorker", "Single")


def _good_customer(raw: pd.DataFrame) -> pd.Series[int]:
    return (raw["class"] == 1).astype("int64").rename("good_customer")


def prepare(raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series[int]]:
    """Return the features and the outcome (1 = good customer).

    The source's one column for personal status and sex becomes two: `sex`, and `single`, which
    the code table knows for men only.

    Parameters
    ----------
    raw : DataFrame of shape (1000, 21)
        The packaged table, with the source's codes.

    Returns
    -------
    frame : DataFrame of shape (1000, 21)
    target : Series of shape (1000,)
    """
    frame = raw.drop(columns=["personal_status_and_sex", "class"])
    for column, levels in _LEVELS.items():
        dtype = pd.CategoricalDtype(list(levels.values()))
        frame[column] = raw[column].map(levels).astype(dtype)
    status = raw["personal_status_and_sex"]
    sex = status.eq("A92").map({True: "female", False: "male"}).astype("category")
    single = status.eq("A93").map({True: "yes", False: "no"}).astype("category")
    return frame.assign(sex=sex, single=single), _good_customer(raw)


def published(raw: pd.DataFrame) -> tuple[pd.DataFrame, pd.Series[int]]:
    """Return the table that the study of Slack et al. (2020) gave its models.

    The study's table has quirks, which are kept because its results rest on them: MissedPayments
    is 1 for everyone *without* past delays, OtherLoansAtStore is 0 everywhere, NoCurrentLoan
    covers one of the two levels that say so, ForeignWorker is 1 for the source's "no", and
    Gender is 1 for men.

    Parameters
    ----------
    raw : DataFrame of shape (1000, 21)
        The packaged table, with the source's codes.

    Returns
    -------
    frame : DataFrame of shape (1000, 28)
        Integers only.
    target : Series of shape (1000,)
    """
    binary = {
        name: raw[column].isin(codes).astype("int64")
        for name, (column, codes) in _PUBLISHED_BINARY.items()
    }
    numeric = {name: raw[column] for name, column in PUBLISHED_NUMERIC.items()}
    order = [*_FIRST, *numeric, *(name for name in binary if name not in _FIRST)]
    return pd.DataFrame({**binary, **numeric})[order], _good_customer(raw)
