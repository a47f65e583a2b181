"""Versions name what computed a figure, and nothing about where."""

from __future__ import annotations

import getpass
import platform
import socket
from importlib.metadata import version
from pathlib import Path

from explaudit.provenance import versions


def test_versions_are_those_that_are_installed() -> None:
    found = versions()
    assert found["python"] == platform.python_version()
    for name in ("explaudit", "numpy", "scipy", "pandas", "scikit-learn", "lime", "shap"):
        assert found[name] == version(name)
    assert sum(name.startswith("xgboost") for name in found) <= 1


def test_a_caller_cannot_change_them_for_others() -> None:
    versions()["numpy"] = "0"
    assert versions()["numpy"] == version("numpy")


def test_versions_name_no_machine() -> None:
    text = repr(versions())
    for private in (socket.gethostname(), getpass.getuser(), str(Path.home()), "/"):
        assert private not in text
