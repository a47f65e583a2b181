"""The table of one replicate: split, coins, scaling and encoders, all from its own seed."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from explaudit.cells import Part
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit.seeds import derive_seed, generator
from explaudit.study.roles import UNRELATED, Protocol, Roles, roles
from explaudit_datasets import load
from explaudit_datasets.published import load_published

__all__ = ["COMMUNITIES_FILE", "StudyTable", "file_sha256", "prepare"]

#: Environment variable that names a user's own copy of the unnormalised Communities and Crime file.
COMMUNITIES_FILE = "EXPLAUDIT_COMMUNITIES_FILE"

#: Share of rows held out to be explained: the published split, and one that leaves enough rows.
_HELD_OUT = {"published": 0.1, "sound": 0.3}


@dataclass(frozen=True, eq=False)
class StudyTable:
    """One replicate of a data set.

    Attributes
    ----------
    train, test : DataFrame
        Rows for the attacker and for explainers' backgrounds; held-out rows to be explained.
    train_target : Series
        The true outcome of the training rows (1 = favourable).
    encoder : Encoder
        Categorical columns are features of their own kind.
    plain_encoder : Encoder
        All columns are plain numbers where the protocol has it so: in the published study only
        LIME was told which columns are categorical.
    roles : Roles
        Who plays what.
    sha256 : str
        Of the data file.
    """

    train: pd.DataFrame
    test: pd.DataFrame
    train_target: pd.Series
    encoder: Encoder
    plain_encoder: Encoder
    roles: Roles
    sha256: str

    @property
    def unrelated(self) -> tuple[str, ...]:
        """The columns that psi looks at, in order."""
        widest = max(self.roles.innocuous.values(), key=lambda part: len(part.settings["columns"]))
        return tuple(widest.settings["columns"])

    def protected(self, frame: pd.DataFrame) -> npt.NDArray[np.bool_]:
        """Return which rows of a table belong to the protected group, shape (n_rows,)."""
        column, which = frame[self.roles.sensitive], self.roles.protected
        if which in ("above", "below"):
            values = np.asarray(column, dtype=np.float64)
            return values > 0 if which == "above" else values < 0
        return np.asarray(column == which, dtype=np.bool_)


def prepare(dataset: Part, *, replicate: int, seed: int) -> StudyTable:
    """Make the table of one replicate.

    Parameters
    ----------
    dataset : Part
        Name of the data set; settings ``protocol``, and ``max_rows`` (int or None): how many rows
        of the data set to use at the most.
    replicate : int
        Which repetition.
    seed : int
        The base seed.
    """
    protocol: Protocol = dataset.settings["protocol"]
    played = roles(dataset.name, protocol)
    frame, target, categorical, sha256 = _source(dataset, protocol)
    key = ("table", dataset.name, protocol, replicate)
    frame, target = _thin(frame, target, dataset.settings.get("max_rows"), derive_seed(seed, *key))
    frame = _with_coins(frame, played.n_coins, generator(seed, *key, "coins"))
    train, test, y_train, _ = train_test_split(
        frame,
        target,
        test_size=_HELD_OUT[protocol],
        random_state=derive_seed(seed, *key, "split"),
    )
    train, test = _standardise(train, test)
    everything = pd.concat([train, test])
    coins = list(UNRELATED[: played.n_coins])
    told = [*categorical, *coins]
    return StudyTable(
        train=train,
        test=test,
        train_target=y_train,
        encoder=Encoder.from_frame(everything, categorical=told),
        plain_encoder=Encoder.from_frame(
            everything, categorical=[] if protocol == "published" else told
        ),
        roles=played,
        sha256=sha256,
    )


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, by which a study knows the user's own copy of the data."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _source(
    dataset: Part, protocol: Protocol
) -> tuple[pd.DataFrame, pd.Series, tuple[str, ...], str]:
    if protocol == "sound":
        data = load(dataset.name)
        return data.frame.copy(), data.target, (), data.card.sha256
    own_file = dataset.settings.get("own_file")
    table = load_published(
        dataset.name, path=os.environ.get(COMMUNITIES_FILE) if own_file else None
    )
    if own_file and table.sha256 != own_file:
        raise InvalidInputError(
            COMMUNITIES_FILE,
            f"the path of the file with SHA-256 {own_file}",
            os.environ.get(COMMUNITIES_FILE),
            "Give the same file with --communities-file.",
        )
    return table.frame.copy(), table.target, table.categorical, table.sha256


def _thin(
    frame: pd.DataFrame, target: pd.Series, max_rows: int | None, seed: int
) -> tuple[pd.DataFrame, pd.Series]:
    if max_rows is None or len(frame) <= max_rows:
        return frame, target
    kept = np.sort(np.random.default_rng(seed).choice(len(frame), max_rows, replace=False))
    return frame.iloc[kept], target.iloc[kept]


def _with_coins(frame: pd.DataFrame, n_coins: int, rng: np.random.Generator) -> pd.DataFrame:
    coins: dict[str, Any] = {
        name: rng.integers(0, 2, len(frame)).astype(np.float64) for name in UNRELATED[:n_coins]
    }
    return frame.assign(**coins)


def _standardise(train: pd.DataFrame, test: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scale every numeric column by the training rows; constant columns become zero."""
    numeric = list(train.select_dtypes("number").columns)
    scaler = StandardScaler().fit(train[numeric].to_numpy(dtype=np.float64))

    def scale(part: pd.DataFrame) -> pd.DataFrame:
        values = scaler.transform(part[numeric].to_numpy(dtype=np.float64))
        scaled = pd.DataFrame(values, columns=numeric, index=part.index)
        return part.assign(**{name: scaled[name] for name in numeric})

    return scale(train), scale(test)
