"""From whatever holds a tree model to its ensemble."""

from __future__ import annotations

from pathlib import Path

from explaudit.audit._trees.ensemble import Ensemble
from explaudit.audit._trees.lightgbm_file import is_lightgbm, read_lightgbm
from explaudit.audit._trees.sklearn_model import read_sklearn
from explaudit.audit._trees.xgboost_file import read_xgboost
from explaudit.audit.loading import load_model
from explaudit.errors import InvalidInputError

__all__ = ["read_trees"]


def read_trees(source: object) -> Ensemble:
    """Read a tree model.

    Parameters
    ----------
    source : pathlib.Path or object
        A file that xgboost or lightgbm saved, or a skops file; or a fitted estimator of
        scikit-learn.

    Raises
    ------
    UnsupportedFileError
        If the file is another library's, or the model is of a kind whose covers cannot be counted.
    InvalidInputError
        If there is no such file, or it is broken or holds types that are not trusted.
    """
    if not isinstance(source, Path):
        return read_sklearn(source)
    if not source.is_file():
        raise InvalidInputError("model_file", "a file", str(source))
    if source.suffix == ".skops":
        return read_sklearn(load_model(str(source)))
    return read_lightgbm(source) if is_lightgbm(source) else read_xgboost(source)
