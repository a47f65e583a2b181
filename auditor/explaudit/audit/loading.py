"""Models and tables that a user names on the command line. Nothing is ever unpickled."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from explaudit.errors import InvalidInputError

__all__ = ["load_model", "read_rows"]

_REMEDY = (
    "Name a function as module:function, or give a skops file (.skops) or an XGBoost file (.json, "
    ".ubj)."
)


def load_model(name: str, *, trusted: tuple[str, ...] = ()) -> Any:
    """Return the model that a name stands for.

    Parameters
    ----------
    name : str
        ``module:function``, with the module found as Python finds it or in the current folder; a
        path ending in ``.skops``; or a path of an XGBoost model ending in ``.json`` or ``.ubj``.
    trusted : tuple of str
        Types in a skops file that the user trusts; others than skops' own are refused.

    Returns
    -------
    estimator or callable
        For :class:`explaudit.audit.target.Target`.

    Raises
    ------
    InvalidInputError
        If there is no such model, a package is missing, or the file holds what must not be loaded.
    """
    path = Path(name)
    if path.suffix in (".pkl", ".pickle", ".joblib", ".dill"):
        raise InvalidInputError(
            "model",
            "a model that can be loaded safely",
            name,
            "Loading a pickle runs whatever code it holds. Write a module with a function that "
            "loads it, if you trust it, and name that: module:function.",
        )
    if path.suffix in (".skops", ".json", ".ubj"):
        if not path.is_file():
            raise InvalidInputError("model", "a file that exists", name, _REMEDY)
        return _skops(path, trusted) if path.suffix == ".skops" else _xgboost(path)
    if name.count(":") != 1:
        raise InvalidInputError("model", "module:function or a file", name, _REMEDY)
    return _function(*name.split(":"))


def read_rows(path: Path) -> pd.DataFrame:
    """Read a table of rows from a CSV file, words as categorical columns.

    Raises
    ------
    InvalidInputError
        If the file is not there, holds no table, or has no rows.
    """
    try:
        frame = pd.read_csv(path)
    except (OSError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise InvalidInputError("data", "a CSV file with a header", f"{path}: {error}") from error
    if frame.empty:
        raise InvalidInputError("data", "a table with rows", f"{path} has none")
    words = [name for name in frame.columns if not pd.api.types.is_numeric_dtype(frame[name])]
    return frame.astype(dict.fromkeys(words, "category"))


def _function(module: str, attribute: str) -> Any:
    if "" not in sys.path:
        # the folder that the user stands in, as `python -m` has it
        sys.path.insert(0, "")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        raise InvalidInputError("model", "a module that can be imported", str(error)) from error
    except AttributeError as error:
        raise InvalidInputError("model", f"something that {module} has", attribute) from error
    if not callable(found) and not hasattr(found, "predict"):
        raise InvalidInputError(
            "model", "a function or an estimator", f"{module}:{attribute} is {type(found).__name__}"
        )
    return found


def _skops(path: Path, trusted: tuple[str, ...]) -> Any:
    from skops.io import get_untrusted_types, load

    untrusted = [kind for kind in get_untrusted_types(file=path) if kind not in trusted]
    if untrusted:
        raise InvalidInputError(
            "model",
            "a skops file of trusted types",
            f"{path} with {', '.join(untrusted)}",
            "If you know where they come from, name them with --trust.",
        )
    return load(path, trusted=list(trusted))


def _xgboost(path: Path) -> Callable[[pd.DataFrame], npt.NDArray[np.float64]]:
    try:
        import xgboost
    except ImportError as error:
        raise InvalidInputError(
            "model",
            "the package xgboost to read an XGBoost file",
            "it is not installed",
            "Install explaudit[xgboost].",
        ) from error
    booster = xgboost.Booster()
    try:
        booster.load_model(path)
    except xgboost.core.XGBoostError as error:
        raise InvalidInputError("model", "an XGBoost model", f"{path}: {error}") from error

    def predict(table: pd.DataFrame) -> npt.NDArray[np.float64]:
        columns = booster.feature_names or list(table.columns)
        missing = [name for name in columns if name not in table.columns]
        if missing:
            raise InvalidInputError("data", f"the model's columns {columns}", f"no {missing}")
        matrix = xgboost.DMatrix(table[columns], enable_categorical=True)
        return np.asarray(booster.predict(matrix), dtype=np.float64)

    return predict
