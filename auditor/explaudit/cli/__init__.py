"""The command line."""

from __future__ import annotations

from explaudit.cli.main import main

__all__ = ["main"]
