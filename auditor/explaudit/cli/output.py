"""What the commands that end in a report have in common."""

from __future__ import annotations

from pathlib import Path

import click

from explaudit.results import Results

__all__ = ["render", "tell"]


def tell(quiet: bool, text: str) -> None:
    """Say something on standard error, unless the user wants quiet."""
    if not quiet:
        click.echo(text, err=True)


def render(results: Results, out: Path, *, quiet: bool) -> None:
    """Write report.html and report.pdf into a folder and say what they say."""
    from explaudit_reports import build_report, write_html, write_pdf

    write_html(results, out / "report.html")
    write_pdf(results, out / "report.pdf")
    if quiet:
        return
    for sentence in build_report(results).verdict:
        click.echo(f"  {sentence}")
    count = results.cells
    click.echo(f"{count.done} of {count.planned} planned cells judged.")
    for name in ("report.html", "report.pdf", "results.json", "records.jsonl"):
        click.echo(f"  {out / name}")
