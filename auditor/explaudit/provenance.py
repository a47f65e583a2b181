"""Which versions a result was computed with. Nothing here names a machine, a user or a path."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from types import MappingProxyType

__all__ = ["versions"]

# those whose version can change a figure; xgboost comes in two distributions
_DISTRIBUTIONS = (
    "explaudit",
    "numpy",
    "scipy",
    "pandas",
    "scikit-learn",
    "lime",
    "shap",
    "xgboost",
    "xgboost-cpu",
)


def versions() -> dict[str, str]:
    """Return the versions of Python, of explaudit and of the installed packages that compute."""
    return dict(_versions())


@cache
def _versions() -> MappingProxyType[str, str]:
    found = {"python": platform.python_version()}
    for name in _DISTRIBUTIONS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue  # an optional one that is not installed computed nothing
    return MappingProxyType(found)
