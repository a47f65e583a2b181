"""`python -m explaudit`."""

from __future__ import annotations

from explaudit.cli import main

main(prog_name="explaudit")
