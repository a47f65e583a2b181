"""What the commands that end in a report have in common."""

from __future__ import annotations

from pathlib import Path

import click

from explaudit.recordlog import read_jsonl
from explaudit.results import Results

__all__ = ["render", "tell"]


def tell(quiet: bool, text: str) -> None:
    """Say something on standard error, unless the user wants quiet."""
    if not quiet:
        click.echo(text, err=True)


def render(results: Results, log: Path, out: Path, *, quiet: bool) -> None:
    """Write report.html and report.pdf into a folder and say what they say.

    Parameters
    ----------
    results : Results
    log : pathlib.Path
        The records that the results were computed from.
    out : pathlib.Path
        The folder; it must exist.
    quiet : bool
    """
    from explaudit_reports import build_report, write_html, write_pdf

    records = read_jsonl(log).records
    write_html(results, out / "report.html", records)
    write_pdf(results, out / "report.pdf", records)
    if quiet:
        return
    for sentence in build_report(results, records).verdict:
        click.echo(f"  {sentence}")
    count = results.cells
    click.echo(f"{count.done} of {count.planned} planned cells judged.")
    for path in (out / "report.html", out / "report.pdf", out / "results.json", log):
        click.echo(f"  {path}")
