"""Loading: the packaged files, checked against their cards, as tables ready to model."""

from __future__ import annotations

import gzip
import hashlib
import io
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

import pandas as pd

from explaudit_datasets import adult, communities, compas, german
from explaudit_datasets.catalogue import Card, card
from explaudit_datasets.errors import DataError

__all__ = ["Dataset", "load", "read_packaged"]

_FOLDER = files("explaudit_datasets") / "data"

_PREPARE: dict[str, Callable[[pd.DataFrame], tuple[pd.DataFrame, pd.Series[int]]]] = {
    "adult": adult.prepare,
    "communities": communities.prepare,
    "compas": compas.prepare,
    "german": german.prepare,
}


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set ready to model.

    Attributes
    ----------
    name : str
        Its name in the catalogue.
    frame : DataFrame of shape (n_rows, n_columns)
        The features: integers, floats and categoricals with readable levels, nothing missing.
        The index is the row's number in the packaged file.
    target : Series of shape (n_rows,)
        1 for the favourable outcome, 0 for the other.
    sensitive : tuple of str
        The sensitive columns of `frame`.
    card : Card
        Source, licence, changes and known harms.
    """

    name: str
    frame: pd.DataFrame
    target: pd.Series[int]
    sensitive: tuple[str, ...]
    card: Card


def read_packaged(name: str) -> pd.DataFrame:
    """Return a packaged table as it lies in the file.

    Parameters
    ----------
    name : str
        The name of a data set.

    Returns
    -------
    DataFrame of shape (n_packaged_rows, n_packaged_columns)

    Raises
    ------
    DataError
        If there is no such data set, or if its file is not the one that the card describes.
    """
    entry = card(name)
    packed = (_FOLDER / entry.file).read_bytes()
    digest = hashlib.sha256(packed).hexdigest()
    if digest != entry.sha256:
        raise DataError(entry.file, f"SHA-256 {entry.sha256}", digest, "Install the package again.")
    return pd.read_csv(io.BytesIO(gzip.decompress(packed)))


def load(name: str) -> Dataset:
    """Load a data set.

    Parameters
    ----------
    name : str
        "adult", "communities", "compas" or "german".

    Returns
    -------
    Dataset
        A fresh copy: changing it changes no other.

    Raises
    ------
    DataError
        If there is no such data set, or if its file is not the one that the card describes.

    Examples
    --------
    >>> from explaudit_datasets import load
    >>> load("german").frame["sex"].cat.categories.to_list()
    ['female', 'male']
    """
    entry = card(name)
    frame, target = _PREPARE[name](read_packaged(name))
    return Dataset(name, frame, target, entry.sensitive, entry)
