"""The tables of the published study of scaffolding attacks, as that study encodes them.

Source: Slack, Hilgard, Jia, Singh and Lakkaraju (2020), Fooling LIME and SHAP: Adversarial Attacks
on Post hoc Explanation Methods, AIES. The tables stand before scaling and splitting, and without
the random columns that the study appends.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from explaudit_datasets import communities, compas, german
from explaudit_datasets.catalogue import card
from explaudit_datasets.errors import DataError
from explaudit_datasets.loading import read_packaged

__all__ = ["PublishedTable", "load_published", "published_names"]


@dataclass(frozen=True)
class _Encoding:
    """How the study treats a table.

    `numeric` names the columns that LIME may perturb as numbers, None for all of them.
    """

    sensitive: str
    groups: Mapping[str, tuple[str, ...]]
    numeric: frozenset[str] | None = None


_ENCODINGS = {
    "communities": _Encoding("racePctWhite", {}),
    "compas": _Encoding(
        "race",
        {
            "c_charge_degree": ("c_charge_degree_F", "c_charge_degree_M"),
            "sex": ("sex_Female", "sex_Male"),
        },
        frozenset({"age", "priors_count", "length_of_stay"}),
    ),
    "german": _Encoding("Gender", german.PUBLISHED_GROUPS, frozenset(german.PUBLISHED_NUMERIC)),
}


@dataclass(frozen=True, eq=False)
class PublishedTable:
    """A table of the published study, before scaling and splitting, without its random columns.

    Attributes
    ----------
    name : str
        The name of the data set.
    frame : DataFrame of shape (n_rows, n_features)
        Numbers only, in the study's order of columns. The index is the row's number in the source.
    target : Series of shape (n_rows,)
        The study's y: 1 for the favourable outcome, 0 for the other.
    sensitive : str
        The column that the study's biased model discriminates by.
    categorical : tuple of str
        The columns that the study declares categorical to LIME.
    one_hot_groups : mapping of str to tuple of str
        Columns that encode one variable of the source together, so that not every combination
        exists. The study perturbs them one by one; a sound audit groups them.
    sha256 : str
        Of the file that the table was made from: the packaged one, or the user's.
    n_source_rows : int
        Rows of that file.
    """

    name: str
    frame: pd.DataFrame
    target: pd.Series[int]
    sensitive: str
    categorical: tuple[str, ...]
    one_hot_groups: Mapping[str, tuple[str, ...]]
    sha256: str
    n_source_rows: int


def published_names() -> tuple[str, ...]:
    """Return the names of the data sets of the published study, sorted."""
    return tuple(sorted(_ENCODINGS))


def load_published(name: str, *, path: str | Path | None = None) -> PublishedTable:
    """Load a table as the published study encodes it.

    Parameters
    ----------
    name : str
        "communities", "compas" or "german".
    path : str or pathlib.Path, optional
        For "communities" only: the user's own copy of the unnormalised UCI table, as CSV with a
        header and ``?`` for missing values, compressed or not. It gives the study's table of 1,994
        rows and 100 features. Without it the packaged normalised table stands in (1,993 rows and
        99 features), and its results are not the study's.

    Raises
    ------
    DataError
        If the study has no such data set, if `path` is given for another one, or if the file is
        not what is described above.
    """
    if name not in _ENCODINGS:
        raise DataError("name", f"one of {', '.join(published_names())}", name)
    if path is not None and name != "communities":
        raise DataError("path", f"none for {name!r}, whose table is packaged", str(path))
    if path is not None:
        return _communities_from_file(Path(path))
    raw = read_packaged(name)
    make = {"compas": compas.published, "german": german.published}.get(name, communities.prepare)
    frame, target = make(raw)
    return _table(name, frame, target, card(name).sha256, len(raw))


def _communities_from_file(path: Path) -> PublishedTable:
    if not path.is_file():
        raise DataError("path", "a file", str(path))
    raw = pd.read_csv(path, na_values="?", low_memory=False)
    frame, target = communities.published_from_file(raw)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return _table("communities", frame, target, digest, len(raw))


def _table(
    name: str, frame: pd.DataFrame, target: pd.Series[int], sha256: str, n_source_rows: int
) -> PublishedTable:
    encoding = _ENCODINGS[name]
    numeric = frozenset(frame.columns) if encoding.numeric is None else encoding.numeric
    categorical = tuple(column for column in frame.columns if column not in numeric)
    return PublishedTable(
        name,
        frame,
        target,
        encoding.sensitive,
        categorical,
        encoding.groups,
        sha256,
        n_source_rows,
    )
