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

from explaudit.audit.loading import read_rows
from explaudit.cells import Part
from explaudit.encoding import Encoder
from explaudit.errors import InvalidInputError
from explaudit.seeds import derive_seed, generator
from explaudit.study.roles import OWN, SIDES, UNRELATED, Protocol, Roles, roles_of
from explaudit_datasets import load
from explaudit_datasets.published import load_published

__all__ = ["COMMUNITIES_FILE", "OWN_FILE", "StudyTable", "file_sha256", "prepare"]

#: Environment variable that names a user's own copy of the unnormalised Communities and Crime file.
COMMUNITIES_FILE = "EXPLAUDIT_COMMUNITIES_FILE"

#: Environment variable that names a user's own table: cells know it by its content, not its path.
OWN_FILE = "EXPLAUDIT_DATA_FILE"

#: What boosted trees can tell apart in a column.
_MOST_LEVELS = 255

#: Share of rows held out to be explained: the published split, and one that leaves enough rows.
_HELD_OUT = {"published": 0.1, "sound": 0.3}


@dataclass(frozen=True, eq=False)
class StudyTable:
    """One replicate of a data set.

    Attributes
    ----------
    train, test : DataFrame
        Rows for the attacker and for explainers' backgrounds; held-out rows to be explained.
    train_target, test_target : Series
        The true outcomes (1 = favourable).
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
    test_target: pd.Series
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
        if which in SIDES:
            values = np.asarray(column, dtype=np.float64)
            return values > 0 if which == "above" else values < 0
        return np.asarray(column == which, dtype=np.bool_)


def prepare(dataset: Part, *, replicate: int, seed: int) -> StudyTable:
    """Make the table of one replicate.

    Parameters
    ----------
    dataset : Part
        Name of the data set; settings ``protocol``, and ``max_rows`` (int or None): how many rows
        of the data set to use at the most. A user's own table, under the name "file", has the
        settings ``sha256``, ``sensitive`` and ``target`` (columns), ``protected`` (as in
        :class:`~explaudit.study.roles.Roles`) and ``favourable`` (the favourable outcome; empty
        for 1); :data:`OWN_FILE` says where it is.
    replicate : int
        Which repetition.
    seed : int
        The base seed.

    Raises
    ------
    InvalidInputError
        If there is no such data set, or the user's own file is not what its settings say.
    """
    protocol: Protocol = dataset.settings["protocol"]
    played = roles_of(dataset)
    frame, target, categorical, sha256 = _source(dataset, protocol)
    key = ("table", dataset.name, protocol, replicate)
    frame, target = _thin(frame, target, dataset.settings.get("max_rows"), derive_seed(seed, *key))
    frame = _with_coins(frame, played.n_coins, generator(seed, *key, "coins"))
    train, test, y_train, y_test = train_test_split(
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
        test_target=y_test,
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
    if dataset.name == OWN:
        return _own(dataset.settings)
    if protocol == "sound":
        data = load(dataset.name)
        return data.frame.copy(), data.target, (), data.card.sha256
    own_file = dataset.settings.get("own_file")
    path = _own_path(COMMUNITIES_FILE, own_file, "--communities-file") if own_file else None
    table = load_published(dataset.name, path=path)
    return table.frame.copy(), table.target, table.categorical, table.sha256


def _own_path(variable: str, sha256: str, option: str) -> Path:
    """Return the path of a user's file, which must be the one that the cells know."""
    path = Path(os.environ.get(variable, ""))
    if not path.is_file() or file_sha256(path) != sha256:
        raise InvalidInputError(
            variable,
            f"the path of the file with SHA-256 {sha256}",
            os.environ.get(variable),
            f"Give the same file with {option}.",
        )
    return path


def _own(settings: dict[str, Any]) -> tuple[pd.DataFrame, pd.Series, tuple[str, ...], str]:
    sha256, sensitive, target = (settings[key] for key in ("sha256", "sensitive", "target"))
    frame = read_rows(_own_path(OWN_FILE, sha256, "--data"))
    if sensitive == target or not {sensitive, target} <= set(frame):
        raise InvalidInputError(
            "--data", f"a table with the columns {sensitive!r} and {target!r}", list(frame)
        )
    gaps = [name for name in frame if frame[name].isna().any()]
    if gaps:
        raise InvalidInputError(
            "--data", "a table without gaps", f"gaps in {gaps}", "Fill them or drop the rows."
        )
    many = [
        name for name in frame.select_dtypes("category") if frame[name].nunique() > _MOST_LEVELS
    ]
    if many:
        raise InvalidInputError(
            "--data",
            f"columns of at most {_MOST_LEVELS} different words",
            many,
            "Drop or group them.",
        )
    outcomes, wanted = frame.pop(target), settings.get("favourable")
    favourable = outcomes.astype(str) == wanted if wanted else outcomes == 1
    if favourable.all() or not favourable.any():
        raise InvalidInputError(
            "--target",
            "rows with the favourable outcome and others",
            outcomes.unique()[:5].tolist(),
        )
    if settings["protected"] not in SIDES:
        frame[sensitive] = frame[sensitive].astype(str).astype("category")
    # bins by quartiles may hold both values of such a column, so that LIME would not see it
    told = tuple(str(name) for name in frame.select_dtypes("number") if frame[name].nunique() == 2)
    return frame, favourable.astype(np.int64), told, sha256


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
